"""Pixels of Nikon ND2, frame by frame, by the library nd2."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import nikon_nd2
from nbo_extract_readers._planes import Recent, damaged, image, native, unsupported
from nbo_extract_readers.tiff_family import BROKEN

if TYPE_CHECKING:
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of an ND2 file; stage positions are images."""
    import nd2

    record = nikon_nd2.read(path)
    positions = len(record.tree.findall("Structure/Image"))
    with open(path, "rb"):
        pass
    try:
        file = nd2.ND2File(path)
    except (OSError, *BROKEN) as error:
        raise damaged(path, str(error)) from error
    try:
        source = _Source(file, path)
        images = tuple(source.image(position) for position in range(positions))
    except BaseException:
        file.close()
        raise
    return PixelFile(images, f"nd2 {nd2.__version__}", source.close)


class _Source:
    """One open file, of which one thread reads at a time."""

    def __init__(self, file: Any, path: str) -> None:
        self.file = file
        self.path = path
        self.lock = threading.Lock()
        self.recent = Recent()
        try:
            self.shape: tuple[int, int, int, int] = file._raw_frame_shape
            self.dtype = file.dtype
            self.packed = str(file.attributes.compressionType or "")
            loops = file.loop_indices
        except (OSError, *BROKEN) as error:
            raise damaged(path, str(error)) from error
        if file.is_legacy:
            import imagecodecs  # noqa: F401 - said now, not at the first plane
        elif self.packed not in ("", "lossless"):
            raise unsupported(path, f"its frames are compressed ({self.packed}), which is not read")
        self.size = os.path.getsize(path)
        self.bytes = int(file.attributes.widthBytes or 0) * self.shape[0]
        places = [{a: n for a, n in place.items() if a in "PTZ"} for place in loops] or [{}]
        for place in loops:
            other = sorted(set(place) - set("PTZC"))
            if other:
                raise unsupported(path, f"its frames lie along {other[0]}, which OME has not")
        self.frames: dict[tuple[int, int, int], int] = {}
        for number, place in enumerate(places):
            self.frames.setdefault((place.get("P", 0), place.get("T", 0), place.get("Z", 0)), number)

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self.file.close()

    def image(self, position: int) -> PixelImage:
        """Return a stage position."""
        height, width, channels, samples = self.shape
        own = [(t, z) for p, t, z in self.frames if p == position]
        if not own:
            raise damaged(self.path, f"it has no frame of position {position}")
        sizes = {"t": max(t for t, _ in own) + 1, "z": max(z for _, z in own) + 1}
        sizes |= {"c": channels, "y": height, "x": width}

        def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
            return self.read(position, (t, c, z), y, x)

        return image(sizes, self.dtype, read, None, samples)

    def read(self, position: int, place: tuple[int, int, int], y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane."""
        t, c, z = place
        number = self.frames.get((position, t, z))
        try:
            if number is None:
                raise ValueError("the file has no frame of it")
            found = self._frame(number)[y, x, c]
            return native(found if self.shape[3] > 1 else found[..., 0])
        except (OSError, RuntimeError, *BROKEN) as error:
            raise damaged(self.path, str(error), t, c, z) from error

    def _frame(self, number: int) -> ndarray:
        """Return a frame: rows, columns, channels, samples; one that is stored as it is stays in the file."""
        reader = self.file._rdr
        offsets = getattr(reader, "_frame_offsets", None)
        if offsets is not None and number not in offsets:
            # The library fills up what is missing with zeros.
            raise ValueError("the map of the file does not name its frame")
        if self.packed or offsets is None:
            return self.recent.get(number, lambda: self._read(number))
        if offsets[number] + self.bytes > self.size:
            raise ValueError("the file ends within its frame")
        return self._read(number)

    def _read(self, number: int) -> ndarray:
        with self.lock:
            frame: ndarray = self.file._rdr.read_frame(number)
        return frame.reshape(self.shape)
