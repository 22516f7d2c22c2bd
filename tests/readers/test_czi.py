"""The CZI reader: structure and planes, exactly; damaged files; real files."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract_readers import czi, czi_planes, zisraw
from nbo_extract_readers.czi import INFO, read
from real_files import REAL_CZI
from sample_czi import Attachment, SubBlock, make_sample, write_czi

if TYPE_CHECKING:
    from nbo_extract.record import RawRecord

XML = b"<ImageDocument><Metadata><Information/></Metadata></ImageDocument>"
REFUSALS = re.compile(
    r"^.+ (is cut off: it has \d+ bytes and the header of a CZI file alone has 544"
    r"|does not begin as a CZI file does \(ZISRAWFILE\)"
    r"|holds neither readable metadata nor sub-blocks \(.+\))"
    r"[;:] copy it again from where it was written$"
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "image.czi")


@pytest.fixture(autouse=True)
def no_handle_left_open() -> object:
    listing = Path("/proc/self/fd")
    if not listing.is_dir():
        yield None
        return
    before = {p.name: os.readlink(p) for p in listing.iterdir() if os.path.lexists(p)}
    yield None
    after = [os.readlink(p) for p in listing.iterdir() if p.name not in before and os.path.lexists(p)]
    assert [name for name in after if name.endswith(".czi")] == []


def structure(record: RawRecord) -> str:
    """Structure without the file's identity, one line an element."""
    element = record.tree.find("Structure")
    assert element is not None
    lines = [etree.tostring(e, encoding="unicode").split(">")[0].strip("<>/") for e in element.iter()]
    return "\n".join(line for line in lines if not line.startswith(("Structure", "File")))


def found(record: RawRecord) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in record.findings]


def patch(path: str, position: int, data: bytes) -> None:
    with open(path, "r+b") as stream:
        stream.seek(position)
        stream.write(data)


def header_position(path: str, which: str) -> int:
    """Position that the file header states for a segment."""
    offset = {"directory": 32 + 52, "metadata": 32 + 60, "attachments": 32 + 72}[which]
    with open(path, "rb") as stream:
        stream.seek(offset)
        return int.from_bytes(stream.read(8), "little")


# ------------------------------------------------------------------------------------------------ what a file states


def test_info() -> None:
    assert (INFO.name, INFO.formats, INFO.suffixes, INFO.open) == (
        "czi",
        ("Zeiss CZI",),
        (".czi",),
        "nbo_extract_readers.czi:read",
    )
    assert INFO.sniff(b"ZISRAWFILE\0\0\0\0\0\0", "anything")
    assert not INFO.sniff(b"II*\0", "image.czi")


def test_sample(path: str) -> None:
    make_sample(path)
    record = read(path)
    assert record.findings == []
    assert (record.path, record.format, record.reader, record.vocabulary) == (path, "Zeiss CZI", "czi", "zeiss-czi")
    assert record.versions == {"format": "1.0", "reader": "czi"}
    assert record.files == (os.path.abspath(path),)
    assert [e.tag for e in record.tree] == ["ImageDocument", "Structure"]
    assert record.tree.findtext("ImageDocument/Metadata/Information/Document/UserName") == "asample"
    assert structure(record) == "\n".join(
        [
            'Scene Key="0" SizeX="64" SizeY="48" StartX="0" StartY="0" SizeZ="2" SizeC="2" SizeT="1" SizeB="1"',
            'Channel Index="0" PixelType="Gray16" Compression="Uncompressed"',
            'Channel Index="1" PixelType="Gray16" Compression="Uncompressed"',
            'Attachment Name="TimeStamps" ContentFileType="CZTIMS"',
        ]
    )
    assert list(record.planes) == ["0"]
    same = {
        "T": "0",
        "B": "0",
        "X": "0",
        "Y": "0",
        "Tags/DetectorState/CameraState/ApplyCameraProfile": "false",
        "Tags/DetectorState/CameraState/Frame": "0,0,64,48",
        "Tags/DetectorState/CameraState/ImageOrientation": "0",
        "Tags/DetectorState/CameraState/CameraDisplayName": "Axiocam 506",
        "Tags/StageXPosition": "+000000052431.2500",
        "Tags/StageYPosition": "+000000031876.5000",
        "Tags/RoiCenterOffsetX": "+000000000000.0000",
        "Tags/RoiCenterOffsetY": "+000000000000.0000",
        "DataSchema/ValidBitsPerPixel": "14",
    }
    assert record.planes["0"].columns == {name: [value] * 4 for name, value in same.items()} | {
        "C": ["0", "0", "1", "1"],
        "Z": ["0", "1", "0", "1"],
        "Tags/AcquisitionTime": [
            "2024-03-14T09:26:31.6625000Z",
            "2024-03-14T09:26:31.9875000Z",
            "2024-03-14T09:26:32.5375000Z",
            "2024-03-14T09:26:32.8625000Z",
        ],
        "Tags/DetectorState/CameraState/ExposureTime": ["80000000", "80000000", "150000000", "150000000"],
        "Tags/FocusPosition": ["+000000002417.3600", "+000000002417.6100"] * 2,
    }
    paths = record.planes["0"].paths
    assert list(paths) == list(record.planes["0"].columns)
    assert paths["Tags/StageXPosition"] == "SubBlock/METADATA/Tags/StageXPosition"
    assert paths["Z"] == "SubBlock/DirectoryEntry/Z"


def test_sample_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.czi", "b.czi"):
        make_sample(tmp_path / name)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.czi", "b.czi")}
    assert len(digests) == 1
    assert (tmp_path / "a.czi").stat().st_size < 70_000


def test_the_document_is_the_vendors(path: str) -> None:
    document = '<ImageDocument>\r\n  <Metadata a="µ">\r\n    <B> x </B>\r\n  </Metadata>\r\n</ImageDocument>'
    write_czi(path, document.encode(), [SubBlock()])
    assert etree.tostring(read(path).tree[0], encoding="unicode") == document.replace("\r\n", "\n")


def test_scenes_and_tiles(path: str) -> None:
    tile = b"<METADATA><Tags><StageXPosition>%d</StageXPosition></Tags></METADATA>"
    blocks = [
        SubBlock({"X": 90, "Y": 7, "C": 0, "S": 5, "M": 1}, metadata=tile % 2),
        SubBlock({"X": 84, "Y": 4, "C": 0, "S": 5, "M": 0}, metadata=tile % 1),
        SubBlock({"X": -3, "Y": 0, "C": 1, "S": 2, "M": 0}, pixel_type=0, compression=6),
        SubBlock({"X": -3, "Y": 0, "C": 0, "S": 2, "M": 0}, compression=99),
    ]
    write_czi(path, XML, blocks)
    record = read(path)
    assert structure(record) == "\n".join(
        [
            'Scene Key="0" Index="2" SizeX="8" SizeY="6" StartX="-3" StartY="0" SizeC="2" SizeM="1"',
            'Channel Index="0" PixelType="Gray16" Compression="99"',
            'Channel Index="1" PixelType="Gray8" Compression="Zstd1"',
            'Scene Key="1" Index="5" SizeX="14" SizeY="9" StartX="84" StartY="4" SizeC="1" SizeM="2"',
            'Channel Index="0" PixelType="Gray16" Compression="Uncompressed"',
        ]
    )
    assert record.planes["1"].columns == {
        "C": ["0", "0"],
        "S": ["5", "5"],
        "M": ["0", "1"],
        "X": ["84", "90"],
        "Y": ["4", "7"],
        "Tags/StageXPosition": ["1", "2"],
    }
    assert record.planes["0"].columns["C"] == ["0", "1"]
    assert "Tags/StageXPosition" not in record.planes["0"].columns


def test_pyramid_levels_are_no_planes(path: str) -> None:
    blocks = [
        SubBlock({"C": 0, "S": 0}, 32, 24, (16, 12)),
        SubBlock({"C": 0, "S": 0, "M": 0}, 16, 24),
        SubBlock({"X": 16, "C": 0, "S": 0, "M": 1}, 16, 24),
        SubBlock({"C": 0, "S": 1}, 32, 24, (16, 12)),
    ]
    write_czi(path, XML, blocks)
    record = read(path)
    assert structure(record) == "\n".join(
        [
            'Scene Key="0" Index="0" SizeX="32" SizeY="24" StartX="0" StartY="0" SizeC="1" SizeM="2" Pyramid="true"',
            'Channel Index="0" PixelType="Gray16" Compression="Uncompressed"',
            'Scene Key="1" Index="1" Pyramid="true"',
        ]
    )
    assert record.planes["0"].columns["M"] == ["0", "1"]
    assert list(record.planes) == ["0"]
    assert found(record) == [
        (
            "NBO102",
            "warning",
            "scene 1 has pyramid levels only, no sub-block at full resolution: its sizes are missing",
        )
    ]


def test_colour_image_without_channels(path: str) -> None:
    write_czi(path, XML, [SubBlock({"T": 0}, pixel_type=3)])
    record = read(path)
    assert structure(record) == "\n".join(
        [
            'Scene Key="0" SizeX="8" SizeY="6" StartX="0" StartY="0" SizeT="1"',
            'Channel PixelType="Bgr24" Compression="Uncompressed"',
        ]
    )


def test_order_of_planes(path: str) -> None:
    places = [(h, z, c, t) for h in (1, 0) for z in (-1, -2) for c in (1, 0) for t in (10, 2)]
    blocks = [SubBlock({"H": h, "Z": z, "C": c, "T": t, "V": 0}) for h, z, c, t in places]
    write_czi(path, XML, blocks, directory_first=True)
    record = read(path)
    assert 'SizeZ="2" SizeC="2" SizeT="2" SizeH="2" SizeV="1"' in structure(record)
    columns = record.planes["0"].columns
    assert list(columns) == ["T", "C", "Z", "H", "V", "X", "Y"]
    rows = list(zip(columns["H"], columns["Z"], columns["C"], columns["T"], strict=True))
    expected = sorted(places, key=lambda p: (p[3], p[2], p[1], p[0]))
    assert rows == [tuple(str(v) for v in place) for place in expected]


def test_no_sizes_from_entries_that_disagree(path: str) -> None:
    write_czi(path, XML, [SubBlock({"C": 0, "T": 0}, pixel_type=1), SubBlock({"C": 0, "T": 1}, pixel_type=0)])
    record = read(path)
    assert 'Channel Index="0" Compression="Uncompressed"' in structure(record)
    assert found(record) == [
        (
            "NBO102",
            "warning",
            "channel 0 of the image has sub-blocks of several pixel types (Gray16, Gray8): its type is left out",
        )
    ]


def test_a_leaf_named_like_a_dimension(path: str) -> None:
    write_czi(path, XML, [SubBlock({"T": 4}, metadata=b"<METADATA><T>x</T></METADATA>")])
    planes = read(path).planes["0"]
    assert (planes.columns["T"], planes.columns["METADATA/T"]) == (["4"], ["x"])
    assert planes.paths["METADATA/T"] == "SubBlock/METADATA/T"


def test_older_directory_entries(path: str) -> None:
    write_czi(path, XML, [SubBlock({"Z": 3, "C": 1})])
    block = header_position(path, "directory") - 32 * 14  # head, 256 and 12 + 96 bytes of the only sub-block
    with open(path, "rb") as stream:
        position = stream.read().index(b"ZISRAWSUBBLOCK")
    assert block < position < header_position(path, "directory")
    entry = struct.pack(
        "<2siii2x16iqi16siiiii", b"DE", 1, 8, 6, 5, 8, -2, 6, 1, 1, 3, 1, 0, 1, 7, 8, 9, 10, 0, 11, position, 0,
        b"XYCZ", 12, 0, 0, 0, 0,
    )  # fmt: skip
    patch(path, header_position(path, "directory") + 32 + 128, entry)
    patch(path, header_position(path, "directory") + 24, struct.pack("<q", 256))
    patch(path, position + 48, entry)
    record = read(path)
    assert found(record) == []
    assert structure(record).startswith(
        'Scene Key="0" SizeX="8" SizeY="6" StartX="5" StartY="-2" SizeZ="1" SizeC="1"\nChannel Index="1"'
    )
    assert record.planes["0"].columns == {"C": ["1"], "Z": ["3"], "X": ["5"], "Y": ["-2"]}


def test_one_of_several_files(path: str) -> None:
    write_czi(path, XML, [SubBlock({"C": 0}, part=2), SubBlock({"C": 1})], part=2, primary_guid=bytes(range(16)))
    record = read(path)
    file = record.tree.find("Structure/File")
    assert file is not None
    assert (file.get("FilePart"), file.get("PrimaryFileGuid")) == ("2", "03020100-0504-0706-0809-0a0b0c0d0e0f")
    assert found(record) == [
        (
            "NBO106",
            "info",
            "this is part 2 of a multi-file CZI (primary file 03020100-0504-0706-0809-0a0b0c0d0e0f): 1 sub-block of "
            "its directory lies in other parts, which are not read",
        )
    ]


def at_stage(x: int) -> bytes:
    return f"<METADATA><Tags><StageXPosition>{x}</StageXPosition></Tags></METADATA>".encode()


def write_set(path: str, *, others: bytes | None = None) -> str:
    """Write a CZI of two files, of which the first lists the sub-blocks of both, and return the path of the second."""
    blocks = [SubBlock({"C": 0}, metadata=at_stage(1)), SubBlock({"C": 1}, metadata=at_stage(2))]
    guid = bytes(range(16))
    second = path.replace(".czi", "(1).czi")
    write_czi(second, b"", [replace(b, part=1) for b in blocks], part=1, primary_guid=others or guid)
    position = positions_of(second)[1]
    write_czi(path, XML, [blocks[0], replace(blocks[1], part=1)], primary_guid=guid)
    directory = header_position(path, "directory")
    size = len(blocks[0].entry(0))
    patch(path, directory + 32 + 128 + size + 6, struct.pack("<q", position))
    return second


def positions_of(path: str) -> list[int]:
    with open(path, "rb", buffering=0) as stream:
        directory = zisraw.ZisrawFile(stream, path).directory()
        return [directory.place(i)[0] for i in range(len(directory))]


def test_a_set_of_files(path: str) -> None:
    second = write_set(path)
    record = read(path)
    assert record.findings == []
    assert record.planes["0"].columns["Tags/StageXPosition"] == ["1", "2"]
    assert record.files == (os.path.abspath(path), os.path.abspath(second))


@pytest.mark.parametrize("how", ["missing", "of another set", "damaged", "named otherwise"])
def test_a_set_of_which_a_file_is_missing(path: str, how: str) -> None:
    second = write_set(path, others=bytes(16) if how == "of another set" else None)
    if how == "missing":
        os.remove(second)
    elif how == "damaged":
        os.truncate(second, 100)
    elif how == "named otherwise":
        os.rename(second, path.replace(".czi", "-1.czi"))
    record = read(path)
    assert record.planes["0"].columns["Tags/StageXPosition"] == ["1", None]
    assert record.files == (os.path.abspath(path),)
    assert found(record) == [
        (
            "NBO106",
            "info",
            "this is part 0 of a multi-file CZI (primary file 03020100-0504-0706-0809-0a0b0c0d0e0f): 1 sub-block of "
            "its directory lies in other parts, which are not read",
        )
    ]


def test_attachments(path: str) -> None:
    write_czi(path, XML, [SubBlock()], [Attachment("Label\tµ", "CZI", b"x"), Attachment("A" * 80, "ABCDEFGH", b"")])
    assert structure(read(path)).splitlines()[2:] == [
        'Attachment Name="Labelµ" ContentFileType="CZI"',
        f'Attachment Name="{"A" * 80}" ContentFileType="ABCDEFGH"',
    ]


TAKEN = b"<METADATA><Tags><AcquisitionTime>2020-05-17T10:00:00Z</AcquisitionTime></Tags></METADATA>"


def times(*values: float, count: int | None = None) -> bytes:
    """Embedded times as ZEN writes them."""
    number = len(values) if count is None else count
    return struct.pack("<ii", 8 + 8 * number, number) + struct.pack(f"<{len(values)}d", *values)


def series(**where: int) -> SubBlock:
    return SubBlock({"C": 0, "Z": 0, "T": 0, **where})


def test_embedded_times(path: str) -> None:
    """Only the first plane of a time index was taken at its time."""
    blocks = [series(T=t, Z=z, C=c) for t in range(3) for z in range(2) for c in range(2)]
    write_czi(path, XML, blocks, [Attachment("TimeStamps", "CZTIMS", times(7947.851097204, 7990.5, 8033.25))])
    record = read(path)
    assert record.findings == []
    assert record.tree.findtext("Structure/Attachment") == "7947.851097204 7990.5 8033.25"
    column = record.planes["0"].columns["TimeStamps"]
    assert column == ["7947.851097204", None, None, None, "7990.5", None, None, None, "8033.25", None, None, None]
    assert record.planes["0"].paths["TimeStamps"] == "Attachment/TimeStamps"


@pytest.mark.parametrize(
    ("blocks", "stamps"),
    [
        # Sub-blocks say it themselves.
        (
            [SubBlock({"T": t}, metadata=TAKEN) for t in (0, 1)],
            (1.0, 2.0),
        ),
        # A single time has no origin.
        ([series(T=0)], (7947.5,)),
        # Of which scene?
        ([SubBlock({"T": t, "S": s}) for t in (0, 1) for s in (0, 1)], (1.0, 2.0)),
    ],
)  # fmt: skip
def test_embedded_times_that_say_nothing_of_planes(path: str, blocks: list[SubBlock], stamps: tuple[float]) -> None:
    write_czi(path, XML, blocks, [Attachment("TimeStamps", "CZTIMS", times(*stamps))])
    record = read(path)
    assert record.findings == []
    assert all("TimeStamps" not in p.columns for p in record.planes.values())
    assert record.tree.findtext("Structure/Attachment") == " ".join(map(repr, stamps))


def test_fewer_times_than_time_indices(path: str) -> None:
    blocks = [series(T=t) for t in range(4)]
    write_czi(path, XML, blocks, [Attachment("TimeStamps", "CZTIMS", times(1.5, 3.0))])
    assert read(path).planes["0"].columns["TimeStamps"] == ["1.5", "3.0", None, None]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (times(1.0, 2.0, count=3)[:-8], "there should be 3 of them in 16 bytes"),
        (times(1.0, count=-2), "there should be -2 of them in 16 bytes"),
        (times(1.0, float("nan")), "some of them are no numbers"),
        (b"", "the file ends before them|there should be .+ of them in 0 bytes"),
    ],
)
def test_damaged_times(path: str, data: bytes, problem: str) -> None:
    write_czi(path, XML, [series(T=t) for t in range(2)], [Attachment("TimeStamps", "CZTIMS", data)])
    record = read(path)
    [(code, severity, message)] = found(record)
    assert (code, severity) == ("NBO102", "warning")
    assert re.fullmatch(f"the times of the embedded TimeStamps cannot be read: ({problem})", message)
    assert "TimeStamps" not in record.planes["0"].columns


def test_times_that_are_not_where_they_should_be(path: str) -> None:
    write_czi(path, XML, [series()], [Attachment("TimeStamps", "CZTIMS", times(1.0, 2.0))])
    position = header_position(path, "attachments") + 32 + 256 + 12
    patch(path, position, struct.pack("<q", 544))
    assert found(read(path)) == [
        (
            "NBO102",
            "warning",
            "the times of the embedded TimeStamps cannot be read: there is none at byte 544, where the attachment "
            "directory says it is",
        )
    ]


def test_without_metadata(path: str) -> None:
    write_czi(path, b"", [SubBlock({"C": 0})])
    record = read(path)
    assert [e.tag for e in record.tree] == ["Structure"]
    assert found(record) == [
        ("NBO101", "error", "no metadata document can be read: the file header names no metadata segment")
    ]
    assert len(record.planes["0"]) == 1


def test_without_planes(path: str) -> None:
    write_czi(path, XML, [])
    record = read(path)
    assert (structure(record), record.planes, found(record)) == ("", {}, [])


# -------------------------------------------------------------------------------------------------------------- cost


def test_pixels_are_never_read(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [SubBlock({"C": c}, metadata=b"<METADATA><a>%d</a></METADATA>" % c, hole=5 << 30) for c in range(2)]
    write_czi(path, XML, blocks)
    spent = 0
    original = zisraw.ZisrawFile.read_at

    def counted(self: zisraw.ZisrawFile, position: int, size: int) -> bytes:
        nonlocal spent
        data = original(self, position, size)
        spent += len(data)
        return data

    monkeypatch.setattr(zisraw.ZisrawFile, "read_at", counted)
    started = time.perf_counter()
    record = read(path)
    assert time.perf_counter() - started < 2
    assert os.path.getsize(path) > 10 << 30
    assert found(record) == []
    assert record.planes["0"].columns["a"] == ["0", "1"]
    # Header, metadata document, directory with two entries, of each sub-block its head and its metadata; and the head
    # of the last segment, which says how long the file has to be.
    assert spent == 544 + (32 + 8 + len(XML)) + (32 + 4 + 2 * 92) + 2 * (288 + len(blocks[0].metadata)) + 32


def test_many_planes_are_linear(path: str) -> None:
    blocks = [SubBlock({"T": t}, 1, 1, metadata=b"<METADATA><t>%d</t><s>0</s></METADATA>" % t) for t in range(4000)]
    write_czi(path, XML, blocks)
    started = time.perf_counter()
    columns = read(path).planes["0"].columns
    assert time.perf_counter() - started < 5
    assert columns["t"] == columns["T"] == [str(t) for t in range(4000)]
    assert len({id(v) for v in columns["s"]}) == 1


def test_columns_are_bounded(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(czi_planes, "MAX_COLUMN_BYTES", 10_000)
    blocks = [SubBlock({"T": t}, metadata=b"<METADATA><t>%d</t></METADATA>" % t) for t in range(200)]
    write_czi(path, XML, blocks)
    record = read(path)
    assert len(record.planes["0"].columns["T"]) == 200
    assert found(record) == [
        (
            "NBO107",
            "warning",
            "56 of 200 planes have metadata that would need more memory than this reader may use, which are left out",
        )
    ]
    assert record.planes["0"].columns["t"] == [str(t) for t in range(144)] + [None] * 56


def test_one_sub_block_is_not_read_a_thousand_times(path: str) -> None:
    metadata = b"<METADATA><a>" + b"x" * 20_000 + b"</a></METADATA>"
    write_czi(path, XML, [SubBlock({"T": t}, metadata=metadata if t == 0 else b"") for t in range(300)])
    size = os.path.getsize(path)
    directory = header_position(path, "directory")
    with open(path, "rb") as stream:
        stream.seek(directory + 32 + 128 + 6)
        first = stream.read(8)
    for t in range(300):
        patch(path, directory + 32 + 128 + 92 * t + 6, first)
    messages = found(read(path))
    assert [m[0] for m in messages] == ["NBO102", "NBO107"]
    assert messages[1][2].startswith(f"{300 - size // len(metadata) - 1} of 300 planes")


# ------------------------------------------------------------------------------------------------------------ damage


def test_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(NboExtractError, match=r"no\.czi is no file: name a CZI file that exists$"):
        read(str(tmp_path / "no.czi"))
    with pytest.raises(NboExtractError, match="is no file"):
        read(str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_not_readable(path: str) -> None:
    make_sample(path)
    os.chmod(path, 0)
    with pytest.raises(NboExtractError, match=r"cannot be read \(Permission denied\)"):
        read(path)


def test_read_error(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sample(path)

    def fail(self: zisraw.ZisrawFile, position: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(zisraw.ZisrawFile, "read_at", fail)
    with pytest.raises(NboExtractError, match=r"cannot be read \(Input/output error\): check that you may read it"):
        read(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "does not begin as a CZI file does (ZISRAWFILE): copy it again from where it was written"),
        (b"II*\0" + bytes(600), "does not begin as a CZI file does (ZISRAWFILE): copy it again"),
        (b"ZISRAWFILE".ljust(300, b"\0"), "is cut off: it has 300 bytes and the header of a CZI file alone has 544;"),
        (
            b"ZISRAWFILE".ljust(544, b"\0"),
            "holds neither readable metadata nor sub-blocks (the file header names no metadata segment; the file "
            "header names no sub-block directory): copy it again",
        ),
    ],
)
def test_beyond_repair(path: str, content: bytes, message: str) -> None:
    Path(path).write_bytes(content)
    with pytest.raises(CorruptFileError) as caught:
        read(path)
    assert message in caught.value.message
    assert caught.value.message.startswith(path)


@pytest.mark.parametrize(
    ("offset", "data", "cause"),
    [
        (0, b"ZISRAWDIRECTORX", "there is no sub-block directory at byte {at}, where the file header says it is"),
        (32, struct.pack("<i", -7), "the sub-block directory states -7 entries"),
        (32, struct.pack("<i", 2**31 - 1), "the sub-block directory ends within entry 3 of 2147483647"),
        (24, struct.pack("<q", 150), "the sub-block directory ends within entry 1 of 2"),
        (160, b"DX", "entry 1 of 2 in the sub-block directory is of an unknown kind"),
        (160 + 28, struct.pack("<i", 10**9), "entry 1 of 2 in the sub-block directory states 1000000000 dimensions"),
        (160 + 32, b"\xff\0\0\0", "entry 1 of 2 in the sub-block directory states a dimension without a proper name"),
        (160 + 32, b"Y\0\0\0", "entry 1 of 2 in the sub-block directory states a dimension twice"),
        (160 + 32, b"Q\0\0\0", "entry 1 of 2 in the sub-block directory states no width or no height"),
        (
            160 + 40,
            struct.pack("<i", -8),
            "entry 1 of 2 in the sub-block directory states -8 as its extent in X",
        ),
    ],
)
def test_damaged_directory(path: str, offset: int, data: bytes, cause: str) -> None:
    write_czi(path, XML, [SubBlock({"C": 0}), SubBlock({"C": 1})], [Attachment("A", "B", bytes(5000))])
    at = header_position(path, "directory")
    patch(path, at + offset, data)
    record = read(path)
    assert found(record) == [
        (
            "NBO102",
            "warning",
            f"sub-block directory is damaged ({cause.format(at=at)}): sizes and per-plane facts are missing",
        )
    ]
    assert [e.tag for e in record.tree] == ["ImageDocument", "Structure"]
    assert structure(record) == 'Attachment Name="A" ContentFileType="B"'
    assert record.planes == {}


@pytest.mark.parametrize(
    "blocks",
    [
        [SubBlock({f"Q{i:02}": 0}) for i in range(39)],
        [SubBlock({"S": i}) for i in range(6)],
        [SubBlock({"C": i}) for i in range(6)],
    ],
)
def test_more_than_there_can_be(path: str, blocks: list[SubBlock], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zisraw, "MAX_SCENES_OR_CHANNELS", 5)
    write_czi(path, XML, blocks)
    record = read(path)
    assert "states more dimensions, scenes or channels than there can be" in found(record)[0][2]
    assert structure(record) == ""


@pytest.mark.parametrize("position", [-1, 1, 2**62, -(2**63), 544])
def test_absurd_positions(path: str, position: int) -> None:
    write_czi(path, XML, [SubBlock()])
    patch(path, 32 + 52, struct.pack("<q", position))
    record = read(path)
    assert [m[0] for m in found(record)] == (["NBO102", "NBO108"] if position > os.path.getsize(path) else ["NBO102"])
    patch(path, 32 + 60, struct.pack("<q", position if position != 544 else 32))
    with pytest.raises(CorruptFileError, match=REFUSALS):
        read(path)


def test_damaged_attachment_directory(path: str) -> None:
    write_czi(path, XML, [SubBlock()], [Attachment("A", "B", b"")])
    patch(path, header_position(path, "attachments") + 32, struct.pack("<i", 50_000))
    assert found(read(path)) == [
        ("NBO102", "info", "embedded files are not listed: the attachment directory states 50000 entries")
    ]
    patch(path, header_position(path, "attachments") + 32, struct.pack("<i", 3))
    assert found(read(path))[0][2] == "embedded files are not listed: the file ends within the attachment directory"


@pytest.mark.parametrize(
    ("size", "cause"),
    [(0, "the metadata segment is empty"), (-5, "the metadata segment is empty"), (2**30, "states 1073741824 bytes")],
)
def test_absurd_size_of_metadata(path: str, size: int, cause: str) -> None:
    write_czi(path, XML, [SubBlock()])
    patch(path, 544 + 32, struct.pack("<i", size))
    record = read(path)
    assert [m[:2] for m in found(record)] == [("NBO101", "error")]
    assert cause in found(record)[0][2]
    assert len(record.planes["0"]) == 1


def test_size_of_metadata_that_reaches_too_far_is_harmless(path: str) -> None:
    write_czi(path, XML, [SubBlock(metadata=b"<METADATA><a>1</a></METADATA>")])
    patch(path, 544 + 32, struct.pack("<i", 100_000))
    record = read(path)
    assert found(record) == []
    assert etree.tostring(record.tree[0]) == XML


def test_damaged_sub_blocks(path: str) -> None:
    blocks = [SubBlock({"T": t}, metadata=b"<METADATA><a>%d</a></METADATA>" % t) for t in range(6)]
    blocks[2] = SubBlock({"T": 2}, metadata=b"<METADATA><a>2\0</a></METADATA>")
    blocks[3] = SubBlock({"T": 3}, metadata=b"<METADATA><a>3</b></METADATA>")
    write_czi(path, XML, blocks)
    data = Path(path).read_bytes()
    at = [m.start() for m in re.finditer(b"ZISRAWSUBBLOCK", data)]
    patch(path, at[0], b"DELETED\0\0\0\0\0\0\0")
    patch(path, at[1] + 32, struct.pack("<i", 2**30))
    patch(path, at[4] + 48 + 2, struct.pack("<i", 0))
    patch(path, at[5] + 40, struct.pack("<q", 2**50))
    record = read(path)
    assert found(record) == [
        ("NBO102", "warning", "2 of 6 planes have a damaged sub-block: what the file says of them is missing"),
        (
            "NBO102",
            "warning",
            "1 of 6 planes are described otherwise by their sub-block than by the directory, which is used",
        ),
        ("NBO103", "warning", "1 of 6 planes had illegal characters in their metadata, which were replaced"),
        ("NBO104", "warning", "1 of 6 planes have metadata that are not well-formed, which are left out"),
        (
            "NBO105",
            "warning",
            f"1 of 6 planes reach beyond the end of the file ({len(data)} bytes), which is cut off: what it said of "
            "them there is missing",
        ),
    ]
    assert record.planes["0"].columns["a"] == [None, None, "2", None, "4", "5"]


def test_illegal_characters(path: str) -> None:
    write_czi(path, b"<ImageDocument><a>ZEN&#0;</a><b>1\x002</b><c>R&D</c></ImageDocument>", [SubBlock()])
    record = read(path)
    assert found(record) == [
        ("NBO103", "warning", "illegal characters in 3 places of the metadata document were replaced")
    ]
    assert [e.text for e in record.tree[0]] == ["ZEN", "1�2", "R&D"]


def test_not_well_formed(path: str) -> None:
    write_czi(path, b"<ImageDocument><a>1</a><b>2</c></ImageDocument>", [SubBlock()])
    record = read(path)
    assert record.tree.findtext("ImageDocument/a") == "1"
    assert [m[:2] for m in found(record)] == [("NBO104", "warning")]
    assert re.fullmatch(
        r"the metadata document is not well-formed \(Opening and ending tag mismatch: b line 1 and c, line 1, column "
        r"\d+\): what could be read of it is used",
        found(record)[0][2],
    )


def test_foreign_metadata(path: str) -> None:
    write_czi(path, b"<OME/>", [SubBlock()])
    record = read(path)
    assert found(record) == [
        (
            "NBO104",
            "error",
            "the metadata document cannot be read: there is no element ImageDocument in it",
        )
    ]


def test_entity_bomb(path: str) -> None:
    bomb = b'<!DOCTYPE ImageDocument [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(15)
    )
    bomb += b'<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    xml = bomb + b'<ImageDocument b="&p;"><c>&p;</c><d>&x;</d></ImageDocument>'
    write_czi(path, xml, [SubBlock(metadata=bomb + b"<METADATA><c>&p;1</c><d>2</d></METADATA>")])
    started = time.perf_counter()
    record = read(path)
    assert time.perf_counter() - started < 2
    assert etree.tostring(record.tree[0]) == b'<ImageDocument b=""><c/><d/></ImageDocument>'
    assert [m[0] for m in found(record)] == ["NBO103", "NBO103"]
    assert record.planes["0"].columns["d"] == ["2"]


def texts(element: etree._Element, path: str = "") -> dict[str, str]:
    """Text of each element by the positions on the way to it."""
    path = f"{path}/{element.tag}"
    states = {path: (element.text or "").strip()}
    for number, child in enumerate(element):
        states.update(texts(child, f"{path}/{number}"))
    return states


def assert_partial(part: RawRecord, whole: RawRecord) -> None:
    """Assert that what a cut-off file gives is what the whole file says, only less."""
    if part.tree[0].tag == "ImageDocument":
        states = texts(whole.tree[0])
        assert all(text in ("", states[path]) for path, text in texts(part.tree[0]).items())
    assert structure(part) in (structure(whole), structure(whole).split("\nAttachment")[0], "")
    for key, planes in part.planes.items():
        for name, column in planes.columns.items():
            assert all(a in (None, b) for a, b in zip(column, whole.planes[key].columns[name], strict=True))
    assert part.findings != []


@pytest.mark.parametrize("directory_first", [True, False])
def test_truncated_anywhere(path: str, directory_first: bool) -> None:
    make_sample(path)
    if directory_first:
        with open(path, "rb") as stream:
            xml = stream.read()[544 + 288 : header_position(path, "directory")]
        blocks = [
            SubBlock({"T": t}, metadata=b"<METADATA><a>%d</a></METADATA>" % (1000 + t), hole=3000) for t in range(20)
        ]
        write_czi(path, xml[: xml.index(b"</ImageDocument>") + 16], blocks, directory_first=True)
    whole = read(path)
    size = os.path.getsize(path)
    numbers = random.Random(20240314)
    refused = partial = 0
    points = [*(numbers.randrange(size - 32) for _ in range(60)), 832, 544, 543, 16, 9, 0]
    for length in sorted(points, reverse=True):
        os.truncate(path, length)
        try:
            record = read(path)
        except CorruptFileError as error:
            assert REFUSALS.match(error.message), error.message
            refused += 1
        else:
            assert_partial(record, whole)
            partial += 1
    assert partial > 40
    assert refused >= 6


def test_flipped_bytes(path: str) -> None:
    make_sample(path)
    data = Path(path).read_bytes()
    # Pixels are of no interest, so most of the damage is done to what is read.
    at = [m.start() for m in re.finditer(b"ZISRAW(SUBBLOCK|DIRECTORY|ATTDIR|METADATA)", data)]
    numbers = random.Random(7)
    codes: set[str] = set()
    for i in range(180):
        damaged = bytearray(data)
        start = 0 if i % 3 == 0 else numbers.choice(at)
        for _ in range(1 + i % 4):
            damaged[min(len(data) - 1, start + numbers.randrange(700))] ^= 1 << numbers.randrange(8)
        Path(path).write_bytes(damaged)
        try:
            record = read(path)
        except CorruptFileError as error:
            assert REFUSALS.match(error.message), error.message
            codes.add("refused")
        else:
            codes.update(f.code for f in record.findings)
            assert all(len(c) == len(p) for p in record.planes.values() for c in p.columns.values())
            etree.fromstring(etree.tostring(record.tree, encoding="unicode"))
    assert {"NBO101", "NBO102", "NBO103", "NBO104", "NBO105", "NBO106", "refused"} <= codes


# -------------------------------------------------------------------------------------------------------- real files


@pytest.mark.parametrize("name", REAL_CZI)
def test_real_file(shared: Path, name: str) -> None:
    record = read(str(shared / "samples" / "czi" / name))
    assert record.findings == []
    assert [e.tag for e in record.tree] == ["ImageDocument", "Structure"]
    facts = json.loads((shared / "truth" / f"{name}.json").read_text(encoding="utf-8"))["facts"]
    pixels = {(f["attribute"], str(f["value"])) for f in facts if f["element"] == "Pixels"}
    scenes = record.tree.findall("Structure/Scene")
    stated = {(a, s.get(a, "1")) for s in scenes for a in ("SizeX", "SizeY", "SizeZ", "SizeC", "SizeT")}
    colour = record.tree.find("Structure/Scene/Channel[@PixelType='Bgr24']") is not None
    expected = {p for p in pixels if re.fullmatch("Size[XYZCT]", p[0])}
    assert stated == ({("SizeC", "1") if p[0] == "SizeC" else p for p in expected} if colour else expected)
    types = {"uint8": {"Gray8", "Bgr24"}, "uint16": {"Gray16"}}[dict(pixels)["PixelType"]]
    assert {c.get("PixelType") for c in record.tree.iterfind("Structure/Scene/Channel")} <= types


def test_real_planes(shared: Path) -> None:
    samples = shared / "samples" / "czi"
    planes = read(str(samples / "CellDivision_T3_Z5_CH2_X240_Y170.czi")).planes["0"]
    assert len(planes) == 30
    assert planes.columns["T"] == ["0"] * 10 + ["1"] * 10 + ["2"] * 10
    assert planes.columns["C"] == (["0"] * 5 + ["1"] * 5) * 3
    assert planes.columns["Z"] == ["0", "1", "2", "3", "4"] * 6
    assert planes.columns["Tags/DetectorState/CameraState/ExposureTime"][4:6] == ["100000000", "200000000"]
    assert planes.columns["Tags/FocusPosition"][:2] == ["+000000001114.4900", "+000000001114.8100"]
    tiles = read(str(samples / "S3_1Pos_2Mosaic_T2_Z3_CH2_sm.czi")).planes
    assert {key: len(p) for key, p in tiles.items()} == {"0": 120, "1": 12, "2": 204}
    assert "Tags/StageXPosition" not in tiles["1"].columns
    assert tiles["1"].columns["Tags/StageYPosition"] == ["+000000013122.0580"] * 12


def test_registered_name_opens_the_reader() -> None:
    module, _, function = INFO.open.partition(":")
    assert module == czi.__name__
    assert getattr(czi, function) is read
