"""Olympus OIB and OIF: the reader, each row of the table, damage."""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from fuzz import campaign
from make_oif import MAIN, axis, make_oib, make_oif, plane, settings
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import find_reader
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.olympus import parse_settings
from real_files import score, tool
from table_cases import Case, TableCases, nodes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

#: Rows and the facts that they give for the file that `make_oif` makes.
USUAL = [
    ("channel.ContrastMethod", ["Fluorescence"]),
    ("channel.IlluminationType", ["Confocal_Fluorescence_single-spot-raster-scan"]),
    ("channel.Name", ["CH1", "TD1"]),
    ("description.text", ["first try"]),
    ("detector.Name", ["CH1", "TD1"]),
    ("detector_settings.AmplificationGain", ["1"]),
    ("detector_settings.AmplificationGain#2", ["1.5"]),
    ("detector_settings.EffectiveBitDepth", ["12bit", "12bit"]),
    ("detector_settings.ID", ["Detector:0", "Detector:1"]),
    ("detector_settings.Offset", ["0"]),
    ("detector_settings.Offset#2", ["3"]),
    ("detector_settings.PhotonCounting", ["true", "false"]),
    ("detector_settings.Voltage", ["700 V", "172 V"]),
    ("emission_band.FWHMBandwidth", ["20 nm"]),
    ("emission_band.Wavelength", ["515 nm"]),
    ("emission_dichroic.Name", ["SDM560"]),
    ("emission_dichroic_ref.ID", ["StandardDichroic:1"]),
    ("emission_filter.Model", ["BA505-525"]),
    ("emission_filter.Type", ["BandPass"]),
    ("emission_filter_ref.ID", ["Filter:0"]),
    ("excitation_dichroic.Name", ["DM488/543"]),
    ("excitation_dichroic_ref.ID", ["StandardDichroic:0", "StandardDichroic:0"]),
    ("experimenter.UserName", ["guest"]),
    ("experimenter_ref.ID", ["Experimenter:0"]),
    ("fluorophore.EmissionWavelength", ["510 nm"]),
    ("fluorophore.ExcitationWavelength", ["488 nm"]),
    ("fluorophore.Name", ["EGFP"]),
    ("image.AcquisitionDate", ["2012-07-26"]),
    ("image.Name", ["cell.oif"]),
    ("instrument_ref.ID", ["Instrument:0"]),
    ("laser_line.PeakWavelength", ["488 nm"]),
    ("light_source_settings.ID", ["LightSource:0"]),
    ("light_source_settings.IlluminationPowerSettings", ["0.3 %"]),
    ("objective.Correction", ["UPlanFl"]),
    ("objective.ImmersionType", ["Mineral Oil"]),
    ("objective.LensNA", ["1.3"]),
    ("objective.Magnification", ["40"]),
    ("objective.Model", ["UPLFLN 40X O NA:1.30"]),
    ("objective_settings.ID", ["Objective:0"]),
    ("pixels.PhysicalSizeX", ["0.25 µm"]),
    ("pixels.PhysicalSizeY", ["0.25 µm"]),
    ("pixels.PhysicalSizeZ", ["0.5 µm"]),
    ("pixels.PixelType", ["uint16"]),
    ("pixels.SignificantBits", ["12"]),
    ("pixels.SizeC", ["2"]),
    ("pixels.SizeT#2", ["1"]),
    ("pixels.SizeX", ["32"]),
    ("pixels.SizeY", ["16"]),
    ("pixels.SizeZ", ["2"]),
    ("planes.PixelDwellTime", ["8 µs", "8 µs", "8 µs", "8 µs"]),
    ("planes.PositionZ", ["-1.0005 µm", "-2.001 µm", "-1.0005 µm", "-2.001 µm"]),
    ("planes.Timestamp", ["0.25 s", "0.5 s", "0.25 s", "0.5 s"]),
    ("scanner.Name", ["FV1000"]),
    ("scanner_settings.EffectiveZoom", ["7", "7"]),
    ("scanner_settings.IntegrationMethod", ["Average", "Average"]),
    ("scanner_settings.IntegrationNumber", ["4", "4"]),
    ("scanner_settings.IntegrationUnit", ["Line", "Line"]),
    ("scanner_settings.MultiChannelMode", ["Parallel", "Parallel"]),
    ("scanner_settings.PresetPinholeSize", ["100 µm"]),
    ("scanner_settings.Rotation", ["0 deg", "0 deg"]),
    ("scanner_settings.ScanDirectionality", ["Unidirectional", "Unidirectional"]),
    ("scanner_settings.ScanTime", ["0.841584 s", "0.841584 s"]),
    ("software.Name", ["FLUOVIEW FV1000"]),
    ("software.Version", ["2.1.2.5"]),
    ("software_ref.ID", ["AcquisitionSoftware:0"]),
]
#: Rows that another file proves: a line scanned in time and wavelength, whose planes' files say little.
OTHER = [
    ("lambda_dimension.Name", ["Lambda"]),
    ("lambda_dimension.PresetStepIncrement", ["5 nm"]),
    ("lambda_dimension.Size", ["4"]),
    ("lambda_dimension.Type", ["Lambda"]),
    ("objective.LensNA#2", ["1.3"]),
    ("objective.Magnification#2", ["40"]),
    ("pixels.PixelType#2", ["uint16"]),
    ("pixels.SizeC#2", ["1"]),
    ("pixels.SizeT", ["5"]),
    ("pixels.SizeY#2", ["1"]),
    ("pixels.SizeZ#2", ["1"]),
    ("pixels.TimeIncrement#2", ["0.25 s"]),
]
TIMED = [("pixels.TimeIncrement", ["0.1 s"])]
TABLE = TableCases("olympus-oif", [Case(row, facts, "") for row, facts in USUAL + OTHER + TIMED])


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return extract(make_oif(tmp_path_factory.mktemp("usual") / "cell.oif"))


def line_scan(folder: Path, interval: str) -> Document:
    main = deepcopy(MAIN)
    main["Axis 1 Parameters Common"] = axis("Y", 0)
    main["Axis 2 Parameters Common"] = axis("C", 0)
    main["Axis 3 Parameters Common"] = axis("Z", 0, Interval="500", UnitName="nm")
    main["Axis 4 Parameters Common"] = axis(
        "T", 5, Interval=interval, UnitName="ms", StartPosition="500", EndPosition="1500"
    )
    main["Axis 6 Parameters Common"] = axis("L", 4, Interval="5", UnitName="nm")
    path = make_oif(folder / "line.oif", main)
    for file in (folder / "line.oif.files").iterdir():
        sections = plane(1, 1)
        del sections["Image Parameters"]
        sections["Acquisition Parameters Common"] |= {"Magnification": "0.0", "ObjectiveLens NAValue": "9999.0"}
        file.write_bytes(settings(sections))
    return extract(path)


@pytest.mark.parametrize(("row", "facts"), USUAL)
def test_row(usual: Document, row: str, facts: list[str]) -> None:
    assert TABLE.facts(usual, row) == facts


@pytest.mark.parametrize(("row", "facts"), OTHER)
def test_row_of_a_line_scan(tmp_path: Path, row: str, facts: list[str]) -> None:
    assert TABLE.facts(line_scan(tmp_path, "0"), row) == facts


@pytest.mark.parametrize(("row", "facts"), TIMED)
def test_row_of_a_timed_scan(tmp_path: Path, row: str, facts: list[str]) -> None:
    assert TABLE.facts(line_scan(tmp_path, "100"), row) == facts


def test_every_row_is_proven(usual: Document) -> None:
    TABLE.check_all_rows()
    assert usual.findings == []
    assert from_xml(to_xml(usual)) == usual


def test_oib_states_what_oif_states(tmp_path: Path, usual: Document) -> None:
    path = make_oib(tmp_path / "cell.oib")
    reader = find_reader(str(path))
    assert reader is not None
    assert reader.name == "olympus-oif"
    assert extract(path) == usual


def test_an_independent_reader_finds_the_same_files(tmp_path: Path) -> None:
    import oiffile

    path = make_oib(tmp_path / "cell.oib")
    with oiffile.OibFileSystem(str(path)) as files:
        names = sorted(n.rpartition("/")[2] for n in files.files())
        assert files.settings["Acquisition Parameters Common"]["ZoomValue"] == 7.0
    assert names == ["cell.oif", *(f"s_C00{c}Z00{z}.pty" for c in (1, 2) for z in (1, 2))]


# ----------------------------------------------------------------------------------------------------- traps


def test_laser_that_is_off_excites_nothing(usual: Document) -> None:
    """The channel TD1 states 543 nm, and that laser is not enabled."""
    assert "543" not in [n.get("PeakWavelength") for n in nodes(usual, "IlluminationWavelengthRange")]
    assert len(nodes(usual, "LightSourceSettings")) == 1


def test_mirror_is_no_dichroic(usual: Document) -> None:
    second = nodes(usual, "LightPath")[1]
    assert [c.get("ID") for c in second.children if c.name == "StandardDichroicRef"] == ["StandardDichroic:0"]


def test_how_transmitted_light_gets_its_contrast_is_not_stated(usual: Document) -> None:
    transmitted = nodes(usual, "Channel")[1]
    assert (transmitted.get("ContrastMethod"), transmitted.get("IlluminationType")) == (None, None)


def test_quotes_marks_and_repeated_keys() -> None:
    text = "[A]\r\nk=\"1\"\r\nk=2\r\n q = 'x=y' \r\nnothing\r\n[B]\r\n=3\r\n"
    expected = {"A": {"k": "1", "q": "x=y"}, "B": {}}
    for data in (text.encode("utf-16"), text.encode("utf-16-le"), text.encode(), text.encode("utf-8-sig")):
        assert parse_settings(data) == expected


# ---------------------------------------------------------------------------------------------------- damage


def test_missing_folder(tmp_path: Path) -> None:
    path = make_oif(tmp_path / "cell.oif")
    shutil.rmtree(tmp_path / "cell.oif.files")
    document = extract(path)
    assert [f.code for f in document.findings] == ["NBO111"]
    assert "the folder cell.oif.files that belongs to it is not beside it" in document.findings[0].message
    assert nodes(document, "Pixels")[0].get("SizeX") == "32"
    assert nodes(document, "Objective") == []


def test_unreadable_plane_costs_that_plane_alone(tmp_path: Path) -> None:
    path = make_oif(tmp_path / "cell.oif")
    (tmp_path / "cell.oif.files" / "s_C001Z002.pty").write_bytes(b"\xff" * 50)
    document = extract(path)
    assert [f.message for f in document.findings] == ["the settings of 1 of 4 planes cannot be read"]
    table = nodes(document, "Pixels")[0].planes
    assert table is not None
    assert table.columns["PositionZ"] == ["-1.0005", None, "-1.0005", "-2.001"]


def test_cut_off(tmp_path: Path) -> None:
    path = make_oib(tmp_path / "cell.oib")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptFileError, match=r"cell\.oib is cut off or damaged: .*; copy it again"):
        extract(path)


def test_settings_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.oif"
    path.write_bytes("[Other]\nx=1\n".encode("utf-16"))
    with pytest.raises(CorruptFileError, match="its main settings state nothing of an acquisition"):
        extract(path)


def test_damaged_copies(tmp_path: Path) -> None:
    assert campaign(str(make_oib(tmp_path / "a.oib")), cuts=25, flips=60, seed=2, reader=None)["bad"] == []
    assert campaign(str(make_oif(tmp_path / "a.oif")), cuts=25, flips=60, seed=2, reader=None)["bad"] == []


def test_real_file(shared: Path) -> None:
    truth = json.loads((shared / "truth" / "test.oib.json").read_text(encoding="utf-8"))
    document = extract(shared / "samples" / "oib" / "test.oib")
    xml = to_xml(document)
    assert score(shared, truth, xml) == ([], [])
    schema = tool(shared, "validate_nbo").relaxed_schema()
    schema.validate(etree.fromstring(xml.encode()))
    assert [str(e) for e in schema.error_log] == []
    assert from_xml(xml) == document
    assert [f.message for f in document.findings if f.severity != "info"] == []
