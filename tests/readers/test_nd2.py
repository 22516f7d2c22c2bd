"""Nikon ND2 files: chunks, JPEG 2000 boxes, loops, columns, the text of NIS-Elements, damage."""

from __future__ import annotations

import json
import pickle
import struct
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from fuzz import campaign
from make_nd2 import (
    attributes,
    column,
    metadata,
    plane,
    time_loop,
    variant,
    write_legacy,
    write_nd2,
    xy_loop,
    z_loop,
)
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract.record import CUT_OFF
from nbo_extract.registry import find_reader, read
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.nikon_channels import modality_flags
from nbo_extract_readers.nikon_planes import texts
from nbo_extract_readers.nikon_text import add_camera, add_devices, add_planes
from real_files import score, tool
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

FRAMES = 12
TEXT = (
    "Metadata:\r\nDimensions: T(3) x XY(2) x λ(2) x Z(2)\r\nCamera Name: Andor DU-888\r\n"
    "Number of Picture Planes: 2\r\n"
    "Plane #1:\r\n Name: Trans\r\n Modality: Brightfield\r\n Camera Settings:   \r\n  Camera Type: Andor DU-888\r\n"
    "  Binning: 2x2\r\n  Exposure: 20 ms\r\n"
    "Plane #2:\r\n Name: GFP\r\n Modality: Widefield Fluorescence, Spinning Disk Confocal\r\n"
    " Camera Settings:   \r\n  Camera Type: Andor DU-888\r\n  Binning: 1x1\r\n  Multiplier: 300\r\n"
    " Microscope Settings:   Microscope: Ti Microscope\r\n"
    "  CSU-W1, FilterChanger(EM Wheel): 2 (525/50)\r\n  NIDAQ, Shutter(AOTF): Active\r\n"
    "  NIDAQ, MultiLaser(AOTF):\r\n     Line:1; ExW:405; Off\r\n     Line:2; ExW:488; Power: 12.5; On\r\n"
    "Time Loop: 3\r\n- Equidistant (Period 2 s)\r\n"
)


def sample(exposure: float, camera: str = "Andor DU-888 X-1", **more: Any) -> dict[str, Any]:
    return {"pCameraSetting": {"CameraUserName": camera}, "dExposureTime": exposure} | more


def disk(path: Path, **more: Any) -> Path:
    """Write a spinning disk series of two channels: three times, two places, two heights."""
    planes = [plane("Trans", 0x102), plane("GFP", 0x401, sample=1)]
    points = [("A", 10.5, 20.25, 3.0), ("B", -1.5, 2.5, 4.0)]
    given: dict[str, Any] = {
        "attributes": attributes(FRAMES, 2),
        "metadata": metadata(planes, [sample(20.0), sample(60.5)]),
        "experiment": time_loop(3, 2000.0, xy_loop(points, z_loop(2, 0.3, "ASI PiezoZ"))),
        "text": {5: TEXT, 9: "9/28/2021  10:26:09 AM"},
        "app": {"m_SWNameString": "NIS-Elements AR", "m_VersionString": "5.21.00"},
        "columns": {
            "X": ("X Coord", column([10.5 + i for i in range(FRAMES)])),
            "Y": ("Y Coord", column([0.1] * FRAMES)),
            "Z1": ("Ti ZDrive", column([7.0] * FRAMES)),
            "Z2": ("ASI PiezoZ", column([0.3 * i for i in range(FRAMES)])),
            "AcqTimesCache": ("", column([500.5 * i for i in range(FRAMES)])),
        },
    } | more
    return write_nd2(path, **given)


def stated(document: Document, element: str) -> list[dict[str, str]]:
    return [{n: f.value for n, f in node.facts.items()} for node in nodes(document, element)]


# ---------------------------------------------------------------------------------------------------- chunks


def test_one_image_a_position(tmp_path: Path) -> None:
    path = disk(tmp_path / "cells.nd2")
    reader = find_reader(str(path))
    assert reader is not None
    assert reader.name == "nd2"
    document = extract(path)
    assert document.findings == []
    labels = stated(document, "StageLabel")
    assert labels == [
        {"Name": "A", "X": "10.5", "Y": "20.25", "Z": "3"},
        {"Name": "B", "X": "-1.5", "Y": "2.5", "Z": "4"},
    ]
    first, second = nodes(document, "Pixels")
    sizes = {name: first.get(f"Size{name}") for name in "XYZCT"}
    assert sizes == {"X": "8", "Y": "6", "Z": "2", "C": "2", "T": "3"}
    assert first.get("TimeIncrement") == "2"
    assert second.planes is not None
    # Frames are taken T by place by Z; each holds both channels. Planes come in the order of T, C, Z.
    assert second.planes.columns["PositionX"][:4] == ["12.5", "13.5", "12.5", "13.5"]
    assert second.planes.columns["Timestamp"][:4] == ["1.001", "1.5015", "1.001", "1.5015"]
    assert second.planes.columns["ExposureTime"][:4] == ["20", "20", "60.5", "60.5"]
    # Of two drives the one that the stack was taken with.
    assert first.planes is not None
    assert first.planes.columns["PositionZ"][:2] == ["0", "0.3"]
    assert first.planes.sources["PositionZ"].path == "CustomData|Z2"


def test_channels_have_the_text_of_their_own(tmp_path: Path) -> None:
    document = extract(disk(tmp_path / "cells.nd2", experiment=None, attributes=attributes(1, 2)))
    assert [c.get("IlluminationType") for c in nodes(document, "Channel")] == [
        "Transmitted_Bright-field",
        "Confocal_Fluorescence_spinning disk",
    ]
    assert [s.get("Binning") for s in nodes(document, "CameraSettings")] == ["2x2", "1x1"]
    assert [s.get("AmplificationGain") for s in nodes(document, "CameraSettings")] == [None, "300"]
    assert [(d.name, d.get("Name")) for d in nodes(document, "CCD")] == [("CCD", "Andor DU-888 X-1")]
    assert [r.get("PeakWavelength") for r in nodes(document, "IlluminationWavelengthRange")] == ["488"]


def test_a_text_that_is_of_other_planes_is_not_used(tmp_path: Path) -> None:
    """A channel that was taken out of a file keeps the text of all."""
    path = disk(
        tmp_path / "one.nd2",
        metadata=metadata([plane("GFP", 0x401)], [sample(60.5)]),
        attributes=attributes(FRAMES, 1),
    )
    (element,) = read(path).tree.findall("Structure/Plane")
    assert element.findtext("Text/Line[@Key='Name']") == "GFP"
    other = disk(
        tmp_path / "other.nd2",
        metadata=metadata([plane("Cy5", 0x401)], [sample(60.5)]),
        attributes=attributes(FRAMES, 1),
    )
    (element,) = read(other).tree.findall("Structure/Plane")
    assert element.find("Text") is None


def test_settings_of_a_scan_head(tmp_path: Path) -> None:
    text = (
        "              \r\n{Scanner Selection}: Galvano\r\n{Second Filter Cube}: 525/50\r\n"
        "CH2\t{Laser Wavelength}: 488.0\t{Laser Power}: 10.8\r\n\t{PMT HV}: 37\t{PMT Offset}: -29\r\n"
        "{Pinhole Size(um)}: 38.3\r\nStim1\t{Type}: Nothing\r\n"
    )
    quality = {
        "CH1ChannelDyeName": "DAPI",
        "CH1LaserPower": 3.5,
        "CH2ChannelDyeName": "GFP",
        "CH2LaserPower": 10.758400000000002,
        "CH2PMTOffset": -29,
    }
    camera = {"CameraUserName": "Nikon A1plus", "PropertiesQuality": quality}
    given = sample(997.0, sSpecSettings=text) | {"pCameraSetting": camera}
    path = write_nd2(
        tmp_path / "a1.nd2",
        attributes=attributes(1, 1),
        metadata=metadata([plane("GFP", 0x8000201, dPinholeDiameter=38.314176245210724)], [given]),
    )
    document = extract(path)
    assert stated(document, "LightSourceSettings") == [
        {"ID": "LightSource:0", "IlluminationPowerSettings": "10.758400000000002"}
    ]
    assert [n.get("Name") for n in nodes(document, "RasterScanner")] == ["Nikon A1plus"]
    assert [n.get("Name") for n in nodes(document, "Fluorophore")] == ["GFP"]
    assert [n.get("Offset") for n in nodes(document, "PointDetectorSettings")] == ["-29"]
    assert nodes(document, "CMOS") + nodes(document, "GenericDetector") == []


def test_a_file_before_3_0_is_xml(tmp_path: Path) -> None:
    content = metadata([plane("488 nm", 0)], [sample(100.0, "CoolSNAP HQ2")])
    pictures = content["sPicturePlanes"]
    pictures["sPlane"] = pictures.pop("sPlaneNew")
    del pictures["sPlane"]["a0"]["uiModalityMask"]
    pictures["sPlane"]["a0"]["eModality"] = 4
    path = write_nd2(
        tmp_path / "old.nd2",
        version="Ver2.1",
        attributes=attributes(6, 1),
        metadata=content,
        experiment=time_loop(3, 10_000.0, z_loop(2, 0.5, "TE2000 Z Drive")),
        columns={"X": ("", column([1.5] * 6)), "AcqTimesCache": ("", column([5000.0 * i for i in range(6)]))},
    )
    document = extract(path)
    (channel,) = nodes(document, "Channel")
    assert channel.get("IlluminationType") == "Confocal_Fluorescence_swept-field"
    (pixels,) = nodes(document, "Pixels")
    assert (pixels.get("SizeZ"), pixels.get("PhysicalSizeZ"), pixels.get("TimeIncrement")) == ("2", "0.5", "10")
    assert pixels.planes is not None
    # Arrays that no tag describes; where there is none, the place of the only position.
    assert set(pixels.planes.columns["PositionX"]) == {"1.5"}
    assert set(pixels.planes.columns["PositionY"]) == {"-200.25"}


def test_a_single_frame_states_time_and_place_in_its_metadata(tmp_path: Path) -> None:
    path = write_nd2(
        tmp_path / "one.nd2", attributes=attributes(1, 1), metadata=metadata([plane("a", 1)], [sample(5.0)])
    )
    planes = nodes(extract(path), "Pixels")[0].planes
    assert planes is not None
    assert {n: c for n, c in planes.columns.items() if n[0] in "PTE"} == {
        "PositionX": ["100.5"],
        "PositionY": ["-200.25"],
        "PositionZ": ["3000.125"],
        "Timestamp": ["0.0125"],
        "ExposureTime": ["5"],
        "TheC": ["0"],
        "TheT": ["0"],
        "TheZ": ["0"],
    }


def test_exposures_of_each_frame_count_where_they_are_of_the_only_channel(tmp_path: Path) -> None:
    def exposures(first: float) -> list[str | None] | None:
        path = write_nd2(
            tmp_path / "e.nd2",
            attributes=attributes(2, 1),
            metadata=metadata([plane("a", 1)], [sample(5.0)]),
            experiment=time_loop(2, 1.0),
            columns={"Camera_ExposureTime1": ("Camera 1 Exposure Time", column([first, 8.5]))},
        )
        planes = nodes(extract(path), "Pixels")[0].planes
        assert planes is not None
        return planes.columns["ExposureTime"]

    assert exposures(5.0) == ["5", "8.5"]
    # Another camera's, which was not used.
    assert exposures(8.1) == ["5", "5"]


def test_an_image_without_metadata_has_its_sizes(tmp_path: Path) -> None:
    document = extract(write_nd2(tmp_path / "rgb.nd2", attributes=attributes(1, 3, uiBpcInMemory=8)))
    assert stated(document, "Pixels") == [
        {"ID": "Pixels:0", "SizeX": "8", "SizeY": "6", "SizeZ": "1", "SizeC": "3", "SizeT": "1"}
        | {"PixelType": "uint8", "SignificantBits": "14"}
    ]


def test_time_series_of_several_phases_have_no_step(tmp_path: Path) -> None:
    period = {"dStart": 0.0, "dDuration": 0.0}
    phases = {
        "i0000000000": period | {"uiCount": 2, "dPeriod": 1000.0},
        "i0000000001": period | {"uiCount": 2, "dPeriod": 9000.0},
    }
    experiment = {"eType": 8, "uLoopPars": {"uiCount": 4, "pPeriod": phases, "pPeriodValid": b"\1\1"}}
    path = write_nd2(
        tmp_path / "ne.nd2",
        attributes=attributes(4, 1),
        metadata=metadata([plane("a", 1)], [sample(5.0)]),
        experiment=experiment,
        columns={"AcqTimesCache": ("", column([0.0, 1000.0, 2000.0, 11000.0]))},
    )
    (pixels,) = nodes(extract(path), "Pixels")
    assert (pixels.get("SizeT"), pixels.get("TimeIncrement")) == ("4", None)


def test_the_record_pickles(tmp_path: Path) -> None:
    document = extract(disk(tmp_path / "cells.nd2"))
    assert pickle.loads(pickle.dumps(document)) == document  # noqa: S301 - our own
    assert from_xml(to_xml(document)) == document


# ------------------------------------------------------------------------------------------------ JPEG 2000 boxes


def legacy(path: Path, **replaced: bytes) -> Path:
    """Write a file of the form before NIS-Elements 3.0: two times of two channels."""
    planes = {
        f"_0{i}": {"uiCompCount": 1, "eModality": 0, "uiColor": 255, "sDescription": n}
        for i, n in enumerate(["20xphase", "DiI"])
    }
    content = {
        "dTimeAbsolute": 2454000.6,
        "dXPos": 10.5,
        "dYPos": -3.0,
        "dZPos": 7.25,
        "dCalibration": 0.5,
        "bCalibrated": True,
        "wsObjectiveName": "Plan Fluor 20x",
        "dObjectiveMag": 20.0,
        "dObjectiveNA": 0.45,
        "dRefractIndex1": 1.0,
        "sPicturePlanes": {"uiCount": 2, "uiCompCount": 2, "sPlane": planes},
    }
    period = {"uiCount": 2, "dStart": 0.0, "dPeriod": 60000.0, "dDuration": 0.0}
    loops = {"eType": 8, "uLoopPars": {"uiCount": 2, "pPeriod": {"_00": period}}}
    text = "Metadata:\r\nNumber of Picture Planes: 2\r\nPlane #1:\r\n Name: 20xphase\r\n"
    text += "Plane #2:\r\n Name: DiI\r\n Emission Wavelength: 585 nm\r\n"
    text = text.replace("\r\n", "&#13;&#10;")
    boxes = {
        "TINF": f'<TextInfo><TextInfoItem Text=""/><TextInfoItem Text="{text}"/></TextInfo>'.encode(),
        "AIM1": variant({"ImageMetadata_V1.0": loops}),
        "ARTT": variant({"AdvancedImageAttributes": {"SignificantBits": 12}}),
    } | replaced
    frames = []
    for number in range(2):
        frames += [(b"VCAL", variant({"no_name": {"dX": 1.0}}))]
        frames += [(b"VIMD", variant({"no_name": content | {"dTimeMSec": 60010.25 * number}}))]
    return write_legacy(path, [*frames, *((k.encode(), v) for k, v in boxes.items())])


def test_jpeg_2000_form(tmp_path: Path) -> None:
    document = extract(legacy(tmp_path / "old.nd2"))
    (pixels,) = nodes(document, "Pixels")
    got = {n: f.value for n, f in pixels.facts.items()}
    assert got == {
        "ID": "Pixels:0",
        "SizeX": "8",
        "SizeY": "6",
        "SizeZ": "1",
        "SizeC": "2",
        "SizeT": "2",
        "PhysicalSizeX": "0.5",
        "PhysicalSizeY": "0.5",
        "TimeIncrement": "60",
        "PixelType": "uint16",
        "SignificantBits": "12",
    }
    assert pixels.planes is not None
    assert pixels.planes.columns["Timestamp"] == ["0", "0", "60.01025", "60.01025"]
    assert pixels.planes.columns["PositionZ"] == ["7.25"] * 4
    # A channel of phase contrast that nobody set up as such is no fluorescence.
    assert [c.get("ContrastMethod") for c in nodes(document, "Channel")] == [None, "Fluorescence"]
    assert [f.get("EmissionWavelength") for f in nodes(document, "Fluorophore")] == ["585"]
    assert [o.get("ImmersionType") for o in nodes(document, "Objective")] == ["Air"]


def test_a_damaged_box_costs_what_it_states(tmp_path: Path) -> None:
    document = extract(legacy(tmp_path / "old.nd2", AIM1=b"<variant", TINF=b"<TextInfo"))
    assert [f.code for f in document.findings] == ["NBO102", "NBO102"]
    assert [p.get("SizeX") for p in nodes(document, "Pixels")] == ["8"]
    assert [p.get("SizeT") for p in nodes(document, "Pixels")] == [None]


def test_a_box_form_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = legacy(tmp_path / "old.nd2")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        CorruptFileError, match=r"is cut off or damaged \(the file does not end with the map of its boxes\)"
    ):
        extract(path)


# ------------------------------------------------------------------------------------------------ text and numbers


def test_devices() -> None:
    root = etree.Element("Microscope")
    lines = (
        "  Nikon Ti2, FilterChanger(Turret-Lo): 4 (96375 - mCherry-C (mCherry))\n"
        "  Sola, Shutter(EPI Fluorescence Shutter (SOLA)): Closed\n"
        "  Nikon Ti2, Illuminator(DIA) Iris intensity: 3.0\n"
        "  Spectra/Aura, Shutter(SpectraX): Closed\n"
        "  Spectra/Aura, MultiLaser(Spectra):\n     Line:1; ExW:395; Power:100.0; On; ND:0\n"
        "  PFS, state: On\n  no colon here\n  Filter (Emission): 4 (FITC (Em))\n"
    )
    add_devices(root, lines.split("\n"))
    devices = [dict(d.attrib) for d in root.findall("Device")]
    assert devices == [
        {
            "Owner": "Nikon Ti2",
            "Kind": "FilterChanger",
            "Part": "Turret-Lo",
            "Place": "4",
            "Name": "96375 - mCherry-C (mCherry)",
        },
        {"Owner": "Sola", "Kind": "Shutter", "Part": "EPI Fluorescence Shutter (SOLA)"},
        {"Owner": "Nikon Ti2", "Kind": "Illuminator", "Part": "DIA", "Property": "Iris intensity"},
        {"Owner": "Spectra/Aura", "Kind": "Shutter", "Part": "SpectraX"},
        {"Owner": "Spectra/Aura", "Kind": "MultiLaser", "Part": "Spectra", "Shutter": "Closed"},
    ]
    assert [dict(s.attrib) for s in root.iter("Source")] == [
        {"Line": "1", "ExW": "395", "Power": "100.0", "State": "On", "ND": "0"}
    ]
    assert [dict(line.attrib) for line in root.findall("Line")] == [
        {"Key": "PFS, state"},
        {"Key": "Filter (Emission)", "Place": "4", "Name": "FITC (Em)"},
    ]


def test_groups_of_a_scan_head() -> None:
    root = etree.Element("Camera")
    add_camera(
        root,
        [
            "  {Detector Selection}: DU4",
            "  \r\t\t{GaAsP}: CH2/3;",
            "  TD\t{PMT HV}: 60",
            "  \t{PMT Offset}: -15",
            "  {Scan Speed}: 1",
        ],
    )
    assert [(p.get("Name"), e.get("Key"), e.text) for p in root.iter() for e in p.findall("Line")] == [
        (None, "Detector Selection", "DU4"),
        (None, "GaAsP", "CH2/3;"),
        (None, "Scan Speed", "1"),
        ("TD", "PMT HV", "60"),
        ("TD", "PMT Offset", "-15"),
    ]


def test_a_text_of_one_plane_has_no_heading() -> None:
    root = etree.Element("root")
    (only,) = add_planes(
        root,
        "Numerical Aperture: 0.3\r\n Name: GFP\r\n Camera Settings:   Exposure: 10 ms\r\n"
        "Z Stack Loop: 5\r\n- Step: 1 µm",
    )
    assert [(line.get("Key"), line.text) for line in only.iter("Line")] == [
        ("Numerical Aperture", "0.3"),
        ("Name", "GFP"),
        ("Exposure", "10 ms"),
    ]


def test_modality_flags() -> None:
    assert modality_flags({"uiModalityMask": 134218241}) == "fluorescence laserScanConfocal gaasp"
    assert modality_flags({"eModality": 7}) == "brightfield diContrast"
    assert modality_flags({}) == ""


def test_numbers_are_exact() -> None:
    assert texts([0.1, 3916.7250000000004, 2.0, float("nan"), float("inf"), -0.0]) == [
        "0.1",
        "3916.7250000000004",
        "2",
        None,
        None,
        "-0",
    ]


# ---------------------------------------------------------------------------------------------------- damage


def test_a_file_that_was_never_finished_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = disk(tmp_path / "cut.nd2", finish=False)
    with pytest.raises(NboExtractError, match="does not end with the map of its parts"):
        extract(path)
    document = extract(path, partial=True)
    assert [f.code for f in document.findings] == [CUT_OFF]
    assert len(nodes(document, "Image")) == 2


def test_a_damaged_map_is_replaced_by_a_search(tmp_path: Path) -> None:
    path = disk(tmp_path / "map.nd2")
    data = bytearray(path.read_bytes())
    place = struct.unpack("<Q", data[-8:])[0]
    data[place : place + 4] = b"abcd"
    path.write_bytes(data)
    document = extract(path)
    assert [f.message for f in document.findings] == [
        f"the map of the file is damaged (there is no part of the file at byte {place}): "
        "its parts were sought one by one"
    ]
    assert len(nodes(document, "Channel")) == 4


def test_damaged_metadata_cost_what_they_state(tmp_path: Path) -> None:
    path = disk(tmp_path / "part.nd2")
    data = path.read_bytes()
    place = data.index("SLxPictureMetadata".encode("utf-16-le"))
    path.write_bytes(data[: place - 2] + b"\0" + data[place - 1 :])
    document = extract(path)
    (finding,) = document.findings
    assert finding.message == "ImageMetadataSeqLV|0 cannot be decoded (ValueError): what it states is missing"
    assert [p.get("SizeZ") for p in nodes(document, "Pixels")] == ["2", "2"]


def test_values_of_another_type_are_no_error(tmp_path: Path) -> None:
    content = metadata([plane("a", 1)], [sample(5.0)], dTimeMSec={"x": 1}, dXPos="far")
    content["sPicturePlanes"]["sSampleSetting"]["a0"]["pCameraSetting"] = 7
    content["sPicturePlanes"]["sPlaneNew"]["a0"]["uiColor"] = "red"
    path = write_nd2(tmp_path / "types.nd2", attributes=attributes(1, 1, uiSequenceCount="many"), metadata=content)
    assert [c.get("Name") for c in nodes(extract(path), "Channel")] == ["a"]


def test_impossible_loops_cost_sizes(tmp_path: Path) -> None:
    path = disk(tmp_path / "loops.nd2", experiment=time_loop(2_000_000, 1.0, z_loop(2_000_000, 1.0, "")))
    document = extract(path)
    assert [f.code for f in document.findings] == ["NBO102"]
    assert "the experiment states 4000000000000 frames" in document.findings[0].message
    assert [p.get("SizeZ") for p in nodes(document, "Pixels")] == [None]


@pytest.mark.parametrize(
    "content", [b"\xda\xce\xbe\x0a", b"\xda\xce\xbe\x0a" + bytes(500), b"\0\0\0\x0cjP  " + bytes(80)]
)
def test_what_holds_nothing_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "nothing.nd2"
    path.write_bytes(content)
    with pytest.raises(CorruptFileError) as refused:
        extract(path)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith("copy it again from where it was written")


@pytest.mark.parametrize("form", ["chunks", "boxes"])
def test_damaged_copies(tmp_path: Path, form: str) -> None:
    path = disk(tmp_path / "cells.nd2") if form == "chunks" else legacy(tmp_path / "old.nd2")
    result = campaign(str(path), cuts=25, flips=25, seed=7, reader=None)
    assert result["bad"] == []
    assert sum(result["ends"].values()) == 50


# ---------------------------------------------------------------------------------------------------- real file


def test_facts_of_a_real_file(shared: Path) -> None:
    truth = json.loads((shared / "truth" / "cluster.nd2.json").read_text(encoding="utf-8"))
    document = extract(shared / "samples" / "nd2" / "cluster.nd2")
    xml = to_xml(document)
    missed, wrong = score(shared, truth, xml)
    assert wrong == []
    assert missed == []
    relaxed = tool(shared, "validate_nbo").relaxed_schema()
    relaxed.validate(etree.fromstring(xml.encode()))
    assert [str(e) for e in relaxed.error_log] == []
    assert from_xml(xml) == document
    assert [f.message for f in document.findings if f.severity != "info"] == []
    # Channels that were not taken keep their settings in the file.
    assert "POPO-1" not in xml
    assert "595/50" not in xml
