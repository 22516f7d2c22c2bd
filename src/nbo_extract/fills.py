"""OME attributes that are absent and known: what is filled in when a Document is embedded."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from nbo_extract.writers.block import CoreFill

if TYPE_CHECKING:
    from nbo_extract.model import Document, Node

_OME = re.compile(r"/OME/(?P<below>.+)\Z")
_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<place>\d+)\])?\Z")


@dataclass(frozen=True, slots=True)
class _Rule:
    ome: str
    nbo: str
    attribute: str
    unit: str = ""
    words: dict[str, str] = field(default_factory=dict)


@functools.cache
def _rules() -> tuple[_Rule, ...]:
    file = resources.files("nbo_extract_mappings") / "hardware" / "core-fills.toml"
    return tuple(_Rule(**row) for row in tomllib.loads(file.read_text(encoding="utf-8"))["fill"])


def core_fills(document: Document) -> tuple[CoreFill, ...]:
    """Return the OME attributes that a hardware description adds to the OME-XML that a Document was read from.

    Only elements that the OME-XML has are filled, and only facts that it did not state: those from hardware.

    Returns
    -------
    tuple of CoreFill
        Empty for a Document that was not read from OME-XML.
    """
    found: list[CoreFill] = []
    for node in document.root.walk():
        path = _ome_path(node)
        if path:
            element = _STEP.match(path.rpartition("/")[2])
            rules = [r for r in _rules() if element is not None and r.ome == element["name"]]
            found += [fill for rule in rules for fill in _fill(rule, node, path)]
    return tuple(found)


def _ome_path(node: Node) -> str:
    """Return the path of the OME element that a node was made from, with one-based places throughout."""
    fact = node.facts.get("ID")
    source = fact.source if fact is not None else None
    match = _OME.search(source.path) if source is not None and source.kind == "derived" else None
    if match is None:
        return ""
    steps = [_STEP.match(s) for s in match["below"].split("/")]
    return "/".join(f"{s['name']}[{s['place'] or 1}]" for s in steps if s is not None) if all(steps) else ""


def _fill(rule: _Rule, node: Node, path: str) -> list[CoreFill]:
    fact = node.facts.get(rule.nbo)
    if fact is None or fact.source is None or fact.source.kind != "hardware":
        return []
    value = rule.words.get(fact.value, "") if rule.words else fact.value
    if not value or (rule.unit and not fact.unit):
        return []
    fills = [CoreFill(path, rule.attribute, value)]
    if rule.unit and fact.unit:
        fills.append(CoreFill(path, rule.unit, fact.unit))
    return fills
