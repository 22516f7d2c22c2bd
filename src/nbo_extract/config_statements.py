"""What a configuration states of samples, experiments, people, channels and the rest: tables of TOML to statements."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbo_extract.config_keys import check_patterns, quoted
from nbo_extract.errors import ConfigError
from nbo_extract.model import Source
from nbo_extract.schema import load
from nbo_extract.statements import TEXT, Scope, Statement, StatementError, Step, make_statement
from nbo_extract.suggesting import fold_key, meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.schema import Declaration

#: Section of the configuration to the path of the element that it states, in the order of application.
SECTIONS = {
    "experimenter": "Image/Experimenter",
    "experiment": "Image/Experiment",
    "sample": "Image/Sample",
    "environment": "Image/ImagingEnvironment",
    "channel": "Image/Pixels/Channel",
    "state": "",
}
#: Namespace of the annotation that holds what a fluorophore labels, for which NBO has no attribute.
TARGET_NAMESPACE = "https://nbo-extract.org/ns/nbo/02-01/fluorophore-target"
_TARGET = "MapAnnotation[+target]"
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(\D.*)?", re.DOTALL)
_SCOPE = ("files", "microscope")
_STATE = ("path", "value", "unit")


class Number(str):
    """A number of a TOML file as it is written there."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of statements.

    Attributes
    ----------
    section : str
        ``sample``, or ``channel.DAPI``; of several entries of a section, the first that fits an image is used.
    key : str
        Place in the configuration, such as ``sample[2]``.
    files : tuple of str
        Patterns of paths; empty for all.
    microscope : str
        Name of the microscope, or model of its stand; empty for all.
    channel : str
        Name of the channel or fluorophore; empty where none is meant.
    statements : tuple of Statement
        With the scope of the microscope; that of the files is for the configuration to judge.
    """

    section: str
    key: str
    files: tuple[str, ...]
    microscope: str
    channel: str
    statements: tuple[Statement, ...]


def read_section(section: str, content: Any, path: str) -> list[Entry]:
    """Read one section.

    Raises
    ------
    ConfigError
        If a key or value is not NBO's; a sentence with file, key and cause.
    """
    return list(_Section(section, path).entries(content))


class _Section:
    """Reads one section of one configuration."""

    def __init__(self, section: str, path: str) -> None:
        self.section = section
        self.path = path
        self.name = path.replace("\\", "/").rpartition("/")[2]
        self.scope = Scope()

    def wrong(self, key: str, cause: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}: {cause}")

    def entries(self, content: Any) -> Iterator[Entry]:
        if self.section == "state":
            if not isinstance(content, list):
                raise self.wrong("state", "statements are a list; write [[state]]")
            for number, table in enumerate(content, 1):
                yield self.entry(table, f"state[{number}]", f"state[{number}]", "")
        elif self.section == "channel":
            if not isinstance(content, dict) or any(not isinstance(t, (dict, list)) for t in content.values()):
                raise self.wrong("channel", "this takes a table for each channel; write [channel.DAPI]")
            for name, tables in content.items():
                yield from self.several(tables, f"channel.{quoted(name)}", name)
        else:
            yield from self.several(content, self.section, "")

    def several(self, content: Any, key: str, channel: str) -> Iterator[Entry]:
        if isinstance(content, dict):
            yield self.entry(content, key, key, channel)
            return
        if not isinstance(content, list):
            raise self.wrong(key, f"this is a table; write [{key}]")
        for number, table in enumerate(content, 1):
            yield self.entry(table, key, f"{key}[{number}]", channel)

    def entry(self, table: Any, section: str, key: str, channel: str) -> Entry:
        if not isinstance(table, dict):
            raise self.wrong(key, f"this is a table; write [{section}]")
        files, microscope = table.get("files", []), table.get("microscope", "")
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not all(isinstance(f, str) and f.strip() for f in files):
            raise self.wrong(f"{key}.files", 'this takes patterns of paths; write ["plate1/*", "*.czi"]')
        check_patterns(files, self.path, f"{key}.files")
        if not isinstance(microscope, str):
            raise self.wrong(f"{key}.microscope", "this takes the name of a microscope, or the model of its stand")
        self.scope = Scope(microscope=microscope.strip())
        content = {name: value for name, value in table.items() if name not in _SCOPE}
        if self.section == "state":
            statements = [self.stated(content, key)]
        else:
            step = SECTIONS[self.section]
            if channel:
                step += str(Step("", (("Name", channel),)))
            kind = load().element(SECTIONS[self.section].rpartition("/")[2])
            statements = list(self.element(content, step, kind, key))
        return Entry(section, key, tuple(files), microscope.strip(), channel, tuple(statements))

    def stated(self, table: dict[str, Any], key: str) -> Statement:
        """Read a statement that gives its path itself."""
        for name in table:
            if name not in _STATE:
                raise self.wrong(f"{key}.{name}", f"there is no such key; {meant(name, (*_STATE, *_SCOPE))}")
        path, unit = table.get("path"), table.get("unit")
        if not isinstance(path, str):
            raise self.wrong(f"{key}.path", 'this takes a path of NBO elements, such as "Image/Sample/@Organism"')
        if not isinstance(unit, (str, type(None))):
            raise self.wrong(f"{key}.unit", "this takes a text")
        value = self.text(table.get("value", ""), f"{key}.value")
        return self.make(path, value, unit, f"{key}.value")

    def element(self, table: dict[str, Any], place: str, kind: Declaration, key: str) -> Iterator[Statement]:
        """Read a table that states one element."""
        for name, value in table.items():
            here = f"{key}.{quoted(name)}"
            if fold_key(name) == "target" and (target := self.target(place, kind)) is not None:
                yield from self.states_target(target, self.text(value, here), here)
                continue
            known = self.known(name, kind, value, here)
            if known in kind.attributes:
                yield self.attribute(value, f"{place}/@{known}", kind, known, here)
                continue
            inside = kind.child(known)
            assert inside is not None  # noqa: S101 - `known` says so
            if isinstance(value, dict):
                yield from self.element(value, f"{place}/{known}", inside, here)
            elif isinstance(value, list):
                for number, each in enumerate(value, 1):
                    if not isinstance(each, dict):
                        raise self.wrong(f"{here}[{number}]", f"{known} is an element with values of its own")
                    yield from self.element(each, f"{place}/{known}[+{number}]", inside, f"{here}[{number}]")
            elif inside.text is not None:
                yield self.make(f"{place}/{known}/@{TEXT}", self.text(value, here), None, here)
            elif known in kind.schema.references:
                attribute = kind.schema.references[known][0]
                yield self.make(f"{place}/{known}/@{attribute}", self.text(value, here), None, here)
            else:
                raise self.wrong(here, f"{known} is an element with values of its own; write [{here}]")

    def known(self, name: str, kind: Declaration, value: Any, key: str) -> str:
        """Name of the attribute or child that a key means."""
        reference = kind.name in kind.schema.references
        attributes = [
            n
            for n, a in kind.attributes.items()
            if a.writable and n not in kind.unit_names and (n != "ID" or reference)
        ]
        children = [n for n in kind.children if kind.child(n) is not None]
        nested = isinstance(value, (dict, list))
        for names in (children, attributes) if nested else (attributes, children):
            for candidate in names:
                if fold_key(candidate) == fold_key(name):
                    if nested and names is attributes:
                        raise self.wrong(key, f"{candidate} is one value; give a text, a number, true or false")
                    return candidate
        if fold_key(name) == "id":
            raise self.wrong(key, "IDs are given by nbo-extract; leave it out")
        if any(fold_key(name) == fold_key(u) for u in kind.unit_names):
            raise self.wrong(key, "a unit is written behind its value, such as '37 °C'")
        hint = meant(name, [*attributes, *children], f"nbo-extract schema {kind.name} lists what it has")
        raise self.wrong(key, f"NBO's {kind.name} has no {name}; {hint}")

    def attribute(self, value: Any, path: str, kind: Declaration, name: str, key: str) -> Statement:
        text, unit = self.text(value, key), None
        if kind.attributes[name].unit in kind.attributes:
            found = _QUANTITY.fullmatch(text)
            if found is None:
                raise self.wrong(key, f"{name} {text.strip()!r} is no number with a unit, such as '37 °C'")
            text, unit = found[1], found[2]
        return self.make(path, text, unit, key)

    def target(self, place: str, kind: Declaration) -> str | None:
        """Path of the annotation that says what a fluorophore labels, None where none is meant."""
        if kind.name == "Fluorophore":
            return f"{place}/{_TARGET}"
        return f"{place}/Fluorophore/{_TARGET}" if kind.name == "Channel" else None

    def states_target(self, place: str, text: str, key: str) -> Iterator[Statement]:
        yield self.make(f"{place}/@Namespace", TARGET_NAMESPACE, None, key)
        yield self.make(f"{place}/Value/M[+target]/@K", "Target", None, key)
        yield self.make(f"{place}/Value/M[+target]/@{TEXT}", text, None, key)

    def text(self, value: Any, key: str) -> str:
        """Text of a value, as it is written in the file."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int)):
            return str(value)
        if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return value.isoformat()
        raise self.wrong(key, "this is one value; give a text, a number, true or false")

    def make(self, path: str, value: str, unit: str | None, key: str) -> Statement:
        try:
            return make_statement(path, value, unit, source=Source("user", self.name, key), scope=self.scope)
        except StatementError as error:
            raise self.wrong(key, str(error)) from error


def of_channel(statement: Statement, identifier: str) -> Statement:
    """Return the same statement about the channel that has this ID."""
    place = next(i for i, s in enumerate(statement.steps) if s.element == "Channel")
    steps = list(statement.steps)
    steps[place] = replace(steps[place], where=(("ID", identifier),))
    return replace(statement, steps=tuple(steps))
