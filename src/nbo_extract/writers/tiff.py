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
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._change import Change
from nbo_extract.writers._ifd import TiffFile
from nbo_extract.writers._keep import hash_data, keep_backup
from nbo_extract.writers._meanwhile import check_named, unchanged
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.block import PLAIN, Safety, WriteResult
from nbo_extract.writers.omexml import is_markup, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.writers.block import Block

#: Left free on the disk beside what is appended.
RESERVE: Final = 1 << 20
#: So much of OME-XML tells that it is.
_HEAD: Final = 4096


def embed_tiff(
    path: str | Path,
    block: Block,
    *,
    dry_run: bool = False,
    base_xml: bytes | None = None,
    safety: Safety = PLAIN,
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
    safety : Safety
        What is asked for beyond what is always done.
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
    named = Path(path)
    path = _system.refuse_links(named, follow=safety.follow_links)
    with opened(path, system, write=not dry_run) as (fd, writable):
        change = Change(system, fd, path)
        plan = change.plan(block, base_xml, label=str(named))
        if change.done:
            return WriteResult(named, "unchanged", 0)
        if dry_run:
            return WriteResult(named, "dry-run", change.growth, plan.diff(str(named)))
        if not writable:
            raise read_only(path)
        check_folder(path, system)
        _system.check_free(system, path.parent, path, change.appended + RESERVE)
        tiff, first = change.tiff, change.first
        count, digest = hash_data(tiff, first) if safety.verify_pixels else (0, "")
        backup = str(keep_backup(system, path, tiff, first)) if safety.backup else ""
        change.check_untouched()
        with told(path):
            change.go_back()
            try:
                change.append()
                change.flip()
                change.check()
            except (OSError, KeyboardInterrupt):
                change.undo()
                raise
        if safety.verify_pixels:
            check_data(change, digest)
        check_named(fd, path)
    return WriteResult(named, "embedded", change.growth, backup=backup, verified=count)


def restore_tiff(path: str | Path, *, safety: Safety = PLAIN, system: System = SYSTEM) -> WriteResult:
    """Take the block out of a TIFF: the original bytes again, to the last one.

    Parameters
    ----------
    path : str or Path
    safety : Safety
        Whether links are followed.
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
    named = Path(path)
    path = _system.refuse_links(named, follow=safety.follow_links)
    with opened(path, system, write=True) as (fd, writable):
        change = Change(system, fd, path)
        if not change.changed:
            check_gone(change)
            return WriteResult(named, "unchanged", 0)
        change.tiff.directory(change.first)
        if not writable:
            raise read_only(path)
        change.check_untouched()
        with told(path):
            change.go_back()
        check_named(fd, path)
    return WriteResult(named, "restored", change.length - change.size)


def check_gone(change: Change) -> None:
    """Check that a TIFF that ends without a mark holds no block either.

    Raises
    ------
    WriteError
        If it does: another program has written it anew, so that there is no way back.
    """
    xml, path = change.xml, change.path
    if xml is not None and remove(xml, label=str(path))[0] != xml:
        raise WriteError(
            f"{path} holds an NBO block, but was changed or written anew by another program since, so that "
            "there is no way back: restore the file from your copy of the original"
        )


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
    with opened(path, system, write=False) as (fd, _), unchanged(system, fd, path):
        xml = Change(system, fd, path).xml
        return None if xml is None else remove(xml, label=str(path))[0]


def original_header(path: str | Path, *, system: System = SYSTEM) -> tuple[int, bytes]:
    """Return how long a TIFF is without a block, and how it begins then.

    Parameters
    ----------
    path : str or Path
    system : System
        The system calls.

    Returns
    -------
    int
        So many bytes of the file are the original, apart from the header.
    bytes
        The original header; all that follows it in the original is as it stands in the file.

    Raises
    ------
    WriteError
        If the file cannot be read as a TIFF.
    """
    path = Path(path).resolve()
    with opened(path, system, write=False) as (fd, _):
        change = Change(system, fd, path)
        kind = change.tiff.kind
        start = _system.read_exactly(system, fd, 0, kind.first_at)
        return change.length, start + struct.pack(kind.offset, change.first)


def takes_block(path: str | Path, *, system: System = SYSTEM) -> bool:
    """Whether a block can be embedded into a TIFF: it has OME-XML, or is one page without any description.

    A damaged file counts as one that can: embedding says what is wrong with it.
    """
    path = Path(path).resolve()
    try:
        with opened(path, system, write=False) as (fd, _):
            change = Change(system, fd, path)
            directory = change.tiff.directory(change.first)
            xml = change.tiff.text(directory)
    except WriteError:
        return True
    if xml is None:
        return not any(directory.next)
    return is_markup(xml) and b"openmicroscopy.org" in xml[:_HEAD]


@contextlib.contextmanager
def opened(path: Path, system: System, *, write: bool) -> Iterator[tuple[int, bool]]:
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
                sentence = f"{path} is being written by another run of nbo-extract: try again when that is done"
                raise WriteError(sentence) from BlockingIOError(errno.EAGAIN, "locked")
            yield fd, writable
        except OSError as error:
            raise WriteError(f"{path} cannot be read: {_system.cause(error)}; {SIDECAR_HINT}") from error


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """Put in words why writing failed."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"{path} could not be changed: {_system.cause(error)}; its pixels and original metadata are intact, "
            f"{SIDECAR_HINT}"
        ) from error


def read_only(path: Path) -> WriteError:
    """Return the refusal of a file that may not be written."""
    return WriteError(f"{path} is read-only: make it writable, or {SIDECAR_HINT}")


def check_folder(path: Path, system: System) -> None:
    """Check that the folder of a file may be written: a person who protects it means its files, too."""
    if not system.writable(path.parent):
        raise WriteError(
            f"{path} is left as it is, because its folder {path.parent} is read-only: make it writable, or write a "
            "sidecar elsewhere with -o"
        )


def check_data(change: Change, digest: str) -> None:
    """Check that all image data are what they were; take the block out again where they are not.

    Parameters
    ----------
    change : Change
        That was carried out.
    digest : str
        Of the image data before.

    Raises
    ------
    WriteError
        If they are not.
    """
    system, fd, path = change.system, change.fd, change.path
    try:
        now = TiffFile(system, fd, path, change.length + change.appended)
        same = hash_data(now, now.first)[1] == digest
    except (OSError, WriteError):
        same = False
    if not same:
        change.undo()
        raise WriteError(
            f"{path}: its image data are not what they were before, so the block was taken out again; another program "
            "or the disk has changed them: compare the file with your copy of it"
        )
