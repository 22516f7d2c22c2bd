"""Time and memory: jobs run in turn, the medians of their pairs, and how a cost grows."""

from __future__ import annotations

import math
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

OURS = "nbo-extract"
FLOOR = "floor"
#: How long a command may take, in seconds.
PATIENCE = 300.0
#: A candidate that needs longer than this for all its rounds is measured no further, once it has been.
SHARE = 9.0
_LAUNCH = Path(__file__).with_name("launch.py")


class Failed(Exception):
    """A candidate that cannot do the work, with its reason."""


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds, and the most memory of a process in bytes where it was one of its own."""

    seconds: float
    peak: int | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table: what we need beside what another needs for the same."""

    group: str
    what: str
    way: str
    peer: str
    seconds: float
    other_seconds: float
    #: Median of the ratios of the pairs: ours to the other's.
    ratio: float
    pairs: int
    peak: int | None = None
    other_peak: int | None = None

    @property
    def key(self) -> str:
        """What the row is called where two tables are compared."""
        return " | ".join((self.group, self.what, self.way, self.peer))


def warm(work: Callable[[], object], before: Callable[[], object] | None = None) -> Callable[[], Taken]:
    """Return a job that does something in this process; what is done before is not counted."""

    def job() -> Taken:
        if before is not None:
            before()
        start = time.perf_counter()
        work()
        return Taken(time.perf_counter() - start)

    return job


def cold(
    command: Sequence[str], before: Callable[[], object] | None = None, given: str = "", ends: Collection[int] = (0,)
) -> Callable[[], Taken]:
    """Return a job that runs a command as a process of its own, from nothing to its end.

    Parameters
    ----------
    command : sequence of str
    before : callable, optional
        What is done before each run and not counted.
    given : str
        File for its standard input.
    ends : collection of int
        Codes with which it ends when it has done its work.
    """

    def job() -> Taken:
        if before is not None:
            before()
        call = [sys.executable, "-I", "-S", str(_LAUNCH), given, *command]
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"takes longer than {PATIENCE:.0f} s") from None
        if done.returncode:
            raise Failed(_last_line(done.stderr))
        seconds, peak, end = done.stdout.split()
        if int(end) not in ends:
            raise Failed(f"ends with {end}: {_last_line(done.stderr)}")
        return Taken(float(seconds), int(peak))

    return job


def reason(error: Exception) -> str:
    """Return why a candidate cannot do the work, without the paths of this machine."""
    text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
    return re.sub(r"'?(?<![\w<])/[^\s':;,]+'?", "the file", text.replace("\n", " "))[:110]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)]
    return (named or lines or ["without a word"])[-1]


@dataclass
class Sample:
    """What the rounds of one candidate took."""

    taken: list[Taken] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Median of the seconds."""
        return statistics.median(t.seconds for t in self.taken)

    @property
    def peak(self) -> int | None:
        """Median of the most memory, None where it was not measured."""
        peaks = [t.peak for t in self.taken if t.peak is not None]
        return int(statistics.median(peaks)) if peaks else None


def in_turn(
    jobs: Mapping[str, Callable[[], Taken]],
    rounds: int,
    failures: dict[str, str],
    warm_ups: int = 1,
    share: float = SHARE,
) -> dict[str, Sample]:
    """Run jobs in turn (A B C A B C ...) and return what each round took; reasons of those that fail go to `failures`.

    A first run does not count, except that of a job so slow that nothing of it is about starting.
    """
    samples: dict[str, Sample] = {}
    left = dict(jobs)
    for name, job in jobs.items():
        try:
            first = job()
            for _ in range(warm_ups - 1 if first.seconds < 0.2 else 0):
                job()
        except Exception as error:  # whatever another program says, the run goes on
            failures[name] = reason(error)
            del left[name]
            continue
        samples[name] = Sample([first] if first.seconds > share / 3 and name != OURS else [])
    for number in range(rounds):
        for name, job in left.items():
            sample = samples[name]
            # One pair is more than none; many pairs of a slow candidate say no more than few.
            if name != OURS and number and sum(t.seconds for t in sample.taken) > share:
                continue
            if name != OURS and sample.taken and sample.taken[0].seconds > share / 3 and len(sample.taken) > number:
                continue
            sample.taken.append(job())
    return samples


def ratio(ours: Sample, other: Sample) -> float:
    """Return the median of the ratios of the pairs: the rounds that both ran."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(ours.taken, other.taken, strict=False))


class Table:
    """Rows, and what was skipped and why."""

    def __init__(self, say: Callable[[str], None] = print, share: float = SHARE) -> None:
        self.rows: list[Row] = []
        self.skipped: dict[str, str] = {}
        self._say = say
        self._share = share
        self._left: set[tuple[str, str]] = set()

    def leave(self, what: str, *peers: str) -> None:
        """Leave candidates out of a workload, and say nothing of it."""
        self._left.update((what, peer) for peer in peers)

    def leave_slow(self, what: str, group: str, smaller: str, times: float) -> None:
        """Leave out of a workload those that would need more than half a minute, by what a smaller one took."""
        for row in self.rows:
            if row.group == group and row.what == smaller and row.other_seconds * times > 30:
                self._left.add((what, row.peer))
                self.skip(f"{row.peer}: {what}", f"needs {row.other_seconds:.0f} s for {smaller}")

    def beside(
        self,
        group: str,
        what: str,
        way: str,
        jobs: Mapping[str, Callable[[], Taken] | None],
        rounds: int,
        unit: float = 1.0,
        share: float | None = None,
    ) -> None:
        """Measure ours beside each other candidate; a candidate that is None is not at hand.

        Parameters
        ----------
        group, what, way : str
            Name of the workload.
        jobs : mapping
            Candidates by name; ours among them.
        rounds : int
        unit : float
            By what the times are divided, such as the number of files.
        share : float
            Seconds for all rounds of one of the others; each is measured once at least.
        """
        failures: dict[str, str] = {}
        present = {name: job for name, job in jobs.items() if job is not None and (what, name) not in self._left}
        samples = in_turn(present, rounds, failures, 4 if way == "warm" else 1, share or self._share)
        if OURS in failures:
            raise Failed(f"{group}, {what}: {failures[OURS]}")
        for name, why in failures.items():
            self.skip(f"{name}: {what}, {way}", why)
        ours = samples.pop(OURS)
        for name, sample in samples.items():
            pairs = min(len(ours.taken), len(sample.taken))
            row = Row(
                group, what, way, name, ours.seconds / unit, sample.seconds / unit, ratio(ours, sample), pairs,
                ours.peak, sample.peak,
            )  # fmt: skip
            self.add(row)

    def add(self, row: Row) -> None:
        """Take in a row and say it."""
        self.rows.append(row)
        self._say(f"  {row.what}, {row.way}: {row.ratio:.3g} of {row.peer}, {row.pairs} pairs")

    def skip(self, what: str, why: str) -> None:
        """Take in what is not measured, and why."""
        self.skipped[what] = why
        self._say(f"  skipped: {what}: {why}")


@dataclass(frozen=True)
class Growth:
    """How a cost grows: points of number and cost, and the exponent of what depends on the number."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def exponent(self) -> float | None:
        """Exponent k where the cost is fixed + c·n^k; None where the cost hardly depends on the number."""
        return exponent(self.points)


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """Return the exponent of the part of a cost that depends on the number.

    The cost of the smallest number is taken for fixed, and left out. Points that are not half as high again say more of
    noise than of growth, unless there are too few others. None where the cost does not even double.
    """
    ordered = sorted(points)
    n0, cost0 = ordered[0]
    above = [(n, cost) for n, cost in ordered[1:] if cost > cost0]
    if len(above) < 2 or max(cost for _, cost in above) < 2 * cost0:
        return None
    clear = [p for p in above if p[1] > 1.5 * cost0]
    logs = [(math.log(n - n0), math.log(cost - cost0)) for n, cost in (clear if len(clear) > 1 else above[-2:])]
    mean_x, mean_y = statistics.fmean(x for x, _ in logs), statistics.fmean(y for _, y in logs)
    over = sum((x - mean_x) * (y - mean_y) for x, y in logs)
    return over / sum((x - mean_x) ** 2 for x, _ in logs)
