"""Pixels of OME-TIFF, by the TiffData blocks of its OME-XML, and of a TIFF of a single page."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract.pixels import PixelFile
from nbo_extract.registry import TIFF_MAGIC
from nbo_extract_readers import ome_tiff
from nbo_extract_readers._planes import damaged, image, unsupported
from nbo_extract_readers._tiff_planes import TiffFiles, check, page_pixels, samples_of, tile_of
from nbo_extract_readers.tiff_family import BROKEN

if TYPE_CHECKING:
    from lxml import etree
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

_MAX_PLANES = 20_000_000
_ORDERS = {"XY" + "".join(o) for o in ("ZCT", "ZTC", "CZT", "CTZ", "TZC", "TCZ")}


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of a TIFF, of a set of OME-TIFF files, or of their companion file."""
    import tifffile

    record = ome_tiff.read(path)
    if record.vocabulary != "ome":
        from nbo_extract_readers.pixels_tiff_families import open_plain

        return open_plain(path)
    home, whole, document = _document(path, record.tree)
    files = TiffFiles()
    try:
        made = tuple(_Ome(home, whole, files, pixels, document).image() for pixels in _all_pixels(document))
    except BaseException:
        files.close()
        raise
    return PixelFile(made, f"tifffile {tifffile.__version__}", files.close)


def _document(path: str, tree: etree._Element) -> tuple[str, bool, etree._Element]:
    """Return the file with the OME-XML of a set, whether it has pixels, too, and the root with TiffData blocks."""
    from nbo_extract_readers._ome_xml import parse_whole
    from nbo_extract_readers._tiff import MAX_VALUE, read_first_directory

    named = tree.find("Structure/File").get("MetadataFile", "")  # type: ignore[union-attr]
    home = os.path.join(os.path.dirname(path), named) if named else path
    with open(home, "rb") as handle:
        head = handle.read(4)
        text = b"" if head in TIFF_MAGIC else head + handle.read(MAX_VALUE)
    root = parse_whole(text or read_first_directory(home).description or b"")
    if root is None:
        raise damaged(home, "its OME-XML is lost")
    return home, not text, root


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all_pixels(root: etree._Element) -> list[etree._Element]:
    """Return the Pixels of each Image in the order of the document."""
    return [p for i in root if _local(i) == "Image" for p in [c for c in i if _local(c) == "Pixels"][:1]]


class _Place(NamedTuple):
    """Where a plane is: the file, empty where it is not at hand, what names it, and the page."""

    path: str
    stated: str
    page: int


@dataclass(slots=True)
class _Ome:
    """One Image of a set."""

    home: str
    whole: bool
    files: TiffFiles
    pixels: etree._Element
    document: etree._Element
    sizes: dict[str, int] = field(default_factory=dict)
    samples: int = 1
    split: bool = False
    places: dict[int, _Place] = field(default_factory=dict)

    def image(self) -> PixelImage:
        """Return what describes the image."""
        for axis in "XYZCT":
            text = self.pixels.get(f"Size{axis}", "")
            if not text.isdecimal() or not int(text):
                raise damaged(self.home, f"its OME-XML states Size{axis}={text or 'nothing'}")
            self.sizes[axis] = int(text)
        channels = [c for c in self.pixels if _local(c) == "Channel"]
        stated = {c.get("SamplesPerPixel", "1") for c in channels}
        blocks = [c for c in self.pixels if _local(c) == "TiffData"]
        if not blocks:
            raise unsupported(self.home, "its OME-XML names no TIFF page for the pixels of an image (no TiffData)")
        page = self._first(blocks)
        check(page, self.home)
        self._check_samples(page, len(channels), stated)
        self._map(blocks)
        sizes = {a.lower(): n for a, n in self.sizes.items()}
        if not self.split:
            sizes["c"] //= self.samples
        tile = tile_of(page)
        return image(sizes, page.keyframe.dtype, self.read, tile, 1 if self.split else self.samples)

    def _first(self, blocks: list[etree._Element]) -> Any:
        """Return a page of the image that is at hand."""
        for block in blocks:
            path, _ = self._file(block)
            if path:
                return self._page(path, int(block.get("IFD", "0")))
        raise damaged(self.home, f"none of the files of its set is beside it, such as {self._file(blocks[0])[1]}")

    def _page(self, path: str, number: int) -> Any:
        try:
            return self.files.page(path, number)
        except (OSError, *BROKEN) as error:
            raise damaged(path, str(error)) from error

    def _check_samples(self, page: Any, channels: int, stated: set[str]) -> None:
        """Find out whether the samples of a page are colours of one channel or channels of their own."""
        key = page.keyframe
        self.samples = samples_of(page)
        if self.sizes["C"] % self.samples:
            raise damaged(
                self.home, f"its OME-XML states SizeC={self.sizes['C']}, a page has {self.samples} samples of a pixel"
            )
        if (key.imagelength, key.imagewidth, key.imagedepth) != (self.sizes["Y"], self.sizes["X"], 1):
            raise damaged(
                self.home,
                f"its OME-XML states {self.sizes['X']} × {self.sizes['Y']} pixels, "
                f"a page has {key.imagewidth} × {key.imagelength}",
            )
        self.split = self.samples > 1 and channels == self.sizes["C"] and stated == {"1"}

    def _file(self, block: etree._Element) -> tuple[str, str]:
        """Return the file of a TiffData block, empty where it is not at hand, and how it is named."""
        named = next((u for u in block if _local(u) == "UUID"), None)
        if named is None:
            return self.home, os.path.basename(self.home)
        stated, own = named.get("FileName", ""), self.document.get("UUID", "")
        if self.whole and (not stated or (own and (named.text or "").strip() == own)):
            return self.home, os.path.basename(self.home)
        folder = os.path.dirname(self.home)
        found = ome_tiff.beside(folder, stated)
        if found:
            return os.path.join(folder, found), stated
        # A single file may have been renamed since it was written.
        names = {u.get("FileName") for u in self.document.iter() if _local(u) == "UUID"}
        return (self.home if self.whole and len(names) == 1 else ""), stated

    def _map(self, blocks: list[etree._Element]) -> None:
        """Find the page of each plane."""
        order = self.pixels.get("DimensionOrder", "XYZCT")
        if order not in _ORDERS:
            raise damaged(self.home, f"its OME-XML states DimensionOrder={order}")
        counts = dict(self.sizes)
        counts["C"] //= self.samples
        axes = order[2:]
        total = counts["Z"] * counts["C"] * counts["T"]
        if total > _MAX_PLANES:
            raise damaged(self.home, f"its OME-XML states {total} planes")
        steps = {axes[0]: 1, axes[1]: counts[axes[0]], axes[2]: counts[axes[0]] * counts[axes[1]]}
        for block in blocks:
            path, stated = self._file(block)
            first = {a: _number(block, f"First{a}") for a in "ZCT"}
            first["C"] = first["C"] // self.samples if first["C"] >= counts["C"] else first["C"]
            start = sum(steps[a] * n for a, n in first.items())
            page = _number(block, "IFD")
            count = _number(block, "PlaneCount", -1)
            if count < 0:
                whole = block.get("IFD") is None
                pages = len(self.files.file(path).pages) if path and whole else 1
                count = min(pages, total - start) if whole else 1
            for i in range(min(count, total - start)):
                self.places.setdefault(start + i, _Place(path, stated, page + i))
        self.steps = steps

    steps: dict[str, int] = field(default_factory=dict)

    def read(self, t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane."""
        channel, sample = divmod(c, self.samples) if self.split else (c, -1)
        place = self.places.get(t * self.steps["T"] + channel * self.steps["C"] + z * self.steps["Z"])
        if place is None:
            raise damaged(self.home, "its OME-XML names no page for it", t, c, z)
        if not place.path:
            raise damaged(self.home, f"the file {place.stated} of its set is not beside it", t, c, z)
        try:
            page = self.files.page(place.path, place.page)
            return page_pixels(self.files, page, y, x, sample)
        except (OSError, *BROKEN) as error:
            raise damaged(place.path, str(error), t, c, z) from error


def _number(block: etree._Element, name: str, missing: int = 0) -> int:
    text = block.get(name, "")
    return int(text) if text.isdecimal() else missing
