"""What a report says of one file, as plain data: small, and fit to travel between processes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from nbo_extract.counting import counted
from nbo_extract.labels import Labels, walk
from nbo_extract.report.columns import column_of
from nbo_extract.report.light_path import ChannelPath, LightPaths
from nbo_extract.summary import MISSING, is_disagreement, summarise
from nbo_extract.summary_images import channels_of, objective_text, pixel_size_of, size_of
from nbo_extract.unused import Unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.checking import CheckReport
    from nbo_extract.findings import Finding
    from nbo_extract.model import Document, Fact, PlaneTable, Source
    from nbo_extract.summary_images import ChannelSummary

_INDICES = ("ID", "TheZ", "TheC", "TheT")


class Count(NamedTuple):
    """Fields found, fields asked for, and fields that are not counted for this image."""

    found: int
    required: int
    excused: int


class Value(NamedTuple):
    """One fact and where it came from; `file` is empty for the image itself."""

    attribute: str
    value: str
    kind: str
    file: str = ""
    path: str = ""
    raw: str = ""
    rule: str = ""


class Element(NamedTuple):
    """One element with its facts."""

    label: str
    values: tuple[Value, ...]


class Group(NamedTuple):
    """What elements of one kind miss, in short."""

    element: str
    fields: tuple[str, ...]


class Message(NamedTuple):
    """A finding: code, severity, sentence, and where a missing fact usually comes from."""

    code: str
    severity: str
    text: str
    where: str = ""


class Disagreement(NamedTuple):
    """Two values that contradict each other."""

    where: str
    attribute: str
    image: str
    other: str
    other_source: str
    explanation: str


class Taken(NamedTuple):
    """What images that were taken alike share.

    `images` holds name, size and date of each.
    """

    images: tuple[tuple[str, str, str], ...]
    objective: str
    pixel_size: str
    channels: tuple[ChannelPath, ...]


#: Numbers of planes that nbo-extract gives: they say which plane a fact is of.
_PLACE = ("TheZ", "TheC", "TheT")


@dataclass(frozen=True, slots=True)
class FileReport:
    """All that a report says of one file.

    Attributes
    ----------
    path : str
    failed : str
        Why it could not be read, one sentence; all else is empty then.
    format, stand, software, stated_in : str
    images : int
    passed : bool
    counts : dict of str to Count
        Column to its fields.
    setups : tuple of Taken
    merged : tuple of str
        Which descriptions were merged, and why.
    groups : tuple of Group
    missing, uncounted, findings, notes : tuple of Message
    disagreements : tuple of Disagreement
    sources : dict of str to int
        Kind of source to number of facts.
    elements : tuple of Element
    fields : tuple of (str, str)
        Element and field of all that is missing and counts, each once; not of described parts that no image refers to.
    unused : tuple of Group
        What is missing of such parts, by what they are called.
    """

    path: str
    failed: str = ""
    format: str = ""
    stand: str = ""
    software: str = ""
    stated_in: str = ""
    images: int = 0
    passed: bool = False
    counts: dict[str, Count] = field(default_factory=dict)
    setups: tuple[Taken, ...] = ()
    merged: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    missing: tuple[Message, ...] = ()
    uncounted: tuple[Message, ...] = ()
    findings: tuple[Message, ...] = ()
    notes: tuple[Message, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    sources: dict[str, int] = field(default_factory=dict)
    elements: tuple[Element, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    unused: tuple[Group, ...] = ()

    @property
    def total(self) -> Count:
        """All columns together."""
        return add_counts(self.counts.values())


def add_counts(counts: Iterable[Count]) -> Count:
    """Return the sum of counts."""
    listed = list(counts)
    return Count(sum(c.found for c in listed), sum(c.required for c in listed), sum(c.excused for c in listed))


def collect(document: Document, report: CheckReport, *, path: str = "", stated_in: str = "") -> FileReport:
    """Collect what a report says of a Document.

    Parameters
    ----------
    document : Document
        With its planes.
    report : CheckReport
        What it misses.
    path : str
        What the image is called; by default as the Document says.
    stated_in : str
        Sidecar that was read instead of the image.

    Returns
    -------
    FileReport
    """
    summary = summarise(document, report)
    elements = tuple(_elements(document))
    invalid = [f for f in report.findings if f.code not in MISSING]
    told = [*document.findings, *(f for f in invalid if f not in document.findings)]
    missing = [f for f in report.findings if f.code in MISSING]
    counting = {id(f) for f, g in zip(missing, report.gaps, strict=False) if g.counted}
    verdict, apart = summary.verdict, Unused(document)
    return FileReport(
        path or document.origin.file,
        format=summary.format,
        stand=summary.stand,
        software=summary.software,
        stated_in=stated_in,
        images=len(document.images),
        passed=report.passed,
        counts=_counts(report, document.version),
        setups=tuple(_setups(document)),
        merged=(*summary.merged, *summary.calibration),
        groups=tuple(Group(g.element, g.names) for g in verdict.groups) if verdict is not None else (),
        missing=tuple(_message(f) for f in missing if id(f) in counting),
        uncounted=tuple(_message(f) for f in missing if id(f) not in counting),
        findings=tuple(_message(f) for f in summary.findings),
        notes=_once(
            f for f in told if f.severity == "info" and f.message not in (*summary.merged, *summary.calibration)
        ),
        disagreements=tuple(_disagreement(f) for f in told if is_disagreement(f) and f.severity != "info"),
        sources=_sources(elements),
        elements=elements,
        fields=tuple(
            dict.fromkeys(
                (g.requirement.element, _field(g.requirement.name))
                for g in report.gaps
                if g.counted and not apart.wholly(g)
            )
        ),
        unused=tuple(Group(g.element, g.names) for g in verdict.unused) if verdict is not None else (),
    )


def _field(name: str) -> str:
    return name.removesuffix("Group").replace("|", " or ")


def _message(finding: Finding) -> Message:
    return Message(finding.code, finding.severity, finding.message, finding.where)


def _once(findings: Iterator[Finding]) -> tuple[Message, ...]:
    return tuple(dict.fromkeys(map(_message, findings)))


def _disagreement(finding: Finding) -> Disagreement:
    where = " ".join(filter(None, (finding.element, finding.instance)))
    return Disagreement(
        where, finding.attribute, finding.value, finding.other, finding.other_source, finding.explanation
    )


def _counts(report: CheckReport, version: str) -> dict[str, Count]:
    found: dict[str, list[int]] = {}
    for judged in report.judged:
        numbers = found.setdefault(column_of(judged, version), [0, 0, 0])
        numbers[0] += judged.status == "present"
        numbers[1] += judged.status != "excused"
        numbers[2] += judged.status == "excused"
    return {key: Count(*numbers) for key, numbers in sorted(found.items())}


# -- how images were taken --------------------------------------------------------------------------------------------


def _setups(document: Document) -> Iterator[Taken]:
    """Yield how images were taken, those that were taken alike as one."""
    paths = LightPaths(document)
    groups: dict[tuple[str, str, tuple[ChannelPath, ...]], list[tuple[str, str, str]]] = {}
    for image in document.images:
        told = channels_of(image, paths.index)
        channels = tuple(_with_facts(p, s) for p, s in zip(paths.channels(image), told, strict=True))
        shared = (objective_text(image, paths.index), pixel_size_of(image), channels)
        one = (image.get("Name") or image.id, size_of(image), image.get("AcquisitionDate") or "")
        groups.setdefault(shared, []).append(one)
    for shared, images in groups.items():
        yield Taken(tuple(images), *shared)


def _with_facts(path: ChannelPath, summary: ChannelSummary) -> ChannelPath:
    facts = (
        ("Kind", summary.method),
        ("Dye", summary.fluorophore),
        ("Light", summary.light),
        ("Detector", summary.detector),
        ("Exposure", summary.exposure),
    )
    stated = tuple((name, text) for name, text in facts if text)
    return ChannelPath(path.name, path.mode, path.dye, path.parts, path.marks, stated)


# -- all facts --------------------------------------------------------------------------------------------------------


def _elements(document: Document) -> Iterator[Element]:
    labels = Labels(document)
    name = os.path.basename(document.origin.file.rstrip("/"))
    for node, _, _ in walk(document):
        values = [_value(attribute, fact, name) for attribute, fact in node.facts.items()]
        values += [_value("text", node.text, name)] if node.text is not None else []
        if values:
            yield Element(labels[node], tuple(values))
        if node.planes is not None and len(node.planes):
            yield Element(f"Planes of {labels[node]}", tuple(_plane_values(node.planes, name)))


def _value(attribute: str, fact: Fact, image: str) -> Value:
    return Value(attribute, fact.quantity, *_origin(fact.source, image))


def _origin(source: Source | None, image: str) -> tuple[str, str, str, str, str]:
    if source is None:
        return ("", "", "", "", "")
    file = "" if source.kind in ("embedded", "derived") and os.path.basename(source.file) == image else source.file
    rule = source.rule if source.derivation in ("", source.rule) else f"{source.rule} ({source.derivation})"
    return (source.kind, file, source.path, source.raw, rule)


def _plane_values(planes: PlaneTable, image: str) -> Iterator[Value]:
    """Yield what the planes of an image state, one line an attribute."""
    number = counted(len(planes), "plane")
    for attribute, column in planes.columns.items():
        if attribute == "ID":
            continue
        different = list(dict.fromkeys(v for v in column if v is not None))
        unit = planes.units.get(attribute)
        text = _span(different, unit)
        stated = sum(v is not None for v in column)
        of = number if stated == len(planes) else f"{stated:,} of {number}"
        told = f"{text} ({of})"
        if attribute in _PLACE and attribute not in planes.sources:
            yield Value(attribute, told, "number", "", "", "", "")
        else:
            yield Value(attribute, told, *_origin(planes.sources.get(attribute), image))


def _span(values: list[str], unit: str | None) -> str:
    from nbo_extract.model import Fact

    if not values:
        return "nothing"
    if len(values) == 1:
        return Fact(values[0], unit).quantity
    numbers = [(n, v) for v in values if (n := Fact(v).number) is not None]
    if len(numbers) < len(values):
        return f"{len(values):,} different texts"
    return Fact(f"{min(numbers)[1]} to {max(numbers)[1]}", unit).quantity


def _sources(elements: tuple[Element, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for element in elements:
        for value in element.values:
            found[value.kind] = found.get(value.kind, 0) + 1
    return dict(sorted(found.items()))


def failed(path: str, message: str) -> FileReport:
    """Return what a report says of a file that could not be read."""
    return FileReport(path, failed=message)
