"""Images of a folder: one unit per image, whether it is a file, a set of files or an OME-Zarr directory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError
from nbo_extract.registry import find_reader
from nbo_extract.stores import is_url, last_part
from nbo_extract.walk_folder import FolderWalk, Told, Unit, below, identity
from nbo_extract.walk_names import BACKUPS, SIDECARS, Globs
from nbo_extract.walk_sets import files_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

__all__ = ["BACKUPS", "SIDECARS", "Stream", "Unit", "Walk", "is_folder_of_images", "walk"]


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
    excluded : int
        Files and folders that the globs leave out.
    empty : list of str
        Folders that were given and hold no image.
    problems : list of str
        Folders that cannot be listed, one sentence each.
    notes : list of str
        What else is to be told, one sentence each.
    """

    units: list[Unit] = field(default_factory=list)
    left_out: int = 0
    members: int = 0
    excluded: int = 0
    empty: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Stream(Told):
    """A walk that hands over each image as it is found, and holds no more than one folder at a time.

    Its counters are those of `Walk`; they grow while `units` is iterated, and are whole when it ends.

    Parameters
    ----------
    paths, reader, joined, sidecars, include, exclude, skip
        As `walk` takes them.
    """

    def __init__(
        self,
        paths: Iterable[str],
        reader: str | None = None,
        *,
        joined: bool = False,
        sidecars: bool = False,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        skip: Iterable[str] = (),
    ) -> None:
        super().__init__(Globs(include), Globs(exclude), skip)
        self._paths = list(paths)
        self._reader = reader
        self._joined = joined and len(self._paths) > 1
        self._sidecars = sidecars
        # Files that are named themselves and were handed over; and members of their sets, where these are one image.
        self._known: set[str] = set()
        self._of_sets: set[str] = set()

    def units(self) -> Iterator[Unit]:
        """Yield each image once, also where paths overlap."""
        tops = {p for p in self._paths if is_folder_of_images(p)}
        self.named = {_place(p) for p in self._paths if p not in tops}
        real: dict[str, str] = {}
        for path in reversed(self._paths):
            if path in tops:
                real[os.path.realpath(path)] = path
        kept = {path for place, path in real.items() if not self._covered(place, real)}
        self.tops = {path: place for place, path in real.items() if path in kept}
        self.seen = {i for p in kept if (i := identity(p)) is not None}
        for path in self._paths:
            if path in tops:
                if path in kept:
                    kept.discard(path)
                    yield from self._folder(path)
            elif (unit := self._named_itself(path)) is not None:
                yield unit
        self.notes += [f"--include {p}: no image has such a path; check the pattern" for p in self.include.unmatched]

    def _covered(self, place: str, tops: Container[str]) -> bool:
        """Whether the walk through another folder that is given comes through this one, too."""
        above = os.path.dirname(place)
        while above != os.path.dirname(above):
            if above in tops and self.enters(below(place, above)):
                return True
            above = os.path.dirname(above)
        return above in tops and above != place and self.enters(below(place, above))

    def _folder(self, path: str) -> Iterator[Unit]:
        walking = FolderWalk(path, self, self._reader, sidecars=self._sidecars)
        for unit in walking.units():
            place = os.path.abspath(unit.path)
            if place in self._of_sets:
                self.members += 1
            elif place not in self.named:
                yield unit
            elif place not in self._known:
                self._known.add(place)
                yield unit
        if not walking.any:
            self.empty.append(path)

    def _named_itself(self, path: str) -> Unit | None:
        place = _place(path)
        if place in self._known:
            return None
        try:
            info = None if is_url(path) else find_reader(path)
        except NboExtractError:
            info = None
        if self._joined and (place in self._of_sets or place in self.met):
            self.members += 1
            return None
        files = files_of(path, info)
        if self._joined and info is not None and info.sets:
            if not self._known.isdisjoint(files):
                self.members += 1
                return None
            self._of_sets.update(files)
        self._known.add(place)
        return Unit(path, last_part(path), tuple(sorted({f for f in files if f != place})))


def walk(
    paths: Iterable[str],
    reader: str | None = None,
    *,
    joined: bool = False,
    sidecars: bool = False,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    skip: Iterable[str] = (),
) -> Walk:
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
    include, exclude : iterable of str
        Globs of paths below a folder; see `Globs`. Nothing that is named itself is left out by them.
    skip : iterable of str
        Files and folders that are passed over in a folder, such as those to which is written.

    Returns
    -------
    Walk
        Each image once, also where paths overlap.
    """
    going = Stream(paths, reader, joined=joined, sidecars=sidecars, include=include, exclude=exclude, skip=skip)
    units = list(going.units())
    return Walk(units, going.left_out, going.members, going.excluded, going.empty, going.problems, going.notes)


def is_folder_of_images(path: str) -> bool:
    """Whether a path is a folder of images, and no image itself."""
    return not is_url(path) and os.path.isdir(path) and find_reader(path) is None


def _place(path: str) -> str:
    return path if is_url(path) else os.path.abspath(path)
