"""MetaMorph stacks and MetaSeries TIFFs: the reader, each row of the table, damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tifffile
from lxml import etree

from families import check_rows, facts_of
from fuzz import campaign
from make_metamorph import METASERIES, make_metaseries, make_stk
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.lift import lift
from nbo_extract.record import RawRecord
from nbo_extract.registry import read
from nbo_extract.xmlio import from_xml, to_xml
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "metamorph"
TIMES = {
    "camera_settings.Binning": ["2x2"],
    "camera_settings.OperatingTemperature": ["-29.95 °C"],
    "camera_settings.PixelReadOutRate": ["20 MHz"],
    "image.AcquisitionDate": ["2020-01-03"],
    "image.Name": ["cells"],
    "pixels.PhysicalSizeX": ["0.13 µm"],
    "pixels.PhysicalSizeY": ["0.26 µm"],
    "pixels.PixelType": ["uint16"],
    "pixels.SizeC#2": ["1"],
    "pixels.SizeT": ["3"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ#2": ["1"],
    "planes.ExposureTime": ["0.01 s", "0.02 s", "0.03 s"],
    "planes.PositionX": ["100 reference frame", "100.1 reference frame", "100.2 reference frame"],
    "planes.PositionY": ["50 reference frame", "50 reference frame", "50 reference frame"],
    "planes.PositionZ": ["100 reference frame", "100 reference frame", "100 reference frame"],
    "planes.Timestamp": ["0 s", "0.25 s", "0.5 s"],
}
SECTIONS = {
    "camera_settings.Binning": ["2x2"],
    "camera_settings.OperatingTemperature": ["-29.95 °C"],
    "camera_settings.PixelReadOutRate": ["20 MHz"],
    "image.AcquisitionDate": ["2020-01-03"],
    "image.Name": ["cells"],
    "pixels.PixelType": ["uint16"],
    "pixels.SizeC#2": ["1"],
    "pixels.SizeT#2": ["1"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ": ["3"],
    "planes.ExposureTime": ["0.01 s", "0.02 s", "0.03 s"],
    "planes.PositionX": ["100 reference frame", "100.1 reference frame", "100.2 reference frame"],
    "planes.PositionY": ["50 reference frame", "50 reference frame", "50 reference frame"],
    "planes.PositionZ": ["1 reference frame", "1.5 reference frame", "2 reference frame"],
    "planes.Timestamp": ["0 s", "0.25 s", "0.5 s"],
}
METASERIES_FACTS = {
    "camera_settings.Binning#2": ["2x2"],
    "channel.Name": ["4. GREEN penta"],
    "image.AcquisitionDate#3": ["2010-11-16"],
    "image.Name": ["GREEN"],
    "instrument_ref.ID": ["Instrument:0"],
    "objective.Correction": ["PlanApo"],
    "objective.ImmersionType": ["Mineral Oil"],
    "objective.LensNA": ["0.75"],
    "objective.Magnification": ["20"],
    "objective.Name": ["20X Plan Apo Lambda Oil"],
    "objective_settings.ID": ["Objective:0"],
    "pixels.PhysicalSizeX#2": ["0.3375 µm"],
    "pixels.PhysicalSizeY#2": ["0.338 µm"],
    "pixels.PixelType": ["uint16"],
    "pixels.SizeC#2": ["1"],
    "pixels.SizeT#2": ["1"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ#2": ["1"],
    "planes.ExposureTime": ["0.01 s"],
    "planes.PositionX": ["18988 reference frame"],
    "planes.PositionY": ["15355 reference frame"],
    "planes.PositionZ": ["-1392.99 reference frame"],
    "software.Name": ["MetaMorph"],
    "software.Version": ["6.7.2.290"],
    "software_ref.ID": ["AcquisitionSoftware:0"],
    "stage_label.Name": ["F09 : Site 1"],
}
#: A stack of which the planes state no time, in three wavelengths.
OTHER = {
    "image.AcquisitionDate#2": ["2020-01-03"],
    "pixels.SizeC": ["3"],
}


def test_stacks_and_metaseries(tmp_path: Path) -> None:
    stacks = [make_stk(tmp_path / "t.stk"), make_stk(tmp_path / "z.stk", z=(1.0, 1.5, 2.0), units="mils")]
    for path, expected in zip(
        [*stacks, make_metaseries(tmp_path / "m.tif")], (TIMES, SECTIONS, METASERIES_FACTS), strict=True
    ):
        document = extract(path)
        assert read(path).reader == "metamorph"
        assert facts_of(TABLE, document) == expected
        assert document.findings == []
        assert from_xml(to_xml(document)) == document


def test_every_row_is_proven() -> None:
    tree = (
        "<MetaMorph><STK><CreateTime>2020-01-03T00:00:01</CreateTime></STK><Structure>"
        '<Image Key="0" Planes="3" Axis="C"/></Structure></MetaMorph>'
    )
    other = facts_of(TABLE, lift(RawRecord("a.stk", "", "", TABLE, etree.fromstring(tree))))
    assert {row: other[row] for row in OTHER} == OTHER
    bare = '<MetaMorph><Structure><Image Key="0" Planes="3" Axis="Z"/></Structure></MetaMorph>'
    assert facts_of(TABLE, lift(RawRecord("a.stk", "", "", TABLE, etree.fromstring(bare))))["pixels.SizeC#3"] == ["1"]
    check_rows(TABLE, [TIMES, SECTIONS, METASERIES_FACTS, OTHER, {"pixels.SizeC#3": ["1"]}])


def test_an_independent_reader_reads_the_same(tmp_path: Path) -> None:
    with tifffile.TiffFile(make_stk(tmp_path / "t.stk")) as file:
        notes = file.stk_metadata
    assert notes is not None
    assert (notes["NumberPlanes"], notes["CalibrationUnits"]) == (3, "um")
    assert notes["StagePosition"].tolist() == [[100.0, 50.0], [100.1, 50.0], [100.2, 50.0]]


def test_planes_that_nothing_tells_apart_lie_along_no_axis(tmp_path: Path) -> None:
    pixels = nodes(extract(make_stk(tmp_path / "a.stk", times=(5, 5, 5))), "Pixels")[0]
    assert [pixels.get(f"Size{axis}") for axis in "ZCT"] == [None, None, None]
    assert pixels.planes is None


def test_wavelengths_are_channels(tmp_path: Path) -> None:
    pixels = nodes(extract(make_stk(tmp_path / "a.stk", wavelengths=(447, 520, 600))), "Pixels")[0]
    assert (pixels.get("SizeC"), pixels.get("SizeT")) == ("3", "1")


def test_calibration_that_is_off_or_of_no_unit(tmp_path: Path) -> None:
    off = METASERIES.replace('value="on"', 'value="off"')
    assert nodes(extract(make_metaseries(tmp_path / "a.tif", off)), "Pixels")[0].get("PhysicalSizeX") is None
    assert nodes(extract(make_stk(tmp_path / "a.stk", units="pixel")), "Pixels")[0].get("PhysicalSizeX") is None


def test_cut_off(tmp_path: Path) -> None:
    path = make_stk(tmp_path / "a.stk")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CorruptFileError, match=r"a\.stk"):
        extract(path)


def test_damaged_xml(tmp_path: Path) -> None:
    document = extract(make_metaseries(tmp_path / "a.tif", METASERIES[:-40]))
    assert [f.code for f in document.findings] == ["NBO104"]
    assert nodes(document, "Objective")[0].get("LensNA") == "0.75"


def test_damaged_copies(tmp_path: Path) -> None:
    for path in (make_stk(tmp_path / "a.stk"), make_metaseries(tmp_path / "b.tif")):
        assert campaign(str(path), cuts=20, flips=40, seed=2, reader="metamorph")["bad"] == []
