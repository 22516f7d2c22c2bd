"""ZISRAW, the container of Zeiss CZI files: header, metadata, directories, and the small part of a sub-block.

A file is a chain of segments, each with a head of 32 bytes (name, allocated size, used size). What is read here are
the segments that hold metadata, and of a sub-block its head and its metadata part: pixels stand behind both and are
never touched, so that a file costs what its metadata costs.
"""

from __future__ import annotations

import os
import re
import struct
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from nbo_extract.errors import CorruptFileError
from nbo_extract_readers.formats import CZI_MAGIC

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER_BYTES = 544

# Above these sizes a part is taken for damaged: the largest metadata seen in practice are tens of MB, a directory
# needs about 170 bytes a sub-block, and the metadata of a sub-block are about a kB. They also keep the memory for one
# file below 1 GB, measured with a million sub-blocks.
MAX_METADATA_BYTES = 256 << 20
MAX_DIRECTORY_BYTES = 208 << 20
MAX_SUBBLOCK_METADATA_BYTES = 1 << 20
MAX_ATTACHMENTS = 10_000
MAX_DIMENSIONS = 40
MAX_SCENES_OR_CHANNELS = 50_000

_SEGMENT = struct.Struct("<16sqq")
_FILE_HEADER = struct.Struct("<iiii16s16siqqiq")
_ENTRY_DV = struct.Struct("<2siqiiB5si")
_DIMENSION_DV = struct.Struct("<4siifi")
_PLACE = struct.Struct("<qi")
# Entries that are kept ready made: a few MB at most.
_KEPT = 20_000
_REMEMBERED = 100_000
_ENTRY_DE = struct.Struct("<2siii2x16iqi16siiiii")
_DE_SIZED = "XYCZT"
_DE_SINGLE = "SRIB"
_SUBBLOCK = struct.Struct("<iiq")
_ATTACHMENT = struct.Struct("<2s10sqi16s8s80s")
_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,3}")


class FileHeader(NamedTuple):
    """What the first segment states; positions are byte offsets, 0 for none."""

    major: int
    minor: int
    primary_guid: str
    file_guid: str
    part: int
    directory: int
    metadata: int
    attachments: int

    @property
    def multi_part(self) -> bool:
        """Whether the file is one of several that make a dataset."""
        return self.part > 0 or (self.primary_guid != self.file_guid and self.primary_guid.strip("0-") != "")


class Dimension(NamedTuple):
    """Extent of a sub-block along one dimension; `stored` differs from `size` in pyramid levels."""

    name: str
    start: int
    size: int
    stored: int


class Entry(NamedTuple):
    """A sub-block as the directory states it."""

    pixel_type: int
    position: int
    part: int
    compression: int
    dimensions: tuple[Dimension, ...]

    @property
    def reduced(self) -> bool:
        """Whether this is a level of the pyramid and not a plane at full resolution."""
        return any(d.name in "XY" and d.stored not in (0, d.size) for d in self.dimensions)


class Attachment(NamedTuple):
    """An embedded file; `position` is where its segment begins."""

    name: str
    content_type: str
    position: int = 0


class SubBlock(NamedTuple):
    """The small part of a sub-block.

    `metadata` is its XML, None where it could not be read. `problem` is empty, ``beyond`` (the segment reaches
    beyond the end of the file), ``damaged``, or ``differs`` (its own copy of the directory entry is another).
    """

    metadata: bytes | None
    problem: str


@dataclass(slots=True)
class Directory:
    """The sub-block directory, kept as bytes: of a large one, entries are made on each way through it.

    Attributes
    ----------
    data : bytes
    offsets : array of int
        Where each entry begins in `data`.
    names : set of str
        Names of all dimensions.
    problem : str
        Why the directory cannot be used, empty where it can.
    known : dict of bytes to Dimension
        Dimensions made so far: most entries repeat those of others.
    kept : list of Entry
        The first entries, ready made.
    """

    data: bytes = b""
    offsets: array[int] = field(default_factory=lambda: array("q"))
    names: set[str] = field(default_factory=set)
    problem: str = ""
    known: dict[bytes, Dimension] = field(default_factory=dict)
    kept: list[Entry] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(i) for i in range(len(self.offsets)))

    def entry(self, index: int) -> Entry:
        """Return one entry."""
        if index < len(self.kept):
            return self.kept[index]
        return _entry(self.data, self.offsets[index], self.known)[0]

    def place(self, index: int) -> tuple[int, int]:
        """Return file position and file part of one entry."""
        offset = self.offsets[index]
        position, part = _PLACE.unpack_from(self.data, offset + (80 if self.data.startswith(b"DE", offset) else 6))
        return position, part

    def raw(self, index: int) -> bytes:
        """Return the bytes of one entry."""
        end = self.offsets[index + 1] if index + 1 < len(self.offsets) else len(self.data)
        return self.data[self.offsets[index] : end]


class _DamageError(ValueError):
    """A structure that cannot be; the message says what."""


class ZisrawFile:
    """Random access to the small segments of an open file.

    Parameters
    ----------
    stream : binary file
        Unbuffered: what is asked for is what is read.
    path : str
        For messages.
    """

    def __init__(self, stream: BinaryIO, path: str) -> None:
        self.stream = stream
        self.path = path
        self.size = os.fstat(stream.fileno()).st_size
        self.header = self._header()

    def read_at(self, position: int, size: int) -> bytes:
        """Return up to `size` bytes, fewer at the end of the file."""
        if position < 0 or position >= self.size or size <= 0:
            return b""
        self.stream.seek(position)
        wanted = min(size, self.size - position)
        data = self.stream.read(wanted)
        while len(data) < wanted:
            more = self.stream.read(wanted - len(data))
            if not more:
                break
            data += more
        return data

    def _header(self) -> FileHeader:
        data = self.read_at(0, HEADER_BYTES)
        if data[:16].rstrip(b"\0") != CZI_MAGIC:
            raise CorruptFileError(
                f"{self.path} does not begin as a CZI file does (ZISRAWFILE): copy it again from where it was written"
            )
        if len(data) < HEADER_BYTES:
            raise CorruptFileError(
                f"{self.path} is cut off: it has {self.size} bytes and the header of a CZI file alone has "
                f"{HEADER_BYTES}; copy it again from where it was written"
            )
        major, minor, _, _, primary, own, part, directory, metadata, _, attachments = _FILE_HEADER.unpack_from(data, 32)
        return FileHeader(major, minor, _guid(primary), _guid(own), part, directory, metadata, attachments)

    def _segment(self, position: int, name: bytes, what: str) -> int:
        """Check the head of a segment and return the number of bytes that it says to use behind its head."""
        if position == 0:
            raise _DamageError(f"the file header names no {what}")
        head = self.read_at(position, _SEGMENT.size)
        if len(head) < _SEGMENT.size:
            raise _DamageError(f"the {what} should begin at byte {position} and the file has {self.size} bytes")
        found, allocated, used = _SEGMENT.unpack(head)
        if found.rstrip(b"\0") != name:
            raise _DamageError(f"there is no {what} at byte {position}, where the file header says it is")
        return int(used or allocated)

    def metadata(self) -> tuple[bytes, str]:
        """Return the XML of the metadata segment, and why there is none where there is none."""
        position = self.header.metadata
        try:
            self._segment(position, b"ZISRAWMETADATA", "metadata segment")
            sizes = self.read_at(position + 32, 8)
            size = int.from_bytes(sizes[:4], "little", signed=True)
            if len(sizes) < 8 or size <= 0:
                raise _DamageError("the metadata segment is empty")
            if size > MAX_METADATA_BYTES:
                raise _DamageError(f"the metadata segment states {size} bytes of XML, more than {MAX_METADATA_BYTES}")
        except _DamageError as error:
            return b"", str(error)
        data = self.read_at(position + 32 + 256, size)
        return data, "" if data else "the file ends within the metadata segment"

    def directory(self) -> Directory:
        """Read the sub-block directory; a directory that is damaged anywhere comes back empty with its problem.

        Half a directory would give sizes that are wrong and look right.
        """
        position = self.header.directory
        try:
            used = self._segment(position, b"ZISRAWDIRECTORY", "sub-block directory")
            count = int.from_bytes(self.read_at(position + 32, 4), "little", signed=True)
            if count < 0:
                raise _DamageError(f"the sub-block directory states {count} entries")
            limit = min(used - 128, count * (_ENTRY_DV.size + MAX_DIMENSIONS * _DIMENSION_DV.size))
            if min(limit, self.size - position) > MAX_DIRECTORY_BYTES:
                raise _DamageError(f"the sub-block directory states {limit} bytes, more than {MAX_DIRECTORY_BYTES}")
            return _parse_directory(self.read_at(position + 32 + 128, limit), count)
        except _DamageError as error:
            return Directory(problem=str(error))

    def subblock(self, position: int, raw: bytes) -> SubBlock:
        """Read the head and the metadata of a sub-block, and nothing of its pixels.

        Parameters
        ----------
        position : int
        raw : bytes
            The entry as the directory writes it, to compare with the sub-block's own copy.
        """
        size = max(256, _SUBBLOCK.size + len(raw))
        head = self.read_at(position, 32 + size) if position > 0 else b""
        if len(head) < 32 + size:
            return SubBlock(None, "beyond" if position > 0 else "damaged")
        name, _, _ = _SEGMENT.unpack_from(head)
        metadata, attachment, data = _SUBBLOCK.unpack_from(head, 32)
        if name.rstrip(b"\0") != b"ZISRAWSUBBLOCK" or min(metadata, attachment, data) < 0:
            return SubBlock(None, "damaged")
        if metadata > MAX_SUBBLOCK_METADATA_BYTES:
            return SubBlock(None, "damaged")
        start = position + 32 + size
        content = self.read_at(start, metadata)
        if start + metadata + attachment + data > self.size:
            return SubBlock(content if len(content) == metadata else None, "beyond")
        return SubBlock(content, "" if head[48 : 48 + len(raw)] == raw else "differs")

    def attachments(self) -> tuple[list[Attachment], str]:
        """Return the embedded files, and why the list cannot be read where it cannot."""
        position = self.header.attachments
        if position == 0:
            return [], ""
        try:
            self._segment(position, b"ZISRAWATTDIR", "attachment directory")
            count = int.from_bytes(self.read_at(position + 32, 4), "little", signed=True)
            if not 0 <= count <= MAX_ATTACHMENTS:
                raise _DamageError(f"the attachment directory states {count} entries")
            data = self.read_at(position + 32 + 256, count * _ATTACHMENT.size)
            if len(data) < count * _ATTACHMENT.size:
                raise _DamageError("the file ends within the attachment directory")
            return [_attachment(data[i : i + 128]) for i in range(0, len(data), 128)], ""
        except _DamageError as error:
            return [], str(error)


def needed_bytes(file: ZisrawFile, directory: Directory, attachments: list[Attachment]) -> int:
    """Return how long a file has to be to hold all that its directories name.

    Segments do not overlap, so the one that begins last ends last.
    """
    header = file.header
    last = max(
        header.metadata,
        header.directory,
        header.attachments,
        max((p for p, part in map(directory.place, range(len(directory))) if part == header.part), default=0),
        max((a.position for a in attachments), default=0),
    )
    head = file.read_at(last, _SEGMENT.size)
    if len(head) < _SEGMENT.size:
        return last + _SEGMENT.size
    _, allocated, used = _SEGMENT.unpack(head)
    return last + _SEGMENT.size + max(0, int(used), int(allocated))


def _guid(data: bytes) -> str:
    a, b, c = struct.unpack("<IHH", data[:8])
    return f"{a:08x}-{b:04x}-{c:04x}-{data[8:10].hex()}-{data[10:].hex()}"


def _attachment(data: bytes) -> Attachment:
    schema, _, position, _, _, kind, name = _ATTACHMENT.unpack(data)
    if schema != b"A1":
        raise _DamageError("an entry of the attachment directory is of an unknown kind")
    return Attachment(_text(name), _text(kind), position)


def _text(data: bytes) -> str:
    return "".join(c for c in data.split(b"\0")[0].decode("utf-8", "replace") if c.isprintable())


def _parse_directory(data: bytes, count: int) -> Directory:
    directory = Directory(data)
    counted: dict[str, set[int]] = {"S": set(), "C": set()}
    offset = 0
    for number in range(1, count + 1):
        try:
            entry, end = _entry(data, offset, directory.known)
        except struct.error as error:
            raise _DamageError(f"the sub-block directory ends within entry {number} of {count}") from error
        except _DamageError as error:
            raise _DamageError(f"entry {number} of {count} in the sub-block directory {error}") from error
        for dimension in entry.dimensions:
            directory.names.add(dimension.name)
            if dimension.name in counted:
                counted[dimension.name].add(dimension.start)
        directory.offsets.append(offset)
        if number <= _KEPT:
            directory.kept.append(entry)
        offset = end
    if len(directory.names) > MAX_DIMENSIONS or max(map(len, counted.values())) > MAX_SCENES_OR_CHANNELS:
        raise _DamageError("the sub-block directory states more dimensions, scenes or channels than there can be")
    directory.data = data[:offset]
    return directory


def _entry(data: bytes, offset: int, known: dict[bytes, Dimension]) -> tuple[Entry, int]:
    schema = data[offset : offset + 2]
    if schema == b"DE":
        return _entry_de(data, offset)
    _, pixel_type, position, part, compression, _, _, count = _ENTRY_DV.unpack_from(data, offset)
    if schema != b"DV":
        raise _DamageError("is of an unknown kind")
    if not 2 <= count <= MAX_DIMENSIONS:
        raise _DamageError(f"states {count} dimensions")
    start = offset + _ENTRY_DV.size
    end = start + count * _DIMENSION_DV.size
    if end > len(data):
        raise struct.error
    dimensions = []
    for at in range(start, end, _DIMENSION_DV.size):
        raw = data[at : at + _DIMENSION_DV.size]
        dimension = known.get(raw)
        if dimension is None:
            name, begin, size, _, stored = _DIMENSION_DV.unpack(raw)
            if len(known) >= _REMEMBERED:
                known.clear()
            dimension = known[raw] = _dimension(name, begin, size, stored)
        dimensions.append(dimension)
    names = {d.name for d in dimensions}
    if len(names) < count:
        raise _DamageError("states a dimension twice")
    if "X" not in names or "Y" not in names:
        raise _DamageError("states no width or no height")
    return Entry(pixel_type, position, part, compression, tuple(dimensions)), end


def _dimension(name: bytes, start: int, size: int, stored: int) -> Dimension:
    text = name.rstrip(b"\0").decode("ascii", "replace")
    if not _NAME.fullmatch(text):
        raise _DamageError("states a dimension without a proper name")
    if size < 0 or (size == 0 and text in "XY") or stored < 0:
        raise _DamageError(f"states {size} as its extent in {text}")
    return Dimension(text, start, size, stored)


def _entry_de(data: bytes, offset: int) -> tuple[Entry, int]:
    """Read the older entry of fixed size; its order of dimensions says which of them count."""
    values = _ENTRY_DE.unpack_from(data, offset)
    _, pixel_type, stored_x, stored_y, *rest = values
    sized, single = rest[:10], rest[10:14]
    compression, start_m, position, part, order, start_h = rest[14:20]
    used = order.split(b"\0")[0].decode("ascii", "replace") or _DE_SIZED
    stored = {"X": stored_x, "Y": stored_y}
    found = [
        (name, sized[2 * i], sized[2 * i + 1], stored.get(name, sized[2 * i + 1])) for i, name in enumerate(_DE_SIZED)
    ]
    found += [(name, start, 1, 1) for name, start in zip(_DE_SINGLE, single, strict=True)]
    found += [("H", start_h, 1, 1), ("M", start_m, 1, 1)]
    dimensions = tuple(_dimension(f[0].encode(), *f[1:]) for f in found if f[0] in "XY" or f[0] in used)
    return Entry(pixel_type, position, part, compression, dimensions), offset + _ENTRY_DE.size
