"""TIFF structure, as far as a first directory can be copied safely: header, directories, and what they point to."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers._system import SIDECAR_HINT, System, read_exactly

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_DESCRIPTION: Final = 270
#: Types in which writers keep a description: BYTE, ASCII, UNDEFINED, UTF-8.
_TEXTS: Final = (1, 2, 7, 129)
_MAX_ENTRIES: Final = 4096
#: Of OME-XML, wherever it stands.
MAX_XML_BYTES: Final = 1 << 30
_NEAR, _FAR = 1 << 16, 1 << 10


class Kind:
    """Byte order and classic or BigTIFF, with the layouts that follow from them.

    Parameters
    ----------
    order : {'<', '>'}
    big : bool
        Whether it is a BigTIFF.

    Attributes
    ----------
    first_at : int
        Where the header holds the offset of the first directory; a multiple of its size.
    offset, count, entry : str
        Layouts of an offset, of the number of entries and of an entry: tag, type, number of values, value or offset.
    offset_size, count_size, entry_size : int
        Bytes of these.
    limit : int
        Greatest length of a file.
    """

    def __init__(self, order: str, big: bool) -> None:
        self.order = order
        self.big = big
        self.first_at = 8 if big else 4
        self.offset = order + ("Q" if big else "I")
        self.count = order + ("Q" if big else "H")
        self.entry = order + ("HHQ8s" if big else "HHI4s")
        self.offset_size = 8 if big else 4
        self.count_size = 8 if big else 2
        self.entry_size = 20 if big else 12
        self.limit = (1 << 63) - 1 if big else (1 << 32) - 1
        self.unpack_count = struct.Struct(self.count).unpack_from


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory, entries as they stand in the file."""

    kind: Kind
    entries: tuple[bytes, ...]
    next: bytes

    def pack(self) -> bytes:
        """Return the bytes of the directory."""
        return struct.pack(self.kind.count, len(self.entries)) + b"".join(self.entries) + self.next

    def find(self, tag: int) -> tuple[int, int, bytes] | None:
        """Return type, number of values and value field of a tag."""
        for entry in self.entries:
            found, code, count, field = struct.unpack(self.kind.entry, entry)
            if found == tag:
                return code, count, field
        return None

    def describe(self, size: int, offset: int) -> Directory:
        """Return a copy whose ImageDescription is the ASCII text of `size` bytes at `offset`."""
        field = struct.pack(self.kind.offset, offset)
        fresh = struct.pack(self.kind.entry, IMAGE_DESCRIPTION, 2, size, field)
        tags = [struct.unpack_from(self.kind.order + "H", e)[0] for e in self.entries]
        if IMAGE_DESCRIPTION in tags:
            at = tags.index(IMAGE_DESCRIPTION)
            entries = (*self.entries[:at], fresh, *self.entries[at + 1 :])
        else:
            at = sum(tag < IMAGE_DESCRIPTION for tag in tags)
            entries = (*self.entries[:at], fresh, *self.entries[at:])
        return Directory(self.kind, entries, self.next)


class TiffFile:
    """An open TIFF of which the first `length` bytes count.

    Parameters
    ----------
    system : System
        The system calls.
    fd : int
        Open descriptor; stays the caller's.
    path : Path
        For messages.
    length : int
        Length of the file.
    """

    def __init__(self, system: System, fd: int, path: Path, length: int) -> None:
        self.system = system
        self.fd = fd
        self.path = path
        self.length = length
        self.window_at = 0
        self.window = b""
        self.kind, self.first = self._header()

    def damaged(self, why: str) -> WriteError:
        """Return the refusal of a file whose structure does not hold."""
        return WriteError(f"{self.path} is left as it is, because {why}: repair it or get it anew, or {SIDECAR_HINT}")

    def read(self, offset: int, size: int) -> bytes:
        """Read within the file; refuse what lies outside."""
        if offset < 0 or offset + size > self.length:
            raise self.damaged(f"it is truncated: it points to byte {offset + size}, but has {self.length}")
        start = offset - self.window_at
        if 0 <= start and start + size <= len(self.window):
            return self.window[start : start + size]
        if size > _FAR:
            data = read_exactly(self.system, self.fd, offset, size)
        else:
            # Directories written one after the other come in few large reads, scattered ones in small reads.
            near = 0 <= start <= len(self.window) + _FAR
            want = min(_NEAR if near else _FAR, self.length - offset)
            self.window_at, self.window = offset, read_exactly(self.system, self.fd, offset, want)
            data = self.window[:size]
        if len(data) < size:
            raise WriteError(f"{self.path} was cut off by another program just now: try again when that is done")
        return data

    def _header(self) -> tuple[Kind, int]:
        head = read_exactly(self.system, self.fd, 0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        version = struct.unpack_from((order or "<") + "H", head.ljust(4, b"\0"), 2)[0]
        if order is None or version not in (42, 43):
            raise WriteError(f"{self.path} is no TIFF file: embedding needs an OME-TIFF or OME-Zarr; {SIDECAR_HINT}")
        kind = Kind(order, version == 43)
        if len(head) < 2 * kind.first_at:
            raise self.damaged("it ends in its header")
        if kind.big and struct.unpack_from(order + "HH", head, 4) != (8, 0):
            raise self.damaged("its BigTIFF header is not sound")
        return kind, struct.unpack_from(kind.offset, head, kind.first_at)[0]

    def directory(self, offset: int) -> Directory:
        """Read the directory at an offset."""
        kind = self.kind
        raw = self.raw_directory(offset)
        end = len(raw) - kind.offset_size
        entries = tuple(raw[i : i + kind.entry_size] for i in range(kind.count_size, end, kind.entry_size))
        return Directory(kind, entries, raw[end:])

    def raw_directory(self, offset: int) -> bytes:
        """Return the bytes of the directory at an offset: number of entries, entries, next offset."""
        kind = self.kind
        if offset < 2 * kind.first_at:
            raise self.damaged(f"it has no image directory at byte {offset}")
        start = offset - self.window_at
        if start < 0 or start + kind.count_size > len(self.window):
            self.read(offset, kind.count_size)
            start = offset - self.window_at
        count: int = kind.unpack_count(self.window, start)[0]
        if not 0 < count <= _MAX_ENTRIES:
            raise self.damaged(f"the image directory at byte {offset} has {count} entries")
        size = kind.count_size + count * kind.entry_size + kind.offset_size
        raw = self.window[start : start + size]
        return raw if len(raw) == size else self.read(offset, size)

    def text(self, directory: Directory) -> bytes | None:
        """Return the ImageDescription without its closing NULs; None where there is none.

        Raises
        ------
        WriteError
            If it is no text or lies outside the file.
        """
        found = directory.find(IMAGE_DESCRIPTION)
        if found is None:
            return None
        code, count, field = found
        if code not in _TEXTS:
            raise self.damaged(f"its ImageDescription is of type {code}, which is no text")
        if count > MAX_XML_BYTES:
            raise self.damaged(f"its ImageDescription claims {count} bytes")
        if count <= len(field):
            return field[:count].rstrip(b"\0")
        return self.read(struct.unpack(self.kind.offset, field)[0], count).rstrip(b"\0")
