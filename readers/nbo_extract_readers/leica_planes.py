"""Leica images: extents by dimension, and the time stamps in the order of the planes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nbo_extract.record import PlaneColumns

if TYPE_CHECKING:
    from lxml import etree

#: Kind of dimension by number: letters of the extents in ``Structure``.
DIMENSIONS = {
    1: "X",
    2: "Y",
    3: "Z",
    4: "T",
    5: "Lambda",  # emission wavelength
    6: "Rotation",
    7: "XTSlices",
    8: "TSlices",
    9: "ExcitationLambda",
    10: "M",  # tiles of a mosaic, or stage positions
    11: "Loop",
}
MAX_PLANES = 5_000_000


class Axis(NamedTuple):
    """One dimension: its kind, how many elements it has, and how many bytes lie between two of them."""

    number: int
    size: int
    stride: int


def describe(content: etree._Element, structure: etree._Element) -> list[Axis] | None:
    """Read the extents of an image, and write them into its ``Structure``; None where they cannot be read."""
    axes: list[Axis] = []
    for item in content.findall("ImageDescription/Dimensions/DimensionDescription"):
        number, size = _int(item.get("DimID")), _int(item.get("NumberOfElements"))
        if number is None or size is None or size < 1 or any(a.number == number for a in axes):
            return None
        axes.append(Axis(number, size, _int(item.get("BytesInc")) or 0))
        structure.set(f"Size{DIMENSIONS.get(number, number)}", str(size))
    channels = content.findall("ImageDescription/Channels/ChannelDescription")
    if not axes or not channels:
        return None
    structure.set("SizeC", str(len(channels)))
    in_plane = sorted((a for a in axes if a.number in (1, 2, 3)), key=lambda a: a.stride)[:2]
    structure.set("Plane", "".join(DIMENSIONS[a.number] for a in in_plane))
    return axes


def stamps(content: etree._Element, axes: list[Axis], structure: etree._Element) -> PlaneColumns | None:
    """Return a row a plane: its place along Z, C and T, and its time stamp as the file writes it.

    A plane is what is scanned at once: X and Y, or X and Z. Of scans along X and Z a plane stands for its first line;
    where such planes follow each other along Y, nothing tells them apart in Z, C and T, so there are no stamps.
    Stamps are in the order of the memory; files state one for each plane, or one for all channels of it.
    """
    channels = content.findall("ImageDescription/Channels/ChannelDescription")
    slow = [a for a in axes if DIMENSIONS.get(a.number, "?") not in structure.get("Plane", "")]
    texts = _stamps(content)
    if texts:
        structure.set("FirstTimeStamp", texts[0])
    # Colours of one pixel are one plane.
    colours = len({c.get("ChannelTag", "0") for c in channels} - {"0"}) > 1
    strides = [_int(c.get("BytesInc")) or 0 for c in channels]
    step = 0 if colours or len(channels) < 2 else min(abs(b - strides[0]) for b in strides[1:])
    order = sorted([*slow, Axis(0, 1 if colours else len(channels), step)], key=lambda a: a.stride)
    total = 1
    for axis in order:
        total *= axis.size
    if total > MAX_PLANES:
        return None
    places = _places(order, total)
    count = 1 if colours else len(channels)
    columns: dict[str, list[str | None]] = {name: [str(i) for i in places.get(name, [0] * total)] for name in "ZCT"}
    lost = any(DIMENSIONS.get(a.number, "?") not in ("Z", "T") and a.size > 1 for a in slow)
    if texts and not lost:
        if len(texts) == total:
            columns["TimeStamp"] = list(texts)
        elif len(texts) * count == total and order[0].number == 0:
            columns["TimeStamp"] = [t for t in texts for _ in range(count)]
    return PlaneColumns(columns, {"TimeStamp": "Data/Image/TimeStampList"})


def _places(order: list[Axis], total: int) -> dict[str, list[int]]:
    """Index of each plane along Z, C and T, fastest axis first."""
    out: dict[str, list[int]] = {}
    stride = 1
    for axis in order:
        name = "C" if axis.number == 0 else DIMENSIONS.get(axis.number, "?")
        if name in ("Z", "C", "T"):
            out[name] = [i // stride % axis.size for i in range(total)]
        stride *= axis.size
    return out


def _stamps(content: etree._Element) -> list[str]:
    """Return the time stamps: FILETIMEs as hexadecimal text, of older files as two halves."""
    listed = content.find("TimeStampList")
    if listed is None:
        return []
    if listed.text and listed.text.strip():
        return listed.text.split()[:MAX_PLANES]
    found = []
    for stamp in listed.findall("TimeStamp"):
        high, low = _int(stamp.get("HighInteger")), _int(stamp.get("LowInteger"))
        if high is None or low is None:
            return []
        found.append(f"{(high << 32) + (low & 0xFFFFFFFF):x}")
    return found


def _int(text: str | None) -> int | None:
    try:
        return int(text) if text is not None and len(text) < 20 else None
    except ValueError:
        return None
