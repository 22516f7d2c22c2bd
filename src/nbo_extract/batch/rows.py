"""One row an image: what a run says of it in its journal and in `summary.csv`."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.stores import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.summary import Summary

#: Columns of the table, in their order, with their titles.
COLUMNS: Final = {
    "file": "File",
    "state": "State",
    "format": "Format",
    "images": "Images",
    "size": "Size",
    "date": "Acquired",
    "stand": "Microscope",
    "software": "Software",
    "objective": "Objective",
    "pixel": "Pixel size",
    "channels": "Channels",
    "fluorophores": "Fluorophores",
    "share1": "Tier 1 complete (%)",
    "missing1": "Tier 1 missing",
    "share2": "Tier 2 complete (%)",
    "missing2": "Tier 2 missing",
    "share3": "Tier 3 complete (%)",
    "missing3": "Tier 3 missing",
    "asked": "Checked for",
    "missing": "Missing",
    "passed": "Passed",
    "disagreements": "Disagreements",
    "warnings": "Warnings",
    "target": "Written",
    "message": "Message",
}
#: What a spreadsheet takes for the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Texts of which an image may have very many are cut after so many.
_MOST = 12


def row_of(summary: Summary) -> dict[str, Any]:
    """Return what a row says of an image, without what became of it.

    Returns
    -------
    dict
        Texts, numbers and truth values; what is not known is absent.
    """
    setups = summary.setups
    scenes = [scene for setup in setups for scene in setup.scenes]
    channels = [channel for setup in setups for channel in setup.channels]
    found: dict[str, Any] = {
        "format": summary.format,
        "images": summary.images,
        "size": _joined(scene.size for scene in scenes),
        "date": _joined(scene.date for scene in scenes),
        "stand": summary.stand,
        "software": summary.software,
        "objective": _joined(setup.objective for setup in setups),
        "pixel": _joined(setup.pixel_size for setup in setups),
        "channels": _joined(channel.name for channel in channels),
        "fluorophores": _joined(channel.fluorophore for channel in channels),
        "disagreements": len(summary.disagreements),
        "warnings": len(summary.findings),
        "stated_in": summary.stated_in,
    }
    verdict = summary.verdict
    if verdict is not None:
        for tier, demanded, missing in verdict.tiers:
            found[f"missing{tier}"] = missing
            # Never 100 where something is missing.
            found[f"share{tier}"] = (demanded - missing) * 100 // demanded if demanded else 100
        found["asked"] = verdict.title or verdict.profile or f"tier {verdict.tier}"
        found["missing"] = verdict.missing
        found["passed"] = verdict.passed
    return {key: value for key, value in found.items() if value not in ("", None)}


def _joined(texts: Iterable[str]) -> str:
    different = list(dict.fromkeys(filter(None, texts)))
    more = f"; and {len(different) - _MOST} more" if len(different) > _MOST else ""
    return "; ".join(different[:_MOST]) + more


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of a table that spreadsheets open: UTF-8 with its mark, commas, no cell that is a formula."""
    yield "\ufeff" + _line(COLUMNS.values())
    for row in rows:
        yield _line(_cell(row.get(key, "")) for key in COLUMNS)


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(list(cells))
    return stream.getvalue()
