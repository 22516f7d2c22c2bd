"""What makes the JSON form linked data: its context, the terms of NBO, and provenance in the words of W3C PROV."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from nbo_extract.writers.block import OWN_NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.model import Document, Node, Source
    from nbo_extract.schema import Declaration, SimpleType

PROV: Final = "http://www.w3.org/ns/prov#"
RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
#: Documents are named by what they say.
DOCUMENTS: Final = "https://nbo-extract.org/id/"
SOURCES: Final = "#sources/"
FILES: Final = "#files/"
_TYPED: Final = frozenset(
    {"xsd:boolean", "xsd:date", "xsd:dateTime", "xsd:anyURI", "xsd:base64Binary", "xsd:hexBinary"}
)


def terms_of(version: str) -> str:
    """Return the namespace of a version of NBO.

    Its elements are classes there and its attributes properties, both by their names in NBO; what begins with a small
    letter says how a document is made: children, unit, target.
    """
    return f"{OWN_NAMESPACES}nbo/{version}/terms#"


def fragment(identifier: str) -> str:
    """Return the IRI of an element within its document."""
    return "#" + quote(identifier, safe=":", errors="surrogatepass")


def file_fragment(name: str) -> str:
    """Return the IRI of a file within a document; a slash that is not encoded keeps it apart from elements."""
    return FILES + quote(name, safe="", errors="surrogatepass")


class Context:
    """Collects the types of what a document states, and makes a context of them.

    Parameters
    ----------
    version : str
        Version of NBO.
    """

    def __init__(self, version: str) -> None:
        self._version = version
        self._types: dict[str, set[str]] = {}

    def note(self, node: Node, kind: Declaration) -> None:
        """Note the types of what an element states."""
        for name in node.facts:
            if name in kind.attributes:
                self._types.setdefault(name, set()).add(_type(kind.attributes[name].type))

    def terms(self, document_id: str) -> dict[str, Any]:
        """Return the context: all that is not named in it is a term of NBO."""
        return {
            "@version": 1.1,
            "@base": document_id,
            "@vocab": terms_of(self._version),
            "prov": PROV,
            "rdf": RDF,
            "xsd": XSD,
            "element": "@type",
            "facts": "@nest",
            "value": "rdf:value",
            "raw": "prov:value",
            "source": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
            "of": {"@id": "prov:wasDerivedFrom", "@type": "@id"},
            "generation": "prov:wasGeneratedBy",
            "used": "prov:used",
            "agent": "prov:wasAssociatedWith",
            "target": {"@type": "@id"},
            "children": {"@container": "@list"},
            "sources": {"@container": "@list"},
            "unmapped": {"@container": "@list"},
            "foreign": {"@type": "rdf:XMLLiteral"},
            **{name: {"@type": "@json"} for name in ("planes", "origin", "findings", "sidecar")},
            **{name: self._typed(*types) for name, types in sorted(self._types.items()) if self._one(types)},
        }

    @staticmethod
    def _one(types: set[str]) -> bool:
        # A few attributes are numbers in one element and words in another: where both are stated, they are texts.
        return len(types) == 1 and "" not in types

    @staticmethod
    def _typed(kind: str) -> dict[str, Any]:
        return {"@context": {"value": {"@id": "rdf:value", "@type": kind}}}


def _type(kind: SimpleType) -> str:
    if kind.enum:
        return ""
    return kind.primitive if kind.numeric or kind.primitive in _TYPED else ""


def document_id(text: str) -> str:
    """Return the IRI of a document that says this: the same for the same document, another for any other."""
    return DOCUMENTS + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def generation(document: Document, sources: Iterable[Source]) -> dict[str, Any]:
    """Return how a document came to be: an activity of a software that used files."""
    origin = document.origin
    names = sorted({s.file for s in sources if s.file} | set(origin.hardware))
    version = origin.versions.get("nbo-extract", "")
    agent = {"@id": "#nbo-extract", "@type": "prov:SoftwareAgent", "name": "nbo-extract"}
    files = [
        {"@id": file_fragment(name), "@type": "prov:Entity", "name": name}
        | ({"sha256": origin.hardware[name]} if name in origin.hardware else {})
        for name in names
    ]
    return {
        "@id": "#generation",
        "@type": "prov:Activity",
        "agent": agent | ({"version": version} if version else {}),
        **({"used": files} if files else {}),
    }
