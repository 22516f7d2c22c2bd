"""What is asked for beyond what is always done: links, backups, verified image data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedding import FailingSystem, Killed, data_ranges, make_block, make_image, sha
from nbo_extract.errors import WriteError
from nbo_extract.writers._system import System
from nbo_extract.writers.block import Safety
from nbo_extract.writers.tiff import embed_tiff, restore_tiff

if TYPE_CHECKING:
    from typing import Literal

A, B = make_block("A"), make_block("B")
BACKUP = Safety(backup=True)
VERIFY = Safety(verify_pixels=True)
LINKS = Safety(follow_links=True)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "cells.ome.tif"
    make_image(path, "tiled")
    return path


def test_a_symbolic_link_is_followed_to_its_file_where_that_is_asked_for(image: Path) -> None:
    original = sha(image)
    link = image.with_name("link.ome.tif")
    link.symlink_to(image.name)

    result = embed_tiff(link, A, safety=LINKS)

    assert (result.path, result.state) == (link, "embedded")
    assert link.is_symlink()
    assert sha(image) != original
    with pytest.raises(WriteError, match="is a symbolic link, and what links point to is not changed"):
        restore_tiff(link)
    assert restore_tiff(link, safety=LINKS).state == "restored"
    assert sha(image) == original


def test_all_names_of_a_file_with_hard_links_change_where_that_is_asked_for(image: Path) -> None:
    original, other = sha(image), image.with_name("other.ome.tif")
    os.link(image, other)

    assert embed_tiff(other, A, safety=LINKS).state == "embedded"

    assert sha(image) == sha(other) != original
    restore_tiff(image, safety=LINKS)
    assert sha(other) == original


def test_links_that_run_in_a_circle_are_refused(tmp_path: Path) -> None:
    first, second = tmp_path / "a.ome.tif", tmp_path / "b.ome.tif"
    first.symlink_to(second)
    second.symlink_to(first)

    with pytest.raises(WriteError, match=r"a\.ome\.tif cannot be opened: (its symbolic links|too many levels)"):
        embed_tiff(first, A, safety=LINKS)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True], ids=["classic", "big"])
def test_a_backup_is_the_original_with_its_permissions_and_times(
    tmp_path: Path, order: Literal["<", ">"], big: bool
) -> None:
    image = tmp_path / "cells.ome.tif"
    make_image(image, "strips", big=big, order=order)
    image.chmod(0o640)
    os.utime(image, ns=(1_000_000_000, 2_000_000_000))
    original = sha(image)

    result = embed_tiff(image, A, safety=BACKUP)

    backup = Path(result.backup)
    assert backup == tmp_path / "cells.ome.tif.nbo-backup"
    assert sha(backup) == original
    assert (backup.stat().st_mode & 0o777, backup.stat().st_mtime_ns) == (0o640, 2_000_000_000)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cells.ome.tif", "cells.ome.tif.nbo-backup"]


def test_a_backup_of_a_file_with_a_block_is_the_original(image: Path) -> None:
    original = sha(image)
    embed_tiff(image, A)

    backup = Path(embed_tiff(image, B, safety=BACKUP).backup)

    assert sha(backup) == original
    stamp = backup.stat().st_mtime_ns
    assert Path(embed_tiff(image, A, safety=BACKUP).backup) == backup
    assert (sha(backup), backup.stat().st_mtime_ns) == (original, stamp)


def test_another_file_in_the_place_of_the_backup_is_left_and_nothing_is_changed(image: Path) -> None:
    original, other = sha(image), image.with_name("cells.ome.tif.nbo-backup")
    other.write_bytes(b"notes")

    with pytest.raises(WriteError) as caught:
        embed_tiff(image, A, safety=BACKUP)

    assert str(caught.value) == (
        f"{image} is left as it is, because {other} is there already and is no copy of it: move that away"
    )
    assert (sha(image), other.read_bytes()) == (original, b"notes")


def test_no_backup_is_made_where_nothing_changes(image: Path) -> None:
    embed_tiff(image, A)

    assert embed_tiff(image, A, safety=BACKUP).backup == ""
    assert [p.name for p in image.parent.iterdir()] == ["cells.ome.tif"]


def test_a_failure_at_any_call_of_the_backup_leaves_no_half_copy(image: Path) -> None:
    original, plain = sha(image), FailingSystem()
    embed_tiff(image, A, safety=BACKUP, system=plain)
    restore_tiff(image)
    backup = image.with_name("cells.ome.tif.nbo-backup")
    backup.unlink()
    for at in range(plain.calls):
        with pytest.raises(WriteError):
            embed_tiff(image, A, safety=BACKUP, system=FailingSystem(at, 5))
        assert sha(image) == original
        assert not backup.exists() or sha(backup) == original
        assert {p.name for p in image.parent.iterdir()} <= {"cells.ome.tif", backup.name}
        backup.unlink(missing_ok=True)


def test_a_kill_at_any_call_of_the_backup_leaves_no_half_copy_under_its_name(image: Path) -> None:
    original, plain = sha(image), FailingSystem()
    embed_tiff(image, A, safety=BACKUP, system=plain)
    restore_tiff(image)
    backup = image.with_name("cells.ome.tif.nbo-backup")
    backup.unlink()
    for at in range(plain.calls):
        with pytest.raises(Killed):
            embed_tiff(image, A, safety=BACKUP, system=FailingSystem(at))
        assert not backup.exists() or sha(backup) == original
        assert embed_tiff(image, A, safety=BACKUP).state in ("embedded", "unchanged")
        restore_tiff(image)
        assert sha(image) == original
        backup.unlink(missing_ok=True)


def test_a_backup_needs_room(image: Path) -> None:
    original = sha(image)

    class Full(System):
        def free(self, folder: Path) -> int:
            return (1 << 20) + 8000

    image.write_bytes(image.read_bytes() + bytes(2 << 20))
    original = sha(image)
    with pytest.raises(WriteError, match=r"is left as it is: \d+ bytes are needed and 1056576 are free on its disk"):
        embed_tiff(image, A, safety=BACKUP, system=Full())
    assert sha(image) == original


@pytest.mark.parametrize("kind", ["strips", "tiled", "compressed", "pyramid"])
def test_every_piece_of_image_data_is_counted_and_the_same(tmp_path: Path, kind: str) -> None:
    image = tmp_path / "cells.ome.tif"
    make_image(image, kind)

    result = embed_tiff(image, A, safety=VERIFY)

    assert result.verified == len(data_ranges(image))


def test_image_data_that_change_meanwhile_are_noticed_and_the_block_taken_out(image: Path) -> None:
    original, place = image.read_bytes(), data_ranges(image)[0][0]

    class Decaying(System):
        """Another program writes into the first strip when the header is changed."""

        def write(self, fd: int, offset: int, data: bytes | memoryview) -> int:
            if offset == 4:
                super().write(fd, place, bytes([original[place] ^ 255]))
            return super().write(fd, offset, data)

    with pytest.raises(WriteError) as caught:
        embed_tiff(image, A, safety=VERIFY, system=Decaying())

    assert str(caught.value) == (
        f"{image}: its image data are not what they were before, so the block was taken out again; another program or "
        "the disk has changed them: compare the file with your copy of it"
    )
    now = image.read_bytes()
    assert len(now) == len(original)
    assert sum(a != b for a, b in zip(now, original, strict=True)) == 1


def test_a_dry_run_makes_no_backup(image: Path) -> None:
    original = sha(image)

    assert embed_tiff(image, A, dry_run=True, safety=Safety(True, True, True)).state == "dry-run"

    assert (sha(image), [p.name for p in image.parent.iterdir()]) == (original, ["cells.ome.tif"])
    shutil.rmtree(image.parent)
