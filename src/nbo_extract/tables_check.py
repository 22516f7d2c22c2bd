"""Check of a mapping table against the NBO model: all that is wrong, not the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract import units
from nbo_extract.errors import MappingTableError
from nbo_extract.functions import EXPANDERS, FUNCTIONS
from nbo_extract.schema import load
from nbo_extract.tables import load_rules, load_table
from nbo_extract.values import canonical
from nbo_extract.words import load_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.schema import Attribute, Declaration, Schema
    from nbo_extract.tables import Block, Path, Row, Table


def check_table(name: str) -> list[str]:
    """Check a mapping table of the product.

    Parameters
    ----------
    name : str

    Returns
    -------
    list of str
        One sentence for each problem; empty for a sound table.
    """
    try:
        table = load_table(name)
    except MappingTableError as error:
        return [error.message]
    return problems(table)


def problems(table: Table) -> list[str]:
    """Return all problems of a compiled table."""
    return list(_Check(table, load()).run())


class _Check:
    def __init__(self, table: Table, schema: Schema) -> None:
        self.table = table
        self.schema = schema
        self.blocks = {b.id: b for b in table.blocks}

    def run(self) -> Iterator[str]:
        yield from self._variables()
        for block in self.table.blocks:
            yield from (f"{self.table.name}, {block.id}: {text}" for text in self._block(block))
        yield from (f"{self.table.name}, planes: {text}" for text in self._planes())

    def _variables(self) -> Iterator[str]:
        for name, path in self.table.variables.items():
            yield from (f"{self.table.name}, ${name}: {text}" for text in self._names(path, set(self.table.variables)))

    def _names(self, path: Path, known: set[str]) -> Iterator[str]:
        for name in path.names:
            if name not in known:
                yield f"unknown variable ${name} in {path.text}"

    def _known(self, block: Block) -> set[str]:
        """Return the variables that a block may use: its own, its ancestors' and the table's."""
        known = {"item", *self.table.variables}
        here: Block | None = block
        while here is not None:
            known |= {here.id, *here.let}
            here = self.blocks.get(here.parent)
        return known

    def _block(self, block: Block) -> Iterator[str]:
        if not block.elements:
            yield "names no element"
        if block.expand and block.expand not in EXPANDERS:
            yield f"there is no expander {block.expand}"
        known = self._known(block)
        for path in (*block.let.values(), *(p for p in (block.key, block.when) if p is not None)):
            yield from self._names(path, known)
        # `each` and `when` of the parent's scope are evaluated before the block's own variables exist.
        for path in block.each:
            yield from self._names(path, known - set(block.let))
        declared = list(self._declarations(block))
        yield from (d for d in declared if isinstance(d, str))
        kinds = [d for d in declared if not isinstance(d, str)]
        for row in block.rows:
            yield from (f"{row.attribute}: {text}" for text in self._row(row, block, kinds, known))
        for kind in block.kinds:
            yield from self._lookups(kind, known)
        if block.text is not None:
            yield from self._lookups(block.text, known)
            if kinds and all(k.text is None for k in kinds):
                yield "has a text, but the element has none in the NBO model"

    def _declarations(self, block: Block) -> Iterator[Declaration | str]:
        home = self.blocks.get(block.into or block.parent)
        parents = [self.schema.element("OME")]
        if home is not None:
            parents = [d for d in self._declarations(home) if not isinstance(d, str)]
        for element in block.elements:
            found = [d for p in parents if (d := p.child(element)) is not None]
            if not found:
                place = " or ".join(p.name for p in parents) or "its parent"
                yield f"the NBO model has no {element} in {place}"
            yield from found

    def _row(self, row: Row, block: Block, kinds: list[Declaration], known: set[str]) -> Iterator[str]:
        yield from self._lookups(row, known)
        having = [k.attributes[row.attribute] for k in kinds if row.attribute in k.attributes]
        if kinds and not having:
            yield f"the NBO model has no such attribute in {' or '.join(k.name for k in kinds)}"
        for attribute in having:
            if not attribute.writable:
                yield "no XML can carry this attribute: its published name holds blanks"
            yield from self._units(row.unit, row.to, row.unit_path is not None, attribute)
        if having:
            yield from self._values(row, having)
        if row.refs:
            for ref in row.refs:
                if ref not in self.blocks:
                    yield f"refers to block {ref}, which does not exist"
            if not any(k.name in self.schema.references for k in kinds):
                yield f"{' or '.join(block.elements)} is no reference in the NBO model"

    def _lookups(self, row: Row, known: set[str]) -> Iterator[str]:
        paths = (*row.paths, *row.args, *(p for p in (row.when, row.unit_path) if p is not None))
        for path in paths:
            yield from self._names(path, known)
        if row.function and row.function not in FUNCTIONS:
            yield f"there is no function {row.function}"
        if row.words:
            try:
                yield from load_words(row.words).problems()
            except MappingTableError as error:
                yield error.message
        yield from self._derivation(row.derived)
        if row.otherwise not in ("", "keep", "silent"):
            yield f"otherwise is {row.otherwise}; it can be keep or silent"
        if not (row.paths or row.args or row.value or row.refs):
            yield "has no from, args, value or ref"

    def _derivation(self, name: object) -> Iterator[str]:
        if name != "" and (not isinstance(name, str) or name not in load_rules()):
            yield f"derived is {name!r}, which is none of the named rules: {', '.join(load_rules())}"

    def _values(self, row: Row, having: list[Attribute]) -> Iterator[str]:
        """Check constants and words: each has to fit the type in one of the elements that the block makes."""
        values = [row.value] if row.value else []
        if row.words and row.otherwise != "keep":
            try:
                values += sorted(load_words(row.words).values)
            except MappingTableError:
                values = []  # said by _lookups
        for value in values:
            reasons = []
            for attribute in having:
                try:
                    canonical(value, attribute.type)
                except ValueError as error:
                    reasons.append(str(error))
            if len(reasons) == len(having):
                yield f"the value '{value}' {reasons[0]}"

    def _units(self, unit: str, to: str, by_path: bool, attribute: Attribute) -> Iterator[str]:
        if attribute.unit is None:
            if (unit or by_path) and not to:
                yield "has a unit, but the NBO model has none here: `to` has to name the one that NBO fixes"
            return
        allowed = self._unit_type(attribute)
        if not unit and not by_path:
            if attribute.type.numeric:
                yield "states no unit, but the value has one in the NBO model"
            return
        for name in (n for n in (units.normalise(unit) if unit and not to else "", to) if n):
            if allowed and name not in allowed:
                yield f"the unit {name} is not among NBO's for {attribute.unit}"
        if unit and to and units.dimension(unit) != units.dimension(to):
            yield f"{unit} and {to} are of different dimensions"

    def _unit_type(self, attribute: Attribute) -> tuple[str, ...]:
        for declaration in self.schema.walk():
            found = declaration.attributes.get(attribute.name)
            if found is attribute and attribute.unit is not None:
                return declaration.attributes[attribute.unit].type.enum
        return ()

    def _planes(self) -> Iterator[str]:
        rules = self.table.planes
        if rules is None:
            return
        for block in (rules.block, rules.channel_block):
            if block and block not in self.blocks:
                yield f"there is no block {block}"
        plane = self.schema.element("Plane")
        for row in rules.rows:
            attribute = plane.attributes.get(row.attribute)
            if attribute is None:
                yield f"the NBO model has no attribute {row.attribute} in Plane"
                continue
            if row.function and row.function not in FUNCTIONS:
                yield f"{row.attribute}: there is no function {row.function}"
            yield from (f"{row.attribute}: {text}" for text in self._derivation(row.derived))
            for text in self._units(row.unit, row.to, bool(row.unit_column), attribute):
                yield f"{row.attribute}: {text}"
