"""DeltaVision DV and R3D: the header, the extended header of each section, and the lens by its number.

Layout: the IVE image header (1024 bytes, derived from MRC) as documented by the Priism/IVE project; the names of its
fields and of the extended header's floats, and the table of lens numbers, are those of the library ``mrc``. Beside the
image may stand its log, see `deltavision_log`.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding, Severity
from nbo_extract.record import CUT_OFF, PlaneColumns, RawRecord
from nbo_extract_readers._tree import build
from nbo_extract_readers.formats import DELTAVISION

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

INFO = DELTAVISION

HEADER_BYTES = 1024
# Of 80 characters each, behind the numbers.
TITLES = 10
_NUMBERS = "10i6f3i3f2i2hi24s4h6f6h2f2h3f6h3fi"
_TITLES_AT = struct.calcsize(f"<{_NUMBERS}")
_NAMES = (
    "width height n_sections pixel_type x_start y_start z_start mx my mz dx dy dz alpha beta gamma col_ax row_ax "
    "section_ax min max mean space_group_num ext_hdr_len dvid nblank t_start blank n_ints n_floats n_subres zfac min2 "
    "max2 min3 max3 min4 max4 img_type lens_num n1 n2 v1 v2 min5 max5 nt img_seq x_tilt y_tilt z_tilt nc wave1 wave2 "
    "wave3 wave4 wave5 z0 x0 y0 ntitles"
).split()
_FLOATS = (
    "photosensorReading timeStampSeconds stageXCoord stageYCoord stageZCoord minInten maxInten meanInten expTime "
    "ndFilter exWavelen emWavelen intenScaling energyConvFactor"
).split()
# Bytes of a pixel by pixel type.
_BYTES = {0: 1, 1: 2, 2: 4, 3: 4, 4: 8, 5: 2, 6: 2, 7: 4}
# Dimension of the sections from the fastest to the slowest, by `img_seq`.
_SEQUENCES = {0: "ZTC", 1: "CZT", 2: "ZCT"}
# Lenses that are younger than the library's table; figures as other readers of the format give them.
_YOUNGER = {
    18113: {
        "name": "Nikon 10X/0.45, Plan Apo",
        "lensNA": 0.45,
        "magnification": 10.0,
        "immersion": "Air",
        "model": "MRD70170",
        "correction": "PlanApo",
        "workingDistance": 4.0,
        "manufacturer": "Nikon",
    },
}
MAX_SECTIONS = 2_000_000
MAX_EXTENDED_BYTES = 400 << 20


def read(path: str) -> RawRecord:
    """Read the headers of a DeltaVision file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``DeltaVision`` with ``Header``, ``Titles``, ``Lens`` and a ``Structure`` of sizes and channels; planes
        under the key ``0``, one row a section, where the extended header states them.

    Raises
    ------
    CorruptFileError
        If the header is cut off or states what cannot be.
    """
    with open(path, "rb") as stream:
        data = stream.read(HEADER_BYTES)
        if len(data) < HEADER_BYTES:
            raise CorruptFileError(
                f"{path} is cut off: it has {len(data)} bytes and the header of a DeltaVision file alone has "
                f"{HEADER_BYTES}; copy it again from where it was written"
            )
        order = "<" if data[96:98] == b"\xa0\xc0" else ">"
        header = dict(zip(_NAMES, struct.unpack_from(order + _NUMBERS, data), strict=True))
        size = os.fstat(stream.fileno()).st_size
        _refuse_nonsense(path, header)
        wanted = header["ext_hdr_len"]
        extended = stream.read(wanted) if 0 < wanted <= MAX_EXTENDED_BYTES else b""
    titles = [data[_TITLES_AT + 80 * i : _TITLES_AT + 80 * (i + 1)] for i in range(TITLES)]
    return _Reading(path, header, order, size).record(titles, extended)


def _refuse_nonsense(path: str, header: dict[str, Any]) -> None:
    sections, channels, times = header["n_sections"], header["nc"], header["nt"]
    if (
        min(header["width"], header["height"], sections) < 1
        or sections > MAX_SECTIONS
        or header["pixel_type"] not in _BYTES
        or header["ext_hdr_len"] < 0
    ):
        raise CorruptFileError(
            f"{path} has a damaged header: it states {header['width']} × {header['height']} pixels of type "
            f"{header['pixel_type']} in {sections} sections and {header['ext_hdr_len']} bytes of extended header "
            f"({channels} channels, {times} times); copy it again from where it was written"
        )


def float_text(value: float) -> str:
    """Return the shortest text of a number of single precision, as which the header stores it."""
    import numpy

    number = numpy.float32(value)
    return str(numpy.format_float_positional(number, unique=True, trim="-")) if numpy.isfinite(number) else ""


class _Reading:
    """What one file states."""

    def __init__(self, path: str, header: dict[str, Any], order: str, size: int) -> None:
        self.path = path
        self.header = header
        self.order = order
        self.size = size
        self.findings: list[Finding] = []
        self.files = [os.path.abspath(path)]
        self.sizes = self._sizes()

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    def _sizes(self) -> dict[str, int]:
        """Extent along Z, C and T; empty where the numbers of the header do not agree."""
        sections, channels, times = (self.header[name] for name in ("n_sections", "nc", "nt"))
        channels, times = channels or 1, times or 1
        if min(channels, times) < 1 or sections % (channels * times):
            message = (
                f"{sections} sections are no multiple of {channels} channels and {times} times: the sizes and what "
                "is stated of each section are left out"
            )
            self.find("NBO102", message, "Header")
            return {}
        return {"Z": sections // (channels * times), "C": channels, "T": times}

    def record(self, titles: list[bytes], extended: bytes) -> RawRecord:
        """Put all together."""
        from importlib.metadata import version

        from lxml import etree

        tree = etree.Element("DeltaVision")
        shown = {
            name: float_text(value) if isinstance(value, float) else value
            for name, value in self.header.items()
            if not isinstance(value, bytes)
        }
        tree.append(build("Header", shown))
        texts = [t.split(b"\0")[0].decode("latin-1").strip() for t in titles]
        tree.append(build("Titles", {"Title": [t for t in texts if t]}))
        self.lens(tree)
        self.log(tree)
        columns = self.planes(extended)
        self.structure(tree, columns)
        needed = HEADER_BYTES + self.header["ext_hdr_len"] + self._pixels()
        if self.size < needed:
            message = (
                f"the file is cut off or damaged: it has {self.size} bytes and its header states {needed}; copy it "
                "again from where it was written"
            )
            self.find(CUT_OFF, message, "File", "error")
        return RawRecord(
            path=self.path,
            format="DeltaVision",
            reader=INFO.name,
            vocabulary="deltavision",
            tree=tree,
            planes={} if columns is None else {"0": columns},
            versions={"reader": INFO.name, "mrc": version("mrc")},
            files=tuple(self.files),
            findings=self.findings,
        )

    def _pixels(self) -> int:
        h = self.header
        return int(h["width"] * h["height"] * h["n_sections"] * _BYTES[h["pixel_type"]])

    def lens(self, tree: etree._Element) -> None:
        """Add what the published table says of the lens number."""
        from mrc.lenses import D

        number = self.header["lens_num"]
        if not number:
            return
        known = D.get(number) or _YOUNGER.get(number)
        if known is None:
            message = f"the lens number {number} is in no table at hand: the objective is left out"
            self.find("NBO154", message, "Header/lens_num", "info")
            return
        tree.append(build("Lens", {"number": number, **known}))

    def log(self, tree: etree._Element) -> None:
        """Add what the log beside the file states."""
        from nbo_extract_readers.deltavision_log import log_path, log_tree

        path = log_path(self.path)
        if path is None:
            return
        try:
            tree.append(log_tree(path))
        except OSError as error:
            name = os.path.basename(path)
            self.find("NBO111", f"the log {name} beside it cannot be read ({error.strerror}): it is left out", "Log")
        else:
            self.files.append(os.path.abspath(path))

    def structure(self, tree: etree._Element, columns: PlaneColumns | None) -> None:
        """Add sizes and channels."""
        from lxml import etree

        structure = etree.SubElement(tree, "Structure")
        image = etree.SubElement(structure, "Image", Key="0")
        image.set("SizeX", str(self.header["width"]))
        image.set("SizeY", str(self.header["height"]))
        for name, extent in self.sizes.items():
            image.set(f"Size{name}", str(extent))
        self.times(image, columns)
        for index in range(self.sizes.get("C", 0)):
            channel = etree.SubElement(image, "Channel", Index=str(index))
            if index < 5:
                channel.set("Wave", str(self.header[f"wave{index + 1}"]))
            for name in ("exWavelen", "emWavelen", "ndFilter"):
                value = None if columns is None else _constant(columns, name, str(index))
                if value is not None:
                    channel.set(name, value)

    def times(self, image: etree._Element, columns: PlaneColumns | None) -> None:
        """Add the times of the first section of each time, of the first channel."""
        from lxml import etree

        if columns is None or "timeStampSeconds" not in columns.columns or self.sizes["T"] < 2:
            return
        c = columns.columns
        rows = zip(c["timeStampSeconds"], c["Z"], c["C"], strict=True)
        found = [time or "" for time, z, channel in rows if z == channel == "0"]
        if len(found) == self.sizes["T"] and all(found):
            etree.SubElement(image, "Times").text = " ".join(found)

    def planes(self, extended: bytes) -> PlaneColumns | None:
        """Return what the extended header states of each section; None where there is none."""
        h = self.header
        integers, floats, sections = h["n_ints"], h["n_floats"], h["n_sections"]
        if not h["ext_hdr_len"] or not self.sizes or floats < 1:
            return None
        length = 4 * (integers + floats)
        order = _SEQUENCES.get(h["img_seq"])
        if integers < 0 or length * sections > h["ext_hdr_len"] or order is None:
            message = (
                f"the extended header ({h['ext_hdr_len']} bytes, {integers} integers and {floats} floats a section, "
                f"sequence {h['img_seq']}) does not fit {sections} sections: what it states of them is left out"
            )
            self.find("NBO102", message, "ExtendedHeader")
            return None
        sections = min(sections, len(extended) // length)
        return self._columns(extended, sections, length, order)

    def _columns(self, extended: bytes, sections: int, length: int, order: str) -> PlaneColumns:
        import numpy

        words = numpy.frombuffer(extended, f"{self.order}f4", sections * length // 4).reshape(sections, length // 4)
        columns: dict[str, list[str | None]] = {}
        stride = 1
        for name in order:
            columns[name] = [str(i // stride % self.sizes[name]) for i in range(sections)]
            stride *= self.sizes[name]
        paths = {name: f"Header/img_seq/{name}" for name in columns}
        for place, name in enumerate(_FLOATS[: self.header["n_floats"]], self.header["n_ints"]):
            values = words[:, place]
            if values.any():
                columns[name] = _texts(values, float_text)
                paths[name] = f"ExtendedHeader/{name}"
        return PlaneColumns(columns, paths)


def _texts(values: Any, text: Callable[[float], str]) -> list[str | None]:
    known: dict[float, str | None] = {}
    out: list[str | None] = []
    for value in values.tolist():
        if value not in known:
            known[value] = text(value) or None
        out.append(known[value])
    return out


def _constant(columns: PlaneColumns, name: str, channel: str) -> str | None:
    """Return what all sections of a channel state alike, None where they differ or state nothing."""
    found = {v for v, c in zip(columns.columns.get(name, ()), columns.columns["C"], strict=False) if c == channel}
    return found.pop() if len(found) == 1 else None
