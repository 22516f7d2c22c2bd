"""OME-XML for a TIFF that has no description at all, so that a block can be embedded into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError, WriteError

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document

#: What the reader calls a TIFF of no family.
FORMAT = "TIFF"
_HINT = "write a sidecar instead (leave out --embed)"


def base_xml(path: Path, document: Document) -> bytes | None:
    """Return OME-XML of a TIFF without ImageDescription, made from its Document and the sizes of its pixels.

    Parameters
    ----------
    path : Path
    document : Document
        Of this file.

    Returns
    -------
    bytes or None
        None where the file has a description, or is of a family of TIFF that states its metadata elsewhere.

    Raises
    ------
    WriteError
        If nothing tells what its pages are, or its pixels are not those that the Document states.
    """
    from nbo_extract.writers.tiff import read_base_xml

    if document.origin.format != FORMAT or read_base_xml(path) is not None:
        return None
    from nbo_extract.ome_document import to_ome_xml
    from nbo_extract.pixels import fits, open_pixels

    try:
        pixels = open_pixels(path, "ome-tiff")
    except NboExtractError as error:
        raise WriteError(f"{error.message}; {_HINT}") from error
    try:
        differs = fits(document, pixels)
        if differs:
            raise WriteError(f"{path} is left as it is, because {differs}; {_HINT}")
        return to_ome_xml(document, images=pixels.images, tiff_data=[0] * len(pixels.images))
    finally:
        pixels.close()
