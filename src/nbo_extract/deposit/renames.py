"""Renaming files of images so that what refers to a file by its name stays right.

OME-XML states the names of the files of a set: a copy of each file that does gets OME-XML with the new names, and all
else stays as it is. Files of the makers of microscopes are never changed. Where one of them states the name of another,
or is not found any more under the new names, the set keeps its names, and why is said. Files that find each other by
their names alone (an image and its log, a settings file and its folder) may be renamed together. In a folder that is
renamed with all that it holds nothing refers to its name.

The folder of an OME-Zarr is renamed as a whole: nothing within it states its name.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import posixpath
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from nbo_extract.deposit import _named_in, names
from nbo_extract.deposit._renaming import Renaming, followers, led, table
from nbo_extract.deposit.names import shown
from nbo_extract.errors import WriteError
from nbo_extract.registry import find_reader
from nbo_extract.walk_names import SIDECARS
from nbo_extract.walk_sets import files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_KEEPS: Final = (
    "the files of this set keep their names; rename them in the program that wrote them, or convert the image to "
    "OME-TIFF"
)

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What renaming would do; paths are relative, with ``/``.

    Attributes
    ----------
    root : Path
        Folder of the originals, of which none is ever changed.
    files : dict of str to str
        Old path to new path, in the order of the old ones; also of files that keep theirs and are written anew.
    rewritten : dict of str to str
        New path of each file that has to be a copy with other content, to what is other in it.
    refused : tuple of (str, str)
        Paths that are not in `files` and keep their names, each with a sentence that says why.
    sets : tuple of tuple of str
        Old paths of the files of each set in which names change.
    """

    root: Path
    files: dict[str, str]
    rewritten: dict[str, str]
    refused: tuple[tuple[str, str], ...]
    sets: tuple[Group, ...]

    def apply(self, folder: str | os.PathLike[str]) -> None:
        """Write the files that have to have other content into the folder of a submission.

        The other files are the caller's to link or copy; `verify` comes when all are there.

        Parameters
        ----------
        folder : path-like
            Another one than `root`.

        Raises
        ------
        WriteError
            If a file cannot be written. None is half-written.
        """
        renaming = Renaming(self.root, self.files)
        for old, new in self.files.items():
            if new in self.rewritten:
                source = self.root / old
                text = _named_in.ome_text(source)
                if text is None:
                    raise WriteError(f"{source} was changed by another program just now: try again when that is done")
                fresh = _named_in.with_names(text, renaming.seen_from(old), str(source))[0]
                _named_in.write_copy(source, Path(folder) / new, fresh)

    def verify(self, folder: str | os.PathLike[str]) -> None:
        """Prove that each set reads as one again under its new names.

        Parameters
        ----------
        folder : path-like
            Folder of the submission, with all files.

        Raises
        ------
        WriteError
            If one does not.
        """
        for group in self.sets:
            asked = [p for p in group if self.files.get(p, p) in self.rewritten] or [group[0]]
            for old in asked:
                new = self.files.get(old, old)
                wanted = {self.files.get(p, p) for p in _read_set(self.root, old)}
                lost = sorted(wanted - _read_set(Path(folder), new))
                if lost:
                    raise WriteError(
                        f"{Path(folder) / new} does not find {shown(lost[0])} of its set any more: leave the names of "
                        "this set as they were"
                    )


def plan_renames(
    root: str | os.PathLike[str],
    mapping: Mapping[str, str],
    sets: Iterable[Sequence[str]],
    *,
    submitted: Iterable[str] | None = None,
) -> Plan:
    """Find out what renaming files takes.

    Parameters
    ----------
    root : path-like
        Folder that all paths are relative to.
    mapping : mapping of str to str
        Old path to new path, with ``/``.
    sets : iterable of sequence of str
        Old paths of the files of each image, the one that it is read from first; also of those that keep their names.
    submitted : iterable of str, optional
        Old paths of all that goes into the submission: what else lies in the folders is not asked for names then.

    Returns
    -------
    Plan
        All files of a set are refused where one of them is.
    """
    top = Path(root)
    wanted = {old: new for old, new in sorted(mapping.items()) if old != new}
    renaming = Renaming(top, wanted, submitted)
    groups = _groups(renaming, sets)
    refused = _bad_targets(top, wanted)
    rewritten: dict[str, str] = {}
    changed: list[Group] = []
    for group in groups:
        if not _names_change(group, wanted):
            continue
        changed.append(group)
        how, why = _look(renaming, group)
        rewritten.update(how)
        for path, sentence in why.items():
            refused.setdefault(path, sentence)
    _spread(groups, wanted, refused)
    files = {**wanted, **{old: wanted.get(old, old) for old in rewritten}}
    return Plan(
        top,
        {old: files[old] for old in sorted(files) if old not in refused},
        {files[old]: how for old, how in sorted(rewritten.items()) if old not in refused},
        tuple(sorted((p, s) for p, s in refused.items())),
        tuple(g for g in changed if refused.keys().isdisjoint(g)),
    )


def _groups(renaming: Renaming, sets: Iterable[Sequence[str]]) -> list[Group]:
    wanted = renaming.files
    groups = [tuple(dict.fromkeys(s)) for s in sets if s]
    known = {p for g in groups for p in g}
    groups += led(sorted({*known, *wanted, *renaming.around(wanted)}))
    known = {p for g in groups for p in g}
    return sorted(set(groups)) + [(p,) for p in wanted if p not in known]


def _bad_targets(root: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    refused = {}
    taken: dict[str, str] = {}
    for old, new in wanted.items():
        if not os.path.lexists(root / old):
            refused[old] = f"{shown(old)} is not there, so that it cannot be named {shown(new)}"
        elif wrong := names.problems(new):
            refused[old] = f"{shown(old)} cannot be renamed: {wrong[0].sentence}"
        elif new.lower() in taken:
            refused[old] = f"{shown(old)} cannot be named {shown(new)}: {shown(taken[new.lower()])} gets that name"
        elif _is_other(root / old, root / new) and new not in wanted:
            refused[old] = f"{shown(old)} cannot be named {shown(new)}: another file has that name"
        taken.setdefault(new.lower(), old)
    return refused


def _is_other(old: Path, new: Path) -> bool:
    """Whether a file is there that is another one, and not the same in another case."""
    return os.path.lexists(new) and not os.path.samefile(old, new)


def _spread(groups: Iterable[Group], wanted: Mapping[str, str], refused: dict[str, str]) -> None:
    """Refuse all files of a set of which one is refused, and what would take the name of one that keeps it."""
    left = list(groups)
    while True:
        hit = [g for g in left if not refused.keys().isdisjoint(g)]
        left = [g for g in left if refused.keys().isdisjoint(g)]
        for group in hit:
            first = next(p for p in sorted(group) if p in refused)
            for path in group:
                if path in wanted:
                    refused.setdefault(path, f"{shown(path)} keeps its name, because its set does: {refused[first]}")
        late = [(old, new) for old, new in wanted.items() if new in refused and new in wanted and old not in refused]
        for old, new in late:
            refused[old] = f"{shown(old)} cannot be named {shown(new)}: another file keeps that name"
        if not hit and not late:
            return


def _names_change(group: Group, wanted: Mapping[str, str]) -> bool:
    """Whether files of a set are named otherwise as seen from its folder."""

    def seen(paths: list[str]) -> list[str]:
        folder = posixpath.commonpath([posixpath.dirname(p) or "." for p in paths]) if paths else ""
        return [posixpath.relpath(p, folder or ".") for p in paths]

    return seen([*group]) != seen([wanted.get(p, p) for p in group])


# -- what is in the files -----------------------------------------------------------------------------------------


def _look(renaming: Renaming, group: Group) -> tuple[dict[str, str], dict[str, str]]:
    """Return what is written anew of a set, and what is refused, each with why."""
    root, wanted = renaming.root, renaming.files
    how: dict[str, str] = {}
    others = []
    for path in group:
        place = root / path
        if not place.is_file():
            continue
        try:
            text = _named_in.ome_text(place)
            if text is None:
                others.append(path)
                continue
            if not _named_in.names_files(text):
                continue
            count = _named_in.with_names(text, renaming.seen_from(path), str(place))[1]
        except WriteError as error:
            return {}, {path: f"{_named_in.plain(error)}: {_KEEPS}"}
        if count:
            places = "one place" if count == 1 else f"{count} places"
            how[path] = f"its OME-XML states the new names of files in {places}"
    why = _stated(renaming, others, group) or _led_astray(group, wanted)
    begins = followers(group[0])
    ruled = begins is not None and all(begins[1].match(p) for p in group[1:])
    if not (why or how or ruled) and len(group) > 1:
        why = _tried(root, group, wanted)
    return how, why


def _led_astray(group: Group, wanted: Mapping[str, str]) -> dict[str, str]:
    """Refuse what is found by the name of another file, where it would not be any more."""
    lead = group[0]
    begins = followers(lead)
    if begins is None:
        return {}
    pattern = begins[1]
    folder, name = posixpath.split(lead)
    new_folder, new_name = posixpath.split(wanted.get(lead, lead))
    stem, new_stem = posixpath.splitext(name)[0], posixpath.splitext(new_name)[0]
    for path in group[1:]:
        seen = posixpath.relpath(path, folder or ".")
        new = wanted.get(path, path)
        if pattern.match(path) and new != posixpath.join(new_folder, seen.replace(stem, new_stem, 1)):
            return {
                lead
                if lead in wanted
                else path: f"{shown(lead)} finds {shown(path)} by its own name, and would not find it under the name "
                f"{shown(new)}: {_KEEPS}"
            }
    return {}


def _stated(renaming: Renaming, others: Sequence[str], group: Group) -> dict[str, str]:
    """Refuse what one of the files that are never changed states by its old name."""
    moved = [p for p in group if posixpath.basename(renaming.files.get(p, p)) != posixpath.basename(p)]
    indexes = tuple(table()["indexes"])
    indexed = [p for p in others if p.lower().endswith(indexes) and not p.lower().endswith(SIDECARS)]
    indexed += [p for p in renaming.indexes_around(moved) if p not in group]
    for path in indexed:
        for other in moved:
            if other != path and _holds(renaming.root / path, posixpath.basename(other)):
                return {
                    other: f"{shown(path)} states the name {shown(posixpath.basename(other))}, and it is never "
                    f"changed: {_KEEPS}"
                }
    return {}


def _holds(path: Path, name: str) -> bool:
    """Whether a file states a name, in any of the ways that a text may be written."""
    forms = {name, escape(name), quote(name), quote(name, safe="/+&()!'*@,;:=$~"), json.dumps(name)[1:-1]}
    data = {f.encode(code, "replace") for f in forms for code in ("utf-8", "utf-16-le")}
    with contextlib.suppress(UnicodeEncodeError):
        data.add(name.encode("latin-1"))
    with open(path, "rb") as stream:
        if not os.fstat(stream.fileno()).st_size:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(d) >= 0 for d in data)


def _tried(root: Path, group: Group, wanted: Mapping[str, str]) -> dict[str, str]:
    """Refuse a set whose reader does not find its files under their new names."""
    found = _read_set(root, group[0]) & set(group)
    with tempfile.TemporaryDirectory(prefix="nbo-extract-") as folder:
        for old in group:
            _stand_in((root / old).absolute(), Path(folder) / wanted.get(old, old))
        again = _read_set(Path(folder), wanted.get(group[0], group[0]))
    for path in sorted(found):
        new = wanted.get(path, path)
        if new not in again:
            return {
                group[0]: f"{shown(group[0])} belongs together with {shown(path)}, and would not find it under the "
                f"name {shown(new)}: {_KEEPS}"
            }
    return {}


def _stand_in(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source)
    except OSError:  # a system on which not every user may make links
        shutil.copy2(source, target)


def _read_set(root: Path, path: str) -> set[str]:
    """Return the files of the set that a file is read from, relative to a folder."""
    place = os.path.abspath(root / path)
    found = files_of(place, find_reader(place)) if os.path.isfile(place) else ()
    return {os.path.relpath(f, os.path.abspath(root)).replace(os.sep, "/") for f in found}
