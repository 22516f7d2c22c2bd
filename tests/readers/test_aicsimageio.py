"""The adapter to aicsimageio: a mock environment proves the logic; the real one is tried where it is named."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mock_libraries import aicsimageio_environment
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.registry import read
from nbo_extract_readers import _library_host, aicsimageio, aicsimageio_install, formats_adapters
from table_cases import nodes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from commands import Result

REAL = os.environ.get("NBO_AICSIMAGEIO_PYTHON", "")
PINS = Path(aicsimageio_install.__file__).parent / "aicsimageio_pins"
LEICA = '<LMSDataContainerHeader Version="2"><Element Name="p"/></LMSDataContainerHeader>'


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return aicsimageio_environment(tmp_path_factory.mktemp("aics") / "env")


@pytest.fixture
def mock(python: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NBO_AICSIMAGEIO_PYTHON", python)
    yield python
    _library_host.close_all()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder for what is installed, with nothing in it."""
    monkeypatch.delenv("NBO_AICSIMAGEIO_PYTHON", raising=False)
    monkeypatch.setenv("NBO_EXTRACT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def told(folder: Path, name: str = "a.sldy", **content: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


# ------------------------------------------------------------------------------------------------ reading


def test_it_is_asked_last(mock: str, tmp_path: Path) -> None:
    assert formats_adapters.AICSIMAGEIO.rank > formats_adapters.BIOFORMATS.rank > formats_adapters.BIOIO.rank > 0
    assert formats_adapters.sniff_aicsimageio(b"x", "a.sldy")
    assert not formats_adapters.sniff_aicsimageio(b"x", "a.png")
    record = read(told(tmp_path, metadata=LEICA), "aicsimageio")
    assert (record.vocabulary, record.format) == ("leica", "aicsimageio, DefaultReader")
    assert record.versions == {"reader": "aicsimageio", "aicsimageio": "1.5"}


def test_its_environment_sees_nothing_of_this_one(mock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aicsimageio.py").write_text("raise ImportError('the wrong one')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert read(told(tmp_path, metadata=LEICA), "aicsimageio").vocabulary == "leica"


def test_bad_file_does_not_stop_it(mock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = told(tmp_path, "good.sldy", metadata=LEICA)
    monkeypatch.setenv("NBO_AICSIMAGEIO_SECONDS", "5")
    for content, why in (
        ({"raise": "a\nb"}, "ValueError: a b"),
        ({"exit": 4}, "its process died while it read the file (exit status 4)"),
        ({"metadata": None}, "it has no metadata"),
    ):
        path = told(tmp_path, **content)
        with pytest.raises(CorruptFileError) as error:
            read(path, "aicsimageio")
        assert error.value.message == (
            f"{path}: aicsimageio cannot read it ({why}); copy it again, or try another reader with --reader"
        )
        assert read(good, "aicsimageio").vocabulary == "leica"


def test_it_does_not_ask_bio_formats(mock: str, tmp_path: Path) -> None:
    with pytest.raises(CorruptFileError, match="which nbo-extract asks itself: use --reader bioformats"):
        read(told(tmp_path, "a.stk", metadata=LEICA), "aicsimageio")


# ------------------------------------------------------------------------------------------------ what is missing


def test_without_environment(nowhere: Path, tmp_path: Path) -> None:
    path = told(tmp_path)
    assert not formats_adapters.sniff_aicsimageio(b"x", "a.sldy")
    with pytest.raises(UnsupportedFormatError) as error:
        read(path, "aicsimageio")
    assert error.value.message == (
        f"{path}: aicsimageio cannot be used: it has no environment yet; nbo-extract doctor --install aicsimageio "
        "makes one, or name a Python that has it in NBO_AICSIMAGEIO_PYTHON"
    )
    assert aicsimageio.status() == [error.value.message.replace(f"{path}: aicsimageio cannot be used", "not usable")]


def test_python_that_is_no_file(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_AICSIMAGEIO_PYTHON", "/no/python")
    assert aicsimageio.status() == [
        "not usable: NBO_AICSIMAGEIO_PYTHON names /no/python, which is no file; name the Python of an environment that "
        "has it"
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("not a program", "cannot be run"),
        ("#!/bin/sh\nexit 7\n", "ended before it answered (exit status 7)"),
        ("#!/bin/sh\necho nonsense\n", "ended before it answered"),
        (f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', "aicsimageio cannot be imported by"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="made of shell scripts")
def test_python_that_does_not_work(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, why: str
) -> None:
    python = tmp_path / "python"
    python.write_text(content)
    python.chmod(0o755)
    monkeypatch.setenv("NBO_AICSIMAGEIO_PYTHON", str(python))
    path = told(tmp_path)
    with pytest.raises(UnsupportedFormatError) as error:
        read(path, "aicsimageio")
    assert why in error.value.message
    assert error.value.message.endswith("; nbo-extract doctor --install aicsimageio makes an environment that works")
    assert "\n" not in error.value.message
    assert aicsimageio.status()[0].startswith("not usable: ")


def test_doctor(mock: str, run: Callable[..., Result]) -> None:
    result = run("doctor")
    assert (result.code, result.err) == (0, "")
    assert re.search(r"^  aicsimageio  ready: aicsimageio 1\.5$", result.out, re.M)
    adapters = result.out.partition("\nAdapters")[2]
    assert [m[1] for m in re.finditer(r"^  (bioio|bioformats|aicsimageio) ", adapters, re.M)] == [
        "bioio", "bioformats", "aicsimageio",
    ]  # fmt: skip


def test_doctor_is_well_without_what_is_optional(nowhere: Path, run: Callable[..., Result]) -> None:
    result = run("doctor")
    assert (result.code, result.err) == (0, "")
    assert "  aicsimageio  not usable: it has no environment yet;" in result.out


# ------------------------------------------------------------------------------------------------ installing


def test_nothing_to_install(run: Callable[..., Result]) -> None:
    assert run("doctor", "--install", "czi").err == (
        "nbo-extract: there is nothing to install for czi; doctor --install takes: aicsimageio\n"
    )
    result = run("doctor", "--install", "bioio")
    assert (result.code, result.out) == (2, "")
    assert "pip install 'nbo-extract[bioio]' gets it" in result.err


def fake_run(fail: str = "", *, works: bool = True) -> Callable[..., None]:
    """Stand in for venv and pip: makes the mock environment, or fails as they do."""

    def call(command: list[str], problem: str) -> None:
        if fail and fail in command:
            raise NboExtractError(f"{problem}: no network; check the network and try again")
        if "venv" in command:
            aicsimageio_environment(Path(command[-1]))
            if not works:
                next(Path(command[-1]).rglob("aicsimageio.py")).unlink()

    return call


def test_install(nowhere: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]) -> None:
    monkeypatch.setattr(aicsimageio_install, "_run", fake_run())
    monkeypatch.setattr(aicsimageio_install, "find_python", lambda: (sys.executable, "3.11"))
    result = run("doctor", "--install", "aicsimageio")
    folder = nowhere / "aicsimageio-4.14.0"
    assert (result.code, result.out) == (0, "")
    assert result.err.splitlines() == [
        f"nbo-extract: 1/3 making an environment with Python 3.11 in {folder}",
        "nbo-extract: 2/3 installing aicsimageio 4.14.0 and what it needs, 64 packages; some minutes",
        "nbo-extract: 3/3 trying it",
        "nbo-extract: aicsimageio 1.5 is ready",
    ]
    assert [p.name for p in nowhere.iterdir()] == ["aicsimageio-4.14.0"]
    assert aicsimageio.status()[0] == "ready: aicsimageio 1.5"
    again = run("doctor", "--install", "aicsimageio")
    assert again.err == f"nbo-extract: aicsimageio 1.5 is installed already, in {folder}\n"
    # One that does not work is made anew.
    next(folder.rglob("aicsimageio.py")).unlink()
    assert run("doctor", "--install", "aicsimageio").err.endswith("is ready\n")
    assert [p.name for p in nowhere.iterdir()] == ["aicsimageio-4.14.0"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"fail": "venv"}, "the environment cannot be made: no network; check the network and try again"),
        ({"fail": "pip"}, "its packages cannot be installed: no network; check the network and try again"),
        ({"works": False}, "aicsimageio was installed but does not work: aicsimageio cannot be imported by "),
    ],
)
def test_failed_install_leaves_nothing(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result], options: dict[str, Any], why: str
) -> None:
    monkeypatch.setattr(aicsimageio_install, "_run", fake_run(**options))
    monkeypatch.setattr(aicsimageio_install, "find_python", lambda: (sys.executable, "3.11"))
    result = run("doctor", "--install", "aicsimageio")
    assert result.code == 3
    assert result.err.splitlines()[-1].startswith(f"nbo-extract: {why}")
    assert list(nowhere.iterdir()) == []


def test_folder_that_cannot_be_made(nowhere: Path, run: Callable[..., Result]) -> None:
    nowhere.write_text("a file")
    result = run("doctor", "--install", "aicsimageio")
    assert result.code == 3
    assert "the environment cannot be made (" in result.err
    assert "name another folder in NBO_EXTRACT_DATA" in result.err


def test_failure_of_a_command_is_one_sentence() -> None:
    with pytest.raises(NboExtractError) as error:
        aicsimageio_install._run([sys.executable, "-c", "import sys; sys.exit('a\\nERROR: no wheel\\nb')"], "no")
    assert error.value.message == "no: ERROR: no wheel; check the network and try again"


def test_python_of_a_fitting_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    monkeypatch.setattr(aicsimageio_install, "PYTHONS", (own,))
    assert aicsimageio_install.find_python() == (sys.executable, own)
    monkeypatch.setattr(aicsimageio_install, "PYTHONS", ("3.1",))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NboExtractError, match=r"^aicsimageio needs a Python of version 3\.10 to 3\.12, and this one"):
        aicsimageio_install.find_python()
    if sys.platform == "win32":
        return
    stub = tmp_path / "python3.1"
    stub.write_text("#!/bin/sh\necho '3.1|/somewhere/python'\n")
    stub.chmod(0o755)
    assert aicsimageio_install.find_python() == ("/somewhere/python", "3.1")
    stub.write_text("#!/bin/sh\nexit 127\n")
    with pytest.raises(NboExtractError):
        aicsimageio_install.find_python()


def test_pins_are_exact_and_those_that_work() -> None:
    assert {p.stem for p in PINS.glob("*.txt")} == set(aicsimageio_install.PYTHONS)
    for file in PINS.glob("*.txt"):
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line) for line in lines)
        pins = dict(line.split("==") for line in lines)
        assert pins["aicsimageio"] == formats_adapters.AICSIMAGEIO_VERSION
        assert (pins["tifffile"], pins["lxml"], pins["zarr"]) == ("2023.2.28", "4.9.4", "2.15.0")
        assert pins["numpy"].startswith("1.")


@pytest.mark.parametrize(
    ("platform", "environment", "wanted"),
    [
        ("linux", {}, "H/.local/share/nbo-extract"),
        ("linux", {"XDG_DATA_HOME": "X"}, "X/nbo-extract"),
        ("darwin", {}, "H/Library/Application Support/nbo-extract"),
        ("win32", {"LOCALAPPDATA": "L"}, "L/nbo-extract"),
        ("win32", {"NBO_EXTRACT_DATA": "N"}, "N"),
    ],
)
def test_data_folder(monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], wanted: str) -> None:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "NBO_EXTRACT_DATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nbo_extract_readers.formats_adapters.sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("H"))
    assert formats_adapters.data_folder().as_posix() == wanted


# ------------------------------------------------------------------------------------------------ the real library


@pytest.mark.skipif(not REAL, reason="NBO_AICSIMAGEIO_PYTHON names no Python with aicsimageio")
def test_real_files(sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_AICSIMAGEIO_PYTHON", REAL)
    assert aicsimageio.status()[0].startswith("ready: aicsimageio 4.")
    record = read(sample_data / "confocal.ome.tiff", "aicsimageio")
    assert (record.format, record.vocabulary, record.findings) == ("aicsimageio, OmeTiffReader", "ome", [])
    here, there = (extract(sample_data / "confocal.ome.tiff", reader=r) for r in (None, "aicsimageio"))
    assert [n.get("Model") for n in nodes(there, "Objective")] == [n.get("Model") for n in nodes(here, "Objective")]
    czi = extract(sample_data / "widefield.czi", reader="aicsimageio")
    assert nodes(czi, "Objective")
    (tmp_path / "cut.czi").write_bytes((sample_data / "widefield.czi").read_bytes()[:700])
    with pytest.raises(CorruptFileError) as error:
        read(tmp_path / "cut.czi", "aicsimageio")
    assert "\n" not in error.value.message
    _library_host.close_all()
