"""Measure what the layers around the work cost: worker processes, a dask cluster, its scheduler, the journal.

    python scripts/measure_batches.py [--tasks 10000] [--scheduler-pid PID --scheduler ADDRESS]

Nothing is done in the tasks, so that all the time is that of the layer.
"""

from __future__ import annotations

import argparse
import operator
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

from nbo_extract.batch.cost import Sizes
from nbo_extract.batch.journal import DONE, Journal
from nbo_extract.batch.workers import Workers
from nbo_extract.walk import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What a row of a real image has about it.
ROW = {
    "format": "Zeiss CZI", "images": 1, "size": "64 × 48 px, 2 Z, 2 C", "date": "2024-03-14",
    "stand": "Axio Observer.Z1 / 7", "software": "ZEN 3.2 (blue edition) 3.2.0.00001",
    "objective": "Plan-Apochromat 63x/1.4 Oil DIC M27, 63×, NA 1.4, Mineral Oil immersion",
    "pixel": "0.072063 × 0.072063 × 0.25 µm", "channels": "DAPI; EGFP",
    "fluorophores": "DAPI ex 353, em 465 nm; EGFP ex 488, em 509 nm", "disagreements": 0, "warnings": 0,
    "missing1": 42, "share1": 70, "missing2": 67, "share2": 51, "missing3": 66, "share3": 55, "asked": "tier 1",
    "tier": 1, "missing": 42, "passed": False, "state": "written", "target": "out/plate 12/well A01 f03.czi.nbo.xml",
}  # fmt: skip
WORK = {"options": "0123456789abcdef", "hardware": "0123456789abcdef", "config": "", "product": "0123456789abcdef"}


class Alone(Sizes):
    """Batches of one task."""

    def tasks(self) -> int:
        """Return 1."""
        return 1


def timed(results: Iterable[Any], tasks: int) -> tuple[float, float]:
    """Return the seconds of the first result, and those of each other one."""
    begun = time.perf_counter()
    iterator = iter(results)
    next(iterator)
    first = time.perf_counter() - begun
    begun = time.perf_counter()
    for _ in iterator:
        pass
    return first, (time.perf_counter() - begun) / (tasks - 1)


def processor_seconds(pid: int) -> float:
    """Return the time that a process has used a processor."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def journal(number: int) -> tuple[float, float, float]:
    """Return microseconds to see and to note an image, and bytes of the journal for each."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "journal")

        def units() -> Iterator[tuple[Unit, str]]:
            for n in range(number):
                name = os.path.join(folder, f"plate {n // 384}", f"well {n % 384:03} field 01.czi")
                yield Unit(name, os.path.relpath(name, folder)), f"{name}.nbo.xml"

        with Journal(path) as found:
            begun = time.perf_counter()
            found.see(units())
            seen = time.perf_counter() - begun
            begun = time.perf_counter()
            for n in range(1, number + 1):
                found.note(n, DONE, stamp="1234567:1710412345123456789", work=WORK, row=ROW, seconds=0.0312)
            found.write()
            noted = time.perf_counter() - begun
        return seen / number * 1e6, noted / number * 1e6, os.path.getsize(path) / number


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--scheduler")
    parser.add_argument("--scheduler-pid", type=int)
    given = parser.parse_args()
    for workers in (1, 2):
        pool: Workers[int, bool] = Workers(operator.is_, b"job", workers)
        first, each = timed(pool.run(range(given.tasks)), given.tasks)
        print(f"processes, {workers}: {each * 1e3:.3f} ms a task, {first:.2f} s to the first")
    for number in (10_000, 100_000):
        seen, noted, size = journal(number)
        print(f"journal, {number:,}: {seen:.0f} µs to see, {noted:.0f} µs to note, {size:.0f} bytes an image")
    if given.scheduler:
        on_cluster(given.scheduler, given.scheduler_pid, given.tasks)


def on_cluster(address: str, pid: int | None, tasks: int) -> None:
    """Measure a cluster: tasks in batches, and batches of one task."""
    from nbo_extract.batch.cluster import Cluster
    from nbo_extract.cli.batch_cluster import reached

    with reached(address, ()) as client:
        for name, sizes in (("batches", None), ("alone", Alone())):
            before = processor_seconds(pid) if pid else 0.0
            cluster: Cluster[int, bool] = Cluster(client, operator.is_, b"job", sizes)
            first, each = timed(cluster.run(range(tasks)), tasks)
            used = (processor_seconds(pid) - before) / cluster.batches if pid else 0.0
            print(
                f"cluster, {name}: {each * 1e3:.3f} ms a task, {first:.2f} s to the first, "
                f"{cluster.batches:,} batches, {used * 1e3:.2f} ms of the scheduler a batch"
            )


if __name__ == "__main__":
    main()
