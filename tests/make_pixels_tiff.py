"""Make small TIFFs of all families with known pixels; see `make_pixels`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import tifffile

from make_lsm import make_lsm
from make_metamorph import make_stk
from make_mm import ORDER, make_ndtiff, make_singles, make_stack
from make_notes import APERIO, FRAME, SCANIMAGE, make_fluoview

if TYPE_CHECKING:
    from pathlib import Path

    from numpy import ndarray

Made = tuple["Path", list["ndarray"]]


def values(*shape: int, dtype: str = "uint16", seed: int = 1) -> ndarray:
    """Return numbers in which no two planes, rows or columns are alike."""
    random = numpy.random.default_rng(seed)
    if numpy.dtype(dtype).kind == "f":
        return random.normal(size=shape).astype(dtype)
    top = int(min(numpy.iinfo(dtype).max, 4000))
    return random.integers(0, top, shape).astype(dtype)


def ome_tiff(folder: Path, name: str, data: ndarray, axes: str = "TCZYX", **options: Any) -> Path:
    path = folder / f"{name}.ome.tif"
    tifffile.imwrite(path, data, metadata={"axes": axes}, **options)
    return path


def ome_strips(folder: Path) -> Made:
    data = values(2, 3, 4, 33, 29)
    return ome_tiff(folder, "strips", data, rowsperstrip=7), [data]


def ome_tiles(folder: Path) -> Made:
    data = values(2, 1, 2, 100, 130, dtype="float32")
    return ome_tiff(folder, "tiles", data, tile=(32, 48), compression="zlib"), [data]


def ome_predictor(folder: Path) -> Made:
    data = values(1, 2, 1, 100, 130, dtype="float32")
    return ome_tiff(folder, "predictor", data, tile=(32, 48), compression="zlib", predictor=True), [data]


def ome_big_endian(folder: Path) -> Made:
    data = values(1, 2, 2, 20, 30, dtype="int16")
    path = ome_tiff(folder, "big", data, byteorder=">", bigtiff=True, tile=(16, 16))
    return path, [data]


def ome_colour(folder: Path) -> Made:
    data = values(2, 1, 3, 40, 50, 3, dtype="uint8")
    path = ome_tiff(folder, "colour", data, "TCZYXS", photometric="rgb", compression="lzw")
    return path, [data]


def ome_planar(folder: Path) -> Made:
    data = values(2, 40, 50, 3, dtype="uint8")
    path = ome_tiff(folder, "planar", numpy.moveaxis(data, -1, 1), "ZSYX", photometric="rgb", planarconfig="separate")
    return path, [data[None, None]]


def ome_pyramid(folder: Path) -> Made:
    data = values(1, 1, 2, 128, 96)
    path = folder / "pyramid.ome.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(data, subifds=1, tile=(32, 32), metadata={"axes": "TCZYX"})
        file.write(data[..., ::2, ::2], subfiletype=1, tile=(32, 32))
    return path, [data]


def ome_images(folder: Path) -> Made:
    path = folder / "images.ome.tif"
    images = [values(1, 2, 1, 20, 30, seed=3), values(3, 1, 2, 10, 15, dtype="uint8", seed=4)]
    with tifffile.TiffWriter(path, ome=True) as file:
        for data in images:
            file.write(data, metadata={"axes": "TCZYX"})
    return path, images


_SET = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
    'UUID="urn:uuid:00000000-0000-4000-8000-00000000000{own}"><Image ID="Image:0"><Pixels ID="Pixels:0" '
    'DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" SizeZ="2" SizeC="2" SizeT="2" BigEndian="false">'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/><Channel ID="Channel:0:1" SamplesPerPixel="1"/>{blocks}</Pixels>'
    "</Image></OME>"
)
_DATA = (
    '<TiffData FirstZ="0" FirstC="{c}" FirstT="{t}" IFD="0" PlaneCount="2"><UUID FileName="{name}">'
    "urn:uuid:00000000-0000-4000-8000-00000000000{number}</UUID></TiffData>"
)


def _set(folder: Path, companion: str) -> Made:
    data = values(2, 2, 2, 20, 30)
    names = [(t, c, f"set_t{t}_c{c}.ome.tif") for t in range(2) for c in range(2)]
    blocks = "".join(_DATA.format(t=t, c=c, name=n, number=i) for i, (t, c, n) in enumerate(names))
    for i, (t, c, name) in enumerate(names):
        text = _SET.format(own=i, blocks=blocks)
        if companion:
            text = (
                '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><BinaryOnly '
                f'MetadataFile="{companion}" UUID="urn:uuid:00000000-0000-4000-8000-000000000009"/></OME>'
            )
        tifffile.imwrite(folder / name, data[t, c], description=text, metadata=None, contiguous=False)
    if companion:
        (folder / companion).write_text(_SET.format(own=9, blocks=blocks))
    return folder / names[2][2], [data]


def ome_set(folder: Path) -> Made:
    return _set(folder, "")


def ome_companion(folder: Path) -> Made:
    return _set(folder, "set.companion.ome")


def imagej(folder: Path) -> Made:
    data = values(2, 3, 2, 20, 30)
    path = folder / "hyper.tif"
    tifffile.imwrite(path, data, imagej=True, metadata={"axes": "TZCYX"})
    return path, [data.swapaxes(1, 2)]


def imagej_beyond(folder: Path) -> Made:
    """Write a hyperstack whose first page alone has a directory, as ImageJ writes it beyond 4 GB."""
    data = values(2, 3, 2, 20, 30)
    path = folder / "beyond.tif"
    with tifffile.TiffWriter(path, imagej=True) as file:
        file.write(data, contiguous=True, truncate=True, metadata={"axes": "TZCYX"})
    return path, [data.swapaxes(1, 2)]


def aperio(folder: Path) -> Made:
    data = values(300, 400, 3, dtype="uint8")
    path = folder / "slide.svs"
    with tifffile.TiffWriter(path) as file:
        options: dict[str, Any] = {"tile": (64, 64), "photometric": "rgb", "compression": "zlib", "metadata": None}
        file.write(data, description=APERIO.replace("1600x1721", "400x300"), **options)
        file.write(data[::4, ::4], description=APERIO, photometric="rgb", metadata=None)
        file.write(data[::2, ::2], description=APERIO + " -> 200x150 ", **options)
    return path, [data[None, None, None]]


def scanimage(folder: Path) -> Made:
    data = values(6, 20, 30, dtype="int16")
    path = folder / "scan.tif"
    settings = SCANIMAGE + "\nSI.hStackManager.numSlices = 1"
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        for frame in data:
            file.write(frame, software=settings, description=FRAME, metadata=None, contiguous=False)
    return path, [data.reshape(3, 2, 1, 20, 30)]


def stk(folder: Path) -> Made:
    data = values(3, 4, 4)
    path = make_stk(folder / "stack.stk", planes=3, z=(1.0, 2.0, 3.0))
    with tifffile.TiffFile(path) as file:
        start = file.pages[0].dataoffsets[0]
    raw = bytearray(path.read_bytes())
    raw[start : start + data.nbytes] = data.tobytes()
    path.write_bytes(raw)
    return path, [data[None, None]]


def lsm(folder: Path) -> Made:
    data = values(3, 3, 2, 5, 8)
    pages = [data[t, :, z].tobytes() for t in range(3) for z in range(2)]
    return make_lsm(folder / "cells.lsm", sizes=(8, 5, 2, 3, 3), channels=("a", "b", "c"), pixels=pages), [data]


def lsm_positions(folder: Path) -> Made:
    images = [values(1, 3, 2, 5, 8, seed=s) for s in (8, 9)]
    pages = [d[0, :, z].tobytes() for d in images for z in range(2)]
    path = make_lsm(folder / "places.lsm", sizes=(8, 5, 2, 3, 1), positions=2, channels=("a", "b", "c"), pixels=pages)
    return path, images


def fluoview(folder: Path) -> Made:
    data = values(2, 2, 3, 20, 30)
    dimensions = [("x", 30, 0.2, "um"), ("y", 20, 0.2, "um"), ("z", 3, 1.0, "um"), ("Ch", 2, 1.0, "ch"),
                  ("Time", 2, 500.0, "ms")]  # fmt: skip
    raw = make_fluoview(folder / "model.tif", dimensions).read_bytes()
    with tifffile.TiffFile(folder / "model.tif") as file:
        found: Any = file.pages[0]
        stored = [found.tags[code] for code in (34361, 34362)]
    tags = [(t.code, 1, t.count, raw[t.valueoffset : t.valueoffset + t.count], True) for t in stored]
    path = folder / "fluo.tif"
    with tifffile.TiffWriter(path) as writer:
        for t in range(2):
            for c in range(2):
                for z in range(3):
                    writer.write(data[t, c, z], metadata=None, contiguous=False, extratags=tags)
    return path, [data]


def mm_stack(folder: Path) -> Made:
    return _filled(make_stack(folder / "run_MMStack_Pos0.tif"))


def mm_ndtiff(folder: Path) -> Made:
    return _filled(make_ndtiff(folder / "run_NDTiffStack.tif"))


def mm_singles(folder: Path) -> Made:
    first = make_singles(folder)
    data = values(2, 2, 2, 4, 4)
    for c, z, t in ORDER:
        path = folder / f"img_channel{c:03d}_position000_time{t:09d}_z{z:03d}.tif"
        _fill(path, [data[t, c, z]])
    return first, [data]


def _fill(path: Path, planes: list[ndarray]) -> None:
    raw = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        for page, plane in zip(file.pages, planes, strict=True):
            start = page.dataoffsets[0]
            raw[start : start + plane.nbytes] = plane.tobytes()
    path.write_bytes(raw)


def _filled(path: Path) -> Made:
    data = values(2, 2, 2, 4, 4)
    _fill(path, [data[t, c, z] for c, z, t in ORDER])
    return path, [data]
