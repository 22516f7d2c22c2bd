"""The named functions of mapping tables: exact values, and nothing where the text states nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbo_extract.functions import EXPANDERS, FUNCTIONS

CASES: dict[str, list[tuple[list[str], str | None]]] = {
    "joined": [
        (["WideField", "Epifluorescence", "Fluorescence"], "WideField|Epifluorescence|Fluorescence"),
        (["WideField", "", ""], "WideField||"),
        (["", "", "Phase"], "||Phase"),
        (["", ""], None),
    ],
    "blanks_folded": [
        (["HC PL  APO\t63x "], "HC PL APO 63x"),
        (["40x/1.2"], "40x/1.2"),
        (["  \n "], None),
    ],
    "words_joined": [
        (["plate 3", "B7"], "plate 3 B7"),
        (["", "B7"], "B7"),
        (["plate 3", ""], "plate 3"),
        (["", ""], None),
    ],
    "name_before_version": [
        (["LAS X 3.5.7.23225"], "LAS X"),
        (["ZEN  black"], "ZEN black"),
        (["Imaris v9.1"], "Imaris"),
        ([" "], None),
    ],
    "version_behind_name": [(["LAS X 3.5.7.23225"], "3.5.7.23225"), (["LAS X"], None), (["Leica 2"], None)],
    "name_in_collection": [(["Leica/FITC"], "FITC"), (["FITC"], "FITC"), (["Leica/"], None)],
    "filetime_date": [(["1d71114eb8b44f0"], "2021-03-04"), (["0"], None), (["x"], None), (["f" * 16], None)],
    "filetime_seconds": [
        (["1d71114ebdc2410", "1d71114eb8b44f0"], "0.53"),
        (["1d71114eb8b44f0", "1d71114ebdc2410"], "-0.53"),
        (["1d71114eb8b44f0", "0"], None),
    ],
    "step_of_extent": [
        (["1.007000e+001", "20"], "0.53"),
        (["-1e-05", "5"], "0.0000025"),
        (["1", "4"], "0.3333333333333333"),
        (["1", "1"], None),
        (["0", "5"], None),
        (["1", "2.5"], None),
        (["x", "5"], None),
    ],
    "seconds_text": [
        (["0.25"], "0.25"),
        (["250 ms"], "0.25"),
        (["1,5 s"], "1.5"),
        (["1e-2"], "0.01"),
        (["5 min"], None),
    ],
    "ole_date": [(["39814.5"], "2009-01-01"), (["0"], None), (["x"], None)],
    "us_date": [
        (["12/29/09"], "2009-12-29"),
        (["1/2/1999"], "1999-01-02"),
        (["29/12/09"], None),
        (["2009-12-29"], None),
    ],
    "tiff_date": [(["2009:12:29 09:59:15"], "2009-12-29"), (["2009:13:29"], None), (["0000:00:00"], None)],
    "ctime_date": [
        (["Tue Mar 13 10:45:57 2001"], "2001-03-13"),
        (["Thu Feb  1 09:00:00 2018"], "2018-02-01"),
        (["Thu Feb 30 09:00:00 2018"], None),
        (["2018-02-01"], None),
    ],
    "compact_date": [(["20091229 09:59:15.123"], "2009-12-29"), (["2009-12-29"], None)],
    "vector_date": [(["[2016 5 31 15 20 47.1]"], "2016-05-31"), (["[2016]"], None), (["[2016 13 1 0]"], None)],
    "extent_per_element": [(["10", "5", "10"], "0.5"), (["5", "5", "1"], None), (["5", "x", "1"], None)],
    "reciprocal": [(["4"], "0.25"), (["4/2"], "0.5"), (["0"], None), (["1/2/3"], None), (["x"], None)],
    "version_joined": [(["2021", "1"], "2021.1"), ([""], None)],
    "by": [(["2", "2"], "2x2"), (["2", "x"], None)],
    "date_part": [
        (["2021-11-30T23:59:59.9999999Z"], "2021-11-30"),
        ([" 2021-11-30"], "2021-11-30"),
        (["0001-01-01T00:00:00"], ""),
        (["30.11.2021"], None),
        (["yesterday"], None),
        ([""], None),
    ],
    "seconds_between": [
        (["2021-11-30T10:00:01.5Z", "2021-11-30T10:00:00Z"], "1.5"),
        # A tenth of a microsecond is beyond what a datetime holds.
        (["2021-11-30T10:00:00.0000001Z", "2021-11-30T10:00:00.0000000Z"], "0.0000001"),
        (["2021-11-30T10:00:03.1234567Z", "2021-11-30T10:00:01.7654321Z"], "1.3580246"),
        (["2021-11-30T10:00:00.25Z", "2021-11-30T10:00:00.75Z"], "-0.5"),
        (["2021-11-30T12:00:00+02:00", "2021-11-30T09:59:30Z"], "30"),
        (["2021-11-30T05:30:00.1+05:30", "2021-11-29T19:00:00-05:00"], "0.1"),
        (["2021-03-01T00:00:00", "2021-02-28T23:59:59.5"], "0.5"),
        (["2022-01-01T00:00:00Z", "2021-01-01T00:00:00Z"], "31536000"),
        (["2021-11-30T10:00:00Z", "2021-11-30T10:00:00Z"], "0"),
        # Several origins: the first of the same kind counts.
        (["2021-11-30T10:00:01Z", "12.5 2021-11-30T10:00:00Z"], "1"),
        (["33.955989599999995", "2021-11-30T10:00:00Z 0.5439875"], "33.412002099999995"),
        (["33.9", ""], None),
        (["33.9", "2021-11-30T10:00:00Z"], None),
        # A local time and one of a known zone cannot be compared.
        (["2021-11-30T10:00:01", "2021-11-30T10:00:00Z"], None),
        (["2021-11-30T10:00:01Z", "0001-01-01T00:00:00Z"], None),
        (["0001-01-01T00:00:00", "0001-01-01T00:00:00"], None),
        (["2021-11-30T10:00:01Z", ""], None),
        (["2021-11-31T10:00:01Z", "2021-11-30T10:00:00Z"], None),
        (["10:00:01", "10:00:00"], None),
    ],
    "bgr_to_rgba": [
        (["1042808"], "2028539903"),
        (["255"], "-16776961"),
        (["16777215"], "-1"),
        (["0"], "255"),
        (["16777216"], None),
        (["-1"], None),
        (["1.5"], None),
        (["red"], None),
    ],
    "julian_day_date": [
        (["2456827.080131852"], "2014-06-18"),
        # Noon begins a Julian day, midnight a day of the calendar.
        (["2456826.5"], "2014-06-18"),
        (["2456826.4999"], "2014-06-17"),
        (["-1"], None),
        (["0"], None),
        (["1e300"], None),
        (["now"], None),
    ],
    "date_at_julian_day": [
        (["18/06/2014  15:55:27", "2456827.08"], "2014-06-18"),
        # Which number is the month depends on the country.
        (["06/03/2009  10:58:30 AM", "2454896.9"], "2009-03-06"),
        (["06/03/2009  10:58:30 AM", "2454985.9"], "2009-06-03"),
        (["01-Jul-22  7:42:21 AM", "2459762.0"], "2022-07-01"),
        (["2021. 9. 28. 10:00", "2459486.1"], "2021-09-28"),
        # Local and universal time may be of neighbouring days.
        (["9/28/2021  11:30:00 PM", "2459486.6"], "2021-09-28"),
        (["28.9.2021", "2459000.5"], None),
        (["28.9.2021", "-1"], None),
        (["01-Juil-22", "2459762.0"], None),
        # Both readings are near: nothing tells.
        (["01/02/2022 to 02/01/2022", "x"], None),
    ],
    "date_written": [
        (["9/28/2021  10:26:09 AM"], "2021-09-28"),
        (["28.09.2021"], "2021-09-28"),
        (["2021-09-08"], "2021-09-08"),
        (["5/5/2021"], "2021-05-05"),
        (["6/7/2021"], None),
        (["31/31/2021"], None),
        (["yesterday"], None),
    ],
    "leading_number": [
        (["10 MHz"], "10"),
        (["-70.1°C"], "-70.1"),
        (["6.2x"], "6.2"),
        (["585,5 nm"], "585.5"),
        (["Gain 3"], None),
        (["1.2.3"], None),
        (["Off"], None),
    ],
    "duration_in_ms": [
        (["100 ms"], "100"),
        (["1 s"], "1000"),
        (["3.5 ms"], "3.5"),
        (["2 min"], "120000"),
        (["996.9975547008216"], "996.9975547008216"),
        (["Triggered"], None),
        (["1 fortnight"], None),
    ],
    "confirmed_step": [
        (["60000", "5 60010 120020"], "60000"),
        (["1", "5 5080 10160"], None),
        (["0", "5 5080"], None),
        (["60000", "5"], None),
        (["60000", "5 x"], None),
    ],
    "argb_to_rgba": [
        (["#FFFF0000"], "-16776961"),
        (["#FF00FF00"], "16711935"),
        (["#FF0000FF"], "65535"),
        (["#00112233"], "287453952"),
        (["#00FF00"], "16711935"),
        (["00ff00"], "16711935"),
        (["#FFFFFFFF"], "-1"),
        (["#80000000"], "128"),
        (["#F00"], None),
        (["red"], None),
        (["#FFGG0000"], None),
    ],
    "part_number": [
        (["Objective.421452-9980-000"], "421452-9980-000"),
        (["EmissionFilter.489090-0120"], "489090-0120"),
        (["Aquila.Reflector.489046-9901-000"], "489046-9901-000"),
        (["User.Objective.421452-9980-000"], None),
        (["421452-9980-000"], None),
        (["Objective.none"], None),
        (["CameraAdapter.1x"], None),
        (["Objective.421452-9980-000b"], None),
    ],
    "band_centre": [
        (["500", "550"], "525"),
        (["592.5", "667.5"], "630"),
        (["450", "455"], "452.5"),
        (["550", "500"], None),
        (["500", "500"], None),
        (["500"], None),
        (["500", "x"], None),
        (["500", "NaN"], None),
        (["500", "Infinity"], None),
    ],
    "band_width": [
        (["500", "550"], "50"),
        (["592.5", "667.25"], "74.75"),
        (["550", "500"], None),
        (["500", ""], None),
    ],
    "first_of_pair": [
        (["6.5,6.45"], "6.5"),
        (["6.5;6.45"], "6.5"),
        (["2x4"], "2"),
        ([" -51.5 , 30 "], "-51.5"),
        (["6.5"], None),
        (["1,2,3"], None),
        # European commas make four parts of a pair: which is which cannot be told.
        (["6,5,6,45"], None),
        (["a,b"], None),
        ([","], None),
        (["NaN,1"], None),
    ],
    "second_of_pair": [(["6.5,6.45"], "6.45"), (["2x4"], "4"), (["6.5,"], None), (["6.5"], None)],
    "third_of_four": [(["0,0,2752,2208"], "2752"), (["0,0,2752"], None), (["0,0,x,2208"], None)],
    "fourth_of_four": [(["0,0,2752,2208"], "2208"), (["0,0,2752,2208,1"], None)],
    "range_low": [
        (["450-488"], "450"),
        (["463.301 - 650.392"], "463.301"),
        (["450"], None),
        (["450-488,540-570"], None),
    ],
    "range_high": [(["450-488"], "488"), (["-450"], "450"), (["450-"], None)],
    "binning": [
        (["2,2"], "2x2"),
        (["1x1"], "1x1"),
        (["4;4"], "4x4"),
        ([" 2 , 4 "], "2x4"),
        (["2"], None),
        (["2,2,2"], None),
        (["2.0x2.0"], "2x2"),
        (["1.5,1.5"], None),
        (["auto"], None),
    ],
    "percent": [
        (["50.00 %"], "50.00"),
        (["20%"], "20"),
        (["154 %"], "154"),
        (["0"], "0"),
        (["3,5 %"], "3.5"),
        (["n/a"], None),
        (["-5 %"], None),
        (["50 % of 2"], None),
        (["%"], None),
    ],
    "one_number": [(["100000000"], "100000000"), ([" 2.5 "], "2.5"), (["100-1000"], None), (["n/a"], None)],
    "share_percent": [(["0.05"], "5"), (["0.1"], "10"), (["1"], "100"), (["5"], None), (["-0.1"], None), (["x"], None)],
    "transmitted_percent": [
        (["0.94"], "6"),
        (["0.96999999999999997"], "3"),
        (["0.9985"], "0.15"),
        (["1"], "0"),
        (["0"], "100"),
        (["1.5"], None),
        (["-0.1"], None),
        (["n/a"], None),
    ],
    "bits": [(["14"], "14bit"), ([" 8 "], "8bit"), (["14.0"], None), (["14bit"], None), ([""], None)],
    "less_one": [(["1"], "0"), (["12"], "11"), (["0"], None), (["-3"], None), (["B"], None), (["NaN"], None)],
    "product": [
        (["63", "1.25"], "78.75"),
        (["0.1", "0.2"], "0.02"),
        (["10"], "10"),
        (["10", "x"], None),
        (["10", "NaN"], None),
        ([], None),
    ],
    "constant_step": [
        (["0 60.075 120.15"], "60.075"),
        # The steps agree within a hundredth: the first one as it is, not a mean.
        (["0 10 20.09 29.99"], "10"),
        (["0 10 20.2"], None),
        (["0.5"], None),
        ([""], None),
        (["3 2 1"], None),
        (["0 0 0"], None),
        (["0 one 2"], None),
    ],
    "lens_magnification": [
        (["Plan-Apochromat 63x/1.4 Oil DIC M27"], "63"),
        (["Fluar 2.5x/0.12"], "2.5"),
        (["HCX PL APO 63.0x1.40 OIL UV"], "63.0"),
        (["N-Achroplan 2,5x/0,07"], "2.5"),
        (["UPLFLN    40X W/ 1.15"], "40"),
        (["10×"], "10"),
        (["EC Plan-Neofluar 100x Oil"], "100"),
        (["LD 20xPh/0.4"], "20"),
        (["SN10x3"], None),
        (["V2.5x/3"], None),
        (["unknown lens"], None),
        (["x/0.5"], None),
    ],
    "lens_na": [
        (["Plan-Apochromat 63x/1.4 Oil DIC M27"], "1.4"),
        (["C-Apochromat 40x/1,20 W Korr"], "1.20"),
        (["10x / 0.45"], "0.45"),
        (["HCX PL APO 63.0x1.40 OIL UV"], "1.40"),
        (["10x1.2.3"], None),
        (["40x NA=0.95"], "0.95"),
        (["CFI 60x NA 1.27"], "1.27"),
        (["Fluar 5x"], None),
        (["63x/2.4"], None),
        (["1.4 Oil"], None),
    ],
}
BANDS: list[tuple[str, list[dict[str, str]]]] = [
    ("BP 500-550", [{"centre": "525", "width": "50"}]),
    ("BP 592,5-667,5", [{"centre": "630", "width": "75"}]),
    ("525/50", [{"centre": "525", "width": "50"}]),
    ("FF01-445/20-25", [{"centre": "445", "width": "20"}]),
    ("BLP01-488R-25", []),
    ("LP 650", [{"edge": "cut-on", "centre": "650"}]),
    ("RLP > 647.1", [{"edge": "cut-on", "centre": "647.1"}]),
    ("FT 495", [{"edge": "cut-on", "centre": "495"}]),
    ("SP 615", [{"edge": "cut-off", "centre": "615"}]),
    ("KP<750", [{"edge": "cut-off", "centre": "750"}]),
    (
        "BP 570-620 + LP 645",
        [{"centre": "595", "width": "50"}, {"edge": "cut-on", "centre": "645"}],
    ),
    ("DBP 470/20 + 540/40", [{"centre": "470", "width": "20"}, {"centre": "540", "width": "40"}]),
    # Lists of laser lines and parts that are no bands.
    ("MBS 488/561/633", []),
    ("MBS 488/561", []),
    ("MBS -405", []),
    ("BP 550-500", []),
    ("Plate", []),
    ("", []),
]


@pytest.mark.parametrize(
    ("name", "texts", "result"), [(name, *case) for name, cases in sorted(CASES.items()) for case in cases]
)
def test_function(name: str, texts: list[str], result: str | None) -> None:
    assert FUNCTIONS[name](texts) == result


def test_every_function_has_cases_with_a_value_and_without() -> None:
    assert sorted(CASES) == sorted(FUNCTIONS)
    for name, cases in CASES.items():
        assert any(result is None for _, result in cases), name
        assert any(result is not None for _, result in cases), name


@pytest.mark.parametrize(("text", "items"), BANDS)
def test_filter_bands(text: str, items: list[dict[str, str]]) -> None:
    assert EXPANDERS["filter_bands"](text) == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("450-488", [{"low": "450", "high": "488"}]),
        ("450-488,540-570", [{"low": "450", "high": "488"}, {"low": "540", "high": "570"}]),
        ("463.3 - 650.39", [{"low": "463.3", "high": "650.39"}]),
        ("570-540", []),
        ("488", []),
        ("", []),
    ],
)
def test_wavelength_ranges(text: str, items: list[dict[str, str]]) -> None:
    assert EXPANDERS["wavelength_ranges"](text) == items


def test_there_are_cases_for_every_expander() -> None:
    assert sorted(EXPANDERS) == ["filter_bands", "wavelength_ranges"]


@settings(deadline=None, derandomize=True)
@given(st.text(max_size=40))
def test_no_function_raises_on_any_text(text: str) -> None:
    for function in FUNCTIONS.values():
        function([text, text])
    for expander in EXPANDERS.values():
        expander(text)


@settings(deadline=None, derandomize=True)
@given(
    st.datetimes(),
    st.integers(min_value=0, max_value=9_999_999),
    st.integers(min_value=0, max_value=9_999_999),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_seconds_between_is_exact_to_a_tenth_of_a_microsecond(
    moment: object, ticks: int, later: int, zone: int
) -> None:
    start = str(moment).replace(" ", "T")[:19]
    if start.startswith("0001"):
        return
    offset = f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02d}:{abs(zone) % 60:02d}"
    texts = [f"{start}.{later:07d}{offset}", f"{start}.{ticks:07d}{offset}"]
    result = FUNCTIONS["seconds_between"](texts)
    assert result is not None
    assert Decimal(result) == Decimal(later - ticks).scaleb(-7)
