"""Matching the parts that an image names with the parts that a hardware description lists.

Evidence decides: catalogue numbers, models, numbers, bands and lines, by the rules of ``hardware/matching.toml``. A
wrong match would fill wrong values, so that a tie and weak evidence are refused, with the candidates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.objectives import compare_lenses, read_lens
from nbo_extract.parts import (
    Kind,
    band_text_removed,
    bands,
    catalogue,
    code,
    lines,
    maker,
    nanometres,
    parse_bands,
    rewritten,
    rules,
    same_bands,
    says_something,
    title,
    variant_of,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nbo_extract.model import Node


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of comparing two parts.

    Attributes
    ----------
    state : str
        ``same``, ``weak`` (neither proven nor excluded, with something in common) or ``different``.
    score : float
        Between 0 and 1; larger for stronger evidence.
    evidence : tuple of str
        What agrees, and what speaks against it.
    """

    state: str
    score: float = 0.0
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What became of one embedded part.

    Attributes
    ----------
    embedded : str
        ID of the part in the image's metadata.
    hardware : str or None
        ID of the described part that it is; None where none was proven.
    score : float
    evidence : tuple of str
    candidates : tuple of str
        IDs of the described parts that it may be, where a tie or weak evidence left it open.
    """

    embedded: str
    hardware: str | None
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


_DIFFERENT = Verdict("different")
_NONE: Mapping[str, str] = MappingProxyType({})


def compare(embedded: Node, described: Node) -> Verdict:
    """Compare an embedded part with a described one."""
    kind = rules().kind(embedded.name)
    if not _comparable(embedded, described, kind):
        return _DIFFERENT
    makers = maker(embedded), maker(described)
    if None not in makers and makers[0] != makers[1]:
        return Verdict("different", 0.0, ("other makers",))
    verdict = _COMPARISONS[kind.compare](embedded, described, kind)
    numbers = catalogue(embedded), catalogue(described)
    if None not in numbers:
        if numbers[0] == numbers[1]:
            return _with_catalogue(verdict, kind, f"catalogue number {described.get('CatalogNumber')}", 1.0)
        variants = variant_of(embedded), variant_of(described)
        if None in variants or variants[0] != variants[1]:
            return Verdict("different", 0.0, ("other catalogue numbers",))
        return verdict
    for number, other in ((numbers[1], embedded), (numbers[0], described)):
        model = other.get("Model")
        if number is not None and len(number) >= 5 and model is not None and code(model) == number:
            return _with_catalogue(verdict, kind, f"catalogue number {model}", 0.92)
    return verdict


def _with_catalogue(verdict: Verdict, kind: Kind, evidence: str, score: float) -> Verdict:
    # A lens of another magnification is another lens whatever its number says: one of the two files is wrong. What
    # else differs (a peak wavelength read from a filter, say) is a disagreement about one part.
    if verdict.state == "different" and verdict.evidence:
        if kind.name == "objective":
            return Verdict("weak", 0.5, (evidence, *verdict.evidence))
        return Verdict("same", score - 0.1, (evidence, f"but {', '.join(verdict.evidence)}"))
    return Verdict("same", score, (evidence, *verdict.evidence))


def _comparable(first: Node, second: Node, kind: Kind) -> bool:
    if first.name == second.name:
        return True
    if first.name not in kind.elements or second.name not in kind.elements:
        return False
    # Files often name the wrong type of camera, or of stand; the model decides.
    return kind.name in ("detector", "stand") or kind.generic in (first.name, second.name)


def _compare_objectives(first: Node, second: Node, kind: Kind) -> Verdict:
    state, score, evidence = compare_lenses(read_lens(first, kind), read_lens(second, kind), kind)
    return Verdict(state, score, tuple(evidence))


def _compare_codes(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare by the words of the model: all equal, in any order, and enough of them to mean one thing."""
    names = title(first, kind), title(second, kind)
    if names[0] is None or names[1] is None:
        return Verdict("different")
    a, b = words(names[0], kind), words(names[1], kind)
    return _compare_words(a, b, names[1])


def _compare_words(a: tuple[str, ...], b: tuple[str, ...], name: str) -> Verdict:
    if not a or not b:
        return _DIFFERENT
    if sorted(a) == sorted(b) or "".join(a) == "".join(b):
        if _telling(a):
            return Verdict("same", 0.9, (f"model {name}",))
        return Verdict("weak", 0.2, (f"the name {name} alone says little",))
    small, large = sorted((a, b), key=len)
    if set(small) < set(large):
        # A maker's code with a trade name beside it is the same part; any other extra word may tell a variant.
        extra = [w for w in large if w not in small and w.isalpha()]
        if any(len(w) >= 4 and w.isdigit() for w in small) and extra and all(len(w) > 2 for w in extra):
            return Verdict("same", 0.8, (f"model code {' '.join(small)}",))
        return Verdict("weak", 0.3, (f"the models differ by {' '.join(w for w in large if w not in small)}",))
    return Verdict("different", 0.0, ("other models",))


def _telling(found: tuple[str, ...]) -> bool:
    letters = [w for w in found if not w[0].isdigit()]
    digits = [w for w in found if w[0].isdigit()]
    return bool((letters and digits) or len(letters) > 1 or (letters and len(letters[0]) >= 4))


def _compare_filters(first: Node, second: Node, kind: Kind) -> Verdict:
    names = title(first, kind), title(second, kind)
    left = tuple(band_text_removed(n, kind) if n else () for n in names)
    pass_bands = bands(first, kind), bands(second, kind)
    within = Decimal(str(kind.raw["tolerance"]))
    if () in pass_bands:
        return Verdict("weak", 0.1, ("name and bands of one part contradict each other",))
    if (
        names[0]
        and names[1]
        and rewritten(names[0], kind) == rewritten(names[1], kind)
        and any(map(str.isdigit, names[0]))
    ):
        return Verdict("same", 0.95, (f"model {names[1]}",))
    if None in pass_bands or not pass_bands[0] or not pass_bands[1]:
        return _compare_codes(first, second, kind)
    if not same_bands(pass_bands[0], pass_bands[1], within):
        many = "MultiPass" in (first.get("Type"), second.get("Type")) and len(pass_bands[0]) != len(pass_bands[1])
        return Verdict("weak", 0.1, ("one of several bands agrees",)) if many else Verdict("different", 0.0, ("bands",))
    said = (
        f"bands {', '.join(f'{b[1]:f}/{b[2]:f}' if b[0] == 'band' else f'{b[0]} pass {b[1]:f}' for b in pass_bands[1])}"
    )
    if left[0] and left[1] and sorted(left[0]) != sorted(left[1]):
        return Verdict("different", 0.0, ("other coatings or codes",))
    odd = (set(left[0]) ^ set(left[1])) & set(kind.raw["unsure"])
    if odd:
        return Verdict("weak", 0.4, (said, f"{', '.join(sorted(odd))} stands on one side alone"))
    told = tuple(tuple(sorted(parse_bands(n, kind))) if n else () for n in names)
    if told[0] and told[1] and told[0] != told[1]:
        return Verdict("weak", 0.4, (said, "the names state other bands"))
    if "MultiPass" in (first.get("Type"), second.get("Type")) and len(pass_bands[0]) == 1:
        return Verdict("weak", 0.2, (said, "a multi-band filter with one band stated"))
    agree = maker(first) is not None and maker(first) == maker(second)
    return Verdict("same", 0.8 if agree else 0.7, (said, "maker") if agree else (said,))


def _compare_lights(first: Node, second: Node, kind: Kind) -> Verdict:
    if _other_types(first, second):
        return Verdict("different", 0.0, ("other types",))
    names = title(first, kind), title(second, kind)
    told = tuple(words(n, kind) if n else () for n in names)
    found = lines(first, kind), lines(second, kind)
    if not found[0] or not found[1]:
        if not told[0] or not told[1]:
            return _DIFFERENT
        return _compare_words(told[0], told[1], names[1] or "")
    engine = len(found[1]) > 1 and second.name == "LightEmittingDiode"
    if _tuneable(second) or _tuneable(first):
        return _compare_tuneable(first, second, found[0], told, names[1] or "")
    within = Decimal(str(kind.raw["tolerance"]))
    if len(found[0]) > 1:
        agrees = len(found[0]) == len(found[1]) and all(
            abs(a - b) <= within for a, b in zip(found[0], found[1], strict=True)
        )
    else:
        agrees = any(abs(found[0][0] - line) <= within for line in found[1])
    if not agrees or _one_is_hene(first, second, found, kind):
        return Verdict("different", 0.0, ("other lines",))
    said = f"{second.name} {'/'.join(f'{line.normalize():f}' for line in found[1])} nm"
    powers = tuple(_power(n, kind) for n in names)
    known = {f"{line.normalize():f}" for line in found[0] + found[1]} | {"led"}
    named = tuple(tuple(w for w in t if w not in known and w != p) for t, p in zip(told, powers, strict=True))
    if None not in powers and powers[0] != powers[1]:
        return Verdict("different", 0.0, ("other powers",))
    if named[0] and named[1] and sorted(named[0]) != sorted(named[1]):
        if set(named[0]) & set(named[1]) and set(named[0]) - set(named[1]) and set(named[1]) - set(named[0]):
            return Verdict("different", 0.0, ("other models of one family",))
        return Verdict("weak", 0.4, (said, "other names"))
    if engine and len(found[0]) == 1:
        return Verdict("weak", 0.4, (said, "one line of several of an engine"))
    return Verdict("same", 0.9 if named[0] and named[1] else 0.8, (said,))


def _compare_tuneable(
    first: Node, second: Node, setting: tuple[Decimal, ...], told: tuple[tuple[str, ...], ...], name: str
) -> Verdict:
    """Compare by the range: of a tuneable source the embedded wavelength is a setting and equals nothing."""
    ranges = [
        (low, high)
        for child in second.all("IlluminationWavelengthRange", "LEDModule")
        if (low := nanometres(child, "CutOn")) is not None and (high := nanometres(child, "CutOff")) is not None
    ]
    if ranges and not all(any(low <= line <= high for low, high in ranges) for line in setting):
        return Verdict("different", 0.0, ("the wavelength is out of its range",))
    plain = tuple(tuple(w for w in t if w not in {f"{line.normalize():f}" for line in setting}) for t in told)
    if plain[0] and sorted(plain[0]) == sorted(plain[1]) and _telling(plain[0]):
        return Verdict("same", 0.9, (f"model {name}",))
    if ranges and _tuneable(first) and _tuneable(second):
        return Verdict("same", 0.7, ("tuneable, and the wavelength is in its range",))
    return Verdict("weak", 0.3, ("a tuneable source",))


def _tuneable(node: Node) -> bool:
    return node.get("Tuneable") == "true"


def _other_types(first: Node, second: Node) -> bool:
    a, b = first.get("Type"), second.get("Type")
    return first.name == second.name and None not in (a, b) and "Other" not in (a, b) and a != b


def _one_is_hene(first: Node, second: Node, found: tuple[tuple[Decimal, ...], ...], kind: Kind) -> bool:
    """Whether a line of a helium-neon laser stands against the near line of a laser that is stated to be another."""
    low, high = (Decimal(str(v)) for v in kind.raw["hene"])
    if not any(low <= line <= high for line in found[0] + found[1]) or set(found[0]) & set(found[1]):
        return False
    return any((n.get("Type") or "Gas") not in ("Gas", "Other") for n in (first, second))


def _power(name: str | None, kind: Kind) -> str | None:
    """Power in a laser's model: 50 of ``488-50``, ``488/50mW`` or ``488LX 50mW``."""
    if name is None:
        return None
    found = re.search(r"(\d+) ?mw\b|\d{3}[a-z]* ?[-/] ?(\d+)\b", rewritten(name, kind))
    return None if found is None else found[1] or found[2]


def _compare_stands(first: Node, second: Node, kind: Kind) -> Verdict:
    names = [n.get("Model") if says_something(n.get("Model")) else None for n in (first, second)]
    if names[0] is None or names[1] is None:
        return Verdict("weak", 0.1, ("no model of the stand",))
    best = _DIFFERENT
    for a in _alternatives(names[0], kind):
        for b in _alternatives(names[1], kind):
            verdict = _compare_stand_words(a, b, names[1], kind)
            best = max(best, verdict, key=lambda v: v.score)
    return best


def _alternatives(name: str, kind: Kind) -> list[str]:
    text = " ".join(w for w in rewritten(name, kind).split() if w not in kind.noise)
    for pattern, stands in kind.raw["alternatives"]:
        if re.search(pattern, text):
            return list(stands)
    return [text]


def _compare_stand_words(a: str, b: str, name: str, kind: Kind) -> Verdict:
    found = [[w for w in re.findall(r"[^\W_]+", t) if w not in kind.noise] for t in (a, b)]
    systems = [[w for w in f if re.fullmatch(kind.raw["systems"], w)] for f in found]
    first, second = ([w for w in f if w not in s] for f, s in zip(found, systems, strict=True))
    if systems[0] and systems[1] and systems[0] != systems[1]:
        return _DIFFERENT
    if not first or not second:
        if systems[0] and systems[0] == systems[1]:
            return Verdict("same", 0.6, (f"stand {name}, as far as it is stated",))
        return Verdict("weak", 0.1, ("no model of the stand",))
    if "".join(first) == "".join(second):
        return Verdict("same", 0.9, (f"stand {name}",))
    if first[0] == second[0] and (set(first) < set(second) or set(second) < set(first)):
        return Verdict("same", 0.6, (f"stand {name}, as far as it is stated",))
    return Verdict("different", 0.0, ("other stands",))


def _compare_software(first: Node, second: Node, kind: Kind) -> Verdict:
    names = first.get("Name") or "", second.get("Name") or ""
    if not words(names[0], kind) or words(names[0], kind) != words(names[1], kind):
        return _DIFFERENT
    versions = tuple(_version(n) for n in (first, second))
    if None in versions:
        return Verdict("weak", 0.3, (f"{names[1]}, of a version that is not stated",))
    # A description states 2.6 where the software itself writes 2.6.76.
    short, long = sorted((f"{v}." for v in versions), key=len)
    return Verdict("same", 0.9, (f"{names[1]} {versions[1]}",)) if long.startswith(short) else _DIFFERENT


def _version(node: Node) -> str | None:
    found = re.search(r"\d+(\.\d+)*", node.get("Version") or node.get("Name") or "")
    return None if found is None else found[0]


_COMPARISONS: dict[str, Callable[[Node, Node, Kind], Verdict]] = {
    "objective": _compare_objectives,
    "code": _compare_codes,
    "filter": _compare_filters,
    "light": _compare_lights,
    "stand": _compare_stands,
    "software": _compare_software,
}


def match_parts(
    embedded: Iterable[Node],
    described: Iterable[Node],
    settled: Mapping[str, str] = _NONE,
    known: Mapping[str, str] = _NONE,
) -> list[Match]:
    """Match the parts of an image's Instrument with those of a described one.

    Parameters
    ----------
    embedded, described : iterable of Node
        Children of Instrument; those without an ID are passed over.
    settled : mapping of str to str, optional
        IDs of embedded parts to IDs of described parts by the user's word; these are no candidates for others.
    known : mapping of str to str, optional
        The same for parts that an earlier merge added: these need no evidence, but still count as candidates, so that
        merging again comes to the same result.

    Returns
    -------
    list of Match
        One for each embedded part, in their order; independent of the order of the described parts.
    """
    sure = {**known, **settled}
    taken = set(settled.values())
    mine = [n for n in embedded if n.id]
    free = sorted((n for n in described if n.id and n.id not in taken), key=lambda n: n.id)
    found = [Match(n.id, sure[n.id], 1.0, ("settled",)) if n.id in sure else _best(n, free) for n in mine]
    return _without_sharing(found, {n.id: n.name for n in mine}, sure)


def _best(part: Node, described: Sequence[Node]) -> Match:
    verdicts = [(compare(part, other), other.id) for other in described]
    same = sorted(((v, i) for v, i in verdicts if v.state == "same"), key=lambda p: (-p[0].score, p[1]))
    weak = tuple(i for v, i in verdicts if v.state == "weak")
    if not same:
        evidence = next((v.evidence for v, _ in verdicts if v.state == "weak"), ())
        return Match(part.id, None, 0.0, evidence, weak)
    first, identifier = same[0]
    near = [i for v, i in same if first.score - v.score <= rules().raw["margin"]]
    if len(near) > 1:
        return Match(part.id, None, first.score, first.evidence, tuple(near))
    return Match(part.id, identifier, first.score, first.evidence)


def _without_sharing(found: list[Match], names: Mapping[str, str], sure: Mapping[str, str]) -> list[Match]:
    """Refuse that two embedded parts are one described part, but for kinds that files list once a channel."""
    owners: dict[str, list[Match]] = {}
    for match in found:
        if match.hardware is not None:
            owners.setdefault(match.hardware, []).append(match)
    shared = {
        i
        for i, claims in owners.items()
        if len(claims) > 1 and not all(rules().kind(names[c.embedded]).many for c in claims)
    }
    return [
        Match(m.embedded, None, m.score, ("several parts of the file fit it", *m.evidence), (m.hardware,))
        if m.hardware in shared and m.hardware is not None and m.embedded not in sure
        else m
        for m in found
    ]
