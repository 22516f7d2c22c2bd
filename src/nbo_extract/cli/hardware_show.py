"""The command `hardware show`: what a description, settings or records hold, for people and as data."""

from __future__ import annotations

import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from nbo_extract.calibration import CalibrationSet
from nbo_extract.cli.group import OK
from nbo_extract.cli.inputs import load_all
from nbo_extract.cli.render import Printer
from nbo_extract.counting import counted
from nbo_extract.hardware import Hardware
from nbo_extract.hardware_settings import named
from nbo_extract.schema import load
from nbo_extract.summary_images import title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbo_extract.findings import Finding
    from nbo_extract.model import Node
    from nbo_extract.stored import Stored

#: Attributes that are shown without -v; the ID is what --match takes.
_SHOWN = ("Name", "Manufacturer", "Model", "CatalogNumber", "Magnification", "LensNA", "ImmersionType", "Version")
_SHOWN_OF_IMAGES = (
    "Name", "AcquisitionDate", "SizeX", "SizeY", "SizeZ", "SizeC", "SizeT", "ContrastMethod", "Fluorophore",
)  # fmt: skip
_COMMENT = "AnnotationRef"
_NONE: Mapping[str, Any] = MappingProxyType({})


def show(paths: Sequence[str], *, verbose: bool, as_json: bool = False) -> int:
    """List what stored files hold and return the exit code."""
    stored = named(load_all(paths))
    parts = {
        i: n
        for s in stored
        if isinstance(s, Hardware) and s.kind == "microscope"
        for i, n in s.document.index().items()
    }
    if as_json:
        import json

        found = [as_dict(s) for s in stored]
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
        return OK
    printer = Printer(sys.stdout, verbose=verbose)
    for number, one in enumerate(stored):
        if number:
            printer.line()
        show_one(printer, one, parts)
    return OK


def show_one(printer: Printer, stored: Stored, parts: Mapping[str, Node] = _NONE) -> None:
    """Print one of what `--hardware` takes.

    Parameters
    ----------
    printer : Printer
    stored : Stored
    parts : mapping of str to Node, optional
        Parts of microscopes that are described with it, by ID: settings refer to them.
    """
    if isinstance(stored, Hardware):
        if stored.kind == "settings":
            _settings(printer, stored, parts)
        else:
            _microscope(printer, stored)
        notes(printer, stored.findings)
    elif isinstance(stored, CalibrationSet):
        _records(printer, stored)
    else:
        printer.line(f"{stored.path}  ({counted(len(stored.statements), 'statement')})", "bold cyan")
        printer.grid([(s.path, _quantity(s.fact.value, s.fact.unit)) for s in stored.statements], style="")


def head(printer: Printer, hardware: Hardware) -> None:
    """Print which microscope a description is of."""
    stands = hardware.instrument.all(*load(hardware.document.version).members("MicroscopeStandGroup"))
    printer.line(f"{hardware.path}  ({counted(len(_parts(hardware)), 'part')})", "bold cyan")
    rows = [("Microscope", hardware.instrument.get("Name") or "not named")]
    printer.grid([*rows, ("Stand", " + ".join(filter(None, map(title, stands))) or "not stated")])


def notes(printer: Printer, findings: Sequence[Finding]) -> None:
    """Tell what a file says but does not state."""
    told = [f for f in findings if printer.verbose or f.severity != "info"]
    quiet = len(findings) - len(told)
    if told:
        printer.line()
        printer.line("Warnings" if not printer.verbose else "Warnings and notes", "bold yellow", 2)
        for finding in told:
            printer.line(f"{finding.code}  {finding.message}", indent=4)
    if quiet:
        printer.line()
        printer.line(
            f"{counted(quiet, 'value states', 'values state')} nothing (placeholders, blanks); -v lists them", indent=2
        )


# -- a microscope -----------------------------------------------------------------------------------------------------


def _parts(hardware: Hardware) -> list[Node]:
    return [n for n in hardware.instrument.children if n.name not in load(hardware.document.version).references]


def _microscope(printer: Printer, hardware: Hardware) -> None:
    head(printer, hardware)
    index = hardware.document.index()
    for part in _parts(hardware):
        printer.line()
        printer.line(f"{part.name}  {title(part)}".rstrip(), "bold", 2)
        rows = [("ID", part.id)] if part.id else []
        rows += [(n, _text(part, n)) for n in part.facts if n != "ID" and (printer.verbose or n in _SHOWN)]
        rows += _references(hardware, part, index)
        if printer.verbose:
            rows += [("Description", t) for t in _comments(part, index)]
            rows += list(_children(hardware, part))
        printer.grid(rows, indent=4, style="")


def _text(node: Node, name: str) -> str:
    return _quantity(node.facts[name].value, node.facts[name].unit)


def _quantity(value: str, unit: str | None) -> str:
    return f"{value} {unit}" if unit else value


def _references(hardware: Hardware, part: Node, index: Mapping[str, Node]) -> list[tuple[str, str]]:
    """Give the parts that a part holds or uses, by name: the filters of a cube, the cubes of a turret."""
    found: dict[str, list[str]] = {}
    references = load(hardware.document.version).references
    for child in part.children:
        if child.name in references and child.name != _COMMENT:
            target = child.get(references[child.name][0]) or ""
            found.setdefault(child.name.removesuffix("Ref"), []).append(_called(index.get(target), target))
    return [(name, ", ".join(called)) for name, called in found.items()]


def _called(part: Node | None, identifier: str) -> str:
    """Name a part as its owners do, with what it is where the name does not say that."""
    if part is None:
        return identifier or "not stated"
    people = " ".join(filter(None, (part.get("FirstName"), part.get("LastName"))))
    name, what = part.get("Name") or people, title(part)
    if not name:
        return what or identifier
    return f"{name} ({what})" if what and what.casefold() not in name.casefold() else name


def _comments(part: Node, index: Mapping[str, Node]) -> Iterator[str]:
    for reference in part.all(_COMMENT):
        annotation = index.get(reference.id)
        value = annotation.first("Value") if annotation is not None else None
        if value is not None and value.text is not None:
            yield " ".join(value.text.value.split())


def _children(hardware: Hardware, node: Node, above: str = "") -> Iterator[tuple[str, str]]:
    """Yield a row for each child element, those within it below."""
    for child in node.children:
        if child.name in load(hardware.document.version).references:
            continue
        stated = [f"{name} {_text(child, name)}" for name in child.facts]
        stated += [" ".join(child.text.value.split())] if child.text is not None else []
        yield f"{above}{child.name}", ", ".join(stated) or "states nothing itself"
        yield from _children(hardware, child, f"{above}{child.name} / ")


# -- settings of an image ---------------------------------------------------------------------------------------------


def _settings(printer: Printer, hardware: Hardware, parts: Mapping[str, Node]) -> None:
    images = hardware.document.images
    printer.line(f"{hardware.path}  (settings of {counted(len(images), 'image')})", "bold cyan")
    index = {**parts, **hardware.document.index()}
    microscope = index.get(hardware.instrument_id)
    printer.grid([("Microscope", _called(microscope, hardware.instrument_id))])
    for node in hardware.document.root.children:
        if node.name != "StructuredAnnotations":
            printer.line()
            printer.line(f"{node.name}  {_called(node, node.id)}".rstrip(), "bold", 2)
            _stated(printer, hardware, node, 4, index)


def _stated(printer: Printer, hardware: Hardware, node: Node, indent: int, index: Mapping[str, Node]) -> None:
    """Print what an element states, and the elements in it one step further in."""
    names = [n for n in node.facts if printer.verbose or n in _SHOWN_OF_IMAGES]
    if names:
        printer.grid([(n, _text(node, n)) for n in names], indent=indent, style="")
    references = load(hardware.document.version).references
    for child in node.children:
        if child.name in references:
            value = child.get(references[child.name][0]) or ""
            called = _called(index.get(value), value)
        else:
            text = " ".join(child.text.value.split()) if child.text is not None else ""
            called = child.get("Name") or child.id or text
        printer.line(f"{child.name.removesuffix('Ref')}  {called}".rstrip(), indent=indent)
        # A reference that says nothing else is told by its line.
        if child.name not in references or set(child.facts) != {references[child.name][0]} or child.children:
            _stated(printer, hardware, child, indent + 2, index)
    if node.planes is not None:
        stated = ", ".join(n for n in node.planes.columns if n != "ID")
        printer.line(f"Plane  {counted(len(node.planes), 'plane')} with {stated}", indent=indent)


# -- records of calibration -------------------------------------------------------------------------------------------


def _records(printer: Printer, given: CalibrationSet) -> None:
    printer.line(f"{given.path}  ({counted(len(given.records), 'record')} of calibration)", "bold cyan")
    printer.grid([("Microscope", given.microscope)])
    printer.line()
    ordered = sorted(given.records, key=lambda r: (r.date, r.place))
    rows = []
    for record in ordered:
        about = ", ".join(f"{key.replace('_', ' ')} {wanted!r}" for key, wanted in record.about) or "the microscope"
        until = f"valid until {record.valid_until}" if record.valid_until else "valid until the next"
        rows.append((str(record.date), record.node.name, until, about))
    printer.grid(rows, style="")
    for record in ordered if printer.verbose else ():
        printer.line()
        printer.line(f"{record.place}  {record.date}", "bold", 2)
        extra = [("series", record.series), ("tool", record.tool)]
        printer.grid([*((k, v) for k, v in extra if v), *_all_of(record.node)], indent=4, style="")
    for tool in given.tools:
        printer.line()
        printer.line(f"{tool.name}  {title(tool)}".rstrip(), "bold", 2)
        names = [n for n in tool.facts if printer.verbose or n in _SHOWN]
        printer.grid([(n, _text(tool, n)) for n in names], indent=4, style="")


def _all_of(node: Node, above: str = "") -> Iterator[tuple[str, str]]:
    for name in node.facts:
        yield f"{above}{name}", _text(node, name)
    for child in node.children:
        yield from _all_of(child, f"{above}{child.name} / ")


# -- as data ----------------------------------------------------------------------------------------------------------


def as_dict(stored: Stored) -> dict[str, Any]:
    """Return what a stored file holds, as data."""
    if isinstance(stored, CalibrationSet):
        return {
            "file": stored.path,
            "kind": "calibration",
            "microscope": stored.microscope,
            "records": [
                {
                    "element": r.node.name,
                    "date": str(r.date),
                    "about": dict(r.about),
                    "valid_until": str(r.valid_until) if r.valid_until else None,
                    "tool": r.tool or None,
                    **_element(r.node),
                }
                for r in stored.records
            ],
            "tools": [{"element": t.name, **_element(t)} for t in stored.tools],
        }
    if not isinstance(stored, Hardware):
        stated = [{"path": s.path, "value": s.fact.value, "unit": s.fact.unit} for s in stored.statements]
        return {"file": stored.path, "kind": "statements", "statements": stated}
    base: dict[str, Any] = {"file": stored.path, "kind": stored.kind}
    if stored.kind == "settings":
        base["instrument_id"] = stored.instrument_id or None
        base["images"] = [{"element": i.name, **_element(i)} for i in stored.document.images]
    else:
        index = stored.document.index()
        base["microscope"] = stored.instrument.get("Name")
        base["id"] = stored.instrument.id
        base["parts"] = [
            {"element": p.name, **_element(p), **({"description": t[0]} if (t := list(_comments(p, index))) else {})}
            for p in _parts(stored)
        ]
    return {**base, "findings": [f.to_dict() for f in stored.findings]}


def _element(node: Node) -> dict[str, Any]:
    values = {n: {"value": f.value, **({"unit": f.unit} if f.unit else {})} for n, f in node.facts.items()}
    children = [{"element": c.name, **_element(c)} for c in node.children]
    text = {"text": node.text.value} if node.text is not None else {}
    return {"values": values, **text, **({"children": children} if children else {})}
