"""The command `hardware convert`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbo_extract.cli.group import OK, Failure, Refusal
from nbo_extract.cli.inputs import load_all
from nbo_extract.cli.render import Printer
from nbo_extract.counting import counted
from nbo_extract.errors import DocumentError, HardwareError, WriteError
from nbo_extract.findings import Finding
from nbo_extract.hardware import Hardware
from nbo_extract.hardware_forms import FORMS, Form, form_of, replaceable
from nbo_extract.schema import load

if TYPE_CHECKING:
    from nbo_extract.model import Document

Target = Literal["xml", "json", "jsonld", "micro-meta"]
_ENDINGS: dict[str, Target] = {".xml": "xml", ".json": "json", ".jsonld": "jsonld"}
_NAMES = {"xml": "NBO XML", "json": "NBO JSON", "jsonld": "JSON-LD", "micro-meta": FORMS["micro-meta-app"]}


@dataclass(frozen=True, slots=True)
class _Made:
    text: str
    counts: tuple[int, int, int]
    findings: tuple[Finding, ...]


def convert(*, path: str, output: str, format_: Target | None, verbose: bool) -> int:
    """Write a description in another form and return the exit code.

    Raises
    ------
    Refusal
        If the file is no description of a microscope, or the output must not be written.
    """
    target = _target(output, format_)
    hardware = _load(path)
    form = form_of(hardware, Path(path))
    if output != "-":
        _refuse_output(path, output)
    made = _make(hardware, form, target)
    if output == "-":
        sys.stdout.write(made.text)
        sys.stdout.flush()
        state = "written"
    else:
        from nbo_extract.writers.sidecar import write_sidecar

        try:
            state = write_sidecar(Path(output), made.text).state
        except WriteError as error:
            raise Failure(error.message) from error
    printer = Printer(sys.stderr if output == "-" else sys.stdout, verbose=verbose)
    where = "standard output" if output == "-" else output
    done = "wrote" if state == "written" else "unchanged:"
    parts, values, references = made.counts
    printer.line(f"{path}  ({FORMS[form.rule]})", "bold cyan")
    told = f"{counted(parts, 'part')}, {counted(values, 'value')}, {counted(references, 'reference')}"
    printer.line(f"{done} {where}  ({_NAMES[target]}: {told})", indent=2)
    _tell(printer, hardware, made)
    return OK


def _target(output: str, format_: Target | None) -> Target:
    if format_ is not None:
        return format_
    found = _ENDINGS.get(os.path.splitext(output)[1].lower())
    if found is None:
        where = "standard output" if output == "-" else output
        raise Refusal(f"{where}: the ending does not tell what to write; give --format xml, json, jsonld or micro-meta")
    return found


def _load(path: str) -> Hardware:
    if os.path.isdir(path):
        raise Refusal(f"{path}: this is a folder; give one file of it")
    found = next((s for s in load_all([path]) if isinstance(s, Hardware)), None)
    if found is None:
        raise Refusal(f"{path} holds records of calibration; give the description of a microscope")
    if found.kind != "microscope":
        raise Refusal(f"{path} holds the settings of an image; give the description of a microscope")
    return found


def _refuse_output(path: str, output: str) -> None:
    if os.path.isdir(output):
        raise Refusal(f"{output}: this is a folder; give a file in it")
    if not os.path.lexists(output):
        return
    if os.path.exists(output) and os.path.samefile(path, output):
        raise Refusal(f"{output}: this is the file that is converted; give another with -o")
    if not replaceable(Path(output)):
        raise Refusal(f"{output}: this is no hardware description and is not overwritten; give another with -o")


def _make(hardware: Hardware, form: Form, target: Target) -> _Made:
    told = [_left(hardware, name, count) for name, count in sorted(form.others.items())]
    if target == "micro-meta":
        from nbo_extract.hardware_write import to_micro_meta

        try:
            written = to_micro_meta(hardware, form.roles)
        except HardwareError as error:
            raise Failure(error.message) from error
        counts = (written.parts, written.values, written.references)
        return _Made(written.text, counts, (*told, *written.findings))
    if form.roles:
        count = counted(len(form.roles), "light source")
        message = f"the role of {count} (fluorescence or transmitted light) has no place in NBO; it is left out"
        told.append(_note("NBO317", "LightSourceGroup", message, hardware))
    if form.rule == "micro-meta-app":
        message = "the places of parts on the application's canvas, its version and its tiers are not kept"
        told.append(_note("NBO317", "Instrument", message, hardware))
    try:
        text = _text(hardware.document, target)
    except DocumentError as error:
        raise Failure(f"{hardware.path} cannot be written as {_NAMES[target]}: {error.message}") from error
    return _Made(text, _counts(hardware.document), tuple(told))


def _text(document: Document, target: Target) -> str:
    if target == "xml":
        from nbo_extract.xmlio import to_xml

        return to_xml(document)
    from nbo_extract.jsonio import to_json, to_jsonld

    return to_json(document) if target == "json" else to_jsonld(document)


def _counts(document: Document) -> tuple[int, int, int]:
    """Count parts, values but for the IDs of parts, descriptions among them, and references between parts."""
    references = load(document.version).references
    instrument = document.instruments[0]
    parts = [n for n in instrument.children if n.name not in references]
    nodes = [n for n in instrument.walk() if n.name not in references]
    pointing = [n for n in instrument.walk() if n.name in references and n.name != "AnnotationRef"]
    comments = sum(1 for n in instrument.walk() if n.name == "AnnotationRef")
    identified = sum(1 for n in (instrument, *parts) if "ID" in n.facts)
    texts = sum(1 for n in nodes if n.text is not None)
    return len(parts), sum(len(n.facts) for n in nodes) - identified + comments + texts, len(pointing)


def _left(hardware: Hardware, name: str, count: int) -> Finding:
    message = f"{counted(count, name)} of the document are no part of a hardware description; left out"
    return _note("NBO317", name, message.replace(" are ", " is ", 1) if count == 1 else message, hardware)


def _note(code: str, element: str, message: str, hardware: Hardware) -> Finding:
    return Finding(code, "info", message, file=hardware.name, element=element)


def _tell(printer: Printer, hardware: Hardware, made: _Made) -> None:
    """Tell what was lost or assumed, and in one line what the description itself does not state."""
    read = [f for f in hardware.findings if printer.verbose or f.severity != "info"]
    findings = [*made.findings, *read]
    if findings:
        printer.line()
        printer.line("Left out or assumed", "bold yellow", 2)
        for finding in sorted(findings, key=lambda f: f.rank):
            printer.line(f"{finding.code}  {finding.message}", indent=4)
    if quiet := len(hardware.findings) - len(read):
        printer.line()
        told = "value states nothing or is not read" if quiet == 1 else "values state nothing or are not read"
        printer.line(f"{quiet} {told}; -v lists them", indent=2)
