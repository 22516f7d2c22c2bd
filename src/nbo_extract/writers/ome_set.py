"""Embedding into OME-TIFF datasets of several files as one unit, and the way back.

Readers take the OME-XML of the file that they are given, so that each file that holds all of it gets the block. All
files are open, locked and planned before the first byte is written. Then every file gets what is appended, which
changes nothing for readers; then the headers are pointed to it, one file after the other; then all is read back. An
error undoes all files. After a kill each file is the old or the new one, and the next run completes or undoes the set.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nbo_extract.counting import counted
from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._set_carriers import PHASES, Companion, Member
from nbo_extract.writers._set_files import digest_of, is_tiff, state
from nbo_extract.writers._set_open import enough_files, opened_carrier
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.block import OWN_NAMESPACES, PLAIN, Safety, WriteResult
from nbo_extract.writers.omexml import remove
from nbo_extract.writers.tiff import RESERVE, check_folder, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbo_extract.writers._set_files import FileSet
    from nbo_extract.writers.block import Block

Carrier = Member | Companion
_NAMED: Final = 5
#: Files whose difference a dry run shows.
_SHOWN: Final = 8


def embed_set(
    found: FileSet,
    block: Block,
    *,
    dry_run: bool = False,
    safety: Safety = PLAIN,
    system: System = SYSTEM,
) -> WriteResult:
    """Embed a block into all files of a set that hold its OME-XML.

    Members that hold pixels alone are never touched. A set that is not whole is not changed.

    Parameters
    ----------
    found : FileSet
    block : Block
    dry_run : bool
        Only say what would change.
    safety : Safety
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        Of the file that tells of the set, and how many more; growth is that of all.

    Raises
    ------
    WriteError
        If one of the files cannot be changed safely. All are then as they were, or, where they held another block,
        the originals.
    """
    with _carriers(found, system, safety, write=not dry_run, whole=True) as (carriers, unwritable):
        diffs: list[str] = []
        for carrier in carriers:
            with _about(carrier.path):
                splice = carrier.plan(block)
            if dry_run and not carrier.done and len(diffs) < _SHOWN:
                diffs.append(splice.diff(str(carrier.path)))
        todo = [c for c in carriers if not c.done]
        more = len(carriers) - 1
        if not todo:
            return WriteResult(found.root, "unchanged", 0, more=more)
        growth = sum(c.growth for c in todo)
        if dry_run:
            if len(todo) > len(diffs):
                diffs.append(f"{counted(len(todo) - len(diffs), 'more file')} of this set would change alike\n")
            return WriteResult(found.root, "dry-run", growth, "".join(diffs), more=more)
        _check_places(todo, unwritable, system)
        for carrier in todo:
            with _about(carrier.path):
                carrier.prepare(safety)
        for carrier in todo:
            with _about(carrier.path):
                carrier.check_untouched()
        _write(carriers, todo, block)
    first = next((c for c in todo if c.path.name == found.root.name), todo[0])
    verified = sum(c.verified for c in todo)
    result = WriteResult(found.root, "embedded", growth, backup=first.backup, verified=verified, more=more)
    return replace(result, interrupted=_is_half_done(carriers))


def restore_set(
    found: FileSet,
    *,
    safety: Safety = PLAIN,
    system: System = SYSTEM,
) -> WriteResult:
    """Take the block out of all files of a set: the original bytes again, to the last one.

    Files of the set that are missing do not hinder the others.

    Parameters
    ----------
    found : FileSet
    safety : Safety
    system : System
        The system calls.

    Returns
    -------
    WriteResult
        State ``restored``, or ``unchanged`` where no file holds a block.

    Raises
    ------
    WriteError
        If another program has changed one of the files since, or one cannot be changed; the message names it.
    """
    with _carriers(found, system, safety, write=True, whole=False) as (carriers, unwritable):
        for carrier in carriers:
            with _about(carrier.path):
                carrier.check_gone()
        todo = [c for c in carriers if c.changed]
        if not todo:
            return WriteResult(found.root, "unchanged", 0)
        for carrier in todo:
            if carrier.path in unwritable:
                raise read_only(carrier.path)
        for carrier in todo:
            with _about(carrier.path):
                carrier.check_untouched()
        for number, carrier in enumerate(todo):
            try:
                carrier.go_back()
            except OSError as error:
                raise WriteError(
                    f"{carrier.path} could not be changed: {_system.cause(error)}; {number} of {len(todo)} files of "
                    "its set are restored, and all are intact: run restore again"
                ) from error
        shrunk = sum(carrier.length - carrier.size for carrier in todo)
    interrupted = _is_half_done(carriers)
    return WriteResult(found.root, "restored", shrunk, more=len(todo) - 1, interrupted=interrupted)


def _is_half_done(carriers: Sequence[Carrier]) -> bool:
    """Whether files of a set were found in different states, or one with what was never brought to its end."""
    return len({c.embedded for c in carriers}) > 1 or any(c.changed and not c.embedded for c in carriers)


def _write(carriers: Sequence[Carrier], todo: Sequence[Carrier], block: Block) -> None:
    """Change all files, or none."""
    at = todo[0]
    try:
        for phase in PHASES:
            for at in todo:
                at.phase = phase
                if phase == "append":
                    at.append(block)
                else:
                    getattr(at, phase)()
    except (Exception, KeyboardInterrupt) as error:
        held = [c.path.name for c in carriers if not c.revert(alone=len(carriers) == 1)]
        if not isinstance(error, (OSError, WriteError)):
            raise
        cause = _system.cause(error) if isinstance(error, OSError) else error.message
        told = "all files of its set are intact, and so are their pixels"
        if held:
            told = f"its pixels are intact, but {_listed(held)} may hold the block now: run nbo-extract restore"
        raise WriteError(f"{at.path} could not be changed: {cause}; {told}; {SIDECAR_HINT}") from error


def _check_places(todo: Sequence[Carrier], unwritable: set[Path], system: System) -> None:
    needed: dict[int, int] = {}
    where: dict[int, Path] = {}
    folders: set[Path] = set()
    for carrier in todo:
        if carrier.path in unwritable:
            raise read_only(carrier.path)
        folder = carrier.path.parent
        if folder not in folders:
            folders.add(folder)
            check_folder(carrier.path, system)
        device = folder.stat().st_dev
        where.setdefault(device, carrier.path)
        needed[device] = needed.get(device, RESERVE) + carrier.appended
    for device, path in where.items():
        _system.check_free(system, path.parent, path, needed[device])


# -- which files --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _carriers(
    found: FileSet, system: System, safety: Safety, *, write: bool, whole: bool
) -> Iterator[tuple[list[Carrier], set[Path]]]:
    """Open and lock the files of a set that hold its OME-XML; also say which of them cannot be written.

    Files are locked in the order of their names, and never waited for: two runs cannot block each other.
    """
    carriers: list[Carrier] = []
    unwritable: set[Path] = set()
    seen: set[tuple[int, int]] = set()
    pixels_only = 0
    with enough_files(len(found.members) + 1, found.root), contextlib.ExitStack() as stack:
        for named in sorted([found.root, *found.members]):
            path = _system.refuse_links(named, follow=safety.follow_links)
            status = path.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue  # another name that leads to the same file
            seen.add((status.st_dev, status.st_ino))
            with contextlib.ExitStack() as one:
                fd, writable = one.enter_context(opened_carrier(path, system, write=write))
                with _about(path):
                    carrier: Carrier
                    if named == found.root and not is_tiff(path):
                        carrier = Companion(system, fd, path)
                        if write and writable:
                            carrier.tidy()
                    else:
                        carrier = Member(system, fd, path)
                    carries = named == found.root or _carries(carrier, found, named.name, whole=whole)
                if not carries:
                    pixels_only += _holds_pixels_only(carrier)
                    continue
                carriers.append(carrier)
                if not writable:
                    unwritable.add(path)
                stack.push(one.pop_all())
        if whole and found.missing:
            # Beside members with pixels alone, the missing ones are such as well; else they would hold the OME-XML.
            companion = isinstance(carriers[0], Companion)
            if len(carriers) > 1 or not (companion or pixels_only):
                raise _not_whole(found)
        yield carriers, unwritable


def _not_whole(found: FileSet) -> WriteError:
    are = "a file of its set is" if len(found.missing) == 1 else f"{len(found.missing):,} files of its set are"
    return WriteError(
        f"{found.root} is left as it is, because {are} not in its folder: {_listed(found.missing)}; bring the set "
        f"together, or {SIDECAR_HINT}"
    )


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _is_ome(xml: bytes | None) -> bool:
    return xml is not None and b"openmicroscopy.org" in xml[:4096]


def _holds_pixels_only(carrier: Carrier) -> bool:
    xml = carrier.xml
    return xml is None or not _is_ome(xml) or state(xml, str(carrier.path)).metadata_file is not None


def _carries(carrier: Carrier, found: FileSet, name: str, *, whole: bool) -> bool:
    """Whether a member holds the OME-XML of its set, rather than pixels alone or an image of its own.

    Raises
    ------
    WriteError
        If it tells otherwise of the same files. Where the set need not be `whole`, only if it holds a block, too.
    """
    label, text = str(carrier.path), carrier.xml
    if text is None or not _is_ome(text):
        return False
    base = remove(text, label=label)[0]
    if digest_of(base) == found.stated.digest:
        return True
    stated = state(base, label)
    if stated.metadata_file is not None:
        return False
    names, wanted = set(stated.files), set(found.stated.files)
    if names == wanted and stated.images == found.stated.images:
        return True
    if (names - {name}).isdisjoint(wanted - {name}):
        return False
    if not whole and OWN_NAMESPACES.encode() not in text and not carrier.changed:
        return False
    what = "other images" if names == wanted else "other files"
    raise WriteError(
        f"{carrier.path} is left as it is with all of its set, because it states {what} than {found.root.name}: "
        f"bring together what belongs together, or {SIDECAR_HINT}"
    )


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path} cannot be read: {_system.cause(error)}; {SIDECAR_HINT}") from error
