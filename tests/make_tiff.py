"""Make small TIFFs with any tags and blocks: what the makers of vendors' TIFFs are built on."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, FLOAT, DOUBLE = 1, 2, 3, 4, 5, 7, 11, 12
_CODES = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "I", UNDEFINED: "B", FLOAT: "f", DOUBLE: "d"}

Tag = tuple[int, int, Any]


class Tiff:
    """A classic little-endian TIFF, written from the front: blocks first, then directories."""

    def __init__(self, front: bytes = b"") -> None:
        self.data = bytearray(b"II*\0\0\0\0\0" + front)
        self.link = 4

    def put(self, block: bytes) -> int:
        """Append a block; return where it is."""
        self.data += bytes(-len(self.data) % 2)
        place = len(self.data)
        self.data += block
        return place

    def page(self, tags: Sequence[Tag], pixels: bytes = b"\0" * 16, strips: int = 1) -> int:
        """Append a directory; return where it is. A tag is number, type and values."""
        strip, size = self.put(pixels), len(pixels) // strips
        starts = [strip + size * i for i in range(strips)]
        all_tags = [*tags, (273, LONG, starts), (279, LONG, [size] * strips)]
        entries = b""
        for code, kind, values in sorted(all_tags, key=lambda t: t[0]):
            raw, count = _packed(kind, values)
            if len(raw) > 4:
                raw = struct.pack("<I", self.put(raw))
            entries += struct.pack("<HHI", code, kind, count) + raw.ljust(4, b"\0")
        place = self.put(struct.pack("<H", len(all_tags)) + entries + b"\0\0\0\0")
        struct.pack_into("<I", self.data, self.link, place)
        self.link = len(self.data) - 4
        return place

    def save(self, path: Path) -> Path:
        path.write_bytes(self.data)
        return path


def _packed(kind: int, values: Any) -> tuple[bytes, int]:
    if kind == ASCII:
        raw = (values if isinstance(values, bytes) else str(values).encode()) + b"\0"
        return raw, len(raw)
    if isinstance(values, bytes):
        raw = values
    else:
        raw = struct.pack(f"<{len(values)}{_CODES[kind]}", *values)
    return raw, len(raw) // {RATIONAL: 8}.get(kind, struct.calcsize(_CODES[kind]))


def usual(width: int = 4, height: int = 4, bits: int = 8, samples: int = 1) -> list[Tag]:
    """Return the tags that any image has."""
    return [
        (256, LONG, [width]),
        (257, LONG, [height]),
        (258, SHORT, [bits] * samples),
        (259, SHORT, [1]),
        (262, SHORT, [1]),
        (277, SHORT, [samples]),
        (278, LONG, [height]),
    ]
