"""Articles, lists, plurals, and how parts are called."""

from __future__ import annotations

import pytest

from nbo_extract.methods.english import a, counted, listing, method, optic, optics, phrase, sentence, words
from nbo_extract.methods.facts import Part
from nbo_extract.schema import load


@pytest.mark.parametrize(
    "text",
    [
        "an LED", "an FT 420", "a Zeiss BP 390/40", "an EPlan", "a UPLFLN 40X", "a UPlanFl", "an Olympus", "a G 365",
        "an SDM560", "an 8-bit camera", "an 11 nm band", "an 18 nm band", "an 80 nm band", "an 800 nm band",
        "a 110 nm band", "a 180 nm band", "a 488 nm laser", "a HeNe633 laser", "a HAL 100", "an RQBS 405 + 493",
        "an HC PL APO", "an HDCamC11440-22C", "a TBP 425/30", "an inverted microscope", "an X-Cite 120 LED",
        "a mCherry filter", "an emission filter", "a unit", "an LSM 880", "a pE-300ultra", "an Axiocam506m",
    ],
)  # fmt: skip
def test_articles(text: str) -> None:
    assert a(text.partition(" ")[2]) == text


def test_lists_and_numbers() -> None:
    assert [listing(t) for t in ([], ["a"], ["a", "b"], ["a", "b", "c"], ["a", "a", ""])] == [
        "", "a", "a and b", "a, b and c", "a"
    ]  # fmt: skip
    assert listing(["the mirrors A and B", "a filter"]) == "the mirrors A and B, and a filter"
    assert listing(["a", "b"], "or") == "a or b"
    assert [counted(n, "plane") for n in ("1", "2", "5 to 17")] == ["1 plane", "2 planes", "5 to 17 planes"]


def test_sentences_begin_as_their_first_word_allows() -> None:
    assert sentence("a filter  was used") == "A filter was used."
    assert sentence("mCherry was excited") == "mCherry was excited."
    assert sentence("5-FAM was excited") == "5-FAM was excited."
    assert sentence("  ") == ""


@pytest.mark.parametrize(
    ("part", "more", "text"),
    [
        (Part("Laser"), ["488 nm"], "488 nm laser"),
        (Part("Laser"), [], "laser"),
        (Part("Laser", model="HeNe633"), ["633 nm"], "HeNe633 laser"),
        (Part("Laser", model="ArgonRemote"), ["488 nm"], "ArgonRemote laser (488 nm)"),
        (Part("Laser", name="WLL"), ["488 nm"], "laser (WLL, 488 nm)"),
        (Part("LightEmittingDiode", "Zeiss", "X 120 LED"), ["370–700 nm"], "Zeiss X 120 LED (370–700 nm)"),
        (Part("LightEmittingDiode", "CoolLED", "pE-300ultra"), [], "CoolLED pE-300ultra LED"),
        (Part("LightEmittingDiode", name="LED1"), ["385 nm"], "LED (LED1, 385 nm)"),
        (Part("PhotoMultiplierTube", name="CH1"), [], "photomultiplier tube (CH1)"),
        (Part("CCD", "Zeiss", "Axiocam506"), [], "Zeiss Axiocam506 CCD camera"),
        (Part("CMOS", model="C11440", type="Scientific"), [], "C11440 scientific CMOS camera"),
        (Part("Filament", type="Halogen"), [], "halogen lamp"),
        (Part("MechanicalStage", name="Motorized Stage"), [], "motorized stage"),
        (Part("MechanicalStage", name="Motorized Stage (SMC2009)"), [], "motorized stage (SMC2009)"),
        (Part("FocusStabilizationDevice", name="Ti PFS-S"), [], "Ti PFS-S focus stabilization device"),
        (Part("StandardDichroic", "Zeiss", name="GFP beam splitter"), [], "Zeiss GFP beam splitter"),
        (Part("InvertedMicroscopeStand", "Nikon", "Nikon Ti"), [], "Nikon Ti InvertedMicroscopeStand"),
    ],
)  # fmt: skip
def test_parts(part: Part, more: list[str], text: str) -> None:
    assert phrase(part, *more) == text


def test_optics() -> None:
    known, bare = Part("EmissionFilter", "Zeiss", "BP 445/50"), Part("EmissionFilter", ranges=("525/50 nm",))
    named = Part("EmissionFilter", name="GFP emission", ranges=("525/50 nm",))
    assert [optic(p) for p in (known, bare, named)] == [
        "Zeiss BP 445/50 emission filter", "525/50 nm emission filter", "GFP emission filter (525/50 nm)"
    ]  # fmt: skip
    assert optics([]) == ""
    assert optics([bare]) == "a 525/50 nm emission filter"
    assert optics([known, bare]) == "the emission filters Zeiss BP 445/50 and 525/50 nm"
    assert optics([known, Part("EmissionFilter")]) == "a Zeiss BP 445/50 emission filter and an emission filter"


def test_every_kind_of_imaging_has_words() -> None:
    attributes = load().element("Channel").attributes
    kinds = [v for name in ("IlluminationType", "ContrastMethod") for v in attributes[name].type.enum if v is not None]
    assert [v for v in kinds if not method(v)] == ["Other", "Other"]
    assert {" ".join(v.split()) for v in kinds} >= words()["method"].keys()


def test_every_part_that_may_be_told_has_a_word() -> None:
    schema, known = load(), words()["part"]
    groups = ("LightSourceGroup", "DetectorGroup", "StageGroup", "ConfocalScannerGroup", "DichroicGroup")
    members = {n for g in groups for n in schema.members(g) if not schema.element(n).abstract}
    assert members - known.keys() == set()
    assert known.keys() - set(schema.names) == set()
