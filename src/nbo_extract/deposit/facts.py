"""What the columns of a file list say of an image, by the table ``deposit/columns.toml``.

Texts are those of the Document: digits and units as stated, the inner digits of a double left out.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.lights import lights_used
from nbo_extract.summary_images import (
    DETECTOR_SETTINGS,
    ChannelSummary,
    channels_of,
    detector_settings_text,
    light_settings_text,
    light_source_text,
    objective_text,
    pixel_size_of,
    plane_values,
    span,
    stated,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbo_extract.model import Document, Fact, Node

#: Different texts of one file that are named in one cell.
_MOST: Final = 12


@dataclass(frozen=True, slots=True)
class Column:
    """A column of file lists.

    Attributes
    ----------
    title, fact : str
    elsewhere : bool
        Whether it belongs to something else than the parameters of an acquisition.
    """

    title: str
    fact: str
    elsewhere: bool = False


@functools.cache
def columns() -> tuple[Column, ...]:
    """Return all columns, in their order."""
    rows = table("columns")["column"]
    return tuple(Column(r["title"], r["fact"], r.get("elsewhere", False)) for r in rows)


def table(name: str) -> dict[str, Any]:
    """Return one of the tables on submissions."""
    path = resources.files("nbo_extract_mappings") / "deposit" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class View:
    """An image, with what facts are read from.

    Attributes
    ----------
    document : Document
        With its planes.
    index : dict of str to Node
        From `Document.index`.
    image : Node
    channels : tuple of (Node, ChannelSummary)
    """

    document: Document
    index: dict[str, Node]
    image: Node
    channels: tuple[tuple[Node, ChannelSummary], ...]

    @property
    def pixels(self) -> Node | None:
        """The Pixels of the image."""
        return self.image.first("Pixels")

    def reference(self, name: str) -> Node | None:
        """Return what the image refers to."""
        reference = self.image.first(name)
        return self.index.get(reference.id) if reference is not None else None


def views(document: Document) -> tuple[View, ...]:
    """Return the images of a Document."""
    index = document.index()
    found = []
    for image in document.images:
        pixels = image.first("Pixels")
        nodes = pixels.all("Channel") if pixels is not None else []
        found.append(View(document, index, image, tuple(zip(nodes, channels_of(image, index), strict=True))))
    return tuple(found)


def facts_of(seen: Iterable[View]) -> dict[str, str]:
    """Return what the columns say of a file, by their titles.

    Parameters
    ----------
    seen : iterable of View
        The images of the file.

    Returns
    -------
    dict of str to str
        Of each column for which something is stated; what differs between images is listed.
    """
    listed = list(seen)
    found = {}
    for column in columns():
        say = FACTS[column.fact]
        text = joined(say(view) for view in listed)
        if text:
            found[column.title] = text
    return found


def joined(texts: Iterable[str]) -> str:
    """Join different texts with semicolons, the first of them where there are many."""
    different = list(dict.fromkeys(" ".join(t.split()) for t in texts if t))
    more = f"; and {len(different) - _MOST} more" if len(different) > _MOST else ""
    return "; ".join(different[:_MOST]) + more


# -- facts of an image ------------------------------------------------------------------------------------------------


def _attribute(name: str) -> Callable[[View], str]:
    """Return what reads an attribute of Image."""
    return lambda view: stated(view.image, name)


def _of_pixels(name: str) -> Callable[[View], str]:
    return lambda view: stated(view.pixels, name)


def _number(name: str) -> Callable[[View], str]:
    """Return what reads a size; one plane is no stack."""

    def read(view: View) -> str:
        value = stated(view.pixels, name)
        return "" if value == "1" else value

    return read


def _of_objective(attribute: str) -> Callable[[View], str]:
    def read(view: View) -> str:
        settings = view.image.first("ObjectiveSettings")
        lens = view.index.get(settings.id) if settings is not None else None
        return stated(lens, attribute)

    return read


def _magnification(view: View) -> str:
    value = _of_objective("Magnification")(view)
    return f"{value}×" if value else ""


def _immersion(view: View) -> str:
    settings = view.image.first("ObjectiveSettings")
    liquid = settings.first("ImmersionLiquid") if settings is not None else None
    return stated(liquid, "Type") or _of_objective("ImmersionType")(view)


def _refractive_index(view: View) -> str:
    settings = view.image.first("ObjectiveSettings")
    liquid = settings.first("ImmersionLiquid") if settings is not None else None
    return stated(liquid, "RefractiveIndex")


def microscope(view: View) -> str:
    """Name the stand of an image."""
    from nbo_extract.schema import load

    instrument = view.reference("InstrumentRef")
    if instrument is None and len(view.document.instruments) == 1:
        instrument = view.document.instruments[0]
    if instrument is None:
        return ""
    stands = instrument.all(*load(view.document.version).members("MicroscopeStandGroup"))
    return joined(title(stand) for stand in stands)


def _size(view: View) -> str:
    sides = [stated(view.pixels, f"Size{axis}") for axis in "XY"]
    return " × ".join(sides) if all(sides) else ""


def _environment(attribute: str, unit: str = "") -> Callable[[View], str]:
    def read(view: View) -> str:
        node = view.image.first("ImagingEnvironment")
        value, fact = stated(node, attribute), node.facts.get(attribute) if node is not None else None
        # NBO allows words here as well ("Ambient Humidity"); a number is of the unit that its text names.
        return f"{value} {unit}" if unit and fact is not None and fact.number is not None and not fact.unit else value

    return read


def _sample(attribute: str) -> Callable[[View], str]:
    return lambda view: stated(view.reference("SampleRef"), attribute)


def _position(view: View) -> str:
    return stated(view.image.first("StageLabel"), "Name")


def _stage(axis: str) -> Callable[[View], str]:
    """Return what reads where the stage was: of the planes, or of the image where it has one place."""

    def read(view: View) -> str:
        found = _of_planes(view.pixels, f"Position{axis}")
        label = view.image.first("StageLabel")
        if not found and label is not None and axis in label.facts:
            found = [label.facts[axis]]
        return span(found)

    return read


def _of_planes(pixels: Node | None, attribute: str) -> list[Fact]:
    """Return what planes of all channels state, each value once."""
    stated_by = plane_values(pixels, attribute) if pixels is not None else {}
    return list({(f.value, f.unit): f for facts in stated_by.values() for f in facts}.values())


# -- facts of its place in a plate ------------------------------------------------------------------------------------


def _plate_of(view: View) -> tuple[Node, Node] | None:
    """Return the plate and the well that an image is of."""
    for plate in view.document.root.all("Plate"):
        for well in plate.all("Well"):
            for sample in well.all("WellSample"):
                if any(r.id == view.image.id for r in sample.all("ImageRef")):
                    return plate, well
    return None


def _plate(view: View) -> str:
    found = _plate_of(view)
    return (stated(found[0], "Name") or stated(found[0], "ExternalIdentifier")) if found else ""


def _well(view: View) -> str:
    found = _plate_of(view)
    if found is None:
        return ""
    plate, well = found
    row, column = _numbered(well, "Row"), _numbered(well, "Column")
    if row is None or column is None:
        return ""
    return _called(plate, "Row", row, "letter") + _called(plate, "Column", column, "number")


def _numbered(well: Node, attribute: str) -> int | None:
    value = well.get(attribute) or ""
    return int(value) if value.isdecimal() else None


def _called(plate: Node, axis: str, number: int, usual: str) -> str:
    """Return the name of a row or column, which NBO numbers from 0, by the plate's convention."""
    if (plate.get(f"{axis}NamingConvention") or usual) == "number":
        return str(number + 1)
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


# -- facts of its channels --------------------------------------------------------------------------------------------


def per_channel(view: View, say: Callable[[Node, ChannelSummary], str]) -> str:
    """Say something of each channel: once where it is the same for all, else with their names."""
    texts = [say(node, told) for node, told in view.channels]
    if len(set(texts)) == 1:
        return texts[0]
    named: dict[str, dict[str, None]] = {}
    for number, ((_, told), text) in enumerate(zip(view.channels, texts, strict=True), 1):
        named.setdefault(text, {})[told.name or f"channel {number}"] = None
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in named.items() if text)


def _told(attribute: str) -> Callable[[View], str]:
    """Return what reads a text of the summary of each channel."""
    return lambda view: per_channel(view, lambda _, told: str(getattr(told, attribute)))


def _channels(view: View) -> str:
    return "; ".join(told.name for _, told in view.channels if told.name)


def _fluorophores(attribute: str) -> Callable[[View], str]:
    return lambda view: per_channel(
        view, lambda node, _: " + ".join(filter(None, (stated(n, attribute) for n in node.all("Fluorophore"))))
    )


def _of_path(names: tuple[str, ...], say: Callable[[Node, dict[str, Node]], str]) -> Callable[[View], str]:
    """Return what says something of settings in the light path of each channel."""

    def of_channel(view: View, node: Node) -> str:
        path = node.first("LightPath")
        found = path.all(*names) if path is not None else []
        return " + ".join(dict.fromkeys(filter(None, (say(n, view.index) for n in found))))

    return lambda view: per_channel(view, lambda node, _: of_channel(view, node))


def _light_sources(view: View) -> str:
    """Name the light sources of each channel, with the lines that were used."""

    def of_channel(node: Node, _: ChannelSummary) -> str:
        used = lights_used(node.first("LightPath"), view.index)
        return " + ".join(dict.fromkeys(light_source_text(u.source, u.line) for u in used if u.source is not None))

    return per_channel(view, of_channel)


def _named(settings: Node, index: dict[str, Node], name: Callable[[Node], str]) -> str:
    part = index.get(settings.id)
    return name(part) if part is not None else ""


FACTS: Final[dict[str, Callable[[View], str]]] = {
    "image_name": _attribute("Name"),
    "date": _attribute("AcquisitionDate"),
    "plate": _plate,
    "well": _well,
    "position": _position,
    "organism": _sample("Organism"),
    "sample": _sample("Name"),
    "microscope": microscope,
    "objective": lambda view: objective_text(view.image, view.index),
    "magnification": _magnification,
    "numerical_aperture": _of_objective("LensNA"),
    "immersion": _immersion,
    "refractive_index": _refractive_index,
    "method": _told("method"),
    "channel": _channels,
    "fluorophore": _fluorophores("Name"),
    "excitation_wavelength": _fluorophores("ExcitationWavelength"),
    "emission_wavelength": _fluorophores("EmissionWavelength"),
    "light_source": _light_sources,
    "light_settings": _of_path(("LightSourceSettings",), lambda n, _: light_settings_text(n)),
    "excitation_filter": _told("excitation"),
    "dichroic": _told("dichroic"),
    "emission_filter": _told("emission"),
    "detector": _of_path(DETECTOR_SETTINGS, lambda n, index: _named(n, index, title)),
    "detector_settings": _of_path(DETECTOR_SETTINGS, lambda n, _: detector_settings_text(n)),
    "exposure": _told("exposure"),
    "dwell": lambda view: span(_of_planes(view.pixels, "PixelDwellTime")),
    "size": _size,
    "z_sections": _number("SizeZ"),
    "time_points": _number("SizeT"),
    "time_increment": _of_pixels("TimeIncrement"),
    "pixel_size": lambda view: pixel_size_of(view.image, whole=True),
    "pixel_type": _of_pixels("PixelType"),
    "stage_x": _stage("X"),
    "stage_y": _stage("Y"),
    "stage_z": _stage("Z"),
    "temperature": _environment("Temperature"),
    "co2": _environment("CO2Percent", "%"),
    "humidity": _environment("Humidity", "%"),
}
