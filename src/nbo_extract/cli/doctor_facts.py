"""What the command `doctor` tells: gathered as plain data, without anything that names a person or a place."""

from __future__ import annotations

import importlib
import locale
import os
import platform
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from nbo_extract import __version__
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import ADAPTERS, readers
from nbo_extract.schema import VERSIONS
from nbo_extract.tables import table_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nbo_extract.record import ReaderInfo

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")
#: Extras for those who work on the product itself, and the one that is all others.
_UNTOLD: Final = frozenset({"test", "lint", "docs", "crate", "all"})
# An absolute path, or one below a home folder; what stands in a URL or between two words is none.
_PATH = re.compile(r"""(?<![\w.:/\\~-])(?:~|[A-Za-z]:)?(?:[/\\]+[^\s/\\'",;:()\[\]]+)+[/\\]?""")
# What the product and its variables are called, but for a host that is called so with more to it.
_OWN = re.compile(r"(?<![\w.-])(nbo-extract|NBO_[A-Z_]+)(?![\w-]|\.\w)")
#: Names that say nothing of anybody.
_PLAIN: Final = frozenset({"", "root", "localhost"})


class Privacy:
    """Takes out of texts what names a person or a place: paths but for the name of the file, users and hosts."""

    def __init__(self) -> None:
        environment = os.environ
        self._files = {v for k, v in environment.items() if k.startswith("NBO_") and os.path.isabs(v)}
        folders = {os.path.expanduser("~"), sys.prefix, sys.base_prefix, os.getcwd()}
        folders |= {os.path.dirname(f) for f in self._files}
        # Folders with blanks in their names are known only as a whole; the longest goes first.
        whole = self._files | folders | set(map(os.path.realpath, folders))
        self._whole = sorted((w for w in whole if len(w) > 1), key=lambda w: (-len(w), w))
        names = {environment.get(n, "") for n in ("USER", "LOGNAME", "LNAME", "USERNAME", "HOSTNAME", "COMPUTERNAME")}
        names |= {platform.node(), platform.node().partition(".")[0], os.path.basename(os.path.expanduser("~"))}
        names |= _account()
        self._names = sorted(names - _PLAIN, key=lambda n: (-len(n), n))

    def __call__(self, text: str) -> str:
        """Return a text without them."""
        for place in self._whole:
            text = text.replace(place, f"/…/{os.path.basename(place)}" if place in self._files else "/…")
        # A user whose name is a part of the product's, as the container has one, leaves it whole: it is to be typed.
        parts = _OWN.split(_PATH.sub(_last, text))
        for name in self._names:
            pattern = re.compile(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", re.IGNORECASE)
            parts[::2] = [pattern.sub("…", part) for part in parts[::2]]
        return "".join(parts)


def _last(match: re.Match[str]) -> str:
    """Return the name at the end of a path."""
    name = re.split(r"[/\\]", match[0].rstrip("/\\"))[-1]
    return "…" if name == "…" else f"…/{name}"


def _account() -> set[str]:
    try:
        import pwd

        return {pwd.getpwuid(os.getuid()).pw_name}
    except (ImportError, KeyError):
        return set()


def gather() -> dict[str, Any]:
    """Return all that is told, in the order in which it is shown; `missing` counts what every installation has."""
    private = Privacy()
    libraries, absent = _libraries(needed())
    own = [_reader(r, private) for r in sorted(readers(), key=lambda r: r.name) if r.rank < ADAPTERS]
    return {
        "nbo-extract": __version__,
        "python": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "bits": 64 if sys.maxsize > 2**32 else 32,
            "environment": _environment(),
        },
        "system": {
            "name": platform.system(),
            "release": private(platform.release()),
            "machine": platform.machine(),
            "libc": " ".join(platform.libc_ver()).strip(),
            "processors": os.cpu_count(),
            "encoding": locale.getpreferredencoding(False),
            "file_names": sys.getfilesystemencoding(),
        },
        "variables": sorted(n for n in os.environ if n.startswith("NBO_") or n == "JAVA_HOME"),
        "nbo": list(VERSIONS),
        "mapping_tables": list(table_names()),
        "libraries": libraries,
        "extras": _extras(),
        "readers": own,
        "adapters": [
            {"name": r.name, "status": list(map(private, _status(r)))} for r in readers() if r.rank >= ADAPTERS
        ],
        "missing": absent + sum(r["broken"] for r in own),
    }


def _environment() -> str:
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        return "conda"
    return "virtual" if sys.prefix != sys.base_prefix else "system"


def _libraries(names: Iterable[str]) -> tuple[dict[str, str | None], int]:
    found = {name: _version(name) for name in names}
    return found, sum(v is None for v in found.values())


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _stated() -> Sequence[str]:
    try:
        return metadata.requires("nbo-extract") or []
    except metadata.PackageNotFoundError:
        return []


def needed() -> list[str]:
    """Return the libraries that every installation has, as the package itself names them."""
    found = [m[0] for text in _stated() if not _EXTRA.search(text) and (m := _NAME.match(text))]
    return sorted(found, key=str.lower)


def _extras() -> dict[str, dict[str, str | None]]:
    """Return the extras, and the version of each library of theirs; None for what is not installed."""
    found: dict[str, dict[str, str | None]] = {}
    for text in _stated():
        extra, name = _EXTRA.search(text), _NAME.match(text)
        if extra is not None and name is not None and extra[1] not in _UNTOLD:
            found.setdefault(extra[1], {})[name[0]] = _version(name[0])
    return dict(sorted(found.items()))


def _reader(reader: ReaderInfo, private: Privacy) -> dict[str, Any]:
    broken = False
    try:
        module = importlib.import_module(reader.open.partition(":")[0])
        # A reader by a library that is no part of every installation says what it lacks; that is no fault.
        lack = module.missing() if hasattr(module, "missing") else ""
        state = f"not ready: {private(lack)}" if lack else "ready"
    except ImportError as error:
        # A format whose library is an extra is optional.
        broken = not reader.requires
        way = f"; pip install 'nbo-extract[{reader.requires}]'" if reader.requires else ""
        state = f"cannot be used: {private(str(error))}{way}"
    about = {"name": reader.name, "formats": list(reader.formats), "endings": list(reader.suffixes)}
    return {**about, "state": state, "broken": broken}


def _status(adapter: ReaderInfo) -> list[str]:
    try:
        found: list[str] = function(adapter.status)() if adapter.status else []
    except (ImportError, NboExtractError) as error:
        return [f"cannot be used: {error}"]
    return found or ["ready"]


def function(place: str) -> Any:
    """Return what an entry ``module:function`` names."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
