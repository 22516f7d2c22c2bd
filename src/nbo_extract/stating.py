"""Stating in a Document what people wrote down: absent facts are filled, stated ones are compared and stay."""

from __future__ import annotations

import os
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.agreement import Agreement, agreement, in_unit_of
from nbo_extract.applicability import placeholder
from nbo_extract.findings import Finding
from nbo_extract.hardware import label
from nbo_extract.merge_fill import fill_fact
from nbo_extract.model import Fact, Node, Source
from nbo_extract.parts import NAMED_BY, fold
from nbo_extract.schema import load
from nbo_extract.statements import TEXT, Step, declaration_of, reference_to
from nbo_extract.stating_findings import Reporter, place
from nbo_extract.stating_planes import plane_of, put_column
from nbo_extract.xmlio import tabulate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nbo_extract.model import Document
    from nbo_extract.schema import Declaration
    from nbo_extract.statements import Statement, StatementSet

# A statement without a selector is about all of these; of other elements it has to be the only one.
_ALL = frozenset({"Instrument", "Image", "Pixels", "Channel", "LightPath", "Plane"})
#: Endings of gap sheets: who gives one expects that it says something.
SHEETS = (".xlsx", ".csv")
_NONE: Mapping[str, Collection[str]] = MappingProxyType({})
_DIFFERENT = Agreement("different")


def state(
    document: Document,
    sets: Iterable[StatementSet],
    *,
    prefer: Collection[str] = (),
    aliases: Mapping[str, Collection[str]] = _NONE,
) -> None:
    """Apply the statements that are about a Document, in place.

    Parameters
    ----------
    document : Document
        Gets facts, elements, references and findings.
    sets : iterable of StatementSet
        Their order does not matter: they are taken in the order of their names.
    prefer : collection of str, optional
        Elements whose stated values take the place of those that the file has; ``all`` is every element.
    aliases : mapping of str to collection of str, optional
        Part of the document to the names and IDs by which a description calls it.
    """
    names = microscopes(document)
    # A pattern may name folders that the path, given from within them, leaves out.
    path = os.path.abspath(document.origin.file) if document.origin.file else ""
    for given in sorted(sets, key=lambda s: (s.name, s.sha256)):
        stater = _Stater(document, given, prefer, aliases)
        covered = [s for s in given.statements if s.scope.covers(path, names)]
        found = [f for scope, f in given.left_out if scope.covers(path, names)]
        document.findings += [replace(f, file=document.origin.file) for f in found]
        if given.statements and not covered and given.name.lower().endswith(SHEETS):
            message = f"{given.name} is of other images or another microscope: none of its rows is about this file"
            found_none = Finding("NBO332", "info", message, file=document.origin.file, other_source=given.path)
            document.findings.append(found_none)
        # References come last: they may be to elements that other statements add.
        for statement in sorted(covered, key=lambda s: _refers(s, document.version)):
            stater.apply(statement)
        stater.settle_planes()
        if covered and stater.changed:
            document.origin.came_from(given.name, given.path, given.sha256)


def microscopes(document: Document) -> tuple[str, ...]:
    """Names by which a statement may call the microscope of a Document: of the Instrument, and models of the stand."""
    stands = load(document.version).members("MicroscopeStandGroup")
    found = [i.get("Name") for i in document.instruments]
    found += [s.get(name) for i in document.instruments for s in i.all(*stands) for name in ("Model", "Name")]
    return tuple(dict.fromkeys(name for name in found if name))


def _refers(statement: Statement, version: str) -> bool:
    return statement.steps[-1].element in load(version).references


class _Stater:
    """Applies the statements of one set to one Document."""

    def __init__(
        self,
        document: Document,
        given: StatementSet,
        prefer: Collection[str],
        aliases: Mapping[str, Collection[str]],
    ) -> None:
        self.document = document
        self.report = Reporter(document)
        self.given = given
        self.prefer = prefer
        self.aliases = aliases
        self.schema = load(document.version)
        self.index = document.index()
        self.added: dict[tuple[int, str, str], Node] = {}
        # What this set states is no reason to take one element for another: selectors mean what was there before.
        self.filled: set[tuple[int, str]] = set()
        self.pixels: list[Node] = []
        self.changed = False

    def apply(self, statement: Statement) -> None:
        """State one value in every element that it is about."""
        nodes = [self.document.root]
        kind = self.schema.element("OME")
        for number, step in enumerate(statement.steps):
            found: list[Node] = []
            last = step is statement.steps[-1]
            if last and step.element == "Plane" and not step.added and any(n.planes for n in nodes):
                for node in nodes:
                    self.put_column(node, step.position, statement)
                return
            for node in nodes:
                found += self.step(node, kind, step, statement)
            # One element may be referred to from several others.
            nodes = list({id(n): n for n in found}.values())
            kind = declaration_of(statement.steps[: number + 1], self.document.version)
            if not nodes:
                return
        for node in nodes:
            self.put(node, kind, statement)

    def step(self, node: Node, kind: Declaration, step: Step, statement: Statement) -> list[Node]:
        """Return the elements that a step leads to from one element; the one that is missing is added."""
        through = None if kind.child(step.element) is not None else reference_to(kind, step.element)
        present = self.referred(node, through, step.element) if through else node.all(step.element)
        if step.added:
            return [self.find_or_add(node, kind, step, through)]
        if step.position:
            present = present[step.position - 1 : step.position]
        found = self.fitting(present, step)
        if step.where or step.position:
            # What is said of a part for all images of a microscope is not about those that do not use it.
            general = statement.scope.microscope and not statement.scope.files and step.element != "Instrument"
            if not found and not (general and statement.steps[0].element == "Instrument"):
                self.report.note(statement, "NBO322", "info", f"the file has no {step}; it is left out")
            elif len(found) > 1 and step.element not in _ALL:
                self.report.note(statement, "NBO321", "warning", f"{len(found)} elements are {step}; it is left out")
                return []
            return found
        if not found:
            return [self.find_or_add(node, kind, step, through)] if self.addable(kind, step, statement) else []
        if len(found) > 1 and step.element not in _ALL:
            self.report.note(statement, "NBO321", "warning", f"the file has {len(found)} {step.element}; say which one")
            return []
        return found

    def fitting(self, nodes: Iterable[Node], step: Step) -> list[Node]:
        """Return the elements that state the values of a step themselves, else those of which this set states them."""
        present = list(nodes)
        own = [n for n in present if all(self.has(n, name, value) for name, value in step.where)]
        return own or [n for n in present if all(self.has(n, name, value, now=True) for name, value in step.where)]

    def has(self, node: Node, name: str, value: str, *, now: bool = False) -> bool:
        """Whether an element has a value, be it of this set only if asked so, or is called so by a description."""
        if _equal(node.get(name), value) and (now or (id(node), name) not in self.filled):
            return True
        return name in (*NAMED_BY, "ID") and any(_equal(a, value) for a in self.aliases.get(node.id, ()))

    def addable(self, kind: Declaration, step: Step, statement: Statement) -> bool:
        """Whether a missing element may be added: images, channels and instruments are facts of the file."""
        if step.element in ("Image", "Pixels", "Channel", "Instrument", "Plane"):
            self.report.note(statement, "NBO322", "info", f"the file has no {step.element}; it is left out")
            return False
        use = kind.use(step.element)
        return use is not None or reference_to(kind, step.element) is not None

    def referred(self, node: Node, through: str, element: str) -> list[Node]:
        attribute, _ = self.schema.references[through]
        targets = (self.index.get(r.get(attribute) or "") for r in node.all(through))
        return [t for t in targets if t is not None and t.name == element]

    def find_or_add(self, node: Node, kind: Declaration, step: Step, through: str | None) -> Node:
        """Return the element that this set adds here; where a reference leads to it, the reference is added, too."""
        home = node if through is None else self.home(node, step.element)
        key = (id(home), step.element, step.added)
        found = self.added.get(key)
        if found is None:
            # Elements that are declared where they stand are found from there alone.
            declared = kind.child(step.element) if through is None else None
            found = self.new(home, step, declared or self.schema.element(step.element))
            self.added[key] = found
        if through is not None:
            attribute, _ = self.schema.references[through]
            if all(r.get(attribute) != found.id for r in node.all(through)):
                source = found.facts["ID"].source
                node.children.append(Node(through, {attribute: Fact(found.id, source=source)}))
        self.changed = True
        return found

    def home(self, node: Node, element: str) -> Node:
        """Element that holds those which others refer to: the document itself, the Instrument, the Experiment."""
        root = self.document.root
        if self.schema.element("OME").child(element) is not None:
            return root
        for name in ("Instrument", "Experiment"):
            if self.schema.element(name).child(element) is None:
                continue
            reference = node.first(f"{name}Ref")
            present = self.index.get(reference.id) if reference is not None else None
            present = present or next(iter(root.all(name)), None)
            if present is None:
                present = self.find_or_add(root, self.schema.element("OME"), Step(name), None)
            known = self.schema.element(node.name) if node.name in self.schema else None
            if reference is None and known is not None and known.child(f"{name}Ref") is not None:
                node.children.append(Node(f"{name}Ref", {"ID": Fact(present.id, source=present.facts["ID"].source)}))
            return present
        return root

    def new(self, home: Node, step: Step, declared: Declaration) -> Node:
        """Add an element, with an ID that is the same whenever the same set is applied."""
        node = Node(step.element)
        if "ID" in declared.attributes and step.element not in self.schema.references:
            first = self.first_id(declared, step.added)
            if home.planes is not None and step.element == "Plane" and (row := plane_of(home, first)) is not None:
                return row
            here = (c for c in home.all(step.element) if c.id == first or c.id.startswith(f"{first}."))
            if step.added and (present := next(here, None)) is not None:
                return present
            self.give_id(node, first)
        elif step.added and (present := home.first(step.element)) is not None:
            # Without an ID nothing tells a second one from the first when the set is applied again.
            return present
        home.children.append(node)
        if step.element == "Plane":
            self.pixels.append(home)
        return node

    def first_id(self, kind: Declaration, added: str) -> str:
        """Return the ID of an element that this set states, before a number tells it from others."""
        return f"{kind.id_kind}:{self.given.sha256[:8]}:{'_'.join(added.split()) or '0'}"

    def give_id(self, node: Node, first: str) -> None:
        """Give an element an ID that nothing has."""
        identifier, number = first, 1
        while identifier in self.index:
            number += 1
            identifier = f"{first}.{number}"
        node.put("ID", identifier, source=self.source())
        self.index[identifier] = node
        self.changed = True

    def identify(self, node: Node, kind: Declaration) -> None:
        """Give an element that is stated an ID, where it has none and is no reference."""
        if "ID" in kind.attributes and node.name not in self.schema.references and not node.id.strip():
            self.give_id(node, self.first_id(kind, ""))

    def settle_planes(self) -> None:
        """Put planes that were added into columns, as they are read back."""
        for pixels in {id(n): n for n in self.pixels}.values():
            tabulate(pixels)

    def source(self) -> Source:
        return Source("user", self.given.name, rule="stated")

    def put(self, node: Node, kind: Declaration, statement: Statement) -> None:
        """State the value, or compare it with what is stated."""
        name, fact = statement.attribute, statement.fact
        if name == "":
            self.identify(node, kind)
            return
        if name == TEXT:
            if node.text is None:
                node.text, self.changed = fact, True
            elif node.text.value != fact.value:
                self.disagree(node, statement, node.text)
            return
        reference = self.schema.references.get(node.name)
        if reference is not None and reference[0] == name:
            self.refer(node, name, reference[1], statement)
            return
        if name in kind.unit_names:
            self.put_unit(node, kind, statement)
            return
        mine = node.facts.get(name)
        if mine is not None and placeholder(node, name, kind.attributes[name]):
            message = (
                f"{label(node)} {name} states only the placeholder {mine.value!r}; {place(statement)} takes its place"
            )
            self.report.add(self.report.finding("NBO330", "info", message, statement, node, mine))
            del node.facts[name]
            mine = None
        if mine is not None:
            found = agreement(kind, kind.attributes[name], mine, fact)
            if found.state != "equal":
                self.disagree(node, statement, mine, found, kind)
            return
        reason = fill_fact(node, kind, name, fact)
        if reason is None:
            self.changed = True
            self.filled.add((id(node), name))
        else:
            self.report.note(statement, "NBO309", "warning", f"{name} stays out: {reason}")

    def put_unit(self, node: Node, kind: Declaration, statement: Statement) -> None:
        """State the unit of values that have none."""
        owners = [n for n, a in kind.attributes.items() if a.unit == statement.attribute and n in node.facts]
        if not owners:
            self.report.note(statement, "NBO322", "info", f"{label(node)} states no value of this unit; it is left out")
        for name in owners:
            if node.facts[name].unit is None:
                node.facts[name] = replace(node.facts[name], unit=statement.fact.value)
                self.changed = True

    def put_column(self, pixels: Node, position: int, statement: Statement) -> None:
        """State a value of planes that are kept in columns."""
        refused = put_column(pixels, statement.attribute, statement.fact, position)
        if refused is None:
            self.changed = True
        else:
            self.report.note(statement, "NBO322", "info", f"{refused}; it is left out")

    def refer(self, node: Node, name: str, targets: frozenset[str], statement: Statement) -> None:
        """Let a reference lead to the part that is named by ID, name, model or catalogue number."""
        wanted = statement.fact.value
        exact = self.index.get(wanted)
        if wanted.startswith("+"):
            added = {id(n): n for (_, _, made), n in self.added.items() if made == wanted[1:] and n.name in targets}
            found = list(added.values())
        elif exact is not None and exact.name in targets:
            found = [exact]
        else:
            parts = {id(n): n for n in self.index.values() if n.name in targets}.values()
            found = [p for p in parts if any(self.has(p, a, wanted) for a in NAMED_BY)] or [
                p for p in parts if any(self.has(p, a, wanted, now=True) for a in NAMED_BY)
            ]
        if len(found) != 1:
            wanted = wanted.removeprefix("+")
            why = f"fits {len(found)} parts" if found else f"is none of {', '.join(sorted(targets))} of the file"
            self.report.note(statement, "NBO321", "warning", f"{wanted!r} {why}; the reference is left out")
            self.drop_empty(node)
            return
        mine = node.get(name)
        if mine is None:
            node.put(name, found[0].id, source=statement.fact.source)
            self.changed = True
        elif mine != found[0].id:
            self.disagree(node, statement, node.facts[name])

    def drop_empty(self, node: Node) -> None:
        """Take out a reference that was added for a part which is not there."""
        if node.get(self.schema.references[node.name][0]) is not None:
            return
        for parent in self.document.root.walk():
            if any(c is node for c in parent.children):
                parent.children = [c for c in parent.children if c is not node]
                self.added = {k: n for k, n in self.added.items() if n is not node}
                return

    def disagree(
        self,
        node: Node,
        statement: Statement,
        mine: Fact,
        found: Agreement = _DIFFERENT,
        kind: Declaration | None = None,
    ) -> None:
        """Say that two values disagree; the first one stays where the other is not preferred."""
        fact, name = statement.fact, statement.attribute
        texts = (mine.quantity, in_unit_of(mine, fact, found).quantity)
        where = mine.source.file if mine.source is not None and mine.source.kind != "embedded" else "the file"
        preferred = kind is not None and self.preferred(statement) and self.take(node, kind, name, fact)
        kept = "the second is taken, as it is preferred" if preferred else "the first is kept"
        why = f", which {found.words}" if found.words else ""
        message = (
            f"{label(node)} {name} is {texts[0]!r} in {where or 'the file'} and {texts[1]!r} in "
            f"{place(statement)}{why}; {kept}"
        )
        finding = self.report.finding("NBO301", "info" if found.harmless else "warning", message, statement, node, mine)
        said = "; ".join(filter(None, (found.words, kept if preferred else "")))
        self.report.add(replace(finding, other=texts[1], explanation=said))

    def preferred(self, statement: Statement) -> bool:
        """Whether a stated value takes the place of the file's."""
        return "all" in self.prefer or any(s.element in self.prefer for s in statement.steps)

    def take(self, node: Node, kind: Declaration, name: str, fact: Fact) -> bool:
        """Put a stated value in the place of the file's; whether it could be."""
        mine = node.facts.pop(name)
        if fill_fact(node, kind, name, fact) is None:
            self.changed = True
            return True
        node.facts[name] = mine
        return False


def _equal(text: str | None, wanted: str) -> bool:
    return text is not None and (text == wanted or fold(text) == fold(wanted))
