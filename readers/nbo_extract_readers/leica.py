"""Leica LIF, LOF, XLIF and the projects XLEF and XLCF: the XML that LAS AF and LAS X write, and times of each plane.

A LIF is a header of 13 bytes, its XML in UTF-16, then blocks of memory; a LOF has its one block first. Layout and
numbers of dimensions as in the description of the format by Leica Microsystems and in files of LAS AF and LAS X 2 to 5.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from nbo_extract.counting import counted
from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding, Severity
from nbo_extract.record import CUT_OFF, PlaneColumns, RawRecord
from nbo_extract_readers.formats import LEICA
from nbo_extract_readers.leica_planes import DIMENSIONS, describe, stamps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

INFO = LEICA

_HEAD = struct.Struct("<IIBI")  # 0x70, bytes that follow, 0x2A, characters
_BLOCK = struct.Struct("<IIBQBI")  # 0x70, bytes, 0x2A, bytes of memory, 0x2A, characters of its name
_BLOCK_1 = struct.Struct("<IIBIBI")  # the same in files of version 1
_LOF = struct.Struct("<BIBIBQ")  # 0x2A, version, 0x2A, version, 0x2A, bytes of memory
MAX_XML_BYTES = 256 << 20
MAX_BLOCKS = 1_000_000
MAX_REFERENCES = 20_000
_ROOTS = ("LMSDataContainerHeader", "LMSDataContainerEnhancedHeader")


def read(path: str) -> RawRecord:
    """Read the metadata of a Leica file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``Leica`` with the vendor's ``LMSDataContainerHeader`` as it is, but that each ``Element`` of an image got
        a child ``Structure`` with its ``Key``, its ``Path`` in the project and its extents; planes by that key.

    Raises
    ------
    CorruptFileError
        If its XML cannot be read.
    """
    return _Reading(path).record()


class _Reading:
    """One pass through one file, and through the files that a project refers to."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.files = [os.path.abspath(path)]
        self.planes: dict[str, PlaneColumns] = {}

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    def record(self) -> RawRecord:
        """Read all and put it together."""
        from lxml import etree

        tree = etree.Element("Leica")
        with open(self.path, "rb") as stream:
            root = self.xml(stream)
            tree.append(root)
            if not self._is_text(stream):
                self.cut_off(stream, root)
        if root.find(".//Reference") is not None:
            self.follow(tree, root)
        self.planes, findings = add_structures(tree, os.path.basename(self.path))
        self.findings += findings
        return RawRecord(
            path=self.path,
            format=_format(self.path),
            reader=INFO.name,
            vocabulary="leica",
            tree=tree,
            planes=self.planes,
            versions={"format": str(root.get("Version", "")), "reader": INFO.name},
            files=tuple(self.files),
            findings=self.findings,
        )

    @staticmethod
    def _is_text(stream: BinaryIO) -> bool:
        stream.seek(0)
        return stream.read(4) != b"\x70\0\0\0"

    # -- XML ------------------------------------------------------------------------------------------------------

    def xml(self, stream: BinaryIO) -> etree._Element:
        """Return the root of the XML, of whichever of the forms the file is."""
        from nbo_extract_readers.vendor_xml import parse

        data = self._text(stream)
        tag = next((t for t in _ROOTS if f"<{t}".encode() in data[:4096]), _ROOTS[0])
        if f"<{tag}".encode() not in data and data.lstrip().startswith(b"<Data"):
            # Some LOF files hold the content of one element alone.
            name = os.path.splitext(os.path.basename(self.path))[0]
            for character, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
                name = name.replace(character, entity)
            head = f'<{tag} Version="2"><Element Name="{name}">'
            data = head.encode() + data + f"</Element></{tag}>".encode()
        parsed = parse(data, tag)
        if parsed.root is None:
            raise self._corrupt(f"its XML cannot be read: {parsed.problem}")
        self.findings += parsed.findings(os.path.basename(self.path), "XML")
        return parsed.root

    def _text(self, stream: BinaryIO) -> bytes:
        """Return the XML as UTF-8."""
        size = os.fstat(stream.fileno()).st_size
        head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise self._corrupt(f"it has {size} bytes, fewer than the head of a Leica file")
        magic, _, mark, characters = _HEAD.unpack(head)
        if magic != 0x70:
            if size > MAX_XML_BYTES:
                raise self._corrupt(f"its {size} bytes of XML are more than a reader may use")
            return _utf8(head + stream.read())
        if mark != 0x2A:
            raise self._corrupt("it does not begin as a Leica file does")
        text = self._characters(stream, characters, size)
        if text[:30].decode("utf-16-le", "replace").startswith("LMS_Object_File"):
            text = self._behind_block(stream, size)
        return text.decode("utf-16-le", "replace").encode("utf-8", "replace")

    def _characters(self, stream: BinaryIO, characters: int, size: int) -> bytes:
        wanted = 2 * characters
        if min(wanted, size) > MAX_XML_BYTES:
            raise self._corrupt(f"its header states {wanted} bytes of XML, more than a reader may use")
        text = stream.read(min(wanted, size))
        if len(text) < wanted:
            message = f"the file is cut off: it has {size} bytes and ends within its XML of {wanted} bytes"
            self.find(CUT_OFF, f"{message}; copy it again from where it was written", "XML", "error")
            text = text[: len(text) // 2 * 2]
        return text

    def _behind_block(self, stream: BinaryIO, size: int) -> bytes:
        """Return the XML of a LOF, which stands behind its block of memory."""
        head = stream.read(_LOF.size)
        if len(head) == _LOF.size:
            marks = _LOF.unpack(head)
            if marks[0] == marks[2] == marks[4] == 0x2A and stream.tell() + marks[5] < size:
                stream.seek(marks[5], os.SEEK_CUR)
                head = stream.read(_HEAD.size)
                if len(head) == _HEAD.size and _HEAD.unpack(head)[0] == 0x70:
                    return self._characters(stream, _HEAD.unpack(head)[3], size)
        raise self._corrupt(f"it has {size} bytes and its XML is not where its block of memory ends")

    def _corrupt(self, why: str) -> CorruptFileError:
        return CorruptFileError(f"{self.path} is cut off or damaged: {why}; copy it again from where it was written")

    # -- memory blocks --------------------------------------------------------------------------------------------

    def cut_off(self, stream: BinaryIO, root: etree._Element) -> None:
        """Say so where the file ends before its blocks of memory do; a LOF has its only block before the XML."""
        form = _BLOCK_1 if root.get("Version") == "1" else _BLOCK
        size = os.fstat(stream.fileno()).st_size
        stream.seek(0)
        head = _HEAD.unpack(stream.read(_HEAD.size))
        position = _HEAD.size + 2 * head[3]
        if stream.read(30).decode("utf-16-le", "replace").startswith("LMS_Object_File"):
            return
        for _ in range(MAX_BLOCKS):
            stream.seek(position)
            data = stream.read(form.size)
            if not data:
                break
            magic, _, mark, memory, second, characters = form.unpack(data.ljust(form.size, b"\0"))
            if len(data) == form.size and (magic, mark, second) != (0x70, 0x2A, 0x2A):
                message = f"a block of memory at byte {position} does not begin as it should: the file is damaged there"
                self.find("NBO102", message, "MemoryBlock")
                return
            position += form.size + 2 * characters + memory
            if len(data) < form.size or position > size:
                break
        if position > size and not any(f.code == CUT_OFF for f in self.findings):
            message = (
                f"the file is cut off or damaged: it has {size} bytes and its blocks of memory end at byte {position} "
                "or later; copy it again from where it was written"
            )
            self.find(CUT_OFF, message, "MemoryBlock", "error")

    # -- projects of several files --------------------------------------------------------------------------------

    def follow(self, tree: etree._Element, root: etree._Element) -> None:
        """Read the files that a project refers to, and hang their elements into it in place of the references."""
        folder = os.path.dirname(self.path)
        waiting = [(reference, folder) for reference in root.iter("Reference")]
        missing: list[str] = []
        seen = {os.path.realpath(self.path)}
        while waiting and len(seen) < MAX_REFERENCES:
            reference, folder = waiting.pop(0)
            name = unquote(reference.get("File", "")).replace("\\", "/")
            if not name.lower().endswith((".xlif", ".xlef", ".xlcf", ".xllf", ".lof")):
                continue
            path = _on_disk(os.path.normpath(os.path.join(folder, name)))
            if os.path.realpath(path) in seen:
                continue
            seen.add(os.path.realpath(path))
            if not os.path.isfile(path):
                missing.append(name)
                continue
            other = _Reading(path)
            with open(path, "rb") as stream:
                try:
                    inner = other.xml(stream)
                except CorruptFileError as error:
                    self.find("NBO101", error.message, name, "error")
                    continue
            self.findings += other.findings
            self.files.append(os.path.abspath(path))
            home = reference.getparent()
            for element in inner.findall("Element"):
                (tree if home is None else home).append(element)
                waiting += [(r, os.path.dirname(path)) for r in element.iter("Reference")]
        if missing:
            are = counted(len(missing), "file of the project is", "files of the project are")
            message = f"{are} missing, the first is {missing[0]}"
            self.find("NBO111", message, "Reference")


# -- images -----------------------------------------------------------------------------------------------------------


def add_structures(tree: etree._Element, file: str) -> tuple[dict[str, PlaneColumns], list[Finding]]:
    """Add a ``Structure`` to each image of a tree that holds the XML of Leica, in place.

    Returns
    -------
    tuple
        The planes by the key of the image; findings about `file`.
    """
    planes: dict[str, PlaneColumns] = {}
    findings: list[Finding] = []
    for key, (element, names) in enumerate(images(tree)):
        columns, problem = _image(element, str(key), "/".join(names))
        if columns is not None:
            planes[str(key)] = columns
        findings += [Finding("NBO102", s, message, file=file, source="Dimensions") for s, message in problem]
    return planes, findings


def _image(element: etree._Element, key: str, name: str) -> tuple[PlaneColumns | None, list[tuple[Severity, str]]]:
    """Add what describes the extents of an image; return its planes, and what could not be read."""
    from lxml import etree

    content = element.find("Data/Image")
    if content is None:
        return None, []
    structure = etree.SubElement(element, "Structure", Key=key, Path=name)
    axes = describe(content, structure)
    if axes is None:
        return None, [("warning", f"{name} describes its dimensions in no way that can be read: its sizes are missing")]
    unknown = sorted(str(a.number) for a in axes if a.number not in DIMENSIONS)
    problem: list[tuple[Severity, str]] = (
        [("info", f"{name} has a dimension of unknown kind {unknown[0]}")] if unknown else []
    )
    return stamps(content, axes, structure), problem


def images(tree: etree._Element) -> Iterator[tuple[etree._Element, tuple[str, ...]]]:
    """Yield each element that is an image, with the names from the project down to it, the project's own left out.

    Where an image is the project itself, as in XLIF and LOF files, its name is all there is.
    """
    waiting = [(e, ()) for root in tree for e in reversed(root.findall("Element"))]
    found: list[tuple[etree._Element, tuple[str, ...]]] = [(e, n) for e, n in waiting]
    while found:
        element, above = found.pop()
        name = element.get("Name", "")
        if element.find("Data/Image") is not None:
            yield element, (*above[1:], name)
        children = [c for holder in element.findall("Children") for c in holder.iter("Element") if _own(c, holder)]
        children += element.findall("Element")
        found += [(c, (*above, name)) for c in reversed(children)]


def _own(element: etree._Element, holder: etree._Element) -> bool:
    """Whether an element stands directly in a list of children, or in a reference there."""
    parent = element.getparent()
    return parent is holder or (parent is not None and parent.getparent() is holder and parent.tag == "Reference")


def _on_disk(path: str) -> str:
    """Return the path as it is written on disk: Windows, which names the files, does not tell case."""
    if os.path.exists(path):
        return path
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            return next(e.path for e in entries if e.name.lower() == name.lower())
    except (OSError, StopIteration):
        return path


def _utf8(data: bytes) -> bytes:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode()
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _format(path: str) -> str:
    suffix = os.path.splitext(path)[1].lower()
    return {
        ".lof": "Leica LOF",
        ".xlif": "Leica XLIF",
        ".xlef": "Leica XLEF",
        ".xlcf": "Leica XLCF",
        ".xllf": "Leica XLLF",
    }.get(suffix, "Leica LIF")
