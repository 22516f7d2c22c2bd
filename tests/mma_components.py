"""Micro-Meta App components that state all that a model has: by the published schema, or by our own table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node
    from nbo_extract.schema import Attribute, Declaration

MODEL = "2.01.1"
PREFIXES = ("Fluorescence_LightSource_", "Transmitted_LightSource_")
#: Kind that a reference to one of several kinds leads to.
ONE_OF = {"Lens": "GenericLens", "Filter": "GenericFilter", "MirroringDevice": "BeamSplitter", "Aperture": "PhaseRing"}
CANVAS = {
    "Tier": 1, "PositionX": 1.5, "PositionY": 2, "PositionZ": 0, "Width": 3, "Height": 4, "OffsetX": 5, "OffsetY": 6,
    "OccupiedSpot": "somewhere", "occupiedSpot": None, "Rotate": 0, "Extension": "Basic ", "Category": "Optics",
    "Domain": "MicroscopeHardwareSpecifications", "Current_Number_Of_Range": 1, "Min_Number_Of_Range": 0,
    "Max_Number_Of_Range": -1,
}  # fmt: skip


@dataclass
class Made:
    """Components, and what they state: (ID of the component, path below it, text)."""

    components: list[dict[str, Any]] = field(default_factory=list)
    stated: set[tuple[str, str, str]] = field(default_factory=set)

    def microscope(self) -> dict[str, Any]:
        stands = [c for c in self.components if c["Schema_ID"].endswith("MicroscopeStand.json")]
        others = [c for c in self.components if c not in stands]
        head = {"Name": "all", "ID": "all", "Schema_ID": "Instrument.json", "ModelVersion": MODEL}
        return head | {"MicroscopeStand": stands[0], "components": others}

    def one_stand(self, schema_id: str) -> Made:
        """Leave one stand only: a microscope has one."""
        stand = next(c for c in self.components if c["Schema_ID"] == schema_id)
        kept = [c for c in self.components if c is stand or not c["Schema_ID"].endswith("MicroscopeStand.json")]
        own = {c["ID"] for c in kept}
        return Made(kept, {s for s in self.stated if s[0] in own})

    def state(self, component: dict[str, Any], content: dict[str, Any], path: str = "") -> None:
        """Note what an object states, below a component."""
        for key, value in content.items():
            if key in CANVAS or key in ("Schema_ID", "ModelVersion"):
                continue
            for number, item in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(item, dict):
                    self.state(component, item, f"{path}/{key}[{number}]")
                else:
                    text = str(item).lower() if isinstance(item, bool) else str(item)
                    self.stated.add((component["ID"], f"{path}/{key}", text))


def arrived(hardware: Hardware) -> set[tuple[str, str, str]]:
    """Return what a description states in the terms of `Made.stated`."""
    found: set[tuple[str, str, str]] = set()
    annotations = hardware.document.index()

    def facts(node: Node, kind: Declaration) -> Iterator[tuple[str, str]]:
        for name, fact in node.facts.items():
            path = fact.source.path.partition(" /")[2].removesuffix(f"/{name}") if fact.source is not None else ""
            below = "/" + "/".join(p.strip() for p in path.split("/") if p.strip() and p.strip() != name)
            yield f"{below.rstrip('/')}/{name}", (fact.source.raw if fact.source is not None else "") or fact.value
            unit = kind.attributes[name].unit
            if unit is not None and fact.unit is not None:
                yield f"{below.rstrip('/')}/{unit}", fact.unit

    def visit(own: str, node: Node, kind: Declaration) -> None:
        references = load().references
        for child in node.children:
            declared = kind.child(child.name)
            assert declared is not None
            if child.name == "AnnotationRef":
                text = annotations[child.id].children[0].text
                assert text is not None
                found.add((own, "/Description", text.value))
            elif child.name in references:
                source = child.facts[references[child.name][0]].source
                assert source is not None
                found.add((own, "/" + source.path.rpartition("/")[2], source.raw))
            elif (file := child.first("BinaryFile")) is not None and child.facts["ID"].source is not None:
                path = "/".join(p.strip() for p in child.facts["ID"].source.path.partition(" /")[2].split("/"))
                found.add((own, f"/{path}", file.facts["FileName"].value))
            else:
                found.update((own, path, text) for path, text in facts(child, declared))
                if child.text is not None and child.text.source is not None:
                    path = "/".join(p.strip() for p in child.text.source.path.partition(" /")[2].split("/"))
                    found.add((own, f"/{path}", child.text.value))
                visit(own, child, declared)

    schema = load()
    for part in hardware.instrument.children:
        if part.name == "AnnotationRef":
            continue
        source = part.facts["ID"].source
        assert source is not None
        found.update((source.raw, path, text) for path, text in facts(part, schema.element(part.name)))
        visit(source.raw, part, schema.element(part.name))
    return found


# -- from the published schema of the application ---------------------------------------------------------------------


def from_application(schemas: list[dict[str, Any]]) -> Made:
    """Make, for each schema of a component, components with all properties, so that each word of each list occurs."""
    made = Made()
    known = {s["ID"].removesuffix(".json") for s in schemas}
    for schema in schemas:
        for number in range(_variants(schema["properties"])):
            component: dict[str, Any] = {"Schema_ID": schema["ID"], "ModelVersion": MODEL, **CANVAS}
            for name, given in schema["properties"].items():
                link = given.get("linkTo") or given.get("items", {}).get("linkTo")
                if name == "ID":
                    component["ID"] = f"{schema['ID'].removesuffix('.json')}-{number}"
                elif link and link == schema["ID"].removesuffix(".json") and not number:
                    continue  # The first of a kind is what the others refer to; itself it cannot be.
                elif link:
                    kind = link if link in known else ONE_OF.get(link, link)
                    component[name] = [f"{kind}/{kind}-0"] if given["type"] == "array" else f"{kind}/{kind}-0"
                elif given["type"] == "array":
                    inner = given["items"]["properties"].items()
                    component[name] = [{n: _value(n, g, number + i) for n, g in inner} for i in range(2)]
                elif name not in CANVAS:
                    component[name] = _value(name, given, number)
            made.components.append(component)
            made.state(component, component)
    return made


def _variants(properties: dict[str, Any]) -> int:
    inner = [g["items"]["properties"] for g in properties.values() if "properties" in g.get("items", {})]
    return max([1, *(len(g.get("enum", ())) for p in (properties, *inner) for g in p.values())])


def _value(name: str, given: dict[str, Any], number: int) -> Any:
    if given.get("enum"):
        return given["enum"][number % len(given["enum"])]
    if "Date" in name:
        return f"2024-05-{number % 28 + 1:02d}"
    return {
        "string": f"text {number}",
        "number": (number + 1) / 100,
        "integer": number + 3,
        "boolean": bool(number % 2),
    }[given["type"]]


# -- from our own table -----------------------------------------------------------------------------------------------


def from_table() -> Made:
    """Make, for each element that an Instrument may hold, components with all attributes and children."""
    schema = load()
    instrument = schema.element("Instrument")
    made = Made()
    kinds = [n for n in instrument.children if n not in schema.references]
    for name in kinds:
        kind = instrument.child(name)
        assert kind is not None
        for number in range(max([1, *(len(a.type.enum) for a in kind.attributes.values())])):
            content = _object(kind, number, {k: f"{k}-0" for k in kinds})
            component = {
                "Schema_ID": f"{name}.json",
                "ModelVersion": MODEL,
                **CANVAS,
                **content,
                "ID": f"{name}-{number}",
            }
            if kind.use("AnnotationRef") is not None:
                component["Description"] = f"what {name} {number} is"
            made.components.append(component)
            made.state(component, component)
    return made


def _object(kind: Declaration, number: int, parts: dict[str, str], depth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, attribute in kind.attributes.items():
        if attribute.writable and name not in ("ID", "Description"):
            found[name] = _of_type(attribute, number)
    for name in kind.children:
        child, use = kind.child(name), kind.use(name)
        assert child is not None
        assert use is not None
        targets = load().references.get(name, ("", frozenset()))[1]
        fitting = [t for t in parts if t in targets]
        if name in load().references:
            if fitting and not _circle(kind.name, fitting[-1]):
                key = name.removesuffix("Ref")
                link = f"{fitting[-1]}/{parts[fitting[-1]]}"
                found[key] = link if use.maximum == 1 else [link]
        elif child.use("BinaryFile") is not None:
            found["WavelengthProfile" if name == "WavelengthProfileFile" else name] = f"file {number}"
        elif name not in ("MapAnnotation", "AdditionalVendorInformation", "Map", "Description") and depth < 2:
            inner = _object(child, number, parts, depth + 1)
            found[name] = inner if use.maximum == 1 else [inner]
    return found


def _circle(kind: str, target: str) -> bool:
    """Whether a reference would lead back: what belongs to the same kinds refers to each other."""
    return kind == target or kind.endswith("Software") or kind == "SoftwareModule"


def _of_type(attribute: Attribute, number: int) -> Any:
    kind = attribute.type
    if kind.enum:
        return kind.enum[number % len(kind.enum)]
    if kind.primitive == "xsd:boolean":
        return bool(number % 2)
    if kind.primitive == "xsd:date":
        return f"2024-05-{number % 28 + 1:02d}"
    if kind.integer:
        return number + 3
    return (number + 1) / 100 if kind.numeric else f"text {number}"
