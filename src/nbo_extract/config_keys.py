"""Keys and patterns of configurations: how they are quoted and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.errors import ConfigError

# Keys are folded and suggested as all names are.
from nbo_extract.suggesting import fold_key as fold_key
from nbo_extract.suggesting import meant as meant

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Name by which a configuration is found.
NAME = "nbo-extract.toml"
#: Name by which what is said of a study is found, in the folder of its images.
STUDY = "study.toml"


def quoted(key: str) -> str:
    """Write a key as TOML does, with quotation marks where it needs them."""
    plain = key.replace("_", "").replace("-", "")
    return key if plain.isascii() and plain.isalnum() else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def check_patterns(patterns: Iterable[str], path: str, key: str) -> None:
    """Refuse patterns that no path below a configuration can have.

    Raises
    ------
    ConfigError
    """
    for pattern in patterns:
        parts = pattern.replace("\\", "/").split("/")
        cause = ""
        if pattern.startswith(("/", "\\", "~")) or parts[0].endswith(":") or {".", ".."} & set(parts):
            cause = "is no pattern of paths below the configuration"
        elif any(p.count("[") > p.count("]") for p in parts):
            cause = "has a bracket that is not closed"
        elif "" in parts[:-1] or any("**" in p and p != "**" for p in parts):
            cause = "is no pattern; ** stands for whole folders, * within a name"
        if cause:
            raise ConfigError(f"{path}: {key}: {pattern!r} {cause}")
