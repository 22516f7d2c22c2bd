"""What an ND2 file states of each frame, in columns: times, positions, exposures; the loops of its experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract.record import PlaneColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

AXES = {"TimeLoop": "T", "NETimeLoop": "T", "XYPosLoop": "P", "ZStackLoop": "Z"}
# Planes beyond this would need more memory than metadata may.
MAX_ROWS = 2_000_000


@dataclass(slots=True)
class Loops:
    """The loops of an experiment, from the outermost to the innermost, and their axes.

    Attributes
    ----------
    loops : list
        As the library decodes them.
    problem : str
        Why they are not known, empty where they are.
    """

    loops: list[Any] = field(default_factory=list)
    problem: str = ""

    def extent(self, axis: str) -> int:
        """Return how many places there are along an axis."""
        count = 1
        for loop in self.loops:
            if AXES.get(loop.type) == axis:
                count *= loop.count
        return count

    @property
    def frames(self) -> int:
        """Number of frames that the loops make."""
        count = 1
        for loop in self.loops:
            count *= loop.count
        return count

    def first(self, *kinds: str) -> Any:
        """Return the outermost loop of a kind, None where there is none."""
        return next((loop for loop in self.loops if loop.type in kinds), None)

    def places(self, frames: int) -> dict[str, list[int]]:
        """Return the index of each frame along each axis, in the order in which frames were taken."""
        out = {axis: [0] * frames for axis in "PTZ"}
        inner = 1
        factor = dict.fromkeys("PTZ", 1)
        for loop in reversed(self.loops):
            axis = AXES.get(loop.type)
            if axis is not None:
                scale = factor[axis]
                column = out[axis]
                for index in range(frames):
                    column[index] += index // inner % loop.count * scale
                factor[axis] *= loop.count
            inner *= loop.count
        return out


def texts(numbers: Sequence[float]) -> list[str | None]:
    """Return numbers as texts, the shortest of the very same double; None for what is no number."""
    # Frames often say the same: each number is written once.
    known: dict[float, str | None] = {}
    out: list[str | None] = []
    for number in numbers:
        text = known.get(number, "")
        if text == "":
            finite = number == number and abs(number) != float("inf")
            text = repr(number).removesuffix(".0") if finite else None
            if len(known) < 100_000:
                known[number] = text
        out.append(text)
    return out


def columns(
    places: dict[str, list[int]], chosen: list[int], channels: int, facts: dict[str, list[str | None]]
) -> PlaneColumns:
    """Return the columns of the chosen frames: each frame once a channel, as it holds the channels interleaved.

    ``facts`` are columns by their vendor path.
    """
    once: dict[str, list[str | None]] = {axis: [str(places[axis][i]) for i in chosen] for axis in "ZT"}
    out = {axis: column * channels for axis, column in once.items()}
    out["C"] = [str(c) for c in range(channels) for _ in chosen]
    for name, column in facts.items():
        mine = [column[i] if i < len(column) else None for i in chosen]
        if any(text is not None for text in mine):
            out[name] = mine * channels
    return PlaneColumns(out, {name: name for name in facts if name in out})
