"""Workloads that read: starting, each format, many planes, a plate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.files import many_planes, plate
from benchmarks.floors import floor
from benchmarks.measure import FLOOR, OURS, Taken, cold, warm
from benchmarks.peers import BIOFORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.measure import Table
    from benchmarks.peers import Peers

_SCRIPT = Path(sys.executable).with_name("nbo-extract")
#: What a user calls, where it is installed.
COMMAND = [str(_SCRIPT)] if _SCRIPT.exists() else [sys.executable, "-m", "nbo_extract"]
WARM, COLD = "warm", "process"
_LXML = [sys.executable, "-c", "import lxml.etree"]


def starting(table: Table, rounds: int) -> None:
    """Measure ``--help`` beside Python that does nothing, and that imports click alone."""
    jobs = {
        OURS: cold([*COMMAND, "--help"]),
        "python -c pass": cold([sys.executable, "-c", "pass"]),
        "python -c 'import click'": cold([sys.executable, "-c", "import click"]),
    }
    table.beside("Start", "--help", COLD, jobs, rounds)


def read_warm(table: Table, peers: Peers, what: str, path: Path, rounds: int, group: str = "Read") -> None:
    """Read one file again and again in this process."""
    from nbo_extract.api import extract

    least = floor(path)
    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: warm(lambda: extract(path)),
        FLOOR: warm(least) if least else None,
        BIOFORMATS: peers.bioformats_warm(path),
        "bioio": peers.bioio_warm(path),
        "ome-types": peers.ome_types_warm(path),
    }
    table.beside(group, what, WARM, jobs, rounds)


def read_cold(table: Table, peers: Peers, what: str, path: Path, rounds: int, group: str = "Read") -> None:
    """Read one file, a process each time."""
    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: cold([*COMMAND, str(path), "-o", "-", "-q"]),
        "python that imports lxml": cold(_LXML),
        "showinf": peers.showinf(path),
        "bioio": peers.bioio_cold(path),
        "ome-types": peers.ome_types_cold(path),
    }
    table.beside(group, what, COLD, jobs, rounds)


def formats(table: Table, peers: Peers, made: Mapping[str, Path], real: Mapping[str, Path], quick: bool) -> None:
    """Read each format: all warm, and cold the real files, or where there is none those that are made."""
    named = {**{f"{n}, made": p for n, p in made.items()}, **real}
    for name, path in named.items():
        read_warm(table, peers, name, path, 9)
    covered = {name.partition(",")[0] for name in real}
    for name, path in named.items():
        kind, _, origin = name.partition(", ")
        guarded = kind in ("CZI", "OME-TIFF")
        if guarded if quick else (guarded or origin != "made" or kind not in covered):
            read_cold(table, peers, name, path, 3)


def planes(table: Table, peers: Peers, folder: Path, quick: bool) -> None:
    """Read OME-XML of many planes."""
    for number in (100, 10_000) if quick else (100, 10_000, 100_000):
        path = many_planes(folder, number)
        if quick and number > 100:
            table.leave(f"OME-XML of {number:,} planes", "bioio", "ome-types")
        if number > 10_000:
            table.leave_slow(f"OME-XML of {number:,} planes", "Read", "OME-XML of 10,000 planes", number / 10_000)
        read_warm(table, peers, f"OME-XML of {number:,} planes", path, 7, "Read")
        if number != 10_000 and not quick:
            read_cold(table, peers, f"OME-XML of {number:,} planes", path, 3, "Read")


def plates(table: Table, peers: Peers, folder: Path, quick: bool) -> None:
    """Read a plate as OME-Zarr."""
    path = plate(folder / "plate.ome.zarr")
    read_warm(table, peers, "plate of 384 wells", path, 5, "Read")
    if not quick:
        read_cold(table, peers, "plate of 384 wells", path, 3, "Read")
