"""Images of a folder: one unit per image, whether it is a file, a set of files or an OME-Zarr directory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.config_keys import NAME
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import ADAPTERS, find_reader, read, readers
from nbo_extract.stores import is_url, last_part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from nbo_extract.record import ReaderInfo

#: Endings of what this product writes beside images.
SIDECARS = (".nbo.xml", ".nbo.json", ".nbo.jsonld")
#: Ending of the copies that embedding keeps.
BACKUPS = ".nbo-backup"
_TEMPORARY_START = (".", "~$", "._")
_TEMPORARY_END = ("~", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", ".lock")
_SYSTEM_FOLDERS = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"})


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
        The other files of its set that are there, absolute.
    """

    path: str
    relative: str
    files: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """What was found.

    Attributes
    ----------
    units : list of Unit
        In the order of the arguments, within a folder sorted by name.
    left_out : int
        Other files that were seen: no reader takes them.
    members : int
        Files that belong to a set of which one file stands for all.
    empty : list of str
        Folders that were given and hold no image.
    problems : list of str
        Folders that cannot be listed, one sentence each.
    """

    units: list[Unit] = field(default_factory=list)
    left_out: int = 0
    members: int = 0
    empty: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def walk(paths: Iterable[str], reader: str | None = None, *, joined: bool = False, sidecars: bool = False) -> Walk:
    """Find the images that paths stand for.

    A path that is itself an image is taken as it is, and so is a file that no reader knows: reading it says why. Below
    a folder, files that no reader knows are left out, unless they are named like an image: then they are damaged, and
    must not vanish silently.

    Parameters
    ----------
    paths : iterable of str
        Files and folders that exist, and URLs, each of one image.
    reader : str, optional
        Reader that the user asks for; in folders, files with its endings alone are taken.
    joined : bool
        Whether files of one set are one image also where they are named themselves.
    sidecars : bool
        Whether a sidecar in a folder stands for its image where that is not there. Where the image is there and no
        reader takes it, the sidecar makes it a unit.

    Returns
    -------
    Walk
        Each image once, also where paths overlap.
    """
    found = Walk()
    paths = list(paths)
    joined = joined and len(paths) > 1
    known: set[str] = set()
    members: set[str] = set()
    for path in paths:
        if os.path.isdir(path) and find_reader(path) is None:
            before = len(found.units)
            seen = _Folder(path, found, reader, sidecars)
            for unit in seen.units():
                if os.path.abspath(unit.path) in members:
                    found.members += 1
                elif _new(unit.path, known):
                    found.units.append(unit)
            if len(found.units) == before and not seen.any:
                found.empty.append(path)
        elif joined and _joins(path, known, members):
            found.members += 1
        elif _new(path, known):
            found.units.append(Unit(path, last_part(path)))
    return found


def _new(path: str, known: set[str]) -> bool:
    place = path if is_url(path) else os.path.abspath(path)
    if place in known:
        return False
    known.add(place)
    return True


def _joins(path: str, known: Collection[str], members: set[str]) -> bool:
    """Whether a file that is named belongs to the set of an earlier image; else its own set is kept in mind."""
    place = os.path.abspath(path)
    if place in known:
        return False
    if place in members:
        return True
    try:
        info = find_reader(path)
    except NboExtractError:
        return False
    files = set(_set_of(path)) if info is not None and info.sets else set()
    if not files.isdisjoint(known):
        return True
    members.update(files)
    return False


class _Folder:
    """The walk through one folder that was given."""

    def __init__(self, top: str, found: Walk, reader: str | None, sidecars: bool) -> None:
        self.top = top
        self.sidecars = sidecars
        self.found = found
        self.reader = reader
        # A file that an adapter alone could take is no image where its library is not installed.
        taking = [r for r in readers() if reader == r.name or (reader is None and r.rank < ADAPTERS)]
        self.suffixes = tuple(s for r in taking for s in r.suffixes)
        self.any = False
        # Folders on the way from the top to here: a symbolic link to one of them is a loop.
        self._visited: set[tuple[int, int]] = set()

    def units(self) -> Iterator[Unit]:
        """Yield the images, sorted by name, the files of a folder before its sub-folders."""
        yield from self._folder(self.top)

    def _folder(self, folder: str) -> Iterator[Unit]:
        try:
            status = os.stat(folder)
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda e: e.name)
        except OSError as error:
            self.found.problems.append(f"{folder}: this folder cannot be listed ({error.strerror}); ask for access")
            return
        if (status.st_dev, status.st_ino) in self._visited:
            return
        self._visited.add((status.st_dev, status.st_ino))
        inner = []
        images: list[tuple[str, ReaderInfo | None]] = []
        for entry in entries:
            if _passed_over(entry.name):
                continue
            if entry.is_dir():
                inner.append(entry.path)
            elif entry.is_file():
                self._file(entry.path, images)
        for path in inner:
            if self._takes_folder(path):
                images.append((path, None))
        known = {path for path, _ in images}
        images = self._without_members(images)
        if self.sidecars:
            found = self._by_sidecars([e.name for e in entries], folder, known.union(inner))
            images = sorted([*images, *((path, None) for path in found)], key=lambda i: (i[0] in inner, i[0]))
        self.any = self.any or bool(images)
        zarrs = {path for path, _ in images}
        for path, _ in images:
            yield Unit(os.path.normpath(path), os.path.relpath(path, self.top).replace(os.sep, "/"))
        for path in inner:
            if path not in zarrs:
                yield from self._folder(path)

    def _file(self, path: str, images: list[tuple[str, ReaderInfo | None]]) -> None:
        named = path.lower().endswith(self.suffixes)
        try:
            info = find_reader(path)
        except NboExtractError:
            # It cannot be opened. Reading it says so, where it is an image by its name.
            info = None
        if (info is not None and self.reader in (None, info.name)) or named:
            images.append((path, info))
        else:
            self.found.left_out += 1

    def _by_sidecars(self, names: list[str], folder: str, known: set[str]) -> list[str]:
        """Return the first sidecar of each image that is not there, and each image that has one and no reader."""
        there, found = set(names), {}
        for ending in SIDECARS:
            for name in (n for n in names if n.lower().endswith(ending) and not n.startswith(_TEMPORARY_START)):
                image = name[: -len(ending)]
                place = os.path.join(folder, image)
                if image and place not in known and place not in found:
                    found[place] = place if image in there else os.path.join(folder, name)
                    self.found.left_out -= image in there
        return list(found.values())

    def _takes_folder(self, path: str) -> bool:
        info = find_reader(path)
        return info is not None and self.reader in (None, info.name)

    def _without_members(self, images: list[tuple[str, ReaderInfo | None]]) -> list[tuple[str, ReaderInfo | None]]:
        """Drop files that another file of this folder names as parts of its set; the first that names all stays.

        Only readers of formats that have such sets are asked, and only where two files could be one.
        """
        kept: list[tuple[str, ReaderInfo | None]] = []
        members: set[str] = set()
        named: set[str] = set()
        for path, info in images:
            if os.path.abspath(path) in members:
                self.found.members += 1
                continue
            kept.append((path, info))
            if info is None or not info.sets:
                continue
            if sum(other is info for _, other in images) > 1:
                files = _set_of(path)
                members.update(files)
                named.update(f for f in files if f != os.path.abspath(path))
        # A file with pixels alone names none, so that one that comes later may name it.
        alone = [image for image in kept if os.path.abspath(image[0]) in named]
        self.found.members += len(alone)
        return [image for image in kept if image not in alone]


def _set_of(path: str) -> tuple[str, ...]:
    try:
        return tuple(os.path.abspath(f) for f in read(path).files)
    except NboExtractError:
        return ()


def _passed_over(name: str) -> bool:
    """Whether a name is hidden, temporary, of the operating system or of a file that this product writes."""
    return (
        name.startswith(_TEMPORARY_START)
        or name.lower().endswith((*_TEMPORARY_END, *SIDECARS, BACKUPS))
        or name in _SYSTEM_FOLDERS
        or name == NAME
    )
