"""Check of all directories of a TIFF and of the image data that they point to, quick enough for 100,000 planes."""

from __future__ import annotations

import operator
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nbo_extract.writers._ifd import Kind, TiffFile

#: Offsets and byte counts, of strips and of tiles.
_DATA: Final = ((273, 279), (324, 325))
_SUB_DIRECTORIES: Final = 330
#: Unsigned integer types: SHORT, LONG, IFD, LONG8, IFD8.
_INTEGERS: Final = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_DIRECTORIES: Final = 4_000_000
_MAX_PLACES: Final = 1 << 24


class _Layout:
    """Places of the tags in a directory; the planes of a file are mostly alike, so that one look gets all."""

    def __init__(self, kind: Kind, raw: bytes) -> None:
        self.kind = kind
        self.size = len(raw)
        self.end = len(raw) - kind.offset_size
        self.tags = self.key(raw)
        self.at: dict[int, int] = {}
        for at in range(kind.count_size, self.end, kind.entry_size):
            self.at.setdefault(struct.unpack_from(kind.order + "H", raw, at)[0], at)
        self.quick = self._quick(raw)

    def key(self, raw: bytes) -> bytes:
        """Return the tags of a directory of this size: the first two bytes of each entry."""
        lead, step = self.kind.count_size, self.kind.entry_size
        return raw[lead : self.end : step] + raw[lead + 1 : self.end : step]

    def _quick(self, raw: bytes) -> tuple[struct.Struct, tuple[int, int, int, int]] | None:
        """Return what reads place, size and next directory at once, where the data are in one piece."""
        kind = self.kind
        pairs = [pair for pair in _DATA if pair[0] in self.at and pair[1] in self.at]
        if len(pairs) != 1 or _SUB_DIRECTORIES in self.at or self.at[pairs[0][0]] > self.at[pairs[0][1]]:
            return None
        layout, position, expected = kind.order, 0, []
        for tag in pairs[0]:
            _, code, count, _ = struct.unpack_from(kind.entry, raw, self.at[tag])
            letter = _INTEGERS.get(code)
            if letter is None or count != 1:
                return None
            number = "Q" if kind.big else "I"
            layout += f"{self.at[tag] + 2 - position}xH{number}{letter}"
            position = self.at[tag] + kind.entry_size - kind.offset_size + struct.calcsize("=" + letter)
            expected += [code, count]
        layout += f"{self.end - position}x{kind.offset[1:]}"
        return struct.Struct(layout), (expected[0], expected[1], expected[2], expected[3])


def check_chain(tiff: TiffFile, first: int) -> None:
    """Check that directories and image data lie within the file, and that no directory comes twice.

    What points behind the end of a truncated file would point into what is appended.

    Parameters
    ----------
    tiff : TiffFile
    first : int
        Offset of the first directory.

    Raises
    ------
    WriteError
        If the file is truncated, its directories run in a circle, or are no directories.
    """
    layouts: dict[int, _Layout] = {}
    seen: set[int] = set()
    todo = [first]
    length = tiff.length
    while todo:
        at = todo.pop()
        if at in seen:
            raise tiff.damaged(f"its image directories run in a circle at byte {at}")
        seen.add(at)
        raw = tiff.raw_directory(at)
        layout = layouts.get(len(raw))
        if layout is None or layout.key(raw) != layout.tags:
            layout = layouts[len(raw)] = _Layout(tiff.kind, raw)
            if len(seen) + len(todo) > _MAX_DIRECTORIES:
                raise tiff.damaged(f"it has more than {_MAX_DIRECTORIES} image directories")
        if layout.quick is not None:
            unpack, expected = layout.quick
            code, count, offset, code2, count2, size, following = unpack.unpack_from(raw)
            if (code, count, code2, count2) == expected:
                if offset + size > length:
                    raise _truncated(tiff, offset + size)
                if following:
                    todo.append(following)
                continue
        todo += _slow(tiff, raw, layout)


def _truncated(tiff: TiffFile, end: int) -> Exception:
    return tiff.damaged(f"it is truncated: image data reach to byte {end}, but it has {tiff.length}")


def _slow(tiff: TiffFile, raw: bytes, layout: _Layout) -> tuple[int, ...]:
    """Check the data of any directory and return the directories that it leads to."""
    for offsets_tag, counts_tag in _DATA:
        if offsets_tag in layout.at and counts_tag in layout.at:
            offsets = _integers(tiff, raw, layout.at[offsets_tag])
            counts = _integers(tiff, raw, layout.at[counts_tag])
            end = max(map(operator.add, offsets, counts), default=0)
            if end > tiff.length:
                raise _truncated(tiff, end)
    below = _integers(tiff, raw, layout.at[_SUB_DIRECTORIES]) if _SUB_DIRECTORIES in layout.at else ()
    following: int = struct.unpack_from(tiff.kind.offset, raw, layout.end)[0]
    return (following, *below) if following else below


def _integers(tiff: TiffFile, raw: bytes, at: int) -> tuple[int, ...]:
    kind = tiff.kind
    tag, code, count, field = struct.unpack_from(kind.entry, raw, at)
    letter = _INTEGERS.get(code)
    if letter is None or count > _MAX_PLACES:
        raise tiff.damaged(f"its tag {tag}, which states places, holds {count} values of type {code}")
    size = count * struct.calcsize("=" + letter)
    data = field[:size] if size <= len(field) else tiff.read(struct.unpack(kind.offset, field)[0], size)
    return struct.unpack(f"{kind.order}{count}{letter}", data)
