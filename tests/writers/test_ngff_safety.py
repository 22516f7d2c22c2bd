"""What may be asked of the OME-Zarr writer: links, backups, hashes of all else; and what changed files keep."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedding import FailingSystem, Killed, make_block
from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._system import System
from nbo_extract.writers.block import Safety
from nbo_extract.writers.ngff import embed_zarr, restore_zarr
from ngff_stores import consolidate, contents
from sample_ome import make_ome_zarr

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Result

A, B = make_block("A" * 300), make_block("B" * 400)
HINT = "write a sidecar instead (leave out --embed)"
FOLLOW = Safety(follow_links=True)


def refused(path: Path, safety: Safety | None = None) -> str:
    with pytest.raises(WriteError) as told:
        embed_zarr(path, A, safety=safety or Safety())
    return told.value.message


def linked(place: Path) -> str:
    why = "is a symbolic link, and what links point to is not changed: give --follow-links to change it all the same"
    return f"{place} {why}, or {HINT}"


def test_folder_that_is_a_link(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "real.zarr", "0.5")
    before = contents(path)
    link = tmp_path / "link.zarr"
    link.symlink_to(path)
    assert refused(link) == linked(link)
    assert contents(path) == before
    assert embed_zarr(link, A, safety=FOLLOW).state == "embedded"
    assert link.is_symlink()
    assert contents(path) != before
    with pytest.raises(WriteError, match="is a symbolic link"):
        restore_zarr(link)
    restore_zarr(link, safety=FOLLOW)
    assert contents(path) == before


def test_command_line_hands_all_of_it_on(tmp_path: Path, run: Callable[..., Result]) -> None:
    path = make_ome_zarr(tmp_path / "real.zarr", "0.5")
    before = contents(path)
    link = tmp_path / "link.zarr"
    link.symlink_to(path)
    assert run(link, "--embed").err == f"nbo-extract: {linked(link)}\n"
    done = run(link, "--embed", "--follow-links", "--backup", "--verify-pixels")
    assert (done.code, done.err) == (0, "")
    assert f"; kept {link}/zarr.json.nbo-backup; 5 pieces of image data are what they were\n" in done.out
    assert run("restore", link).err == f"nbo-extract: {linked(link)}\n"
    assert run("restore", link, "--follow-links").code == 0
    assert contents(path) == {**before, "zarr.json.nbo-backup": before["zarr.json"]}


@pytest.mark.parametrize("name", [".zattrs", ".zmetadata", "OME/METADATA.ome.xml", "OME"])
def test_metadata_that_are_links(tmp_path: Path, name: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.4", xml=True)
    consolidate(path)
    (tmp_path / "other").mkdir()
    target = tmp_path / "other" / Path(name).name
    (path / name).rename(target)
    (path / name).symlink_to(target)
    before = contents(path)
    assert refused(path) == linked(path / name)
    assert contents(path) == before
    assert embed_zarr(path, A, safety=FOLLOW).state == "embedded"
    assert (path / name).is_symlink()
    changed = {n for n, found in contents(path).items() if found != before[n]}
    assert changed == {".zattrs", ".zmetadata", "OME/METADATA.ome.xml"} & before.keys()
    restore_zarr(path, safety=FOLLOW)
    assert contents(path) == before
    assert not list((tmp_path / "other").rglob("*.nbo-tmp"))


@pytest.mark.parametrize("safety", [Safety(), FOLLOW])
def test_hard_links_are_refused_in_any_case(tmp_path: Path, safety: Safety) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    os.link(path / "zarr.json", tmp_path / "other.json")
    assert refused(path, safety) == (
        f"{path / 'zarr.json'} is one of 2 hard links to the same data, and a changed file would be parted from the "
        f"others: put a copy in its place first, or {HINT}"
    )
    assert b"nbo" not in (tmp_path / "other.json").read_bytes()


def test_link_that_leads_nowhere(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    (path / "OME").symlink_to(tmp_path / "nowhere")
    assert embed_zarr(path, A).state == "embedded"


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_backup_is_the_original_and_stays(tmp_path: Path, version: str) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", version, xml=True)
    if version == "0.4":
        consolidate(path)
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    names = [path / "zarr.json"] if version == "0.5" else [path / ".zattrs", path / ".zmetadata"]
    names.append(path / "OME" / "METADATA.ome.xml")
    names[0].chmod(0o604)
    embed_zarr(path, A)
    # The first backup is asked for when the store is embedded into already: it holds the original all the same.
    result = embed_zarr(path, B, safety=Safety(backup=True, verify_pixels=True))
    assert set(result.backup.split(", ")) == {f"{n}.nbo-backup" for n in names}
    assert result.verified == len(before) - len(names)
    made = {p: p.read_bytes() for p in path.rglob("*.nbo-backup")}
    assert made == {Path(f"{p}.nbo-backup"): before[p] for p in names}
    assert Path(f"{names[0]}.nbo-backup").stat().st_mode & 0o777 == 0o604
    times = {p: p.stat().st_mtime_ns for p in made}
    embed_zarr(path, A, safety=Safety(backup=True))
    restore_zarr(path, safety=Safety(backup=True))
    assert {p: p.stat().st_mtime_ns for p in made} == times
    assert {p: p.read_bytes() for p in before} == before
    assert {p: p.read_bytes() for p in path.rglob("*.nbo-backup")} == made


def test_backup_of_another_state_is_not_overwritten(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    file, other = path / "zarr.json", path / "zarr.json.nbo-backup"
    other.write_bytes(b"{}")
    before = contents(path)
    wanted = f"{file} is left as it is, because {other} is there already and is no copy of its original: move that away"
    assert refused(path, Safety(backup=True)) == wanted
    assert contents(path) == before
    other.unlink()
    other.symlink_to(tmp_path / "elsewhere")
    assert refused(path, Safety(backup=True)) == wanted
    assert not (tmp_path / "elsewhere").exists()


def test_dry_run_keeps_no_backup(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    before = contents(path)
    embed_zarr(path, A, dry_run=True, safety=Safety(backup=True, verify_pixels=True))
    assert contents(path) == before


class Meddling(System):
    """Another program that writes a file of the store when the first is replaced."""

    def __init__(self, file: Path, content: bytes | None) -> None:
        self.file, self.content = file, content

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        if self.content is not None:
            self.file.write_bytes(self.content)
        elif self.file.exists():
            self.file.unlink()


@pytest.mark.parametrize("content", [b"other", None])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_pixels_that_change_undo_what_was_written(tmp_path: Path, version: str, content: bytes | None) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", version, xml=True)
    chunk = "0/0/0/0/0" if version == "0.4" else "0/c/0/0/0/0"
    before = contents(path)
    with pytest.raises(WriteError) as told:
        embed_zarr(path, A, safety=Safety(verify_pixels=True), system=Meddling(path / chunk, content))
    assert told.value.message == (
        f"{path}: {chunk} changed while metadata were embedded, so that these were taken out again: make sure that no "
        f"other program is writing the store, and try again, or {HINT}"
    )
    after = contents(path)
    assert {n for n in before if before[n] != after.get(n)} == {chunk}
    assert embed_zarr(path, A, safety=Safety(verify_pixels=True)).state == "embedded"


def test_several_new_files_are_counted(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")

    class More(System):
        def replace(self, source: Path, target: Path) -> None:
            super().replace(source, target)
            for name in "ba":
                (path / name).write_bytes(b"")

    with pytest.raises(WriteError, match=r"cells\.zarr: 2 other files of it, such as a, changed while metadata"):
        embed_zarr(path, A, safety=Safety(verify_pixels=True), system=More())


def test_killed_with_backup_and_hashes(tmp_path: Path) -> None:
    import shutil

    store = make_ome_zarr(tmp_path / "cells.zarr", "0.5", xml=True)
    before = contents(store)
    safety = Safety(backup=True, verify_pixels=True)
    path = tmp_path / "copy.zarr"
    shutil.copytree(store, path)
    system = FailingSystem()
    embed_zarr(path, A, safety=safety, system=system)
    wanted = contents(path)
    for at in range(system.calls):
        shutil.rmtree(path)
        shutil.copytree(store, path)
        with pytest.raises(Killed):
            embed_zarr(path, A, safety=safety, system=FailingSystem(at, torn=True))
        for name, found in contents(path).items():
            assert name.endswith(".nbo-tmp") or found in (before.get(name), wanted.get(name))
        embed_zarr(path, A, safety=safety)
        assert contents(path) == wanted


def test_times_and_attributes_of_files(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5", xml=True)
    changed = {path / "zarr.json", path / "OME" / "METADATA.ome.xml"}
    for file in path.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    (path / "zarr.json").chmod(0o640)
    attributes = sys.platform == "linux"
    if attributes:
        try:
            os.setxattr(path / "zarr.json", "user.lab", b"x")
        except OSError:
            attributes = False
    embed_zarr(path, A)
    for file in path.rglob("*"):
        assert file.is_dir() or (file.stat().st_mtime == 1_000_000_000) is (file not in changed)
    assert (path / "zarr.json").stat().st_mode & 0o777 == 0o640
    if attributes:
        assert os.getxattr(path / "zarr.json", "user.lab") == b"x"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_owner_is_kept_where_the_user_may(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    os.chown(path / "zarr.json", 12345, 54321)
    embed_zarr(path, A, safety=Safety(backup=True))
    for file in (path / "zarr.json", path / "zarr.json.nbo-backup"):
        assert (file.stat().st_uid, file.stat().st_gid) == (12345, 54321)


def test_who_may_not_give_files_away_gets_the_group_at_least(tmp_path: Path) -> None:
    path = make_ome_zarr(tmp_path / "cells.zarr", "0.5")
    asked = []

    class User(System):
        def chown(self, fd: int, user: int, group: int) -> None:
            asked.append((user, group))
            if user != -1:
                raise PermissionError

    status = os.stat(path / "zarr.json")
    fake = os.stat_result((*status[:4], 777, 888, *status[6:]))
    fd = os.open(tmp_path / "new", os.O_RDWR | os.O_CREAT)
    _system._keep(User(), fd, fake, path / "zarr.json")
    os.close(fd)
    assert asked == [(777, 888), (-1, 888)]
