"""Make small datasets of Micro-Manager: a stack with its index, an NDTiff, and single images beside metadata.txt."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from make_tiff import ASCII, Tiff, usual

if TYPE_CHECKING:
    from pathlib import Path

SUMMARY: dict[str, Any] = {
    "Prefix": "run",
    "MicroManagerVersion": "2.0.3 20260407",
    "UserName": "guest",
    "Comment": "first try",
    "StartTime": "2026-07-24 19:22:44.511 +0200",
    "Width": 4,
    "Height": 4,
    "Channels": 2,
    "Slices": 2,
    "Frames": 100,
    "ChNames": ["GFP", "Cy5"],
    "Interval_ms": 500.0,
    "z-step_um": 0.25,
    "PixelSize_um": 0.1,
    "BitDepth": 16,
    "InitialScopeData": {"Core-Camera": {"type": "STRING", "scalar": "Camera-1"}},
}
ORDER = [(c, z, t) for t in range(2) for z in range(2) for c in range(2)]


def frame(c: int, z: int, t: int, **more: Any) -> dict[str, Any]:
    return {
        "Camera": "Camera-1",
        "Channel": ["GFP", "Cy5"][c],
        "BitDepth": 16,
        "Exposure-ms": 20.0 + c,
        "ElapsedTime-ms": 1000 * t + 10 * z + c,
        "PixelSizeUm": 0.1,
        "PositionName": "A1-Site_0",
        "XPositionUm": 12.5,
        "YPositionUm": -3.25,
        "ZPositionUm": 0.25 * z,
        "Time": "2026-07-24 19:22:45.000 +0200",
        "Core-Camera": "Camera-1",
        "Core-XYStage": "XY",
        "Camera-1-Binning": "2x2",
        "Camera-1-CameraName": "C13440-20CU",
        "Camera-1-CCDTemperature": "-19.5",
        "Camera-1-Gain": "3",
        "Camera-1-Offset": "100",
        "XY-Description": "stage",
        "TINosePiece-Label": "4-Plan Apo  TIRF 60x/1.45 Oil",
        "ScopeDataKeys": ["Camera-1-Binning"],
        **more,
    }


def make_stack(
    path: Path,
    summary: dict[str, Any] | None = None,
    *,
    ome: bytes = b"",
    position: int = 0,
    wrap: bool = False,
    more: dict[str, Any] | None = None,
) -> Path:
    """Write a stack; with `wrap`, values are in objects as early versions of 2.0 wrote them."""
    text = json.dumps(SUMMARY if summary is None else summary).encode()
    tiff = Tiff(struct.pack("<8I", 54773648, 0, 0, 0, 0, 0, 2355492, len(text)) + text)
    rows = []
    for number, (c, z, t) in enumerate(ORDER):
        content = frame(c, z, t, **(more or {}))
        if wrap:
            content = {k: {"PropName": k, "PropType": "STRING", "PropVal": v} for k, v in content.items()}
        tags = [*usual(4, 4, 16), (51123, ASCII, json.dumps(content))]
        if number == 0 and ome:
            tags.append((270, ASCII, ome))
        rows.append((c, z, t, position, tiff.page(tags, b"\0" * 32)))
    index = tiff.put(struct.pack("<2I", 3453623, len(rows)) + b"".join(struct.pack("<5I", *r) for r in rows))
    struct.pack_into("<I", tiff.data, 12, index)
    return tiff.save(path)


def make_ndtiff(path: Path) -> Path:
    text = json.dumps(SUMMARY).encode()
    tiff = Tiff(struct.pack("<5I", 483729, 3, 2, 2355492, len(text)) + text)
    for c, z, t in ORDER:
        content = frame(c, z, t) | {"Axes": {"channel": c, "z": z, "time": t}}
        tiff.page([*usual(4, 4, 16), (51123, ASCII, json.dumps(content))], b"\0" * 32)
    return tiff.save(path)


def make_singles(folder: Path, *, version: int = 2, closed: bool = True) -> Path:
    """Write single images and metadata.txt; return the first image."""
    content: dict[str, Any] = {"Summary": SUMMARY}
    first = None
    for c, z, t in ORDER:
        if version == 1:
            name, key = f"img_{t:09d}_{['GFP', 'Cy5'][c]}_{z:03d}.tif", f"FrameKey-{t}-{c}-{z}"
        else:
            name = f"img_channel{c:03d}_position000_time{t:09d}_z{z:03d}.tif"
            key = f"Metadata-Default/{name}"
            content[f"Coords-Default/{name}"] = {"channel": c, "z": z, "time": t, "position": 0}
        content[key] = frame(c, z, t, FileName=name)
        tiff = Tiff()
        tiff.page([*usual(4, 4, 16), (270, ASCII, "ImageJ=1.53t\nunit=um\n")], b"\0" * 32)
        first = first or tiff.save(folder / name)
        tiff.save(folder / name)
    text = json.dumps(content, indent=1)
    (folder / "metadata.txt").write_text(text if closed else text[:-2] + ",")
    assert first is not None
    return first
