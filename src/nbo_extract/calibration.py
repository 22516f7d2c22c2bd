"""Records of calibration: read from a TOML file of a facility, or from the images of an NBO document.

A file names the microscope and holds records as tables with NBO's names::

    microscope = "Axio Observer 7"

    [[OpticalCalibration]]
    Date = 2026-01-12
    objective = "Plan-Apochromat 63x/1.40 Oil DIC M27"
    MedianXYSpotSize_FWHM = "235 nm"
"""

from __future__ import annotations

import datetime
import functools
import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nbo_extract.counting import counted
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import read_bounded
from nbo_extract.model import Fact, Node, Source
from nbo_extract.parts import fold, names_of
from nbo_extract.schema import load
from nbo_extract.statements import StatementError, checked_fact
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from nbo_extract.model import Document
    from nbo_extract.schema import Declaration

MAX_BYTES = 16 << 20
_NONE: Mapping[str, Collection[str]] = MappingProxyType({})
_TOOL = "IntensityCalibrationTool"
_DATE = "Date"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of calibration.

    Attributes
    ----------
    node : Node
        OpticalCalibration, ExcitationCalibration, DetectorCalibration or MechanicalCalibration, without IDs.
    date : date
    about : tuple of (str, str)
        What it is about, such as ``objective``, and the ID, name, model or catalogue number of that part.
    place : str
        Where it stands in the file.
    series : str
        Records of one series replace each other; those of different series stand side by side.
    tool : str
        Name of the IntensityCalibrationTool.
    valid_until : date or None
        Last day on which it is valid, where the facility states one.
    """

    node: Node
    date: datetime.date
    about: tuple[tuple[str, str], ...]
    place: str
    series: str = ""
    tool: str = ""
    valid_until: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class CalibrationSet:
    """The records of one file.

    Attributes
    ----------
    name : str
        File name, by which sources call it.
    path : str
        The file as the user named it.
    sha256 : str
        Of its bytes.
    microscope : str
        Name of the Instrument, or model of its stand.
    records : tuple of Record
    tools : tuple of Node
        IntensityCalibrationTools that the records name.
    """

    name: str
    path: str
    sha256: str
    microscope: str
    records: tuple[Record, ...]
    tools: tuple[Node, ...] = field(default=())


@functools.cache
def table() -> dict[str, Any]:
    """Return the table of records: element to home, what it is about, and its references."""
    file = resources.files("nbo_extract_mappings") / "hardware" / "calibration.toml"
    return {k: v for k, v in tomllib.loads(file.read_text(encoding="utf-8")).items() if isinstance(v, dict)}


def read_calibration(path: Path) -> CalibrationSet:
    """Read a file of calibration records.

    Parameters
    ----------
    path : Path
        TOML.

    Returns
    -------
    CalibrationSet

    Raises
    ------
    HardwareError
        If it cannot be read, or states what NBO does not allow: one sentence with file, record and field.
    """
    data = read_bounded(path, MAX_BYTES, "the records", "calibration records have")
    try:
        content = tomllib.loads(data.decode("utf-8-sig"), parse_float=str)
    except (ValueError, RecursionError) as error:
        reason = "not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error) or "nested too deeply"
        raise HardwareError(f"{path} is no TOML ({reason}); correct it there") from error
    return _Reader(path).read(content, hashlib.sha256(data).hexdigest())


class _Reader:
    """Turns the tables of one file into records."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.schema = load()

    def read(self, content: dict[str, Any], digest: str) -> CalibrationSet:
        microscope = content.pop("microscope", None)
        if not isinstance(microscope, str) or not microscope.strip():
            raise self.error("microscope", "is missing", 'write microscope = "its name, or the model of its stand"')
        tools = [self.tool(t, f"{_TOOL}[{n}]") for n, t in enumerate(self.tables(content.pop(_TOOL, []), _TOOL), 1)]
        records = []
        for element, given in content.items():
            if element not in table():
                known = [*table(), _TOOL, "microscope"]
                raise self.error(element, "is no record of calibration", _meant(element, known))
            for number, fields in enumerate(self.tables(given, element), 1):
                records.append(self.record(element, fields, f"{element}[{number}]"))
        if not records:
            raise HardwareError(f"{self.path} holds no record; write one as [[OpticalCalibration]]")
        names = {t.get("Name") for t in tools}
        for record in records:
            if record.tool and record.tool not in names and tools:
                raise self.error(
                    f"{record.place} tool", f"is {record.tool!r}", f"the file has {', '.join(map(str, names))}"
                )
        return CalibrationSet(self.name, str(self.path), digest, microscope.strip(), tuple(records), tuple(tools))

    def error(self, place: str, what: str, way_out: str) -> HardwareError:
        return HardwareError(f"{self.path}: {place} {what}; {way_out}")

    def tables(self, given: Any, place: str) -> list[dict[str, Any]]:
        found = given if isinstance(given, list) else [given]
        if not all(isinstance(t, dict) for t in found):
            raise self.error(place, "is no table", f"write it as [[{place}]] with a line for each field")
        return found

    def tool(self, fields: dict[str, Any], place: str) -> Node:
        node = self.node(self.schema.element(_TOOL), dict(fields), place)
        if node.get("Name") is None:
            raise self.error(place, "has no Name", "records name the tool by it")
        return node

    def record(self, element: str, fields: dict[str, Any], place: str) -> Record:
        rules, fields = table()[element], dict(fields)
        about = []
        for key, rule in rules["about"].items():
            text = self.text(fields.pop(key, ""), f"{place} {key}")
            if text:
                about.append((key, text))
            elif rule.get("required"):
                raise self.error(place, f"does not say of which {key} it is", f'write {key} = "name or model"')
        series, tool = (self.text(fields.pop(key, ""), f"{place} {key}") for key in ("series", "tool"))
        if tool and "tool" not in rules:
            raise self.error(f"{place} tool", "has no place in NBO", "leave it out")
        days, until = fields.pop("valid_days", None), fields.pop("valid_until", None)
        node = self.node(self.schema.element(element), fields, place)
        if node.get(_DATE) is None:
            raise self.error(place, "has no Date", "write Date = 2026-01-31")
        date = datetime.date.fromisoformat(node.facts[_DATE].value)
        return Record(node, date, tuple(about), place, series, tool, self.last_day(date, days, until, place))

    def last_day(self, date: datetime.date, days: Any, until: Any, place: str) -> datetime.date | None:
        if days is not None and until is not None:
            raise self.error(place, "states both valid_days and valid_until", "leave one of them out")
        if days is not None:
            if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days < 36525:
                raise self.error(f"{place} valid_days", f"is {days!r}", "write a whole number of days")
            return date + datetime.timedelta(days=days)
        if until is not None and (type(until) is not datetime.date or until < date):
            raise self.error(f"{place} valid_until", f"is {until}", "write a day after the Date, as 2026-12-31")
        return until

    def text(self, value: Any, place: str) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int)):
            return str(value).strip()
        if isinstance(value, (datetime.date, datetime.datetime)):
            return value.isoformat()
        raise self.error(place, "is no single value", "write one value")

    def node(self, kind: Declaration, fields: dict[str, Any], place: str) -> Node:
        """Make an element of a table; texts with a unit behind the number are split."""
        node = Node(kind.name)
        for key, value in fields.items():
            child = kind.child(key)
            where = f"{place} {key}"
            if child is not None and key not in kind.attributes:
                inside = value if isinstance(value, list) else [value]
                use = kind.use(key)
                if use is not None and use.maximum is not None and len(inside) > use.maximum:
                    raise self.error(where, f"stands {len(inside)} times", f"NBO allows {use.maximum}")
                if key in self.schema.references:
                    raise self.error(where, "is a reference, which is stated by name", "leave it out")
                for number, item in enumerate(inside, 1):
                    here = f"{where}[{number}]" if len(inside) > 1 else where
                    node.children.append(self.child(child, item, here))
                continue
            if key == "ID" or key not in kind.attributes or key in kind.unit_names:
                raise self.error(where, "has no place in NBO", _meant(key, [*kind.attributes, *kind.children]))
            source = Source("user", self.name, where)
            try:
                node.facts[key] = checked_fact(kind, key, self.text(value, where), source)
            except StatementError as error:
                raise HardwareError(f"{self.path}: {place}: {error}; correct it there") from error
        return node

    def child(self, kind: Declaration, item: Any, place: str) -> Node:
        if isinstance(item, dict):
            return self.node(kind, item, place)
        if kind.text is not None:
            return Node(kind.name, text=Fact(self.text(item, place), source=Source("user", self.name, place)))
        raise self.error(place, "is no table", "give it fields of its own")


def named_parts(
    instruments: Iterable[Node], element: str, key: str, wanted: str, aliases: Mapping[str, Collection[str]] = _NONE
) -> list[Node]:
    """Return the parts that a record of an element may mean by a key: the one of this ID, else those of this name.

    Parameters
    ----------
    instruments : iterable of Node
    element, key, wanted : str
        Such as ``OpticalCalibration``, ``objective`` and ``63x oil``.
    aliases : mapping of str to collection of str, optional
        Part to other names by which a description calls it.
    """
    head = table()[element]["about"][key]["to"]
    parts = [p for i in instruments for p in i.all(head, *load().members(head)) if p.id]
    named = (p for p in parts if fold(wanted) in names_of(p) | set(map(fold, aliases.get(p.id, ()))))
    return [p for p in parts if p.id == wanted] or list(named)


def not_one(parts: Sequence[Node]) -> str:
    """Say why parts are not the one that a record names."""
    return f"fits {counted(len(parts), 'part')}" if parts else "is no part of the microscope"


def _meant(key: str, known: list[str]) -> str:
    return meant(key, known, f"there are {', '.join(known[:30])}")


def records_of(document: Document, name: str, path: str, digest: str) -> CalibrationSet | None:
    """Take the records of calibration that the images of an NBO document hold; None where there are none.

    The document is one that somebody made of a calibration image, or wrote for the purpose: its Instrument says which
    microscope, its settings say which parts.
    """
    index = document.index()
    records: list[Record] = []
    for image in document.images:
        for element, home in ((e, r["home"]) for e, r in table().items()):
            holders = [image] if home == "Image" else [n for n in image.walk() if n.name == home]
            for holder in holders:
                for number, node in enumerate(holder.all(element), 1):
                    date = re.fullmatch(r"\d{4}-\d\d-\d\d", node.get(_DATE) or "")
                    about = _about(element, node, image, holder, index)
                    if date is not None and about is not None:
                        day = datetime.date.fromisoformat(date[0])
                        place, tool = f"{element}[{number}] of {image.id}", _tool_of(element, node, index)
                        records.append(Record(_bare(node), day, about, place, tool=tool))
    if not records or not document.instruments:
        return None
    names = _names(document)
    tools = tuple(_bare(t) for t in document.instruments[0].all(_TOOL))
    return CalibrationSet(name, path, digest, names[0], tuple(records), tools) if names else None


def _names(document: Document) -> list[str]:
    instrument = document.instruments[0]
    stands = instrument.all(*load(document.version).members("MicroscopeStandGroup"))
    return [n for n in (instrument.get("Name"), *(s.get("Model") for s in stands)) if n]


def _about(
    element: str, node: Node, image: Node, holder: Node, index: dict[str, Node]
) -> tuple[tuple[str, str], ...] | None:
    """Return the parts that a record is about, by the settings beside it; None where a required one is not told."""
    found = []
    for key, rule in table()[element]["about"].items():
        names = {rule.get("used", ""), *load().members(rule.get("used", "")), rule.get("refer", "")}
        places = [*node.children, *holder.walk(), *image.children]
        used = {n.id for n in places if n.name in names and n.id in index}
        if len(used) == 1:
            part = index[used.pop()]
            found.append((key, part.get("CatalogNumber") or part.get("Model") or part.get("Name") or part.id))
        elif rule.get("required"):
            return None
    return tuple(found)


def _tool_of(element: str, node: Node, index: dict[str, Node]) -> str:
    reference = node.first(table()[element].get("tool", ""))
    tool = index.get(reference.id) if reference is not None else None
    return (tool.get("Name") or "") if tool is not None else ""


def _bare(node: Node) -> Node:
    """Copy a record without its own IDs and references, which are made anew where it is used."""
    references = load().references
    children = [_bare(c) for c in node.children if c.name not in references]
    return Node(node.name, {k: f for k, f in node.facts.items() if k != "ID"}, children, node.text, node.foreign)
