"""Runs that are killed at random instants leave in the end what an undisturbed one does."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest

from kill_runs import Campaign

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


@pytest.mark.parametrize("embed", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_few_kills(tmp_path: Path, embed: bool) -> None:
    campaign = Campaign(
        tmp_path, count=60, kills=3, per_round=3, workers=2, embed=embed, random=random.Random(3), most_rounds=5
    )
    figures = campaign.run()
    assert figures.wrong == []
    assert figures.kills > 0
    assert figures.repeated == 0
