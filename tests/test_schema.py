"""The schema table says what the published XSD says, and the package reads it right."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import build_schema
from nbo_extract.errors import MappingTableError
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.schema import Declaration

SCHEMA = load()
TABLES = resources.files("nbo_extract_mappings") / "schema"
TABLE: dict[str, Any] = json.loads((TABLES / "nbo-02-01.json").read_text(encoding="utf-8"))
DIFFERENCES = Path(__file__).parent.parent / "docs" / "schema-differences.md"
XSD = "{http://www.w3.org/2001/XMLSchema}"

GROUPS = {
    "AcoustoOpticalDeviceGroup": 4,
    "AcoustoOpticalDeviceSettingsGroup": 4,
    "CameraGroup": 5,
    "ConfocalScannerGroup": 2,
    "DetectorGroup": 9,
    "DetectorSettingsGroup": 3,
    "DichroicGroup": 2,
    "ElectroOpticalDeviceGroup": 4,
    "ElectroOpticalDeviceSettingsGroup": 5,
    "FilterGroup": 4,
    "FilterSliderGroup": 3,
    "FilterWheelGroup": 3,
    "FocusingDeviceGroup": 2,
    "IntensityCalibrationGroup": 2,
    "LensGroup": 8,
    "LightSourceCouplingGroup": 2,
    "LightSourceGroup": 6,
    "MicroscopeStandGroup": 2,
    "MirroringDeviceGroup": 4,
    "OpticalApertureGroup": 9,
    "OpticalApertureSettingsGroup": 4,
    "OpticalAssemblyGroup": 4,
    "OpticalCalibrationStandardGroup": 4,
    "OpticsHolderGroup": 9,
    "PointDetectorGroup": 3,
    "SamplePositioningGroup": 5,
    "ShapeGroup": 8,
    "SoftwareGroup": 3,
    "StageGroup": 2,
}


def particles(part: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if part is not None:
        if "ref" in part or "el" in part:
            yield part
        for inner in part.get("seq", part.get("choice", [])):
            yield from particles(inner)


def attribute_rows(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from entry.get("attrs", [])
    for use in particles(entry.get("content")):
        if "decl" in use:
            yield from attribute_rows(use["decl"])


def enumerations(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from part.get("enum", [])
        for key, value in part.items():
            if key != "enum":
                yield from enumerations(value)
    elif isinstance(part, list):
        for value in part:
            yield from enumerations(value)


def concrete() -> list[Declaration]:
    return [d for d in SCHEMA.walk() if not d.abstract]


def test_counts_are_those_of_the_published_schema() -> None:
    entries = [*TABLE["elements"].values(), *TABLE["types"].values()]
    assert len(TABLE["elements"]) == len(SCHEMA.names) == 274
    assert sum(1 for e in entries for _ in attribute_rows(e)) == 1063
    assert sum(1 for _ in enumerations(TABLE)) == 1049


def test_counts_agree_with_the_xsd(shared: Path) -> None:
    from lxml import etree

    root = etree.parse(shared / "nbo" / "NBO_v02-01.xsd").getroot()
    assert len(root.findall(f"{XSD}element")) == 274
    assert sum(1 for _ in root.iter(f"{XSD}attribute")) == 1063
    values = [e.get("value") for e in root.iter(f"{XSD}enumeration")]
    assert len(values) == 1049
    assert sorted(str(v) for v in values) == sorted(enumerations(TABLE))


def test_table_and_page_are_what_the_published_files_give(shared: Path) -> None:
    nbo = shared / "nbo"
    table, page = build_schema.build(nbo / "NBO_v02-01.xsd", nbo / "NBO_v02-01.xlsx")
    assert build_schema.dumps(table) == (TABLES / "nbo-02-01.json").read_text(encoding="utf-8")
    assert page == DIFFERENCES.read_text(encoding="utf-8")


def test_page_of_differences_counts_its_rows() -> None:
    text = DIFFERENCES.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+?)\n\n\|.*\n\|[-|]+\n((?:\|.*\n)*)", text, re.MULTILINE))
    counts = dict(re.findall(r"^\| \[(.+?)\]\(.*\) \| (\d+) \|$", text, re.MULTILINE))
    assert {name: str(rows.count("\n")) for name, rows in sections.items()} == counts
    assert counts["Extensions"] == "5"
    assert "| InvertedMicroscopeStand | Basic | Core |" in sections["Extensions"]


def test_fields_for_the_methods_section() -> None:
    assert {"Magnification", "LensNA", "Manufacturer", "Model"} <= SCHEMA.in_methods("Objective")
    assert "WorkingDistance" not in SCHEMA.in_methods("Objective")
    # A laser has what is asked of all light sources.
    assert {"Manufacturer", "Tuneable"} <= SCHEMA.in_methods("Laser")
    for owner, entry in TABLE["spreadsheet"].items():
        if "/" not in owner:
            declaration = SCHEMA.element(owner)
            known = {*declaration.attributes, *(u.name for u in declaration.uses)}
            assert set(entry.get("fields", [])) <= known, owner


def test_substitution_groups_and_their_concrete_members() -> None:
    heads = {n for n in SCHEMA.names if SCHEMA.members(n)}
    found = {h: sum(1 for m in SCHEMA.members(h) if not SCHEMA.element(m).abstract) for h in heads}
    assert found == GROUPS


@pytest.mark.parametrize("head", GROUPS)
def test_every_member_fits_where_its_group_is_used(head: str) -> None:
    assert SCHEMA.element(head).abstract
    holders = [d for d in SCHEMA.walk() if any(u.name == head and u.declaration is None for u in d.uses)]
    for holder in holders:
        for member in SCHEMA.members(head):
            assert holder.use(member) is holder.use(head)
            assert holder.child(member) is SCHEMA.element(member)
            assert (member in holder.children) is (not SCHEMA.element(member).abstract)


def test_groups_without_a_place_in_any_content_model() -> None:
    used = {u.name for d in SCHEMA.walk() for u in d.uses}
    # CameraGroup and its like are reached through the group that they belong to.
    nested = {h for h in GROUPS if SCHEMA.element(h).group is not None}
    assert {h for h in GROUPS if h not in used} - nested == {"IntensityCalibrationGroup"}


def test_every_attribute_of_a_unit_type_is_the_unit_of_another() -> None:
    for declaration in SCHEMA.walk():
        for attribute in declaration.attributes.values():
            if attribute.type.name.startswith("Units"):
                owners = [a.name for a in declaration.attributes.values() if a.unit == attribute.name]
                assert owners, f"{declaration.name}@{attribute.name} is the unit of nothing"
                assert attribute.name in declaration.unit_names


def test_units_belong_to_numbers_and_are_named_after_them() -> None:
    exceptions = set()
    for declaration in SCHEMA.walk():
        for name, attribute in declaration.attributes.items():
            if attribute.unit is None:
                continue
            unit = declaration.attributes[attribute.unit]
            assert unit.unit is None, f"{declaration.name}@{unit.name} is a unit and has one"
            assert attribute.type.numeric or attribute.type.primitive == "xsd:string", name
            if unit.name not in (f"{name}Unit", f"{name}Units"):
                exceptions.add((name, unit.name))
    assert exceptions == {
        ("BackFocalLength", "OpticalDistanceUnit"),
        ("CutOff", "WavelengthUnit"),
        ("CutOn", "WavelengthUnit"),
        ("DeviationAngle", "DevianceAngleUnit"),
        ("FWHMBandwidth", "WavelengthUnit"),
        ("FrontFocalLength", "OpticalDistanceUnit"),
        ("IlluminationPowerSettings", "lluminationPowerSettingsUnit"),
        ("MinTemberature", "MinTemperatureUnit"),
        ("ObservedIlluminationPowerAtBackOfObjective", "ObservedIlluminationPowerAtBackObjectiveUnit"),
        ("PresetStepIncrement", "Unit"),
        ("ReadOutNoise", "ReadNoiseUnit"),
        ("XYResolution", "XYZResolutionUnit"),
    }


def test_a_name_that_only_looks_like_a_unit() -> None:
    # IntegrationUnit says what is integrated (frame, line, stack); it is a fact of its own.
    settings = SCHEMA.element("ConfocalScannerSettings")
    looks = {
        (d.name, n) for d in SCHEMA.walk() for n in d.attributes if re.search("Units?$", n) and n not in d.unit_names
    }
    assert looks == {("ConfocalScannerSettings", "IntegrationUnit")}
    assert settings.attributes["IntegrationUnit"].type.enum == ("Frame", "Line", "Stack", "Other")


def test_two_attributes_cannot_be_written() -> None:
    unwritable = {(d.name, n) for d in SCHEMA.walk() for n, a in d.attributes.items() if not a.writable}
    assert unwritable == {("ConfocalScannerSettings", "ID "), ("ConfocalScannerSettings", " ConfocalFieldNumber")}


def test_defaults_are_of_their_type() -> None:
    for declaration in SCHEMA.walk():
        for attribute in declaration.attributes.values():
            if attribute.default is not None and attribute.type.enum:
                assert attribute.default in attribute.type.enum, f"{declaration.name}@{attribute.name}"


def test_references_name_elements_and_resolve() -> None:
    data = tomllib.loads((TABLES / "references.toml").read_text(encoding="utf-8"))
    declared = {d.name for d in SCHEMA.walk()}
    assert set(data["references"]) <= declared
    assert set(data["attributes"]) <= set(data["references"])
    for targets in data["references"].values():
        assert set(targets) <= set(SCHEMA.names)
    for name, (attribute, targets) in SCHEMA.references.items():
        assert targets, f"{name} points to nothing"
        assert not any(SCHEMA.element(t).abstract for t in targets)
        carriers = [d for d in concrete() if d.name == name]
        # Local AnnotationRefs without an ID are a flaw of the published schema.
        assert any(attribute in d.attributes for d in carriers) or SCHEMA.element(name).abstract
        assert name == "AnnotationRef" or all(attribute in d.attributes for d in carriers)


def test_every_reference_of_the_schema_has_targets() -> None:
    pointing = {d.name for d in concrete() if "Reference" in d.types or d.name.endswith("Ref")}
    # ConfocalScannerSettings cannot carry its ID; TIRFSettings has an ID of its own and refers by a child; the two
    # others point to elements that the schema does not have.
    assert pointing - set(SCHEMA.references) == {
        "ConfocalScannerSettings",
        "TIRFSettings",
        "TIRFSettingsRef",
        "TransmittanceProfileRef",
    }


def test_local_declarations_win_over_global_ones() -> None:
    local = SCHEMA.element("GenericDetector").child("WavelengthRange")
    assert local is not None
    assert local.attributes["CutOn"].required
    assert not SCHEMA.element("WavelengthRange").attributes["CutOn"].required


def test_types_are_resolved_to_the_bottom() -> None:
    objective = SCHEMA.element("Objective")
    assert objective.attributes["ID"].type.primitive == "xsd:string"
    assert objective.attributes["ID"].type.patterns[0].endswith(r"|(Objective:\S+)")
    assert objective.attributes["Magnification"].type.numeric
    assert SCHEMA.element("Pixels").attributes["SizeX"].type.integer
    assert SCHEMA.element("Pixels").attributes["SizeX"].type.minimum == 1
    assert SCHEMA.element("Pixels").attributes["PhysicalSizeX"].type.above == 0
    assert SCHEMA.simple("PercentFraction").maximum == 1
    # A member without a type has that of its group's head.
    assert "Model" in SCHEMA.element("UprightMicroscopeStand").attributes


def test_unknown_version_is_an_error() -> None:
    with pytest.raises(MappingTableError, match=r"NBO version 03-00 is not known; known: 02-01"):
        load("03-00")
