"""The named functions that mapping tables may use: pure, text in, text out.

A function gets the texts of a row's ``args`` (or the one text of ``from``) and returns a text, None where the texts
state nothing of this kind, or an empty text where they are a placeholder, which is told to the user. Expanders get one
text and return the attributes of several items. A vendor's habits of writing are parameters of a table, not of this
module; what is here is about forms of text.
"""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import TYPE_CHECKING

import nbo_extract.functions_time  # noqa: F401 - its functions are registered by its import
from nbo_extract.functions_registry import EXPANDERS, FUNCTIONS, PLAIN, decimal, decimals, expander, function
from nbo_extract.values import number_text, shortest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.functions_registry import Function

__all__ = ["EXPANDERS", "FUNCTIONS"]

# Three digits at least: the 01 of Semrock's FF01-445/20 and BLP01-488R is the number of a design.
_NM = r"[1-9][0-9]{2,3}(?:[.,][0-9]+)?"
_BAND = re.compile(
    rf"(?P<lp>(?:LP|RLP|FT)\s*>?\s*(?P<lpn>{_NM}))"
    rf"|(?P<sp>(?:SP|KP)\s*<?\s*(?P<spn>{_NM}))"
    rf"|(?<![/\d.,])(?P<low>{_NM})\s*-\s*(?P<high>{_NM})(?![/\d])"
    # Not the line list of a multi-line beam splitter, such as 488/561/633.
    rf"|(?<![/\d.,])(?P<centre>{_NM})\s*/\s*(?P<width>{PLAIN})(?![/\d.,])",
    re.IGNORECASE,
)


@function
def joined(texts: Sequence[str]) -> str | None:
    """Join texts with ``|``, absent ones as empty, for word tables over several words."""
    return "|".join(texts) if any(texts) else None


@function
def blanks_folded(texts: Sequence[str]) -> str | None:
    """Strip blanks and fold runs of them."""
    return " ".join(texts[0].split()) or None


@function
def words_joined(texts: Sequence[str]) -> str | None:
    """Join the stated texts with one blank."""
    return " ".join(t for t in texts if t) or None


@function
def argb_to_rgba(texts: Sequence[str]) -> str | None:
    """Return ``#AARRGGBB`` or ``#RRGGBB`` as the signed 32-bit RGBA integer of OME and NBO."""
    match = re.fullmatch(r"#?([0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})", texts[0].strip())
    if match is None:
        return None
    value = int(match[2], 16) << 8 | int(match[1] or "FF", 16)
    return str(value - (1 << 32) if value >= 1 << 31 else value)


@function
def bgr_to_rgba(texts: Sequence[str]) -> str | None:
    """Return an integer of the form 0xBBGGRR as the signed 32-bit RGBA integer of OME and NBO."""
    number = decimal(texts[0])
    if number is None or number != int(number) or not 0 <= number < 1 << 24:
        return None
    blue, green, red = int(number) >> 16, int(number) >> 8 & 255, int(number) & 255
    return argb_to_rgba([f"#{red:02X}{green:02X}{blue:02X}"])


@function
def part_number(texts: Sequence[str]) -> str | None:
    """Return the part number after the prefix that names the kind of part; ``User.`` marks a part without one."""
    prefix, dot, number = texts[0].strip().rpartition(".")
    if not dot or prefix.split(".")[0] == "User" or not re.fullmatch(r"\d{6}-\d{4}(-\d{3})?", number):
        return None
    return number


def _limits(texts: Sequence[str]) -> list[Decimal] | None:
    limits = decimals(texts)
    return limits if limits is not None and len(limits) == 2 and limits[0] < limits[1] else None


@function
def band_centre(texts: Sequence[str]) -> str | None:
    """Return the centre of a band from its limits."""
    limits = _limits(texts)
    return None if limits is None else number_text((limits[0] + limits[1]) / 2)


@function
def band_width(texts: Sequence[str]) -> str | None:
    """Return the width of a band from its limits."""
    limits = _limits(texts)
    return None if limits is None else number_text(limits[1] - limits[0])


def _parts(text: str, separators: str) -> list[str]:
    return [p.strip() for p in re.split(separators, text.strip())]


def _part(index: int, count: int, separators: str) -> Function:
    def pick(texts: Sequence[str]) -> str | None:
        parts = _parts(texts[0], separators)
        return parts[index] if len(parts) == count and decimal(parts[index]) is not None else None

    return pick


FUNCTIONS["first_of_pair"] = _part(0, 2, r"[,;x]")
FUNCTIONS["second_of_pair"] = _part(1, 2, r"[,;x]")
FUNCTIONS["third_of_four"] = _part(2, 4, ",")
FUNCTIONS["fourth_of_four"] = _part(3, 4, ",")
FUNCTIONS["range_low"] = _part(0, 2, "-")
FUNCTIONS["range_high"] = _part(1, 2, "-")


@function
def binning(texts: Sequence[str]) -> str | None:
    """Return ``2,2``, ``2x2`` or ``2.0x2.0`` as ``2x2``."""
    parts = [p.removesuffix(".0") for p in _parts(texts[0], r"[,;x]")]
    return f"{parts[0]}x{parts[1]}" if len(parts) == 2 and all(p.isdigit() for p in parts) else None


@function
def percent(texts: Sequence[str]) -> str | None:
    """Return the number of a text such as ``50.00 %``."""
    match = re.fullmatch(rf"({PLAIN})\s*%?", texts[0].strip())
    return None if match is None else match[1].replace(",", ".")


@function
def one_number(texts: Sequence[str]) -> str | None:
    """Return a text that is one number, and nothing of a range such as ``100-1000``."""
    return None if decimal(texts[0]) is None else texts[0].strip()


@function
def share_percent(texts: Sequence[str]) -> str | None:
    """Return a fraction as a percentage."""
    share = decimal(shortest(texts[0]))
    return number_text(share * 100) if share is not None and 0 <= share <= 1 else None


@function
def leading_number(texts: Sequence[str]) -> str | None:
    """Return the number that a text begins with, such as 10 of ``10 MHz``, -70.1 of ``-70.1°C``, 6.2 of ``6.2x``."""
    match = re.match(rf"\s*(-?{PLAIN})(?![\d.,])", texts[0])
    return None if match is None else match[1].replace(",", ".")


@function
def transmitted_percent(texts: Sequence[str]) -> str | None:
    """Return the percentage that an attenuation, a fraction, lets through."""
    lost = decimal(shortest(texts[0]))
    return number_text((1 - lost) * 100) if lost is not None and 0 <= lost <= 1 else None


@function
def bits(texts: Sequence[str]) -> str | None:
    """Return the number of bits as NBO's digitizer word."""
    return f"{texts[0].strip()}bit" if texts[0].strip().isdigit() else None


@function
def less_one(texts: Sequence[str]) -> str | None:
    """Return an index counted from one as index counted from zero."""
    number = decimal(texts[0])
    return None if number is None or number < 1 else number_text(number - 1)


@function
def product(texts: Sequence[str]) -> str | None:
    """Return the product of numbers."""
    numbers = decimals(texts)
    if not numbers:
        return None
    out = Decimal(1)
    for number in numbers:
        out *= number
    return number_text(out)


@function
def constant_step(texts: Sequence[str]) -> str | None:
    """Return the first step of a list of positions, where all steps agree within one per cent."""
    numbers = decimals(texts[0].split())
    if numbers is None or len(numbers) < 2:
        return None
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    if steps[0] <= 0 or any(abs(s - steps[0]) > steps[0] / 100 for s in steps):
        return None
    return number_text(steps[0])


@function
def confirmed_step(texts: Sequence[str]) -> str | None:
    """Return a nominal step where a list of positions has it: its mean step agrees within five per cent."""
    nominal, numbers = decimal(texts[0]), decimals(texts[1].split())
    if nominal is None or nominal <= 0 or numbers is None or len(numbers) < 2:
        return None
    mean = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
    return number_text(nominal) if abs(mean - nominal) <= nominal / 20 else None


@function
def lens_magnification(texts: Sequence[str]) -> str | None:
    """Return the magnification in an objective's name, such as 63 of ``Plan-Apochromat 63x/1.4 Oil``."""
    match = re.search(rf"(?<![\w.,])({PLAIN})\s*[xX×](?=\w*(?:[/\s]|$)|[01][.,]\d)", texts[0])
    return None if match is None else match[1].replace(",", ".")


@function
def lens_na(texts: Sequence[str]) -> str | None:
    """Return the numerical aperture in an objective's name, such as 1.4 of ``Fluar 63x/1.4 Oil`` or ``63.0x1.40``."""
    match = re.search(
        r"[xX×]\w*\s*/\s*([01][.,]\d+)|NA\s*[=:]?\s*([01][.,]\d+)|\d[xX×]([01][.,]\d+)(?![\w.,])", texts[0]
    )
    return None if match is None else (match[1] or match[2] or match[3]).replace(",", ".")


@function
def reciprocal(texts: Sequence[str]) -> str | None:
    """Return one divided by a number or by a fraction ``numerator/denominator``, as the quotient of doubles."""
    parts = decimals(texts[0].split("/"))
    if not parts or len(parts) > 2 or any(p <= 0 for p in parts):
        return None
    over = float(parts[1]) if len(parts) == 2 else 1.0
    return number_text(Decimal(repr(over / float(parts[0]))))


@function
def extent_per_element(texts: Sequence[str]) -> str | None:
    """Return the size of an element: end less start, divided by the number of elements, as the quotient of doubles."""
    numbers = decimals(texts)
    if numbers is None or len(numbers) != 3 or numbers[2] < 1 or numbers[0] <= numbers[1]:
        return None
    return number_text(Decimal(repr(float(numbers[0] - numbers[1]) / float(numbers[2]))))


@function
def version_joined(texts: Sequence[str]) -> str | None:
    """Return the parts of a version joined by points."""
    return ".".join(t.strip() for t in texts) or None


@function
def by(texts: Sequence[str]) -> str | None:
    """Return two whole numbers as ``2x2``."""
    return "x".join(t.strip() for t in texts) if all(t.strip().isdigit() for t in texts) else None


_VERSION = re.compile(r"^(.*\S)\s+[vV]?(\d+(?:\.\w+)+)$")


@function
def name_before_version(texts: Sequence[str]) -> str | None:
    """Return the name in a text such as ``LAS X 3.5.7.23225``; the whole text where no version is behind it."""
    text = " ".join(texts[0].split())
    match = _VERSION.match(text)
    return (match[1] if match else text) or None


@function
def version_behind_name(texts: Sequence[str]) -> str | None:
    """Return the version in a text such as ``LAS X 3.5.7.23225``."""
    match = _VERSION.match(" ".join(texts[0].split()))
    return match[2] if match else None


@function
def name_in_collection(texts: Sequence[str]) -> str | None:
    """Return the name behind that of its collection, such as ``FITC`` of ``Leica/FITC``."""
    return texts[0].rpartition("/")[2].strip() or None


@function
def step_of_extent(texts: Sequence[str]) -> str | None:
    """Return the step between elements from the extent between the first and the last, and their number.

    The quotient is that of doubles, in the shortest text that states it.
    """
    numbers = decimals(texts)
    if numbers is None or numbers[1] < 2 or numbers[0] == 0 or numbers[1] != int(numbers[1]):
        return None
    return number_text(Decimal(repr(abs(float(numbers[0])) / (int(numbers[1]) - 1))))


@expander
def filter_bands(text: str) -> list[dict[str, str]]:
    """Return the bands in the name of a filter.

    ``BP 570-620 + LP 645`` is a band and a cut-on, ``525/50`` is centre and width. Each
    item has ``centre`` and ``width`` for a band, or ``edge`` (``cut-on`` or ``cut-off``) and ``centre``.
    """
    items = []
    for match in _BAND.finditer(text):
        groups = {k: v.replace(",", ".") for k, v in match.groupdict().items() if v is not None}
        if "lp" in groups:
            items.append({"edge": "cut-on", "centre": groups["lpn"]})
        elif "sp" in groups:
            items.append({"edge": "cut-off", "centre": groups["spn"]})
        elif "low" in groups:
            limits = (groups["low"], groups["high"])
            centre, width = band_centre(limits), band_width(limits)
            if centre is not None and width is not None:
                items.append({"centre": centre, "width": width})
        elif Decimal(groups["width"]) < Decimal(groups["centre"]) / 2:
            items.append({"centre": groups["centre"], "width": groups["width"]})
    return items


@expander
def wavelength_ranges(text: str) -> list[dict[str, str]]:
    """Return the ranges of a text such as ``450-488,540-570`` as items with ``low`` and ``high``.

    A comma separates ranges; decimals have a point.
    """
    number = r"[0-9]+(?:\.[0-9]+)?"
    return [
        {"low": m[1], "high": m[2]}
        for m in re.finditer(rf"({number})\s*-\s*({number})", text)
        if Decimal(m[1]) < Decimal(m[2])
    ]
