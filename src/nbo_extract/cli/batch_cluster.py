"""A run on folders on a dask cluster: it is looked at first, paths travel whole, and come back as they were named."""

from __future__ import annotations

import logging
import os
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.batch import Item, do
from nbo_extract.cli.group import Refusal
from nbo_extract.cli.work import Outcome, Task
from nbo_extract.stores import is_url, plain, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from distributed import Client

    from nbo_extract.batch.workers import Done
    from nbo_extract.cli.batch_places import Places

#: Seconds in which a scheduler has to answer, and in which there has to be a worker.
PATIENCE = 8
#: What of an outcome may name paths.
_TELLING = (
    "path", "message", "target", "backup", "diff", "text", "summary", "findings", "config", "stated_in", "told",
    "warned",
)  # fmt: skip
#: What dask tells in its logs is told in our words.
_LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado", "asyncio")


@dataclass(frozen=True, slots=True)
class Away:
    """One image as it travels to a worker elsewhere.

    Attributes
    ----------
    item : Item
        With whole paths.
    folders : tuple of str
        That the worker has to see.
    """

    item: Item
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a worker says of itself.

    Attributes
    ----------
    host, product : str
    unseen : tuple of str
        Folders that it does not see.
    """

    host: str
    product: str
    unseen: tuple[str, ...]


@contextmanager
def reached(address: str, folders: Sequence[str]) -> Iterator[Client]:
    """Open the connection to a cluster whose workers can do the work.

    Parameters
    ----------
    address : str
        Of the scheduler, or path of the file that it wrote.
    folders : sequence of str
        That all workers have to see.

    Raises
    ------
    Refusal
        If it is not reached, or one of its workers cannot do the work.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise Refusal(
            "--scheduler needs dask.distributed, which is not installed; pip install 'nbo-extract[cluster]'"
        ) from error
    with _silent():
        place = {"scheduler_file": _written(address)} if _is_file(address) else {"address": address}
        try:
            client = Client(**place, timeout=PATIENCE, set_as_default=False, name="nbo-extract")
        except Exception as error:
            raise Refusal(
                f"no dask scheduler answers at {address} within {PATIENCE} s ({_cause(error)}); "
                "give its address with --scheduler, such as tcp://HOST:8786"
            ) from error
        try:
            try:
                look_at(client, address, folders)
            except Refusal:
                raise
            except Exception as error:
                raise Refusal(f"the scheduler {address} was lost ({_cause(error)}); try again") from error
            yield client
        finally:
            with suppress(Exception):
                client.close(timeout=PATIENCE)


def _is_file(address: str) -> bool:
    return "://" not in address and (address.endswith(".json") or os.sep in address)


def _written(path: str) -> str:
    """Wait for the file that a scheduler writes when it has started."""
    end = time.monotonic() + PATIENCE
    while not os.path.isfile(path):
        if time.monotonic() > end:
            raise Refusal(f"{path}: no dask scheduler has written this file within {PATIENCE} s; check the path")
        time.sleep(0.1)
    return path


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what dask logs and warns of from the streams of the user; its threads may log until the program ends."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _cause(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text.partition(" after ")[0] or type(error).__name__


def look_at(client: Client, address: str, folders: Sequence[str]) -> None:
    """Refuse a cluster of which a worker cannot do the work.

    Raises
    ------
    Refusal
        If it has no workers, versions differ, or a worker does not see a folder.
    """
    import importlib.util

    from nbo_extract.batch.cluster import other_version
    from nbo_extract.batch.stamps import product

    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise Refusal(f"the scheduler {address} has no workers; start some with: dask worker {address}") from error
    _refuse_versions(client.get_versions())
    for worker, found in client.run(importlib.util.find_spec, "nbo_extract", on_error="return").items():
        if found is None or isinstance(found, Exception):
            raise Refusal(f"the worker {worker} has no nbo-extract; install the version of this program there")
    sights = client.run(see, tuple(folders), on_error="return")
    for worker, found in sights.items():
        if isinstance(found, Exception):
            raise Refusal(f"the worker {worker} cannot do the work ({_cause(found)}); look into its log")
        if found.product != product():
            raise Refusal(other_version(worker))
    blind = [s for s in sights.values() if s.unseen]
    if blind:
        others = {s.host for s in blind} - {blind[0].host}
        raise Refusal(unseen(blind[0].unseen[0], blind[0].host, len(others)))


def _refuse_versions(versions: Any) -> None:
    ours = versions["client"]["packages"]["distributed"]
    told = {"scheduler": versions["scheduler"]}
    told |= {f"worker {address}": found for address, found in versions["workers"].items()}
    for name, found in told.items():
        theirs = found["packages"]["distributed"]
        if theirs != ours:
            raise Refusal(f"the {name} has distributed {theirs}, this program {ours}; install the same on all")


def see(folders: tuple[str, ...]) -> Sight:
    """Say of a worker what it is and does not see; runs there."""
    import socket

    from nbo_extract.batch.stamps import product

    return Sight(socket.gethostname(), product(), tuple(f for f in folders if not os.path.isdir(f)))


def unseen(path: str, host: str, others: int = 0) -> str:
    """Say that a worker does not see a path."""
    more = f", and neither can {others} other{'s' * (others > 1)}" if others else ""
    return f"{path}: the worker {host} cannot see it{more}; mount the folder there under the same name"


def do_there(data: bytes, away: Away) -> Outcome:
    """Do a pickled job for one image at a worker that may not see it."""
    task = away.item.task
    path = next((f for f in away.folders if not os.path.isdir(f)), "")
    if not path and not is_url(task.path) and not os.path.lexists(task.path):
        path = task.path
    if path:
        import socket

        return Outcome(shown(task.path), "failed", unseen(path, socket.gethostname()), passing=True)
    return do(data, away.item)


def on_cluster(
    client: Client, folders: tuple[str, ...], data: bytes, items: Iterable[Item], stopped: Callable[[], bool]
) -> Generator[Done[Item, Outcome]]:
    """Do all on a cluster; what comes back is as if it had been done here.

    Parameters
    ----------
    client : distributed.Client
    folders : tuple of str
        That each worker has to see.
    data : bytes
        The pickled job.
    items : iterable of Item
    stopped : callable
        Whether no more work is to be given out.
    """
    from nbo_extract.batch.cluster import Cluster
    from nbo_extract.batch.workers import Done

    named: dict[int, Item] = {}

    def sent() -> Iterator[Away]:
        for item in items:
            named[item.number] = item
            yield Away(replace(item, task=_whole(item.task)), folders)

    cluster: Cluster[Away, Outcome] = Cluster(client, do_there, data, stop=stopped)
    results = cluster.run(sent())
    try:
        for done in results:
            item, outcome = named.pop(done.task.item.number), done.result
            if outcome is not None:
                if outcome.passing and not (is_url(item.task.path) or os.path.lexists(item.task.path)):
                    # It is gone here as well.
                    outcome = do(data, item)
                outcome = as_named(outcome, done.task.item.task, item.task)
            yield Done(item, outcome, done.seconds)
    finally:
        results.close()


def folders_of(paths: Sequence[str], places: Places, *, dry_run: bool) -> tuple[str, ...]:
    """Return the folders that workers have to see: those of the images, and the one that is written to."""
    found = [p if os.path.isdir(p) else os.path.dirname(p) for p in map(whole, map(plain, paths)) if not is_url(p)]
    if places.output and not dry_run:
        # A worker that does not see it would make one of its own.
        found.append(whole(places.made(paths)))
    return tuple(dict.fromkeys(found))


def whole(path: str) -> str:
    """Return a path as it is known from everywhere."""
    return path if not path or is_url(path) else os.path.abspath(path)


def _whole(task: Task) -> Task:
    return replace(task, path=whole(task.path), target=whole(task.target), files=tuple(map(whole, task.files)))


def as_named(outcome: Outcome, whole: Task, named: Task) -> Outcome:
    """Return what is told of an image with its paths as the user named them."""
    pairs = [(whole.path, named.path), (whole.target, named.target), *zip(whole.files, named.files, strict=True)]
    # A sidecar's path begins with the image's.
    swaps = sorted({p for p in pairs if p[0] != p[1]}, key=lambda p: -len(p[0]))
    if not swaps:
        return outcome
    return replace(outcome, **{name: _swapped(getattr(outcome, name), swaps) for name in _TELLING})


def _swapped(value: Any, swaps: list[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for old, new in swaps:
            value = value.replace(old, new)
        return value
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_swapped(v, swaps) for v in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _swapped(getattr(value, f.name), swaps) for f in fields(value) if f.init})
    return value
