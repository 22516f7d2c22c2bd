"""OME's model, and how NBO's elements are said in it: two tables, and the few functions that they name."""

from __future__ import annotations

import datetime
import functools
import json
import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.model import Fact
from nbo_extract.schema import Schema, load
from nbo_extract.values import ILLEGAL, canonical, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbo_extract.model import Node
    from nbo_extract.schema import Attribute, SimpleType

_MOMENT = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
#: Exact in all that measurements need.
_DIGITS = 1000


@functools.cache
def ome_schema() -> Schema:
    """Return OME's model of 2016-06."""
    file = resources.files("nbo_extract_mappings") / "ome" / "ome-2016-06.json"
    return Schema(json.loads(file.read_text(encoding="utf-8")))


@dataclass(frozen=True, slots=True)
class Spec:
    """Where a value of OME comes from.

    Attributes
    ----------
    paths : tuple of str
        To the value, or to those that are joined with ``|``.
    words : dict of str to str
        OME's word by NBO's; where there are words, a value that is none of them has no place in OME.
    function : str
        Name of what makes the value.
    """

    paths: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    function: str = ""
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """How one element of OME is made."""

    attributes: Mapping[str, tuple[Spec, ...]] = field(default_factory=dict)
    texts: Mapping[str, tuple[Spec, ...]] = field(default_factory=dict)
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """The table of NBO to OME."""

    elements: Mapping[str, Rule]
    units: Mapping[str, str]
    skip: frozenset[str]


@functools.cache
def ome_rules() -> Rules:
    """Return the table of NBO to OME."""
    file = resources.files("nbo_extract_mappings") / "ome" / "from-nbo.toml"
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    elements = {
        name: Rule(
            {k: _specs(v) for k, v in row.get("attributes", {}).items()},
            {k: _specs(v) for k, v in row.get("texts", {}).items()},
            {k: tuple(v) for k, v in row.get("children", {}).items()},
            frozenset(row.get("skip", ())),
        )
        for name, row in data["element"].items()
    }
    return Rules(elements, data["units"], frozenset(data["skip"]["elements"]))


def _specs(given: Any) -> tuple[Spec, ...]:
    rows = given if isinstance(given, list) else [given]
    specs = []
    for row in rows:
        if isinstance(row, str):
            specs.append(Spec((row,)))
            continue
        paths = row.get("join") or ([row["from"]] if "from" in row else [])
        specs.append(Spec(tuple(paths), row.get("words", {}), row.get("with", ""), "join" in row))
    return tuple(specs)


# -- values of NBO ----------------------------------------------------------------------------------------------------


class Places:
    """Looks up nodes and facts by paths from a node.

    Parameters
    ----------
    root : Node
        Of the tree in which parents are looked up.
    """

    def __init__(self, root: Node) -> None:
        self._parents = {id(child): node for node in root.walk() for child in node.children}
        self._schema = load()

    def nodes(self, node: Node, path: str) -> list[Node]:
        """Return all nodes at a path of elements or heads of substitution groups."""
        found = [node]
        for step in path.split("/"):
            names = frozenset((step, *self._schema.members(step)))
            found = [child for n in found for child in self._step(n, step, names)]
        return found

    def _step(self, node: Node, step: str, names: frozenset[str]) -> list[Node]:
        if step == "..":
            parent = self._parents.get(id(node))
            return [] if parent is None else [parent]
        return [c for c in node.children if c.name in names]

    def fact(self, node: Node, path: str) -> Fact | None:
        """Return the fact at a path; None where an element of the path is missing or there are several."""
        way, _, last = path.rpartition("/")
        nodes = self.nodes(node, way) if way else [node]
        if len(nodes) != 1:
            return None
        if last == "name()":
            return Fact(nodes[0].name)
        return nodes[0].text if last == "#text" else nodes[0].facts.get(last)

    def value(self, node: Node, specs: tuple[Spec, ...]) -> Fact | None:
        """Return what the first spec gives that gives anything."""
        for spec in specs:
            found = self._one(node, spec)
            if found is not None:
                return found
        return None

    def _one(self, node: Node, spec: Spec) -> Fact | None:
        facts = [self.fact(node, path) for path in spec.paths]
        fact = Fact("|".join(f.value if f is not None else "" for f in facts)) if spec.joined else None
        if not spec.joined and facts:
            fact = facts[0]
            if fact is None:
                return None
        if spec.words:
            if fact is None or fact.value not in spec.words:
                return None
            fact = Fact(spec.words[fact.value], fact.unit, fact.source)
        return _FUNCTIONS[spec.function](node, fact) if spec.function else fact


def _fraction(node: Node, fact: Fact | None) -> Fact | None:
    number = None if fact is None else fact.number
    return None if number is None else Fact(_exact(number, Decimal("0.01"), Decimal(0)))


def _limit(node: Node, sign: int) -> Fact | None:
    centre, width = node.facts.get("Wavelength"), node.facts.get("FWHMBandwidth")
    if centre is None or width is None or centre.unit != width.unit:
        return None
    middle, whole = centre.number, width.number
    if middle is None or whole is None:
        return None
    return Fact(_exact(whole, Decimal("0.5") * sign, middle), centre.unit)


def _exact(number: Decimal, factor: Decimal, summand: Decimal) -> str:
    with localcontext() as context:
        context.prec = _DIGITS
        return number_text(number * factor + summand)


def _attribute(node: Node, fact: Fact | None) -> Fact | None:
    return None if fact is None else node.facts.get(fact.value)


def _moment(node: Node, fact: Fact | None) -> Fact | None:
    """Return date and time where the source has them: NBO keeps the date alone, and a time is not made up."""
    raw = fact.source.raw.strip() if fact is not None and fact.source is not None else ""
    if fact is None or not raw.startswith(fact.value) or not is_moment(raw):
        return None
    return Fact(raw)


_FUNCTIONS: dict[str, Callable[[Node, Fact | None], Fact | None]] = {
    "attribute": _attribute,
    "fraction": _fraction,
    "lower_limit": lambda node, _: _limit(node, -1),
    "moment": _moment,
    "upper_limit": lambda node, _: _limit(node, 1),
}


# -- values of OME ----------------------------------------------------------------------------------------------------


def is_moment(text: str) -> bool:
    """Whether a text is an xsd:dateTime."""
    if _MOMENT.fullmatch(text) is None:
        return False
    try:
        datetime.datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def ome_text(fact: Fact, kind: SimpleType) -> str | None:
    """Return a value as OME's type has it, or None where it is not of the type."""
    if kind.primitive == "xsd:string" and not kind.enum and not kind.patterns:
        return None if ILLEGAL.search(fact.value) else fact.value
    try:
        text = canonical(fact.value, kind)
    except ValueError:
        return None
    return None if kind.primitive == "xsd:dateTime" and not is_moment(text) else text


def ome_unit(fact: Fact, unit: Attribute | None) -> str | None:
    """Return OME's symbol for the unit of a fact; None where OME has not the unit, or it is not known.

    A value without a unit would get OME's default, which nobody has stated.
    """
    if unit is None or fact.unit is None:
        return None
    symbol = ome_rules().units.get(fact.unit, fact.unit)
    return symbol if symbol in unit.type.enum else None
