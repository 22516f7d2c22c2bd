"""Messages of a schema validator in the words of NBO."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nbo_extract.requirements import place_of, requirements
from nbo_extract.schema import load
from nbo_extract.suggesting import meant
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract.schema import Declaration, SimpleType

_HEAD: Final = re.compile(r"Element '([^']*)'(?:, attribute '([^']*)')?: (.*)", re.DOTALL)
_REQUIRED: Final = re.compile(r"The attribute '([^']*)' is required but missing")
_FORBIDDEN: Final = re.compile(r"The attribute '([^']*)' is not allowed")
_VALUE: Final = re.compile(
    r"\[facet '(\w+)'\] The value '(.*?)' (?:is|has)\b|'(.*)' is not a valid value of", re.DOTALL
)
_EXPECTED: Final = re.compile(r"Expected is (?:one of )?\( (.*?) \)", re.DOTALL)
_DANGLING: Final = re.compile(r"No match found for key-sequence \['(.*)'\] of keyref '([^']*)'")
_DUPLICATE: Final = re.compile(r"Duplicate key-sequence \['(.*)'\] in .*identity-constraint '([^']*)'")
_KEYLESS: Final = re.compile(r"Not all fields of key identity-constraint '([^']*)'")
_OFFERED: Final = 6


@dataclass(frozen=True, slots=True)
class Words:
    """A message.

    Attributes
    ----------
    element : str
    kind : str
        ``missing``, ``unknown``, ``value``, ``key`` or ``other``.
    fields : tuple of str
        Attributes or children concerned.
    value : str
    message : str
        What is wrong, without the name of the element.
    """

    element: str
    kind: str
    fields: tuple[str, ...]
    value: str
    message: str


def plain(text: str) -> str:
    """Return a text without the namespaces that stand before names."""
    return re.sub(r"\{[^{}\s']*\}", "", text)


def declared_at(node: etree._Element) -> Declaration | None:
    """Return what NBO says of an element where it stands; None where it has no such element there."""
    names = [plain(str(n.tag)) for n in (*reversed(list(node.iterancestors())), node)]
    kind: Declaration | None = load().element("OME") if names[0] == "OME" else None
    for name in names[1:]:
        kind = kind.child(name) if kind is not None else None
    return kind


def explained(message: str, node: etree._Element, declared: Declaration | None) -> Words | None:
    """Return a message of libxml2 in the words of NBO.

    Parameters
    ----------
    message : str
    node : Element
        The element that it is about.
    declared : Declaration or None
        What NBO says of it there; None where NBO has no such element.

    Returns
    -------
    Words or None
        None for what only follows from another message.
    """
    text = plain(message)
    head = _HEAD.match(text)
    element, attribute, rest = head.groups() if head is not None else (plain(str(node.tag)), None, text)
    if (found := _REQUIRED.search(rest)) is not None:
        return Words(element, "missing", (found[1],), "", _missing(found[1], declared))
    if (found := _FORBIDDEN.search(rest)) is not None:
        return Words(element, "unknown", (found[1],), node.get(found[1]) or "", _unknown(found[1], element, declared))
    if (found := _VALUE.search(rest)) is not None:
        value = found[2] if found[2] is not None else found[3]
        kind = _type(attribute, declared)
        name = attribute or "text"
        return Words(element, "value", (name,), value, f"{name} '{value}' {_fault(value, kind)}")
    if any(pattern.search(rest) for pattern in (_DANGLING, _DUPLICATE, _KEYLESS)):
        return _keyed(element, rest, node)
    expected = _expected(rest)
    if "Missing child element" in rest:
        return Words(element, "missing", expected, "", f"{_one_of(expected)} is missing{_level(expected, declared)}")
    if "This element is not expected" in rest:
        return _misplaced(element, node, expected)
    return Words(element, "other", (), "", rest.strip().rstrip(".") or "is not valid")


def _keyed(element: str, rest: str, node: etree._Element) -> Words | None:
    """Explain what a key of the schema says of IDs and references."""
    if (found := _DANGLING.search(rest)) is not None:
        told = f"ID '{found[1]}' is the ID of nothing that the published key {found[2]} allows"
        return Words(element, "key", (found[2],), found[1], told)
    if (found := _DUPLICATE.search(rest)) is not None:
        told = f"ID '{found[1]}' is the ID of more than one, which the published key {found[2]} does not allow"
        return Words(element, "key", (found[2],), found[1], told)
    found = _KEYLESS.search(rest)
    # An ID that is there and wrong has a message of its own.
    if found is None or node.get("ID"):
        return None
    return Words(element, "key", (found[1],), "", f"ID is missing, which the published key {found[1]} needs")


def _missing(name: str, declared: Declaration | None) -> str:
    return f"{name} is missing{_level((name,), declared)}"


def _level(names: tuple[str, ...], declared: Declaration | None) -> str:
    """Return where NBO puts a field that is missing, in brackets."""
    if declared is None:
        return ""
    for requirement in requirements(declared, place_of(declared)):
        if requirement.name in names or (requirement.kind == "child" and set(names) & set(requirement.satisfied_by)):
            return f" (tier {requirement.tier}, {requirement.extension})"
    return ""


def _unknown(name: str, element: str, declared: Declaration | None) -> str:
    known = [n for n, a in declared.attributes.items() if a.writable] if declared is not None else []
    if name in known:
        return f"{name} is not an attribute of {element} in the published schema"
    return f"NBO has no attribute {name} in {element}{_meant(name, known)}"


def _meant(name: str, known: list[str]) -> str:
    hint = meant(name, known, "", most=2, least=0.7)
    return f"; {hint}" if hint else ""


def _type(attribute: str | None, declared: Declaration | None) -> SimpleType | None:
    if declared is None:
        return None
    if attribute is None:
        return declared.text
    return declared.attributes[attribute].type if attribute in declared.attributes else None


def _fault(value: str, kind: SimpleType | None) -> str:
    if kind is None:
        return "is not of the type that the schema asks for"
    if kind.enum:
        if value in kind.enum:
            return "is one of NBO's values, and the published schema allows none"
        offered = ", ".join(repr(v) for v in kind.enum[:_OFFERED]) + (", …" if len(kind.enum) > _OFFERED else "")
        return f"is not among NBO's values {offered}"
    try:
        canonical(value, kind)
    except ValueError as error:
        return str(error)
    return f"is not of the type {kind.name or kind.primitive}"


def _expected(rest: str) -> tuple[str, ...]:
    """Return what a message says could stand there, without the heads of groups, which nothing is called."""
    found = _EXPECTED.search(rest)
    names = [n.strip() for n in found[1].split(",")] if found is not None else []
    schema = load()
    return tuple(n for n in names if n not in schema or not schema.element(n).abstract)


def _one_of(names: tuple[str, ...]) -> str:
    if not names:
        return "a child"
    if len(names) == 1:
        return names[0]
    more = ", …" if len(names) > _OFFERED else ""
    return f"one of {', '.join(names[:_OFFERED])}{more}"


def _misplaced(element: str, node: etree._Element, expected: tuple[str, ...]) -> Words:
    """Explain a child that is not where the schema wants it, with the element that it stands in as the subject."""
    parent = node.getparent()
    if parent is None:
        return Words(element, "unknown", (element,), "", "is no element of NBO")
    around, kind = plain(str(parent.tag)), declared_at(parent)
    inside = f"in {around}"
    use = kind.use(element) if kind is not None else None
    if kind is None or use is None:
        known = list(kind.children) if kind is not None else []
        return Words(element, "unknown", (element,), "", f"NBO has no {element} {inside}{_meant(element, known)}")
    earlier = tuple(n for n in expected if (u := kind.use(n)) is not None and u.position < use.position)
    if earlier:
        told = f"{_one_of(earlier)} is missing before it {inside}{_level(earlier, kind)}"
        return Words(element, "missing", earlier, "", told)
    if use.maximum == 1 and any(
        plain(str(s.tag)) == element for s in node.itersiblings(preceding=True) if isinstance(s.tag, str)
    ):
        return Words(element, "unknown", (element,), "", f"there may be one {inside} alone")
    told = f"is out of NBO's order {inside}"
    return Words(
        element, "unknown", (element,), "", f"{told}; here may stand {_one_of(expected)}" if expected else told
    )
