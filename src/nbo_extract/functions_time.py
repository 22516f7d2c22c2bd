"""Named functions about dates and times; see `nbo_extract.functions`."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from nbo_extract.functions_registry import FUNCTIONS, PLAIN, decimal, function
from nbo_extract.values import number_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.functions_registry import Function


@function
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


@function
def seconds_between(texts: Sequence[str]) -> str | None:
    """Return the seconds from the second ISO 8601 time to the first, exact to the last digit written.

    Both may be plain seconds of one clock. The second text may state several origins with blanks between them: the
    first of the same kind counts.
    """
    number = decimal(texts[0])
    origins = texts[1].split()
    if number is not None:
        first = next((n for n in map(decimal, origins) if n is not None), None)
        return None if first is None else number_text(number - first)
    end = _time(texts[0])
    origin, start = next(((o, t) for o in origins if (t := _time(o)) is not None), ("", None))
    if end is None or start is None or (end.tzinfo is None) != (start.tzinfo is None):
        return None
    whole = Decimal(round((end - start).total_seconds()))
    return number_text(whole + _fraction(texts[0]) - _fraction(origin))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIX_EPOCH = Decimal("2440587.5")


def _julian_date(text: str) -> datetime.date | None:
    number = decimal(text)
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


@function
def julian_day_date(texts: Sequence[str]) -> str | None:
    """Return the date, in universal time, of a Julian day with fraction; before 1970 it is no time of an image."""
    date = _julian_date(texts[0])
    return None if date is None else date.isoformat()


@function
def date_at_julian_day(texts: Sequence[str]) -> str | None:
    """Return the date that a text in some country's form writes, which of its readings told by a Julian day.

    The text is local time and the day universal time, so they may differ by a day.
    """
    day = _julian_date(texts[1])
    if day is None:
        return None
    near = [date for date in _dates_written(texts[0]) if abs((date - day).days) <= 1]
    return near[0].isoformat() if len(near) == 1 else None


@function
def date_written(texts: Sequence[str]) -> str | None:
    """Return the date that a text writes in some country's form, where it has one reading only."""
    dates = _dates_written(texts[0])
    return dates[0].isoformat() if len(dates) == 1 else None


_MILLISECONDS = {"": 1, "ms": 1, "s": 1000, "sec": 1000, "min": 60_000}


@function
def duration_in_ms(texts: Sequence[str]) -> str | None:
    """Return a duration such as ``100 ms``, ``1 s`` or ``1 min`` in milliseconds, which a bare number already is."""
    match = re.fullmatch(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*([a-z]*)\s*", texts[0])
    if match is None or match[2] not in _MILLISECONDS:
        return None
    return number_text(Decimal(match[1].replace(",", ".")) * _MILLISECONDS[match[2]])


@function
def ole_date(texts: Sequence[str]) -> str | None:
    """Return the date of a time in days since 1899-12-30; before 1980 it is a placeholder."""
    days = decimal(texts[0])
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


@function
def ctime_date(texts: Sequence[str]) -> str | None:
    """Return the date of a time such as ``Tue Mar 13 10:45:57 2001``, as C and Unix write it."""
    match = re.match(r"\s*(?:[A-Za-z]{3}\s+)?([A-Za-z]{3})\s+(\d{1,2})\s+\d{1,2}:\d{2}:\d{2}\s+(\d{4})\b", texts[0])
    if match is None or match[1].lower() not in _MONTHS:
        return None
    try:
        return datetime.date(int(match[3]), _MONTHS.index(match[1].lower()) + 1, int(match[2])).isoformat()
    except ValueError:
        return None


def _filetime(text: str) -> int | None:
    """Return the 100 ns since 1601 that a hexadecimal FILETIME states; before 1980 it is a placeholder."""
    try:
        ticks = int(text.strip(), 16)
    except ValueError:
        return None
    return ticks if 119_600_064_000_000_000 <= ticks < 1 << 60 else None


@function
def filetime_date(texts: Sequence[str]) -> str | None:
    """Return the date, in UTC, of a Windows FILETIME in hexadecimal."""
    ticks = _filetime(texts[0])
    if ticks is None:
        return None
    return (datetime.date(1601, 1, 1) + datetime.timedelta(days=ticks // 864_000_000_000)).isoformat()


@function
def filetime_seconds(texts: Sequence[str]) -> str | None:
    """Return the seconds from the second Windows FILETIME to the first, both in hexadecimal; exact."""
    end, start = (_filetime(t) for t in texts[:2])
    return None if end is None or start is None else number_text(Decimal(end - start) / 10_000_000)


@function
def seconds_text(texts: Sequence[str]) -> str | None:
    """Return the seconds in a text such as ``0.25``, ``0.25 s`` or ``250 ms``."""
    match = re.fullmatch(rf"({PLAIN}(?:[eE][-+]?\d+)?)\s*(ms|s|)", texts[0].strip())
    number = None if match is None else decimal(match[1].replace(",", "."))
    if match is None or number is None:
        return None
    return number_text(number / 1000 if match[2] == "ms" else number)
