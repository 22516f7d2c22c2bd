"""The walk through one folder: its images, set by set, then its sub-folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError
from nbo_extract.registry import ADAPTERS, find_reader, readers
from nbo_extract.walk_names import SIDECARS, TEMPORARY_START, passed_over
from nbo_extract.walk_sets import Sets, files_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Literal

    from nbo_extract.record import ReaderInfo
    from nbo_extract.walk_names import Globs


@dataclass(frozen=True, slots=True)
class Unit:
    """One image to be read.

    Attributes
    ----------
    path : str
        The file or directory, starting as the user named it.
    relative : str
        Path below the folder that was given, with ``/``; the name alone for an image that was given itself.
    files : tuple of str
        The other files of its set that are there, as absolute paths, sorted.
    """

    path: str
    relative: str
    files: tuple[str, ...] = ()


class Told:
    """What a walk counts and tells, and what it is not to go through twice."""

    def __init__(self, include: Globs, exclude: Globs, skip: Iterable[str]) -> None:
        self.left_out = 0
        self.members = 0
        self.excluded = 0
        self.empty: list[str] = []
        self.problems: list[str] = []
        #: The folders that the problems are about.
        self.unlisted: list[str] = []
        self.notes: list[str] = []
        self.include = include
        self.exclude = exclude
        self.skip = {os.path.abspath(p) for p in skip}
        #: Absolute paths of what the user names beside folders, and those of them that are members of another image.
        self.named: set[str] = set()
        self.met: set[str] = set()
        #: Folders that are walked through from the top, with where they really are; and links that were followed.
        self.tops: dict[str, str] = {}
        self.seen: set[tuple[int, int]] = set()

    def enters(self, inner: str) -> bool:
        """Whether the walk goes through each folder of a path below a folder, with ``/``."""
        parts = inner.split("/")
        return not any(
            passed_over(part) or self.exclude.match("/".join(parts[: number + 1])) for number, part in enumerate(parts)
        )


class FolderWalk:
    """The walk through one folder that was given.

    Parameters
    ----------
    top : str
    told : Told
        Takes what is counted.
    reader : str or None
    sidecars : bool
    """

    def __init__(self, top: str, told: Told, reader: str | None, *, sidecars: bool) -> None:
        self.top = top
        self.told = told
        self.reader = reader
        self.sidecars = sidecars
        # A file that an adapter alone could take is no image where its library is not installed.
        taking = [r for r in readers() if reader == r.name or (reader is None and r.rank < ADAPTERS)]
        self.suffixes = tuple(s for r in taking for s in r.suffixes)
        self.any = False

    def units(self) -> Iterator[Unit]:
        """Yield the images, sorted by name, the files of a folder before its sub-folders."""
        # Folders on the way down with the names that wait in each: the depth of a tree is no depth of calls.
        one = _OneFolder(self, self.top, "", ())
        yield from one.units()
        way = [one]
        while way:
            above = way[-1]
            if not above.inner:
                way.pop()
                continue
            name = above.inner.pop()
            folder, relative = os.path.join(above.folder, name), _joined(above.relative, name)
            if self._is_new(folder):
                claimed = above.sets.below(os.path.join(above.absolute, name))
                one = _OneFolder(self, folder, relative, claimed)
                yield from one.units()
                way.append(one)

    def _is_new(self, folder: str) -> bool:
        """Whether a folder has not been, and will not be, walked through by another way."""
        link = os.path.islink(folder)
        place = identity(folder)
        if place is None:
            # It vanished, or cannot be looked into: listing it says why.
            return True
        if place in self.told.seen:
            return False
        if link:
            real = os.path.realpath(folder)
            if any(self._comes_to(real, top) for top in self.told.tops.values()):
                return False
            self.told.tops[folder] = real
            self.told.seen.add(place)
        return True

    def _comes_to(self, real: str, top: str) -> bool:
        inner = below(real, top)
        return real == top or (bool(inner) and self.told.enters(inner))

    def takes(self, path: str, info: ReaderInfo | None) -> bool:
        """Whether a file is an image by its content or its name."""
        return (info is not None and self.reader in (None, info.name)) or path.lower().endswith(self.suffixes)


class _OneFolder:
    """One folder: names, images, sets."""

    def __init__(self, walking: FolderWalk, folder: str, relative: str, claimed: Iterable[str]) -> None:
        self.walking = walking
        self.told = walking.told
        self.folder = folder
        self.relative = relative
        self.absolute = os.path.abspath(folder)
        self.sets = Sets(claimed)
        #: Names of sub-folders that are to be walked through, the next one last.
        self.inner: list[str] = []

    def units(self) -> Iterator[Unit]:
        """Yield the images of this folder."""
        listed = self._listed()
        if listed is None:
            return
        files, folders = listed
        images = [image for name in files if (image := self._file(name)) is not None]
        zarrs = [name for name in folders if self._takes_folder(name)]
        seen = {name for name, _ in images} | set(zarrs)
        units = self._without_members(images)
        units += [(name, ()) for name in zarrs if self._wanted(name)]
        if self.walking.sidecars:
            found = self._by_sidecars(files, seen.union(folders))
            units = sorted([*units, *((n, ()) for n in found)], key=lambda u: (u[0] in folders, u[0]))
        taken = set(zarrs)
        self.inner = [name for name in reversed(folders) if name not in taken]
        self.walking.any = self.walking.any or bool(units)
        for name, others in units:
            path = os.path.normpath(os.path.join(self.folder, name))
            yield Unit(path, _joined(self.relative, name), others)

    def _listed(self) -> tuple[list[str], list[str]] | None:
        """Return the names of files, and of folders that are not passed over; None where they cannot be listed."""
        files: list[str] = []
        folders: list[str] = []
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    name = entry.name
                    kind = _kind(entry)
                    if kind == "file":
                        files.append(name)
                    elif kind == "folder" and not passed_over(name) and not self._excluded(name):
                        folders.append(name)
        except OSError as error:
            way = "look again" if isinstance(error, FileNotFoundError) else "ask for access"
            self.told.problems.append(f"{self.folder}: this folder cannot be listed ({error.strerror}); {way}")
            self.told.unlisted.append(self.folder)
            return None
        return sorted(files), sorted(folders)

    def _excluded(self, name: str) -> bool:
        if self.told.exclude.match(_joined(self.relative, name)):
            if os.path.join(self.absolute, name) in self.told.named:
                return False
            self.told.excluded += 1
            return True
        return bool(self.told.skip) and os.path.join(self.absolute, name) in self.told.skip

    def _wanted(self, name: str) -> bool:
        """Whether the globs to include take an image."""
        if not self.told.include or self.told.include.match(_joined(self.relative, name)):
            return True
        if os.path.join(self.absolute, name) in self.told.named:
            return True
        self.told.excluded += 1
        return False

    def _file(self, name: str) -> tuple[str, ReaderInfo | None] | None:
        """Return an image with its reader; None for what is passed over or is no image."""
        if passed_over(name) or self._excluded(name):
            return None
        if self.sets.claims(os.path.join(self.absolute, name)):
            self._met(name)
            return None
        path = os.path.join(self.folder, name)
        try:
            info = find_reader(path)
        except NboExtractError:
            # It cannot be opened. Reading it says so, where it is an image by its name.
            info = None
        if not self.walking.takes(path, info):
            self.told.left_out += 1
            return None
        return (name, info) if self._wanted(name) else None

    def _takes_folder(self, name: str) -> bool:
        info = find_reader(os.path.join(self.folder, name))
        return info is not None and self.walking.reader in (None, info.name)

    def _without_members(self, images: list[tuple[str, ReaderInfo | None]]) -> list[tuple[str, tuple[str, ...]]]:
        """Drop files that another file of this folder names as parts of its set; the first that names all stays."""
        kept: list[tuple[str, tuple[str, ...]]] = []
        for name, info in images:
            place = os.path.join(self.absolute, name)
            if self.sets.claims(place):
                self._met(name)
            else:
                files = files_of(os.path.join(self.folder, name), info)
                kept.append((name, self.sets.add(place, files)))
        # A file with pixels alone names none, so that one that comes later may name it.
        for name, _ in kept:
            if self.sets.names(os.path.join(self.absolute, name)):
                self._met(name)
        return [(n, others) for n, others in kept if not self.sets.names(os.path.join(self.absolute, n))]

    def _met(self, name: str) -> None:
        """Count a file of a set for which another one stands."""
        self.told.members += 1
        place = os.path.join(self.absolute, name)
        if place in self.told.named:
            self.told.met.add(place)

    def _by_sidecars(self, names: list[str], known: set[str]) -> list[str]:
        """Return the first sidecar of each image that is not there, and each image that has one and no reader."""
        there = set(names)
        found: dict[str, str] = {}
        for ending in SIDECARS:
            for name in (n for n in names if n.lower().endswith(ending) and not n.startswith(TEMPORARY_START)):
                image = name[: -len(ending)]
                taken = image in known or image in found or self.sets.claims(os.path.join(self.absolute, image))
                if image and not taken and not self._excluded(image) and self._wanted(image):
                    found[image] = image if image in there else name
                    self.told.left_out -= image in there
        return list(found.values())


def _kind(entry: os.DirEntry[str]) -> Literal["file", "folder", ""]:
    """Return what an entry is; nothing for a link that leads nowhere or in a circle, and for devices."""
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:
        return ""


def identity(path: str) -> tuple[int, int] | None:
    """Return what tells a folder from all others, whatever the path to it; None where it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def below(path: str, top: str) -> str:
    """Return a real path relative to a real folder, with ``/``; empty where it does not lie below."""
    start = top.rstrip(os.sep) + os.sep
    return path[len(start) :].replace(os.sep, "/") if path.startswith(start) else ""


def _joined(relative: str, name: str) -> str:
    return f"{relative}/{name}" if relative else name
