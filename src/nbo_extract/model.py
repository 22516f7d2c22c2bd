"""The Document: a tree of NBO elements whose facts know where they came from.

Values are texts, exactly as NBO XML carries them: nothing is rounded on the way, and each form (XML, JSON) reads back
to an equal Document. `Fact.number` gives the exact number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.findings import Finding
    from nbo_extract.schema import Declaration

Kind = Literal["embedded", "hardware", "derived", "user"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact came from.

    Attributes
    ----------
    kind : {'embedded', 'hardware', 'derived', 'user'}
        Read from the image; filled from a hardware description; follows from another fact by a named rule; given
        by the user.
    file : str
        Name of the file.
    path : str
        Place within the file: vendor path, or hardware component.
    raw : str
        The text there, before any conversion; empty where it is the value itself.
    rule : str
        Table row or matching rule, such as ``zeiss-czi:objective.LensNA``.
    derivation : str
        Named rule by which the fact follows from others, such as ``objective-name``; empty for what is stated.
    """

    kind: Kind
    file: str = ""
    path: str = ""
    raw: str = ""
    rule: str = ""
    derivation: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one attribute. Equality is about the statement, not about its source.

    Attributes
    ----------
    value : str
        As NBO XML writes it: numbers in full precision, booleans as ``true`` or ``false``.
    unit : str or None
        NBO's symbol for the unit, such as ``µm``; None where the attribute has none or the source stated none.
    source : Source or None
    """

    value: str
    unit: str | None = None
    source: Source | None = field(default=None, compare=False)

    @property
    def number(self) -> Decimal | None:
        """The exact number, or None where the value is not a finite one."""
        try:
            number = Decimal(self.value)
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    @property
    def quantity(self) -> str:
        """The value as people read it, with its unit where it has one."""
        return f"{self.value} {self.unit}" if self.unit else self.value


@dataclass(slots=True)
class PlaneTable:
    """The planes of one Pixels in columns: a million planes are a few lists, not a million nodes.

    Attributes
    ----------
    columns : dict of str to list of (str or None)
        Attribute of Plane to one value a plane; all of the same length. ``TheZ``, ``TheC``, ``TheT`` and ``ID`` are
        always present. Columns are in alphabetical order, as reading back gives them.
    units : dict of str to str
        Attribute to the unit of its column.
    sources : dict of str to Source
        Attribute to where its column came from.
    """

    columns: dict[str, list[str | None]]
    units: dict[str, str] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        return max((len(c) for c in self.columns.values()), default=0)

    def rows(self) -> Iterator[dict[str, Fact]]:
        """Yield the facts of each plane."""
        names = list(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield {
                n: Fact(v, self.units.get(n), self.sources.get(n))
                for n, v in zip(names, values, strict=True)
                if v is not None
            }


@dataclass(slots=True)
class Node:
    """An instance of an NBO element.

    Attributes
    ----------
    name : str
        Element, in NBO's spelling.
    facts : dict of str to Fact
        Attribute to fact. A unit attribute is not a key of its own: it is the unit of the fact it belongs to. Only a
        unit whose value is absent stands alone.
    children : list of Node
        Forms write them in the schema's order, into which `Document.arrange` puts them.
    text : Fact or None
        Text content.
    foreign : str
        Content of other namespaces (of an XMLAnnotation's Value) as canonical XML.
    planes : PlaneTable or None
        Of Pixels: its planes that have no children of their own.
    """

    name: str
    facts: dict[str, Fact] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: Fact | None = None
    foreign: str = ""
    planes: PlaneTable | None = None

    @property
    def id(self) -> str:
        """Value of ``ID``, empty where there is none."""
        fact = self.facts.get("ID")
        return fact.value if fact is not None else ""

    def get(self, attribute: str) -> str | None:
        """Value of an attribute, or None."""
        fact = self.facts.get(attribute)
        return None if fact is None else fact.value

    def put(self, attribute: str, value: str, unit: str | None = None, source: Source | None = None) -> None:
        """State a fact; an earlier one of this attribute is replaced."""
        self.facts[attribute] = Fact(value, unit, source)

    def add(self, name: str, **facts: str) -> Node:
        """Append a child with plain facts and return it."""
        child = Node(name, {key: Fact(value) for key, value in facts.items()})
        self.children.append(child)
        return child

    def all(self, *names: str) -> list[Node]:
        """Return the direct children of these names."""
        return [c for c in self.children if c.name in names]

    def first(self, *names: str) -> Node | None:
        """Return the first direct child of these names, or None."""
        return next((c for c in self.children if c.name in names), None)

    def settle_units(self, kind: Declaration) -> None:
        """Give each fact the unit that is stated for it, be it in a fact of its own or with a value that shares it.

        One unit attribute may serve several values (the edges of a wavelength range).
        """
        for unit_name, measured in kind.measured:
            owners = [n for n in measured if n in self.facts]
            if not owners:
                continue
            stated = {f.unit for n in owners if (f := self.facts[n]).unit is not None}
            if unit_name in self.facts:
                stated.add(self.facts[unit_name].value)
            if len(stated) == 1:
                unit = next(iter(stated))
                for name in owners:
                    if self.facts[name].unit != unit:
                        self.facts[name] = replace(self.facts[name], unit=unit)
                self.facts.pop(unit_name, None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, parents first."""
        left = [self]
        while left:
            node = left.pop()
            yield node
            left.extend(reversed(node.children))


@dataclass(slots=True)
class Origin:
    """What a Document was made from; not part of its equality.

    Attributes
    ----------
    file : str
        Path of the image as the user named it.
    format, reader : str
        Format for people and name of the reader.
    versions : dict of str to str
        Versions of product, format, tables and libraries.
    files : tuple of str
        All files of the set.
    hardware : dict of str to str
        Hardware description, or other stored file that something came from, to its SHA-256.
    """

    file: str = ""
    format: str = ""
    reader: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    hardware: dict[str, str] = field(default_factory=dict)

    def came_from(self, name: str, path: str, sha256: str) -> None:
        """Note a stored file by its name; by its path where another file of this name is noted already."""
        known = self.hardware.get(name, sha256) == sha256
        self.hardware[name if known else path] = sha256


@dataclass(slots=True)
class Document:
    """An NBO document.

    Attributes
    ----------
    root : Node
        The ``OME`` element of the NBO schema.
    version : str
        Version of the NBO model.
    origin : Origin
    findings : list of Finding
        What went wrong or needs attention, in the order found.
    unmapped : list of str
        Vendor paths that no table row read.
    """

    root: Node = field(default_factory=lambda: Node("OME"))
    version: str = "02-01"
    origin: Origin = field(default_factory=Origin, compare=False)
    findings: list[Finding] = field(default_factory=list, compare=False)
    unmapped: list[str] = field(default_factory=list, compare=False)

    @property
    def images(self) -> list[Node]:
        """The Image elements."""
        return self.root.all("Image")

    @property
    def instruments(self) -> list[Node]:
        """The Instrument elements."""
        return self.root.all("Instrument")

    def arrange(self) -> Document:
        """Put all children into the schema's order (stable) and units beside their values, in place.

        A Document in this order equals what its XML or JSON reads back to.

        Returns
        -------
        Document
            The same object.
        """
        from nbo_extract.schema import load

        def visit(node: Node, kind: Declaration | None) -> None:
            if kind is None:
                return
            node.settle_units(kind)
            places = {c.name: use.position for c in node.children if (use := kind.use(c.name)) is not None}
            node.children.sort(key=lambda c: places.get(c.name, -1))
            for child in node.children:
                visit(child, kind.child(child.name))

        visit(self.root, load(self.version).element(self.root.name))
        return self

    def index(self) -> dict[str, Node]:
        """Return ID to node for everything that has one and is not itself a reference to another element.

        The first of several nodes of one ID wins.
        """
        from nbo_extract.schema import load

        references = load(self.version).references
        found: dict[str, Node] = {}
        for node in self.root.walk():
            if node.id and node.name not in references:
                found.setdefault(node.id, node)
        return found
