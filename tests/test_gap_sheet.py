"""The sheet itself: each fact once, what people see, lists and limits in cells, the same bytes."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from gap_filling import fill_csv
from nbo_extract.checking import check
from nbo_extract.completing import complete
from nbo_extract.errors import WriteError
from nbo_extract.gap_paths import lasting
from nbo_extract.gap_questions import ask
from nbo_extract.gap_rows import DocumentGaps, GapSheet, Question, Row, gather, patterns, table
from nbo_extract.gap_sheet import COLUMNS, EVERYWHERE, guarded, to_csv, to_xlsx, unguarded
from nbo_extract.gap_sheet_read import read_sheet
from nbo_extract.model import Document, Fact, Node
from nbo_extract.requirements import EXTENSIONS
from nbo_extract.schema import load
from nbo_extract.statements import parse_path, path_fits

if TYPE_CHECKING:
    from pathlib import Path


LENS = "Objective '63x'"


def document(
    file: str = "/data/a.czi", *, stand: str = "Axio", serial: str = "", channels: tuple[str, ...] = ("DAPI", "GFP")
) -> Document:
    """Make an image of a microscope with a stand, an objective and a camera."""
    instrument = Node("Instrument", {"ID": Fact("Instrument:0")})
    node = instrument.add("UprightMicroscopeStand", ID="MicroscopeStand:0", Model=stand)
    if serial:
        node.put("SerialNumber", serial)
    instrument.add("Objective", ID="Objective:0", Model="63x")
    instrument.add("Objective", ID="Objective:1")
    instrument.add("CCD", ID="Detector:0", Model="Axiocam 506")
    image = Node("Image", {"ID": Fact("Image:0"), "Name": Fact("first")})
    image.add("InstrumentRef", ID="Instrument:0")
    image.add("ObjectiveSettings", ID="Objective:0")
    pixels = image.add("Pixels", ID="Pixels:0", SizeX="2", SizeY="2", SizeZ="1", SizeC="2", SizeT="1")
    for number, name in enumerate(channels):
        pixels.add("Channel", **{"ID": f"Channel:0:{number}", **({"Name": name} if name else {})})
    result = Document(Node("OME", children=[instrument, image]))
    result.origin.file = file
    return result.arrange()


def questions(
    found: Document, tier: int = 1, extensions: tuple[str, ...] = ("core",), literal: bool = False
) -> DocumentGaps:
    report = check(found, tier=tier, extensions=extensions, literal=literal)
    return ask(found, report, literal=literal)


def sheet(*documents: Document, tier: int = 1) -> GapSheet:
    return gather([questions(d, tier) for d in documents])


def rows(made: GapSheet) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(made).decode("utf-8-sig"), newline="")))


def test_three_copies_ask_what_one_asks() -> None:
    one = sheet(document("/data/a.czi"))
    three = sheet(*(document(f"/data/{name}.czi") for name in "abc"))
    assert len(three.rows) == len(one.rows)
    assert [r.question for r in three.rows] == [r.question for r in one.rows]
    assert three.missing == 3 * one.missing
    assert three.images == 3
    assert {r["Images"] for r in rows(three)} == {EVERYWHERE, "a.czi; b.czi; c.czi"}


def test_two_microscopes_are_two_groups() -> None:
    made = rows(sheet(document("/data/a.czi"), document("/data/b.czi", stand="Eclipse")))
    assert [r["Microscope"] for r in made] == sorted(r["Microscope"] for r in made)
    names = {m: [r["Field"] for r in made if r["Microscope"] == m] for m in ("Axio", "Eclipse")}
    assert names["Axio"] == names["Eclipse"]


def test_microscopes_of_one_model_are_told_by_their_serial_numbers() -> None:
    documents = [document(f"/data/{n}.czi", serial=s) for n, s in (("a", "1"), ("b", "2"), ("c", ""))]
    made = rows(sheet(*documents))
    names = {"Axio, serial number 1", "Axio, serial number 2", "Axio, no serial number"}
    assert {r["Microscope"] for r in made} == names
    # The name of the stand does not tell them apart, so that each row names its files.
    assert {r["Images"] for r in made} == {"a.czi", "b.czi", "c.czi"}


def test_images_of_two_folders_are_asked_about_apart_and_their_microscope_once() -> None:
    made = rows(sheet(document("/data/one/a.czi"), document("/data/two/a.czi")))
    assert {r["Images"] for r in made if r["Field"] == "DimensionOrder"} == {"one/a.czi", "two/a.czi"}
    assert [r["Images"] for r in made if r["Part"] == "Objective '63x'" and r["Field"] == "LensNA"] == [EVERYWHERE]


def test_images_that_miss_different_things_are_told_apart() -> None:
    knows = document("/data/b.czi")
    knows.images[0].children[-1].put("DimensionOrder", "XYZCT")
    made = rows(sheet(document("/data/a.czi"), knows))
    assert [r["Images"] for r in made if r["Field"] == "DimensionOrder"] == ["a.czi"]
    assert [r["Images"] for r in made if r["Field"] == "PhysicalSizeX"] == ["a.czi; b.czi"]


def test_channels_are_named_or_counted() -> None:
    made = rows(sheet(document(channels=("DAPI", "", "DAPI"))))
    groups = [r["Channel"] for r in made if r["Field"] == "ContrastMethod"]
    assert groups == ["Channel[2]", "DAPI", "DAPI"]
    keys = [r["Key"] for r in made if r["Field"] == "ContrastMethod"]
    assert ["[1]" in k or "[3]" in k for k in keys] == [False, True, True]


def test_a_part_that_only_its_id_names_is_asked_about_for_its_files_alone() -> None:
    made = rows(sheet(document("/data/a.czi")))
    images = {r["Part"]: r["Images"] for r in made if r["Field"] == "LensNA"}
    assert images == {"Objective '63x'": EVERYWHERE, "Objective 'Objective:1'": "a.czi"}
    assert not lasting(parse_path('Instrument/Objective[ID="Objective:1"]/@LensNA')[0])


def test_the_order_of_files_does_not_matter() -> None:
    documents = [document("/data/one/a.czi"), document("/data/b.czi", stand="Eclipse"), document("/data/c.czi")]
    forward, backward = sheet(*documents), sheet(*reversed(documents))
    assert to_csv(forward) == to_csv(backward)
    assert to_xlsx(forward) == to_xlsx(backward)


def test_the_first_lines_as_people_see_them() -> None:
    made = rows(sheet(document()))
    first = made[0]
    first.pop("Key")
    assert first == {
        "Microscope": "Axio",
        "Images": EVERYWHERE,
        "Channel": "",
        "Part": "Instrument",
        "Field": "Name",
        "Value": "",
        "Unit": "",
        "Allowed": "text",
        "Tier": "1",
        "Level": "MUST",
        "Extension": "core",
        "Usually found in": "hardware description",
    }
    by_field = {(r["Part"], r["Field"]): r for r in made}
    assert by_field["Objective '63x'", "LensNA"]["Allowed"] == "number"
    assert by_field["Pixels", "PhysicalSizeX"]["Allowed"] == "number > 0"
    assert by_field["Pixels", "PhysicalSizeX"]["Unit"] == "µm"
    assert by_field["Objective '63x'", "InfinityCorrected"]["Allowed"] == "true / false"
    assert by_field["Instrument", "LightSource (which kind)"]["Allowed"].startswith("one of: Arc | GenericExcitation")
    assert by_field["new Laser", "Tuneable"]["Allowed"] == "only if LightSource is Laser: true / false"
    assert by_field["LightSourceSettings", "LightSource (which one)"]["Allowed"] == "one of: the new LightSource"
    # The microscope has a camera, so that no other settings are offered.
    assert by_field["CameraSettings", "Camera (which one)"]["Allowed"] == "one of: Axiocam 506 · CCD"
    assert ("LightPath", "DetectorSettings (which kind)") not in by_field
    assert by_field["the first plane", "Timestamp"]["Usually found in"] == "vendor file"
    assert by_field["new Sample", "Name"]["Usually found in"] == "sample record"


def test_settings_of_every_kind_are_offered_for_a_detector_of_unknown_kind() -> None:
    found = document()
    next(n for n in found.instruments[0].children if n.name == "CCD").name = "GenericDetector"
    asked = {(q.part, q.field): q for q in questions(found).questions}
    kinds = [shown for shown, _ in asked["LightPath", "DetectorSettings (which kind)"].choices]
    assert kinds == ["GenericDetectorSettings", "PointDetectorSettings", "CameraSettings"]
    assert asked["CameraSettings", "Camera (which one)"].choices == (("Axiocam 506 · GenericDetector", "Axiocam 506"),)


def test_what_makes_no_sense_is_not_asked() -> None:
    found = document()
    [pixels] = [n for n in found.root.walk() if n.name == "Pixels"]
    for channel in pixels.all("Channel"):
        channel.put("ContrastMethod", "Brightfield")
        channel.put("IlluminationType", "Transmitted_Brightfield")
    asked = {q.field for q in questions(found).questions}
    assert "Filter (which kind)" not in asked
    assert "Filter (which kind)" in {q.field for q in questions(found, literal=True).questions}
    assert "AnnotationRef" not in {q.field for q in questions(found, 3, ("core", "basic")).questions}


def test_a_document_of_nothing_cannot_be_asked_about() -> None:
    found = questions(Document())
    assert found.questions == ()
    assert found.unasked == ("the file describes no image: nothing can be asked about it",)


# -- the workbook -----------------------------------------------------------------------------------------------------


def test_the_workbook_has_lists_limits_and_a_frozen_header() -> None:
    made = sheet(document("/data/a.czi"))
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(made)))
    assert book.sheetnames == ["Gaps", "Files", "Read me", "Lists"]
    place = book["Gaps"]
    assert tuple(c.value for c in place[1]) == COLUMNS
    assert place.freeze_panes == "A2"
    assert place.auto_filter.ref == f"A1:M{len(made.rows) + 1}"
    assert book["Lists"].sheet_state == "hidden"
    rules = {str(cell): v for v in place.data_validations.dataValidation for cell in str(v.sqref).split()}
    fields = {(place.cell(n, 4).value, place.cell(n, 5).value): n for n in range(2, place.max_row + 1)}
    number = rules[f"F{fields['Pixels', 'PhysicalSizeX']}"]
    assert (number.type, number.operator, number.formula1) == ("decimal", "greaterThan", "0")
    assert number.error == "A number > 0."
    choice = rules[f"F{fields[LENS, 'Correction']}"]
    assert choice.type == "list"
    start, end = choice.formula1.removeprefix("Lists!").replace("$", "").split(":")
    values = [c.value for row in book["Lists"][start:end] for c in row]
    assert "PlanApochromat" in values
    assert len(values) > 20
    units = rules[f"G{fields['Pixels', 'PhysicalSizeX']}"]
    assert units.type == "list"
    assert place[f"F{fields['Pixels', 'PhysicalSizeX']}"].number_format == "General"
    assert place[f"F{fields[LENS, 'CatalogNumber']}"].number_format == "@"
    assert not place["F2"].protection.locked
    assert place["H2"].protection.locked


def test_many_files_stand_in_a_sheet_of_their_own() -> None:
    made = sheet(*(document(f"/data/a_rather_long_name_of_image_{n}.czi") for n in range(8)))
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(made)))
    assert {r[1].value for r in book["Gaps"].iter_rows(min_row=2)} == {EVERYWHERE, "Set 1 (8 images)"}
    files = list(book["Files"].iter_rows(min_row=2, values_only=True))
    assert len(files) == 8
    assert files[0][1:] == ("Set 1 (8 images)", "a_rather_long_name_of_image_0.czi")


def test_the_workbook_knows_no_time() -> None:
    with zipfile.ZipFile(io.BytesIO(to_xlsx(sheet(document())))) as packed:
        assert {e.date_time for e in packed.infolist()} == {(2000, 1, 1, 0, 0, 0)}
        assert packed.read("docProps/core.xml").count(b"2000-01-01T00:00:00Z") == 2


@pytest.mark.parametrize("text", ["=1+1", "+x", "-5", "@sum", "'=1", "'", "''a", "\tx", "plain", "", "5'-end"])
def test_nothing_in_a_csv_starts_a_formula(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t"))


def test_names_like_formulas_go_around(tmp_path: Path) -> None:
    for form in ("csv", "xlsx"):
        named = document("/data/=a.czi", stand='=HYPERLINK("x")', channels=("+1", "-DAPI; [x]*"))
        made = sheet(named)
        data = to_csv(made) if form == "csv" else to_xlsx(made)
        path = tmp_path / f"gaps.{form}"
        path.write_bytes(data)
        if form == "xlsx":
            book = openpyxl.load_workbook(path)
            assert "f" not in {c.data_type for row in book["Gaps"].iter_rows() for c in row}
            for row in book["Gaps"].iter_rows(min_row=2):
                if row[4].value == "ContrastMethod":
                    row[5].value = "Fluorescence"
            for row in book["Gaps"].iter_rows():
                for cell in row:
                    if isinstance(cell.value, str):
                        cell.data_type = "s"
            book.save(path)
        else:
            assert not any(cell.startswith(("=", "+", "@", "-")) for line in rows(made) for cell in line.values())
            fill_csv(path)
        after = complete(named, read_sheet(path))
        methods = [n.get("ContrastMethod") for n in after.root.walk() if n.name == "Channel"]
        assert None not in methods


def test_names_of_files_are_patterns_that_fit_them_alone() -> None:
    paths = ["/d/x/a.czi", "/d/x/sub/a.czi", "/d/x/b[1]*?.czi", "/d/x/b1xy.czi", "/d/x/c; d.czi"]
    found = patterns(paths)
    assert found["/d/x/a.czi"] == "x/a.czi"
    assert found["/d/x/sub/a.czi"] == "sub/a.czi"
    for path in paths:
        assert [p for p in paths if path_fits(p, found[path])] == [path]
    assert ";" not in found["/d/x/c; d.czi"].replace("[;]", "")
    assert patterns([]) == {}


def test_too_many_files_for_a_cell_of_csv() -> None:
    question = Question("image", "", "", "", "Image", "Name", "Image/@Name", "text")
    made = GapSheet([Row(question, tuple(f"{n:06}.czi" for n in range(4000)))])
    with pytest.raises(WriteError, match="so many images do not fit into a cell of CSV; write \\.xlsx instead"):
        to_csv(made)
    assert len(to_xlsx(made)) > 1000


def test_the_table_names_what_nbo_has() -> None:
    schema, rows_of = load(), table()
    domains = {d.domain for d in schema.walk()}
    assert set(rows_of["found"]["domain"]) <= domains
    assert set(rows_of["found"]["extension"]) <= set(EXTENSIONS)
    for element, attributes in rows_of["identify"].items():
        assert set(attributes) <= set(schema.element(element).attributes), element
    names = {d.name for d in schema.walk()}
    for element, members in rows_of["alternatives"].items():
        assert set(members) <= (names if element == "*" else set(schema.element(element).children)), element
    for element, category in rows_of["settings"].items():
        targets = schema.references[element][1]
        assert any(schema.element(t).category == category for t in targets), element
    assert set(rows_of["first_plane"]) <= set(schema.element("Plane").attributes)


def test_a_gap_knows_where_its_elements_stand() -> None:
    found = document()
    report = check(found)
    for gap in report.gaps:
        assert len(gap.spots) == len(gap.labels)
        for spot in gap.spots:
            assert any(spot.chain[0] is n for n in found.root.children)
            for node, inside in itertools.pairwise(spot.chain):
                assert any(c is inside for c in node.children)
