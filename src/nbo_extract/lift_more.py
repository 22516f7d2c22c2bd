"""What a second vocabulary says of the same images fills what the first leaves absent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.model import Fact
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.model import Document, Node


def fill_from(document: Document, other: Document, places: Sequence[int]) -> None:
    """Fill a Document in place from another that states the same images.

    Nodes are paired by name and place where both have as many; what the first has no node of is taken over, with a new
    ID. A fact that the first states is never changed, and a part of a kind that it has already is never added.

    Parameters
    ----------
    document, other : Document
    places : sequence of int
        Place among the images of `document` of each image of `other`.
    """
    _Filling(document, other, places).run()


class _Filling:
    def __init__(self, document: Document, other: Document, places: Sequence[int]) -> None:
        self.document = document
        self.other = other
        self.places = places
        self.references = load(document.version).references
        self.ids: dict[str, str] = {}
        self.next: dict[str, int] = {}
        self.added: list[Node] = []
        for node in document.root.walk():
            if node.name not in self.references and node.id:
                prefix, _, number = node.id.rpartition(":")
                self.next[prefix] = max(self.next.get(prefix, 0), int(number) + 1 if number.isdigit() else 0)

    def run(self) -> None:
        self.pair(self.document.root, self.other.root)
        for node in self.added:
            self.refer(node)
        self.document.findings += self.other.findings
        self.document.arrange()

    def pair(self, own: Node, theirs: Node) -> None:
        """Fill a node from the one that is the same part."""
        if own.id and theirs.id and own.name not in self.references:
            self.ids[theirs.id] = own.id
        for name, fact in theirs.facts.items():
            if name != "ID" and name not in own.facts:
                own.facts[name] = fact
        if own.text is None:
            own.text = theirs.text
        if own.planes is None and theirs.planes is not None:
            image = own.id.rpartition(":")[2]
            columns = dict(theirs.planes.columns)
            columns["ID"] = [f"Plane:{image}-{i.partition('-')[2]}" if i else None for i in columns.get("ID", [])]
            own.planes = replace(theirs.planes, columns=columns)
        before = list(own.children)
        for name in dict.fromkeys(c.name for c in theirs.children):
            self.group(own, before, name, [c for c in theirs.children if c.name == name])

    def group(self, own: Node, before: list[Node], name: str, theirs: list[Node]) -> None:
        """Pair or take over the children of one name."""
        known = [c for c in before if c.name == name]
        if name == "Image":
            for place, child in zip(self.places, theirs, strict=False):
                if place < len(known) or len(known) == len(theirs) == 1:
                    self.pair(known[place if place < len(known) else 0], child)
        elif known and (len(known) == len(theirs) or name == "Instrument"):
            for mine, child in zip(known, theirs, strict=False):
                self.pair(mine, child)
        elif not known:
            kinds = {c.id.partition(":")[0] for c in before if c.id and c.name not in self.references}
            for child in theirs:
                if name in self.references or child.id.partition(":")[0] not in kinds or not child.id:
                    own.children.append(child)
                    self.take(child)

    def take(self, node: Node) -> None:
        """Give what was taken over new IDs."""
        self.added.append(node)
        fact = node.facts.get("ID")
        if fact is not None and node.name not in self.references:
            prefix = fact.value.rpartition(":")[0]
            number = self.next.get(prefix, 0)
            self.next[prefix] = number + 1
            self.ids[fact.value] = f"{prefix}:{number}"
            node.facts["ID"] = Fact(f"{prefix}:{number}", fact.unit, fact.source)
        for child in node.children:
            self.take(child)

    def refer(self, node: Node) -> None:
        """Let a reference that was taken over point to the part by its new ID; one that has no part says nothing."""
        attribute, _ = self.references.get(node.name, ("", frozenset()))
        fact = node.facts.get(attribute) if attribute else None
        if fact is None:
            return
        target = self.ids.get(fact.value)
        if target is None:
            del node.facts[attribute]
        else:
            node.facts[attribute] = Fact(target, fact.unit, fact.source)
