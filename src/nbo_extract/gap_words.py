"""What a value has to be, in words and for validation in cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbo_extract.schema import SimpleType

_PLAIN = {
    "xsd:date": ("date YYYY-MM-DD", "date"),
    "xsd:dateTime": ("date and time YYYY-MM-DDThh:mm:ss", "text"),
    "xsd:boolean": ("true / false", "list"),
    "xsd:anyURI": ("web address or other URI", "text"),
    "xsd:hexBinary": ("hexadecimal digits", "text"),
    "xsd:base64Binary": ("base64 text", "text"),
}


def in_words(kind: SimpleType) -> tuple[str, str]:
    """Return what a value of a type has to be, and the kind of validation: number, whole number, date, list or text."""
    if kind.enum:
        return "one of: " + " | ".join(words(kind)), "list"
    if kind.numeric:
        name = "whole number" if kind.integer else "number"
        return (name + _range(kind)).strip(), name
    if kind.primitive in _PLAIN:
        return _PLAIN[kind.primitive]
    if kind.patterns:
        return f"text of the form {kind.patterns[-1]}", "text"
    return "text", "text"


def words(kind: SimpleType) -> tuple[str, ...]:
    """Return the values of an enumeration as they are shown."""
    return tuple(dict.fromkeys(" ".join(v.split()) for v in kind.enum if v and v.strip()))


def limits(kind: SimpleType) -> tuple[float | None, float | None]:
    """Return the least and the largest value of a number; an exclusive bound is above the least."""
    least = kind.minimum if kind.minimum is not None else kind.above
    if least is None and kind.primitive == "xsd:positiveInteger":
        least = 1.0
    if least is None and kind.primitive == "xsd:nonNegativeInteger":
        least = 0.0
    return least, kind.maximum


def _range(kind: SimpleType) -> str:
    least, most = limits(kind)
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}" if kind.above is None else f" above {least:g} up to {most:g}"
    if kind.above is not None:
        return f" > {kind.above:g}"
    if least is not None:
        return f" ≥ {least:g}"
    return f" ≤ {most:g}" if most is not None else ""
