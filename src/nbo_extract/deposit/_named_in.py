"""Names of files that stand in OME-XML, and copies of files in which they are others."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
from typing import TYPE_CHECKING, Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._chain import check_chain
from nbo_extract.writers._ifd import TiffFile
from nbo_extract.writers._set_files import is_document, is_tiff, read_companion
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.omexml import is_markup, remove
from nbo_extract.writers.tiff import opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CHUNK: Final = 1 << 22
_TAG: Final = re.compile(rb"""<[^\s/>"'=]+(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE: Final = re.compile(rb"""([^\s=<>"'/]+)\s*=\s*("[^"]*"|'[^']*')""")
_OME: Final = re.compile(rb"<(?:[\w.\-]+:)?OME\s[^>]*openmicroscopy\.org")
_HEAD: Final = 4096
_HINT: Final = re.compile(rf"[;,:]?\s*(?:or\s)?{re.escape(SIDECAR_HINT)}$")


def plain(error: WriteError) -> str:
    """Return the sentence of an error of the writers without its way out, which is that of embedding."""
    return _HINT.sub("", error.message)


def ome_text(path: Path, *, system: System = SYSTEM) -> bytes | None:
    """Return the OME-XML of an OME-TIFF or of a companion file, with any block; None for other files.

    Raises
    ------
    WriteError
        If it cannot be read.
    """
    if not is_tiff(path):
        return read_companion(path) if is_document(path) else None
    with opened(path, system, write=False) as (fd, _):
        tiff = TiffFile(system, fd, path, os.fstat(fd).st_size)
        text = tiff.text(tiff.directory(tiff.first))
    return text if text is not None and is_markup(text) and _OME.search(text[:_HEAD]) else None


def names_files(xml: bytes) -> bool:
    """Whether OME-XML may state names of files."""
    return b"FileName" in xml or b"MetadataFile" in xml


def with_names(xml: bytes, rename: Callable[[str], str], label: str) -> tuple[bytes, int]:
    """Return OME-XML in which the names of files are others, and how many places are.

    Nothing but these names changes; where a block is embedded, its hash of the OME-XML goes with them.

    Parameters
    ----------
    xml : bytes
    rename : callable
        Gives the new name for a stated one; the same where it stays.
    label : str
        What the OME-XML belongs to, for messages.

    Raises
    ------
    WriteError
        If it is not well-formed UTF-8 or declares entities.
    """
    fresh, count = _Naming(xml, rename, label).run()
    if not count:
        return xml, 0
    base, exact = remove(xml, label=label)
    if exact and base != xml:
        old = hashlib.sha256(base).hexdigest().encode()
        new = hashlib.sha256(_Naming(base, rename, label).run()[0]).hexdigest().encode()
        if fresh.count(old) == 1:
            fresh = fresh.replace(old, new)
    return fresh, count


class _Naming:
    """One pass of expat, which notes where names stand."""

    def __init__(self, xml: bytes, rename: Callable[[str], str], label: str) -> None:
        self.xml, self.rename, self.label = xml, rename, label
        self.path: list[str] = []
        self.places: list[tuple[int, int, bytes]] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.EntityDeclHandler = self.entity
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def run(self) -> tuple[bytes, int]:
        if b"\0" in self.xml:
            raise WriteError(f"{self.label}: its OME-XML is not UTF-8 (it holds NUL bytes)")
        try:
            self.parser.Parse(self.xml, True)
        except expat.ExpatError as error:
            raise WriteError(
                f"{self.label}: its OME-XML is not well-formed UTF-8 XML ({expat.ErrorString(error.code)}, "
                f"byte {max(self.parser.ErrorByteIndex, 0)})"
            ) from error
        finally:
            del self.parser  # it refers back
        parts, last = [], 0
        for start, end, text in self.places:
            parts += [self.xml[last:start], text]
            last = end
        return b"".join([*parts, self.xml[last:]]), len(self.places)

    def entity(self, *_: object) -> None:
        raise WriteError(f"{self.label}: its OME-XML declares entities, which is not safe to read")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.path.append(local)
        depth = len(self.path)
        if depth == 2 and local == "BinaryOnly":
            self.note("MetadataFile", attributes)
        elif depth == 5 and local == "UUID" and self.path[1:4] == ["Image", "Pixels", "TiffData"]:
            self.note("FileName", attributes)

    def end(self, _: str) -> None:
        self.path.pop()

    def note(self, attribute: str, attributes: dict[str, str]) -> None:
        stated = attributes.get(attribute, "")
        new = self.rename(stated) if stated else stated
        if new == stated:
            return
        at = self.parser.CurrentByteIndex
        tag = _TAG.match(self.xml, at)
        for found in _ATTRIBUTE.finditer(tag[0] if tag else b""):
            if found[1] == attribute.encode():
                fresh = _quoted(new, found[2][:1])
                self.places.append((at + found.start(2), at + found.end(2), fresh))
                return
        raise WriteError(f"{self.label}: the start tag at byte {at} cannot be read")


def _quoted(text: str, quote: bytes) -> bytes:
    other = {'"': "&quot;"} if quote == b'"' else {"'": "&apos;"}
    return quote + escape(text, other).encode("ascii", "xmlcharrefreplace") + quote


def write_copy(source: Path, target: Path, xml: bytes, *, system: System = SYSTEM) -> None:
    """Write a copy of an OME-TIFF or companion file that states other OME-XML.

    Of a TIFF each byte stays where it is, but for the offset of the first directory in the header: the OME-XML and a
    directory that points to it follow behind. The copy is a file of its own, also where a link stood in its place.

    Parameters
    ----------
    source, target : Path
        `target` is replaced where it is there already, once the copy is whole.
    xml : bytes
        The new OME-XML.
    system : System
        The system calls.

    Raises
    ------
    WriteError
        If it cannot be written; what was at `target` is as it was.
    """
    if os.path.abspath(source) == os.path.abspath(target):
        raise WriteError(f"{source} is an original, which is never changed: choose another folder for the copies")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if is_tiff(source):
            _write_tiff(source, target, xml, system)
        else:
            _system.replace_file(target, xml, system, like=source)
        shutil.copystat(source, target)
    except OSError as error:
        raise WriteError(f"{target} could not be written: {_system.cause(error)}") from error


def _write_tiff(source: Path, target: Path, xml: bytes, system: System) -> None:
    with opened(source, system, write=False) as (fd, _):
        size = os.fstat(fd).st_size
        tiff = TiffFile(system, fd, source, size)
        check_chain(tiff, tiff.first)
        kind = tiff.kind
        text_at = size + -size % 8
        directory_at = text_at + len(xml) + 1 + -(len(xml) + 1) % 8
        directory = tiff.directory(tiff.first).describe(len(xml) + 1, text_at).pack()
        if directory_at + len(directory) > kind.limit:
            raise WriteError(
                f"{source} is a classic TIFF of {size} bytes, and with other names in its OME-XML it would pass the "
                "4 GiB that this format can address: convert it to BigTIFF"
            )
        tail = bytes(text_at - size) + xml + bytes(directory_at - text_at - len(xml)) + directory
        _system.check_free(system, target.parent, target, size + len(tail))
        with _system.prepared(target, system) as out:
            for at in range(0, size, _CHUNK):
                part = _system.read_exactly(system, fd, at, min(_CHUNK, size - at))
                _system.write_exactly(system, out, at, part)
            _system.write_exactly(system, out, size, tail)
            _system.write_exactly(system, out, kind.first_at, struct.pack(kind.offset, directory_at))
            system.fsync(out)
            made = TiffFile(system, out, target, size + len(tail))
            if os.fstat(out).st_size != size + len(tail) or made.text(made.directory(made.first)) != xml:
                raise WriteError(f"{target} reads back differently from what was written: try again")
