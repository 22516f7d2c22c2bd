"""Pixels of the families of TIFF: planes in the order that the library tifffile knows of each family."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import NboExtractError
from nbo_extract.pixels import PixelFile
from nbo_extract_readers._planes import damaged, image, native, unsupported
from nbo_extract_readers._tiff_planes import TiffFiles, check, tile_of
from nbo_extract_readers.tiff_family import BROKEN, quiet_tifffile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

# Axes and their sizes, the slowest first.
Order = list[tuple[str, int]]
# Axes of tifffile that are images of their own: positions.
_IMAGES = "P"


def open_metamorph(path: str) -> PixelFile:
    """Open the pixels of a stack, along the axis that its record tells."""
    from nbo_extract_readers import metamorph

    stated = metamorph.read(path).tree.find("Structure/Image")
    axis = "Z" if stated is None else stated.get("Axis", "")

    def order(planes: int) -> Order:
        if planes > 1 and not axis:
            raise _untold(path, planes)
        return [(axis or "Z", planes)]

    return _open(path, order=order)


def open_zeiss_lsm(path: str) -> PixelFile:
    """Open the pixels of an LSM file; its positions are images."""
    return _open(path, images=True)


def open_aperio_svs(path: str) -> PixelFile:
    """Open the slide itself at full resolution, without label and overview."""
    return _open(path)


def open_hamamatsu_ndpi(path: str) -> PixelFile:
    """Open the slide itself at full resolution, without label and overview."""
    return _open(path)


def open_scanimage(path: str) -> PixelFile:
    """Open the pixels of ScanImage: channels within times, where no stack was taken."""
    from nbo_extract_readers import tiff_notes

    tree = tiff_notes.read_scanimage(path).tree
    settings = {e.get("Name", ""): (e.text or "").strip() for e in tree.iterfind("Setting")}
    stated = tree.find("Structure/Image")
    channels = int("1" if stated is None else stated.get("SizeC", "1"))
    slices = {settings.get(f"SI.hStackManager.{n}") for n in ("numSlices", "actualNumSlices")} - {None, "NaN"}
    enabled = {settings.get(n) for n in ("SI.hStackManager.enable", "SI.hFastZ.enable")} & {"true", "1"}
    flat = slices == {"1"} or (bool(slices) and not enabled)

    def order(planes: int) -> Order:
        if planes != channels and (planes % channels or not flat):
            raise _untold(path, planes)
        return [("T", planes // channels), ("C", channels)]

    return _open(path, order=order)


def open_imagej(path: str) -> PixelFile:
    """Open a hyperstack of ImageJ."""
    return _open(path)


def open_fluoview(path: str) -> PixelFile:
    """Open the pixels of FluoView."""
    return _open(path)


def open_plain(path: str) -> PixelFile:
    """Open a TIFF that says nothing of its pages: one page."""
    return _open(path, plain=True)


def _open(
    path: str, *, images: bool = False, order: Callable[[int], Order] | None = None, plain: bool = False
) -> PixelFile:
    """Open the first series of a TIFF, which is the image at full resolution in all families.

    Parameters
    ----------
    path : str
    images : bool
        Whether positions are images of their own.
    order : callable, optional
        Returns the axes of so many planes and their sizes, the slowest first, where the record knows better than the
        library.
    plain : bool
        Whether further pages are none of the same image.
    """
    import tifffile

    files = TiffFiles()
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(files.close)
        try:
            with quiet_tifffile():
                file = files.file(path)
                found = file.series
                pages = len(file.pages)
        except (OSError, *BROKEN) as error:
            raise damaged(path, str(error)) from error
        if not found or not found[0].pages or found[0].keyframe is None:
            raise damaged(path, "it has no page with pixels")
        series = _Series(path, files, found[0])
        if plain and pages > 1 and not all(_axis_known(s) for s in found[:1]):
            raise _untold(path, pages)
        made = tuple(series.images(split=images, order=order))
        cleanup.pop_all()
        return PixelFile(made, f"tifffile {tifffile.__version__}", files.close)


def _untold(path: str, count: int) -> NboExtractError:
    """Return the error that says that nothing tells what the pages of a file are.

    It is final: another library that reads the file guesses.
    """
    return NboExtractError(
        f"{path}: it has {count} pages and does not say whether they are focal planes, times or channels; save it as "
        "OME-TIFF in ImageJ or Fiji, which asks, or choose --reader bioformats, which takes them for times"
    )


def _axis_known(series: Any) -> bool:
    return not set(series.axes) - set("TCZYXS")


class _Series:
    """The planes of a series."""

    def __init__(self, path: str, files: TiffFiles, series: Any) -> None:
        self.path = path
        self.files = files
        self.series = series.levels[0]
        self.key = series.keyframe
        check(self.key, path)
        self.axes: str = self.series.get_axes(squeeze=False)
        self.shape: tuple[int, ...] = self.series.get_shape(squeeze=False)
        if "Y" not in self.axes or "X" not in self.axes or len(self.axes) != len(self.shape):
            raise unsupported(path, f"its pages have the axes {self.axes}, which are no planes")
        # Pages of ImageJ beyond 4 GB, and of stacks, have no directories of their own.
        offset = self.series.dataoffset
        self.offset: int | None = None
        if (
            offset is not None
            and len(self.series.pages) == 1
            and self._planes() > self.key.shaped[0] * self.key.shaped[1]
        ):
            self.offset = int(offset)

    def _planes(self) -> int:
        total = 1
        for axis, size in zip(self.axes, self.shape, strict=True):
            total *= 1 if axis in "YX" or (axis == "S" and self._last()) else size
        return total

    def _last(self) -> bool:
        """Whether samples of a pixel lie beside each other."""
        return self.axes.endswith("S")

    def images(self, *, split: bool, order: Callable[[int], Order] | None) -> Iterator[PixelImage]:
        """Yield the images of the series."""
        axes = [(a, n) for a, n in zip(self.axes, self.shape, strict=True) if a not in "YXS"]
        if order is not None:
            axes = order(_product([n for _, n in axes]))
        apart = [(a, n) for a, n in axes if split and a in _IMAGES]
        untold = [n for a, n in axes if a not in "TCZ" and n > 1 and (a, n) not in apart]
        if any(a == "M" and n > 1 for a, n in axes):
            raise unsupported(self.path, "it is a mosaic of tiles, which its software puts together; export it there")
        if untold:
            raise _untold(self.path, untold[0])
        for number in range(_product([n for _, n in apart])):
            fixed: dict[str, int] = {}
            for axis, count in reversed(apart):
                number, fixed[axis] = divmod(number, count)
            yield self._image(axes, fixed)

    def _image(self, axes: Order, fixed: dict[str, int]) -> PixelImage:
        page = dict(zip(self.axes, self.shape, strict=True))
        samples = page.get("S", 1)
        sizes = {a.lower(): n for a, n in [*axes, *page.items()] if a in "YX" or (a, n) in axes}

        def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
            place = {**fixed, "T": t, "C": c, "Z": z}
            flat = 0
            for axis, size in axes:
                flat = flat * size + place.get(axis, 0)
            return self.read(flat, (t, c, z), y, x, samples)

        return image(sizes, self.key.dtype, read, tile_of(self.key), samples)

    def read(self, flat: int, place: tuple[int, int, int], y: slice, x: slice, samples: int) -> ndarray:
        """Return a rectangle of a plane by its number in the series."""
        import numpy

        try:
            if samples == 1 or self._last():
                return self._plane(flat, y, x)
            # Colours as planes: they follow each other within the page.
            parts = [self._plane(flat * samples + i, y, x) for i in range(samples)]
            return numpy.stack(parts, axis=-1)
        except (OSError, *BROKEN) as error:
            raise damaged(self.path, str(error), *place) from error

    def _plane(self, flat: int, y: slice, x: slice) -> ndarray:
        if self.offset is not None:
            return self._raw(flat, y, x)
        each = self.key.shaped[0] * self.key.shaped[1]
        number, plane = divmod(flat, each)
        pages = self.series.pages
        if number >= len(pages):
            raise ValueError(f"it has {len(pages)} pages, {number + 1} at least are needed")
        with self.files.lock, quiet_tifffile():
            page = pages[number]
        if page is None:
            raise ValueError("its page is missing")
        found = self.files.rectangle(page, y, x, plane)
        return found[..., 0] if found.shape[-1] == 1 else found

    def _raw(self, flat: int, y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane that has no directory of its own."""
        import numpy

        assert self.offset is not None  # noqa: S101 - called where there is one
        key = self.key
        samples = key.shaped[4]
        kind = key.dtype.newbyteorder(key.parent.byteorder)
        row = key.imagewidth * samples * kind.itemsize
        start = self.offset + (flat * key.imagelength + y.start) * row
        data = self.files.bytes_at(key, start, (y.stop - y.start) * row)
        if len(data) < (y.stop - y.start) * row:
            raise ValueError("the file ends before it")
        found = native(numpy.frombuffer(data, kind).reshape(-1, key.imagewidth, samples)[:, x])
        return found[..., 0] if samples == 1 else found


def _product(numbers: list[int]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total
