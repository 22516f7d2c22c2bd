"""Settings files of Micro-Meta App: an Image, what it was recorded with, and the microscope that it belongs to."""

from __future__ import annotations

import json
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from mma_components import CANVAS
from nbo_extract.cli.inputs import load_all
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.hardware_settings import resolved
from nbo_extract.jsonio import from_json, to_json
from nbo_extract.schema import load
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import make_hardware
from sample_settings import make_settings, settings

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Node

PART = "00000000-5a4d-4000-8000-0000000000"


def read(tmp_path: Path, content: dict[str, Any]) -> Hardware:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return load_hardware(path)


@pytest.fixture
def sample(tmp_path: Path) -> Hardware:
    make_settings(tmp_path / "settings.json")
    return load_hardware(tmp_path / "settings.json")


def image(hardware: Hardware) -> Node:
    [found] = hardware.document.images
    return found


def only(node: Node | None, name: str) -> Node:
    assert node is not None
    [found] = node.all(name)
    return found


def told(hardware: Hardware) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in hardware.findings]


def test_settings_are_told_from_a_microscope(sample: Hardware) -> None:
    assert (sample.kind, sample.instrument_id) == ("settings", "Instrument:00000000-5a4d-4000-8000-000000000000")
    assert sample.document.instruments == []
    with pytest.raises(HardwareError) as caught:
        _ = sample.instrument
    assert caught.value.message == (
        f"{sample.path} holds settings of an image, not a microscope; give the description of the microscope"
    )
    assert pickle.loads(pickle.dumps(sample)) == sample  # noqa: S301


def test_what_the_image_states(sample: Hardware) -> None:
    mine = image(sample)
    assert (mine.id, mine.get("Name")) == ("Image:00000000-5a4d-4000-9000-000000000001", "widefield")
    assert [(c.name, c.id) for c in mine.children if c.name.endswith("Ref")] == [
        ("InstrumentRef", "Instrument:00000000-5a4d-4000-8000-000000000000"),
        ("ExperimentRef", "Experiment:00000000-5a4d-4000-9000-000000000002"),
        ("SampleRef", "Sample:00000000-5a4d-4000-9000-000000000004"),
        ("AcquisitionSoftwareRef", f"AcquisitionSoftware:{PART}55"),
    ]
    text = only(mine, "Description").text
    assert text is not None
    assert text.value == "Nuclei and tubulin."
    objective = only(mine, "ObjectiveSettings")
    assert {k: f.value for k, f in objective.facts.items()} == {
        "ID": f"Objective:{PART}10",
        "CorrectionCollarPosition": "0.17",
    }
    assert only(objective, "ImmersionLiquid").get("RefractiveIndex") == "1.518"
    assert told(sample) == [
        ("NBO304", "info", f"/Channels[{n}] /Fluorophore[0]: Manufacturer 'na' is a placeholder, not a value; "
         "it is left out")
        for n in range(2)
    ]  # fmt: skip


def test_experiment_sample_and_people_have_their_own_places(sample: Hardware) -> None:
    root = sample.document.root
    experiment = only(root, "Experiment")
    assert (experiment.get("Purpose"), experiment.get("LabellingMethod")) == ("Localization", "Immunofluorescence")
    assert only(experiment, "Sample").get("Organism") == "Homo sapiens"
    person = only(root, "Experimenter")
    assert only(experiment, "ExperimenterRef").id == person.id == "Experimenter:00000000-5a4d-4000-9000-000000000003"
    assert (person.get("FirstName"), person.get("LastName")) == ("Sam", "Sample")


def test_channels_and_planes_are_in_pixels(sample: Hardware) -> None:
    pixels = only(image(sample), "Pixels")
    assert (pixels.get("SizeC"), [c.get("Name") for c in pixels.all("Channel")]) == ("2", ["DAPI", "EGFP"])
    planes = pixels.planes
    assert planes is not None
    assert (planes.columns["TheC"], planes.columns["ExposureTime"]) == (["0", "1"], ["50", "100"])
    assert planes.units == {"ExposureTime": "ms"}
    assert planes.sources["ExposureTime"].path == "Image /Planes[0] /ExposureTime"


def test_the_light_path_refers_to_parts_as_their_description_does(sample: Hardware) -> None:
    channel = only(image(sample), "Pixels").all("Channel")[0]
    path = only(channel, "LightPath")
    assert {c.name: c.id for c in path.children} == {
        "LightSourceSettings": f"LightSource:{PART}20",
        "ExcitationFilterRef": f"Filter:{PART}30",
        "EmissionFilterRef": f"Filter:{PART}32",
        "LensSettings": f"TubeLens:{PART}52",
        # Which of four kinds of mirrors it is, the file does not tell.
        "MirroringDeviceSettings": f"{PART}31",
        "CameraSettings": f"Detector:{PART}50",
    }
    power = only(path, "LightSourceSettings").facts["IlluminationPowerSettings"]
    assert (power.value, power.unit) == ("25", "%")
    assert only(channel, "Fluorophore").get("Name") == "DAPI"


def test_the_description_of_the_microscope_settles_the_rest(tmp_path: Path, sample: Hardware) -> None:
    make_hardware(tmp_path / "scope.json")
    scope = load_hardware(tmp_path / "scope.json")
    known = resolved(sample, [sample, scope])
    path = only(only(image(known), "Pixels").all("Channel")[0], "LightPath")
    assert only(path, "MirroringDeviceSettings").id == f"StandardDichroic:{PART}31"
    assert only(image(known), "MicroscopeStandSettings").id == f"InvertedMicroscopeStand:{PART}01"
    assert only(image(sample), "MicroscopeStandSettings").id == ""
    index = scope.document.index() | known.document.index()
    references = load().references
    for node in known.document.root.walk():
        if node.name in references:
            attribute, targets = references[node.name]
            assert index[node.get(attribute) or ""].name in targets
    other = load_hardware(tmp_path / "scope.json")
    other.document.instruments[0].put("ID", "Instrument:other")
    assert resolved(sample, [other]) is sample
    assert resolved(scope, [scope]) is scope


@pytest.mark.parametrize("write", [to_xml, to_json])
def test_settings_are_a_document(sample: Hardware, write: Any) -> None:
    text = write(sample.document)
    assert (from_json(text) if write is to_json else from_xml(text)) == sample.document


def test_both_kinds_of_references_are_understood(tmp_path: Path) -> None:
    content = settings()
    path = content["Channels"][0]["LightPath"]["ComponentSettings"]
    path["Dichroic"]["Component_ID"] = f"StandardDichroic/{PART}31"
    path["LightSource"]["Component_ID"] = f"Fluorescence_LightSource_LightEmittingDiode/{PART}20"
    content["ObjectiveSettings"] = {"Schema_ID": "ObjectiveSettings.json", "ID": f"Objective/{PART}11"}
    content["StageInsert"] = ["StageInsert/si"]
    content["FocusStabilizationDevice"] = "fs"
    content["AcquisitionSoftware"] = ["Not assigned"]
    loaded = read(tmp_path, content)
    found = only(only(image(loaded), "Pixels").all("Channel")[0], "LightPath")
    assert only(found, "MirroringDeviceSettings").id == f"StandardDichroic:{PART}31"
    assert only(found, "LightSourceSettings").id == f"LightSource:{PART}20"
    assert only(image(loaded), "ObjectiveSettings").id == f"Objective:{PART}11"
    assert only(image(loaded), "StageInsertRef").get("StageInsertID") == "StageInsert:si"
    assert only(image(loaded), "FocusStabilizationDeviceRef").id == "FocusStabilizationDevice:fs"
    assert image(loaded).all("AcquisitionSoftwareRef") == []
    assert ("NBO304", "info", "/AcquisitionSoftware[0]: AcquisitionSoftware 'Not assigned' is a placeholder, "
            "not a part; it is left out") in told(loaded)  # fmt: skip


def test_the_objective_of_the_channels_is_the_image_s(tmp_path: Path) -> None:
    content = settings()
    slot = content.pop("ObjectiveSettings")
    for channel in content["Channels"]:
        channel["LightPath"]["ComponentSettings"]["Objective"] = slot
    assert only(image(read(tmp_path, content)), "ObjectiveSettings").id == f"Objective:{PART}10"
    content["Channels"][1]["LightPath"]["ComponentSettings"]["Objective"] = slot | {"Component_ID": f"{PART}11"}
    assert told(read(tmp_path, content))[-1] == (
        "NBO309", "warning",
        "/Channels[1] /LightPath[0] /Objective[0]: NBO has one objective for an image, "
        f"Objective:{PART}10; Objective:{PART}11 is left out",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Channels": ["DAPI"]}, ("NBO308", "/Channels: Channel 'DAPI' is no Channel; it is left out")),
        ({"Pixels": "none"}, ("NBO308", "Pixels is no object; it is left out")),
        ({"Experiment": 5}, ("NBO308", "Experiment is no object; it is left out")),
        ({"TIRFSettings": [{"TIRFAngle": 60}]}, ("NBO309", "NBO's Image has no TIRFSettings; it is left out")),
        (
            {"Experimenter": "Experimenter/x"},
            ("NBO306", "Image /Experimenter 'Experimenter/x' is not described in the file; it is left out"),
        ),
        (
            {"InstrumentID": None},
            ("NBO306", "the settings name the microscope 'Sample microscope' but not its ID; it is left out"),
        ),
    ],
)
def test_what_cannot_be_stated_is_told(tmp_path: Path, change: dict[str, Any], expected: tuple[str, str]) -> None:
    loaded = read(tmp_path, settings() | change)
    assert [(code, message) for code, _, message in told(loaded) if "'na'" not in message] == [expected]


def test_a_part_that_no_light_path_holds(tmp_path: Path) -> None:
    content = settings()
    slots = content["Channels"][0]["LightPath"]["ComponentSettings"]
    slots["AdditionalSlot_2"] = [{"Name": "FilterCube", "ID": "x", "Component_ID": "y"}, "odd", None]
    assert [t for t in told(read(tmp_path, content)) if "AdditionalSlot_2" in t[2]] == [
        ("NBO309", "info", "/Channels[0] /LightPath[0] /AdditionalSlot_2[0]: NBO's LightPath has no place for "
         "FilterCube; it is left out"),
        ("NBO308", "info", "/Channels[0] /LightPath[0] /AdditionalSlot_2[1]: 'odd' is no part; it is left out"),
    ]  # fmt: skip


def test_two_objects_of_one_id_are_refused(tmp_path: Path) -> None:
    content = settings()
    content["Channels"][1]["ID"] = content["Channels"][0]["ID"]
    with pytest.raises(HardwareError) as caught:
        read(tmp_path, content)
    assert "have the same ID Channel:00000000-5a4d-4000-9000-000000000100" in caught.value.message


def test_load_all_keeps_both(tmp_path: Path) -> None:
    make_hardware(tmp_path / "scope.json")
    make_settings(tmp_path / "settings.json")
    found = load_all([str(tmp_path)])
    assert [(h.name, h.kind) for h in found if isinstance(h, Hardware)] == [
        ("scope.json", "microscope"),
        ("settings.json", "settings"),
    ]


def test_every_schema_of_settings(shared: Path, tmp_path: Path) -> None:
    """Each of the 30 schemas that are not of hardware: all of its properties arrive."""
    text = (shared / "nbo" / "micro_meta_app_schema_v2.01.1.json").read_text(encoding="utf-8")
    schemas = {
        s["ID"].removesuffix(".json"): s
        for s in json.loads(text)
        if s.get("domain") in ("ImageAcquisitionSettings", "Experimental")
    }
    assert len(schemas) == 30
    used: set[str] = set()

    def make(name: str, **more: Any) -> dict[str, Any]:
        used.add(name)
        found: dict[str, Any] = {"Schema_ID": f"{name}.json", "ModelVersion": "2.01.1"}
        for key, given in schemas[name]["properties"].items():
            if key in CANVAS and key != "PositionX" and not key.startswith("Position"):
                continue
            if given.get("linkTo") or given.get("items", {}).get("linkTo"):
                continue
            found[key] = _value(key, given)
        return found | more

    def _value(key: str, given: dict[str, Any]) -> Any:
        if given["type"] == "array":
            used.add(key)
            return [{k: _value(k, g) for k, g in given["items"]["properties"].items()}]
        if given.get("enum"):
            return given["enum"][0]
        if "Date" in key or key == "Timestamp":
            return "2024-05-06T07:08:09" if given["type"] == "string" else 1.5
        numbers = {"number": 0.5, "integer": 1, "boolean": True}
        text = f"{key} {len(used)}"
        return numbers.get(given["type"], "12" if key in ("Temperature", "CO2Percent", "Humidity") else text)

    def part(name: str, number: int) -> dict[str, Any]:
        return make(name, Component_ID=f"p{number}")

    slots = {
        f"AdditionalSlot_{n}": [part(name, n)]
        for n, name in enumerate(
            ("LensSettings", "MirroringDeviceSettings", "GenericOpticalApertureSettings", "PrismSettings",
             "ShutterSettings", "GenericDetectorSettings", "PointDetectorSettings", "CameraSettings", "FilterSet",
             "LightSourceSettings")
        )
    }  # fmt: skip
    del slots["AdditionalSlot_8"][0]["Component_ID"]
    path = make("LightPath", ComponentSettings=slots)
    sample = make("Sample", **{n: [make(n)] for n in ("MountingMedium", "CoverGlass", "SampleHolder")})
    content = make(
        "Image",
        InstrumentID="i",
        AcquisitionDate="2024-05-06T07:08:09",
        Experiment=make("Experiment", Sample=[sample]),
        Pixels=make("Pixels"),
        Channels=[make("Channel", LightPath=path, Fluorophore=make("Fluorophore"))],
        Planes=[make("Plane")],
        StageLabel=make("StageLabel"),
        ObjectiveSettings=part("ObjectiveSettings", 90) | {"ImmersionLiquid": make("ImmersionLiquid")},
        **{n: [part(n, 91 + i)] for i, n in enumerate(("ImagingEnvironment", "SamplePositioningSettings"))},
        MicroscopeTableSettings=[part("MicroscopeTableSettings", 93)],
        MicroscopeStandSettings=make("MicroscopeStandSettings"),
    )
    assert set(schemas) - used == set()
    loaded = read(tmp_path, content)
    assert told(loaded) == []
    xml = to_xml(loaded.document)
    assert from_xml(xml) == loaded.document
    texts = re.findall(r'"((?:Name|Model|Organism|Tag|LotNumber|FBBaseID) \d+)"', json.dumps(content))
    assert len(texts) > 20
    assert [x for x in texts if x not in xml and not x.startswith("Name")] == []
