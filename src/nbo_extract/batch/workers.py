"""Worker processes that survive each other: work goes out in batches, what comes back is yielded as it comes.

A worker that dies (killed, out of memory, a fault in a library) costs the one task that it was at, and that one is
given to another worker first. The executors of the standard library lose all that is waiting, and do not say which task
it was.
"""

from __future__ import annotations

import pickle
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbo_extract.batch.cost import Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

#: How many workers may die at one task before it is given up: the first may have been killed for another reason.
TRIES = 2
#: Batches that a worker has: the one it is at, and one that it finds when it is ready.
_AHEAD = 2
#: So many workers that die before they have finished a task mean that none can work.
_STILLBORN = 3
#: Seconds that results wait for others: what is not told is done again where the machine fails.
_QUIET = 0.05

T = TypeVar("T")
R = TypeVar("R")


class NoWorkersError(RuntimeError):
    """No worker process can be started."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """What became of one task.

    Attributes
    ----------
    task : T
    result : R or None
        None where no worker survived it.
    seconds : float
        That the worker was at it.
    """

    task: T
    result: R | None
    seconds: float = 0.0


@dataclass(slots=True)
class _Item(Generic[T]):
    task: T
    deaths: int = 0


@dataclass(slots=True)
class _Worker(Generic[T]):
    process: SpawnProcess
    pipe: Connection
    #: What it was given and has not answered yet, in the order in which it answers.
    given: deque[_Item[T]] = field(default_factory=deque)
    batches: deque[int] = field(default_factory=deque)
    answered: bool = False


class Workers(Generic[T, R]):
    """A set of worker processes.

    Parameters
    ----------
    function : callable
        Takes the pickled bytes and one task, and gives its result; a function of a module, so that it can be imported.
        It must not raise.
    data : bytes
        Handed to each call; the same object within a worker, so that what is made of it can be kept.
    number : int
        Of processes.
    sizes : Sizes
        How many tasks are sent at once.
    stop : callable, optional
        Whether no more work is to be given out; what was given out is finished.
    """

    def __init__(
        self,
        function: Callable[[bytes, T], R],
        data: bytes,
        number: int,
        sizes: Sizes | None = None,
        stop: Callable[[], bool] = bool,
    ) -> None:
        self._function = function
        self._stop = stop
        self._data = data
        self._number = number
        self._sizes = sizes or Sizes()
        self._workers: list[_Worker[T]] = []
        self._again: deque[_Item[T]] = deque()
        self._stillborn = 0

    @property
    def processes(self) -> list[int]:
        """Numbers of the processes that are alive."""
        return [w.process.pid for w in self._workers if w.process.pid is not None]

    def run(self, tasks: Iterable[T | None]) -> Generator[Done[T, R]]:
        """Yield what became of each task, as it comes.

        Parameters
        ----------
        tasks : iterable of T or None
            Taken when there is a worker for them; None says that there is none just now, and that one answer is to be
            waited for.

        Raises
        ------
        NoWorkersError
            If no worker process can be started.
        """
        source = iter(tasks)
        try:
            while True:
                self._feed(source)
                if not any(w.given for w in self._workers):
                    return
                yield from self._collect()
        finally:
            self._end()

    # -- giving work --------------------------------------------------------------------------------------------------

    def _feed(self, source: Iterator[T | None]) -> None:
        """Give each worker what it should have; a worker is started when there is work for it."""
        for worker in self._workers:
            while len(worker.batches) < _AHEAD and (batch := self._next(source, worker)):
                self._give(worker, batch)
        while len(self._workers) < self._number and (batch := self._next(source, None)):
            worker = self._start()
            self._give(worker, batch)

    def _next(self, source: Iterator[T | None], worker: _Worker[T] | None) -> list[_Item[T]]:
        if self._stop():
            return []
        if self._again:
            # What a worker has died at goes alone, so that it takes no other task with it.
            if worker is not None and worker.given:
                return []
            return [self._again.popleft()]
        if worker is not None and any(i.deaths for i in worker.given):
            return []
        batch: list[_Item[T]] = []
        for _ in range(self._sizes.tasks()):
            task = next(source, None)
            if task is None:
                break
            batch.append(_Item(task))
        return batch

    def _give(self, worker: _Worker[T], batch: list[_Item[T]]) -> None:
        worker.given.extend(batch)
        worker.batches.append(len(batch))
        # A worker that is dead takes nothing: reading from it says so, and what it was given goes to another.
        with suppress(OSError):
            worker.pipe.send([i.task for i in batch])

    def _start(self) -> _Worker[T]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self._function, self._data), daemon=True)
        with interrupts_wait():
            process.start()
        theirs.close()
        worker: _Worker[T] = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    # -- taking results -----------------------------------------------------------------------------------------------

    def _collect(self) -> Iterator[Done[T, R]]:
        pipes = {w.pipe: w for w in self._workers if w.given}
        for ready in wait(list(pipes)):
            worker = pipes[ready]  # type: ignore[index]
            try:
                results = worker.pipe.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                yield from self._died(worker)
                continue
            worker.answered, self._stillborn = True, 0
            for result, seconds in results:
                item = worker.given.popleft()
                self._sizes.took(seconds)
                self._answered(worker)
                yield Done(item.task, result, seconds)

    @staticmethod
    def _answered(worker: _Worker[T]) -> None:
        worker.batches[0] -= 1
        if not worker.batches[0]:
            worker.batches.popleft()

    def _died(self, worker: _Worker[T]) -> Iterator[Done[T, R]]:
        """Give what a dead worker had to others; a task that has killed enough of them is given up."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join()
        self._stillborn += not worker.answered
        first = worker.given.popleft()
        first.deaths += 1
        self._again.extendleft(reversed(worker.given))
        if first.deaths < TRIES:
            self._again.appendleft(first)
        else:
            yield Done(first.task, None)
        if self._stillborn >= max(_STILLBORN, self._number) * TRIES:
            raise NoWorkersError("worker processes die as soon as they start")

    def _end(self) -> None:
        """Let each worker finish the task that it is at, and end."""
        with interrupts_wait():
            for worker in self._workers:
                worker.pipe.close()
            for worker in self._workers:
                worker.process.join()
            self._workers.clear()


def _work(pipe: Connection, function: Callable[[bytes, Any], Any], data: bytes) -> None:
    """Do what comes through a pipe until it is closed; answer after each task, or a few quick ones.

    Where the parent has ended, no task is begun any more.
    """
    import signal
    import time
    from multiprocessing import parent_process

    parent = parent_process()
    # The parent ends its workers in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        while True:
            tasks = pipe.recv()
            results: list[tuple[Any, float]] = []
            since = time.monotonic()
            for number, task in enumerate(tasks, 1):
                # What came before it died is not begun: the next run may be at it already.
                if parent is not None and not parent.is_alive():
                    return
                begun = time.monotonic()
                results.append((function(data, task), time.monotonic() - begun))
                if number == len(tasks) or time.monotonic() - since > _QUIET:
                    pipe.send(results)
                    results, since = [], time.monotonic()
    _leave()


def _leave() -> None:
    """End this process without taking apart what it has loaded, which takes as long as several images."""
    import atexit
    import os
    import sys

    # The programs that readers have started are ended there.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C come after what is done here.

    Processes that are started here never see it: the parent ends them in good order. One that is interrupted while it
    starts its processes would wait for them for ever.
    """
    import signal

    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
