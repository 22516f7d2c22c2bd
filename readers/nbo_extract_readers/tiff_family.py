"""TIFFs in which an instrument's software notes its settings: which one wrote a file, and what it noted.

The tags and forms are those that ``tifffile`` documents: Zeiss LSM (CZ_LSMINFO), MetaMorph (UIC tags, MetaSeries XML),
Micro-Manager (JSON), ScanImage, Aperio and Hamamatsu slide scanners, Olympus FluoView (MM_Header).
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract.findings import Finding
from nbo_extract.record import PlaneColumns
from nbo_extract_readers._tree import add, build, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from nbo_extract_readers._tiff import FirstDirectory

MAX_PLANES = 1_000_000
_BROKEN = (
    OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, ArithmeticError, RuntimeError,
    MemoryError, struct.error,
)  # fmt: skip

Notes = tuple["etree._Element", dict[str, PlaneColumns]]


class Family(NamedTuple):
    """One kind of TIFF: the mapping table that knows it, its name for people, and who reads its notes."""

    vocabulary: str
    title: str
    load: Callable[[str, FirstDirectory], Notes]


def family_of(directory: FirstDirectory) -> Family | None:
    """Return whose notes the first directory holds, None for nobody's."""
    found = next((f for code, f in _BY_TAG.items() if code in directory.codes), None)
    if found is not None:
        return found
    text = (directory.description or b"")[:64].lstrip()
    found = next((f for start, f in _BY_TEXT.items() if text.startswith(start)), None)
    software = dict(directory.tags).get("Software", "")
    return _SCANIMAGE if found is None and software.startswith("SI.") else found


def notes_of(path: str, directory: FirstDirectory, family: Family) -> tuple[Notes | None, list[Finding]]:
    """Return the notes of a family as a tree and columns of planes; None, with a finding, where they are damaged."""
    import logging

    # What the library says while it reads a damaged file is said by the finding.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    try:
        return family.load(path, directory), []
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        message = f"the notes of {family.title} in this TIFF cannot be read ({reason}): its tags alone are used"
        return None, [Finding("NBO101", "error", message, file=os.path.basename(path), source="TIFF tags")]


# -- Zeiss LSM --------------------------------------------------------------------------------------------------------


def _lsm(path: str, directory: FirstDirectory) -> Notes:
    import tifffile

    with tifffile.TiffFile(path) as file:
        notes = dict(file.lsm_metadata or {})
    if not notes:
        raise ValueError("the tag CZ_LSMINFO is empty")
    stamps = [text_of(v) for v in _listed(notes.pop("TimeStamps", None))][:MAX_PLANES]
    for name in ("Thumbnail", "Palette", "EventList"):
        notes.pop(name, None)
    tree = build("LSM", notes)
    planes: dict[str, PlaneColumns] = {}
    if stamps:
        tree.set("FirstTimeStamp", stamps[0] or "")
        times = [str(t) for t in range(len(stamps))]
        planes["0"] = PlaneColumns({"T": [*times], "TimeStamp": [*stamps]}, {"TimeStamp": "CZ_LSMINFO/TimeStamps"})
    return tree, planes


# -- MetaMorph --------------------------------------------------------------------------------------------------------


def _stk(path: str, directory: FirstDirectory) -> Notes:
    import tifffile

    with tifffile.TiffFile(path) as file:
        notes = dict(file.stk_metadata or {})
    if not notes:
        raise ValueError("the UIC tags are empty")
    planes = [p if isinstance(p, dict) else {} for p in _listed(notes.pop("Planes", None))]
    texts = [dict(_pairs(str(t), ":")) for t in _listed(notes.get("PlaneDescriptions"))]
    tree = build("STK", notes)
    add(tree, "FirstPlane", texts[0] if texts else {})
    count = min(int(notes.get("NumberPlanes", 0)), MAX_PLANES)
    created = [text_of(t) for t in _listed(notes.get("DatetimeCreated"))]
    columns: dict[str, list[str | None]] = {"Z": [str(z) for z in range(count)]}
    if len(created) == count:
        columns["DatetimeCreated"] = [*created]
    if len(texts) == count:
        columns["Exposure"] = [t.get("Exposure") for t in texts]
    del planes
    return tree, {"0": PlaneColumns(columns, {n: f"UIC/{n}" for n in columns})} if count else {}


def _metaseries(path: str, directory: FirstDirectory) -> Notes:
    from nbo_extract_readers.vendor_xml import parse

    root, _, problem = parse(directory.description or b"", "MetaData")
    if root is None:
        raise ValueError(problem)
    return root, {}


# -- Micro-Manager ----------------------------------------------------------------------------------------------------


def _micromanager(path: str, directory: FirstDirectory) -> Notes:
    import tifffile
    from lxml import etree

    tree = etree.Element("MicroManager")
    with tifffile.TiffFile(path) as file:
        first = file.pages.first.tags.get(51123)
        add(tree, "Frame", _flat(first.value) if first is not None and isinstance(first.value, dict) else {})
        notes = file.micromanager_metadata or {}
    add(tree, "Summary", notes.get("Summary", {}))
    if not len(tree):
        raise ValueError("the tag MicroManagerMetadata is empty")
    return tree, {}


def _flat(notes: dict[str, Any]) -> dict[str, Any]:
    """Return device properties by their name: version 2 puts each value into an object of its own."""
    return {k: v["PropVal"] if isinstance(v, dict) and "PropVal" in v else v for k, v in notes.items()}


# -- text of key and value --------------------------------------------------------------------------------------------


def _scanimage(path: str, directory: FirstDirectory) -> Notes:
    text = _description(directory)
    software = dict(directory.tags).get("Software", "")
    pairs = {k: v.strip("'") for t in (text, software) for k, v in _pairs(t, "=")}
    if not pairs:
        raise ValueError("no line states a key and a value")
    return build("ScanImage", pairs), {}


def _svs(path: str, directory: FirstDirectory) -> Notes:
    head, *rest = _description(directory).split("|")
    return build("Aperio", {"Header": " ".join(head.split()), **dict(_pairs("\n".join(rest), "="))}), {}


def _ndpi(path: str, directory: FirstDirectory) -> Notes:
    names = {
        "65421": "SourceLens",
        "65422": "XOffsetFromSlideCenter",
        "65423": "YOffsetFromSlideCenter",
        "65427": "Reference",
        "65442": "SerialNumber",
    }
    return build("NDPI", {names[k]: v for k, v in directory.tags if k in names}), {}


def _fluoview(path: str, directory: FirstDirectory) -> Notes:
    import tifffile

    with tifffile.TiffFile(path) as file:
        notes = dict(file.fluoview_metadata or {})
    return build("FluoView", notes), {}


def _description(directory: FirstDirectory) -> str:
    from nbo_extract_readers._tiff import description_text

    return description_text(directory.description or b"")


def _pairs(text: str, mark: str) -> list[tuple[str, str]]:
    """Return keys and values of lines such as ``key = value``."""
    parts = [line.partition(mark) for line in text.splitlines()]
    return [(k.strip(), v.strip()) for k, m, v in parts if m and k.strip() and v.strip()]


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values.tolist() if hasattr(values, "tolist") else values)


_SCANIMAGE = Family("scanimage", "ScanImage", _scanimage)
_BY_TAG = {
    34412: Family("zeiss-lsm", "Zeiss LSM", _lsm),
    33629: Family("metamorph", "MetaMorph STK", _stk),
    65421: Family("hamamatsu-ndpi", "Hamamatsu NDPI", _ndpi),
    34361: Family("fluoview", "Olympus FluoView", _fluoview),
    51123: Family("micro-manager", "Micro-Manager", _micromanager),
}
_BY_TEXT = {
    b"Aperio": Family("aperio-svs", "Aperio SVS", _svs),
    b"<MetaData": Family("metaseries", "MetaMorph MetaSeries", _metaseries),
    b"SI.": _SCANIMAGE,
    b"frameNumbers = ": _SCANIMAGE,
}
