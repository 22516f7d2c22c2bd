"""Print how well parts are matched, kind by kind, on the pairs of the tests.

    python scripts/matching_table.py [--wrong]

A wrong match fills wrong values and a missed one fills nothing, so the precision has to be 100 % and the recall 90 %:
with less the script ends with 1. ``--wrong`` lists the pairs that are matched wrongly or missed.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from matching_pairs import ALL, part
from nbo_extract.matching import compare
from nbo_extract.parts import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

PRECISION, RECALL = 1.0, 0.9
HEAD = ("kind", "pairs", "same", "different", "true", "false", "missed", "precision", "recall")


def outcome(pair: tuple[str, str, str, bool]) -> str:
    """Return what the rules make of a pair: ``true``, ``false``, ``missed`` or ``refused``."""
    element, first, second, same = pair
    matched = compare(part(element, first), part(element, second)).state == "same"
    if matched:
        return "true" if same else "false"
    return "missed" if same else "refused"


def measure(pairs: Sequence[tuple[str, str, str, bool]]) -> dict[str, Counter[str]]:
    """Count the outcomes of each kind."""
    found: dict[str, Counter[str]] = {}
    for pair in pairs:
        counted = found.setdefault(rules().kind(pair[0]).name, Counter())
        counted.update([outcome(pair), "same" if pair[3] else "different", "pairs"])
    return dict(sorted(found.items()))


def figures(counted: Counter[str]) -> tuple[float, float]:
    """Return precision and recall; 1 where nothing was matched, or nothing was to be."""
    matched = counted["true"] + counted["false"]
    precision = counted["true"] / matched if matched else 1.0
    return precision, counted["true"] / counted["same"] if counted["same"] else 1.0


def table(found: dict[str, Counter[str]]) -> list[str]:
    """Return the lines of the table, the totals last."""
    total = sum(found.values(), Counter())
    rows: list[tuple[str, ...]] = [HEAD]
    for name, counted in [*found.items(), ("all", total)]:
        numbers = [str(counted[column]) for column in HEAD[1:7]]
        rows.append((name, *numbers, *(f"{f:.1%}" for f in figures(counted))))
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEAD))]
    return [
        "  ".join(
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where it is not good enough."""
    parser = argparse.ArgumentParser(description="how well parts are matched, kind by kind")
    parser.add_argument("--wrong", action="store_true", help="list the pairs that are matched wrongly or missed")
    options = parser.parse_args(arguments)
    found = measure(ALL)
    print("\n".join(table(found)))
    if options.wrong:
        for pair in ALL:
            if (said := outcome(pair)) in ("false", "missed"):
                verdict = compare(part(pair[0], pair[1]), part(pair[0], pair[2]))
                print(f"{said}: {pair[0]}: {pair[1]} | {pair[2]} ({verdict.state}: {'; '.join(verdict.evidence)})")
    precision, recall = figures(sum(found.values(), Counter()))
    return int(precision < PRECISION or recall < RECALL)


if __name__ == "__main__":
    sys.exit(main())
