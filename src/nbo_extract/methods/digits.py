"""Numbers of a text with fewer digits: measured ones alone, and never left of the decimal point.

What is engraved on a part (magnification, NA, refractive index), counted (pixels, planes, bits) or in a name stays.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.counting import counted
from nbo_extract.methods.facts import Channel, Detector, Environment, Light, Microscope, Part, Sampling, Setting

if TYPE_CHECKING:
    from nbo_extract.methods.facts import FileFacts

#: A decimal number in a text of numbers and units.
_NUMBER = re.compile(r"(?<![\w.])(\d+)\.(\d+)(?![\w.])")
#: Fields that hold measured numbers, or what holds some in turn.
_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    Setting: ("microscope", "sampling", "channels"),
    Microscope: ("environment",),
    Sampling: ("pixel_x", "pixel_y", "z_step", "interval"),
    Environment: ("temperature", "co2", "o2", "humidity"),
    Channel: (
        *("lights", "excitation", "dichroics", "emission", "bands", "detectors"),
        *("exposure", "dwell", "pinhole", "aperture"),
    ),
    Light: ("part", "wavelength", "power", "attenuation"),
    Detector: ("gain", "analog_gain", "voltage"),
    Part: ("ranges",),
}


def shortened(text: str, digits: int) -> str:
    """Round the decimal numbers of a text to significant digits; an integer part keeps all of its own.

    Parameters
    ----------
    text : str
        Of numbers and units alone.
    digits : int
    """

    def short(match: re.Match[str]) -> str:
        whole, fraction = match[1].lstrip("0"), match[2]
        leading = 0 if whole else len(fraction) - len(fraction.lstrip("0"))
        places = max(digits - len(whole) + leading, 0)
        if places >= len(fraction):
            return match[0]
        number = Decimal(match[0]).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        # 9.996 becomes 10.0, not 10.00.
        grown = places and number.adjusted() > Decimal(match[0]).adjusted()
        return format(number.quantize(Decimal(1).scaleb(1 - places)) if grown else number, "f")

    return _NUMBER.sub(short, text)


def rounded(file: FileFacts, digits: int) -> FileFacts:
    """Return the facts of a file with its measured numbers rounded."""
    return replace(file, images=tuple(replace(i, setting=_rounded(i.setting, digits)) for i in file.images))


def told(digits: int) -> str:
    """Say in a text that its numbers are rounded."""
    many = counted(digits, "significant digit")
    return (
        f"measured numbers are rounded to {many}, none left of the decimal point; the files state more "
        "(nbo-extract methods without --digits)"
    )


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, str):
        return shortened(value, digits)
    if isinstance(value, tuple):
        return tuple(_rounded(v, digits) for v in value)
    names = _FIELDS.get(type(value), ())
    return replace(value, **{n: _rounded(getattr(value, n), digits) for n in names}) if names else value
