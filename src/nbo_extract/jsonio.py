"""NBO JSON and JSON-LD out and in: the tree of `nbo_extract.xmlio` with its provenance, findings and origin.

Both forms have one layout; JSON-LD adds a context and identifiers. Values stay the texts that NBO XML carries, so
nothing is rounded. Sources stand once, in a list that facts refer to. The text is the same for an equal Document,
always.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from nbo_extract import linked
from nbo_extract.errors import DocumentError
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nbo_extract.model import Document, Fact, Node, PlaneTable, Source
    from nbo_extract.schema import Declaration, Schema

FORMAT = "nbo-extract document"
PROVENANCE_FORMAT = "nbo-extract provenance"
LAYOUT = 1
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(document: Document, *, sidecar: Mapping[str, Any] | None = None) -> str:
    """Serialise a Document as JSON with its provenance, findings, origin and unmapped paths.

    Parameters
    ----------
    document : Document
    sidecar : mapping, optional
        What a sidecar says beside the document: `nbo_extract.sidecars`.

    Returns
    -------
    str
        The same for an equal Document with equal provenance, always; children are in the schema's order.

    Raises
    ------
    DocumentError
        If an element or attribute is not in the NBO model at its place.
    """
    return laid_out(_Emitter(document, as_linked=False).document(sidecar)) + "\n"


def to_jsonld(document: Document, *, sidecar: Mapping[str, Any] | None = None) -> str:
    """Serialise a Document as JSON-LD 1.1: the tree of `to_json` with a context and identifiers.

    Elements are of types in a namespace of NBO's elements, attributes are properties with a typed ``rdf:value`` and
    unit, references lead to their targets, children are lists, and ``prov:wasDerivedFrom`` leads to the source of a
    fact. Planes, findings and origin are JSON literals. See `nbo_extract.linked` and docs/linked-data.md.
    """
    return laid_out(_Emitter(document, as_linked=True).document(sidecar)) + "\n"


def provenance_json(document: Document) -> str:
    """Serialise where each fact of a Document came from, and nothing else, as compact JSON.

    Returns
    -------
    str
        ``sources``: each source once. ``nodes``: per element its path, counted from 0 among children of one name, its
        ID where it has one, and attribute to the number of its source; text content is called ``#text``, columns of
        planes are under ``planes``.
    """
    return _encode(provenance(document), compact=True)


def provenance(document: Document) -> dict[str, Any]:
    """Return what `provenance_json` serialises."""
    emitter = _Emitter(document, as_linked=False)
    nodes = list(emitter.provenance(document.root, document.root.name, _kind(load(document.version), document)))
    content = {
        "format": PROVENANCE_FORMAT,
        "layout": LAYOUT,
        "version": document.version,
        "origin": origin_json(document),
        "sources": emitter.source_list(),
        "nodes": nodes,
    }
    return {key: value for key, value in content.items() if value}


def from_json(data: str | bytes | Path) -> Document:
    """Read what `to_json` wrote.

    Parameters
    ----------
    data : str, bytes or Path
        The document, or the path of one.

    Returns
    -------
    Document
        Equal to the arranged Document that was written, sources, findings and origin included.

    Raises
    ------
    DocumentError
        If it is no JSON, no NBO document, or holds what the NBO model has no place for.
    """
    return _read(data, linked=False)


def from_jsonld(data: str | bytes | Path) -> Document:
    """Read what `to_jsonld` wrote; see `from_json`. Other framings of the same graph are not understood."""
    return _read(data, linked=True)


def _read(data: str | bytes | Path, *, linked: bool) -> Document:
    from nbo_extract._jsonread import read_document

    return read_document(data, linked=linked)


def _kind(schema: Schema, document: Document) -> Declaration:
    if document.root.name != "OME":
        raise DocumentError(f"the root of an NBO document is OME, not {document.root.name}")
    return schema.element("OME")


def origin_json(document: Document) -> dict[str, Any]:
    """Return the origin of a Document as plain values."""
    origin = document.origin
    found: dict[str, Any] = {"file": origin.file, "format": origin.format, "reader": origin.reader}
    found["versions"] = dict(sorted(origin.versions.items()))
    found["files"] = list(origin.files)
    found["hardware"] = dict(sorted(origin.hardware.items()))
    return {key: value for key, value in found.items() if value}


class _Emitter:
    """Turns a Document into plain JSON values and numbers its sources on the way."""

    def __init__(self, document: Document, *, as_linked: bool) -> None:
        self._document = document
        self._linked = as_linked
        self._schema = load(document.version)
        self._numbers: dict[Source, int] = {}
        self._identified: set[str] = set()
        self._context = linked.Context(document.version)

    def document(self, sidecar: Mapping[str, Any] | None) -> dict[str, Any]:
        root = self._node(self._document.root, _kind(self._schema, self._document))
        findings = [finding.to_dict() for finding in self._document.findings]
        content: dict[str, Any] = {"format": FORMAT, "layout": LAYOUT, "version": self._document.version}
        content["namespace"] = self._schema.namespace
        optional = {
            "origin": origin_json(self._document),
            "sources": self.source_list(),
            "findings": findings,
            "unmapped": list(self._document.unmapped),
            "sidecar": dict(sidecar or {}),
        }
        content |= {key: value for key, value in optional.items() if value} | {"root": root}
        return self._as_linked(content) if self._linked else content

    def source_list(self) -> list[dict[str, Any]]:
        out = []
        for source, number in self._numbers.items():
            entry: dict[str, Any] = {}
            if self._linked:
                entry = {"@id": f"{linked.SOURCES}{number}", "@type": "prov:Entity"}
            for key in ("kind", "file", "path", "raw", "rule", "derivation"):
                if getattr(source, key):
                    entry[key] = getattr(source, key)
            if self._linked and source.file:
                entry["of"] = linked.file_fragment(source.file)
            out.append(entry)
        return out

    def provenance(self, node: Node, path: str, kind: Declaration) -> Iterator[dict[str, Any]]:
        facts = {name: self._number(f.source) for name, f in _ordered(node, kind) if f.source is not None}
        if node.text is not None and node.text.source is not None:
            facts["#text"] = self._number(node.text.source)
        table = node.planes.sources if node.planes is not None else {}
        planes = {name: self._number(table[name]) for name in sorted(table)}
        if facts or planes:
            entry = {"path": path, "id": node.id, "facts": facts, "planes": planes}
            yield {key: value for key, value in entry.items() if value}
        counts: dict[str, int] = {}
        for child, declared in ordered_children(node, kind):
            place = counts.setdefault(child.name, 0)
            counts[child.name] += 1
            yield from self.provenance(child, f"{path}/{child.name}[{place}]", declared)

    def _node(self, node: Node, kind: Declaration) -> dict[str, Any]:
        out: dict[str, Any] = self._links(node, kind) if self._linked else {}
        out["element"] = node.name
        facts = {name: self._fact(fact) for name, fact in _ordered(node, kind)}
        if facts:
            out["facts"] = facts
        if node.text is not None:
            out["text"] = self._fact(node.text)
        if node.foreign:
            out["foreign"] = node.foreign
        if node.planes is not None and len(node.planes):
            out["planes"] = self._planes(node.planes)
        children = [self._node(child, declared) for child, declared in ordered_children(node, kind)]
        if children:
            out["children"] = children
        return out

    def _fact(self, fact: Fact) -> dict[str, Any]:
        out: dict[str, Any] = {"value": fact.value}
        if fact.unit is not None:
            out["unit"] = fact.unit
        if fact.source is not None:
            out["source"] = self._reference(fact.source)
        return out

    def _planes(self, table: PlaneTable) -> dict[str, Any]:
        out: dict[str, Any] = {"columns": {name: table.columns[name] for name in sorted(table.columns)}}
        if table.units:
            out["units"] = dict(sorted(table.units.items()))
        if table.sources:
            out["sources"] = {name: self._reference(table.sources[name]) for name in sorted(table.sources)}
        return out

    def _number(self, source: Source) -> int:
        return self._numbers.setdefault(source, len(self._numbers))

    def _reference(self, source: Source) -> int | str:
        number = self._number(source)
        return f"{linked.SOURCES}{number}" if self._linked else number

    def _links(self, node: Node, kind: Declaration) -> dict[str, Any]:
        """Identify a node, or the target of a reference; two nodes of one ID must not become one in the graph."""
        self._context.note(node, kind)
        reference = self._schema.references.get(node.name)
        if reference is not None:
            target = node.get(reference[0])
            return {"target": linked.fragment(target)} if target else {}
        if not node.id or node.id in self._identified:
            return {}
        self._identified.add(node.id)
        return {"@id": linked.fragment(node.id)}

    def _as_linked(self, content: dict[str, Any]) -> dict[str, Any]:
        """Put what makes the form linked data around it."""
        named = linked.document_id(_encode({k: v for k, v in content.items() if k != "sidecar"}, compact=True))
        root = content.pop("root")
        return {
            "@context": self._context.terms(named),
            "@id": named,
            "@type": ["prov:Entity", "Document"],
            **content,
            "generation": linked.generation(self._document, self._numbers),
            "root": root,
        }


def _ordered(node: Node, kind: Declaration) -> list[tuple[str, Fact]]:
    for name in node.facts:
        if name not in kind.attributes or not kind.attributes[name].writable:
            raise DocumentError(f"the NBO model has no attribute {name} in {node.name}")
    return [(name, node.facts[name]) for name in kind.attributes if name in node.facts]


def ordered_children(node: Node, kind: Declaration) -> list[tuple[Node, Declaration]]:
    """Return the children in the order in which all forms write them, with what the NBO model says of each.

    Raises
    ------
    DocumentError
        If the model has no place for one.
    """
    placed = []
    for child in node.children:
        use, declared = kind.use(child.name), kind.child(child.name)
        if use is None or declared is None:
            raise DocumentError(f"the NBO model has no element {child.name} in {node.name}")
        placed.append((use.position, child, declared))
    return [(child, declared) for _, child, declared in sorted(placed, key=lambda p: p[0])]


def laid_out(value: Any, depth: int = 0) -> str:
    """Serialise with one node, fact or column a line: a change of one fact is a change of one line."""
    inside = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list) or not any(isinstance(v, dict | list) for v in inside):
        return _encode(value)
    pad, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, list):
        return "[" + ",".join(pad + laid_out(v, depth + 1) for v in value) + end + "]"
    return "{" + ",".join(f"{pad}{_encode(k)}: {laid_out(v, depth + 1)}" for k, v in value.items()) + end + "}"


def _encode(value: Any, *, compact: bool = False) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":") if compact else None)
    # File names that are no valid text hold lone surrogates, which UTF-8 cannot carry; JSON escapes can.
    return _SURROGATE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
