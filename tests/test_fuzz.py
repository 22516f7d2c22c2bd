"""Damaged copies of the sample files: a partial result or one sentence, never anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fuzz import campaign

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["widefield.czi", "confocal.ome.tiff"])
def test_damaged_copies(sample_data: Path, name: str) -> None:
    result = campaign(str(sample_data / name), cuts=25, flips=25, seed=7, reader=None)
    assert result["bad"] == []
    assert sum(result["ends"].values()) == 50
    assert any(end.startswith("refused") for end in result["ends"]) or "read with findings" in result["ends"]


def test_a_traceback_would_be_seen(sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("nbo_extract.extract", broken, raising=False)
    result = campaign(str(sample_data / "widefield.czi"), cuts=1, flips=0, seed=7, reader=None)
    assert "TRACEBACK" in result["bad"][0]
