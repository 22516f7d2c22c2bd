"""What another program does to a TIFF in the meantime: seen where it can be, so that nothing of theirs is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers._system import System, is_named, read_exactly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.writers._ifd import Kind

#: The longest header of a TIFF.
_HEADER: Final = 16


def check_untouched(fd: int, path: Path, size: int, changed: int) -> None:
    """Check that no program has written a file since it had this size and time of modification.

    Raises
    ------
    WriteError
        If one has.
    """
    status = os.fstat(fd)
    if (status.st_size, status.st_mtime_ns) != (size, changed):
        raise WriteError(f"{path} was changed by another program just now: try again when that is done")
    check_named(fd, path)


def check_named(fd: int, path: Path) -> None:
    """Check that an open file is still the one of its name.

    Raises
    ------
    WriteError
        If another one is called so.
    """
    if not is_named(fd, path):
        raise WriteError(
            f"{path} was replaced by another program just now, and what that wrote is left as it is: try again"
        )


@contextlib.contextmanager
def unchanged(system: System, fd: int, path: Path) -> Iterator[None]:
    """Read a file that is not locked; what is found in one that changes meanwhile says nothing, not even of damage.

    Raises
    ------
    WriteError
        If the file changed, instead of what else was raised.
    """
    status, head = os.fstat(fd), read_exactly(system, fd, 0, _HEADER)
    try:
        yield
    finally:
        now = os.fstat(fd)
        same = (now.st_size, now.st_mtime_ns) == (status.st_size, status.st_mtime_ns)
        if not same or read_exactly(system, fd, 0, _HEADER) != head:
            raise WriteError(f"{path} was changed by another program just now: try again when that is done")


def expect(system: System, fd: int, kind: Kind, size: int, first: int) -> None:
    """Check, while writing, that length and header are what was written here.

    Raises
    ------
    OSError
        If another program has written.
    """
    if read_first(system, fd, kind) != first or os.fstat(fd).st_size != size:
        raise OSError(errno.EBUSY, "another program is writing it")


def is_theirs(system: System, fd: int, kind: Kind, size: int, ours: tuple[int, int]) -> bool:
    """Whether another program has made a file longer than it was made here, or pointed its header elsewhere."""
    try:
        return os.fstat(fd).st_size > size or read_first(system, fd, kind) not in ours
    except OSError:
        return False


def read_first(system: System, fd: int, kind: Kind) -> int:
    """Return the offset of the first directory, read anew."""
    raw = read_exactly(system, fd, kind.first_at, kind.offset_size)
    return int(struct.unpack(kind.offset, raw.ljust(kind.offset_size, b"\0"))[0])
