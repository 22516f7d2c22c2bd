"""The commands `config show`, `config check` and `config init`."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from nbo_extract.cli.configured import Loaded, as_file, configure, is_microscope, load_with_hardware
from nbo_extract.cli.group import FAILED, OK, Refusal, complain
from nbo_extract.cli.render import Printer
from nbo_extract.config_choice import choose_by_rules, statements_for
from nbo_extract.config_keys import NAME, find_config, quoted
from nbo_extract.counting import counted
from nbo_extract.errors import NboExtractError
from nbo_extract.hardware import Hardware
from nbo_extract.registry import find_reader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.statements import Statement
    from nbo_extract.stored import Stored


def show(path: str, given: str | None) -> int:
    """Show which configuration applies to a path and return the exit code."""
    if not os.path.exists(path):
        raise Refusal(f"{path}: there is no such file or folder; check the path")
    image = not os.path.isdir(path) or find_reader(path) is not None
    # The configuration of a folder is that of an image in it.
    inside = path if image else os.path.join(path, "image")
    try:
        configured = configure([inside], given, wanted=True)
        loaded = configured.of(inside)
    except NboExtractError as error:
        complain(error.message)
        return FAILED
    printer = Printer(sys.stdout)
    if loaded is None:
        printer.line(f"no {NAME} applies to {path}: there is none in its folder or above; config init writes one")
        return OK
    printer.line(loaded.config.path, "bold cyan")
    _content(printer, loaded)
    return _image(printer, path, loaded) if image else OK


def check_file(file: str) -> int:
    """Check a configuration and return the exit code."""
    path = as_file(file)
    try:
        loaded = load_with_hardware(path)
    except NboExtractError as error:
        raise Refusal(error.message) from error
    printer = Printer(sys.stdout)
    printer.line(path, "bold cyan")
    _content(printer, loaded)
    printer.line()
    printer.line("nothing is wrong", "green", 2)
    return OK


def init(folder: str) -> int:
    """Write the template of a configuration and return the exit code."""
    from nbo_extract.writers.sidecar import write_sidecar

    path = Path(folder) / NAME
    if os.path.lexists(path):
        raise Refusal(f"{path}: this file is there already and is not overwritten; edit it, or remove it first")
    if not path.parent.is_dir():
        raise Refusal(f"{folder}: there is no such folder; check the path")
    try:
        write_sidecar(path, template())
    except NboExtractError as error:
        raise Refusal(error.message) from error
    printer = Printer(sys.stdout)
    printer.line(f"wrote {path}; take the # from the lines that you want, and try nbo-extract config check {path}")
    above = find_config(os.path.join(os.path.dirname(os.path.abspath(folder))))
    if above:
        printer.line(f"it is used instead of {above} for the images below {folder}")
    return OK


def template() -> str:
    """Text of a new configuration."""
    file = resources.files("nbo_extract_mappings") / "hardware" / "config-template.toml"
    return file.read_text(encoding="utf-8")


def _content(printer: Printer, loaded: Loaded) -> None:
    config = loaded.config
    rows = [("hardware", _description(s)) for s in loaded.stored]
    for rule in config.rules:
        asked = [f"files {', '.join(rule.files)}"] if rule.files else []
        asked += [f"{kind} {wanted!r}" for kind, wanted in rule.instrument]
        rows.append((rule.key, f"{' and '.join(asked)}: {_described(loaded.pinned[rule.hardware])}"))
    for pair in config.matches:
        where = f" (of {pair.hardware})" if pair.hardware else ""
        rows.append(("match", f"{quoted(pair.embedded)} = {quoted(pair.described)}{where}"))
    rows += [("prefer", f"hardware: {', '.join(sorted(config.prefer))}")] if config.prefer else []
    if config.facility is not None:
        known = (config.facility.name, config.facility.rrid, config.facility.methods_template)
        rows.append(("facility", ", ".join(filter(None, known)) or config.facility.acknowledgement or "nothing"))
    for entry in config.entries:
        scope = [f"files {', '.join(entry.files)}"] if entry.files else []
        scope += [f"microscope {entry.microscope!r}"] if entry.microscope else []
        values = counted(len(entry.statements), "value")
        rows.append((entry.key, f"{values}{', for ' + ' and '.join(scope) if scope else ''}"))
    printer.grid(rows or [("", "it says nothing")])


def _described(stored: Iterable[Stored]) -> str:
    return next(_description(s) for s in stored if is_microscope(s))


def _description(stored: Stored) -> str:
    named = stored.instrument.get("Name") if isinstance(stored, Hardware) and is_microscope(stored) else None
    return f"{stored.path} ({named})" if named else stored.path


def _image(printer: Printer, path: str, loaded: Loaded) -> int:
    """Tell what the configuration is for one image."""
    from nbo_extract.api import extract

    try:
        document = extract(path, planes="none", embedded=False)
    except NboExtractError as error:
        complain(error.message)
        return FAILED
    printer.line()
    printer.line(path, "bold cyan")
    choice = choose_by_rules(loaded.config, document, path)
    if choice.finding is not None:
        rows = [("Description", f"none: {choice.why}")]
    elif choice.pinned:
        rows = [("Description", f"{_described(loaded.pinned[choice.pinned])}: {choice.why}")]
    elif described := [_description(s) for s in loaded.stored if is_microscope(s)]:
        of = described[0] if len(described) == 1 else f"the one of {len(described)}"
        rows = [("Description", f"{of}, if it fits the image: {choice.why}")]
    else:
        rows = [("Description", "none: no rule fits, and hardware names none" if loaded.config.rules else "none")]
    stated, findings = statements_for(loaded.config, document, path)
    rows += [("States", _statement(s)) for s in stated.statements if s.fact.value]
    rows += [("Note", f.message) for f in findings]
    printer.grid(rows)
    return OK


def _statement(statement: Statement) -> str:
    fact = statement.fact
    key = fact.source.path if fact.source is not None else ""
    scope = f", for the microscope {statement.scope.microscope!r}" if statement.scope.microscope else ""
    scope += f", unless the microscope is {' or '.join(statement.scope.unless)}" if statement.scope.unless else ""
    return f"{statement.path} = {fact.value}{f' {fact.unit}' if fact.unit else ''}  ({key}{scope})"
