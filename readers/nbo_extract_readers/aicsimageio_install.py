"""Makes the Python environment in which aicsimageio runs: complete or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError
from nbo_extract_readers._library_host import Worker, WorkerError
from nbo_extract_readers.formats_adapters import AICSIMAGEIO_VERSION, aicsimageio_folder, python_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: Versions of Python for which the list of packages was made and tried; lxml 4.9.4 has no wheel for later ones.
PYTHONS = ("3.12", "3.11", "3.10")
_SECONDS = 3600


def install(tell: Callable[[str], None]) -> None:
    """Make the environment, unless one that works is there.

    Parameters
    ----------
    tell : callable
        Is told the progress, a line each.

    Raises
    ------
    NboExtractError
        If it cannot be made; nothing of it is left then.
    """
    folder = aicsimageio_folder()
    versions = _try(python_in(folder)) if folder.is_dir() else {}
    if versions:
        tell(f"aicsimageio {versions.get('aicsimageio', '?')} is installed already, in {folder}")
        return
    base, version = find_python()
    pins = files("nbo_extract_readers").joinpath("aicsimageio_pins", f"{version}.txt").read_text(encoding="utf-8")
    packages = sum(1 for line in pins.splitlines() if "==" in line)
    made = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    try:
        tell(f"1/3 making an environment with Python {version} in {folder}")
        _remove(made)
        _make_folder(made.parent)
        _run([base, "-m", "venv", str(made)], "the environment cannot be made")
        python = python_in(made)
        listed = made / "pins.txt"
        listed.write_text(pins, encoding="utf-8")
        tell(f"2/3 installing aicsimageio {AICSIMAGEIO_VERSION} and what it needs, {packages} packages; some minutes")
        options = ["--no-deps", "--quiet", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
        _run([str(python), "-m", "pip", "install", *options, "-r", str(listed)], "its packages cannot be installed")
        tell("3/3 trying it")
        versions = _try(python, loud=True)
        _swap(made, folder)
    except OSError as error:
        raise NboExtractError(
            f"{folder}: the environment cannot be made ({error.strerror or error}); check space and permissions, or "
            "name another folder in NBO_EXTRACT_DATA"
        ) from error
    finally:
        _remove(made)
    tell(f"aicsimageio {versions.get('aicsimageio', '?')} is ready")


def find_python() -> tuple[str, str]:
    """Return a Python of a version that aicsimageio works with, and that version.

    Raises
    ------
    NboExtractError
        If there is none.
    """
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if own in PYTHONS:
        return sys.executable, own
    for version in PYTHONS:
        command = [found] if (found := shutil.which(f"python{version}")) else []
        if sys.platform == "win32" and shutil.which("py"):
            command = ["py", f"-{version}"]
        if not command:
            continue
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            # A name on the path may be a stub that starts nothing.
            text = "import sys; print('%d.%d' % sys.version_info[:2], sys.executable, sep='|')"
            done = subprocess.run(  # noqa: S603
                [*command, "-I", "-c", text], capture_output=True, text=True, timeout=60, check=True
            )
            stated, _, python = done.stdout.strip().partition("|")
            if stated == version and python:
                return python, version
    raise NboExtractError(
        f"aicsimageio needs a Python of version 3.10 to 3.12, and this one is {own}; install one of them, so that "
        "python3.12 (or 3.11, 3.10) runs it, and try again"
    )


def _try(python: Path, *, loud: bool = False) -> dict[str, str]:
    """Return the versions that an environment tells; none where it does not work, unless that is to be an error."""
    worker = Worker("aicsimageio", (str(python), "-I"))
    try:
        return worker.start()
    except WorkerError as error:
        if loud:
            raise NboExtractError(f"aicsimageio was installed but does not work: {error.message}") from error
        return {}
    finally:
        worker.close()


def _run(command: Sequence[str], problem: str) -> None:
    # What leads Python or pip elsewhere does so for this environment, not for that one.
    environment = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER")
    }
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NboExtractError(f"{problem}: it took more than {_SECONDS // 60} minutes; check the network") from error
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        told = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "no reason")
        raise NboExtractError(f"{problem}: {told[:300]}; check the network and try again")


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _swap(made: Path, folder: Path) -> None:
    """Put what was made in its place; another that does not work goes."""
    old = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    _remove(old)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
