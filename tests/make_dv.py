"""Make small DeltaVision files from the documented layout of the header."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from nbo_extract_readers.deltavision import _BYTES, _FLOATS, _NAMES, _NUMBERS

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = 4
HEADER: dict[str, Any] = dict.fromkeys(_NAMES, 0) | {
    "width": 8,
    "height": 6,
    "n_sections": SECTIONS,
    "pixel_type": 6,
    "dx": 0.1,
    "dy": 0.1,
    "dz": 0.25,
    "dvid": -16224,
    "blank": b"",
    "lens_num": 10612,
    "nt": 1,
    "img_seq": 2,
    "nc": 2,
    "wave1": 528,
    "wave2": -50,
    "n_ints": 8,
    "n_floats": 32,
}


def section(number: int) -> list[float]:
    """Return the floats of one section: what it states differs from that of all others."""
    values = dict.fromkeys(_FLOATS, 0.0) | {
        "timeStampSeconds": 1.5 * number,
        "stageXCoord": -100.25 - number,
        "stageYCoord": 200.5,
        "stageZCoord": 0.25 * number,
        "expTime": 0.05 if number % 2 == 0 else 0.2,
        "exWavelen": 475.0,
        "emWavelen": 528.0,
    }
    return [values[name] for name in _FLOATS] + [0.0] * (32 - len(_FLOATS))


def make_dv(
    path: Path,
    *,
    order: str = "<",
    extended: bool = True,
    titles: tuple[str, ...] = (),
    pixels: bytes = b"",
    **header: Any,
) -> Path:
    """Write a file; ``header`` overrides fields, sections without an extended header state nothing."""
    fields = HEADER | header
    block = b""
    if extended:
        sections = range(fields["n_sections"])
        block = b"".join(struct.pack(f"{order}8i32f", *[0] * 8, *section(n)) for n in sections)
        fields |= {"ext_hdr_len": len(block)} | header
    numbers = struct.pack(order + _NUMBERS, *[fields[name] for name in _NAMES])
    texts = b"".join(t.encode().ljust(80, b"\0") for t in titles).ljust(800, b"\0")
    size = fields["width"] * fields["height"] * fields["n_sections"] * _BYTES.get(fields["pixel_type"], 1)
    path.write_bytes(numbers + texts + block + (pixels or bytes(max(0, min(size, 1 << 16)))))
    return path
