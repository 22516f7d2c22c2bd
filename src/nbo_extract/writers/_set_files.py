"""Which files an OME-TIFF dataset of several files is made of, by what its OME-XML states."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

from nbo_extract.errors import WriteError
from nbo_extract.registry import TIFF_MAGIC
from nbo_extract.writers import _system
from nbo_extract.writers._ifd import MAX_XML_BYTES
from nbo_extract.writers._system import SIDECAR_HINT, SYSTEM, System
from nbo_extract.writers.omexml import is_markup, remove
from nbo_extract.writers.tiff import read_base_xml

_HEAD: Final = 4096
_DOCUMENT: Final = re.compile(rb"<(?:[\w.\-]+:)?OME\s[^>]*openmicroscopy\.org")
_NAMES: Final = re.compile(rb"""\bFileName\s*=\s*(?:"([^"]*)"|'([^']*)')""")
#: The UUID of the OME element, by which the OME-XML of the files of one set differs.
_OWN_UUID: Final = re.compile(rb"""(<(?:[\w.\-]+:)?OME\b[^>]*?)\sUUID\s*=\s*(?:"[^"]*"|'[^']*')""")
_SIZES: Final = ("ID", "DimensionOrder", "Type", "SizeX", "SizeY", "SizeZ", "SizeC", "SizeT")


@dataclass(slots=True)
class Stated:
    """What OME-XML states of files.

    Attributes
    ----------
    uuid : str
        Of the file that holds it.
    metadata_file : str or None
        File that holds the metadata; None where this one does.
    files : dict of str to str
        Names and UUIDs of the files that hold pixels.
    images : list of tuple of str
        What tells one image from another.
    digest : bytes
        Hash of all but the own UUID.
    """

    uuid: str = ""
    metadata_file: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    images: list[tuple[str, ...]] = field(default_factory=list)
    digest: bytes = b""


@dataclass(slots=True)
class FileSet:
    """A dataset of several files.

    Attributes
    ----------
    root : Path
        File whose OME-XML tells of the set: an OME-TIFF or a companion file.
    stated : Stated
        What that states.
    members : list of Path
        Other files that are there, sorted.
    missing : list of str
        Names of those that are not.
    """

    root: Path
    stated: Stated
    members: list[Path]
    missing: list[str]


def is_companion(path: str | os.PathLike[str]) -> bool:
    """Whether a file is OME-XML that names the files that hold its pixels."""
    place = Path(path)
    if not is_document(place):
        return False
    with open(place, "rb") as stream:
        return any(b"FileName" in part for part in iter(lambda: stream.read(1 << 24), b""))


def is_document(path: Path) -> bool:
    """Whether a file begins like OME-XML."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return False
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"<") and _DOCUMENT.search(head) is not None


def is_tiff(path: Path) -> bool:
    """Whether a file begins like a TIFF."""
    try:
        with open(path, "rb") as stream:
            return stream.read(4) in TIFF_MAGIC
    except OSError as error:
        raise WriteError(f"{path} cannot be opened: {_system.cause(error)}") from error


def read_companion(path: Path) -> bytes:
    """Read a companion file.

    Raises
    ------
    WriteError
        If it cannot be read, or is larger than any OME-XML.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(MAX_XML_BYTES + 1)
    except OSError as error:
        raise WriteError(f"{path} cannot be read: {_system.cause(error)}") from error
    if len(content) > MAX_XML_BYTES:
        raise WriteError(f"{path}: OME-XML of more than {MAX_XML_BYTES} bytes is beyond the limit; {SIDECAR_HINT}")
    return content


def find_set(path: str | os.PathLike[str], *, follow_links: bool = False, system: System = SYSTEM) -> FileSet | None:
    """Find the files of the set that a file belongs to.

    Names come from the file, so that a file outside of its folder is never one of them.

    Parameters
    ----------
    path : path-like
        An OME-TIFF or a companion file.
    follow_links : bool
        Whether links are followed, also where they lead out of the folder.
    system : System
        The system calls.

    Returns
    -------
    FileSet or None
        None for a TIFF that is a set of one.

    Raises
    ------
    WriteError
        If the file cannot be read, or the one that holds its metadata is not there.
    """
    place = Path(path)
    if not follow_links or not place.is_symlink():
        return _find(place, follow_links, system)
    # A folder may hold a link for each file of the set, or one link may lead to where they are.
    try:
        found = _find(place, follow_links, system)
    except WriteError:
        found = None
    if found is not None and not found.missing:
        return found
    return _find(place.resolve(), follow_links, system)


def _find(place: Path, follow_links: bool, system: System) -> FileSet | None:
    xml = _base_xml(place, system)
    if xml is None or (b"FileName" not in xml and b"BinaryOnly" not in xml) or _names_itself(xml, place.name):
        return None
    stated = state(xml, str(place))
    if stated.metadata_file is not None:
        name = beside(place.parent, stated.metadata_file, follow_links=follow_links)
        if not name:
            raise WriteError(
                f"{place} holds pixels only, and its metadata are in {stated.metadata_file or 'a file without name'}, "
                "which is not beside it: put that file into the same folder"
            )
        member, place = place, place.parent / name
        xml = _base_xml(place, system)
        stated = state(xml, str(place)) if xml is not None else Stated(metadata_file="")
        if stated.metadata_file is not None:
            raise WriteError(f"{place} holds no metadata, though {member} names it for its own; {SIDECAR_HINT}")
        return _gather(place, stated, follow_links)
    found = _gather(place, stated, follow_links)
    alone = not found.members and (not found.missing or (len(stated.files) == 1 and not stated.uuid))
    return None if alone and is_tiff(place) else found


def _base_xml(path: Path, system: System) -> bytes | None:
    if is_tiff(path):
        xml = read_base_xml(path, system=system)
        return xml if xml is not None and is_markup(xml) else None
    return remove(read_companion(path), label=str(path))[0]


def _names_itself(xml: bytes, name: str) -> bool:
    """Whether a file names no other, told without parsing: it may name itself for each of 100,000 planes."""
    if b"BinaryOnly" in xml:
        return False
    own = name.encode("utf-8", "surrogateescape")
    return all((a or b) == own for a, b in _NAMES.findall(xml))


def _gather(root: Path, stated: Stated, follow_links: bool) -> FileSet:
    members: dict[Path, None] = {}
    missing: list[str] = []
    renamed = ""
    for name, uuid in stated.files.items():
        there = beside(root.parent, name, follow_links=follow_links)
        if uuid and uuid == stated.uuid:
            # A file that was renamed since it was written names itself by its old name.
            renamed = there if there and there != root.name else renamed
        elif there:
            members[root.parent / there] = None
        else:
            missing.append(name)
    members.pop(root, None)
    if renamed and members:
        raise WriteError(
            f"{root} is a copy of {renamed}, which is the file of its set: name that one, or {SIDECAR_HINT}"
        )
    return FileSet(root, stated, sorted(members), sorted(missing))


def beside(folder: Path, stated: str, *, follow_links: bool = False) -> str:
    """Return the name, relative to a folder, of a file of a set; empty where it is not there or outside."""
    relative = stated.replace("\\", "/")
    names = [relative, relative.rpartition("/")[2]]
    if relative.startswith("/") or ":" in relative or ".." in relative.split("/"):
        names = names[1:]
    for name in names:
        if not name or "\0" in name or not (folder / name).is_file():
            continue
        # A folder on the way may be a link that leads outside.
        if follow_links or (folder / name).parent.resolve().is_relative_to(folder.resolve()):
            return os.path.normpath(name)
    return ""


def digest_of(xml: bytes) -> bytes:
    """Return the hash of OME-XML without its own UUID: equal for files of a set that state the same."""
    match = _OWN_UUID.search(xml, 0, _HEAD)
    parts = [xml] if match is None else [xml[: match.end(1)], xml[match.end() :]]
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.digest()


def state(xml: bytes, label: str) -> Stated:
    """Return what OME-XML states of files.

    Raises
    ------
    WriteError
        If it is not well-formed UTF-8 or declares entities.
    """
    if b"\0" in xml:
        # Expat would follow a byte order mark of UTF-16, whatever it is told.
        raise WriteError(f"{label}: its OME-XML is not UTF-8 (it holds NUL bytes); {SIDECAR_HINT}")
    reading = _Reading(label)
    try:
        reading.parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise WriteError(
            f"{label}: its OME-XML is not well-formed UTF-8 XML ({expat.ErrorString(error.code)}, "
            f"byte {max(reading.parser.ErrorByteIndex, 0)}); {SIDECAR_HINT}"
        ) from error
    finally:
        del reading.parser  # it refers back
    reading.found.digest = digest_of(xml)
    return reading.found


class _Reading:
    """One pass of expat."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.found = Stated()
        self.path: list[str] = []
        self.name: str | None = None
        self.text = ""
        self.parser = expat.ParserCreate("utf-8")
        self.parser.EntityDeclHandler = self.entity
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def entity(self, *_: object) -> None:
        raise WriteError(f"{self.label}: its OME-XML declares entities, which is not safe to read; {SIDECAR_HINT}")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        self.path.append(local)
        depth = len(self.path)
        if depth == 1:
            self.found.uuid = attributes.get("UUID", "")
        elif depth == 2 and local == "BinaryOnly":
            self.found.metadata_file = attributes.get("MetadataFile", "")
        elif depth == 2 and local == "Image":
            self.found.images.append((attributes.get("ID", ""),))
        elif depth == 3 and local == "Pixels" and self.path[1] == "Image":
            self.found.images.append(tuple(attributes.get(key, "") for key in _SIZES))
        elif depth == 5 and local == "UUID" and self.path[1:4] == ["Image", "Pixels", "TiffData"]:
            self.name, self.text = attributes.get("FileName", ""), ""
            self.parser.CharacterDataHandler = self.characters

    def characters(self, text: str) -> None:
        self.text += text

    def end(self, name: str) -> None:
        self.path.pop()
        if self.name is not None:
            if self.name:
                self.found.files.setdefault(self.name, self.text.strip())
            self.name = None
            self.parser.CharacterDataHandler = None
