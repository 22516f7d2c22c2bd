"""The budgets of the project, each with what was measured for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measure import FLOOR, Row
from benchmarks.picture import amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.measure import Growth


class Budget(NamedTuple):
    """What is allowed, and what was measured: None where it was not."""

    what: str
    allowed: str
    measured: str | None
    met: bool | None


def _row(rows: Sequence[Row], group: str, what: str, way: str, peer: str = "") -> Row | None:
    """Return the row of a workload; a name that ends with ``*`` stands for the last that begins so."""

    def like(row: Row) -> bool:
        named = row.what.startswith(what[:-1]) if what.endswith("*") else row.what == what
        return named and row.group == group and row.way == way and peer in ("", row.peer)

    return next((row for row in reversed(rows) if like(row)), None)


def _of(what: str, allowed: str, row: Row | None, measured: Callable[[Row], str], met: Callable[[Row], bool]) -> Budget:
    return Budget(what, allowed, measured(row) if row else None, met(row) if row else None)


def _seconds(row: Row) -> str:
    return amount(row.seconds, "s")


def budgets(rows: Sequence[Row], growth: Mapping[str, Sequence[Growth]]) -> list[Budget]:
    """Return each budget with what was measured."""
    start = _row(rows, "Start", "--help", "process")
    czi = _row(rows, "Read", "CZI, *", "process")
    beside = _row(rows, "Read", "CZI, *", "process", "showinf")
    large = _row(rows, "Read", "CZI with 0.5 MB of XML*", "warm", FLOOR)
    many = _row(rows, "Embed", "OME-XML of 100,000 planes", "warm")
    file = _row(rows, "Embed", "file of 2 GB", "warm")
    workers = _row(rows, "Folder", "2 workers against 1, an image of *", "process")
    found = [
        _of("`--help`, process", "0.15 s", start, _seconds, lambda r: r.seconds <= 0.15),
        _of("one CZI, process", "0.5 s", czi, _seconds, lambda r: r.seconds <= 0.5),
        _of("one CZI, process, beside `showinf`", "half", beside, lambda r: f"{r.ratio:.2f}", lambda r: r.ratio <= 0.5),
        _of("CZI with 0.5 MB of XML, warm", "10 ms", large, _seconds, lambda r: r.seconds <= 0.010),
        _of("the same, beside its parsing", "5 times", large, lambda r: f"{r.ratio:.1f} times", lambda r: r.ratio <= 5),
        _of("embed into OME-XML of 100,000 planes, warm", "0.7 s", many, _seconds, lambda r: r.seconds <= 0.7),
        _of("embed into a file of 2 GB, warm", "30 ms", file, _seconds, lambda r: r.seconds <= 0.030),
        _of(
            "folder, 2 workers beside 1",
            "1.8 times as fast",
            workers,
            lambda r: f"{1 / r.ratio:.2f} times",
            lambda r: 1 / r.ratio >= 1.8,
        ),
    ]
    found.append(_memory(growth))
    return found


def _memory(growth: Mapping[str, Sequence[Growth]]) -> Budget:
    points = [p for g in growth.get("memory", ()) for p in sorted(g.points) if p[0] >= 100]
    what, allowed = "folder, most memory of a process", "flat"
    if len(points) < 2:
        return Budget(what, allowed, None, None)
    (few, least), (many, most) = points[0], points[-1]
    told = f"{most / least:.2f} times from {few:,.0f} to {many:,.0f} files"
    return Budget(what, allowed, told, most / least <= 1.25)
