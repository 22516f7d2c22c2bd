"""Light sources as channels use them: which of their lines was set, and whether two settings say one thing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from nbo_extract.model import Node

POWER: Final = "IlluminationPowerSettings"
ATTENUATION: Final = "Attenuation"
#: Of percent: rounding errors of a vendor's floats are smaller, what anybody sets is not.
_ALIKE = 1e-4


class Used(NamedTuple):
    """One setting of a light source.

    Attributes
    ----------
    settings : Node
    source : Node or None
    line : Node or None
        The line that was set; None where that is not certain.
    """

    settings: Node
    source: Node | None
    line: Node | None


def own_lines(source: Node) -> list[Node]:
    """Return the lines of a source itself."""
    return source.all("IlluminationWavelengthRange", "LEDModule")


def lines_of(source: Node, index: dict[str, Node]) -> list[Node]:
    """Return the lines of a source, and of the lasers that it is made of."""
    found = own_lines(source)
    for reference in source.all("LaserRef"):
        laser = index.get(reference.id)
        if laser is not None and laser is not source:
            found += laser.all("IlluminationWavelengthRange")
    return found


def lights_used(path: Node | None, index: dict[str, Node]) -> list[Used]:
    """Return the settings of light sources in a light path, each with its line.

    Parameters
    ----------
    path : Node or None
        LightPath of a channel.
    index : dict of str to Node
        From `Document.index`.

    Returns
    -------
    list of Used
        In their order. Where a source has as many settings as lines, each line was set, in this order.
    """
    settings = path.all("LightSourceSettings") if path is not None else []
    found, nth = [], dict[str, int]()
    for each in settings:
        source = index.get(each.id)
        lines = lines_of(source, index) if source is not None else []
        place = nth.get(each.id, 0)
        nth[each.id] = place + 1
        sure = sum(s.id == each.id for s in settings) == len(lines)
        found.append(Used(each, source, lines[place] if sure else None))
    return found


def repeats_power(settings: Node) -> bool:
    """Whether the attenuation of a light source says what its power does: the part that does not get through."""
    power, attenuation = settings.facts.get(POWER), settings.facts.get(ATTENUATION)
    if power is None or attenuation is None or power.unit != "%":
        return False
    if power.number is None or attenuation.number is None or not 0 <= attenuation.number <= 1:
        return False
    return math.isclose(float(power.number), 100 * (1 - float(attenuation.number)), abs_tol=_ALIKE)
