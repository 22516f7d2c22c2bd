"""What a Document says of its files when it is written: the same wherever they lie and however they were named."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.stores import is_url

if TYPE_CHECKING:
    from nbo_extract.model import Document


def portable(document: Document) -> Document:
    """Return a Document that names its image alone, and other files as seen from the folder of the image.

    Parameters
    ----------
    document : Document
        Unchanged; of an image behind a URL it is returned as it is.

    Returns
    -------
    Document
    """
    origin = document.origin
    if not origin.file or is_url(origin.file):
        return document
    folder = _folder(origin.file)

    def local(path: str) -> str:
        if path == origin.file:
            return os.path.basename(_bare(path)) or path
        if not path or is_url(path) or not os.path.isabs(path):
            return path
        try:
            return os.path.relpath(path, folder).replace(os.sep, "/")
        except ValueError:  # another drive of Windows
            return path

    files = tuple(local(f) for f in origin.files)
    findings = [replace(f, file=local(f.file)) for f in document.findings]
    return replace(document, origin=replace(origin, file=local(origin.file), files=files), findings=findings)


def locate(document: Document, image: str) -> None:
    """Let a Document that was read say where its image is, and its other files with it.

    Parameters
    ----------
    document : Document
        Changed in place.
    image : str
        Path of the image.
    """
    origin = document.origin
    written, origin.file = origin.file, image
    if is_url(image):
        return
    folder = _folder(image)
    origin.files = tuple(
        f if is_url(f) or os.path.isabs(f) else os.path.normpath(os.path.join(folder, *f.split("/")))
        for f in origin.files
    )
    document.findings = [replace(f, file=image) if f.file and f.file == written else f for f in document.findings]


def _bare(path: str) -> str:
    return path.rstrip("/" + os.sep)


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(_bare(path) or path))
