"""Where fields are asked of, and how a question is put: what `nbo_extract.gap_questions` builds on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.applicability import Situation, rule_for
from nbo_extract.gap_paths import Addresses, lasting
from nbo_extract.gap_rows import UNNAMED, Question, table
from nbo_extract.gap_words import in_words, limits, words
from nbo_extract.labels import Labels
from nbo_extract.origins import usual
from nbo_extract.parts import NAMED_BY, fold, names_of
from nbo_extract.requirements import Place, Requirement, known_extensions, place_of, requirements
from nbo_extract.schema import load
from nbo_extract.statements import Step, format_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.applicability import Kinds
    from nbo_extract.checking import CheckReport, Spot
    from nbo_extract.gap_rows import Section
    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Declaration

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class At:
    """An element that fields are asked of, be it there or to be added."""

    steps: tuple[Step, ...]
    node: Node
    parent: Node | None
    kind: Declaration
    place: Place
    kinds: Kinds
    part: str
    section: Section
    group: str
    instrument: Node | None
    everywhere: bool
    found: str
    inside: tuple[str, ...] = ()
    target: str = ""
    conditions: tuple[tuple[str, str], ...] = ()


class Asking:
    """What a document has, and the questions that were put so far.

    Parameters
    ----------
    document : Document
    report : CheckReport
    literal : bool
    """

    def __init__(self, document: Document, report: CheckReport, literal: bool) -> None:
        self.document = document
        self.schema = load(document.version)
        self.literal = literal
        self.profile = report.profile
        self.extensions = known_extensions(report.extensions)
        self.gaps = [g for g in report.gaps if g.counted]
        self.addresses = Addresses(document)
        self.labels = Labels(document)
        self.index = document.index()
        self.questions: dict[Question, None] = {}
        self.unasked: list[str] = []
        #: Parts that the sheet adds: label, kinds it may be of, and what it is called.
        self.planned: list[tuple[str, frozenset[str], str]] = []
        self.done: set[tuple[str, str]] = set()
        self.targets = frozenset(t for _, names in self.schema.references.values() for t in names)
        self.new_instrument: At | None = None
        self.deferred: list[tuple[At, Requirement, frozenset[str]]] = []

    def _kind(self, chain: Sequence[Node]) -> Declaration:
        kind = self.schema.element("OME")
        for node in chain:
            inside = kind.child(node.name)
            assert inside is not None  # noqa: S101 - the check came here the same way
            kind = inside
        return kind

    def _at(self, spot: Spot, steps: tuple[Step, ...]) -> At:
        chain = spot.chain
        channel = next((n for n in chain if n.name == "Channel"), None)
        section: Section = "microscope" if chain[0].name == "Instrument" else "channel" if channel else "image"
        found = ""
        for end in range(1, len(chain) + 1):
            found = self._found(self._kind(chain[:end]), spot.place, found)
        group = ""
        if channel is not None:
            group = channel.get("Name") or str(self.addresses.step(channel, chain[chain.index(channel) - 1]))
        return At(
            steps,
            chain[-1],
            chain[-2] if len(chain) > 1 else None,
            self._kind(chain),
            spot.place,
            spot.kinds,
            self._called(chain),
            section,
            " ".join(group.split()),
            self._instrument(chain[0]),
            section == "microscope" and lasting(steps[1:]),
            found,
            target=spot.target,
        )

    def _called(self, chain: Sequence[Node]) -> str:
        """Call an image or channel by its kind alone: which one it is stands in columns of its own."""
        node = chain[-1]
        if node.name in ("Image", "Pixels", "Channel", "Instrument"):
            return node.name
        plain = len(chain) > 1 and chain[-2].name in ("Image", "Pixels", "Channel", "LightPath")
        if plain and not (node.get("Name") or node.get("Model")):
            return node.name
        called = " ".join(self.labels[node].split())
        if chain[0].name == "Instrument" and len(chain) > 1:
            part = chain[1]
            if not (part.get("Name") or part.get("Model")) and part.id and (used := self._users(part.id)):
                return f"{called} ({used})"
        return called

    def _users(self, identifier: str) -> str:
        """Name the channels that use a part which nothing else names."""
        names = []
        for image in self.document.images:
            for pixels in image.all("Pixels"):
                for channel in pixels.all("Channel"):
                    if any(n.name in self.schema.references and n.id == identifier for n in channel.walk()):
                        names.append(" ".join((channel.get("Name") or "").split()))
        named = list(dict.fromkeys(n for n in names if n))
        return f"channel {', '.join(named)}" if 0 < len(named) <= _SHOWN else ""

    def _instrument(self, top: Node) -> Node | None:
        if top.name == "Instrument":
            return top
        reference = top.first("InstrumentRef")
        used = self.index.get(reference.id) if reference is not None else None
        if used is not None and used.name == "Instrument":
            return used
        return self.document.instruments[0] if len(self.document.instruments) == 1 else None

    def _found(self, kind: Declaration, place: Place, around: str) -> str:
        return usual(kind.name, kind.domain, place.extension, around)

    def _microscope(self, instrument: Node | None) -> tuple[str, str, str]:
        """Return name for the scope, serial number of the stand, and what the microscope is called."""
        if instrument is None:
            return "", "", UNNAMED
        stands = instrument.all(*self.schema.members("MicroscopeStandGroup"))
        candidates = [instrument.get("Name"), *(s.get(n) for s in stands for n in ("Model", "Name"))]
        scope = next((c for c in candidates if c and c.strip()), "")
        serial = next((s for n in stands if (s := (n.get("SerialNumber") or "").strip())), "")
        return scope, serial, " ".join(scope.split()) or UNNAMED

    def _value(self, at: At, requirement: Requirement, name: str, *, after: str = "", **more: object) -> None:
        attribute = at.kind.attributes[name]
        text, type_ = in_words(attribute.type)
        text += after
        least, most = limits(attribute.type)
        choices = tuple((w, w) for w in words(attribute.type))
        if attribute.type.primitive == "xsd:boolean":
            choices = (("true", "true"), ("false", "false"))
        unit = at.kind.attributes.get(attribute.unit or "")
        units = tuple(u for u in unit.type.enum if u) if unit is not None else ()
        if units and not (unit is not None and unit.default):
            text += f"; with its unit, one of: {' | '.join(units)}"
        question: dict[str, object] = {
            "allowed": text,
            "choices": choices,
            "type": type_,
            "least": least,
            "most": most,
            "unit": (unit.default or "") if unit is not None else "",
            "units": units,
            **more,
        }
        self._put(at, requirement, name, **question)  # type: ignore[arg-type]

    def _put(
        self, at: At, requirement: Requirement, field: str, *, attribute: str | None = None, **more: object
    ) -> None:
        path = format_path(at.steps, field if attribute is None else attribute)
        scope, serial, name = self._microscope(at.instrument)
        question = Question(
            at.section,
            name,
            serial,
            at.group,
            at.part,
            field,
            path,
            tier=requirement.tier,
            level=requirement.level,
            extension=requirement.extension,
            found=at.found,
            conditions=at.conditions,
            scope=scope,
            everywhere=at.everywhere and bool(scope),
            **more,  # type: ignore[arg-type]
        )
        self.questions[question] = None

    def _home(self, target: str) -> tuple[Declaration, Place]:
        """Return the element that holds those of a kind, and tier and extension that they have there."""
        root = self.schema.element("OME")
        for name in ("", "Instrument", "Experiment"):
            home = self.schema.element(name) if name else root
            inside = home.child(target)
            if inside is not None:
                around = place_of(home, root.use(name)) if name else None
                return home, place_of(inside, home.use(target), around)
        return root, place_of(self.schema.element(target))

    def _suitable(self, settings: str, targets: frozenset[str]) -> frozenset[str]:
        """Return the kinds of parts that settings are made for."""
        category = table()["settings"].get(settings)
        return frozenset(t for t in targets if category is None or self.schema.element(t).category == category)

    def _options(self, at: At, targets: Iterable[str]) -> list[tuple[str, str]]:
        """Return the parts that a reference may lead to, as shown and as statements name them."""
        wanted = frozenset(targets)
        everything = list({id(n): n for n in self.index.values() if n.name in wanted}.values())
        parts = everything
        if at.instrument is not None:
            within = {id(n) for n in at.instrument.walk()}
            elsewhere = {id(n) for i in self.document.instruments for n in i.walk()} - within
            parts = [n for n in everything if id(n) not in elsewhere]
        found = []
        for part in parts:
            named = (v for a in NAMED_BY if (v := part.get(a)) and v.strip() == v)
            name = next((v for v in named if _single(v, part, everything)), part.id)
            person = " ".join(filter(None, (part.get("FirstName"), part.get("LastName"))))
            called = person if person and name == part.id else name
            found.append((f"{' '.join(called.split())} · {part.name}", name))
        shown = [text for text, _ in found]
        found = [pair for pair in found if shown.count(pair[0]) == 1] or found[:1]
        return found or [(text, f"+{label}") for label, kinds, text in self.planned if kinds <= wanted]

    def _fields(self, at: At) -> list[Requirement]:
        found = []
        for requirement in requirements(at.kind, at.place, self.extensions):
            single = requirement.name in self.profile.required(at.kind.name)
            if not single and (
                requirement.name in self.profile.waived(at.kind.name) or not self.profile.asks(requirement)
            ):
                continue
            rule = rule_for(requirement, Situation(at.node, at.parent, at.kinds, at.target), self.extensions)
            effect = rule.effect if rule is not None else ""
            if effect == "never" or (effect in ("quiet", "excuse") and not self.literal):
                continue
            if at.kind.name == "Plane" and requirement.name in table()["first_plane"]:
                continue
            found.append(requirement)
        return found


def _single(name: str, part: Node, parts: Iterable[Node]) -> bool:
    """Whether a name means one part alone."""
    return not name.startswith("+") and not any(p is not part and fold(name) in names_of(p) for p in parts)
