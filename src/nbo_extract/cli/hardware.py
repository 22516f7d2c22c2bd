"""The command `hardware check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.calibration import CalibrationSet
from nbo_extract.checking import check
from nbo_extract.cli.group import NOT_MET, OK, Refusal
from nbo_extract.cli.hardware_show import head
from nbo_extract.cli.inputs import load_all
from nbo_extract.cli.render import Printer
from nbo_extract.hardware import Hardware
from nbo_extract.hardware_check import describe, describe_records, describe_settings, kinds_of_microscope, outside
from nbo_extract.hardware_forms import form_of
from nbo_extract.hardware_settings import named
from nbo_extract.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.checking import CheckReport
    from nbo_extract.hardware_check import Line
    from nbo_extract.profiles import Profile
    from nbo_extract.requirements import Level
    from nbo_extract.stored import Stored

_PARTS = "Minimum parts"
_MARKS = {"fine": "", "remark": "", "wrong": "wrong: "}


def check_files(
    *,
    paths: Sequence[str],
    tier: int | None,
    extensions: tuple[str, ...],
    level: Level,
    literal: bool,
    verbose: bool,
    as_json: bool = False,
    profile: Profile | None = None,
) -> int:
    """Check descriptions and what is stored with them, and return the exit code.

    Raises
    ------
    Refusal
        If there is nothing that a check judges: what people state of images is judged with the images.
    """
    printer = Printer(sys.stdout, verbose=verbose)
    stored = [s for s in named(load_all(paths)) if isinstance(s, Hardware | CalibrationSet)]
    if not stored:
        raise Refusal(f"{', '.join(paths)}: no hardware description; give a Micro-Meta App file or NBO XML")
    descriptions = [s for s in stored if isinstance(s, Hardware) and s.kind == "microscope"]
    results = []
    passed = True
    for number, one in enumerate(stored):
        lines, report = _check_one(
            one, descriptions, tier=tier or 1, extensions=extensions, level=level, literal=literal, profile=profile
        )
        # What settings state of a microscope that is described elsewhere is judged by their lines.
        met = report is None or (not any(g.counted for g in report.gaps) if _is_settings(one) else report.passed)
        good = met and all(line.state != "wrong" for line in lines)
        passed = passed and good
        if as_json:
            results.append(_as_dict(one, lines, report, good, descriptions))
            continue
        if number:
            printer.line()
        _print(printer, one, lines, report)
    if as_json:
        import json

        sys.stdout.write(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    return OK if passed else NOT_MET


def _check_one(
    stored: Stored, descriptions: Sequence[Hardware], *, literal: bool, **asked: Any
) -> tuple[list[Line], CheckReport | None]:
    """Return what is to be said of a file, and what its tier misses."""
    if isinstance(stored, CalibrationSet):
        return describe_records(stored, descriptions), None
    if not isinstance(stored, Hardware):
        return [], None
    if stored.kind != "microscope":
        report = check(stored.document, literal=literal, **asked)
        return describe_settings(stored, report, descriptions), report
    form = form_of(stored, Path(stored.path))
    kinds = kinds_of_microscope(stored, form)
    return describe(stored, form), check(stored.document, literal=literal, kinds=kinds, **asked)


def _print(printer: Printer, stored: Stored, lines: Sequence[Line], report: CheckReport | None) -> None:
    if isinstance(stored, Hardware) and stored.kind == "microscope":
        head(printer, stored)
    else:
        printer.line(stored.path, "bold cyan")
    if lines:
        printer.line()
        bad = any(line.state == "wrong" for line in lines)
        printer.line("Description", "bold yellow" if bad else "bold green", 2)
        printer.grid([(line.subject, _said(line, verbose=printer.verbose)) for line in lines], indent=4, style="")
    # What is wrong is always told one by one, the rest with -v alone.
    for line in (x for x in lines if x.details and (printer.verbose or _always(x))):
        printer.line()
        printer.line(line.subject, "bold", 4)
        for detail in line.details:
            printer.line(detail, indent=6)
    if report is not None and isinstance(stored, Hardware):
        verdict = summarise(stored.document, report).verdict
        if verdict is not None:
            printer.verdict(verdict, sentences=True)


def _is_settings(stored: Stored) -> bool:
    return isinstance(stored, Hardware) and stored.kind == "settings"


def _said(line: Line, *, verbose: bool) -> str:
    hint = "; -v lists them" if line.details and not verbose and not _always(line) else ""
    return f"{_MARKS[line.state]}{line.text}{hint}"


def _always(line: Line) -> bool:
    return line.state == "wrong" or line.subject == _PARTS


def _as_dict(
    stored: Stored,
    lines: Sequence[Line],
    report: CheckReport | None,
    passed: bool,
    descriptions: Sequence[Hardware],
) -> dict[str, Any]:
    found: dict[str, Any] = {"file": stored.path, "passed": passed}
    if report is not None:
        found |= {"tier": report.tier, "extensions": list(report.extensions), "level": report.level}
    found["description"] = [
        {"subject": line.subject, "state": line.state, "text": line.text, "details": list(line.details)}
        for line in lines
    ]
    told = report.findings if report is not None else []
    if isinstance(stored, Hardware) and stored.kind == "settings":
        told = [f for f in told if not outside(f, stored, descriptions)]
    read = stored.findings if isinstance(stored, Hardware) else ()
    return {**found, "findings": [f.to_dict() for f in (*told, *read)]}
