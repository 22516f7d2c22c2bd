"""Leica files: LIF, LOF, XLIF and projects; planes; damage."""

from __future__ import annotations

import json
import pickle
import time
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from fuzz import campaign
from make_lif import dimension, image, make_lif, make_lof, project, setting
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import find_reader, read
from nbo_extract.xmlio import from_xml, to_xml
from real_files import score, tool
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

PLANE = 64 * 32 * 2


def names(document: Document) -> list[str | None]:
    return [n.get("Name") for n in nodes(document, "Image")]


def planes(document: Document, image: int = 0) -> list[tuple[str | None, ...]]:
    table = nodes(document, "Pixels")[image].planes
    assert table is not None
    axes = [table.columns[f"The{axis}"] for axis in "TCZ"]
    return list(zip(*axes, table.columns.get("Timestamp", [None] * len(table)), strict=True))


def prop(**values: str) -> str:
    return "".join(f"<ChannelProperty><Key>{k}</Key><Value>{v}</Value></ChannelProperty>" for k, v in values.items())


def test_all_images_with_their_path_in_the_project(tmp_path: Path) -> None:
    """An independent reader finds the same images, in the same order, of the same sizes."""
    import liffile

    nested = image("overview", children=image("detail"))
    folder = f'<Element Name="folder"><Children>{image("a")}{nested}</Children></Element>'
    path = make_lif(tmp_path / "p.lif", project(image("first"), folder, image("a")))
    document = extract(path)
    assert names(document) == ["first", "folder/a", "folder/overview", "folder/overview/detail", "a"]
    assert len(document.instruments) == 1
    assert [n.name for n in document.instruments[0].children] == [
        "InvertedMicroscopeStand",
        "AcquisitionSoftware",
        "Laser",
        "Objective",
        "HybridPhotoDetector",
        "HybridPhotoDetector",
        "RasterScanner",
    ]
    with liffile.LifFile(path) as file:
        assert [i.path for i in file.images] == names(document)
        sizes = [(i.sizes["X"], i.sizes["Y"], i.sizes["C"]) for i in file.images]
    pixels = nodes(document, "Pixels")
    assert [(int(p.get("SizeX") or 0), int(p.get("SizeY") or 0), int(p.get("SizeC") or 0)) for p in pixels] == sizes
    assert from_xml(to_xml(document)) == document


@pytest.mark.parametrize("version", [1, 2])
def test_lif_versions_and_lof_state_the_same(tmp_path: Path, version: int) -> None:
    xml = project(image("first", stamps=2), version=version)
    lif = extract(make_lif(tmp_path / "a.lif", xml, blocks=3, version=version))
    lof = extract(make_lof(tmp_path / "a.lof", xml))
    xlif = tmp_path / "a.xlif"
    xlif.write_bytes(b"\xff\xfe" + xml.encode("utf-16-le"))
    for other in (lof, extract(xlif)):
        assert other == lif
    assert lif.findings == []
    reader = find_reader(str(xlif))
    assert reader is not None
    assert reader.name == "leica"


def test_lof_with_the_content_of_one_element_alone(tmp_path: Path) -> None:
    element = etree.fromstring(image("lost", stamps=1, channels=1))
    data = element.find("Data")
    assert data is not None
    path = make_lof(tmp_path / 'a & "b".lof', etree.tostring(data, encoding="unicode"))
    assert names(extract(path)) == ['a & "b"']


def test_project_of_several_files(tmp_path: Path) -> None:
    (tmp_path / "Metadata").mkdir()
    (tmp_path / "Metadata" / "one.xlif").write_text(
        f'<LMSDataContainerHeader Version="2">{image("one")}</LMSDataContainerHeader>'
    )
    references = "".join(f'<Reference File="Metadata\\{n}.xlif" UUID="{n}"/>' for n in ("On%65", "two", "one"))
    path = tmp_path / "project.xlef"
    path.write_text(
        '<LMSDataContainerHeader Version="2"><Element Name="project"><Children>'
        f"{references}</Children></Element></LMSDataContainerHeader>"
    )
    document = extract(path)
    assert names(document) == ["one"]
    assert [f.message for f in document.findings] == [
        "1 file of the project is missing, the first is Metadata/two.xlif"
    ]
    assert [p.rpartition("/")[2] for p in document.origin.files] == ["project.xlef", "one.xlif"]


# ------------------------------------------------------------------------------------ channels and detectors


def test_channels_follow_the_active_detectors(tmp_path: Path) -> None:
    """The detector's number is not the channel's: the second channel is HyD 3 with the third band."""
    document = extract(make_lif(tmp_path / "a.lif", project(image())))
    detectors = {n.id: n.get("Name") for n in document.instruments[0].children if "Detector" in n.name}
    settings = nodes(document, "PointDetectorSettings")
    assert [detectors[s.get("ID") or ""] for s in settings] == ["HyD 1", "HyD 3"]
    assert [n.get("CutOn") for n in nodes(document, "TransmissionWavelengthRangeSettings")] == ["500", "700"]
    assert [n.get("Name") for n in nodes(document, "Fluorophore")] == ["CY1", "CY3"]


def test_more_channels_than_active_detectors_are_matched_to_none(tmp_path: Path) -> None:
    document = extract(make_lif(tmp_path / "a.lif", project(image(channels=3))))
    assert nodes(document, "PointDetectorSettings") == []
    assert nodes(document, "Fluorophore") == []


def test_sequential_steps_are_named_by_the_channels(tmp_path: Path) -> None:
    first = setting(("HyD 1", "HyD", 1, 1), ("PMT 2", "PMT", 2, 0))
    lines = '<LaserLineSetting LaserLine="561" IntensityDev="7" IsLineChecked="1"/>'
    second = setting(("HyD 1", "HyD", 1, 0), ("PMT 2", "PMT", 2, 1), lines=lines, more='PhaseStepCount="0"')
    steps = f"<LDM_Block_Sequential_List>{first}{second}</LDM_Block_Sequential_List>"
    master = setting(("PMT 9", "PMT", 9, 1), lines='<LaserLineSetting LaserLine="633" IntensityDev="9"/>')
    hardware = f"{master}<LDM_Block_Sequential>{steps}</LDM_Block_Sequential>"
    properties = (
        prop(SequentialSettingIndex="1", DetectorName="PMT 2", DyeName="Leica/ALEXA 568"),
        prop(SequentialSettingIndex="0", DetectorName="HyD 1", DyeName="Leica/EGFP"),
    )
    document = extract(make_lif(tmp_path / "a.lif", project(image(hardware=hardware, properties=properties))))
    assert [n.get("Name") for n in nodes(document, "Fluorophore")] == ["ALEXA 568", "EGFP"]
    power = [n.get("IlluminationPowerSettings") for n in nodes(document, "LightSourceSettings")]
    assert power == ["7", "2.5"]
    assert sorted(n.get("PeakWavelength") or "" for n in nodes(document, "IlluminationWavelengthRange")) == [
        "488",
        "561",
    ]
    modes = {n.get("MultiChannelMode") for n in nodes(document, "ConfocalScannerSettings")}
    assert modes == {"Sequential"}
    assert "PMT 9" not in to_xml(document)


def test_what_sequential_steps_share_stands_beside_them(tmp_path: Path) -> None:
    """LAS X 4 states objective, zoom and lasers of a STELLARIS once, and in each step what it changes."""
    whole = setting(("HyD S 1", "SiPM", 1, 1), ("HyD X 2", "HyD", 2, 0))
    inner = whole.partition(">")[2]
    sparse = '<ATLConfocalSettingDefinition BitSize="16" StagePosX="0.001" StagePosY="-0.002" InDimension="64">'
    arrays = inner.index("<LaserArray>"), inner.index("</LaserArray>") + len("</LaserArray>")
    first = sparse + inner[: arrays[0]] + inner[arrays[1] :]
    second = first.replace('"1" IsActive="1"', '"1" IsActive="0"').replace('"2" IsActive="0"', '"2" IsActive="1"')
    hardware = (
        f"{whole}<LDM_Block_Sequential><LDM_Block_Sequential_List>{first}{second}</LDM_Block_Sequential_List>"
        "</LDM_Block_Sequential>"
    )
    document = extract(make_lif(tmp_path / "a.lif", project(image(hardware=hardware))))
    assert [n.get("Model") for n in nodes(document, "Objective")] == ["HC PL APO 63x/1.40 OIL"]
    assert [n.name for n in nodes(document, "InvertedMicroscopeStand")] == ["InvertedMicroscopeStand"]
    assert [n.get("EffectiveZoom") for n in nodes(document, "ConfocalScannerSettings")] == ["2", "2"]
    assert [n.get("Name") for n in nodes(document, "Laser")] == ["Argon"]
    assert [n.get("EffectiveBitDepth") for n in nodes(document, "PointDetectorSettings")] == ["16bit", "16bit"]
    assert [n.name for n in document.instruments[0].children if "Detector" in n.name] == [
        "GenericDetector",
        "HybridPhotoDetector",
    ]


def test_lasers_that_share_an_aotf_are_told_by_their_line(tmp_path: Path) -> None:
    lines = "".join(f'<LaserLineSetting LaserLine="{n}" IntensityDev="5" IsLineChecked="1"/>' for n in (488, 561, 633))
    lasers = "".join(
        f'<Laser LaserName="{name}" LightSourceName="Argon" Wavelength="{n}"/>'
        for name, n in (("DPSS 561", 561), ("HeNe 633", 633))
    )
    hardware = setting(("PMT 1", "PMT", 1, 1), lines=lines).replace("<LaserArray>", f"<LaserArray>{lasers}")
    document = extract(make_lif(tmp_path / "a.lif", project(image(hardware=hardware, channels=1))))
    peaks = {
        n.get("Name"): [c.get("PeakWavelength") for c in n.children if c.name == "IlluminationWavelengthRange"]
        for n in nodes(document, "Laser")
    }
    assert peaks == {"Argon": ["488"], "DPSS 561": ["561"], "HeNe 633": ["633"]}
    assert len({n.get("ID") for n in nodes(document, "LightSourceSettings")}) == 3


def test_settings_in_a_list_as_before_las_af_3(tmp_path: Path) -> None:
    whole = project(image())
    head, _, rest = whole.partition("<Attachment ")
    inner, _, tail = rest.partition("</Attachment>")
    xml = (
        f'{head}<Attachment Name="HardwareSettingList"><HardwareSetting>{inner.partition(">")[2]}'
        f"</HardwareSetting></Attachment>{tail}"
    )
    document = extract(make_lif(tmp_path / "a.lif", xml))
    assert [n.get("LensNA") for n in nodes(document, "Objective")] == ["1.4"]
    assert [n.get("IlluminationType") for n in nodes(document, "Channel")] == [
        "Confocal_Fluorescence_single-spot-raster-scan"
    ] * 2


def test_a_band_that_moves_is_not_stated(tmp_path: Path) -> None:
    dims = dimension(5, 3, "2e-08", 2 * PLANE)
    document = extract(make_lif(tmp_path / "a.lif", project(image(dimensions=dims))))
    assert nodes(document, "TransmissionWavelengthRangeSettings") == []
    assert [n.get("ContrastMethod") for n in nodes(document, "Channel")] == ["Fluorescence"] * 2


def test_detector_and_channel_that_contradict_each_other(tmp_path: Path) -> None:
    properties = (prop(ChannelType="PhotonCounting"), prop(ChannelType="PhotonIntegration"))
    document = extract(make_lif(tmp_path / "a.lif", project(image(properties=properties))))
    assert [n.get("PhotonCounting") for n in nodes(document, "PointDetectorSettings")] == [None, "false"]


def test_hundreds_of_images_cost_in_proportion(tmp_path: Path) -> None:
    """Four times the images take about four times the time: nothing is searched in the whole file for each."""

    def seconds(count: int) -> float:
        path = make_lif(tmp_path / f"{count}.lif", project(*(image(f"i{n}") for n in range(count))))
        best = 60.0
        for _ in range(2):
            start = time.process_time()
            assert len(nodes(extract(path), "Image")) == count
            best = min(best, time.process_time() - start)
        return best

    seconds(2)
    assert seconds(160) < 10 * seconds(40)


# ------------------------------------------------------------------------------------ planes


def test_stamps_in_the_order_of_the_memory(tmp_path: Path) -> None:
    """Channels fastest, then Z, then T, as their distance in bytes says."""
    dims = dimension(3, 2, "1e-06", 2 * PLANE) + dimension(4, 2, "8", 4 * PLANE, "s")
    document = extract(make_lif(tmp_path / "a.lif", project(image(dimensions=dims, stamps=8))))
    assert planes(document) == [
        ("0", "0", "0", "0"),
        ("0", "0", "1", "2"),
        ("0", "1", "0", "1"),
        ("0", "1", "1", "3"),
        ("1", "0", "0", "4"),
        ("1", "0", "1", "6"),
        ("1", "1", "0", "5"),
        ("1", "1", "1", "7"),
    ]


def test_one_stamp_for_all_channels(tmp_path: Path) -> None:
    dims = dimension(3, 2, "1e-06", 2 * PLANE)
    document = extract(make_lif(tmp_path / "a.lif", project(image(dimensions=dims, stamps=2))))
    assert [p[3] for p in planes(document)] == ["0", "1", "0", "1"]


def test_stamps_of_another_number_are_left_out(tmp_path: Path) -> None:
    dims = dimension(3, 2, "1e-06", 2 * PLANE)
    document = extract(make_lif(tmp_path / "a.lif", project(image(dimensions=dims, stamps=5))))
    assert [p[3] for p in planes(document)] == [None] * 4
    assert nodes(document, "Image")[0].get("AcquisitionDate") == "2021-03-04"


def test_older_stamps_of_two_halves(tmp_path: Path) -> None:
    high, low = divmod(132_593_328_000_000_000, 1 << 32)
    halves = "".join(f'<TimeStamp HighInteger="{high}" LowInteger="{part}"/>' for part in (low, low + 5_000_000))
    xml = project(image(stamps=0)).replace('NumberOfTimeStamps="0"></TimeStampList>', f">{halves}</TimeStampList>")
    document = extract(make_lif(tmp_path / "a.lif", xml))
    assert [p[3] for p in planes(document)] == ["0", "0.5"]


def test_tiles_have_no_place_of_one_plane(tmp_path: Path) -> None:
    dims = dimension(10, 3, "0", 2 * PLANE, "")
    document = extract(make_lif(tmp_path / "a.lif", project(image(dimensions=dims, stamps=6))))
    table = nodes(document, "Pixels")[0].planes
    assert table is not None
    assert {"PositionX", "Timestamp"} & set(table.columns) == set()
    assert [(n.get("Size"), n.get("Type")) for n in nodes(document, "AdditionalDimensionMap")] == [("3", "Tile")]


# ------------------------------------------------------------------------------------ damage


def test_cut_off_is_refused_unless_a_part_is_asked_for(tmp_path: Path) -> None:
    path = make_lif(tmp_path / "a.lif", project(image("first"), image("second")), blocks=2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    with pytest.raises(
        CorruptFileError, match=rf"a\.lif: the file is cut off or damaged: it has {len(whole) - 3} bytes"
    ):
        extract(path)
    assert names(extract(path, partial=True)) == ["first", "second"]
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptFileError, match="ends within its XML"):
        extract(path)
    assert names(extract(path, partial=True)) == ["first"]
    path.write_bytes(whole[:8])
    with pytest.raises(CorruptFileError, match="it has 8 bytes, fewer than the head of a Leica file"):
        extract(path, reader="leica", partial=True)


def test_bad_block_of_memory_is_told(tmp_path: Path) -> None:
    path = make_lif(tmp_path / "a.lif", project(image()))
    data = bytearray(path.read_bytes())
    data[-8 - 20 - 9 - 13] ^= 0xFF
    path.write_bytes(data)
    messages = [f.message for f in extract(path, partial=True).findings]
    assert any("memory" in m for m in messages)


def test_no_xml(tmp_path: Path) -> None:
    with pytest.raises(
        CorruptFileError, match="its XML cannot be read: there is no element LMSDataContainerHeader in it"
    ):
        extract(make_lif(tmp_path / "a.lif", "<nothing/>"))


def test_dimensions_that_cannot_be(tmp_path: Path) -> None:
    xml = project(image()).replace('NumberOfElements="64"', 'NumberOfElements="many"')
    document = extract(make_lif(tmp_path / "a.lif", xml))
    assert [f.code for f in document.findings] == ["NBO102"]
    assert nodes(document, "Pixels")[0].get("SizeX") is None
    assert nodes(document, "Objective")[0].get("LensNA") == "1.4"


def test_impossible_aperture_costs_that_field_alone(tmp_path: Path) -> None:
    xml = project(image()).replace('NumericalAperture="1.4"', 'NumericalAperture="14"').replace("63x/1.40", "63x")
    document = extract(make_lif(tmp_path / "a.lif", xml))
    assert nodes(document, "Objective")[0].get("LensNA") is None
    assert nodes(document, "Objective")[0].get("Magnification") == "63"
    assert [f.message for f in document.findings] == ["Objective LensNA: '14' is above 1.7; left out"]


def test_damaged_copies(tmp_path: Path) -> None:
    path = make_lif(tmp_path / "a.lif", project(image("first", stamps=2), image("second")), blocks=2)
    assert campaign(str(path), cuts=25, flips=25, seed=5, reader=None)["bad"] == []


def test_document_pickles(tmp_path: Path) -> None:
    document = extract(make_lif(tmp_path / "a.lif", project(image(stamps=2))))
    assert pickle.loads(pickle.dumps(document)) == document  # noqa: S301


def test_real_file(shared: Path) -> None:
    name = "testdata_2channel_xz.lif"
    truth = json.loads((shared / "truth" / f"{name}.json").read_text(encoding="utf-8"))
    document = extract(shared / "samples" / "lif" / name)
    xml = to_xml(document)
    missed, wrong = score(shared, truth, xml)
    assert wrong == []
    # Frames along X and Z that follow each other along Y are one plane to NBO: the times of the others have no home.
    assert missed == [("Plane", "Timestamp", 0.532)]
    schema = tool(shared, "validate_nbo").relaxed_schema()
    schema.validate(etree.fromstring(xml.encode()))
    assert [str(e) for e in schema.error_log] == []
    assert from_xml(xml) == document
    assert [f.message for f in document.findings if f.severity != "info"] == []
    assert len(read(shared / "samples" / "lif" / name).planes) == 3
