"""Pixels of Olympus OIB and OIF: one TIFF a plane, in a compound document or in the folder beside the file."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import olympus
from nbo_extract_readers._planes import Recent, damaged, image, native, unsupported
from nbo_extract_readers.tiff_family import BROKEN

if TYPE_CHECKING:
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage

_MAX_PLANE_BYTES = 1 << 31


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of an OIB or OIF."""
    import tifffile

    record = olympus.read(path)
    source = _Oib(path) if record.format == "Olympus OIB" else _Oif(path)
    try:
        return PixelFile((source.image(),), f"tifffile {tifffile.__version__}", source.close)
    except BaseException:
        source.close()
        raise


class _Source:
    """The planes of one image, by their places along C, Z and T."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.recent = Recent()
        self.planes: dict[tuple[int, int, int], str] = {}

    def load(self, name: str) -> bytes:
        """Return the TIFF of a plane."""
        raise NotImplementedError

    def close(self) -> None:
        """Close what is open."""

    def take(self, names: list[str]) -> None:
        """Find the plane of each TIFF."""
        for name in sorted(names):
            place = dict(olympus._places(name))
            if not name.lower().endswith((".tif", ".tiff")) or not place:
                continue
            if "R" in place:
                # A picture on which a line scan was drawn.
                continue
            other = sorted(a for a, n in place.items() if a not in "CZT" and n > 1)
            if other:
                raise unsupported(self.path, f"its planes lie along {other[0]}, which OME has not")
            t, c, z = (place.get(axis, 1) - 1 for axis in "TCZ")
            self.planes[t, c, z] = name

    def image(self) -> PixelImage:
        """Return what describes the planes."""
        if not self.planes:
            raise damaged(self.path, "no TIFF of a plane belongs to it")
        counts = {a: 1 + max(p[i] for p in self.planes) for i, a in enumerate("tcz")}
        place = min(self.planes)
        try:
            first = self.plane(self.planes[place])
        except (OSError, *BROKEN) as error:
            raise damaged(self.path, str(error), *place) from error
        return image({**counts, "y": first.shape[0], "x": first.shape[1]}, first.dtype, self.read)

    def plane(self, name: str) -> ndarray:
        """Return a plane."""
        return self.recent.get(name, lambda: self._decoded(name))

    def _decoded(self, name: str) -> ndarray:
        import tifffile

        with tifffile.TiffFile(io.BytesIO(self.load(name))) as file:
            page: Any = file.pages[0]
            last = max(int(a) + int(b) for a, b in zip(page.dataoffsets, page.databytecounts, strict=True))
            if last > file.filehandle.size:
                raise ValueError(f"{name} ends within its pixels")
            found: ndarray = page.asarray()
        if found.ndim != 2:
            raise ValueError(f"{name} has {found.ndim} dimensions, no plane of grey values")
        return native(found)

    def read(self, t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        """Return a rectangle of a plane."""
        try:
            name = self.planes.get((t, c, z))
            if name is None:
                raise ValueError("no TIFF of it belongs to the file")
            found = self.plane(name)
            if found.shape[0] < y.stop or found.shape[1] < x.stop:
                raise ValueError(f"{name} has {found.shape[1]} × {found.shape[0]} pixels, fewer than the first plane")
            return native(found[y, x])
        except (OSError, RuntimeError, *BROKEN) as error:
            raise damaged(self.path, str(error), t, c, z) from error


class _Oif(_Source):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.folder = olympus.files_folder(path)
        if not os.path.isdir(self.folder):
            raise damaged(path, f"the folder {os.path.basename(self.folder)} with its planes is not beside it")
        self.take(os.listdir(self.folder))

    def load(self, name: str) -> bytes:
        with open(os.path.join(self.folder, name), "rb") as stream:
            return stream.read(_MAX_PLANE_BYTES)


class _Oib(_Source):
    def __init__(self, path: str) -> None:
        import olefile

        super().__init__(path)
        try:
            self.file = olefile.OleFileIO(path)
            streams = {entry[-1]: "/".join(entry) for entry in self.file.listdir()}
            info = olympus.parse_settings(olympus._stream(self.file, "OibInfo.txt")).get("OibSaveInfo", {})
        except (OSError, *BROKEN) as error:
            raise damaged(path, str(error)) from error
        self.streams = {name: streams[key] for key, name in info.items() if key in streams}
        self.take(list(self.streams))

    def load(self, name: str) -> bytes:
        with self.lock:
            data: bytes = self.file.openstream(self.streams[name]).read(_MAX_PLANE_BYTES)
        return data

    def close(self) -> None:
        self.file.close()
