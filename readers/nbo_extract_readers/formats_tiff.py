"""Families of TIFF that microscope software writes, as the registry knows them.

All are chosen as TIFF by their magic bytes; `nbo_extract_readers.tiff_family` then tells the family by its tags. A name
lets a user choose one.
"""

from __future__ import annotations

from nbo_extract.record import ReaderInfo


def sniff_family(head: bytes, name: str) -> bool:
    """Never: that a file is a TIFF is said once, by the reader of all TIFFs, which hands it over by its tags."""
    return False


def _family(name: str, form: str, module: str, *suffixes: str) -> ReaderInfo:
    return ReaderInfo(name, (form,), suffixes, sniff_family, f"nbo_extract_readers.{module}:read")


MICRO_MANAGER = _family("micro-manager", "Micro-Manager", "micro_manager")
METAMORPH = _family("metamorph", "MetaMorph STK", "metamorph", ".stk")
LSM = _family("zeiss-lsm", "Zeiss LSM", "lsm", ".lsm")
