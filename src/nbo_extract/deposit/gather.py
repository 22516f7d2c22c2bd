"""The files of a folder that is to be submitted: images with all their files, and what else lies there."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nbo_extract.config_keys import NAME, STUDY
from nbo_extract.counting import counted
from nbo_extract.walk_names import Globs, passed_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbo_extract.walk import Unit

#: Folder of the data within a submission, and that of what is written of each image.
DATA, METADATA = "data", "nbo"
#: Largest file that archives take, by the pages of repositories: 2 TB.
LARGEST: Final = 2 * 10**12
#: Other files that are named one by one.
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the data, or the directory of an OME-Zarr, which becomes one file.

    Attributes
    ----------
    source : str
        Absolute path.
    relative : str
        Path from the folder that is submitted, with ``/``.
    owner : str
        The same of the image that it belongs to; its own where it belongs to none.
    size : int
        Bytes; of a directory, of all that is in it.
    image : bool
        Whether it is, or is part of, an image.
    """

    source: str
    relative: str
    owner: str
    size: int
    image: bool = True

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, which is zipped."""
        return os.path.isdir(self.source)

    @property
    def wanted(self) -> str:
        """Path in the folder of the data, if the archive takes it."""
        return f"{self.relative}.zip" if self.is_directory else self.relative


@dataclass(slots=True)
class Gathered:
    """What is in a folder.

    Attributes
    ----------
    entries : list of Entry
        By path.
    others : list of str
        Files that are no images and of none, as paths from the folder.
    hidden : int
        Files that are hidden, temporary, of the operating system, or of an earlier run.
    problems : list of str
        What cannot be submitted, one sentence each.
    """

    entries: list[Entry] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    hidden: int = 0
    problems: list[str] = field(default_factory=list)


def gather(
    folder: str,
    units: Sequence[Unit],
    skip: Iterable[str] = (),
    *,
    exclude: Iterable[str] = (),
    others: bool = False,
) -> Gathered:
    """Gather the files of a folder.

    Parameters
    ----------
    folder : str
    units : sequence of Unit
        The images in it.
    skip : iterable of str
        Files and folders that do not count: what is written, descriptions of hardware.
    exclude : iterable of str
        Globs of what was left out of the images.
    others : bool
        Whether files that are of no image are taken along.

    Returns
    -------
    Gathered
    """
    from nbo_extract.batch.results import is_result

    top = os.path.abspath(folder)
    found = Gathered()
    taken: dict[str, str] = {}
    for unit in units:
        owner = _relative(os.path.abspath(unit.path), top)
        for source in (os.path.abspath(unit.path), *unit.files):
            relative = _relative(source, top)
            if relative.startswith("../") or os.path.isabs(relative):
                found.problems.append(
                    f"{owner}: its file {source} is not in {folder}; put it there, or submit the folder above both"
                )
            elif source not in taken:
                taken[source] = owner
                _take(found, source, relative, owner, image=True)
    left_out = Globs(exclude)
    passed = {os.path.abspath(p) for p in skip}
    for source in _files(top, taken, passed):
        relative = _relative(source, top)
        if os.path.basename(source) in (NAME, STUDY):
            continue
        if any(passed_over(part) for part in relative.split("/")) or is_result(source):
            found.hidden += 1
        elif not any(left_out.match(p) for p in _and_above(relative)):
            found.others.append(relative)
            if others:
                _take(found, source, relative, relative, image=False)
    found.entries.sort(key=lambda e: e.relative)
    return found


def _and_above(path: str) -> Iterator[str]:
    """Yield a path and the folders that it is in."""
    while path:
        yield path
        path = os.path.dirname(path)


def _relative(path: str, top: str) -> str:
    try:
        return os.path.relpath(path, top).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return path


def _take(found: Gathered, source: str, relative: str, owner: str, *, image: bool) -> None:
    try:
        size = _size(source)
    except OSError as error:
        found.problems.append(f"{relative} cannot be read ({error.strerror or error}); check its permissions")
        return
    if not size:
        found.problems.append(f"{relative}: the file is empty; take it away, or leave it out with --exclude")
    elif size > LARGEST:
        found.problems.append(
            f"{relative}: {size:,} bytes are more than the 2 TB that one file may have; save it in parts"
        )
    found.entries.append(Entry(source, relative, owner, size, image))


def _size(source: str) -> int:
    if not os.path.isdir(source):
        return os.stat(source).st_size
    return sum(os.stat(os.path.join(root, name)).st_size for root, _, names in os.walk(source) for name in names)


def _files(top: str, taken: dict[str, str], skip: set[str]) -> Iterator[str]:
    """Yield the files below a folder that are no part of an image, sorted by path."""
    for root, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if (p := os.path.join(root, f)) not in taken and p not in skip)
        for name in sorted(names):
            path = os.path.join(root, name)
            if path not in taken and path not in skip:
                yield path


def told_of_others(found: Gathered, *, taken: bool) -> Iterator[str]:
    """Yield what is to be told of files that are of no image."""
    if not taken:
        for path in found.others[:_NAMED]:
            yield f"{path}: no image; left out (--others takes such files along)"
        if len(found.others) > _NAMED:
            yield counted(
                len(found.others) - _NAMED,
                "more file that is no image is left out",
                "more files that are no images are left out",
            )
    if found.hidden:
        files = counted(found.hidden, "file that is", "files that are")
        left = "is left out" if found.hidden == 1 else "are left out"
        yield f"{files} hidden, temporary, of the system, or of an earlier run {left}"
