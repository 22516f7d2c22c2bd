"""Where configurations lie, and their keys and patterns: how they are found, quoted and checked."""

from __future__ import annotations

import os
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


def find_config(folder: str, known: dict[str, str] | None = None) -> str:
    """Find the configuration of a folder: the nearest one upward, symbolic links taken as they are named.

    Parameters
    ----------
    folder : str
    known : dict of str to str, optional
        What was found for folders, kept between calls.

    Returns
    -------
    str
        Its path, empty where there is none.
    """
    known = {} if known is None else known
    here, passed, found = os.path.abspath(folder), [], ""
    while here not in known:
        passed.append(here)
        candidate = os.path.join(here, NAME)
        try:
            os.stat(here)
            if os.path.lexists(candidate) and not os.path.isdir(candidate):
                found = candidate
                break
        except PermissionError:
            break
        except OSError:
            # A folder that is not there holds nothing; the ones above it may.
            pass
        above = os.path.dirname(here)
        if above == here:
            break
        here = above
    found = found or known.get(here, "")
    known.update(dict.fromkeys(passed, found))
    return found
