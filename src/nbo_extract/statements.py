"""What people state beside the files: one value of one field, addressed by a path of NBO elements.

A facility's configuration and a filled gap sheet are lists of statements. A path starts below ``OME``::

    Image/Pixels/Channel[Name="DAPI"]/Fluorophore/@EmissionWavelength
    Instrument/Objective[ID="Objective:1"]/@CatalogNumber
    Image/Sample/@Organism

A step selects by facts that the element states, by its position (``[2]``), or names an element that is to be added
(``[+camera]``). Where the schema has no such child, but a reference to it, the step goes through the reference:
``Image/Sample`` is the Sample that the Image refers to.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.model import Fact, Source
from nbo_extract.schema import load
from nbo_extract.units import dimension, normalise
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.findings import Finding
    from nbo_extract.schema import Declaration

#: Attribute of a path that stands for the text of the element itself, such as that of a Description.
TEXT = "text()"
_STEP = re.compile(r"([A-Za-z_][\w.\-]*)((?:\[[^\]\"]*(?:\"(?:[^\"\\]|\\.)*\"[^\]\"]*)*\])*)")
_SELECTOR = re.compile(r"\[(?:(\+[^\]]+)|(\d+)|([A-Za-z_][\w.\-]*)=\"((?:[^\"\\]|\\.)*)\")\]")


class StatementError(ValueError):
    """A path or value that NBO does not allow; the message is a clause that names the cause."""


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path.

    Attributes
    ----------
    element : str
    where : tuple of (str, str)
        Attributes and the values that the element has; empty for the only one, or all Images or Channels.
    position : int
        Place among the siblings of this name, from 1; 0 for none.
    added : str
        Label of an element that the statement adds; statements of one set with one label add one element.
    """

    element: str
    where: tuple[tuple[str, str], ...] = ()
    position: int = 0
    added: str = ""

    def __str__(self) -> str:
        parts = [f"[+{self.added}]"] if self.added else []
        parts += [f"[{self.position}]"] if self.position else []
        parts += [f'[{name}="{_escape(value)}"]' for name, value in self.where]
        return self.element + "".join(parts)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a statement is about.

    Attributes
    ----------
    files : tuple of str
        Patterns of paths (``*.czi``, ``plate1/*``), from the right; empty for every file.
    microscope : str
        Name of the Instrument, or model of its stand; empty for every microscope.
    unless : tuple of str
        Microscopes of which something else is stated instead.
    """

    files: tuple[str, ...] = ()
    microscope: str = ""
    unless: tuple[str, ...] = ()

    def covers(self, path: str, microscopes: Iterable[str]) -> bool:
        """Whether a document of this file, recorded with a microscope of these names, is meant."""
        names = set(microscopes)
        if (self.microscope and self.microscope not in names) or names & set(self.unless):
            return False
        return not self.files or any(path_fits(path, pattern) for pattern in self.files)


@dataclass(frozen=True, slots=True)
class Statement:
    """One value of one field.

    Attributes
    ----------
    steps : tuple of Step
        From below ``OME`` to the element.
    attribute : str
        Attribute of the element; `TEXT` for its text; empty where the element itself is stated.
    fact : Fact
        Value, unit, and the source: file and cell or key.
    scope : Scope
    """

    steps: tuple[Step, ...]
    attribute: str
    fact: Fact
    scope: Scope = field(default=Scope())

    @property
    def path(self) -> str:
        """The address as text."""
        return format_path(self.steps, self.attribute)


@dataclass(frozen=True, slots=True)
class StatementSet:
    """The statements of one source.

    Attributes
    ----------
    name : str
        File name, by which sources call it.
    path : str
        The file as the user named it.
    sha256 : str
        Of its bytes.
    statements : tuple of Statement
    left_out : tuple of (Scope, Finding)
        What the source says that is not stated, and the documents that it was said of.
    """

    name: str
    path: str
    sha256: str
    statements: tuple[Statement, ...]
    left_out: tuple[tuple[Scope, Finding], ...] = ()


def path_fits(path: str, pattern: str) -> bool:
    """Whether a path ends in a pattern of the shell's kind, folder by folder; ``**`` is any number of folders."""
    parts = tuple(path.replace("\\", "/").split("/"))
    wanted = tuple(pattern.replace("\\", "/").strip("/").split("/"))
    return any(_tail_fits(parts[start:], wanted) for start in range(len(parts)))


def _tail_fits(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    if not parts or not wanted:
        return not parts and not wanted
    if wanted[0] == "**":
        return len(wanted) == 1 or any(_tail_fits(parts[i:], wanted[1:]) for i in range(len(parts)))
    return fnmatch.fnmatchcase(parts[0], wanted[0]) and _tail_fits(parts[1:], wanted[1:])


def format_path(steps: Iterable[Step], attribute: str = "") -> str:
    """Write a path as text."""
    return "/".join(str(s) for s in steps) + (f"/@{attribute}" if attribute else "")


def parse_path(text: str) -> tuple[tuple[Step, ...], str]:
    """Read a path.

    Returns
    -------
    steps : tuple of Step
    attribute : str

    Raises
    ------
    StatementError
        If it is no path.
    """
    steps: list[Step] = []
    place = 0
    while place < len(text) and text[place] != "@":
        found = _STEP.match(text, place)
        if found is None:
            raise StatementError(f"{text!r} is no path of NBO elements")
        steps.append(_parse_step(found[1], found[2], text))
        place = found.end()
        if place < len(text):
            if text[place] != "/":
                raise StatementError(f"{text!r} is no path of NBO elements")
            place += 1
    if not steps or text.endswith("/"):
        raise StatementError(f"{text!r} is no path of NBO elements")
    return tuple(steps), text[place + 1 :] if place < len(text) else ""


def _parse_step(element: str, selectors: str, text: str) -> Step:
    where: list[tuple[str, str]] = []
    position, added, end = 0, "", 0
    for found in _SELECTOR.finditer(selectors):
        if found.start() != end:
            break
        end = found.end()
        if found[1]:
            added = found[1][1:]
        elif found[2]:
            position = int(found[2])
        else:
            where.append((found[3], re.sub(r"\\(.)", r"\1", found[4])))
    if end != len(selectors):
        raise StatementError(f"{text!r} is no path of NBO elements")
    return Step(element, tuple(where), position, added)


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def declaration_of(steps: Iterable[Step], version: str = "02-01") -> Declaration:
    """Return what a path leads to.

    Raises
    ------
    StatementError
        If NBO has no such element there.
    """
    schema = load(version)
    kind = schema.element("OME")
    for step in steps:
        inside = kind.child(step.element)
        if inside is None and reference_to(kind, step.element) is not None:
            inside = schema.element(step.element)
        if inside is None or inside.abstract:
            raise StatementError(f"NBO's {kind.name} has no {step.element}")
        unknown = next((name for name, _ in step.where if name not in inside.attributes), None)
        if unknown is not None:
            raise StatementError(f"NBO's {step.element} has no {unknown}")
        kind = inside
    return kind


def reference_to(kind: Declaration, element: str) -> str | None:
    """Name of the child by which an element refers to another one, None where it has none."""
    references = kind.schema.references
    if element not in kind.schema or kind.name == "OME":
        return None
    found = [n for n in kind.children if n in references and element in references[n][1]]
    return next((n for n in found if n.endswith("Ref")), found[0] if found else None)


def make_statement(
    path: str, value: str, unit: str | None = None, *, source: Source, scope: Scope | None = None
) -> Statement:
    """Check one value and make a statement of it.

    Parameters
    ----------
    path : str
    value : str
        As a person wrote it.
    unit : str, optional
        Any spelling that is known; by default NBO's default for the attribute.
    source : Source
    scope : Scope, optional

    Raises
    ------
    StatementError
        If NBO has no such field, or does not allow the value or unit; a clause that names the cause.
    """
    steps, attribute = parse_path(path)
    kind = declaration_of(steps)
    scope = scope or Scope()
    if attribute == "":
        return Statement(steps, "", Fact("", source=source), scope)
    if attribute == TEXT:
        if kind.text is None:
            raise StatementError(f"NBO's {kind.name} has no text")
        return Statement(steps, TEXT, Fact(_checked(value, kind, TEXT), None, source), scope)
    # A unit is stated with its value; alone only where a value may be without it.
    known = kind.attributes.get(attribute)
    if known is None or (attribute in kind.unit_names and known.default is not None):
        raise StatementError(f"NBO's {kind.name} has no {attribute}")
    # The ID of a reference may be the name of the part that is meant; it is looked up where the part is known. With a
    # plus in front it is the label of a part that the same set adds.
    if kind.name in kind.schema.references and attribute == kind.schema.references[kind.name][0]:
        return Statement(steps, attribute, Fact(value.strip(), None, source), scope)
    checked = _checked(value, kind, attribute)
    return Statement(steps, attribute, Fact(checked, _unit(kind, attribute, unit), source), scope)


def _checked(value: str, kind: Declaration, attribute: str) -> str:
    type_ = kind.text if attribute == TEXT else kind.attributes[attribute].type
    assert type_ is not None  # noqa: S101 - told by the caller
    label = kind.name if attribute == TEXT else attribute
    if not value.strip():
        raise StatementError(f"{label} is empty")
    if type_.numeric and re.fullmatch(r"\s*[+-]?\d*,\d+\s*", value):
        raise StatementError(f"{label} {value.strip()!r} has a comma; write the number with a point")
    try:
        return canonical(value, type_)
    except ValueError as error:
        allowed = f"; NBO allows {some_values(type_.enum)}" if type_.enum else ""
        raise StatementError(f"{label} {value.strip()!r} {error}{allowed}") from None


def some_values(values: Iterable[str], most: int = 12) -> str:
    """List the first of NBO's values for a message."""
    given = [v.strip() for v in values]
    more = f" and {len(given) - most} more" if len(given) > most else ""
    return ", ".join(given[:most]) + more


def _unit(kind: Declaration, attribute: str, given: str | None) -> str | None:
    name = kind.attributes[attribute].unit
    if name is None or name not in kind.attributes:
        if given is not None and given.strip():
            raise StatementError(f"{attribute} has no unit in NBO, and {given.strip()!r} is given")
        return None
    allowed, default = kind.attributes[name].type.enum, kind.attributes[name].default
    if given is None or not given.strip():
        if default is None and allowed:
            raise StatementError(f"{attribute} needs a unit; NBO allows {some_values(allowed)}")
        return default
    unit = normalise(given)
    if allowed and unit not in allowed:
        # Units that convert to nothing (Pixel) are a dimension of their own name.
        kinds = sorted({d for u in allowed if (d := dimension(u)) is not None and d not in allowed})
        found = dimension(unit)
        if found is not None and kinds and found not in kinds:
            raise StatementError(
                f"{attribute} is given in {given.strip()!r}, a unit of {found}, not of {' or '.join(kinds)}"
            )
        raise StatementError(f"{attribute} is given in {given.strip()!r}, which is none of NBO's units for it")
    return unit


_QUANTITY = re.compile(r"\s*([+-]?(?:\d+(?:[.,]\d+)?|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(\S.*)?")


def checked_fact(kind: Declaration, attribute: str, text: str, source: Source) -> Fact:
    """Check one value that a person wrote, with its unit behind it where it has one: ``"235 nm"``.

    Raises
    ------
    StatementError
        If NBO has no such attribute, or does not allow the value or unit; a clause that names the cause.
    """
    if attribute not in kind.attributes or attribute in kind.unit_names:
        raise StatementError(f"NBO's {kind.name} has no {attribute}")
    found = _QUANTITY.fullmatch(text) if kind.attributes[attribute].unit is not None else None
    value, unit = (found[1], found[2]) if found is not None else (text, None)
    return Fact(_checked(value, kind, attribute), _unit(kind, attribute, unit), source)
