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
    ("scanner_settings.ScanFormat", ["Frame", "Frame"]),
    ("software.Developer", ["Olympus"]),
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
    ("pixels.TimeIncrement#5", ["0.25 s"]),
    ("light_source_settings.IlluminationPowerSettings#2", ["0.7 %"]),
]
TIMED = [("pixels.TimeIncrement#4", ["0.1 s"])]
FRAMES = [("pixels.TimeIncrement#2", ["2.495 s"])]
FREE = [("pixels.TimeIncrement#3", ["2.5 s"])]
LINES = [("pixels.TimeIncrement", ["0.003152 s"])]
TABLE = TableCases(
    "olympus-oif", [Case(row, facts, "") for row, facts in USUAL + OTHER + TIMED + FRAMES + FREE + LINES]
)


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
    del main["Acquisition Parameters Common"]["LaserTransmissivity01"]
    path = make_oif(folder / "line.oif", main)
    for file in (folder / "line.oif.files").iterdir():
        sections = plane(1, 1)
        del sections["Image Parameters"]
        said = {"Magnification": "0.0", "ObjectiveLens NAValue": "9999.0", "ExcitationOutPutLevel": "0.7"}
        sections["Acquisition Parameters Common"] |= said
        file.write_bytes(settings(sections))
    return extract(path)


def series(folder: Path, times: list[str], interval: str = "0", **acquisition: str) -> Document:
    """Read a time series whose frames say when each was taken; from the second on they state what is given."""
    main = deepcopy(MAIN)
    main["Axis 3 Parameters Common"] = axis("Z", 0, UnitName="nm")
    main["Axis 4 Parameters Common"] = axis("T", len(times), Interval=interval, UnitName="ms")
    path = make_oif(folder / "series.oif", main)
    files = folder / "series.oif.files"
    for old in files.iterdir():
        old.unlink()
    for channel in (1, 2):
        for frame, time in enumerate(times, 1):
            sections = plane(channel, 1)
            sections["Axis 4 Parameters"]["AbsPositionValue"] = time
            if frame > 1:
                sections["Acquisition Parameters Common"] |= acquisition
            (files / f"s_C00{channel}T00{frame}.pty").write_bytes(settings(sections))
    return extract(path)


def drawn_line(folder: Path) -> Document:
    """Read a line scanned again and again, with the pictures on which it was drawn."""
    main = deepcopy(MAIN)
    main["Axis 1 Parameters Common"] = axis("Y", 0)
    main["Axis 3 Parameters Common"] = axis("Z", 0, UnitName="nm")
    main["Axis 4 Parameters Common"] = axis("T", 10000, Interval="0", UnitName="ms")
    main["Axis Parameter Common"] = {"AxisOrder": '"XTC"'}
    main["Acquisition Parameters Common"]["ScanMode"] = '"XT"'
    main["Reference Image Parameter"] |= {"HeightUnit": '"ms"', "HeightConvertValue": "3.1"}
    path = make_oif(folder / "line.oif", main)
    files = folder / "line.oif.files"
    for old in files.iterdir():
        old.unlink()
    for channel in (1, 2):
        for picture in ("", "-R001"):
            sections = plane(channel, 1)
            sections["Acquisition Parameters Common"]["Time Per Line"] = '"3152.000"' if not picture else '"9999.000"'
            sections["Axis 3 Parameters"]["AbsPositionValue"] = "-7.0" if picture else "-1000.0"
            (files / f"s_C00{channel}{picture}.pty").write_bytes(settings(sections))
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


@pytest.mark.parametrize(("row", "facts"), FRAMES)
def test_row_of_frames(tmp_path: Path, row: str, facts: list[str]) -> None:
    assert TABLE.facts(series(tmp_path, ["0.0", "2500.0", "5010.0"], "2495"), row) == facts


@pytest.mark.parametrize(("row", "facts"), FREE)
def test_row_of_frames_without_an_interval(tmp_path: Path, row: str, facts: list[str]) -> None:
    assert TABLE.facts(series(tmp_path, ["0.0", "2500.0", "5010.0"]), row) == facts


@pytest.mark.parametrize(("row", "facts"), LINES)
def test_row_of_a_drawn_line(tmp_path: Path, row: str, facts: list[str]) -> None:
    assert TABLE.facts(drawn_line(tmp_path), row) == facts


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


@pytest.mark.parametrize(("interval", "found"), [("1000", "2.5"), ("2495", "2.495"), ("0", "2.5")])
def test_interval_counts_where_the_frames_keep_to_it(tmp_path: Path, interval: str, found: str) -> None:
    """A scan of 2.5 s that was to be repeated each second is repeated as fast as it can."""
    document = series(tmp_path, ["0.0", "2500.0", "5000.0"], interval)
    pixels = nodes(document, "Pixels")[0]
    increment = pixels.facts["TimeIncrement"]
    assert (pixels.get("SizeT"), increment.value, increment.unit) == ("3", found, "s")
    assert pixels.planes is not None
    assert pixels.planes.columns["Timestamp"] == ["0", "0", "2.5", "2.5", "5", "5"]


def test_frames_at_irregular_times_have_no_increment(tmp_path: Path) -> None:
    pixels = nodes(series(tmp_path, ["0.0", "2500.0", "99000.0"]), "Pixels")[0]
    assert pixels.get("TimeIncrement") is None


def test_voltage_that_changes_from_plane_to_plane_is_not_that_of_the_channel(tmp_path: Path) -> None:
    document = series(tmp_path, ["0.0", "2500.0"], PMTVoltage="705")
    assert [n.get("Voltage") for n in nodes(document, "PointDetectorSettings")] == [None, None]
    (tmp_path / "b").mkdir()
    document = series(tmp_path / "b", ["0.0", "2500.0"])
    assert [n.get("Voltage") for n in nodes(document, "PointDetectorSettings")] == ["700", "172"]


def test_picture_on_which_a_line_was_drawn_is_no_plane(tmp_path: Path) -> None:
    document = drawn_line(tmp_path)
    pixels = nodes(document, "Pixels")[0]
    assert pixels.planes is not None
    assert pixels.planes.columns["PositionZ"] == ["-1", "-1"]
    sizes = [pixels.get(name) for name in ("SizeX", "SizeY", "SizeT", "PhysicalSizeX", "PhysicalSizeY")]
    assert sizes == ["32", "1", "10000", "0.25", None]
    assert nodes(document, "ConfocalScannerSettings")[0].get("ScanFormat") == "Line"
    assert document.findings == []


def test_name_of_the_image_in_the_names_of_planes(tmp_path: Path) -> None:
    """The first versions name planes after the image, here one that has a letter with digits of its own."""
    path = make_oif(tmp_path / "cell.oif")
    for file in list((tmp_path / "cell.oif.files").iterdir()):
        file.rename(file.with_name(file.name.replace("s_", "cell Z123 b_")))
    table = nodes(extract(path), "Pixels")[0].planes
    assert table is not None
    assert table.columns["TheZ"] == ["0", "1", "0", "1"]


def test_decimal_comma(tmp_path: Path) -> None:
    main = deepcopy(MAIN)
    main["Reference Image Parameter"] |= {"WidthConvertValue": "0,207.0", "HeightConvertValue": "0,207"}
    main["File Info"]["UserComment"] = '"1,5"'
    document = extract(make_oif(tmp_path / "cell.oif", main))
    pixels = nodes(document, "Pixels")[0]
    assert (pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY")) == ("0.207", "0.207")
    text = nodes(document, "Description")[0].text
    assert text is not None
    assert text.value == "1,5"


def test_picture_in_colours_and_without_scale(tmp_path: Path) -> None:
    """FluoView 1.2.3 writes such: the bits are those of a colour, the pixels of another size."""
    main = deepcopy(MAIN)
    main["File Info"]["FileType"] = '"Color32Bit"'
    main["Reference Image Parameter"] |= {"WidthUnit": '"pixel"', "HeightUnit": '"pixel"', "ImageDepth": "1"}
    document = extract(make_oif(tmp_path / "cell.oif", main))
    pixels = nodes(document, "Pixels")[0]
    assert [pixels.get(name) for name in ("PixelType", "PhysicalSizeX", "PhysicalSizeY")] == [None, None, None]
    assert document.findings == []


def test_filter_that_is_dashes_is_none(tmp_path: Path) -> None:
    main = deepcopy(MAIN)
    main["Channel 1 Parameters"] |= {"BF Name": '"---"', "EmissionDM Name": '"---"', "ExcitationDM Name": '"---"'}
    document = extract(make_oif(tmp_path / "cell.oif", main))
    assert nodes(document, "EmissionFilter") == []
    assert [n.get("Name") for n in nodes(document, "StandardDichroic")] == ["DM488/543"]


@pytest.mark.parametrize(
    ("name", "immersion", "correction"),
    [
        ("UPLFLN    40X  NA:0.75", "Air", "UPlanFl"),
        ("UPLSAPO   20X     NA:0.75", "Air", "UPlanApo"),
        ("UPLSAPO   60X W  NA:1.20", "Water", "UPlanApo"),
        ("UPLSAPO   30X S  NA:1.05", "Silicone Oil", "UPlanApo"),
        ("UPLSAP60xO", "Mineral Oil", "UPlanApo"),
        ("PLAPON    60X O  NA:1.42", "Mineral Oil", "PlanApo"),
        ("PLAPON    60X OSC2 NA:1.40", "Mineral Oil", "PlanApo"),
        ("LUMPLFL   60X  NA:0.90", None, None),
    ],
)
def test_names_of_objectives(tmp_path: Path, name: str, immersion: str | None, correction: str | None) -> None:
    path = make_oif(tmp_path / "cell.oif")
    for file in (tmp_path / "cell.oif.files").glob("s_C*.pty"):
        sections = plane(1, 1)
        sections["Acquisition Parameters Common"]["ObjectiveLens Name"] = f'"{name}"'
        file.write_bytes(settings(sections))
    objective = nodes(extract(path), "Objective")[0]
    assert (objective.get("ImmersionType"), objective.get("Correction")) == (immersion, correction)


# ---------------------------------------------------------------------------------------------------- damage


@pytest.mark.parametrize("folder", ["cell.files", "CELL.OIF.FILES"])
def test_folder_that_was_renamed(tmp_path: Path, usual: Document, folder: str) -> None:
    path = make_oif(tmp_path / "cell.oif")
    (tmp_path / "cell.oif.files").rename(tmp_path / folder)
    assert extract(path) == usual


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
