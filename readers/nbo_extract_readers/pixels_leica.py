"""Pixels of Leica LIF, LOF and XLIF: blocks of memory, in which each axis and channel has its distance in bytes.

Layout of the blocks as in `nbo_extract_readers.leica`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from nbo_extract.pixels import PixelFile
from nbo_extract_readers import leica
from nbo_extract_readers._planes import Mapped, damaged, image, mapped, unsupported
from nbo_extract_readers.leica_planes import DIMENSIONS

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract.pixels import PixelImage

_TYPES = {("0", 8): "<u1", ("0", 16): "<u2", ("0", 32): "<u4", ("1", 32): "<f4", ("1", 64): "<f8"}
_KNOWN = "XYZT"


class _Block(NamedTuple):
    """A block of memory: the file, where it begins, and its size."""

    path: str
    start: int
    size: int


def open_pixels(path: str) -> PixelFile:
    """Open the pixels of a Leica file; images in the order of the project."""
    tree = leica.read(path).tree
    with open(path, "rb") as stream:
        text = stream.read(4) != b"\x70\0\0\0"
    if text:
        raise unsupported(
            path, "it names other files for its pixels, which are not read; open the LOF files or the LIF themselves"
        )
    blocks = _blocks(path, tree)
    buffer = mapped(path)
    images = [
        _image(path, element, "/".join(names), blocks, buffer)
        for element, names in leica.images(tree)
        if element.find("Structure") is not None
    ]
    return PixelFile(tuple(images), "nbo-extract leica")


def _blocks(path: str, tree: etree._Element) -> dict[str, _Block]:
    """Return the blocks of memory by name; that of a LOF, which is the only one, by the empty name."""
    size = os.path.getsize(path)
    root = tree[0]
    form = leica._BLOCK_1 if root.get("Version") == "1" else leica._BLOCK
    found: dict[str, _Block] = {}
    with open(path, "rb") as stream:
        head = leica._HEAD.unpack(stream.read(leica._HEAD.size))
        position = leica._HEAD.size + 2 * head[3]
        if stream.read(30).decode("utf-16-le", "replace").startswith("LMS_Object_File"):
            stream.seek(position)
            memory = leica._LOF.unpack(stream.read(leica._LOF.size))[5]
            return {"": _Block(path, position + leica._LOF.size, memory)}
        for _ in range(leica.MAX_BLOCKS):
            stream.seek(position)
            data = stream.read(form.size)
            if len(data) < form.size:
                break
            magic, _, mark, memory, second, characters = form.unpack(data)
            if (magic, mark, second) != (0x70, 0x2A, 0x2A):
                break
            name = stream.read(2 * characters).decode("utf-16-le", "replace").rstrip("\0")
            start = position + form.size + 2 * characters
            if memory:
                found[name] = _Block(path, start, memory)
            position = start + memory
            if position > size:
                break
    return found


def _image(path: str, element: etree._Element, name: str, blocks: dict[str, _Block], buffer: Any) -> PixelImage:
    memory = element.find("Memory")
    identity = "" if memory is None else memory.get("MemoryBlockID", "")
    block = blocks.get("") or blocks.get(identity)
    if block is None:
        raise damaged(path, f"the image {name} has no block of memory {identity or 'at all'} in the file")
    sizes, steps = _axes(path, element, name)
    kind, offsets = _channels(path, element, name)
    sizes["c"], steps["c"] = len(offsets), offsets
    last = sum((sizes[a] - 1) * int(s) for a, s in steps.items() if not isinstance(s, tuple)) + max(offsets)
    if last >= block.size:
        raise damaged(path, f"the image {name} needs {last + 1} bytes, its block of memory has {block.size}")
    return image(sizes, kind, Mapped(path, buffer, kind, block.start, steps).read)


def _axes(path: str, element: etree._Element, name: str) -> tuple[dict[str, int], dict[str, int | tuple[int, ...]]]:
    """Return sizes, and bytes from one pixel to the next."""
    sizes: dict[str, int] = dict.fromkeys("tczyx", 1)
    steps: dict[str, int | tuple[int, ...]] = {}
    for item in element.findall("Data/Image/ImageDescription/Dimensions/DimensionDescription"):
        number, size, step = (int(item.get(k, "0")) for k in ("DimID", "NumberOfElements", "BytesInc"))
        axis = DIMENSIONS.get(number, str(number))
        if axis not in _KNOWN and size > 1:
            raise unsupported(path, f"the image {name} has {size} planes along its dimension {axis}, which OME has not")
        if axis in _KNOWN:
            sizes[axis.lower()], steps[axis.lower()] = size, step
    return sizes, steps


def _channels(path: str, element: etree._Element, name: str) -> tuple[str, tuple[int, ...]]:
    """Return the type of the pixels, and where the channels begin."""
    channels = element.findall("Data/Image/ImageDescription/Channels/ChannelDescription")
    kinds = {(c.get("DataType", "0"), c.get("Resolution", "8")) for c in channels}
    if len(kinds) != 1:
        raise unsupported(path, f"the channels of the image {name} have several pixel types")
    form, bits = next(iter(kinds))
    kind = _TYPES.get((form, -(-int(bits) // 8) * 8))
    if kind is None:
        raise unsupported(path, f"the image {name} has pixels of {bits} bits, which are not read")
    return kind, tuple(int(c.get("BytesInc", "0")) for c in channels)
