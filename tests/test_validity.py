"""What is stated but not allowed."""

from __future__ import annotations

import pytest

from nbo_extract.model import Document, Node, PlaneTable
from nbo_extract.validity import validity


def found(document: Document) -> list[tuple[str, str]]:
    return [(f.code, f.message) for f in validity(document)]


def objective(**facts: str) -> Document:
    document = Document()
    document.root.add("Instrument", ID="Instrument:0").add("Objective", ID="Objective:0", **facts)
    return document


@pytest.mark.parametrize(
    ("facts", "code", "message"),
    [
        (
            {"ImmersionType": "Oil"},
            "NBO210",
            "ImmersionType 'Oil' is not among NBO's values 'Air', 'Dipping', 'Glycerol', 'Multi', 'Mineral Oil', "
            "'Silicone Oil', …",
        ),
        ({"LensNA": "high"}, "NBO211", "LensNA 'high' is not a number"),
        ({"LensNA": "NaN"}, "NBO211", "LensNA 'NaN' is not a finite number"),
        ({"DIC": "yes"}, "NBO211", "DIC 'yes' is neither true nor false"),
    ],
)
def test_values(facts: dict[str, str], code: str, message: str) -> None:
    assert found(objective(**facts)) == [(code, f"Objective 'Objective:0': {message}")]


def test_ids_have_a_form() -> None:
    document = Document()
    document.root.add("Instrument", ID="scope")
    assert found(document) == [
        ("NBO211", "Instrument 'scope': ID 'scope' is not of the form of a InstrumentID"),
    ]


def test_ranges() -> None:
    document = Document()
    pixels = document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0", SizeX="0", PhysicalSizeX="-1")
    assert found(document) == [
        ("NBO212", "Pixels 'Pixels:0': SizeX '0' is below 1"),
        ("NBO212", "Pixels 'Pixels:0': PhysicalSizeX '-1' is not above 0"),
    ]
    pixels.facts.clear()
    channel = pixels.add("Channel", ID="Channel:0")
    channel.add("LightPath", ID="LightPath:0").add("LightSourceSettings", Attenuation="2")
    assert found(document) == [
        ("NBO212", "LightSourceSettings of LightPath 'LightPath:0': Attenuation '2' is above 1"),
    ]


def test_units() -> None:
    document = objective()
    document.instruments[0].children[0].put("WorkingDistance", "0.19", "micron")
    assert [c for c, _ in found(document)] == ["NBO210"]
    assert "WorkingDistanceUnit 'micron' is not among NBO's values" in found(document)[0][1]


def test_planes_are_judged_by_column() -> None:
    document = Document()
    pixels = document.root.add("Image", ID="Image:0", Name="cells").add("Pixels", ID="Pixels:0")
    columns: dict[str, list[str | None]] = {
        "ExposureTime": ["x", "x", None],
        "ID": ["Plane:0", "Plane:1", "Plane:1"],
        "TheC": ["0", "0", "0"],
        "TheT": ["0", "0", "0"],
        "TheZ": ["0", "1", "2"],
    }
    pixels.planes = PlaneTable(columns, {"ExposureTime": "furlong"})
    assert [(c, m.partition(" is ")[0]) for c, m in found(document)] == [
        ("NBO214", "Plane of Pixels 'Pixels:0': ID 'Plane:1'"),
        ("NBO211", "Plane of Pixels 'Pixels:0': ExposureTime 'x'"),
        ("NBO210", "Plane of Pixels 'Pixels:0': ExposureTimeUnit 'furlong'"),
    ]


def test_references_must_point_to_something_of_the_right_kind() -> None:
    document = objective()
    image = document.root.add("Image", ID="Image:0", Name="cells")
    image.add("ObjectiveSettings", ID="Objective:7")
    image.add("InstrumentRef", ID="Objective:0")
    image.add("StageInsertRef", StageInsertID="StageInsert:1")
    assert found(document) == [
        ("NBO213", "ObjectiveSettings of Image 'cells': ID 'Objective:7' is the ID of nothing in this document"),
        ("NBO211", "InstrumentRef of Image 'cells': ID 'Objective:0' is not of the form of a InstrumentID"),
        (
            "NBO213",
            "InstrumentRef of Image 'cells': ID 'Objective:0' is the ID of an element of another kind (Objective)",
        ),
        (
            "NBO213",
            "StageInsertRef of Image 'cells': StageInsertID 'StageInsert:1' is the ID of nothing in this document",
        ),
    ]


def test_a_target_that_many_images_miss_is_one_finding() -> None:
    document = Document()
    for number in range(3):
        document.root.add("Image", ID=f"Image:{number}").add("ObjectiveSettings", ID="Objective:7")
    place = "of Image 'Image:0', of Image 'Image:1', of Image 'Image:2'"
    assert found(document) == [
        ("NBO213", f"ObjectiveSettings (3 of 3: {place}): ID 'Objective:7' is the ID of nothing in this document")
    ]


def test_annotators_are_references_too() -> None:
    document = Document()
    document.root.add("StructuredAnnotations").add("TagAnnotation", ID="Annotation:0", Annotator="Experimenter:0")
    assert [c for c, _ in found(document)] == ["NBO213"]
    document.root.add("Experimenter", ID="Experimenter:0")
    assert found(document) == []


def test_one_id_for_two_elements() -> None:
    document = objective()
    document.instruments[0].add("Objective", ID="Objective:0", Model="63x")
    assert found(document) == [("NBO214", "Objective '63x': ID 'Objective:0' is the ID of more than one element")]


def test_the_same_fault_of_many_is_one_finding() -> None:
    document = Document()
    instrument = document.root.add("Instrument", ID="Instrument:0")
    for number in range(4):
        instrument.add("Objective", ID=f"Objective:{number}", Model=f"Lens {number}", DIC="maybe")
    faults = validity(document)
    assert [f.message for f in faults] == [
        "Objective (4 of 4: 'Lens 0', 'Lens 1', 'Lens 2' and 1 more): DIC 'maybe' is neither true nor false"
    ]
    assert faults[0].instance == "Objective:0, Objective:1, Objective:2, Objective:3"


def test_what_the_published_schema_makes_impossible() -> None:
    document = Document()
    document.root.add("Instrument", ID="Instrument:0").children.append(Node("LightGuide"))
    document.instruments[0].children[0].put("Geometry", "Ring Light")
    assert found(document) == [
        (
            "NBO211",
            "LightGuide of Instrument 'Instrument:0': Geometry 'Ring Light' cannot be stated: "
            "NBO's schema allows no value here",
        )
    ]


def test_blank_values_are_missing_not_invalid() -> None:
    assert found(objective(LensNA=" ", ImmersionType="")) == []
