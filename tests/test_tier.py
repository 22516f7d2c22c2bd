"""Which tier an experiment calls for."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import pytest

from nbo_extract.requirements import EXTENSIONS
from nbo_extract.tier_advice import advise, criteria

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

OPTIONS = {name: list(c["answer"]) for name, c in criteria()["criterion"].items()}


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        # Examples of the tier system.
        ({"analysis": "qualitative", "sample": "fixed", "technology": "established", "documentation": "complete"}, 1),
        ({"analysis": "quantitative", "sample": "fixed"}, 1),
        ({"analysis": "advanced", "sample": "fixed"}, 2),
        ({"analysis": "quantitative", "sample": "live"}, 2),
        ({"analysis": "reproduction"}, 3),
        ({"analysis": "qualitative", "technology": "novel"}, 3),
        ({"analysis": "advanced", "documentation": "none"}, 3),
        ({"documentation": "partial"}, 2),
    ],
)
def test_examples(answers: dict[str, str], tier: int) -> None:
    assert advise(answers).tier == tier


def test_the_largest_answer_decides_and_each_is_explained() -> None:
    for chosen in product(*OPTIONS.values()):
        answers = dict(zip(OPTIONS, chosen, strict=True))
        advice = advise(answers)
        assert advice.tier == max(r.tier for r in advice.reasons)
        assert [(r.criterion, r.answer) for r in advice.reasons] == list(answers.items())
        assert all(r.why for r in advice.reasons)
        assert advice.open == ()


def test_the_table_is_whole() -> None:
    assert set(criteria()["tier"]) == {"1", "2", "3"}
    for tier in criteria()["tier"].values():
        assert set(tier["extensions"]) <= set(EXTENSIONS)
        assert set(tier["calibration"]) == {"optical", "intensity"}
    for criterion in criteria()["criterion"].values():
        assert min(a["tier"] for a in criterion["answer"].values()) == 1


def test_open_questions_are_those_that_may_raise_the_tier() -> None:
    assert [name for name, _, _ in advise({"analysis": "advanced"}).open] == ["technology", "documentation"]
    assert advise({"technology": "novel"}).open == ()


def test_as_people_read_it(run: Run) -> None:
    result = run("tier", "--analysis", "advanced", "--sample", "live")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Tier 2: advanced quantification",
        "  It asks for besides tier 1 the detail of table, environment, coupling of light, filters, lenses, focusing "
        "and detector, with the settings of each.",
        "",
        "Because",
        "  tier 2  analysis advanced  localising spots, measuring distances, co-localisation, weak signals or tracking "
        "depend on optics and detector, which tier 2 documents",
        "  tier 2  sample live        what a living sample does depends on its environment, of which tier 2 documents "
        "oxygen, humidity and the control",
        "",
        "Calibration",
        "  optical    required every month",
        "  intensity  highly recommended every month to quarter",
        "",
        "Not answered, and may call for a higher tier",
        "  --technology     Is the technology established or novel?  up to tier 3",
        "  --documentation  Does the maker document the microscope?  up to tier 3",
        "",
        "Check it with: nbo-extract check PATH --tier 2 --extensions core,basic,calibration",
    ]


def test_answers_of_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text('analysis = "qualitative"\nsample = "fixed"\n', encoding="utf-8")
    found = json.loads(run("tier", path, "--technology", "novel", "--json").out)
    assert (found["tier"], found["command"]) == (
        3,
        "nbo-extract check PATH --tier 3 --extensions core,basic,advanced,calibration",
    )
    assert [r["criterion"] for r in found["reasons"]] == ["analysis", "sample", "technology"]
    assert found["open"] == []
    twice = run("tier", path, "--sample", "live")
    assert (twice.code, twice.out) == (2, "")
    assert twice.err == f"nbo-extract: --sample says live, and {path} says fixed; leave one of them out\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("analysis = 1", '{0}: analysis is a text such as analysis = "advanced", not 1'),
        ("analysis", "{0}: this is no valid TOML: Expected '=' after a key in a key/value pair (at end of document)"),
        ('anlysis = "advanced"', "there is no criterion anlysis; is analysis meant?"),
        ('sample = "dead"', "sample: 'dead' is no answer; there are fixed or live"),
        ("", "no criterion is answered; give --analysis, --sample, --technology or --documentation"),
    ],
)
def test_answers_that_cannot_be_used(text: str, message: str, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text, encoding="utf-8")
    result = run("tier", path)
    assert (result.code, result.out, result.err) == (2, "", f"nbo-extract: {message.format(path)}\n")


def test_without_answers(run: Run, tmp_path: Path) -> None:
    assert run("tier").code == 2
    missing = run("tier", tmp_path / "no.toml")
    assert missing.err.endswith("no.toml: these answers cannot be read (No such file or directory); check the path\n")
    assert (
        run("tier", "--analysis", "advnced").err
        == "nbo-extract: analysis: 'advnced' is no answer; is advanced meant?\n"
    )
