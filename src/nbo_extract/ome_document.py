"""A Document as OME-XML 2016-06: what OME has a place for, and nothing else.

OME's model and the table of what it names otherwise are data (`ome_rules`). A value that is not of OME's type, a unit
that OME has not, a reference that leads nowhere and an element that cannot be valid are left out, never bent to fit.
Where OME has room for one and NBO states several, none is chosen. XML annotations stay in the NBO document.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from nbo_extract import __version__
from nbo_extract.model import Fact
from nbo_extract.ome_rules import Places, Rule, ome_rules, ome_schema, ome_text, ome_unit
from nbo_extract.ome_text import Element, declared, emit
from nbo_extract.pixels import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbo_extract.model import Document, Node
    from nbo_extract.ome_rules import Spec
    from nbo_extract.pixels import PixelImage
    from nbo_extract.schema import Declaration

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
#: The order in which planes are written: Z first, then channels, then times.
ORDER = "XYZCT"
_LOCATION = "http://www.openmicroscopy.org/Schemas/OME/2016-06/ome.xsd"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
#: Elements that point to another one, beside those whose names end with Ref.
_POINTERS = frozenset({"ObjectiveSettings", "DetectorSettings", "LightSourceSettings", "Pump", "Leader"})
_INDEX = ("TheZ", "TheC", "TheT")
_BITS = {"bit": 1, "double": 64, "complex": 64, "double-complex": 128, "float": 32}
_NO_RULE = Rule()


def to_ome_xml(
    document: Document,
    *,
    images: Sequence[PixelImage] | None = None,
    uuid: str | None = None,
    tiff_data: Sequence[int] | None = None,
) -> bytes:
    """Return a Document as OME-XML.

    Parameters
    ----------
    document : Document
    images : sequence of PixelImage, optional
        Pixels of the images of the Document, in their order: sizes and types are theirs, planes in the order XYZCT.
    uuid : str, optional
        UUID of the file that is written, such as ``urn:uuid:6b2f...``.
    tiff_data : sequence of int, optional
        Number of the first directory of each image in its TIFF; without, the pixels are said to be elsewhere.

    Returns
    -------
    bytes
        Valid by the OME schema; the same for an equal Document, always.

    Raises
    ------
    ValueError
        If there are not as many pixels as images.
    """
    return "".join(iter_ome_xml(document, images=images, uuid=uuid, tiff_data=tiff_data)).encode("utf-8")


def iter_ome_xml(
    document: Document,
    *,
    images: Sequence[PixelImage] | None = None,
    uuid: str | None = None,
    tiff_data: Sequence[int] | None = None,
) -> Iterator[str]:
    """Yield the pieces of `to_ome_xml`; planes are never all in memory."""
    if images is not None and len(images) != len(document.images):
        raise ValueError(f"{len(images)} pixels for {len(document.images)} images")
    root = _Builder(document, images, tiff_data).build()
    head = f' xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    head += f' xsi:schemaLocation="{NAMESPACE} {_LOCATION}"'
    root.attributes = {**({"UUID": uuid} if uuid else {}), "Creator": f"nbo-extract {__version__}"}
    yield _HEAD
    yield from emit(root, head, 0)


class _Builder:
    """Makes the tree of OME from a Document."""

    def __init__(
        self, document: Document, images: Sequence[PixelImage] | None, tiff_data: Sequence[int] | None
    ) -> None:
        self.document = document
        self.places = Places(document.root)
        self.rules = ome_rules()
        self.schema = ome_schema()
        numbers = {id(image): n for n, image in enumerate(document.images)}
        self.numbers = {id(p): numbers[id(i)] for i in document.images for p in i.all("Pixels")[:1]}
        self.images = images
        self.tiff_data = tiff_data
        self.filter_sets = self._filter_sets()

    def build(self) -> Element:
        root = self._element(self.document.root, self.schema.element("OME"))
        self._complete_images(root)
        _assign_ids(root)
        _settle(root)
        return root

    def _element(self, node: Node, kind: Declaration) -> Element:
        rule = self.rules.elements.get(kind.name, _NO_RULE)
        made = Element(kind, own=node.id)
        made.attributes = self._attributes(node, kind, rule)
        if _points(kind):
            made.points = made.attributes.pop("ID", None) or node.id
            return made
        if kind.text is not None and node.text is not None:
            made.text = ome_text(node.text, kind.text)
        for use in kind.uses:
            for name in (use.name, *(self.schema.members(use.name) if use.declaration is None else ())):
                child = kind.child(name)
                if child is not None and not child.abstract and name not in self.rules.skip:
                    made.children += self._children(node, child, rule)
        if kind.name == "Pixels":
            made.planes = node.planes
            made.children.append(self._where(made, self.numbers.get(id(node))))
        return made

    def _attributes(self, node: Node, kind: Declaration, rule: Rule) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, attribute in kind.attributes.items():
            specs = rule.attributes.get(name)
            if name in kind.unit_names or name in rule.skip:
                continue
            fact = self.places.value(node, specs) if specs is not None else node.facts.get(name)
            text = None if fact is None else ome_text(fact, attribute.type)
            if fact is None or text is None:
                continue
            if attribute.unit is not None:
                unit = ome_unit(fact, kind.attributes[attribute.unit])
                if unit is None:
                    continue
                found[attribute.unit] = unit
            found[name] = text
        return found

    def _children(self, node: Node, kind: Declaration, rule: Rule) -> list[Element]:
        if kind.name in rule.texts:
            return self._text_child(node, kind, rule.texts[kind.name])
        if kind.name == "FilterSet":
            nodes = self.filter_sets.get(id(node), [])
        else:
            nodes = [n for path in rule.children.get(kind.name, (kind.name,)) for n in self.places.nodes(node, path)]
        return [self._element(n, kind) for n in nodes]

    def _text_child(self, node: Node, kind: Declaration, specs: tuple[Spec, ...]) -> list[Element]:
        fact = self.places.value(node, specs)
        text = ome_text(fact, kind.text) if fact is not None and kind.text is not None else None
        return [] if text is None else [Element(kind, text=text)]

    def _filter_sets(self) -> dict[int, list[Node]]:
        """Return the filter sets of each instrument: in NBO they stand in the light paths of the images."""
        instruments = self.document.instruments
        by_id = {i.id: i for i in instruments}
        found: dict[int, dict[str, Node]] = {}
        for image in self.document.images:
            named = [r.id for r in image.all("InstrumentRef")]
            home = by_id.get(named[0]) if len(named) == 1 else instruments[0] if len(instruments) == 1 else None
            for filter_set in self.places.nodes(image, "Pixels/Channel/LightPath/FilterSet"):
                if home is not None and filter_set.id:
                    found.setdefault(id(home), {}).setdefault(filter_set.id, filter_set)
        return {place: list(sets.values()) for place, sets in found.items()}

    # -- pixels -----------------------------------------------------------------------------------------------------

    def _complete_images(self, root: Element) -> None:
        """Give each image of which there are pixels its Pixels, whatever the Document states of them."""
        if self.images is None:
            return
        made = [e for e in root.children if e.name == "Image"]
        for number, (image, pixels) in enumerate(zip(made, self.images, strict=True)):
            kept = [e for e in image.children if e.name == "Pixels"][:1]
            if not kept:
                kept = [Element(declared(image.kind, "Pixels"))]
                kept[0].children.append(self._where(kept[0], number))
            image.children = [e for e in image.children if e.name != "Pixels"] + kept
            _measure(kept[0], pixels, interleaved=self.tiff_data is not None)

    def _where(self, pixels: Element, number: int | None) -> Element:
        """Return the element that says where the pixels are."""
        if self.tiff_data is None or self.images is None or number is None:
            return Element(declared(pixels.kind, "MetadataOnly"))
        image = self.images[number]
        found = Element(declared(pixels.kind, "TiffData"))
        found.attributes = {"IFD": str(self.tiff_data[number]), "PlaneCount": str(image.z * image.c * image.t)}
        return found


def _points(kind: Declaration) -> bool:
    return kind.name.endswith("Ref") or kind.name in _POINTERS


def _measure(pixels: Element, image: PixelImage, *, interleaved: bool) -> None:
    """State of Pixels what the pixels themselves are."""
    stated = pixels.attributes
    sizes = {"SizeX": image.x, "SizeY": image.y, "SizeZ": image.z, "SizeC": image.c * image.samples, "SizeT": image.t}
    stated.update({name: str(size) for name, size in sizes.items()})
    stated["DimensionOrder"] = ORDER
    stated["Type"] = TYPES[image.dtype]
    stated.pop("BigEndian", None)
    stated.pop("Interleaved", None)
    if image.samples > 1:
        stated["Interleaved"] = str(interleaved).lower()
    bits = _BITS.get(stated["Type"]) or int(stated["Type"].lstrip("uint"))
    if int(stated.get("SignificantBits", "0")) > bits:
        del stated["SignificantBits"]
    channels = [c for c in pixels.children if c.name == "Channel"]
    if len(channels) != image.c:
        pixels.children = [c for c in pixels.children if c.name != "Channel"]
        channels = [Element(declared(pixels.kind, "Channel")) for _ in range(image.c)]
        pixels.children += channels
    for channel in channels:
        channel.attributes["SamplesPerPixel"] = str(image.samples)


# -- identifiers and references ---------------------------------------------------------------------------------------


def _assign_ids(root: Element) -> None:
    """Give IDs to what has to have one, and let references point to them; an ID that OME takes stays as it is."""
    owners = [e for e in root.walk() if "ID" in e.kind.attributes and not _points(e.kind)]
    taken: set[tuple[str, str]] = set()
    homeless: list[Element] = []
    for element in owners:
        key = (element.kind.id_kind, element.attributes.get("ID", ""))
        if key[1] and key not in taken:
            taken.add(key)
        else:
            homeless.append(element)
    counters: dict[str, Iterator[int]] = {}
    for element in homeless:
        word = element.kind.id_kind
        rest = element.own.partition(":")[2]
        name = f"{word}:{rest}"
        fits = bool(rest) and (word, name) not in taken and _is_ome_id(name, element)
        while not fits:
            name = f"{word}:{next(counters.setdefault(word, itertools.count()))}"
            fits = (word, name) not in taken
        taken.add((word, name))
        element.attributes["ID"] = name
    known: dict[tuple[str, str], str] = {}
    for element in owners:
        if element.own:
            known.setdefault((element.kind.id_kind, element.own), element.attributes["ID"])
    for element in root.walk():
        if element.points is not None:
            target = known.get((element.kind.id_kind, element.points))
            element.attributes = {**({"ID": target} if target else {}), **element.attributes}
        if "Annotator" in element.attributes:
            person = known.get(("Experimenter", element.attributes.pop("Annotator")))
            element.attributes |= {"Annotator": person} if person else {}


def _is_ome_id(name: str, element: Element) -> bool:
    """Whether an ID is of the form that OME asks of an element."""
    return ome_text(Fact(name), element.kind.attributes["ID"].type) == name


def _settle(root: Element) -> None:
    """Leave out what cannot be valid, until nothing that is left points to what is not there."""
    images: set[str] = set()
    while True:
        before = sum(1 for _ in root.walk())
        there = {
            (e.kind.id_kind, e.attributes["ID"]) for e in root.walk() if "ID" in e.attributes and not _points(e.kind)
        }
        images.clear()
        _prune(root, there, images)
        if sum(1 for _ in root.walk()) == before:
            return


def _prune(element: Element, there: set[tuple[str, str]], placed: set[str]) -> None:
    for child in element.children:
        _prune(child, there, placed)
    kept = []
    for child in element.children:
        if not _is_valid(child, there):
            continue
        if element.name == "WellSample" and child.name == "ImageRef":
            # An image may be in one well alone.
            if child.attributes["ID"] in placed:
                continue
            placed.add(child.attributes["ID"])
        kept.append(child)
    counts = Counter(c.name for c in kept)
    element.children = [
        c
        for c in kept
        if (use := element.kind.use(c.name)) is not None and (use.maximum is None or counts[c.name] <= use.maximum)
    ]
    person = element.attributes.get("Annotator")
    if person is not None and ("Experimenter", person) not in there:
        del element.attributes["Annotator"]


def _is_valid(element: Element, there: set[tuple[str, str]]) -> bool:
    kind = element.kind
    if any(a.required and n not in element.attributes for n, a in kind.attributes.items()):
        return False
    if element.points is not None and (kind.id_kind, element.attributes.get("ID", "")) not in there:
        return False
    if kind.text is not None and element.text is None and kind.text.primitive != "xsd:string":
        return False
    names = {use for c in element.children if (use := kind.use(c.name)) is not None}
    choices = {use.choice for use in names}
    for use in kind.uses:
        if use.choice is None and use.minimum and use not in names:
            return False
        if use.choice is not None and use.choice_minimum and use.choice not in choices:
            return False
    # An element that may hold something and is empty says nothing.
    return bool(element.attributes or element.children or not (kind.attributes or kind.uses))
