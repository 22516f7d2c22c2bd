"""Reading side of `nbo_extract.jsonio`: strict, so that a misspelt key is an error and not a lost value."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from nbo_extract.errors import DocumentError, MappingTableError
from nbo_extract.findings import Finding, Severity
from nbo_extract.jsonio import FORMAT, LAYOUT
from nbo_extract.model import Document, Fact, Kind, Node, Origin, PlaneTable, Source
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.schema import Declaration

_TOP = {"format", "layout", "version", "namespace", "origin", "sources", "findings", "unmapped", "root", "sidecar"}
# What follows from the rest, for readers of the graph.
_LINKED_TOP = {"@context", "@id", "@type", "generation"}
_NODE = {"element", "facts", "text", "foreign", "planes", "children"}
_SOURCE_KEYS = {f.name for f in fields(Source)}
_FINDING_KEYS = {f.name for f in fields(Finding)}
_ORIGIN_KEYS = {f.name for f in fields(Origin)}


def read_document(data: str | bytes | Path, *, linked: bool) -> Document:
    """Read JSON or JSON-LD; see `nbo_extract.jsonio.from_json`."""
    return read_with_sidecar(data, linked=linked)[0]


def read_with_sidecar(data: str | bytes | Path, *, linked: bool) -> tuple[Document, dict[str, Any]]:
    """Read JSON or JSON-LD with what a sidecar says beside the document, empty where it says nothing."""
    label = str(data) if isinstance(data, Path) else "this text"
    try:
        content = _parse(data, label)
        document = _Reader(label, linked).document(content)
    except RecursionError as error:
        raise DocumentError(f"{label} is nested deeper than any NBO document; nothing was read from it") from error
    return document, content.get("sidecar", {})


def read_annotation(text: str, label: str) -> dict[str, Any]:
    """Read the JSON that an XML sidecar holds beside the document."""
    try:
        content = _parse(text, label)
    except RecursionError as error:
        raise DocumentError(f"{label} is nested deeper than any NBO document; nothing was read from it") from error
    reader = _Reader(label, False)
    return reader.object(content, "the sidecar's annotation", {"sidecar", "provenance", "findings", "unmapped"})


def complete_from(content: dict[str, Any], document: Document, label: str) -> None:
    """Give a Document the origin, findings and unmapped paths that an XML sidecar states beside it."""
    _Reader(label, False).rest(document, {**content, "origin": content.get("provenance", {}).get("origin", {})})


def _parse(data: str | bytes | Path, label: str) -> Any:
    try:
        content = data.read_bytes() if isinstance(data, Path) else data
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        return json.loads(text, object_pairs_hook=_once)
    except OSError as error:
        raise DocumentError(f"{label} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{label} is not UTF-8 text, so it is no JSON document") from error
    except json.JSONDecodeError as error:
        raise DocumentError(f"{label} is not valid JSON: {error.msg} in line {error.lineno}") from error
    except _DuplicateKeyError as error:
        raise DocumentError(f"{label} states {error.args[0]!r} twice in one place; keep one of them") from error
    except ValueError as error:
        raise DocumentError(f"{label} holds a number beyond all reason; values are texts in quotes") from error


class _DuplicateKeyError(Exception):
    """A JSON object states a key twice; plain JSON reading would drop the first value."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        raise _DuplicateKeyError(next(n for n in names if names.count(n) > 1))
    return found


class _Reader:
    """Builds a Document of plain JSON values; every complaint names the file and the place."""

    def __init__(self, label: str, linked: bool) -> None:
        self._label = label
        self._linked = linked
        self._sources: dict[int | str, Source] = {}

    def document(self, content: Any) -> Document:
        given = self.object(content, "the document", _TOP | (_LINKED_TOP if self._linked else set()))
        if given.get("format") != FORMAT:
            raise DocumentError(f"{self._label} is no NBO document: its format is not {FORMAT!r}")
        if given.get("layout") != LAYOUT:
            raise DocumentError(f"{self._label} has layout {given.get('layout')}; this version reads layout {LAYOUT}")
        version = self._text(given.get("version"), "version")
        try:
            schema = load(version)
        except MappingTableError as error:
            raise DocumentError(f"{self._label} cannot be read: {error.message}") from error
        for number, entry in enumerate(self._list(given.get("sources", []), "sources")):
            self._source(number, entry)
        root = self._node(given.get("root"), "root", schema.element("OME"))
        document = Document(root, version)
        self.rest(document, given)
        self.object(given.get("sidecar", {}), "sidecar", None)
        return document

    def rest(self, document: Document, given: dict[str, Any]) -> None:
        document.origin = self._origin(given.get("origin", {}))
        document.findings = [self._finding(f) for f in self._list(given.get("findings", []), "findings")]
        document.unmapped = self._texts(given.get("unmapped", []), "unmapped")

    def _node(self, content: Any, place: str, kind: Declaration) -> Node:
        given = self.object(content, place, _NODE | ({"@id", "target"} if self._linked else set()))
        if given.get("element") != kind.name:
            raise self._wrong(place, f"the element is {given.get('element')!r}, expected {kind.name}")
        node = Node(kind.name)
        for name, fact in self.object(given.get("facts", {}), f"{place}/facts", None).items():
            if name not in kind.attributes or not kind.attributes[name].writable:
                raise self._wrong(place, f"the NBO model has no attribute {name} in {kind.name}")
            node.facts[name] = self._fact(fact, f"{place}/{name}", kind.attributes[name].unit is not None)
        if "text" in given:
            if kind.text is None:
                raise self._wrong(place, f"the NBO model has no text in {kind.name}")
            node.text = self._fact(given["text"], f"{place}/text", False)
        if "foreign" in given:
            node.foreign = self._foreign(given["foreign"], place, kind)
        if "planes" in given:
            node.planes = self._planes(given["planes"], f"{place}/planes", kind)
        for number, child in enumerate(self._list(given.get("children", []), f"{place}/children")):
            element = child.get("element") if isinstance(child, dict) else None
            declared = kind.child(element) if isinstance(element, str) else None
            if declared is None:
                raise self._wrong(f"{place}/children[{number}]", f"the NBO model has no {element} in {kind.name}")
            node.children.append(self._node(child, f"{place}/{element}[{number}]", declared))
        return node

    def _fact(self, content: Any, place: str, has_unit: bool) -> Fact:
        given = self.object(content, place, {"value", "unit", "source"})
        unit = self._text(given["unit"], f"{place}/unit") if "unit" in given else None
        if unit is not None and not has_unit:
            raise self._wrong(place, f"the NBO model has no unit here, but {unit} is given")
        source = self._refer(given["source"], place) if "source" in given else None
        return Fact(self._text(given.get("value"), place), unit, source)

    def _planes(self, content: Any, place: str, kind: Declaration) -> PlaneTable:
        given = self.object(content, place, {"columns", "units", "sources"})
        plane = kind.child("Plane")
        if plane is None:
            raise self._wrong(place, f"the NBO model has no planes in {kind.name}")
        columns: dict[str, list[str | None]] = {}
        for name, values in self.object(given.get("columns"), f"{place}/columns", plane.attributes).items():
            column = self._list(values, f"{place}/columns/{name}")
            if not all(v is None or isinstance(v, str) for v in column):
                raise self._wrong(f"{place}/columns/{name}", "values are texts or null")
            columns[name] = column
        if len({len(c) for c in columns.values()}) > 1:
            raise self._wrong(place, "the columns are of different lengths")
        units = self.object(given.get("units", {}), f"{place}/units", columns)
        sources = self.object(given.get("sources", {}), f"{place}/sources", columns)
        return PlaneTable(
            columns,
            {name: self._text(unit, f"{place}/units/{name}") for name, unit in units.items()},
            {name: self._refer(source, f"{place}/sources/{name}") for name, source in sources.items()},
        )

    def _foreign(self, content: Any, place: str, kind: Declaration) -> str:
        from lxml import etree

        from nbo_extract.xmlio import safe_parser

        text = self._text(content, f"{place}/foreign")
        if not kind.wildcard:
            raise self._wrong(place, f"the NBO model has no foreign content in {kind.name}")
        try:
            # As an entity would be, content must be whole in itself: it is written into the XML as it stands.
            etree.fromstring(f"<x>{text}</x>", safe_parser())
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self._wrong(f"{place}/foreign", f"not well-formed XML ({error})") from error
        return text

    def _source(self, number: int, content: Any) -> None:
        place = f"sources[{number}]"
        given = self.object(content, place, _SOURCE_KEYS | ({"@id", "@type", "of"} if self._linked else set()))
        if given.get("kind") not in get_args(Kind):
            raise self._wrong(place, f"kind is {given.get('kind')!r}, expected one of {', '.join(get_args(Kind))}")
        key = self._text(given.get("@id"), f"{place}/@id") if self._linked else number
        texts = {k: self._text(v, f"{place}/{k}") for k, v in given.items() if k not in ("kind", "@id", "@type", "of")}
        self._sources[key] = Source(cast("Kind", given["kind"]), **texts)

    def _refer(self, content: Any, place: str) -> Source:
        if isinstance(content, bool) or not isinstance(content, int | str) or content not in self._sources:
            raise self._wrong(place, f"there is no source {content!r}")
        return self._sources[content]

    def _finding(self, content: Any) -> Finding:
        given = self.object(content, "findings", _FINDING_KEYS)
        if given.get("severity") not in get_args(Severity):
            raise self._wrong("findings", f"severity is {given.get('severity')!r}")
        texts = {key: self._text(value, f"findings/{key}") for key, value in given.items()}
        return Finding(**{"code": "", "message": "", **texts})  # type: ignore[arg-type]

    def _origin(self, content: Any) -> Origin:
        given = self.object(content, "origin", _ORIGIN_KEYS)
        maps = {k: self.object(given.get(k, {}), f"origin/{k}", None) for k in ("versions", "hardware")}
        for key, entries in maps.items():
            self._texts(list(entries.values()), f"origin/{key}")
        file, form, reader = (self._text(given.get(k, ""), f"origin/{k}") for k in ("file", "format", "reader"))
        files = tuple(self._texts(given.get("files", []), "origin/files"))
        return Origin(file, form, reader, maps["versions"], files, maps["hardware"])

    def _wrong(self, place: str, problem: str) -> DocumentError:
        return DocumentError(f"{self._label}, at {place}: {problem}")

    def object(self, content: Any, place: str, allowed: Iterable[str] | None) -> dict[str, Any]:
        if not isinstance(content, dict):
            raise self._wrong(place, f"an object is expected, not {_shown(content)}")
        unknown = set(content) - set(allowed) if allowed is not None else set()
        if unknown:
            raise self._wrong(place, f"{sorted(unknown)[0]!r} is not known")
        return content

    def _list(self, content: Any, place: str) -> list[Any]:
        if not isinstance(content, list):
            raise self._wrong(place, f"a list is expected, not {_shown(content)}")
        return content

    def _text(self, content: Any, place: str) -> str:
        if not isinstance(content, str):
            raise self._wrong(place, f"a text in quotes is expected, not {_shown(content)}")
        return content

    def _texts(self, content: Any, place: str) -> list[str]:
        return [self._text(entry, place) for entry in self._list(content, place)]


def _shown(content: Any) -> str:
    if content is None:
        return "nothing"
    return "an object" if isinstance(content, dict) else "a list" if isinstance(content, list) else json.dumps(content)
