"""Make small files of all formats with known pixels: each maker gives the file and the pixels of its images."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import h5py
import imagecodecs
import numpy
import tifffile
import zarr

from make_dv import make_dv
from make_ims import GROUPS, make_ims
from make_lif import dimension, image, make_lif, make_lof, project
from make_lsm import make_lsm
from make_metamorph import make_stk
from make_mm import ORDER, make_ndtiff, make_singles, make_stack
from make_nd2 import attributes, metadata, time_loop, write_nd2, xy_loop, z_loop
from make_nd2 import plane as nd2_plane
from make_notes import APERIO, FRAME, SCANIMAGE, make_fluoview
from make_oif import make_oib, make_oif
from sample_czi import SubBlock, write_czi

if TYPE_CHECKING:
    from collections.abc import Callable
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


# -- TIFF -------------------------------------------------------------------------------------------------------------


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


MAKERS: dict[str, Callable[[Path], Made]] = {
    **{f"czi_packed_{m}": (lambda f, m=m: czi_packed(f, m)) for m in _PACK},  # type: ignore[misc]
    **{f"czi_colour_{k}": (lambda f, k=k: czi_colour(f, 0, k)) for k in (3, 4, 8, 9)},  # type: ignore[misc]
    "czi_colour_zstd": lambda f: czi_colour(f, 5),
    "czi_colour_jpegxr": lambda f: czi_colour(f, 4),
    "czi_mosaic": lambda f: czi_mosaic(f, backwards=False),
    "czi_mosaic_backwards": czi_mosaic,
    "ome_strips": ome_strips,
    "ome_tiles": ome_tiles,
    "ome_predictor": ome_predictor,
    "ome_big_endian": ome_big_endian,
    "ome_colour": ome_colour,
    "ome_planar": ome_planar,
    "ome_pyramid": ome_pyramid,
    "ome_images": ome_images,
    "ome_set": ome_set,
    "ome_companion": ome_companion,
    "imagej": imagej,
    "imagej_beyond": imagej_beyond,
    "aperio": aperio,
    "scanimage": scanimage,
    "stk": stk,
    "lsm": lsm,
    "lsm_positions": lsm_positions,
    "fluoview": fluoview,
    "mm_stack": mm_stack,
    "mm_ndtiff": mm_ndtiff,
    "mm_singles": mm_singles,
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
}
