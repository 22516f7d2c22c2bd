"""Profiles: what of NBO is asked for, by name or from a file of one's own.

A profile is an intersection of tier, extensions and level, with single fields more or less. The profiles of the product
are ``profiles/*.toml``; a file of one's own may start from one of them.
"""

from __future__ import annotations

import functools
import os
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from nbo_extract.errors import UsageError
from nbo_extract.requirements import EXTENSIONS, TIERS, requirements
from nbo_extract.schema import load
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.requirements import Level, Requirement

_KEYS = ("title", "reason", "from", "only", "tier", "extensions", "level", "require", "waive")
_SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class Named:
    """A single field that a profile adds or takes away.

    Attributes
    ----------
    element, name : str
        As in a `Requirement`.
    reason : str
        Empty where the profile gives none.
    """

    element: str
    name: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is asked for.

    Attributes
    ----------
    tier : int
    extensions : frozenset of str
    level : {'must', 'should'}
    name, title, reason : str
        Empty where the three axes alone were given.
    only : bool
        Whether the fields of `require` are all that is asked for.
    require, waive : tuple of Named
    """

    tier: int = 1
    extensions: frozenset[str] = frozenset({"core"})
    level: Level = "must"
    name: str = ""
    title: str = ""
    reason: str = ""
    only: bool = False
    require: tuple[Named, ...] = ()
    waive: tuple[Named, ...] = ()

    def asks(self, requirement: Requirement) -> bool:
        """Whether the tier, extensions and level ask for a field."""
        return (
            not self.only
            and requirement.tier <= self.tier
            and requirement.extension in self.extensions
            and (self.level == "should" or requirement.level == "must")
        )

    def required(self, element: str) -> dict[str, str]:
        """Return the fields of an element that are required beyond the three axes, with the reasons."""
        return {n.name: n.reason for n in self.require if n.element == element}

    def waived(self, element: str) -> dict[str, str]:
        """Return the fields of an element that are not required, with the reasons."""
        return {n.name: n.reason for n in self.waive if n.element == element}


def profile_names() -> tuple[str, ...]:
    """Names of the profiles of the product, from the least to the most that is asked for."""
    folder = resources.files("nbo_extract_mappings") / "profiles"
    names = [f.name.removesuffix(_SUFFIX) for f in folder.iterdir() if f.name.endswith(_SUFFIX)]
    return tuple(sorted(names, key=lambda n: (not (p := named(n)).only, p.tier, len(p.extensions), p.level, n)))


@functools.cache
def named(name: str) -> Profile:
    """Return a profile of the product.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    file = resources.files("nbo_extract_mappings") / "profiles" / f"{name}{_SUFFIX}"
    if not name.replace("-", "").isalnum() or not file.is_file():
        raise UsageError(f"there is no profile {name}; {meant(name, profile_names())}")
    return _profile(file.read_text(encoding="utf-8"), name, f"profile {name}")


def load_profile(given: str) -> Profile:
    """Return a profile by its name, or from a TOML file.

    Raises
    ------
    UsageError
        If there is none, or its file cannot be used.
    """
    if not given.lower().endswith(_SUFFIX) and os.sep not in given:
        return named(given)
    try:
        with open(given, encoding="utf-8") as stream:
            text = stream.read()
    except OSError as error:
        raise UsageError(f"{given}: this profile cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{given}: this profile is no text in UTF-8; save it as such") from error
    return _profile(text, os.path.basename(given).removesuffix(_SUFFIX), given)


def _profile(text: str, name: str, place: str) -> Profile:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: this is no valid TOML: {error}") from error
    reader = _Reader(place)
    unknown = next((key for key in data if key not in _KEYS), None)
    if unknown is not None:
        raise reader.fail(f"there is no key {unknown} of a profile; {meant(unknown, _KEYS)}")
    start = Profile()
    if "from" in data:
        try:
            start = named(reader.text(data, "from"))
        except UsageError as error:
            raise reader.fail(f"from: {error.message}") from error
    extensions = reader.extensions(data["extensions"]) if "extensions" in data else start.extensions
    require = {(n.element, n.name): n for n in start.require} | reader.fields(data.get("require", {}), "require")
    waive = {(n.element, n.name): n for n in start.waive} | reader.fields(data.get("waive", {}), "waive")
    both = next((key for key in reader.fields(data.get("require", {}), "require") if key in waive), None)
    if both is not None and both in reader.fields(data.get("waive", {}), "waive"):
        raise reader.fail(f"{both[0]}/{both[1]} is both required and waived; leave one of them out")
    for key in reader.fields(data.get("require", {}), "require"):
        waive.pop(key, None)
    for key in reader.fields(data.get("waive", {}), "waive"):
        require.pop(key, None)
    only = reader.only(data, start)
    if only and not require:
        raise reader.fail("only = true asks for the fields of require alone, and it names none")
    return Profile(
        reader.one_of(data, "tier", TIERS, start.tier),
        frozenset(EXTENSIONS) if only else extensions,
        cast("Level", reader.one_of(data, "level", ("must", "should"), start.level)),
        name,
        reader.text(data, "title") or name,
        reader.text(data, "reason"),
        only,
        tuple(require.values()),
        tuple(waive.values()),
    )


class _Reader:
    """Reads the keys of a profile; what is wrong is told with the file and the key."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.schema = load()

    def fail(self, message: str) -> UsageError:
        return UsageError(f"{self.place}: {message}")

    def text(self, data: dict[str, Any], key: str) -> str:
        value = data.get(key, "")
        if not isinstance(value, str):
            raise self.fail(f"{key} is a text, not {value!r}")
        return value

    def one_of(self, data: dict[str, Any], key: str, known: Iterable[Any], otherwise: Any) -> Any:
        value = data.get(key, otherwise)
        if isinstance(value, bool) or value not in known:
            raise self.fail(f"{key} is one of {', '.join(map(str, known))}, not {value!r}")
        return value

    def only(self, data: dict[str, Any], start: Profile) -> bool:
        value = data.get("only", start.only)
        if not isinstance(value, bool):
            raise self.fail(f"only is true or false, not {value!r}")
        axes = [key for key in ("tier", "extensions", "level") if key in data]
        if value and axes:
            raise self.fail(f"only = true asks for the fields of require alone; leave {axes[0]} out")
        return value

    def extensions(self, value: Any) -> frozenset[str]:
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise self.fail(f"extensions is a list of some of {', '.join(EXTENSIONS)}, not {value!r}")
        for name in value:
            if name not in EXTENSIONS:
                raise self.fail(f"extensions: {name!r} is no extension of NBO; {meant(name, EXTENSIONS)}")
        return frozenset(value)

    def fields(self, value: Any, key: str) -> dict[tuple[str, str], Named]:
        """Read a list of fields, or a table of fields and reasons."""
        if isinstance(value, list):
            value = dict.fromkeys(value, "") if all(isinstance(v, str) for v in value) else None
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.fail(
                f"{key} is a list of fields such as 'Objective/LotNumber', or a table of fields and reasons"
            )
        return {(n.element, n.name): n for text, why in value.items() for n in self._field(text, key, why)}

    def _field(self, text: str, key: str, reason: str) -> Iterator[Named]:
        element, slash, name = text.partition("/")
        if not slash or not element or not name:
            raise self.fail(f"{key}: {text!r} is no field; write the element, /, and the attribute or child")
        if element not in self.schema.names:
            raise self.fail(f"{key}: the NBO model has no element {element}; {self._meant(element)}")
        declared = self.schema.element(element)
        members = [element]
        if declared.abstract:
            members = [m for m in self.schema.members(element) if not self.schema.element(m).abstract]
        having = [m for m in members if name in _fields_of(m)]
        if not having:
            known = dict.fromkeys(n for m in members for n in _fields_of(m))
            raise self.fail(f"{key}: {element} has no field {name}; {meant(name, known)}")
        yield from (Named(m, name, reason) for m in having)

    def _meant(self, element: str) -> str:
        return meant(element, self.schema.names, "see all with nbo-extract schema")


@functools.cache
def _fields_of(element: str) -> tuple[str, ...]:
    declared = load().element(element)
    if element == "OME":
        return declared.children
    return tuple(r.name for r in requirements(declared))
