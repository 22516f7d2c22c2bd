"""Pixels of an image, read piece by piece: what a conversion asks of a reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy import ndarray


class Reading(Protocol):
    """Reads a rectangle of one plane."""

    def __call__(self, t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        """Return the pixels of rows `y` and columns `x` of a plane.

        Parameters
        ----------
        t, c, z : int
            Zero-based time, channel and focal plane.
        y, x : slice
            With start and stop within the plane, no step.

        Returns
        -------
        ndarray
            Shape (rows, columns), or (rows, columns, samples) where the image has several samples a pixel.

        Raises
        ------
        CorruptFileError
            If the pixels are damaged or missing.
        """


@dataclass(frozen=True, slots=True)
class PixelImage:
    """One image of a file.

    Attributes
    ----------
    t, c, z, y, x : int
        Sizes. `c` counts channels, each of `samples` samples: an RGB image has one channel with three samples.
    samples : int
        Samples of a pixel, interleaved.
    dtype : str
        numpy name in native byte order, such as ``uint16``.
    tile : tuple of (int, int)
        Rows and columns that are read best at once; the whole plane where it is stored as one.
    read : callable
        See `Reading`. May be called from several threads at once.
    """

    t: int
    c: int
    z: int
    y: int
    x: int
    samples: int
    dtype: str
    tile: tuple[int, int]
    read: Reading


@dataclass(slots=True)
class PixelFile:
    """The images of a file, in the order in which its record states them; closed by its user.

    Attributes
    ----------
    images : tuple of PixelImage
    reader : str
        What reads them, for people, such as ``nd2 0.12.0``.
    close : callable
        Gives back what was opened.
    """

    images: tuple[PixelImage, ...]
    reader: str
    close: Callable[[], None] = field(default=lambda: None)
