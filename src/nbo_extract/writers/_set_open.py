"""Opening and locking many files at once."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers._meanwhile import check_named
from nbo_extract.writers._system import SIDECAR_HINT
from nbo_extract.writers.tiff import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.writers._system import System

#: Descriptors for everything else.
_OTHERS: Final = 64


@contextlib.contextmanager
def enough_files(number: int, label: Path) -> Iterator[None]:
    """Let this process have a number of files open, if the system allows it; the limit is put back at the end.

    Raises
    ------
    WriteError
        If the system does not allow it.
    """
    if sys.platform == "win32":
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number + _OTHERS
    if soft == resource.RLIM_INFINITY or wanted <= soft:
        yield
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        raise WriteError(
            f"{label} is left as it is, because its set has {number} files, and {soft} may be open at once: raise "
            f"that limit (ulimit -n {wanted}), or {SIDECAR_HINT}"
        ) from error
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def opened_carrier(path: Path, system: System, *, write: bool) -> Iterator[tuple[int, bool]]:
    """Open and lock a file of a set; also say whether it can be written."""
    with opened(path, system, write=write) as (fd, writable):
        # A companion file may have been replaced between opening and locking.
        if write:
            check_named(fd, path)
        yield fd, writable
