"""Make small TIFFs of slide scanners, ScanImage, ImageJ and FluoView."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from make_tiff import ASCII, FLOAT, LONG, RATIONAL, SHORT, UNDEFINED, Tiff, usual

if TYPE_CHECKING:
    from pathlib import Path

    from make_tiff import Tag

APERIO = (
    "Aperio Image Library v10.2.20\r\n1600x1721 [0,100 1559x1621] (256x256) J2K/KDU Q=70|AppMag = 20|"
    "ScanScope ID = SS1302|Filename = 11952|Date = 12/29/09|Time = 09:59:15|MPP = 0.4990|Dye = Alexa Fluor 488|"
    "Exposure Time = 800|Acquisition Bit Depth = 10||"
)
SCANIMAGE = "\n".join(
    [
        "SI.VERSION_MAJOR = '2016'", "SI.VERSION_MINOR = '1'", "SI.hChannels.channelName = {'GFP' 'RFP' 'Ch 3'}",
        "SI.hChannels.channelSave = [1;3]", "SI.hRoiManager.linesPerFrame = 256", "SI.hRoiManager.mroiEnable = false",
        "SI.hRoiManager.pixelsPerLine = 512", "SI.hRoiManager.scanFramePeriod = 0.0334",
        "SI.hRoiManager.scanRotation = 0", "SI.hRoiManager.scanZoomFactor = 1.7", "SI.hScan2D.bidirectional = true",
        "SI.hScan2D.scanMode = 'resonant'",
    ]
)  # fmt: skip
FRAME = "frameNumbers = 1\nepoch = [2016 5 31 15 20 47.123]\nframeTimestamps_sec = 0.0\n"
IMAGEJ = (
    "ImageJ=1.53t\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\nmode=grayscale\nunit=\\u00B5m\n"
    "finterval=2.5\nspacing=0.75\nloop=false\n"
)
DIMENSIONS = [
    ("x", 4, 0.25, "um"), ("y", 4, 0.5, "um"), ("z", 3, 0.75, "um"), ("Ch", 2, 1.0, "ch"), ("Time", 5, 500.0, "ms"),
]  # fmt: skip


def save(path: Path, tags: list[Tag], *, bits: int = 16, samples: int = 1, front: bytes = b"") -> Path:
    tiff = Tiff(front)
    tiff.page([*usual(4, 4, bits, samples), *tags], b"\0" * 64)
    # Hamamatsu: four bytes more of the offset, and the high bytes of each tag.
    tiff.put(bytes(len(front) and 256))
    return tiff.save(path)


def make_svs(path: Path, description: str = APERIO) -> Path:
    return save(path, [(270, ASCII, description)])


def make_ndpi(path: Path, *, lens: float = 40.0, mode: int = 0, comments: str = "Product=C13210\r\n") -> Path:
    tags: list[Tag] = [
        (271, ASCII, "Hamamatsu"), (272, ASCII, "NanoZoomer"), (282, RATIONAL, [40000, 1]), (283, RATIONAL, [20000, 1]),
        (296, SHORT, [3]), (305, ASCII, "NDP.scan 2.5.86"), (306, ASCII, "2020:01:02 03:04:05"), (65420, LONG, [1]),
        (65421, FLOAT, [lens]), (65422, LONG, [1_500_000]), (65423, LONG, [250_000]), (65434, ASCII, "FITC"),
        (65441, LONG, [mode]), (65449, ASCII, comments),
    ]  # fmt: skip
    return save(path, tags, bits=8, samples=3, front=b"\0" * 8)


def make_scanimage(path: Path, settings: str = SCANIMAGE) -> Path:
    return save(path, [(305, ASCII, settings), (270, ASCII, FRAME)])


def make_imagej(path: Path, description: str = IMAGEJ) -> Path:
    return save(path, [(270, ASCII, description), (282, RATIONAL, [4, 1]), (283, RATIONAL, [5, 1])], bits=8)


def make_fluoview(path: Path, dimensions: list[tuple[str, int, float, str]] | None = None) -> Path:
    listed = DIMENSIONS if dimensions is None else dimensions
    head = struct.pack("<hB257sIiIIiI", 0, 0, b"cells", 0, 0, 0, 0, 0, 0)
    for name, size, resolution, unit in [*listed, *[("", 0, 0.0, "")] * (10 - len(listed))]:
        head += struct.pack("<16sidd64s", name.encode(), size, 0.0, resolution, unit.encode())
    head += struct.pack("<IhddddIdd", 0, 0, 0, 0, 0, 0, 0, 0, 0) + b"\0" * 112
    return save(path, [(34361, UNDEFINED, head), (34362, UNDEFINED, b"\0" * 64)])
