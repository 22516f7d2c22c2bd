"""Embedding into sets, plates, labelled images and the next OME-NGFF, as other libraries read them."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import ome_types
import pytest
import zarr
from ome_zarr_models import open_ome_zarr

from embedding import make_block
from nbo_extract.errors import WriteError
from nbo_extract.writers.ngff import embed_zarr, restore_zarr
from ngff_stores import (
    attributes_of,
    consolidate,
    contents,
    make_labelled,
    make_next,
    make_plate,
    make_scene,
    make_series,
)
from sample_ome import make_ome_zarr, write_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

A, B = make_block("A" * 300), make_block("B" * 400)
HINT = "write a sidecar instead (leave out --embed)"
MAKERS: dict[str, Callable[[Path, str], Path]] = {
    "image": lambda path, version: make_ome_zarr(path, version, xml=True),
    "series": make_series,
    "plate": make_plate,
    "labelled": make_labelled,
}
CASES = [(layout, version, c) for layout in MAKERS for version in ("0.4", "0.5") for c in (False, True)]


@pytest.mark.parametrize(("layout", "version", "consolidated"), CASES)
def test_root_alone_is_changed(tmp_path: Path, layout: str, version: str, consolidated: bool) -> None:
    path = MAKERS[layout](tmp_path / "cells.ome.zarr", version)
    if consolidated:
        consolidate(path)
    before, attributes = contents(path), attributes_of(path)
    copies = json.loads((path / ".zmetadata").read_text()) if consolidated and version == "0.4" else {}

    embed_zarr(path, A)

    after = contents(path)
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    wanted = {".zattrs" if version == "0.4" else "zarr.json"}
    wanted |= {".zmetadata"} if copies else set()
    wanted |= {"OME/METADATA.ome.xml"} if "OME/METADATA.ome.xml" in before else set()
    assert changed == wanted
    found = attributes_of(path)
    nbo = found.pop("nbo")
    assert found == attributes
    if copies:
        now = json.loads((path / ".zmetadata").read_text())
        assert now["metadata"][".zattrs"].pop("nbo") == nbo
        assert now == copies
    check_with_other_libraries(path, layout, consolidated)
    embed_zarr(path, B)
    restore_zarr(path)
    assert contents(path) == before


def check_with_other_libraries(path: Path, layout: str, consolidated: bool) -> None:
    with warnings.catch_warnings():
        # That OME and labels are no groups of images, and that version 3 does not define consolidated metadata.
        warnings.simplefilter("ignore")
        group = zarr.open_group(path, mode="r", use_consolidated=consolidated)
        assert group.attrs["nbo"]["xml"] == A.nbo_xml  # type: ignore[index, call-overload]
        nested = {"image": "0", "series": "2/0", "plate": "A/1/0/0", "labelled": "labels/nuclei/0"}[layout]
        assert group[nested][:].shape == (2, 2, 32, 32)  # type: ignore[union-attr, index]
        parent = group[nested.rpartition("/")[0]] if "/" in nested else group
        plain = zarr.open_group(path, mode="r", use_consolidated=False)
        assert parent.attrs.asdict() == (plain[parent.path] if parent.path else plain).attrs.asdict()
        names = {"image": "Image", "series": "BioFormats2Raw", "plate": "HCS", "labelled": "Image"}
        if layout != "series" or "ome" not in group.attrs:  # the library does not know sets of 0.5
            assert type(open_ome_zarr(group)).__name__ == names[layout]
    xml = path / "OME" / "METADATA.ome.xml"
    if xml.exists():
        ome_types.validate_xml(xml.read_bytes())
        ome = ome_types.from_xml(xml.read_bytes())
        assert len(ome.images) == (3 if layout == "series" else 1)
        assert ome.structured_annotations is not None
        annotation = ome.structured_annotations.xml_annotations[0]
        assert annotation.namespace == "https://nbo-extract.org/ns/nbo/02-01"
        assert all(annotation.id in [r.id for r in image.annotation_refs] for image in ome.images)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("layout", ["image", "labelled"])
def test_images_open_in_ome_zarr_py_and_bioio(tmp_path: Path, layout: str, version: str) -> None:
    path = MAKERS[layout](tmp_path / "cells.ome.zarr", version)
    seen = opened(path)
    embed_zarr(path, A)
    assert opened(path) == seen


def opened(path: Path) -> dict[str, Any]:
    """Return what ome-zarr-py and bioio see of an image."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bioio_ome_zarr import Reader
        from ome_zarr.io import parse_url
        from ome_zarr.reader import Reader as NodeReader

        node = next(iter(NodeReader(parse_url(str(path)))()))
        image = Reader(str(path))
        return {
            "metadata": {k: v for k, v in node.metadata.items() if k != "colormap"},
            "pixels": [int(d.sum().compute()) for d in node.data],
            "shape": image.shape,
            "channels": image.channel_names,
            "scale": str(image.physical_pixel_sizes),
            "sum": int(image.data.sum()),
        }


@pytest.mark.parametrize("maker", [make_next, make_scene])
def test_next_version(tmp_path: Path, maker: Callable[[Path], Path]) -> None:
    path = maker(tmp_path / "cells.zarr")
    before, attributes = contents(path), attributes_of(path)
    embed_zarr(path, A)
    assert {n for n, found in contents(path).items() if found != before[n]} == {"zarr.json"}
    found = attributes_of(path)
    assert list(found) == ["ome", "nbo"]
    assert found["ome"] == attributes["ome"]
    restore_zarr(path)
    assert contents(path) == before


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize(
    ("layout", "part"), [("series", "1"), ("plate", "A/1"), ("plate", "A/1/0"), ("labelled", "labels/nuclei")]
)
def test_part_of_a_store_is_refused(tmp_path: Path, layout: str, part: str, version: str) -> None:
    path = MAKERS[layout](tmp_path / "cells.zarr", version)
    before = contents(path)
    with pytest.raises(WriteError) as told:
        embed_zarr(path / part, A)
    whole = {"A/1/0": path / "A" / "1", "labels/nuclei": path / "labels"}.get(part, path)
    assert told.value.message == (
        f"{path / part} is a part of the Zarr {whole}, and metadata are embedded into the whole alone: give that, or "
        f"{HINT}"
    )
    assert contents(path) == before


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_images_of_a_plain_group(tmp_path: Path, version: str) -> None:
    path = tmp_path / "study.zarr"
    write_group(path, version, {})
    image = make_ome_zarr(path / "cells", version)
    assert embed_zarr(image, A).state == "embedded"
    restore_zarr(image)
    # Its copy in the consolidated metadata of the group would no longer be right.
    consolidate(path)
    with pytest.raises(WriteError, match=f"cells is a part of the Zarr {path}, and metadata are embedded into"):
        embed_zarr(image, A)


ODD = [
    '{"a":1.0,"ome": {"version":"0.5", "multiscales":[{"x": 1e-3,"y":0.10 , "z":-0.0}]}\n\n,"b" : [ ]}',
    '{\n\t"ome" :{"x":1E+5,"version":"0.5"},\r\n\t"nbo2":{"nbo":1}, "\\u006ebo3": "\\ud83d\\ude00é" }',
    '{"ome":{}}',
    '{ "ome" : { "big": 12345678901234567890123, "tiny": 1e-400, "t": true, "n": null } }',
]


@pytest.mark.parametrize("attributes", ODD)
@pytest.mark.parametrize("where", ["first", "last"])
def test_odd_json_stays_byte_for_byte(tmp_path: Path, attributes: str, where: str) -> None:
    rest = '"zarr_format":  3 , "node_type":"group"'
    inline = '"consolidated_metadata": {"kind":"inline", "metadata":{"0":{"attributes":{"v": 1.50}}}}'
    text = (
        f'{{ "attributes":{attributes},{rest}, {inline}}}\n'
        if where == "first"
        else (f'{{{rest},{inline}, "attributes" :{attributes} }}')
    )
    file = tmp_path / "zarr.json"
    file.write_bytes(text.encode("utf-8"))
    embed_zarr(tmp_path, A)
    now = file.read_bytes().decode("utf-8")
    at = now.index('"nbo": {"version"')
    value, end = json.JSONDecoder().raw_decode(now, at + len('"nbo": '))
    start = now.rindex(",", 0, at)
    assert now[:start] + now[end:] == text
    assert value["xml"] == A.nbo_xml
    embed_zarr(tmp_path, B)
    restore_zarr(tmp_path)
    assert file.read_bytes().decode("utf-8") == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"metadata": {".zattrs": {', "Expecting property name enclosed in double quotes"),
        ("{}", "it has no metadata"),
        ('{"metadata": {".zattrs": []}}', "there is no object where one should be"),
        ('{"metadata": {".zattrs": {}, ".zattrs": {}}}', "it states .zattrs twice"),
        ("\udcff", "'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_broken_consolidated_metadata_are_refused(tmp_path: Path, text: str, why: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.4", xml=True)
    (path / ".zmetadata").write_bytes(text.encode("utf-8", "surrogateescape"))
    before = contents(path)
    with pytest.raises(WriteError) as told:
        embed_zarr(path, A)
    assert told.value.message.startswith(f"{path}/.zmetadata is left as it is, because it is not sound JSON: {why}")
    assert told.value.message.endswith(f"; {HINT}")
    assert contents(path) == before
