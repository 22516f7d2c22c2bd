"""What a library answered of a file, as a record of whichever vocabulary its raw metadata are in."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding
from nbo_extract.record import RawRecord
from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

_ROOT = re.compile(rb"<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)[\s/>]")


def make_record(path: str, reader: str, title: str, answer: dict[str, Any]) -> RawRecord:
    """Make a record of an answer of `nbo_extract_readers._library_worker`.

    Parameters
    ----------
    path : str
    reader : str
        Name of the adapter.
    title : str
        The library, for people.
    answer : dict

    Returns
    -------
    RawRecord
        Where the raw metadata are a vendor's XML that a table knows, of that vocabulary and with the tree that the
        reader of the format gives, but for what stands in no XML. Else ``ome`` over OME-XML: the file's own, or the
        translation of the library, which is a finding. Else ``library``: extents alone. What is in no vocabulary is
        below ``Raw``.

    Raises
    ------
    CorruptFileError
        If nothing of it can be used.
    """
    file = os.path.basename(path)
    name = str(answer.get("by", ""))
    versions = {"reader": reader} | {str(k): str(v) for k, v in dict(answer.get("versions") or {}).items()}
    record = RawRecord(path, f"{title}, {name}", reader, "library", _empty("Record"), {}, versions)
    record.files = (os.path.abspath(path),)
    raw = answer.get("raw") or {}
    if raw.get("kind") == "xml" and raw.get("text"):
        data = str(raw["text"]).encode("utf-8", "replace")
        root = _ROOT.search(data[:4096])
        tag = root[1].decode() if root is not None else ""
        adopt = VOCABULARIES.get(tag)
        if adopt is not None and adopt(record, data, tag, answer.get("structure") or []):
            if tag == "OME" and not raw.get("own", True):
                record.findings.append(_translated(title, name, file))
            return record
    if answer.get("ome") and _ome(record, str(answer["ome"]).encode("utf-8", "replace")):
        record.findings.append(_translated(title, name, file))
        _add_raw(record.tree, raw)
        return record
    for lost in answer.get("lost") or ():
        message = f"{title} gives no {lost}"
        record.findings.append(Finding("NBO102", "info", _legal(message), file=file, source=title))
    _structure(record.tree, answer.get("structure") or [])
    _add_raw(record.tree, raw)
    if not len(record.tree):
        raise CorruptFileError(f"{path}: {title} gives no metadata of it; try another reader with --reader")
    message = (
        f"the metadata that {title} gives are in no vocabulary that a mapping table knows: only the extents are stated"
    )
    record.findings.append(Finding("NBO161", "warning", message, file=file, source=f"{title}, {name}"))
    return record


def _translated(title: str, name: str, file: str) -> Finding:
    message = f"what is stated is a translation to OME by {title} ({name}), not what the vendor wrote"
    return Finding("NBO160", "info", message, file=file, source=f"{title}, {name}")


def _legal(text: str) -> str:
    return ILLEGAL.sub("�", text)


def _empty(name: str) -> etree._Element:
    from lxml import etree

    return etree.Element(name)


# -- vocabularies by the root of the XML ------------------------------------------------------------------------------


def _vendor(record: RawRecord, data: bytes, tag: str) -> etree._Element | None:
    """Return the root of a vendor's XML, and note what was repaired."""
    from nbo_extract_readers.vendor_xml import parse

    parsed = parse(data, tag)
    record.findings.extend(parsed.findings(os.path.basename(record.path), tag))
    return parsed.root


def _zeiss(record: RawRecord, data: bytes, tag: str, images: list[dict[str, Any]]) -> bool:
    from lxml import etree

    root = _vendor(record, data, tag)
    if root is None:
        return False
    record.tree, record.vocabulary = _empty("CZI"), "zeiss-czi"
    record.tree.append(root)
    scenes = root.findall("Metadata/Information/Image/Dimensions/S/Scenes/Scene")
    if len(images) != max(len(scenes), 1):
        return True
    structure = etree.SubElement(record.tree, "Structure")
    for key, image in enumerate(images):
        scene = etree.SubElement(structure, "Scene", Key=str(key))
        if len(images) > 1:
            scene.set("Index", str(key))
        sizes = {str(d): int(s) for d, s in dict(image.get("sizes") or {}).items() if int(s) > 0 and d != "S"}
        for dimension, size in sizes.items():
            # Of a mosaic the library tells the size of a tile, not of the scene.
            if re.fullmatch("[A-Z]", dimension) and not (dimension in "XY" and sizes.get("M", 1) > 1):
                scene.set(f"Size{dimension}", str(size))
    return True


def _leica(record: RawRecord, data: bytes, tag: str, images: list[dict[str, Any]]) -> bool:
    from nbo_extract_readers.leica import add_structures

    root = _vendor(record, data, tag)
    if root is None:
        return False
    record.tree, record.vocabulary = _empty("Leica"), "leica"
    record.tree.append(root)
    record.planes, findings = add_structures(record.tree, os.path.basename(record.path))
    record.findings += findings
    return True


def _ome(record: RawRecord, data: bytes, tag: str = "OME", images: list[dict[str, Any]] | None = None) -> bool:
    from lxml import etree

    from nbo_extract_readers._ome_xml import parse

    xml, findings = parse(data, os.path.basename(record.path))
    record.findings += findings
    if xml is None:
        return False
    record.tree, record.vocabulary, record.planes = _empty("Record"), "ome", xml.planes
    record.tree.append(xml.root)
    structure = etree.SubElement(record.tree, "Structure")
    etree.SubElement(structure, "File", Name=_legal(os.path.basename(record.path)), OMENamespace=xml.namespace)
    for namespace, content in xml.own:
        etree.SubElement(structure, "NBO", {"Namespace": namespace}).text = content
    record.versions["OME"] = xml.version
    return True


VOCABULARIES: dict[str, Callable[[RawRecord, bytes, str, list[dict[str, Any]]], bool]] = {
    "ImageDocument": _zeiss,
    "LMSDataContainerHeader": _leica,
    "LMSDataContainerEnhancedHeader": _leica,
    "OME": _ome,
}


# -- without a vocabulary ---------------------------------------------------------------------------------------------


def _structure(tree: etree._Element, images: list[dict[str, Any]]) -> None:
    from lxml import etree

    if not images:
        return
    structure = etree.SubElement(tree, "Structure")
    for key, image in enumerate(images):
        element = etree.SubElement(structure, "Image", Key=str(key), DataType=_legal(str(image.get("type", ""))))
        if image.get("name"):
            element.set("Name", _legal(str(image["name"])))
        for axis, size in dict(image.get("sizes") or {}).items():
            etree.SubElement(element, "Axis", Name=_legal(str(axis)), Size=str(size))
            if re.fullmatch("[A-Z]", str(axis)):
                element.set(f"Size{axis}", str(size))
        for axis, (scale, unit) in dict(image.get("scales") or {}).items():
            for found in element.findall("Axis"):
                if found.get("Name") == axis:
                    found.set("Scale", repr(float(scale)))
                    found.set("Unit", _legal(str(unit)))
        for name in image.get("channels") or ():
            etree.SubElement(element, "Channel", Name=_legal(str(name)))


def _add_raw(tree: etree._Element, raw: dict[str, Any]) -> None:
    """Keep raw metadata that no table knows: they are listed as not read."""
    from lxml import etree

    from nbo_extract_readers._tree import build
    from nbo_extract_readers.vendor_xml import parse

    if raw.get("kind") == "tree" and raw.get("value"):
        tree.append(build("Raw", raw["value"]))
    elif raw.get("kind") == "xml":
        data = str(raw["text"]).encode("utf-8", "replace")
        root = _ROOT.search(data[:4096])
        parsed = parse(data, root[1].decode()).root if root is not None else None
        if parsed is not None:
            etree.SubElement(tree, "Raw").append(parsed)
