"""Comparing objectives: numbers, immersion, class and the words that tell versions apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from nbo_extract.parts import Kind, maker, rewritten, rules, title, words

if TYPE_CHECKING:
    from nbo_extract.model import Node

_MAGNIFICATION = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?x(?![a-z])|(?<![\w.])(\d+(?:\.\d+)?) ?x(?=\d)")
_NA = re.compile(r"x ?[/ ]? ?([01]\.\d+)|\bna ?[=:]? ?([01]\.\d+)|\b([01]\.\d+) ?na\b")
# A digit at the end of a word is part of it (CS2 is not CS), a longer number or a magnification is not.
_WORDS = re.compile(r"[^\W\d_]+(?:\d(?![\d.x]))?|\d+(?:\.\d+)?")
_RING = re.compile(r"\bph[0-4l]\b")
# A number with a letter or a dash beside it is a magnification, or part of a number of an order.
_NUMBERS = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?!\w|-[a-z]|-\d{3}|\.\d)")
_CORRECTION = re.compile(r"[A-Z][a-z]+")
_MAIN = frozenset({"apo", "neofluar", "achroplan", "fluotar", "fluar", "fluor", "achro", "achromat", "fl"})


@dataclass(frozen=True)
class Lens:
    """What is known of an objective, from its facts and its name.

    Attributes
    ----------
    magnification, na : Decimal or None
    immersion : frozenset of str
        ImmersionTypes that it may have; empty where nothing is stated.
    words : frozenset of str
        Class and version words of its name; empty where it has none.
    whole : bool
        Whether the words come from a name, not from the correction alone.
    phase : str or None
        Phase ring, empty for none, None where nothing is stated.
    dic, collar : bool or None
        As stated by facts.
    consistent : bool
        False where name and facts contradict each other.
    numbers : frozenset of Decimal
        Numbers in its name that are neither magnification nor NA (340 of ``UApo/340``).
    told : frozenset of str
        ImmersionTypes that its name allows.
    wet : bool
        False where the immersion of the name and that of the facts contradict each other.
    maker : str or None
        As stated, else the one whose lenses alone have such names.
    """

    magnification: Decimal | None
    na: Decimal | None
    immersion: frozenset[str]
    words: frozenset[str]
    whole: bool
    phase: str | None
    dic: bool | None
    collar: bool | None
    consistent: bool
    numbers: frozenset[Decimal]
    told: frozenset[str]
    wet: bool
    maker: str | None


def read_lens(node: Node, kind: Kind) -> Lens:
    """Collect what an objective's facts and name say."""
    text = title(node, kind)
    told = rewritten(text, kind) if text else ""
    told_magnification, told_na = _number(_MAGNIFICATION, told), _number(_NA, told)
    magnification, na = _fact(node, "Magnification"), _fact(node, "LensNA")
    consistent = _agree(magnification, told_magnification) and _agree(na, told_na)
    # A name may say it twice: "63x oil, Plan-Apochromat 63x/1.4".
    consistent = consistent and all(len(_all_numbers(p, told)) < 2 for p in (_MAGNIFICATION, _NA))
    all_words = _words(told, kind)
    rings = set(_RING.findall(told))
    wet = kind.raw["immersion"]
    told_immersion = frozenset(i for w in all_words & set(wet) for i in wet[w])
    kept = frozenset(w for w in all_words if w not in wet and not _RING.fullmatch(w))
    fact_immersion = node.get("ImmersionType")
    immersion = frozenset({fact_immersion}) if fact_immersion not in (None, "Other") else told_immersion
    stated_wrongly = fact_immersion not in (None, "Other") and bool(told_immersion)
    wet_agrees = not stated_wrongly or fits(frozenset({str(fact_immersion)}), told_immersion, kind)
    if not kept:
        kept = _from_correction(node, kind)
    stated = (node.get("PhaseContrastDesignation") or node.get("ContrastModulation") or "").casefold()
    phase = next(iter(sorted(rings)), "") if text and all_words else None
    if stated.startswith("ph") and len(stated) == 3:
        consistent = consistent and phase in (None, "", stated)
        phase = stated
    elif phase is None and stated == "none":
        phase = ""
    return Lens(
        magnification if magnification is not None else told_magnification,
        na if na is not None else told_na,
        immersion,
        kept,
        bool(text and all_words),
        phase,
        _flag(node, "DIC"),
        _flag(node, "CorrectionCollar"),
        consistent,
        frozenset(map(Decimal, _NUMBERS.findall(told))) - {magnification, na, told_magnification, told_na},
        told_immersion,
        wet_agrees,
        maker(node) or next((owner for sign, owner in kind.raw["signs"] if re.search(sign, told)), None),
    )


def _words(told: str, kind: Kind) -> frozenset[str]:
    """Words of a name; a letter that stands in it again (``UPLSAPO 60XO S``) is another word."""
    found: set[str] = set()
    for word in _WORDS.findall(told):
        if word not in kind.noise and not word[0].isdigit():
            found.add(f"{word} again" if len(word) == 1 and word in found else word)
    return frozenset(found)


def fits(first: frozenset[str], second: frozenset[str], kind: Kind) -> bool:
    """Whether two sets of immersion types can be those of one objective."""
    covers = kind.raw["covers"]
    return any(b in covers.get(a, ()) or a in covers.get(b, ()) for a in first for b in second)


def compare_lenses(first: Lens, second: Lens, kind: Kind) -> tuple[str, float, list[str]]:
    """Compare two objectives: ``same``, ``weak`` or ``different``, a score, and the evidence."""
    against = contradictions(first, second, kind)
    if against:
        return "different", 0.0, against
    evidence: list[str] = []
    doubts: list[str] = []
    for name, a, b in (("magnification", first.magnification, second.magnification), ("NA", first.na, second.na)):
        if a is not None and b is not None:
            evidence.append(f"{name} {a.normalize():f}")
    if first.immersion and second.immersion:
        evidence.append(f"immersion {' or '.join(sorted(second.immersion))}")
    state = _compare_words(first, second, kind, evidence, doubts)
    if state == "different":
        return "different", 0.0, doubts
    numbers = len(evidence) - ("class" in evidence)
    known = first.magnification is not None and second.magnification is not None
    if not known:
        return "weak", 0.1 * len(evidence), [*evidence, "magnification is not known on both sides"]
    doubts += _one_sided(first, second)
    if not (first.consistent and second.consistent) or not ((first.wet and second.wet) or _one_name(first, second)):
        doubts.append("name and numbers of one part contradict each other")
    if doubts:
        return "weak", 0.1 * len(evidence), [*evidence, *doubts]
    # A full name of three words or more, equal on both sides, is one lens of its magnification.
    full = first.whole and second.whole and first.words == second.words and len(first.words) > 2
    if (numbers < 2 and not (numbers and full)) or (numbers == 2 and "class" not in evidence):
        return "weak", 0.1 * len(evidence), evidence
    table = rules()
    return "same", round(table.score("lens") + table.score("lens-each") * len(evidence), 2), evidence


def _one_sided(first: Lens, second: Lens) -> list[str]:
    """Return what the name of one objective alone states, though it tells lenses apart."""
    if not (first.whole and second.whole):
        return []
    odd = first.numbers ^ second.numbers
    found = [f"the number {n.normalize():f} stands on one side alone" for n in sorted(odd)]
    wet = [lens.immersion - {"Air"} for lens in (first, second) if lens.immersion]
    # With an NA that air does not reach, the liquid goes without saying.
    if len(wet) == 1 and wet[0] and min(lens.na or 0 for lens in (first, second)) <= 1:
        found.append("the immersion is stated on one side alone")
    return found


def contradictions(first: Lens, second: Lens, kind: Kind) -> list[str]:
    """Return what makes two objectives different ones, whatever their names and catalogue numbers say."""
    for name, a, b in (("magnification", first.magnification, second.magnification), ("NA", first.na, second.na)):
        if a is not None and b is not None and a != b:
            return [f"{name} {a:f} and {b:f}"]
    wet = first.immersion and second.immersion and not fits(first.immersion, second.immersion, kind)
    if wet and not _one_name(first, second):
        return ["immersion"]
    if first.phase is not None and second.phase is not None and first.phase != second.phase:
        return [f"phase ring {first.phase or 'none'} and {second.phase or 'none'}"]
    return []


def _one_name(first: Lens, second: Lens) -> bool:
    """Whether two names are equal and state the immersion: then a fact that says otherwise is the software's word."""
    return bool(first.told) and first.told == second.told and first.words == second.words


def _compare_words(first: Lens, second: Lens, kind: Kind, evidence: list[str], doubts: list[str]) -> str:
    if not first.words or not second.words:
        return "same"
    if not (first.whole and second.whole):
        mains = first.words & _MAIN, second.words & _MAIN
        if all(mains) and not mains[0] & mains[1]:
            doubts.append(f"class {' '.join(sorted(mains[0]))} and {' '.join(sorted(mains[1]))}")
            return "different"
        return "same"
    unsure = set(kind.raw["unsure"])
    odd = first.words ^ second.words
    if odd - unsure:
        doubts.append(f"the words {', '.join(sorted(odd - unsure))} stand on one side alone")
        return "different"
    for word in sorted(odd):
        lacking = second if word in first.words else first
        if {"dic": lacking.dic, "corr": lacking.collar}.get(word) is True:
            continue
        owners = {first.maker, second.maker} - {None}
        known = (first.immersion and second.immersion) or (first.immersion | second.immersion) <= {"Air"}
        if known and any(word in kind.raw["left-out"].get(o, ()) for o in owners):
            continue
        doubts.append(f"the word {word} stands on one side alone")
    evidence.append("class")
    return "same"


def _from_correction(node: Node, kind: Kind) -> frozenset[str]:
    correction = node.get("Correction")
    if correction in (None, "Other"):
        return frozenset()
    return frozenset(words(" ".join(_CORRECTION.findall(correction or "")) or correction or "", kind))


def _fact(node: Node, attribute: str) -> Decimal | None:
    fact = node.facts.get(attribute)
    number = None if fact is None else fact.number
    return number if number is not None and number > 0 else None


def _number(pattern: re.Pattern[str], text: str) -> Decimal | None:
    found = pattern.search(text)
    return None if found is None else Decimal(next(g for g in found.groups() if g is not None))


def _all_numbers(pattern: re.Pattern[str], text: str) -> set[Decimal]:
    return {Decimal(next(g for g in found.groups() if g is not None)) for found in pattern.finditer(text)}


def _agree(first: Decimal | None, second: Decimal | None) -> bool:
    return first is None or second is None or first == second


def _flag(node: Node, attribute: str) -> bool | None:
    return {"true": True, "false": False}.get(node.get(attribute) or "")
