"""Comparing filters: the bands that they pass, and the codes in their names."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nbo_extract.comparisons_names import compare_codes
from nbo_extract.parts import (
    band_text_removed,
    bands,
    dyes,
    maker,
    parse_bands,
    rewritten,
    roles,
    same_bands,
    title,
    words_behind_bands,
)
from nbo_extract.verdicts import Verdict, different, same, weak

if TYPE_CHECKING:
    from nbo_extract.model import Node
    from nbo_extract.parts import Kind

# An edge or a centre has so many digits.
_EDGE = 2


def compare_filters(first: Node, second: Node, kind: Kind) -> Verdict:
    """Compare filters by their bands, where both state them, else by their codes."""
    names = title(first, kind), title(second, kind)
    left = tuple(band_text_removed(n, kind) if n else () for n in names)
    pass_bands = bands(first, kind), bands(second, kind)
    if () in pass_bands:
        return weak(0.1, "name and bands of one part contradict each other")
    if (
        names[0]
        and names[1]
        and rewritten(names[0], kind) == rewritten(names[1], kind)
        and _telling(names[0], left[0], kind)
    ):
        return same("text", f"model {names[1]}")
    if roles(names[0], kind) * roles(names[1], kind) < 0:
        return different("one is for excitation, one for emission")
    if None in pass_bands or not pass_bands[0] or not pass_bands[1]:
        return compare_codes(first, second, kind)
    return _compare_bands(first, second, kind, pass_bands[0], pass_bands[1])


def _telling(name: str, left: tuple[str, ...], kind: Kind) -> bool:
    """Whether a name states bands or a code, not a dye alone."""
    digits = sum(map(str.isdigit, dyes(name, kind)[1]))
    return digits > 0 and (bool(left) or digits > _EDGE)


def _compare_bands(
    first: Node,
    second: Node,
    kind: Kind,
    mine: tuple[tuple[str, Decimal, Decimal], ...],
    theirs: tuple[tuple[str, Decimal, Decimal], ...],
) -> Verdict:
    names = title(first, kind), title(second, kind)
    left = tuple(band_text_removed(n, kind) if n else () for n in names)
    several = "MultiPass" in (first.get("Type"), second.get("Type"))
    within = Decimal(str(kind.raw["tolerance"]))
    if not same_bands(mine, theirs, within):
        # A file may state the first band alone.
        shared = any(same_bands((a,), (b,), within) for a in mine for b in theirs)
        return weak(0.1, "one of several bands agrees") if several and shared else different("bands")
    said = f"bands {', '.join(f'{b[1]:f}/{b[2]:f}' if b[0] == 'band' else f'{b[0]} pass {b[1]:f}' for b in theirs)}"
    if left[0] and left[1] and sorted(left[0]) != sorted(left[1]):
        return different("other coatings or codes")
    odd = set(left[0]) ^ set(left[1])
    behind = {w for n in names if n for w in words_behind_bands(n, kind)}
    odd &= {*kind.raw["unsure"], *behind}
    if odd:
        return weak(0.4, said, f"{', '.join(sorted(odd))} stands on one side alone")
    told = tuple(tuple(sorted(parse_bands(n, kind))) if n else () for n in names)
    if told[0] and told[1] and told[0] != told[1]:
        return weak(0.4, said, "the names state other bands")
    if several and len(mine) == 1:
        return weak(0.2, said, "a multi-band filter with one band stated")
    if maker(first) is not None and maker(first) == maker(second):
        return same("bands-and-maker", said, "maker")
    return same("bands", said)
