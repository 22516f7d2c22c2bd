"""Shorter words for what is shown to people."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Any


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    path = resources.files("nbo_extract_mappings") / "schema" / "short-words.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def method(word: str) -> str:
    """Return what a kind of imaging is called, such as ``point-scanning confocal``; as NBO spells it by default."""
    short: dict[str, str] = _table()["method"]
    return short.get(" ".join(word.split())) or word.replace("_", " ")


def dimension(size: str, name: str, kind: str) -> str:
    """Return the size of a further dimension in words, such as ``10 mosaic tiles``.

    Parameters
    ----------
    size : str
        As stated.
    name, kind : str
        Name and NBO's type of the dimension; empty where not stated.
    """
    words: list[str] | None = _table()["dimension"].get(f"{name}|{kind}")
    if words is None:
        return f"{size} {name or kind or '?'}"
    return f"{size} {words[size != '1']}"
