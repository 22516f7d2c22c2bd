"""The engine that lifts a RawRecord into an NBO Document by a mapping table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract.functions import EXPANDERS
from nbo_extract.lift_more import fill_from
from nbo_extract.lift_planes import add_planes
from nbo_extract.lift_rows import Rows, Scope, Trace, short
from nbo_extract.model import Document, Fact, Node, Origin, Source
from nbo_extract.schema import load
from nbo_extract.tables import load_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from nbo_extract.record import RawRecord
    from nbo_extract.schema import Attribute, Declaration
    from nbo_extract.tables import Block, Row, Table


@dataclass(slots=True)
class Instance:
    """A node that a block has made, with its place in source and model."""

    block: Block
    node: Node
    scope: Scope
    parent: Instance | None
    key: str = ""

    def of(self, block: str) -> Instance | None:
        """Return the nearest instance of a block, from this one upwards."""
        here: Instance | None = self
        while here is not None and here.block.id != block:
            here = here.parent
        return here


@dataclass(slots=True)
class _Pending:
    node: Node
    attribute: str
    blocks: tuple[str, ...]
    key: str
    source: Source


@dataclass
class Lift:
    """One run of a table over a record. Use `lift`."""

    record: RawRecord
    table: Table
    document: Document = field(default_factory=Document)
    skip: frozenset[str] = frozenset()
    trace: Trace | None = None

    def __post_init__(self) -> None:
        self.schema = load(self.document.version)
        self.instances: dict[str, list[Instance]] = {}
        self._keyed: dict[tuple[str, int, str], Instance] = {}
        self._by_key: dict[tuple[str, str], Instance] = {}
        self._by_item: dict[tuple[str, int], Instance] = {}
        self._pending: list[_Pending] = []
        self._counters: dict[str, int] = {}
        self._declared: dict[int, Declaration] = {id(self.document.root): self.schema.element("OME")}
        self._kept: set[int] = set()
        self._keep_alive: list[Any] = []
        self.rows = Rows(self.record, self.table, self.document, self.skip, self.trace)

    # -- running --------------------------------------------------------------------------------------------------

    def run(self) -> Document:
        """Run all blocks, resolve references, drop what states nothing."""
        top = Scope(self.rows, self.record.tree, self.table.variables, None)
        for block in self.table.children.get("", ()):
            self._run_block(block, None, top)
        self._resolve()
        if self.table.planes is not None:
            add_planes(self)
        self._prune(self.document.root)
        self._drop_dangling()
        self._prune(self.document.root)
        self.document.arrange()
        return self.document

    def _run_block(self, block: Block, parent: Instance | None, scope: Scope) -> None:
        for item in self._items(block, scope):
            inner = Scope(self.rows, item, block.let, scope, block.id)
            if block.when is not None and not self.rows.evaluate(block.when, inner):
                continue
            instance = self._instance(block, parent, inner)
            if instance is None:
                continue
            for child in self.table.children.get(block.id, ()):
                self._run_block(child, instance, inner)

    def _items(self, block: Block, scope: Scope) -> list[Any]:
        items: list[Any] = []
        for path in block.each:
            found = self.rows.evaluate(path, scope)
            items = [i for i in found if hasattr(i, "tag") or str(i).strip()] if isinstance(found, list) else []
            if items:
                break
        if not block.expand:
            # Attribute and text results stand for the element that has them.
            return [i if hasattr(i, "tag") else i.getparent() for i in items]
        return [made for item in items for made in self._expand(block, item)]

    def _expand(self, block: Block, item: Any) -> Iterator[Any]:
        from lxml import etree

        text = "".join(item.itertext()) if hasattr(item, "tag") else str(item)
        place = self.rows.place(item)
        for attributes in EXPANDERS[block.expand](text):
            made = etree.Element("item", attributes)
            self._keep_alive.append(made)
            self.rows.origins[id(made)] = place
            yield made

    def _instance(self, block: Block, parent: Instance | None, scope: Scope) -> Instance | None:
        home = self._home(block, parent)
        if home is None:
            return None
        name = self._name(block, scope)
        if not name:
            return None
        key = self._key(block, scope)
        known = self._keyed.get((block.id, id(home), key)) if block.key is not None else None
        declared = self._declared[id(home)].child(name)
        if declared is None:
            message = f"{name} has no place in {home.name} in the NBO model"
            self.rows.finding("NBO152", "warning", message, "", name, self.rows.place(scope.item))
            return None
        node = Node(name) if known is None else known.node
        instance = Instance(block, node, scope, parent, key)
        self.instances.setdefault(block.id, []).append(instance)
        # The first of a key is found by it; without a key, the first of all. The last of an item is nearest.
        self._by_key.setdefault((block.id, key), instance)
        self._by_key.setdefault((block.id, ""), instance)
        self._by_item[block.id, id(scope.item)] = instance
        if known is None:
            self._declared[id(node)] = declared
            if block.keep:
                self._kept.add(id(node))
            home.children.append(node)
            if block.key is not None:
                self._keyed[block.id, id(home), key] = instance
            self._number(node, declared, scope.item)
        else:
            declared = self._declared[id(node)]
        self._facts(block, node, declared, scope)
        return instance

    def _home(self, block: Block, parent: Instance | None) -> Node | None:
        if block.into:
            above = parent.of(block.into) if parent is not None else None
            made = self.instances.get(block.into)
            found = above or (made[0] if made else None)
            return None if found is None else found.node
        return self.document.root if parent is None else parent.node

    def _name(self, block: Block, scope: Scope) -> str:
        for kind in block.kinds:
            found = self.rows.value(kind, scope)
            if found is not None and found.text:
                return found.text
        return block.name

    def _key(self, block: Block, scope: Scope) -> str:
        return "" if block.key is None else self.rows.text(self.rows.evaluate(block.key, scope))[0]

    def _number(self, node: Node, declared: Declaration, item: Any) -> None:
        attribute = declared.attributes.get("ID")
        if attribute is None or node.name in self.schema.references:
            return
        prefix = id_prefix(attribute, node.name)
        number = self._counters.get(prefix, 0)
        self._counters[prefix] = number + 1
        # The source of the ID is the vendor's element: writers that fill the vendor's XML find it by this path.
        source = Source("derived", self.rows.file, self.rows.place(item), "", "numbered in the order of the file")
        node.facts["ID"] = Fact(f"{prefix}:{number}", None, source)

    # -- facts ----------------------------------------------------------------------------------------------------

    def _facts(self, block: Block, node: Node, declared: Declaration, scope: Scope) -> None:
        for row in block.rows:
            attribute = declared.attributes.get(row.attribute)
            # A block of several kinds of element has rows that only some of them have an attribute for.
            if attribute is None or (row.attribute in node.facts and row.attribute != "ID"):
                continue
            if row.refs:
                self._reference(row, node, scope)
                continue
            fact = self.rows.fact(row, attribute, node, scope)
            if fact is not None:
                node.facts[row.attribute] = fact
        if block.text is not None and declared.text is not None and node.text is None:
            found = self.rows.value(block.text, scope)
            if found is not None and found.text:
                text = self.rows.typed(block.text, found, declared.text, node)
                node.text = None if text is None else Fact(text, None, self.rows.source(block.text, found))

    # -- references -----------------------------------------------------------------------------------------------

    def _reference(self, row: Row, node: Node, scope: Scope) -> None:
        if row.when is not None and not self.rows.evaluate(row.when, scope):
            return
        found = self.rows.raw(row, scope) if (row.paths or row.args) else None
        if (row.paths or row.args) and (found is None or not found.text):
            return
        key = found.text if found is not None else ""
        place = self.rows.place(found.item if found is not None else scope.item)
        source = Source("embedded", self.rows.file, place, key, f"{self.table.name}:{row.id}")
        target = None if found is not None else self._nearest(row.refs, scope)
        if target is not None:
            node.facts[row.attribute] = Fact(target.node.id, None, source)
        else:
            self._pending.append(_Pending(node, row.attribute, row.refs, key, source))

    def _nearest(self, blocks: tuple[str, ...], scope: Scope) -> Instance | None:
        """Return the instance of one of the blocks that was made from this very item."""
        return next((i for b in blocks if (i := self._by_item.get((b, id(scope.item)))) is not None), None)

    def _resolve(self) -> None:
        for wait in self._pending:
            target = self._find(wait)
            if target is not None and target.node.id:
                wait.node.facts[wait.attribute] = Fact(target.node.id, None, wait.source)
            elif wait.key:
                message = f"the file refers to {wait.node.name} '{short(wait.key)}', which it does not describe"
                self.rows.finding("NBO154", "info", message, wait.attribute, wait.key, wait.source.path)

    def _find(self, wait: _Pending) -> Instance | None:
        for block in wait.blocks:
            found = self._by_key.get((block, wait.key))
            if found is not None:
                return found
        return None

    def _prune(self, node: Node) -> bool:
        """Drop what states nothing; return whether the node stays."""
        node.children = [c for c in node.children if self._prune(c)]
        own = [n for n in node.facts if n != "ID" or node.name in self.schema.references]
        made = id(node) in self._kept
        return bool(own or node.children or node.text or node.foreign or node.planes or made or node.name == "OME")

    def _drop_dangling(self) -> None:
        """Drop references to nodes that stated nothing and were pruned."""
        living = self.document.index()
        for node in self.document.root.walk():
            attribute, _ = self.schema.references.get(node.name, ("", frozenset()))
            fact = node.facts.get(attribute) if attribute else None
            if fact is not None and fact.value not in living:
                del node.facts[attribute]


def lift(record: RawRecord, skip: Collection[str] = ()) -> Document:
    """Lift a RawRecord into an NBO Document.

    Parameters
    ----------
    record : RawRecord
    skip : collection of str
        Named rules (`nbo_extract.tables.load_rules`) by which nothing is derived.

    Returns
    -------
    Document
        In the schema's order, with provenance, findings and the vendor paths that no row read.

    Raises
    ------
    MappingTableError
        If the record's mapping table does not hold together.
    """
    table = load_table(record.vocabulary)
    job = Lift(record, table, skip=frozenset(skip))
    document = job.run()
    versions = {**record.versions, f"table {table.name}": table.version}
    if record.supplement is not None:
        more = lift(record.supplement, skip)
        places = [int(i.get("Key", "0")) for i in record.supplement.tree.iterfind("Structure/Image")]
        fill_from(document, more, places)
        versions = {**more.origin.versions, **versions}
    document.origin = Origin(record.path, record.format, record.reader, versions, record.files)
    document.findings[:0] = record.findings
    return document


def id_prefix(attribute: Attribute, name: str) -> str:
    """Return the prefix that the schema asks of an ID, such as ``LightSource`` for any light source."""
    for pattern in attribute.type.patterns:
        last = pattern.rpartition("|(")[2]
        prefix = last.partition(":")[0]
        if prefix.isalpha():
            return prefix
    return name
