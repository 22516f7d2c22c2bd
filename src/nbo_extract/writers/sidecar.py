"""A file of its own beside an image."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._system import SYSTEM, System
from nbo_extract.writers.block import WriteResult

if TYPE_CHECKING:
    from pathlib import Path


def write_sidecar(path: Path, text: str, *, dry_run: bool = False, system: System = SYSTEM) -> WriteResult:
    """Write a text file: the old or the new content at every instant, and nothing where it is the same already.

    Parameters
    ----------
    path : Path
        The folder must exist.
    text : str
        Written as UTF-8, line ends as they are.
    dry_run : bool
        Only say whether it would change.
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``written``, ``unchanged`` or ``dry-run``.

    Raises
    ------
    WriteError
        If it cannot be written; what was there is as it was.
    """
    return write_bytes(path, text.encode("utf-8"), dry_run=dry_run, system=system)


def write_bytes(path: Path, data: bytes, *, dry_run: bool = False, system: System = SYSTEM) -> WriteResult:
    """Write a file: the old or the new content at every instant; as `write_sidecar` does for a text.

    Parameters
    ----------
    path : Path
        The folder must exist.
    data : bytes
    dry_run : bool
        Only say whether it would change.
    system : System
        The system calls.

    Returns
    -------
    WriteResult

    Raises
    ------
    WriteError
        If it cannot be written; what was there is as it was.
    """
    if not path.parent.is_dir():
        raise WriteError(f"{path} cannot be written, because there is no folder {path.parent}: make it, or choose -o")
    before = _content(path)
    growth = len(data) - len(before or b"")
    if before == data:
        return WriteResult(path, "unchanged", 0)
    if dry_run:
        return WriteResult(path, "dry-run", growth)
    _system.check_free(system, path.parent, path, len(data))
    try:
        _system.replace_file(path, data, system)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise WriteError(
                f"{path} cannot be written, because its folder {path.parent} is read-only: choose another with -o"
            ) from error
        raise WriteError(f"{path} cannot be written: {_system.cause(error)}; choose another place with -o") from error
    return WriteResult(path, "written", growth)


def _content(path: Path) -> bytes | None:
    if path.is_symlink() or path.exists():
        _system.refuse_links(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise WriteError(
                f"{path} is there already and cannot be read: {_system.cause(error)}; choose another place with -o"
            ) from error
    return None
