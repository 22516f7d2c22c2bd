"""What a file states by the rows of its table, all at once: for families of TIFF, of which one file tells little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.tables import load_table
from table_cases import Case, TableCases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.model import Document

Facts = dict[str, list[str]]


def rows_of(table: str) -> list[str]:
    loaded = load_table(table)
    rows = [r.id for b in loaded.blocks for r in (*b.kinds, *b.rows)] + [b.text.id for b in loaded.blocks if b.text]
    return rows + ([] if loaded.planes is None else [f"planes.{r.attribute}" for r in loaded.planes.rows])


def facts_of(table: str, document: Document) -> Facts:
    """Return row to facts, for the rows that gave any."""
    cases = TableCases(table, [])
    return {row: facts for row in sorted(rows_of(table)) if (facts := cases.facts(document, row))}


def check_rows(table: str, proven: Iterable[Facts]) -> None:
    """Check that the table holds together, and that each row is among those that files of the tests prove."""
    TableCases(table, [Case(row, [], "") for facts in proven for row in facts]).check_all_rows()
