"""Settings that people recorded fill the image that they are of, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nbo_extract.completing import complete
from nbo_extract.hardware import Hardware, state_sources
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.xmlio import from_xml, to_xml
from test_merge import described, image_of, objective, part, unresolved

MINE = "Objective:0"
SIZES = {"SizeX": "5", "SizeY": "5", "SizeZ": "1", "SizeC": "1", "SizeT": "1"}


def scope() -> Hardware:
    """Describe a microscope under IDs of its own."""
    hardware = described(objective(), part("CCD", "Detector:h", Model="Axiocam506m"))
    lens = hardware.instrument.all("Objective")[0]
    lens.put("ID", "Objective:h")
    hardware.instrument.put("ID", "Instrument:h")
    hardware.instrument.children.append(part("LightEmittingDiode", "LightSource:h", Model="LED 475"))
    state_sources(hardware.instrument, Source("hardware", hardware.name), "")
    return replace(hardware, document=hardware.document.arrange())


def settings(name: str = "cells", date: str = "", **sizes: str) -> Hardware:
    """Record the settings of an image of one channel."""
    image = Node("Image", {"ID": Fact("Image:s"), "Name": Fact(name)})
    if date:
        image.put("AcquisitionDate", date)
    image.add("InstrumentRef", ID="Instrument:h")
    image.add("ExperimentRef", ID="Experiment:s")
    image.add("SampleRef", ID="Sample:s")
    image.add("ObjectiveSettings", ID="Objective:h", CorrectionCollarPosition="0.17")
    image.add("ImagingEnvironment", Humidity="60")
    pixels = image.add("Pixels", ID="Pixels:s", **sizes)
    channel = pixels.add("Channel", ID="Channel:s", Name="EGFP", IlluminationType="Wide-field_Fluorescence")
    channel.add("Fluorophore", ID="Fluorophore:s", Model="EGFP")
    path = channel.add("LightPath", ID="LightPath:s")
    path.add("LightSourceSettings", ID="LightSource:h", IlluminationPowerSettings="20")
    path.add("CameraSettings", ID="Detector:h", Binning="1x1")
    experiment = Node("Experiment", {"ID": Fact("Experiment:s"), "LabellingMethod": Fact("expression")})
    experiment.add("Sample", ID="Sample:s", Name="HeLa", Organism="Homo sapiens")
    person = Node("Experimenter", {"ID": Fact("Experimenter:s"), "LastName": Fact("Hooke")})
    image.add("ExperimenterRef", ID="Experimenter:s")
    document = Document(Node("OME", children=[experiment, person, image])).arrange()
    state_sources(document.root, Source("hardware", "settings.json"), "")
    return Hardware("/h/settings.json", "5" * 64, "settings.json", document, (), "settings", "Instrument:h")


def taken(name: str = "cells", **sizes: str) -> Document:
    """Make the image as the file states it."""
    document = image_of(objective(), part("CCD", "Detector:0", Model="Axiocam506m"))
    image = document.images[0]
    image.put("Name", name)
    image.put("AcquisitionDate", "2026-02-01")
    image.add("ObjectiveSettings", ID=MINE)
    pixels = image.add("Pixels", ID="Pixels:0", **sizes)
    path = pixels.add("Channel", ID="Channel:0", Name="EGFP").add("LightPath", ID="LightPath:0")
    path.add("CameraSettings", ID="Detector:0", Binning="2x2")
    return document.arrange()


def told(document: Document) -> list[str]:
    return [f.message for f in document.findings if f.code == "NBO346"]


def test_settings_fill_the_image_that_has_their_name() -> None:
    result = complete(taken(), [settings(), scope()])
    assert not told(result)
    image = result.images[0]
    [lens] = image.all("ObjectiveSettings")
    assert (lens.id, lens.get("CorrectionCollarPosition")) == (MINE, "0.17")
    [channel] = [n for n in image.walk() if n.name == "Channel"]
    assert channel.get("IlluminationType") == "Wide-field_Fluorescence"
    [path] = channel.all("LightPath")
    [light] = path.all("LightSourceSettings")
    assert result.index()[light.id].get("Model") == "LED 475"
    [camera] = path.all("CameraSettings")
    assert (camera.id, camera.get("Binning")) == ("Detector:0", "2x2")
    [sample] = result.root.all("Experiment")[0].all("Sample")
    assert sample.get("Organism") == "Homo sapiens"
    assert [image.first(n).id for n in ("ExperimentRef", "SampleRef")] == [  # type: ignore[union-attr]
        result.root.all("Experiment")[0].id,
        sample.id,
    ]
    [person] = result.root.all("Experimenter")
    assert [r.id for r in image.all("ExperimenterRef")] == [person.id]
    assert unresolved(result) == []
    assert from_xml(to_xml(result).encode()) == result
    assert complete(result, [scope(), settings()]) == result


def test_what_the_file_states_stays_and_is_told() -> None:
    result = complete(taken(), [settings(), scope()])
    found = [f for f in result.findings if f.code == "NBO301" and f.attribute == "Binning"]
    assert [(f.value, f.other) for f in found] == [("2x2", "1x1")]


def test_settings_without_their_microscope_or_of_another_one() -> None:
    message = "settings.json is of a microscope whose description is not merged here; give that description, too"
    assert told(complete(taken(), [settings()])) == [message]
    assert told(complete(taken(), [settings(), described(objective())])) == [message]


@pytest.mark.parametrize(
    ("mine", "theirs", "fits"),
    [
        (taken("other"), settings("cells"), False),
        (taken("other", **SIZES), settings("cells", "2026-02-01", **SIZES), True),
        (taken("other", **SIZES), settings("cells", "2026-02-01", **(SIZES | {"SizeX": "6"})), False),
        (taken("other"), settings("a"), True),
    ],
)  # fmt: skip
def test_settings_of_another_image_fill_nothing(mine: Document, theirs: Hardware, fits: bool) -> None:
    result = complete(mine, [theirs, scope()])
    assert (result.images[0].first("ImagingEnvironment") is not None) is fits
    if not fits:
        assert told(result) == [
            "settings.json holds the settings of 'cells', which is of none of the file's images by name, date and "
            "size; nothing is merged from it"
        ]


def test_the_user_settles_which_image_it_is() -> None:
    result = complete(taken("other"), [settings("cells"), scope()], matches={"Image:0": "Image:s"})
    assert result.images[0].first("ImagingEnvironment") is not None
