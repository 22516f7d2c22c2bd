"""What images of a report have in common, kept once: ten thousand images of a facility differ in little."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbo_extract.report.collect import Element, Value

if TYPE_CHECKING:
    from nbo_extract.report.collect import FileReport, Message
    from nbo_extract.report.light_path import ChannelPath


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a report.

    Attributes
    ----------
    report : FileReport
        Without its elements.
    elements : tuple of int
        Their numbers in the pool.
    """

    report: FileReport
    elements: tuple[int, ...]


class Pool:
    """Texts, facts, elements, messages and light paths of all files, each once, numbered as they come."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {"": 0}
        self._values: dict[tuple[int, ...], int] = {}
        self._elements: dict[tuple[int, tuple[int, ...]], int] = {}
        self._messages: dict[tuple[int, ...], int] = {}
        self.paths: dict[ChannelPath, int] = {}

    def add(self, report: FileReport) -> Entry:
        """Take the elements and light paths of a file in, and return the file without them."""
        elements = tuple(self._element(e) for e in report.elements)
        known = list(self.paths)
        setups = []
        for taken in report.setups:
            numbers = [self.paths.setdefault(p, len(self.paths)) for p in taken.channels]
            if len(known) < len(self.paths):
                known = list(self.paths)
            setups.append(taken._replace(channels=tuple(known[n] for n in numbers)))
        return Entry(replace(report, elements=(), setups=tuple(setups)), elements)

    def string(self, text: str) -> int:
        """Return the number of a text."""
        return self._strings.setdefault(text, len(self._strings))

    def _element(self, element: Element) -> int:
        values = tuple(self._value(v) for v in element.values)
        return self._elements.setdefault((self.string(element.label), values), len(self._elements))

    def _value(self, value: Value) -> int:
        return self._values.setdefault(tuple(map(self.string, value)), len(self._values))

    def message(self, message: Message) -> int:
        """Return the number of a finding."""
        return self._messages.setdefault(tuple(map(self.string, message)), len(self._messages))

    def elements(self, entry: Entry) -> list[Element]:
        """Return the elements of a file as they were."""
        strings, values, elements = list(self._strings), list(self._values), list(self._elements)
        found = []
        for number in entry.elements:
            label, inside = elements[number]
            found.append(Element(strings[label], tuple(Value(*(strings[s] for s in values[v])) for v in inside)))
        return found

    def tables(self, entries: list[Entry]) -> dict[str, Any]:
        """Return all as lists that refer to each other by numbers; the script of the report reads them."""
        files = []
        for entry in entries:
            report = entry.report
            lists = (report.missing, report.uncounted, report.findings, report.notes)
            differing = [[self.string(t) for t in d] for d in report.disagreements]
            files.append([list(entry.elements), *([self.message(m) for m in found] for found in lists), differing])
        return {
            "s": list(self._strings),
            "v": [_trimmed(v) for v in self._values],
            "e": [[label, list(values)] for label, values in self._elements],
            "m": [list(m) for m in self._messages],
            "f": files,
        }


def _trimmed(numbers: tuple[int, ...]) -> list[int]:
    """Leave out the empty texts at the end."""
    found = list(numbers)
    while found and found[-1] == 0:
        found.pop()
    return found
