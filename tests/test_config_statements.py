"""Tables of samples, experiments, people and channels become statements, checked, exactly as they are written."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract.config import load_config
from nbo_extract.config_keys import NAME
from nbo_extract.config_statements import SECTIONS, Entry, Number, read_section
from nbo_extract.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def entries(text: str) -> list[Entry]:
    table = tomllib.loads(text, parse_float=Number)
    return [e for section in SECTIONS if section in table for e in read_section(section, table[section], "/f/c.toml")]


def said(text: str) -> list[tuple[str, str, str | None, str]]:
    return [
        (s.path, s.fact.value, s.fact.unit, s.fact.source.path if s.fact.source is not None else "")
        for e in entries(text)
        for s in e.statements
    ]


def test_attributes_and_elements_in_any_spelling() -> None:
    assert said('[sample]\nOrganism = "a"\nlive_sample = false\n"sample-type" = "cell"\nmounting_medium = { '
     'model = "m" }') == [
        ("Image/Sample/@Organism", "a", None, "sample.Organism"),
        ("Image/Sample/@LiveSample", "false", None, "sample.live_sample"),
        ("Image/Sample/@SampleType", "Cell", None, "sample.sample-type"),
        ("Image/Sample/MountingMedium/@Model", "m", None, "sample.mounting_medium.model"),
    ]  # fmt: skip


def test_where_each_section_goes() -> None:
    text = """
    [experimenter]
    LastName = "Hooke"
    [experiment]
    Purpose = "Localization"
    Description = "Cork."
    [sample.CoverGlass]
    Thickness = 0.170
    [environment]
    Temperature = "37 °C"
    CO2Percent = 5.0
    [channel."DAPI (1)"]
    ContrastMethod = "Fluorescence"
    [[state]]
    path = "Image/ObjectiveSettings/@CorrectionCollarPosition"
    value = 0.17
    """
    assert said(text) == [
        ("Image/Experimenter/@LastName", "Hooke", None, "experimenter.LastName"),
        ("Image/Experiment/@Purpose", "Localization", None, "experiment.Purpose"),
        ("Image/Experiment/Description/@text()", "Cork.", None, "experiment.Description"),
        ("Image/Sample/CoverGlass/@Thickness", "0.17", None, "sample.CoverGlass.Thickness"),
        ("Image/ImagingEnvironment/@Temperature", "37", "°C", "environment.Temperature"),
        ("Image/ImagingEnvironment/@CO2Percent", "5.0", None, "environment.CO2Percent"),
        (
            'Image/Pixels/Channel[Name="DAPI (1)"]/@ContrastMethod',
            "Fluorescence",
            None,
            'channel."DAPI (1)".ContrastMethod',
        ),
        ("Image/ObjectiveSettings/@CorrectionCollarPosition", "0.17", None, "state[1].value"),
    ]


def test_what_a_fluorophore_labels_is_an_annotation_of_it() -> None:
    wanted = [
        ("MapAnnotation[+target]/@Namespace", "https://nbo-extract.org/ns/nbo/02-01/fluorophore-target"),
        ("MapAnnotation[+target]/Value/M[+target]/@K", "Target"),
        ("MapAnnotation[+target]/Value/M[+target]/@text()", "nucleus"),
    ]
    for text in ('[channel.X]\ntarget = "nucleus"', '[channel.X.Fluorophore]\nTarget = "nucleus"'):
        found = said(text)
        assert [(p.removeprefix('Image/Pixels/Channel[Name="X"]/Fluorophore/'), v) for p, v, _, _ in found] == wanted


def test_elements_that_are_given_several_times() -> None:
    paths = [p for p, *_ in said('[[channel.X.Fluorophore]]\nName = "a"\n[[channel.X.Fluorophore]]\nName = "b"')]
    assert paths == [f'Image/Pixels/Channel[Name="X"]/Fluorophore[+{i}]/@Name' for i in (1, 2)]


def test_references_are_by_name() -> None:
    text = '[channel.X.LightPath]\nLightSourceSettings = { ID = "Colibri 475" }\nStandardDichroicRef = "FT 495"'
    assert [(p.partition("LightPath/")[2], v) for p, v, *_ in said(text)] == [
        ("LightSourceSettings/@ID", "Colibri 475"),
        ("StandardDichroicRef/@ID", "FT 495"),
    ]


def test_scopes() -> None:
    first, second = entries('[[sample]]\nfiles = "a/*"\nName = "x"\n[[sample]]\nmicroscope = "m"\nName = "y"')
    assert (first.section, first.key, first.files, first.microscope) == ("sample", "sample[1]", ("a/*",), "")
    assert (second.section, second.key, second.files, second.microscope) == ("sample", "sample[2]", (), "m")
    assert second.statements[0].scope.microscope == "m"


WRONG = [
    ('[sample]\nOrganizm = "x"', "sample.Organizm: NBO's Sample has no Organizm; is Organism meant?"),
    ('[sample]\nqqqq = "x"', "sample.qqqq: NBO's Sample has no qqqq; nbo-extract schema Sample lists what it has"),
    ('[sample]\nID = "Sample:1"', "sample.ID: IDs are given by nbo-extract; leave it out"),
    ("[sample]\nOrganism = [1]", "sample.Organism: Organism is one value; give a text, a number, true or false"),
    ('[sample]\nMountingMedium = "x"', "sample.MountingMedium: MountingMedium is an element with values of its own; "
     "write [sample.MountingMedium]"),
    ("[sample]\nMountingMedium = [1]", "sample.MountingMedium[1]: MountingMedium is an element with values of its own"),
    ("[sample]\nLiveSample = 2", "sample.LiveSample: LiveSample '2' is neither true nor false"),
    ('[sample.MountingMedium]\nType = "Water"', "sample.MountingMedium.Type: Type 'Water' is not among NBO's "
     "values for "
     "MountingMediumType; NBO allows Alcohol based, Glycerol based, Growth medium, Impregnating resin, Other"),
    ('[sample.MountingMedium]\nRefractiveIndex = "1,5"', "sample.MountingMedium.RefractiveIndex: RefractiveIndex '1,5' "
     "has a comma; write the number with a point"),
    ("[sample.MountingMedium]\nRefractiveIndex = nan", "sample.MountingMedium.RefractiveIndex: RefractiveIndex "
     "'nan' is "
     "not a finite number"),
    ('[environment]\nTemperature = "warm"', "environment.Temperature: Temperature 'warm' is no number with a unit, "
     "such as '37 °C'"),
    ('[environment]\nTemperatureUnit = "K"', "environment.TemperatureUnit: a unit is written behind its value, such as "
     "'37 °C'"),
    ('[channel.X.Fluorophore]\nConcentration = 1', "channel.X.Fluorophore.Concentration: Concentration needs a unit; "
     "NBO allows ng/µl, µg/µl, mg/ml, %(W/V), %(V/V), Units/ml, Other"),
    ("channel = 1", "channel: this takes a table for each channel; write [channel.DAPI]"),
    ('channel = { target = "x" }', "channel: this takes a table for each channel; write [channel.DAPI]"),
    ("sample = 1", "sample: this is a table; write [sample]"),
    ("sample = [1]", "sample[1]: this is a table; write [sample]"),
    ("[sample]\nfiles = [1]", 'sample.files: this takes patterns of paths; write ["plate1/*", "*.czi"]'),
    ('[sample]\nfiles = "/x"', "sample.files: '/x' is no pattern of paths below the configuration"),
    ("[sample]\nmicroscope = 1", "sample.microscope: this takes the name of a microscope, or the model of its stand"),
    ("state = 1", "state: statements are a list; write [[state]]"),
    ("[[state]]\nvalue = 1", 'state[1].path: this takes a path of NBO elements, such as "Image/Sample/@Organism"'),
    ('[[state]]\npath = "Image/Foo/@Bar"\nvalue = 1', "state[1].value: NBO's Image has no Foo"),
    ('[[state]]\nvalu = 1', "state[1].valu: there is no such key; is value meant?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_nbo_does_not_have_or_allow(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        entries(text)
    assert error.value.message == f"/f/c.toml: {message}"


@given(st.integers(-(10**12), 10**12), st.integers(0, 30))
def test_numbers_arrive_exactly(digits: int, places: int) -> None:
    number = f"{'-' if digits < 0 else ''}0.{'0' * places}{abs(digits)}"
    [(_, value, _, _)] = said(
        f'[[state]]\npath = "Image/ObjectiveSettings/@CorrectionCollarPosition"\nvalue = {number}'
    )
    assert value == number


def test_numbers_of_a_file_with_separators(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_text("[environment]\nAirPressure = 1_013.250_0\n", encoding="utf-8")
    [entry] = load_config(str(path)).entries
    assert entry.statements[0].fact.value == "1013.25"
