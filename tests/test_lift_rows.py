"""The engine: from the paths of a row to a fact with its source, or to a finding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from lifting import INSTRUMENT, fact, findings, lens, nodes, record, run
from nbo_extract.errors import MappingTableError
from nbo_extract.lift_rows import Rows
from nbo_extract.model import Document, Source
from nbo_extract.tables import compile_table


@pytest.mark.parametrize(
    ("attributes", "rows", "result"),
    [
        # Alternatives: paths of a row, then rows.
        ("a='1' b='2'", 'LensNA = ["@a", "@b"]', "LensNA=1"),
        ("a=' ' b='1.20'", 'LensNA = ["@a", "@b"]', "LensNA=1.2"),
        ("b='1.3'", 'LensNA = [{ from = "@a" }, { from = "@b" }]', "LensNA=1.3"),
        ("a='zero' b='1.3'", 'LensNA = [{ from = "@a" }, { from = "@b" }]', "LensNA=1.3"),
        # Conditions and constants.
        ("a='1' b='x'", 'LensNA = { from = "@a", when = "@b = \'x\'" }', "LensNA=1"),
        ("a='1' b='y'", 'LensNA = { from = "@a", when = "@b = \'x\'" }', ""),
        ("b='x'", 'DIC = { value = "true", when = "@b" }', "DIC=true"),
        ("", 'DIC = { value = "true", when = "@b" }', ""),
        # Results of XPath that are no nodes.
        ("a='1' b='2'", 'DIC = "boolean(@a)"', "DIC=true"),
        ("a='1' b='2'", 'Magnification = "@a + @b"', "Magnification=3"),
        ("a='1'", 'Magnification = "@a + @b"', ""),
        ("a='p' b='q'", 'Model = "concat(@a, @b)"', "Model=pq"),
        # Functions of one text and of several; all have to be stated, but for the joining ones.
        ("a='63x/1.4'", 'LensNA = { from = "@a", with = "lens_na" }', "LensNA=1.4"),
        ("a='63x' b='40x/1.2'", 'LensNA = { from = ["@a", "@b"], with = "lens_na" }', "LensNA=1.2"),
        ("a='4' b='2.5'", 'Magnification = { args = ["@a", "@b"], with = "product" }', "Magnification=10"),
        ("a='4'", 'Magnification = { args = ["@a", "@b"], with = "product" }', ""),
        ("a='4'", 'Model = { args = ["@a", "@b"], with = "words_joined" }', "Model=4"),
        # Absent, of the row and of the table.
        ("a='0' b='1'", 'LensNA = { from = ["@a", "@b"], absent = ["0"] }', "LensNA=1"),
        ("a='0'", 'LensNA = "@a"', "LensNA=0"),
        ("a='n/a' b='1'", 'LensNA = ["@a", "@b"]', "LensNA=1"),
        ("a='n/a' b='Z'", 'Model = { args = ["@a", "@b"], with = "words_joined" }', "Model=Z"),
        ("a='0' b='2'", 'Magnification = { args = ["@a", "@b"], with = "product", absent = ["0"] }', ""),
        # Bounds are inclusive.
        ("a='1.7'", 'LensNA = { from = "@a", min = 0.01, max = 1.7 }', "LensNA=1.7"),
        ("a='0.01'", 'LensNA = { from = "@a", min = 0.01, max = 1.7 }', "LensNA=0.01"),
        # Units: always written out, converted exactly.
        ("a='190'", 'WorkingDistance = { from = "@a", unit = "um" }', "WorkingDistance=190[µm]"),
        ("a='190'", 'WorkingDistance = { from = "@a", unit = "µm", to = "mm" }', "WorkingDistance=0.19[mm]"),
        ("a='0.19' u='mm'", 'WorkingDistance = { from = "@a", unit_from = "@u" }', "WorkingDistance=0.19[mm]"),
        ("a='7' u='in'", 'WorkingDistance = { from = "@a", unit_from = "@u", to = "mm" }', "WorkingDistance=177.8[mm]"),
        ("a='7'", 'WorkingDistance = { from = "@a", unit_from = "@u", unit = "µm" }', "WorkingDistance=7[µm]"),
        ("a='0.29999999999999999'", 'WorkingDistance = { from = "@a", unit = "m" }', "WorkingDistance=0.3[m]"),
        ("a='1.3999999999999999'", 'LensNA = "@a"', "LensNA=1.4"),
        ("a='1.3999999999999999'", 'Model = "@a"', "Model=1.3999999999999999"),
        # Words.
        ("a='OIL'", 'ImmersionType = { from = "@a", words = "immersion" }', "ImmersionType=Mineral Oil"),
        ("a='Unknown'", 'ImmersionType = { from = "@a", words = "immersion" }', ""),
        ("a='a|b'", 'Model = { from = "@a", words = "immersion", otherwise = "keep" }', "Model=a|b"),
        ("a='Unknown'", 'Model = { from = "@a", words = "immersion", otherwise = "keep" }', ""),
        ("a='a|b'", 'ImmersionType = { from = "@a", words = "immersion", otherwise = "silent" }', ""),
    ],
)  # fmt: skip
def test_row(attributes: str, rows: str, result: str) -> None:
    document = run(
        f"<v><Lens s='1' {attributes}/></v>", '[table]\nabsent = ["n/a"]\n' + lens(f'{rows}\nManufacturer = "@s"')
    )
    assert nodes(document)[1].strip() == f"Objective ID=Objective:0 {result} Manufacturer=1".replace("  ", " ")


def test_a_unit_that_nbo_fixes_is_not_written() -> None:
    table = """
[[element]]
id = "experiment"
name = "Experiment"
[[element]]
id = "sample"
name = "Sample"
parent = "experiment"
[[element]]
id = "glass"
name = "CoverGlass"
parent = "sample"
[element.facts]
Thickness = { from = "@t", unit = "µm", to = "mm" }
"""
    assert [line.strip() for line in nodes(run("<v t='170'/>", table))][
        -1
    ] == "CoverGlass ID=CoverGlass:0 Thickness=0.17"


@pytest.mark.parametrize(
    ("attributes", "row", "source"),
    [
        # The raw text is kept where the value is another.
        ("a='63'", 'Magnification = "@a"', Source("embedded", "image.v", "/v/Lens/@a", "", "t:lens.Magnification")),
        ("a='63.0'", 'Magnification = "@a"', Source("embedded", "image.v", "/v/Lens/@a", "", "t:lens.Magnification")),
        (
            "a='63x/1.4'",
            'Magnification = [{ from = "@b" }, '
            '{ from = "@a", with = "lens_magnification", derived = "objective-name" }]',
            Source("derived", "image.v", "/v/Lens/@a", "63x/1.4", "t:lens.Magnification#2", "objective-name"),
        ),
        (
            "a='2' b='5'",
            'Magnification = { args = ["@c | @b", "@a"], with = "product" }',
            Source("embedded", "image.v", "/v/Lens/@b", "5; 2", "t:lens.Magnification"),
        ),
        (
            "a='2'",
            'Magnification = { value = "1" }',
            Source("derived", "image.v", "/v/Lens", "", "t:lens.Magnification"),
        ),
        ("a='1'", 'Magnification = "@a + 1"', Source("embedded", "image.v", "", "", "t:lens.Magnification")),
    ],
)
def test_source_of_a_fact(attributes: str, row: str, source: Source) -> None:
    assert fact(run(f"<v><Lens {attributes}/></v>", lens(row)), "Objective", "Magnification").source == source


def test_source_keeps_the_text_before_words_and_units() -> None:
    document = run(
        "<v><Lens i='Oil' w='0.19'/></v>",
        lens(
            'ImmersionType = { from = "@i", words = "immersion" }\n'
            'WorkingDistance = { from = "@w", unit = "mm", to = "µm" }'
        ),
    )
    assert fact(document, "Objective", "ImmersionType").source == Source(
        "embedded", "image.v", "/v/Lens/@i", "Oil", "t:lens.ImmersionType"
    )


@pytest.mark.parametrize(
    ("attributes", "row", "code", "severity", "message"),
    [
        (
            "a='Honey'",
            'ImmersionType = { from = "@a", words = "immersion" }',
            "NBO151",
            "info",
            "the word 'Honey' has no NBO value (word table immersion); left out",
        ),
        ("a='1,4'", 'LensNA = "@a"', "NBO152", "warning", "Objective LensNA: '1,4' is not a number; left out"),
        (
            "a='2.4'",
            'LensNA = { from = "@a", max = 1.7 }',
            "NBO152",
            "warning",
            "Objective LensNA: '2.4' is above 1.7; left out",
        ),
        (
            "a='0'",
            'LensNA = { from = "@a", min = 0.01 }',
            "NBO152",
            "warning",
            "Objective LensNA: '0' is below 0.01; left out",
        ),
        (
            "a='maybe'",
            'DIC = "@a"',
            "NBO152",
            "warning",
            "Objective DIC: 'maybe' is neither true nor false; left out",
        ),
        (
            "a='5' u='parsec or so'",
            'WorkingDistance = { from = "@a", unit_from = "@u", to = "mm" }',
            "NBO152",
            "warning",
            "Objective WorkingDistance: '5' unit 'parsec or so' is not known; left out",
        ),
        (
            "a='far'",
            'WorkingDistance = { from = "@a", unit = "µm", to = "mm" }',
            "NBO152",
            "warning",
            "Objective WorkingDistance: 'far' 'far' is no number; left out",
        ),
        (
            "a='0'",
            'LensNA = { from = "@a", absent = ["0"] }',
            "NBO153",
            "info",
            "'0' is a placeholder, not a value; left out",
        ),
        ("a='n/a'", 'LensNA = "@a"', "NBO153", "info", "'n/a' is a placeholder, not a value; left out"),
        ("a=' '", 'LensNA = "@a"', "NBO153", "info", "Objective LensNA: the file leaves it blank"),
        (
            "a='Dye 3'",
            'Name = { from = "@a", words = "fluorophore_placeholder", otherwise = "keep" }',
            "NBO153",
            "info",
            "'Dye 3' is a placeholder, not a value; left out",
        ),
        (
            f"a='{'x' * 90}'",
            'LensNA = "@a"',
            "NBO152",
            "warning",
            f"Objective LensNA: '{'x' * 59}…' is not a number; left out",
        ),
    ],
)
def test_finding(attributes: str, row: str, code: str, severity: str, message: str) -> None:
    document = run(
        f"<v><Lens s='1' {attributes}/></v>", '[table]\nabsent = ["n/a"]\n' + lens(f'{row}\nManufacturer = "@s"')
    )
    assert nodes(document)[1].strip() == "Objective ID=Objective:0 Manufacturer=1"
    assert findings(document) == [(code, severity, message)]
    found = document.findings[0]
    assert (found.file, found.source) == ("folder/image.v", "/v/Lens/@a")
    assert found.attribute == row.partition(" ")[0]
    assert message.startswith(f"'{found.value[:59]}") or found.value[:59] in message
    assert (found.element, found.instance) == (
        ("Objective", "Objective:0") if message.startswith("Objective ") else ("", "")
    )


@pytest.mark.parametrize(
    "row",
    [
        'ImmersionType = { from = "@a", words = "immersion", otherwise = "silent" }',
        'Model = { from = "@a", words = "immersion", otherwise = "keep" }',
        'LensNA = "@none"',
        'Model = { args = ["@none", "@a"], with = "words_joined", absent = ["Honey"] }',
    ],
)
def test_no_finding(row: str) -> None:
    assert run("<v><Lens a='Honey'/></v>", lens(row)).findings == []


def test_the_same_finding_is_said_once() -> None:
    table = lens('LensNA = "@a"\nMagnification = { from = "@b", absent = ["0"] }', 'key = "string(@k)"')
    document = run("<v><Lens k='1' a='x' b='0'/><Lens k='1' a='x' b='0'/></v>", table)
    assert len(document.findings) == 4  # of two places each
    table = lens('LensNA = ["/v/@a", "/v/@a"]')
    assert len(run("<v a='x'><Lens/></v>", table).findings) == 1


def test_a_path_that_cannot_be_evaluated_names_its_table() -> None:
    table = lens('Magnification = { from = "count($a)" }', more='[element.let]\na = "@x"')
    with pytest.raises(MappingTableError, match=r"^mapping table t: Invalid type in count\(\$a\)$"):
        run("<v><Lens x='1'/></v>", table)


def _element(words: list[int]) -> str:
    """Return an element made of numbers: its name, then how many children follow."""
    name, children = "ABCD"[words.pop(0) % 4], words.pop(0) % 6 if words else 0
    inside = "".join(_element(words) for _ in range(children) if words)
    return f"<n:{name} xmlns:n='urn:n'>{inside}</n:{name}>" if name == "D" else f"<{name}><!-- c -->{inside}</{name}>"


@given(st.lists(st.integers(0, 23), min_size=1, max_size=80))
def test_places_are_those_of_libxml2(words: list[int]) -> None:
    read = record(_element(words))
    rows = Rows(read, compile_table(INSTRUMENT, "t"), Document())
    tree = read.tree.getroottree()
    elements = list(read.tree.iter(etree.Element))
    assert [rows.place(e) for e in reversed(elements)] == [tree.getpath(e) for e in reversed(elements)]
