"""Comparing parts by their names: codes of models, stands, software and lenses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbo_extract.model import Fact
from nbo_extract.parts import dyes, known_maker, rewritten, says_something, split_words, title, words
from nbo_extract.verdicts import DIFFERENT, Verdict, compare_words, different, same, weak

if TYPE_CHECKING:
    from decimal import Decimal

    from nbo_extract.model import Node
    from nbo_extract.parts import Kind

_POWER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?) ?x(?![\w])")


def compare_codes(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare by the words of the model: all equal, in any order, and enough of them to mean one thing."""
    names = title(first, kind), title(second, kind)
    if names[0] is None or names[1] is None:
        return DIFFERENT
    (mine, a), (theirs, b) = dyes(names[0], kind), dyes(names[1], kind)
    if (mine or theirs) and not (split_words(a, kind) and split_words(b, kind)):
        return weak(0.2, f"the name {names[1]} alone says little")
    made = known_maker(first, second)
    verdict = compare_words(split_words(a, kind), split_words(b, kind), names[1], kind, made=made)
    settling = kind.raw.get("settled-by")
    settled = settling is not None and all(re.search(settling, rewritten(n, kind)) for n in names if n)
    if verdict.state == "same" and mine and theirs and not mine & theirs and not settled:
        return weak(0.3, *verdict.evidence, "the names are of other dyes")
    return verdict


def compare_magnifying(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare lenses that magnify by their names, and by the magnification that facts and names state."""
    powers = [_powers(n, kind) for n in (first, second)]
    if any(len(p) > 1 for p in powers):
        return weak(0.1, "name and magnification of one part contradict each other")
    if all(powers) and powers[0] != powers[1]:
        return different(" and ".join(f"magnification {p.normalize():f}" for found in powers for p in found))
    return compare_codes(first, second, kind)


def _powers(node: Node, kind: Kind) -> set[Decimal]:
    """Magnifications that a lens states, as a fact and in its name."""
    texts = [node.get("Magnification") or "", *_POWER.findall(rewritten(title(node, kind) or "", kind))]
    return {number for text in texts if (number := Fact(text).number) is not None and number > 0}


def compare_stands(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare stands by their models, of which one may state more."""
    names = [n.get("Model") if says_something(n.get("Model")) else None for n in (first, second)]
    if names[0] is None or names[1] is None:
        return weak(0.1, "no model of the stand")
    best = DIFFERENT
    for a in _alternatives(names[0], kind):
        for b in _alternatives(names[1], kind):
            verdict = _compare_stand_words(a, b, names[1], kind)
            best = max(best, verdict, key=lambda v: v.score)
    return best


def _alternatives(name: str, kind: Kind) -> list[str]:
    text = " ".join(w for w in rewritten(name, kind).split() if w not in kind.noise)
    for pattern, stands in kind.raw["alternatives"]:
        if re.search(pattern, text):
            return list(stands)
    return [text]


def _compare_stand_words(a: str, b: str, name: str, kind: Kind) -> Verdict:
    found = [[w for w in re.findall(r"[^\W_]+", t) if w not in kind.noise] for t in (a, b)]
    systems = [[w for w in f if re.fullmatch(kind.raw["systems"], w)] for f in found]
    first, second = ([w for w in f if w not in s] for f, s in zip(found, systems, strict=True))
    if systems[0] and systems[1] and systems[0] != systems[1]:
        return DIFFERENT
    if not first or not second:
        if systems[0] and systems[0] == systems[1]:
            return same("stand-in-part", f"stand {name}, as far as it is stated")
        return weak(0.1, "no model of the stand")
    if "".join(first) == "".join(second):
        return same("stand", f"stand {name}")
    if first[0] == second[0] and (set(first) < set(second) or set(second) < set(first)):
        small, large = sorted((first, second), key=len)
        if _tells_variant(small, [w for w in large if w not in small], kind):
            return weak(0.3, f"the stands differ by {' '.join(w for w in large if w not in small)}")
        return same("stand-in-part", f"stand {name}, as far as it is stated")
    return different("other stands")


def _tells_variant(name: list[str], extra: list[str], kind: Kind) -> bool:
    """Whether words that one stand's model has more are those of another stand, not a closer description."""
    return bool(set(extra) & set(kind.raw["variants"])) or len(name[-1]) == 1 == len(extra[0])


def compare_software(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare programs by name and version, of which one may state more."""
    names = first.get("Name") or "", second.get("Name") or ""
    told = ["".join(words(n, kind)) for n in names]
    if not told[0] or told[0] != told[1]:
        return DIFFERENT
    versions = tuple(_version(n) for n in (first, second))
    if not all(_consistent(n, kind) for n in (first, second)):
        return weak(0.1, "name and version of one part contradict each other")
    if None in versions:
        return weak(0.3, f"{names[1]}, of a version that is not stated")
    return same("software", f"{names[1]} {versions[1]}") if _one_version(*versions) else DIFFERENT


def _one_version(first: str | None, second: str | None) -> bool:
    """Whether two versions are one: a description states 2.6 where the software itself writes 2.6.76."""
    short, long = sorted((f"{v}." for v in (first, second)), key=len)
    return long.startswith(short)


def _consistent(node: Node, kind: Kind) -> bool:
    """Whether the number in a program's name is that of its version."""
    told = re.search(kind.raw["number"], node.get("Name") or "")
    stated = re.search(r"\d+(\.\d+)*", node.get("Version") or "")
    return told is None or stated is None or _one_version(told[0], stated[0])


def _version(node: Node) -> str | None:
    found = re.search(r"\d+(\.\d+)*", node.get("Version") or node.get("Name") or "")
    return None if found is None else found[0]
