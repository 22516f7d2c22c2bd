"""The light path of a channel as data: which parts the light meets, and which wavelengths are stated of them.

Only what the Document states is in it. A part that nothing is stated of is there without a name, so that a drawing can
show that it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbo_extract.applicability import kinds_of
from nbo_extract.lights import lines_of
from nbo_extract.schema import load
from nbo_extract.summary_images import joined, quantity, readable, short, title
from nbo_extract.units import UnitError, convert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.model import Document, Fact, Node

Role = Literal[
    "source", "excitation", "splitter", "condenser", "objective", "sample", "emission", "prism", "pinhole", "detector"
]
Mode = Literal["incident", "transmitted", "unknown"]
Lane = Literal["light", "excitation", "splitter", "emission", "detected", "dye"]
Shape = Literal["line", "band", "from", "to", "stop"]
#: Sources that need no excitation filter.
LASERS = frozenset({"Laser", "MultiLaserEngine"})
_SPLITTERS = ("StandardDichroic", "GenericDichroic", "BeamSplitter")
_STOPS = frozenset({"BandStop", "Notch"})
#: Settings whose ranges say which part of the spectrum reaches the detector.
_DETECTING = ("PrismSettings", "PinholeSettings", "DiffractionGratingSettings")


@dataclass(frozen=True, slots=True)
class Part:
    """One place in the path.

    Attributes
    ----------
    role : str
    name : str
        What stands there; empty where nothing is stated.
    note : str
        What is set there, such as a power.
    """

    role: Role
    name: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Wavelengths that are stated, in nanometres.

    Attributes
    ----------
    lane : str
        ``light``, ``excitation``, ``splitter``, ``emission``, ``detected`` or ``dye``.
    shape : str
        A ``line`` at `low`; a ``band`` or ``stop`` from `low` to `high`; all wavelengths ``from`` or up ``to`` `low`.
    low, high : float
    text : str
        As stated.
    sure : bool
        False where a source has this line among others, and which was used is not stated.
    """

    lane: Lane
    shape: Shape
    low: float
    high: float
    text: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class ChannelPath:
    """The light path of one channel.

    Attributes
    ----------
    name : str
    mode : {'incident', 'transmitted', 'unknown'}
    dye : str
    parts : tuple of Part
        In the order in which the light meets them.
    marks : tuple of Mark
    facts : tuple of (str, str)
        Further settings: a title and a text.
    """

    name: str
    mode: Mode
    dye: str
    parts: tuple[Part, ...]
    marks: tuple[Mark, ...]
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything is stated of the channel's own path; the objective and the sample are the image's."""
        own = any(p.name for p in self.parts if p.role not in ("objective", "sample"))
        return own or bool(self.marks) or self.mode != "unknown"

    def wavelength(self, *lanes: Lane) -> float | None:
        """Return the wavelength of the first lane that states one; of a band that is no more than a hue, its middle.

        None where there is none, or more than one.
        """
        for lane in lanes:
            found = {(m.low, m.high) for m in self.marks if m.lane == lane and m.sure and m.shape in _POINTS}
            if len(found) == 1:
                low, high = found.pop()
                return (low + high) / 2 if high - low <= _ONE_HUE else None
        return None


_POINTS = ("line", "band")
# A band that is wider, in nanometres, has no colour of its own.
_ONE_HUE = 150


class LightPaths:
    """Reads light paths from a Document.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.index = document.index()
        self.schema = load(document.version)
        self.detectors = ("GenericDetectorSettings", "CameraSettings", "PointDetectorSettings")

    def channels(self, image: Node) -> tuple[ChannelPath, ...]:
        """Return the light paths of the channels of an image."""
        pixels = image.first("Pixels")
        if pixels is None:
            return ()
        return tuple(self._channel(image, c, n) for n, c in enumerate(pixels.all("Channel"), 1))

    def _channel(self, image: Node, channel: Node, number: int) -> ChannelPath:
        path = channel.first("LightPath")
        mode = mode_of(channel)
        dyes = channel.all("Fluorophore")
        parts = tuple(self._parts(image, path, mode))
        marks = tuple(dict.fromkeys([*self._path_marks(path), *(m for d in dyes for m in _dye_marks(d))]))
        dye = joined(d.get("Name") or "" for d in dyes)
        return ChannelPath(channel.get("Name") or f"channel {number}", mode, dye, parts, marks)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _parts(self, image: Node, path: Node | None, mode: Mode) -> Iterator[Part]:
        objective, sample = self._objective(image), self._sample(image)
        excitation, emission = self._optics(path, "ExcitationFilterRef"), self._optics(path, "EmissionFilterRef")
        splitter = self._splitter(path)
        sources = self._targets(path, ("LightSourceSettings",))
        yield self._source(path)
        if mode == "transmitted":
            yield from _stated(Part("excitation", _names(excitation)))
            yield Part("condenser", _names(self._condensers(path)))
            yield sample
            yield objective
            yield from _stated(Part("splitter", splitter))
            yield from _stated(Part("emission", _names(emission)))
        else:
            # A laser's line needs no filter, and nothing is asked of a channel whose kind is not stated.
            needs_filter = mode == "incident" and not (sources and all(s.name in LASERS for s in sources))
            part = Part("excitation", _names(excitation))
            yield from [part] if needs_filter else _stated(part)
            part = Part("splitter", splitter)
            yield from [part] if mode == "incident" else _stated(part)
            yield objective
            yield sample
            part = Part("emission", _names(emission))
            spectral = path is not None and path.first("PrismSettings") is not None
            yield from [part] if mode == "incident" and not spectral else _stated(part)
        yield from self._before_detector(path)
        yield self._detector(path)

    def _source(self, path: Node | None) -> Part:
        settings = path.all("LightSourceSettings") if path is not None else []
        powers = [_brief(s, "IlluminationPowerSettings") or _brief(s, "Attenuation", "attenuation") for s in settings]
        note = joined(powers) if all(powers) else ""
        return Part("source", _names(self._targets(path, ("LightSourceSettings",))), note)

    def _detector(self, path: Node | None) -> Part:
        settings = path.all(*self.detectors) if path is not None else []
        notes = [_brief(s, "Voltage") or _brief(s, "AmplificationGain", "gain") for s in settings]
        return Part("detector", _names(self._targets(path, self.detectors)), joined(notes))

    def _before_detector(self, path: Node | None) -> Iterator[Part]:
        if path is None:
            return
        ranges = [text for s in path.all("PrismSettings") for text in range_texts(s)]
        if path.first("PrismSettings") is not None:
            yield Part("prism", joined(ranges) or "prism")
        apertures = [_brief(s, "Aperture", "aperture") for s in path.all("PinholeSettings")]
        sizes = [_brief(s, "PresetPinholeSize") for s in path.all("ConfocalScannerSettings")]
        if any(apertures) or any(sizes):
            yield Part("pinhole", ", ".join(dict.fromkeys(filter(None, [*sizes, *apertures]))))

    def _objective(self, image: Node) -> Part:
        settings = image.first("ObjectiveSettings")
        lens = self.index.get(settings.id) if settings is not None else None
        if lens is None:
            return Part("objective")
        facts = [
            f"{lens.get('Magnification')}×" if lens.get("Magnification") else "",
            f"NA {readable(lens.get('LensNA') or '')}" if lens.get("LensNA") else "",
        ]
        return Part("objective", title(lens) or ", ".join(filter(None, facts)), ", ".join(filter(None, facts)))

    def _sample(self, image: Node) -> Part:
        found = [self.index[r.id] for r in image.all("SampleRef") if r.id in self.index]
        if not found:
            experiments = [self.index[r.id] for r in image.all("ExperimentRef") if r.id in self.index]
            found = [s for e in experiments for s in e.all("Sample")]
        return Part("sample", joined(s.get("Name") or s.get("Organism") or s.get("SampleType") or s.id for s in found))

    def _condensers(self, path: Node | None) -> list[Node]:
        return [n for n in self._targets(path, ("OpticalAssemblyRef",)) if n.name == "Condenser"]

    def _splitter(self, path: Node | None) -> str:
        found = self._optics(path, "StandardDichroicRef")
        found += [n for n in self._targets(path, ("MirroringDeviceSettings",)) if n.name in _SPLITTERS]
        acoustic = path.all("AcoustoOpticalBeamSplitterSettings") if path is not None else []
        named = [n for s in acoustic if (n := self.index.get(s.id)) is not None]
        others = joined(title(n) or "acousto-optical beam splitter" for n in named) or (
            "acousto-optical beam splitter" if acoustic else ""
        )
        return joined([_names(found), others])

    def _optics(self, path: Node | None, reference: str) -> list[Node]:
        if path is None:
            return []
        holders = [path, *path.all("FilterSet")]
        found = [self.index[r.id] for h in holders for r in h.all(reference) if r.id in self.index]
        return list({id(n): n for n in found}.values())

    def _targets(self, path: Node | None, names: tuple[str, ...]) -> list[Node]:
        if path is None:
            return []
        found = [self.index[r.id] for r in path.all(*names) if r.id in self.index]
        return list({id(n): n for n in found}.values())

    # -- wavelengths --------------------------------------------------------------------------------------------------

    def _path_marks(self, path: Node | None) -> Iterator[Mark]:
        if path is None:
            return
        settings = path.all("LightSourceSettings")
        for source in self._targets(path, ("LightSourceSettings",)):
            lines = lines_of(source, self.index)
            used = sum(s.id == source.id for s in settings)
            for line in lines:
                # As many settings as lines: each line was set.
                yield from _illumination(line, sure=len(lines) <= used)
        for node in self._optics(path, "ExcitationFilterRef"):
            yield from _filter_marks("excitation", node)
        splitters = self._optics(path, "StandardDichroicRef")
        splitters += [n for n in self._targets(path, ("MirroringDeviceSettings",)) if n.name in _SPLITTERS]
        for node in splitters:
            yield from _filter_marks("splitter", node)
        for node in self._optics(path, "EmissionFilterRef"):
            yield from _filter_marks("emission", node)
        for node in path.all(*_DETECTING):
            for inner in node.all("TransmissionWavelengthRangeSettings"):
                yield from _cut("detected", inner)


def mode_of(channel: Node) -> Mode:
    """Return where the light of a channel comes from."""
    kinds = kinds_of(channel)
    if "fluorescence" in kinds or "confocal" in kinds:
        return "incident"
    return "transmitted" if "transmitted" in kinds else "unknown"


def _stated(part: Part) -> list[Part]:
    """Return a part where anything is stated of it."""
    return [part] if part.name else []


def _names(nodes: list[Node]) -> str:
    return joined(title(n) or joined(range_texts(n)) or n.id for n in nodes)


def nanometres(fact: Fact | None) -> float | None:
    """Return a wavelength as a number for drawing; None where it is not stated, or without a unit of length."""
    if fact is None or not fact.unit or fact.number is None:
        return None
    try:
        return float(convert(fact.value, fact.unit, "nm"))
    except (UnitError, ValueError, OverflowError):
        return None


def range_texts(node: Node) -> list[str]:
    """Return the ranges of an optic as they are stated."""
    found = []
    for inner in node.all("TransmittanceRange"):
        parts = [readable(v) for v in (inner.get("Wavelength"), inner.get("FWHMBandwidth")) if v]
        fact = inner.facts.get("Wavelength")
        found += [quantity("/".join(parts), fact.unit)] if parts and fact is not None else []
    for inner in node.all("TransmissionWavelengthRangeSettings"):
        found += [_cut_text(inner)] if _cut_text(inner) else []
    return found


def _brief(node: Node, attribute: str, word: str = "") -> str:
    """Return a setting with few digits, empty where it is not stated: the table of facts has all of them."""
    fact = node.facts.get(attribute)
    if fact is None:
        return ""
    return f"{word} {quantity(short(readable(fact.value)), fact.unit)}".strip()


def _cut_text(node: Node) -> str:
    low, high = node.facts.get("CutOn"), node.facts.get("CutOff")
    if low is not None and high is not None:
        unit = high.unit if low.unit == high.unit else None
        return quantity(f"{short(readable(low.value))}–{short(readable(high.value))}", unit)
    return f"from {low.quantity}" if low is not None else f"to {high.quantity}" if high is not None else ""


def _cut(lane: Lane, node: Node, *, sure: bool = True) -> Iterator[Mark]:
    low, high = nanometres(node.facts.get("CutOn")), nanometres(node.facts.get("CutOff"))
    if low is not None and high is not None:
        yield Mark(lane, "band", min(low, high), max(low, high), _cut_text(node), sure)
    elif low is not None or high is not None:
        edge = low if low is not None else high
        assert edge is not None  # noqa: S101
        yield Mark(lane, "from" if low is not None else "to", edge, edge, _cut_text(node), sure)


def _illumination(node: Node, *, sure: bool) -> Iterator[Mark]:
    peak = nanometres(node.facts.get("PeakWavelength"))
    bands = [m for m in _cut("light", node, sure=sure) if m.shape == "band"]
    if bands:
        yield from bands
    elif peak is not None:
        yield Mark("light", "line", peak, peak, _brief(node, "PeakWavelength"), sure)


def _filter_marks(lane: Lane, node: Node) -> Iterator[Mark]:
    kind = node.get("Type") or ""
    for inner in node.all("TransmittanceRange"):
        centre, width = nanometres(inner.facts.get("Wavelength")), nanometres(inner.facts.get("FWHMBandwidth"))
        if centre is None:
            continue
        value = readable(inner.facts["Wavelength"].value)
        unit = inner.facts["Wavelength"].unit
        if width is not None and width > 0:
            text = quantity(f"{value}/{readable(inner.facts['FWHMBandwidth'].value)}", unit)
            shape: Shape = "stop" if kind in _STOPS else "band"
            yield Mark(lane, shape, centre - width / 2, centre + width / 2, text)
        elif kind in ("LongPass", "ShortPass"):
            shape = "from" if kind == "LongPass" else "to"
            yield Mark(lane, shape, centre, centre, f"{'>' if kind == 'LongPass' else '<'} {quantity(value, unit)}")
        else:
            yield Mark(lane, "line", centre, centre, quantity(value, unit))


def _dye_marks(node: Node) -> Iterator[Mark]:
    for attribute, word in (("ExcitationWavelength", "ex"), ("EmissionWavelength", "em")):
        wavelength = nanometres(node.facts.get(attribute))
        if wavelength is not None:
            yield Mark("dye", "line", wavelength, wavelength, _brief(node, attribute, word))
