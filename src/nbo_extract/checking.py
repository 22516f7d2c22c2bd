"""What a document misses for a tier of NBO, in the extensions and at the level asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract.applicability import Modality, Situation, first_that_holds, kinds_of, not_stated, plane_kinds, table
from nbo_extract.check_words import finding
from nbo_extract.demands import applies, demands, stated
from nbo_extract.findings import Finding
from nbo_extract.labels import Labels
from nbo_extract.origins import tables_of
from nbo_extract.profiles import Profile, load_profile
from nbo_extract.requirements import TIERS, Requirement, judged, known_extensions, place_of
from nbo_extract.schema import load
from nbo_extract.tally import Tally, TierSummary
from nbo_extract.validity import validity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.applicability import Kinds
    from nbo_extract.demands import Demand
    from nbo_extract.model import Document, Node, PlaneTable
    from nbo_extract.requirements import Level, Place
    from nbo_extract.schema import Declaration
    from nbo_extract.tally import Status

_MOST = max(TIERS)
# Says that planes were read but are not kept.
_PLANES_LEFT_OUT = "NBO156"


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
    demanded : str or None
        Why the profile demands it beyond tier, extensions and level; None where those do.
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
    demanded: str | None = None
    spots: list[Spot] = field(default_factory=list, compare=False, repr=False)


class Judged(NamedTuple):
    """One field of one element that was asked for.

    Attributes
    ----------
    requirement : Requirement
    status : {'present', 'missing', 'excused'}
    chain : tuple of Node
        From the child of the root to the element; for planes, to their Pixels.
    """

    requirement: Requirement
    status: Status
    chain: tuple[Node, ...]


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
        NBO200 to NBO205 for what is missing, by tier and level; then NBO210 to NBO214 for what is not allowed.
    gaps : list of Gap
        What is missing, as data, in the order of its findings.
    tiers : dict of int to TierSummary
        For tiers 1 to 3, in the extensions and at the level asked for; empty where a profile asks for single fields
        alone.
    asked : TierSummary
        For what is asked for: the tier, with the fields that a profile adds and takes away.
    elements : dict of str to (int, int, int)
        Element to the number of its fields that are asked for, missing, and excused; in the order of the document.
    profile : Profile
    judged : list of Judged
        The fields that `asked` sums up, one by one; not part of equality.
    """

    tier: int
    extensions: tuple[str, ...]
    level: Level
    passed: bool
    findings: list[Finding]
    gaps: list[Gap]
    tiers: dict[int, TierSummary]
    asked: TierSummary
    elements: dict[str, tuple[int, int, int]]
    profile: Profile
    judged: list[Judged] = field(default_factory=list, compare=False, repr=False)


def check(
    document: Document,
    *,
    tier: int = 1,
    extensions: Iterable[str] = ("core",),
    level: Level = "must",
    literal: bool = False,
    kinds: Kinds = (),
    profile: Profile | str | None = None,
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
    profile : Profile or str, optional
        A profile, its name, or the path of its file; takes the place of tier, extensions and level.

    Returns
    -------
    CheckReport

    Raises
    ------
    ValueError
        If tier, level or extension is none of NBO's.
    UsageError
        If there is no such profile, or its file cannot be used.
    """
    if tier not in TIERS or level not in ("must", "should"):
        raise ValueError("the tier is 1, 2 or 3 and the level is must or should")
    if isinstance(profile, str):
        profile = load_profile(profile)
    wanted = profile or Profile(tier, known_extensions(extensions), level)
    walker = _Walker(document, wanted, literal, kinds)
    walker.run()
    asked = [g for g in walker.gaps.values() if g.missing]
    asked.sort(key=lambda g: (not g.counted, g.requirement.tier, g.requirement.level == "should"))
    whole = wanted.tier == max(TIERS) and wanted.level == "should" and not wanted.only
    invalid = validity(document, walker.labels)
    tables = tables_of(document)
    findings = [finding(g, document, tables) for g in asked] + (walker.beyond if whole else []) + invalid
    return CheckReport(
        wanted.tier,
        tuple(sorted(wanted.extensions)),
        wanted.level,
        not any(g.counted for g in asked) and not invalid,
        findings,
        asked,
        {} if wanted.only else {t: walker.tally.tier(t) for t in TIERS},
        walker.tally.asked(),
        walker.tally.elements(),
        wanted,
        walker.judged,
    )


@dataclass(slots=True)
class _Stand:
    """What a visit needs to know of the surroundings of a node."""

    parent: Node | None
    place: Place
    kinds: Kinds
    around: tuple[Node, ...] = ()


class _Walker:
    """Walks the elements that a document has and notes each field that is asked of them."""

    def __init__(self, document: Document, profile: Profile, literal: bool, kinds: Kinds) -> None:
        self.document = document
        self.kinds = kinds
        self.profile = profile
        self.literal = literal
        self.schema = load(document.version)
        self.labels = Labels(document)
        self.modality = Modality(document)
        self.index = document.index()
        self.planes_left_out = any(f.code == _PLANES_LEFT_OUT for f in document.findings)
        self.gaps: dict[tuple[Any, ...], Gap] = {}
        self.tally = Tally(profile)
        # Quicker than the cache of the process, which compares profiles.
        self.known: dict[tuple[int, int, str], tuple[Demand, ...]] = {}
        self.judged: list[Judged] = []
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
        self._nothing()
        totals = self.tally.totals()
        for gap in self.gaps.values():
            gap.total = gap.total or totals[gap.requirement.element, gap.requirement.name]

    def _demands(self, kind: Declaration, place: Place) -> tuple[Demand, ...]:
        key = (id(kind), place.tier, place.extension)
        if key not in self.known:
            self.known[key] = demands(kind, place, self.profile)
        return self.known[key]

    def _visit(self, node: Node, kind: Declaration, stand: _Stand) -> None:
        reference = self.schema.references.get(node.name)
        target = self.index.get(node.get(reference[0]) or "") if reference is not None else None
        situation = Situation(node, stand.parent, stand.kinds, target.name if target is not None else "", target)
        around = (*stand.around, node)
        spot = Spot(around, stand.place, stand.kinds, situation.target)
        left_out = self.planes_left_out and node.name == "Pixels"
        for demand in self._demands(kind, stand.place):
            if (demand.owners and not applies(node, demand)) or (left_out and demand.requirement.name == "Plane"):
                continue
            there, instead = stated(node, demand)
            if there and not demand.rules:
                self._count(demand, "present", around)
                continue
            self._note(demand, situation, there, instead, node, spot)
        if node.name == "Pixels" and not left_out:
            self._visit_planes(node, kind, stand)
        for child in node.children:
            use = kind.use(child.name)
            declared = kind.child(child.name)
            if declared is None or (child.name == "Plane" and node.name == "Pixels"):
                continue
            kinds = (kinds_of(child),) if child.name == "Channel" else stand.kinds
            self._visit(child, declared, _Stand(node, place_of(declared, use, stand.place), kinds, around))

    def _visit_planes(self, pixels: Node, kind: Declaration, stand: _Stand) -> None:
        """Judge all planes of an image as one element, be they columns or nodes."""
        plane, nodes = kind.child("Plane"), pixels.all("Plane")
        rows = len(pixels.planes) if pixels.planes is not None else 0
        if plane is None or not rows + len(nodes):
            return
        place, kinds = place_of(plane, kind.use("Plane"), stand.place), plane_kinds(pixels, stand.kinds)
        holder = stand.parent if stand.parent is not None else pixels
        situation = Situation(nodes[0] if nodes else pixels, pixels, kinds, "")
        for demand in self._demands(plane, place):
            asked = [n for n in nodes if applies(n, demand)]
            lacking, total = sum(not stated(n, demand)[0] for n in asked), len(asked)
            if pixels.planes is not None and rows:
                lacking_rows, asked_rows = _rows(pixels.planes, demand)
                lacking, total = lacking + lacking_rows, total + asked_rows
            if not total:
                continue
            spot = Spot((*stand.around, pixels), place, kinds, planes=lacking)
            gap = self._note(demand, situation, not lacking, "", holder, spot, pixels.id)
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
        demand: Demand,
        situation: Situation,
        there: bool,
        instead: str,
        node: Node,
        spot: Spot,
        planes_of: str | None = None,
    ) -> Gap | None:
        """Count a field of one element, and note the gap where it is missing."""
        requirement = demand.requirement
        if requirement.tier > _MOST and demand.required is None:
            self._note_beyond(requirement, there, node, planes_of is not None)
            return None
        rule = first_that_holds(demand.rules, requirement, situation, self.profile.extensions) if demand.rules else None
        effect = rule.effect if rule is not None else ""
        if effect == "never" or (effect == "quiet" and not self.literal and not there):
            return None
        counted = (effect != "excuse" or self.literal) and demand.waived is None
        self._count(demand, "present" if there else "missing" if counted else "excused", spot.chain)
        if not demand.asked and demand.waived is None:
            return None
        if there:
            return None
        remark = rule.reason if rule is not None and effect in ("excuse", "explain") else ""
        if demand.waived is not None:
            remark = ": ".join(filter(None, ("the profile waives it", demand.waived)))
        # Equal requirements in other words: their own hash would be worked out for every gap.
        mark = (requirement.element, requirement.name, requirement.tier, requirement.level, requirement.extension)
        gap = self.gaps.get((*mark, remark, bool(instead)))
        if gap is None:
            gap = self.gaps[(*mark, remark, bool(instead))] = Gap(requirement, demanded=demand.required)
        gap.reason, gap.counted = remark, counted
        gap.labels.append(self.labels[node] if planes_of is None else f"Plane of {self.labels[node]}")
        gap.missing += 1
        if instance := planes_of if planes_of is not None else node.id:
            gap.instances.append(instance)
        if instead and instead not in gap.placeholders:
            gap.placeholders.append(instead)
        if not counted:
            gap.total += 1
        gap.spots.append(spot)
        return gap

    def _count(self, demand: Demand, status: Status, chain: tuple[Node, ...]) -> None:
        self.tally.add(demand, status)
        if demand.asked or demand.waived is not None:
            self.judged.append(Judged(demand.requirement, status, chain))

    def _note_beyond(self, requirement: Requirement, there: bool, node: Node, planes: bool) -> None:
        reason = table()["beyond"].get(requirement.name)
        if there or reason is None or any(f.attribute == requirement.name for f in self.beyond):
            return
        label = f"Plane of {self.labels[node]}" if planes else self.labels[node]
        message = f"{label}: {requirement.name} is missing, and not counted: {reason}"
        self.beyond.append(
            Finding(
                "NBO204",
                "info",
                message,
                file=self.document.origin.file,
                element=requirement.element,
                attribute=requirement.name,
                tier=requirement.tier,
                level=requirement.level,
            )
        )

    def _nothing(self) -> None:
        """Report what the document itself misses.

        One that describes neither an image nor an instrument would miss nothing; a profile may demand more.
        """
        required = self.profile.required("OME")
        stated = {c.name for c in self.document.root.children}
        empty = not self.document.images and not self.document.instruments
        missing = dict.fromkeys([*(["Image"] if empty else []), *(n for n in required if n not in stated)])
        for name in (*missing, *(n for n in required if n in stated)):
            demanded = Requirement("OME", name, "child", "must", 1, "core", (name,))
            self.judged.append(Judged(demanded, "missing" if name in missing else "present", ()))
            if name not in missing:
                continue
            gap = Gap(demanded, ["The document"], [], 1, 1, demanded=required.get(name))
            self.gaps["OME", name] = gap
        self.tally.add_of_document(
            present=sum(n in stated for n in required), missing=sum(key[0] == "OME" for key in self.gaps)
        )


def _rows(planes: PlaneTable, demand: Demand) -> tuple[int, int]:
    """Return how many of the planes in columns lack a field, and of how many it is asked."""
    name, rows = demand.requirement.name, len(planes)
    owners = [n for n in demand.owners if n in planes.columns]
    if demand.owners and not owners:
        return 0, 0
    if any(n in planes.units for n in owners):
        return 0, rows
    column = planes.columns.get(name, [])
    blank = not_stated(column, demand.attribute)
    stated = len(column) - (sum(v in blank for v in column) if blank else 0)
    return rows - stated, rows
