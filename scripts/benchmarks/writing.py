"""Workloads that write: embedding into OME-TIFFs of many planes and of any size, and converting an image."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.files import many_planes, pixels
from benchmarks.floors import ome_tiff_floor
from benchmarks.measure import FLOOR, OURS, Taken, cold, warm
from benchmarks.reading import COLD, COMMAND, WARM

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Table
    from benchmarks.peers import Peers

LARGE = 2 * 1024**3
_OME_TYPES = "from ome_types import from_tiff\nimport sys, tifffile\np = sys.argv[1]\n"
_OME_TYPES += "tifffile.tiffcomment(p, from_tiff(p).to_xml().encode())"
_TIFFFILE = "import sys, tifffile\ntifffile.tiffcomment(sys.argv[1], open(sys.argv[2], 'rb').read())"


def _copy(path: Path, name: str) -> Path:
    """Return a copy; holes stay holes as far as the file system keeps them."""
    return Path(shutil.copy(path, path.with_name(f"{name}-{path.name}")))


def _longer(text: bytes) -> Callable[[], bytes]:
    """Return what gives a text that is longer each time: one of the same length would be written over the last."""
    number = count(1)
    return lambda: text + b"\n" * next(number)


def _set_comment(path: Path, text: Callable[[], bytes]) -> None:
    import tifffile

    tifffile.tiffcomment(path, text())


def _rewrite(path: Path) -> None:
    import tifffile
    from ome_types import from_tiff

    tifffile.tiffcomment(path, from_tiff(path).to_xml().encode())


def embed_warm(table: Table, peers: Peers, what: str, path: Path, rounds: int) -> None:
    """Embed a block that is there already, beside what puts the same OME-XML back."""
    from nbo_extract.api import extract, make_block
    from nbo_extract.writers.tiff import embed_tiff, read_base_xml, restore_tiff

    block, text = make_block(extract(path)), read_base_xml(path) or b""
    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: warm(lambda: embed_tiff(path, block), before=lambda: restore_tiff(path)),
        FLOOR: warm(ome_tiff_floor(_copy(path, "floor"))),
    }
    if peers.has("tifffile"):
        jobs["tifffile.tiffcomment"] = warm(partial(_set_comment, _copy(path, "tifffile"), _longer(text)))
        if peers.has("ome-types"):
            jobs["ome-types, read and written"] = warm(partial(_rewrite, _copy(path, "types")))
    embed_tiff(path, block)
    table.beside("Embed", what, WARM, jobs, rounds)
    restore_tiff(path)


def embed_cold(table: Table, peers: Peers, what: str, path: Path, rounds: int) -> None:
    """Run the whole command, which reads, checks and embeds, beside tools that are given their text."""
    from nbo_extract.writers.tiff import read_base_xml, restore_tiff

    text, longer = path.with_name("comment.xml"), _longer(read_base_xml(path) or b"")

    def lengthened() -> None:
        text.write_bytes(longer())

    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: cold([*COMMAND, str(path), "--embed", "-q"], before=lambda: restore_tiff(path)),
        "tiffcomment -set": peers.comment(_copy(path, "bioformats"), text, lengthened),
    }
    if peers.has("tifffile"):
        call = [sys.executable, "-c", _TIFFFILE, str(_copy(path, "tifffile")), str(text)]
        jobs["tifffile.tiffcomment"] = cold(call, before=lengthened)
        if peers.has("ome-types"):
            call = [sys.executable, "-c", _OME_TYPES, str(_copy(path, "types"))]
            jobs["ome-types, read and written"] = cold(call)
    table.beside("Embed", what, COLD, jobs, rounds)


def embedding(table: Table, peers: Peers, folder: Path, quick: bool) -> None:
    """Embed into OME-XML of many planes."""
    for number in (100, 10_000) if quick else (100, 10_000, 100_000):
        path = many_planes(folder, number)
        what = f"OME-XML of {number:,} planes"
        if quick and number > 100:
            table.leave(what, "ome-types, read and written")
        if number > 10_000:
            table.leave_slow(what, "Embed", "OME-XML of 10,000 planes", number / 10_000)
        embed_warm(table, peers, what, path, 7)
        if (quick and number == 100) or (not quick and number != 10_000):
            embed_cold(table, peers, what, path, 3)


def sizes(table: Table, peers: Peers, folder: Path, quick: bool) -> None:
    """Embed the same into a file of 2 MB and into one of 2 GB: the cost is not to depend on the pixels."""
    from nbo_extract.api import extract, make_block
    from nbo_extract.writers.tiff import embed_tiff, restore_tiff

    small, large = many_planes(folder, 101), many_planes(folder, 101, LARGE)
    block = make_block(extract(small))
    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: warm(lambda: embed_tiff(large, block), before=lambda: restore_tiff(large)),
        "the same in 2 MB": warm(lambda: embed_tiff(small, block), before=lambda: restore_tiff(small)),
    }
    for path in (small, large):
        embed_tiff(path, block)
    if peers.has("tifffile"):
        other = many_planes(folder, 102, LARGE)
        jobs["tifffile.tiffcomment"] = warm(partial(_set_comment, other, _longer(b"<OME/>" * 1000)))
    table.beside("Embed", "file of 2 GB", WARM, jobs, 9)
    if not quick:
        embed_cold_large(table, peers, large)


def embed_cold_large(table: Table, peers: Peers, path: Path) -> None:
    """Run the whole command on the large file beside ``tiffcomment``, which is given a file of the same kind."""
    from nbo_extract.writers.tiff import read_base_xml, restore_tiff

    restore_tiff(path)
    other, text = many_planes(path.parent, 103, LARGE), path.with_name("comment.xml")
    longer = _longer(read_base_xml(path) or b"")

    def lengthened() -> None:
        text.write_bytes(longer())

    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: cold([*COMMAND, str(path), "--embed", "-q"], before=lambda: restore_tiff(path)),
        "tiffcomment -set": peers.comment(other, text, lengthened),
    }
    table.beside("Embed", "file of 2 GB", COLD, jobs, 3)


def conversion(table: Table, peers: Peers, folder: Path, quick: bool) -> None:
    """Convert one image of 17 MB to an OME-TIFF that is packed."""
    path = pixels(folder)
    out, other, copied = folder / "ours.ome.tiff", folder / "theirs.ome.tiff", folder / "copied"

    def gone(file: Path) -> Callable[[], None]:
        return lambda: file.unlink(missing_ok=True)

    jobs: dict[str, Callable[[], Taken] | None] = {
        OURS: cold([*COMMAND, str(path), "--convert", "ome-tiff", "-o", str(out), "-q"], before=gone(out)),
        "bfconvert": peers.convert(path, other),
        "cp, which packs nothing": cold(["cp", str(path), str(copied)], before=gone(copied)),
    }
    table.beside("Convert", "image of 17 MB, zlib", COLD, jobs, 2 if quick else 5)
