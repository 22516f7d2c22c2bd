"""Units of the NBO model: exact conversion of texts, nothing rounded.

Factors are fractions, so a result is either exact or refused. Only units that NBO spells are known; `normalise` maps a
few other spellings to them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from nbo_extract.values import PLAIN

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "": 0,
    "d": -1, "c": -2, "m": -3, "µ": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
_PREFIXED = {
    "m": "length",
    "s": "time",
    "W": "power",
    "V": "voltage",
    "Hz": "frequency",
    "Pa": "pressure",
}
_INCH = Fraction(254, 10000)
# Unit to (dimension, factor to the base unit of the dimension). Units of a dimension of their own convert to nothing.
_PLAIN: dict[str, tuple[str, Fraction]] = {
    "Å": ("length", Fraction(1, 10**10)),
    "thou": ("length", _INCH / 1000),
    "li": ("length", _INCH / 12),
    "in": ("length", _INCH),
    "ft": ("length", _INCH * 12),
    "yd": ("length", _INCH * 36),
    "mi": ("length", _INCH * 63360),
    "pt": ("length", _INCH / 72),
    "ua": ("length", Fraction(149597870700)),
    "ly": ("length", Fraction(9460730472580800)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86400)),
    "fps": ("frequency", Fraction(1)),
    "m/s": ("velocity", Fraction(1)),
    "mm/s": ("velocity", Fraction(1, 10**3)),
    "µm/s": ("velocity", Fraction(1, 10**6)),
    "nm/s": ("velocity", Fraction(1, 10**9)),
    "deg": ("angle", Fraction(1, 180)),
    "gon": ("angle", Fraction(1, 200)),
    "bar": ("pressure", Fraction(10**5)),
    "Mbar": ("pressure", Fraction(10**11)),
    "kbar": ("pressure", Fraction(10**8)),
    "dbar": ("pressure", Fraction(10**4)),
    "cbar": ("pressure", Fraction(10**3)),
    "mbar": ("pressure", Fraction(100)),
    "atm": ("pressure", Fraction(101325)),
    "psi": ("pressure", Fraction("4.4482216152605") / Fraction("0.00064516")),
    "Torr": ("pressure", Fraction(101325, 760)),
    "mTorr": ("pressure", Fraction(101325, 760000)),
    "mm Hg": ("pressure", Fraction("133.322387415")),
    "bel": ("level", Fraction(1)),
    "decibel (dB)": ("level", Fraction(1, 10)),
    "liter": ("volume", Fraction(1)),
    "ml": ("volume", Fraction(1, 10**3)),
    "cm3": ("volume", Fraction(1, 10**3)),
    "µl": ("volume", Fraction(1, 10**6)),
    "Coulomb": ("charge", Fraction(1)),
    "e-": ("charge", Fraction("1.602176634e-19")),
    "mg/ml": ("mass concentration", Fraction(1)),
    "µg/µl": ("mass concentration", Fraction(1)),
    "ng/µl": ("mass concentration", Fraction(1, 10**3)),
    "W/m2": ("irradiance", Fraction(1)),
    "mW/µm2": ("irradiance", Fraction(10**9)),
    "mW/nm2": ("irradiance", Fraction(10**15)),
    "µW/µm2": ("irradiance", Fraction(10**6)),
    "µW/nm2": ("irradiance", Fraction(10**12)),
    "kg/m3": ("density", Fraction(1)),
    "g/ml": ("density", Fraction(10**3)),
    "A": ("current", Fraction(1)),
}
_OWN = (
    "Pixel", "reference frame", "Pixel per second", "%", "e-/Pixel/sec", "e- rms", "%(W/V)", "%(V/V)", "Units/ml",
    "mg/µg", "µg/ng",
)  # fmt: skip
_RADIANS = {"rad": 0, "mrad": -3, "µrad": -6}
# Scale to kelvin and zero point in kelvin.
_TEMPERATURES = {
    "K": (Fraction(1), Fraction(0)),
    "°C": (Fraction(1), Fraction("273.15")),
    "°R": (Fraction(5, 9), Fraction(0)),
    "°F": (Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
}
_ALIASES = {
    "micron": "µm",
    "microns": "µm",
    "sec": "s",
    "msec": "ms",
    "µsec": "µs",
    "nsec": "ns",
    "degree": "deg",
    "degrees": "deg",
    "°": "deg",
    "degC": "°C",
    "degF": "°F",
    "dB": "decibel (dB)",
    "mmHg": "mm Hg",
}
# Forty digits: for comparing angles and astronomical lengths only, never for a value that is written.
_PI = Fraction("3.141592653589793238462643383279502884197")
# The range of xsd:double; a text beyond it is no measurement.
_LARGEST_EXPONENT = 400


class UnitError(ValueError):
    """A value cannot be converted; the message says why."""


@dataclass(frozen=True, slots=True)
class _Unit:
    dimension: str
    factor: Fraction
    zero: Fraction = Fraction(0)
    pi: int = 0


@functools.cache
def _table() -> dict[str, _Unit]:
    table: dict[str, _Unit] = {}
    for base, kind in _PREFIXED.items():
        for prefix, power in _PREFIXES.items():
            table[prefix + base] = _Unit(kind, Fraction(10) ** power)
    for unit, (kind, factor) in _PLAIN.items():
        table[unit] = _Unit(kind, factor)
    # The base of angles is the half turn, in which degree and gon are fractions and the radian is 1/pi.
    for unit, power in _RADIANS.items():
        table[unit] = _Unit("angle", Fraction(10) ** power, pi=-1)
    table["pc"] = _Unit("length", 648000 * table["ua"].factor, pi=-1)
    for unit, (factor, zero) in _TEMPERATURES.items():
        table[unit] = _Unit("temperature", factor, zero)
    for unit in _OWN:
        table[unit] = _Unit(unit, Fraction(1))
    return table


def normalise(unit: str) -> str:
    """Return NBO's spelling of a unit, or the text without outer blanks where none is known.

    Greek mu and a leading ``u`` become the micro sign, ``micron``, ``sec``, ``°`` and a few others NBO's symbols.
    """
    text = unit.strip().replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}").replace("\N{ANGSTROM SIGN}", "Å")
    if text in _table():
        return text
    micro = "\N{MICRO SIGN}" + text[1:] if text.startswith("u") else text
    for candidate in (_ALIASES.get(text), micro, _ALIASES.get(micro)):
        if candidate is not None and candidate in _table():
            return candidate
    return text


def dimension(unit: str) -> str | None:
    """Return the dimension of a unit, such as ``length``; None where the unit is not known (or is ``Other``).

    Units that convert to nothing else (``Pixel``, ``%``, ``e- rms``) are a dimension of their own name.
    """
    known = _table().get(normalise(unit))
    return None if known is None else known.dimension


def convert(text: str, given: str, wanted: str) -> str:
    """Convert a number to another unit, exactly.

    Parameters
    ----------
    text : str
        A decimal number; an exponent is allowed.
    given, wanted : str
        Units; spellings that `normalise` knows are accepted.

    Returns
    -------
    str
        The number without exponent and without trailing zeros; `text` as it is (without outer blanks) where both
        units are the same.

    Raises
    ------
    UnitError
        If the text is no number, a unit is not known, the dimensions differ, or the result has no finite decimal
        form (such as 100 °F in °C).
    """
    if given == wanted and PLAIN.fullmatch(text):
        return text
    number = _fraction(text)
    if normalise(given) == normalise(wanted):
        return text.strip()
    start, end = _pair(given, wanted)
    if start.pi != end.pi:
        raise UnitError(f"{text} {given} has no exact value in {wanted}")
    return _plain(((number * start.factor + start.zero) - end.zero) / end.factor, f"{text} {given} in {wanted}")


def same(first: str, first_unit: str | None, second: str, second_unit: str | None) -> bool:
    """Whether two texts state the same quantity.

    Numbers are equal up to a millionth of the larger one: the dust of single precision, not a measurement's
    uncertainty. A missing unit equals a missing unit only.

    Raises
    ------
    UnitError
        If a text is no number or the units cannot be compared.
    """
    a, b = _fraction(first), _fraction(second)
    if first_unit is not None and second_unit is not None and normalise(first_unit) != normalise(second_unit):
        start, end = _pair(first_unit, second_unit)
        a = a * start.factor * _PI**start.pi + start.zero
        b = b * end.factor * _PI**end.pi + end.zero
    elif (first_unit is None) != (second_unit is None):
        raise UnitError(f"{first} and {second} cannot be compared: one has no unit")
    return abs(a - b) <= max(abs(a), abs(b)) / 1_000_000


def _pair(given: str, wanted: str) -> tuple[_Unit, _Unit]:
    table = _table()
    found = []
    for unit in (given, wanted):
        known = table.get(normalise(unit))
        if known is None:
            raise UnitError(f"unit {unit!r} is not known")
        found.append(known)
    start, end = found
    if start.dimension != end.dimension:
        raise UnitError(f"{given} ({start.dimension}) does not convert to {wanted} ({end.dimension})")
    return start, end


def _fraction(text: str) -> Fraction:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise UnitError(f"{text!r} is no number") from None
    if not number.is_finite() or (number and abs(number.adjusted()) > _LARGEST_EXPONENT):
        raise UnitError(f"{text!r} is no finite number")
    return Fraction(number)


def _plain(value: Fraction, label: str) -> str:
    """Write a fraction as a finite decimal: its denominator must hold no factor but 2 and 5."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        raise UnitError(f"{label} has no finite decimal form")
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole, part = (digits[:-places], digits[-places:]) if places else (digits, "")
    return ("-" if value < 0 else "") + whole + (f".{part}" if part else "")
