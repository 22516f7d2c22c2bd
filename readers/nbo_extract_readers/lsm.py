"""Zeiss LSM (LSM 510 to 880, AIM and ZEN black): the structures behind the tag CZ_LSMINFO.

Source: ZEISS' description of the LSM file format 5.5 to 6.0, in the names of the library ``tifffile``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract_readers._tiff_pages import Pages, decoded, until_nul
from nbo_extract_readers._tree import add, text_of
from nbo_extract_readers.formats_tiff import LSM
from nbo_extract_readers.tiff_family import Family, told

if TYPE_CHECKING:
    from lxml import etree

INFO = LSM

_LSMINFO = 34412
# LSM 1.3, and all after it.
_MAGIC = (0x0300494C, 0x0400494C)
_RECORDING, _END = 0x10000000, 0xFFFFFFFF
_TEXT, _LONG, _DOUBLE = 2, 4, 5
_DEEPEST = 12
_MAX_ENTRIES = 200_000
_MAX_STAMPS = 2_000_000
_MAX_CHANNELS = 256
# Bytes that a page takes at least, with its directory.
_LEAST_PAGE = 64


def read(path: str) -> RawRecord:
    """Read the metadata of an LSM file; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``ZeissLSM`` with ``Info`` (the numbers of CZ_LSMINFO), ``Recording`` (the scan information), and a
        ``Structure`` with an ``Image`` a position; planes under its key.

    Raises
    ------
    CorruptFileError
        If the first directory or CZ_LSMINFO cannot be read.
    """
    with told(path), open(path, "rb") as handle:
        pages = Pages(handle)
        first = pages.directory(pages.first)
        if _LSMINFO not in first.entries:
            raise ValueError("it has no tag CZ_LSMINFO, which makes a TIFF an LSM file")
        found = _Lsm(path, pages, pages.data(first.entries[_LSMINFO]))
        found.tags()
        record = found.record()
        found.check_end(pages)
        return record


class _Lsm(Family):
    """What one file states."""

    def __init__(self, path: str, pages: Pages, data: bytes) -> None:
        super().__init__(path, "ZeissLSM")
        self.pages = pages
        self.info = _numbers(data)
        self.planes: dict[str, PlaneColumns] = {}

    def record(self) -> RawRecord:
        """Put all together."""
        add(self.tree, "Info", {k: v for k, v in self.info.items() if not k.startswith("Offset")})
        with self.part("ScanInformation"):
            self.recording(self.info.get("OffsetScanInformation", 0))
        stamps: list[str] = []
        with self.part("TimeStamps"):
            stamps = self.stamps(self.info.get("OffsetTimeStamps", 0))
        colors: list[tuple[str, str]] = []
        with self.part("ChannelColors"):
            colors = self.colors(self.info.get("OffsetChannelColors", 0))
        places: list[tuple[str, ...]] = []
        with self.part("Positions"):
            places = self.positions(self.info.get("OffsetPositions", 0))
        self.images(stamps, colors, places)
        return self.made(INFO, "Zeiss LSM", self.planes, format=f"{self.info['MagicNumber']:#010x}")

    # -- the blocks ----------------------------------------------------------------------------------------------------

    def recording(self, offset: int) -> None:
        """Add the scan information: a list of entries of which some open a block and one closes it."""
        if offset < 8:
            return
        names = _names()
        # A file of one recording ends behind it: as much as there is.
        data = self.pages.bytes_at(offset, min(self.pages.size - offset, 16 << 20))
        here: etree._Element | None = None
        at = 0
        from lxml import etree

        for _ in range(_MAX_ENTRIES):
            entry, kind, size = struct.unpack_from("<III", data, at)
            value = data[at + 12 : at + 12 + size]
            at += 12 + size
            if entry == _RECORDING and here is None:
                here = etree.SubElement(self.tree, "Recording")
            elif here is None:
                raise ValueError("it does not begin with a recording")
            elif entry == _END:
                parent = here.getparent()
                if here.tag == "Recording" or parent is None:
                    return
                here = parent
            elif kind == 0:
                if sum(1 for _ in here.iterancestors()) > _DEEPEST:
                    raise ValueError("its blocks are nested too deep")
                here = etree.SubElement(here, names.get(entry, f"Block0x{entry:x}"))
            else:
                if len(value) < size:
                    raise ValueError("it ends within an entry")
                add(here, names.get(entry, f"Entry0x{entry:x}"), _value(kind, value))
        raise ValueError("it has no end")

    def stamps(self, offset: int) -> list[str]:
        """Return the times, in seconds of a clock that started at some time."""
        if offset < 8:
            return []
        size, count = struct.unpack("<ii", self.pages.bytes_at(offset, 8))
        if size != 8 + 8 * count or not 0 <= count <= _MAX_STAMPS:
            raise ValueError(f"{count} times in {size} bytes")
        times = struct.unpack(f"<{count}d", self.pages.bytes_at(offset + 8, 8 * count))
        return [text_of(t) or "" for t in times]

    def colors(self, offset: int) -> list[tuple[str, str]]:
        """Return name and colour, ``#RRGGBB``, of each channel."""
        if offset < 8:
            return []
        head = self.pages.bytes_at(offset, 24)
        size, colors, names, color_at, name_at, _ = struct.unpack("<IIIIII", head)
        if colors != names or colors > _MAX_CHANNELS:
            raise ValueError(f"{colors} colours of {names} channels")
        raw = self.pages.bytes_at(offset + color_at, 4 * colors)
        listed = self.pages.bytes_at(offset + name_at, max(0, size - name_at))
        texts: list[str] = []
        while len(listed) > 4 and len(texts) < names:
            length = int.from_bytes(listed[:4], "little")
            texts.append(until_nul(listed[4 : 4 + length]).strip())
            listed = listed[4 + length :]
        texts += [""] * (names - len(texts))
        return [(n, f"#{raw[4 * i]:02X}{raw[4 * i + 1]:02X}{raw[4 * i + 2]:02X}") for i, n in enumerate(texts)]

    def positions(self, offset: int) -> list[tuple[str, ...]]:
        """Return X, Y and Z of each position, in metres."""
        if offset < 8:
            return []
        count = int.from_bytes(self.pages.bytes_at(offset, 4), "little")
        if count > _MAX_STAMPS:
            raise ValueError(f"{count} positions")
        numbers = struct.unpack(f"<{3 * count}d", self.pages.bytes_at(offset + 4, 24 * count))
        return [tuple(text_of(n) or "" for n in numbers[3 * i : 3 * i + 3]) for i in range(count)]

    # -- structure -----------------------------------------------------------------------------------------------------

    def images(self, stamps: list[str], colors: list[tuple[str, str]], places: list[tuple[str, ...]]) -> None:
        """Add an image a position, with its channels, and the times of its planes."""
        from lxml import etree

        info = self.info
        sizes = {axis: info[f"Dimension{name}"] for axis, name in _AXES}
        if min(sizes.values()) < 1:
            self.find("NBO102", f"the sizes {sizes} cannot be: left out", "Info")
            sizes = {axis: size for axis, size in sizes.items() if size > 0}
        times = sizes.get("T", 1)
        count = max(1, info.get("DimensionP", 1))
        room = self.pages.size // _LEAST_PAGE
        if count * times * sizes.get("Z", 1) > room or sizes.get("C", 1) > _MAX_CHANNELS:
            message = f"a file of {self.pages.size} bytes cannot hold {count} positions of the sizes {sizes}: left out"
            self.find("NBO102", message, "Info")
            count, sizes = 1, {axis: sizes[axis] for axis in "XY" if axis in sizes}
        for index in range(count):
            image = self.image(str(index), **{f"Size{axis}": size for axis, size in sizes.items()})
            if info.get("DimensionM", 0) > 1:
                image.set("SizeM", str(info["DimensionM"]))
            if len(places) == count:
                for axis, value in zip("XYZ", places[index], strict=True):
                    image.set(f"Position{axis}", value)
            for number in range(sizes.get("C", 0)):
                channel = etree.SubElement(image, "Channel", Index=str(number))
                if number < len(colors) == sizes.get("C"):
                    add(channel, "Name", colors[number][0])
                    add(channel, "Color", colors[number][1])
            own = stamps[index * times : (index + 1) * times] if len(stamps) == count * times else []
            own = own or (stamps if len(stamps) == times else [])
            if own:
                etree.SubElement(image, "TimeStamps").text = " ".join(own[:4096])
            self.planes |= self.columns(str(index), own, sizes)

    def columns(self, key: str, stamps: list[str], sizes: dict[str, int]) -> dict[str, PlaneColumns]:
        """Return the columns of one image: a time holds for all its channels and sections."""
        depth, channels = sizes.get("Z", 0), sizes.get("C", 0)
        columns: dict[str, list[str | None]] = {"T": [], "Z": [], "C": [], "TimeStamps": []}
        inner = [(str(z), str(c)) for z in range(depth) for c in range(channels)]
        if not inner or "T" not in sizes:
            return {}
        for t, stamp in enumerate(stamps or [None] * sizes["T"]):
            columns["T"] += [str(t)] * len(inner)
            columns["Z"] += [z for z, _ in inner]
            columns["C"] += [c for _, c in inner]
            columns["TimeStamps"] += [stamp] * len(inner)
        return {key: PlaneColumns(columns, {"TimeStamps": "Structure/Image/TimeStamps"})}


_AXES = (("X", "X"), ("Y", "Y"), ("Z", "Z"), ("C", "Channels"), ("T", "Time"))


def _numbers(data: bytes) -> dict[str, Any]:
    """Return the numbers of CZ_LSMINFO by name, as many as the structure has."""
    from tifffile import TIFF

    magic, size = struct.unpack_from("<II", data)
    if magic not in _MAGIC:
        raise ValueError(f"its CZ_LSMINFO begins with {magic:#010x}, which no version of the LSM software writes")
    found: dict[str, Any] = {}
    at = 0
    for name, code in TIFF.CZ_LSMINFO:
        count = int(code[:-2] or 1)
        layout = "<" + {"u4": "I", "i4": "i", "f8": "d", "u2": "H"}[code[-2:]] * count
        if at + struct.calcsize(layout) > min(len(data), size):
            break
        values = struct.unpack_from(layout, data, at)
        at += struct.calcsize(layout)
        if name:
            found[name] = values[0] if count == 1 else list(values)
    if "OffsetNextRecording" not in found:
        raise ValueError(f"its CZ_LSMINFO has {len(data)} bytes, which is too few")
    return found


def _names() -> dict[int, str]:
    from tifffile import TIFF

    return {
        **TIFF.CZ_LSMINFO_SCANINFO_ARRAYS,
        **TIFF.CZ_LSMINFO_SCANINFO_STRUCTS,
        **TIFF.CZ_LSMINFO_SCANINFO_ATTRIBUTES,
    }


def _value(kind: int, data: bytes) -> Any:
    if kind == _TEXT:
        return decoded(data.split(b"\0", 1)[0]).strip()
    if kind == _LONG and len(data) == 4:
        return int.from_bytes(data, "little", signed=True)
    if kind == _DOUBLE and len(data) == 8:
        value = struct.unpack("<d", data)[0]
        return value if value == value and abs(value) != float("inf") else None
    return None
