"""Records of calibration: read with clear refusals, and only those that were valid on the day of the image."""

from __future__ import annotations

import copy
import itertools
import pickle
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract
from nbo_extract.calibration import CalibrationSet, read_calibration, table
from nbo_extract.completing import complete
from nbo_extract.errors import HardwareError
from nbo_extract.hardware import load_hardware
from nbo_extract.jsonio import to_json
from nbo_extract.schema import load
from nbo_extract.stored import load_stored
from nbo_extract.validity import validity
from nbo_extract.xmlio import from_xml, to_xml
from test_merge import image_of, objective

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document, Node
    from nbo_extract.stored import Stored

HEAD = 'microscope = "Axio Observer.Z1 / 7"\n'
PSF = '[[OpticalCalibration]]\nDate = {date}\nobjective = "Plan-Apochromat 63x/1.4 Oil DIC M27"\n{more}\n'


def written(folder: Path, text: str, name: str = "psf.toml") -> CalibrationSet:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_calibration(path)


def psf(*dates: str, more: str = "") -> str:
    return HEAD + "".join(PSF.format(date=d, more=more) for d in dates)


def image(date: str | None) -> Document:
    """Make an image of a date, taken with one objective."""
    document = image_of(objective())
    if date is not None:
        document.images[0].put("AcquisitionDate", date)
    document.images[0].add("ObjectiveSettings", ID="Objective:0")
    return document.arrange()


def dates(document: Document) -> list[str | None]:
    return [n.get("Date") for n in document.root.walk() if n.name == "OpticalCalibration"]


def messages(document: Document) -> list[str]:
    return [f.message for f in document.findings if f.code.startswith("NBO34")]


@pytest.fixture(scope="module")
def sample(sample_data: Path) -> Document:
    stored: list[Stored] = [
        load_hardware(sample_data / "microscope.json"),
        read_calibration(sample_data / "calibration.toml"),
    ]
    return complete(extract(sample_data / "widefield.czi"), stored)


def nodes(document: Document, name: str) -> list[Node]:
    return [n for n in document.root.walk() if n.name == name]


def test_the_sample_records_stand_where_nbo_has_them(sample: Document) -> None:
    [optical] = sample.images[0].all("OpticalCalibration")
    assert optical.facts["MedianXYSpotSize_FWHM"].value == "214"
    assert optical.facts["MedianXYSpotSize_FWHM"].unit == "nm"
    [slide] = optical.all("ColoredBeadsSlide")
    assert (slide.get("Name"), len(slide.all("WavelengthRange"))) == ("Two-colour beads", 2)
    [shift] = optical.all("ChromaticRegistrationEvaluation")
    assert shift.get("YChromaticShift_RT") == "-20"
    [tool] = sample.instruments[0].all("IntensityCalibrationTool")
    powers = nodes(sample, "ExcitationCalibration")
    assert [p.get("ObseredIlluminationPowerAtSample") for p in powers] == ["1.9", "3.4"]
    assert [r.id for p in powers for r in p.all("IntensityCalibrationToolRef")] == [tool.id] * 2
    [plane] = [p for p in nodes(sample, "Plane") if p.children]
    [stage] = plane.all("MechanicalCalibration")
    [reference] = stage.all("SamplePositioningRef")
    assert sample.index()[reference.id].get("Name") == "Scanning stage"


def test_the_sample_is_valid_and_reads_back(sample: Document) -> None:
    assert from_xml(to_xml(sample).encode()) == sample
    assert not [f for f in validity(sample) if "Calibration" in f.element]
    ids = [n.id for n in sample.root.walk() if n.id and n.name not in load().references]
    assert len(ids) == len(set(ids))


def test_all_planes_are_still_there(sample: Document, sample_data: Path) -> None:
    before = extract(sample_data / "widefield.czi")
    [table_before] = [n.planes for n in before.root.walk() if n.planes is not None]
    [pixels] = nodes(sample, "Pixels")
    assert pixels.planes is not None
    rows = [{k: f.value for k, f in row.items()} for row in pixels.planes.rows()]
    rows += [{k: f.value for k, f in p.facts.items()} for p in pixels.all("Plane")]
    assert rows == [{k: f.value for k, f in row.items()} for row in table_before.rows()]


def test_the_age_is_stated(sample: Document) -> None:
    assert [m for m in messages(sample) if "Optical" in m] == [
        "OpticalCalibration of 2024-02-27 (calibration.toml, Objective '63x oil'): "
        "16 days old when the image was taken on 2024-03-14"
    ]
    source = nodes(sample, "OpticalCalibration")[0].facts["SampleSize"].source
    assert source is not None
    assert (source.kind, source.file, source.path) == ("user", "calibration.toml", "OpticalCalibration[1] SampleSize")
    assert source.rule == "valid on the day of the image, 16 days old"


def test_twice_is_once_and_order_does_not_matter(sample_data: Path) -> None:
    stored: list[Stored] = [
        load_hardware(sample_data / "microscope.json"),
        read_calibration(sample_data / "calibration.toml"),
    ]
    document = extract(sample_data / "widefield.czi")
    before = copy.deepcopy(document)
    texts = {to_json(complete(document, order)) for order in itertools.permutations(stored)}
    assert len(texts) == 1
    once = complete(document, stored)
    assert complete(once, stored) == once
    assert document == before
    assert pickle.loads(pickle.dumps(stored[1])) == stored[1]  # noqa: S301


@pytest.mark.parametrize(
    ("day", "taken"),
    [
        ("2025-12-31", []),
        ("2026-01-12", ["2026-01-12"]),
        ("2026-01-13", ["2026-01-12"]),
        ("2026-05-31", ["2026-01-12"]),
        ("2026-06-01", ["2026-06-01"]),
        ("2030-01-01", ["2026-06-01"]),
    ],
)
def test_the_latest_record_before_the_image_counts(tmp_path: Path, day: str, taken: list[str]) -> None:
    assert dates(complete(image(day), written(tmp_path, psf("2026-06-01", "2026-01-12")))) == taken


def test_a_record_that_is_no_longer_valid(tmp_path: Path) -> None:
    records = written(tmp_path, psf("2026-01-12", more="valid_days = 30"))
    assert dates(complete(image("2026-02-11"), records)) == ["2026-01-12"]
    late = complete(image("2026-02-12"), records)
    assert dates(late) == []
    assert messages(late) == [
        "psf.toml: no OpticalCalibration of Objective 'Plan-Apochromat 63x/1.4 Oil DIC M27' was valid on 2026-02-12, "
        "when the image was taken; the last one before is of 2026-01-12 and was no longer valid"
    ]
    until = written(tmp_path, psf("2026-01-12", more="valid_until = 2026-02-11"))
    assert [dates(complete(image(d), until)) for d in ("2026-02-11", "2026-02-12")] == [["2026-01-12"], []]


def test_a_record_of_a_later_day_says_nothing(tmp_path: Path) -> None:
    document = complete(image("2026-01-01"), written(tmp_path, psf("2026-01-12")))
    assert messages(document)[0].endswith("when the image was taken; the first one is of 2026-01-12")


def test_an_image_without_a_date(tmp_path: Path) -> None:
    document = complete(image(None), written(tmp_path, psf("2026-01-12")))
    assert dates(document) == []
    assert messages(document) == [
        "psf.toml: the file does not say when the image was taken; no OpticalCalibration can be told valid"
    ]


def test_series_stand_side_by_side(tmp_path: Path) -> None:
    text = psf("2026-01-12", more='series = "beads"') + PSF.format(date="2026-01-02", more='series = "DNA"')
    document = complete(image("2026-02-01"), written(tmp_path, text))
    assert sorted(map(str, dates(document))) == ["2026-01-02", "2026-01-12"]
    again = complete(document, written(tmp_path, text))
    assert again == document


def test_records_of_another_microscope_or_objective(tmp_path: Path) -> None:
    other = written(tmp_path, psf("2026-01-12").replace("Axio Observer.Z1 / 7", "IX83"))
    assert messages(complete(image("2026-02-01"), other)) == []
    lens = written(tmp_path, psf("2026-01-12").replace("63x/1.4", "100x/1.4"))
    document = complete(image("2026-02-01"), lens)
    assert dates(document) == []
    assert messages(document) == [
        "psf.toml OpticalCalibration[1]: objective 'Plan-Apochromat 100x/1.4 Oil DIC M27' "
        "is no part of the microscope; the record is left out"
    ]


def test_an_objective_that_the_image_did_not_use(tmp_path: Path) -> None:
    document = image("2026-02-01")
    document.images[0].children = [c for c in document.images[0].children if c.name != "ObjectiveSettings"]
    assert dates(complete(document, written(tmp_path, psf("2026-01-12")))) == []


def test_records_come_from_nbo_documents_too(tmp_path: Path, sample: Document) -> None:
    for form, text in (("xml", to_xml(sample)), ("json", to_json(sample))):
        path = tmp_path / f"beads.{form}"
        path.write_text(text, encoding="utf-8")
        found = load_stored(path)
        assert [type(s).__name__ for s in found] == ["Hardware", "CalibrationSet"]
        records = found[1]
        assert isinstance(records, CalibrationSet)
        assert sorted(r.node.name for r in records.records) == [
            "ExcitationCalibration",
            "ExcitationCalibration",
            "MechanicalCalibration",
            "OpticalCalibration",
        ]
        assert [t.get("Name") for t in records.tools] == ["Power meter"]
        assert {r.tool for r in records.records} == {"", "Power meter"}


REFUSED = [
    ("", 'microscope is missing; write microscope = "its name, or the model of its stand"'),
    (HEAD, "! holds no record; write one as [[OpticalCalibration]]"),
    ("x = ", "! is no TOML (Invalid value (at end of document)); correct it there"),
    (HEAD + "[[OpticalCalibratoin]]\n", "OpticalCalibratoin is no record of calibration; is OpticalCalibration meant?"),
    (
        HEAD + "OpticalCalibration = 3\n",
        "OpticalCalibration is no table; write it as [[OpticalCalibration]] with a line for each field",
    ),
    (
        HEAD + "[[OpticalCalibration]]\nDate = 2026-01-12\n",
        'OpticalCalibration[1] does not say of which objective it is; write objective = "name or model"',
    ),
    (HEAD + '[[OpticalCalibration]]\nobjective = "a"\n', "OpticalCalibration[1] has no Date; write Date = 2026-01-31"),
    (psf('"yesterday"'), "OpticalCalibration[1]: Date 'yesterday' is not a date; correct it there"),
    (
        psf("2026-01-12", more='MedianXYSpotSize_FWHM = "0,2 µm"'),
        "OpticalCalibration[1]: MedianXYSpotSize_FWHM '0,2' has a comma; write the number with a point; correct "
        "it there",
    ),
    (
        psf("2026-01-12", more='MedianXYSpotSize_FWHM = "0.2 W"'),
        "OpticalCalibration[1]: MedianXYSpotSize_FWHM is given in 'W', a unit of power, not of length; "
        "correct it there",
    ),
    (
        psf("2026-01-12", more="MedianXYSpotSize = 1"),
        "OpticalCalibration[1] MedianXYSpotSize has no place in NBO; is MedianXYSpotSize_FWHM meant?",
    ),
    (
        psf("2026-01-12", more="SampleSize = 1.5"),
        "OpticalCalibration[1]: SampleSize '1.5' is not a whole number; correct it there",
    ),
    (
        psf("2026-01-12", more="SampleSize = [1]"),
        "OpticalCalibration[1] SampleSize is no single value; write one value",
    ),
    (psf("2026-01-12", more='tool = "x"'), "OpticalCalibration[1] tool has no place in NBO; leave it out"),
    (psf("2026-01-12", more="valid_days = -1"), "OpticalCalibration[1] valid_days is -1; write a whole number of days"),
    (
        psf("2026-01-12", more="valid_until = 2026-01-01"),
        "OpticalCalibration[1] valid_until is 2026-01-01; write a day after the Date, as 2026-12-31",
    ),
    (
        psf("2026-01-12", more="valid_days = 1\nvalid_until = 2026-02-01"),
        "OpticalCalibration[1] states both valid_days and valid_until; leave one of them out",
    ),
    (
        psf("2026-01-12", more="[OpticalCalibration.OpticalCalibrationImageRef]\nID = 1"),
        "OpticalCalibration[1] OpticalCalibrationImageRef is a reference, which is stated by name; leave it out",
    ),
    (
        HEAD + '[[IntensityCalibrationTool]]\nModel = "a"\n',
        "IntensityCalibrationTool[1] has no Name; records name the tool by it",
    ),
    (
        HEAD + '[[IntensityCalibrationTool]]\nName = "a"\n[[DetectorCalibration]]\nDate = 2026-01-12\ndetector = "x"\n'
        'tool = "b"\n',
        "DetectorCalibration[1] tool is 'b'; the file has a",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refusals(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(HardwareError) as error:
        written(tmp_path, text)
    head = f"{tmp_path}/psf.toml"
    assert error.value.message == (f"{head} {message[2:]}" if message.startswith("! ") else f"{head}: {message}")


def test_a_configuration_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="is a configuration, no description; give it with --config"):
        load_stored(tmp_path / "nbo-extract.toml")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="the records cannot be read"):
        read_calibration(tmp_path / "no.toml")


def test_a_tool_that_is_described_nowhere(tmp_path: Path) -> None:
    document = image("2026-02-01")
    pixels = document.images[0].add("Pixels", ID="Pixels:0")
    path = pixels.add("Channel", ID="Channel:0").add("LightPath", ID="LightPath:0")
    path.add("CameraSettings", ID="Detector:0")
    document.instruments[0].add("CCD", ID="Detector:0", Model="Axiocam 506")
    text = HEAD + '[[DetectorCalibration]]\nDate = 2026-01-12\ndetector = "Axiocam 506"\ntool = "b"\nMethod = "m"\n'
    result = complete(document.arrange(), written(tmp_path, text))
    [record] = result.images[0].all("DetectorCalibration")
    assert not record.all("IntensityCalibrationToolRef")
    assert "psf.toml: the tool 'b' is described nowhere; the record does not refer to it" in messages(result)


def test_the_table_fits_the_schema() -> None:
    schema = load()
    for element, rules in table().items():
        assert schema.element(rules["home"]).child(element) is not None
        if "tool" in rules:
            assert schema.element(element).child(rules["tool"]) is not None
        for rule in rules["about"].values():
            assert rule["to"] in schema
            if "refer" in rule:
                assert schema.element(element).child(rule["refer"]) is not None
            if "used" in rule:
                holders = [schema.element(n) for n in ("Image", "LightPath")]
                assert any(h.use(rule["used"]) is not None for h in holders)
