"""From a Document to what a Methods section says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.applicability import kinds_of, placeholder, plane_kinds
from nbo_extract.config_statements import TARGET_NAMESPACE
from nbo_extract.lights import ATTENUATION, POWER, lights_used, lines_of
from nbo_extract.methods.facts import (
    Channel,
    Detector,
    Dye,
    Environment,
    FileFacts,
    Light,
    Microscope,
    Objective,
    Part,
    Sampling,
    Setting,
    Size,
    Software,
    Taken,
)
from nbo_extract.report.light_path import LASERS, LightPaths, mode_of, nanometres, range_texts
from nbo_extract.summary_images import plane_values, quantity, readable, span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.model import Document, Fact, Node

_Times = dict[str, "list[Fact]"]
#: Rule of the facts of Micro-Meta App's files.
_MICRO_META = "micro-meta-app"
#: A source that is broader, in nanometres, is told by its range and not by its peak.
_BROAD = 150
# What an author should look at: values and optics that contradict each other, a microscope without proof.
_TO_CHECK = frozenset({"NBO301", "NBO312", "NBO326", "NBO341"})
_BANDS = ("PrismSettings", "PinholeSettings", "DiffractionGratingSettings")


def collect(document: Document, *, path: str = "") -> FileFacts:
    """Return what a Methods section says of the images of a Document.

    Parameters
    ----------
    document : Document
        With its planes.
    path : str
        What the file is called; by default as the Document says.
    """
    reader = _Reader(document)
    notes = [f.message for f in document.findings if f.code in _TO_CHECK and f.severity != "info"]
    return FileFacts(
        path or document.origin.file,
        tuple(map(reader.image, document.images)),
        tuple(dict.fromkeys(notes)),
        document.origin.format,
        tuple(_forms(document)),
    )


def _forms(document: Document) -> list[str]:
    versions = document.origin.versions
    found = ["ome-zarr"] if "NGFF" in versions else ["ome"] if "OME" in versions else []
    facts = (f for n in document.root.walk() for f in n.facts.values())
    if any(f.source is not None and f.source.rule.startswith(_MICRO_META) for f in facts):
        found.append("micro-meta")
    return found


class _Reader(LightPaths):
    """Reads the images of a Document."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self.document = document

    def image(self, image: Node) -> Taken:
        """Read one image."""
        pixels = image.first("Pixels")
        exposures, dwells = (
            ({}, {}) if pixels is None else (plane_values(pixels), plane_values(pixels, "PixelDwellTime"))
        )
        nodes = pixels.all("Channel") if pixels is not None else []
        kinds = plane_kinds(pixels, tuple(map(kinds_of, nodes))) if pixels is not None else ()
        channels = tuple(
            self.channel(node, str(number), exposures, dwells, scanning="scanning" in kinds[number])
            for number, node in enumerate(nodes)
        )
        setting = Setting(self.microscope(image), self.objective(image), self.sampling(pixels), channels)
        return Taken(image.get("Name") or "", setting, self.size(pixels))

    # -- texts --------------------------------------------------------------------------------------------------------

    def stated(self, node: Node | None, attribute: str) -> str:
        """Return value and unit as stated; empty where they are not, or where a form was only filled up."""
        fact = node.facts.get(attribute) if node is not None else None
        if node is None or fact is None or not fact.value.strip():
            return ""
        declared = self.schema.element(node.name) if node.name in self.schema.names else None
        if declared is not None and placeholder(node, attribute, declared.attributes.get(attribute)):
            return ""
        return " ".join(quantity(fact.value, fact.unit).split())

    def part(self, node: Node, ranges: Iterable[str] = ()) -> Part:
        """Return a part by its names."""
        maker, model, name, kind = (self.stated(node, a) for a in ("Manufacturer", "Model", "Name", "Type"))
        return Part(node.name, maker, model, name, kind, tuple(ranges))

    def optics_of(self, path: Node | None, reference: str) -> tuple[Part, ...]:
        """Return the filters or dichroics of a light path, each once."""
        found = self._optics(path, reference)
        if reference == "StandardDichroicRef":
            settings = self._targets(path, ("MirroringDeviceSettings",))
            found += [n for n in settings if "Dichroic" in n.name and n not in found]
        return tuple(dict.fromkeys(self.part(n, range_texts(n)) for n in found))

    # -- microscope ---------------------------------------------------------------------------------------------------

    def instrument(self, image: Node) -> Node | None:
        """Return the Instrument of an image: the one that it names, or the only one."""
        reference, found = image.first("InstrumentRef"), self.document.instruments
        named = [i for i in found if reference is not None and i.id and i.id == reference.id]
        return named[0] if named else found[0] if len(found) == 1 and reference is None else None

    def microscope(self, image: Node) -> Microscope:
        """Read the microscope of an image."""
        instrument = self.instrument(image)
        software = tuple(self.software(image, instrument))
        if instrument is None:
            return Microscope(software=software, environment=self.environment(image))
        stands = instrument.all(*self.schema.members("MicroscopeStandGroup"))
        used = image.first("MicroscopeStandSettings")
        named = [s for s in stands if used is not None and s.id == used.id]
        stand = named[0] if named else stands[0] if len(stands) == 1 else None

        def parts(*names: str) -> tuple[Part, ...]:
            return tuple(dict.fromkeys(map(self.part, instrument.all(*names))))

        environment = self.environment(image)
        return Microscope(
            self.stated(instrument, "Name"),
            self.part(stand) if stand is not None else None,
            self.stated(stand, "Origin"),
            software,
            parts(*self.schema.members("StageGroup")),
            parts("FocusStabilizationDevice"),
            parts(*self.schema.members("ConfocalScannerGroup")),
            parts("EnvironmentalControlDevice") if environment else (),
            environment,
        )

    def software(self, image: Node, instrument: Node | None) -> list[Software]:
        """Read the software that an image names, or the only one of the microscope."""
        found = [self.index[r.id] for r in image.all("AcquisitionSoftwareRef") if r.id in self.index]
        if not found and instrument is not None:
            listed = instrument.all("AcquisitionSoftware")
            found = listed if len(listed) == 1 else []
        read = [Software(*(self.stated(n, a) for a in ("Name", "Version", "Developer"))) for n in found]
        return [s for s in dict.fromkeys(read) if s.name]

    def environment(self, image: Node) -> Environment | None:
        """Read how the sample was kept."""
        node = image.first("ImagingEnvironment")
        found = Environment(*(self.stated(node, a) for a in ("Temperature", "CO2Percent", "O2Percent", "Humidity")))
        return found if found != Environment() else None

    def objective(self, image: Node) -> Objective | None:
        """Read the objective of an image."""
        settings = image.first("ObjectiveSettings")
        lens = self.index.get(settings.id) if settings is not None else None
        if lens is None or settings is None:
            return None
        liquid = settings.first("ImmersionLiquid")
        kind = self.stated(lens, "ImmersionType") or self.stated(liquid, "Type")
        other = self.stated(liquid, "Type")
        product = self.part(liquid).title if liquid is not None else ""
        return Objective(
            self.part(lens),
            self.stated(lens, "Magnification"),
            self.stated(lens, "LensNA"),
            self.stated(lens, "Correction"),
            kind,
            product or (other if other != kind else ""),
            self.stated(liquid, "RefractiveIndex"),
            self.stated(settings, "CorrectionCollarPosition"),
        )

    # -- pixels -------------------------------------------------------------------------------------------------------

    def sampling(self, pixels: Node | None) -> Sampling:
        """Read pixel size, z-step, interval and depth."""
        stack, series = (_several(self.stated(pixels, f"Size{axis}")) for axis in "ZT")
        return Sampling(
            self.stated(pixels, "PhysicalSizeX"),
            self.stated(pixels, "PhysicalSizeY"),
            self.stated(pixels, "PhysicalSizeZ") if stack else "",
            self.stated(pixels, "TimeIncrement") if series else "",
            self.stated(pixels, "SignificantBits"),
            self.stated(pixels, "PixelType"),
            stack,
            series,
        )

    def size(self, pixels: Node | None) -> Size:
        """Read the numbers of pixels, planes, channels, time points and tiles."""
        dimensions = pixels.all("AdditionalDimensionMap") if pixels is not None else []
        tiles = [self.stated(n, "Size") for n in dimensions if n.get("Type") == "Tile"]
        x, y, z, c, t = (self.stated(pixels, f"Size{axis}") for axis in "XYZCT")
        return Size(x, y, z, c, t, tiles[0] if len(tiles) == 1 else "")

    # -- channels -----------------------------------------------------------------------------------------------------

    def channel(self, node: Node, number: str, exposures: _Times, dwells: _Times, *, scanning: bool) -> Channel:
        """Read one channel."""
        path, kinds = node.first("LightPath"), kinds_of(node)
        lights = self.lights(path)
        return Channel(
            self.stated(node, "Name"),
            mode_of(node),
            self.stated(node, "IlluminationType") or self.stated(node, "ContrastMethod"),
            tuple(Dye(self.stated(d, "Name"), self.target(d)) for d in node.all("Fluorophore")),
            lights,
            self.optics_of(path, "ExcitationFilterRef"),
            self.optics_of(path, "StandardDichroicRef"),
            self.optics_of(path, "EmissionFilterRef"),
            tuple(dict.fromkeys(t for s in (path.all(*_BANDS) if path is not None else ()) for t in self.bands(s))),
            self.detectors_of(path),
            span(exposures.get(number, [])),
            span(dwells.get(number, [])),
            self.opening(path, "ConfocalScannerSettings", "PresetPinholeSize"),
            self.opening(path, "PinholeSettings", "Aperture"),
            laser=bool(lights) and all(s.part is not None and s.part.element in LASERS for s in lights),
            spectral=path is not None and path.first("PrismSettings", "DiffractionGratingSettings") is not None,
            confocal="confocal" in kinds,
            scanning=scanning,
        )

    def target(self, dye: Node) -> str:
        """Return what a dye labels."""
        for reference in dye.all("AnnotationRef"):
            note = self.index.get(reference.id)
            if note is None or note.get("Namespace") != TARGET_NAMESPACE:
                continue
            for pair in (p for v in note.all("Value") for p in v.all("M")):
                if pair.get("K") == "Target" and pair.text is not None:
                    return pair.text.value.strip()
        return ""

    def lights(self, path: Node | None) -> tuple[Light, ...]:
        """Read the light sources of a channel, with the line that was used where that is certain."""
        found = []
        for settings, source, line in lights_used(path, self.index):
            lines = [] if source is None else [t for n in lines_of(source, self.index) if (t := self.line(n))]
            part = self.part(source, lines) if source is not None else None
            told = self.line(line) if line is not None else ""
            found.append(Light(part, told, self.stated(settings, POWER), self.stated(settings, ATTENUATION)))
        return tuple(dict.fromkeys(found))

    def line(self, node: Node) -> str:
        """Return the wavelength of a source: its peak, or its range where it is broad."""
        low, high = node.facts.get("CutOn"), node.facts.get("CutOff")
        peak = self.stated(node, "PeakWavelength")
        edges = nanometres(low), nanometres(high)
        broad = edges[0] is not None and edges[1] is not None and abs(edges[1] - edges[0]) > _BROAD
        return peak if peak and not broad else self.edges(low, high) or peak

    def bands(self, settings: Node) -> list[str]:
        """Return the ranges of wavelengths that reached the detector."""
        found = settings.all("TransmissionWavelengthRangeSettings")
        return [t for n in found if (t := self.edges(n.facts.get("CutOn"), n.facts.get("CutOff")))]

    @staticmethod
    def edges(low: Fact | None, high: Fact | None) -> str:
        """Return a range as it is stated."""
        if low is not None and high is not None and low.unit == high.unit:
            return quantity(f"{readable(low.value)}–{readable(high.value)}", high.unit)
        return ""

    def detectors_of(self, path: Node | None) -> tuple[Detector, ...]:
        """Read the detectors of a channel."""
        found = []
        for each in path.all(*self.detectors) if path is not None else ():
            node = self.index.get(each.id)
            words = ("Binning", "AmplificationGain", "AnalogGain", "Voltage", "EffectiveBitDepth")
            found.append(
                Detector(
                    self.part(node) if node is not None else None,
                    each.name == "CameraSettings" or (node is not None and node.name in self.cameras),
                    each.name == "PointDetectorSettings",
                    *(self.stated(each, a) for a in words),
                )
            )
        return tuple(dict.fromkeys(found))

    @property
    def cameras(self) -> tuple[str, ...]:
        """Elements that are cameras."""
        return tuple(self.schema.members("CameraGroup"))

    def opening(self, path: Node | None, element: str, attribute: str) -> str:
        """Return a size of the pinhole."""
        settings = path.all(element) if path is not None else []
        return next(filter(None, (self.stated(s, attribute) for s in settings)), "")


def _several(text: str) -> bool:
    return text.isdecimal() and int(text) > 1
