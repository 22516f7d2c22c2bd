"""Everything that is stored, on random documents: nothing embedded changes, every reference resolves, twice is once."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from nbo_extract.api import extract
from nbo_extract.calibration import CalibrationSet, Record
from nbo_extract.completing import complete
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import check_ids
from nbo_extract.jsonio import to_json
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.schema import load
from nbo_extract.statements import StatementSet, make_statement
from nbo_extract.stating import microscopes
from nbo_extract.stored import load_stored
from nbo_extract.xmlio import from_xml, to_xml
from test_merge import QUICK, embedded, make_pair, stands_agree, unresolved

if TYPE_CHECKING:
    from nbo_extract.stored import Stored

SAID = [
    ("Image/Sample/@Name", "HeLa", None),
    ("Image/Sample/@Organism", "Homo sapiens", None),
    ("Image/Sample/CoverGlass/@Coating", "PLL", None),
    ("Image/Experiment/@LabellingMethod", "immunofluorescence", None),
    ("Image/Experimenter[+x]/@LastName", "Hooke", None),
    ("Image/ImagingEnvironment/@Temperature", "37", "°C"),
    ("Image/ObjectiveSettings/@IrisAperture", "0.8", None),
    ("Image/Objective/@CatalogNumber", "420782-9900", None),
    ("Image/Pixels/Channel/Fluorophore[+f]/@Model", "EGFP", None),
    ("Image/Pixels/Channel[2]/LightPath/LightSourceSettings/@ID", "LED 475", None),
    ("Image/Pixels/Channel/LightPath/LightSourceSettings/@Attenuation", "0.5", None),
    ("Image/Description/@text()", "a note", None),
    ("Instrument/LightEmittingDiode[+led]/@Model", "LED 475", None),
    ("Instrument/LightEmittingDiode[+led]/LEDModule/@PeakWavelength", "475", "nm"),
    ("Instrument/CCD/@Model", "Axiocam 506", None),
    ("Image/AcquisitionSoftware/@Version", "3.2", None),
]


def statements(chance: random.Random) -> StatementSet:
    chosen = chance.sample(SAID, chance.randint(1, len(SAID)))
    made = tuple(
        make_statement(path, value, unit, source=Source("user", "gaps.csv", f"F{n}"))
        for n, (path, value, unit) in enumerate(chosen, 2)
    )
    return StatementSet("gaps.csv", "/h/gaps.csv", f"{chance.getrandbits(256):064x}", made)


def records(document: Document, chance: random.Random) -> CalibrationSet:
    """Make records about parts that the document has, as far as it has them."""
    parts = [p for i in document.instruments for p in i.children if p.id and p.name not in load().references]
    groups = {
        "OpticalCalibration": ("objective", {"Objective"}),
        "DetectorCalibration": ("detector", set(load().members("DetectorGroup"))),
        "ExcitationCalibration": ("light_source", set(load().members("LightSourceGroup"))),
        "MechanicalCalibration": ("stage", set(load().members("SamplePositioningGroup"))),
    }
    made: list[Record] = []
    for element, (key, names) in groups.items():
        for part in [p for p in parts if p.name in names]:
            day = date(chance.choice((1999, 2010)), 1, chance.randint(1, 28))
            node = Node(element, {"Date": Fact(day.isoformat(), source=Source("user", "psf.toml"))})
            made.append(Record(node, day, ((key, part.id),), f"{element}[{len(made)}]"))
    names_ = microscopes(document)
    return CalibrationSet("psf.toml", "/h/psf.toml", f"{chance.getrandbits(256):064x}", (*names_, "x")[0], tuple(made))


def taken_with(instrument: Node, number: int, chance: random.Random) -> Node:
    """Make an image that uses a part of each kind that an Instrument has."""
    groups = {
        "ObjectiveSettings": {"Objective"},
        "LightSourceSettings": set(load().members("LightSourceGroup")),
        "CameraSettings": set(load().members("CameraGroup")),
        "GenericDetectorSettings": {"GenericDetector"},
    }
    image = Node("Image", {"ID": Fact(f"Image:taken{number}"), "Name": Fact("taken")})
    if chance.random() < 0.8:
        image.put("AcquisitionDate", "2015-06-01")
    image.add("InstrumentRef", ID=instrument.id)
    pixels = image.add("Pixels", ID=f"Pixels:taken{number}")
    for channel in range(2):
        path = pixels.add("Channel", ID=f"Channel:taken{number}-{channel}", Name=f"C{channel}")
        path = path.add("LightPath", ID=f"LightPath:taken{number}-{channel}")
        for name, wanted in groups.items():
            parts = [p for p in instrument.children if p.name in wanted and p.id]
            if parts and (name != "ObjectiveSettings" or not channel):
                (image if name == "ObjectiveSettings" else path).add(name, ID=chance.choice(parts).id)
    return image


def found(seed: int) -> tuple[Document, list[Stored]] | None:
    """Make a case; None where by chance two annotations of the description have one ID, which is refused before."""
    document, hardware = make_pair(seed)
    stands_agree(document, hardware)
    try:
        check_ids(hardware.document, Path("random.xml"))
    except HardwareError:
        return None
    chance = random.Random(seed)
    document.root.children.extend(taken_with(i, n, chance) for n, i in enumerate(document.instruments) if i.id)
    return document.arrange(), [hardware, statements(chance), records(document, chance)]


def made(seed: int) -> tuple[Document, list[Stored]]:
    case = found(seed)
    return case if case is not None else reject()


@QUICK
@given(st.integers(0, 10**6))
def test_nothing_embedded_changes_and_every_reference_resolves(seed: int) -> None:
    document, stored = made(seed)
    assert unresolved(document) == []
    before = embedded(document)
    result = complete(document, stored)
    assert unresolved(result) == []
    after = embedded(result)
    assert {place: after.get(place) for place in before} == before
    assert from_xml(to_xml(result).encode()) == result


@QUICK
@given(st.integers(0, 10**6))
def test_ids_stay_unique(seed: int) -> None:
    document, stored = made(seed)

    def doubles(of: Document) -> int:
        ids = [n.id for n in of.root.walk() if n.id and n.name not in load().references]
        return len(ids) - len(set(ids))

    assert doubles(complete(document, stored)) <= doubles(document)


@QUICK
@given(st.integers(0, 10**6))
def test_twice_is_once(seed: int) -> None:
    document, stored = made(seed)
    once = complete(document, stored)
    assert complete(once, stored) == once


@QUICK
@given(st.integers(0, 10**6))
def test_the_order_of_what_is_stored_does_not_matter(seed: int) -> None:
    document, stored = made(seed)
    texts = {to_json(complete(document, order)) for order in itertools.permutations(stored)}
    assert len(texts) == 1


def test_the_made_cases_reach_what_they_are_for() -> None:
    """Of the first documents enough are filled, calibrated and stated for the properties above to say something."""
    reached: dict[str, int] = {}
    for seed in range(60):
        case = found(seed)
        if case is None:
            continue
        document, stored = case
        result = complete(document, stored)
        for node in result.root.walk():
            files = {f.source.file for f in node.facts.values() if f.source is not None}
            for name in ({node.name} if "psf.toml" in files else set()) | files:
                reached[name] = reached.get(name, 0) + 1
    calibrations = {"OpticalCalibration", "DetectorCalibration", "ExcitationCalibration", "MechanicalCalibration"}
    assert {"random.xml", "gaps.csv", "psf.toml", *calibrations} <= set(reached), reached


def test_nothing_stored_is_nothing_done() -> None:
    document, _ = made(3)
    assert complete(document, []) == document


def test_a_document_is_left_as_it_is() -> None:
    document, stored = made(5)
    before = to_json(document)
    complete(document, [replace(s) for s in stored])
    assert to_json(document) == before


def test_files_are_given_as_paths(sample_data: Path) -> None:
    document = extract(sample_data / "widefield.czi")
    files: list[str | Path] = [str(sample_data / "microscope.json"), sample_data / "calibration.toml"]
    loaded = [s for f in files for s in load_stored(Path(f))]
    assert to_json(complete(document, files)) == to_json(complete(document, loaded))
    assert to_json(complete(document, files[0])) == to_json(complete(document, loaded[0]))
    with pytest.raises(HardwareError, match="cannot be read"):
        complete(document, "no-such-file.json")
