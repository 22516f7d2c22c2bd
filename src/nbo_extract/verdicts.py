"""What comparing two parts comes to, and comparing the words of their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.parts import rules

if TYPE_CHECKING:
    from nbo_extract.parts import Kind

# Digits that make a code out of letters and a number.
_CODE_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of comparing two parts.

    Attributes
    ----------
    state : str
        ``same``, ``weak`` (neither proven nor excluded, with something in common) or ``different``.
    score : float
        Between 0 and 1; larger for stronger evidence.
    evidence : tuple of str
        What agrees, and what speaks against it.
    """

    state: str
    score: float = 0.0
    evidence: tuple[str, ...] = ()


DIFFERENT = Verdict("different")


def same(evidence: str, *said: str) -> Verdict:
    """Return a proof whose strength is that of a kind of evidence in the table."""
    return Verdict("same", rules().score(evidence), said)


def weak(score: float, *said: str) -> Verdict:
    """Return what neither proves nor excludes."""
    return Verdict("weak", score, said)


def different(*said: str) -> Verdict:
    """Return what excludes, and why."""
    return Verdict("different", 0.0, said)


def telling(found: tuple[str, ...], kind: Kind) -> bool:
    """Whether words mean one thing: one that is no mere purpose, and with it a number or another word."""
    letters = [w for w in found if not w[0].isdigit()]
    digits = [w for w in found if w[0].isdigit()]
    named = [w for w in letters if w not in rules().generic]
    if not named:
        long = [w for w in digits if len(w) >= _CODE_DIGITS]
        return bool(kind.raw.get("lines-tell") and len(long) > 1) or (
            not letters and any(len(w) > _CODE_DIGITS for w in digits)
        )
    if kind.raw.get("numbered") and not digits:
        return min(len(w) for w in letters) == 1 < len(letters)
    return bool(digits or len(letters) > 1 or len(named[0]) > _CODE_DIGITS)


def compare_words(a: tuple[str, ...], b: tuple[str, ...], name: str, kind: Kind, *, made: bool) -> Verdict:
    """Compare the words of two names: all equal, in any order, and enough of them to mean one thing.

    Words without a number are what anybody may call a part; they prove where a maker is `made` known on one side.
    """
    if not a or not b:
        return DIFFERENT
    if sorted(a) == sorted(b) or "".join(a) == "".join(b):
        if telling(a, kind) and (made or any(c.isdigit() for w in a for c in w)):
            return same("model", f"model {name}")
        return weak(0.2, f"the name {name} alone says little")
    small, large = sorted((a, b), key=len)
    if set(small) < set(large):
        # A maker's code with a trade name before it is the same part; any other extra word may tell a variant, and one
        # behind the code (-ZERO, Express) does.
        extra = [w for w in large if w not in small and w.isalpha()]
        coded = any(len(w) > _CODE_DIGITS and w.isdigit() for w in small) and large[-1] in small
        if coded and extra and all(len(w) > 2 for w in extra):
            return same("code", f"model code {' '.join(small)}")
        if kind.raw.get("trade-names") and _ends_with_code(small, large):
            return same("code", f"model code {' '.join(small)}")
        return weak(0.3, f"the models differ by {' '.join(w for w in large if w not in small)}")
    return different("other models")


def _ends_with_code(small: tuple[str, ...], large: tuple[str, ...]) -> bool:
    """Whether a name is the other one's code, before which a trade name stands."""
    first = large[0]
    is_code = small[0].isalpha() and sum(c.isdigit() for w in small for c in w) >= _CODE_DIGITS
    return is_code and large[-len(small) :] == small and first.isalpha() and len(first) > _CODE_DIGITS
