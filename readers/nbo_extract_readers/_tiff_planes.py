"""Rectangles of the pages of a TIFF: of each page the strips or tiles that the rectangle touches are decoded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import INSTALL
from nbo_extract_readers._planes import Recent, native, unsupported
from nbo_extract_readers.tiff_family import BROKEN, quiet_tifffile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy import ndarray

_PAGES = 256
# Photometric interpretations whose numbers are intensities as they are. White where zero is would come out inverted.
_AS_THEY_ARE = {1: "black is zero", 2: "RGB", 3: "palette", 32803: "CFA", 34892: "linear raw"}
_YCBCR, _JPEG = 6, (6, 7, 33007, 34892)
_OF_SLIDES = (33003, 33004, 33005)


class TiffFiles:
    """The open files of a set; for several threads. Files are opened when they are first asked for."""

    def __init__(self, most: int = 64) -> None:
        self.most = most
        self.lock = threading.RLock()
        self.recent = Recent()
        self.files: OrderedDict[str, Any] = OrderedDict()
        self.pages: OrderedDict[tuple[str, int], Any] = OrderedDict()

    def file(self, path: str) -> Any:
        """Return an open TiffFile.

        Raises
        ------
        ValueError
            If it cannot be opened as a TIFF.
        """
        import tifffile

        with self.lock:
            found = self.files.get(path)
            if found is None:
                with quiet_tifffile():
                    found = tifffile.TiffFile(path)
                self.files[path] = found
                if len(self.files) > self.most:
                    old, closed = self.files.popitem(last=False)
                    closed.close()
                    for key in [k for k in self.pages if k[0] == old]:
                        del self.pages[key]
            else:
                self.files.move_to_end(path)
            return found

    def page(self, path: str, number: int, *, at: bool = False) -> Any:
        """Return a page by its number in the file, or by the byte `at` which its directory begins."""
        import tifffile

        with self.lock:
            page = self.pages.get((path, -number if at else number))
            if page is None:
                if at:
                    file = self.file(path)
                    file.filehandle.seek(number)
                    with quiet_tifffile():
                        page = tifffile.TiffPage(file, index=number)
                    return self._kept((path, -number), page)
                with quiet_tifffile():
                    pages = self.file(path).pages
                    if number >= len(pages):
                        raise ValueError(f"the file ends after {len(pages)} pages")
                    page = pages[number]
                    if not hasattr(page, "tags"):
                        page = page.aspage()
                self._kept((path, number), page)
            return page

    def _kept(self, key: tuple[str, int], page: Any) -> Any:
        self.pages[key] = page
        if len(self.pages) > _PAGES:
            self.pages.popitem(last=False)
        return page

    def close(self) -> None:
        """Close all."""
        with self.lock:
            for file in self.files.values():
                file.close()
            self.files.clear()
            self.pages.clear()

    def rectangle(self, page: Any, y: slice, x: slice, plane: int = 0) -> ndarray:
        """Return rows, columns and samples of a page.

        Parameters
        ----------
        page : TiffPage or TiffFrame
        y, x : slice
        plane : int
            Of a page that holds several planes one behind the other, which of them.

        Raises
        ------
        ValueError
            If a strip or tile is missing or damaged.
        """
        import numpy

        key = page.keyframe
        samples = key.shaped[4]
        out: ndarray = numpy.zeros((y.stop - y.start, x.stop - x.start, samples), key.dtype.newbyteorder("="))
        for index, layer, top, left in _touched(key, plane, y, x):
            tall, wide = (key.tilelength, key.tilewidth) if key.is_tiled else (key.rowsperstrip, key.imagewidth)
            first, last = max(y.start, top), min(y.stop, top + tall)
            begin, end = max(x.start, left), min(x.stop, left + wide)
            rows = slice(first - top, last - top)
            part = self._segment(page, index, layer, rows)
            if part is not None:
                part = part[:, begin - left : end - left]
                out[first - y.start : last - y.start, begin - x.start : end - x.start] = part
        return out

    def _segment(self, page: Any, index: int, layer: int, rows: slice) -> ndarray | None:
        """Return rows of a strip or tile; None for a tile that is left out because it is empty."""
        offsets, counts = page.dataoffsets, page.databytecounts
        key, handle = page.keyframe, page.parent.filehandle
        if index >= len(offsets) or index >= len(counts):
            raise ValueError(f"its directory names {len(offsets)} strips or tiles, {index + 1} at least are needed")
        offset, count = int(offsets[index]), int(counts[index])
        if key.is_tiled and not offset and not count:
            return None
        if not offset or not count:
            raise ValueError(f"strip {index} is missing")
        if offset + count > handle.size:
            raise ValueError(f"strip or tile {index} lies behind the end of the file")
        if _plain(key):
            return self._rows(page, offset, count, layer, rows)
        place = handle.path, offset, index
        found = self.recent.get(place, lambda: self._decoded(page, offset, count, index))
        return found[layer, rows]

    def bytes_at(self, page: Any, offset: int, count: int) -> bytes:
        """Return bytes of the file of a page; the library itself does not keep threads apart."""
        handle = page.parent.filehandle
        with self.lock:
            handle.seek(offset)
            data: bytes = handle.read(count)
        return data

    def _decoded(self, page: Any, offset: int, count: int, index: int) -> ndarray:
        key = page.keyframe
        stored = self.bytes_at(page, offset, count)
        extra: dict[str, Any] = {"_fullsize": False}
        if key.compression in _JPEG:
            # Tags of some length are read from the file when they are first asked for.
            with self.lock:
                extra |= {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}
        try:
            data, _, _ = key.decode(stored, index, **extra)
        except (*BROKEN, RuntimeError) as error:
            raise ValueError(f"strip or tile {index}: {error}") from error
        if data is None:
            raise ValueError(f"strip or tile {index} is empty")
        return native(data)

    def _rows(self, page: Any, offset: int, count: int, layer: int, rows: slice) -> ndarray:
        """Return rows of a strip or tile that is stored as it is; no more than these are read."""
        import numpy

        key = page.keyframe
        wide, tall = (key.tilewidth, key.tilelength) if key.is_tiled else (key.imagewidth, 0)
        kind = key.dtype.newbyteorder(page.parent.byteorder)
        each = wide * key.shaped[4] * kind.itemsize
        start = (layer * tall + rows.start) * each
        needed = (rows.stop - rows.start) * each
        if start + needed > count:
            raise ValueError(f"a strip or tile has {count} bytes, {start + needed} are needed")
        data = self.bytes_at(page, offset + start, needed)
        rows_: ndarray = numpy.frombuffer(data, kind).reshape(-1, wide, key.shaped[4])
        return rows_


def _plain(key: Any) -> bool:
    """Whether a page is stored as it is, in whole bytes."""
    bits = key.bitspersample
    whole = isinstance(bits, int) and bits in (8, 16, 32, 64, 128) and bits == 8 * key.dtype.itemsize
    return bool(whole and key.compression == 1 and key.predictor == 1 and key.fillorder == 1)


def _touched(key: Any, plane: int, y: slice, x: slice) -> Iterator[tuple[int, int, int, int]]:
    """Yield number, layer within it, first row and first column of the strips or tiles that a rectangle touches."""
    depth, length, width = key.shaped[1:4]
    sample, deep = divmod(plane, depth)
    if not key.is_tiled:
        each = min(key.rowsperstrip, length)
        strips = -(-length // each)
        for row in range(y.start // each, -(-y.stop // each)):
            yield (sample * depth + deep) * strips + row, 0, row * each, 0
        return
    tall, wide, thick = key.tilelength, key.tilewidth, key.tiledepth
    down, across, layers = -(-length // tall), -(-width // wide), -(-depth // thick)
    first = (sample * layers + deep // thick) * down * across
    for row in range(y.start // tall, -(-y.stop // tall)):
        for column in range(x.start // wide, -(-x.stop // wide)):
            yield first + row * across + column, deep % thick, row * tall, column * wide


def check(page: Any, path: str) -> None:
    """Say so where the pixels of a page can be read by something else only, or where a library for them is missing.

    Raises
    ------
    UnsupportedFormatError
    """
    key = page.keyframe
    photometric = int(key.photometric)
    jpeg = key.compression in (*_JPEG, *_OF_SLIDES)
    if photometric not in _AS_THEY_ARE and not (photometric == _YCBCR and jpeg):
        name = getattr(key.photometric, "name", photometric)
        raise unsupported(path, f"its pixels are of the photometric interpretation {name}, which is not read")
    if key.dtype is None or key.dtype.kind not in "uifc":
        raise unsupported(path, f"its pixels have {key.bitspersample} bits of a kind that is not read")
    try:
        with quiet_tifffile():
            key.decode(None, 0, **({"jpegtables": None, "jpegheader": None} if key.compression in _JPEG else {}))
    except (ValueError, NotImplementedError, ImportError) as error:
        name = getattr(key.compression, "name", key.compression)
        raise unsupported(
            path,
            f"its pixels are compressed by {name}, which cannot be undone here ({error}); install what may be missing "
            f"with {INSTALL}",
        ) from error


def tile_of(page: Any) -> tuple[int, int]:
    """Return the rows and columns of a page that are read best at once."""
    key = page.keyframe
    if key.is_tiled:
        return key.tilelength, key.tilewidth
    return min(key.rowsperstrip, key.imagelength), key.imagewidth


def samples_of(page: Any) -> int:
    """Return the samples of a pixel."""
    shaped = page.keyframe.shaped
    return int(shaped[0] * shaped[4])


def page_pixels(files: TiffFiles, page: Any, y: slice, x: slice, sample: int = -1) -> ndarray:
    """Return a rectangle of a page: of one sample, or of all."""
    import numpy

    key = page.keyframe
    if y.stop > key.imagelength or x.stop > key.imagewidth:
        raise ValueError(f"its page has {key.imagewidth} × {key.imagelength} pixels, fewer than the image")
    apart = key.shaped[0]
    if sample >= 0:
        found = files.rectangle(page, y, x, sample if apart > 1 else 0)
        return numpy.ascontiguousarray(found[..., 0 if apart > 1 else sample])
    if apart > 1:
        return numpy.concatenate([files.rectangle(page, y, x, i) for i in range(apart)], axis=-1)
    found = files.rectangle(page, y, x)
    return found[..., 0] if found.shape[-1] == 1 else found
