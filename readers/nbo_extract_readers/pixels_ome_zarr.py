"""Pixels of OME-Zarr: the first level of each image, by the library zarr."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import NboExtractError
from nbo_extract.pixels import PixelFile
from nbo_extract.stores import ZIP_SUFFIXES, ZipStore, is_url, open_store, shown
from nbo_extract_readers import ome_zarr
from nbo_extract_readers._ngff import Store, scalar
from nbo_extract_readers._planes import damaged, image, native, unsupported

if TYPE_CHECKING:
    from lxml import etree
    from numpy import ndarray

    from nbo_extract.pixels import PixelImage


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of an OME-Zarr: an image, a collection or a plate, in the order of its record."""
    import zarr

    record = ome_zarr.read(path)
    files = open_store(path)
    inside = files._inside if isinstance(files, ZipStore) else ""
    source: Any = None
    try:
        source = _source(path)
        found = record.tree.iterfind("Structure/Image")
        made = tuple(_image(shown(path), Store(files), source, inside, stated) for stated in found)
    except BaseException:
        if source is not None:
            source.close()
        raise
    finally:
        if isinstance(files, ZipStore):
            files.close()
    return PixelFile(made, f"zarr {zarr.__version__}", source.close)


def _source(path: str) -> Any:
    """Return the store of the library."""
    from zarr import storage

    if not is_url(path):
        return storage.LocalStore(path, read_only=True) if os.path.isdir(path) else storage.ZipStore(path, mode="r")
    label = shown(path)
    if label.lower().endswith(ZIP_SUFFIXES):
        raise unsupported(label, "it is an archive behind a URL, whose pixels are not read; copy it to a disk")
    try:
        return storage.FsspecStore.from_url(path, read_only=True)
    except ImportError:
        raise
    except Exception as error:  # of whatever kind the library of the server raises
        raise NboExtractError(f"{label} cannot be read ({error}); check the URL") from error


def _image(path: str, store: Store, source: Any, inside: str, stated: etree._Element) -> PixelImage:
    import zarr

    place = stated.get("Path", "")
    group = store.group(place)
    multiscale: Any = next(m for m in group.get_list("multiscales") if isinstance(m, dict))
    inner = f"{place}/{scalar(multiscale['datasets'][0].get('path'))}".strip("/")
    axes = [axis.get("Name", "") for axis in stated.iterfind("Axis")]
    name = f"{path}/{inner}"
    try:
        array: Any = zarr.open_array(source, path=inside + inner, mode="r")
    except Exception as error:  # of whatever kind: zarr raises those of its stores, codecs and of JSON
        raise damaged(name, str(error)) from error
    if array.ndim != len(axes):
        raise damaged(name, f"it has {array.ndim} dimensions and the axes {', '.join(axes)}")
    sizes = {a: int(n) for a, n in zip(axes, array.shape, strict=True)}
    other = [a for a in sizes if a not in "tczyx" and sizes[a] > 1]
    if other or not {"y", "x"} <= set(sizes):
        raise unsupported(name, f"its axes are {', '.join(axes)}, which OME has not")
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
