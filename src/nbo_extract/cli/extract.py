"""The default command, and `check`: images in, files and a summary out."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, TextIO

from nbo_extract.cli.bare import bare_outcome
from nbo_extract.cli.check import highest_as_dict, print_highest, refuse_junit, write_junit
from nbo_extract.cli.converting import plan_converting, refuse_contradictions
from nbo_extract.cli.group import FAILED, NOT_MET, OK, USAGE, Refusal, complain
from nbo_extract.cli.inputs import (
    INTERRUPTED,
    and_more,
    find_images,
    find_wanted,
    format_of,
    plan,
    wanted_paths,
)
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.looking import IdleSheets, tell_unsettled
from nbo_extract.cli.work import Task, process_all, processes
from nbo_extract.counting import counted
from nbo_extract.stores import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.inputs import Sidecars
    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.render import Printer
    from nbo_extract.cli.work import Format, Goal, Job, Outcome
    from nbo_extract.converting.conversion import Kind
    from nbo_extract.walk import Stream, Walk

#: Up to so many images are summarised one by one; more are a line each.
FEW = 8
#: State of an image that an earlier run has done.
BEFORE = "done before"
_DONE = {
    "written": "wrote {target}",
    "embedded": "embedded into {target}{more} ({bytes:+,} bytes)",
    "unchanged": "unchanged: {target}{more}",
    "dry-run": "would write {target} ({growth} bytes)",
    "converted": "wrote {target} ({images}, {bytes:,} bytes)",
    "would convert": "would write {target} ({images}, {bytes:,} bytes of pixels before compression)",
}


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str | None,
    format_: Format | None,
    embed: bool,
    convert: Kind | None,
    workers: int,
    verbose: bool,
    quiet: bool,
    batch: dict[str, Any],
    **options: Any,
) -> int:
    """Run the default command and return the exit code."""
    from nbo_extract.cli.batch_options import taken

    refuse_contradictions(convert, output, format_, embed, options)
    _refuse_contradictions(output, format_, embed)
    backup, idle = options["backup"], options["verify_pixels"] and convert is None
    _refuse_idle(embed, backup=backup, verify_pixels=idle, follow_links=options["follow_links"])
    remember, matches = options.pop("remember"), options["matches"]
    if remember and not matches:
        raise Refusal("--remember keeps what --match settles, and there is no --match; give one or leave it out")
    options |= {"convert": convert, "remember": remember and not options["dry_run"]}
    sidecars: Sidecars = "" if embed or convert else "named"
    wanted = wanted_paths(paths, options["reader"], sidecars=sidecars)
    goal: Goal = "embed" if embed else "convert" if convert is not None else "write"
    if taken(batch, wanted, output, listed=chosen.listed):
        from nbo_extract.cli.batch import Given, run_batch
        from nbo_extract.cli.batch_places import Places

        given = Given(tuple(wanted), chosen, workers=workers, verbose=verbose, quiet=quiet, **batch)
        return run_batch(given, Places(goal, output or "", format_ or "xml", convert, options["reader"]), options)
    found = find_wanted(wanted, options["reader"], chosen, named=paths, sidecars=sidecars, joined=embed)
    form = format_of(format_, output, found.units)
    if output == "-" and len(found.units) > 1:
        raise Refusal(f"-o - writes one document, and there are {len(found.units)} images; give a folder with -o")
    show = output == "-"
    if show or embed:
        tasks = [Task(u.path) for u in found.units]
    elif convert is not None and output is not None:
        tasks = plan_converting(found.units, paths, output, convert)
    else:
        tasks = plan(found.units, paths, output, form)
    job = job_for(
        "show" if show else goal,
        [t.path for t in tasks],
        alone=len(tasks) == 1,
        format=form,
        # One image is worked on by all threads, several by a process each.
        threads=max(1, workers // max(1, processes(workers, len(tasks)))) if convert is not None else 1,
        **options,
    )
    report = Report(found, len(tasks), sys.stderr if show else sys.stdout, matches, verbose=verbose, quiet=quiet)
    settled = []
    with closing(process_all(tasks, job, processes(workers, len(tasks)))) as outcomes:
        for outcome in outcomes:
            if outcome.text:
                sys.stdout.buffer.write(outcome.text.encode("utf-8"))
                sys.stdout.buffer.flush()
            report.add(outcome)
            settled += [outcome] if outcome.remembered else []
    if settled:
        report.remember(settled)
    return report.end(asked=options["tier"] is not None)


def _refuse_contradictions(output: str | None, format_: Format | None, embed: bool) -> None:
    if embed and output is not None:
        raise Refusal("--embed writes into the image, -o beside it; leave one of them out")
    if embed and format_ is not None:
        raise Refusal("--embed writes the form that the image file takes; leave --format out")


def _refuse_idle(embed: bool, **options: bool) -> None:
    """Refuse options that are for embedding alone: who gives them expects that images are changed."""
    given = [name for name, value in options.items() if value]
    if given and not embed:
        option = f"--{given[0].replace('_', '-')}"
        raise Refusal(f"{option} is for writing into images; give --embed with it, or leave it out")


def run_check(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    matches: dict[str, str],
    reader: str | None,
    workers: int,
    as_json: bool,
    verbose: bool,
    junit: str | None,
    highest: bool,
    tier: int | None,
    **options: Any,
) -> int:
    """Run `check` and return the exit code."""
    refuse_junit(junit, as_json=as_json)
    if highest and tier is not None:
        named = "--tier" if options["profile"] is None else "--profile"
        raise Refusal(f"--highest finds the tier, and {named} names one; leave one of them out")
    found = find_images(paths, reader, chosen, sidecars="named" if options["no_sidecar"] else "found")
    tasks = [Task(u.path) for u in found.units]
    job = job_for(
        "check",
        [t.path for t in tasks],
        alone=len(tasks) == 1,
        reader=reader,
        matches=matches,
        highest=highest,
        tier=tier,
        **options,
    )
    quiet = as_json or junit == "-"
    report = Report(
        found, len(tasks), sys.stdout, matches, verbose=verbose, quiet=quiet, checking=True, highest=highest
    )
    results = []
    with closing(process_all(tasks, job, processes(workers, len(tasks)))) as outcomes:
        for each in outcomes:
            outcome = bare_outcome(each) if job.redact else each
            report.add(outcome)
            if as_json or junit is not None:
                results.append(outcome)
    if as_json:
        import json

        told = [_as_dict(outcome, job) for outcome in results]
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    if junit is not None:
        write_junit(junit, results, job)
    return report.end(asked=True)


def _as_dict(outcome: Outcome, job: Job) -> dict[str, Any]:
    head: dict[str, Any] = {"file": outcome.path}
    if outcome.stated_in:
        head["stated_in"] = outcome.stated_in
    if job.profile is not None:
        head["profile"] = job.profile.name
    axes = {"tier": job.tier, "extensions": list(job.extensions), "level": job.level}
    if job.highest:
        axes = {"extensions": list(job.extensions), "level": job.level, **highest_as_dict(outcome)}
    if job.profile is None or not job.profile.only:
        head |= axes
    if outcome.summary is None:
        return {**head, "passed": False, "failed": outcome.message}
    stated = [*outcome.summary.disagreements, *outcome.summary.findings]
    findings = [*outcome.findings, *(f for f in stated if f not in outcome.findings)]
    return {**head, "passed": outcome.passed, "findings": [f.to_dict() for f in findings]}


class Report:
    """Tells what became of the images while they are worked on, and in the end how many.

    Parameters
    ----------
    found : Walk or Stream
    total : int
        Number of images.
    stream : text stream
        Of the summary; messages go to standard error.
    matches : dict of str to str
        What the user settles.
    verbose, quiet : bool
    checking : bool
        Whether what is missing is told in full, and nothing else.
    highest : bool
        Whether the highest tier that is met is told.
    """

    def __init__(
        self,
        found: Walk | Stream,
        total: int,
        stream: TextIO,
        matches: dict[str, str],
        *,
        verbose: bool,
        quiet: bool,
        checking: bool = False,
        highest: bool = False,
    ) -> None:
        self.found = found
        self.total = total
        self.matches = matches
        self.stream = stream
        self.verbose = verbose
        self.quiet = quiet
        self.checking = checking
        self.highest = highest
        #: Whether there is a line for each image where there are many.
        self.lines = True
        self.unusable = 0
        self.states: dict[str, int] = {}
        self.not_met = 0
        self.settled: set[str] = set()
        self.idle = IdleSheets()
        self.problems: list[str] = []
        self._printer: Printer | None = None

    @property
    def printer(self) -> Printer:
        """Made when first needed: failures alone are told without rich."""
        if self._printer is None:
            from nbo_extract.cli.render import Printer

            self._printer = Printer(self.stream, verbose=self.verbose)
        return self._printer

    def add(self, outcome: Outcome) -> None:
        """Tell what became of one image."""
        number = sum(self.states.values()) + 1
        self.states[outcome.state] = self.states.get(outcome.state, 0) + 1
        self.idle.add(outcome)
        if outcome.state == "failed":
            self.unusable += outcome.unusable
            complain(outcome.message)
            return
        self.not_met += not outcome.passed
        self.settled.update(outcome.settled)
        for sentence in outcome.warned:
            complain(sentence)
        if self.quiet:
            return
        if self.total > FEW and not self.verbose and (outcome.state == BEFORE or not self.lines):
            return
        if outcome.state == BEFORE or (self.total > FEW and not self.verbose):
            self._line(outcome, number)
            for sentence in outcome.told:
                self.printer.line(sentence, indent=2)
            return
        if number > 1:
            self.printer.line()
        if outcome.summary is not None:
            if self.highest:
                print_highest(self.printer, outcome)
            elif self.checking:
                self.printer.checked(outcome.summary)
            else:
                self.printer.summary(outcome.summary)
        if outcome.config:
            self.printer.line()
            self.printer.line(f"Configuration  {outcome.config}", indent=2)
        for sentence in outcome.told:
            self.printer.line()
            self.printer.line(sentence, indent=2)
        if outcome.diff:
            self._difference(outcome.diff)
        if outcome.state != "read":
            # Last, so that it is on the screen however long the difference is.
            self.printer.line()
            self.printer.line(self._done(outcome), "green", 2)

    def _difference(self, diff: str) -> None:
        """Print what a dry run would change in the file, whole where everything is wanted."""
        from nbo_extract.cli.difference import readable

        self.printer.line()
        if self.verbose:
            self.printer.line(diff.rstrip("\n"))
            return
        for line in readable(diff, self.printer.console.width):
            self.printer.line(line)

    def earlier(self, outcome: Outcome) -> None:
        """Tell what an earlier run has done."""
        self.add(outcome)

    def _done(self, outcome: Outcome) -> str:
        form = "would embed into {target}{more} ({bytes:+,} bytes)" if outcome.diff else _DONE[outcome.state]
        images = counted(outcome.images, "image")
        # A new file grows by nothing.
        growth = f"{outcome.bytes_added:{'+,' if os.path.lexists(outcome.target) else ','}}"
        given = {"target": outcome.target, "more": and_more(outcome.more), "bytes": outcome.bytes_added}
        told = [form.format(**given, growth=growth, images=images)]
        told += [INTERRUPTED] if outcome.interrupted else []
        told += [f"kept {outcome.backup}"] if outcome.backup else []
        told += (
            [counted(outcome.verified, "piece of image data is what it was", "pieces of image data are what they were")]
            if outcome.verified
            else []
        )
        return "; ".join(told)

    def _line(self, outcome: Outcome, number: int) -> None:
        told = ", ".join(words_of(outcome, highest=self.highest))
        self.printer.line(one_line(f"[{number:,}/{self.total:,}] {outcome.path}: {told}"))

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Keep what was settled, and tell where."""
        from nbo_extract.cli.remember import remember

        told, self.problems = remember(outcomes)
        for sentence in told if not self.quiet else ():
            self.printer.line()
            self.printer.line(sentence, "green", 2)

    def end(self, *, asked: bool) -> int:
        """Tell how many, and return the exit code."""
        for problem in (*self.found.problems, *self.problems):
            complain(problem)
        self.idle.tell()
        failed = self.states.get("failed", 0)
        if self.total > 1:
            tell_unsettled(self.matches, self.settled)
        many = self.total > 1 or self.found.left_out or self.found.members
        if many and not self.quiet:
            self.printer.line()
            self.printer.line(self._count(failed), "bold")
        if self.checking and failed and failed == self.unusable == self.total and not self.found.problems:
            # What was named can be checked in no way: as with an unknown option, the call is wrong.
            return USAGE
        if failed or self.found.problems or self.problems:
            return FAILED
        return NOT_MET if asked and self.not_met else OK

    def _count(self, failed: int) -> str:
        told = [f"{n:,} {state}" for state, n in self.states.items() if state not in ("read", "failed")]
        if self.checking:
            told.append(f"{self.total - failed - self.not_met} passed")
            told += [f"{self.not_met} not"] if self.not_met else []
        told += [f"{failed} failed"] if failed else []
        others = []
        if self.found.members:
            others.append(f"{counted(self.found.members, 'further file')} of sets")
        if self.found.left_out:
            others.append(f"{counted(self.found.left_out, 'other file')} left out")
        images = counted(self.total, "image")
        return "; ".join([f"{images}: {', '.join(told)}" if told else images, *others])


def words_of(outcome: Outcome, *, highest: bool = False) -> list[str]:
    """Return what a line says of an image: what became of it, what is missing, and what is to be looked at."""
    from nbo_extract.batch.rows import row_of

    told = [] if outcome.state == "read" else [outcome.state]
    told += [f"again because {outcome.again}"] if outcome.again else []
    row = row_of(outcome.summary) if outcome.summary is not None else outcome.row
    told += [f"as stated in {row['stated_in']}"] if "stated_in" in row else []
    if highest:
        told.append(f"tier {outcome.highest} is met" if outcome.highest else "no tier is met")
    elif "missing" in row:
        told.append(f"{row['missing']} missing for {row['asked']}" if row["missing"] else "nothing missing")
    if row.get("disagreements"):
        told.append(counted(row["disagreements"], "value disagrees", "values disagree") + " with the hardware file")
    if row.get("warnings"):
        told.append(counted(row["warnings"], "warning"))
    return told
