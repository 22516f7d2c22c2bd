"""The engine that lifts a RawRecord into an NBO Document by a mapping table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract import units
from nbo_extract.findings import Finding
from nbo_extract.functions import EXPANDERS, FUNCTIONS
from nbo_extract.lift_planes import add_planes
from nbo_extract.model import Document, Fact, Node, Origin, Source
from nbo_extract.schema import load
from nbo_extract.tables import load_table
from nbo_extract.values import canonical, shortest
from nbo_extract.words import load_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.record import RawRecord
    from nbo_extract.schema import Attribute, Declaration, SimpleType
    from nbo_extract.tables import Block, Path, Row, Table

_SHORT = 60


class Scope:
    """Variables of an instance, computed when first asked for."""

    def __init__(self, lift: Lift, item: Any, paths: dict[str, Path], parent: Scope | None, name: str = "") -> None:
        self._lift = lift
        self.item = item
        self._paths = paths
        self._parent = parent
        self._values: dict[str, Any] = {"item": [item]}
        if name:
            self._values[name] = [item]

    def get(self, name: str) -> Any:
        """Return the value of a variable; an unknown one is an empty node-set."""
        if name in self._values:
            return self._values[name]
        if name in self._paths:
            self._values[name] = []  # a variable that names itself is empty, not an endless loop
            self._values[name] = self._lift.evaluate(self._paths[name], self)
            return self._values[name]
        return self._parent.get(name) if self._parent is not None else []


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

    def __post_init__(self) -> None:
        self.schema = load(self.document.version)
        self.instances: dict[str, list[Instance]] = {}
        self._keyed: dict[tuple[str, int, str], Instance] = {}
        self._pending: list[_Pending] = []
        self._counters: dict[str, int] = {}
        self._declared: dict[int, Declaration] = {id(self.document.root): self.schema.element("OME")}
        self._origins: dict[int, str] = {}
        self._keep_alive: list[Any] = []
        self.read: set[str] = set()
        self._tree = record_tree(self.record)

    # -- running --------------------------------------------------------------------------------------------------

    def run(self) -> Document:
        """Run all blocks, resolve references, drop what states nothing."""
        top = Scope(self, self.record.tree, self.table.variables, None)
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

    def evaluate(self, path: Path, scope: Scope) -> Any:
        """Evaluate a path at the item of a scope, with its variables."""
        if path.variable:
            return scope.get(path.variable)
        return path.find(scope.item, **{name: _argument(scope.get(name)) for name in path.names})

    def _run_block(self, block: Block, parent: Instance | None, scope: Scope) -> None:
        for item in self._items(block, scope):
            inner = Scope(self, item, block.let, scope, block.id)
            if block.when is not None and not self.evaluate(block.when, inner):
                continue
            instance = self._instance(block, parent, inner)
            if instance is None:
                continue
            for child in self.table.children.get(block.id, ()):
                self._run_block(child, instance, inner)

    def _items(self, block: Block, scope: Scope) -> list[Any]:
        items: list[Any] = []
        for path in block.each:
            found = self.evaluate(path, scope)
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
        place = self.place(item)
        for attributes in EXPANDERS[block.expand](text):
            made = etree.Element("item", attributes)
            self._keep_alive.append(made)
            self._origins[id(made)] = place
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
            self._drop("NBO152", "warning", f"{name} has no place in {home.name} in the NBO model", name, scope.item)
            return None
        node = Node(name) if known is None else known.node
        instance = Instance(block, node, scope, parent, key)
        self.instances.setdefault(block.id, []).append(instance)
        if known is None:
            self._declared[id(node)] = declared
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
            found = self._value(kind, scope)
            if found is not None and found[0]:
                return found[0]
        return block.name

    def _key(self, block: Block, scope: Scope) -> str:
        return "" if block.key is None else self._text(self.evaluate(block.key, scope))[0]

    def _number(self, node: Node, declared: Declaration, item: Any) -> None:
        attribute = declared.attributes.get("ID")
        if attribute is None or node.name in self.schema.references:
            return
        prefix = id_prefix(attribute, node.name)
        number = self._counters.get(prefix, 0)
        self._counters[prefix] = number + 1
        # The source of the ID is the vendor's element: writers that fill the vendor's XML find it by this path.
        source = Source("derived", _name(self.record.path), self.place(item), "", "numbered in the order of the file")
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
            fact = self._fact(row, attribute, node, scope)
            if fact is not None:
                node.facts[row.attribute] = fact
        if block.text is not None and declared.text is not None and node.text is None:
            found = self._value(block.text, scope)
            if found is not None and found[0]:
                text = self._typed(block.text, found, declared.text, node)
                node.text = None if text is None else Fact(text, None, self._source(block.text, found, block.id))

    def _fact(self, row: Row, attribute: Attribute, node: Node, scope: Scope) -> Fact | None:
        found = self._value(row, scope)
        if found is None or not found[0]:
            return None
        text, raw, place = found
        unit: str | None = None
        given = row.unit
        if row.unit_path is not None:
            given = self._text(self.evaluate(row.unit_path, scope))[0] or row.unit
        if given:
            unit = row.to or units.normalise(given)
            try:
                text = units.convert(shortest(text), given, unit)
            except ValueError as error:
                self._lost(row, attribute.name, node, found, str(error))
                return None
            if attribute.unit is None:  # the schema fixes the unit, which ``to`` names
                unit = None
        value = self._typed(row, (text, raw, place), attribute.type, node)
        if value is None:
            return None
        return Fact(value, unit, self._source(row, found, node.name))

    def _typed(self, row: Row, found: tuple[str, str, str], kind: SimpleType, node: Node) -> str | None:
        try:
            value = canonical(shortest(found[0]) if kind.numeric else found[0], kind)
            if row.minimum is not None and float(value) < row.minimum:
                raise ValueError(f"is below {row.minimum:g}")
            if row.maximum is not None and float(value) > row.maximum:
                raise ValueError(f"is above {row.maximum:g}")
        except ValueError as error:
            self._lost(row, row.attribute, node, found, str(error))
            return None
        return value

    def _value(self, row: Row, scope: Scope) -> tuple[str, str, str] | None:
        """Return text, raw text and place of a row's value; None where the source states none."""
        if row.when is not None and not self.evaluate(row.when, scope):
            return None
        found = self._raw(row, scope)
        if found is None:
            return None
        text, raw, place = found
        if not row.words or not text:
            return text, raw, place
        word = load_words(row.words).find(text)
        if word is None and row.otherwise == "keep":
            return text, raw, place
        if word is None and row.otherwise != "silent":
            self._finding(
                "NBO151",
                "info",
                f"the word '{_short(text)}' has no NBO value (word table {row.words}); left out",
                row.attribute,
                text,
                place,
            )
        return None if not word else (word, raw, place)

    def _raw(self, row: Row, scope: Scope) -> tuple[str, str, str] | None:
        if row.value:
            return row.value, "", self.place(scope.item)
        if row.args:
            pairs = [self._text(self.evaluate(p, scope)) for p in row.args]
            texts = [t if not self._is_absent(row, t) else "" for t, _ in pairs]
            if row.function not in ("joined", "words_joined") and not all(texts):
                return None
            result = FUNCTIONS[row.function](texts)
            place = next((p for t, p in pairs if t and p), "")
            return None if result is None else (result, "; ".join(t for t in texts if t), place)
        for path in row.paths:
            text, place = self._text(self.evaluate(path, scope))
            if self._is_absent(row, text, place):
                continue
            result = FUNCTIONS[row.function]([text]) if row.function else text
            if result is not None:
                return result, text, place
        return None

    def _is_absent(self, row: Row, text: str, place: str = "") -> bool:
        if not text:
            return True
        if text in row.absent or text in self.table.absent:
            if place:
                message = f"'{_short(text)}' is a placeholder, not a value; left out"
                self._finding("NBO153", "info", message, row.attribute, text, place)
            return True
        return False

    def _text(self, found: Any) -> tuple[str, str]:
        """Return the stripped text and the place of an XPath result."""
        if isinstance(found, list):
            if not found:
                return "", ""
            first = found[0]
            if hasattr(first, "tag"):
                text = "".join(first.itertext()) if len(first) else (first.text or "")
            else:
                text = str(first)
            place = self.place(first)
            self.read.add(place)
            return text.strip(), place
        if isinstance(found, bool):
            return ("true" if found else "false"), ""
        if isinstance(found, float):
            return ("" if found != found else repr(found).removesuffix(".0")), ""
        return str(found).strip(), ""

    def place(self, item: Any) -> str:
        """Return the vendor path of an element, an attribute or a text."""
        if hasattr(item, "tag"):
            return self._origins.get(id(item)) or str(self._tree.getpath(item))
        parent = item.getparent() if hasattr(item, "getparent") else None
        if parent is None:
            return ""
        path = self._origins.get(id(parent)) or str(self._tree.getpath(parent))
        return f"{path}/@{item.attrname}" if item.is_attribute else path

    def _source(self, row: Row, found: tuple[str, str, str], block: str) -> Source:
        rule = f"{self.table.name}:{block}.{row.attribute}" if row.attribute else f"{self.table.name}:{block}"
        derived = row.derived or (bool(row.value) and not row.paths)
        raw = found[1] if found[1] != found[0] else ""
        return Source("derived" if derived else "embedded", _name(self.record.path), found[2], raw, rule)

    # -- references -----------------------------------------------------------------------------------------------

    def _reference(self, row: Row, node: Node, scope: Scope) -> None:
        found = self._raw(row, scope) if (row.paths or row.args) else None
        if row.when is not None and not self.evaluate(row.when, scope):
            return
        if (row.paths or row.args) and (found is None or not found[0]):
            return
        key = found[0] if found is not None else ""
        place = found[2] if found is not None else self.place(scope.item)
        source = Source("embedded", _name(self.record.path), place, key, f"{self.table.name}:{node.name}.ID")
        target = None if found is not None else self._nearest(row.refs, scope)
        if target is not None:
            node.facts[row.attribute] = Fact(target.node.id, None, source)
        else:
            self._pending.append(_Pending(node, row.attribute, row.refs, key, source))

    def _nearest(self, blocks: tuple[str, ...], scope: Scope) -> Instance | None:
        """Return the instance of one of the blocks that was made from this very item."""
        for block in blocks:
            for instance in reversed(self.instances.get(block, [])):
                if instance.scope.item is scope.item:
                    return instance
        return None

    def _resolve(self) -> None:
        for wait in self._pending:
            target = self._find(wait)
            if target is not None and target.node.id:
                wait.node.facts[wait.attribute] = Fact(target.node.id, None, wait.source)
            elif wait.key:
                message = f"the file refers to {wait.node.name} '{_short(wait.key)}', which it does not describe"
                self._finding("NBO154", "info", message, wait.attribute, wait.key, wait.source.path)

    def _find(self, wait: _Pending) -> Instance | None:
        for block in wait.blocks:
            for instance in self.instances.get(block, []):
                if not wait.key or instance.key == wait.key:
                    return instance
        return None

    def _prune(self, node: Node) -> bool:
        """Drop what states nothing; return whether the node stays."""
        node.children = [c for c in node.children if self._prune(c)]
        own = [n for n in node.facts if n != "ID" or node.name in self.schema.references]
        made = any(i.block.keep for i in self._made(node))
        return bool(own or node.children or node.text or node.foreign or node.planes or made or node.name == "OME")

    def _drop_dangling(self) -> None:
        """Drop references to nodes that stated nothing and were pruned."""
        living = self.document.index()
        for node in self.document.root.walk():
            attribute, _ = self.schema.references.get(node.name, ("", frozenset()))
            fact = node.facts.get(attribute) if attribute else None
            if fact is not None and fact.value not in living:
                del node.facts[attribute]

    def _made(self, node: Node) -> list[Instance]:
        if not hasattr(self, "_by_node"):
            self._by_node: dict[int, list[Instance]] = {}
            for group in self.instances.values():
                for instance in group:
                    self._by_node.setdefault(id(instance.node), []).append(instance)
        return self._by_node.get(id(node), [])

    # -- findings -------------------------------------------------------------------------------------------------

    def _lost(self, row: Row, attribute: str, node: Node, found: tuple[str, str, str], why: str) -> None:
        message = f"{node.name} {attribute}: '{_short(found[1] or found[0])}' {why}; left out"
        self._finding("NBO152", "warning", message, attribute, found[1] or found[0], found[2], node)

    def _drop(self, code: str, severity: Any, message: str, value: str, item: Any) -> None:
        self._finding(code, severity, message, "", value, self.place(item))

    def _finding(
        self, code: str, severity: Any, message: str, attribute: str, value: str, place: str, node: Node | None = None
    ) -> None:
        element = node.name if node is not None else ""
        finding = Finding(
            code, severity, message, self.record.path, element, node.id if node else "", attribute, value, place
        )
        if finding not in self.document.findings:
            self.document.findings.append(finding)


def lift(record: RawRecord) -> Document:
    """Lift a RawRecord into an NBO Document.

    Parameters
    ----------
    record : RawRecord

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
    job = Lift(record, table)
    document = job.run()
    versions = {**record.versions, f"table {table.name}": table.version}
    document.origin = Origin(record.path, record.format, record.reader, versions, record.files)
    document.findings[:0] = record.findings
    return document


def unmapped(record: RawRecord) -> list[str]:
    """Return the vendor paths that state something and that no row of the record's table read."""
    job = Lift(record, load_table(record.vocabulary))
    job.run()
    left: list[str] = []
    for element in record.tree.iter("*"):
        path = str(job._tree.getpath(element))
        names = [str(name) for name in element.attrib]
        left += [f"{path}/@{name}" for name in names if f"{path}/@{name}" not in job.read]
        if len(element) == 0 and (element.text or "").strip() and path not in job.read:
            left.append(path)
    return left


def _argument(value: Any) -> Any:
    """Return a variable's value as libxml2 takes it: of attributes and texts it takes no node-sets, but a string."""
    if isinstance(value, list) and any(not hasattr(v, "tag") for v in value):
        first = value[0]
        return "".join(first.itertext()) if hasattr(first, "tag") else str(first)
    return value


def record_tree(record: RawRecord) -> Any:
    """Return the element tree of a record, for paths."""
    return record.tree.getroottree()


def id_prefix(attribute: Attribute, name: str) -> str:
    """Return the prefix that the schema asks of an ID, such as ``LightSource`` for any light source."""
    for pattern in attribute.type.patterns:
        last = pattern.rpartition("|(")[2]
        prefix = last.partition(":")[0]
        if prefix.isalpha():
            return prefix
    return name


def _name(path: str) -> str:
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
