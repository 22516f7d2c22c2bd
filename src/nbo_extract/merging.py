"""Merging hardware descriptions into a Document: embedded values win, every filled fact names its source.

A description is used only where it is of the image's microscope (`nbo_extract.choosing`). Parts are matched by evidence
(`nbo_extract.matching`); a matched part is filled, the other described parts are added, since they are part of the
microscope.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.choosing import choose, stands_of
from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import Hardware, label
from nbo_extract.light_paths import settled_by_cubes
from nbo_extract.matching import KNOWN, Match, match_parts
from nbo_extract.merge_fill import Filler
from nbo_extract.model import Document, Fact, Node, Origin, Source
from nbo_extract.parts import NAMED_BY, rules
from nbo_extract.schema import load
from nbo_extract.unmatched import unmatched

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["aliases", "choose", "copied", "merge"]

_NONE: Mapping[str, str] = MappingProxyType({})
# So many equal facts, none missing and none different, are no coincidence.
_MUCH = 6


def merge(
    document: Document,
    hardware: Hardware | Sequence[Hardware],
    *,
    matches: Mapping[str, str] = _NONE,
    prefer: Collection[str] = (),
    pinned: Hardware | None = None,
) -> Document:
    """Fill a Document from hardware descriptions.

    Parameters
    ----------
    document : Document
        Left as it is.
    hardware : Hardware or sequence of Hardware
        Descriptions; of several, the one that is proven to be of the image's microscope.
    matches : mapping of str to str, optional
        IDs of parts of the document to IDs of described parts: what the user settles.
    prefer : collection of str, optional
        Elements whose described values take the place of those that the file states; ``all`` is every element.
    pinned : Hardware, optional
        The description that is set for this file; it is taken unless its stand contradicts.

    Returns
    -------
    Document
        A new one, in the schema's order, with findings added. It may share plane tables with `document`.

    Raises
    ------
    HardwareError
        If `matches` names a part that is not there, or parts of different kinds.
    """
    given = (hardware,) if isinstance(hardware, Hardware) else tuple(hardware)
    result = copied(document).arrange()
    _check_matches(result, given, matches)
    # Merging again would find nothing to do, and must not fall back on the second best of several descriptions.
    merged = not matches and any(h.sha256 in result.origin.hardware.values() for h in given)
    if merged or not given:
        return result
    if not result.instruments:
        _add_instrument(result, (pinned,) if pinned is not None else given)
    else:
        for number, instrument in enumerate(result.instruments):
            chosen, finding = choose(instrument, given, matches, result.origin.file, pinned=pinned)
            result.findings.append(finding)
            if chosen is not None:
                _merge_into(result, instrument, chosen, number, matches, prefer, sure=pinned is not None)
    return result.arrange()


def copied(document: Document) -> Document:
    """Copy a Document; plane tables are shared."""
    origin = document.origin
    return Document(
        _copy(document.root),
        document.version,
        Origin(origin.file, origin.format, origin.reader, dict(origin.versions), origin.files, dict(origin.hardware)),
        list(document.findings),
        list(document.unmapped),
    )


def _copy(node: Node) -> Node:
    return Node(node.name, dict(node.facts), [_copy(c) for c in node.children], node.text, node.foreign, node.planes)


def _parts(instrument: Node) -> list[Node]:
    references = load().references
    return [c for c in instrument.children if c.id and c.name not in references]


def _check_matches(document: Document, given: Sequence[Hardware], matches: Mapping[str, str]) -> None:
    mine = {p.id: p for i in document.instruments for p in _parts(i)}
    for embedded, wanted in matches.items():
        theirs = [p for h in given for p in _parts(h.instrument) if p.id == wanted]
        if embedded not in mine:
            raise HardwareError(
                f"{document.origin.file or 'the document'} has no part {embedded}; it has {_some(mine)}"
            )
        if not theirs:
            names = ", ".join(h.name for h in given) or "no description"
            raise HardwareError(f"{names} has no part {wanted}; see its parts with nbo-extract hardware")
        kind = rules().kind(mine[embedded].name)
        if theirs[0].name != mine[embedded].name and theirs[0].name not in kind.elements:
            raise HardwareError(
                f"{embedded} is a {mine[embedded].name} and {wanted} a {theirs[0].name}; match parts of one kind"
            )


def _some(parts: Mapping[str, Node]) -> str:
    return ", ".join(list(parts)[:20]) or "none"


# -------------------------------------------------------------------------------------------------------------- merging


def _add_instrument(result: Document, given: Sequence[Hardware]) -> None:
    """Add the described Instrument to a document that has none."""
    if len(given) > 1:
        names = ", ".join(sorted(h.name for h in given))
        message = f"the file names no instrument that tells which of {len(given)} descriptions is meant; give one"
        result.findings.append(Finding("NBO307", "warning", message, file=result.origin.file, other=names))
        return
    hardware = given[0]
    instrument = Node("Instrument")
    filler = Filler(result, instrument, hardware, 0)
    identifier = filler.new_id(hardware.instrument.id) if hardware.instrument.id else ""
    if identifier:
        instrument.facts["ID"] = replace(hardware.instrument.facts["ID"], value=identifier)
    result.root.children.append(instrument)
    _merge_into(result, instrument, hardware, 0, {})
    source = Source("hardware", hardware.name, "Instrument", rule="the only description given")
    for image in result.images:
        if identifier and image.first("InstrumentRef") is None:
            image.children.append(Node("InstrumentRef", {"ID": Fact(identifier, source=source)}))
    message = f"the file names no instrument; {hardware.name} is merged as the description given, without proof"
    result.findings.append(
        Finding("NBO312", "warning", message, file=result.origin.file, element="Instrument", other_source=hardware.name)
    )


def _merge_into(
    result: Document,
    instrument: Node,
    hardware: Hardware,
    number: int,
    matches: Mapping[str, str],
    prefer: Collection[str] = (),
    *,
    sure: bool = False,
) -> None:
    filler = Filler(result, instrument, hardware, number)
    mine, theirs = _parts(instrument), _parts(hardware.instrument)
    described = {p.id: p for p in theirs}
    settled = {e: h for e, h in matches.items() if h in described and any(p.id == e for p in mine)}
    known = _known(filler, instrument, mine, theirs)
    found = match_parts(mine, theirs, settled, known)
    by_cube, findings = settled_by_cubes(
        result, instrument, hardware.instrument, {m.embedded: m.hardware for m in found if m.hardware is not None}
    )
    if by_cube:
        filler.findings.extend(findings)
        found = match_parts(mine, theirs, settled, {**known, **by_cube})
    parts = {p.id: p for p in mine}
    for match in found:
        if match.hardware is not None:
            filler.ids.setdefault(match.hardware, match.embedded)
    taken = {m.hardware for m in found}
    filler.add([p for p in theirs if p.id not in taken])
    references = filler.schema.references
    filler.add_nameless([p for p in hardware.instrument.children if not p.id and p.name not in references])
    kind = load(result.version).element("Instrument")
    for match in found:
        part = parts[match.embedded]
        if match.hardware is None:
            if match.options or len(part.facts) > 1:
                filler.findings.append(_unmatched(part, match, described, hardware, result.origin.file))
            continue
        if match.evidence != (KNOWN,):
            filler.findings.append(_matched(part, match, described[match.hardware], hardware, result.origin.file))
        filler.specify(part, described[match.hardware])
        filler.preferring = "all" in prefer or part.name in prefer
        declared = kind.child(part.name)
        if declared is not None:
            filler.fill(part, described[match.hardware], declared, part.id)
    sure = sure or any(s.id in settled for s in stands_of(instrument))
    told = unmatched(instrument, mine, found, hardware, result.origin.file, sure=sure)
    filler.findings.extend([told] if told is not None else [])
    filler.preferring = "all" in prefer or "Instrument" in prefer
    own = Node("Instrument", hardware.instrument.facts, hardware.instrument.all("AnnotationRef"))
    filler.fill(instrument, own, kind, instrument.id)
    result.findings.extend(filler.findings)
    result.origin.came_from(hardware.name, hardware.path, hardware.sha256)


def aliases(
    document: Document, hardware: Sequence[Hardware], matches: Mapping[str, str] = _NONE
) -> dict[str, tuple[str, ...]]:
    """Return what descriptions call the parts of a document that they were merged into: ID, name, model and number.

    People speak of a part as the description does, whatever the file calls it.
    """
    found: dict[str, tuple[str, ...]] = {}
    merged = [h for h in hardware if h.sha256 in document.origin.hardware.values()]
    for chosen in merged:
        for number, instrument in enumerate(document.instruments):
            mine, theirs = _parts(instrument), _parts(chosen.instrument)
            described = {p.id: p for p in theirs}
            settled = {e: h for e, h in matches.items() if h in described and any(p.id == e for p in mine)}
            known = _known(Filler(document, instrument, chosen, number), instrument, mine, theirs)
            for match in match_parts(mine, theirs, settled, known):
                part = described.get(match.hardware or "")
                if part is not None:
                    names = (part.get(name) for name in ("ID", *NAMED_BY))
                    called = (*found.get(match.embedded, ()), *(n for n in names if n))
                    found[match.embedded] = tuple(dict.fromkeys(called))
    return found


def _known(filler: Filler, instrument: Node, mine: Sequence[Node], theirs: Sequence[Node]) -> dict[str, str]:
    """Pairs that need no evidence: parts that an earlier merge added or filled, and the only stands."""
    known: dict[str, str] = {}
    by_id = {p.id: p for p in mine}
    for part in theirs:
        for identifier in filler.own_ids(part.id):
            if identifier in by_id and by_id[identifier].name == part.name:
                known[identifier] = part.id
    stands = stands_of(instrument), stands_of(filler.hardware.instrument)
    if len(stands[0]) == len(stands[1]) == 1 and stands[0][0].id and stands[1][0].id:
        known.setdefault(stands[0][0].id, stands[1][0].id)
    repeated = [(m.id, t.id) for m in mine for t in theirs if m.name == t.name and _repeats(m, t)]
    for one, other in repeated:
        if sum(o == one for o, _ in repeated) == 1 and sum(t == other for _, t in repeated) == 1:
            known.setdefault(one, other)
    return known


def _repeats(part: Node, described: Node) -> bool:
    """Whether a part states everything that a described one states, and that is much."""
    facts = {k: f for k, f in described.facts.items() if k != "ID"}
    return len(facts) >= _MUCH and all(part.facts.get(k) == f for k, f in facts.items())


def _matched(part: Node, match: Match, described: Node, hardware: Hardware, file: str) -> Finding:
    said = ", ".join(match.evidence)
    return Finding(
        "NBO311",
        "info",
        f"{part.id} is {label(described)} of {hardware.name}: {said} (score {match.score:g})",
        file=file,
        element=part.name,
        instance=part.id,
        other=described.id,
        other_source=hardware.name,
    )


def _unmatched(part: Node, match: Match, described: Mapping[str, Node], hardware: Hardware, file: str) -> Finding:
    if match.options:
        why = f"; {', '.join(match.evidence)}" if match.evidence else ""
        names = " or ".join(
            f"{label(described[o.hardware])} ({', '.join((o.hardware, *o.evidence))})" for o in match.options
        )
        return Finding(
            "NBO302",
            "warning",
            f"{label(part)} may be {names} of {hardware.name}, which is not proven{why}; it is not filled. "
            f"Settle it with --match {part.id}={match.candidates[0]}",
            file=file,
            element=part.name,
            instance=part.id,
            other=", ".join(match.candidates),
            other_source=hardware.name,
        )
    return Finding(
        "NBO313",
        "info",
        f"{label(part)} fits no part of {hardware.name}; it is not filled",
        file=file,
        element=part.name,
        instance=part.id,
        other_source=hardware.name,
    )
