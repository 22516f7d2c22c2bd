"""The report that a run on folders leaves: made of what it wrote, so that what earlier runs did is in it, too."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nbo_extract.batch.journal import DONE, UNLISTED
from nbo_extract.batch.results import REPORT, place_of
from nbo_extract.cli.configured import Configured
from nbo_extract.cli.work import Task, process_all, processes
from nbo_extract.errors import WriteError
from nbo_extract.stores import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.batch.journal import Journal
    from nbo_extract.cli.work import Job

#: Up to so many images a run leaves a report; it costs about as much as the run itself.
MOST: Final = 500


def write_report(journal: Journal, job: Job, paths: Sequence[str], folder: str, workers: int) -> list[str]:
    """Write the report of a run; return why it cannot be written, which costs no image.

    Parameters
    ----------
    journal : Journal
        Of the run.
    job : Job
        What was done with each image.
    paths : sequence of str
        What the user named.
    folder : str
        Where the report is written.
    workers : int
        Processes, as asked for.
    """
    if sum(journal.counts().values()) > MOST:
        return []
    from nbo_extract.cli.report import bare_for, settings_of, title_of
    from nbo_extract.report.collect import failed
    from nbo_extract.report.render import Report
    from nbo_extract.writers.sidecar import write_bytes

    entries = [e for e in journal.entries() if e.state]
    if not entries:
        return []
    # What was filled in stands in what was written.
    reading = replace(
        job, goal="report", hardware=(), configured=Configured(), matches={}, remember=False, reader=None, skip_rules=()
    )
    done = [e for e in entries if e.state == DONE]
    tasks = [Task(e.target or e.path) for e in done]
    bare = bare_for(paths, [Task(e.path) for e in entries], job) if job.redact else None
    report = Report(settings_of("Images" if bare else title_of(paths), "", job))
    with closing(process_all(tasks, reading, processes(workers, len(tasks)))) as outcomes:
        # Each is added as it comes: a report keeps once what images have in common, and alone they are large.
        for entry in entries:
            if entry.state == UNLISTED:
                report.problems.append(bare.text(entry.message) if bare else entry.message)
                continue
            part = failed(shown(entry.path), entry.message)
            if entry.state == DONE:
                outcome = next(outcomes)
                found = failed(outcome.path, outcome.message) if outcome.report is None else outcome.report
                part = replace(found, path=shown(entry.path))
            report.add(bare.report(part) if bare else part)
    try:
        write_bytes(place_of(folder, REPORT), report.html().encode("utf-8", errors="backslashreplace"))
    except WriteError as error:
        return [error.message]
    return []
