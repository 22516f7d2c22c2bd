"""The commands `hardware show` and `hardware check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from nbo_extract.checking import check
from nbo_extract.cli.group import NOT_MET, OK
from nbo_extract.cli.inputs import load_descriptions
from nbo_extract.cli.render import Printer
from nbo_extract.schema import load
from nbo_extract.summary import summarise
from nbo_extract.summary_images import title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node
    from nbo_extract.requirements import Level


def show(paths: Sequence[str], verbose: bool) -> int:
    """List the parts of descriptions and return the exit code."""
    printer = Printer(sys.stdout, verbose=verbose)
    for number, hardware in enumerate(load_descriptions(paths)):
        if number:
            printer.line()
        _head(printer, hardware)
        for part in _parts(hardware):
            printer.line()
            printer.line(f"{part.name}  {title(part)}".rstrip(), "bold", 2)
            rows = [("ID", part.id)] if part.id else []
            rows += [(name, _text(part, name)) for name in part.facts if name != "ID" and (verbose or name in _SHOWN)]
            printer.grid(rows, indent=4, style="")
            if verbose:
                for child in part.children:
                    stated = ", ".join(f"{name} {_text(child, name)}" for name in child.facts)
                    printer.line(f"{child.name}  {stated}", indent=4)
        _notes(printer, hardware)
    return OK


_SHOWN = ("Name", "Manufacturer", "Model", "CatalogNumber", "Magnification", "LensNA", "ImmersionType")


def check_files(
    *,
    paths: Sequence[str],
    tier: int | None,
    extensions: tuple[str, ...],
    level: Level,
    literal: bool,
    verbose: bool,
) -> int:
    """Check descriptions and return the exit code."""
    printer = Printer(sys.stdout, verbose=verbose)
    passed = True
    for number, hardware in enumerate(load_descriptions(paths)):
        if number:
            printer.line()
        _head(printer, hardware)
        report = check(hardware.document, tier=tier or 1, extensions=extensions, level=level, literal=literal)
        verdict = summarise(hardware.document, report).verdict
        if verdict is not None:
            printer.verdict(verdict, sentences=True)
        _notes(printer, hardware)
        passed = passed and report.passed
    return OK if passed else NOT_MET


def _head(printer: Printer, hardware: Hardware) -> None:
    stands = hardware.instrument.all(*load(hardware.document.version).members("MicroscopeStandGroup"))
    parts = len(_parts(hardware))
    printer.line(f"{hardware.path}  ({parts} parts)", "bold cyan")
    rows = [("Microscope", hardware.instrument.get("Name") or "not named")]
    printer.grid([*rows, ("Stand", " + ".join(filter(None, map(title, stands))) or "not stated")])


def _parts(hardware: Hardware) -> list[Node]:
    return [n for n in hardware.instrument.children if n.name not in load(hardware.document.version).references]


def _text(node: Node, name: str) -> str:
    fact = node.facts[name]
    return f"{fact.value} {fact.unit}" if fact.unit else fact.value


def _notes(printer: Printer, hardware: Hardware) -> None:
    """Tell what the description says but does not state."""
    told = [f for f in hardware.findings if printer.verbose or f.severity != "info"]
    quiet = len(hardware.findings) - len(told)
    if told:
        printer.line()
        printer.line("Warnings" if not printer.verbose else "Warnings and notes", "bold yellow", 2)
        for finding in told:
            printer.line(f"{finding.code}  {finding.message}", indent=4)
    if quiet:
        printer.line()
        printer.line(f"{quiet} values state nothing (placeholders, blanks); -v lists them", indent=2)
