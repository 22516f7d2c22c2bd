"""The command `mappings coverage`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.group import FAILED, OK, complain
from nbo_extract.cli.inputs import find_images
from nbo_extract.cli.render import Printer
from nbo_extract.counting import counted
from nbo_extract.coverage import coverage, together
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.coverage import Coverage


def run(paths: Sequence[str], reader: str | None, most: int, *, rows: bool, as_json: bool) -> int:
    """Show how much of what images state is read, and return the exit code."""
    found = find_images(paths, reader)
    parts: list[Coverage] = []
    for unit in found.units:
        try:
            parts.append(coverage(read(unit.path, reader)))
        except NboExtractError as error:
            complain(error.message)
    for problem in found.problems:
        complain(problem)
    sums = together(parts)
    if as_json:
        content = {"files": [_as_dict(p, rows) for p in parts], "tables": [_as_dict(s, rows) for s in sums]}
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    else:
        _show(parts, sums, most, rows=rows)
    return FAILED if len(parts) < len(found.units) or found.problems else OK


def _as_dict(part: Coverage, rows: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "table": part.table,
        "files": list(part.files),
        "rows": len(part.all_rows),
        "rows_used": len(part.rows),
        "stated": part.stated,
        "read": part.read,
        "unread": [{"path": u.path, "places": u.count, "files": u.files, "example": u.example} for u in part.ranking],
    }
    if rows:
        out["rows_unused"] = sorted(part.all_rows - part.rows)
    return out


def _show(parts: Sequence[Coverage], sums: Sequence[Coverage], most: int, *, rows: bool) -> None:
    printer = Printer(sys.stdout)
    if len(parts) > 1:
        printer.grid([(p.files[0], f"{p.table}: {_figures(p)}") for p in parts], indent=0)
        printer.line()
    for total in sums:
        files = counted(len(total.files), "file")
        printer.line(f"{total.table}, {files}: {_figures(total)}", "bold cyan")
        ranking = total.ranking
        if ranking:
            printer.line(f"What no row reads ({counted(len(ranking), 'path')}), the most frequent first", "bold")
        printer.grid(
            [
                (u.path, f"{u.count}×{f' in {u.files} files' if u.files > 1 else ''}: {u.example}")
                for u in ranking[:most]
            ]
        )
        if len(ranking) > most:
            printer.line(f"and {len(ranking) - most} more; --most {len(ranking)} shows all", indent=2)
        unused = sorted(total.all_rows - total.rows)
        if rows and unused:
            printer.line(f"Rows that gave nothing ({len(unused)})", "bold")
            printer.line(", ".join(unused), indent=2)
        printer.line()


def _figures(part: Coverage) -> str:
    share = 100 * part.read / part.stated if part.stated else 0
    rows, values = counted(len(part.all_rows), "row"), counted(part.stated, "value")
    return f"{len(part.rows)} of {rows} used, {part.read:,} of {values} read ({share:.0f} %)"
