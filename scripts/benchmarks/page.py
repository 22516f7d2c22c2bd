"""The page of what was measured."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benchmarks.budgets import budgets
from benchmarks.growth import PICTURES, linear, stated
from benchmarks.measure import FLOOR
from benchmarks.picture import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.measure import Growth, Row

#: Peers that no reader can beat: what we need is told as a multiple of theirs, not the other way round.
LEAST = (
    FLOOR,
    "python that imports lxml",
    "python -c pass",
    "python -c 'import click'",
    "the same in 2 MB",
    "cp, which packs nothing",
    "sidecars alone",
)
#: What is written by hand stays when the page is written anew.
NOTES = ("<!-- notes -->", "<!-- end of notes -->")
GROUPS = {
    "Start": "Starting",
    "Read": "Reading",
    "Embed": "Embedding",
    "Convert": "Converting",
    "Folder": "Folders",
}
_HEAD = """\
# Benchmarks

Made by `python scripts/benchmark.py`; do not edit, except between the marks of the notes.

Ratios are what counts here: all candidates of a line are run in turn (A B C A B C ...) on one machine, and the ratio is
the median of those of the rounds. Times are those of this machine, and stand small. **10×** under the name of a program
says that it needs ten times what nbo-extract needs. Under *floor* and the like stands the reverse: how many times the
least possible nbo-extract needs. The floor is reading the bytes of the metadata and parsing them once, with lxml, or
with the library of a binary form. *process* is a command from nothing to its end, *warm* the same again and again in
one process. Memory is the most that one process needs. The programs do not do the same: nbo-extract states, completes
and checks the metadata in another model, Bio-Formats and bioio state it in that of OME, and the tools that write a
comment into a TIFF are given it. What of a program is missing in a line is named [below](#what-was-not-measured).
"""
_GUARD = """\
## The guard

`.ci/benchmark` runs the quick part, compares its ratios with those of `benchmarks.json`, and warns where one is worse
by more than 25 %. It never fails for what it measured, for machines are noisy; it fails where it cannot measure. Run it
by itself, when nothing else runs: `python scripts/benchmark.py --quick --against docs/benchmarks.json`.
"""


def _plural(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 10 else f"{ratio:.2g}×" if ratio < 1 else f"{ratio:.1f}×"


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    shown = _plural(row.ratio if row.peer in LEAST else 1 / row.ratio)
    memory = f", {amount(row.other_peak, 'B')}" if row.other_peak else ""
    few = ", 1 pair" if row.pairs == 1 else ""
    return f"**{shown}** <sub>{amount(row.other_seconds, 's')}{memory}{few}</sub>"


def table(rows: Iterable[Row]) -> str:
    """Return the table of a group: a line for each workload, a column for each other candidate."""
    rows = list(rows)
    peers = sorted({row.peer for row in rows}, key=lambda p: (p not in LEAST, [r.peer for r in rows].index(p)))
    lines: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        lines.setdefault((row.what, row.way), {})[row.peer] = row
    told = ["| what | how | nbo-extract | " + " | ".join(peers) + " |", "|---" * (3 + len(peers)) + "|"]
    for (what, way), line in lines.items():
        ours = next(iter(line.values()))
        memory = f", {amount(ours.peak, 'B')}" if ours.peak else ""
        cells = [what, way, f"<sub>{amount(ours.seconds, 's')}{memory}</sub>", *(_cell(line.get(p)) for p in peers)]
        told.append("| " + " | ".join(cells) + " |")
    return "\n".join(told) + "\n"


def tables(rows: Sequence[Row]) -> str:
    """Return the tables of all groups; processes and warm runs of reading apart, for their candidates differ."""
    told = []
    for group, title in GROUPS.items():
        for way in ("process", "warm"):
            some = [r for r in rows if r.group == group and r.way == way]
            if some:
                told.append(f"### {title}, {'warm' if way == 'warm' else 'a process each time'}\n\n{table(some)}")
    return "\n".join(told)


def budget_table(rows: Sequence[Row], growth: Mapping[str, Sequence[Growth]]) -> str:
    """Return the budgets with what was measured."""
    told = ["| what | budget | measured | met |", "|---|---|---|---|"]
    for budget in budgets(rows, growth):
        met = {True: "yes", False: "**no**", None: ""}[budget.met]
        told.append(f"| {budget.what} | {budget.allowed} | {budget.measured or 'not measured'} | {met} |")
    return "\n".join(told) + "\n"


def growth_text(growth: Mapping[str, Sequence[Growth]], pictures: str) -> str:
    """Return the part on growth."""
    told = [
        "Each cost is taken as fixed + c·nᵏ; the exponent k is fitted to what is above the cost of the smallest "
        "number. The dashed lines have the exponent 1: cost in step with the number.\n",
        "| cost | from | to | growth | |",
        "|---|---|---|---|---|",
    ]
    for name, series in growth.items():
        unit = PICTURES[name][2].unit
        for g in series:
            (n0, first), *_, (n1, last) = sorted(g.points)
            ends = f"{amount(first, unit)} for {n0:,.0f} | {amount(last, unit)} for {n1:,.0f}"
            told.append(
                f"| {name}: {g.name} | {ends} | {stated(g)} | {'linear or less' if linear(g) else '**steeper**'} |"
            )
    told += ["", *(f"![{PICTURES[name][0]}]({pictures}/growth-{name}.svg)\n" for name in growth if growth[name])]
    return "\n".join(told)


def left_out(skipped: Mapping[str, str]) -> str:
    """Return what was not measured, by its reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, reason in skipped.items():
        peer, _, workload = name.partition(": ")
        reasons.setdefault((peer, reason), []).append(workload)
    told = []
    for (peer, reason), workloads in reasons.items():
        listed = "; ".join(w for w in workloads if w)
        told.append(f"- {peer}: {reason}" + (f" ({listed})" if listed else ""))
    return "\n".join(told or ["- nothing"]) + "\n"


def notes(text: str) -> str:
    """Return what stands between the marks of the notes of a page."""
    found = re.search(f"{NOTES[0]}\n(.*?){NOTES[1]}", text, re.DOTALL)
    return found[1] if found else ""


def page(
    machine: Mapping[str, Any],
    rows: Sequence[Row],
    growth: Mapping[str, Sequence[Growth]],
    skipped: Mapping[str, str],
    kept: str = "",
    pictures: str = "pictures",
) -> str:
    """Return the page.

    Parameters
    ----------
    machine : mapping
        Facts of the machine, among them ``versions``.
    rows, growth, skipped
        What was measured, and what was not.
    kept : str
        Notes of the page as it was.
    pictures : str
        Folder of the pictures as seen from the page.
    """
    versions = machine.get("versions", {})
    facts = [f"- {name}: {value}" for name, value in machine.items() if name != "versions"]
    parts = [
        _HEAD,
        "## Budgets\n\n" + budget_table(rows, growth),
        "## Results\n\n" + tables(rows),
        "## Growth\n\n" + growth_text(growth, pictures) if growth else "",
        f"## What remains, and why\n\n{NOTES[0]}\n{kept}{NOTES[1]}\n",
        _GUARD,
        "## Machine and versions\n\n" + "\n".join(facts) + "\n",
        ", ".join(f"{name} {version}" for name, version in versions.items()) + ".\n",
        "## What was not measured\n\n" + left_out(skipped),
    ]
    return "\n".join(p for p in parts if p)
