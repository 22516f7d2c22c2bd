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
from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from pathlib import Path

# A facility's file is some 10 kB; this is far above any and far below what would hurt.
MAX_BYTES = 64 << 20
_JSON_FORMAT = "nbo-extract document"
#: What a description, and what else goes with it, may be: for who gave another file.
GIVE = "give a Micro-Meta App microscope file, NBO XML or JSON, a filled gap sheet or calibration records"


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
    roles : tuple of (str, str)
        ID of a light source, and how Micro-Meta App calls it with the light path that it is for, which NBO does not
        tell.
    """

    path: str
    sha256: str
    name: str
    document: Document
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    kind: str = "microscope"
    instrument_id: str = ""
    roles: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def instrument(self) -> Node:
        """The described Instrument.

        Raises
        ------
        HardwareError
            If these are settings of an image, which describe none.
        """
        if not self.document.instruments:
            raise HardwareError(
                f"{self.path} holds settings of an image, not a microscope; give the description of the microscope"
            )
        return self.document.instruments[0]


def read_bounded(path: Path, most: int, called: str, has: str) -> bytes:
    """Read a stored file, which is never as large as images are.

    Parameters
    ----------
    path : Path
    most : int
        Bytes that it may have.
    called, has : str
        What it is called in a message, and with "more than" before it: ``the gap sheet``, ``a gap sheet has``.

    Raises
    ------
    HardwareError
        If it cannot be read, or is larger.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise HardwareError(f"{path}: {called} cannot be read ({error.strerror}); check the path") from error
    if len(data) > most:
        raise HardwareError(f"{path}: {most >> 20} MB is more than {has}; check the path")
    return data


def load_hardware(path: Path) -> Hardware:
    """Read a hardware description: a Micro-Meta App file, or NBO XML or JSON with one Instrument.

    A Settings file of Micro-Meta App gives a description of the kind ``settings``: Images, and no Instrument.

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
    data = read_bounded(path, MAX_BYTES, "the hardware description", "a hardware description has")
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        read = _from_xml(data, path)
    else:
        read = _from_json(data, path)
    read.document.origin.file = str(path)
    return Hardware(
        str(path),
        hashlib.sha256(data).hexdigest(),
        path.name,
        read.document.arrange(),
        tuple(read.findings),
        "settings" if read.is_settings else "microscope",
        read.instrument_id,
        read.roles,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What one file says, whatever its form."""

    document: Document
    findings: list[Finding]
    roles: tuple[tuple[str, str], ...] = ()
    is_settings: bool = False
    instrument_id: str = ""


def _from_json(data: bytes, path: Path) -> _Read:
    try:
        content: Any = json.loads(
            data.decode("utf-8-sig"),
            parse_float=str,
            parse_int=str,
            parse_constant=str,
            object_pairs_hook=lambda pairs: _once(pairs, path),
        )
    except (ValueError, RecursionError) as error:
        if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
            raise HardwareError(
                f"{path} is damaged or cut-off JSON ({_reason(error)}); copy it again from where it was saved"
            ) from error
        raise HardwareError(f"{path} is neither JSON nor XML ({_reason(error)}); {GIVE}") from error
    if isinstance(content, dict) and content.get("format") == _JSON_FORMAT:
        from nbo_extract.jsonio import from_json

        try:
            return _own(from_json(data), path, "nbo-json")
        except DocumentError as error:
            raise HardwareError(f"{path} is no usable NBO JSON: {error.message}") from error
    return _from_application(content, path)


def _from_application(content: Any, path: Path) -> _Read:
    """Read a file of Micro-Meta App, whichever of its two kinds it is."""
    from nbo_extract import hardware_mma, hardware_settings
    from nbo_extract.hardware_reader import load_table

    table = load_table().raw
    app = table["application"]
    kind = content.get("Schema_ID") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        raise HardwareError(f"{path} is JSON of another program, no description of a microscope; {GIVE}")
    if kind in table["settings"]:
        document, findings, instrument = hardware_settings.read(content, path)
        return _Read(document, findings, is_settings=True, instrument_id=instrument)
    if kind != table["microscope"]:
        raise HardwareError(f"{path} describes {kind.removesuffix('.json')} alone; give a {app} microscope file")
    document, findings, roles = hardware_mma.read(content, path)
    return _Read(document, findings, roles)


def _once(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    """Make an object of JSON; of a field that is stated twice, one value would go unseen."""
    content = dict(pairs)
    if len(content) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        called = next((v for k, v in pairs if k == "Name" and isinstance(v, str)), "")
        of = f" of {called!r}" if called else ""
        raise HardwareError(f"{path} states {twice}{of} twice; leave one of them out")
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}: {error.msg}"
    return "nested too deeply"


def _from_xml(data: bytes, path: Path) -> _Read:
    from nbo_extract.xmlio import from_xml

    try:
        return _own(from_xml(data), path, "nbo-xml")
    except DocumentError as error:
        text = error.message.replace("this text", str(path))
        raise HardwareError(f"{text}; a hardware description is NBO XML or a Micro-Meta App file") from error


def _own(document: Document, path: Path, rule: str) -> _Read:
    """Take the one Instrument of an NBO document, and the annotations, as a hardware description."""
    from nbo_extract.hardware_checks import drop_cycles, drop_invalid, refuse_two_stands

    count = len(document.instruments)
    if count != 1:
        raise HardwareError(f"{path} describes {count} instruments; a hardware description holds exactly one")
    instrument = document.instruments[0]
    root = Node("OME", children=[instrument, *document.root.all("StructuredAnnotations")])
    described = Document(root, document.version)
    check_ids(described, path)
    refuse_two_stands(described, path)
    state_sources(instrument, Source("hardware", path.name, rule=rule), "")
    findings = drop_invalid(described, path.name) + drop_dangling(described, path.name)
    return _Read(described, findings + drop_cycles(described, path.name))


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
    """Refuse a description in which two components have one ID, or one has an ID that cannot be written.

    Raises
    ------
    HardwareError
        If an ID is not unique, or holds characters that XML cannot carry.
    """
    references = load(document.version).references
    seen: dict[str, Node] = {}
    for node in document.root.walk():
        planes = node.planes.columns["ID"] if node.planes is not None else []
        attribute, _ = references.get(node.name, ("ID", frozenset()))
        for identifier in (node.get(attribute), *planes):
            if identifier and ILLEGAL.search(identifier):
                raise HardwareError(
                    f"{path}: the ID {identifier!r} in {label(node)} holds characters that XML cannot carry; give "
                    "another ID"
                )
        if node.id and node.name not in references:
            if node.id in seen:
                raise HardwareError(
                    f"{path}: {label(seen[node.id])} and {label(node)} have the same ID {node.id}; give each its own "
                    "ID (in Micro-Meta App: delete and add one of them)"
                )
            seen[node.id] = node


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
