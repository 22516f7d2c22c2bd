"""Make small files of all formats with known pixels: each maker gives the file and the pixels of its images."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import h5py
import imagecodecs
import numpy
import tifffile
import zarr

import make_pixels_tiff
from make_dv import make_dv
from make_ims import GROUPS, make_ims
from make_lif import dimension, image, make_lif, make_lof, project
from make_nd2 import attributes, metadata, time_loop, write_nd2, xy_loop, z_loop
from make_nd2 import plane as nd2_plane
from make_oif import make_oib, make_oif
from make_pixels_tiff import Made, values
from sample_czi import SubBlock, write_czi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy import ndarray

# -- CZI --------------------------------------------------------------------------------------------------------------


def _czi(folder: Path, name: str, blocks: list[SubBlock]) -> Path:
    path = folder / f"{name}.czi"
    write_czi(path, b"<ImageDocument><Metadata/></ImageDocument>", blocks)
    return path


def _apart(data: ndarray) -> bytes:
    """Return low bytes and high bytes apart, as the second form of Zstandard stores them."""
    raw = numpy.frombuffer(data.tobytes(), "u1").reshape(-1, 2)
    return raw.T.tobytes()


_PACK: dict[int, Callable[[ndarray], bytes]] = {
    0: lambda a: a.tobytes(),
    2: lambda a: bytes(imagecodecs.lzw_encode(a.tobytes())),
    4: lambda a: bytes(imagecodecs.jpegxr_encode(a, level=1.0)),
    5: lambda a: bytes(imagecodecs.zstd_encode(a.tobytes())),
    6: lambda a: b"\x03\x01\x01" + bytes(imagecodecs.zstd_encode(_apart(a))),
    60: lambda a: b"\x01" + bytes(imagecodecs.zstd_encode(a.tobytes())),
}


def czi_packed(folder: Path, method: int) -> Made:
    data = values(2, 2, 3, 37, 41)
    # A part of a stack, whose first plane is not the one of number 0.
    first = 4 if method == 60 else 0
    blocks = []
    for t, c, z in ((t, c, z) for t in range(2) for c in range(2) for z in range(3)):
        pixels = _PACK[method](data[t, c, z])
        blocks.append(SubBlock({"T": t, "C": c, "Z": z + first}, 41, 37, pixels=pixels, compression=min(method, 6)))
    return _czi(folder, f"packed{method}", blocks), [data]


def czi_colour(folder: Path, method: int = 0, kind: int = 3) -> Made:
    samples, dtype = {3: (3, "uint8"), 4: (3, "uint16"), 9: (4, "uint8"), 8: (3, "float32")}[kind]
    data = values(1, 1, 1, 32, 48, samples, dtype=dtype)
    stored = data[0, 0, 0][..., [2, 1, 0, *range(3, samples)]]
    # A decoder of JPEG XR gives red first.
    content = imagecodecs.jpegxr_encode(data[0, 0, 0], level=1.0) if method == 4 else _PACK[method](stored)
    block = SubBlock({"C": 0}, 48, 32, pixels=bytes(content), pixel_type=kind, compression=method)
    return _czi(folder, f"colour{kind}_{method}", [block]), [data]


def czi_mosaic(folder: Path, backwards: bool = True) -> Made:
    """Two scenes at places far from each other; tiles overlap, the later one is on top; one corner has no tile."""
    images = []
    blocks = []
    for scene, corner in ((0, (-50, 1000)), (1, (700, -20))):
        whole = numpy.zeros((1, 2, 1, 50, 70), "uint16")
        for c in range(2):
            for m, (x, y, w, h) in enumerate(((0, 0, 40, 30), (30, 0, 40, 28), (2, 25, 40, 25))):
                tile = values(h, w, seed=100 * scene + 10 * c + m) + 1
                whole[0, c, 0, y : y + h, x : x + w] = tile
                starts = {"C": c, "S": scene, "X": x + corner[0], "Y": y + corner[1], "M": m}
                blocks.append(SubBlock(starts, w, h, pixels=tile.astype("uint16").tobytes()))
                # A level of the pyramid, which is to be left alone.
                blocks.append(SubBlock(starts | {"M": 90 + m}, w, h, (w // 2, h // 2)))
        images.append(whole)
    return _czi(folder, "mosaic", blocks[:: -1 if backwards else 1]), images


# -- others -----------------------------------------------------------------------------------------------------------


def dv(folder: Path, sequence: int = 2, order: str = "<", kind: int = 6) -> Made:
    dtype = {0: "u1", 1: "i2", 2: "f4", 6: "u2"}[kind]
    data = values(2, 3, 4, 6, 8, dtype=dtype)
    # The axes from the slowest to the fastest; the lowest row is first in the file.
    axes = {0: (1, 0, 2), 1: (0, 2, 1), 2: (0, 1, 2)}[sequence]
    stored = data.transpose(*axes, 3, 4)[..., ::-1, :]
    path = make_dv(
        folder / f"cells{sequence}{kind}{'l' if order == '<' else 'b'}.dv",
        order=order,
        n_sections=24,
        nt=2,
        nc=3,
        img_seq=sequence,
        pixel_type=kind,
        pixels=stored.astype(f"{order}{dtype}").tobytes(),
    )
    return path, [data]


def _leica_memory(data: ndarray) -> bytes:
    # Channels of a plane behind each other.
    return data.transpose(0, 2, 1, 3, 4).tobytes()


def lif(folder: Path) -> Made:
    data = values(2, 2, 3, 32, 64)
    plane = 64 * 32 * 2
    dimensions = dimension(3, 3, "1e-006", 2 * plane) + dimension(4, 2, "1", 6 * plane, "s")
    xml = project(image(dimensions=dimensions))
    return make_lif(folder / "cells.lif", xml, memory=_leica_memory(data)), [data]


def lof(folder: Path) -> Made:
    data = values(1, 2, 3, 32, 64)
    xml = project(image(dimensions=dimension(3, 3, "1e-006", 2 * 64 * 32 * 2)))
    return make_lof(folder / "cells.lof", xml, memory=_leica_memory(data)), [data]


def nd2(folder: Path, packed: bool = False) -> Made:
    import zlib

    images = [values(2, 2, 3, 6, 8, seed=s) for s in (5, 6)]
    frames = [numpy.moveaxis(d[t, :, z], 0, -1).tobytes() for t in range(2) for d in images for z in range(3)]
    if packed:
        frames = [zlib.compress(f) for f in frames]
    loops = time_loop(2, 10.0, xy_loop([("a", 1.0, 2.0, 3.0), ("b", 4.0, 5.0, 6.0)], z_loop(3, 0.5, "Z")))
    path = write_nd2(
        folder / ("packed.nd2" if packed else "plain.nd2"),
        attributes=attributes(12, 2, eCompression=0 if packed else 2),
        metadata=metadata([nd2_plane("DAPI", 1), nd2_plane("GFP", 1)], []),
        experiment=loops,
        frames=frames,
    )
    return path, images


def nd2_colour(folder: Path) -> Made:
    """Write a frame in colours, in the order in which the format stores them."""
    data = values(1, 1, 1, 6, 8, 3, dtype="uint8")
    path = write_nd2(
        folder / "colour.nd2",
        attributes=attributes(1, 3, uiBpcInMemory=8, uiBpcSignificant=8, uiWidthBytes=24),
        metadata=metadata([nd2_plane("Brightfield", 1, uiCompCount=3)], []),
        frames=[data[0, 0, 0].tobytes()],
    )
    return path, [data]


def _plane_tiffs(data: ndarray) -> dict[str, bytes]:
    found = {}
    for c in range(data.shape[1]):
        for z in range(data.shape[2]):
            stream = io.BytesIO()
            tifffile.imwrite(stream, data[0, c, z], metadata=None)
            found[f"s_C00{c + 1}Z00{z + 1}.tif"] = stream.getvalue()
    return found


def oif(folder: Path) -> Made:
    data = values(1, 2, 2, 16, 32)
    return make_oif(folder / "cell.oif", more=_plane_tiffs(data)), [data]


def oib(folder: Path) -> Made:
    data = values(1, 2, 2, 16, 32)
    return make_oib(folder / "cell.oib", more=_plane_tiffs(data)), [data]


def ims(folder: Path) -> Made:
    data = values(2, 2, 3, 8, 4, dtype="uint8")
    path = make_ims(folder / "cells.ims", GROUPS)
    with h5py.File(path, "r+") as file:
        del file["DataSet"]
        for t in range(2):
            for c in range(2):
                # Filled up to whole chunks.
                full = numpy.zeros((4, 16, 16), "u1")
                full[:3, :8, :4] = data[t, c]
                place = f"DataSet/ResolutionLevel 0/TimePoint {t}/Channel {c}"
                file.create_dataset(f"{place}/Data", data=full, chunks=(2, 8, 8), compression="gzip")
                for axis, size in zip("XYZ", (4, 8, 3), strict=True):
                    file[place].attrs[f"ImageSize{axis}"] = numpy.frombuffer(str(size).encode(), dtype="S1")
    return path, [data]


def ome_zarr(folder: Path, version: str = "0.5") -> Made:
    data = values(2, 3, 2, 20, 30)
    path = folder / f"cells_{version}.zarr"
    form: Any = 3 if version == "0.5" else 2
    root = zarr.open_group(path, mode="w", zarr_format=form)
    array = root.create_array("0", shape=data.shape, chunks=(1, 1, 1, 8, 16), dtype=data.dtype)
    array[...] = data
    small = root.create_array("1", shape=(2, 3, 2, 10, 15), chunks=(1, 1, 1, 8, 16), dtype=data.dtype)
    small[...] = data[..., ::2, ::2]
    axes = [{"name": a, "type": {"t": "time", "c": "channel"}.get(a, "space")} for a in "tczyx"]
    datasets = [
        {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1, f, f]}]}
        for n, f in enumerate((1, 2))
    ]
    stated: dict[str, Any] = {"multiscales": [{"version": version, "axes": axes, "datasets": datasets}]}
    root.attrs.update({"ome": {"version": version, **stated}} if form == 3 else stated)
    return path, [data]


def ome_zarr_zip(folder: Path, inside: str = "cells.zarr") -> Made:
    """Write an archive that holds the folder of an OME-Zarr."""
    path, known = ome_zarr(folder)
    with zipfile.ZipFile(folder / "cells.zarr.zip", "w") as archive:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                archive.write(file, f"{inside}/{file.relative_to(path).as_posix()}".strip("/"))
    return folder / "cells.zarr.zip", known


def ome_zarr_plate(folder: Path) -> Made:
    """Write a plate of two wells, of which one has two fields."""
    path = folder / "plate.zarr"
    root = zarr.open_group(path, mode="w")
    wells = [("B", "2", 2), ("A", "1", 1)]
    listed = [{"path": f"{r}/{c}", "rowIndex": "AB".index(r), "columnIndex": int(c) - 1} for r, c, _ in wells]
    plate: Any = {"rows": [{"name": "A"}, {"name": "B"}], "columns": [{"name": "1"}, {"name": "2"}], "wells": listed}
    root.attrs.update({"ome": {"version": "0.5", "plate": plate}})
    images = []
    for number, (row, column, fields) in enumerate(wells):
        well = root.create_group(f"{row}/{column}")
        listing: Any = {"images": [{"path": str(f)} for f in range(fields)]}
        well.attrs.update({"ome": {"version": "0.5", "well": listing}})
        for field in range(fields):
            data = values(1, 1, 1, 9 + number, 7 + field, seed=10 * number + field)
            group = well.create_group(str(field))
            group.create_array("0", data=data[0, 0, 0])
            axes = [{"name": a, "type": "space"} for a in "yx"]
            scale = [{"type": "scale", "scale": [1, 1]}]
            datasets = [{"path": "0", "coordinateTransformations": scale}]
            stated: Any = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
            group.attrs.update({"ome": stated})
            images.append(data)
    return path, images


MAKERS: dict[str, Callable[[Path], Made]] = {
    **{f"czi_packed_{m}": (lambda f, m=m: czi_packed(f, m)) for m in _PACK},  # type: ignore[misc]
    **{f"czi_colour_{k}": (lambda f, k=k: czi_colour(f, 0, k)) for k in (3, 4, 8, 9)},  # type: ignore[misc]
    "czi_colour_zstd": lambda f: czi_colour(f, 5),
    "czi_colour_jpegxr": lambda f: czi_colour(f, 4),
    "czi_mosaic": lambda f: czi_mosaic(f, backwards=False),
    "czi_mosaic_backwards": czi_mosaic,
    "ome_strips": make_pixels_tiff.ome_strips,
    "ome_tiles": make_pixels_tiff.ome_tiles,
    "ome_predictor": make_pixels_tiff.ome_predictor,
    "ome_big_endian": make_pixels_tiff.ome_big_endian,
    "ome_colour": make_pixels_tiff.ome_colour,
    "ome_planar": make_pixels_tiff.ome_planar,
    "ome_pyramid": make_pixels_tiff.ome_pyramid,
    "ome_images": make_pixels_tiff.ome_images,
    "ome_set": make_pixels_tiff.ome_set,
    "ome_companion": make_pixels_tiff.ome_companion,
    "imagej": make_pixels_tiff.imagej,
    "imagej_beyond": make_pixels_tiff.imagej_beyond,
    "aperio": make_pixels_tiff.aperio,
    "scanimage": make_pixels_tiff.scanimage,
    "stk": make_pixels_tiff.stk,
    "lsm": make_pixels_tiff.lsm,
    "lsm_positions": make_pixels_tiff.lsm_positions,
    "fluoview": make_pixels_tiff.fluoview,
    "mm_stack": make_pixels_tiff.mm_stack,
    "mm_ndtiff": make_pixels_tiff.mm_ndtiff,
    "mm_singles": make_pixels_tiff.mm_singles,
    **{f"dv_{s}": (lambda f, s=s: dv(f, s)) for s in (0, 1, 2)},  # type: ignore[misc]
    "dv_big": lambda f: dv(f, 1, ">", 1),
    "dv_float": lambda f: dv(f, 0, "<", 2),
    "lif": lif,
    "lof": lof,
    "nd2": nd2,
    "nd2_packed": lambda f: nd2(f, packed=True),
    "nd2_colour": nd2_colour,
    "oif": oif,
    "oib": oib,
    "ims": ims,
    "ome_zarr_04": lambda f: ome_zarr(f, "0.4"),
    "ome_zarr_05": ome_zarr,
    "ome_zarr_zip": ome_zarr_zip,
    "ome_zarr_zip_root": lambda f: ome_zarr_zip(f, ""),
    "ome_zarr_plate": ome_zarr_plate,
}
