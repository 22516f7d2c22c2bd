"""Measure runs on folders: rates with one and two processes, memory, and what other programs need for the same files.

    python scripts/benchmark_folders.py [--count 10000] [--others 200] [--dry 100000] [--work FOLDER]

Bio-Formats is measured where NBO_BIOFORMATS_JAR names its jar, bioio where it is installed. Ratios count, not times:
all is done in turn on one machine.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


@dataclass
class Taken:
    """What a run took: seconds, and the most memory of the main process and of a worker, in MB."""

    seconds: float
    main: float
    worker: float


def measured(command: list[str]) -> Taken:
    """Run a command and look at its memory twice a second."""
    import psutil

    begun = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = [0.0, 0.0]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.5):
            try:
                own = psutil.Process(process.pid)
                most[0] = max(most[0], own.memory_info().rss / 1e6)
                for child in own.children(recursive=True):
                    most[1] = max(most[1], child.memory_info().rss / 1e6)
            except psutil.Error:
                continue

    looking = threading.Thread(target=look)
    looking.start()
    process.wait()
    taken = time.monotonic() - begun
    ended.set()
    looking.join()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Taken(taken, *most)


def make(folder: Path, count: int, *options: str) -> None:
    """Make a folder of datasets."""
    command = [sys.executable, str(SCRIPTS / "make_dataset.py"), str(folder), "--count", str(count), *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def run_on(folder: Path, work: Path, workers: int) -> Taken:
    """Write a sidecar for each image of a folder, from nothing."""
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    options = ["--workers", str(workers), "-o", str(out), "-q"]
    hardware = ["--hardware", str(SCRIPTS.parent / "sample_data" / "microscope.json")]
    return measured([sys.executable, "-m", "nbo_extract", str(folder), *options, *hardware])


def others(folder: Path, count: int) -> None:
    """Let other programs read the same files."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".czi", ".tiff"))[:count]
    jar = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if jar and shutil.which("java"):
        few = files[: max(1, count // 10)]
        begun = time.monotonic()
        for file in few:
            command = [
                "java",
                "-cp",
                jar,
                "loci.formats.tools.ImageInfo",
                "-nopix",
                "-omexml",
                "-no-upgrade",
                str(file),
            ]
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        told("showinf, one process a file", len(few), time.monotonic() - begun)
    else:
        sys.stdout.write("Bio-Formats: not at hand\n")
    tiffs = [f for f in files if f.suffix == ".tiff"]
    try:
        from bioio import BioImage
    except ImportError:
        sys.stdout.write("bioio: not at hand\n")
        return
    begun = time.monotonic()
    read = 0
    for file in tiffs:
        try:
            BioImage(file).ome_metadata  # noqa: B018 - reading it is what is measured
            read += 1
        except Exception as error:
            sys.stdout.write(f"bioio: {file.name}: {type(error).__name__}\n")
    told("bioio in one process, OME-TIFF alone", max(read, 1), time.monotonic() - begun)


def told(name: str, count: int, seconds: float, memory: str = "") -> None:
    """Tell one line of the table."""
    sys.stdout.write(f"{name:<44} {count:>8,} {seconds:>9.1f} s {count / seconds:>9.1f} /s {memory}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure all, in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=200)
    parser.add_argument("--dry", type=int, default=100_000)
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.work) as place:
        work = Path(place)
        for count in dict.fromkeys((min(1000, given.count), given.count)):
            folder = work / f"images{count}"
            make(folder, count)
            for workers in (1, 2):
                taken = run_on(folder, work, workers)
                memory = f"main {taken.main:.0f} MB, worker {taken.worker:.0f} MB"
                told(f"nbo-extract --workers {workers}", count, taken.seconds, memory)
        again = measured([sys.executable, "-m", "nbo_extract", str(folder), "-o", str(work / "out"), "-q", "--hardware",
                          str(SCRIPTS.parent / "sample_data" / "microscope.json")])  # fmt: skip
        told("nbo-extract, when all is done", given.count, again.seconds, f"main {again.main:.0f} MB")
        others(folder, given.others)
        if given.dry:
            make(work / "dry", given.dry, "--dry")
            taken = measured(
                [sys.executable, "-m", "nbo_extract", str(work / "dry"), "--dry-run", "-q", "--workers", "2"]
            )
            memory = f"main {taken.main:.0f} MB, worker {taken.worker:.0f} MB"
            told("nbo-extract --dry-run --workers 2", given.dry, taken.seconds, memory)


if __name__ == "__main__":
    main()
