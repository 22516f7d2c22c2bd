"""The command `doctor`: what it tells, and what it tells of nobody."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract import __version__
from nbo_extract.cli.doctor_facts import Privacy, gather
from nbo_extract.registry import ADAPTERS, readers
from nbo_extract.tables import table_names
from nbo_extract_readers import imaris
from nbo_extract_readers._jvm import jar_version, java_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


def test_json_holds_what_the_text_tells(run: Callable[..., Result]) -> None:
    result = run("doctor", "--json")
    facts: dict[str, Any] = json.loads(result.out)
    assert (result.code, result.err, facts["missing"]) == (0, "", 0)
    assert facts["nbo-extract"] == __version__
    assert facts["python"]["version"] == platform.python_version()
    assert facts["mapping_tables"] == list(table_names())
    assert [r["name"] for r in facts["readers"]] == sorted(r.name for r in readers() if r.rank < ADAPTERS)
    assert [a["name"] for a in facts["adapters"]] == ["bioio", "bioformats", "aicsimageio"]
    text = run("doctor").out
    for name, version in facts["libraries"].items():
        assert version is not None
        assert f"  {name} " in text
        assert f" {version}\n" in text
    for reader in facts["readers"]:
        assert reader["state"] in text
    assert all(line in text for adapter in facts["adapters"] for line in adapter["status"])


def test_extras_are_listed_with_what_is_missing(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    stated = [
        "click>=8.1", "h5py>=3.11; extra == 'ims'", 'no-such-library>=1; extra == "remote"', "click; extra == 'remote'",
        "pytest; extra == 'test'", "h5py>=3.11; extra == 'all'",
    ]  # fmt: skip
    monkeypatch.setattr(metadata, "requires", lambda name: stated)
    facts = gather()
    assert list(facts["libraries"]) == ["click"]
    assert {k: list(v) for k, v in facts["extras"].items()} == {"ims": ["h5py"], "remote": ["no-such-library", "click"]}
    text = run("doctor").out
    assert "  remote  not installed: no-such-library; pip install 'nbo-extract[remote]'\n" in text


def test_a_reader_without_its_library_is_not_ready(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaris, "find_spec", lambda name: None)
    facts = json.loads(run("doctor", "--json").out)
    [reader] = [r for r in facts["readers"] if r["name"] == "imaris"]
    assert reader["state"] == "not ready: the library h5py is not installed: pip install 'nbo-extract[ims]'"
    # The library is an extra: it is no fault that it is not there.
    assert (reader["broken"], facts["missing"]) == (False, 0)


def test_readers_that_need_an_extra_say_whether_it_is_there() -> None:
    needing = [r for r in readers() if r.requires and r.rank < ADAPTERS]
    assert needing
    for reader in needing:
        assert hasattr(importlib.import_module(reader.open.partition(":")[0]), "missing"), reader.name


def test_a_missing_library_is_a_fault(run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "requires", lambda name: ["no-such-library>=1"])
    result = run("doctor")
    assert result.code == 3
    assert "  no-such-library  missing: install nbo-extract again with pip\n" in result.out
    assert json.loads(run("doctor", "--json").out)["missing"] == 1


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_nothing_private_is_told(form: list[str], tmp_path: Path) -> None:
    home = tmp_path / "Zoe Quill" / "zoequill"
    (home / "secret project").mkdir(parents=True)
    broken = home / "secret project" / "bio formats.jar"
    environment = {
        **os.environ,
        "HOME": str(home),
        "USER": "zoequill",
        "LOGNAME": "zoequill",
        "HOSTNAME": "quill-laptop",
        "NBO_BIOFORMATS_JAR": str(broken),
        "NBO_AICSIMAGEIO_PYTHON": str(home / "secret project" / "no python"),
        "NBO_EXTRACT_DATA": str(home / "secret project"),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    command = [sys.executable, "-m", "nbo_extract", "doctor", *form]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no python, which is no file" in done.stdout
    told = done.stdout.casefold()
    words = ("zoequill", "zoe quill", "quill-laptop", "secret", str(tmp_path), sys.prefix, sys.executable)
    assert [word for word in words if word.casefold() in told] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cannot open /srv/lab-smith/data/a.so: no such file", "cannot open …/a.so: no such file"),
        ("in /opt/x/bin/python, with torch 2", "in …/python, with torch 2"),
        (r"in C:\Users\smith\py.exe, with", "in …/py.exe, with"),
        ("~/tools/b.jar", "…/b.jar"),
        ("see https://example.org/a/b and/or s3://bucket/c", "see https://example.org/a/b and/or s3://bucket/c"),
        ("pip install 'nbo-extract[ims]'", "pip install 'nbo-extract[ims]'"),
        ("asked Zoequill on quill-laptop", "asked … on …"),
        ("zoequillian", "zoequillian"),
        ("a _zoequill_ file", "a _…_ file"),
    ],
)
def test_privacy(text: str, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USER", "zoequill")
    monkeypatch.setenv("HOSTNAME", "quill-laptop")
    monkeypatch.chdir(tmp_path)
    assert Privacy()(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nbo-extract doctor --install x", "nbo-extract doctor --install x"),
        ("name one in NBO_BIOFORMATS_JAR", "name one in NBO_BIOFORMATS_JAR"),
        ("nbo asked for 'nbo-extract[ims]'", "… asked for 'nbo-extract[ims]'"),
        ("on nbo-extract.lab.example, then nbo-extract.", "on …, then nbo-extract."),
    ],
)
def test_a_user_called_like_the_product_leaves_commands_whole(
    text: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "nbo")
    monkeypatch.setenv("HOSTNAME", "nbo-extract.lab.example")
    assert Privacy()(text) == told


def test_folders_with_blanks_are_left_out_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "my own home"))
    monkeypatch.setenv("NBO_BIOFORMATS_JAR", str(tmp_path / "my jars" / "b.jar"))
    private = Privacy()
    assert private(f"in {tmp_path}/my own home/bin/x: gone") == "in …/x: gone"
    assert private(f"{tmp_path}/my jars/b.jar, which is no file") == "…/b.jar, which is no file"


def test_versions_of_java_and_of_the_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    library = tmp_path / "jdk" / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    library.touch()
    assert java_version(str(library)) == "of no stated version, of the system"
    (tmp_path / "jdk" / "release").write_text('IMPLEMENTOR="X"\nJAVA_VERSION="21.0.2"\n', encoding="utf-8")
    assert java_version(str(library)) == "21.0.2, of the system"
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert java_version(str(library)) == "21.0.2, of JAVA_HOME"
    jar = tmp_path / "b.jar"
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nImplementation-Version: 7.3.1\r\n")
    assert jar_version(str(jar)) == "7.3.1"
    jar.write_bytes(b"no archive")
    assert jar_version(str(jar)) == "of no stated version"
