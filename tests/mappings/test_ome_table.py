"""The tables for OME-XML, OME-NGFF and TIFF: each row has a fragment of the source and the value it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract.lift import lift
from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract.tables import load_table
from nbo_extract.tables_check import check_table
from nbo_extract.words import load_words
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.ome_tiff import read as read_tiff
from nbo_extract_readers.ome_zarr import read as read_zarr
from ome_cases import (
    BAND,
    CASES,
    LASER,
    PATH_ROWS,
    PATHS,
    channel,
    detecting,
    instrument,
    lens,
    pixels,
    settings,
    tag,
    zarr,
)
from sample_ome import make_ome_tiff, make_ome_zarr

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document, Node

TABLES = ("ome", "ngff", "tiff")


def lifted(vocabulary: str, fragment: str, planes: PlaneColumns | None = None) -> Document:
    root = "OME" if vocabulary == "ome" else "Structure"
    tree = etree.fromstring(f"<Record><{root}>{fragment}</{root}></Record>")
    record = RawRecord("a.tif", "", "", vocabulary, tree, {} if planes is None else {"0": planes})
    return lift(record)


def facts(document: Document, rule: str) -> list[str]:
    """Return value and unit of each fact that a row gave."""
    found = []
    for node in document.root.walk():
        for fact in [*node.facts.values(), *([node.text] if node.text else [])]:
            if fact.source is not None and fact.source.rule == rule:
                found.append(f"{fact.value} {fact.unit}" if fact.unit else fact.value)
    return found


def elements(document: Document) -> list[str]:
    return [n.name for n in document.root.walk()]


def node(document: Document, name: str) -> Node:
    return next(n for n in document.root.walk() if n.name == name)


@pytest.mark.parametrize("table", TABLES)
def test_tables_hold_together(table: str) -> None:
    assert check_table(table) == []


@pytest.mark.parametrize(
    ("table", "row", "value", "fragment"), [(t, *case) for t in TABLES for case in CASES[t]], ids=lambda v: str(v)[:60]
)
def test_row(table: str, row: str, value: str, fragment: str) -> None:
    document = lifted(table, fragment)
    assert facts(document, f"{table}:{row}") == [value]
    assert from_xml(to_xml(document)) == document


@pytest.mark.parametrize("table", TABLES)
def test_each_row_has_a_case(table: str) -> None:
    rows = [r.id for b in load_table(table).blocks for r in (*b.rows, *([b.text] if b.text else []))]
    tested = {row for row, _, _ in CASES[table]} | PATH_ROWS
    assert [r for r in rows if r not in tested] == []
    assert {row for row, _, _ in CASES[table]} <= set(rows)


def test_light_path() -> None:
    path = node(lifted("ome", PATHS), "LightPath")

    def references(parent: Node) -> list[tuple[str, str]]:
        return [(n.name, n.id) for n in parent.children if n.name.endswith("Ref")]

    # Members of the filter set stand in it, as far as NBO's takes them; the others in the light path.
    assert references(path) == [
        ("ExcitationFilterRef", "Filter:1"),
        ("ExcitationFilterRef", "Filter:4"),
        ("StandardDichroicRef", "StandardDichroic:1"),
        ("EmissionFilterRef", "Filter:3"),
        ("EmissionFilterRef", "Filter:5"),
    ]
    assert references(path.all("FilterSet")[0]) == [
        ("ExcitationFilterRef", "Filter:0"),
        ("StandardDichroicRef", "StandardDichroic:0"),
        ("EmissionFilterRef", "Filter:2"),
    ]
    assert [n.name for n in lifted("ome", PATHS).instruments[0].all("ExcitationFilter", "EmissionFilter")] == [
        "ExcitationFilter",
        "ExcitationFilter",
        "EmissionFilter",
        "EmissionFilter",
        "ExcitationFilter",
        "EmissionFilter",
    ]


@pytest.mark.parametrize(
    ("fragment", "element"),
    [
        (instrument('<Microscope Type="Inverted"/>'), "InvertedMicroscopeStand"),
        (instrument('<Microscope Type="Upright"/>'), "UprightMicroscopeStand"),
        (instrument('<Microscope Type="Other" Model="Eclipse Ti2-E"/>'), "InvertedMicroscopeStand"),
        (instrument('<Microscope Model="BX51"/>'), "UprightMicroscopeStand"),
        *(
            (instrument(f'<Detector ID="D" Type="{word}"/>'), element)
            for word, element in load_words("detector_type_ome").exact.items()
            if element
        ),
        (instrument('<Detector ID="D" Type="Other" Model="ORCA-Flash4.0"/>'), "CMOS"),
        (instrument('<Detector ID="D" Model="unheard of"/>'), "GenericDetector"),
        (instrument('<Detector ID="D" Type="FTIR"/>'), "GenericDetector"),
        *(
            (instrument(f'<{name} ID="L" Model="m"/>'), name)
            for name in ("Laser", "Arc", "Filament", "LightEmittingDiode", "GenericExcitationSource")
        ),
        (instrument('<LightSource ID="L" Manufacturer="M"><Laser Type="Gas"/></LightSource>'), "Laser"),
        (instrument('<LightEmittingDiode ID="L" Power="2"/>'), "LEDModule"),
        (instrument('<Filter ID="F" Model="m"/>'), "GenericFilter"),
        (instrument('<Filter ID="F" Type="NeutralDensity"/>'), "NeutralDensityFilter"),
        (detecting('Type="CMOS"', 'Gain="2"'), "CameraSettings"),
        (detecting('Type="PMT"', 'Gain="2"'), "PointDetectorSettings"),
        (detecting('Model="m"', 'Binning="1x1"'), "CameraSettings"),
        (detecting('Model="m"', 'Voltage="600"'), "PointDetectorSettings"),
        (detecting('Model="m"', 'Gain="2"'), "GenericDetectorSettings"),
    ],
)
def test_kind_of_part(fragment: str, element: str) -> None:
    assert element in elements(lifted("ome", fragment))


def test_filter_of_both_roles_is_generic() -> None:
    refs = '<ExcitationFilterRef ID="F"/><EmissionFilterRef ID="F"/>'
    document = lifted("ome", instrument('<Filter ID="F" Model="m"/>') + channel(inner=f"<LightPath>{refs}</LightPath>"))
    assert [n.name for n in document.instruments[0].children] == ["GenericFilter"]


def test_confocal_with_binning_is_no_camera() -> None:
    document = lifted(
        "ome",
        instrument('<Detector ID="D" Zoom="1"/>')
        + channel(
            'AcquisitionMode="LaserScanningConfocalMicroscopy"', '<DetectorSettings ID="D" Binning="1x1" Gain="5"/>'
        ),
    )
    assert node(document, "PointDetectorSettings").get("AnalogGain") == "5"


@pytest.mark.parametrize(
    ("fragment", "message"),
    [
        (detecting('Type="FTIR"'), "the word 'FTIR' has no NBO value (word table detector_type_ome); left out"),
        (
            instrument(LASER.format('Type="Excimer"')),
            "the word 'Excimer' has no NBO value (word table laser_type_ome); left out",
        ),
        (
            channel('AcquisitionMode="FSM"'),
            "the word 'FSM||' has no NBO value (word table imaging_method_ome); left out",
        ),
        (
            channel('PinholeSize="1.03"'),
            "ConfocalScannerSettings PresetPinholeSize: '1.03' is below 5; left out",
        ),
        (
            channel(inner='<DetectorSettings ID="Detector:9"/>'),
            "the file refers to GenericDetectorSettings 'Detector:9', which it does not describe",
        ),
    ],
)
def test_what_has_no_home_is_told(fragment: str, message: str) -> None:
    assert [f.message for f in lifted("ome", fragment).findings] == [message]


@pytest.mark.parametrize(
    ("fragment", "rule"),
    [
        (lens('Immersion="Oil"', '<ObjectiveSettings ID="Objective:0" RefractiveIndex="1.406"/>'), "ImmersionType"),
        (lens('Immersion="Other"'), "ImmersionType"),
        (lens('Correction="Other" Model="unheard of"'), "Correction"),
        (lens('Model="Plan Apo VC 60x Oil DIC N2"'), "DIC"),
        (settings('Medium="Air"'), "Type"),
        (settings('Medium="Other"'), "Type"),
        (settings('Medium="Oil" RefractiveIndex="1.33"'), "Type"),
        (settings('RefractiveIndex="1.0"'), "RefractiveIndex"),
        (detecting('Type="EMCCD"', 'Gain="300"'), "AnalogGain"),
        (detecting('Type="CCD"', 'Binning="Other" Gain="0.0"'), "Binning"),
        (detecting('Type="CCD" Model="iXon Ultra 897"'), "Type"),
        (instrument(LASER.format('Tuneable="true" Wavelength="800"')), "PeakWavelength"),
        (instrument('<Arc ID="L" Power="120" PowerUnit="W" Type="Hg"/>'), "IlluminationPower"),
        (instrument(BAND.format('CutIn="500" CutOut="550"')), "Type"),
        (channel('AcquisitionMode="WideField"'), "IlluminationType"),
        (
            channel('AcquisitionMode="LaserScanningConfocalMicroscopy" IlluminationType="Transmitted"'),
            "IlluminationType",
        ),
        (channel('ContrastMethod="Other"'), "ContrastMethod"),
        (channel('Fluor="TL Brightfield"'), "Name"),
        (instrument(BAND.format('CutIn="500" CutOut="0.55" CutOutUnit="µm" CutInUnit="nm"')), "FWHMBandwidth"),
    ],
)
def test_what_is_not_stated_stays_absent(fragment: str, rule: str) -> None:
    document = lifted("ome", fragment)
    assert [n.get(rule) for n in document.root.walk() if n.name != "Instrument" and n.get(rule) is not None] == []
    assert [f for f in document.findings if f.severity != "info"] == []


def test_scale_without_unit_is_no_length() -> None:
    document = lifted("ngff", zarr(inner='<Axis Name="x" Scale="0.1"/>'))
    assert node(document, "Pixels").get("PhysicalSizeX") is None


def test_many_pages_leave_depth_and_time_open() -> None:
    found = node(lifted("tiff", tag("ImageWidth", "640", "true")), "Pixels")
    assert (found.get("SizeX"), found.get("SizeZ"), found.get("SizeT")) == ("640", None, None)


@pytest.mark.parametrize("prefixes", [("", ""), ("PlaneTiming/", "StagePosition/")])
def test_planes(prefixes: tuple[str, str]) -> None:
    timing, stage = prefixes
    columns: dict[str, list[str | None]] = {"TheZ": ["0", "1"], "TheC": ["0", "0"], "TheT": ["0", "0"]}
    columns |= {f"{timing}DeltaT": ["0", "1.5"], f"{timing}ExposureTime": ["0.05", None]}
    columns |= {f"{stage}Position{a}": ["1", "2"] for a in "XYZ"}
    table = node(lifted("ome", pixels(), PlaneColumns(columns)), "Pixels").planes
    assert table is not None
    assert table.columns == {
        "ExposureTime": ["0.05", None], "ID": ["Plane:0-0-0-0", "Plane:0-0-0-1"], "PositionX": ["1", "2"],
        "PositionY": ["1", "2"], "PositionZ": ["1", "2"], "TheC": ["0", "0"], "TheT": ["0", "0"], "TheZ": ["0", "1"],
        "Timestamp": ["0", "1.5"],
    }  # fmt: skip
    # Before 2015 there were no units; positions were in the frame of the stage.
    assert table.units == {
        "ExposureTime": "s", "PositionX": "reference frame", "PositionY": "reference frame",
        "PositionZ": "reference frame", "Timestamp": "s",
    }  # fmt: skip


@pytest.mark.parametrize("word", ["contrast_ome", "imaging_method_ome", "experiment_ome", "filter_type_ome"])
def test_other_is_never_a_value(word: str) -> None:
    assert "Other" not in load_words(word).values


def test_samples_lift_without_a_finding(tmp_path: Path) -> None:
    tiff = lift(read_tiff(str(make_ome_tiff(tmp_path / "cells.ome.tiff"))))
    zarr_with_xml = lift(read_zarr(str(make_ome_zarr(tmp_path / "cells.ome.zarr", "0.5", xml=True))))
    plain = lift(read_zarr(str(make_ome_zarr(tmp_path / "plain.ome.zarr", "0.4"))))
    assert tiff.findings == zarr_with_xml.findings == plain.findings == []
    assert tiff == zarr_with_xml
    assert len(tiff.images[0].all("Pixels")[0].planes or ()) == 4
    found = plain.images[0].all("Pixels")[0]
    assert (found.get("PixelType"), found.get("PhysicalSizeZ"), found.get("SizeT")) == ("uint16", "0.3", "1")
    for document in (tiff, plain):
        assert from_xml(to_xml(document)) == document
