"""Whether something has changed since: cheap marks of images, and digests of what is done with them."""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import fields, is_dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.cli.configured import Loaded
    from nbo_extract.cli.work import Job

#: Parts of what is done, and what is said where one of them has changed.
PARTS = {
    "options": "other options are given",
    "hardware": "other descriptions are given",
    "config": "its configuration has changed",
    "product": "nbo-extract or its tables have changed",
}
#: What of a job changes nothing in what is written.
_IDLE = frozenset(
    {
        "hardware",
        "configured",
        "threads",
        # What was read from there is told by its digest.
        "named",
        "strict",
        "dry_run",
        "backup",
        "verify_pixels",
        "follow_links",
        "remember",
        "keys",
    }
)


def stamp(path: str, files: Iterable[str] = ()) -> str:
    """Return a mark of an image that differs when the image has changed: sizes and times of its files.

    Parameters
    ----------
    path : str
        File, or folder of an OME-Zarr, of which the metadata files count.
    files : iterable of str
        The other files of its set.

    Returns
    -------
    str
        Empty where there is nothing.
    """
    if os.path.isdir(path):
        from nbo_extract.fingerprint import counted_files

        return _of([os.path.join(path, *name.split("/")) for name in counted_files(path)])
    return _of([path, *files])


def _of(paths: list[str]) -> str:
    parts = []
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            parts.append("-")
            continue
        parts.append(f"{status.st_size}:{status.st_mtime_ns}")
    if len(parts) == 1:
        return parts[0] if parts[0] != "-" else ""
    return f"{len(parts)}/{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:32]}" if parts else ""


@functools.cache
def product() -> str:
    """Return the digest of this version and of all its tables."""
    digest = hashlib.sha256(__version__.encode())
    waiting = [resources.files("nbo_extract_mappings")]
    while waiting:
        place = waiting.pop()
        for entry in sorted(place.iterdir(), key=lambda e: e.name):
            if entry.is_dir():
                if not entry.name.startswith("__"):
                    waiting.append(entry)
            elif entry.name.endswith((".toml", ".json", ".txt", ".csv")):
                digest.update(entry.name.encode() + b"\0" + entry.read_bytes())
    return digest.hexdigest()[:16]


class Work:
    """Digests of what is done with images, by its parts.

    Parameters
    ----------
    job : Job
    """

    def __init__(self, job: Job) -> None:
        options = [(f.name, _plain(getattr(job, f.name))) for f in fields(job) if f.name not in _IDLE]
        self._options = _digest(options)
        self._hardware = _digest(sorted(s.sha256 for s in job.hardware))
        self._configured = job.configured
        self._known: dict[int, str] = {}

    def of(self, path: str) -> dict[str, str]:
        """Return the digests for one image."""
        return {
            "options": self._options,
            "hardware": self._hardware,
            "config": self._config(path),
            "product": product(),
        }

    def _config(self, path: str) -> str:
        from nbo_extract.errors import NboExtractError

        try:
            loaded = self._configured.of(path)
        except NboExtractError as error:
            return _digest(error.message)
        if loaded is None:
            return ""
        if id(loaded) not in self._known:
            self._known[id(loaded)] = _of_config(loaded)
        return self._known[id(loaded)]


def _of_config(loaded: Loaded) -> str:
    stored = sorted(s.sha256 for s in loaded.stored)
    pinned = sorted(s.sha256 for found in loaded.pinned.values() for s in found)
    return _digest((loaded.config.sha256, stored, pinned))


def _plain(value: Any) -> Any:
    """Return a value as lists and texts: the same text in every process, which sets do not have."""
    if is_dataclass(value):
        return [(f.name, _plain(getattr(value, f.name))) for f in fields(value)]
    if isinstance(value, frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, dict):
        return sorted((k, _plain(v)) for k, v in value.items())
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
