"""Adapters to libraries that read many formats, as the registry knows them: light, asked after all other readers.

An adapter's ``sniff`` says whether it may take a file: by the ending of its name, and by whether its library is
installed, which is found out without importing it.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from nbo_extract.record import ReaderInfo

# Endings of microscopy formats that Bio-Formats 7 reads. Pictures, videos and texts that it opens, too, are by their
# names no images of a microscope.
BIOFORMATS_SUFFIXES = (
    ".1sc", ".2fl", ".afi", ".afm", ".aim", ".al3d", ".ali", ".am", ".amiramesh", ".apl", ".arf", ".bif",
    ".bip", ".c01", ".ch5", ".cxd", ".czi", ".dcm", ".dicom", ".dm2", ".dm3", ".dm4", ".dti", ".dv", ".ets",
    ".exp", ".fdf", ".fff", ".ffr", ".fits", ".flex", ".frm", ".gel", ".htd", ".i2i", ".ics", ".ids", ".im3",
    ".ims", ".ipl", ".ipm", ".ipw", ".jdce", ".jpk", ".l2d", ".labels", ".lei", ".lif", ".liff", ".lim", ".lms",
    ".lof", ".lsm", ".map", ".mdb", ".mea", ".mrc", ".mrcs", ".msr", ".mtb", ".mvd2", ".naf", ".nd", ".nd2",
    ".ndpi", ".ndpis", ".nhdr", ".nii", ".nrrd", ".obf", ".obsep", ".oib", ".oif", ".oir", ".par", ".pcoraw",
    ".pic", ".pnl", ".pr3", ".ptu", ".qptiff", ".r3d", ".rcpnl", ".rec", ".res", ".scn", ".sdt", ".seq", ".sif",
    ".sld", ".sldy", ".sm2", ".sm3", ".spc", ".spe", ".spl", ".st", ".stk", ".svs", ".sxm", ".tfr", ".tnb",
    ".top", ".vff", ".vms", ".vsi", ".vws", ".wat", ".wlz", ".wpi", ".xdce", ".xlef", ".xqd", ".xqf", ".xv",
    ".xys", ".zfp", ".zfr", ".zvi",
)  # fmt: skip


def has_bioformats() -> bool:
    """Whether jpype and a jar of Bio-Formats are at hand."""
    if find_spec("jpype") is None:
        return False
    from nbo_extract_readers._jvm import find_jar

    return bool(find_jar())


def sniff_bioformats(head: bytes, name: str) -> bool:
    """Whether a file has an ending of Bio-Formats, and the library is there."""
    return bool(head) and name.endswith(BIOFORMATS_SUFFIXES) and has_bioformats()


BIOFORMATS = ReaderInfo(
    "bioformats",
    ("150 more by Bio-Formats",),
    BIOFORMATS_SUFFIXES,
    sniff_bioformats,
    "nbo_extract_readers.bioformats:read",
    rank=20,
    requires="bioformats",
    status="nbo_extract_readers._jvm:status",
    pixels="nbo_extract_readers.pixels_bioformats:open_pixels",
)


# -- bioio ------------------------------------------------------------------------------------------------------------

#: Endings of the published plug-ins that read microscopy formats.
BIOIO_SUFFIXES = (
    ".ome.tiff", ".ome.tif", ".imzml", ".qptiff", ".sldy", ".tiff", ".zarr", ".czi", ".dir", ".emd", ".htd", ".lif",
    ".lsm", ".nd2", ".ozx", ".r3d", ".tif", ".vsi", ".dv",
)  # fmt: skip


@cache
def has_bioio() -> bool:
    """Whether any reader plug-in of bioio is installed."""
    return bool(entry_points(group="bioio.readers"))


def sniff_bioio(head: bytes, name: str) -> bool:
    """Whether a plug-in for the ending of a file is installed; none of them is imported to find that out."""
    if not head or not has_bioio():
        return False
    from nbo_extract_readers.bioio_plugins import fitting

    return bool(fitting(name))


def way_to_bioio(name: str) -> str:
    """Return how to get a plug-in for a file of a lower-case name; empty where there is none."""
    if not name.endswith(BIOIO_SUFFIXES):
        return ""
    from nbo_extract_readers.bioio import way

    return way(name)


BIOIO = ReaderInfo(
    "bioio",
    ("what plug-ins of bioio read",),
    BIOIO_SUFFIXES,
    sniff_bioio,
    "nbo_extract_readers.bioio:read",
    rank=10,
    requires="bioio",
    way=way_to_bioio,
    status="nbo_extract_readers.bioio:status",
)


# -- aicsimageio ------------------------------------------------------------------------------------------------------

AICSIMAGEIO_PYTHON = "NBO_AICSIMAGEIO_PYTHON"
AICSIMAGEIO_VERSION = "4.14.0"
DATA = "NBO_EXTRACT_DATA"
# Endings of microscopy formats for which aicsimageio has a reader of its own.
AICSIMAGEIO_SUFFIXES = (
    ".ome.tiff", ".ome.tif", ".tiff", ".sldy", ".zarr", ".czi", ".dir", ".lif", ".lsm", ".nd2", ".r3d", ".tif", ".dv",
)  # fmt: skip


def data_folder() -> Path:
    """Return the folder for what this product installs for a user: that of the platform, or what the user names."""
    named = os.environ.get(DATA)
    if named:
        return Path(named)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "nbo-extract"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "nbo-extract"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "nbo-extract"


def aicsimageio_folder() -> Path:
    """Return the folder of the environment that ``doctor --install aicsimageio`` makes."""
    return data_folder() / f"aicsimageio-{AICSIMAGEIO_VERSION}"


def python_in(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def aicsimageio_python() -> str:
    """Return the Python that has aicsimageio: what the user names, else that of the environment; empty for none."""
    named = os.environ.get(AICSIMAGEIO_PYTHON)
    python = named or str(python_in(aicsimageio_folder()))
    return python if os.path.isfile(python) else ""


def sniff_aicsimageio(head: bytes, name: str) -> bool:
    """Whether a file has an ending of aicsimageio, and its environment is there."""
    return bool(head) and name.endswith(AICSIMAGEIO_SUFFIXES) and bool(aicsimageio_python())


AICSIMAGEIO = ReaderInfo(
    "aicsimageio",
    ("what aicsimageio reads",),
    AICSIMAGEIO_SUFFIXES,
    sniff_aicsimageio,
    "nbo_extract_readers.aicsimageio:read",
    rank=30,
    status="nbo_extract_readers.aicsimageio:status",
    install="nbo_extract_readers.aicsimageio_install:install",
)
