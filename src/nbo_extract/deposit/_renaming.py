"""What renaming has to know of the files around: which name or find others, and what a stated name becomes."""

from __future__ import annotations

import bisect
import contextlib
import functools
import itertools
import os
import posixpath
import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.writers._set_files import beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path


@functools.cache
def table() -> dict[str, Any]:
    """Return what is known of files that name or find others."""
    file = resources.files("nbo_extract_mappings") / "deposit" / "renames.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


class Renaming:
    """New names, and what lies on the disk; each folder is looked at once."""

    def __init__(self, root: Path, files: Mapping[str, str], submitted: Iterable[str] | None = None) -> None:
        self.root, self.files = root, files
        self._submitted = None if submitted is None else frozenset(submitted)
        self._inside: dict[str, list[str]] = {}
        self._indexes: dict[str, list[str]] = {}
        self._seen: dict[tuple[str, str], Callable[[str], str]] = {}

    def around(self, paths: Iterable[str]) -> list[str]:
        """Return the files in the folders of some files, and in those above."""
        return [path for folder in _folders(paths) for path in self._in(folder)]

    def indexes_around(self, paths: Iterable[str]) -> list[str]:
        """Return those of them that state names of others, whatever reads them."""
        found = []
        for folder in _folders(paths):
            if folder not in self._indexes:
                endings = tuple(table()["beside"])
                self._indexes[folder] = [p for p in self._in(folder) if p.lower().endswith(endings)]
            found += self._indexes[folder]
        return found

    def _in(self, folder: str) -> list[str]:
        if folder not in self._inside:
            self._inside[folder] = []
            with contextlib.suppress(OSError), os.scandir(self.root / folder) as entries:
                found = sorted(posixpath.join(folder, e.name) for e in entries if e.is_file())
                self._inside[folder] = [p for p in found if self._submitted is None or p in self._submitted]
        return self._inside[folder]

    def seen_from(self, referrer: str) -> Callable[[str], str]:
        """Return what gives the new name for one that a file states."""
        folder, new_folder = posixpath.dirname(referrer), posixpath.dirname(self.files.get(referrer, referrer))
        if (folder, new_folder) not in self._seen:
            self._seen[folder, new_folder] = functools.cache(functools.partial(self._renamed, folder, new_folder))
        return self._seen[folder, new_folder]

    def _renamed(self, folder: str, new_folder: str, stated: str) -> str:
        there = beside(self.root / folder, stated, follow_links=True).replace(os.sep, "/")
        if not there:
            return stated
        old = posixpath.join(folder, there)
        new = posixpath.relpath(self.files.get(old, old), new_folder or ".")
        return stated if new == there else new


def _folders(paths: Iterable[str]) -> list[str]:
    inside = {posixpath.dirname(p) for p in paths}
    return sorted(inside | {posixpath.dirname(f) for f in inside})


def led(paths: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the groups of files of which the first finds the others by its own name; `paths` are sorted."""
    found = []
    for lead in paths:
        begins = followers(lead)
        if begins is not None:
            start, pattern = begins
            near = []
            for path in itertools.islice(paths, bisect.bisect_left(paths, start), None):
                if not path.startswith(start):
                    break
                near.append(path)
            found.append((lead, *(p for p in near if p != lead and pattern.match(p))))
    return [g for g in found if len(g) > 1]


def followers(lead: str) -> tuple[str, re.Pattern[str]] | None:
    """Return how the paths begin that a file finds by its own name, as text and pattern; None where it finds none."""
    row = next((r for r in table()["leader"] if lead.lower().endswith(r["ending"])), None)
    if row is None:
        return None
    folder, name = posixpath.split(lead)
    before, _, after = row["followers"].partition("{stem}")
    start = posixpath.join(folder, "") + before + name[: -len(row["ending"])]
    return start, re.compile(re.escape(start) + after)
