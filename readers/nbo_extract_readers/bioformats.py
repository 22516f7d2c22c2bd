"""Any format that Bio-Formats opens: its OME-XML and original metadata, from the Java library in this process.

Source: the API of Bio-Formats 7 (`ImageReader`, `OMEXMLService`). Readers of one format come first; this one is asked
for what none of them takes, or by name.
"""

from __future__ import annotations

import os
from typing import Any

from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.record import RawRecord
from nbo_extract.stores import one_line
from nbo_extract_readers.formats_adapters import BIOFORMATS

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
        Vocabulary ``ome``: tree ``Record`` with ``OME``, ``Structure`` and ``OriginalMetadata`` (see
        `nbo_extract_readers._original.add_original`).

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
    from nbo_extract_readers._original import add_original, annotated, image_names
    from nbo_extract_readers._wrong import drop_wrong

    name = os.path.basename(path)
    xml, findings = parse(answer["xml"].encode("utf-8", "replace"), name)
    if xml is None:
        raise CorruptFileError(
            f"{path}: Bio-Formats gives no OME-XML that can be read; report the file to its developers"
        )
    tree = etree.Element("Record")
    tree.append(xml.root)
    structure = etree.SubElement(tree, "Structure")
    file = etree.SubElement(structure, "File", Name=one_line(name), OMENamespace=xml.namespace)
    file.set("Via", f"Bio-Formats {answer['version']}")
    # An OME-TIFF holds what an earlier conversion kept.
    original = add_original(tree, [*answer["original"], *annotated(xml.root)], image_names(xml.root))
    findings += drop_wrong(xml.root, original, xml.planes, name, answer["format"])
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
