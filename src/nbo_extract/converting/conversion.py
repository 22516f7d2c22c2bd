"""From an image of any readable format to an OME-TIFF or OME-Zarr that states all that is known of it.

All is written under a spare name beside the target, embedded into, synced, read again and compared; the target appears
in one rename, whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from nbo_extract.converting import ome_tiff, ome_zarr
from nbo_extract.converting.checking_result import check_metadata, check_pixels, tells_planes
from nbo_extract.converting.document import converted_document
from nbo_extract.errors import WriteError
from nbo_extract.ome_document import to_ome_xml
from nbo_extract.pixels import TYPES
from nbo_extract.writers import _system
from nbo_extract.writers._system import SYSTEM, System
from nbo_extract.writers.block import WriteResult
from nbo_extract.writers.ngff import embed_zarr
from nbo_extract.writers.tiff import embed_tiff

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.model import Document
    from nbo_extract.pixels import PixelFile
    from nbo_extract.writers.block import Block

Kind = Literal["ome-tiff", "ome-zarr"]
#: Ending of what is written, by kind.
ENDINGS: Final = {"ome-tiff": ".ome.tiff", "ome-zarr": ".ome.zarr"}
#: Pixels get smaller by no more than this, as a rule: less room than this is clearly too little.
_SMALLEST: Final = 20
_RESERVE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """How an image is written.

    Attributes
    ----------
    compression : {'zlib', 'none'}
        Of an OME-TIFF; both keep every pixel.
    ngff : {'0.5', '0.4'}
        Version of an OME-Zarr.
    workers : int
        Number of threads that read and encode.
    verify_pixels : bool
        Whether all pixels of the result are read again and compared with those of the source.
    dry_run : bool
        Only say what would be written.
    """

    compression: str = "zlib"
    ngff: str = "0.5"
    workers: int = 1
    verify_pixels: bool = False
    dry_run: bool = False


def convert_image(
    path: Path,
    target: Path,
    kind: Kind,
    document: Document,
    *,
    reader: str | None = None,
    options: Options | None = None,
) -> WriteResult:
    """Open the pixels of an image and convert it; parameters, results and errors are those of `nbo_extract.convert`."""
    from nbo_extract.pixels import fits, open_pixels

    refuse_target(path, target)
    if kind == "ome-zarr":
        ome_zarr.require_zarr()
    pixels = open_pixels(path, reader)
    try:
        misfit = fits(document, pixels)
        if misfit:
            raise WriteError(f"{path}: {misfit}; write a sidecar instead (leave out --convert)")
        return write_converted(pixels, target, kind, document, options, source=path)
    finally:
        pixels.close()


def write_converted(
    pixels: PixelFile,
    target: Path,
    kind: Kind,
    document: Document,
    options: Options | None = None,
    *,
    source: Path,
    system: System = SYSTEM,
) -> WriteResult:
    """Write an image and its Document.

    Parameters
    ----------
    pixels : PixelFile
        In the order of the images of the Document, which they fit.
    target : Path
        Does not exist yet; its folder does.
    kind : {'ome-tiff', 'ome-zarr'}
    document : Document
    options : Options, optional
    source : Path
        Where the pixels come from.
    system : System
        The system calls of the steps around the pixels.

    Returns
    -------
    WriteResult
        State ``written`` or ``dry-run``; for the latter `bytes_added` is the size of the pixels before compression.

    Raises
    ------
    WriteError
        If it cannot be written; nothing is left behind then.
    CorruptFileError
        If pixels of the source are damaged.
    """
    options = options or Options()
    refuse_target(source, target)
    _refuse_types(pixels, source)
    size = _raw_size(pixels)
    if options.dry_run:
        return WriteResult(target, "dry-run", size)
    plain = kind == "ome-tiff" and options.compression == "none"
    _check_free(system, target, size if plain else size // _SMALLEST)
    spare = _system.spare_of(target)
    document = converted_document(document, pixels.images, interleaved=kind == "ome-tiff")
    try:
        with _locked(spare, kind, system):
            _write_pixels(pixels, spare, kind, document, options, source)
        _finish(spare, pixels, kind, document, options, source, system)
        system.replace(spare, target)
    except OSError as error:
        _remove(spare)
        raise WriteError(
            f"{target} could not be written: {_system.cause(error)}; nothing is left of it, {source} is as it was"
        ) from error
    except _Busy:
        raise
    except WriteError as error:
        _remove(spare)
        # Nobody but us knows the spare.
        raise WriteError(error.message.replace(str(spare), str(target))) from error
    except BaseException:
        _remove(spare)
        raise
    _system.sync_folder(system, target.parent)
    return WriteResult(target, "written", _size_of(target))


def refuse_target(source: Path, target: Path) -> None:
    """Check that nothing is where an image is to be written: images are never written over."""
    if os.path.lexists(target):
        if target.exists() and source.exists() and target.samefile(source):
            raise WriteError(
                f"{target}: this is the image itself, which is not written over; give another path with -o"
            )
        raise WriteError(
            f"{target}: there is a file of this name, which is not written over; give another path with -o"
        )
    if source.is_dir() and source.resolve() in target.resolve().parents:
        raise WriteError(f"{target}: this is inside of the image itself; give another path with -o")


def _refuse_types(pixels: PixelFile, source: Path) -> None:
    for number, image in enumerate(pixels.images):
        if image.dtype not in TYPES:
            raise WriteError(
                f"{source}: image {number} has pixels of the type {image.dtype}, which OME has no word for, so that it "
                "cannot be converted; write a sidecar instead (leave out --convert)"
            )
    if not pixels.images:
        raise WriteError(f"{source}: there are no pixels to convert; write a sidecar instead (leave out --convert)")


def _raw_size(pixels: PixelFile) -> int:
    import numpy as np

    return sum(i.t * i.c * i.z * i.y * i.x * i.samples * np.dtype(i.dtype).itemsize for i in pixels.images)


def _check_free(system: System, target: Path, needed: int) -> None:
    try:
        free = system.free(target.parent)
    except OSError:
        return  # a file system that does not say: the write itself will
    if free < needed + _RESERVE:
        raise WriteError(
            f"{target} is not written: {needed + _RESERVE} bytes are needed at the least and {free} are free on its "
            "disk; make room, or write it elsewhere with -o"
        )


# -- the spare --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(spare: Path, kind: Kind, system: System) -> Iterator[None]:
    """Make an empty spare file or folder that no other run writes; what an interrupted run left is removed."""
    found = spare.lstat() if os.path.lexists(spare) else None
    wanted_folder = kind == "ome-zarr"
    if found is not None and (stat.S_ISLNK(found.st_mode) or stat.S_ISDIR(found.st_mode) != wanted_folder):
        _remove(spare)
    if wanted_folder:
        spare.mkdir(exist_ok=True)
        if sys.platform == "win32":
            _empty(spare)
            yield
            return
    fd = system.open(spare, os.O_RDONLY if wanted_folder else os.O_RDWR | os.O_CREAT)
    with _system.closing(system, fd):
        if not system.lock(fd):
            raise _Busy(f"{spare} is being written by another run of nbo-extract: try again when that is done")
        if wanted_folder:
            _empty(spare)
        else:
            system.truncate(fd, 0)
        yield


class _Busy(WriteError):
    """Another run writes the same target: its spare is not ours to remove."""


def _empty(folder: Path) -> None:
    for child in folder.iterdir():
        _remove(child)


def _remove(spare: Path) -> None:
    with contextlib.suppress(OSError):
        if spare.is_dir() and not spare.is_symlink():
            shutil.rmtree(spare)
        else:
            spare.unlink(missing_ok=True)


def _size_of(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) if path.is_dir() else path.stat().st_size


# -- content ----------------------------------------------------------------------------------------------------------


def _write_pixels(
    pixels: PixelFile, spare: Path, kind: Kind, document: Document, options: Options, source: Path
) -> None:
    images = pixels.images
    if kind == "ome-zarr":
        ome_zarr.write_ome_zarr(
            spare,
            images,
            document.images,
            to_ome_xml(document, images=images),
            version=options.ngff,
            workers=options.workers,
            label=str(source),
        )
        return
    xml = to_ome_xml(document, images=images, tiff_data=ome_tiff.first_directories(images))
    # The block and a second copy of the OME-XML come behind the pixels.
    metadata = 2 * len(xml) + len(block_of(document).nbo_xml) * 4
    with spare.open("r+b") as stream:
        ome_tiff.write_ome_tiff(
            stream,
            images,
            xml,
            big=ome_tiff.is_big(images, metadata),
            compression=options.compression,
            workers=options.workers,
            label=str(source),
        )


def block_of(document: Document) -> Block:
    """Return the block of a converted image: planes are in it where they state what OME has no place for."""
    from nbo_extract.api import make_block
    from nbo_extract.jsonio import provenance_json
    from nbo_extract.portable import portable
    from nbo_extract.xmlio import to_xml

    block = make_block(document)
    if tells_planes(document):
        block = replace(block, nbo_xml=to_xml(document, prefix="nbo", declaration=False).strip())
    # The OME-XML was made from the Document: nothing is left to fill in.
    return replace(block, core_fills=(), provenance_json=provenance_json(portable(document)))


def _finish(
    spare: Path, pixels: PixelFile, kind: Kind, document: Document, options: Options, source: Path, system: System
) -> None:
    """Embed the block, wait for the disk, and compare what can be read again."""
    embed = embed_zarr if kind == "ome-zarr" else embed_tiff
    embed(spare, block_of(document), system=system)
    _sync(spare, system)
    check_metadata(spare, document, source)
    if options.verify_pixels:
        check_pixels(spare, pixels, kind, source, options.workers)


def _sync(spare: Path, system: System) -> None:
    """Wait until all is on the disk: after a power cut the final name must not stand for holes."""
    for path in [spare, *(sorted(spare.rglob("*")) if spare.is_dir() else ())]:
        if path.is_dir():
            _system.sync_folder(system, path)
            continue
        fd = system.open(path, os.O_RDWR)
        with _system.closing(system, fd):
            system.fsync(fd)
