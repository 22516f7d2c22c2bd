"""Leave folders out of a report: where files lie tells of people and machines."""

from __future__ import annotations

import os
import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.report.collect import FileReport

# Folders inside of one that is known, up to the name of the file.
_INSIDE = r"(?:[^/\s:;,()'\"]+/)*"


class Bare:
    """Shortens the paths of files to their names, wherever a report tells them.

    Parameters
    ----------
    paths : iterable of str
        Of files whose folders are left out; folders end in a slash. Relative ones are known as they are and in full.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        given = list(dict.fromkeys(filter(None, paths)))
        whole = sorted({p for p in given if "/" in p.rstrip("/")}, key=lambda p: (-len(p), p))
        folders = {_folder(p) for p in given if os.path.isabs(p) or "://" in p}
        folders |= {_folder(f(p)) for p in given if "://" not in p for f in (_absolute, _real)}
        known = sorted(folders - {"", "/"}, key=lambda p: (-len(p), p))
        # As they were given first: what is inside of a folder that is known ends at a blank, a name does not.
        parts = [rf"(?<![\w/])(?P<w{n}>{re.escape(p)})(?!\w)" for n, p in enumerate(whole)]
        parts += [rf"(?<![\w/]){re.escape(p)}{_INSIDE}" for p in known]
        self.names = {f"w{n}": _name(p) for n, p in enumerate(whole)}
        self.pattern = re.compile("|".join(parts)) if parts else None

    def text(self, text: str) -> str:
        """Return a text without the folders of the files that are known."""
        if self.pattern is None or ("/" not in text):
            return text
        return self.pattern.sub(lambda m: self.names.get(m.lastgroup or "", ""), text)

    def report(self, report: FileReport) -> FileReport:
        """Return the part of one file without folders; the file is called by its name alone."""
        found = replace(report, path=_name(report.path), stated_in=_name(report.stated_in))
        elements = tuple(
            e._replace(values=tuple(v._replace(file=_name(v.file)) for v in e.values)) for e in found.elements
        )
        told: FileReport = self._each(replace(found, elements=elements))
        return told

    def _each(self, thing: Any) -> Any:
        """Return plain data with all texts in it shortened."""
        if isinstance(thing, str):
            return self.text(thing)
        if isinstance(thing, tuple):
            parts = [self._each(part) for part in thing]
            return type(thing)(*parts) if hasattr(thing, "_fields") else tuple(parts)
        if is_dataclass(thing) and not isinstance(thing, type):
            return replace(thing, **{f.name: self._each(getattr(thing, f.name)) for f in fields(thing)})
        return {key: self._each(part) for key, part in thing.items()} if isinstance(thing, dict) else thing


def _name(path: str) -> str:
    return os.path.basename(path.rstrip("/"))


def _folder(path: str) -> str:
    return path if path.endswith("/") else path[: path.rfind("/") + 1]


def _absolute(path: str) -> str:
    return os.path.abspath(path) + ("/" if path.endswith("/") else "")


def _real(path: str) -> str:
    return os.path.realpath(path) + ("/" if path.endswith("/") else "")
