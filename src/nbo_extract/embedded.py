"""An NBO block that an earlier run embedded: read back with its provenance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import DocumentError
from nbo_extract.findings import Finding
from nbo_extract.model import Fact, PlaneTable, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.model import Document, Node
    from nbo_extract.record import RawRecord

_PLACE = ("TheZ", "TheC", "TheT")
_KINDS = ("embedded", "hardware", "derived", "user")


def embedded_document(record: RawRecord, lifted: Document) -> Document | None:
    """Return the Document of the block that a record carries.

    Parameters
    ----------
    record : RawRecord
        Readers leave what an earlier run embedded in ``Structure/NBO``.
    lifted : Document
        The Document of the rest: gives planes, which a block does not repeat, origin and findings.

    Returns
    -------
    Document or None
        None where there is no block, or, with a finding in `lifted`, none that can be read.
    """
    from nbo_extract.xmlio import from_xml

    xml, provenance = _texts(record)
    if not xml:
        return None
    try:
        document = from_xml(xml)
    except DocumentError as error:
        message = f"the embedded NBO block cannot be read and is left aside: {error.message}"
        lifted.findings.append(Finding("NBO157", "warning", message, record.path))
        return None
    apply_provenance(document.root, provenance)
    take_planes(document, lifted)
    document.origin, document.findings = lifted.origin, lifted.findings
    return document


def _texts(record: RawRecord) -> tuple[str, dict[str, Any]]:
    """Return the NBO XML of a block and its provenance, empty where there is none."""
    xml, provenance = "", ""
    for node in record.tree.findall("Structure/NBO"):
        text = node.text or ""
        if node.get("Key"):
            value = _object(text)
            xml = xml or str(value.get("xml", ""))
            given = value.get("provenance", "")
            provenance = provenance or (given if isinstance(given, str) else json.dumps(given))
        elif "/ns/nbo/" in node.get("Namespace", ""):
            xml = text
        elif "/ns/provenance/" in node.get("Namespace", ""):
            provenance = _content(text)
    return xml, _object(provenance)


def _content(text: str) -> str:
    """Return the text of the provenance element."""
    from lxml import etree

    from nbo_extract.xmlio import safe_parser

    try:
        return "".join(str(t) for t in etree.fromstring(text.encode("utf-8"), safe_parser()).itertext())
    except etree.XMLSyntaxError:
        return text


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def apply_provenance(root: Node, provenance: dict[str, Any]) -> None:
    """Give facts their sources back; an entry that does not fit is passed over.

    Parameters
    ----------
    root : Node
        Changed in place.
    provenance : dict
        What `nbo_extract.jsonio.provenance_json` wrote.
    """
    sources = [_source(s) for s in _list(provenance, "sources") if isinstance(s, dict)]
    entries = {
        e["path"]: e for e in _list(provenance, "nodes") if isinstance(e, dict) and isinstance(e.get("path"), str)
    }

    def numbered(entry: dict[str, Any], key: str) -> Iterator[tuple[str, Source]]:
        given = entry.get(key)
        for name, number in given.items() if isinstance(given, dict) else ():
            if isinstance(number, int) and 0 <= number < len(sources):
                yield name, sources[number]

    def visit(node: Node, path: str) -> None:
        entry = entries.get(path, {})
        if node.planes is not None:
            node.planes.sources.update({n: s for n, s in numbered(entry, "planes") if n in node.planes.columns})
        for name, source in numbered(entry, "facts"):
            if name == "#text" and node.text is not None:
                node.text = Fact(node.text.value, node.text.unit, source)
            elif name in node.facts:
                node.facts[name] = Fact(node.facts[name].value, node.facts[name].unit, source)
        counts: dict[str, int] = {}
        for child in node.children:
            place = counts.setdefault(child.name, 0)
            counts[child.name] += 1
            visit(child, f"{path}/{child.name}[{place}]")

    visit(root, root.name)


def _list(given: dict[str, Any], key: str) -> list[Any]:
    value = given.get(key)
    return value if isinstance(value, list) else []


def _source(entry: dict[str, Any]) -> Source:
    kind = entry.get("kind")
    texts = [str(entry.get(key, "")) for key in ("file", "path", "raw", "rule", "derivation")]
    return Source(kind if kind in _KINDS else "embedded", *texts)


def take_planes(document: Document, lifted: Document) -> None:
    """Give a Document the planes that the image itself states.

    Parameters
    ----------
    document : Document
        Changed in place, where it has as many images.
    lifted : Document
        What the image states.
    """
    theirs = [n for n in lifted.root.walk() if n.name == "Pixels"]
    own = [n for n in document.root.walk() if n.name == "Pixels"]
    if len(theirs) == len(own):
        for node, other in zip(own, theirs, strict=True):
            # A conversion puts planes into the block where they state what OME has no place for.
            if node.planes is None:
                node.planes = _without(other.planes, node.all("Plane"))


def _without(planes: PlaneTable | None, nodes: list[Node]) -> PlaneTable | None:
    """Leave out the planes that the block holds itself, because something more is known of them."""
    if planes is None or not nodes:
        return planes
    keys = {tuple(node.get(key) for key in _PLACE) for node in nodes}
    columns = [planes.columns[key] for key in _PLACE]
    kept = [number for number, place in enumerate(zip(*columns, strict=True)) if place not in keys]
    if not kept:
        return None
    rows = {name: [column[number] for number in kept] for name, column in planes.columns.items()}
    return PlaneTable(rows, dict(planes.units), dict(planes.sources))
