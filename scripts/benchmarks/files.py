"""The files that are read and written: samples, files that are made, and real files of a folder."""

from __future__ import annotations

import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parent.parent.parent
SAMPLES = ROOT / "sample_data"
#: What files of each format are called, and how they end.
SUFFIXES = {
    "CZI": ".czi", "LIF": ".lif", "ND2": ".nd2", "DeltaVision": ".dv", "OIB": ".oib", "Imaris": ".ims", "LSM": ".lsm",
    "OME-TIFF": ".ome.tiff", "OME-Zarr": ".ome.zarr",
}  # fmt: skip
MB = 10**6
_PLANE = '<Plane TheZ="0" TheC="0" TheT="{t}" DeltaT="{t}" PositionX="0.5" PositionY="1.5"/>'


def made_files(folder: Path, missing: Callable[[str, str], object]) -> dict[str, Path]:
    """Return a small file of each format: the samples, and files that the tests make."""
    sys.path.insert(0, str(ROOT / "tests"))
    found = {"CZI": SAMPLES / "widefield.czi"}
    makers = {"LIF": "lif", "ND2": "nd2", "DeltaVision": "dv", "OIB": "oib", "Imaris": "ims", "LSM": "lsm"}
    for name, maker in makers.items():
        try:
            module: Any = __import__("make_pixels_tiff" if name == "LSM" else "make_pixels")
            found[name] = getattr(module, maker)(folder)[0]
        except ImportError as error:
            missing(f"{name}, made", f"{error.name} is not installed")
    found["OME-TIFF"] = SAMPLES / "confocal.ome.tiff"
    found["OME-Zarr"] = SAMPLES / "cells_v05.ome.zarr"
    return found


def real_files(folder: Path | None) -> dict[str, Path]:
    """Return the largest real file of each format below a folder."""
    if folder is None:
        return {}
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        name = path.name.lower().replace(".ome.tif", ".ome.tiff").replace(".tifff", ".tiff")
        kind = next((kind for kind, suffix in SUFFIXES.items() if name.endswith(suffix)), None)
        if kind and path.is_file() and (kind not in found or path.stat().st_size > found[kind].stat().st_size):
            found[kind] = path
    named = {f"{kind}, real file of {path.stat().st_size / MB:.1f} MB": path for kind, path in found.items()}
    long = min(sorted(folder.rglob("*.czi")), key=lambda p: abs(_xml_length(p) - MB // 2), default=None)
    return named if long is None else {"CZI with 0.5 MB of XML, real file": long, **named}


def _xml_length(path: Path) -> int:
    """Return the length of the XML of a CZI."""
    from nbo_extract_readers.zisraw import ZisrawFile

    with open(path, "rb", buffering=0) as stream:
        return len(ZisrawFile(stream, str(path)).metadata()[0])


def long_czi(folder: Path) -> Path:
    """Write a CZI with 0.5 MB of XML: most of it is what the microscope states of itself, as in real ones."""
    from lxml import etree

    import sample_czi

    tree = etree.fromstring(sample_czi.METADATA_XML.read_bytes())
    states = etree.SubElement(tree[0], "ParameterCollections")
    for number in range(2800):
        state = etree.SubElement(states, "ParameterCollection", Id=f"MTBPart{number}")
        etree.SubElement(state, "Position", IsActivated="true", Status="Valid", Unit="µm").text = f"{number / 7}"
        etree.SubElement(state, "Name").text = f"Part {number}"
    metadata = sample_czi.plane_metadata("2024-03-14T09:26:31.5000000Z", 1.5, 2.5, 3.5, 80_000_000, "Axiocam 506")
    path = folder / "long.czi"
    blocks = [sample_czi.SubBlock({"C": c}, metadata=metadata) for c in range(2)]
    sample_czi.write_czi(path, etree.tostring(tree), blocks)
    return path


def many_planes(folder: Path, planes: int, size: int = 2 * 1024**2) -> Path:
    """Write an OME-TIFF whose OME-XML states so many planes; a hole fills it up to a size."""
    import sample_ome

    stated = "".join(_PLANE.format(t=t) for t in range(planes))
    xml = sample_ome.ome_xml(name="many planes", tiff_data="<TiffData/>" + stated, planes=False)
    path = folder / f"planes-{planes}-{size}.ome.tiff"
    sample_ome.make_ome_tiff(path, description=xml.encode(), big=True)
    with open(path, "r+b") as file:
        file.truncate(max(size, path.stat().st_size))
    return path


def many_channels_tiff(folder: Path, channels: int) -> Path:
    """Write an OME-TIFF of so many channels, each with its light source, detector and filters."""
    import sample_ome

    first = sample_ome.CHANNELS.split("</Channel>\n", 1)[0] + "</Channel>\n"
    stated = "".join(first.replace('ID="Channel:0:0"', f'ID="Channel:0:{n}"') for n in range(channels))
    xml = sample_ome.ome_xml(name="many channels", tiff_data="<TiffData/>", planes=False)
    xml = xml.replace(sample_ome.CHANNELS, stated)
    xml = xml.replace(f'SizeC="{sample_ome.SIZE_C}"', f'SizeC="{channels}"')
    path = folder / f"channels-{channels}.ome.tiff"
    return sample_ome.make_ome_tiff(path, description=xml.encode())


def many_channels_czi(folder: Path, channels: int) -> Path:
    """Write a CZI of so many channels, each with its sub-block."""
    from lxml import etree

    import sample_czi

    tree = etree.fromstring(sample_czi.METADATA_XML.read_bytes())
    for element in list(tree.iter("Channel")):
        holder = element.getparent()
        if holder is None or element.get("Id") is None:
            continue
        if element.get("Id") != "Channel:0":
            holder.remove(element)
            continue
        for number in range(1, channels):
            copy = deepcopy(element)
            copy.set("Id", f"Channel:{number}")
            copy.set("Name", f"DAPI {number}")
            holder.append(copy)
    size = tree.find(".//Information/Image/SizeC")
    if size is not None:
        size.text = str(channels)
    metadata = sample_czi.plane_metadata("2024-03-14T09:26:31.5000000Z", 1.5, 2.5, 3.5, 80_000_000, "Axiocam 506")
    blocks = [sample_czi.SubBlock({"C": c}, metadata=metadata) for c in range(channels)]
    path = folder / f"channels-{channels}.czi"
    sample_czi.write_czi(path, etree.tostring(tree), blocks)
    return path


def plate(path: Path, wells: int = 384) -> Path:
    """Write an OME-Zarr plate of 24 columns with one field a well."""
    import sample_ome

    places = [(chr(ord("A") + n // 24), str(n % 24 + 1)) for n in range(wells)]
    rows, columns = sorted({r for r, _ in places}), sorted({c for _, c in places}, key=int)
    stated: Mapping[str, Any] = {
        "name": "screen",
        "field_count": 1,
        "rows": [{"name": r} for r in rows],
        "columns": [{"name": c} for c in columns],
        "wells": [{"path": f"{r}/{c}", "rowIndex": rows.index(r), "columnIndex": columns.index(c)} for r, c in places],
    }
    sample_ome.write_group(path, "0.5", {"plate": stated})
    for row in rows:
        sample_ome.write_group(path / row, "0.5", {})
    for row, column in places:
        sample_ome.write_group(path / row / column, "0.5", {"well": {"images": [{"path": "0"}]}})
        sample_ome.write_image(path / row / column / "0", f"{row}{column}", "0.5")
    return path


def pixels(folder: Path, size: int = 512, planes: int = 32) -> Path:
    """Write an OME-TIFF with pixels that can be packed, to be converted."""
    import numpy as np
    import tifffile

    y, x = np.arange(size)[:, None], np.arange(size)[None, :]
    data = np.stack([((y * 31 + x * 7 + 13 * n) % 4093).astype("uint16") for n in range(planes)])
    path = folder / "pixels.ome.tiff"
    tifffile.imwrite(path, data.reshape(2, planes // 2, size, size), metadata={"axes": "CZYX"}, ome=True)
    return path
