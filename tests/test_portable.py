"""What is written of an image is the same wherever it lies and however it was named."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract
from nbo_extract.findings import Finding
from nbo_extract.jsonio import from_json
from nbo_extract.model import Document, Origin
from nbo_extract.portable import locate, portable
from nbo_extract.sidecars import read_sidecar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]


def written(folder: Path) -> dict[str, bytes]:
    """Return what a run left, without the table, the report and the journal, which name paths."""
    own = ("summary.csv", "report.html", ".nbo-extract.journal")
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in own)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.parametrize("options", [["--format", "xml"], ["--format", "json"], ["--format", "jsonld"], ["--embed"]])
def test_the_same_bytes_however_an_image_is_named(
    options: list[str], run: Run, sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name, given in (("a", "."), ("b/deeper", "../deeper"), ("c", str(tmp_path / "c"))):
        folder = tmp_path / name
        shutil.copytree(sample_data, folder)
        monkeypatch.chdir(folder)
        assert run(given, "-q", "--hardware", "microscope.json", *options).code == 0
        found.append(written(folder))
    assert len(found[0]) > len(list(sample_data.iterdir()))
    assert found[0] == found[1] == found[2]
    assert not [name for name, content in found[2].items() if os.fsencode(tmp_path) in content]


def test_files_are_told_from_the_folder_of_the_image(tmp_path: Path) -> None:
    place = tmp_path / "images"
    other, outside = place / "more" / "b.tif", tmp_path / "c.tif"
    findings = [Finding("NBO1", "info", "x", file=f) for f in (str(place / "a.tif"), str(other), "")]
    origin = Origin(str(place / "a.tif"), files=(str(place / "a.tif"), str(other), str(outside)))
    document = Document(origin=origin, findings=findings)
    bare = portable(document)
    assert (bare.origin.file, bare.origin.files) == ("a.tif", ("a.tif", "more/b.tif", "../c.tif"))
    assert [f.file for f in bare.findings] == ["a.tif", "more/b.tif", ""]
    assert document.origin == origin
    assert document.findings == findings
    # Read somewhere else, the files are where the image is.
    locate(bare, str(tmp_path / "x" / "images" / "a.tif"))
    assert bare.origin.files == tuple(str(tmp_path / "x" / p) for p in ("images/a.tif", "images/more/b.tif", "c.tif"))
    assert [f.file for f in bare.findings] == [bare.origin.file, "more/b.tif", ""]


def test_urls_and_what_is_no_path_stay() -> None:
    document = Document(origin=Origin("s3://bucket/a.zarr", files=("s3://bucket/a.zarr",)))
    assert portable(document) is document
    locate(document, "s3://bucket/a.zarr")
    assert document.origin.files == ("s3://bucket/a.zarr",)
    nameless = Document()
    assert portable(nameless) is nameless
    assert portable(Document(origin=Origin("/"))).origin.file == "/"


def test_a_sidecar_that_is_read_knows_the_files_of_its_image(run: Run, sample_data: Path, tmp_path: Path) -> None:
    shutil.copytree(sample_data, tmp_path / "a")
    image = tmp_path / "a" / "widefield.czi"
    assert run(str(image), "--format", "json", "-o", str(tmp_path / "out") + os.sep).code == 0
    sidecar = tmp_path / "out" / "widefield.czi.nbo.json"
    stated = from_json(sidecar).origin
    assert (stated.file, stated.files) == ("widefield.czi", ("widefield.czi",))
    read = read_sidecar(sidecar).document.origin
    assert (read.file, read.files) == (str(image), extract(image).origin.files)
