"""Measure embedding: into many planes beside tiffcomment, into a small and a large file, and its memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Row = tuple[str, float, str, float]
COMMAND = [sys.executable, "-m", "nbo_extract"]
#: A hole in the place of the pixels of a large file: what is measured is that nothing of them is read or moved.
LARGE = 2 * 1024**3
SMALL = 2 * 1024**2
_ALONE = """
import pickle, re, sys
from nbo_extract.writers.tiff import embed_tiff
block = pickle.load(open(sys.argv[2], "rb"))
# What getrusage says a process inherits from the one that started it.
most = lambda: int(re.search(r"VmHWM: *\t? *([0-9]+)", open("/proc/self/status").read())[1]) * 1024
before = most()
embed_tiff(sys.argv[1], block)
print(most() - before)
"""


def make(folder: Path, planes: int, size: int) -> Path:
    """Write an OME-TIFF whose OME-XML states so many planes, and return its path."""
    import sample_ome

    stated = "".join(
        f'<Plane TheZ="0" TheC="0" TheT="{t}" DeltaT="{t}" PositionX="0.5" PositionY="1.5"/>' for t in range(planes)
    )
    xml = sample_ome.ome_xml(name="many planes", tiff_data="<TiffData/>" + stated, planes=False)
    path = folder / f"planes-{planes}-{size}.ome.tiff"
    sample_ome.make_ome_tiff(path, description=xml.encode(), big=True)
    with open(path, "r+b") as file:
        file.truncate(max(size, path.stat().st_size))
    return path


def timed(job: Callable[[], object]) -> float:
    """Return how long something takes, in seconds."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def embedding(folder: Path, planes: int = 100_000) -> list[Row]:
    """Measure embedding into an OME-TIFF of many planes, and the same XML in a small and in a large file."""
    from nbo_extract.api import extract, make_block
    from nbo_extract.writers.tiff import embed_tiff, restore_tiff

    small, large = make(folder, planes, SMALL), make(folder, planes, LARGE)
    block = make_block(extract(small))
    taken: dict[Path, list[float]] = {small: [], large: []}
    for path in (small, large) * 5:
        taken[path].append(timed(partial(embed_tiff, path, block)))
        restore_tiff(path)
    ours, same = statistics.median(taken[small]), statistics.median(taken[large])
    rows = [(f"embed, {planes} planes, 2 GB", same, "the same in 2 MB", ours)]
    jar = os.environ.get("NBO_BIOFORMATS_JAR")
    if jar:
        from nbo_extract.writers.tiff import read_base_xml

        text = read_base_xml(small) or b""
        other = Path(shutil.copy(small, folder / "commented.ome.tiff"))
        call = ["java", "-cp", jar, "loci.formats.tools.TiffComment", "-set", "-", str(other)]
        theirs = timed(lambda: subprocess.run(call, input=text, check=True, stdout=subprocess.DEVNULL))
        whole = timed(lambda: subprocess.run([*COMMAND, str(small), "--embed", "-q"], check=True))
        rows.append((f"embed, {planes} planes", ours, "tiffcomment -set", theirs))
        rows.append((f"read, check and embed, {planes} planes, cold", whole, "tiffcomment -set", theirs))
    return rows


def memory(folder: Path, planes: int) -> tuple[int, float, float]:
    """Return the size of an OME-XML, and the memory that embedding and the whole command take, as multiples of it.

    What Python and the libraries need before they see the file is not counted.
    """
    import pickle

    from nbo_extract.api import extract, make_block
    from nbo_extract.writers.tiff import read_base_xml

    path, empty = make(folder, planes, SMALL), make(folder, 1, SMALL)
    size = len(read_base_xml(path) or b"")
    (folder / "block").write_bytes(pickle.dumps(make_block(extract(empty))))
    call = [sys.executable, "-c", _ALONE, str(path), str(folder / "block")]
    alone = int(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    peaks = [_peak(other) for other in (path, empty)]
    return size, alone / size, (peaks[0] - peaks[1]) / size


def _peak(path: Path) -> int:
    """Return the most memory that the command needs with an image, in bytes."""
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    )
    call = [sys.executable, "-c", code, *COMMAND, str(path), "--embed", "-q"]
    return int(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
