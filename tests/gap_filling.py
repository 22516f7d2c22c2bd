"""Fills gap sheets in as a person would: from the columns that people see, never from the key."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from nbo_extract.gap_sheet import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_RANGE = re.compile(r"number(?: (>|≥|≤|from|above) ([\d.e+-]+)(?: (?:to|up to) ([\d.e+-]+))?)?")


def number(allowed: str) -> str:
    """Return a number in the range that the words give."""
    found = _RANGE.search(allowed)
    assert found is not None, allowed
    sign, first, second = found.groups()
    least = float(first) if first and sign != "≤" else 0.0
    if second is not None:
        most = float(second)
        return f"{most:g}"
    value = float(first) if sign == "≤" else least + 1
    return f"{value:g}"


def value(allowed: str) -> str:
    """Return a value that the words allow."""
    text = allowed
    if text.startswith("only if "):
        text = text.partition(": ")[2]
    if text.startswith("one of: "):
        return text.removeprefix("one of: ").split(" | ")[0]
    if text.startswith("yes"):
        return "yes"
    if text == "true / false":
        return "true"
    if text.startswith("date and time"):
        return "2024-03-31T12:00:00"
    if text.startswith("date"):
        return "2024-03-31"
    if "number" in text.split(";")[0]:
        return number(text.split(";")[0])
    if "URI" in text:
        return "http://example.org/a"
    if text.startswith("hexadecimal"):
        return "ab" * 20
    if text.startswith("base64"):
        return "AAAA"
    return "as the label on it says"


def unit(allowed: str) -> str:
    """Return a unit that the words ask for; NBO's own stands in its column."""
    return allowed.partition("; with its unit, one of: ")[2].split(" | ")[0]


def filled(rows: list[dict[str, str]], *, blind: bool = False) -> list[str]:
    """Return a value for each row; honest fillers answer only rows of the kinds that they chose."""
    answers: list[str] = []
    # A choice may be asked of more images than a row that depends on it.
    chosen: list[tuple[str, str, set[str], str, str]] = []
    for row in rows:
        place, images = (row["Microscope"], row["Channel"]), set(row["Images"].split("; "))
        allowed = row["Allowed"]
        field = row["Field"].removesuffix(" (which kind)")
        condition = re.match(r"only if (.*?) is (\S+): ", allowed)
        answer = value(allowed)
        if condition is not None and not blind:
            said = [kind for *at, of, name, kind in chosen if at == [*place] and name == condition[1] and images <= of]
            if not said or said[-1] != condition[2]:
                # A kind of what does not exist: its rows do not apply.
                answer = ""
        if row["Field"] != field:
            chosen.append((*place, images, field, answer))
        answers.append(answer)
    return answers


def fill_csv(path: Path, *, blind: bool = False, change: Callable[[list[dict[str, str]]], None] | None = None) -> None:
    """Fill a CSV in."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for row, answer in zip(rows, filled(rows, blind=blind), strict=True):
        row["Value"] = answer
        row["Unit"] = row["Unit"] or unit(row["Allowed"]) if answer else row["Unit"]
    if change is not None:
        change(rows)
    write_csv(path, rows)


def write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows as a spreadsheet program does."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(b"\xef\xbb\xbf" + stream.getvalue().encode())


def fill_xlsx(path: Path, *, blind: bool = False, change: Callable[[Any], None] | None = None) -> None:
    """Fill a workbook in, numbers as numbers."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    sheet = book["Gaps"]
    rows = [
        {name: str(cell.value) if cell.value is not None else "" for name, cell in zip(COLUMNS, line, strict=True)}
        for line in sheet.iter_rows(min_row=2)
    ]
    for place, (row, answer) in enumerate(zip(rows, filled(rows, blind=blind), strict=True), 2):
        if not answer:
            continue
        allowed = row["Allowed"].partition(": ")[2] if row["Allowed"].startswith("only if ") else row["Allowed"]
        typed: Any = answer
        if allowed.startswith(("number", "whole number")) and ";" not in allowed:
            typed = float(answer)
        elif allowed == "true / false":
            typed = answer == "true"
        sheet[f"F{place}"] = typed
        if not row["Unit"] and unit(row["Allowed"]):
            sheet[f"G{place}"] = unit(row["Allowed"])
    if change is not None:
        change(book)
    book.save(path)
