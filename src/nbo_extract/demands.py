"""What is asked of the instances of a class where they stand, worked out once for all of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.applicability import placeholder, rules
from nbo_extract.requirements import EXTENSIONS, owners_of, requirements

if TYPE_CHECKING:
    from nbo_extract.applicability import Rule
    from nbo_extract.model import Node
    from nbo_extract.profiles import Profile
    from nbo_extract.requirements import Place, Requirement
    from nbo_extract.schema import Attribute, Declaration

_ALL = frozenset(EXTENSIONS)


@dataclass(frozen=True, slots=True)
class Demand:
    """A field, and all that judging it takes.

    Attributes
    ----------
    requirement : Requirement
    rules : tuple of Rule
        Those that may hold for it, in their order.
    attribute : Attribute or None
    satisfied_by : frozenset of str
        Children of which one has to be present; empty for an attribute.
    owners : tuple of str
        Attributes of which it is the unit; empty for what is no unit.
    alone : bool
        Whether a unit is asked even where none of them is stated.
    asked : bool
        Whether the profile asks for it.
    graded : bool
        Whether it belongs to the extensions asked for, so that it counts for the tiers of NBO.
    required, waived : str or None
        Why the profile asks for it beyond the three axes, or does not ask for it.
    """

    requirement: Requirement
    rules: tuple[Rule, ...]
    attribute: Attribute | None
    satisfied_by: frozenset[str]
    owners: tuple[str, ...]
    alone: bool
    asked: bool
    graded: bool
    required: str | None
    waived: str | None


@functools.lru_cache(maxsize=4096)
def demands(declaration: Declaration, place: Place, profile: Profile) -> tuple[Demand, ...]:
    """Return all fields that are asked of a class where it stands, or would be at another tier of this level."""
    required, waived = profile.required(declaration.name), profile.waived(declaration.name)
    found = [r for r in requirements(declaration, place, profile.extensions) if r.extension in profile.extensions]
    known = {r.name for r in found}
    beyond = [r for r in requirements(declaration, place, _ALL) if r.name in required and r.name not in known]
    table = rules()
    result = []
    for requirement in (*found, *beyond):
        name = requirement.name
        is_unit = requirement.kind == "attribute" and name in declaration.unit_names
        owners = tuple(n for n, a in declaration.attributes.items() if a.unit == name) if is_unit else ()
        result.append(
            Demand(
                requirement,
                (*table.get((requirement.element, name), ()), *table.get(("*", name), ())),
                declaration.attributes.get(name) if requirement.kind == "attribute" else None,
                frozenset(requirement.satisfied_by) if requirement.kind == "child" else frozenset(),
                owners,
                is_unit and not owners_of(declaration, name),
                name in required or (name not in waived and profile.asks(requirement)),
                name in known and not profile.only,
                # Not beyond the axes where they ask for it anyway.
                required[name] if name in required and not profile.asks(requirement) else None,
                waived.get(name) if profile.asks(requirement) else None,
            )
        )
    levels = (profile.level, "must")
    graded = [d.graded and d.requirement.level in levels for d in result]
    return tuple(d for d, g in zip(result, graded, strict=True) if g or d.asked or d.waived is not None)


def applies(node: Node, demand: Demand) -> bool:
    """Whether a field is asked at all: a unit only of a value that is there, but for those that NBO asks always."""
    return not demand.owners or demand.alone or any(n in node.facts for n in demand.owners)


def stated(node: Node, demand: Demand) -> tuple[bool, str]:
    """Whether a field is there, and the placeholder that stands instead."""
    name = demand.requirement.name
    if demand.satisfied_by:
        if node.name == "Pixels" and name == "Plane" and node.planes is not None and len(node.planes):
            return True, ""
        # A loop, not a generator: this is asked some hundred times a document.
        for child in node.children:
            if child.name in demand.satisfied_by:
                return True, ""
        return False, ""
    if demand.owners and any(n in node.facts and node.facts[n].unit for n in demand.owners):
        return True, ""
    fact = node.facts.get(name)
    if fact is None or not fact.value.strip():
        return False, ""
    if placeholder(node, name, demand.attribute):
        return False, fact.value
    return True, ""
