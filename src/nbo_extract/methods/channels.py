"""Sentences about channels: light, optics, detector and how it was set; what channels share is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.methods.english import a, listing, method, optics, phrase, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbo_extract.methods.facts import Channel, Detector, Light, Part

    Mark = Callable[..., str]

_MAKERS = ("light source", "excitation filter", "dichroic mirror", "emission filter", "detector")


class ChannelWords:
    """Words the channels of one setting.

    Parameters
    ----------
    channels : sequence of Channel
    mark : callable
        Notes what is missing, and returns what stands in the text for it.
    """

    def __init__(self, channels: Sequence[Channel], mark: Mark) -> None:
        self.channels = channels
        self.mark = mark

    def texts(self) -> Iterator[str]:
        """Yield the sentences: for each channel, then for what is known of none."""
        detections = [_detection(c) for c in self.channels]
        shared = len(self.channels) > 1 and len(set(detections)) == 1 and bool(detections[0])
        dark = [n for n, c in enumerate(self.channels) if not c.known]
        for number, channel in enumerate(self.channels):
            if number in dark:
                continue
            light = self._light(channel, number)
            lead = "The light" if light else self._lead(channel, number)
            detected = "" if shared else self._detected(detections[number], channel, _of(channel, number), lead)
            yield " ".join(filter(None, (light, detected)))
        if shared:
            yield self._detected(detections[0], self.channels[0], self._all(), f"In {self._all()}, the light")
        yield self._unknown(dark)
        yield self._makers()

    def _all(self) -> str:
        return "both channels" if len(self.channels) == 2 else "all channels"

    # -- light --------------------------------------------------------------------------------------------------------

    def _light(self, channel: Channel, number: int) -> str:
        of = _of(channel, number)
        source = _sources(channel.lights)
        missing = [] if source else ["light source"]
        missing += ["power"] if channel.lights and not any(s.power or s.attenuation for s in channel.lights) else []
        path = [optics(p) for p in (channel.excitation, channel.dichroics, channel.emission)]
        wanted = self._wanted(channel)
        used = listing(filter(None, path))
        light = f"{source} {self.mark(missing, of)}".strip()
        via = f"{used} {self.mark(wanted, of)}".strip()
        verb = "excited" if channel.mode == "incident" else "illuminated"
        who = f"{self._subject(channel, number)} {verb} with {light}" if light else ""
        if who and via:
            return sentence(f"{who}, using {via}")
        if who:
            return sentence(who)
        return (
            sentence(f"{self._subject(channel, number)} recorded using {via}") if via else self._bare(channel, number)
        )

    def _bare(self, channel: Channel, number: int) -> str:
        """Say at least how a channel was taken."""
        word = method(channel.method)
        return (
            sentence(f"{self._subject(channel, number)} recorded by {word}") if word and len(self.channels) > 1 else ""
        )

    def _lead(self, channel: Channel, number: int) -> str:
        """Return whose light was detected, where no sentence before says it."""
        dyes = listing(d.text for d in channel.dyes)
        return f"The fluorescence of {dyes}" if dyes else f"In {_of(channel, number)}, the light"

    @staticmethod
    def _wanted(channel: Channel) -> list[str]:
        if channel.mode != "incident":
            return []
        wanted = [] if channel.excitation or channel.laser else ["excitation filter"]
        wanted += [] if channel.dichroics or channel.spectral else ["dichroic mirror"]
        return wanted + ([] if channel.emission or channel.bands else ["emission filter"])

    def _subject(self, channel: Channel, number: int) -> str:
        """Return what was imaged, with its verb."""
        called = channel.name or f"channel {number + 1}"
        if channel.mode != "incident":
            kind = (
                "" if channel.mode == "transmitted" else f" {self.mark(['kind of illumination'], _of(channel, number))}"
            )
            kind = f" ({method(channel.method)})" if channel.mode == "transmitted" and len(self.channels) > 1 else kind
            return f"{_called(channel, number)}{kind} was"
        dyes = [d.text for d in channel.dyes if d.name]
        if not dyes:
            return f"Fluorescence in channel {channel.name or number + 1} {self.mark(['dye'], f'channel {called}')} was"
        same = called.casefold() in (d.name.casefold() for d in channel.dyes) or not channel.name
        again = sum(c.dyes == channel.dyes for c in self.channels) > 1
        verb = "was" if len(dyes) == 1 else "were"
        return f"{listing(dyes)}{'' if same and not again else f' (channel {called})'} {verb}"

    # -- detection ----------------------------------------------------------------------------------------------------

    def _detected(self, known: _Detection, channel: Channel, of: str, lead: str) -> str:
        missing = [] if channel.detectors and known.what else ["detector"]
        later = [] if channel.detectors or channel.exposure or channel.dwell else ["exposure time"]
        if known.what or known.facts:
            later = list(self._settings_wanted(channel))
        detector = f"{known.what} {self.mark(missing, of)}".strip()
        bands = f" at {listing(channel.bands)}" if channel.bands else ""
        facts = f", with {listing(known.facts)}" if known.facts else ""
        mark = self.mark(later, of)
        if detector:
            return sentence(f"{lead} was detected{bands} with {detector}{facts} {mark}")
        if known.facts or bands:
            return sentence(f"{lead} was detected{bands}{facts.replace(',', '', 1)} {mark}")
        return sentence(mark)

    @staticmethod
    def _settings_wanted(channel: Channel) -> Iterator[str]:
        cameras, points = any(d.camera for d in channel.detectors), any(d.point for d in channel.detectors)
        if not channel.dwell and (channel.scanning or not channel.exposure):
            yield "pixel dwell time" if channel.scanning or (points and not cameras) else "exposure time"
        if cameras and not any(d.binning for d in channel.detectors):
            yield "binning"
        if (cameras or points) and not any(d.gain or d.analog_gain or d.voltage for d in channel.detectors):
            yield "gain"
        if channel.confocal and not (channel.pinhole or channel.aperture):
            yield "pinhole size"

    # -- all together -------------------------------------------------------------------------------------------------

    def _unknown(self, dark: Sequence[int]) -> str:
        if not dark:
            return ""
        time = "pixel dwell time" if all(self.channels[n].scanning for n in dark) else "exposure time"
        what = "kind of illumination", "dye", "light source", "filters", "detector", time
        names = [self.channels[n].name or str(n + 1) for n in dark]
        of = f"channel{'s' if len(names) > 1 else ''} {listing(names)}"
        # A channel that has a dye is asked for the rest.
        known = all(self.channels[n].dyed for n in dark)
        wanted = [w for w in what if w != "dye" or not known]
        dyes = [d.text for n in dark for d in self.channels[n].dyes if d.name]
        said = sentence(f"{listing(dyes)} {'was' if len(dyes) == 1 else 'were'} imaged") if dyes else ""
        mark = self.mark(wanted, of)
        return f"{said} {mark.replace(' not known]', f' of {of} not known].')}".strip() if mark else said

    def _makers(self) -> str:
        """Mark once the parts of all channels of which the maker is not known."""
        missing = []
        for word, found in zip(_MAKERS, zip(*map(_parts, self.channels), strict=True), strict=False):
            parts = [p for of_channel in found for p in of_channel]
            different = {p for p in parts if not p.maker}
            if different:
                missing.append(f"the {word}{'s' if len(different) > 1 else ''}")
        if not missing:
            return ""
        mark = self.mark(
            [f"manufacturer{'s' if len(missing) > 1 or missing[0].endswith('s') else ''} of {listing(missing)}"]
        )
        return f"{mark}." if mark else ""


class _Detection(tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]):
    """What detected the light of a channel, and how it was set: the same for channels that share it."""

    __slots__ = ()

    @property
    def what(self) -> str:
        return self[0]

    @property
    def facts(self) -> tuple[str, ...]:
        return self[1]

    def __bool__(self) -> bool:
        return bool(self[0] or self[1])


def _detection(channel: Channel) -> _Detection:
    what = listing(a(phrase(d.part)) for d in channel.detectors if d.part is not None)
    # A point scanner exposes no plane as a whole: what a file calls the exposure is how long the scan of a plane took.
    exposed = "a scan time per plane" if channel.scanning else "an exposure time"
    facts = [f"{exposed} of {channel.exposure}" if channel.exposure else ""]
    facts.append(f"a pixel dwell time of {channel.dwell}" if channel.dwell else "")
    for detector in channel.detectors:
        facts += _settings(detector)
    facts.append(f"a pinhole of {channel.pinhole}" if channel.pinhole else "")
    facts.append(f"a pinhole aperture of {channel.aperture}" if channel.aperture and not channel.pinhole else "")
    wanted = tuple(ChannelWords._settings_wanted(channel))
    return _Detection((what, tuple(f for f in facts if f), channel.bands, wanted))


def _settings(detector: Detector) -> list[str]:
    found = [f"{detector.binning} binning" if detector.binning else ""]
    found.append(f"a gain of {detector.gain}" if detector.gain else "")
    found.append(f"an analog gain of {detector.analog_gain}" if detector.analog_gain else "")
    found.append(f"a voltage of {detector.voltage}" if detector.voltage else "")
    return found


def _sources(lights: Iterable[Light]) -> str:
    """Word the sources of a channel, each once, with the lines that were used and their powers."""
    by_part: dict[Part, list[Light]] = {}
    for light in lights:
        if light.part is not None:
            by_part.setdefault(light.part, []).append(light)
    return listing(_source(part, used) for part, used in by_part.items())


def _source(part: Part, used: Sequence[Light]) -> str:
    if len(used) == 1:
        return f"{a(phrase(part, used[0].wavelength))}{_power(used[0])}"
    lines = [f"{light.wavelength}{_power(light)}".strip() for light in used]
    return f"{a(phrase(part))} at {' and at '.join(lines) if len(lines) == 2 else listing(lines)}"


def _power(light: Light) -> str:
    if light.power:
        return f" set to {light.power}"
    return f" with an attenuation of {light.attenuation}" if light.attenuation else ""


def _called(channel: Channel, number: int) -> str:
    return f"Channel {channel.name or number + 1}"


def _of(channel: Channel, number: int) -> str:
    return f"channel {channel.name or number + 1}"


def _parts(channel: Channel) -> tuple[tuple[Part, ...], ...]:
    return (
        tuple(light.part for light in channel.lights if light.part is not None),
        channel.excitation,
        channel.dichroics,
        channel.emission,
        tuple(d.part for d in channel.detectors if d.part is not None),
    )
