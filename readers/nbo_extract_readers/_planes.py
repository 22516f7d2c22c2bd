"""What sources of pixels share: errors in one form, pieces that were decoded last, and arrays that lie in a file."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError, UnsupportedFormatError
from nbo_extract.pixels import PixelImage

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from numpy import ndarray

# Of planes that are stored whole a conversion reads the tiles one after the other: decoded pieces are kept this long.
KEPT_BYTES = 96 << 20
COPY_AGAIN = "copy it again from where it was written"


def damaged(path: str, why: str, t: int | None = None, c: int = 0, z: int = 0) -> CorruptFileError:
    """Return the error that says which plane of a file is damaged, and how."""
    where = "" if t is None else f"the plane T={t} C={c} Z={z} "
    text = " ".join(why.split())
    return CorruptFileError(f"{path}: {where}cannot be read ({text}); {COPY_AGAIN}")


def unsupported(path: str, why: str) -> UnsupportedFormatError:
    """Return the error that says why the pixels of a file can be read by something else only."""
    return UnsupportedFormatError(f"{path}: {why}")


class Recent:
    """The pieces that were decoded last, up to a number of bytes; for several threads."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self.limit = limit
        self.used = 0
        self.known: OrderedDict[Hashable, ndarray] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], ndarray]) -> ndarray:
        """Return a piece, made where it is not at hand; not to be written to."""
        with self.lock:
            found = self.known.get(key)
            if found is not None:
                self.known.move_to_end(key)
                return found
        # Made without the lock: two threads may make the same, which costs time and nothing else.
        made = make()
        with self.lock:
            if key not in self.known:
                self.known[key] = made
                self.used += made.nbytes
                # The newest stays, however large: the next tile is in it.
                while self.used > self.limit and len(self.known) > 1:
                    self.used -= self.known.popitem(last=False)[1].nbytes
        return made


class Mapped:
    """An array of pixels that lies in a file as it is, at any distances from each other.

    Parameters
    ----------
    path : str
        For messages.
    buffer : buffer
        The file, mapped into memory.
    dtype : str
        With its byte order.
    start : int
        Byte of the first pixel.
    steps : mapping of str to (int or tuple of int)
        Bytes from one pixel to the next along ``t``, ``c``, ``z``, ``y``, ``x``; a tuple lists where each begins.
    """

    def __init__(
        self, path: str, buffer: Any, dtype: str, start: int, steps: Mapping[str, int | tuple[int, ...]]
    ) -> None:
        self.path = path
        self.buffer = buffer
        self.dtype = dtype
        self.start = start
        self.steps = steps

    def _offset(self, axis: str, index: int) -> int:
        step = self.steps.get(axis, 0)
        return step[index] if isinstance(step, tuple) else step * index

    def read(self, t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane."""
        import numpy

        at = self.start + sum(self._offset(axis, i) for axis, i in (("t", t), ("c", c), ("z", z)))
        at += self._offset("y", y.start) + self._offset("x", x.start)
        shape = (y.stop - y.start, x.stop - x.start)
        try:
            view: ndarray = numpy.ndarray(
                shape, self.dtype, self.buffer, at, (self._offset("y", 1), self._offset("x", 1))
            )
        except (TypeError, ValueError) as error:
            raise damaged(self.path, "the file ends before it", t, c, z) from error
        return native(view)


def native(values: ndarray) -> ndarray:
    """Return a copy in native byte order."""
    return values.astype(values.dtype.newbyteorder("="), order="C")


def mapped(path: str) -> Any:
    """Map a file into memory, to be read only; it is given back when nothing reads it any more."""
    import numpy

    return numpy.memmap(path, "uint8", "r")


def image(
    sizes: Mapping[str, int],
    dtype: Any,
    read: Callable[..., ndarray],
    tile: tuple[int, int] | None = None,
    samples: int = 1,
) -> PixelImage:
    """Return an image of the sizes along ``t``, ``c``, ``z``, ``y``, ``x``, one where none is given."""
    import numpy

    t, c, z, y, x = (sizes.get(axis, 1) for axis in "tczyx")
    name = numpy.dtype(dtype).newbyteorder("=").name
    return PixelImage(t, c, z, y, x, samples, name, tile or (y, x), read)
