"""Runs on folders: what an earlier run has done is not done again, and what has changed is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from batch_runs import CZI, FIRST, ZARR, Run, again, count, journal, lines, table
from kill_runs import contents, make_images
from nbo_extract.batch import stamps
from nbo_extract.batch.journal import NAME, Journal

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 10


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder of ten images of three kinds; go to where it is."""
    make_images(tmp_path / "images", COUNT)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "images"


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_ino, p.stat().st_mtime_ns) for p in folder.rglob("*.nbo.xml")}


def touch(path: str) -> None:
    """Change an image in nothing but its time."""
    status = os.stat(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))


# -- resume -----------------------------------------------------------------------------------------------------------


def test_a_second_run_does_nothing_again(run: Run, images: Path) -> None:
    first = run("images")
    assert (first.code, first.err) == (0, "")
    assert len(lines(first)) == COUNT
    assert count(first) == "10 images: 10 written"
    before, files = marks(images), contents(images)
    assert len(before) == COUNT
    assert set(journal(images / NAME).values()) == {("done", "")}
    second = run("images")
    assert (second.code, second.err) == (0, "")
    assert lines(second) == {}
    assert count(second).startswith("10 images: 10 done before")
    assert marks(images) == before
    assert contents(images) == files


def test_a_new_image_alone_is_done(run: Run, images: Path) -> None:
    run("images")
    shutil.copy(FIRST, "images/new.ome.tiff")
    result = run("images")
    assert list(lines(result)) == ["images/new.ome.tiff"]
    assert "again because" not in result.out
    assert count(result).startswith("11 images: ")
    assert "1 written" in count(result)
    assert "10 done before" in count(result)
    assert len(table(images / "summary.csv")) == 11


def test_an_image_that_is_gone_is_in_no_table(run: Run, images: Path) -> None:
    run("images")
    os.unlink(FIRST)
    result = run("images")
    assert count(result).startswith("9 images: 9 done before")
    assert FIRST not in table(images / "summary.csv")


def test_a_changed_image_is_done_again(run: Run, images: Path) -> None:
    run("images")
    touch(FIRST)
    (images / "day_000" / "cells_00009.ome.zarr" / ".zattrs").write_text(
        (images / "day_000" / "cells_00009.ome.zarr" / ".zattrs").read_text() + "\n"
    )
    result = run("images")
    assert again(result) == dict.fromkeys((FIRST, ZARR), "the image has changed")
    assert "8 done before" in count(result)
    assert again(run("images")) == {}


def test_what_is_gone_is_written_again(run: Run, images: Path) -> None:
    run("images")
    os.unlink(f"{CZI}.nbo.xml")
    result = run("images")
    assert again(result) == {CZI: "what was written for it is gone"}
    assert os.path.exists(f"{CZI}.nbo.xml")


@pytest.mark.parametrize("options", [["--tier", "2"], ["--format", "json"], ["--no-derive"], ["--redact"]])
def test_other_options_do_all_again(run: Run, images: Path, options: list[str]) -> None:
    run("images")
    result = run("images", *options)
    assert list(again(result).values()) == ["other options are given"] * COUNT
    assert lines(run("images", *options)) == {}


def test_options_that_change_nothing_do_nothing_again(run: Run, images: Path) -> None:
    run("images")
    assert count(run("images", "--workers", "2", "-v")).startswith("10 images: 10 done before")


def test_changed_hardware_does_all_again(run: Run, images: Path, sample_data: Path) -> None:
    text = (sample_data / "microscope.json").read_text(encoding="utf-8")
    scope = images.parent / "scope.json"
    scope.write_text(text, encoding="utf-8")
    run("images")
    result = run("images", "--hardware", "scope.json")
    assert list(again(result).values()) == ["other descriptions are given"] * COUNT
    assert lines(run("images", "--hardware", "scope.json")) == {}
    scope.write_text(text.replace("Sample microscope", "Another"), encoding="utf-8")
    result = run("images", "--hardware", "scope.json")
    assert list(again(result).values()) == ["other descriptions are given"] * COUNT
    # Its name alone says nothing.
    scope.rename(images.parent / "renamed.json")
    assert lines(run("images", "--hardware", "renamed.json")) == {}


def test_a_changed_configuration_does_its_images_again(run: Run, images: Path) -> None:
    (images / "other").mkdir()
    shutil.copy(FIRST, "images/other/a.ome.tiff")
    run("images")
    (images / "other" / "nbo-extract.toml").write_text('[sample]\nName = "cork"\n', encoding="utf-8")
    assert again(run("images")) == {"images/other/a.ome.tiff": "its configuration has changed"}
    (images / "other" / "nbo-extract.toml").write_text('[sample]\nName = "oak"\n', encoding="utf-8")
    assert again(run("images")) == {"images/other/a.ome.tiff": "its configuration has changed"}
    assert lines(run("images")) == {}


def test_another_version_does_all_again(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("images")
    monkeypatch.setattr(stamps, "product", lambda: "another")
    assert list(again(run("images")).values()) == ["nbo-extract or its tables have changed"] * COUNT


def test_force_does_all_again(run: Run, images: Path) -> None:
    run("images")
    before = contents(images)
    result = run("images", "--force")
    assert list(again(result).values()) == ["--force asks for it"] * COUNT
    assert count(result).startswith("10 images: 10 unchanged")
    # The table says what is written, not when.
    assert contents(images) == before


def test_a_folder_that_has_moved_goes_on(run: Run, images: Path) -> None:
    run("images")
    images.rename(images.parent / "archive")
    result = run("archive")
    assert lines(result) == {}
    assert count(result).startswith("10 images: 10 done before")


# -- failures ---------------------------------------------------------------------------------------------------------


def test_a_failed_image_is_told_again_and_tried_when_asked(run: Run, images: Path) -> None:
    whole = (images.parent / CZI).read_bytes()
    (images.parent / CZI).write_bytes(whole[:5000])
    first = run("images")
    assert first.code == 3
    assert count(first) == "10 images: 9 written, 1 failed"
    (message,) = first.err.splitlines()
    assert message.startswith(f"nbo-extract: {CZI}: ")
    assert journal(images / NAME)["day_000/wide_00006.czi"] == ("failed", message.removeprefix("nbo-extract: "))
    assert table(images / "summary.csv")[CZI]["Message"] == message.removeprefix("nbo-extract: ")
    assert table(images / "summary.csv")[CZI]["State"] == "failed"
    # Told again, and not tried again.
    second = run("images")
    assert (second.code, lines(second)) == (3, {})
    assert second.err == f"{message}; it failed in an earlier run, --retry-failed tries again\n"
    # Tried again, with the same end; the others are left alone.
    third = run("images", "--retry-failed")
    assert (third.code, third.err, lines(third)) == (3, f"{message}\n", {})
    # Mended, it is tried without being asked.
    (images.parent / CZI).write_bytes(whole)
    fourth = run("images")
    assert (fourth.code, fourth.err) == (0, "")
    assert again(fourth) == {CZI: "the image has changed"}
    assert table(images / "summary.csv")[CZI]["State"] == "written"


def test_what_is_asked_for_and_missing_is_exit_one(run: Run, images: Path) -> None:
    assert run("images", "--tier", "1").code == 1
    # As well where nothing is done any more.
    assert run("images", "--tier", "1").code == 1
    assert run("images", "--tier", "1", "--json").code == 1


def test_a_file_in_the_way_of_an_output_fails_for_one(run: Run, images: Path) -> None:
    os.mkdir(f"{CZI}.nbo.xml")
    result = run("images")
    assert result.code == 3
    assert result.err == (f"nbo-extract: {CZI}.nbo.xml is no file: give the path of an image file\n")
    assert len(lines(result)) == COUNT - 1


# -- the journal ------------------------------------------------------------------------------------------------------


def test_no_journal_is_kept(run: Run, images: Path) -> None:
    for state in ("written", "unchanged"):
        assert count(run("images", "--no-journal")).startswith(f"10 images: 10 {state}")
        assert not (images / NAME).exists()
    assert (images / "summary.csv").exists()


def test_a_journal_elsewhere(run: Run, images: Path) -> None:
    run("images", "--journal", "kept.db")
    assert not (images / NAME).exists()
    assert journal(images.parent / "kept.db").keys() >= {FIRST, CZI}
    assert lines(run("images", "--journal", "kept.db")) == {}
    # Another journal knows nothing of it.
    assert len(lines(run("images"))) == COUNT


def test_a_dry_run_keeps_nothing(run: Run, images: Path) -> None:
    before = contents(images)
    result = run("images", "--dry-run")
    assert result.code == 0
    assert count(result) == "10 images: 10 dry-run"
    assert contents(images) == before
    assert not (images / NAME).exists()
    assert len(lines(run("images"))) == COUNT


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["images", "--no-journal", "--force"],
            "--force is for a journal, and --no-journal wants none; leave one of them out",
        ),
        (
            ["images", "--no-journal", "--retry-failed"],
            "--retry-failed is for a journal, and --no-journal wants none; leave one of them out",
        ),
        (
            ["images", "--no-journal", "--journal", "x"],
            "--journal is for a journal, and --no-journal wants none; leave one of them out",
        ),
        ([FIRST, "--force"], "--force is for folders, and there is none; leave it out"),
        ([FIRST, "--no-summary"], "--no-summary is for folders, and there is none; leave it out"),
        (
            [FIRST, "-o", "-", "--journal", "x"],
            "--journal is for files that are written, and -o - writes none; leave one of them out",
        ),
        (["images", "-o", "all.xml"], "all.xml: one file cannot hold the images of a folder; give a folder with -o"),
        (
            ["images", "-o", FIRST],
            f"{FIRST}: this is a file, and the images of a folder would be written to it; give a folder with -o",
        ),
    ],
)
def test_options_that_contradict(run: Run, images: Path, options: list[str], sentence: str) -> None:
    before = contents(images.parent)
    result = run(*options)
    assert (result.code, result.out, result.err) == (2, "", f"nbo-extract: {sentence}\n")
    assert contents(images.parent) == before


def test_a_second_run_at_once_refuses(run: Run, images: Path) -> None:
    code = "import sys; from nbo_extract.batch.journal import Journal; j = Journal(sys.argv[1]); print(1); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(images / NAME)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        result = run("images")
        other.communicate("\n")
    assert result.code == 2
    assert result.err == (
        f"nbo-extract: images/{NAME}: another run of nbo-extract is at work here; wait until it has ended, or stop it\n"
    )
    assert not list(images.rglob("*.nbo.xml"))
    assert run("images").code == 0


def test_a_damaged_journal_is_told(run: Run, images: Path) -> None:
    (images / NAME).write_bytes(b"no journal at all" * 100)
    result = run("images")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"nbo-extract: images/{NAME}: the journal is damaged (file is not a database); "
        "remove it, and all images are done again\n"
    )


def test_one_place_for_two_images_is_refused(run: Run, images: Path) -> None:
    for name in ("one", "two"):
        os.mkdir(name)
        shutil.copy(FIRST, f"{name}/a.ome.tiff")
    result = run("one", "two", "-o", "out")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "nbo-extract: one/a.ome.tiff and two/a.ome.tiff would both be written to out/a.ome.tiff.nbo.xml; "
        "run them one after the other, with a folder each\n"
    )
    # One after the other, with one folder each.
    assert run("one", "-o", "out1").code == run("two", "-o", "out2").code == 0


# -- where it is written ----------------------------------------------------------------------------------------------


def test_into_another_folder(run: Run, images: Path) -> None:
    before = contents(images)
    result = run("images", "-o", "out/inner")
    assert (result.code, result.err) == (0, "")
    assert contents(images) == before
    out = images.parent / "out" / "inner"
    assert {p.name for p in out.iterdir()} == {NAME, "day_000", "summary.csv", "report.html"}
    assert len(list(out.rglob("*.nbo.xml"))) == COUNT
    assert lines(run("images", "-o", "out/inner")) == {}
    # Beside the images is another run.
    assert len(lines(run("images"))) == COUNT


def test_one_journal_for_two_folders(run: Run, images: Path) -> None:
    run("images", "-o", "one", "--journal", "kept.db")
    result = run("images", "-o", "two", "--journal", "kept.db")
    assert len(lines(result)) == COUNT
    assert contents(images.parent / "one") == contents(images.parent / "two") | {
        "summary.csv": contents(images.parent / "one")["summary.csv"]
    }


def test_what_was_written_elsewhere_is_not_what_is_there(run: Run, images: Path) -> None:
    """A file that has the name is not what this run would write."""
    run("images", "-o", "two", "--journal", "other.db", "--redact")
    run("images", "-o", "one", "--journal", "kept.db")
    result = run("images", "-o", "two", "--journal", "kept.db")
    assert list(again(result).values()) == ["it was written to another place"] * COUNT
    one, two = contents(images.parent / "one"), contents(images.parent / "two")
    del one["summary.csv"], two["summary.csv"]
    assert two == one


def test_a_summary_of_somebody_else_is_kept(run: Run, images: Path) -> None:
    (images / "summary.csv").write_text("sample;dose\na;1\n", encoding="utf-8")
    for _ in range(2):
        assert run("images").code == 0
        assert (images / "summary.csv").read_text(encoding="utf-8") == "sample;dose\na;1\n"
        assert len(table(images / "nbo-summary.csv")) == COUNT


def test_no_summary(run: Run, images: Path) -> None:
    assert run("images", "--no-summary").code == 0
    assert {p.name for p in images.iterdir()} == {NAME, "day_000"}


def test_a_summary_that_cannot_be_written_costs_no_image(run: Run, images: Path) -> None:
    (images / "summary.csv").mkdir()
    (images / "nbo-summary.csv").mkdir()
    result = run("images")
    assert result.code == 3
    assert result.err.startswith("nbo-extract: images/nbo-summary.csv cannot be written: ")
    assert len(result.err.splitlines()) == 1
    assert len(lines(result)) == COUNT


# -- into the images --------------------------------------------------------------------------------------------------


def test_embedding_is_done_once(run: Run, images: Path) -> None:
    result = run("images", "--embed")
    assert (result.code, result.err) == (0, "")
    told = lines(result)
    assert told[FIRST].startswith("embedded")
    assert told[ZARR].startswith("embedded")
    # What takes nothing gets a file.
    assert told[CZI].startswith("written")
    before, listed = contents(images), table(images / "summary.csv")
    assert listed[FIRST]["State"] == "embedded"
    second = run("images", "--embed")
    assert lines(second) == {}
    assert count(second).startswith("10 images: 10 done before")
    assert contents(images) == before
    # Without a journal nothing changes, either.
    assert run("images", "--embed", "--force").code == 0
    assert contents(images) == before


def test_what_was_restored_is_embedded_again(run: Run, images: Path) -> None:
    before = contents(images)
    run("images", "--embed")
    after = contents(images)
    assert run("restore", FIRST, ZARR).code == 0
    assert contents(images)[FIRST.removeprefix("images/")] == before[FIRST.removeprefix("images/")]
    result = run("images", "--embed")
    assert again(result) == dict.fromkeys((FIRST, ZARR), "the image has changed")
    assert contents(images) == after


# -- what is settled --------------------------------------------------------------------------------------------------


def test_what_is_settled_over_folders_is_remembered(run: Run, images: Path, sample_data: Path) -> None:
    shutil.copy(sample_data / "microscope.json", "scope.json")
    lens = "Plan-Apochromat 63x/1.4 Oil DIC M27=20x dry"
    result = run("images", "--hardware", "scope.json", "--match", lens, "--remember")
    assert result.code == 0
    assert sum(line.startswith("  remembered in images/") for line in result.out.splitlines()) == 1
    # The configuration is new, so that its images are done once more; then never again.
    second = run("images", "--hardware", "scope.json", "--match", lens, "--remember")
    assert set(again(second).values()) == {"its configuration has changed"}
    assert lines(run("images", "--hardware", "scope.json", "--match", lens, "--remember")) == {}
    unused = run("images", "--hardware", "scope.json", "--match", "nothing=20x dry")
    assert "nbo-extract: --match nothing=20x dry settled nothing" in unused.err


# -- processes --------------------------------------------------------------------------------------------------------


def test_the_same_with_two_workers(run: Run, images: Path) -> None:
    (images.parent / CZI).write_bytes(b"ZISRAWFILE no more")
    one = run("images", "--workers", "1", "-o", "out")
    found = contents(images.parent / "out")
    shutil.rmtree("out")
    two = run("images", "--workers", "2", "-o", "out")
    assert contents(images.parent / "out") == found
    # A sidecar for each but the damaged one, the table and the report.
    assert len(found) == COUNT + 1
    assert (one.code, one.err) == (two.code, two.err)
    assert sorted(lines(one).items()) == sorted(lines(two).items())


def test_no_worker_can_be_started(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbo_extract.batch import workers

    def none(*_: Any) -> None:
        raise workers.NoWorkersError("worker processes die as soon as they start")

    monkeypatch.setattr(workers.Workers, "run", none)
    result = run("images", "--workers", "2")
    assert result.code == 3
    assert result.err == (
        "nbo-extract: worker processes die as soon as they start, perhaps for want of memory; "
        "--workers 1 does without them\n"
    )


def test_an_image_at_which_workers_die_is_tried_again(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbo_extract.batch import workers

    run_all = workers.Workers.run

    def dying(self: Any, tasks: Any) -> Any:
        for done in run_all(self, tasks):
            task = getattr(done.task, "task", None)
            yield workers.Done(done.task, None) if task is not None and task.path == CZI else done

    monkeypatch.setattr(workers.Workers, "run", dying)
    result = run("images", "--workers", "2")
    message = f"{CZI}: the worker process died at it, twice, perhaps for want of memory; run it alone, with --workers 1"
    assert (result.code, result.err) == (3, f"nbo-extract: {message}\n")
    assert journal(images / NAME)["day_000/wide_00006.czi"] == ("lost", message)
    # Whatever it was may have passed.
    after = run("images", "--workers", "1")
    assert (after.code, list(lines(after))) == (0, [CZI])


@pytest.mark.skipif(sys.platform == "win32", reason="locks of Windows are others")
@pytest.mark.parametrize("embed", [False, True])
def test_an_image_that_another_process_is_writing_is_done_by_the_next_run(run: Run, images: Path, embed: bool) -> None:
    import fcntl

    held = f"{os.path.dirname(FIRST)}/.{os.path.basename(FIRST)}.nbo.xml.nbo-tmp"
    with open(FIRST if embed else held, "ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        result = run("images", *["--embed"] * embed)
    assert result.code == 3
    assert "another run of nbo-extract" in result.err
    assert len(result.err.splitlines()) == 1
    assert journal(images / NAME)["day_000/confocal_00000.ome.tiff"][0] == "lost"
    after = run("images", *["--embed"] * embed)
    assert (after.code, list(lines(after))) == (0, [FIRST])


def test_events_say_why(run: Run, images: Path) -> None:
    run("images")
    touch(FIRST)
    told = [json.loads(line) for line in run("images", "--json").out.splitlines()]
    states = {event["file"]: event["state"] for event in told if event["event"] == "image"}
    assert states.pop(FIRST) == "unchanged"
    assert set(states.values()) == {"done before"}


def test_a_journal_that_fails_in_the_middle(run: Run, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = []
    note = Journal.note

    def full(self: Journal, number: int, state: str, **given: Any) -> None:
        noted.append(number)
        if len(noted) == 4:
            self._base.execute("PRAGMA max_page_count = 1")
            given["row"] = {"file": "x" * 1_000_000}
        note(self, number, state, **given)

    monkeypatch.setattr(Journal, "note", full)
    result = run("images")
    assert result.code == 2
    assert result.err == (
        f"nbo-extract: images/{NAME}: the journal cannot be written (database or disk is full); "
        "give a place for it with --journal\n"
    )
    monkeypatch.setattr(Journal, "note", note)
    # What was noted before is not done again.
    after = run("images")
    assert after.code == 0
    assert len(lines(after)) == COUNT - 3


def test_a_vendor_file_that_is_named_is_refused_beside_a_folder(run: Run, images: Path) -> None:
    shutil.copy(CZI, "mine.czi")
    result = run("mine.czi", "images", "--embed")
    # As where it is named alone; in the folder such files get a sidecar.
    assert result.code == 3
    assert result.err == run("mine.czi", "--embed").err
    assert result.err.startswith("nbo-extract: mine.czi")
    assert not (images.parent / "mine.czi.nbo.xml").exists()
    assert (images / "day_000" / "wide_00006.czi.nbo.xml").exists()
