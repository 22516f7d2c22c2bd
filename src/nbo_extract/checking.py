"""What a document misses for a tier of NBO, in the extensions and at the level asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from nbo_extract.applicability import Modality, Situation, kinds_of, placeholder, rule_for, table
from nbo_extract.check_words import finding
from nbo_extract.findings import Finding
from nbo_extract.labels import Labels
from nbo_extract.requirements import TIERS, Requirement, judged, known_extensions, place_of, requirements
from nbo_extract.schema import load
from nbo_extract.validity import validity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.applicability import Kinds, Rule
    from nbo_extract.model import Document, Node
    from nbo_extract.requirements import Level, Place
    from nbo_extract.schema import Declaration

# Says that planes were read but are not kept.
_PLANES_LEFT_OUT = "NBO156"


@dataclass(frozen=True, slots=True)
class TierSummary:
    """How much of what a tier and those below it ask for is there.

    Attributes
    ----------
    tier : int
    demanded, present, missing : int
        Fields of the elements of the document; the planes of an image count as one element.
    excused : int
        Fields that are missing and not counted, since they make no sense for the image.
    """

    tier: int
    demanded: int
    present: int
    missing: int
    excused: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an element stands that misses a field.

    Attributes
    ----------
    chain : tuple of Node
        From the child of the root to the element; for planes, to their Pixels.
    place : Place
        Tier and extension that the element has there.
    kinds : tuple of frozenset of str
        Kinds of the channels concerned.
    target : str
        Name of the element that it refers to.
    planes : int
        Number of planes that miss the field; 0 for other elements.
    """

    chain: tuple[Node, ...]
    place: Place
    kinds: Kinds
    target: str = ""
    planes: int = 0


@dataclass(slots=True)
class Gap:
    """One field that elements of one kind miss.

    Attributes
    ----------
    requirement : Requirement
    labels, instances : list of str
        What the elements are called, and their IDs.
    total : int
        Number of elements that the field is asked of; for planes, of planes.
    missing : int
        Number of elements, or planes, that miss it.
    placeholders : list of str
        What stands there instead of a value.
    reason : str
        Why it is not counted, or a remark.
    counted : bool
    spots : list of Spot
        The elements that miss it, as many as there are labels; not part of equality.
    """

    requirement: Requirement
    labels: list[str] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    total: int = 0
    missing: int = 0
    placeholders: list[str] = field(default_factory=list)
    reason: str = ""
    counted: bool = True
    spots: list[Spot] = field(default_factory=list, compare=False, repr=False)


@dataclass(slots=True)
class CheckReport:
    """Result of a check.

    Attributes
    ----------
    tier : int
    extensions : tuple of str
    level : {'must', 'should'}
    passed : bool
        Whether nothing that counts is missing and nothing stated is invalid.
    findings : list of Finding
        NBO200 to NBO204 for what is missing, by tier and level; then NBO210 to NBO214 for what is not allowed.
    gaps : list of Gap
        What is missing, as data, in the order of its findings.
    tiers : dict of int to TierSummary
        For tiers 1 to 3, in the extensions and at the level asked for.
    """

    tier: int
    extensions: tuple[str, ...]
    level: Level
    passed: bool
    findings: list[Finding]
    gaps: list[Gap]
    tiers: dict[int, TierSummary]


def check(
    document: Document,
    *,
    tier: int = 1,
    extensions: Iterable[str] = ("core",),
    level: Level = "must",
    literal: bool = False,
    kinds: Kinds = (),
) -> CheckReport:
    """Check what a document misses.

    Parameters
    ----------
    document : Document
    tier : {1, 2, 3}
        Fields up to this effective tier are asked for.
    extensions : iterable of str
        Of ``core``, ``basic``, ``advanced``, ``calibration``.
    level : {'must', 'should'}
        Whether what NBO requires is asked for, or what it recommends as well.
    literal : bool
        Whether demands that make no sense for the image (a fluorophore for transmitted light) count as well.
    kinds : tuple of frozenset of str
        Kinds of channels that an Instrument without images is for, where they are known.

    Returns
    -------
    CheckReport

    Raises
    ------
    ValueError
        If tier, level or extension is none of NBO's.
    """
    if tier not in TIERS or level not in ("must", "should"):
        raise ValueError("the tier is 1, 2 or 3 and the level is must or should")
    walker = _Walker(document, known_extensions(extensions), literal, kinds)
    walker.run()
    asked = [g for g in walker.gaps.values() if g.missing and _asked(g.requirement, tier, level)]
    asked.sort(key=lambda g: (not g.counted, g.requirement.tier, g.requirement.level == "should"))
    beyond = walker.beyond if tier == max(TIERS) and level == "should" else []
    invalid = validity(document)
    findings = [finding(g, document.origin.file) for g in asked] + beyond + invalid
    return CheckReport(
        tier,
        tuple(sorted(walker.extensions)),
        level,
        not any(g.counted for g in asked) and not invalid,
        findings,
        asked,
        {t: walker.summary(t, level) for t in TIERS},
    )


def _asked(requirement: Requirement, tier: int, level: Level) -> bool:
    return requirement.tier <= tier and (level == "should" or requirement.level == "must")


@dataclass(frozen=True, slots=True)
class _Stand:
    """What a visit needs to know of the surroundings of a node."""

    parent: Node | None
    place: Place
    kinds: Kinds
    around: tuple[Node, ...] = ()


_Status = Literal["present", "missing", "excused"]


class _Walker:
    """Walks the elements that a document has and notes each field that is asked of them."""

    def __init__(self, document: Document, extensions: frozenset[str], literal: bool, kinds: Kinds) -> None:
        self.document = document
        self.kinds = kinds
        self.extensions = extensions
        self.literal = literal
        self.schema = load(document.version)
        self.labels = Labels(document)
        self.modality = Modality(document)
        self.index = document.index()
        self.planes_left_out = any(f.code == _PLANES_LEFT_OUT for f in document.findings)
        self.gaps: dict[tuple[Any, ...], Gap] = {}
        self.totals: dict[tuple[str, str], int] = {}
        self.counts: dict[tuple[int, Level, _Status], int] = {}
        self.beyond: list[Finding] = []

    def run(self) -> None:
        root = self.schema.element("OME")
        for node in self.document.root.children:
            declared = root.child(node.name)
            if declared is None or not judged(declared):
                continue
            kinds: Kinds = ()
            if node.name == "Image":
                kinds = self.modality.images[id(node)]
            elif node.name == "Instrument":
                kinds = self.modality.instrument(node) or self.kinds
            self._visit(node, declared, _Stand(None, place_of(declared, root.use(node.name)), kinds))
        if not self.document.images and not self.document.instruments:
            self._nothing()
        for gap in self.gaps.values():
            gap.total = gap.total or self.totals[gap.requirement.element, gap.requirement.name]

    def summary(self, tier: int, level: Level) -> TierSummary:
        def number(status: _Status) -> int:
            found = (n for (t, lv, s), n in self.counts.items() if s == status and t <= tier and lv in (level, "must"))
            return sum(found)

        present, missing = number("present"), number("missing")
        return TierSummary(tier, present + missing, present, missing, number("excused"))

    def _visit(self, node: Node, kind: Declaration, stand: _Stand) -> None:
        reference = self.schema.references.get(node.name)
        target = self.index.get(node.get(reference[0]) or "") if reference is not None else None
        situation = Situation(node, stand.parent, stand.kinds, target.name if target is not None else "")
        for requirement in self._fields(kind, stand.place):
            if not self._applies(node, kind, requirement):
                continue
            there, instead = _stated(node, kind, requirement)
            spot = Spot((*stand.around, node), stand.place, stand.kinds, situation.target)
            self._note(requirement, situation, there, instead, self.labels[node], node.id, spot)
        if node.name == "Pixels" and not self.planes_left_out:
            self._visit_planes(node, kind, stand)
        for child in node.children:
            declared = kind.child(child.name)
            if declared is None or (child.name == "Plane" and node.name == "Pixels"):
                continue
            kinds = (kinds_of(child),) if child.name == "Channel" else stand.kinds
            place = place_of(declared, kind.use(child.name), stand.place)
            self._visit(child, declared, _Stand(node, place, kinds, (*stand.around, node)))

    def _fields(self, kind: Declaration, place: Place) -> list[Requirement]:
        found = requirements(kind, place, self.extensions)
        return [r for r in found if r.extension in self.extensions]

    def _applies(self, node: Node, kind: Declaration, requirement: Requirement) -> bool:
        """Whether a field is asked at all: a unit only of a value that is there, planes only if they were kept."""
        if requirement.name in kind.unit_names and requirement.kind == "attribute":
            return any(a.unit == requirement.name and n in node.facts for n, a in kind.attributes.items())
        return not (requirement.name == "Plane" and node.name == "Pixels" and self.planes_left_out)

    def _visit_planes(self, pixels: Node, kind: Declaration, stand: _Stand) -> None:
        """Judge all planes of an image as one element, be they columns or nodes."""
        plane, nodes = kind.child("Plane"), pixels.all("Plane")
        rows = len(pixels.planes) if pixels.planes is not None else 0
        if plane is None or not rows + len(nodes):
            return
        place = place_of(plane, kind.use("Plane"), stand.place)
        label = self.labels[stand.parent] if stand.parent is not None else self.labels[pixels]
        for requirement in self._fields(plane, place):
            name = requirement.name
            asked = [n for n in nodes if self._applies(n, plane, requirement)]
            lacking = sum(not _stated(n, plane, requirement)[0] for n in asked)
            total = len(asked)
            if pixels.planes is not None and rows:
                owners = [n for n, a in plane.attributes.items() if a.unit == name and n in pixels.planes.columns]
                column = pixels.planes.columns.get(name, [])
                unit = any(n in pixels.planes.units for n in owners)
                if name not in plane.unit_names or owners:
                    total += rows
                    blank = {v for v in set(column) if v is None or not v.strip()}
                    stated = rows if unit else len(column) - (sum(v in blank for v in column) if blank else 0)
                    lacking += rows - stated
            if not total:
                continue
            situation = Situation(nodes[0] if nodes else pixels, pixels, stand.kinds, "")
            spot = Spot((*stand.around, pixels), place, stand.kinds, planes=lacking)
            gap = self._note(requirement, situation, not lacking, "", f"Plane of {label}", pixels.id, spot)
            if gap is not None:
                gap.missing += lacking - 1
                gap.total += total
        for node in nodes:
            for child in node.children:
                declared = plane.child(child.name)
                if declared is not None:
                    inner = place_of(declared, plane.use(child.name), place)
                    self._visit(child, declared, _Stand(node, inner, stand.kinds, (*stand.around, pixels, node)))

    def _note(
        self,
        requirement: Requirement,
        situation: Situation,
        there: bool,
        instead: str,
        label: str,
        instance: str,
        spot: Spot,
    ) -> Gap | None:
        """Count a field of one element, and note the gap where it is missing."""
        if requirement.tier > max(TIERS):
            self._note_beyond(requirement, there, label)
            return None
        rule = rule_for(requirement, situation, self.extensions)
        effect = rule.effect if rule is not None else ""
        if effect == "never" or (effect == "quiet" and not self.literal and not there):
            return None
        counted = effect != "excuse" or self.literal
        status: _Status = "present" if there else "missing" if counted else "excused"
        key = (requirement.tier, requirement.level, status)
        self.counts[key] = self.counts.get(key, 0) + 1
        if counted or there:
            place = (requirement.element, requirement.name)
            self.totals[place] = self.totals.get(place, 0) + 1
        if there:
            return None
        gap = self._gap(requirement, rule, counted, instead, label, instance)
        gap.spots.append(spot)
        return gap

    def _gap(
        self, requirement: Requirement, rule: Rule | None, counted: bool, instead: str, label: str, instance: str
    ) -> Gap:
        remark = rule.reason if rule is not None and rule.effect in ("excuse", "explain") else ""
        gap = self.gaps.setdefault((requirement, remark, bool(instead)), Gap(requirement))
        gap.reason, gap.counted = remark, counted
        gap.labels.append(label)
        gap.missing += 1
        if instance:
            gap.instances.append(instance)
        if instead and instead not in gap.placeholders:
            gap.placeholders.append(instead)
        if not counted:
            gap.total += 1
        return gap

    def _note_beyond(self, requirement: Requirement, there: bool, label: str) -> None:
        reason = table()["beyond"].get(requirement.name)
        if there or reason is None or any(f.attribute == requirement.name for f in self.beyond):
            return
        message = f"{label}: {requirement.name} is missing, and not counted: {reason}"
        self.beyond.append(
            Finding(
                "NBO204",
                "info",
                message,
                file=self.document.origin.file,
                element=requirement.element,
                attribute=requirement.name,
            )
        )

    def _nothing(self) -> None:
        """Report a document that describes neither an image nor an instrument: it would miss nothing."""
        demanded = Requirement("OME", "Image", "child", "must", 1, "core", ("Image",))
        self.counts[1, "must", "missing"] = self.counts.get((1, "must", "missing"), 0) + 1
        self.gaps[demanded, "", False] = Gap(demanded, ["The document"], [], 1, 1)


def _stated(node: Node, kind: Declaration, requirement: Requirement) -> tuple[bool, str]:
    """Whether a field is there, and the placeholder that stands instead."""
    name = requirement.name
    if requirement.kind == "child":
        if node.name == "Pixels" and name == "Plane" and node.planes is not None and len(node.planes):
            return True, ""
        return any(c.name in requirement.satisfied_by for c in node.children), ""
    if name in kind.unit_names and any(
        a.unit == name and n in node.facts and node.facts[n].unit for n, a in kind.attributes.items()
    ):
        return True, ""
    value = node.get(name)
    if value is None or not value.strip():
        return False, ""
    if placeholder(node, name, kind.attributes.get(name)):
        return False, value
    return True, ""
