"""The command `deposit` as users see it: what is written, what is refused, and that nothing is half-written."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

import make_ome_sets
from nbo_extract.deposit.file_list import read
from nbo_extract.deposit.pagetab_read import read_json, read_tsv
from nbo_extract.deposit.pagetab_tree import facts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

#: 2026-11-27
NOW = "1795737600"


@pytest.fixture
def images(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the sample data and go to the folder above."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    shutil.copytree(sample_data, tmp_path / "images")
    (tmp_path / "microscope.json").write_bytes((tmp_path / "images" / "microscope.json").read_bytes())
    for name in ("microscope.json", "calibration.toml"):
        (tmp_path / "images" / name).unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "images"


def contents(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def made(run: Run, *more: str) -> Result:
    done = run("deposit", "images", "-o", "submission", "--hardware", "microscope.json", *more)
    assert done.code == 0, done.err
    return done


def test_a_folder_becomes_a_submission(images: Path, run: Run) -> None:
    before = contents(images)
    done = made(run)
    assert done.out == (
        "wrote submission: 4 images in 4 files, 93,223 bytes\n  3 ways of taking them, 3 study components\n"
    )
    assert done.err == ""
    found = contents(images.parent / "submission")
    assert sorted(found) == [
        "checksums.sha256",
        "data/cells_v04.ome.zarr.zip",
        "data/cells_v05.ome.zarr.zip",
        "data/confocal.ome.tiff",
        "data/widefield.czi",
        "file_list.tsv",
        "file_list_1.tsv",
        "file_list_2.tsv",
        "file_list_3.tsv",
        *(f"nbo/{n}.nbo.{e}" for n in ("cells_v04.ome.zarr.zip", "cells_v05.ome.zarr.zip") for e in ("json", "xml")),
        *(f"nbo/{n}.nbo.{e}" for n in ("confocal.ome.tiff", "widefield.czi") for e in ("json", "xml")),
        "rembi.md",
        "report.html",
        "ro-crate-file-list.tsv",
        "ro-crate-metadata.json",
        "submission.pagetab.json",
        "submission.pagetab.tsv",
    ]
    assert contents(images) == before
    checked = run("deposit", "--check", "submission")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == (
        "submission: the archive's rules are kept, checksums agree (23 files, 12 of them in file lists)\n"
    )


def test_the_same_folder_gives_the_same_bytes(images: Path, run: Run) -> None:
    made(run)
    first = contents(images.parent / "submission")
    made(run)
    assert contents(images.parent / "submission") == first
    assert [p.name for p in images.parent.iterdir() if p.name.startswith(".")] == []
    shutil.rmtree(images.parent / "submission")
    made(run, "--files", "copy", "--workers", "2")
    assert contents(images.parent / "submission") == first


@pytest.mark.parametrize("how", ["link", "copy", "symlink"])
def test_how_files_come_there(how: str, images: Path, run: Run) -> None:
    made(run, "--files", how)
    original, placed = images / "widefield.czi", images.parent / "submission" / "data" / "widefield.czi"
    assert placed.read_bytes() == original.read_bytes()
    assert placed.is_symlink() is (how == "symlink")
    assert (original.stat().st_ino == placed.lstat().st_ino) is (how == "link")
    assert run("deposit", "--check", "submission").code == 0


def test_checksums_are_those_of_sha256sum(images: Path, run: Run) -> None:
    made(run, "--md5")
    folder = images.parent / "submission"
    for program, name in (("sha256sum", "checksums.sha256"), ("md5sum", "checksums.md5")):
        if shutil.which(program):
            subprocess.run([program, "-c", "--quiet", name], cwd=folder, check=True)
    listed = {line[66:] for line in (folder / "checksums.sha256").read_text().splitlines()}
    assert listed == set(contents(folder)) - {"checksums.sha256", "checksums.md5"}


def test_columns_are_those_that_vary_and_constants_are_told_once(images: Path, run: Run) -> None:
    shutil.copy(images / "widefield.czi", images / "second.czi")
    made(run)
    folder = images.parent / "submission"
    lists = [read((folder / f"file_list_{n}.tsv").read_bytes(), "x") for n in (1, 2, 3)]
    assert [found.problems for found in lists] == [(), (), ()]
    assert lists[1].headers == ("Files", "File type")
    assert [r[0] for r in lists[1].rows][:2] == ["data/second.czi", "data/widefield.czi"]
    everything = read((folder / "file_list.tsv").read_bytes(), "x")
    assert everything.headers[:3] == ("Files", "Study component", "File type")
    place = everything.headers.index("Exposure time")
    assert {r[place] for r in everything.rows} == {"", "GFP: 50 ms; mCherry: 100 ms", "DAPI: 80 ms; EGFP: 150 ms"}
    texts = (folder / "rembi.md").read_text(encoding="utf-8")
    assert "Exposure time: DAPI: 80 ms; EGFP: 150 ms." in texts
    assert "fluorescence microscopy (FBbi_00000246, Biological Imaging Methods Ontology (FBbi))" in texts


def test_columns_can_be_chosen(images: Path, run: Run) -> None:
    made(run, "--columns", "Objective, Well")
    found = read((images.parent / "submission" / "file_list_1.tsv").read_bytes(), "x")
    assert found.headers == ("Files", "Objective", "Well")
    done = run("deposit", "images", "-o", "other", "--columns", "Objektiv", "--hardware", "microscope.json")
    assert done.code == 2
    assert done.err == "nbo-extract: --columns: file lists have no column Objektiv; is Objective meant?\n"
    assert not (images.parent / "other").exists()


def test_both_page_tabs_say_the_same(images: Path, run: Run) -> None:
    made(run)
    folder = images.parent / "submission"
    tsv, wrong = read_tsv((folder / "submission.pagetab.tsv").read_text(encoding="utf-8"))
    other, bad = read_json((folder / "submission.pagetab.json").read_text(encoding="utf-8"))
    assert wrong == bad == []
    assert facts(tsv) == facts(other)
    crate = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    kinds = [k for e in crate["@graph"] for k in ([e["@type"]] if isinstance(e["@type"], str) else e["@type"])]
    assert kinds.count("bia:FileList") == 1


def test_an_ome_zarr_is_one_zip_that_is_read(images: Path, run: Run) -> None:
    made(run)
    place = images.parent / "submission" / "data" / "cells_v05.ome.zarr.zip"
    with zipfile.ZipFile(place) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "zarr.json"
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED}
        inside = {n: archive.read(n) for n in archive.namelist()}
    store = images / "cells_v05.ome.zarr"
    assert inside == {p.relative_to(store).as_posix(): p.read_bytes() for p in store.rglob("*") if p.is_file()}
    done = run(place, "-o", "-")
    assert done.code == 0 and "SizeX" in done.out


# -- what is refused --------------------------------------------------------------------------------------------------


def refused(run: Run, folder: Path, *more: str, code: int = 1) -> list[str]:
    done = run("deposit", "images", "-o", "submission", "--hardware", "microscope.json", *more)
    assert done.code == code, done.err
    assert done.out == ""
    assert not (folder.parent / "submission").exists()
    assert [p.name for p in folder.parent.iterdir() if p.name.startswith(".")] == []
    return [line.removeprefix("nbo-extract: ") for line in done.err.splitlines()]


def test_without_a_study_the_way_out_is_told(images: Path, run: Run) -> None:
    (images / "study.toml").unlink()
    assert refused(run, images) == [
        "images/study.toml is not there: nbo-extract deposit --init images writes one to be filled in; --draft makes "
        "file lists and texts for the form without it",
        "nothing is written: 1 thing is to be mended first",
    ]


def test_what_the_study_lacks_is_told(images: Path, run: Run) -> None:
    text = (images / "study.toml").read_text(encoding="utf-8")
    (images / "study.toml").write_text(text.replace("Homo sapiens", "").replace("2099", "2001"), encoding="utf-8")
    assert refused(run, images) == [
        "study.toml: study.release_date: 2001-12-31 is past; give a day from 2026-11-27 on",
        "study.toml: biosample.organism is empty, and the archive asks for it. Scientific name, such as "
        '"Homo sapiens".',
        "nothing is written: 2 things are to be mended first",
    ]
    (images / "study.toml").write_text(text.replace("Homo sapiens", ""), encoding="utf-8")
    assert refused(run, images)[0] == (
        'study.toml: biosample.organism is empty, and the archive asks for it. Scientific name, such as "Homo sapiens".'
    )


def test_a_draft_is_written_and_told_to_be_one(images: Path, run: Run) -> None:
    (images / "study.toml").unlink()
    done = made(run, "--draft")
    assert done.err.splitlines()[-1].startswith("nbo-extract: submission is a draft: ")
    texts = (images.parent / "submission" / "rembi.md").read_text(encoding="utf-8")
    assert "- **Title**: (to be filled in)" in texts
    checked = run("deposit", "--check", "submission")
    assert checked.code == 1
    assert "nbo-extract: submission.pagetab.tsv: The submission has no release date." in checked.err.splitlines()


def test_what_images_do_not_say_is_asked_of_the_user(images: Path, run: Run) -> None:
    text = (images / "study.toml").read_text(encoding="utf-8")
    (images / "study.toml").write_text(text.partition("[[image_acquisition]]")[0], encoding="utf-8")
    assert refused(run, images) == [
        "cells_v04.ome.zarr and 1 more image do not state imaging_method, and the archive asks for it; say it in an "
        "[[image_acquisition]] of study.toml, or fill the gaps of the images",
        "nothing is written: 1 thing is to be mended first",
    ]
    wrong = text.replace('files = ["*.ome.zarr"]', 'files = ["*.ome.zarr", "*.czi", "*.lif"]')
    wrong = wrong.replace('"fluorescence microscopy"\nimaging_i', '"confocal microscpy"\nimaging_i')
    (images / "study.toml").write_text(wrong, encoding="utf-8")
    assert refused(run, images)[:3] == [
        "study.toml: image_acquisition: 'confocal microscpy' is no word of the ontology FBbi; is 'confocal microscopy' "
        "meant?",
        "study.toml: image_acquisition: widefield.czi: it states fluorescence microscopy; take imaging_method out",
        "study.toml: image_acquisition: no image is called '*.lif'; check its files",
    ]


def test_stray_hidden_and_empty_files(images: Path, run: Run) -> None:
    (images / "notes.txt").write_text("of the day")
    (images / ".DS_Store").write_bytes(b"x")
    (images / "Thumbs.db").write_bytes(b"x")
    done = made(run)
    assert done.err.splitlines() == [
        "nbo-extract: notes.txt: no image; left out (--others takes such files along)",
        "nbo-extract: 2 files that are hidden, temporary, of the system, or of an earlier run are left out",
    ]
    made(run, "--others")
    folder = images.parent / "submission"
    assert (folder / "data" / "notes.txt").read_text() == "of the day"
    rows = read((folder / "file_list.tsv").read_bytes(), "x").rows
    assert [r[2] for r in rows if r[0] == "data/notes.txt"] == ["other"]
    assert run("deposit", "--check", "submission").code == 0
    shutil.rmtree(folder)
    (images / "empty.txt").touch()
    assert refused(run, images, "--others")[-2:] == [
        "empty.txt: the file is empty; take it away, or leave it out with --exclude",
        "nothing is written: 1 thing is to be mended first",
    ]
    made(run, "--others", "--exclude", "empty.txt")


def test_an_image_that_cannot_be_read_stops_it(images: Path, run: Run) -> None:
    data = (images / "widefield.czi").read_bytes()
    (images / "broken.czi").write_bytes(data[:2000])
    told = refused(run, images, code=3)
    assert told[0].startswith("images/broken.czi: ")
    assert told[1:] == [
        "nothing is written: an image that cannot be read is not left out silently; --exclude leaves it out"
    ]
    made(run, "--exclude", "broken.czi")


def test_names_are_told_proposed_and_fixed(images: Path, run: Run) -> None:
    shutil.copy(images / "widefield.czi", images / "Würfel µm.czi")
    shutil.copy(images / "widefield.czi", images / "Widefield.czi")
    assert refused(run, images) == [
        "Würfel µm.czi holds 'ü' and 'µ': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )",
        "Widefield.czi and widefield.czi differ by case alone: they are one file on some systems",
        "Würfel µm.czi: could be called Wuerfel um.czi; --fix-names apply does so in the submission",
        "widefield.czi: could be called widefield_2.czi; --fix-names apply does so in the submission",
        "nothing is written: 4 things are to be mended first",
    ]
    done = run("deposit", "images", "--fix-names", "propose")
    assert (done.code, done.out) == (1, "Würfel µm.czi\tWuerfel um.czi\nwidefield.czi\twidefield_2.czi\n")
    before = contents(images)
    done = made(run, "--fix-names", "apply")
    assert "  Würfel µm.czi is called Wuerfel um.czi there\n" in done.out
    folder = images.parent / "submission"
    assert sorted(p.name for p in (folder / "data").iterdir())[:2] == ["Widefield.czi", "Wuerfel um.czi"]
    assert (folder / "nbo" / "Wuerfel um.czi.nbo.xml").is_file()
    found = read((folder / "file_list.tsv").read_bytes(), "x")
    originals = {r[0]: r[found.headers.index("Original name")] for r in found.rows}
    assert originals["data/Wuerfel um.czi"] == "Würfel µm.czi" and originals["data/Widefield.czi"] == ""
    assert contents(images) == before
    assert run("deposit", "--check", "submission").code == 0


def test_names_that_are_right_need_no_fixing(images: Path, run: Run) -> None:
    done = run("deposit", "images", "--fix-names", "propose")
    assert (done.code, done.out) == (0, "")
    assert done.err == "nbo-extract: the archive takes all 4 names as they are\n"


def test_a_set_is_renamed_with_what_its_files_say_of_each_other(images: Path, run: Run) -> None:
    folder = images / "Größe"
    folder.mkdir()
    old = make_ome_sets.full(folder, 2)
    before = contents(images)
    made(run, "--fix-names", "apply", "--draft")
    placed = sorted((images.parent / "submission" / "data" / "Groesse").iterdir())
    assert [p.name for p in placed] == sorted(p.name for p in old)
    assert contents(images) == before
    assert run(placed[0], "-o", "-").code == 0


# -- where it is written ----------------------------------------------------------------------------------------------


def test_another_folder_is_not_touched(images: Path, run: Run) -> None:
    other = images.parent / "submission"
    other.mkdir()
    (other / "thesis.docx").write_bytes(b"years")
    done = run("deposit", "images", "-o", "submission", "--hardware", "microscope.json")
    assert (done.code, done.err) == (
        2,
        "nbo-extract: submission is not empty and no submission that was made earlier; choose another -o, or empty "
        "it\n",
    )
    assert contents(other) == {"thesis.docx": hashlib.sha256(b"years").hexdigest()}


def test_what_a_person_corrected_is_not_overwritten(images: Path, run: Run) -> None:
    made(run)
    folder = images.parent / "submission"
    (folder / "rembi.md").write_text("corrected")
    done = run("deposit", "images", "-o", "submission", "--hardware", "microscope.json")
    assert done.code == 2
    assert done.err == (
        "nbo-extract: submission/rembi.md has been changed since it was written; move it away to have it made again, "
        "or choose another -o\n"
    )
    (folder / "rembi.md").unlink()
    (folder / "mine.txt").write_text("x")
    done = run("deposit", "images", "-o", "submission", "--hardware", "microscope.json")
    assert done.err == (
        "nbo-extract: submission/mine.txt is not of the submission that was made earlier; take it away, or choose "
        "another -o\n"
    )


def test_a_submission_inside_of_the_folder_is_no_part_of_it(images: Path, run: Run) -> None:
    for _ in range(2):
        done = run("deposit", "images", "-o", "images/submission", "--hardware", "microscope.json")
        assert done.code == 0, done.err
        assert done.out.startswith("wrote images/submission: 4 images in 4 files")
    done = run("deposit", "images", "-o", "images")
    assert done.code == 2
    assert done.err == ("nbo-extract: images: the submission cannot be made where the images are; choose another -o\n")


def test_a_run_that_is_killed_leaves_the_old_one(images: Path, run: Run) -> None:
    made(run)
    before = contents(images.parent / "submission")
    code = (
        "import os, sys\n"
        "import nbo_extract.deposit.making as m\n"
        "m.checksums = lambda found: os._exit(9)\n"
        "from nbo_extract.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    args = ["deposit", "images", "-o", "submission", "--hardware", "microscope.json"]
    killed = subprocess.run(
        [sys.executable, "-c", code, *args], check=False, env={**os.environ, "SOURCE_DATE_EPOCH": NOW}
    )
    assert killed.returncode == 9
    assert contents(images.parent / "submission") == before
    assert (images.parent / ".submission.nbo-partial").is_dir()
    made(run)
    assert contents(images.parent / "submission") == before
    assert not (images.parent / ".submission.nbo-partial").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nowhere", "-o", "x"], "nowhere: there is no such folder; give the folder of the images"),
        (["images/widefield.czi", "-o", "x"], "images/widefield.czi: this is a file; give the folder of the images"),
        (["images"], "where is the submission to be? give -o FOLDER"),
        (
            ["images", "--init", "--check"],
            "--init begins a submission and --check verifies a finished one; give one of them",
        ),
        (
            ["images", "--init"],
            "images/study.toml is there already and is not overwritten; fill it in, or move it away",
        ),
        (
            ["images", "--check", "-o", "x"],
            "--check writes nothing; leave -o out, and give the folder of the submission",
        ),
        (
            ["images", "--init", "-o", "x"],
            "--init writes study.toml into the folder of the images; give --study FILE for another place",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(args: list[str], message: str, images: Path, run: Run) -> None:
    done = run("deposit", *args)
    assert (done.code, done.out, done.err) == (2, "", f"nbo-extract: {message}\n")


def test_a_study_is_begun(images: Path, run: Run) -> None:
    (images / "study.toml").unlink()
    done = run("deposit", "--init", "images", "--hardware", "microscope.json")
    assert done.code == 0
    assert done.out == (
        "wrote images/study.toml, for 4 images: fill it in, then give nbo-extract deposit images -o submission "
        "--hardware microscope.json\n"
    )
    text = (images / "study.toml").read_text(encoding="utf-8")
    assert 'name = "Ada Example"' in text and 'files = ["cells_v04.ome.zarr", "cells_v05.ome.zarr"]' in text


def test_the_next_step_has_the_options_that_were_given(images: Path, run: Run) -> None:
    given = [
        "--study", "my study.toml", "--hardware", "microscope.json", "--match", "Objective:0=63x oil", "--prefer",
        "hardware:Objective", "--prefer", "hardware:Laser", "--exclude", "*.zarr", "--no-config", "--redact",
        "--skip-rule", "laser-name", "--columns", "Channel,Exposure time",
    ]  # fmt: skip
    done = run("deposit", "images", "--init", *given, "--workers", "1")
    assert done.code == 0, done.err
    command = done.out.partition("then give ")[2].removesuffix("\n")
    assert f"#     {command}\n" in (images.parent / "my study.toml").read_text(encoding="utf-8")
    words = shlex.split(command)
    assert words[:5] == ["nbo-extract", "deposit", "images", "-o", "submission"]
    pairs = {(words[n], words[n + 1]) for n in range(5, len(words) - 1)}
    assert {
        ("--study", "my study.toml"), ("--hardware", "microscope.json"), ("--match", "Objective:0=63x oil"),
        ("--prefer", "hardware:Laser,Objective"), ("--exclude", "*.zarr"), ("--skip-rule", "laser-name"),
        ("--columns", "Channel,Exposure time"),
    } <= pairs  # fmt: skip
    assert {"--no-config", "--redact"} <= set(words) and not {"--init", "--workers"} & set(words)
    # It is understood, and asks for what is not filled in yet.
    assert run(*words[1:]).err.splitlines()[-1].startswith("nbo-extract: nothing is written: ")


def test_each_thing_is_told_in_one_run(images: Path, run: Run) -> None:
    text = (images / "study.toml").read_text(encoding="utf-8").partition("[[image_acquisition]]")[0]
    lacking = text.replace("Homo sapiens", "").replace("2099", "2001")
    (images / "study.toml").write_text(lacking, encoding="utf-8")
    (images / "Würfel.txt").write_text("x")
    told = refused(run, images, "--others")
    for start in (
        "Würfel.txt holds 'ü'",
        "study.toml: study.release_date: 2001-12-31 is past",
        "study.toml: biosample.organism is",
        "cells_v04.ome.zarr and 1 more image do not state imaging_method",
    ):
        assert any(line.startswith(start) for line in told), (start, told)
    assert told[-1] == f"nothing is written: {len(told) - 1} things are to be mended first"
    (images / "Würfel.txt").unlink()
    # What stands in the way of one is told with what stands in the way of another.
    (images / "broken.czi").write_bytes((images / "widefield.czi").read_bytes()[:2000])
    told = refused(run, images, code=3)
    assert told[-1].startswith("nothing is written: an image that cannot be read")
    assert any(line.startswith("cells_v04.ome.zarr and 1 more image do not state") for line in told)


# -- verifying --------------------------------------------------------------------------------------------------------


@pytest.fixture
def submission(images: Path, run: Run) -> Path:
    """Make a submission of copies, to be spoilt."""
    made(run, "--files", "copy", "--md5")
    return images.parent / "submission"


def problems(run: Run) -> list[str]:
    done = run("deposit", "--check", "submission")
    assert done.code == 1
    return [line.removeprefix("nbo-extract: ") for line in done.err.splitlines()]


def test_a_file_that_changed_or_vanished_is_told(submission: Path, run: Run) -> None:
    with open(submission / "data" / "widefield.czi", "r+b") as stream:
        stream.write(b"X")
    (submission / "data" / "confocal.ome.tiff").unlink()
    assert problems(run) == [
        "file_list.tsv: data/confocal.ome.tiff is not there; put it there, or take its row out",
        "file_list_1.tsv: data/confocal.ome.tiff is not there; put it there, or take its row out",
        "checksums.sha256: data/confocal.ome.tiff is not there",
        "data/widefield.czi: its content has changed since the submission was made",
        "checksums.md5: data/confocal.ome.tiff is not there",
    ]


def test_a_file_in_another_case_is_told(submission: Path, run: Run) -> None:
    os.rename(submission / "data" / "widefield.czi", submission / "data" / "Widefield.czi")
    assert (
        "file_list.tsv: data/widefield.czi is called data/Widefield.czi here; the archive tells upper and lower case "
        "apart" in problems(run)
    )


def test_files_that_are_in_no_list_are_told(submission: Path, run: Run) -> None:
    (submission / "data" / "extra.tif").write_bytes(b"x")
    shutil.copytree(submission.parent / "images" / "cells_v05.ome.zarr", submission / "data" / "open.ome.zarr")
    (submission / "data" / ".hidden").write_bytes(b"x")
    told = problems(run)
    assert (
        "data/extra.tif: no file list names it, so that the archive would not take it; list it, or take it away" in told
    )
    assert "data/open.ome.zarr: an OME-Zarr is submitted as one ZIP, not as a folder; zip it" in told
    assert "data/extra.tif: it has come since the submission was made, checksums.sha256 does not name it" in told
    assert any("hidden" in t for t in told)


def test_a_list_that_was_edited_badly_is_told(submission: Path, run: Run) -> None:
    place = submission / "file_list_2.tsv"
    lines = place.read_text().splitlines()
    place.write_text("\n".join(["files", lines[1].replace("\t", "", 1), *lines[2:], lines[2]]) + "\n")
    told = problems(run)
    assert any(t.startswith("file_list_2.tsv") and "'Files'" in t for t in told), told


def test_a_page_tab_that_was_edited_badly_is_told(submission: Path, run: Run) -> None:
    place = submission / "submission.pagetab.tsv"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("Specimen\tFixed cells", "Specimen\tFrozen cells"), encoding="utf-8")
    told = problems(run)
    assert "submission.pagetab.tsv and submission.pagetab.json say different things; correct one of them" in told
    assert any("is associated with the Specimen Frozen cells, which no section has as title" in t for t in told)


def test_a_zip_that_is_broken_or_holds_the_folder_is_told(submission: Path, run: Run) -> None:
    (submission / "data" / "cells_v05.ome.zarr.zip").write_bytes(b"PK no")
    with zipfile.ZipFile(submission / "data" / "cells_v04.ome.zarr.zip", "w") as archive:
        archive.writestr("cells_v04.ome.zarr/.zgroup", "{}")
    told = problems(run)
    assert any(t.startswith("data/cells_v05.ome.zarr.zip: this ZIP cannot be read (") for t in told)
    assert (
        "data/cells_v04.ome.zarr.zip: no OME-Zarr is at the top of this ZIP; zip what is in the folder, not the folder"
        in told
    )


def test_a_folder_that_is_no_submission(images: Path, run: Run) -> None:
    done = run("deposit", "--check", "images")
    assert done.code == 1
    assert (
        "nbo-extract: images: there is no file_list.tsv; make the submission with nbo-extract deposit"
        in done.err.splitlines()
    )


def test_all_real_files_become_a_submission(
    shared: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shared / "samples", "images")
    study = (tmp_path / "images" / "study.toml").resolve()
    assert run("deposit", "--init", "images").code == 0
    text = study.read_text(encoding="utf-8")
    acquisitions = text[text.index("\n[[image_acquisition]]") : text.index("\n[[study_component]]")]
    filled = acquisitions.replace('imaging_method = ""', 'imaging_method = "light microscopy"')
    filled = filled.replace('imaging_instrument = ""', 'imaging_instrument = "Not known."')
    head = """
[study]
title = "Sample images of many microscopes"
description = "One of each."
keywords = ["samples"]
release_date = 2099-12-31
[[contact]]
name = "Ada Example"
email = "ada@example.org"
organisation = "Sample Institute"
[[biosample]]
title = "various"
organism = "Homo sapiens"
biological_entity = "cells"
[[specimen]]
title = "various"
preparation_protocol = "various"
"""
    study.write_text(head + filled, encoding="utf-8")
    done = run("deposit", "images", "-o", "submission", "--files", "copy")
    assert done.code == 0, done.err
    assert done.out.startswith("wrote submission: 18 images in 18 files")
    checked = run("deposit", "--check", "submission")
    assert (checked.code, checked.err) == (0, "")
