"""Olympus FluoView OIB and OIF: the settings of the image and of each plane, as text.

An OIF is a settings file in UTF-16 beside a folder ``<name>.files`` with one TIFF and one ``.pty`` settings file a
plane; an OIB holds the same files in one compound document, whose ``OibInfo.txt`` gives their names. Seen in a file of
FluoView FV1000.
"""

from __future__ import annotations

import functools
import os
import re
import struct
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding, Severity
from nbo_extract.record import CUT_OFF, PlaneColumns, RawRecord
from nbo_extract.values import ILLEGAL
from nbo_extract_readers._tree import element_name
from nbo_extract_readers.formats import OLYMPUS

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml import etree

INFO = OLYMPUS

Sections = dict[str, dict[str, str]]

MAX_SETTINGS_BYTES = 8 << 20
MAX_PLANES = 1_000_000
# `s_C001Z002T003`; the first versions put the name of the image in place of the `s`. What ends in `-R001` is a picture
# on which a line scan was drawn, no plane of it.
_PLACES = re.compile(r"(?:^|_)((?:[A-Z]\d{3,6})+)$")
_PLACE = re.compile(r"([A-Z])(\d{3,6})")
# In countries with a decimal comma some versions write 0.207 as `0,207.0`.
_COMMA = re.compile(r"([+-]?\d+),(\d+)(?:\.0)?")
# What the user may change from plane to plane, such as with brightness compensation along Z.
_CHANGEABLE = ("PMTVoltage", "ExcitationOutPutLevel")
_NUMBER = re.compile(r"\b(\d{1,4})\b")
# Numbered sections that mean as many things; of the others one is all there is.
_LISTED = ("Channel", "Laser", "Axis")
_BROKEN = (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, struct.error)


def read(path: str) -> RawRecord:
    """Read the settings of an OIB or OIF; never its pixels.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        Tree ``Olympus``: ``Settings`` with an element a section of the main file (blanks of names are ``_``; numbered
        ones have a ``Number``), ``Structure`` with the sections of the first plane of each channel. Planes under
        the key ``0``, one row a settings file of a plane.

    Raises
    ------
    CorruptFileError
        If the main settings cannot be read.
    """
    with open(path, "rb") as stream:
        compound = stream.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    return (_Oib(path) if compound else _Oif(path)).record()


class _Reading:
    """What both forms have in common."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Finding] = []
        self.files = [os.path.abspath(path)]

    def find(self, code: str, message: str, source: str, severity: Severity = "warning") -> None:
        """Add a finding about this file."""
        self.findings.append(Finding(code, severity, message, file=os.path.basename(self.path), source=source))

    def corrupt(self, why: str) -> CorruptFileError:
        """Return the error that says why nothing can be read."""
        return CorruptFileError(f"{self.path} is cut off or damaged: {why}; copy it again from where it was written")

    def make(self, main: Sections, names: list[str], load: Callable[[str], bytes], form: str) -> RawRecord:
        """Put the record together from the main settings and those of the planes."""
        from lxml import etree

        if not any(name.startswith("Acquisition Parameters") for name in main):
            raise self.corrupt("its main settings state nothing of an acquisition")
        tree = etree.Element("Olympus")
        settings = etree.SubElement(tree, "Settings")
        for name, values in sorted(main.items(), key=lambda s: _order(s[0])):
            _section(settings, name, values)
        structure = etree.SubElement(tree, "Structure")
        planes = self.planes(structure, main, names, load)
        return RawRecord(
            path=self.path,
            format=form,
            reader=INFO.name,
            vocabulary="olympus-oif",
            tree=tree,
            planes={"0": planes} if len(planes) else {},
            versions={"format": main.get("Version Info", {}).get("FileVersion", ""), "reader": INFO.name},
            files=tuple(self.files),
            findings=self.findings,
        )

    def planes(
        self, structure: etree._Element, main: Sections, names: list[str], load: Callable[[str], bytes]
    ) -> PlaneColumns:
        """Read the settings of each plane into columns, and those of the first of each channel into the tree."""
        from lxml import etree

        codes = {
            number: values.get("AxisCode", "")
            for name, values in main.items()
            if name.startswith("Axis ") and (number := _number(name)) is not None
        }
        placed = sorted((_places(name), name) for name in names if _places(name))
        columns: dict[str, list[str | None]] = {}
        homes: dict[str, etree._Element] = {}
        lost = 0
        for row, (place, name) in enumerate(placed[:MAX_PLANES]):
            try:
                sections = parse_settings(load(name))
            except _BROKEN:
                sections = {}
            lost += not sections
            facts: dict[str, str] = {axis: str(index - 1) for axis, index in place}
            for section, values in sections.items():
                code = codes.get(_number(section) or 0, "") if section.startswith("Axis ") else ""
                for key in ("AbsPositionValue", "AbsPositionUnitName"):
                    if code and key in values:
                        facts[f"{code}/{key}"] = plain(values[key])
            for column in facts:
                columns.setdefault(column, [None] * len(placed))
            for column, value in facts.items():
                columns[column][row] = value
            channel = facts.get("C", "0")
            if sections and channel not in homes:
                homes[channel] = home = etree.SubElement(
                    structure, "Plane", Channel=channel, File=ILLEGAL.sub("�", name)
                )
                for section, values in sorted(sections.items(), key=lambda s: _order(s[0])):
                    _section(home, section, values)
            elif sections:
                _vary(homes[channel], sections)
        _times(structure, columns)
        if lost:
            self.find("NBO102", f"the settings of {lost} of {len(placed)} planes cannot be read", "pty")
        paths = {c: f"pty/{c}" for c in columns}
        return PlaneColumns(columns, paths)


class _Oib(_Reading):
    """A compound document."""

    def record(self) -> RawRecord:
        """Read the record of an OIB."""
        import logging

        import olefile

        logging.getLogger("olefile").disabled = True
        try:
            with olefile.OleFileIO(self.path) as file:
                streams = {entry[-1]: "/".join(entry) for entry in file.listdir()}
                info = parse_settings(_stream(file, "OibInfo.txt")).get("OibSaveInfo", {})
                names = {name: streams[key] for key, name in info.items() if key in streams}
                main = info.get(info.get("MainFileName", ""), "")
                if main not in names:
                    raise self.corrupt("its list of files does not name the main settings")
                self._cut_off(file)
                return self.make(
                    parse_settings(_stream(file, names[main])),
                    [n for n in names if n.lower().endswith(".pty") and "thumb" not in n.lower()],
                    lambda name: _stream(file, names[name]),
                    "Olympus OIB",
                )
        except CorruptFileError:
            raise
        except _BROKEN as error:
            raise self.corrupt(f"its files cannot be found ({' '.join(str(error).split())})") from error

    def _cut_off(self, file: object) -> None:
        """Say so where the file ends before the last of its sectors begins."""
        table, sector = getattr(file, "fat", ()), int(getattr(file, "sectorsize", 512))
        used = [i for i, v in enumerate(table) if v != 0xFFFFFFFF]
        # The header takes the place of the first sector; the last may be written as far as it is used.
        needed = sector * (used[-1] + 1) if used else 0
        size = os.path.getsize(self.path)
        if size <= needed:
            message = (
                f"the file is cut off or damaged: it has {size} bytes and its table names data behind byte {needed}; "
                "copy it again from where it was written"
            )
            self.find(CUT_OFF, message, "File", "error")


class _Oif(_Reading):
    """A settings file beside its folder."""

    def record(self) -> RawRecord:
        """Read the record of an OIF."""
        with open(self.path, "rb") as stream:
            main = parse_settings(stream.read(MAX_SETTINGS_BYTES))
        folder = files_folder(self.path)
        names: list[str] = []
        if os.path.isdir(folder):
            found = sorted(os.listdir(folder))
            names = [n for n in found if n.lower().endswith(".pty") and "thumb" not in n.lower()]
            self.files += [os.path.abspath(os.path.join(folder, n)) for n in found]
        else:
            name = os.path.basename(folder)
            message = (
                f"the folder {name} that belongs to it is not beside it: what it says of objective, detectors and "
                "planes is missing"
            )
            self.find("NBO111", message, "File")

        def load(name: str) -> bytes:
            with open(os.path.join(folder, name), "rb") as stream:
                return stream.read(MAX_SETTINGS_BYTES)

        return self.make(main, names, load, "Olympus OIF")


def files_folder(path: str) -> str:
    """Return the folder that belongs to the file, as FluoView names it where there is none."""
    usual = f"{path}.files"
    parent, name = os.path.split(usual)
    names = (name.casefold(), f"{os.path.splitext(path)[0]}.files".rpartition(os.sep)[2].casefold())
    if not os.path.isdir(usual):
        for other in sorted(os.listdir(parent or ".")):
            if other.casefold() in names and os.path.isdir(os.path.join(parent, other)):
                return os.path.join(parent, other)
    return usual


def _stream(file: object, name: str) -> bytes:
    opened = file.openstream(name)  # type: ignore[attr-defined]
    data: bytes = opened.read(MAX_SETTINGS_BYTES)
    return data


def parse_settings(data: bytes) -> Sections:
    """Return the sections of a settings file: key to text, quotes taken off.

    Parameters
    ----------
    data : bytes
        UTF-16 with or without a mark, or an 8-bit code. Of a key that a section states twice the first counts.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif data[1:2] == b"\0":
        text = data.decode("utf-16-le", "replace")
    else:
        text = data.decode("utf-8-sig", "replace")
    sections: Sections = {}
    here: dict[str, str] | None = None
    for line in text.splitlines():
        line = line.strip().strip("\0")
        if line.startswith("[") and line.endswith("]"):
            here = sections.setdefault(line[1:-1].strip(), {})
            continue
        key, equals, value = line.partition("=")
        if equals and here is not None and key.strip():
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            here.setdefault(key.strip(), value)
    return sections


def plain(value: str) -> str:
    """Return a number that is written with a decimal comma with a point, any other text as it is."""
    match = _COMMA.fullmatch(value) if "," in value else None
    return f"{match[1]}.{match[2]}" if match else value


def _clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else ILLEGAL.sub("�", text)


# The same few hundred keys come in each file of a plane.
_tag = functools.lru_cache(maxsize=4096)(element_name)


def _vary(home: etree._Element, sections: Sections) -> None:
    """Mark what another plane of the same channel states otherwise than its first."""
    values = sections.get("Acquisition Parameters Common", {})
    first = home.find("Acquisition_Parameters_Common")
    if first is None:
        return
    for key in _CHANGEABLE:
        if key in values and first.findtext(key) not in (None, plain(values[key])):
            first.set(f"{key}Varies", "true")


def _times(structure: etree._Element, columns: dict[str, list[str | None]]) -> None:
    """Add the times of the frames, of the first channel, section and band; none where one is missing between them."""
    from lxml import etree

    stated, frames = columns.get("T/AbsPositionValue"), columns.get("T")
    if stated is None or frames is None:
        return
    others = [columns[axis] for axis in columns if len(axis) == 1 and axis != "T"]
    first = tuple(c[0] for c in others)
    found: dict[int, str] = {}
    for row, (frame, time) in enumerate(zip(frames, stated, strict=True)):
        if frame and time and tuple(c[row] for c in others) == first:
            found[int(frame)] = time
    order = sorted(found)
    if len(order) > 1 and order[-1] - order[0] == len(order) - 1:
        unit = next((u for u in columns.get("T/AbsPositionUnitName", []) if u), "")
        etree.SubElement(structure, "Times", Unit=unit).text = ILLEGAL.sub("�", " ".join(found[n] for n in order))


def _number(section: str) -> int | None:
    match = _NUMBER.search(section)
    return int(match[1]) if match else None


def _order(section: str) -> tuple[str, int]:
    number = _number(section)
    return _NUMBER.sub("", section, count=1), -1 if number is None else number


def _section(home: etree._Element, name: str, values: dict[str, str]) -> None:
    """Add a section; those that are many of a kind are called alike and have a number."""
    from lxml import etree

    number = _number(name)
    listed = number is not None and name.startswith(_LISTED)
    tag = _NUMBER.sub("", name, count=1).replace("  ", " ") if listed else name
    element = etree.SubElement(home, _tag(tag), Section=_clean(name))
    if listed:
        element.set("Number", str(number))
    for key, value in values.items():
        child = etree.SubElement(element, _tag(key))
        if child.tag != key:
            child.set("Key", _clean(key))
        # A comment such as 1,5 is no number.
        text = value if name == "File Info" else plain(value)
        if text != value:
            child.set("Stated", value)
        child.text = _clean(text)


def _places(name: str) -> tuple[tuple[str, int], ...]:
    """Return the axes and indices, from one, that the name of a plane's file states, such as ``s_C001Z002T003.pty``."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    match = _PLACES.search(stem)
    return tuple((m[1], int(m[2])) for m in _PLACE.finditer(match[1])) if match else ()
