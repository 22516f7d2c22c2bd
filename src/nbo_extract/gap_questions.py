"""What one document misses, as questions: missing elements are asked as the fields that they would have to have."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.applicability import kinds_of
from nbo_extract.gap_asking import Asking, At
from nbo_extract.gap_rows import DocumentGaps, table
from nbo_extract.gap_words import in_words, words
from nbo_extract.model import Node
from nbo_extract.requirements import Place, Requirement, place_of, requirements
from nbo_extract.statements import TEXT, Step, format_path, reference_to

if TYPE_CHECKING:
    from nbo_extract.applicability import Kinds
    from nbo_extract.checking import CheckReport, Spot
    from nbo_extract.gap_rows import Section
    from nbo_extract.model import Document
    from nbo_extract.requirements import Level
    from nbo_extract.schema import Declaration

#: A question with this answer alone: whether the element is there.
YES = (("yes", "yes"),)
# Facts of the file, of which only a label says that one is to be added.
_OF_THE_FILE = frozenset({"Image", "Pixels", "Channel", "Plane", "Instrument"})
# Elements that columns of the sheet name already, and light paths.
_AROUND = frozenset({"Instrument", "Image", "Pixels", "Channel", "LightPath", "Experiment"})
_DEEPEST = 8


def ask(document: Document, report: CheckReport, *, literal: bool = False) -> DocumentGaps:
    """Turn what a check finds missing into questions.

    Parameters
    ----------
    document : Document
        The one that was checked.
    report : CheckReport
    literal : bool
        As it was checked.

    Returns
    -------
    DocumentGaps
    """
    asker = _Asker(document, report, literal)
    asker.run()
    counted = sum(g.missing for g in report.gaps if g.counted)
    return DocumentGaps(document.origin.file, tuple(asker.questions), counted, tuple(dict.fromkeys(asker.unasked)))


class _Asker(Asking):
    """Asks for each gap."""

    def run(self) -> None:
        """Ask for all gaps: parts of instruments first, because references are to them."""
        missing: dict[tuple[str, str], set[int]] = {}
        by_node: dict[int, list[tuple[Requirement, Spot]]] = {}
        for gap in self.gaps:
            place = (gap.requirement.element, gap.requirement.name)
            if not gap.spots:
                self.unasked.append(_of_document(gap.requirement.name))
            for spot in gap.spots:
                missing.setdefault(place, set()).add(id(spot.chain[-1]))
                by_node.setdefault(id(spot.chain[-1]), []).append((gap.requirement, spot))
        order = {id(n): number for number, n in enumerate(self.document.root.walk())}
        found = [pair for pairs in by_node.values() for pair in pairs]
        found.sort(
            key=lambda p: (
                p[1].chain[0].name != "Instrument",
                order[id(p[1].chain[-1])],
                p[0].element == "Plane",
                self._number(p[1], p[0]),
            )
        )
        for requirement, spot in found:
            self._gap(requirement, spot, missing[requirement.element, requirement.name])
        while self.deferred:
            at, requirement, targets = self.deferred.pop(0)
            self._reference(at, requirement, targets, last=True)

    def _number(self, spot: Spot, requirement: Requirement) -> int:
        kind = self._kind(spot.chain)
        if requirement.element == "Plane":
            kind = kind.child("Plane") or kind
        fields = requirements(kind, spot.place, self.extensions)
        return fields.index(requirement) if requirement in fields else len(fields)

    def _gap(self, requirement: Requirement, spot: Spot, missing: set[int]) -> None:
        steps = self.addresses.steps(spot.chain, general=True)
        if spot.planes or not {id(n) for n in self.addresses.reached(steps)} <= missing:
            steps = self.addresses.steps(spot.chain, general=False)
        path = format_path(steps)
        if (path, f"{requirement.element}.{requirement.name}") in self.done:
            return
        self.done.add((path, f"{requirement.element}.{requirement.name}"))
        at = self._at(spot, steps)
        if spot.planes:
            self._planes(at, requirement, spot)
        else:
            self._ask(at, requirement)

    def _ask(self, at: At, requirement: Requirement) -> None:
        if requirement.kind == "attribute":
            self._attribute(at, requirement)
        else:
            self._child(at, requirement)

    def _attribute(self, at: At, requirement: Requirement) -> None:
        name, virtual = requirement.name, bool(at.inside)
        attribute = at.kind.attributes[name]
        reference = self.schema.references.get(at.kind.name)
        if reference is not None and reference[0] == name:
            self._reference(at, requirement, reference[1])
            return
        if name in at.kind.unit_names:
            if not virtual:
                shown = tuple((w, w) for w in words(attribute.type))
                text, type_ = in_words(attribute.type)
                self._put(at, requirement, name, allowed=text, type=type_, choices=shown)
            return
        if name == "ID":
            if not virtual:
                self._put(at, requirement, "ID", attribute="", allowed="yes: one is given", choices=YES, type="list")
            return
        if not attribute.writable or name == "Annotator":
            self.unasked.append(f"{at.part} {name}: no text that a person types stands there")
            return
        self._value(at, requirement, name)

    def _child(self, at: At, requirement: Requirement) -> None:
        dropped = {*table()["alternatives"].get(at.kind.name, ()), *table()["alternatives"]["*"]}
        members = [m for m in requirement.satisfied_by if m not in dropped and m not in at.inside]
        if at.kind.name == "Plane" or not members or len(at.inside) >= _DEEPEST:
            self.unasked.append(f"{at.part} {requirement.name}: this is no element that a person describes")
            return
        members = self._meeting(at, members)
        if len(members) == 1:
            self._add(at, requirement, members[0], "")
            return
        address = f"{format_path(at.steps)} {requirement.name}"
        label = f"{_slug(requirement.name)}-{hashlib.sha256(address.encode()).hexdigest()[:6]}"
        choices = tuple((m, str(self._step(m, label))) for m in members)
        field = requirement.name.removesuffix("Group").replace("|", " or ")
        shown = "one of: " + " | ".join(members)
        asked = {"allowed": shown, "choices": choices, "type": "list", "label": label, "attribute": ""}
        at = replace(at, everywhere=False)
        self._put(at, requirement, f"{field} (which kind)", **asked)  # type: ignore[arg-type]
        if self.targets.intersection(members):
            self.planned.append((label, frozenset(members), f"the new {field}"))
        for member in members:
            self._add(replace(at, conditions=(*at.conditions, (label, member))), requirement, member, label)

    def _meeting(self, at: At, members: list[str]) -> list[str]:
        """Leave out settings of kinds of parts that the microscope has not, where it has others."""
        references = self.schema.references
        if not all(m in table()["settings"] for m in members):
            return members
        parts = {m: self._options(at, self._suitable(m, references[m][1])) for m in members}
        real = [m for m in members if any(not value.startswith("+") for _, value in parts[m])]
        unknown = any(table()["settings"][m] == "Detector" for m in real)
        return members if unknown or not real else real

    def _step(self, member: str, label: str) -> Step:
        """Return the step to an element that is to be added: with a label where it may be referred to."""
        labelled = (member in self.targets or member in _OF_THE_FILE) and member not in self.schema.references
        return Step(member, added=label if labelled else "")

    def _add(self, at: At, requirement: Requirement, member: str, label: str) -> None:
        """Ask for the fields of an element that is missing."""
        kind = at.kind.child(member)
        assert kind is not None  # noqa: S101 - the requirement names it
        reference = self.schema.references.get(member)
        if reference is not None and self._through(at, requirement, member, reference[1]):
            return
        if not label:
            label = f"{_slug(member)}-{hashlib.sha256(format_path(at.steps).encode()).hexdigest()[:6]}"
            if member in self.targets and reference is None:
                self.planned.append((label, frozenset({member}), f"the new {member}"))
        step = self._step(member, label)
        place = place_of(kind, at.kind.use(member), at.place)
        kinds = (kinds_of(Node(member)),) if member == "Channel" else at.kinds
        inner = self._inner(at, step, kind, place, kinds)
        before = len(self.questions)
        fields = self._fields(inner)
        if reference is not None:
            # A reference without a target is none, whatever the tier.
            own = Requirement(member, reference[0], "attribute", *_like(requirement), (reference[0],))
            rest = [f for f in fields if f.name != reference[0]]
            if kind.attributes[reference[0]].required or len(rest) < len(fields) or not fields:
                fields = [own, *rest]
        for found in fields:
            self._ask(inner, found)
        if len(self.questions) == before and reference is None:
            self._identify(inner, requirement)

    def _inner(self, at: At, step: Step, kind: Declaration, place: Place, kinds: Kinds) -> At:
        part = "the first plane" if step.element == "Plane" else step.element
        part = f"new {step.element}" if step.element in (self.targets | _OF_THE_FILE) - {"Plane"} else part
        if step.element in self.schema.references:
            part = at.part if step.element.endswith("Ref") else step.element
        elif at.kind.name not in _AROUND:
            part = f"{step.element} of {at.part}"
        section, group = at.section, at.group
        if step.element == "Channel":
            section, group = "channel", "new channel"
        return replace(
            at,
            steps=(*at.steps, step),
            node=Node(step.element),
            parent=at.node,
            kind=kind,
            place=place,
            kinds=kinds,
            part=part,
            section=section,
            group=group,
            # Another image of the microscope may have what is missing here.
            everywhere=False,
            found=self._found(kind, place, at.found),
            inside=(*at.inside, step.element),
            target="",
        )

    def _identify(self, at: At, requirement: Requirement) -> None:
        """Ask for what names an element of which nothing is demanded; for its text; or whether it is there."""
        names = [n for n in table()["identify"].get(at.kind.name, ()) if n in at.kind.attributes]
        for name in names:
            self._value(at, requirement, name)
        if not names and at.kind.text is not None:
            text, type_ = in_words(at.kind.text)
            self._put(at, requirement, "text", attribute=TEXT, allowed=text, type=type_)
        elif not names and not (at.conditions and at.conditions[-1][1] == at.kind.name):
            self._put(at, requirement, at.kind.name, attribute="", allowed="yes", choices=YES, type="list")

    def _through(self, at: At, requirement: Requirement, member: str, targets: frozenset[str]) -> bool:
        """Ask for the element itself where nothing is there that a reference could lead to."""
        target = next((t for t in (member.removesuffix("Ref"), *sorted(targets)) if t in targets), "")
        if at.kind.name not in ("Image", "Experiment") or not member.endswith("Ref") or self._options(at, targets):
            return False
        if not target or reference_to(at.kind, target) != member or target == "Image":
            return False
        if target in at.inside:
            self.unasked.append(f"{at.part} {requirement.name}: this would be a circle of references")
            return True
        home, place = self._home(target)
        kind = home.child(target) or self.schema.element(target)
        # Images of one document share what is added.
        label = "instrument" if target == "Instrument" else ""
        inner = self._inner(at, Step(target, added=label), kind, place, at.kinds)
        if target == "Instrument":
            inner = replace(inner, section="microscope")
            self.new_instrument = inner
        before = len(self.questions)
        for found in self._fields(inner):
            self._ask(inner, found)
        if len(self.questions) == before:
            self._identify(inner, requirement)
        return True

    def _reference(self, at: At, requirement: Requirement, targets: frozenset[str], *, last: bool = False) -> None:
        options = self._options(at, self._suitable(at.kind.name, targets)) or self._options(at, targets)
        if not options and not last:
            # What it may lead to may still be asked for.
            self.deferred.append((at, requirement, targets))
            return
        if not options:
            self._plan(at, requirement, targets)
            options = self._options(at, targets)
        name = at.kind.name.removesuffix("Settings").removesuffix("Ref")
        if not options:
            self.unasked.append(f"{at.part} {requirement.name}: the file has nothing that this could refer to")
            return
        asked = {"choices": tuple(options), "type": "list", "attribute": requirement.name}
        allowed = "one of: " + " | ".join(text for text, _ in options)
        self._put(at, requirement, f"{name} (which one)", allowed=allowed, **asked)  # type: ignore[arg-type]

    def _plan(self, at: At, requirement: Requirement, targets: frozenset[str]) -> None:
        """Ask for a part that a reference needs and nothing else asks for."""
        instrument = self.schema.element("Instrument")
        members = tuple(n for n in instrument.children if n in targets and n not in at.inside)
        if not members:
            self._plan_at_root(at, requirement, targets)
            return
        home = self.new_instrument
        if home is None and at.instrument is None and not self.document.instruments:
            self._plan_at_root(at, requirement, frozenset({"Instrument"}))
            home = self.new_instrument
        if at.instrument is not None:
            node = at.instrument
            place = place_of(instrument, self.schema.element("OME").use("Instrument"))
            steps = self.addresses.steps((node,), general=True)
            found = self._found(instrument, place, "")
            kinds = at.kinds
            home = At(steps, node, None, instrument, place, kinds, "Instrument", "microscope", "", node, False, found)
        if home is None:
            return
        inside = tuple(dict.fromkeys((*home.inside, *at.inside)))
        head = instrument.use(members[0])
        name = head.name if head is not None and len(members) > 1 else members[0]
        wanted = Requirement("Instrument", name, "child", *_like(requirement), members)
        self._child(replace(home, inside=inside, conditions=at.conditions), wanted)

    def _plan_at_root(self, at: At, requirement: Requirement, targets: frozenset[str]) -> None:
        """Ask for an element beside the images, such as a person or the microscope."""
        root = self.schema.element("OME")
        name = next((t for t in sorted(targets) if root.child(t) is not None and t != "Image"), "")
        kind = root.child(name) if name and name not in at.inside else None
        if kind is None or len(targets) > 1:
            return
        section: Section = "microscope" if name == "Instrument" else "image"
        place = place_of(kind, root.use(name))
        top = At((), self.document.root, None, root, place, (), name, section, "", None, False, "")
        top = replace(top, inside=at.inside, conditions=at.conditions)
        if name == "Instrument":
            step = self._step(name, "instrument")
            self.new_instrument = self._inner(top, step, kind, place, ())
            self.planned.append(("instrument", frozenset({name}), "the new Instrument"))
        wanted = Requirement("OME", name, "child", *_like(requirement), (name,))
        self._add(top, wanted, name, "instrument" if name == "Instrument" else "")

    def _planes(self, at: At, requirement: Requirement, spot: Spot) -> None:
        pixels, plane = at.node, at.kind.child("Plane")
        total = (len(pixels.planes) if pixels.planes is not None else 0) + len(pixels.all("Plane"))
        assert plane is not None  # noqa: S101 - it has planes
        name = requirement.name
        if requirement.kind == "child" or name in plane.unit_names or spot.planes != total or name == "ID":
            why = "this is asked of single planes" if requirement.kind == "child" else "some planes state it"
            self.unasked.append(f"{spot.planes} planes, {name}: {why}")
            return
        inner = replace(
            at, steps=(*at.steps, Step("Plane")), kind=plane, part=f"all {total} planes" if total > 1 else "the plane"
        )
        if total == 1:
            self._value(inner, requirement, name)
            return
        after = f"; one value for all planes, or {total} values with semicolons, in the order of the file"
        self._value(inner, requirement, name, after=after, type="text", planes=total)


def _like(requirement: Requirement) -> tuple[Level, int, str]:
    return requirement.level, requirement.tier, requirement.extension


def _slug(name: str) -> str:
    return name.removesuffix("Group").replace("|", "-").lower()


def _of_document(name: str) -> str:
    """Say why the document itself cannot be asked for what it misses."""
    if name == "Image":
        return "the file describes no image: nothing can be asked about it"
    return f"the document has no {name}: a sheet asks about what is there; state it in a configuration or description"
