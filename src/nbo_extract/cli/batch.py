"""The default command on folders: what is done is kept in a journal, and a run that was stopped goes on."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from nbo_extract.batch.journal import DONE, FAILED, LOST, NAME, UNLISTED, Journal
from nbo_extract.batch.results import TABLE, place_of, write_table
from nbo_extract.batch.rows import row_of
from nbo_extract.batch.stamps import PARTS, Work, stamp
from nbo_extract.cli.extract import BEFORE, FEW, Report
from nbo_extract.cli.group import INTERRUPTED, Failure, Refusal, complain
from nbo_extract.cli.inputs import collision, refuse_nothing
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.listed import Chosen
from nbo_extract.cli.progress import Bar, Silent, progress_for
from nbo_extract.cli.work import Outcome, Task, process, processes, unpickled, worker_died
from nbo_extract.counting import counted
from nbo_extract.errors import UsageError, WriteError
from nbo_extract.stores import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from nbo_extract.batch.journal import Entry
    from nbo_extract.batch.workers import Done, Workers
    from nbo_extract.cli.batch_places import Places
    from nbo_extract.cli.progress import Progress
    from nbo_extract.cli.work import Job
    from nbo_extract.walk import Stream

    #: Does a pickled job for images, until it is told to stop.
    Results = Callable[[bytes, Iterable["Item"], Callable[[], bool]], Generator[Done["Item", Outcome]]]

#: States of images that are no result yet: nothing was written.
_IDLE = ("dry-run", "would convert")


@dataclass(frozen=True, slots=True)
class Item:
    """One image that is to be done, as it travels to a worker."""

    number: int
    task: Task
    full: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What a run was asked for, besides what is done with an image.

    Attributes
    ----------
    paths : tuple of str
        Images and folders.
    chosen : Chosen
        Which images of folders, and what a list names and is not there.
    workers : int
        Processes; 0 for as many as there are cores, where it pays.
    scheduler : str or None
        Address of the cluster that does the work instead.
    verbose, quiet : bool
    force, retry_failed : bool
        Whether everything, or what failed, is done again.
    journal : str or None
        Path of the journal; None for the usual one.
    no_journal : bool
        Whether nothing is kept.
    no_summary : bool
        Whether no table is written.
    as_json : bool
        Whether events are told instead of text.
    """

    paths: tuple[str, ...]
    chosen: Chosen = field(default_factory=Chosen)
    workers: int = 0
    verbose: bool = False
    quiet: bool = False
    force: bool = False
    retry_failed: bool = False
    journal: str | None = None
    no_journal: bool = False
    no_summary: bool = False
    as_json: bool = False
    scheduler: str | None = None


def run_batch(given: Given, places: Places, options: dict[str, Any]) -> int:
    """Do the job for all images of folders and return the exit code.

    Parameters
    ----------
    given : Given
    places : Places
        What is looked for, and where what is made of it is written.
    options : dict
        Of the job; see `nbo_extract.cli.jobs.job_for`.

    Raises
    ------
    Refusal
        If the options contradict each other, there is nothing to do, or another run is at work.
    """
    places.refuse_output()
    _refuse_empty(given, places)
    with _cluster(given, places, options) as cluster, opened(given, places, options) as journal:
        run = Run(given, places, journal, options)
        run.cluster = cluster
        return _run(run)


def _refuse_empty(given: Given, places: Places) -> None:
    """Refuse folders without an image before a journal, or a folder for it, is made.

    Raises
    ------
    Failure
    """
    if not given.paths or given.journal is not None or os.path.exists(os.path.join(places.folder(given.paths), NAME)):
        return
    walked = places.stream(given.paths, given.chosen)
    # The first image is enough: all of them are looked for once.
    if next(walked.units(), None) is None:
        refuse_nothing(given.paths, 0, walked)


@contextmanager
def _cluster(given: Given, places: Places, options: dict[str, Any]) -> Iterator[Results | None]:
    """Reach the cluster that does the work, where one was given; dask is imported for nothing else."""
    if given.scheduler is None:
        yield None
        return
    if given.workers:
        raise Refusal("--workers is for this machine, and --scheduler has workers of its own; leave one of them out")
    from nbo_extract.cli.batch_cluster import folders_of, on_cluster, reached

    folders = folders_of(given.paths, places, dry_run=options["dry_run"])
    with reached(given.scheduler, folders) as client:
        yield partial(on_cluster, client, folders)


@contextmanager
def opened(given: Given, places: Places, options: dict[str, Any]) -> Iterator[Journal]:
    """Open the journal of a run; what goes wrong with it later is a refusal, too.

    Raises
    ------
    Refusal
        If it cannot be used, or another run is at work.
    """
    places.refuse_output()
    kept = not given.no_journal and not options["dry_run"]
    place = (given.journal or os.path.join(places.made(given.paths), NAME)) if kept else ""
    try:
        with Journal(place) as journal:
            yield journal
    except UsageError as error:
        raise Refusal(error.message) from error


def _run(run: Run) -> int:
    left = 0
    progress = run.progress = progress_for(as_json=run.given.as_json, quiet=run.given.quiet, verbose=run.given.verbose)
    try:
        walked, total = run.look()
        refuse_nothing(run.given.paths, total, walked)
        for note in walked.notes:
            complain(note)
        told = _report(run, walked, total)
        with run.stoppable():
            settled = run.work(told, total)
        left = total - sum(told.states.values())
    finally:
        progress.end(left=left)
    if settled:
        told.remember(settled)
    told.problems += run.write_results()
    code = told.end(asked=run.options["tier"] is not None)
    if run.stopping:
        images = counted(left, "image is", "images are")
        complain(f"stopped; {images} left, and the same command goes on there")
        return INTERRUPTED
    return code


def _report(run: Run, walked: Stream, total: int) -> Report:
    given = run.given
    if total <= FEW and not given.as_json:
        # What is told of each says how far it is.
        run.progress.end(left=0)
        run.progress = Silent()
    run.progress.start(total)
    quiet = given.quiet or given.as_json
    report = Report(walked, total, sys.stdout, run.options["matches"], verbose=given.verbose, quiet=quiet)
    report.lines = not isinstance(run.progress, Bar)
    return report


class Told(Protocol):
    """Takes what became of each image."""

    def add(self, outcome: Outcome) -> None:
        """Tell what became of one image."""

    def earlier(self, outcome: Outcome) -> None:
        """Tell what an earlier run has done."""


def do(data: bytes, item: Item) -> Outcome:
    """Do a pickled job for one image, in whatever process; what comes back is small."""
    outcome = process(item.task, unpickled(data))
    row = row_of(outcome.summary) if outcome.summary is not None else {}
    now = stamp(item.task.path, item.task.files) if outcome.state != "failed" else ""
    return replace(outcome, row=row, stamp=now, summary=outcome.summary if item.full else None)


class Run:
    """One pass over folders.

    Parameters
    ----------
    given : Given
    places : Places
    journal : Journal
    options : dict
        Of the job.
    ready : callable, optional
        Whether an image with its mark is done now; one that is not is left for later, and not told.
    """

    def __init__(
        self,
        given: Given,
        places: Places,
        journal: Journal,
        options: dict[str, Any],
        ready: Callable[[Entry, str], bool] | None = None,
    ) -> None:
        self.given = given
        self.places = places
        self.journal = journal
        self.options = options
        self.stopping = False
        self.progress: Progress = Silent()
        self.cluster: Results | None = None
        self._ready = ready
        self._job: Job | None = None
        self._again: dict[int, str] = {}
        self._folders: dict[str, str] = {}

    def look(self) -> tuple[Stream, int]:
        """Look for images; return what was seen, and how many there are.

        Raises
        ------
        Refusal
            If two images would be written to one place.
        """
        walked = self.places.stream(self.given.paths, self.given.chosen)
        self._folders = {}
        total = self.journal.see(self.progress.found(self.places.planned(walked, self._folders)))
        self.journal.unlisted(zip(walked.unlisted, walked.problems, strict=True))
        walked.problems[:0] = self.given.chosen.missing
        met = self.journal.collision()
        if met is not None:
            raise collision(*met)
        return walked, total

    def work(self, told: Told, total: int) -> list[Outcome]:
        """Do what is to be done, and tell it as it comes; return what has to be remembered in configurations."""
        job = job_for(
            self.places.goal, self._folders.values(), alone=total == 1, format=self.places.form, **self.options
        )
        self._job = job
        work = Work(job)
        settled = []
        with closing(
            self._results(job, self._items(work, told, total), processes(self.given.workers, total))
        ) as results:
            for done in results:
                item, outcome = done.task, done.result
                if outcome is None:
                    outcome = replace(worker_died(item.task), passing=True)
                outcome = replace(outcome, again=self._again.pop(item.number, ""))
                self._note(item, outcome, work, done.seconds)
                told.add(outcome)
                self.progress.add(outcome, done.seconds)
                settled += [outcome] if outcome.remembered else []
        self.journal.write()
        return settled

    def _results(self, job: Job, items: Iterator[Item], number: int) -> Generator[Done[Item, Outcome]]:
        data = pickle.dumps(job)
        if self.cluster is not None:
            return self.cluster(data, items, self._stopped)
        if number == 1:
            return _alone(data, items, self._stopped)
        from nbo_extract.batch.workers import Workers

        pool: Workers[Item, Outcome] = Workers(do, data, number, stop=self._stopped)
        return _of_pool(pool, items)

    def _stopped(self) -> bool:
        return self.stopping

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Let the first Ctrl-C finish what is being written; the second ends at once."""

        def stop(*_: object) -> None:
            if self.stopping:
                raise KeyboardInterrupt
            self.stopping = True
            # Not by a stream, which may be in the middle of another line.
            os.write(2, b"nbo-extract: finishing what is being written; Ctrl-C again ends at once\n")

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def write_results(self, *, report: bool = True) -> list[str]:
        """Write the table and the report; return why they cannot be written, which costs no image."""
        if self.given.no_summary or self.options["dry_run"]:
            return []
        folder = self.places.made(self.given.paths)
        try:
            write_table(place_of(folder, TABLE), self.journal.entries(), bare=bool(self.options.get("redact")))
        except WriteError as error:
            return [error.message]
        if self._job is None or not report:
            return []
        from nbo_extract.cli.batch_report import write_report

        return write_report(self.journal, self._job, self.given.paths, folder, self.given.workers)

    # -- what is to be done -------------------------------------------------------------------------------------------

    def _items(self, work: Work, told: Told, total: int) -> Iterator[Item]:
        """Yield what is to be done, and tell what is done already in passing."""
        full = total <= FEW or self.given.verbose
        for entry in self.journal.entries():
            if entry.state == UNLISTED:
                continue
            now = stamp(entry.path, entry.files)
            why = self._why(entry, now, work)
            if why is None:
                self._tell_before(told, entry)
                continue
            if self._ready is not None and not self._ready(entry, now):
                continue
            self._again[entry.number] = why
            yield Item(entry.number, Task(entry.path, entry.target, entry.files, now), full)

    def _why(self, entry: Entry, now: str, work: Work) -> str | None:
        """Return why an image is done, empty where it never was; None where it is not."""
        if not entry.state or entry.state == LOST:
            return ""
        if self.given.force:
            return "--force asks for it"
        if now != entry.stamp:
            return "the image has changed"
        asked = work.of(entry.path)
        changed = [words for part, words in PARTS.items() if asked[part] != entry.work.get(part)]
        if changed:
            return changed[0]
        if entry.state == FAILED:
            return "it had failed" if self.given.retry_failed else None
        if self._target(entry.target) != entry.work.get("target", ""):
            return "it was written to another place"
        if entry.target and not os.path.exists(entry.target):
            return "what was written for it is gone"
        return None

    def _target(self, target: str) -> str:
        return os.fsdecode(self.journal.key(target)) if target else ""

    # -- what was done ------------------------------------------------------------------------------------------------

    def _note(self, item: Item, outcome: Outcome, work: Work, seconds: float) -> None:
        if outcome.state in _IDLE:
            return
        state = DONE if outcome.state != "failed" else LOST if outcome.passing else FAILED
        row = outcome.row | {"state": outcome.state, "target": outcome.target}
        self.journal.note(
            item.number,
            state,
            stamp=outcome.stamp if state == DONE else item.task.stamp,
            work=work.of(item.task.path) | {"target": self._target(item.task.target)},
            message=outcome.message,
            row={key: value for key, value in row.items() if value != ""},
            seconds=seconds,
        )

    def _tell_before(self, told: Told, entry: Entry) -> None:
        """Tell what an earlier run has done."""
        path = shown(entry.path)
        if entry.state == FAILED:
            again = "; it failed in an earlier run, --retry-failed tries again"
            outcome = Outcome(path, "failed", entry.message + again)
        else:
            passed = entry.row.get("passed", True)
            outcome = Outcome(path, BEFORE, target=entry.target, row=entry.row, passed=passed)
        told.earlier(outcome)
        self.progress.add(outcome, 0.0)


def _of_pool(pool: Workers[Item, Outcome], items: Iterable[Item]) -> Generator[Done[Item, Outcome]]:
    """Do all in other processes; that none can be started is one sentence."""
    from nbo_extract.batch.workers import NoWorkersError

    try:
        yield from pool.run(items)
    except NoWorkersError as error:
        raise Failure(f"{error}, perhaps for want of memory; --workers 1 does without them") from error


def _alone(data: bytes, items: Iterable[Item], stopped: Callable[[], bool]) -> Generator[Done[Item, Outcome]]:
    """Do all in this process."""
    import time

    from nbo_extract.batch.workers import Done

    for item in items:
        begun = time.monotonic()
        yield Done(item, do(data, item), time.monotonic() - begun)
        if stopped():
            return
