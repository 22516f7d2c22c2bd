"""Reading hardware descriptions: what arrives, what is left out and why, what is refused."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.errors import HardwareError
from nbo_extract.hardware import GIVE, Hardware, load_hardware
from nbo_extract.jsonio import to_json
from nbo_extract.model import Document, Fact, Node
from nbo_extract.schema import load
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import make_hardware, microscope

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.schema import Attribute, Schema

BOOKKEEPING = {
    "PositionX", "PositionY", "PositionZ", "Width", "Height", "OffsetX", "OffsetY", "OccupiedSpot", "occupiedSpot",
    "Tier", "ValidationTier", "ModelVersion", "AppVersion", "Extension", "Domain", "Category", "Schema_ID",
}  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Hardware:
    make_hardware(tmp_path / "scope.json")
    return load_hardware(tmp_path / "scope.json")


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def changed(**facts: Any) -> dict[str, Any]:
    """Return the sample description with a component added."""
    content = microscope()
    component = {"Name": "extra", "ID": "e-1", "Schema_ID": "Objective.json", "ModelVersion": "2.01.0"}
    content["components"].append(component | facts)
    return content


def extra(tmp_path: Path, **facts: Any) -> tuple[Node, list[tuple[str, str]]]:
    """Load the sample with one more component; return it and the findings about it."""
    loaded = load_hardware(write(tmp_path / "scope.json", changed(**facts)))
    [node] = [n for n in loaded.instrument.children if n.get("Name") == "extra"]
    return node, [(f.code, f.message) for f in loaded.findings if "'extra'" in f.source]


def test_the_sample_description(sample: Hardware) -> None:
    assert sample.name == "scope.json"
    assert len(sample.sha256) == 64
    assert sample.instrument.id == "Instrument:00000000-5a4d-4000-8000-000000000000"
    assert len(sample.instrument.children) == len(microscope()["components"]) + 1
    objective = sample.instrument.all("Objective")[0]
    assert {k: f.value for k, f in objective.facts.items()} == {
        "ID": "Objective:00000000-5a4d-4000-8000-000000000010",
        "Name": "63x oil",
        "Manufacturer": "Zeiss",
        "Model": "Plan-Apochromat 63x/1.40 Oil DIC M27",
        "CatalogNumber": "420782-9900-799",
        "LightType": "Visible",
        "InfinityCorrected": "true",
        "ContrastModulation": "None",
        "CorrectionCollar": "false",
        "Iris": "false",
        "ObjectiveViewField": "25",
        "Correction": "Apochromat",
        "Magnification": "63",
        "LensNA": "1.4",
        "ImmersionType": "Mineral Oil",
        "DIC": "true",
        "WorkingDistance": "0.19",
    }
    assert objective.facts["WorkingDistance"].unit == "mm"


def test_each_fact_names_its_component(sample: Hardware) -> None:
    source = sample.instrument.all("Objective")[0].facts["LensNA"].source
    assert source is not None
    assert (source.kind, source.file, source.rule) == ("hardware", "scope.json", "micro-meta-app")
    assert source.path == "components[0] Objective '63x oil' /LensNA"
    [module] = sample.instrument.all("LightEmittingDiode")[0].children
    source = module.facts["PeakWavelength"].source
    assert source is not None
    assert source.path == "components[2] LightEmittingDiode 'Colibri 7 385' /LEDModule[0] /PeakWavelength"
    assert all(f.source is not None for n in sample.document.root.walk() for f in n.facts.values())


def test_references_and_descriptions_arrive(sample: Hardware) -> None:
    cube = sample.instrument.all("FilterCube")[1]
    assert [(c.name, c.id) for c in cube.children] == [
        ("ExcitationFilterRef", "Filter:00000000-5a4d-4000-8000-000000000033"),
        ("StandardDichroicRef", "StandardDichroic:00000000-5a4d-4000-8000-000000000034"),
        ("EmissionFilterRef", "Filter:00000000-5a4d-4000-8000-000000000035"),
    ]
    assert [c.name for c in sample.instrument.all("FilterCubeTurret")[0].children] == ["FilterCubeRef"] * 2
    [tube] = sample.instrument.all("TubeLens")
    annotation = sample.document.index()[tube.all("AnnotationRef")[0].id]
    text = annotation.children[0].text
    assert text is not None and text.value == "In the optovar changer."


def test_findings_of_the_sample(sample: Hardware) -> None:
    assert sorted({(f.code, f.attribute, f.value) for f in sample.findings}) == [
        ("NBO304", "CatalogNumber", "999"),
        ("NBO304", "CatalogNumber", "9999"),
        ("NBO304", "CatalogNumber", "999999"),
        ("NBO304", "CatalogNumber", "na"),
        ("NBO304", "ImageDistance", "999"),
        ("NBO308", "FWHMBandwidth", "0"),
        ("NBO308", "PeakWavelength", "0"),
        ("NBO308", "ZRepeatability", "0"),
    ]
    assert all(f.severity == "info" for f in sample.findings)


def test_the_document_is_valid_xml_and_reads_back(sample: Hardware) -> None:
    assert from_xml(to_xml(sample.document)) == sample.document
    assert pickle.loads(pickle.dumps(sample)) == sample  # noqa: S301


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        make_hardware(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("text", ["1.40", "1e-05", "0.3000000000000001"])
def test_numbers_stay_as_written(tmp_path: Path, text: str) -> None:
    content = json.dumps(changed(LensNA="@")).replace('"@"', text)
    loaded = load_hardware(write(tmp_path / "scope.json", content))
    assert loaded.instrument.all("Objective")[-1].get("LensNA") == text


def test_units_go_with_their_values_and_not_without(tmp_path: Path) -> None:
    node, findings = extra(tmp_path, WorkingDistance=0.2, WorkingDistanceUnit="\u03bcm", ImageDistanceUnit="mm")
    assert (node.facts["WorkingDistance"].value, node.facts["WorkingDistance"].unit) == ("0.2", "\u00b5m")
    assert not {"ImageDistance", "ImageDistanceUnit", "WorkingDistanceUnit"} & set(node.facts)
    assert findings == []


@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        (
            {"CatalogNumber": "999"},
            ("NBO304", "Objective 'extra': CatalogNumber '999' is a placeholder, not a value; it is left out"),
        ),
        ({"Model": "n/a"}, ("NBO304", "Objective 'extra': Model 'n/a' is a placeholder, not a value; it is left out")),
        (
            {"CatalogNumber": "000-000"},
            ("NBO304", "Objective 'extra': CatalogNumber '000-000' is a placeholder, not a value; it is left out"),
        ),
        (
            {"WorkingDistance": 9999, "WorkingDistanceUnit": "mm"},
            ("NBO304", "Objective 'extra': WorkingDistance '9999' is a placeholder, not a value; it is left out"),
        ),
        (
            {"ImmersionType": "Soup"},
            (
                "NBO305",
                "Objective 'extra': ImmersionType 'Soup' is not among NBO's values for ImmersionTypeList; "
                "it is left out",
            ),
        ),
        (
            {"WorkingDistance": 1, "WorkingDistanceUnit": "furlong"},
            (
                "NBO305",
                "Objective 'extra': WorkingDistance is given in 'furlong', which NBO does not allow there; "
                "it is left out",
            ),
        ),
        ({"LensNA": "high"}, ("NBO308", "Objective 'extra': LensNA 'high' is not a number; it is left out")),
        (
            {"LensNA": 0},
            ("NBO308", "Objective 'extra': LensNA cannot be 0, which the form writes for a blank; it is left out"),
        ),
        ({"LensNA": [1]}, ("NBO308", "LensNA is no single value; it is left out")),
        ({"Colour": "red"}, ("NBO309", "NBO's Objective has no Colour; it is left out")),
    ],
)
def test_what_is_no_statement_is_left_out_with_a_finding(
    tmp_path: Path, facts: dict[str, Any], finding: tuple[str, str]
) -> None:
    node, findings = extra(tmp_path, **facts)
    assert set(node.facts) == {"ID", "Name"}
    assert findings == [finding]


def test_an_allowed_word_is_no_placeholder(tmp_path: Path) -> None:
    node, findings = extra(tmp_path, ContrastModulation="None", Magnification=999, Manufacturer="Nine 999")
    assert (node.get("ContrastModulation"), node.get("Magnification"), node.get("Manufacturer")) == (
        "None", "999", "Nine 999",
    )  # fmt: skip
    assert findings == []


def test_a_name_shared_with_the_canvas_stays_where_nbo_has_it(tmp_path: Path) -> None:
    loaded = load_hardware(
        write(
            tmp_path / "scope.json",
            changed(Schema_ID="Fluorescence_LightSource_Laser.json", Position=2, PositionX=1, Width=3),
        )
    )
    [laser] = loaded.instrument.all("Laser")
    assert {k: f.value for k, f in laser.facts.items()} == {"ID": "LightSource:e-1", "Name": "extra", "Position": "2"}


def test_a_reference_to_a_part_that_is_not_there(tmp_path: Path) -> None:
    node, findings = extra(tmp_path, Schema_ID="FilterCube.json", ExcitationFilter="ExcitationFilter/nobody")
    assert node.children == []
    assert findings == [
        (
            "NBO306",
            "FilterCube 'extra' refers to ExcitationFilter/nobody as ExcitationFilter, which the file does not hold; "
            "it is left out",
        )
    ]


def test_a_reference_to_a_part_of_another_kind(tmp_path: Path) -> None:
    camera = "StandardDichroic/00000000-5a4d-4000-8000-000000000050"
    node, findings = extra(tmp_path, Schema_ID="FilterCube.json", StandardDichroic=camera)
    assert (node.children, [f[0] for f in findings]) == ([], ["NBO306"])


def test_linked_fields_speak_where_the_component_is_silent(tmp_path: Path) -> None:
    content = changed(Schema_ID="FilterCube.json", EmissionFilter="na")
    filter_id = "00000000-5a4d-4000-8000-000000000035"
    content["linkedFields"]["FilterCube_e-1"] = {
        "ExcitationFilter": {"schemaType": "FilterCube", "value": "00000000-5a4d-4000-8000-000000000033"},
        "EmissionFilter": {"schemaType": "FilterCube", "value": filter_id},
        "StandardDichroic": {"schemaType": "FilterCube", "value": "Not assigned"},
    }
    content["linkedFields"]["FilterCube_gone"] = {"ExcitationFilter": {"value": "x"}}
    loaded = load_hardware(write(tmp_path / "scope.json", content))
    assert [(c.name, c.id) for c in loaded.instrument.all("FilterCube")[-1].children] == [
        ("ExcitationFilterRef", "Filter:00000000-5a4d-4000-8000-000000000033")
    ]
    assert [f.message for f in loaded.findings if f.code == "NBO306"] == [
        "linkedFields names FilterCube_gone, which is no component of the file; it is left out"
    ]


def test_a_component_without_a_place_in_nbo(tmp_path: Path) -> None:
    loaded = load_hardware(write(tmp_path / "scope.json", changed(Schema_ID="CoffeeMachine.json")))
    assert [(f.severity, f.message) for f in loaded.findings if f.code == "NBO309"] == [
        ("warning", "components[20] CoffeeMachine 'extra' has no place in NBO's Instrument; it is left out")
    ]


REFUSED: list[tuple[Any, str]] = [
    ("no json", f"{{path}} is neither JSON nor XML (line 1: Expecting value); {GIVE}"),
    ([1], f"{{path}} is JSON of another program, no description of a microscope; {GIVE}"),
    ({"a": 1}, f"{{path}} is JSON of another program, no description of a microscope; {GIVE}"),
    ({"Schema_ID": "Image.json"}, "{path} does not state its model version; "
     "re-save it in Micro-Meta App with model 2.01"),
    ({"Schema_ID": "CCD.json"}, "{path} describes CCD alone; give a Micro-Meta App microscope file"),
    (microscope() | {"ModelVersion": "1.03.2"}, "{path} has model version 1.03.2, which is not read; "
     "re-save it in Micro-Meta App with model 2.01"),
    (microscope() | {"ModelVersion": "2.1"}, "{path} has model version 2.1, which is not read; "
     "re-save it in Micro-Meta App with model 2.01"),
    (microscope() | {"ModelVersion": "3.00.0"}, "{path} has model version 3.00.0, which is not read; "
     "re-save it in Micro-Meta App with model 2.01"),
    (microscope() | {"ModelVersion": "2.010.0"}, "{path} has model version 2.010.0, which is not read; "
     "re-save it in Micro-Meta App with model 2.01"),
    (microscope() | {"ModelVersion": None}, "{path} does not state its model version; "
     "re-save it in Micro-Meta App with model 2.01"),
    (microscope() | {"components": []}, "{path} describes a microscope without components; "
     "add them in Micro-Meta App"),
    (microscope() | {"components": ["x"]}, "{path}: components[0] does not say which part of a microscope it is; "
     "save the file in Micro-Meta App"),
    (changed(ID="00000000-5a4d-4000-8000-000000000050"), "{path}: CCD 'Side port camera' and Objective 'extra' have "
     "the same ID 00000000-5a4d-4000-8000-000000000050; give each its own "
     "ID (in Micro-Meta App: delete and add one of them)"),
    (changed(ID=" "), "{path}: components[20] Objective 'extra' has no ID; save the file in Micro-Meta App"),
    ("<a/>", "{path} is no NBO document: its root is a, expected OME in "
     "http://www.NamespaceTest.org/Schemas/NBO/2020-11; a hardware description is NBO XML or a Micro-Meta App file"),
    (to_xml(Document()), "{path} describes 0 instruments; a hardware description holds exactly one"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), REFUSED)
def test_refusals(tmp_path: Path, content: Any, message: str) -> None:
    path = write(tmp_path / "scope.json", content)
    with pytest.raises(HardwareError) as caught:
        load_hardware(path)
    assert caught.value.message == message.format(path=path)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    with pytest.raises(HardwareError) as caught:
        load_hardware(path)
    assert caught.value.message == (
        f"{path}: the hardware description cannot be read (No such file or directory); check the path"
    )


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"[" * 100_000, b"", b'{"Schema_ID": 1e400}', b"<OME"])
def test_damaged_files_are_refused_in_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "scope.json"
    path.write_bytes(data)
    with pytest.raises(HardwareError) as caught:
        load_hardware(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_truncated_files_are_refused_or_read(tmp_path: Path) -> None:
    make_hardware(tmp_path / "scope.json")
    data = (tmp_path / "scope.json").read_bytes()
    for length in range(0, len(data) - 1, len(data) // 50):
        (tmp_path / "cut.json").write_bytes(data[:length])
        with pytest.raises(HardwareError):
            load_hardware(tmp_path / "cut.json")


@pytest.mark.parametrize("form", ["xml", "json"])
def test_our_own_forms_are_descriptions_too(tmp_path: Path, sample: Hardware, form: str) -> None:
    text = to_xml(sample.document) if form == "xml" else to_json(sample.document)
    loaded = load_hardware(write(tmp_path / f"scope.{form}", text))
    assert loaded.document == sample.document
    source = loaded.instrument.all("Objective")[0].facts["LensNA"].source
    assert source is not None
    assert (source.kind, source.file, source.rule) == ("hardware", f"scope.{form}", f"nbo-{form}")
    assert source.path.endswith("/Objective Objective:00000000-5a4d-4000-8000-000000000010 /LensNA")


def test_own_forms_lose_dangling_references(tmp_path: Path, sample: Hardware) -> None:
    text = to_xml(sample.document).replace(
        'ExcitationFilterRef ID="Filter:00000000-5a4d-4000-8000-000000000030"', 'ExcitationFilterRef ID="Filter:gone"'
    )
    loaded = load_hardware(write(tmp_path / "scope.xml", text))
    assert [f.message for f in loaded.findings] == [
        "FilterCube 'DAPI cube' refers to Filter:gone as ExcitationFilterRef, which the description does not hold; "
        "the reference is left out"
    ]


def statements(content: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Yield (place, key, text) of everything that a Micro-Meta App component states."""
    for key, value in content.items():
        if key in BOOKKEEPING or "_Number_Of_" in key or value is None:
            continue
        items = value if isinstance(value, list) else [value]
        for number, item in enumerate(items):
            if isinstance(item, dict):
                yield from statements(item, f"{path} /{key}[{number}]")
            else:
                yield path, key, str(item).lower() if isinstance(item, bool) else str(item)


def test_every_component_and_attribute_of_a_real_file_arrives(shared: Path) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    content = json.loads(path.read_text(encoding="utf-8"), parse_float=str, parse_int=str)
    loaded = load_hardware(path)
    components = [content["MicroscopeStand"], *content["components"]]
    assert len(loaded.instrument.children) == len(components) == 33
    assert loaded.instrument.get("Name") == content["Name"]

    arrived: set[tuple[str, str, str]] = set()
    schema = load()
    for node in loaded.document.root.walk():
        for fact in (*node.facts.values(), *((node.text,) if node.text else ())):
            if fact.source is not None:
                place, _, key = fact.source.path.rpartition(" /")
                arrived.add((place, key, fact.source.raw or fact.value))
                name = next((a.unit for n, a in _attributes(node, schema).items() if n == key), None)
                if name is not None and fact.unit is not None:
                    arrived.add((place, name, fact.unit))
    reported = {(f.source.rpartition(" /")[0], f.attribute, f.value) for f in loaded.findings if f.source}

    lost = []
    count = 0
    for number, component in enumerate(components):
        name = component["Schema_ID"].removesuffix(".json").rpartition("_")[2]
        place = f"components[{number - 1}]" if number else "MicroscopeStand"
        for statement in statements(component, f"{place} {name} {component['Name']!r}"):
            count += 1
            if statement not in arrived and statement not in reported:
                lost.append(statement)
    # The application writes the default unit of every value, stated or not: a unit alone is no statement.
    assert {key for _, key, _ in lost if not key.endswith("Unit")} == set()
    values = {(f.source.path.rpartition(" /")[0], a.unit) for f, a in _stated(loaded, schema) if f.source and a.unit}
    assert {(place, key) for place, key, _ in lost} & values == set()
    assert (count, len(lost)) == (456, 42)
    assert len([f for f in loaded.findings if f.code == "NBO304"]) == 42
    assert sorted({f.attribute for f in loaded.findings if f.code == "NBO308"}) == [
        "ElectronicConversionFactor", "FWHMBandwidth", "QuantumEfficiency", "ZRepeatability",
    ]  # fmt: skip
    assert [f.value for f in loaded.findings if f.code == "NBO306"] == [
        "FilterCube_3df06284-f629-4ec3-9b6f-a73d7a2d3cca"
    ]
    assert {f.code for f in loaded.findings} == {"NBO304", "NBO306", "NBO308"}


def _attributes(node: Node, schema: Schema) -> dict[str, Attribute]:
    declared = schema.element(node.name) if node.name in schema else None
    return {} if declared is None else declared.attributes


def _stated(loaded: Hardware, schema: Schema) -> Iterator[tuple[Fact, Attribute]]:
    for node in loaded.document.root.walk():
        attributes = _attributes(node, schema)
        yield from ((fact, attributes[name]) for name, fact in node.facts.items() if name in attributes)
