"""Proof of a mapping table: each row has a fragment of the vendor's tree and the value that the row gives for it.

A table's test module makes a `TableCases` and runs its checks; `unproven` may only shrink.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from nbo_extract.lift import lift
from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract.tables import load_table
from nbo_extract.tables_check import check_table
from nbo_extract.xmlio import from_xml, to_xml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbo_extract.model import Document, Node


class Case(NamedTuple):
    """A row, the facts that it gives (value and unit), and the tree.

    For a row of ``kind`` the facts are the names of the elements that its block makes. For a row of ``planes`` they
    are the column, ``-`` where a plane states nothing; ``columns`` are those of the reader, by key.
    """

    row: str
    facts: list[str]
    tree: str
    columns: Mapping[str, dict[str, list[str | None]]] = {}


@dataclass
class TableCases:
    """All cases of one table."""

    table: str
    cases: list[Case]
    unproven: set[str] = field(default_factory=set)

    def lifted(self, case: Case) -> Document:
        planes = {key: PlaneColumns(columns, {}) for key, columns in case.columns.items()}
        return lift(RawRecord("a.vendor", "Vendor", "vendor", self.table, etree.fromstring(case.tree), planes))

    def prove(self, case: Case) -> None:
        """Check one case: the row gives its facts, they are valid NBO, and nothing is lost on the way."""
        document = self.lifted(case)
        assert self.facts(document, case.row) == case.facts
        assert from_xml(to_xml(document)) == document
        assert [f.message for f in document.findings if f.severity == "warning"] == []

    def facts(self, document: Document, row: str) -> list[str]:
        """Return value and unit of each fact that a row gave."""
        if ".kind" in row:
            block = next(b for b in load_table(self.table).blocks if b.id == row.partition(".")[0])
            return [n.name for n in document.root.walk() if n.name in block.elements]
        found: list[str] = []
        rule = f"{self.table}:{row}"
        for node in document.root.walk():
            if node.planes is not None:
                for name, source in node.planes.sources.items():
                    unit = node.planes.units.get(name)
                    if source.rule == rule:
                        texts = node.planes.columns[name]
                        found += ["-" if t is None else f"{t} {unit}" if unit else t for t in texts]
            for fact in [*node.facts.values(), *([node.text] if node.text else [])]:
                if fact.source is not None and fact.source.rule == rule:
                    found.append(f"{fact.value} {fact.unit}" if fact.unit else fact.value)
        return found

    def check_all_rows(self) -> None:
        """Check that the table holds together and that each row has a case or is on the list that can only shrink."""
        assert check_table(self.table) == []
        table = load_table(self.table)
        rows = {r.id for b in table.blocks for r in (*b.kinds, *b.rows)} | {b.text.id for b in table.blocks if b.text}
        if table.planes is not None:
            rows |= {r.id for r in table.planes.rows}
        proven = {c.row for c in self.cases}
        assert proven - rows == set(), "cases of rows that do not exist"
        assert self.unproven & proven == set(), "rows that are proven now: take them off the list"
        assert rows - proven == self.unproven


def nodes(document: Document, name: str) -> list[Node]:
    return [n for n in document.root.walk() if n.name == name]
