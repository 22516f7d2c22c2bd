"""The command `doctor`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.doctor_facts import function, gather
from nbo_extract.cli.group import FAILED, OK, Failure, Refusal, complain
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import no_reader, readers

if TYPE_CHECKING:
    from nbo_extract.cli.render import Printer


def run(*, as_json: bool = False) -> int:
    """Show what is installed and return the exit code: 3 if something that is needed is missing."""
    facts = gather()
    code = FAILED if facts["missing"] else OK
    if as_json:
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return code
    from nbo_extract.cli.render import Printer

    printer = Printer(sys.stdout)
    python, system = facts["python"], facts["system"]
    printer.grid(
        [
            ("nbo-extract", facts["nbo-extract"]),
            ("Python", f"{python['version']} ({python['implementation']}, {python['bits']} bits, {_where(python)})"),
            ("System", _system(system)),
            ("Texts", f"{system['encoding']}; names of files {system['file_names']}"),
            ("Variables", ", ".join(facts["variables"]) or "none of NBO_*, no JAVA_HOME"),
            ("NBO model", ", ".join(facts["nbo"])),
            ("Mapping tables", ", ".join(facts["mapping_tables"])),
        ],
        indent=0,
    )
    missing = "missing: install nbo-extract again with pip"
    _section(printer, "Libraries", [(n, v or missing) for n, v in facts["libraries"].items()])
    _section(printer, "Extras", [(name, _extra(name, found)) for name, found in facts["extras"].items()])
    _section(printer, "Readers", [(r["name"], _reader(r)) for r in facts["readers"]])
    rows = [(a["name"] if not n else "", line) for a in facts["adapters"] for n, line in enumerate(a["status"])]
    _section(printer, "Adapters, asked in this order for what no reader takes; --reader NAME asks one alone", rows)
    return code


def _section(printer: Printer, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        printer.line()
        printer.line(title, "bold")
        printer.grid(rows, style="")


def _where(python: dict[str, Any]) -> str:
    return {"conda": "conda environment", "virtual": "virtual environment", "system": "no environment"}[
        python["environment"]
    ]


def _system(system: dict[str, Any]) -> str:
    told = f"{system['name']} {system['release']} {system['machine']}"
    told += f", {system['libc']}" if system["libc"] else ""
    return f"{told}, {system['processors']} processors"


def _extra(name: str, found: dict[str, str | None]) -> str:
    missing = [library for library, version in found.items() if version is None]
    if missing:
        return f"not installed: {', '.join(missing)}; pip install 'nbo-extract[{name}]'"
    return f"ready: {', '.join(f'{library} {version}' for library, version in found.items())}"


def _reader(reader: dict[str, Any]) -> str:
    # Families of TIFF are told by their tags, not by an ending of their own.
    endings = f" ({', '.join(reader['endings'])})" if reader["endings"] else ""
    return f"{', '.join(reader['formats'])}{endings}: {reader['state']}"


def run_install(name: str) -> int:
    """Install what an adapter needs and return the exit code.

    Raises
    ------
    Refusal
        If there is nothing to install for such a reader.
    Failure
        If it cannot be installed.
    """
    chosen = next((r for r in readers() if r.name == name), None)
    if chosen is None:
        raise Refusal(no_reader(name))
    if not chosen.install:
        known = ", ".join(r.name for r in readers() if r.install)
        extra = f"; pip install 'nbo-extract[{chosen.requires}]' gets it" if chosen.requires else ""
        raise Refusal(f"there is nothing to install for {name}{extra}; doctor --install takes: {known}")
    try:
        function(chosen.install)(complain)
    except NboExtractError as error:
        raise Failure(error.message) from error
    return OK
