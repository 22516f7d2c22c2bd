"""What `check` and `tier` tell beside what is missing: profiles, codes, the highest tier, JUnit XML."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.group import OK, Refusal
from nbo_extract.cli.inputs import refuse_no_file
from nbo_extract.counting import counted
from nbo_extract.errors import NboExtractError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbo_extract.cli.render import Printer
    from nbo_extract.cli.work import Job, Outcome
    from nbo_extract.profiles import Profile


def list_profiles() -> int:
    """List the profiles of the product and return the exit code."""
    from nbo_extract.cli.render import Printer
    from nbo_extract.profiles import named, profile_names

    printer = Printer(sys.stdout)
    for number, name in enumerate(profile_names()):
        profile = named(name)
        if number:
            printer.line()
        printer.line(f"{name}  {profile.title}", "bold")
        printer.line(_asks(profile), indent=2)
        printer.line(profile.reason, indent=2)
    printer.line()
    printer.line("One of your own: --profile FILE.toml; see docs/checking.md")
    return OK


def _asks(profile: Profile) -> str:
    from nbo_extract.requirements import EXTENSIONS

    if profile.only:
        return counted(len(profile.require), "single field")
    extensions = ", ".join(e for e in EXTENSIONS if e in profile.extensions)
    level = "must and should" if profile.level == "should" else "must"
    more = [f"{counted(len(profile.require), 'field')} more"] if profile.require else []
    less = [f"{counted(len(profile.waive), 'field')} less"] if profile.waive else []
    return "; ".join([f"tier {profile.tier}", extensions, level, *more, *less])


def explain(code: str) -> int:
    """Explain a code and return the exit code."""
    from nbo_extract.cli.render import Printer
    from nbo_extract.explanations import explain as explained

    try:
        found = explained(code)
    except UsageError as error:
        raise Refusal(error.message) from error
    printer = Printer(sys.stdout)
    printer.line(found.code, "bold")
    rows = [("What", found.cause), ("Why", found.why), ("What to do", found.way)]
    printer.grid([row for row in rows if row[1]])
    return OK


def suggest(file: str | None, answers: Mapping[str, str | None], *, as_json: bool) -> int:
    """Say which tier an experiment calls for, and return the exit code."""
    from nbo_extract.tier_advice import advise, load_answers

    given = {name: answer for name, answer in answers.items() if answer is not None}
    try:
        stated = load_answers(file) if file is not None else {}
        twice = next((n for n in given if stated.get(n, given[n]) != given[n]), None)
        if twice is not None:
            raise Refusal(f"--{twice} says {given[twice]}, and {file} says {stated[twice]}; leave one of them out")
        advice = advise({**stated, **given})
    except UsageError as error:
        raise Refusal(error.message) from error
    extensions = ",".join(advice.extensions)
    command = f"nbo-extract check PATH --tier {advice.tier} --extensions {extensions}"
    if as_json:
        import json
        from dataclasses import asdict

        found = asdict(advice)
        found["open"] = [dict(zip(("criterion", "question", "tier"), row, strict=True)) for row in advice.open]
        sys.stdout.write(json.dumps({**found, "command": command}, ensure_ascii=False, indent=1) + "\n")
        return OK
    from nbo_extract.cli.render import Printer

    printer = Printer(sys.stdout)
    printer.line(f"Tier {advice.tier}: {advice.title}", "bold")
    printer.line(f"It asks for {advice.asks}.", indent=2)
    printer.line()
    printer.line("Because", "bold")
    printer.grid([(f"tier {r.tier}", f"{r.criterion} {r.answer}", r.why) for r in advice.reasons], style="")
    printer.line()
    printer.line("Calibration", "bold")
    printer.grid(list(advice.calibration.items()), style="")
    if advice.open:
        printer.line()
        printer.line("Not answered, and may call for a higher tier", "bold")
        printer.grid([(f"--{n}", q, f"up to tier {most}") for n, q, most in advice.open], style="")
    printer.line()
    printer.line(f"Check it with: {command}")
    return OK


# -- the highest tier -------------------------------------------------------------------------------------------------


def print_highest(printer: Printer, outcome: Outcome) -> None:
    """Print the highest tier that one file meets, and what the next one takes."""
    summary = outcome.summary
    assert summary is not None  # noqa: S101
    assert summary.verdict is not None  # noqa: S101
    verdict = summary.verdict
    asked = ", ".join(verdict.extensions) + (", must and should" if verdict.level == "should" else "")
    printer.line(f"{summary.path}  ({summary.format})", "bold cyan")
    met = f"tier {outcome.highest}" if outcome.highest else "none"
    printer.line(f"Highest tier that is met: {met} ({asked})", "bold green" if outcome.highest else "bold yellow", 2)
    invalid = [f for f in outcome.findings if f.severity == "error"]
    if invalid:
        printer.line("What is stated and not allowed keeps it from every tier:", indent=2)
        for finding in invalid:
            printer.line(f"{finding.code}  {finding.message}", "red", 4)
    if not verdict.missing:
        return
    fields = counted(verdict.missing, "field")
    printer.line(f"Tier {verdict.tier} takes {fields} more, of {verdict.demanded}:", indent=2)
    if printer.verbose:
        for message, where in zip(verdict.messages, verdict.where, strict=True):
            printer.line(message, indent=4)
            printer.line(where, indent=12)
        return
    printer.grid([(g.element, ", ".join(g.names)) for g in verdict.groups], indent=4, style="")
    printer.unused(verdict)


# -- JUnit XML --------------------------------------------------------------------------------------------------------


def refuse_junit(path: str | None, *, as_json: bool) -> None:
    """Refuse a place where the results cannot be written, before any work is done."""
    if path is None:
        return
    if path == "-":
        if as_json:
            raise Refusal("--junit - and --json both write to standard output; give --junit a file")
        return
    refuse_no_file(path, file="the name of a file for the results", another="another name for the results")
    if os.path.exists(path):
        try:
            with open(path, "rb") as stream:
                start = stream.read(512)
        except OSError as error:
            raise Refusal(f"{path}: this file cannot be read ({error.strerror}); give another name") from error
        if start.strip() and b"<testsuite" not in start:
            raise Refusal(f"{path}: this file holds no results of tests and is not overwritten; give another name")


def write_junit(path: str, outcomes: Sequence[Outcome], job: Job) -> None:
    """Write the results of checks as JUnit XML.

    Raises
    ------
    Refusal
        If the file cannot be written.
    """
    from pathlib import Path

    from nbo_extract.junit import Checked, to_junit
    from nbo_extract.writers.sidecar import write_sidecar

    asked = f"profile {job.profile.name}" if job.profile is not None else _axes(job)
    text = to_junit(
        Checked(o.path, asked, dict(o.elements), o.findings, o.message if o.state == "failed" else "") for o in outcomes
    )
    if path == "-":
        sys.stdout.write(text)
        return
    try:
        write_sidecar(Path(path), text)
    except NboExtractError as error:
        raise Refusal(error.message) from error


def _axes(job: Job) -> str:
    return f"tier {job.tier}, {', '.join(job.extensions)}, {job.level}"


def highest_as_dict(outcome: Outcome) -> dict[str, Any]:
    """Return what ``--json`` says of the highest tier."""
    verdict = outcome.summary.verdict if outcome.summary is not None else None
    if verdict is None:
        return {}
    following = {"tier": verdict.tier, "demanded": verdict.demanded, "missing": verdict.missing}
    return {"highest": outcome.highest, "next": following if verdict.missing else None}
