"""The difference that a dry run of embedding shows to people: what is new in NBO, short enough to be read."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from nbo_extract.counting import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Lines that are shown of each file.
_MOST: Final = 60
#: What is for programs: where it begins, where it ends, and what it is called; both lines belong to it.
_FOR_PROGRAMS: Final = (
    (re.compile(r"\+<nboProvenance\b"), re.compile(r"</nboProvenance>$"), "provenance"),
    (re.compile(r'\+"document": \{$'), re.compile(r'^\+\}, "provenance": '), "JSON-LD and provenance"),
)
#: Member of an OME-Zarr: NBO XML as one text, and the same as JSON-LD.
_MEMBER: Final = re.compile(r'(\+ *"nbo": \{.*?"xml":) ("(?:[^"\\]|\\.)*"), ("document": \{)')
_FILE = "--- "


def readable(diff: str, width: int) -> list[str]:
    """Return the lines of a unified diff that people read.

    Parameters
    ----------
    diff : str
        Of one or several files, as `nbo_extract.writers` returns it.
    width : int
        Of the longest line.

    Returns
    -------
    list of str
        Provenance and what else is for programs are named with their length; so are the rest of a long line, and lines
        above the number that is shown.
    """
    told: list[str] = []
    for part in _parts(diff.rstrip("\n").split("\n")):
        lines = list(_told(part))
        told += [_short(line, width) for line in lines[:_MOST]]
        if len(lines) > _MOST:
            told.append(f"({counted(len(lines) - _MOST, 'more line')}; -v shows all)")
    return told


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """Divide a diff by its files."""
    begun: list[str] = []
    for number, line in enumerate(lines):
        # A removed line may begin like a heading; one that is a heading is followed by its other half.
        if line.startswith(_FILE) and lines[number + 1 : number + 2] and lines[number + 1].startswith("+++ ") and begun:
            yield begun
            begun = []
        begun.append(line)
    yield begun


def _told(lines: list[str]) -> Iterator[str]:
    """Yield lines, those that are for programs as one."""
    unfolded = (line for each in lines for line in _unfolded(each))
    for name, group in groupby(_named(unfolded), key=lambda pair: pair[0]):
        if not name:
            yield from (line for _, line in group)
        else:
            # The mark of an added line is none of its characters.
            length = sum(len(line) - 1 for _, line in group)
            yield f"+({name}, {length:,} characters; -v shows it)"


def _unfolded(line: str) -> Iterator[str]:
    """Yield the lines of the XML that a line of JSON holds, between the others."""
    member = _MEMBER.fullmatch(line)
    if member is None:
        yield line
        return
    head, xml, document = member.groups()
    yield head
    yield from (f"+{each}" for each in json.loads(xml).split("\n"))
    yield f"+{document}"


def _named(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield each line with the name of what it belongs to, empty for what is shown."""
    name, end = "", None
    for line in lines:
        if end is None:
            name, end = next(((n, last) for first, last, n in _FOR_PROGRAMS if first.match(line)), ("", None))
        yield name, line
        if end is not None and end.search(line):
            name, end = "", None


def _short(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    # What is left out is counted when its place is known: the count has a length itself.
    kept = width - len(f" … ({len(line):,} more characters)")
    return f"{line[:kept]} … ({len(line) - kept:,} more characters)"
