"""What a submission says of one file, as plain data: small, and fit to travel between processes."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from nbo_extract.deposit.facts import columns, facts_of, joined, microscope, table, views
from nbo_extract.deposit.model import Acquisition, Contact, Method, Signal
from nbo_extract.lights import lights_used
from nbo_extract.summary_images import DETECTOR_SETTINGS, light_source_text, objective_text, stated, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.deposit.facts import View
    from nbo_extract.model import Document, Node

_STANDS = {"InvertedMicroscopeStand": "inverted", "UprightMicroscopeStand": "upright"}
#: Title of the acquisition of images of which nothing is known.
_NOTHING_STATED = "Image acquisition"


@dataclass(frozen=True, slots=True)
class Known:
    """What a Document states that a study states, too: proposals for ``study.toml``.

    Attributes
    ----------
    contacts : tuple of Contact
    organisms : tuple of (str, str)
        Scientific name, and number in the NCBI taxonomy where it is stated.
    entities, preparations : tuple of str
        What was imaged, and how it had been prepared.
    """

    contacts: tuple[Contact, ...] = ()
    organisms: tuple[tuple[str, str], ...] = ()
    entities: tuple[str, ...] = ()
    preparations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What a submission says of one image file.

    Attributes
    ----------
    settings : tuple of Acquisition
        The different ways in which its images were taken, without parameters: these are facts.
    facts : dict of str to str
        Title of a column to the text there.
    label : str
        Names of its images; empty where they have none.
    known : Known
    """

    settings: tuple[Acquisition, ...] = ()
    facts: dict[str, str] = field(default_factory=dict)
    label: str = ""
    known: Known = field(default_factory=Known)


def part_of(document: Document) -> Part:
    """Return what a submission says of a Document.

    Parameters
    ----------
    document : Document
        With its planes.
    """
    seen = views(document)
    facts = facts_of(seen)
    label = joined(view.image.get("Name") or "" for view in seen)
    return Part(tuple(dict.fromkeys(_setting(v) for v in seen)), facts, label, _known(document))


def titled(settings: Iterable[Acquisition]) -> dict[Acquisition, Acquisition]:
    """Give settings titles that are different from each other: a number is added where they are not.

    Returns
    -------
    dict of Acquisition to Acquisition
        As they were given to as they are called, in the order given.
    """
    listed = list(dict.fromkeys(settings))
    names = [s.title.casefold() for s in listed]
    found, used = {}, dict.fromkeys(names, 0)
    for setting, name in zip(listed, names, strict=True):
        used[name] += 1
        again = names.count(name) > 1
        found[setting] = replace(setting, title=f"{setting.title} ({used[name]})") if again else setting
    return found


def parameters(facts: Iterable[dict[str, str]]) -> str:
    """Return what is the same in all files of an acquisition and not stated elsewhere, as sentences."""
    listed = list(facts)
    lines = []
    for column in columns():
        texts = {f.get(column.title, "") for f in listed}
        if len(texts) == 1 and not column.elsewhere and any(texts):
            lines.append(f"{column.title}: {texts.pop()}.")
    return " ".join(lines)


# -- how an image was taken -------------------------------------------------------------------------------------------


def _setting(view: View) -> Acquisition:
    methods = tuple(dict.fromkeys(m for node, _ in view.channels if (m := method_of(node)) is not None))
    stand = _instrument_name(view)
    lens = _lens(view)
    ways = joined(m.label or m.name for m in methods).replace("; ", " and ")
    called = ", ".join(filter(None, (stand, lens, ways))) or _NOTHING_STATED
    return Acquisition(called, " ".join(_instrument(view)), "", methods, tuple(_signals(view)))


def _instrument_name(view: View) -> str:
    instrument = view.reference("InstrumentRef")
    name = instrument.get("Name") if instrument is not None else None
    return name or microscope(view)


def _lens(view: View) -> str:
    settings = view.image.first("ObjectiveSettings")
    lens = view.index.get(settings.id) if settings is not None else None
    if lens is None:
        return ""
    power, aperture = stated(lens, "Magnification"), stated(lens, "LensNA")
    return "/".join(filter(None, (f"{power}×" if power else "", aperture))) if power else ""


def method_of(channel: Node) -> Method | None:
    """Return the imaging method of a channel; None where nothing is stated of it."""
    word = (channel.get("IlluminationType") or "").strip()
    if not word:
        return None
    term, label = _terms().get(word, ("", ""))
    return Method(word, term, label)


@functools.cache
def _terms() -> dict[str, tuple[str, str]]:
    return {row["word"]: (row.get("term", ""), row.get("label", "")) for row in table("methods")["method"]}


def _instrument(view: View) -> Iterator[str]:
    """Yield sentences on the microscope and on the parts of it that each channel was taken with."""
    name = view.reference("InstrumentRef")
    yield from _line("Instrument", stated(name, "Name"))
    yield from _line("Microscope stand", _stand(view))
    software = view.reference("AcquisitionSoftwareRef")
    if software is not None:
        yield from _line("Acquisition software", " ".join(filter(None, (title(software), software.get("Version")))))
    yield from _line("Objective", objective_text(view.image, view.index))
    for number, (node, told) in enumerate(view.channels, 1):
        path = node.first("LightPath")
        lights = lights_used(path, view.index)
        detectors = path.all(*DETECTOR_SETTINGS) if path is not None else []
        parts = (
            ("light source", [light_source_text(u.source, u.line) for u in lights if u.source is not None]),
            ("excitation filter", [told.excitation]),
            ("dichroic", [told.dichroic]),
            ("emission filter", [told.emission]),
            ("detector", [title(p) for s in detectors if (p := view.index.get(s.id)) is not None]),
        )
        texts = [f"{kind} {text}" for kind, found in parts if (text := " + ".join(dict.fromkeys(filter(None, found))))]
        yield from _line(f"Channel {told.name or number}", "; ".join(texts))


def _line(name: str, text: str) -> Iterator[str]:
    if text:
        yield f"{name}: {text}."


def _stand(view: View) -> str:
    text = microscope(view)
    instrument = view.reference("InstrumentRef") or next(iter(view.document.instruments), None)
    kinds = {k for k in _STANDS if instrument is not None and instrument.first(k) is not None}
    # "Stand" of unknown make: its kind alone would say nothing of which it is.
    return f"{text} ({_STANDS[kinds.pop()]})" if text and len(kinds) == 1 else text


def _signals(view: View) -> Iterator[Signal]:
    for number, (node, told) in enumerate(view.channels, 1):
        contrast = node.get("ContrastMethod") or ""
        yield Signal(told.name or f"channel {number}", "" if contrast == "Other" else contrast, told.fluorophore)


# -- what a study states, too -----------------------------------------------------------------------------------------


def _known(document: Document) -> Known:
    people = [n for n in document.root.walk() if n.name == "Experimenter"]
    samples = [n for n in document.root.walk() if n.name == "Sample"]
    contacts = [
        Contact(name, node.get("Email") or "", tuple(filter(None, [node.get("Institution")])))
        for node in people
        if (name := " ".join(filter(None, (node.get("FirstName"), node.get("MiddleName"), node.get("LastName")))))
    ]
    return Known(
        tuple(dict.fromkeys(contacts)),
        tuple(dict.fromkeys((o, _taxon(n)) for n in samples if (o := n.get("Organism")))),
        tuple(dict.fromkeys(e for n in samples if (e := n.get("OrganismPart") or n.get("SampleType")))),
        tuple(dict.fromkeys(p for n in samples if (p := n.get("SamplePreparationMethod")))),
    )


def _taxon(sample: Node) -> str:
    """Return the number in the NCBI taxonomy that a term names: ``.../NCBITaxon_9606``."""
    term = sample.get("OrganismTermAccession") or ""
    number = term.rpartition("NCBITaxon")[2].lstrip("_:") if "NCBITaxon" in term else ""
    return number if number.isdecimal() else ""
