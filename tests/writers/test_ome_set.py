"""Embedding into OME-TIFF datasets of several files: one unit, whatever happens in between."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

import make_ome_sets
from embedding import FailingSystem, Killed, make_block, sha
from nbo_extract.errors import WriteError
from nbo_extract.writers import _set_open
from nbo_extract.writers._set_files import FileSet, find_set, is_companion
from nbo_extract.writers._system import System
from nbo_extract.writers.block import CoreFill, Safety
from nbo_extract.writers.ome_set import embed_set, restore_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Result
    from nbo_extract.writers.block import WriteResult

OUT = "write a sidecar instead (leave out --embed)"
A = make_block("A" * 5000)
B = make_block("B" * 6000)
KINDS = {"full": make_ome_sets.full, "companion": make_ome_sets.with_companion, "master": make_ome_sets.with_master}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def embed(path: Path, block: Any = A, **more: Any) -> WriteResult:
    found = find_set(path)
    assert found is not None
    return embed_set(found, block, **more)


def restore(path: Path, **more: Any) -> WriteResult:
    found = find_set(path)
    assert found is not None
    return restore_set(found, **more)


def look(files: list[Path]) -> list[str]:
    return [sha(f) for f in files]


def texts(path: Path) -> bytes:
    """Return the OME-XML of a file of a set."""
    import tifffile

    if path.suffix == ".ome":
        return path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        value = tiff.pages.first.tags[270].value
        return value if isinstance(value, bytes) else str(value).encode()


def holds(path: Path) -> bool:
    return b"https://nbo-extract.org/ns/nbo/02-01" in texts(path)


def pixels(path: Path) -> int:
    import tifffile

    return int(tifffile.imread(path, is_ome=False)[0, 0])


# -- whole sets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
@pytest.mark.parametrize("number", [2, 4])
def test_every_file_with_the_xml_gets_the_block_and_comes_back_to_the_byte(
    tmp_path: Path, number: int, big: bool, order: Literal["<", ">"]
) -> None:
    import ome_types
    import tifffile

    files = make_ome_sets.full(tmp_path, number, big=big, order=order)
    before = look(files)

    size = sum(f.stat().st_size for f in files)
    fills = (CoreFill("Image[1]", "Name", "x"), CoreFill("Image[1]/Pixels[1]", "PhysicalSizeZ", "2.5"))

    result = embed(files[-1], make_block(core_fills=fills))

    assert (result.path, result.state, result.more) == (files[-1], "embedded", number - 1)
    assert result.bytes_added == sum(f.stat().st_size for f in files) - size
    for z, path in enumerate(files):
        text = texts(path)
        ome_types.validate_xml(text)
        parsed = ome_types.from_xml(text)
        assert (parsed.uuid, parsed.images[0].name) == (make_ome_sets.uuid(z), "cells")
        assert parsed.images[0].pixels.physical_size_z == 2.5
        assert [a.namespace for a in parsed.structured_annotations or ()] == [
            "https://nbo-extract.org/ns/nbo/02-01",
            "https://nbo-extract.org/ns/provenance/1",
        ]
        assert pixels(path) == 1000 * z
        with tifffile.TiffFile(path) as tiff:
            assert tiff.series[0].shape == (number, 32, 48)
            assert [int(plane[0, 0]) for plane in tiff.series[0].asarray()] == [1000 * n for n in range(number)]

    assert restore(files[0]).bytes_added == -result.bytes_added
    assert look(files) == before
    assert restore(files[0]).state == "unchanged"


@pytest.mark.parametrize("named", range(4))
@pytest.mark.parametrize(("kind", "carrier"), [("companion", 3), ("master", 0)])
def test_members_with_pixels_alone_are_not_touched(tmp_path: Path, kind: str, carrier: int, named: int) -> None:
    import ome_types

    files = KINDS[kind](tmp_path, 3)
    named = min(named, len(files) - 1)
    before, stamps = look(files), [f.stat().st_mtime_ns for f in files]

    result = embed(files[named])

    assert (result.path, result.state, result.more) == (files[carrier], "embedded", 0)
    assert [holds(f) for f in files] == [n == carrier for n in range(len(files))]
    ome_types.validate_xml(texts(files[carrier]))
    rest = [n for n in range(len(files)) if n != carrier]
    assert [look(files)[n] for n in rest] == [before[n] for n in rest]
    assert [files[n].stat().st_mtime_ns for n in rest] == [stamps[n] for n in rest]
    assert restore(files[named]).bytes_added == -result.bytes_added
    assert look(files) == before


@pytest.mark.parametrize("kind", KINDS)
def test_again_changes_nothing_and_another_block_replaces_all(tmp_path: Path, kind: str) -> None:
    files = KINDS[kind](tmp_path, 3)
    before = look(files)
    embed(files[0], B)
    wanted = look(files)
    restore(files[0])
    embed(files[0], A)
    stamps = [f.stat().st_mtime_ns for f in files]
    system = FailingSystem()
    assert embed(files[1], A, system=system).state == "unchanged"
    assert (system.names, [f.stat().st_mtime_ns for f in files]) == ([], stamps)
    assert embed(files[1], B).state == "embedded"
    assert look(files) == wanted
    restore(files[1])
    assert look(files) == before


def test_permissions_stay(tmp_path: Path) -> None:
    files = make_ome_sets.with_companion(tmp_path, 2)
    files[-1].chmod(0o640)
    embed(files[0])
    restore(files[0])
    assert files[-1].stat().st_mode & 0o777 == 0o640


def test_dry_run_shows_each_file_that_would_change(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 10)
    before = look(files)
    result = embed(files[0], dry_run=True)
    assert (result.state, result.more, look(files)) == ("dry-run", 9, before)
    assert [line for line in result.diff.splitlines() if line.startswith("--- ")] == [f"--- {f}" for f in files[:8]]
    assert result.diff.endswith("\n2 more files of this set would change alike\n")
    assert embed(files[0]).bytes_added == result.bytes_added


def test_backups_and_image_data_are_of_each_file(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    before = look(files)
    result = embed(files[1], safety=Safety(backup=True, verify_pixels=True))
    assert (result.backup, result.verified) == (f"{files[1]}.nbo-backup", 3)
    assert [sha(f.with_name(f"{f.name}.nbo-backup")) for f in files] == before
    (tmp_path / "c").mkdir()
    companion = make_ome_sets.with_companion(tmp_path / "c", 2)
    original = sha(companion[-1])
    assert embed(companion[0], safety=Safety(backup=True)).backup == f"{companion[-1]}.nbo-backup"
    assert sha(Path(f"{companion[-1]}.nbo-backup")) == original


def test_a_single_file_is_no_set(tmp_path: Path) -> None:
    alone = make_ome_sets.full(tmp_path, 1)[0]
    assert find_set(alone) is None
    # It names itself by the name that it had, also where a copy of that name is beside it.
    copy = tmp_path / "renamed.ome.tif"
    shutil.copy(alone, copy)
    assert find_set(copy) is None
    alone.unlink()
    assert find_set(copy) is None


# -- sets that are not as they should be -------------------------------------------------------------------------------


def refused(path: Path, what: Callable[..., Any] = embed, **more: Any) -> str:
    files = sorted(f for f in path.parent.iterdir() if f.is_file())
    before = look(files)
    with pytest.raises(WriteError) as told:
        what(path, **more)
    assert look(files) == before
    return told.value.message


def test_a_missing_member(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    files[2].unlink()
    assert refused(files[0]) == (
        f"{files[0]} is left as it is, because a file of its set is not in its folder: cells_Z2.ome.tif; "
        f"bring the set together, or {OUT}"
    )
    files[1].unlink()
    assert "because 2 files of its set are not in its folder: cells_Z1.ome.tif, cells_Z2.ome.tif; " in refused(files[0])


def test_a_missing_member_does_not_hinder_the_way_back(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    before = look(files)
    embed(files[0])
    files.pop().unlink()
    assert restore(files[0]).more == 1
    assert look(files) == before[:2]


@pytest.mark.parametrize("kind", ["companion", "master"])
def test_missing_pixels_do_not_hinder(tmp_path: Path, kind: str) -> None:
    files = KINDS[kind](tmp_path, 3)
    files[1].unlink()
    assert embed(files[0]).state == "embedded"
    assert restore(files[0]).state == "restored"


def test_a_missing_companion(tmp_path: Path) -> None:
    files = make_ome_sets.with_companion(tmp_path, 2)
    files[-1].unlink()
    with pytest.raises(WriteError) as told:
        find_set(files[0])
    assert told.value.message == (
        f"{files[0]} holds pixels only, and its metadata are in cells.companion.ome, which is not beside it: "
        "put that file into the same folder"
    )
    files[-1].write_text(make_ome_sets.binary_only("x", "urn:uuid:1"))
    with pytest.raises(WriteError) as told:
        find_set(files[0])
    assert told.value.message == f"{files[-1]} holds no metadata, though {files[0]} names it for its own; {OUT}"


def test_damaged_members(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    content = files[1].read_bytes()
    files[1].write_bytes(content[:-400])
    assert refused(files[0]).startswith(f"{files[1]} is left as it is, because it ")
    files[1].write_bytes(b"GIF89a")
    assert refused(files[0]) == (f"{files[1]} is no TIFF file: embedding needs an OME-TIFF or OME-Zarr; {OUT}")
    files[1].write_bytes(content.replace(b"</Pixels>", b"</Pixel >"))
    assert refused(files[0]).startswith(f"{files[1]}: its OME-XML is not well-formed UTF-8 XML (mismatched tag, byte ")


def test_a_member_without_xml_is_left_alone(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    make_ome_sets.write(files[1], 1, None)
    before = sha(files[1])
    assert embed(files[0]).more == 1
    assert sha(files[1]) == before


def test_a_member_that_states_something_else(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    names = [f.name for f in files]
    make_ome_sets.write(files[1], 1, make_ome_sets.ome(make_ome_sets.uuid(1), names[:1] + names[2:]))
    assert refused(files[0]) == (
        f"{files[1]} is left as it is with all of its set, because it states other files than cells_Z0.ome.tif: "
        f"bring together what belongs together, or {OUT}"
    )
    make_ome_sets.write(files[1], 1, make_ome_sets.ome(make_ome_sets.uuid(1), names).replace('SizeX="48"', 'SizeX="8"'))
    assert "because it states other images than cells_Z0.ome.tif: " in refused(files[0])
    # An image of its own, which the set takes its pixels from, is not of the set.
    make_ome_sets.write(files[1], 1, make_ome_sets.ome(make_ome_sets.uuid(1), names[1:2]))
    before = sha(files[1])
    assert embed(files[0]).more == 1
    assert sha(files[1]) == before


def test_a_copy_under_another_name(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 2)
    copy = tmp_path / "copy.ome.tif"
    shutil.copy(files[0], copy)
    with pytest.raises(WriteError) as told:
        find_set(copy)
    assert told.value.message == (
        f"{copy} is a copy of cells_Z0.ome.tif, which is the file of its set: name that one, or {OUT}"
    )


@pytest.mark.parametrize("name", ["../outside.ome.tif", "..\\outside.ome.tif", "{folder}/outside.ome.tif", "way/x.tif"])
def test_names_never_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "way").symlink_to(tmp_path / "elsewhere")
    names = ["cells_Z0.ome.tif", name.format(folder=tmp_path)]
    for path in (tmp_path / "outside.ome.tif", tmp_path / "elsewhere" / "x.tif"):
        make_ome_sets.write(path, 1, make_ome_sets.ome(make_ome_sets.uuid(1), names))
    inside = make_ome_sets.write(folder / names[0], 0, make_ome_sets.ome(make_ome_sets.uuid(0), names))
    assert f"a file of its set is not in its folder: {names[1]}; " in refused(inside)


def test_links_are_refused_before_anything_is_changed(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    real = tmp_path / "real.bin"
    files[2].rename(real)
    files[2].symlink_to(real)
    assert refused(files[0]).startswith(f"{files[2]} is a symbolic link, and what links point to is not changed: ")
    assert embed(files[0], safety=Safety(follow_links=True)).more == 2
    assert holds(real)
    restore(files[0], safety=Safety(follow_links=True))
    os.link(files[1], tmp_path / "hard.bin")
    files[2].unlink()
    real.rename(files[2])
    assert refused(files[0]).startswith(f"{files[1]} is one of 2 hard links to the same data, ")


def test_links_to_a_set_are_followed_where_asked(tmp_path: Path) -> None:
    store, farm = tmp_path / "store", tmp_path / "farm"
    store.mkdir()
    farm.mkdir()
    files = make_ome_sets.full(tmp_path, 3)
    names = [f.name for f in files]
    for z, path in enumerate(files):
        path.rename(store / f"blob{z}")
        (farm / path.name).symlink_to(store / f"blob{z}")
    blobs = [store / f"blob{z}" for z in range(3)]
    before = look(blobs)
    follow = Safety(follow_links=True)

    def found(path: Path) -> FileSet:
        there = find_set(path, follow_links=True)
        assert there is not None
        return there

    assert embed_set(found(farm / names[1]), A, safety=follow).more == 2
    assert all(holds(b) for b in blobs)
    assert restore_set(found(farm / names[0]), safety=follow).more == 2
    assert look(blobs) == before
    for path, blob in zip(files, blobs, strict=True):
        blob.rename(path)
    link = farm / "link.ome.tif"
    link.symlink_to(files[1])
    for name in names:
        (farm / name).unlink()
    assert embed_set(found(link), A, safety=follow).more == 2
    assert all(holds(f) for f in files)
    assert restore_set(found(link), safety=follow).more == 2
    assert look(files) == before


def test_a_read_only_member(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)

    class ReadOnly(System):
        def open(self, path: Path, flags: int, mode: int = 0o666) -> int:
            if path == files[2] and flags & os.O_RDWR:
                raise PermissionError(errno.EACCES, "Permission denied")
            return super().open(path, flags, mode)

    assert refused(files[0], system=ReadOnly()) == f"{files[2]} is read-only: make it writable, or {OUT}"
    embed(files[0])
    assert refused(files[0], restore, system=ReadOnly()) == f"{files[2]} is read-only: make it writable, or {OUT}"


def test_space_is_that_of_all_files(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)

    class Full(System):
        def free(self, folder: Path) -> int:
            return (1 << 20) + 30_000

    assert f"{files[0]} is left as it is: " in refused(files[0], system=Full())
    assert embed(files[0], make_block("x"), system=Full()).state == "embedded"


def test_another_run_holds_a_member(tmp_path: Path) -> None:
    import fcntl

    files = make_ome_sets.full(tmp_path, 3)
    with files[2].open("rb+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        message = f"{files[2]} is being written by another run of nbo-extract: try again when that is done"
        assert refused(files[0]) == message
        assert refused(files[0], restore) == message


def test_more_files_than_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = make_ome_sets.full(tmp_path, 40)
    used = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 64
    monkeypatch.setattr(_set_open, "_OTHERS", used + 40)
    before = look(files)
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 20, hard))
    try:
        assert embed(files[0]).more == 39
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (used + 20, hard)
        assert restore(files[0]).more == 39
        assert look(files) == before

        def refuse(*_: object) -> None:
            raise ValueError

        monkeypatch.setattr(resource, "setrlimit", refuse)
        assert refused(files[0]) == (
            f"{files[0]} is left as it is, because its set has 40 files, and {used + 20} may be open at once: raise "
            f"that limit (ulimit -n {used + 80}), or {OUT}"
        )
    finally:
        monkeypatch.undo()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_memory_does_not_grow_with_the_number_of_files(tmp_path: Path) -> None:
    import tracemalloc

    def peak(number: int) -> int:
        folder = tmp_path / str(number)
        folder.mkdir()
        names = [f"z{z}.ome.tif" for z in range(number)]
        plane = '<Plane TheZ="0" TheC="0" TheT="0"/>' * 30_000
        for z, name in enumerate(names):
            make_ome_sets.write(folder / name, z, make_ome_sets.ome(make_ome_sets.uuid(z), names, plane))
        tracemalloc.start()
        try:
            embed(folder / names[0])
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # One megabyte of OME-XML in each.
    few = peak(2)
    assert peak(8) < few + (1 << 20)


# -- other programs ---------------------------------------------------------------------------------------------------


def test_a_member_that_another_program_changed_keeps_all_from_going_back(tmp_path: Path) -> None:
    import tifffile

    files = make_ome_sets.full(tmp_path, 3)
    embed(files[0])
    edited = texts(files[2]).replace(b'Name="cells"', b'Name="sells"')
    tifffile.tiffcomment(files[2], edited)
    assert refused(files[0], restore) == (
        f"{files[2]} holds an NBO block, but was changed or written anew by another program since, so that there is "
        "no way back: restore the file from your copy of the original"
    )


def test_a_companion_that_another_program_changed(tmp_path: Path) -> None:
    files = make_ome_sets.with_companion(tmp_path, 2)
    embed(files[0])
    files[-1].write_bytes(files[-1].read_bytes().replace(b'Name="cells"', b'Name="sells"'))
    assert refused(files[0], restore) == (
        f"{files[-1]} was changed by another program since the NBO block was embedded, so that the original cannot be "
        "restored to the byte; embed again to replace the block"
    )
    assert embed(files[0], B).state == "embedded"
    assert b'Name="sells"' in files[-1].read_bytes()
    assert restore(files[0]).state == "restored"


def test_utf16_companion_is_refused(tmp_path: Path) -> None:
    files = make_ome_sets.with_companion(tmp_path, 2)
    files[-1].write_bytes(files[-1].read_text(encoding="utf-8").replace("UTF-8", "UTF-16").encode("utf-16"))
    with pytest.raises(WriteError, match=r"cells\.companion\.ome: its OME-XML is not UTF-8 \(it holds NUL bytes\); "):
        find_set(files[0])


def test_what_a_companion_is(tmp_path: Path) -> None:
    files = make_ome_sets.with_companion(tmp_path, 1)
    assert [is_companion(f) for f in files] == [False, True]
    other = tmp_path / "x.ome"
    other.write_text(f'<OME xmlns="{make_ome_sets.NS}"/>')
    assert not is_companion(other)
    assert not is_companion(tmp_path)
    assert not is_companion(tmp_path / "nothing")


# -- faults -----------------------------------------------------------------------------------------------------------


def states(tmp_path: Path, kind: str) -> tuple[list[Path], dict[str, list[str]]]:
    """Make a set, and tell what its files are as originals and with each block; it ends with the first block."""
    files = KINDS[kind](tmp_path, 3)
    seen = {"original": look(files)}
    for name, block in (("B", B), ("A", A)):
        embed(files[0], block)
        seen[name] = look(files)
        restore(files[0])
    return files, seen


def calls_of(tmp_path: Path, files: list[Path], before: str) -> int:
    counting = FailingSystem()
    if before == "A":
        embed(files[0], A)
    embed(files[0], B, system=counting)
    restore(files[0])
    return counting.calls


@pytest.mark.parametrize("before", ["original", "A"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_an_error_at_any_call_undoes_all(tmp_path: Path, kind: str, before: str, code: int) -> None:
    files, seen = states(tmp_path, kind)
    calls = calls_of(tmp_path, files, before)
    assert calls > 3
    old = 0
    for at in range(calls):
        if before == "A":
            embed(files[0], A)
        with pytest.raises(WriteError) as told:
            embed(files[0], B, system=FailingSystem(at, code, torn=True))
        assert "all files of its set are intact, and so are their pixels" in told.value.message
        now = look(files)
        # A companion alone keeps the block that it had until it is replaced.
        assert now == seen["original"] or (kind == "companion" and now == seen[before])
        old += now == seen["original"]
        assert embed(files[0], B).state == "embedded"
        assert look(files) == seen["B"]
        restore(files[0])
        assert look(files) == seen["original"]
    assert old


@pytest.mark.parametrize("before", ["original", "A"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_at_any_call_is_completed_or_undone(tmp_path: Path, kind: str, before: str) -> None:
    files, seen = states(tmp_path, kind)
    calls = calls_of(tmp_path, files, before)
    mixed = 0
    for at in range(calls):
        for then in ("embed", "restore"):
            if before == "A":
                embed(files[0], A)
            with pytest.raises(Killed):
                embed(files[0], B, system=FailingSystem(at, torn=True))
            blocks = [b"B" * 6000 in texts(f) for f in files]
            mixed += any(blocks) and not all(blocks)
            for z, path in enumerate(f for f in files if f.suffix == ".tif"):
                assert pixels(path) == 1000 * z
            if then == "embed":
                result = embed(files[0], B)
                assert result.state in ("embedded", "unchanged")
                if any(blocks) and not all(blocks):
                    assert result.interrupted or kind != "full"
                assert look(files) == seen["B"]
            restore(files[at % len(files)])
            assert look(files) == seen["original"]
    assert mixed or kind != "full"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_at_any_call_of_restore_is_completed(tmp_path: Path, kind: str) -> None:
    files, seen = states(tmp_path, kind)
    embed(files[0], A)
    counting = FailingSystem()
    restore(files[0], system=counting)
    for at in range(counting.calls):
        embed(files[0], A)
        with pytest.raises(Killed):
            restore(files[0], system=FailingSystem(at))
        assert restore(files[0]).state in ("restored", "unchanged")
        assert look(files) == seen["original"]
        embed(files[0], A)
        with pytest.raises(WriteError) as told:
            restore(files[0], system=FailingSystem(at, errno.EIO))
        assert "could not be changed: eio; " in told.value.message
        restore(files[0])
        assert look(files) == seen["original"]


def test_interrupted_by_the_user(tmp_path: Path) -> None:
    files, seen = states(tmp_path, "full")

    class Interrupted(FailingSystem):
        def _fail(self) -> None:
            raise KeyboardInterrupt

    for at in range(calls_of(tmp_path, files, "original")):
        with pytest.raises(KeyboardInterrupt):
            embed(files[0], B, system=Interrupted(at))
        assert look(files) == seen["original"]


def test_what_cannot_be_undone_is_told(tmp_path: Path) -> None:
    files, seen = states(tmp_path, "full")

    class Gone(FailingSystem):
        def _pass(self, name: str) -> bool:
            self.calls += 1
            return self.calls <= self.at

    with pytest.raises(WriteError) as told:
        embed(files[0], B, system=Gone(calls_of(tmp_path, files, "original") - 1, errno.EIO))
    assert told.value.message.endswith(
        "; its pixels are intact, but cells_Z0.ome.tif, cells_Z1.ome.tif, cells_Z2.ome.tif may hold the block now: "
        f"run nbo-extract restore; {OUT}"
    )
    restore(files[0])
    assert look(files) == seen["original"]


# -- the command line -------------------------------------------------------------------------------------------------


def test_folder_with_sets(tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, make in KINDS.items():
        (tmp_path / kind).mkdir()
        make(tmp_path / kind, 3)
    monkeypatch.chdir(tmp_path)
    files = sorted(f for f in tmp_path.rglob("*") if f.is_file())
    before = look(files)
    told = run(".", "--embed")
    assert (told.code, told.err) == (0, "")
    lines = [line.strip() for line in told.out.splitlines() if " embedded into " in line]
    assert [line.partition(" (+")[0] for line in lines] == [
        "embedded into companion/cells.companion.ome",
        "embedded into full/cells_Z0.ome.tif and 2 more files of its set",
        "embedded into master/cells_master.ome.tif",
    ]
    assert told.out.endswith("3 images: 3 embedded; 7 further files of sets\n")
    names = sorted(str(f.relative_to(tmp_path)) for f in (tmp_path / "full").iterdir())
    assert run(*names, "--embed").out.endswith(
        "  unchanged: full/cells_Z0.ome.tif and 2 more files of its set\n\n"
        "1 image: 1 unchanged; 2 further files of sets\n"
    )
    assert [line.partition(" (-")[0] for line in run("restore", ".").out.splitlines()] == [
        "companion/cells.companion.ome: restored",
        "full/cells_Z0.ome.tif: restored and 2 more files of its set",
        "master/cells_Z1.ome.tif: restored master/cells_master.ome.tif",
    ]
    assert look(files) == before


def test_an_interrupted_run_is_told(
    tmp_path: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    monkeypatch.chdir(tmp_path)
    assert run(files[0].name, "--embed").code == 0
    saved = files[0].read_bytes()
    assert run("restore", files[0].name).out.endswith(" bytes)\n")
    files[0].write_bytes(saved)
    told = run(files[0].name, "--embed").out
    assert "embedded into cells_Z0.ome.tif and 2 more files of its set (+" in told
    assert " bytes); an earlier run had been interrupted\n" in told
    run("restore", files[1].name)
    files[0].write_bytes(saved)
    told = run("restore", files[1].name).out
    assert told.startswith("cells_Z1.ome.tif: restored (-")
    assert told.endswith(" bytes); an earlier run had been interrupted\n")


def test_the_block_is_read_back_from_any_member(tmp_path: Path) -> None:
    from nbo_extract import api

    for kind in KINDS:
        folder = tmp_path / kind
        folder.mkdir()
        files = KINDS[kind](folder, 3)
        document = api.extract(files[0], embedded=False)
        api.embed(files[0], document)
        for path in files:
            assert api.extract(path) == document
            assert api.embeddable(path)
        assert api.restore(files[-1]).state == "restored"


# -- Bio-Formats ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_bio_formats_sees_the_block_from_each_file(tmp_path: Path, kind: str) -> None:
    jar = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if not Path(jar).is_file():
        pytest.skip("NBO_BIOFORMATS_JAR does not name a bioformats_package.jar")
    number = 1 if kind == "companion" else 2
    files = KINDS[kind](tmp_path, number)
    embed(files[0], make_block("Skop"))
    for path in files:
        call = ["java", "-cp", jar, "loci.formats.tools.ImageInfo", "-no-upgrade", "-nopix", "-omexml", str(path)]
        told = subprocess.run(call, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
        assert "Checking file format [OME-TIFF]" in told
        assert f"SizeZ = {number}" in told
        assert "No validation errors found." in told
        assert '<nbo:Instrument ID="Instrument:0" Name="Skop"/>' in told


def test_sets_are_found_without_opening_members(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 3)
    found = find_set(files[1])
    assert isinstance(found, FileSet)
    assert (found.root, found.members, found.missing) == (files[1], [files[0], files[2]], [])
