"""Work on a dask.distributed cluster that is there already: what goes out and comes back is as with worker processes.

The scheduler has little to do with it: work goes out in batches that are the larger the more workers there are, only a
few for each worker are on their way, and what is answered is forgotten at once.
"""

from __future__ import annotations

import pickle
import time
import uuid
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbo_extract.batch.cost import AIM, Sizes
from nbo_extract.batch.stamps import product
from nbo_extract.batch.workers import Done
from nbo_extract.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from distributed import Client, Future, Worker

#: Batches for each thread of a worker that are on their way: the one it is at, and those it finds when it is ready.
_AHEAD = 3
#: Batches that go through the scheduler in a second: a quarter of what it can do; see docs/clusters.md.
_BATCHES_PER_SECOND = 100
_MOST = 1024
#: Tasks that are on their way, so that memory is flat however many workers there are.
_IN_HAND = 100_000
#: Seconds between two looks at how many workers there are.
_LOOK = 5.0
#: Seconds that a run waits where there is no worker at all any more.
PATIENCE = 300.0
_WAIT = 0.5
#: Where a worker notes which runs have stopped.
_STOPPED = "_nbo_extract_stopped"

T = TypeVar("T")
R = TypeVar("R")
_Answers = list[tuple[Any, float]]


class OtherVersion(Exception):
    """A worker has other tables or another version than the program that gives it work."""


class Cluster(Generic[T, R]):
    """The workers of a cluster; the interface is that of `nbo_extract.batch.workers.Workers`.

    Parameters
    ----------
    client : distributed.Client
    function : callable
        Takes the pickled bytes and one task, and gives its result; a function of a module that the workers have. It
        must not raise.
    data : bytes
        Handed to each call; sent once, and the same object within a worker.
    sizes : Sizes, optional
        How many tasks are sent at once; by default by how many workers there are.
    stop : callable, optional
        Whether no more work is to be given out; the tasks that workers are at are finished.

    Attributes
    ----------
    batches : int
        That were sent so far.
    """

    def __init__(
        self,
        client: Client,
        function: Callable[[bytes, T], R],
        data: bytes,
        sizes: Sizes | None = None,
        stop: Callable[[], bool] = bool,
    ) -> None:
        self._client = client
        self._function = function
        self._data = data
        self._stop = stop
        self._name = uuid.uuid4().hex
        self.batches = 0
        self._in_hand = 0
        self._given: dict[str, tuple[Future, list[T]]] = {}
        self._answered: SimpleQueue[Future] = SimpleQueue()
        # Batches that are sent again: of one task each, where workers died at it, or had it to wait for another one.
        self._again: deque[list[T]] = deque()
        # What is lost once more is sent at the end, when nothing else is on its way: then it is what they die at.
        self._last: deque[T] = deque()
        self._alone = ""
        self._job: Future | None = None
        self._told = False
        self._looked = 0.0
        self._alive = time.monotonic()
        self._threads = 0
        self._count_threads()
        most = max(1, min(_MOST, _IN_HAND // (_AHEAD * max(1, self._threads))))
        self._sizes = sizes or Sizes(aim=max(AIM, self._threads / _BATCHES_PER_SECOND), most=most)

    def run(self, tasks: Iterable[T | None]) -> Generator[Done[T, R]]:
        """Yield what became of each task, as it comes.

        Parameters
        ----------
        tasks : iterable of T or None
            Taken when there is a worker for them; None says that there is none just now, and that one answer is to be
            waited for.

        Raises
        ------
        UsageError
            If the scheduler or all workers are lost, or a worker cannot do the work.
        """
        source = iter(tasks)
        try:
            while True:
                self._feed(source)
                if not self._given and not self._send_last():
                    return
                yield from self._collect()
        finally:
            self._end()

    # -- giving work --------------------------------------------------------------------------------------------------

    def _feed(self, source: Iterator[T | None]) -> None:
        if self._stop():
            self._tell_stop()
            return
        while self._may_send() and (batch := self._next(source)):
            self._submit(batch)

    def _may_send(self) -> bool:
        return not self._alone and len(self._given) < max(2, _AHEAD * self._threads) and self._in_hand < _IN_HAND

    def _send_last(self) -> bool:
        """Send one of the tasks that are left for the end; nothing else is on its way."""
        if self._stop() or not self._last:
            return False
        self._alone = self._submit([self._last.popleft()])
        return True

    def _next(self, source: Iterator[T | None]) -> list[T]:
        if self._again:
            return self._again.popleft()
        batch: list[T] = []
        for _ in range(self._sizes.tasks()):
            task = next(source, None)
            if task is None:
                break
            batch.append(task)
        return batch

    def _submit(self, batch: list[T]) -> str:
        try:
            return self._send(batch)
        except Exception as error:
            if self._client.status == "running":
                raise
            raise self._scheduler_lost() from error

    def _send(self, batch: list[T]) -> str:
        self.batches += 1
        if self._job is None:
            # A task, and not scattered data: it is made again where all workers are lost that have it.
            key = f"nbo-job-{self._name}-{self.batches}"
            self._job = self._client.submit(_same, self._data, key=key, pure=False)
        key = f"nbo-images-{self._name}-{self.batches}"
        sent = pickle.dumps((self._name, product(), self._function, batch))
        future = self._client.submit(_work, self._job, sent, key=key, pure=False)
        self._given[key] = future, batch
        self._in_hand += len(batch)
        future.add_done_callback(self._answered.put)
        return key

    def _tell_stop(self) -> None:
        """Let workers finish the image that they are at, and no other."""
        if not self._told:
            self._told = True
            # Where the scheduler is lost, that is seen where answers are waited for.
            with suppress(Exception):
                self._client.run(_note_stop, self._name, on_error="ignore")

    # -- taking results -----------------------------------------------------------------------------------------------

    def _collect(self) -> Iterator[Done[T, R]]:
        futures = self._wait()
        good = [f for f in futures if f.status == "finished"]
        texts: list[bytes | None]
        try:
            texts = list(self._client.gather(good)) if good else []
        except Exception:
            # One of them was lost on its way: each is asked for by itself.
            texts = [None] * len(good)
        found = dict(zip((f.key for f in good), texts, strict=True))
        for future in futures:
            _, batch = self._given.pop(future.key)
            self._in_hand -= len(batch)
            alone, self._alone = future.key == self._alone, ""
            text = found.get(future.key) or self._text(future, batch)
            future.release()
            if not text:
                yield from self._lost(batch, alone=alone) if text is None else ()
                continue
            answers: _Answers = pickle.loads(text)  # noqa: S301 - made by our own workers
            # Where a stop came in between, there are fewer answers than tasks.
            for task, (result, seconds) in zip(batch, answers, strict=False):
                self._sizes.took(seconds)
                yield Done(task, result, seconds)

    def _wait(self) -> list[Future]:
        """Wait for answers; a moment without one is used to look whether all is well."""
        while True:
            try:
                futures = [self._answered.get(timeout=_WAIT)]
                break
            except Empty:
                self._look()
                if self._stop():
                    self._tell_stop()
        while True:
            try:
                futures.append(self._answered.get_nowait())
            except Empty:
                break
        if time.monotonic() - self._looked > _LOOK:
            self._look()
        return futures

    def _look(self) -> None:
        if self._client.status != "running":
            raise self._scheduler_lost()
        if time.monotonic() - self._looked > _LOOK:
            try:
                self._count_threads()
            except Exception as error:
                raise self._scheduler_lost() from error
            if not self._threads and time.monotonic() - self._alive > PATIENCE:
                raise UsageError(
                    f"there has been no worker for {PATIENCE / 60:.0f} minutes; "
                    "start some, and the same command goes on there"
                )

    def _count_threads(self) -> None:
        self._threads = sum(self._client.nthreads().values())
        self._looked = time.monotonic()
        if self._threads:
            self._alive = self._looked

    def _text(self, future: Future, batch: list[T]) -> bytes | None:
        """Return the answer of one batch; None where workers died at it, empty where it is given out again."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        if future.status == "cancelled":
            raise self._scheduler_lost()
        try:
            text: bytes = future.result()
        except KilledWorker as error:
            # The job has no fault of its own.
            if not str(error.args[0]).startswith("nbo-job"):
                return None
            self._again.append(batch)
            self._job = None
            return b""
        except OtherVersion as error:
            raise UsageError(str(error)) from error
        except Exception as error:
            lost = isinstance(error, (OSError, CancelledError)) or future.status == "cancelled"
            if lost or self._client.status != "running":
                raise self._scheduler_lost() from error
            raise UsageError(
                f"a worker cannot do its work ({type(error).__name__}: {error}); look into its log"
            ) from error
        return text

    def _lost(self, batch: list[T], *, alone: bool) -> Iterator[Done[T, R]]:
        if len(batch) > 1:
            self._again.extend([task] for task in batch)
        elif alone:
            yield Done(batch[0], None)
        else:
            self._last.extend(batch)

    def _scheduler_lost(self) -> UsageError:
        return UsageError("the scheduler is lost; what is finished is kept, and the same command goes on there")

    def _end(self) -> None:
        """Forget what is on its way; the images that workers are at are finished."""
        if self._client.status != "running":
            return
        try:
            if self._given:
                self._tell_stop()
                self._client.cancel([future for future, _ in self._given.values()], force=True)
            self._given.clear()
            if self._job is not None:
                self._job.release()
        except Exception:
            # The scheduler ended meanwhile, and there is nothing to be forgotten.
            self._given.clear()


# -- on the workers ---------------------------------------------------------------------------------------------------


def _same(data: bytes) -> bytes:
    return data


def _work(data: bytes, sent: bytes) -> bytes:
    """Do a batch and return the pickled answers; pickled here, so that nothing on the way looks into them."""
    from distributed import get_worker

    worker = get_worker()
    run, version, function, tasks = pickle.loads(sent)  # noqa: S301 - made by `Cluster._submit`
    if version != product():
        raise OtherVersion(other_version(worker.address))
    answers: _Answers = []
    for task in tasks:
        if run in getattr(worker, _STOPPED, ()):
            break
        begun = time.monotonic()
        answers.append((function(data, task), time.monotonic() - begun))
    return pickle.dumps(answers)


def _note_stop(run: str, dask_worker: Worker) -> None:
    """Note at a worker that a run has stopped; of the worker, for there may be several in a process."""
    setattr(dask_worker, _STOPPED, getattr(dask_worker, _STOPPED, frozenset()) | {run})


def other_version(address: str) -> str:
    """Say that a worker is of another version."""
    return (
        f"the worker {address} has another version of nbo-extract, or other tables, than this program; "
        "install the same on all"
    )
