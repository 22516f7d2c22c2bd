"""The causes for which the archive rejects submissions: each is caught in a finished folder, what is right passes."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from nbo_extract.cli import main
from nbo_extract.deposit.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY = "2026-11-27"
LIST = "file_list_1.tsv"
PAGETAB = "submission.pagetab.tsv"
IMAGE = "data/confocal.ome.tiff"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> Path:
    """Make one submission, of which each case spoils a copy."""
    folder = tmp_path_factory.mktemp("finished")
    hardware = str(sample_data / "microscope.json")
    with pytest.raises(SystemExit) as end:
        main(["deposit", str(sample_data), "-o", str(folder / "s"), "--files", "copy", "--hardware", hardware])
    assert end.value.code == 0
    return folder / "s"


@pytest.fixture
def submission(finished: Path, tmp_path: Path) -> Path:
    return shutil.copytree(finished, tmp_path / "s")


def found(folder: Path) -> tuple[str, ...]:
    return verify(str(folder), TODAY, contents=False).problems


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def rename(folder: Path, new: str) -> None:
    """Call an image otherwise, in all that names it, too."""
    (folder / IMAGE).rename(folder / new)
    for name in (LIST, "file_list.tsv", "ro-crate-file-list.tsv", "checksums.sha256"):
        edit(folder, name, IMAGE, new)


def listed(new: str) -> Callable[[Path], None]:
    """Return what gives a row of a list another path."""
    return lambda folder: edit(folder, LIST, IMAGE, new)


def in_page_tab(old: str, new: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder, PAGETAB, old, new)


def without_section(folder: Path) -> None:
    text = (folder / PAGETAB).read_text(encoding="utf-8")
    blocks = [b for b in text.split("\n\n") if not b.startswith("Specimen\t")]
    (folder / PAGETAB).write_text("\n\n".join(blocks), encoding="utf-8")


def without_associations(folder: Path) -> None:
    text = (folder / PAGETAB).read_text(encoding="utf-8")
    blocks = [b for b in text.split("\n\n") if not b.startswith("Associations\t\tStudy Component-1")]
    (folder / PAGETAB).write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def with_annotations(folder: Path) -> None:
    block = (
        "\n\nAnnotations\tAnnotations-1\nTitle\tMasks\nAnnotation Overview\tMasks of nuclei.\n"
        "Annotation Type\tsegmentation_mask\nAnnotation Method\tby hand\nFile List\tfile_list_4.tsv\n"
    )
    path = folder / PAGETAB
    path.write_text(path.read_text(encoding="utf-8").rstrip("\n") + block, encoding="utf-8")
    (folder / "file_list_4.tsv").write_text(f"Files\tImage\nnbo/widefield.czi.nbo.xml\t{IMAGE}\n", encoding="utf-8")


def twice(folder: Path) -> None:
    path = folder / LIST
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")


CAUSES: dict[str, tuple[Callable[[Path], object], str]] = {
    "1 a character that is not allowed": (
        lambda f: rename(f, "data/confocal+µ.ome.tiff"),
        "data/confocal+µ.ome.tiff holds '+' and 'µ': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )",
    ),
    "1 a letter with a mark": (
        lambda f: rename(f, "data/Größe.ome.tiff"),
        "data/Größe.ome.tiff holds 'ö' and 'ß': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )",
    ),
    "2 the header is not Files": (
        lambda f: edit(f, LIST, "Files\t", "files\t"),
        f"{LIST}, line 1: the first header is 'files': it must be 'Files' in this spelling alone",
    ),
    "3 a ragged row": (
        lambda f: edit(f, LIST, f"{IMAGE}\timage", f"{IMAGE}\timage\tmore"),
        f"{LIST}, line 2: 3 cells for 2 headers: take a tab out",
    ),
    "4 a file that is not there": (
        lambda f: (f / IMAGE).unlink(),
        f"{LIST}: {IMAGE} is not there; put it there, or take its row out",
    ),
    "4 a file in another case": (
        listed("data/Confocal.ome.tiff"),
        f"{LIST}: data/Confocal.ome.tiff is called {IMAGE} here; the archive tells upper and lower case apart",
    ),
    "5 a backslash": (listed("data\\confocal.ome.tiff"), "'\\'"),
    "5 a dot in front": (listed(f"./{IMAGE}"), "'./'"),
    "5 two dots": (listed("data/../confocal.ome.tiff"), "'../'"),
    "5 a slash behind": (listed("data/confocal/"), "ends with '/'"),
    "6 a section that is missing": (without_section, "The submission has no section Specimen."),
    "6 a component without associations": (without_associations, "has no associations"),
    "7 a short title": (
        in_page_tab("Title\tNuclei and a green protein in cells of the sample data", "Title\tNuclei"),
        f"{PAGETAB}: The title of the study has 6 characters; the archive asks for at least 25.",
    ),
    "8 a release date that is past": (
        in_page_tab("ReleaseDate\t2099-12-31", "ReleaseDate\t2020-12-31"),
        f"{PAGETAB}: The release date 2020-12-31 lies in the past (today is 2026-11-27).",
    ),
    "9 nobody who can be asked": (
        in_page_tab("E-mail\tada@example.org\n", ""),
        f"{PAGETAB}: No contact has both an e-mail address and an organisation.",
    ),
    "10 an association with what is not there": (
        in_page_tab("Biosample\tHeLa cells\nSpecimen", "Biosample\tHela cells\nSpecimen"),
        "is associated with the Biosample Hela cells, which no section has as title.",
    ),
    "11 annotations without their images": (
        with_annotations,
        f"{PAGETAB}: The file list file_list_4.tsv of Annotations Masks has no column source_image, which names the "
        "images.",
    ),
    "12 a path in two rows": (twice, f"{IMAGE}"),
}


def test_what_is_finished_passes(submission: Path) -> None:
    assert found(submission) == ()


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_is_caught(cause: str, submission: Path) -> None:
    spoil, message = CAUSES[cause]
    spoil(submission)
    told = found(submission)
    assert any(message in problem for problem in told), told


def test_a_path_in_two_rows_of_the_crate_is_caught(submission: Path) -> None:
    path = submission / "ro-crate-file-list.tsv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    assert any("name the same file" in p for p in found(submission))


@pytest.mark.parametrize("name", ["a.tif", "A b-c_d!e'f(g)*.tif", "deep/er/still/x.ome.tiff", "1.TIF", "x..y.tif"])
def test_what_the_archive_accepts_passes(name: str, submission: Path) -> None:
    (submission / "data" / name).parent.mkdir(parents=True, exist_ok=True)
    rename(submission, f"data/{name}")
    assert found(submission) == ()


def test_a_crate_without_its_list_is_caught(submission: Path) -> None:
    path = submission / "ro-crate-metadata.json"
    crate = json.loads(path.read_text(encoding="utf-8"))
    crate["@graph"] = [e for e in crate["@graph"] if "bia:FileList" not in str(e.get("@type"))]
    path.write_text(json.dumps(crate), encoding="utf-8")
    assert any(p.startswith("ro-crate-metadata.json: ") for p in found(submission))
