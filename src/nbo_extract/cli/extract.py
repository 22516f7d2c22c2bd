"""The default command, and `check`: images in, files and a summary out."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, TextIO

from nbo_extract.cli.check import highest_as_dict, print_highest, refuse_junit, write_junit
from nbo_extract.cli.converting import plan_converting, refuse_contradictions
from nbo_extract.cli.group import FAILED, NOT_MET, OK, USAGE, Refusal, complain
from nbo_extract.cli.inputs import INTERRUPTED, and_more, find_images, format_of, plan, plan_embedding
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.work import Task, process_all

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.render import Printer
    from nbo_extract.cli.work import Format, Job, Outcome
    from nbo_extract.converting.conversion import Kind
    from nbo_extract.walk import Walk

#: Up to so many images are summarised one by one; more are a line each.
FEW = 8
_DONE = {
    "written": "wrote {target}",
    "embedded": "embedded into {target}{more} ({bytes:+,} bytes)",
    "unchanged": "unchanged: {target}{more}",
    "dry-run": "would write {target} ({bytes:+,} bytes)",
    "converted": "wrote {target} ({images}, {bytes:+,} bytes)",
    "would convert": "would write {target} ({images}, {bytes:,} bytes of pixels before compression)",
}


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    matches: dict[str, str],
    remember: bool,
    output: str | None,
    format_: Format | None,
    embed: bool,
    convert: Kind | None,
    dry_run: bool,
    backup: bool,
    verify_pixels: bool,
    follow_links: bool,
    tier: int | None,
    verbose: bool,
    quiet: bool,
    reader: str | None,
    workers: int,
    **options: Any,
) -> int:
    """Run the default command and return the exit code."""
    refuse_contradictions(convert, output, format_, embed, options)
    _refuse_contradictions(output, format_, embed)
    idle = verify_pixels and convert is None
    _refuse_idle(embed, backup=backup, verify_pixels=idle, follow_links=follow_links)
    if remember and not matches:
        raise Refusal("--remember keeps what --match settles, and there is no --match; give one or leave it out")
    found = find_images(paths, reader, chosen, sidecars="" if embed or convert else "named", joined=embed)
    form = format_of(format_, output, found.units)
    if output == "-" and len(found.units) > 1:
        raise Refusal(f"-o - writes one document, and there are {len(found.units)} images; give a folder with -o")
    show = output == "-"
    if show:
        tasks = [Task(u.path) for u in found.units]
    elif convert is not None and output is not None:
        tasks = plan_converting(found.units, paths, output, convert)
    else:
        tasks = plan_embedding(found.units, paths, form) if embed else plan(found.units, paths, output, form)
    job = job_for(
        "show" if show else "embed" if embed else "convert" if convert is not None else "write",
        tasks,
        format=form,
        dry_run=dry_run,
        backup=backup,
        verify_pixels=verify_pixels,
        follow_links=follow_links,
        convert=convert,
        # One image is worked on by all threads, several by a process each.
        threads=max(1, workers // max(1, min(workers, len(tasks)))) if convert is not None else 1,
        reader=reader,
        matches=matches,
        remember=remember and not dry_run,
        tier=tier,
        **options,
    )
    if embed and job.redact:
        complain("--redact leaves people out of what is embedded; what the image itself says of them stays in it")
    report = Report(found, tasks, sys.stderr if show else sys.stdout, matches, verbose=verbose, quiet=quiet)
    settled = []
    with closing(process_all(tasks, job, min(workers, len(tasks)))) as outcomes:
        for outcome in outcomes:
            if outcome.text:
                sys.stdout.buffer.write(outcome.text.encode("utf-8"))
                sys.stdout.buffer.flush()
            report.add(outcome)
            settled += [outcome] if outcome.remembered else []
    if settled:
        report.remember(settled)
    return report.end(asked=tier is not None)


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
    job = job_for("check", tasks, reader=reader, matches=matches, highest=highest, tier=tier, **options)
    quiet = as_json or junit == "-"
    report = Report(found, tasks, sys.stdout, matches, verbose=verbose, quiet=quiet, checking=True, highest=highest)
    results = []
    with closing(process_all(tasks, job, min(workers, len(tasks)))) as outcomes:
        for outcome in outcomes:
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


def tell_unsettled(matches: Mapping[str, str], settled: Collection[str]) -> None:
    """Name the pairs of ``--match`` that were of no use for any image."""
    for embedded, described in matches.items():
        if embedded not in settled:
            complain(
                f"--match {embedded}={described} settled nothing: no image of this run has this part, "
                "or no description that was used for one has the other"
            )


class Report:
    """Tells what became of the images while they are worked on, and in the end how many.

    Parameters
    ----------
    found : Walk
    tasks : sequence of Task
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
        found: Walk,
        tasks: Sequence[Task],
        stream: TextIO,
        matches: dict[str, str],
        *,
        verbose: bool,
        quiet: bool,
        checking: bool = False,
        highest: bool = False,
    ) -> None:
        self.found = found
        self.total = len(tasks)
        self.matches = matches
        self.stream = stream
        self.verbose = verbose
        self.quiet = quiet
        self.checking = checking
        self.highest = highest
        self.unusable = 0
        self.states: dict[str, int] = {}
        self.not_met = 0
        self.settled: set[str] = set()
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
        if self.total > FEW and not self.verbose:
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
        if outcome.state != "read":
            self.printer.line()
            self.printer.line(self._done(outcome), "green", 2)
        if outcome.diff:
            self.printer.line(outcome.diff.rstrip("\n"))

    def _done(self, outcome: Outcome) -> str:
        form = "would embed into {target}{more} ({bytes:+,} bytes)" if outcome.diff else _DONE[outcome.state]
        images = "1 image" if outcome.images == 1 else f"{outcome.images} images"
        given = {"target": outcome.target, "more": and_more(outcome.more), "bytes": outcome.bytes_added}
        told = [form.format(**given, images=images)]
        told += [INTERRUPTED] if outcome.interrupted else []
        told += [f"kept {outcome.backup}"] if outcome.backup else []
        told += [f"{outcome.verified:,} pieces of image data are what they were"] if outcome.verified else []
        return "; ".join(told)

    def _line(self, outcome: Outcome, number: int) -> None:
        told = [] if outcome.state == "read" else [outcome.state]
        if outcome.summary is not None:
            told += [f"as stated in {outcome.summary.stated_in}"] if outcome.summary.stated_in else []
            verdict, disagreements = outcome.summary.verdict, len(outcome.summary.disagreements)
            if self.highest:
                told.append(f"tier {outcome.highest} is met" if outcome.highest else "no tier is met")
            elif verdict is not None:
                told.append(
                    f"{verdict.missing} missing for tier {verdict.tier}" if verdict.missing else "nothing missing"
                )
            if disagreements:
                told.append(f"{disagreements} disagree with the hardware file")
            if outcome.summary.findings:
                told.append(f"{len(outcome.summary.findings)} warnings")
        self.printer.line(f"[{number}/{self.total}] {outcome.path}: {', '.join(told)}")

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
        told = [f"{n} {state}" for state, n in self.states.items() if state not in ("read", "failed")]
        if self.checking:
            told.append(f"{self.total - failed - self.not_met} passed")
            told += [f"{self.not_met} not"] if self.not_met else []
        told += [f"{failed} failed"] if failed else []
        others = []
        if self.found.members:
            others.append(f"{self.found.members} further {_files(self.found.members)} of sets")
        if self.found.left_out:
            others.append(f"{self.found.left_out} other {_files(self.found.left_out)} left out")
        images = "1 image" if self.total == 1 else f"{self.total} images"
        return "; ".join([f"{images}: {', '.join(told)}" if told else images, *others])


def _files(number: int) -> str:
    return "file" if number == 1 else "files"
