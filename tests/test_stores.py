"""Paths, URLs and archives."""

from __future__ import annotations

import shutil
import struct
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedding import make_block
from nbo_extract import api, stores
from nbo_extract.errors import NboExtractError, WriteError
from nbo_extract.registry import find_reader, read
from nbo_extract.stores import ZipStore, is_url, last_part, plain, shown
from nbo_extract.walk import walk
from nbo_extract.writers.ngff import embed_zarr
from sample_ome import make_ome_zarr, write_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Result

HINT = "write a sidecar instead (leave out --embed)"


@pytest.mark.parametrize(
    ("path", "url", "told", "name"),
    [
        ("s3://bucket/a/x.zarr/", True, "s3://bucket/a/x.zarr", "x.zarr"),
        ("https://u:p@host:80/x.zarr?sig=1#2", True, "https://host:80/x.zarr", "x.zarr"),
        ("https://u:p%40@host", True, "https://host", "host"),
        ("memory://x.zarr", True, "memory://x.zarr", "x.zarr"),
        ("C:\\data\\x.zarr", False, "C:\\data\\x.zarr", None),
        ("a/x?y#z@w.zarr", False, "a/x?y#z@w.zarr", "x?y#z@w.zarr"),
        ("data:x.zarr", False, "data:x.zarr", "data:x.zarr"),
    ],
)
def test_paths_and_urls(path: str, url: bool, told: str, name: str | None) -> None:
    assert is_url(path) is url
    assert shown(path) == told
    assert name is None or last_part(path) == name


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("file:///a/b%20c.zarr", "/a/b c.zarr"),
        ("file://localhost/a", "/a"),
        ("FILE:///C:/x", "C:/x"),
        ("file://a/x.zarr", "a/x.zarr"),
        ("a/b%20c", "a/b%20c"),
        ("s3://a/b", "s3://a/b"),
    ],
)
def test_file_urls(given: str, path: str) -> None:
    assert plain(given) == path


def zipped(folder: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, inside + file.relative_to(folder).as_posix(), zipfile.ZIP_DEFLATED)
    return target


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("inside", ["", "cells.ome.zarr/"])
@pytest.mark.parametrize("ending", [".ozx", ".zarr.zip", ".ome.zarr.zip", ".zip", ".OZX"])
def test_archive_states_what_the_folder_does(tmp_path: Path, version: str, inside: str, ending: str) -> None:
    from lxml import etree

    folder = make_ome_zarr(tmp_path / "cells.ome.zarr", version, xml=True)
    path = zipped(folder, tmp_path / f"cells{ending}", inside)
    info = find_reader(str(path))
    assert info is not None
    assert info.name == "ome-zarr"
    here, there = (etree.tostring(read(p).tree, encoding="unicode") for p in (path, folder))
    assert here == there.replace('Name="cells.ome.zarr"', f'Name="cells{ending}"', 1)
    assert read(path).findings == read(folder).findings == []


def test_archive_of_series(tmp_path: Path) -> None:
    write_group(tmp_path / "set", "0.5", {"bioformats2raw.layout": 3})
    for name in ("0", "1"):
        make_ome_zarr(tmp_path / "set" / name, "0.5")
    found = read(zipped(tmp_path / "set", tmp_path / "set.ozx")).tree.findall("Structure/Image")
    assert [i.get("Path") for i in found] == ["0", "1"]


def test_archives_of_a_folder_are_one_image_each_and_other_archives_none(
    tmp_path: Path, run: Callable[..., Result]
) -> None:
    folder = make_ome_zarr(tmp_path / "cells.ome.zarr", "0.5")
    (tmp_path / "in").mkdir()
    path = zipped(folder, tmp_path / "in" / "a.ozx")
    zipped(folder, tmp_path / "in" / "b.zip", "b.ome.zarr/")
    with zipfile.ZipFile(tmp_path / "in" / "papers.zip", "w") as archive:
        archive.writestr("paper.txt", "x")
    found = walk([str(tmp_path / "in")])
    assert [u.relative for u in found.units] == ["a.ozx", "b.zip"]
    assert found.left_out == 1
    assert not api.embeddable(path)
    # In a folder an archive gets a sidecar where others are embedded into; named by itself it is refused.
    before = path.read_bytes()
    assert run(tmp_path / "in", "--embed").code == 0
    assert Path(f"{path}.nbo.xml").is_file()
    done = run(path, "--embed")
    assert done.err == (
        f"nbo-extract: {path} is a file: embedding needs an OME-Zarr folder, and zipped stores are not changed; unzip "
        f"it, or {HINT}\n"
    )
    assert run("restore", path).err.startswith(f"nbo-extract: {path} is a file: embedding needs an OME-Zarr folder")
    assert path.read_bytes() == before


def error_of(path: Path) -> str:
    with pytest.raises(NboExtractError) as told:
        read(path)
    return told.value.message


def test_archives_that_hold_no_zarr(tmp_path: Path) -> None:
    folder = make_ome_zarr(tmp_path / "cells.ome.zarr", "0.5")
    path = tmp_path / "a.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    way = "unzip it and give one Zarr folder."
    assert error_of(path) == f"{path} is a ZIP archive that holds no Zarr at its root or in a folder; {way}"
    with zipfile.ZipFile(path, "w") as archive:
        for inside in "ab":
            archive.write(folder / "zarr.json", f"{inside}/zarr.json")
    assert error_of(path) == f"{path} is a ZIP archive that holds 2 Zarr folders (a, b); {way}"
    zipped(folder, path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert error_of(path) == f"{path} is no sound ZIP archive (File is not a zip file); copy it again."
    at = data.index(b"zarr.json") + 40
    path.write_bytes(data[:at] + bytes(64) + data[at + 64 :])
    shutil.rmtree(folder)
    assert " cannot be unpacked (" in error_of(path) or "is not valid JSON" in error_of(path)
    with pytest.raises(WriteError, match="is a file"):
        embed_zarr(path, make_block())


def test_small_files_that_unpack_to_large_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.ozx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", b" " * (stores.MAX_UNPACKED + 1))
    assert path.stat().st_size < 100_000
    refused = f"{path}/zarr.json unpacks to more than metadata ever are; unzip and check it."
    assert error_of(path) == refused
    # The size that the archive states is a lie.
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.index(magic) + at, 10)
    path.write_bytes(data)
    assert "zarr.json cannot be unpacked (Bad CRC-32" in error_of(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zarr.json", b"{}")
        archive.writestr("a", b" " * 30)
    monkeypatch.setattr(stores, "MAX_UNPACKED_ALL", 40)
    store = ZipStore(str(path), str(path))
    assert store.load("a") is not None
    with pytest.raises(NboExtractError, match="a unpacks to more than metadata ever are"):
        store.load("a")
    store.close()


def test_names_in_an_archive_lead_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    (tmp_path / "secret").write_bytes(b"x")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zarr.json", "{}")
        archive.writestr("../secret", "y")
    store = ZipStore(str(path), str(path))
    assert store.load("../secret") == b"y"
    assert store.load("/zarr.json") == b"{}"
    assert store.load(str(tmp_path / "secret")) is None
    store.close()


def test_encrypted_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.ozx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zarr.json", "{}")
    data = bytearray(path.read_bytes())
    for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + at] |= 1
    path.write_bytes(data)
    assert f"{path}/zarr.json cannot be unpacked (File 'zarr.json' is encrypted" in error_of(path)
