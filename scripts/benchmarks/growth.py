"""How cost grows with planes, channels and files, and the pictures of it."""

from __future__ import annotations

import gc
import statistics
from typing import TYPE_CHECKING

from benchmarks.files import many_channels_czi, many_channels_tiff, many_planes
from benchmarks.measure import Growth, warm
from benchmarks.picture import Axis, picture

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.measure import Taken

PLANES = (100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
CHANNELS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
#: How many more processors, memory or luck of a measurement may make of a straight line.
LINEAR = 1.15


def grown(name: str, jobs: Mapping[int, Callable[[], Taken]], rounds: int) -> Growth:
    """Measure jobs of growing size, the sizes in turn, and return the medians."""
    taken: dict[int, list[float]] = {n: [] for n in jobs}
    for job in jobs.values():
        job()
    # What other programs left in this process is not looked through: jobs that make enough to start a full collection
    # of garbage would pay for it, and smaller ones not.
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for n, job in jobs.items():
            taken[n].append(job().seconds)
    gc.unfreeze()
    return Growth(name, tuple((float(n), statistics.median(t)) for n, t in taken.items()))


def by_planes(folder: Path, quick: bool) -> list[Growth]:
    """Read and embed OME-XML of many planes."""
    from nbo_extract.api import extract, make_block
    from nbo_extract.writers.tiff import embed_tiff, restore_tiff

    paths = {n: many_planes(folder, n, size=2 * 1024**2 + 1) for n in (PLANES[:5] if quick else PLANES)}
    block = make_block(extract(paths[PLANES[0]]))

    def reading(path: Path) -> Callable[[], Taken]:
        return warm(lambda: extract(path, planes="all"))

    def embedding(path: Path) -> Callable[[], Taken]:
        return warm(lambda: embed_tiff(path, block), before=lambda: restore_tiff(path))

    read = grown("read, planes kept", {n: reading(p) for n, p in paths.items()}, 5)
    for path in paths.values():
        embed_tiff(path, block)
    return [read, grown("embed", {n: embedding(p) for n, p in paths.items()}, 5)]


def by_channels(folder: Path, quick: bool) -> list[Growth]:
    """Read files of many channels."""
    from nbo_extract.api import extract

    def reading(path: Path) -> Callable[[], Taken]:
        return warm(lambda: extract(path))

    numbers = CHANNELS[:7] if quick else CHANNELS
    makers = {"CZI": many_channels_czi, "OME-TIFF": many_channels_tiff}
    return [grown(f"read, {k}", {n: reading(make(folder, n)) for n in numbers}, 5) for k, make in makers.items()]


def stated(growth: Growth) -> str:
    """Return the exponent as a text."""
    found = growth.exponent
    return "does not grow" if found is None else f"exponent {found:.2f}"


def linear(growth: Growth) -> bool:
    """Return whether a cost grows no faster than the number."""
    found = growth.exponent
    return found is None or found <= LINEAR


#: Name of the picture: its title, and the axes.
PICTURES = {
    "planes": ("Cost against planes", Axis("planes of the OME-XML"), Axis("time", "s")),
    "channels": ("Cost against channels", Axis("channels"), Axis("time", "s")),
    "files": ("Cost against files", Axis("files in the folder"), Axis("time, 2 workers", "s")),
    "memory": ("Memory against files", Axis("files in the folder"), Axis("most memory of a process", "B", log=False)),
}


def draw(found: Mapping[str, Sequence[Growth]], folder: Path) -> None:
    """Write the pictures of what was measured."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, x, y) in PICTURES.items():
        series = found.get(name, ())
        if series:
            curves = {f"{g.name}: {stated(g)}": g.points for g in series}
            (folder / f"growth-{name}.svg").write_text(picture(title, x, y, curves), encoding="utf-8")
