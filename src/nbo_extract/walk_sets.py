"""Files that are one image together, told as cheaply as their readers can."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError
from nbo_extract.registry import function, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.record import ReaderInfo


def files_of(path: str, info: ReaderInfo | None) -> tuple[str, ...]:
    """Return the files of the set that a file stands for, as absolute paths; none where the file cannot say."""
    if info is None or not (info.members or info.sets):
        return ()
    try:
        found = function(info.members)(path) if info.members else read(path).files
    except NboExtractError:
        return ()
    return tuple(map(os.path.abspath, found))


class Sets:
    """The sets of one folder: which files stand for others.

    Of the files that name each other the first stands for all. A file that names none, with pixels alone, may be named
    by one that comes later.

    Parameters
    ----------
    claimed : iterable of str
        Absolute paths that files of the folders above name.
    """

    def __init__(self, claimed: Iterable[str] = ()) -> None:
        self.members = set(claimed)
        # Most sets lie in one folder.
        self._elsewhere = set(self.members)
        self._named: set[str] = set()

    def claims(self, path: str) -> bool:
        """Whether an earlier file names this one."""
        return path in self.members

    def names(self, path: str) -> bool:
        """Whether any file but itself names this one."""
        return path in self._named

    def add(self, path: str, files: tuple[str, ...]) -> tuple[str, ...]:
        """Take in the files of a set; return those beside `path`, sorted."""
        others = tuple(sorted({f for f in files if f != path}))
        if others:
            self.members.update(files)
            self._named.update(others)
            folder = os.path.dirname(path)
            self._elsewhere.update(f for f in others if os.path.dirname(f) != folder)
        return others

    def below(self, folder: str) -> set[str]:
        """Return the members that lie below a folder, given as absolute path."""
        start = folder.rstrip(os.sep) + os.sep
        return {m for m in self._elsewhere if m.startswith(start)}
