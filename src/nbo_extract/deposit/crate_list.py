"""The file list of a crate: which columns it has, and how its text is written and read."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit.crate_profile import profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.deposit.model import Submission

#: Columns of the profile that our list has, in this order, then a checksum.
BOUND: Final = (
    "file_path",
    "dataset",
    "size_in_bytes",
    "type",
    "label",
    "associated_specimen",
    "associated_image_acquisition_protocol",
)
CHECKSUM: Final = "sha256"
_BREAKS: Final = re.compile(r" *[\x00-\x1f\x7f-\x9f\u2028\u2029]+ *")


@dataclass(frozen=True, slots=True)
class Head:
    """A column of our list.

    Attributes
    ----------
    title : str
        In the first line; no two columns share one.
    property : str
        Of the profile; empty where the column is ours.
    fact : str or None
        Title of the fact of files that it shows; None in other columns.
    """

    title: str
    property: str = ""
    fact: str | None = None


def heads(submission: Submission) -> list[Head]:
    """Return the columns: those of the profile, the checksum, the chosen facts, then all other facts of files."""
    named = {c.name: c.property for c in profile().columns}
    found = [Head(name, named[name]) for name in BOUND] + [Head(CHECKSUM)]
    taken = {head.title for head in found}
    for fact in dict.fromkeys([*submission.columns, *(t for f in submission.files for t in f.facts)]):
        title = wanted = one_line(fact) or "column"
        number = 1
        while title in taken:
            number += 1
            title = f"{wanted} ({number})"
        taken.add(title)
        found.append(Head(title, "", fact))
    return found


def one_line(text: str) -> str:
    """Return a text without line breaks, tabs and other control characters."""
    return _BREAKS.sub(" ", text).strip()


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return the text of a list; marks of quotation are doubled in cells that have them, as the reader expects."""
    text = io.StringIO()
    writer = csv.writer(text, dialect="excel-tab", lineterminator="\n")
    writer.writerow(titles)
    writer.writerows([one_line(cell) for cell in row] for row in rows)
    return text.getvalue()


def read_table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the titles and the rows of a list, with the lines in which they end; blank lines are no rows."""
    lines = _lines(text)
    titles = next(lines, (0, []))[1]
    return titles, list(lines)


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), dialect="excel-tab")
    for row in reader:
        if row:
            yield reader.line_num, row
