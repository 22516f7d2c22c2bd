"""The header and first directory of a TIFF, and nothing beyond: cost does not grow with the number of planes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract.registry import TIFF_MAGIC

if TYPE_CHECKING:
    from typing import BinaryIO

IMAGE_DESCRIPTION = 270
# No camera or slide scanner writes a longer description; more is a damaged count.
MAX_VALUE = 1 << 30
_MAX_ENTRIES = 65535
_MAX_NUMBERS = 16
_ASCII, _BYTE, _UNDEFINED = 2, 1, 7
# Type number to struct code; a rational is two numbers.
_TYPES = {
    1: "B", 2: "s", 3: "H", 4: "I", 5: "II", 6: "b", 7: "s", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d",
    13: "I", 16: "Q", 17: "q", 18: "Q",
}  # fmt: skip
_RATIONAL = (5, 10)
# Where data lies, not what it is.
_POSITIONS = frozenset({273, 279, 288, 289, 324, 325, 330, 347, 519, 520, 521, 34665, 34853, 40965})
NAMES = {
    254: "NewSubfileType", 255: "SubfileType", 256: "ImageWidth", 257: "ImageLength", 258: "BitsPerSample",
    259: "Compression", 262: "PhotometricInterpretation", 263: "Threshholding", 264: "CellWidth", 265: "CellLength",
    266: "FillOrder", 269: "DocumentName", 270: "ImageDescription", 271: "Make", 272: "Model", 274: "Orientation",
    277: "SamplesPerPixel", 278: "RowsPerStrip", 280: "MinSampleValue", 281: "MaxSampleValue", 282: "XResolution",
    283: "YResolution", 284: "PlanarConfiguration", 285: "PageName", 286: "XPosition", 287: "YPosition",
    290: "GrayResponseUnit", 291: "GrayResponseCurve", 296: "ResolutionUnit", 297: "PageNumber", 305: "Software",
    306: "DateTime", 315: "Artist", 316: "HostComputer", 317: "Predictor", 318: "WhitePoint", 322: "TileWidth",
    323: "TileLength", 332: "InkSet", 333: "InkNames", 337: "TargetPrinter", 338: "ExtraSamples", 339: "SampleFormat",
    340: "SMinSampleValue", 341: "SMaxSampleValue", 32997: "ImageDepth", 33432: "Copyright", 33550: "ModelPixelScale",
    34852: "SpectralSensitivity", 36867: "DateTimeOriginal", 36868: "DateTimeDigitized", 37500: "MakerNote",
    42016: "ImageUniqueID", 50838: "IJMetadataByteCounts", 50839: "IJMetadata", 51123: "MicroManagerMetadata",
}  # fmt: skip


@dataclass(slots=True)
class FirstDirectory:
    """Header and first directory of a TIFF.

    Attributes
    ----------
    big : bool
        Whether it is a BigTIFF.
    order : {'little', 'big'}
    more : bool
        Whether another directory follows.
    description : bytes or None
        Value of ImageDescription as stored, None where there is none.
    tags : list of (str, str)
        Name and text of the tags that describe, in the order of the file: texts, and numbers of which there are few.
        A rational is ``numerator/denominator``. A tag without a published name has its number for one.
    unread : list of str
        Names of tags whose value lies outside of the file.
    """

    big: bool
    order: str
    more: bool = False
    description: bytes | None = None
    tags: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_first_directory(path: str) -> FirstDirectory:
    """Read the first directory of the TIFF at `path`.

    Raises
    ------
    CorruptFileError
        If the directory or its ImageDescription lies outside of the file, or the directory makes no sense.
    NboExtractError
        If the file cannot be opened.
    """
    try:
        with open(path, "rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(0)
            return _Walker(path, handle, size).directory()
    except OSError as error:
        raise NboExtractError(
            f"{path} cannot be read ({error.strerror or error}); check that it exists and that you may open it."
        ) from error


class _Walker:
    """Reads one directory; every position is checked against the size of the file before it is used."""

    def __init__(self, path: str, handle: BinaryIO, size: int) -> None:
        self.path = path
        self.handle = handle
        self.size = size
        head = handle.read(16)
        if head[:4] not in TIFF_MAGIC:
            raise CorruptFileError(f"{path} is not a TIFF: it does not begin with the TIFF signature.")
        self.big = head[2:3] == b"+" or head[3:4] == b"+"
        self.order = "little" if head[:2] == b"II" else "big"
        self.mark = "<" if self.order == "little" else ">"
        if len(head) < (16 if self.big else 8):
            raise self._truncated("it ends within its header")
        self.first = self._number(head[8:16] if self.big else head[4:8])

    def directory(self) -> FirstDirectory:
        found = FirstDirectory(self.big, self.order)
        where = f"its first directory lies at byte {self.first} of a file of {self.size} bytes"
        width = 20 if self.big else 12
        count = self._number(self._bytes(self.first, 8 if self.big else 2, where))
        if self.first == 0 or not 0 < count <= _MAX_ENTRIES:
            raise CorruptFileError(
                f"{self.path} is a damaged TIFF: its first directory claims {count} entries; copy the file again "
                "from its source."
            )
        table = self._bytes(self.first + (8 if self.big else 2), count * width, where)
        following = self.first + (8 if self.big else 2) + len(table)
        length = 8 if self.big else 4
        found.more = following + length <= self.size and self._number(self._bytes(following, length, where)) != 0
        for start in range(0, len(table), width):
            self._entry(table[start : start + width], found)
        return found

    def _entry(self, entry: bytes, found: FirstDirectory) -> None:
        code = self._number(entry[:2])
        kind = self._number(entry[2:4])
        field_size = 8 if self.big else 4
        count = self._number(entry[4 : 4 + field_size])
        layout = _TYPES.get(kind)
        if layout is None or code in _POSITIONS:
            return
        name = NAMES.get(code, str(code))
        textual = kind == _ASCII or (code == IMAGE_DESCRIPTION and kind in (_BYTE, _UNDEFINED))
        if not textual and (count > _MAX_NUMBERS or kind == _UNDEFINED):
            return
        length = count * struct.calcsize(self.mark + layout)
        inline = entry[4 + field_size :]
        if length <= field_size:
            value = inline[:length]
        else:
            offset = self._number(inline)
            if length > MAX_VALUE or offset + length > self.size:
                if code == IMAGE_DESCRIPTION:
                    raise self._truncated(
                        f"its ImageDescription of {length} bytes lies at byte {offset} of a file of {self.size} bytes"
                    )
                found.unread.append(name)
                return
            value = self._bytes(offset, length, name)
        if code == IMAGE_DESCRIPTION:
            found.description = value
        else:
            found.tags.append((name, _text(value) if textual else self._numbers(value, kind, layout, count)))

    def _numbers(self, value: bytes, kind: int, layout: str, count: int) -> str:
        numbers = struct.unpack(self.mark + layout * count, value)
        if kind in _RATIONAL:
            return " ".join(f"{a}/{b}" for a, b in zip(numbers[::2], numbers[1::2], strict=True))
        return " ".join(map(str, numbers))

    def _number(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.order == "little" else "big")

    def _bytes(self, offset: int, length: int, where: str) -> bytes:
        if offset + length > self.size:
            raise self._truncated(where)
        self.handle.seek(offset)
        return self.handle.read(length)

    def _truncated(self, where: str) -> CorruptFileError:
        return CorruptFileError(f"{self.path} is a truncated TIFF: {where}; copy the file again from its source.")


def _text(value: bytes) -> str:
    """Text of an ASCII value; several texts of one value are separated by line breaks."""
    value = value.rstrip(b"\0").replace(b"\0", b"\n")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def description_text(value: bytes) -> str:
    """Text of an ImageDescription that is no OME-XML."""
    return _text(value)
