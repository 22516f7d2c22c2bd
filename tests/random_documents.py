"""Random Documents of the whole NBO model: each valid apart from what it leaves out."""

from __future__ import annotations

import random
import re
import sys
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.model import Document, Fact, Node, Origin, PlaneTable, Source
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.schema import Attribute, Declaration, SimpleType, Use

TEXTS = (
    "Plan-Apochromat 63x/1.4",
    "µm & <mm> \"'",
    " two  blanks ",
    "line\nbreak\r\ttab",
    "顕微鏡",
    "\U0001f52c",
    "na]]>",
)
FOREIGN = (
    '<a xmlns="urn:x">é &amp; &lt;</a>',
    '<p:b xmlns:p="urn:y" c="&quot;1&quot;"><p:d></p:d></p:b>',
    '<plain xmlns=""><inner>1</inner></plain>',
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"></OME><b xmlns="urn:z"></b>',
)
SAMPLES = {
    "xsd:float": ("1.4", "-0.0", "1e-7", "123456789.123456789", "INF", "NaN", "0.1000"),
    "xsd:double": ("2.5", "-1E300"),
    "xsd:boolean": ("true", "false", "1", "0"),
    "xsd:date": ("2021-02-28", "1999-12-31Z"),
    "xsd:dateTime": ("2021-02-28T12:00:00", "2021-02-28T12:00:00.123456789+02:00"),
    "xsd:anyURI": ("http://example.org/a?b=c&d", "urn:x:y"),
    "xsd:base64Binary": ("AAAA", "aGVsbG8="),
}
KEYS = ("ID", "TheC", "TheT", "TheZ")


class Maker:
    """Makes Documents from a seed, with free texts to choose from."""

    def __init__(self, seed: int, texts: Sequence[str] = TEXTS, size: int = 40) -> None:
        self.random = random.Random(seed)
        self.texts = list(texts)
        self.budget = size
        self.count = 0
        self.schema = load()
        self.sources = [
            Source("embedded", "a.czi", "Metadata/Objective", "1,4", "zeiss-czi:objective.LensNA"),
            Source("hardware", "scope.json", "Objective/x"),
            Source("derived", rule="units"),
            Source("user", raw="\x00\x1b control characters of a vendor"),
        ]

    def document(self) -> Document:
        """Make a Document with findings and origin."""
        chance = self.random
        root = self.node(self.schema.element("OME"), 0)
        document = Document(link(root, chance))
        document.origin = Origin(
            "/data/a.czi", "Zeiss CZI", "czi", {"nbo-extract": "1", "format": "1.0"}, ("/data/a.czi",), {"h.json": "00"}
        )
        document.findings = [
            Finding("NBO101", "warning", chance.choice(self.texts), element="Image", value=chance.choice(self.texts))
            for _ in range(chance.randrange(3))
        ]
        document.unmapped = [f"a/b[{n}]" for n in range(chance.randrange(3))]
        return document

    def node(self, kind: Declaration, depth: int) -> Node:
        """Make an instance with random attributes and children."""
        self.budget -= 1
        node = Node(kind.name, self.facts(kind))
        if kind.text is not None and (kind.text.primitive != "xsd:string" or self.random.random() < 0.9):
            node.text = self.fact(self.value(kind.text) or "text")
        if kind.wildcard and self.random.random() < 0.9:
            node.foreign = self.random.choice(FOREIGN)
        if kind.name == "Pixels" and self.random.random() < 0.7:
            node.planes = self.planes(kind)
        for use in self.chosen_uses(kind):
            for _ in range(self.random.randint(1, 2 if use.maximum is None else min(use.maximum, 2))):
                child = self.member(kind, use)
                if child is not None and self.budget > 0 and depth < 9:
                    node.children.append(self.node(child, depth + 1))
        self.random.shuffle(node.children)
        return node

    def chosen_uses(self, kind: Declaration) -> list[Use]:
        """Choose some children; of an exclusive choice at most one branch."""
        if kind.name == "OME":
            pool = [u for u in kind.uses if u.name != "BinaryOnly"]
            return self.random.sample(pool, self.random.randint(1, len(pool)))
        branches: dict[int, set[int]] = {}
        for use in kind.uses:
            if use.choice is not None:
                branches.setdefault(use.choice, set()).add(use.position)
        taken = {choice: self.random.choice(sorted(places)) for choice, places in branches.items()}
        pool = [u for u in kind.uses if u.choice is None or taken[u.choice] == u.position]
        return self.random.sample(pool, self.random.randint(0, min(len(pool), 6)))

    def member(self, kind: Declaration, use: Use) -> Declaration | None:
        """Choose the element itself or a member of its substitution group."""
        names = [use.name, *(self.schema.members(use.name) if use.declaration is None else ())]
        found = [d for n in names if (d := kind.child(n)) is not None and not d.abstract]
        return self.random.choice(found) if found else None

    def facts(self, kind: Declaration) -> dict[str, Fact]:
        """State an ID and some of the attributes, units with their values or alone."""
        units = {n: self.value(kind.attributes[n].type) for n in sorted(kind.unit_names)}
        facts: dict[str, Fact] = {}
        names = [n for n, a in kind.attributes.items() if a.writable and n not in kind.unit_names]
        self.random.shuffle(names)
        for name in names:
            attribute = kind.attributes[name]
            if name == "ID":
                facts[name] = self.fact(self.identifier(attribute.type))
            elif self.random.random() < 0.5:
                unit = units[attribute.unit] if attribute.unit and self.random.random() < 0.7 else None
                facts[name] = self.fact(self.value(attribute.type), unit)
        for name, value in units.items():
            if self.random.random() < 0.1:
                facts[name] = self.fact(value)
        return facts

    def fact(self, value: str, unit: str | None = None) -> Fact:
        """Give a value one of the sources, or none."""
        return Fact(value, unit, self.random.choice([None, *self.sources]))

    def identifier(self, kind: SimpleType) -> str:
        """Make an ID that nothing else has."""
        self.count += 1
        found = [re.search(r"\|\((\w+):\\S\+\)$", p) for p in kind.patterns]
        prefix = next((m[1] for m in found if m is not None), "X")
        return f"{prefix}:{self.count}"

    def value(self, kind: SimpleType) -> str:
        """Make a valid text of a type."""
        chance = self.random
        if kind.enum:
            return chance.choice(kind.enum)
        if kind.name == "UniversallyUniqueIdentifier":
            return f"urn:uuid:{chance.getrandbits(128):032x}"[:17] + "-0123-4567-89ab-0123456789ab"
        if kind.patterns:
            return self.identifier(kind)
        if kind.length is not None:
            return f"{chance.getrandbits(kind.length * 8):0{kind.length * 2}X}"
        if kind.integer:
            return str(chance.randint(int(kind.minimum if kind.minimum is not None else -9), 2**31 - 1))
        if kind.numeric and (kind.minimum is not None or kind.above is not None):
            return chance.choice(("0.5", "1", "1e-3", "0.25"))
        return chance.choice(SAMPLES.get(kind.primitive, tuple(self.texts)))

    def planes(self, pixels: Declaration) -> PlaneTable:
        """Make planes in columns, with gaps."""
        plane = pixels.child("Plane")
        if plane is None:
            raise AssertionError("Pixels without planes")
        rows = self.random.randint(1, 5)
        optional = [n for n in plane.attributes if n not in KEYS and n not in plane.unit_names]
        names = sorted([*KEYS, *self.random.sample(optional, self.random.randint(0, 5))])
        columns: dict[str, list[str | None]] = {}
        units, sources = {}, {}
        for name in names:
            attribute = plane.attributes[name]
            if name == "ID":
                columns[name] = [self.identifier(attribute.type) for _ in range(rows)]
            else:
                columns[name] = [self.value(attribute.type) for _ in range(rows)]
            if name not in KEYS and rows > 1:
                columns[name][self.random.randrange(rows)] = None
            if attribute.unit is not None and self.random.random() < 0.7:
                units[name] = self.value(plane.attributes[attribute.unit].type)
            if self.random.random() < 0.5:
                sources[name] = self.random.choice(self.sources)
        return PlaneTable(columns, units, sources)


def link(root: Node, chance: random.Random) -> Node:
    """Point every reference to an element that is there; a reference without a target loses its ID."""
    schema = load()
    annotations = [n.id for s in root.all("StructuredAnnotations") for n in s.children]
    known: dict[str, list[str]] = {}
    for node in root.walk():
        if node.name not in schema.references and node.id:
            known.setdefault(node.name, []).append(node.id)
    used: set[str] = set()
    for node in root.walk():
        if "Annotator" in node.facts:
            people = known.get("Experimenter", [])
            node.facts.pop("Annotator")
            if people:
                node.put("Annotator", chance.choice(people))
        for child in list(node.children):
            if child.name not in schema.references:
                continue
            attribute, targets = schema.references[child.name]
            pool = annotations if child.name == "AnnotationRef" else _identifiers(known, targets, node.name)
            pool = [i for i in pool if i not in used] if node.name == "WellSample" else pool
            if node.name == "WellSample" and not pool:
                # An image may belong to one well only, and the reference must have its ID.
                node.children.remove(child)
            elif not pool:
                child.facts.pop(attribute, None)
            elif attribute in child.facts:
                child.put(attribute, chance.choice(pool), source=child.facts[attribute].source)
                used |= {child.facts[attribute].value} if node.name == "WellSample" else set()
    return root


def _identifiers(known: dict[str, list[str]], targets: Iterable[str], holder: str) -> list[str]:
    # The XSD's key for light sources does not know laser engines, though they are light sources.
    skipped = {"MultiLaserEngine"} if holder == "MicrobeamManipulation" else set()
    return [i for t in sorted(set(targets) - skipped) for i in known.get(t, [])]


def whole(kind: Declaration) -> Document | None:
    """Make a Document with one instance of a declaration, all attributes stated, at the nearest place to the root."""
    path = _path_to(kind)
    if path is None:
        return None
    maker = Maker(1)
    root = Node("OME")
    node = root
    for step in path:
        node.children.append(Node(step.name, {n: maker.fact(maker.identifier(a.type)) for n, a in _ids(step)}))
        node = node.children[0]
    for name, attribute in kind.attributes.items():
        if attribute.writable and name not in node.facts and name not in kind.unit_names:
            unit = kind.attributes[attribute.unit].type if attribute.unit else None
            node.put(name, maker.value(attribute.type), None if unit is None else (unit.enum or ("1",))[0])
    if kind.name == "Plane":
        # A plane without children is a row of a table, unless it does not say which plane it is.
        del node.facts["TheT"]
    if kind.text is not None:
        node.text = Fact(maker.value(kind.text) or "text")
    if kind.wildcard:
        node.foreign = FOREIGN[0]
    return Document(link(root, maker.random))


def _ids(kind: Declaration) -> list[tuple[str, Attribute]]:
    return [(n, a) for n, a in kind.attributes.items() if n == "ID"]


def _path_to(wanted: Declaration) -> list[Declaration] | None:
    start = load().element("OME")
    if wanted is start:
        return []
    seen, queue = {id(start)}, [(start, [])]  # type: tuple[set[int], list[tuple[Declaration, list[Declaration]]]]
    while queue:
        kind, path = queue.pop(0)
        for name in kind.children:
            child = kind.child(name)
            if child is wanted:
                return [*path, child]
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                queue.append((child, [*path, child]))
    return None


if __name__ == "__main__":  # the same bytes in every process, whatever its hash seed
    from nbo_extract.jsonio import provenance_json, to_json, to_jsonld
    from nbo_extract.xmlio import to_xml

    for number in range(5):
        made = Maker(number).document()
        for form in (to_xml, to_json, to_jsonld, provenance_json):
            sys.stdout.buffer.write(form(made.arrange()).encode("utf-8"))
