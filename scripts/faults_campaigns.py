"""The campaigns of `inject_faults`: each injects one kind of fault into a dataset and counts what it finds."""

from __future__ import annotations

import errno
import mmap
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from faults_system import Disk, Hook, Logging, injected, kill_points
from faults_target import OPERATIONS, SPARE
from nbo_extract.errors import NboExtractError, WriteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults_system import Call, Files
    from faults_target import Target

#: These are cut within a sector, or keep a length without the data: what follows the original may be left then.
WEAK = ("torn sector", "power cut, length only")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EINTR)


@dataclass
class Tally:
    """Counts by target and kind of fault."""

    counts: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    def add(self, target: str, kind: str, word: str) -> None:
        """Count one point."""
        self.counts.setdefault((target, kind), Counter()).update(["points", word])

    def note(self, target: str, kind: str, word: str) -> None:
        """Count something about a point."""
        self.counts.setdefault((target, kind), Counter()).update([word])

    def violate(self, target: str, kind: str, what: str) -> None:
        """Count a violation."""
        self.note(target, kind, "violations")
        self.violations.append(f"{target}, {kind}: {what}")


def examine(target: Target, tally: Tally, operation: str, kind: str, point: str, content: Files) -> str:
    """Judge what a fault left and count it."""
    word, verdict = target.place(operation, content)
    tally.add(target.name, kind, word)
    problems = list(verdict.problems)
    if kind not in WEAK:
        problems += verdict.tail
    elif verdict.tail:
        tally.note(target.name, kind, "tail")
    if word == "bad":
        problems.append("is neither old nor new")
    for problem in problems:
        tally.violate(target.name, kind, f"{operation}, {point}: {problem}")
    return word


def log_of(target: Target, operation: str) -> list[Call]:
    """Return the calls of an undisturbed operation."""
    target.begin(operation)
    hook = Logging()
    with injected(hook):
        target.run(operation)
    return hook.log


def in_fork(work: Callable[[], int]) -> int:
    """Start work in a fork and return its process; it ends with what the work returns."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os._exit(work())
    except BaseException:
        os._exit(70)


def check_shim(target: Target, tally: Tally) -> None:
    """See that no writer changes a file behind the back of `System`, and that undisturbed runs end as they should."""
    for operation in OPERATIONS:
        into, out = os.pipe()

        def watched(operation: str = operation, out: int = out) -> int:
            target.begin(operation)
            hook = Logging()
            hook.watch(target.folder)
            with injected(hook):
                target.run(operation)
            os.write(out, "; ".join(hook.strays).encode())
            return 0

        pid = in_fork(watched)
        os.close(out)
        with os.fdopen(into) as pipe:
            strays = pipe.read()
        status = os.waitpid(pid, 0)[1]
        tally.add(target.name, "undisturbed", "new")
        end = target.contents["original" if operation == "restore" else "B"]
        if status or strays or target.take() != end:
            tally.violate(target.name, "undisturbed", f"{operation}: status {status}, not seen by the shim: {strays}")


def kills(target: Target, tally: Tally, *, step: int = 1) -> None:
    """Kill the process at every change of the disk: before, within and behind it."""
    for operation in OPERATIONS:
        points = kill_points(log_of(target, operation))
        for kind, hook in points[::step]:
            target.begin(operation)

            def killed(hook: Hook = hook, operation: str = operation) -> int:
                with injected(hook):
                    target.run(operation)
                return 0

            status = os.waitpid(in_fork(killed), 0)[1]
            if not os.WIFSIGNALED(status):
                tally.violate(target.name, kind, f"{operation}, {hook}: it was not killed")
            examine(target, tally, operation, kind, str(hook), target.take())


def power_cuts(target: Target, tally: Tally) -> None:
    """Lose what was not safe on the disk, in every subset, behind each call."""
    for operation in OPERATIONS:
        start = dict(target.contents[target.begin(operation)])
        disk = Disk(target.folder, start)
        for call in log_of(target, operation):
            disk.replay(call)
            if call.changes:
                for kind, content in disk.after_cut():
                    examine(target, tally, operation, kind, f"behind call {call.number} {call.name}", content)


class _Flags:
    """Bytes that a process and its forks share."""

    def __init__(self) -> None:
        self.memory = mmap.mmap(-1, 8)

    def wait(self, place: int, pid: int) -> bool:
        """Wait until a flag is set; false where the fork ended before."""
        while not self.memory[place]:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return bool(self.memory[place])
        return True


@dataclass
class _Flagging(Hook):
    """Sets a flag when the disk is changed first."""

    flags: _Flags

    def __post_init__(self) -> None:
        super().__init__()

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.changes:
            self.flags.memory[1] = 1
        return do()


def random_kills(target: Target, tally: Tally, number: int, chance: random.Random) -> None:
    """Kill the process from outside at random instants, until so many have hit it at work."""
    kind = "random SIGKILL"
    for turn, operation in enumerate(OPERATIONS):
        wanted = (number + turn) // len(OPERATIONS)
        spans = _spans(target, operation)
        hits = tries = 0
        while hits < wanted and tries < 20 * wanted + 100:
            tries += 1
            flags = _Flags()
            # Half of the instants lie between the first change and the end: most of the time goes into preparing.
            since = chance.randrange(2)
            delay = chance.uniform(0, 1.05 * spans[since])
            target.begin(operation)
            pid = in_fork(partial(_flagged, target, operation, flags))
            if flags.wait(since, pid):
                end = time.perf_counter() + delay
                while time.perf_counter() < end:
                    pass
            os.kill(pid, signal.SIGKILL)
            hit = os.WIFSIGNALED(os.waitpid(pid, 0)[1])
            if not hit:
                tally.note(target.name, kind, "missed")
                continue
            hits += 1
            tally.note(target.name, kind, "while changing" if flags.memory[1] and not flags.memory[2] else "before")
            examine(target, tally, operation, kind, f"{delay * 1e6:.0f} µs behind {since}", target.take())


def _flagged(target: Target, operation: str, flags: _Flags) -> int:
    with injected(_Flagging(flags)):
        flags.memory[0] = 1
        target.run(operation)
        flags.memory[2] = 1
    return 0


def _spans(target: Target, operation: str) -> tuple[float, float]:
    """Return how long an operation takes from its start and from its first change."""
    found = []
    for _ in range(5):
        flags = _Flags()
        target.begin(operation)
        pid = in_fork(partial(_flagged, target, operation, flags))
        moments = []
        for place in range(3):
            flags.wait(place, pid)
            moments.append(time.perf_counter())
        os.waitpid(pid, 0)
        found.append((moments[2] - moments[0], moments[2] - moments[1]))
    return sorted(s[0] for s in found)[2], sorted(s[1] for s in found)[2]


@dataclass
class _Failing(Hook):
    """Fails at one call, and, if it lasts, at each later one of its name."""

    at: int
    code: int
    lasting: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.number == self.at:
            self.name = call.name
        if call.number == self.at or (self.lasting and call.name == self.name):
            if call.name == "close":
                do()  # a descriptor is gone even where closing fails
            if self.code == 0:
                raise KeyboardInterrupt
            raise OSError(self.code, os.strerror(self.code))
        return do()


@dataclass
class _Short(Hook):
    """Takes a part of one write only."""

    at: int
    part: int

    def __post_init__(self) -> None:
        super().__init__()

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        if call.number == self.at:
            call.arguments[2] = bytes(call.arguments[2])[: self.part]
        return do()


def errors(target: Target, tally: Tally) -> None:
    """Let each call fail, once and from then on: one sentence, and the file is as it was."""
    for operation in OPERATIONS:
        for call in log_of(target, operation):
            if call.name == "writable":
                continue  # says no, and never fails
            for code in ERRORS:
                for lasting in (False, True):
                    hook = _Failing(call.number, code, lasting)
                    kind = f"{errno.errorcode[code]}{', lasting' if lasting else ''}"
                    _fail(target, tally, operation, kind, f"{call.name} {call.number}", hook, to_the_byte=not lasting)
            hook = _Failing(call.number, 0)
            _fail(target, tally, operation, "Ctrl-C", f"{call.name} {call.number}", hook, to_the_byte=False)
            if call.name == "write":
                size = len(call.arguments[2])
                for part in sorted({1, size // 2, size - 1}):
                    point = f"write {call.number}, {part} of {size}"
                    _fail(target, tally, operation, "short write", point, _Short(call.number, part), to_the_byte=True)


def _fail(
    target: Target, tally: Tally, operation: str, kind: str, point: str, hook: Hook, *, to_the_byte: bool
) -> None:
    start = target.begin(operation)
    told: BaseException | None = None
    try:
        with injected(hook):
            target.run(operation)
    except (Exception, KeyboardInterrupt) as error:
        told = error
    content = target.take()
    word = examine(target, tally, operation, kind, point, content)
    problems = []
    if told is None:
        end = "original" if operation == "restore" else "B"
        if content != target.contents[end]:
            problems.append("success was reported, but the bytes are not the new ones")
    elif isinstance(told, WriteError):
        tally.note(target.name, kind, "told")
        if "\n" in told.message or str(target.folder) not in told.message:
            problems.append(f"the message is not one sentence about a file: {told.message}")
        if to_the_byte and not _as_before(target, start, content):
            problems.append(f"an error was reported ({told.message}), but the bytes are not the old ones ({word})")
        if to_the_byte and any(name.endswith(SPARE) for name in content):
            problems.append("a spare file is left")
    elif not (kind == "Ctrl-C" and isinstance(told, KeyboardInterrupt)):
        problems.append(f"{type(told).__name__} came out: {told}")
    for problem in problems:
        tally.violate(target.name, kind, f"{operation}, {point}: {problem}")


def _as_before(target: Target, start: str, content: Files) -> bool:
    """Whether each file is the old one or the original, or, in a Zarr, the new one."""
    states = ["A", "B", "original"] if target.path.is_dir() else [start, "original"]
    return content.keys() == target.contents["original"].keys() and all(
        any(target.contents[state][name] == data for state in states) for name, data in content.items()
    )


@dataclass
class _Jitter(Hook):
    """Waits a little before calls, so that two runs meet at other places each time."""

    chance: random.Random

    def __post_init__(self) -> None:
        super().__init__()

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        if self.chance.random() < 0.4:
            time.sleep(self.chance.random() * self.chance.choice((5e-4, 5e-4, 5e-3)))
        return do()


PAIRS = (("embed A", "embed B"), ("embed B", "restore"), ("restore", "restore"), ("embed B", "embed B"))


def two_writers(target: Target, tally: Tally, rounds: int, seed: int) -> None:
    """Let two processes write at the same time."""
    kind = "two writers"
    chance = random.Random(seed)
    for number in range(rounds):
        pair = PAIRS[number % len(PAIRS)]
        start = chance.choice(("original", "A", "B"))
        target.put(start)
        flags = _Flags()
        runs = []
        for place, job in enumerate(pair):
            into, out = os.pipe()

            def work(
                job: str = job, place: int = place, out: int = out, number: int = number, flags: _Flags = flags
            ) -> int:
                flags.memory[place] = 1
                while not (flags.memory[0] and flags.memory[1]):
                    pass
                try:
                    with injected(_Jitter(random.Random(seed * 1000 + number * 2 + place))):
                        told = target.run(job.split()[0], job.split()[-1], other=place > 0)
                except NboExtractError as error:
                    told = f"refused: {error.message}"
                except BaseException as error:
                    told = f"broken: {error!r}"
                os.write(out, told.encode())
                return 0

            pid = in_fork(work)
            os.close(out)
            runs.append((pid, into))
        told = []
        for pid, into in runs:
            os.waitpid(pid, 0)
            with os.fdopen(into) as pipe:
                told.append(pipe.read())
        _settle(target, tally, kind, start, pair, told)


def _settle(target: Target, tally: Tally, kind: str, start: str, pair: tuple[str, str], told: list[str]) -> None:
    """Check the end of two runs at a time: that of one of those that succeeded."""
    ends = [{"restore": "original"}.get(job, job[-1]) for job in pair]
    done = [end for end, text in zip(ends, told, strict=True) if not text.startswith(("refused", "broken"))]
    content = target.take()
    state = next((s for s, c in target.contents.items() if c == content), "none")
    tally.add(target.name, kind, "both done" if len(done) == 2 else "one refused" if done else "both refused")
    problem = ""
    if any(text.startswith("broken") or not text for text in told):
        problem = "broken"
    elif any(text.startswith("refused") and "try again" not in text for text in told):
        problem = "the refusal is not clear"
    elif state not in (done or [start]):
        problem = f"the end is {state}"
    if problem:
        tally.violate(target.name, kind, f"from {start} by {pair}: {problem}; {told}")
