"""Folders with what goes wrong: one line in journal, table and standard error for each; all others are done."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from batch_runs import CZI, FIRST, ZARR, Run, count, journal, lines, table
from kill_runs import make_images
from nbo_extract.batch import stamps
from nbo_extract.batch.journal import NAME
from nbo_extract.cli import batch, goals
from nbo_extract.cli import work as work_module
from nbo_extract.stores import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result
    from nbo_extract.cli.work import Job, Task

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses such names, and files that are open")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_images(tmp_path / "images", 20)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "images"


def told_once(result: Result, folder: Path, *paths: str) -> dict[str, str]:
    """Check that these alone failed, each told in one line everywhere; return what was told of each."""
    assert result.code == 3
    listed, kept, told = table(folder / "summary.csv"), journal(folder / NAME), result.err.splitlines()
    assert len(told) == len(paths)
    messages = {}
    for path in paths:
        shown = one_line(path)
        (line,) = (n for n in told if n.startswith((f"nbo-extract: {shown}: ", f"nbo-extract: {shown} ")))
        message = messages[path] = line.removeprefix("nbo-extract: ")
        state, noted = kept[os.path.relpath(path, "images")]
        assert state in ("failed", "lost", "unlisted")
        assert noted == message
        assert (listed[shown]["State"], listed[shown]["Message"]) == ("failed", message)
    assert [row["File"] for row in listed.values() if row["State"] == "failed"] == [one_line(p) for p in paths]
    assert {row["State"] for row in listed.values()} <= {"written", "failed"}
    return messages


def test_damaged_files(run: Run, images: Path) -> None:
    whole = (images / "day_000" / "wide_00006.czi").read_bytes()
    damaged = {
        "a_empty.czi": b"",
        "b_cut.czi": whole[:3000],
        "c_cut.ome.tiff": (images.parent / FIRST).read_bytes()[:500],
        "d_text.czi": b"not an image at all",
        "e_zeros.nd2": bytes(4096),
    }
    for name, data in damaged.items():
        (images / name).write_bytes(data)
    result = run("images")
    told_once(result, images, *(f"images/{name}" for name in damaged))
    assert len(lines(result)) == 20
    assert count(result) == "25 images: 20 written, 5 failed"
    # The same with more processes.
    again = run("images", "--force", "--workers", "2")
    assert sorted(again.err.splitlines()) == sorted(result.err.splitlines())


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_may_not_be_listed(run: Run, images: Path) -> None:
    shutil.copytree(images / "day_000", images / "closed")
    (images / "closed").chmod(0)
    try:
        result = run("images")
    finally:
        (images / "closed").chmod(0o755)
    told_once(result, images, "images/closed")


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make folders that cannot be listed, as root sees none."""

    def close(name: str) -> None:
        scandir = os.scandir

        def refused(path: Any = ".") -> Any:
            if os.fspath(path) == name:
                raise PermissionError(13, "Permission denied", name)
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refused)

    return close


def test_a_folder_that_cannot_be_listed(
    run: Run, images: Path, closed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(images / "day_000", images / "closed")
    closed("images/closed")
    for told in (20, 0):
        result = run("images")
        messages = told_once(result, images, "images/closed")
        assert messages == {
            "images/closed": "images/closed: this folder cannot be listed (Permission denied); ask for access"
        }
        assert len(lines(result)) == told
    monkeypatch.undo()
    monkeypatch.chdir(images.parent)
    result = run("images")
    assert (result.code, result.err) == (0, "")
    assert len(lines(result)) == 20
    assert len(table(images / "summary.csv")) == 40


def test_nothing_but_a_folder_that_cannot_be_listed(
    run: Run, tmp_path: Path, closed: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.makedirs("images/closed")
    closed("images/closed")
    told_once(run("images"), tmp_path / "images", "images/closed")


@pytest.mark.parametrize("options", [[], ["--embed"], ["--format", "json", "--workers", "2"]])
def test_names_of_all_kinds(run: Run, images: Path, options: list[str]) -> None:
    stems = [
        "two\nlines",
        "tab\tand \x1b[31mred",
        "=cmd|'x'!A1",
        'quoted "and, with comma"',
        "日本 µ",
        os.fsdecode(b"latin_\xe9"),
    ]
    for number, stem in enumerate(stems):
        shutil.copy(f"images/day_000/confocal_0001{number % 6}.ome.tiff", f"images/day_000/{stem}.ome.tiff")
        os.unlink(f"images/day_000/confocal_0001{number % 6}.ome.tiff")
        shutil.copy(CZI, f"images/day_000/{stem}.czi")
        shutil.copytree(ZARR, f"images/day_000/{stem}.ome.zarr")
    result = run("images", *options)
    assert (result.code, result.err) == (0, "")
    assert len(lines(result)) == 32
    listed = table(images / "summary.csv")
    assert len(listed) == 32
    assert {row["State"] for row in listed.values()} == {"written", "embedded"} if "--embed" in options else {"written"}
    for ending in ("ome.tiff", "czi", "ome.zarr"):
        assert f"images/day_000/two\\nlines.{ending}" in listed
        assert f"images/day_000/latin_\\xe9.{ending}" in listed
    assert count(run("images", *options)).startswith("32 images: 32 done before")


def test_names_of_all_kinds_that_are_damaged(run: Run, images: Path) -> None:
    names = ["images/a\nb.czi", os.fsdecode(b"images/latin_\xe9.czi")]
    for name in names:
        with open(name, "wb") as stream:
            stream.write(b"nothing")
    told_once(run("images"), images, *names)
    told_once(run("images", "--retry-failed", "--workers", "2"), images, *names)


def test_long_paths(run: Run, images: Path) -> None:
    deep = os.path.join("images", *["d" * 60] * 5)
    os.makedirs(deep)
    longest = os.path.join(deep, "n" * 240 + ".czi")
    fine = os.path.join(deep, "n" * 200 + ".czi")
    assert len(fine) > 500
    for path in (longest, fine):
        shutil.copy(CZI, path)
    result = run("images")
    # The name of what is written for it would be longer than a file system takes.
    message = f"{longest}.nbo.xml cannot be written: file name too long; choose another place with -o"
    assert (result.code, result.err) == (3, f"nbo-extract: {message}\n")
    assert journal(images / NAME)[os.path.relpath(longest, "images")] == ("failed", message)
    assert table(images / "summary.csv")[longest]["Message"] == message
    assert os.path.exists(f"{fine}.nbo.xml")
    assert len(lines(result)) == 21


# -- what changes under the hands -------------------------------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], object]], None]:
    """Do something after an image was looked at and before, or while, it is read."""

    def at(path: str, act: Callable[[], object], *, while_read: bool = False) -> None:
        if while_read:
            refuse = goals._refuse_changed

            def after_reading(task: Task, told: str) -> None:
                if task.path == path:
                    act()
                refuse(task, told)

            monkeypatch.setattr(goals, "_refuse_changed", after_reading)
            return
        process = work_module.process

        def before_reading(task: Task, job: Job) -> Any:
            if task.path == path:
                act()
            return process(task, job)

        monkeypatch.setattr(batch, "process", before_reading)

    return at


def grow(path: str) -> None:
    with open(path, "ab") as stream:
        stream.write(b"more")


@pytest.mark.parametrize("while_read", [False, True])
def test_a_file_that_grows(
    run: Run, images: Path, meanwhile: Callable[..., None], monkeypatch: pytest.MonkeyPatch, while_read: bool
) -> None:
    meanwhile(FIRST, lambda: grow(FIRST), while_read=while_read)
    result = run("images")
    assert told_once(result, images, FIRST) == {
        FIRST: f"{FIRST}: it changed while it was read; nothing is written, the next run does it again"
    }
    assert not os.path.exists(f"{FIRST}.nbo.xml")
    assert len(lines(result)) == 19
    monkeypatch.undo()
    monkeypatch.chdir(images.parent)
    after = run("images")
    assert (after.code, list(lines(after))) == (0, [FIRST])


@pytest.mark.parametrize("while_read", [False, True])
def test_a_file_that_vanishes(run: Run, images: Path, meanwhile: Callable[..., None], while_read: bool) -> None:
    meanwhile(FIRST, lambda: os.unlink(FIRST), while_read=while_read)
    result = run("images")
    told_once(result, images, FIRST)
    assert not os.path.exists(f"{FIRST}.nbo.xml")
    assert len(lines(result)) == 19
    after = run("images")
    assert (after.code, after.err) == (0, "")
    assert FIRST not in table(images / "summary.csv")


def test_a_file_that_vanishes_before_it_is_begun(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = stamps.stamp

    def gone(path: str, files: Any = ()) -> str:
        if path == FIRST and os.path.exists(FIRST):
            os.unlink(FIRST)
        return stamp(path, files)

    monkeypatch.setattr(batch, "stamp", gone)
    told_once(run("images"), images, FIRST)


def test_a_store_that_loses_its_metadata(run: Run, images: Path, meanwhile: Callable[..., None]) -> None:
    meanwhile(ZARR, lambda: shutil.rmtree(ZARR))
    told_once(run("images"), images, ZARR)


def test_an_image_that_changes_is_not_embedded_into(run: Run, images: Path, meanwhile: Callable[..., None]) -> None:
    meanwhile(FIRST, lambda: grow(FIRST))
    result = run("images", "--embed")
    assert result.code == 3
    assert result.err == (
        f"nbo-extract: {FIRST}: it changed while it was read; nothing is written, the next run does it again\n"
    )
    with open(FIRST, "rb") as stream:
        assert stream.read().endswith(b"more")


def test_a_fault_of_ours_costs_one_image(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = goals._refuse_changed

    def fault(task: Task, told: str) -> None:
        if task.path == FIRST:
            raise ZeroDivisionError("a\nfault")
        refuse(task, told)

    monkeypatch.setattr(goals, "_refuse_changed", fault)
    monkeypatch.delenv("NBO_EXTRACT_DEBUG", raising=False)
    assert told_once(run("images"), images, FIRST) == {
        FIRST: f"{FIRST}: unexpected problem (ZeroDivisionError: a fault); please report it"
    }
