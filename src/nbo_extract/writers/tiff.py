"""Embedding into OME-TIFF by copy-on-write, and the way back to the original bytes.

What is appended, from the end of the original on, each part at a multiple of 8 bytes::

    OME-XML with the block, NUL | copy of the first directory, whose ImageDescription is that | mark

The header then points to the copy instead of the original directory: one aligned write. The mark, 104 bytes at the
end, is written first, so that after a kill at any instant the next run knows what the original was. It holds the
offset of the original first directory and the original length, as the provenance annotation does.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._chain import check_chain
from nbo_extract.writers._ifd import TiffFile
from nbo_extract.writers._meanwhile import check_named, check_untouched, expect, is_theirs
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.block import WriteResult
from nbo_extract.writers.omexml import plan_splice, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.writers._ifd import Directory
    from nbo_extract.writers.block import Block

_MAGIC: Final = b"nbo-extract block 1"
#: Magic; original first directory and length; OME-XML, its length, directory; hash of all before; checksum of the mark.
_MARK: Final = struct.Struct("<24s5Q32s4xI")
#: The mark lies within one sector: a disk writes that whole or not at all.
_SECTOR: Final = 512
#: Left free on the disk beside what is appended.
_RESERVE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Mark:
    old_first: int
    old_length: int
    xml_at: int
    xml_size: int
    first: int
    digest: bytes

    def pack(self) -> bytes:
        fields = (_MAGIC, self.old_first, self.old_length, self.xml_at, self.xml_size, self.first, self.digest)
        return _MARK.pack(*fields, zlib.crc32(_MARK.pack(*fields, 0)))


@dataclass(frozen=True, slots=True)
class _State:
    """What a file is, whatever happened to it: an original, of which the first `length` bytes are, and what follows.

    Attributes
    ----------
    tiff : TiffFile
        The original, as if nothing followed.
    size : int
        Length of the file.
    first : int
        First directory of the original.
    embedded : bool
        Whether a whole block follows that the header points to.
    changed : int
        Time of its last modification in nanoseconds.
    """

    tiff: TiffFile
    size: int
    first: int
    embedded: bool
    changed: int

    @property
    def length(self) -> int:
        return self.tiff.length


def embed_tiff(
    path: str | Path,
    block: Block,
    *,
    dry_run: bool = False,
    base_xml: bytes | None = None,
    system: System = SYSTEM,
) -> WriteResult:
    """Embed a block into an OME-TIFF in place.

    No byte of the original moves or changes except for the offset of the first directory in the header, so the cost
    does not grow with the image. Embedding again starts from the original: blocks never pile up, and the same block
    again changes nothing. Permissions and owner stay; the time of modification changes, unless nothing was written.

    Parameters
    ----------
    path : str or Path
        Classic or BigTIFF of either byte order.
    block : Block
    dry_run : bool
        Only say what would change.
    base_xml : bytes, optional
        OME-XML for a file without ImageDescription; such a file is refused otherwise.
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``embedded``, ``unchanged`` or ``dry-run``; for the last with the difference to the original OME-XML.

    Raises
    ------
    WriteError
        If the file cannot be changed safely. It is then as it was, or, where it held another block, the original.
    """
    path = Path(path)
    _system.refuse_links(path)
    with _opened(path, system, write=not dry_run) as (fd, writable):
        state = _state(system, fd, path)
        check_chain(state.tiff, state.first)
        directory = state.tiff.directory(state.first)
        xml = _base(state.tiff, directory, base_xml)
        plan = plan_splice(xml, block, old_offset=state.first, old_length=state.length, label=str(path))
        tail, mark = _tail(state, directory, plan.apply())
        growth = state.length + len(tail) - state.size
        if state.embedded and state.length + len(tail) == state.size:
            if _system.read_exactly(system, fd, state.length, len(tail)) == tail:
                return WriteResult(path, "unchanged", 0)
        if dry_run:
            return WriteResult(path, "dry-run", growth, plan.diff(str(path)))
        if not writable:
            raise _read_only(path)
        _check_folder(path, system)
        _system.check_free(system, path.parent, path, len(tail) + _RESERVE)
        check_untouched(fd, path, state.size, state.changed)
        with _told(path):
            _go_back(system, fd, state)
            _append(system, fd, state, tail, mark)
        check_named(fd, path)
    return WriteResult(path, "embedded", growth)


def restore_tiff(path: str | Path, *, system: System = SYSTEM) -> WriteResult:
    """Take the block out of a TIFF: the original bytes again, to the last one.

    Parameters
    ----------
    path : str or Path
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``restored``, or ``unchanged`` where the file holds no block.

    Raises
    ------
    WriteError
        If another program has changed the file since, or it cannot be changed.
    """
    path = Path(path)
    _system.refuse_links(path)
    with _opened(path, system, write=True) as (fd, writable):
        state = _state(system, fd, path)
        if state.length == state.size:
            xml = state.tiff.text(state.tiff.directory(state.first))
            if xml is not None and remove(xml, label=str(path))[0] != xml:
                raise WriteError(
                    f"{path} holds an NBO block, but was changed or written anew by another program since, so that "
                    "there is no way back: restore the file from your copy of the original"
                )
            return WriteResult(path, "unchanged", 0)
        state.tiff.directory(state.first)
        if not writable:
            raise _read_only(path)
        check_untouched(fd, path, state.size, state.changed)
        with _told(path):
            _go_back(system, fd, state)
        check_named(fd, path)
    return WriteResult(path, "restored", state.length - state.size)


def read_base_xml(path: str | Path, *, system: System = SYSTEM) -> bytes | None:
    """Return the OME-XML of a TIFF as it is without a block, which is what embedding starts from.

    Parameters
    ----------
    path : str or Path
    system : System
        The system calls.

    Returns
    -------
    bytes or None
        None where the first directory has no ImageDescription.

    Raises
    ------
    WriteError
        If the file cannot be read as a TIFF.
    """
    path = Path(path).resolve()
    with _opened(path, system, write=False) as (fd, _):
        state = _state(system, fd, path)
        xml = state.tiff.text(state.tiff.directory(state.first))
        return None if xml is None else remove(xml, label=str(path))[0]


@contextlib.contextmanager
def _opened(path: Path, system: System, *, write: bool) -> Iterator[tuple[int, bool]]:
    """Open and lock a file; also say whether it can be written."""
    writable = write
    try:
        try:
            fd = system.open(path, os.O_RDWR if write else os.O_RDONLY)
        except OSError as error:
            if not write or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
            writable = False
            fd = system.open(path, os.O_RDONLY)
    except OSError as error:
        raise WriteError(f"{path} cannot be opened: {_system.cause(error)}") from error
    with _system.closing(system, fd):
        try:
            if writable and not system.lock(fd):
                raise WriteError(f"{path} is being written by another run of nbo-extract: try again when that is done")
            yield fd, writable
        except OSError as error:
            raise WriteError(f"{path} cannot be read: {_system.cause(error)}; {SIDECAR_HINT}") from error


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Put in words why writing failed."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"{path} could not be changed: {_system.cause(error)}; its pixels and original metadata are intact, "
            f"{SIDECAR_HINT}"
        ) from error


def _read_only(path: Path) -> WriteError:
    return WriteError(f"{path} is read-only: make it writable, or {SIDECAR_HINT}")


def _check_folder(path: Path, system: System) -> None:
    if not system.writable(path.parent):
        raise WriteError(
            f"{path} is left as it is, because its folder {path.parent} is read-only: make it writable, or write a "
            "sidecar elsewhere with -o"
        )


def _check_limit(state: _State, end: int) -> None:
    if end > state.tiff.kind.limit:
        raise WriteError(
            f"{state.tiff.path} is a classic TIFF of {state.length} bytes, and with {end - state.length} more it would "
            f"pass the 4 GiB that this format can address: {SIDECAR_HINT}, or convert it to BigTIFF"
        )


def _state(system: System, fd: int, path: Path) -> _State:
    status = os.fstat(fd)
    size, changed = status.st_size, status.st_mtime_ns
    tiff = TiffFile(system, fd, path, size)
    mark = _read_mark(system, fd, size)
    if mark is not None and tiff.first == mark.old_first:
        # Cut off before the header was changed, or after it was changed back.
        return _State(TiffFile(system, fd, path, mark.old_length), size, mark.old_first, False, changed)
    if mark is not None and tiff.first == mark.first and _is_whole(system, fd, size, mark):
        return _State(TiffFile(system, fd, path, mark.old_length), size, mark.old_first, True, changed)
    return _State(tiff, size, tiff.first, False, changed)


def _read_mark(system: System, fd: int, size: int) -> _Mark | None:
    """Return the mark at the end of a file, if it is one that was written here."""
    raw = _system.read_exactly(system, fd, size - _MARK.size, _MARK.size) if size > _MARK.size else b""
    if len(raw) < _MARK.size or not raw.startswith(_MAGIC):
        return None
    _, old_first, old_length, xml_at, xml_size, first, digest, _ = _MARK.unpack(raw)
    mark = _Mark(old_first, old_length, xml_at, xml_size, first, digest)
    sound = old_first < old_length <= xml_at < first < size - _MARK.size and mark.pack() == raw
    return mark if sound else None


def _is_whole(system: System, fd: int, size: int, mark: _Mark) -> bool:
    """Whether a block is as it was written; another program may have put its own text there."""
    body = _system.read_exactly(system, fd, mark.old_length, size - _MARK.size - mark.old_length)
    return hashlib.sha256(body).digest() == mark.digest


def _base(tiff: TiffFile, directory: Directory, base_xml: bytes | None) -> bytes:
    xml = tiff.text(directory)
    if xml is None and base_xml is not None:
        return base_xml
    if base_xml is not None:
        raise WriteError(f"{tiff.path} has an ImageDescription already, which is not written over; {SIDECAR_HINT}")
    if xml is None or not xml.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise WriteError(f"{tiff.path} is a TIFF without OME-XML, so that nothing can be embedded; {SIDECAR_HINT}")
    return xml


def _tail(state: _State, directory: Directory, xml: bytes) -> tuple[bytes, _Mark]:
    """Return all that follows the original."""
    length = state.length
    xml_at = _aligned(length)
    first = _aligned(xml_at + len(xml) + 1)
    # The copy has one entry more at most.
    most = len(directory.pack()) + state.tiff.kind.entry_size
    _check_limit(state, _aligned(first + most) + _SECTOR)
    copy = directory.describe(len(xml) + 1, xml_at).pack()
    gap = bytes(first - xml_at - len(xml))
    at = _aligned(first + len(copy))
    if at % _SECTOR > _SECTOR - _MARK.size:
        at += -at % _SECTOR
    body = b"".join([bytes(xml_at - length), xml, gap, copy, bytes(at - first - len(copy))])
    mark = _Mark(state.first, length, xml_at, len(xml), first, hashlib.sha256(body).digest())
    return body + mark.pack(), mark


def _aligned(offset: int) -> int:
    return -(-offset // 8) * 8


def _flip(system: System, fd: int, state: _State, first: int) -> None:
    """Point the header to a directory whose data may not be on the disk yet."""
    system.fsync(fd)
    _point(system, fd, state, first)


def _point(system: System, fd: int, state: _State, first: int) -> None:
    """Point the header to a directory, in one aligned write that no cut can halve."""
    kind = state.tiff.kind
    _system.write_exactly(system, fd, kind.first_at, struct.pack(kind.offset, first))
    system.fsync(fd)


def _go_back(system: System, fd: int, state: _State) -> None:
    """Make a file the original again; where that fails, leave it the block that it has."""
    try:
        if state.embedded:
            _flip(system, fd, state, state.first)
        if state.size > state.length:
            expect(system, fd, state.tiff.kind, state.size, state.first)
            system.truncate(fd, state.length)
    except (OSError, KeyboardInterrupt):
        with contextlib.suppress(OSError):
            # Not where the truncation was done all the same, nor where the header is that of another program.
            size, ours = os.fstat(fd).st_size, (state.first, state.tiff.first)
            if state.embedded and size >= state.size and not is_theirs(system, fd, state.tiff.kind, size, ours):
                _point(system, fd, state, state.tiff.first)
        raise
    if state.size > state.length:
        system.fsync(fd)


def _append(system: System, fd: int, state: _State, tail: bytes, mark: _Mark) -> None:
    length = state.length
    end = length + len(tail)
    flipped = False
    expect(system, fd, state.tiff.kind, length, state.first)
    try:
        if system.write(fd, end - _MARK.size, tail[-_MARK.size :]) != _MARK.size:
            raise OSError(errno.ENOSPC, "the disk is full")
        system.fsync(fd)
        expect(system, fd, state.tiff.kind, end, state.first)
        _system.write_exactly(system, fd, length, tail[: -_MARK.size])
        expect(system, fd, state.tiff.kind, end, state.first)
        flipped = True
        _flip(system, fd, state, mark.first)
        expect(system, fd, state.tiff.kind, end, mark.first)
        if _system.read_exactly(system, fd, length, len(tail)) != tail:
            raise OSError(errno.EIO, "what was written reads back differently")
    except (OSError, KeyboardInterrupt):
        with contextlib.suppress(OSError):
            if not is_theirs(system, fd, state.tiff.kind, end, (state.first, mark.first)):
                if flipped:
                    _point(system, fd, state, state.first)
                system.truncate(fd, length)
                system.fsync(fd)
        raise
