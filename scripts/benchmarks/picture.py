"""Curves as SVG: axes with units, a grid of decades, each curve with its name at its end; for light and dark pages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 44, 108, 62
_STYLE = """
    .page { fill: #ffffff; stroke: #d5dae1 }
    text { font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; font-size: 13px; \
fill: #4b5563 }
    .title { font-size: 16px; font-weight: 600; fill: #111827 }
    .name { fill: #111827 }
    .grid { stroke: #e5e7eb } .axis { stroke: #9ca3af } .straight { stroke: #9ca3af; stroke-dasharray: 5 5 }
    .c0 { fill: #0b65a8 } .c1 { fill: #c2500a } .c2 { fill: #0f7a55 }
    .l0 { stroke: #0b65a8 } .l1 { stroke: #c2500a } .l2 { stroke: #0f7a55 }
    path { fill: none; stroke-width: 2.25; stroke-linejoin: round }
    .axis { stroke-width: 1 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #14181f; stroke: #2b323d }
      text { fill: #a7b0bd } .title, .name { fill: #edf1f6 }
      .grid { stroke: #262d37 } .axis, .straight { stroke: #697383 }
      .c0 { fill: #62b5f5 } .c1 { fill: #f59a52 } .c2 { fill: #4fd0a0 }
      .l0 { stroke: #62b5f5 } .l1 { stroke: #f59a52 } .l2 { stroke: #4fd0a0 }
    }
"""


@dataclass(frozen=True)
class Axis:
    """One axis: what is on it, in which unit (s, B, or none), and whether it is logarithmic."""

    name: str
    unit: str = ""
    log: bool = True


def amount(value: float, unit: str) -> str:
    """Return a number as a label has it: 10 ms, 1 s, 50 MB, 10,000."""
    steps = {"s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")), "B": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))}.get(unit, ())
    for size, name in steps:
        if value >= size * 0.9995:
            shown = value / size
            return f"{shown:,.0f} {name}" if shown >= 1000 else f"{shown:.3g} {name}"
    return f"{value:,.0f}" if value >= 1 or not value else f"{value:.3g}"


def ticks(low: float, high: float, log: bool) -> list[float]:
    """Return where an axis is marked: decades, or up to six even steps from nothing on."""
    if log:
        return [10.0**k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    step = 10.0 ** math.floor(math.log10(high))
    step = next(step * f for f in (0.1, 0.2, 0.25, 0.5, 1, 2) if high / (step * f) <= 6)
    return [step * n for n in range(math.ceil(high / step - 1e-9) + 1)]


class Scale:
    """From numbers of an axis to places of the picture."""

    def __init__(self, axis: Axis, values: Sequence[float], start: float, end: float) -> None:
        self.axis, self.start, self.end = axis, start, end
        self.ticks = ticks(min(values), max(values), axis.log)
        self._low, self._high = self._of(self.ticks[0]), self._of(self.ticks[-1])

    def _of(self, value: float) -> float:
        return math.log10(value) if self.axis.log else value

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        share = (self._of(value) - self._low) / (self._high - self._low or 1)
        return round(self.start + share * (self.end - self.start), 1)


def _grid(x: Scale, y: Scale) -> list[str]:
    parts = []
    for value in x.ticks:
        at = x(value)
        parts.append(f'<line class="grid" x1="{at}" y1="{_TOP}" x2="{at}" y2="{HEIGHT - _BOTTOM}"/>')
        parts.append(
            f'<text x="{at}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle">{amount(value, x.axis.unit)}</text>'
        )
    for value in y.ticks:
        at = y(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" y1="{at}" x2="{WIDTH - _RIGHT}" y2="{at}"/>')
        parts.append(f'<text x="{_LEFT - 10}" y="{at + 4.5}" text-anchor="end">{amount(value, y.axis.unit)}</text>')
    parts.append(f'<path class="axis" d="M{_LEFT} {_TOP}V{HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}"/>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle">{escape(x.axis.name)}</text>')
    parts.append(f'<text x="20" y="{_TOP - 14}">{escape(y.axis.name)}</text>')
    return parts


def _straight(x: Scale, y: Scale, points: Sequence[tuple[float, float]]) -> list[str]:
    """Return the line that a cost in step with the number would follow, through the last point."""
    n, cost = max(points)
    low = max(x.ticks[0], n * y.ticks[0] / cost)
    line = f'x1="{x(low)}" y1="{y(cost * low / n)}" x2="{x(n)}" y2="{y(cost)}"'
    return [f'<line class="straight" {line}/>']


def _mark(number: int, x: float, y: float) -> str:
    """Return the mark of a point: the curves differ in its form as well as in colour."""
    if number % 2 == 0:
        return f'<circle class="c{number % 3}" cx="{x}" cy="{y}" r="4"/>'
    return f'<rect class="c{number % 3}" x="{x - 3.75:.1f}" y="{y - 3.75:.1f}" width="7.5" height="7.5"/>'


def _curve(number: int, x: Scale, y: Scale, points: Sequence[tuple[float, float]]) -> list[str]:
    places = [(x(n), y(cost)) for n, cost in sorted(points)]
    line = "L".join(f"{a} {b}" for a, b in places)
    parts = [f'<path class="l{number % 3}" d="M{line}"/>']
    return parts + [_mark(number, a, b) for a, b in places]


def _legend(names: Sequence[str], straight: bool) -> list[str]:
    parts, at, high = [], 25, 58
    for number, name in enumerate(names):
        parts.append(_mark(number, at, high - 4.5))
        parts.append(f'<text class="name" x="{at + 11}" y="{high}">{escape(name)}</text>')
        at += 38 + round(len(name) * 7.3)
    if straight:
        parts.append(f'<line class="straight" x1="{at - 6}" y1="{high - 4.5}" x2="{at + 18}" y2="{high - 4.5}"/>')
        parts.append(f'<text x="{at + 26}" y="{high}">exponent 1</text>')
    return parts


def picture(title: str, x: Axis, y: Axis, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return the SVG of curves; with two logarithmic axes, a dashed line shows growth in step with the number."""
    points = [p for curve in curves.values() for p in curve]
    across = Scale(x, [p[0] for p in points], _LEFT, WIDTH - _RIGHT)
    up = Scale(y, [p[1] for p in points], HEIGHT - _BOTTOM, _TOP)
    both = x.log and y.log
    parts = _grid(across, up)
    for number, curve in enumerate(curves.values()):
        parts += _straight(across, up, curve) if both else []
        parts += _curve(number, across, up, curve)
    parts += _legend(list(curves), both)
    body = "\n  ".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img">\n  <title>{escape(title)}</title>\n  <style>{_STYLE}  </style>\n'
        f'  <rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>\n'
        f'  <text class="title" x="20" y="34">{escape(title)}</text>\n  {body}\n</svg>\n'
    )
