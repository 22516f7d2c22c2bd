"""Micro-Manager: the reader, each row of the table, what it adds to OME-XML, damage."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
import tifffile

from fuzz import campaign
from make_mm import SUMMARY, make_ndtiff, make_singles, make_stack
from make_tiff import Tiff, usual
from nbo_extract.api import embed, extract, restore
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import read
from nbo_extract.walk import walk
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers._mm_frames import device_properties, flattened
from table_cases import Case, TableCases, nodes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

#: Rows and the facts that they give for the stack that `make_mm` makes.
USUAL = [
    ("camera.Model", ["C13440-20CU"]),
    ("camera.Name", ["Camera-1"]),
    ("camera.Type", ["Scientific"]),
    ("camera.kind", ["CMOS"]),
    ("camera_settings.AnalogGain", ["3", "3"]),
    ("camera_settings.Binning", ["2x2", "2x2"]),
    ("camera_settings.EffectiveBitDepth", ["16bit", "16bit"]),
    ("camera_settings.ID", ["Detector:0", "Detector:0"]),
    ("camera_settings.Offset", ["100", "100"]),
    ("camera_settings.OperatingTemperature", ["-19.5 °C", "-19.5 °C"]),
    ("channel.Name", ["GFP", "Cy5"]),
    ("description.text", ["first try"]),
    ("experimenter.UserName", ["guest"]),
    ("experimenter_ref.ID", ["Experimenter:0"]),
    ("image.AcquisitionDate", ["2026-07-24"]),
    ("image.Name", ["run"]),
    ("instrument_ref.ID", ["Instrument:0"]),
    ("objective.Correction", ["PlanApo"]),
    ("objective.ImmersionType", ["Mineral Oil"]),
    ("objective.LensNA", ["1.45"]),
    ("objective.Magnification", ["60"]),
    ("objective.Name", ["4-Plan Apo TIRF 60x/1.45 Oil"]),
    ("objective_settings.ID", ["Objective:0"]),
    ("pixels.PhysicalSizeX", ["0.1 µm"]),
    ("pixels.PhysicalSizeY", ["0.1 µm"]),
    ("pixels.PhysicalSizeZ", ["0.25 µm"]),
    ("pixels.PixelType", ["uint16"]),
    ("pixels.SignificantBits", ["16"]),
    ("pixels.SizeC", ["2"]),
    ("pixels.SizeT", ["2"]),
    ("pixels.SizeX", ["4"]),
    ("pixels.SizeY", ["4"]),
    ("pixels.SizeZ", ["2"]),
    ("pixels.TimeIncrement", ["0.5 s"]),
    ("planes.ExposureTime", ["20 ms", "20 ms", "21 ms", "21 ms"] * 2),
    ("planes.PositionX", ["12.5 µm"] * 8),
    ("planes.PositionY", ["-3.25 µm"] * 8),
    ("planes.PositionZ", ["0 µm", "0.25 µm"] * 4),
    ("planes.Timestamp", ["0 s", "0.01 s", "0.001 s", "0.011 s", "1 s", "1.01 s", "1.001 s", "1.011 s"]),
    ("software.Name", ["Micro-Manager"]),
    ("software.Version", ["2.0.3 20260407"]),
    ("software_ref.ID", ["AcquisitionSoftware:0"]),
    ("stage_label.Name", ["A1-Site_0"]),
]
TABLE = TableCases("micro-manager", [Case(row, facts, "") for row, facts in USUAL])
OME = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Instrument ID="Instrument:0"/>{images}</OME>'
)
IMAGE = (
    '<Image ID="Image:{n}" Name="pos {n}"><InstrumentRef ID="Instrument:0"/>'
    '<Pixels ID="Pixels:{n}" DimensionOrder="XYCZT" Type="uint16" SizeX="4" SizeY="4" SizeZ="2" SizeC="2" SizeT="2" '
    'PhysicalSizeX="0.2" PhysicalSizeXUnit="µm"><Channel ID="Channel:{n}:0" Name="one" SamplesPerPixel="1"/>'
    '<Channel ID="Channel:{n}:1" SamplesPerPixel="1"/><MetadataOnly/>'
    '<Plane TheZ="0" TheC="0" TheT="0" DeltaT="3" DeltaTUnit="ms"/></Pixels></Image>'
)


def ome_xml(images: int) -> bytes:
    return OME.format(images="".join(IMAGE.format(n=n) for n in range(images))).encode()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Document:
    return extract(make_stack(tmp_path_factory.mktemp("stack") / "run_MMStack.tif"))


@pytest.mark.parametrize(("row", "facts"), USUAL)
def test_row(stack: Document, row: str, facts: list[str]) -> None:
    assert TABLE.facts(stack, row) == facts


def test_every_row_is_proven(stack: Document) -> None:
    TABLE.check_all_rows()
    assert stack.findings == []
    assert from_xml(to_xml(stack)) == stack


def test_an_independent_reader_reads_the_same(tmp_path: Path) -> None:
    with tifffile.TiffFile(make_stack(tmp_path / "a.tif")) as file:
        notes = file.micromanager_metadata
        assert file.pages.first.tags[51123].value["Core-Camera"] == "Camera-1"
    assert notes is not None
    assert notes["Summary"]["Prefix"] == "run"
    assert len(notes["IndexMap"]) == 8


def test_all_forms_state_the_same(tmp_path: Path, stack: Document) -> None:
    assert extract(make_ndtiff(tmp_path / "NDTiffStack.tif")) == stack
    assert extract(make_stack(tmp_path / "wrapped.tif", wrap=True)) == stack
    for version in (1, 2):
        folder = tmp_path / str(version)
        folder.mkdir()
        document = extract(make_singles(folder, version=version))
        assert document == stack
        assert len(document.origin.files) == 9


def test_single_images_are_one_set(tmp_path: Path) -> None:
    make_singles(tmp_path)
    assert len(walk([str(tmp_path)]).units) == 1


# ----------------------------------------------------------------------------------------------------------- with OME


def test_device_properties_fill_what_ome_leaves_absent(tmp_path: Path) -> None:
    path = make_stack(tmp_path / "run_MMStack_Pos0.ome.tif", ome=ome_xml(1))
    record = read(path)
    assert (record.reader, record.vocabulary) == ("ome-tiff", "ome")
    assert record.supplement is not None
    document = extract(path)
    pixels = nodes(document, "Pixels")[0]
    # What OME states stays, also where Micro-Manager says another thing.
    assert (pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY")) == ("0.2", "0.1")
    assert [n.get("Name") for n in nodes(document, "Image")] == ["pos 0"]
    assert [n.get("Name") for n in nodes(document, "Channel")] == ["one", "Cy5"]
    assert [n.get("Model") for n in nodes(document, "CMOS")] == ["C13440-20CU"]
    assert [n.get("ID") for n in nodes(document, "CameraSettings")] == ["Detector:0", "Detector:0"]
    assert [n.get("ID") for n in nodes(document, "ObjectiveSettings")] == ["Objective:0"]
    assert [n.get("ID") for n in nodes(document, "InstrumentRef")] == ["Instrument:0"]
    assert len(nodes(document, "Instrument")) == 1
    assert pixels.planes is not None
    assert pixels.planes.columns["Timestamp"] == ["3"]
    assert from_xml(to_xml(document)) == document
    assert pickle.loads(pickle.dumps(document)) == document  # noqa: S301


def test_stack_of_one_position_fills_its_image_alone(tmp_path: Path) -> None:
    path = make_stack(tmp_path / "run_MMStack_Pos1.ome.tif", ome=ome_xml(2), position=1)
    document = extract(path)
    assert [n.get("PhysicalSizeY") for n in nodes(document, "Pixels")] == [None, "0.1"]


def test_embedding_and_the_way_back(tmp_path: Path) -> None:
    path = make_stack(tmp_path / "run_MMStack_Pos0.ome.tif", ome=ome_xml(1))
    before = path.read_bytes()
    document = extract(path)
    assert embed(path, document).state == "embedded"
    again = extract(path)
    assert [n.get("Model") for n in nodes(again, "CMOS")] == ["C13440-20CU"]
    assert [n.get("Name") for n in nodes(extract(path, embedded=False), "Objective")] == [
        "4-Plan Apo TIRF 60x/1.45 Oil"
    ]
    assert restore(path).state == "restored"
    assert path.read_bytes() == before


def test_a_part_that_ome_has_is_not_added(tmp_path: Path) -> None:
    xml = ome_xml(1).replace(
        b'<Instrument ID="Instrument:0"/>',
        b'<Instrument ID="Instrument:0"><Detector ID="Detector:0" Type="PMT" Model="R1"/>'
        b'<Detector ID="Detector:1" Type="PMT" Model="R2"/></Instrument>',
    )
    document = extract(make_stack(tmp_path / "a.ome.tif", ome=xml))
    assert nodes(document, "CMOS") == []
    assert [n.get("ID") for n in nodes(document, "CameraSettings")] == [None, None]


# -------------------------------------------------------------------------------------------------------------- traps


def test_labels_with_hyphens() -> None:
    plain, devices = device_properties(
        {"Core-Camera": "A-1", "A-1-Timing-ms": "2", "B-C-Label": "x", "Exposure-ms": 3, "COM5-BaudRate": "9600"}
    )
    assert plain == {"Exposure-ms": 3}
    assert devices == {
        "Core": {"Camera": "A-1"}, "A-1": {"Timing-ms": "2"}, "B-C": {"Label": "x"}, "COM5": {"BaudRate": "9600"},
    }  # fmt: skip


def test_values_in_objects() -> None:
    assert flattened({"a": {"PropVal": 1}, "b": {"type": "STRING", "scalar": "x"}, "c": {"d": 1}}) == {
        "a": 1, "b": "x", "c": {"d": 1},
    }  # fmt: skip


def test_gain_that_multiplies_electrons_is_no_analog_gain(tmp_path: Path) -> None:
    document = extract(make_stack(tmp_path / "a.tif", more={"Camera-1-EMSwitch": "On"}))
    assert [n.get("AnalogGain") for n in nodes(document, "CameraSettings")] == [None, None]


def test_uncalibrated_and_unnamed(tmp_path: Path) -> None:
    summary = {k: v for k, v in SUMMARY.items() if k != "PixelSize_um"}
    more: dict[str, object] = {"PixelSizeUm": 0.0, "TINosePiece-Label": "State-1", "Camera-1-CCDTemperature": "0.0000"}
    document = extract(make_stack(tmp_path / "a.tif", summary, more=more))
    assert nodes(document, "Pixels")[0].get("PhysicalSizeX") is None
    assert nodes(document, "Objective") == []
    assert [n.get("OperatingTemperature") for n in nodes(document, "CameraSettings")] == [None, None]


# ------------------------------------------------------------------------------------------------------------- damage


def test_brace_that_was_never_written(tmp_path: Path, stack: Document) -> None:
    document = extract(make_singles(tmp_path, closed=False))
    assert document == stack
    assert [f.message for f in document.findings] == ["the last brace of the metadata was never written; it was added"]


def test_neither_tag_nor_text(tmp_path: Path) -> None:
    tiff = Tiff()
    tiff.page(usual())
    path = tiff.save(tmp_path / "a.tif")
    with pytest.raises(CorruptFileError, match=r"neither it nor a metadata\.txt beside it holds metadata of Micro"):
        read(path, "micro-manager")


def test_damaged_text(tmp_path: Path) -> None:
    path = make_singles(tmp_path)
    (tmp_path / "metadata.txt").write_text(json.dumps([1]))
    with pytest.raises(CorruptFileError, match=r"metadata\.txt is no JSON object"):
        extract(path)


def test_cut_off(tmp_path: Path) -> None:
    path = make_ndtiff(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(CorruptFileError, match=r"the file is cut off or damaged: it has .* copy it again"):
        extract(path)


def test_damaged_copies(tmp_path: Path) -> None:
    for path in (make_stack(tmp_path / "a.tif"), make_stack(tmp_path / "b.ome.tif", ome=ome_xml(1))):
        assert campaign(str(path), cuts=20, flips=40, seed=2, reader="micro-manager")["bad"] == []
