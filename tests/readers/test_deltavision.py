"""DeltaVision files: header, extended header, lens by number, damage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fuzz import campaign
from make_dv import SECTIONS, make_dv
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import find_reader, read
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.deltavision import float_text
from real_files import score
from table_cases import Case, TableCases, nodes

if TYPE_CHECKING:
    from pathlib import Path


def dv(
    lens: str = "", header: str = "", image: str = "SizeX='8'", channel: str = "", log: str = "", times: str = ""
) -> str:
    lens = f"<Lens>{lens}</Lens>" if lens else ""
    return (
        f"<DeltaVision><Header>{header}</Header>{lens}<Log><Group Name=''>{log}</Group></Log><Structure>"
        f"<Image Key='0' {image}><Times>{times}</Times><Channel {channel}/></Image></Structure></DeltaVision>"
    )


LOGGED = "<Objective>Olympus 60X/1.42, Plan Apo, IX71, 1-U2B933</Objective>"
CAMERA = "<Type>CoolSNAP HQ2 / ICX-285</Type><Gain>1.00X</Gain><Speed>10000KHz</Speed><Binning>2x2</Binning>"


NAME = "<name>Olympus 60X/1.20, U-Plan S-Apo PSF, DIC, Ph3, Corr Collar</name>"
PLANES: dict[str, dict[str, list[str | None]]] = {"0": {"Z": ["0", "1"], "C": ["0", "0"], "T": ["0", "0"]}}
CASES = TableCases(
    "deltavision",
    [
        Case("objective.Name", ["A  lens".replace("  ", " ")], dv("<name>A  lens</name>")),
        Case("objective.Manufacturer", ["Olympus"], dv(NAME)),
        Case("objective.Manufacturer", ["Nikon"], dv("<manufacturer>Nikon</manufacturer><name>x</name>")),
        Case("objective.Manufacturer", [], dv("<name>home-made 10X</name>")),
        Case("objective.Model", ["1-UB836"], dv("<model>1-UB836</model>")),
        Case("objective.Model", [], dv("<model>XXXXXXXX</model>")),
        Case("objective.Magnification", ["60"], dv("<magnification>60</magnification>")),
        Case("objective.LensNA", ["1.2"], dv("<lensNA>1.2</lensNA>")),
        Case("objective.ImmersionType", ["Water"], dv("<immersion>Water</immersion>")),
        Case("objective.Correction", ["Neofluar"], dv("<correction>Neofluor</correction>")),
        Case("objective.WorkingDistance", ["0.28 mm"], dv("<workingDistance>0.28</workingDistance>")),
        Case("objective.PhaseContrastDesignation", ["Ph3"], dv(NAME)),
        Case("objective.ContrastModulation", ["Ph3"], dv(NAME)),
        Case("objective.DIC", ["true"], dv(NAME)),
        Case("objective.CorrectionCollar", ["true"], dv(NAME)),
        Case("instrument_ref.ID", ["Instrument:0"], dv(NAME)),
        Case("objective_settings.ID", ["Objective:0"], dv(NAME)),
        *(Case(f"pixels.Size{d}", ["7"], dv(image=f"Size{d}='7'")) for d in "XYZCT"),
        Case("pixels.DimensionOrder", ["XYCZT"], dv(header="<img_seq>1</img_seq>")),
        Case("pixels.PixelType", ["uint16"], dv(header="<pixel_type>6</pixel_type>")),
        Case("pixels.PhysicalSizeX", ["0.1 µm"], dv(header="<dx>0.1</dx>")),
        Case("pixels.PhysicalSizeX", [], dv(header="<dx>1</dx><dy>1</dy>")),
        Case("pixels.PhysicalSizeX", ["1 µm"], dv(header="<dx>1</dx><dy>0.9</dy>")),
        Case("pixels.PhysicalSizeY", ["0.1 µm"], dv(header="<dy>0.1</dy>")),
        Case("pixels.PhysicalSizeZ", ["1 µm"], dv(header="<dx>.1</dx><dy>.1</dy><dz>1</dz>", image="SizeZ='2'")),
        Case("pixels.PhysicalSizeZ", [], dv(header="<dx>1</dx><dy>1</dy><dz>1</dz>", image="SizeZ='2'")),
        Case("pixels.TimeIncrement", ["2.5 s"], dv(times="0 2.5 5.01")),
        Case("pixels.TimeIncrement", [], dv(times="0 2.5 50")),
        Case("objective.Name#2", ["Olympus 60X/1.42, Plan Apo, IX71, 1-U2B933"], dv(log=LOGGED)),
        Case("objective.Manufacturer#2", ["Olympus"], dv(log=LOGGED)),
        Case("objective.Magnification#2", ["60"], dv(log=LOGGED)),
        Case("objective.LensNA#2", ["1.42"], dv(log=LOGGED)),
        Case("objective.Correction#2", ["PlanApo"], dv(log=LOGGED)),
        Case("image.AcquisitionDate", ["2012-03-13"], dv(log="<Created>Tue Mar 13 10:45:57 2012</Created>")),
        Case("camera_detector.kind", ["CCD"], dv(log=CAMERA)),
        Case("camera_detector.Model", ["CoolSNAP HQ2 / ICX-285"], dv(log=CAMERA)),
        Case("camera_detector.Model", [], dv(log="<Type>WF</Type>")),
        Case("camera_detector.Type", ["Conventional"], dv(log=CAMERA)),
        Case("camera_settings.ID", ["Detector:0"], dv(log=CAMERA)),
        Case("camera_settings.AnalogGain", ["1"], dv(log=CAMERA)),
        Case("camera_settings.Binning", ["2x2"], dv(log=CAMERA)),
        Case("camera_settings.PixelReadOutRate", ["10000 kHz"], dv(log=CAMERA)),
        Case("camera_settings.PixelReadOutRate#2", ["10 MHz"], dv(log=CAMERA.replace("10000KHz", "10 MHz"))),
        Case("pixels.PhysicalSizeZ", ["0.25 µm"], dv(header="<dz>0.25</dz>", image="SizeZ='2'")),
        Case("pixels.PhysicalSizeZ", [], dv(header="<dz>0.25</dz>", image="SizeZ='1'")),
        Case("fluorophore.ExcitationWavelength", ["475 nm"], dv(channel="exWavelen='475'")),
        Case("fluorophore.EmissionWavelength", ["528 nm"], dv(channel="Wave='528'")),
        Case("fluorophore.EmissionWavelength", [], dv(channel="Wave='-50'")),
        Case("fluorophore.EmissionWavelength#2", ["528 nm"], dv(channel="Wave='0' emWavelen='528'")),
        *(
            Case(f"planes.{name}", [f"2.5 {unit}", "-"], dv(), {"0": {**PLANES["0"], column: ["2.5", None]}})
            for name, column, unit in (
                ("Timestamp", "timeStampSeconds", "s"),
                ("ExposureTime", "expTime", "s"),
                ("PositionX", "stageXCoord", "µm"),
                ("PositionY", "stageYCoord", "µm"),
                ("PositionZ", "stageZCoord", "µm"),
            )
        ),
    ],
)


@pytest.mark.parametrize("case", CASES.cases, ids=lambda c: c.row)
def test_row(case: Case) -> None:
    CASES.prove(case)


def test_every_row_is_proven() -> None:
    CASES.check_all_rows()


# ---------------------------------------------------------------------------------------------------- reader


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders(tmp_path: Path, order: str) -> None:
    path = make_dv(tmp_path / "cells_R3D.dv", order=order, titles=("IMGCORR: on", "DECON3D"))
    reader = find_reader(str(path))
    assert reader is not None
    assert reader.name == "deltavision"
    record = read(path)
    assert [t.text for t in record.tree.findall("Titles/Title/item")] == ["IMGCORR: on", "DECON3D"]
    document = extract(path)
    (pixels,) = nodes(document, "Pixels")
    stated = {name: fact.value for name, fact in pixels.facts.items()}
    assert stated == {
        "ID": "Pixels:0",
        "SizeX": "8",
        "SizeY": "6",
        "SizeZ": "2",
        "SizeC": "2",
        "SizeT": "1",
        "DimensionOrder": "XYZCT",
        "PixelType": "uint16",
        "PhysicalSizeX": "0.1",
        "PhysicalSizeY": "0.1",
        "PhysicalSizeZ": "0.25",
    }
    planes = pixels.planes
    assert planes is not None
    # Z is fastest: sections 0 and 1 are of the first channel. Planes come in the order of T, C, Z.
    assert planes.columns["PositionX"] == ["-100.25", "-101.25", "-102.25", "-103.25"]
    assert planes.columns["Timestamp"] == ["0", "1.5", "3", "4.5"]
    assert planes.columns["ExposureTime"] == ["0.05", "0.2", "0.05", "0.2"]
    assert planes.units["ExposureTime"] == "s"
    assert [n.get("ExcitationWavelength") for n in nodes(document, "Fluorophore")] == ["475", "475"]
    assert from_xml(to_xml(document)) == document


def test_channels_fastest(tmp_path: Path) -> None:
    planes = nodes(extract(make_dv(tmp_path / "a.dv", img_seq=1)), "Pixels")[0].planes
    assert planes is not None
    assert list(zip(planes.columns["TheC"], planes.columns["TheZ"], planes.columns["Timestamp"], strict=True)) == [
        ("0", "0", "0"),
        ("0", "1", "3"),
        ("1", "0", "1.5"),
        ("1", "1", "4.5"),
    ]


def test_without_extended_header_no_section_states_anything(tmp_path: Path) -> None:
    """The numbers of integers and floats alone prove nothing: the pixels would be read as times and positions."""
    document = extract(make_dv(tmp_path / "a.dv", extended=False))
    assert nodes(document, "Pixels")[0].planes is None
    assert document.findings == []


def test_lens_in_no_table_is_left_out(tmp_path: Path) -> None:
    document = extract(make_dv(tmp_path / "a.dv", lens_num=32000))
    assert nodes(document, "Objective") == []
    assert [f.message for f in document.findings] == [
        "the lens number 32000 is in no table at hand: the objective is left out"
    ]
    assert nodes(extract(make_dv(tmp_path / "b.dv"), skip_rules=["lens-number"]), "Objective") == []


LOG = (
    "Created Tue Mar 13 10:45:57 2012\n"
    "Data File: /data1/cells_R3D.dv\n"
    "#KEY CHANNEL 0.100,GFP,GFP,32%\n"
    "Image Parameters:\n"
    "  Lens ID:                \t32000\n"
    "  Objective:              \tOlympus 60X/1.42, Plan Apo, IX71, 1-U2B933\n"
    "  Binning:                  \t2x2\n"
    "Camera Parameters:\n"
    "  Type:        \tCoolSNAP HQ2 / ICX-285\n"
    "  Gain:        \t1.00X\n"
    "  Speed:       \t10000KHz\n"
    "  Temp Setting: \t-20.0\xb0C\n"
    "Experiment Record:\n"
    "Image 001.   Time Point: 0.000 seconds\n"
    "           Objective: Nikon 100X/1.40, of another part\n"
)


@pytest.mark.parametrize("name", ["cells_R3D.dv", "cells_R3D_D3D.dv", "cells_R3D_D3D_PRJ.dv"])
def test_log_beside_the_image_or_beside_that_of_which_it_is_a_product(tmp_path: Path, name: str) -> None:
    (tmp_path / "cells_R3D.dv.log").write_bytes(LOG.encode("latin-1"))
    path = make_dv(tmp_path / name, lens_num=32000)
    document = extract(path)
    assert [n.get("Name") for n in nodes(document, "Objective")] == ["Olympus 60X/1.42, Plan Apo, IX71, 1-U2B933"]
    assert nodes(document, "Image")[0].get("AcquisitionDate") == "2012-03-13"
    assert [n.get("Model") for n in nodes(document, "CCD")] == ["CoolSNAP HQ2 / ICX-285"]
    assert [n.get("Binning") for n in nodes(document, "CameraSettings")] == ["2x2", "2x2"]
    assert read(path).files == (str(path), str(tmp_path / "cells_R3D.dv.log"))


def test_log_of_another_image_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "other_R3D.dv.log").write_text(LOG, encoding="latin-1")
    assert nodes(extract(make_dv(tmp_path / "cells_R3D.dv")), "CameraSettings") == []


def test_log_that_is_no_text(tmp_path: Path) -> None:
    path = make_dv(tmp_path / "a.dv")
    usual = extract(path)
    (tmp_path / "a.dv.log").write_bytes(bytes(range(256)) * 40 + b"\n:\nA: \n\0: \1\n")
    assert extract(path) == usual


def test_younger_lens(tmp_path: Path) -> None:
    objective = nodes(extract(make_dv(tmp_path / "a.dv", lens_num=18113)), "Objective")[0]
    stated = [objective.get(n) for n in ("Manufacturer", "Model", "Magnification", "LensNA", "ImmersionType")]
    assert stated == ["Nikon", "MRD70170", "10", "0.45", "Air"]


def test_time_series(tmp_path: Path) -> None:
    """Two times of two channels: 3 s pass from one to the next."""
    document = extract(make_dv(tmp_path / "a.dv", nt=2))
    pixels = nodes(document, "Pixels")[0]
    assert (pixels.get("SizeT"), pixels.get("TimeIncrement")) == ("2", "3")


def test_sections_that_do_not_divide(tmp_path: Path) -> None:
    document = extract(make_dv(tmp_path / "a.dv", nc=3))
    pixels = nodes(document, "Pixels")[0]
    assert (pixels.get("SizeX"), pixels.get("SizeZ"), pixels.planes) == ("8", None, None)
    assert "4 sections are no multiple of 3 channels and 1 times" in document.findings[0].message


@pytest.mark.parametrize(("field", "value"), [("n_ints", -1), ("n_floats", 500), ("img_seq", 7)])
def test_extended_header_that_does_not_fit(tmp_path: Path, field: str, value: int) -> None:
    header: dict[str, Any] = {field: value}
    document = extract(make_dv(tmp_path / "a.dv", **header))
    assert nodes(document, "Pixels")[0].planes is None
    assert "does not fit 4 sections" in document.findings[0].message


@pytest.mark.parametrize(("field", "value"), [("width", 0), ("n_sections", -4), ("pixel_type", 77)])
def test_damaged_header(tmp_path: Path, field: str, value: int) -> None:
    header: dict[str, Any] = {field: value}
    with pytest.raises(CorruptFileError, match=r"a\.dv has a damaged header: it states .* copy it again"):
        extract(make_dv(tmp_path / "a.dv", extended=False, **header))


def test_cut_off(tmp_path: Path) -> None:
    path = make_dv(tmp_path / "a.dv")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(CorruptFileError, match=rf"has {len(whole) - 1} bytes and its header states {len(whole)}"):
        extract(path)
    path.write_bytes(whole[: 1024 + 2 * 160])
    planes = nodes(extract(path, partial=True), "Pixels")[0].planes
    assert planes is not None
    assert planes.columns["Timestamp"] == ["0", "1.5"]
    path.write_bytes(whole[:500])
    with pytest.raises(CorruptFileError, match=r"has 500 bytes and the header of a DeltaVision file alone has 1024"):
        extract(path, partial=True)


def test_single_precision_is_written_shortest() -> None:
    assert [float_text(v) for v in (0.13262000679969788, 0.30000001192092896, 65.0, 1e-20, float("nan"))] == [
        "0.13262",
        "0.3",
        "65",
        "0.00000000000000000001",
        "",
    ]


def test_damaged_copies(tmp_path: Path) -> None:
    result = campaign(str(make_dv(tmp_path / "a.dv")), cuts=25, flips=60, seed=3, reader="deltavision")
    assert result["bad"] == []


def test_document_pickles_with_sections(tmp_path: Path) -> None:
    import pickle

    document = extract(make_dv(tmp_path / "a.dv"))
    again = pickle.loads(pickle.dumps(document))  # noqa: S301
    assert again == document
    assert len(nodes(document, "Pixels")[0].planes or ()) == SECTIONS


def test_real_file(shared: Path) -> None:
    truth = json.loads((shared / "truth" / "toxo.dv.json").read_text(encoding="utf-8"))
    missed, wrong = score(shared, truth, to_xml(extract(shared / "samples" / "dv" / "toxo.dv")))
    assert (missed, wrong) == ([], [])
