"""Pixels that the readers give piece by piece: against known arrays, in threads, of damaged and of large files."""

from __future__ import annotations

import random
import re
import struct
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy
import pytest
import tifffile

import make_pixels
import make_pixels_tiff
from make_dv import make_dv
from make_pixels import MAKERS
from make_pixels_tiff import values
from nbo_extract import extract
from nbo_extract.errors import CorruptFileError, NboExtractError, UnsupportedFormatError
from nbo_extract.pixels import PixelImage, fits, open_pixels
from real_files import REAL_CZI
from sample_czi import SubBlock, write_czi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy import ndarray

    from nbo_extract.pixels import PixelFile

    Opened = Callable[..., PixelFile]


@pytest.fixture
def no_bioformats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out Bio-Formats, which may be installed."""

    def refuse(path: str) -> PixelFile:
        raise NboExtractError("Bio-Formats cannot be used: there is no Java")

    monkeypatch.setattr("nbo_extract_readers.pixels_bioformats.open_pixels", refuse)


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open pixels, and close them in the end."""
    with ExitStack() as stack:

        def call(path: Path, reader: str | None = None) -> PixelFile:
            pixels = open_pixels(path, reader)
            stack.callback(pixels.close)
            return pixels

        yield call


def sizes(image: PixelImage) -> tuple[int, ...]:
    return image.t, image.c, image.z, image.y, image.x


def places(image: PixelImage) -> Iterator[tuple[int, int, int]]:
    return ((t, c, z) for t in range(image.t) for c in range(image.c) for z in range(image.z))


def whole(image: PixelImage) -> tuple[slice, slice]:
    return slice(0, image.y), slice(0, image.x)


def rectangle(image: PixelImage, chance: random.Random) -> tuple[slice, slice]:
    top, left = chance.randrange(image.y), chance.randrange(image.x)
    return slice(top, chance.randint(top + 1, image.y)), slice(left, chance.randint(left + 1, image.x))


@pytest.mark.parametrize("name", MAKERS)
def test_pixels_are_those_of_the_file(name: str, tmp_path: Path, opened: Opened) -> None:
    path, known = MAKERS[name](tmp_path)
    pixels = opened(path)
    chance = random.Random(name)
    assert fits(extract(path), pixels) == ""
    assert len(pixels.images) == len(known)
    for image, data in zip(pixels.images, known, strict=True):
        assert (*sizes(image), *((image.samples,) if data.ndim == 6 else ())) == data.shape
        assert image.dtype == data.dtype.name
        for place in places(image):
            found = image.read(*place, *whole(image))
            assert found.dtype == image.dtype
            numpy.testing.assert_array_equal(found, data[place])
            for _ in range(3):
                y, x = rectangle(image, chance)
                numpy.testing.assert_array_equal(image.read(*place, y, x), data[place][y, x])


@pytest.mark.parametrize(
    "name",
    ["czi_packed_6", "czi_mosaic", "ome_tiles", "ome_set", "dv_1", "lif", "nd2_packed", "oib", "ims", "ome_zarr_zip"],
)
def test_several_threads_read_at_once(name: str, tmp_path: Path, opened: Opened) -> None:
    path, known = MAKERS[name](tmp_path)
    pixels = opened(path)

    def read(seed: int) -> bool:
        chance = random.Random(seed)
        number = chance.randrange(len(known))
        image = pixels.images[number]
        place = chance.choice(list(places(image)))
        y, x = rectangle(image, chance)
        return bool((image.read(*place, y, x) == known[number][place][y, x]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(200)))


# -- Bio-Formats ------------------------------------------------------------------------------------------------------

# A few: scripts/compare_pixels.py compares all.
SAME = (
    "czi_packed_6", "czi_colour_3", "czi_colour_jpegxr", "ome_big_endian", "ome_planar", "ome_set", "imagej_beyond",
    "aperio", "lsm_positions", "fluoview", "dv_big", "lif", "ims",
)  # fmt: skip


@pytest.fixture(scope="module")
def bioformats() -> None:
    from nbo_extract_readers.bioformats import missing

    lack = missing()
    if lack:
        pytest.skip(f"Bio-Formats is not at hand: {lack}")


def check_same(ours: PixelImage, theirs: PixelImage, planes: int) -> None:
    assert (*sizes(ours), ours.samples, ours.dtype) == (*sizes(theirs), theirs.samples, theirs.dtype)
    chance = random.Random(1)
    for place in chance.sample(list(places(ours)), min(planes, ours.t * ours.c * ours.z)):
        for y, x in (whole(ours), rectangle(ours, chance)):
            numpy.testing.assert_array_equal(ours.read(*place, y, x), theirs.read(*place, y, x))


@pytest.mark.usefixtures("bioformats")
@pytest.mark.parametrize("name", SAME)
def test_bioformats_gives_the_same(name: str, tmp_path: Path, opened: Opened) -> None:
    path, _ = MAKERS[name](tmp_path)
    ours, theirs = opened(path), opened(path, "bioformats")
    assert theirs.reader.startswith("Bio-Formats ")
    for image, other in zip(ours.images, theirs.images, strict=name != "aperio"):
        check_same(image, other, 4)


REAL = [
    *(f"czi/{name}" for name in REAL_CZI),
    "dv/toxo.dv", "nd2/cluster.nd2", "oib/test.oib", "tiff/Channel1-01-A-01.tif",
    "tiff/FOV7_HV110_P0500510000.ome.tiff", "lif/testdata_2channel_xz.lif",
]  # fmt: skip


@pytest.mark.usefixtures("bioformats")
@pytest.mark.parametrize(
    "name",
    [
        "czi/RGB-8bit.czi", "czi/S3_1Pos_2Mosaic_T2_Z3_CH2_sm.czi", "czi/newCZI_compressed.czi", "dv/toxo.dv",
        "nd2/cluster.nd2", "oib/test.oib",
    ],
)  # fmt: skip
def test_real_files_are_as_bioformats_reads_them(name: str, shared: Path, opened: Opened) -> None:
    path = shared / "samples" / name
    ours, theirs = opened(path), opened(path, "bioformats")
    assert not ours.reader.startswith("Bio-Formats")
    for image, other in zip(ours.images, theirs.images, strict=True):
        check_same(image, other, 4)


@pytest.mark.parametrize("name", [n for n in REAL if n != "czi/LSM880_AiryScan.czi"])
def test_pixels_of_real_files_fit_their_metadata(name: str, shared: Path, opened: Opened) -> None:
    path = shared / "samples" / name
    pixels = opened(path)
    assert fits(extract(path), pixels) == ""


@pytest.mark.usefixtures("bioformats")
def test_a_scan_along_x_and_z_is_no_plane_of_x_and_y(shared: Path, opened: Opened) -> None:
    path = shared / "samples" / "lif" / "testdata_2channel_xz.lif"
    ours, theirs = opened(path).images[1], opened(path, "bioformats").images[1]
    assert sizes(ours) == (1, 2, 128, 23, 128)
    assert sizes(theirs) == (1, 2, 23, 128, 128)
    y = slice(7, 8)
    rows = numpy.stack([ours.read(0, 1, z, y, slice(0, 128))[0] for z in range(128)])
    numpy.testing.assert_array_equal(rows, theirs.read(0, 1, 7, *whole(theirs)))


# -- what is large -----------------------------------------------------------------------------------------------------


def large_czi(folder: Path) -> Path:
    write_czi(folder / "large.czi", b"<ImageDocument/>", [SubBlock({"C": 0}, 40_000, 40_000, hole=3_200_000_000)])
    return folder / "large.czi"


def large_strip(folder: Path) -> Path:
    path = folder / "large.ome.tif"
    tifffile.imwrite(path, shape=(40_000, 40_000), dtype="uint16", rowsperstrip=40_000, ome=True, bigtiff=True)
    return path


def large_hyperstack(folder: Path) -> Path:
    """Write the first page of a stack whose further pages have no directories."""
    path = folder / "large.tif"
    with tifffile.TiffWriter(path, imagej=True) as file:
        file.write(shape=(40, 5000, 5000), dtype="uint16", metadata={"axes": "ZYX"}, truncate=True)
    return path


def large_dv(folder: Path) -> Path:
    path = make_dv(folder / "large.dv", width=20_000, height=20_000, extended=False, pixels=b"\0")
    with path.open("r+b") as stream:
        stream.truncate(1024 + 4 * 800_000_000)
    return path


def large_zarr(folder: Path) -> Path:
    import zarr

    root: Any = zarr.open_group(folder / "large.zarr", mode="w")
    root.create_array("0", shape=(40_000, 40_000), chunks=(1000, 1000), dtype="uint16")
    axes = [{"name": a, "type": "space"} for a in "yx"]
    root.attrs.update({"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}})
    return folder / "large.zarr"


@pytest.mark.parametrize("make", [large_czi, large_strip, large_hyperstack, large_dv, large_zarr])
def test_a_tile_of_a_large_file_costs_a_tile(make: Any, tmp_path: Path, opened: Opened) -> None:
    path = make(tmp_path)
    image = opened(path).images[0]
    tracemalloc.start()
    try:
        part = slice(image.y - 700, image.y - 300), slice(image.x - 600, image.x - 100)
        found = image.read(image.t - 1, image.c - 1, image.z - 1, *part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.shape == (400, 500)
    assert not found.any()
    assert image.y * image.x * 2 > 49_000_000
    # Of what is stored as it is the rows that are touched are read whole: 400 of 80 kB.
    assert peak < 40_000_000


# -- what is damaged ---------------------------------------------------------------------------------------------------


def corrupt(path: Path, image: PixelImage, place: tuple[int, int, int]) -> str:
    with pytest.raises(CorruptFileError) as caught:
        image.read(*place, *whole(image))
    message = caught.value.message
    t, c, z = place
    start = f"the plane T={t} C={c} Z={z} cannot be read ("
    assert start in message
    assert message.endswith("); copy it again from where it was written")
    return message[message.index(start) + len(start) :].rpartition(");")[0]


@pytest.mark.parametrize(
    ("name", "kept", "reason"),
    [
        ("dv_2", 0.6, "the file ends before it"),
        ("lif", 0.7, "the file ends before it"),
        ("nd2", 0.95, "the file ends within its frame"),
        ("ome_strips", 0.9, "strip or tile 4 lies behind the end of the file"),
        ("mm_singles", 1.0, None),
    ],
)
def test_what_is_cut_off_is_said_of_its_plane(
    name: str, kept: float, reason: str | None, tmp_path: Path, opened: Opened
) -> None:
    path, _ = MAKERS[name](tmp_path)
    image = opened(path).images[-1]
    last = image.t - 1, image.c - 1, image.z - 1
    image.read(0, 0, 0, *whole(image))
    if reason is None:
        (tmp_path / "img_channel001_position000_time000000001_z001.tif").unlink()
        assert "No such file" in corrupt(path, image, last)
        return
    cut = tmp_path / f"cut{path.suffix}"
    cut.write_bytes(path.read_bytes())
    # The end of a file holds its directories in some formats: what is cut off are the pixels before.
    cut_pixels(cut, name, kept)
    pixels = opened(cut)
    assert corrupt(cut, pixels.images[-1], last) == reason


def cut_pixels(path: Path, name: str, kept: float) -> None:
    raw = bytearray(path.read_bytes())
    if name == "nd2":
        # Of the map, the place of the last frame is beyond the end.
        at = raw.rindex(b"ImageDataSeq|11!") + len(b"ImageDataSeq|11!")
        raw[at : at + 8] = struct.pack("<Q", len(raw) - 4200)
        path.write_bytes(raw)
    elif name == "ome_strips":
        with tifffile.TiffFile(path, mode="r+") as file:
            last: Any = file.pages[-1]
            offsets = [*last.dataoffsets]
            offsets[4] = len(raw) + 10
            last.aspage().tags["StripOffsets"].overwrite(offsets)
    else:
        path.write_bytes(raw[: int(len(raw) * kept)])


def test_a_tile_that_cannot_be_decoded_is_no_zeros(tmp_path: Path, opened: Opened) -> None:
    path, _ = make_pixels_tiff.ome_tiles(tmp_path)
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[1]
        start, count = page.dataoffsets[3], page.databytecounts[3]
    raw = bytearray(path.read_bytes())
    raw[start : start + count] = b"\xff" * count
    path.write_bytes(raw)
    pixels = opened(path)
    image = pixels.images[0]
    assert corrupt(path, image, (0, 0, 1)).startswith("strip or tile 3: ")
    # The other tiles of the plane are whole.
    assert image.read(0, 0, 1, slice(0, 32), slice(0, 48)).shape == (32, 48)


def test_a_subblock_that_cannot_be_decoded_is_no_zeros(tmp_path: Path, opened: Opened) -> None:
    pixels = values(6, 8).tobytes()
    blocks = [
        SubBlock({"C": 0}, pixels=b"\x28\xb5\x2f\xfd broken", compression=5),
        SubBlock({"C": 1}, pixels=pixels[:-2]),
        SubBlock({"C": 2}, pixels=b"\x07\x01\x01", compression=6),
    ]
    path = tmp_path / "broken.czi"
    write_czi(path, b"<ImageDocument/>", blocks)
    image = opened(path).images[0]
    assert "ZSTD" in corrupt(path, image, (0, 0, 0))
    assert corrupt(path, image, (0, 1, 0)) == "its sub-block has 94 bytes of pixels, 96 are needed"
    assert corrupt(path, image, (0, 2, 0)) == "the head of its compressed pixels is unknown (07 01 01)"


def test_a_plane_without_subblock_is_no_zeros(tmp_path: Path, opened: Opened) -> None:
    blocks = [SubBlock({"C": 0, "Z": 0}), SubBlock({"C": 0, "Z": 1}), SubBlock({"C": 1, "Z": 0})]
    path = tmp_path / "gap.czi"
    write_czi(path, b"<ImageDocument/>", blocks)
    image = opened(path).images[0]
    assert sizes(image) == (1, 2, 2, 6, 8)
    assert corrupt(path, image, (0, 1, 1)) == "the file has no sub-block of it"


def test_a_file_of_a_set_that_is_missing_is_named(tmp_path: Path, opened: Opened) -> None:
    path, known = make_pixels_tiff.ome_companion(tmp_path)
    (tmp_path / "set_t0_c1.ome.tif").unlink()
    image = opened(path).images[0]
    numpy.testing.assert_array_equal(image.read(1, 1, 1, *whole(image)), known[0][1, 1, 1])
    assert corrupt(path, image, (0, 1, 0)) == "the file set_t0_c1.ome.tif of its set is not beside it"


@pytest.mark.parametrize("method", ["jpeg", "jpeg2000"])
def test_tiles_of_pictures_are_as_their_decoder_gives_them(method: Any, tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "slide.svs"
    shades = numpy.add.outer(numpy.arange(150), numpy.arange(200)).astype("uint8")
    data = numpy.stack([shades, shades // 2, 255 - shades], axis=-1)
    notes = "Aperio Image Library v11.2.1|MPP = 0.4990"
    tifffile.imwrite(path, data, tile=(64, 64), photometric="rgb", compression=method, description=notes, metadata=None)
    found = opened(path).images[0].read(0, 0, 0, slice(10, 150), slice(30, 200))
    numpy.testing.assert_array_equal(found, tifffile.imread(path)[10:, 30:])


def test_a_companion_file_stands_for_its_set(tmp_path: Path, opened: Opened) -> None:
    _, known = make_pixels_tiff.ome_companion(tmp_path)
    image = opened(tmp_path / "set.companion.ome").images[0]
    numpy.testing.assert_array_equal(image.read(1, 0, 1, *whole(image)), known[0][1, 0, 1])


def test_parts_of_a_czi_are_read_from_their_files(tmp_path: Path, opened: Opened) -> None:
    data = values(1, 2, 1, 6, 8)
    blocks = [SubBlock({"C": c}, pixels=data[0, c, 0].tobytes(), part=c) for c in (0, 1)]
    guid, text = bytes(range(16)), b"<ImageDocument/>"
    # Sub-blocks of the same sizes lie at the same places in both files; that of the first is none.
    write_czi(tmp_path / "x.czi", text, [blocks[0], replace(blocks[1], pixels=bytes(96))], primary_guid=guid)
    write_czi(tmp_path / "x(1).czi", text, [replace(b, part=1) for b in blocks], part=1, primary_guid=guid)
    image = opened(tmp_path / "x.czi").images[0]
    for c in (0, 1):
        numpy.testing.assert_array_equal(image.read(0, c, 0, *whole(image)), data[0, c, 0])


def test_a_renamed_file_is_its_own_pixels(tmp_path: Path, opened: Opened) -> None:
    path, known = make_pixels_tiff.ome_images(tmp_path)
    other = path.rename(tmp_path / "renamed.ome.tif")
    image = opened(other).images[0]
    numpy.testing.assert_array_equal(image.read(0, 1, 0, *whole(image)), known[0][0, 1, 0])


def test_empty_tiles_of_a_slide_are_zeros(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "sparse.ome.tif"
    tile = values(32, 32)
    tifffile.imwrite(path, iter([tile, None, None, tile]), shape=(64, 64), dtype="uint16", tile=(32, 32), ome=True)
    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        assert page.databytecounts[1] == 0
    image = opened(path).images[0]
    found = image.read(0, 0, 0, *whole(image))
    numpy.testing.assert_array_equal(found[:32, :32], tile)
    assert not found[:32, 32:].any()


def test_an_ome_zarr_behind_a_url_is_read(tmp_path: Path, opened: Opened) -> None:
    import fsspec

    path, known = make_pixels.ome_zarr(tmp_path)
    files = fsspec.filesystem("memory")
    try:
        files.put(str(path), "/cells.zarr", recursive=True)
        pixels = opened("memory://cells.zarr")
        image = pixels.images[0]
        numpy.testing.assert_array_equal(image.read(1, 2, 1, *whole(image)), known[0][1, 2, 1])
    finally:
        files.store.clear()


# -- what is refused ---------------------------------------------------------------------------------------------------


def refusal(path: Path, reader: str | None = None) -> str:
    with pytest.raises(NboExtractError) as caught:
        open_pixels(path, reader)
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: ")


def czi(folder: Path, *blocks: SubBlock) -> Path:
    write_czi(folder / "x.czi", b"<ImageDocument/>", blocks)
    return folder / "x.czi"


@pytest.mark.usefixtures("no_bioformats")
@pytest.mark.parametrize(
    ("blocks", "why"),
    [
        ([SubBlock({"C": 0, "H": h}) for h in range(3)], "the image has 3 planes along H, which OME has not"),
        (
            [SubBlock({"C": 0}), SubBlock({"C": 1}, pixel_type=0)],
            "the channels of the image have several pixel types (Gray16, Gray8)",
        ),
        (
            [SubBlock({"C": 0}, compression=100, pixels=b"1")],
            "the image is compressed by the method 100, which is not read",
        ),
        (
            [SubBlock({"S": 2}, compression=1, pixel_type=3, pixels=b"1")],
            "scene 2 has colours that are compressed as JPEG, whose order is not sure",
        ),
        ([SubBlock({"C": 0}, pixel_type=11)], "the image has the pixel type Bgr192ComplexFloat, which is not read"),
    ],
)
def test_czi_that_is_not_read(blocks: list[SubBlock], why: str, tmp_path: Path) -> None:
    assert refusal(czi(tmp_path, *blocks)) == f"{why}; Bio-Formats cannot be used: there is no Java"


@pytest.mark.usefixtures("no_bioformats")
def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = make_pixels.czi_packed(tmp_path, 5)
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    message = refusal(path)
    assert message.startswith("the reader czi cannot read pixels, a library is missing (import of imagecodecs halted")
    assert "; install it with pip install 'nbo-extract[convert]'" in message
    assert refusal(path, "czi").endswith("; install it with pip install 'nbo-extract[convert]'")


@pytest.mark.usefixtures("no_bioformats")
def test_a_tiff_without_a_decoder_is_told(tmp_path: Path) -> None:
    path, _ = make_pixels_tiff.ome_images(tmp_path)
    with tifffile.TiffFile(path, mode="r+") as file:
        page: Any = file.pages[0]
        page.tags["Compression"].overwrite(60000)
    message = refusal(path, "ome-tiff")
    assert message.startswith("its pixels are compressed by 60000, which cannot be undone here (")
    assert message.endswith("); install what may be missing with pip install 'nbo-extract[convert]'")


@pytest.mark.usefixtures("no_bioformats")
def test_pages_of_which_nothing_is_told_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "pages.tif"
    tifffile.imwrite(path, values(5, 20, 30), metadata=None)
    assert refusal(path) == (
        "it has 5 pages and does not say whether they are focal planes, times or channels; save it as OME-TIFF in "
        "ImageJ or Fiji, which asks, or choose --reader bioformats, which takes them for times"
    )


@pytest.mark.usefixtures("bioformats")
def test_what_its_reader_cannot_is_read_by_bioformats(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "inverted.tif"
    data = values(20, 30, dtype="uint8")
    tifffile.imwrite(path, data, photometric="miniswhite", metadata=None)
    pixels = opened(path)
    assert pixels.reader.startswith("Bio-Formats ")
    image = pixels.images[0]
    # White is zero in the file, and the highest number in all that is written from it.
    numpy.testing.assert_array_equal(image.read(0, 0, 0, *whole(image)), 255 - data)
    with pytest.raises(UnsupportedFormatError, match=re.escape("photometric interpretation MINISWHITE")):
        opened(path, "ome-tiff")


def test_adapters_without_pixels_say_so(tmp_path: Path) -> None:
    path, _ = make_pixels_tiff.ome_strips(tmp_path)
    assert refusal(path, "bioio") == "the reader bioio reads metadata alone, no pixels; choose another, or none"


def as_array(image: PixelImage) -> ndarray:
    return numpy.stack([image.read(*place, *whole(image)) for place in places(image)])


def test_the_same_file_gives_the_same_pixels_each_time(tmp_path: Path, opened: Opened) -> None:
    path, _ = make_pixels.czi_mosaic(tmp_path)
    first, second = opened(path), opened(path)
    for a, b in zip(first.images, second.images, strict=True):
        numpy.testing.assert_array_equal(as_array(a), as_array(b))
