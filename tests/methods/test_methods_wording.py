"""Each rule of the sentences, on Documents made for it."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract
from nbo_extract.config_statements import TARGET_NAMESPACE
from nbo_extract.methods.collect import collect
from nbo_extract.methods.facts import Size
from nbo_extract.methods.wording import paragraph
from nbo_extract.model import Document, Fact, Node

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.methods.wording import Mode, Paragraph


@pytest.fixture
def document(sample_data: Path) -> Document:
    """Return a wide-field image in two channels, DAPI and EGFP."""
    return extract(sample_data / "widefield.czi")


def told(document: Document, mode: Mode = "none") -> Paragraph:
    facts = collect(document)
    assert pickle.loads(pickle.dumps(facts)) == facts  # noqa: S301
    return paragraph(facts.images[0].setting, [facts.images[0].size], mode)


def pixels(document: Document) -> Node:
    found = document.images[0].first("Pixels")
    assert found is not None
    return found


def channels(document: Document) -> list[Node]:
    return pixels(document).all("Channel")


def path(document: Document, number: int = 0) -> Node:
    found = channels(document)[number].first("LightPath")
    assert found is not None
    return found


def of(document: Document, name: str) -> Node:
    return next(n for n in document.root.walk() if n.name == name)


def test_one_channel(document: Document) -> None:
    pixels(document).children.remove(channels(document)[1])
    pixels(document).put("SizeC", "1")
    said = told(document)
    assert "channel" not in said.text
    assert len([c for c in said.channels if c]) == 1


def test_what_channels_share_is_told_once(document: Document) -> None:
    table = pixels(document).planes
    assert table is not None
    table.columns["ExposureTime"] = ["80"] * len(table)
    said = told(document)
    assert said.channels[0].endswith("emission filter.")
    assert said.channels[2] == (
        "In both channels, the light was detected with an Axiocam506m CCD camera, with an exposure time of 80 ms and "
        "1x1 binning."
    )


def test_exposure_times_of_one_channel_that_differ(document: Document) -> None:
    table = pixels(document).planes
    assert table is not None
    table.columns["ExposureTime"] = ["80" if c == "1" else z for z, c in zip(
        ["40", "120", "40", "120"], table.columns["TheC"], strict=True
    )]  # fmt: skip
    assert "an exposure time of 40 to 120 ms" in told(document).channels[0]


def test_no_planes_at_all(document: Document) -> None:
    pixels(document).planes = None
    detected = told(document, "mark").channels[2]
    assert detected.startswith("In both channels, the light was detected with an Axiocam506m CCD camera, with 1x1")
    assert detected.endswith(" binning [exposure time and gain not known].")


def test_a_dye_with_its_target(document: Document) -> None:
    dye = channels(document)[0].first("Fluorophore")
    assert dye is not None
    dye.add("AnnotationRef", ID="Annotation:9")
    note = document.root.add("StructuredAnnotations").add(
        "MapAnnotation", ID="Annotation:9", Namespace=TARGET_NAMESPACE
    )
    pair = note.add("Value").add("M", K="Target")

    pair.text = Fact("nucleus")
    assert told(document).channels[0].startswith("DAPI (labelling nucleus) was excited with")


def test_a_channel_that_is_called_other_than_its_dye(document: Document) -> None:
    channels(document)[0].put("Name", "Ch1")
    assert told(document).channels[0].startswith("DAPI (channel Ch1) was excited with")


def test_a_channel_without_a_dye(document: Document) -> None:
    channel = channels(document)[0]
    channel.children.remove(channel.all("Fluorophore")[0])
    assert (
        told(document, "mark").channels[0].startswith("Fluorescence in channel DAPI [dye not known] was excited with")
    )
    assert told(document).channels[0].startswith("Fluorescence in channel DAPI was excited with")
    assert told(document, "mark").legend.startswith("Images of EGFP [dye of channel DAPI not known] were acquired by")


def test_a_laser_needs_no_excitation_filter(document: Document) -> None:
    of(document, "LightEmittingDiode").name = "Laser"
    of(document, "Laser").facts.pop("Name")
    refs = [n for n in path(document).walk() if n.name == "ExcitationFilterRef"]
    for holder in path(document).walk():
        holder.children = [c for c in holder.children if c not in refs]
    said = told(document, "mark")
    assert "a laser set to 20 %" in said.channels[0] or "nm laser set to 20 %" in said.channels[0]
    assert "[excitation filter not known]" not in said.text


def test_transmitted_light_needs_no_filters(document: Document) -> None:
    for channel in channels(document):
        channel.put("IlluminationType", "Transmitted_Bright-field")
        channel.put("ContrastMethod", "Brightfield")
        channel.children = [c for c in channel.children if c.name == "LightPath"]
        light = channel.children[0]
        light.children = [c for c in light.children if c.name in ("LightSourceSettings", "CameraSettings")]
    said = told(document, "mark")
    assert said.microscope.startswith("Images were acquired by transmitted-light bright-field microscopy with")
    assert said.channels[0].startswith(
        "Channel DAPI (transmitted-light bright-field microscopy) was illuminated with an LED (LED-Module 385nm) set to"
    )
    assert "filter" not in said.text
    assert "dye" not in said.text


def test_a_point_scanner_exposes_no_plane(document: Document) -> None:
    for channel in channels(document):
        channel.put("IlluminationType", "Confocal_Fluorescence_single-spot-raster-scan")
    said = told(document, "mark").text
    assert "exposure" not in said
    assert "a scan time per plane of 80 ms" in said
    assert "pixel dwell time" in said


def test_a_channel_of_which_nothing_is_known(document: Document) -> None:
    channel = channels(document)[1]
    channel.children = []
    channel.facts = {"Name": channel.facts["Name"], "ID": channel.facts["ID"]}
    pixels(document).planes = None
    said = told(document, "mark")
    assert (
        "[kind of illumination, dye, light source, filters, detector and exposure time of channel EGFP not known]."
        in said.channels
    )
    assert "EGFP" not in told(document).text


def test_numbers_are_as_stated(document: Document) -> None:
    pixels(document).put("PhysicalSizeX", "0.1000", "µm")
    pixels(document).put("PhysicalSizeY", "0.25", "µm")
    pixels(document).put("PhysicalSizeZ", "1.50", "µm")
    said = told(document).size
    assert "a pixel size of 0.1000 µm in x and 0.25 µm in y, and a bit depth of 14 bits." in said
    assert "(z-step 1.50 µm)" in said


def test_a_pixel_size_in_one_direction(document: Document) -> None:
    pixels(document).facts.pop("PhysicalSizeY")
    assert "[pixel size in y not known]" in told(document, "mark").size
    pixels(document).put("SizeY", "1")
    assert "not known" not in told(document, "mark").size


@pytest.mark.parametrize(
    ("sizes", "text"),
    [
        ({"SizeZ": "1", "SizeT": "1"}, "Images of 64 × 48 pixels (single plane, single time point) were recorded"),
        ({"SizeZ": "3", "SizeT": "1"}, "Stacks of 3 planes (z-step 0.25 µm) were recorded."),
        ({"SizeZ": "1", "SizeT": "4"}, "Images were recorded at 4 time points (interval 2.5 s)."),
        ({"SizeZ": "3", "SizeT": "4"}, "Stacks of 3 planes (z-step 0.25 µm) were recorded at 4 time points (interval"),
    ],
)
def test_planes_and_time_points(document: Document, sizes: dict[str, str], text: str) -> None:
    pixels(document).put("TimeIncrement", "2.5", "s")
    for name, value in sizes.items():
        pixels(document).put(name, value)
    assert text in told(document).size


def test_steps_and_intervals_that_are_not_known(document: Document) -> None:
    pixels(document).put("SizeT", "4")
    pixels(document).facts.pop("PhysicalSizeZ")
    assert told(document, "mark").size.endswith(
        "Stacks of 2 planes were recorded at 4 time points [z-step and time interval not known]."
    )


def test_sizes_that_differ(document: Document) -> None:
    setting = collect(document).images[0].setting
    size = Size("64", "48", "2", "2", "1")
    different = [
        replace(size, x=x, y="64", z=z, tiles=t) for x, z, t in (("9", "5", "4"), ("100", "17", "1"), ("64", "9", "2"))
    ]
    assert paragraph(setting, different).size.startswith(
        "Images of 9 × 64, 64 × 64 or 100 × 64 pixels were recorded in 2"
    )
    assert (
        "Stacks of 5 to 17 planes (z-step 0.25 µm) were recorded in 1 to 4 tiles." in paragraph(setting, different).size
    )
    many = [replace(size, x=str(x)) for x in range(10, 90, 10)]
    assert paragraph(setting, many).size.startswith("Images of 10 × 48 to 80 × 48 pixels were recorded")


def test_an_objective_of_which_little_is_known(document: Document) -> None:
    lens = of(document, "Objective")
    lens.facts = {"ID": lens.facts["ID"], "Magnification": lens.facts["Magnification"]}
    for settings in document.images[0].all("ObjectiveSettings"):
        settings.children = []
    assert told(document, "mark").objective == (
        "An objective (63×) [manufacturer, model, numerical aperture and immersion not known] was used."
    )
    assert told(document).objective == "An objective (63×) was used."
    document.images[0].children = [c for c in document.images[0].children if c.name != "ObjectiveSettings"]
    assert told(document, "mark").objective == "[objective not known]."
    assert told(document).objective == ""


def test_another_liquid_than_the_objective_is_for(document: Document) -> None:
    [settings] = document.images[0].all("ObjectiveSettings")
    liquid = settings.first("ImmersionLiquid")
    assert liquid is not None
    liquid.put("Type", "Water")
    assert "mineral oil immersion, immersion liquid Water, refractive index 1.518)" in told(document).objective


def test_placeholders_are_not_told(document: Document) -> None:
    of(document, "CCD").put("Manufacturer", "n/a")
    channels(document)[0].put("Name", "DAPI")
    assert "n/a" not in told(document).text
    assert "manufacturers of " in told(document, "mark").text


def test_a_source_of_several_lines_does_not_say_which_was_used(document: Document) -> None:
    source = of(document, "LightEmittingDiode")
    source.name = "Laser"
    source.facts.pop("Name")
    source.children = []
    for peak in ("488", "561"):
        source.add("IlluminationWavelengthRange").put("PeakWavelength", peak, "nm")
    assert "was excited with a laser set to 20 %" in told(document).channels[0]
    second = replace(path(document).all("LightSourceSettings")[0])
    second.facts = dict(second.facts)
    second.put("IlluminationPowerSettings", "5", "%")
    path(document).children.append(second)
    assert "with a laser at 488 nm set to 20 % and at 561 nm set to 5 %, using" in told(document).channels[0]


def test_confocal_settings(document: Document) -> None:
    channel = channels(document)[0]
    channel.put("IlluminationType", "Confocal_Fluorescence_single-spot-raster-scan")
    light = path(document)
    light.children = [c for c in light.children if c.name != "CameraSettings"]
    of(document, "CCD").name = "PhotoMultiplierTube"
    settings = light.add("PointDetectorSettings", ID=of(document, "PhotoMultiplierTube").id)
    settings.put("Voltage", "650.50", "V")
    table = pixels(document).planes
    assert table is not None
    table.columns.pop("ExposureTime")
    assert "a voltage of 650.50 V [pixel dwell time and pinhole size not known]" in told(document, "mark").channels[0]
    light.add("ConfocalScannerSettings").put("PresetPinholeSize", "40", "µm")
    prism = light.add("PrismSettings").add("TransmissionWavelengthRangeSettings")
    prism.put("CutOn", "493", "nm")
    prism.put("CutOff", "541.5", "nm")
    said = told(document).channels[0]
    assert (
        "The light was detected at 493–541.5 nm with an Axiocam506m photomultiplier tube, with a voltage of 650.50 V"
        in said
    )
    assert said.endswith(" and a pinhole of 40 µm.")


def test_no_image_and_no_pixels() -> None:
    assert collect(Document()).images == ()
    bare = Document()
    bare.root.add("Image", ID="Image:0")
    said = told(bare, "mark")
    assert said.text == (
        "Images were acquired with a microscope [stand and acquisition software not known]. [objective not known]. "
        "[image size and pixel size not known]."
    )
    assert told(bare).text == ""
