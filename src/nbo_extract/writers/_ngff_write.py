"""Carrying out changes of the metadata files of an OME-Zarr, in a folder or behind a URL."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import ChangedError, NboExtractError, WriteError
from nbo_extract.stores_remote import RemoteStore
from nbo_extract.writers import _system
from nbo_extract.writers._system import SIDECAR_HINT
from nbo_extract.writers.block import WriteResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbo_extract.stores import LocalStore
    from nbo_extract.writers._system import System
    from nbo_extract.writers.block import Safety, State

OME_XML: Final = "OME/METADATA.ome.xml"
CONSOLIDATED: Final = ".zmetadata"
FILES: Final = (OME_XML, CONSOLIDATED, ".zattrs", "zarr.json")
BACKUP: Final = ".nbo-backup"


@dataclass(frozen=True, slots=True)
class Change:
    """New content of one file.

    Attributes
    ----------
    name : str
        Below the root of the store, with ``/``.
    before, after : bytes
    original : bytes
        What it is without any block: what a backup holds.
    diff : str
        How it differs from the original.
    """

    name: str
    before: bytes
    after: bytes
    original: bytes
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to a store.

    Attributes
    ----------
    store : LocalStore or RemoteStore
    changes : tuple of Change
        In the order in which they are carried out.
    state : str
        What the result is called.
    dry_run : bool
    safety : Safety
    """

    store: LocalStore | RemoteStore
    changes: tuple[Change, ...]
    state: State
    dry_run: bool
    safety: Safety

    @property
    def needed(self) -> list[Change]:
        """The changes that change something."""
        return [c for c in self.changes if c.before != c.after]

    @property
    def path(self) -> Path | str:
        """The store, for the result."""
        return self.store.label if isinstance(self.store, RemoteStore) else Path(self.store.path)

    def result(self, verified: int = 0) -> WriteResult:
        """Return the result when all is done, or would be."""
        needed = self.needed
        if not needed:
            return WriteResult(self.path, "unchanged", 0)
        growth = sum(len(c.after) - len(c.before) for c in needed)
        if self.dry_run:
            return WriteResult(self.path, "dry-run", growth, "".join(c.diff for c in self.changes))
        kept = ", ".join(f"{self.store.name(c.name)}{BACKUP}" for c in self.backups())
        return WriteResult(self.path, self.state, growth, backup=kept, verified=verified)

    def backups(self) -> list[Change]:
        """Return the backups that are asked for, each as a change of the file that it is of."""
        return self.needed if self.safety.backup and self.state == "embedded" else []


def read(store: LocalStore | RemoteStore, name: str) -> bytes | None:
    """Return the content of a file, None where there is none.

    Raises
    ------
    WriteError
        If it cannot be read, or it cannot be told whether it is there.
    """
    try:
        return store.load(name, strict=True)
    except WriteError:
        raise
    except NboExtractError as error:
        raise WriteError(f"{error.message.rstrip('.')}; or {SIDECAR_HINT}") from error


def carry_out(plan: Plan, system: System) -> WriteResult:
    """Make the changes, or say what they would be.

    Raises
    ------
    WriteError
        If that is not possible; each file is then old or new.
    """
    if isinstance(plan.store, RemoteStore):
        return _remote(plan, plan.store)
    return _local(plan, plan.store, system)


def _is_ours(plan: Plan) -> Callable[[str], bool]:
    """Return what tells the files that are changed or made here, which are no pixels."""
    names = {c.name for c in plan.needed}
    made = names | {f"{n}{BACKUP}" for n in FILES} | {str(_system.spare_of(Path(n)).as_posix()) for n in FILES}
    return lambda name: name in made or name.endswith(f"{BACKUP}.nbo-tmp")


def _differing(before: dict[str, str], after: dict[str, str]) -> str:
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    return f"{len(names)} other files of it, such as {names[0]}," if len(names) > 1 else "".join(names)


def _words_for_pixels(label: str, names: str) -> str:
    return (
        f"{label}: {names} changed while metadata were embedded, so that these were taken out again: make sure that no "
        f"other program is writing the store, and try again, or {SIDECAR_HINT}"
    )


# -- folders ----------------------------------------------------------------------------------------------------------


def _local(plan: Plan, store: LocalStore, system: System) -> WriteResult:
    needed, folder = plan.needed, Path(store.path)
    places = {c.name: _place(folder, c.name, plan.safety) for c in needed}
    if plan.dry_run:
        return plan.result()
    left = [spare for spare in _spares(folder, places) if os.path.lexists(spare)]
    if not (needed or left):
        return plan.result()
    for parent in sorted({p.parent for p in places.values()}):
        if not system.writable(parent):
            raise WriteError(f"{folder} is left as it is, because its folder {parent} is read-only: {SIDECAR_HINT}")
    kept = plan.backups()
    before: dict[str, str] | None = None
    _system.check_free(system, folder, folder, sum(len(c.after) for c in needed) + sum(len(c.original) for c in kept))
    try:
        for change in kept:
            _back_up(places[change.name], change, system)
        before = store.fingerprints(_is_ours(plan)) if plan.safety.verify_pixels else None
        for change in needed:
            if places[change.name].read_bytes() != change.before:
                raise WriteError(f"{places[change.name]} was changed by another program just now: try again")
            _system.replace_file(places[change.name], change.after, system, before=change.before)
        # What an interrupted run left beside files that are as they should be.
        for spare in left:
            if os.path.lexists(spare):
                system.unlink(spare)
        if before is not None and before != (after := store.fingerprints(_is_ours(plan))):
            for change in reversed(needed):
                _system.replace_file(places[change.name], change.before, system, before=change.after)
            raise WriteError(_words_for_pixels(str(folder), _differing(before, after)))
    except OSError as error:
        raise WriteError(
            f"{folder} could not be changed: {_system.cause(error)}; each of its files is whole, old or new: run "
            f"again when that is mended, or {SIDECAR_HINT}"
        ) from error
    return plan.result(len(before or ()))


def _spares(folder: Path, places: dict[str, Path]) -> list[Path]:
    files = {folder / name for name in FILES} | set(places.values())
    return [_system.spare_of(p.with_name(f"{p.name}{end}")) for p in sorted(files) for end in ("", BACKUP)]


def _place(folder: Path, name: str, safety: Safety) -> Path:
    """Return the file behind a name; links on the way from the folder on are followed only where that is wanted.

    A file with hard links is refused in any case: its new content is another file, which would part it from them.
    """
    parts = name.split("/")
    links = [p for p in (folder, *(folder.joinpath(*parts[: n + 1]) for n in range(len(parts)))) if p.is_symlink()]
    if links and not safety.follow_links:
        raise WriteError(
            f"{links[0]} is a symbolic link, and what links point to is not changed: give --follow-links to change it "
            f"all the same, or {SIDECAR_HINT}"
        )
    place = folder.joinpath(*parts)
    try:
        place = place.resolve(strict=True) if links else place
        number = place.stat().st_nlink
    except OSError as error:
        raise WriteError(f"{place} cannot be opened: {_system.cause(error)}; {SIDECAR_HINT}") from error
    if number > 1:
        raise WriteError(
            f"{place} is one of {number} hard links to the same data, and a changed file would be parted from the "
            f"others: put a copy in its place first, or {SIDECAR_HINT}"
        )
    return place


def _back_up(place: Path, change: Change, system: System) -> None:
    target = place.with_name(f"{place.name}{BACKUP}")
    if not os.path.lexists(target):
        _system.replace_file(target, change.original, system, like=place)
    elif target.is_symlink() or target.read_bytes() != change.original:
        raise _other_backup(str(target), str(place))


def _other_backup(backup: str, file: str) -> WriteError:
    return WriteError(
        f"{file} is left as it is, because {backup} is there already and is no copy of its original: move that away"
    )


@contextlib.contextmanager
def locked(store: LocalStore | RemoteStore, system: System, dry_run: bool) -> Iterator[None]:
    """Keep other runs away from a store.

    On Windows, where folders cannot be locked, each file has its lock; behind a URL each write has its condition.
    """
    if dry_run or isinstance(store, RemoteStore) or sys.platform == "win32":
        yield
        return
    path = Path(store.path)
    with contextlib.ExitStack() as stack:
        try:
            fd = stack.enter_context(_system.closing(system, system.open(path.resolve(), os.O_RDONLY)))
            held = system.lock(fd)
        except OSError as error:
            raise WriteError(f"{path} cannot be opened: {_system.cause(error)}; {SIDECAR_HINT}") from error
        if not held:
            sentence = f"{path} is being written by another run of nbo-extract: try again when that is done"
            raise WriteError(sentence) from BlockingIOError(errno.EAGAIN, "locked")
        yield


# -- behind a URL -----------------------------------------------------------------------------------------------------


def _remote(plan: Plan, store: RemoteStore) -> WriteResult:
    if plan.dry_run or not plan.needed:
        return plan.result()
    done: list[Change] = []
    before: dict[str, str] | None = None
    try:
        for change in plan.backups():
            _back_up_remote(store, change)
        before = store.fingerprints(_is_ours(plan)) if plan.safety.verify_pixels else None
        for change in plan.needed:
            store.put(change.name, change.before, change.after)
            done.append(change)
        if before is not None and before != (after := store.fingerprints(_is_ours(plan))):
            _undo(store, done)
            raise WriteError(_words_for_pixels(store.label, _differing(before, after)))
    except ChangedError as error:
        raise WriteError(error.message) from error
    except WriteError:
        raise
    except NboExtractError as error:
        raise WriteError(
            f"{error.message}; each file of the store is whole, old or new: run again when that is mended, or "
            f"{SIDECAR_HINT}"
        ) from error
    return plan.result(len(before or ()))


def _undo(store: RemoteStore, done: Sequence[Change]) -> None:
    for change in reversed(done):
        store.put(change.name, change.after, change.before)


def _back_up_remote(store: RemoteStore, change: Change) -> None:
    name = f"{change.name}{BACKUP}"
    there = read(store, name)
    if there is None:
        store.put(name, None, change.original)
    elif there != change.original:
        raise _other_backup(store.name(name), store.name(change.name))
