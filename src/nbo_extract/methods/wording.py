"""From facts to sentences: nothing is said that is not stated, and what is wanted and missing is marked or listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from nbo_extract.methods.channels import ChannelWords
from nbo_extract.methods.english import a, counted, listing, method, phrase, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.methods.facts import Microscope, Objective, Sampling, Setting, Size

Mode = Literal["mark", "list", "none"]


class Gap(NamedTuple):
    """Something that a Methods section should say and that is not known: what, and of what."""

    what: str
    of: str = ""

    @property
    def text(self) -> str:
        """The two in words."""
        return f"{self.what} of {self.of}" if self.of else self.what


class Gaps:
    """Marks what is missing, and remembers it.

    Parameters
    ----------
    mode : {'mark', 'list', 'none'}
        Whether it stands in the text in square brackets.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.found: dict[Gap, None] = {}

    def mark(self, what: Iterable[str], of: str = "") -> str:
        """Note what is missing and return what the text has in its place."""
        missing = [w for w in dict.fromkeys(what) if w]
        self.found.update(dict.fromkeys(Gap(w, of) for w in missing))
        return f"[{listing(missing)} not known]" if missing and self.mode == "mark" else ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """How images that share a setting were taken, sentence by sentence; empty where nothing is to be said.

    Attributes
    ----------
    microscope, equipment, environment, objective, size : str
    channels : tuple of str
        One text a channel, and what they share.
    legend : str
        The short form.
    gaps, legend_gaps : tuple of Gap
        What is not known, of the whole and of the short form.
    """

    microscope: str
    equipment: str
    environment: str
    objective: str
    size: str
    channels: tuple[str, ...]
    legend: str
    gaps: tuple[Gap, ...]
    legend_gaps: tuple[Gap, ...]

    @property
    def text(self) -> str:
        """All sentences."""
        head = (self.microscope, self.equipment, self.environment, self.objective, self.size)
        return " ".join(filter(None, (*head, *self.channels)))


def paragraph(setting: Setting, sizes: Sequence[Size], mode: Mode = "mark") -> Paragraph:
    """Word how images were taken.

    Parameters
    ----------
    setting : Setting
    sizes : sequence of Size
        Of all images that were taken so.
    mode : {'mark', 'list', 'none'}
        What is done with what is missing.
    """
    gaps = Gaps(mode)
    channels = ChannelWords(setting.channels, gaps.mark)
    short = Gaps(mode)
    return Paragraph(
        _microscope(setting, gaps),
        _equipment(setting.microscope),
        _environment(setting.microscope),
        _objective(setting.objective, gaps),
        _size(setting.sampling, sizes, gaps),
        tuple(channels.texts()),
        _legend(setting, short),
        tuple(gaps.found),
        tuple(short.found),
    )


# -- the microscope ---------------------------------------------------------------------------------------------------


def _microscope(setting: Setting, gaps: Gaps) -> str:
    scope = setting.microscope
    methods = listing(method(c.method) for c in setting.channels)
    how = f" by {methods}" if methods else ""
    missing = [] if scope.stand is not None and scope.stand.title else ["stand"]
    software = listing(_software(scope, n, gaps) for n in range(len(scope.software)))
    if scope.stand is not None and scope.stand.title and not scope.stand.maker:
        missing = ["manufacturer of the stand"]
    missing += [] if software else ["acquisition software"]
    mark = gaps.mark(missing)
    stand = f"{a(_stand(scope))} {mark}".strip()
    if stand == "a microscope" and not how and not software:
        return ""
    return _close(f"Images were acquired{how} with {stand}{f', controlled by {software}' if software else ''}")


def _stand(scope: Microscope) -> str:
    stand = scope.stand
    if stand is None:
        return "microscope"
    place = {"InvertedMicroscopeStand": "inverted", "UprightMicroscopeStand": "upright"}.get(stand.element, "")
    kind = {"Compound": "compound", "Light sheet": "light-sheet", "Custom made": "custom-made"}.get(stand.type, "")
    noun = "stereomicroscope" if stand.type == "Stereomicroscope" else "microscope"
    origin = {"Commercial-custom modified": " (commercial, custom modified)", "Custom-built": " (custom-built)"}
    known = " ".join(filter(None, (stand.title, place, kind, noun)))
    return f"{known}{origin.get(scope.origin, '')}"


def _software(scope: Microscope, number: int, gaps: Gaps) -> str:
    software = scope.software[number]
    version = f"version {software.version}" if software.version and software.version not in software.name else ""
    missing = "" if software.version else gaps.mark(["version"], "the acquisition software")
    maker = software.maker if software.maker not in software.name else ""
    known = ", ".join(filter(None, (software.name, version)))
    made = "" if not maker else f", {maker}" if version.endswith(")") else f" ({maker})"
    return f"{known}{made} {missing}".strip()


def _equipment(scope: Microscope) -> str:
    parts = [p for p in (*scope.stages, *scope.focus, *scope.scanners, *scope.incubation) if p.title]
    return sentence(f"The microscope was equipped with {listing(a(phrase(p)) for p in parts)}") if parts else ""


def _environment(scope: Microscope) -> str:
    found = scope.environment
    if found is None:
        return ""
    percents = (found.co2, "CO2"), (found.o2, "O2"), (found.humidity, "humidity")
    words = [found.temperature, *(f"{value.rstrip(' %')} % {what}" for value, what in percents if value)]
    return sentence(f"Imaging took place at {listing(words)}")


def _objective(objective: Objective | None, gaps: Gaps) -> str:
    if objective is None:
        mark = gaps.mark(["objective"])
        return f"{mark}." if mark else ""
    missing = {
        "manufacturer": objective.part.maker,
        "model": objective.part.title,
        "magnification": objective.magnification,
        "numerical aperture": objective.na,
        "immersion": objective.immersion,
    }
    mark = gaps.mark((word for word, value in missing.items() if not value), "the objective")
    facts = [*lens(objective), *_setting_of(objective)]
    title = f"{objective.part.title} objective" if objective.part.title else "objective"
    brackets = f" ({', '.join(facts)})" if facts else ""
    return _close(f"{a(title)}{brackets} {mark} was used")


def lens(objective: Objective) -> list[str]:
    """Return magnification, NA, correction and immersion in words."""
    model = _folded(objective.part.title)
    facts = [f"{objective.magnification}×" if objective.magnification else ""]
    facts.append(f"NA {objective.na}" if objective.na else "")
    correction = objective.correction
    facts.append(correction if correction not in ("", "Other") and _folded(correction) not in model else "")
    kind = objective.immersion.casefold()
    facts.append("air" if kind == "air" else f"{kind} immersion" if kind not in ("", "other") else "")
    return [f for f in facts if f]


def _setting_of(objective: Objective) -> list[str]:
    facts = [f"immersion liquid {objective.liquid}" if objective.liquid else ""]
    facts.append(f"refractive index {objective.refractive_index}" if objective.refractive_index else "")
    facts.append(f"correction collar at {objective.collar}" if objective.collar else "")
    return [f for f in facts if f]


def _folded(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# -- the images -------------------------------------------------------------------------------------------------------


def _size(sampling: Sampling, sizes: Sequence[Size], gaps: Gaps) -> str:
    plane = _planes_of(sizes)
    channels = _numbers(s.c for s in sizes)
    pixels = pixel_size(sampling)
    # A depth is not asked for at tier 1.
    depth = f"a bit depth of {counted(sampling.bits, 'bit')}" if sampling.bits else ""
    depth = depth or (f"the pixel type {sampling.pixel_type}" if sampling.pixel_type else "")
    facts = [f"a pixel size of {pixels}{',' if ' in x and ' in pixels and depth else ''}" if pixels else "", depth]
    missing = [] if plane else ["image size"]
    known = {axis for axis, text in (("x", sampling.pixel_x), ("y", sampling.pixel_y)) if text}
    lacking = {axis for axis in "xy" if any(getattr(s, axis) not in ("", "1") for s in sizes)} - known
    missing += ["pixel size"] if not known else [f"pixel size in {axis}" for axis in sorted(lacking)]
    if not plane and not any(facts):
        mark = gaps.mark(missing)
        return f"{mark}." if mark else ""
    many = f" in {counted(channels, 'channel')}" if channels not in ("", "1") else ""
    single = "" if sampling.stack or sampling.series or not plane else _single(sizes)
    what = f"{f'Images of {plane}' if plane else 'Images'}{single} were recorded{many}"
    with_them = f"with {' and '.join(filter(None, facts))}" if any(facts) else ""
    return f"{_close(f'{what} {with_them} {gaps.mark(missing)}')} {_more(sampling, sizes, gaps)}".strip()


def _planes_of(sizes: Sequence[Size]) -> str:
    """Return the sizes in pixels: up to four of them, or the smallest and the largest."""
    found = list(dict.fromkeys((s.x, s.y) for s in sizes if s.x and s.y))
    found.sort(key=lambda s: (int(s[0]) * int(s[1]), s) if s[0].isdecimal() and s[1].isdecimal() else (0, s))
    texts = [f"{x} × {y}" for x, y in found]
    if len(texts) > 4:
        return f"{texts[0]} to {texts[-1]} pixels"
    return f"{listing(texts, 'or')} pixels" if texts else ""


def _single(sizes: Sequence[Size]) -> str:
    known = [
        w for w, values in (("plane", {s.z for s in sizes}), ("time point", {s.t for s in sizes})) if values == {"1"}
    ]
    return f" ({', '.join(f'single {w}' for w in known)})" if known else ""


def _numbers(values: Iterable[str]) -> str:
    """Return one number, or the smallest and the largest of several."""
    found = sorted({v for v in values if v.isdecimal()}, key=int)
    return "" if not found else found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def pixel_size(sampling: Sampling) -> str:
    """Return the size of a pixel: once where x and y share it."""
    x, y = sampling.pixel_x, sampling.pixel_y
    return x if x == y else listing(f"{text} in {axis}" for axis, text in (("x", x), ("y", y)) if text)


def _more(sampling: Sampling, sizes: Sequence[Size], gaps: Gaps) -> str:
    """Word planes, time points and tiles."""
    planes, times = (_numbers(values) for values in ((s.z for s in sizes), (s.t for s in sizes)))
    tiles = _numbers(s.tiles for s in sizes)
    missing = ["z-step"] if sampling.stack and not sampling.z_step else []
    missing += ["time interval"] if sampling.series and not sampling.interval else []
    what, when = "Images", ""
    if sampling.stack:
        what = f"Stacks of {counted(planes, 'plane')}{f' (z-step {sampling.z_step})' if sampling.z_step else ''}"
    if sampling.series:
        interval = f" (interval {sampling.interval})" if sampling.interval else ""
        when = f" at {counted(times, 'time point')}{interval}"
    where = f" in {counted(tiles, 'tile')}" if tiles not in ("", "1") else ""
    if not (sampling.stack or when or where):
        return ""
    return _close(f"{what} were recorded{when}{where} {gaps.mark(missing)}")


# -- the short form ---------------------------------------------------------------------------------------------------


def _legend(setting: Setting, gaps: Gaps) -> str:
    dyes = listing(d.name for c in setting.channels for d in c.dyes)
    without = [c.name or str(n) for n, c in enumerate(setting.channels, 1) if c.mode != "transmitted" and not c.dyed]
    how = listing(method(c.method) for c in setting.channels)
    s = "s" if len(without) > 1 else ""
    unknown = gaps.mark([f"dye{s} of channel{s} {listing(without)}"] if without else [])
    lead = f"{f'Images of {dyes}' if dyes else 'Images'} {unknown}".strip()
    stand = setting.microscope.stand
    scope = f"{a(stand.title)} microscope" if stand is not None and stand.title else a("microscope")
    unknown = gaps.mark([] if stand is not None and stand.title else ["stand"])
    objective = setting.objective
    with_lens = gaps.mark(["objective"]) if objective is None else ""
    if objective is not None:
        facts = f" ({', '.join(lens(objective))})" if lens(objective) else ""
        with_lens = (
            f"{a(objective.part.title + ' objective')}{facts}" if objective.part.title else f"an objective{facts}"
        )
    pixels = pixel_size(setting.sampling)
    scale = [f"pixel size {pixels}" if pixels else gaps.mark(["pixel size"])]
    scale += [f"z-step {setting.sampling.z_step}"] if setting.sampling.z_step else []
    scale += [f"time interval {setting.sampling.interval}"] if setting.sampling.interval else []
    joint = f" and {with_lens}" if with_lens else ""
    first = _close(f"{lead} were acquired{f' by {how}' if how else ''} with {scope} {unknown}{joint}")
    return f"{first} {sentence('; '.join(filter(None, scale)))}".strip()


def _close(text: str) -> str:
    """Make a sentence of words of which some may be empty."""
    return sentence(" ".join(text.split()).replace(" ,", ",").replace(" .", "."))
