"""The commands `schema` and `mappings`: what the product knows of the model and of vendors' words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from nbo_extract.cli.group import NOT_MET, OK, Refusal
from nbo_extract.cli.render import Printer
from nbo_extract.counting import counted
from nbo_extract.coverage import row_ids
from nbo_extract.requirements import EXTENSIONS, place_of, requirements
from nbo_extract.schema import load
from nbo_extract.suggesting import meant
from nbo_extract.tables import load_rules, load_table, table_meant, table_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.schema import Attribute, Declaration
    from nbo_extract.tables import Block, Row

_MANY = 12


def show_schema(name: str | None) -> int:
    """Show one element, or the names of all, and return the exit code."""
    printer = Printer(sys.stdout)
    schema = load()
    if name is None:
        for short in EXTENSIONS:
            found = [n for n in schema.names if (d := schema.element(n)).extension and place_of(d).extension == short]
            concrete = sorted(n for n in found if not schema.element(n).abstract)
            printer.line(f"{short} ({counted(len(concrete), 'element')})", "bold")
            printer.line(", ".join(concrete), indent=2)
            printer.line()
        return OK
    exact = next((n for n in schema.names if n.casefold() == name.casefold()), None)
    if exact is None:
        hint = meant(name, schema.names, "see all with nbo-extract schema", most=3)
        raise Refusal(f"the NBO model has no element {name}; {hint}")
    _show_element(printer, schema.element(exact))
    return OK


def _show_element(printer: Printer, declared: Declaration) -> None:
    place = place_of(declared)
    schema = declared.schema
    printer.line(f"{declared.name}  (NBO {schema.version})", "bold cyan")
    rows = [("Extension", declared.extension or ""), ("Tier", str(place.tier))]
    rows += [("Domain", declared.domain or ""), ("Category", declared.category or "")]
    if declared.group:
        rows.append(("Is a", declared.group))
    inside = sorted(d.name for d in map(schema.element, schema.names) if not d.abstract and d.use(declared.name))
    rows.append(("Stands in", ", ".join(inside)))
    if declared.abstract:
        rows.append(("One of", ", ".join(n for n in schema.members(declared.name) if not schema.element(n).abstract)))
    printer.grid([row for row in rows if row[1]])
    fields = {r.name: r for r in requirements(declared)}
    attributes = [
        (a.name, _level(fields[n].level, fields[n].tier) if n in fields else "", _type(declared, a))
        for n, a in declared.attributes.items()
        if n not in declared.unit_names or n in fields
    ]
    if attributes:
        printer.line()
        printer.line("Attributes", "bold", 2)
        printer.grid(attributes, indent=4, style="")
    children = [
        (r.name.removesuffix("Group"), _level(r.level, r.tier), f"{r.extension}{_members(r.name, r.satisfied_by)}")
        for r in fields.values()
        if r.kind == "child"
    ]
    if children:
        printer.line()
        printer.line("Children", "bold", 2)
        printer.grid(children, indent=4, style="")


def _members(name: str, members: tuple[str, ...]) -> str:
    return "" if members == (name,) else f": {_listed(members)}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MANY])
    return shown if len(names) <= _MANY else f"{shown} and {len(names) - _MANY} more"


def _level(level: str, tier: int) -> str:
    return f"{level.upper()} tier {tier}"


def _type(declared: Declaration, attribute: Attribute) -> str:
    kind = attribute.type
    told = _listed(kind.enum) if kind.enum else kind.primitive.removeprefix("xsd:")
    if attribute.unit is not None and attribute.unit in declared.attributes:
        unit = declared.attributes[attribute.unit]
        told += f", in {_listed(unit.type.enum)}" if unit.type.enum else ", with a unit"
    return told


# -- mapping tables ---------------------------------------------------------------------------------------------------


def list_mappings() -> int:
    """List the mapping tables and return the exit code."""
    rows = []
    for name in table_names():
        table = load_table(name)
        rows.append((name, counted(len(row_ids(table)), "row"), f"{table.title} (version {table.version})"))
    Printer(sys.stdout).grid(rows, indent=0)
    return OK


def list_rules() -> int:
    """List the rules by which facts are derived, with the number of rows that follow each; return the exit code."""
    tables = [load_table(name) for name in table_names()]
    rows = []
    for name, title in load_rules().items():
        count = sum(r.derived == name for t in tables for b in t.blocks for r in (*b.kinds, *b.rows))
        rows.append((name, f"{title} ({counted(count, 'row')})"))
    Printer(sys.stdout).grid(rows, indent=0)
    return OK


def show_mapping(name: str) -> int:
    """Show the rows of a table and return the exit code."""
    _refuse_unknown([name])
    table = load_table(name)
    printer = Printer(sys.stdout)
    printer.line(f"{table.title} (version {table.version})", "bold cyan")
    for block in table.blocks:
        printer.line()
        printer.line(f"{_element(block)}  each {' or '.join(p.text for p in block.each)}", "bold")
        rows = [(row.attribute or "kind", _origin(row)) for row in (*block.kinds, *block.rows)]
        if block.text is not None:
            rows.append(("text", _origin(block.text)))
        if rows:
            printer.grid(rows, style="")
    if table.planes is not None:
        printer.line()
        printer.line("Plane", "bold")
        rows = [(row.attribute, " or ".join(row.columns) or "stated once a channel") for row in table.planes.rows]
        printer.grid(rows, style="")
    return OK


def _element(block: Block) -> str:
    names = block.elements
    inside = f" in {block.into or block.parent}" if block.into or block.parent else ""
    return f"{_listed(names) or block.id}{inside}"


def _origin(row: Row) -> str:
    told = [" or ".join(p.text for p in row.paths) or ", ".join(p.text for p in row.args)]
    told += [f"= {row.value}"] if row.value else []
    told += [f"refers to {' or '.join(row.refs)}"] if row.refs else []
    told += [f"in {row.unit}"] if row.unit else []
    told += [f"converted to {row.to}"] if row.to else []
    told += [f"by {row.function}"] if row.function else []
    told += [f"words {row.words}"] if row.words else []
    told += [f"derived by {row.derived}"] if row.derived else []
    told += [f"when {row.when.text}"] if row.when is not None else []
    return "; ".join(t for t in told if t)


def check_mappings(names: Sequence[str]) -> int:
    """Check tables against the model and return the exit code."""
    from nbo_extract.tables_check import check_table

    _refuse_unknown(names)
    problems = 0
    for name in names or table_names():
        found = check_table(name)
        problems += len(found)
        for problem in found:
            click.echo(problem)
        if not found:
            click.echo(f"{name}: nothing wrong")
    return NOT_MET if problems else OK


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in table_names():
            raise Refusal(f"there is no mapping table {name}; {table_meant(name)}")
