"""Micro-Meta App microscope files: JSON of model 2.01 to an Instrument in the NBO model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import check_ids, label
from nbo_extract.hardware_checks import drop_cycles, refuse_two_stands
from nbo_extract.hardware_reader import RULE, ComponentReader, called, known_version, load_table, refuse_version
from nbo_extract.model import Document, Fact, Node, Source

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.schema import Declaration

#: Kind of a light source, ID and the name of the light path that it is for, which NBO does not tell.
Roles = tuple[tuple[str, str], ...]


def read(content: dict[str, Any], path: Path) -> tuple[Document, list[Finding], Roles]:
    """Read the parsed JSON of a microscope file, numbers as texts.

    Raises
    ------
    HardwareError
        If it is not a microscope of a known model version.
    """
    table = load_table().raw
    refuse_version(content, path)
    components = content.get(table["components"])
    if not isinstance(components, list) or not components:
        raise HardwareError(f"{path} describes a microscope without components; add them in {table['application']}")
    reader = _MicroscopeReader(path)
    parts: list[tuple[str, dict[str, Any]]] = []
    stand = content.get(table["stand"])
    if isinstance(stand, dict):
        parts.append((table["stand"], stand))
    for number, component in enumerate(components):
        if not isinstance(component, dict) or not isinstance(component.get("Schema_ID"), str):
            raise HardwareError(
                f"{path}: components[{number}] does not say which part of a microscope it is; "
                f"save the file in {table['application']}"
            )
        parts.append((f"{table['components']}[{number}]", component))
    document = reader.document(content, parts)
    check_ids(document, path)
    refuse_two_stands(document, path)
    document.origin.versions = {
        key: str(content[name])
        for key, name in (("model", "ModelVersion"), ("application", "AppVersion"))
        if isinstance(content.get(name), str) and content[name].strip()
    }
    return document, reader.findings + drop_cycles(document, path.name), tuple(reader.roles)


class _MicroscopeReader(ComponentReader):
    """Turns the components of one microscope into nodes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.roles: list[tuple[str, str]] = []
        # ID of the file to (node, declaration, JSON of the component, its place in the file)
        self.parts: dict[str, tuple[Node, Declaration, dict[str, Any], str]] = {}

    def document(self, content: dict[str, Any], parts: list[tuple[str, dict[str, Any]]]) -> Document:
        instrument = Node("Instrument")
        kind = self.schema.element("Instrument")
        own = {self.table.raw[k] for k in ("stand", "components", "links")}
        self.fill(instrument, kind, content, "Instrument", own)
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
        name = self.table.element(content.get("Schema_ID"))
        kind = parent.child(name)
        own_name = content.get("Name")
        here = f"{place} {name}" + (f" {own_name!r}" if isinstance(own_name, str) and own_name else "")
        if kind is None or kind.abstract or name in self.schema.references:
            message = f"{here} has no place in NBO's Instrument; it is left out"
            self.findings.append(Finding("NBO309", "warning", message, file=self.file, element=name, source=here))
            return
        node = Node(name)
        instrument.children.append(node)
        self.same_model(node, content, here)
        self.fill(node, kind, content, here)
        if "ID" in kind.attributes and not node.id:
            self.refuse_nameless(here)
        own = content.get("ID")
        if isinstance(own, str) and own:
            if own in self.parts:
                raise HardwareError(
                    f"{self.path}: {label(self.parts[own][0])} and {label(node)} have the same ID {own}; "
                    f"give each its own ID (in {self.table.raw['application']}: delete and add one of them)"
                )
            self.parts[own] = (node, kind, content, here)
            if (role := str(content["Schema_ID"]).removesuffix(".json")) != name:
                self.roles.append((node.id, role))

    def same_model(self, node: Node, content: dict[str, Any], here: str) -> None:
        """Tell a component that an older form made, which was not brought up to the model of the file."""
        version = content.get("ModelVersion")
        if isinstance(version, str) and version.strip() and not known_version(version):
            models = " or ".join(self.table.raw["models"])
            message = (
                f"{called(here)} is of model version {version.strip()}, not of {models} as the file is; "
                f"open and save it in {self.table.raw['application']}"
            )
            self.note(node, "ModelVersion", version, here, "NBO319", message)

    def references(self, links: dict[str, Any]) -> None:
        """State the references of all components; the links table speaks where a component itself is silent."""
        for own, (node, kind, content, here) in self.parts.items():
            named = f"{str(content['Schema_ID']).removesuffix('.json')}_{own}", f"{node.name}_{own}"
            linked: dict[str, Any] = next((links[n] for n in named if isinstance(links.get(n), dict)), {})
            for key in dict.fromkeys([*content, *linked]):
                name = "" if key in kind.attributes else self.reference_name(kind, key)
                if not name:
                    continue
                if content.get(key) not in (None, [], ""):
                    self.refer(node, kind, name, key, content[key], here)
                elif isinstance(linked.get(key), dict):
                    place = f"{self.table.raw['links']} {node.name}"
                    self.refer(node, kind, name, key, linked[key].get("value"), place, quiet=True)
        for key in links:
            if not any(key.endswith(f"_{own}") for own in self.parts):
                message = f"{self.table.raw['links']} names {key}, which is no component of the file; it is left out"
                self.findings.append(Finding("NBO306", "info", message, file=self.file, value=key))

    def refer(
        self, node: Node, kind: Declaration, name: str, key: str, raw: Any, here: str, *, quiet: bool = False
    ) -> None:
        """State the references that one field holds."""
        attribute, targets = self.schema.references[name]
        use = kind.use(name)
        for item in raw if isinstance(raw, list) else [raw]:
            if not isinstance(item, str) or " ".join(item.split()).casefold() in self.table.words:
                if not quiet:
                    message = f"{called(here)}: {key} {item!r} is a placeholder, not a part; it is left out"
                    self.note(node, key, item, here, "NBO304", message)
                continue
            found = self.find(item)
            if found is None or found.name not in targets:
                message = f"{called(here)} refers to {item} as {key}, which the file does not hold; it is left out"
                self.note(node, key, item, here, "NBO306", message)
                continue
            if use is not None and use.maximum is not None and len(node.all(name)) >= use.maximum:
                message = f"{called(here)}: NBO has place for {use.maximum} {key}; {item} is left out"
                self.note(node, key, item, here, "NBO309", message, severity="warning")
                continue
            source = Source("hardware", self.file, f"{here} /{key}", raw=item, rule=RULE)
            node.children.append(Node(name, {attribute: Fact(found.id, source=source)}))

    def find(self, item: str) -> Node | None:
        """Return the part that ``Kind/ID`` or an ID alone names."""
        for own in (item, item.partition("/")[2], item.rpartition("/")[2]):
            if own in self.parts:
                return self.parts[own][0]
        return None
