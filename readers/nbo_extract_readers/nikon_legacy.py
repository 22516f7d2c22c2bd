"""ND2 files before NIS-Elements 3.0: JPEG 2000 boxes with XML in them, as the library ``nd2`` (BSD) describes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from nbo_extract_readers._tree import text_of
from nbo_extract_readers.nikon_chunks import guarded

if TYPE_CHECKING:
    from nbo_extract_readers.nikon_chunks import Container

# Frames whose own description is read, of which each is an XML document.
MOST_FRAMES = 5_000
_FACTS = ("TimeMSec", "XPos", "YPos", "ZPos")


def inner(found: dict[str, Any]) -> dict[str, Any]:
    """Return the content behind wrappers that hold nothing else."""
    while len(found) == 1 and isinstance(content := next(iter(found.values())), dict):
        found = content
    return found


def frames(file: Container) -> int:
    """Return the number of frames."""
    return len(file.places.get("VCAL", ()))


def attributes(file: Container) -> dict[str, Any]:
    """Return width, height and bits from the image header of JPEG 2000, under the names of later files."""
    data = file.part("jp2h") or b""
    at = data.find(b"ihdr")
    if not 4 <= at <= len(data) - 18:
        raise ValueError("the image header is missing")
    height, width, _, bits = struct.unpack_from(">IIHB", data, at + 4)
    return {"uiWidth": width, "uiHeight": height, "uiBpcInMemory": (bits & 127) + 1, "uiSequenceCount": frames(file)}


def significant_bits(file: Container) -> Any:
    """Return the number of bits that a pixel uses, None where the file does not say."""
    return _deep(file.decoded("ARTT") or {}, "SignificantBits")


def description(file: Container) -> str:
    """Return the description among the text items, empty where there is none."""
    from nd2._parse._legacy_xml import parse_xml_block

    data = file.part("TINF")
    if not data:
        return ""
    found = guarded("TINF", lambda: parse_xml_block(data.strip(b"\0")))
    items = found.get("TextInfoItem", []) if isinstance(found, dict) else []
    written = [str(i.get("Text", "")) for i in (items if isinstance(items, list) else [items]) if isinstance(i, dict)]
    return next((t for t in written if t.startswith("Metadata:")), "")


def facts(file: Container, count: int) -> tuple[dict[str, list[str | None]], int]:
    """Return what the file says of each frame, by vendor name, and how many descriptions are damaged."""
    out: dict[str, list[str | None]] = {name: [None] * count for name in _FACTS}
    boxes = [box for box in ("VCAL", "VIMD") if len(file.places.get(box, ())) >= count]
    lost = 0
    for frame in range(count):
        for box in boxes:
            try:
                content = inner(file.decoded(box, frame) or {})
            except ValueError:
                lost += 1
                continue
            for name in _FACTS:
                if name in content and out[name][frame] is None:
                    out[name][frame] = text_of(content[name])
    return {name: column for name, column in out.items() if any(text is not None for text in column)}, lost


def _deep(found: Any, key: str) -> Any:
    if not isinstance(found, dict):
        return None
    if key in found:
        return found[key]
    return next((hit for content in found.values() if (hit := _deep(content, key)) is not None), None)
