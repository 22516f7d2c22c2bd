"""Text of a source to text of an NBO type: checked, in full precision, never rounded."""

from __future__ import annotations

import datetime
import math
import re
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.schema import SimpleType

#: A decimal that is already written as `number_text` would: most positions and times of most planes are.
PLAIN = re.compile(r"-?[1-9][0-9]{0,30}|0|-?(?:0|[1-9][0-9]{0,14})\.[0-9]{0,14}[1-9]")
_PLAIN_LINES = re.compile(rf"(?:(?:{PLAIN.pattern})\n)*+")
_BOOLEAN = {"true": "true", "false": "false", "1": "true", "0": "false"}
#: What no XML can carry. What it can carry, negated, takes ten times as long to compile.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Beyond this many places a plain decimal is unreadable; the exponent form is as exact.
_LONGEST = 40
_DOUBLE_DIGITS = 16
# Beyond the range of a double nothing is a measurement, and arithmetic of decimals may overflow.
LARGEST_EXPONENT = 400


def number_text(number: Decimal) -> str:
    """Return the plain decimal of a finite number, without trailing zeros; exact."""
    if number == 0:
        return "0"
    number = number.normalize(Context(prec=len(number.as_tuple().digits)))
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and not -_LONGEST < exponent < _LONGEST:
        return str(number)
    return format(number, "f")


def shortest(text: str) -> str:
    """Return the shortest text of the same double, for a text that has all digits of one.

    Vendors print doubles with 17 digits: ``1.3999999999999999`` is the double that ``1.4`` is. A text with fewer
    digits or without a point is no print of a double and stays as it is.
    """
    if len(text) <= _DOUBLE_DIGITS:
        return text
    digits = text.lower().partition("e")[0]
    if "." not in digits or sum(c.isdigit() for c in digits.lstrip("-+0.")) < _DOUBLE_DIGITS:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return repr(number) if math.isfinite(number) else text


def canonical(text: str, kind: SimpleType) -> str:
    """Return a text as the NBO type writes it.

    Parameters
    ----------
    text : str
        As found; blanks around it do not count.
    kind : SimpleType

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the text is not of the type; the message says why, for a finding.
    """
    text = text.strip()
    if kind.numeric:
        return _number(text, kind)
    if kind.primitive == "xsd:boolean":
        if text.lower() not in _BOOLEAN:
            raise ValueError("is neither true nor false")
        return _BOOLEAN[text.lower()]
    if kind.primitive == "xsd:date":
        return _date(text)
    if ILLEGAL.search(text):
        raise ValueError("holds characters that XML cannot carry")
    if kind.enum:
        return _word(text, kind)
    if kind.patterns and not any(re.fullmatch(p, text) for p in kind.patterns):
        raise ValueError(f"is not of the form of a {kind.name}")
    return text


def all_canonical(texts: Iterable[str], kind: SimpleType) -> bool:
    """Whether texts are all as the NBO type writes them; false where only a look at each would tell.

    Parameters
    ----------
    texts : iterable of str
    kind : SimpleType
    """
    if not kind.numeric or kind.integer or not (kind.above is kind.minimum is kind.maximum is None):
        return False
    texts = list(texts)
    lines = "\n".join([*texts, ""])
    # A text with a line break would pass for two; long ones may be prints of a double.
    if lines.count("\n") > len(texts) or max(map(len, texts), default=0) > _DOUBLE_DIGITS:
        return False
    return _PLAIN_LINES.fullmatch(lines) is not None


def _number(text: str, kind: SimpleType) -> str:
    if PLAIN.fullmatch(text) and not kind.integer and kind.above is kind.minimum is kind.maximum is None:
        return text
    try:
        # Python reads more as a number than NBO does: 1_4, and the digits of other scripts.
        number = Decimal(text if text.isascii() and "_" not in text else "")
    except InvalidOperation:
        raise ValueError("is not a number") from None
    if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
        raise ValueError("is not a finite number")
    if kind.integer and number != number.to_integral_value():
        raise ValueError("is not a whole number")
    limit = 2**31 if kind.primitive == "xsd:int" else 2**63
    if kind.integer and not -limit <= number < limit:
        raise ValueError("is too large")
    if kind.above is not None and number <= Decimal(kind.above):
        raise ValueError(f"is not above {kind.above:g}")
    if kind.minimum is not None and number < Decimal(kind.minimum):
        raise ValueError(f"is below {kind.minimum:g}")
    if kind.maximum is not None and number > Decimal(kind.maximum):
        raise ValueError(f"is above {kind.maximum:g}")
    if kind.primitive in ("xsd:positiveInteger",) and number < 1:
        raise ValueError("is below 1")
    if kind.primitive == "xsd:nonNegativeInteger" and number < 0:
        raise ValueError("is below 0")
    return number_text(number)


def _date(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise ValueError("is not a date") from None


def _word(text: str, kind: SimpleType) -> str:
    if text in kind.enum:
        return text
    folded = " ".join(text.split()).casefold()
    # Some published values hold blanks at their ends; validity depends on the published spelling.
    for value in kind.enum:
        if value is not None and " ".join(value.split()).casefold() == folded:
            return value
    raise ValueError(f"is not among NBO's values for {kind.name or 'it'}")
