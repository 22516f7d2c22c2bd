"""What is appended to a TIFF, in pieces that are never joined: an OME-XML may have 200 MB."""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.writers import _system

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.writers._ifd import Directory
    from nbo_extract.writers._system import System

_MAGIC: Final = b"nbo-extract block 1"
#: Magic; original first directory and length; OME-XML, its length, directory; hash of all before; checksum of the mark.
_MARK: Final = struct.Struct("<24s5Q32s4xI")
MARK_SIZE: Final = _MARK.size
#: The mark lies within one sector: a disk writes that whole or not at all.
SECTOR: Final = 512
_CHUNK: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands at the end of a file with a block: how to find the way back.

    Attributes
    ----------
    old_first, old_length : int
        Original first directory and length.
    xml_at, xml_size : int
        Place of the OME-XML with the block.
    first : int
        Directory that the header points to now.
    digest : bytes
        SHA-256 of all that lies between the original and the mark.
    """

    old_first: int
    old_length: int
    xml_at: int
    xml_size: int
    first: int
    digest: bytes

    def pack(self) -> bytes:
        """Return the bytes of the mark."""
        fields = (_MAGIC, self.old_first, self.old_length, self.xml_at, self.xml_size, self.first, self.digest)
        return _MARK.pack(*fields, zlib.crc32(_MARK.pack(*fields, 0)))


@dataclass(frozen=True, slots=True)
class Tail:
    """All that follows the original.

    Attributes
    ----------
    pieces : tuple of bytes-like
        In order, without the mark.
    size : int
        Bytes, with the mark.
    mark : Mark
    """

    pieces: tuple[bytes | memoryview, ...]
    size: int
    mark: Mark

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Yield what stands before the mark, in chunks of a few megabytes."""
        return in_chunks(self.pieces)

    def stands(self, system: System, fd: int) -> bool:
        """Whether a file holds just this behind its original."""
        at = self.mark.old_length
        for chunk in in_chunks((*self.pieces, self.mark.pack())):
            if _system.read_exactly(system, fd, at, len(chunk)) != chunk:
                return False
            at += len(chunk)
        return True


def in_chunks(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Yield many small pieces as few, and large ones as several."""
    waiting: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        view = memoryview(piece)
        while size + len(view) >= _CHUNK:
            yield b"".join([*waiting, view[: _CHUNK - size]])
            view = view[_CHUNK - size :]
            waiting, size = [], 0
        if len(view):
            waiting.append(view)
            size += len(view)
    if waiting:
        yield b"".join(waiting)


def read_mark(system: System, fd: int, size: int) -> Mark | None:
    """Return the mark at the end of a file of so many bytes, if it is one that was written here."""
    raw = _system.read_exactly(system, fd, size - _MARK.size, _MARK.size) if size > _MARK.size else b""
    if len(raw) < _MARK.size or not raw.startswith(_MAGIC):
        return None
    mark = Mark(*_MARK.unpack(raw)[1:-1])
    sound = mark.old_first < mark.old_length <= mark.xml_at < mark.first < size - _MARK.size and mark.pack() == raw
    return mark if sound else None


def is_whole(system: System, fd: int, size: int, mark: Mark) -> bool:
    """Whether a block is as it was written; another program may have put its own text there."""
    digest = hashlib.sha256()
    at, end = mark.old_length, size - _MARK.size
    while at < end:
        part = _system.read_exactly(system, fd, at, min(_CHUNK, end - at))
        if not part:
            return False
        digest.update(part)
        at += len(part)
    return digest.digest() == mark.digest


def aligned(offset: int) -> int:
    """Return the next multiple of 8."""
    return -(-offset // 8) * 8


def make_tail(old_first: int, length: int, directory: Directory, xml: Iterable[bytes | memoryview]) -> Tail:
    """Return what follows an original: OME-XML and NUL, the copy of its first directory, the mark.

    Parameters
    ----------
    old_first, length : int
        First directory and length of the original.
    directory : Directory
        Its first directory.
    xml : iterable of bytes-like
        OME-XML with the block, in pieces.
    """
    texts = tuple(xml)
    xml_size = sum(map(len, texts))
    xml_at = aligned(length)
    first = aligned(xml_at + xml_size + 1)
    copy = directory.describe(xml_size + 1, xml_at).pack()
    at = aligned(first + len(copy))
    if at % SECTOR > SECTOR - MARK_SIZE:
        at += -at % SECTOR
    gap = bytes(first - xml_at - xml_size)
    pieces = (bytes(xml_at - length), *texts, gap, copy, bytes(at - first - len(copy)))
    digest = hashlib.sha256()
    for chunk in in_chunks(pieces):
        digest.update(chunk)
    mark = Mark(old_first, length, xml_at, xml_size, first, digest.digest())
    return Tail(pieces, at - length + MARK_SIZE, mark)
