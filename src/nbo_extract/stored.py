"""What is stored beside the images: hardware descriptions, records of calibration, statements of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.calibration import CalibrationSet, read_calibration, records_of
from nbo_extract.config_keys import NAME, STUDY
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.statements import StatementSet

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Node

Stored = Hardware | StatementSet | CalibrationSet
#: Endings of files that can hold something of the kind.
SUFFIXES = (".json", ".xml", ".toml", ".xlsx", ".csv")


def load_stored(path: Path) -> tuple[Stored, ...]:
    """Read one stored file, whatever it holds.

    Parameters
    ----------
    path : Path
        A hardware description, a file of calibration records, or a filled gap sheet.

    Returns
    -------
    tuple of Hardware, StatementSet or CalibrationSet
        An NBO document of an image of calibration holds a description of its microscope, and records.

    Raises
    ------
    HardwareError
        If it cannot be used; one sentence.
    """
    if path.suffix.lower() in (".xlsx", ".csv", ".xls"):
        from nbo_extract.gap_sheet_read import read_sheet

        return (read_sheet(path),)
    if path.name == NAME:
        raise HardwareError(f"{path} is a configuration, no description; give it with --config")
    if path.name == STUDY:
        raise HardwareError(f"{path} says what a study is about, no microscope; nbo-extract deposit reads it")
    if path.suffix.lower() == ".toml":
        return (read_calibration(path),)
    hardware = load_hardware(path)
    if hardware.kind == "settings":
        return (hardware,)
    records = _records(path, hardware)
    return (hardware,) if records is None else (hardware, records)


def _records(path: Path, hardware: Hardware) -> CalibrationSet | None:
    """Return the records of calibration that an NBO document holds; a Micro-Meta App file has none."""
    own = next((r for r in (_rule(n) for n in hardware.instrument.walk()) if r), "")
    if own not in ("nbo-xml", "nbo-json"):
        return None
    data = path.read_bytes()
    if b"Calibration" not in data:
        return None
    from nbo_extract.jsonio import from_json
    from nbo_extract.xmlio import from_xml

    document = from_xml(data) if own == "nbo-xml" else from_json(data)
    return records_of(document, hardware.name, hardware.path, hardware.sha256)


def _rule(node: Node) -> str:
    return next((f.source.rule for f in node.facts.values() if f.source is not None), "")
