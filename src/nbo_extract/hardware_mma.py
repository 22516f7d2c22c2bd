"""Micro-Meta App microscope files: JSON of model 2.01 to an Instrument in the NBO model.

Which keys are the application's own, which texts are placeholders and where a zero states nothing is in the table
``hardware/micro-meta-app.toml``.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, NoReturn

from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import check_ids, label
from nbo_extract.hardware_checks import drop_cycles, refuse_two_stands, unit_problem, value_problem
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.schema import load
from nbo_extract.units import dimension, normalise
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.schema import Attribute, Declaration, Schema

RULE = "micro-meta-app"
_OWN_KIND = re.compile(r"\|\((\w+):\\S\+\)$")


@dataclass(frozen=True)
class _Table:
    raw: dict[str, Any]
    words: frozenset[str]
    zero: frozenset[str]
    bookkeeping: frozenset[str]
    nines: re.Pattern[str]

    def kept_by_the_application(self, key: str) -> bool:
        return key in self.bookkeeping or key.startswith(tuple(self.raw["bookkeeping-prefixes"]))


@functools.cache
def _table() -> _Table:
    file = resources.files("nbo_extract_mappings") / "hardware" / "micro-meta-app.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return _Table(
        raw,
        frozenset(raw["placeholders"]["words"]),
        frozenset(raw["zero"]["*"]),
        frozenset(raw["bookkeeping"]),
        re.compile(rf"9{{{raw['placeholders']['nines']},}}(\.[09]*)?"),
    )


def read(content: Any, path: Path) -> tuple[Document, list[Finding]]:
    """Read the parsed JSON of a microscope file, numbers as texts.

    Raises
    ------
    HardwareError
        If it is not a microscope of a known model version.
    """
    table = _table().raw
    _refuse_others(content, path)
    reader = _Reader(path)
    parts: list[tuple[str, dict[str, Any]]] = []
    stand = content.get(table["stand"])
    if isinstance(stand, dict):
        parts.append((table["stand"], stand))
    for number, component in enumerate(content[table["components"]]):
        if not isinstance(component, dict) or not isinstance(component.get("Schema_ID"), str):
            raise HardwareError(
                f"{path}: components[{number}] is no component (it has no Schema_ID); save the file in Micro-Meta App"
            )
        parts.append((f"{table['components']}[{number}]", component))
    document = reader.document(content, parts)
    check_ids(document, path)
    refuse_two_stands(document, path)
    return document, reader.findings + drop_cycles(document, path.name)


def _refuse_others(content: Any, path: Path) -> None:
    table = _table().raw
    app = table["application"]
    kind = content.get("Schema_ID") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(kind, str):
        raise HardwareError(f"{path} is JSON of another tool (it has no Schema_ID); give a {app} microscope file")
    if kind in table["settings"]:
        raise HardwareError(f"{path} is a {app} Settings file of one image; give the microscope file")
    if kind != table["microscope"]:
        raise HardwareError(f"{path} describes {kind.removesuffix('.json')} alone; give a {app} microscope file")
    version = content.get("ModelVersion")
    if not isinstance(version, str) or not any(version == m or version.startswith(f"{m}.") for m in table["models"]):
        way_out = f"re-save it in {app} with model {table['models'][-1]}"
        if isinstance(version, str) and version.strip():
            raise HardwareError(f"{path} has model version {version.strip()}, which is not read; {way_out}")
        raise HardwareError(f"{path} does not state its model version; {way_out}")
    components = content.get(table["components"])
    if not isinstance(components, list) or not components:
        raise HardwareError(f"{path} describes a microscope without components; add them in {app}")


class _Reader:
    """Turns the components of one file into nodes and collects findings."""

    def __init__(self, path: Path) -> None:
        self.table = _table()
        self.schema: Schema = load()
        self.file = path.name
        self.path = path
        self.findings: list[Finding] = []
        self.annotations: list[Node] = []
        # ID of the file to (node, declaration, JSON of the component, its place in the file)
        self.parts: dict[str, tuple[Node, Declaration, dict[str, Any], str]] = {}

    def document(self, content: dict[str, Any], parts: list[tuple[str, dict[str, Any]]]) -> Document:
        instrument = Node("Instrument")
        kind = self.schema.element("Instrument")
        self.fill(
            instrument, kind, content, "Instrument", {self.table.raw[k] for k in ("stand", "components", "links")}
        )
        if not instrument.id:
            self.refuse_nameless("Instrument")
        for place, component in parts:
            self.component(instrument, kind, place, component)
        links = content.get(self.table.raw["links"])
        self.references(links if isinstance(links, dict) else {})
        root = Node("OME", children=[instrument])
        if self.annotations:
            root.children.append(Node("StructuredAnnotations", children=self.annotations))
        return Document(root, self.schema.version)

    def component(self, instrument: Node, parent: Declaration, place: str, content: dict[str, Any]) -> None:
        name = content["Schema_ID"].removesuffix(".json") if isinstance(content.get("Schema_ID"), str) else ""
        for prefix in self.table.raw["prefixes"]:
            name = name.removeprefix(prefix)
        kind = parent.child(name)
        called = content.get("Name")
        here = f"{place} {name}" + (f" {called!r}" if isinstance(called, str) and called else "")
        if kind is None or kind.abstract:
            message = f"{here} has no place in NBO's Instrument; it is left out"
            self.findings.append(Finding("NBO309", "warning", message, file=self.file, element=name, source=here))
            return
        node = Node(name)
        instrument.children.append(node)
        self.fill(node, kind, content, here, set())
        if "ID" in kind.attributes and not node.id:
            self.refuse_nameless(here)
        identifier = content.get("ID")
        if isinstance(identifier, str) and identifier:
            if identifier in self.parts:
                raise HardwareError(
                    f"{self.path}: {label(self.parts[identifier][0])} and {label(node)} have the same ID {identifier}; "
                    f"give each its own ID (in {self.table.raw['application']}: delete and add one of them)"
                )
            self.parts[identifier] = (node, kind, content, here)

    def fill(self, node: Node, kind: Declaration, content: dict[str, Any], here: str, skip: set[str]) -> None:
        """State the attributes and children that the JSON object gives."""
        for key, raw in content.items():
            if key in skip or key in kind.unit_names or raw is None:
                continue
            if key == "ID" and key in kind.attributes:
                self.identify(node, kind, raw, here)
            elif key in kind.attributes:
                self.attribute(node, kind, kind.attributes[key], content, here)
            elif self.table.kept_by_the_application(key) or self.reference_name(kind, key):
                continue
            elif (child := kind.child(key)) is not None:
                self.objects(node, child, raw, f"{here} /{key}")
            elif key == self.table.raw["description"] and kind.child("AnnotationRef") is not None:
                self.describe(node, content, here)
            else:
                self.note(node, key, raw, here, "NBO309", f"NBO's {node.name} has no {key}; it is left out")

    def identify(self, node: Node, kind: Declaration, raw: Any, here: str) -> None:
        if not isinstance(raw, str) or not raw.strip():
            self.refuse_nameless(here)
        source = Source("hardware", self.file, f"{here} /ID", raw=raw, rule=RULE)
        node.put("ID", self.identifier(kind, raw), source=source)

    def refuse_nameless(self, here: str) -> NoReturn:
        """Refuse the file: of a component without an ID nothing can tell which one a reference means."""
        raise HardwareError(f"{self.path}: {here} has no ID; save the file in {self.table.raw['application']}")

    def identifier(self, kind: Declaration, raw: str) -> str:
        """NBO's form of an ID: the kind before the application's own ID."""
        pattern = kind.attributes["ID"].type.patterns[-1] if kind.attributes["ID"].type.patterns else ""
        own = _OWN_KIND.search(pattern)
        head = f"{own[1] if own else kind.name}:"
        return head + "_".join(raw.split()).removeprefix(head)

    def attribute(
        self, node: Node, kind: Declaration, attribute: Attribute, content: dict[str, Any], here: str
    ) -> None:
        raw = content[attribute.name]
        if isinstance(raw, bool):
            raw = "true" if raw else "false"
        if not isinstance(raw, str):
            self.note(node, attribute.name, raw, here, "NBO308", f"{attribute.name} is no single value; it is left out")
            return
        unit = self.unit(node, kind, attribute, content, here)
        if unit == "":
            return
        if self.says_nothing(attribute, raw, unit):
            message = f"{_called(here)}: {attribute.name} {raw.strip()!r} is a placeholder, not a value; it is left out"
            self.note(node, attribute.name, raw, here, "NBO304", message)
            return
        if attribute.name in self.table.zero and Fact(raw).number == 0:
            message = (
                f"{_called(here)}: {attribute.name} cannot be 0, which the form writes for a blank; it is left out"
            )
            self.note(node, attribute.name, raw, here, "NBO308", message)
            return
        code, why = value_problem(attribute, raw)
        if code:
            message = f"{_called(here)}: {attribute.name} {raw!r} {why}; it is left out"
            self.note(node, attribute.name, raw, here, code, message)
            return
        value = canonical(raw, attribute.type)
        if attribute.type.numeric and not attribute.type.integer:
            value = raw.strip()
        source = Source("hardware", self.file, f"{here} /{attribute.name}", raw="" if raw == value else raw, rule=RULE)
        node.put(attribute.name, value, unit, source)

    def unit(
        self, node: Node, kind: Declaration, attribute: Attribute, content: dict[str, Any], here: str
    ) -> str | None:
        """Return the unit of a value: None where none is stated, empty where it is none of NBO's."""
        raw = content.get(attribute.unit) if attribute.unit else None
        if attribute.unit is None or not isinstance(raw, str) or not raw.strip():
            return None
        code, why = unit_problem(kind, attribute, raw)
        if not code:
            return normalise(raw)
        message = f"{_called(here)}: {attribute.name} {why}; it is left out"
        self.note(node, attribute.name, content[attribute.name], here, code, message)
        return ""

    def says_nothing(self, attribute: Attribute, raw: str, unit: str | None) -> bool:
        rules = self.table.raw["placeholders"]
        text = " ".join(raw.split())
        if text in attribute.type.enum:
            return False
        if text.casefold() in self.table.words:
            return True
        if attribute.name in rules["zeros"] and re.fullmatch(r"[0\-]+", text):
            return True
        measured = attribute.unit is not None and (dimension(unit) if unit else None) in rules["dimensions"]
        return (attribute.name in rules["texts"] or measured) and self.table.nines.fullmatch(text) is not None

    def objects(self, node: Node, kind: Declaration, raw: Any, here: str) -> None:
        """Child elements: an object or a list of objects."""
        for number, item in enumerate(raw if isinstance(raw, list) else [raw]):
            if not isinstance(item, dict):
                message = f"{_called(here)}: {kind.name} {item!r} is no {kind.name}; it is left out"
                self.note(node, kind.name, item, here, "NBO308", message)
                continue
            child = Node(kind.name)
            self.fill(child, kind, item, f"{here}[{number}]", set())
            if child.facts or child.children:
                node.children.append(child)

    def describe(self, node: Node, content: dict[str, Any], here: str) -> None:
        raw = content[self.table.raw["description"]]
        if not isinstance(raw, str) or raw.strip().casefold() in self.table.words:
            return
        source = Source("hardware", self.file, f"{here} /{self.table.raw['description']}", rule=RULE)
        identifier = f"Annotation:{'_'.join(str(content.get('ID', len(self.annotations))).split())}"
        annotation = Node("CommentAnnotation")
        annotation.put("ID", identifier, source=source)
        annotation.put("Namespace", self.table.raw["description-namespace"], source=source)
        annotation.children.append(Node("Value", text=Fact(raw, source=source)))
        self.annotations.append(annotation)
        node.children.append(Node("AnnotationRef", {"ID": Fact(identifier, source=source)}))

    def reference_name(self, kind: Declaration, key: str) -> str:
        """Name of the child that refers to a part which the file calls by its kind, empty where there is none."""
        for name in (key, key + self.table.raw["reference-suffix"]):
            if name in self.schema.references and kind.use(name) is not None:
                return name
        return ""

    def references(self, links: dict[str, Any]) -> None:
        """State the references of all components; the links table speaks where a component itself is silent."""
        for identifier, (node, kind, content, here) in self.parts.items():
            linked = links.get(f"{content['Schema_ID'].removesuffix('.json')}_{identifier}")
            keys = dict.fromkeys([*content, *(linked if isinstance(linked, dict) else {})])
            for key in keys:
                name = "" if key in kind.attributes else self.reference_name(kind, key)
                if not name:
                    continue
                if content.get(key) not in (None, [], ""):
                    self.refer(node, kind, name, key, content[key], here)
                elif isinstance(linked, dict) and isinstance(linked.get(key), dict):
                    place = f"{self.table.raw['links']} {node.name}"
                    self.refer(node, kind, name, key, linked[key].get("value"), place, quiet=True)
        named = {f"{c['Schema_ID'].removesuffix('.json')}_{i}" for i, (_, _, c, _) in self.parts.items()}
        for key in links:
            if key not in named and key.rpartition("_")[2] not in self.parts:
                message = f"{self.table.raw['links']} names {key}, which is no component of the file; it is left out"
                self.findings.append(Finding("NBO306", "info", message, file=self.file, value=key))

    def refer(
        self, node: Node, kind: Declaration, name: str, key: str, raw: Any, here: str, *, quiet: bool = False
    ) -> None:
        attribute, targets = self.schema.references[name]
        for item in raw if isinstance(raw, list) else [raw]:
            if not isinstance(item, str) or " ".join(item.split()).casefold() in self.table.words:
                if not quiet:
                    message = f"{_called(here)}: {key} {item!r} is a placeholder, not a part; it is left out"
                    self.note(node, key, item, here, "NBO304", message)
                continue
            found = self.parts.get(item.rpartition("/")[2])
            if found is None or found[0].name not in targets:
                message = f"{_called(here)} refers to {item} as {key}, which the file does not hold; it is left out"
                self.note(node, key, item, here, "NBO306", message)
                continue
            source = Source("hardware", self.file, f"{here} /{key}", raw=item, rule=RULE)
            child = Node(name, {attribute: Fact(found[0].id, source=source)})
            node.children.append(child)

    def note(self, node: Node, attribute: str, raw: Any, here: str, code: str, message: str) -> None:
        severity = {"NBO304": "info", "NBO308": "info", "NBO309": "info"}.get(code, "warning")
        self.findings.append(
            Finding(
                code,
                "info" if severity == "info" else "warning",
                message,
                file=self.file,
                element=node.name,
                instance=node.id,
                attribute=attribute,
                value=raw if isinstance(raw, str) else str(raw),
                source=f"{here} /{attribute}",
            )
        )


def _called(here: str) -> str:
    """Name a component for people by its place in the file: without the number that it has there."""
    return here.partition(" ")[2] or here
