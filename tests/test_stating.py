"""Statements of people: absent facts are filled, stated ones stay, references lead somewhere, twice is once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.model import Document, Fact, Node, PlaneTable, Source
from nbo_extract.statements import (
    Scope,
    Statement,
    StatementError,
    StatementSet,
    format_path,
    make_statement,
    parse_path,
    path_fits,
)
from nbo_extract.stating import state
from nbo_extract.xmlio import from_xml, to_xml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SHEET = Source("user", "gaps.csv", "F2")


def said(path: str, value: str = "", unit: str | None = None, scope: Scope | None = None) -> Statement:
    return make_statement(path, value, unit, source=SHEET, scope=scope)


def given(*statements: Statement, name: str = "gaps.csv") -> StatementSet:
    return StatementSet(name, f"/h/{name}", f"{sum(map(ord, name)):064x}", statements)


def document() -> Document:
    """Make two images of two channels each, an Instrument with two objectives and a detector."""
    instrument = Node("Instrument", {"ID": Fact("Instrument:0"), "Name": Fact("Scope one")})
    for number, model in enumerate(("10x", "63x")):
        instrument.add("Objective", ID=f"Objective:{number}", Model=model)
    instrument.add("CCD", ID="Detector:0", Model="Axiocam 506")
    root = Node("OME", children=[instrument])
    for number in range(2):
        image = Node("Image", {"ID": Fact(f"Image:{number}")})
        image.add("InstrumentRef", ID="Instrument:0")
        image.add("ObjectiveSettings", ID=f"Objective:{number}")
        pixels = image.add("Pixels", ID=f"Pixels:{number}")
        for name in ("DAPI", "GFP"):
            channel = pixels.add("Channel", ID=f"Channel:{number}:{name}", Name=name)
            channel.add("LightPath", ID=f"LightPath:{number}:{name}")
        root.children.append(image)
    result = Document(root)
    result.origin.file = "/data/plate1/a.czi"
    return result.arrange()


def stated(*sets: StatementSet) -> Document:
    result = document()
    state(result, sets)
    return result.arrange()


def codes(result: Document) -> list[str]:
    return [f.code for f in result.findings]


def channels(result: Document, name: str) -> list[Node]:
    return [n for n in result.root.walk() if n.name == "Channel" and n.get("Name") == name]


def test_a_step_without_a_selector_is_about_all_images_and_channels() -> None:
    result = stated(given(said("Image/ImagingEnvironment/@Temperature", "37", "°C")))
    found = [i.first("ImagingEnvironment") for i in result.images]
    assert [n.facts["Temperature"] for n in found if n is not None] == [Fact("37", "°C")] * 2
    assert not result.findings


def test_a_sample_goes_where_nbo_has_it_and_the_images_refer_to_it() -> None:
    result = stated(
        given(
            said("Image/Sample/@Name", "HeLa"),
            said("Image/Sample/@Organism", "Homo sapiens"),
            said("Image/Sample/CoverGlass/@CoverGlassNo", "#1.5 (0.16 -0.19)"),
            said("Image/Experimenter/@LastName", "Hooke"),
        )
    )
    [experiment] = result.root.all("Experiment")
    [sample] = experiment.all("Sample")
    [person] = result.root.all("Experimenter")
    assert (sample.get("Name"), sample.get("Organism")) == ("HeLa", "Homo sapiens")
    for image in result.images:
        references = [image.first(n) for n in ("ExperimentRef", "SampleRef", "ExperimenterRef")]
        assert [r.id for r in references if r is not None] == [experiment.id, sample.id, person.id]
    assert from_xml(to_xml(result).encode()) == result
    source = sample.facts["Organism"].source
    assert source is not None
    assert (source.kind, source.file, source.path) == ("user", "gaps.csv", "F2")


def test_one_channel_is_meant_by_its_name() -> None:
    result = stated(given(said('Image/Pixels/Channel[Name="DAPI"]/Fluorophore/@EmissionWavelength', "0.461", "µm")))
    assert [len(c.all("Fluorophore")) for c in channels(result, "DAPI") + channels(result, "GFP")] == [1, 1, 0, 0]
    ids = [n.id for n in result.root.walk() if n.name == "Fluorophore"]
    assert len(set(ids)) == 2


def test_a_step_goes_through_the_settings_to_the_part() -> None:
    result = stated(given(said("Image[2]/Objective/@CatalogNumber", "420782-9900")))
    assert [o.get("CatalogNumber") for o in result.instruments[0].all("Objective")] == [None, "420782-9900"]


def test_what_is_stated_stays_and_both_are_told() -> None:
    result = stated(given(said('Instrument/Objective[ID="Objective:1"]/@Model', "100x")))
    assert result.instruments[0].all("Objective")[1].get("Model") == "63x"
    [finding] = result.findings
    assert finding.message == (
        "Objective '63x' Model is '63x' in the file and '100x' in gaps.csv F2; the first is kept"
    )
    assert (finding.code, finding.value, finding.other, finding.other_source) == (
        "NBO301",
        "63x",
        "100x",
        "gaps.csv F2",
    )


def test_equal_statements_say_nothing_more() -> None:
    assert codes(stated(given(said('Instrument/Objective[ID="Objective:1"]/@Model', "63x")))) == []


def test_one_of_several_parts_has_to_be_named() -> None:
    result = stated(given(said("Instrument/Objective/@CatalogNumber", "420782-9900")))
    assert [f.message for f in result.findings] == ["gaps.csv F2: the file has 2 Objective; say which one"]
    assert all(o.get("CatalogNumber") is None for o in result.instruments[0].all("Objective"))


def test_parts_and_references_to_them_are_added() -> None:
    light = 'Image/Pixels/Channel[Name="GFP"]/LightPath/LightSourceSettings/@ID'
    result = stated(
        given(
            said(light, "Colibri 475"),
            said("Instrument/LightEmittingDiode[+led]/@Model", "Colibri 475"),
            said("Instrument/LightEmittingDiode[+led]/@Manufacturer", "Zeiss"),
        )
    )
    [led] = result.instruments[0].all("LightEmittingDiode")
    assert led.get("Manufacturer") == "Zeiss"
    paths = [c.children[0] for c in channels(result, "GFP")]
    assert [[s.id for s in p.all("LightSourceSettings")] for p in paths] == [[led.id]] * 2


@pytest.mark.parametrize("wanted", ["Nothing", "CCD"])
def test_a_reference_to_nothing_is_left_out(wanted: str) -> None:
    result = stated(given(said("Image/Pixels/Channel/LightPath/GenericDetectorSettings/@ID", wanted)))
    assert set(codes(result)) == {"NBO321"}
    assert not [n for n in result.root.walk() if n.name == "GenericDetectorSettings"]


def test_a_reference_by_id_or_model() -> None:
    for wanted in ("Detector:0", "Axiocam 506", "axiocam  506"):
        result = stated(given(said("Image/Pixels/Channel/LightPath/CameraSettings/@ID", wanted)))
        found = [n.id for n in result.root.walk() if n.name == "CameraSettings"]
        assert found == ["Detector:0"] * 4


def test_twice_is_once() -> None:
    sets = [
        given(
            said("Image/Sample[+a]/@Name", "HeLa"),
            said("Image/Pixels/Channel/Fluorophore[+x]/@Model", "DAPI"),
            said("Instrument/CMOS[+cam]/@Model", "Zyla"),
            said("Instrument/CMOS[+cam]/WavelengthRange[+r]/@CutOn", "400", "nm"),
            said("Image/ImagingEnvironment/@Humidity", "60"),
        ),
        given(said("Image/Description/@text()", "A note"), name="other.csv"),
    ]
    once = stated(*sets)
    again = stated(*reversed(sets))
    assert again == once
    state(once, sets)
    assert once.arrange() == again
    assert not once.findings


def test_scopes() -> None:
    def names(**scope: object) -> list[str | None]:
        found = stated(given(said("Image/Description/@text()", "x", scope=Scope(**scope))))  # type: ignore[arg-type]
        return [i.first("Description") and "x" for i in found.images]  # type: ignore[misc]

    assert names() == names(files=("*.czi",)) == names(files=("plate1/a.czi",)) == names(microscope="Scope one")
    assert names(files=("plate2/*",)) == names(microscope="Scope two") == [None, None]


def test_paths_fit_from_the_right() -> None:
    assert path_fits("/a/b/c.czi", "b/*.czi")
    assert path_fits("C:\\a\\b\\c.czi", "b/c.czi")
    assert path_fits("/a/b/c/d.czi", "a/**/*.czi")
    assert not path_fits("/a/b/c.czi", "a/*.czi")
    assert not path_fits("c.czi", "b/c.czi")


@pytest.mark.parametrize(
    "text", ['Image/Pixels/Channel[2][Name="A \\"b\\" ]/c"]/Fluorophore/@Model', "Image[+x]/Description", "OME"]
)
def test_paths_are_written_as_they_are_read(text: str) -> None:
    assert format_path(*parse_path(text)) == text


@pytest.mark.parametrize("text", ["", "/", "Image/", "Image//Pixels", "Image[", "Image[Name=DAPI]", "@Model", "Image]"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(StatementError, match="is no path of NBO elements"):
        parse_path(text)


REFUSED: Iterable[tuple[str, str, str | None, str]] = [
    ("Image/Foo/@Bar", "1", None, "NBO's Image has no Foo"),
    ("Image/Objective/@Colour", "1", None, "NBO's Objective has no Colour"),
    ('Image[Colour="1"]/@Name', "1", None, "NBO's Image has no Colour"),
    ("Image/Objective/@LensNA", "1,4", None, "LensNA '1,4' has a comma; write the number with a point"),
    ("Image/Objective/@LensNA", "high", None, "LensNA 'high' is not a number"),
    ("Image/Objective/@LensNA", " ", None, "LensNA is empty"),
    ("Image/Objective/@LensNA", "1.4", "mm", "LensNA has no unit in NBO, and 'mm' is given"),
    ("Image/Objective/@WorkingDistanceUnit", "mm", None, "NBO's Objective has no WorkingDistanceUnit"),
    (
        "Image/Sample/MountingMedium/@Type",
        "Water",
        None,
        "Type 'Water' is not among NBO's values for MountingMediumType; NBO allows Alcohol based, Glycerol based, "
        "Growth medium, Impregnating resin, Other",
    ),
    ("Image/Pixels/@text()", "1", None, "NBO's Pixels has no text"),
    ("Image/Sample/@LiveSample", "maybe", None, "LiveSample 'maybe' is neither true nor false"),
]


@pytest.mark.parametrize(("path", "value", "unit", "message"), REFUSED)
def test_what_nbo_does_not_allow(path: str, value: str, unit: str | None, message: str) -> None:
    with pytest.raises(StatementError) as error:
        said(path, value, unit)
    assert str(error.value) == message


def test_a_unit_of_another_dimension() -> None:
    with pytest.raises(StatementError, match="is given in 'W', a unit of power, not of length"):
        said("Image/Objective/@WorkingDistance", "1", "W")


# -- what gap sheets need ---------------------------------------------------------------------------------------------


def test_a_selector_means_what_was_there_before_the_set() -> None:
    bare = Node("Objective", {"ID": Fact("Objective:2")})
    result = document()
    result.instruments[0].children.append(bare)
    state(
        result,
        [
            given(
                said('Instrument/Objective[ID="Objective:2"]/@Model', "63x"),
                said('Instrument/Objective[Model="63x"]/@CatalogNumber', "420782-9900"),
            )
        ],
    )
    found = {o.id: o.get("CatalogNumber") for o in result.instruments[0].all("Objective")}
    assert found == {"Objective:0": None, "Objective:1": "420782-9900", "Objective:2": None}


def test_a_selector_may_mean_what_the_set_states() -> None:
    result = stated(
        given(
            said('Instrument/Objective[ID="Objective:1"]/@Name', "the oil one"),
            said('Instrument/Objective[Name="the oil one"]/@CatalogNumber', "420782-9900"),
        )
    )
    assert result.instruments[0].all("Objective")[1].get("CatalogNumber") == "420782-9900"


def test_a_reference_to_what_the_same_set_adds() -> None:
    path = "Image/Pixels/Channel/LightPath/CameraSettings/@ID"
    result = stated(given(said(path, "+cam"), said("Instrument/CMOS[+cam]/@Model", "Axiocam 506")))
    [camera] = result.instruments[0].all("CMOS")
    assert {n.id for n in result.root.walk() if n.name == "CameraSettings"} == {camera.id}
    lost = stated(given(said(path, "+other"), said("Instrument/CMOS[+cam]/@Model", "Zyla")))
    assert {f.message for f in lost.findings if f.code == "NBO321"} == {
        "gaps.csv F2: 'other' is none of AnalogVideo, CCD, CMOS, GenericDetector, HybridPhotoDetector, "
        "IntensifiedCamera, PhotoDiode, PhotoMultiplierTube, WaveFrontSensor of the file; the reference is left out"
    }


def test_a_placeholder_gives_way_and_is_told() -> None:
    result = document()
    result.instruments[0].all("Objective")[0].put("Manufacturer", "Not assigned")
    state(result, [given(said('Instrument/Objective[ID="Objective:0"]/@Manufacturer', "Zeiss"))])
    assert result.instruments[0].all("Objective")[0].get("Manufacturer") == "Zeiss"
    assert [(f.code, f.message) for f in result.findings] == [
        (
            "NBO330",
            "Objective '10x' Manufacturer states only the placeholder 'Not assigned'; gaps.csv F2 takes its place",
        )
    ]


def test_an_element_of_its_own_gets_an_id() -> None:
    result = document()
    result.instruments[0].children.append(Node("StageInsert", {"Model": Fact("K")}))
    state(result, [given(said("Instrument/StageInsert"), said("Instrument/FocusStabilizationDevice"))])
    found = [n for n in result.instruments[0].children if n.name in ("StageInsert", "FocusStabilizationDevice")]
    assert [n.name for n in found] == ["StageInsert", "FocusStabilizationDevice"]
    assert all(n.id for n in found)


def test_a_unit_of_a_value_that_has_none() -> None:
    result = document()
    result.instruments[0].children.append(
        Node("AcoustoOpticalModulator", {"ID": Fact("AOM:0"), "TuningAccuracy": Fact("2")})
    )
    state(result, [given(said("Instrument/AcoustoOpticalModulator/@TuningAccuracyUnit", "nm"))])
    assert result.instruments[0].children[-1].facts["TuningAccuracy"] == Fact("2", "nm")
    state(result, [given(said("Instrument/AcoustoOpticalModulator/@TuningRateUnit", "s"))])
    assert [f.message for f in result.findings] == [
        "gaps.csv F2: AcoustoOpticalModulator 'AOM:0' states no value of this unit; it is left out"
    ]


def planes() -> Document:
    result = document()
    for image in result.images:
        pixels = image.first("Pixels")
        assert pixels is not None
        keys = {"ID": ["Plane:0", "Plane:1"], "TheC": ["0", "1"], "TheT": ["0", "0"], "TheZ": ["0", "0"]}
        pixels.planes = PlaneTable({n: [f"{image.id}{v}" if n == "ID" else v for v in vs] for n, vs in keys.items()})
    return result


def tables(result: Document) -> list[PlaneTable]:
    return [n.planes for n in result.root.walk() if n.planes is not None]


def test_planes_get_one_value_or_one_each() -> None:
    result = planes()
    before = tables(result)
    state(
        result,
        [
            given(
                said("Image/Pixels/Plane/@PixelDwellTime", "2", "µs"),
                said("Image[2]/Pixels/Plane[2]/@Timestamp", "1.5"),
                said("Image/Pixels/Plane[3]/@Timestamp", "1.5"),
                said("Image/Pixels/Plane/@TheZ", "4"),
            )
        ],
    )
    first, second = tables(result)
    assert first.columns["PixelDwellTime"] == second.columns["PixelDwellTime"] == ["2", "2"]
    assert first.units["PixelDwellTime"] == "µs"
    assert "Timestamp" not in first.columns
    assert second.columns["Timestamp"] == [None, "1.5"]
    assert first.columns["TheZ"] == ["0", "0"]
    assert {f.message for f in result.findings} == {
        "gaps.csv F2: the file has no Plane[3]; it is left out",
        "gaps.csv F2: planes of the file state TheZ; it is left out",
    }
    assert all("PixelDwellTime" not in t.columns for t in before)


def test_a_plane_that_is_added_stands_in_columns_and_stands_once() -> None:
    path = "Image/Pixels/Plane[+first]"
    values = {"TheZ": "0", "TheC": "0", "TheT": "0", "Timestamp": "1"}
    sheet = given(*(said(f"{path}/@{name}", value) for name, value in values.items()))
    once = stated(sheet)
    assert [t.columns["Timestamp"] for t in tables(once)] == [["1"], ["1"]]
    assert from_xml(to_xml(once).encode()) == once
    state(once, [sheet])
    assert [len(t) for t in tables(once)] == [1, 1]


def test_files_are_told_by_their_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "plate1").mkdir()
    monkeypatch.chdir(tmp_path / "plate1")
    result = document()
    result.origin.file = "a.czi"
    state(result, [given(said("Image/Description/@text()", "x", scope=Scope(files=("plate1/a.czi",))))])
    assert all(i.first("Description") is not None for i in result.images)


def test_a_part_that_an_image_does_not_use_is_worth_no_word_if_the_statement_is_of_the_microscope() -> None:
    path = 'Instrument/Objective[Model="100x"]/@CatalogNumber'
    assert codes(stated(given(said(path, "1", scope=Scope(microscope="Scope one"))))) == []
    assert codes(stated(given(said(path, "1")))) == ["NBO322"]
    assert codes(stated(given(said(path, "1", scope=Scope(("a.czi",), "Scope one"))))) == ["NBO322"]
