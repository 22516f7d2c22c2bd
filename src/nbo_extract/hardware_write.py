"""An Instrument in the NBO model to a microscope file of Micro-Meta App, model 2.01.

What the application has no place for, and what is written otherwise than it is stated, is told by findings. The text
that was made is read again: a statement that would not come back is told, too.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract import hardware_mma
from nbo_extract.counting import counted
from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import label
from nbo_extract.hardware_forms import tables
from nbo_extract.hardware_write_parts import Names, Raw, Statement, comment_of, dump, role_of, scalar, statements
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nbo_extract.findings import Severity
    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Node
    from nbo_extract.schema import Declaration


@dataclass(frozen=True, slots=True)
class Written:
    """A microscope file as text, and what it does not say.

    Attributes
    ----------
    text : str
        JSON.
    parts, values, references : int
        What is stated in it, and reads back.
    findings : tuple of Finding
        What was left out (NBO317), or is written or read otherwise than it was stated (NBO318).
    """

    text: str
    parts: int
    values: int
    references: int
    findings: tuple[Finding, ...]


def to_micro_meta(hardware: Hardware, roles: Mapping[str, str] | None = None) -> Written:
    """Write a description as a microscope file of Micro-Meta App.

    Parameters
    ----------
    hardware : Hardware
    roles : mapping of str to str, optional
        ID of a light source to its role, where the source of the description tells it.

    Returns
    -------
    Written

    Raises
    ------
    HardwareError
        If the application could not have the description at all.
    """
    writer = _Writer(hardware, roles or {})
    content = writer.content()
    text = dump(content) + "\n"
    writer.verify(text)
    references = sum(1 for s in writer.stated if s[2] in writer.schema.references)
    return Written(
        text,
        len(writer.written),
        len(writer.stated) - references,
        references,
        tuple(sorted(writer.findings, key=lambda f: f.rank)),
    )


class _Writer:
    """Turns one description into the application's JSON and collects findings."""

    def __init__(self, hardware: Hardware, roles: Mapping[str, str]) -> None:
        self.read_table, self.table = tables()
        self.hardware = hardware
        self.schema = load(hardware.document.version)
        self.index = hardware.document.index()
        self.roles = roles
        self.findings: list[Finding] = []
        self.stated: list[Statement] = []
        self.names = Names()
        # ID in NBO to (node, declaration, name of the application's schema) of what is written.
        self.written: dict[int, tuple[Node, Declaration, str]] = {}
        self.schemas: dict[str, str] = {}
        self.comments: set[int] = set()
        # Part to its references and the parts that they lead to.
        self.pointing: dict[int, list[tuple[Node, Node]]] = {}

    def content(self) -> dict[str, Any]:
        """Make the JSON of the microscope."""
        instrument = self.hardware.instrument
        kind = self.schema.element("Instrument")
        self.choose(instrument, kind)
        # The microscope may have the ID of a part: the application keeps them apart.
        microscope = Names()
        own = microscope.give(instrument, kind)
        self.renamed(microscope)
        parts = [self.part(*self.written[id(n)]) for n in instrument.children if id(n) in self.written]
        stands = self.schema.members("MicroscopeStandGroup")
        stand = [p for p, n in zip(parts, self.nodes(), strict=True) if n.name in stands]
        others = [p for p, n in zip(parts, self.nodes(), strict=True) if n.name not in stands]
        if not others:
            raise HardwareError(
                f"{self.hardware.path}: a {self.read_table['application']} file holds at least one part besides the "
                "stand, and there is none that it has a place for; describe more of the microscope"
            )
        tiers = [k.tier for _, k, _ in self.written.values() if k.tier is not None]
        head: dict[str, Any] = {
            **self.facts(instrument, kind, "", ""),
            "ID": own,
            "Schema_ID": self.read_table["microscope"],
            "Tier": Raw(str(max(tiers, default=1))),
            "ValidationTier": Raw(str(self.table["validation-tier"])),
            "ModelVersion": self.table["model"],
            **self.described(instrument, own, ""),
        }
        if stand:
            head[self.read_table["stand"]] = stand[0]
        else:
            self.tell("NBO318", "warning", "no stand is described, without which the application has no microscope")
        self.unused_annotations()
        return {**head, self.read_table["components"]: others, self.read_table["links"]: self.links()}

    def nodes(self) -> Iterable[Node]:
        """Return the parts that are written, in order."""
        return [node for node, _, _ in self.written.values()]

    def choose(self, instrument: Node, kind: Declaration) -> None:
        """Find out which parts the application has a place for, and name them."""
        stands = [n for n in instrument.children if n.name in self.schema.members("MicroscopeStandGroup")]
        for node in instrument.children:
            if node.name in self.schema.references:
                continue
            declared = kind.child(node.name)
            if declared is None or node.name in self.table["no-schema"]:
                reason = f"which model {self.table['model']} does not have"
            elif node in stands[1:] and not any(node is s for s in stands[:1]):
                reason = "and a file has room for one stand"
            else:
                self.written[id(node)] = (node, declared, self.schema_name(node, declared))
                continue
            count = sum(len(n.facts) for n in node.walk())
            self.tell("NBO317", "warning", f"{label(node)} ({counted(count, 'value')}), {reason}, is left out", node)
        for node, declared, name in self.written.values():
            self.names.give(node, declared)
            if node.id:
                self.schemas.setdefault(node.id, name)
        self.renamed(self.names)

    def renamed(self, names: Names) -> None:
        """Tell of parts that read back with another ID."""
        for node, now in names.changed:
            before = f"instead of {node.id}" if node.id else "because every part has one there, and it had none"
            self.tell("NBO318", "info", f"{label(node)} is given the ID {now} {before}", node, "ID", node.id)

    def schema_name(self, node: Node, kind: Declaration) -> str:
        """Name of the application's schema: of light sources with their role."""
        if kind.group != "LightSourceGroup":
            return node.name
        known = self.roles.get(node.id)
        comment = comment_of(node, self.index, self.read_table["description-namespace"])
        role, how = role_of(node, comment.text if comment else "", self.table["roles"])
        if known is None and how:
            message = f"{label(node)} is written as {role}_{node.name}, {how}; NBO does not tell the role"
            self.tell("NBO318", "info", message, node)
        return f"{known or role}_{node.name}"

    def part(self, node: Node, kind: Declaration, name: str) -> dict[str, Any]:
        """Make the JSON of one part."""
        own = self.names.of(node)
        category = name.removesuffix(f"_{node.name}") if name != node.name else kind.category
        content: dict[str, Any] = {"ID": own, "Tier": Raw(str(kind.tier or 1))}
        content["Schema_ID"] = name + self.table["ending"]
        content["ModelVersion"] = self.table["model"]
        content["Extension"] = (kind.extension or "").strip()
        content["Domain"], content["Category"] = kind.domain or "", category or ""
        facts = self.facts(node, kind, own, "")
        called = {"Name": facts.pop("Name")} if "Name" in facts else {}
        counters = self.counters(node, kind)
        return {
            **called,
            **content,
            **counters,
            **facts,
            **self.children(node, kind, own, ""),
            **self.references(node, kind, own),
            **self.described(node, own, own),
        }

    def owner(self, own: str) -> Node:
        """Return the part of a name, or the microscope."""
        return self.names.node(own) or self.hardware.instrument

    def counters(self, node: Node, kind: Declaration) -> dict[str, Any]:
        """How many of each child element there are and may be, which the application keeps beside them."""
        found: dict[str, Any] = {}
        for use in kind.uses:
            if use.name in self.schema.references or use.name in (*self.table["files"], *self.table["no-place"]):
                continue
            most = -1 if use.maximum is None else use.maximum
            for word, number in (("Current", len(node.all(use.name))), ("Min", use.minimum), ("Max", most)):
                found[f"{word}_Number_Of_{use.name}"] = Raw(str(number))
        return found

    def facts(self, node: Node, kind: Declaration, own: str, below: str) -> dict[str, Any]:
        """Attributes with their units; the ID is the writer's."""
        found: dict[str, Any] = {}
        part, place = self.owner(own), below.removeprefix("/").replace("/", " ")
        told = f"{label(part)}: {place} " if place else f"{label(part)}: "
        about = below.split("/")[1] if below else ""
        # In the schema's order, so that the same description gives the same bytes from whatever form.
        for name in (n for n in kind.attributes if n in node.facts):
            fact = node.facts[name]
            if name == "ID" and not below:
                continue
            if name in kind.unit_names:
                message = f"{told}{name} {fact.value} without a value is left out"
                self.tell("NBO317", "info", message, part, about or name, fact.value)
                continue
            value = scalar(fact, kind.attributes[name].type)
            if value is None:
                word = "number" if kind.attributes[name].type.numeric else "truth value"
                message = f"{told}{name} {fact.value!r} is no {word} that JSON can hold; it is left out"
                self.tell("NBO317", "warning", message, part, about or name, fact.value)
                continue
            found[name], text = value
            unit = kind.attributes[name].unit
            if unit is not None and fact.unit is not None:
                found[unit] = fact.unit
            self.stated.append((own, below, name, text, fact.unit or ""))
        return found

    def children(self, node: Node, kind: Declaration, own: str, below: str) -> dict[str, Any]:
        """Child elements, in lists; of a file its name."""
        found: dict[str, Any] = {}
        for child in node.children:
            reference = child.name in self.schema.references
            declared = kind.child(child.name)
            if child.name in self.table["files"] and not below and (name := self.file_name(child, own)):
                found[child.name] = name
                continue
            if (
                child.name in (*self.table["files"], *self.table["no-place"])
                or (below and reference)
                or declared is None
            ):
                place = f"{below}/{child.name}".removeprefix("/").replace("/", " ")
                target = f" {child.id}" if child.id else ""
                message = f"{label(self.owner(own))}: {place}{target} has no place in the application; it is left out"
                self.tell("NBO317", "warning", message, self.owner(own), f"{below}/{child.name}".split("/")[1])
                continue
            if reference:
                continue
            here = f"{below}/{child.name}"
            inner = {**self.facts(child, declared, own, here), **self.children(child, declared, own, here)}
            if inner:
                found.setdefault(child.name, []).append(inner)
        return found

    def file_name(self, node: Node, own: str) -> str:
        """Return the name of a file, which is all that the application has of it, and tell of the rest."""
        file = node.first("BinaryFile")
        name = (file.get("FileName") or "") if file is not None else ""
        theirs = self.read_table["file-namespace"]
        plain = set(node.facts) == {"ID", "Namespace"} and node.get("Namespace") == theirs
        alone = len(node.children) == 1 and file is not None
        bare = alone and file is not None and set(file.facts) == {"FileName"} and not file.children
        part = self.owner(own)
        known = next((i for i, n in self.names.back.items() if n == own), "").partition(":")[2]
        if name and not (plain and bare and node.id == f"Annotation:{known}-{node.name}"):
            message = f"{label(part)}: of its {node.name} {name!r} only the name is kept"
            self.tell("NBO317", "warning", message, part, node.name, name)
        if name:
            self.stated.append((own, f"/{node.name}/BinaryFile", "FileName", name, ""))
        return name

    def references(self, node: Node, kind: Declaration, own: str) -> dict[str, Any]:
        """Write references in the application's form, one or a list as NBO allows one or several."""
        found: dict[str, Any] = {}
        self.pointing[id(node)] = self.targets(node)
        for child, target in self.pointing[id(node)]:
            key = child.name.removesuffix(self.read_table["reference-suffix"])
            use = kind.use(child.name)
            value = f"{self.schemas[target.id]}/{self.names.of(target)}"
            if use is not None and use.maximum == 1:
                found[key] = value
            else:
                found.setdefault(key, []).append(value)
            self.stated.append((own, "", child.name, self.names.of(target), ""))
        return found

    def targets(self, node: Node) -> list[tuple[Node, Node]]:
        """Return the references of a part to parts that are written, and tell of others."""
        found = []
        for child in node.children:
            if child.name not in self.schema.references or child.name in (*self.table["no-place"], "AnnotationRef"):
                continue
            value = child.get(self.schema.references[child.name][0]) or ""
            target = self.index.get(value)
            if target is not None and id(target) in self.written:
                found.append((child, target))
            else:
                message = f"{label(node)} refers to {value or 'nothing'} as {child.name}, which is not written; "
                self.tell("NBO317", "warning", f"{message}the reference is left out", node, child.name, value)
        return found

    def links(self) -> dict[str, Any]:
        """Write the references once more, as the application keeps them beside the parts."""
        found: dict[str, Any] = {}
        for node, kind, name in self.written.values():
            own = self.names.of(node)
            # Readers tell the ID of a key by its last underscore.
            if "_" in own:
                continue
            for child, target in self.pointing[id(node)]:
                key = child.name.removesuffix(self.read_table["reference-suffix"])
                entry = found.setdefault(f"{name}_{own}", {}).setdefault(key, {"schemaType": name, "value": []})
                use = kind.use(child.name)
                if use is not None and use.maximum == 1:
                    entry["value"] = self.names.of(target)
                else:
                    entry["value"].append(self.names.of(target))
        return found

    def described(self, node: Node, own: str, place: str) -> dict[str, str]:
        """Write the comment that a part refers to as its description, and tell of other annotations."""
        comment = comment_of(node, self.index, self.read_table["description-namespace"])
        for reference in node.all("AnnotationRef"):
            if comment is not None and reference.id == comment.node.id:
                continue
            message = f"{label(node)}: the annotation {reference.id} has no place in the application; it is left out"
            self.tell("NBO317", "warning", message, node, "AnnotationRef", reference.id)
        if comment is None:
            return {}
        self.comments.add(id(comment.node))
        if not comment.plain or comment.node.id != f"Annotation:{own}":
            message = f"{label(node)}: of the comment {comment.node.id} only the text is kept, as its description"
            self.tell("NBO318", "info", message, node, "AnnotationRef", comment.node.id)
        self.stated.append((place, "", self.read_table["description"], comment.text, ""))
        return {self.read_table["description"]: comment.text}

    def unused_annotations(self) -> None:
        """Tell of annotations that no part refers to."""
        referred = {n.id for n in self.hardware.instrument.walk() if n.name == "AnnotationRef"}
        for group in self.hardware.document.root.all("StructuredAnnotations"):
            for node in group.children:
                if id(node) not in self.comments and node.id not in referred:
                    message = f"{label(node)}, to which no part refers, has no place in the application; it is left out"
                    self.tell("NBO317", "warning", message, node)

    def verify(self, text: str) -> None:
        """Read what was made and tell every statement that would not come back.

        Raises
        ------
        HardwareError
            If the application's reader would refuse it.
        """
        content = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
        document, findings, _ = hardware_mma.read(content, Path(self.hardware.name))
        back = Counter(statements(document.arrange(), self.read_table["description"], self.names.back))
        why = {f.attribute: f.message.partition("; ")[0] for f in findings}
        for statement in sorted(self.stated):
            if back[statement]:
                back[statement] -= 1
                continue
            own, below, name, value, unit = statement
            node = self.owner(own)
            place = f"{below}/{name}".removeprefix("/").replace("/", " ")
            given = f"{value} {unit}".strip()
            told = f"{label(node)}: {place} {given!r} does not read back from the application's file"
            reason = f" ({why[name]})" if name in why else ""
            self.tell("NBO318", "warning", told + reason, node, below.split("/")[1] if below else name, value)
            self.stated.remove(statement)

    def tell(
        self,
        code: str,
        severity: Severity,
        message: str,
        node: Node | None = None,
        attribute: str = "",
        value: str = "",
    ) -> None:
        node = node or self.hardware.instrument
        self.findings.append(
            Finding(
                code,
                severity,
                message,
                file=self.hardware.name,
                element=node.name,
                instance=node.id,
                attribute=attribute,
                value=value,
            )
        )
