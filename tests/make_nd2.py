"""Make small ND2 files from the documented layout: chunks with a map, CLX Lite or XML content, or JPEG 2000 boxes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MAGIC = 0x0ABECEDA
CHUNK_MAP = b"ND2 CHUNK MAP SIGNATURE 0000001!"
BOX_MAP = b"LABORATORY IMAGING ND BOX MAP 00"


class U32(int):
    """An unsigned number of 32 bits."""


def _name(name: str) -> bytes:
    return bytes([len(name) + 1]) + (name + "\0").encode("utf-16-le")


def lite(content: dict[str, Any]) -> bytes:
    """Encode a dictionary as CLX Lite; a list is a level of items without names."""
    out = b""
    for name, value in content.items():
        out += _item(name, value)
    return out


def _item(name: str, value: Any) -> bytes:
    head = _name(name)
    if isinstance(value, bool):
        return b"\x01" + head + bytes([value])
    if isinstance(value, int):
        kind, form = (3, "<I") if value >= 0 else (2, "<i")
        return bytes([kind]) + head + struct.pack(form, value)
    if isinstance(value, float):
        return b"\x06" + head + struct.pack("<d", value)
    if isinstance(value, str):
        return b"\x08" + head + (value + "\0").encode("utf-16-le")
    if isinstance(value, bytes):
        return b"\x09" + head + struct.pack("<Q", len(value)) + value
    items = value.items() if isinstance(value, dict) else [("", v) for v in value]
    inner = b"".join(_item(n, v) for n, v in items)
    start = 1 + len(head) + 12
    return b"\x0b" + head + struct.pack("<IQ", len(items), start + len(inner)) + inner + bytes(8 * len(items))


def variant(content: dict[str, Any]) -> bytes:
    """Encode a dictionary as the XML of files before 3.0."""
    return b'<?xml version="1.0" encoding="UTF-8"?>\n<variant version="1.0">' + _xml(content).encode() + b"</variant>"


def _xml(content: dict[str, Any]) -> str:
    out = ""
    for name, value in content.items():
        if isinstance(value, dict):
            out += f'<{name} runtype="CLxListVariant">{_xml(value)}</{name}>'
            continue
        kind, text = "CLxStringW", str(value)
        if isinstance(value, bool):
            kind, text = "bool", str(value).lower()
        elif isinstance(value, int):
            kind = "lx_int32" if value < 0 else "lx_uint32"
        elif isinstance(value, float):
            kind = "double"
        out += f'<{name} runtype="{kind}" value={quoteattr(text)}/>'
    return out


def chunk(name: str, data: bytes) -> bytes:
    """Return a chunk, padded to the 4096 bytes that writers align to."""
    title = f"{name}!".encode()
    room, used = len(title) + 20, len(data)
    fill = -(16 + room + len(data)) % 4096
    if name.startswith("ImageDataSeq|"):
        # The pixels begin at a multiple of 4096, behind the eight bytes of a time.
        fill = 4072 - room
        data += bytes(-(len(data) - 8) % 4096)
    return struct.pack("<IIQ", MAGIC, room + fill, used) + title + bytes(room + fill - len(title)) + data


def write_chunks(path: Path, chunks: dict[str, bytes], version: str = "Ver3.0", finish: bool = True) -> Path:
    """Write a file of chunks; without the map at its end where it was never finished."""
    start = b"ND2 FILE SIGNATURE CHUNK NAME01!" + version.encode().ljust(64, b"\0")
    out = struct.pack("<IIQ", MAGIC, 32, 64) + start
    out += bytes(4096 - len(out))
    table = b""
    for name, data in chunks.items():
        table += f"{name}!".encode() + struct.pack("<QQ", len(out), len(data))
        out += chunk(name, data)
    if finish:
        place = len(out)
        end = CHUNK_MAP + struct.pack("<Q", place)
        content = table + end
        out += struct.pack("<IIQ", MAGIC, 32, len(content)) + b"ND2 FILEMAP SIGNATURE NAME 0001!" + content
    path.write_bytes(out)
    return path


def column(numbers: Any, kind: str = "<f8") -> bytes:
    """Return an array of one number a frame."""
    return numpy.asarray(numbers, dtype=kind).tobytes()


def spectrum(*points: tuple[float, float], kind: int = 4) -> dict[str, Any]:
    """Return a spectrum of wavelengths and transmissions."""
    return {
        "uiCount": len(points),
        "pPoint": {f"Point{i}": {"eType": kind, "dWavelength": w, "dTValue": t} for i, (w, t) in enumerate(points)},
    }


def plane(name: str, mask: int, color: int = 255, sample: int = 0, **more: Any) -> dict[str, Any]:
    """Return a picture plane."""
    return {
        "uiCompCount": 1,
        "uiSampleIndex": sample,
        "uiModalityMask": mask,
        "uiColor": color,
        "sDescription": name,
    } | more


def metadata(planes: list[dict[str, Any]], samples: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return the metadata of a frame."""
    return {
        "dTimeMSec": 12.5,
        "dTimeAbsolute": 2459486.1,
        "dXPos": 100.5,
        "dYPos": -200.25,
        "dZPos": 3000.125,
        "sPicturePlanes": {
            "uiCount": len(planes),
            "uiCompCount": len(planes),
            "sPlaneNew": {f"a{i}": p for i, p in enumerate(planes)},
            "uiSampleCount": len(samples),
            "sSampleSetting": {f"a{i}": s for i, s in enumerate(samples)},
            "sDescription": "",
        },
        "dCalibration": 0.1625,
        "dAspect": 1.0,
        "bCalibrated": True,
        "wsObjectiveName": "Plan Apo λ 40x Ph2 DM",
        "dObjectiveMag": -1.0,
        "dObjectiveNA": 0.95,
        "dRefractIndex1": 1.0,
        "dZoom": 1.0,
        "ePictureXAxis": 0,
        "ePictureYAxis": 1,
    } | more


def attributes(frames: int, components: int, **more: Any) -> dict[str, Any]:
    """Return the attributes of an image."""
    return {
        "uiWidth": 8,
        "uiWidthBytes": 16 * components,
        "uiHeight": 6,
        "uiComp": components,
        "uiBpcInMemory": 16,
        "uiBpcSignificant": 14,
        "uiSequenceCount": frames,
        "eCompression": 2,
        "ePixelType": 1,
    } | more


def time_loop(count: int, period: float, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a loop over times, around another one."""
    pars = {"uiCount": count, "dStart": 0.0, "dPeriod": period, "dDuration": 0.0}
    return _loop(1, pars, inner)


def z_loop(count: int, step: float, device: str, inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a loop over heights."""
    pars = {
        "uiCount": count,
        "dZLow": 0.0,
        "dZHigh": step * (count - 1),
        "dZStep": step,
        "dZHome": 0.0,
        "iType": 0,
        "wsZDevice": device,
    }
    return _loop(4, pars, inner)


def xy_loop(points: list[tuple[str, float, float, float]], inner: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a loop over stage positions."""
    pars = {
        "uiCount": len(points),
        "bUseZ": True,
        "Points": {
            f"i{i:010}": {"dPosX": x, "dPosY": y, "dPosZ": z, "dPFSOffset": -1.0, "dPosName": name}
            for i, (name, x, y, z) in enumerate(points)
        },
    }
    return _loop(2, pars, inner)


def _loop(kind: int, pars: dict[str, Any], inner: dict[str, Any] | None) -> dict[str, Any]:
    out: dict[str, Any] = {"eType": kind, "uLoopPars": pars, "uiNextLevelCount": int(inner is not None)}
    return out | ({} if inner is None else {"ppNextLevelEx": {"i0000000000": inner}})


def write_nd2(
    path: Path,
    *,
    attributes: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    experiment: dict[str, Any] | None = None,
    text: dict[int, str] | None = None,
    app: dict[str, Any] | None = None,
    columns: dict[str, tuple[str, bytes]] | None = None,
    version: str = "Ver3.0",
    finish: bool = True,
    frames: Sequence[bytes] = (bytes(192),),
) -> Path:
    """Write a file; ``columns`` are description and bytes of arrays by their names."""
    modern = version >= "Ver3.0"

    def encoded(wrapper: str, content: dict[str, Any]) -> bytes:
        return lite({wrapper: content}) if modern else variant({"no_name": content})

    suffix = "LV" if modern else ""
    chunks = {f"ImageAttributes{suffix}": encoded("SLxImageAttributes", attributes)}
    if metadata is not None:
        chunks[f"ImageMetadataSeq{suffix}|0"] = encoded("SLxPictureMetadata", metadata)
    for number, pixels in enumerate(frames):
        chunks[f"ImageDataSeq|{number}"] = bytes(8) + pixels
    if experiment is not None:
        chunks[f"ImageMetadata{suffix}"] = encoded("SLxExperiment", experiment)
    if text is not None:
        items = {f"TextInfoItem_{i}": t for i, t in text.items()}
        chunks[f"ImageTextInfo{suffix}"] = encoded("SLxImageTextInfo", items)
    if app is not None:
        chunks["CustomDataVar|AppInfo_V1_0"] = variant(app)
    tags = {}
    for number, (name, (title, data)) in enumerate((columns or {}).items()):
        chunks[f"CustomData|{name}"] = data
        if title:
            tags[f"Tag{number}"] = {"ID": name, "Type": 3, "Size": len(data) // 8, "Desc": title, "Unit": ""}
    if tags:
        chunks["CustomDataVar|CustomDataV2_0"] = variant({"CustomTagDescription_v1.0": tags})
    return write_chunks(path, chunks, version, finish)


def write_legacy(path: Path, boxes: list[tuple[bytes, bytes]], width: int = 8, height: int = 6) -> Path:
    """Write a file of JPEG 2000 boxes; each is a kind and its content."""
    header = struct.pack(">I4sIIHBBBB", 22, b"ihdr", height, width, 1, 15, 7, 0, 0)
    parts = [(b"jP  ", b"\r\n\x87\n"), (b"jp2h", header), *boxes]
    out, table = b"", b""
    for kind, data in parts:
        known = kind in (b"jP  ", b"jp2h")
        table += struct.pack("<4s4sQ", kind if known else b"uuid", b"    " if known else kind, len(out))
        out += struct.pack(">I4s", 8 + len(data), kind) + data
    back = 4 + len(table) + 40
    out += struct.pack(">I", len(parts)) + table + BOX_MAP + struct.pack("<Q", back)
    path.write_bytes(out)
    return path
