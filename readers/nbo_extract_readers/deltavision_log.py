"""Log beside a DeltaVision file: what softWoRx writes of objective and camera when it takes an image.

``Key: value`` a line, in groups under lines without a value; ``Created`` has no colon behind it. The record of the
experiment, image by image, comes last and is not read: the extended header states the same of each section. In no
document of the maker's; the form is that which public programs read (Bio-Formats, Fiji's converter of these logs).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from nbo_extract.values import ILLEGAL
from nbo_extract_readers._tree import element_name

if TYPE_CHECKING:
    from lxml import etree

MAX_LOG_BYTES = 4 << 20
# Products of an image: its name with a suffix, and no log of their own.
_PRODUCT = re.compile(r"(?:_D3D|_PRJ)(?=\.[^.]+$)", re.IGNORECASE)
_RECORD = re.compile(r"\s*(?:Experiment Record:|Image\s*\d)")


def log_path(path: str) -> str | None:
    """Return the log of an image, or of the image of which it is a product; None where none stands beside it."""
    while True:
        if os.path.isfile(f"{path}.log"):
            return f"{path}.log"
        folder, name = os.path.split(path)
        shorter = _PRODUCT.sub("", name, count=1)
        if shorter == name:
            return None
        path = os.path.join(folder, shorter)


def log_tree(path: str) -> etree._Element:
    """Return the part before the record of the images as ``Log``, with a ``Group`` a heading.

    Parameters
    ----------
    path : str
        Text in an 8-bit code.
    """
    from lxml import etree

    with open(path, "rb") as stream:
        text = stream.read(MAX_LOG_BYTES).decode("latin-1")
    tree = etree.Element("Log")
    group = etree.SubElement(tree, "Group", Name="")
    for line in text.splitlines():
        if _RECORD.match(line):
            break
        key, colon, value = line.partition(":")
        created = re.match(r"\s*Created\s+(.*)", line)
        if created:
            key, colon, value = "Created", ":", created[1]
        key, value = ILLEGAL.sub("�", key.strip()), ILLEGAL.sub("�", value.strip())
        if not colon or not key or key.startswith("#"):
            continue
        if not value:
            group = etree.SubElement(tree, "Group", Name=key)
        elif group.find(element_name(key)) is None:
            etree.SubElement(group, element_name(key)).text = value
    return tree
