"""Mapping tables: TOML to rows with compiled XPath, and their check against the NBO model."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import MappingTableError
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lxml import etree

_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
_SAME = re.compile(r"\$([A-Za-z_]\w*)\[@(\w+) = \$([A-Za-z_]\w*)/@(\w+)\]")


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled XPath and the variables that it needs; ``variable`` where it is nothing but one."""

    text: str
    names: tuple[str, ...]
    find: Callable[..., Any]
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of one attribute; see ``docs/mapping-tables.md`` for the keys.

    ``id`` is unique in the table: ``block.Attribute``, with ``#2`` and so on for alternatives. Provenance names it.
    """

    id: str
    attribute: str
    paths: tuple[Path, ...] = ()
    args: tuple[Path, ...] = ()
    function: str = ""
    words: str = ""
    unit: str = ""
    unit_path: Path | None = None
    to: str = ""
    absent: frozenset[str] = frozenset()
    minimum: float | None = None
    maximum: float | None = None
    when: Path | None = None
    value: str = ""
    refs: tuple[str, ...] = ()
    derived: str = ""
    otherwise: str = ""
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The instances of one NBO element.

    Attributes
    ----------
    id : str
        Name of the block in its table.
    kinds : tuple of Row
        Rows that give the element's name; the first that gives one wins.
    name : str
        The element where no kind row gives one; empty for none.
    parent : str
        Block whose instances this one runs in; empty for the document.
    into : str
        Block whose node takes the instances; empty for the parent's.
    each : tuple of Path
        Alternatives that give the items; the first that finds any wins.
    expand : str
        Named function that turns the text of an item into several items.
    key : Path or None
        Text by which equal items are one instance.
    let : dict of str to Path
        Variables of each instance.
    when : Path or None
    keep : bool
        Whether an instance stays that states nothing.
    rows : tuple of Row
    text : Row or None
    """

    id: str
    name: str
    kinds: tuple[Row, ...]
    parent: str
    into: str
    each: tuple[Path, ...]
    expand: str
    key: Path | None
    let: dict[str, Path]
    when: Path | None
    keep: bool
    rows: tuple[Row, ...]
    text: Row | None

    @property
    def elements(self) -> tuple[str, ...]:
        """All elements that instances may be; a word table that is missing gives none."""
        found = [v for kind in self.kinds if kind.words for v in _words_of(kind.words)]
        found += [kind.value for kind in self.kinds if kind.value]
        return tuple(dict.fromkeys([*found, *([self.name] if self.name else [])]))


def _words_of(name: str) -> list[str]:
    from nbo_extract.words import load_words

    try:
        return sorted(load_words(name).values)
    except MappingTableError:
        return []


@dataclass(frozen=True, slots=True)
class PlaneRow:
    """One column of per-plane facts; ``id`` as that of a `Row`: of alternatives the first that states any wins."""

    attribute: str
    columns: tuple[str, ...] = ()
    channel: Path | None = None
    function: str = ""
    argument: Path | None = None
    unit: str = ""
    unit_column: str = ""
    to: str = ""
    absent: frozenset[str] = frozenset()
    derived: str = ""
    channel_first: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True)
class PlaneRules:
    """How per-plane columns become planes.

    Attributes
    ----------
    block : str
        Block of the Pixels.
    channel_block : str
        Block of the Channels, for facts stated once a channel.
    key : Path
        Key of the columns, evaluated at the item of the Pixels.
    index : dict of str to str
        ``TheZ``, ``TheC``, ``TheT`` to the column of the index.
    rank : bool
        Whether an index is the rank among the starts that occur, not the number itself.
    rows : tuple of PlaneRow
    """

    block: str
    channel_block: str
    key: Path
    index: dict[str, str]
    rank: bool
    rows: tuple[PlaneRow, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping table."""

    name: str
    title: str
    version: str
    absent: frozenset[str]
    variables: dict[str, Path]
    blocks: tuple[Block, ...]
    planes: PlaneRules | None
    children: dict[str, tuple[Block, ...]] = field(default_factory=dict)


_ROW = {
    "from", "args", "with", "words", "unit", "unit_from", "to", "absent", "min", "max", "when", "value", "ref",
    "derived", "otherwise", "evidence", "note",
}  # fmt: skip
_BLOCK = {"id", "name", "kind", "parent", "into", "each", "expand", "key", "let", "when", "keep", "facts", "text"}
_PLANE = {
    "column", "channel", "channel_first", "with", "arg", "unit", "unit_column", "to", "absent", "derived", "evidence",
    "note",
}  # fmt: skip


class Nodes(list[Any]):
    """Nodes of a variable, which are found by their attributes without looking at each of them."""

    def __init__(self, nodes: Iterable[Any]) -> None:
        super().__init__(nodes)
        self._by: dict[str, dict[str, list[Any]]] = {}

    def having(self, attribute: str, value: str) -> list[Any]:
        """Return the nodes of which an attribute has a value, in their order."""
        known = self._by.get(attribute)
        if known is None:
            known = self._by[attribute] = {}
            for node in self:
                known.setdefault(node.get(attribute), []).append(node)
        return list(known.get(value, ()))


def _of_same_attribute(
    find: Callable[..., Any], many: str, attribute: str, one: str, wanted: str
) -> Callable[..., Any]:
    """Return what finds as ``$many[@attribute = $one/@wanted]`` does, but sooner.

    libxml2 takes nodes of a variable in one by one, each beside all that are in already, and asks each for the wanted
    value anew: where each of many channels seeks its own among many, that is what reading them costs.
    """

    def found(item: Any, /, **variables: Any) -> Any:
        given, owners = variables[many], variables[one]
        if not isinstance(given, list) or not isinstance(owners, list):
            return find(item, **variables)
        values = {value for owner in owners if (value := owner.get(wanted)) is not None}
        if len(values) == 1 and isinstance(given, Nodes):
            return given.having(attribute, *values)
        return [node for node in given if node.get(attribute) in values]

    return found


class _Compiler:
    """Compiles one table; the current place is part of each message."""

    def __init__(self, name: str) -> None:
        from lxml import etree

        self.place = name
        self._compile: type[etree.XPath] = etree.XPath
        self._error = etree.XPathSyntaxError
        self._known: dict[str, Path] = {}

    def fail(self, message: str) -> MappingTableError:
        return MappingTableError(f"mapping table {self.place}: {message}")

    def only(self, data: dict[str, Any], allowed: set[str], where: str) -> None:
        unknown = sorted(set(data) - allowed)
        if unknown:
            raise self.fail(f"{where}: unknown key {unknown[0]}")

    def path(self, text: str, where: str) -> Path:
        if text not in self._known:
            try:
                find: Callable[..., Any] = self._compile(text)
            except self._error as error:
                raise self.fail(f"{where}: {error} in {text}") from error
            alone = _VARIABLE.fullmatch(text)
            names = tuple(dict.fromkeys(_VARIABLE.findall(text)))
            same = _SAME.fullmatch(text)
            find = _of_same_attribute(find, *same.groups()) if same else find
            self._known[text] = Path(text, names, find, alone[1] if alone else "")
        return self._known[text]

    def paths(self, given: str | list[str], where: str) -> tuple[Path, ...]:
        return tuple(self.path(t, where) for t in ([given] if isinstance(given, str) else given))

    def row(self, attribute: str, data: Any, where: str) -> Row:
        if isinstance(data, str):
            data = {"from": data}
        if not isinstance(data, dict):
            raise self.fail(f"{where}: a row is a text, a list of texts or a table of keys, not {data!r}")
        self.only(data, _ROW, where)
        refs = data.get("ref", [])
        return Row(
            where,
            attribute,
            self.paths(data.get("from", []), where),
            self.paths(data.get("args", []), where),
            data.get("with", ""),
            data.get("words", ""),
            data.get("unit", ""),
            self.path(data["unit_from"], where) if "unit_from" in data else None,
            data.get("to", ""),
            frozenset(data.get("absent", [])),
            data.get("min"),
            data.get("max"),
            self.path(data["when"], where) if "when" in data else None,
            data.get("value", ""),
            tuple([refs] if isinstance(refs, str) else refs),
            data.get("derived", ""),
            data.get("otherwise", ""),
            data.get("evidence", ""),
            data.get("note", ""),
        )

    def rows(self, attribute: str, data: Any, where: str) -> list[Row]:
        """Compile the alternatives of an attribute; a list of texts is one row with several paths."""
        where = f"{where}.{attribute}" if attribute else where
        if isinstance(data, list) and all(isinstance(d, dict) for d in data):
            return [self.row(attribute, d, where if n == 1 else f"{where}#{n}") for n, d in enumerate(data, 1)]
        return [self.row(attribute, {"from": data} if isinstance(data, list) else data, where)]

    def block(self, data: dict[str, Any]) -> Block:
        where = data.get("id") or data.get("name") or "?"
        if "id" not in data:
            raise self.fail(f"{where}: a block needs an id")
        self.only(data, _BLOCK, where)
        kinds = data.get("kind", [])
        return Block(
            data["id"],
            data.get("name", ""),
            tuple(self.rows("", [kinds] if isinstance(kinds, dict) else kinds, f"{where}.kind")),
            data.get("parent", ""),
            data.get("into", ""),
            self.paths(data.get("each", "."), where),
            data.get("expand", ""),
            self.path(data["key"], where) if "key" in data else None,
            {name: self.path(text, f"{where}.let.{name}") for name, text in data.get("let", {}).items()},
            self.path(data["when"], where) if "when" in data else None,
            data.get("keep", False),
            tuple(row for name, given in data.get("facts", {}).items() for row in self.rows(name, given, where)),
            self.row("", data["text"], f"{where}.text") if "text" in data else None,
        )

    def plane_row(self, name: str, row: Any, where: str) -> PlaneRow:
        row = {"column": row} if isinstance(row, str) else row
        self.only(row, _PLANE, where)
        columns = row.get("column", [])
        return PlaneRow(
            name,
            tuple([columns] if isinstance(columns, str) else columns),
            self.path(row["channel"], where) if "channel" in row else None,
            row.get("with", ""),
            self.path(row["arg"], where) if "arg" in row else None,
            row.get("unit", ""),
            row.get("unit_column", ""),
            row.get("to", ""),
            frozenset(row.get("absent", [])),
            row.get("derived", ""),
            row.get("channel_first", False),
            where,
        )

    def planes(self, data: dict[str, Any]) -> PlaneRules:
        self.only(data, {"block", "channel_block", "key", "index", "rank", "facts"}, "planes")
        for needed in ("block", "key", "index"):
            if needed not in data:
                raise self.fail(f"planes: needs {needed}")
        rows = [
            self.plane_row(name, row, f"planes.{name}" if number == 1 else f"planes.{name}#{number}")
            for name, given in data.get("facts", {}).items()
            for number, row in enumerate(given if isinstance(given, list) else [given], 1)
        ]
        key = self.path(data["key"], "planes.key")
        return PlaneRules(
            data["block"], data.get("channel_block", ""), key, data["index"], data.get("rank", True), tuple(rows)
        )


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingTableError(f"mapping table {name}: {error}") from error


def _extend(data: dict[str, Any], name: str, text: str, part: str) -> None:
    """Add the rows of a part to a table: alternatives behind those of its blocks, and blocks of its own."""
    more = _parse(text, part)
    compiler = _Compiler(part)
    compiler.only(more, {"table", "variables", "element", "planes"}, "the part")
    compiler.only(more.get("planes", {}), {"facts"}, "planes")
    if more.get("table") != {"extends": name}:
        raise compiler.fail(f"a part of {name} has a head [table] with extends = '{name}' and nothing else")
    blocks = {b.get("id"): b for b in data.get("element", [])}
    for variable, path in more.get("variables", {}).items():
        if data.setdefault("variables", {}).setdefault(variable, path) != path:
            raise compiler.fail(f"variables.{variable}: {name} has another")
    for block in more.get("element", []):
        if block.get("id") not in blocks:
            data.setdefault("element", []).append(block)
            continue
        compiler.only(block, {"id", "kind", "let", "facts"}, block["id"])
        known = blocks[block["id"]]
        for variable, path in block.get("let", {}).items():
            if known.setdefault("let", {}).setdefault(variable, path) != path:
                raise compiler.fail(f"{block['id']}.let.{variable}: {name} has another")
        if "kind" in block:
            known["kind"] = [*_alternatives(known.get("kind", [])), *_alternatives(block["kind"])]
        facts = known.setdefault("facts", {})
        for attribute, rows in block.get("facts", {}).items():
            facts[attribute] = [*_alternatives(facts.get(attribute, [])), *_alternatives(rows)]
    columns = data.get("planes", {}).get("facts", {})
    for attribute, row in more.get("planes", {}).get("facts", {}).items():
        old = columns.get(attribute, [])
        columns[attribute] = [*(old if isinstance(old, list) else [old]), row]


def _alternatives(rows: Any) -> list[Any]:
    """Return the rows of an attribute, in whichever of the short forms they are written, as a list of tables."""
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        return list(rows)
    return [rows if isinstance(rows, dict) else {"from": rows}]


def compile_table(text: str, name: str, parts: Mapping[str, str] | None = None) -> Table:
    """Compile the TOML text of a mapping table, and of the parts that extend it: name of a part to its text.

    Raises
    ------
    MappingTableError
        With table, block and key, if it does not hold together.
    """
    data = _parse(text, name)
    for part, more in (parts or {}).items():
        _extend(data, name, more, part)
    compiler = _Compiler(name)
    compiler.only(data, {"table", "variables", "element", "planes"}, "the table")
    head = data.get("table", {})
    compiler.only(head, {"name", "title", "version", "absent"}, "table")
    blocks = tuple(compiler.block(b) for b in data.get("element", []))
    ids = [b.id for b in blocks]
    for block in blocks:
        if ids.count(block.id) > 1:
            raise compiler.fail(f"two blocks have the id {block.id}")
        if block.id in data.get("variables", {}):
            raise compiler.fail(f"{block.id} is a block and a variable: inside the block, $name is its item")
        for other in (block.parent, block.into):
            if other and other not in ids:
                raise compiler.fail(f"{block.id}: there is no block {other}")
    children: dict[str, tuple[Block, ...]] = {}
    for block in blocks:
        children[block.parent] = (*children.get(block.parent, ()), block)
    return Table(
        head.get("name", name),
        head.get("title", name),
        str(head.get("version", "")),
        frozenset(head.get("absent", [])),
        {key: compiler.path(path, f"variables.{key}") for key, path in data.get("variables", {}).items()},
        blocks,
        compiler.planes(data["planes"]) if "planes" in data else None,
        children,
    )


@functools.cache
def load_rules() -> dict[str, str]:
    """Return the named rules by which facts are derived: name to what it derives.

    Raises
    ------
    MappingTableError
        If the list does not hold together.
    """
    data = tomllib.loads((resources.files("nbo_extract_mappings") / "rules.toml").read_text(encoding="utf-8"))
    for name, rule in data.items():
        if set(rule) != {"title"}:
            raise MappingTableError(f"rule {name}: it has a title and nothing else")
    return {name: str(rule["title"]) for name, rule in data.items()}


@functools.cache
def load_table(name: str) -> Table:
    """Load and compile a mapping table of the product; once a process.

    Raises
    ------
    MappingTableError
        If there is no such table or it does not hold together.
    """
    file = resources.files("nbo_extract_mappings") / "tables" / f"{name}.toml"
    if not file.is_file():
        raise MappingTableError(f"there is no mapping table {name}; {table_meant(name)}")
    folder = resources.files("nbo_extract_mappings") / "tables" / name
    files = (
        sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
        if folder.is_dir()
        else ()
    )
    parts = {f"{name}/{f.name.removesuffix('.toml')}": f.read_text(encoding="utf-8") for f in files}
    return compile_table(file.read_text(encoding="utf-8"), name, parts)


def table_names() -> tuple[str, ...]:
    """Names of all mapping tables of the product."""
    folder = resources.files("nbo_extract_mappings") / "tables"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def table_meant(name: str) -> str:
    """Say which table a wrong name may stand for; a part of its name, such as ``czi``, will do."""
    names = table_names()
    parts = {part: n for n in reversed(names) for part in n.split("-")}
    return meant(name, names, f"known: {', '.join(names)}", words=parts)
