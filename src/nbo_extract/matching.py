"""Matching the parts that an image names with the parts that a hardware description lists.

Evidence decides: serial and catalogue numbers, models, numbers, bands and lines, by the rules of
``hardware/matching.toml``. A wrong match would fill wrong values, so that a tie and weak evidence are refused, with the
candidates.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.comparisons_filters import compare_filters
from nbo_extract.comparisons_lights import compare_lights
from nbo_extract.comparisons_names import compare_codes, compare_magnifying, compare_software, compare_stands
from nbo_extract.identifiers import catalogue_elsewhere, one_serial, other_serials, unlike_serials
from nbo_extract.objectives import compare_lenses, contradictions, read_lens
from nbo_extract.parts import Kind, catalogue, maker, rules, same_owner, says_something, variant_of
from nbo_extract.verdicts import DIFFERENT, Verdict, different, same, weak

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nbo_extract.model import Node


@dataclass(frozen=True, slots=True)
class Candidate:
    """A described part that an embedded one may be.

    Attributes
    ----------
    hardware : str
        ID of the described part.
    score : float
    evidence : tuple of str
        What agrees, and why that proves nothing.
    """

    hardware: str
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
    options : tuple of Candidate
        The described parts that it may be, where a tie or weak evidence left it open; the strongest first.
    """

    embedded: str
    hardware: str | None
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    options: tuple[Candidate, ...] = ()

    @property
    def candidates(self) -> tuple[str, ...]:
        """IDs of the described parts that it may be."""
        return tuple(o.hardware for o in self.options)


_NONE: Mapping[str, str] = MappingProxyType({})
# Evidence of matches that were not proven here.
SETTLED, KNOWN = "settled by the user", "known before"
SHARED = "several parts of the file fit it"


def compare(embedded: Node, described: Node) -> Verdict:
    """Compare an embedded part with a described one."""
    if described.name not in _comparable(embedded.name):
        return DIFFERENT
    kind = rules().kind(embedded.name)
    makers = maker(embedded), maker(described)
    if makers[0] is not None and makers[1] is not None and not same_owner(makers[0], makers[1]):
        return different("other makers")
    if kind.serial == "decides" and other_serials(embedded, described):
        return different("other serial numbers")
    verdict = _COMPARISONS[kind.compare](embedded, described, kind)
    serial = one_serial(embedded, described) if kind.serial != "none" else None
    if serial is not None:
        return _with_serial(verdict, embedded, described, serial)
    verdict = _with_catalogue(verdict, embedded, described, kind)
    if verdict.state == "same" and kind.serial == "decides" and unlike_serials(embedded, described):
        return weak(0.4, *verdict.evidence, "other lot numbers, which may be serial numbers")
    return verdict


def _with_serial(verdict: Verdict, embedded: Node, described: Node, serial: str) -> Verdict:
    said = f"serial or lot number {serial}"
    models = all(says_something(n.get("Model")) for n in (embedded, described))
    if verdict.state == "different" and verdict.evidence and models:
        return weak(0.5, said, *verdict.evidence)
    agrees = verdict.evidence if verdict.state != "different" else ()
    return same("serial", said, *agrees)


def _with_catalogue(verdict: Verdict, embedded: Node, described: Node, kind: Kind) -> Verdict:
    numbers = catalogue(embedded), catalogue(described)
    if numbers[0] is not None and numbers[1] is not None:
        if numbers[0] == numbers[1]:
            number = described.get("CatalogNumber") or embedded.get("CatalogNumber") or numbers[1]
            return _by_catalogue(verdict, embedded, described, kind, f"catalogue number {number}", "catalogue")
        variants = variant_of(embedded), variant_of(described)
        if kind.raw.get("catalogue") != "tells" and (None in variants or variants[0] != variants[1]):
            return different("other catalogue numbers")
        return verdict
    for wanted, other in ((numbers[1], embedded), (numbers[0], described)):
        if wanted is not None and (text := catalogue_elsewhere(other, wanted)) is not None:
            said = f"catalogue number {text}"
            return _by_catalogue(verdict, embedded, described, kind, said, "catalogue-elsewhere")
    return verdict


def _by_catalogue(verdict: Verdict, embedded: Node, described: Node, kind: Kind, said: str, evidence: str) -> Verdict:
    # A lens of another magnification is another lens whatever its number says: one of the two files is wrong. What
    # else differs (a peak wavelength read from a filter, say) is a disagreement about one part.
    if kind.compare == "objective":
        against = contradictions(read_lens(embedded, kind), read_lens(described, kind), kind)
        if against:
            return weak(0.5, said, *against)
    if verdict.state == "different":
        return same("contradicted", said, *(f"but {e}" for e in verdict.evidence))
    return same(evidence, said, *verdict.evidence)


@functools.cache
def _comparable(name: str) -> frozenset[str]:
    """Return the elements with which one may be compared."""
    kind = rules().kind(name)
    if name not in kind.elements:
        return frozenset([name])
    all_ = kind.loose or name == kind.generic
    return frozenset([name]) | (kind.elements if all_ else kind.elements & {kind.generic})


def _compare_objectives(first: Node, second: Node, kind: Kind) -> Verdict:
    state, score, evidence = compare_lenses(read_lens(first, kind), read_lens(second, kind), kind)
    return Verdict(state, score, tuple(evidence))


_COMPARISONS: dict[str, Callable[[Node, Node, Kind], Verdict]] = {
    "objective": _compare_objectives,
    "code": compare_codes,
    "lens": compare_magnifying,
    "filter": compare_filters,
    "light": compare_lights,
    "stand": compare_stands,
    "software": compare_software,
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
    found = [
        Match(n.id, sure[n.id], 1.0, (SETTLED if n.id in settled else KNOWN,)) if n.id in sure else _best(n, free)
        for n in mine
    ]
    return _without_sharing(found, {n.id: n.name for n in mine}, sure)


def _best(part: Node, described: Sequence[Node]) -> Match:
    names = _comparable(part.name)
    found = [(compare(part, other), other.id) for other in described if other.name in names]
    ranked = sorted((pair for pair in found if pair[0].state != "different"), key=lambda p: (-p[0].score, p[1]))
    proven = [pair for pair in ranked if pair[0].state == "same"]
    if not proven:
        return Match(part.id, None, options=tuple(Candidate(i, v.score, v.evidence) for v, i in ranked))
    first, identifier = proven[0]
    near = [pair for pair in proven if first.score - pair[0].score <= rules().raw["margin"]]
    if len(near) > 1:
        options = tuple(Candidate(i, v.score, v.evidence) for v, i in near)
        return Match(part.id, None, first.score, (f"{len(near)} described parts fit it equally well",), options)
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
        Match(m.embedded, None, m.score, (SHARED,), (Candidate(m.hardware, m.score, m.evidence),))
        if m.hardware in shared and m.hardware is not None and m.embedded not in sure
        else m
        for m in found
    ]
