"""Arguments of the command line turned into what the work needs: images, hardware descriptions, places to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from nbo_extract.cli.group import Failure, Refusal, complain
from nbo_extract.cli.listed import Chosen
from nbo_extract.cli.work import Task
from nbo_extract.config_keys import NAME, STUDY
from nbo_extract.counting import counted
from nbo_extract.errors import HardwareError, NboExtractError
from nbo_extract.hardware import GIVE
from nbo_extract.registry import find_reader, no_reader, readers, refusal
from nbo_extract.sidecars import form_of, is_sidecar, stem
from nbo_extract.stores import is_url, plain, shown
from nbo_extract.suggesting import close_names, fold_key
from nbo_extract.walk import SIDECARS, Walk, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from nbo_extract.cli.work import Format
    from nbo_extract.stored import Stored
    from nbo_extract.walk import Stream, Unit

    Sidecars = Literal["", "named", "found"]

#: Sentences about one description that a run tells.
_TOLD = 3
DOCUMENTS = (".xml", ".json", ".jsonld")


def find_images(
    paths: Sequence[str],
    reader: str | None,
    chosen: Chosen = Chosen(),  # noqa: B008 - it is frozen
    *,
    sidecars: Sidecars = "",
    joined: bool = False,
) -> Walk:
    """Find the images that the paths stand for.

    Parameters
    ----------
    paths : sequence of str
    reader : str, optional
    chosen : Chosen
        Globs, and what a list names and is not there: problems of the walk.
    sidecars : {'', 'named', 'found'}
        Whether documents that were written beside images are wanted: not at all, where they are named and their image
        is not, or in folders, too, where their image is not there.
    joined : bool
        Whether files that are named are one image where they are of one set, as they are in a folder.

    Raises
    ------
    Refusal
        If a path does not exist, there is no such reader, or there is no image.
    """
    return find_wanted(
        wanted_paths(paths, reader, sidecars=sidecars), reader, chosen, named=paths, sidecars=sidecars, joined=joined
    )


def wanted_paths(paths: Sequence[str], reader: str | None, *, sidecars: Sidecars) -> list[str]:
    """Return the paths that are to be looked at: all must be there; documents of ours may be left out.

    Raises
    ------
    Refusal
        If a path does not exist, or there is no such reader.
    """
    paths = [plain(p) for p in paths]
    for path in (p for p in paths if not is_url(p)):
        if not os.path.lexists(path):
            # What has no ending may be a folder.
            kind = "file" if os.path.splitext(path)[1] else "file or folder"
            raise Refusal(f"{path}: there is no such {kind}; {_way_out(path)}")
        if not os.path.exists(path):
            raise Refusal(f"{path}: this link leads nowhere; check where it points to")
    if reader is not None and all(reader != r.name for r in readers()):
        raise Refusal(no_reader(reader))
    wanted = _wanted(paths, sidecars)
    for path in [p for p in paths if p not in wanted]:
        complain(f"{path}: a document that nbo-extract wrote, no image; left out")
    return wanted


def find_wanted(
    wanted: Sequence[str],
    reader: str | None,
    chosen: Chosen,
    *,
    named: Sequence[str],
    sidecars: Sidecars,
    joined: bool,
) -> Walk:
    """Find the images that paths stand for; ``named`` are all that the user gave.

    Raises
    ------
    Failure
        If there is no image.
    """
    found = walk(
        wanted,
        reader,
        joined=joined,
        sidecars=sidecars == "found" and reader is None,
        include=chosen.include,
        exclude=chosen.exclude,
    )
    found.problems[:0] = chosen.missing
    refuse_nothing(wanted or named, len(found.units), found)
    for note in found.notes:
        complain(note)
    return found


def refuse_nothing(wanted: Sequence[str], units: int, found: Walk | Stream) -> None:
    """Refuse a walk that found nothing, and no problem either.

    Raises
    ------
    Failure
    """
    if units or found.problems:
        return
    if found.excluded:
        raise Failure(f"{wanted[0]}: --include and --exclude leave no image of it; change the patterns")
    raise Failure(refusal((found.empty or list(wanted))[0]))


#: What is told of a set whose files were found in different states.
INTERRUPTED = "an earlier run had been interrupted"


def and_more(number: int) -> str:
    """Return words for further files of a set."""
    return f" and {counted(number, 'more file')} of its set" if number else ""


def _wanted(paths: Sequence[str], sidecars: Sidecars) -> list[str]:
    """Leave out sidecars that are not wanted, or of which the image, or another form, is named."""
    named = {os.path.abspath(p) for p in paths}
    wanted = []
    for path in paths:
        if is_sidecar(path):
            image = os.path.abspath(stem(path))
            forms = [image + ending for ending in SIDECARS if image + ending in named]
            if not sidecars or image in named or forms[:1] not in ([], [os.path.abspath(path)]):
                continue
        wanted.append(path)
    return wanted


def _way_out(path: str) -> str:
    """Say what may be meant by a path that is not there: a command in the wrong place, or a similar name."""
    from nbo_extract.cli.app import program

    if path in program.commands:
        return f"to run the command {path}, put it first"
    folder = os.path.dirname(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        names = []
    close = close_names(os.path.basename(path), sorted(names), least=0.8)
    if close:
        return f"is {os.path.join(folder, close[0])} meant?"
    # What has neither a folder nor an ending is more likely a command with a slip of the pen.
    command = close_names(path, program.commands, least=0.7) if fold_key(path) == path else []
    return f"is the command {command[0]} meant?" if command else "check the path"


def load_all(paths: Sequence[str]) -> tuple[Stored, ...]:
    """Load hardware descriptions, calibration records and statements; of a folder those that can be read.

    Raises
    ------
    Refusal
        If a file cannot be used, or a folder holds no description.
    """
    found: dict[tuple[str, str], Stored] = {}
    for path in paths:
        place = Path(path)
        for stored in _of_folder(place) if place.is_dir() else _of_file(place):
            found.setdefault((type(stored).__name__, stored.sha256), stored)
    return tuple(found.values())


def load_told(paths: Sequence[str]) -> tuple[Stored, ...]:
    """Load as `load_all` does, and tell what of a description is wrong and is not used.

    Placeholders are told by ``hardware check`` alone: every facility's file has them.
    """
    from nbo_extract.hardware import Hardware

    found = load_all(paths)
    for hardware in (s for s in found if isinstance(s, Hardware)):
        wrong = [f.message for f in hardware.findings if f.severity != "info"]
        for message in wrong[:_TOLD]:
            complain(f"{hardware.path}: {message}")
        if len(wrong) > _TOLD:
            complain(f"{hardware.path}: {len(wrong) - _TOLD} more are left out; nbo-extract hardware check lists them")
    return found


def _of_file(path: Path) -> tuple[Stored, ...]:
    from nbo_extract.stored import load_stored

    try:
        return load_stored(path)
    except HardwareError as error:
        raise Refusal(error.message) from error


def _of_folder(folder: Path) -> list[Stored]:
    from nbo_extract.stored import SUFFIXES, load_stored

    try:
        files = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    except OSError as error:
        raise Refusal(f"{folder}: this folder cannot be listed ({error.strerror}); ask for access") from error
    found: list[Stored] = []
    others: list[str] = []
    for file in files:
        if file.name.startswith(".") or file.name in (NAME, STUDY) or file.name.lower().endswith(SIDECARS):
            continue
        try:
            found.extend(load_stored(file))
        except HardwareError as error:
            others.append(error.message)
    if not found:
        why = f" ({others[0].removesuffix(f'; {GIVE}')})" if others else ""
        raise Refusal(f"{folder}: this folder holds no hardware description{why}; {GIVE}")
    for message in others:
        complain(f"{message}; left out")
    return found


# -- where to write ---------------------------------------------------------------------------------------------------


def refuse_no_file(output: str, *, file: str = "the name of a file", another: str = "another name with -o") -> None:
    """Refuse a place where no file can be written.

    Parameters
    ----------
    output : str
    file, another : str
        What is to be given instead of a folder, and instead of a folder that is not there.

    Raises
    ------
    Refusal
    """
    if os.path.isdir(output):
        raise Refusal(f"{output}: this is a folder; give {file}")
    folder = os.path.dirname(output)
    if folder and not os.path.isdir(folder):
        raise Refusal(f"{folder}: there is no such folder; make it, or give {another}")


def format_of(given: Format | None, output: str | None, units: Sequence[Unit] = ()) -> Format:
    """Format that was asked for, by name, by the ending of the file, or because the sidecars that are read have it."""
    if given is not None:
        return given
    forms = {form_of(u.path) if is_sidecar(u.path) else "xml" for u in units}
    if len(forms) == 1 and not (output or "").lower().endswith(DOCUMENTS):
        return next(iter(forms))
    return form_of(output or "")


def plan(units: Sequence[Unit], paths: Sequence[str], output: str | None, form: Format) -> list[Task]:
    """Give each image that is named the file that is written for it.

    Raises
    ------
    Refusal
        If two images would get one file, or the output is a file that must not be overwritten.
    """
    if output is None:
        tasks = [Task(u.path, sidecar_of(u, "", form)) for u in units]
        if any(is_url(u.path) for u in units):
            refuse_collisions(tasks)
        return tasks
    refuse_url(output)
    single = len(units) == 1 and len(paths) == 1
    if single and not is_folder(output):
        _refuse_overwriting(output)
        return [Task(units[0].path, output)]
    if os.path.exists(output) and not os.path.isdir(output):
        raise Refusal(f"{output}: this is a file, and {_images(units)} would be written to it; give a folder with -o")
    if not single and output.lower().endswith(DOCUMENTS) and not os.path.isdir(output):
        raise Refusal(f"{output}: one file cannot hold {_images(units)}; give a folder with -o")
    tasks = [Task(u.path, sidecar_of(u, output, form)) for u in units]
    refuse_collisions(tasks)
    return tasks


def refuse_url(output: str) -> None:
    """Refuse to write documents anywhere but on a disk.

    Raises
    ------
    Refusal
    """
    if is_url(output):
        raise Refusal(f"{shown(output)}: documents are written to disks alone; give a file or a folder with -o")


def sidecar_of(unit: Unit, output: str, form: Format) -> str:
    """Return the path of the sidecar of an image: beside it, or in a folder that mirrors the one it was found in."""
    if output:
        return os.path.join(output, *f"{stem(unit.relative)}.nbo.{form}".split("/"))
    # What is behind a URL has its sidecar in the current folder.
    beside = unit.relative if is_url(unit.path) else stem(unit.path).rstrip("/" + os.sep)
    return f"{beside}.nbo.{form}"


def _images(units: Sequence[Unit]) -> str:
    return "one image of a folder" if len(units) == 1 else f"{len(units)} images"


def is_folder(output: str) -> bool:
    """Whether an output is a folder: it is one, ends like one, or has no ending that a file would have."""
    return os.path.isdir(output) or output.endswith(("/", os.sep)) or not os.path.splitext(output)[1]


def _refuse_overwriting(output: str) -> None:
    if not os.path.exists(output):
        return
    try:
        image = find_reader(output) is not None
    except NboExtractError:
        image = True
    if image:
        raise Refusal(f"{output}: this is an image and is not overwritten; give another file with -o")
    with open(output, "rb") as stream:
        start = stream.read(256).lstrip()
    if start and not start.startswith((b"<?xml", b"<OME", b"{")):
        raise Refusal(
            f"{output}: nbo-extract has not written this file and does not overwrite it; give another with -o"
        )


def refuse_collisions(tasks: Iterable[Task]) -> None:
    """Refuse that two images are written to one place."""
    seen: dict[str, str] = {}
    for task in tasks:
        # File systems that do not tell upper from lower case would make one file of two.
        key = os.path.normpath(task.target).casefold()
        if key in seen:
            raise collision(seen[key], task.path, task.target)
        seen[key] = task.path


def collision(first: str, second: str, target: str) -> Refusal:
    """Return the refusal to write two images to one place."""
    return Refusal(
        f"{shown(first)} and {shown(second)} would both be written to {target}; "
        "run them one after the other, with a folder each"
    )
