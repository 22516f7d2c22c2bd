"""Exact conversion between the units of the NBO model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract.schema import load
from nbo_extract.units import UnitError, convert, dimension, normalise, same


@pytest.mark.parametrize(
    ("text", "start", "end", "result"),
    [
        ("0.19", "mm", "µm", "190"),
        ("190", "µm", "mm", "0.19"),
        ("1.9E2", "um", "mm", "0.19"),
        ("4.5399999999999995E-06", "m", "µm", "4.5399999999999995"),
        ("-3", "mm", "nm", "-3000000"),
        ("0", "m", "nm", "0"),
        ("1", "Å", "nm", "0.1"),
        ("1", "in", "mm", "25.4"),
        ("1", "ft", "m", "0.3048"),
        ("1.5", "min", "s", "90"),
        ("1", "d", "h", "24"),
        ("250", "mW", "W", "0.25"),
        ("700", "V", "mV", "700000"),
        ("39", "MHz", "kHz", "39000"),
        ("20", "fps", "Hz", "20"),
        ("2.5", "mm/s", "nm/s", "2500000"),
        ("90", "deg", "gon", "100"),
        ("1", "rad", "mrad", "1000"),
        ("1", "atm", "Pa", "101325"),
        ("1013.25", "mbar", "hPa", "1013.25"),
        ("37", "°C", "K", "310.15"),
        ("310.15", "K", "°C", "37"),
        ("37", "°C", "°F", "98.6"),
        ("98.6", "°F", "°C", "37"),
        ("-40", "°F", "°C", "-40"),
        ("0", "K", "°R", "0"),
        ("1", "Ym", "ym", "1" + "0" * 48),
    ],
)
def test_conversion_is_exact(text: str, start: str, end: str, result: str) -> None:
    assert convert(text, start, end) == result


def test_the_same_unit_leaves_the_text_alone() -> None:
    assert convert(" 1.40 ", "µm", "\N{GREEK SMALL LETTER MU}m") == "1.40"
    assert convert("7", "Other", "Other") == "7"


@pytest.mark.parametrize(
    ("text", "start", "end", "message"),
    [
        ("x", "m", "mm", "'x' is no number"),
        ("NaN", "m", "mm", "'NaN' is no finite number"),
        ("1e999999", "m", "mm", "'1e999999' is no finite number"),
        ("1", "m", "s", "m (length) does not convert to s (time)"),
        ("1", "Pixel", "µm", "Pixel (Pixel) does not convert to µm (length)"),
        ("1", "e- rms", "A", "e- rms (e- rms) does not convert to A (current)"),
        ("1", "furlong", "m", "unit 'furlong' is not known"),
        ("1", "Other", "m", "unit 'Other' is not known"),
        ("100", "°F", "°C", "100 °F in °C has no finite decimal form"),
        ("1", "s", "min", "1 s in min has no finite decimal form"),
        ("180", "deg", "rad", "180 deg has no exact value in rad"),
        ("1", "pc", "m", "1 pc has no exact value in m"),
    ],
)
def test_what_cannot_be_converted_is_refused(text: str, start: str, end: str, message: str) -> None:
    with pytest.raises(UnitError) as caught:
        convert(text, start, end)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("um", "\N{MICRO SIGN}m"),
        ("\N{GREEK SMALL LETTER MU}m", "\N{MICRO SIGN}m"),
        ("\N{MICRO SIGN}m", "\N{MICRO SIGN}m"),
        ("micron", "\N{MICRO SIGN}m"),
        ("us", "\N{MICRO SIGN}s"),
        ("uW", "\N{MICRO SIGN}W"),
        (" nm ", "nm"),
        ("\N{ANGSTROM SIGN}", "Å"),
        ("°", "deg"),
        ("ua", "ua"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_spellings(text: str, symbol: str) -> None:
    assert normalise(text) == symbol


def test_every_unit_of_the_model_but_other_is_known() -> None:
    units = {
        value
        for kind in load().walk()
        for attribute in kind.attributes.values()
        if attribute.unit in kind.attributes and attribute.type.numeric
        for value in kind.attributes[attribute.unit].type.enum
    }
    assert {u for u in units if dimension(u) is None} == {"Other"}
    assert {u for u in units if normalise(u) != u} == set()


def test_dimensions() -> None:
    assert dimension("\N{GREEK SMALL LETTER MU}m") == "length"
    assert dimension("fps") == "frequency"
    assert dimension("%") == "%"
    assert dimension("Other") is None
    assert {d for u in ("°C", "°F", "K", "°R") if (d := dimension(u))} == {"temperature"}


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        (("0.19", "mm"), ("190", "µm"), True),
        (("1.4", None), ("1.40", None), True),
        (("4.54", "µm"), ("4.5399999999999995E-06", "m"), True),
        (("0.1", None), ("0.10000000149011612", None), True),
        (("100", "µm"), ("105", "µm"), False),
        (("100", "µm"), ("100.001", "µm"), False),
        (("0", "mm"), ("0", "µm"), True),
        (("180", "deg"), ("3.14159265358979", "rad"), True),
        (("37", "°C"), ("98.6", "°F"), True),
        (("20", "Other"), ("20", "Other"), True),
    ],
)
def test_same_quantity(first: tuple[str, str | None], second: tuple[str, str | None], equal: bool) -> None:
    assert same(*first, *second) is equal
    assert same(*second, *first) is equal


def test_a_value_without_unit_is_not_compared_with_one_that_has_one() -> None:
    with pytest.raises(UnitError, match="one has no unit"):
        same("1", None, "1", "mm")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.sampled_from(["nm", "µm", "mm", "Å", "in"]))
def test_there_and_back(number: object, unit: str) -> None:
    metres = convert(str(number), unit, "m")
    assert "E" not in metres
    assert same(convert(metres, "m", unit), unit, str(number), unit)
