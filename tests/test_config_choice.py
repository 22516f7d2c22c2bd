"""A configuration applied to an image: which description is pinned, what is settled, what is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.completing import complete
from nbo_extract.config import load_config
from nbo_extract.config_choice import choose_by_rules, settled_by_config, statements_for
from nbo_extract.config_keys import NAME
from nbo_extract.hardware import Hardware
from nbo_extract.model import Document, Fact, Node
from nbo_extract.redact import redact
from nbo_extract.xmlio import from_xml, to_xml

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.config import Config


def configured(folder: Path, text: str) -> Config:
    for name in ("a.json", "b.json"):
        (folder / name).write_text("{}", encoding="utf-8")
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return load_config(str(path))


def document() -> Document:
    instrument = Node("Instrument", {"ID": Fact("Instrument:0")})
    instrument.add("InvertedMicroscopeStand", ID="InvertedMicroscopeStand:0", Model="Axio Observer.Z1 / 7")
    instrument.add("AcquisitionSoftware", ID="AcquisitionSoftware:0", Name="ZEN 3.2 (blue edition)", Version="3.2.0.1")
    instrument.add("Objective", ID="Objective:0", Model="63x", CatalogNumber="SN 3834001234")
    instrument.add("CCD", ID="Detector:0", Model="Axiocam506m")
    image = Node("Image", {"ID": Fact("Image:0")})
    image.add("InstrumentRef", ID="Instrument:0")
    pixels = image.add("Pixels", ID="Pixels:0")
    for number, (name, dye) in enumerate((("Ch1", "DAPI"), ("Ch2", "EGFP"))):
        channel = pixels.add("Channel", ID=f"Channel:{number}", Name=name)
        channel.add("Fluorophore", ID=f"Fluorophore:{number}", Name=dye)
    result = Document(Node("OME", children=[instrument, image]))
    result.origin.file = "x.czi"
    return result.arrange()


# -- rules ------------------------------------------------------------------------------------------------------------

RULE = '[[microscope]]\n{}\nhardware = "a.json"\n'


@pytest.mark.parametrize(
    "asked",
    [
        'files = ["axio1/**"]',
        'files = ["*_AX1_*"]',
        'files = ["other/*", "day?/*.czi"]',
        'instrument = { stand = "Axio Observer.Z1" }',
        'instrument = { camera = "Axiocam 506 mono" }',
        'instrument = { software = "ZEN 3.2" }',
        'instrument = { serial = "3834001234" }',
        'files = ["*.czi"]\ninstrument = { stand = "Axio Observer.Z1", software = "ZEN 3.2" }',
    ],
)
def test_rules_that_fit(asked: str, tmp_path: Path) -> None:
    config = configured(tmp_path, RULE.format(asked))
    for name in ("x_AX1_1.czi", "x_AX1_1.czi.nbo.xml"):
        path = tmp_path / "axio1" / "day1" / name
        choice = choose_by_rules(config, document(), str(path))
        assert (choice.pinned, choice.finding) == (str(tmp_path / "a.json"), None)
        assert choice.why.startswith("microscope[1] fits: ")


@pytest.mark.parametrize(
    "asked",
    [
        'files = ["axio1/*"]',
        'files = ["*_AX2_*"]',
        'instrument = { stand = "Axio Imager.Z2" }',
        'instrument = { camera = "Axiocam 702 mono" }',
        'instrument = { software = "ZEN 2.6" }',
        'instrument = { serial = "383400" }',
        'files = ["*.czi"]\ninstrument = { stand = "Axio Observer.Z1", software = "ZEN 2.6" }',
    ],
)
def test_rules_that_do_not_fit(asked: str, tmp_path: Path) -> None:
    config = configured(tmp_path, RULE.format(asked))
    choice = choose_by_rules(config, document(), str(tmp_path / "axio1" / "day1" / "x_AX1_1.czi"))
    assert (choice.pinned, choice.finding, choice.why) == ("", None, "no rule fits")


def test_rules_that_contradict_each_other_pin_nothing(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        RULE.format('files = ["*.czi"]')
        + RULE.format('files = ["x*"]').replace("a.json", "b.json")
        + RULE.format('files = ["y*"]').replace("a.json", "b.json"),
    )
    choice = choose_by_rules(config, document(), str(tmp_path / "x.czi"))
    assert choice.pinned == ""
    assert choice.finding is not None
    assert (choice.finding.code, choice.finding.severity) == ("NBO323", "warning")
    assert choice.finding.message == (
        f"rules of {NAME} contradict each other: microscope[1] names {tmp_path / 'a.json'} (the path fits '*.czi') and "
        f"microscope[2] names {tmp_path / 'b.json'} (the path fits 'x*'); nothing is merged, correct one of them"
    )
    assert choose_by_rules(config, document(), str(tmp_path / "z.czi")).pinned == str(tmp_path / "a.json")


def test_an_image_elsewhere_is_judged_by_the_end_of_its_path(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    config = configured(tmp_path / "c", RULE.format('files = ["axio1/**"]'))
    assert choose_by_rules(config, document(), str(tmp_path / "axio1" / "x.czi")).pinned


# -- settled ----------------------------------------------------------------------------------------------------------


def described(path: Path) -> Hardware:
    instrument = Node("Instrument", {"ID": Fact("Instrument:h")})
    instrument.add("CCD", ID="Detector:h", Name="left")
    return Hardware(str(path), path.name, path.name, Document(Node("OME", children=[instrument])))


def test_what_is_about_other_images_and_descriptions_is_passed_over(tmp_path: Path) -> None:
    text = '[match]\n"Axiocam506m" = "left"\n"Zyla" = "left"\n"Detector:0" = "right"\n'
    hardware = [described(tmp_path / "a.json")]
    image = document()
    assert settled_by_config(configured(tmp_path, text), image, hardware) == {"Detector:0": "Detector:h"}
    scoped = configured(tmp_path, '[match."b.json"]\n"Axiocam506m" = "left"')
    assert settled_by_config(scoped, image, hardware) == {}
    assert settled_by_config(scoped, image, [described(tmp_path / "b.json")]) == {"Detector:0": "Detector:h"}
    assert image.findings == []


# -- stated -----------------------------------------------------------------------------------------------------------

ALL = """
[experimenter]
FirstName = "Robert"
LastName = "Hooke"
[experiment]
LabellingMethod = "none"
[sample]
Organism = "Quercus suber"
MountingMedium = { Type = "Other" }
[environment]
Temperature = "37 °C"
[channel.dapi]
target = "nucleus"
"""


def completed(config: Config, image: Document, path: Path) -> Document:
    statements, findings = statements_for(config, image, str(path))
    image.findings += findings
    return complete(image, statements)


def test_facts_reach_their_elements_and_refer_to_each_other(tmp_path: Path) -> None:
    config = configured(tmp_path, ALL)
    result = completed(config, document(), tmp_path / "x.czi")
    assert result.findings == []
    [experiment], [person] = result.root.all("Experiment"), result.root.all("Experimenter")
    [sample] = experiment.all("Sample")
    [image] = result.images
    assert (sample.get("Organism"), person.get("LastName")) == ("Quercus suber", "Hooke")
    assert [m.get("Type") for m in sample.all("MountingMedium")] == ["Other"]
    references = [n.first(name) for n in (image, experiment) for name in ("ExperimenterRef", "SampleRef")]
    assert [r and r.id for r in references] == [person.id, sample.id, person.id, None]
    assert [n.facts["Temperature"] for n in image.all("ImagingEnvironment")] == [Fact("37", "°C")]
    labelled = [n for n in result.root.walk() if n.name == "M"]
    assert [(m.get("K"), m.text and m.text.value) for m in labelled] == [("Target", "nucleus")]
    assert from_xml(to_xml(result).encode()) == result
    # Twice is once.
    assert completed(config, result, tmp_path / "x.czi") == result


def test_a_person_that_the_image_names_stays_and_the_experiment_refers_to_it(tmp_path: Path) -> None:
    image = document()
    image.root.add("Experimenter", ID="Experimenter:0", LastName="Leeuwenhoek")
    image.images[0].add("ExperimenterRef", ID="Experimenter:0")
    result = completed(configured(tmp_path, ALL), image.arrange(), tmp_path / "x.czi")
    [person] = result.root.all("Experimenter")
    assert (person.get("FirstName"), person.get("LastName")) == ("Robert", "Leeuwenhoek")
    reference = result.root.all("Experiment")[0].first("ExperimenterRef")
    assert reference is not None
    assert reference.id == "Experimenter:0"
    assert [f.code for f in result.findings] == ["NBO301"]
    bare = redact(result)
    said = " ".join(f"{f.message} {f.value} {f.other}" for f in bare.findings) + to_xml(bare)
    assert not any(name in said for name in ("Hooke", "Robert", "Leeuwenhoek"))


def test_the_first_entry_that_fits_is_used(tmp_path: Path) -> None:
    text = """
    [[sample]]
    files = ["plate1/**"]
    Name = "first"
    [[sample]]
    microscope = "Axio Observer.Z1 / 7"
    Name = "second"
    Organism = "x"
    [[sample]]
    Name = "third"
    Organism = "y"
    """
    config = configured(tmp_path, text)
    other = document()
    other.instruments[0].children[0].put("Model", "Axio Imager.Z2")

    def stated(image: Document, name: str) -> list[tuple[str | None, str | None]]:
        result = completed(config, image, tmp_path / name)
        assert result.findings == []
        return [(s.get("Name"), s.get("Organism")) for e in result.root.all("Experiment") for s in e.all("Sample")]

    assert stated(document(), "plate1/x.czi") == [("first", None)]
    assert stated(document(), "x.czi") == [("second", "x")]
    assert stated(other, "x.czi") == [("third", "y")]


def test_a_channel_that_is_not_there_is_told(tmp_path: Path) -> None:
    config = configured(tmp_path, '[channel.Ch2]\ntarget = "a"\n[channel."Cy 5"]\ntarget = "b"\n')
    result = completed(config, document(), tmp_path / "x.czi")
    assert [(f.code, f.severity, f.message) for f in result.findings] == [
        (
            "NBO324",
            "info",
            f'{NAME} states channel."Cy 5", and the image has no such channel or fluorophore; its channels are '
            f"Ch1, Ch2",
        )
    ]
    assert [m.text and m.text.value for m in result.root.walk() if m.name == "M"] == ["a"]
