"""Workloads of folders: many files with one process and with two, and what others need for the same files."""

from __future__ import annotations

import math
import shutil
import sys
from typing import TYPE_CHECKING

from benchmarks.files import ROOT
from benchmarks.measure import OURS, Growth, Row, Taken, cold, reason
from benchmarks.peers import BIOFORMATS
from benchmarks.reading import COLD, COMMAND

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Table
    from benchmarks.peers import Peers

HARDWARE = str(ROOT / "sample_data" / "microscope.json")
#: Of how many files of the folder the others read; their cost for each is what is compared.
OTHERS = 50


def make(folder: Path, count: int) -> Path:
    """Make a folder of so many datasets: CZI, OME-TIFF, OME-Zarr."""
    import make_dataset

    path = folder / f"images-{count}"
    if not path.exists():
        options = ["--count", str(count)]
        stdout, sys.stdout = sys.stdout, sys.stderr
        try:
            make_dataset.main([str(path), *options])
        finally:
            sys.stdout = stdout
    return path


def run_on(images: Path, out: Path, workers: int, summary: bool = False) -> Callable[[], Taken]:
    """Return the job that writes a sidecar for each image of a folder, from nothing, merged with a microscope.

    Without the table and the report, which a run leaves of few images and not of many.
    """
    call = [*COMMAND, str(images), "-o", str(out), "-q", "--workers", str(workers), "--hardware", HARDWARE]
    call += [] if summary else ["--no-summary"]
    return cold(call, before=lambda: shutil.rmtree(out, ignore_errors=True))


def folders(table: Table, peers: Peers, folder: Path, quick: bool) -> list[Growth]:
    """Measure folders of growing size; return how time and memory grow."""
    out = folder / "out"
    count = 100 if quick else 500
    few = make(folder, count)
    jobs: dict[str, Callable[[], Taken] | None] = {OURS: run_on(few, out, 2), "--workers 1": run_on(few, out, 1)}
    table.beside("Folder", f"2 workers against 1, an image of {count}", COLD, jobs, 2, unit=count, share=math.inf)
    jobs = {OURS: run_on(few, out, 2, summary=True), "sidecars alone": run_on(few, out, 2)}
    table.beside(
        "Folder", f"with summary.csv and report.html, an image of {count}", COLD, jobs, 2, unit=count, share=math.inf
    )
    numbers = (10, 100, 500) if quick else (10, 100, 1_000, 10_000)
    taken = {n: run_on(make(folder, n), out, 2)() for n in numbers}
    largest = numbers[-1]
    beside_others(table, peers, make(folder, largest), largest, taken[largest])
    for n in numbers:
        shutil.rmtree(folder / f"images-{n}")
    return [
        Growth("a sidecar for each image", tuple((n, t.seconds) for n, t in taken.items())),
        Growth("the largest of all processes", tuple((n, float(t.peak or 0)) for n, t in taken.items())),
    ]


def beside_others(table: Table, peers: Peers, images: Path, number: int, whole: Taken) -> None:
    """Compare the cost of an image with what others need for some of the same files, one after the other."""
    files = sorted(p for p in images.rglob("*") if p.suffix in (".czi", ".tiff"))[:OTHERS]
    tiffs = [p for p in files if p.suffix == ".tiff"]
    per_image = whole.seconds / number
    readers: dict[str, tuple[list[Path], Callable[[Path], Callable[[], Taken] | None]]] = {
        "showinf, a process a file": (files[:5], peers.showinf),
        f"{BIOFORMATS} in one Java": (files, peers.bioformats_warm),
        "bioio in one process, OME-TIFF alone": (tiffs, peers.bioio_warm),
        "ome-types in one process, OME-TIFF alone": (tiffs, peers.ome_types_warm),
    }
    what = f"{number:,} files, an image"
    for name, (some, reader) in readers.items():
        jobs = [job for path in some if (job := reader(path)) is not None]
        if not jobs:
            continue
        try:
            jobs[0]()
            one = sum(job().seconds for job in jobs) / len(jobs)
        except Exception as error:  # whatever another program says, the run goes on
            table.skip(f"{name}: {what}", reason(error))
            continue
        table.add(Row("Folder", what, COLD, name, per_image, one, per_image / one, 1, whole.peak, None))
