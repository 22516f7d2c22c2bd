"""Pixels of an image, read piece by piece: what a conversion asks of a reader."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from nbo_extract.counting import counted
from nbo_extract.errors import NboExtractError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy import ndarray

    from nbo_extract.model import Document, Node
    from nbo_extract.record import ReaderInfo

INSTALL = "pip install 'nbo-extract[convert]'"
#: Pixel types of NBO by their names in numpy.
TYPES = {
    "int8": "int8", "int16": "int16", "int32": "int32", "uint8": "uint8", "uint16": "uint16", "uint32": "uint32",
    "float32": "float", "float64": "double", "complex64": "complex", "complex128": "double-complex",
}  # fmt: skip


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


def open_pixels(path: str | Path, reader: str | None = None) -> PixelFile:
    """Open the pixels of a file, to be read piece by piece.

    Parameters
    ----------
    path : path-like
        Or the text of a URL.
    reader : str, optional
        Name of the reader that is to read them; by default the one that reads the metadata, and where that one
        cannot, an adapter that can.

    Returns
    -------
    PixelFile
        Its user closes it.

    Raises
    ------
    UnsupportedFormatError
        If nothing at hand reads the pixels; the message says what would.
    CorruptFileError
        If the file is damaged.
    """
    from nbo_extract.registry import ADAPTERS, candidates, readers, refusal
    from nbo_extract.stores import is_url, plain

    text = plain(os.fspath(path))
    found = candidates(text, reader)
    if not found:
        raise UnsupportedFormatError(refusal(text))
    if reader is None and not is_url(text) and not os.path.isdir(text):
        found += [r for r in readers() if r.rank >= ADAPTERS and r.pixels and r not in found]
    reasons: list[str] = []
    for info in found:
        if not info.pixels and info.rank >= ADAPTERS and reader is None:
            continue
        try:
            return _opened(text, info)
        except NboExtractError as error:
            # What is damaged is not offered to others, which may read it as if it were whole.
            if info.rank < ADAPTERS and not isinstance(error, UnsupportedFormatError):
                raise
            reasons.append(error.message)
    first, *others = reasons
    raise UnsupportedFormatError(first + "".join(f"; {r.removeprefix(text).lstrip(': ')}" for r in others))


def _opened(path: str, info: ReaderInfo) -> PixelFile:
    from nbo_extract.registry import function

    if not info.pixels:
        raise UnsupportedFormatError(
            f"{path}: the reader {info.name} reads metadata alone, no pixels; choose another, or none"
        )
    try:
        opened: PixelFile = function(info.pixels)(path)
    except ImportError as error:
        raise UnsupportedFormatError(
            f"{path}: the reader {info.name} cannot read pixels, a library is missing ({error}); install it with "
            f"{INSTALL}"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"{path}: its pixels cannot be read ({reason}); check that you may open it, and its drive"
        raise NboExtractError(message) from error
    except MemoryError as error:
        raise NboExtractError(f"{path}: not enough memory to open its pixels; close other programs") from error
    other = next((i.dtype for i in opened.images if i.dtype not in TYPES), "")
    if other:
        opened.close()
        raise UnsupportedFormatError(f"{path}: its pixels are of the type {other}, which OME has not")
    return opened


def fits(document: Document, pixels: PixelFile) -> str:
    """Return how the pixels of a file differ from what a Document states of them; empty where they do not.

    What the Document leaves out is not compared.

    Parameters
    ----------
    document : Document
    pixels : PixelFile
    """
    stated = document.images
    if len(stated) != len(pixels.images):
        return (
            f"the metadata state {_images(len(stated))}, the pixels ({pixels.reader}) are {_images(len(pixels.images))}"
        )
    for number, (node, image) in enumerate(zip(stated, pixels.images, strict=True), 1):
        differs = _differs(node.first("Pixels"), image)
        if differs:
            return f"image {number} of {len(stated)}: {differs} ({pixels.reader})"
    return ""


def _images(count: int) -> str:
    return counted(count, "image")


def _differs(stated: Node | None, image: PixelImage) -> str:
    """Return the first difference between the Pixels that are stated and those that are there."""
    if stated is None:
        return ""
    for name, size in (("X", image.x), ("Y", image.y), ("Z", image.z), ("T", image.t)):
        text = stated.get(f"Size{name}")
        if text is not None and text != str(size):
            return f"Size{name} is stated as {text}, the pixels have {size}"
    # Some formats count the samples of colours as channels.
    counts = {str(image.c), str(image.c * image.samples)}
    text = stated.get("SizeC")
    if text is not None and text not in counts:
        return f"SizeC is stated as {text}, the pixels have {image.c} channels of {image.samples} samples"
    channels = stated.all("Channel")
    if channels and len(channels) not in (image.c, image.c * image.samples):
        return f"{counted(len(channels), 'channel is', 'channels are')} described, the pixels have {image.c}"
    for channel in channels:
        text = channel.get("SamplesPerPixel")
        if text is not None and len(channels) == image.c and text != str(image.samples):
            return f"SamplesPerPixel is stated as {text}, the pixels have {image.samples}"
    text = stated.get("PixelType")
    if text is not None and text != TYPES.get(image.dtype):
        return f"PixelType is stated as {text}, the pixels are {image.dtype}"
    return ""
