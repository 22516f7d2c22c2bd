"""What becomes of one image when it is read and completed: looked at, written, embedded, converted, described."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nbo_extract.api import embed, limit_planes
from nbo_extract.checking import check
from nbo_extract.cli.documents import lost, plain_text, start, text_for
from nbo_extract.cli.work import Outcome, make_folder
from nbo_extract.errors import ChangedError
from nbo_extract.sidecars import OF_READING, sidecar_text
from nbo_extract.stores import last_part
from nbo_extract.summary import summarise
from nbo_extract.writers.sidecar import write_sidecar

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbo_extract.checking import CheckReport
    from nbo_extract.cli.completion import Completed
    from nbo_extract.cli.documents import Start
    from nbo_extract.cli.work import Axes, Format, Job, Task
    from nbo_extract.model import Document
    from nbo_extract.redact import Redaction
    from nbo_extract.writers.block import WriteResult


_IDLE = "NBO332"


@dataclass(slots=True)
class Ready:
    """One image that was read and completed.

    Attributes
    ----------
    task : Task
    job : Job
    told : str
        What the image is called.
    begun : Start
    document : Document
        Redacted where that is wanted.
    whole : Document
        The same before.
    used : Completed or None
        What completed it.
    bare : Redaction or None
    files : tuple of str
        All files of the image, as they are called.
    itself : str
        A sentence that the image itself names people.
    """

    task: Task
    job: Job
    told: str
    begun: Start
    document: Document
    whole: Document
    used: Completed | None
    bare: Redaction | None
    files: tuple[str, ...]
    itself: str = ""

    @property
    def stated_in(self) -> str:
        """Path of the sidecar that was read instead of the image."""
        # The image is called by its own name, whether it is there or not, so that a sheet is for it and its sidecar.
        sidecar = self.begun.sidecar
        return sidecar.path if sidecar is not None and sidecar.path != self.task.path else ""

    @property
    def settled(self) -> tuple[str, ...]:
        """What of ``--match`` settled something."""
        return self.used.settled if self.used is not None else ()

    @property
    def idle(self) -> tuple[str, ...]:
        """Gap sheets that were named and say nothing of the image; those of a folder or configuration are for many."""
        named = self.job.named
        return tuple(f.other_source for f in self.whole.findings if f.code == _IDLE and f.other_source in named)

    @property
    def of_reading(self) -> tuple[str, ...]:
        """What is wrong with a sidecar, in sentences."""
        return tuple(f.message for f in self.document.findings if f.code in OF_READING and f.severity != "info")

    @property
    def called(self) -> str:
        """What a page calls the image."""
        return self.document.origin.file if self.job.redact else self.told


def reach(task: Task, job: Job, told: str) -> Outcome:
    """Do the job for one image.

    Raises
    ------
    NboExtractError
        If it cannot be done.
    """
    ready = _ready(task, job, told)
    return replace(_reached(ready), idle=ready.idle)


def _reached(ready: Ready) -> Outcome:
    task, job, told = ready.task, ready.job, ready.told
    if job.goal == "methods":
        return _methods(ready)
    report, met = _checked(ready)
    if job.goal == "gaps":
        return _gaps(ready, report)
    done = _summarised(ready, report, met)
    if job.goal == "check":
        return done if not job.highest else replace(done, passed=met > 0)
    done = replace(done, findings=(), elements=())
    looked_at = _LOOKED_AT.get(job.goal)
    if looked_at is not None:
        return looked_at(ready, report, replace(done, summary=None))
    # Only now: exposure times are facts of planes, which summary and check want to see.
    # A converted image states its planes as the image does.
    limit_planes(ready.document, "all" if job.goal == "convert" and job.planes == "auto" else job.planes)
    _refuse_changed(task, told)
    if job.goal == "show":
        return replace(done, text=plain_text(ready.document, job.format))
    if job.goal == "convert":
        return _converted(ready, done)
    return _embedded(ready, done) if job.goal == "embed" and not task.target else _written(ready, done)


def _ready(task: Task, job: Job, told: str) -> Ready:
    """Read, complete and redact an image."""
    loaded = job.configured.of(task.path)
    begun = start(task, job, loaded)
    document, used = begun.document, None
    if job.hardware or job.matches or loaded is not None:
        from nbo_extract.cli.completion import completed

        used = completed(document, told, job, loaded)
        document = used.document
    ready = Ready(task, job, told, begun, document, document, used, None, document.origin.files)
    if job.redact:
        from nbo_extract.redact import itself_names, redactor_for

        ready.bare = redactor_for(document, begun.private)
        ready.document = ready.bare.document(document)
        if job.goal in ("embed", "deposit") and begun.private is not None and begun.private.fields:
            ready.document.findings.append(itself_names(begun.private, ready.document.origin.file))
            # A submission publishes the image as it is.
            ready.itself = f"{told}: {ready.document.findings[-1].message}" if job.goal == "deposit" else ""
    return ready


def _checked(ready: Ready) -> tuple[CheckReport, int]:
    """Check an image; return the highest tier that it meets, too, where that is wanted."""
    job, bare = ready.job, ready.bare
    # What is looked at misses nobody whom it states; what is written is checked as it is written.
    document = ready.whole if job.goal == "check" else ready.document
    axes: Axes = {"extensions": job.extensions, "level": job.level, "literal": job.literal}
    met = 0
    if job.highest:
        from nbo_extract.highest import highest

        found = highest(document, **axes)
        report, met = found.report, found.tier
    else:
        report = check(document, tier=job.tier, profile=job.profile, **axes)
    if bare is not None:
        report = bare.report(report, check(ready.whole, **axes, tier=3) if job.goal == "gaps" else None)
    return report, met


def _summarised(ready: Ready, report: CheckReport, met: int) -> Outcome:
    begun, used = ready.begun, ready.used
    summary = summarise(ready.document, report)
    done = Outcome(
        ready.told,
        "read",
        summary=replace(summary, path=ready.told, stated_in=os.path.basename(ready.stated_in)),
        passed=report.passed,
        findings=tuple(report.findings),
        highest=met,
        elements=tuple(report.elements.items()),
        stated_in=ready.stated_in,
        told=tuple(filter(None, [begun.kept])),
        warned=tuple(filter(None, [begun.warning, lost(begun, ready.document), ready.itself])),
    )
    return done if used is None else replace(done, config=used.config, settled=used.settled, remembered=used.remembered)


# -- looked at --------------------------------------------------------------------------------------------------------


def _methods(ready: Ready) -> Outcome:
    from nbo_extract.methods.collect import collect

    said = collect(ready.document, path=ready.called)
    return Outcome(ready.told, "read", methods=said, settled=ready.settled, warned=ready.of_reading)


def _gaps(ready: Ready, report: CheckReport) -> Outcome:
    from nbo_extract.gap_questions import ask

    origin = ready.document.origin
    called = ready.told if ready.begun.sidecar is None and not ready.job.redact else origin.file
    asked = replace(ask(ready.document, report, literal=ready.job.literal), path=called)
    return Outcome(
        ready.told,
        "read",
        gaps=asked,
        settled=ready.settled,
        stated_in=ready.stated_in,
        warned=ready.of_reading,
    )


def _reported(ready: Ready, report: CheckReport, done: Outcome) -> Outcome:
    from nbo_extract.report.collect import collect

    stated_in = os.path.basename(ready.stated_in)
    return replace(done, report=collect(ready.document, report, path=ready.called, stated_in=stated_in))


def _deposited(ready: Ready, report: CheckReport, done: Outcome) -> Outcome:
    """Add what a submission says of an image, and write its NBO XML and JSON where the task has a place for them."""
    from nbo_extract.deposit.part import part_of

    target = ready.task.target
    done = replace(_reported(ready, report, done), part=part_of(ready.document))
    if target:
        limit_planes(ready.document, ready.job.planes)
        make_folder(Path(target).parent)
        forms: tuple[Format, ...] = ("xml", "json")
        for form in forms:
            write_sidecar(Path(f"{target}.{form}"), sidecar_text(ready.document, form))
    return done


def _for_omero(ready: Ready, report: CheckReport, done: Outcome) -> Outcome:
    from nbo_extract.export_omero import pairs_of

    called = last_part(ready.document.origin.file if ready.begun.sidecar is not None else ready.task.path)
    return replace(done, pairs=pairs_of(ready.document, called, ready.job.keys))


_LOOKED_AT: dict[str, Callable[[Ready, CheckReport, Outcome], Outcome]] = {
    "report": _reported,
    "deposit": _deposited,
    "omero": _for_omero,
}


# -- written ----------------------------------------------------------------------------------------------------------


def _refuse_changed(task: Task, told: str) -> None:
    """Refuse to write what is true of an earlier state of the image: it may still be copied here, or recorded."""
    if not task.stamp:
        return
    from nbo_extract.batch.stamps import stamp

    if stamp(task.path, task.files) != task.stamp:
        raise ChangedError(f"{told}: it changed while it was read; nothing is written, the next run does it again")


def _converted(ready: Ready, done: Outcome) -> Outcome:
    from nbo_extract.cli.converting import convert

    result = convert(ready.task, ready.job, ready.document)
    return replace(
        done,
        state="would convert" if ready.job.dry_run else "converted",
        target=str(result.path),
        bytes_added=result.bytes_added,
        images=len(ready.document.images),
    )


def _embedded(ready: Ready, done: Outcome) -> Outcome:
    job = ready.job
    result = embed(
        ready.task.path,
        ready.document,
        dry_run=job.dry_run,
        follow_links=job.follow_links,
        backup=job.backup,
        verify_pixels=job.verify_pixels,
    )
    return _result(done, result)


def _written(ready: Ready, done: Outcome) -> Outcome:
    task, job = ready.task, ready.job
    target, text = Path(task.target), text_for(ready.document, task, job, ready.begun.sidecar, ready.files)
    if not target.parent.is_dir():
        if job.dry_run:
            return replace(done, state="dry-run", target=task.target, bytes_added=len(text.encode()))
        make_folder(target.parent)
    return _result(done, write_sidecar(target, text, dry_run=job.dry_run))


def _result(done: Outcome, result: WriteResult) -> Outcome:
    return replace(
        done,
        state=result.state,
        target=str(result.path),
        bytes_added=result.bytes_added,
        backup=result.backup,
        verified=result.verified,
        diff=result.diff,
        more=result.more,
        interrupted=result.interrupted,
    )
