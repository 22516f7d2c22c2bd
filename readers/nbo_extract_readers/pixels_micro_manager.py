"""Pixels of Micro-Manager: by the OME-XML where there is one, else by the index, the frames or the text beside them."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import micro_manager
from nbo_extract_readers._mm_frames import flattened
from nbo_extract_readers._planes import damaged, image
from nbo_extract_readers._tiff_pages import Pages, decoded
from nbo_extract_readers._tiff_planes import TiffFiles, check, page_pixels, samples_of, tile_of
from nbo_extract_readers.tiff_family import BROKEN, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy import ndarray

    from nbo_extract.pixels import PixelImage


class _Where(NamedTuple):
    """The file of a plane, and where its directory is; 0 for the first."""

    path: str
    offset: int


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of Micro-Manager; positions are images."""
    import tifffile

    from nbo_extract_readers import pixels_tiff

    record = micro_manager.read(path)
    if record.vocabulary == "ome":
        return pixels_tiff.open_pixels(path)
    with told(path), open(path, "rb") as handle:
        places = list(_places(path, Pages(handle)))
    files = TiffFiles()
    try:
        source = _Source(path, files, places)
        positions = [int(i.get("Key", "0")) for i in record.tree.iterfind("Structure/Image")]
        images = tuple(source.image(position) for position in positions)
    except BaseException:
        files.close()
        raise
    return PixelFile(images, f"tifffile {tifffile.__version__}", files.close)


def _places(path: str, pages: Pages) -> Iterator[tuple[dict[str, int], _Where]]:
    """Yield the place of each plane along P, T, C and Z, and where it is."""
    found = micro_manager._MicroManager(path, pages)
    beside = found.beside()
    folder = os.path.dirname(os.path.abspath(path))
    for place, frame in beside:
        name = str(flattened(frame).get("FileName") or "").replace("\\", "/").rpartition("/")[2]
        yield place, _Where(os.path.join(folder, name or os.path.basename(path)), 0)
    if beside:
        return
    index: list[dict[str, int]] = []
    with contextlib.suppress(*BROKEN):
        index = found.index()
    for place, offset in found.places(index):
        if not index:
            content = {}
            with contextlib.suppress(ValueError):
                data = pages.data(pages.directory(offset).entries.get(micro_manager.METADATA))
                content = json.loads(decoded(data.strip(b"\0 ")) or "{}")
            place = micro_manager._stated(content if isinstance(content, dict) else {}, place)
        yield place, _Where(path, offset)


class _Source:
    """The planes of all positions."""

    def __init__(self, path: str, files: TiffFiles, places: list[tuple[dict[str, int], _Where]]) -> None:
        self.path = path
        self.files = files
        self.planes: dict[tuple[int, ...], _Where] = {}
        for place, where in places:
            self.planes.setdefault(tuple(place[axis] for axis in "PTCZ"), where)

    def image(self, position: int) -> PixelImage:
        """Return a position."""
        own = {place[1:]: where for place, where in self.planes.items() if place[0] == position}
        if not own:
            raise damaged(self.path, f"no page of position {position} is named")
        sizes = {axis: max(place[i] for place in own) + 1 for i, axis in enumerate("tcz")}
        where = own[min(own)]
        try:
            page = self.files.page(where.path, where.offset, at=bool(where.offset))
        except (OSError, *BROKEN) as error:
            raise damaged(where.path, str(error)) from error
        check(page, where.path)
        key = page.keyframe
        sizes |= {"y": key.imagelength, "x": key.imagewidth}

        def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
            where = own.get((t, c, z))
            try:
                if where is None:
                    raise ValueError("no page of it is named")
                page = self.files.page(where.path, where.offset, at=bool(where.offset))
                return page_pixels(self.files, page, y, x)
            except (OSError, *BROKEN) as error:
                raise damaged(self.path if where is None else where.path, str(error), t, c, z) from error

        return image(sizes, key.dtype, read, tile_of(page), samples_of(page))
