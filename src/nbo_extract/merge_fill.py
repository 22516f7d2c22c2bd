"""Filling one Instrument from a described one: absent facts, missing parts, references that resolve."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.agreement import agreement, in_unit_of
from nbo_extract.findings import Finding
from nbo_extract.hardware import dangling, label
from nbo_extract.model import Fact, Node
from nbo_extract.parts import rules
from nbo_extract.schema import load
from nbo_extract.units import UnitError, convert, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Document
    from nbo_extract.schema import Declaration

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", re.IGNORECASE)
# What distinguishes instances of a repeated child.
_KEYS = ("Wavelength", "PeakWavelength")


def fill_fact(node: Node, kind: Declaration, name: str, fact: Fact) -> str | None:
    """State a described fact on a node that lacks it, in the unit that the node has for it.

    Returns
    -------
    str or None
        Why it could not be stated; None where it was.
    """
    attribute = kind.attributes.get(name)
    if attribute is None:
        return f"NBO's {node.name} has no {name}"
    if attribute.unit is not None and _unit_is_taken(node, kind, attribute.unit):
        default = kind.attributes[attribute.unit].default
        stated = _stated_unit(node, kind, attribute.unit)
        # Values that share an unstated unit are in NBO's own; stating another would change them.
        wanted, given = stated or default, fact.unit or default
        if wanted is None or given is None:
            return "its unit is not known"
        if wanted != given:
            try:
                value = convert(fact.value, given, wanted)
            except UnitError as error:
                return str(error)
            source = None if fact.source is None else replace(fact.source, raw=f"{fact.value} {given}")
            fact = Fact(value, stated, source)
        else:
            fact = replace(fact, unit=stated)
        node.facts.pop(attribute.unit, None)
    node.facts[name] = fact
    return None


def _owners(node: Node, kind: Declaration, unit: str) -> list[str]:
    return [n for n, a in kind.attributes.items() if a.unit == unit and n in node.facts]


def _unit_is_taken(node: Node, kind: Declaration, unit: str) -> bool:
    """Whether a node states a unit alone, or another value that shares it."""
    return unit in node.facts or bool(_owners(node, kind, unit))


def _stated_unit(node: Node, kind: Declaration, unit: str) -> str | None:
    if unit in node.facts:
        return node.facts[unit].value
    units = (node.facts[n].unit for n in _owners(node, kind, unit))
    return next((u for u in units if u is not None), None)


class Filler:
    """Fills one Instrument of a document from one description, in place.

    Parameters
    ----------
    document : Document
        A copy that may be changed.
    instrument : Node
        One of its Instruments.
    hardware : Hardware
    number : int
        Position of the Instrument in the document; sets the IDs apart that are made for several of them.
    """

    def __init__(self, document: Document, instrument: Node, hardware: Hardware, number: int) -> None:
        self.document = document
        self.instrument = instrument
        self.hardware = hardware
        self.number = number
        self.schema = load(document.version)
        self.findings: list[Finding] = []
        # Whether described values of the part at hand take the place of the file's.
        self.preferring = False
        self.taken = {n.id for n in document.root.walk() if n.id and n.name not in self.schema.references}
        self.described = hardware.document.index()
        # IDs of the description to IDs of the document.
        self.ids: dict[str, str] = {hardware.instrument_id or hardware.instrument.id: instrument.id}

    def own_ids(self, identifier: str) -> Iterator[str]:
        """IDs under which a described component stands in the document where an earlier merge added it."""
        if self.number == 0 and _UUID.search(identifier):
            yield identifier
        head, colon, tail = identifier.rpartition(":")
        tag = self.hardware.sha256[:8] + (f".{self.number}" if self.number else "")
        yield f"{head}{colon}{tag}:{tail}"

    def new_id(self, identifier: str) -> str:
        """ID for a component that is added: its own where that is unique by nature, else one made from it."""
        for found in self.own_ids(identifier):
            if found not in self.taken:
                break
        else:
            number = 2
            while f"{found}.{number}" in self.taken:
                number += 1
            found = f"{found}.{number}"
        self.taken.add(found)
        self.ids[identifier] = found
        return found

    def add(self, parts: list[Node]) -> None:
        """Add described parts that the Instrument lacks. IDs of all come first: parts refer to each other."""
        for part in parts:
            for node in part.walk():
                if node.id and node.name not in self.schema.references:
                    self.new_id(node.id)
        for part in parts:
            self.instrument.children.append(self.take(part))

    def add_nameless(self, parts: list[Node]) -> None:
        """Add described parts without an ID, unless an equal one is there."""
        for part in parts:
            for node in part.walk():
                if node.id and node.name not in self.schema.references:
                    present = next((i for i in self.own_ids(node.id) if i in self.taken), None)
                    self.ids[node.id] = present or self.new_id(node.id)
            taken = self.take(part)
            if taken not in self.instrument.children:
                self.instrument.children.append(taken)

    def take(self, node: Node) -> Node:
        """Copy a described node with the document's IDs; references that would lead nowhere stay behind."""
        copy = Node(node.name, dict(node.facts), [], node.text, node.foreign, node.planes)
        # Who annotated a description is no part of it, and an Experimenter of another document.
        copy.facts.pop("Annotator", None)
        if node.id and node.name not in self.schema.references:
            copy.facts["ID"] = replace(node.facts["ID"], value=self.ids.get(node.id) or self.new_id(node.id))
        for child in node.children:
            taken = self.refer(node, child) if child.name in self.schema.references else self.take(child)
            if taken is not None:
                copy.children.append(taken)
        return copy

    def refer(self, holder: Node, reference: Node) -> Node | None:
        """Copy a reference so that it leads to the document's component."""
        attribute, _ = self.schema.references[reference.name]
        fact = reference.facts.get(attribute)
        copy = self.take(reference)
        if fact is None:
            return copy
        target = self.ids.get(fact.value) or self.annotation(fact.value)
        if target is None:
            self.findings.append(dangling(self.hardware.name, holder, reference.name, fact.value))
            return None
        copy.facts[attribute] = replace(fact, value=target)
        return copy

    def annotation(self, identifier: str) -> str | None:
        """Bring an annotation of the description along; return its ID in the document."""
        node = self.described.get(identifier)
        home = self.hardware.document.root.first("StructuredAnnotations")
        if node is None or home is None or all(c is not node for c in home.children):
            return None
        present = next((i for i in self.own_ids(identifier) if i in self.taken), None)
        if present is not None:
            self.ids[identifier] = present
            return present
        self.new_id(identifier)
        target = self.document.root.first("StructuredAnnotations")
        if target is None:
            target = Node("StructuredAnnotations")
            self.document.root.children.append(target)
        target.children.append(self.take(node))
        return self.ids[identifier]

    def fill(self, node: Node, described: Node, kind: Declaration, owner_id: str) -> None:
        """Fill the facts and children that a node lacks; report where both speak and disagree."""
        for name, fact in described.facts.items():
            if name == "ID" or name in kind.unit_names:
                continue
            if name in node.facts:
                self.judge(node, kind, name, fact, owner_id)
            else:
                reason = fill_fact(node, kind, name, fact)
                if reason is not None:
                    self.note(
                        "NBO309", "info", f"{label(node)}: {name} stays out: {reason}", node, owner_id, name, fact
                    )
        for name in dict.fromkeys(c.name for c in described.children):
            self.fill_children(node, described, kind, name, owner_id)

    def fill_children(self, node: Node, described: Node, kind: Declaration, name: str, owner_id: str) -> None:
        """Add the children of a name that a node lacks; fill those that both have."""
        use, declared = kind.use(name), kind.child(name)
        if use is None or declared is None:
            return
        theirs = described.all(name)
        mine = [c for c in node.children if kind.use(c.name) is use]
        if not mine:
            for child in theirs:
                taken = self.refer(node, child) if name in self.schema.references else self.take(child)
                if taken is not None:
                    node.children.append(taken)
        elif "ID" not in declared.attributes and name not in self.schema.references:
            for one, other in _pairs([c for c in mine if c.name == name], theirs):
                self.fill(one, other, declared, owner_id)

    def judge(self, node: Node, kind: Declaration, name: str, other: Fact, owner_id: str) -> None:
        """Compare an embedded value with the described one, and say where they disagree. The embedded one stays."""
        attribute, mine = kind.attributes.get(name), node.facts[name]
        # What a part is called is each owner's own affair.
        if attribute is None or name == "Name":
            return
        found = agreement(kind, attribute, mine, other)
        if found.state == "equal":
            return
        shown = in_unit_of(mine, other, found)
        texts = (mine.quantity, shown.quantity)
        where = f"{node.name} {name}" + (f" of {owner_id}" if owner_id else "")
        preferred = self.preferring and self.take_described(node, kind, name, other)
        kept = "the description's is taken, as it is preferred" if preferred else "the file's is kept"
        if found.harmless:
            message = f"{where}: {texts[0]!r} and {texts[1]!r} {found.words}; {kept}"
        else:
            why = f", which {found.words}" if found.words else ""
            message = f"{where} is {texts[0]!r} in the file and {texts[1]!r} in the description{why}; {kept}"
        severity = "info" if found.harmless else "warning"
        said = "; ".join(filter(None, (found.words, kept if preferred else "")))
        self.note("NBO301", severity, message, node, owner_id, name, shown, mine, said)

    def take_described(self, node: Node, kind: Declaration, name: str, other: Fact) -> bool:
        """Let a described value take the place of the file's, as the user prefers; whether it could."""
        mine = node.facts.pop(name)
        if fill_fact(node, kind, name, other) is None:
            return True
        node.facts[name] = mine
        return False

    def specify(self, node: Node, described: Node) -> None:
        """Let a part of a generic element become what the description says that it is."""
        kind = rules().kind(node.name)
        if node.name != kind.generic or described.name == node.name:
            return
        declared = self.schema.element("Instrument").child(described.name)
        if declared is None or not _holds(declared, node):
            return
        message = f"{label(node)} is a {described.name} by the description; it is stated as one"
        self.note("NBO310", "info", message, node, node.id, "", Fact(described.name), Fact(node.name))
        node.name = described.name
        for group, settings in (("CameraGroup", "CameraSettings"), ("PointDetectorGroup", "PointDetectorSettings")):
            if described.name in self.schema.members(group):
                for found in self.document.root.walk():
                    if found.name == "GenericDetectorSettings" and found.id == node.id:
                        found.name = settings if _holds(self.schema.element(settings), found) else found.name

    def note(
        self, code_: str, severity: str, message: str, node: Node, owner_id: str, name: str, other: Fact,
        mine: Fact | None = None, explanation: str = "",
    ) -> None:  # fmt: skip
        """Record a finding about a fact of a part."""
        facts = [mine or Fact(""), other]
        texts = [f.quantity for f in facts]
        sources = [f.source.path if f.source is not None else "" for f in facts]
        self.findings.append(
            Finding(
                code_,
                "warning" if severity == "warning" else "info",
                message,
                file=self.document.origin.file,
                element=node.name,
                instance=owner_id,
                attribute=name,
                value=texts[0],
                source=sources[0],
                other=texts[1],
                other_source=f"{self.hardware.name}: {sources[1]}" if sources[1] else self.hardware.name,
                explanation=explanation,
            )
        )


def _holds(kind: Declaration, node: Node) -> bool:
    """Whether all that a node states has a place in another element."""
    return set(node.facts) <= set(kind.attributes) and all(kind.child(c.name) is not None for c in node.children)


def _pairs(mine: list[Node], theirs: list[Node]) -> list[tuple[Node, Node]]:
    """Pair repeated children that speak of one thing: the only ones, or those of one wavelength."""
    if len(mine) == 1 and len(theirs) == 1:
        return [(mine[0], theirs[0])]
    pairs = []
    for one in mine:
        found = [t for t in theirs if _same_key(one, t)]
        if len(found) == 1 and sum(_same_key(m, found[0]) for m in mine) == 1:
            pairs.append((one, found[0]))
    return pairs


def _same_key(first: Node, second: Node) -> bool:
    for key in _KEYS:
        a, b = first.facts.get(key), second.facts.get(key)
        if a is not None and b is not None:
            try:
                return same(a.value, a.unit or "nm", b.value, b.unit or "nm")
            except UnitError:
                return False
    return False
