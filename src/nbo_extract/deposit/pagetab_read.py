"""PageTab read back, by its published grammar and as the archive's own reader takes cells apart."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.deposit.pagetab_tree import Attribute, Item, Problem, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The archive's reader escapes these in the whole text before it takes cells apart.
_PAIR: Final = re.compile(r'"[^\n|\t"]*"')
_TABLE: Final = re.compile(r".+\[(.*)\]")
_ITEMS: Final = {"link": "links", "file": "files"}


@dataclass(slots=True)
class _Line:
    number: int
    cells: list[str]

    def cell(self, place: int) -> str:
        return self.cells[place] if place < len(self.cells) else ""


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    root: Section = field(default_factory=lambda: Section("submission"))
    named: dict[str, Section] = field(default_factory=dict)
    last: Section | None = None
    problems: list[Problem] = field(default_factory=list)

    def tell(self, rule: str, message: str, line: int) -> None:
        self.problems.append(Problem(rule, message, line))


def read_tsv(text: str) -> tuple[Section, list[Problem]]:
    """Return the tree that a PageTab TSV states.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of (Section, list of Problem)
        The root, of type ``submission``, and what does not follow the grammar, with lines. Nothing is raised: what
        cannot be read is not in the tree.
    """
    reading = _Reading()
    try:
        lines = list(_lines(text))
    except _Broken as broken:
        return reading.root, [Problem("cell", broken.message, broken.line)]
    blocks = list(_blocks(lines))
    if not blocks or blocks[0][0].cell(0).casefold() != "submission":
        line = blocks[0][0].number if blocks else 1
        reading.tell("no-submission", f"Line {line} should begin with the word Submission.", line)
        return reading.root, reading.problems
    reading.root.accno = blocks[0][0].cell(1)
    reading.root.attributes = _attributes(blocks[0][1:], reading)
    for block in blocks[1:]:
        _read_block(block, reading)
    if reading.last is None:
        reading.tell("no-section", "The submission has no root section, such as Study.", lines[-1].number)
    return reading.root, reading.problems


def read_cells(cells: Sequence[str]) -> list[str]:
    """Return what the archive's reader makes of cells that stand one to a line; empty where it fails."""
    try:
        read = [line.cell(1) for line in _lines("".join(f"x\t{c}\n" for c in cells))]
    except _Broken:
        read = []
    if len(read) == len(cells):
        return read
    # One broken cell swallows the next ones: look at each alone.
    return [""] if len(cells) == 1 else [one for c in cells for one in read_cells([c])]


class _Broken(Exception):
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def _lines(text: str) -> Iterator[_Line]:
    """Yield lines as lists of cells; comments are left out, blank lines have no cells."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for pair in dict.fromkeys(_PAIR.findall(text)):
        text = text.replace(pair, pair.replace('"', '\\"'))
    place, number = 0, 1
    while place < len(text):
        start = number
        if text[place] == "#":
            place, number = _after_line(text, place), number + 1
            continue
        cells = []
        while True:
            cell, place, breaks = _cell(text, place, number)
            cells.append(cell.replace('\\"', '"'))
            number += breaks
            if place >= len(text) or text[place] == "\n":
                break
            place += 1
        place, number = place + 1, number + 1
        yield _Line(start, cells if any(c.strip() for c in cells) else [])


def _after_line(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end + 1


def _cell(text: str, place: int, line: int) -> tuple[str, int, int]:
    """Return a cell, the place of the tab or line break after it, and the number of line breaks in it."""
    while place < len(text) and text[place] not in "\t\n" and text[place].isspace() and text[place] != "\xa0":
        place += 1
    if not text.startswith('"', place):
        end = min(e for e in (text.find("\t", place), text.find("\n", place), len(text)) if e >= 0)
        return text[place:end].rstrip(), end, 0
    found, begin, place = [], place, place + 1
    while True:
        end = text.find('"', place)
        if end < 0:
            raise _Broken(f"The quotation that begins in line {line} has no end.", line)
        found.append(text[place:end])
        if not text.startswith('""', end):
            break
        found.append('"')
        place = end + 2
    place = end + 1
    while place < len(text) and text[place] not in "\t\n" and text[place].isspace():
        place += 1
    if place < len(text) and text[place] not in "\t\n":
        raise _Broken(f"The quotation that begins in line {line} is followed by more text.", line)
    return "".join(found), place, text.count("\n", begin, end)


def _blocks(lines: list[_Line]) -> Iterator[list[_Line]]:
    block: list[_Line] = []
    for line in lines:
        if line.cells:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _read_block(block: list[_Line], reading: _Reading) -> None:
    head = block[0]
    kind = head.cell(0)
    table = _TABLE.fullmatch(kind)
    if not kind:
        reading.tell("no-type", f"Line {head.number} should begin with the type of a section.", head.number)
    elif reading.last is None:
        if kind.casefold() in {"link", "links", "file", "files"} or table:
            message = f"Line {head.number} should begin the root section, but begins with {kind}."
            reading.tell("no-section", message, head.number)
            return
        section = Section(kind, head.cell(1), _attributes(block[1:], reading))
        reading.root.sections.append(section)
        _remember(section, head, reading)
        reading.last = section
    elif kind.casefold() in _ITEMS:
        items = getattr(reading.last, _ITEMS[kind.casefold()])
        items.append(Item(head.cell(1), _attributes(block[1:], reading)))
        if not head.cell(1):
            reading.tell("no-place", f"Line {head.number} names no {kind.lower()}.", head.number)
    elif kind.casefold() in {"links", "files"}:
        items = getattr(reading.last, kind.casefold())
        items += [Item(place, attributes) for _, place, attributes in _rows(block, reading)]
    elif table:
        parent = _parent(table[1], head, reading)
        for line, accno, attributes in _rows(block, reading):
            section = Section(kind[: kind.rindex("[")], accno, attributes)
            parent.sections.append(section)
            _remember(section, line, reading)
    else:
        section = Section(kind, head.cell(1), _attributes(block[1:], reading))
        _parent(head.cell(2), head, reading).sections.append(section)
        _remember(section, head, reading)
        reading.last = section


def _remember(section: Section, line: _Line, reading: _Reading) -> None:
    if not section.accno:
        return
    if section.accno in reading.named:
        message = f"Line {line.number} gives a section the accession {section.accno}, which another one has."
        reading.tell("accession-twice", message, line.number)
    reading.named[section.accno] = section


def _parent(accno: str, line: _Line, reading: _Reading) -> Section:
    """Return the section that another one belongs to: the root section where none is named."""
    if accno and accno not in reading.named:
        message = f"Line {line.number} names the parent {accno}, which is no accession of a section before it."
        reading.tell("no-parent", message, line.number)
    return reading.named.get(accno, reading.root.sections[0])


def _attributes(lines: list[_Line], reading: _Reading) -> list[Attribute]:
    found: list[Attribute] = []
    for line in lines:
        name = line.cell(0)
        if not name:
            message = f"Line {line.number} has a value and no name of an attribute."
            reading.tell("no-name", message, line.number)
            continue
        if any(line.cells[2:]):
            message = f"Line {line.number} has more cells than two; the archive ignores the others."
            reading.tell("cells", message, line.number)
        _add(found, name, line.cell(1), line.number, reading)
    return found


def _rows(block: list[_Line], reading: _Reading) -> Iterator[tuple[_Line, str, list[Attribute]]]:
    """Yield lines, first cells and attributes of the rows of a table."""
    names = block[0].cells[1:]
    for line in block[1:]:
        if any(line.cells[1 + len(names) :]):
            message = f"Line {line.number} has more cells than the head of its table."
            reading.tell("cells", message, line.number)
        attributes: list[Attribute] = []
        for name, value in zip(names, line.cells[1:], strict=False):
            if name:
                _add(attributes, name, value, line.number, reading)
        yield line, line.cell(0), attributes


def _add(found: list[Attribute], name: str, value: str, line: int, reading: _Reading) -> None:
    """Add an attribute, or what qualifies the last one."""
    inner = name[1:-1]
    if inner and name[0] + name[-1] in {"()", "[]"}:
        if not found:
            message = f"Line {line} has the qualifier {name} before any attribute."
            reading.tell("qualifier", message, line)
        elif name[0] == "(":
            found[-1] = replace(found[-1], name_qualifiers=(*found[-1].name_qualifiers, (inner, value)))
        else:
            found[-1] = replace(found[-1], value_qualifiers=(*found[-1].value_qualifiers, (inner, value)))
    elif inner and name[0] + name[-1] == "<>":
        found.append(Attribute(inner, value, reference=True))
    else:
        found.append(Attribute(name, value))


def read_json(text: str) -> tuple[Section, list[Problem]]:
    """Return the tree that a PageTab JSON states; as `read_tsv`."""
    try:
        content = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        return Section("submission"), [Problem("json", f"Line {line} is not JSON: {error.args[0]}.", line)]
    problems: list[Problem] = []
    root = Section("submission")
    if not isinstance(content, dict) or not isinstance(content.get("section"), dict):
        return root, [Problem("no-section", "The JSON holds no submission with a section.")]
    root.accno = _text(content.get("accno"))
    root.attributes = _json_attributes(content, "submission", problems)
    root.sections = [_json_section(content["section"], problems)]
    seen: set[str] = set()
    for section in root.walk():
        if section.accno and section is not root:
            if section.accno in seen:
                message = f"Two sections have the accession {section.accno}."
                problems.append(Problem("accession-twice", message))
            seen.add(section.accno)
    return root, problems


def _json_section(raw: dict[str, Any], problems: list[Problem]) -> Section:
    section = Section(_text(raw.get("type")), _text(raw.get("accno")))
    if not section.type:
        problems.append(Problem("no-type", f"The section {section.accno or 'without accession'} has no type."))
    section.attributes = _json_attributes(raw, section.type, problems)
    for key, place, items in (("links", "url", section.links), ("files", "path", section.files)):
        for entry in _flat(raw.get(key), f"{key} of {section.type}", problems):
            items.append(Item(_text(entry.get(place)), _json_attributes(entry, key, problems)))
    section.sections = [_json_section(s, problems) for s in _flat(raw.get("subsections"), section.type, problems)]
    return section


def _flat(raw: Any, where: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a list, those of lists within (tables), too."""
    for entry in raw if isinstance(raw, list) else [] if raw is None else [raw]:
        if isinstance(entry, list):
            yield from _flat(entry, where, problems)
        elif isinstance(entry, dict):
            yield entry
        else:
            problems.append(Problem("json", f"The entry {entry!r} in {where} is no object."))


def _json_attributes(raw: dict[str, Any], where: str, problems: list[Problem]) -> list[Attribute]:
    found = []
    for entry in _flat(raw.get("attributes"), f"attributes of {where}", problems):
        name = _text(entry.get("name"))
        if not name:
            problems.append(Problem("no-name", f"An attribute of {where} has no name."))
            continue
        reference = str(entry.get("reference", entry.get("isReference", False))).casefold() == "true"
        names, values = (
            tuple((_text(q.get("name")), _text(q.get("value"))) for q in _flat(entry.get(key), name, problems))
            for key in ("nmqual", "valqual")
        )
        found.append(Attribute(name, _text(entry.get("value")), reference, names, values))
    return found


def _text(raw: Any) -> str:
    return raw if isinstance(raw, str) else "" if raw is None else json.dumps(raw)
