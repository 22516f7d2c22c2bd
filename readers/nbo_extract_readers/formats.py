"""The readers as the registry knows them: how to recognise each format, without importing its reader."""

from __future__ import annotations

import os

from nbo_extract.record import ReaderInfo
from nbo_extract.registry import TIFF_MAGIC

CZI_MAGIC = b"ZISRAWFILE"
ND2_MAGIC = b"\xda\xce\xbe\x0a"
ND2_LEGACY_MAGIC = b"\0\0\0\x0cjP  "
ZIP_MAGIC = b"PK\x03\x04"
ZARR_MARKERS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")

ZARR_ARCHIVES = (".ozx", ".ome.zarr.zip", ".zarr.zip")


def is_ome_document(head: bytes) -> bool:
    """Whether the head of a file is that of an OME-XML document, which names the OME schema."""
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"<") or b"openmicroscopy.org" not in head:
        return False
    import re

    return re.search(rb"<(?:[\w.\-]+:)?OME\s[^>]*openmicroscopy\.org", head) is not None


def sniff_czi(head: bytes, name: str) -> bool:
    """Whether a file begins like a ZISRAW file."""
    return head.startswith(CZI_MAGIC)


def sniff_ome_tiff(head: bytes, name: str) -> bool:
    """Whether a file begins like a TIFF, or like OME-XML."""
    return head[:4] in TIFF_MAGIC or is_ome_document(head)


def sniff_ome_zarr(head: bytes, name: str) -> bool:
    """Whether a directory is named like a Zarr, or holds the metadata files of one; or a ZIP archive of such."""
    if head:
        lower = name.lower()
        return head.startswith(ZIP_MAGIC) and (
            lower.endswith(ZARR_ARCHIVES) or (lower.endswith(".zip") and _holds_group(name))
        )
    name = name.rstrip("/\\")
    return name.endswith(".zarr") or any(os.path.isfile(os.path.join(name, m)) for m in ZARR_MARKERS)


def _holds_group(path: str) -> bool:
    """Whether an archive has the metadata files of a Zarr at its root or in a folder."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return any(n.split("/")[-1] in ZARR_MARKERS for n in archive.namelist() if n.count("/") < 2)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def sniff_deltavision(head: bytes, name: str) -> bool:
    """Whether a file has the identifier of a DeltaVision header, -16224 at byte 96, in either byte order."""
    return len(head) >= 98 and head[96:98] in (b"\xa0\xc0", b"\xc0\xa0")


def sniff_leica(head: bytes, name: str) -> bool:
    """Whether a file begins like a LIF or LOF, or like the XML of an XLIF, XLEF or XLCF."""
    if head.startswith(b"\x70\0\0\0") and head[8:9] == b"\x2a":
        return True
    text = head.replace(b"\0", b"")
    return b"<LMSDataContainer" in text


def sniff_olympus(head: bytes, name: str) -> bool:
    """Whether a file is a compound document called OIB, or begins like the settings of an OIF."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return name.endswith(".oib")
    return name.endswith(".oif") and b"[" in head.replace(b"\0", b"")[:8]


def sniff_nd2(head: bytes, name: str) -> bool:
    """Whether a file begins like a chunk of ND2, or like JPEG 2000 under the name of an ND2."""
    return head.startswith(ND2_MAGIC) or (head.startswith(ND2_LEGACY_MAGIC) and name.endswith(".nd2"))


def sniff_imaris(head: bytes, name: str) -> bool:
    """Whether a file begins like HDF5 and is called IMS."""
    return head.startswith(b"\x89HDF\r\n\x1a\n") and name.endswith(".ims")


CZI = ReaderInfo(
    "czi",
    ("Zeiss CZI",),
    (".czi",),
    sniff_czi,
    "nbo_extract_readers.czi:read",
    members="nbo_extract_readers.members:of_czi",
    pixels="nbo_extract_readers.pixels_czi:open_pixels",
)
OME_TIFF = ReaderInfo(
    "ome-tiff",
    ("OME-TIFF", "TIFF"),
    (".ome.tif", ".ome.tiff", ".tif", ".tiff", ".ome.tf2", ".ome.tf8", ".ome.btf", ".companion.ome", ".btf"),
    sniff_ome_tiff,
    "nbo_extract_readers.ome_tiff:read",
    members="nbo_extract_readers.members:of_tiff",
    pixels="nbo_extract_readers.pixels_tiff:open_pixels",
    sets=True,
    refine="nbo_extract_readers.tiff_family:family",
)
OME_ZARR = ReaderInfo(
    "ome-zarr",
    ("OME-Zarr",),
    (".ome.zarr", ".zarr", *ZARR_ARCHIVES),
    sniff_ome_zarr,
    "nbo_extract_readers.ome_zarr:read",
    pixels="nbo_extract_readers.pixels_ome_zarr:open_pixels",
    directory=True,
    archives=True,
    remote=True,
)
DELTAVISION = ReaderInfo(
    "deltavision",
    ("DeltaVision",),
    (".dv", ".r3d", ".d3d", ".r3d_d3d"),
    sniff_deltavision,
    "nbo_extract_readers.deltavision:read",
    members="nbo_extract_readers.members:of_deltavision",
    pixels="nbo_extract_readers.pixels_deltavision:open_pixels",
)
LEICA = ReaderInfo(
    "leica",
    ("Leica LIF", "LOF", "XLIF"),
    (".lif", ".lof", ".xlif", ".xlef", ".xlcf", ".xllf", ".lifext"),
    sniff_leica,
    "nbo_extract_readers.leica:read",
    members="nbo_extract_readers.members:of_leica",
    pixels="nbo_extract_readers.pixels_leica:open_pixels",
)
OLYMPUS = ReaderInfo(
    "olympus-oif",
    ("Olympus OIB", "OIF"),
    (".oib", ".oif"),
    sniff_olympus,
    "nbo_extract_readers.olympus:read",
    members="nbo_extract_readers.members:of_olympus",
    pixels="nbo_extract_readers.pixels_olympus:open_pixels",
)
ND2 = ReaderInfo(
    "nd2",
    ("Nikon ND2",),
    (".nd2",),
    sniff_nd2,
    "nbo_extract_readers.nikon_nd2:read",
    pixels="nbo_extract_readers.pixels_nd2:open_pixels",
)
IMARIS = ReaderInfo(
    "imaris",
    ("Imaris IMS",),
    (".ims",),
    sniff_imaris,
    "nbo_extract_readers.imaris:read",
    pixels="nbo_extract_readers.pixels_imaris:open_pixels",
    requires="ims",
)
