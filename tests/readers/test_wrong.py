"""What Bio-Formats states wrongly is left out, where format or vendor's keys prove it, and stays where they do not."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from nbo_extract.record import PlaneColumns
from nbo_extract_readers._original import MAX_ORIGINAL, add_original, image_names
from nbo_extract_readers._wrong import drop_wrong

ZEN = ("Information|Image|SizeX", "[4]")
OIB = ("[Acquisition Parameters Common] ScanMode", "XY")
ND2 = ("m_SWNameString", "NIS-Elements AR")
LIF = ("a Image #0|ATLConfocalSettingDefinition #0|Zoom", "1")


def image(number: int = 0, sizes: str = 'SizeX="8" SizeY="6"', inner: str = "") -> str:
    label = inner or f'<StageLabel Name="Scene position #{number}" X="1" Y="2"/>'
    return (
        f'<Image ID="Image:{number}" Name="a">{label}'
        f'<Pixels {sizes} PhysicalSizeX="0.1" PhysicalSizeY="0.1" SizeZ="1" SizeC="1" SizeT="1"/></Image>'
    )


def mended(
    ome: str, *entries: tuple[str, str], form: str = "", levels: bool = True, **columns: str
) -> tuple[etree._Element, dict[str, PlaneColumns], list[str]]:
    root = etree.fromstring(f"<OME>{ome}</OME>")
    planes = {str(n): PlaneColumns({k: [v] for k, v in columns.items()}) for n in range(len(root.findall("Image")))}
    home = add_original(etree.Element("Record"), [("", k, v) for k, v in entries], image_names(root))
    findings = drop_wrong(root, home, planes, "a.tif", form, levels)
    assert {f.code for f in findings} <= {"NBO159"}
    return root, planes, [f.message.partition(" is left out")[0] for f in findings]


@pytest.mark.parametrize(
    ("ome", "entries", "lost"),
    [
        (image(), [ZEN], ["StageLabel Name"]),
        (image(inner='<StageLabel Name="P1" X="1" Y="2"/>'), [ZEN], []),
        (image(), [], []),
        ('<Plate ID="Plate:0"/>', [ZEN], ["Plate"]),
        ('<Plate ID="Plate:0"/>', [ZEN, ("Information|Image|S|Scene|Shape|RowIndex", "[4]")], []),
        ('<Plate ID="Plate:0"/>', [OIB], []),
        ('<Image><Pixels SignificantBits="16"/></Image>', [ZEN], ["Pixels SignificantBits"]),
        ('<Image><Pixels SignificantBits="16"/></Image>', [ZEN, ("Information|Image|ComponentBitCount", "[16]")], []),
        ('<Image><Pixels SignificantBits="8"/></Image>', [ZEN], []),
        ('<Image><Pixels SizeT="32"/></Image>', [ZEN, ("Information|Image|SizeT", "[1]")], ["Pixels SizeT", "Plane"]),
        ('<Image><Pixels SizeT="3"/></Image>', [ZEN, ("Information|Image|SizeT", "[3]")], []),
        ('<Objective WorkingDistance="9999.0"/>', [OIB], ["Objective WorkingDistance"]),
        ('<Detector Gain="1000.0"/>', [OIB], ["Detector Gain"]),
        ('<Dichroic Model="Mirror"/>', [OIB], ["Dichroic Model"]),
        ('<Image><Pixels SizeZ="1" PhysicalSizeZ="1.0"/></Image>', [OIB], ["Pixels PhysicalSizeZ"]),
        ('<Image><Pixels SizeZ="2" PhysicalSizeZ="1.0"/></Image>', [OIB], []),
        ('<Image><Pixels SizeT="1" TimeIncrement="1.0"/></Image>', [OIB], ["Pixels TimeIncrement"]),
        ('<Detector Model="Nikon_A1_New"/>', [ND2], ["Detector Model"]),
        ('<Detector Model="Andor Zyla"/>', [ND2], []),
        ('<Image><Pixels PhysicalSizeX="352.7"/></Image>', [("MetaMorph", "no"), ("Software", "MetaFluor")], []),
        (
            '<Image><AcquisitionDate>2008</AcquisitionDate><Pixels PhysicalSizeX="352.7"/></Image>',
            [("MetaMorph", "no"), ("Software", "Adobe Photoshop CS2 Macintosh")],
            ["Pixels PhysicalSizeX", "AcquisitionDate"],
        ),
    ],
)
def test_facts(ome: str, entries: list[tuple[str, str]], lost: list[str]) -> None:
    assert mended(ome, *entries)[2] == lost


@pytest.mark.parametrize(
    ("entries", "lost"),
    [
        ([LIF], ["PositionX", "PositionY"]),
        ([OIB], ["PositionZ"]),
        ([ND2], ["DeltaT"]),
        ([ZEN], []),
        ([ZEN, ("Information|Image|Channel|ExposureTime", "[100000000]")], ["ExposureTime"]),
        ([ZEN, ("Information|Image|Channel|ExposureTime", "[100000000000]")], []),
        ([ZEN, ("Information|Image|Channel|ExposureTime", "[?]")], []),
    ],
)
def test_columns(entries: list[tuple[str, str]], lost: list[str]) -> None:
    given = {"PositionX": "1", "PositionY": "1", "PositionZ": "1", "DeltaT": "1", "ExposureTime": "100"}
    _, planes, said = mended(image(inner="<a/>"), *entries, form="", levels=True, **given)
    assert [n for n in given if n not in planes["0"].columns] == lost
    assert said == [f"Plane {n}" for n in lost]


def test_levels_of_a_pyramid_are_no_images_and_planes_stay_with_theirs() -> None:
    images = image(0) + image(1, 'SizeX="4" SizeY="3"') + image(2, 'SizeX="8" SizeY="5"')
    root, planes, said = mended(images, ZEN, PositionX="1")
    assert [i.get("ID") for i in root.findall("Image")] == ["Image:0", "Image:2"]
    assert sorted(planes) == ["0", "1"]
    assert "Image" in said
    assert len(mended(images, ZEN, levels=False)[0].findall("Image")) == 3
    assert len(mended(images)[0].findall("Image")) == 3


def test_smaller_image_of_another_place_is_one() -> None:
    other = image(1, 'SizeX="4" SizeY="3"', '<StageLabel X="7" Y="2"/>')
    assert len(mended(image(0) + other, ZEN)[0].findall("Image")) == 2


def test_lists_of_either_form_and_gaps() -> None:
    entries = [("", f"A #{n:02}", str(n)) for n in (2, 1, 3)] + [
        ("", "B #1", "x, y"),
        ("", "C #2", "z"),
        ("", "D", "[]"),
    ]
    home = add_original(etree.Element("Record"), entries)
    assert home is not None
    assert [(e.get("Key"), e.get("Whole"), [i.text for i in e]) for e in home] == [
        ("A", None, ["1", "2", "3"]),
        ("B", "x, y", ["x, y"]),
        ("C #2", "z", ["z"]),
        ("D", None, [""]),
    ]


def test_series_by_the_name_of_its_image_where_that_is_unique() -> None:
    entry = ("", "a Image #0|ATLConfocalSettingDefinition #0|Zoom", "1")
    one = add_original(etree.Element("Record"), [entry], ["b", "a"])
    two = add_original(etree.Element("Record"), [entry], ["a", "a"])
    assert one is not None
    assert two is not None
    assert [(s.get("Key"), s[0].get("Key")) for s in one] == [("1", entry[1][2:])]
    assert [e.get("Key") for e in two] == [entry[1]]


def test_many_keys_take_little_time() -> None:
    entries = [("", f"Experiment|Key|{n // 10} #{n % 10 + 1}", "1") for n in range(100_000)]
    start = time.perf_counter()
    home = add_original(etree.Element("Record"), entries)
    assert time.perf_counter() - start < 10
    assert home is not None
    assert len(home) == 10_000
    assert MAX_ORIGINAL >= 100_000
