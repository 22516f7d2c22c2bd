"""OME-XML as both readers take it apart: repaired text, names without namespace, planes in columns.

Planes and TiffData blocks may be a hundred thousand; they leave the tree here and become columns and file names.
"""

from __future__ import annotations

import contextlib
import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from nbo_extract.findings import Finding
from nbo_extract.record import PlaneColumns
from nbo_extract_readers._ome_repair import repaired
from nbo_extract_readers._ome_runs import MARK, Runs, take_runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

# Annotations of this product; what they hold is no metadata of the file's writer.
OWN_NAMESPACE = "https://nbo-extract.org/ns/"
# Two million planes; the tree of a text takes several times its size.
_MAX_XML = 1 << 29
_OME_HOST = re.compile(r"\{https?://www\.openmicroscopy\.org/[^}]*\}")
_ROOT = re.compile(rb"<(?:[\w.\-]+:)?OME[\s>]")
_ENCODING = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.\-]+)["']""")
_SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


@dataclass(slots=True)
class OmeXml:
    """An OME-XML document, taken apart.

    Attributes
    ----------
    root : lxml element
        ``OME`` with the namespace of the OME schema stripped, without planes, TiffData and this product's own
        annotations.
    namespace : str
        Namespace of the root as written.
    planes : dict of str to PlaneColumns
        Position of the image in the document to its planes, for images that state planes.
    members : dict of str to str
        File name of each TiffData block to its UUID, in the order of the document.
    own : list of (str, str)
        Namespace and content of this product's own annotations.
    made : bool
        Whether all of it was made by this product, for a file that had no description.
    """

    root: etree._Element
    namespace: str
    planes: dict[str, PlaneColumns] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    own: list[tuple[str, str]] = field(default_factory=list)
    made: bool = False

    @property
    def version(self) -> str:
        """Version of the OME schema: the last part of its namespace, before the file name that older ones end in."""
        parts = [p for p in self.namespace.split("/") if p and not p.endswith(".xsd")]
        return parts[-1] if parts else ""


def looks_like_ome(data: bytes) -> bool:
    """Whether a text begins like OME-XML."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n\0")
    return head.startswith(b"<") and _ROOT.search(head) is not None


def parse(data: bytes, file: str) -> tuple[OmeXml | None, list[Finding]]:
    """Parse OME-XML, repairing what can be repaired without changing a value.

    Parameters
    ----------
    data : bytes
        As stored; a trailing NUL is allowed.
    file : str
        Name of the file, for findings.

    Returns
    -------
    tuple
        The document, None where the text is no OME-XML; and the findings.
    """
    if len(data) > _MAX_XML:
        message = f"The OME-XML of {len(data)} bytes needs more memory than this reader may use; it is not read."
        return None, [Finding("NBO107", "error", message, file=file, source="OME-XML")]
    data = data.strip(b"\0 \t\r\n")
    quick = _parse_runs(data)
    if quick is not None:
        return quick, []
    root, findings = _parse_text(data, file)
    if root is None:
        return None, findings
    return take_apart(root), findings


def _parse_runs(data: bytes) -> OmeXml | None:
    """Return sound OME-XML taken apart with its many planes read as text; None where that does not apply."""
    from lxml import etree

    if not _is_plain_utf8(data):
        return None
    rest, runs = take_runs(data)
    if not (runs.planes or runs.blocks):
        return None
    try:
        root = _checked(etree.fromstring(rest, _parser()))
    except etree.XMLSyntaxError:
        return None
    found = take_apart(root, runs) if root is not None else None
    # What looks like planes within an annotation is not of this image.
    return found if found is not None and not (runs.planes or runs.blocks) else None


def parse_whole(data: bytes) -> etree._Element | None:
    """Return the root of OME-XML as it is, TiffData blocks and all; None where the text is no OME-XML."""
    return _parse_text(data.strip(b"\0 \t\r\n"), "")[0] if len(data) <= _MAX_XML else None


def _parse_text(data: bytes, file: str) -> tuple[etree._Element | None, list[Finding]]:
    from lxml import etree

    if _is_plain_utf8(data):
        try:
            return _checked(etree.fromstring(data, _parser())), []
        except etree.XMLSyntaxError:
            pass
    text, repairs = repaired(data)
    content = text.encode("utf-8")
    findings = [Finding("NBO103", "warning", message, file=file, source="OME-XML") for message in repairs]
    try:
        return _checked(etree.fromstring(content, _parser())), findings
    except etree.XMLSyntaxError as error:
        cause = (error.msg or "unknown cause").strip()
    try:
        root = _checked(etree.fromstring(content, _parser(recover=True)))
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        message = f"The description is not usable as OME-XML ({cause}); the file is treated as a plain image."
        return None, [*findings, Finding("NBO104", "error", message, file=file, source="OME-XML")]
    if not content.endswith(b"OME>"):
        _drop_cut_text(root)
    _drop_doubled_attributes(root)
    message = f"The OME-XML is damaged ({cause}); what could be recovered is used, the rest is lost."
    return root, [*findings, Finding("NBO104", "warning", message, file=file, source="OME-XML")]


def _parser(recover: bool = False) -> etree.XMLParser:
    from lxml import etree

    # Long time lapses pass libxml2's default limits; entities cannot be declared because a DOCTYPE is cut out before.
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=recover, remove_pis=True)


def _checked(root: etree._Element | None) -> etree._Element | None:
    """Return the root if it is OME's, else None."""
    if root is None or not isinstance(root.tag, str):
        return None
    name = _OME_HOST.sub("", root.tag)
    return root if name.rpartition(":")[2] == "OME" and not name.startswith("{") else None


def _is_plain_utf8(data: bytes) -> bool:
    encoding = _ENCODING.match(data)
    if encoding is not None and encoding.group(1).lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
        return False
    start = _ROOT.search(data)
    return start is None or b"<!DOCTYPE" not in data[: start.start()]


def _drop_cut_text(root: etree._Element) -> None:
    """Drop the text at which a truncated document ends: half a date or number would be a wrong one."""
    last = root
    while len(last):
        last = last[-1]
    last.text = None


def _drop_doubled_attributes(root: etree._Element) -> None:
    """Drop attributes that an element states twice: nobody knows which is meant."""
    for element in root.iter("*"):
        names = element.keys()
        if len(set(names)) < len(names):
            for name in {n for n in names if names.count(n) > 1}:
                while name in element.attrib:
                    del element.attrib[name]


def take_apart(root: etree._Element, runs: Runs | None = None) -> OmeXml:
    """Strip the OME namespace and move planes, file names and this product's annotations out of the tree, in place.

    Parameters
    ----------
    root : lxml element
    runs : Runs, optional
        What was taken out of the text before; emptied here, unless elements for it stand elsewhere than in Pixels.
    """
    from lxml import etree

    runs = runs or Runs()
    waiting = len(runs.planes) + len(runs.blocks)

    found = OmeXml(root, etree.QName(root).namespace or "")
    _take_own_annotations(found)
    for position, image in enumerate(c for c in root if _local(c) == "Image"):
        for index, pixels in enumerate(c for c in image if _local(c) == "Pixels"):
            planes, taken = _take_planes(pixels, found.members, runs)
            waiting -= taken
            if index == 0 and planes is not None:
                found.planes[str(position)] = planes
    if not waiting:
        runs.planes, runs.blocks = [], []
    _strip(root)
    if _SCHEMA_LOCATION in root.attrib:
        del root.attrib[_SCHEMA_LOCATION]
    etree.cleanup_namespaces(root)
    return found


def _local(element: etree._Element) -> str:
    """Name without namespace or undeclared prefix, empty for a comment."""
    tag = element.tag
    return tag[tag.rfind("}") + 1 :].rpartition(":")[2] if isinstance(tag, str) else ""


def _strip(root: etree._Element) -> None:
    """Strip the namespace of the OME schema from element names; foreign XML within an annotation stays as it is."""
    pending = [root]
    while pending:
        element = pending.pop()
        name = _OME_HOST.sub("", str(element.tag))
        if not name.startswith("{"):
            # Of damaged XML, names may be left that lxml gives but does not take.
            with contextlib.suppress(ValueError):
                element.tag = name.rpartition(":")[2]
        element.tail = None
        parent = element.getparent()
        if element.tag == "Value" and parent is not None and parent.tag == "XMLAnnotation":
            continue
        for child in list(element):
            if _local(child):
                pending.append(child)
            else:
                _remove_comment(child, element)
        if len(element) and not (element.text or "").strip():
            element.text = None


def _remove_comment(comment: etree._Element, parent: etree._Element) -> None:
    if len(parent) == 1 and comment.tail:
        parent.text = (parent.text or "") + comment.tail
    parent.remove(comment)


def _take_own_annotations(found: OmeXml) -> None:
    """Move this product's annotations from the tree to `found.own`, and drop references to them."""
    own: set[str] = set()
    for group in [c for c in found.root if _local(c) == "StructuredAnnotations"]:
        for annotation in list(group):
            namespace = annotation.get("Namespace", "")
            if namespace.startswith(OWN_NAMESPACE):
                own.add(annotation.get("ID", ""))
                value = next((c for c in annotation if _local(c) == "Value"), None)
                found.own.append((namespace, _content(value)))
                found.made = found.made or (value is not None and any(c.get("made") == "true" for c in value))
                _take_fills(found.root, value)
                group.remove(annotation)
        if own and not any(_local(c) for c in group):
            found.root.remove(group)
    if own:
        for reference in list(found.root.iter("{*}AnnotationRef")):
            parent = reference.getparent()
            if parent is not None and reference.get("ID") in own:
                parent.remove(reference)


def _take_fills(root: etree._Element, value: etree._Element | None) -> None:
    """Drop the attributes that this product filled in: they are no statements of the file.

    The provenance lists them as ``<ID of the element, or its path below OME>@<attribute>``.
    """
    fills = [] if value is None else [text for child in value for text in (child.get("fills") or "").split()]
    for place, _, attribute in (fill.rpartition("@") for fill in fills):
        # An ID holds no slash and no bracket; a path has a place in each step.
        element = _at(root, place) if place.endswith("]") else root.find(f".//*[@ID='{place}']")
        if element is not None and attribute in element.attrib:
            del element.attrib[attribute]


def _at(root: etree._Element, path: str) -> etree._Element | None:
    """Return the element at a path of local names with one-based places, such as ``Instrument[1]/Objective[2]``."""
    here = root
    for step in path.split("/"):
        name, _, place = step.removesuffix("]").partition("[")
        same = [c for c in here if _local(c) == name]
        if not place.isdigit() or not 0 < int(place) <= len(same):
            return None
        here = same[int(place) - 1]
    return here


def _content(value: etree._Element | None) -> str:
    """Content of an annotation as XML text, without the namespaces of the document around it."""
    from lxml import etree

    if value is None:
        return ""
    parts = [value.text or ""]
    for child in value:
        parts.append(etree.tostring(copy.deepcopy(child), encoding="unicode"))
    return "".join(parts).strip()


def _take_planes(pixels: etree._Element, members: dict[str, str], runs: Runs) -> tuple[PlaneColumns | None, int]:
    """Take planes and files out of Pixels; return the planes, and how many runs were met."""
    planes: list[etree._Element] = []
    kept: list[etree._Element] = []
    taken = 0
    for child in pixels:
        name = _local(child)
        if name == "Plane":
            planes.append(child)
            taken += MARK in child.attrib
        elif name == "TiffData":
            if MARK in child.attrib:
                taken += 1
                for file, identity in runs.blocks[int(child.attrib[MARK])].items():
                    members.setdefault(file, identity)
            for uuid in child:
                if _local(uuid) == "UUID":
                    members.setdefault(uuid.get("FileName", ""), (uuid.text or "").strip())
        elif name == "BinData":
            child.text = None
            kept.append(child)
        else:
            kept.append(child)
    columns = _columns(planes, runs) if planes else None
    pixels[:] = kept
    return columns, taken


def _columns(planes: list[etree._Element], runs: Runs) -> PlaneColumns:
    table = PlaneColumns()
    columns = table.columns
    length = 0
    for plane in planes:
        if MARK in plane.attrib:
            run = runs.planes[int(plane.attrib[MARK])]
            size = len(next(iter(run.values())))
            for name, values in run.items():
                column = columns.setdefault(name, [])
                column += [None] * (length - len(column))
                column += values
            run.clear()
            length += size
            continue
        for name, value in [*cast("list[tuple[str, str]]", plane.items()), *_nested(plane)]:
            column = columns.setdefault(name, [])
            column += [None] * (length - len(column))
            if len(column) == length:
                column.append(value)
            else:
                column[length] = f"{column[length]} {value}"
        length += 1
    for name, column in columns.items():
        column += [None] * (length - len(column))
        before, slash, last = name.rpartition("/")
        table.paths[name] = f"OME/Image/Pixels/Plane/{before}{slash}{'' if last == 'text()' else '@'}{last}"
    return table


def _nested(plane: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield what children of a plane state: timing and stage position before 2009, checksum, annotations."""
    for child in plane:
        name = _local(child)
        for attribute, value in child.items():
            yield f"{name}/{attribute!s}", str(value)
        text = (child.text or "").strip()
        if text and name:
            yield f"{name}/text()", text
