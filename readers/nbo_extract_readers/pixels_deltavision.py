"""Pixels of DeltaVision: sections one behind the other, in the sequence that the header states.

The first row that is stored is the lowest one: the origin of the format is at the lower left. Here, as in OME,
the first row is the highest.
"""

from __future__ import annotations

import struct

from nbo_extract.pixels import PixelFile
from nbo_extract_readers._planes import Mapped, damaged, image, mapped, unsupported
from nbo_extract_readers.deltavision import _BYTES, _NAMES, _NUMBERS, _SEQUENCES, HEADER_BYTES, read

_TYPES = {0: "u1", 1: "i2", 2: "f4", 4: "c8", 6: "u2", 7: "i4"}


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of a DeltaVision file; see `nbo_extract.pixels.open_pixels`."""
    stated = read(path).tree.find("Structure/Image")
    with open(path, "rb") as stream:
        data = stream.read(HEADER_BYTES)
    mark = "<" if data[96:98] == b"\xa0\xc0" else ">"
    header = dict(zip(_NAMES, struct.unpack_from(mark + _NUMBERS, data), strict=True))
    kind = _TYPES.get(header["pixel_type"])
    if kind is None:
        raise unsupported(path, f"its pixels are of type {header['pixel_type']}, which is not read")
    if stated is None or stated.get("SizeZ") is None:
        raise damaged(path, "its sections are no multiple of its channels and times")
    sizes = {axis: int(stated.get(f"Size{axis.upper()}", "1")) for axis in "tczyx"}
    order = _SEQUENCES.get(header["img_seq"])
    if order is None:
        raise unsupported(path, f"its sections are in the sequence {header['img_seq']}, which is not read")
    item = _BYTES[header["pixel_type"]]
    steps: dict[str, int | tuple[int, ...]] = {"x": item, "y": -item * sizes["x"]}
    start = HEADER_BYTES + header["ext_hdr_len"] + item * sizes["x"] * (sizes["y"] - 1)
    step = item * sizes["x"] * sizes["y"]
    for axis in order.lower():
        steps[axis] = step
        step *= sizes[axis]
    source = Mapped(path, mapped(path), mark + kind, start, steps)
    return PixelFile((image(sizes, kind, source.read),), "nbo-extract deltavision")
