"""The archive's profile of RO-Crate as a table, ``deposit/ro_crate.toml``, in the form that writer and checker use."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """What a class says of one of its keys.

    Attributes
    ----------
    kind : str
        ``text``, ``texts``, ``url``, ``date``, ``number``, ``ref`` or ``refs``.
    required, nullable, some : bool
        Whether it must be there, may be null, must have an item.
    classes : frozenset of str
        Of what it refers to.
    """

    kind: str
    required: bool
    nullable: bool
    some: bool
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file list that is bound by a property."""

    name: str
    property: str
    required: bool = False
    refers: str = ""
    several: bool = False
    source_image: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """The whole table."""

    context: str
    conforms_to: str
    empty_words: frozenset[str]
    prefixes: dict[str, str]
    terms: dict[str, str]
    classes: dict[str, dict[str, Key]]
    ids: dict[str, str]
    columns: tuple[Column, ...]

    def expand(self, term: str) -> str:
        """Return a compact name in full."""
        prefix, colon, rest = term.partition(":")
        return self.prefixes[prefix] + rest if colon and prefix in self.prefixes else term

    def by_property(self, url: str) -> Column | None:
        """Return what the profile says of a column with a property."""
        return next((c for c in self.columns if c.property == url), None)


@functools.cache
def profile() -> Profile:
    """Return the profile."""
    file = resources.files("nbo_extract_mappings") / "deposit" / "ro_crate.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    classes: dict[str, dict[str, Key]] = {}
    ids: dict[str, str] = {}
    for name, keys in raw["classes"].items():
        classes[name] = {key: _key(text) for key, text in keys.items() if key != "id"}
        if "id" in keys:
            ids[name] = keys["id"]
    return Profile(
        raw["context"],
        raw["conforms_to"],
        frozenset(raw["empty_words"]),
        raw["prefixes"],
        raw["terms"],
        classes,
        ids,
        tuple(Column(**c) for c in raw["column"]),
    )


def _key(text: str) -> Key:
    words, _, classes = text.partition("->")
    kind, *marks = words.split()
    return Key(kind, "required" in marks, "nullable" in marks, "some" in marks, frozenset(classes.split()))


def context() -> list[Any]:
    """Return the context of a crate: that of RO-Crate, then the profile's terms."""
    found = profile()
    own: dict[str, Any] = {**found.prefixes, **{term: {"@id": url} for term, url in found.terms.items()}}
    return [found.context, dict(sorted(own.items()))]
