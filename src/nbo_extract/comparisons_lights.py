"""Comparing light sources: lines, ranges of tuneable ones, and the names of models."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from nbo_extract.parts import known_maker, lines, named_line, nanometres, rewritten, title, words
from nbo_extract.verdicts import DIFFERENT, Verdict, compare_words, different, same, telling, weak

if TYPE_CHECKING:
    from nbo_extract.model import Node
    from nbo_extract.parts import Kind


def compare_lights(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare light sources by their lines, where both state them, else by the words of their models."""
    if _other_types(first, second):
        return different("other types")
    names = title(first, kind), title(second, kind)
    told = tuple(tuple(dict.fromkeys(words(n, kind))) if n else () for n in names)
    found = lines(first, kind), lines(second, kind)
    if _tuneable(second) or _tuneable(first):
        return _compare_tuneable(first, second, found[0], told, names[1] or "", kind)
    if not found[0] or not found[1]:
        if not told[0] or not told[1]:
            return DIFFERENT
        return compare_words(told[0], told[1], names[1] or "", kind, made=known_maker(first, second))
    if not _lines_agree(found, kind) or _one_is_hene(first, second, found, kind):
        return different("other lines")
    said = f"{second.name} {'/'.join(f'{line.normalize():f}' for line in found[1])} nm"
    powers = tuple(_power(n, kind) for n in names)
    if None not in powers and powers[0] != powers[1]:
        return different("other powers")
    if not all(_named_line_fits(n, t, f, kind) for n, t, f in zip((first, second), names, found, strict=True)):
        return weak(0.4, said, "name and line of one part contradict each other")
    known = {f"{line.normalize():f}" for line in found[0] + found[1]} | {"led"}
    named = tuple(tuple(w for w in t if w not in known and w != p) for t, p in zip(told, powers, strict=True))
    if named[0] and named[1] and sorted(named[0]) != sorted(named[1]):
        if set(named[0]) & set(named[1]) and set(named[0]) - set(named[1]) and set(named[1]) - set(named[0]):
            return different("other models of one family")
        return weak(0.4, said, "other names")
    if len(found[1]) > len(found[0]):
        if second.name == "LightEmittingDiode":
            return weak(0.4, said, "one line of several of an engine")
        if not named[0] and not _stated_alike(first, second):
            return weak(0.4, said, "one line of several, and nothing else agrees")
    return same("lines-and-name" if named[0] and named[1] else "lines", said)


def _stated_alike(first: Node, second: Node) -> bool:
    return any(first.get(a) not in (None, "Other") and first.get(a) == second.get(a) for a in ("Type", "LaserMedium"))


def _named_line_fits(node: Node, name: str | None, found: tuple[Decimal, ...], kind: Kind) -> bool:
    """Whether the line in a laser's name is one of those that it is stated to have."""
    told = named_line(name, kind) if name and node.name in kind.raw["named"] else None
    return told is None or any(abs(told - line) <= Decimal(str(kind.raw["named-tolerance"])) for line in found)


def _lines_agree(found: tuple[tuple[Decimal, ...], ...], kind: Kind) -> bool:
    """Whether the embedded lines are the described ones; of one embedded line, whether it is one of several."""
    within = Decimal(str(kind.raw["tolerance"]))
    if len(found[0]) == 1:
        return any(abs(found[0][0] - line) <= within for line in found[1])
    return len(found[0]) == len(found[1]) and all(abs(a - b) <= within for a, b in zip(*found, strict=True))


def _compare_tuneable(
    first: Node,
    second: Node,
    setting: tuple[Decimal, ...],
    told: tuple[tuple[str, ...], ...],
    name: str,
    kind: Kind,
) -> Verdict:
    """Compare by the range: of a tuneable source the embedded wavelength is a setting and equals nothing."""
    ranges = [
        (low, high)
        for child in second.all("IlluminationWavelengthRange", "LEDModule")
        if (low := nanometres(child, "CutOn")) is not None and (high := nanometres(child, "CutOff")) is not None
    ]
    if ranges and not all(any(low <= line <= high for low, high in ranges) for line in setting):
        return different("the wavelength is out of its range")
    plain = tuple(tuple(w for w in t if w not in {f"{line.normalize():f}" for line in setting}) for t in told)
    if plain[0] and sorted(plain[0]) == sorted(plain[1]) and telling(plain[0], kind):
        return same("model", f"model {name}")
    if plain[0] and plain[1] and sorted(plain[0]) != sorted(plain[1]):
        verdict = compare_words(plain[0], plain[1], name, kind, made=known_maker(first, second))
        return verdict if verdict.state != "same" else same("code", *verdict.evidence)
    if ranges and _tuneable(first) and _tuneable(second):
        return same("range", "tuneable, and the wavelength is in its range")
    return weak(0.3, "a tuneable source")


def _tuneable(node: Node) -> bool:
    return node.get("Tuneable") == "true"


def _other_types(first: Node, second: Node) -> bool:
    a, b = first.get("Type"), second.get("Type")
    return first.name == second.name and None not in (a, b) and "Other" not in (a, b) and a != b


def _one_is_hene(first: Node, second: Node, found: tuple[tuple[Decimal, ...], ...], kind: Kind) -> bool:
    """Whether a line of a helium-neon laser stands against the near line of a laser that is stated to be another."""
    low, high = (Decimal(str(v)) for v in kind.raw["hene"])
    if not any(low <= line <= high for line in found[0] + found[1]) or set(found[0]) & set(found[1]):
        return False
    return any((n.get("Type") or "Gas") not in ("Gas", "Other") for n in (first, second))


def _power(name: str | None, kind: Kind) -> str | None:
    """Power in a laser's model: 50 of ``488-50``, ``488/50mW`` or ``488LX 50mW``."""
    if name is None:
        return None
    found = re.search(r"(\d+) ?mw\b|\d{3}[a-z]* ?[-/] ?(\d+)\b", rewritten(name, kind))
    return None if found is None else found[1] or found[2]
