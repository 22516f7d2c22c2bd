"""Write small, valid CZI files: for tests, and the project's own sample file.

The layout is that of ZISRAW as ZEN and libCZI write it: file header, metadata, sub-blocks, sub-block directory,
attachments, attachment directory; positions and sizes are multiples of 32 bytes. The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIXEL_BYTES = {0: 1, 1: 2, 2: 4, 3: 3, 4: 6, 8: 12, 9: 4, 10: 8, 11: 24, 12: 4, 13: 8}
METADATA_XML = Path(__file__).with_name("sample_czi_metadata.xml")


@dataclass(frozen=True, slots=True)
class SubBlock:
    """One sub-block to write.

    Attributes
    ----------
    starts : mapping of str to int
        Start index by dimension, such as ``{"C": 0, "Z": 1}``, in the order of the directory entry; X and Y come
        first and need not be given.
    width, height : int
        Logical size in pixels.
    stored : tuple of int, optional
        Width and height as stored, for levels of a pyramid.
    pixel_type : int
        Zeiss code; 1 is Gray16.
    compression : int
        Zeiss code; pixels are written as they are given.
    metadata : bytes
        The METADATA element.
    pixels : bytes, optional
        Zeros where none are given.
    hole : int
        Size of the pixel data to leave as a hole in the file, instead of pixels.
    part : int
        File of a multi-file set that holds the sub-block.
    """

    starts: Mapping[str, int] = field(default_factory=dict)
    width: int = 8
    height: int = 6
    stored: tuple[int, int] | None = None
    pixel_type: int = 1
    compression: int = 0
    metadata: bytes = b"<METADATA />"
    pixels: bytes | None = None
    hole: int = 0
    part: int = 0

    def entry(self, position: int) -> bytes:
        """Return the DV entry of this sub-block."""
        stored = self.stored or (self.width, self.height)
        extents = {"X": (0, self.width, stored[0]), "Y": (0, self.height, stored[1])}
        for name, start in self.starts.items():
            _, size, kept = extents.get(name, (0, 1, 1))
            extents[name] = (start, size, kept)
        pyramid = 2 if self.stored else 0
        data = struct.pack(
            "<2siqiiB5xi", b"DV", self.pixel_type, position, self.part, self.compression, pyramid, len(extents)
        )
        for name, (start, size, kept) in extents.items():
            data += struct.pack("<4siifi", name.encode(), start, size, 0.0, kept)
        return data

    def content(self) -> bytes:
        """Return the pixel data."""
        if self.pixels is not None:
            return self.pixels
        width, height = self.stored or (self.width, self.height)
        return bytes(width * height * PIXEL_BYTES[self.pixel_type])


@dataclass(frozen=True, slots=True)
class Attachment:
    """One embedded file to write."""

    name: str
    content_type: str
    data: bytes


def write_czi(
    path: str | Path,
    xml: bytes,
    subblocks: Sequence[SubBlock],
    attachments: Sequence[Attachment] = (),
    *,
    part: int = 0,
    primary_guid: bytes | None = None,
    directory_first: bool = False,
) -> None:
    """Write a CZI file.

    Parameters
    ----------
    path : str or Path
    xml : bytes
        The metadata document; without one the file has no metadata segment.
    subblocks : sequence of SubBlock
    attachments : sequence of Attachment
    part : int
        Number of the file in a multi-file set, 0 for the first.
    primary_guid : bytes, optional
        Identity of the first file of the set; this file's own where none is given.
    directory_first : bool
        Whether the directory stands before the sub-blocks, as ZEN writes it; libCZI writes it behind them.
    """
    guid = hashlib.sha256(xml + repr(list(subblocks)).encode()).digest()[:16]
    with Path(path).open("wb") as stream:
        stream.write(bytes(544))
        metadata = _segment(stream, b"ZISRAWMETADATA", struct.pack("<ii248x", len(xml), 0) + xml) if xml else 0
        directory = stream.tell()
        if directory_first:
            _segment(stream, b"ZISRAWDIRECTORY", _directory([block.entry(0) for block in subblocks]))
        entries = [_write_subblock(stream, block) for block in subblocks]
        if directory_first:
            end = stream.tell()
            stream.seek(directory)
            _segment(stream, b"ZISRAWDIRECTORY", _directory(entries))
            stream.seek(end)
        else:
            directory = _segment(stream, b"ZISRAWDIRECTORY", _directory(entries))
        listed = [_write_attachment(stream, attachment) for attachment in attachments]
        listing = 0
        if listed:
            listing = _segment(stream, b"ZISRAWATTDIR", struct.pack("<i252x", len(listed)) + b"".join(listed))
        stream.seek(0)
        header = struct.pack(
            "<iiii16s16siqqiq", 1, 0, 0, 0, primary_guid or guid, guid, part, directory, metadata, 0, listing
        )
        _segment(stream, b"ZISRAWFILE", header.ljust(512, b"\0"))


def _directory(entries: Sequence[bytes]) -> bytes:
    return struct.pack("<i124x", len(entries)) + b"".join(entries)


def _segment(stream: BinaryIO, name: bytes, data: bytes, hole: int = 0) -> int:
    """Write a segment, leave a hole behind it where one is asked for, and return its position."""
    position = stream.tell()
    used = len(data) + hole
    allocated = -(-used // 32) * 32
    stream.write(struct.pack("<16sqq", name, allocated, used) + data)
    if hole:
        stream.seek(hole, 1)
    stream.write(bytes(allocated - used))
    return position


def _write_subblock(stream: BinaryIO, block: SubBlock) -> bytes:
    entry = block.entry(stream.tell())
    pixels = b"" if block.hole else block.content()
    head = struct.pack("<iiq", len(block.metadata), 0, block.hole or len(pixels)) + entry
    _segment(stream, b"ZISRAWSUBBLOCK", head.ljust(256, b"\0") + block.metadata + pixels, block.hole)
    return entry


def _write_attachment(stream: BinaryIO, attachment: Attachment) -> bytes:
    guid = hashlib.sha256(attachment.name.encode() + attachment.data).digest()[:16]
    entry = struct.pack(
        "<2s10xqi16s8s80s",
        b"A1",
        stream.tell(),
        0,
        guid,
        attachment.content_type.encode(),
        attachment.name.encode(),
    )
    head = struct.pack("<i12x", len(attachment.data)) + entry
    _segment(stream, b"ZISRAWATTACH", head.ljust(256, b"\0") + attachment.data)
    return entry


def plane_metadata(acquired: str, x: float, y: float, focus: float, exposure_ns: int, camera: str) -> bytes:
    """Return the METADATA of a camera plane as ZEN writes it, with the detector's state as escaped XML."""
    state = (
        '<CameraState Id="">\r\n  <ApplyCameraProfile>false</ApplyCameraProfile>\r\n'
        f"  <ExposureTime>{exposure_ns}</ExposureTime>\r\n  <Frame>0,0,64,48</Frame>\r\n"
        f"  <ImageOrientation>0</ImageOrientation>\r\n  <CameraDisplayName>{camera}</CameraDisplayName>\r\n"
        "</CameraState>"
    )
    escaped = state.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        f"<METADATA><Tags><AcquisitionTime>{acquired}</AcquisitionTime><DetectorState>{escaped}</DetectorState>"
        f"<StageXPosition>{x:+018.4f}</StageXPosition><StageYPosition>{y:+018.4f}</StageYPosition>"
        f"<FocusPosition>{focus:+018.4f}</FocusPosition><RoiCenterOffsetX>{0:+018.4f}</RoiCenterOffsetX>"
        f"<RoiCenterOffsetY>{0:+018.4f}</RoiCenterOffsetY></Tags><DataSchema>"
        "<ValidBitsPerPixel>14</ValidBitsPerPixel></DataSchema><AttachmentSchema /></METADATA>"
    ).encode()


def make_sample(path: str | Path) -> None:
    """Write the sample "widefield two-channel": DAPI and EGFP, two focus positions, 64 x 48 pixels of 14 bits."""
    width, height = 64, 48
    # Seconds after the start, exposure, and brightness of each channel; the stand goes through Z first.
    channels = ((0.4125, 80_000_000, 1800), (1.2875, 150_000_000, 5200))
    blocks = []
    for c, (begin, exposure, level) in enumerate(channels):
        for z in range(2):
            seconds = 31.25 + begin + 0.325 * z
            values = [
                min(16383, level + 37 * ((x * (c + 2) + y * (z + 1)) % 97)) for y in range(height) for x in range(width)
            ]
            metadata = plane_metadata(
                f"2024-03-14T09:26:{seconds:010.7f}Z", 52431.25, 31876.5, 2417.36 + 0.25 * z, exposure, "Axiocam 506"
            )
            starts = {"Z": z, "C": c, "T": 0, "B": 0}
            blocks.append(
                SubBlock(starts, width, height, metadata=metadata, pixels=struct.pack(f"<{len(values)}H", *values))
            )
    times = struct.pack("<iid", 16, 1, 0.4125)
    write_czi(path, METADATA_XML.read_bytes(), blocks, [Attachment("TimeStamps", "CZTIMS", times)])


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=make_sample.__doc__)
    parser.add_argument("path", help="file to write, such as sample_data/widefield_two_channel.czi")
    make_sample(parser.parse_args().path)
