"""Embedding into OME-Zarr 0.4 and 0.5 and the way back."""

from __future__ import annotations

import errno
import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from embedding import FailingSystem, Killed, make_block
from nbo_extract.errors import WriteError
from nbo_extract.writers._system import System
from nbo_extract.writers.block import CoreFill
from nbo_extract.writers.ngff import embed_zarr, read_base_xml, restore_zarr

if TYPE_CHECKING:
    from pathlib import Path

A, B = make_block("A" * 3000), make_block("B" * 4000)
HINT = "write a sidecar instead (leave out --embed)"
OME_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" '
    'SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><MetadataOnly/></Pixels></Image></OME>'
)


def multiscales(version: str) -> dict[str, Any]:
    scale = [{"type": "scale", "scale": [0.5, 1e-1]}]
    image: dict[str, Any] = {
        "axes": [{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space"}],
        "datasets": [{"path": "0", "coordinateTransformations": scale}],
        "name": "µ",
    }
    if version == "0.4":
        return {"multiscales": [{"version": "0.4", **image}], "omero": {"channels": []}}
    return {"ome": {"version": "0.5", "multiscales": [image]}}


def make_store(path: Path, version: str, *, consolidated: bool = False, xml: bool = False) -> Path:
    import warnings

    import numpy as np
    import zarr

    number: Literal[2, 3] = 2 if version == "0.4" else 3
    group = zarr.open_group(path, mode="w", zarr_format=number, attributes=multiscales(version))
    names = None if number == 2 else ("y", "x")
    array = group.create_array("0", shape=(8, 8), chunks=(4, 4), dtype="uint8", dimension_names=names)
    array[:] = np.arange(64, dtype="uint8").reshape(8, 8)
    if consolidated:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zarr.consolidate_metadata(path, zarr_format=number)
    if xml:
        (path / "OME").mkdir()
        (path / "OME" / "METADATA.ome.xml").write_text(OME_XML, encoding="utf-8")
    return path


def contents(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def root_attributes(path: Path) -> dict[str, Any]:
    if (path / "zarr.json").exists():
        attributes: dict[str, Any] = json.loads((path / "zarr.json").read_text())["attributes"]
        return attributes
    found: dict[str, Any] = json.loads((path / ".zattrs").read_text())
    return found


CASES = [(v, c, x) for v in ("0.4", "0.5") for c in (False, True) for x in (False, True)]


@pytest.mark.parametrize(("version", "consolidated", "xml"), CASES)
def test_embed_and_restore(tmp_path: Path, version: str, consolidated: bool, xml: bool) -> None:
    import numpy as np
    import zarr
    from ome_zarr_models import open_ome_zarr

    path = make_store(tmp_path / "cells.zarr", version, consolidated=consolidated, xml=xml)
    before = contents(path)

    result = embed_zarr(path, A)

    assert result.state == "embedded"
    after = contents(path)
    root = ".zattrs" if version == "0.4" else "zarr.json"
    changed = {root} | ({".zmetadata"} if consolidated and version == "0.4" else set())
    changed |= {"OME/METADATA.ome.xml"} if xml else set()
    assert {name for name in after if after[name] != before.get(name)} == changed
    attributes = root_attributes(path)
    nbo = attributes.pop("nbo")
    assert attributes == multiscales(version)
    assert nbo.pop("sha256") == before[root]
    assert sorted(nbo.pop("attributes")) == sorted(attributes)
    assert nbo == {
        "version": "02-01",
        "namespace": "https://nbo-extract.org/ns/nbo/02-01",
        "product": "nbo-extract 1.2.3",
        "xml": A.nbo_xml,
        "document": json.loads(A.jsonld),
        "provenance": json.loads(A.provenance_json),
    }
    group = zarr.open_group(path, mode="r", use_consolidated=consolidated)
    assert group.attrs["nbo"]["xml"] == A.nbo_xml  # type: ignore[index, call-overload]
    assert np.array_equal(group["0"][:], np.arange(64).reshape(8, 8))  # type: ignore[index, arg-type]
    assert type(open_ome_zarr(group)).__name__ == "Image"

    assert embed_zarr(path, A).state == "unchanged"
    assert contents(path) == after
    assert restore_zarr(path).bytes_added == -result.bytes_added
    assert contents(path) == before
    assert restore_zarr(path).state == "unchanged"


@pytest.mark.parametrize(("version", "consolidated", "xml"), CASES)
def test_another_block_replaces_the_first(tmp_path: Path, version: str, consolidated: bool, xml: bool) -> None:
    path = make_store(tmp_path / "cells.zarr", version, consolidated=consolidated, xml=xml)
    before = contents(path)
    embed_zarr(path, B)
    wanted = contents(path)
    restore_zarr(path)
    embed_zarr(path, A)
    assert embed_zarr(path, B).state == "embedded"
    assert contents(path) == wanted
    restore_zarr(path)
    assert contents(path) == before


def test_all_other_text_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "cells.zarr"
    path.mkdir()
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    text = '{ "z" : 1.50e+3,\t"a":[1.0 , 1],\r\n "multiscales":[{"x":1E400,"nbo":"}"}] ,"\\u00b5":"\\/" }\n'
    (path / ".zattrs").write_bytes(text.encode())
    copy = {"metadata": {".zattrs": {}, ".zgroup": {"zarr_format": 2}}, "zarr_consolidated_format": 1}
    (path / ".zmetadata").write_text(json.dumps(copy))
    before = contents(path)
    embed_zarr(path, A)
    spliced = (path / ".zattrs").read_bytes().decode()
    head, tail = text[: -len(" }\n")], text[-len(" }\n") :]
    assert spliced.startswith(head + ', "nbo": {"version": "02-01", ')
    assert spliced.endswith("}" + tail)
    copy = json.loads((path / ".zmetadata").read_text())["metadata"]
    assert copy[".zattrs"] == {"nbo": json.loads(spliced)["nbo"]}
    restore_zarr(path)
    assert contents(path) == before


def test_ome_xml_is_spliced_and_filled(tmp_path: Path) -> None:
    import ome_types

    path = make_store(tmp_path / "cells.zarr", "0.4", xml=True)
    embed_zarr(path, make_block(core_fills=(CoreFill("Pixels:0", "PhysicalSizeX", "0.5"),)))
    file = path / "OME" / "METADATA.ome.xml"
    xml = file.read_bytes()
    ome_types.validate_xml(xml)
    ome = ome_types.from_xml(xml)
    assert ome.images[0].pixels.physical_size_x == 0.5
    assert [ref.id for ref in ome.images[0].annotation_refs] == ["Annotation:NBO:0"]
    assert read_base_xml(path) == OME_XML.encode()
    assert read_base_xml(make_store(tmp_path / "other.zarr", "0.5")) is None


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    path = make_store(tmp_path / "cells.zarr", "0.5", xml=True)
    before = contents(path)
    result = embed_zarr(path, make_block("Scope"), dry_run=True, system=FailingSystem(0))
    assert result.state == "dry-run"
    assert contents(path) == before
    assert f"--- {path}/zarr.json\n" in result.diff
    assert f"--- {path}/OME/METADATA.ome.xml\n" in result.diff
    assert '+<AnnotationRef ID="Annotation:NBO:0"/>\n' in result.diff
    assert embed_zarr(path, make_block("Scope")).bytes_added == result.bytes_added


def run(action: str, path: Path, system: System) -> None:
    if action == "restore":
        restore_zarr(path, system=system)
    else:
        embed_zarr(path, B, system=system)


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
@pytest.mark.parametrize("action", ["embed", "embed again", "restore"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_killed_at_any_call_leaves_each_file_old_or_new(tmp_path: Path, version: str, action: str, torn: bool) -> None:
    import shutil

    store = make_store(tmp_path / "cells.zarr", version, consolidated=True, xml=True)
    original = contents(store)
    allowed = [original]
    embed_zarr(store, B)
    wanted = contents(store)
    allowed.append(wanted)
    restore_zarr(store)
    if action == "embed again":
        embed_zarr(store, A)
    elif action == "restore":
        embed_zarr(store, B)
    allowed.append(contents(store))
    path = tmp_path / "copy.zarr"
    shutil.copytree(store, path)
    system = FailingSystem()
    run(action, path, system)
    shutil.rmtree(path)
    assert system.calls > 8
    for at in range(system.calls):
        shutil.copytree(store, path)
        with pytest.raises(Killed):
            run(action, path, FailingSystem(at, torn=torn))
        for name, found in contents(path).items():
            assert name.endswith(".nbo-tmp") or found in [state[name] for state in allowed]
        damaged = tmp_path / "damaged.zarr"
        shutil.copytree(path, damaged)
        embed_zarr(path, B)
        assert contents(path) == wanted
        restore_zarr(damaged)
        assert contents(damaged) == original
        shutil.rmtree(path)
        shutil.rmtree(damaged)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_an_error_leaves_each_file_whole_and_nothing_beside_it(tmp_path: Path, code: int) -> None:
    path = make_store(tmp_path / "cells.zarr", "0.4", xml=True)
    before = contents(path)
    system = FailingSystem()
    embed_zarr(path, B, system=system)
    wanted = contents(path)
    restore_zarr(path)
    for at in range(system.calls):
        with pytest.raises(WriteError, match=r"could not be changed: .*; each of its files is whole, old or new"):
            embed_zarr(path, B, system=FailingSystem(at, code))
        found = contents(path)
        assert found.keys() == before.keys()
        assert all(found[name] in (before[name], wanted[name]) for name in found)
        restore_zarr(path)
        assert contents(path) == before


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_layout_changed_by_another_program(tmp_path: Path, version: str) -> None:
    import zarr

    path = make_store(tmp_path / "cells.zarr", version)
    embed_zarr(path, A)
    zarr.open_group(path, mode="r+").attrs["x"] = 1
    del zarr.open_group(path, mode="r+").attrs["x"]
    file = path / (".zattrs" if version == "0.4" else "zarr.json")
    file.write_text(json.dumps(json.loads(file.read_text()), indent=7))
    assert restore_zarr(path).state == "restored"
    assert root_attributes(path) == multiscales(version)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_attributes_changed_by_another_program(tmp_path: Path, version: str) -> None:
    import zarr

    path = make_store(tmp_path / "cells.zarr", version)
    embed_zarr(path, A)
    name = "multiscales" if version == "0.4" else "ome"
    group = zarr.open_group(path, mode="r+")
    value = multiscales(version)[name]
    value.append({}) if isinstance(value, list) else value.update(x=1)
    group.attrs[name] = value
    group.attrs["note"] = "x"
    gone = ""
    if version == "0.4":
        del group.attrs["omero"]
        gone = ", omero was removed"
    before = contents(path)
    with pytest.raises(WriteError) as told:
        restore_zarr(path)
    file = path / (".zattrs" if version == "0.4" else "zarr.json")
    assert told.value.message == (
        f"{file} was changed by another program since the NBO block was embedded ({name} was changed, note was added"
        f"{gone}), so that it cannot be restored: undo that first, or take out the member nbo by hand"
    )
    assert contents(path) == before
    assert embed_zarr(path, B).state == "embedded"
    restore_zarr(path)
    assert root_attributes(path)["note"] == "x"


def test_ome_xml_changed_by_another_program(tmp_path: Path) -> None:
    path = make_store(tmp_path / "cells.zarr", "0.4", xml=True)
    embed_zarr(path, A)
    file = path / "OME" / "METADATA.ome.xml"
    file.write_bytes(file.read_bytes().replace(b'<Channel ID="', b'<Channel Name="x" ID="'))
    before = contents(path)
    with pytest.raises(WriteError, match=r"METADATA\.ome\.xml was changed by another program since the NBO block was"):
        restore_zarr(path)
    assert contents(path) == before


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (".zattrs", '{"multiscales": [1', "is left as it is, because it is not sound JSON: Expecting"),
        (".zattrs", "[" * 100_000, "is left as it is, because it is not sound JSON: it is nested too deeply"),
        (".zattrs", "[]", "is left as it is, because it is not sound JSON: there is no object where one should be"),
        (".zattrs", '{"multiscales": [], "multiscales": 1}', "not sound JSON: it states multiscales twice"),
        (".zattrs", '{"multiscales": [], "nbo": 1}', "has a member nbo already that nbo-extract did not write"),
        (".zattrs", '{"title": "x"}', r"is a Zarr, but no OME-Zarr \(its root has no OME attributes\)"),
        ("zarr.json", '{"zarr_format": 3}', "is left as it is, because it is not sound JSON: it has no attributes"),
        ("zarr.json", '{"attributes": {"multiscales": []}}', "is a Zarr, but no OME-Zarr"),
    ],
)
def test_what_cannot_be_embedded_into_is_refused(tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(WriteError, match=f"{why}.*write a sidecar instead"):
        embed_zarr(tmp_path, A)
    assert (tmp_path / name).read_text() == text


def test_other_stores_are_refused(tmp_path: Path) -> None:
    zipped = tmp_path / "cells.zarr.zip"
    zipped.write_bytes(b"PK\3\4")
    with pytest.raises(WriteError) as told:
        embed_zarr(zipped, A)
    assert told.value.message == (
        f"{zipped} is a file: embedding needs an OME-Zarr folder, and zipped stores are not changed; unzip it, or "
        f"{HINT}"
    )
    with pytest.raises(WriteError) as told:
        embed_zarr(tmp_path, A)
    assert told.value.message == f"{tmp_path} is no OME-Zarr (it has no zarr.json or .zattrs): {HINT}"


def test_a_store_is_written_by_one_run_at_a_time(tmp_path: Path) -> None:
    import os

    path = make_store(tmp_path / "cells.zarr", "0.4")
    system = System()
    fd = system.open(path, os.O_RDONLY)
    try:
        assert system.lock(fd)
        with pytest.raises(WriteError, match="is being written by another run of nbo-extract: try again"):
            embed_zarr(path, A)
    finally:
        system.close(fd)
    assert embed_zarr(path, A).state == "embedded"


def test_links_read_only_folders_and_permissions(tmp_path: Path) -> None:
    path = make_store(tmp_path / "cells.zarr", "0.4")
    (path / ".zattrs").chmod(0o640)

    class ReadOnly(System):
        def writable(self, folder: Path) -> bool:
            return False

    with pytest.raises(WriteError, match=rf"is left as it is, because its folder {path} is read-only: write a sidecar"):
        embed_zarr(path, A, system=ReadOnly())
    embed_zarr(path, A)
    assert (path / ".zattrs").stat().st_mode & 0o777 == 0o640
    restore_zarr(path)
    (path / ".zattrs").rename(tmp_path / "elsewhere")
    (path / ".zattrs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(
        WriteError, match="is a symbolic link, and what links point to is not changed: give --follow-links"
    ):
        embed_zarr(path, A)
