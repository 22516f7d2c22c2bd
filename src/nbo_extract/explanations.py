"""What each code of a finding means, why it matters, and what to do."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources

from nbo_extract.errors import UsageError
from nbo_extract.suggesting import meant

_NUMBER = re.compile(r"(?:NBO)?\s*([0-9]{3})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code explained.

    Attributes
    ----------
    code, cause, way : str
        As on the page on findings.
    why : str
        Why it matters; empty where the cause says so.
    """

    code: str
    cause: str
    way: str
    why: str = ""


@functools.cache
def explanations() -> dict[str, Explanation]:
    """Return all codes and what they mean."""
    path = resources.files("nbo_extract_mappings") / "findings.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {code: Explanation(code, **row) for code, row in table.items()}


def explain(code: str) -> Explanation:
    """Return what a code means.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    known = explanations()
    number = _NUMBER.fullmatch(code.strip())
    wanted = f"NBO{number[1]}" if number is not None else code.strip().upper()
    if wanted in known:
        return known[wanted]
    hint = meant(wanted, known, f"codes are {min(known)} to {max(known)}", most=3, least=0.8)
    raise UsageError(f"there is no finding {code}; {hint}")
