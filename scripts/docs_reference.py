"""The reference pages of the documentation, made of the code and the tables when the site is built.

Every command with its options, every row of every mapping table, every word table, every rule. Each function returns
Markdown in which tables are HTML, so that vendor paths need no escaping of Markdown's signs.
"""

from __future__ import annotations

import html
import inspect
import re
import tomllib
from importlib import resources
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import click

from nbo_extract.cli.app import program
from nbo_extract.cli.examples import EXAMPLES
from nbo_extract.cli.group import DEFAULT
from nbo_extract.explanations import explanations
from nbo_extract.functions import FUNCTIONS
from nbo_extract.tables import load_rules, load_table, table_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.tables import Block, Path, PlaneRow, Row, Table

NAME = "nbo-extract"
HEAD = ("Word", "NBO")
FINDING = re.compile(r"^\| (NBO[0-9]{3}) \| (.+?) \| (.+) \|$", re.MULTILINE)


def pages() -> dict[str, str]:
    """Return all reference pages: path within the documentation to Markdown."""
    found = {
        "reference/commands.md": commands_page(),
        "reference/mappings/index.md": mappings_page(),
        "reference/words.md": words_page(),
    }
    found |= {page: table_page(load_table(PurePosixPath(page).stem)) for page in table_titles()}
    return found


def table_titles() -> dict[str, str]:
    """Return the pages of the mapping tables: path within the documentation to title."""
    return {f"reference/mappings/{name}.md": load_table(name).title for name in table_names()}


def anchor(row: str) -> str:
    """Return the anchor of a row, a block or a word table on its page; a fragment of an address holds no second #."""
    return re.sub(r"[^\w.-]+", "-", row)


def code(text: str) -> str:
    """Return a text as code in HTML."""
    return f"<code>{html.escape(text)}</code>"


def rows_table(head: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Return a table in HTML: titles of columns, and of each row its anchor (or nothing) and its cells in HTML."""
    lines = [
        "<table>",
        "<thead><tr>",
        *(f"<th>{html.escape(title)}</th>" for title in head),
        "</tr></thead>",
        "<tbody>",
    ]
    for name, cells in rows:
        mark = f' id="{html.escape(name)}"' if name else ""
        lines.append(f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "\n".join([*lines, "</tbody>", "</table>"])


# -- commands ---------------------------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield each command that does something, with its full name; the default command goes by the program's name."""
    top = click.Context(program, info_name=NAME, max_content_width=100)
    yield NAME, program.commands[DEFAULT], click.Context(program.commands[DEFAULT], info_name=NAME)
    for name in program.list_commands(top):
        if name != DEFAULT:
            yield from _below(program.commands[name], name, top)


def _below(
    command: click.Command, name: str, parent: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    here = click.Context(command, info_name=name, parent=parent)
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield here.command_path, command, here
    if isinstance(command, click.Group):
        for inner in command.list_commands(here):
            yield from _below(command.commands[inner], inner, here)


def commands_page() -> str:
    """Return the page of all commands and their options."""
    parts = [
        "# Commands",
        "Every command with all of its options, as `--help` tells them. What stands in square brackets at the end of an"
        " option is what holds without it.",
        "Exit codes: 0, all is well; 1, something is missing that was asked for; 2, the call is wrong; 3, a file"
        " failed; 130, interrupted.",
    ]
    for path, command, context in commands():
        slug = path.replace(" ", "-")
        parts += [f"## `{path}` {{ #{slug} }}", *_command(path, command, context)]
    return "\n\n".join(parts) + "\n"


def _command(path: str, command: click.Command, context: click.Context) -> Iterator[str]:
    # The help of the default command is that of the program.
    told = program if path == NAME else command
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```"
    for text in (told.help or "").split("\n\n"):
        yield html.escape(" ".join(text.replace("\b", "").split()), quote=False)
    yield "\n".join(["```text", *EXAMPLES[tuple(path.split()[1:])], "```"])
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        # An argument stands in the line above, and its help where it has one.
        if record is not None and any(record[1:]):
            first = f"{slug_of(path)}{parameter.opts[-1]}"
            rows.append((first, (code(record[0]), html.escape(record[1]))))
    yield rows_table(("Option", "Does"), rows)
    formatter = context.make_formatter()
    told.format_epilog(context, formatter)
    if ending := inspect.cleandoc(formatter.getvalue()):
        yield f"```text\n{ending}\n```"


def slug_of(path: str) -> str:
    """Return the anchor of a command."""
    return path.replace(" ", "-")


# -- findings ---------------------------------------------------------------------------------------------------------


def findings_page(text: str) -> str:
    """Return the page on findings with an anchor for each code, such as ``#NBO301``, and why it matters where known."""
    known = explanations()

    def row(found: re.Match[str]) -> str:
        number, cause, way = found.groups()
        why = known[number].why
        more = f"<br>{html.escape(why, quote=False)}" if why else ""
        return f'| <span id="{number}">{number}</span> | {cause}{more} | {way} |'

    return FINDING.sub(row, text)


# -- mapping tables ---------------------------------------------------------------------------------------------------


def row_count(table: Table) -> int:
    """Return how many rows a table has, those of its planes included."""
    blocks = sum(len(b.kinds) + len(b.rows) + (b.text is not None) for b in table.blocks)
    return blocks + (len(table.planes.rows) if table.planes is not None else 0)


def mappings_page() -> str:
    """Return the page that lists the mapping tables and the rules."""
    tables = [load_table(name) for name in table_names()]
    listed = (
        ("", (f'<a href="{html.escape(t.name)}.html">{html.escape(t.title)}</a>', code(t.name), str(row_count(t))))
        for t in tables
    )
    used: dict[str, int] = dict.fromkeys(load_rules(), 0)
    for derived in (r.derived for t in tables for b in t.blocks for r in (*b.kinds, *b.rows)):
        if derived:
            used[derived] += 1
    rules = ((f"rule-{n}", (code(n), html.escape(title), str(used[n]))) for n, title in load_rules().items())
    return (
        "\n\n".join(
            [
                "# Mapping tables",
                "What is read from where. A row of a table says which place in a vendor's metadata gives which"
                " attribute of NBO. [How tables are written](../../mapping-tables.md); [words of vendors](../words.md);"
                " [which rows reach a field](../model.md).",
                rows_table(("Source", "Table", "Rows"), listed),
                "## Rules { #rules }",
                "What follows from what a file states, instead of being stated. `--skip-rule NAME` turns one off,"
                " `--no-derive` all of them.",
                rows_table(("Rule", "Derives", "Rows"), rules),
            ]
        )
        + "\n"
    )


def table_page(table: Table) -> str:
    """Return the page of a mapping table: every block with every row."""
    parts = [
        f"# {table.title} {{ #top }}",
        f"Table `{table.name}`, version {table.version}, {row_count(table)} rows. Paths are XPath, relative to the item"
        " that the block names; `$names` are variables below.",
    ]
    for block in table.blocks:
        parts += [f"## {_heading(block)} {{ #{anchor(block.id)} }}", _block(block)]
        rows = [
            (anchor(row.id), (html.escape(row.attribute or _element(block)), *cells(row)))
            for row in (*block.kinds, *block.rows)
        ]
        if block.text is not None:
            rows.append((anchor(block.text.id), ("text", *cells(block.text))))
        if rows:
            parts.append(rows_table(("Field", "From", "How"), rows))
    if table.planes is not None:
        parts += ["## Planes { #planes }", "Columns that the reader gives, one value a plane."]
        planes = ((anchor(r.id), (html.escape(r.attribute), *plane_cells(r))) for r in table.planes.rows)
        parts.append(rows_table(("Field", "From", "How"), planes))
    if table.variables:
        parts += ["## Variables { #variables }"]
        named = ((f"var-{n}", (code(f"${n}"), code(p.text))) for n, p in table.variables.items())
        parts.append(rows_table(("Name", "Stands for"), named))
    return "\n\n".join(parts) + "\n"


def _element(block: Block) -> str:
    return f"kind of {block.id}"


def _heading(block: Block) -> str:
    names = ", ".join(block.elements[:4]) + (" and others" if len(block.elements) > 4 else "")
    return names if not names or block.id == names else f"{names} ({block.id})" if names else block.id


def _block(block: Block) -> str:
    told = [f"One for each {' or '.join(code(p.text) for p in block.each)}"]
    told += [f"in block {html.escape(block.parent)}"] if block.parent else []
    told += [f"put into that of {html.escape(block.into)}"] if block.into else []
    told += [f"made by {code(block.expand)}"] if block.expand else []
    told += [f"equal where {code(block.key.text)} is"] if block.key is not None else []
    told += [f"when {code(block.when.text)}"] if block.when is not None else []
    told += [f"{code('$' + n)} is {code(p.text)}" for n, p in block.let.items()]
    if len(block.elements) > 4:
        told.append(f"elements: {html.escape(', '.join(block.elements))}")
    return f"<p>{'; '.join(told)}.</p>"


def _codes(paths: Iterable[Path], between: str) -> str:
    return between.join(code(p.text) for p in paths)


def cells(row: Row) -> tuple[str, str]:
    """Return where a row reads and how it makes a value of it, in HTML."""
    origin = [_codes(row.paths, " or ")] if row.paths else []
    origin += [_codes(row.args, ", ")] if row.args else []
    origin += [f"constant {code(row.value)}"] if row.value else []
    how = [html.escape(text) for text in _how(row)]
    if row.words:
        address = f"../words.html#{anchor(row.words)}"
        how.insert(0, f'words <a href="{html.escape(address)}">{html.escape(row.words)}</a>')
    if row.function:
        about = (FUNCTIONS[row.function].__doc__ or "").strip().partition("\n")[0] if row.function in FUNCTIONS else ""
        how.insert(
            0, f'<abbr title="{html.escape(about)}">{code(row.function)}</abbr>' if about else code(row.function)
        )
    if row.derived:
        how.append(f'derived by <a href="index.html#rule-{html.escape(row.derived)}">{html.escape(row.derived)}</a>')
    return "; ".join(origin), "; ".join(how)


def _how(row: Row) -> Iterator[str]:
    if row.refs:
        yield f"refers to {' or '.join(row.refs)}"
    if row.unit_path is not None:
        yield f"unit from {row.unit_path.text}"
    if row.unit:
        yield f"in {row.unit}"
    if row.to:
        yield f"converted to {row.to}"
    if row.when is not None:
        yield f"when {row.when.text}"
    if row.minimum is not None:
        yield f"not below {row.minimum:g}"
    if row.maximum is not None:
        yield f"not above {row.maximum:g}"
    if row.absent:
        yield f"nothing where it is {', '.join(sorted(map(repr, row.absent)))}"
    if row.otherwise:
        yield {"keep": "other words are kept", "silent": "other words say nothing"}[row.otherwise]
    yield from (text for text in (row.note, f"known from {row.evidence}" if row.evidence else "") if text)


def plane_cells(row: PlaneRow) -> tuple[str, str]:
    """Return where a row of planes reads and how it makes a value of it, in HTML."""
    origin = [f"column {code(column)}" for column in row.columns]
    origin += [f"once a channel: {code(row.channel.text)}"] if row.channel is not None else []
    how = [code(row.function)] if row.function else []
    how += [f"with {code(row.argument.text)}"] if row.argument is not None else []
    how += [f"unit from column {code(row.unit_column)}"] if row.unit_column else []
    how += [f"in {html.escape(row.unit)}"] if row.unit else []
    how += [f"converted to {html.escape(row.to)}"] if row.to else []
    how += [f"nothing where it is {html.escape(', '.join(sorted(map(repr, row.absent))))}"] if row.absent else []
    how += [f"derived by {html.escape(row.derived)}"] if row.derived else []
    return " or ".join(origin), "; ".join(how)


# -- words ------------------------------------------------------------------------------------------------------------


def word_tables() -> tuple[str, ...]:
    """Return the names of all word tables."""
    folder = resources.files("nbo_extract_mappings") / "words"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def words_page() -> str:
    """Return the page of all word tables."""
    parts = [
        "# Words of vendors",
        "What NBO calls what vendors name otherwise. Case and runs of blanks do not count. A word that stands for"
        " nothing says nothing. A word that is in no table is reported ([NBO151](../findings.md#NBO151)), never"
        " turned into “Other”.",
    ]
    for name in word_tables():
        # As they are written in the table: those that are loaded are folded, and have no title.
        file = resources.files("nbo_extract_mappings") / "words" / f"{name}.toml"
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        rows = [(html.escape(word), value) for word, value in table.get("words", {}).items()]
        rows += [(f"pattern {code(row['re'])}", row["value"]) for row in table.get("pattern", ())]
        shown = (("", (word, html.escape(value) or "<i>nothing</i>")) for word, value in rows)
        parts += [f"## {name} {{ #{anchor(name)} }}", html.escape(table.get("title", "")), rows_table(HEAD, shown)]
    return "\n\n".join(parts) + "\n"
