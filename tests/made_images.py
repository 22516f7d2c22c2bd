"""Pixels that are made while they are read, and Documents that state them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbo_extract.converting.conversion import Options, write_converted
from nbo_extract.model import Document, Fact, Node, PlaneTable
from nbo_extract.pixels import PixelFile, PixelImage

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.converting.conversion import Kind
    from nbo_extract.writers.block import WriteResult


def made(
    t: int = 1,
    c: int = 1,
    z: int = 1,
    y: int = 40,
    x: int = 30,
    *,
    samples: int = 1,
    dtype: str = "uint16",
    tile: tuple[int, int] | None = None,
    seed: int = 0,
) -> PixelImage:
    """Return an image whose pixels follow from their places alone."""

    def read(t: int, c: int, z: int, y: slice, x: slice) -> np.ndarray[Any, Any]:
        rows, columns = np.arange(y.start, y.stop)[:, None], np.arange(x.start, x.stop)[None, :]
        plane = (rows * 31 + columns * 7 + ((t * 5 + c) * 11 + z) * 13 + seed) % 251
        if samples > 1:
            plane = np.stack([plane + s for s in range(samples)], axis=-1)
        found: np.ndarray[Any, Any] = plane.astype(dtype)
        return found

    return PixelImage(t, c, z, y, x, samples, dtype, tile or (y, x), read)


def blank(y: int, x: int, tile: tuple[int, int]) -> PixelImage:
    """Return an image of zeros, which costs nothing to make and to encode."""

    def read(t: int, c: int, z: int, y: slice, x: slice) -> np.ndarray[Any, Any]:
        return np.zeros((y.stop - y.start, x.stop - x.start), np.uint8)

    return PixelImage(1, 1, 1, y, x, 1, "uint8", tile, read)


def whole(image: PixelImage) -> np.ndarray[Any, Any]:
    """Return all pixels of an image, as T, C, Z, Y, X and samples."""
    y, x = slice(0, image.y), slice(0, image.x)
    return np.array(
        [[[image.read(t, c, z, y, x) for z in range(image.z)] for c in range(image.c)] for t in range(image.t)]
    )


def stating(*images: PixelImage) -> Document:
    """Return a Document of these images, with sizes, names of channels and a time of each plane."""
    root = Node("OME")
    instrument = root.add("Instrument", ID="Instrument:0")
    instrument.add("Objective", ID="Objective:0", Model="Plan 63x µ", Magnification="63", DippingMedium="Water")
    for number, image in enumerate(images):
        node = root.add("Image", ID=f"Image:{number}", Name=f"cells {number}")
        node.add("InstrumentRef", ID="Instrument:0")
        node.add("ObjectiveSettings", ID="Objective:0")
        pixels = node.add("Pixels", ID=f"Pixels:{number}", DimensionOrder="XYZCT")
        sizes = {"X": image.x, "Y": image.y, "Z": image.z, "C": image.c * image.samples, "T": image.t}
        for axis, size in sizes.items():
            pixels.put(f"Size{axis}", str(size))
        for axis, step in (("X", "0.1"), ("Y", "0.1"), ("Z", "500")):
            pixels.facts[f"PhysicalSize{axis}"] = Fact(step, "nm" if axis == "Z" else "µm")
        pixels.put("PixelType", {"float32": "float"}.get(image.dtype, image.dtype))
        for channel in range(image.c):
            pixels.add("Channel", ID=f"Channel:{number}-{channel}", Name=f"dye {channel}", Color="16711935")
        places = [(t, c, z) for t in range(image.t) for c in range(image.c) for z in range(image.z)]
        columns: dict[str, list[str | None]] = {
            "ID": [f"Plane:{number}-{t}-{c}-{z}" for t, c, z in places],
            "TheC": [str(c) for _, c, _ in places],
            "TheT": [str(t) for t, _, _ in places],
            "TheZ": [str(z) for _, _, z in places],
            "Timestamp": [f"{n}.25" for n in range(len(places))],
        }
        pixels.planes = PlaneTable(columns, {"Timestamp": "s"})
    return Document(root).arrange()


def write(target: Path, kind: Kind, *images: PixelImage, **options: Any) -> WriteResult:
    """Convert made images."""
    document = options.pop("document", None) or stating(*images)
    pixels = PixelFile(images, "made")
    return write_converted(pixels, target, kind, document, Options(**options), source=target.parent / "source.czi")
