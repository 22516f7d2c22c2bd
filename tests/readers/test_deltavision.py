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


def dv(lens: str = "", header: str = "", image: str = "SizeX='8'", channel: str = "") -> str:
    lens = f"<Lens>{lens}</Lens>" if lens else ""
    return (
        f"<DeltaVision><Header>{header}</Header>{lens}<Structure><Image Key='0' {image}><Channel {channel}/></Image>"
        "</Structure></DeltaVision>"
    )


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
        Case("pixels.PhysicalSizeX", [], dv(header="<dx>1</dx>")),
        Case("pixels.PhysicalSizeY", ["0.1 µm"], dv(header="<dy>0.1</dy>")),
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
