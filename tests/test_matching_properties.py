"""One distinguishing token, or one number, more or other in the name of a matched part makes it another part."""

from __future__ import annotations

import re
from decimal import Decimal

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from matching_pairs import ALL, part
from nbo_extract.matching import compare
from nbo_extract.objectives import fits, read_lens
from nbo_extract.parts import lines, rules, title, words

# Many pairs state no immersion or band, and are passed over.
QUICK = settings(suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
TOKENS = (" II", " III", " S", "-S", "-E", " Plus", "+", " HS", " LT", " Pro", " V2", " 2")

# Digits that tell no part, as patterns of what stands in a text: kind, pattern, and why.
NO_DIGITS = [
    ("objective", r"-0\.\d+", "an iris, which one side may leave out"),
    ("objective", r"1-U\w+|\bIX\d+|\bOFN\d+", "the number and the frame in a DeltaVision's list; the field of view"),
    ("objective", r"NA:\d\.\d+", "FluoView's NA, where a code on the other side states none"),
    ("detector", r"SN:\d+|\bX-\d+|-?VSC-?\d+|-\d{6,8}$", "serial numbers that drivers add"),
    ("detector", r"ICX\d+|-CS\d", "the chip, and the head that goes with a code"),
    ("detector", r"Flash ?4\.0( V\d)?|Grasshopper3", "a trade name before the code of a model"),
    ("filter", r"-(25|32)$", "the diameter of a filter"),
    ("filter", r"DBP560 125 And 700 100", "a name whose bands are not read beside those that are stated"),
    ("light", r"103? mW|\b100 mW", "a power that one side alone states"),
    ("stand", r"LSM \d+", "a system that one side alone states"),
    ("stand", r"Z1|P\d[ZF]\w*|S1F-3|F-3|Celldiscoverer 7|/ 7|\b3$", "what one side alone states of a stand"),
]
# Tokens that tell no part, or may be left out, of each kind, and why.
NO_TOKENS = {
    ("stand", " S"): "software leaves out the last letter of a stand (DMi8 for DMi8 S)",
    ("stand", "-S"): "the same",
    ("stand", "-E"): "the same",
    ("software", " 2"): "a number behind a program's name is its version",
}


def _proven() -> list[tuple[str, str, str]]:
    """Pairs that are matched by their names or bands, not by a serial or catalogue number."""
    found = []
    for element, first, second, same in ALL:
        if same:
            verdict = compare(part(element, first), part(element, second))
            if verdict.state == "same" and not verdict.evidence[0].startswith(("serial", "catalogue")):
                found.append((element, first, second))
    return found


def _named(element: str, text: str) -> bool:
    """Whether a part has a name of its own, beside its lines, bands or numbers."""
    node, kind = part(element, text), rules().kind(element)
    return any(not w[0].isdigit() and w != "led" for w in words(title(node, kind) or "", kind))


PROVEN = _proven()
# A band or a line alone contradicts no name.
NAMED = [p for p in PROVEN if _named(p[0], p[1]) and _named(p[0], p[2])]


def _name(text: str) -> tuple[int, int]:
    """Span of the text that names a part of the table: its model, else its name."""
    spans: dict[str, tuple[int, int]] = {}
    for piece in re.finditer(r"[^;]+", text):
        said = piece[0].strip()
        head = said.partition("=")[0] if re.match(r"[A-Za-z]+=", said) else "Model"
        start = piece.end() - len(piece[0].lstrip()) + (len(head) + 1 if said.startswith(f"{head}=") else 0)
        stop = re.compile(r"( ?[@#]\S+)*$").search(text, start, piece.end())
        end = stop.start() if stop else piece.end()
        if end > start and head in ("Model", "Name"):
            spans.setdefault(head, (start, end))
    return spans.get("Model") or spans.get("Name") or (0, 0)


def _check(pair: tuple[str, str, str], side: int, text: str) -> None:
    texts = [pair[1], pair[2]]
    texts[side] = text
    verdict = compare(part(pair[0], texts[0]), part(pair[0], texts[1]))
    assert verdict.state != "same", (pair, text, verdict)


@QUICK
@given(st.sampled_from(NAMED), st.integers(0, 1), st.sampled_from(TOKENS))
def test_a_token_more_is_another_part(pair: tuple[str, str, str], side: int, more: str) -> None:
    text, kind = pair[1 + side], rules().kind(pair[0]).name
    start, end = _name(text)
    # A word said twice, and a sign behind a bracket, are none.
    said = text[start:end].casefold().replace("+", " plus ")
    assume(end and more.replace("+", "plus").strip(" -").casefold() not in re.findall(r"[^\W\d_]+|\d+", said))
    assume((more != "+" or text[end - 1].isalnum()) and (kind, more) not in NO_TOKENS)
    assume(not re.match("1-U|DBP560 125 And", text[start:end]))
    _check(pair, side, text[:end] + more + text[end:])


@QUICK
@given(st.sampled_from(NAMED), st.integers(0, 1), st.integers(0, 20), st.integers(1, 9))
def test_another_digit_is_another_part(pair: tuple[str, str, str], side: int, which: int, step: int) -> None:
    text, kind = pair[1 + side], rules().kind(pair[0]).name
    start, end = _name(text)
    quiet = [m.span() for k, p, _ in NO_DIGITS if k == kind for m in re.finditer(p, text[start:end])]
    digits = [n for n, c in enumerate(text[start:end]) if c.isdigit() and not any(a <= n < b for a, b in quiet)]
    assume(digits)
    at = start + digits[which % len(digits)]
    _check(pair, side, text[:at] + str((int(text[at]) + step) % 10) + text[at + 1 :])


LENSES = [p for p in PROVEN if p[0] == "Objective"]


@QUICK
@given(st.sampled_from(LENSES), st.integers(0, 1), st.sampled_from(["Magnification", "LensNA"]), st.integers(1, 60))
def test_another_number_is_another_lens(pair: tuple[str, str, str], side: int, name: str, step: int) -> None:
    kind = rules().kind("Objective")
    lenses = [read_lens(part(*p), kind) for p in (("Objective", pair[1]), ("Objective", pair[2]))]
    values = [lens.magnification if name == "Magnification" else lens.na for lens in lenses]
    assume(None not in values)
    own = values[side] or Decimal(0)
    node = part("Objective", pair[1 + side])
    node.put(name, str(own + step * Decimal("1" if name == "Magnification" else "0.01")))
    other = part("Objective", pair[2 - side])
    verdict = compare(*((node, other) if side == 0 else (other, node)))
    assert verdict.state != "same", (pair, verdict)


@QUICK
@given(
    st.sampled_from(LENSES),
    st.integers(0, 1),
    st.sampled_from(["Air", "Mineral Oil", "Silicone Oil", "Water", "Dipping", "Glycerol", "Multi"]),
)
def test_another_immersion_is_another_lens(pair: tuple[str, str, str], side: int, immersion: str) -> None:
    kind = rules().kind("Objective")
    node, other = part("Objective", pair[1 + side]), part("Objective", pair[2 - side])
    mine, theirs = read_lens(node, kind), read_lens(other, kind)
    assume(theirs.immersion and not fits(frozenset({immersion}), theirs.immersion, kind))
    # Where two equal names state it, the fact is the software's word.
    assume(not (mine.told and mine.told == theirs.told and mine.words == theirs.words))
    node.put("ImmersionType", immersion)
    assert compare(*((node, other) if side == 0 else (other, node))).state != "same", (pair, immersion)


BANDS = [p for p in PROVEN if re.search(r"#[\d.]+/[\d.]+(?!\S)", p[1] + " " + p[2])]
LINES = [p for p in PROVEN if p[0] in ("Laser", "LightEmittingDiode") and "@" in p[1] and "Tuneable" not in p[1] + p[2]]


@QUICK
@given(st.sampled_from(BANDS), st.integers(0, 1), st.booleans(), st.integers(3, 40))
def test_another_band_is_another_filter(pair: tuple[str, str, str], side: int, centre: bool, step: int) -> None:
    found = re.search(r"#(\d+)/(\d+)(?!\S)", pair[1 + side])
    assume(found is not None and compare(part(*pair[:2]), part(pair[0], pair[2])).score < 0.9)
    assert found is not None
    numbers = [int(found[1]) + step * centre, int(found[2]) + step * (not centre)]
    text = pair[1 + side][: found.start()] + f"#{numbers[0]}/{numbers[1]}" + pair[1 + side][found.end() :]
    _check(pair, side, text)


@QUICK
@given(st.sampled_from(LINES), st.sampled_from([-3, -2, -1, 1, 2, 3]))
def test_another_line_is_another_source(pair: tuple[str, str, str], step: int) -> None:
    found = re.findall(r"@(\d+)(?:\.\d+)?(?!\S)", pair[1])
    assume(len(found) == 1 and "@" in pair[2])
    line = int(found[0]) + step
    # Nominal lines round: 543 for 543.5.
    assume(all(abs(line - other) > Decimal("0.5") for other in lines(part(pair[0], pair[2]), rules().kind(pair[0]))))
    _check(pair, 0, re.sub(r"@\S+", f"@{line}", pair[1]))


def test_the_exceptions_are_of_kinds_that_exist_and_say_why() -> None:
    kinds = {k.name for k in rules().kinds}
    assert {k for k, _, _ in NO_DIGITS} | {k for k, _ in NO_TOKENS} <= kinds
    assert all(why for *_, why in NO_DIGITS) and all(NO_TOKENS.values())
    assert len(NAMED) > 350
