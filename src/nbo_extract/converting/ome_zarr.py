"""Pixels into an OME-Zarr 0.5 or 0.4: five axes, chunks of a part of one plane, levels of half the size each."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from nbo_extract.converting.pieces import Piece, in_order, multiple, pieces, planes, read_piece
from nbo_extract.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nbo_extract.model import Node
    from nbo_extract.pixels import PixelImage

VERSIONS: Final = ("0.5", "0.4")
#: Longest side of a chunk, and of the last level.
CHUNK: Final = 1024
_AXES: Final = "tczyx"
_WHITE: Final = "FFFFFF"
_METHOD: Final = "local mean"


def require_zarr() -> None:
    """Check that what writes an OME-Zarr is installed.

    Raises
    ------
    WriteError
    """
    import importlib.util

    if importlib.util.find_spec("zarr") is None:
        raise WriteError("an OME-Zarr is written by zarr, which is not installed: pip install 'nbo-extract[convert]'")


def write_ome_zarr(
    folder: Path,
    images: Sequence[PixelImage],
    nodes: Sequence[Node],
    xml: bytes,
    *,
    version: str = "0.5",
    workers: int = 1,
    label: str = "this image",
) -> None:
    """Write pixels, the attributes of OME-NGFF and OME-XML.

    Parameters
    ----------
    folder : Path
        An empty folder.
    images : sequence of PixelImage
        One image stands at the root; several are a set as bioformats2raw lays it out.
    nodes : sequence of Node
        Image elements of NBO, in the same order.
    xml : bytes
        OME-XML, for ``OME/METADATA.ome.xml``.
    version : {'0.5', '0.4'}
    workers : int
        Number of threads.
    label : str
        What the pixels are of, for messages.
    """
    import zarr

    form: Literal[2, 3] = 2 if version == "0.4" else 3
    names = [""] if len(images) == 1 else [str(number) for number in range(len(images))]
    set_of_images = {"bioformats2raw.layout": 3} if len(images) != 1 else {}
    if set_of_images:
        zarr.create_group(folder, zarr_format=form, attributes=_attributes(set_of_images, version))
    series = _attributes({"series": names}, version) if set_of_images else {}
    zarr.create_group(folder / "OME", zarr_format=form, attributes=series)
    (folder / "OME" / "METADATA.ome.xml").write_bytes(xml)
    for name, image, node in zip(names, images, nodes, strict=True):
        place = folder / name if name else folder
        levels = list(_levels(image))
        zarr.create_group(place, zarr_format=form, attributes=_attributes(_multiscales(image, node, levels), version))
        arrays = [_array(place / str(n), image, shape, form) for n, shape in enumerate(levels)]
        _fill(arrays[0], image, workers, label)
        for upper, lower in pairwise(arrays):
            _halve(upper, lower, image, workers)


def _attributes(members: dict[str, Any], version: str) -> dict[str, Any]:
    return members if version == "0.4" else {"ome": {"version": version, **members}}


def _levels(image: PixelImage) -> Iterator[tuple[int, int]]:
    """Yield rows and columns of each level."""
    y, x = image.y, image.x
    yield y, x
    while max(y, x) > CHUNK:
        y, x = max(1, y // 2), max(1, x // 2)
        yield y, x


def _array(place: Path, image: PixelImage, size: tuple[int, int], form: Literal[2, 3]) -> Any:
    import zarr

    compressor: Any
    if form == 2:
        from numcodecs import Blosc

        compressor = Blosc(cname="zstd", clevel=5, shuffle=Blosc.SHUFFLE)
    else:
        from zarr.codecs import BloscCodec

        compressor = BloscCodec(cname="zstd", clevel=5, shuffle="shuffle")
    more: dict[str, Any] = {"dimension_names": list(_AXES)} if form == 3 else {}
    return zarr.create_array(
        place,
        shape=(image.t, image.c * image.samples, image.z, *size),
        chunks=(1, 1, 1, *(min(side, CHUNK) for side in size)),
        dtype=image.dtype,
        compressors=compressor,
        fill_value=0,
        zarr_format=form,
        chunk_key_encoding={"name": "v2" if form == 2 else "default", "separator": "/"},
        # A chunk of zeros is written, too: a missing one would look like lost data.
        config={"write_empty_chunks": True},
        **more,
    )


def _fill(array: Any, image: PixelImage, workers: int, label: str) -> None:
    """Write level 0: the pixels as they are; samples of a colour are channels."""
    rows = multiple(image.tile[0], min(image.y, CHUNK))
    columns = multiple(image.tile[1], min(image.x, CHUNK))

    def write(piece: Piece) -> None:
        found = read_piece(image, piece, label)
        if image.samples == 1:
            array[piece.t, piece.c, piece.z, piece.y, piece.x] = found
            return
        for sample in range(image.samples):
            array[piece.t, piece.c * image.samples + sample, piece.z, piece.y, piece.x] = found[..., sample]

    for _ in in_order(write, pieces(image, rows, columns), workers):
        pass


def _halve(upper: Any, lower: Any, image: PixelImage, workers: int) -> None:
    """Write a level from the one above it: the mean of two by two pixels."""
    height, width = lower.shape[-2:]

    def write(piece: Piece) -> None:
        # A side of one pixel is not halved.
        high, wide = (2 if u > low else 1 for u, low in zip(upper.shape[-2:], lower.shape[-2:], strict=True))
        y = slice(piece.y.start * high, piece.y.stop * high)
        x = slice(piece.x.start * wide, piece.x.stop * wide)
        found = upper[piece.t, piece.c, piece.z, y, x]
        lower[piece.t, piece.c, piece.z, piece.y, piece.x] = mean_of(found, high, wide)

    def parts() -> Iterator[Piece]:
        for t, c, z in planes(image):
            for sample in range(image.samples):
                for y in range(0, height, CHUNK):
                    for x in range(0, width, CHUNK):
                        rows, columns = slice(y, min(y + CHUNK, height)), slice(x, min(x + CHUNK, width))
                        yield Piece(t, c * image.samples + sample, z, rows, columns)

    for _ in in_order(write, parts(), workers):
        pass


def mean_of(found: Any, high: int, wide: int) -> Any:
    """Return the mean of blocks of pixels, in their own type; whole numbers are rounded to the nearest even."""
    import numpy as np

    rows, columns = found.shape[0] // high, found.shape[1] // wide
    kind = complex if found.dtype.kind == "c" else float
    blocks = found.reshape(rows, high, columns, wide).astype(kind)
    mean = blocks.mean(axis=(1, 3))
    return (np.rint(mean) if found.dtype.kind in "iu" else mean).astype(found.dtype)


# -- attributes -------------------------------------------------------------------------------------------------------


@functools.cache
def _units() -> dict[str, dict[str, str]]:
    file = resources.files("nbo_extract_mappings") / "ome" / "ngff-units.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _multiscales(image: PixelImage, node: Node, levels: list[tuple[int, int]]) -> dict[str, Any]:
    pixels = node.first("Pixels")
    stated = {"t": "TimeIncrement", "z": "PhysicalSizeZ", "y": "PhysicalSizeY", "x": "PhysicalSizeX"}
    axes, scale = [], []
    for axis in _AXES:
        kind = {"t": "time", "c": "channel"}.get(axis, "space")
        fact = pixels.facts.get(stated[axis]) if pixels is not None and axis in stated else None
        unit = _units()[kind].get(fact.unit or "") if fact is not None else None
        number = float(fact.number) if fact is not None and fact.number is not None else 0.0
        known = unit is not None and number > 0
        axes.append({"name": axis, "type": kind, **({"unit": unit} if known else {})})
        scale.append(number if known else 1.0)
    datasets = []
    for level in range(len(levels)):
        factors = [1.0, 1.0, 1.0, *(2.0 ** _halvings(whole, level) for whole in levels[0])]
        scaled = [own * factor for own, factor in zip(scale, factors, strict=True)]
        datasets.append({"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scaled}]})
    name = node.get("Name")
    multiscale = {
        **({"name": name} if name else {}),
        "axes": axes,
        "datasets": datasets,
        **({"type": _METHOD, "metadata": {"method": "mean of 2 x 2 pixels"}} if len(levels) > 1 else {}),
    }
    omero = _omero(image, pixels)
    return {"multiscales": [multiscale], **({"omero": omero} if omero else {})}


def _halvings(side: int, level: int) -> int:
    """Return how often a side was halved to come to a level: a side of one pixel is not."""
    return min(level, side.bit_length() - 1)


def _omero(image: PixelImage, pixels: Node | None) -> dict[str, Any]:
    """Return names and colours of channels, where the image has them; the window is the range of the type."""
    import numpy as np

    channels = pixels.all("Channel") if pixels is not None else []
    dtype = np.dtype(image.dtype)
    if image.samples > 1 or len(channels) != image.c or dtype.kind not in "iu":
        return {}
    if not all(c.get("Name") for c in channels):
        return {}
    limits = np.iinfo(dtype)
    window = {"min": int(limits.min), "max": int(limits.max), "start": int(limits.min), "end": int(limits.max)}
    return {
        "channels": [
            {"label": c.get("Name"), "color": _colour(c.get("Color")), "window": window, "active": True}
            for c in channels
        ]
    }


def _colour(stated: str | None) -> str:
    """Return red, green and blue in hexadecimal; white where none is stated."""
    try:
        return f"{(int(stated or '') & 0xFFFFFFFF) >> 8:06X}"
    except ValueError:
        return _WHITE
