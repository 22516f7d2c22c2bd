"""What the tests of runs on folders share: where images are, and what was told and kept of them."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from commands import Result

if TYPE_CHECKING:
    from pathlib import Path

Run = Callable[..., Result]

#: One image of each kind that `kill_runs.make_images` makes.
FIRST = "images/day_000/confocal_00000.ome.tiff"
CZI = "images/day_000/wide_00006.czi"
ZARR = "images/day_000/cells_00009.ome.zarr"


def lines(result: Result) -> dict[str, str]:
    """Return what was told of each image that was worked on."""
    told = [line.partition("] ")[2] for line in result.out.splitlines() if line.startswith("[")]
    return {path: what for path, _, what in (line.partition(": ") for line in told)}


def count(result: Result) -> str:
    return result.out.splitlines()[-1]


def again(result: Result) -> dict[str, str]:
    """Return why images were done again."""
    return {
        path: part.removeprefix("again because ")
        for path, what in lines(result).items()
        for part in what.split(", ")
        if part.startswith("again because ")
    }


def journal(place: Path) -> dict[str, tuple[str, str]]:
    """Return state and message of each image that a journal has."""
    with closing(sqlite3.connect(place)) as base:
        return {os.fsdecode(p): (s, m) for p, s, m in base.execute("SELECT path, state, message FROM image")}


def table(path: Path) -> dict[str, dict[str, str]]:
    with open(path, newline="", encoding="utf-8-sig") as stream:
        return {row["File"]: row for row in csv.DictReader(stream)}
