"""What a PageTab holds, whatever its form: sections with attributes, links, files and sections within."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A fact: where it stands, its name, its value.
Fact = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that the archive would refuse, or could not read.

    Attributes
    ----------
    rule : str
        Short stable name of the rule, such as ``short-title``.
    message : str
        One sentence.
    line : int
        Line of the text, from 1; 0 where there is none.
    severity : {'error', 'warning'}
        Whether the archive refuses it, or only tells it.
    """

    rule: str
    message: str
    line: int = 0
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name and a value.

    Attributes
    ----------
    name, value : str
    reference : bool
        Whether the value is the accession of another section.
    name_qualifiers, value_qualifiers : tuple of (str, str)
        Names and values of what says more on the name and on the value.
    """

    name: str
    value: str
    reference: bool = False
    name_qualifiers: tuple[tuple[str, str], ...] = ()
    value_qualifiers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Item:
    """A link or a file: its address or path, and what is said of it."""

    place: str
    attributes: list[Attribute] = field(default_factory=list)


@dataclass(slots=True)
class Section:
    """A section; the root of a tree has the type ``submission`` and one section, the root section."""

    type: str
    accno: str = ""
    attributes: list[Attribute] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    links: list[Item] = field(default_factory=list)
    files: list[Item] = field(default_factory=list)

    def value(self, name: str) -> str:
        """Return the first value of an attribute, whatever the letter case of its name; empty where it is absent."""
        return next((a.value for a in self.attributes if a.name.casefold() == name.casefold()), "")

    def values(self, name: str) -> list[str]:
        """Return all values of an attribute, whatever the letter case of its name."""
        return [a.value for a in self.attributes if a.name.casefold() == name.casefold()]

    def walk(self) -> Iterator[Section]:
        """Yield the section and all within it."""
        yield self
        for section in self.sections:
            yield from section.walk()

    def within(self, *types: str) -> list[Section]:
        """Return the sections below of some types, whatever their letter case."""
        wanted = {t.casefold() for t in types}
        return [s for s in self.walk() if s is not self and s.type.casefold() in wanted]


def facts(tree: Section) -> list[Fact]:
    """Return all that a tree states, so that two forms of the same submission can be compared.

    Whether sections stand in a table is form, not fact.
    """
    return list(_facts(tree, tree.type.casefold()))


def _facts(section: Section, path: str) -> Iterator[Fact]:
    if section.accno:
        yield path, "accno", section.accno
    yield from _attribute_facts(section.attributes, path)
    for kind, items in (("link", section.links), ("file", section.files)):
        for number, item in enumerate(items, 1):
            place = f"{path}/{kind}[{number}]"
            yield place, kind, item.place
            yield from _attribute_facts(item.attributes, place)
    counts: dict[str, int] = {}
    for below in section.sections:
        counts[below.type] = counts.get(below.type, 0) + 1
        yield from _facts(below, f"{path}/{below.type}[{counts[below.type]}]")


def _attribute_facts(attributes: list[Attribute], path: str) -> Iterator[Fact]:
    for attribute in attributes:
        name = f"<{attribute.name}>" if attribute.reference else attribute.name
        yield path, name, attribute.value
        for mark, qualifiers in (("()", attribute.name_qualifiers), ("[]", attribute.value_qualifiers)):
            for qualifier, value in qualifiers:
                yield f"{path}/{attribute.name}", f"{mark[0]}{qualifier}{mark[1]}", value
