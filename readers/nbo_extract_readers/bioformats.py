"""Any format that Bio-Formats opens: its OME-XML and original metadata, from the Java library in this process.

Source: the API of Bio-Formats 7 (`ImageReader`, `OMEXMLService`). Readers of one format come first; this one is asked
for what none of them takes, or by name.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.findings import Finding
from nbo_extract.record import RawRecord
from nbo_extract_readers.formats_adapters import BIOFORMATS

if TYPE_CHECKING:
    from nbo_extract_readers._ome_xml import OmeXml

INFO = BIOFORMATS


def missing() -> str:
    """Return what this reader lacks to work, and how to get it; empty for nothing."""
    from nbo_extract_readers import _jvm

    return _jvm.missing()


def read(path: str) -> RawRecord:
    """Read what Bio-Formats says of a file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Vocabulary ``ome``: tree ``Record`` with ``OME``, ``Structure`` and ``OriginalMetadata`` (one ``Entry`` with
        ``Key`` and, below series, ``Series``, a value).

    Raises
    ------
    CorruptFileError
        If Bio-Formats cannot open the file, or needs longer than the time limit.
    UnsupportedFormatError
        If it is of no format that Bio-Formats knows.
    NboExtractError
        If Java or the library cannot be used.
    """
    from nbo_extract_readers._jvm import call

    if not os.path.exists(path):
        raise NboExtractError(f"{path}: there is no such file; check the path")
    answer = call(path)
    if answer.get("unknown"):
        raise UnsupportedFormatError(f"{path}: Bio-Formats knows no such format; choose another reader, or none")
    if "error" in answer:
        raise CorruptFileError(
            f"{path}: Bio-Formats cannot read it ({answer['error']}); copy it again, or ask its owner"
        )
    return make_record(path, answer)


def make_record(path: str, answer: dict[str, Any]) -> RawRecord:
    """Make a record of what Bio-Formats answered.

    Parameters
    ----------
    path : str
    answer : dict
        ``xml``: OME-XML; ``format``, ``version``, ``java``: texts; ``files``: list of str; ``original``: list of
        (series or "", key, value).
    """
    from lxml import etree

    from nbo_extract_readers._ome_xml import parse
    from nbo_extract_readers._original import add_original, drop_wrong

    name = os.path.basename(path)
    xml, findings = parse(answer["xml"].encode("utf-8", "replace"), name)
    if xml is None:
        raise CorruptFileError(
            f"{path}: Bio-Formats gives no OME-XML that can be read; report the file to its developers"
        )
    findings += mend(xml, answer, name)
    tree = etree.Element("Record")
    tree.append(xml.root)
    structure = etree.SubElement(tree, "Structure")
    file = etree.SubElement(structure, "File", Name=name, OMENamespace=xml.namespace)
    file.set("Via", f"Bio-Formats {answer['version']}")
    findings += drop_wrong(add_original(tree, answer["original"]), xml.planes, name)
    return RawRecord(
        path=path,
        format=answer["format"],
        reader=INFO.name,
        vocabulary="ome",
        tree=tree,
        planes=xml.planes,
        versions={"OME": xml.version, "Bio-Formats": answer["version"], "Java": answer["java"], "reader": INFO.name},
        files=tuple(os.path.abspath(f) for f in answer["files"]) or (os.path.abspath(path),),
        findings=findings,
    )


# What Bio-Formats is known to state wrongly of a format, whatever the file: the element, its attribute (none: the
# element itself), and why. Seen with version 7.3.1 beside the files themselves.
_WRONG = {
    "Zeiss CZI": (
        ("Plane", "ExposureTime", "milliseconds of the experiment are given as seconds"),
        ("Pixels", "SignificantBits", "the bits of the storage are given for those of the camera"),
        ("StageLabel", "Name", "a number is given for the name of the scene"),
    ),
    "Leica Image File Format": (
        ("Plane", "PositionX", "axes of the stage are swapped and reversed"),
        ("Plane", "PositionY", "axes of the stage are swapped and reversed"),
    ),
    "Tagged Image File Format": (
        ("Pixels", "PhysicalSizeX", "the resolution for printing is given as the size of a pixel"),
        ("Pixels", "PhysicalSizeY", "the resolution for printing is given as the size of a pixel"),
        ("AcquisitionDate", "", "the date of the last program that saved the file is given"),
    ),
    "Olympus FV1000": (("Objective", "WorkingDistance", "a placeholder of 9999 is given as a distance"),),
}


def mend(xml: OmeXml, answer: dict[str, Any], file: str) -> list[Finding]:
    """Take out what is known to be wrong, in place; return a finding for each kind of fact that was."""
    findings = []
    for element, attribute, why in _WRONG.get(answer["format"], ()):
        lost = 0
        for columns in xml.planes.values() if element == "Plane" else ():
            lost += columns.columns.pop(attribute, None) is not None
        for node in list(xml.root.iter(element)):
            parent = node.getparent()
            if not attribute and parent is not None:
                lost += 1
                parent.remove(node)
            elif attribute in node.attrib:
                lost += 1
                del node.attrib[attribute]
        if lost:
            what, version = f"{element} {attribute}".strip(), answer["version"]
            message = f"{what} is left out: Bio-Formats {version} states it wrongly ({why})"
            findings.append(Finding("NBO159", "info", message, file=file, element=element, attribute=attribute))
    return findings
