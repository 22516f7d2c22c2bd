"""Which reader reads a path: by content, then by name; readers come by entry point."""

from __future__ import annotations

import codecs
import functools
import importlib
import os
import re
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from nbo_extract.errors import NboExtractError, UnsupportedFormatError
from nbo_extract.stores import is_url, plain, shown
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.record import RawRecord, ReaderInfo

GROUP = "nbo_extract.readers"
_HEAD = 4096
#: How a TIFF begins: classic and BigTIFF, in both byte orders.
TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# Readers of this rank and above stand for libraries that read many formats.
ADAPTERS = 10

# What a refusal calls the content of pictures, which are images but of no microscope.
_PICTURES = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
)
# The same of files that are often met and are no images, or not yet readable.
_SEEN = (
    *_PICTURES,
    (b"\x89HDF", "an HDF5 file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an OLE compound file"),
    (b"\xda\xce\xbe\x0a", "a Nikon ND2 file"),
    (b"\x70\x00\x00\x00", "a Leica LIF file"),
    (b"%PDF", "a PDF document"),
    (b"<?xml", "an XML document"),
    (b"{", "a JSON document"),
)


@functools.cache
def readers() -> tuple[ReaderInfo, ...]:
    """Return the installed readers: by rank, longest suffix, name, so that the order is always the same."""
    found = [point.load() for point in entry_points(group=GROUP)]
    return tuple(sorted(found, key=lambda r: (r.rank, -max(map(len, r.suffixes), default=0), r.name)))


def head(path: str) -> bytes:
    """Return the first bytes of a file, empty for a directory and for a URL.

    Raises
    ------
    UnsupportedFormatError
        If the path cannot be opened.
    """
    if is_url(path) or os.path.isdir(path):
        return b""
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise UnsupportedFormatError(_unreadable(path, error)) from error


def _unreadable(path: str, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path}: there is no such file; check the path"
    if isinstance(error, PermissionError):
        return f"{path}: no permission to read it; ask its owner for read access"
    return f"{path}: cannot be read ({error.strerror}); check the disk or the network share"


def find_reader(path: str, name: str | None = None) -> ReaderInfo | None:
    """Return the reader of a path, or None where none takes it.

    Parameters
    ----------
    path : str
    name : str, optional
        Reader that the user asks for.

    Raises
    ------
    UnsupportedFormatError
        If the path cannot be opened or the named reader does not exist.
    """
    if name is not None:
        chosen = next((r for r in readers() if r.name == name), None)
        if chosen is None:
            raise UnsupportedFormatError(f"{path}: {no_reader(name)}")
        return chosen
    return next(_fitting(path), None)


def no_reader(name: str) -> str:
    """Say that there is no reader of a name, and which may be meant; its format or an ending of its files will do."""
    words: dict[str, str] = {}
    for reader in readers():
        for word in (*reader.formats, *reader.suffixes, *(w for f in reader.formats for w in f.split())):
            words.setdefault(word, reader.name)
    known = [r.name for r in readers()]
    hint = meant(name, known, f"installed readers: {', '.join(known)}", least=0.7, words=words)
    return f"there is no reader {name}; {hint}"


def _fitting(path: str) -> Iterator[ReaderInfo]:
    """Yield the readers that may take a path, in the order in which they are to be asked."""
    if is_url(path):
        yield from (r for r in readers() if r.remote)
        return
    start = head(path)
    directory = os.path.isdir(path)
    lower = path.replace("\\", "/").rstrip("/").lower()
    # What a reader of one format recognises by content is not left to a library that knows it by name.
    own = [r for r in readers() if (r.directory == directory or (r.archives and start)) and r.rank < ADAPTERS]
    fitting = [r for r in own if r.sniff(start, path if r.directory else lower)]
    if fitting:
        yield next((r for r in fitting if lower.endswith(r.suffixes)), fitting[0])
        return
    for adapter in (r for r in readers() if r.directory == directory and r.rank >= ADAPTERS):
        if adapter.sniff(start, lower if not directory else path):
            yield adapter


def candidates(path: str, name: str | None = None) -> list[ReaderInfo]:
    """Return the readers that may take a path, in the order in which they are to be asked; the named one alone.

    Raises
    ------
    UnsupportedFormatError
        If the path cannot be opened or the named reader does not exist.
    """
    if not is_url(path) and not os.path.exists(path):
        if re.match(r"(s3|https?):/[^/]", path):  # a Path takes one of the slashes
            raise UnsupportedFormatError(f"{path}: a URL is given as a text, not as a Path")
        raise UnsupportedFormatError(f"{path}: there is no such file; check the path")
    if name is not None:
        chosen = find_reader(path, name)
        assert chosen is not None  # noqa: S101 - a name without a reader is an error
        if is_url(path) and not chosen.remote:
            raise UnsupportedFormatError(f"{shown(path)}: the reader {name} takes no URLs; copy the image to a disk")
        return [chosen]
    return [_refined(r, path) if r.refine else r for r in _fitting(path)]


def read(path: str | Path, name: str | None = None) -> RawRecord:
    """Read the vendor metadata of a path.

    Raises
    ------
    UnsupportedFormatError
        If no reader takes it; the message says what was seen.
    CorruptFileError
        If its reader finds it damaged beyond a partial result.
    """
    text = plain(os.fspath(path))
    reasons: list[NboExtractError] = []
    for info in candidates(text, name):
        try:
            return _read(text, info)
        except NboExtractError as error:
            if name is not None or info.rank < ADAPTERS:
                raise
            # Of several libraries that know the ending the next may know the file.
            reasons.append(error)
    if not reasons:
        raise UnsupportedFormatError(refusal(text))
    # What its content is says more than why libraries that know its ending do not take it.
    if misnamed := _misnamed(text, head(text)):
        raise UnsupportedFormatError(misnamed)
    first, *others = reasons
    told = "".join(f"; {e.message.removeprefix(text).lstrip(': ')}" for e in others)
    raise type(first)(first.message + told) from first


def _read(text: str, info: ReaderInfo) -> RawRecord:
    try:
        record: RawRecord = function(info.open)(text)
    except OSError as error:
        raise UnsupportedFormatError(_unreadable(text, error)) from error
    except ImportError as error:
        extra = f"[{info.requires}]" if info.requires else ""
        way = f"pip install 'nbo-extract{extra}'"
        raise UnsupportedFormatError(
            f"{text}: the reader {info.name} cannot be used, a library is missing ({error}); install it with {way}"
        ) from error
    except MemoryError as error:
        raise NboExtractError(f"{text}: not enough memory to read its metadata; close other programs") from error
    return record


def function(place: str) -> Any:
    """Return the function that a text ``module:function`` names."""
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)


def _refined(info: ReaderInfo, path: str) -> ReaderInfo:
    """Return the reader of the family of formats that a file belongs to by its content."""
    better = function(info.refine)(path)
    return next((r for r in readers() if r.name == better), info)


def refusal(path: str) -> str:
    """Return the sentence that says why no reader takes a path."""
    # A name of a format may hold commas itself.
    formats = "; ".join(f for r in sorted(readers(), key=lambda r: r.name) if r.rank < ADAPTERS for f in r.formats)
    readable = f"readable formats: {formats}"
    if os.path.isdir(path):
        return f"{path}: this folder holds no image that can be read; {readable}"
    start = head(path)
    if not start:
        return f"{path}: the file is empty; copy it again from the microscope"
    if misnamed := _misnamed(path, start):
        return misnamed
    lower = path.lower()
    seen = _seen(start)
    if any(start.startswith(magic) for magic, _ in _PICTURES):
        return f"{path}: {seen}, not a microscope format; give the file that the microscope wrote; {readable}"
    others = [r for r in readers() if r.rank >= ADAPTERS and lower.endswith(r.suffixes)]
    found = [r.way(lower) if r.way else f"pip install 'nbo-extract[{r.requires}]'" for r in others if r.requires]
    ways = " or ".join(filter(None, found))
    hint = f"; a reader for its ending comes with {ways} (see nbo-extract doctor)" if ways else ""
    unknown = f"unknown content ({start[:8].hex(' ')} …)"
    return f"{path}: not an image that can be read, it looks like {seen or unknown}; {readable}{hint}"


def _misnamed(path: str, start: bytes) -> str:
    """Say that a file is named like an image of a format that is read, and is none; empty for other names."""
    named = [s for r in readers() if r.rank < ADAPTERS for s in r.suffixes if path.lower().endswith(s)]
    if not start or not named:
        return ""
    seen = _seen(start)
    content = f"is {seen}" if seen else f"is not that of such a file (it begins with {start[:8].hex(' ')})"
    return (
        f"{path}: its name ends in {max(named, key=len)}, but its content {content}; copy it again from the "
        "microscope, or give the image that is meant"
    )


def _seen(start: bytes) -> str:
    """Say what a file is by how it begins; empty where it is not known."""
    known = next((text for magic, text in _SEEN if start.startswith(magic)), "")
    return known or ("plain text" if _is_text(start) else "")


def _is_text(start: bytes) -> bool:
    try:
        # The last character may be cut.
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c in "\t\r\n\f\ufeff" for c in text)
