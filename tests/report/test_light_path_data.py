"""The light path of a channel as data, and its drawing: what is stated, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract import extract, merge
from nbo_extract.model import Document, Fact, Node
from nbo_extract.report.light_path import ChannelPath, LightPaths, Mark, Part, nanometres
from nbo_extract.report.picture import LONGEST, SHORTEST, picture, place, rainbow, spectrum

if TYPE_CHECKING:
    from pathlib import Path


def paths(document: Document) -> list[ChannelPath]:
    reader = LightPaths(document)
    return [p for image in document.images for p in reader.channels(image)]


def roles(path: ChannelPath) -> list[str]:
    return [p.role for p in path.parts]


def with_channel(**facts: str) -> Document:
    root, image, pixels = Node("OME"), Node("Image", {"ID": Fact("Image:0")}), Node("Pixels", {"ID": Fact("Pixels:0")})
    channel = Node("Channel", {"ID": Fact("Channel:0")} | {k: Fact(v) for k, v in facts.items()})
    pixels.children.append(channel)
    image.children.append(pixels)
    root.children.append(image)
    return Document(root)


def test_two_colours_of_a_wide_field_image(sample_data: Path) -> None:
    dapi, egfp = paths(extract(sample_data / "widefield.czi"))
    assert (dapi.name, dapi.mode, dapi.dye) == ("DAPI", "incident", "DAPI")
    assert roles(dapi) == ["source", "excitation", "splitter", "objective", "sample", "emission", "detector"]
    assert next(p.name for p in dapi.parts if p.role == "objective") == "Plan-Apochromat 63x/1.4 Oil DIC M27"
    assert {m.lane for m in egfp.marks} == {"light", "excitation", "splitter", "emission", "dye"}
    # Each channel has its own filters.
    assert dapi.parts != egfp.parts
    assert (dapi.wavelength("emission") or 0) < (egfp.wavelength("emission") or 0)


def test_a_confocal_image_has_its_laser_and_the_filters_that_are_stated(sample_data: Path) -> None:
    document = merge(extract(sample_data / "confocal.ome.tiff"), [sample_data / "microscope.json"])
    path = paths(document)[0]
    assert path.mode == "incident"
    assert next(p.name for p in path.parts if p.role == "source").startswith("Coherent OBIS 488LX")
    assert path.wavelength("light") == 488


def test_transmitted_light_comes_through_the_condenser_and_the_sample() -> None:
    (path,) = paths(with_channel(ContrastMethod="Brightfield", Name="DIC"))
    assert path.mode == "transmitted"
    assert roles(path) == ["source", "condenser", "sample", "objective", "detector"]
    assert all(p.name == "" for p in path.parts)
    drawn = picture(path)
    assert drawn is not None


def test_of_a_channel_of_which_nothing_is_stated_nothing_is_invented() -> None:
    (path,) = paths(with_channel())
    assert (path.name, path.mode, path.dye, path.marks) == ("channel 1", "unknown", "", ())
    assert roles(path) == ["source", "objective", "sample", "detector"]
    assert all((p.name, p.note) == ("", "") for p in path.parts)
    assert not path.known
    assert paths(Document(Node("OME"))) == []


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [("488", "nm", 488.0), ("0.488", "µm", 488.0), ("488", None, None), ("488", "ms", None), ("blue", "nm", None)],
)
def test_wavelengths_need_a_unit_of_length(value: str, unit: str | None, expected: float | None) -> None:
    assert nanometres(Fact(value, unit)) == pytest.approx(expected)
    assert nanometres(None) is None


def path_of(*marks: Mark) -> ChannelPath:
    return ChannelPath("x", "incident", "", (Part("source", "LED"), Part("detector", "CCD")), marks)


def test_the_colour_of_a_channel_is_that_of_one_wavelength_alone() -> None:
    line, band = Mark("light", "line", 488, 488, "488 nm"), Mark("emission", "band", 500, 550, "525/50 nm")
    assert path_of(line, band).wavelength("light") == 488
    assert path_of(line, band).wavelength("excitation", "emission") == 525
    # Two lines, one that may not have been used, or a band without a hue say nothing.
    assert path_of(line, Mark("light", "line", 561, 561, "561 nm")).wavelength("light") is None
    assert path_of(Mark("light", "line", 488, 488, "488 nm", sure=False)).wavelength("light") is None
    assert path_of(Mark("emission", "band", 400, 700, "400–700 nm")).wavelength("emission") is None


def test_the_axis_runs_from_short_to_long() -> None:
    assert place(SHORTEST) < place(500) < place(LONGEST)
    offsets = [float(str(offset).rstrip("%")) for offset, _ in rainbow()]
    assert offsets == sorted(offsets)


def test_a_spectrum_shows_each_wavelength_that_is_stated(sample_data: Path) -> None:
    for path in paths(extract(sample_data / "widefield.czi")):
        drawn = spectrum(path)
        assert drawn is not None
        for mark in path.marks:
            assert mark.text in repr(drawn)
    assert not spectrum(path_of()) or "nm" not in repr(spectrum(path_of()))
