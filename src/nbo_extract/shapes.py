"""What a document has to look like to have all that is asked for: the ground of the schemas that are written.

NBO asks of a class by where it stands, so that one class has as many shapes as it has places with different demands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nbo_extract.applicability import placeholder_kind, rules
from nbo_extract.demands import demands
from nbo_extract.profiles import Profile
from nbo_extract.requirements import EXTENSIONS, TIERS, judged, known_extensions, owners_of, place_of
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbo_extract.requirements import Level, Place, Requirement
    from nbo_extract.schema import Attribute, Declaration, Schema, Use

#: How a value has to be to count as stated.
Form = Literal["", "text", "measured", "any"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    title : str
        What the schema is for, in one phrase.
    options : str
        The options of `check` that ask for the same.
    asked : callable
        Declaration and place to the requirements that are asked there.
    version : str
        Version of NBO.
    document : frozenset of str
        Children of the root that have to be there.
    """

    title: str
    options: str
    asked: Callable[[Declaration, Place], Iterable[Requirement]]
    version: str
    document: frozenset[str] = frozenset()


def wanted(tier: int, extensions: Iterable[str], level: Level, version: str = "02-01") -> Wanted:
    """Return what tier, extensions and level ask for.

    Raises
    ------
    ValueError
        If tier, level or extension is none of NBO's.
    """
    if tier not in TIERS or level not in ("must", "should"):
        raise ValueError("the tier is 1, 2 or 3 and the level is must or should")
    return wanted_by(Profile(tier, known_extensions(extensions), level), version)


def wanted_by(profile: Profile, version: str = "02-01") -> Wanted:
    """Return what a profile asks for."""
    listed = ",".join(name for name in EXTENSIONS if name in profile.extensions)
    told = "what NBO requires" if profile.level == "must" else "what NBO requires or recommends"
    title = f"{told} at tier {profile.tier} in {listed.replace(',', ', ')}"
    options = f"--tier {profile.tier} --extensions {listed} --level {profile.level}"
    if profile.name:
        title, options = f"the profile {profile.title}", f"--profile {profile.name}"
    return Wanted(
        title,
        f"{options} --literal",
        lambda declaration, place: [d.requirement for d in demands(declaration, place, profile) if d.asked],
        version,
        frozenset(profile.required("OME")),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Children that stand at one place: an element, the members of a substitution group, or those of a choice.

    Attributes
    ----------
    members : tuple of (str, Shape)
    limits : tuple of (int or None)
        The greatest number of each in an exclusive choice, otherwise of all together.
    exclusive : bool
        Whether one of the members alone may occur.
    required : bool
    remark : str
        What a person has to know of the demand.
    """

    members: tuple[tuple[str, Shape], ...]
    limits: tuple[int | None, ...]
    exclusive: bool
    required: bool
    remark: str


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute.

    Attributes
    ----------
    attribute : Attribute
    required : bool
        For a unit, wherever one of its owners is stated.
    owners : tuple of str
        The attributes of which it is the unit.
    form : {'', 'text', 'measured', 'any'}
        What counts as stated: nothing beyond the type; no placeholder; no placeholder but nines; all but blanks.
    remark : str
    """

    attribute: Attribute
    required: bool
    owners: tuple[str, ...]
    form: Form
    remark: str


@dataclass(slots=True)
class Shape:
    """A class at a place.

    Attributes
    ----------
    name : str
        Unique among the shapes: the element, with a number where it has several.
    declaration : Declaration
    fields : tuple of Field
    groups : tuple of Group
        In the order in which they are written.
    remarks : tuple of str
    """

    name: str
    declaration: Declaration
    fields: tuple[Field, ...] = ()
    groups: tuple[Group, ...] = ()
    remarks: tuple[str, ...] = field(default=())


def shapes(what: Wanted) -> list[Shape]:
    """Return the shapes of all that a document may hold; the first is the root."""
    builder = _Builder(what)
    builder.shape(builder.schema.element("OME"), None)
    return list(builder.found.values())


class _Builder:
    def __init__(self, what: Wanted) -> None:
        self.what = what
        self.schema: Schema = load(what.version)
        self.found: dict[tuple[int, Place | None], Shape] = {}
        self.numbers: dict[str, int] = {}

    def shape(self, declaration: Declaration, place: Place | None) -> Shape:
        """Return the shape of a class; without a place nothing is asked of it, nor of what it holds."""
        key = (id(declaration), place)
        if key in self.found:
            return self.found[key]
        number = self.numbers[declaration.name] = self.numbers.get(declaration.name, 0) + 1
        shape = Shape(declaration.name if number == 1 else f"{declaration.name}.{number}", declaration)
        self.found[key] = shape
        found = [r for r in self.what.asked(declaration, place) if not _never(r)] if place is not None else []
        fields = {r.name: r for r in found if r.kind == "attribute"}
        shape.fields = tuple(_field(declaration, a, fields) for a in declaration.attributes.values() if a.writable)
        shape.groups = tuple(self._groups(declaration, place, {r.name: r for r in found if r.kind == "child"}))
        shape.remarks = tuple(_never_remarks(declaration))
        return shape

    def _groups(self, declaration: Declaration, place: Place | None, asked: dict[str, Requirement]) -> list[Group]:
        groups: list[Group] = []
        done: set[int] = set()
        root = declaration.name == "OME"
        for use in declaration.uses:
            # What is an alternative to all else says only where the metadata are, which is nothing to be judged.
            if use.choice is None or root:
                together = [use] if use.name != "BinaryOnly" else []
            elif use.choice in done:
                continue
            else:
                done.add(use.choice)
                together = [u for u in declaration.uses if u.choice == use.choice]
            if together:
                groups.append(self._group(declaration, together, place, asked))
        return [g for g in groups if g.members]

    def _group(
        self, declaration: Declaration, uses: list[Use], place: Place | None, asked: dict[str, Requirement]
    ) -> Group:
        members = [
            (name, self.shape(child, self._place(declaration, child, use, place)), use.maximum)
            for use in uses
            for name in declaration.children
            if declaration.use(name) is use and (child := declaration.child(name)) is not None
        ]
        repeated = len(uses) > 1 and len({u.position for u in uses}) == 1
        requirement = asked.get("|".join(u.name for u in uses))
        limits: tuple[int | None, ...] = (None,) if repeated else (uses[0].maximum,)
        exclusive = len(uses) > 1 and not repeated
        if exclusive:
            limits = tuple(limit for _, _, limit in members)
        return Group(
            tuple((name, shape) for name, shape, _ in members),
            limits,
            exclusive,
            requirement is not None
            or (declaration.name == "OME" and not self.what.document.isdisjoint(n for n, _, _ in members)),
            _remark(requirement) if requirement is not None else "",
        )

    @staticmethod
    def _place(declaration: Declaration, child: Declaration, use: Use, place: Place | None) -> Place | None:
        if declaration.name == "OME":
            return place_of(child, use) if judged(child) else None
        return place_of(child, use, place) if place is not None else None


def _field(declaration: Declaration, attribute: Attribute, asked: dict[str, Requirement]) -> Field:
    requirement = asked.get(attribute.name)
    owners = owners_of(declaration, attribute.name)
    form: Form = ""
    if requirement is not None:
        unit = attribute.name in declaration.unit_names
        form = "any" if unit else placeholder_kind(declaration.name, attribute)
    remark = _remark(requirement) if requirement is not None else ""
    return Field(attribute, requirement is not None, owners, form, remark)


def _rules(requirement: Requirement) -> list[tuple[str, str]]:
    table = rules()
    found = [r for e in (requirement.element, "*") for r in table.get((e, requirement.name), ())]
    return [(r.effect, r.reason) for r in found if r.level in ("", requirement.level)]


def _never(requirement: Requirement) -> bool:
    return any(effect == "never" for effect, _ in _rules(requirement))


def _remark(requirement: Requirement) -> str:
    reasons = dict.fromkeys(reason for _, reason in _rules(requirement))
    return "; ".join(reasons)


def _never_remarks(declaration: Declaration) -> list[str]:
    return [
        f"{name.strip()}: {rule.reason}"
        for (element, name), found in rules().items()
        for rule in found
        if element == declaration.name and rule.effect == "never"
    ]
