"""Which known name a wrong one may stand for; the one place that words such hints."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def fold_key(name: str) -> str:
    """Fold case and what separates words: ``catalog_number`` is ``CatalogNumber``."""
    return "".join(c for c in name if c.isalnum()).casefold()


def close_names(
    name: str,
    known: Iterable[str],
    most: int = 1,
    least: float = 0.6,
    *,
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Return known names that are like a wrong one, the likest first.

    Parameters
    ----------
    name : str
    known : iterable of str
    most : int
        So many at most.
    least : float
        How like they are, from 0 to 1.
    words : mapping of str to str, optional
        Other words that people use, to the names that they stand for.
    """
    folded: dict[str, str] = {}
    for text, stands_for in (*((n, n) for n in known), *(words or {}).items()):
        folded.setdefault(fold_key(text), stands_for)
    # Two words may stand for one name.
    found = difflib.get_close_matches(fold_key(name), folded, max(len(folded), 1), least)
    return list(dict.fromkeys(folded[f] for f in found))[:most]


def meant(
    name: str,
    known: Iterable[str],
    otherwise: str | None = None,
    most: int = 1,
    least: float = 0.6,
    *,
    words: Mapping[str, str] | None = None,
) -> str:
    """Say which known name a wrong one may be.

    Parameters
    ----------
    name, known, most, least, words
        As for `close_names`.
    otherwise : str, optional
        What is said where nothing is like it; by default which names there are.
    """
    names = list(known)
    close = close_names(name, names, most, least, words=words)
    if close:
        return f"is {' or '.join(close)} meant?"
    return f"there are {', '.join(names)}" if otherwise is None else otherwise
