"""The command `doctor`."""

from __future__ import annotations

import importlib
import platform
import sys
from importlib import metadata

from nbo_extract import __version__
from nbo_extract.cli.group import FAILED, OK
from nbo_extract.cli.render import Printer
from nbo_extract.registry import readers
from nbo_extract.schema import VERSIONS
from nbo_extract.tables import table_names

_LIBRARIES = ("click", "lxml", "numpy", "ome-types", "rich", "tifffile", "zarr")


def run() -> int:
    """Show what is installed and return the exit code: 3 if something that is needed is missing."""
    printer = Printer(sys.stdout)
    missing = 0
    printer.grid(
        [
            ("nbo-extract", __version__),
            ("Python", f"{platform.python_version()} ({sys.executable})"),
            ("System", platform.platform()),
            ("NBO model", ", ".join(VERSIONS)),
            ("Mapping tables", ", ".join(table_names())),
        ],
        indent=0,
    )
    printer.line()
    printer.line("Libraries", "bold")
    rows = []
    for name in _LIBRARIES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            missing += 1
            rows.append((name, "missing: install nbo-extract again with pip"))
    printer.grid(rows, style="")
    printer.line()
    printer.line("Readers", "bold")
    rows = []
    for reader in sorted(readers(), key=lambda r: r.name):
        try:
            module = importlib.import_module(reader.open.partition(":")[0])
            # A reader by a library that is no part of every installation says what it lacks; that is no fault.
            lack = module.missing() if hasattr(module, "missing") else ""
            state = f"not ready: {lack}" if lack else "ready"
        except ImportError as error:
            missing += 1
            state = f"cannot be used: {error}"
        rows.append((reader.name, f"{', '.join(reader.formats)} ({', '.join(reader.suffixes)}): {state}"))
    printer.grid(rows, style="")
    return FAILED if missing else OK
