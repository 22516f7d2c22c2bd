"""The text in which NIS-Elements describes an acquisition, as elements: one a line, its words as they stand.

Forms seen: NIS-Elements 3.0 to 5.42 (files of 2006 to 2025). The text lists the picture planes; of each its name and
modality, the settings of the camera or scan head, and the devices of the stand::

    Plane #1:
     Name: TIRF 561
     Modality: Widefield Fluorescence
     Camera Settings:   Exposure: 150 ms
     Microscope Settings:   Microscope: Ti Microscope
      Nikon Ti, FilterChanger(Turret1): 3 (TIRF)
      NIDAQ, MultiLaser(Agilent):
         Line:3; ExW:561; Power: 10.0; On

A scan head puts its words in braces, and what belongs to one of its channels behind tabulators, the name first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_PLANE = re.compile(r"^Plane #\d+:\s*$", re.MULTILINE)
_SECTION = re.compile(r"^\s*(Camera|Microscope) Settings:\s*")
# What follows the planes: the loops of the experiment, the parameters of a reconstruction.
_AFTER = re.compile(r"^(?:(?:Time|Z Stack|XY|λ|Lambda)\s*Loop:.*|Reconstruct .*)$")
_DEVICE = re.compile(r"^(?P<owner>[^,:(]+), (?P<kind>[A-Za-z]\w*)\((?P<part>.*)\)(?P<property> [A-Za-z][\w ]*)?$")
_PLACE = re.compile(r"(\d+)(?: \((.*)\))?$")
_BRACES = re.compile(r"\{([^{}]+)\}:\s*([^\t]*)")
_GROUP = re.compile(r"^([A-Za-z][\w .]*)\t")
# A file that is damaged, or lists thousands of regions, must not become a tree of them.
MOST_LINES = 5000


def add_planes(parent: etree._Element, text: str) -> list[etree._Element]:
    """Add an element ``Text`` for each picture plane that a description lists, and return them.

    Each has a ``Line`` for each of its lines (attribute ``Key``), and the elements ``Camera`` and ``Microscope``; see
    `add_camera` and `add_devices`.
    """
    from lxml import etree

    parts = _PLANE.split(text.replace("\r\n", "\n"))
    # A single plane has no heading: what is said of the whole image stands before it.
    return [_plane(etree.SubElement(parent, "Text"), part) for part in (parts[1:] or parts)]


def _plane(element: etree._Element, text: str) -> etree._Element:
    from lxml import etree

    sections: dict[str, list[str]] = {"": [], "Camera": [], "Microscope": []}
    current = ""
    for line in text.split("\n")[:MOST_LINES]:
        if _AFTER.match(line):
            break
        found = _SECTION.match(line)
        if found is not None:
            current = found[1]
            line = line[found.end() :]
        sections[current].append(line)
    for line in sections[""]:
        _line(element, line)
    for name, add in (("Camera", add_camera), ("Microscope", add_devices)):
        if any(line.strip() for line in sections[name]):
            add(etree.SubElement(element, name), sections[name])
    return element


def add_camera(parent: etree._Element, lines: list[str]) -> None:
    r"""Add the lines of a camera, or of a scan head.

    ``Exposure: 100 ms`` becomes ``Line``; ``CH2\t{Laser Power}: 0.5`` a ``Line`` in the ``Group`` named ``CH2``, and
    so what follows behind tabulators.
    """
    from lxml import etree

    group: etree._Element | None = None
    for line in lines:
        braces = _BRACES.findall(line)
        if not braces:
            _line(parent, line)
            continue
        line = line.strip(" \r")
        named = _GROUP.match(line)
        if named is not None:
            group = etree.SubElement(parent, "Group", Name=_clean(named[1].strip()))
        elif not line.startswith("\t"):
            group = None
        for key, value in braces:
            _add(parent if group is None else group, key, value)


def add_devices(parent: etree._Element, lines: list[str]) -> None:
    """Add the devices of a stand.

    ``Nikon Ti, FilterChanger(Turret1): 3 (TIRF)`` becomes ``Device`` with ``Owner``, ``Kind``, ``Part``, ``Place`` and
    ``Name``; the lines of a multi-line source become ``Source`` in it, with the words before the colons as attributes
    and the bare word as ``State``. A source has the state of the shutter of its name in ``Shutter``. Other lines become
    ``Line``.
    """
    from lxml import etree

    device: etree._Element | None = None
    for line in lines:
        stripped = line.strip()
        if not stripped:
            continue
        if re.match(r"Line:\s*\d", stripped):
            if device is not None:
                etree.SubElement(device, "Source", dict(_words(stripped)))
            continue
        key, colon, value = _split(stripped)
        found = _DEVICE.match(key) if colon else None
        if found is None:
            # Sources of a kind that is told without owner: "SFC Lasers (active):".
            device = _line(parent, stripped)
            if device is not None:
                _place(device)
            continue
        device = etree.SubElement(parent, "Device")
        for name, word in found.groupdict().items():
            if word:
                device.set(name.capitalize(), _clean(word.strip()))
        device.text = _clean(value)
        _place(device)
    _shutters(parent)


def _place(element: etree._Element) -> None:
    """Tell the place in a changer from the name of what is there: ``3 (TIRF)``."""
    found = _PLACE.match(element.text or "")
    if found is not None:
        element.set("Place", found[1])
        if found[2] and found[2].strip():
            element.set("Name", found[2].strip())


def _shutters(parent: etree._Element) -> None:
    """Give each source the state of its shutter: that of the owner that has its name, or the only one."""
    devices = parent.findall("Device")
    shutters = [d for d in devices if d.get("Kind") == "Shutter"]
    for source in devices:
        if source.get("Kind") not in ("MultiLaser", "Illuminator"):
            continue
        part = source.get("Part", "")
        own = [s for s in shutters if s.get("Owner") == source.get("Owner")]
        named = [s for s in own if s.get("Part", "").startswith(part) or part.startswith(s.get("Part", ""))]
        if named or len(own) == 1:
            source.set("Shutter", (named or own)[0].text or "")


def _words(line: str) -> Iterator[tuple[str, str]]:
    """Give the words of ``Line:3; ExW:561; Power: 10.0; On``."""
    for word in line.split(";"):
        key, colon, value = word.partition(":")
        name = re.sub(r"\W", "", key, flags=re.ASCII)
        if not colon:
            if word.strip():
                yield "State", _clean(word.strip())
        elif name and not name[0].isdigit():
            yield name, _clean(value.strip())


def _split(line: str) -> tuple[str, str, str]:
    """Split a line at the colon behind its key; a colon in parentheses is part of the key."""
    depth = 0
    for at, letter in enumerate(line):
        depth += (letter == "(") - (letter == ")")
        if letter == ":" and depth <= 0:
            return line[:at].strip(), ":", line[at + 1 :].strip()
    return line.strip(), "", ""


def _line(parent: etree._Element, line: str) -> etree._Element | None:
    key, colon, value = _split(line)
    return _add(parent, key, value) if colon and key else None


def _add(parent: etree._Element, key: str, value: str) -> etree._Element:
    from lxml import etree

    element = etree.SubElement(parent, "Line", Key=_clean(key.strip()))
    element.text = _clean(value.strip())
    return element


def _clean(text: str) -> str:
    return ILLEGAL.sub("�", text)
