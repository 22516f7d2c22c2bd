"""Places in OME-XML, as byte offsets: one pass of expat, nothing kept per plane."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from nbo_extract.errors import WriteError
from nbo_extract.writers._ifd import MAX_XML_BYTES
from nbo_extract.writers._system import SIDECAR_HINT
from nbo_extract.writers.block import OWN_NAMESPACES, PROVENANCE_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

_OME: Final = re.compile(r"http://www\.openmicroscopy\.org/Schemas/OME/(\d{4}-\d{2})")
_ANY_OME: Final = "http://www.openmicroscopy.org/"
#: First schema with XMLAnnotation, and the one that gave up namespaces of their own for its parts.
_FIRST, UNITED = "2010-06", "2016-06"
_START_TAG: Final = re.compile(rb"""<([^\s/>"'=]+)(?:[^>"']|"[^"]*"|'[^']*')*>""")
_STEP: Final = re.compile(r"([A-Za-z]+)\[([1-9][0-9]*)\]")
_RECORD: Final = f"{PROVENANCE_NAMESPACE} nboProvenance"
#: These state the ID of another element.
_REFERENCES: Final = ("Ref", "Settings")


@dataclass(slots=True)
class Place:
    """Where an element stands.

    Attributes
    ----------
    name : bytes
        Name as written, with its prefix.
    start : int
        Offset of its start tag.
    inside : int
        Offset behind its start tag.
    close : int
        Offset of its end tag; of the end where it is an empty-element tag.
    end : int
        Offset behind it.
    """

    name: bytes
    start: int
    inside: int
    close: int = -1
    end: int = -1

    @property
    def empty(self) -> bool:
        """Whether it is an empty-element tag."""
        return self.close == self.inside == self.end

    @property
    def prefix(self) -> bytes:
        """Prefix with its colon, or nothing."""
        head, colon, _ = self.name.rpartition(b":")
        return head + colon


@dataclass(slots=True)
class Scan:
    """What a pass over OME-XML found.

    Attributes
    ----------
    version : str
        Of the OME schema, such as ``2016-06``.
    part_namespace : str
        Namespace of StructuredAnnotations and AnnotationRef.
    encoding : str
        As declared, in lower case; empty where none is.
    root : Place
    images : list of Place
    annotations : Place or None
        StructuredAnnotations.
    first_roi : int or None
        Offset of the first ROI.
    members : int
        Number of children of StructuredAnnotations.
    own : list of (str, Place)
        IDs and places of the annotations that this product wrote.
    references : list of (str, Place)
        IDs and places of each AnnotationRef of an Image.
    record : dict
        Attributes of the provenance element of this product.
    targets : dict
        Places of the elements that were asked for.
    """

    version: str = ""
    part_namespace: str = ""
    encoding: str = ""
    root: Place = field(default_factory=lambda: Place(b"", 0, 0))
    images: list[Place] = field(default_factory=list)
    annotations: Place | None = None
    first_roi: int | None = None
    members: int = 0
    own: list[tuple[str, Place]] = field(default_factory=list)
    references: list[tuple[str, Place]] = field(default_factory=list)
    record: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Place] = field(default_factory=dict)


@dataclass(slots=True)
class _Step:
    """One step of the paths that are looked for, and how many siblings of a name have passed."""

    below: dict[str, dict[int, _Step]] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    target: str = ""


def scan(xml: bytes, label: str, targets: Iterable[str] = ()) -> Scan:
    """Find the places that splicing needs.

    Parameters
    ----------
    xml : bytes
        OME-XML.
    label : str
        What it belongs to, for messages.
    targets : iterable of str
        Elements to find, by ID or path as in `CoreFill.element`.

    Returns
    -------
    Scan

    Raises
    ------
    WriteError
        If it is not well-formed UTF-8, declares entities, or is no OME-XML of a schema that has XMLAnnotation.
    """
    if len(xml) > MAX_XML_BYTES:
        raise WriteError(f"{label}: OME-XML of {len(xml)} bytes is beyond the limit of {MAX_XML_BYTES}; {SIDECAR_HINT}")
    if b"\0" in xml:
        # Expat would follow a byte order mark of UTF-16, whatever it is told.
        raise WriteError(f"{label}: its OME-XML is not UTF-8 (it holds NUL bytes); {SIDECAR_HINT}")
    scanner = _Scanner(xml, label, targets)
    try:
        scanner.run()
    finally:
        # It refers back to the scanner: all that was scanned would stay until the next garbage collection.
        del scanner.parser
    return scanner.found


class _Scanner:
    def __init__(self, xml: bytes, label: str, targets: Iterable[str]) -> None:
        self.xml = xml
        self.label = label
        self.found = Scan()
        self.ids: set[str] = set()
        self.top = _Step()
        for target in targets:
            self._want(target)
        # What is open: a place to fill in at its end or None, and the steps that may go on below it.
        self.open: list[Place | None] = []
        self.steps: list[_Step | None] = []
        self.home = self.pixels = self.parent = ""
        self.many: frozenset[str] = frozenset()
        self.here: Place | None = None
        self.tags = ("", "", "", "")
        # Whatever the declaration says, only UTF-8 is spliced; see `declared`.
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.XmlDeclHandler = self.declared
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.EntityDeclHandler = self.entity
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def _want(self, target: str) -> None:
        parts = [_STEP.fullmatch(part) for part in target.split("/")]
        step = self.top
        for part in parts:
            if part is None:
                self.ids.add(target)
                return
            step = step.below.setdefault(part[1], {}).setdefault(int(part[2]), _Step())
        step.target = target

    def run(self) -> None:
        try:
            self.parser.Parse(self.xml, True)
        except expat.ExpatError as error:
            raise WriteError(
                f"{self.label}: its OME-XML is not well-formed UTF-8 XML "
                f"({expat.ErrorString(error.code)}, byte {max(self.parser.ErrorByteIndex, 0)}); {SIDECAR_HINT}"
            ) from error

    def declared(self, version: str, encoding: str | None, standalone: int) -> None:
        self.found.encoding = (encoding or "").lower()

    def doctype(self, _: str, elsewhere: str | None, *__: object) -> None:
        if elsewhere is not None:
            raise WriteError(
                f"{self.label}: its OME-XML refers to a DTD elsewhere, which is not safe to read; {SIDECAR_HINT}"
            )

    def entity(self, *_: object) -> None:
        raise WriteError(f"{self.label}: its OME-XML declares entities, which is not safe to read; {SIDECAR_HINT}")

    def place(self) -> Place:
        """Return the place of the element that starts here; the same object each time."""
        start = self.parser.CurrentByteIndex
        if self.here is None or self.here.start != start:
            match = _START_TAG.match(self.xml, start)
            if match is None:  # pragma: no cover - expat has found it well-formed
                raise WriteError(f"{self.label}: the start tag at byte {start} cannot be read; {SIDECAR_HINT}")
            self.here = Place(match[1], start, match.end())
        return self.here

    def start(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self.open)
        step = place = None
        if depth == 0:
            place = self._root(name)
            step = self.top
        else:
            above = self.steps[-1]
            if above is not None and above.below:
                step = self._step(above, name)
            if depth == 1:
                place = self._child(name, attributes)
            elif depth == 2:
                self.parent = name
                if self.open[1] is not None:
                    place = self._grandchild(name, attributes)
            elif depth == 3 and name in self.many and self.parent == self.pixels:
                self._skip(name)
            if self.ids and attributes.get("ID") in self.ids:
                self._named(name, attributes["ID"])
            if name == _RECORD and self._annotated():
                self.found.record = dict(attributes)
        self.open.append(place)
        self.steps.append(step)

    def _skip(self, name: str) -> None:
        """Pass over what is left of Pixels, which may be 100,000 planes, unless something is looked for there."""
        above = self.steps[-1]
        if above is None or name.rpartition(" ")[2] not in above.below:
            self.parser.StartElementHandler = None
            self.parser.EndElementHandler = self.skipped

    def skipped(self, name: str) -> None:
        if name == self.pixels:
            self.parser.StartElementHandler = self.start
            self.parser.EndElementHandler = self.end
            del self.open[2:], self.steps[2:]

    def _root(self, name: str) -> Place:
        namespace, _, local = name.rpartition(" ")
        match = _OME.fullmatch(namespace)
        if local != "OME" or not namespace.startswith(_ANY_OME):
            raise WriteError(f"{self.label} holds XML, but no OME-XML (its root is {local}); {SIDECAR_HINT}")
        version = match[1] if match else ""
        if version < _FIRST:
            raise WriteError(
                f"{self.label} uses the OME schema {version or namespace}, which has no place for annotations "
                f"in XML (that came with {_FIRST}); {SIDECAR_HINT}"
            )
        part = namespace if version >= UNITED else namespace.replace("/OME/", "/SA/")
        self.found.version = version
        self.found.part_namespace = part
        self.home = namespace
        self.pixels = f"{namespace} Pixels"
        # These come behind all else in Pixels.
        self.many = frozenset(f"{namespace} {local}" for local in ("TiffData", "Plane"))
        roi = namespace if version >= UNITED else namespace.replace("/OME/", "/ROI/")
        self.tags = (f"{namespace} Image", f"{part} StructuredAnnotations", f"{roi} ROI", f"{part} AnnotationRef")
        self.found.root = self.place()
        return self.found.root

    def _step(self, above: _Step, name: str) -> _Step | None:
        namespace, _, local = name.rpartition(" ")
        wanted = above.below.get(local)
        if wanted is None or namespace != self.home:
            return None
        above.passed[local] = number = above.passed.get(local, 0) + 1
        step = wanted.get(number)
        if step is not None and step.target:
            self.found.targets[step.target] = self.place()
        return step

    def _grandchild(self, name: str, attributes: dict[str, str]) -> Place | None:
        """Look at a child of an Image or of StructuredAnnotations."""
        found = self.found
        if self._annotated():
            found.members += 1
            if attributes.get("Namespace", "").startswith(OWN_NAMESPACES):
                found.own.append((attributes.get("ID", ""), self.place()))
                return self.place()
        elif name == self.tags[3]:
            found.references.append((attributes.get("ID", ""), self.place()))
            return self.place()
        return None

    def _child(self, name: str, attributes: dict[str, str]) -> Place | None:
        found = self.found
        image, annotations, roi, _ = self.tags
        if name == image:
            found.images.append(self.place())
            return self.place()
        if name == annotations:
            if found.annotations is not None:
                raise WriteError(f"{self.label}: its OME-XML has StructuredAnnotations twice; {SIDECAR_HINT}")
            found.annotations = self.place()
            return found.annotations
        if name == roi and found.first_roi is None:
            found.first_roi = self.parser.CurrentByteIndex
        if name == f"{self.home} BinaryOnly":
            other = attributes.get("MetadataFile", "another file")
            raise WriteError(f"{self.label} holds pixels only, and its metadata are in {other}: name that file")
        return None

    def _named(self, name: str, identity: str) -> None:
        namespace, _, local = name.rpartition(" ")
        if namespace != self.home or local.endswith(_REFERENCES) or self._annotated():
            return
        if identity in self.found.targets:
            raise WriteError(f"{self.label}: its OME-XML has the ID {identity} twice; {SIDECAR_HINT}")
        self.found.targets[identity] = self.place()

    def _annotated(self) -> bool:
        return len(self.open) > 1 and self.open[1] is not None and self.open[1] is self.found.annotations

    def end(self, name: str) -> None:
        if not self.open:
            raise WriteError(f"{self.label}: its OME-XML has Pixels in Pixels; {SIDECAR_HINT}")
        self.steps.pop()
        place = self.open.pop()
        if place is None:
            return
        if self.xml[place.inside - 2 : place.inside] == b"/>":
            place.close = place.end = place.inside
            return
        place.close = self.parser.CurrentByteIndex
        place.end = self.xml.index(b">", place.close) + 1
