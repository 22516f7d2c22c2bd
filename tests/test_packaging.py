"""What is built, and that all places that state versions and dependencies agree."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from nbo_extract import __version__
from packages import (
    ROOT,
    extras,
    library,
    package_files,
    package_folders,
    project,
    sdist_faults,
    wheel_faults,
)

RECIPE = ROOT / "packaging" / "conda" / "recipe.yaml"
CONTAINERFILE = ROOT / "Containerfile"
# conda has one name for what pip calls otherwise; all of ours are called the same in both.
CONDA_NAMES: dict[str, str] = {}


# -- sdist and wheel --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build an sdist of the repository, and a wheel from the sdist."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed; pip install 'nbo-extract[test]' gets it")
    folder = tmp_path_factory.mktemp("built")

    def build(kind: str, source: Path) -> Path:
        code = f"import hatchling.build as b, sys; print(b.build_{kind}(sys.argv[1]))"
        command = [sys.executable, "-c", code, str(folder)]
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return folder / done.stdout.strip().splitlines()[-1]

    sdist = build("sdist", ROOT)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "source", filter="data")
    (source,) = (folder / "source").iterdir()
    return sdist, build("wheel", source)


def test_nothing_is_wrong_in_what_is_built(built: tuple[Path, Path]) -> None:
    sdist, wheel = built
    assert sdist.name == f"nbo_extract-{__version__}.tar.gz"
    assert wheel.name == f"nbo_extract-{__version__}-py3-none-any.whl"
    assert sdist_faults(sdist) == []
    assert wheel_faults(wheel) == []


def test_the_wheel_holds_data_and_no_tests(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[1]) as archive:
        names = archive.namelist()
    for name in (
        "nbo_extract/py.typed", "nbo_extract_readers/py.typed", "nbo_extract_mappings/py.typed",
        "nbo_extract_mappings/tables/zeiss-czi.toml", "nbo_extract_mappings/profiles/rembi.toml",
    ):  # fmt: skip
        assert name in names
    assert any(n.startswith("nbo_extract_mappings/schema/") and n.endswith(".json") for n in names)
    assert any(n.startswith("nbo_extract/report/") and not n.endswith(".py") for n in names)
    assert [n for n in names if "test" in Path(n).parts or "tests" in Path(n).parts or "conftest" in n] == []
    assert {n.split("/")[0] for n in names} == {
        "nbo_extract", "nbo_extract_readers", "nbo_extract_mappings", f"nbo_extract-{__version__}.dist-info"
    }  # fmt: skip


def test_faults_of_a_wheel_are_found(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    files = package_files()
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in files - {"nbo_extract/py.typed", "nbo_extract_mappings/tables/zeiss-czi.toml"}:
            archive.writestr(name, "")
        for name in ("tests/conftest.py", "nbo_extract/left.py", "nbo_extract-1.dist-info/METADATA"):
            archive.writestr(name, "")
    assert wheel_faults(wheel) == [
        "nbo_extract/py.typed is missing",
        "nbo_extract_mappings/tables/zeiss-czi.toml is missing",
        "nbo_extract/left.py is no file of the packages",
        "tests/conftest.py is no file of the packages",
        "tests/conftest.py lies outside the packages",
        "entry_points.txt of the metadata is missing",
        "LICENSE of the metadata is missing",
    ]


def test_faults_of_an_sdist_are_found(tmp_path: Path) -> None:
    sdist = tmp_path / "a.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        for name in ("pyproject.toml", "README.md", ".venv/pyvenv.cfg"):
            (tmp_path / "file").touch()
            archive.add(tmp_path / "file", f"a-1/{name}")
    found = sdist_faults(sdist)
    assert "LICENSE is missing" in found
    assert "src/nbo_extract/py.typed is missing" in found
    assert "mappings/nbo_extract_mappings/tables/zeiss-czi.toml is missing" in found
    assert ".venv/pyvenv.cfg has no place in it" in found
    assert "pyproject.toml is missing" not in found


# -- what is stated in several places ---------------------------------------------------------------------------------


def test_versions_agree() -> None:
    assert project()["project"]["version"] == __version__
    assert f'\n  version: "{__version__}"\n' in RECIPE.read_text(encoding="utf-8")
    assert f'image.version="{__version__}"' in CONTAINERFILE.read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def section(text: str, name: str) -> list[str]:
    """Return the entries of a list in the recipe."""
    match = re.search(rf"^( *){name}:\n((?:\1  - .*\n)+)", text, re.MULTILINE)
    assert match is not None
    return [line.strip().removeprefix("- ") for line in match[2].splitlines()]


def conda(requirement: str) -> str:
    """Write a requirement of pip as conda does."""
    name = library(requirement)
    return f"{CONDA_NAMES.get(name, name)} {requirement[len(name) :]}".strip()


def test_the_conda_recipe_agrees_with_the_project() -> None:
    text, stated = RECIPE.read_text(encoding="utf-8"), project()["project"]
    python = stated["requires-python"].removeprefix(">=")
    assert f'python_min: "{python}"' in text
    assert section(text, "run") == ["python >=${{ python_min }}", *map(conda, stated["dependencies"])]
    assert [r for r in section(text, "host") if not r.startswith("python ")] == [
        "pip", *map(conda, project()["build-system"]["requires"])
    ]  # fmt: skip
    assert section(text, "entry_points") == [f"{k} = {v}" for k, v in stated["scripts"].items()]
    assert section(text, "imports") == [f.name for f in package_folders()]
    assert f"license: {stated['license']}\n" in text
    assert f"name: {stated['name']}\n" in text
    assert f"summary: {stated['description']}\n" in text
    (license_file,) = stated["license-files"]
    assert f"license_file: {license_file}\n" in text
    # It is built and tried with the lowest Python that is allowed.
    assert [r for r in section(text, "host") if r.startswith("python ")] == ["python ${{ python_min }}.*"]
    assert "python_version: ${{ python_min }}.*\n" in text


def test_the_commands_of_the_conda_recipe_work_with_the_files_it_names(tmp_path: Path) -> None:
    text = RECIPE.read_text(encoding="utf-8")
    for name in section(text, "source"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    commands = [shlex.split(line) for line in section(text, "script")]
    assert {command[0] for command in commands} == set(project()["project"]["scripts"])
    packages = os.pathsep.join(str(ROOT / f.parent) for f in package_folders())
    for command in commands:
        run = [sys.executable, "-m", "nbo_extract", *command[1:]]
        environment = {**os.environ, "PYTHONPATH": packages}
        done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), command
    assert "<Objective " in (tmp_path / "results" / "widefield.czi.nbo.xml").read_text(encoding="utf-8")


def test_the_container_runs_the_product_as_nobody_special() -> None:
    text = CONTAINERFILE.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", base) for base in bases)
    minor = int(project()["project"]["requires-python"].removeprefix(">=3."))
    assert all(int(re.findall(r"3\.(\d+)", base)[0]) >= minor for base in bases)
    (name,) = project()["project"]["scripts"]
    assert f'ENTRYPOINT ["{name}"]' in lines
    assert lines.index("USER nbo") < lines.index(f'ENTRYPOINT ["{name}"]')
    assert "VOLUME /data" in lines
    # What the build needs goes into it, and nothing else.
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"]
    assert {f.parts[0] for f in package_folders()} | {"pyproject.toml", "README.md", "LICENSE"} == set(kept)


def test_the_labels_of_the_container_agree_with_the_project() -> None:
    stated = project()["project"]
    labels = dict(re.findall(r'image\.(\w+)="([^"]*)"', CONTAINERFILE.read_text(encoding="utf-8")))
    assert labels == {"title": stated["name"], "version": stated["version"], "licenses": stated["license"]}


def test_the_container_is_run_as_its_documentation_says() -> None:
    text = CONTAINERFILE.read_text(encoding="utf-8")
    shown = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#   podman ")]
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("podman ")][: len(shown)] == shown
    # The user of the image may not write into the folder of whoever runs it.
    run = shlex.split(shown[-1])
    assert run[run.index("--user") + 1] == "$(id -u):$(id -g)"


def test_the_extra_all_is_all_extras() -> None:
    found = extras()
    (everything,) = found.pop("all")
    assert everything == f"nbo-extract[{','.join(found)}]"


def test_extras_are_in_the_documentation() -> None:
    page = (ROOT / "docs" / "installation.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE) == list(extras())


def test_bounds_that_stand_twice_agree() -> None:
    optional = project()["project"]["optional-dependencies"]
    bounds: dict[str, set[str]] = {}
    for wanted in optional.values():
        for requirement in wanted:
            name = library(requirement)
            if name != "nbo-extract":
                bounds.setdefault(name, set()).add(requirement[len(name) :])
    assert {name: found for name, found in bounds.items() if len(found) > 1} == {}
