"""The Python interface: each function is a pure call on paths and Documents."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nbo_extract import __version__
from nbo_extract.counting import counted
from nbo_extract.embedded import embedded_document
from nbo_extract.errors import CorruptFileError, UsageError, WriteError
from nbo_extract.findings import Finding
from nbo_extract.lift import lift
from nbo_extract.record import CUT_OFF
from nbo_extract.registry import ADAPTERS, TIFF_MAGIC, find_reader, head, read, readers
from nbo_extract.sidecars import is_sidecar, named_sidecar
from nbo_extract.stores import GROUP_FILES, is_url, plain, shown
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nbo_extract.converting.conversion import Kind, Options
    from nbo_extract.model import Document, Node
    from nbo_extract.record import RawRecord
    from nbo_extract.writers.block import Block, WriteResult

Planes = Literal["auto", "all", "none"]
# Above this number of planes a sidecar is mostly planes, which the image file states anyway.
AUTO_PLANES = 20_000


def extract(
    path: str | os.PathLike[str],
    *,
    reader: str | None = None,
    planes: Planes = "auto",
    embedded: bool = True,
    partial: bool = False,
    skip_rules: Collection[str] = (),
    noting: Callable[[RawRecord], None] | None = None,
) -> Document:
    """Read the metadata of an image and state it in the NBO model.

    Parameters
    ----------
    path : path-like
        A file, the directory of an OME-Zarr, or the URL of one as a text. Also a sidecar (``image.czi.nbo.xml``), which
        gives the Document that was written, with its provenance; the other parameters but `planes` are for images.
    reader : str, optional
        Name of the reader to use; by default it is chosen by content.
    planes : {'auto', 'all', 'none'}
        Whether facts of each plane are kept; ``auto`` keeps up to 20,000 planes of a file.
    embedded : bool
        Whether an NBO block that an earlier run embedded is the result. Without it, and before embedding again, the
        image's own metadata alone are.
    partial : bool
        Whether a file that is cut off is read as far as it goes. It has lost pixels, so by default it is refused.
    skip_rules : collection of str
        Named rules by which nothing is derived from what the file states (``nbo-extract mappings rules`` lists them),
        or ``all``.
    noting : callable, optional
        Is given what the reader handed over, before anything is stated from it.

    Returns
    -------
    Document
        With provenance, and with findings about what could not be stated.

    Raises
    ------
    UnsupportedFormatError
        If no reader takes the path.
    CorruptFileError
        If the file is damaged beyond a partial result.
    DocumentError
        If a sidecar is damaged.
    """
    if is_sidecar(path):
        stated = named_sidecar(path).document
        limit_planes(stated, planes)
        return stated
    record = read(os.fspath(path), reader)
    cut = next((f for f in record.findings if f.code == CUT_OFF), None)
    if cut is not None and not partial:
        raise CorruptFileError(f"{shown(os.fspath(path))}: {cut.message}")
    if noting is not None:
        noting(record)
    document = lift(record, rules_to_skip(skip_rules))
    if embedded:
        document = embedded_document(record, document) or document
    document.origin.versions = {"nbo-extract": __version__, **document.origin.versions}
    limit_planes(document, planes)
    return document


def rules_to_skip(names: Collection[str]) -> frozenset[str]:
    """Return the rules that names stand for; ``all`` is every rule.

    Raises
    ------
    UsageError
        If there is no rule of a name.
    """
    from nbo_extract.tables import load_rules

    if not names:
        return frozenset()
    known = load_rules()
    for name in names:
        if name != "all" and name not in known:
            hint = meant(name, known, f"known rules: {', '.join(known)}")
            raise UsageError(f"there is no rule {name}; {hint}")
    return frozenset(known) if "all" in names else frozenset(names)


def limit_planes(document: Document, planes: Planes) -> None:
    """Drop the planes of a Document in place, if they are not wanted or too many for ``auto``."""
    tables = [n for n in document.root.walk() if n.planes is not None]
    total = sum(len(n.planes) for n in tables if n.planes is not None)
    if planes == "all" or not total or (planes == "auto" and total <= AUTO_PLANES):
        return
    for node in tables:
        node.planes = None
    message = f"the facts of {counted(total, 'plane')} are left out; --planes all keeps them"
    document.findings.append(Finding("NBO156", "info", message, document.origin.file, "Plane"))


def without_planes(node: Node) -> Node:
    """Return a node and all below it without planes in columns."""
    return replace(node, planes=None, children=[without_planes(child) for child in node.children])


def make_block(document: Document) -> Block:
    """Return what is embedded of a Document: NBO XML without planes, which the image states itself, and provenance."""
    from nbo_extract.fills import core_fills
    from nbo_extract.jsonio import provenance_json, to_jsonld
    from nbo_extract.portable import portable
    from nbo_extract.writers.block import Block
    from nbo_extract.xmlio import to_xml

    document = portable(document)
    bare = replace(document, root=without_planes(document.root), findings=[], unmapped=[])
    return Block(
        to_xml(document, planes=False, prefix="nbo", declaration=False).strip(),
        provenance_json(document),
        to_jsonld(bare),
        core_fills(document),
        __version__,
    )


def embed(
    path: str | os.PathLike[str],
    document: Document,
    *,
    dry_run: bool = False,
    follow_links: bool = False,
    backup: bool = False,
    verify_pixels: bool = False,
) -> WriteResult:
    """Embed a Document into an OME-TIFF or OME-Zarr.

    Parameters
    ----------
    path : path-like
        Of an image of several files any one, also the companion file.
    document : Document
        From `extract` of this image, usually after `merge`.
    dry_run : bool
        Only say what would change.
    follow_links : bool
        Whether what symbolic links point to, and files with hard links, may be changed.
    backup : bool
        Whether a copy of what will be changed is kept beside it, as ``<name>.nbo-backup``.
    verify_pixels : bool
        Whether all image data are hashed before and after.

    Returns
    -------
    WriteResult
        After the file has been read back and compared.

    Raises
    ------
    WriteError
        If nothing was written; the file is as it was.
    """
    from nbo_extract.plain_tiff import base_xml
    from nbo_extract.writers._set_files import find_set, is_companion
    from nbo_extract.writers.block import Safety
    from nbo_extract.writers.ngff import embed_zarr
    from nbo_extract.writers.ome_set import embed_set
    from nbo_extract.writers.tiff import embed_tiff

    text = plain(os.fspath(path))
    block = make_block(document)
    safety = Safety(follow_links, backup, verify_pixels)
    if _is_zarr(text):
        return embed_zarr(text, block, dry_run=dry_run, safety=safety)
    place = Path(text)
    if head(str(place)).startswith(TIFF_MAGIC) or is_companion(place):
        found = find_set(place, follow_links=follow_links)
        if found is not None:
            return embed_set(found, block, dry_run=dry_run, safety=safety)
        made = base_xml(place, document)
        return embed_tiff(place, block, dry_run=dry_run, base_xml=made, safety=safety)
    raise WriteError(
        f"{place}: metadata are embedded into OME-TIFF and OME-Zarr alone, vendor files are never modified; "
        "leave --embed out to write a sidecar file beside it"
    )


def convert(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    kind: Kind,
    document: Document | None = None,
    *,
    reader: str | None = None,
    options: Options | None = None,
) -> WriteResult:
    """Write an image of any readable format as OME-TIFF or OME-Zarr, with all that is known of it.

    Parameters
    ----------
    path : path-like
    target : path-like
        What is written; must not exist.
    kind : {'ome-tiff', 'ome-zarr'}
    document : Document, optional
        From `extract` of this image, usually after `merge`; by default what the image states.
    reader : str, optional
        Name of the reader to use; by default it is chosen by content.
    options : Options, optional
        See `nbo_extract.converting.conversion.Options`.

    Returns
    -------
    WriteResult
        After the metadata have been read back and compared.

    Raises
    ------
    WriteError
        If it cannot be written; nothing is left behind then.
    CorruptFileError
        If pixels of the image are damaged, or are not those that the Document states.
    """
    from nbo_extract.converting.conversion import convert_image

    if document is None:
        document = extract(path, reader=reader, planes="all")
    return convert_image(Path(path), Path(target), kind, document, reader=reader, options=options)


def restore(path: str | os.PathLike[str], *, follow_links: bool = False) -> WriteResult:
    """Undo `embed`: the OME-TIFF gets its original bytes back, the OME-Zarr its original attributes.

    Parameters
    ----------
    path : path-like
    follow_links : bool
        Whether what symbolic links point to, and files with hard links, may be changed.

    Raises
    ------
    WriteError
        If the file was changed by somebody else since, or cannot be written.
    """
    from nbo_extract.writers._set_files import find_set, is_companion
    from nbo_extract.writers.block import Safety
    from nbo_extract.writers.ngff import restore_zarr
    from nbo_extract.writers.ome_set import restore_set
    from nbo_extract.writers.tiff import restore_tiff

    text = plain(os.fspath(path))
    if _is_zarr(text):
        return restore_zarr(text, safety=Safety(follow_links))
    place = Path(text)
    if not place.exists():
        raise WriteError(f"{place}: there is no such file; check the path")
    if head(str(place)).startswith(TIFF_MAGIC) or is_companion(place):
        found, safety = find_set(place, follow_links=follow_links), Safety(follow_links)
        return restore_tiff(place, safety=safety) if found is None else restore_set(found, safety=safety)
    raise WriteError(f"{place}: nothing can be embedded in such a file, so there is nothing to restore")


def embeddable(path: str | os.PathLike[str]) -> bool:
    """Whether something can be embedded: into an OME-Zarr, a companion file, an OME-TIFF, or a TIFF of one page.

    A TIFF that is named as a vendor's, or has a description of its own, is left to a sidecar.
    """
    from nbo_extract.writers._set_files import is_companion
    from nbo_extract.writers.tiff import takes_block

    text = plain(os.fspath(path))
    if _is_archive(text):
        return False
    place = Path(text)
    if not is_url(text) and is_companion(place):
        return True
    if not (place.is_file() and head(str(place)).startswith(TIFF_MAGIC)):
        return _is_zarr(text)
    chosen, lower = find_reader(str(place)), place.name.lower()
    if not takes_block(place):
        return False
    if chosen is None or lower.endswith(chosen.suffixes):
        return True
    return not any(lower.endswith(r.suffixes) for r in readers() if r.rank < ADAPTERS)


def _is_zarr(path: str) -> bool:
    """Whether a path is for the writer of OME-Zarr, which says what is wrong with it where something is."""
    if is_url(path) or _is_archive(path):
        return True
    place = Path(path)
    return place.is_dir() and any((place / name).is_file() for name in GROUP_FILES)


def _is_archive(path: str) -> bool:
    """Whether a path is a file that is read as an archive of an OME-Zarr."""
    if not os.path.isfile(path):
        return False
    chosen = find_reader(path)
    return chosen is not None and chosen.archives
