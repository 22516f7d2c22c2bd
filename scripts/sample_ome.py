"""Make small OME-TIFF and OME-Zarr files: always the same bytes, no library involved in writing them."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 32
SIZE_Z = 2
SIZE_C = 2
_UUID = "urn:uuid:7d5b6a0e-3c1f-4f0a-9b52-6f2c1d8e4a01"
Order = Literal["little", "big"]

INSTRUMENT = """\
  <Instrument ID="Instrument:0">
    <Microscope Type="Inverted" Manufacturer="Nikon" Model="Eclipse Ti2-E" SerialNumber="540123"/>
    <Laser ID="LightSource:0" Manufacturer="Coherent" Model="OBIS 488LX 150mW" Power="150" PowerUnit="mW" \
Type="SolidState" LaserMedium="Other" Wavelength="488" WavelengthUnit="nm" Tuneable="false"/>
    <LightEmittingDiode ID="LightSource:1" Manufacturer="CoolLED" Model="pE-300ultra"/>
    <Detector ID="Detector:0" Manufacturer="Hamamatsu" Model="C13440-20CU" SerialNumber="300411" Type="CMOS" \
Gain="1" Offset="100"/>
    <Objective ID="Objective:0" Manufacturer="Nikon" Model="Plan Apo λ 60x/1.40 Oil" NominalMagnification="60" \
CalibratedMagnification="60.2" LensNA="1.4" Immersion="Oil" Correction="PlanApo" WorkingDistance="130" \
WorkingDistanceUnit="µm" Iris="false"/>
    <FilterSet ID="FilterSet:0" Manufacturer="Chroma" Model="49002">
      <ExcitationFilterRef ID="Filter:0"/>
      <DichroicRef ID="Dichroic:0"/>
      <EmissionFilterRef ID="Filter:1"/>
    </FilterSet>
    <Filter ID="Filter:0" Manufacturer="Chroma" Model="ET470/40x" Type="BandPass">
      <TransmittanceRange CutIn="450" CutInUnit="nm" CutOut="490" CutOutUnit="nm"/>
    </Filter>
    <Filter ID="Filter:1" Manufacturer="Chroma" Model="ET525/50m" Type="BandPass">
      <TransmittanceRange CutIn="500" CutInUnit="nm" CutOut="550" CutOutUnit="nm"/>
    </Filter>
    <Filter ID="Filter:2" Manufacturer="Chroma" Model="ET590lp" Type="LongPass">
      <TransmittanceRange CutIn="590" CutInUnit="nm"/>
    </Filter>
    <Dichroic ID="Dichroic:0" Manufacturer="Chroma" Model="T495lpxr"/>
  </Instrument>
"""
CHANNELS = """\
      <Channel ID="Channel:0:0" Name="GFP" Fluor="EGFP" AcquisitionMode="WideField" ContrastMethod="Fluorescence" \
IlluminationType="Epifluorescence" ExcitationWavelength="488" ExcitationWavelengthUnit="nm" EmissionWavelength="507" \
EmissionWavelengthUnit="nm" SamplesPerPixel="1" Color="16711935">
        <LightSourceSettings ID="LightSource:0" Attenuation="0.8" Wavelength="488" WavelengthUnit="nm"/>
        <DetectorSettings ID="Detector:0" Gain="1" Binning="1x1" ReadOutRate="560" ReadOutRateUnit="MHz"/>
        <FilterSetRef ID="FilterSet:0"/>
        <LightPath>
          <ExcitationFilterRef ID="Filter:0"/>
          <DichroicRef ID="Dichroic:0"/>
          <EmissionFilterRef ID="Filter:1"/>
        </LightPath>
      </Channel>
      <Channel ID="Channel:0:1" Name="mCherry" Fluor="mCherry" AcquisitionMode="WideField" \
ContrastMethod="Fluorescence" IlluminationType="Epifluorescence" ExcitationWavelength="561" \
ExcitationWavelengthUnit="nm" EmissionWavelength="610" EmissionWavelengthUnit="nm" SamplesPerPixel="1" \
Color="-16776961">
        <LightSourceSettings ID="LightSource:1" Attenuation="0.5"/>
        <DetectorSettings ID="Detector:0" Gain="1" Binning="1x1"/>
        <LightPath>
          <EmissionFilterRef ID="Filter:2"/>
        </LightPath>
      </Channel>
"""


def ome_xml(*, name: str, tiff_data: str, planes: bool = True) -> str:
    """Return OME-XML of one image of two channels and two focal planes.

    Parameters
    ----------
    name : str
        Name of the image.
    tiff_data : str
        What stands in place of TiffData: TiffData elements, or MetadataOnly.
    planes : bool
        Whether each plane has its exposure time and position.
    """
    rows = "".join(
        f'      <Plane TheZ="{z}" TheC="{c}" TheT="0" DeltaT="{_seconds(c * SIZE_Z + z)}" DeltaTUnit="s" '
        f'ExposureTime="{50 * (c + 1)}" ExposureTimeUnit="ms" PositionX="1250.5" PositionXUnit="µm" '
        f'PositionY="-830.25" PositionYUnit="µm" PositionZ="{_position_z(z)}" PositionZUnit="µm"/>\n'
        for c in range(SIZE_C)
        for z in range(SIZE_Z)
    )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Warning: this comment is an OME-XML metadata block, which contains crucial dimensional parameters. -->
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://www.openmicroscopy.org/Schemas/OME/2016-06 \
http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd" UUID="{_UUID}" Creator="nbo-extract sample data">
  <Experimenter ID="Experimenter:0" FirstName="Ada" LastName="Example" Institution="Example Institute"/>
{INSTRUMENT}\
  <Image ID="Image:0" Name="{name}">
    <AcquisitionDate>2024-03-15T09:30:00</AcquisitionDate>
    <ExperimenterRef ID="Experimenter:0"/>
    <Description>Two channels, two focal planes; made by a script.</Description>
    <InstrumentRef ID="Instrument:0"/>
    <ObjectiveSettings ID="Objective:0" Medium="Oil" RefractiveIndex="1.518" CorrectionCollar="0.17"/>
    <ImagingEnvironment Temperature="37" TemperatureUnit="°C" Humidity="0.6" CO2Percent="0.05"/>
    <StageLabel Name="Position 1" X="1250.5" XUnit="µm" Y="-830.25" YUnit="µm"/>
    <Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SignificantBits="12" BigEndian="false" \
Interleaved="false" SizeX="{SIZE}" SizeY="{SIZE}" SizeZ="{SIZE_Z}" SizeC="{SIZE_C}" SizeT="1" \
PhysicalSizeX="0.108" PhysicalSizeXUnit="µm" PhysicalSizeY="0.108" PhysicalSizeYUnit="µm" PhysicalSizeZ="0.3" \
PhysicalSizeZUnit="µm">
{CHANNELS}\
      {tiff_data}
{rows if planes else ""}\
    </Pixels>
  </Image>
</OME>
"""


def _seconds(index: int) -> str:
    return ("0", "0.125", "0.25", "0.425")[index]


def _position_z(index: int) -> str:
    return ("12.0", "12.3")[index]


def planes() -> list[bytes]:
    """Return the pixels of the four planes, little-endian uint16, in the order XYZCT."""
    return [
        struct.pack(
            f"<{SIZE * SIZE}H",
            *((x * y + 97 * z + 1009 * c) % 4096 for y in range(SIZE) for x in range(SIZE)),
        )
        for c in range(SIZE_C)
        for z in range(SIZE_Z)
    ]


def make_ome_tiff(path: Path, *, description: bytes | None = None, order: Order = "little", big: bool = False) -> Path:
    """Write an OME-TIFF of four planes.

    Parameters
    ----------
    path : Path
    description : bytes or None
        ImageDescription instead of the OME-XML of `ome_xml`; empty for none.
    order : {'little', 'big'}
    big : bool
        Whether to write BigTIFF.
    """
    if description is None:
        uuid = (
            f'<TiffData IFD="0" PlaneCount="{SIZE_C * SIZE_Z}"><UUID FileName="{path.name}">{_UUID}</UUID></TiffData>'
        )
        description = ome_xml(name=path.name.partition(".")[0], tiff_data=uuid).encode()
    path.write_bytes(tiff_bytes(planes(), description, order=order, big=big))
    return path


def tiff_bytes(pixels: list[bytes], description: bytes, *, order: Order = "little", big: bool = False) -> bytes:
    """Return a TIFF: header, first description, then each directory before its plane."""
    mark, word = ("<" if order == "little" else ">"), "Q" if big else "I"
    magic = b"II" if order == "little" else b"MM"
    header = magic + (struct.pack(mark + "HHHQ", 43, 8, 0, 16) if big else struct.pack(mark + "HI", 42, 8))
    out = bytearray(header)
    for index, plane in enumerate(pixels):
        if order == "big":
            plane = b"".join(plane[i : i + 2][::-1] for i in range(0, len(plane), 2))
        text = description + b"\0" if index == 0 and description else b""
        entries = _entries(len(plane), len(text))
        directory = (8 if big else 2) + len(entries) * (20 if big else 12) + (8 if big else 4)
        text_at = len(out) + directory
        plane_at = text_at + len(text) + len(text) % 2
        following = plane_at + len(plane) if index + 1 < len(pixels) else 0
        out += struct.pack(mark + ("Q" if big else "H"), len(entries))
        for code, kind, count, value in entries:
            value = {270: text_at, 273: plane_at}.get(code, value)
            out += struct.pack(mark + "HH" + word, code, kind, count)
            inline = word if kind == 2 else "H" if kind == 3 else "I"
            out += struct.pack(mark + inline, value).ljust(8 if big else 4, b"\0")
        out += struct.pack(mark + word, following) + text + b"\0" * (len(text) % 2) + plane
    return bytes(out)


def _entries(plane: int, text: int) -> list[tuple[int, int, int, int]]:
    entries = [(256, 4, 1, SIZE), (257, 4, 1, SIZE), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)]
    if text:
        entries.append((270, 2, text, 0))
    return [*entries, (273, 4, 1, 0), (277, 3, 1, 1), (278, 4, 1, SIZE), (279, 4, 1, plane), (339, 3, 1, 1)]


def multiscale(name: str) -> dict[str, Any]:
    """Return the multiscales entry of one image without a version."""
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    scale = [{"type": "scale", "scale": [1.0, 0.3, 0.108, 0.108]}]
    return {"name": name, "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}


def omero() -> dict[str, Any]:
    """Return the omero entry of one image."""
    channels = [
        {"label": label, "color": color, "active": True, "window": {"start": 0, "end": 2000, "min": 0, "max": 4095}}
        for label, color in (("GFP", "00FF00"), ("mCherry", "FF0000"))
    ]
    return {"channels": channels, "rdefs": {"defaultZ": 0, "defaultT": 0, "model": "color"}}


def make_ome_zarr(path: Path, version: str, *, xml: bool = False) -> Path:
    """Write an OME-Zarr of one image: one resolution level, one zlib chunk per plane.

    Parameters
    ----------
    path : Path
        Directory that does not exist yet.
    version : {'0.4', '0.5'}
    xml : bool
        Whether ``OME/METADATA.ome.xml`` stands beside it.
    """
    write_image(path, path.name.partition(".")[0], version)
    if xml:
        folder = path / "OME"
        write_group(folder, version, {})
        text = ome_xml(name=path.name.partition(".")[0], tiff_data="<MetadataOnly/>")
        (folder / "METADATA.ome.xml").write_bytes(text.encode())
    return path


def write_image(path: Path, name: str, version: str) -> None:
    """Write the group and the array of one image."""
    image = multiscale(name)
    if version == "0.4":
        write_group(path, version, {"multiscales": [{"version": version, **image}], "omero": omero()})
    else:
        write_group(path, version, {"multiscales": [image], "omero": omero()})
    _write_array(path / "0", version)


def write_group(path: Path, version: str, ome: dict[str, Any], **attributes: object) -> None:
    """Write the metadata of a group: `ome` where the version wants it, other `attributes` at the top."""
    path.mkdir(parents=True, exist_ok=True)
    if version == "0.4":
        _dump(path / ".zgroup", {"zarr_format": 2})
        _dump(path / ".zattrs", {**ome, **attributes})
    else:
        within = {"ome": {"version": version, **ome}} if ome else {}
        _dump(path / "zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {**within, **attributes}})


def _write_array(path: Path, version: str) -> None:
    path.mkdir(parents=True, exist_ok=True)
    shape, chunks = [SIZE_C, SIZE_Z, SIZE, SIZE], [1, 1, SIZE, SIZE]
    if version == "0.4":
        meta: dict[str, Any] = {"zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": "<u2", "fill_value": 0}
        meta |= {"order": "C", "filters": None, "compressor": {"id": "zlib", "level": 9}, "dimension_separator": "/"}
        _dump(path / ".zarray", meta)
        root = path
    else:
        meta = {"zarr_format": 3, "node_type": "array", "shape": shape, "data_type": "uint16", "fill_value": 0}
        meta["chunk_grid"] = {"name": "regular", "configuration": {"chunk_shape": chunks}}
        meta["chunk_key_encoding"] = {"name": "default", "configuration": {"separator": "/"}}
        meta["codecs"] = [{"name": "bytes", "configuration": {"endian": "little"}}]
        meta |= {"dimension_names": ["c", "z", "y", "x"], "attributes": {}}
        _dump(path / "zarr.json", meta)
        root = path / "c"
    for index, plane in enumerate(planes()):
        chunk = root / str(index // SIZE_Z) / str(index % SIZE_Z) / "0" / "0"
        chunk.parent.mkdir(parents=True, exist_ok=True)
        chunk.write_bytes(zlib.compress(plane, 9) if version == "0.4" else plane)


def _dump(path: Path, value: object) -> None:
    path.write_bytes((json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())
