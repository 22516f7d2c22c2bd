"""Pixels of Imaris IMS: a data set a time and channel, at the first level of the pyramid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import imaris
from nbo_extract_readers._planes import damaged, image, native

if TYPE_CHECKING:
    from numpy import ndarray

_LEVEL = "DataSet/ResolutionLevel 0"
_BROKEN = (OSError, RuntimeError, KeyError, ValueError, TypeError)


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of an IMS file."""
    import h5py

    found = imaris.read(path).tree.find("Group[@Name='Image']")
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise damaged(path, str(error)) from error
    try:
        level = file[_LEVEL]
        times = _count(level, "TimePoint")
        channels = _count(level["TimePoint 0"], "Channel")
        home = level["TimePoint 0/Channel 0"]
        data = home["Data"]
        # Data sets are filled up to whole chunks: the attributes say how large the image is.
        stated = [_size(home.attrs, f"ImageSize{axis}") or _stated(found, axis) for axis in "ZYX"]
        sizes = {a: min(n or full, full) for a, n, full in zip("zyx", stated, data.shape, strict=True)}
        chunks = data.chunks or data.shape
        tile = (min(chunks[1], sizes["y"]), min(chunks[2], sizes["x"]))
        dtype = data.dtype
    except _BROKEN as error:
        file.close()
        raise damaged(path, str(error)) from error

    def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        try:
            values: ndarray = level[f"TimePoint {t}/Channel {c}/Data"][z, y, x]
            if values.shape != (y.stop - y.start, x.stop - x.start):
                raise ValueError(f"its data set is smaller than the image: {values.shape}")
        except _BROKEN as error:
            raise damaged(path, str(error), t, c, z) from error
        return native(values)

    return PixelFile(
        (image({**sizes, "t": times, "c": channels}, dtype, read, tile),), f"h5py {h5py.__version__}", file.close
    )


def _count(group: Any, name: str) -> int:
    count = 0
    while f"{name} {count}" in group:
        count += 1
    if not count:
        raise ValueError(f"it has no {name} 0")
    return count


def _size(attributes: Any, name: str) -> int:
    """Return a number that is stored as characters, 0 where there is none."""
    if name not in attributes:
        return 0
    text = imaris._text(attributes[name]).strip()
    return int(text) if text.isdecimal() else 0


def _stated(group: Any, axis: str) -> int:
    text = "" if group is None else group.findtext(f"Attribute[@Name='{axis}']") or ""
    return int(text) if text.isdecimal() else 0
