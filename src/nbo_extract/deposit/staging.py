"""The folder of a submission, made aside and put in its place as a whole: the old or the new one, never a half."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbo_extract.deposit.place import digests, read_checksums
from nbo_extract.deposit.verify import CHECKSUMS
from nbo_extract.errors import WriteError
from nbo_extract.writers._system import SYSTEM, cause

if TYPE_CHECKING:
    from collections.abc import Iterator


def refuse_foreign(folder: str) -> None:
    """Refuse a folder that holds what `nbo_extract` has not written, or what was changed since.

    Parameters
    ----------
    folder : str
        Need not be there; may be empty, or a submission that an earlier run made.

    Raises
    ------
    WriteError
        Which names a file that would be lost.
    """
    _bring_back(Path(folder))
    if not os.path.lexists(folder):
        return
    if not os.path.isdir(folder):
        raise WriteError(f"{folder} is a file; a submission is a folder, choose another -o")
    names = sorted(os.listdir(folder))
    if not names:
        return
    try:
        text = (Path(folder) / CHECKSUMS["sha256"]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise WriteError(
            f"{folder} is not empty and no submission that was made earlier; choose another -o, or empty it"
        ) from None
    stated, _ = read_checksums(text, CHECKSUMS["sha256"])
    for root, _, found in os.walk(folder):
        for name in sorted(found):
            path = os.path.join(root, name)
            relative = os.path.relpath(path, folder).replace(os.sep, "/")
            if relative in CHECKSUMS.values():
                continue
            if relative not in stated:
                raise WriteError(
                    f"{path} is not of the submission that was made earlier; take it away, or choose another -o"
                )
            # What stands at the top is text that people correct; the rest is large and made again.
            if "/" not in relative and digests(path, ("sha256",))["sha256"] != stated[relative]:
                raise WriteError(
                    f"{path} has been changed since it was written; move it away to have it made again, or choose "
                    "another -o"
                )


@dataclass(slots=True)
class Stage:
    """A folder that is made aside; it takes its place if it is `done` at the end."""

    path: Path
    done: bool = False


@contextmanager
def staged(folder: str) -> Iterator[Stage]:
    """Give a new empty folder, which takes the place of another one at the end; if it is not done, it vanishes.

    Parameters
    ----------
    folder : str
        What was there, by `refuse_foreign`, may be lost.

    Raises
    ------
    WriteError
        If it cannot be made or put in place, or another run is at work on it.
    """
    place = Path(os.path.abspath(folder))
    aside = _aside(place, "partial")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _removed(aside)
        aside.mkdir()
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {cause(error)}; choose another -o") from error
    held = _held(aside)
    try:
        stage = Stage(aside)
        yield stage
        try:
            if stage.done:
                _swap(aside, place)
        except OSError as error:
            raise WriteError(f"{folder} cannot be put in place: {cause(error)}; choose another -o") from error
    finally:
        if held is not None:
            os.close(held)
        shutil.rmtree(aside, ignore_errors=True)


def _aside(place: Path, what: str) -> Path:
    return place.with_name(f".{place.name}.nbo-{what}")


def _held(folder: Path) -> int | None:
    """Lock a folder as long as the run lasts; None where the system has no locks on folders."""
    if os.name == "nt":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    SYSTEM.lock(descriptor)
    return descriptor


def _removed(aside: Path) -> None:
    """Remove what a run that was killed has left; refuse it where the run still lasts."""
    if not aside.is_dir():
        return
    held = None if os.name == "nt" else os.open(aside, os.O_RDONLY)
    try:
        if held is not None and not SYSTEM.lock(held):
            raise WriteError(f"{aside}: another run is at work on this submission; wait for its end")
        shutil.rmtree(aside)
    finally:
        if held is not None:
            os.close(held)


def _swap(aside: Path, place: Path) -> None:
    old = _aside(place, "old")
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.replace(place, old)
    os.replace(aside, place)
    shutil.rmtree(old, ignore_errors=True)


def _bring_back(place: Path) -> None:
    """Bring back what was there, if a run was killed between the two steps of putting a new folder in its place."""
    place = Path(os.path.abspath(place))
    old = _aside(place, "old")
    if old.is_dir() and not os.path.lexists(place):
        os.replace(old, place)
