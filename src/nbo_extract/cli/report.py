"""The command `report`: images in, one HTML page out."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.batch.results import LOOKED_AT, REPORT, is_own
from nbo_extract.cli.group import NOT_MET, OK, Refusal, complain
from nbo_extract.cli.inputs import refuse_no_file
from nbo_extract.cli.looking import Looking
from nbo_extract.counting import counted
from nbo_extract.stores import plain, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Job, Task
    from nbo_extract.report.bare import Bare
    from nbo_extract.report.render import Settings


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str,
    title: str | None,
    date: str,
    deposition: bool,
    **options: Any,
) -> int:
    """Write a report and return the exit code."""
    from nbo_extract.report.collect import failed
    from nbo_extract.report.render import Report

    _refuse_output(output)
    date = date or date_of_environment()
    looking = Looking.at("deposit" if deposition else "report", paths, chosen, **options)
    job = looking.job
    bare = bare_for(paths, looking.tasks, job) if job.redact else None
    report = Report(settings_of(title or ("Images" if bare else title_of(paths)), date, job))
    not_met = 0
    for outcome in looking.outcomes():
        not_met += outcome.report is not None and not outcome.passed
        part = outcome.report or failed(outcome.path, outcome.message)
        report.add(bare.report(part) if bare else part, outcome.part)
    report.problems += [bare.text(problem) if bare else problem for problem in looking.found.problems]
    _write(report.html(), output, len(looking.tasks), looking.failures, not_met, goal_of(job))
    return looking.code or (NOT_MET if not_met else OK)


def goal_of(job: Job) -> str:
    """Return what the images of a job are checked for, in words."""
    if job.profile is not None:
        return f"profile {job.profile.name}"
    return f"tier {job.tier}, {', '.join(job.extensions)}{', must and should' if job.level == 'should' else ''}"


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


def _write(html: str, output: str, number: int, failures: int, not_met: int, goal: str) -> None:
    from nbo_extract.writers.sidecar import write_bytes

    data = html.encode("utf-8", errors="backslashreplace")
    told = [f"{number - failures - not_met} passed"]
    told += [f"{not_met} not"] if not_met else []
    told += [f"{failures} failed"] if failures else []
    line = f"{counted(number, 'image')}: {', '.join(told)} ({goal})"
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        complain(line)
        return
    write_bytes(Path(output), data)
    sys.stdout.write(f"{line}\nwrote {output} ({len(data):,} bytes)\n")
