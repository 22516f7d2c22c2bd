"""Choosing the description of the microscope that recorded an image.

The stand decides: a description of another one is never chosen. Of those that are left, the parts tell: serial and
catalogue numbers, cameras, objectives, software, by the weights of ``hardware/matching.toml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbo_extract.findings import Finding
from nbo_extract.matching import compare
from nbo_extract.model import Fact
from nbo_extract.parts import Kind, rewritten, rules, says_something, title, words
from nbo_extract.schema import load
from nbo_extract.verdicts import Verdict, telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node


@dataclass(frozen=True, slots=True)
class _Gate:
    """Whether a description has the image's stand: ``same``, ``unknown`` or ``different``."""

    state: str
    score: float
    mine: Fact
    theirs: Fact


@dataclass(frozen=True, slots=True)
class _Case:
    """What speaks for a description, and against it."""

    hardware: Hardware
    gate: _Gate
    weight: float
    reasons: tuple[str, ...]
    against: str
    #: Whether it is of another microscope although its stand is the file's: two kinds of parts fit nothing.
    other: bool = False

    @property
    def parts(self) -> float:
        """Weight of the parts without the stand."""
        return self.weight - float(rules().raw["choice"]["stand"]) * self.gate.score

    @property
    def said(self) -> str:
        """What speaks for it, in words."""
        return ", ".join(self.reasons) or "nothing"


def choose(
    instrument: Node,
    given: Sequence[Hardware],
    matches: Mapping[str, str],
    file: str,
    *,
    pinned: Hardware | None = None,
) -> tuple[Hardware | None, Finding]:
    """Choose the description of an image's microscope.

    Parameters
    ----------
    instrument : Node
        As the image states it.
    given : sequence of Hardware
        In any order.
    matches : mapping of str to str
        IDs of the image's parts to IDs of described parts: what the user settles.
    file : str
        Name of the image, for the finding.
    pinned : Hardware, optional
        The description that is set for the image; it is taken unless its stand contradicts.

    Returns
    -------
    Hardware or None
    Finding
        What was chosen and why, or why nothing was.
    """
    distinct = {h.sha256: h for h in sorted(given, key=lambda h: (h.name, h.path), reverse=True)}
    wanted = [pinned] if pinned is not None else sorted(distinct.values(), key=lambda h: (h.name, h.sha256))
    cases = [_case(instrument, h, matches) for h in wanted]
    teller = _Teller(instrument, file)
    if len(cases) == 1:
        return _take_only(cases[0], teller, pinned=pinned is not None)
    return _take_best(cases, teller)


def _take_only(case: _Case, teller: _Teller, *, pinned: bool) -> tuple[Hardware | None, Finding]:
    name, gate = case.hardware.name, case.gate
    lacking = f"{'the description' if gate.mine.value else 'the file'} names no model of the stand"
    if gate.state == "different":
        set_ = f"{name} is set for this file, but seems" if pinned else "this description seems"
        return None, teller.say(
            "NBO303",
            f"{set_} to be of another microscope: its stand is {gate.theirs.value!r}, the file's is "
            f"{gate.mine.value!r}; nothing is merged{teller.settling(case.hardware)}",
            case,
        )
    if pinned:
        return case.hardware, teller.say("NBO312", f"{name} is merged as the description set for this file", case)
    if case.other:
        # Facilities have several microscopes on one model of stand.
        return None, teller.say(
            "NBO303",
            f"this description seems to be of another microscope on a stand {gate.theirs.value!r}: "
            f"{case.against}; nothing is merged{teller.settling(case.hardware)}",
            case,
        )
    if gate.state == "same":
        said = f"{name} describes the stand {gate.theirs.value!r}, as the file does; it is merged"
        return case.hardware, teller.say("NBO312", said, case)
    if case.against:
        return None, teller.say(
            "NBO303",
            f"this description seems to be of another microscope: {lacking}, and {case.against}; nothing is merged"
            f"{teller.settling(case.hardware)}",
            case,
        )
    proof = f": {case.said}; {lacking}" if case.reasons else f", without proof: {lacking}"
    finding = teller.say("NBO312", f"{name} is merged as the description given{proof}", case)
    return case.hardware, finding if case.reasons else replace(finding, severity="warning")


def _take_best(cases: Sequence[_Case], teller: _Teller) -> tuple[Hardware | None, Finding]:
    table = rules().raw["choice"]
    possible = sorted((c for c in cases if c.gate.state != "different" and not c.other), key=lambda c: -c.weight)
    if not possible and (same := next((c for c in cases if c.gate.state != "different"), None)) is not None:
        said = f"none of {len(cases)} descriptions is of the file's microscope: of {same.hardware.name}, {same.against}"
        return None, teller.say("NBO303", f"{said}; nothing is merged", same)
    if not possible:
        said = (
            f"none of {len(cases)} descriptions is of the file's stand {cases[0].gate.mine.value!r}; nothing is merged"
        )
        others = ", ".join(f"{c.hardware.name}: {c.gate.theirs.value}" for c in cases)
        return None, replace(teller.say("NBO303", said, cases[0]), other=others, other_source="")
    best = possible[0]
    equal = [c for c in possible if best.weight - c.weight < table["ahead"]]
    proven = best.gate.state == "same" or best.parts >= table["enough"]
    if len(equal) == 1 and proven:
        said = f"of {len(cases)} descriptions {best.hardware.name} is merged: {best.said}"
        return best.hardware, teller.say("NBO312", said, best)
    if len(equal) > 1 and proven:
        reasons = "; ".join(f"{c.hardware.name}: {c.said}" for c in equal)
        said = f"{len(equal)} of {len(cases)} descriptions fit the file equally well ({reasons})"
    else:
        equal = possible
        least = f" ({best.hardware.name} fits best: {best.said})" if best.reasons else ""
        said = f"the file does not prove which of {len(cases)} descriptions is meant{least}"
    names = ", ".join(sorted(c.hardware.name for c in equal))
    finding = teller.say("NBO307", f"{said}; nothing is merged, give one", best)
    return None, replace(finding, other=names, other_source="")


@dataclass(frozen=True, slots=True)
class _Teller:
    """Makes the finding about an Instrument of a file."""

    instrument: Node
    file: str

    def say(self, code: str, message: str, case: _Case) -> Finding:
        name, gate = case.hardware.name, case.gate
        sources = [f.source.path if f.source is not None else "" for f in (gate.mine, gate.theirs)]
        return Finding(
            code,
            "info" if code == "NBO312" else "warning",
            message,
            file=self.file,
            element="Instrument",
            instance=self.instrument.id,
            attribute="Model",
            value=gate.mine.value,
            source=sources[0],
            other=gate.theirs.value,
            other_source=f"{name}: {sources[1]}" if sources[1] else name,
        )

    def settling(self, hardware: Hardware) -> str:
        """Return the hint by which a user settles that two stands are one, empty where one of them has no ID."""
        ends = [next((s.id for s in stands_of(i) if s.id), "") for i in (self.instrument, hardware.instrument)]
        return f" (if it is the same: --match {ends[0]}={ends[1]})" if all(ends) else ""


# --------------------------------------------------------------------------------------------------------- the evidence


def _case(instrument: Node, hardware: Hardware, matches: Mapping[str, str]) -> _Case:
    gate = _gate(instrument, hardware, matches)
    table = rules().raw["choice"]
    weight = table["stand"] * gate.score
    reasons = [f"stand {gate.theirs.value!r} as the file's"] if gate.state == "same" else []
    found: dict[str, list[tuple[Node, Verdict]]] = {}
    for part in instrument.children:
        kind = rules().kind(part.name)
        if part.id and kind.name in table["kinds"]:
            verdict = _best(part, hardware.instrument, kind, matches)
            if verdict is not None:
                found.setdefault(kind.name, []).append((part, verdict))
    for name, entry in table["kinds"].items():
        proven = [(p, v) for p, v in found.get(name, ()) if v.state == "same"]
        weight += sum(_weight(v, entry["weight"]) for _, v in proven)
        if proven:
            reasons.append(_reason(entry, proven, found[name]))
    against = [pair for name in table["against"] for pair in found.get(name, ())]
    kinds = [name for name in table["against"] if _against(found.get(name, ()))]
    said = _against(against)
    # What the user settles has the full score; a new camera, or a new lens, alone is no other microscope.
    other = gate.state == "same" and gate.score < 1 and bool(said) and len(kinds) > 1
    return _Case(hardware, gate, round(weight, 3), tuple(reasons), said, other)


def _best(part: Node, described: Node, kind: Kind, matches: Mapping[str, str]) -> Verdict | None:
    """Return the strongest verdict on a part, or None where nothing of its kind is described."""
    others = [c for c in described.children if c.id and c.name in kind.elements]
    if any(matches.get(part.id) == other.id for other in others):
        return Verdict("same", 1.0, ("settled by the user",))
    rank = {"same": 2, "weak": 1, "different": 0}
    verdicts = (compare(part, other) for other in others)
    return max(verdicts, key=lambda v: (rank[v.state], v.score), default=None)


def _weight(verdict: Verdict, weight: float) -> float:
    table, numbers = rules().raw["choice"], (rules().score("catalogue"), rules().score("catalogue-elsewhere"))
    if verdict.score == rules().score("serial"):
        return float(weight + table["serial"])
    return float(weight + table["catalogue"] if verdict.score in numbers else weight)


def _reason(entry: Mapping[str, Any], proven: Sequence[tuple[Node, Verdict]], all_: Sequence[object]) -> str:
    numbers = [v.evidence[0] for _, v in proven if v.score == rules().score("serial")]
    by = f" ({numbers[0]})" if numbers else ""
    if "plural" in entry:
        return f"{len(proven)} of {len(all_)} {entry['plural'] if len(all_) > 1 else entry['called']}{by}"
    names = (p.get("Model") or p.get("Name") for p, _ in proven)
    called = ", ".join(dict.fromkeys(repr(n) for n in names if n))
    return f"{entry['called']} {called}{by}" if called else f"{entry['called']}{by}"


def _against(found: Sequence[tuple[Node, Verdict]]) -> str:
    """Say that no part fits, where at least one is stated so fully that it would have to."""
    if any(v.state != "different" for _, v in found):
        return ""
    full = [p for p, _ in found if _is_full(p)]
    if not full:
        return ""
    return f"none of its parts is the file's {full[0].name} {full[0].get('Model') or full[0].get('Name')!r}"


def _is_full(part: Node) -> bool:
    """Whether a part states enough to be found where it is described."""
    kind = rules().kind(part.name)
    text = title(part, kind)
    if text is None or not telling(words(text, kind), kind):
        return False
    return kind.compare != "objective" or {"Magnification", "LensNA"} <= part.facts.keys()


def stands_of(instrument: Node) -> list[Node]:
    """Stands of an Instrument."""
    return instrument.all(*load().members("MicroscopeStandGroup"))


def _gate(instrument: Node, hardware: Hardware, matches: Mapping[str, str]) -> _Gate:
    mine, theirs = (
        [s for s in stands_of(i) if says_something(s.get("Model"))] for i in (instrument, hardware.instrument)
    )
    facts = [s[0].facts["Model"] if s else Fact("") for s in (mine, theirs)]
    settled = {s.id for s in stands_of(hardware.instrument)}
    if any(matches.get(s.id) in settled for s in stands_of(instrument)):
        return _Gate("same", 1.0, facts[0], facts[1])
    if not mine or not theirs:
        return _Gate("unknown", 0.0, facts[0], facts[1])
    scores = [v.score for a in mine for b in theirs if (v := compare(a, b)).state == "same"]
    if not _same_systems(instrument, hardware.instrument):
        scores = []
    return _Gate("same" if scores else "different", max(scores, default=0.0), facts[0], facts[1])


def _same_systems(first: Node, second: Node) -> bool:
    """Whether the confocal system in the model of a stand is named anywhere in the other microscope.

    A facility has several microscopes on stands of one model, and what tells them apart is the system on the stand.
    """
    named = [_systems(n for n in i.walk()) for i in (first, second)]
    on_stand = [_systems(stands_of(i)) for i in (first, second)]
    return on_stand[0] <= named[1] and on_stand[1] <= named[0]


def _systems(nodes: Iterable[Node]) -> frozenset[str]:
    kind = rules().kind("InvertedMicroscopeStand")
    texts = (node.get(attribute) or "" for node in nodes for attribute in ("Name", "Model"))
    pattern = rf"\b(?:{kind.raw['systems']})\b"
    return frozenset(found for text in texts if text for found in re.findall(pattern, rewritten(text, kind)))
