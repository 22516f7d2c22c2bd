"""Read the published NBO spreadsheet and compare it with the schema.

Each sheet is an indented list: the column of a name is its depth. Columns: tier; ``M&M``, Y for what belongs in the
materials and methods section of a paper; names; description (not read); data type; allowed values; cardinality, which
is ``R`` for a required attribute and a range such as ``0 ... 1`` for a child.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.schema import Declaration, Schema

# Letters of the Greek alphabet that look like Latin ones stand in some names.
_GREEK = str.maketrans("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
_NOISE = re.compile(r"\(.*|-Abstract.*|-APE.*|/.*", re.DOTALL)
# Spreadsheet name to published XSD name, where they differ by more than case and punctuation.
ALIASES = {
    "AdditionalDichroic": "GenericDichroic",
    "CalibrationSlide": "CalibrationStandardSlide",
    "DiffractiveGratingSettings": "DiffractionGratingSettings",
    "ElectronConversionFactor": "ElectronicConversionFactor",
    "FPBaseID": "FBBaseID",
    "FilterSlider": "FilterSliderGroup",
    "FilterTurret": "FilterCubeTurret",
    "HistochemistryType": "HystochemistryType",
    "IlluminationTypeTermAccession": "IlluminationTypeTermAcession",
    "IlluminationTypeTermAccessition": "IlluminationTypeTermAcession",
    "InvertedMicroscope": "InvertedMicroscopeStand",
    "Launguage": "Language",
    "LiquidCrystalTunableFilter": "LiquidCrystalTuneableFilter",
    "MicroBeamManipulationRef": "MicrobeamManipulationRef",
    "ManufacturerOffset": "ManufacturerOffet",
    "MaxIntensityPiexlYCoordinate": "MaxIntensityPixelYCoordinate",
    "MaxTemberature": "MaxTemperature",
    "MicroscopeStand_Inverted": "InvertedMicroscopeStand",
    "MicroscopeStand_Upright": "UprightMicroscopeStand",
    "MinTemperature": "MinTemberature",
    "MirrorringDeviceRef": "MirroringDeviceRef",
    "MultLaserEngine": "MultiLaserEngine",
    "MultiLasrEngine": "MultiLaserEngine",
    "NeutralDensity": "NeutralDensityFilter",
    "NrOfScanPoint": "NrOfScanPoints",
    "OperationFrequency": "OperatingFrequency",
    "OpticaAssemblyRef": "OpticalAssemblyRef",
    "OpticalApertureRef": "ApertureRef",
    "OpticalStandard": "OpticalCalibrationStandardGroup",
    "PhotDiode": "PhotoDiode",
    "PhotoMultiplier": "PhotoMultiplierTube",
    "PhysicaSizeY": "PhysicalSizeY",
    "PlaneOffsetX": "PlaneXOffset",
    "PlaneOffsetY": "PlaneYOffset",
    "PlaneOffsetZ": "PlaneZOffset",
    "PlaneTransformMatrix": "PlaneTransformationMatrix",
    "UprightMicroscope": "UprightMicroscopeStand",
}
LOCAL_ALIASES = {
    ("ImagingEnvironment", "MapAnnotation"): "Map",
    ("MicrolensArray", "SubstrateMaterial"): "SustrateMaterial",
    ("PrismSettings", "TransmittanceProfileFile"): "TransmittanceProfileFie",
    ("WavelengthRange", "WavelengthProfileFile"): "WavelengthProfile",
}
# The XSD has these, but elsewhere: in another class, or as an element of another shape.
PLACED_ELSEWHERE = {
    ("Channel", "IntensityCalibration"),
    ("ElectroOpticalDeviceGroup", "PockelsCell"),
    ("FocusingDeviceGroup", "Z-Drive"),
    ("Image", "IntensityCalibration"),
    ("Map", "AnnotationRef"),
    ("Map", "Annotator"),
    ("Map", "Description"),
    ("Map", "ID"),
    ("Map", "Namespace"),
    ("Map", "Value"),
    ("PockelCellSettings", "PolarizationRotation"),
    ("WavelengthRange", "WavelengthProfile"),
}
# Rows of these names are remarks or repeat an extension base.
SKIPPED = {"ManufactuerSpecs", "ManufacturerSpecs", "Settings", "~"}


@dataclass(frozen=True)
class Row:
    """A line of a sheet."""

    sheet: str
    number: int
    depth: int
    marker: int
    name: str
    tier: int | None
    methods: bool
    cardinality: str


@dataclass(frozen=True)
class Field:
    """An attribute or child as the spreadsheet has it, beside its class as the XSD declares it."""

    owner: str
    declared: Declaration
    name: str
    kind: str
    tier: int | None
    methods: bool
    required: bool | None


@dataclass
class Sheet:
    """What the spreadsheet says, in the names of the XSD.

    Classes that the XSD declares locally are called ``Parent/Child``.
    """

    classes: dict[str, tuple[int | None, bool]] = field(default_factory=dict)
    fields: dict[tuple[str, str], Field] = field(default_factory=dict)
    extensions: dict[str, str] = field(default_factory=dict)
    unknown: dict[tuple[str, str], bool] = field(default_factory=dict)


def open_workbook(path: Path) -> Any:
    """Open the workbook; its styles hold font families that openpyxl refuses."""
    import openpyxl

    out = io.BytesIO()
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(out, "w") as cleaned:
        for name in given.namelist():
            content = given.read(name)
            if name == "xl/styles.xml":
                content = re.sub(rb'<family val="[^"]*"\s*/>', b"", content)
            cleaned.writestr(name, content)
    out.seek(0)
    return openpyxl.load_workbook(out, read_only=True, data_only=True)


def rows(workbook: Any) -> Iterator[Row]:
    """Yield the named lines of the specification sheets."""
    for sheet in workbook.worksheets[1:]:
        last = 0
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if not last:
                if cells and cells[0] == "Tier":
                    last = list(cells).index("Description")
                    cardinality = next(i for i, c in enumerate(cells) if str(c).startswith("Cardinality"))
                continue
            names = [(i, str(c).strip()) for i, c in enumerate(cells[2:last], 2) if c is not None and str(c).strip()]
            names = [n for n in names if not n[1].startswith("(")]
            if not names:
                continue
            depth, name = names[-1]
            tier = str(cells[0] or "").strip()
            yield Row(
                sheet.title,
                number,
                depth,
                # "substitution group" and "choose only one" stand at the depth of the fields of the group.
                names[0][0],
                name,
                int(tier) if tier.isdigit() and tier != "0" else None,
                str(cells[1] or "").strip() == "Y",
                str(cells[cardinality] or "").strip(),
            )


def clean(name: str) -> str:
    """Return the published name of a line, without remarks."""
    name = _NOISE.sub("", name.translate(_GREEK)).strip()
    return ALIASES.get(name, name)


def key(name: str) -> str:
    """Return a spelling without case and punctuation."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def read(path: Path, schema: Schema) -> Sheet:
    """Read the spreadsheet in terms of the schema."""
    workbook = open_workbook(path)
    found = Sheet(extensions=dict(extensions(workbook, schema)))
    stack: list[tuple[int, str, Declaration | None]] = []
    sheet = ""
    for row in rows(workbook):
        if row.sheet != sheet:
            sheet, stack = row.sheet, []
        while stack and stack[-1][0] >= row.marker:
            stack.pop()
        owner, parent = stack[-1][1:] if stack else ("", None)
        name = clean(row.name)
        if not name or name in SKIPPED or name.startswith("removed OME"):
            stack.append((row.depth, "", None))
            continue
        name = LOCAL_ALIASES.get((owner.rpartition("/")[2], name), name)
        if (owner, name) == ("LEDModule", "IlluminationWavelengthRange"):
            # In the XSD a module is such a range and has none.
            stack.append((row.depth, owner, parent))
            continue
        opened = place(row, name, owner, parent, schema, found)
        stack.append((row.depth, *(opened or ("", None))))
    return found


def place(
    row: Row, name: str, owner: str, parent: Declaration | None, schema: Schema, found: Sheet
) -> tuple[str, Declaration] | None:
    """File a line under its class, attribute or child; return the class that it opens."""
    spelt = {key(name), key(name) + "group"}
    if parent is not None:
        attribute = next((a for a in parent.attributes if key(a) == key(name)), None)
        if attribute is not None:
            entry = Field(owner, parent, attribute, "attribute", row.tier, row.methods, row.cardinality == "R")
            found.fields.setdefault((owner, attribute), entry)
            return None
        child = next((u.name for u in parent.uses if key(u.name) in spelt), None)
        child = child or next((n for n in parent.children if key(n) in spelt), None)
        use = parent.use(child) if child is not None else None
        if use is not None:
            entry = Field(owner, parent, use.name, "child", row.tier, row.methods, minimum(row.cardinality))
            found.fields.setdefault((owner, use.name), entry)
            if use.declaration is not None:
                return f"{owner}/{use.name}", use.declaration
            found.classes.setdefault(use.name, (row.tier, row.methods))
            return use.name, schema.element(use.name)
        member = next((m for m in schema.members(owner) if key(m) in spelt), None)
        if member is not None:
            found.classes.setdefault(member, (row.tier, row.methods))
            return member, schema.element(member)
        if (owner.rpartition("/")[2], name) not in PLACED_ELSEWHERE:
            found.unknown.setdefault((owner, name), row.cardinality == "R" or minimum(row.cardinality) is True)
    known = next((n for n in (name + "Group", name) if n in schema), None)
    if known is None:
        return None
    found.classes.setdefault(known, (row.tier, row.methods))
    return known, schema.element(known)


def minimum(cardinality: str) -> bool | None:
    """Whether a range such as ``1 ... ∞`` demands one; None where the cell says nothing."""
    low = re.match(r"[01]", cardinality)
    return None if low is None else low[0] == "1"


def extensions(workbook: Any, schema: Schema) -> Iterator[tuple[str, str]]:
    """Yield element and extension from the sheet of categories."""
    for cells in workbook.worksheets[0].iter_rows(min_row=3, values_only=True):
        if cells[1] and cells[6]:
            for name in str(cells[6]).split(","):
                known = clean(name.strip().translate(_GREEK))
                match = next((n for n in schema.names if key(n) == key(known)), None)
                if match is not None:
                    yield match, str(cells[1]).strip()


# References and shared ranges carry the tier of their place, not one of their own.
_NO_CLASS = re.compile(r"Ref$|Annotation$|^WavelengthRange$|WavelengthRangeSettings$")
Difference = tuple[str, str, str, str]


def differences(sheet: Sheet, schema: Schema) -> dict[str, list[Difference]]:
    """Compare: per kind of difference rows of (class, field, XSD, spreadsheet)."""
    out: dict[str, list[Difference]] = {
        "Attribute levels": [],
        "Attribute tiers": [],
        "Child levels": [],
        "Child tiers": [],
        "Class tiers": [],
        "Extensions": [],
        "Fields only in the spreadsheet": [],
    }
    for entry in sheet.fields.values():
        if entry.kind == "attribute":
            attribute = entry.declared.attributes[entry.name]
            required, tier, kind = attribute.required, attribute.tier, "Attribute"
        else:
            use = entry.declared.use(entry.name)
            if use is None:
                raise ValueError(f"{entry.owner} has no child {entry.name}")
            declared = use.declaration or schema.element(use.name)
            required, tier, kind = use.minimum > 0, use.tier or declared.tier or declared.type_tier, "Child"
        if entry.required is not None and entry.required != required:
            out[f"{kind} levels"].append((entry.owner, entry.name, _level(required), _level(entry.required)))
        if entry.tier is not None and tier is not None and entry.tier != tier:
            out[f"{kind} tiers"].append((entry.owner, entry.name, str(tier), str(entry.tier)))
    for name, (tier, _) in sheet.classes.items():
        declared = schema.element(name)
        stated = declared.tier or declared.type_tier
        if tier is not None and stated is not None and tier != stated and not _NO_CLASS.search(name):
            out["Class tiers"].append((name, "", str(stated), str(tier)))
    for name, extension in sheet.extensions.items():
        stated_extension = schema.element(name).extension
        if stated_extension is not None and stated_extension != extension:
            out["Extensions"].append((name, "", stated_extension, extension))
    for (owner, name), required in sheet.unknown.items():
        out["Fields only in the spreadsheet"].append((owner, name, "", _level(required)))
    return {kind: sorted(rows) for kind, rows in out.items()}


def _level(required: bool) -> str:
    return "MUST" if required else "SHOULD"


def methods(sheet: Sheet) -> dict[str, dict[str, Any]]:
    """Collect what belongs in the methods section of a paper; the XSD is silent about it.

    It states a tier wherever the spreadsheet does, so nothing else is taken over.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, (_, stated) in sheet.classes.items():
        if stated:
            found.setdefault(name, {})["class"] = True
    for (owner, name), entry in sheet.fields.items():
        if entry.methods:
            found.setdefault(owner, {}).setdefault("fields", []).append(name)
    return {name: found[name] for name in sorted(found)}


def page(found: dict[str, list[Difference]]) -> str:
    """Write the differences as a page of the documentation."""
    lines = [
        "# Where the NBO schema and the NBO spreadsheet differ",
        "",
        "NBO v02-01 is published twice: as an XML schema (XSD) and as a spreadsheet. nbo-extract follows the XSD,",
        "because documents are validated against it. This page lists by name where the spreadsheet says otherwise.",
        "`scripts/build_schema.py` makes it; a class that the XSD declares within another is written `Parent/Child`.",
        "",
        "| kind | differences |",
        "|---|---|",
        *(f"| [{kind}](#{kind.lower().replace(' ', '-')}) | {len(rows)} |" for kind, rows in found.items()),
    ]
    for kind, rows in found.items():
        lines += ["", f"## {kind}", ""]
        if kind.startswith("Fields only"):
            lines += ["| class | field | spreadsheet |", "|---|---|---|"]
            lines += [f"| {owner} | {name} | {there} |" for owner, name, _, there in rows]
        elif kind in ("Class tiers", "Extensions"):
            lines += ["| class | XSD | spreadsheet |", "|---|---|---|"]
            lines += [f"| {owner} | {here} | {there} |" for owner, _, here, there in rows]
        else:
            lines += ["| class | field | XSD | spreadsheet |", "|---|---|---|---|"]
            lines += [f"| {owner} | {name} | {here} | {there} |" for owner, name, here, there in rows]
    return "\n".join(lines) + "\n"
