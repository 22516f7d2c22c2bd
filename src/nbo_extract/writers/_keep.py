"""What is asked for beyond what is always done: a copy of the original, and proof that pixels are what they were."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import struct
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._chain import data_places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.writers._ifd import TiffFile
    from nbo_extract.writers._system import System

_CHUNK: Final = 1 << 22


def backup_of(path: Path) -> Path:
    """Return where the copy of a file is kept."""
    return path.with_name(f"{path.name}.nbo-backup")


def keep_backup(system: System, path: Path, tiff: TiffFile, first: int) -> Path:
    """Keep a copy of the original beside a TIFF, with its permissions and times.

    A copy that is there already and holds just this is left as it is.

    Parameters
    ----------
    system : System
        The system calls.
    path : Path
    tiff : TiffFile
        The original within the open file.
    first : int
        Its first directory.

    Raises
    ------
    WriteError
        If there is another file of this name, or no room; nothing was changed then.
    """
    target = backup_of(path)
    if os.path.lexists(target):
        if not _holds(system, target, tiff, first):
            raise WriteError(
                f"{path} is left as it is, because {target} is there already and is no copy of it: move that away"
            )
        return target
    _system.check_free(system, path.parent, path, tiff.length)
    try:
        _copy(system, target, tiff, first)
    except OSError as error:
        raise WriteError(
            f"{path} is left as it is, because its copy {target} could not be written: {_system.cause(error)}"
        ) from error
    return target


def _copy(system: System, target: Path, tiff: TiffFile, first: int) -> None:
    status = os.fstat(tiff.fd)
    with _system.prepared(target, system) as fd:
        at = 0
        for chunk in _original(tiff, first):
            _system.write_exactly(system, fd, at, chunk)
            at += len(chunk)
        system.chmod(fd, stat.S_IMODE(status.st_mode))
        system.fsync(fd)
        if not _same(system, fd, tiff, first):
            raise OSError(errno.EIO, "what was written reads back differently")
        os.utime(_system.spare_of(target), ns=(status.st_atime_ns, status.st_mtime_ns))


def _original(tiff: TiffFile, first: int) -> Iterator[bytes]:
    """Yield the bytes of the original: those of the file, and the header that points to its first directory."""
    kind = tiff.kind
    at = 0
    while at < tiff.length:
        part = _system.read_exactly(tiff.system, tiff.fd, at, min(_CHUNK, tiff.length - at))
        if not part:
            raise OSError(errno.EIO, "the file became shorter while it was read")
        if at == 0:
            head = struct.pack(kind.offset, first)
            part = part[: kind.first_at] + head + part[kind.first_at + len(head) :]
        yield part
        at += len(part)


def _same(system: System, fd: int, tiff: TiffFile, first: int) -> bool:
    at = 0
    for chunk in _original(tiff, first):
        if _system.read_exactly(system, fd, at, len(chunk)) != chunk:
            return False
        at += len(chunk)
    return not system.read(fd, at, 1)


def _holds(system: System, target: Path, tiff: TiffFile, first: int) -> bool:
    try:
        if target.is_symlink() or not target.is_file():
            return False
        fd = system.open(target, os.O_RDONLY)
    except OSError:
        return False
    with _system.closing(system, fd):
        return os.fstat(fd).st_size == tiff.length and _same(system, fd, tiff, first)


def hash_data(tiff: TiffFile, first: int) -> tuple[int, str]:
    """Hash every strip and tile of all directories, levels of pyramids included.

    Parameters
    ----------
    tiff : TiffFile
    first : int
        Where the chain of directories begins.

    Returns
    -------
    int
        Number of strips and tiles.
    str
        SHA-256 over number, length and bytes of each.

    Raises
    ------
    WriteError
        If one lies beyond the end of the file.
    """
    digest = hashlib.sha256()
    count = 0
    for offset, size in data_places(tiff, first):
        digest.update(struct.pack("<QQ", count, size))
        end = offset + size
        while offset < end:
            part = _system.read_exactly(tiff.system, tiff.fd, offset, min(_CHUNK, end - offset))
            if not part:
                raise tiff.damaged(f"its image data at byte {offset} cannot be read")
            digest.update(part)
            offset += len(part)
        count += 1
    return count, digest.hexdigest()
