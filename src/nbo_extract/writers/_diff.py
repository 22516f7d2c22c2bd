"""Unified diff of insertions into a text, without comparing the whole of it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONTEXT: Final = 2
_BREAK: Final = re.compile(rb"\n|(?<=>)(?=<)")


def insertion_diff(old: bytes, insertions: Sequence[tuple[int, bytes]], label: str) -> str:
    """Return a unified diff, where tags that follow each other count as lines of their own.

    Parameters
    ----------
    old : bytes
        Text in UTF-8.
    insertions : sequence of (int, bytes)
        Offsets in `old` and what is inserted there, in order.
    label : str
        Name of the text.

    Returns
    -------
    str
        Empty where nothing is inserted.
    """
    lines = []
    passed, shift, at = 0, 0, 0
    for start, end, group in _regions(old, insertions):
        passed += old.count(b"><", at, start + 1) + old.count(b"\n", at, start)
        at = start
        hunk = _hunk(old, start, end, group, passed, shift)
        shift += sum({"+": 1, "-": -1}.get(line[0], 0) for line in hunk[1:])
        lines += hunk
    return "\n".join([f"--- {label}", f"+++ {label} (with NBO)", *lines, ""]) if lines else ""


def _regions(old: bytes, insertions: Sequence[tuple[int, bytes]]) -> list[tuple[int, int, list[tuple[int, bytes]]]]:
    """Group insertions by the lines around them; regions do not overlap."""
    regions: list[tuple[int, int, list[tuple[int, bytes]]]] = []
    for insertion in insertions:
        start = end = insertion[0]
        for _ in range(_CONTEXT + 1):
            start = _line_start(old, start)
            end = _line_end(old, end)
        if regions and start <= regions[-1][1]:
            first, last, group = regions[-1]
            regions[-1] = (first, max(last, end), [*group, insertion])
        else:
            regions.append((start, end, [insertion]))
    return regions


def _line_start(old: bytes, offset: int) -> int:
    return max(old.rfind(b"><", 0, offset) + 1, old.rfind(b"\n", 0, max(offset - 1, 0)) + 1)


def _line_end(old: bytes, offset: int) -> int:
    tag, line = old.find(b"><", offset) + 1, old.find(b"\n", offset) + 1
    return min(found or len(old) for found in (tag, line))


def _hunk(old: bytes, start: int, end: int, group: list[tuple[int, bytes]], passed: int, shift: int) -> list[str]:
    bounds = [start, *(start + m.end() for m in _BREAK.finditer(old[start:end])), end]
    waiting = list(reversed(group))
    lines: list[str] = []
    for first, last in itertools.pairwise(bounds):
        while waiting and waiting[-1][0] == first:
            lines += [f"+{line}" for line in _lines(waiting.pop()[1])]
        before, parts, at = old[first:last], [], first
        while waiting and waiting[-1][0] < last:
            position, text = waiting.pop()
            parts += [old[at:position], text]
            at = position
        if parts:
            after = b"".join([*parts, old[at:last]])
            lines += [f"-{_lines(before)[0]}", *(f"+{line}" for line in _lines(after))]
        elif before:
            lines.append(f" {_lines(before)[0]}")
    removed = sum(line[0] != "+" for line in lines)
    added = sum(line[0] != "-" for line in lines)
    return [f"@@ -{passed + 1},{removed} +{passed + shift + 1},{added} @@", *lines]


def _lines(text: bytes) -> list[str]:
    return text.replace(b"><", b">\n<").removesuffix(b"\n").decode("utf-8", "replace").split("\n")
