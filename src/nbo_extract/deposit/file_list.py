"""File lists: the tables by which the archive knows the files of a study component, written and read back.

A list is lines of cells that are separated by tabs, in UTF-8. There is no quoting, so that a cell can hold neither tab
nor line break, and a quotation mark is a character like others.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.deposit import names
from nbo_extract.deposit.names import Problem, shown
from nbo_extract.errors import UsageError, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.deposit.model import File, Submission

#: The first header, in this spelling alone.
FILES: Final = "Files"
#: Header of the names of study components, in the list of all files.
COMPONENT: Final = "Study component"
#: Path of the list of all files of a submission of several components.
ALL_FILES: Final = "file_list.tsv"
#: What would end a cell or a line for one reader or another.
_BREAKS: Final = re.compile(r"[\t\n\v\f\r\x00\x1c-\x1f\x85\u2028\u2029]+")
_LINES: Final = re.compile(r"\r\n|\n|\r")
_BYTE_ORDER_MARK: Final = "\ufeff"


@dataclass(frozen=True, slots=True)
class FileList:
    """A file list as it was read.

    Attributes
    ----------
    name : str
    headers : tuple of str
    rows : tuple of tuple of str
        Those that have as many cells as there are headers.
    lines : tuple of int
        Number of the line of each row; the headers are line 1.
    problems : tuple of Problem
        What the archive would refuse; empty for a list that it takes.
    """

    name: str
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the files, in the order of the rows."""
        return tuple(row[0] for row in self.rows)


# -- writing ------------------------------------------------------------------------------------------------------


def write(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the text of a file list.

    Parameters
    ----------
    headers : sequence of str
        The first one is ``Files``.
    rows : iterable of sequence of str
        As many cells each as there are headers; the first one is the path. Tabs and line breaks within other cells
        become a space.

    Returns
    -------
    str
        With line feeds, and a tab before each empty cell.

    Raises
    ------
    WriteError
        If the archive would refuse the list.
    """
    lines = ["\t".join(_clean(h) for h in headers)]
    for row in rows:
        if len(row) != len(headers):
            raise WriteError(
                f"a file list of {len(headers)} headers cannot hold a row of {len(row)} cells: {_row_shown(row)}"
            )
        if _BREAKS.search(row[0]):
            raise WriteError(f"{names.problems(row[0])[0].sentence}; nothing was written")
        lines.append("\t".join([row[0], *(_clean(cell) for cell in row[1:])]))
    text = "\n".join(lines) + "\n"
    found = [p for p in read(text.encode("utf-8", "surrogateescape"), "the file list").problems if p.code != "no-file"]
    if found:
        raise WriteError(f"{found[0].sentence}; nothing was written")
    return text


def _clean(cell: str) -> str:
    # What is half a character cannot be written in UTF-8.
    return _BREAKS.sub(" ", cell).strip().encode("utf-8", "replace").decode("utf-8")


def _row_shown(row: Sequence[str]) -> str:
    return ", ".join(f"'{shown(cell)}'" for cell in row)


def columns_that_vary(files: Sequence[File], columns: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return which columns tell files apart, and what is the same in all.

    An image that does not state a fact differs from one that does. Files that are no images state few facts, and are
    asked only for what they state.

    Parameters
    ----------
    files : sequence of File
    columns : sequence of str
        Titles of facts.

    Returns
    -------
    tuple of str
        Those with two values or more, in their order.
    dict of str to str
        The value of those with one. What no file states is in neither.
    """
    images = any(f.kind == "image" for f in files)
    vary = []
    constant = {}
    for column in dict.fromkeys(columns):
        stated = {(_clean(f.facts.get(column, "")), f.kind == "image" or not images) for f in files}
        values = {value for value, counts in stated if value or counts}
        if len(values) > 1:
            vary.append(column)
        elif values - {""}:
            constant[column] = values.pop()
    return tuple(vary), constant


def lists(submission: Submission, chosen: tuple[str, ...] | None = None) -> dict[str, str]:
    """Return the file lists of a submission.

    Parameters
    ----------
    submission : Submission
    chosen : tuple of str, optional
        Titles of the columns of facts, in their order, whether they vary or not; without them, each list has those
        that vary in it.

    Returns
    -------
    dict of str to str
        Path to text: one for each component, and where there are several, one for all files.

    Raises
    ------
    UsageError
        If a chosen column is none of the submission.
    WriteError
        If the archive would refuse a list.
    """
    unknown = [c for c in chosen or () if c not in submission.columns]
    if unknown:
        known = ", ".join(submission.columns) or "none"
        raise UsageError(f"there is no column '{shown(unknown[0])}' for file lists; there are: {known}")
    found: dict[str, str] = {}
    for component in submission.components:
        if component.file_list in found:
            raise WriteError(f"two study components have the file list {shown(component.file_list)}: name one anew")
        found[component.file_list] = _list_of(submission.files_of(component.name), submission.columns, chosen)
    if len(submission.components) > 1:
        if ALL_FILES in found:
            raise WriteError(f"{ALL_FILES} is the list of all files, and cannot be that of a study component")
        listed = {c.name for c in submission.components}
        files = [f for f in submission.files if f.component in listed]
        found[ALL_FILES] = _list_of(files, submission.columns, chosen, component=True)
    return found


def _list_of(
    files: Sequence[File], columns: Sequence[str], chosen: Sequence[str] | None, *, component: bool = False
) -> str:
    titles = list(dict.fromkeys(chosen)) if chosen is not None else list(columns_that_vary(files, columns)[0])
    extra = [COMPONENT] if component and COMPONENT not in titles else []
    rows = []
    for file in sorted(files, key=lambda f: f.path):
        facts = [file.facts.get(title, "") for title in titles]
        rows.append([file.path, *([file.component] if extra else []), *facts])
    return write([FILES, *extra, *titles], rows)


# -- reading ------------------------------------------------------------------------------------------------------


def read(data: bytes, name: str) -> FileList:
    """Read a file list by the archive's rules, and tell all that the archive would refuse.

    Parameters
    ----------
    data : bytes
    name : str
        Of the list, for the sentences.

    Returns
    -------
    FileList
        With problems rather than errors, in the order of the lines.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return FileList(name, problems=(_not_utf8(data, error, name),))
    lines = _LINES.split(text)
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return FileList(name, problems=(Problem("empty", f"{name} is empty: its first header is '{FILES}'"),))
    reading = _Reading(name)
    reading.header(lines[0])
    for number, line in enumerate(lines[1:], start=2):
        reading.row(number, line)
    if not reading.rows and not reading.problems:
        reading.problems.append(Problem("no-file", f"{name} lists no file"))
    return FileList(name, tuple(reading.headers), tuple(reading.rows), tuple(reading.lines), tuple(reading.problems))


def _not_utf8(data: bytes, error: UnicodeDecodeError, name: str) -> Problem:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem("encoding", f"{name}, line 1: the list is UTF-16, not UTF-8: save it as UTF-8")
    number = len(_LINES.findall(data[: error.start].decode("utf-8"))) + 1
    return Problem(
        "encoding", f"{name}, line {number}: the byte 0x{data[error.start]:02X} is not UTF-8: save the list as UTF-8"
    )


class _Reading:
    """A list as far as it was read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.headers: list[str] = []
        self.rows: list[tuple[str, ...]] = []
        self.lines: list[int] = []
        self.problems: list[Problem] = []
        self.first: dict[str, int] = {}

    def tell(self, code: str, number: int, text: str) -> None:
        self.problems.append(Problem(code, f"{self.name}, line {number}: {text}"))

    def header(self, line: str) -> None:
        if line.startswith(_BYTE_ORDER_MARK):
            line = line[1:]
            self.tell("byte-order-mark", 1, f"a byte order mark stands before the first header, which is '{FILES}'")
        self.headers = line.split("\t")
        if self.headers[0] != FILES:
            why = ""
            if self.headers[0].strip() == FILES:
                why = " without a space"
            elif self.headers[0].strip().strip("\"'").lower() == FILES.lower():
                why = " in this spelling alone"
            self.tell("first-header", 1, f"the first header is '{shown(self.headers[0])}': it must be '{FILES}'{why}")
        seen: dict[str, int] = {}
        for at, title in enumerate(self.headers, start=1):
            if at > 1 and not title.strip():
                self.tell("blank-header", 1, f"the header of column {at} is blank")
            elif title in seen:
                self.tell("same-header", 1, f"columns {seen[title]} and {at} have the same header '{shown(title)}'")
            seen.setdefault(title, at)

    def row(self, number: int, line: str) -> None:
        if not line.strip():
            self.tell("blank-line", number, "the line is blank")
            return
        cells = tuple(line.split("\t"))
        if len(cells) != len(self.headers):
            have = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
            headers = f"{len(self.headers)} header{'s' * (len(self.headers) != 1)}"
            mend = "an empty cell needs its tab" if len(cells) < len(self.headers) else "take a tab out"
            self.tell("ragged", number, f"{have} for {headers}: {mend}")
        else:
            self.rows.append(cells)
            self.lines.append(number)
        path = cells[0]
        if path.strip():
            if path in self.first:
                self.tell("same-path", number, f"{shown(path)} stands in line {self.first[path]} already")
            self.first.setdefault(path, number)
            for problem in names.problems(path):
                self.tell(problem.code, number, problem.sentence)
        else:
            self.tell("blank-path", number, "the first cell, the path of the file, is blank")
