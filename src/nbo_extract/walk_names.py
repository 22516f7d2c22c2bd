"""Names in folders: what is passed over, and the globs by which a user takes or leaves files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbo_extract.config_keys import NAME, STUDY

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Endings of what this product writes beside images.
SIDECARS = (".nbo.xml", ".nbo.json", ".nbo.jsonld")
#: Ending of the copies that embedding keeps.
BACKUPS = ".nbo-backup"
TEMPORARY_START = (".", "~$", "._")
_TEMPORARY_END = ("~", ".tmp", ".temp", ".part", ".partial", ".crdownload", ".swp", ".lock")
_OF_SYSTEM = frozenset(
    {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "Thumbs.db", "ehthumbs.db", "desktop.ini"}
)
_PASSED_OVER_END = (*_TEMPORARY_END, *SIDECARS, BACKUPS)
# Acquisition software writes a small picture beside each image: image_thumb.tif, image_thumb_<GUID>.TIF.
_THUMBNAIL = re.compile(r"_thumb(?:_.*|\{?[0-9a-f]{8}-[0-9a-f-]{27}\}?)?\.(?:tiff?|bmp|jpe?g|png)", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:\.ome)?\.\w+\Z", re.IGNORECASE)
_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


def passed_over(name: str) -> bool:
    """Whether a name is hidden, temporary, a thumbnail, of the operating system, or of what this product writes."""
    return (
        name.startswith(TEMPORARY_START)
        or name.lower().endswith(_PASSED_OVER_END)
        or name in _OF_SYSTEM
        or name in (NAME, STUDY)
        or ("_thumb" in name.lower() and _thumbnail(name))
    )


def _thumbnail(name: str) -> bool:
    return _THUMBNAIL.fullmatch(name, name.lower().rindex("_thumb")) is not None


class Globs:
    """Patterns of paths below the folder that was given.

    A pattern without ``/`` is that of a name at any depth. ``*`` and ``?`` stand for what is within a name, ``**`` for
    whole folders. Upper and lower case are told apart but in the ending.

    Parameters
    ----------
    patterns : iterable of str

    Attributes
    ----------
    patterns : tuple of str
    unmatched : list of str
        Patterns that nothing matched up to now.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns = tuple(patterns)
        self._matched = [False] * len(self.patterns)
        self._compiled = [
            ("/" in p.rstrip("/"), _compiled(_slashes(p)), _compiled(_folded(_slashes(p)))) for p in self.patterns
        ]

    def __bool__(self) -> bool:
        return bool(self.patterns)

    @property
    def unmatched(self) -> list[str]:
        """Patterns that nothing matched up to now."""
        return [p for p, matched in zip(self.patterns, self._matched, strict=True) if not matched]

    def match(self, relative: str) -> bool:
        """Whether a path with ``/``, relative to the folder that was given, has one of the patterns."""
        if not self.patterns:
            return False
        name = relative.rpartition("/")[2]
        found = False
        for number, (whole, exact, folded) in enumerate(self._compiled):
            text = relative if whole else name
            if exact.fullmatch(text) or folded.fullmatch(_folded(text)):
                self._matched[number] = found = True
        return found


def _slashes(pattern: str) -> str:
    return pattern.removeprefix("./").strip("/")


def _folded(text: str) -> str:
    """Return a path or pattern with its ending in lower case."""
    return _SUFFIX.sub(lambda m: m.group().lower(), text)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(m.group()) for m in _PIECE.finditer(pattern)), re.DOTALL)


def _translated(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "**":
        return ".*"
    if piece in ("*", "?"):
        return "[^/]*" if piece == "*" else "[^/]"
    if piece.startswith("[") and len(piece) > 2:
        inner = piece[1:-1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        inner = f"^{inner[1:]}" if inner.startswith("!") else inner
        if inner in ("", "^"):
            return re.escape(piece)
        start = 1 if inner.startswith("^") else 0
        inner = inner[:start] + ("\\]" + inner[start + 1 :] if inner[start : start + 1] == "]" else inner[start:])
        try:
            re.compile(f"[{inner}]")
        except re.error:
            return re.escape(piece)
        return f"(?!/)[{inner}]"
    return re.escape(piece)
