"""OME-TIFF, OME-TIFF with companion file, and TIFF without OME-XML."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract.findings import Finding
from nbo_extract.record import RawRecord
from nbo_extract.registry import TIFF_MAGIC
from nbo_extract_readers._ome_xml import looks_like_ome, parse
from nbo_extract_readers._original import add_original, annotated, image_names
from nbo_extract_readers._text import clean
from nbo_extract_readers._tiff import MAX_VALUE, description_text, read_first_directory
from nbo_extract_readers._wrong import drop_wrong
from nbo_extract_readers.formats import OME_TIFF, is_ome_document

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract_readers._ome_xml import OmeXml
    from nbo_extract_readers._tiff import FirstDirectory

INFO = OME_TIFF
_NAMED = 5


def read(path: str) -> RawRecord:
    """Read the metadata of a TIFF, of a set of OME-TIFF files, or of their companion file.

    Parameters
    ----------
    path : str
        Any file of the set.

    Returns
    -------
    RawRecord
        Vocabulary ``ome`` where there is OME-XML, else ``tiff``. The tree has the element ``OME`` without namespace
        (where there is OME-XML) and ``Structure`` with ``File`` and one ``Tag`` for each tag of the first directory.

    Raises
    ------
    CorruptFileError
        If the file is truncated, or its metadata file is not there.
    NboExtractError
        If the file cannot be opened.

    Notes
    -----
    Source: OME-TIFF specification of the OME model documentation; TIFF 6.0; BigTIFF.
    """
    head = _read_some(path, 4096)
    if head[:4] in TIFF_MAGIC:
        directory = read_first_directory(path)
        xml, findings = _from_description(directory, path)
    elif is_ome_document(head):
        directory = None
        xml, findings = parse(_read_some(path, MAX_VALUE), os.path.basename(path))
    else:
        raise CorruptFileError(f"{path} is neither a TIFF nor OME-XML.")
    if xml is None and directory is None:
        raise CorruptFileError(f"{path} is not usable as OME-XML; copy the file again from its source.")
    own = xml.own if xml is not None else []
    if xml is not None and xml.made and directory is not None and _is_made(directory, path):
        # The file itself says nothing; what was made for it is no statement of it.
        xml = None
    files = [os.path.abspath(path)]
    metadata_file = ""
    if xml is not None and xml.root.find("BinaryOnly") is not None:
        metadata_file, xml = _follow(path, xml, findings)
        files.append(os.path.abspath(os.path.join(os.path.dirname(path), metadata_file)))
        own = xml.own
    record = _record(path, directory, xml, metadata_file, own)
    record.findings = findings + _unread(directory, path) + record.findings
    if xml is not None:
        record.planes = xml.planes
        _add_members(files, xml, record.findings, renamed=directory is not None and not metadata_file)
    record.files = tuple(dict.fromkeys(files))
    return record


def _is_made(directory: FirstDirectory, path: str) -> bool:
    """Whether the OME-XML that was made for a file is still what it was: another program may have taken it up."""
    from nbo_extract.errors import WriteError
    from nbo_extract.writers.omexml import remove

    try:
        return remove((directory.description or b"").strip(b"\0"), label=path)[1]
    except WriteError:
        return False


def _read_some(path: str, limit: int) -> bytes:
    try:
        with open(path, "rb") as handle:
            return handle.read(limit)
    except OSError as error:
        raise NboExtractError(
            f"{path} cannot be read ({error.strerror or error}); check that it exists and that you may open it."
        ) from error


def _from_description(directory: FirstDirectory, path: str) -> tuple[OmeXml | None, list[Finding]]:
    description = directory.description
    if description is None:
        return None, []
    if looks_like_ome(description):
        xml, findings = parse(description, os.path.basename(path))
        if xml is not None:
            return xml, findings
    else:
        findings = []
    directory.tags.insert(0, ("ImageDescription", description_text(description)))
    return None, findings


def _unread(directory: FirstDirectory | None, path: str) -> list[Finding]:
    if directory is None or not directory.unread:
        return []
    message = f"The TIFF is damaged: {', '.join(directory.unread)} lie outside of the file and were left out."
    return [Finding("NBO102", "warning", message, file=os.path.basename(path), source="TIFF tags")]


def _follow(path: str, member: OmeXml, findings: list[Finding]) -> tuple[str, OmeXml]:
    """Return name and content of the metadata file that a BinaryOnly file names."""
    block = member.root.find("BinaryOnly")
    stated = "" if block is None else block.get("MetadataFile", "")
    name = beside(os.path.dirname(path), stated)
    if not name:
        raise CorruptFileError(
            f"{path} holds pixels only; its metadata are in {stated or 'a file that it does not name'}, which is not "
            "beside it: put that file into the same folder."
        )
    full = os.path.join(os.path.dirname(path), name)
    head = _read_some(full, 4096)
    if head[:4] in TIFF_MAGIC:
        xml, more = _from_description(read_first_directory(full), full)
    else:
        xml, more = parse(_read_some(full, MAX_VALUE), name)
    if xml is None or xml.root.find("BinaryOnly") is not None:
        raise CorruptFileError(
            f"{path} holds pixels only and names {stated} for its metadata, but that file holds no usable OME-XML."
        )
    findings.extend(more)
    wanted = "" if block is None else block.get("UUID", "")
    if wanted and xml.root.get("UUID", wanted) != wanted:
        findings.append(
            Finding(
                "NBO112",
                "warning",
                f"The metadata file {name} has another UUID than this file asks for; it may belong to other images.",
                file=os.path.basename(path),
                value=wanted,
                source="BinaryOnly/@UUID",
                other=xml.root.get("UUID", ""),
                other_source=f"{name}: OME/@UUID",
            )
        )
    return name, xml


def beside(folder: str, stated: str) -> str:
    """Relative name of a file of the set that exists, empty if it does not; never outside of the folder."""
    relative = stated.replace("\\", "/")
    names = [relative, relative.rpartition("/")[2]]
    if relative.startswith("/") or ":" in relative or ".." in relative.split("/"):
        names = names[1:]
    return next((n for n in names if n and os.path.isfile(os.path.join(folder, n))), "")


def _add_members(files: list[str], xml: OmeXml, findings: list[Finding], *, renamed: bool) -> None:
    """Add the files that TiffData blocks name; one finding lists those that are missing.

    A single TIFF may have been `renamed` since it was written: then it names itself by its old name.
    """
    folder = os.path.dirname(files[-1])
    own = xml.root.get("UUID", "")
    missing: list[str] = []
    for stated, uuid in xml.members.items():
        if not stated or (renamed and uuid == own != ""):
            continue
        name = beside(folder, stated)
        if name:
            files.append(os.path.abspath(os.path.join(folder, name)))
        else:
            missing.append(stated)
    if not missing or (renamed and len(xml.members) == 1 and not own):
        return
    listed = ", ".join(missing[:_NAMED]) + (f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else "")
    are = "file of this set is" if len(missing) == 1 else "files of this set are"
    message = f"{len(missing)} {are} not in the folder: {listed}; the metadata are complete without."
    findings.append(Finding("NBO111", "warning", message, file=os.path.basename(files[0]), source="TiffData/UUID"))


def _record(
    path: str,
    directory: FirstDirectory | None,
    xml: OmeXml | None,
    metadata_file: str,
    own: list[tuple[str, str]],
) -> RawRecord:
    from lxml import etree

    tree = etree.Element("Record")
    versions: dict[str, str] = {}
    findings: list[Finding] = []
    if xml is not None:
        tree.append(xml.root)
        versions["OME"] = xml.version
        original = add_original(tree, annotated(xml.root), image_names(xml.root))
        findings += drop_wrong(xml.root, original, xml.planes, os.path.basename(path))
    structure = etree.SubElement(tree, "Structure")
    _add_file(structure, path, directory, xml, metadata_file)
    for name, text in directory.tags if directory is not None else ():
        legal = clean(text)
        if legal != text:
            message = f"Characters that XML does not allow were left out of the TIFF tag {name}."
            findings.append(Finding("NBO103", "info", message, file=os.path.basename(path), source=f"TIFF tag {name}"))
        etree.SubElement(structure, "Tag", {"Name": name}).text = legal
    for namespace, content in own:
        etree.SubElement(structure, "NBO", {"Namespace": namespace}).text = content
    kind = "TIFF" if xml is None else "OME-TIFF"
    return RawRecord(path, kind, INFO.name, "tiff" if xml is None else "ome", tree, {}, versions, (), findings)


def _add_file(
    structure: etree._Element, path: str, directory: FirstDirectory | None, xml: OmeXml | None, metadata_file: str
) -> None:
    from lxml import etree

    file = etree.SubElement(structure, "File", {"Name": clean(os.path.basename(path))})
    if directory is not None:
        file.set("BigTIFF", str(directory.big).lower())
        file.set("ByteOrder", directory.order)
        file.set("MorePages", str(directory.more).lower())
    if xml is not None:
        file.set("OMENamespace", xml.namespace)
    if metadata_file:
        file.set("MetadataFile", clean(metadata_file))
