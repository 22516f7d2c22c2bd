"""Kill runs on folders at random instants, and compare what they leave in the end with an undisturbed run.

``python scripts/kill_runs.py --count 2000 --kills 200`` makes a folder of images with an identity each, runs
nbo-extract on it once for the reference, and then, on fresh copies, again and again: each run is killed (SIGKILL of the
main process alone, or of one worker) at an instant chosen at random, and the same command is given until it ends by
itself. It exits with 1 where anything differs:

- the files of the folder, byte for byte: outputs, `summary.csv`, images, and nothing else;
- what the journal says is done is done again, or an output that is there is written again;
- a process outlives its parent.

Linux alone: processes are found in ``/proc``.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_data"
JOURNAL = ".nbo-extract.journal"
#: Seconds after which a process that has lost its parent counts as an orphan that stays.
PATIENCE = 30.0
#: Runs of one round before it is given up.
MOST_RUNS = 1000
#: Share of kills while a run starts.
EARLY = 0.15
_PER_FOLDER = 100


# -- images -----------------------------------------------------------------------------------------------------------


def make_images(folder: Path, count: int, *, embed: bool = False) -> None:
    """Make images of all kinds, each with an identity of its own."""
    tiff = (SAMPLES / "confocal.ome.tiff").read_bytes()
    czi = (SAMPLES / "widefield.czi").read_bytes()
    for n in range(count):
        inner = folder / f"day_{n // _PER_FOLDER:03}"
        inner.mkdir(parents=True, exist_ok=True)
        kind = n % 10
        if kind == 9:
            path = inner / f"cells_{n:05}.ome.zarr"
            shutil.copytree(SAMPLES / "cells_v04.ome.zarr", path)
            attributes = json.loads((path / ".zattrs").read_text())
            attributes["multiscales"][0]["name"] = f"cells {n}"
            (path / ".zattrs").write_text(json.dumps(attributes, indent=1))
        elif kind >= 6 and not embed:
            (inner / f"wide_{n:05}.czi").write_bytes(
                _changed(czi, b"638459943881000001", f"{638459943881000001 + 10 * n}".encode())
            )
        else:
            (inner / f"confocal_{n:05}.ome.tiff").write_bytes(_changed(tiff, b"6f2c1d8e4a01", f"{n:012x}".encode()))


def _changed(data: bytes, old: bytes, new: bytes) -> bytes:
    if old not in data or len(old) != len(new):
        raise ValueError(f"the sample data have no {old!r} any more")
    return data.replace(old, new)


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of each file below a folder, without the journal."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != JOURNAL
    }


# -- processes --------------------------------------------------------------------------------------------------------


def children(number: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        return [int(n) for n in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except OSError:
        return []


def is_worker(number: int) -> bool:
    """Whether a process is a worker; the other child is the book-keeper of multiprocessing."""
    try:
        return b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def alive(number: int) -> bool:
    """Whether a process is there and no zombie: those of a dead parent are for the first process to collect."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ended(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Return the exit code of a process if it ends in so many seconds."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


# -- what is counted --------------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """What the campaign has seen."""

    runs: int = 0
    main: int = 0
    worker: int = 0
    early: int = 0
    rounds: int = 0
    ended_failed: int = 0
    repeated: int = 0
    in_flight: int = 0
    slowest_orphan: float = 0.0
    wrong: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Of main processes and of workers."""
        return self.main + self.worker


@dataclass
class Seen:
    """What was done and written at an earlier instant of a round."""

    done: dict[bytes, tuple[float, int]] = field(default_factory=dict)
    outputs: dict[str, tuple[int, int]] = field(default_factory=dict)


def done_by_journal(folder: Path) -> dict[bytes, tuple[float, int]]:
    """Return when and how long each image was worked on that a journal says is done; it is read as a copy."""
    with tempfile.TemporaryDirectory() as place:
        for path in folder.glob(f"{JOURNAL}*"):
            shutil.copy(path, place)
        copy = Path(place) / JOURNAL
        if not copy.exists():
            return {}
        base = sqlite3.connect(copy)
        with contextlib.closing(base):
            try:
                found = base.execute("SELECT path, seconds, ended FROM image WHERE state = 'done'").fetchall()
            except sqlite3.OperationalError:  # no table yet
                return {}
        return {path: (seconds, ended) for path, seconds, ended in found}


def outputs_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return number and time of each sidecar: one that is written again has others."""
    found = {}
    for path in folder.rglob("*.nbo.xml"):
        status = path.stat()
        found[str(path)] = (status.st_ino, status.st_mtime_ns)
    return found


def compare(before: Seen, now: Seen, figures: Figures) -> None:
    """Count what was done although it was done."""
    for path, what in before.done.items():
        if now.done.get(path) != what:
            figures.repeated += 1
            figures.wrong.append(f"{os.fsdecode(path)}: the journal said that it is done, and it was done again")
    for name, mark in before.outputs.items():
        if now.outputs.get(name) != mark:
            figures.repeated += 1
            figures.wrong.append(f"{name}: it was there, and was written again")


# -- the campaign -----------------------------------------------------------------------------------------------------


@dataclass
class Campaign:
    """Where and how runs are killed."""

    work: Path
    count: int
    kills: int
    per_round: int
    workers: int
    embed: bool
    random: random.Random
    most_rounds: int = 1000
    usual: float = 0.0
    figures: Figures = field(default_factory=Figures)

    def command(self) -> list[str]:
        """Return the command that is given again and again."""
        hardware = ["--hardware", str(SAMPLES / "microscope.json")]
        goal = ["--embed"] if self.embed else []
        return [sys.executable, "-m", "nbo_extract", "images", "--workers", str(self.workers), *hardware, *goal]

    def start(self, folder: Path, log: Path) -> subprocess.Popen[bytes]:
        """Start the command in a folder."""
        with open(log, "ab") as file:
            return subprocess.Popen(self.command(), cwd=folder, stdout=file, stderr=file, stdin=subprocess.DEVNULL)

    def reference(self) -> dict[str, str]:
        """Return what one undisturbed run leaves."""
        folder = self.fresh()
        begun = time.monotonic()
        code = self.start(folder, self.work / "reference.log").wait()
        self.usual = time.monotonic() - begun
        if code:
            raise SystemExit(f"the undisturbed run ended with {code}; see {self.work / 'reference.log'}")
        return contents(folder)

    def fresh(self) -> Path:
        """Return a fresh copy of the images, always in one place: documents say where their images are."""
        folder = self.work / "run"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.work / "made", folder / "images")
        return folder

    def run(self) -> Figures:
        """Kill runs until there were enough."""
        make_images(self.work / "made", self.count, embed=self.embed)
        expected = self.reference()
        while self.figures.kills < self.kills and self.figures.rounds < self.most_rounds and not self.figures.wrong:
            self.round(expected)
            print(f"{self.figures.kills:,} kills, {len(self.figures.wrong)} wrong", file=sys.stderr, flush=True)
        return self.figures

    def round(self, expected: dict[str, str]) -> None:
        """Run on one folder, killed a number of times, to the end; and compare."""
        figures = self.figures
        figures.rounds += 1
        folder = self.fresh()
        log = self.work / f"round_{figures.rounds:03}.log"
        wanted = min(self.per_round, self.kills - figures.kills)
        last = figures.kills + wanted
        seen = Seen()
        for _ in range(MOST_RUNS):
            figures.runs += 1
            code = self.one(folder, log, last)
            now = Seen(done_by_journal(folder / "images"), {} if self.embed else outputs_of(folder))
            compare(seen, now, figures)
            seen = now
            if code == 0:
                break
            if code == 3:
                figures.ended_failed += 1
            elif code != -signal.SIGKILL:
                figures.wrong.append(f"a run ended with {code}; see {log}")
                return
        else:
            figures.wrong.append(f"{folder}: it does not come to an end")
        figures.in_flight += self.not_told(folder / "images")
        found = contents(folder)
        different = {name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)}
        figures.wrong += [f"{folder / name}: not as the undisturbed run leaves it" for name in sorted(different)]

    def one(self, folder: Path, log: Path, last: int) -> int:
        """Start one run; kill it, or its workers, until it ends; return its exit code."""
        figures = self.figures
        process = self.start(folder, log)
        while figures.kills < last:
            # Some while it starts and looks for images; the others spread over the work.
            if self.random.random() < EARLY:
                code = ended(process, self.random.uniform(0, 2))
            else:
                code = self.at_work(process)
                code = ended(process, self.random.uniform(0, 2 * self.usual / self.per_round)) if code is None else code
            if code is not None:
                return code
            workers = [n for n in children(process.pid) if is_worker(n)]
            if workers and self.random.random() < 0.5:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.random.choice(workers), signal.SIGKILL)
                    figures.worker += 1
                continue
            left = children(process.pid)
            process.kill()
            code = process.wait()
            figures.main += 1
            figures.early += not workers
            # Half of the time the next run begins while the workers of this one may still end.
            if self.random.random() < 0.5:
                self.orphans(left)
            return code
        return process.wait()

    def at_work(self, process: subprocess.Popen[bytes]) -> int | None:
        """Wait until a run has workers; return its exit code where it ends before."""
        while not any(map(is_worker, children(process.pid))):
            code = ended(process, 0.02)
            if code is not None:
                return code
        return None

    def orphans(self, left: list[int]) -> None:
        """Wait until the processes of a dead one have ended by themselves."""
        begun = time.monotonic()
        while any(map(alive, left)):
            if time.monotonic() - begun > PATIENCE:
                self.figures.wrong.append(f"processes {list(filter(alive, left))} outlive their parent")
                return
            time.sleep(0.01)
        self.figures.slowest_orphan = max(self.figures.slowest_orphan, time.monotonic() - begun)

    def not_told(self, folder: Path) -> int:
        """Return how many images were written by a process that was killed before the journal knew."""
        with contextlib.closing(sqlite3.connect(folder / JOURNAL)) as base:
            rows = base.execute("SELECT row FROM image").fetchall()
        return sum(json.loads(row).get("state") == "unchanged" for (row,) in rows)


def table(campaign: Campaign) -> str:
    """Return the figures as a table."""
    figures = campaign.figures
    lines = {
        "images": f"{campaign.count:,}, {'embedded into' if campaign.embed else 'a sidecar each'}",
        "workers": campaign.workers,
        "undisturbed run": f"{campaign.usual:.1f} s",
        "rounds, runs": f"{figures.rounds:,}, {figures.runs:,}",
        "kills": f"{figures.kills:,}: {figures.main:,} of main ({figures.early:,} before it had workers), "
        f"{figures.worker:,} of workers",
        "runs that ended with failed images": figures.ended_failed,
        "done again though done": figures.repeated,
        "done again, in flight when killed": f"{figures.in_flight:,} ({figures.in_flight / max(1, figures.kills):.1f} "
        "a kill)",
        "slowest end of workers without parent": f"{figures.slowest_orphan:.2f} s",
        "wrong": len(figures.wrong),
    }
    return "\n".join(f"{name:40}{value}" for name, value in lines.items())


def main() -> int:
    """Run the campaign and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=2000, help="images [2000]")
    parser.add_argument("--kills", type=int, default=200, help="of main or of a worker [200]")
    parser.add_argument("--per-round", type=int, default=20, help="kills of one folder before it may end [20]")
    parser.add_argument("--workers", type=int, default=2, help="processes of a run [2]")
    parser.add_argument("--embed", action="store_true", help="into the images, instead of a sidecar each")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants [1]")
    parser.add_argument("--work", type=Path, help="new folder to work in; kept [a temporary one]")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = given.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kill_runs_")))
        work.mkdir(parents=True, exist_ok=True)
        chance = random.Random(given.seed)
        campaign = Campaign(work, given.count, given.kills, given.per_round, given.workers, given.embed, chance)
        # Interrupted, it tells what it has seen of whole rounds.
        with contextlib.suppress(KeyboardInterrupt):
            campaign.run()
        print(table(campaign))
        for sentence in campaign.figures.wrong[:20]:
            print(sentence)
        return 1 if campaign.figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
