"""What the names of parts say: makers, catalogue numbers, words, bands and lines, by the table of matching rules."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract.model import Fact
from nbo_extract.schema import load
from nbo_extract.units import UnitError, convert

if TYPE_CHECKING:
    from nbo_extract.model import Node

#: Attributes by which people speak of a part.
NAMED_BY = ("Name", "Model", "CatalogNumber")
_NUMBER = r"\d+(?:[.,]\d+)?"
_BANDS = re.compile(
    rf"(?P<lp>(?:lp|ba|rlp) ?>?(?P<lpn>{_NUMBER})(?![\d/\-.]))"
    rf"|(?P<sp>(?:sp) ?<?(?P<spn>{_NUMBER})(?![\d/\-.]))"
    rf"|(?P<low>\d{{3,4}}(?:[.,]\d+)?) ?- ?(?P<high>\d{{3,4}}(?:[.,]\d+)?)(?!\d)"
    rf"|(?<![\d/])(?P<centre>\d{{3,4}}(?:[.,]\d+)?) ?/ ?(?P<width>\d{{1,3}}(?:[.,]\d+)?)(?![\d/])"
)
# LuxX+, 690+: another part than the one without it; no sum of bands (425/30+524/50).
_PLUS = re.compile(r"(?<=[a-z])\+(?!\w)|(?<=\d)\+(?= *(?:$|[,;)])| +(?![lbsk]p)[a-z])")
_LINE = re.compile(r"(?<![\d.])(\d{3,4}(?:\.\d+)?)(?= ?nm|(?![\d.]* ?mw)(?!\d))")


@dataclass(frozen=True, eq=False)
class Kind:
    """Rules of one kind of part; each stands once, in `rules`.

    Attributes
    ----------
    name : str
    elements : frozenset of str
    compare : str
        Name of the comparison.
    generic : str
        Element that states the kind alone; a part of it may turn out to be any other.
    many : bool
        Whether several embedded parts may be one described part (a filter listed once a channel).
    loose : bool
        Whether files name the element wrongly so often that the model decides.
    serial : str
        What serial numbers prove: ``decides`` where different ones are two parts, ``tells`` where only equal ones prove
        something, ``none``.
    """

    name: str
    elements: frozenset[str]
    compare: str
    generic: str
    many: bool
    loose: bool
    serial: str
    rewrites: tuple[tuple[re.Pattern[str], str], ...]
    noise: frozenset[str]
    raw: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Rules:
    """The table of matching rules, compiled."""

    raw: dict[str, Any] = field(repr=False)
    kinds: tuple[Kind, ...]
    makers: dict[str, str]
    nothing: re.Pattern[str]
    generic: frozenset[str]
    dyes: tuple[tuple[str, re.Pattern[str]], ...]

    def score(self, evidence: str) -> float:
        """Return how strong a kind of evidence is."""
        return float(self.raw["score"][evidence])

    @functools.cached_property
    def _by_element(self) -> dict[str, Kind]:
        return {element: kind for kind in reversed(self.kinds) for element in kind.elements}

    def kind(self, element: str) -> Kind:
        """Return the kind that an element of Instrument belongs to."""
        return self._by_element.get(element, self.kinds[-1])


@functools.cache
def rules() -> Rules:
    """Load the matching rules."""
    file = resources.files("nbo_extract_mappings") / "hardware" / "matching.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    schema = load()
    kinds = []
    for name, entry in raw["kind"].items():
        elements = {*entry.get("elements", ()), *(schema.members(entry["group"]) if "group" in entry else ())}
        kinds.append(
            Kind(
                name,
                frozenset(elements),
                entry["compare"],
                entry.get("generic", ""),
                entry.get("many", False),
                entry.get("loose", False),
                entry.get("serial", "tells"),
                tuple((re.compile(p), to) for p, to in entry.get("rewrite", ())),
                frozenset(entry.get("noise", ())),
                entry,
            )
        )
    makers = {spelling: owner for owner, spellings in raw["makers"].items() for spelling in spellings}
    words = "|".join(re.escape(w) for w in raw["nothing"]["words"])
    nothing = re.compile(rf"(?:{words}|{'|'.join(raw['nothing']['patterns'])})\Z")
    dyes = tuple((name, re.compile(rf"\b(?:{pattern})\b")) for name, pattern in raw["dyes"]["names"])
    return Rules(raw, tuple(kinds), makers, nothing, frozenset(raw["generic"]["words"]), dyes)


@functools.lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Fold case, blanks, underscores, trade marks and Greek letters that makers spell out."""
    text = text.replace("Î»", "lambda").replace("λ", "lambda").replace("Λ", "lambda").replace("α", "alpha")
    text = unicodedata.normalize("NFKC", re.sub("[®™©]", "", text)).casefold().replace("×", "x").replace("_", " ")
    return " ".join(re.sub(r"(?<=\d),(?=\d)", ".", text).split())


def names_of(node: Node) -> set[str]:
    """Folded names by which people speak of a part: its name, model and catalogue number."""
    return {fold(n) for n in map(node.get, NAMED_BY) if n}


# The images of a folder name the same parts again and again: what a text says is asked once.
@functools.lru_cache(maxsize=4096)
def says_something(text: str | None) -> bool:
    """Whether a text names a part: no placeholder, no mere position."""
    return text is not None and rules().nothing.match(fold(text)) is None


def maker(node: Node) -> str | None:
    """Owner of the part's maker, or None where none is stated; a model may begin with it."""
    text = node.get("Manufacturer") or node.get("Developer")
    if text is not None and says_something(text):
        return owner(text)
    return next((found for a in ("Model", "Name") if (found := _leading_maker(fold(node.get(a) or ""))[0])), None)


def known_maker(*nodes: Node) -> bool:
    """Whether the maker of one of several parts is known."""
    return any(maker(node) is not None for node in nodes)


def same_owner(first: str, second: str) -> bool:
    """Whether two owners are one: equal, or one the beginning of the other (``prior`` and ``prior scientific``)."""
    short, long = sorted((first.split(), second.split()), key=len)
    return bool(short) and long[: len(short)] == short


@functools.lru_cache(maxsize=4096)
def _leading_maker(text: str) -> tuple[str | None, str]:
    """Maker at the beginning of a folded text, and what follows."""
    found = _spellings().match(text)
    if found is None:
        return None, text
    return rules().makers[found[1]], text[found.end() :].strip()


@functools.cache
def _spellings() -> re.Pattern[str]:
    names = sorted(rules().makers, key=lambda name: (-len(name), name))
    return re.compile(rf"({'|'.join(map(re.escape, names))})(?![\w.-])[ ,:]*")


@functools.lru_cache(maxsize=4096)
def owner(text: str) -> str:
    """Owner of a maker's name; the folded name itself where the table does not know it."""
    noise = set(rules().raw["maker-noise"]["words"])
    name = " ".join(w for w in fold(text).replace(",", " ").split() if w not in noise)
    return rules().makers.get(name, rules().makers.get(fold(text), name))


@functools.lru_cache(maxsize=4096)
def code(text: str) -> str:
    """Letters and digits of a catalogue number, with the rewrites of the table."""
    plain = "".join(c for c in fold(text) if c.isalnum())
    for pattern, to in rules().raw["catalogue"]["rewrite"]:
        plain = re.sub(pattern, to, plain)
    return plain


def catalogue(node: Node) -> str | None:
    """Catalogue number of a part in comparable form, or None where none is stated.

    Files without a place for it have it in the model, the name or the lot number; its form tells.
    """
    text = _catalogue_text(node)
    if text is None:
        return None
    plain = code(text)
    useful = len(plain) >= rules().raw["catalogue"]["shortest"] and any(c.isdigit() for c in plain)
    return plain if useful and re.fullmatch(r"0+|9+", plain) is None else None


def _catalogue_text(node: Node) -> str | None:
    text = node.get("CatalogNumber")
    if text is not None and says_something(text):
        return text
    return _catalogue_within(*(node.get(attribute) or "" for attribute in ("Model", "Name", "LotNumber")))


@functools.lru_cache(maxsize=4096)
def _catalogue_within(*texts: str) -> str | None:
    forms = rules().raw["catalogue"]["forms"]
    return next((found[0] for text in texts for form in forms if (found := re.search(form, text))), None)


def variant_of(node: Node) -> str | None:
    """Part number without the block that tells variants of one part, None where it has none."""
    found = re.search(rules().raw["catalogue"]["variant"], (_catalogue_text(node) or "").strip())
    return found[1] if found else None


@functools.lru_cache(maxsize=4096)
def rewritten(text: str, kind: Kind) -> str:
    """Folded text without a maker at its beginning, after the rewrites of a kind."""
    text = _PLUS.sub(" plus", _leading_maker(fold(text))[1])
    for pattern, to in kind.rewrites:
        text = pattern.sub(to, text)
    return _leading_maker(" ".join(text.split()))[1]


def words(text: str, kind: Kind, *, split: bool = True) -> tuple[str, ...]:
    """Words of a name without noise, letters and digits apart, in order."""
    return split_words(rewritten(text, kind), kind, split=split)


@functools.lru_cache(maxsize=4096)
def split_words(text: str, kind: Kind, *, split: bool = True) -> tuple[str, ...]:
    """Words of a text after the rewrites."""
    pattern = r"[^\W\d_]+|\d+(?:\.\d+)?" if split else r"[^\W_]+(?:\.\d+)?"
    found = re.findall(pattern, text)
    return tuple(_plain(w) for w in found if w not in kind.noise)


def dyes(text: str, kind: Kind) -> tuple[frozenset[str], str]:
    """Dyes in the name of a filter or cube, and the rewritten name without them."""
    text, found = rewritten(text, kind), set()
    if kind.raw.get("dyes"):
        for name, pattern in rules().dyes:
            text, count = pattern.subn(" ", text)
            found.update([name] if count and name else [])
    return frozenset(found), " ".join(text.split())


def _plain(word: str) -> str:
    number = Fact(word).number
    return word if number is None or "." not in word else format(number.normalize(), "f")


def title(node: Node, kind: Kind) -> str | None:
    """Return the name by which a part is recognised: its model, or its own name where the model says less."""
    return _title(node.get("Model"), node.get("Name"), node.get("Manufacturer") or "", kind)


@functools.lru_cache(maxsize=4096)
def _title(model: str | None, name: str | None, own: str, kind: Kind) -> str | None:
    model, name = (_without_own_maker(t, own) if t is not None and says_something(t) else None for t in (model, name))
    if model is None or name is None:
        return model or name
    in_model, in_name = set(words(model, kind)), set(words(name, kind))
    return name if in_model < in_name and kind.name == "objective" else model


def _without_own_maker(text: str, own: str) -> str:
    for name in (own, *own.split()[:1]):
        if len(name) > 1 and fold(text).startswith(f"{fold(name)} ") and text.casefold().startswith(name.casefold()):
            return text[len(name) :].strip()
    return text


def bands(node: Node, kind: Kind) -> tuple[tuple[str, Decimal, Decimal], ...] | None:
    """Pass bands of a filter as (``band``, centre, width) or (``long``/``short``, edge, 0), None where not stated.

    Stated ranges come first; where there is none, the model's text speaks. An empty tuple means that both speak and
    contradict each other.
    """
    stated = _stated_bands(node)
    text = title(node, kind)
    told = tuple(sorted(parse_bands(text, kind))) if text else ()
    if stated and told and len(stated) == len(told) and not same_bands(stated, told, Decimal(2)):
        return ()
    return stated or told or None


def _stated_bands(node: Node) -> tuple[tuple[str, Decimal, Decimal], ...]:
    edge = {"LongPass": "long", "ShortPass": "short"}.get(node.get("Type") or "")
    found = []
    for child in node.all("TransmittanceRange"):
        centre, width = nanometres(child, "Wavelength"), nanometres(child, "FWHMBandwidth")
        if centre is None or (width is None and edge is None):
            return ()
        found.append(
            ("band", centre, width) if edge is None and width is not None else (edge or "", centre, Decimal(0))
        )
    return tuple(sorted(found))


def parse_bands(text: str, kind: Kind) -> list[tuple[str, Decimal, Decimal]]:
    """Bands in the name of a filter: ``BP 525/50``, ``BP 500-550``, ``LP 590``, ``BA420IF``."""
    found = []
    for match in _BANDS.finditer(rewritten(text, kind)):
        parts = {k: Decimal(v.replace(",", ".")) for k, v in match.groupdict().items() if v and k not in ("lp", "sp")}
        if "lpn" in parts:
            found.append(("long", parts["lpn"], Decimal(0)))
        elif "spn" in parts:
            found.append(("short", parts["spn"], Decimal(0)))
        elif "low" in parts:
            # A range that ends before it begins is a mistake, and agrees with no band.
            found.append(("band", (parts["low"] + parts["high"]) / 2, parts["high"] - parts["low"]))
        elif "centre" in parts:
            found.append(("band", parts["centre"], parts["width"]))
    return found


def band_text_removed(text: str, kind: Kind) -> tuple[str, ...]:
    """Words of a filter's name that say more than its bands."""
    left = _BANDS.sub(" ", dyes(text, kind)[1])
    return tuple(
        w for w in split_words(left, kind) if w not in {"bp", "ba", "m", "x", "hc", "band", "qbp", "tbp", "dbp"}
    )


def words_behind_bands(text: str, kind: Kind) -> tuple[str, ...]:
    """Words behind the last band in a filter's name, which tell its version (``BA495-540HQ``)."""
    found = list(_BANDS.finditer(rewritten(text, kind)))
    return band_text_removed(rewritten(text, kind)[found[-1].end() :], kind) if found else ()


def roles(text: str | None, kind: Kind) -> int:
    """Whether the code in a filter's name ends as those for excitation (1) or emission (-1) do; 0 where it does not."""
    found = re.search(r"(?<=\d)(x|m)(?:v\d)?$", rewritten(text, kind)) if text else None
    return 0 if found is None else 1 if found[1] == "x" else -1


def same_bands(
    first: tuple[tuple[str, Decimal, Decimal], ...], second: tuple[tuple[str, Decimal, Decimal], ...], within: Decimal
) -> bool:
    """Whether two filters pass the same bands."""
    return len(first) == len(second) and all(
        a[0] == b[0] and abs(a[1] - b[1]) <= within and abs(a[2] - b[2]) <= within
        for a, b in zip(first, second, strict=True)
    )


def nanometres(node: Node, attribute: str) -> Decimal | None:
    """Return a wavelength in nanometres, which NBO takes for granted, or None where no readable one is stated."""
    fact = node.facts.get(attribute)
    if fact is None:
        return None
    try:
        return Decimal(convert(fact.value, fact.unit or "nm", "nm"))
    except UnitError:
        return None


def lines(node: Node, kind: Kind) -> tuple[Decimal, ...]:
    """Peak wavelengths of a light source in nanometres: stated ones, else the one in its name."""
    ranges = node.all("IlluminationWavelengthRange", "LEDModule")
    stated = [p for r in ranges if (p := nanometres(r, "PeakWavelength")) is not None]
    if stated:
        return tuple(sorted(stated))
    text = None if node.name in kind.raw.get("engines", ()) else title(node, kind)
    told = named_line(text, kind) if text else None
    return () if told is None else (told,)


def named_line(text: str, kind: Kind) -> Decimal | None:
    """Wavelength in the name of a light source; a number that is none, visible or near, is part of a name."""
    found = _LINE.search(rewritten(text, kind))
    return Decimal(found[1]) if found is not None and 330 <= Decimal(found[1]) <= 1100 else None
