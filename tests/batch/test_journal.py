"""The journal of a folder: what it knows again, what it refuses, and what a process that dies leaves."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from nbo_extract.batch.journal import DONE, FAILED, NAME, UNLISTED, Journal
from nbo_extract.errors import UsageError
from nbo_extract.walk import Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows names are Unicode and have no such signs")


def units(*paths: str | Path, targets: bool = True) -> list[tuple[Unit, str]]:
    return [(Unit(str(p), os.path.basename(str(p))), f"{p}.nbo.xml" if targets else "") for p in paths]


def states(journal: Journal) -> dict[str, str]:
    return {entry.path: entry.state for entry in journal.entries()}


def test_what_was_noted_is_known_in_the_next_run(tmp_path: Path) -> None:
    place = str(tmp_path / NAME)
    unit = Unit(str(tmp_path / "a.tif"), "a.tif", (str(tmp_path / "b.tif"),))
    with Journal(place) as journal:
        assert journal.see([(unit, "a.xml")]) == 1
        (entry,) = journal.entries()
        assert (entry.state, entry.stamp, entry.work, entry.row) == ("", "", {}, {})
        journal.note(entry.number, DONE, stamp="1:2", work={"config": "x"}, row={"images": 3}, seconds=0.5)
    with Journal(place) as journal:
        journal.see([(unit, "a.xml")])
        (again,) = journal.entries()
        assert (again.number, again.path, again.files, again.target) == (entry.number, unit.path, unit.files, "a.xml")
        assert (again.state, again.stamp, again.work, again.row) == (DONE, "1:2", {"config": "x"}, {"images": 3})
        assert journal.counts() == {DONE: 1}


def test_images_that_are_gone_stay_but_are_not_in_the_run(tmp_path: Path) -> None:
    place = str(tmp_path / NAME)
    first, second = tmp_path / "a.tif", tmp_path / "b.tif"
    with Journal(place) as journal:
        journal.see(units(first, second))
        for entry in list(journal.entries()):
            journal.note(entry.number, DONE)
        journal.see(units(second))
        assert states(journal) == {str(second): DONE}
        journal.see(units(second, first))
        assert states(journal) == {str(second): DONE, str(first): DONE}


def test_a_folder_that_has_moved_is_known(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "inner").mkdir(parents=True)
    outside = tmp_path / "outside.tif"
    with Journal(str(old / NAME)) as journal:
        journal.see([*units(old / "inner" / "a.tif"), (Unit(str(old / "s.tif"), "s", (str(old / "t.tif"),)), "")])
        journal.see(units(old / "inner" / "a.tif", outside))
        for entry in list(journal.entries()):
            journal.note(entry.number, DONE)
    shutil.move(old, new)
    with Journal(str(new / NAME)) as journal:
        journal.see(
            [*units(new / "inner" / "a.tif", outside), (Unit(str(new / "s.tif"), "s", (str(new / "t.tif"),)), "")]
        )
        assert [(e.path, e.state) for e in journal.entries()] == [
            (str(new / "inner" / "a.tif"), DONE),
            (str(outside), DONE),
            (str(new / "s.tif"), ""),
        ]
        assert [e.files for e in journal.entries()][2] == (str(new / "t.tif"),)


def test_one_image_named_in_two_ways_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Journal(NAME) as journal:
        journal.see(units("a.tif"))
        journal.note(next(journal.entries()).number, DONE)
        journal.see(units(tmp_path / "a.tif"))
        # It is called as in this run.
        assert states(journal) == {str(tmp_path / "a.tif"): DONE}


@POSIX
def test_any_name_and_any_text(tmp_path: Path) -> None:
    names = [
        "https://user:secret@example.org/a.zarr?x=1",
        str(tmp_path / "two\nlines.tif"),
        os.fsdecode(os.fsencode(str(tmp_path)) + b"/latin\xe9.tif"),
        str(tmp_path / ("long" * 60)),
        str(tmp_path / "µ 日本.tif"),
    ]
    for _ in range(2):
        with Journal(str(tmp_path / NAME)) as journal:
            journal.see([(Unit(n, "x", (n + "2",)), n + ".xml") for n in names])
            for entry in list(journal.entries()):
                journal.note(entry.number, FAILED, message=f"{entry.path}:\nno", row={"target": entry.path})
            found = list(journal.entries())
            assert [e.path for e in found] == names
            assert [e.files for e in found] == [(n + "2",) for n in names]
            assert [e.target for e in found] == [n + ".xml" for n in names]
            assert [e.row["target"] for e in found] == names
            assert found[1].message == f"{tmp_path}/two\\nlines.tif:\\nno"
            assert found[2].message == f"{tmp_path}/latin\\xe9.tif:\\nno"


@POSIX
def test_a_journal_in_a_folder_with_any_name(tmp_path: Path) -> None:
    folder = os.fsdecode(os.fsencode(str(tmp_path)) + b"/latin\xe9\n")
    os.mkdir(folder)
    with Journal(os.path.join(folder, NAME)) as journal:
        journal.see(units(os.path.join(folder, "a.tif")))
        assert states(journal) == {os.path.join(folder, "a.tif"): ""}
    assert os.listdir(folder) == [NAME]


def test_many_images_are_paged_while_they_are_noted(tmp_path: Path) -> None:
    with Journal(str(tmp_path / NAME)) as journal:
        assert journal.see(units(*(f"{n:04}.tif" for n in range(1203)))) == 1203
        seen = []
        for entry in journal.entries():
            seen.append(entry.path)
            journal.note(entry.number, DONE)
        assert seen == [f"{n:04}.tif" for n in range(1203)]
        assert journal.counts() == {DONE: 1203}


def test_pages_that_are_full_to_the_last(tmp_path: Path) -> None:
    with Journal() as journal:
        journal.see(units(*(f"{n:04}.tif" for n in range(1000))))
        assert len(list(journal.entries())) == 1000


def test_two_images_for_one_file_are_found_whatever_the_case(tmp_path: Path) -> None:
    with Journal() as journal:
        journal.see(units("a.tif", "b.tif"))
        assert journal.collision() is None
        journal.see(
            [(Unit("a.tif", ""), "out/CELLS.xml"), (Unit("b.tif", ""), "x"), (Unit("c.tif", ""), "out/./Cells.xml")]
        )
        assert journal.collision() == ("a.tif", "c.tif", "out/CELLS.xml")
        # Into the images themselves nothing collides.
        journal.see(units("a.tif", "A.tif", targets=False))
        assert journal.collision() is None


def test_a_walk_that_is_broken_off_is_no_run(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[Unit, str]]:
        yield from units("b.tif")
        raise OSError("no disk")

    with Journal(str(tmp_path / NAME)) as journal:
        journal.see(units("a.tif"))
        with pytest.raises(OSError, match=r"^no disk$"):
            journal.see(broken())
        assert list(states(journal)) == ["a.tif"]
        journal.see(units("c.tif"))
        assert list(states(journal)) == ["c.tif"]


def test_folders_that_cannot_be_listed(tmp_path: Path) -> None:
    closed = str(tmp_path / "closed")
    with Journal(str(tmp_path / NAME)) as journal:
        assert journal.see(units(tmp_path / "a.tif")) == 1
        journal.unlisted([(closed, f"{closed}: no\naccess")])
        (image, folder) = journal.entries()
        assert (folder.path, folder.state, folder.row) == (closed, UNLISTED, {"state": "failed"})
        assert folder.message == f"{closed}: no\\naccess"
        journal.note(image.number, DONE)
        # An OME-Zarr is a folder, too: listed now, it is an image that was never done.
        journal.see(units(closed))
        assert states(journal) == {closed: ""}


# -- what is refused --------------------------------------------------------------------------------------------------


def test_a_second_run_refuses(tmp_path: Path) -> None:
    place = str(tmp_path / NAME)
    sentence = f"{place}: another run of nbo-extract is at work here; wait until it has ended, or stop it"
    with Journal(place) as journal:
        journal.see(units("a.tif"))
        for _ in range(2):
            with pytest.raises(UsageError) as error:
                Journal(place)
            assert error.value.message == sentence
        journal.note(1, DONE)
        assert journal.counts() == {DONE: 1}
    with Journal(place):
        pass


def test_another_process_refuses(tmp_path: Path) -> None:
    code = "import sys; from nbo_extract.batch.journal import Journal; Journal(sys.argv[1])"
    place = str(tmp_path / NAME)
    with Journal(place):
        ended = subprocess.run([sys.executable, "-c", code, place], capture_output=True, text=True)
    assert ended.stderr.rstrip().endswith(
        f"{place}: another run of nbo-extract is at work here; wait until it has ended, or stop it"
    )
    assert subprocess.run([sys.executable, "-c", code, place]).returncode == 0


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path: Path, mode: str) -> None:
    place = tmp_path / "theirs.db"
    with closing(sqlite3.connect(place)) as base:
        base.execute(f"PRAGMA journal_mode = {mode}")
        base.execute("CREATE TABLE samples (name TEXT)")
        base.commit()
    before = place.read_bytes()
    with pytest.raises(UsageError) as error:
        Journal(str(place))
    assert error.value.message == f"{place}: this file is no journal of nbo-extract; give another with --journal"
    assert place.read_bytes() == before
    # And it is not locked any more.
    with closing(sqlite3.connect(place, timeout=0)) as base:
        base.execute("INSERT INTO samples VALUES ('a')")
        base.commit()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    place = tmp_path / NAME
    place.write_bytes(b"SQLite format 4?" + b"x" * 5000)
    with pytest.raises(UsageError) as error:
        Journal(str(place))
    assert error.value.message == (
        f"{place}: the journal is damaged (file is not a database); remove it, and all images are done again"
    )


def test_a_journal_whose_pages_are_damaged(tmp_path: Path) -> None:
    place = tmp_path / NAME
    with Journal(str(place)) as journal:
        journal.see(units(*(f"{n:04}.tif" for n in range(2000))))
    data = bytearray(place.read_bytes())
    for page in range(4, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    place.write_bytes(data)
    with pytest.raises(UsageError) as error, Journal(str(place)) as journal:
        journal.see(units(*(f"{n:04}.tif" for n in range(2000))))
    assert error.value.message == (
        f"{place}: the journal is damaged (database disk image is malformed); remove it, and all images are done again"
    )


def test_a_journal_of_another_layout(tmp_path: Path) -> None:
    place = tmp_path / NAME
    Journal(str(place)).close()
    with closing(sqlite3.connect(place)) as base:
        base.execute("UPDATE about SET value = '7' WHERE name = 'layout'")
        base.commit()
    with pytest.raises(UsageError) as error:
        Journal(str(place))
    assert error.value.message == (
        f"{place}: a journal of layout 7, this version reads layout 1; remove it, and all images are done again"
    )


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "folder"):
        with pytest.raises(UsageError) as error:
            Journal(str(place))
        assert error.value.message == (
            f"{place}: the journal cannot be written (unable to open database file); give a place for it with --journal"
        )


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(
            UsageError, match=r"the journal cannot be written \(.*\); give a place for it with --journal$"
        ):
            Journal(str(tmp_path / NAME))
    finally:
        tmp_path.chmod(0o700)


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    place = str(tmp_path / NAME)
    full = f"{place}: the journal cannot be written (database or disk is full); give a place for it with --journal"
    with Journal(place) as journal:
        journal.see(units("a.tif"))
        journal._base.execute("PRAGMA max_page_count = 1")
        with pytest.raises(UsageError) as error:
            journal.see(units(*(f"{n:04}.tif" for n in range(2000))))
        assert error.value.message == full
        with pytest.raises(UsageError) as error:
            journal.note(1, DONE, row={"file": "x" * 100_000})
        assert error.value.message == full
        # What was there is there.
        assert states(journal) == {"a.tif": ""}


# -- what a process that dies leaves ----------------------------------------------------------------------------------

_DIES = """
import os, signal, sys
from nbo_extract.batch.journal import DONE, Journal
from nbo_extract.walk import Unit
journal = Journal(sys.argv[1])
journal.see((Unit(f"{n}.tif", ""), "") for n in range(50))
for entry in list(journal.entries())[:20]:
    journal.note(entry.number, DONE, stamp="1")
os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_what_was_noted_outlives_the_process(tmp_path: Path) -> None:
    place = str(tmp_path / NAME)
    ended = subprocess.run([sys.executable, "-c", _DIES, place])
    assert ended.returncode == -signal.SIGKILL
    with Journal(place) as journal:
        journal.see(units(*(f"{n}.tif" for n in range(50))))
        assert journal.counts() == {DONE: 20, "": 30}
    assert os.listdir(tmp_path) == [NAME]


@POSIX
def test_a_journal_that_a_power_cut_has_torn(tmp_path: Path) -> None:
    place = tmp_path / NAME
    subprocess.run([sys.executable, "-c", _DIES, str(place)])
    log = place.with_name(f"{NAME}-wal")
    whole, size = log.read_bytes(), log.stat().st_size
    base = place.read_bytes()
    counted = set()
    # The end of what was being written is missing, or is rubbish: what was complete before counts.
    for cut in range(0, size, size // 12):
        for end in (b"", b"\xa5" * min(4096, size - cut)):
            place.write_bytes(base)
            log.write_bytes(whole[:cut] + end)
            with Journal(str(place)) as journal:
                journal.see(units(*(f"{n}.tif" for n in range(50))))
                found = journal.counts()
            assert sum(found.values()) == 50
            counted.add(found.get(DONE, 0))
    assert len(counted) > 3
    assert max(counted) <= 20
