"""The walk as a stream: what it holds, which ways it goes, what it passes over."""

from __future__ import annotations

import os
import pickle
import shutil
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest

from make_oif import make_oif
from nbo_extract.walk import Stream, Unit, walk

CZI = b"ZISRAWFILE" + bytes(100)


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CZI)
    return path


def found(*paths: Path | str, **how: object) -> list[str]:
    return [u.relative for u in walk([str(p) for p in paths], **how).units]  # type: ignore[arg-type]


def test_images_come_before_the_next_folder_is_looked_at(tmp_path: Path) -> None:
    for name in ("a/1.czi", "a/2.czi", "b/3.czi"):
        image(tmp_path / name)
    going = Stream([str(tmp_path)])
    units = going.units()
    first = list(islice(units, 2))
    shutil.rmtree(tmp_path / "b")
    (tmp_path / "b").mkdir()
    image(tmp_path / "b" / "4.czi")
    (tmp_path / "b" / "x.txt").write_text("x")
    assert [u.relative for u in first] == ["a/1.czi", "a/2.czi"]
    assert going.left_out == 0
    assert [u.relative for u in units] == ["b/4.czi"]
    assert going.left_out == 1


def test_a_stream_and_a_walk_find_the_same(tmp_path: Path, sample_data: Path) -> None:
    shutil.copytree(sample_data, tmp_path / "data")
    make_oif(tmp_path / "data" / "scan.oif")
    assert list(Stream([str(tmp_path)]).units()) == walk([str(tmp_path)]).units


def test_memory_does_not_grow_with_the_number_of_folders(tmp_path: Path) -> None:
    def peak(number: int) -> int:
        top = tmp_path / str(number)
        for index in range(number):
            image(top / f"{index // 20:03}" / f"{index % 20:02}.czi")
        tracemalloc.start()
        count = sum(1 for _ in Stream([str(top)]).units())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == number
        return most

    peak(20)
    few, many = peak(200), peak(2000)
    # Holding so much as the path of each image would take more.
    assert many - few < 1800 * 64


def test_a_unit_crosses_processes_and_is_small(tmp_path: Path) -> None:
    unit = Unit("a/b.czi", "b.czi", ("/a/c.czi",))
    assert pickle.loads(pickle.dumps(unit)) == unit  # noqa: S301 - made here
    assert not hasattr(unit, "__dict__")


# ----------------------------------------------------------------------------------------------- ways through folders


def test_folders_within_each_other_are_gone_through_once(tmp_path: Path) -> None:
    for name in ("a/1.czi", "a/b/2.czi", "c/3.czi"):
        image(tmp_path / name)
    for paths in ([tmp_path, tmp_path / "a" / "b"], [tmp_path / "a" / "b", tmp_path], [tmp_path, tmp_path]):
        assert found(*paths) == ["a/1.czi", "a/b/2.czi", "c/3.czi"]


def test_a_folder_that_is_named_is_taken_also_where_the_one_above_leaves_it_out(tmp_path: Path) -> None:
    for name in ("1.czi", ".cache/2.czi", "old/3.czi"):
        image(tmp_path / name)
    assert found(tmp_path, tmp_path / ".cache") == ["1.czi", "old/3.czi", "2.czi"]
    assert found(tmp_path, tmp_path / "old", exclude=["old"]) == ["1.czi", "3.czi"]


def test_a_link_to_a_folder_is_followed_once(tmp_path: Path) -> None:
    image(tmp_path / "data" / "z" / "1.czi")
    image(tmp_path / "other" / "deep" / "2.czi")
    image(tmp_path / "data" / ".hidden" / "3.czi")
    (tmp_path / "data" / "a").symlink_to(tmp_path / "data" / "z")
    (tmp_path / "data" / "b").symlink_to(tmp_path / "other")
    (tmp_path / "data" / "c").symlink_to(tmp_path / "other")
    (tmp_path / "data" / "d").symlink_to(tmp_path / "other" / "deep")
    (tmp_path / "data" / "e").symlink_to(tmp_path / "data" / ".hidden")
    (tmp_path / "other" / "up").symlink_to(tmp_path)
    # The link upwards leads to all of it again; nothing of it comes twice.
    assert found(tmp_path / "data") == ["b/deep/2.czi", "e/3.czi", "z/1.czi"]


def test_a_link_to_itself_is_passed_over(tmp_path: Path) -> None:
    image(tmp_path / "1.czi")
    (tmp_path / "2.czi").symlink_to("2.czi")
    (tmp_path / "self").symlink_to("self")
    result = walk([str(tmp_path)])
    assert ([u.relative for u in result.units], result.problems) == (["1.czi"], [])


def test_a_folder_that_vanishes_is_told_and_the_others_are_done(tmp_path: Path) -> None:
    for name in ("a/1.czi", "b/2.czi", "c/3.czi"):
        image(tmp_path / name)
    going = Stream([str(tmp_path)])
    units = going.units()
    next(units)
    shutil.rmtree(tmp_path / "b")
    assert [u.relative for u in units] == ["c/3.czi"]
    assert going.problems == [f"{tmp_path / 'b'}: this folder cannot be listed (No such file or directory); look again"]


def test_names_that_are_hard_to_read_survive(tmp_path: Path) -> None:
    long = "/".join(["d" * 100] * 3)
    names = ["line\nbreak.czi", os.fsdecode(b"\xff\xfe.czi"), "with space.czi", f"{long}/deep.czi"]
    for name in names:
        image(tmp_path / name)
    assert sorted(found(tmp_path)) == sorted(names)


def test_a_tree_deeper_than_calls_may_be_is_gone_through(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1100):
            os.mkdir("d")
            os.chdir("d")
        Path("1.czi").write_bytes(CZI)
    finally:
        os.chdir(here)
    assert found(tmp_path) == ["/".join([*["d"] * 1100, "1.czi"])]
    # Removing it is beyond the recursion of shutil.
    os.rename(tmp_path / "/".join(["d"] * 600), tmp_path / "rest")


# ------------------------------------------------------------------------------------------------------- what is passed


@pytest.mark.parametrize(
    "name",
    ["Thumbs.db", "exp_w1_thumb_{1A2B}.TIF", "a_thumb.tif", "A01_s1_w1_thumb0A1B2C3D-0000-1111-2222-0123456789AB.tif",
     ".nbo-extract.journal", ".nbo-extract.journal-wal", "image.czi.nbo-backup"],
)  # fmt: skip
def test_thumbnails_journals_and_backups_are_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"II*\0" + bytes(20))
    image(tmp_path / "1.czi")
    result = walk([str(tmp_path)])
    assert ([u.relative for u in result.units], result.left_out) == (["1.czi"], 0)


@pytest.mark.parametrize("name", ["thumb.tif", "a_thumbs_up.tif", "thumb_1.tif", "a_thumb.czi"])
def test_names_that_only_resemble_thumbnails_are_images(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"II*\0" + bytes(20))
    assert found(tmp_path) == [name]


def test_what_is_to_be_skipped_is_passed_over(tmp_path: Path) -> None:
    image(tmp_path / "1.czi")
    image(tmp_path / "out" / "2.czi")
    assert found(tmp_path, skip=[str(tmp_path / "out")]) == ["1.czi"]


def test_chunks_of_a_zarr_are_never_listed(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(sample_data / "cells_v05.ome.zarr", tmp_path / "cells.zarr")
    listed: list[str] = []
    real = os.scandir

    def scandir(path: str) -> object:
        listed.append(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert found(tmp_path) == ["cells.zarr"]
    assert listed == [str(tmp_path)]


# ---------------------------------------------------------------------------------------------------------------- globs


def tree(folder: Path) -> Path:
    for name in ("a/1.czi", "a/raw/2.CZI", "b/3.czi", "b/old.czi"):
        image(folder / name)
    return folder


@pytest.mark.parametrize(
    ("how", "names"),
    [
        ({"include": ["*.czi"]}, ["a/1.czi", "a/raw/2.CZI", "b/3.czi", "b/old.czi"]),
        ({"include": ["a/*"]}, ["a/1.czi"]),
        ({"include": ["a/**"]}, ["a/1.czi", "a/raw/2.CZI"]),
        ({"include": ["**/raw/*"]}, ["a/raw/2.CZI"]),
        ({"include": ["[13].czi"]}, ["a/1.czi", "b/3.czi"]),
        ({"include": ["[!13].czi"]}, ["a/raw/2.CZI"]),
        ({"include": ["?.czi"], "exclude": ["b"]}, ["a/1.czi", "a/raw/2.CZI"]),
        ({"exclude": ["a/raw/"]}, ["a/1.czi", "b/3.czi", "b/old.czi"]),
        ({"exclude": ["raw", "OLD*"]}, ["a/1.czi", "b/3.czi", "b/old.czi"]),
        ({"exclude": ["old*"]}, ["a/1.czi", "a/raw/2.CZI", "b/3.czi"]),
    ],
)
def test_globs(tmp_path: Path, how: dict[str, list[str]], names: list[str]) -> None:
    assert found(tree(tmp_path), **how) == names


def test_an_excluded_folder_is_not_listed_and_counted_once(tmp_path: Path) -> None:
    result = walk([str(tree(tmp_path))], exclude=["a"])
    assert (len(result.units), result.excluded, result.left_out) == (2, 1, 0)


def test_what_is_named_itself_is_never_excluded(tmp_path: Path) -> None:
    tree(tmp_path)
    assert found(tmp_path / "b" / "old.czi", tmp_path, exclude=["old*"], include=["x*"]) == ["old.czi"]
    assert found(tmp_path, tmp_path / "b" / "old.czi", exclude=["old*"], include=["x*"]) == ["b/old.czi"]


def test_a_pattern_that_matches_nothing_is_told(tmp_path: Path) -> None:
    result = walk([str(tree(tmp_path))], include=["*.nd2", "3*"])
    assert [u.relative for u in result.units] == ["b/3.czi"]
    assert result.notes == ["--include *.nd2: no image has such a path; check the pattern"]
