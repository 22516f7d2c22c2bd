"""The Document of a converted image: that of its source, but for what is another thing in the new file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.model import Fact, Source
from nbo_extract.ome_document import ORDER
from nbo_extract.pixels import TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.model import Document, Node
    from nbo_extract.pixels import PixelImage

_RULE = "conversion"


def converted_document(document: Document, images: Sequence[PixelImage], *, interleaved: bool) -> Document:
    """Return the Document of the file that is written.

    The order of the planes, of the bytes and of samples is that of the new file; sizes and type are stated where they
    were not. All else is as it was, and so is the given Document.

    Parameters
    ----------
    document : Document
    images : sequence of PixelImage
        Those of the images of the Document, in their order.
    interleaved : bool
        Whether the samples of a colour stand beside each other.
    """
    by_place = {id(node): image for node, image in zip(document.images, images, strict=True)}
    children = [
        node if id(node) not in by_place else _image(node, by_place[id(node)], interleaved=interleaved)
        for node in document.root.children
    ]
    return replace(document, root=replace(document.root, children=children))


def _image(node: Node, image: PixelImage, *, interleaved: bool) -> Node:
    pixels = node.first("Pixels")
    if pixels is None:
        return node
    found = dict(pixels.facts)
    own = {"DimensionOrder": ORDER}
    if "BigEndian" in found:
        own["BigEndian"] = "false"
    if "Interleaved" in found:
        own["Interleaved"] = "true" if interleaved and image.samples > 1 else "false"
    sizes = {"X": image.x, "Y": image.y, "Z": image.z, "C": image.c * image.samples, "T": image.t}
    known = {**{f"Size{axis}": str(size) for axis, size in sizes.items()}, "PixelType": TYPES.get(image.dtype, "")}
    own |= {name: value for name, value in known.items() if value and name not in found}
    for name, value in own.items():
        before = found.get(name)
        if before is None or before.value != value:
            raw = before.value if before is not None else ""
            found[name] = Fact(value, source=Source("derived", raw=raw, rule=_RULE))
    changed = replace(pixels, facts=found, children=list(pixels.children))
    return replace(node, children=[changed if c is pixels else c for c in node.children])
