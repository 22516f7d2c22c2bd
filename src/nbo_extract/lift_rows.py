"""Evaluation of mapping rows: from a path in the vendor tree to a typed NBO fact with its source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract import units
from nbo_extract.errors import MappingTableError
from nbo_extract.findings import Finding
from nbo_extract.functions import FUNCTIONS
from nbo_extract.model import Fact, Source
from nbo_extract.tables import Nodes
from nbo_extract.values import canonical, shortest
from nbo_extract.words import load_words

if TYPE_CHECKING:
    from nbo_extract.findings import Severity
    from nbo_extract.model import Document, Kind, Node
    from nbo_extract.record import RawRecord
    from nbo_extract.schema import Attribute, SimpleType
    from nbo_extract.tables import Path, Row, Table

_SHORT = 60
# Functions that make sense of some of their arguments being absent.
_PARTIAL = ("joined", "words_joined")


class Found(NamedTuple):
    """Text of a row's value, the raw text it was made from and the item of the vendor tree that states it."""

    text: str
    raw: str
    item: Any


@dataclass
class Trace:
    """What a run read and used, for those who want to know.

    Attributes
    ----------
    paths : set of str
        Vendor paths that rows read.
    rows : set of str
        Rows that gave a value.
    """

    paths: set[str] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)


class Scope:
    """Variables of an instance, computed when first asked for."""

    def __init__(self, rows: Rows, item: Any, paths: dict[str, Path], parent: Scope | None, name: str = "") -> None:
        self._rows = rows
        self.item = item
        self._paths = paths
        self._parent = parent
        self._values: dict[str, Any] = {"item": [item]}
        self._arguments: dict[str, Any] = {}
        if name:
            self._values[name] = [item]

    def get(self, name: str) -> Any:
        """Return the value of a variable; an unknown one is an empty node-set."""
        if name in self._values:
            return self._values[name]
        if name in self._paths:
            self._values[name] = []  # a variable that names itself is empty, not an endless loop
            self._values[name] = self._rows.evaluate(self._paths[name], self)
            return self._values[name]
        return self._parent.get(name) if self._parent is not None else []

    def argument(self, name: str) -> Any:
        """Return the value of a variable as libxml2 takes it."""
        known = self._arguments.get(name)
        if known is not None:
            return known
        if name in self._values or name in self._paths:
            value = _argument(self.get(name))
        else:
            value = self._parent.argument(name) if self._parent is not None else []
        # What the scopes around this one say of it does not change while this one lives: asked once, kept here.
        self._arguments[name] = value
        return value


@dataclass
class Rows:
    """Evaluates the rows of a table over a record, without those of the rules that are to be skipped."""

    record: RawRecord
    table: Table
    document: Document
    skip: frozenset[str] = frozenset()
    trace: Trace | None = None

    def __post_init__(self) -> None:
        from lxml import etree

        self.origins: dict[int, str] = {}
        self.file = file_name(self.record.path)
        self._tree = self.record.tree.getroottree()
        self._said: set[Finding] = set()
        self._error = etree.XPathEvalError
        self._blank: Any = None  # the item that the last row found, but without a text
        self._places: dict[Any, str] = {}
        self._siblings: dict[tuple[Any, str], dict[Any, int]] = {}

    def evaluate(self, path: Path, scope: Scope) -> Any:
        """Evaluate a path at the item of a scope, with its variables."""
        if path.variable:
            return scope.get(path.variable)
        try:
            if not path.names:
                return path.find(scope.item)
            return path.find(scope.item, **{name: scope.argument(name) for name in path.names})
        except self._error as error:
            raise MappingTableError(f"mapping table {self.table.name}: {error} in {path.text}") from error

    def fact(self, row: Row, attribute: Attribute, node: Node, scope: Scope) -> Fact | None:
        """Return the fact that a row states of an attribute, or None."""
        self._blank = None
        found = self.value(row, scope)
        if found is None or not found.text:
            if self._blank is not None and attribute.type.numeric:
                message = f"{node.name} {attribute.name}: the file leaves it blank"
                self.finding("NBO153", "info", message, attribute.name, "", self.place(self._blank), node)
            return None
        text = found.text
        unit: str | None = None
        given = row.unit
        if row.unit_path is not None:
            given = self.text(self.evaluate(row.unit_path, scope))[0] or row.unit
        if given:
            unit = row.to or units.normalise(given)
            try:
                text = units.convert(shortest(text), given, unit)
            except ValueError as error:
                self._lost(row, attribute.name, node, found, str(error))
                return None
            if attribute.unit is None:  # the schema fixes the unit, which ``to`` names
                unit = None
        value = self.typed(row, found._replace(text=text), attribute.type, node)
        if value is None:
            return None
        return Fact(value, unit, self.source(row, found))

    def typed(self, row: Row, found: Found, kind: SimpleType, node: Node) -> str | None:
        """Return a value as its type writes it; None, with a finding, where it is none of the type."""
        try:
            value = canonical(shortest(found.text) if kind.numeric else found.text, kind)
            if row.minimum is not None and float(value) < row.minimum:
                raise ValueError(f"is below {row.minimum:g}")
            if row.maximum is not None and float(value) > row.maximum:
                raise ValueError(f"is above {row.maximum:g}")
        except ValueError as error:
            self._lost(row, row.attribute, node, found, str(error))
            return None
        return value

    def value(self, row: Row, scope: Scope) -> Found | None:
        """Return a row's value, words translated; None where the source states none."""
        if row.derived and row.derived in self.skip:
            return None
        if row.when is not None and not self.evaluate(row.when, scope):
            return None
        found = self.raw(row, scope)
        if found is None:
            return None
        if not row.words or not found.text:
            return found
        word = load_words(row.words).find(found.text)
        if word is None and row.otherwise == "keep":
            return found
        if word is None and row.otherwise != "silent":
            message = f"the word '{short(found.text)}' has no NBO value (word table {row.words}); left out"
            self.finding("NBO151", "info", message, row.attribute, found.text, self.place(found.item))
        if word == "" and load_words(row.words).placeholders:
            self._placeholder(row, found.text, found.item)
        return None if not word else found._replace(text=word)

    def raw(self, row: Row, scope: Scope) -> Found | None:
        """Return a row's value before words are translated; None where the source states none."""
        if row.value:
            return Found(row.value, "", scope.item)
        if row.args:
            pairs = [self.text(self.evaluate(p, scope)) for p in row.args]
            texts = [t if not self._is_absent(row, t) else "" for t, _ in pairs]
            if row.function not in _PARTIAL and not all(texts):
                return None
            result = FUNCTIONS[row.function](texts)
            item = next((i for t, i in pairs if t and i is not None), None)
            return None if result is None else Found(result, "; ".join(t for t in texts if t), item)
        for path in row.paths:
            text, item = self.text(self.evaluate(path, scope))
            if self._is_absent(row, text, item):
                continue
            result = FUNCTIONS[row.function]([text]) if row.function else text
            if result == "":
                self._placeholder(row, text, item)
            elif result is not None:
                return Found(result, text, item)
        return None

    def _is_absent(self, row: Row, text: str, item: Any = None) -> bool:
        if not text:
            self._blank = item if item is not None else self._blank
            return True
        if text in row.absent or text in self.table.absent:
            self._placeholder(row, text, item)
            return True
        return False

    def _placeholder(self, row: Row, text: str, item: Any) -> None:
        if item is not None:
            message = f"'{short(text)}' is a placeholder, not a value; left out"
            self.finding("NBO153", "info", message, row.attribute, text, self.place(item))

    def text(self, found: Any) -> tuple[str, Any]:
        """Return the stripped text of an XPath result, and the item that states it, None where it is computed."""
        if isinstance(found, list):
            if not found:
                return "", None
            first = found[0]
            if hasattr(first, "tag"):
                text = "".join(first.itertext()) if len(first) else (first.text or "")
            else:
                text = str(first)
            if self.trace is not None:
                self.trace.paths.add(self.place(first))
            return text.strip(), first
        if isinstance(found, bool):
            return ("true" if found else "false"), None
        if isinstance(found, float):
            return ("" if found != found else repr(found).removesuffix(".0")), None
        return str(found).strip(), None

    def place(self, item: Any) -> str:
        """Return the vendor path of an element, an attribute or a text; empty for none."""
        if item is None:
            return ""
        if hasattr(item, "tag"):
            return self._path(item)
        parent = item.getparent() if hasattr(item, "getparent") else None
        if parent is None:
            return ""
        path = self._path(parent)
        return f"{path}/@{item.attrname}" if item.is_attribute else path

    def _path(self, element: Any) -> str:
        known = self._places.get(element)
        if known is None:
            known = self._places[element] = self.origins.get(id(element)) or self._path_within(element)
        return known

    def _path_within(self, element: Any) -> str:
        """Return the path from that of the parent; libxml2 counts the siblings of each ancestor for it anew."""
        parent, name = element.getparent(), element.tag
        if parent is None or "{" in name:
            return str(self._tree.getpath(element))
        siblings = self._siblings.get((parent, name))
        if siblings is None:
            same = parent.iterchildren(name)
            siblings = self._siblings[parent, name] = {child: n for n, child in enumerate(same, 1)}
        place = f"[{siblings[element]}]" if len(siblings) > 1 else ""
        return f"{self._path(parent)}/{name}{place}"

    def source(self, row: Row, found: Found) -> Source:
        """Return where a value came from."""
        rule = f"{self.table.name}:{row.id}"
        raw = found.raw if found.raw != found.text else ""
        if self.trace is not None:
            self.trace.rows.add(row.id)
        kind: Kind = "derived" if row.derived or (row.value and not row.paths) else "embedded"
        return Source(kind, self.file, self.place(found.item), raw, rule, row.derived)

    def _lost(self, row: Row, attribute: str, node: Node, found: Found, why: str) -> None:
        message = f"{node.name} {attribute}: '{short(found.raw or found.text)}' {why}; left out"
        self.finding("NBO152", "warning", message, attribute, found.raw or found.text, self.place(found.item), node)

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        attribute: str = "",
        value: str = "",
        place: str = "",
        node: Node | None = None,
    ) -> None:
        """Record a finding once."""
        element = node.name if node is not None else ""
        finding = Finding(
            code, severity, message, self.record.path, element, node.id if node else "", attribute, value, place
        )
        if finding not in self._said:
            self._said.add(finding)
            self.document.findings.append(finding)


def _argument(value: Any) -> Any:
    """Return a variable's value as libxml2 takes it: of attributes and texts it takes no node-sets, but a string."""
    if not isinstance(value, list):
        return value
    if any(not hasattr(v, "tag") for v in value):
        first = value[0]
        return "".join(first.itertext()) if hasattr(first, "tag") else str(first)
    return Nodes(value)


def file_name(path: str) -> str:
    """Return the last part of a path, of either kind of separator."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


def short(text: str) -> str:
    """Return a text as a message shows it."""
    return text if len(text) <= _SHORT else text[: _SHORT - 1] + "…"
