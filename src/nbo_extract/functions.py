"""The named functions that mapping tables may use: pure, text in, text out.

A function gets the texts of a row's ``args`` (or the one text of ``from``) and returns a text, None where the texts
state nothing of this kind, or an empty text where they are a placeholder, which is told to the user. Expanders get one
text and return the attributes of several items. A vendor's habits of writing are parameters of a table, not of this
module; what is here is about forms of text.
"""

from __future__ import annotations

import datetime
import itertools
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from nbo_extract.values import LARGEST_EXPONENT, number_text, shortest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function = Callable[[Sequence[str]], str | None]
    Expander = Callable[[str], list[dict[str, str]]]

FUNCTIONS: dict[str, Function] = {}
EXPANDERS: dict[str, Expander] = {}

_PLAIN = r"[0-9]+(?:[.,][0-9]+)?"
# Three digits at least: the 01 of Semrock's FF01-445/20 and BLP01-488R is the number of a design.
_NM = r"[1-9][0-9]{2,3}(?:[.,][0-9]+)?"
_BAND = re.compile(
    rf"(?P<lp>(?:LP|RLP|FT)\s*>?\s*(?P<lpn>{_NM}))"
    rf"|(?P<sp>(?:SP|KP)\s*<?\s*(?P<spn>{_NM}))"
    rf"|(?<![/\d.,])(?P<low>{_NM})\s*-\s*(?P<high>{_NM})(?![/\d])"
    # Not the line list of a multi-line beam splitter, such as 488/561/633.
    rf"|(?<![/\d.,])(?P<centre>{_NM})\s*/\s*(?P<width>{_PLAIN})(?![/\d.,])",
    re.IGNORECASE,
)


def _function(function: Function) -> Function:
    FUNCTIONS[function.__name__] = function
    return function


def _expander(function: Expander) -> Expander:
    EXPANDERS[function.__name__] = function
    return function


def _decimal(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or (number and abs(number.adjusted()) > LARGEST_EXPONENT):
        return None
    return number


def _decimals(texts: Sequence[str]) -> list[Decimal] | None:
    numbers = [_decimal(t) for t in texts]
    found = [n for n in numbers if n is not None]
    return found if len(found) == len(texts) else None


@_function
def joined(texts: Sequence[str]) -> str | None:
    """Join texts with ``|``, absent ones as empty, for word tables over several words."""
    return "|".join(texts) if any(texts) else None


@_function
def blanks_folded(texts: Sequence[str]) -> str | None:
    """Strip blanks and fold runs of them."""
    return " ".join(texts[0].split()) or None


@_function
def words_joined(texts: Sequence[str]) -> str | None:
    """Join the stated texts with one blank."""
    return " ".join(t for t in texts if t) or None


@_function
def date_part(texts: Sequence[str]) -> str | None:
    """Return the date of an ISO 8601 time; the first day of the calendar is a placeholder, not a date."""
    match = re.match(r"(\d{4})-(\d{2})-(\d{2})", texts[0].strip())
    if match is None:
        return None
    return "" if match[1] == "0001" else match[0]


def _time(text: str) -> datetime.datetime | None:
    # Vendors write more fractional digits (100 ns) than datetime holds; they are added back by `seconds_between`.
    match = re.match(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$", text.strip())
    if match is None or match[1].startswith("0001"):
        return None
    try:
        return datetime.datetime.fromisoformat(match[1] + (match[2] or "").replace("Z", "+00:00"))
    except ValueError:
        return None


def _fraction(text: str) -> Decimal:
    match = re.search(r":\d{2}(\.\d+)", text)
    return Decimal("0" + match[1]) if match else Decimal(0)


@_function
def seconds_between(texts: Sequence[str]) -> str | None:
    """Return the seconds from the second ISO 8601 time to the first, exact to the last digit written.

    Both may be plain seconds of one clock. The second text may state several origins with blanks between them: the
    first of the same kind counts.
    """
    number = _decimal(texts[0])
    origins = texts[1].split()
    if number is not None:
        first = next((n for n in map(_decimal, origins) if n is not None), None)
        return None if first is None else number_text(number - first)
    end = _time(texts[0])
    origin, start = next(((o, t) for o in origins if (t := _time(o)) is not None), ("", None))
    if end is None or start is None or (end.tzinfo is None) != (start.tzinfo is None):
        return None
    whole = Decimal(round((end - start).total_seconds()))
    return number_text(whole + _fraction(texts[0]) - _fraction(origin))


@_function
def argb_to_rgba(texts: Sequence[str]) -> str | None:
    """Return ``#AARRGGBB`` or ``#RRGGBB`` as the signed 32-bit RGBA integer of OME and NBO."""
    match = re.fullmatch(r"#?([0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})", texts[0].strip())
    if match is None:
        return None
    value = int(match[2], 16) << 8 | int(match[1] or "FF", 16)
    return str(value - (1 << 32) if value >= 1 << 31 else value)


@_function
def bgr_to_rgba(texts: Sequence[str]) -> str | None:
    """Return an integer of the form 0xBBGGRR as the signed 32-bit RGBA integer of OME and NBO."""
    number = _decimal(texts[0])
    if number is None or number != int(number) or not 0 <= number < 1 << 24:
        return None
    blue, green, red = int(number) >> 16, int(number) >> 8 & 255, int(number) & 255
    return argb_to_rgba([f"#{red:02X}{green:02X}{blue:02X}"])


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIX_EPOCH = Decimal("2440587.5")


def _julian_date(text: str) -> datetime.date | None:
    number = _decimal(text)
    if number is None or number <= _UNIX_EPOCH or number > 5_000_000:
        return None
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(number - _UNIX_EPOCH))


def _dates_written(text: str) -> list[datetime.date]:
    """Return the dates that a text in some country's form may mean, none twice."""
    match = re.match(r"\D*(\d{1,4})[\s./-]+(\d{1,2}|[A-Za-z]{3})[A-Za-z]*[\s./-]+(\d{1,4})(?!\d)", text)
    if match is None:
        return []
    first, second, third = match[1], match[2].lower(), match[3]
    if second in _MONTHS:
        orders = [(third, str(_MONTHS.index(second) + 1), first)]
    elif not second.isdigit():
        return []
    elif len(first) > 2:
        orders = [(first, second, third)]
    else:
        orders = [(third, second, first), (third, first, second)]
    dates = []
    for year, month, day in orders:
        try:
            date = datetime.date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
        except ValueError:
            continue
        if date not in dates:
            dates.append(date)
    return dates


@_function
def julian_day_date(texts: Sequence[str]) -> str | None:
    """Return the date, in universal time, of a Julian day with fraction; before 1970 it is no time of an image."""
    date = _julian_date(texts[0])
    return None if date is None else date.isoformat()


@_function
def date_at_julian_day(texts: Sequence[str]) -> str | None:
    """Return the date that a text in some country's form writes, which of its readings told by a Julian day.

    The text is local time and the day universal time, so they may differ by a day.
    """
    day = _julian_date(texts[1])
    if day is None:
        return None
    near = [date for date in _dates_written(texts[0]) if abs((date - day).days) <= 1]
    return near[0].isoformat() if len(near) == 1 else None


@_function
def date_written(texts: Sequence[str]) -> str | None:
    """Return the date that a text writes in some country's form, where it has one reading only."""
    dates = _dates_written(texts[0])
    return dates[0].isoformat() if len(dates) == 1 else None


@_function
def part_number(texts: Sequence[str]) -> str | None:
    """Return the part number after the prefix that names the kind of part; ``User.`` marks a part without one."""
    prefix, dot, number = texts[0].strip().rpartition(".")
    if not dot or prefix.split(".")[0] == "User" or not re.fullmatch(r"\d{6}-\d{4}(-\d{3})?", number):
        return None
    return number


def _limits(texts: Sequence[str]) -> list[Decimal] | None:
    limits = _decimals(texts)
    return limits if limits is not None and len(limits) == 2 and limits[0] < limits[1] else None


@_function
def band_centre(texts: Sequence[str]) -> str | None:
    """Return the centre of a band from its limits."""
    limits = _limits(texts)
    return None if limits is None else number_text((limits[0] + limits[1]) / 2)


@_function
def band_width(texts: Sequence[str]) -> str | None:
    """Return the width of a band from its limits."""
    limits = _limits(texts)
    return None if limits is None else number_text(limits[1] - limits[0])


def _parts(text: str, separators: str) -> list[str]:
    return [p.strip() for p in re.split(separators, text.strip())]


def _part(index: int, count: int, separators: str) -> Function:
    def pick(texts: Sequence[str]) -> str | None:
        parts = _parts(texts[0], separators)
        return parts[index] if len(parts) == count and _decimal(parts[index]) is not None else None

    return pick


FUNCTIONS["first_of_pair"] = _part(0, 2, r"[,;x]")
FUNCTIONS["second_of_pair"] = _part(1, 2, r"[,;x]")
FUNCTIONS["third_of_four"] = _part(2, 4, ",")
FUNCTIONS["fourth_of_four"] = _part(3, 4, ",")
FUNCTIONS["range_low"] = _part(0, 2, "-")
FUNCTIONS["range_high"] = _part(1, 2, "-")


@_function
def binning(texts: Sequence[str]) -> str | None:
    """Return ``2,2``, ``2x2`` or ``2.0x2.0`` as ``2x2``."""
    parts = [p.removesuffix(".0") for p in _parts(texts[0], r"[,;x]")]
    return f"{parts[0]}x{parts[1]}" if len(parts) == 2 and all(p.isdigit() for p in parts) else None


@_function
def percent(texts: Sequence[str]) -> str | None:
    """Return the number of a text such as ``50.00 %``."""
    match = re.fullmatch(rf"({_PLAIN})\s*%?", texts[0].strip())
    return None if match is None else match[1].replace(",", ".")


@_function
def one_number(texts: Sequence[str]) -> str | None:
    """Return a text that is one number, and nothing of a range such as ``100-1000``."""
    return None if _decimal(texts[0]) is None else texts[0].strip()


@_function
def share_percent(texts: Sequence[str]) -> str | None:
    """Return a fraction as a percentage."""
    share = _decimal(shortest(texts[0]))
    return number_text(share * 100) if share is not None and 0 <= share <= 1 else None


@_function
def leading_number(texts: Sequence[str]) -> str | None:
    """Return the number that a text begins with, such as 10 of ``10 MHz``, -70.1 of ``-70.1°C``, 6.2 of ``6.2x``."""
    match = re.match(rf"\s*(-?{_PLAIN})(?![\d.,])", texts[0])
    return None if match is None else match[1].replace(",", ".")


_MILLISECONDS = {"": 1, "ms": 1, "s": 1000, "sec": 1000, "min": 60_000}


@_function
def duration_in_ms(texts: Sequence[str]) -> str | None:
    """Return a duration such as ``100 ms``, ``1 s`` or ``1 min`` in milliseconds, which a bare number already is."""
    match = re.fullmatch(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*([a-z]*)\s*", texts[0])
    if match is None or match[2] not in _MILLISECONDS:
        return None
    return number_text(Decimal(match[1].replace(",", ".")) * _MILLISECONDS[match[2]])


@_function
def transmitted_percent(texts: Sequence[str]) -> str | None:
    """Return the percentage that an attenuation, a fraction, lets through."""
    lost = _decimal(shortest(texts[0]))
    return number_text((1 - lost) * 100) if lost is not None and 0 <= lost <= 1 else None


@_function
def bits(texts: Sequence[str]) -> str | None:
    """Return the number of bits as NBO's digitizer word."""
    return f"{texts[0].strip()}bit" if texts[0].strip().isdigit() else None


@_function
def less_one(texts: Sequence[str]) -> str | None:
    """Return an index counted from one as index counted from zero."""
    number = _decimal(texts[0])
    return None if number is None or number < 1 else number_text(number - 1)


@_function
def product(texts: Sequence[str]) -> str | None:
    """Return the product of numbers."""
    numbers = _decimals(texts)
    if not numbers:
        return None
    out = Decimal(1)
    for number in numbers:
        out *= number
    return number_text(out)


@_function
def constant_step(texts: Sequence[str]) -> str | None:
    """Return the first step of a list of positions, where all steps agree within one per cent."""
    numbers = _decimals(texts[0].split())
    if numbers is None or len(numbers) < 2:
        return None
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    if steps[0] <= 0 or any(abs(s - steps[0]) > steps[0] / 100 for s in steps):
        return None
    return number_text(steps[0])


@_function
def confirmed_step(texts: Sequence[str]) -> str | None:
    """Return a nominal step where a list of positions has it: its mean step agrees within five per cent."""
    nominal, numbers = _decimal(texts[0]), _decimals(texts[1].split())
    if nominal is None or nominal <= 0 or numbers is None or len(numbers) < 2:
        return None
    mean = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
    return number_text(nominal) if abs(mean - nominal) <= nominal / 20 else None


@_function
def lens_magnification(texts: Sequence[str]) -> str | None:
    """Return the magnification in an objective's name, such as 63 of ``Plan-Apochromat 63x/1.4 Oil``."""
    match = re.search(rf"(?<![\w.,])({_PLAIN})\s*[xX×](?=\w*(?:[/\s]|$)|[01][.,]\d)", texts[0])
    return None if match is None else match[1].replace(",", ".")


@_function
def lens_na(texts: Sequence[str]) -> str | None:
    """Return the numerical aperture in an objective's name, such as 1.4 of ``Fluar 63x/1.4 Oil`` or ``63.0x1.40``."""
    match = re.search(
        r"[xX×]\w*\s*/\s*([01][.,]\d+)|NA\s*[=:]?\s*([01][.,]\d+)|\d[xX×]([01][.,]\d+)(?![\w.,])", texts[0]
    )
    return None if match is None else (match[1] or match[2] or match[3]).replace(",", ".")


@_function
def ole_date(texts: Sequence[str]) -> str | None:
    """Return the date of a time in days since 1899-12-30; before 1980 it is a placeholder."""
    days = _decimal(texts[0])
    if days is None or not 29_220 <= days < 100_000:
        return None
    return (datetime.date(1899, 12, 30) + datetime.timedelta(days=int(days))).isoformat()


def _date(pattern: str, order: str) -> Function:
    def read(texts: Sequence[str]) -> str | None:
        match = re.match(pattern, texts[0].strip())
        if match is None:
            return None
        parts = dict(zip(order, map(int, match.groups()), strict=True))
        year = parts["y"] + (0 if parts["y"] > 99 else 2000 if parts["y"] < 80 else 1900)
        try:
            return datetime.date(year, parts["m"], parts["d"]).isoformat()
        except ValueError:
            return None

    return read


#: ``12/29/09`` or ``12/29/2009``: month first. ``2009:12:29 09:59:15``. ``20091229 09:59:15.123``.
FUNCTIONS["us_date"] = _date(r"(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})$", "mdy")
FUNCTIONS["tiff_date"] = _date(r"(\d{4})[:/-](\d{2})[:/-](\d{2})(?!\d)", "ymd")
#: ``[2016 5 31 15 20 47.1]``, a vector of Matlab.
FUNCTIONS["vector_date"] = _date(r"\[?(\d{4})[\s,]+(\d{1,2})[\s,]+(\d{1,2})[\s,]", "ymd")
FUNCTIONS["compact_date"] = _date(r"(\d{4})(\d{2})(\d{2})(?!\d)", "ymd")


@_function
def ctime_date(texts: Sequence[str]) -> str | None:
    """Return the date of a time such as ``Tue Mar 13 10:45:57 2001``, as C and Unix write it."""
    match = re.match(r"\s*(?:[A-Za-z]{3}\s+)?([A-Za-z]{3})\s+(\d{1,2})\s+\d{1,2}:\d{2}:\d{2}\s+(\d{4})\b", texts[0])
    if match is None or match[1].lower() not in _MONTHS:
        return None
    try:
        return datetime.date(int(match[3]), _MONTHS.index(match[1].lower()) + 1, int(match[2])).isoformat()
    except ValueError:
        return None


@_function
def difference(texts: Sequence[str]) -> str | None:
    """Return the first number less the second, exact."""
    numbers = _decimals([shortest(t) for t in texts[:2]])
    return None if numbers is None or len(numbers) < 2 else number_text(numbers[0] - numbers[1])


@_function
def reciprocal(texts: Sequence[str]) -> str | None:
    """Return one divided by a number or by a fraction ``numerator/denominator``, as the quotient of doubles."""
    parts = _decimals(texts[0].split("/"))
    if not parts or len(parts) > 2 or any(p <= 0 for p in parts):
        return None
    over = float(parts[1]) if len(parts) == 2 else 1.0
    return number_text(Decimal(repr(over / float(parts[0]))))


@_function
def extent_per_element(texts: Sequence[str]) -> str | None:
    """Return the size of an element: end less start, divided by the number of elements, as the quotient of doubles."""
    numbers = _decimals(texts)
    if numbers is None or len(numbers) != 3 or numbers[2] < 1 or numbers[0] <= numbers[1]:
        return None
    return number_text(Decimal(repr(float(numbers[0] - numbers[1]) / float(numbers[2]))))


@_function
def version_joined(texts: Sequence[str]) -> str | None:
    """Return the parts of a version joined by points."""
    return ".".join(t.strip() for t in texts) or None


@_function
def by(texts: Sequence[str]) -> str | None:
    """Return two whole numbers as ``2x2``."""
    return "x".join(t.strip() for t in texts) if all(t.strip().isdigit() for t in texts) else None


_VERSION = re.compile(r"^(.*\S)\s+[vV]?(\d+(?:\.\w+)+)$")


@_function
def name_before_version(texts: Sequence[str]) -> str | None:
    """Return the name in a text such as ``LAS X 3.5.7.23225``; the whole text where no version is behind it."""
    text = " ".join(texts[0].split())
    match = _VERSION.match(text)
    return (match[1] if match else text) or None


@_function
def version_behind_name(texts: Sequence[str]) -> str | None:
    """Return the version in a text such as ``LAS X 3.5.7.23225``."""
    match = _VERSION.match(" ".join(texts[0].split()))
    return match[2] if match else None


@_function
def name_in_collection(texts: Sequence[str]) -> str | None:
    """Return the name behind that of its collection, such as ``FITC`` of ``Leica/FITC``."""
    return texts[0].rpartition("/")[2].strip() or None


def _filetime(text: str) -> int | None:
    """Return the 100 ns since 1601 that a hexadecimal FILETIME states; before 1980 it is a placeholder."""
    try:
        ticks = int(text.strip(), 16)
    except ValueError:
        return None
    return ticks if 119_600_064_000_000_000 <= ticks < 1 << 60 else None


@_function
def filetime_date(texts: Sequence[str]) -> str | None:
    """Return the date, in UTC, of a Windows FILETIME in hexadecimal."""
    ticks = _filetime(texts[0])
    if ticks is None:
        return None
    return (datetime.date(1601, 1, 1) + datetime.timedelta(days=ticks // 864_000_000_000)).isoformat()


@_function
def filetime_seconds(texts: Sequence[str]) -> str | None:
    """Return the seconds from the second Windows FILETIME to the first, both in hexadecimal; exact."""
    end, start = (_filetime(t) for t in texts[:2])
    return None if end is None or start is None else number_text(Decimal(end - start) / 10_000_000)


@_function
def step_of_extent(texts: Sequence[str]) -> str | None:
    """Return the step between elements from the extent between the first and the last, and their number.

    The quotient is that of doubles, in the shortest text that states it.
    """
    numbers = _decimals(texts)
    if numbers is None or numbers[1] < 2 or numbers[0] == 0 or numbers[1] != int(numbers[1]):
        return None
    return number_text(Decimal(repr(abs(float(numbers[0])) / (int(numbers[1]) - 1))))


@_function
def seconds_text(texts: Sequence[str]) -> str | None:
    """Return the seconds in a text such as ``0.25``, ``0.25 s`` or ``250 ms``."""
    match = re.fullmatch(rf"({_PLAIN}(?:[eE][-+]?\d+)?)\s*(ms|s|)", texts[0].strip())
    number = None if match is None else _decimal(match[1].replace(",", "."))
    if match is None or number is None:
        return None
    return number_text(number / 1000 if match[2] == "ms" else number)


@_expander
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


@_expander
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
