"""What a microscopist wants to know of an image first, as plain texts.

Numbers are shown as stated, but for two: pixel sizes are shortened to five significant digits, and the digits of a
double that print its inner form (`488.00000000000006`) are shown with eight. The data keep all.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context
from typing import TYPE_CHECKING

from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.checking import CheckReport
    from nbo_extract.findings import Finding
    from nbo_extract.model import Document, Fact, Node

_SHORTENED = Context(prec=5, rounding=ROUND_HALF_EVEN)
_READABLE = Context(prec=8, rounding=ROUND_HALF_EVEN)
_DOUBLE_DIGITS = 15
_DETECTOR_SETTINGS = ("GenericDetectorSettings", "CameraSettings", "PointDetectorSettings")
#: Codes of what is missing; the other codes of a check are about what is stated and not allowed.
_MISSING = ("NBO200", "NBO201", "NBO202", "NBO203", "NBO204")
#: Code of the finding that says which hardware description was merged.
_CHOSEN = "NBO312"
_POWER = "IlluminationPowerSettings"
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
    """

    objective: str
    pixel_size: str
    channels: tuple[ChannelSummary, ...]
    scenes: tuple[Scene, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a hardware description added to one part.

    Attributes
    ----------
    part : str
        Element and name.
    facts : int
    file : str
    added : bool
        Whether the image does not name the part at all.
    """

    part: str
    facts: int
    file: str
    added: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """What elements of one kind miss.

    Attributes
    ----------
    element : str
    names : tuple of str
        Fields that count.
    """

    element: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a check.

    Attributes
    ----------
    tier : int
    extensions : tuple of str
    level : str
    passed : bool
    demanded, missing, excused : int
        Fields of all elements of the document.
    groups : tuple of Missing
    messages : tuple of str
        One sentence for each missing field.
    tiers : tuple of (int, int, int)
        Tier, fields present and fields demanded, up to the tier asked for.
    """

    tier: int
    extensions: tuple[str, ...]
    level: str
    passed: bool
    demanded: int
    missing: int
    excused: int
    groups: tuple[Missing, ...]
    messages: tuple[str, ...]
    tiers: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is shown of one file.

    Attributes
    ----------
    path, format : str
    files : int
        Number of files of the set.
    images : int
    stand : str
    software : str
    setups : tuple of Setup
    merged : tuple of str
        Which hardware description was chosen, and why.
    filled : tuple of Filled
    disagreements : tuple of Finding
        Values of the image that a hardware description contradicts.
    findings : tuple of Finding
        Other warnings and errors.
    notes : tuple of str
        What is good to know: findings of severity info.
    verdict : Verdict or None
    """

    path: str
    format: str = ""
    files: int = 1
    images: int = 0
    stand: str = ""
    software: str = ""
    setups: tuple[Setup, ...] = ()
    merged: tuple[str, ...] = ()
    filled: tuple[Filled, ...] = ()
    disagreements: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None


def summarise(document: Document, report: CheckReport | None = None) -> Summary:
    """Summarise a Document.

    Parameters
    ----------
    document : Document
        With its planes: they state the exposure times.
    report : CheckReport, optional
        What it misses.

    Returns
    -------
    Summary
    """
    index = document.index()
    schema = load(document.version)
    stands = [n for i in document.instruments for n in i.all(*schema.members("MicroscopeStandGroup"))]
    used = [r.id for image in document.images for r in image.all("AcquisitionSoftwareRef")]
    software = [index[i] for i in dict.fromkeys(used) if i in index]
    invalid = [f for f in report.findings if f.code not in _MISSING] if report is not None else []
    told = [f for f in [*document.findings, *invalid] if f.severity != "info"]
    return Summary(
        document.origin.file,
        document.origin.format,
        max(len(document.origin.files), 1),
        len(document.images),
        _joined(title(n) for n in stands),
        _joined(" ".join(filter(None, (title(n), n.get("Version")))) for n in software),
        _setups(document, index),
        tuple(f.message for f in document.findings if f.code == _CHOSEN),
        tuple(_filled(document)),
        tuple(f for f in told if is_disagreement(f)),
        tuple(sorted((f for f in told if not is_disagreement(f)), key=lambda f: f.rank)),
        tuple(dict.fromkeys(f.message for f in [*document.findings, *invalid] if f.severity == "info")),
        _verdict(report) if report is not None else None,
    )


def _verdict(report: CheckReport) -> Verdict:
    groups: dict[str, dict[str, None]] = {}
    for gap in report.gaps:
        if gap.counted:
            groups.setdefault(gap.requirement.element, {})[gap.requirement.name.removesuffix("Group")] = None
    asked = report.tiers[report.tier]
    return Verdict(
        report.tier,
        report.extensions,
        report.level,
        report.passed,
        asked.demanded,
        asked.missing,
        asked.excused,
        tuple(Missing(element, tuple(names)) for element, names in groups.items()),
        tuple(f.message for f in report.findings if f.code in _MISSING),
        tuple((t, s.present, s.demanded) for t, s in report.tiers.items() if t <= report.tier),
    )


def is_disagreement(finding: Finding) -> bool:
    """Whether a finding holds two values that contradict each other."""
    return finding.code == "NBO301"


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


# -- the images -------------------------------------------------------------------------------------------------------


def _setups(document: Document, index: dict[str, Node]) -> tuple[Setup, ...]:
    groups: dict[tuple[str, str, tuple[ChannelSummary, ...]], list[Scene]] = {}
    for image in document.images:
        pixels = image.first("Pixels")
        shared = (objective_text(image, index), _pixel_size(pixels), tuple(_channels(pixels, index)))
        scene = Scene(image.get("Name") or "", _size(pixels), image.get("AcquisitionDate") or "")
        groups.setdefault(shared, []).append(scene)
    return tuple(Setup(*shared, tuple(scenes)) for shared, scenes in groups.items())


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


def _immersion(lens: Node, settings: Node | None) -> str:
    liquid = settings.first("ImmersionLiquid") if settings is not None else None
    kind = lens.get("ImmersionType") or (liquid.get("Type") if liquid is not None else None)
    if not kind:
        return ""
    used = liquid.get("Type") if liquid is not None else None
    note = f" (used with {used})" if used and used != kind else ""
    return f"{kind} immersion{note}" if kind != "Air" else f"air{note}"


def _pixel_size(pixels: Node | None) -> str:
    if pixels is None:
        return ""
    facts = [(axis, pixels.facts[f"PhysicalSize{axis}"]) for axis in "XYZ" if f"PhysicalSize{axis}" in pixels.facts]
    units = {fact.unit for _, fact in facts}
    if len(units) == 1 and [axis for axis, _ in facts] in (["X", "Y"], ["X", "Y", "Z"]):
        return quantity(" × ".join(short(fact.value) for _, fact in facts), units.pop())
    return ", ".join(f"{axis} {quantity(short(fact.value), fact.unit)}" for axis, fact in facts)


def _size(pixels: Node | None) -> str:
    if pixels is None:
        return ""
    plane = [pixels.get(f"Size{axis}") for axis in "XY"]
    sizes = [f"{' × '.join(v for v in plane if v)} px"] if all(plane) else []
    sizes += [f"{pixels.get(f'Size{a}')} {a}" for a in "ZCT" if pixels.get(f"Size{a}") not in (None, "1")]
    sizes += [
        f"{extra.get('Size')} {extra.get('Name') or extra.get('Type') or '?'}"
        for extra in pixels.all("AdditionalDimensionMap")
        if extra.get("Size")
    ]
    return ", ".join(sizes)


def _channels(pixels: Node | None, index: dict[str, Node]) -> Iterator[ChannelSummary]:
    if pixels is None:
        return
    exposures = _exposures(pixels)
    for number, channel in enumerate(pixels.all("Channel")):
        path = channel.first("LightPath")
        yield ChannelSummary(
            channel.get("Name") or "",
            _joined(_fluorophore(n) for n in channel.all("Fluorophore")),
            _joined(_light(n, index) for n in (path.all("LightSourceSettings") if path is not None else ())),
            _parts(path, "ExcitationFilterRef", index),
            _parts(path, "StandardDichroicRef", index),
            _parts(path, "EmissionFilterRef", index),
            _joined(_detector(n, index) for n in (path.all(*_DETECTOR_SETTINGS) if path is not None else ())),
            _range(exposures.get(str(number), [])),
            " / ".join(filter(None, (_words(channel.get("IlluminationType")), _contrast(channel)))),
        )


def _contrast(channel: Node) -> str:
    contrast = channel.get("ContrastMethod") or ""
    return (
        "" if contrast.casefold() in (channel.get("IlluminationType") or "").replace("-", "").casefold() else contrast
    )


def _words(value: str | None) -> str:
    return (value or "").replace("_", " ")


def _fluorophore(node: Node) -> str:
    excitation, emission = stated(node, "ExcitationWavelength"), stated(node, "EmissionWavelength")
    unit = node.facts["EmissionWavelength"].unit if emission else None
    if excitation and emission and node.facts["ExcitationWavelength"].unit == unit:
        excitation = readable(node.facts["ExcitationWavelength"].value)
    bands = [f"ex {excitation}" if excitation else "", f"em {emission}" if emission else ""]
    return " ".join(filter(None, (node.get("Name"), ", ".join(filter(None, bands)))))


def _light(settings: Node, index: dict[str, Node]) -> str:
    source = index.get(settings.id)
    texts = []
    if source is not None:
        name = title(source)
        peaks = [n for n in source.all("IlluminationWavelengthRange", "LEDModule") if n.get("PeakWavelength")]
        told = [stated(n, "PeakWavelength") for n in peaks if (n.get("PeakWavelength") or "") not in name]
        # A source of many lines is not described by listing them all.
        peak = told[0] if len(told) == 1 else ""
        named = source.get("Model") or source.get("Name")
        texts = [f"{name} ({peak})" if named and peak else f"{name} {peak}".strip()]
    texts.append(stated(settings, _POWER))
    texts.append(f"attenuation {stated(settings, 'Attenuation')}" if "Attenuation" in settings.facts else "")
    return ", ".join(filter(None, texts))


def _parts(path: Node | None, reference: str, index: dict[str, Node]) -> str:
    if path is None:
        return ""
    holders = [path, *path.all("FilterSet")]
    found = [index[r.id] for holder in holders for r in holder.all(reference) if r.id in index]
    return _joined(title(n) or _bands(n) for n in found)


def _bands(node: Node) -> str:
    """Centre and width of the pass bands of a filter without a name."""
    ranges = [
        "/".join(filter(None, (n.get("Wavelength"), n.get("FWHMBandwidth")))) for n in node.all("TransmittanceRange")
    ]
    unit = next((f.unit for n in node.all("TransmittanceRange") if (f := n.facts.get("Wavelength"))), None)
    return quantity(" + ".join(filter(None, ranges)), unit) if any(ranges) else ""


def _detector(settings: Node, index: dict[str, Node]) -> str:
    detector = index.get(settings.id)
    return ", ".join(
        filter(
            None,
            (
                title(detector) if detector is not None else "",
                f"gain {stated(settings, 'AmplificationGain')}" if "AmplificationGain" in settings.facts else "",
                f"analog gain {stated(settings, 'AnalogGain')}" if "AnalogGain" in settings.facts else "",
                stated(settings, "Voltage"),
                f"binning {stated(settings, 'Binning')}" if "Binning" in settings.facts else "",
            ),
        )
    )


def _exposures(pixels: Node) -> dict[str, list[Fact]]:
    """Channel number to the exposure times that occur in its planes, each once."""
    from nbo_extract.model import Fact

    found: dict[str, dict[tuple[str, str | None], Fact]] = {}
    table = pixels.planes
    if table is not None and "ExposureTime" in table.columns:
        unit = table.units.get("ExposureTime")
        channels = table.columns.get("TheC", [])
        for channel, value in dict.fromkeys(zip(channels, table.columns["ExposureTime"], strict=True)):
            if channel is not None and value is not None:
                found.setdefault(channel, {})[value, unit] = Fact(value, unit)
    for plane in pixels.all("Plane"):
        fact = plane.facts.get("ExposureTime")
        if fact is not None and "TheC" in plane.facts:
            found.setdefault(plane.facts["TheC"].value, {})[fact.value, fact.unit] = fact
    return {channel: list(facts.values()) for channel, facts in found.items()}


def _range(facts: list[Fact]) -> str:
    """One value, or the smallest and the largest of several."""
    numbers = sorted((f for f in facts if f.number is not None), key=lambda f: f.number or 0)
    if not numbers:
        return ""
    low, high = numbers[0], numbers[-1]
    if low.number == high.number:
        return quantity(low.value, low.unit)
    if low.unit != high.unit:
        return "varies"
    return quantity(f"{readable(low.value)} to {readable(high.value)}", high.unit)


# -- what hardware filled ---------------------------------------------------------------------------------------------


def _filled(document: Document) -> Iterator[Filled]:
    """Yield the parts that hardware descriptions filled, those that the image names first."""
    found: list[Filled] = []
    for instrument in document.instruments:
        own = sum(_from_hardware(f) for name, f in instrument.facts.items() if name != "ID")
        if own:
            found.append(Filled("Instrument", own, _file_of(instrument.facts.values()), added=False))
        found.extend(part for node in instrument.children if (part := _filled_part(node)) is not None)
    yield from (f for f in found if not f.added)
    yield from (f for f in found if f.added)


def _filled_part(node: Node) -> Filled | None:
    facts = [f for n in node.walk() for name, f in n.facts.items() if name != "ID"]
    count = sum(map(_from_hardware, facts))
    identifier = node.facts.get("ID")
    added = _from_hardware(identifier) if identifier is not None else count == len(facts)
    if not count:
        return None
    from nbo_extract.hardware import label

    return Filled(label(node), count, _file_of(facts), added)


def _from_hardware(fact: Fact) -> bool:
    return fact.source is not None and fact.source.kind == "hardware"


def _file_of(facts: Iterable[Fact]) -> str:
    files = [f.source.file for f in facts if f.source is not None and f.source.kind == "hardware"]
    return ", ".join(dict.fromkeys(f for f in files if f))


def _joined(texts: Iterable[str]) -> str:
    """Join texts, each once."""
    return " + ".join(dict.fromkeys(t for t in texts if t))
