#!/usr/bin/env python3
"""Build the product, install what was built, and try it as users get it.

    python scripts/check_packaging.py            the first four, some ten minutes
    python scripts/check_packaging.py build smoke
    python scripts/check_packaging.py recipe container

build        an sdist, and a wheel from that sdist; what both hold
smoke        the wheel in a clean environment, without the repository: the main job on a file elsewhere
extras       each extra in an environment of its own; all its libraries are imported, doctor says that they are there
resolutions  the quick tests with the lowest and with the highest versions that pyproject.toml allows
recipe       the package for conda with rattler-build; the recipe's own tests run in an environment of conda
container    the image with podman; the main job on a folder that is mounted, without network, as whoever runs this

The last two run when they are named: they need a channel of conda, and podman with the image of Python.
Environments are made by uv, which is installed with pip into one of its own; without it nothing can be tried. What is
skipped is said. Exit 1 if anything fails.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packages import ROOT, extras, library, project, sdist_faults, wheel_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEPS: Final = ("build", "smoke", "extras", "resolutions")
#: Steps that need more than the index of Python's packages.
NAMED: Final = ("recipe", "container")
#: Quick tests of all that the product does.
TESTS: Final = ("tests/test_golden.py", "tests/test_cli.py", "tests/writers", "tests/test_stores_remote.py")
_IMPORTS = """
import importlib, sys
from importlib import metadata
homes = metadata.packages_distributions()
for name in sys.argv[1:]:
    wanted = name.lower().replace("_", "-")
    modules = sorted(m for m, of in homes.items() if wanted in [d.lower().replace("_", "-") for d in of])
    public = [m for m in modules if not m.startswith("_")] or modules
    assert public, f"{name} brings no module"
    importlib.import_module(next((m for m in public if m.lower() == wanted), public[0]))
"""
_RECIPE = """
import sys
from rattler_build import RattlerBuildError, Stage0Recipe, ToolConfiguration
recipe, output, *channels = sys.argv[1:]
try:
    (made,) = Stage0Recipe.from_file(recipe).run_build(
        tool_config=ToolConfiguration(test_strategy="native"), output_dir=output, channels=channels
    )
except RattlerBuildError as error:
    sys.exit(f"{error}, with {' '.join(channels)}; --work FOLDER keeps conda/rattler-build-log.txt")
assert any("all tests passed" in line for line in made.log), "the tests of the recipe did not run"
print(*made.packages)
"""


class Fault(Exception):
    """What failed, in one line."""


@dataclass
class Bench:
    """The folder where all happens, and what was found."""

    folder: Path
    uv: str = ""
    sdist: Path | None = None
    wheel: Path | None = None
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def run(self, *command: str | Path, cwd: Path | None = None, fine: Sequence[int] = (0,)) -> str:
        """Run a command without what this process knows of the repository; its standard output."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
        done = subprocess.run(
            [str(c) for c in command], cwd=cwd or self.folder, env=kept, capture_output=True, text=True, check=False
        )
        if done.returncode not in fine:
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise Fault(f"{Path(str(command[0])).name} {command[1]}: {' | '.join(lines[-4:])}")
        return done.stdout

    def environment(self, name: str, *wanted: str) -> Path:
        """Make an environment with what is wanted; its folder of programs."""
        place = self.folder / "environments" / name
        self.run(self.uv, "venv", "--quiet", "--clear", "--python", sys.executable, place)
        programs = place / ("Scripts" if os.name == "nt" else "bin")
        self.run(self.uv, "pip", "install", "--quiet", "--python", programs / "python", *wanted)
        return programs

    def tell(self, step: str, what: str, result: str) -> None:
        """Note a result, and show it."""
        self.rows.append((step, what, result))
        print(f"{step:<12} {what:<24} {result}", flush=True)


def prepare(bench: Bench) -> None:
    """Get uv."""
    tools = bench.folder / "tools"
    bench.run(sys.executable, "-m", "venv", tools)
    programs = tools / ("Scripts" if os.name == "nt" else "bin")
    bench.run(programs / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    bench.uv = str(programs / "uv")


def build(bench: Bench) -> None:
    """Build an sdist of the working tree, and a wheel from the sdist."""
    source, built = bench.folder / "source", bench.folder / "built"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    bench.run(bench.uv, "build", "--quiet", "--sdist", "--out-dir", built, source)
    bench.sdist = next(built.glob("*.tar.gz"))
    bench.run(bench.uv, "build", "--quiet", "--wheel", "--out-dir", built, bench.sdist)
    bench.wheel = next(built.glob("*.whl"))
    for path, faults in ((bench.sdist, sdist_faults(bench.sdist)), (bench.wheel, wheel_faults(bench.wheel))):
        if faults:
            raise Fault(f"{path.name}: {'; '.join(faults[:5])}")
        bench.tell("build", path.suffix.lstrip("."), f"{path.name}, {path.stat().st_size:,} bytes, nothing wrong in it")


def smoke(bench: Bench) -> None:
    """Run the main job with the wheel alone."""
    programs = bench.environment("smoke", str(bench.wheel))
    outside = bench.folder / "outside"
    shutil.copytree(ROOT / "sample_data", outside)
    where = bench.run(programs / "python", "-c", "import nbo_extract; print(nbo_extract.__file__)", cwd=outside)
    if not Path(where.strip()).is_relative_to(programs.parent):
        raise Fault(f"nbo_extract is imported from {where.strip()}")
    product = programs / "nbo-extract"
    jobs: tuple[tuple[str, ...], ...] = (
        ("widefield.czi", "--hardware", "microscope.json", "-o", "results"),
        ("confocal.ome.tiff", "--embed"),
        ("restore", "confocal.ome.tiff"),
        ("cells_v05.ome.zarr", "--format", "jsonld", "-o", "results"),
        ("check", "widefield.czi", "--profile", "rembi"),
        ("gaps", "widefield.czi", "-o", "gaps.xlsx"),
        ("report", "widefield.czi", "-o", "report.html"),
        ("schema", "--tier", "1", "-o", "tier-1.xsd"),
        ("mappings", "check"),
        ("check", "--profiles"),
        ("completion", "bash"),
        ("doctor",),
    )
    for job in jobs:
        # Exit 1 says that something is missing for a tier.
        bench.run(product, *job, cwd=outside, fine=(0, 1) if job[0] in ("check", "report") else (0,))
    written = outside / "results" / "widefield.czi.nbo.xml"
    if "<Objective " not in written.read_text(encoding="utf-8"):
        raise Fault("the sidecar of the main job holds no objective")
    bench.tell("smoke", "the wheel alone", f"{len(jobs)} commands, all as they should")


def try_extras(bench: Bench) -> None:
    """Install and import each extra."""
    table = extras()
    for name, wanted in table.items():
        start = time.monotonic()
        programs = bench.environment(f"extra-{name}", f"nbo-extract[{name}] @ {Path(str(bench.wheel)).as_uri()}")
        own = project()["project"]["name"]
        libraries = sorted({library(w) for w in wanted} - {own})
        if not libraries:
            libraries = sorted({library(w) for e, several in table.items() if e != name for w in several})
        bench.run(programs / "python", "-W", "ignore", "-c", _IMPORTS, *libraries)
        told = json.loads(bench.run(programs / "nbo-extract", "doctor", "--json"))["extras"]
        lacking = [n for n, v in told.get(name, {}).items() if v is None]
        if lacking:
            raise Fault(f"doctor misses {', '.join(lacking)} of the extra {name}")
        versions = ", ".join(f"{n} {v}" for n, v in told.get(name, {}).items()) or f"{len(libraries)} libraries"
        bench.tell("extras", name, f"{versions} ({time.monotonic() - start:.0f} s)")


def resolutions(bench: Bench, tests: Sequence[str]) -> None:
    """Run tests with the lowest and the highest versions; the product is the wheel."""
    # Tests, and what they look at, without the source of the packages.
    tree = bench.folder / "tree"
    with tarfile.open(str(bench.sdist)) as archive:
        archive.extractall(tree, filter="data")
    (root,) = tree.iterdir()
    for folder in ("src", "readers", "mappings"):
        shutil.rmtree(root / folder)
    failed = []
    for name in ("lowest-direct", "highest"):
        try:
            shown = _resolved(bench, name, root, tests)
        except Fault as error:
            failed.append(f"{name}: {error}")
        else:
            bench.tell("resolutions", name, shown)
    if failed:
        raise Fault("; ".join(failed))


def _resolved(bench: Bench, name: str, root: Path, tests: Sequence[str]) -> str:
    """Run tests with one choice of versions; the last line that pytest shows."""
    pins = bench.folder / f"{name}.txt"
    bench.run(
        bench.uv, "pip", "compile", "--quiet", "--python", sys.executable, "--resolution", name,
        "--extra", "all", "--extra", "test", root / "pyproject.toml", "-o", pins,
    )  # fmt: skip
    programs = bench.environment(name, "-r", str(pins))
    bench.run(bench.uv, "pip", "install", "--quiet", "--no-deps", "--python", programs / "python", str(bench.wheel))
    shown = bench.run(
        programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, cwd=root, fine=(0, 1)
    )
    (bench.folder / f"{name}.log").write_text(shown, encoding="utf-8")
    failed = [line for line in shown.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        raise Fault(f"{len(failed)} tests fail, the first: {failed[0]}; --work FOLDER keeps {name}.log")
    return shown.strip().splitlines()[-1]


def recipe(bench: Bench, channels: Sequence[str]) -> None:
    """Build the package of the recipe; rattler-build runs its tests."""
    programs = bench.environment("recipe", "py-rattler-build>=0.73")
    stated = bench.folder / "source" / "packaging" / "conda" / "recipe.yaml"
    shown = bench.run(programs / "python", "-c", _RECIPE, stated, bench.folder / "conda", *channels)
    path = Path(shown.strip().splitlines()[-1])
    bench.tell("recipe", "conda", f"{path.name}, {path.stat().st_size:,} bytes, its tests pass")


def container(bench: Bench) -> None:
    """Build the image, and run the main job in it."""
    if shutil.which("podman") is None or not hasattr(os, "getuid"):
        raise Fault("podman is not installed")
    image, mounted = f"nbo-extract-check-{os.getpid()}", bench.folder / "mounted"
    shutil.copytree(ROOT / "sample_data", mounted)
    # As the documentation says; root has no names of users to keep.
    user = ["--user", f"{os.getuid()}:{os.getgid()}", *(["--userns", "keep-id"] if os.getuid() else [])]
    run = ["podman", "run", "--rm", "--network", "none", "--read-only", "-v", f"{mounted}:/data", *user, image]
    bench.run("podman", "build", "--quiet", "-t", image, bench.folder / "source")
    try:
        for job in (("--help",), ("doctor",), ("widefield.czi", "--hardware", "microscope.json")):
            bench.run(*run, *job)
        size = int(bench.run("podman", "image", "inspect", "--format", "{{.Size}}", image))
    finally:
        bench.run("podman", "rmi", image)
    written = mounted / "widefield.czi.nbo.xml"
    if "<Objective " not in written.read_text(encoding="utf-8"):
        raise Fault("the sidecar of the main job holds no objective")
    if written.stat().st_uid != os.getuid():
        raise Fault(f"the sidecar of the main job belongs to user {written.stat().st_uid}")
    bench.tell("container", "podman", f"{size:,} bytes; the main job, on a folder that is mounted")


def main() -> int:
    """Run the steps and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS + NAMED)} [{', '.join(STEPS)}]")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), metavar="PATH", help="tests of resolutions")
    parser.add_argument("--channel", nargs="+", default=["conda-forge"], metavar="URL", help="of recipe [conda-forge]")
    parser.add_argument("--work", metavar="FOLDER", help="where all is made, and stays [a folder that goes away]")
    options = parser.parse_args()
    unknown = [s for s in options.steps if s not in STEPS + NAMED]
    if unknown:
        parser.error(f"there is no step {unknown[0]}; there are {', '.join(STEPS + NAMED)}")
    chosen = [s for s in STEPS + NAMED if s in (options.steps or STEPS) or s == "build"]
    folder = Path(options.work or tempfile.mkdtemp(prefix="nbo-packaging-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        parser.error(f"{folder} is not empty; give a folder for this run alone")
    bench, failed = Bench(folder), False
    work: dict[str, Callable[[], None]] = {
        "build": lambda: build(bench),
        "smoke": lambda: smoke(bench),
        "extras": lambda: try_extras(bench),
        "resolutions": lambda: resolutions(bench, options.tests),
        "recipe": lambda: recipe(bench, options.channel),
        "container": lambda: container(bench),
    }
    try:
        prepare(bench)
        for step in chosen:
            try:
                work[step]()
            except Fault as error:
                failed = True
                bench.tell(step, "FAILED", str(error))
                if step == "build":
                    break
    except Fault as error:
        print(f"skipped: everything, because uv cannot be installed ({error})")
        failed = True
    finally:
        if options.work is None:
            shutil.rmtree(folder, ignore_errors=True)
    for step in (s for s in STEPS + NAMED if s not in chosen):
        print(f"{step:<12} skipped: not asked for")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
