"""Families of TIFF that microscope software writes, as the registry knows them.

All are chosen as TIFF by their magic bytes; `nbo_extract_readers.tiff_family` then tells the family by its tags. A name
lets a user choose one.
"""

from __future__ import annotations

from nbo_extract.record import ReaderInfo


def sniff_family(head: bytes, name: str) -> bool:
    """Never: that a file is a TIFF is said once, by the reader of all TIFFs, which hands it over by its tags."""
    return False


def _family(name: str, form: str, place: str, *suffixes: str, pixels: str = "") -> ReaderInfo:
    place = place if ":" in place else f"{place}:read"
    return ReaderInfo(
        name,
        (form,),
        suffixes,
        sniff_family,
        f"nbo_extract_readers.{place}",
        pixels=f"nbo_extract_readers.{pixels or 'pixels_tiff_families:open_' + name.replace('-', '_')}",
    )


MICRO_MANAGER = _family("micro-manager", "Micro-Manager", "micro_manager", pixels="pixels_micro_manager:open_pixels")
METAMORPH = _family("metamorph", "MetaMorph STK", "metamorph", ".stk")
LSM = _family("zeiss-lsm", "Zeiss LSM", "lsm", ".lsm")
APERIO = _family("aperio-svs", "Aperio SVS", "tiff_notes:read_aperio", ".svs")
HAMAMATSU = _family("hamamatsu-ndpi", "Hamamatsu NDPI", "tiff_notes:read_hamamatsu", ".ndpi")
SCANIMAGE = _family("scanimage", "ScanImage", "tiff_notes:read_scanimage")
IMAGEJ = _family("imagej", "ImageJ TIFF", "tiff_notes:read_imagej")
FLUOVIEW = _family("fluoview", "Olympus FluoView TIFF", "tiff_notes:read_fluoview")
