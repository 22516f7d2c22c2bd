"""English for sentences about microscopes: articles, lists, plurals, and how a part is called."""

from __future__ import annotations

import functools
import re
import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.methods.facts import Part

_FIRST = re.compile(r"[A-Za-z]+|\d+")
# Letters whose names begin with a vowel: an LED, an FT 420.
_SPOKEN = "AEFHILMNORSX"
_LIKE_YOU = re.compile(r"uni|use|usu|uti|eu|one|ura|u(?=plan)", re.IGNORECASE)
_READ = frozenset({"HAL", "LAS", "NIS"})
_EIGHT = re.compile(r"(?:8\d*|11|18)(?!\d)|(?:11|18)\d{3}(?!\d)")
# What says of a name that it is a word for the thing, and no name of it.
_PLAIN = re.compile(r"(?:motori[sz]ed |scanning )?stage", re.IGNORECASE)
# Parts that people call by what they are, where they have a name and no model: a photomultiplier tube (CH1).
_NAMED = frozenset(
    (
        *("LightEmittingDiode", "Laser", "MultiLaserEngine", "Arc", "Filament", "GenericExcitationSource"),
        *("PhotoMultiplierTube", "PhotoDiode", "HybridPhotoDetector", "CCD", "CMOS", "AnalogVideo"),
        *("IntensifiedCamera", "GenericDetector", "MechanicalStage", "PiezoElectricStage"),
    )
)


@functools.cache
def words() -> dict[str, Any]:
    """Return the table of what NBO's words are in English."""
    path = resources.files("nbo_extract_mappings") / "schema" / "methods-words.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def article(phrase: str) -> str:
    """Return ``a`` or ``an``, as the phrase is spoken."""
    found = _FIRST.match(phrase)
    if found is None:
        return "a"
    word = found[0]
    if word.isdigit():
        return "an" if _EIGHT.match(phrase) else "a"
    if _spelled(word):
        return "an" if word[0] in _SPOKEN else "a"
    return "an" if word[0].casefold() in "aeiou" and not _LIKE_YOU.match(word) else "a"


def _spelled(word: str) -> bool:
    """Whether a word is spoken letter by letter: few of its letters are vowels."""
    if word in _READ:
        return False
    if not word.isupper():  # HDCam, UPlanFl
        return word[:2].isupper() and (word[0] == "U" or not any(c in "AEIO" for c in word[:2]))
    return len(word) <= 3 or 4 * sum(c in "AEIOUY" for c in word) < len(word)


def a(phrase: str) -> str:
    """Put the article in front of a phrase."""
    return f"{article(phrase)} {phrase}" if phrase else ""


def listing(texts: Iterable[str], last: str = "and") -> str:
    """Join texts to a list; a comma stands before the last one where an item holds an ``and`` itself."""
    items = [t for t in dict.fromkeys(texts) if t]
    if len(items) < 2:
        return "".join(items)
    comma = "," if any(f" {last} " in i for i in items) else ""
    return f"{', '.join(items[:-1])}{comma} {last} {items[-1]}"


def plural(noun: str, number: int) -> str:
    """Return a noun in the form for a number."""
    return noun if number == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def counted(number: str, noun: str) -> str:
    """Write a number with its noun; the number stays as it is stated."""
    return f"{number} {plural(noun, 1 if number == '1' else 2)}"


def sentence(text: str) -> str:
    """Make a sentence: a capital in front, one full stop at the end."""
    text = " ".join(text.split())
    return f"{text[0].upper() if text[:1].islower() and _begins(text) else text[:1]}{text[1:]}." if text else ""


def _begins(text: str) -> bool:
    """Whether the first word may have a capital: a name such as mCherry or pH keeps its own."""
    return text.split()[0].rstrip(",").islower()


def noun_of(part: Part) -> str:
    """Return what a part is, in words."""
    known = words()
    word: str = known["type"].get(f"{part.element}.{part.type}") or known["part"].get(part.element, part.element)
    return word


def phrase(part: Part, *more: str) -> str:
    """Call a part: its title and what it is, and more of it in parentheses; without an article.

    Parameters
    ----------
    part : Part
    *more : str
        Such as the wavelength; what the title says itself is left out.
    """
    noun, title = noun_of(part), part.title
    added = [m for m in more if m and m.split()[0] not in _numbers(title)]
    if not title:
        return f"{added[0]} {noun}" if len(added) == 1 else f"{noun}{_in_brackets(added)}"
    if _PLAIN.match(title):
        rest = _PLAIN.sub(lambda m: m[0].casefold(), title, count=1)
        return rest + _in_brackets(added)
    if not part.model and part.element in _NAMED:
        return f"{noun}{_in_brackets([title, *added])}"
    own = (part.model or part.name).casefold()
    says = any(w in own for w in words()["says"].get(part.element, [noun.casefold()]))
    # A "GFP emission" is a GFP emission filter, and not an emission emission filter.
    for word in "" if says else noun.split():
        title = title if title.casefold().split()[-1] == word.casefold() else f"{title} {word}"
    return f"{title}{_in_brackets(added)}"


def optic(part: Part) -> str:
    """Call a filter or dichroic: its title, with its ranges where the title holds no number."""
    ranges = " and ".join(part.ranges)
    if not part.title:
        return f"{ranges} {noun_of(part)}".strip()
    return phrase(part) if any(c.isdigit() for c in part.title) else phrase(part, ranges)


def optics(parts: Sequence[Part]) -> str:
    """Call the filters or dichroics of one kind in a light path."""
    if len(parts) < 2:
        return a(optic(parts[0])) if parts else ""
    names = [p.title or " and ".join(p.ranges) for p in parts]
    if not all(names):
        return listing(a(optic(p)) for p in parts)
    return f"the {plural(noun_of(parts[0]), 2)} {listing(names)}"


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def _in_brackets(texts: Sequence[str]) -> str:
    return f" ({', '.join(texts)})" if texts else ""


def method(word: str) -> str:
    """Return NBO's word for a kind of imaging as people write it; empty for ``Other``."""
    known: dict[str, str] = words()["method"]
    return known.get(" ".join(word.split()), "")
