"""Whether what a document states is allowed: values, references and IDs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.labels import Labels, joined
from nbo_extract.schema import load
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Declaration, SimpleType

ENUMERATION, TYPE, RANGE, DANGLING, DUPLICATE = "NBO210", "NBO211", "NBO212", "NBO213", "NBO214"
_RANGE = re.compile(r"is (not above|below|above|too large)")
# Numbers of at least 1 in plain writing: nearly all of the values of planes, of which there are many.
_PLAIN = re.compile(r"[1-9][0-9]{0,8}(\.[0-9]+)?")
_PLAIN_INTEGER = re.compile(r"[1-9][0-9]{0,8}")
# The same where zero is allowed, and where any number is.
_FROM_ZERO = re.compile(r"(?:0|[1-9][0-9]{0,8})(\.[0-9]+)?")
_FREE = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(\.[0-9]+)?")
_ASCII = re.compile(r"[ -~]*+")
_PLANE = frozenset({"Plane"})
#: Values of a column that are looked at together.
_STRETCH = 10_000
# Attributes that point to an element though the element that has them is no reference.
_POINTERS = {"Annotator": frozenset({"Experimenter"})}
# Elements whose ID is that of any other element.
_ANY = frozenset({"OpticalComponentPosition"})
_OFFERED = 6


@dataclass(slots=True)
class _Fault:
    labels: list[str] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    nodes: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Key:
    code: str
    element: str
    attribute: str
    value: str
    problem: str


class _Validity:
    def __init__(self, document: Document, labels: Labels) -> None:
        self.document = document
        self.schema = load(document.version)
        self.labels = labels
        self.targets: dict[str, frozenset[str]] = {}
        self.faults: dict[_Key, _Fault] = {}

    def run(self) -> list[Finding]:
        self._register()
        for node, kind, _ in self.labels.nodes:
            self._values(node, kind)
            self._planes(node, kind)
            self._references(node)
        return [self._finding(key, fault) for key, fault in self.faults.items()]

    def _register(self) -> None:
        """Note what every ID stands for; an ID of two elements stands for neither of them surely."""
        for node, _, _ in self.labels.nodes:
            planes = node.planes.columns.get("ID", []) if node.planes is not None else []
            self._identify_planes(node, [i for i in planes if i is not None])
            if node.id and node.name not in self.schema.references and node.name not in _ANY:
                self._identify(node, node.name, node.id)

    def _identify_planes(self, node: Node, identifiers: list[str]) -> None:
        # A hundred thousand planes share one set; one of their IDs that is taken has a set of its own.
        fresh = dict.fromkeys(identifiers, _PLANE)
        if len(fresh) == len(identifiers) and self.targets.keys().isdisjoint(fresh):
            self.targets.update(fresh)
            return
        for identifier in identifiers:
            self._identify(node, "Plane", identifier)

    def _identify(self, node: Node, element: str, identifier: str) -> None:
        if identifier in self.targets:
            self._fault(DUPLICATE, node, "ID", identifier, "is the ID of more than one element", element)
        self.targets[identifier] = self.targets.get(identifier, frozenset()) | {element}

    def _values(self, node: Node, kind: Declaration) -> None:
        for name, fact in node.facts.items():
            attribute = kind.attributes.get(name)
            if attribute is None or not fact.value.strip():
                continue
            self._value(node, name, fact.value, attribute.type)
            if attribute.unit is not None and fact.unit is not None:
                self._value(node, attribute.unit, fact.unit, kind.attributes[attribute.unit].type)
        if node.text is not None and kind.text is not None:
            self._value(node, "text", node.text.value, kind.text)

    def _planes(self, node: Node, kind: Declaration) -> None:
        plane = kind.child("Plane")
        if node.planes is None or plane is None:
            return
        for name, column in node.planes.columns.items():
            attribute = plane.attributes.get(name)
            if attribute is None:
                continue
            for value in _doubtful(column, attribute.type):
                self._value(node, name, value, attribute.type, "Plane")
            unit = node.planes.units.get(name)
            if unit is not None and attribute.unit is not None:
                self._value(node, attribute.unit, unit, plane.attributes[attribute.unit].type, "Plane")

    def _value(self, node: Node, name: str, value: str, kind: SimpleType, element: str = "") -> None:
        if kind.enum:
            if value not in kind.enum:
                offered = [repr(v) for v in kind.enum]
                more = ", …" if len(offered) > _OFFERED else ""
                problem = f"is not among NBO's values {', '.join(offered[:_OFFERED])}{more}"
                self._fault(ENUMERATION, node, name, value, problem, element)
            elif kind.patterns and not any(re.fullmatch(p, value) for p in kind.patterns):
                self._fault(TYPE, node, name, value, "cannot be stated: NBO's schema allows no value here", element)
            return
        if _plainly_valid(value, kind):
            return
        try:
            canonical(value, kind)
        except ValueError as error:
            code = RANGE if kind.numeric and _RANGE.match(str(error)) else TYPE
            self._fault(code, node, name, value, str(error), element)

    def _references(self, node: Node) -> None:
        pointers = [(name, targets) for name, targets in _POINTERS.items() if name in node.facts]
        if node.name in self.schema.references:
            pointers.append(self.schema.references[node.name])
        elif node.name in _ANY:
            pointers.append(("ID", frozenset()))
        for attribute, targets in pointers:
            value = node.get(attribute)
            if value is None or not value.strip():
                continue
            found = self.targets.get(value)
            if found is None:
                self._fault(DANGLING, node, attribute, value, "is the ID of nothing in this document")
            elif targets and not found & targets:
                kinds = ", ".join(sorted(found))
                self._fault(DANGLING, node, attribute, value, f"is the ID of an element of another kind ({kinds})")

    def _fault(self, code: str, node: Node, name: str, value: str, problem: str, element: str = "") -> None:
        key = _Key(code, element or node.name, name, value, problem)
        fault = self.faults.setdefault(key, _Fault())
        label = self.labels[node]
        if id(node) not in fault.nodes:
            fault.nodes.add(id(node))
            fault.labels.append(label if element in ("", node.name) else f"{element} of {label}")
            fault.instances.append(node.id)

    def _finding(self, key: _Key, fault: _Fault) -> Finding:
        place = joined(key.element, fault.labels, len(fault.labels))
        return Finding(
            key.code,
            "error",
            f"{place}: {key.attribute} '{key.value}' {key.problem}",
            file=self.document.origin.file,
            element=key.element,
            instance=", ".join(dict.fromkeys(i for i in fault.instances if i)),
            attribute=key.attribute,
            value=key.value,
        )


def _plain(kind: SimpleType) -> re.Pattern[str] | None:
    """Return the form of numbers that a type allows whatever they are; None where there is none."""
    if not kind.numeric or kind.maximum is not None or (kind.minimum or 0) > 1 or (kind.above or 0) > 0:
        return None
    if kind.integer:
        return _PLAIN_INTEGER
    if kind.above is not None or (kind.minimum or 0) > 0:
        return _PLAIN
    return _FREE if kind.minimum is None else _FROM_ZERO


def _plainly_valid(value: str, kind: SimpleType) -> bool:
    plain = _plain(kind)
    return plain is not None and plain.fullmatch(value) is not None


def _doubtful(column: list[str | None], kind: SimpleType) -> Iterator[str]:
    """Yield the values of a column, each once, but for stretches in which all are of a form that the type allows."""
    plain = _plain(kind)
    form = plain.pattern if plain is not None else "|".join(kind.patterns) if not kind.enum else ""
    many = re.compile(f"(?:(?:{form})\n)*+") if form else None
    known: set[str] = set()
    for start in range(0, len(column), _STRETCH):
        values = dict.fromkeys(filter(None, column[start : start + _STRETCH]))
        # Printable ASCII alone: a value with a line break would pass for two.
        joined = "\n".join([*values, ""])
        if many is not None and _ASCII.fullmatch(joined.replace("\n", "")) and joined.count("\n") == len(values):
            if many.fullmatch(joined) is not None:
                continue
        yield from (v for v in values if v not in known and v.strip())
        known.update(values)


def validity(document: Document, labels: Labels | None = None) -> list[Finding]:
    """Return what is stated but not allowed: NBO210 to NBO214.

    Parameters
    ----------
    document : Document
    labels : Labels, optional
        Those of the document, where they are known.

    Returns
    -------
    list of Finding
        In the order of the document; all of severity ``error``, since no software could rely on these values.
    """
    return _Validity(document, labels or Labels(document)).run()
