"""The tier 1 check of a real instrument against a count by other means: the facility's raw JSON and the published XSD.

Nothing of the package's schema table, reader or check is used for the count.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from nbo_extract.checking import check
from nbo_extract.hardware import load_hardware

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

XSD = "{http://www.w3.org/2001/XMLSchema}"
# What a form was filled with because it asked for something.
PLACEHOLDER = re.compile(r"\s*(na|n/a|not assigned|unknown|-|9{3,}|)\s*", re.IGNORECASE)
Missing = Counter[tuple[str, str]]


class Xsd:
    """The published XSD, read as it stands."""

    def __init__(self, path: Path) -> None:
        root = etree.parse(str(path)).getroot()
        self.elements = {e.get("name", ""): e for e in root.findall(f"{XSD}element")}
        self.types = {t.get("name", ""): t for t in root.findall(f"{XSD}complexType")}

    def said(self, node: etree._Element, key: str) -> str | None:
        """Return what the documentation of a declaration states, such as its Tier."""
        for text in node.iterfind(f"{XSD}annotation/{XSD}documentation"):
            if text.text and text.text.startswith(f"{key}="):
                return text.text.partition("=")[2].strip()
        return None

    def bodies(self, element: etree._Element) -> Iterator[etree._Element]:
        """Yield the complex types that make up an element, its own first."""
        body = element.find(f"{XSD}complexType")
        name = element.get("type")
        head = element.get("substitutionGroup")
        if body is None and name is None and head is not None:
            yield from self.bodies(self.elements[head])
        while body is not None or name in self.types:
            body = body if body is not None else self.types[name]
            yield body
            extension = body.find(f"{XSD}complexContent/{XSD}extension")
            name, body = (extension.get("base") if extension is not None else None), None

    def members(self, head: str) -> set[str]:
        own = {n for n, e in self.elements.items() if e.get("substitutionGroup") == head}
        return own.union(*(self.members(n) for n in own)) if own else own

    def demanded(self, element: etree._Element) -> tuple[list[str], list[set[str]]]:
        """Return required attributes of tier 1, and the children of tier 1 of which one has to occur."""
        tier = int(self.said(element, "Tier") or 1)
        attributes: list[str] = []
        children: list[set[str]] = []
        for body in self.bodies(element):
            for attribute in body.iter(f"{XSD}attribute"):
                own = int(self.said(attribute, "Tier") or tier)
                if attribute.get("use") == "required" and max(own, tier) == 1:
                    attributes.append(attribute.get("name", ""))
            for child in body.iter(f"{XSD}element"):
                around = child.getparent()
                if child.get("minOccurs", "1") == "0" or (around is not None and around.get("minOccurs") == "0"):
                    continue
                name = str(child.get("ref") or child.get("name"))
                names = {name} | self.members(name)
                declared = self.elements.get(child.get("ref", ""))
                own = int(self.said(child, "Tier") or (self.said(declared, "Tier") if declared is not None else 0) or 0)
                stated = {self.said(self.elements[n], "Extension") for n in names if n in self.elements}
                # A child of an extension alone (an LEDModule is Basic) is not asked of Core.
                if own <= 1 and (not stated - {None} or "Core" in stated):
                    children.append(names)
        return attributes, children


def states(value: Any) -> bool:
    return value is not None and PLACEHOLDER.fullmatch(str(value)) is None


def missing_of(xsd: Xsd, name: str, content: dict[str, Any]) -> Missing:
    """Count what one component, and the objects inside of it, lack of Core's tier 1."""
    found: Missing = Counter()
    element = xsd.elements[name]
    if xsd.said(element, "Extension") == "Core":
        attributes, children = xsd.demanded(element)
        # A bandwidth of nothing is the form's blank, not a measurement.
        lacks = [a for a in attributes if not states(content.get(a)) or (a == "FWHMBandwidth" and not content[a])]
        found.update((name, a) for a in lacks)
        found.update((name, "|".join(sorted(c))) for c in children if not c & set(content))
    for key, value in content.items():
        if isinstance(value, list) and key in xsd.elements:
            for item in value:
                found += missing_of(xsd, key, item) if isinstance(item, dict) else Counter()
    return found


@pytest.fixture(scope="module")
def xsd(shared: Path) -> Xsd:
    return Xsd(shared / "nbo" / "NBO_v02-01.xsd")


def test_the_check_of_a_real_instrument_is_right_by_count(shared: Path, xsd: Xsd) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    components = [content["MicroscopeStand"], *content["components"]]
    names = [c["Schema_ID"].removesuffix(".json").rpartition("_")[2] for c in components]
    counted: Missing = Counter()
    for name, component in zip(names, components, strict=True):
        counted += missing_of(xsd, name, component)
    attributes, groups = xsd.demanded(xsd.elements["Instrument"])
    counted.update(("Instrument", a) for a in attributes if not states(content.get(a)))
    counted.update(("Instrument", "|".join(sorted(g))) for g in groups if not g & set(names))

    report = check(load_hardware(path).document, tier=1, extensions=("core",), level="must")
    found: Missing = Counter()
    for gap in report.gaps:
        found[gap.requirement.element, gap.requirement.name] += gap.missing
    assert found == counted
    assert counted == {
        ("LightEmittingDiode", "CatalogNumber"): 2,
        ("Objective", "CatalogNumber"): 5,
        ("FilterCube", "Model"): 2,
        ("FilterCube", "CatalogNumber"): 5,
        ("EmissionFilter", "CatalogNumber"): 4,
        ("ExcitationFilter", "CatalogNumber"): 4,
        ("StandardDichroic", "CatalogNumber"): 4,
        ("TransmittanceRange", "FWHMBandwidth"): 5,
    }
    # The one difference is told apart: a long-pass or short-pass optic has no bandwidth that it could state.
    excused = [g for g in report.gaps if not g.counted]
    assert [(g.requirement.element, g.requirement.name, g.missing) for g in excused] == [
        ("TransmittanceRange", "FWHMBandwidth", 5)
    ]
    bandless = [c for c in components for r in c.get("TransmittanceRange", ()) if not r["FWHMBandwidth"]]
    assert {c["Type"] for c in bandless} <= {"LongPass", "ShortPass"}
    summary = report.tiers[1]
    assert (summary.missing, summary.excused) == (sum(counted.values()) - 5, 5)
    assert not report.passed


def test_the_check_demands_what_the_xsd_demands(shared: Path, xsd: Xsd) -> None:
    """How many fields tier 1 asks of the instrument, present and missing: as counted from XSD and JSON."""
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    content = json.loads(path.read_text(encoding="utf-8"))

    def demanded(name: str, part: dict[str, Any]) -> int:
        element = xsd.elements[name]
        fields = xsd.demanded(element) if xsd.said(element, "Extension") == "Core" else ([], [])
        # A description becomes an annotation, and the reference to it has to state an ID.
        notes = int(states(part.get("Description")))
        inner = [(k, i) for k, v in part.items() if isinstance(v, list) and k in xsd.elements for i in v]
        return notes + len(fields[0]) + len(fields[1]) + sum(demanded(k, i) for k, i in inner if isinstance(i, dict))

    total = sum(
        demanded(c["Schema_ID"].removesuffix(".json").rpartition("_")[2], c)
        for c in (content["MicroscopeStand"], *content["components"])
    )
    attributes, groups = xsd.demanded(xsd.elements["Instrument"])
    summary = check(load_hardware(path).document, tier=1, extensions=("core",), level="must").tiers[1]
    assert summary.demanded + summary.excused == total + len(attributes) + len(groups) == 212
