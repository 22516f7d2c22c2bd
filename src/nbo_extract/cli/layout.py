"""Texts in columns: lines break between words, and in a path before a slash; never between a number and its unit."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, chop_cells

from nbo_extract.units import dimension

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Of a column with more lines in one cell nobody sees any more what belongs together.
_TALLEST: Final = 4
_UNITS: Final = frozenset({"px"})
_BEFORE_NUMBERS: Final = frozenset({"ex", "em", "NA"})
_PATH: Final = re.compile(r"/?[^/]+|/")


def chunks(text: str) -> list[str]:
    """Return what is not divided: words, and numbers with their units."""
    found: list[str] = []
    for word in text.split(" "):
        if found and _together(found[-1], word):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def _together(before: str, word: str) -> bool:
    if before.rpartition(" ")[2] in _BEFORE_NUMBERS:
        return word[:1].isdigit()
    return before[-1:].isdigit() and _is_unit(word.rstrip(",;)"))


@functools.cache
def _is_unit(word: str) -> bool:
    return bool(word) and (word in _UNITS or dimension(word) is not None)


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text; a word that is wider than a line is divided before a slash, else anywhere."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for number, chunk in enumerate(chunks(paragraph)):
            joined = f"{line} {chunk}" if number else chunk
            if cell_len(joined) <= width:
                line = joined
                continue
            # The first word stands on the first line, however long it is.
            lines += [line] if number and line else []
            *full, line = _divided(chunk, width)
            lines += full
        lines.append(line)
    return lines


def _divided(word: str, width: int) -> list[str]:
    if cell_len(word) <= width:
        return [word]
    found = [""]
    for part in _PATH.findall(word) if "/" in word and " " not in word else [word]:
        if cell_len(found[-1] + part) <= width:
            found[-1] += part
        else:
            found += chop_cells(part, max(width, 2))
    return [f for f in found if f] or [word]


def widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Return the width of each column of a table, so that no word is divided.

    Parameters
    ----------
    columns : sequence of sequence of str
        Cells of each column, with its heading.
    room : int
        For all columns, without what is between them.

    Returns
    -------
    list of int or None
        None where there is not room enough, or cells would be as narrow as a word and many lines tall.
    """
    whole = [max(map(cell_len, cells)) for cells in columns]
    found = [_widest(chunk for cell in cells for chunk in chunks(cell)) for cells in columns]
    if sum(found) > room:
        return None
    heights = [_height(cells, width) for cells, width in zip(columns, found, strict=True)]
    for _ in range(room - sum(found)):
        growing = [n for n, height in enumerate(heights) if height > 1 and found[n] < whole[n]]
        if not growing:
            break
        # A column of many lines first; of two, the narrower one.
        at = max(growing, key=lambda n: (heights[n], -found[n]))
        found[at] += 1
        heights[at] = _height(columns[at], found[at])
    return found if max(heights) <= _TALLEST else None


def _widest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def _height(cells: Sequence[str], width: int) -> int:
    return max(len(wrapped(cell, width)) for cell in cells)
