"""What is done with one image, in this process or in a worker."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from nbo_extract.cli.configured import Configured
from nbo_extract.errors import ChangedError, DocumentError, NboExtractError, WriteError
from nbo_extract.stores import is_url, shown

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from nbo_extract.api import Planes
    from nbo_extract.cli.completion import Remembered
    from nbo_extract.converting.conversion import Kind
    from nbo_extract.deposit.part import Part
    from nbo_extract.export_omero import ImagePairs, Keys
    from nbo_extract.findings import Finding
    from nbo_extract.gap_rows import DocumentGaps
    from nbo_extract.methods.facts import FileFacts
    from nbo_extract.profiles import Profile
    from nbo_extract.report.collect import FileReport
    from nbo_extract.requirements import Level
    from nbo_extract.stored import Stored
    from nbo_extract.summary import Summary


class Axes(TypedDict):
    """What is asked for besides the tier."""

    extensions: tuple[str, ...]
    level: Level
    literal: bool


Format = Literal["xml", "json", "jsonld"]
Goal = Literal["write", "embed", "show", "check", "gaps", "convert", "report", "deposit", "omero", "methods"]
#: Results a worker that may wait for their turn: enough to keep it busy, few enough to keep memory flat.
_AHEAD = 128
#: Images for which it pays to start a process.
_WORTH = 16
#: What a system says while another process writes, or a server is away.
_PASSING = frozenset({errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN})


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done with every image.

    Attributes
    ----------
    goal : {'write', 'embed', 'show', 'check', 'gaps', 'convert', 'report', 'deposit', 'omero', 'methods'}
        A file of its own; into the image; the text for standard output; no text at all; questions for a gap sheet; the
        image anew; its part of a report; its part of a submission, with NBO XML and JSON where they are wanted;
        what a Methods section says of it.
    configured : Configured
        Which configuration is for which image.
    prefer : frozenset of str
        Elements whose described values take the place of the image's; instead of those of the configuration.
    strict : bool
        Whether a pair of ``--match`` that settles nothing is an error: there is no other image that it may be for.
    remember : bool
        Whether what ``--match`` settles is wanted by names, for the configuration.
    convert : {'ome-tiff', 'ome-zarr'} or None
        What an image is converted to.
    compression, ngff : str or None
        Of what is written then.
    threads : int
        That work on one image.
    sidecars : bool
        Whether a sidecar beside an image may be read instead of it, and one that is replaced counts.
    keep : bool
        Whether one that is replaced may pass on what was filled into it.
    profile : Profile or None
        What is asked for, instead of tier, extensions and level.
    highest : bool
        Whether the highest tier is wanted that is met, and the check is that of the next.
    keys : Keys or None
        Table of the keys of pairs for OMERO, where it is not that of the product.
    named : frozenset of str
        What ``--hardware`` names, as it was given.
    """

    goal: Goal
    format: Format = "xml"
    dry_run: bool = False
    backup: bool = False
    verify_pixels: bool = False
    follow_links: bool = False
    reader: str | None = None
    partial: bool = False
    skip_rules: tuple[str, ...] = ()
    planes: Planes = "auto"
    redact: bool = False
    hardware: tuple[Stored, ...] = ()
    matches: dict[str, str] = field(default_factory=dict)
    configured: Configured = field(default_factory=Configured)
    prefer: frozenset[str] = frozenset()
    strict: bool = True
    remember: bool = False
    sidecars: bool = True
    keep: bool = True
    tier: int = 1
    extensions: tuple[str, ...] = ("core",)
    level: Level = "must"
    literal: bool = False
    convert: Kind | None = None
    compression: str | None = None
    ngff: str | None = None
    threads: int = 1
    profile: Profile | None = None
    highest: bool = False
    keys: Keys | None = None
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Task:
    """One image, and the file that is written for it where one is.

    Attributes
    ----------
    path, target : str
    files : tuple of str
        The other files of its set, where they are known.
    stamp : str
        Mark of the image (`nbo_extract.batch.stamps.stamp`) that it must still have when something is written; empty
        where it does not matter.
    """

    path: str
    target: str = ""
    files: tuple[str, ...] = ()
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image.

    Attributes
    ----------
    path : str
    state : str
        ``written``, ``embedded``, ``unchanged``, ``dry-run``, ``converted``, ``would convert``, ``read`` or ``failed``.
    message : str
        Why it failed, one sentence.
    target : str
        What was written.
    bytes_added : int
    backup : str
        Path of a copy that was kept.
    verified : int
        Pieces of image data that were found to be the same before and after.
    images : int
        That were converted.
    more : int
        Further files of the image that changed, or would change.
    interrupted : bool
        Whether an earlier run had been interrupted in the middle of them.
    diff, text : str
    summary : Summary or None
    passed : bool
    findings : tuple of Finding
        What is missing for the tier, for a check.
    config : str
        Path of the configuration that was used.
    settled : tuple of str
        First halves of the pairs of ``--match`` that settled something.
    remembered : tuple of Remembered
        These, for the configuration.
    gaps : DocumentGaps or None
        What is missing as questions, for a gap sheet.
    report : FileReport or None
        Its part of a report.
    part : Part or None
        What a submission says of it.
    methods : FileFacts or None
        What a Methods section says of it.
    stated_in : str
        Path of the sidecar that was read instead of the image.
    told, warned : tuple of str
        Sentences about an earlier sidecar: what is good to know, and what must not be lost silently.
    highest : int
        The highest tier that is met, where that was wanted.
    elements : tuple of (str, (int, int, int))
        For a check, how much of each element is asked for, missing, and excused.
    unusable : bool
        Whether it failed because what was named is no document of NBO, or of another version.
    passing : bool
        Whether it failed for a reason that may be gone the next time.
    row : dict
        What a table of many images says of it; see `nbo_extract.batch.rows`.
    stamp : str
        Mark of the image after the work, where the task has one.
    again : str
        Why it was done although an earlier run had done it; a part of a sentence.
    pairs : tuple of ImagePairs
        Key-value pairs of its images, for OMERO.
    idle : tuple of str
        Gap sheets of ``--hardware`` of which no row is about the image.
    """

    path: str
    state: str
    message: str = ""
    target: str = ""
    bytes_added: int = 0
    backup: str = ""
    verified: int = 0
    images: int = 0
    more: int = 0
    interrupted: bool = False
    diff: str = ""
    text: str = ""
    summary: Summary | None = None
    passed: bool = True
    findings: tuple[Finding, ...] = ()
    config: str = ""
    settled: tuple[str, ...] = ()
    remembered: tuple[Remembered, ...] = ()
    gaps: DocumentGaps | None = None
    report: FileReport | None = None
    part: Part | None = None
    methods: FileFacts | None = None
    stated_in: str = ""
    told: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    highest: int = 0
    elements: tuple[tuple[str, tuple[int, int, int]], ...] = ()
    unusable: bool = False
    passing: bool = False
    row: dict[str, Any] = field(default_factory=dict)
    stamp: str = ""
    again: str = ""
    pairs: tuple[ImagePairs, ...] = ()
    idle: tuple[str, ...] = ()


def process(task: Task, job: Job) -> Outcome:
    """Do the job for one image; whatever goes wrong with it stays with it."""
    # What of a URL may be secret is told nowhere.
    told = shown(task.path)
    try:
        from nbo_extract.cli.goals import reach

        return reach(task, job, told)
    except NboExtractError as error:
        return Outcome(
            told,
            "failed",
            error.message,
            unusable=isinstance(error, DocumentError),
            passing=_passes(error) or not (is_url(task.path) or os.path.lexists(task.path)),
        )
    except Exception as error:
        # The boundary of a batch: a fault of ours in one file must not cost the others.
        if os.environ.get("NBO_EXTRACT_DEBUG"):
            raise
        text = f"{told}: unexpected problem ({type(error).__name__}: {error}); please report it"
        return Outcome(told, "failed", " ".join(text.split()))


def _passes(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, may be gone the next time: nobody has to do anything about it."""
    while error is not None:
        if isinstance(error, ChangedError) or (isinstance(error, OSError) and error.errno in _PASSING):
            return True
        error = error.__cause__
    return False


def make_folder(folder: Path) -> None:
    """Make the folder of a file that is written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder}: this folder cannot be made ({error.strerror}); choose another with -o") from error


# -- many images ------------------------------------------------------------------------------------------------------


def processes(workers: int, total: int) -> int:
    """Return how many processes work: as many as asked for; by default one a core, where there are images enough.

    Parameters
    ----------
    workers : int
        As asked for; 0 where nothing was.
    total : int
        Number of images.
    """
    if workers:
        return max(1, min(workers, total))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, max(1, total // _WORTH))


def process_all(tasks: Iterable[Task], job: Job, workers: int) -> Generator[Outcome]:
    """Do the job for all images and yield what became of them, in their order.

    Parameters
    ----------
    tasks : iterable of Task
    job : Job
    workers : int
        Number of processes; 1 is this process.
    """
    if workers <= 1:  # none, where there is nothing to be done
        for task in tasks:
            yield process(task, job)
        return
    yield from _in_processes(tasks, job, workers)


def _in_processes(tasks: Iterable[Task], job: Job, workers: int) -> Generator[Outcome]:
    import pickle

    from nbo_extract.batch.workers import Workers

    following = 0
    early: dict[int, Outcome] = {}

    def numbered() -> Iterator[tuple[int, Task] | None]:
        for number, task in enumerate(tasks):
            # Results that come before their turn are held: only so many.
            while number - following > workers * _AHEAD:
                yield None
            yield number, task

    # The job is the same for all: it travels as bytes that are made once and read once by each worker.
    pool: Workers[tuple[int, Task], Outcome] = Workers(process_numbered, pickle.dumps(job), workers)
    with closing(pool.run(numbered())) as results:
        for done in results:
            number, task = done.task
            early[number] = done.result if done.result is not None else worker_died(task)
            while following in early:
                yield early.pop(following)
                following += 1


def worker_died(task: Task) -> Outcome:
    """Return what is told of an image at which worker processes died."""
    message = (
        f"{shown(task.path)}: the worker process died at it, twice, perhaps for want of memory; "
        "run it alone, with --workers 1"
    )
    return Outcome(shown(task.path), "failed", message)


def process_numbered(data: bytes, task: tuple[int, Task]) -> Outcome:
    """Do a pickled job for one image of many."""
    return process(task[1], unpickled(data))


@lru_cache(maxsize=1)
def unpickled(data: bytes) -> Job:
    """Return the job that a parent process made, read once."""
    import pickle

    job = pickle.loads(data)  # noqa: S301 - made by the parent process
    assert isinstance(job, Job)  # noqa: S101
    return job
