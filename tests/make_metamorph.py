"""Make small MetaMorph files: a stack with UIC tags, and a MetaSeries TIFF."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from make_tiff import ASCII, LONG, RATIONAL, Tiff, usual

if TYPE_CHECKING:
    from pathlib import Path

ANNOTATION = (
    "Exposure: {exposure} ms\r\nBinning: 2 x 2\r\nRegion: 4 x 4, offset at (0, 0)\r\nAcquired from Photometrics\r\n"
    "Digitizer: 20 MHz\r\nGain: Gain 1 (1x)\r\nTemperature: -29.95\r\n"
)
# Julian day of 2020-01-02.
DAY = 2458851


def make_stk(
    path: Path,
    *,
    planes: int = 3,
    z: tuple[float, ...] | None = None,
    times: tuple[int, ...] | None = None,
    units: str = "um",
    wavelengths: tuple[int, ...] | None = None,
) -> Path:
    """Write a stack; `z` in micrometres, `times` in ms of the day."""
    tiff = Tiff()
    text = struct.pack("<I", len(units) + 1) + units.encode() + b"\0"
    name = struct.pack("<I", 6) + b"cells\0"
    uic1 = [
        (3, 1), (4, tiff.put(struct.pack("<2I", 13, 100))), (5, tiff.put(struct.pack("<2I", 26, 100))),
        (6, tiff.put(text)), (7, tiff.put(name)), (16, tiff.put(struct.pack("<2I", DAY, 1000))),
    ]  # fmt: skip
    times = times or tuple(1000 + 250 * i for i in range(planes))
    z = z or tuple(100.0 for _ in range(planes))
    wavelengths = wavelengths or (520,) * planes
    uic2 = b"".join(struct.pack("<6I", 0, 1, DAY, t, DAY, t) for t in times)
    uic3 = b"".join(struct.pack("<2I", w, 1) for w in wavelengths)
    uic4 = struct.pack("<H", 28) + b"".join(struct.pack("<4I", 1000 + i, 10, 50, 1) for i in range(planes))
    uic4 += struct.pack("<H", 40) + b"".join(struct.pack("<2I", int(v * 100), 100) for v in z) + struct.pack("<H", 0)
    notes = "\0".join(ANNOTATION.format(exposure=10 * (i + 1)) for i in range(planes)).encode()
    at = [tiff.put(block) for block in (struct.pack("<12I", *[n for pair in uic1 for n in pair]), uic2, uic3, uic4)]
    tiff.page([*usual(4, 4, 16), (270, ASCII, notes), (33628, LONG, [0]), (33629, LONG, [0]), (33630, LONG, [0]),
               (33631, LONG, [0])], b"\0" * 32)  # fmt: skip
    tiff.put(b"\0" * 32 * planes)
    for code, kind, count, place in zip(
        (33628, 33629, 33630, 33631), (LONG, RATIONAL, RATIONAL, LONG), (6, planes, planes, planes), at, strict=True
    ):
        entry = tiff.data.find(struct.pack("<HH", code, LONG))
        struct.pack_into("<HHII", tiff.data, entry, code, kind, count, place)
    return tiff.save(path)


METASERIES = """<MetaData>
<prop id="ApplicationName" type="string" value="MetaMorph"/>
<prop id="ApplicationVersion" type="string" value="6.7.2.290"/>
<PlaneInfo>
<prop id="Description" type="string" value="Plate Screen&#13;&#10;Exposure: 10 ms&#13;&#10;"/>
<prop id="spatial-calibration-state" type="bool" value="on"/>
<prop id="spatial-calibration-x" type="float" value="0.3375"/>
<prop id="spatial-calibration-y" type="float" value="0.3380"/>
<prop id="spatial-calibration-units" type="string" value="um"/>
<prop id="image-name" type="string" value="GREEN"/>
<prop id="acquisition-time-local" type="time" value="20101116 15:41:16.090"/>
<prop id="stage-position-x" type="float" value="18988"/>
<prop id="stage-position-y" type="float" value="15355"/>
<prop id="stage-label" type="string" value="F09 : Site 1"/>
<prop id="z-position" type="float" value="-1392.99"/>
<prop id="wavelength" type="float" value="517"/>
<prop id="camera-binning-x" type="int" value="2"/>
<prop id="camera-binning-y" type="int" value="2"/>
<prop id="_IllumSetting_" type="string" value="4. GREEN penta"/>
<prop id="_MagNA_" type="float" value="0.75"/>
<prop id="_MagSetting_" type="string" value="20X Plan Apo Lambda Oil"/>
<custom-prop id="Exposure Time" type="string" value="10 ms"/>
</PlaneInfo>
</MetaData>"""


def make_metaseries(path: Path, xml: str = METASERIES) -> Path:
    tiff = Tiff()
    tiff.page([*usual(4, 4, 16), (305, ASCII, "MetaSeries"), (270, ASCII, xml)], b"\0" * 32)
    return tiff.save(path)
