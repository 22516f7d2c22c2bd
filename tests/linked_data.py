"""A Document read back from an RDF graph of it, with nothing but the graph to go by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rdflib import RDF, BNode, Dataset, URIRef
from rdflib.collection import Collection
from rdflib.namespace import PROV

from nbo_extract.findings import Finding
from nbo_extract.linked import terms_of
from nbo_extract.model import Document, Fact, Node, Origin, PlaneTable, Source
from nbo_extract.schema import load

if TYPE_CHECKING:
    from rdflib.term import Node as Term

TERMS = terms_of("02-01")


def from_rdf(graph: Dataset) -> Document:
    """Read the one Document that a graph describes."""
    return _Graph(graph).document()


class _Graph:
    def __init__(self, graph: Dataset) -> None:
        self.graph = graph
        self.sources: dict[Term, Source] = {}
        self.columns: list[Term] = []

    def document(self) -> Document:
        subjects = [s for s, _, _, _ in self.graph.quads((None, RDF.type, URIRef(TERMS + "Document"), None))]
        assert len(subjects) == 1
        (top,) = subjects
        self.columns = self.list(top, "sources")
        for term in self.columns:
            texts = {k: self.text(term, k) for k in ("file", "path", "rule", "derivation")}
            kind, raw = self.text(term, "kind"), self.one(term, PROV.value)
            assert URIRef(str(PROV.Entity)) in self.all(term, RDF.type)
            self.sources[term] = Source(kind, raw="" if raw is None else str(raw), **texts)  # type: ignore[arg-type]
        root = self.one(top, URIRef(TERMS + "root"))
        assert root is not None
        document = Document(self.node(root), self.text(top, "version"))
        origin = self.json(top, "origin") or {}
        document.origin = Origin(**{**origin, "files": tuple(origin.get("files", ()))})
        document.findings = [Finding(**f) for f in self.json(top, "findings") or []]
        document.unmapped = [str(u) for u in self.list(top, "unmapped")]
        return document

    def node(self, term: Term) -> Node:
        (kind,) = self.all(term, RDF.type)
        node = Node(str(kind).removeprefix(TERMS))
        known = {a for d in load().walk() if d.name == node.name for a in d.attributes}
        for _, predicate, value, _ in self.graph.quads((term, None, None, None)):
            name = str(predicate).removeprefix(TERMS)
            if name in known:
                node.facts[name] = self.fact(value)
        text = self.one(term, URIRef(TERMS + "text"))
        node.text = self.fact(text) if text is not None else None
        node.foreign = self.text(term, "foreign")
        planes = self.json(term, "planes")
        if planes is not None:
            known_sources = {str(t).partition("#")[2]: s for t, s in self.sources.items()}
            sources = {n: known_sources[s.removeprefix("#")] for n, s in planes.get("sources", {}).items()}
            node.planes = PlaneTable(planes["columns"], planes.get("units", {}), sources)
        node.children = [self.node(c) for c in self.list(term, "children")]
        return node

    def fact(self, term: Term) -> Fact:
        value, unit = self.one(term, RDF.value), self.one(term, URIRef(TERMS + "unit"))
        source = self.one(term, URIRef(str(PROV.wasDerivedFrom)))
        return Fact(str(value), None if unit is None else str(unit), None if source is None else self.sources[source])

    def all(self, term: Term, predicate: Any) -> list[Term]:
        return [o for _, _, o, _ in self.graph.quads((term, predicate, None, None))]

    def one(self, term: Term, predicate: Any) -> Term | None:
        found = self.all(term, predicate)
        assert len(found) < 2, (term, predicate, found)
        return found[0] if found else None

    def text(self, term: Term, name: str) -> str:
        found = self.one(term, URIRef(TERMS + name))
        return "" if found is None else str(found)

    def json(self, term: Term, name: str) -> Any:
        found = self.one(term, URIRef(TERMS + name))
        return None if found is None else json.loads(str(found))

    def list(self, term: Term, name: str) -> list[Term]:
        head = self.one(term, URIRef(TERMS + name))
        if head is None:
            return []
        assert isinstance(head, BNode) or head == RDF.nil
        return list(Collection(self.graph.default_graph, head))
