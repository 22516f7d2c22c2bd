"""The columns of the matrix: which part of NBO a field belongs to, by the table ``schema/report.toml``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from nbo_extract.schema import load

if TYPE_CHECKING:
    from nbo_extract.checking import Judged

#: The last column takes what no other does.
_REST = -1


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    key, title : str
    categories : frozenset of str
        Categories of NBO's schema.
    elements : frozenset of str
        Elements that belong here whatever their category.
    """

    key: str
    title: str
    categories: frozenset[str]
    elements: frozenset[str]


@functools.cache
def columns() -> tuple[Column, ...]:
    """Return all columns in the order in which they are shown."""
    path = resources.files("nbo_extract_mappings") / "schema" / "report.toml"
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["column"]
    return tuple(
        Column(r["key"], r["title"], frozenset(r.get("categories", ())), frozenset(r.get("elements", ()))) for r in rows
    )


def column_of(judged: Judged, version: str) -> str:
    """Return the key of the column that a field belongs to: of the child that is missing, else of the nearest element.

    Parameters
    ----------
    judged : Judged
    version : str
        Of the NBO model.
    """
    requirement = judged.requirement
    inside = requirement.satisfied_by[:1] if requirement.kind == "child" else ()
    names = (*inside, requirement.element, *(n.name for n in reversed(judged.chain)))
    return _nearest(tuple(dict.fromkeys(names)), version)


@functools.cache
def _nearest(names: tuple[str, ...], version: str) -> str:
    for name in names:
        found = element_column(name, version)
        if found:
            return found
    return columns()[_REST].key


def element_column(name: str, version: str) -> str:
    """Return the key of an element's own column, empty where it belongs to the one of the element around it."""
    for column in columns():
        if name in column.elements:
            return column.key
    schema = load(version)
    category = schema.element(name).category if name in schema else None
    return next((c.key for c in columns() if category in c.categories), "")
