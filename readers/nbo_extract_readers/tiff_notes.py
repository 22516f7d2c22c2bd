"""TIFFs whose software notes settings as text or numbers in tags: Aperio, Hamamatsu, ScanImage, ImageJ, FluoView.

Sources: Aperio's "Digital Slides and third-party data interchange"; OpenSlide's notes on NDPI; ScanImage's "BigTIFF
specification"; ImageJ's FileSaver; Olympus FluoView's MM_Header. Names of tags are those of the library ``tifffile``.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from nbo_extract_readers._text import clean
from nbo_extract_readers._tiff import NAMES
from nbo_extract_readers._tiff_pages import Pages, until_nul
from nbo_extract_readers._tree import add, text_of
from nbo_extract_readers.formats_tiff import APERIO, FLUOVIEW, HAMAMATSU, IMAGEJ, SCANIMAGE
from nbo_extract_readers.tiff_family import Family, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

    from nbo_extract.record import RawRecord, ReaderInfo
    from nbo_extract_readers._tiff_pages import Directory

_DESCRIPTION, _SOFTWARE, _MM_HEADER = 270, 305, 34361
# Hamamatsu's tags that state something of the scan.
_NDPI = {
    65421: "Magnification", 65422: "XOffsetFromSlideCenter", 65423: "YOffsetFromSlideCenter",
    65424: "ZOffsetFromSlideCenter", 65434: "Fluorescence", 65441: "CaptureMode", 65442: "ScannerSerialNumber",
    65449: "Comments", 65451: "Wavelength", 65454: "ExposureTime",
}  # fmt: skip
_MAX_LINES = 20_000
# MM_Header: what stands before its ten dimensions, and one of them.
_DIMENSIONS_AT, _DIMENSION = 284, "16sidd64s"
_ASCII, _RATIONAL = 2, 5
_MAX_NUMBERS = 16
_LIST = re.compile(r"'([^']*)'")


def _read(path: str, info: ReaderInfo, root: str, fill: Callable[[_Notes], None]) -> RawRecord:
    with told(path), open(path, "rb") as handle:
        pages = Pages(handle, wide=info is HAMAMATSU)
        found = _Notes(path, root, pages, pages.directory(pages.first))
        fill(found)
        found.tags_of_first()
        if not found.pages.wide:
            found.check_end(pages)
    return found.made(info, info.formats[0])


def read_aperio(path: str) -> RawRecord:
    """Read the description of an Aperio slide."""
    return _read(path, APERIO, "Aperio", _Notes.aperio)


def read_hamamatsu(path: str) -> RawRecord:
    """Read the tags of a Hamamatsu slide."""
    return _read(path, HAMAMATSU, "NDPI", _Notes.hamamatsu)


def read_scanimage(path: str) -> RawRecord:
    """Read the settings that ScanImage writes as lines of Matlab."""
    return _read(path, SCANIMAGE, "ScanImage", _Notes.scanimage)


def read_imagej(path: str) -> RawRecord:
    """Read the description that ImageJ writes."""
    return _read(path, IMAGEJ, "ImageJ", _Notes.imagej)


def read_fluoview(path: str) -> RawRecord:
    """Read the dimensions of a FluoView TIFF."""
    return _read(path, FLUOVIEW, "FluoView", _Notes.fluoview)


class _Notes(Family):
    """What one file notes."""

    def __init__(self, path: str, root: str, pages: Pages, first: Directory) -> None:
        super().__init__(path, root)
        self.pages = pages
        self.first = first

    def text(self, code: int) -> str:
        """Return the text of a tag of the first directory."""
        return self.pages.text(self.first.entries.get(code))

    def tags_of_first(self) -> None:
        """Add the tags of the first directory that describe; what they hold of damage costs one tag."""
        for code, name in NAMES.items():
            entry = self.first.entries.get(code)
            if entry is None or code == _DESCRIPTION:
                continue
            with self.part(f"TIFF tag {name}"):
                if entry.kind == _ASCII:
                    self.tag(name, self.pages.text(entry))
                elif entry.count <= _MAX_NUMBERS:
                    numbers = [text_of(n) or "" for n in self.pages.numbers(entry)]
                    ratio = entry.kind == _RATIONAL
                    pairs = [f"{a}/{b}" for a, b in zip(numbers[::2], numbers[1::2], strict=False)]
                    self.tag(name, " ".join(pairs if ratio else numbers))

    def aperio(self) -> None:
        """``Aperio Image Library v11.2.1 … |AppMag = 20|MPP = 0.4990``."""
        head, *rest = self.text(_DESCRIPTION).split("|")
        if not head.startswith("Aperio "):
            raise ValueError("its description is none of Aperio")
        add(self.tree, "Header", " ".join(head.split()))
        for item in rest:
            key, equals, value = item.partition("=")
            if equals and key.strip():
                add(self.tree, key.strip(), value.strip())

    def hamamatsu(self) -> None:
        """Private tags, and the lines of Comments."""
        if not self.first.entries.keys() & _NDPI.keys():
            raise ValueError("it has no tag of Hamamatsu")
        for code, name in _NDPI.items():
            entry = self.first.entries.get(code)
            if entry is None:
                continue
            with self.part(f"NDPI tag {name}"):
                if name == "Comments":
                    self.comments(self.pages.text(entry))
                elif entry.kind == _ASCII:
                    add(self.tree, name, self.pages.text(entry))
                else:
                    add(self.tree, name, self.pages.numbers(entry)[0])

    def comments(self, text: str) -> None:
        """Add the properties of the scan; sections of shading data follow them."""
        from lxml import etree

        home = etree.SubElement(self.tree, "Comments")
        for line in text.splitlines()[:_MAX_LINES]:
            key, equals, value = line.partition("=")
            if equals and not line.startswith(";") and key.strip():
                add(home, key.strip(), value.strip())

    def scanimage(self) -> None:
        """Lines such as ``SI.hRoiManager.scanZoomFactor = 2``; channels that are saved."""
        from lxml import etree

        settings: dict[str, str] = {}
        for text in (self.text(_SOFTWARE), self.text(_DESCRIPTION)):
            for line in text.splitlines()[:_MAX_LINES]:
                key, equals, value = line.partition("=")
                key = key.strip().removeprefix("scanimage.")
                if equals and key:
                    settings.setdefault(key, value.strip())
        if not any(key.startswith(("SI.", "SI4.", "state.")) for key in settings):
            raise ValueError("it has no settings of ScanImage")
        for key, value in settings.items():
            etree.SubElement(self.tree, "Setting", Name=clean(key)).text = clean(value.strip("'"))
        names = _LIST.findall(settings.get("SI.hChannels.channelName", ""))
        image = self.image("0")
        saved = re.findall(r"\d+", settings.get("SI.hChannels.channelSave", ""))
        for number in saved[:256]:
            channel: etree._Element = etree.SubElement(image, "Channel", Number=number)
            if 0 < int(number) <= len(names):
                channel.set("Name", clean(names[int(number) - 1]))
        if saved:
            image.set("SizeC", str(len(saved)))

    def imagej(self) -> None:
        """Lines such as ``slices=5``."""
        text = self.text(_DESCRIPTION)
        if not text.startswith("ImageJ="):
            raise ValueError("its description is none of ImageJ")
        for line in text.splitlines()[:_MAX_LINES]:
            key, equals, value = line.partition("=")
            if equals and key.strip():
                # ImageJ escapes what is no ASCII, as Java does.
                add(self.tree, key.strip(), value.strip().replace("\\u00B5", "µ").replace("\\u00b5", "µ"))

    def fluoview(self) -> None:
        """Name, size, origin, resolution and unit of each dimension."""
        from lxml import etree

        data = self.pages.data(self.first.entries.get(_MM_HEADER))
        if len(data) < _DIMENSIONS_AT:
            raise ValueError("it has no MM_Header")
        add(self.tree, "ImageName", until_nul(data[3:260]).strip())
        each = struct.calcsize(f"={_DIMENSION}")
        for number in range(10):
            at = _DIMENSIONS_AT + number * each
            name, size, origin, resolution, unit = struct.unpack_from(self.pages.mark + _DIMENSION, data, at)
            label = until_nul(name).strip()
            if label and size > 0:
                shown = {"Origin": text_of(origin), "Resolution": text_of(resolution), "Unit": until_nul(unit).strip()}
                element = etree.SubElement(self.tree, "Dimension", Name=clean(label), Size=str(size))
                for key, value in shown.items():
                    element.set(key, clean(value or ""))
