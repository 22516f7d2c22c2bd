"""Bringing the records of calibration that were valid on the day of an image into its Document."""

from __future__ import annotations

import datetime
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.calibration import named_parts, not_one, table
from nbo_extract.findings import Finding
from nbo_extract.model import Fact, Node, PlaneTable, Source
from nbo_extract.parts import fold
from nbo_extract.schema import load
from nbo_extract.stating import microscopes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from nbo_extract.calibration import CalibrationSet, Record
    from nbo_extract.findings import Severity
    from nbo_extract.model import Document

_NONE: Mapping[str, Collection[str]] = MappingProxyType({})
_TOOL = "IntensityCalibrationTool"


def calibrate(
    document: Document, sets: Iterable[CalibrationSet], aliases: Mapping[str, Collection[str]] = _NONE
) -> None:
    """Add the records that were valid when the images were taken, in place.

    Of each series the latest day that is not after the acquisition counts, with all records of that day. What the
    image states itself stays, and its age is told of each record that is used.

    Parameters
    ----------
    document : Document
        After the merge of a hardware description.
    sets : iterable of CalibrationSet
        Those of other microscopes are passed over; their order does not matter.
    aliases : mapping of str to collection of str, optional
        Part of the document to the names by which a description calls it.
    """
    names = {fold(n) for n in microscopes(document)}
    for given in sorted(sets, key=lambda s: (s.name, s.sha256)):
        if fold(given.microscope) in names:
            _Calibrator(document, given, aliases).run()


class _Calibrator:
    """Applies the records of one file to one Document."""

    def __init__(self, document: Document, given: CalibrationSet, aliases: Mapping[str, Collection[str]]) -> None:
        self.document = document
        self.given = given
        self.aliases = aliases
        self.schema = load(document.version)
        self.index = document.index()
        self.used = False
        self.before = {i for i in self.index if f":{given.sha256[:8]}:" in i}

    def run(self) -> None:
        subjects = {id(r): self.subject(r) for r in self.given.records}
        for image in self.document.images:
            day = self.day(image)
            series: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[Record]] = {}
            for record in self.given.records:
                about = subjects[id(record)]
                if about is not None:
                    key = (record.node.name, record.series, tuple(sorted(about.items())))
                    series.setdefault(key, []).append(record)
            for (element, _, about_), records in series.items():
                for home in self.homes(element, image, dict(about_)):
                    if day is None:
                        self.undated(image, element)
                    elif not self.already(home, element):
                        self.choose(image, home, day, records, dict(about_))
        if self.used:
            self.document.origin.came_from(self.given.name, self.given.path, self.given.sha256)

    def day(self, image: Node) -> datetime.date | None:
        found = re.match(r"\d{4}-\d\d-\d\d", image.get("AcquisitionDate") or "")
        try:
            return datetime.date.fromisoformat(found[0]) if found is not None else None
        except ValueError:
            return None

    def subject(self, record: Record) -> dict[str, str] | None:
        """IDs of the parts that a record is about; None where one of them is not there, or not alone."""
        found = {}
        for key, wanted in record.about:
            fitting = named_parts(self.document.instruments, record.node.name, key, wanted, self.aliases)
            if len(fitting) != 1:
                what = f"{self.given.name} {record.place}: {key} {wanted!r} {not_one(fitting)}"
                self.note("NBO345", "warning", f"{what}; the record is left out", record.node)
                return None
            found[key] = fitting[0].id
        return found

    def homes(self, element: str, image: Node, about: dict[str, str]) -> Iterator[Node]:
        """Yield the elements of an image that a record about these parts belongs to."""
        rules = table()[element]
        pixels = image.first("Pixels")
        channels = pixels.all("Channel") if pixels is not None else []
        holders = channels if rules["home"] == "Channel" else [image]
        for holder in holders:
            if all(self.uses(image, holder, about.get(key), rule.get("used")) for key, rule in rules["about"].items()):
                if rules["home"] == "Plane":
                    if pixels is not None:
                        yield pixels
                else:
                    yield holder

    def uses(self, image: Node, holder: Node, identifier: str | None, through: str | None) -> bool:
        if identifier is None or through is None:
            return True
        names = {through, *self.schema.members(through)}
        inside = holder.walk() if holder.name == "Channel" else (n for n in image.walk() if n.name in names)
        return any(n.name in names and n.id == identifier for n in (*image.children, *inside))

    def already(self, home: Node, element: str) -> bool:
        """Whether an earlier merge has added records of this file."""
        return any(n.id in self.before for n in home.walk() if n.name == element)

    def choose(self, image: Node, home: Node, day: datetime.date, records: list[Record], about: dict[str, str]) -> None:
        """Add the records of the latest day that were valid, or say that none was."""
        element = records[0].node.name
        valid = [r for r in records if r.date <= day and (r.valid_until is None or day <= r.valid_until)]
        of = ", ".join(self.called(i) for i in about.values())
        if not valid:
            before = [r.date for r in records if r.date <= day]
            nearest = (
                f"the last one before is of {max(before)} and was no longer valid"
                if before
                else f"the first one is of {min(r.date for r in records)}"
            )
            message = f"{self.given.name}: no {element} of {of} was valid on {day}, when the image was taken; {nearest}"
            self.note("NBO343", "warning", message, image)
            return
        latest = max(r.date for r in valid)
        for record in [r for r in valid if r.date == latest]:
            self.add(home, record, about, (day - latest).days)
        age = (
            f"{(day - latest).days} days old when the image was taken on {day}"
            if day != latest
            else "the day of the image"
        )
        message = f"{element} of {latest} ({self.given.name}, {of}): {age}"
        self.note("NBO342", "info", message, image)

    def add(self, home: Node, record: Record, about: dict[str, str], age: int) -> None:
        rules = table()[record.node.name]
        rule = f"valid on the day of the image, {age} days old"
        node = self.copy(record.node, rule)
        source = Source("user", self.given.name, record.place, rule=rule)
        for key, detail in rules["about"].items():
            if "refer" in detail and key in about:
                node.children.append(Node(detail["refer"], {"ID": Fact(about[key], source=source)}))
        tool = self.tool(record.tool) if record.tool else None
        if tool is not None:
            node.children.append(Node(rules["tool"], {"ID": Fact(tool, source=source)}))
        if home.name == "Pixels":
            home = self.one_plane(home, source)
        home.children.append(node)
        self.used = True

    def copy(self, node: Node, rule: str) -> Node:
        """Copy a record; what has an ID in NBO gets one that is unique in the document."""
        kind = self.schema.element(node.name) if node.name in self.schema else None
        facts = {
            k: Fact(f.value, f.unit, Source("user", self.given.name, f.source.path if f.source else "", rule=rule))
            for k, f in node.facts.items()
        }
        copied = Node(node.name, facts, [], node.text, node.foreign)
        if kind is not None and "ID" in kind.attributes:
            copied.put("ID", self.new_id(node.name), source=Source("user", self.given.name, rule=rule))
        copied.children = [self.copy(c, rule) for c in node.children]
        return copied

    def new_id(self, element: str) -> str:
        head, number = f"{element}:{self.given.sha256[:8]}", 0
        while f"{head}:{number}" in self.index:
            number += 1
        self.index[f"{head}:{number}"] = Node(element)
        return f"{head}:{number}"

    def tool(self, name: str) -> str | None:
        """ID of the tool of this name; one that the file describes is added to the Instrument."""
        instruments = self.document.instruments
        present = [t for i in instruments for t in i.all(_TOOL) if fold(t.get("Name") or "") == fold(name)]
        if present:
            return present[0].id
        described = next((t for t in self.given.tools if t.get("Name") == name), None)
        if described is None or not instruments:
            message = f"{self.given.name}: the tool {name!r} is described nowhere; the record does not refer to it"
            self.note("NBO345", "warning", message, Node(_TOOL))
            return None
        tool = self.copy(described, "tool of a record")
        instruments[0].children.append(tool)
        return tool.id

    def one_plane(self, pixels: Node, source: Source) -> Node:
        """Return a plane as an element of its own, the last one, so that the others keep their order and columns."""
        nodes = pixels.all("Plane")
        if nodes:
            return nodes[-1]
        planes = pixels.planes
        if planes is not None and len(planes):
            plane = Node("Plane", _last(planes))
            columns = {name: column[:-1] for name, column in planes.columns.items()}
            pixels.planes = PlaneTable(columns, dict(planes.units), dict(planes.sources)) if len(planes) > 1 else None
        else:
            plane = Node("Plane")
            plane.put("ID", self.new_id("Plane"), source=source)
            for axis in ("TheZ", "TheC", "TheT"):
                plane.put(axis, "0", source=source)
        pixels.children.append(plane)
        return plane

    def called(self, identifier: str) -> str:
        part = self.index[identifier]
        return f"{part.name} {part.get('Name') or part.get('Model') or identifier!r}"

    def undated(self, image: Node, element: str) -> None:
        message = f"{self.given.name}: the file does not say when the image was taken; no {element} can be told valid"
        self.note("NBO344", "warning", message, image)

    def note(self, code: str, severity: Severity, message: str, node: Node) -> None:
        finding = Finding(
            code,
            severity,
            message,
            file=self.document.origin.file,
            element=node.name,
            instance=node.id,
            other_source=self.given.name,
        )
        if finding not in self.document.findings:
            self.document.findings.append(finding)


def _last(planes: PlaneTable) -> dict[str, Fact]:
    """Facts of the last plane of a table."""
    values = ((n, c[-1]) for n, c in planes.columns.items())
    return {n: Fact(v, planes.units.get(n), planes.sources.get(n)) for n, v in values if v is not None}
