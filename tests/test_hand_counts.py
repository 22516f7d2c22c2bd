"""What a check finds missing is what a person counts in the published schema."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from lxml import etree

import hand_counts
from hand_counts import CASES, Class
from nbo_extract.checking import check
from nbo_extract.model import Document
from nbo_extract.profiles import named
from nbo_extract.requirements import all_requirements
from nbo_extract.schema import load

if TYPE_CHECKING:
    from pathlib import Path

SHEET = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
CLASSES = {c.chain[-1]: c for c, _, _ in CASES}


def asked(counted: Class, profile: str) -> set[str]:
    """Fields of the hand count that a profile asks for."""
    wanted = named(profile)
    fields = counted.fields | (counted.basic if "basic" in wanted.extensions else {})
    if counted is hand_counts.COLORED_BEADS and "calibration" not in wanted.extensions:
        fields = {}
    levels = ("M", "S") if wanted.level == "should" else ("M",)
    return {name for name, f in fields.items() if f.tier <= wanted.tier and f.level in levels}


@pytest.mark.parametrize(
    ("counted", "profile", "number"), [pytest.param(c, p, n, id=f"{c.chain[-1]}-{p}") for c, p, n in CASES]
)
def test_findings_are_those_of_the_hand_count(counted: Class, profile: str, number: int) -> None:
    document = Document()
    node = document.root
    for name in counted.chain:
        node = node.add(name)
    # Literally: this is about what the schema says, not about what makes sense.
    report = check(document, profile=profile, literal=True)
    element = counted.chain[-1]
    found = Counter(f.attribute for f in report.findings if f.element == element)
    assert found == Counter(asked(counted, profile))
    assert len(found) == number
    assert report.elements.get(element, (0, 0, 0))[:2] == (number, number)


def test_the_paper_names_must_and_should_of_objectives() -> None:
    level = {name: f.level for name, f in hand_counts.OBJECTIVE.fields.items()}
    assert {level[n] for n in ("Manufacturer", "Model", "Magnification", "LensNA")} == {"M"}
    assert {level[n] for n in ("LotNumber", "BackFocalLength", "CalibratedMagnification")} == {"S"}


@pytest.mark.parametrize("element", CLASSES)
def test_the_lines_of_the_schema_say_so(element: str, shared: Path) -> None:
    lines = (shared / "nbo" / "NBO_v02-01.xsd").read_text(encoding="utf-8").splitlines()
    counted = CLASSES[element]
    for name, field in (counted.fields | counted.basic).items():
        line = lines[field.line - 1]
        assert re.search(rf'(name|ref)="{name}"', line), (name, line)
        if "<xsd:attribute" in line:
            assert ('use="required"' in line) == (field.level == "M"), line
        else:
            assert ('minOccurs="0"' not in line) == (field.level == "M"), line


@pytest.mark.parametrize("element", CLASSES)
def test_the_rows_of_the_spreadsheet_name_the_fields(element: str, shared: Path) -> None:
    counted = CLASSES[element]
    rows = spreadsheet(shared / "nbo" / "NBO_v02-01.xlsx", counted.sheet)
    for name, field in (counted.fields | counted.basic).items():
        if field.row:
            assert name in rows[field.row], (name, rows[field.row])


def test_the_hand_count_is_whole() -> None:
    """No field of a counted class is left out."""
    known = all_requirements()
    for element, counted in CLASSES.items():
        names = {r.name for r in known[element]} - load().element(element).unit_names
        assert names == set(counted.fields | counted.basic)


def test_sums_are_those_of_the_reference() -> None:
    table = all_requirements()
    must = Counter(r.tier for fields in table.values() for r in fields if r.level == "must")
    assert (len(table), sum(map(len, table.values()))) == (165, 2734)
    assert (must[1], must[2], must[3]) == (446, 326, 103)


def spreadsheet(path: Path, sheet: int) -> dict[int, list[str]]:
    """Cells of each row; the styles of the published workbook are not valid, so that only its XML is read."""
    with zipfile.ZipFile(path) as archive:
        texts = ["".join(map(str, t.itertext())) for t in etree.fromstring(archive.read("xl/sharedStrings.xml"))]
        root = etree.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))
    found: dict[int, list[str]] = {}
    for row in root.iterfind(".//s:row", SHEET):
        values = [(c.get("t"), c.findtext("s:v", namespaces=SHEET)) for c in row.iterfind("s:c", SHEET)]
        found[int(row.get("r", ""))] = [texts[int(v)].strip() if t == "s" else v for t, v in values if v is not None]
    return found
