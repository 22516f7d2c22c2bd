"""Splicing the NBO block into OME-XML and out again: every byte that is not ours stays as it is.

A block is two annotations at the end of StructuredAnnotations, one with the NBO document and one with its provenance,
an AnnotationRef to the first as last child of each Image, and attributes that OME lacks and that are known. All are
insertions into the original bytes; the provenance annotation records how to find them, so that `strip` takes out
just these and proves it with the hash of the original.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from nbo_extract.errors import WriteError
from nbo_extract.writers._diff import insertion_diff
from nbo_extract.writers._scan import UNITED, Place, Scan, scan
from nbo_extract.writers._system import SIDECAR_HINT
from nbo_extract.writers.block import NBO_NAMESPACE, NBO_VERSION, OWN_NAMESPACES, PROVENANCE_NAMESPACE
from nbo_extract.xmlio import escaped_attribute, escaped_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.writers.block import Block, CoreFill

_UTF8: Final = ("", "utf-8", "utf8")
#: Declared encodings of which plain ASCII bytes are a part.
_ASCII_BASED: Final = re.compile(r"(us-)?ascii|iso-8859-\d+|latin-?1|windows-125\d|cp125\d")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_ID: Final = re.compile(rb"Annotation:NBO:([0-9]{1,18})(?![0-9])")
#: Bio-Formats takes these for its own wherever they stand in an annotation.
_TAKEN: Final = ("OriginalMetadata", "ModuloAlongZ", "ModuloAlongC", "ModuloAlongT")


@dataclass(frozen=True, slots=True)
class Splice:
    """A block as insertions into OME-XML.

    Attributes
    ----------
    base : bytes
        The OME-XML without a block.
    insertions : tuple of (int, bytes)
        Offsets in `base` and what is inserted there, in order.
    """

    base: bytes
    insertions: tuple[tuple[int, bytes], ...]

    def pieces(self) -> list[bytes | memoryview]:
        """Return the OME-XML with the block in pieces, without a copy of what is there already."""
        base, last = memoryview(self.base), 0
        parts: list[bytes | memoryview] = []
        for at, text in self.insertions:
            parts += [base[last:at], text]
            last = at
        return [*parts, base[last:]]

    def apply(self) -> bytes:
        """Return the OME-XML with the block."""
        return b"".join(self.pieces())

    def diff(self, label: str) -> str:
        """Return what is inserted, as a unified diff with a line for each tag."""
        return insertion_diff(self.base, self.insertions, label)


def splice(
    xml: bytes,
    block: Block,
    *,
    old_offset: int | None = None,
    old_length: int | None = None,
    made: bool = False,
    label: str = "this OME-XML",
) -> bytes:
    """Insert a block into OME-XML; a block that is there already is replaced.

    Parameters
    ----------
    xml : bytes
        OME-XML in UTF-8, of the schema 2010-06 or later.
    block : Block
    old_offset, old_length : int, optional
        First directory and length of the file before embedding, to record for `restore`.
    made : bool
        Whether the OME-XML was made for a file that had none: it is no statement of the file then.
    label : str
        What the OME-XML belongs to, for messages.

    Returns
    -------
    bytes
        Valid by the OME schema if `xml` is; without the insertions, the bytes of `xml`.

    Raises
    ------
    WriteError
        If it is no OME-XML that can be spliced, or the block does not fit it.
    """
    plan = plan_splice(xml, block, old_offset=old_offset, old_length=old_length, made=made, label=label)
    return plan.apply()


def plan_splice(
    xml: bytes,
    block: Block,
    *,
    old_offset: int | None = None,
    old_length: int | None = None,
    made: bool = False,
    label: str = "this OME-XML",
) -> Splice:
    """Return what `splice` would insert; parameters and errors are the same."""
    base = remove(xml, label=label)[0]
    found = scan(base, label, {fill.element for fill in block.core_fills})
    plain = _plain(found.encoding, base, label)
    open_fills = _open_fills(base, found, block.core_fills, label)
    taken = {int(number) for number in _ID.findall(base)}
    free = (number for number in range(len(taken) + 2) if number not in taken)
    ids = (f"Annotation:NBO:{next(free)}", f"Annotation:NBO:{next(free)}")
    annotations = found.annotations
    record: dict[str, str | int | None] = {
        "version": block.product_version,
        "xmlSha256": hashlib.sha256(base).hexdigest(),
        "structuredAnnotations": "created" if annotations is None else "expanded" if annotations.empty else "kept",
        "oldOffset": old_offset,
        "oldLength": old_length,
        "made": "true" if made else None,
        "fills": " ".join(f"{fill.element}@{fill.attribute}" for fill in open_fills) or None,
    }
    texts = _annotation_texts(found, ids, block, record, label)
    insertions = _fills(base, found, open_fills) + _references(found, ids[0]) + _annotations(found, texts)
    ordered = sorted(insertions, key=lambda insertion: insertion[0])
    return Splice(base, tuple((at, _encode(text, plain)) for at, text in ordered))


def is_markup(text: bytes) -> bool:
    """Whether a text begins like XML."""
    return text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def strip(xml: bytes, *, label: str = "this OME-XML") -> bytes:
    """Take a block out of OME-XML.

    Parameters
    ----------
    xml : bytes
    label : str
        What the OME-XML belongs to, for messages.

    Returns
    -------
    bytes
        The bytes that `splice` was given; `xml` itself where it holds no block.

    Raises
    ------
    WriteError
        If something else in the OME-XML was changed since.
    """
    base, exact = remove(xml, label=label)
    if not exact:
        raise WriteError(
            f"{label} was changed by another program since the NBO block was embedded, so that the original cannot be "
            "restored to the byte; embed again to replace the block"
        )
    return base


def remove(xml: bytes, *, label: str = "this OME-XML") -> tuple[bytes, bool]:
    """Take a block out of OME-XML, even where other programs have rewritten it since.

    Parameters
    ----------
    xml : bytes
    label : str
        What the OME-XML belongs to, for messages.

    Returns
    -------
    bytes
        The OME-XML without a block.
    bool
        Whether these are, to the byte, what the block was spliced into, or there was no block.
    """
    if OWN_NAMESPACES.encode() not in xml:
        return xml, True
    found = scan(xml, label)
    if not found.own:
        return xml, True
    gone = [(place.start, place.end) for _, place in found.own]
    own = {identity for identity, _ in found.own}
    gone += [(place.start, place.end) for identity, place in found.references if identity in own]
    how = found.record.get("structuredAnnotations", "kept")
    whole = found.annotations
    if whole is not None and found.members == len(found.own) and how != "kept":
        gone = [span for span in gone if not whole.start <= span[0] < whole.end] + _unmake(whole, how)
    filled = [entry.rpartition("@")[::2] for entry in found.record.get("fills", "").split()]
    targets = scan(xml, label, {element for element, _ in filled}).targets if filled else {}
    spans = [span for element, name in filled for span in _find_fill(xml, targets.get(element), name)]
    base = _without(xml, gone + spans)
    if hashlib.sha256(base).hexdigest() == found.record.get("xmlSha256"):
        return base, True
    # Others have been at it: what was filled in may be theirs by now, and stays.
    return _without(xml, gone), False


def _without(xml: bytes, spans: list[tuple[int, int]]) -> bytes:
    parts, last = [], 0
    for start, end in sorted(spans):
        parts.append(xml[last:start])
        last = end
    return b"".join([*parts, xml[last:]])


def _unmake(annotations: Place, how: str) -> list[tuple[int, int]]:
    """Return what to take out of StructuredAnnotations that holds nothing else: all, or back to an empty tag."""
    if how == "created":
        return [(annotations.start, annotations.end)]
    slash = annotations.close + 1
    return [(annotations.inside - 1, slash), (slash + 1, slash + 1 + len(annotations.name))]


def _find_fill(xml: bytes, place: Place | None, attribute: str) -> list[tuple[int, int]]:
    if place is None:
        return []
    matches = list(re.finditer(rb' %s="[^"]*"' % re.escape(attribute.encode("utf-8")), xml[place.start : place.inside]))
    return [(place.start + m.start(), place.start + m.end()) for m in matches[-1:]]


def _plain(encoding: str, base: bytes, label: str) -> bool:
    """Whether text beyond ASCII must be written as character references.

    A document that declares another encoding is spliced only where it is plain ASCII: then it reads the same for
    programs that go by the declaration and for those that take all OME-XML for UTF-8.
    """
    if encoding in _UTF8:
        return False
    if _ASCII_BASED.fullmatch(encoding) and base.isascii():
        return True
    raise WriteError(f"{label}: its OME-XML declares the encoding {encoding}, expected UTF-8; {SIDECAR_HINT}")


def _encode(text: str, plain: bool) -> bytes:
    return text.encode("ascii", "xmlcharrefreplace") if plain else text.encode("utf-8")


def _open_fills(base: bytes, found: Scan, fills: Sequence[CoreFill], label: str) -> list[CoreFill]:
    """Return the fills whose attribute the OME-XML lacks: what it states is never changed.

    A unit whose value is stated is not filled either: OME's default unit is what the value was stated in.
    """
    kept: list[CoreFill] = []
    for fill in fills:
        place = found.targets.get(fill.element)
        if place is None:
            raise WriteError(f"{label}: its OME-XML has no element {fill.element} to fill in; {SIDECAR_HINT}")
        if not _NAME.fullmatch(fill.attribute):
            raise WriteError(f"{label}: {fill.attribute} is no attribute of {fill.element}; {SIDECAR_HINT}")
        tag = _without_values(base[place.start : place.inside])
        names = {fill.attribute, fill.attribute.removesuffix("Unit")}
        stated = any(re.search(rb"""\s%s\s*=\s*["']""" % re.escape(name.encode("utf-8")), tag) for name in names)
        if not stated and not any((k.element, k.attribute) == (fill.element, fill.attribute) for k in kept):
            kept.append(fill)
    return kept


def _fills(base: bytes, found: Scan, fills: Sequence[CoreFill]) -> list[tuple[int, str]]:
    """Return attributes to insert behind the last one of their start tags."""
    insertions = []
    for fill in fills:
        place = found.targets[fill.element]
        tag = base[place.start : place.inside]
        at = place.start + len(tag[:-1].removesuffix(b"/").rstrip(b" \t\r\n"))
        insertions.append((at, f' {fill.attribute}="{escaped_attribute(fill.value)}"'))
    return insertions


def _without_values(tag: bytes) -> bytes:
    return re.sub(rb'"[^"]*"|\'[^\']*\'', b'""', tag)


def _references(found: Scan, identity: str) -> list[tuple[int, str]]:
    insertions = []
    for image in found.images:
        if not image.empty:  # an Image without Pixels is no image
            prefix, declared = _name(found, image)
            insertions.append((image.close, f'<{prefix}AnnotationRef{declared} ID="{identity}"/>'))
    return insertions


def _name(found: Scan, near: Place) -> tuple[str, str]:
    """Return the prefix of new annotation elements beside or in `near`, and the namespace they must declare."""
    if near is found.annotations or found.version >= UNITED:
        return near.prefix.decode("utf-8"), ""
    return "", f' xmlns="{found.part_namespace}"'


def _annotations(found: Scan, texts: str) -> list[tuple[int, str]]:
    annotations = found.annotations
    if annotations is not None and not annotations.empty:
        return [(annotations.close, texts)]
    if annotations is not None:
        slash = annotations.end - 2
        return [(slash, f">{texts}<"), (slash + 1, annotations.name.decode("utf-8"))]
    prefix, declared = _name(found, found.root)
    at = found.root.close
    if found.images:
        at = found.images[-1].end
    elif found.first_roi is not None:
        at = found.first_roi
    name = f"{prefix}StructuredAnnotations"
    return [(at, f"<{name}{declared}>{texts}</{name}>")]


def _annotation_texts(
    found: Scan, ids: tuple[str, str], block: Block, record: dict[str, str | int | None], label: str
) -> str:
    """Return both annotations, in the namespace that holds where they are put."""
    prefix = _name(found, found.annotations or found.root)[0]
    payload = _payload(block.nbo_xml, found.version, label)
    stated = "".join(f' {k}="{escaped_attribute(str(v))}"' for k, v in record.items() if v is not None)
    made = f"nbo-extract {block.product_version}".strip()
    provenance = (
        f'<nboProvenance xmlns="{PROVENANCE_NAMESPACE}"{stated}>{escaped_text(block.provenance_json)}</nboProvenance>'
    )
    _well_formed(provenance, "the provenance", label)
    return "".join(
        f'<{prefix}XMLAnnotation ID="{identity}" Namespace="{namespace}">'
        f"<{prefix}Description>{escaped_text(description)}</{prefix}Description>"
        f"<{prefix}Value>{value}</{prefix}Value></{prefix}XMLAnnotation>"
        for identity, namespace, description, value in (
            (ids[0], NBO_NAMESPACE, f"4DN-BINA-OME (NBO) {NBO_VERSION} microscopy metadata by {made}", payload),
            (ids[1], PROVENANCE_NAMESPACE, f"Where the NBO metadata come from, by {made}", provenance),
        )
    )


def _payload(nbo_xml: str, version: str, label: str) -> str:
    """Return the NBO document as it can stand in a Value.

    Bio-Formats reads some names and attributes in annotations as its own: these would come out twice after a
    conversion. Elements without a namespace would fall into that of OME. In documents older than 2016-06 the prefix
    goes, in favour of a default namespace: Bio-Formats makes ``nbo_OME`` of ``nbo:OME`` when it upgrades them.
    """
    text = nbo_xml.strip()
    if not text.startswith("<nbo:"):
        raise WriteError(f"{label}: the NBO document does not start with its root, with the prefix nbo; {SIDECAR_HINT}")
    names = _well_formed(text, "the NBO document", label)
    if names.intersection(_TAKEN):
        taken = sorted(names.intersection(_TAKEN))[0]
        raise WriteError(f"{label}: the NBO document has an element {taken}, which readers misread; {SIDECAR_HINT}")
    if "" in names:
        root = re.match(r"<[^\s/>]+", text)
        end = root.end() if root else 0
        return f'{text[:end]} xmlns=""{text[end:]}'
    if version < UNITED and not re.search(r"\sxmlns=|<!", text):
        return re.sub("(</?)nbo:", r"\1", text).replace(" xmlns:nbo=", " xmlns=", 1)
    return text


def _well_formed(text: str, what: str, label: str) -> set[str]:
    """Check a piece of XML; return the local names in it, with an empty one where an element has no namespace."""
    names: set[str] = set()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        namespace, _, local = name.rpartition(" ")
        names.add(local)
        if not namespace:
            names.add("")
        if depth == 1 and "Value" in attributes:
            raise WriteError(
                f"{label}: {local} in {what} has an attribute Value at a place where readers misread it; {SIDECAR_HINT}"
            )
        depth += 1

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = lambda *_: _refuse(f"{label}: {what} has a DOCTYPE; {SIDECAR_HINT}")
    try:
        parser.Parse(text.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise WriteError(f"{label}: {what} is not well-formed XML ({error}); {SIDECAR_HINT}") from error
    return names


def _refuse(message: str) -> None:
    raise WriteError(message)
