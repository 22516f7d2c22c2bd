"""Measure start-up, reading and embedding, side by side in one run, as ratios.

    python scripts/benchmark.py [--image FILE ...] [--json OUT]

Times depend on the machine and on what else it does; the ratios beside a reference measured in the same run do not
nearly as much. Where ``NBO_BIOFORMATS_JAR`` names the jar of Bio-Formats, its command-line tools are the reference, and
in this process, through jpype1, the library is; bioio is measured with the plug-ins that are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).resolve().parent.parent / "sample_data"
COMMAND = [sys.executable, "-m", "nbo_extract"]
PLANES = (100_000, 2_000_000)


def best(job: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of several runs in seconds: the one least disturbed."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    return min(taken)


def run(*command: str) -> None:
    """Run a command; its output is dropped."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bioformats(tool: str, *arguments: str) -> list[str] | None:
    """Return the command of a Bio-Formats tool, or None where there is no jar."""
    jar = os.environ.get("NBO_BIOFORMATS_JAR")
    return ["java", "-cp", jar, f"loci.formats.tools.{tool}", *arguments] if jar else None


def start_up(rows: list[tuple[str, float, str, float]]) -> None:
    """Measure ``--help`` against an empty Python process."""
    bare = best(lambda: run(sys.executable, "-c", "pass"))
    rows.append(("--help, cold", best(lambda: run(*COMMAND, "--help")), "python -c pass", bare))


def reading(rows: list[tuple[str, float, str, float]], image: Path) -> None:
    """Measure reading one file cold, and warm in turn with parsing alone, Bio-Formats and bioio."""
    import benchmark_reading

    cold = best(lambda: run(*COMMAND, str(image), "-o", "-"), 3)
    showinf = bioformats("ImageInfo", "-nopix", "-omexml", str(image))
    reference = (
        best(lambda: run(*showinf), 3) if showinf else best(lambda: run(sys.executable, "-c", "import lxml.etree"))
    )
    rows.append((f"{image.name}, cold", cold, "Bio-Formats showinf" if showinf else "import lxml", reference))
    rows.extend(benchmark_reading.reading(image))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--image", type=Path, action="append", help="file to read; the sample by default")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows: list[tuple[str, float, str, float]] = []
    start_up(rows)
    for image in arguments.image or [SAMPLE / "widefield.czi"]:
        reading(rows, image)
    with tempfile.TemporaryDirectory() as folder:
        import benchmark_embedding

        rows.extend(benchmark_embedding.embedding(Path(folder)))
        needed = [benchmark_embedding.memory(Path(folder), planes) for planes in PLANES]
    for what, seconds, reference, other in rows:
        mine, theirs = f"{seconds * 1000:9.1f} ms", f"{other * 1000:9.1f} ms"
        print(f"{what:50.50s} {mine}   {reference:26s} {theirs}   ratio {seconds / other:7.2f}")
    for size, alone, whole in needed:
        told = f"embedding {alone:.1f} times its size, the whole command {whole:.1f} times"
        print(f"memory for an OME-XML of {size / 1e6:.0f} MB: {told}")
    print(f"median ratio {statistics.median(s / o for _, s, _, o in rows):.2f}")
    if arguments.json:
        keys = ("what", "seconds", "reference", "reference_seconds")
        arguments.json.write_text(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=1))


if __name__ == "__main__":
    main()
