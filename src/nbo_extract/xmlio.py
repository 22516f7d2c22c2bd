"""NBO XML out and in: deterministic bytes, children in the schema's order, reads back to an equal Document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.errors import DocumentError
from nbo_extract.model import Document, Fact, Node, PlaneTable
from nbo_extract.schema import load
from nbo_extract.values import ILLEGAL
from nbo_extract.writers.block import SIDECAR_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lxml import etree

    from nbo_extract.model import Source
    from nbo_extract.schema import Declaration, Schema

# OME-XML of a long time lapse is larger than libxml2's default limits; the cap is our own.
MAX_XML_BYTES = 1 << 30
_KEYS = ("TheT", "TheC", "TheZ", "ID")
# Replaced one after the other: that is ten times as quick as a table of translation, which looks up each character.
_TEXT = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;"))
_ATTRIBUTE = (*_TEXT, ('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;"))


def escaped_attribute(text: str) -> str:
    """Return a text as it stands in an attribute."""
    for character, spelt in _ATTRIBUTE:
        text = text.replace(character, spelt)
    return text


def escaped_text(text: str) -> str:
    """Return a text as it stands in an element."""
    for character, spelt in _TEXT:
        text = text.replace(character, spelt)
    return text


def to_xml(document: Document, *, planes: bool = True, prefix: str = "", declaration: bool = True) -> str:
    """Serialise a Document as NBO XML.

    Parameters
    ----------
    document : Document
    planes : bool
        Whether planes held in columns are written.
    prefix : str
        Namespace prefix; empty for the default namespace.
    declaration : bool
        Whether an XML declaration (UTF-8) comes first.

    Returns
    -------
    str
        The same for an equal Document, always.

    Raises
    ------
    DocumentError
        If an element or attribute is not in the NBO model at its place.
    """
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if declaration else ""
    return head + "".join(iter_xml(document, planes=planes, prefix=prefix))


def iter_xml(document: Document, *, planes: bool = True, prefix: str = "") -> Iterator[str]:
    """Yield the pieces of `to_xml`, without the declaration, for writing large documents as a stream."""
    schema = load(document.version)
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    yield from _emit(
        document.root,
        schema.element(document.root.name),
        f"{prefix}:" if prefix else "",
        0,
        f' {name}="{schema.namespace}"',
        planes,
    )


def _emit(node: Node, kind: Declaration, prefix: str, depth: int, extra: str, planes: bool) -> Iterator[str]:
    indent = "  " * depth
    yield f"{indent}<{prefix}{node.name}{extra}{_attributes(node, kind)}"
    table = node.planes if planes and node.planes is not None and len(node.planes) else None
    if node.text is not None or node.foreign:
        yield f">{_content(node, kind)}</{prefix}{node.name}>\n"
        return
    if not node.children and table is None:
        yield "/>\n"
        return
    yield ">\n"
    if table is not None:
        yield from _emit_planes(table, kind, prefix, depth + 1)
    for child in sorted(node.children, key=lambda c: _position(node, kind, c)):
        declared = kind.child(child.name)
        if declared is None:  # pragma: no cover - _position has raised already
            raise DocumentError(f"{node.name} has no child {child.name}")
        yield from _emit(child, declared, prefix, depth + 1, "", planes)
    yield f"{indent}</{prefix}{node.name}>\n"


def _content(node: Node, kind: Declaration) -> str:
    if node.children:
        raise DocumentError(f"{node.name} has text and children; the NBO model allows one of them")
    if node.foreign:
        if not kind.wildcard:
            raise DocumentError(f"the NBO model has no foreign content in {node.name}")
        return node.foreign
    if kind.text is None or node.text is None:
        raise DocumentError(f"the NBO model has no text in {node.name}")
    return escaped_text(_carried(node.text.value, node.name))


def _carried(value: str, place: str) -> str:
    found = ILLEGAL.search(value)
    if found is not None:
        raise DocumentError(f"{place} holds the character U+{ord(found[0]):04X}, which no XML can carry; remove it")
    return value


def _position(node: Node, kind: Declaration, child: Node) -> int:
    use = kind.use(child.name)
    if use is None:
        raise DocumentError(f"the NBO model has no element {child.name} in {node.name}")
    return use.position


def _attributes(node: Node, kind: Declaration) -> str:
    units: dict[str, str] = {}
    for name, fact in node.facts.items():
        attribute = kind.attributes.get(name)
        if attribute is None or not attribute.writable:
            raise DocumentError(f"the NBO model has no attribute {name} in {node.name}")
        if fact.unit is not None:
            if attribute.unit is None:
                raise DocumentError(f"{node.name}@{name} has no unit in the NBO model, but {fact.unit} is given")
            if units.setdefault(attribute.unit, fact.unit) != fact.unit:
                raise DocumentError(f"{node.name}@{attribute.unit} cannot be {units[attribute.unit]} and {fact.unit}")
    out = []
    for name in [n for n in kind.attributes if n in node.facts or n in units]:
        value = node.facts[name].value if name in node.facts else units[name]
        if units.get(name, value) != value:
            raise DocumentError(f"{node.name}@{name} cannot be {units[name]} and {value}")
        out.append(f' {name}="{escaped_attribute(_carried(value, f"{node.name}@{name}"))}"')
    return "".join(out)


def _emit_planes(table: PlaneTable, kind: Declaration, prefix: str, depth: int) -> Iterator[str]:
    plane = kind.child("Plane")
    if plane is None:
        raise DocumentError(f"the NBO model has no planes in {kind.name}")
    columns: list[tuple[str, str, list[str | None]]] = []
    for name, attribute in plane.attributes.items():
        if name in table.columns:
            _carried("".join(filter(None, table.columns[name])), f"Plane@{name}")
            columns.append((name, _unit_text(table, name, attribute.unit), table.columns[name]))
    unknown = set(table.columns) - set(plane.attributes)
    if unknown:
        raise DocumentError(f"the NBO model has no attribute {sorted(unknown)[0]} in Plane")
    start = "  " * depth + f"<{prefix}Plane"
    for row in range(len(table)):
        parts = [start]
        for name, unit, values in columns:
            value = values[row]
            if value is not None:
                parts.append(f' {name}="{escaped_attribute(value)}"{unit}')
        parts.append("/>\n")
        yield "".join(parts)


def _unit_text(table: PlaneTable, name: str, unit_attribute: str | None) -> str:
    unit = table.units.get(name)
    if unit is None:
        return ""
    if unit_attribute is None:
        raise DocumentError(f"Plane@{name} has no unit in the NBO model, but {unit} is given")
    stated = table.columns.get(unit_attribute, ())
    if any(v is not None and u is not None for v, u in zip(table.columns[name], stated, strict=False)):
        raise DocumentError(f"Plane@{unit_attribute} is stated twice: as the unit of {name} and as a column")
    return f' {unit_attribute}="{escaped_attribute(unit)}"'


def from_xml(data: bytes | str | Path) -> Document:
    """Read NBO XML.

    Parameters
    ----------
    data : bytes, str or Path
        The document, or the path of one.

    Returns
    -------
    Document
        Without provenance: XML states none.

    Raises
    ------
    DocumentError
        If it is not well-formed, not NBO, or holds what the NBO model has no place for.
    """
    return from_element(*parse(data))


def parse(data: bytes | str | Path) -> tuple[etree._Element, str]:
    """Return the root of an XML document, and what messages call it; see `from_xml`."""
    from pathlib import Path

    from lxml import etree

    label = str(data) if isinstance(data, Path) else "this text"
    try:
        content = data.read_bytes() if isinstance(data, Path) else data
    except OSError as error:
        raise DocumentError(f"{label} cannot be read: {error.strerror}") from error
    if isinstance(content, str):
        content = _carried(content, label).encode("utf-8")
    if len(content) > MAX_XML_BYTES:
        raise DocumentError(f"{label}: XML of {len(content)} bytes is beyond the limit of {MAX_XML_BYTES}")
    # A text is no longer in the encoding that its declaration may name.
    encoding = "utf-8" if isinstance(data, str) else None
    parser = safe_parser(remove_comments=True, encoding=encoding)
    try:
        return etree.fromstring(content, parser), label
    except etree.XMLSyntaxError as error:
        raise DocumentError(f"{label} is not well-formed XML: {error.msg}") from error


def safe_parser(*, remove_comments: bool = False, encoding: str | None = None) -> etree.XMLParser:
    """Return a parser that resolves no entity, asks no network and takes texts beyond libxml2's default limits."""
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, remove_comments=remove_comments, encoding=encoding
    )


def take_sidecar(root: etree._Element) -> str:
    """Take what a sidecar says beside the NBO document out of it: no part of the document.

    Parameters
    ----------
    root : Element
        Changed in place.

    Returns
    -------
    str
        Empty where there is nothing.
    """
    text = ""
    for holder in root.findall("{*}StructuredAnnotations"):
        for annotation in holder.findall("{*}XMLAnnotation"):
            if annotation.get("Namespace") != SIDECAR_NAMESPACE:
                continue
            stated = annotation.find(f"{{*}}Value/{{{SIDECAR_NAMESPACE}}}sidecar")
            holder.remove(annotation)
            if stated is not None:
                text = "".join(str(t) for t in stated.itertext())
                if stated.get("annotations") == "created" and not len(holder):
                    root.remove(holder)
    return text


def from_element(root: etree._Element, label: str = "this text", *, rows: Mapping[str, int] | None = None) -> Document:
    """Read an NBO document from its parsed root; see `from_xml`.

    Parameters
    ----------
    root : Element
        What a sidecar says beside the document is taken out of it.
    label : str
        What messages call it.
    rows : mapping of str to int, optional
        Path of each Pixels to the number of planes that were written from columns; by default, planes become columns
        wherever they can.
    """
    schema = load()
    take_sidecar(root)
    _refuse_other(root, label)
    try:
        document = Document(_read(root, schema.element("OME"), f"{{{schema.namespace}}}", label), schema.version)
        _tabulate_all(document.root, document.root.name, rows)
        return document
    except RecursionError as error:
        raise DocumentError(f"{label} is nested deeper than any NBO document; nothing was read from it") from error


def nbo_root(data: bytes | str | Path) -> etree._Element:
    """Return the root of NBO XML as it stands, whether the NBO model has a place for all in it or not.

    Raises
    ------
    DocumentError
        If it is not well-formed, or its root is not NBO's.
    """
    root, label = parse(data)
    _refuse_other(root, label)
    return root


def _refuse_other(root: etree._Element, label: str) -> None:
    schema = load()
    if root.tag != f"{{{schema.namespace}}}OME":
        raise DocumentError(f"{label} is {_instead(root, schema)}")


def _instead(root: etree._Element, schema: Schema) -> str:
    """Say what a document is that is not of NBO, or not of its version that is known."""
    tag = str(root.tag)
    namespace, _, name = tag.rpartition("}")
    namespace = namespace.removeprefix("{")
    if name == "OME" and "openmicroscopy.org/Schemas/" in namespace:
        return f"OME-XML ({namespace}), which is not NBO; give the image itself, and its metadata are read from it"
    family = schema.namespace.rpartition("/")[0]
    if name == "OME" and namespace.startswith(f"{family}/"):
        return (
            f"a document of another version of NBO ({namespace}); this version of nbo-extract reads {schema.version} "
            f"({schema.namespace})"
        )
    return f"no NBO document: its root is {tag}, expected OME in {schema.namespace}"


def _read(element: etree._Element, kind: Declaration, namespace: str, label: str) -> Node:
    node = Node(kind.name)
    node.facts = _read_facts({str(k): str(v) for k, v in element.items()}, kind, label, element.sourceline)
    if kind.wildcard:
        node.foreign = foreign_text(element)
        return node
    for child in element.iterchildren("*"):
        name = child.tag.removeprefix(namespace)
        declared = kind.child(name) if child.tag.startswith(namespace) else None
        if declared is None:
            raise DocumentError(f"{label}, line {child.sourceline}: the NBO model has no {name} in {kind.name}")
        node.children.append(_read(child, declared, namespace, label))
    if kind.text is not None and (element.text or "") != "":
        node.text = Fact(element.text or "")
    return node


def _tabulate_all(node: Node, path: str, rows: Mapping[str, int] | None) -> None:
    if node.name == "Pixels":
        tabulate(node, None if rows is None else rows.get(path, 0))
    counts: dict[str, int] = {}
    for child in node.children:
        place = counts.setdefault(child.name, 0)
        counts[child.name] += 1
        _tabulate_all(child, f"{path}/{child.name}[{place}]", rows)


def foreign_text(element: etree._Element) -> str:
    """Return the elements below one, of namespaces that are not NBO's, as canonical XML."""
    from lxml import etree

    parts = []
    for child in element.iterchildren("*"):
        text = etree.tostring(child, method="c14n", exclusive=True).decode("utf-8")
        if not child.tag.startswith("{"):
            # Within NBO's default namespace a name of no namespace would become one of NBO's.
            text = text.replace(f"<{child.tag}", f'<{child.tag} xmlns=""', 1)
        parts.append(text)
    return "".join(parts)


def _read_facts(given: dict[str, str], kind: Declaration, label: str, line: object) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    used: set[str] = set()
    for name in given:
        if name not in kind.attributes:
            raise DocumentError(f"{label}, line {line}: the NBO model has no attribute {name} in {kind.name}")
    for name, attribute in kind.attributes.items():
        if name in given and name not in kind.unit_names:
            unit = given.get(attribute.unit) if attribute.unit else None
            facts[name] = Fact(given[name], unit)
            if unit is not None and attribute.unit is not None:
                used.add(attribute.unit)
    for name in given:
        if name in kind.unit_names and name not in used:
            facts[name] = Fact(given[name])
    return facts


def tabulate(pixels: Node, first: int | None = None) -> None:
    """Move planes without children into columns, where each states its place and all agree about units and sources.

    Parameters
    ----------
    pixels : Node
        Changed in place; with columns already, it stays as it is.
    first : int, optional
        Only so many planes, the first, may be moved.
    """
    planes = [c for c in pixels.all("Plane")[:first] if not c.children and all(k in c.facts for k in _KEYS)]
    units: dict[str, str | None] = {}
    sources: dict[str, Source | None] = {}
    for plane in planes:
        for name, fact in plane.facts.items():
            if sources.setdefault(name, fact.source) != fact.source:
                return
            if units.setdefault(name, fact.unit) != fact.unit:
                return
    if not planes or pixels.planes is not None:
        return
    moved = {id(p) for p in planes}
    pixels.children = [c for c in pixels.children if id(c) not in moved]
    columns: dict[str, list[str | None]] = {n: [p.get(n) for p in planes] for n in sorted(units)}
    stated = {n: s for n, s in sources.items() if s is not None}
    pixels.planes = PlaneTable(columns, {n: u for n, u in sorted(units.items()) if u is not None}, stated)
