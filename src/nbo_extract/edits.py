"""What a person changed in a document that was written: told by digests, which cost six characters a fact."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.jsonio import ordered_children
from nbo_extract.model import Fact, Source
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Declaration

#: Digits of the digest of one fact: enough to tell it from the few others of its element.
_DIGITS: Final = 6
_TEXT: Final = "#text"
_COLUMN: Final = "#planes "


def digests(document: Document) -> tuple[str, dict[str, str]]:
    """Return what tells whether a document was changed, and which of its facts.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        SHA-256 of all that is stated.
    dict of str to str
        Path of each element to the digests of its facts, one after another.
    """
    nodes, found = list(_nodes(document)), {}
    for path, node, _ in nodes:
        facts = "".join(sorted(_short(name, fact) for name, fact in _facts(node)))
        if facts:
            found[path] = facts
    return _whole(nodes), found


def _whole(nodes: Iterable[tuple[str, Node, Declaration]]) -> str:
    total = hashlib.sha256()
    for path, node, kind in nodes:
        total.update(_encode([path, _stated(node, kind)]))
    return total.hexdigest()


def mark_edited(document: Document, digest: str, known: dict[str, Any], name: str) -> int | None:
    """Make a person the source of facts that differ from what was written.

    Parameters
    ----------
    document : Document
        As it was read; changed in place.
    digest : str
    known : dict of str to str
        What `digests` gave when it was written.
    name : str
        File in which the person stated them.

    Returns
    -------
    int or None
        Number of these facts; None where the document was not changed at all.
    """
    if _whole(_nodes(document)) == digest:
        return None
    count = 0
    for path, node, _ in _nodes(document):
        text = str(known.get(path, ""))
        before = {text[n : n + _DIGITS] for n in range(0, len(text), _DIGITS)}
        source = Source("user", name, path)
        for key, fact in _facts(node):
            if _short(key, fact) in before:
                continue
            count += 1
            if key == _TEXT:
                node.text = replace(fact, source=source)
            elif key in node.facts:
                node.facts[key] = replace(fact, source=source)
            elif node.planes is not None:
                node.planes.sources[key.removeprefix(_COLUMN)] = source
    return count


def _nodes(document: Document) -> Iterator[tuple[str, Node, Declaration]]:
    def visit(node: Node, path: str, kind: Declaration) -> Iterator[tuple[str, Node, Declaration]]:
        yield path, node, kind
        counts: dict[str, int] = {}
        for child, declared in ordered_children(node, kind):
            place = counts.setdefault(child.name, 0)
            counts[child.name] += 1
            yield from visit(child, f"{path}/{child.name}[{place}]", declared)

    root = document.root
    yield from visit(root, root.name, load(document.version).element(root.name))


def _stated(node: Node, kind: Declaration) -> list[Any]:
    """Return what an element states, units as the attributes that XML makes of them."""
    attributes = {name: fact.value for name, fact in node.facts.items()}
    for name, fact in node.facts.items():
        unit = kind.attributes[name].unit if name in kind.attributes else None
        if unit is not None and fact.unit is not None:
            attributes[unit] = fact.unit
    text = node.text.value if node.text is not None else ""
    return [attributes, text, [[key, fact.value, fact.unit] for key, fact in _columns(node)]]


def _facts(node: Node) -> Iterator[tuple[str, Fact]]:
    yield from node.facts.items()
    if node.text is not None and node.text.value:
        yield _TEXT, node.text
    yield from _columns(node)


def _columns(node: Node) -> Iterator[tuple[str, Fact]]:
    """Yield each column of planes as one fact."""
    table = node.planes
    if table is None or not len(table):
        return
    for name in sorted(table.columns):
        if any(value is not None for value in table.columns[name]):
            digest = hashlib.sha256(_encode(table.columns[name])).hexdigest()
            yield _COLUMN + name, Fact(digest, table.units.get(name), table.sources.get(name))


def _short(name: str, fact: Fact) -> str:
    # As `_encode` writes the list of the three: json is quick for a text alone.
    unit = "null" if fact.unit is None else json.dumps(fact.unit)
    text = f"[{json.dumps(name)}, {json.dumps(fact.value)}, {unit}]"
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


_ENCODER: Final = json.JSONEncoder(sort_keys=True)


def _encode(value: object) -> bytes:
    return _ENCODER.encode(value).encode("ascii")
