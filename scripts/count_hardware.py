"""Count what a Micro-Meta App microscope file states, and what of it arrives in NBO's Instrument.

Usage: ``python scripts/count_hardware.py FILE...``. The file is counted from its raw JSON, the Instrument from the
document; every statement that is not in both is listed with its reason. The exit status is 1 where one has no reason.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import NboExtractError
from nbo_extract.hardware import load_hardware
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node

# What the application keeps beside the statements: the canvas, counters, its own records.
OWN = {
    "PositionX", "PositionY", "PositionZ", "Width", "Height", "OffsetX", "OffsetY", "OccupiedSpot", "occupiedSpot",
    "Rotate", "Tier", "ValidationTier", "ModelVersion", "AppVersion", "Extension", "Domain", "Category", "Schema_ID",
}  # fmt: skip
COUNTERS = ("Current_Number_Of_", "Min_Number_Of_", "Max_Number_Of_")
CONTAINERS = {"MicroscopeStand", "components", "linkedFields"}
NOTHING = {"", "na", "not assigned"}
ALONE = "a unit without a value: the application writes it for every field"


@dataclass(frozen=True, slots=True)
class Statement:
    """One value that a component states.

    Attributes
    ----------
    place : str
        Component, and the object inside of it.
    key : str
        Field, as the file calls it.
    value : str
    """

    place: str
    key: str
    value: str


@dataclass(slots=True)
class Count:
    """What goes in and what comes out.

    Attributes
    ----------
    components, attributes, references : tuple of (int, int)
        In the file and in the Instrument.
    differences : list of (Statement, str)
        What the file states and the Instrument does not, with the reason; empty where there is none.
    added : list of str
        What the Instrument states and the file does not.
    """

    components: tuple[int, int]
    attributes: tuple[int, int]
    references: tuple[int, int]
    differences: list[tuple[Statement, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    @property
    def unexplained(self) -> list[Statement]:
        """Statements that are lost without a reason."""
        return [s for s, reason in self.differences if not reason]


def parts_of(content: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the Instrument, its stand and its components with the names that their sources have."""
    stand = content.get("MicroscopeStand")
    found = [("MicroscopeStand", stand)] if isinstance(stand, dict) else []
    found += [(f"components[{n}]", c) for n, c in enumerate(content["components"])]
    named = []
    for place, part in found:
        kind = part["Schema_ID"].removesuffix(".json").rpartition("_")[2]
        named.append((f"{place} {kind}" + (f" {part['Name']!r}" if part.get("Name") else ""), part))
    return [("Instrument", {k: v for k, v in content.items() if k not in CONTAINERS}), *named]


def statements(content: dict[str, Any], place: str) -> Iterator[Statement]:
    """Yield everything that an object states, the objects inside of it too."""
    for key, value in content.items():
        if key in OWN or key.startswith(COUNTERS) or value is None:
            continue
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                yield from statements(item, f"{place} /{key}[{number}]")
            else:
                yield Statement(place, key, str(item).lower() if isinstance(item, bool) else str(item))


def is_reference(statement: Statement, identifiers: set[str]) -> bool:
    """Whether a statement names another component, or says that there is none."""
    return statement.key != "ID" and statement.value.rpartition("/")[2] in identifiers


def count(path: Path) -> Count:
    """Count one file.

    Raises
    ------
    HardwareError
        If the file cannot be used.
    """
    hardware = load_hardware(path)
    content = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=str, parse_int=str)
    parts = parts_of(content)
    identifiers = {str(p["ID"]) for _, p in parts}
    stated = [s for place, part in parts for s in statements(part, place)]
    links = _links(content, parts, identifiers)
    out = dict(_arrived(hardware))
    told = {
        (f.source.rpartition(" /")[0], f.attribute): f"{f.code}: {f.message}" for f in hardware.findings if f.source
    }
    counted = Count(
        (len(parts) - 1, sum(1 for n in hardware.instrument.children if n.id and n.name not in load().references)),
        (sum(not is_reference(s, identifiers) for s in stated), sum(not r for r in out.values())),
        (sum(is_reference(s, identifiers) for s in stated) + len(links), sum(out.values())),
    )
    missing = [s for s in (*stated, *links) if s not in out]
    owners = _units(hardware)
    for statement in missing:
        reason = told.get((statement.place, statement.key), "")
        if not reason and statement.key.endswith(("Unit", "Units")) and (statement.place, statement.key) not in owners:
            reason = ALONE
        counted.differences.append((statement, reason))
    known = {*stated, *links}
    counted.added = sorted(f"{s.place} /{s.key} = {s.value}" for s in out if s not in known)
    return counted


def _links(content: dict[str, Any], parts: list[tuple[str, dict[str, Any]]], known: set[str]) -> list[Statement]:
    """Return the references of linkedFields of which the components themselves say nothing."""
    found = []
    for place, part in parts[1:]:
        linked = content.get("linkedFields", {}).get(f"{part['Schema_ID'].removesuffix('.json')}_{part['ID']}", {})
        for key, link in linked.items():
            value = link.get("value") if isinstance(link, dict) else None
            if part.get(key) in (None, "", []):
                for item in value if isinstance(value, list) else [value]:
                    if item in known:
                        found.append(Statement(f"linkedFields {place.split(' ')[1]}", key, item))
    return found


def _arrived(hardware: Hardware) -> Iterator[tuple[Statement, bool]]:
    """Yield what the document states, as the file had it, and whether it is a reference."""
    schema = load(hardware.document.version)
    index = hardware.document.index()

    def visit(node: Node) -> Iterator[tuple[Statement, bool]]:
        units = {} if node.name not in schema else schema.element(node.name).attributes
        for name, fact in (*node.facts.items(), *((("", node.text),) if node.text is not None else ())):
            if fact.source is None:
                continue
            place, _, key = fact.source.path.rpartition(" /")
            refers = node.name in schema.references and index.get(fact.value) is not None
            yield (
                Statement(place, key, fact.source.raw or fact.value),
                refers and name == schema.references[node.name][0],
            )
            unit = next((a.unit for n, a in units.items() if n == name), None)
            if unit is not None and fact.unit is not None:
                yield Statement(place, unit, fact.unit), False
        for child in node.children:
            yield from visit(child)

    yield from visit(hardware.document.root)


def _units(hardware: Hardware) -> set[tuple[str, str]]:
    """Places and names of the units whose values the document states."""
    schema = load(hardware.document.version)
    found = set()
    for node in hardware.document.root.walk():
        attributes = schema.element(node.name).attributes if node.name in schema else {}
        for name, fact in node.facts.items():
            if name in attributes and attributes[name].unit and fact.source is not None:
                found.add((fact.source.path.rpartition(" /")[0], attributes[name].unit or ""))
    return found


def lines(path: Path, counted: Count) -> Iterator[str]:
    """Yield the report about one file."""
    yield str(path)
    for name in ("components", "attributes", "references"):
        into, out = getattr(counted, name)
        yield f"  {name:<11} {into:>5} in {out:>5} out"
    for statement, reason in counted.differences:
        yield f"  - {statement.place} /{statement.key} = {statement.value}: {reason or 'NO REASON'}"
    for text in counted.added:
        yield f"  + {text}"


def main(paths: list[str]) -> int:
    """Report on files; 1 where a statement is lost without a reason."""
    status = 0
    for name in paths:
        try:
            counted = count(Path(name))
        except NboExtractError as error:
            print(error.message)
            status = 1
            continue
        print(*lines(Path(name), counted), sep="\n")
        status = 1 if counted.unexplained else status
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
