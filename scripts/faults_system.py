"""Calls of the writers to the system, seen and disturbed, and a disk that loses power: for `inject_faults`."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.writers._system import SYSTEM, System

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: Calls that change nothing on a disk; whatever else `System` has or will have may change something.
READING = frozenset({"close", "read", "writable", "free", "lock"})
#: A disk writes a sector whole or not at all, and a system call is not cut within one.
SECTOR = 512
#: Content of a dataset: path below its folder to bytes.
Files = dict[str, bytes]


@dataclass
class Call:
    """One call of a writer."""

    number: int
    name: str
    arguments: list[Any]

    @property
    def changes(self) -> bool:
        """Whether it may change what is on the disk."""
        return bool(self.arguments[1] & os.O_CREAT) if self.name == "open" else self.name not in READING

    @property
    def in_sector(self) -> bool:
        """Whether it writes into one sector only."""
        offset, size = self.arguments[1], len(self.arguments[2])
        return bool(offset // SECTOR == (offset + size - 1) // SECTOR)

    @property
    def at_once(self) -> bool:
        """Whether it writes one aligned number: no cut halves that."""
        offset, size = self.arguments[1], len(self.arguments[2])
        return size <= 8 and offset % size == 0


class Hook:
    """Sees each call, and lets it pass."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, name: str, arguments: list[Any], do: Callable[[list[Any]], Any]) -> Any:
        """Handle a call that comes."""
        call = Call(self.calls, name, arguments)
        self.calls += 1
        return self.handle(call, lambda: do(call.arguments))

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        """Do a call, or something else."""
        return do()


def _passing(name: str) -> Callable[..., Any]:
    real = getattr(System, name)

    def method(self: System, *arguments: Any, **named: Any) -> Any:
        return vars(self)["hook"](name, list(arguments), lambda given: real(self, *given, **named))

    return method


#: Has all the calls of `System`, those too that it will get.
Disturbed = type("Disturbed", (System,), {n: _passing(n) for n in vars(System) if not n.startswith("_")})


@contextlib.contextmanager
def injected(hook: Hook) -> Iterator[None]:
    """Let a hook see the calls of all writers of this process."""
    vars(SYSTEM)["hook"] = hook
    SYSTEM.__class__ = Disturbed
    try:
        yield
    finally:
        SYSTEM.__class__ = System
        del vars(SYSTEM)["hook"]


class Logging(Hook):
    """Keeps all calls, with what was written, and by which path a descriptor was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[Call] = []
        self.inside = False
        self.strays: list[str] = []

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        """Do a call and keep it."""
        self.inside = True
        try:
            result = do()
        finally:
            self.inside = False
        kept = [bytes(a) if isinstance(a, memoryview) else a for a in call.arguments]
        self.log.append(Call(call.number, call.name, kept + ([result] if call.name == "open" else [])))
        return result

    def watch(self, folder: Path) -> None:
        """Note from now on whatever changes the folder without passing here; cannot be undone, so for a fork."""
        sys.addaudithook(lambda event, arguments: self._audit(event, arguments, str(folder)))

    def _audit(self, event: str, arguments: tuple[Any, ...], folder: str) -> None:
        if self.inside or not arguments or folder not in str(arguments[0]):
            return
        writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        changing = ("os.rename", "os.remove", "os.truncate", "os.chmod", "os.mkdir", "os.link", "os.symlink")
        if event in changing or event.startswith("shutil.") or (event == "open" and int(arguments[2] or 0) & writing):
            self.strays.append(f"{event} {arguments[0]}")


@dataclass
class Kill(Hook):
    """Kills this process before a call, or when a part of what it writes was taken, or behind it."""

    at: int
    part: int = 0
    after: bool = False
    calls: int = field(default=0, init=False)

    def handle(self, call: Call, do: Callable[[], Any]) -> Any:
        """Do a call, or end."""
        if call.number != self.at:
            return do()
        if self.after:
            do()
        elif self.part:
            call.arguments[2] = bytes(call.arguments[2])[: self.part]
            do()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("alive after SIGKILL")


def kill_points(log: list[Call]) -> list[tuple[str, Kill]]:
    """Return where a process is killed: at each change of the disk before, within and behind it, with a kind each."""
    points = []
    for call in log:
        if not call.changes:
            continue
        points.append(("kill", Kill(call.number)))
        points.append(("kill", Kill(call.number, after=True)))
        if call.name == "write" and not call.at_once:
            size = len(call.arguments[2])
            kind = "torn sector" if call.in_sector else "kill"
            points += [(kind, Kill(call.number, part)) for part in sorted({1, size // 2, size - 1}) if 0 < part < size]
    return points


# What a disk may hold after a power cut.


@dataclass(frozen=True)
class _Change:
    """A change of the content of a file, or of the names in a folder, that is not safe yet."""

    place: str
    name: str
    arguments: tuple[Any, ...]

    def choices(self) -> list[str]:
        """Return what may be left of it."""
        if self.name != "write":
            return ["kept", "lost"]
        offset, data = self.arguments
        if len(data) <= 8 and offset % len(data) == 0:
            return ["kept", "lost"]
        if offset // SECTOR == (offset + len(data) - 1) // SECTOR:
            return ["kept", "lost", "length"]
        return ["kept", "lost", "half", "length"]


class Disk:
    """Replays calls and says what may be left of them.

    A file has its content up to its last fsync; each later write and truncation may be kept or lost, or half of a
    write, or the length that it gave the file without its data. Names in a folder are safe with its fsync.
    """

    def __init__(self, folder: Path, start: Files) -> None:
        self.folder = folder
        self.safe_names = {name: name for name in start}
        self.safe: dict[str, bytes] = dict(start)
        self.names = dict(self.safe_names)
        self.open: dict[int, str] = {}
        self.pending: list[_Change] = []
        self.made = 0

    def replay(self, call: Call) -> None:
        """Take one call."""
        name, arguments = call.name, call.arguments
        if name == "open":
            self._open(arguments[0], arguments[1], arguments[-1])
        elif name in ("write", "truncate"):
            self.pending.append(_Change(self.open[arguments[0]], name, tuple(arguments[1:])))
        elif name == "fsync":
            self._sync(self.open[arguments[0]])
        elif name in ("replace", "unlink"):
            given = [self._relative(a) for a in arguments]
            if name == "unlink":
                self.pending.append(_Change(self._folder(given[0]), name, (given[0],)))
                self.names.pop(given[0])
            else:
                identity = self.names.pop(given[0])
                self.pending.append(_Change(self._folder(given[1]), name, (*given, identity)))
                self.names[given[1]] = identity
        elif call.changes and name != "chmod":
            raise AssertionError(f"the model of a disk does not know the call {name} yet")

    def _relative(self, path: Any) -> str:
        return str(Path(path).resolve().relative_to(self.folder.resolve()))

    def _folder(self, name: str) -> str:
        return f"{Path(name).parent}/"

    def _open(self, path: Any, flags: int, fd: int) -> None:
        name = self._relative(path)
        if (self.folder / name).is_dir():
            self.open[fd] = f"{name}/"
            return
        if name not in self.names:
            if not flags & os.O_CREAT:
                raise FileNotFoundError(name)
            self.made += 1
            identity = f"made {self.made}"
            self.names[name] = identity
            self.safe[identity] = b""
            self.pending.append(_Change(self._folder(name), "create", (name, identity)))
        self.open[fd] = self.names[name]

    def _sync(self, place: str) -> None:
        for change in self.pending:
            if change.place == place:
                self._apply(change, "kept", self.safe, self.safe_names)
        self.pending = [change for change in self.pending if change.place != place]

    def _apply(self, change: _Change, choice: str, content: dict[str, bytes], names: dict[str, str]) -> None:
        if choice == "lost":
            return
        place, arguments = change.place, change.arguments
        if change.name == "truncate":
            content[place] = content[place][: arguments[0]].ljust(arguments[0], b"\0")
        elif change.name == "write":
            offset, data = arguments
            end = offset + len(data)
            old = content[place].ljust(end if choice != "half" else offset, b"\0")
            if choice == "length":
                content[place] = old
            else:
                data = data[: len(data) // 2] if choice == "half" else data
                content[place] = old[:offset] + data + old[offset + len(data) :]
        elif change.name == "create":
            names.setdefault(arguments[0], arguments[1])
        elif change.name == "unlink":
            names.pop(arguments[0], None)
        else:
            if names.get(arguments[0]) == arguments[2]:
                del names[arguments[0]]
            names[arguments[1]] = arguments[2]

    def after_cut(self) -> Iterator[tuple[str, Files]]:
        """Yield each content that a power cut now may leave, with its kind."""
        choices = [change.choices() for change in self.pending]
        total = 1
        for choice in choices:
            total *= len(choice)
        every: Iterable[Sequence[str]] = itertools.product(*choices) if total <= 1024 else self._single(choices)
        for chosen in every:
            content, names = dict(self.safe), dict(self.safe_names)
            for change, one in zip(self.pending, chosen, strict=True):
                self._apply(change, one, content, names)
            kind = "power cut, length only" if "length" in chosen else "power cut"
            yield kind, {name: content[identity] for name, identity in names.items()}

    @staticmethod
    def _single(choices: list[list[str]]) -> Iterator[tuple[str, ...]]:
        """Yield all kept, all lost, and each one alone kept or changed."""
        for base in ("kept", "lost"):
            yield (base,) * len(choices)
            for place, choice in enumerate(choices):
                for other in choice:
                    if other != base:
                        yield tuple(other if i == place else base for i in range(len(choices)))
