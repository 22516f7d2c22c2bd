"""Nikon ND2: the metadata that NIS-Elements wrote into the file, and what stands of each frame.

Decoded by the library ``nd2`` (BSD); the names are those of NIS-Elements. Two forms exist: chunks (NIS-Elements 3.0 and
later) and JPEG 2000 boxes (before). Pixels are never read, so nothing is needed to decode them.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from nbo_extract.counting import counted
from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding, Severity
from nbo_extract.record import CUT_OFF, PlaneColumns, RawRecord
from nbo_extract_readers import nikon_legacy as legacy
from nbo_extract_readers._tree import add, build, text_of
from nbo_extract_readers.formats import ND2
from nbo_extract_readers.nikon_channels import Pictures, add_channels
from nbo_extract_readers.nikon_chunks import LARGEST_COLUMN, Container, guarded
from nbo_extract_readers.nikon_planes import MAX_ROWS, Loops, columns, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

INFO = ND2

# Parts of the chunk form by the element that holds them: name from 3.0 on, name before, element of their content.
_PARTS = {
    "Attributes": ("ImageAttributesLV", "ImageAttributes", "SLxImageAttributes"),
    "Calibration": ("ImageCalibrationLV|0", "ImageCalibration|0", "SLxCalibration"),
    "Experiment": ("ImageMetadataLV", "ImageMetadata", "SLxExperiment"),
    "Metadata": ("ImageMetadataSeqLV|0", "ImageMetadataSeq|0", "SLxPictureMetadata"),
    "TextInfo": ("ImageTextInfoLV", "ImageTextInfo", "SLxImageTextInfo"),
    "AppInfo": ("CustomDataVar|AppInfo_V1_0", "CustomDataVar|AppInfo_V1_0", ""),
    "Tags": ("CustomDataVar|CustomDataV2_0", "CustomDataVar|CustomDataV2_0", "CustomTagDescription_v1.0"),
}
_DESCRIPTION = "TextInfoItem_5"
_TIMES = "CustomData|AcqTimesCache"
# Arrays of one number a frame, in the file's own names; a string array is none.
_TAG_TYPES = {2: "<i4", 3: "<f8"}
# Times along T that a step can be told by; of longer series the first.
MOST_TIMES = 20_000


def read(path: str) -> RawRecord:
    """Read the metadata of an ND2 file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``ND2`` with ``Attributes``, ``Experiment``, ``Metadata`` (of the first frame), ``TextInfo``, ``AppInfo``
        as decoded, and a ``Structure``: one ``Image`` a stage position, one ``Plane`` a channel with the text that
        describes it, the ``Loop`` elements. Planes by the ``Key`` of the image, one row a frame and channel.

    Raises
    ------
    CorruptFileError
        If neither metadata nor sizes can be read.
    """
    with open(path, "rb", buffering=1 << 16) as stream:
        return _Reading(Container(stream, path), path).record()


class _Reading:
    """One pass through one open file."""

    def __init__(self, file: Container, path: str) -> None:
        self.file = file
        self.path = path
        self.findings: list[Finding] = []
        self.parts: dict[str, dict[str, Any]] = {}
        self.frames = 0
        self.pictures = Pictures({})

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    def tried(self, call: Callable[[], Any], source: str, loss: str) -> Any:
        """Return the result of a call, None with a finding where the part that it reads is damaged."""
        try:
            return call()
        except ValueError as error:
            self.find("NBO102", f"{error}: {loss}", source)
            return None

    def record(self) -> RawRecord:
        """Read all and put it together."""
        from importlib.metadata import version

        from lxml import etree

        tree = etree.Element("ND2")
        if self.file.legacy:
            self._legacy_parts()
        else:
            self._parts()
        if not self.parts.get("Attributes") and not self.parts.get("Metadata"):
            raise CorruptFileError(
                f"{self.path} holds no metadata that can be read "
                f"({self.file.problem or 'the parts with attributes and metadata are missing or damaged'}); "
                "copy it again from where it was written"
            )
        for name, content in self.parts.items():
            tree.append(build(name, content))
        loops = self.loops()
        structure = etree.SubElement(tree, "Structure")
        etree.SubElement(structure, "File", Version=self.file.version)
        self._loop_elements(structure, loops)
        self.pictures = Pictures(self.parts.get("Metadata", {}))
        channels = add_channels(structure, self.pictures, self.parts.get("TextInfo", {}).get(_DESCRIPTION))
        planes = self.images(structure, loops, channels)
        self.ends()
        return RawRecord(
            path=self.path,
            format="Nikon ND2",
            reader=INFO.name,
            vocabulary="nikon-nd2",
            tree=tree,
            planes=planes,
            versions={"format": self.file.version, "reader": INFO.name, "nd2": version("nd2")},
            files=(os.path.abspath(self.path),),
            findings=self.findings,
        )

    def ends(self) -> None:
        """Say so where the end of the file is missing, or its map is damaged."""
        if self.file.cut:
            message = (
                "the file is cut off or was never closed: it does not end with the map of its parts; copy it again "
                "from where it was written"
            )
            self.find(CUT_OFF, message, "File", "error")
        elif self.file.problem:
            message = f"the map of the file is damaged ({self.file.problem}): its parts were sought one by one"
            self.find("NBO102", message, "ChunkMap")

    # -- parts ----------------------------------------------------------------------------------------------------

    def _parts(self) -> None:
        for name, (new, old, inner) in _PARTS.items():
            part = new if new in self.file.places else old
            found = self.tried(partial(self.file.decoded, part), part, "what it states is missing")
            if found is None:
                continue
            content = found.get(inner, found) if inner else found
            if isinstance(content, dict):
                self.parts[name] = content
            else:
                self.find("NBO102", f"{part} is damaged: what it states is missing", part)
        count = self.parts.get("Attributes", {}).get("uiSequenceCount")
        self.frames = count if isinstance(count, int) and 0 <= count <= MAX_ROWS else 0

    def _legacy_parts(self) -> None:
        lost = "what it states is missing"
        for name, box in (("Metadata", "VIMD"), ("Calibration", "ACAL")):
            found = self.tried(partial(self.file.decoded, box), box, lost)
            if found:
                self.parts[name] = legacy.inner(found)
        self.frames = legacy.frames(self.file)
        header = self.tried(partial(legacy.attributes, self.file), "jp2h", "sizes are missing")
        bits = self.tried(partial(legacy.significant_bits, self.file), "ARTT", lost)
        if header:
            self.parts["Attributes"] = header | {"SignificantBits": bits}
        text = self.tried(partial(legacy.description, self.file), "TINF", lost)
        if text:
            self.parts["TextInfo"] = {_DESCRIPTION: text}

    def loops(self) -> Loops:
        """Return the loops of the experiment."""
        lost = "positions, steps and times of the experiment are missing, and sizes along Z and T"
        try:
            loops = Loops(guarded("the experiment", self._decoded_loops))
            for loop in loops.loops:
                if not isinstance(loop.count, int) or not 0 < loop.count <= MAX_ROWS:
                    raise ValueError("the experiment states an impossible number of repeats")
            if loops.frames > MAX_ROWS:
                raise ValueError(f"the experiment states {loops.frames} frames")
        except ValueError as error:
            self.find("NBO102", f"{error}: {lost}", "Experiment")
            return Loops(problem=str(error))
        if self.frames and loops.frames != self.frames:
            message = f"the loops of the experiment make {loops.frames} frames, the file states {self.frames}"
            self.find("NBO102", message, "Experiment", "info")
        return loops

    def _decoded_loops(self) -> list[Any]:
        if self.file.legacy:
            from nd2 import ND2File

            with ND2File(self.path) as file:
                return list(file.experiment)
        raw = self.parts.get("Experiment")
        if raw is None:
            return []
        from nd2._parse._parse import load_experiment

        return list(load_experiment(raw))  # type: ignore[arg-type,unused-ignore]

    def _loop_elements(self, structure: etree._Element, loops: Loops) -> None:
        from lxml import etree

        for loop in loops.loops:
            element = etree.SubElement(structure, "Loop", Type=loop.type, Count=str(loop.count))
            parameters = getattr(loop, "parameters", None)
            for name in ("startMs", "periodMs", "durationMs", "stepUm", "deviceName"):
                text = text_of(getattr(parameters, name, None))
                if text:
                    element.set(name, text)
            for period in getattr(parameters, "periods", None) or ():
                add(element, "Period", {n: getattr(period, n) for n in ("count", "startMs", "periodMs", "durationMs")})

    # -- images and planes ----------------------------------------------------------------------------------------

    def images(self, structure: etree._Element, loops: Loops, count: int) -> dict[str, PlaneColumns]:
        """Add an ``Image`` for each stage position, and return the columns of its planes."""
        from lxml import etree

        attributes = self.parts.get("Attributes", {})
        positions = loops.extent("P")
        points = getattr(getattr(loops.first("XYPosLoop"), "parameters", None), "points", ())
        frames = min(loops.frames, self.frames) if self.frames else 0
        places = loops.places(frames)
        chosen: list[list[int]] = [[] for _ in range(positions)]
        for frame, position in enumerate(places["P"]):
            chosen[position].append(frame)
        rows = frames * max(count, 1)
        facts = {} if loops.problem or rows > MAX_ROWS else self.facts(frames, loops, places, points)
        if rows > MAX_ROWS:
            self.find(
                "NBO107",
                f"{counted(rows, 'plane')} would need too much memory: what is stated of each is left out",
                "Planes",
            )
        planes: dict[str, PlaneColumns] = {}
        for position in range(positions):
            image = etree.SubElement(structure, "Image", Key=str(position), Index=str(position))
            for axis, name in (("X", "uiWidth"), ("Y", "uiHeight")):
                if isinstance(attributes.get(name), int) and attributes[name] > 0:
                    image.set(f"Size{axis}", str(attributes[name]))
            if not loops.problem:
                image.set("SizeZ", str(loops.extent("Z")))
                image.set("SizeT", str(loops.extent("T")))
            components = attributes.get("uiComp")
            if count or components:
                image.set("SizeC", str(count or components))
            if position < len(points):
                _point(image, points[position])
            self._times(image, facts.get(_TIMES), places, chosen[position])
            if facts and count:
                planes[str(position)] = columns(places, chosen[position], count, facts)
        return planes

    def _times(
        self, image: etree._Element, times: list[str | None] | None, places: dict[str, list[int]], chosen: list[int]
    ) -> None:
        """Add the times at which the first plane of each place along T was taken."""
        from lxml import etree

        if times is None or int(image.get("SizeT", "1")) < 2:
            return
        first = [times[i] for i in chosen if places["Z"][i] == 0 and i < len(times)][:MOST_TIMES]
        if len(first) > 1 and all(t is not None for t in first):
            etree.SubElement(image, "Times").text = " ".join(t or "" for t in first)

    def facts(
        self, frames: int, loops: Loops, places: dict[str, list[int]], points: Any
    ) -> dict[str, list[str | None]]:
        """Return the columns of facts of all frames, by vendor path."""
        if self.file.legacy:
            return self._legacy_facts(frames)
        out: dict[str, list[str | None]] = {}
        times = self.tried(lambda: self._array(_TIMES, "<f8", frames), _TIMES, "times are missing")
        if times is not None and any(t not in (None, "0") for t in times):
            out[_TIMES] = times
        for key, tag in self._tags().items():
            number = tag.get("Type")
            kind = _TAG_TYPES.get(number) if isinstance(number, int) else None
            wanted = key in ("X", "Y") or key == self._drive(loops) or self._only_exposure(key)
            if kind is None or not wanted:
                continue
            name = f"CustomData|{key}"
            column = self.tried(partial(self._array, name, kind, frames), name, "its values are missing")
            if column is not None:
                out[name] = column
        self._stage(out, frames, loops, places, points)
        return out

    def _tags(self) -> dict[str, dict[str, Any]]:
        tags = {str(t.get("ID")): t for t in self.parts.get("Tags", {}).values() if isinstance(t, dict)}
        # Files of old versions have the arrays without describing them.
        for key in ("X", "Y", "Z"):
            if f"CustomData|{key}" in self.file.places:
                tags.setdefault(key, {"ID": key, "Type": 3})
        return tags

    def _drive(self, loops: Loops) -> str:
        """Return the array that follows the focus: the overall one, or of the drive that a stack was taken with."""
        tags = self._tags()
        if "Z" in tags:
            return "Z"
        drives = {key: str(tag.get("Desc", "")) for key, tag in tags.items() if key[:1] == "Z" and key[1:].isdigit()}
        stack = loops.first("ZStackLoop")
        if stack is None:
            return next(iter(drives), "") if len(drives) == 1 else ""
        return next((key for key, title in drives.items() if title and title == stack.parameters.deviceName), "")

    def _only_exposure(self, key: str) -> bool:
        """Whether an array of exposures speaks of the only channel: then it agrees with what is stated of that."""
        planes, samples = self.pictures.planes, self.pictures.samples
        if key != "Camera_ExposureTime1" or len(planes) != 1 or len(samples) != 1:
            return False
        stated = next(iter(samples.values())).get("dExposureTime")
        first = self.tried(lambda: self._array(f"CustomData|{key}", "<f8", 1), key, "exposures are missing")
        return bool(first) and first[0] == text_of(stated)

    def _stage(
        self, out: dict[str, list[str | None]], frames: int, loops: Loops, places: dict[str, list[int]], points: Any
    ) -> None:
        """Add stage positions where no arrays state them: points of the experiment, or the place of the only one."""
        metadata = self.parts.get("Metadata", {})
        for axis in "XY":
            name = f"CustomData|{axis}"
            if name in out:
                continue
            if points:
                at = [text_of(float(getattr(p.stagePositionUm, axis.lower()))) for p in points]
                out[f"XYPosLoop/{axis}"] = [at[p] if p < len(at) else None for p in places["P"]]
            elif f"d{axis}Pos" in metadata:
                out[f"d{axis}Pos"] = [text_of(metadata[f"d{axis}Pos"])] * frames
        if not any(name.startswith("CustomData|Z") for name in out) and frames == 1 and "dZPos" in metadata:
            out["dZPos"] = [text_of(metadata["dZPos"])]
        if _TIMES not in out and frames == 1 and "dTimeMSec" in metadata:
            out["dTimeMSec"] = [text_of(metadata["dTimeMSec"])]

    def _legacy_facts(self, frames: int) -> dict[str, list[str | None]]:
        if frames > legacy.MOST_FRAMES:
            self.find("NBO107", f"{frames} frames are too many: what is stated of each is left out", "VIMD", "info")
            return {}
        found, lost = legacy.facts(self.file, frames)
        if lost:
            self.find("NBO102", f"{lost} descriptions of frames are damaged: what they state is missing", "VIMD")
        return found

    def _array(self, name: str, kind: str, frames: int) -> list[str | None] | None:
        import numpy

        data = self.file.part(name, limit=LARGEST_COLUMN)
        if data is None:
            return None
        size = numpy.dtype(kind).itemsize
        numbers = numpy.frombuffer(data[: min(frames * size, len(data) // size * size)], dtype=kind)
        return texts(numbers.tolist())


def _point(image: etree._Element, point: Any) -> None:
    from lxml import etree

    element = etree.SubElement(image, "Point")
    if point.name:
        add(element, "Name", str(point.name))
    for axis in "xyz":
        value = getattr(point.stagePositionUm, axis)
        # Without a height of its own, a point has 0 here.
        if isinstance(value, int | float) and (axis != "z" or value):
            add(element, axis.upper(), float(value))
