"""Filled sheets: typed values arrive exactly, wrong entries are refused by their cells, and then nothing is used."""

from __future__ import annotations

import csv
import datetime
import io
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gap_filling import fill_csv, write_csv
from nbo_extract.completing import complete
from nbo_extract.errors import HardwareError
from nbo_extract.gap_sheet import to_csv, to_xlsx
from nbo_extract.gap_sheet_read import read_sheet
from nbo_extract.model import Fact
from nbo_extract.statements import Scope
from test_gap_sheet import document, sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbo_extract.statements import Statement, StatementSet

FILES = ("/data/one/a.czi", "/data/one/b.czi", "/data/one/c.czi")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Write a workbook about three images."""
    path = tmp_path / "gaps.xlsx"
    path.write_bytes(to_xlsx(sheet(*(document(f) for f in FILES), tier=1)))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write a CSV about three images."""
    path = tmp_path / "gaps.csv"
    path.write_bytes(to_csv(sheet(*(document(f) for f in FILES), tier=1)))
    return path


def lines(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def row_of(path: Path, part: str, field: str) -> int:
    """Return the number of a row, by what people see of it."""
    if path.suffix == ".csv":
        found = [(r["Part"], r["Field"]) for r in lines(path)]
    else:
        place = openpyxl.load_workbook(path)["Gaps"]
        found = [(str(r[3]), str(r[4])) for r in place.iter_rows(min_row=2, values_only=True)]
    return found.index((part, field)) + 2


def put(path: Path, part: str, field: str, value: object, **more: object) -> str:
    """Type a value into a workbook, and return the address of its cell."""
    made = openpyxl.load_workbook(path)
    address = f"F{row_of(path, part, field)}"
    made["Gaps"][address].value = value
    for name, text in more.items():
        made["Gaps"][f"{name}{address[1:]}"].value = text
    made.save(path)
    return address


def edit(path: Path, change: Callable[[Any], None]) -> None:
    made = openpyxl.load_workbook(path)
    change(made)
    made.save(path)


def only(found: StatementSet) -> Statement:
    [statement] = found.statements
    return statement


def refused(path: Path) -> str:
    with pytest.raises(HardwareError) as error:
        read_sheet(path)
    return error.value.message.replace(str(path), path.name)


LENS = "Objective '63x'"


@pytest.mark.parametrize(
    ("part", "field", "typed", "fact"),
    [
        (LENS, "LensNA", 1.4, Fact("1.4")),
        (LENS, "LensNA", 37.0, Fact("37")),
        (LENS, "LensNA", 1, Fact("1")),
        (LENS, "LensNA", 0.1, Fact("0.1")),
        (LENS, "LensNA", 1234567.125, Fact("1234567.125")),
        (LENS, "LensNA", " 1.40 ", Fact("1.4")),
        (LENS, "LensNA", "1e-3", Fact("0.001")),
        (LENS, "CatalogNumber", 420782, Fact("420782")),
        (LENS, "CatalogNumber", "000123", Fact("000123")),
        (LENS, "CatalogNumber", 4.0e5, Fact("400000")),
        (LENS, "CatalogNumber", datetime.datetime(2024, 3, 31), Fact("2024-03-31")),
        (LENS, "CatalogNumber", datetime.date(2024, 3, 31), Fact("2024-03-31")),
        (LENS, "CatalogNumber", datetime.datetime(2024, 3, 31, 12, 30), Fact("2024-03-31T12:30:00")),
        (LENS, "InfinityCorrected", True, Fact("true")),
        (LENS, "InfinityCorrected", "FALSE", Fact("false")),
        (LENS, "Correction", "planapochromat", Fact("PlanApochromat")),
        ("Pixels", "PhysicalSizeX", 0.1, Fact("0.1", "µm")),
    ],
)
def test_what_excel_types_arrives_exactly(book: Path, part: str, field: str, typed: object, fact: Fact) -> None:
    cell = put(book, part, field, typed)
    statement = only(read_sheet(book))
    assert statement.fact == fact
    assert statement.fact.source is not None
    assert (statement.fact.source.kind, statement.fact.source.file, statement.fact.source.path) == (
        "user",
        "gaps.xlsx",
        cell,
    )


def test_units_of_the_same_kind_are_taken_as_they_are(book: Path) -> None:
    put(book, "Pixels", "PhysicalSizeX", 100, G="nm")
    assert only(read_sheet(book)).fact == Fact("100", "nm")


def test_a_cleared_unit_is_the_default(book: Path) -> None:
    put(book, "Pixels", "PhysicalSizeX", 100, G=None)
    assert only(read_sheet(book)).fact == Fact("100", "µm")


def test_scopes(book: Path) -> None:
    put(book, LENS, "LensNA", 1.4)
    assert only(read_sheet(book)).scope == Scope((), "Axio")
    put(book, LENS, "LensNA", None)
    put(book, "Pixels", "DimensionOrder", "XYZCT")
    assert only(read_sheet(book)).scope == Scope(("a.czi", "b.czi", "c.czi"), "Axio")


def test_a_row_is_split_by_copying_it(table: Path) -> None:
    made = lines(table)
    number = row_of(table, "Pixels", "DimensionOrder") - 2
    made[number]["Value"] = "XYZCT"
    made[number]["Images"] = "a.czi; b*"
    made.append({**made[number], "Value": "XYCZT", "Images": "c.czi"})
    write_csv(table, made)
    found = {s.fact.value: s.scope.files for s in read_sheet(table).statements}
    assert found == {"XYZCT": ("a.czi", "b.czi"), "XYCZT": ("c.czi",)}


def test_rows_may_be_sorted_and_deleted(table: Path) -> None:
    fill_csv(table)
    whole = read_sheet(table)
    made = lines(table)
    write_csv(table, [*reversed(made[5:]), {}])
    part = read_sheet(table)

    def said(found: StatementSet) -> set[tuple[str, str, Scope]]:
        return {(s.path, s.fact.value, s.scope) for s in found.statements}

    assert said(part) < said(whole)
    assert len(part.statements) == len(whole.statements) - 5


def test_semicolons_and_tabs_between_columns_are_read(table: Path) -> None:
    fill_csv(table)
    said = [(s.path, s.fact.value) for s in read_sheet(table).statements]
    made = lines(table)
    for delimiter in ";\t":
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, made[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(made)
        table.write_bytes(stream.getvalue().encode())
        assert [(s.path, s.fact.value) for s in read_sheet(table).statements] == said


def test_what_is_read_travels_between_processes(book: Path) -> None:
    put(book, LENS, "LensNA", 1.4)
    found = read_sheet(book)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_a_sheet_of_another_microscope_says_so(book: Path) -> None:
    put(book, LENS, "LensNA", 1.4)
    after = complete(document("/data/one/z.czi", stand="Eclipse"), read_sheet(book))
    assert [(f.code, f.message) for f in after.findings] == [
        ("NBO332", "gaps.xlsx is of other images or another microscope: none of its rows is about this file")
    ]


def test_a_kind_and_the_reference_to_it(book: Path) -> None:
    put(book, "Instrument", "LightSource (which kind)", "Laser")
    put(book, "new Laser", "Pulse", False)
    put(book, "LightSourceSettings", "LightSource (which one)", "the new LightSource")
    after = complete(document(FILES[0]), read_sheet(book))
    [laser] = after.instruments[0].all("Laser")
    assert laser.get("Pulse") == "false"
    assert [n.id for n in after.root.walk() if n.name == "LightSourceSettings"] == [laser.id]


def test_kinds_are_chosen_for_the_files_that_a_row_names(table: Path) -> None:
    made = lines(table)
    kind = next(r for r in made if r["Field"] == "LightSource (which kind)")
    arc = next(r for r in made if (r["Part"], r["Field"]) == ("new Arc", "Model"))
    kind["Images"], kind["Value"], arc["Value"] = "a.czi", "Arc", "HBO 100"
    made.append({**kind, "Images": "b.czi", "Value": "Laser"})
    write_csv(table, made)
    found = read_sheet(table)
    model = next(s for s in found.statements if s.attribute == "Model")
    assert model.scope.files == ("a.czi",)
    for file, kinds in (("a", ["Arc"]), ("b", ["Laser"]), ("c", [])):
        after = complete(document(f"/data/one/{file}.czi"), found)
        assert [n.name for n in after.instruments[0].children if n.name in ("Arc", "Laser")] == kinds


def test_a_row_of_a_kind_that_was_not_chosen(book: Path) -> None:
    cell = put(book, "new Laser", "Pulse", False)
    found = read_sheet(book)
    assert found.statements == ()
    [(scope, finding)] = found.left_out
    assert scope.files == ("a.czi", "b.czi", "c.czi")
    assert finding.message == (
        f"gaps.xlsx {cell}: Pulse of new Laser is for LightSource Laser alone, and which kind it is was not said; "
        "it is left out"
    )


# -- wrong entries ----------------------------------------------------------------------------------------------------

HEAD = "gaps.xlsx: 1 entry cannot be used: "
TAIL = "; correct them and run again"
WRONG: list[tuple[str, str, object, dict[str, object], str]] = [
    (LENS, "LensNA", "1,4", {}, "(LensNA of Objective '63x'): LensNA '1,4' has a comma; write the number with a point"),
    (LENS, "LensNA", "high", {}, "(LensNA of Objective '63x'): LensNA 'high' is not a number"),
    (
        LENS,
        "LensNA",
        datetime.datetime(2024, 4, 1),
        {},
        "(LensNA of Objective '63x'): LensNA '2024-04-01' is not a number",
    ),
    (LENS, "LensNA", True, {}, "(LensNA of Objective '63x'): LensNA 'true' is not a number"),
    (LENS, "LensNA", 1.4, {"G": "mm"}, "(LensNA of Objective '63x'): LensNA has no unit in NBO, and 'mm' is given"),
    ("Pixels", "PhysicalSizeX", 0, {}, "(PhysicalSizeX of Pixels): PhysicalSizeX '0' is not above 0"),
    (
        "Pixels",
        "PhysicalSizeX",
        1,
        {"G": "mW"},
        "(PhysicalSizeX of Pixels): PhysicalSizeX is given in 'mW', a unit of power, not of length",
    ),
    (
        "Pixels",
        "DimensionOrder",
        "XY",
        {},
        "(DimensionOrder of Pixels): DimensionOrder 'XY' is not among NBO's values for PixelsDimensionOrder; NBO "
        "allows XYZCT, XYZTC, XYCTZ, XYCZT, XYTCZ, XYTZC",
    ),
    (
        LENS,
        "InfinityCorrected",
        "yes",
        {},
        "(InfinityCorrected of Objective '63x'): InfinityCorrected 'yes' is neither true nor false",
    ),
    (
        "Instrument",
        "LightSource (which kind)",
        "Candle",
        {},
        "(LightSource (which kind) of Instrument): 'Candle' is not among the values allowed, Arc, "
        "GenericExcitationSource, Filament, Laser, LightEmittingDiode, MultiLaserEngine",
    ),
    (
        "CameraSettings",
        "Camera (which one)",
        "Zyla",
        {},
        "(Camera (which one) of CameraSettings): 'Zyla' is not among the values allowed, Axiocam 506 · CCD",
    ),
]


@pytest.mark.parametrize(("part", "field", "typed", "more", "why"), WRONG)
def test_a_wrong_entry_is_told_by_its_cell(
    book: Path, part: str, field: str, typed: object, more: dict[str, object], why: str
) -> None:
    cell = put(book, part, field, typed, **more)
    assert refused(book) == f"{HEAD}{cell} {why}{TAIL}"


def test_all_wrong_entries_are_told_at_once(book: Path) -> None:
    first = put(book, LENS, "LensNA", "1,4")
    second = put(book, "Pixels", "PhysicalSizeX", -1)
    put(book, LENS, "Magnification", 63)
    assert refused(book) == (
        f"gaps.xlsx: 2 entries cannot be used: {first} (LensNA of Objective '63x'): LensNA '1,4' has a comma; write "
        f"the number with a point; {second} (PhysicalSizeX of Pixels): PhysicalSizeX '-1' is not above 0{TAIL}"
    )


def test_very_many_wrong_entries_are_told_in_part(table: Path) -> None:
    made = lines(table)
    for row in made:
        row["Value"] = "1,5"
        row["Key"] = "{}"
    write_csv(table, made)
    message = refused(table)
    assert message.startswith(f"gaps.csv: {len(made)} entries cannot be used: M2: the key was altered; ")
    assert message.endswith(f"; and {len(made) - 20} more{TAIL}")


def test_a_time_of_day_and_an_error_of_excel(book: Path) -> None:
    first = put(book, LENS, "LensNA", datetime.time(1, 4))
    second = put(book, LENS, "Magnification", "#DIV/0!")
    edit(book, lambda b: setattr(b["Gaps"][second], "data_type", "e"))
    order = sorted((first, second), key=lambda c: int(c[1:]))
    told = {
        first: f"{first}: there is a time of day; write the value as text",
        second: f"{second}: there is the error #DIV/0!; write the value itself",
    }
    assert refused(book) == f"gaps.xlsx: 2 entries cannot be used: {told[order[0]]}; {told[order[1]]}{TAIL}"


def test_a_formula_that_nobody_computed(book: Path) -> None:
    cell = put(book, LENS, "LensNA", "=0.7*2")
    assert refused(book) == f"{HEAD}{cell}: there is a formula without a value; write the value itself{TAIL}"


def test_images_that_the_row_is_not_about(book: Path) -> None:
    put(book, "Pixels", "DimensionOrder", "XYZCT", B="other.czi")
    cell = f"B{row_of(book, 'Pixels', 'DimensionOrder')}"
    assert refused(book) == f"{HEAD}{cell}: 'other.czi' is none of the images that this row is about{TAIL}"
    put(book, "Pixels", "DimensionOrder", "XYZCT", B=" ")
    assert refused(book) == f"{HEAD}{cell}: the row names no images; write their names, or * for all{TAIL}"


def test_rows_that_contradict_each_other(table: Path) -> None:
    made = lines(table)
    number = row_of(table, "Pixels", "DimensionOrder")
    made[number - 2]["Value"] = "XYZCT"
    made.append({**made[number - 2], "Value": "XYCZT", "Images": "b.czi"})
    write_csv(table, made)
    last = f"F{len(made) + 1}"
    assert refused(table) == (
        f"gaps.csv: 1 entry cannot be used: {last} (DimensionOrder of Pixels): F{number} states another value for the "
        f"same images{TAIL}"
    )
    made[-1]["Value"] = "XYZCT"
    write_csv(table, made)
    assert {s.fact.value for s in read_sheet(table).statements} == {"XYZCT"}


def test_a_shifted_column_is_refused(table: Path) -> None:
    made = lines(table)
    keys = [r["Key"] for r in made]
    for row, key in zip(made, keys[1:] + keys[:1], strict=True):
        row["Key"] = key
        row["Value"] = "1"
    write_csv(table, made)
    assert "M2: the key does not belong to this row (Name of Instrument); were columns shifted?" in refused(table)


def test_an_altered_key_and_a_row_without_one(table: Path) -> None:
    made = lines(table)
    made[0]["Key"] = made[0]["Key"].replace("Name", "Nome")
    made[1]["Key"] = "x"
    made[2].update(Key="", Value="1")
    made[3].update(Key="", Value="")
    made[4]["Value"] = "1"
    write_csv(table, made)
    assert refused(table) == (
        "gaps.csv: 3 entries cannot be used: M2: the key does not belong to this row (Name of Instrument); were "
        "columns shifted?; M3: the key was altered; take it from the sheet that nbo-extract gaps wrote; M4: this row "
        f"has a value and no key; copy the key of the row that it is about{TAIL}"
    )


def test_nothing_filled_in(book: Path, table: Path) -> None:
    assert refused(book) == "gaps.xlsx: nothing is filled in; write values into the column Value"
    assert refused(table) == "gaps.csv: nothing is filled in; write values into the column Value"


# -- files that are no sheet ------------------------------------------------------------------------------------------


def _without(name: str) -> Callable[[Any], None]:
    return lambda book: book.remove(book[name])


def _merge(book: Any) -> None:
    book["Gaps"].merge_cells("F3:F5")


def _header(cell: str, text: object) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        book["Gaps"][cell] = text

    return change


def _files(book: Any) -> None:
    book["Files"]["C2"] = "other.czi"


CHANGED: list[tuple[Callable[[Any], None], str]] = [
    (_merge, "gaps.xlsx: the cells F3:F5 are merged; unmerge them, each row is one fact"),
    (_without("Gaps"), "gaps.xlsx: the sheet Gaps is missing; write the workbook anew with nbo-extract gaps"),
    (_without("Files"), "gaps.xlsx: the sheet Files is missing; write the workbook anew with nbo-extract gaps"),
    (
        _header("F1", "Wert"),
        "gaps.xlsx: the header was changed: the column Value is missing, and 'Wert' is none of a gap sheet; put row 1 "
        "back as nbo-extract gaps wrote it",
    ),
    (
        _header("N1", "Remark"),
        "gaps.xlsx: the header was changed: the column 'Remark' is one too many; put row 1 back as nbo-extract gaps "
        "wrote it",
    ),
    (
        lambda b: (_header("F1", "Unit")(b), _header("G1", "Value")(b))[0],
        "gaps.xlsx: the header was changed: the columns stand in another order; put row 1 back as nbo-extract gaps "
        "wrote it",
    ),
    (
        _files,
        "gaps.xlsx: 1 entry cannot be used: the sheet Files was changed (a.czi; b.czi; c.czi); take it from the one "
        "that was written; correct them and run again",
    ),
]


@pytest.mark.parametrize(("change", "message"), CHANGED)
def test_a_changed_workbook(book: Path, change: Callable[[Any], None], message: str) -> None:
    put(book, LENS, "LensNA", 1.4)
    edit(book, change)
    assert refused(book) == message


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("hello.txt", "hello")
    return stream.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
NO_SHEET: list[tuple[str, bytes, str]] = [
    ("gaps.xlsx", b"", "gaps.xlsx: the file is empty; write it anew with nbo-extract gaps"),
    ("gaps.csv", b" \n", "gaps.csv: the file is empty; write it anew with nbo-extract gaps"),
    (
        "gaps.xlsx",
        b"hello",
        "gaps.xlsx: this is no workbook (.xlsx) that can be read (File is not a zip file); save it anew",
    ),
    ("gaps.xlsx", OLE, "gaps.xlsx: this is a workbook of old Excel (.xls); save it as .xlsx"),
    (
        "gaps.xlsx",
        OLE + "EncryptedPackage".encode("utf-16-le"),
        "gaps.xlsx: the workbook is protected by a password; save it without one",
    ),
    ("gaps.csv", "Größe".encode("latin-1"), "gaps.csv: the file is not in UTF-8; save it as 'CSV UTF-8'"),
    (
        "gaps.csv",
        b"a,b\n",
        "gaps.csv: the header was changed: the column Microscope is missing, and 'a' is none of a gap sheet; put row 1 "
        "back as nbo-extract gaps wrote it",
    ),
    (
        "gaps.csv",
        b'a,"b\n',
        "gaps.csv: the CSV is damaged (unexpected end of data); save it anew as 'CSV UTF-8'",
    ),
]


@pytest.mark.parametrize(("name", "data", "message"), NO_SHEET)
def test_what_is_no_sheet(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert refused(path) == message


def test_a_zip_that_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "gaps.xlsx"
    path.write_bytes(_zip())
    assert refused(path).startswith("gaps.xlsx: this is no workbook (.xlsx) that can be read (")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "gaps.csv") == (
        "gaps.csv: the gap sheet cannot be read (No such file or directory); check the path"
    )


@pytest.mark.parametrize("cut", [10, 100, 1000, 4000])
def test_a_workbook_that_is_cut_off(book: Path, cut: int) -> None:
    book.write_bytes(book.read_bytes()[:-cut])
    assert refused(book).startswith("gaps.xlsx: this is no workbook (.xlsx) that can be read (")


def test_planes_take_one_value_or_one_each(tmp_path: Path) -> None:
    from nbo_extract.model import PlaneTable

    found = document(FILES[0])
    [pixels] = [n for n in found.root.walk() if n.name == "Pixels"]
    keys = {"ID": ["Plane:0", "Plane:1"], "TheC": ["0", "1"], "TheT": ["0", "0"], "TheZ": ["0", "0"]}
    pixels.planes = PlaneTable({n: list(v) for n, v in keys.items()})
    path = tmp_path / "gaps.csv"
    path.write_bytes(to_csv(sheet(found)))
    made = lines(path)
    [row] = [r for r in made if r["Field"] == "Timestamp"]
    assert row["Part"] == "all 2 planes"
    assert row["Allowed"] == ("number; one value for all planes, or 2 values with semicolons, in the order of the file")
    for typed, values in (("0; 1.5", ["0", "1.5"]), ("2", ["2", "2"])):
        row["Value"] = typed
        write_csv(path, made)
        after = complete(found, read_sheet(path))
        [done] = [n for n in after.root.walk() if n.name == "Pixels"]
        assert done.planes is not None
        assert done.planes.columns["Timestamp"] == values
        assert done.planes.units["Timestamp"] == "s"
        assert done.planes.sources["Timestamp"].path == f"F{made.index(row) + 2}"
    row["Value"] = "1; 2; 3"
    write_csv(path, made)
    assert refused(path) == (
        f"gaps.csv: 1 entry cannot be used: F{made.index(row) + 2} (Timestamp of all 2 planes): there are 3 values for "
        f"2 planes{TAIL}"
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1 << 20), junk=st.binary(min_size=1, max_size=6), form=st.sampled_from(("csv", "xlsx")))
def test_a_damaged_sheet_is_read_or_refused_in_one_sentence(
    book: Path, table: Path, place: int, junk: bytes, form: str
) -> None:
    whole = (book if form == "xlsx" else table).read_bytes()
    place %= len(whole)
    path = book.parent / f"damaged.{form}"
    path.write_bytes(whole[:place] + junk + whole[place + len(junk) :])
    try:
        read_sheet(path)
    except HardwareError as error:
        assert error.message.startswith(f"{path}: ")
        assert "\n" not in error.message


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.text(max_size=12), min_size=1, max_size=40), seed=st.integers(0, 1000))
def test_whatever_is_typed_is_read_or_refused(table: Path, values: list[str], seed: int) -> None:
    made = lines(table)
    for number, value in enumerate(values):
        made[(seed + number * 7) % len(made)]["Value"] = value
    path = table.parent / "typed.csv"
    write_csv(path, made)
    try:
        found = read_sheet(path)
    except HardwareError as error:
        assert error.message.startswith(f"{path}: ")
    else:
        complete(document(FILES[0]), found)
