"""Reading, measured: ours against parsing the vendor metadata alone, warm Bio-Formats and bioio, in one run.

Each candidate reads the same file again and again in this process, in turn with the others; its shortest time
counts. The floor is what the parser of the vendor's form needs for the metadata alone: lxml for XML in memory,
the format's own library for binary forms.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS = 9


class Row(NamedTuple):
    """One line of the table: what was measured beside what, in seconds."""

    what: str
    seconds: float
    reference: str
    reference_seconds: float


def in_turn(jobs: dict[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Run jobs in turn and return the shortest time of each in seconds; each runs once before, to warm up."""
    taken = {}
    for name, job in jobs.items():
        job()
        taken[name] = float("inf")
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            taken[name] = min(taken[name], time.perf_counter() - start)
    return taken


def czi_floor(path: Path) -> Callable[[], object]:
    """Parse the metadata document and the metadata of all sub-blocks."""
    from lxml import etree

    from nbo_extract_readers.vendor_xml import make_parser
    from nbo_extract_readers.zisraw import ZisrawFile

    with open(path, "rb", buffering=0) as stream:
        file = ZisrawFile(stream, str(path))
        document, _ = file.metadata()
        directory = file.directory()
        blocks = [file.subblock(directory.place(i)[0], directory.raw(i)).metadata for i in range(len(directory))]
    texts = [document[: document.rfind(b">") + 1]] if document else []
    texts += [b[: b.rfind(b">") + 1] for b in blocks if b and b"<" in b]
    parser = make_parser(recover=True)
    return lambda: [etree.fromstring(text, parser) for text in texts]


def lif_floor(path: Path) -> Callable[[], object]:
    """Parse the XML header of a LIF, which is UTF-16 behind 13 bytes that state its length."""
    from lxml import etree

    head = path.read_bytes()[: 13 + 2 * int.from_bytes(path.open("rb").read(13)[9:13], "little")]
    text = head[13:].decode("utf-16-le").encode("utf-8")
    return lambda: etree.fromstring(text)


def nd2_floor(path: Path) -> Callable[[], object]:
    """Decode the metadata chunks of an ND2 with the library that knows them."""
    import nd2

    def decode() -> object:
        with nd2.ND2File(path) as file:
            return (file.attributes, file.metadata, file.experiment, file.text_info, file.unstructured_metadata())

    return decode


def ome_tiff_floor(path: Path) -> Callable[[], object]:
    """Parse the OME-XML of a TIFF."""
    import tifffile
    from lxml import etree

    with tifffile.TiffFile(path) as file:
        text = (file.ome_metadata or "<OME/>").encode()
    return lambda: etree.fromstring(text)


FLOORS: dict[str, Callable[[Path], Callable[[], object]]] = {
    ".czi": czi_floor,
    ".lif": lif_floor,
    ".nd2": nd2_floor,
    ".tif": ome_tiff_floor,
    ".tiff": ome_tiff_floor,
}


def bioformats_job(path: Path) -> Callable[[], object] | None:
    """Open the file with Bio-Formats in this process; None where jpype or the jar is not at hand."""
    jar = os.environ.get("NBO_BIOFORMATS_JAR")
    try:
        import jpype
    except ImportError:
        return None
    if not jar:
        return None
    if not jpype.isJVMStarted():
        jpype.startJVM(classpath=[jar], convertStrings=True)
        jpype.JPackage("loci").common.DebugTools.setRootLevel("ERROR")
    loci = jpype.JPackage("loci")
    service = loci.common.services.ServiceFactory().getInstance(loci.formats.services.OMEXMLService.class_)

    def read() -> object:
        reader = loci.formats.ImageReader()
        try:
            store = service.createOMEXMLMetadata()
            reader.setMetadataStore(store)
            reader.setId(str(path))
            return store.dumpXML()
        finally:
            reader.close()

    return read


def bioio_job(path: Path) -> Callable[[], object] | None:
    """Read metadata with bioio; None where it, or a plug-in for the file, is not installed."""
    try:
        from bioio import BioImage
    except ImportError:
        return None

    def read() -> object:
        image: Any = BioImage(path)
        return image.metadata

    try:
        read()
    except Exception:  # whatever it says, there is nothing to measure
        return None
    return read


def reading(path: Path) -> list[Row]:
    """Measure the warm reading of one file beside the floor and the other readers."""
    from nbo_extract.api import extract

    jobs: dict[str, Callable[[], object]] = {"ours": lambda: extract(path)}
    floor = FLOORS.get(path.suffix.lower())
    others = {
        "parsing the vendor metadata": floor(path) if floor else None,
        "Bio-Formats, warm": bioformats_job(path),
        "bioio, warm": bioio_job(path),
    }
    jobs |= {name: job for name, job in others.items() if job is not None}
    taken = in_turn(jobs)
    return [Row(f"{path.name}, warm", taken["ours"], name, taken[name]) for name in jobs if name != "ours"]
