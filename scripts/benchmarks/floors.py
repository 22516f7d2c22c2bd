"""The floor of each format: reading the bytes of the metadata and parsing them once, and nothing else.

XML is parsed by lxml; binary forms are read by the library that knows them. No reader that gives the same facts can be
quicker.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def _at(path: Path, texts: Sequence[bytes], encoding: str = "") -> Callable[[], object]:
    """Return what reads texts from where they are in a file, and parses each."""
    from lxml import etree

    parser = etree.XMLParser(recover=True, huge_tree=True, resolve_entities=False)
    data = path.read_bytes()
    places, behind = [], 0
    for text in texts:
        found = data.find(text, behind)
        found = found if found >= 0 else data.find(text)
        places.append((found, len(text)))
        behind = found

    def parse() -> object:
        parsed = []
        with open(path, "rb", buffering=0) as file:
            for place, length in places:
                file.seek(place)
                text = file.read(length)
                parsed.append(etree.fromstring(text.decode(encoding).encode() if encoding else text, parser))
        return parsed

    return parse


def czi_floor(path: Path) -> Callable[[], object]:
    """Parse the metadata document and the metadata of all sub-blocks."""
    from nbo_extract_readers.zisraw import ZisrawFile

    with open(path, "rb", buffering=0) as stream:
        file = ZisrawFile(stream, str(path))
        document, _ = file.metadata()
        directory = file.directory()
        blocks = [file.subblock(directory.place(i)[0], directory.raw(i)).metadata for i in range(len(directory))]
    texts = [document[: document.rfind(b">") + 1]] if document else []
    return _at(path, texts + [b[: b.rfind(b">") + 1] for b in blocks if b and b"<" in b])


def lif_floor(path: Path) -> Callable[[], object]:
    """Parse the XML header, which is UTF-16 behind 13 bytes that state its length."""
    with open(path, "rb") as file:
        length = 2 * struct.unpack("<I", file.read(13)[9:13])[0]
        text = file.read(length)
    return _at(path, [text], "utf-16-le")


def ome_tiff_floor(path: Path) -> Callable[[], object]:
    """Parse the OME-XML."""
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        text = page.tags[270].value.encode() if 270 in page.tags else b"<OME/>"
    return _at(path, [text])


def nd2_floor(path: Path) -> Callable[[], object]:
    """Decode the metadata chunks."""
    import nd2

    def decode() -> object:
        with nd2.ND2File(path) as file:
            return (file.attributes, file.metadata, file.experiment, file.text_info, file.unstructured_metadata())

    return decode


def dv_floor(path: Path) -> Callable[[], object]:
    """Decode the header and the extended header."""

    def decode() -> object:
        with open(path, "rb", buffering=0) as file:
            header = file.read(1024)
            order = "<" if header[96:98] == b"\xa0\xc0" else ">"
            length = struct.unpack(order + "i", header[92:96])[0]
            return struct.unpack(f"{order}{length // 4}f", file.read(length)[: length // 4 * 4])

    return decode


def oib_floor(path: Path) -> Callable[[], object]:
    """Read the main file of settings from the compound document."""
    import oiffile

    def decode() -> object:
        with oiffile.OifFile(path) as file:
            return file.mainfile

    return decode


def ims_floor(path: Path) -> Callable[[], object]:
    """Read all attributes."""
    import h5py

    def decode() -> object:
        found: list[object] = []
        with h5py.File(path) as file:
            file["DataSetInfo"].visititems(lambda _, group: found.extend(group.attrs.items()))
        return found

    return decode


def lsm_floor(path: Path) -> Callable[[], object]:
    """Decode the information of the file."""
    import tifffile

    def decode() -> object:
        with tifffile.TiffFile(path) as file:
            return file.lsm_metadata

    return decode


def zarr_floor(path: Path) -> Callable[[], object]:
    """Parse all JSON files, and the OME-XML where there is one."""
    from lxml import etree

    named = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
    texts = sorted(p for p in path.rglob("*") if p.name in named)
    xml = sorted(path.rglob("METADATA.ome.xml"))
    return lambda: ([json.loads(p.read_bytes()) for p in texts], [etree.fromstring(p.read_bytes()) for p in xml])


FLOORS: dict[str, Callable[[Path], Callable[[], object]]] = {
    ".czi": czi_floor, ".lif": lif_floor, ".nd2": nd2_floor, ".dv": dv_floor, ".oib": oib_floor, ".ims": ims_floor,
    ".lsm": lsm_floor, ".tif": ome_tiff_floor, ".tiff": ome_tiff_floor, ".zarr": zarr_floor,
}  # fmt: skip


def floor(path: Path) -> Callable[[], object] | None:
    """Return the floor of a file, None where its form has none here."""
    found = FLOORS.get(path.suffix.lower())
    return found(path) if found else None
