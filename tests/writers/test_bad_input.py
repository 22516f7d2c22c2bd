"""Files that must not be embedded into, through the command line: told, left as they are, and a sidecar instead."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import socket
import struct
import sys
from typing import TYPE_CHECKING

import pytest

from embedding import make_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

HINT = "write a sidecar instead (leave out --embed)"
XML = (
    '<?xml version="1.0" encoding="UTF-8"?>{before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0" Name="{name}"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" '
    'SizeZ="1" SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>'
)


def with_xml(path: Path, xml: bytes) -> None:
    """Write a TIFF with this description, of one plane whose pixels are the end of the file."""
    import numpy as np
    import tifffile

    stand_in = b"X" * len(xml)
    tifffile.imwrite(path, np.full((8, 8), 7, np.uint8), description=stand_in.decode(), metadata=None)
    content = path.read_bytes()
    assert content.count(stand_in) == 1
    path.write_bytes(content.replace(stand_in, xml))


class Tiff:
    """The bytes of a classic little-endian TIFF, to be damaged."""

    def __init__(self, path: Path, kind: str = "strips") -> None:
        make_image(path, kind)
        self.content = bytearray(path.read_bytes())

    def number(self, at: int, *, put: int | None = None, code: str = "<I") -> int:
        """Return the number at an offset, after having put one there."""
        if put is not None:
            struct.pack_into(code, self.content, at, put)
        found: int = struct.unpack_from(code, self.content, at)[0]
        return found

    def directory(self, at: int) -> tuple[dict[int, int], int]:
        """Return where the entry of each tag is, and where the offset of the next directory."""
        count = self.number(at, code="<H")
        return {self.number(e, code="<H"): e for e in range(at + 2, at + 2 + 12 * count, 12)}, at + 2 + 12 * count

    @property
    def first(self) -> int:
        return self.number(4)

    @property
    def tags(self) -> dict[int, int]:
        return self.directory(self.first)[0]

    def last(self) -> tuple[dict[int, int], int]:
        """Return the last directory."""
        at = self.first
        while True:
            tags, following = self.directory(at)
            at = self.number(following)
            if not at:
                return tags, following

    def levels(self) -> int:
        """Return where the offsets of the levels of the first plane are."""
        return self.number(self.tags[330] + 8)


def run_in_a_circle(tiff: Tiff) -> None:
    tiff.number(tiff.last()[1], put=tiff.first)


def level_follows_itself(tiff: Tiff) -> None:
    level = tiff.number(tiff.levels())
    tiff.number(tiff.directory(level)[1], put=level)


def level_is_its_plane(tiff: Tiff) -> None:
    tiff.number(tiff.levels(), put=tiff.first)


def levels_follow_each_other(tiff: Tiff) -> None:
    one, two = (tiff.number(tiff.levels() + n) for n in (0, 4))
    tiff.number(tiff.directory(one)[1], put=two)
    tiff.number(tiff.directory(two)[1], put=one)


def data_beyond_the_end(tiff: Tiff) -> None:
    tiff.number(tiff.number(tiff.last()[0][273] + 8), put=len(tiff.content) + 100)


def no_strips(tiff: Tiff) -> None:
    tiff.number(tiff.tags[273] + 4, put=0)


def negative_count(tiff: Tiff) -> None:
    tiff.number(tiff.tags[279] + 2, put=9, code="<H")


def endless_counts(tiff: Tiff) -> None:
    tiff.number(tiff.tags[279] + 4, put=0xFFFFFFFF)


def no_description(tiff: Tiff) -> None:
    tiff.number(tiff.tags[270] + 4, put=0)


def description_is_not_the_first(tiff: Tiff) -> None:
    tiff.number(tiff.tags[259], put=270, code="<H")


CIRCLE = r"is left as it is, because its image directories run in a circle at byte \d+: repair it or get it anew, or "
DAMAGED: list[tuple[Callable[[Tiff], None], str, str]] = [
    (run_in_a_circle, "strips", CIRCLE),
    (level_follows_itself, "pyramid", CIRCLE),
    (level_is_its_plane, "pyramid", CIRCLE),
    (levels_follow_each_other, "pyramid", CIRCLE),
    (
        data_beyond_the_end,
        "strips",
        r"is left as it is, because it is truncated: image data reach to byte \d+, but it has",
    ),
    (
        no_strips,
        "strips",
        "is left as it is, because its tag 273, which states places, holds 0 values of type 4: repair",
    ),
    (
        negative_count,
        "strips",
        "is left as it is, because its tag 279, which states places, holds 4 values of type 9: repair",
    ),
    (
        endless_counts,
        "strips",
        "is left as it is, because its tag 279, which states places, holds 4294967295 values of type",
    ),
    (no_description, "strips", "is a TIFF without OME-XML, so that nothing can be embedded; "),
    (
        description_is_not_the_first,
        "strips",
        "is left as it is, because its ImageDescription is of type 3, which is no",
    ),
]


def state(path: Path) -> tuple[str, int, list[str]]:
    """Return hash and time of a file, and what lies beside it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 24):
            digest.update(part)
    return digest.hexdigest(), path.stat().st_mtime_ns, sorted(f.name for f in path.parent.iterdir())


def refuse(run: Run, path: Path, why: str) -> None:
    """Expect that embedding is refused in one sentence and leaves all as it is, and that a sidecar is written."""
    before = state(path)
    result = run(path, "--embed")
    assert result.code == 3
    assert re.fullmatch(rf"nbo-extract: {re.escape(str(path))}:? {why}.*\n", result.err), result.err
    assert HINT in result.err
    assert state(path) == before
    assert run(path).code == 0
    assert state(path) == (*before[:2], sorted([*before[2], f"{path.name}.nbo.xml"]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cells.ome.tif"


@pytest.mark.parametrize(("damage", "kind", "why"), DAMAGED, ids=[d[0].__name__ for d in DAMAGED])
def test_damaged_directories(run: Run, path: Path, damage: Callable[[Tiff], None], kind: str, why: str) -> None:
    tiff = Tiff(path, kind)
    damage(tiff)
    path.write_bytes(tiff.content)
    refuse(run, path, why)


@pytest.mark.parametrize(
    ("at", "put", "code", "why"),
    [
        (0, 0, "<H", r"is a damaged TIFF: its first directory claims 0 entries"),
        (0, 65535, "<H", r"is a truncated TIFF: its first directory lies at byte 8 of a file of \d+ bytes"),
        (270, 0xFFFFFFFE, "<I", r"is a truncated TIFF: its ImageDescription of 4294967294 bytes lies at byte \d+ of a"),
    ],
    ids=["no entries", "65535 entries", "absurd description"],
)
def test_what_cannot_even_be_read(run: Run, path: Path, at: int, put: int, code: str, why: str) -> None:
    tiff = Tiff(path)
    tiff.number(tiff.tags[at] + 4 if at else tiff.first, put=put, code=code)
    path.write_bytes(tiff.content)
    before = state(path)
    for more in (["--embed"], []):
        result = run(path, *more)
        assert result.code == 3
        told = rf"nbo-extract: {re.escape(str(path))} {why}.*; copy the file again from its source\.\n"
        assert re.fullmatch(told, result.err), result.err
        assert state(path) == before


def test_a_truncated_last_strip(run: Run, path: Path) -> None:
    with_xml(path, XML.format(before="", name="x").encode())
    size = path.stat().st_size
    assert path.read_bytes().endswith(b"\7" * 64)
    os.truncate(path, size - 1)
    refuse(
        run,
        path,
        f"is left as it is, because it is truncated: image data reach to byte {size}, but it has {size - 1}: ",
    )


def bomb() -> str:
    """Return the declarations of a thousand million letters."""
    steps = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    return f'<!DOCTYPE OME [<!ENTITY e0 "aaaaaaaaaa">{steps}]>'


TEXTS = {
    "entity bomb": (XML.format(before=bomb(), name="&e8;").encode(), "its OME-XML declares entities"),
    "not UTF-8": (XML.format(before="", name="µ").encode("latin-1"), r"its OME-XML is not well-formed UTF-8 XML \("),
    "garbage behind the end": (
        XML.format(before="", name="x").encode() + b"<OME/> trailing",
        r"its OME-XML is not well-formed UTF-8 XML \(junk after document element, byte \d+\)",
    ),
    "garbage behind a NUL": (
        XML.format(before="", name="x").encode() + b"\0trailing",
        r"its OME-XML is not UTF-8 \(it holds NUL bytes\)",
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_descriptions_that_are_not_spliced(run: Run, path: Path, name: str) -> None:
    xml, why = TEXTS[name]
    with_xml(path, xml)
    refuse(run, path, why)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """Return a file that nobody may open."""
    if sys.platform != "linux":
        pytest.skip("only Linux says who opens a file")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = folder / "secret.dtd"
    path.write_text("<!ENTITY y 'SECRET'>", encoding="utf-8")
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watch, os.fsencode(path), 0x21) > 0  # IN_OPEN, IN_ACCESS
    try:
        yield path
        with pytest.raises(BlockingIOError):
            os.read(watch, 4096)
        path.read_text(encoding="utf-8")
        assert os.read(watch, 4096), "the watch sees nothing"
    finally:
        os.close(watch)


@pytest.fixture
def server() -> Iterator[str]:
    """Return the address of a server that nobody may ask."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield "http://{}:{}/ome.dtd".format(*listening.getsockname())
        with pytest.raises(BlockingIOError):
            listening.accept()


ELSEWHERE = {
    "entity": ('<!DOCTYPE OME [<!ENTITY x SYSTEM "{place}">]>', "&x;", "declares entities"),
    "parameter entity": ('<!DOCTYPE OME [<!ENTITY % x SYSTEM "{place}">%x;]>', "&y;", "declares entities"),
    "DTD": ('<!DOCTYPE OME SYSTEM "{place}">', "x", "refers to a DTD elsewhere"),
    "public DTD": ('<!DOCTYPE OME PUBLIC "-//OME//EN" "{place}">', "&y;", "refers to a DTD elsewhere"),
}


@pytest.mark.parametrize("kind", ELSEWHERE)
@pytest.mark.parametrize("remote", [False, True], ids=["file", "network"])
def test_what_lies_elsewhere_is_never_opened(
    run: Run, path: Path, secret: Path, server: str, kind: str, remote: bool
) -> None:
    from nbo_extract.api import extract
    from nbo_extract.xmlio import to_xml

    before, name, why = ELSEWHERE[kind]
    with_xml(path, XML.format(before=before.format(place=server if remote else f"file://{secret}"), name=name).encode())
    refuse(run, path, f"its OME-XML {why}, which is not safe to read")
    assert "SECRET" not in to_xml(extract(path))


def test_zarr_with_external_entities_in_its_ome_xml(run: Run, tmp_path: Path, secret: Path, server: str) -> None:
    store = make_store(tmp_path)
    (store / "OME").mkdir()
    for place in (f"file://{secret}", server):
        before = f'<!DOCTYPE OME [<!ENTITY x SYSTEM "{place}">]>'
        (store / "OME" / "METADATA.ome.xml").write_text(XML.format(before=before, name="&x;"), encoding="utf-8")
        refuse_zarr(run, store, store / "OME" / "METADATA.ome.xml", "its OME-XML declares entities, which is not safe ")


def make_store(folder: Path) -> Path:
    """Make an OME-Zarr 0.4 by hand."""
    store = folder / "cells.zarr"
    (store / "0").mkdir(parents=True)
    (store / ".zgroup").write_text('{"zarr_format": 2}')
    (store / ".zattrs").write_text(
        '{"multiscales": [{"version": "0.4", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}], '
        '"datasets": [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0]}]}]}]}'
    )
    (store / "0" / ".zarray").write_text(
        '{"zarr_format": 2, "shape": [8, 8], "chunks": [8, 8], "dtype": "|u1", "compressor": null, "fill_value": 0, '
        '"order": "C", "filters": null}'
    )
    return store


def refuse_zarr(run: Run, store: Path, culprit: Path, why: str) -> None:
    """Expect that embedding is refused for one of the files of a store, and that a sidecar is written."""

    def stand() -> dict[str, tuple[bytes, int]]:
        files = sorted(f for f in store.rglob("*") if f.is_file())
        return {str(f): (f.read_bytes(), f.stat().st_mtime_ns) for f in files}

    before = stand()
    result = run(store, "--embed")
    assert result.code == 3
    assert re.fullmatch(rf"nbo-extract: {re.escape(str(culprit))}:? {why}.*\n", result.err), result.err
    assert HINT in result.err
    assert stand() == before
    assert run(store).code == 0
    assert stand() == before
    assert (store.parent / f"{store.name}.nbo.xml").is_file()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"metadata": {".zattrs": {', "Expecting property name"),
        ('{"metadata": {".zattrs": []}}', "there is no object where one should be"),
        ("{}", "it has no metadata"),
        ('{"metadata": {".zattrs": {}, ".zattrs": {}}}', "it states .zattrs twice"),
        ("\xff", "(Expecting value|'utf-8' codec)"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
    ids=["cut off", "no object", "empty", "twice", "no text", "deep"],
)
def test_broken_consolidated_metadata(run: Run, tmp_path: Path, text: str, why: str) -> None:
    store = make_store(tmp_path)
    (store / ".zmetadata").write_bytes(text.encode("latin-1"))
    refuse_zarr(run, store, store / ".zmetadata", f"is left as it is, because it is not sound JSON: {why}")


def test_a_classic_tiff_that_would_pass_4_gib(run: Run, path: Path) -> None:
    make_image(path, "strips")
    size = (1 << 32) - 3000
    os.truncate(path, size)
    before = path.stat()
    with path.open("rb") as file:
        head = file.read(1 << 17)
    result = run(path, "--embed")
    assert result.code == 3
    assert re.fullmatch(
        rf"nbo-extract: {re.escape(str(path))} is a classic TIFF of {size} bytes, and with \d+ more it would pass "
        r"the 4 GiB that this format can address: write a sidecar instead \(leave out --embed\), or convert it to Big"
        r"TIFF\n",
        result.err,
    )
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_blocks) == (size, before.st_mtime_ns, before.st_blocks)
    with path.open("rb") as file:
        assert file.read(1 << 17) == head
    assert run(path).code == 0
    assert path.with_name(f"{path.name}.nbo.xml").is_file()


def software_is_a_description(tiff: Tiff) -> None:
    tiff.number(tiff.tags[305], put=270, code="<H")


def strips_of_no_bytes(tiff: Tiff) -> None:
    tiff.number(tiff.number(tiff.tags[279] + 8), put=0, code="<H")


@pytest.mark.parametrize("change", [software_is_a_description, strips_of_no_bytes])
def test_what_is_unusual_but_allowed_comes_back_to_the_byte(
    run: Run, path: Path, change: Callable[[Tiff], None]
) -> None:
    import tifffile

    tiff = Tiff(path)
    change(tiff)
    path.write_bytes(tiff.content)
    assert run(path, "--embed").code == 0
    with tifffile.TiffFile(path) as opened:
        assert "https://nbo-extract.org/ns/nbo/" in opened.pages.first.description
    assert path.read_bytes() != tiff.content
    assert run("restore", path).code == 0
    assert path.read_bytes() == tiff.content
