"""The highest tier that a document meets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nbo_extract.checking import check
from nbo_extract.highest import highest
from test_check import scope, with_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result
    from nbo_extract.model import Document

    Run = Callable[..., Result]


def fill(document: Document, tier: int) -> Document:
    """State whatever text makes a field count as there, up to a tier."""
    values = {"xsd:boolean": "true", "xsd:float": "1", "xsd:positiveInteger": "1"}
    from nbo_extract.schema import load

    for gap in check(document, tier=tier).gaps:
        for spot in gap.spots:
            node = spot.chain[-1]
            if gap.requirement.kind == "child":
                node.add(gap.requirement.satisfied_by[0])
                continue
            kind = load().element(node.name).attributes[gap.requirement.name].type
            node.put(gap.requirement.name, kind.enum[0] if kind.enum else values.get(kind.primitive, "1"))
    return document


def test_one_tier_after_another() -> None:
    document = scope()
    found = highest(document)
    assert (found.tier, found.report.tier) == (1, 2)
    assert found.report.asked.missing == found.report.tiers[2].missing > 0
    for _ in range(3):
        fill(document, 2)
    found = highest(document)
    assert (found.tier, found.report.tier) == (2, 3)
    for _ in range(3):
        fill(document, 3)
    found = highest(document)
    assert (found.tier, found.report.tier, found.report.asked.missing) == (3, 3, 0)


def test_none() -> None:
    document = scope()
    document.instruments[0].children[2].facts.pop("LensNA")
    found = highest(document)
    assert (found.tier, found.report.tier, [f.attribute for f in found.report.findings]) == (0, 1, ["LensNA"])


def test_a_value_that_is_not_allowed_keeps_a_document_from_every_tier() -> None:
    document = scope()
    document.instruments[0].children[2].put("LensNA", "large")
    assert highest(document).tier == 0


def test_extensions_and_level_count() -> None:
    document = with_image()
    assert highest(document).tier == 1
    assert highest(document, extensions=("core", "basic")).tier == 0
    assert highest(document, level="should").tier == 0


def test_as_people_read_it(run: Run, tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "widefield.czi").write_bytes((sample_data / "widefield.czi").read_bytes())
    result = run("check", "widefield.czi", "--highest")
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines()[:5] == [
        "widefield.czi  (Zeiss CZI)",
        "  Highest tier that is met: none (core)",
        "  Tier 1 takes 42 fields more, of 143:",
        "    Experiment          Purpose, LabellingMethod, ExperimenterRef",
        "    Instrument          Name",
    ]
    [found] = json.loads(run("check", "widefield.czi", "--highest", "--json").out)
    assert (found["highest"], found["next"]) == (0, {"tier": 1, "demanded": 143, "missing": 42})
    assert "tier" not in found


def test_a_document_that_meets_one(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbo_extract.xmlio import to_xml

    monkeypatch.chdir(tmp_path)
    document = with_image()
    (tmp_path / "met.xml").write_text(to_xml(document), encoding="utf-8")
    result = run("check", "met.xml", "--highest", "-v")
    assert result.code == 0
    assert "  Highest tier that is met: tier 1 (core)\n  Tier 2 takes " in result.out
    assert "            usually from a hardware description\n" in result.out


@pytest.mark.parametrize(
    ("option", "value", "named"), [("--tier", "2", "--tier"), ("--profile", "baseline", "--profile")]
)
def test_a_tier_is_not_named_and_looked_for(option: str, value: str, named: str, run: Run, sample_data: Path) -> None:
    result = run("check", sample_data / "widefield.czi", "--highest", option, value)
    assert (result.code, result.out) == (2, "")
    message = f"--highest finds the tier, and {named} names one; leave one of them out"
    assert result.err == f"nbo-extract: {message}\n"
