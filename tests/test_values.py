"""Texts of a source as texts of NBO types."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.schema import SimpleType, load
from nbo_extract.values import PLAIN, all_canonical, canonical, number_text, shortest


def kind(element: str, attribute: str) -> SimpleType:
    return load().element(element).attributes[attribute].type


def of(primitive: str) -> SimpleType:
    """Type of the first attribute in the model that has a plain primitive type."""
    for declaration in load().walk():
        for attribute in declaration.attributes.values():
            if attribute.type.name == primitive:
                return attribute.type
    raise AssertionError(primitive)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("-0.000", "0"),
        ("0E+10", "0"),
        ("1.50", "1.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("-2.5E-7", "-0.00000025"),
        ("488.00000000000006", "488.00000000000006"),
        # More digits than the default context of decimals holds.
        ("1.23456789012345678901234567890123456", "1.23456789012345678901234567890123456"),
        ("98765432109876543210987654321098765", "98765432109876543210987654321098765"),
        ("1E-39", "0." + "0" * 38 + "1"),
        ("1E-40", "1E-40"),
        ("4.5E+45", "4.5E+45"),
    ],
)
def test_number_text(number: str, text: str) -> None:
    assert number_text(Decimal(number)) == text


@settings(deadline=None, derandomize=True)
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_number_text_is_exact(number: Decimal) -> None:
    assert Decimal(number_text(number)) == number


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1.3999999999999999", "1.4"),
        ("1.4000000000000001", "1.4000000000000001"),
        ("0.29999999999999999", "0.3"),
        ("1.2000000000000002", "1.2000000000000002"),
        ("488.00000000000006", "488.00000000000006"),
        ("4.8800000000000003e-007", "4.88e-07"),
        ("-0.10000000000000001", "-0.1"),
        ("60.100000000000001", "60.1"),
        # Fewer digits: nobody's print of a double, left alone down to the last zero.
        ("1.400", "1.400"),
        ("0.00000000000000000001", "0.00000000000000000001"),
        ("7.2063492063492E-08", "7.2063492063492E-08"),
        ("1E5", "1E5"),
        # A whole number is not a double: this one would become ...568.
        ("12345678901234567", "12345678901234567"),
        ("12345678901234567.5e300", "12345678901234567.5e300"),
        ("0.1234567890123456 mm", "0.1234567890123456 mm"),
        ("", ""),
        ("n/a", "n/a"),
    ],
)
def test_shortest(text: str, result: str) -> None:
    assert shortest(text) == result


@settings(deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([".17g", ".16g", ".17e", ".20f", "r", ".6g"]))
def test_shortest_never_changes_the_double(number: float, form: str) -> None:
    text = repr(number) if form == "r" else format(number, form)
    assert float(shortest(text)) == float(text)
    assert len(shortest(text)) <= max(len(text), len(repr(float(text))))


@settings(deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_of_seventeen_digits_is_the_shortest_print(number: float) -> None:
    assert shortest(format(number, ".16e")) == (
        format(number, ".16e") if format(number, ".16e").strip("-").startswith("0.") else repr(number)
    )


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=30))
def test_shortest_takes_any_text(text: str) -> None:
    shortest(text)


VALUES = [
    (of("xsd:float"), "1.50", "1.5"),
    (of("xsd:float"), " 7.2E-08 ", "0.000000072"),
    (of("xsd:float"), "-0", "0"),
    (of("xsd:int"), "-16776961", "-16776961"),
    (of("xsd:int"), "3.0", "3"),
    (of("xsd:int"), "2147483647", "2147483647"),
    (of("xsd:int"), "-2147483648", "-2147483648"),
    (of("xsd:integer"), "2147483648", "2147483648"),
    (of("xsd:positiveInteger"), "1", "1"),
    (of("xsd:nonNegativeInteger"), "0", "0"),
    (of("PositiveInt"), "1E2", "100"),
    (of("PositiveFloat"), "0.0001", "0.0001"),
    (of("PercentFraction"), "0", "0"),
    (of("PercentFraction"), "1.000", "1"),
    (of("xsd:boolean"), "True", "true"),
    (of("xsd:boolean"), " FALSE", "false"),
    (of("xsd:boolean"), "1", "true"),
    (of("xsd:boolean"), "0", "false"),
    (of("xsd:date"), "2021-11-30T23:59:59Z", "2021-11-30"),
    (of("xsd:date"), "2021-11-30", "2021-11-30"),
    (of("xsd:string"), "  two  blanks ", "two  blanks"),
    (of("xsd:string"), "Grüße µ\tβ", "Grüße µ\tβ"),
    (of("ObjectiveID"), "Objective:0", "Objective:0"),
    (kind("Objective", "ImmersionType"), "mineral  OIL", "Mineral Oil"),
    (kind("Channel", "ContrastMethod"), "Fluorescence", "Fluorescence"),
]
REFUSED = [
    (of("xsd:float"), "63x", "is not a number"),
    (of("xsd:float"), "1,4", "is not a number"),
    (of("xsd:float"), "", "is not a number"),
    (of("xsd:float"), "NaN", "is not a finite number"),
    (of("xsd:float"), "-Infinity", "is not a finite number"),
    (of("xsd:float"), "1E9999999", "is not a finite number"),
    (of("xsd:float"), "1E-9999999", "is not a finite number"),
    (of("xsd:int"), "1.5", "is not a whole number"),
    (of("xsd:int"), "2147483648", "is too large"),
    (of("xsd:int"), "-2147483649", "is too large"),
    (of("xsd:integer"), "9223372036854775808", "is too large"),
    (of("xsd:positiveInteger"), "0", "is below 1"),
    (of("xsd:nonNegativeInteger"), "-1", "is below 0"),
    (of("PositiveInt"), "0", "is below 1"),
    (of("NonNegativeInt"), "-1", "is below 0"),
    (of("PositiveFloat"), "0", "is not above 0"),
    (of("PositiveFloat"), "-0.1", "is not above 0"),
    (of("PercentFraction"), "1.01", "is above 1"),
    (of("PercentFraction"), "-0.01", "is below 0"),
    (of("xsd:boolean"), "yes", "is neither true nor false"),
    (of("xsd:boolean"), "", "is neither true nor false"),
    (of("xsd:date"), "30.11.2021", "is not a date"),
    (of("xsd:date"), "2021-13-01", "is not a date"),
    (of("xsd:string"), "a\x07b", "holds characters that XML cannot carry"),
    (of("xsd:string"), "\ud800", "holds characters that XML cannot carry"),
    (of("ObjectiveID"), "Lens no. 1", "is not of the form of a ObjectiveID"),
    (kind("Channel", "ContrastMethod"), "Glow", "is not among NBO's values for ChannelContrastMethod"),
]


@pytest.mark.parametrize(("type_", "text", "result"), VALUES, ids=lambda v: getattr(v, "name", None))
def test_canonical(type_: SimpleType, text: str, result: str) -> None:
    assert canonical(text, type_) == result


@pytest.mark.parametrize(("type_", "text", "reason"), REFUSED, ids=lambda v: getattr(v, "name", None))
def test_canonical_refuses(type_: SimpleType, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        canonical(text, type_)
    assert str(caught.value) == reason


def test_every_primitive_of_the_model_has_a_case() -> None:
    used = {a.type.primitive for d in load().walk() for a in d.attributes.values()}
    covered = {type_.primitive for type_, _, _ in VALUES}
    # Attributes of these are links, checksums and lengths of binary data, which no table fills.
    assert used - covered == {"xsd:anyURI", "xsd:dateTime", "xsd:hexBinary", "xsd:long"}


def test_published_words_keep_their_spelling() -> None:
    """Some of the published values hold blanks at their ends; a vendor's word is not expected to."""
    odd = [
        (a.type, value)
        for d in load().walk()
        for a in d.attributes.values()
        for value in a.type.enum
        if value is not None and value != value.strip()
    ]
    assert odd
    for type_, value in odd:
        if value.strip() not in type_.enum:
            assert canonical(value.strip(), type_) == value


@settings(deadline=None, derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_never_rounded(number: float) -> None:
    assert float(canonical(repr(number), of("xsd:float"))) == number


@given(st.one_of(st.decimals(allow_nan=False, allow_infinity=False).map(str), st.from_regex(PLAIN, fullmatch=True)))
def test_a_plain_number_is_written_as_it_is(text: str) -> None:
    if PLAIN.fullmatch(text):
        assert number_text(Decimal(text)) == text


@given(
    st.lists(
        st.from_regex(r"-?[0-9]{0,12}(\.[0-9]{0,8})?(e-?[0-9])?", fullmatch=True)
        | st.text("0123456789.-\n ", max_size=20),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_canonical_in_a_stretch_is_so_one_by_one(texts: list[str]) -> None:
    kind = load().element("Plane").attributes["Timestamp"].type
    assert kind.numeric
    if all_canonical(texts, kind):
        assert [canonical(shortest(text), kind) for text in texts] == texts


def test_numbers_of_many_planes_are_canonical_in_a_stretch() -> None:
    kind = load().element("Plane").attributes["Timestamp"].type
    assert all_canonical((f"{n}.25" for n in range(1000)), kind)
    assert not all_canonical(["1.50"], kind)
    assert not all_canonical(["1.0\n2.5"], kind)
    assert not all_canonical(["1"], load().element("Plane").attributes["TheT"].type)
