"""Key-value pairs for OMERO: the facts that a table chooses, in the form that the plug-in omero-metadata takes.

The plug-in reads a CSV into a table of the server, and makes map annotations of it by a configuration in YAML. Images
are found by their names, which are those that OMERO's importer gives: the name of the file, and of a file of several
images the name of the image in brackets, or its number where it has none.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import UsageError
from nbo_extract.lights import ATTENUATION, lights_used, own_lines, repeats_power
from nbo_extract.schema import load
from nbo_extract.summary_images import exposure_of, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Schema

#: Columns of one table of OMERO.
MOST_COLUMNS: Final = 512
IMAGE: Final = "Image Name"
DATASET: Final = "Dataset Name"
#: Columns that the plug-in adds, or takes for objects of the server.
_TAKEN: Final = frozenset(
    {IMAGE, DATASET, "Plate Name", "Well Name", "Roi Name", "roi", "image", "Image", "Plate", "Well", "Roi", "Dataset"}
)
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: By which files of ours are known.
MARK_YAML: Final = "# Written by nbo-extract: columns of"
MARK_JSON: Final = "nbo-extract key-value pairs"


@dataclass(frozen=True, slots=True)
class ImagePairs:
    """The pairs of one image.

    Attributes
    ----------
    name : str
        As OMERO calls the image.
    pairs : tuple of (str, str)
    """

    name: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One key: the part that states the fact, and its attributes, of which the first that is stated counts."""

    key: str
    of: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """The table of keys.

    Attributes
    ----------
    namespace : str
        Of the annotations.
    image, channel : tuple of Row
    """

    namespace: str
    image: tuple[Row, ...]
    channel: tuple[Row, ...]


@functools.cache
def own_keys() -> Keys:
    """Return the table of the product."""
    path = resources.files("nbo_extract_mappings") / "omero.toml"
    return _keys(path.read_text(encoding="utf-8"), "omero.toml")


def load_keys(path: str) -> Keys:
    """Read a table of one's own.

    Raises
    ------
    UsageError
        If it cannot be used.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: this table of keys cannot be read ({error})") from error
    return _keys(text, path)


def _keys(text: str, path: str) -> Keys:
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: this is no TOML: {error}") from error
    unknown = sorted(set(given) - {"namespace", "image", "channel"})
    if unknown:
        raise UsageError(f"{path}: {unknown[0]} is not known; there are namespace, image and channel")
    space = given.get("namespace")
    if not isinstance(space, str) or not space.strip():
        raise UsageError(f"{path}: namespace is missing; give a URL of your own")
    found = Keys(
        space, *(tuple(_row(r, path, kind) for r in _rows(given, kind, path)) for kind in ("image", "channel"))
    )
    if not (found.image or found.channel):
        raise UsageError(f"{path}: there are no keys; give [[image]] or [[channel]]")
    for rows in (found.image, found.channel):
        twice = next((r.key for n, r in enumerate(rows) if r.key in [q.key for q in rows[:n]]), None)
        if twice is not None:
            raise UsageError(f"{path}: {twice!r} is there twice; a key is one column")
    return found


def _rows(given: dict[str, Any], kind: str, path: str) -> list[Any]:
    rows = given.get(kind, [])
    if not isinstance(rows, list):
        raise UsageError(f"{path}: {kind} is no list; write [[{kind}]] above each key")
    return rows


def _row(row: Any, path: str, kind: str) -> Row:
    given = row if isinstance(row, dict) else {}
    fact = given.get("fact")
    facts: list[Any] = fact if isinstance(fact, list) and fact else [fact]
    texts = [given.get("key"), given.get("of"), *facts]
    if set(given) != {"key", "of", "fact"} or not all(isinstance(t, str) and t.strip() for t in texts):
        raise UsageError(f"{path}: a row of {kind} has key, of and fact, and nothing else: {row}")
    key, of = given["key"].strip(), given["of"]
    if "/" in key or "%%" in key or key in _TAKEN or key.startswith(("Channel ", "# header")):
        # The plug-in writes these otherwise than they stand here, or takes them for something else.
        raise UsageError(f"{path}: {key!r} cannot be a key: the plug-in takes it for something else; give another name")
    if of not in _PARTS:
        raise UsageError(f"{path}: {of!r} of {key!r} is no part; there are {', '.join(_PARTS)}")
    return Row(key, of, tuple(facts))


def pairs_of(document: Document, file: str, keys: Keys | None = None) -> tuple[ImagePairs, ...]:
    """Return the pairs of each image of a document.

    Parameters
    ----------
    document : Document
        With its planes, which state exposure times.
    file : str
        Name of the file, as it is imported.
    keys : Keys, optional
        By default those of the product.
    """
    index, schema = document.index(), load(document.version)
    several = len(document.images) > 1
    found = []
    for number, image in enumerate(document.images):
        name = f"{file} [{(image.get('Name') or '').strip() or number}]" if several else file
        parts = _Parts(document, image, index, schema)
        found.append(ImagePairs(_line(name), tuple(_pairs(parts, keys or own_keys()))))
    return tuple(found)


def _pairs(parts: _Parts, keys: Keys) -> Iterator[tuple[str, str]]:
    for row in keys.image:
        if text := parts.text(row):
            yield row.key, text
    pixels = parts.image.first("Pixels")
    for number, channel in enumerate(pixels.all("Channel") if pixels is not None else ()):
        parts.channel, parts.number = channel, number
        for row in keys.channel:
            if text := parts.text(row):
                yield f"Channel {number + 1} {row.key}", text


def _line(text: str) -> str:
    return " ".join(text.split())


# -- parts of a document ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Parts:
    """The parts of an image, or of one of its channels, by the words of the table."""

    document: Document
    image: Node
    index: dict[str, Node]
    schema: Schema
    channel: Node | None = None
    number: int = 0

    def text(self, row: Row) -> str:
        """Return what a row gives, empty where nothing is stated."""
        nodes = _PARTS[row.of](self)
        texts = [next((t for name in row.facts if (t := self._stated(node, name))), "") for node in nodes]
        return "; ".join(dict.fromkeys(_line(t) for t in texts if t.strip()))

    def _stated(self, node: Node, name: str) -> str:
        if name == "title":
            return title(node)
        if name == "name":
            return _WORDS.sub(" ", node.name)
        if name == "exposure":
            return exposure_of(node, self.number)
        if name == "bands":
            return _bands(node)
        fact = node.facts.get(name)
        if fact is None or (name == ATTENUATION and repeats_power(node)):
            return ""
        declared = self.schema.element(node.name).attributes.get(name) if node.name in self.schema.names else None
        # The words of NBO, as people read them.
        return fact.quantity.replace("_", " ") if declared is not None and declared.type.enum else fact.quantity

    def referred(self, nodes: Iterable[Node]) -> list[Node]:
        """Return what references and settings are of."""
        return [self.index[n.id] for n in nodes if n.id in self.index]

    def path(self) -> list[Node]:
        """Return the light path of the channel, and filter sets in it."""
        found = [p for p in (self.channel.first("LightPath") if self.channel is not None else None,) if p is not None]
        return [*found, *(s for p in found for s in p.all("FilterSet"))]

    def in_path(self, *names: str) -> list[Node]:
        """Return what is in the light path."""
        return [n for p in self.path() for n in p.all(*names)]

    def objective(self) -> list[Node]:
        """Return the objective that was used."""
        return self.referred(self.image.all("ObjectiveSettings"))

    def stands(self) -> list[Node]:
        """Return the stand of the microscope that the image refers to; of the only one where it refers to none."""
        instruments = self.referred(self.image.all("InstrumentRef")) or self.document.instruments
        names = self.schema.members("MicroscopeStandGroup")
        return [n for i in instruments for n in i.all(*names)] if len(instruments) == 1 else []

    def detector_settings(self) -> list[Node]:
        """Return the settings of the detectors of the channel."""
        return self.in_path(*self.schema.members("DetectorSettingsGroup"))


def _bands(node: Node) -> str:
    """Return the pass bands of a filter: centre and width, or edges."""
    texts = []
    for band in node.all("TransmittanceRange"):
        stated = [band.facts[n] for n in ("Wavelength", "FWHMBandwidth") if n in band.facts]
        if not stated or (len({f.unit for f in stated}) > 1):
            continue
        unit = f" {stated[0].unit}" if stated[0].unit else ""
        texts.append(f"{'/'.join(f.value for f in stated)}{unit}")
    return ", ".join(texts)


def _only_line(source: Node | None) -> Node | None:
    lines = own_lines(source) if source is not None else []
    return lines[0] if len(lines) == 1 else None


_PARTS: Final[dict[str, Callable[[_Parts], Iterable[Node]]]] = {
    "image": lambda p: [p.image],
    "pixels": lambda p: p.image.all("Pixels"),
    "stand": _Parts.stands,
    "software": lambda p: p.referred(p.image.all("AcquisitionSoftwareRef")),
    "objective": _Parts.objective,
    "objective settings": lambda p: p.image.all("ObjectiveSettings"),
    "immersion": lambda p: [n for s in p.image.all("ObjectiveSettings") for n in s.all("ImmersionLiquid")],
    "channel": lambda p: [p.channel] if p.channel is not None else [],
    "fluorophore": lambda p: p.channel.all("Fluorophore") if p.channel is not None else [],
    "source settings": lambda p: p.in_path("LightSourceSettings"),
    "source": lambda p: p.referred(p.in_path("LightSourceSettings")),
    # Of a source of many lines, those that were certainly used.
    "source line": lambda p: [
        line
        for path in p.path()
        for _, source, used in lights_used(path, p.index)
        if (line := used or _only_line(source)) is not None
    ],
    "excitation filter": lambda p: p.referred(p.in_path("ExcitationFilterRef")),
    "dichroic": lambda p: p.referred(p.in_path("StandardDichroicRef")),
    "emission filter": lambda p: p.referred(p.in_path("EmissionFilterRef")),
    "detector settings": _Parts.detector_settings,
    "detector": lambda p: p.referred(p.detector_settings()),
    "pinhole": lambda p: p.in_path("PinholeSettings"),
}


# -- what is written --------------------------------------------------------------------------------------------------


def columns_of(images: Iterable[ImagePairs], keys: Keys | None = None) -> list[str]:
    """Return the keys of all images, in the order of the table, those of channels by channel."""
    keys = keys or own_keys()
    stated = dict.fromkeys(key for image in images for key, _ in image.pairs)
    order = {row.key: n for n, row in enumerate(keys.image)}
    channels = {row.key: n for n, row in enumerate(keys.channel)}

    def place(key: str) -> tuple[int, int]:
        if key in order:
            return (0, order[key])
        number, _, name = key.removeprefix("Channel ").partition(" ")
        return (int(number), channels[name])

    return sorted(stated, key=place)


def to_csv(images: Sequence[ImagePairs], keys: Sequence[str], dataset: str = "") -> str:
    """Return the table as the plug-in takes it: types of columns, their names, a row an image.

    Parameters
    ----------
    images : sequence of ImagePairs
    keys : sequence of str
        Columns, beside those by which images are found.
    dataset : str
        Name of the dataset of the images, which a project needs.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    heads = [IMAGE, *([DATASET] if dataset else []), *keys]
    writer.writerow(["# header s", *["s"] * (len(heads) - 1)])
    writer.writerow(heads)
    for image in images:
        given = dict(image.pairs)
        writer.writerow([image.name, *([dataset] if dataset else []), *(given.get(key, "") for key in keys)])
    return stream.getvalue()


def to_yaml(keys: Sequence[str], csv_name: str, namespace: str) -> str:
    """Return the configuration by which the plug-in makes map annotations of the table: one group, in our namespace."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    lines = [
        f"{MARK_YAML} {csv_name} that become key-value pairs.",
        "---",
        "defaults:",
        "  include: false",
        "  includeclient: false",
        "  omitempty: true",
        "columns:",
        "  - group:",
        f"      namespace: {quoted(namespace)}",
        "      columns:",
    ]
    for key in keys:
        lines += [
            f"        - name: {quoted(key)}",
            f"          clientname: {quoted(key)}",
            "          include: true",
            "          includeclient: true",
        ]
    return "\n".join([*lines, ""])


def to_json(images: Sequence[ImagePairs], namespace: str) -> str:
    """Return all pairs as plain data, for programs of one's own."""
    told = [{"name": i.name, "pairs": [list(pair) for pair in i.pairs]} for i in images]
    content = {"format": MARK_JSON, "namespace": namespace, "images": told}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
