"""Conversion: equal pixels and metadata, the same bytes for any number of threads, all or nothing, little memory."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import ome_types
import pytest
import tifffile
import zarr

from made_images import made, stating, whole, write
from nbo_extract.api import extract, restore
from nbo_extract.converting import conversion
from nbo_extract.converting.conversion import Options, write_converted
from nbo_extract.errors import CorruptFileError, WriteError
from nbo_extract.model import PlaneTable
from nbo_extract.ome_document import to_ome_xml
from nbo_extract.pixels import PixelFile, PixelImage
from nbo_extract.writers._system import System
from nbo_extract.xmlio import to_xml

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.converting.conversion import Kind

KINDS: tuple[Kind, ...] = ("ome-tiff", "ome-zarr")
IMAGES = {
    "hyperstack": (made(2, 2, 3),),
    "two images": (made(c=2, y=100), made(z=3, dtype="uint8")),
    "colour": (made(t=2, samples=3, dtype="uint8"),),
    "source in tiles": (made(y=2500, x=2100, tile=(256, 256)),),
    "source in planes": (made(y=2500, x=2100),),
    "source in strips": (made(y=2300, x=2060, tile=(100, 2060), dtype="float32"),),
    "odd tiles": (made(y=2100, x=2300, tile=(300, 300), dtype="int16"),),
    "colour in tiles": (made(y=2100, x=30, samples=3, dtype="uint8", tile=(64, 30)),),
    "a column": (made(y=2500, x=1),),
}


def name(kind: str) -> str:
    return {"ome-tiff": "cells.ome.tiff", "ome-zarr": "cells.ome.zarr"}[kind]


def content(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    return {str(p.relative_to(path.parent)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def read_back(path: Path, images: tuple[PixelImage, ...]) -> list[np.ndarray[Any, Any]]:
    """Read the pixels of a result with the libraries that people use, as T, C, Z, Y, X and samples."""
    found = []
    for number, image in enumerate(images):
        if path.is_file():
            shape = (image.t, image.c, image.z, image.y, image.x)
            data = tifffile.imread(path, series=number)
            found.append(data.reshape(*shape, *((image.samples,) if image.samples > 1 else ())))
            continue
        array = zarr.open_array(path / ("0" if len(images) == 1 else f"{number}/0"), mode="r")
        data = np.asarray(array[:])
        if image.samples > 1:
            data = np.moveaxis(data.reshape(image.t, image.c, image.samples, *data.shape[2:]), 2, -1)
        found.append(data)
    return found


@pytest.mark.parametrize(("kind", "case"), list(product(KINDS, IMAGES)))
def test_pixels_and_metadata_are_those_of_the_source(tmp_path: Path, kind: Kind, case: str) -> None:
    images = IMAGES[case]
    target = tmp_path / name(kind)
    result = write(target, kind, *images, workers=2, verify_pixels=True)
    assert (result.path, result.state) == (target, "written")
    assert result.bytes_added == sum(p.stat().st_size for p in [target, *target.rglob("*")] if p.is_file())
    for image, found in zip(images, read_back(target, images), strict=True):
        assert found.dtype == image.dtype
        assert np.array_equal(found, whole(image))
    document = stating(*images)
    assert extract(target, planes="all").arrange() == document
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_do_not_depend_on_the_number_of_threads(tmp_path: Path, kind: Kind) -> None:
    found = []
    for workers in (1, 4):
        folder = tmp_path / str(workers)
        folder.mkdir()
        images = made(2, 2, 2, y=70), made(y=2200, x=2100, tile=(128, 256))
        write(folder / name(kind), kind, *images, workers=workers)
        found.append(content(folder / name(kind)))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", KINDS)
def test_restore_gives_the_plain_conversion(tmp_path: Path, kind: Kind) -> None:
    images = made(c=2), made(z=2)
    target = tmp_path / name(kind)
    write(target, kind, *images)
    assert restore(target).state == "restored"
    if kind == "ome-tiff":
        with tifffile.TiffFile(target) as tiff:
            xml = str(tiff.ome_metadata).encode()
        assert xml == to_ome_xml(stating(*images), images=images, tiff_data=[0, 2]).rstrip()
    else:
        xml = (target / "OME" / "METADATA.ome.xml").read_bytes()
        assert xml == to_ome_xml(stating(*images), images=images)
        assert "nbo" not in zarr.open_group(target, mode="r").attrs
    ome_types.validate_xml(xml)


def test_facts_of_planes_that_ome_has_no_place_for_are_kept(tmp_path: Path) -> None:
    image = made(z=3)
    document = stating(image)
    pixels = document.images[0].first("Pixels")
    assert pixels is not None
    planes = pixels.planes
    assert planes is not None
    columns = {**planes.columns, "PixelDwellTime": ["1", None, "3"]}
    pixels.planes = PlaneTable(dict(sorted(columns.items())), {"Timestamp": "s", "PixelDwellTime": "µs"})
    write(tmp_path / "a.ome.tiff", "ome-tiff", image, document=document)
    assert to_xml(extract(tmp_path / "a.ome.tiff", planes="all")) == to_xml(document)


def test_tiff_is_big_where_it_may_pass_four_gigabytes() -> None:
    from nbo_extract.converting.ome_tiff import is_big, tile_of

    assert not is_big([made(y=2048, x=2048, z=480)], 0)
    assert is_big([made(y=2048, x=2048, z=520)], 0)
    assert is_big([made(y=2048, x=2048, z=480)], 1 << 28)
    assert tile_of(made(y=2048, x=2048)) is None
    assert tile_of(made(y=2049, x=20)) == (512, 512)
    assert tile_of(made(y=4000, x=4000, tile=(256, 1024))) == (256, 1024)
    assert tile_of(made(y=4000, x=4000, tile=(100, 100))) == (512, 512)


def test_compression_changes_no_pixel(tmp_path: Path) -> None:
    image = made(z=2, y=2100, x=40)
    for how in ("zlib", "none"):
        write(tmp_path / f"{how}.ome.tiff", "ome-tiff", image, compression=how)
        assert np.array_equal(tifffile.imread(tmp_path / f"{how}.ome.tiff"), whole(image)[0, 0])
    assert (tmp_path / "none.ome.tiff").stat().st_size > 10 * (tmp_path / "zlib.ome.tiff").stat().st_size


# -- all or nothing ---------------------------------------------------------------------------------------------------


def broken(at: int, error: BaseException) -> PixelImage:
    """Return an image of which the n-th plane cannot be read."""
    image = made(z=8)

    def read(t: int, c: int, z: int, y: slice, x: slice) -> Any:
        if z == at:
            raise error
        return image.read(t, c, z, y, x)

    return PixelImage(1, 1, 8, image.y, image.x, 1, image.dtype, image.tile, read)


ERRORS = (CorruptFileError("a.nd2: plane 5 is damaged"), KeyboardInterrupt(), OSError(28, "No space left on device"))


@pytest.mark.parametrize(("kind", "workers"), list(product(KINDS, (1, 3))))
@pytest.mark.parametrize("error", ERRORS)
def test_what_fails_half_way_leaves_nothing(tmp_path: Path, kind: Kind, workers: int, error: BaseException) -> None:
    wanted = WriteError if isinstance(error, OSError) else type(error)
    with pytest.raises(wanted) as caught:
        write(tmp_path / name(kind), kind, broken(5, error), document=stating(made(z=8)), workers=workers)
    assert list(tmp_path.iterdir()) == []
    if isinstance(error, OSError):
        assert str(caught.value) == (
            f"{tmp_path / name(kind)} could not be written: no space left on device; nothing is left of it, "
            f"{tmp_path / 'source.czi'} is as it was"
        )


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_run_left_is_written_over(tmp_path: Path, kind: Kind) -> None:
    code = (
        "import sys, time; sys.path[:0] = sys.argv[3:]\n"
        "from pathlib import Path\nfrom made_images import *\n"
        "image = made(z=500)\n"
        "def read(t, c, z, y, x):\n    time.sleep(0.02 if z < 400 else 60)\n    return image.read(t, c, z, y, x)\n"
        "write(Path(sys.argv[1]), sys.argv[2], PixelImage(1, 1, 500, 40, 30, 1, 'uint16', (40, 30), read))\n"
    )
    target = tmp_path / name(kind)
    spare = tmp_path / f".{target.name}.nbo-tmp"
    process = subprocess.Popen([sys.executable, "-c", code, str(target), kind, *sys.path])
    end = time.monotonic() + 60
    size = 0
    while size < 4 and time.monotonic() < end:
        time.sleep(0.05)
        size = len(content(spare)) if spare.is_dir() else spare.stat().st_size // 1000 if spare.exists() else 0
    with pytest.raises(WriteError, match="is being written by another run of nbo-extract: try again when that is done"):
        write(target, kind, made(z=2))
    assert spare.exists()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not target.exists()
    write(target, kind, made(z=2), verify_pixels=True)
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    target = tmp_path / "a.ome.tiff"
    target.write_bytes(b"of somebody")
    with pytest.raises(WriteError, match=r"there is a file of this name, which is not written over; give another path"):
        write(target, "ome-tiff", made())
    with pytest.raises(WriteError, match=r"this is the image itself, which is not written over; give another path"):
        write_converted(PixelFile((made(),), "m"), target, "ome-tiff", stating(made()), source=target)
    folder = tmp_path / "b.ome.zarr"
    folder.mkdir()
    with pytest.raises(WriteError, match=r"this is inside of the image itself; give another path with -o"):
        write_converted(PixelFile((made(),), "m"), folder / "c.ome.tiff", "ome-tiff", stating(made()), source=folder)
    assert target.read_bytes() == b"of somebody"


def test_what_ome_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="image 0 has pixels of the type int64, which OME has no word for"):
        write(tmp_path / "a.ome.tiff", "ome-tiff", made(dtype="int64"))
    with pytest.raises(WriteError, match="there are no pixels to convert; write a sidecar instead"):
        write(tmp_path / "a.ome.tiff", "ome-tiff", document=stating())
    wrong = PixelImage(1, 1, 1, 40, 30, 1, "uint8", (40, 30), made().read)
    with pytest.raises(
        CorruptFileError, match=r"channel 0, time 0 gives pixels of \(40, 30\) uint16 where \(40, 30\) uint8"
    ):
        write(tmp_path / "a.ome.tiff", "ome-tiff", wrong, document=stating(made()))
    assert list(tmp_path.iterdir()) == []


def test_room_is_looked_for_before(tmp_path: Path) -> None:
    class Full(System):
        def free(self, folder: Path) -> int:
            return 2_000_000

    pixels = PixelFile((made(y=1000, x=1000),), "m")
    source = tmp_path / "a.czi"
    how = {"none": Options(compression="none"), "zlib": Options()}
    target = tmp_path / "a.ome.tiff"
    with pytest.raises(WriteError, match="3048576 bytes are needed at the least and 2000000 are free on its disk"):
        write_converted(pixels, target, "ome-tiff", stating(*pixels.images), how["none"], source=source, system=Full())
    write_converted(pixels, target, "ome-tiff", stating(*pixels.images), how["zlib"], source=source, system=Full())


def test_a_dry_run_says_how_much(tmp_path: Path) -> None:
    result = write(tmp_path / "a.ome.tiff", "ome-tiff", made(2, 3, y=10, x=10), dry_run=True)
    assert (result.state, result.bytes_added) == ("dry-run", 1200)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_that_read_back_differently_are_no_result(
    tmp_path: Path, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    flips = iter([0, 1])
    image = made()

    def read(t: int, c: int, z: int, y: slice, x: slice) -> Any:
        return image.read(t, c, z, y, x) + np.uint16(next(flips))

    changing = PixelImage(1, 1, 1, 40, 30, 1, "uint16", (40, 30), read)
    with pytest.raises(WriteError, match=r"pixels of image 0 \(Z 0, channel 0, time 0\) of what was made of "):
        write(tmp_path / name(kind), kind, changing, verify_pixels=True)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(conversion, "block_of", lambda _: original(stating(made(z=2))))
    with pytest.raises(WriteError, match=r"the metadata of what was made of .* read back differently"):
        write(tmp_path / name(kind), kind, image)
    assert list(tmp_path.iterdir()) == []


original = conversion.block_of


@pytest.mark.parametrize("kind", KINDS)
def test_memory_does_not_grow_with_the_image(tmp_path: Path, kind: Kind) -> None:
    code = (
        "import resource, sys; sys.path[:0] = sys.argv[4:]\n"
        "from pathlib import Path\nfrom made_images import *\n"
        "side = int(sys.argv[3])\n"
        "write(Path(sys.argv[1]), sys.argv[2], blank(side, 16384, (512, 512)), workers=2)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )

    def peak(side: int) -> int:
        command = [sys.executable, "-c", code, str(tmp_path / f"{side}.{kind}"), kind, str(side)]
        done = subprocess.run([*command, *sys.path], capture_output=True, text=True, check=True)
        return int(done.stdout) * 1024

    # 134 MB of pixels in tiles of 256 kB.
    assert peak(8192) - peak(2048) < 32 << 20


def test_the_document_says_how_the_new_file_is(tmp_path: Path) -> None:
    image = made(c=2, z=2)
    document = stating(image)
    pixels = document.images[0].first("Pixels")
    assert pixels is not None
    pixels.put("DimensionOrder", "XYCZT")
    pixels.put("BigEndian", "true")
    del pixels.facts["SizeZ"]
    write(tmp_path / "a.ome.tiff", "ome-tiff", image, document=document)
    found = extract(tmp_path / "a.ome.tiff").images[0].first("Pixels")
    assert found is not None
    assert [found.get(n) for n in ("DimensionOrder", "BigEndian", "SizeZ")] == ["XYZCT", "false", "2"]
    source = found.facts["DimensionOrder"].source
    assert source is not None
    assert (source.kind, source.raw, source.rule) == ("derived", "XYCZT", "conversion")
    assert pixels.get("DimensionOrder") == "XYCZT"


def test_messages_name_the_target_and_not_the_spare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: Any, **__: Any) -> None:
        raise WriteError(f"{path} is refused")

    monkeypatch.setattr(conversion, "embed_tiff", refuse)
    with pytest.raises(WriteError) as caught:
        write(tmp_path / "a.ome.tiff", "ome-tiff", made())
    assert str(caught.value) == f"{tmp_path / 'a.ome.tiff'} is refused"
    assert list(tmp_path.iterdir()) == []


def test_the_given_document_stays_as_it_is(tmp_path: Path) -> None:
    image = made(c=2)
    document = stating(image)
    document.images[0].children.reverse()
    before = [c.name for c in document.images[0].children]
    write(tmp_path / "a.ome.zarr", "ome-zarr", image, document=document)
    assert [c.name for c in document.images[0].children] == before
