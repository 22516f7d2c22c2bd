"""Settings of one image, as Micro-Meta App records them: read, bound to their microscope, and filled into the image."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.api import extract
from nbo_extract.completing import complete
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.model import Document, Fact, Node
from nbo_extract.schema import load
from nbo_extract.stored import load_stored
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import make_hardware, microscope
from sample_settings import make_settings
from sample_settings import settings as recorded
from test_hardware_fuzz import JUNK, KINDS, Way, damage, loaded, ways

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

SCOPE = "00000000-5a4d-4000-8000-"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a facility's folder: a microscope, and what was recorded for one image."""
    inside = tmp_path / "facility"
    inside.mkdir()
    make_hardware(inside / "scope.json")
    make_settings(inside / "widefield.json")
    return inside


def read(tmp_path: Path, **changes: Any) -> Hardware:
    path = tmp_path / "widefield.json"
    path.write_text(json.dumps(recorded() | changes), encoding="utf-8")
    return load_hardware(path)


def part(identifier: str, name: str = "CCD", **facts: str) -> Node:
    node = Node(name, {"ID": Fact(identifier)})
    for key, value in facts.items():
        node.put(key, value)
    return node


def paths(hardware: Hardware) -> list[Node]:
    return [n for n in hardware.document.root.walk() if n.name == "LightPath"]


def test_what_settings_are(folder: Path) -> None:
    found = load_hardware(folder / "widefield.json")
    assert (found.kind, found.instrument_id) == ("settings", f"Instrument:{SCOPE}000000000000")
    assert [c.name for c in found.document.root.children] == ["Experiment", "Experimenter", "Image"]
    [image] = found.document.images
    assert (image.id, image.get("Name")) == ("Image:00000000-5a4d-4000-9000-000000000001", "widefield")
    [experiment] = found.document.root.all("Experiment")
    [sample] = experiment.all("Sample")
    assert (sample.get("Organism"), sample.get("LiveSample")) == ("Homo sapiens", "false")
    assert [r.id for r in image.all("ExperimentRef", "SampleRef")] == [experiment.id, sample.id]
    assert [p.get("LastName") for p in found.document.root.all("Experimenter")] == ["Sample"]
    assert [(f.code, f.attribute) for f in found.findings] == [("NBO304", "Manufacturer")] * 2
    assert all(f.source is not None for n in found.document.root.walk() for f in n.facts.values())
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301
    assert from_xml(to_xml(found.document)) == found.document


def test_parts_have_the_ids_of_the_description(folder: Path) -> None:
    """IDs that depend on the kind of the part alone are the description's; the rest waits for the description."""
    described = load_hardware(folder / "scope.json").document.index()
    found = load_hardware(folder / "widefield.json")
    [objective] = found.document.images[0].all("ObjectiveSettings")
    assert described[objective.id].get("Name") == "63x oil"
    first = paths(found)[0]
    assert [(c.name, described[c.id].get("Name")) for c in first.children if c.id in described] == [
        ("LightSourceSettings", "Colibri 7 385"),
        ("ExcitationFilterRef", "DAPI excitation"),
        ("EmissionFilterRef", "DAPI emission"),
        ("LensSettings", "Tube lens 1x"),
        ("CameraSettings", "Side port camera"),
    ]
    assert [(c.name, c.id) for c in first.children if c.id not in described] == [
        ("MirroringDeviceSettings", f"{SCOPE}000000000031")
    ]


def test_settings_describe_no_microscope(folder: Path) -> None:
    found = load_hardware(folder / "widefield.json")
    with pytest.raises(HardwareError) as caught:
        _ = found.instrument
    assert caught.value.message == (
        f"{folder / 'widefield.json'} holds settings of an image, not a microscope; "
        "give the description of the microscope"
    )


def test_a_folder_of_both_fills_the_image(folder: Path, sample_data: Path) -> None:
    stored = [s for p in sorted(folder.iterdir()) for s in load_stored(p)]
    before = extract(sample_data / "widefield.czi")
    result = complete(before, stored)
    assert [f.message for f in result.findings if f.code == "NBO346"] == []
    image = result.images[0]
    index = result.index()
    [stand] = image.all("MicroscopeStandSettings")
    assert (index[stand.id].name, stand.get("TotalEffectiveMagnification")) == ("InvertedMicroscopeStand", "63")
    [objective] = image.all("ObjectiveSettings")
    assert (objective.id, objective.get("CorrectionCollarPosition")) == ("Objective:0", "0.17")
    [liquid] = objective.all("ImmersionLiquid")
    assert (liquid.get("Model"), liquid.get("RefractiveIndex")) == ("Immersol 518 F", "1.518")
    [experiment] = result.root.all("Experiment")
    assert (experiment.get("Name"), experiment.get("Purpose")) == ("Cytoskeleton", "Localization")
    assert [s.get("Organism") for s in experiment.all("Sample")] == ["Homo sapiens"]
    [person] = [p for p in result.root.all("Experimenter") if p.get("FirstName") == "Sam"]
    assert [r.id for r in experiment.all("ExperimenterRef")] == [person.id]
    channels = [n for n in image.walk() if n.name == "Channel"]
    for channel, dichroic in zip(channels, ("StandardDichroic:0", "StandardDichroic:1"), strict=True):
        [path] = channel.all("LightPath")
        assert [c.id for c in path.all("MirroringDeviceSettings")] == [dichroic]
        assert [index[c.id].name for c in path.all("LensSettings")] == ["TubeLens"]
    source = objective.facts["CorrectionCollarPosition"].source
    assert source is not None
    assert (source.kind, source.file) == ("hardware", "widefield.json")
    assert result.origin.hardware.keys() == {"scope.json", "widefield.json"}
    kept_as_stated(before, result)
    leads_somewhere(result)
    assert from_xml(to_xml(result)) == result
    assert complete(before, stored[::-1]) == result


def kept_as_stated(before: Document, after: Document) -> None:
    """Check that no value of the file changed."""
    index = {(n.name, n.id): n for n in after.root.walk() if n.id}
    for node in before.root.walk():
        if node.id and node.name not in load().references:
            mine = index[node.name, node.id]
            assert {k: (f.value, f.unit) for k, f in node.facts.items()}.items() <= {
                k: (f.value, f.unit) for k, f in mine.facts.items()
            }.items()


def leads_somewhere(document: Document) -> None:
    """Check that every reference leads to a part of the right kind."""
    references, index = load(document.version).references, document.index()
    for node in document.root.walk():
        if node.name in references:
            attribute, targets = references[node.name]
            assert index[node.get(attribute) or ""].name in targets, (node.name, node.get(attribute))


def test_settings_without_their_microscope_fill_nothing(folder: Path, sample_data: Path) -> None:
    before = extract(sample_data / "widefield.czi")
    (folder / "scope.json").unlink()
    result = complete(before, load_stored(folder / "widefield.json"))
    assert [f.message for f in result.findings if f.code == "NBO346"] == [
        "widefield.json is of a microscope whose description is not merged here; give that description, too"
    ]
    assert result == complete(before, [])


def test_the_command_line_takes_the_folder(folder: Path, sample_data: Path, run: Callable[..., Result]) -> None:
    out = folder.parent / "out.xml"
    result = run(sample_data / "widefield.czi", "--hardware", folder, "-o", out)
    assert result.code == 0, result.err
    assert "Immersol 518 F" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["{kind}/{id}", "{id}"])
def test_references_of_both_forms(tmp_path: Path, form: str) -> None:
    own = f"{SCOPE}000000000055"
    found = read(tmp_path, AcquisitionSoftware=[form.format(kind="AcquisitionSoftware", id=own)])
    make_hardware(tmp_path / "scope.json")
    scope = load_hardware(tmp_path / "scope.json")
    image = Node("Image", {"ID": Fact("Image:0"), "Name": Fact("widefield")})
    image.add("InstrumentRef", ID="Instrument:0")
    instrument = part("Instrument:0", "Instrument")
    stand = part("S:0", "InvertedMicroscopeStand", Manufacturer="Zeiss", Model="Axio Observer 7")
    instrument.children.append(stand)
    result = complete(Document(Node("OME", children=[instrument, image])).arrange(), [scope, found])
    [reference] = result.images[0].all("AcquisitionSoftwareRef")
    assert result.index()[reference.id].get("Name") == "ZEN (blue edition)"
    leads_somewhere(result)


def test_a_part_that_the_microscope_does_not_have(folder: Path, sample_data: Path) -> None:
    content = recorded()
    content["AcquisitionSoftware"] = ["AcquisitionSoftware/gone"]
    (folder / "widefield.json").write_text(json.dumps(content), encoding="utf-8")
    stored = [s for p in sorted(folder.iterdir()) for s in load_stored(p)]
    before = extract(sample_data / "widefield.czi")
    for reference in before.images[0].all("AcquisitionSoftwareRef"):
        before.images[0].children.remove(reference)
    result = complete(before, stored)
    assert [f.message for f in result.findings if f.code == "NBO306"] == [
        "Image 'widefield two-channel' refers to AcquisitionSoftware:gone as AcquisitionSoftwareRef, which the "
        "description does not hold; the reference is left out"
    ]
    leads_somewhere(result)


def test_wrong_values_are_left_out(tmp_path: Path) -> None:
    lens = recorded()["ObjectiveSettings"] | {
        "MeasuredRefractiveIndex": "1,5",
        "Temperature": 37,
        "TemperatureUnit": "mW",
    }
    found = read(tmp_path, ObjectiveSettings=lens)
    assert [(f.code, f.message) for f in found.findings if f.element == "ObjectiveSettings"] == [
        (
            "NBO315",
            "/ObjectiveSettings[0]: MeasuredRefractiveIndex '1,5' has a comma, which may mark decimals or thousands; "
            "write it with a point; it is left out",
        ),
        (
            "NBO316",
            "/ObjectiveSettings[0]: Temperature is given in 'mW', a unit of power, where NBO wants a unit of "
            "temperature; it is left out",
        ),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"ModelVersion": "1.00.0"},
            "{path} has model version 1.00.0, which is not read; re-save it in Micro-Meta App with model 2.01",
        ),
        (
            {"ModelVersion": None},
            "{path} does not state its model version; re-save it in Micro-Meta App with model 2.01",
        ),
    ],
)
def test_refused_settings(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HardwareError) as caught:
        read(tmp_path, **changes)
    assert caught.value.message == message.format(path=tmp_path / "widefield.json")


WAYS = list(ways(recorded()))
WOUND = st.tuples(st.sampled_from(KINDS), st.sampled_from(WAYS), st.sampled_from(WAYS), JUNK)


@settings(max_examples=150)
@given(st.lists(WOUND, min_size=1, max_size=4))
def test_damaged_settings_are_read_or_refused(wounds: list[tuple[str, Way, Way, Any]]) -> None:
    content = recorded()
    for wound in wounds:
        damage(content, *wound)
    hardware = loaded(json.dumps(content).encode())
    if hardware is None:
        return
    assert hardware.kind == "settings" or content.get("Schema_ID") == microscope()["Schema_ID"]
    own = [n.id for n in hardware.document.root.walk() if n.id and n.name not in load().references]
    assert len(own) == len(set(own))
    assert from_xml(to_xml(hardware.document)) == hardware.document
