"""Objects of Micro-Meta App's JSON to nodes of the NBO model: what microscope and Settings files have in common.

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
from nbo_extract.hardware_checks import unit_problem, value_problem
from nbo_extract.model import Fact, Node, Source
from nbo_extract.schema import load
from nbo_extract.units import dimension, normalise
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from nbo_extract.findings import Severity
    from nbo_extract.schema import Attribute, Declaration, Schema

RULE = "micro-meta-app"
_INFO = ("NBO304", "NBO309")


@dataclass(frozen=True)
class Table:
    """The table of the application's habits, ready for use."""

    raw: dict[str, Any]
    words: frozenset[str]
    zero: frozenset[str]
    bookkeeping: frozenset[str]
    nines: re.Pattern[str]

    def kept_by_the_application(self, key: str) -> bool:
        """Whether a key is about the form or its canvas, not about the microscope."""
        return key in self.bookkeeping or key.startswith(tuple(self.raw["bookkeeping-prefixes"]))

    def element(self, schema_id: object) -> str:
        """Name of the NBO element that a Schema_ID stands for, empty where it is none."""
        name = schema_id.removesuffix(".json") if isinstance(schema_id, str) else ""
        for prefix in self.raw["prefixes"]:
            name = name.removeprefix(prefix)
        return name


@functools.cache
def load_table() -> Table:
    """Read the table."""
    file = resources.files("nbo_extract_mappings") / "hardware" / "micro-meta-app.toml"
    raw = tomllib.loads(file.read_text(encoding="utf-8"))
    return Table(
        raw,
        frozenset(raw["placeholders"]["words"]),
        frozenset(raw["zero"]["*"]),
        frozenset(raw["bookkeeping"]),
        re.compile(rf"9{{{raw['placeholders']['nines']},}}(\.[09]*)?"),
    )


def refuse_version(content: dict[str, Any], path: Path) -> None:
    """Refuse a file of a model version that is not read.

    Raises
    ------
    HardwareError
        One sentence with the version.
    """
    table = load_table().raw
    version = content.get("ModelVersion")
    if known_version(version):
        return
    way_out = f"re-save it in {table['application']} with model {table['models'][-1]}"
    if isinstance(version, str) and version.strip():
        raise HardwareError(f"{path} has model version {version.strip()}, which is not read; {way_out}")
    raise HardwareError(f"{path} does not state its model version; {way_out}")


def known_version(version: object) -> bool:
    """Whether a model version is read."""
    models = load_table().raw["models"]
    return isinstance(version, str) and any(version == m or version.startswith(f"{m}.") for m in models)


def identifier(kind: Declaration, raw: str) -> str:
    """NBO's form of an ID: the kind before the application's own ID; what has NBO's form already stays."""
    if any(re.fullmatch(p, raw) for p in kind.attributes["ID"].type.patterns):
        return raw
    return f"{kind.id_kind}:{'_'.join(raw.split())}"


class ComponentReader:
    """Turns objects of one file into nodes and collects findings.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.table = load_table()
        self.schema: Schema = load()
        self.file = path.name
        self.path = path
        self.findings: list[Finding] = []
        self.annotations: list[Node] = []

    def fill(
        self, node: Node, kind: Declaration, content: dict[str, Any], here: str, skip: Collection[str] = ()
    ) -> None:
        """State the attributes and children that the JSON object gives; references are left to others."""
        for key, raw in content.items():
            if key in skip or key in kind.unit_names or raw is None:
                continue
            if key == "ID" and key in kind.attributes:
                self.identify(node, kind, raw, here)
            elif key in kind.attributes:
                self.attribute(node, kind, kind.attributes[key], content, here)
            elif self.table.kept_by_the_application(key) or self.reference_name(kind, key):
                continue
            elif (child := kind.child(self.table.raw["files"].get(key, key))) is not None:
                self.objects(node, kind, child, raw, f"{here} /{key}")
            elif key == self.table.raw["description"] and _takes_annotation(kind):
                self.describe(node, content, here)
            else:
                self.note(node, key, raw, here, "NBO309", f"NBO's {node.name} has no {key}; it is left out")

    def identify(self, node: Node, kind: Declaration, raw: Any, here: str) -> None:
        """State the ID of a component."""
        if not isinstance(raw, str) or not raw.strip():
            self.refuse_nameless(here)
        source = Source("hardware", self.file, f"{here} /ID", raw=raw, rule=RULE)
        node.put("ID", identifier(kind, raw), source=source)

    def refuse_nameless(self, here: str) -> NoReturn:
        """Refuse the file: of a component without an ID nothing can tell which one a reference means."""
        raise HardwareError(f"{self.path}: {here} has no ID; save the file in {self.table.raw['application']}")

    def attribute(
        self, node: Node, kind: Declaration, attribute: Attribute, content: dict[str, Any], here: str
    ) -> None:
        """State one attribute with its unit, or say why not."""
        name = attribute.name
        raw = content[name]
        if isinstance(raw, bool):
            raw = "true" if raw else "false"
        if not isinstance(raw, str):
            self.note(node, name, raw, here, "NBO308", f"{name} is no single value; it is left out")
            return
        unit = self.unit(node, kind, attribute, content, here)
        if unit == "":
            return
        if self.says_nothing(attribute, raw, unit):
            message = f"{called(here)}: {name} {raw.strip()!r} is a placeholder, not a value; it is left out"
            self.note(node, name, raw, here, "NBO304", message)
            return
        if name in self.table.zero and Fact(raw).number == 0:
            message = f"{called(here)}: {name} cannot be 0, which the form writes for a blank; it is left out"
            self.note(node, name, raw, here, "NBO308", message, severity="info")
            return
        code, why = value_problem(attribute, raw)
        if code:
            self.note(node, name, raw, here, code, f"{called(here)}: {name} {raw!r} {why}; it is left out")
            return
        value = canonical(raw, attribute.type)
        if attribute.type.numeric and not attribute.type.integer:
            value = raw.strip()
        source = Source("hardware", self.file, f"{here} /{name}", raw="" if raw == value else raw, rule=RULE)
        node.put(name, value, unit, source)

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
        message = f"{called(here)}: {attribute.name} {why}; it is left out"
        self.note(node, attribute.name, content[attribute.name], here, code, message)
        return ""

    def says_nothing(self, attribute: Attribute, raw: str, unit: str | None) -> bool:
        """Whether a text is a placeholder."""
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

    def objects(self, node: Node, kind: Declaration, child: Declaration, raw: Any, here: str) -> None:
        """Child elements: an object or text, or a list of them."""
        use = kind.use(child.name)
        limit = use.maximum if use is not None else None
        for number, item in enumerate(raw if isinstance(raw, list) else [raw]):
            if limit is not None and len(node.all(child.name)) >= limit:
                message = f"{called(here)}: NBO has place for {limit} {child.name}; what is more is left out"
                self.note(node, child.name, item, here, "NBO309", message, severity="warning")
                return
            if isinstance(item, str) and (child.text is not None or child.use("BinaryFile") is not None):
                self.text(node, child, item, here)
            elif isinstance(item, dict):
                built = Node(child.name)
                self.fill(built, child, item, f"{here}[{number}]")
                if built.facts or built.children:
                    node.children.append(built)
            else:
                message = f"{called(here)}: {child.name} {item!r} is no {child.name}; it is left out"
                self.note(node, child.name, item, here, "NBO308", message)

    def text(self, node: Node, child: Declaration, raw: str, here: str) -> None:
        """State a child that is a text, or that is a file of which the form holds the name alone."""
        place, _, key = here.rpartition(" /")
        if " ".join(raw.split()).casefold() in self.table.words:
            message = f"{called(place)}: {key} {raw.strip()!r} is a placeholder, not a value; it is left out"
            self.note(node, key, raw, place, "NBO304", message)
            return
        source = Source("hardware", self.file, here, rule=RULE)
        if child.text is not None:
            node.children.append(Node(child.name, text=Fact(raw, source=source)))
            return
        file = Node(child.name)
        owner = node.id.partition(":")[2] or "_".join(re.sub(r"[^\w.-]+", " ", place).split())
        file.put("ID", f"Annotation:{owner}-{child.name}", source=source)
        file.put("Namespace", self.table.raw["file-namespace"], source=source)
        file.children.append(Node("BinaryFile", {"FileName": Fact(raw, source=source)}))
        node.children.append(file)

    def describe(self, node: Node, content: dict[str, Any], here: str) -> None:
        """Keep the description of a component in an annotation that it refers to."""
        key = self.table.raw["description"]
        raw = content[key]
        if not isinstance(raw, str):
            self.note(node, key, raw, here, "NBO308", f"{called(here)}: {key} is no text; it is left out")
            return
        if raw.strip().casefold() in self.table.words:
            message = f"{called(here)}: {key} {raw.strip()!r} is a placeholder, not a value; it is left out"
            self.note(node, key, raw, here, "NBO304", message)
            return
        source = Source("hardware", self.file, f"{here} /{key}", rule=RULE)
        own = f"Annotation:{'_'.join(str(content.get('ID', len(self.annotations))).split())}"
        annotation = Node("CommentAnnotation")
        annotation.put("ID", own, source=source)
        annotation.put("Namespace", self.table.raw["description-namespace"], source=source)
        annotation.children.append(Node("Value", text=Fact(raw, source=source)))
        self.annotations.append(annotation)
        node.children.append(Node("AnnotationRef", {"ID": Fact(own, source=source)}))

    def reference_name(self, kind: Declaration, key: str) -> str:
        """Name of the child that refers to a part which the file calls by its kind, empty where there is none."""
        for name in (key, key + self.table.raw["reference-suffix"]):
            if name in self.schema.references and kind.use(name) is not None:
                return name
        return ""

    def note(
        self,
        node: Node,
        attribute: str,
        raw: Any,
        here: str,
        code: str,
        message: str,
        *,
        severity: Severity | None = None,
    ) -> None:
        """Collect a finding about one field."""
        self.findings.append(
            Finding(
                code,
                severity or ("info" if code in _INFO else "warning"),
                message,
                file=self.file,
                element=node.name,
                instance=node.id,
                attribute=attribute,
                value=raw if isinstance(raw, str) else str(raw),
                source=f"{here} /{attribute}",
            )
        )


def _takes_annotation(kind: Declaration) -> bool:
    """Whether an element can refer to an annotation: in a few, the published reference has no ID."""
    reference = kind.child("AnnotationRef")
    return reference is not None and "ID" in reference.attributes


def called(here: str) -> str:
    """Name a component for people by its place in the file: without the number that it has there."""
    return here.partition(" ")[2] or here
