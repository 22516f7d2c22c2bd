"""Stored hardware descriptions: one file to one Instrument in the NBO model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import DocumentError, HardwareError
from nbo_extract.findings import Finding
from nbo_extract.model import Document, Node, Source
from nbo_extract.schema import load

if TYPE_CHECKING:
    from pathlib import Path

# A facility's file is some 10 kB; this is far above any and far below what would hurt.
MAX_BYTES = 64 << 20
_JSON_FORMAT = "nbo-extract document"


@dataclass(frozen=True, slots=True)
class Hardware:
    """A microscope as its owners describe it.

    Attributes
    ----------
    path : str
        The file as the user named it.
    sha256 : str
        Of its bytes.
    name : str
        File name, by which sources call it.
    document : Document
        With one Instrument and the annotations that it refers to.
    findings : tuple of Finding
        What the file says but does not state: placeholders, words outside of the NBO model, dangling references.
    kind : str
        ``microscope``, or ``settings`` of an image, whose document has Images and no Instrument.
    instrument_id : str
        Of settings: ID that the Instrument has in the description of the microscope.
    """

    path: str
    sha256: str
    name: str
    document: Document
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    kind: str = "microscope"
    instrument_id: str = ""

    @property
    def instrument(self) -> Node:
        """The described Instrument."""
        return self.document.instruments[0]


def load_hardware(path: Path) -> Hardware:
    """Read a hardware description: a Micro-Meta App microscope file, or NBO XML or JSON with one Instrument.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    Hardware

    Raises
    ------
    HardwareError
        If the file cannot be read or is no description of one microscope.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise HardwareError(
            f"{path}: the hardware description cannot be read ({error.strerror}); check the path"
        ) from error
    if len(data) > MAX_BYTES:
        raise HardwareError(f"{path}: {MAX_BYTES >> 20} MB is more than a hardware description has; check the path")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        document, findings = _from_xml(data, path)
    else:
        document, findings = _from_json(data, path)
    document.origin.file = str(path)
    return Hardware(str(path), hashlib.sha256(data).hexdigest(), path.name, document.arrange(), tuple(findings))


def _from_json(data: bytes, path: Path) -> tuple[Document, list[Finding]]:
    from nbo_extract import hardware_mma

    try:
        content: Any = json.loads(data.decode("utf-8-sig"), parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise HardwareError(
            f"{path} is neither JSON nor XML ({_reason(error)}); give a Micro-Meta App microscope file or NBO XML"
        ) from error
    if isinstance(content, dict) and content.get("format") == _JSON_FORMAT:
        from nbo_extract.jsonio import from_json

        try:
            return _own(from_json(data), path, "nbo-json")
        except DocumentError as error:
            raise HardwareError(f"{path} is no usable NBO JSON: {error.message}") from error
    return hardware_mma.read(content, path)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}"
    return "nested too deeply"


def _from_xml(data: bytes, path: Path) -> tuple[Document, list[Finding]]:
    from nbo_extract.xmlio import from_xml

    try:
        return _own(from_xml(data), path, "nbo-xml")
    except DocumentError as error:
        text = error.message.replace("this text", str(path))
        raise HardwareError(f"{text}; a hardware description is NBO XML or a Micro-Meta App file") from error


def _own(document: Document, path: Path, rule: str) -> tuple[Document, list[Finding]]:
    """Take the one Instrument of an NBO document, and the annotations, as a hardware description."""
    count = len(document.instruments)
    if count != 1:
        raise HardwareError(f"{path} describes {count} instruments; a hardware description holds exactly one")
    instrument = document.instruments[0]
    root = Node("OME", children=[instrument, *document.root.all("StructuredAnnotations")])
    described = Document(root, document.version)
    check_ids(described, path)
    state_sources(instrument, Source("hardware", path.name, rule=rule), "")
    return described, drop_dangling(described, path.name)


def state_sources(node: Node, source: Source, place: str) -> None:
    """Give every fact below a node a source with its place in the description."""
    here = f"{place}/{node.name}{f' {node.id}' if node.id else ''}".removeprefix("/")
    for attribute, fact in node.facts.items():
        node.facts[attribute] = replace(fact, source=replace(source, path=f"{here} /{attribute}"))
    if node.text is not None:
        node.text = replace(node.text, source=replace(source, path=here))
    for child in node.children:
        state_sources(child, source, here)


def check_ids(document: Document, path: Path) -> None:
    """Refuse a description in which two components have one ID.

    Raises
    ------
    HardwareError
        If an ID is not unique.
    """
    references = load(document.version).references
    seen: set[str] = set()
    for node in document.root.walk():
        if node.id and node.name not in references:
            if node.id in seen:
                raise HardwareError(
                    f"{path}: two components have the ID {node.id}; give each its own ID "
                    "(in Micro-Meta App: delete and add one of them)"
                )
            seen.add(node.id)


def drop_dangling(document: Document, name: str) -> list[Finding]:
    """Remove references that lead to no component of an allowed kind, and say so."""
    references = load(document.version).references
    index = document.index()
    findings: list[Finding] = []

    def visit(node: Node) -> None:
        kept = []
        for child in node.children:
            attribute, targets = references.get(child.name, ("", frozenset()))
            value = child.get(attribute) if attribute else None
            if value is not None and (value not in index or index[value].name not in targets):
                findings.append(dangling(name, node, child.name, value))
            else:
                kept.append(child)
                visit(child)
        node.children = kept

    visit(document.root)
    return findings


def dangling(name: str, node: Node, child: str, value: str) -> Finding:
    """Return the finding for a reference that leads nowhere."""
    return Finding(
        "NBO306",
        "warning",
        f"{label(node)} refers to {value} as {child}, which the description does not hold; the reference is left out",
        file=name,
        element=node.name,
        instance=node.id,
        attribute=child,
        value=value,
    )


def label(node: Node) -> str:
    """Name a component for people: element and what it is called."""
    called = node.get("Name") or node.get("Model") or node.id
    return f"{node.name} {called!r}" if called else node.name
