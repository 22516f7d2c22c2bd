"""Small tables over small trees, for the tests of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from nbo_extract.lift import Lift
from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract.tables import compile_table
from nbo_extract.tables_check import problems

if TYPE_CHECKING:
    from nbo_extract.model import Document, Fact, Node

INSTRUMENT = """
[[element]]
id = "instrument"
name = "Instrument"
"""
IMAGE = """
[[element]]
id = "image"
name = "Image"
each = ["Scene", "."]
key = "string(@n)"
keep = true
[[element]]
id = "pixels"
name = "Pixels"
parent = "image"
keep = true
[[element]]
id = "channel"
name = "Channel"
parent = "pixels"
each = ["C", "/*/C"]
[element.facts]
Name = "@name"
"""


def block(name: str, element: str, parent: str, each: str, rows: str, more: str = "") -> str:
    """Return one block; ``each`` as TOML."""
    head = f'[[element]]\nid = "{name}"\nname = "{element}"\nparent = "{parent}"\neach = {each}\n'
    return f"{head}{more}\n[element.facts]\n{rows}\n"


def lens(rows: str, more: str = "", each: str = '"//Lens"') -> str:
    """Return a table of objectives: one a Lens."""
    return INSTRUMENT + block("lens", "Objective", "instrument", each, rows, more)


def record(xml: str, planes: dict[str, PlaneColumns] | None = None) -> RawRecord:
    return RawRecord("folder/image.v", "V", "v", "t", etree.fromstring(xml), planes or {})


def run(xml: str, table: str, planes: dict[str, PlaneColumns] | None = None) -> Document:
    compiled = compile_table(table, "t")
    assert problems(compiled) == []
    return Lift(record(xml, planes), compiled).run()


def show(node: Node, depth: int = 0) -> list[str]:
    """Return one line a node: facts in the order stated, unit in brackets, text in quotes."""
    facts = [f"{n}={f.value}{f'[{f.unit}]' if f.unit else ''}" for n, f in node.facts.items()]
    text = [f'"{node.text.value}"'] if node.text is not None else []
    return [
        "  " * depth + " ".join([node.name, *facts, *text]),
        *(line for c in node.children for line in show(c, depth + 1)),
    ]


def nodes(document: Document) -> list[str]:
    return [line[2:] for line in show(document.root)[1:]]


def lenses(xml: str, rows: str, more: str = "") -> list[str]:
    """Return the objectives without their IDs."""
    document = run(xml, lens(rows, more))
    return [line.strip().partition(" ")[2].partition(" ")[2] for line in nodes(document) if "Objective " in line]


def only(document: Document, name: str) -> Node:
    found = [n for n in document.root.walk() if n.name == name]
    assert len(found) == 1
    return found[0]


def fact(document: Document, name: str, attribute: str) -> Fact:
    return only(document, name).facts[attribute]


def findings(document: Document) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in document.findings]
