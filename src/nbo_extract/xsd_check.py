"""Validation against the XML Schema that NBO has published, with its messages in the words of NBO.

The schema is the user's: it is not part of the product. It is compiled from its one file; nothing is fetched.
"""

from __future__ import annotations

import functools
import os
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.applicability import rules
from nbo_extract.errors import UsageError
from nbo_extract.findings import Finding
from nbo_extract.labels import joined
from nbo_extract.schema import load
from nbo_extract.xsd_words import Words, declared_at, explained, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from nbo_extract.applicability import Rule

CODE: Final = "NBO219"
_XSD: Final = "{http://www.w3.org/2001/XMLSchema}"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_LARGEST: Final = 1 << 26
#: So many messages of one document are explained; a document with more is wrong throughout.
_MOST: Final = 2_000
#: So many planes of an image are looked at together.
_STRETCH: Final = 2_000


class PublishedSchema:
    """The schema of a file; get it from `published`.

    Parameters
    ----------
    path : str
    schema : XMLSchema
    """

    def __init__(self, path: str, schema: etree.XMLSchema) -> None:
        self.path = path
        self._schema = schema

    def check(self, root: etree._Element, file: str = "") -> list[Finding]:
        """Return what the schema says against a document, each message once, in the order of the document.

        Parameters
        ----------
        root : Element
            Of NBO XML; its planes are taken out in stretches, since a validator takes the square of the number of
            faulty siblings. After a stretch with faults no further one is looked at.
        file : str
            Where the document is from.

        Returns
        -------
        list of Finding
            NBO219: errors; known flaws of the schema are of severity ``info``.
        """
        faults: dict[tuple[Words, str], _Fault] = {}
        for _ in _stretches(root):
            if not self._schema.validate(root):
                self._explain(root, faults)
                break
        return [_finding(words, reason, fault, file) for (words, reason), fault in faults.items()]

    def _explain(self, root: etree._Element, faults: dict[tuple[Words, str], _Fault]) -> None:
        for number, entry in enumerate(_entries(self._schema)):
            if number == _MOST:
                break
            node = _node(root, entry.path, entry.message)
            words = explained(entry.message, node, declared_at(node))
            if words is None:
                continue
            fault = faults.setdefault((words, flaw(words, node)), _Fault())
            fault.add(node)


@dataclass(slots=True)
class _Fault:
    labels: list[str] = field(default_factory=list)
    instances: list[str] = field(default_factory=list)
    nodes: set[int] = field(default_factory=set)

    def add(self, node: etree._Element) -> None:
        """Note an element, once."""
        place = hash(node.getroottree().getpath(node))
        if place not in self.nodes:
            self.nodes.add(place)
            self.labels.append(_label(node))
            self.instances.append(node.get("ID") or "")


def _stretches(root: etree._Element) -> Iterator[None]:
    """Leave in a tree one stretch of the planes of each image after the other; no key of the schema is about planes."""
    planes = [(p, p.findall("{*}Plane")) for p in root.iter("{*}Pixels")]
    many = [(pixels, found) for pixels, found in planes if len(found) > _STRETCH]
    for pixels, found in many:
        for plane in found[_STRETCH:]:
            pixels.remove(plane)
    yield
    for pixels, found in many:
        there = found[:_STRETCH]
        for start in range(_STRETCH, len(found), _STRETCH):
            place = pixels.index(there[0])
            for plane in there:
                pixels.remove(plane)
            there = found[start : start + _STRETCH]
            pixels[place:place] = there
            yield


def published(path: str) -> PublishedSchema:
    """Compile the published schema.

    Raises
    ------
    UsageError
        If the file is no XML Schema, not one of NBO, or needs other files; one sentence.
    """
    from lxml import etree

    from nbo_extract.xmlio import safe_parser

    try:
        if os.path.getsize(path) > _LARGEST:
            raise UsageError(f"{path} is too large for an XML Schema of NBO; give the published file")
        root = etree.parse(path, safe_parser(remove_comments=True)).getroot()
    except OSError as error:
        told = error.strerror or "it is no XML"
        raise UsageError(f"{path}: this schema cannot be read ({told}); check the path") from error
    except etree.XMLSyntaxError as error:
        raise UsageError(f"{path} is no XML Schema: it is not well-formed ({error.msg})") from error
    _refuse(root, path)
    try:
        return PublishedSchema(path, etree.XMLSchema(root))
    except etree.XMLSchemaParseError as error:
        first = error.error_log[0].message if len(error.error_log) else str(error)
        raise UsageError(f"{path} is no sound XML Schema: {plain(first)}") from error


def _refuse(root: etree._Element, path: str) -> None:
    """Refuse what is no schema of NBO, and what would have to be fetched."""
    namespace = load().namespace
    if root.tag != f"{_XSD}schema":
        raise UsageError(f"{path} is no XML Schema: its root is {plain(root.tag)}; give the published .xsd of NBO")
    if root.getroottree().docinfo.internalDTD is not None:
        raise UsageError(f"{path} declares a DTD, which the published schema does not; give that")
    target = root.get("targetNamespace")
    if target != namespace:
        told = f"of {target}" if target else "of no namespace"
        raise UsageError(f"{path} is a schema {told}, not of NBO {load().version} ({namespace})")
    for tag in ("include", "redefine", "import"):
        for element in root.findall(_XSD + tag):
            if tag == "import" and element.get("namespace") == _XML:
                # Published without a use of it, and its place is on the web.
                if "schemaLocation" in element.attrib:
                    del element.attrib["schemaLocation"]
                continue
            other = element.get("schemaLocation") or element.get("namespace")
            raise UsageError(
                f"{path} needs another schema ({other}), and none is fetched; give one that is whole in itself"
            )


def _entries(schema: etree.XMLSchema) -> Iterator[Any]:
    """Yield the messages, without those that only repeat that a value has a fault."""
    last: tuple[str, str] | None = None
    log: Any = schema.error_log
    for entry in log:
        if "No precomputed value available" in entry.message:
            continue
        place = (entry.path or "", entry.message.partition(": ")[0])
        if place == last and "is not a valid value of the" in entry.message:
            continue
        last = place if "[facet" in entry.message else None
        yield entry


def _node(root: etree._Element, path: str | None, message: str) -> etree._Element:
    """Return the element that a message is about; of references it is found by what the message quotes."""
    if path:
        found: Any = root.xpath(path)
        return found[0] if found else root
    quoted = re.search(r"Element '([^']*)'.* key-sequence \['(.*)'\]", message)
    if quoted is None:
        return root
    return next((n for n in root.iter(quoted[1]) if n.get("ID") == quoted[2]), root)


def _label(node: etree._Element) -> str:
    name = plain(str(node.tag))
    stated = next((v for a in ("Name", "Model", "ID") if (v := " ".join((node.get(a) or "").split()))), "")
    parent = node.getparent()
    if stated and name not in load().references:
        return f"{name} '{stated}'"
    return name if parent is None or plain(str(parent.tag)) == "OME" else f"{name} of {_label(parent)}"


@functools.cache
def _flaws() -> list[dict[str, str]]:
    table = resources.files("nbo_extract_mappings") / "schema" / "xsd-flaws.toml"
    found: list[dict[str, str]] = tomllib.loads(table.read_text(encoding="utf-8"))["flaw"]
    return found


def flaw(words: Words, node: etree._Element) -> str:
    """Return which known flaw of the schema a message comes from; empty for none."""
    for row in _flaws():
        if row["element"] == words.element and row["field"] in words.fields and row["message"] == words.kind:
            return row["reason"]
    if words.kind not in ("missing", "value"):
        return ""
    effects = ("never",) if words.kind == "value" else ("excuse", "never")
    for name in words.fields:
        for element in (words.element, "*"):
            for rule in rules().get((element, name), ()):
                if rule.effect in effects and rule.level in ("", "must") and _holds(rule, node):
                    return rule.reason
    return ""


def _holds(rule: Rule, node: etree._Element) -> bool:
    """Whether a rule holds for an element alone; what kind of image it belongs to is no matter of a schema."""
    parent = node.getparent()
    return (
        not (rule.only or rule.every or rule.without or rule.target or rule.aimed or rule.asked)
        and all(node.get(n) in values if values else not node.get(n) for n, values in rule.own.items())
        and all(parent is not None and parent.get(name) in values for name, values in rule.parent.items())
    )


def _finding(words: Words, reason: str, fault: _Fault, file: str) -> Finding:
    label = joined(words.element, fault.labels, len(fault.labels))
    message = f"{label}: {words.message}"
    if reason:
        message += f"; a known flaw of the published schema: {reason}"
    return Finding(
        CODE,
        "info" if reason else "error",
        message,
        file=file,
        element=words.element,
        instance=", ".join(dict.fromkeys(i for i in fault.instances if i)),
        attribute=words.fields[0] if words.fields else "",
        value=words.value,
    )
