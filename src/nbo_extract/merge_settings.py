"""Filling an image from the acquisition settings that people recorded for it, such as those of Micro-Meta App.

Settings are of one image: they are used where the name of the image, or date and size, say that it is the one, and
where the description of the microscope that they refer to was merged.
"""

from __future__ import annotations

import os
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.hardware_settings import resolved
from nbo_extract.merge_fill import Filler
from nbo_extract.parts import fold
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Declaration

_NONE: Mapping[str, str] = MappingProxyType({})
_SIZES = ("SizeX", "SizeY", "SizeZ", "SizeC", "SizeT")


def merge_settings(
    document: Document,
    settings: Iterable[Hardware],
    hardware: Sequence[Hardware],
    *,
    aliases: Mapping[str, Collection[str]],
    matches: Mapping[str, str] = _NONE,
) -> None:
    """Fill the images of a Document from settings, in place.

    Parameters
    ----------
    document : Document
        After the merge of the hardware description.
    settings : iterable of Hardware
        Of the kind ``settings``; their order does not matter.
    hardware : sequence of Hardware
        Descriptions that were given with them.
    aliases : mapping of str to collection of str
        Part of the document to what the merged description calls it, its ID there among it.
    matches : mapping of str to str, optional
        IDs of images to IDs of Images of settings: what the user settles.
    """
    merged = {h.instrument.id for h in hardware if h.sha256 in document.origin.hardware.values()}
    for given in (resolved(s, hardware) for s in sorted(settings, key=lambda s: (s.name, s.sha256))):
        if given.instrument_id and given.instrument_id not in merged:
            message = (
                f"{given.name} is of a microscope whose description is not merged here; give that description, too"
            )
            document.findings.append(_finding(document, "NBO346", message, given))
            continue
        pairs = [(m, t) for t in given.document.images for m in document.images if _is(m, t, document, matches)]
        if len(pairs) != 1:
            names = ", ".join(repr(t.get("Name") or t.id) for t in given.document.images)
            said = (
                "fits several images of the file" if pairs else "is of none of the file's images by name, date and size"
            )
            message = f"{given.name} holds the settings of {names}, which {said}; nothing is merged from it"
            document.findings.append(_finding(document, "NBO346", message, given))
            continue
        _Settings(document, given, aliases).fill_image(*pairs[0])
        document.origin.came_from(given.name, given.path, given.sha256)


def _is(mine: Node, theirs: Node, document: Document, matches: Mapping[str, str]) -> bool:
    """Whether an image is the one that settings are of."""
    if mine.id in matches or theirs.id in matches.values():
        return matches.get(mine.id) == theirs.id
    wanted = fold(theirs.get("Name") or "")
    file = os.path.basename(document.origin.file.replace("\\", "/").rstrip("/"))
    names = [mine.get("Name") or ""]
    names += [file, file.partition(".")[0], os.path.splitext(file)[0]] if len(document.images) == 1 else []
    if wanted and any(fold(n) == wanted for n in names if n):
        return True
    pixels = mine.first("Pixels"), theirs.first("Pixels")
    if pixels[0] is None or pixels[1] is None or mine.get("AcquisitionDate") is None:
        return False
    sizes = [[p.get(s) for s in _SIZES] for p in pixels if p is not None]
    return (
        mine.get("AcquisitionDate") == theirs.get("AcquisitionDate") and sizes[0] == sizes[1] and None not in sizes[0]
    )


class _Settings:
    """Fills one image of a document from one file of settings."""

    def __init__(self, document: Document, given: Hardware, aliases: Mapping[str, Collection[str]]) -> None:
        self.document = document
        self.given = given
        self.schema = load(document.version)
        instrument = document.instruments[0] if document.instruments else None
        self.filler = Filler(document, instrument or document.root, given, 0)
        index = document.index()
        # Parts have the IDs of the description in the settings.
        for identifier, names in aliases.items():
            if identifier in index:
                self.filler.ids.update(dict.fromkeys(names, identifier))
        for identifier in index:
            self.filler.ids.setdefault(identifier, identifier)

    def fill_image(self, mine: Node, theirs: Node) -> None:
        self.experiments()
        self.filler.ids[theirs.id] = mine.id
        self.level(mine, theirs, self.schema.element("Image"))
        self.document.findings.extend(self.filler.findings)

    def experiments(self) -> None:
        """Bring what the image refers to beside the Instrument: experiment, sample, people."""
        for name in ("Experimenter", "ExperimenterGroup", "Experiment"):
            present = self.document.root.all(name)
            for node in self.given.document.root.all(name):
                earlier = next((i for i in self.filler.own_ids(node.id) if i in self.filler.taken), None)
                if earlier is not None:
                    self.filler.ids[node.id] = earlier
                elif name == "Experiment" and len(present) == 1:
                    self.filler.ids[node.id] = present[0].id
                    self.level(present[0], node, self.schema.element(name))
                else:
                    self.document.root.children.append(self.filler.take(node))

    def level(self, mine: Node, theirs: Node, kind: Declaration) -> None:
        """Fill one element, then the children that both have."""
        pairs: list[tuple[Node, Node]] = []
        bare = [c for c in theirs.children if not self.pairs(mine, theirs, c, kind, pairs)]
        copy = type(theirs)(theirs.name, {k: f for k, f in theirs.facts.items() if k != "ID"}, bare, theirs.text)
        self.filler.fill(mine, copy, kind, mine.id)
        for one, other in pairs:
            declared = kind.child(one.name)
            if declared is not None:
                self.level(one, other, declared)

    def pairs(self, mine: Node, theirs: Node, child: Node, kind: Declaration, pairs: list[tuple[Node, Node]]) -> bool:
        """Find the child of the image that a child of the settings is; whether it is dealt with."""
        present = mine.all(child.name)
        if not present:
            return False
        reference = self.schema.references.get(child.name)
        if reference is not None:
            wanted = self.filler.ids.get(child.get(reference[0]) or "")
            found = [p for p in present if p.get(reference[0]) == wanted]
        elif child.name == "Channel":
            found = _channel(child, present, theirs.all("Channel"))
        else:
            use = kind.use(child.name)
            found = present if use is not None and (use.maximum == 1 or len(present) == 1) else []
        if len(found) == 1:
            pairs.append((found[0], child))
        elif reference is None:
            self.unpaired(child)
        return True

    def unpaired(self, child: Node) -> None:
        message = f"{self.given.name}: {child.name} {child.get('Name') or child.id!r} fits none of the image's alone"
        self.document.findings.append(_finding(self.document, "NBO346", f"{message}; it is left out", self.given))


def _channel(child: Node, present: list[Node], theirs: list[Node]) -> list[Node]:
    """Find a channel by its name, or by its place where both have as many."""
    named = [p for p in present if child.get("Name") and fold(p.get("Name") or "") == fold(child.get("Name") or "")]
    if named:
        return named
    if len(present) == len(theirs) and all(
        not (c.get("Name") and p.get("Name")) for c, p in zip(theirs, present, strict=True)
    ):
        return [present[theirs.index(child)]]
    return []


def _finding(document: Document, code: str, message: str, given: Hardware) -> Finding:
    return Finding(code, "warning", message, file=document.origin.file, other_source=given.name)
