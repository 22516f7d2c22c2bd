"""What a Methods section says of images, as plain data: texts as stated, empty where nothing is.

Only the Document is asked. Which of the empty texts are wanted depends on the kind of each channel: transmitted light
needs no dichroic, a laser no excitation filter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Mode = Literal["incident", "transmitted", "unknown"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a microscope.

    Attributes
    ----------
    element : str
        NBO's element, such as ``Laser``.
    maker, model, name, type : str
    ranges : tuple of str
        Of an optic, the ranges that it lets through; of a light source, its wavelengths.
    """

    element: str
    maker: str = ""
    model: str = ""
    name: str = ""
    type: str = ""
    ranges: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Maker and model, or name."""
        called = self.model or self.name
        if not called or not self.maker or self.maker.casefold() in called.casefold():
            return called
        return f"{self.maker} {called}"


@dataclass(frozen=True, slots=True)
class Software:
    """An acquisition software."""

    name: str = ""
    version: str = ""
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """How the sample was kept; empty where it is not stated."""

    temperature: str = ""
    co2: str = ""
    o2: str = ""
    humidity: str = ""


@dataclass(frozen=True, slots=True)
class Microscope:
    """The microscope of an image.

    Attributes
    ----------
    name : str
        As its owners call it.
    stand : Part or None
    origin : str
    software : tuple of Software
    stages, focus, scanners, incubation : tuple of Part
        What it was equipped with; `incubation` only where the image states an environment.
    environment : Environment or None
    """

    name: str = ""
    stand: Part | None = None
    origin: str = ""
    software: tuple[Software, ...] = ()
    stages: tuple[Part, ...] = ()
    focus: tuple[Part, ...] = ()
    scanners: tuple[Part, ...] = ()
    incubation: tuple[Part, ...] = ()
    environment: Environment | None = None


@dataclass(frozen=True, slots=True)
class Objective:
    """The objective of an image, and how it was set."""

    part: Part
    magnification: str = ""
    na: str = ""
    correction: str = ""
    immersion: str = ""
    liquid: str = ""
    refractive_index: str = ""
    collar: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How finely an image was sampled: all that images of different sizes may share.

    Attributes
    ----------
    pixel_x, pixel_y : str
        Size of a pixel.
    z_step, interval, bits, pixel_type : str
    stack, series : bool
        Whether there are several planes, or time points.
    """

    pixel_x: str = ""
    pixel_y: str = ""
    z_step: str = ""
    interval: str = ""
    bits: str = ""
    pixel_type: str = ""
    stack: bool = False
    series: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of pixels, planes, channels, time points and tiles of an image; empty where they are not stated."""

    x: str = ""
    y: str = ""
    z: str = ""
    c: str = ""
    t: str = ""
    tiles: str = ""


@dataclass(frozen=True, slots=True)
class Dye:
    """A fluorophore, and what it labels."""

    name: str = ""
    target: str = ""

    @property
    def text(self) -> str:
        """The two in words."""
        return f"{self.name} (labelling {self.target})" if self.name and self.target else self.name


@dataclass(frozen=True, slots=True)
class Light:
    """A light source as a channel used it.

    Attributes
    ----------
    part : Part or None
    wavelength, power, attenuation : str
    """

    part: Part | None
    wavelength: str = ""
    power: str = ""
    attenuation: str = ""


@dataclass(frozen=True, slots=True)
class Detector:
    """A detector as a channel used it."""

    part: Part | None
    camera: bool = False
    point: bool = False
    binning: str = ""
    gain: str = ""
    analog_gain: str = ""
    voltage: str = ""
    bits: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel.

    Attributes
    ----------
    name : str
    mode : {'incident', 'transmitted', 'unknown'}
    method : str
        NBO's word for the kind of imaging, or for the contrast.
    dyes : tuple of Dye
    lights : tuple of Light
    excitation, dichroics, emission : tuple of Part
    bands : tuple of str
        Which part of the spectrum reached the detector.
    detectors : tuple of Detector
    exposure, dwell : str
    pinhole, aperture : str
        Its size, and how far it was opened; NBO has no unit for the latter.
    laser, spectral, confocal, scanning : bool
        What the channel's kind says of what it needs.
    """

    name: str = ""
    mode: Mode = "unknown"
    method: str = ""
    dyes: tuple[Dye, ...] = ()
    lights: tuple[Light, ...] = ()
    excitation: tuple[Part, ...] = ()
    dichroics: tuple[Part, ...] = ()
    emission: tuple[Part, ...] = ()
    bands: tuple[str, ...] = ()
    detectors: tuple[Detector, ...] = ()
    exposure: str = ""
    dwell: str = ""
    pinhole: str = ""
    aperture: str = ""
    laser: bool = False
    spectral: bool = False
    confocal: bool = False
    scanning: bool = False

    @property
    def dyed(self) -> bool:
        """Whether a dye of it is named."""
        return any(d.name for d in self.dyes)

    @property
    def known(self) -> bool:
        """Whether anything is stated of it but a name and a dye."""
        parts = (self.lights, self.excitation, self.dichroics, self.emission, self.bands, self.detectors)
        return self.mode != "unknown" or any(parts) or bool(self.exposure or self.dwell)


@dataclass(frozen=True, slots=True)
class Setting:
    """How images were taken; those that were taken alike have equal ones."""

    microscope: Microscope
    objective: Objective | None
    sampling: Sampling
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """One image: what it is called, how it was taken, and its size."""

    name: str
    setting: Setting
    size: Size


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a Methods section takes from one file.

    Attributes
    ----------
    path : str
    images : tuple of Taken
    notes : tuple of str
        What an author should check: where image and description disagree, and what is not proved.
    format : str
    forms : tuple of str
        ``ome``, ``ome-zarr``, ``micro-meta``: what is cited besides.
    """

    path: str
    images: tuple[Taken, ...]
    notes: tuple[str, ...] = ()
    format: str = ""
    forms: tuple[str, ...] = field(default=())
