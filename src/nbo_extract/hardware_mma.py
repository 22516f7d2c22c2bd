"""Micro-Meta App microscope files: JSON of model 2.01, or 2.00, to an Instrument in the NBO model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import check_ids
from nbo_extract.hardware_reader import RULE, ComponentReader, called, load_table, refuse_version
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
    model = refuse_version(content, path)
    components = content.get(table["components"])
    if not isinstance(components, list) or not components:
        raise HardwareError(f"{path} describes a microscope without components; add them in {table['application']}")
    reader = _MicroscopeReader(path, table["migrations"].get(model))
    parts: list[tuple[str, dict[str, Any]]] = []
    stand = content.get(table["stand"])
    if isinstance(stand, dict):
        parts.append((table["stand"], stand))
    for number, component in enumerate(components):
        if not isinstance(component, dict) or not isinstance(component.get("Schema_ID"), str):
            raise HardwareError(
                f"{path}: components[{number}] is no component (it has no Schema_ID); "
                f"save the file in {table['application']}"
            )
        parts.append((f"{table['components']}[{number}]", component))
    document = reader.document(content, parts)
    check_ids(document, path)
    document.origin.versions = {
        key: str(content[name])
        for key, name in (("model", "ModelVersion"), ("application", "AppVersion"))
        if isinstance(content.get(name), str) and content[name].strip()
    }
    return document, reader.findings, tuple(reader.roles)


class _MicroscopeReader(ComponentReader):
    """Turns the components of one microscope into nodes."""

    def __init__(self, path: Path, migration: dict[str, Any] | None) -> None:
        super().__init__(path)
        self.migration = migration
        self.roles: list[tuple[str, str]] = []
        # ID of the file to (node, declaration, JSON of the component, its place in the file)
        self.parts: dict[str, tuple[Node, Declaration, dict[str, Any], str]] = {}

    def document(self, content: dict[str, Any], parts: list[tuple[str, dict[str, Any]]]) -> Document:
        instrument = Node("Instrument")
        kind = self.schema.element("Instrument")
        own = {self.table.raw[k] for k in ("stand", "components", "links")}
        self.fill(instrument, kind, content, "Instrument", own)
        for place, component in parts:
            self.component(instrument, kind, place, component)
        links = content.get(self.table.raw["links"])
        self.references(links if isinstance(links, dict) else {})
        root = Node("OME", children=[instrument])
        if self.annotations:
            root.children.append(Node("StructuredAnnotations", children=self.annotations))
        return Document(root, self.schema.version)

    def component(self, instrument: Node, parent: Declaration, place: str, given: dict[str, Any]) -> None:
        content = self.migrated(given, place) if self.migration is not None else given
        name = self.table.element(content.get("Schema_ID"))
        kind = parent.child(name)
        label = content.get("Name")
        here = f"{place} {name}" + (f" {label!r}" if isinstance(label, str) and label else "")
        if kind is None or kind.abstract or name in self.schema.references:
            message = f"{here} has no place in NBO's Instrument; it is left out"
            self.findings.append(Finding("NBO309", "warning", message, file=self.file, element=name, source=here))
            return
        node = Node(name)
        instrument.children.append(node)
        self.fill(node, kind, content, here)
        own = content.get("ID")
        if isinstance(own, str) and own:
            if own in self.parts:
                raise HardwareError(
                    f"{self.path}: two components have the ID {own}; give each its own ID "
                    f"(in {self.table.raw['application']}: delete and add one of them)"
                )
            self.parts[own] = (node, kind, content, here)
            if (role := str(content["Schema_ID"]).removesuffix(".json")) != name:
                self.roles.append((node.id, role))

    def migrated(self, content: dict[str, Any], place: str) -> dict[str, Any]:
        """Return a component of an older model under the names of today, and say what was renamed."""
        migration = self.migration or {}
        schema_id = str(content.get("Schema_ID")).removesuffix(".json")
        renamed = migration["components"].get(schema_id, schema_id)
        names = dict(migration["fields"].get("*", {})) | migration["fields"].get(self.table.element(renamed), {})
        moved = {old: new for old, new in names.items() if old in content and new not in content}
        pairs = [(schema_id, renamed)] * (schema_id != renamed) + list(moved.items())
        for old, new in pairs:
            message = f"{place} {content.get('Name') or schema_id!r}: {old} of the older model is read as {new}"
            self.findings.append(
                Finding("NBO317", "info", message, file=self.file, element=renamed, attribute=new, value=old)
            )
        return {moved.get(key, key): value for key, value in content.items()} | {"Schema_ID": f"{renamed}.json"}

    def references(self, links: dict[str, Any]) -> None:
        """State the references of all components; the links table speaks where a component itself is silent."""
        for own, (node, kind, content, here) in self.parts.items():
            named = f"{str(content['Schema_ID']).removesuffix('.json')}_{own}", f"{node.name}_{own}"
            linked = next((links[n] for n in named if isinstance(links.get(n), dict)), {})
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
