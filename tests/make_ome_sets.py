"""Make OME-TIFF datasets of several files with tifffile: full OME-XML in each, companion files, a master file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NS = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
COMPANION = "urn:uuid:00000000-0000-0000-0000-0000000000cc"


def uuid(number: int) -> str:
    """Return the UUID of a member."""
    return f"urn:uuid:00000000-0000-0000-0000-{number:012d}"


def ome(own: str, names: Sequence[str], more: str = "") -> str:
    """Return OME-XML of one image with a focal plane in each file."""
    data = "".join(
        f'<TiffData FirstZ="{z}" FirstC="0" FirstT="0" IFD="0" PlaneCount="1"><UUID FileName="{n}">{uuid(z)}</UUID>'
        "</TiffData>"
        for z, n in enumerate(names)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<OME xmlns="{NS}" UUID="{own}" Creator="µ tests">'
        f'<Image ID="Image:0" Name="cells"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="48" '
        f'SizeY="32" SizeZ="{len(names)}" SizeC="1" SizeT="1" PhysicalSizeX="0.5" PhysicalSizeY="0.5">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{data}{more}</Pixels></Image></OME>\n'
    )


def binary_only(metadata_file: str, own: str) -> str:
    """Return the OME-XML of a member that holds pixels alone."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{NS}" UUID="{own}">'
        f'<BinaryOnly MetadataFile="{metadata_file}" UUID="{COMPANION}"/></OME>'
    )


def write(
    path: Path, number: int, description: str | None, *, big: bool = False, order: Literal["<", ">"] = "<"
) -> Path:
    """Write the TIFF of one plane."""
    import numpy as np
    import tifffile

    pixels = (np.arange(32 * 48, dtype=np.uint16) + 1000 * number).reshape(32, 48)
    how: dict[str, Any] = {"bigtiff": big, "byteorder": order, "photometric": "minisblack", "metadata": None}
    tifffile.imwrite(path, pixels, description=None if description is None else description.encode(), **how)
    return path


def full(folder: Path, number: int, **how: Any) -> list[Path]:
    """Make a set in which each file holds the OME-XML."""
    names = [f"cells_Z{z}.ome.tif" for z in range(number)]
    return [write(folder / n, z, ome(uuid(z), names), **how) for z, n in enumerate(names)]


def with_companion(folder: Path, number: int) -> list[Path]:
    """Make a set with a companion file, which comes last."""
    names = [f"cells_Z{z}.ome.tif" for z in range(number)]
    made = [write(folder / n, z, binary_only("cells.companion.ome", uuid(z))) for z, n in enumerate(names)]
    companion = folder / "cells.companion.ome"
    companion.write_text(ome(COMPANION, names), encoding="utf-8")
    return [*made, companion]


def with_master(folder: Path, number: int) -> list[Path]:
    """Make a set whose first file holds the OME-XML."""
    names = ["cells_master.ome.tif", *(f"cells_Z{z}.ome.tif" for z in range(1, number))]
    master = write(folder / names[0], 0, ome(uuid(0), names))
    return [master, *(write(folder / n, z, binary_only(names[0], uuid(z))) for z, n in enumerate(names) if z)]
