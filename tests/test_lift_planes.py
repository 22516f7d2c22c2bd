"""The engine: columns of a reader to the planes of each Pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifting import IMAGE, findings, only, run
from nbo_extract.model import Source
from nbo_extract.record import PlaneColumns

if TYPE_CHECKING:
    from nbo_extract.model import Document

PLANES = (
    IMAGE
    + """
[planes]
block = "pixels"
channel_block = "channel"
key = "@key"
index = { TheZ = "Z", TheC = "C", TheT = "T" }
[planes.facts]
PositionX = { column = ["X", "Stage/X"], unit = "m", to = "µm" }
PositionZ = { column = "Focus", unit = "mm", unit_column = "FocusUnit" }
ExposureTime = { column = "Exposure", unit = "ms", channel = "Exposure", absent = ["0"] }
Timestamp = { column = "Time", with = "seconds_between", arg = "/v/@start", unit = "s" }
"""
)
XML = (
    "<v start='2020-05-17T12:00:00Z'><Scene key='k'>"
    "<C name='a'><Exposure>20</Exposure></C><C name='b'><Exposure>7.50</Exposure></C></Scene></v>"
)


def planes(columns: dict[str, list[str | None]], xml: str = XML, table: str = PLANES) -> Document:
    return run(xml, table, {"k": PlaneColumns(columns, {n: f"Block/{n}" for n in columns})})


def table_of(document: Document) -> dict[str, list[str | None]]:
    found = only(document, "Pixels").planes
    return {} if found is None else found.columns


def test_planes_are_in_the_order_of_t_c_z() -> None:
    document = planes(
        {
            "T": ["1", "0", "0", "0", "0"],
            "C": ["0", "1", "1", "0", "0"],
            "Z": ["0", "1", "0", "1", "0"],
            "X": ["5e-6", "4e-6", "3e-6", "2e-6", "1e-6"],
        }
    )
    found = only(document, "Pixels").planes
    assert found is not None
    assert found.columns == {
        "ExposureTime": ["20", "20", "7.5", "7.5", "20"],
        "ID": ["Plane:0-0-0-0", "Plane:0-0-0-1", "Plane:0-0-1-0", "Plane:0-0-1-1", "Plane:0-1-0-0"],
        "PositionX": ["1", "2", "3", "4", "5"],
        "TheC": ["0", "0", "1", "1", "0"],
        "TheT": ["0", "0", "0", "0", "1"],
        "TheZ": ["0", "1", "0", "1", "0"],
    }
    assert list(found.columns) == sorted(found.columns)
    assert found.units == {"ExposureTime": "ms", "PositionX": "µm"}
    assert found.sources == {
        "ExposureTime": Source("embedded", "image.v", "/v/Scene/C[1]/Exposure", "", "t:planes.ExposureTime"),
        "PositionX": Source("embedded", "image.v", "Block/X", "", "t:planes.PositionX"),
    }


def test_an_index_is_the_rank_among_the_starts() -> None:
    columns: dict[str, list[str | None]] = {"Z": ["-3", "12", "7"], "X": ["1", "3", "2"]}
    document = planes(columns)
    assert table_of(document)["TheZ"] == ["0", "1", "2"]
    assert table_of(document)["PositionX"] == ["1000000", "2000000", "3000000"]
    literal = planes(
        {**columns, "Z": ["0", "12", "7"]}, table=PLANES.replace('key = "@key"', 'key = "@key"\nrank = false')
    )
    assert table_of(literal)["TheZ"] == ["0", "7", "12"]


def test_a_column_alternative_and_a_column_that_states_nothing() -> None:
    document = planes({"Z": ["0", "1"], "X": [None, None], "Stage/X": ["1", None]})
    assert table_of(document)["PositionX"] == ["1000000", None]
    found = only(document, "Pixels").planes
    assert found is not None
    assert found.sources["PositionX"].path == "Block/Stage/X"


def test_tiles_of_a_mosaic_share_a_plane() -> None:
    document = planes({"Z": ["0", "0", "1", "1"], "M": ["0", "1", "0", "1"], "X": [None, "2", "3", "4"]})
    assert table_of(document)["PositionX"] == ["2000000", "3000000"]
    assert table_of(document)["ID"] == ["Plane:0-0-0-0", "Plane:0-0-0-1"]


def test_a_unit_column_says_the_unit() -> None:
    document = planes({"Z": ["0", "1"], "Focus": ["1.5", "1500"], "FocusUnit": ["mm", "um"]})
    found = only(document, "Pixels").planes
    assert found is not None
    assert (found.columns["PositionZ"], found.units["PositionZ"]) == (["1.5", "1.5"], "mm")
    document = planes({"Z": ["0"], "Focus": ["2"], "FocusUnit": [None]})
    found = only(document, "Pixels").planes
    assert found is not None
    assert (found.columns["PositionZ"], found.units["PositionZ"]) == (["2"], "mm")


def test_a_fact_of_the_channel_yields_to_the_planes_own() -> None:
    document = planes({"C": ["0", "1"], "Exposure": ["1", None]})
    assert table_of(document)["ExposureTime"] == ["1", None]
    assert table_of(planes({"C": ["0", "1", "2"]}))["ExposureTime"] == ["20", "7.5", None]


def test_a_function_of_a_plane_and_one_text() -> None:
    document = planes({"Z": ["0", "1"], "Time": ["2020-05-17T12:00:01.0000005Z", "2020-05-17T14:00:00+02:00"]})
    assert table_of(document)["Timestamp"] == ["1.0000005", "0"]


def test_planes_that_state_no_more_than_their_place_are_left_out() -> None:
    bare = XML.replace("<Exposure>20</Exposure>", "").replace("<Exposure>7.50</Exposure>", "<Exposure>0</Exposure>")
    document = planes({"Z": ["0", "1"]}, bare)
    assert only(document, "Pixels").planes is None
    assert only(planes({}, XML), "Pixels").planes is None
    assert only(run(XML, PLANES, {"other": PlaneColumns({"X": ["1"]})}), "Pixels").planes is None


def test_values_that_nbo_cannot_hold_are_counted() -> None:
    document = planes({"Z": ["0", "1", "2"], "X": ["far", "1", "out"]})
    assert table_of(document)["PositionX"] == [None, "1000000", None]
    assert findings(document) == [
        ("NBO152", "warning", "Plane PositionX: 2 values are not what NBO can hold; left out")
    ]
    assert (document.findings[0].element, document.findings[0].instance) == ("Plane", "Pixels:0")


def test_each_pixels_has_planes_of_its_own() -> None:
    xml = "<v><Scene n='1' key='a'/><Scene n='2' key='b'/></v>"
    document = run(xml, PLANES, {"a": PlaneColumns({"X": ["1"]}), "b": PlaneColumns({"X": ["2"]})})
    tables = [p.planes for p in document.root.walk() if p.name == "Pixels"]
    assert [t.columns["PositionX"] for t in tables if t is not None] == [["1000000"], ["2000000"]]
    assert [t.columns["ID"] for t in tables if t is not None] == [["Plane:0-0-0-0"], ["Plane:1-0-0-0"]]
