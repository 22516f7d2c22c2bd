"""Keeps a worker process for a library that must not, or need not, run in this one, and asks it with a time limit.

A worker is started when first asked and serves this process until it ends. One that takes too long, dies or uses too
much memory costs the one file that it was asked about: the next question starts another.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from nbo_extract.errors import NboExtractError

SCRIPT = Path(__file__).with_name("_library_worker.py")
#: For the first answer of all: libraries are imported, perhaps from a slow disk.
START_SECONDS = 180.0
DEFAULT_SECONDS = 120.0
DEFAULT_MEMORY = "4g"
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class WorkerError(NboExtractError):
    """The worker cannot be used at all; the message says why, without naming a file."""


def seconds(library: str) -> float:
    """Return the time limit of a file, from ``NBO_<LIBRARY>_SECONDS``."""
    name = f"NBO_{library.upper()}_SECONDS"
    text = os.environ.get(name, "")
    try:
        value = float(text) if text else DEFAULT_SECONDS
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise WorkerError(f"{name} is {text!r}; give it a number of seconds above 0")
    return value


def memory(library: str) -> int:
    """Return the memory that a worker may use, in bytes, from ``NBO_<LIBRARY>_MEMORY``; 0 is any."""
    name = f"NBO_{library.upper()}_MEMORY"
    text = os.environ.get(name, DEFAULT_MEMORY).strip().lower()
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    if not number.isdecimal():
        raise WorkerError(f"{name} is {text!r}; give it a size such as 4g or 500m, or 0 for no limit")
    return int(number) * unit


@dataclass
class Worker:
    """One worker process.

    Parameters
    ----------
    library : str
        ``bioio`` or ``aicsimageio``.
    command : tuple of str
        Python and its options.
    """

    library: str
    command: tuple[str, ...]
    versions: dict[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[str] | None = None
    _lines: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask one question and wait for its answer, at most ``question['seconds']``.

        Returns
        -------
        dict
            What `_library_worker` answers; ``error`` also where it died or took too long.

        Raises
        ------
        WorkerError
            If the worker does not start.
        """
        with self._lock:
            self._start()
            process, limit = self._process, question["seconds"]
            assert process is not None and process.stdin is not None  # noqa: S101
            try:
                process.stdin.write(json.dumps(question) + "\n")
                process.stdin.flush()
                answer = self._answer(limit)
            except OSError:
                answer = None
            except queue.Empty:
                self.close()
                return {"error": f"no answer within {limit:g} s; NBO_{self.library.upper()}_SECONDS sets the limit"}
            except BaseException:
                # Whatever interrupts this: the next answer would be that of this question.
                self.close()
                raise
            if answer is None:
                return {"error": f"its process died while it read the file ({self.close()})"}
            if answer.get("memory"):
                self.close()
                answer["error"] += f"; NBO_{self.library.upper()}_MEMORY sets the limit"
            return answer

    def start(self) -> dict[str, str]:
        """Start the worker if it does not run, and return the versions of its library."""
        with self._lock:
            self._start()
            return self.versions

    def _start(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            # It died between two files, which is the fault of neither.
            self.close()
        if self._process is not None:
            return
        environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", **os.environ}
        command = [*self.command, str(SCRIPT), self.library, str(memory(self.library))]
        try:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
                env=environment,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise WorkerError(f"{self.command[0]} cannot be run ({reason})") from error
        self._lines = queue.SimpleQueue()
        assert self._process.stdout is not None  # noqa: S101
        threading.Thread(target=_collect, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            first = self._answer(START_SECONDS)
        except queue.Empty:
            self.close()
            raise WorkerError(f"{self.library} did not start within {START_SECONDS:g} s") from None
        except BaseException:
            self.close()
            raise
        if first is None:
            raise WorkerError(f"{self.command[0]} ended before it answered ({self.close()})")
        if "error" in first:
            self.close()
            raise WorkerError(f"{self.library} cannot be imported by {self.command[0]} ({first['error']})")
        self.versions = first["versions"]

    def _answer(self, limit: float) -> dict[str, Any] | None:
        """Return the next answer, None where the process is gone or talks nonsense."""
        line = self._lines.get(timeout=limit)
        try:
            answer = json.loads(line)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None

    def close(self) -> str:
        """End the process; return how it ended, in words."""
        process, self._process = self._process, None
        if process is None:
            return "it was not running"
        ended = process.poll()
        if process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                process.stdin.close()
        if ended is None:
            # It ends by itself once its input has ended, unless it is busy.
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended = process.wait(0.2)
        if ended is None:
            process.kill()
        process.wait()
        if ended is None:
            return "it was stopped"
        return f"signal {-ended}" if ended < 0 else f"exit status {ended}"


def _collect(stream: IO[str], lines: queue.SimpleQueue[str]) -> None:
    """Pass on lines; an empty one at the end."""
    with contextlib.suppress(OSError, ValueError), stream:
        for line in stream:
            lines.put(line)
    lines.put("")


_WORKERS: dict[tuple[str, tuple[str, ...]], Worker] = {}


def worker(library: str, python: str = "") -> Worker:
    """Return this process' worker of a library.

    Parameters
    ----------
    library : str
    python : str
        Interpreter of an environment of its own; empty for the one that runs this.
    """
    # The folder of the script holds modules with names of libraries: it must not be searched. An environment of its own
    # is to see nothing of this one.
    command = (python, "-I") if python else (sys.executable, "-P")
    key = (library, command)
    if key not in _WORKERS:
        _WORKERS[key] = Worker(library, command)
    return _WORKERS[key]


def close_all() -> None:
    """End all workers of this process."""
    while _WORKERS:
        _WORKERS.popitem()[1].close()


atexit.register(close_all)
# The workers of a process that forks serve it alone.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_WORKERS.clear)
