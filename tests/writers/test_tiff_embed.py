"""Embedding into OME-TIFF: pixels, the way back, and what a cut at any instant leaves."""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from embedding import FailingSystem, Killed, data_ranges, make_block, make_image, sha
from nbo_extract.errors import WriteError
from nbo_extract.writers._system import System
from nbo_extract.writers.block import CoreFill
from nbo_extract.writers.tiff import embed_tiff, read_base_xml, restore_tiff

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KINDS = ("strips", "tiled", "compressed", "pyramid")
#: Longer than a page, so that a write of it can be torn.
A = make_block("A" * 5000)
B = make_block("B" * 6000)
OUT = "write a sidecar instead (leave out --embed)"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cells.ome.tif"
    make_image(path, "strips")
    return path


def description(path: Path) -> bytes:
    """Return the raw bytes of the ImageDescription, NUL included."""
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        tag = tiff.pages.first.tags[270]
        assert tag.dtype == 2
        return path.read_bytes()[tag.valueoffset : tag.valueoffset + tag.count]


def read(path: Path) -> tuple[bytes, NDArray[np.uint16]]:
    import tifffile

    return description(path), tifffile.imread(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
def test_every_kind_keeps_its_pixels_and_comes_back_to_the_byte(
    tmp_path: Path, kind: str, order: Literal["<", ">"], big: bool
) -> None:
    import numpy as np
    import ome_types
    import tifffile

    path = tmp_path / "cells.ome.tif"
    pixels = make_image(path, kind, big=big, order=order)
    original, ranges = sha(path), data_ranges(path)
    with tifffile.TiffFile(path) as tiff:
        before = [(s.axes, s.shape, len(s.levels), [level.shape for level in s.levels]) for s in tiff.series]
        pages = len(tiff.pages)

    result = embed_tiff(path, make_block(core_fills=(CoreFill("Image[1]/Pixels[1]", "PhysicalSizeX", "0.25"),)))

    assert result.state == "embedded"
    assert data_ranges(path) == ranges
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        assert (tiff.is_bigtiff, tiff.byteorder, len(tiff.pages)) == (big, order, pages)
        assert [(s.axes, s.shape, len(s.levels), [level.shape for level in s.levels]) for s in tiff.series] == before
        for level, data in enumerate(tiff.series[0].levels):
            assert np.array_equal(data.asarray(), pixels[:, :, :: 2**level, :: 2**level])
    raw = description(path)
    assert raw.endswith(b"</OME>\0")
    assert raw.count(b"\0") == 1
    ome_types.validate_xml(raw[:-1])
    ome = ome_types.from_tiff(path)
    assert ome.images[0].pixels.physical_size_x == 0.25
    assert [ref.id for ref in ome.images[0].annotation_refs] == ["Annotation:NBO:0"]
    assert [a.namespace for a in ome.structured_annotations or ()] == [
        "https://nbo-extract.org/ns/nbo/02-01",
        "https://nbo-extract.org/ns/provenance/1",
    ]

    assert restore_tiff(path).bytes_added == -result.bytes_added
    assert sha(path) == original


def test_imagej_hyperstack_with_ome_xml_keeps_the_tags_of_imagej(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "stack.ome.tif"
    made = tmp_path / "made.ome.tif"
    pixels = make_image(made, "strips")
    with tifffile.TiffFile(made) as tiff:
        xml = str(tiff.ome_metadata).encode()
    # What ImageJ keeps beside a description: labels of planes, display ranges.
    labels = [f"plane {n}" for n in range(6)]
    tags = tifffile.tifffile.imagej_metadata_tag({"Labels": labels, "Ranges": (0.0, 9.0, 0.0, 99.0)}, "<")
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            pixels.reshape(6, 64, 96), photometric="minisblack", metadata=None, description=xml, extratags=tags
        )
    original = sha(path)

    embed_tiff(path, A)

    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        assert tiff.pages.first.tags["IJMetadata"].value["Labels"] == labels
        assert np.array_equal(tiff.asarray(), pixels)
    restore_tiff(path)
    assert sha(path) == original


def test_again_changes_nothing_and_does_not_touch_the_file(image: Path) -> None:
    embed_tiff(image, A)
    first, stamp = sha(image), image.stat().st_mtime_ns
    system = FailingSystem()

    result = embed_tiff(image, A, system=system)

    assert (result.state, result.bytes_added, system.names) == ("unchanged", 0, [])
    assert (sha(image), image.stat().st_mtime_ns) == (first, stamp)


def test_another_block_replaces_the_first(image: Path) -> None:
    original = sha(image)
    embed_tiff(image, B)
    wanted = sha(image)
    restore_tiff(image)
    embed_tiff(image, A)

    assert embed_tiff(image, B).state == "embedded"

    assert sha(image) == wanted
    assert b"A" * 5000 not in image.read_bytes()
    assert restore_tiff(image).state == "restored"
    assert sha(image) == original
    assert restore_tiff(image).state == "unchanged"


def test_provenance_records_the_way_back(image: Path) -> None:
    size = image.stat().st_size
    first = struct.unpack("<I", image.read_bytes()[4:8])[0]
    embed_tiff(image, A)
    assert f' oldOffset="{first}" oldLength="{size}"'.encode() in description(image)


def test_the_original_keeps_all_bytes_but_the_offset_in_the_header(image: Path) -> None:
    before = image.read_bytes()
    embed_tiff(image, A)
    after = image.read_bytes()
    assert after[:4] == before[:4]
    assert after[8 : len(before)] == before[8:]
    assert int.from_bytes(after[4:8], "little") % 8 == 0


def test_base_xml_is_the_original_whatever_is_embedded(image: Path) -> None:
    original = description(image)[:-1]
    assert read_base_xml(image) == original
    embed_tiff(image, make_block(core_fills=(CoreFill("Pixels:0", "PhysicalSizeX", "0.5"),)))
    assert read_base_xml(image) == original


def test_dry_run_writes_nothing_and_shows_what_would_come(image: Path) -> None:
    before, stamp = sha(image), image.stat().st_mtime_ns
    image.chmod(0o444)

    result = embed_tiff(image, make_block("Scope"), dry_run=True, system=FailingSystem(0))

    assert result.state == "dry-run"
    assert (sha(image), image.stat().st_mtime_ns) == (before, stamp)
    assert '+<AnnotationRef ID="Annotation:NBO:0"/>\n' in result.diff
    assert '+  <nbo:Instrument ID="Instrument:0" Name="Scope"/>\n' in result.diff
    assert not re.search(r"^-(?!--)", result.diff, re.MULTILINE)
    image.chmod(0o644)
    assert embed_tiff(image, make_block("Scope")).bytes_added == result.bytes_added


def count(action: str, path: Path) -> int:
    system = FailingSystem()
    run(action, path, system)
    return system.calls


def run(action: str, path: Path, system: System) -> None:
    if action == "restore":
        restore_tiff(path, system=system)
    else:
        embed_tiff(path, B, system=system)


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
@pytest.mark.parametrize("action", ["embed", "embed again", "restore"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
def test_killed_at_any_call_leaves_old_or_new(tmp_path: Path, big: bool, action: str, torn: bool) -> None:
    import numpy as np

    path = tmp_path / "cells.ome.tif"
    pixels = make_image(path, "compressed", big=big, order=">")
    original = path.read_bytes()
    texts = [description(path)]
    embed_tiff(path, B)
    wanted = path.read_bytes()
    texts.append(description(path))
    restore_tiff(path)
    if action != "embed":
        embed_tiff(path, A)
        texts.append(description(path))
    start = path.read_bytes()
    calls = count(action, path)
    assert calls >= 3
    for at in range(calls):
        path.write_bytes(start)
        with pytest.raises(Killed):
            run(action, path, FailingSystem(at, torn=torn))
        text, found = read(path)
        assert text in texts
        assert np.array_equal(found, pixels)
        damaged = path.read_bytes()
        # The next run, of either kind, ends as if nothing had happened.
        embed_tiff(path, B)
        assert path.read_bytes() == wanted
        path.write_bytes(damaged)
        restore_tiff(path)
        assert path.read_bytes() == original


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
def test_an_error_leaves_the_original(image: Path, code: int, lasting: bool) -> None:
    original, text = sha(image), description(image)
    calls = count("embed", image)
    restore_tiff(image)
    for at in range(calls):
        system = FailingSystem(at, code, lasting=lasting)
        with pytest.raises(
            WriteError, match=r"cells\.ome\.tif could not be changed: .*; its pixels and original"
        ) as told:
            embed_tiff(image, B, system=system)
        assert OUT in told.value.message
        assert description(image) == text or system.names[at] == "fsync"
        restore_tiff(image)
        assert sha(image) == original


def test_what_reads_back_differently_is_taken_back(image: Path) -> None:
    original = sha(image)

    class BadDisk(System):
        def write(self, fd: int, offset: int, data: bytes | memoryview) -> int:
            return super().write(fd, offset, bytes(data).replace(b"nbo:Instrument", b"nbo:instrument"))

    with pytest.raises(WriteError, match="what was written reads back differently"):
        embed_tiff(image, A, system=BadDisk())
    assert sha(image) == original


def test_short_writes_are_continued(image: Path) -> None:
    class Slow(System):
        def write(self, fd: int, offset: int, data: bytes | memoryview) -> int:
            return super().write(fd, offset, data[:1000])

    embed_tiff(image, A)
    wanted = sha(image)
    restore_tiff(image)
    embed_tiff(image, A, system=Slow())
    assert sha(image) == wanted


def test_links_are_refused(image: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ome.tif"
    link.symlink_to(image)
    rest = (
        "and what links point to is not changed: give --follow-links to change it all the same, "
        f"{OUT}, or write a copy with -o"
    )
    with pytest.raises(WriteError) as told:
        embed_tiff(link, A)
    assert told.value.message == f"{link} is a symbolic link, {rest}"
    link.unlink()
    os.link(image, link)
    before = sha(image)
    with pytest.raises(WriteError) as told:
        embed_tiff(image, A)
    assert told.value.message == f"{image} is one of 2 hard links to the same data, {rest}"
    assert sha(image) == before
    link.unlink()
    with pytest.raises(WriteError) as told:
        embed_tiff(link, A)
    assert told.value.message == f"{link} cannot be opened: no such file or directory"
    with pytest.raises(WriteError, match=r"is no file: give the path of an image file$"):
        embed_tiff(tmp_path, A)


def test_read_only_file_and_folder_are_refused(image: Path) -> None:
    before = sha(image)

    class ReadOnlyFile(System):
        def open(self, path: Path, flags: int, mode: int = 0o666) -> int:
            if flags & os.O_RDWR:
                raise PermissionError(errno.EACCES, "Permission denied")
            return super().open(path, flags, mode)

    class ReadOnlyFolder(System):
        def writable(self, folder: Path) -> bool:
            return False

    with pytest.raises(WriteError) as told:
        embed_tiff(image, A, system=ReadOnlyFile())
    assert told.value.message == f"{image} is read-only: make it writable, or {OUT}"
    with pytest.raises(WriteError) as told:
        embed_tiff(image, A, system=ReadOnlyFolder())
    assert told.value.message == (
        f"{image} is left as it is, because its folder {image.parent} is read-only: make it writable, or write a "
        "sidecar elsewhere with -o"
    )
    assert sha(image) == before
    embed_tiff(image, A)
    assert embed_tiff(image, A, system=ReadOnlyFile()).state == "unchanged"


def test_a_full_disk_is_seen_before(image: Path) -> None:
    class Full(System):
        def free(self, folder: Path) -> int:
            return 1000

    system = Full()
    with pytest.raises(WriteError, match=r"is left as it is: \d+ bytes are needed and 1000 are free on its disk"):
        embed_tiff(image, A, system=system)


def test_two_runs_do_not_meet(image: Path) -> None:
    system = System()
    fd = system.open(image, os.O_RDWR)
    try:
        assert system.lock(fd)
        with pytest.raises(WriteError, match="is being written by another run of nbo-extract: try again"):
            embed_tiff(image, A)
    finally:
        system.close(fd)
    assert embed_tiff(image, A).state == "embedded"


def test_classic_tiff_near_4_gib_is_refused_and_bigtiff_is_not(tmp_path: Path) -> None:
    for big in (False, True):
        path = tmp_path / f"{big}.ome.tif"
        make_image(path, "strips", big=big)
        size = (1 << 32) - 3000
        os.truncate(path, size)
        with path.open("rb") as file:
            head = file.read(16)
        if big:
            assert embed_tiff(path, A).state == "embedded"
            assert path.stat().st_size > 1 << 32
            restore_tiff(path)
        else:
            with pytest.raises(WriteError, match=r"would pass the 4 GiB that this format can address: write a sidecar"):
                embed_tiff(path, A)
        assert path.stat().st_size == size
        with path.open("rb") as file:
            assert file.read(16) == head


def test_tiff_without_ome_xml(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, np.zeros((8, 8), np.uint8), description="made by hand", metadata=None)
    before = sha(path)
    with pytest.raises(WriteError) as told:
        embed_tiff(path, A)
    assert told.value.message == f"{path} is a TIFF without OME-XML, so that nothing can be embedded; {OUT}"
    with pytest.raises(WriteError, match="has an ImageDescription already, which is not written over"):
        embed_tiff(path, A, base_xml=b"<OME/>")
    path.write_bytes(b"<html>")
    with pytest.raises(WriteError, match="is no TIFF file: embedding needs an OME-TIFF or OME-Zarr"):
        embed_tiff(path, A)
    assert before != sha(path)


@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
def test_first_directory_gets_a_description(tmp_path: Path, big: bool) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "bare.tif"
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    tifffile.imwrite(path, pixels, metadata=None, bigtiff=big)
    original = sha(path)
    base = (
        b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        b'DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" SizeC="1" SizeT="1">'
        b'<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>'
    )

    embed_tiff(path, A, base_xml=base)

    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        tags = [tag.code for tag in tiff.pages.first.tags]
        assert tags == sorted(tags)
        assert 270 in tags
        assert np.array_equal(tiff.asarray(), pixels)
    restore_tiff(path)
    assert sha(path) == original


def test_multi_file_member_without_metadata_is_refused(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "member.ome.tif"
    tifffile.imwrite(
        path,
        np.zeros((8, 8), np.uint8),
        metadata=None,
        description='<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:1"/></OME>',
    )
    with pytest.raises(WriteError) as told:
        embed_tiff(path, A)
    assert told.value.message == f"{path} holds pixels only, and its metadata are in set.companion.ome: name that file"


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, first)[0]
    after = first + 2 + 12 * entries
    if how == "cut off":
        del content[len(content) // 2 :]
    elif how == "own tail":
        struct.pack_into("<I", content, after, first)
    elif how == "no entries":
        struct.pack_into("<H", content, first, 0)
    elif how == "nowhere":
        struct.pack_into("<I", content, 4, len(content) + 8)
    elif how == "header":
        struct.pack_into("<I", content, 4, 0)
    elif how == "next":
        struct.pack_into("<I", content, after, len(content) - 3)
    elif how == "stub":
        del content[7:]
    elif how == "type":
        for at in range(first + 2, after, 12):
            if struct.unpack_from("<H", content, at)[0] == 273:
                struct.pack_into("<H", content, at + 2, 12)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("cut off", "it is truncated: "),
        ("own tail", "its image directories run in a circle at byte "),
        ("no entries", r"the image directory at byte \d+ has 0 entries"),
        ("nowhere", "it is truncated: it points to byte "),
        ("header", "it has no image directory at byte 0"),
        ("next", "(it is truncated|the image directory)"),
        ("stub", "it ends in its header"),
        ("type", r"its tag 273, which states places, holds \d+ values of type 12"),
    ],
)
def test_damaged_files_are_left_alone(image: Path, how: str, why: str) -> None:
    damage(image, how)
    before = sha(image)
    with pytest.raises(WriteError, match=f"is left as it is, because {why}.*: repair it or get it anew, or write a"):
        embed_tiff(image, A)
    assert sha(image) == before


def test_planes_that_reach_behind_the_end_are_found_in_long_series(tmp_path: Path) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "long.ome.tif"
    tifffile.imwrite(
        path, np.zeros((500, 8, 8), np.uint8), ome=True, photometric="minisblack", metadata={"axes": "TYX"}
    )
    assert embed_tiff(path, A).state == "embedded"
    restore_tiff(path)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[250].tags[273].valueoffset  # type: ignore[union-attr]
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, offset, len(content) - 63)
    path.write_bytes(content)
    with pytest.raises(WriteError, match=f"image data reach to byte {len(content) + 1}, but it has {len(content)}"):
        embed_tiff(path, A)


def test_changed_by_another_program_since(image: Path) -> None:
    import tifffile

    embed_tiff(image, A)
    edited = description(image)[:-1].replace(b'Name="GFP"', b'Name="mCherry"')
    tifffile.tiffcomment(image, edited)
    changed = sha(image)
    with pytest.raises(WriteError) as told:
        restore_tiff(image)
    assert told.value.message == (
        f"{image} holds an NBO block, but was changed or written anew by another program since, so that there is no "
        "way back: restore the file from your copy of the original"
    )
    # Embedding again keeps what the other program wrote, and replaces the block.
    embed_tiff(image, B)
    text = description(image)
    assert b'Name="mCherry"' in text
    assert text.count(b"<XMLAnnotation ") == 2
    assert text.count(b"<AnnotationRef ") == 1
    assert b"AAAA" not in text
    restore_tiff(image)
    assert sha(image) == changed


def test_permissions_stay(image: Path) -> None:
    image.chmod(0o640)
    embed_tiff(image, A)
    assert image.stat().st_mode & 0o777 == 0o640


def test_cost_does_not_grow_with_the_pixels(tmp_path: Path) -> None:
    path = tmp_path / "large.ome.tif"
    make_image(path, "strips", big=True)
    os.truncate(path, 2 << 30)
    read_bytes = 0

    class Counting(System):
        def read(self, fd: int, offset: int, size: int) -> bytes:
            nonlocal read_bytes
            data = super().read(fd, offset, size)
            read_bytes += len(data)
            return data

    embed_tiff(path, A, system=Counting())
    restore_tiff(path, system=Counting())
    assert path.stat().st_size == 2 << 30
    assert read_bytes < 1 << 20


@pytest.fixture
def bio_formats() -> str:
    """Jar of Bio-Formats."""
    jar = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if not Path(jar).is_file():
        pytest.skip("NBO_BIOFORMATS_JAR does not name a bioformats_package.jar")
    return jar


def bio_formats_tool(jar: str, folder: Path, name: str, *arguments: str) -> str:
    call = ["java", "-cp", jar, f"loci.formats.tools.{name}", "-no-upgrade", *arguments]
    return subprocess.run(call, check=True, capture_output=True, text=True, cwd=folder).stdout


@pytest.mark.parametrize("kind", ["tiled", "pyramid"])
def test_bio_formats_reads_the_block_and_the_same_pixels(image: Path, bio_formats: str, kind: str) -> None:
    import tifffile

    make_image(image, kind, big=True, order=">")

    def pixels() -> bytes:
        arguments = ("-overwrite", "-series", "0", str(image), "out.tif")
        bio_formats_tool(bio_formats, image.parent, "ImageConverter", *arguments)
        return tifffile.imread(image.parent / "out.tif").tobytes()

    before = pixels()
    embed_tiff(image, make_block("Skop"))
    told = bio_formats_tool(bio_formats, image.parent, "ImageInfo", "-nopix", "-omexml", str(image))
    assert "Checking file format [OME-TIFF]" in told
    assert "No validation errors found." in told
    assert 'Namespace="https://nbo-extract.org/ns/nbo/02-01"' in told
    assert '<nbo:Instrument ID="Instrument:0" Name="Skop"/>' in told
    assert pixels() == before


@pytest.mark.parametrize("version", ["2010-06", "2011-06", "2012-06", "2013-06", "2015-01"])
def test_bio_formats_keeps_the_block_when_it_upgrades(tmp_path: Path, bio_formats: str, version: str) -> None:
    import numpy as np
    import tifffile

    path = tmp_path / "old.ome.tif"
    description = (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/{version}">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" '
        'SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>'
    )
    tifffile.imwrite(path, np.zeros((8, 8), np.uint8), metadata=None, description=description)
    embed_tiff(path, make_block("Skop"))
    told = bio_formats_tool(bio_formats, tmp_path, "ImageInfo", "-nopix", "-omexml", str(path))
    assert "No validation errors found." in told
    assert '<OME xmlns="http://www.NamespaceTest.org/Schemas/NBO/2020-11"' in told
    assert '<Instrument ID="Instrument:0" Name="Skop"/>' in told


@pytest.mark.parametrize("kind", ["strips", "pyramid"])
def test_any_damage_to_directories_is_refused_or_undone(tmp_path: Path, kind: str) -> None:
    import random

    import tifffile

    path = tmp_path / "cells.ome.tif"
    make_image(path, kind)
    content = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        places = [0, *(page.offset for page in tiff.pages)]
    dice = random.Random(7)
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(dice.choice((1, 2, 5))):
            damaged[dice.choice(places) + dice.randrange(200)] = dice.choice((0, 1, 255, dice.randrange(256)))
        path.write_bytes(damaged)
        try:
            embed_tiff(path, A)
            restore_tiff(path)
        except WriteError:
            refused += 1
        assert path.read_bytes() == damaged
    assert refused > 20
