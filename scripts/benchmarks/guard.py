"""What was measured, compared with a table of before: ratios alone, for times are those of a machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Growth, Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

#: How much a ratio may be above that of the table.
TOLERANCE = 0.25


def compare(now: Iterable[Row], before: Mapping[str, Row], tolerance: float = TOLERANCE) -> tuple[list[str], int]:
    """Return a warning for each ratio that is worse by more than a share, and how many rows were compared."""
    warnings, compared = [], 0
    for row in now:
        then = before.get(row.key)
        if then is None or then.ratio <= 0:
            continue
        compared += 1
        grown = row.ratio / then.ratio - 1
        if grown > tolerance:
            told = f"{row.ratio:.3g} of {row.peer}, {then.ratio:.3g} in the table: {grown:.0%} more"
            warnings.append(f"{row.group}, {row.what}, {row.way}: {told}")
    return warnings, compared


def dumped(
    machine: Mapping[str, Any], rows: Sequence[Row], growth: Mapping[str, Sequence[Growth]], skipped: Mapping[str, str]
) -> str:
    """Return all that was measured as JSON."""
    found = {
        "machine": machine,
        "rows": [{k: _short(v) for k, v in asdict(row).items()} for row in rows],
        "growth": {name: {g.name: [[n, _short(c)] for n, c in g.points] for g in gs} for name, gs in growth.items()},
        "skipped": skipped,
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _short(value: object) -> object:
    """Return what a measurement is good for: four digits."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def loaded(path: Path) -> tuple[dict[str, Any], list[Row], dict[str, list[Growth]], dict[str, str]]:
    """Return what `dumped` wrote."""
    found = json.loads(path.read_text(encoding="utf-8"))
    growth = {
        name: [Growth(title, tuple((n, c) for n, c in points)) for title, points in series.items()]
        for name, series in found["growth"].items()
    }
    return found["machine"], [Row(**row) for row in found["rows"]], growth, found["skipped"]
