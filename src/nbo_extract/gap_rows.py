"""What documents miss, as questions to people: each fact is asked once, not per image."""

from __future__ import annotations

import functools
import posixpath
import tomllib
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.requirements import Level

Section = Literal["microscope", "image", "channel"]
#: In the order of the sheet.
SECTIONS: tuple[Section, ...] = ("microscope", "image", "channel")
#: What a microscope is called that nothing names.
UNNAMED = "(not stated)"


@functools.cache
def table() -> dict[str, Any]:
    """Return the table of what is asked how."""
    path = resources.files("nbo_extract_mappings") / "schema" / "gap-sheet.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Question:
    """One missing field, as it is asked; equal questions of several documents are one row.

    Attributes
    ----------
    section : {'microscope', 'image', 'channel'}
    microscope, serial : str
        Name of the microscope, and the serial number of its stand.
    group : str
        Channel, for a section of channels.
    part, field : str
        What a microscopist calls the element and the field.
    path : str
        Address of the field; of the element around it where the question is which kind of element there is.
    allowed : str
        Type and range in words.
    choices : tuple of (str, str)
        Values to choose from as shown, and what each one means.
    unit : str
        NBO's default.
    units : tuple of str
        Those that NBO allows.
    tier : int
    level : {'must', 'should'}
    extension : str
    found : str
        Where the value is usually found.
    conditions : tuple of (str, str)
        Labels of questions about kinds, and the kinds for which this question is to be answered.
    label : str
        Label of a question about kinds; the elements that it adds have it.
    planes : int
        Number of planes that are asked about; 0 for other elements.
    scope : str
        Name of the microscope by which statements are restricted; empty where it has none.
    everywhere : bool
        Whether the answer holds for every image of the microscope.
    type : str
        ``number``, ``whole number``, ``date``, ``list`` or ``text``, for validation in cells.
    least, most : float or None
        Limits of a number.
    """

    section: Section
    microscope: str
    serial: str
    group: str
    part: str
    field: str
    path: str
    allowed: str
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    units: tuple[str, ...] = ()
    tier: int = 1
    level: Level = "must"
    extension: str = "core"
    found: str = ""
    conditions: tuple[tuple[str, str], ...] = ()
    label: str = ""
    planes: int = 0
    scope: str = ""
    everywhere: bool = False
    type: str = "text"
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class DocumentGaps:
    """The questions of one document.

    Attributes
    ----------
    path : str
        The file as the user named it.
    questions : tuple of Question
    missing : int
        Number of missing fields that are counted.
    unasked : tuple of str
        Fields that no sheet can ask for, with the reason.
    """

    path: str
    questions: tuple[Question, ...]
    missing: int
    unasked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the files that it is about, as patterns of paths."""

    question: Question
    files: tuple[str, ...]


@dataclass(slots=True)
class GapSheet:
    """What is written.

    Attributes
    ----------
    rows : list of Row
        By microscope, image and channel.
    images : int
        Number of files that miss something.
    missing : int
        Number of missing fields in all of them.
    unasked : list of str
    """

    rows: list[Row] = field(default_factory=list)
    images: int = 0
    missing: int = 0
    unasked: list[str] = field(default_factory=list)


def gather(parts: Iterable[DocumentGaps]) -> GapSheet:
    """Put the questions of documents together, each once, whatever the order of the documents.

    Parameters
    ----------
    parts : iterable of DocumentGaps

    Returns
    -------
    GapSheet
    """
    given = sorted(parts, key=lambda p: p.path)
    names = patterns([p.path for p in given])
    clashes = _clashes(given)
    found: dict[tuple[Question, str], list[str]] = {}
    sheet = GapSheet()
    for part in given:
        name = names[part.path]
        sheet.images += bool(part.missing)
        sheet.missing += part.missing
        sheet.unasked += [f"{name}: {text}" for text in part.unasked]
        for question in part.questions:
            asked = question
            if question.microscope in clashes and question.microscope != UNNAMED:
                serial = f"serial number {question.serial}" if question.serial else "no serial number"
                asked = replace(question, microscope=f"{question.microscope}, {serial}", everywhere=False)
            # The serial number tells microscopes apart; where it does not, it is no reason to ask twice.
            asked = replace(asked, serial="")
            folder = "" if asked.section == "microscope" else posixpath.dirname(name)
            found.setdefault((asked, folder), []).append(name)
    order = list(found)
    places = {key: number for number, key in enumerate(order)}
    order.sort(key=lambda k: (k[0].microscope, SECTIONS.index(k[0].section), k[1], k[0].group, places[k]))
    sheet.rows = [Row(key[0], tuple(dict.fromkeys(found[key]))) for key in order]
    return sheet


def _clashes(parts: Iterable[DocumentGaps]) -> set[str]:
    """Names that stand for several microscopes."""
    serials: dict[str, set[str]] = {}
    for part in parts:
        for question in part.questions:
            serials.setdefault(question.microscope, set()).add(question.serial)
    return {name for name, known in serials.items() if len(known) > 1}


def patterns(paths: Iterable[str]) -> dict[str, str]:
    """Return a pattern for each path that fits it alone: from below the common folder, or more where it has to be.

    Parameters
    ----------
    paths : iterable of str

    Returns
    -------
    dict of str to str
    """
    import os

    from nbo_extract.statements import path_fits

    full = {p: os.path.abspath(p).replace("\\", "/") for p in paths}
    if not full:
        return {}
    common = posixpath.commonpath([posixpath.dirname(f) for f in full.values()])
    found: dict[str, str] = {}
    by_name: dict[str, list[str]] = {}
    for path in full.values():
        by_name.setdefault(posixpath.basename(path), []).append(path)
    for given, path in full.items():
        parts = path.split("/")
        take = len(path.removeprefix(common).strip("/").split("/"))
        pattern = _escaped("/".join(parts[-take:]))
        others = [p for p in by_name[posixpath.basename(path)] if p != path]
        while take < len(parts) and any(path_fits(o, pattern) for o in others):
            take += 1
            pattern = _escaped("/".join(parts[-take:]))
        found[given] = pattern
    return found


def _escaped(name: str) -> str:
    # Names stand in one cell, with semicolons between them.
    return "".join(f"[{c}]" if c in "[*?;" else c for c in name)
