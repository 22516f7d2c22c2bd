r"""Build the table of OME's model from its published XSD: names, structure, types, enumerations, no description text.

    python scripts/build_ome_schema.py ome-2016-06.xsd -o mappings/nbo_extract_mappings/ome/ome-2016-06.json

The layout is that of the NBO table; see ``scripts/build_schema.py``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lxml import etree

import build_schema

XSD = build_schema.XSD


def _facts(root: etree._Element) -> None:
    """Take out what is not read: comments, and that an attribute takes several words; one of them is valid, too."""
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    for words in list(root.iter(f"{XSD}list")):
        outer, inner = words.getparent(), words.find(f"{XSD}simpleType/{XSD}restriction")
        if outer is None or inner is None:
            raise ValueError(f"the list in line {words.sourceline} is not one of a restricted type")
        outer.replace(words, inner)


def build(xsd: Path) -> dict[str, Any]:
    """Build the table from an OME XSD."""
    root = etree.parse(xsd).getroot()
    _facts(root)
    return build_schema.model(root, "2016-06")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("xsd", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.output.write_text(build_schema.dumps(build(arguments.xsd)), encoding="utf-8")


if __name__ == "__main__":
    main()
