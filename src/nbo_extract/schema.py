"""The NBO model as data: elements, attributes, child order, types and units.

The table is built by ``scripts/build_schema.py`` from the published XSD; this module reads it. A declaration depends on
where an element stands (``WavelengthRange`` within ``Detector`` is not the global one), so lookups start at a parent.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import MappingTableError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSIONS = ("02-01",)
_ID_KIND = re.compile(r"\|\((\w[\w-]*):\\S\+\)$")
_XML_NAME = re.compile(r"[A-Za-z_][\w.\-]*\Z")


@dataclass(frozen=True, slots=True)
class SimpleType:
    """A value type: XSD primitive, enumeration and facets, with bases resolved.

    Attributes
    ----------
    name : str
        Name in the schema; empty for an anonymous type.
    primitive : str
        XSD type at the bottom of the derivation, such as ``xsd:float``.
    enum : tuple of str
        Allowed values; empty where any is.
    patterns : tuple of str
        Regular expressions of which one has to match.
    minimum, maximum, above : float or None
        Inclusive bounds and exclusive lower bound.
    """

    name: str
    primitive: str
    enum: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    length: int | None = None

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.primitive in _NUMERIC

    @property
    def integer(self) -> bool:
        """Whether values are whole numbers."""
        return self.primitive in _INTEGER


_INTEGER = frozenset(
    f"xsd:{t}"
    for t in ("int", "integer", "long", "short", "positiveInteger", "nonNegativeInteger", "unsignedInt", "unsignedLong")
)
_NUMERIC = _INTEGER | {"xsd:float", "xsd:double", "xsd:decimal"}


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an NBO element.

    Attributes
    ----------
    name : str
        Published name, with the blanks that two of them have.
    type : SimpleType
    required : bool
        ``use="required"``, NBO's MUST.
    default : str or None
    tier : int or None
        As stated; None where the XSD is silent.
    unit : str or None
        Name of the attribute that holds the unit.
    declared_in : str
        Element or type that declares it.
    """

    name: str
    type: SimpleType
    required: bool
    default: str | None
    tier: int | None
    unit: str | None
    declared_in: str

    @property
    def writable(self) -> bool:
        """False for the two attributes whose published names hold blanks: no XML can carry them."""
        return _XML_NAME.match(self.name) is not None


@dataclass(frozen=True, slots=True)
class Use:
    """The use of an element in a content model.

    Attributes
    ----------
    name : str
        Element, or abstract head of a substitution group.
    minimum : int
    maximum : int or None
        None for unbounded.
    tier : int or None
        Tier stated at this use.
    extension : str or None
        Extension stated at this use.
    position : int
        Place in the child order; members of one choice share it.
    choice : int or None
        Number of the xsd:choice that holds the use; None outside of a choice.
    declaration : Declaration or None
        Local declaration; None for a reference to a global element.
    choice_minimum : int
        Least number of children of that choice, whichever they are.
    """

    name: str
    minimum: int
    maximum: int | None
    tier: int | None
    extension: str | None
    position: int
    choice: int | None
    declaration: Declaration | None
    choice_minimum: int = 0


@dataclass(frozen=True, eq=False)
class Declaration:
    """An element with its inherited attributes and content.

    Attributes
    ----------
    name : str
    extension, domain, category : str or None
        As stated in the schema's documentation.
    tier : int or None
        As stated at the declaration.
    types : tuple of str
        Named complex types that it derives from, nearest first.
    type_tier : int or None
        Tier stated by the nearest named type that states one.
    attributes : dict of str to Attribute
        In the schema's order, inherited ones first.
    unit_names : frozenset of str
        Attributes that hold the unit of another attribute.
    uses : tuple of Use
        Children in the schema's order.
    text : SimpleType or None
        Type of the text content.
    wildcard : bool
        Whether foreign XML may stand inside.
    group : str or None
        Head of the substitution group that it belongs to.
    abstract : bool
    """

    name: str
    extension: str | None
    tier: int | None
    domain: str | None
    category: str | None
    types: tuple[str, ...]
    type_tier: int | None
    attributes: dict[str, Attribute]
    unit_names: frozenset[str]
    uses: tuple[Use, ...]
    text: SimpleType | None
    wildcard: bool
    group: str | None
    abstract: bool
    schema: Schema = field(repr=False)

    @functools.cached_property
    def _use_by_name(self) -> dict[str, Use]:
        found: dict[str, Use] = {}
        for use in self.uses:
            for name in (use.name, *(self.schema.members(use.name) if use.declaration is None else ())):
                found.setdefault(name, use)
        return found

    @functools.cached_property
    def measured(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Attributes that hold units, in alphabetical order, each with those whose unit it holds."""
        return tuple(
            (unit, tuple(n for n, a in self.attributes.items() if a.unit == unit)) for unit in sorted(self.unit_names)
        )

    def use(self, child: str) -> Use | None:
        """Return the use that a child of this name falls under, directly or as member of a substitution group."""
        return self._use_by_name.get(child)

    def child(self, child: str) -> Declaration | None:
        """Return the declaration of a child of this name, or None where the schema has no such child here."""
        found = self.use(child)
        if found is None:
            return None
        return found.declaration or self.schema.element(child)

    @property
    def id_kind(self) -> str:
        """Word that stands before the colon in the IDs of the element, such as ``LightSource``."""
        patterns = self.attributes["ID"].type.patterns
        own = _ID_KIND.search(patterns[-1]) if patterns else None
        return own[1] if own else self.name

    @functools.cached_property
    def children(self) -> tuple[str, ...]:
        """Names of all children that an instance may hold, abstract heads left out."""
        return tuple(n for n in self._use_by_name if (d := self.child(n)) is not None and not d.abstract)


class Schema:
    """The NBO model of one version; get it from `load`.

    Parameters
    ----------
    table : dict
        Content of a schema table.
    """

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table
        self.version: str = table["version"]
        self.namespace: str = table["namespace"]
        self._members: dict[str, tuple[str, ...]] = {}
        for name, entry in table["elements"].items():
            if "group" in entry:
                self._members[entry["group"]] = (*self._members.get(entry["group"], ()), name)
        self._elements: dict[str, Declaration] = {}
        self._simple: dict[str, SimpleType] = {}

    @functools.cached_property
    def references(self) -> dict[str, tuple[str, frozenset[str]]]:
        """Referring element to (attribute, names of the elements that it may point to)."""
        table = resources.files("nbo_extract_mappings") / "schema" / "references.toml"
        data = tomllib.loads(table.read_text(encoding="utf-8"))
        # Declaring all of these elements to ask whether they are abstract would take longer than reading a file.
        elements = self._table["elements"]
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for name, targets in data["references"].items():
            concrete = frozenset(n for t in targets for n in (t, *self.members(t)) if not elements[n].get("abstract"))
            for member in (name, *self.members(name)):
                found[member] = (data["attributes"].get(member, "ID"), concrete)
        return found

    def in_methods(self, name: str) -> frozenset[str]:
        """Return the fields of a global element that NBO's spreadsheet wants in the methods section of a paper.

        Fields that its substitution groups have are among them; the XSD says nothing about this.
        """
        group = self._table["elements"][name].get("group")
        own = frozenset(self._table["spreadsheet"].get(name, {}).get("fields", ()))
        return own | (self.in_methods(group) if group is not None else frozenset())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all global elements, abstract heads included, in the schema's order."""
        return tuple(self._table["elements"])

    def __contains__(self, name: object) -> bool:
        return name in self._table["elements"]

    def element(self, name: str) -> Declaration:
        """Return a global element.

        Raises
        ------
        KeyError
            If the schema has no element of this name.
        """
        if name not in self._elements:
            self._elements[name] = self._declare(name, self._table["elements"][name])
        return self._elements[name]

    def members(self, head: str) -> tuple[str, ...]:
        """Return all members of a substitution group, those of nested groups included, abstract heads included."""
        direct = self._members.get(head, ())
        return tuple(n for name in direct for n in (name, *self.members(name)))

    def walk(self) -> Iterator[Declaration]:
        """Yield all global elements and all local declarations below them, each once."""
        seen: set[int] = set()

        def local(declaration: Declaration) -> Iterator[Declaration]:
            if id(declaration) not in seen:
                seen.add(id(declaration))
                yield declaration
                for use in declaration.uses:
                    if use.declaration is not None:
                        yield from local(use.declaration)

        for name in self.names:
            yield from local(self.element(name))

    def simple(self, given: str | dict[str, Any]) -> SimpleType:
        """Resolve a named or inline simple type, xsd: primitives included."""
        if isinstance(given, dict):
            return self._resolve("", given)
        if given not in self._simple:
            known = self._table["simple"].get(given)
            self._simple[given] = SimpleType(given, given) if known is None else self._resolve(given, known)
        return self._simple[given]

    def _resolve(self, name: str, entry: dict[str, Any]) -> SimpleType:
        base = self.simple(entry["base"])
        # The schema's base64Binary is a named copy of XSD's; either way text is passed through.
        bound = {k: float(entry[k]) if k in entry else None for k in ("minInclusive", "maxInclusive", "minExclusive")}
        return SimpleType(
            name,
            base.primitive,
            tuple(entry.get("enum", base.enum)),
            tuple(entry.get("pattern", ())) or base.patterns,
            bound["minInclusive"] if bound["minInclusive"] is not None else base.minimum,
            bound["maxInclusive"] if bound["maxInclusive"] is not None else base.maximum,
            bound["minExclusive"] if bound["minExclusive"] is not None else base.above,
            int(entry["length"]) if "length" in entry else base.length,
        )

    def _declare(self, name: str, entry: dict[str, Any]) -> Declaration:
        if not any(k in entry for k in ("base", "attrs", "content", "text")) and "group" in entry:
            # XSD: a member without a type has the type of its substitution group's head.
            entry = {**entry, "base": self._table["elements"][entry["group"]]["base"]}
        chain = list(self._chain(entry))
        attributes: dict[str, Attribute] = {}
        for declared_in, part in reversed(chain):
            for row in part.get("attrs", ()):
                attributes[row["name"]] = self._attribute(declared_in or name, row)
        text = next((self.simple(p["text"]) for _, p in chain if "text" in p), None)
        bottom = chain[-1][1].get("base")
        if text is None and bottom is not None and bottom not in self._table["types"]:
            text = self.simple(bottom)
        return Declaration(
            name,
            next((p["ext"] for _, p in chain if "ext" in p), None),
            entry.get("tier"),
            entry.get("domain"),
            entry.get("category"),
            tuple(t for t, _ in chain if t),
            next((p["tier"] for t, p in chain if t and "tier" in p), None),
            attributes,
            frozenset(a.unit for a in attributes.values() if a.unit),
            tuple(self._uses([p for _, p in reversed(chain)])),
            text,
            any(p.get("any", False) for _, p in chain),
            entry.get("group"),
            entry.get("abstract", False),
            self,
        )

    def _chain(self, entry: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        yield "", entry
        base = entry.get("base", "")
        while base in self._table["types"]:
            entry = self._table["types"][base]
            yield base, entry
            base = entry.get("base", "")

    def _attribute(self, declared_in: str, row: dict[str, Any]) -> Attribute:
        return Attribute(
            row["name"],
            self.simple(row["type"]),
            row.get("required", False),
            row.get("default"),
            row.get("tier"),
            row.get("unit"),
            declared_in,
        )

    def _uses(self, parts: list[dict[str, Any]]) -> Iterator[Use]:
        position = 0
        choices = 0

        def visit(part: dict[str, Any], choice: int | None, least: int) -> Iterator[Use]:
            nonlocal position, choices
            if "choice" in part:
                choices += 1
                inside = choices
                demanding = all("seq" not in inner and inner.get("min", 1) for inner in part["choice"])
                least = part.get("min", 1) if demanding else 0
                # Members of a repeated choice may mix: they share one position and keep the order of instances.
                for inner in part["choice"]:
                    start = position
                    yield from visit(inner, inside, least)
                    if part.get("max", 1) is None and "seq" not in inner:
                        position = start
                position += 1
            elif "seq" in part:
                for inner in part["seq"]:
                    yield from visit(inner, choice, least)
            else:
                name = part.get("ref") or part["el"]
                declared = self._declare(name, part["decl"]) if "decl" in part else None
                optional = 0 if choice is not None and part.get("min", 1) else part.get("min", 1)
                limit = part.get("max", 1)
                yield Use(name, optional, limit, part.get("tier"), part.get("ext"), position, choice, declared, least)
                position += 1

        for part in parts:
            if "content" in part:
                yield from visit(part["content"], None, 0)


@functools.cache
def load(version: str = VERSIONS[-1]) -> Schema:
    """Load the NBO model of a version.

    Raises
    ------
    MappingTableError
        If there is no table of this version.
    """
    if version not in VERSIONS:
        raise MappingTableError(f"NBO version {version} is not known; known: {', '.join(VERSIONS)}")
    table = resources.files("nbo_extract_mappings") / "schema" / f"nbo-{version}.json"
    return Schema(json.loads(table.read_text(encoding="utf-8")))
