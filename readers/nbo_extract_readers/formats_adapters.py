"""Adapters to libraries that read many formats, as the registry knows them: light, asked after all other readers.

An adapter's ``sniff`` says whether it may take a file: by the ending of its name, and by whether its library is
installed, which is found out without importing it.
"""

from __future__ import annotations

from importlib.util import find_spec

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
)
