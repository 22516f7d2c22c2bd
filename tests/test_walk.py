"""The walk through folders: one unit an image."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

import make_ome_sets
from nbo_extract.walk import Unit, walk
from sample_ome import planes, tiff_bytes

if TYPE_CHECKING:
    from pathlib import Path

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
COMPANION = "urn:uuid:00000000-0000-0000-0000-00000000000c"


def tiff(path: Path, inner: str) -> None:
    path.write_bytes(tiff_bytes(planes()[:1], f'<?xml version="1.0"?><OME xmlns="{OME}">{inner}</OME>'.encode()))


def found(*paths: Path, reader: str | None = None) -> list[str]:
    return [u.relative for u in walk([str(p) for p in paths], reader).units]


@pytest.fixture
def folder(tmp_path: Path, sample_data: Path) -> Path:
    shutil.copytree(sample_data, tmp_path / "data")
    return tmp_path / "data"


def test_units_are_sorted_and_a_zarr_is_one(folder: Path) -> None:
    (folder / "b").mkdir()
    (folder / "a").mkdir()
    for name in ("b/2.czi", "b/10.czi", "a/z.czi"):
        shutil.copy(folder / "widefield.czi", folder / name)
    result = walk([str(folder)])
    assert [u.relative for u in result.units] == [
        "confocal.ome.tiff", "widefield.czi", "cells_v04.ome.zarr", "cells_v05.ome.zarr",
        "a/z.czi", "b/10.czi", "b/2.czi",
    ]  # fmt: skip
    assert result.units[4].path == str(folder / "a" / "z.czi")
    # The hardware description is no image.
    assert (result.left_out, result.members, result.empty, result.problems) == (2, 0, [], [])


def test_paths_start_as_the_user_named_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert walk(["data/widefield.czi"]).units == [Unit("data/widefield.czi", "widefield.czi")]
    assert walk(["data"]).units[0] == Unit(os.path.join("data", "confocal.ome.tiff"), "confocal.ome.tiff")
    monkeypatch.chdir(folder)
    assert walk(["."]).units[0] == Unit("confocal.ome.tiff", "confocal.ome.tiff")
    assert walk(["cells_v05.ome.zarr/"]).units == [Unit("cells_v05.ome.zarr/", "cells_v05.ome.zarr")]


def test_hidden_temporary_and_own_files_are_passed_over(folder: Path) -> None:
    image = folder / "widefield.czi"
    for name in (".hidden.czi", "~$widefield.czi", "._widefield.czi", "widefield.czi.part", "widefield.czi~"):
        shutil.copy(image, folder / name)
    for name in ("widefield.czi.nbo.xml", "widefield.czi.nbo.json", "confocal.ome.tiff.nbo.jsonld"):
        (folder / name).write_text("<?xml version='1.0'?><OME/>")
    for name in ("@eaDir", "__MACOSX", ".snapshot"):
        (folder / name).mkdir()
        shutil.copy(image, folder / name / "copy.czi")
    result = walk([str(folder)])
    assert len(result.units) == 4
    assert result.left_out == 2


def test_each_image_once_where_paths_overlap(folder: Path) -> None:
    names = found(folder / "widefield.czi", folder, folder / "widefield.czi")
    assert names == ["widefield.czi", "confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr"]


def test_a_damaged_image_does_not_vanish(folder: Path) -> None:
    (folder / "broken.czi").write_bytes(b"")
    (folder / "notes.txt").write_text("x")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n")
    result = walk([str(folder)])
    assert "broken.czi" in [u.relative for u in result.units]
    assert result.left_out == 4


def test_a_file_that_is_named_is_taken_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / ".notes.txt").write_text("x")
    assert found(tmp_path / ".notes.txt") == [".notes.txt"]


def test_links_that_make_a_loop_end(folder: Path) -> None:
    (folder / "inner").mkdir()
    shutil.copy(folder / "widefield.czi", folder / "inner" / "x.czi")
    (folder / "inner" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "inner" / "self").symlink_to(folder / "inner", target_is_directory=True)
    (folder / "dangling.czi").symlink_to(folder / "nowhere.czi")
    assert found(folder) == [
        "confocal.ome.tiff", "widefield.czi", "cells_v04.ome.zarr", "cells_v05.ome.zarr", "inner/x.czi",
    ]  # fmt: skip


def test_members_of_a_set_are_one_unit(tmp_path: Path) -> None:
    data = "".join(
        f'<TiffData FirstZ="{i}" IFD="0"><UUID FileName="{n}">urn:uuid:00000000-0000-0000-0000-00000000000{i}</UUID>'
        "</TiffData>"
        for i, n in enumerate(("z0.ome.tif", "z1.ome.tif"))
    )
    image = f'<Image ID="Image:0"><Pixels ID="Pixels:0" SizeZ="2">{data}</Pixels></Image>'
    (tmp_path / "set.companion.ome").write_text(f'<OME xmlns="{OME}" UUID="{COMPANION}">{image}</OME>')
    for name in ("z0.ome.tif", "z1.ome.tif"):
        tiff(tmp_path / name, f'<BinaryOnly MetadataFile="set.companion.ome" UUID="{COMPANION}"/>')
    tiff(tmp_path / "other.ome.tif", '<Image ID="Image:0"/>')
    result = walk([str(tmp_path)])
    assert [u.relative for u in result.units] == ["other.ome.tif", "set.companion.ome"]
    assert (result.members, result.left_out) == (2, 0)


def test_a_member_without_metadata_is_found_by_the_file_that_names_it(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    make_ome_sets.write(files[0], 0, None)
    result = walk([str(tmp_path)])
    assert [u.relative for u in result.units] == ["cells_Z1.ome.tif"]
    assert result.members == 2


def test_members_that_are_named_are_one_unit_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    files = [str(f) for f in make_ome_sets.full(tmp_path, 3)]
    other = str(make_ome_sets.with_companion(tmp_path / "b", 2)[1])
    assert [u.path for u in walk(files).units] == files
    for paths, units in (
        ([*files, other], [files[0], other]),
        ([files[2], other, files[0]], [files[2], other]),
        ([files[1], str(tmp_path)], [files[1], str(tmp_path / "b" / "cells.companion.ome")]),
        ([str(tmp_path), files[1]], [files[0], str(tmp_path / "b" / "cells.companion.ome")]),
        ([files[1], files[1]], [files[1]]),
    ):
        assert [u.path for u in walk(paths, joined=True).units] == units


def test_a_reader_that_is_asked_for_takes_its_own_alone(folder: Path) -> None:
    assert found(folder, reader="czi") == ["widefield.czi"]
    assert found(folder, reader="ome-zarr") == ["cells_v04.ome.zarr", "cells_v05.ome.zarr"]


def test_folders_without_images(tmp_path: Path) -> None:
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "empty" / "readme.md").write_text("x")
    result = walk([str(tmp_path / "empty")])
    assert (result.units, result.left_out, result.empty) == ([], 1, [str(tmp_path / "empty")])


def test_a_folder_that_cannot_be_listed_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "locked").mkdir()
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = walk([str(folder)])
    assert len(result.units) == 4
    assert result.problems == [f"{folder / 'locked'}: this folder cannot be listed (Permission denied); ask for access"]
