"""Every component, attribute, child and reference of the application's model arrives: count in, count out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mma_components import Made, arrived, from_application, from_table
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.schema import load
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import microscope

if TYPE_CHECKING:
    from pathlib import Path

HARDWARE = ("MicroscopeHardwareSpecifications", "MicroscopeSpecifications")
#: What no description can bring, with the reason.
NO_LIGHT_SENSOR = "NBO has no place for a light sensor in any element, and the application has no schema of it"
NO_ANNOTATION = "the published reference to an annotation has no ID in this element, so that it can lead to none"
EXCEPTIONS = {
    ("IntensityCalibrationTool", "LightSensor"): NO_LIGHT_SENSOR,
    ("FreeBeam", "Description"): NO_ANNOTATION,
    ("LightGuide", "Description"): NO_ANNOTATION,
}
FILES = {"TransmittanceProfileFile", "ReflectanceProfileFile", "WavelengthProfileFile"}


def differences(made: Made, hardware: Hardware) -> set[tuple[str, str, str]]:
    found = arrived(hardware)
    extra = {(own, path, text) for own, path, text in found - made.stated if not path.endswith("Unit")}
    assert extra == set()
    return made.stated - found


def load_made(tmp_path: Path, made: Made) -> Hardware:
    path = tmp_path / "all.json"
    path.write_text(json.dumps(made.microscope()), encoding="utf-8")
    return load_hardware(path)


def test_every_schema_of_the_application(shared: Path, tmp_path: Path) -> None:
    text = (shared / "nbo" / "micro_meta_app_schema_v2.01.1.json").read_text(encoding="utf-8")
    schemas = json.loads(text)
    assert len(schemas) == 111
    hardware = [s for s in schemas if s.get("domain") in HARDWARE]
    parts = [s for s in hardware if s["category"] != "ChildElement"]
    inner = {s["ID"].removesuffix(".json") for s in hardware if s["category"] == "ChildElement"}
    assert (len(hardware), len(parts), len(inner)) == (80, 71, 9)
    counts = []
    some = [s for s in parts if s["category"] in ("MicroscopeStand", "Magnification")]
    for taken, stand in ((parts, "InvertedMicroscopeStand.json"), (some, "UprightMicroscopeStand.json")):
        made = from_application(taken).one_stand(stand)
        loaded = load_made(tmp_path, made)
        assert len(loaded.instrument.children) == len(made.components)
        missing = differences(made, loaded)
        lost = {(own.rpartition("-")[0], path.strip("/")) for own, path, _ in missing}
        counts.append((len(made.components), len(made.stated), len(missing)))
        assert {(f.element, f.attribute) for f in loaded.findings} == lost
        if taken is parts:
            # Each child element of the published schema occurs; files are tried as objects below.
            assert inner - {node.name for node in loaded.instrument.walk()} == FILES
            assert lost == set(EXCEPTIONS)
    assert counts == [(1997, 60628, 38), (35, 1133, 0)]


@pytest.mark.parametrize("name", sorted(FILES))
def test_files_as_objects(shared: Path, tmp_path: Path, name: str) -> None:
    text = (shared / "nbo" / "micro_meta_app_schema_v2.01.1.json").read_text(encoding="utf-8")
    [schema] = [s for s in json.loads(text) if s["ID"] == f"{name}.json"]
    given = {key: "Experimenter:0" if key == "Annotator" else f"some {key}" for key in schema["properties"]}
    instrument = load().element("Instrument")
    holders = [k for k in map(instrument.child, instrument.children) if k is not None and k.use(name) is not None]
    holder: dict[str, Any] = {
        "ID": "h",
        "Name": "holder",
        "Schema_ID": f"{holders[0].name}.json" if holders else "Arc.json",
    }
    # The light of a source has its profile below the range.
    holder |= {name: given} if holders else {"IlluminationWavelengthRange": [{name: given}]}
    content = microscope()
    content["components"].append(holder)
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    loaded = load_hardware(path)
    [node] = [n for n in loaded.instrument.walk() if n.name == name]
    assert {k: f.value for k, f in node.facts.items()} == {
        "ID": "Annotation:some_ID",
        "Namespace": "some Namespace",
        "Annotator": "Experimenter:0",
    }
    assert [c.text.value for c in node.children if c.text is not None] == ["some Description"]


def test_every_element_that_an_instrument_may_hold(tmp_path: Path) -> None:
    schema = load()
    made = from_table().one_stand("InvertedMicroscopeStand.json")
    loaded = load_made(tmp_path, made)
    assert len(loaded.instrument.children) == len(made.components)
    wanted = {n for n in schema.element("Instrument").children if n not in schema.references}
    assert {p.name for p in loaded.instrument.children} == wanted - {"UprightMicroscopeStand"}
    lost = {(own.rpartition("-")[0], path.strip("/")) for own, path, _ in differences(made, loaded)}
    expected = {key for key, reason in EXCEPTIONS.items() if reason == NO_ANNOTATION}
    assert lost == expected
    assert {(f.code, f.element, f.attribute) for f in loaded.findings} == {("NBO309", *key) for key in expected}
    assert from_xml(to_xml(loaded.document)) == loaded.document
