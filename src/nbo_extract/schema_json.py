"""JSON Schema (draft 2020-12) for the JSON form, in which exactly what is asked for is required."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, get_args

from nbo_extract.findings import Severity
from nbo_extract.jsonio import FORMAT, LAYOUT, laid_out
from nbo_extract.model import Kind
from nbo_extract.shapes import shapes, wanted
from nbo_extract.stated_words import no_placeholder, not_blank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.requirements import Level
    from nbo_extract.schema import SimpleType
    from nbo_extract.shapes import Field, Form, Group, Shape, Wanted

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_ABOUT: Final = (
    "Written by nbo-extract from its table of the NBO model, for what it writes with --format json. A document that "
    "this schema accepts misses nothing for nbo-extract check {options}, and the other way round. Blank texts and "
    "placeholders (na, unknown, 999) count as missing. Values are texts, whose ranges nbo-extract check looks at, "
    "as it does at references and IDs."
)
_FORMS: Final = {
    "xsd:boolean": "true|false|0|1",
    "xsd:date": r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+\-][0-9]{2}:[0-9]{2})?",
    "xsd:dateTime": (
        r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+\-][0-9]{2}:[0-9]{2})?"
    ),
}
_INTEGER: Final = r"[+\-]?[0-9]+"
_NUMBER: Final = r"[+\-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+\-]?[0-9]+)?|-?INF|NaN"
_SOURCES: Final = {"source": {"$ref": "#/$defs/nbo.source"}}


def to_json_schema(tier: int, extensions: Iterable[str], level: Level = "must", version: str = "02-01") -> str:
    """Return a JSON Schema in which what a tier asks for is required, and nothing else; see `schema_xsd.to_xsd`."""
    return json_schema_of(wanted(tier, extensions, level, version))


def json_schema_of(what: Wanted) -> str:
    """Return a JSON Schema for what is asked for; see `to_json_schema`."""
    return laid_out(_Writer(what).schema()) + "\n"


class _Writer:
    def __init__(self, what: Wanted) -> None:
        self.what = what
        self.values: dict[tuple[SimpleType, Form], str] = {}
        self.definitions: dict[str, Any] = {}
        self.called: dict[str, str] = {}
        self.bodies: dict[str, str] = {}

    def schema(self) -> dict[str, Any]:
        found = shapes(self.what)
        for shape in found:
            if not shape.groups:
                body = json.dumps(self._node(shape))
                self.called[shape.name] = self.bodies.setdefault(body, shape.name)
        nodes = {s.name: self._node(s) for s in found if self.called.get(s.name, s.name) == s.name}
        values = {name: _value(kind, form) for (kind, form), name in self.values.items()}
        namespace = found[0].declaration.schema.namespace
        text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
        return {
            "$schema": DRAFT,
            "title": f"NBO {self.what.version}: {self.what.title}",
            "description": _ABOUT.format(options=self.what.options),
            "type": "object",
            "properties": {
                "format": {"const": FORMAT},
                "layout": {"const": LAYOUT},
                "version": {"const": self.what.version},
                "namespace": {"const": namespace},
                "origin": {"type": "object"},
                "sources": {"type": "array", "items": _source(text)},
                "findings": {"type": "array", "items": _finding(text)},
                "unmapped": texts,
                "sidecar": {"type": "object"},
                "root": {"$ref": f"#/$defs/{found[0].name}"},
            },
            "required": ["format", "layout", "version", "root"],
            "additionalProperties": False,
            "$defs": {**nodes, **values, "nbo.source": {"type": "integer", "minimum": 0}},
        }

    def _node(self, shape: Shape) -> dict[str, Any]:
        kind = shape.declaration
        properties: dict[str, Any] = {"element": {"const": kind.name}}
        required = ["element"]
        facts = {f.attribute.name: self._fact(shape, f) for f in shape.fields}
        conditions = [c for f in shape.fields if f.required and not f.owners for c in [self._stated(shape, f)]]
        units = [self._unit(shape, f) for f in shape.fields if f.required and f.owners]
        if facts:
            properties["facts"] = {"type": "object", "properties": facts, "additionalProperties": False}
            rules = [c for c in conditions if c] + units
            if rules:
                properties["facts"]["allOf"] = rules
            if any(c for c in conditions):
                required.append("facts")
        if kind.text is not None:
            properties["text"] = {
                "type": "object",
                "properties": {"value": self._reference(kind.text, ""), **_SOURCES},
                "required": ["value"],
                "additionalProperties": False,
            }
        if kind.wildcard:
            properties["foreign"] = {"type": "string"}
        plane = next((s for g in shape.groups for n, s in g.members if n == "Plane" and kind.name == "Pixels"), None)
        if plane is not None:
            properties["planes"] = self._planes(plane)
        rules = [r for g in shape.groups for r in self._groups(g, plane is not None)]
        if shape.groups:
            properties["children"] = self._children(shape)
            if kind.name == "OME":
                rules.append(_holding(_contains(["Image", "Instrument"], 1, None)))
        node: dict[str, Any] = {"type": "object"}
        if shape.remarks:
            node["description"] = "; ".join(shape.remarks)
        node |= {"properties": properties, "required": required, "additionalProperties": False}
        return {**node, "allOf": rules} if rules else node

    def _fact(self, shape: Shape, field: Field) -> dict[str, Any]:
        attribute = field.attribute
        properties: dict[str, Any] = {"value": self._reference(attribute.type, field.form)}
        if attribute.unit is not None:
            properties["unit"] = self._reference(shape.declaration.attributes[attribute.unit].type, "")
        properties |= _SOURCES
        fact: dict[str, Any] = {"type": "object"}
        if field.remark:
            fact["description"] = field.remark
        return fact | {"properties": properties, "required": ["value"], "additionalProperties": False}

    def _stated(self, shape: Shape, field: Field) -> dict[str, Any]:
        """Return what facts have to hold: the attribute itself; for a unit, it or a value with a unit."""
        ways = [{"required": [field.attribute.name]}, *_with_unit(shape, field.attribute.name)]
        return ways[0] if len(ways) == 1 else {"anyOf": ways}

    def _unit(self, shape: Shape, field: Field) -> dict[str, Any]:
        return {"if": {"anyOf": [{"required": [o]} for o in field.owners]}, "then": self._stated(shape, field)}

    def _planes(self, plane: Shape) -> dict[str, Any]:
        """Return what the table of planes has to be like: whole columns of what is asked of each plane."""
        columns, rules = {}, []
        for field in plane.fields:
            name, optional = field.attribute.name, not field.required
            value = self._reference(field.attribute.type, field.form)
            columns[name] = {"type": "array", "items": {"anyOf": [value, {"type": "null"}]} if optional else value}
            if field.required and field.owners:
                # A unit that is there for the whole column makes up for gaps in one of its own.
                columns[name]["items"] = {"anyOf": [value, {"type": "null"}]}
                own = {"required": ["columns"], "properties": {"columns": _full(name, value)}}
                units = {"anyOf": [{"required": [o]} for o in field.owners]}
                rules.append(
                    {
                        "if": {"properties": {"columns": units}},
                        "then": {"anyOf": [own, {"required": ["units"], "properties": {"units": units}}]},
                    }
                )
        required = [f.attribute.name for f in plane.fields if f.required and not f.owners]
        inner: dict[str, Any] = {"type": "object", "properties": columns, "additionalProperties": False}
        if required:
            # No column is no plane, of which nothing is asked.
            inner["anyOf"] = [{"required": required}, {"maxProperties": 0}]
        texts = {"type": "object", "additionalProperties": {"type": "string"}}
        sources = {"type": "object", "additionalProperties": {"$ref": "#/$defs/nbo.source"}}
        table: dict[str, Any] = {"type": "object", "required": ["columns"], "additionalProperties": False}
        table["properties"] = {"columns": inner, "units": texts, "sources": sources}
        if any(g.required for g in plane.groups):
            # A plane that has to hold something is no row of a table.
            table["properties"]["columns"] = {"maxProperties": 0}
        return {**table, "allOf": rules} if rules else table

    def _children(self, shape: Shape) -> dict[str, Any]:
        members = [(n, s) for g in shape.groups for n, s in g.members]
        return {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"element": {"enum": [n for n, _ in members]}},
                "required": ["element"],
                "allOf": [
                    {
                        "if": {"properties": {"element": {"const": n}}},
                        "then": {"$ref": f"#/$defs/{self.called.get(s.name, s.name)}"},
                    }
                    for n, s in members
                ],
            },
        }

    def _groups(self, group: Group, tabled: bool) -> Iterator[dict[str, Any]]:
        names = [n for n, _ in group.members]
        if group.exclusive:
            yield from (_holding(_contains([n], 0, m)) for n, m in zip(names, group.limits, strict=True) if m)
            yield _holding(
                {"anyOf": [{"items": {"properties": {"element": {"not": _one_of(o)}}}} for o in _others(names)]}
            )
        elif group.limits[0] is not None:
            yield _holding(_contains(names, 0, group.limits[0]))
        if group.required:
            needed: dict[str, Any] = {"required": ["children"], **_holding(_contains(names, 1, None))}
            if tabled and names == ["Plane"]:
                needed = {"anyOf": [needed, {"required": ["planes"]}]}
            if group.remark:
                needed = {"description": group.remark, **needed}
            yield needed

    def _reference(self, kind: SimpleType, form: Form) -> dict[str, Any]:
        name = self.values.get((kind, form))
        if name is None:
            base = f"value.{kind.name.removeprefix('xsd:') or len(self.values)}{'.' * bool(form)}{form}"
            taken = set(self.values.values())
            name = next(n for i in range(len(taken) + 1) if (n := base + "-" * i) not in taken)
            self.values[kind, form] = name
        return {"$ref": f"#/$defs/{name}"}


def _with_unit(shape: Shape, name: str) -> list[dict[str, Any]]:
    owners = [n for n, a in shape.declaration.attributes.items() if a.unit == name]
    return [{"required": [o], "properties": {o: {"required": ["unit"]}}} for o in owners]


def _full(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"items": value}}}


def _one_of(names: list[str]) -> dict[str, Any]:
    return {"const": names[0]} if len(names) == 1 else {"enum": names}


def _others(names: list[str]) -> list[list[str]]:
    """Return, for each name, all others: of an exclusive choice all of one list are absent."""
    return [[o for o in names if o != n] for n in names]


def _contains(names: list[str], least: int, most: int | None) -> dict[str, Any]:
    inner = {"properties": {"element": _one_of(names)}, "required": ["element"]}
    return {"contains": inner, "minContains": least} | ({"maxContains": most} if most is not None else {})


def _holding(children: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"children": children}}


def _value(kind: SimpleType, form: Form) -> dict[str, Any]:
    if kind.enum:
        allowed = [v for v in kind.enum if not form or v.strip()]
        # As NBO publishes it, one enumeration stands beside a pattern that no value has.
        return {"enum": allowed, **({"pattern": _whole(kind.patterns)} if kind.patterns else {})}
    patterns = [_whole(kind.patterns)] if kind.patterns else []
    if kind.numeric:
        patterns.append(_whole([_INTEGER if kind.integer else _NUMBER]))
        if form in ("text", "measured"):
            patterns.append(_whole([no_placeholder(measured=form == "measured")]))
    elif kind.primitive in _FORMS:
        patterns.append(_whole([_FORMS[kind.primitive]]))
    elif form:
        patterns.append(_whole([not_blank() if form == "any" else no_placeholder(measured=form == "measured")]))
    rules = [{"pattern": p} for p in patterns]
    if kind.length is not None:
        rules.append({"pattern": _whole([f"[0-9A-Fa-f]{{{2 * kind.length}}}"])})
    if len(rules) > 1:
        return {"type": "string", "allOf": rules}
    return {"type": "string", **(rules[0] if rules else {})}


def _whole(expressions: Iterable[str]) -> str:
    """Return an expression that matches whole texts alone; a dollar sign would let a line break follow."""
    return f"^({'|'.join(expressions)})(?![\\s\\S])"


def _source(text: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "kind": {"enum": list(get_args(Kind))},
        **dict.fromkeys(("file", "path", "raw", "rule", "derivation"), text),
    }
    return {"type": "object", "properties": properties, "required": ["kind"], "additionalProperties": False}


def _finding(text: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"severity": {"enum": list(get_args(Severity))}},
        "required": ["severity"],
        "additionalProperties": text,
    }
