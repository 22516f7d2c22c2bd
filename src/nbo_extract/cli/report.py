"""The command `report`: images in, one HTML page out."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.batch.results import LOOKED_AT, REPORT, is_own
from nbo_extract.cli.extract import tell_unsettled
from nbo_extract.cli.group import FAILED, NOT_MET, OK, USAGE, Refusal, complain
from nbo_extract.cli.inputs import find_images, refuse_no_file
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.work import Task, process_all, processes
from nbo_extract.stores import plain, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Goal, Job
    from nbo_extract.report.bare import Bare
    from nbo_extract.report.render import Settings


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str,
    title: str | None,
    date: str,
    matches: dict[str, str],
    reader: str | None,
    workers: int,
    deposition: bool,
    **options: Any,
) -> int:
    """Write a report and return the exit code."""
    from nbo_extract.report.collect import failed
    from nbo_extract.report.render import Report

    _refuse_output(output)
    date = date or date_of_environment()
    found = find_images(paths, reader, chosen, sidecars="named" if options["no_sidecar"] else "found")
    tasks = [Task(u.path) for u in found.units]
    goal: Goal = "deposit" if deposition else "report"
    job = job_for(goal, [t.path for t in tasks], alone=len(tasks) == 1, reader=reader, matches=matches, **options)
    bare = bare_for(paths, tasks, job) if job.redact else None
    report = Report(settings_of(title or ("Images" if bare else title_of(paths)), date, job))
    settled: set[str] = set()
    failures = unusable = not_met = 0
    with closing(process_all(tasks, job, processes(workers, len(tasks)))) as outcomes:
        for outcome in outcomes:
            settled.update(outcome.settled)
            for sentence in outcome.warned:
                complain(sentence)
            if outcome.report is None:
                failures += 1
                unusable += outcome.unusable
                complain(outcome.message)
                part = failed(outcome.path, outcome.message)
            else:
                not_met += not outcome.passed
                part = outcome.report
            report.add(bare.report(part) if bare else part, outcome.part)
    for problem in found.problems:
        complain(problem)
        report.problems.append(bare.text(problem) if bare else problem)
    if len(tasks) > 1:
        tell_unsettled(matches, settled)
    _write(report.html(), output, len(tasks), failures, not_met)
    if failures == unusable == len(tasks) and not found.problems:
        # As with check: what was named can be checked in no way.
        return USAGE
    if failures or found.problems:
        return FAILED
    return NOT_MET if not_met else OK


def settings_of(title: str, date: str, job: Job) -> Settings:
    """Return what a report says of itself."""
    from nbo_extract.profiles import Profile
    from nbo_extract.report.render import Settings

    names = tuple(dict.fromkeys(os.path.basename(s.path) for s in job.hardware))
    profile = job.profile or Profile(job.tier, frozenset(job.extensions), job.level)
    return Settings(title, profile, date, names)


def bare_for(paths: Sequence[str], tasks: Sequence[Task], job: Job) -> Bare:
    """Return what leaves folders out: those of all files that are read, of the configuration, and of the user."""
    from nbo_extract.report.bare import Bare

    read = [*(t.path for t in tasks), *(s.path for s in job.hardware), *job.configured.folders.values()]
    own = [f"{os.path.expanduser('~')}/", f"{os.getcwd()}/", *(f"{os.path.abspath(p)}/" for p in paths)]
    return Bare([*map(plain, paths), *map(plain, read), *map(shown, read), job.configured.forced, *own])


def title_of(paths: Sequence[str]) -> str:
    """Call a report what was given is called."""
    names = [os.path.basename(os.path.abspath(p)) if "://" not in p else shown(p) for p in map(plain, paths)]
    if len(names) < 2:
        return names[0] if names else "Images"
    return f"{names[0]} and {len(names) - 1} more"


def date_of_environment() -> str:
    """Return the date of SOURCE_DATE_EPOCH, by which builds that can be repeated tell theirs."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return ""
    try:
        return datetime.fromtimestamp(int(given), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal(f"SOURCE_DATE_EPOCH is {given!r}, no number of seconds; unset it, or give --date") from error


def _refuse_output(output: str) -> None:
    """Refuse to write over what is no report."""
    if output == "-":
        return
    if not output.lower().endswith((".html", ".htm")):
        raise Refusal(f"{output}: a report is an HTML page; give a name that ends in .html, or -")
    refuse_no_file(output)
    if os.path.exists(output):
        with open(output, "rb") as stream:
            start = stream.read(LOOKED_AT)
        if start and not is_own(REPORT, start):
            raise Refusal(f"{output}: nbo-extract has not written this file and does not overwrite it; give another -o")


def _write(html: str, output: str, number: int, failures: int, not_met: int) -> None:
    from nbo_extract.writers.sidecar import write_bytes

    data = html.encode("utf-8", errors="backslashreplace")
    told = [f"{number - failures - not_met} passed"]
    told += [f"{not_met} not"] if not_met else []
    told += [f"{failures} failed"] if failures else []
    line = f"{'1 image' if number == 1 else f'{number} images'}: {', '.join(told)}"
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        complain(line)
        return
    write_bytes(Path(output), data)
    sys.stdout.write(f"{line}\nwrote {output} ({len(data):,} bytes)\n")
