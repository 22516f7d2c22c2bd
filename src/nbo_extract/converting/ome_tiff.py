"""Pixels into an OME-TIFF: a directory a plane, in the order XYZCT, images one after the other.

What is written at a time is a tile, or a plane where planes are small, encoded by threads and written in order: memory
and bytes are the same whatever the size of the image and the number of threads.
"""

from __future__ import annotations

import zlib
from itertools import accumulate
from typing import IO, TYPE_CHECKING, Any, Final

from nbo_extract.converting.pieces import in_order, multiple, pieces, read_piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbo_extract.converting.pieces import Piece
    from nbo_extract.pixels import PixelImage

#: Planes with a longer side are tiled.
LARGEST_STRIP: Final = 2048
_TILE: Final = 512
_LEAST, _MOST, _STEP = 128, 1024, 16
_LEVEL: Final = 6
#: A classic TIFF addresses 4 GiB; directories and metadata take some of it.
_CLASSIC: Final = (1 << 32) - (1 << 26)
_PER_PLANE: Final = 512


def first_directories(images: Sequence[PixelImage]) -> list[int]:
    """Return the number of the first directory of each image."""
    return [0, *accumulate(i.t * i.c * i.z for i in images)][: len(images)]


def is_big(images: Sequence[PixelImage], metadata: int) -> bool:
    """Whether the file may pass what a classic TIFF can address, with so many bytes of metadata."""
    import numpy as np

    total = metadata
    for image in images:
        count = image.t * image.c * image.z
        rows, columns = tile_of(image) or (image.y, image.x)
        area = multiple(image.y, rows) * multiple(image.x, columns) * image.samples * np.dtype(image.dtype).itemsize
        tiles = -(-image.y // rows) * -(-image.x // columns)
        # What does not get smaller by compression gets larger by a few bytes.
        total += count * (area + area // 1000 + 32 * tiles + _PER_PLANE)
    return total > _CLASSIC


def tile_of(image: PixelImage) -> tuple[int, int] | None:
    """Return rows and columns of the tiles: those of the source where a TIFF may have such; None for a small plane."""
    if max(image.y, image.x) <= LARGEST_STRIP:
        return None
    if all(_LEAST <= side <= _MOST and side % _STEP == 0 for side in image.tile):
        return image.tile
    return _TILE, _TILE


def write_ome_tiff(
    stream: IO[bytes],
    images: Sequence[PixelImage],
    xml: bytes,
    *,
    big: bool,
    compression: str = "zlib",
    workers: int = 1,
    label: str = "this image",
) -> None:
    """Write pixels and OME-XML.

    Parameters
    ----------
    stream : binary file
        Empty, and open for reading and writing.
    images : sequence of PixelImage
    xml : bytes
        OME-XML that maps the directories.
    big : bool
        Whether a BigTIFF is written.
    compression : {'zlib', 'none'}
    workers : int
        Number of threads.
    label : str
        What the pixels are of, for messages.
    """
    import numpy as np
    import tifffile

    with tifffile.TiffWriter(stream, bigtiff=big, byteorder="<", ome=False) as writer:
        for number, image in enumerate(images):
            tile = tile_of(image)
            shape: tuple[int, ...] = (image.t * image.c * image.z, image.y, image.x)
            how: dict[str, Any] = {"photometric": "minisblack"}
            if image.samples > 1:
                shape = (*shape, image.samples)
                how["planarconfig"] = "contig"
                how["photometric"] = "rgb" if image.samples in (3, 4) else "minisblack"
                how["extrasamples"] = _extra(image.samples)
            how |= {"tile": tile} if tile else {"rowsperstrip": image.y}
            writer.write(
                _encoded(image, tile, compression == "zlib", workers, label),
                shape=shape,
                dtype=np.dtype(image.dtype).newbyteorder("<"),
                compression="zlib" if compression == "zlib" else None,
                description=xml if number == 0 else None,
                metadata=None,
                software=False,
                **how,
            )


def _extra(samples: int) -> list[str] | None:
    """Return what samples beyond those of the colour are: nothing says so."""
    more = samples - (3 if samples in (3, 4) else 1)
    return ["unspecified"] * more or None


def _encoded(
    image: PixelImage, tile: tuple[int, int] | None, compressed: bool, workers: int, label: str
) -> Iterator[bytes]:
    """Yield the strips or tiles of all planes in the order of the file."""
    rows, columns = tile or (image.y, image.x)
    wide, high = image.x, multiple(image.tile[0], rows)
    if image.tile[1] < image.x:
        # Tiles come row after row, so that a piece that is not as wide as the plane is one row of tiles.
        wide, high = multiple(image.tile[1], columns), rows

    def encode(piece: Piece) -> list[bytes]:
        found = read_piece(image, piece, label)
        found = found.astype(found.dtype.newbyteorder("<"), copy=False)
        made = []
        for y in range(0, found.shape[0], rows):
            for x in range(0, found.shape[1], columns):
                data = _padded(found[y : y + rows, x : x + columns], rows, columns).tobytes()
                made.append(zlib.compress(data, _LEVEL) if compressed else data)
        return made

    for made in in_order(encode, pieces(image, high, wide), workers):
        yield from made


def _padded(found: Any, rows: int, columns: int) -> Any:
    import numpy as np

    missing = (rows - found.shape[0], columns - found.shape[1])
    if not any(missing):
        return found
    return np.pad(found, [(0, missing[0]), (0, missing[1]), *[(0, 0)] * (found.ndim - 2)])
