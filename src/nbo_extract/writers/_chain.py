"""Check of all directories of a TIFF and of the image data that they point to, quick enough for 100,000 planes."""

from __future__ import annotations

import operator
import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.writers._ifd import Kind, TiffFile

#: Offsets and byte counts, of strips and of tiles.
_DATA: Final = ((273, 279), (324, 325))
_SUB_DIRECTORIES: Final = 330
#: Unsigned integer types: SHORT, LONG, IFD, LONG8, IFD8.
_INTEGERS: Final = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MAX_DIRECTORIES: Final = 4_000_000
_MAX_PLACES: Final = 1 << 24


class _Quick:
    """Reads a directory like one that was seen, at once: planes of a file are mostly alike, with data in one piece."""

    def __init__(self, kind: Kind, raw: bytes, first: int, second: int) -> None:
        head = kind.entry_size - kind.offset_size
        number = "Q" if kind.big else "I"
        layout, position = kind.count, kind.count_size
        for at in (first, second):
            letter = _INTEGERS[struct.unpack_from(kind.order + "H", raw, at + 2)[0]]
            layout += f"{at - position}xHH{number}{letter}"
            position = at + head + struct.calcsize("=" + letter)
        # All tags behind are compared too: directories below others would be among them.
        rest = range(second + kind.entry_size, len(raw) - kind.offset_size, kind.entry_size)
        for at in rest:
            layout += f"{at - position}xH"
            position = at + 2
        layout += f"{len(raw) - kind.offset_size - position}x{kind.offset[1:]}"
        self.size = len(raw)
        self.unpack = struct.Struct(layout).unpack_from
        stated = self.unpack(raw)
        self.like = (stated[:4], stated[5:8], stated[9:-1])

    @classmethod
    def make(cls, kind: Kind, raw: bytes, where: dict[int, int]) -> _Quick | None:
        """Return what reads directories like this one; None where its data are in pieces or others lie below it."""
        pairs = [pair for pair in _DATA if pair[0] in where and pair[1] in where]
        if len(pairs) != 1 or _SUB_DIRECTORIES in where or where[pairs[0][0]] > where[pairs[0][1]]:
            return None
        for tag in pairs[0]:
            _, code, count, _ = struct.unpack_from(kind.entry, raw, where[tag])
            if code not in _INTEGERS or count != 1:
                return None
        return cls(kind, raw, where[pairs[0][0]], where[pairs[0][1]])


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
    walk = _Walk(tiff)
    at = first
    while at:
        if at in walk.seen:
            raise tiff.damaged(f"its image directories run in a circle at byte {at}")
        at = walk.visit(at)
    # Levels of a pyramid are listed, and may also point to each other: coming twice is no circle here, unless a level
    # leads back to what it lies below.
    while walk.below:
        at, above = walk.below.pop()
        chain: set[int] = set()
        while at:
            if at in chain or walk.is_above(at, above):
                raise tiff.damaged(f"its image directories run in a circle at byte {at}")
            if at in walk.seen:
                break
            chain.add(at)
            walk.above[at] = above
            at = walk.visit(at)


def data_places(tiff: TiffFile, first: int) -> Iterator[tuple[int, int]]:
    """Yield offset and length of every strip and tile, directory by directory, those of pyramids last.

    Raises
    ------
    WriteError
        As for `check_chain`.
    """
    walk = _Walk(tiff, collect=True)
    ways = [first]
    while ways:
        at = ways.pop()
        while at and at not in walk.seen:
            at = walk.visit(at)
            yield from walk.places
            walk.places.clear()
        ways += [at for at, _ in walk.below]
        walk.below.clear()


class _Walk:
    """Checks one directory after the other; with `collect` also keeps where the data of the last one are."""

    def __init__(self, tiff: TiffFile, *, collect: bool = False) -> None:
        self.tiff = tiff
        self.collect = collect
        self.places: list[tuple[int, int]] = []
        self.seen: set[int] = set()
        # Directories that others list, with those, and by which each one was come to first.
        self.below: list[tuple[int, int]] = []
        self.above: dict[int, int] = {}
        self.quick: _Quick | None = None

    def is_above(self, at: int, start: int) -> bool:
        """Whether a directory is another, or one that this lies below."""
        here: int | None = start
        while here is not None and here != at:
            here = self.above.get(here)
        return here is not None

    def visit(self, at: int) -> int:
        """Check the directory at an offset and return the offset of the next one."""
        self.seen.add(at)
        tiff, quick = self.tiff, self.quick
        if quick is not None:
            start = at - tiff.window_at
            if not 0 <= start <= len(tiff.window) - quick.size:
                tiff.raw_directory(at)
                start = at - tiff.window_at
            if 0 <= start <= len(tiff.window) - quick.size:
                stated = quick.unpack(tiff.window, start)
                if (stated[:4], stated[5:8], stated[9:-1]) == quick.like:
                    self._check_end(stated[4] + stated[8])
                    following: int = stated[-1]
                    return following
        return self._visit_slowly(at)

    def _visit_slowly(self, at: int) -> int:
        tiff = self.tiff
        if len(self.seen) + len(self.below) > _MAX_DIRECTORIES:
            raise tiff.damaged(f"it has more than {_MAX_DIRECTORIES} image directories")
        raw = tiff.raw_directory(at)
        where = _places(tiff.kind, raw)
        for offsets_tag, counts_tag in _DATA:
            if offsets_tag in where and counts_tag in where:
                offsets = _integers(tiff, raw, where[offsets_tag])
                counts = _integers(tiff, raw, where[counts_tag])
                self._check_end(max(map(operator.add, offsets, counts), default=0))
                if self.collect:
                    self.places += zip(offsets, counts, strict=False)
        if _SUB_DIRECTORIES in where:
            self.below += [(sub, at) for sub in _integers(tiff, raw, where[_SUB_DIRECTORIES])]
        self.quick = None if self.collect else _Quick.make(tiff.kind, raw, where)
        following: int = struct.unpack_from(tiff.kind.offset, raw, len(raw) - tiff.kind.offset_size)[0]
        return following

    def _check_end(self, end: int) -> None:
        if end > self.tiff.length:
            raise self.tiff.damaged(f"it is truncated: image data reach to byte {end}, but it has {self.tiff.length}")


def _places(kind: Kind, raw: bytes) -> dict[int, int]:
    """Return where the entry of each tag is; of a tag that comes twice the first."""
    where: dict[int, int] = {}
    for at in range(kind.count_size, len(raw) - kind.offset_size, kind.entry_size):
        where.setdefault(struct.unpack_from(kind.order + "H", raw, at)[0], at)
    return where


def _integers(tiff: TiffFile, raw: bytes, at: int) -> tuple[int, ...]:
    kind = tiff.kind
    tag, code, count, field = struct.unpack_from(kind.entry, raw, at)
    letter = _INTEGERS.get(code)
    if letter is None or count > _MAX_PLACES or (count == 0 and tag != _SUB_DIRECTORIES):
        raise tiff.damaged(f"its tag {tag}, which states places, holds {count} values of type {code}")
    size = count * struct.calcsize("=" + letter)
    data = field[:size] if size <= len(field) else tiff.read(struct.unpack(kind.offset, field)[0], size)
    return struct.unpack(f"{kind.order}{count}{letter}", data)
