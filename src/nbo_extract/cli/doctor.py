"""The command `doctor`."""

from __future__ import annotations

import importlib
import os
import platform
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

from nbo_extract import __version__
from nbo_extract.cli.group import FAILED, OK, Failure, Refusal, complain
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import ADAPTERS, readers
from nbo_extract.schema import VERSIONS
from nbo_extract.tables import table_names

if TYPE_CHECKING:
    from nbo_extract.cli.render import Printer
    from nbo_extract.record import ReaderInfo

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def run() -> int:
    """Show what is installed and return the exit code: 3 if something that is needed is missing."""
    from nbo_extract.cli.render import Printer

    printer = Printer(sys.stdout)
    printer.grid(
        [
            ("nbo-extract", __version__),
            ("Python", f"{platform.python_version()} ({_short(sys.executable)})"),
            ("System", platform.platform()),
            ("NBO model", ", ".join(VERSIONS)),
            ("Mapping tables", ", ".join(table_names())),
        ],
        indent=0,
    )
    missing = _libraries(printer) + _readers(printer)
    _adapters(printer)
    return FAILED if missing else OK


def _libraries(printer: Printer) -> int:
    printer.line()
    printer.line("Libraries", "bold")
    rows, missing = [], 0
    for name in needed():
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            missing += 1
            rows.append((name, "missing: install nbo-extract again with pip"))
    printer.grid(rows, style="")
    return missing


def needed() -> list[str]:
    """Return the libraries that every installation has, as the package itself names them."""
    try:
        stated = metadata.requires("nbo-extract") or []
    except metadata.PackageNotFoundError:
        return []
    found = [m[0] for text in stated if "extra ==" not in text and (m := _NAME.match(text))]
    return sorted(found, key=str.lower)


def _readers(printer: Printer) -> int:
    printer.line()
    printer.line("Readers", "bold")
    rows, missing = [], 0
    for reader in sorted((r for r in readers() if r.rank < ADAPTERS), key=lambda r: r.name):
        try:
            module = importlib.import_module(reader.open.partition(":")[0])
            # A reader by a library that is no part of every installation says what it lacks; that is no fault.
            lack = module.missing() if hasattr(module, "missing") else ""
            state = f"not ready: {lack}" if lack else "ready"
        except ImportError as error:
            # A format whose library is an extra is optional.
            missing += not reader.requires
            way = f"; pip install 'nbo-extract[{reader.requires}]'" if reader.requires else ""
            state = f"cannot be used: {error}{way}"
        # Families of TIFF are told by their tags, not by an ending of their own.
        endings = f" ({', '.join(reader.suffixes)})" if reader.suffixes else ""
        rows.append((reader.name, f"{', '.join(reader.formats)}{endings}: {state}"))
    printer.grid(rows, style="")
    return missing


def _adapters(printer: Printer) -> None:
    adapters = [r for r in readers() if r.rank >= ADAPTERS]
    if not adapters:
        return
    printer.line()
    printer.line("Adapters, asked in this order for what no reader takes; --reader NAME asks one alone", "bold")
    rows = []
    for adapter in adapters:
        name = adapter.name
        for line in _status(adapter):
            rows.append((name, _short(line)))
            name = ""
    printer.grid(rows, style="")


def _status(adapter: ReaderInfo) -> list[str]:
    try:
        found: list[str] = _function(adapter.status)() if adapter.status else []
    except (ImportError, NboExtractError) as error:
        return [f"cannot be used: {error}"]
    return found or ["ready"]


def _function(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _short(text: str) -> str:
    """Write the user's own folder as ``~``: what doctor prints is sent to others."""
    home = os.path.expanduser("~")
    return text.replace(home + os.sep, f"~{os.sep}") if len(home) > 1 else text


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
    if chosen is None or not chosen.install:
        known = ", ".join(r.name for r in readers() if r.install)
        extra = f"; pip install 'nbo-extract[{chosen.requires}]' gets it" if chosen and chosen.requires else ""
        raise Refusal(f"there is nothing to install for {name}{extra}; doctor --install takes: {known}")
    try:
        _function(chosen.install)(complain)
    except NboExtractError as error:
        raise Failure(error.message) from error
    return OK
