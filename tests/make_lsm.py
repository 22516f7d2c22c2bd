"""Make small LSM files from the description of the format: CZ_LSMINFO and the blocks behind it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from make_tiff import BYTE, LONG, SHORT, Tiff, usual

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from make_tiff import Tag

Block = dict[str, Any]

_NUMBERS = {
    "Recording": {
        "Name": 0x10000001, "Description": 0x10000002, "Notes": 0x10000003, "Objective": 0x10000004,
        "LinesPerPlane": 0x1000000A, "SamplesPerLine": 0x1000000B, "ScanDirection": 0x10000013, "ZoomX": 0x10000016,
        "Rotation": 0x10000034, "Sample0time": 0x10000036, "User": 0x10000047, "Unknown": 0x10000099,
        "Lasers": 0x30000000, "Tracks": 0x20000000,
    },
    "Laser": {"": 0x50000000, "Name": 0x50000001, "Acquire": 0x50000002, "Power": 0x50000003},
    "Track": {
        "": 0x40000000, "SamplingMode": 0x40000003, "SamplingMethod": 0x40000004, "SamplingNumber": 0x40000005,
        "Acquire": 0x40000006, "Name": 0x4000000C, "IsBleachTrack": 0x40000011, "PixelTime": 0x40000019,
        "DetectionChannels": 0x60000000, "IlluminationChannels": 0x80000000, "BeamSplitters": 0xA0000000,
        "DataChannels": 0xC0000000,
    },
    "DetectionChannel": {
        "": 0x70000000, "DetectorGainFirst": 0x70000003, "AmplifierGainFirst": 0x70000005,
        "AmplifierOffsFirst": 0x70000007, "PinholeDiameter": 0x70000009, "Acquire": 0x7000000B,
        "PointDetectorName": 0x7000000C, "FilterName": 0x70000010, "ChannelName": 0x70000014,
        "SpiWavelengthStart": 0x70000022, "SpiWavelengthStop": 0x70000023, "DyeName": 0x70000026,
    },
    "IlluminationChannel": {
        "": 0x90000000, "Name": 0x90000001, "Power": 0x90000002, "Wavelength": 0x90000003, "Aquire": 0x90000004,
    },
    "BeamSplitter": {"": 0xB0000000, "FilterSet": 0xB0000001, "Filter": 0xB0000002, "Name": 0xB0000003},
    "DataChannel": {"": 0xD0000000, "Name": 0xD0000001, "Acquire": 0xD0000017, "BitsPerSample": 0xD0000006},
}  # fmt: skip
_MEMBERS = {
    "Lasers": "Laser", "Tracks": "Track", "DetectionChannels": "DetectionChannel",
    "IlluminationChannels": "IlluminationChannel", "BeamSplitters": "BeamSplitter", "DataChannels": "DataChannel",
}  # fmt: skip
_END = struct.pack("<III", 0xFFFFFFFF, 0, 0)

RECORDING: Block = {
    "Name": "cells.lsm",
    "Description": "day two",
    "Objective": "Plan-Apochromat 63x/1.40 Oil  Ph3 DIC Korr",
    "SamplesPerLine": 512,
    "LinesPerPlane": 256,
    "ScanDirection": 1,
    "ZoomX": 2.5,
    "Rotation": 45.0,
    "Sample0time": 39814.25,
    "User": "guest",
    "Unknown": 7,
    "Lasers": [
        {"Name": "Argon/2", "Acquire": -1, "Power": 30.0},
        {"Name": "DPSS 561-10", "Acquire": 1, "Power": 15.0},
        {"Name": "HeNe633", "Acquire": 0, "Power": 5.0},
    ],
    "Tracks": [
        {
            "Name": "Track1",
            "Acquire": 1,
            "SamplingMode": 1,
            "SamplingMethod": 2,
            "SamplingNumber": 4,
            "PixelTime": 1.6,
            "DetectionChannels": [
                {
                    "Acquire": 0, "ChannelName": "Ch1", "DetectorGainFirst": 400.0, "FilterName": "BP 420-480",
                },
                {
                    "Acquire": 1, "ChannelName": "Ch2", "DetectorGainFirst": 700.5, "AmplifierGainFirst": 1.0,
                    "AmplifierOffsFirst": -0.1, "PinholeDiameter": 98.0, "PointDetectorName": "PMT2",
                    "FilterName": "BP 505-530", "DyeName": "EGFP", "SpiWavelengthStart": 0.0,
                    "SpiWavelengthStop": 0.0,
                },
            ],
            "IlluminationChannels": [
                {"Name": "488", "Power": 2.5, "Wavelength": 488.0, "Aquire": 1},
                {"Name": "633", "Power": 10.0, "Wavelength": 633.0, "Aquire": 0},
            ],
            "BeamSplitters": [{"FilterSet": "HT", "Filter": "HFT 488/561", "Name": "HT"}, {"Filter": "Mirror"}],
            "DataChannels": [
                {"Name": "Ch1-T1", "Acquire": 0, "BitsPerSample": 8},
                {"Name": "Ch2-T1", "Acquire": 1, "BitsPerSample": 12},
            ],
        },
        {
            "Name": "Track2",
            "Acquire": 1,
            "SamplingMode": 0,
            "SamplingNumber": 1,
            "PixelTime": 1.6,
            "DetectionChannels": [
                {
                    "Acquire": 1, "ChannelName": "ChS1", "DetectorGainFirst": 20.0, "PinholeDiameter": 100.0,
                    "PointDetectorName": "ChS", "FilterName": "none", "DyeName": "Dye2", "SpiWavelengthStart": 570.0,
                    "SpiWavelengthStop": 650.5,
                },
            ],
            "IlluminationChannels": [{"Name": "561", "Power": 1.5, "Wavelength": 561.0, "Aquire": 1}],
            "DataChannels": [{"Name": "ChS1-T2", "Acquire": 1, "BitsPerSample": 12}],
        },
        {
            "Name": "Bleach", "Acquire": 1, "IsBleachTrack": 1,
            "IlluminationChannels": [{"Name": "405", "Power": 100.0, "Wavelength": 405.0, "Aquire": 1}],
        },
        {"Name": "Track4", "Acquire": 0, "DataChannels": [{"Name": "Ch3-T4", "Acquire": 1, "BitsPerSample": 8}]},
    ],
}  # fmt: skip


def scan_information(recording: Block) -> bytes:
    return struct.pack("<III", 0x10000000, 0, 0) + _entries("Recording", recording) + _END


def _entries(kind: str, block: Block) -> bytes:
    numbers = _NUMBERS[kind]
    data = b""
    for name, value in block.items():
        head = numbers[name]
        if isinstance(value, list):
            member = _MEMBERS[name]
            data += struct.pack("<III", head, 0, 0)
            for item in value:
                data += struct.pack("<III", _NUMBERS[member][""], 0, 0) + _entries(member, item) + _END
            data += _END
        elif isinstance(value, str):
            raw = value.encode() + b"\0"
            data += struct.pack("<III", head, 2, len(raw)) + raw
        elif isinstance(value, float):
            data += struct.pack("<IIId", head, 5, 8, value)
        else:
            data += struct.pack("<IIIi", head, 4, 4, value)
    return data


def channel_colors(channels: list[tuple[str, bytes]]) -> bytes:
    names = b"".join(struct.pack("<I", len(n) + 1) + n.encode() + b"\0" for n, _ in channels)
    colors = b"".join(c for _, c in channels)
    size = 24 + len(colors) + len(names)
    return struct.pack("<6I", size, len(channels), len(channels), 24, 24 + len(colors), 0) + colors + names


def make_lsm(
    path: Path,
    recording: Block | None = None,
    *,
    sizes: tuple[int, int, int, int, int] = (4, 4, 2, 2, 3),
    stamps: tuple[float, ...] = (1000.25, 1010.5, 1020.75),
    positions: int = 1,
    tiles: int = 1,
    scan_type: int = 6,
    interval: float = 10.0,
    channels: tuple[str, ...] = ("Ch2-T1", "ChS1-T2"),
    pixels: Sequence[bytes] = (),
) -> Path:
    """Write an LSM file of sizes X, Y, Z, C and T; `pixels` are those of each page, channel behind channel."""
    tiff = Tiff()
    scan = tiff.put(scan_information(RECORDING if recording is None else recording))
    times = tiff.put(struct.pack(f"<ii{len(stamps)}d", 8 + 8 * len(stamps), len(stamps), *stamps))
    colors = tiff.put(channel_colors([(n, bytes((0, 255, 16 * i, 0))) for i, n in enumerate(channels)]))
    places = tiff.put(struct.pack(f"<I{3 * positions}d", positions, *[0.001, -0.002, 0.00025] * positions))
    info = struct.pack("<Ii5iiii", 0x0400494C, 0, *sizes, 2, 0, 0)
    info += struct.pack("<6dHHI", 1e-7, 2e-7, 5e-7, 0, 0, 0, scan_type, 0, 0)
    info += struct.pack("<4Id", 0, 0, 0, colors, interval)
    info += struct.pack("<8I", 0, scan, 0, times, 0, 0, 0, 0)
    info += struct.pack("<4d7Id", 1, 1, 1, 1, *[0] * 7, 0)
    info += struct.pack("<4I3dI2i16iI9II", *[0] * 4, 0, 0, 0, 0, positions, tiles, *[0] * 16, 0, *[0] * 9, places)
    info = info[:4] + struct.pack("<i", len(info)) + info[8:]
    head: list[Tag] = [(34412, BYTE, info)]
    for page in pixels:
        planar: list[Tag] = [*usual(sizes[0], sizes[1], 16, sizes[3]), (284, SHORT, [2]), (254, LONG, [0])]
        tiff.page([*planar, *head], page, sizes[3])
        tiff.page([*usual(sizes[0], sizes[1]), (254, LONG, [1])])
        head = []
    if pixels:
        return tiff.save(path)
    tiff.page([*usual(sizes[0], sizes[1], 16), *head], b"\0" * (2 * sizes[0] * sizes[1]))
    tiff.page([*usual(sizes[0], sizes[1]), (254, LONG, [1])])
    return tiff.save(path)
