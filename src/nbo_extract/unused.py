"""Described parts that no image refers to, and what is missing of them: a facility's matter, not that of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.labels import Labels
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.checking import Gap, Spot
    from nbo_extract.model import Document, Fact, Node


class Unused:
    """The parts that a description added and no image refers to, directly or through other parts.

    Parameters
    ----------
    document : Document
        One without images has none of them: it is a description itself.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        parts = [n for i in document.instruments for n in i.children] if document.images else []
        added = [part for part in parts if _added(part)]
        used = _reached(document) if added else frozenset()
        self._parts = frozenset(id(part) for part in added if id(part) not in used)

    def holds(self, spot: Spot) -> bool:
        """Whether a place is in such a part."""
        return len(spot.chain) > 1 and id(spot.chain[1]) in self._parts

    def wholly(self, gap: Gap) -> bool:
        """Whether a gap is of such parts alone."""
        return bool(gap.spots) and all(map(self.holds, gap.spots))

    def missing(self, gaps: Iterable[Gap]) -> dict[str, list[str]]:
        """Return what counts as missing of such parts: fields, by what the part is called."""
        found: dict[str, list[str]] = {}
        if not self._parts:
            return found
        labels = Labels(self._document)
        for gap in gaps:
            for spot in gap.spots if gap.counted else ():
                if self.holds(spot):
                    found.setdefault(labels[spot.chain[1]], []).append(_field(gap, spot))
        return found


def _field(gap: Gap, spot: Spot) -> str:
    inside = "" if len(spot.chain) == 2 else f"{gap.requirement.element} "
    return f"{inside}{gap.requirement.name.removesuffix('Group')}"


def _added(part: Node) -> bool:
    """Whether a description added a part that the image does not name."""
    identifier = part.facts.get("ID")
    facts: Iterable[Fact] = [identifier] if identifier is not None else part.facts.values()
    return bool(part.facts) and all(f.source is not None and f.source.kind == "hardware" for f in facts)


def _reached(document: Document) -> frozenset[int]:
    """Return the parts that are referred to by anything but parts that nothing refers to."""
    references, index = load(document.version).references, document.index()
    found: set[int] = set()
    open_ = [n for n in document.root.children if n.name != "Instrument"]
    open_ += [n for i in document.instruments for n in i.children if not _added(n)]
    while open_:
        for node in open_.pop().walk():
            reference = references.get(node.name)
            target = index.get(node.get(reference[0]) or "") if reference is not None else None
            if target is not None and id(target) not in found:
                found.add(id(target))
                if target.name != "Instrument":
                    open_.append(target)
    return frozenset(found)
