"""What writing a microscope file needs of single values and parts: exact JSON, IDs, comments, roles of lights."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbo_extract.hardware_reader import identifier
from nbo_extract.schema import load
from nbo_extract.values import canonical, number_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbo_extract.model import Document, Fact, Node
    from nbo_extract.schema import Declaration, SimpleType

#: Part (empty for the microscope), children below it, attribute or reference, value, unit.
Statement = tuple[str, str, str, str, str]
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Raw:
    """A text that is written into JSON as it is: a number in the digits of its source."""

    text: str


def dump(value: Any) -> str:
    """Return JSON with numbers as they are stated; Python's own would print the nearest double."""
    return "".join(_pieces(value, "\n"))


def _pieces(value: Any, line: str) -> Iterator[str]:
    if isinstance(value, Raw):
        yield value.text
    elif isinstance(value, (dict, list)) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        inner = f"{line} "
        yield opening
        items = value.items() if isinstance(value, dict) else ((None, v) for v in value)
        for number, (key, item) in enumerate(items):
            yield f"{',' if number else ''}{inner}"
            if key is not None:
                yield f"{json.dumps(key, ensure_ascii=False)}: "
            yield from _pieces(item, inner)
        yield f"{line}{closing}"
    else:
        yield json.dumps(value, ensure_ascii=False)


def scalar(fact: Fact, kind: SimpleType) -> tuple[Any, str] | None:
    """Return a value for JSON and the text that it reads back as, or None where JSON has no such value."""
    text = fact.value.strip()
    if kind.numeric:
        if _NUMBER.fullmatch(text) and not kind.integer:
            return Raw(text), text
        number = fact.number
        return None if number is None else (Raw(number_text(number)), number_text(number))
    if kind.primitive == "xsd:boolean":
        try:
            text = canonical(text, kind)
        except ValueError:
            return None
        return text == "true", text
    return fact.value, text


class Names:
    """IDs of parts in the application's form: NBO's without the kind in front, none twice.

    Attributes
    ----------
    changed : list of tuple of Node and str
        Parts that read back with another ID than they had, and the application's ID.
    """

    def __init__(self) -> None:
        self.changed: list[tuple[Node, str]] = []
        self._of: dict[int, str] = {}
        self._nodes: dict[str, Node] = {}
        self._back: dict[str, str] = {}

    def give(self, node: Node, kind: Declaration) -> str:
        """Name a part."""
        made = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind.name} {node.get('Name') or ''} {len(self._nodes)}"))
        # References are read from their last slash on.
        whole = node.id.replace("/", "-") or made
        short = whole.removeprefix(f"{kind.id_kind}:")
        # What has NBO's form already is read as it is: only what gets its kind back goes without.
        name = short if short and identifier(kind, short) == node.id and short not in self._nodes else whole
        number = 2
        while name in self._nodes or identifier(kind, name) in self._back:
            name = f"{whole}-{number}"
            number += 1
        self._of[id(node)] = name
        self._nodes[name] = node
        self._back[identifier(kind, name)] = name
        if identifier(kind, name) != node.id:
            self.changed.append((node, name))
        return name

    def of(self, node: Node) -> str:
        """Return the name of a part that has one."""
        return self._of[id(node)]

    @property
    def back(self) -> Mapping[str, str]:
        """ID that a part reads back with, to its name."""
        return self._back

    def node(self, name: str) -> Node | None:
        """Return the part of a name."""
        return self._nodes.get(name)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that a part refers to.

    Attributes
    ----------
    node : Node
        The annotation.
    text : str
    plain : bool
        Whether it states nothing but the text, as one that was made of a description.
    """

    node: Node
    text: str
    plain: bool


def comment_of(node: Node, index: Mapping[str, Node], namespace: str) -> Comment | None:
    """Return the comment that is the description of a part: one that was made of it, else the first."""
    found: list[Comment] = []
    for reference in node.all("AnnotationRef"):
        annotation = index.get(reference.id)
        value = annotation.first("Value") if annotation is not None else None
        if annotation is None or annotation.name != "CommentAnnotation" or value is None or value.text is None:
            continue
        own = annotation.get("Namespace") == namespace
        plain = own and set(annotation.facts) == {"ID", "Namespace"} and len(annotation.children) == 1
        found.append(Comment(annotation, value.text.value, plain))
    return next((c for c in found if c.node.get("Namespace") == namespace), found[0] if found else None)


def role_of(node: Node, comment: str, table: Mapping[str, Any]) -> tuple[str, str]:
    """Return the role of a light source and, where it is not certain, what speaks for it."""
    if node.name in table["certain"]:
        return table["certain"][node.name], ""
    text = " ".join(filter(None, (node.get("Name"), node.get("Model"), comment))).casefold()
    words = set(re.findall(r"[\w-]+", text))
    told = {role: sorted(words.intersection(known)) for role, known in table["words"].items()}
    roles = [role for role, found in told.items() if found]
    if len(roles) == 1:
        return roles[0], f"because of the word {told[roles[0]][0]!r}"
    return table["assumed"][node.name], "which is assumed"


def statements(document: Document, description: str, names: Mapping[str, str]) -> Iterator[Statement]:
    """Yield what a description says that was read from the application's file.

    Parameters
    ----------
    document : Document
    description : str
        Name under which the text of a comment is yielded.
    names : mapping of str to str
        ID of a part to the application's.
    """
    index, references = document.index(), load(document.version).references
    instrument = document.instruments[0]

    def visit(node: Node, own: str, below: str) -> Iterator[Statement]:
        for name, fact in node.facts.items():
            if name != "ID" or below:
                yield (own, below, name, fact.value, fact.unit or "")
        for child in node.children:
            if child.name == "AnnotationRef":
                value = index[child.id].first("Value")
                if value is not None and value.text is not None:
                    yield (own, "", description, value.text.value, "")
            elif child.name in references:
                target = child.get(references[child.name][0]) or ""
                yield (own, "", child.name, names.get(target, target), "")
            elif node is not instrument:
                yield from visit(child, own, f"{below}/{child.name}")

    yield from visit(instrument, "", "")
    for part in (c for c in instrument.children if c.name not in references):
        yield from visit(part, names.get(part.id, part.id), "")
