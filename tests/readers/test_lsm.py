"""Zeiss LSM: the reader, each row of the table, damage."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
import tifffile

from fuzz import campaign
from make_lsm import RECORDING, make_lsm
from make_tiff import Tiff, usual
from nbo_extract.api import embed, embeddable, extract
from nbo_extract.errors import CorruptFileError, WriteError
from nbo_extract.registry import read
from nbo_extract.xmlio import from_xml, to_xml
from table_cases import Case, TableCases, nodes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

#: Rows and the facts that they give for the file that `make_lsm` makes.
USUAL = [
    ("channel.Color", ["16711935", "16716031"]),
    ("channel.ContrastMethod", ["Fluorescence"] * 2),
    ("channel.IlluminationType", ["Confocal_Fluorescence_single-spot-raster-scan"] * 2),
    ("channel.Name", ["Ch2-T1", "ChS1-T2"]),
    ("description.text", ["day two"]),
    ("detection_window.CutOff", ["650.5 nm"]),
    ("detection_window.CutOn", ["570 nm"]),
    ("detector.Name", ["PMT2", "ChS"]),
    ("detector.kind", ["PhotoMultiplierTube", "GenericDetector"]),
    ("detector_settings.AmplificationGain", ["1"]),
    ("detector_settings.EffectiveBitDepth", ["12bit", "12bit"]),
    ("detector_settings.ID", ["Detector:0", "Detector:1"]),
    ("detector_settings.Offset", ["-0.1"]),
    ("detector_settings.Voltage", ["700.5 V"]),
    ("dichroic.Name", ["HFT 488/561"]),
    ("dichroic_ref.ID", ["StandardDichroic:0"]),
    ("emission_band.FWHMBandwidth", ["25 nm"]),
    ("emission_band.Wavelength", ["517.5 nm"]),
    ("emission_filter.Model", ["BP 505-530"]),
    ("emission_filter.Type", ["BandPass"]),
    ("emission_filter_ref.ID", ["Filter:0"]),
    ("experimenter.UserName", ["guest"]),
    ("experimenter_ref.ID", ["Experimenter:0"]),
    ("fluorophore.Name", ["EGFP"]),
    ("image.AcquisitionDate", ["2009-01-01"]),
    ("image.Name", ["cells.lsm"]),
    ("instrument_ref.ID", ["Instrument:0"]),
    ("laser.LaserMedium", ["Ar"]),
    ("laser.Model", ["Argon/2", "DPSS 561-10"]),
    ("laser.Type", ["Gas", "DiodePumpedSolidState (DPSS)"]),
    ("laser_line.PeakWavelength", ["488 nm", "561 nm"]),
    ("light_source_settings.ID", ["LightSource:0", "LightSource:1"]),
    ("light_source_settings.IlluminationPowerSettings", ["2.5 %", "1.5 %"]),
    ("objective.ContrastModulation", ["Ph3"]),
    ("objective.Correction", ["PlanApochromat"]),
    ("objective.CorrectionCollar", ["true"]),
    ("objective.DIC", ["true"]),
    ("objective.ImmersionType", ["Mineral Oil"]),
    ("objective.LensNA", ["1.4"]),
    ("objective.Magnification", ["63"]),
    ("objective.Model", ["Plan-Apochromat 63x/1.40 Oil Ph3 DIC Korr"]),
    ("objective.PhaseContrastDesignation", ["Ph3"]),
    ("objective_settings.ID", ["Objective:0"]),
    ("pixels.DimensionOrder", ["XYCZT"]),
    ("pixels.PhysicalSizeX", ["0.1 µm"]),
    ("pixels.PhysicalSizeY", ["0.2 µm"]),
    ("pixels.PhysicalSizeZ", ["0.5 µm"]),
    ("pixels.PixelType", ["uint16"]),
    ("pixels.SignificantBits", ["12"]),
    ("pixels.SizeC", ["2"]),
    ("pixels.SizeT", ["3"]),
    ("pixels.SizeX", ["4"]),
    ("pixels.SizeY", ["4"]),
    ("pixels.SizeZ", ["2"]),
    ("pixels.TimeIncrement", ["10.25 s"]),
    ("planes.PixelDwellTime", ["1.6 µs"] * 12),
    ("planes.Timestamp", ["0 s"] * 4 + ["10.25 s"] * 4 + ["20.5 s"] * 4),
    ("scanner_settings.EffectiveZoom", ["2.5", "2.5"]),
    ("scanner_settings.IntegrationMethod", ["Sum"]),
    ("scanner_settings.IntegrationNumber", ["4"]),
    ("scanner_settings.IntegrationUnit", ["Line"]),
    ("scanner_settings.MultiChannelMode", ["Sequential", "Sequential"]),
    ("scanner_settings.PresetPinholeSize", ["98 µm", "100 µm"]),
    ("scanner_settings.Rotation", ["45 deg", "45 deg"]),
    ("scanner_settings.ScanDirectionality", ["Bidirectional", "Bidirectional"]),
    ("scanner_settings.ZoomAreaHeight", ["256", "256"]),
    ("scanner_settings.ZoomAreaWidth", ["512", "512"]),
    ("stage_label.X", ["1000 µm"]),
    ("stage_label.Y", ["-2000 µm"]),
    ("stage_label.Z", ["250 µm"]),
]
#: Rows that another file proves: two photons, one track of two channels, tiles, no time stamps.
OTHER = [
    ("channel.IlluminationType#2", ["Confocal_Fluorescence_Multi-photon laser scanning microscopy"]),
    ("pixels.TimeIncrement#2", ["10 s"]),
    ("scanner_settings.MultiChannelMode#2", ["Parallel", "Parallel"]),
    ("tile_dimension.Name", ["M"]),
    ("tile_dimension.Size", ["4"]),
    ("tile_dimension.Type", ["Tile"]),
]
TABLE = TableCases("zeiss-lsm", [Case(row, facts, "") for row, facts in USUAL + OTHER])


@pytest.fixture(scope="module")
def usual_file(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return extract(make_lsm(tmp_path_factory.mktemp("usual") / "cells.lsm"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Document:
    recording = deepcopy(RECORDING)
    track = recording["Tracks"][0]
    track["DetectionChannels"][0]["Acquire"] = 1
    track["DetectionChannels"][0]["PointDetectorName"] = "T-PMT"
    track["DataChannels"][0]["Acquire"] = 1
    track["IlluminationChannels"] = [{"Name": "Chameleon", "Power": 5.0, "Wavelength": 800.0, "Aquire": 1}]
    recording["Lasers"].append({"Name": "Chameleon", "Acquire": 1})
    recording["Tracks"] = [track]
    path = tmp_path_factory.mktemp("other") / "two.lsm"
    return extract(make_lsm(path, recording, stamps=(), tiles=4, channels=("Ch1-T1", "Ch2-T1")))


@pytest.mark.parametrize(("row", "facts"), USUAL)
def test_row(usual_file: Document, row: str, facts: list[str]) -> None:
    assert TABLE.facts(usual_file, row) == facts


@pytest.mark.parametrize(("row", "facts"), OTHER)
def test_row_of_another_file(other: Document, row: str, facts: list[str]) -> None:
    assert TABLE.facts(other, row) == facts


def test_every_row_is_proven(usual_file: Document) -> None:
    TABLE.check_all_rows()
    assert [f.message for f in usual_file.findings] == ["'Dye2' is a placeholder, not a value; left out"]
    assert from_xml(to_xml(usual_file)) == usual_file


def test_an_independent_reader_reads_the_same(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "cells.lsm")
    with tifffile.TiffFile(path) as file:
        notes = file.lsm_metadata
    assert notes is not None
    assert notes["TimeStamps"].tolist() == [1000.25, 1010.5, 1020.75]
    assert notes["ChannelColors"]["ColorNames"] == ["Ch2-T1", "ChS1-T2"]
    assert notes["ScanInformation"]["Tracks"][0]["DetectionChannels"][1]["DyeName"] == "EGFP"
    assert notes["Positions"].tolist() == [[0.001, -0.002, 0.00025]]


# ------------------------------------------------------------------------------------------------------------- choice


def test_family_is_told_by_the_tag_whatever_the_name(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "renamed.tif")
    assert read(path).reader == "zeiss-lsm"
    assert read(path, "ome-tiff").reader == "ome-tiff"
    plain = Tiff()
    plain.page(usual())
    assert read(plain.save(tmp_path / "plain.lsm")).reader == "ome-tiff"
    with pytest.raises(CorruptFileError, match="it has no tag CZ_LSMINFO, which makes a TIFF an LSM file"):
        read(tmp_path / "plain.lsm", "zeiss-lsm")


def test_a_vendor_file_is_never_modified(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "cells.lsm")
    before = path.read_bytes()
    with pytest.raises(WriteError):
        embed(path, extract(path))
    assert path.read_bytes() == before
    assert not embeddable(path)


# -------------------------------------------------------------------------------------------------------------- traps


def test_what_is_not_acquired_is_not_stated(usual_file: Document) -> None:
    xml = to_xml(usual_file)
    assert "HeNe633" not in xml
    assert "BP 420-480" not in xml
    assert "405" not in [n.get("PeakWavelength") for n in nodes(usual_file, "IlluminationWavelengthRange")]


def test_gain_of_a_photodiode_is_no_voltage(usual_file: Document) -> None:
    assert [n.get("Voltage") for n in nodes(usual_file, "PointDetectorSettings")] == ["700.5", None]


def test_transmitted_channel_of_a_track_is_no_fluorescence(other: Document) -> None:
    assert [n.get("ContrastMethod") for n in nodes(other, "Channel")] == [None, "Fluorescence"]


def test_positions_are_images(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "two.lsm", positions=2, sizes=(4, 4, 1, 2, 2), stamps=(5.0, 6.0, 15.0, 17.5))
    document = extract(path)
    assert [n.get("X") for n in nodes(document, "StageLabel")] == ["1000", "1000"]
    assert [n.get("TimeIncrement") for n in nodes(document, "Pixels")] == ["1", "2.5"]
    tables = [n.planes for n in nodes(document, "Pixels")]
    assert [t and t.columns["Timestamp"] for t in tables] == [["0", "0", "1", "1"], ["0", "0", "2.5", "2.5"]]


def test_channels_without_names_go_by_place(tmp_path: Path) -> None:
    document = extract(make_lsm(tmp_path / "a.lsm", channels=("", "")))
    assert [n.get("Name") for n in nodes(document, "Fluorophore")] == ["EGFP"]
    assert [n.get("Name") for n in nodes(document, "Channel")] == [None, None]


# ------------------------------------------------------------------------------------------------------------- damage


def test_damaged_block_costs_that_block_alone(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "a.lsm")
    data = bytearray(path.read_bytes())
    data[8:12] = b"\1\2\3\4"
    path.write_bytes(data)
    document = extract(path)
    assert [f.message for f in document.findings] == [
        "ScanInformation cannot be read (it does not begin with a recording): left out"
    ]
    assert nodes(document, "Pixels")[0].get("PhysicalSizeX") == "0.1"


def test_sizes_that_the_file_cannot_hold(tmp_path: Path) -> None:
    document = extract(make_lsm(tmp_path / "a.lsm", sizes=(4, 4, 1000, 2, 100_000)))
    assert nodes(document, "Pixels")[0].get("SizeZ") is None
    assert "cannot hold 1 positions of the sizes" in document.findings[0].message


def test_cut_off(tmp_path: Path) -> None:
    path = make_lsm(tmp_path / "a.lsm")
    whole = path.read_bytes()
    path.write_bytes(whole[:-80])
    with pytest.raises(CorruptFileError, match=r"a\.lsm: the file is cut off or damaged: it has .* copy it again"):
        extract(path)
    assert nodes(extract(path, partial=True), "Objective")


def test_damaged_copies(tmp_path: Path) -> None:
    assert campaign(str(make_lsm(tmp_path / "a.lsm")), cuts=25, flips=60, seed=2, reader="zeiss-lsm")["bad"] == []
