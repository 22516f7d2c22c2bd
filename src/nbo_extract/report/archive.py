"""What the BioImage Archive will show of images: acquisitions, and the columns of their file list."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit.facts import columns
from nbo_extract.deposit.file_list import columns_that_vary
from nbo_extract.deposit.model import File
from nbo_extract.deposit.names import clashes, problems
from nbo_extract.deposit.ways import acquisitions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.deposit.model import Acquisition
    from nbo_extract.deposit.part import Part

#: Files that are listed in a report; the file list of a submission has all.
_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the list: its path, the number of its acquisitions, its cells."""

    path: str
    acquisitions: tuple[int, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Archive:
    """What the archive will show.

    Attributes
    ----------
    acquisitions : tuple of (Acquisition, int)
        Each distinct setting, and the number of files that were taken so.
    headers : tuple of str
        Columns that tell the files apart.
    rows : tuple of Row
        The first of them.
    more : int
        Number of files that are not listed.
    refused : tuple of str
        Sentences on names that the archive does not take.
    """

    acquisitions: tuple[tuple[Acquisition, int], ...]
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int
    refused: tuple[str, ...]


def archive(parts: Sequence[tuple[str, Part]], folder: str = "") -> Archive | None:
    """Return what the archive will show of files; None where there are none.

    Parameters
    ----------
    parts : sequence of (str, Part)
        Path of a file and what is said of it.
    folder : str
        What all paths start with, and what is left out of them.
    """
    if not parts:
        return None
    found = acquisitions_of(dict(parts))
    number_of = Counter(s for _, part in parts for s in part.settings)
    numbers = {s: n for n, s in enumerate(found, 1)}
    files = [File(_inside(path.removeprefix(folder)), 0, facts=part.facts) for path, part in parts]
    headers, _ = columns_that_vary(files, [c.title for c in columns()])
    rows = tuple(
        Row(file.path, tuple(numbers[s] for s in part.settings), tuple(file.facts.get(h, "") for h in headers))
        for file, (_, part) in zip(files[:_MOST], parts, strict=False)
    )
    paths = [f.path for f in files]
    refused = [p.sentence for path in paths for p in problems(path)] + [c.sentence for c in clashes(paths)]
    acquisitions = tuple((a, number_of[s]) for s, a in found.items())
    return Archive(acquisitions, headers, rows, max(len(files) - _MOST, 0), tuple(refused))


def _inside(path: str) -> str:
    """Return a path without what leads to it from here: a submission has its own top."""
    return re.sub(r"\A(?:\.*/)+", "", path)
