r"""Build the NBO schema table from the published XSD, and what the XSD is silent about from the published spreadsheet.

The table holds facts alone (names, structure, types, enumerations, extension, tier, use), no description text.

    python scripts/build_schema.py NBO_v02-01.xsd NBO_v02-01.xlsx \
        -o mappings/nbo_extract_mappings/schema/nbo-02-01.json --differences docs/schema-differences.md

Layout of the table
-------------------
``elements`` and ``types`` map a name to a declaration; ``simple`` maps a name to a simple type. A declaration has
``ext``, ``tier``, ``domain``, ``category`` (documentation keys, where stated), ``group`` (substitution group),
``abstract``, ``base`` (extended or named complex type), ``attrs``, ``content`` (a particle), ``text`` (simple type of
the text), ``any``. A particle is ``{"seq"|"choice": [...], "min", "max"}`` or an element use ``{"ref"|"el", "min",
"max", "tier", "decl"}``; ``max`` is null for unbounded; ``min`` and ``max`` of 1 are left out. ``spreadsheet`` maps a
class to what the spreadsheet alone says: whether the ``class`` and which of its ``fields`` belong in a methods section.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from lxml import etree

import nbo_spreadsheet
from nbo_extract.schema import Schema

XSD = "{http://www.w3.org/2001/XMLSchema}"
KEYS = {"Extension": "ext", "Domain": "domain", "Domanin": "domain", "Category": "category", "Tier": "tier"}

# Units whose attribute is not called <attribute>Unit or <attribute>Units, by declaring element or type.
UNIT_ATTRIBUTES = {
    "Detector": {"ReadOutNoise": "ReadNoiseUnit"},
    "EnvironmentalControlDevice": {"MinTemberature": "MinTemperatureUnit"},
    "Stage": {"XYResolution": "XYZResolutionUnit"},
    "Lens": {"ImageDistance": "ImageDistanceUnits"},
    "Prism": {"DeviationAngle": "DevianceAngleUnit"},
    "LightSourceSettings": {"IlluminationPowerSettings": "lluminationPowerSettingsUnit"},
    "AdditionalDimensionMap": {"PresetStepIncrement": "Unit"},
    "TransmittanceRangeType": {"Wavelength": "WavelengthUnit", "FWHMBandwidth": "WavelengthUnit"},
    "ReflectanceRangeType": {"Wavelength": "WavelengthUnit", "FWHMBandwidth": "WavelengthUnit"},
    "WavelengthRangeSettingsType": {"CutOn": "WavelengthUnit", "CutOff": "WavelengthUnit"},
    "MicrolensArray": {"FrontFocalLength": "OpticalDistanceUnit", "BackFocalLength": "OpticalDistanceUnit"},
    "ExcitationCalibration": {
        "ObservedIlluminationPowerAtBackOfObjective": "ObservedIlluminationPowerAtBackObjectiveUnit"
    },
}


def documented(node: etree._Element) -> dict[str, Any]:
    """Extension, domain, category and tier from the annotation of a declaration or of a use."""
    found: dict[str, Any] = {}
    for text in node.findall(f"{XSD}annotation/{XSD}documentation"):
        key, _, value = (text.text or "").strip().partition("=")
        if key.strip() in KEYS:
            name = KEYS[key.strip()]
            found[name] = int(value) if name == "tier" else value.strip()
    return found


def bounds(node: etree._Element) -> dict[str, Any]:
    """Occurrence bounds, left out where they are 1."""
    low, high = int(node.get("minOccurs", "1")), node.get("maxOccurs", "1")
    return {
        **({} if low == 1 else {"min": low}),
        **({} if high == "1" else {"max": None if high == "unbounded" else int(high)}),
    }


def local(name: str) -> str:
    """Type name without the schema prefix of this namespace; xsd: types keep theirs."""
    return name if name.startswith("xsd:") else name.rpartition(":")[2]


def simple(node: etree._Element) -> dict[str, Any]:
    """Turn a simple type into base, enumeration and facets."""
    restriction = node.find(f"{XSD}restriction")
    if restriction is None:
        raise ValueError(f"simple type {node.get('name')} is no restriction")
    out: dict[str, Any] = {"base": local(restriction.get("base", ""))}
    values = [e.get("value") for e in restriction.findall(f"{XSD}enumeration")]
    if values:
        out["enum"] = values
    for facet in ("pattern", "minInclusive", "maxInclusive", "minExclusive", "length"):
        given = restriction.findall(f"{XSD}{facet}")
        if given:
            out[facet] = [g.get("value") for g in given] if facet == "pattern" else given[0].get("value")
    return out


def attribute(node: etree._Element) -> dict[str, Any]:
    """Turn an attribute into name, type, use, default and tier; anonymous types stay inline."""
    inline = node.find(f"{XSD}simpleType")
    out: dict[str, Any] = {
        "name": node.get("name"),
        "type": simple(inline) if inline is not None else local(node.get("type", "xsd:string")),
    }
    if node.get("use") == "required":
        out["required"] = True
    if node.get("default") is not None:
        out["default"] = node.get("default")
    known = documented(node)
    if "tier" in known:
        out["tier"] = known["tier"]
    return out


def particle(node: etree._Element) -> dict[str, Any]:
    """Turn a sequence, a choice or an element use into a particle."""
    kind = node.tag.removeprefix(XSD)
    if kind in ("sequence", "choice"):
        parts = [particle(c) for c in node if c.tag in (f"{XSD}sequence", f"{XSD}choice", f"{XSD}element")]
        return {"seq" if kind == "sequence" else "choice": parts, **bounds(node)}
    known = documented(node)
    out: dict[str, Any] = {"ref": local(node.get("ref", ""))} if node.get("ref") else {"el": node.get("name")}
    out.update(bounds(node))
    out.update({k: known[k] for k in ("tier", "ext") if k in known})
    if not node.get("ref"):
        out["decl"] = declaration(node)
    return out


def declaration(node: etree._Element) -> dict[str, Any]:
    """Turn an element or complex type declaration into its table entry."""
    out: dict[str, Any] = documented(node)
    if node.get("substitutionGroup"):
        out["group"] = local(node.get("substitutionGroup", ""))
    if node.get("abstract") == "true":
        out["abstract"] = True
    if node.get("type"):
        out["base"] = local(node.get("type", ""))
    body: etree._Element | None = node
    if node.tag == f"{XSD}element":
        inline_simple = node.find(f"{XSD}simpleType")
        if inline_simple is not None:
            out["text"] = simple(inline_simple)
        body = node.find(f"{XSD}complexType")
    if body is None:
        return out
    if body.get("mixed") == "true":
        out["text"] = "xsd:string"
    for holder in (body, *body.findall(f"{XSD}complexContent/{XSD}extension")):
        collect(holder, out)
    for holder in body.findall(f"{XSD}simpleContent/{XSD}extension"):
        collect(holder, out)
        out["text"] = out.pop("base")
    return out


def collect(holder: etree._Element, out: dict[str, Any]) -> None:
    """Add base, attributes, content and wildcard of a complex type or extension to a declaration."""
    if holder.get("base"):
        out["base"] = local(holder.get("base", ""))
    attributes = [attribute(a) for a in holder.findall(f"{XSD}attribute")]
    if attributes:
        out["attrs"] = attributes
    for child in holder:
        if child.tag in (f"{XSD}sequence", f"{XSD}choice"):
            out["content"] = particle(child)
            if child.find(f".//{XSD}any") is not None and child.find(f".//{XSD}element") is None:
                out["any"] = True


def assign_units(name: str, decl: dict[str, Any]) -> None:
    """Name the unit attribute of each attribute that has one, here and in inline declarations."""
    names = {a["name"] for a in decl.get("attrs", [])}
    special = UNIT_ATTRIBUTES.get(name, {})
    for row in decl.get("attrs", []):
        for candidate in (special.get(row["name"]), row["name"] + "Unit", row["name"] + "Units"):
            # WavelengthUnit also serves CutOn and CutOff; a name that is itself a unit attribute has none.
            if candidate in names and not re.search(r"Units?$", row["name"]):
                row["unit"] = candidate
                break
    for use in uses(decl.get("content")):
        if "decl" in use:
            assign_units(use["el"], use["decl"])


def uses(part: dict[str, Any] | None) -> list[dict[str, Any]]:
    """All element uses of a particle, in document order."""
    if part is None:
        return []
    if "ref" in part or "el" in part:
        return [part]
    return [use for inner in part.get("seq", part.get("choice", [])) for use in uses(inner)]


def model(root: etree._Element, version: str) -> dict[str, Any]:
    """Return the elements, types and simple types of a schema, without what other sources say of them."""
    table: dict[str, Any] = {
        "version": version,
        "namespace": root.get("targetNamespace"),
        "elements": {},
        "types": {},
        "simple": {},
    }
    for node in root:
        name = node.get("name", "")
        if node.tag == f"{XSD}element":
            table["elements"][name] = declaration(node)
        elif node.tag == f"{XSD}complexType":
            table["types"][name] = declaration(node)
        elif node.tag == f"{XSD}simpleType":
            table["simple"][name] = simple(node)
    for kind in ("elements", "types"):
        for name, decl in table[kind].items():
            assign_units(name, decl)
    return table


def build(xsd: Path, spreadsheet: Path) -> tuple[dict[str, Any], str]:
    """Build the table from an NBO XSD and spreadsheet.

    Parameters
    ----------
    xsd, spreadsheet : Path
        The published schema in its two forms.

    Returns
    -------
    table : dict
        As described in the module's docstring.
    page : str
        Where the two differ, for the documentation.
    """
    table = model(etree.parse(xsd).getroot(), "02-01")
    schema = Schema(table)
    sheet = nbo_spreadsheet.read(spreadsheet, schema)
    table["spreadsheet"] = nbo_spreadsheet.methods(sheet)
    return table, nbo_spreadsheet.page(nbo_spreadsheet.differences(sheet, schema))


def dumps(table: dict[str, Any]) -> str:
    """Serialise the table deterministically, one entry a line, so that a change of the model is a readable diff."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            rows = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items())
            lines.append(f"{json.dumps(key)}: {{\n{rows}\n }}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{" + ",\n ".join(lines) + "}\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("xsd", type=Path)
    parser.add_argument("spreadsheet", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--differences", type=Path, required=True)
    arguments = parser.parse_args()
    table, page = build(arguments.xsd, arguments.spreadsheet)
    arguments.output.write_text(dumps(table), encoding="utf-8")
    arguments.differences.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
