"""Addresses of the elements of a document, as statements take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.applicability import placeholder
from nbo_extract.model import Node
from nbo_extract.parts import fold
from nbo_extract.schema import load
from nbo_extract.statements import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.model import Document

# Facts by which a part is told from the others of its kind, the most telling first.
_NAMES = (("Name",), ("Model",), ("CatalogNumber",), ("SerialNumber",), ("Name", "Model"), ("Model", "CatalogNumber"))
#: Steps that name nothing are about all of these, or the only one.
_PLAIN = frozenset({"Pixels", "LightPath"})


class Addresses:
    """Finds the addresses of elements.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.schema = load(document.version)

    def steps(self, chain: Sequence[Node], *, general: bool) -> tuple[Step, ...]:
        """Return the address of the last element of a chain.

        Parameters
        ----------
        chain : sequence of Node
            From the child of the root on.
        general : bool
            Whether the image is left open.
        """
        found: list[Step] = []
        around = self.document.root
        for node in chain:
            if node.name == "Image" and general:
                found.append(Step("Image"))
            else:
                found.append(self.step(node, around))
            around = node
        return tuple(found)

    def step(self, node: Node, around: Node) -> Step:
        """Return the step from an element to one of its children."""
        siblings = around.all(node.name)
        part = around.name == "Instrument" or node.name == "Channel"
        if node.name in _PLAIN or (len(siblings) == 1 and not part):
            return Step(node.name)
        names = (("Name",),) if node.name == "Channel" else _NAMES
        for attributes in names:
            where = tuple((a, self._telling(node, a)) for a in attributes)
            if all(value for _, value in where) and _only(node, siblings, where):
                return Step(node.name, where)
        if node.name != "Channel" and node.id and _only(node, siblings, (("ID", node.id),)):
            return Step(node.name, (("ID", node.id),))
        return Step(node.name, position=next(n for n, s in enumerate(siblings, 1) if s is node))

    def _telling(self, node: Node, name: str) -> str:
        value = node.get(name) or ""
        kind = self.schema.element(node.name) if node.name in self.schema else None
        attribute = kind.attributes.get(name) if kind is not None else None
        return "" if not value.strip() or placeholder(node, name, attribute) else value

    def reached(self, steps: Iterable[Step]) -> list[Node]:
        """Return the elements that an address leads to, and those around one that a statement would add."""
        nodes, others = [self.document.root], list[Node]()
        for step in steps:
            found: list[Node] = []
            for node in nodes:
                present = node.all(step.element)
                if step.position:
                    present = present[step.position - 1 : step.position]
                found += [n for n in present if all(fold(n.get(a) or "") == fold(v) for a, v in step.where)]
                if not present and not step.where and not step.position:
                    others.append(node)
            nodes = found
        return nodes + others


def lasting(steps: Iterable[Step]) -> bool:
    """Whether an address means the same part in every image of a microscope: names, not numbers of one file."""
    return not any(s.position or any(a == "ID" for a, _ in s.where) for s in steps)


def _only(node: Node, siblings: Iterable[Node], where: Iterable[tuple[str, str]]) -> bool:
    wanted = list(where)
    return not any(s is not node and all(fold(s.get(a) or "") == fold(v) for a, v in wanted) for s in siblings)
