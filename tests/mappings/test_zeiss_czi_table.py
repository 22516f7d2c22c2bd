"""The table for Zeiss CZI: each row has a fragment and the value it gives."""

from __future__ import annotations

from importlib import resources

import pytest

from czi_cases import CASES, KINDS, TABLE, channel, czi, facts, lifted, one
from nbo_extract.record import PlaneColumns
from nbo_extract.tables import load_table
from nbo_extract.xmlio import from_xml, to_xml

# Rows that no case proves. This list may only shrink.
UNTESTED: set[str] = set()


# ------------------------------------------------------------------------------------------------------------- each row


@pytest.mark.parametrize(("row", "values", "tree"), CASES, ids=[f"{n}-{c.row}" for n, c in enumerate(CASES)])
def test_row(row: str, values: list[str], tree: str) -> None:
    document = lifted(tree)
    assert facts(document, row) == values
    assert from_xml(to_xml(document)) == document
    assert [f.message for f in document.findings if f.severity == "warning"] == []


@pytest.mark.parametrize(("row", "elements", "tree"), KINDS, ids=[f"{n}-{c.row}" for n, c in enumerate(KINDS)])
def test_kind(row: str, elements: list[str], tree: str) -> None:
    block = next(b for b in load_table(TABLE).blocks if b.id == row.partition(".")[0])
    made = [n.name for n in lifted(tree).root.walk() if n.name in block.elements]
    assert made == elements


PLANES: dict[str, tuple[str, list[str | None], list[str | None], str]] = {
    "Timestamp": ("Tags/AcquisitionTime", ["2020-05-17T10:00:01.5000001Z", None], ["1.5000001", None], "s"),
    "PositionX": ("Tags/StageXPosition", ["+00000016977.2500", "-00000000003.5000"], ["16977.25", "-3.5"], "µm"),
    "PositionY": ("Tags/StageYPosition", ["+00000018621.0000", None], ["18621", None], "µm"),
    "PositionZ": ("Tags/FocusPosition", [None, "+00000002417.3600"], [None, "2417.36"], "µm"),
}
BY_CHANNEL = {
    "ExposureTime": ("<ExposureTime>12500000</ExposureTime>", "12.5", "ms"),
    "PixelDwellTime": ("<LaserScanInfo><PixelTime>1.9759999999999998e-006</PixelTime></LaserScanInfo>", "1.976", "µs"),
}


@pytest.mark.parametrize("row", [*PLANES, *BY_CHANNEL])
def test_planes(row: str) -> None:
    image = "<AcquisitionDateAndTime>2020-05-17T10:00:00Z</AcquisitionDateAndTime>"
    columns: dict[str, list[str | None]] = {"Z": ["0", "1"]}
    if row in PLANES:
        column, texts, values, unit = PLANES[row]
        columns[column] = [*texts]
        tree = czi(image=image)
    else:
        content, value, unit = BY_CHANNEL[row]
        values = [value, value]
        tree = channel(content)
    table = one(lifted(tree, {"0": PlaneColumns(columns, {})}), "Pixels").planes
    assert table is not None
    assert (table.columns[row], table.units[row]) == (values, unit)
    assert table.sources[row].rule == f"{TABLE}:planes.{row}"


def test_every_row_is_proven() -> None:
    table = load_table(TABLE)
    assert table.planes is not None
    rows = {r.id for b in table.blocks for r in (*b.kinds, *b.rows)} | {b.text.id for b in table.blocks if b.text}
    rows |= {f"planes.{r.attribute}" for r in table.planes.rows}
    proven = {c.row for c in CASES + KINDS} | {f"planes.{name}" for name in (*PLANES, *BY_CHANNEL)}
    assert proven - rows == set(), "cases of rows that do not exist"
    assert rows - proven == UNTESTED


def test_every_word_table_of_this_vocabulary_is_used() -> None:
    used = {r.words for b in load_table(TABLE).blocks for r in (*b.kinds, *b.rows)}
    folder = resources.files("nbo_extract_mappings") / "words"
    shipped = {f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith("_zeiss.toml")}
    assert shipped - used == set()
