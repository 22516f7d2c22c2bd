"""What a dry run of embedding shows: short for people, whole where everything is wanted."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from nbo_extract.cli.difference import readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

_TIFF, _ZARR = "confocal.ome.tiff", "cells_v05.ome.zarr"


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the sample data and go there."""
    folder = tmp_path / "data"
    shutil.copytree(sample_data, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", [_TIFF, _ZARR])
def test_the_difference_is_short_and_the_verdict_stands_last(run: Callable[..., Result], data: Path, name: str) -> None:
    shown = run(name, "--hardware", "microscope.json", "--embed", "--dry-run").out
    lines = shown.splitlines()
    assert lines[-1].startswith(f"  would embed into {name} (+")
    assert len(lines) < 110
    difference = lines[next(n for n, line in enumerate(lines) if line.startswith("--- ")) : -1]
    assert max(map(len, difference)) <= 120
    assert any("<nbo:Objective " in line for line in difference)
    assert "microscope.json" not in "\n".join(difference)


def test_all_is_shown_where_it_is_wanted(run: Callable[..., Result], data: Path) -> None:
    shown = run(_TIFF, "--embed", "--dry-run", "-v").out
    assert "<nboProvenance xmlns=" in shown
    assert "more characters)" not in shown
    assert shown.splitlines()[-1].startswith(f"  would embed into {_TIFF} (+")


def test_the_xml_of_a_store_is_shown_in_lines(run: Callable[..., Result], data: Path) -> None:
    lines = run(_ZARR, "--embed", "--dry-run").out.splitlines()
    assert '+      <nbo:Channel ID="Channel:0" Name="GFP" Color="16711935"/>' in lines
    assert (
        sum(re.fullmatch(r"\+\(JSON-LD and provenance, [\d,]+ characters; -v shows it\)", n) is not None for n in lines)
        == 1
    )


def test_provenance_is_named_with_its_length() -> None:
    provenance = f"<nboProvenance>{'x' * 5000}\n</nboProvenance>"
    lines = [
        "--- a",
        "+++ a (with NBO)",
        "@@ -1,1 +1,4 @@",
        "+<nbo:OME/>",
        *(f"+{n}" for n in provenance.split("\n")),
        " b",
    ]
    assert readable("\n".join(lines) + "\n", 80) == [
        *lines[:4], f"+(provenance, {len(provenance) - 1:,} characters; -v shows it)", " b",
    ]  # fmt: skip


def test_long_lines_and_many_of_them_are_cut_with_their_numbers() -> None:
    lines = ["--- a", "+++ a (with NBO)", "@@ -1,1 +1,99 @@", *(f"+{number}" for number in range(98)), "+" + "y" * 200]
    shown = readable("\n".join(lines[:4] + lines[-1:]), 50)
    kept, more = re.fullmatch(r"(\+y+) … \((\d+) more characters\)", shown[-1]).groups()  # type: ignore[union-attr]
    assert len(kept) + int(more) == 201
    assert len(shown[-1]) <= 50
    shown = readable("\n".join(lines), 50)
    assert shown[:60] == lines[:60]
    assert shown[60:] == [f"({len(lines) - 60} more lines; -v shows all)"]


def test_each_file_of_a_set_is_shown() -> None:
    first = ["--- a", "+++ a (with NBO)", "@@ -1,1 +1,99 @@", *(f"+{number}" for number in range(98))]
    second = ["--- b", "+++ b (with NBO)", "@@ -1,1 +1,2 @@", "+new"]
    assert readable("\n".join(first + second), 50)[-4:] == second
