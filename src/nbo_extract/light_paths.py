"""The light path of each channel: what a filter cube tells of it, and the order in which the light meets the parts.

Vendors name the cube and leave out what is in it, or state a beam splitter by its edge alone. Where the cube is known,
by its name or by two of its optics, its filters and its dichroic are those of the channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.matching import compare
from nbo_extract.model import Fact, Node, Source
from nbo_extract.parts import bands, rules, same_bands
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbo_extract.model import Document

#: References of a cube, of a FilterSet and of a LightPath, in the order in which light meets the optics.
ROLES = ("ExcitationFilterRef", "StandardDichroicRef", "EmissionFilterRef")
ORDER_RULE = "light-path-order"
_NANOMETRES = 2


@dataclass(frozen=True, slots=True)
class Known:
    """A cube by which a channel was taken.

    Attributes
    ----------
    channel, path : Node
    cube : Node
        Described FilterCube.
    evidence : str
    """

    channel: Node
    path: Node
    cube: Node
    evidence: str


def light_paths(document: Document, instrument: Node) -> Iterator[tuple[Node, Node]]:
    """Yield the channels that were recorded with an Instrument, with their light paths."""
    alone = len(document.instruments) == 1
    for image in document.images:
        reference, pixels = image.first("InstrumentRef"), image.first("Pixels")
        mine = reference.id == instrument.id if reference is not None and reference.id else alone
        for channel in pixels.all("Channel") if pixels is not None and mine else ():
            path = channel.first("LightPath")
            if path is not None:
                yield channel, path


def cubes_by_name(document: Document, instrument: Node, cubes: list[Node]) -> list[Known]:
    """Return the channels whose FilterSet is called as exactly one of the cubes is."""
    found = []
    for channel, path in light_paths(document, instrument):
        sets = [s for s in path.all("FilterSet") if s.get("Name")]
        if len(sets) != 1:
            continue
        called = Node("FilterCube", {"Model": sets[0].facts["Name"]})
        same = [c for c in cubes if compare(called, c).state == "same"]
        if len(same) == 1:
            found.append(Known(channel, path, same[0], f"its filter set {sets[0].get('Name')!r}"))
    return found


def settled_by_cubes(
    document: Document, instrument: Node, described: Node, found: Mapping[str, str]
) -> tuple[dict[str, str], list[Finding]]:
    """Match optics of channels with those of the cubes by which the channels were taken.

    Parameters
    ----------
    document : Document
    instrument : Node
        Embedded Instrument.
    described : Node
        Instrument of the description.
    found : mapping of str to str
        Embedded IDs to described IDs, as far as they are matched already.

    Returns
    -------
    settled : dict of str to str
        Embedded IDs to described IDs. An optic that the cube contradicts, or that two cubes claim, is left out.
    findings : list of Finding
    """
    mine = {p.id: p for p in instrument.children if p.id}
    theirs = {p.id: p for p in described.children if p.id}
    claims: dict[str, dict[str, Known]] = {}
    for known in cubes_by_name(document, instrument, described.all("FilterCube")):
        for role in ROLES:
            stated, inside = known.path.all(role), known.cube.all(role)
            if len(stated) != 1 or len(inside) != 1 or stated[0].id not in mine or inside[0].id not in theirs:
                continue
            if stated[0].id not in found and _may_be(mine[stated[0].id], theirs[inside[0].id]):
                claims.setdefault(stated[0].id, {})[inside[0].id] = known
    settled, findings = {}, []
    for embedded, claimed in claims.items():
        if len(claimed) != 1:
            continue
        [(target, known)] = claimed.items()
        settled[embedded] = target
        message = (
            f"{mine[embedded].name} {embedded} is {_called(theirs[target])} of {_called(known.cube)}, by which channel "
            f"{known.channel.get('Name') or known.channel.id} was taken: {known.evidence}"
        )
        findings.append(_finding(document, "NBO340", "info", message, mine[embedded], target))
    return settled, findings


def _may_be(part: Node, other: Node) -> bool:
    """Whether nothing that a part states contradicts that it is another one."""
    kind = rules().kind("EmissionFilter")
    if part.get("Model") or part.get("CatalogNumber"):
        return compare(part, other).state != "different"
    passing = bands(part, kind), bands(other, kind)
    if passing[0] and passing[1]:
        return same_bands(passing[0], passing[1], Decimal(_NANOMETRES))
    return () not in passing


def complete_paths(document: Document) -> None:
    """State what the cubes of the microscope tell of the light paths, in place.

    Parameters
    ----------
    document : Document
        After the merge: its Instruments hold the described cubes.
    """
    index = document.index()
    for instrument in document.instruments:
        cubes = instrument.all("FilterCube")
        known = {id(k.path): k for k in cubes_by_name(document, instrument, cubes)}
        for channel, path in light_paths(document, instrument):
            found = known.get(id(path)) or _by_optics(channel, path, cubes)
            if found is not None:
                _fill_path(document, found, index)


def _by_optics(channel: Node, path: Node, cubes: list[Node]) -> Known | None:
    """Return the only cube that holds two of the channel's optics and contradicts none."""
    stated = {role: refs[0].id for role in ROLES if len(refs := path.all(role)) == 1}
    fitting = []
    for cube in cubes:
        inside = {role: r.id for role in ROLES if (r := cube.first(role)) is not None}
        shared = [role for role in stated if role in inside]
        if len(shared) >= 2 and all(stated[role] == inside[role] for role in shared):
            fitting.append((cube, shared))
    if len(fitting) != 1 or any(path.all(role)[1:] for role in ROLES):
        return None
    names = " and ".join(role.removesuffix("Ref") for role in fitting[0][1])
    return Known(channel, path, fitting[0][0], f"its {names}")


def _fill_path(document: Document, known: Known, index: Mapping[str, Node]) -> None:
    places = [known.path, *known.path.all("FilterSet")]
    for role in ROLES:
        inside = known.cube.first(role)
        if inside is None or inside.id not in index:
            continue
        stated_by = inside.facts["ID"].source or Source("hardware")
        where = f"{_called(known.cube)}, by {known.evidence}"
        source = Source(stated_by.kind, stated_by.file, where, rule="filter-cube")
        for place in places:
            stated = [r.id for r in place.all(role)]
            if not stated:
                place.children.append(Node(role, {"ID": Fact(inside.id, source=source)}))
            elif inside.id not in stated:
                message = (
                    f"Channel {known.channel.get('Name') or known.channel.id}: its {role.removesuffix('Ref')} is "
                    f"{', '.join(_called(index[i]) if i in index else i for i in stated)} in the file and "
                    f"{_called(index[inside.id])} in {_called(known.cube)} ({known.evidence}); the file's is kept"
                )
                document.findings.append(
                    _finding(document, "NBO341", "warning", message, place, inside.id, ", ".join(stated))
                )


def _finding(
    document: Document, code: str, severity: str, message: str, node: Node, other: str, value: str = ""
) -> Finding:
    return Finding(
        code,
        "warning" if severity == "warning" else "info",
        message,
        file=document.origin.file,
        element=node.name,
        instance=node.id,
        value=value,
        other=other,
    )


def _called(node: Node) -> str:
    name = node.get("Name") or node.get("Model") or node.id
    return f"{node.name} {name!r}"


def state_order(document: Document) -> None:
    """State the order of the optics of epi-fluorescence channels, where each is known and there is one of each.

    Light goes from the source through the excitation filter, by the dichroic, through the emission filter to the
    detector: that follows from what these parts are. With two of a kind in one path it does not follow.
    """
    schema = load(document.version)
    lights = ("LightSourceSettings",)
    detectors = tuple(schema.members("DetectorSettingsGroup"))
    for instrument in document.instruments:
        for channel, path in light_paths(document, instrument):
            if channel.get("ContrastMethod") != "Fluorescence" or path.first("LightPathMap") is not None:
                continue
            chain = [path.all(*names) for names in (lights, *((r,) for r in ROLES), detectors)]
            if all(len(found) == 1 and found[0].id for found in chain):
                source = Source("derived", rule=ORDER_RULE, derivation=ORDER_RULE)
                positions = [
                    Node(
                        "OpticalComponentPosition",
                        {"ID": Fact(found[0].id, source=source), "Order": Fact(str(number), source=source)},
                    )
                    for number, found in enumerate(chain, 1)
                ]
                path.children.append(Node("LightPathMap", children=positions))
