"""Pixels by Bio-Formats, from the Java library in this process."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError, UnsupportedFormatError
from nbo_extract.pixels import PixelFile
from nbo_extract_readers._planes import damaged, image, native

if TYPE_CHECKING:
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

# By the numbers of FormatTools.
_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of a file with Bio-Formats; see `nbo_extract.pixels.open_pixels`."""
    from nbo_extract_readers import _jvm

    limit = _jvm._limit()
    loci = _jvm.start()
    import jpype

    reader = loci.formats.ImageReader()
    try:
        # The smaller levels of a pyramid are no images of their own.
        reader.setFlattenedResolutions(False)
        reader.setMetadataFiltered(True)
        if not _jvm._open(reader, path, limit):
            raise CorruptFileError(
                f"{path}: Bio-Formats did not answer within {limit:g} s; {_jvm.SECONDS} sets the limit"
            )
        source = _Source(reader, path)
        version = str(loci.formats.FormatTools.VERSION)
        images = tuple(source.image(series) for series in range(int(reader.getSeriesCount())))
        return PixelFile(images, f"Bio-Formats {version}", source.close)
    except jpype.JException as error:
        with suppress(jpype.JException):
            reader.close()
        if _jvm._name(error) == "UnknownFormatException":
            raise UnsupportedFormatError(f"{path}: Bio-Formats knows no such format") from error
        raise CorruptFileError(f"{path}: Bio-Formats cannot read it ({_jvm._reason(error)}); copy it again") from error


class _Source:
    """One reader of Java, which one thread may use at a time."""

    def __init__(self, reader: Any, path: str) -> None:
        self.reader = reader
        self.path = path
        self.lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        import jpype

        with self.lock, suppress(jpype.JException):
            self.reader.close()

    def image(self, series: int) -> PixelImage:
        """Return one series."""
        reader = self.reader
        reader.setSeries(series)
        kind = int(reader.getPixelType())
        if not 0 <= kind < len(_TYPES):
            raise UnsupportedFormatError(f"{self.path}: series {series} has the pixel type {kind}, which is not read")
        samples = int(reader.getRGBChannelCount())
        sizes = {
            "t": int(reader.getSizeT()),
            "c": int(reader.getSizeC()) // samples,
            "z": int(reader.getSizeZ()),
            "y": int(reader.getSizeY()),
            "x": int(reader.getSizeX()),
        }
        if sizes["t"] * sizes["c"] * sizes["z"] != int(reader.getImageCount()):
            raise UnsupportedFormatError(f"{self.path}: series {series} has planes beside those along Z, C and T")
        order = "<" if reader.isLittleEndian() else ">"
        apart = samples > 1 and not reader.isInterleaved()
        tile = (min(sizes["y"], int(reader.getOptimalTileHeight())), min(sizes["x"], int(reader.getOptimalTileWidth())))

        def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
            return self.read(series, order + _TYPES[kind], samples, apart, (t, c, z, y, x))

        return image(sizes, _TYPES[kind], read, tile, samples)

    def read(
        self, series: int, dtype: str, samples: int, apart: bool, place: tuple[int, int, int, slice, slice]
    ) -> ndarray:
        """Return a rectangle of a plane."""
        import jpype
        import numpy

        t, c, z, y, x = place
        height, width = y.stop - y.start, x.stop - x.start
        try:
            with self.lock:
                self.reader.setSeries(series)
                number = self.reader.getIndex(z, c, t)
                data = self.reader.openBytes(number, x.start, y.start, width, height)
                # Java gives signed bytes; what a buffer of theirs holds is the same.
                raw = bytes(data)
        except jpype.JException as error:
            from nbo_extract_readers._jvm import _reason

            raise damaged(self.path, f"Bio-Formats: {_reason(error)}", t, c, z) from error
        values: ndarray = numpy.frombuffer(raw, dtype)
        if values.size != height * width * samples:
            raise damaged(
                self.path, f"Bio-Formats gives {values.size} values instead of {height * width * samples}", t, c, z
            )
        if samples == 1:
            return native(values.reshape(height, width))
        if apart:
            return native(values.reshape(samples, height, width).transpose(1, 2, 0))
        return native(values.reshape(height, width, samples))
