"""Serial and catalogue numbers wherever a part has them: in lot numbers, models and names."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.parts import code, fold, rules, says_something

if TYPE_CHECKING:
    from nbo_extract.model import Node

_TEXTS = ("LotNumber", "Model", "Name")
_PIECES = re.compile(r"[\s,;()\[\]]+")


@dataclass(frozen=True, slots=True)
class Serials:
    """Numbers of one piece of hardware.

    Attributes
    ----------
    stated : frozenset of str
        Those that are said to be serial numbers, by a word or by the form in which drivers add them.
    possible : frozenset of str
        These, and what a lot number holds, which may be one.
    """

    stated: frozenset[str]
    possible: frozenset[str]


def serials(node: Node) -> Serials:
    """Collect what may be serial numbers of a part."""
    return _serials(*(node.get(name) or "" for name in _TEXTS))


# Each part of an image is compared with each described one: what a part says is asked once.
@functools.lru_cache(maxsize=4096)
def _serials(*given: str) -> Serials:
    table = rules().raw["serial"]
    texts = dict(zip(_TEXTS, map(fold, given), strict=True))
    stated = {m for text in texts.values() for pattern in table["stated"] for m in re.findall(pattern, text)}
    stated |= {m for pattern in table["ridden"] for m in re.findall(pattern, texts["Model"])}
    lot = {piece for piece in _PIECES.split(texts["LotNumber"]) if says_something(piece)}
    return Serials(_useful(stated), _useful(stated | lot))


def _useful(found: set[str]) -> frozenset[str]:
    plain = {"".join(c for c in text if c.isalnum()) for text in found}
    shortest = rules().raw["serial"]["shortest"]
    return frozenset(
        p for p in plain if len(p) >= shortest and any(map(str.isdigit, p)) and not re.fullmatch(r"0+|9+", p)
    )


def one_serial(first: Node, second: Node) -> str | None:
    """Return a serial number that both parts have, or None."""
    return min(serials(first).possible & serials(second).possible, default=None)


def other_serials(first: Node, second: Node) -> bool:
    """Whether both parts state serial numbers, and none that both have."""
    one, two = serials(first), serials(second)
    return bool(one.stated and two.stated) and not one.possible & two.possible


def unlike_serials(first: Node, second: Node) -> bool:
    """Whether both parts have numbers that may be serial numbers, and none that both have."""
    one, two = serials(first), serials(second)
    return bool(one.possible and two.possible) and not one.possible & two.possible


def catalogue_elsewhere(node: Node, number: str) -> str | None:
    """Return the text in which a part without a catalogue number holds one, as its whole or in a piece of it."""
    if len(number) < rules().raw["serial"]["shortest"] or not any(map(str.isdigit, number)):
        return None
    for name in ("Model", "Name", "LotNumber"):
        text = node.get(name)
        if text is not None and number in {code(piece) for piece in (text, *_PIECES.split(text))}:
            return text
    return None
