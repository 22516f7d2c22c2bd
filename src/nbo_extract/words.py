"""Word tables: vendor word to NBO value."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources

from nbo_extract.errors import MappingTableError


@dataclass(frozen=True, slots=True)
class WordTable:
    """Vendor words and what NBO calls them.

    Attributes
    ----------
    name : str
    exact : dict of str to str
        Folded word to value; an empty value is a word that is known to say nothing.
    patterns : tuple of (str, str)
        Regular expressions, searched in order where no exact word fits; compiled when first used.
    placeholders : bool
        Whether words without a value are placeholders, each of which is told to the user.
    """

    name: str
    exact: dict[str, str]
    patterns: tuple[tuple[str, str], ...]
    placeholders: bool = False

    def find(self, word: str) -> str | None:
        """Return NBO's value, an empty text for a word that says nothing, None for an unknown word."""
        folded = fold(word)
        if folded in self.exact:
            return self.exact[folded]
        return next((value for pattern, value in self.patterns if re.search(pattern, word)), None)

    def problems(self) -> list[str]:
        """Return what is wrong with the patterns, which are compiled only when they are searched."""
        found = []
        for pattern, _ in self.patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                found.append(f"word table {self.name}: {error} in {pattern}")
        return found

    @property
    def values(self) -> frozenset[str]:
        """All values that the table can give."""
        return frozenset(v for v in (*self.exact.values(), *(v for _, v in self.patterns)) if v)


def fold(word: str) -> str:
    """Fold case and runs of blanks."""
    return " ".join(word.split()).casefold()


@functools.cache
def load_words(name: str) -> WordTable:
    """Load a word table.

    Raises
    ------
    MappingTableError
        If there is no such table or it does not hold together.
    """
    file = resources.files("nbo_extract_mappings") / "words" / f"{name}.toml"
    if not file.is_file():
        raise MappingTableError(f"there is no word table {name}")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    unknown = set(data) - {"title", "words", "pattern", "placeholders"}
    if unknown:
        raise MappingTableError(f"word table {name}: unknown key {sorted(unknown)[0]}")
    exact = {fold(word): value for word, value in data.get("words", {}).items()}
    patterns = tuple((row["re"], row["value"]) for row in data.get("pattern", ()))
    return WordTable(name, exact, patterns, bool(data.get("placeholders", False)))
