"""Pixels of the families of TIFF: planes in the order that the library tifffile knows of each family."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import PixelFile
from nbo_extract_readers._planes import damaged, image, native, unsupported
from nbo_extract_readers._tiff_planes import TiffFiles, check, tile_of
from nbo_extract_readers.tiff_family import BROKEN, quiet_tifffile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

# Axes of tifffile that are images of their own: positions, regions and tiles.
_IMAGES = "PRM"


def open_micro_manager(path: str) -> PixelFile:
    """Open the pixels of Micro-Manager: by the OME-XML where there is one, else by its index."""
    from nbo_extract_readers import micro_manager, pixels_tiff

    if micro_manager.read(path).vocabulary == "ome":
        return pixels_tiff.open_pixels(path)
    return _open(path, images=True)


def open_metamorph(path: str) -> PixelFile:
    """Open the pixels of a stack, along the axis that its record tells."""
    from nbo_extract_readers import metamorph

    stated = metamorph.read(path).tree.find("Structure/Image")
    axis = "Z" if stated is None else stated.get("Axis", "")
    return _open(path, stack=axis)


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
    """Open the pixels of ScanImage."""
    return _open(path)


def open_imagej(path: str) -> PixelFile:
    """Open a hyperstack of ImageJ."""
    return _open(path)


def open_fluoview(path: str) -> PixelFile:
    """Open the pixels of FluoView."""
    return _open(path)


def open_plain(path: str) -> PixelFile:
    """Open a TIFF that says nothing of its pages: one page."""
    return _open(path, plain=True)


def _open(path: str, *, images: bool = False, stack: str | None = None, plain: bool = False) -> PixelFile:
    """Open the first series of a TIFF, which is the image at full resolution in all families.

    Parameters
    ----------
    path : str
    images : bool
        Whether positions are images of their own.
    stack : str, optional
        Axis along which the planes lie, of a family that knows stacks alone.
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
            raise unsupported(
                path,
                f"it has {pages} pages and does not say whether they are focal planes, times or channels; save it as "
                "OME-TIFF in ImageJ or Fiji, which asks",
            )
        made = tuple(series.images(split=images, stack=stack))
        cleanup.pop_all()
        return PixelFile(made, f"tifffile {tifffile.__version__}", files.close)


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

    def images(self, *, split: bool, stack: str | None) -> Iterator[PixelImage]:
        """Yield the images of the series."""
        sizes = dict(zip(self.axes, self.shape, strict=True))
        axes = self.axes
        others = {a: n for a, n in sizes.items() if a not in "TCZYXS" and n > 1}
        if stack is not None:
            self._check_stack(stack, sizes)
        apart = [a for a in axes if split and a in others and a in _IMAGES]
        unknown = "" if stack is not None else "".join(a for a in others if a not in apart)
        if unknown:
            count = others[unknown[0]]
            raise unsupported(
                self.path,
                f"it has {count} pages and does not say whether they are focal planes, times or channels; save it as "
                "OME-TIFF in ImageJ or Fiji, which asks",
            )
        counts = [sizes[a] for a in apart]
        for number in range(_product(counts)):
            fixed: dict[str, int] = {}
            for axis, count in zip(reversed(apart), reversed(counts), strict=True):
                number, fixed[axis] = divmod(number, count)
            yield self._image(sizes, fixed, stack)

    def _check_stack(self, stack: str, sizes: dict[str, int]) -> None:
        planes = _product([n for a, n in sizes.items() if a not in "YXS"])
        if planes > 1 and not stack:
            raise unsupported(
                self.path, f"it has {planes} planes and nothing in it tells whether they are focal planes or times"
            )

    def _image(self, sizes: dict[str, int], fixed: dict[str, int], stack: str | None) -> PixelImage:
        samples = sizes.get("S", 1)
        wanted = {a.lower(): sizes.get(a, 1) for a in "TCZYX"}
        if stack is not None:
            planes = _product([n for a, n in sizes.items() if a not in "YXS"])
            wanted |= {"t": 1, "c": 1, "z": 1, stack.lower() or "z": planes}

        def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
            if stack is not None:
                return self.read(max(t, c, z), (t, c, z), y, x, samples)
            place = {**fixed, "T": t, "C": c, "Z": z}
            flat = 0
            for axis, size in zip(self.axes, self.shape, strict=True):
                if axis not in "YXS":
                    flat = flat * size + place.get(axis, 0)
            return self.read(flat, (t, c, z), y, x, samples)

        return image(wanted, self.key.dtype, read, tile_of(self.key), samples)

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
        key, handle = self.key, self.key.parent.filehandle
        samples = key.shaped[4]
        kind = key.dtype.newbyteorder(key.parent.byteorder)
        row = key.imagewidth * samples * kind.itemsize
        start = self.offset + (flat * key.imagelength + y.start) * row
        with handle.lock:
            handle.seek(start)
            data = handle.read((y.stop - y.start) * row)
        if len(data) < (y.stop - y.start) * row:
            raise ValueError("the file ends before it")
        found = native(numpy.frombuffer(data, kind).reshape(-1, key.imagewidth, samples)[:, x])
        return found[..., 0] if samples == 1 else found


def _product(numbers: list[int]) -> int:
    total = 1
    for number in numbers:
        total *= number
    return total
