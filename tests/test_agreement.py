"""What explains that two values differ, and what takes the file's place only where the user says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.agreement import agreement, in_unit_of
from nbo_extract.completing import complete
from nbo_extract.merging import merge
from nbo_extract.model import Fact
from nbo_extract.schema import load
from nbo_extract.statements import StatementSet, make_statement
from test_merge import described, image_of, objective, part
from test_stating import SHEET

if TYPE_CHECKING:
    from nbo_extract.hardware import Hardware

UNITS = "are the same number in other units, so one of the units is wrong"


def fact(text: str) -> Fact:
    value, _, unit = text.partition(" ")
    return Fact(value, unit or None)


@pytest.mark.parametrize(
    ("mine", "other", "shown"),
    [
        ("610 µm", "0.55 mm", "550 µm"),
        ("0.61 mm", "550 µm", "0.55 mm"),
        # Not exact in the other unit, the same number in two units, or no unit: both stand as they are.
        ("20 °C", "100 °F", "100 °F"),
        ("0.19 mm", "0.19 µm", "0.19 µm"),
        ("25", "24.0", "24.0"),
    ],
)
def test_a_disagreement_is_shown_in_the_unit_of_the_file(mine: str, other: str, shown: str) -> None:
    kind = load().element("Objective")
    found = agreement(kind, kind.attributes["WorkingDistance"], fact(mine), fact(other))
    assert in_unit_of(fact(mine), fact(other), found).quantity == shown


@pytest.mark.parametrize(
    ("name", "mine", "other", "state", "words"),
    [
        ("WorkingDistance", "190 µm", "0.19 mm", "equal", ""),
        ("WorkingDistance", "0.19 mm", "0.19 µm", "units", UNITS),
        ("ObjectiveViewField", "25", "25.0", "equal", ""),
        ("CalibratedMagnification", "62.98", "62.984", "rounding", "differ in rounding only (62.98 has fewer digits)"),
        ("CalibratedMagnification", "62.984", "62.98", "rounding", "differ in rounding only (62.98 has fewer digits)"),
        ("CalibratedMagnification", "62.98", "62.974", "different", ""),
        ("WorkingDistance", "0.1912 mm", "191 µm", "rounding", "differ in rounding only (191 µm has fewer digits)"),
        ("LensNA", "1.4", "1.35", "different", ""),
        ("Magnification", "60", "63", "different", ""),
        ("Manufacturer", "Zeiss", "Carl Zeiss Microscopy GmbH", "wording", "differ in wording only"),
        ("ImmersionType", "Air", "Water", "different", ""),
        ("WorkingDistance", "1 Pixel", "1 mm", "different", ""),
    ],
)  # fmt: skip
def test_what_explains_a_difference(name: str, mine: str, other: str, state: str, words: str) -> None:
    kind = load().element("Objective")
    facts = (Fact(mine), Fact(other)) if kind.attributes[name].unit is None else (fact(mine), fact(other))
    found = agreement(kind, kind.attributes[name], *facts)
    assert (found.state, found.words) == (state, words)
    assert agreement(kind, kind.attributes[name], *reversed(facts)).state == state


def hardware() -> Hardware:
    return described(objective(WorkingDistance="0.17 mm", LensNA="1.4", DIC="true"))


@pytest.mark.parametrize(
    ("prefer", "kept"), [((), "0.19"), (("Laser",), "0.19"), (("Objective",), "0.17"), (("all",), "0.17")]
)
def test_what_is_preferred(prefer: tuple[str, ...], kept: str) -> None:
    document = image_of(objective(WorkingDistance="0.19 mm"))
    merged = merge(document, hardware(), prefer=prefer)
    mine = merged.index()["Objective:0"].facts["WorkingDistance"]
    assert mine == Fact(kept, "mm")
    [finding] = [f for f in merged.findings if f.attribute == "WorkingDistance"]
    assert finding.severity == "warning"
    taken = "the description's is taken, as it is preferred"
    assert finding.message.endswith(taken if kept == "0.17" else "the file's is kept")
    assert finding.explanation == (taken if kept == "0.17" else "")
    assert (finding.value, finding.other) == ("0.19 mm", "0.17 mm")
    assert merge(merged, hardware(), prefer=prefer) == merged


def test_a_preferred_value_in_a_unit_that_another_value_shares_is_converted_or_not_taken() -> None:
    theirs = described(part("CCD", "Detector:0", Model="Axiocam506m", PixelWidth="6.45 µm"))
    mine = image_of(part("CCD", "Detector:0", Model="Axiocam506m", PixelWidth="6.5 µm"))
    merged = merge(mine, theirs, prefer=("CCD",))
    assert merged.index()["Detector:0"].facts["PixelWidth"] == Fact("6.45", "µm")


@pytest.mark.parametrize(("prefer", "kept"), [((), "1.4"), (("Objective",), "1.3")])
def test_statements_are_preferred_where_the_user_says_so(prefer: tuple[str, ...], kept: str) -> None:
    statement = make_statement("Instrument/Objective/@LensNA", "1.3", source=SHEET)
    given = StatementSet("gaps.csv", "/h/gaps.csv", "0" * 64, (statement,))
    result = complete(image_of(objective()), given, prefer=prefer)
    assert result.index()["Objective:0"].get("LensNA") == kept
    end = "the second is taken, as it is preferred" if prefer else "the first is kept"
    assert [f.message for f in result.findings] == [
        f"Objective 'Plan-Apochromat 63x/1.4 Oil DIC M27' LensNA is '1.4' in the file and '1.3' in gaps.csv F2; {end}"
    ]
