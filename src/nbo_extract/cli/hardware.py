"""The commands `hardware show` and `hardware check`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nbo_extract.checking import check
from nbo_extract.cli.group import NOT_MET, OK
from nbo_extract.cli.inputs import load_descriptions
from nbo_extract.cli.render import Printer
from nbo_extract.hardware_minimum import MinimumPart, minimum_parts
from nbo_extract.hardware_settings import resolved
from nbo_extract.schema import load
from nbo_extract.summary import summarise
from nbo_extract.summary_images import title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbo_extract.checking import CheckReport
    from nbo_extract.findings import Finding
    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node
    from nbo_extract.requirements import Level

_SHOWN = ("Name", "Manufacturer", "Model", "CatalogNumber", "Magnification", "LensNA", "ImmersionType")
# What a reference is that leads to no element, or whose text is no ID of the form that NBO gives its target.
_DANGLING = ("NBO213", "NBO211")
# Placeholders, and zeros that stand for a blank: what a form holds because it asked for something.
_BLANKS = ("NBO304", "NBO308")


def show(paths: Sequence[str], verbose: bool, *, as_json: bool = False) -> int:
    """List the parts of descriptions and return the exit code."""
    found = _load(paths)
    parts = _described(found)
    if as_json:
        _write([_as_data(hardware, parts) for hardware in found])
        return OK
    printer = Printer(sys.stdout, verbose=verbose)
    for number, hardware in enumerate(found):
        if number:
            printer.line()
        _head(printer, hardware)
        index = {**parts, **hardware.document.index()}
        if hardware.kind == "settings":
            for node in hardware.document.root.children:
                if node.name != "StructuredAnnotations":
                    printer.line()
                    _tree(printer, node, index, 2)
        else:
            for part in _parts(hardware):
                _part(printer, part, index)
        _notes(printer, hardware.findings)
    return OK


def check_files(
    *,
    paths: Sequence[str],
    tier: int | None,
    extensions: tuple[str, ...],
    level: Level,
    literal: bool,
    verbose: bool,
    as_json: bool = False,
) -> int:
    """Check descriptions and return the exit code."""
    printer = Printer(sys.stdout, verbose=verbose)
    passed = True
    found = _load(paths)
    parts = _described(found)
    results = []
    for number, hardware in enumerate(found):
        report = check(hardware.document, tier=tier or 1, extensions=extensions, level=level, literal=literal)
        minimum = () if hardware.kind == "settings" else minimum_parts(hardware.document)
        wrong = [f for f in report.findings if f.severity == "error" and not _elsewhere(f, hardware, parts)]
        met = (
            not any(gap.counted for gap in report.gaps)
            and not wrong
            and not any(f.severity != "info" for f in hardware.findings)
            and not any(part.missing for part in minimum)
        )
        passed = passed and met
        if as_json:
            results.append(_result(hardware, report, minimum, wrong, met))
            continue
        if number:
            printer.line()
        _head(printer, hardware)
        _minimum(printer, minimum)
        verdict = summarise(hardware.document, report).verdict
        if verdict is not None:
            printer.verdict(verdict, sentences=True)
        _outside(printer, report, hardware, parts)
        _notes(printer, [*wrong, *hardware.findings])
    if as_json:
        _write(results)
    return OK if passed else NOT_MET


def _load(paths: Sequence[str]) -> list[Hardware]:
    """Load what was given; settings get the IDs of the microscope's description where that is given, too."""
    found = load_descriptions(paths)
    return [resolved(hardware, found) for hardware in found]


def _described(found: Iterable[Hardware]) -> dict[str, Node]:
    """Return the parts of all microscopes that were given."""
    return {i: n for hardware in found if hardware.kind == "microscope" for i, n in hardware.document.index().items()}


# -- what a description is ---------------------------------------------------------------------------------------------


def _head(printer: Printer, hardware: Hardware) -> None:
    if hardware.kind == "settings":
        images = hardware.document.images
        printer.line(f"{hardware.path}  (settings of an image)", "bold cyan")
        rows = [("Image", images[0].get("Name") or "not named"), ("ID", images[0].id)]
        rows.append(("Microscope", hardware.instrument_id or "not named"))
    else:
        parts = len(_parts(hardware))
        stands = hardware.instrument.all(*load(hardware.document.version).members("MicroscopeStandGroup"))
        printer.line(f"{hardware.path}  ({parts} parts)", "bold cyan")
        rows = [("Microscope", hardware.instrument.get("Name") or "not named")]
        rows.append(("Stand", " + ".join(filter(None, map(title, stands))) or "not stated"))
    versions = hardware.document.origin.versions
    if "model" in versions:
        application = f", Micro-Meta App {versions['application']}" if "application" in versions else ""
        rows.append(("Model", f"{versions['model']}{application}"))
    printer.grid(rows)


def _parts(hardware: Hardware) -> list[Node]:
    return [n for n in hardware.instrument.children if n.name not in load(hardware.document.version).references]


def _part(printer: Printer, part: Node, index: Mapping[str, Node]) -> None:
    printer.line()
    printer.line(f"{part.name}  {title(part)}".rstrip(), "bold", 2)
    rows = [("ID", part.id)] if part.id else []
    rows += [(n, _text(part, n)) for n in part.facts if n != "ID" and (printer.verbose or n in _SHOWN)]
    rows += [(_role(child), _inside(child, index)) for child in part.children]
    printer.grid(rows, indent=4, style="")


def _tree(printer: Printer, node: Node, index: Mapping[str, Node], indent: int) -> None:
    """Print an element of settings and all below it, a line each."""
    top = indent == 2
    printer.line(f"{_role(node)}  {_inside(node, index, ids=printer.verbose)}".rstrip(), "bold" if top else "", indent)
    for child in node.children:
        _tree(printer, child, index, indent + 2)
    if node.planes is not None:
        printer.line(f"Plane  {len(node.planes)} of them, with {', '.join(node.planes.columns)}", indent=indent + 2)


def _role(node: Node) -> str:
    """Name of a child for people: a reference is called by what it leads to."""
    return "Description" if node.name == "AnnotationRef" else node.name.removesuffix("Ref")


def _inside(node: Node, index: Mapping[str, Node], *, ids: bool = True) -> str:
    """Say in one line what a child states: the part that it refers to, its facts, its text."""
    reference = load().references.get(node.name)
    told = []
    if reference is not None and (value := node.get(reference[0])) is not None:
        told.append(_called(index[value]) if value in index else value)
    own = "" if reference is None else reference[0]
    told += [f"{n} {_text(node, n)}" for n in node.facts if n != own and (ids or n != "ID")]
    if node.text is not None:
        told.append(node.text.value)
    file = node.first("BinaryFile")
    if file is not None:
        told = [file.get("FileName") or node.id]
    return ", ".join(told)


def _called(part: Node) -> str:
    """Call a part by its name and, where it has one of its own, by maker and model."""
    if part.name == "CommentAnnotation":
        text = part.children[0].text if part.children else None
        return text.value if text is not None else part.id
    if part.name == "Experimenter":
        return " ".join(filter(None, (part.get("FirstName"), part.get("LastName")))) or part.id
    name, model = part.get("Name"), title(part)
    return f"{name} ({model})" if name and model and model != name else name or model or part.id


def _text(node: Node, name: str) -> str:
    fact = node.facts[name]
    return f"{fact.value} {fact.unit}" if fact.unit else fact.value


# -- what is missing or wrong ------------------------------------------------------------------------------------------


def _minimum(printer: Printer, minimum: Sequence[MinimumPart]) -> None:
    if minimum:
        printer.line()
        printer.line("Parts that every microscope has", "bold", 2)
        printer.grid([(part.name, _count(part)) for part in minimum], indent=4, style="")


def _count(part: MinimumPart) -> str:
    if part.count:
        return str(part.count)
    some = ", ".join(part.members[:3]) + (", …" if len(part.members) > 3 else "")
    return f"none; {part.remark}" if part.remark else f"missing ({some})"


def _elsewhere(finding: Finding, hardware: Hardware, parts: Mapping[str, Node]) -> bool:
    """Whether a finding is about a reference of settings to a part of the microscope, which is described elsewhere."""
    schema = load(hardware.document.version)
    attribute, targets = schema.references.get(finding.element, ("", frozenset()))
    if hardware.kind != "settings" or finding.code not in _DANGLING or finding.attribute != attribute:
        return False
    outside = not targets.isdisjoint({"Instrument", *schema.element("Instrument").children})
    return outside and (not parts or finding.value in parts)


def _outside(printer: Printer, report: CheckReport, hardware: Hardware, parts: Mapping[str, Node]) -> None:
    """Say that the references of settings were not checked, for want of the microscope."""
    unknown = {(f.element, f.value) for f in report.findings if not parts and _elsewhere(f, hardware, parts)}
    if unknown:
        printer.line()
        printer.line(
            f"{len(unknown)} references to the microscope are not checked; give its description, too", indent=2
        )


def _notes(printer: Printer, findings: Sequence[Finding]) -> None:
    """Tell what the description says but does not state."""
    told = [f for f in findings if printer.verbose or f.severity != "info"]
    if told:
        printer.line()
        printer.line("Warnings" if not printer.verbose else "Warnings and notes", "bold yellow", 2)
        for finding in told:
            printer.line(f"{finding.code}  {finding.message}", indent=4)
    if printer.verbose:
        return
    quiet = [f for f in findings if f.severity == "info"]
    blanks = sum(f.code in _BLANKS for f in quiet)
    said = [f"{blanks} values state nothing (placeholders, blanks)"] if blanks else []
    others = len(quiet) - blanks
    said += [f"{others} other note{'s' * (others > 1)}"] if others else []
    if said:
        printer.line()
        printer.line(f"{', '.join(said)}; -v lists them", indent=2)


# -- as data -----------------------------------------------------------------------------------------------------------


def _write(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _identity(hardware: Hardware) -> dict[str, Any]:
    instrument = hardware.instrument_id if hardware.kind == "settings" else hardware.instrument.id
    return {
        "path": hardware.path,
        "kind": hardware.kind,
        "sha256": hardware.sha256,
        "instrument": instrument,
        "versions": dict(hardware.document.origin.versions),
    }


def _as_data(hardware: Hardware, parts: Mapping[str, Node]) -> dict[str, Any]:
    index = {**parts, **hardware.document.index()}
    if hardware.kind == "settings":
        nodes = [n for n in hardware.document.root.children if n.name != "StructuredAnnotations"]
    else:
        nodes = _parts(hardware)
    found = [_node(node, index) for node in nodes]
    return _identity(hardware) | {"parts": found, "findings": [f.to_dict() for f in hardware.findings]}


def _node(node: Node, index: Mapping[str, Node]) -> dict[str, Any]:
    """Return an element as data; a reference says what it leads to."""
    out: dict[str, Any] = {"element": node.name}
    for name, fact in node.facts.items():
        stated = {"value": fact.value} if fact.unit is None else {"value": fact.value, "unit": fact.unit}
        out.setdefault("facts", {})[name] = stated
    reference = load().references.get(node.name)
    target = index.get(node.get(reference[0]) or "") if reference is not None else None
    if target is not None:
        out["refers"] = {"element": target.name, "called": _called(target)}
    if node.text is not None:
        out["text"] = node.text.value
    if node.planes is not None:
        out["planes"] = len(node.planes)
    if node.children:
        out["children"] = [_node(child, index) for child in node.children]
    return out


def _result(
    hardware: Hardware, report: CheckReport, minimum: Sequence[MinimumPart], wrong: Sequence[Finding], met: bool
) -> dict[str, Any]:
    missing = [f for f in report.findings if f.severity != "error"]
    return _identity(hardware) | {
        "passed": met,
        "tier": report.tier,
        "extensions": list(report.extensions),
        "level": report.level,
        "tiers": {
            str(t): {"demanded": s.demanded, "missing": s.missing, "excused": s.excused}
            for t, s in report.tiers.items()
        },
        "minimum": [
            {"part": p.field, "count": p.count, "missing": p.missing, **({"remark": p.remark} if p.remark else {})}
            for p in minimum
        ],
        "findings": [f.to_dict() for f in [*missing, *wrong, *hardware.findings]],
    }
