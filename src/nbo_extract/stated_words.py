"""Regular expressions for what counts as stated: not blank, and no placeholder that a form was filled with.

Neither XML Schema 1.0 nor every engine of JSON Schema can say "all but these words", so that the expressions are
spelled out letter by letter. They mean what `nbo_extract.applicability.placeholder` means.
"""

from __future__ import annotations

import functools
from typing import Final

from nbo_extract.applicability import table
from nbo_extract.values import ILLEGAL

#: What stands for any further text.
_ANY: Final = r"[\s\S]*"
_BLANK: Final = "blank"
# A place in a word that is being read: the word and how far; of runs of nines, the name of a state.
_Place = tuple[str, int]
_NINES: Final = "\0nines"
_POINT, _TAIL = -1, -2


@functools.cache
def blanks() -> str:
    """Return all characters that count as blank and that XML can carry."""
    return "".join(c for c in map(chr, range(0x3001)) if c.isspace() and not ILLEGAL.match(c))


@functools.cache
def not_blank() -> str:
    """Return the expression of a text that is not blank, to be matched as a whole."""
    return f"{_ANY}{_outside(blanks())}{_ANY}"


@functools.cache
def no_placeholder(*, measured: bool) -> str:
    """Return the expression of a text that is neither blank nor a placeholder, to be matched as a whole.

    Parameters
    ----------
    measured : bool
        Whether the element is one of those of which a run of nines may be a value.
    """
    start = frozenset(_start(not measured))
    return _allowed(start)


def _start(nines: bool) -> list[_Place]:
    words: list[str] = ["", *table()["placeholders"]["words"]]
    return [(word, 0) for word in words] + ([(_NINES, 0)] if nines else [])


def _allowed(state: frozenset[_Place]) -> str:
    """Return the expression of all texts that, from a state on, do not make a placeholder."""
    ways: dict[frozenset[_Place], str] = {}
    for sign in (_BLANK, *_signs(state)):
        after = _step(state, sign)
        if after:
            ways[after] = ways.get(after, "") + (blanks() if sign == _BLANK else _spellings()[sign])
    stay = ways.pop(state, "")
    branches = [f"{_inside(signs)}{_allowed(after)}" for after, signs in ways.items()]
    branches.append(_outside("".join([stay, *ways.values()])) + _ANY)
    loop = f"{_inside(stay)}*" if stay else ""
    return f"{loop}({'|'.join(branches)}){'' if _placeholder(state) else '?'}"


def _signs(state: frozenset[_Place]) -> list[str]:
    """Return what may come next, as folded text: the spellings of some signs stand for two letters."""
    found = {rest[:n] for word, at in state if word != _NINES and (rest := word[at:]) for n in (1, 2)}
    found |= {"9", "0", "."} if any(word == _NINES for word, _ in state) else set()
    return sorted(s for s in found if s in _spellings() and s.strip())


def _step(state: frozenset[_Place], sign: str) -> frozenset[_Place]:
    return frozenset(after for place in state if (after := _moved(place, sign)) is not None)


def _moved(place: _Place, sign: str) -> _Place | None:
    word, at = place
    if word == _NINES:
        return _moved_nines(at, sign)
    if sign == _BLANK:
        if at in (0, len(word)) or word[at - 1] == " ":
            return place
        return (word, at + 1) if word[at] == " " else None
    return (word, at + len(sign)) if word.startswith(sign, at) else None


def _moved_nines(at: int, sign: str) -> _Place | None:
    least = int(table()["placeholders"]["nines"])
    after: int | None = None
    if sign == _BLANK:
        after = at if at in (0, _TAIL) else _TAIL if at in (least, _POINT) else None
    elif sign == "9" and at >= 0:
        after = min(at + 1, least)
    elif sign in ("9", "0") and at == _POINT:
        after = _POINT
    elif sign == "." and at == least:
        after = _POINT
    return None if after is None else (_NINES, after)


def _placeholder(state: frozenset[_Place]) -> bool:
    least = int(table()["placeholders"]["nines"])
    return any(at in (least, _POINT, _TAIL) if word == _NINES else at == len(word) for word, at in state)


@functools.cache
def _spellings() -> dict[str, str]:
    """Return folded text to all single characters that fold to it: ``k`` is also the Kelvin sign."""
    letters = {c for word in table()["placeholders"]["words"] for c in word} | set("90.")
    found: dict[str, str] = {}
    for number in range(0x20, 0xFFFE):
        folded = chr(number).casefold()
        if not 0xD800 <= number < 0xE000 and letters.issuperset(folded):
            found[folded] = found.get(folded, "") + chr(number)
    return found


def _inside(signs: str) -> str:
    return f"[{''.join(_escaped(c) for c in dict.fromkeys(signs))}]"


def _outside(signs: str) -> str:
    return f"[^{''.join(_escaped(c) for c in dict.fromkeys(signs))}]"


def _escaped(sign: str) -> str:
    return {"\t": r"\t", "\n": r"\n", "\r": r"\r"}.get(sign) or (f"\\{sign}" if sign in r"\[]^-" else sign)
