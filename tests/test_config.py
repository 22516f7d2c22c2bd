"""A configuration is found upward, read, and refused in one sentence with file, key and cause."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest

from nbo_extract.config import Config, Rule, Settled, elements_to_prefer, load_config
from nbo_extract.config_keys import NAME, find_config
from nbo_extract.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str | bytes) -> str:
    (folder / "scope.json").write_text("{}", encoding="utf-8")
    (folder / "scopes").mkdir(exist_ok=True)
    path = folder / NAME
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return str(path)


def read(folder: Path, text: str) -> Config:
    return load_config(write(folder, text))


# -- finding ----------------------------------------------------------------------------------------------------------


def test_the_nearest_one_is_found_and_each_folder_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    (tmp_path / NAME).touch()
    assert find_config(str(deep)) == str(tmp_path / NAME)
    (tmp_path / "a" / "b" / NAME).touch()
    known: dict[str, str] = {}
    assert find_config(str(deep), known) == str(tmp_path / "a" / "b" / NAME)
    assert find_config(str(tmp_path / "a"), known) == str(tmp_path / NAME)
    monkeypatch.setattr(os, "stat", None)
    assert find_config(str(deep), known) == str(tmp_path / "a" / "b" / NAME)


def test_a_folder_of_this_name_and_none_at_all(tmp_path: Path) -> None:
    (tmp_path / "x" / NAME).mkdir(parents=True)
    assert find_config(str(tmp_path / "x")) == ""


def test_symbolic_links_are_taken_as_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "real" / "images").mkdir(parents=True)
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / NAME).touch()
    (tmp_path / "project" / "images").symlink_to(tmp_path / "real" / "images")
    assert find_config(str(tmp_path / "project" / "images")) == str(tmp_path / "project" / NAME)


def test_the_search_stops_where_a_folder_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / NAME).touch()
    closed = tmp_path / "closed"
    stat = os.stat

    def refuse(path: str, **more: bool) -> os.stat_result:
        if path == str(closed):
            raise PermissionError(13, "Permission denied")
        return stat(path, **more)

    monkeypatch.setattr(os, "stat", refuse)
    assert find_config(str(closed / "inside")) == ""
    assert find_config(str(tmp_path)) == str(tmp_path / NAME)


# -- reading ----------------------------------------------------------------------------------------------------------


def test_everything_of_a_configuration(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        hardware = ["scopes", "scope.json"]
        [[microscope]]
        files = ["axiovert1/**"]
        hardware = "scope.json"
        [[microscope]]
        instrument = { Stand = "Observer", serial = 3834001234, catalogue_number = "4711-0815" }
        hardware = "scope.json"
        [match]
        "Axio 506" = "Detector:1"
        "scope.json" = { "63x" = "Objective:1" }
        [prefer]
        hardware = ["objective", "Detector"]
        [sample]
        Organism = "Homo sapiens"
        """,
    )
    scope = str(tmp_path / "scope.json")
    assert config.hardware == (str(tmp_path / "scopes"), scope)
    assert config.rules == (
        Rule("microscope[1]", ("axiovert1/**",), (), scope),
        Rule(
            "microscope[2]",
            (),
            (("stand", "Observer"), ("serial", "3834001234"), ("catalog_number", "4711-0815")),
            scope,
        ),
    )
    assert config.matches == (Settled("Axio 506", "Detector:1"), Settled("63x", "Objective:1", scope))
    assert {"Objective", "CCD", "PhotoMultiplierTube"} <= config.prefer
    assert [e.key for e in config.entries] == ["sample"]
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301
    assert config.relative(str(tmp_path / "a" / "b.czi")) == "a/b.czi"


def test_an_empty_one_says_nothing_and_a_mark_of_order_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf")
    config = load_config(path)
    assert (config.hardware, config.rules, config.matches, config.prefer, config.entries) == (
        (),
        (),
        (),
        frozenset(),
        (),
    )


WRONG = [
    ("hardware = [", "{file} is no TOML: invalid value (at end of document); correct this place"),
    ("hardwear = 1", "{file}: hardwear: there is no such key; is hardware meant?"),
    ("zzz = 1", "{file}: zzz: there is no such key; there are hardware, microscope, match, prefer, facility, "
     "experimenter, experiment, sample, environment, channel, state"),
    ("hardware = 1", '{file}: hardware: this takes texts; write ["one", "another"]'),
    ('hardware = ["no.json"]', "{file}: hardware: there is no {folder}/no.json; paths are relative to the "
     "configuration"),
    ("[microscope]", "{file}: microscope: rules are a list; write [[microscope]]"),
    ("[[microscope]]", "{file}: microscope[1].hardware: this takes the path of a description"),
    ('[[microscope]]\nhardware = "scope.json"', "{file}: microscope[1]: the rule says for no image; give files or "
     "instrument"),
    ('[[microscope]]\nfile = "x"', "{file}: microscope[1].file: there is no such key; is files meant?"),
    ('[[microscope]]\nfiles = "x"\nhardware = "scopes"', "{file}: microscope[1].hardware: {folder}/scopes is a folder; "
     "name one description"),
    ('[[microscope]]\nfiles = ["../x"]\nhardware = "scope.json"', "{file}: microscope[1].files: '../x' is no "
     "pattern of "
     "paths below the configuration"),
    ('[[microscope]]\nfiles = ["/x"]\nhardware = "scope.json"', "{file}: microscope[1].files: '/x' is no pattern of "
     "paths below the configuration"),
    ('[[microscope]]\nfiles = ["a[x"]\nhardware = "scope.json"', "{file}: microscope[1].files: 'a[x' has a "
     "bracket that "
     "is not closed"),
    ('[[microscope]]\nfiles = ["a**b"]\nhardware = "scope.json"', "{file}: microscope[1].files: 'a**b' is no pattern; "
     "** stands for whole folders, * within a name"),
    ('[[microscope]]\ninstrument = { stend = "x" }\nhardware = "scope.json"',
     "{file}: microscope[1].instrument.stend: there is no such identifier; is stand meant?"),
    ('[[microscope]]\ninstrument = { serial = 12 }\nhardware = "scope.json"',
     "{file}: microscope[1].instrument.serial: 12 is too short to tell a microscope by it"),
    ('[match]\n"63x" = 1', '{file}: match.63x: this takes the ID, name, model or catalogue number of a described part'),
    ('[match."no.json"]\nx = "y"', '{file}: match."no.json": there is no {folder}/no.json; paths are relative to the '
     "configuration"),
    ('[match.scopes]\nx = "y"', "{file}: match.scopes: {folder}/scopes is a folder; name one description"),
    ('[prefer]\nhardware = ["Objektive"]', "{file}: prefer.hardware: the NBO model has no element Objektive; is "
     "Objective meant?"),
    ('[prefer]\nhard = "all"', "{file}: prefer.hard: there is no such key; is hardware meant?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_wrong_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert error.value.message == message.format(file=tmp_path / NAME, folder=tmp_path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_config("no/such.toml")
    assert error.value.message == (
        "no/such.toml: the configuration cannot be read (No such file or directory); check the path"
    )
    with pytest.raises(ConfigError, match=r"is not UTF-8 text; save it as UTF-8$"):
        load_config(write(tmp_path, b"\xff\xfe"))
    with pytest.raises(ConfigError, match=r"4 MB is more than a configuration has"):
        load_config(write(tmp_path, b"#" * (5 << 20)))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["all"], {"all"}),
        (["objective", "z_drive"], {"Objective", "Z-Drive"}),
        (["MicroscopeStand"], {"InvertedMicroscopeStand", "UprightMicroscopeStand"}),
        ([], set()),
    ],
)
def test_elements_to_prefer(names: list[str], found: set[str]) -> None:
    assert elements_to_prefer(names) == found


def test_no_element_to_prefer() -> None:
    with pytest.raises(ValueError, match=r"^the NBO model has no element Lazer; is Laser meant\?$"):
        elements_to_prefer(["Objective", "Lazer"])
