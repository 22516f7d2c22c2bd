"""A sample of the faults that `scripts/inject_faults.py` injects into embedding, and that the campaign sees defects."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import faults_campaigns as campaigns
import inject_faults
from faults_foreign import foreign_writers
from faults_system import Call, Disk, Hook, Kill, Logging, injected, kill_points
from faults_target import Target, Worker
from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._change import Change
from nbo_extract.writers._system import SYSTEM, System
from nbo_extract.writers.tiff import read_base_xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nbo_extract.writers.block import Block


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target("classic", tmp_path_factory.mktemp("faults"), worker, java=False)


@pytest.fixture(scope="module")
def store(worker: Worker, tmp_path_factory: pytest.TempPathFactory) -> Target:
    return Target("zarr-0.5", tmp_path_factory.mktemp("faults"), worker, java=False)


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in forks")
@pytest.mark.parametrize("name", ["classic", "zarr-0.5"])
def test_killed_processes(name: str, tmp_path: Path) -> None:
    command = [sys.executable, inject_faults.__file__, "--quick", "--no-bioformats", "--target", name]
    result = subprocess.run([*command, "--folder", str(tmp_path)], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    rows = dict(re.findall(rf"^{re.escape(name)} +(\S.*?\S) {{2,}}(\d+) ", result.stdout, re.MULTILINE))
    assert set(rows) >= {"undisturbed", "kill", "random SIGKILL", "two writers"}
    assert int(rows["kill"]) >= 10
    assert int(rows["random SIGKILL"]) == int(rows["two writers"]) == 12
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["image", "store"])
def test_power_cuts(request: pytest.FixtureRequest, kind: str) -> None:
    target, tally = request.getfixturevalue(kind), campaigns.Tally()
    campaigns.power_cuts(target, tally)
    assert tally.violations == []
    counts = tally.counts[target.name, "power cut"]
    assert counts["points"] >= 30
    assert counts["old"] > 5
    assert counts["new"] > 5


def test_errors(image: Target, store: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = campaigns.Tally()
    monkeypatch.setattr(campaigns, "ERRORS", campaigns.ERRORS[1:2])
    for target in (image, store):
        campaigns.errors(target, tally)
        assert tally.counts[target.name, "EIO"]["told"] >= 30
        assert tally.counts[target.name, "short write"]["new"] >= 9
    assert tally.violations == []


# The campaign must see what is wrong; else its zeros mean nothing.


def test_a_header_that_is_changed_too_early_is_seen(image: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Change, "_flip", Change._point)
    tally = campaigns.Tally()
    campaigns.power_cuts(image, tally)
    assert any(text.endswith("is neither old nor new") for text in tally.violations)


def test_a_file_that_is_replaced_before_it_is_safe_is_seen(store: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(path: Path, data: bytes, system: System = SYSTEM, *, before: bytes | None = None) -> None:
        spare = _system.spare_of(path)
        fd = system.open(spare, os.O_RDWR | os.O_CREAT)
        system.write(fd, 0, data)
        system.close(fd)
        system.replace(spare, path)
        _system.sync_folder(system, path.parent)

    monkeypatch.setattr(_system, "replace_file", hasty)
    tally = campaigns.Tally()
    campaigns.power_cuts(store, tally)
    assert any("is neither old nor new" in text for text in tally.violations)


def test_an_error_that_is_swallowed_is_seen(image: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Change.append

    def careless(change: Change, block: Block | None = None) -> None:
        try:
            real(change, block)
        except OSError:
            change.undo()

    monkeypatch.setattr(Change, "append", careless)
    monkeypatch.setattr(Change, "flip", lambda change: None)
    monkeypatch.setattr(Change, "check", lambda change: None)
    monkeypatch.setattr(campaigns, "ERRORS", campaigns.ERRORS[:1])
    tally = campaigns.Tally()
    campaigns.errors(image, tally)
    assert any("success was reported, but the bytes are not the new ones" in text for text in tally.violations)


def test_all_calls_are_seen_and_numbered(image: Target) -> None:
    log = campaigns.log_of(image, "embed")
    assert [call.number for call in log] == list(range(len(log)))
    changing = [call.name for call in log if call.changes]
    assert changing[0] == "write"
    assert changing[-1] == "fsync"
    assert {call.name for call in log} >= {"open", "lock", "read", "write", "fsync", "close"}
    assert type(SYSTEM) is System


def test_kill_points() -> None:
    log = [
        Call(0, "open", ["x", 0, 3]),
        Call(1, "write", [3, 4, b"1234"]),
        Call(2, "write", [3, 100, b"x" * 100]),
        Call(3, "write", [3, 500, b"x" * 100]),
        Call(4, "fsync", [3]),
    ]
    found = [(kind, hook.at, hook.part, hook.after) for kind, hook in kill_points(log)]
    assert [f for f in found if f[1] == 1] == [("kill", 1, 0, False), ("kill", 1, 0, True)]
    assert [f[2] for f in found if f[:2] == ("torn sector", 2)] == [1, 50, 99]
    assert [f[2] for f in found if f[:2] == ("kill", 3)] == [0, 0, 1, 50, 99]
    assert [f[1] for f in found if f[2] == 0] == [1, 1, 2, 2, 3, 3, 4, 4]
    assert repr(Kill(1, 2)) == "Kill(at=1, part=2, after=False, calls=0)"


def test_a_disk_keeps_what_was_synced(tmp_path: Path) -> None:
    disk = Disk(tmp_path, {"a": b"old"})
    a, spare = tmp_path / "a", tmp_path / "b"

    def left() -> list[dict[str, bytes]]:
        return [content for _, content in disk.after_cut()]

    disk.replay(Call(0, "open", [spare, 0o100, 5]))
    disk.replay(Call(1, "write", [5, 0, b"new content"]))
    assert {"a": b"old"} in left()
    assert {"a": b"old", "b": b"new content"} in left()
    assert {"a": b"old", "b": b"\0" * 11} in left()
    disk.replay(Call(2, "replace", [spare, a]))
    # The new name may be safe before the content is.
    assert {"a": b""} in left()
    disk.replay(Call(3, "fsync", [5]))
    assert {"a": b""} not in left()
    disk.replay(Call(4, "open", [tmp_path, 0, 6]))
    disk.replay(Call(5, "fsync", [6]))
    assert left() == [{"a": b"new content"}]
    disk.replay(Call(6, "unlink", [a]))
    assert left() == [{}, {"a": b"new content"}]
    with pytest.raises(AssertionError, match="does not know the call link yet"):
        disk.replay(Call(7, "link", [a, spare]))


def test_the_system_is_as_before_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), injected(Hook()):
        SYSTEM.open(tmp_path / "x", 0)
    assert type(SYSTEM) is System
    assert vars(SYSTEM) == {}
    with injected(hook := Logging()):
        assert SYSTEM.writable(tmp_path)
    assert [call.name for call in hook.log] == ["writable"]


def test_a_spare_that_another_run_has_put_in_its_place_is_not_emptied(tmp_path: Path) -> None:
    path = tmp_path / "x"

    class Late(System):
        def lock(self, fd: int) -> bool:
            # Between opening and locking the other run finishes: the descriptor is that of the file itself now.
            _system.spare_of(path).write_bytes(b"theirs")
            os.replace(_system.spare_of(path), path)
            return super().lock(fd)

    with pytest.raises(OSError, match="another run of nbo-extract is writing it"):
        _system.replace_file(path, b"ours", Late())
    assert path.read_bytes() == b"theirs"


def test_another_program_is_seen_at_the_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")

    class Meanwhile(System):
        def fsync(self, fd: int) -> None:
            path.write_bytes(b"theirs")
            super().fsync(fd)

    with pytest.raises(OSError, match="another program has just changed it"):
        _system.replace_file(path, b"ours", Meanwhile(), before=b"before")
    assert [f.name for f in tmp_path.iterdir()] == ["x"]
    assert path.read_bytes() == b"theirs"


def test_what_others_wrote_meanwhile_is_left(image: Target) -> None:
    tally = campaigns.Tally()
    foreign_writers(image, tally)
    assert tally.violations == []
    seen = tally.counts["classic", "another replaces the file"]
    assert seen["while we write: noticed, theirs is kept"] > 20


def test_damage_seen_while_another_run_writes_is_none(image: Target) -> None:
    image.put("A")

    class Meanwhile(System):
        reads = 0

        def read(self, fd: int, offset: int, size: int) -> bytes:
            self.reads += 1
            if self.reads == 2:
                image.put("original")
            return super().read(fd, offset, size)

    with pytest.raises(WriteError, match=r"was changed by another program just now: try again when that is done$"):
        read_base_xml(image.path, system=Meanwhile())
    assert read_base_xml(image.path) is not None
