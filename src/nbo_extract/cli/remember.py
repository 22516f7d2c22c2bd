"""Writing what `--match` settled into the configuration, whose comments and formatting stay."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.config import read_config
from nbo_extract.config_keys import NAME, quoted
from nbo_extract.errors import ConfigError, WriteError
from nbo_extract.parts import fold
from nbo_extract.stores import is_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.cli.completion import Remembered
    from nbo_extract.cli.work import Outcome


def remember(outcomes: Iterable[Outcome]) -> tuple[list[str], list[str]]:
    """Write the pairs that settled something into the configurations of their images.

    An image without a configuration gets a new one beside it.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Of images that were worked on.

    Returns
    -------
    told : list of str
        What was written, one sentence a file.
    problems : list of str
        What was not, and why.
    """
    wanted: dict[str, list[Remembered]] = {}
    problems: list[str] = []
    for outcome in outcomes:
        if is_url(outcome.path) and not outcome.config:
            problems.append(
                f"{outcome.path}: nothing is remembered, because no configuration is for a URL; name one with --config"
            )
            continue
        place = outcome.config or os.path.join(os.path.dirname(os.path.normpath(outcome.path)), NAME)
        for pair in outcome.remembered:
            if pair.embedded:
                wanted.setdefault(place, []).append(pair)
            else:
                problems.append(
                    f"{outcome.path}: {pair.given} is not remembered: the part has no model, name or catalogue number "
                    "of its own, and its ID may mean another part in another image"
                )
    told = []
    for place, pairs in wanted.items():
        try:
            told += add_pairs(place, pairs)
        except (ConfigError, WriteError) as error:
            problems.append(error.message)
    return told, list(dict.fromkeys(problems))


def add_pairs(path: str, pairs: Sequence[Remembered]) -> list[str]:
    """Add pairs to the ``[match]`` of a configuration, which is made where it is not there.

    Returns
    -------
    list of str
        A sentence about what was written; none where all of it was there.

    Raises
    ------
    ConfigError
        If a part is settled in another way there; nothing is written.
    WriteError
        If it cannot be written.
    """
    import tomlkit
    from tomlkit.exceptions import ParseError

    place = Path(path)
    new = not os.path.lexists(path)
    try:
        document = tomlkit.parse("" if new else place.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ParseError) as error:
        raise ConfigError(f"{path}: the configuration cannot be read again ({error}); nothing is remembered") from error
    added = []
    for pair in pairs:
        scope = os.path.relpath(pair.hardware, place.parent).replace(os.sep, "/") if pair.hardware else ""
        table: Any = document.setdefault("match", tomlkit.table())
        if scope:
            table = table.setdefault(scope, tomlkit.table())
        key = f"match.{quoted(scope)}" if scope else "match"
        if not _there(table, pair, f"{path}: {key}"):
            table[pair.embedded] = pair.described
            added.append(f"{key}.{quoted(pair.embedded)} = {quoted(pair.described)}")
    if not added:
        return []
    data = tomlkit.dumps(document).encode("utf-8")
    read_config(data, path)
    if tomllib.loads(data.decode("utf-8")) != document.unwrap():
        raise ConfigError(f"{path}: its [match] is written in a way that cannot be added to; add {', '.join(added)}")
    _write(place, data)
    return [f"remembered in {path}{' (new)' if new else ''}: {', '.join(added)}"]


def _there(table: Any, pair: Remembered, where: str) -> bool:
    """Whether a pair is settled already."""
    for key, value in table.items():
        if isinstance(value, str) and fold(str(key)) == fold(pair.embedded):
            if fold(value) == fold(pair.described):
                return True
            raise ConfigError(
                f"{where}.{quoted(pair.embedded)} is {str(value)!r} already and not overwritten with "
                f"{pair.described!r}; correct it there"
            )
    return False


def _write(path: Path, data: bytes) -> None:
    from nbo_extract.writers import _system

    if path.is_symlink():
        raise WriteError(f"{path} is a symbolic link; nothing is remembered, add the pairs to what it points to")
    try:
        _system.replace_file(path, data)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {_system.cause(error)}; nothing is remembered") from error
