"""Micro-Manager: the summary and the frames' JSON of its TIFFs (1.4, 2.0, NDTiff), or of the text beside them.

Source: Micro-Manager file formats, https://micro-manager.org/Micro-Manager_File_Formats, and NDTiffStorage.
"""

from __future__ import annotations

import json
import os
import re
import struct
from typing import TYPE_CHECKING, Any

from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract_readers._mm_frames import Frames, device_properties, flattened
from nbo_extract_readers._ome_xml import looks_like_ome
from nbo_extract_readers._tiff_pages import Pages, decoded
from nbo_extract_readers._tree import add
from nbo_extract_readers.formats_tiff import MICRO_MANAGER
from nbo_extract_readers.tiff_family import Family, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

INFO = MICRO_MANAGER

METADATA = 51123
_INDEX_MAP, _INDEX, _SUMMARY, _NDTIFF = 54773648, 3453623, 2355492, 483729
# Of the summary: what repeats settings of devices, or lists the plan of the acquisition.
_LEFT_OUT = ("InitialPositionList", "InitialScopeData", "MdaSettings", "StagePositions", "ScopeDataKeys")
_MAX_JSON = 64 << 20
# Frames whose JSON is read where no OME-XML states the planes: each is a few kilobytes.
_MAX_FRAMES = 20_000
_PER_PLANE = ("ElapsedTime-ms", "Exposure-ms", "XPositionUm", "YPositionUm", "ZPositionUm")
_KEY = re.compile(r"FrameKey-(\d+)-(\d+)-(\d+)$")
_NAME = re.compile(r"channel(?P<C>\d+)_position(?P<P>\d+)_time(?P<T>\d+)_z(?P<Z>\d+)")


def read(path: str) -> RawRecord:
    """Read the metadata of Micro-Manager about a TIFF.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``MicroManager`` with ``Summary``, a ``Frame`` for the first image of each channel with its device
        properties, and ``Structure``; planes under the key of each position. Where the TIFF has OME-XML, its record,
        which this one supplements.

    Raises
    ------
    CorruptFileError
        If neither the TIFF nor a text beside it holds metadata of Micro-Manager.
    """
    with told(path), open(path, "rb") as handle:
        pages = Pages(handle)
        found = _MicroManager(path, pages)
        first = pages.directory(pages.first)
        ome = looks_like_ome(pages.data(first.entries.get(270))[:4096])
        record = found.record(everything=not ome)
        if not ome:
            found.check_end(pages, found.needed)
    if ome:
        from nbo_extract_readers import ome_tiff

        main = ome_tiff.read(path)
        main.files = tuple(dict.fromkeys([*main.files, *record.files]))
        main.supplement = record
        return main
    return record


class _MicroManager(Family):
    """What one file states."""

    def __init__(self, path: str, pages: Pages) -> None:
        super().__init__(path, "MicroManager")
        self.pages = pages
        self.needed = 0
        self.summary: dict[str, Any] = {}
        self.files = [os.path.abspath(path)]

    def record(self, *, everything: bool) -> RawRecord:
        """Put all together; `everything` where no OME-XML states the planes."""
        frames = self.beside() or self.within(everything=everything)
        if not self.summary and not any(frame for _, frame in frames):
            raise ValueError("neither it nor a metadata.txt beside it holds metadata of Micro-Manager")
        add(self.tree, "Summary", {k: v for k, v in flattened(self.summary).items() if k not in _LEFT_OUT})
        self.tags()
        planes = self.images(frames, everything=everything)
        return self.made(INFO, "Micro-Manager", planes, self.files)

    # -- the text beside the images ------------------------------------------------------------------------------------

    def beside(self) -> Frames:
        """Return the frames of metadata.txt where the TIFF itself has none; of several positions, those of its own."""
        if METADATA in self.pages.directory(self.pages.first).entries:
            return []
        folder, name = os.path.split(os.path.abspath(self.path))
        stem = re.sub(r"(\.ome)?\.tiff?$", "", name, flags=re.IGNORECASE)
        text = next(
            (t for n in (f"{stem}_metadata.txt", "metadata.txt") if os.path.isfile(t := os.path.join(folder, n))), ""
        )
        if not text:
            return []
        self.files.append(text)
        content = self.parsed(text)
        self.summary = content.get("Summary") or {}
        own = _NAME.search(name)
        frames: Frames = []
        for key, value in content.items():
            if not isinstance(value, dict):
                continue
            numbered, named = _KEY.match(key), _NAME.search(key) if key.startswith("Metadata-") else None
            if numbered:
                place = dict(zip("TCZ", map(int, numbered.groups()), strict=True))
                frames.append(({**place, "P": 0}, value))
            elif named and (own is None or named["P"] == own["P"]):
                frames.append(({axis: int(number) for axis, number in named.groupdict().items()}, value))
        self.members(folder, frames)
        return frames

    def parsed(self, path: str) -> dict[str, Any]:
        """Return the JSON of a metadata.txt; one whose end was never written is closed."""
        with open(path, "rb") as stream:
            text = decoded(stream.read(_MAX_JSON + 1))
        if len(text) > _MAX_JSON:
            raise ValueError(f"{os.path.basename(path)} has more than {_MAX_JSON} bytes")
        try:
            content = json.loads(text)
        except ValueError:
            content = json.loads(text.rstrip().rstrip(",") + "\n}")
            self.find(
                "NBO103", "the last brace of the metadata was never written; it was added", "metadata.txt", "info"
            )
        if not isinstance(content, dict):
            raise ValueError(f"{os.path.basename(path)} is no JSON object")
        return content

    def members(self, folder: str, frames: Frames) -> None:
        """Add the other image files of the set."""
        for _, frame in frames:
            name = flattened(frame).get("FileName")
            if isinstance(name, str):
                path = os.path.join(folder, name.replace("\\", "/").rpartition("/")[2])
                if os.path.isfile(path):
                    self.files.append(path)
        self.files = list(dict.fromkeys(self.files))

    # -- the TIFF ------------------------------------------------------------------------------------------------------

    def within(self, *, everything: bool) -> Frames:
        """Return the frames of the TIFF: all that may be read, or the first of each channel and position."""
        with self.part("Summary"):
            self.summary = self.header()
        index: list[dict[str, int]] = []
        with self.part("IndexMap"):
            index = self.index()
        frames: Frames = []
        seen: set[tuple[int, int]] = set()
        spent = 0
        for place, offset in self.places(index):
            if not everything and (place["P"], place["C"]) in seen:
                frames.append((place, {}))
                continue
            seen.add((place["P"], place["C"]))
            content: Any = {}
            if spent < _MAX_JSON and len(frames) < _MAX_FRAMES:
                try:
                    data = self.pages.data(self.pages.directory(offset).entries.get(METADATA))
                    spent += len(data)
                    content = json.loads(decoded(data.strip(b"\0 ")) or "{}")
                except ValueError:
                    content = {}
            if not isinstance(content, dict):
                content = {}
            frames.append((place if index else _stated(content, place), content))
        return frames

    def header(self) -> dict[str, Any]:
        """Return the summary, which stands behind the header of the TIFF."""
        head = self.pages.bytes_at(8, 32)
        numbers = struct.unpack(f"{self.pages.mark}8I", head)
        if numbers[0] == _NDTIFF:
            at = 2 if numbers[2] == _SUMMARY else 3
            length, start = numbers[at + 1], 8 + 4 * (at + 2)
        else:
            # 1.4 and 2.0: index map, display settings, comments, summary, each a mark and a number.
            at, length, start = 6, numbers[7], 40
        if numbers[at] != _SUMMARY:
            return {}
        content = json.loads(decoded(self.pages.bytes_at(start, length).strip(b"\0 ")))
        return content if isinstance(content, dict) else {}

    def index(self) -> list[dict[str, int]]:
        """Return channel, slice, frame, position and offset of each image; empty where there is no index."""
        mark, offset = struct.unpack(f"{self.pages.mark}2I", self.pages.bytes_at(8, 8))
        if mark != _INDEX_MAP:
            return []
        head, count = struct.unpack(f"{self.pages.mark}2I", self.pages.bytes_at(offset, 8))
        if head != _INDEX:
            raise ValueError(f"there is no index at byte {offset}")
        numbers = struct.unpack(f"{self.pages.mark}{5 * count}I", self.pages.bytes_at(offset + 8, 20 * count))
        rows = [numbers[5 * i : 5 * i + 5] for i in range(count)]
        self.needed = max((r[4] + 2 for r in rows), default=0)
        return [dict(zip(("C", "Z", "T", "P", "offset"), r, strict=True)) for r in rows]

    def places(self, index: list[dict[str, int]]) -> Iterator[tuple[dict[str, int], int]]:
        """Yield place and offset of each image: by the index, else along the chain of directories."""
        if index:
            for row in index:
                yield {axis: row[axis] for axis in "CZTP"}, row["offset"]
            return
        offset, seen = self.pages.first, set[int]()
        while offset and offset not in seen and len(seen) < _MAX_FRAMES:
            seen.add(offset)
            yield {"C": 0, "Z": 0, "T": len(seen) - 1, "P": 0}, offset
            try:
                offset = self.pages.directory(offset).following
            except ValueError:
                return

    # -- the tree ------------------------------------------------------------------------------------------------------

    def images(self, frames: Frames, *, everything: bool) -> dict[str, PlaneColumns]:
        """Add an image a position and the first frame of each channel; return the planes of each position."""
        from lxml import etree

        planes: dict[str, PlaneColumns] = {}
        positions = sorted({place["P"] for place, _ in frames}) or [0]
        for position in positions[:4096]:
            own = [(place, frame) for place, frame in frames if place["P"] == position]
            image = self.image(str(position))
            if own:
                for axis in "ZCT":
                    image.set(f"Size{axis}", str(max(place[axis] for place, _ in own) + 1))
            for channel in sorted({place["C"] for place, _ in own})[:256]:
                element = etree.SubElement(image, "Channel", Index=str(channel))
                frame = next((f for p, f in own if p["C"] == channel and f), {})
                self.frame(element, flattened(frame))
            if everything and any(frame for _, frame in own):
                planes[str(position)] = _columns(own)
        return planes

    def frame(self, home: etree._Element, frame: dict[str, Any]) -> None:
        """Add the metadata of an image; properties of devices by device."""
        from lxml import etree

        from nbo_extract_readers._text import clean

        element = etree.SubElement(home, "Frame")
        plain, devices = device_properties(frame)
        for name, value in plain.items():
            if name not in _LEFT_OUT:
                add(element, name, value)
        for label, properties in devices.items():
            device = etree.SubElement(element, "Device", Label=clean(label))
            for name, value in properties.items():
                if value not in (None, ""):
                    etree.SubElement(device, "Property", Name=clean(name)).text = clean(str(value))


def _stated(frame: dict[str, Any], place: dict[str, int]) -> dict[str, int]:
    """Return the place that a frame states itself, as those of an NDTiff do."""
    flat = flattened(frame)
    names = {"C": "ChannelIndex", "Z": "SliceIndex", "T": "FrameIndex", "P": "PositionIndex"}
    axes = flat.get("Axes")
    if isinstance(axes, dict):
        names = {"C": "channel", "Z": "z", "T": "time", "P": "position"}
        flat = axes
    if not any(isinstance(flat.get(name), int) for name in names.values()):
        return place
    stated = {axis: flat.get(name) for axis, name in names.items()}
    return {axis: value if isinstance(value, int) and 0 <= value < 1 << 31 else 0 for axis, value in stated.items()}


def _columns(frames: Frames) -> PlaneColumns:
    columns: dict[str, list[str | None]] = {axis: [str(place[axis]) for place, _ in frames] for axis in "CZT"}
    flat = [flattened(frame) for _, frame in frames]
    for name in _PER_PLANE:
        values = [f.get(name) for f in flat]
        texts = [str(v) if isinstance(v, int | float | str) and not isinstance(v, bool) else None for v in values]
        if any(texts):
            columns[name] = [*texts]
    return PlaneColumns(columns, {name: f"Frame/{name}" for name in _PER_PLANE})
