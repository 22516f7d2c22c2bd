"""Whether a crate is what the archive's profile of RO-Crate asks for; the rules are ``deposit/ro_crate.toml``."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote, urlsplit

from nbo_extract.deposit.crate import IMAGE, METADATA
from nbo_extract.deposit.crate_list import one_line, read_table
from nbo_extract.deposit.crate_profile import Key, profile
from nbo_extract.deposit.pagetab_tree import Problem
from nbo_extract.deposit.study_rules import is_day

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbo_extract.deposit.crate_profile import Column

Entity = dict[str, Any]
_TYPE: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LABEL: Final = "http://schema.org/name"
_PATH: Final = "http://bia/filePath"
#: What the words of the table mean, for people.
_KINDS: Final = {
    "text": "a text",
    "texts": "a list of texts",
    "url": "an address",
    "date": "a date such as 2027-03-14",
    "number": "a number",
    "ref": "a reference",
    "refs": "a list of references",
}


def check_crate(metadata: str, read: Callable[[str], str | None]) -> list[Problem]:
    """Return what the archive's parser of crates would refuse, and, as warnings, what it would only tell.

    Parameters
    ----------
    metadata : str
        Text of ``ro-crate-metadata.json``.
    read : callable
        Takes the path of a file of the crate and returns its text, or None where it is not there.

    Returns
    -------
    list of Problem
        Errors and warnings, in the order of the crate; empty where nothing is wrong.
    """
    try:
        content = json.loads(metadata)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        return [Problem("json", f"Line {line} of {METADATA} is not JSON: {error.args[0]}.", line)]
    if not isinstance(content, dict) or not isinstance(content.get("@graph"), list):
        return [Problem("no-graph", f"{METADATA} has no @graph, which lists the entities.")]
    graph = _Graph()
    graph.problems += _context(content.get("@context"), graph)
    for entity in content["@graph"]:
        graph.add(entity)
    for name, entity in graph.entities.items():
        graph.problems += _keys(name, entity, graph)
    graph.problems += _described(graph)
    graph.problems += _lists(graph, read)
    graph.problems += _unlinked(graph)
    # An @id may hold anything.
    return [replace(p, message=one_line(p.message)) for p in graph.problems]


@dataclass(slots=True)
class _Graph:
    """The entities of a crate by ID, with the class of each; the descriptor of the crate has the class ``""``."""

    entities: dict[str, Entity] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    terms: set[str] = field(default_factory=set)
    linked: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def tell(self, rule: str, message: str) -> None:
        self.problems.append(Problem(rule, message))

    def add(self, entity: Any) -> None:
        name = entity.get("@id") if isinstance(entity, dict) else None
        if not isinstance(name, str) or not name:
            self.tell("no-id", f"An entity of {METADATA} has no @id.")
            return
        if name in self.entities:
            self.tell("id-twice", f"Two entities have the @id {name}.")
            return
        if "," in name:
            self.tell("comma", f"The @id {name} has a comma, which ends an ID in cells that hold several.")
        if not name.startswith("_:") and name != _quoted(name):
            self.tell("quoting", f"The @id {name} should be written as {_quoted(name)}.")
        self.entities[name] = entity
        types = entity.get("@type", [])
        types = types if isinstance(types, list) else [types]
        found = [c for c in profile().classes if {c, profile().expand(c)} & {t for t in types if isinstance(t, str)}]
        if name == METADATA and not found:
            self.classes[name] = ""
        elif len(found) == 1 and "CreativeWork" not in types:
            self.classes[name] = found[0]
        else:
            # The parser takes CreativeWork for the class of the descriptor.
            found += ["CreativeWork"] if "CreativeWork" in types else []
            told = " and ".join(found) or "none"
            self.tell("class", f"The entity {name} should be of one class of the archive, but is of {told}.")

    def of(self, *classes: str) -> list[str]:
        return [name for name, found in self.classes.items() if found in classes]


def _quoted(name: str) -> str:
    """Return an ID as an address may hold it; what is quoted already stays."""
    return quote(name, safe=":/?#[]@!$&'()*+;=,%~", errors="replace")


def _context(context: Any, graph: _Graph) -> Iterator[Problem]:
    """Yield what is wrong with the context, and note its terms."""
    found = profile()
    parts = context if isinstance(context, list) else [context]
    if found.context not in parts:
        yield Problem("context", f"The @context does not name {found.context}.")
    own: dict[str, Any] = {}
    for part in parts:
        if isinstance(part, dict):
            own |= part
    for term, url in found.terms.items():
        stated = own.get(term)
        stated = stated.get("@id") if isinstance(stated, dict) else stated
        if stated is None:
            continue
        if not isinstance(stated, str) or _expand(stated, own) != found.expand(url):
            yield Problem("term", f"The @context binds {term} to {stated}, but the archive to {found.expand(url)}.")
    graph.terms |= set(own)


def _expand(term: str, own: dict[str, Any]) -> str:
    prefix, colon, rest = term.partition(":")
    base = own.get(prefix)
    return base + rest if colon and isinstance(base, str) else term


def _keys(name: str, entity: Entity, graph: _Graph) -> Iterator[Problem]:
    """Yield what is wrong with the keys of an entity."""
    found = profile()
    kind = graph.classes.get(name)
    if not kind:
        return
    if kind in found.ids and name != found.ids[kind]:
        yield Problem("root", f"The {kind} should have the @id {found.ids[kind]}, but has {name}.")
    for key in entity:
        # The context of RO-Crate itself defines those that are called as in schema.org.
        if key.startswith("@") or key in graph.terms or found.terms.get(key) == f"schema:{key}":
            continue
        if key in found.terms:
            yield Problem("term", f"The key {key} of {name} is not in the @context.")
        elif key != "encodingFormat":
            message = f"The key {key} of {name} is neither in the @context nor a term of the archive."
            yield Problem("term", message, severity="warning")
    for key, rule in found.classes[kind].items():
        value = entity.get(key)
        if rule.required and (key not in entity or (value is None and not rule.nullable)):
            yield Problem("missing", f"The {kind} {name} has no {key}, which the archive demands.")
        elif value is not None:
            yield from _value(name, kind, key, value, rule, graph)


def _value(name: str, kind: str, key: str, value: Any, rule: Key, graph: _Graph) -> Iterator[Problem]:
    if rule.some and value in ("", []):
        yield Problem("missing", f"The {kind} {name} has an empty {key}.")
        return
    if not _fits(value, rule.kind):
        yield Problem("kind", f"The {key} of the {kind} {name} should be {_KINDS[rule.kind]}.")
        return
    if rule.kind not in {"ref", "refs"}:
        return
    for reference in value if isinstance(value, list) else [value]:
        target = reference["@id"]
        graph.linked.add(target)
        if target not in graph.entities:
            yield Problem("undefined", f"The {key} of {name} refers to {target}, which is not in the crate.")
        elif rule.classes and graph.classes.get(target) not in rule.classes:
            wanted = " or ".join(sorted(rule.classes))
            yield Problem("target", f"The {key} of {name} refers to {target}, which should be a {wanted}.")


def _fits(value: Any, kind: str) -> bool:
    if kind in {"texts", "refs"}:
        return isinstance(value, list) and all(_fits(v, kind[:-1]) for v in value)
    if kind == "ref":
        return isinstance(value, dict) and set(value) == {"@id"} and isinstance(value["@id"], str)
    if kind == "number":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and is_day(value[:10])
    if kind == "url":
        return isinstance(value, str) and _is_url(value)
    return isinstance(value, str)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path))


def _described(graph: _Graph) -> Iterator[Problem]:
    """Yield what is wrong with the descriptor and the root of the crate."""
    descriptor = graph.entities.get(METADATA)
    if descriptor is None:
        yield Problem("descriptor", f"The crate does not describe {METADATA}.")
    else:
        graph.linked.add(METADATA)
        wanted = {"conformsTo": profile().conforms_to, "about": "./"}
        for key, target in wanted.items():
            if descriptor.get(key) != {"@id": target}:
                yield Problem("descriptor", f"The {key} of {METADATA} should refer to {target}.")
            else:
                graph.linked.add(target)
    studies = graph.of("bia:Study")
    if len(studies) != 1:
        yield Problem("root", f"The crate has {len(studies)} entities bia:Study, and should have one.")


def _unlinked(graph: _Graph) -> Iterator[Problem]:
    for name in graph.entities:
        if name not in graph.linked and name in graph.classes:
            yield Problem("unlinked", f"Nothing refers to the entity {name}.", severity="warning")


def _lists(graph: _Graph, read: Callable[[str], str | None]) -> Iterator[Problem]:
    """Yield what is wrong with the file list."""
    lists = graph.of("bia:FileList")
    if len(lists) != 1:
        yield Problem("file-list", f"The crate has {len(lists)} file lists, and should have one.")
        return
    path = unquote(lists[0])
    text = read(path)
    if text is None:
        yield Problem("file-list", f"The file list {path} is not there.")
        return
    schema = graph.entities.get(_target(graph.entities[lists[0]].get("tableSchema")), {})
    columns = schema.get("column")
    described = [graph.entities.get(_target(c), {}) for c in columns] if isinstance(columns, list) else []
    try:
        rows = _Rows(path, text, described)
    except csv.Error as error:
        yield Problem("file-list", f"The file list {path} cannot be read: {error}.")
        return
    yield from rows.check_columns()
    yield from rows.check_rows(graph)


def _target(reference: Any) -> str:
    return _text(reference.get("@id")) if isinstance(reference, dict) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Rows:
    """A file list and what the crate says of its columns."""

    def __init__(self, path: str, text: str, described: list[Entity]) -> None:
        self.path = path
        self.titles, self.rows = read_table(text)
        self.urls = {c["columnName"]: _text(c.get("propertyUrl")) for c in described if _text(c.get("columnName"))}
        # Places of the columns that are bound, by property.
        self.places = {self.urls[t]: n for n, t in enumerate(self.titles) if self.urls.get(t)}

    def check_columns(self) -> Iterator[Problem]:
        for title in dict.fromkeys(self.titles):
            if title not in self.urls:
                yield Problem("column", f"The column {title} of {self.path} is not described in {METADATA}.")
            if self.titles.count(title) > 1:
                yield Problem("column-twice", f"{self.path} has several columns {title}.")
        bound = [u for u in self.urls.values() if u]
        for url in dict.fromkeys(bound):
            if bound.count(url) > 1:
                yield Problem("column-twice", f"Several columns of {self.path} are bound to {url}.")
        for column in profile().columns:
            if column.required and column.property not in bound:
                yield Problem("column", f"No column of {self.path} is bound to {column.property}.")
        for title, url in self.urls.items():
            rule = profile().by_property(url)
            # The archive's parser looks into these, whether they are there or not.
            if title not in self.titles and rule and (rule.required or rule.refers or rule.source_image):
                yield Problem("column", f"{self.path} has no column {title}, which {METADATA} describes.")

    def check_rows(self, graph: _Graph) -> Iterator[Problem]:
        if not self.rows:
            yield Problem("rows", f"{self.path} has no rows.")
        seen: dict[str, int] = {}
        for line, row in self.rows:
            if len(row) != len(self.titles):
                message = f"Line {line} of {self.path} has {len(row)} cells, but the head has {len(self.titles)}."
                yield Problem("ragged", message, line)
            path = self.cell(row, _PATH)
            if _PATH in self.places and not path.strip():
                yield Problem("path", f"Line {line} of {self.path} names no file.", line)
            elif path in seen:
                message = f"Lines {seen[path]} and {line} of {self.path} name the same file, {path}."
                yield Problem("path-twice", message, line)
            seen.setdefault(path, line)
            yield from self.empty_words(line, row)
            for url, place in self.places.items():
                column = profile().by_property(url)
                if column and column.refers and place < len(row):
                    yield from self.references(line, row[place], column, graph)
        yield from self.source_images()

    def cell(self, row: list[str], url: str) -> str:
        place = self.places.get(url, len(row))
        return row[place] if place < len(row) else ""

    def empty_words(self, line: int, row: list[str]) -> Iterator[Problem]:
        for title, cell in zip(self.titles, row, strict=False):
            if cell in profile().empty_words:
                bound = bool(self.urls.get(title))
                message = f"The archive reads the cell {cell} in line {line}, column {title}, of {self.path} as empty."
                yield Problem("empty-word", message, line, "error" if bound else "warning")

    def references(self, line: int, cell: str, column: Column, graph: _Graph) -> Iterator[Problem]:
        for target in _several(cell) if column.several else [cell] if cell else []:
            graph.linked.add(target)
            if graph.classes.get(target) != column.refers:
                where = f"Line {line} of {self.path} refers to {target}"
                wrong = "which is not in the crate" if target not in graph.entities else f"which is no {column.refers}"
                yield Problem("reference", f"{where}, {wrong}.", line)

    def source_images(self) -> Iterator[Problem]:
        """Yield what is wrong with the columns that name images of the same list."""
        named = [u for u in self.places if (c := profile().by_property(u)) and c.source_image]
        if named and _TYPE not in self.places:
            yield Problem("source-image", f"{self.path} names source images, but has no column of types.")
            return
        types: dict[str, str] = {}
        for url in (_PATH, _LABEL):
            types |= {self.cell(row, url): self.cell(row, _TYPE) for _, row in self.rows if self.cell(row, url)}
        for url in named:
            for line, row in self.rows:
                for image in _several(self.cell(row, url)):
                    if types.get(image) != IMAGE:
                        where = f"Line {line} of {self.path} names the source image {image}"
                        wrong = "which is not in the list" if image not in types else f"whose type is not {IMAGE}"
                        yield Problem("source-image", f"{where}, {wrong}.", line)


def _several(cell: str) -> list[str]:
    """Return the parts of a cell that holds several, as the archive's parser takes it apart."""
    parts = cell.strip().strip("[] ").split(",")
    return [p.strip().strip("\"'") for p in parts if p.strip()]
