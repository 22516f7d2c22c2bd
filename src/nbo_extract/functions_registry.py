"""The registry of the functions that mapping tables may name, and what they have in common."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from nbo_extract.values import LARGEST_EXPONENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function = Callable[[Sequence[str]], str | None]
    Expander = Callable[[str], list[dict[str, str]]]

FUNCTIONS: dict[str, Function] = {}
EXPANDERS: dict[str, Expander] = {}

#: A number as people write it, with a point or a comma.
PLAIN = r"[0-9]+(?:[.,][0-9]+)?"


def function(registered: Function) -> Function:
    """Register a function under its own name."""
    FUNCTIONS[registered.__name__] = registered
    return registered


def expander(registered: Expander) -> Expander:
    """Register an expander under its own name."""
    EXPANDERS[registered.__name__] = registered
    return registered


def decimal(text: str) -> Decimal | None:
    """Return the finite number that a text states, None where it states none that could be a measurement."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
        return None
    return number


def decimals(texts: Sequence[str]) -> list[Decimal] | None:
    """Return the numbers of several texts, None where one of them states none."""
    numbers = [decimal(t) for t in texts]
    found = [n for n in numbers if n is not None]
    return found if len(found) == len(texts) else None
