"""A facility's configuration, `nbo-extract.toml`: which description is for which image, what is settled and stated.

The nearest configuration above an image is used; configurations are not merged. `config_statements` reads what it
states of samples and experiments, `config_choice` applies its rules to an image.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbo_extract.config_facility import Facility, read_facility
from nbo_extract.config_keys import check_patterns, quoted
from nbo_extract.config_statements import SECTIONS, Entry, Number, read_section
from nbo_extract.errors import ConfigError
from nbo_extract.schema import load
from nbo_extract.suggesting import fold_key, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Every element, for `Config.prefer`.
ALL = "all"
# A configuration is some kilobytes; this is far above any.
_MAX_BYTES = 4 << 20
_TOP = ("hardware", "microscope", "match", "prefer", "facility", *SECTIONS)
#: What a rule may ask of an image's Instrument, and how it is called in folded form.
IDENTIFIERS = ("stand", "serial", "catalog_number", "computer", "camera", "software")
# Those that are looked for in all facts of an Instrument; shorter ones would be found by chance.
_TOKENS = ("serial", "catalog_number", "computer")
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``[[microscope]]``: the description for some images.

    Attributes
    ----------
    key : str
        Such as ``microscope[2]``.
    files : tuple of str
        Patterns of paths; empty for all.
    instrument : tuple of (str, str)
        Identifiers that the image has to state, by their kinds.
    hardware : str
        Path of the description.
    """

    key: str
    files: tuple[str, ...]
    instrument: tuple[tuple[str, str], ...]
    hardware: str


@dataclass(frozen=True, slots=True)
class Settled:
    """One pair of ``[match]``.

    Attributes
    ----------
    embedded, described : str
        IDs, names, models or catalogue numbers.
    hardware : str
        Path of the one description that is meant; empty for any.
    """

    embedded: str
    described: str
    hardware: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that was read and checked; the descriptions that it names are not read yet.

    Attributes
    ----------
    path : str
        As it was named or found.
    sha256 : str
        Of its bytes.
    hardware : tuple of str
        Paths of descriptions and of folders of them.
    rules : tuple of Rule
    matches : tuple of Settled
    prefer : frozenset of str
        Elements whose described values take the place of the image's; ``all`` is every one.
    entries : tuple of Entry
        What is stated of samples, experiments, people, channels and the rest.
    facility : Facility or None
        Whom a Methods section thanks.
    """

    path: str
    sha256: str
    hardware: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    matches: tuple[Settled, ...] = ()
    prefer: frozenset[str] = frozenset()
    entries: tuple[Entry, ...] = ()
    facility: Facility | None = None

    @property
    def name(self) -> str:
        """File name, by which sources call it."""
        return os.path.basename(self.path)

    @property
    def folder(self) -> str:
        """Absolute path of its folder, to which its paths are relative."""
        return os.path.dirname(os.path.abspath(self.path))

    def relative(self, path: str) -> str:
        """Path of an image as patterns see it: from the folder of the configuration, with ``/``."""
        try:
            place = os.path.relpath(os.path.abspath(path), self.folder)
        except ValueError:  # Windows: another drive
            place = os.path.abspath(path)
        return place.replace(os.sep, "/")


def load_config(path: str) -> Config:
    """Read a configuration and check all that it says, but for the content of descriptions.

    Parameters
    ----------
    path : str

    Raises
    ------
    ConfigError
        If anything in it is wrong; a sentence with file, key and cause.
    """
    return read_config(_bytes(path), path)


def read_config(data: bytes, path: str) -> Config:
    """Read a configuration from its bytes.

    Raises
    ------
    ConfigError
        If anything in it is wrong.
    """
    try:
        table = tomllib.loads(data.decode("utf-8-sig"), parse_float=lambda text: Number(text.replace("_", "")))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no TOML: {str(error)[:1].lower()}{str(error)[1:]}; correct this place") from error
    return _checked(table, path, hashlib.sha256(data).hexdigest())


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: the configuration cannot be read ({error.strerror}); check the path") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(f"{path}: {_MAX_BYTES >> 20} MB is more than a configuration has; check the path")
    return data


def _checked(table: Mapping[str, Any], path: str, sha256: str) -> Config:
    reader = _Reader(path)
    for key in table:
        if key not in _TOP:
            raise reader.wrong(key, f"there is no such key; {meant(key, _TOP)}")
    entries = [e for section in SECTIONS if section in table for e in read_section(section, table[section], path)]
    return Config(
        path,
        sha256,
        tuple(reader.place(text, "hardware") for text in reader.texts(table.get("hardware", []), "hardware")),
        tuple(reader.rules(table.get("microscope", []))),
        tuple(reader.matches(table.get("match", {}))),
        reader.prefer(table.get("prefer", {})),
        tuple(entries),
        read_facility(table["facility"], path) if "facility" in table else None,
    )


class _Reader:
    """Reads the parts of one configuration that are not statements."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.folder = os.path.dirname(os.path.abspath(path))

    def wrong(self, key: str, cause: str) -> ConfigError:
        return ConfigError(f"{self.path}: {key}: {cause}")

    def texts(self, value: Any, key: str) -> list[str]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
            raise self.wrong(key, 'this takes texts; write ["one", "another"]')
        return values

    def place(self, text: str, key: str) -> str:
        """Path of a description that the configuration names."""
        place = os.path.normpath(os.path.join(os.path.dirname(self.path), text))
        if not os.path.exists(place):
            raise self.wrong(key, f"there is no {place}; paths are relative to the configuration")
        return place

    def rules(self, value: Any) -> Iterable[Rule]:
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.wrong("microscope", "rules are a list; write [[microscope]]")
        for number, table in enumerate(value, 1):
            key = f"microscope[{number}]"
            for name in table:
                if name not in ("files", "instrument", "hardware"):
                    raise self.wrong(f"{key}.{name}", f"there is no such key; {meant(name, _RULE)}")
            if not isinstance(table.get("hardware"), str):
                raise self.wrong(f"{key}.hardware", "this takes the path of a description")
            if not table.get("files") and not table.get("instrument"):
                raise self.wrong(key, "the rule says for no image; give files or instrument")
            files = tuple(self.texts(table.get("files", []), f"{key}.files"))
            check_patterns(files, self.path, f"{key}.files")
            hardware = self.place(table["hardware"], f"{key}.hardware")
            if os.path.isdir(hardware):
                raise self.wrong(f"{key}.hardware", f"{hardware} is a folder; name one description")
            yield Rule(key, files, tuple(self.instrument(table.get("instrument", {}), key)), hardware)

    def instrument(self, value: Any, key: str) -> Iterable[tuple[str, str]]:
        if not isinstance(value, dict):
            raise self.wrong(f"{key}.instrument", 'this takes identifiers; write { stand = "model" }')
        names = {fold_key(n): n for n in IDENTIFIERS} | {"cataloguenumber": "catalog_number"}
        for name, wanted in value.items():
            here = f"{key}.instrument.{name}"
            if fold_key(name) not in names:
                raise self.wrong(here, f"there is no such identifier; {meant(name, IDENTIFIERS)}")
            if isinstance(wanted, bool) or not isinstance(wanted, (str, int)) or not str(wanted).strip():
                raise self.wrong(here, "this takes a text")
            if names[fold_key(name)] in _TOKENS and len(str(wanted).strip()) < _SHORTEST:
                raise self.wrong(here, f"{wanted!r} is too short to tell a microscope by it")
            yield names[fold_key(name)], str(wanted).strip()

    def matches(self, value: Any) -> Iterable[Settled]:
        if not isinstance(value, dict):
            raise self.wrong("match", "pairs stand in a table; write [match]")
        for name, wanted in value.items():
            if isinstance(wanted, dict):
                hardware = self.place(name, f"match.{quoted(name)}")
                if os.path.isdir(hardware):
                    raise self.wrong(f"match.{quoted(name)}", f"{hardware} is a folder; name one description")
                for mine, theirs in wanted.items():
                    yield self.settled(mine, theirs, f"match.{quoted(name)}", hardware)
            else:
                yield self.settled(name, wanted, "match", "")

    def settled(self, mine: str, theirs: Any, key: str, hardware: str) -> Settled:
        if not mine.strip() or not isinstance(theirs, str) or not theirs.strip():
            cause = "this takes the ID, name, model or catalogue number of a described part"
            raise self.wrong(f"{key}.{quoted(mine)}", cause)
        return Settled(mine.strip(), theirs.strip(), hardware)

    def prefer(self, value: Any) -> frozenset[str]:
        if not isinstance(value, dict):
            raise self.wrong("prefer", 'this is a table; write [prefer] and hardware = "all" or a list of elements')
        for name in value:
            if name != "hardware":
                raise self.wrong(f"prefer.{name}", f"there is no such key; {meant(name, ('hardware',))}")
        try:
            return elements_to_prefer(self.texts(value.get("hardware", []), "prefer.hardware"))
        except ValueError as error:
            raise self.wrong("prefer.hardware", str(error)) from error


_RULE = ("files", "instrument", "hardware")


def elements_to_prefer(names: Iterable[str]) -> frozenset[str]:
    """Elements that are meant by names: an element, a group of them (``Detector``, ``LightSource``), or ``all``.

    Raises
    ------
    ValueError
        If NBO has none of a name; the message suggests one.
    """
    schema = load()
    by_fold = {fold_key(n): n for n in schema.names}
    heads = {fold_key(n.removesuffix("Group")): n for n in schema.names if n.endswith("Group") and schema.members(n)}
    found: set[str] = set()
    for name in names:
        fold = fold_key(name)
        if fold == ALL:
            found.add(ALL)
        elif fold in heads:
            found.update(n for n in schema.members(heads[fold]) if not schema.element(n).abstract)
        elif fold in by_fold and not schema.element(by_fold[fold]).abstract:
            found.add(by_fold[fold])
        else:
            raise ValueError(f"the NBO model has no element {name}; {meant(name, schema.names)}")
    return frozenset(found)
