"""The containers of ND2 files: chunks by name with a map at the end, and the older JPEG 2000 boxes with their map.

Layout of both: the library ``nd2`` (BSD) and its description of the format. Chunks are read by this module, because a
damaged length must not ask for more than the file has; their content is decoded by the library.
"""

from __future__ import annotations

import struct
import warnings
from typing import IO, TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError
from nbo_extract_readers.formats import ND2_LEGACY_MAGIC, ND2_MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = struct.Struct("<IIQ")
_FOOTER = struct.Struct("<32sQ")
_START = 112
_MAP = b"ND2 CHUNK MAP SIGNATURE 0000001!"
_BOX_MAP = b"LABORATORY IMAGING ND BOX MAP 00"
_BOX = struct.Struct("<4s4sI")
_BOX_HEADER = struct.Struct(">I4s")
# Longest of a chunk's name with its padding; a longer one is damage.
_LONGEST_NAME = 1 << 16
# A map of a million frames has 40 MB.
_LARGEST_MAP = 400 << 20
# Metadata of thousands of positions have a few megabytes; what is larger holds results, not settings.
LARGEST_METADATA = 32 << 20
LARGEST_COLUMN = 80 << 20
MAX_CHUNKS = 4_000_000


class Container:
    """The parts of one open ND2 file.

    Attributes
    ----------
    version : str
        ``3.0`` and the like; ``1.0`` for the JPEG 2000 form.
    legacy : bool
        Whether the file is of the JPEG 2000 form.
    places : dict of str to list of int
        Name of a part to the offsets of its occurrences.
    problem : str
        Why the map at the end cannot be read, empty where it can; the parts were then sought from the beginning.
    cut : bool
        Whether the end of the file is missing.
    """

    def __init__(self, stream: IO[bytes], path: str) -> None:
        self.stream = stream
        self.path = path
        self.size = stream.seek(0, 2)
        self.problem = ""
        self.cut = False
        head = self.bytes_at(0, _START)
        self.legacy = head.startswith(ND2_LEGACY_MAGIC)
        if not self.legacy and (not head.startswith(ND2_MAGIC) or len(head) < _START):
            raise CorruptFileError(
                f"{path} is cut off: it has {self.size} bytes and the header of an ND2 file alone has {_START}; "
                "copy it again from where it was written"
            )
        self.version = "1.0" if self.legacy else _version(head[48:])
        self.places = self._boxes() if self.legacy else self._chunks()

    def bytes_at(self, offset: int, count: int) -> bytes:
        """Read bytes, fewer at the end of the file."""
        self.stream.seek(min(offset, self.size))
        return self.stream.read(max(0, min(count, self.size - offset)))

    # -- chunks ---------------------------------------------------------------------------------------------------

    def _chunks(self) -> dict[str, list[int]]:
        try:
            signature, offset = _FOOTER.unpack(self.bytes_at(self.size - _FOOTER.size, _FOOTER.size))
            if signature != _MAP:
                self.cut = True
                raise ValueError("the file does not end with the map of its parts")
            return _map_entries(self._content(offset, _LARGEST_MAP), self.size)
        except (ValueError, struct.error) as error:
            self.problem = str(error)
            return self._walked()

    def _walked(self) -> dict[str, list[int]]:
        """Find the chunks from the beginning of the file, as far as they follow each other."""
        places: dict[str, list[int]] = {}
        offset = 0
        for _ in range(MAX_CHUNKS):
            header = self.bytes_at(offset, 256)
            if len(header) < _HEADER.size:
                break
            magic, name_bytes, data_bytes = _HEADER.unpack_from(header)
            if magic.to_bytes(4, "little") != ND2_MAGIC or name_bytes > _LONGEST_NAME:
                break
            name = header[_HEADER.size :].split(b"!", 1)[0].split(b"\0", 1)[0].decode("latin-1")
            end = offset + _HEADER.size + name_bytes + data_bytes
            if name and end <= self.size:
                places[name] = [offset]
            if end <= offset or end > self.size:
                break
            # Some writers align chunks, some do not.
            offset = end if self.bytes_at(end, 4) == ND2_MAGIC else -(-end // 4096) * 4096
        return places

    def _content(self, offset: int, limit: int) -> bytes:
        header = self.bytes_at(offset, _HEADER.size)
        magic, name_bytes, data_bytes = _HEADER.unpack(header)
        if magic.to_bytes(4, "little") != ND2_MAGIC or name_bytes > _LONGEST_NAME:
            raise ValueError(f"there is no part of the file at byte {offset}")
        start = offset + _HEADER.size + name_bytes
        if data_bytes > self.size - start:
            raise ValueError(f"the part at byte {offset} is longer than the file")
        if data_bytes > limit:
            raise ValueError(f"the part at byte {offset} is too large for metadata ({data_bytes} bytes)")
        return self.bytes_at(start, data_bytes)

    # -- boxes ----------------------------------------------------------------------------------------------------

    def _boxes(self) -> dict[str, list[int]]:
        try:
            signature, back = _FOOTER.unpack(self.bytes_at(self.size - _FOOTER.size, _FOOTER.size))
            if signature != _BOX_MAP:
                self.cut = True
                raise ValueError("the file does not end with the map of its boxes")
            if not _FOOTER.size < back <= self.size:
                raise ValueError("the map of its boxes lies outside of the file")
            table = self.bytes_at(self.size - back, back)
            count = int.from_bytes(table[:4], "big")
            if count > (len(table) - 4) // 16:
                raise ValueError("the map of its boxes is shorter than it states")
        except (ValueError, struct.error) as error:
            raise CorruptFileError(
                f"{self.path} is cut off or damaged ({error}); copy it again from where it was written"
            ) from error
        places: dict[str, list[int]] = {}
        for number in range(count):
            box, kind, offset = _BOX.unpack_from(table, 4 + number * 16)
            name = (box if box in (b"jP  ", b"ftyp", b"jp2h") else kind).decode("latin-1")
            if offset < self.size:
                places.setdefault(name, []).append(offset)
        return places

    def _box(self, offset: int, limit: int) -> bytes:
        length, _ = _BOX_HEADER.unpack(self.bytes_at(offset, _BOX_HEADER.size))
        if not _BOX_HEADER.size <= length <= min(limit, self.size - offset):
            raise ValueError(f"the box at byte {offset} states an impossible length")
        return self.bytes_at(offset + _BOX_HEADER.size, length - _BOX_HEADER.size)

    # -- parts ----------------------------------------------------------------------------------------------------

    def part(self, name: str, index: int = 0, limit: int = LARGEST_METADATA) -> bytes | None:
        """Return the bytes of a part, None where the file has none of this name.

        Raises
        ------
        ValueError
            If it cannot be what it says.
        """
        places = self.places.get(name)
        if places is None or index >= len(places):
            return None
        try:
            return self._box(places[index], limit) if self.legacy else self._content(places[index], limit)
        except struct.error as error:
            raise ValueError(f"the part {name} lies at the end of the file") from error

    def decoded(self, name: str, index: int = 0) -> dict[str, Any] | None:
        """Return what a part states, None where the file has none of this name or it states nothing.

        Names have the prefix of their type (``dCalibration``) but in the JPEG 2000 form, whose prefixes differ between
        versions.

        Raises
        ------
        ValueError
            If it is damaged.
        """
        data = self.part(name, index)
        if not data:
            return None
        found: dict[str, Any] | None = guarded(name, lambda: _decode(data, self.legacy))
        return found


# What the library lets out where its input is damaged.
_DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError,
    RecursionError, SyntaxError, TypeError, ValueError, struct.error,
)  # fmt: skip


def guarded(name: str, call: Callable[[], Any]) -> Any:
    """Call the library without its warnings, and turn whatever it raises over damaged bytes into a ValueError."""
    import zlib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except (*_DAMAGE, zlib.error) as error:
            raise ValueError(f"{name} cannot be decoded ({type(error).__name__})") from error


def _decode(data: bytes, strip: bool) -> dict[str, Any] | None:
    from nd2._parse._clx_lite import json_from_clx_lite_variant
    from nd2._parse._clx_xml import json_from_clx_variant

    found: Any
    if data.lstrip()[:1] == b"<" or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        found = json_from_clx_variant(data.strip(b" \t\r\n\0"), strip_prefix=strip)
    else:
        found = json_from_clx_lite_variant(data, strip_prefix=strip)
    return found if isinstance(found, dict) and found else None


def _version(data: bytes) -> str:
    """Return ``3.0`` of ``Ver3.0``."""
    return data.split(b"\0", 1)[0].decode("latin-1").removeprefix("Ver")


def _map_entries(data: bytes, size: int) -> dict[str, list[int]]:
    """Return the offsets of the chunks that a map names; entries that point outside of the file are left out."""
    places: dict[str, list[int]] = {}
    at = 0
    while (end := data.find(b"!", at)) >= 0:
        name = data[at : end + 1]
        if name == _MAP:
            return places
        if len(name) > 256 or end + 17 > len(data):
            break
        (offset,) = struct.unpack_from("<Q", data, end + 1)
        if offset < size:
            places[name[:-1].decode("latin-1")] = [offset]
        at = end + 17
    if not places:
        raise ValueError("the map of its parts is damaged")
    return places
