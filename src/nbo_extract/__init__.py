"""nbo-extract: extract, complete, check and embed 4DN-BINA-OME (NBO) microscopy metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbo_extract.api import convert as convert
    from nbo_extract.api import embed as embed
    from nbo_extract.api import extract as extract
    from nbo_extract.api import restore as restore
    from nbo_extract.checking import check as check
    from nbo_extract.completing import complete as merge

__version__ = "0.1.0"
__all__ = ["check", "convert", "embed", "extract", "merge", "restore"]

_HOMES = {
    "check": "nbo_extract.checking",
    "convert": "nbo_extract.api",
    "embed": "nbo_extract.api",
    "extract": "nbo_extract.api",
    "merge": "nbo_extract.completing",
    "restore": "nbo_extract.api",
}
_NAMES = {"merge": "complete"}


def __getattr__(name: str) -> Any:
    # Imported on use: `import nbo_extract` and `--help` stay fast.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), _NAMES.get(name, name))
