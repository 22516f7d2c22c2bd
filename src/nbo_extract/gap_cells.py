"""The cells of a filled gap sheet, from a workbook or CSV, as texts; what cannot be one is refused."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import HardwareError
from nbo_extract.gap_sheet import COLUMNS, FILES, GAPS, unguarded
from nbo_extract.values import number_text

if TYPE_CHECKING:
    from pathlib import Path

#: Far above any sheet that a person fills in.
MAX_BYTES = 64 << 20
_MAX_UNPACKED = 512 << 20
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENDINGS = (".xlsx", ".csv")


@dataclass(slots=True)
class Cells:
    """What a sheet says.

    Attributes
    ----------
    rows : list of (int, dict of str to str)
        Number of the row and its cells by column.
    sets : dict of str to (str, tuple of str)
        Of a workbook: ID of a list of files to what the column Images calls it, and the files.
    problems : list of (str, str)
        Addresses of cells that hold nothing readable, and why.
    """

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    sets: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)


def address(column: str, row: int) -> str:
    """Return the address of a cell, such as ``F12``."""
    return f"{chr(ord('A') + COLUMNS.index(column))}{row}"


def read_cells(path: Path, data: bytes) -> Cells:
    """Return the cells of a sheet.

    Raises
    ------
    HardwareError
        If the file is no gap sheet.
    """
    if data.startswith(_OLE2):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise HardwareError(f"{path}: the workbook is protected by a password; save it without one")
        raise HardwareError(f"{path}: this is a workbook of old Excel (.xls); save it as .xlsx")
    if not data.strip():
        raise HardwareError(f"{path}: the file is empty; write it anew with nbo-extract gaps")
    if path.suffix.lower() == ".csv" and not data.startswith(b"PK"):
        return _csv(path, data)
    return _xlsx(path, data)


def _check_header(path: Path, header: list[str]) -> None:
    while header and not header[-1]:
        header.pop()
    if header == list(COLUMNS):
        return
    missing = [c for c in COLUMNS if c not in header]
    unknown = [h for h in header if h not in COLUMNS]
    twice = [c for c in COLUMNS if header.count(c) > 1]
    if missing:
        what = f"the column {missing[0]} is missing"
        if unknown:
            what += f", and {unknown[0]!r} is none of a gap sheet"
    elif unknown or twice:
        what = f"the column {unknown[0] if unknown else twice[0]!r} is one too many"
    else:
        what = "the columns stand in another order"
    raise HardwareError(f"{path}: the header was changed: {what}; put row 1 back as nbo-extract gaps wrote it")


# -- CSV --------------------------------------------------------------------------------------------------------------


def _csv(path: Path, data: bytes) -> Cells:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HardwareError(f"{path}: the file is not in UTF-8; save it as 'CSV UTF-8'") from None
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    cells = Cells()
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise HardwareError(f"{path}: the CSV is damaged ({error}); save it anew as 'CSV UTF-8'") from None
    _check_header(path, [unguarded(c).strip() for c in lines[0]])
    for number, line in enumerate(lines[1:], 2):
        row = dict(zip(COLUMNS, (unguarded(c) for c in line), strict=False))
        if len(line) > len(COLUMNS) and any(c.strip() for c in line[len(COLUMNS) :]):
            cells.problems.append((address("Key", number), "there is text behind the last column"))
        _take(cells, number, row)
    return cells


def _take(cells: Cells, number: int, row: dict[str, str]) -> None:
    if any(text.strip() for text in row.values()):
        cells.rows.append((number, {name: row.get(name, "") for name in COLUMNS}))


# -- XLSX -------------------------------------------------------------------------------------------------------------


def _xlsx(path: Path, data: bytes) -> Cells:
    books = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(e.file_size for e in packed.infolist()) > _MAX_UNPACKED:
                raise HardwareError(f"{path}: the workbook is larger than a gap sheet can be; write it anew")
        for values in (False, True):
            books.append(_load(data, values))
    except HardwareError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part makes it stumble over
        text = " ".join(str(error).split())
        raise HardwareError(f"{path}: this is no workbook (.xlsx) that can be read ({text}); save it anew") from None
    formulas, cached = books
    for name in (GAPS, FILES):
        if name not in formulas.sheetnames:
            raise HardwareError(f"{path}: the sheet {name} is missing; write the workbook anew with nbo-extract gaps")
    place, values = formulas[GAPS], cached[GAPS]
    if place.merged_cells.ranges:
        merged = ", ".join(sorted(str(r) for r in place.merged_cells.ranges))
        raise HardwareError(f"{path}: the cells {merged} are merged; unmerge them, each row is one fact")
    cells = Cells()
    _check_header(path, [_shown(c.value) for c in place[1]] if place.max_row else [])
    for number in range(2, place.max_row + 1):
        row: dict[str, str] = {}
        for column, name in enumerate(COLUMNS, 1):
            try:
                row[name] = _text(place.cell(number, column), values.cell(number, column).value)
            except ValueError as error:
                cells.problems.append((address(name, number), str(error)))
        _take(cells, number, row)
    _sets(path, formulas[FILES], cells)
    return cells


def _load(data: bytes, values: bool) -> Any:
    import warnings

    import openpyxl

    with warnings.catch_warnings():
        # Extensions of Excel that openpyxl drops are of no use here.
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def _text(cell: Any, cached: object) -> str:
    """Return a cell as text; of a formula, the value that Excel computed.

    Raises
    ------
    ValueError
        If there is none.
    """
    value = cell.value
    if cell.data_type == "f":
        value = cached
        if value is None:
            raise ValueError("there is a formula without a value; write the value itself")
    if cell.data_type == "e" or (isinstance(value, str) and cell.data_type == "f" and value.startswith("#")):
        raise ValueError(f"there is the error {value}; write the value itself")
    return _shown(value)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        from decimal import Decimal

        # The shortest text of the double that Excel holds: what a person typed.
        number = Decimal(repr(value))
        return number_text(number) if number.is_finite() else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (datetime.time, datetime.timedelta)):
        raise ValueError("there is a time of day; write the value as text")
    return str(value)


def _sets(path: Path, place: Any, cells: Cells) -> None:
    found: dict[str, tuple[str, list[str]]] = {}
    for row in place.iter_rows(min_row=2, max_col=3, values_only=True):
        if any(v is not None for v in row):
            name, label, file = (_shown(v) for v in (*row, None, None, None)[:3])
            found.setdefault(name, (label, []))[1].append(file)
    cells.sets = {name: (label, tuple(files)) for name, (label, files) in found.items()}
