"""Zeiss CZI: the metadata document, the structure that the sub-block directory states, and facts of each plane."""

from __future__ import annotations

import os
from array import array
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.counting import counted
from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract.findings import Finding, Severity
from nbo_extract.record import CUT_OFF, RawRecord
from nbo_extract_readers.formats import CZI

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract.record import PlaneColumns
    from nbo_extract_readers.zisraw import Attachment, Directory, Entry, ZisrawFile


INFO = CZI

PIXEL_TYPES = {
    0: "Gray8",
    1: "Gray16",
    2: "Gray32Float",
    3: "Bgr24",
    4: "Bgr48",
    8: "Bgr96Float",
    9: "Bgra32",
    10: "Gray64ComplexFloat",
    11: "Bgr192ComplexFloat",
    12: "Gray32",
    13: "Gray64",
}
COMPRESSIONS = {0: "Uncompressed", 1: "JPEG", 2: "LZW", 4: "JPEG-XR", 5: "Zstd0", 6: "Zstd1"}
# Dimensions whose extents a scene states, in the order of the attributes; others come behind them.
_SIZES = "ZCTHMBRIV"
_SIGN = 1 << 31


@dataclass(slots=True)
class Scene:
    """One scene as the sub-block directory states it; only sub-blocks at full resolution count.

    Attributes
    ----------
    index : int or None
        The vendor's scene index; None in files without scenes.
    rows : list of int
        Directory indices of its sub-blocks, in the order of T, C, Z, other dimensions, M.
    """

    index: int | None
    rows: list[int] = field(default_factory=list)
    pyramid: bool = False
    spans: dict[str, dict[int, int]] = field(default_factory=dict)
    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0
    pixel_types: dict[int | None, dict[int, None]] = field(default_factory=dict)
    compressions: dict[int | None, dict[int, None]] = field(default_factory=dict)

    def add(self, row: int, entry: Entry) -> None:
        """Take in a sub-block at full resolution."""
        at = {d.name: d for d in entry.dimensions}
        x, y = at["X"], at["Y"]
        if not self.rows:
            self.left, self.top, self.right, self.bottom = x.start, y.start, x.start + x.size, y.start + y.size
        self.left, self.right = min(self.left, x.start), max(self.right, x.start + x.size)
        self.top, self.bottom = min(self.top, y.start), max(self.bottom, y.start + y.size)
        for d in entry.dimensions:
            if d.name not in ("X", "Y", "S"):
                span = self.spans.setdefault(d.name, {})
                span[d.start] = max(span.get(d.start, 1), d.size)
        channel = at["C"].start if "C" in at else None
        self.pixel_types.setdefault(channel, {})[entry.pixel_type] = None
        self.compressions.setdefault(channel, {})[entry.compression] = None
        self.rows.append(row)

    def extent(self, name: str) -> int:
        """Return how many indices of a dimension occur."""
        count, end = 0, -_SIGN
        for start, size in sorted(self.spans[name].items()):
            count += max(0, start + size - max(start, end))
            end = max(end, start + size)
        return count


def read(path: str) -> RawRecord:
    """Read the metadata of a CZI file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``CZI`` with the vendor's ``ImageDocument`` as it is and a ``Structure`` of scenes, channels and
        attachments; planes by the ``Key`` of the scene, one row a sub-block at full resolution. What is damaged is
        left out and is a finding.

    Raises
    ------
    CorruptFileError
        If neither metadata nor directory can be read.
    NboExtractError
        If the file cannot be opened or read.
    """
    from nbo_extract_readers.zisraw import ZisrawFile

    if not os.path.isfile(path):
        raise NboExtractError(f"{path} is no file: name a CZI file that exists")
    try:
        with open(path, "rb", buffering=0) as stream:
            return _Reading(ZisrawFile(stream, path), path).record()
    except OSError as error:
        reason = error.strerror or str(error)
        raise NboExtractError(f"{path} cannot be read ({reason}): check that you may read it and its drive") from error


class _Reading:
    """One pass through one open file."""

    def __init__(self, file: ZisrawFile, path: str) -> None:
        self.file = file
        self.path = path
        self.findings: list[Finding] = []
        self.attachments: list[Attachment] = []
        self.times: array[float] = array("d")
        self.files = [os.path.abspath(path)]

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    def record(self) -> RawRecord:
        """Read all and put it together."""
        from lxml import etree

        header = self.file.header
        tree = etree.Element("CZI")
        document, lost = self.document()
        directory = self.file.directory()
        if document is not None:
            tree.append(document)
        elif not len(directory):
            raise CorruptFileError(
                f"{self.path} holds neither readable metadata nor sub-blocks "
                f"({lost}; {directory.problem or 'the sub-block directory is empty'}): "
                "copy it again from where it was written"
            )
        if directory.problem:
            message = f"sub-block directory is damaged ({directory.problem}): sizes and per-plane facts are missing"
            self.find("NBO102", message, "SubBlockDirectory")
        scenes = build_scenes(directory)
        self.structure(tree, scenes)
        planes = self.planes(directory, scenes)
        self.cut_off(directory)
        return RawRecord(
            path=self.path,
            format="Zeiss CZI",
            reader=INFO.name,
            vocabulary="zeiss-czi",
            tree=tree,
            planes=planes,
            versions={"format": f"{header.major}.{header.minor}", "reader": INFO.name},
            files=tuple(self.files),
            findings=self.findings,
        )

    def cut_off(self, directory: Directory) -> None:
        """Say so where the file ends before what its directories name."""
        from nbo_extract_readers.zisraw import needed_bytes

        needed = needed_bytes(self.file, directory, self.attachments)
        if needed > self.file.size:
            message = (
                f"the file is cut off or damaged: it has {self.file.size} bytes and names data up to byte {needed}; "
                "copy it again from where it was written"
            )
            self.find(CUT_OFF, message, "File", "error")

    def document(self) -> tuple[etree._Element | None, str]:
        """Return the vendor's document, and why there is none where there is none."""
        from nbo_extract_readers.vendor_xml import parse

        data, lost = self.file.metadata()
        if lost:
            self.find("NBO101", f"no metadata document can be read: {lost}", "Metadata", "error")
            return None, lost
        root, repaired, problem = parse(data, "ImageDocument")
        if root is None:
            lost = f"the metadata document cannot be read: {problem}"
            self.find("NBO104", lost, "Metadata", "error")
            return None, lost
        if repaired:
            message = f"illegal characters in {counted(repaired, 'place')} of the metadata document were replaced"
            self.find("NBO103", message, "Metadata")
        if problem:
            message = f"the metadata document is not well-formed ({problem}): what could be read of it is used"
            self.find("NBO104", message, "Metadata")
        return root, ""

    def structure(self, tree: etree._Element, scenes: list[Scene]) -> None:
        """Add the facts that stand in no XML."""
        from lxml import etree

        from nbo_extract_readers.czi_times import embedded_times

        header = self.file.header
        structure = etree.SubElement(tree, "Structure")
        file = etree.SubElement(structure, "File", Major=str(header.major), Minor=str(header.minor))
        file.set("FileGuid", header.file_guid)
        if header.multi_part:
            file.set("PrimaryFileGuid", header.primary_guid)
            file.set("FilePart", str(header.part))
        for key, scene in enumerate(scenes):
            self.scene(etree.SubElement(structure, "Scene", Key=str(key)), scene)
        attachments, problem = self.file.attachments()
        self.attachments = attachments
        if problem:
            self.find("NBO102", f"embedded files are not listed: {problem}", "AttachmentDirectory", "info")
        for attachment in attachments:
            kind = attachment.content_type
            element = etree.SubElement(structure, "Attachment", Name=attachment.name, ContentFileType=kind)
            if kind == "CZTIMS" and not self.times:
                self.times, problem = embedded_times(self.file, attachment)
                if problem:
                    message = f"the times of the embedded {attachment.name} cannot be read: {problem}"
                    self.find("NBO102", message, f"Attachment/{attachment.name}")
                element.text = " ".join(map(repr, self.times)) or None

    def scene(self, element: etree._Element, scene: Scene) -> None:
        """Describe a scene and its channels."""
        from lxml import etree

        name = "the image" if scene.index is None else f"scene {scene.index}"
        if scene.index is not None:
            element.set("Index", str(scene.index))
        if scene.rows:
            element.set("SizeX", str(scene.right - scene.left))
            element.set("SizeY", str(scene.bottom - scene.top))
            element.set("StartX", str(scene.left))
            element.set("StartY", str(scene.top))
        else:
            message = f"{name} has pyramid levels only, no sub-block at full resolution: its sizes are missing"
            self.find("NBO102", message, "SubBlockDirectory")
        known = [n for n in _SIZES if n in scene.spans]
        for dimension in (*known, *sorted(set(scene.spans) - set(known))):
            element.set(f"Size{dimension}", str(scene.extent(dimension)))
        if scene.pyramid:
            element.set("Pyramid", "true")
        for channel in sorted(scene.pixel_types, key=lambda c: -_SIGN if c is None else c):
            child = etree.SubElement(element, "Channel")
            if channel is not None:
                child.set("Index", str(channel))
            types = [PIXEL_TYPES.get(t, str(t)) for t in scene.pixel_types[channel]]
            if len(types) == 1:
                child.set("PixelType", types[0])
            else:
                which = name if channel is None else f"channel {channel} of {name}"
                message = f"{which} has sub-blocks of several pixel types ({', '.join(types)}): its type is left out"
                self.find("NBO102", message, "SubBlockDirectory")
            child.set("Compression", " ".join(COMPRESSIONS.get(c, str(c)) for c in scene.compressions[channel]))

    def planes(self, directory: Directory, scenes: list[Scene]) -> dict[str, PlaneColumns]:
        """Read the facts of each plane, by key of the scene."""
        from nbo_extract_readers.czi_parts import open_parts
        from nbo_extract_readers.czi_planes import PlaneReader
        from nbo_extract_readers.czi_times import add_times

        header = self.file.header
        wanted = {directory.place(row)[1] for scene in scenes for row in scene.rows} - {header.part}
        with ExitStack() as stack:
            parts = open_parts(self.file, wanted, stack) if wanted and not header.part else {}
            reader = PlaneReader(self.file, directory, parts)
            planes = {str(key): reader.read(scene.rows) for key, scene in enumerate(scenes) if scene.rows}
            self.files += [os.path.abspath(parts[number].path) for number in sorted(parts)]
        if len(scenes) == 1:  # the times do not say of which scene they are
            for columns in planes.values():
                add_times(columns, self.times)
        if header.part or reader.elsewhere or (header.multi_part and not parts):
            part = f"part {header.part} of a multi-file CZI (primary file {header.primary_guid})"
            lie = counted(reader.elsewhere, "sub-block of its directory lies", "sub-blocks of its directory lie")
            message = f"this is {part}: {lie} in other parts"
            self.find("NBO106", f"{message}, which are not read", "FileHeader", "info")
        for code, message in reader.problems():
            self.find(code, message, "SubBlock")
        return planes


def build_scenes(directory: Directory) -> list[Scene]:
    """Group the directory into scenes, in ascending order of their index."""
    others = sorted(directory.names - set("TCZMXYS"))
    order = [*"TCZ", *others, "M"]
    scenes: dict[int | None, Scene] = {}
    keys: dict[int, bytes] = {}
    for row, entry in enumerate(directory):
        at = {d.name: d.start for d in entry.dimensions}
        index = at.get("S")
        scene = scenes.setdefault(index, Scene(index))
        if entry.reduced:
            scene.pyramid = True
            continue
        scene.add(row, entry)
        # Fixed-width texts are smaller than tuples of numbers: directories can have a million entries.
        keys[row] = b"".join((at[n] + _SIGN + 1).to_bytes(5, "big") if n in at else b"\0" * 5 for n in order)
    for scene in scenes.values():
        scene.rows.sort(key=keys.__getitem__)
    return [scenes[i] for i in sorted(scenes, key=lambda i: -_SIGN - 1 if i is None else i)]
