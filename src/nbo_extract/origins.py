"""Where a fact usually comes from: the image's own file, a description of the microscope, a record, a person."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.schema import load
from nbo_extract.tables import load_table, table_names

if TYPE_CHECKING:
    from nbo_extract.model import Document
    from nbo_extract.requirements import Requirement

_TABLE = "table "


@functools.cache
def found_table() -> dict[str, dict[str, str]]:
    """Return where facts are usually found: by extension, element and domain of the schema."""
    path = resources.files("nbo_extract_mappings") / "schema" / "gap-sheet.toml"
    table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    found: dict[str, dict[str, str]] = table["found"]
    return found


def usual(element: str, domain: str | None, extension: str, around: str = "") -> str:
    """Return where the facts of an element are usually found.

    Parameters
    ----------
    element : str
    domain : str or None
        As the schema gives it.
    extension : str
    around : str
        Where those of the element around it are, for one of which the schema says nothing.
    """
    rows = found_table()
    known = rows["extension"].get(extension) or rows["element"].get(element)
    return known or rows["domain"].get(domain or "") or around


def tables_of(document: Document) -> tuple[str, ...]:
    """Return the mapping tables by which a document was made from an image."""
    names = [n.removeprefix(_TABLE) for n in document.origin.versions if n.startswith(_TABLE)]
    return tuple(n for n in names if n in table_names())


@functools.lru_cache(maxsize=1 << 14)
def where(requirement: Requirement, format_: str, tables: tuple[str, ...]) -> str:
    """Return one phrase on where a missing fact usually comes from.

    Parameters
    ----------
    requirement : Requirement
    format_ : str
        Format of the image for people; empty where it is not known.
    tables : tuple of str
        Mapping tables of this format.
    """
    place = usual(requirement.element, _domain(requirement.element), requirement.extension) or "vendor file"
    words = found_table()["words"][place]
    if not tables or requirement.element == "OME":
        return words
    if any(reaches(name, requirement) for name in tables):
        told = f"{format_} files may state it, this one does not"
    else:
        told = f"no {format_} file is known to state it"
    return f"{words}; {told}"


def _domain(element: str) -> str | None:
    return load().element(element).domain if element in load() else None


def reaches(table: str, requirement: Requirement) -> bool:
    """Whether a row of a mapping table states a field, or a block of it an element that satisfies it."""
    if requirement.kind == "child":
        elements, _ = _reached(table)
        return any(name in elements for name in requirement.satisfied_by)
    return (requirement.element, requirement.name) in _reached(table)[1]


@functools.cache
def _reached(name: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the elements and the (element, attribute) pairs that a table can state."""
    table = load_table(name)
    elements: set[str] = set()
    fields: set[tuple[str, str]] = set()
    by_id = {block.id: block for block in table.blocks}
    for block in table.blocks:
        # A block without elements of its own adds to those of another.
        names = block.elements or (by_id[block.into].elements if block.into in by_id else ())
        elements.update(names)
        fields.update((element, row.attribute) for element in names for row in block.rows)
        fields.update((element, "ID") for element in names)
    if table.planes is not None:
        elements.add("Plane")
        stated = [row.attribute for row in table.planes.rows] + list(table.planes.index)
        fields.update(("Plane", attribute) for attribute in stated)
    return frozenset(elements), frozenset(fields)
