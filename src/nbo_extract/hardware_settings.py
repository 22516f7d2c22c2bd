"""Micro-Meta App Settings files: how one image was acquired, to an Image in the NBO model.

Parts of the microscope are referred to by the IDs that the description of the microscope gets. Where a file holds the
part's own ID without its kind, and NBO's IDs of these parts have several forms, the ID stays as it is until the
description is at hand (`resolved`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbo_extract.hardware import check_ids
from nbo_extract.hardware_reader import RULE, ComponentReader, called, identifier, refuse_version
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.xmlio import tabulate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nbo_extract.findings import Finding
    from nbo_extract.hardware import Hardware
    from nbo_extract.schema import Declaration
    from nbo_extract.stored import Stored


def read(content: dict[str, Any], path: Path) -> tuple[Document, list[Finding], str]:
    """Read the parsed JSON of a Settings file, numbers as texts.

    Returns
    -------
    tuple of (Document, list of Finding, str)
        The third is the ID of the Instrument in the description of the microscope, empty where the file names none.

    Raises
    ------
    HardwareError
        If it is of a model version that is not read.
    """
    refuse_version(content, path)
    reader = _SettingsReader(path)
    document = reader.document(content)
    check_ids(document, path)
    document.origin.versions = {
        key: content[name]
        for key, name in (("model", "ModelVersion"), ("application", "AppVersion"))
        if isinstance(content.get(name), str) and content[name].strip()
    }
    reference = document.images[0].first("InstrumentRef")
    return document, reader.findings, reference.id if reference is not None else ""


def resolved(settings: Hardware, descriptions: Iterable[Hardware]) -> Hardware:
    """Return settings whose references have the IDs of the description of their microscope, where it is at hand.

    Parameters
    ----------
    settings : Hardware
    descriptions : iterable of Hardware
        Others than of microscopes are passed over.

    Returns
    -------
    Hardware
        The same one where nothing had to be changed.
    """
    from copy import deepcopy

    from nbo_extract.schema import load

    found = [d for d in descriptions if d.kind == "microscope" and d.instrument.id == settings.instrument_id != ""]
    if settings.kind != "settings" or not found:
        return settings
    parts = {p.id.partition(":")[2]: p for p in found[0].instrument.children if p.id}
    document = deepcopy(settings.document)
    references = load(document.version).references
    changed = False
    stands = [p for p in parts.values() if p.name in load(document.version).members("MicroscopeStandGroup")]
    for node in document.root.walk():
        attribute, targets = references.get(node.name, ("", frozenset()))
        fact = node.facts.get(attribute)
        if node.name == "MicroscopeStandSettings" and fact is None and len(stands) == 1:
            # A microscope has one stand, so that the application does not name it.
            node.facts[attribute] = stands[0].facts["ID"]
            changed = True
        part = parts.get(fact.value) if fact is not None else None
        if fact is not None and part is not None and part.name in targets:
            node.facts[attribute] = replace(fact, value=part.id)
            changed = True
    return replace(settings, document=document) if changed else settings


def named(stored: Iterable[Stored]) -> tuple[Stored, ...]:
    """Return what is stored with the settings in it resolved by the descriptions in it."""
    from nbo_extract.hardware import Hardware

    everything = tuple(stored)
    descriptions = [s for s in everything if isinstance(s, Hardware)]
    return tuple(resolved(s, descriptions) if isinstance(s, Hardware) else s for s in everything)


class _SettingsReader(ComponentReader):
    """Turns the objects of one Settings file into nodes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.image: dict[str, Any] = self.table.raw["image"]
        self.experimenters: list[Node] = []
        self.objectives: list[tuple[dict[str, Any], str]] = []

    def document(self, content: dict[str, Any]) -> Document:
        image = Node("Image")
        kind = self.schema.element("Image")
        own = self.image
        beside = {own["instrument"], own["instrument-name"], own["experiment"], own["samples"], own["experimenters"]}
        self.fill(image, kind, content, "Image", {*beside, *own["pixels"], "Pixels"})
        self.pixels(image, kind, content)
        self.objective(image, kind)
        self.instrument(image, content)
        experiment = self.experiment(image, content)
        root = Node("OME", children=[*self.experimenters, *experiment, image])
        if self.annotations:
            root.children.append(Node("StructuredAnnotations", children=self.annotations))
        return Document(root, self.schema.version)

    def instrument(self, image: Node, content: dict[str, Any]) -> None:
        key, name = self.image["instrument"], self.image["instrument-name"]
        raw = content.get(key)
        if isinstance(raw, str) and raw.strip():
            source = Source("hardware", self.file, f"Image /{key}", raw=raw, rule=RULE)
            own = identifier(self.schema.element("Instrument"), raw)
            image.children.append(Node("InstrumentRef", {"ID": Fact(own, source=source)}))
        elif content.get(name):
            message = f"the settings name the microscope {content[name]!r} but not its ID; it is left out"
            self.note(image, name, content[name], "Image", "NBO306", message)

    # -- pixels, channels, planes -------------------------------------------------------------------------------------

    def pixels(self, image: Node, kind: Declaration, content: dict[str, Any]) -> None:
        declared = kind.child("Pixels")
        given = content.get("Pixels")
        if declared is None or not any(content.get(k) for k in ("Pixels", *self.image["pixels"])):
            return
        pixels = Node("Pixels")
        if isinstance(given, dict):
            self.fill(pixels, declared, given, "Image /Pixels")
        elif given is not None:
            self.note(image, "Pixels", given, "Image", "NBO308", "Pixels is no object; it is left out")
        for key, name in self.image["pixels"].items():
            child = declared.child(name)
            raw = content.get(key)
            if child is not None and raw not in (None, []):
                self.objects(pixels, declared, child, raw, f"Image /{key}")
        # Each column of planes has one source, which is where its first value stands.
        sources: dict[str, Source | None] = {}
        for plane in pixels.all("Plane"):
            for attribute, fact in plane.facts.items():
                plane.facts[attribute] = replace(fact, source=sources.setdefault(attribute, fact.source))
        tabulate(pixels)
        if pixels.facts or pixels.children or pixels.planes is not None:
            image.children.append(pixels)

    # -- objects that are settings of a part --------------------------------------------------------------------------

    def fill(self, node: Node, kind: Declaration, content: dict[str, Any], here: str, skip: Iterable[str] = ()) -> None:
        """State an object; settings have the ID of their part, and references become children."""
        # The form names every object, planes and settings too, which have no names in NBO.
        left = {n for n in self.image["bookkeeping"] if n not in kind.attributes and kind.use(n) is None} | set(skip)
        if node.name in self.schema.references:
            # The ID is that of the settings, which NBO does not give any; theirs is the ID of the part.
            left |= {"ID", self.image["component"]}
            self.part_of(node, content, here)
        if node.name == "LightPath":
            left.add(self.image["slots"])
        super().fill(node, kind, content, here, left)
        for key, raw in content.items():
            name = "" if key in left or key in kind.attributes else self.reference_name(kind, key)
            child = kind.child(name) if name else None
            if child is None or raw in (None, "", []):
                continue
            for number, item in enumerate(raw if isinstance(raw, list) else [raw]):
                self.reference(node, child, name, key, item, f"{here} /{key}[{number}]")
        slots = content.get(self.image["slots"])
        if node.name == "LightPath" and isinstance(slots, dict):
            self.light_path(node, kind, slots, here)

    def part_of(self, node: Node, content: dict[str, Any], here: str) -> None:
        """State which part settings are of."""
        for key in (self.image["component"], "ID"):
            raw = content.get(key)
            if isinstance(raw, str) and raw.strip() and (key != "ID" or "/" in raw):
                self.point(node, raw, here, key)
                return

    def reference(self, node: Node, child: Declaration, name: str, key: str, item: Any, here: str) -> None:
        """State a child that refers to a part: settings of it, or its ID alone."""
        built = Node(name)
        if isinstance(item, dict):
            self.fill(built, child, item, here)
        elif isinstance(item, str) and " ".join(item.split()).casefold() not in self.table.words:
            self.point(built, item, here, key)
        else:
            message = f"{called(here)}: {key} {item!r} is a placeholder, not a part; it is left out"
            self.note(node, key, item, here, "NBO304", message)
        if built.facts or built.children:
            node.children.append(built)

    def point(self, node: Node, raw: str, here: str, key: str, hint: str = "") -> None:
        """State which part a node refers to, as far as the file tells."""
        attribute, targets = self.schema.references[node.name]
        named, slash, own = raw.strip().partition("/")
        element = self.table.element(named) if slash else hint
        kinds = {element} if element in targets else targets
        forms = {d.id_kind: d for d in map(self.schema.element, sorted(kinds)) if "ID" in d.attributes}
        given = own if slash else named
        value = identifier(next(iter(forms.values())), given) if len(forms) == 1 else "_".join(given.split())
        source = Source("hardware", self.file, f"{here} /{key}", raw=raw, rule=RULE)
        node.put(attribute, value, source=source)

    def light_path(self, node: Node, kind: Declaration, slots: dict[str, Any], here: str) -> None:
        """State what the slots of a channel's light path hold."""
        for slot, raw in slots.items():
            for number, item in enumerate(raw if isinstance(raw, list) else [raw]):
                place = f"{here} /{slot}[{number}]"
                if item in (None, {}, ""):
                    continue
                if not isinstance(item, dict):
                    message = f"{called(place)}: {item!r} is no part; it is left out"
                    self.note(node, slot, item, here, "NBO308", message)
                elif not self.slot(node, kind, slot, item, place):
                    message = f"{called(place)}: NBO's LightPath has no place for {item.get('Name') or slot}"
                    self.note(node, slot, item.get("Name") or slot, here, "NBO309", f"{message}; it is left out")

    def slot(self, node: Node, kind: Declaration, slot: str, item: dict[str, Any], here: str) -> bool:
        """State one part of a light path, and whether NBO has a place for it."""
        stated = self.table.element(item.get("Schema_ID"))
        if stated == "ObjectiveSettings" or (not stated and slot == "Objective"):
            # The objective is one for all channels, which NBO states of the image.
            self.objectives.append((item, here))
            return True
        if stated and kind.use(stated) is not None and (child := kind.child(stated)) is not None:
            built = Node(stated)
            self.fill(built, child, item, here)
            node.children.append(built)
            return True
        name = self.kind_of_reference(kind, slot, item)
        part = item.get(self.image["component"])
        if not name or not isinstance(part, str) or not part.strip():
            return False
        title = item.get("Name")
        built = Node(name)
        self.point(built, part, here, self.image["component"], title if isinstance(title, str) else "")
        node.children.append(built)
        return True

    def kind_of_reference(self, kind: Declaration, slot: str, item: dict[str, Any]) -> str:
        """Name of the child of a light path that refers to a part without settings."""
        title = item.get("Name") if isinstance(item.get("Name"), str) else ""
        known = self.image["references"]
        suffix = self.table.raw["reference-suffix"]
        for name in (f"{title}{suffix}", known.get(title, ""), known.get(slot, "")):
            if name and kind.use(name) is not None and name in self.schema.references:
                return str(name)
        fitting = [
            u for u in kind.children if u in self.schema.references and title in self.schema.references[u][1]
        ]  # in the schema's order
        references = [u for u in fitting if u.endswith(suffix)]
        return next(iter(references or fitting), "")

    def objective(self, image: Node, kind: Declaration) -> None:
        """State the objective that the channels name, where the image itself does not."""
        declared = kind.child("ObjectiveSettings")
        if declared is None:
            return
        for item, here in self.objectives:
            mine = image.first("ObjectiveSettings")
            built = Node("ObjectiveSettings")
            if mine is None:
                self.fill(built, declared, item, here)
                if built.facts or built.children:
                    image.children.append(built)
                continue
            self.part_of(built, item, here)
            if built.id and built.id != mine.id:
                message = f"{called(here)}: NBO has one objective for an image, {mine.id}; {built.id} is left out"
                self.note(image, "ObjectiveSettings", built.id, here, "NBO309", message, severity="warning")

    # -- what is beside the image -------------------------------------------------------------------------------------

    def experiment(self, image: Node, content: dict[str, Any]) -> list[Node]:
        """Return the experiment with its samples; the image refers to all of them."""
        kind = self.schema.element("Experiment")
        given = content.get(self.image["experiment"])
        people, samples = self.image["experimenters"], self.image["samples"]
        found = []
        node = Node("Experiment")
        if isinstance(given, dict):
            self.fill(node, kind, given, "Experiment", {people, samples})
            self.people(node, kind, given.get(people), f"Experiment /{people}")
            found += list(_items(given.get(samples)))
        elif given is not None:
            self.note(image, "Experiment", given, "Image", "NBO308", "Experiment is no object; it is left out")
        found += list(_items(content.get(samples)))
        self.people(image, self.schema.element("Image"), content.get(people), f"Image /{people}")
        declared = kind.child("Sample")
        if found and declared is not None:
            self.objects(node, kind, declared, found, "Experiment /Sample")
        if not node.facts and not node.children:
            return []
        if not node.id:
            source = Source("hardware", self.file, "Experiment", rule=RULE, derivation="id")
            node.put("ID", f"Experiment:{image.id.partition(':')[2] or '0'}", source=source)
        self.refer(image, "ExperimentRef", node)
        for sample in node.all("Sample"):
            if sample.id:
                self.refer(image, "SampleRef", sample)
        return [node]

    def people(self, holder: Node, kind: Declaration, raw: Any, here: str) -> None:
        """State experimenters that the file describes; one that it only names by an ID cannot be told."""
        declared = self.schema.element("Experimenter")
        for number, item in enumerate(_items(raw)):
            if isinstance(item, dict):
                person = Node("Experimenter")
                self.fill(person, declared, item, f"{here}[{number}]")
                if person.id and kind.use("ExperimenterRef") is not None:
                    self.experimenters.append(person)
                    self.refer(holder, "ExperimenterRef", person)
                    continue
            if isinstance(item, str) and " ".join(item.split()).casefold() in self.table.words:
                continue
            message = f"{here} {item!r} is not described in the file; it is left out"
            self.note(holder, self.image["experimenters"], item, here, "NBO306", message)

    def refer(self, holder: Node, name: str, target: Node) -> None:
        source = target.facts["ID"].source
        holder.children.append(Node(name, {"ID": Fact(target.id, source=source)}))


def _items(raw: Any) -> Iterator[Any]:
    yield from raw if isinstance(raw, list) else [] if raw is None else [raw]
