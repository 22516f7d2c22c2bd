"""The vendor's own metadata in a converted file: keys and values that Bio-Formats flattened and keeps as annotations.

A key that occurs several times in the vendor's file has a list for a value, in the order of the file. Lists of as many
values as there are channels tell of each channel; of shorter ones nothing says which channel lacks its value.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

    from nbo_extract.record import PlaneColumns

# A key of the vendor in a file of 100,000 planes occurs as often; what is beyond is the same again.
MAX_ORIGINAL = 200_000
NAMESPACE = "openmicroscopy.org/OriginalMetadata"
#: Where ZEN writes the exposure of each channel, in nanoseconds.
ZEN_EXPOSURE = "Information|Image|Channel|ExposureTime"


def annotated(root: etree._Element) -> Iterator[tuple[str, str, str]]:
    """Yield series (always empty), key and value of each annotation with original metadata."""
    for annotation in root.iterfind("StructuredAnnotations/XMLAnnotation"):
        if annotation.get("Namespace", "").endswith(NAMESPACE):
            key = annotation.find("Value/{*}OriginalMetadata/{*}Key")
            value = annotation.find("Value/{*}OriginalMetadata/{*}Value")
            if key is not None and value is not None and key.text and value.text:
                yield "", key.text, value.text


def add_original(tree: etree._Element, entries: Iterable[tuple[str, str, str]]) -> etree._Element | None:
    """Add ``OriginalMetadata`` with an ``Entry`` a key; nothing where there is none.

    A list is an ``Entry`` with an element ``item`` a value, whichever of the two forms of Bio-Formats it has: ``[a, b]``,
    or keys that end in `` #1``, `` #2``. Its attribute ``Whole`` is the text of a list that may be one value with commas.
    """
    from lxml import etree

    found = list(islice(entries, MAX_ORIGINAL))
    lists = _numbered(found)
    done: set[tuple[str, str]] = set()
    home: etree._Element | None = None
    for series, key, value in found:
        name, number = _place(key)
        values = lists.get((series, name)) if number else None
        if values is not None:
            if (series, name) in done:
                continue
            done.add((series, name))
            whole = values[0] if len(values) == 1 else ""
        elif value.startswith("[") and value.endswith("]"):
            name, whole = key, value[1:-1]
            values = whole.split(", ")
        else:
            name, whole = key, ""
        home = etree.SubElement(tree, "OriginalMetadata") if home is None else home
        entry = etree.SubElement(home, "Entry", Key=_legal(name))
        if series:
            entry.set("Series", series)
        if whole:
            entry.set("Whole", _legal(whole))
        if values is None:
            entry.text = _legal(value)
        for part in values or ():
            etree.SubElement(entry, "item").text = _legal(part)
    return home


def _place(key: str) -> tuple[str, int]:
    """Return a key without its number, and the number; 0 for none."""
    name, mark, number = key.rpartition(" #")
    if mark and len(number) <= 6 and number.isascii() and number.isdigit():
        return name, int(number)
    return key, 0


def _numbered(entries: list[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """Return the values of keys that are numbered from 1 on without a gap, by series and key without number."""
    found: dict[tuple[str, str], dict[int, str]] = {}
    for series, key, value in entries:
        name, number = _place(key)
        if number:
            found.setdefault((series, name), {})[number] = value
    return {k: [v[n] for n in sorted(v)] for k, v in found.items() if max(v) == len(v)}


def _legal(text: str) -> str:
    return ILLEGAL.sub("�", text)


def drop_wrong(original: etree._Element | None, planes: dict[str, PlaneColumns], file: str) -> list[Finding]:
    """Drop facts of planes that conversions are known to state wrongly, where the file itself proves it."""
    return _drop_exposures(original, planes, file) + _drop_impossible(planes, file)


def _drop_impossible(planes: dict[str, PlaneColumns], file: str) -> list[Finding]:
    """Drop columns with numbers so small that they are no measurements: pixels that were read as a header."""
    lost: dict[str, int] = {}
    for columns in planes.values():
        for name in ("ExposureTime", "DeltaT", "PositionX", "PositionY", "PositionZ"):
            numbers = (_number(t) for t in columns.columns.get(name, ()))
            if any(v is not None and 0 < abs(v) < 1e-30 for v in numbers):
                del columns.columns[name]
                lost[name] = lost.get(name, 0) + 1
    return [
        Finding(
            "NBO159",
            "info",
            f"Plane {name} is left out: its numbers are below 1e-30 and no measurements",
            file=file,
            element="Plane",
            attribute=name,
        )
        for name in lost
    ]


def _drop_exposures(original: etree._Element | None, planes: dict[str, PlaneColumns], file: str) -> list[Finding]:
    """Drop exposures that are milliseconds called seconds.

    Conversions of ZEN's files took the exposure from the experiment, in ms, and called it s. The exposures of ZEN's
    channels, in ns, stand in the original metadata.
    """
    entry = None if original is None else next((e for e in original if e.get("Key") == ZEN_EXPOSURE), None)
    stated = [] if entry is None else [_number(i.text) for i in entry]
    if not stated:
        return []
    true = {v / 1e9 for v in stated if v}
    lost = 0
    for columns in planes.values():
        texts = columns.columns.get("ExposureTime")
        given = {v for t in texts or () if (v := _number(t))}
        if given and not given <= true:
            del columns.columns["ExposureTime"]
            lost += 1
    if not lost:
        return []
    message = "Plane ExposureTime is left out: it contradicts the exposures that the original metadata state"
    return [Finding("NBO159", "info", message, file=file, element="Plane", attribute="ExposureTime")]


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
