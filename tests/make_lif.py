"""Make small Leica files from the description of the format: LIF, LOF and XLIF."""
# ruff: noqa: E501 - vendor XML stands as long as it is

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: 2021-03-04T10:00:00Z as a Windows FILETIME, and seconds in its unit.
START = 132_593_328_000_000_000
SECOND = 10_000_000

DETECTOR = '<Detector Name="{name}" Type="{type}" Channel="{channel}" IsActive="{active}" Gain="12.5" Offset="-0.5" AcquisitionModeName="PhotonIntegration"/>'


def setting(*detectors: tuple[str, str, int, int], lines: str = "", more: str = "") -> str:
    """Return the settings of a confocal scan: detectors by name, type, channel and whether active."""
    listed = "".join(DETECTOR.format(name=n, type=t, channel=c, active=a) for n, t, c, a in detectors)
    bands = "".join(
        f'<MultiBand Channel="{c}" LeftWorld="{400 + 100 * c}" RightWorld="{450 + 100 * c}" DyeName="Leica/CY{c}"/>'
        for _, _, c, _ in detectors
    )
    lines = lines or '<LaserLineSetting LaserLine="488" IntensityDev="2.5" IsLineChecked="1"/>'
    return (
        '<ATLConfocalSettingDefinition MicroscopeModel="DMI8-CS" IsInverseMicroscopeModel="1" ObjectiveName="HC PL APO'
        '   63x/1.40 OIL " ObjectiveNumber="11506350" Magnification="63" NumericalAperture="1.4" Immersion="OIL" '
        'RefractionIndex="1.518" BitSize="12" PinholeAiry="1" Pinhole="9.5E-05" Zoom="2" ScanDirectionXName="Bidirectional"'
        ' RotatorAngle="0" InDimension="64" OutDimension="32" FrameAverage="1" LineAverage="2" FrameAccumulation="1" '
        'Line_Accumulation="1" PixelDwellTime="1.2E-06" FrameTime="0.5" StagePosX="0.001" StagePosY="-0.002" '
        f'XGalvoMovementModeName="sinus" {more}><Spectro>{bands}</Spectro><AotfList><Aotf LightSourceName="Argon" '
        f'LightSourceType="1">{lines}<LaserLineSetting LaserLine="514" IntensityDev="0" IsLineChecked="0"/></Aotf>'
        f"</AotfList><DetectorList>{listed}</DetectorList><LaserArray>"
        '<Laser LaserName="Argon" LightSourceName="Argon" LightSourceType="1"/></LaserArray>'
        "</ATLConfocalSettingDefinition>"
    )


def dimension(number: int, size: int, length: str, stride: int, unit: str = "m") -> str:
    return (
        f'<DimensionDescription DimID="{number}" NumberOfElements="{size}" Origin="0" Length="{length}" Unit="{unit}" BitInc="0" '
        f'BytesInc="{stride}"/>'
    )


def image(
    name: str = "Series001",
    *,
    channels: int = 2,
    dimensions: str = "",
    stamps: int = 0,
    hardware: str = "",
    properties: tuple[str, ...] = (),
    children: str = "",
) -> str:
    """Return an element of an image of 64 × 32 pixels of 12 bits; its channels lie behind each other."""
    plane = 64 * 32 * 2
    luts = ("Green", "Red", "Glow")
    described = "".join(
        f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="12" '
        f'NameOfMeasuredQuantity="" Min="0" Max="4095" Unit="" IsLUTInverted="0" BitInc="0" LUTName="{luts[c % 3]}" BytesInc="{c * plane}">'
        f"{properties[c] if c < len(properties) else ''}</ChannelDescription>"
        for c in range(channels)
    )
    listed = " ".join(f"{START + n * SECOND:x}" for n in range(stamps))
    hardware = hardware or setting(("HyD 1", "HyD", 1, 1), ("PMT 2", "PMT", 2, 0), ("HyD 3", "HyD", 3, 1))
    return (
        f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>{described}</Channels><Dimensions>'
        f"{dimension(1, 64, '6.3e-006', 2)}{dimension(2, 32, '3.1e-006', 128)}{dimensions}</Dimensions></ImageDescription>"
        f'<TimeStampList NumberOfTimeStamps="{stamps}">{listed}</TimeStampList>'
        '<Attachment Name="HardwareSetting" Software="LAS X 3.5.7.23225" SystemTypeName="TCS SP8" '
        f'DataSourceTypeName="Confocal">{hardware}</Attachment></Image></Data><Memory Size="8" MemoryBlockID="MemBlock_1"/>'
        f"<Children>{children}</Children></Element>"
    )


def project(*elements: str, version: int = 2) -> str:
    inner = "".join(elements)
    return (
        f'<LMSDataContainerHeader Version="{version}"><Element Name="project.lif"><Children>{inner}</Children></Element>'
        "</LMSDataContainerHeader>"
    )


def _text(text: str) -> bytes:
    return text.encode("utf-16-le")


def make_lif(path: Path, xml: str, blocks: int = 1, version: int = 2, memory: bytes = bytes(8)) -> Path:
    """Write a LIF with blocks of memory, of 8 bytes where nothing else is given."""
    head = struct.pack("<IIBI", 0x70, 2 * len(_text(xml)) // 2 + 5, 0x2A, len(_text(xml)) // 2) + _text(xml)
    form = "<IIBQBI" if version == 2 else "<IIBIBI"
    name = _text("MemBlock_1")
    block = struct.pack(form, 0x70, 0, 0x2A, len(memory), 0x2A, len(name) // 2) + name + memory
    path.write_bytes(head + block * blocks)
    return path


def make_lof(path: Path, xml: str, memory: bytes = bytes(8)) -> Path:
    """Write a LOF: its block of memory stands before the XML."""
    title = _text("LMS_Object_File")
    head = struct.pack("<IIBI", 0x70, len(title) + 5, 0x2A, len(title) // 2) + title
    memory = struct.pack("<BIBIBQ", 0x2A, 2, 0x2A, 0, 0x2A, len(memory)) + memory
    text = _text(xml)
    path.write_bytes(head + memory + struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(text) // 2) + text)
    return path
