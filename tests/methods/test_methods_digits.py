"""Numbers with fewer digits, where a user asks for them: which are shortened, how, and that it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract
from nbo_extract.methods.collect import collect
from nbo_extract.methods.digits import shortened
from nbo_extract.methods.render import assemble

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


@pytest.mark.parametrize(
    ("text", "digits", "shown"),
    [
        ("0.072063492 µm", 3, "0.0721 µm"),
        ("0.49985113 %", 3, "0.500 %"),
        ("492.99356–541.09333 nm", 3, "493–541 nm"),
        ("40.25 to 120.75 ms", 3, "40.2 to 121 ms"),
        # Digits left of the point are never rounded, and none is added.
        ("881.07602 V", 2, "881 V"),
        ("10000 ms", 2, "10000 ms"),
        ("488 nm", 2, "488 nm"),
        ("1.5 µm", 3, "1.5 µm"),
        ("9.996 s", 3, "10.0 s"),
        ("0.09996 s", 3, "0.100 s"),
        ("0.996 s", 2, "1.0 s"),
        ("0.000 s", 2, "0.000 s"),
        ("-0.00126 mm", 2, "-0.0013 mm"),
        ("525/50 nm", 1, "525/50 nm"),
        ("", 3, ""),
    ],
)
def test_numbers_are_shortened_after_the_point(text: str, digits: int, shown: str) -> None:
    assert shortened(text, digits) == shown


def test_names_engravings_and_counts_stay(sample_data: Path) -> None:
    document = extract(sample_data / "widefield.czi")
    image = document.images[0]
    pixels = image.first("Pixels")
    assert pixels is not None
    pixels.put("PhysicalSizeX", "0.072063492", "µm")
    pixels.put("PhysicalSizeY", "0.072063492", "µm")
    facts = collect(document)
    whole, short = assemble([facts]), assemble([facts], digits=2)
    text = short.groups[0].words.text
    assert "a pixel size of 0.072 µm" in text
    assert "version 3.2.0.00001" in text
    assert "Plan-Apochromat 63x/1.4 Oil DIC M27" in text
    assert "refractive index 1.518" in text
    assert whole.groups[0].words.text == text.replace("0.072 µm", "0.072063492 µm")
    assert (whole.rounding, whole.notes) == ("", ())
    assert short.notes == (short.rounding,)
    assert short.rounding.startswith("measured numbers are rounded to 2 significant digits")


def test_nothing_is_told_where_nothing_is_rounded(sample_data: Path) -> None:
    assert assemble([collect(extract(sample_data / "widefield.czi"))], digits=15).notes == ()


@pytest.mark.parametrize("more", [(), ("--short",), ("--format", "markdown"), ("--short", "--format", "markdown")])
def test_each_form_of_the_text_says_that_it_is_rounded(
    run: Callable[..., Result], sample_data: Path, more: tuple[str, ...]
) -> None:
    image = sample_data / "widefield.czi"
    plain, short = run("methods", image, *more).out, run("methods", image, *more, "--digits", "2").out
    assert "0.072063492" in plain
    assert "rounded" not in plain
    assert "0.072063492" not in short
    assert "To check\n\n- measured numbers are rounded to 2 significant digits" in short


def test_facts_as_json_are_never_rounded(run: Callable[..., Result], sample_data: Path) -> None:
    refused = run("methods", sample_data / "widefield.czi", "--json", "--digits", "3")
    assert refused.code == 2
    assert "--digits is about the text" in refused.err
