"""What was written is read again: metadata by our own readers, pixels by the libraries that others use."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from nbo_extract.converting import ome_tiff, ome_zarr
from nbo_extract.converting.pieces import in_order, multiple, pieces, read_piece
from nbo_extract.errors import NboExtractError, WriteError
from nbo_extract.model import Fact
from nbo_extract.ome_rules import ome_rules, ome_schema, ome_text
from nbo_extract.values import shortest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nbo_extract.converting.pieces import Piece
    from nbo_extract.model import Document, PlaneTable
    from nbo_extract.pixels import PixelFile, PixelImage
    from nbo_extract.schema import SimpleType

    _Reading = Callable[[Piece], Any]

_INDEX = ("TheZ", "TheC", "TheT")
_TRY = "nothing was written; please report this"


def check_metadata(written: Path, document: Document, source: Path) -> None:
    """Read the metadata of a result and compare them with the Document.

    Raises
    ------
    WriteError
        If they differ.
    """
    from nbo_extract.api import extract
    from nbo_extract.xmlio import to_xml

    try:
        found = extract(written, planes="all")
    except NboExtractError as error:
        raise WriteError(f"what was made of {source} cannot be read again ({error.message}); {_TRY}") from error
    if to_xml(found, planes=tells_planes(document)) != to_xml(document, planes=tells_planes(document)):
        raise WriteError(f"the metadata of what was made of {source} read back differently; {_TRY}")
    ours, theirs = ([i.first("Pixels") for i in d.images] for d in (document, found))
    for number, (own, other) in enumerate(zip(ours, theirs, strict=True)):
        if own is None or own.planes is None:
            continue
        read = dict(_stated(other.planes)) if other is not None and other.planes is not None else {}
        if any(read.get(place) != facts for place, facts in _stated(own.planes)):
            raise WriteError(f"planes of image {number} of what was made of {source} read back differently; {_TRY}")


def tells_planes(document: Document) -> bool:
    """Whether planes are embedded: they state what OME has no place for, and are not too many."""
    from nbo_extract.api import AUTO_PLANES

    tables = [n.planes for n in document.root.walk() if n.planes is not None]
    if sum(map(len, tables)) > AUTO_PLANES:
        return False
    return any(set(table.columns) - {"ID", *_INDEX} - {c[0] for c in _columns(table)} for table in tables)


def _stated(table: PlaneTable) -> Iterator[tuple[tuple[str | None, ...], dict[str, str]]]:
    """Yield the place of each plane and what OME states of it; places that are there twice are left out."""
    columns = list(_columns(table))
    places = list(zip(*(table.columns[n] for n in _INDEX), strict=True))
    counted: dict[tuple[str | None, ...], int] = {}
    for place in places:
        counted[place] = counted.get(place, 0) + 1
    for row, place in enumerate(places):
        if counted[place] > 1:
            continue
        texts = {n: (v and ome_text(Fact(v), kind), u) for n, kind, values, u in columns if (v := values[row])}
        # Readers take a text with all digits of a double for the shortest one of the same double.
        yield place, {n: f"{shortest(text)} {unit}" for n, (text, unit) in texts.items() if text}


def _columns(table: PlaneTable) -> Iterator[tuple[str, SimpleType, list[str | None], str]]:
    """Yield the columns that OME has a place for, with NBO's name and unit."""
    plane = ome_schema().element("Plane")
    names = {n: s[0].paths[0] for n, s in ome_rules().elements["Plane"].attributes.items()}
    for name, attribute in plane.attributes.items():
        own = names.get(name, name)
        if name in plane.unit_names or own in _INDEX or own not in table.columns:
            continue
        unit = table.units.get(own)
        symbol = ome_rules().units.get(unit or "", unit)
        if attribute.unit is None or symbol in plane.attributes[attribute.unit].type.enum:
            yield own, attribute.type, table.columns[own], unit or ""


def check_pixels(written: Path, pixels: PixelFile, kind: str, source: Path, workers: int = 1) -> None:
    """Read all pixels of a result and of its source and compare them.

    Raises
    ------
    WriteError
        If any pixel differs.
    """
    import numpy as np

    with _opened(written, pixels, kind) as readings:
        for number, (image, read) in enumerate(zip(pixels.images, readings, strict=True)):

            def same(piece: Piece, image: PixelImage = image, read: _Reading = read) -> tuple[Piece, bool]:
                own = read_piece(image, piece, str(source))
                return piece, np.array_equal(own, read(piece), equal_nan=own.dtype.kind in "fc")

            for piece, equal in in_order(same, pieces(image, *_piece_size(image)), workers):
                if not equal:
                    raise WriteError(
                        f"pixels of image {number} (Z {piece.z}, channel {piece.c}, time {piece.t}) of what was made "
                        f"of {source} read back differently; {_TRY}"
                    )


def _piece_size(image: PixelImage) -> tuple[int, int]:
    """Return rows and columns that are whole tiles of the source and of the result."""
    rows, columns = ome_tiff.tile_of(image) or (ome_zarr.CHUNK, ome_zarr.CHUNK)
    return multiple(image.tile[0], rows), multiple(image.tile[1], columns)


@contextmanager
def _opened(written: Path, pixels: PixelFile, kind: str) -> Iterator[list[_Reading]]:
    if kind == "ome-zarr":
        import zarr

        names = ["0"] if len(pixels.images) == 1 else [f"{number}/0" for number in range(len(pixels.images))]
        yield [_zarr(zarr.open_array(written / n, mode="r"), i) for n, i in zip(names, pixels.images, strict=True)]
        return
    import tifffile

    firsts = ome_tiff.first_directories(pixels.images)
    with tifffile.TiffFile(written) as tiff:
        lock = Lock()
        yield [_tiff(tiff, first, image, lock) for first, image in zip(firsts, pixels.images, strict=True)]


def _zarr(array: Any, image: PixelImage) -> _Reading:
    def read(piece: Piece) -> Any:
        import numpy as np

        channels = range(piece.c * image.samples, (piece.c + 1) * image.samples)
        found = [array[piece.t, c, piece.z, piece.y, piece.x] for c in channels]
        return found[0] if image.samples == 1 else np.stack(found, axis=-1)

    return read


def _tiff(tiff: Any, first: int, image: PixelImage, lock: Lock) -> _Reading:
    """Return what reads a piece of whole tiles, or of a plane that is one strip."""

    def read(piece: Piece) -> Any:
        import numpy as np

        rows, columns = ome_tiff.tile_of(image) or (image.y, image.x)
        across = -(-image.x // columns)
        with lock:
            page = tiff.pages[first + (piece.t * image.c + piece.c) * image.z + piece.z]
            parts = {}
            for y in range(piece.y.start // rows, -(-piece.y.stop // rows)):
                for x in range(piece.x.start // columns, -(-piece.x.stop // columns)):
                    number = y * across + x
                    tiff.filehandle.seek(page.dataoffsets[number])
                    parts[number] = tiff.filehandle.read(page.databytecounts[number])
        shape = (piece.y.stop - piece.y.start, piece.x.stop - piece.x.start)
        found = np.zeros((*shape, *((image.samples,) if image.samples > 1 else ())), image.dtype)
        for number, data in parts.items():
            decoded = page.decode(data, number)[0]
            y, x = (number // across) * rows - piece.y.start, (number % across) * columns - piece.x.start
            high, wide = min(rows, shape[0] - y), min(columns, shape[1] - x)
            part = decoded.reshape(decoded.shape[-3:])[:high, :wide]
            found[y : y + high, x : x + wide] = part if image.samples > 1 else part[..., 0]
        return found

    return read
