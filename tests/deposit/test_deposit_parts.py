"""What a submission says of images: facts in columns, acquisitions, imaging methods, components."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract import extract
from nbo_extract.deposit.assemble import Grouping, Placed, assemble, described, grouped_by_setting
from nbo_extract.deposit.facts import FACTS, columns, facts_of, table, views
from nbo_extract.deposit.model import Acquisition, Association, Biosample, Method, Specimen, Study
from nbo_extract.deposit.part import Part, parameters, part_of, titled
from nbo_extract.deposit.study import Portion, Told, Way
from nbo_extract.deposit.ways import acquisitions_of, completed, method_named, missing, unstated
from nbo_extract.model import Document, Node
from nbo_extract.schema import load

if TYPE_CHECKING:
    from pathlib import Path


def document(**channel: str) -> Document:
    """Return a Document of one image with one channel."""
    root = Node("OME")
    image = root.add("Image", ID="Image:0", Name="one")
    pixels = image.add("Pixels", ID="Pixels:0", SizeX="64", SizeY="48", SizeZ="1", SizeC="1", SizeT="1")
    pixels.add("Channel", ID="Channel:0:0", Name="GFP", **channel)
    return Document(root)


# -- methods ----------------------------------------------------------------------------------------------------------


def test_each_word_of_nbo_is_in_the_table_of_methods() -> None:
    kind = load().element("Channel").attributes["IlluminationType"].type
    listed = [row["word"] for row in table("methods")["method"]]
    assert sorted(listed) == sorted(w.strip() for w in kind.enum)
    without = {row["word"] for row in table("methods")["method"] if "term" not in row}
    assert without == {"4DPlus", "Other"}
    for row in table("methods")["method"]:
        assert ("label" in row) is ("term" in row)
        if "term" in row:
            assert row["term"].startswith("FBbi_00000") and len(row["term"]) == 13


@pytest.mark.parametrize(
    ("word", "term", "label"),
    [
        ("Confocal_Fluorescence_spinning disk", "FBbi_00000253", "spinning disk confocal microscopy"),
        ("Transmitted_Bright-field", "FBbi_00000243", "bright-field microscopy"),
        ("SPIM (Selective or Single Plane Illumination Microscopy) ", "FBbi_00000369", "SPIM"),
        ("4DPlus", "", ""),
    ],
)
def test_a_channel_tells_its_method(word: str, term: str, label: str) -> None:
    [setting] = part_of(document(IlluminationType=word)).settings
    assert setting.methods == (Method(word.strip(), term, label),)


def test_a_channel_without_a_word_has_no_method() -> None:
    [setting] = part_of(document()).settings
    assert setting.methods == () and setting.title == "Image acquisition"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("confocal microscopy", Method("confocal microscopy", "FBbi_00000251", "confocal microscopy")),
        ("Wide-field_Fluorescence", Method("Wide-field_Fluorescence", "FBbi_00000246", "fluorescence microscopy")),
        ("FBbi:00000243", Method("bright-field microscopy", "FBbi_00000243", "bright-field microscopy")),
        ("FBbi_99999999", Method("FBbi_99999999", "FBbi_99999999")),
        ("expansion microscopy", Method("expansion microscopy")),
    ],
)
def test_what_a_user_calls_a_method(text: str, method: Method) -> None:
    assert method_named(text) == method


# -- facts ------------------------------------------------------------------------------------------------------------


def test_each_column_has_a_fact_and_each_fact_a_column() -> None:
    assert {c.fact for c in columns()} == set(FACTS)
    assert len({c.title for c in columns()}) == len(columns())


def test_facts_are_as_stated(sample_data: Path) -> None:
    found = facts_of(views(extract(sample_data / "widefield.czi")))
    assert found["Exposure time"] == "DAPI: 80 ms; EGFP: 150 ms"
    assert found["Detector"] == "Axiocam506m"
    assert found["Magnification"] == "63×" and found["Numerical aperture"] == "1.4"
    assert found["Z sections"] == "2" and "Time points" not in found
    assert found["Stage position X"] == "52431.25 µm"
    # All digits that the file states, though a summary shows five.
    assert found["Pixel size"] == "0.072063492 × 0.072063492 × 0.25 µm"


def test_what_is_not_stated_is_in_no_column() -> None:
    assert facts_of(views(document())) == {"Image name": "one", "Channel": "GFP", "Size in pixels": "64 × 48"}


@pytest.mark.parametrize(("stated", "told"), [("60", "60 %"), ("60.5", "60.5 %"), ("Ambient Humidity",) * 2])
def test_a_humidity_has_its_unit_where_it_is_a_number(stated: str, told: str) -> None:
    made = document()
    made.images[0].add("ImagingEnvironment", Humidity=stated, CO2Percent="5")
    found = facts_of(views(made))
    assert (found["Humidity"], found["CO2"]) == (told, "5 %")


def test_the_lines_of_a_laser_that_were_set_are_named() -> None:
    made = document()
    laser = made.root.add("Instrument", ID="Instrument:0").add("Laser", ID="LightSource:0", Name="WLL")
    channel = next(n for n in made.root.walk() if n.name == "Channel")
    path = channel.add("LightPath", ID="LightPath:0")
    for peak in ("488", "552"):
        laser.add("IlluminationWavelengthRange").put("PeakWavelength", peak, "nm")
        path.add("LightSourceSettings", ID="LightSource:0")
    assert facts_of(views(made))["Light source"] == "WLL (488 nm) + WLL (552 nm)"


@pytest.mark.parametrize(
    ("plate", "row", "column", "name"),
    [
        ({}, "3", "5", "D6"),
        ({"RowNamingConvention": "number"}, "0", "0", "11"),
        ({"RowNamingConvention": "letter", "ColumnNamingConvention": "letter"}, "26", "1", "AAB"),
        ({}, "x", "1", ""),
    ],
)
def test_a_well_is_called_by_the_convention_of_its_plate(
    plate: dict[str, str], row: str, column: str, name: str
) -> None:
    made = document()
    place = made.root.add("Plate", ID="Plate:0", Name="P1", **plate)
    well = place.add("Well", ID="Well:0", Row=row, Column=column)
    well.add("WellSample", ID="WellSample:0", Index="0").add("ImageRef", ID="Image:0")
    found = facts_of(views(made))
    assert found["Plate"] == "P1"
    assert found.get("Well", "") == name


def test_channels_that_say_the_same_are_named_together() -> None:
    made = document(IlluminationType="Transmitted_Bright-field")
    pixels = made.images[0].first("Pixels")
    assert pixels is not None
    pixels.add("Channel", ID="Channel:0:1", Name="RFP", IlluminationType="Wide-field_Fluorescence")
    pixels.add("Channel", ID="Channel:0:2", IlluminationType="Transmitted_Bright-field")
    found = facts_of(views(made))["Imaging method"]
    assert found == "GFP, channel 3: Transmitted Bright-field; RFP: Wide-field Fluorescence"


def test_where_the_stage_was_is_told_of_all_planes() -> None:
    made = document()
    pixels = made.images[0].first("Pixels")
    assert pixels is not None
    for number, place in enumerate(("1", "3", "2.50")):
        plane = pixels.add("Plane", ID=f"Plane:{number}", TheC="0", TheZ=str(number), TheT="0")
        plane.put("PositionZ", place, "µm")
        plane.put("PositionX", "7", "mm" if number else "µm")
    found = facts_of(views(made))
    assert found["Stage position Z"] == "1 to 3 µm"
    assert found["Stage position X"] == "varies"


# -- acquisitions -----------------------------------------------------------------------------------------------------


def test_parameters_are_what_is_the_same_and_not_said_elsewhere() -> None:
    facts = [
        {"Exposure time": "1 s", "Pixel size": "1 µm", "Objective": "10×", "Image name": "a"},
        {"Exposure time": "2 s", "Pixel size": "1 µm", "Objective": "10×", "Image name": "a"},
    ]
    assert parameters(facts) == "Pixel size: 1 µm."


def test_titles_are_told_apart_by_numbers() -> None:
    given = [Acquisition("A", "x"), Acquisition("a", "y"), Acquisition("B", "z"), Acquisition("A", "x")]
    assert [a.title for a in titled(given).values()] == ["A (1)", "a (2)", "B"]


@given(st.lists(st.tuples(st.sampled_from("aAbB"), st.sampled_from("xyz")), max_size=8))
def test_titles_are_unique(given_: list[tuple[str, str]]) -> None:
    made = titled(Acquisition(t, i) for t, i in given_)
    names = [a.title.casefold() for a in made.values()]
    assert len(set(names)) == len(names) == len(set(given_))


def part(title: str = "A", instrument: str = "Stand.", method: str = "", **facts: str) -> Part:
    methods = (method_named(method),) if method else ()
    return Part((Acquisition(title, instrument, "", methods),), facts)


def test_what_images_state_is_completed_and_not_replaced() -> None:
    parts = {"a.tif": part(Channel="x"), "b.czi": part(method="confocal microscopy"), "c.tif": part(instrument="")}
    ways = [
        Way(("a.tif", "c.tif"), "Workshop", ("bright-field microscopy",), "Built here.", "Dim."),
        Way(("b.czi",), methods=("FBbi_00000251",)),
    ]
    made, problems = completed(parts, ways, "study.toml")
    assert problems == []
    [first] = made["a.tif"].settings
    assert first.title == "Workshop" and first.instrument == "Stand. Built here."
    assert first.methods[0].term == "FBbi_00000243"
    assert made["b.czi"] == replace(parts["b.czi"])
    assert acquisitions_of(made)[first].parameters == "Channel: x. Dim."


def test_what_is_said_against_images_twice_or_of_none_is_told() -> None:
    parts = {"a.tif": part(method="confocal microscopy")}
    ways = [Way(("*.tif",), methods=("SPIM",)), Way(("*.lif",))]
    assert completed(parts, ways, "study.toml")[1] == [
        "study.toml: image_acquisition: a.tif: it states confocal microscopy; take imaging_method out",
        "study.toml: image_acquisition: no image is called '*.lif'; check its files",
    ]
    assert completed(parts, [Way(("*",)), Way(("a*",))], "study.toml")[1] == [
        "study.toml: 2 sections image_acquisition are for a.tif; change their files"
    ]


def test_what_the_archive_asks_for_and_is_not_known() -> None:
    assert missing(Acquisition("A", "")) == ["imaging_method", "imaging_instrument", "image_acquisition_parameters"]
    assert unstated({"a.tif": part(Channel="x")}, "study.toml") == [
        "a.tif does not state imaging_method, and the archive asks for it; say it in an [[image_acquisition]] of "
        "study.toml, or fill the gaps of the images"
    ]
    assert unstated({"a.tif": part(method="SPIM", Channel="x")}, "study.toml") == []


# -- components -------------------------------------------------------------------------------------------------------


def told(*portions: Portion) -> Told:
    return Told(
        Study("x"),
        (Biosample("wild type"), Biosample("mutant")),
        (Specimen("fixed"), Specimen("live")),
        portions=portions,
    )


@pytest.mark.parametrize(
    ("biosamples", "specimens", "pairs"),
    [
        (("wild type",), ("fixed",), [("wild type", "fixed")]),
        (("wild type", "mutant"), ("live",), [("wild type", "live"), ("mutant", "live")]),
        (("wild type", "mutant"), ("fixed", "live"), [("wild type", "fixed"), ("mutant", "live")]),
    ],
)
def test_biosamples_and_specimens_make_pairs(
    biosamples: tuple[str, ...], specimens: tuple[str, ...], pairs: list[tuple[str, str]]
) -> None:
    parts = {"a.tif": part(), "b.tif": part("B", "Other.")}
    portion = Portion("all", "d", ("**",), biosamples, specimens, analysis="counted")
    placed = [Placed(f"data/{n}", 1, "", "image", "image", n) for n in parts]
    grouping = Grouping([portion], dict.fromkeys(parts, 0))
    made = assemble(told(portion), parts, acquisitions_of(parts), grouping, placed)
    assert made.components[0].associations == tuple(
        Association(b, s, way, "", "counted") for b, s in pairs for way in ("A", "B")
    )
    assert made.components[0].file_list == "file_list.tsv"


def test_images_that_were_taken_alike_are_one_component() -> None:
    parts = {"a.tif": part(Channel="GFP"), "b.tif": part("B", "Other."), "c.tif": part(Channel="GFP")}
    found = grouped_by_setting(parts, ["a.tif", "b.tif", "c.tif", "notes.txt"])
    assert found.of == {"a.tif": 0, "c.tif": 0, "b.tif": 1, "notes.txt": 0}
    assert [p.description for p in found.portions] == [
        "2 image files, taken alike: A. Channels: GFP.",
        "One image file: B.",
    ]
    assert described("A", [part(Channel="x"), part(Channel="y")]) == "2 image files, taken alike: A."
