"""Directories of a TIFF one by one, and values of their tags: what readers of vendors' TIFFs are built on.

Source: TIFF 6.0; BigTIFF; the 64-bit offsets that Hamamatsu writes into classic TIFFs, as OpenSlide's format notes
describe them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.registry import TIFF_MAGIC

if TYPE_CHECKING:
    from typing import BinaryIO

# Type number to struct code and size.
_CODES = {
    1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I",
    16: "Q", 17: "q", 18: "Q",
}  # fmt: skip
_MAX_ENTRIES = 4096
# No value that states something is longer; more is an image or a damaged count.
MAX_BYTES = 64 << 20
_STRIPS = ((273, 279), (324, 325))


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag: type number, number of values, bytes, and position of the value in the file."""

    kind: int
    count: int
    length: int
    at: int


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory: tags by number, and the offset of the directory that follows, 0 for none."""

    entries: dict[int, Entry]
    following: int


class Pages:
    """Reads directories and values; what lies outside of the file is a ValueError."""

    def __init__(self, handle: BinaryIO, *, wide: bool = False) -> None:
        self.handle = handle
        self.size = handle.seek(0, 2)
        handle.seek(0)
        head = handle.read(16)
        if head[:4] not in TIFF_MAGIC:
            raise ValueError("it does not begin with the TIFF signature")
        self.mark = "<" if head[:2] == b"II" else ">"
        self.big = b"+" in head[2:4]
        # Hamamatsu: a classic TIFF whose offsets of directories have 8 bytes.
        self.wide = wide and not self.big
        if len(head) < 16:
            raise ValueError("it ends within its header")
        width = 8 if self.big or self.wide else 4
        start = 8 if self.big else 4
        self.first = self._int(head[start : start + width])
        if self.wide and self.first >= self.size:
            self.first = self._int(head[4:8])

    def _int(self, data: bytes) -> int:
        return int.from_bytes(data, "little" if self.mark == "<" else "big")

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Return bytes of the file."""
        if offset < 0 or length < 0 or offset + length > self.size or length > MAX_BYTES:
            raise ValueError(f"{length} bytes at {offset} lie outside of a file of {self.size} bytes")
        self.handle.seek(offset)
        return self.handle.read(length)

    def directory(self, offset: int) -> Directory:
        """Return the directory at an offset."""
        if offset < 8:
            raise ValueError(f"there is no directory at byte {offset}")
        before, each, inline = (8, 20, 8) if self.big else (2, 12, 4)
        count = self._int(self.bytes_at(offset, before))
        if not 0 < count <= _MAX_ENTRIES:
            raise ValueError(f"the directory at byte {offset} claims {count} entries")
        table = self.bytes_at(offset + before, count * each)
        end = offset + before + len(table)
        width = 8 if self.big or self.wide else 4
        following = self._int(self.bytes_at(end, width)) if end + width <= self.size else 0
        high = self.bytes_at(end + 8, 4 * count) if self.wide and self.size > 1 << 32 else b""
        entries: dict[int, Entry] = {}
        for number in range(count):
            raw = table[number * each : (number + 1) * each]
            code, kind = self._int(raw[:2]), self._int(raw[2:4])
            values = self._int(raw[4 : 4 + inline])
            layout = _CODES.get(kind)
            if layout is None:
                continue
            length = values * struct.calcsize(self.mark + layout)
            at = end - len(table) + number * each + 4 + inline
            if length > inline:
                at = self._int(raw[4 + inline :]) + (self._int(high[4 * number : 4 * number + 4]) << 32)
            entries.setdefault(code, Entry(kind, values, length, at))
        return Directory(entries, following)

    def data(self, entry: Entry | None) -> bytes:
        """Return the bytes of a value, empty where there is none."""
        return b"" if entry is None else self.bytes_at(entry.at, entry.length)

    def text(self, entry: Entry | None) -> str:
        """Return the text of a value up to its end."""
        return decoded(self.data(entry).rstrip(b"\0").replace(b"\0", b"\n"))

    def numbers(self, entry: Entry | None) -> tuple[float, ...]:
        """Return the numbers of a value; a rational gives two."""
        if entry is None:
            return ()
        code = _CODES[entry.kind]
        return struct.unpack(f"{self.mark}{entry.count * len(code)}{code[0]}", self.data(entry))

    def end(self, limit: int) -> int:
        """Return the byte up to which the first directories, and what they name, go; 0 where it cannot be told."""
        offset, seen, furthest = self.first, set[int](), 0
        while offset and offset not in seen and len(seen) < limit:
            seen.add(offset)
            furthest = max(furthest, offset + 2)
            if furthest > self.size:
                break
            count = self._int(self.bytes_at(offset, 8 if self.big else 2))
            furthest = max(furthest, offset + (8 + 20 * count if self.big else 2 + 12 * count))
            if not 0 < count <= _MAX_ENTRIES or furthest > self.size:
                break
            directory = self.directory(offset)
            furthest = max(furthest, self._pixels(directory))
            offset = directory.following
        return furthest

    def _pixels(self, directory: Directory) -> int:
        for offsets, counts in _STRIPS:
            if offsets in directory.entries and counts in directory.entries:
                starts = self.numbers(directory.entries[offsets])
                lengths = self.numbers(directory.entries[counts])
                return max((int(a + b) for a, b in zip(starts, lengths, strict=False)), default=0)
        return 0


def decoded(data: bytes) -> str:
    """Return a text of which the code is not stated: UTF-8 where it is that, else Windows-1252."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def until_nul(data: bytes) -> str:
    """Return a text that a NUL ends."""
    return decoded(data.split(b"\0", 1)[0])
