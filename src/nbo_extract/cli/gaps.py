"""The command `gaps`: what images miss, as a sheet to fill in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.given_again import again
from nbo_extract.cli.group import FAILED, OK, Refusal, complain
from nbo_extract.cli.inputs import refuse_no_file
from nbo_extract.cli.looking import Looking
from nbo_extract.counting import counted
from nbo_extract.stores import last_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.gap_rows import DocumentGaps, GapSheet

_SECTIONS = {
    "microscope": "of microscopes",
    "files": "of parts in named files",
    "image": "of images",
    "channel": "of channels",
}
_SHOWN = 5
#: Options of a sheet that is asked for which are of no use when it is filled in.
_OF_ASKING = ("output", "tier", "extensions", "level", "literal", "profile", "verbose", "workers")


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str,
    verbose: bool,
    **options: Any,
) -> int:
    """Write a gap sheet and return the exit code."""
    _refuse_output(output)
    looking = Looking.at("gaps", paths, chosen, **options)
    unnamed = [t.path for t in looking.tasks if not _nameable(t.path)]
    looking.tasks = [t for t in looking.tasks if _nameable(t.path)]
    looking.found.problems += [
        f"{path}: a sheet cannot name it, for its path is no text of this system; rename it" for path in unnamed
    ]
    if looking.job.redact:
        _refuse_same_names([t.path for t in looking.tasks])
    parts: list[DocumentGaps] = []
    for outcome in looking.outcomes():
        if outcome.stated_in:
            complain(f"{outcome.path}: as stated in {os.path.basename(outcome.stated_in)}")
        parts += [outcome.gaps] if outcome.gaps is not None else []
    if parts:
        words = [] if chosen.listed else paths
        _write(parts, output, verbose, again("nbo-extract", *words, leave=_OF_ASKING, more={"hardware": output}))
    return FAILED if looking.code else OK


def _refuse_same_names(paths: Sequence[str]) -> None:
    """Refuse images that a sheet could not tell apart: an answer would be taken for another image."""
    known: dict[str, str] = {}
    for path in paths:
        first = known.setdefault(last_part(path), path)
        if first != path:
            raise Refusal(
                f"{first} and {path} have the same name, and with --redact a sheet tells no folders; "
                "rename one of them, or make a sheet for each"
            )


def _refuse_output(output: str) -> None:
    """Refuse to write over what is no gap sheet."""
    if output == "-":
        return
    if not output.lower().endswith((".xlsx", ".csv")):
        raise Refusal(f"{output}: a gap sheet is a workbook or CSV; give a name that ends in .xlsx or .csv, or -")
    refuse_no_file(output)
    if os.path.exists(output):
        # Hours of typing may be in it.
        raise Refusal(f"{output}: the file is there already, and may be filled in; give another name with -o")


def _write(parts: Sequence[DocumentGaps], output: str, verbose: bool, following: str) -> None:
    from nbo_extract.cli.render import Printer
    from nbo_extract.gap_rows import gather
    from nbo_extract.gap_sheet import to_csv, to_xlsx
    from nbo_extract.writers.sidecar import write_bytes

    sheet = gather(parts)
    printer = Printer(sys.stderr if output == "-" else sys.stdout)
    images = counted(len(parts), "image")
    if not sheet.rows:
        if sheet.missing:
            printer.line(f"{images}: nothing that a sheet can ask for is missing")
        else:
            printer.line(f"{images}: nothing is missing")
    else:
        data = to_xlsx(sheet) if output.lower().endswith(".xlsx") else to_csv(sheet)
        if output == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_bytes(Path(output), data)
        where = "" if output == "-" else f"{output}: "
        printer.line(
            f"{where}{counted(len(sheet.rows), 'row')} for {counted(sheet.missing, 'field')} missing in {images}",
            "bold",
        )
        _summary(printer, sheet)
        if output != "-":
            printer.line(f"Filled in, it goes back with: {following}")
    told = sheet.unasked if verbose else sheet.unasked[:_SHOWN]
    if told:
        printer.line(f"{counted(len(sheet.unasked), 'field')} cannot be asked for in a sheet:")
        for text in told:
            printer.line(text, indent=2)
        if len(told) < len(sheet.unasked):
            printer.line(f"and {len(sheet.unasked) - len(told)} more; -v shows all", indent=2)


def _nameable(path: str) -> bool:
    """Whether a path can stand in a sheet: it has no bytes that are no text."""
    return not any(0xD800 <= ord(c) <= 0xDFFF for c in os.path.abspath(path))


def _summary(printer: Any, sheet: GapSheet) -> None:
    microscopes: dict[str, dict[str, int]] = {}
    for row in sheet.rows:
        counts = microscopes.setdefault(row.question.microscope, {})
        alone = row.question.section == "microscope" and not row.question.everywhere
        of = "files" if alone else row.question.section
        counts[of] = counts.get(of, 0) + 1
    for name, counts in microscopes.items():
        told = ", ".join(f"{counts[s]} {words}" for s, words in _SECTIONS.items() if s in counts)
        printer.line(f"microscope {name}: rows {told}", indent=2)
    kinds = sum(bool(r.question.label) for r in sheet.rows)
    if kinds:
        only = sum(bool(r.question.conditions) for r in sheet.rows)
        choices = counted(kinds, "choice")
        printer.line(
            f"{only} of the rows {'depends' if only == 1 else 'depend'} on {choices} of a kind of part", indent=2
        )
