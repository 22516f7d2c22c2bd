"""The OME-Zarr reader: images, series and plates of both Zarr formats, and what it says about damaged ones."""

from __future__ import annotations

import json
import re
import warnings
from typing import TYPE_CHECKING, Any

import ome_types
import ome_zarr_models
import pytest
import zarr
from lxml import etree

from nbo_extract.errors import CorruptFileError
from nbo_extract_readers import ome_zarr
from nbo_extract_readers._ngff import combine, to_json
from nbo_extract_readers.ome_zarr import INFO, read
from ngff_stores import make_next, make_scene
from sample_ome import make_ome_zarr, multiscale, write_group, write_image

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.record import RawRecord

VERSIONS = ("0.4", "0.5")
TYPES = {"0.4": "&lt;u2", "0.5": "uint16"}
ZARR = {"0.4": "2", "0.5": "3"}
AXES = (
    '<Axis Name="c" Type="channel" Size="2" Scale="1.0"/>'
    '<Axis Name="z" Type="space" Unit="micrometer" Size="2" Scale="0.3"/>'
    '<Axis Name="y" Type="space" Unit="micrometer" Size="32" Scale="0.108"/>'
    '<Axis Name="x" Type="space" Unit="micrometer" Size="32" Scale="0.108"/>'
)
CHANNELS = "".join(
    f'<Channel Index="{i}" Label="{label}" Color="{color}" Active="true" WindowStart="0" WindowEnd="2000" '
    'WindowMin="0" WindowMax="4095"/>'
    for i, (label, color) in enumerate((("GFP", "00FF00"), ("mCherry", "FF0000")))
)


def structure(record: RawRecord) -> str:
    found = record.tree.find("Structure")
    assert found is not None
    return etree.tostring(found, encoding="unicode")


def image(key: str, path: str, name: str, version: str) -> str:
    return (
        f'<Image Key="{key}" Path="{path}" Name="{name}" SizeC="2" SizeZ="2" SizeY="32" SizeX="32" '
        f'DataType="{TYPES[version]}">{AXES}{CHANNELS}<Rendering DefaultZ="0" DefaultT="0" Model="color"/></Image>'
    )


def messages(record: RawRecord) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in record.findings]


def attributes(path: Path, version: str) -> Path:
    return path / (".zattrs" if version == "0.4" else "zarr.json")


def edit(path: Path, version: str, change: dict[str, Any]) -> None:
    """Replace keys of the OME attributes of a group."""
    file = attributes(path, version)
    stored = json.loads(file.read_bytes())
    (stored if version == "0.4" else stored["attributes"]["ome"]).update(change)
    file.write_text(json.dumps(stored))


@pytest.mark.parametrize("version", VERSIONS)
def test_sample_is_valid_and_always_the_same(tmp_path: Path, version: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.ome.zarr", version, xml=True)
    again = make_ome_zarr(tmp_path / "again" / "cells.ome.zarr", version, xml=True)
    files = sorted(f.relative_to(path) for f in path.rglob("*") if f.is_file())
    assert sum((path / f).stat().st_size for f in files) < 60_000
    assert all((path / f).read_bytes() == (again / f).read_bytes() for f in files)
    group = zarr.open_group(path, mode="r")
    array = group["0"]
    assert isinstance(array, zarr.Array)
    assert array[1, 1, 3, 3] == 3 * 3 + 97 + 1009
    assert type(ome_zarr_models.open_ome_zarr(group)).__name__ == "Image"
    ome_types.validate_xml((path / "OME" / "METADATA.ome.xml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("version", VERSIONS)
def test_image(tmp_path: Path, version: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.ome.zarr", version)
    record = read(str(path))
    assert structure(record) == (
        f'<Structure><File Name="cells.ome.zarr" NGFFVersion="{version}" ZarrFormat="{ZARR[version]}"/>'
        f"{image('0', '', 'cells', version)}</Structure>"
    )
    assert (record.format, record.reader, record.vocabulary) == ("OME-Zarr", "ome-zarr", "ngff")
    assert record.versions == {"NGFF": version, "Zarr": ZARR[version]}
    assert record.files == (str(path),)
    assert (record.planes, record.findings) == ({}, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_image_with_ome_xml(tmp_path: Path, version: str) -> None:
    record = read(str(make_ome_zarr(tmp_path / "cells.ome.zarr", version, xml=True)))
    assert record.vocabulary == "ome"
    assert [c.tag for c in record.tree] == ["OME", "Structure"]
    objective = record.tree.find("OME/Instrument/Objective")
    assert objective is not None
    assert objective.get("Model") == "Plan Apo λ 60x/1.40 Oil"
    assert record.planes["0"].columns["ExposureTime"] == ["50", "50", "100", "100"]
    assert record.versions["OME"] == "2016-06"
    file = record.tree.find("Structure/File")
    assert file is not None
    assert file.get("OMENamespace") == "http://www.openmicroscopy.org/Schemas/OME/2016-06"
    assert record.tree.find("Structure/Image") is not None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("listed", [True, False])
def test_series_in_their_order(tmp_path: Path, version: str, listed: bool) -> None:
    path = tmp_path / "cells.zarr"
    if version == "0.4":
        write_group(path, version, {}, **{"bioformats2raw.layout": 3})
    else:
        write_group(path, version, {"bioformats2raw.layout": 3})
    names = ["b", "a"] if listed else ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
    for name in names:
        write_image(path / name, f"image {name}", version)
    if listed:
        write_group(path / "OME", version, {"series": names})
    found = read(str(path)).tree.findall("Structure/Image")
    assert [(i.get("Key"), i.get("Path"), i.get("Name")) for i in found] == [
        (str(k), n, f"image {n}") for k, n in enumerate(names)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_folder_of_images(tmp_path: Path, version: str) -> None:
    path = tmp_path / "cells.zarr"
    write_group(path, version, {})
    write_image(path / "b", "b", version)
    write_image(path / "a", "a", version)
    write_group(path / "tables", version, {})
    assert [i.get("Path") for i in read(str(path)).tree.iterfind("Structure/Image")] == ["a", "b"]


def plate(path: Path, version: str) -> Path:
    wells = [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/2", "rowIndex": 1, "columnIndex": 1}]
    stated: dict[str, Any] = {"name": "screen", "field_count": 2, "wells": wells}
    stated |= {"rows": [{"name": "A"}, {"name": "B"}], "columns": [{"name": "1"}, {"name": "2"}]}
    stated["acquisitions"] = [{"id": 4, "name": "day 1", "starttime": 1710495000}]
    version_key = {"version": version} if version == "0.4" else {}
    write_group(path, version, {"plate": {**version_key, **stated}})
    for well in wells:
        fields = [{"path": "0", "acquisition": 4}, {"path": "1", "acquisition": 4}]
        write_group(path / str(well["path"]), version, {"well": {**version_key, "images": fields}})
        for field in fields:
            write_image(path / str(well["path"]) / str(field["path"]), f"{well['path']} {field['path']}", version)
    for row in "AB":
        write_group(path / row, version, {})
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_plate(tmp_path: Path, version: str) -> None:
    path = plate(tmp_path / "screen.zarr", version)
    record = read(str(path))
    keys = ["A/1/0", "A/1/1", "B/2/0", "B/2/1"]
    images = "".join(image(k, k, f"{k[:3]} {k[4:]}", version) for k in keys)
    wells = "".join(
        f'<Well Path="{w}" RowIndex="{i}" ColumnIndex="{i}">'
        + "".join(f'<Field Path="{f}" ImageKey="{w}/{f}" Acquisition="4"/>' for f in "01")
        + "</Well>"
        for i, w in enumerate(("A/1", "B/2"))
    )
    assert structure(record) == (
        f'<Structure><File Name="screen.zarr" NGFFVersion="{version}" ZarrFormat="{ZARR[version]}"/>{images}'
        '<Plate Name="screen" Field_count="2" Rows="2" Columns="2"><Row Name="A"/><Row Name="B"/>'
        '<Column Name="1"/><Column Name="2"/><Acquisition ID="4" Name="day 1" Starttime="1710495000"/>'
        f"{wells}</Plate></Structure>"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert type(ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))).__name__ == "HCS"


@pytest.mark.parametrize("version", VERSIONS)
def test_one_well_of_a_plate(tmp_path: Path, version: str) -> None:
    record = read(str(plate(tmp_path / "screen.zarr", version) / "A" / "1"))
    found = record.tree.findall("Structure/Image")
    assert [(i.get("Key"), i.get("Path"), i.get("Name")) for i in found] == [
        ("0", "0", "A/1 0"),
        ("1", "1", "A/1 1"),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_bad_images_of_a_plate_do_not_stop_it(tmp_path: Path, version: str) -> None:
    path = plate(tmp_path / "screen.zarr", version)
    broken = attributes(path / "A" / "1" / "1", version)
    broken.write_text('{"a": 1,}')
    gone = path / "B" / "2"
    attributes(gone, version).unlink()
    if version == "0.4":
        (gone / ".zgroup").unlink()
    record = read(str(path))
    assert [i.get("Key") for i in record.tree.iterfind("Structure/Image")] == ["A/1/0"]
    assert [w.get("Path") for w in record.tree.iterfind("Structure/Plate/Well")] == ["A/1", "B/2"]
    # The wording of the cause is Python's and differs between versions.
    assert [(c, s, re.sub(r" \(.*\)", "", m)) for c, s, m in messages(record)] == [
        (
            "NBO102",
            "warning",
            f"The image A/1/1 was left out: {broken} is not valid JSON; " + AGAIN,
        ),
        (
            "NBO102",
            "warning",
            f"The well B/2 was left out: {gone} holds none of zarr.json, .zgroup and .zattrs; " + AGAIN,
        ),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_own_attribute_stands_apart(tmp_path: Path, version: str) -> None:
    path = tmp_path / "cells.zarr"
    write_image(path, "cells", version)
    file = attributes(path, version)
    stored = json.loads(file.read_bytes())
    where = stored if version == "0.4" else stored["attributes"]
    where["nbo"] = {"version": "02-01", "xml": '<OME a="µ"/>'}
    where["iohub"] = {"gain": 0}
    file.write_text(json.dumps(stored).replace('"gain": 0', '"gain": 1.50e-3'))
    root = read(str(path)).tree
    own = root.find("Structure/NBO")
    assert own is not None
    assert (own.get("Key"), own.text) == ("nbo", '{"version": "02-01", "xml": "<OME a=\\"µ\\"/>"}')
    other = root.findall("Structure/Attribute")
    assert [(a.get("Name"), a.text) for a in other] == [("iohub", '{"gain": 1.50e-3}')]


@pytest.mark.parametrize("version", VERSIONS)
def test_transformations_of_level_and_image_are_combined(tmp_path: Path, version: str) -> None:
    path = tmp_path / "cells.zarr"
    write_image(path, "cells", version)
    stated = multiscale("cells")
    stated["datasets"][0]["coordinateTransformations"] = [
        {"type": "scale", "scale": [1, 0.30, 0.1, 0.5]},
        {"type": "translation", "translation": [0, 0, 0.25, 7]},
    ]
    stated["coordinateTransformations"] = [
        {"type": "scale", "scale": [1, 1.0, 3, 2.5]},
        {"type": "translation", "translation": [0, 12, 0, 0.5]},
    ]
    edit(path, version, {"multiscales": [stated]})
    axes = read(str(path)).tree.findall("Structure/Image/Axis")
    assert [(a.get("Scale"), a.get("Translation")) for a in axes] == [
        ("1", "0"),
        ("0.3", "12"),
        ("0.3", "0.75"),
        ("1.25", "18"),
    ]


def test_what_cannot_be_combined_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cells.zarr"
    write_image(path, "cells", "0.4")
    stated = multiscale("cells")
    stated["version"] = "0.4"
    stated["datasets"][0]["coordinateTransformations"] = [{"type": "scale", "scale": [0.1, 0.1]}]
    stated["coordinateTransformations"] = [{"type": "affine", "affine": []}]
    edit(path, "0.4", {"multiscales": [stated]})
    record = read(str(path))
    assert [a.get("Scale") for a in record.tree.iterfind("Structure/Image/Axis")] == [None] * 4
    assert messages(record) == [
        (
            "NBO102",
            "warning",
            "The pixel sizes of the image cells were left out: a scale of 2 values does not fit 4 axes; a coordinate "
            "transformation of type affine is not supported.",
        )
    ]


def test_numbers_keep_their_text() -> None:
    from nbo_extract_readers._ngff import Number

    steps = [{"type": "scale", "scale": [Number("1e-1"), Number("0.65000")]}]
    assert combine(steps, [], 2) == (["1e-1", "0.65000"], [None, None], [])
    assert combine([{"type": "identity"}], [], 1) == ([None], [None], [])
    assert combine([{"type": "scale", "scale": [Number("NaN")]}], [], 1)[2] == [
        "a scale holds something else than numbers"
    ]
    assert to_json({"a": [Number("1.0"), True, None, "µ"]}) == '{"a": [1.0, true, null, "µ"]}'


def test_images_before_axes_had_names(tmp_path: Path) -> None:
    path = tmp_path / "old.zarr"
    write_group(path, "0.4", {"multiscales": [{"version": "0.2", "datasets": [{"path": "0"}]}]})
    (path / "0").mkdir()
    (path / "0" / ".zarray").write_text('{"zarr_format": 2, "shape": [1, 2, 3, 4, 5], "dtype": "|u1"}')
    assert structure(read(str(path))) == (
        '<Structure><File Name="old.zarr" NGFFVersion="0.2" ZarrFormat="2"/><Image Key="0" Path="" SizeT="1" SizeC="2" '
        'SizeZ="3" SizeY="4" SizeX="5" DataType="|u1"><Axis Name="t" Size="1"/><Axis Name="c" Size="2"/>'
        '<Axis Name="z" Size="3"/><Axis Name="y" Size="4"/><Axis Name="x" Size="5"/></Image></Structure>'
    )


def test_axes_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / "cells.zarr"
    write_image(path, "cells", "0.5")
    stated = multiscale("cells")
    stated["axes"][0]["name"] = "²-photon delay"
    stated["axes"][1]["name"] = "lambda"
    edit(path, "0.5", {"multiscales": [stated]})
    image = read(str(path)).tree.find("Structure/Image")
    assert image is not None
    assert (image.get("SizeLambda"), image.get("SizeX"), image[0].get("Size")) == ("2", "32", "2")


AGAIN = "copy the dataset again from its source."


def error_of(path: Path) -> str:
    with pytest.raises(CorruptFileError) as caught:
        read(str(path))
    return caught.value.message


def test_no_zarr_and_no_image(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    assert (
        error_of(path) == f"{path} is not a directory, so it is no OME-Zarr; give the folder whose name ends in .zarr."
    )
    path.mkdir()
    assert error_of(path) == f"{path} holds none of zarr.json, .zgroup and .zattrs; " + AGAIN
    write_group(path, "0.4", {})
    assert (
        error_of(path)
        == f"{path} is a Zarr, but no OME-Zarr image: its .zattrs states no attributes; give the folder of an image."
    )
    write_group(path, "0.4", {"encoding-type": "anndata", "shape": [1]})
    assert error_of(path) == (
        f"{path} is a Zarr, but no OME-Zarr image: its .zattrs has encoding-type, shape, but neither multiscales nor "
        "plate; give the folder of an image."
    )
    (path / ".zattrs").write_text("[]")
    assert error_of(path) == f"{path / '.zattrs'} is not a JSON object; " + AGAIN


@pytest.mark.parametrize("version", VERSIONS)
def test_damaged_images(tmp_path: Path, version: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", version)
    array = path / "0" / (".zarray" if version == "0.4" else "zarr.json")
    assert error_of(path / "0") == f"{path / '0'} is a Zarr array, not an OME-Zarr image; give the folder above it."
    stored = array.read_bytes()
    array.write_bytes(stored[:40])
    assert error_of(path).startswith(f"{array} is not valid JSON (")
    array.write_bytes(b'{"shape": [32, 32]}')
    assert error_of(path) == f"{path} states the axes c, z, y, x for an array of 2 dimensions; " + AGAIN
    array.write_bytes(b'{"shape": 5}')
    assert error_of(path) == f"{path / '0'} is an array that states no shape; " + AGAIN
    array.unlink()
    assert error_of(path) == f"{path / '0'} holds no array: neither zarr.json nor .zarray is there; " + AGAIN
    edit(path, version, {"multiscales": [{"datasets": []}]})
    assert error_of(path) == f"{path} lists no dataset in its multiscales; " + AGAIN


def test_damaged_ome_xml_is_told_and_left_out(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5", xml=True)
    (path / "OME" / "METADATA.ome.xml").write_text("<html/>")
    record = read(str(path))
    assert record.vocabulary == "ngff"
    assert record.tree.find("Structure/Image") is not None
    assert messages(record) == [
        (
            "NBO104",
            "error",
            "The file OME/METADATA.ome.xml is no OME-XML; the metadata of the images themselves are used.",
        )
    ]


def test_paths_never_leave_the_dataset(tmp_path: Path) -> None:
    write_image(tmp_path / "outside", "secret", "0.5")
    path = tmp_path / "cells.zarr"
    write_group(path, "0.5", {})
    write_group(path / "OME", "0.5", {"series": ["../outside"]})
    assert error_of(path) == f"{path} names 1 images, but none of them can be read; " + AGAIN


def test_sniff(tmp_path: Path) -> None:
    assert INFO.open == f"{ome_zarr.__name__}:read"
    assert INFO.directory
    assert INFO.sniff(b"", "cells.ome.zarr/")
    assert not INFO.sniff(b"", "folder")
    assert not INFO.sniff(b"II*\0", "cells.zarr")
    write_group(tmp_path, "0.5", {})
    assert INFO.sniff(b"", str(tmp_path))


def test_characters_that_xml_does_not_allow(tmp_path: Path) -> None:
    path = plate(tmp_path / "screen.zarr", "0.5")
    field = path / "A" / "1"
    edit(field, "0.5", {"well": {"images": [{"path": "0", "acquisition": "\x00\x0b4"}, {"path": "\x00"}]}})
    edit(field / "0", "0.5", {"multiscales": [{**multiscale("a\x00b")}]})
    record = read(str(path))
    first = record.tree.find("Structure/Image")
    assert first is not None
    assert (first.get("Key"), first.get("Name")) == ("A/1/0", "ab")
    found = record.tree.find("Structure/Plate/Well/Field")
    assert found is not None
    assert found.get("Acquisition") == "4"


def test_next_version_takes_the_system_of_the_pixels(tmp_path: Path) -> None:
    record = read(str(make_next(tmp_path / "cells.zarr")))
    found = record.tree.find("Structure/Image")
    assert found is not None
    axes = [(a.get("Name"), a.get("Unit"), a.get("Scale"), a.get("Translation")) for a in found.iterfind("Axis")]
    assert axes == [
        ("c", None, "1.0", "0"),
        ("z", "micrometer", "0.3", "0"),
        ("y", "micrometer", "0.108", "5"),
        ("x", "micrometer", "0.108", "6.5"),
    ]
    assert (found.get("Name"), found.get("SizeX"), len(found.findall("Channel"))) == ("cells", "32", 2)
    assert record.versions["NGFF"] == "0.6.dev4"
    assert record.findings == []


def next_version(tmp_path: Path, change: dict[str, Any], step: dict[str, Any]) -> tuple[RawRecord, list[str | None]]:
    path = make_next(tmp_path / "cells.zarr", **change)
    stored = json.loads((path / "zarr.json").read_text())
    dataset = stored["attributes"]["ome"]["multiscales"][0]["datasets"][0]
    dataset["coordinateTransformations"] = [step]
    (path / "zarr.json").write_text(json.dumps(stored))
    record = read(str(path))
    return record, [a.get("Scale") for a in record.tree.iterfind("Structure/Image/Axis")]


@pytest.mark.parametrize(
    ("output", "unit"),
    [({"name": "b"}, "b"), ("b", "b"), ({"name": "a"}, "a"), (None, "c"), ({"path": "0"}, "c")],
)
def test_system_that_a_level_is_placed_in(tmp_path: Path, output: object, unit: str) -> None:
    names = [{"name": n, "type": "space"} for n in "czyx"]
    systems = [{"name": s, "axes": [{**n, "unit": s} for n in names]} for s in "abc"]
    step = {"type": "scale", "scale": [1, 2, 3, 4], "output": output}
    record, scales = next_version(tmp_path, {"coordinateSystems": systems}, step)
    assert scales == ["1", "2", "3", "4"]
    assert {a.get("Unit") for a in record.tree.iterfind("Structure/Image/Axis")} == {unit}


@pytest.mark.parametrize(
    ("step", "scales", "problem"),
    [
        ({"type": "identity", "output": {"name": "intrinsic"}}, [None] * 4, ""),
        ({"type": "affine", "affine": [[1]], "output": "intrinsic"}, [None] * 4, "type affine is not supported"),
        ({"type": "sequence", "transformations": 1}, [None] * 4, "type sequence is not supported"),
    ],
)
def test_other_transformations_of_the_next_version(
    tmp_path: Path, step: dict[str, Any], scales: list[str | None], problem: str
) -> None:
    record, found = next_version(tmp_path, {}, step)
    assert found == scales
    said = [m for _, _, m in messages(record)]
    wanted = [f"The pixel sizes of the image cells were left out: a coordinate transformation of {problem}."]
    assert said == (wanted if problem else [])


def test_next_version_without_the_system_that_it_names(tmp_path: Path) -> None:
    path = make_next(tmp_path / "cells.zarr", coordinateSystems=[{"name": "other", "axes": []}])
    assert (
        error_of(path)
        == f"{path} states the axes none for an array of 4 dimensions; copy the dataset again from its source."
    )


def test_scene(tmp_path: Path) -> None:
    record = read(str(make_scene(tmp_path / "tiles.zarr")))
    found = record.tree.findall("Structure/Image")
    assert [(i.get("Key"), i.get("Path")) for i in found] == [("0", "tile_1"), ("1", "tile_0")]
    stated = record.tree.find("Structure/Attribute")
    assert stated is not None
    assert stated.get("Name") == "ome/scene"
