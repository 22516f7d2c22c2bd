"""The vendor's own metadata in a converted file: keys and values that Bio-Formats flattened and keeps as annotations.

A key that occurs several times in the vendor's file has a list for a value, in the order of the file. Lists of as many
values as there are channels tell of each channel; of shorter ones nothing says which channel lacks its value.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml import etree

# A key of the vendor in a file of 100,000 planes occurs as often; what is beyond is the same again.
MAX_ORIGINAL = 200_000
NAMESPACE = "openmicroscopy.org/OriginalMetadata"


def annotated(root: etree._Element) -> Iterator[tuple[str, str, str]]:
    """Yield series (always empty), key and value of each annotation with original metadata."""
    for annotation in root.iterfind("StructuredAnnotations/XMLAnnotation"):
        if annotation.get("Namespace", "").endswith(NAMESPACE):
            key = annotation.find("Value/{*}OriginalMetadata/{*}Key")
            value = annotation.find("Value/{*}OriginalMetadata/{*}Value")
            if key is not None and value is not None and key.text and value.text:
                yield "", key.text, value.text


def image_names(root: etree._Element) -> list[str | None]:
    """Return the name of each image of an OME document."""
    return [image.get("Name") for image in root.iterfind("Image")]


def add_original(
    tree: etree._Element, entries: Iterable[tuple[str, str, str]], images: Sequence[str | None] = ()
) -> etree._Element | None:
    """Add ``OriginalMetadata`` with an ``Entry`` a key and in it an ``item`` a value; nothing where there is none.

    Bio-Formats writes lists in two forms: ``[a, b]``, or keys that end in `` #1``, `` #2``. The attribute ``Whole`` is
    the text of what is, or may be, one value with commas. Entries of one series are in an element ``Series`` with its
    number as ``Key``. In the key of an annotation the name of the image stands for it: ``images`` are their names.
    """
    from lxml import etree

    found = list(_with_series(islice(entries, MAX_ORIGINAL), images))
    lists = _numbered(found)
    done: set[tuple[str, str]] = set()
    home: etree._Element | None = None
    groups: dict[str, etree._Element] = {}
    for series, key, value in found:
        name, number = _place(key)
        values = lists.get((series, name)) if number else None
        if values is not None:
            if (series, name) in done:
                continue
            done.add((series, name))
            whole = values[0] if len(values) == 1 else ""
        else:
            listed = value.startswith("[") and value.endswith("]")
            name, whole = key, value[1:-1] if listed else value
            values = whole.split(", ") if listed else [value]
        home = etree.SubElement(tree, "OriginalMetadata") if home is None else home
        if series and series not in groups:
            groups[series] = etree.SubElement(home, "Series", Key=series)
        entry = etree.SubElement(groups.get(series, home), "Entry", Key=_legal(name))
        if whole:
            entry.set("Whole", _legal(whole))
        for part in values:
            etree.SubElement(entry, "item").text = _legal(part)
    return home


def _with_series(
    entries: Iterable[tuple[str, str, str]], images: Sequence[str | None]
) -> Iterator[tuple[str, str, str]]:
    """Put the number of the series for the name of its image before a path of Leica's; only where names are unique."""
    numbers = {name: str(number) for number, name in enumerate(images) if name and images.count(name) == 1}
    for series, key, value in entries:
        name, mark, rest = key.partition(" Image #")
        if mark and not series and name in numbers:
            yield numbers[name], f"Image #{rest}", value
        else:
            yield series, key, value


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
