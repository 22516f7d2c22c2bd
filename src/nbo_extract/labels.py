"""What a microscopist calls an element of a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Declaration

_SHOWN = 3


class Labels:
    """Labels of the elements of a document: by name or model, else by what they belong to, else by ID.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self._references = load(document.version).references
        #: All elements, as `walk` yields them.
        self.nodes = list(walk(document))
        self._parents = {id(node): parent for node, _, parent in self.nodes}
        self._labels: dict[int, str] = {}

    def __getitem__(self, node: Node) -> str:
        """Return the label of an element, such as ``Objective 'Plan-Apochromat 63x/1.4'``."""
        found = self._labels.get(id(node))
        if found is None:
            known = id(node) in self._parents
            found = self._labels[id(node)] = self._label(node, self._parents[id(node)]) if known else node.name
        return found

    def _label(self, node: Node, parent: Node | None) -> str:
        stated = next((v for n in ("Name", "Model") if (v := (node.get(n) or "").strip())), "")
        if stated:
            return f"{node.name} '{stated}'"
        if node.id and node.name not in self._references:
            return f"{node.name} '{node.id}'"
        if parent is None or parent.name == "OME":
            return node.name
        return f"{node.name} of {self[parent]}"


def walk(document: Document) -> Iterator[tuple[Node, Declaration, Node | None]]:
    """Yield each node with its declaration and the node around it, parents first; what NBO has no place for is left."""
    stack: list[tuple[Node, Declaration, Node | None]] = [
        (document.root, load(document.version).element("OME"), None),
    ]
    while stack:
        node, kind, parent = stack.pop()
        yield node, kind, parent
        inside = [(child, kind.child(child.name)) for child in reversed(node.children)]
        stack += [(child, declared, node) for child, declared in inside if declared is not None]


def joined(element: str, labels: Sequence[str], total: int) -> str:
    """Return one phrase for several elements of a kind, such as ``Objective (2 of 3: 'A', 'B')``."""
    if len(labels) == 1 == total:
        return labels[0]
    names = [label.removeprefix(element).strip() for label in labels]
    shown = ", ".join(n for n in names[:_SHOWN] if n)
    more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
    count = f"{len(labels)} of {total}"
    return f"{element} ({count}: {shown}{more})" if shown else f"{element} ({count})"
