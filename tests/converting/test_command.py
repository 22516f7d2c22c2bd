"""The option --convert: names, contradictions, folders, exit codes, and what is in the result."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import tifffile

from nbo_extract.api import convert, extract
from nbo_extract.converting.conversion import Options
from nbo_extract.errors import NboExtractError
from nbo_extract.xmlio import to_xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]


@pytest.fixture
def images(sample_data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    shutil.copytree(sample_data, folder, ignore=shutil.ignore_patterns("*.zarr"))
    return folder


def test_a_vendor_file_becomes_an_ome_tiff_with_all_that_is_known(run: Run, images: Path, tmp_path: Path) -> None:
    target = tmp_path / "w.ome.tiff"
    source = images / "widefield.czi"
    before = source.read_bytes()
    done = run(source, "--hardware", images / "microscope.json", "--convert", "ome-tiff", "-o", target)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == f"  wrote {target} (1 image, {target.stat().st_size:,} bytes)"
    assert source.read_bytes() == before
    found = extract(target)
    assert {f.source.kind for n in found.root.walk() for f in n.facts.values() if f.source} >= {"embedded", "hardware"}
    pixels = found.images[0].first("Pixels")
    assert pixels is not None
    assert pixels.get("DimensionOrder") == "XYZCT"
    with tifffile.TiffFile(target) as tiff:
        assert 'Model="Axio Observer.Z1 / 7"' in str(tiff.ome_metadata)
    again = run(source, "--convert", "ome-tiff", "-o", target)
    assert again.code == 3
    assert again.err == (
        f"nbo-extract: {target}: there is a file of this name, which is not written over; give another path with -o\n"
    )


def test_a_folder_is_converted_into_a_folder_and_once(run: Run, images: Path) -> None:
    out = images / "converted"
    done = run(images, "--convert", "ome-tiff", "-o", out, "--workers", "2")
    assert (done.code, done.err) == (0, "")
    assert sorted(p.name for p in out.glob("*.tiff")) == ["confocal.ome.tiff", "widefield.ome.tiff"]
    assert done.out.splitlines()[-1].startswith("2 images: 2 converted")
    again = run(images, "--convert", "ome-zarr", "--ngff", "0.4", "-o", out)
    assert again.code == 0
    assert sorted(p.name for p in out.glob("*.zarr")) == ["confocal.ome.zarr", "widefield.ome.zarr"]
    assert (out / "confocal.ome.zarr" / ".zattrs").is_file()


def test_an_embedded_block_is_kept_and_people_are_left_out_on_demand(run: Run, images: Path, tmp_path: Path) -> None:
    source = images / "confocal.ome.tiff"
    assert run(source, "--embed", "--hardware", images / "microscope.json").code == 0
    assert run(source, "--convert", "ome-zarr", "-o", tmp_path / "a.ome.zarr").code == 0
    assert to_xml(extract(tmp_path / "a.ome.zarr")) == to_xml(extract(source))
    assert run(source, "--convert", "ome-tiff", "-o", tmp_path / "b.ome.tiff", "--redact").code == 0
    assert b"Ada" not in (tmp_path / "b.ome.tiff").read_bytes()


def test_a_dry_run_writes_nothing(run: Run, images: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "w.ome.tiff"
    done = run(images / "confocal.ome.tiff", "--convert", "ome-tiff", "-o", target, "--dry-run")
    assert done.code == 0
    told = f"  would write {target} (1 image, 8,192 bytes of pixels before compression)"
    assert done.out.splitlines()[-1] == told
    assert not target.parent.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--convert", "ome-tiff"], "--convert writes a new image: say where with -o, a file or a folder"),
        (["--convert", "ome-tiff", "-o", "-"], "--convert writes no image to standard output; give a file or a folder"),
        (
            ["--convert", "ome-tiff", "-o", "a.png"],
            "a.png: by this name nobody knows what it is; end it",
        ),
        (
            ["--convert", "ome-zarr", "-o", "a.ome.tiff"],
            "a.ome.tiff: by this name nobody knows what it is;",
        ),
        (["--convert", "ome-tiff", "--embed"], "--embed writes into the image, --convert a new one; leave one of them"),
        (["--convert", "ome-tiff", "--format", "xml", "-o", "a"], "--convert writes an image that holds the metadata;"),
        (["--compression", "none"], "--compression is for --convert ome-tiff; leave it out"),
        (
            ["--convert", "ome-tiff", "-o", "a.ome.tiff", "--ngff", "0.4"],
            "--ngff is for --convert ome-zarr; leave it",
        ),
        (["--verify-pixels"], "--verify-pixels is for writing into images; give --embed with it, or leave it out"),
    ],
)
def test_contradictions_are_refused(run: Run, images: Path, options: list[str], message: str) -> None:
    done = run(images / "widefield.czi", *options)
    assert done.code == 2
    assert done.err.startswith(f"nbo-extract: {message}")


def test_names_that_meet_are_refused(run: Run, images: Path, tmp_path: Path) -> None:
    shutil.copy(images / "confocal.ome.tiff", images / "widefield.ome.tiff")
    done = run(images, "--convert", "ome-tiff", "-o", tmp_path / "out")
    assert done.code == 2
    assert "would both be written to" in done.err
    done = run(images, "--convert", "ome-tiff", "-o", tmp_path / "one.ome.tiff")
    assert done.code == 2
    assert done.err.startswith(
        f"nbo-extract: {tmp_path / 'one.ome.tiff'}: one file cannot hold the images of a folder; give a folder"
    )


@pytest.mark.slow
def test_real_files_are_converted_or_refused_in_a_sentence(shared: Path, tmp_path: Path) -> None:
    files = sorted(p for p in (shared / "samples").rglob("*.*") if p.is_file())
    refused = {}
    for number, file in enumerate(files):
        kind, ending = (("ome-tiff", "ome.tiff"), ("ome-zarr", "ome.zarr"))[number % 2]
        target = tmp_path / f"{number}.{ending}"
        try:
            result = convert(file, target, kind, options=Options(workers=2, verify_pixels=True))  # type: ignore[arg-type]
        except NboExtractError as error:
            refused[file.name] = error.message
            assert error.message.startswith(f"{file}: ")
            continue
        assert result.state == "written"
        assert len(extract(target).images) == len(extract(file).images)
    assert len(refused) <= 3, refused
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []
