"""What a wheel and an sdist of the product hold, and what is wrong in it; nothing here needs more than Python."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: Extras for those who work on the product itself.
INNER: Final = frozenset({"test", "lint", "docs", "crate"})
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


def project(root: Path = ROOT) -> dict[str, Any]:
    """Return pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def library(requirement: str) -> str:
    """Return the name of a library, without its versions."""
    match = _NAME.match(requirement)
    if match is None:
        raise ValueError(f"{requirement!r} names no library")
    return match[0]


def extras(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the extras for users, and their requirements."""
    found: dict[str, list[str]] = project(root)["project"]["optional-dependencies"]
    return {name: wanted for name, wanted in found.items() if name not in INNER}


def package_folders(root: Path = ROOT) -> list[Path]:
    """Return the folders of the packages, from the root."""
    return [Path(p) for p in project(root)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


def package_files(root: Path = ROOT) -> set[str]:
    """Return the files of the packages in the source, as a wheel names them."""
    found = set()
    for folder in package_folders(root):
        for path in (root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".pyo"):
                found.add(path.relative_to((root / folder).parent).as_posix())
    return found


def wheel_faults(wheel: Path, root: Path = ROOT) -> list[str]:
    """Say what a wheel holds that it should not, and what it lacks."""
    with zipfile.ZipFile(wheel) as archive:
        names = {n for n in archive.namelist() if not n.endswith("/")}
    wanted, packages = package_files(root), {p.name for p in package_folders(root)}
    inside = {n for n in names if not PurePosixPath(n).parts[0].endswith(".dist-info")}
    info = {PurePosixPath(n).name for n in names - inside}
    found = [f"{n} is missing" for n in sorted(wanted - inside)]
    found += [f"{n} is no file of the packages" for n in sorted(inside - wanted)]
    found += [f"{n} lies outside the packages" for n in sorted(inside) if PurePosixPath(n).parts[0] not in packages]
    found += [f"{p}/py.typed is missing" for p in sorted(packages) if f"{p}/py.typed" not in names]
    found += [f"{n} of the metadata is missing" for n in ("METADATA", "entry_points.txt", "LICENSE") if n not in info]
    return list(dict.fromkeys(found))


def sdist_faults(sdist: Path, root: Path = ROOT) -> list[str]:
    """Say what an sdist lacks to build from, to read, and to test; and what it holds that is nobody's business."""
    with tarfile.open(sdist) as archive:
        names = {PurePosixPath(*PurePosixPath(m.name).parts[1:]).as_posix() for m in archive if m.isfile()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "PKG-INFO", "tests/conftest.py"}
    for folder in package_folders(root):
        wanted |= {(folder.parent / n).as_posix() for n in package_files(root) if n.startswith(f"{folder.name}/")}
    found = [f"{n} is missing" for n in sorted(wanted - names)]
    odd = ("__pycache__", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".git")
    found += [f"{n} has no place in it" for n in sorted(names) if set(PurePosixPath(n).parts) & set(odd)]
    return found
