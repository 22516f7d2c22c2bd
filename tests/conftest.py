"""Fixtures for all tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from commands import Result
from nbo_extract.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every machine, however slow it is; `--hypothesis-profile default` looks for others, and more.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the golden files anew; look at what changed before committing it."""
    parser.addoption("--update-golden", action="store_true", help="write the files of tests/golden anew")
    parser.addoption("--slow", action="store_true", help="run the tests that take most of a minute, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what takes most of a minute, where it is not asked for."""
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker(pytest.mark.skip(reason="takes most of a minute: run with --slow"))


@pytest.fixture(scope="session", autouse=True)
def _modules_stay_compiled() -> Iterator[None]:
    """Let the programs that tests start keep their compiled modules: compiling takes a third of a short one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real vendor files and the published NBO schema, beside the project on machines that have it."""
    folder = ROOT.parent / "shared"
    if not (folder / "nbo").is_dir():
        pytest.skip(f"no reference folder with real vendor files at {folder}")
    return folder


@pytest.fixture(autouse=True)
def _no_environment_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what the user has installed beside this Python: it would answer where a test wants a refusal."""
    monkeypatch.delenv("NBO_AICSIMAGEIO_PYTHON", raising=False)
    monkeypatch.setenv("NBO_EXTRACT_DATA", str(ROOT / "tests" / "no-such-folder"))


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """Folder of the sample files that the project makes itself."""
    return ROOT / "sample_data"


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line in this process."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def call(*args: str | Path) -> Result:
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in args])
        captured = capsysbinary.readouterr()
        assert isinstance(end.value.code, int)
        return Result(end.value.code, captured.out.decode(), captured.err.decode())

    return call


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden exactly; ``pytest --update-golden`` writes the file instead."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert path.is_file(), f"{path} is missing: pytest --update-golden writes it"
        expected = path.read_text(encoding="utf-8")
        assert text == expected, f"differs from {path}; if it should, pytest --update-golden writes it anew"

    return compare
