"""How two values of one field agree, and what explains that they do not: units, rounding or wording."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from nbo_extract.matching import compare
from nbo_extract.model import Fact, Node
from nbo_extract.parts import code, fold, owner, variant_of
from nbo_extract.units import UnitError, convert, same
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from nbo_extract.schema import Attribute, Declaration

State = Literal["equal", "rounding", "wording", "units", "different"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How two values agree.

    Attributes
    ----------
    state : {'equal', 'rounding', 'wording', 'units', 'different'}
        The same quantity or word; one is the other with fewer digits; other words for the same; equal numbers in other
        units, so that one of the units is mistaken; none of these.
    words : str
        A clause that explains the difference; empty where nothing does.
    """

    state: State
    words: str = ""

    @property
    def harmless(self) -> bool:
        """Whether both may be right."""
        return self.state in ("equal", "rounding", "wording")


# With fewer digits a rounding proves nothing: the lenses of NA 1.35 and of NA 1.4 are two.
_DIGITS = 3
_EQUAL = Agreement("equal")
_DIFFERENT = Agreement("different")
_WORDING = Agreement("wording", "differ in wording only")


def agreement(kind: Declaration, attribute: Attribute, mine: Fact, other: Fact) -> Agreement:
    """Compare two values of an attribute.

    Parameters
    ----------
    kind : Declaration
        Element that has the attribute.
    attribute : Attribute
    mine, other : Fact

    Returns
    -------
    Agreement
    """
    if attribute.type.numeric:
        unit = attribute.unit if attribute.unit in kind.attributes else None
        return _numbers(mine, other, kind.attributes[unit].default if unit is not None else None)
    values = []
    for fact in (mine, other):
        try:
            values.append(canonical(fact.value, attribute.type))
        except ValueError:
            values.append(fact.value)
    if values[0] == values[1]:
        return _EQUAL
    if attribute.type.enum:
        return _WORDING if values[0] == "Other" else _DIFFERENT
    if attribute.name == "CatalogNumber" and code(values[0]) != code(values[1]) and _variants(kind.name, values):
        return Agreement("wording", "are variants of one part number")
    return _WORDING if _worded_alike(kind.name, attribute.name, values[0], values[1]) else _DIFFERENT


def in_unit_of(mine: Fact, other: Fact, found: Agreement) -> Fact:
    """Return the other value in the unit of the first one, where the two differ and it is exact there.

    Who compares two numbers wants them in one unit; where the units are what is wrong, both are told as they stand.
    """
    if found.state != "different" or mine.unit is None or other.unit is None or mine.unit == other.unit:
        return other
    try:
        return replace(other, value=convert(other.value, other.unit, mine.unit), unit=mine.unit)
    except UnitError:
        return other


def _numbers(mine: Fact, other: Fact, default: str | None) -> Agreement:
    units = mine.unit or default, other.unit or default
    try:
        if same(mine.value, units[0], other.value, units[1]):
            return _EQUAL
    except UnitError:
        return _EQUAL if mine == other else _DIFFERENT
    if units[0] != units[1] and mine.number == other.number:
        return Agreement("units", "are the same number in other units, so one of the units is wrong")
    if (shorter := _rounded(mine, other, units)) is not None:
        return Agreement("rounding", f"differ in rounding only ({shorter} has fewer digits)")
    return _DIFFERENT


def _rounded(mine: Fact, other: Fact, units: tuple[str | None, str | None]) -> str | None:
    """Return the text that is the other one with fewer digits, None where neither is."""
    for short, long, unit, given in ((mine, other, units[0], units[1]), (other, mine, units[1], units[0])):
        number = short.number
        try:
            text = long.value if unit == given or unit is None or given is None else convert(long.value, given, unit)
        except UnitError:
            continue
        whole = Fact(text).number
        if number is None or whole is None or len(number.normalize().as_tuple().digits) < _DIGITS:
            continue
        exponent = number.as_tuple().exponent
        places = Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)
        if abs(whole - number) <= places / 2 and len(whole.as_tuple().digits) > len(number.as_tuple().digits):
            return short.quantity
    return None


def _worded_alike(element: str, name: str, mine: str, other: str) -> bool:
    if fold(mine) == fold(other) or code(mine) == code(other):
        return True
    if name in ("Manufacturer", "Developer"):
        return owner(mine) == owner(other)
    if name == "Model":
        models = (Node(element, {"Model": Fact(text)}) for text in (mine, other))
        return compare(*models).state == "same"
    if name == "Version":
        short, long = sorted((mine, other), key=len)
        return re.match(rf"{re.escape(short)}\b", long) is not None
    return False


def _variants(element: str, numbers: list[str]) -> bool:
    found = [variant_of(Node(element, {"CatalogNumber": Fact(text)})) for text in numbers]
    return None not in found and found[0] == found[1]
