"""What the form of a description says beside the microscope: versions, roles of light sources, other content."""

from __future__ import annotations

import functools
import json
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.hardware import Hardware

#: Name of each form for people, by the rule that sources of its facts name.
FORMS = {
    "nbo-xml": "NBO XML",
    "nbo-json": "NBO JSON",
    "micro-meta-app": "Micro-Meta App microscope file",
    "settings": "Micro-Meta App Settings file",
}
_OWN = ("Instrument", "StructuredAnnotations")


@dataclass(frozen=True, slots=True)
class Form:
    """A description as a file.

    Attributes
    ----------
    rule : str
        ``nbo-xml``, ``nbo-json`` or ``micro-meta-app``.
    model, application : str
        Version of the model, and of the application that wrote the file; empty where it is not stated.
    roles : dict of str to str
        ID of a light source to its role, which Micro-Meta App alone states.
    others : dict of str to int
        Elements of an NBO document that are no part of a description, and how many there are.
    """

    rule: str
    model: str = ""
    application: str = ""
    roles: dict[str, str] = field(default_factory=dict)
    others: dict[str, int] = field(default_factory=dict)


@functools.cache
def tables() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the table of the application's files, and that of writing them."""
    folder = resources.files("nbo_extract_mappings") / "hardware"
    names = ("micro-meta-app.toml", "micro-meta-app-writing.toml")
    read, write = (tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in names)
    return read, write


def form_of(hardware: Hardware, path: Path) -> Form:
    """Say what the file of a description says beside the microscope.

    Parameters
    ----------
    hardware : Hardware
        What was read from it.
    path : Path
    """
    facts = (f for n in hardware.document.root.walk() for f in n.facts.values())
    rule = next((f.source.rule for f in facts if f.source is not None and f.source.rule in FORMS), "nbo-xml")
    versions = hardware.document.origin.versions
    if rule == "micro-meta-app":
        roles = tables()[1]["roles"]
        known = {*roles["assumed"].values(), *roles["certain"].values()}
        told = {light: name.rpartition("_")[0] for light, name in hardware.roles}
        stated = {light: role for light, role in told.items() if role in known}
        return Form(rule, versions.get("model", ""), versions.get("application", ""), stated)
    data = path.read_bytes()
    from nbo_extract.jsonio import from_json
    from nbo_extract.xmlio import from_xml

    document = from_xml(data) if rule == "nbo-xml" else from_json(data)
    others = Counter(n.name for n in document.root.children if n.name not in _OWN)
    return Form(rule, document.version, document.origin.versions.get("nbo-extract", ""), others=dict(others))


def replaceable(path: Path) -> bool:
    """Whether a file is a hardware description and nothing else, so that another may take its place."""
    from nbo_extract.errors import HardwareError
    from nbo_extract.hardware import load_hardware

    try:
        hardware = load_hardware(path)
    except HardwareError:
        return _is_linked(path)
    return hardware.kind == "microscope" and not form_of(hardware, path).others


def _is_linked(path: Path) -> bool:
    """Whether a file is the JSON-LD of a description, which is written and not read."""
    from nbo_extract.linked import terms_of

    try:
        content = json.loads(path.read_bytes())
        names = {child["element"] for child in content["root"]["children"]}
        return (
            content["@context"]["@vocab"] == terms_of(content["version"])
            and "Instrument" in names
            and names.issubset(_OWN)
        )
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        return False
