"""Sidecar files: old or new, never half."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from embedding import FailingSystem, Killed
from nbo_extract.errors import WriteError
from nbo_extract.writers._system import System
from nbo_extract.writers.sidecar import write_sidecar

if TYPE_CHECKING:
    from pathlib import Path


def test_write_again_and_over(tmp_path: Path) -> None:
    path = tmp_path / "cells.nbo.xml"
    first = write_sidecar(path, "<µ/>\n")
    assert (first.state, first.bytes_added) == ("written", 6)
    assert path.read_bytes() == "<µ/>\n".encode()
    stamp = path.stat().st_mtime_ns
    assert write_sidecar(path, "<µ/>\n", system=FailingSystem(0)).state == "unchanged"
    assert path.stat().st_mtime_ns == stamp
    path.chmod(0o600)
    assert write_sidecar(path, "<a/>", dry_run=True).state == "dry-run"
    assert write_sidecar(path, "<a/>").bytes_added == -2
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["cells.nbo.xml"]


def test_cut_off_at_any_call(tmp_path: Path) -> None:
    path = tmp_path / "cells.nbo.xml"
    path.write_text("old")
    counted = FailingSystem()
    write_sidecar(path, "new", system=counted)
    for at in range(counted.calls):
        path.write_text("old")
        with pytest.raises(Killed):
            write_sidecar(path, "new", system=FailingSystem(at))
        assert path.read_text() in ("old", "new")
        path.write_text("old")
        with pytest.raises(WriteError, match="cannot be written: enospc; choose another place with -o"):
            write_sidecar(path, "new", system=FailingSystem(at, errno.ENOSPC))
        assert path.read_text() in ("old", "new")
        write_sidecar(path, "new")
        assert [file.name for file in tmp_path.iterdir()] == ["cells.nbo.xml"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    class ReadOnly(System):
        def open(self, path: Path, flags: int, mode: int = 0o666) -> int:
            raise PermissionError(errno.EACCES, "Permission denied")

    path = tmp_path / "cells.nbo.xml"
    with pytest.raises(WriteError) as told:
        write_sidecar(path, "x", system=ReadOnly())
    assert told.value.message == (
        f"{path} cannot be written, because its folder {tmp_path} is read-only: choose another with -o"
    )
    missing = tmp_path / "no" / "cells.nbo.xml"
    with pytest.raises(WriteError) as told:
        write_sidecar(missing, "x")
    assert told.value.message == (
        f"{missing} cannot be written, because there is no folder {missing.parent}: make it, or choose -o"
    )
    with pytest.raises(WriteError, match="is no file"):
        write_sidecar(tmp_path, "x")
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(WriteError, match="is a symbolic link"):
        write_sidecar(path, "x")
