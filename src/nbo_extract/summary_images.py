"""The images of a Document as plain texts: objective, pixel size, and what each channel was recorded with.

Numbers are shown as stated, but for two: pixel sizes are shortened to five significant digits, and the digits of a
double that print its inner form (`488.00000000000006`) are shown with eight. The data keep all.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context
from typing import TYPE_CHECKING

from nbo_extract import short_words
from nbo_extract.applicability import kinds_of
from nbo_extract.lights import ATTENUATION, POWER, lights_used, own_lines, repeats_power
from nbo_extract.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.lights import Used
    from nbo_extract.model import Document, Node

_SHORTENED = Context(prec=5, rounding=ROUND_HALF_EVEN)
_READABLE = Context(prec=8, rounding=ROUND_HALF_EVEN)
_DOUBLE_DIGITS = 15
DETECTOR_SETTINGS = ("GenericDetectorSettings", "CameraSettings", "PointDetectorSettings")
_KIND_WORDS = {
    "LightEmittingDiode": "LED",
    "Laser": "laser",
    "MultiLaserEngine": "laser engine",
    "Arc": "arc lamp",
    "Filament": "lamp",
    "PhotoMultiplierTube": "PMT",
    "HybridPhotoDetector": "hybrid detector",
    "PhotoDiode": "photodiode",
    "CCD": "CCD camera",
    "CMOS": "CMOS camera",
}


@dataclass(frozen=True, slots=True)
class ChannelSummary:
    """One channel; a text is empty where nothing is stated.

    Attributes
    ----------
    name, fluorophore, light, excitation, dichroic, emission, detector, exposure, method : str
    """

    name: str = ""
    fluorophore: str = ""
    light: str = ""
    excitation: str = ""
    dichroic: str = ""
    emission: str = ""
    detector: str = ""
    exposure: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """One image of a file: its name, size and date."""

    name: str
    size: str
    date: str


@dataclass(frozen=True, slots=True)
class Setup:
    """What the images of a file share.

    Attributes
    ----------
    objective, pixel_size : str
    channels : tuple of ChannelSummary
    scenes : tuple of Scene
        The images that were recorded so.
    described : str
        The only objective that is described, where none is said to have been used.
    """

    objective: str
    pixel_size: str
    channels: tuple[ChannelSummary, ...]
    scenes: tuple[Scene, ...]
    described: str = ""


def setups(document: Document, index: dict[str, Node]) -> tuple[Setup, ...]:
    """Return how the images of a document were recorded; those that were recorded alike are one.

    Parameters
    ----------
    document : Document
    index : dict of str to Node
        From `Document.index`.

    Returns
    -------
    tuple of Setup
    """
    groups: dict[tuple[str, str, tuple[ChannelSummary, ...], str], list[Scene]] = {}
    for image in document.images:
        pixels = image.first("Pixels")
        described = _only_objective(image, document)
        shared = (objective_text(image, index), _pixel_size(pixels), tuple(_channels(pixels, index)), described)
        scene = Scene(image.get("Name") or "", _size(pixels), image.get("AcquisitionDate") or "")
        groups.setdefault(shared, []).append(scene)
    return tuple(Setup(*shared[:3], tuple(scenes), shared[3]) for shared, scenes in groups.items())


def channels_of(image: Node, index: dict[str, Node]) -> tuple[ChannelSummary, ...]:
    """Return the channels of one image."""
    return tuple(_channels(image.first("Pixels"), index))


def size_of(image: Node) -> str:
    """Return the size of an image in pixels, planes and channels."""
    return _size(image.first("Pixels"))


def pixel_size_of(image: Node, *, whole: bool = False) -> str:
    """Return the physical size of a pixel of an image, in few digits or in all that are stated."""
    return _pixel_size(image.first("Pixels"), whole=whole)


def objective_text(image: Node, index: dict[str, Node]) -> str:
    """Name, magnification, NA and immersion of the objective that an image was recorded with."""
    settings = image.first("ObjectiveSettings")
    lens = index.get(settings.id) if settings is not None else None
    if lens is None:
        return ""
    name = title(lens)
    facts = [
        f"{lens.get('Magnification')}×" if lens.get("Magnification") else "",
        f"NA {readable(lens.get('LensNA') or '')}" if lens.get("LensNA") else "",
        _immersion(lens, settings),
    ]
    return ", ".join(filter(None, (name, *facts)))


def _only_objective(image: Node, document: Document) -> str:
    """Name the only objective that is described where the image does not say that it used it."""
    if image.first("ObjectiveSettings") is not None:
        return ""
    reference, found = image.first("InstrumentRef"), document.instruments
    mine = [i for i in found if reference is not None and i.id == reference.id] or found
    lenses = [lens for i in mine for lens in i.all("Objective")]
    if len(lenses) != 1:
        return ""
    return title(lenses[0]) or lenses[0].id or "it"


def _immersion(lens: Node, settings: Node | None) -> str:
    liquid = settings.first("ImmersionLiquid") if settings is not None else None
    kind = lens.get("ImmersionType") or (liquid.get("Type") if liquid is not None else None)
    if not kind:
        return ""
    used = liquid.get("Type") if liquid is not None else None
    note = f" (used with {used})" if used and used != kind else ""
    return f"{kind} immersion{note}" if kind != "Air" else f"air{note}"


def _pixel_size(pixels: Node | None, *, whole: bool = False) -> str:
    if pixels is None:
        return ""
    written = readable if whole else short
    facts = [(axis, pixels.facts[f"PhysicalSize{axis}"]) for axis in "XYZ" if f"PhysicalSize{axis}" in pixels.facts]
    units = {fact.unit for _, fact in facts}
    if len(units) == 1 and [axis for axis, _ in facts] in (["X", "Y"], ["X", "Y", "Z"]):
        return quantity(" × ".join(written(fact.value) for _, fact in facts), units.pop())
    return ", ".join(f"{axis} {quantity(written(fact.value), fact.unit)}" for axis, fact in facts)


def _size(pixels: Node | None) -> str:
    if pixels is None:
        return ""
    plane = [pixels.get(f"Size{axis}") for axis in "XY"]
    sizes = [f"{' × '.join(v for v in plane if v)} px"] if all(plane) else []
    sizes += [f"{pixels.get(f'Size{a}')} {a}" for a in "ZCT" if pixels.get(f"Size{a}") not in (None, "1")]
    sizes += [
        short_words.dimension(size, extra.get("Name") or "", extra.get("Type") or "")
        for extra in pixels.all("AdditionalDimensionMap")
        if (size := extra.get("Size"))
    ]
    return ", ".join(sizes)


def _channels(pixels: Node | None, index: dict[str, Node]) -> Iterator[ChannelSummary]:
    if pixels is None:
        return
    exposures = plane_values(pixels)
    for number, channel in enumerate(pixels.all("Channel")):
        path = channel.first("LightPath")
        yield ChannelSummary(
            channel.get("Name") or "",
            joined(_fluorophore(n) for n in channel.all("Fluorophore")),
            joined(_light(used) for used in lights_used(path, index)),
            _parts(path, "ExcitationFilterRef", index),
            _parts(path, "StandardDichroicRef", index),
            _parts(path, "EmissionFilterRef", index),
            joined(_detector(n, index) for n in (path.all(*DETECTOR_SETTINGS) if path is not None else ())),
            _exposure(channel, exposures.get(str(number), [])),
            " / ".join(filter(None, (short_words.method(channel.get("IlluminationType") or ""), _contrast(channel)))),
        )


def _contrast(channel: Node) -> str:
    contrast = channel.get("ContrastMethod") or ""
    return (
        "" if contrast.casefold() in (channel.get("IlluminationType") or "").replace("-", "").casefold() else contrast
    )


def _fluorophore(node: Node) -> str:
    excitation, emission = stated(node, "ExcitationWavelength"), stated(node, "EmissionWavelength")
    unit = node.facts["EmissionWavelength"].unit if emission else None
    if excitation and emission and node.facts["ExcitationWavelength"].unit == unit:
        excitation = readable(node.facts["ExcitationWavelength"].value)
    bands = [f"ex {excitation}" if excitation else "", f"em {emission}" if emission else ""]
    return " ".join(filter(None, (node.get("Name"), ", ".join(filter(None, bands)))))


def _light(used: Used) -> str:
    named = light_source_text(used.source, used.line) if used.source is not None else ""
    return ", ".join(filter(None, (named, light_settings_text(used.settings))))


def light_source_text(source: Node, line: Node | None = None) -> str:
    """Name a light source, with the wavelength that was used, or its only one, where it is not called by it."""
    name = title(source)
    lines = own_lines(source) if line is None else [line]
    peaks = [n for n in lines if n.get("PeakWavelength")]
    told = [stated(n, "PeakWavelength") for n in peaks if (n.get("PeakWavelength") or "") not in name]
    # A source of many lines is not described by listing them all.
    peak = told[0] if len(told) == 1 else ""
    named = source.get("Model") or source.get("Name")
    return f"{name} ({peak})" if named and peak else f"{name} {peak}".strip()


def light_settings_text(settings: Node) -> str:
    """Power and attenuation that a light source was used with; one of them where they say the same."""
    shown = ATTENUATION in settings.facts and not repeats_power(settings)
    attenuation = f"attenuation {stated(settings, ATTENUATION)}" if shown else ""
    return ", ".join(filter(None, (stated(settings, POWER), attenuation)))


def _parts(path: Node | None, reference: str, index: dict[str, Node]) -> str:
    if path is None:
        return ""
    holders = [path, *path.all("FilterSet")]
    found = [index[r.id] for holder in holders for r in holder.all(reference) if r.id in index]
    return joined(title(n) or _bands(n) for n in found)


def _bands(node: Node) -> str:
    """Centre and width of the pass bands of a filter without a name."""
    ranges = [
        "/".join(filter(None, (n.get("Wavelength"), n.get("FWHMBandwidth")))) for n in node.all("TransmittanceRange")
    ]
    unit = next((f.unit for n in node.all("TransmittanceRange") if (f := n.facts.get("Wavelength"))), None)
    return quantity(" + ".join(filter(None, ranges)), unit) if any(ranges) else ""


def _detector(settings: Node, index: dict[str, Node]) -> str:
    detector = index.get(settings.id)
    named = title(detector) if detector is not None else ""
    return ", ".join(filter(None, (named, detector_settings_text(settings))))


def detector_settings_text(settings: Node) -> str:
    """Gain, voltage and binning that a detector was used with."""
    facts = (
        f"gain {stated(settings, 'AmplificationGain')}" if "AmplificationGain" in settings.facts else "",
        f"analog gain {stated(settings, 'AnalogGain')}" if "AnalogGain" in settings.facts else "",
        stated(settings, "Voltage"),
        f"binning {stated(settings, 'Binning')}" if "Binning" in settings.facts else "",
    )
    return ", ".join(filter(None, facts))


def exposure_of(pixels: Node, channel: int) -> str:
    """Return the exposure time of a channel, or the range of those of its planes."""
    channels = pixels.all("Channel")
    facts = plane_values(pixels).get(str(channel), [])
    return _exposure(channels[channel], facts) if channel < len(channels) else span(facts)


def _exposure(channel: Node, facts: list[Fact]) -> str:
    told = span(facts)
    # A point scanner exposes no plane as a whole: what a file calls the exposure is how long the scan of a plane took.
    return f"{told} to scan a plane" if told and "scanning" in kinds_of(channel) else told


def plane_values(pixels: Node, attribute: str = "ExposureTime") -> dict[str, list[Fact]]:
    """Channel number to the values of an attribute that occur in its planes, each once."""
    found: dict[str, dict[tuple[str, str | None], Fact]] = {}
    table = pixels.planes
    if table is not None and attribute in table.columns:
        unit = table.units.get(attribute)
        channels = table.columns.get("TheC", [])
        for channel, value in dict.fromkeys(zip(channels, table.columns[attribute], strict=True)):
            if channel is not None and value is not None:
                found.setdefault(channel, {})[value, unit] = Fact(value, unit)
    for plane in pixels.all("Plane"):
        fact = plane.facts.get(attribute)
        if fact is not None and "TheC" in plane.facts:
            found.setdefault(plane.facts["TheC"].value, {})[fact.value, fact.unit] = fact
    return {channel: list(facts.values()) for channel, facts in found.items()}


def span(facts: list[Fact]) -> str:
    """One value, or the smallest and the largest of several."""
    numbers = sorted((f for f in facts if f.number is not None), key=lambda f: f.number or 0)
    if not numbers:
        return ""
    if len({f.unit for f in numbers}) > 1:
        return "varies"
    low, high = numbers[0], numbers[-1]
    if low.number == high.number:
        return quantity(low.value, low.unit)
    return quantity(f"{readable(low.value)} to {readable(high.value)}", high.unit)


# -- texts ------------------------------------------------------------------------------------------------------------


def title(node: Node) -> str:
    """Name a part for people: manufacturer, model or name; its kind where it has no name."""
    name = node.get("Model") or node.get("Name")
    if not name:
        return _KIND_WORDS.get(node.name, "")
    maker = node.get("Manufacturer")
    return name if not maker or maker.casefold() in name.casefold() else f"{maker} {name}"


def stated(node: Node | None, attribute: str) -> str:
    """Value and unit as stated; empty where it is not."""
    fact = node.facts.get(attribute) if node is not None else None
    return "" if fact is None else quantity(fact.value, fact.unit)


def quantity(value: str, unit: str | None) -> str:
    """Write a number with its unit."""
    return f"{readable(value)} {unit}" if unit else readable(value)


def readable(value: str) -> str:
    """Return the text of a number without the last digits of a double, which no microscope measures."""
    if sum(c.isdigit() for c in value) < _DOUBLE_DIGITS:
        return value
    try:
        number = _READABLE.create_decimal(value).normalize()
    except ArithmeticError:
        return value
    return format(number, "f")


def short(value: str) -> str:
    """Shorten a number to five significant digits, and never say more than was stated."""
    try:
        number = _SHORTENED.create_decimal(value)
    except ArithmeticError:
        return value
    return format(number, "f") if len(value) > len(format(number, "f")) else value


def joined(texts: Iterable[str]) -> str:
    """Join texts, each once."""
    return " + ".join(dict.fromkeys(t for t in texts if t))
