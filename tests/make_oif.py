"""Make small Olympus files: settings in UTF-16, an OIF with its folder, and an OIB that holds both."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Sections = dict[str, dict[str, str]]

SECTOR = 512


def settings(sections: Sections) -> bytes:
    lines = [
        line for name, values in sections.items() for line in (f"[{name}]", *(f"{k}={v}" for k, v in values.items()))
    ]
    return "\r\n".join([*lines, ""]).encode("utf-16")


def axis(code: str, size: int, **more: str) -> dict[str, str]:
    return {"AxisCode": f'"{code}"', "MaxSize": str(size), **more}


MAIN: Sections = {
    "Acquisition Parameters Common": {
        "Acquisition Device": '"FV1000"',
        "ImageCaputreDate": "'2012-07-26 15:13:35'",
        "IntegrationType": '"Line Kalman"',
        "IntegrationCount": "4",
        "LaserTransmissivity01": "0.3",
        "LaserWavelength01": "488",
        "ScanDirection": '"Oneway"',
        "ScanMode": '"XYZ"',
        "SequentialMode": '"None"',
        "ZoomValue": "7.0",
    },
    "Axis 0 Parameters Common": axis("X", 32),
    "Axis 1 Parameters Common": axis("Y", 16),
    "Axis 2 Parameters Common": axis("C", 2),
    "Axis 3 Parameters Common": axis("Z", 2, Interval="500", UnitName='"nm"'),
    "Axis 4 Parameters Common": axis("T", 0, Interval="0", UnitName='"ms"', EndPosition="9.5", StartPosition="0.0"),
    "Channel 1 Parameters": {
        "CH Name": '"CH1"',
        "AnalogPMTVoltage": "700",
        "BF Name": '"BA505-525"',
        "Confocal": '"ON"',
        "DyeName": '"EGFP"',
        "EmissionDM Name": '"SDM560"',
        "EmissionWavelength": "510",
        "ExcitationDM Name": '"DM488/543"',
        "ExcitationWavelength": "488",
        "LightType": '"Fluorescence"',
    },
    "Channel 2 Parameters": {
        "CH Name": '"TD1"',
        "AnalogPMTVoltage": "172",
        "BF Name": '""',
        "Confocal": '"OFF"',
        "DyeName": '"None"',
        "EmissionDM Name": '"Mirror"',
        "EmissionWavelength": "0",
        "ExcitationDM Name": '"DM488/543"',
        "ExcitationWavelength": "543",
        "LightType": '"Transmitted Light"',
    },
    "File Info": {"DataName": '"cell.oif"', "UserName": '"guest"', "UserComment": '"first try"'},
    "Laser 0 Parameters": {"Laser Enable": "1", "LaserWavelength": "488", "LaserTransmissivity": "3"},
    "Laser 1 Parameters": {"Laser Enable": "0", "LaserWavelength": "543", "LaserTransmissivity": "15"},
    "Reference Image Parameter": {
        "HeightConvertValue": "0.25",
        "HeightUnit": '"um"',
        "ImageDepth": "2",
        "ValidBitCounts": "12",
        "WidthConvertValue": "0.25",
        "WidthUnit": '"um"',
    },
    "Version Info": {"FileVersion": '"1.2.6.0"', "SystemName": '"FLUOVIEW FV1000"', "SystemVersion": '"2.1.2.5"'},
}


def plane(channel: int, z: int) -> Sections:
    return {
        "Acquisition Parameters Common": {
            "AnalogPMTGain": "1.5",
            "AnalogPMTOffset": "3",
            "CountingPMTGain": "1",
            "CountingPMTOffset": "0",
            "Magnification": "40.0",
            "ObjectiveLens NAValue": "1.3",
            "ObjectiveLens Name": '"UPLFLN    40X O  NA:1.30"',
            "ObjectiveLens WDValue": "9999.0",
            "PMTDetectingMode": '"Analog"' if channel == 2 else '"PhotonCount"',
            "PMTVoltage": "700" if channel == 1 else "172",
            "PinholeDiameter": "100000",
            "RotationValue": "0.0",
            "Time Per Frame": "841584.000",
            "Time Per Pixel": "8.0",
        },
        "Axis 3 Parameters": {"AbsPositionUnitName": '"nm"', "AbsPositionValue": str(-1000.5 * z)},
        "Axis 4 Parameters": {"AbsPositionUnitName": '"ms"', "AbsPositionValue": str(250 * z)},
        "Image Parameters": {"DataType": '"WORD"', "ImageDepth": "2", "ValidBitCounts": "12"},
    }


def planes() -> dict[str, bytes]:
    return {f"s_C00{c}Z00{z}.pty": settings(plane(c, z)) for c in (1, 2) for z in (1, 2)}


def make_oif(path: Path, main: Sections | None = None, more: dict[str, bytes] | None = None) -> Path:
    path.write_bytes(settings(main or MAIN))
    folder = path.with_name(path.name + ".files")
    folder.mkdir()
    for name, data in {**planes(), "s_Thumb.pty": settings({"Thumb": {}}), **(more or {})}.items():
        (folder / name).write_bytes(data)
    return path


def make_oib(path: Path, main: Sections | None = None, more: dict[str, bytes] | None = None) -> Path:
    """Write a compound document with the same files; each stream is longer than the limit of the short ones."""
    files = {
        "cell.oif": settings(main or MAIN),
        **{f"Storage00001/{n}": d for n, d in {**planes(), **(more or {})}.items()},
    }
    listed = {f"Stream{n:05}": name for n, name in enumerate(files)}
    info = {"OibSaveInfo": {"MainFileName": "Stream00000", "Storage00001": "cell.oif.files", **listed}}
    streams = {"OibInfo.txt": settings(info)} | {key: files[name] for key, name in listed.items()}
    path.write_bytes(compound({n: d + b"\r\0\n\0" * ((4100 - len(d)) // 4 + 1) for n, d in streams.items()}))
    return path


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound document of version 3 with all streams in its root."""
    chains = [d + bytes(-len(d) % SECTOR) for d in streams.values()]
    entries = [_entry("Root Entry", 5, child=1, start=0xFFFFFFFE, size=0)]
    table: list[int] = []
    for number, (name, data) in enumerate(streams.items(), 1):
        following = number + 1 if number < len(streams) else 0xFFFFFFFF
        entries.append(_entry(name, 2, start=len(table), size=len(data), right=following))
        count = len(chains[number - 1]) // SECTOR
        table += [*range(len(table) + 1, len(table) + count), 0xFFFFFFFE]
    directory = b"".join(entries)
    directory += bytes(-len(directory) % SECTOR)
    start = len(table)
    count = len(directory) // SECTOR
    table += [*range(start + 1, start + count), 0xFFFFFFFE]
    sectors = 1
    while (len(table) + sectors) * 4 > sectors * SECTOR:
        sectors += 1
    places = range(len(table), len(table) + sectors)
    table += [0xFFFFFFFD] * sectors
    fat = struct.pack(f"<{len(table)}I", *table).ljust(sectors * SECTOR, b"\xff")
    head = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        bytes(16),
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        sectors,
        start,
        0,
        4096,
        0xFFFFFFFE,
        0,
        0xFFFFFFFE,
        0,
        *places[:1],
    )
    head = head[:76] + struct.pack(f"<{sectors}I", *places)
    return head.ljust(SECTOR, b"\xff") + b"".join(chains) + directory + fat


def _entry(name: str, kind: int, *, start: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text), kind, 1, 0xFFFFFFFF, right, child, bytes(16), 0, 0, 0, start, size
    )
