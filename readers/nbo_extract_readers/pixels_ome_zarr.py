"""Pixels of OME-Zarr: the first level of each image, by the library zarr."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import ome_zarr
from nbo_extract_readers._ngff import Store, scalar
from nbo_extract_readers._planes import damaged, image, native, unsupported

if TYPE_CHECKING:
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of an OME-Zarr: an image, a collection or a plate, in the order of its record."""
    import zarr

    record = ome_zarr.read(path)
    store = Store(path)
    groups = [i.get("Path", "") for i in record.tree.iterfind("Structure/Image")]
    return PixelFile(tuple(_image(path, store, group) for group in groups), f"zarr {zarr.__version__}")


def _image(path: str, store: Store, place: str) -> PixelImage:
    import zarr

    group = store.group(place)
    multiscale: Any = next(m for m in group.get_list("multiscales") if isinstance(m, dict))
    inner = f"{place}/{scalar(multiscale['datasets'][0].get('path'))}".strip("/")
    stated = multiscale.get("axes")
    axes = [scalar(a.get("name")) if isinstance(a, dict) else scalar(a) for a in stated] if stated else list("tczyx")
    name = os.path.join(path, *inner.split("/"))
    try:
        array: Any = zarr.open_array(name, mode="r")
    except Exception as error:  # of whatever kind: zarr raises those of its stores, codecs and of JSON
        raise damaged(name, str(error)) from error
    if array.ndim != len(axes):
        raise damaged(name, f"it has {array.ndim} dimensions and the axes {', '.join(map(str, axes))}")
    sizes = {str(a): int(n) for a, n in zip(axes, array.shape, strict=True)}
    other = [a for a in sizes if a not in "tczyx" and sizes[a] > 1]
    if other or not {"y", "x"} <= set(sizes):
        raise unsupported(name, f"its axes are {', '.join(map(str, axes))}, which OME has not")
    kept = [a for a in sizes if a in "yx"]
    chunks = dict(zip(sizes, array.chunks, strict=True))

    def read(t: int, c: int, z: int, y: slice, x: slice) -> ndarray:
        at: dict[str, Any] = {"t": t, "c": c, "z": z, "y": y, "x": x}
        try:
            values: ndarray = array[tuple(at.get(a, 0) for a in sizes)]
        except Exception as error:  # as above
            raise damaged(name, str(error) or type(error).__name__, t, c, z) from error
        return native(values if kept == ["y", "x"] else values.T)

    return image(sizes, array.dtype, read, (min(chunks["y"], sizes["y"]), min(chunks["x"], sizes["x"])))
