"""What a table reads of a file and what it leaves, and the rules that can be turned off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract, rules_to_skip
from nbo_extract.coverage import coverage, row_ids, together, unmapped
from nbo_extract.errors import UsageError
from nbo_extract.light_paths import ORDER_RULE
from nbo_extract.registry import read
from nbo_extract.tables import load_rules, load_table, table_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result
    from nbo_extract.model import Document


def test_every_stated_value_is_read_or_listed(sample_data: Path) -> None:
    record = read(sample_data / "widefield.czi")
    found = coverage(record)
    assert found.stated == found.read + sum(u.count for u in found.unread.values())
    assert 0 < found.read < found.stated
    listed = sum(u.count for u in found.unread.values() if not u.path.startswith("planes of "))
    assert listed == len(unmapped(record))
    assert found.all_rows == row_ids(load_table("zeiss-czi"))
    assert "objective.LensNA" in found.rows
    assert "planes.PositionX" in found.rows
    assert "tile_dimension.Size" not in found.rows


def test_several_files_add_up(sample_data: Path) -> None:
    part = coverage(read(sample_data / "widefield.czi"))
    other = coverage(read(sample_data / "confocal.ome.tiff"))
    sums = together([part, other, part])
    assert [s.table for s in sums] == ["ome", "zeiss-czi"]
    assert (sums[1].stated, sums[1].read, sums[1].rows) == (2 * part.stated, 2 * part.read, part.rows)
    path, unread = next(iter(part.unread.items()))
    assert (sums[1].unread[path].count, sums[1].unread[path].files) == (2 * unread.count, 2)
    assert [u.files for u in sums[1].ranking] == sorted((u.files for u in sums[1].ranking), reverse=True)


def test_command_shows_what_to_write_next(sample_data: Path, run: Callable[..., Result]) -> None:
    result = run("mappings", "coverage", sample_data / "widefield.czi", "--most", "1", "--rows")
    assert result.code == 0
    text = result.out
    assert "zeiss-czi, 1 file:" in text
    assert "What no row reads (" in text
    assert "tile_dimension.Size" in text


def test_command_as_json_tells_all_and_goes_on_after_a_bad_file(
    sample_data: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    bad = tmp_path / "bad.czi"
    bad.write_bytes(b"ZISRAWFILE".ljust(200, b"\0"))
    captured = run("mappings", "coverage", bad, sample_data / "widefield.czi", "--json")
    assert captured.code == 3
    content = json.loads(captured.out)
    assert [entry["table"] for entry in content["tables"]] == ["zeiss-czi"]
    assert (
        content["tables"][0]["read"] + sum(u["places"] for u in content["tables"][0]["unread"])
        == (content["tables"][0]["stated"])
    )
    assert "bad.czi" in captured.err


# ------------------------------------------------------------------------------------------------------- rules


def derivations(document: Document) -> set[str]:
    return {
        fact.source.derivation
        for node in document.root.walk()
        for fact in node.facts.values()
        if fact.source is not None and fact.source.derivation
    }


def test_each_rule_can_be_turned_off(sample_data: Path) -> None:
    path = sample_data / "widefield.czi"
    used = derivations(extract(path))
    assert {"objective-name", "filter-bands", "camera-model"} <= used
    for name in used:
        assert derivations(extract(path, skip_rules=[name])) == used - {name}
    assert derivations(extract(path, skip_rules=["all"])) == set()


def test_nothing_stated_is_lost_without_rules(sample_data: Path) -> None:
    def stated(document: Document) -> list[tuple[str, str]]:
        return [
            (f.source.rule, f.value)
            for n in document.root.walk()
            for f in n.facts.values()
            if f.source is not None and f.source.kind == "embedded" and not f.source.rule.endswith(".ID")
        ]

    path = sample_data / "widefield.czi"
    less = stated(extract(path, skip_rules=["all"]))
    lost = [fact for fact in stated(extract(path)) if fact not in less]
    # Without its model, the camera is a generic detector, for which NBO has no size of pixels.
    assert [rule for rule, _ in lost] == ["zeiss-czi:detector.PixelWidth", "zeiss-czi:detector.PixelHeight"]


def test_unknown_rule_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match=r"there is no rule objectve-name; is objective-name meant\?"):
        rules_to_skip(["objectve-name"])
    with pytest.raises(UsageError, match="there is no rule 7; known rules: objective-name"):
        rules_to_skip(["7"])
    assert rules_to_skip(["all"]) == frozenset(load_rules())


def test_every_rule_is_followed_by_a_row() -> None:
    tables = [load_table(name) for name in table_names()]
    used = {r.derived for t in tables for b in t.blocks for r in (*b.kinds, *b.rows)}
    used |= {r.derived for t in tables if t.planes is not None for r in t.planes.rows}
    # The order of a light path follows after the merge, when all of its parts are known.
    assert used - {""} == set(load_rules()) - {ORDER_RULE}


def test_command_line_turns_rules_off(sample_data: Path, run: Callable[..., Result]) -> None:
    path = sample_data / "widefield.czi"
    assert 'Correction="PlanApochromat"' in run(path, "-o", "-", "-q").out
    for option in (["--no-derive"], ["--skip-rule", "objective-name"]):
        result = run(path, "-o", "-", "-q", *option)
        assert result.code == 0
        assert "<Objective " in result.out
        assert "Correction=" not in result.out
    result = run(path, "-o", "-", "--skip-rule", "objectve-name")
    assert (result.code, result.out) == (2, "")
    assert "is objective-name meant?" in result.err
    assert "objective-name" in run("mappings", "rules").out
