"""The whole NBO model as data for the browser page of the documentation, with the rows that reach each field.

The page opens from a folder without a server, where a browser fetches no JSON. So the data are a script with one
assignment, `docs/assets/model.js` lays them out.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docs_reference import anchor, cells, plane_cells
from nbo_extract.gap_words import in_words, words
from nbo_extract.origins import usual
from nbo_extract.requirements import Place, judged, place_of, requirements
from nbo_extract.schema import Declaration, Schema, load
from nbo_extract.tables import load_table, table_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.requirements import Requirement
    from nbo_extract.schema import Attribute, Use
    from nbo_extract.tables import Block, Table

PAGE = """\
---
hide: [toc]
---
# The NBO model

Every element of 4DN-BINA-OME {version} with its fields: what a value has to be, its unit, tier and level, and which
rows of which [mapping table](mappings/index.md) read it from a vendor's file. {elements} elements, {fields} fields,
{rows} rows.

Fields of the microscope also come from [hardware descriptions](../hardware.md), what no image states from a
[configuration](../configuration.md). [What tier, level and extension mean](../three-axes.md).

<div id="model" class="model">
<p>The list is laid out by a script of this page. Without scripts, <code>nbo-extract schema Objective</code> tells
the same of an element.</p>
</div>

<link rel="stylesheet" href="../assets/model.css">
<script src="model-data.js"></script>
<script src="../assets/model.js"></script>
"""


@dataclass(slots=True)
class Element:
    """An element where it is declared: a global one, or one that belongs to the element around it.

    Attributes
    ----------
    key : str
        Its name, with the names around it for a local one: ``Detector/WavelengthRange``.
    declaration : Declaration
    place : Place
        Tier and extension where it stands.
    rows : dict of str to list of int
        Field to the numbers of the rows that reach it.
    domain : str or None
    """

    key: str
    declaration: Declaration
    place: Place
    domain: str | None
    judged: bool
    rows: dict[str, list[int]] = field(default_factory=dict)

    def reach(self, name: str, row: int) -> None:
        """Note that a row reaches a field."""
        found = self.rows.setdefault(name, [])
        if row not in found:
            found.append(row)


def elements(schema: Schema) -> dict[int, Element]:
    """Return all elements by the identity of their declarations, in the schema's order."""
    found: dict[int, Element] = {}

    def local(key: str, declaration: Declaration, place: Place, domain: str | None, asked: bool) -> None:
        if id(declaration) in found:
            return
        found[id(declaration)] = Element(key, declaration, place, declaration.domain or domain, asked)
        for use in declaration.uses:
            if use.declaration is not None:
                inner = place_of(use.declaration, use, place)
                local(f"{key}/{use.name}", use.declaration, inner, declaration.domain or domain, asked)

    for name in schema.names:
        top = schema.element(name)
        local(name, top, place_of(top), None, judged(top))
    return found


# -- rows -------------------------------------------------------------------------------------------------------------


class Rows:
    """All rows of all tables, and the fields that they reach.

    Parameters
    ----------
    schema : Schema
    found : dict of int to Element
        From `elements`; the numbers of rows are put into it.
    """

    def __init__(self, schema: Schema, found: dict[int, Element]) -> None:
        self._schema = schema
        self._found = found
        #: Table, id, where it reads and how, as they are shown.
        self.rows: list[tuple[int, str, str, str]] = []
        self.tables = [load_table(name) for name in table_names()]
        for number, table in enumerate(self.tables):
            self._table(number, table)

    def _table(self, number: int, table: Table) -> None:
        blocks = {b.id: b for b in table.blocks}
        for block in table.blocks:
            home = blocks.get(block.into or block.parent)
            parents = self._made(home, blocks) if home is not None else [self._schema.element("OME")]
            made = self._made(block, blocks)
            # A block as a whole reaches the child field of the element around it, and so does what tells its kind.
            each = " or ".join(p.text for p in block.each)
            reaching = [self._add(number, block.id, each, "one for each")]
            reaching += [self._add(number, row.id, *map(plain, cells(row))) for row in block.kinds]
            for parent in parents:
                for name in block.elements:
                    if (use := parent.use(name)) is not None:
                        for row in reaching:
                            self._found[id(parent)].reach(use.name, row)
            for fact in block.rows:
                row = self._add(number, fact.id, *map(plain, cells(fact)))
                self._reach(made, fact.attribute, row)
            if block.text is not None:
                row = self._add(number, block.text.id, *map(plain, cells(block.text)))
                for declared in made:
                    if declared.text is not None:
                        self._found[id(declared)].reach("", row)
        self._planes(number, table)

    def _planes(self, number: int, table: Table) -> None:
        if table.planes is None:
            return
        plane = [self._schema.element("Plane")]
        for fact in table.planes.rows:
            self._reach(plane, fact.attribute, self._add(number, fact.id, *map(plain, plane_cells(fact))))
        for name, column in table.planes.index.items():
            self._reach(plane, name, self._add(number, f"planes.{name}", f"column {column}", "index of the plane"))

    def _reach(self, made: list[Declaration], name: str, row: int) -> None:
        for declared in made:
            if name in declared.attributes:
                self._found[id(declared)].reach(name, row)

    def _add(self, table: int, name: str, origin: str, how: str) -> int:
        self.rows.append((table, name, origin, how))
        return len(self.rows) - 1

    def _made(self, block: Block, blocks: dict[str, Block]) -> list[Declaration]:
        """Return the declarations of the elements that a block makes, which depend on where they stand."""
        home = blocks.get(block.into or block.parent)
        parents = self._made(home, blocks) if home is not None else [self._schema.element("OME")]
        made = {id(d): d for p in parents for name in block.elements if (d := p.child(name)) is not None}
        return list(made.values())


def plain(text: str) -> str:
    """Return what a cell in HTML says as text."""
    bare = re.sub(r"<[^>]+>", "", text)
    for sign, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#x27;", "'"), ("&amp;", "&")):
        bare = bare.replace(sign, letter)
    return bare


# -- fields -----------------------------------------------------------------------------------------------------------


def fields(element: Element, schema: Schema) -> Iterator[dict[str, Any]]:
    """Yield all fields of an element: attributes, children and text, each as it is shown."""
    declared = element.declaration
    asked = {r.name: r for r in requirements(declared, element.place)}
    wanted = schema.in_methods(element.key) if element.key in schema else frozenset()
    for attribute in declared.attributes.values():
        yield stated(
            {
                **_attribute(declared, attribute),
                **_demand(asked.get(attribute.name), attribute.tier, element),
                "methods": attribute.name in wanted,
                "rows": element.rows.get(attribute.name, []),
            }
        )
    for use in declared.uses:
        yield stated(
            {
                **_child(declared, use),
                **_demand(next((r for r in asked.values() if use.name in r.name.split("|")), None), use.tier, element),
                "methods": use.name in wanted,
                "rows": element.rows.get(use.name, []),
            }
        )
    if declared.text is not None:
        yield stated({"name": "(text)", "kind": "text", **_type(declared.text), "rows": element.rows.get("", [])})


def _attribute(declared: Declaration, attribute: Attribute) -> dict[str, Any]:
    owners = [a.name for a in declared.attributes.values() if a.unit == attribute.name]
    unit = declared.attributes.get(attribute.unit) if attribute.unit else None
    return {
        "name": attribute.name,
        "kind": "unit" if owners else "attribute",
        **_type(attribute.type),
        "default": attribute.default,
        "unit": (list(words(unit.type)) or [unit.name]) if unit is not None else None,
        "usual": unit.default if unit is not None else None,
        "of": owners,
        "from": attribute.declared_in if attribute.declared_in != declared.name else None,
        "unwritable": not attribute.writable,
    }


def _type(kind: Any) -> dict[str, Any]:
    if kind.enum:
        return {"type": "one of", "words": list(words(kind))}
    return {"type": in_words(kind)[0]}


def _child(declared: Declaration, use: Use) -> dict[str, Any]:
    members = [n for n in declared.children if declared.use(n) is use]
    most = "any number" if use.maximum is None else f"up to {use.maximum}" if use.maximum > 1 else "one"
    least = f"at least {use.minimum}, " if use.minimum and use.maximum != 1 else ""
    return {
        "name": use.name,
        "kind": "child",
        "type": f"element, {least}{most}",
        "local": use.declaration is not None,
        "members": [] if members == [use.name] else members,
    }


def _demand(asked: Requirement | None, tier: int | None, element: Element) -> dict[str, Any]:
    if asked is None:
        return {"tier": tier if tier is not None else element.place.tier, "extension": element.place.extension}
    choice = asked.satisfied_by if "|" in asked.name else ()
    return {"tier": asked.tier, "level": asked.level, "extension": asked.extension, "choice": list(choice)}


def stated(data: dict[str, Any]) -> dict[str, Any]:
    """Return a dictionary without what says nothing."""
    return {key: value for key, value in data.items() if value not in (None, "", [], (), False)}


# -- all of it --------------------------------------------------------------------------------------------------------


def model(version: str = "02-01") -> dict[str, Any]:
    """Return the model of a version of NBO with all rows, as the page takes it."""
    schema = load(version)
    found = elements(schema)
    rows = Rows(schema, found)
    listed = [_element(element, schema) for element in found.values()]
    return {
        "version": version,
        "tables": [{"name": t.name, "title": t.title} for t in rows.tables],
        "rows": [[table, name, anchor(name), origin, how] for table, name, origin, how in rows.rows],
        "elements": listed,
    }


def _element(element: Element, schema: Schema) -> dict[str, Any]:
    declared = element.declaration
    inside = (
        [d.name for d in map(schema.element, schema.names) if d.use(declared.name)] if element.key in schema else []
    )
    place = usual(declared.name, element.domain, element.place.extension) if element.judged else ""
    return stated(
        {
            "key": element.key,
            "extension": element.place.extension if element.judged else "ome",
            "tier": element.place.tier if element.judged else None,
            "domain": element.domain,
            "category": declared.category,
            "group": declared.group,
            "abstract": declared.abstract,
            "one_of": [n for n in schema.members(declared.name) if not schema.element(n).abstract]
            if declared.abstract
            else [],
            "inside": sorted(inside),
            "usual": place,
            "types": list(declared.types),
            "fields": list(fields(element, schema)),
        }
    )


def script(data: dict[str, Any]) -> str:
    """Return the data as a script; nothing in it ends the element that holds a script."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f"window.nboModel = {text};\n"


def pages() -> dict[str, str]:
    """Return the page and its data: path within the documentation to text."""
    data = model()
    numbers = {
        "version": data["version"],
        "elements": f"{len(data['elements']):,}",
        "fields": f"{sum(len(e.get('fields', ())) for e in data['elements']):,}",
        "rows": f"{len(data['rows']):,}",
    }
    return {"reference/model.md": PAGE.format(**numbers), "reference/model-data.js": script(data)}
