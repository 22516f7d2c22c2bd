"""What NBO asks of each class: effective tier, level and extension of every field.

The schema decides; where it is silent these conventions hold. The effective tier of a field is the larger of its own
and that of its class. An attribute without a tier has its class's. A child has the tier stated where it is used, else
of its declaration, else of its type, else of the class; a substitution group has the lowest among its members in the
extensions asked for. MUST is a required attribute or a child that has to occur, SHOULD is everything else. A
substitution group is one field, an xsd:choice is one field, and a unit with a default is no field, since it can never
be missing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbo_extract.schema import load
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.schema import Attribute, Declaration, Use

Level = Literal["must", "should"]
# Names for users, in the order in which one extension builds on another.
EXTENSIONS = {
    "core": ("Core",),
    "basic": ("Basic",),
    "advanced": ("Advanced+Confocal", "Advanced"),
    "calibration": ("Calibration and Performance",),
}
TIERS = (1, 2, 3)
_SHORT = {published: name for name, spellings in EXTENSIONS.items() for published in spellings}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One field of a class.

    Attributes
    ----------
    element : str
        Name of the class.
    name : str
        Attribute, child, head of a substitution group, or the members of a choice joined by ``|``.
    kind : {'attribute', 'child'}
    level : {'must', 'should'}
    tier : int
        Effective tier; 4 is above every tier that can be asked for.
    extension : str
        ``core``, ``basic``, ``advanced`` or ``calibration``.
    satisfied_by : tuple of str
        Names of which one has to be present; the attribute itself.
    """

    element: str
    name: str
    kind: Literal["attribute", "child"]
    level: Level
    tier: int
    extension: str
    satisfied_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Tier and extension that a class has where it stands.

    Attributes
    ----------
    tier : int
    extension : str
    """

    tier: int
    extension: str


def known_extensions(names: Iterable[str]) -> frozenset[str]:
    """Return the extensions of these names.

    Raises
    ------
    ValueError
        If one of them is not an extension.
    """
    given = frozenset(names)
    unknown = sorted(given - set(EXTENSIONS))
    if unknown:
        raise ValueError(f"{unknown[0]} is no extension of NBO; {meant(unknown[0], EXTENSIONS)}")
    return given


def judged(declaration: Declaration) -> bool:
    """Whether NBO asks anything of a top-level element; elements of plain OME (Project, Plate, ROI) are not judged."""
    return declaration.extension is not None


def place_of(declaration: Declaration, use: Use | None = None, parent: Place | None = None) -> Place:
    """Return tier and extension of a class, from its declaration, its use or the class around it."""
    stated = _first(declaration.tier, declaration.type_tier, use.tier if use is not None else None)
    published = declaration.extension or (use.extension if use is not None else None)
    return Place(
        stated if stated is not None else parent.tier if parent is not None else 1,
        _SHORT[published] if published is not None else parent.extension if parent is not None else "core",
    )


@functools.cache
def requirements(
    declaration: Declaration, place: Place | None = None, extensions: frozenset[str] = frozenset(EXTENSIONS)
) -> tuple[Requirement, ...]:
    """Return all fields of a class.

    Parameters
    ----------
    declaration : Declaration
    place : Place, optional
        Tier and extension where the class stands; by default those it has of itself.
    extensions : frozenset of str
        Extensions asked for: members of other extensions do not lower the tier of a substitution group. A group of
        which no member is in them is left out, unless the schema puts its use in one of them.

    Returns
    -------
    tuple of Requirement
        Attributes first, in the schema's order.
    """
    here = place or place_of(declaration)
    return (*_attributes(declaration, here), *_children(declaration, here, extensions))


def all_requirements(
    version: str = "02-01", extensions: frozenset[str] = frozenset(EXTENSIONS)
) -> dict[str, tuple[Requirement, ...]]:
    """Return the fields of every class that NBO judges: global elements in one of the extensions asked for."""
    schema = load(version)
    found = {}
    for name in schema.names:
        declaration = schema.element(name)
        if declaration.abstract or not judged(declaration) or place_of(declaration).extension not in extensions:
            continue
        fields = requirements(declaration, None, extensions)
        if fields:
            found[name] = fields
    return found


def _attributes(declaration: Declaration, here: Place) -> Iterator[Requirement]:
    for attribute in declaration.attributes.values():
        if attribute.name in declaration.unit_names and attribute.default is not None:
            continue
        yield Requirement(
            declaration.name,
            attribute.name,
            "attribute",
            "must" if attribute.required else "should",
            _attribute_tier(attribute, here),
            here.extension,
            (attribute.name,),
        )


def _attribute_tier(attribute: Attribute, here: Place) -> int:
    return max(attribute.tier if attribute.tier is not None else here.tier, here.tier)


def _children(declaration: Declaration, here: Place, extensions: frozenset[str]) -> Iterator[Requirement]:
    choices: dict[int, list[Use]] = {}
    for use in declaration.uses:
        if use.choice is not None:
            choices.setdefault(use.choice, []).append(use)
    done: set[int] = set()
    for use in declaration.uses:
        if use.choice is None:
            yield from _child(declaration, (use,), use.minimum > 0, here, extensions)
        elif use.choice not in done:
            done.add(use.choice)
            yield from _child(declaration, choices[use.choice], use.choice_minimum > 0, here, extensions)


def _child(
    declaration: Declaration, uses: Iterable[Use], must: bool, here: Place, extensions: frozenset[str]
) -> Iterator[Requirement]:
    alternatives = list(uses)
    # Uses are told apart by identity: comparing their fields took a tenth of reading one file.
    wanted = {id(use) for use in alternatives}
    members = tuple(n for n in declaration.children if id(declaration.use(n)) in wanted)
    tiers = [t for use in alternatives if (t := _child_tier(declaration, use, here, extensions)) is not None]
    places = [p for use in alternatives if (p := _child_extension(declaration, use, here, extensions)) is not None]
    if not tiers or not places:
        return
    yield Requirement(
        declaration.name,
        "|".join(use.name for use in alternatives),
        "child",
        "must" if must else "should",
        max(min(tiers), here.tier),
        min(places, key=list(EXTENSIONS).index),
        members,
    )


def _concrete(declaration: Declaration, use: Use, extensions: frozenset[str]) -> list[Declaration]:
    """Return the members of a group that belong to the extensions; a single element stands for itself."""
    if use.declaration is not None:
        return [use.declaration]
    schema = declaration.schema
    head = schema.element(use.name)
    if not head.abstract:
        return [head]
    found = [d for n in schema.members(use.name) if not (d := schema.element(n)).abstract]
    return [d for d in found if d.extension is None or _SHORT[d.extension] in extensions]


def _child_tier(declaration: Declaration, use: Use, here: Place, extensions: frozenset[str]) -> int | None:
    members = _concrete(declaration, use, extensions)
    if not members:
        return None
    if use.tier is not None:
        return use.tier
    tiers = [_first(d.tier, d.type_tier) for d in members]
    return min(t if t is not None else here.tier for t in tiers)


def _child_extension(declaration: Declaration, use: Use, here: Place, extensions: frozenset[str]) -> str | None:
    if use.extension is not None:
        return _SHORT[use.extension]
    child = use.declaration or declaration.schema.element(use.name)
    if child.abstract or child.extension is None:
        return here.extension if _concrete(declaration, use, extensions) else None
    return _SHORT[child.extension]


def owners_of(declaration: Declaration, name: str) -> tuple[str, ...]:
    """Return the attributes of which an attribute is the unit, so that it is asked only where one of them is stated.

    A unit that has to be there though none of its values has (that of a map of dimensions) is asked always.
    """
    if name not in declaration.unit_names:
        return ()
    owners = tuple(n for n, a in declaration.attributes.items() if a.unit == name)
    alone = declaration.attributes[name].required and not any(declaration.attributes[n].required for n in owners)
    return () if alone else owners


def _first(*tiers: int | None) -> int | None:
    return next((t for t in tiers if t is not None), None)
