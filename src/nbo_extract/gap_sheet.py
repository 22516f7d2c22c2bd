"""The gap sheet: questions as a workbook or CSV that people fill in. The same questions give the same bytes."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.gap_rows import GapSheet, Question, Row

COLUMNS = (
    "Microscope",
    "Images",
    "Channel",
    "Part",
    "Field",
    "Value",
    "Unit",
    "Allowed",
    "Tier",
    "Level",
    "Extension",
    "Usually found in",
    "Key",
)
EVERYWHERE = "all images of the microscope"
GAPS, FILES, LISTS, README = "Gaps", "Files", "Lists", "Read me"
SEPARATOR = "; "
#: What Excel takes for the start of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: A cell of Excel holds no more characters.
CELL = 32_767
_SHORT = 120
_DAY = datetime.datetime(2000, 1, 1)
_WIDTHS = (22, 28, 14, 34, 24, 26, 9, 44, 6, 8, 11, 20, 12)
_TEXT = (
    "What these images still miss, each fact once. Fill in the column Value; leave empty what you do not know.",
    "Unit: NBO's own is filled in; choose another where your value has one.",
    "Allowed says what a value has to be. Cells with a list offer NBO's values.",
    "Rows 'which kind' come first: choose a kind, then fill in the rows that say 'only if'. Leave the others empty.",
    "Images says which files a row is about. To answer differently for some of them, copy the row and write their "
    "names into its cell Images, with semicolons between them; * stands for anything in the names that stood there.",
    "A part that only its ID names is asked about for the files in its cell Images alone: in another file the ID may "
    "be of another part.",
    "Rows may be sorted, filtered, copied and deleted. Do not change the other columns: each Key belongs to its row.",
    "Then: nbo-extract PATH... --hardware gaps.xlsx, together with the --hardware that nbo-extract gaps was given.",
)


def set_id(files: Iterable[str]) -> str:
    """Return what stands for a list of files in a key."""
    return hashlib.sha256("\n".join(files).encode()).hexdigest()[:8]


def checksum(visible: Sequence[str], key: dict[str, Any]) -> str:
    """Return what ties a key to the columns that people see."""
    text = json.dumps([list(visible), {k: v for k, v in key.items() if k != "sum"}], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def tied(microscope: str, channel: str, part: str, field: str) -> list[str]:
    """Return the columns that a key belongs to, as they are compared."""
    return [" ".join(text.split()) for text in (microscope, channel, part, field)]


def key_of(row: Row) -> str:
    """Return the machine address of a row."""
    question = row.question
    key: dict[str, Any] = {"at": question.path}
    if question.conditions:
        key["if"] = [list(c) for c in question.conditions]
    if question.label:
        key["which"] = question.label
    if any(shown != value for shown, value in question.choices) or question.choices == (("yes", "yes"),):
        key["of"] = [list(c) for c in question.choices]
    if question.planes:
        key["planes"] = question.planes
    if question.scope:
        key["scope"] = question.scope
    if not question.everywhere:
        key["files"] = set_id(row.files)
    shown = tied(question.microscope, question.group, question.part, question.field)
    key["sum"] = checksum(shown, key)
    return json.dumps(key, ensure_ascii=True, separators=(",", ":"))


def _images(row: Row, labels: dict[tuple[str, ...], str]) -> str:
    return EVERYWHERE if row.question.everywhere else labels[row.files]


def _labels(rows: Iterable[Row], short: bool) -> dict[tuple[str, ...], str]:
    """Return what stands in the column Images for each list of files."""
    found: dict[tuple[str, ...], str] = {}
    for row in rows:
        if row.question.everywhere or row.files in found:
            continue
        text = SEPARATOR.join(row.files)
        if short and len(text) > _SHORT and len(row.files) > 1:
            text = f"Set {len(found) + 1} ({len(row.files)} images)"
        found[row.files] = text
    return found


def _allowed(question: Question, fields: dict[str, str]) -> str:
    if not question.conditions:
        return question.allowed
    label, kind = question.conditions[-1]
    return f"only if {fields.get(label, 'the kind').removesuffix(' (which kind)')} is {kind}: {question.allowed}"


def table_of(sheet: GapSheet, *, short: bool) -> tuple[list[list[str]], dict[tuple[str, ...], str]]:
    """Return the rows of the sheet as texts, and what the column Images says of each list of files."""
    labels = _labels(sheet.rows, short)
    fields = {r.question.label: r.question.field for r in sheet.rows if r.question.label}
    found = []
    for row in sheet.rows:
        q = row.question
        cells = [
            q.microscope,
            _images(row, labels),
            q.group,
            q.part,
            q.field,
            "",
            q.unit,
            _allowed(q, fields),
        ]
        cells += [str(q.tier), q.level.upper(), q.extension, q.found, key_of(row)]
        found.append(cells)
    return found, labels


# -- CSV --------------------------------------------------------------------------------------------------------------


def guarded(text: str) -> str:
    """Return a text as a cell of a CSV that Excel does not take for a formula."""
    return f"'{text}" if text.startswith(FORMULA) or text.startswith("'") else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith((*FORMULA, "'")) else text


def to_csv(sheet: GapSheet) -> bytes:
    """Return the sheet as CSV: UTF-8 with a byte order mark, which Excel wants.

    Raises
    ------
    WriteError
        If a cell would be longer than Excel takes.
    """
    rows, _ = table_of(sheet, short=False)
    if any(len(cell) > CELL for row in rows for cell in row):
        raise WriteError("the gap sheet: names of so many images do not fit into a cell of CSV; write .xlsx instead")
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + stream.getvalue().encode()


# -- XLSX -------------------------------------------------------------------------------------------------------------


def to_xlsx(sheet: GapSheet) -> bytes:
    """Return the sheet as a workbook with lists, units and validation in its cells."""
    from openpyxl import Workbook

    rows, labels = table_of(sheet, short=True)
    book = Workbook()
    _gaps(book.active, sheet, rows)
    _files(book.create_sheet(FILES), labels)
    readme = book.create_sheet(README)
    for number, text in enumerate(_TEXT, 1):
        _write(readme, number, 1, text)
    readme.column_dimensions["A"].width = 120
    _validate(book, sheet)
    book.properties.creator = "nbo-extract"
    book.properties.created = book.properties.modified = _DAY
    stream = io.BytesIO()
    book.save(stream)
    return _settled(stream.getvalue())


def _write(place: Any, row: int, column: int, text: str | int) -> Any:
    cell = place.cell(row, column, text)
    if isinstance(text, str):
        # A name may start like a formula; it is none.
        cell.data_type = "s"
    return cell


def _gaps(place: Any, sheet: GapSheet, rows: Sequence[Sequence[str]]) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
    from openpyxl.utils import get_column_letter

    place.title = GAPS
    head, fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", fgColor="305496")
    answer, grey = PatternFill("solid", fgColor="FFF9DB"), Font(color="7F7F7F")
    line = Border(top=Side("thin", color="305496"))
    for column, name in enumerate(COLUMNS, 1):
        cell = _write(place, 1, column, name)
        cell.font, cell.fill = head, fill
        place.column_dimensions[get_column_letter(column)].width = _WIDTHS[column - 1]
    group: tuple[str, ...] = ()
    formats = {"date": "yyyy-mm-dd", "number": "General", "whole number": "General"}
    for number, (row, cells) in enumerate(zip(sheet.rows, rows, strict=True), 2):
        mine = (row.question.section, *cells[:4])
        for column, text in enumerate(cells, 1):
            name = COLUMNS[column - 1]
            cell = _write(place, number, column, int(text) if name == "Tier" else text)
            if mine != group:
                cell.border = line
            if name in ("Value", "Unit", "Images"):
                cell.protection = Protection(locked=False)
            if name == "Value":
                cell.value, cell.fill = None, answer
                cell.number_format = formats.get(row.question.type, "@")
            elif row.question.conditions or name == "Key":
                cell.font = grey
            if name == "Allowed":
                cell.alignment = Alignment(vertical="top", shrink_to_fit=False)
        group = mine
    place.freeze_panes = "A2"
    place.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{len(rows) + 1}"


def _files(place: Any, labels: dict[tuple[str, ...], str]) -> None:
    from openpyxl.styles import Font

    for column, name in enumerate(("Set", "Images", "File"), 1):
        _write(place, 1, column, name).font = Font(bold=True)
    number = 1
    for files, label in labels.items():
        for file in files:
            number += 1
            for column, text in enumerate((set_id(files), label, file), 1):
                _write(place, number, column, text)
    for letter, width in (("A", 12), ("B", 40), ("C", 60)):
        place.column_dimensions[letter].width = width
    place.freeze_panes = "A2"


def _validate(book: Any, sheet: GapSheet) -> None:
    """Put lists and limits into the cells; the lists stand in a hidden sheet, since few fit into a cell."""
    from openpyxl.utils import get_column_letter

    lists: dict[tuple[str, ...], str] = {}
    hidden = book.create_sheet(LISTS)
    hidden.sheet_state = "hidden"

    def reference(values: tuple[str, ...]) -> str:
        if values not in lists:
            letter = get_column_letter(len(lists) + 1)
            for number, value in enumerate(values, 1):
                _write(hidden, number, len(lists) + 1, value)
            lists[values] = f"{LISTS}!${letter}$1:${letter}${len(values)}"
        return lists[values]

    found: dict[tuple[Any, ...], list[str]] = {}
    for number, row in enumerate(sheet.rows, 2):
        q = row.question
        if q.choices:
            found.setdefault(("list", reference(tuple(shown for shown, _ in q.choices))), []).append(f"F{number}")
        elif q.type in ("number", "whole number", "date"):
            found.setdefault((q.type, q.least, q.most, q.allowed), []).append(f"F{number}")
        if q.units:
            found.setdefault(("list", reference(q.units)), []).append(f"G{number}")
    place = book[GAPS]
    for rule, cells in found.items():
        validation = _validation(rule)
        for cell in cells:
            validation.add(cell)
        place.add_data_validation(validation)


def _validation(rule: tuple[Any, ...]) -> Any:
    from openpyxl.worksheet.datavalidation import DataValidation

    if rule[0] == "list":
        made = DataValidation("list", formula1=rule[1], allow_blank=True)
        made.error = "Choose one of the list."
    elif rule[0] == "date":
        made = DataValidation("date", operator="greaterThan", formula1="1", allow_blank=True)
        made.error = "A date, such as 2024-03-31."
    else:
        _, least, most, allowed = rule
        whole = rule[0] == "whole number"
        bound = "999999999999999" if whole else "1E+300"
        made = DataValidation(
            "whole" if whole else "decimal",
            # What has to be above a number may not be that number.
            operator="greaterThan" if " > " in allowed and most is None else "between",
            formula1=f"{least:g}" if least is not None else f"-{bound}",
            allow_blank=True,
        )
        if made.operator == "between":
            made.formula2 = f"{most:g}" if most is not None else bound
        made.error = f"A {allowed}."
    made.errorTitle, made.showErrorMessage = "Not allowed", True
    return made


def _settled(data: bytes) -> bytes:
    """Return a workbook without the time of its making: entries and properties have a fixed date."""
    import re

    stamp = f"{_DAY.isoformat()}Z".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return out.getvalue()
