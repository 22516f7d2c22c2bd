"""Stating values of planes that are kept in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.model import Node, PlaneTable

if TYPE_CHECKING:
    from nbo_extract.model import Fact


def put_column(pixels: Node, name: str, fact: Fact, position: int) -> str | None:
    """State a value of all planes, or of the one at a position, where the file states it of none.

    Parameters
    ----------
    pixels : Node
        Gets a table of its own: that of the document it was copied from stays.
    name : str
        Attribute of Plane.
    fact : Fact
    position : int
        From 1; 0 for all planes.

    Returns
    -------
    str or None
        Why nothing was stated; None where it was.
    """
    table = pixels.planes
    if table is None or position > len(table):
        return f"the file has no Plane[{position}]" if position else "the file has no Plane"
    column, mine = table.columns.get(name), table.sources.get(name)
    # A column has one source: what the file states of some planes is not completed for the others.
    ours = mine is not None and mine == fact.source and table.units.get(name) == fact.unit
    if column is not None and any(column) and not ours:
        return f"planes of the file state {name}"
    if not ours:
        columns: dict[str, list[str | None]] = {**table.columns, name: [None] * len(table)}
        table = PlaneTable(dict(sorted(columns.items())), dict(table.units), dict(table.sources))
        pixels.planes = table
        if fact.unit is not None:
            table.units[name] = fact.unit
        if fact.source is not None:
            table.sources[name] = fact.source
    for number in range(len(table)) if not position else [position - 1]:
        table.columns[name][number] = fact.value
    return None


def plane_of(pixels: Node, identifier: str) -> Node | None:
    """Return a plane of the columns as an element, by its ID or the beginning of it."""
    rows = pixels.planes.rows() if pixels.planes is not None else ()
    found = next((r for r in rows if "ID" in r and r["ID"].value.partition(".")[0] == identifier), None)
    return None if found is None else Node("Plane", found)
