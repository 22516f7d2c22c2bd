"""The table `[facility]` of a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nbo_extract.config import read_config
from nbo_extract.config_facility import Facility
from nbo_extract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


def read(text: str, path: str = "f.toml") -> Facility:
    facility = read_config(f"[facility]\n{text}".encode(), path).facility
    assert facility is not None
    return facility


def test_what_is_read() -> None:
    assert read_config(b"", "f.toml").facility is None
    found = read('Name = "Core"\nRRID = "RRID: SCR_017697"\nwebsite = "https://core.example.org"')
    assert found == Facility("Core", "RRID:SCR_017697", website="https://core.example.org")


@pytest.mark.parametrize(
    ("text", "thanks"),
    [
        ('name = "Core"', "Images were acquired at the Core."),
        ('name = "The Core"\nrrid = "SCR_1"', "Images were acquired at The Core (RRID:SCR_1)."),
        (
            'name = "Core"\nrrid = "SCR_1"\naddress = "Town"\nwebsite = "https://c.org"',
            "Images were acquired at the Core, Town (RRID:SCR_1; https://c.org).",
        ),
        ('acknowledgement = "We thank Jo."', "We thank Jo."),
        ('acknowledgement = "We thank Jo."\nrrid = "SCR_1"', "We thank Jo (RRID:SCR_1)."),
        ('acknowledgement = "We thank Jo (SCR_1)."\nrrid = "SCR_1"', "We thank Jo (SCR_1)."),
    ],
)
def test_thanks(text: str, thanks: str) -> None:
    assert read(text).thanks() == thanks


@pytest.mark.parametrize("rrid", ["RRID:SCR_017697", "SCR_017697", "RRID: SCR_017697", "RRID:CVCL_0030", "AB_2315112"])
def test_rrids(rrid: str) -> None:
    assert read(f'name = "C"\nrrid = "{rrid}"').rrid == f"RRID:{rrid.removeprefix('RRID:').strip()}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('name = "C"\nrrid = "SCR_x17"', "facility.rrid: 'SCR_x17' is no RRID; write it as RRID:SCR_017697"),
        ('name = "C"\nrrid = "17697"', "facility.rrid: '17697' is no RRID; write it as RRID:SCR_017697"),
        ('rid = "SCR_1"', "facility.rid: there is no such key; is rrid meant?"),
        ("name = 3", "facility.name: this takes a text"),
        ('name = " "', "facility.name: this takes a text"),
        ('name = "C"\nwebsite = "core"', "facility.website: 'core' is no address; it begins with https://"),
        ('rrid = "SCR_1"', "facility: without a name nothing can be acknowledged; give name or acknowledgement"),
        (
            'methods_template = "no.j2"',
            "facility.methods_template: there is no no.j2; paths are relative to the configuration",
        ),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert caught.value.message == f"f.toml: {message}"


def test_no_table() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(b'facility = "Core"', "f.toml")
    assert caught.value.message == 'f.toml: facility: this is a table; write [facility] and name = "..."'


def test_show_and_init_know_it(run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("config", "init").code == 0
    assert "\n#[facility]\n#name = " in (tmp_path / "nbo-extract.toml").read_text()
    (tmp_path / "nbo-extract.toml").write_text('[facility]\nname = "Core"\nrrid = "SCR_1"\n')
    assert "  facility  Core, RRID:SCR_1\n" in run("config", "show").out
