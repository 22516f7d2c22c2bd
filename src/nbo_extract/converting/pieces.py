"""Pixels in pieces: which ones, how they are read and checked, and how threads work on few of them at a time."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from nbo_extract.errors import CorruptFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")
#: Pieces that are read ahead for each thread: enough to keep it busy, few enough to keep memory flat.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A rectangle of one plane."""

    t: int
    c: int
    z: int
    y: slice
    x: slice


def planes(image: PixelImage) -> Iterator[tuple[int, int, int]]:
    """Yield time, channel and focal plane of all planes; the focal plane changes first, then the channel."""
    for t in range(image.t):
        for c in range(image.c):
            for z in range(image.z):
                yield t, c, z


def pieces(image: PixelImage, rows: int, columns: int) -> Iterator[Piece]:
    """Yield all rectangles of so many rows and columns, plane after plane, those of a plane row after row."""
    for t, c, z in planes(image):
        for y in range(0, image.y, rows):
            for x in range(0, image.x, columns):
                yield Piece(t, c, z, slice(y, min(y + rows, image.y)), slice(x, min(x + columns, image.x)))


def multiple(size: int, unit: int) -> int:
    """Return the least multiple of a unit that is no less than a size."""
    return -(-size // unit) * unit


def read_piece(image: PixelImage, piece: Piece, label: str) -> ndarray[Any, Any]:
    """Read a piece, and check that it is what was asked for.

    Raises
    ------
    CorruptFileError
        If the reader gives another shape or type.
    """
    found = image.read(piece.t, piece.c, piece.z, piece.y, piece.x)
    shape: tuple[int, ...] = (piece.y.stop - piece.y.start, piece.x.stop - piece.x.start)
    if image.samples > 1:
        shape = (*shape, image.samples)
    if found.shape != shape or found.dtype.newbyteorder("=").name != image.dtype:
        raise CorruptFileError(
            f"{label}: plane Z {piece.z}, channel {piece.c}, time {piece.t} gives pixels of {found.shape} "
            f"{found.dtype.name} where {shape} {image.dtype} are stated; nothing was written"
        )
    return found


def in_order(work: Callable[[_Given], _Made], given: Iterable[_Given], workers: int) -> Iterator[_Made]:
    """Do the work in threads and yield what it makes in the order of what was given, with few pieces at a time.

    Parameters
    ----------
    work : callable
    given : iterable
    workers : int
        Number of threads; 1 is this thread.
    """
    if workers == 1:
        yield from map(work, given)
        return
    waiting: deque[Future[_Made]] = deque()
    with ThreadPoolExecutor(workers, "nbo-convert") as pool:
        try:
            for piece in given:
                waiting.append(pool.submit(work, piece))
                if len(waiting) >= workers * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
