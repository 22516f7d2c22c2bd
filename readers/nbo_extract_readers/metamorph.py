"""MetaMorph: the UIC tags of its stacks (STK), and the XML of MetaSeries TIFFs (MetaXpress, too).

Source: Universal Imaging's description of the STK format 1993-2003, as the library ``tifffile`` reads it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract_readers._text import clean
from nbo_extract_readers._tiff_pages import Pages, decoded
from nbo_extract_readers._tree import add, text_of
from nbo_extract_readers.formats_tiff import METAMORPH
from nbo_extract_readers.tiff_family import Family, quiet_tifffile, told
from nbo_extract_readers.vendor_xml import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract_readers._tiff_pages import Directory

INFO = METAMORPH

_UIC1, _UIC2, _UIC4, _DESCRIPTION = 33628, 33629, 33631, 270
_MAX_PLANES = 200_000
# Of the UIC tags, what shows the image or is listed by plane.
_LEFT_OUT = (
    "UserLutTable", "PlaneDescriptions", "PlaneProperty", "ZDistance", "Wavelengths", "StagePosition", "StageLabel",
    "CameraChipOffset", "AbsoluteZ", "AbsoluteZValid", "TimeCreated", "TimeModified", "DatetimeCreated",
    "DatetimeModified",
)  # fmt: skip


def read(path: str) -> RawRecord:
    """Read the metadata of a MetaMorph stack or MetaSeries TIFF; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``MetaMorph`` with ``STK`` (UIC tags; ``Annotation`` of the first plane) or ``MetaData`` (the XML), and
        ``Structure``; planes under the key ``0``.

    Raises
    ------
    CorruptFileError
        If it has neither.
    """
    with told(path), open(path, "rb") as handle:
        pages = Pages(handle)
        first = pages.directory(pages.first)
        found = _MetaMorph(path, pages, first)
        found.tags()
        if _UIC1 in first.entries or _UIC2 in first.entries:
            record = found.stack()
        else:
            record = found.metaseries()
        found.check_end(pages, found.needed)
        return record


class _MetaMorph(Family):
    """What one file states."""

    def __init__(self, path: str, pages: Pages, first: Directory) -> None:
        super().__init__(path, "MetaMorph")
        self.pages = pages
        self.first = first
        self.needed = 0

    # -- stack ---------------------------------------------------------------------------------------------------------

    def stack(self) -> RawRecord:
        """Read the UIC tags."""
        uic1, uic2, uic4 = (self.first.entries.get(code) for code in (_UIC1, _UIC2, _UIC4))
        count = 1 if uic2 is None else uic2.count
        # A damaged count would make the library ask for memory without end.
        if uic2 is not None:
            self.pages.bytes_at(uic2.at, 24 * count)
        if not 0 < count <= _MAX_PLANES or (uic1 is not None and uic1.count > self.pages.size // 8):
            raise ValueError(f"its UIC tags claim {count} planes")
        if uic4 is not None and uic4.count != count:
            raise ValueError(f"its UIC tags claim {count} and {uic4.count} planes")
        notes: dict[str, Any] = {}
        with self.part("UIC tags"), warnings.catch_warnings(), quiet_tifffile():
            warnings.simplefilter("ignore")
            import tifffile

            with tifffile.TiffFile(self.path) as file:
                notes = dict(file.stk_metadata or {})
        add(self.tree, "STK", {k: v for k, v in notes.items() if k not in _LEFT_OUT and not k.startswith("_")})
        annotations = [_pairs(text) for text in self.annotations()]
        stack = self.tree.find("STK")
        if stack is not None and annotations:
            add(stack, "Annotation", annotations[0])
        strips = self.pages.numbers(self.first.entries.get(279))
        starts = self.pages.numbers(self.first.entries.get(273))
        if strips and starts:
            self.needed = int(starts[0] + sum(strips) * count)
        columns = _columns(notes, annotations, count)
        axis = _axis(columns, count)
        image = self.image("0", Planes=count)
        if axis:
            image.set("Axis", axis)
            columns[axis] = [str(i) for i in range(count)]
        created = columns.get("DatetimeCreated", [None])[0]
        if created:
            image.set("Created", created)
        if count > 1 and not axis:
            return self.made(INFO, "MetaMorph", {})
        return self.made(INFO, "MetaMorph", {"0": PlaneColumns(columns, {name: f"UIC/{name}" for name in columns})})

    def annotations(self) -> list[str]:
        """Return the text of each plane."""
        data = self.pages.data(self.first.entries.get(_DESCRIPTION)).rstrip(b"\0")
        return [decoded(text) for text in data.split(b"\0")] if data else []

    # -- MetaSeries ----------------------------------------------------------------------------------------------------

    def metaseries(self) -> RawRecord:
        """Read the XML of the description."""
        data = self.pages.data(self.first.entries.get(_DESCRIPTION)).strip(b"\0 \r\n\t")
        root, _, problem = parse(data, "MetaData")
        if root is None:
            raise ValueError(problem or "its description is no XML of MetaSeries")
        if problem:
            self.find("NBO104", f"the XML of its description is damaged ({problem}): the rest is lost", "MetaData")
        self.tree.append(root)
        self.image("0", Planes=1)
        columns: dict[str, list[str | None]] = {"Z": ["0"]}
        for element in root.iter("prop", "custom-prop"):
            name, value = element.get("id", ""), element.get("value", "")
            if value and name in ("stage-position-x", "stage-position-y", "z-position", "Exposure Time"):
                columns.setdefault(name, [clean(value)])
            elif name == "Description":
                exposure = _pairs(value.replace("&#13;&#10;", "\n")).get("Exposure")
                if exposure:
                    columns.setdefault("Exposure", [exposure])
        return self.made(
            INFO, "MetaMorph", {"0": PlaneColumns(columns, {name: f"MetaData//*[@id='{name}']" for name in columns})}
        )


def _pairs(text: str) -> dict[str, str]:
    """Return keys and values of lines such as ``Exposure: 100 ms``."""
    parts = [line.partition(":") for line in text.splitlines()]
    return {k.strip(): clean(v.strip()) for k, colon, v in parts if colon and k.strip() and v.strip()}


def _columns(notes: dict[str, Any], annotations: list[dict[str, str]], count: int) -> dict[str, list[str | None]]:
    columns: dict[str, list[str | None]] = {}
    for name in ("DatetimeCreated", "Wavelengths", "AbsoluteZ", "ZDistance", "StageLabel"):
        # A time of numpy is a number of nanoseconds to Python, and a time as text.
        values = [str(v) if name == "DatetimeCreated" else text_of(v) for v in _listed(notes.get(name))]
        if len(values) == count:
            columns[name] = [v if v and v not in ("nan", "NaT") else None for v in values]
    places = _listed(notes.get("StagePosition"))
    if len(places) == count and all(hasattr(p, "__len__") and len(p) == 2 for p in places):
        columns["StageX"] = [text_of(p[0]) for p in places]
        columns["StageY"] = [text_of(p[1]) for p in places]
    if len(annotations) == count:
        for name in ("Exposure", "Binning"):
            texts = [a.get(name) for a in annotations]
            if any(texts):
                columns[name] = [*texts]
    return columns


def _listed(values: Any) -> list[Any]:
    if values is None or isinstance(values, str):
        return []
    values = values.tolist() if hasattr(values, "tolist") and values.dtype.kind != "M" else values
    return list(values) if hasattr(values, "__len__") else []


def _axis(columns: dict[str, list[str | None]], count: int) -> str:
    """Return along which axis the planes lie: the one that what they state differs by; empty where none tells."""
    if count == 1:
        return "Z"
    if _different(columns.get("AbsoluteZ", ())) == count or {*columns.get("ZDistance", ())} - {"0", None}:
        return "Z"
    if _different(columns.get("Wavelengths", ())) == count:
        return "C"
    return "T" if _different(columns.get("DatetimeCreated", ())) == count else ""


def _different(values: Iterable[str | None]) -> int:
    return len({v for v in values if v})
