"""Watching a folder: an image is taken when it is complete, once, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from nbo_extract.cli.watch import locked
from nbo_extract.xmlio import from_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from commands import Result

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "night"
    place.mkdir()
    monkeypatch.chdir(tmp_path)
    return place


@pytest.fixture
def watching(folder: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "nbo_extract", "watch", "night", "--every", "0.2", *args]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=folder.parent, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=60)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=60)


def test_an_image_is_taken_when_it_stays_as_it_is(
    folder: Path, sample_data: Path, watching: Callable[..., subprocess.Popen[str]]
) -> None:
    process = watching("--settle", "1")
    wait_for((folder / ".nbo-extract.journal").exists)
    data = (sample_data / "widefield.czi").read_bytes()
    (folder / "held.czi").write_bytes(data)
    (folder / "held.czi.lock").touch()
    # Recorded piece by piece, each sooner than an image is taken for complete.
    with open(folder / "slow.czi", "wb") as file:
        for number in range(8):
            file.write(data[len(data) * number // 8 : len(data) * (number + 1) // 8])
            file.flush()
            time.sleep(0.4)
            assert not (folder / "slow.czi.nbo.xml").exists()
    wait_for((folder / "slow.czi.nbo.xml").exists)
    assert not (folder / "held.czi.nbo.xml").exists()
    (folder / "held.czi.lock").unlink()
    wait_for((folder / "held.czi.nbo.xml").exists)
    wait_for(lambda: (folder / "summary.csv").exists() and "held" in (folder / "summary.csv").read_text("utf-8-sig"))
    out, err = stop(process)
    assert process.returncode == 0
    lines = out.splitlines()
    assert lines[0] == "watching night; Ctrl-C ends"
    assert [line[20:] for line in lines[1:]] == [
        f"{os.path.join('night', name)}: written, 42 missing for tier 1" for name in ("slow.czi", "held.czi")
    ]
    assert err == "nbo-extract: finishing what is being written; Ctrl-C again ends at once\n"
    assert from_xml(folder / "slow.czi.nbo.xml") == from_xml(folder / "held.czi.nbo.xml")


def test_a_restart_goes_on(folder: Path, sample_data: Path, watching: Callable[..., subprocess.Popen[str]]) -> None:
    shutil.copy(sample_data / "widefield.czi", folder / "a.czi")
    first = watching("--settle", "0")
    wait_for((folder / "a.czi.nbo.xml").exists)
    wait_for((folder / "summary.csv").exists)
    first.kill()
    assert first.wait(60) == -signal.SIGKILL
    when = (folder / "a.czi.nbo.xml").stat().st_mtime_ns
    shutil.copy(sample_data / "widefield.czi", folder / "b.czi")
    second = watching("--settle", "0")
    wait_for((folder / "b.czi.nbo.xml").exists)
    wait_for(lambda: "b.czi" in (folder / "summary.csv").read_text("utf-8-sig"))
    out, _ = stop(second)
    assert [line[20:] for line in out.splitlines()[1:]] == [
        f"{os.path.join('night', 'b.czi')}: written, 42 missing for tier 1"
    ]
    assert (folder / "a.czi.nbo.xml").stat().st_mtime_ns == when


def test_once_ends_when_all_is_done(folder: Path, sample_data: Path, run: Callable[..., Result]) -> None:
    shutil.copy(sample_data / "confocal.ome.tiff", folder / "c.ome.tiff")
    (folder / "cut.czi").write_bytes((sample_data / "widefield.czi").read_bytes()[:3000])
    before = (folder / "c.ome.tiff").stat().st_size
    result = run("watch", "night", "--once", "--embed", "--settle", "0.1", "--every", "0.1")
    cut = os.path.join("night", "cut.czi")
    assert (result.code, len(result.out.splitlines())) == (3, 2)
    assert result.err.startswith(f"nbo-extract: {cut}: the file is cut off or damaged: it has 3000 bytes")
    assert (folder / "c.ome.tiff").stat().st_size > before
    # What is embedded changes the image, and is no reason to do it again; nor is what failed and stayed as it is.
    again = run("watch", "night", "--once", "--embed", "--settle", "0.1", "--every", "0.1")
    assert (again.code, again.out, again.err) == (0, "watching night; ends when what is there is done\n", "")
    shutil.copy(sample_data / "widefield.czi", folder / "cut.czi")
    mended = run("watch", "night", "--once", "--embed", "--settle", "0.1", "--every", "0.1")
    assert (mended.code, mended.err) == (0, "")
    assert mended.out.endswith(f"{cut}: written, again because the image has changed, 42 missing for tier 1\n")


def test_another_run_on_the_folder_is_refused(
    folder: Path, run: Callable[..., Result], watching: Callable[..., subprocess.Popen[str]]
) -> None:
    watching()
    wait_for((folder / ".nbo-extract.journal").exists)
    journal = os.path.join("night", ".nbo-extract.journal")
    wait_for(lambda: run("night").code == 2)
    assert run("night").err == (
        f"nbo-extract: {journal}: another run of nbo-extract is at work here; wait until it has ended, or stop it\n"
    )


def test_what_cannot_be_watched(folder: Path, sample_data: Path, run: Callable[..., Result]) -> None:
    image = sample_data / "widefield.czi"
    assert (
        run("watch", image).err == f"nbo-extract: {image}: this is no folder that images come into; name the folder\n"
    )
    assert run("watch", "day").err == "nbo-extract: day: there is no such file or folder; check the path\n"
    refused = run("watch", "night", "--embed", "-o", "out")
    assert (refused.code, refused.err) == (2, "nbo-extract: --embed writes into the images; leave -o out\n")


@pytest.mark.parametrize("name", ["a.czi.lock", "a.lock", "~$a.czi", ".~lock.a.czi#", "a.czi.part", "a.tmp"])
def test_files_that_say_that_an_image_is_being_written(name: str, tmp_path: Path) -> None:
    image = tmp_path / "a.czi"
    image.touch()
    assert not locked(str(image))
    (tmp_path / name).touch()
    assert locked(str(image))
    # Of another image it says nothing.
    (tmp_path / "b.czi").touch()
    assert not locked(str(tmp_path / "b.czi"))


def test_what_nobody_else_may_open_is_being_written(tmp_path: Path) -> None:
    assert locked(str(tmp_path / "gone.czi"))
