"""What no hardware description may hold: refused, or left out with one sentence; nothing is merged silently."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.jsonio import to_json
from nbo_extract.model import Document, Node
from nbo_extract.xmlio import to_xml
from sample_hardware import microscope

if TYPE_CHECKING:
    from pathlib import Path

LASER = "Fluorescence_LightSource_Laser.json"
COMMA = "has a comma, which may mark decimals or thousands; write it with a point; it is left out"


def component(kind: str, identifier: str, **facts: Any) -> dict[str, Any]:
    return {"Name": identifier, "ID": identifier, "Schema_ID": kind, "ModelVersion": "2.01.0"} | facts


def loaded(tmp_path: Path, *parts: dict[str, Any], **facts: Any) -> Hardware:
    """Load the sample description with parts added."""
    content = microscope() | facts
    content["components"] += parts
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return load_hardware(path)


def told(hardware: Hardware, *codes: str) -> list[tuple[str, str]]:
    return [(f.code, f.message) for f in hardware.findings if f.code in codes]


def refused(path: Path) -> str:
    with pytest.raises(HardwareError) as caught:
        load_hardware(path)
    return caught.value.message


def instrument(*parts: Node) -> Document:
    node = Node("Instrument", children=list(parts))
    node.put("ID", "Instrument:0")
    return Document(Node("OME", children=[node])).arrange()


def part(kind: str, identifier: str, **facts: str) -> Node:
    node = Node(kind)
    for name, value in (("ID", identifier), *facts.items()):
        node.put(name, value)
    return node


def write(tmp_path: Path, document: Document, form: str) -> Path:
    path = tmp_path / f"scope.{form}"
    path.write_text(to_xml(document) if form == "xml" else to_json(document), encoding="utf-8")
    return path


def test_a_laser_that_is_its_own_pump(tmp_path: Path) -> None:
    hardware = loaded(tmp_path, component(LASER, "a", Pump=f"{LASER[:-5]}/a"))
    assert told(hardware, "NBO314") == [("NBO314", "Laser 'a' refers to itself as Pump; the reference is left out")]
    [laser] = hardware.instrument.all("Laser")
    assert laser.children == []
    [finding] = [f for f in hardware.findings if f.code == "NBO314"]
    assert (finding.file, finding.element, finding.instance, finding.attribute, finding.severity) == (
        "scope.json", "Laser", "LightSource:a", "Pump", "warning",
    )  # fmt: skip


def test_a_circle_through_others_and_what_only_leads_into_it(tmp_path: Path) -> None:
    links = {"a": "b", "b": "c", "c": "a", "d": "a"}
    hardware = loaded(tmp_path, *(component("SoftwareModule.json", k, SoftwareModule=[v]) for k, v in links.items()))
    assert told(hardware, "NBO314") == [
        (
            "NBO314",
            f"SoftwareModule {one!r} refers to SoftwareModule {other!r}, which leads back to it, as SoftwareModuleRef; "
            "the reference is left out",
        )
        for one, other in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    modules = {m.get("Name"): [c.id for c in m.children] for m in hardware.instrument.all("SoftwareModule")}
    assert modules == {"a": [], "b": [], "c": [], "d": ["SoftwareModule:a"]}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_circle_in_a_document_of_our_own(tmp_path: Path, form: str) -> None:
    lasers = part("Laser", "LightSource:a"), part("Laser", "LightSource:b")
    lasers[0].add("Pump", ID="LightSource:b")
    lasers[1].add("Pump", ID="LightSource:a")
    hardware = load_hardware(write(tmp_path, instrument(*lasers), form))
    assert [m for _, m in told(hardware, "NBO314")] == [
        "Laser 'LightSource:a' refers to Laser 'LightSource:b', which leads back to it, as Pump; "
        "the reference is left out",
        "Laser 'LightSource:b' refers to Laser 'LightSource:a', which leads back to it, as Pump; "
        "the reference is left out",
    ]
    assert [laser.children for laser in hardware.instrument.all("Laser")] == [[], []]


def test_a_chain_is_no_circle(tmp_path: Path) -> None:
    hardware = loaded(tmp_path, component(LASER, "a", Pump="b"), component(LASER, "b"))
    assert told(hardware, "NBO314") == []
    assert [c.id for c in hardware.instrument.all("Laser")[0].children] == ["LightSource:b"]


def test_two_stands(tmp_path: Path) -> None:
    content = microscope()
    content["components"].append(component("UprightMicroscopeStand.json", "the other"))
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    message = (
        "{path} has 2 stands, {stands}; a hardware description is of one microscope, so keep the stand that it has"
    )
    stands = "InvertedMicroscopeStand 'Sample stand' and UprightMicroscopeStand 'the other'"
    assert refused(path) == message.format(path=path, stands=stands)
    two = instrument(part("InvertedMicroscopeStand", "S:1", Model="A"), part("UprightMicroscopeStand", "S:2"))
    for form in ("xml", "json"):
        path = write(tmp_path, two, form)
        stands = "InvertedMicroscopeStand 'A' and UprightMicroscopeStand 'S:2'"
        assert refused(path) == message.format(path=path, stands=stands)


@pytest.mark.parametrize("form", ["xml", "json"])
def test_two_parts_of_one_id(tmp_path: Path, form: str) -> None:
    path = write(tmp_path, instrument(part("Objective", "O:1", Name="20x"), part("CCD", "O:1")), form)
    assert refused(path) == (
        f"{path}: Objective '20x' and CCD 'O:1' have the same ID O:1; give each its own ID "
        "(in Micro-Meta App: delete and add one of them)"
    )


@pytest.mark.parametrize("text", ["1,4", "1.234,5", "1,234.5", "0,55", "-1,5e3", "1 234,5"])
def test_a_number_with_a_comma_is_never_read(tmp_path: Path, text: str) -> None:
    hardware = loaded(tmp_path, component("Objective.json", "extra", LensNA=text))
    assert hardware.instrument.all("Objective")[-1].get("LensNA") is None
    assert told(hardware, "NBO315") == [("NBO315", f"Objective 'extra': LensNA {text!r} {COMMA}")]


@pytest.mark.parametrize("text", ["high, very", "1,4 or so", ",", "1_4", "\uff11.\uff14", "0x10", "1e999", "inf"])
def test_what_is_no_number_at_all(tmp_path: Path, text: str) -> None:
    hardware = loaded(tmp_path, component("Objective.json", "extra", LensNA=text))
    assert hardware.instrument.all("Objective")[-1].get("LensNA") is None
    said = "is not a finite number" if text in ("1e999", "inf") else "is not a number"
    [message] = [m for _, m in told(hardware, "NBO308", "NBO315") if "'extra'" in m]
    assert message == f"Objective 'extra': LensNA {text!r} {said}; it is left out"


@pytest.mark.parametrize("text", ["1.40", " 1.4 ", "1.4e0", "+1.4"])
def test_a_number_as_text_with_a_point_is_one(tmp_path: Path, text: str) -> None:
    hardware = loaded(tmp_path, component("Objective.json", "extra", LensNA=text))
    assert hardware.instrument.all("Objective")[-1].get("LensNA") == text.strip()


@pytest.mark.parametrize(
    ("unit", "code", "said"),
    [
        ("mW", "NBO316", "is given in 'mW', a unit of power, where NBO wants a unit of length"),
        ("ms", "NBO316", "is given in 'ms', a unit of time, where NBO wants a unit of length"),
        ("%", "NBO316", "is given in '%', where NBO wants a unit of length"),
        ("furlong", "NBO305", "is given in 'furlong', which NBO does not allow there"),
    ],
)
def test_units_of_another_kind(tmp_path: Path, unit: str, code: str, said: str) -> None:
    lens = component("Objective.json", "extra", WorkingDistance=0.2, WorkingDistanceUnit=unit)
    hardware = loaded(tmp_path, lens)
    assert hardware.instrument.all("Objective")[-1].get("WorkingDistance") is None
    assert told(hardware, code) == [(code, f"Objective 'extra': WorkingDistance {said}; it is left out")]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_wrong_values_of_our_own_forms_are_left_out_too(tmp_path: Path, form: str) -> None:
    lens = part("Objective", "O:1", Name="20x", LensNA="1,4", Magnification="big", CatalogNumber="999")
    lens.put("WorkingDistance", "2", "mW")
    lens.put("ParfocalizingDistance", "45", "mm")
    lens.put("ImmersionType", "Soup")
    hardware = load_hardware(write(tmp_path, instrument(lens), form))
    [read] = hardware.instrument.children
    assert {k: f.value for k, f in read.facts.items()} == {"ID": "O:1", "Name": "20x", "ParfocalizingDistance": "45"}
    assert sorted((f.code, f.message) for f in hardware.findings) == [
        ("NBO304", "Objective '20x': CatalogNumber '999' is a placeholder, not a value; it is left out"),
        (
            "NBO305",
            "Objective '20x': ImmersionType 'Soup' is not among NBO's values for ImmersionTypeList; it is left out",
        ),
        ("NBO308", "Objective '20x': Magnification 'big' is not a number; it is left out"),
        ("NBO315", f"Objective '20x': LensNA '1,4' {COMMA}"),
        (
            "NBO316",
            "Objective '20x': WorkingDistance is given in 'mW', a unit of power, where NBO wants a unit of length; "
            "it is left out",
        ),
    ]
    assert {f.file for f in hardware.findings} == {f"scope.{form}"}


def test_a_field_that_is_stated_twice(tmp_path: Path) -> None:
    path = tmp_path / "scope.json"
    text = json.dumps(microscope()).replace('"LensNA": 1.4', '"LensNA": 1.4, "LensNA": 1.3')
    path.write_text(text, encoding="utf-8")
    assert refused(path) == f"{path} states LensNA of '63x oil' twice; leave one of them out"
    path.write_text('{"a": 1, "a": 2}', encoding="utf-8")
    assert refused(path) == f"{path} states a twice; leave one of them out"


def test_a_part_without_an_id(tmp_path: Path) -> None:
    content = microscope()
    del content["components"][0]["ID"]
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert refused(path) == f"{path}: components[0] Objective '63x oil' has no ID; save the file in Micro-Meta App"
    content = microscope()
    del content["ID"]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert refused(path) == f"{path}: Instrument has no ID; save the file in Micro-Meta App"


def test_an_id_that_cannot_be_written(tmp_path: Path) -> None:
    content = microscope()
    content["components"][0]["ID"] = "a\x08b"
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert refused(path) == (
        f"{path}: the ID 'Objective:a\\x08b' in Objective '63x oil' holds characters that XML cannot carry; "
        "give another ID"
    )


def test_truncated_json(tmp_path: Path) -> None:
    path = tmp_path / "scope.json"
    text = json.dumps(microscope())
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    message = refused(path)
    assert message.startswith(f"{path} is damaged or cut-off JSON (line 1: ")
    assert message.endswith("); copy it again from where it was saved")


@pytest.mark.parametrize("content", [{"type": "FeatureCollection"}, {"Schema_ID": None}, ["Schema_ID"]])
def test_json_of_another_tool(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert refused(path).startswith(f"{path} is JSON of another program, no description of a microscope; give a ")


@pytest.mark.parametrize("version", ["1.00.0", "2.00.0", "2.1", "2.1.0", "2.02.0", "3.01.0", "v2.01", "2", "2.01beta"])
def test_other_model_versions_are_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "scope.json"
    path.write_text(json.dumps(microscope() | {"ModelVersion": version}), encoding="utf-8")
    assert refused(path) == (
        f"{path} has model version {version}, which is not read; re-save it in Micro-Meta App with model 2.01"
    )


@pytest.mark.parametrize("version", ["2.01", "2.01.0", "2.01.1", "2.01.9"])
def test_model_2_01_is_read(tmp_path: Path, version: str) -> None:
    assert loaded(tmp_path, ModelVersion=version).instrument.all("Objective")


@pytest.mark.parametrize("version", [None, "", 2.01, []])
def test_no_model_version_is_refused(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "scope.json"
    content = microscope()
    del content["ModelVersion"]
    if version is not None:
        content["ModelVersion"] = version
    path.write_text(json.dumps(content), encoding="utf-8")
    if version == 2.01:
        assert load_hardware(path).instrument.id
        return
    assert refused(path) == (f"{path} does not state its model version; re-save it in Micro-Meta App with model 2.01")
