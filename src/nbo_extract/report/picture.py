"""The drawing of a light path: where its parts stand, and the wavelengths on an axis. Numbers and texts, no markup."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.report.light_path import ChannelPath, Lane, Mark, Part, Role

#: Limits of the axis of wavelengths, in nanometres.
SHORTEST, LONGEST = 350, 800
WIDTH = 480
#: Colour of light whose wavelength is not stated.
NEUTRAL = ""

TITLES: dict[Role, str] = {
    "source": "Light source",
    "excitation": "Excitation filter",
    "splitter": "Dichroic",
    "condenser": "Condenser",
    "objective": "Objective",
    "sample": "Sample",
    "emission": "Emission filter",
    "prism": "Spectral band",
    "pinhole": "Pinhole",
    "detector": "Detector",
}
_UNSTATED = "not stated"
_STEP = 54
_TOP = 30
_AXIS_X = 240
_SOURCE_X, _FILTER_X = 50, 152
_LABEL_X = _AXIS_X + 36
# Characters that a line of a label holds, beside the axis and below the arm.
_WIDE, _NARROW = 30, 15
_ABOVE = ("sample", "objective")


@dataclass(frozen=True, slots=True)
class Station:
    """One part in the drawing.

    Attributes
    ----------
    role, title : str
    lines : tuple of str
        Its name in lines that fit.
    full : str
        The whole name and what is set.
    stated : bool
    x, y : float
        Its middle.
    label_x, label_y : float
        Where its title stands.
    anchor : str
        ``start`` or ``middle``.
    """

    role: Role
    title: str
    lines: tuple[str, ...]
    full: str
    stated: bool
    x: float
    y: float
    label_x: float
    label_y: float
    anchor: Literal["start", "middle"]


@dataclass(frozen=True, slots=True)
class Beam:
    """A straight piece of light; `kind` is ``excitation``, ``emission`` or ``light``."""

    kind: str
    x1: float
    y1: float
    x2: float
    y2: float
    colour: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn light path."""

    width: float
    height: float
    stations: tuple[Station, ...]
    beams: tuple[Beam, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A mark on the axis; `left` and `right` in drawing units, cut at the ends of the axis.

    Attributes
    ----------
    shape, text : str
        That of the mark; ``dot`` for a dye.
    left, right, label_x : float
    anchor, colour : str
        The colour is that of a line; bands have all the colours of the axis.
    sure : bool
    beyond : str
        ``left`` or ``right`` where the wavelength lies outside of the axis.
    """

    shape: str
    text: str
    left: float
    right: float
    label_x: float
    anchor: str
    colour: str
    sure: bool
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the spectrum: a title and what is stated; no marks where nothing is."""

    title: str
    y: float
    marks: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The wavelengths of a channel on an axis."""

    width: float
    height: float
    left: float
    right: float
    axis_y: float
    rows: tuple[Row, ...]
    ticks: tuple[tuple[int, float], ...]


def colour_of(wavelength: float | None) -> str:
    """Return the colour that people see at a wavelength, as ``#rrggbb``; violet and red stand for what is beyond.

    A piecewise linear approximation: it tells hues apart and measures nothing.
    """
    if wavelength is None:
        return NEUTRAL
    w = min(max(wavelength, 380.0), 700.0)
    stops = (
        (380, (106, 0, 168)), (420, (92, 16, 230)), (450, (0, 60, 255)), (480, (0, 150, 255)), (500, (0, 200, 160)),
        (520, (20, 200, 40)), (550, (120, 200, 0)), (570, (205, 190, 0)), (590, (250, 160, 0)), (610, (250, 95, 0)),
        (640, (225, 20, 10)), (700, (150, 0, 10)),
    )  # fmt: skip
    for (low, first), (high, second) in itertools.pairwise(stops):
        if w <= high:
            share = (w - low) / (high - low)
            mixed = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
            return "#" + "".join(f"{c:02x}" for c in mixed)
    return NEUTRAL


def rainbow() -> list[tuple[str, str]]:
    """Return the stops of the visible spectrum along the axis: an offset and a colour."""
    steps = range(SHORTEST, LONGEST + 1, 25)
    return [(f"{(w - SHORTEST) / (LONGEST - SHORTEST):.3f}", colour_of(w)) for w in steps]


# -- the path ---------------------------------------------------------------------------------------------------------


def picture(path: ChannelPath) -> Picture:
    """Return the drawing of a light path.

    Incident light goes in from the left and is turned up to the sample; transmitted light goes straight down.
    """
    excitation = colour_of(path.wavelength("light", "excitation"))
    emission = (
        colour_of(path.wavelength("emission")) or _dye_colour(path.marks) or colour_of(path.wavelength("detected"))
    )
    if path.mode == "transmitted":
        stations = [_beside(p, _TOP + i * _STEP) for i, p in enumerate(path.parts)]
        beams = [Beam("light", _AXIS_X, stations[0].y, _AXIS_X, stations[-1].y, colour_of(path.wavelength("light")))]
    else:
        stations, beams = _folded(path.parts, excitation, emission)
    height = max(max(s.y for s in stations) + 32, max(_bottom(s) for s in stations))
    told = "; ".join(f"{s.title}: {s.full or _UNSTATED}" for s in stations)
    return Picture(WIDTH, height, tuple(stations), tuple(beams), told)


def _dye_colour(marks: Iterable[Mark]) -> str:
    found = {m.low for m in marks if m.lane == "dye" and m.text.startswith("em ")}
    return colour_of(found.pop()) if len(found) == 1 else NEUTRAL


def _folded(parts: tuple[Part, ...], excitation: str, emission: str) -> tuple[list[Station], list[Beam]]:
    above = [p for role in _ABOVE for p in parts if p.role == role]
    turn = next((p for p in parts if p.role == "splitter"), None)
    arm = [p for p in parts if p.role in ("source", "excitation")]
    below = [p for p in parts if p not in above and p not in arm and p is not turn]
    middle = _TOP + len(above) * _STEP
    stations = [_under(p, _SOURCE_X if p.role == "source" else _FILTER_X, middle) for p in arm]
    stations += [_beside(turn, middle)] if turn is not None else []
    stations += [_beside(p, _TOP + i * _STEP) for i, p in enumerate(above)]
    stations += [_beside(p, middle + (i + 1) * _STEP) for i, p in enumerate(below)]
    end = middle + len(below) * _STEP
    beams = [
        Beam("excitation", _SOURCE_X, middle - 3, _AXIS_X - 3, middle - 3, excitation),
        Beam("excitation", _AXIS_X - 3, middle - 3, _AXIS_X - 3, _TOP, excitation),
        Beam("emission", _AXIS_X + 3, _TOP, _AXIS_X + 3, end, emission),
    ]
    return stations, beams


def _beside(part: Part, y: float) -> Station:
    """Place a part on the axis, with its name to the right."""
    lines = _wrapped(part.name, _WIDE, 2)
    if part.note and len(lines) < 2 and part.note not in part.name:
        lines = (*lines, part.note if len(part.note) <= _WIDE + 4 else part.note[: _WIDE + 3] + "…")
    first = y - 4 - 6.5 * (len(lines) - 1)
    return _station(part, lines, _AXIS_X, y, _LABEL_X, first, "start")


def _under(part: Part, x: float, y: float) -> Station:
    """Place a part on the arm, with its name below."""
    lines = _wrapped(part.name, _NARROW, 4)
    if part.note and len(lines) < 4:
        lines = (*lines, *_wrapped(part.note, _NARROW, 4 - len(lines)))
    return _station(part, lines, x, y, x, y + 38, "middle")


def _station(
    part: Part, lines: tuple[str, ...], x: float, y: float, label_x: float, label_y: float,
    anchor: Literal["start", "middle"],
) -> Station:  # fmt: skip
    full = ", ".join(filter(None, (part.name, part.note if part.note not in part.name else "")))
    title = TITLES[part.role]
    return Station(part.role, title, lines, full, bool(part.name), x, y, label_x, label_y, anchor)


def _wrapped(text: str, width: int, most: int) -> tuple[str, ...]:
    if not text:
        return (_UNSTATED,)
    lines = textwrap.wrap(text, width, break_long_words=True) or [text[:width]]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: width - 1].rstrip(" +,") + "…"]
    return tuple(lines)


def _bottom(station: Station) -> float:
    return station.label_y + 14 * (len(station.lines) + 1)


# -- the spectrum -----------------------------------------------------------------------------------------------------

_LEFT, _RIGHT = 76.0, 460.0
_ROW = 22.0
_GAP = 7.0
#: Rows of the spectrum: a title and the lanes that are in it.
_ROWS: dict[str, tuple[Lane, ...]] = {
    "Light": ("light",),
    "Excitation": ("excitation",),
    "Dichroic": ("splitter",),
    "Emission": ("emission",),
    "Detected": ("detected",),
    "Dye ex, em": ("dye",),
}
# Rows that are left out where nothing is stated, by the kind of illumination; and where the path has no such part.
_OPTIONAL = {
    "transmitted": frozenset({"Excitation", "Dichroic", "Emission", "Detected", "Dye ex, em"}),
    "unknown": frozenset({"Excitation", "Dichroic", "Emission", "Detected", "Dye ex, em"}),
    "incident": frozenset({"Detected"}),
}
_WITHOUT = {"Excitation": "excitation", "Emission": "emission"}


def place(wavelength: float) -> float:
    """Return where a wavelength stands on the axis."""
    return round(_LEFT + (wavelength - SHORTEST) / (LONGEST - SHORTEST) * (_RIGHT - _LEFT), 1)


def spectrum(path: ChannelPath) -> Spectrum | None:
    """Return the wavelengths of a channel on an axis, or None where none is stated."""
    if not path.marks:
        return None
    rows: list[Row] = []
    y = 14.0
    roles = {p.role for p in path.parts}
    for title, lanes in _ROWS.items():
        marks = [m for m in path.marks if m.lane in lanes]
        left_out = title in _OPTIONAL[path.mode] or (title in _WITHOUT and _WITHOUT[title] not in roles)
        if not marks and left_out:
            continue
        rows.append(Row(title, y, tuple(_labelled([_shown(m) for m in marks]))))
        y += _ROW
    ticks = tuple((w, place(w)) for w in range(SHORTEST, LONGEST + 1, 50))
    return Spectrum(WIDTH, y + 28, _LEFT, _RIGHT, y - 4, tuple(rows), ticks)


def _shown(mark: Mark) -> Shown:
    low, high = mark.low, mark.high
    if mark.shape == "from":
        low, high = mark.low, float(LONGEST)
    elif mark.shape == "to":
        low, high = float(SHORTEST), mark.low
    beyond = "left" if high < SHORTEST else "right" if low > LONGEST else ""
    left, right = (min(max(place(w), _LEFT), _RIGHT) for w in (min(low, high), max(low, high)))
    wide = (low + high) / 2 if mark.shape in ("line", "band") else mark.low
    shape = "dot" if mark.lane == "dye" else mark.shape
    return Shown(shape, mark.text, left, right, 0.0, "start", colour_of(wide), mark.sure, beyond)


def _labelled(marks: list[Shown]) -> list[Shown]:
    """Give each mark a place for its text that no other text takes; one without a place keeps its title only."""
    from dataclasses import replace

    taken: list[tuple[float, float]] = [(m.left - _GAP, m.right + _GAP) for m in marks]
    done = []
    for number, mark in enumerate(marks):
        width = len(mark.text) * 5.4 + 4
        others = [t for n, t in enumerate(taken) if n != number]
        spots = [(mark.right + _GAP, "start"), (mark.left - _GAP, "end")]
        if mark.right - mark.left > width:
            spots = [((mark.left + mark.right) / 2, "middle")]
        text, x, anchor = "", mark.right, "start"
        for spot, how in spots:
            start = spot if how == "start" else spot - width if how == "end" else spot - width / 2
            if start < _LEFT - 10 or start + width > WIDTH or any(start < b and a < start + width for a, b in others):
                continue
            text, x, anchor = mark.text, spot, how
            taken.append((start, start + width))
            break
        done.append(replace(mark, label_x=round(x, 1), anchor=anchor if text else "none"))
    return done
