"""Elements of OME on the way to text; planes are written row by row and are never all in memory as elements."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.model import Fact
from nbo_extract.ome_rules import ome_rules, ome_text, ome_unit
from nbo_extract.xmlio import escaped_attribute, escaped_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.model import PlaneTable
    from nbo_extract.schema import Attribute, Declaration

_INDEX = ("TheZ", "TheC", "TheT")


@dataclass(slots=True)
class Element:
    """An element of OME on the way; `points` is the NBO ID that an element refers to."""

    kind: Declaration
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str | None = None
    points: str | None = None
    own: str = ""
    planes: PlaneTable | None = None

    @property
    def name(self) -> str:
        """Name of the element."""
        return self.kind.name

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def declared(kind: Declaration, name: str) -> Declaration:
    """Return the declaration of a child that OME has."""
    child = kind.child(name)
    if child is None:
        raise LookupError(f"OME has no {name} in {kind.name}")
    return child


def emit(element: Element, head: str, depth: int) -> Iterator[str]:
    """Yield an element and all below it; `head` stands before its attributes."""
    indent = "  " * depth
    order = [n for n in element.kind.attributes if n in element.attributes]
    stated = "".join(f' {n}="{escaped_attribute(element.attributes[n])}"' for n in order)
    planes = element.planes if element.name == "Pixels" else None
    yield f"{indent}<{element.name}{head}{stated}"
    if element.text:
        yield f">{escaped_text(element.text)}</{element.name}>\n"
        return
    if not element.children and planes is None:
        yield "/>\n"
        return
    yield ">\n"
    places = {c.name: use.position for c in element.children if (use := element.kind.use(c.name)) is not None}
    for child in sorted(element.children, key=lambda c: places[c.name]):
        yield from emit(child, "", depth + 1)
    if planes is not None:
        yield from _emit_planes(element, planes, indent + "  ")
    yield f"{indent}</{element.name}>\n"


def _emit_planes(pixels: Element, table: PlaneTable, indent: str) -> Iterator[str]:
    """Yield planes as text, each place once; of several planes at one place nothing says which one it is."""
    kind = declared(pixels.kind, "Plane")
    if any(name not in table.columns for name in _INDEX):
        return
    limits = [int(pixels.attributes[n]) for n in ("SizeZ", "SizeC", "SizeT")]
    keys = list(zip(*(table.columns[name] for name in _INDEX), strict=True))
    counts = Counter(keys)
    nodes = {tuple(c.attributes.get(n) for n in _INDEX) for c in pixels.children if c.name == "Plane"}
    columns = list(_plane_columns(kind, table))
    for row, key in enumerate(keys):
        if counts[key] > 1 or key in nodes or not _within(key, limits):
            continue
        facts = "".join(column.text(row) for column in columns)
        yield f'{indent}<Plane TheZ="{key[0]}" TheT="{key[2]}" TheC="{key[1]}"{facts}/>\n'


def _within(key: tuple[str | None, ...], limits: list[int]) -> bool:
    return all(k is not None and k.isdecimal() and int(k) < limit for k, limit in zip(key, limits, strict=True))


@dataclass(frozen=True, slots=True)
class _Column:
    """A fact of all planes, as text."""

    name: str
    attribute: Attribute
    values: list[str | None]
    unit: str

    def text(self, row: int) -> str:
        value = self.values[row]
        text = None if value is None else ome_text(Fact(value), self.attribute.type)
        return "" if text is None else f' {self.name}="{text}"{self.unit}'


def _plane_columns(kind: Declaration, table: PlaneTable) -> Iterator[_Column]:
    rule = ome_rules().elements["Plane"]
    for name, attribute in kind.attributes.items():
        source = rule.attributes[name][0].paths[0] if name in rule.attributes else name
        if name in (*_INDEX, *kind.unit_names) or source not in table.columns:
            continue
        unit = ""
        if attribute.unit is not None:
            symbol = ome_unit(Fact("", table.units.get(source)), kind.attributes[attribute.unit])
            if symbol is None:
                continue
            unit = f' {attribute.unit}="{symbol}"'
        yield _Column(name, attribute, table.columns[source], unit)
