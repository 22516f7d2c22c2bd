"""Documents that miss nothing of what is asked for, and the same without one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.applicability import placeholder
from nbo_extract.checking import check
from nbo_extract.model import Document, Fact, Node
from nbo_extract.profiles import named
from nbo_extract.schema import load
from nbo_extract.shapes import wanted, wanted_by
from random_documents import Maker

if TYPE_CHECKING:
    from nbo_extract.checking import Gap
    from nbo_extract.requirements import Level
    from nbo_extract.schema import Declaration
    from nbo_extract.shapes import Wanted

ALL = ("core", "basic", "advanced", "calibration")
#: Tier, extensions and level, or the name of a profile.
Axes = tuple[int, tuple[str, ...], "Level"] | str
PROFILES: list[Axes] = [
    (1, ("core",), "must"),
    (1, ALL, "should"),
    (2, ("core", "basic"), "must"),
    (3, ("core", "basic", "calibration"), "should"),
    (3, ALL, "must"),
    "rembi",
    "bioimage-archive",
    "manufacturer",
]


def what_of(axes: Axes) -> Wanted:
    """Return the same for a schema."""
    return wanted_by(named(axes)) if isinstance(axes, str) else wanted(*axes)


def missing(document: Document, axes: Axes) -> list[Gap]:
    """Return what a document misses, taken literally."""
    if isinstance(axes, str):
        return [g for g in check(document, profile=axes, literal=True).gaps if g.counted]
    tier, extensions, level = axes
    return check(document, tier=tier, extensions=extensions, level=level, literal=True).gaps


def random_document(seed: int, size: int = 40) -> Document:
    """Return a random Document of NBO's form."""
    return settled(Maker(seed, size=size).document())


def settled(document: Document) -> Document:
    """Take out what no document can state, and what says that there is nothing to be judged."""
    for node in document.root.walk():
        if node.name == "LightGuide":
            # The published schema gives it an empty pattern besides the enumeration: no value is valid.
            node.facts.pop("Geometry", None)
    document.findings = []
    return document.arrange()


def complete(document: Document, axes: Axes, seed: int = 0) -> Document:
    """Add what is missing until nothing is; in place."""
    maker = Maker(seed, ("words",))
    for _ in range(40):
        gaps = missing(document, axes)
        if not gaps:
            return settled(document)
        for gap in [g for g in gaps if g.requirement.element == "OME"]:
            sole = len(gaps) == 1 and not isinstance(axes, str)
            name = maker.random.choice(("Image", "Instrument")) if sole else gap.requirement.name
            document.root.children.append(smallest(declared(()), name, maker))
        for gap in gaps:
            for spot in gap.spots:
                _add(document, gap, spot.chain, spot.planes, maker)
        settled(document)
    raise AssertionError(f"never complete: {[g.requirement for g in missing(document, axes)]}")


def _add(document: Document, gap: Gap, chain: tuple[Node, ...], planes: int, maker: Maker) -> None:
    name = gap.requirement.name
    node = chain[-1] if chain else document.root
    kind = declared(chain)
    if planes and node.planes is not None:
        _add_column(node, kind, gap, maker)
    holders = [node]
    if gap.requirement.element == "Plane" and node.name == "Pixels":
        plane = kind.child("Plane")
        assert plane is not None
        holders, kind = node.all("Plane"), plane
    for holder in holders:
        if gap.requirement.kind == "child":
            if not any(c.name in gap.requirement.satisfied_by for c in holder.children):
                holder.children.append(smallest(kind, gap.requirement.satisfied_by[0], maker))
        elif name in kind.unit_names and any(a.unit == name and n in holder.facts for n, a in kind.attributes.items()):
            owner = next(n for n, a in kind.attributes.items() if a.unit == name and n in holder.facts)
            holder.facts[owner] = Fact(holder.facts[owner].value, maker.value(kind.attributes[name].type))
        elif not (holder.get(name) or "").strip() or placeholder(holder, name, kind.attributes[name]):
            holder.put(name, value(kind, name, maker))


def _add_column(node: Node, kind: Declaration, gap: Gap, maker: Maker) -> None:
    plane, name, table = kind.child("Plane"), gap.requirement.name, node.planes
    assert plane is not None and table is not None
    if gap.requirement.kind == "child":
        # Only a plane of its own can hold something.
        node.children += [Node("Plane", row) for row in table.rows()]
        node.planes = None
    elif name in plane.unit_names:
        owner = next(n for n, a in plane.attributes.items() if a.unit == name and n in table.columns)
        table.units[owner] = maker.value(plane.attributes[name].type)
    else:
        old = table.columns.get(name, [None] * len(table))
        table.columns[name] = [v if v not in (None, "NaN") else value(plane, name, maker) for v in old]


def smallest(kind: Declaration, name: str, maker: Maker) -> Node:
    """Return an instance with nothing but text, where it has one."""
    child = kind.child(name)
    assert child is not None
    node = Node(name)
    if child.text is not None:
        node.text = Fact(maker.value(child.text))
    return node


def value(kind: Declaration, name: str, maker: Maker) -> str:
    """Return a value that counts as stated."""
    of = kind.attributes[name].type
    if of.enum:
        return next(v for v in of.enum if v.strip())
    if name == "ID":
        return maker.identifier(of)
    return next(v for _ in range(99) if (v := maker.value(of)) != "NaN")


def declared(chain: tuple[Node, ...]) -> Declaration:
    """Return the declaration of the last of a chain of nodes below the root."""
    kind: Declaration | None = load().element("OME")
    for node in chain:
        assert kind is not None
        kind = kind.child(node.name)
    assert kind is not None
    return kind


def without_one(document: Document, maker: Maker) -> str:
    """Take one attribute, unit or child out of a document, in place; return which."""
    chance = maker.random
    nodes = [n for n in document.root.walk() if n.facts or n.children]
    node = chance.choice(nodes)
    ways = [("attribute", n) for n in node.facts] + [("child", n) for n in sorted({c.name for c in node.children})]
    ways += [("unit", n) for n, f in node.facts.items() if f.unit is not None]
    ways += [("placeholder", n) for n, f in node.facts.items() if f.value == "words"]
    if node.planes is not None:
        ways += [("column", n) for n in node.planes.columns if n not in ("ID", "TheZ", "TheC", "TheT")]
    way, name = chance.choice(ways)
    if way == "attribute":
        del node.facts[name]
    elif way == "unit":
        node.facts[name] = Fact(node.facts[name].value)
    elif way == "placeholder":
        node.facts[name] = Fact(chance.choice(["", "  ", "na", "N/A", " Not  assigned ", "unKnown", "9999"]))
    elif way == "column":
        assert node.planes is not None
        del node.planes.columns[name]
        node.planes.units.pop(name, None)
    else:
        node.children = [c for c in node.children if c.name != name]
    return f"{way} {name} of {node.name}"
