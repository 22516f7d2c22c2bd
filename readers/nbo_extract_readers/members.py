"""The files of a set by what a file says of them, without reading what else it states.

Each function gives the files that the record of its reader would list. A walk through a folder asks for each file.
"""

from __future__ import annotations

import os
import re

from nbo_extract.errors import NboExtractError
from nbo_extract.registry import TIFF_MAGIC, read
from nbo_extract_readers._ome_xml import looks_like_ome
from nbo_extract_readers._tiff_pages import Pages

_MICRO_MANAGER = 51123
_ROOT_UUID = re.compile(rb"""<(?:[\w.\-]+:)?OME\s(?:[^>]*?\s)?UUID\s*=\s*["']([^"']*)["']""")
_NAMED = re.compile(rb"""<(?:[\w.\-]+:)?UUID\s+FileName\s*=\s*"([^"&<]*)"\s*>([^<&]*)<""")
# What makes the text of a document more than its elements, or hides them from a search for names.
_NOT_PLAIN = (b"BinaryOnly", b"<!--", b"<!DOCTYPE", b"StructuredAnnotations")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_NOTES = re.compile(rb"<((?:[\w.\-]+:)?StructuredAnnotations)[\s>].*?</\1\s*>", re.DOTALL)


def of_tiff(path: str) -> tuple[str, ...]:
    """Return the files of the set that a TIFF, or the companion file of OME-TIFFs, belongs to.

    Parameters
    ----------
    path : str

    Returns
    -------
    tuple of str
        Absolute paths, the file itself first.

    Raises
    ------
    NboExtractError
        If the file, or the metadata file that it names, cannot be read.
    """
    from nbo_extract_readers.tiff_family import BROKEN, beside_metadata, family_of

    try:
        with open(path, "rb") as handle:
            if handle.read(4) not in TIFF_MAGIC:
                return read(path).files
            pages = Pages(handle, wide=path.lower().endswith(".ndpi"))
            first = pages.directory(pages.first)
            family = family_of(pages, first)
            if family in ("", "imagej") and beside_metadata(path):
                family = "micro-manager"
            if family == "micro-manager" and _MICRO_MANAGER not in first.entries:
                return read(path).files
            if family not in ("", "micro-manager"):
                return _alone(path)
            description = pages.data(first.entries.get(270))
    except OSError as error:
        raise NboExtractError(f"{path} cannot be read ({error.strerror or error})") from error
    except BROKEN:
        # Damage is left to the reader: it knows what may be missing.
        return read(path).files
    return _of_description(path, description)


def _alone(path: str) -> tuple[str, ...]:
    return (os.path.abspath(path),)


def _of_description(path: str, description: bytes) -> tuple[str, ...]:
    if not looks_like_ome(description) or not (b"FileName" in description or b"BinaryOnly" in description):
        return _alone(path)
    quick = _quick(path, description)
    return read(path).files if quick is None else quick


def _quick(path: str, description: bytes) -> tuple[str, ...] | None:
    """Return the files that plain OME-XML names; None where it has to be parsed."""
    from nbo_extract_readers.ome_tiff import beside

    text = description.strip(b"\0 \t\r\n")
    if b"<![CDATA[" in text:
        return None
    if b"<!--" in text:
        text = _COMMENT.sub(b"", text)
    if b"StructuredAnnotations" in text:
        text = _NOTES.sub(b"", text)
    if any(sign in text for sign in _NOT_PLAIN) or not text.endswith(b"OME>"):
        return None
    named = _NAMED.findall(text)
    if len(named) != text.count(b"FileName"):
        return None
    uuid = _ROOT_UUID.search(text)
    own = uuid.group(1) if uuid is not None else b""
    members: dict[bytes, bytes] = {}
    for name, identity in named:
        members.setdefault(name, identity.strip())
    folder = os.path.dirname(path)
    files = [os.path.abspath(path)]
    for stated, identity in members.items():
        if not stated or (own and identity == own):
            continue
        try:
            name = beside(folder, stated.decode())
        except (UnicodeDecodeError, ValueError):
            return None
        if name:
            files.append(os.path.abspath(os.path.join(folder, name)))
    return tuple(dict.fromkeys(files))


def of_olympus(path: str) -> tuple[str, ...]:
    """Return the settings file of an OIF and the files of its folder; an OIB is one file.

    Raises
    ------
    NboExtractError
        If the folder cannot be listed.
    """
    if not path.lower().endswith(".oif"):
        return _alone(path)
    from nbo_extract_readers.olympus import files_folder

    try:
        folder = files_folder(path)
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    except OSError as error:
        raise NboExtractError(f"{path}: its folder cannot be listed ({error.strerror or error})") from error
    return (*_alone(path), *(os.path.abspath(os.path.join(folder, name)) for name in names))


def of_deltavision(path: str) -> tuple[str, ...]:
    """Return an image and the log beside it."""
    from nbo_extract_readers.deltavision_log import log_path

    log = log_path(path)
    return _alone(path) if log is None or not os.access(log, os.R_OK) else (*_alone(path), os.path.abspath(log))


def of_leica(path: str) -> tuple[str, ...]:
    """Return the files that a project refers to; a LIF or LOF is one file.

    Raises
    ------
    NboExtractError
        If the project cannot be read.
    """
    return read(path).files if path.lower().endswith((".xlef", ".xlcf", ".xlif", ".xllf")) else _alone(path)


def of_czi(path: str) -> tuple[str, ...]:
    """Return the files of an image that was saved as several, told by the name of the second.

    Raises
    ------
    NboExtractError
        If the first file of several cannot be read.
    """
    stem = os.path.splitext(path)[0]
    second = any(os.path.isfile(f"{stem}{space}(1).czi") for space in ("", " "))
    return read(path).files if second else _alone(path)
