"""The command `gaps`, and sheets given back as --hardware."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import openpyxl
import pytest

from gap_filling import fill_csv, fill_xlsx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]


@pytest.fixture
def images(tmp_path: Path, sample_data: Path) -> Path:
    """Copy three images of one microscope into a folder."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for name in "abc":
        shutil.copy(sample_data / "widefield.czi", folder / f"{name}.czi")
    return folder


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_a_sheet_is_written_filled_in_and_taken(run: Run, images: Path, tmp_path: Path, form: str) -> None:
    sheet = tmp_path / f"gaps.{form}"
    written = run("gaps", images, "-o", sheet)
    assert (written.code, written.err) == (0, "")
    assert written.out == (
        f"{sheet}: 42 rows for 126 fields missing in 3 images\n"
        "  microscope Axio Observer.Z1 / 7: rows 8 of microscopes, 30 of parts in named files, 4 of images\n"
        f"Filled in, it goes back with: nbo-extract {images} --hardware {sheet}\n"
    )
    assert run("check", images).code == 1
    (fill_xlsx if form == "xlsx" else fill_csv)(sheet)
    checked = run("check", images, "--hardware", sheet)
    assert checked.code == 0, checked.out
    assert "3 images: 3 passed" in checked.out
    again = run("gaps", images, "--hardware", sheet, "-o", tmp_path / "more.csv")
    assert (again.code, again.out) == (0, "3 images: nothing is missing\n")
    assert not (tmp_path / "more.csv").exists()


def test_workers_and_the_order_of_paths_change_nothing(run: Run, images: Path, tmp_path: Path) -> None:
    files = sorted(images.iterdir())
    one, two = tmp_path / "one.xlsx", tmp_path / "two.xlsx"
    assert run("gaps", *files, "-o", one).code == 0
    assert run("gaps", *reversed(files), "-o", two, "--workers", "2").code == 0
    assert one.read_bytes() == two.read_bytes()


def test_a_folder_of_descriptions_may_hold_a_sheet(run: Run, images: Path, sample_data: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    store.mkdir()
    shutil.copy(sample_data / "microscope.json", store)
    profile = ("--tier", "2", "--extensions", "core,basic")
    assert run("gaps", images, "--hardware", store, "-o", store / "gaps.csv", *profile).code == 0
    fill_csv(store / "gaps.csv")
    assert run("check", images, "--hardware", store, *profile).code == 0


def test_sidecars_are_asked_about_as_well(run: Run, images: Path, tmp_path: Path) -> None:
    image = images / "a.czi"
    assert run(image, "-q").code == 0
    sidecar = images / "a.czi.nbo.xml"
    written = run("gaps", sidecar, "-o", tmp_path / "gaps.csv")
    assert written.code == 0
    assert "42 rows for 42 fields missing in 1 image" in written.out
    fill_csv(tmp_path / "gaps.csv")
    assert run("check", sidecar, "--hardware", tmp_path / "gaps.csv").code == 0


def test_the_command_that_takes_the_sheet_is_told_with_what_completed_the_images(
    run: Run, images: Path, sample_data: Path, tmp_path: Path
) -> None:
    hardware, sheet = sample_data / "microscope.json", tmp_path / "gaps.csv"
    options = ("--match", "Objective:0=63x oil", "--prefer", "hardware:Objective", "--no-config", "--no-derive")
    told = run("gaps", images, "--include", "*.czi", "--hardware", hardware, *options, "-o", sheet).out
    assert told.splitlines()[-1] == (
        f"Filled in, it goes back with: nbo-extract {images} --include '*.czi' --hardware {hardware} "
        f"--hardware {sheet} --match 'Objective:0=63x oil' --prefer hardware:Objective --no-config --no-derive"
    )


def test_a_sheet_that_no_image_of_a_run_uses_is_told(run: Run, images: Path, sample_data: Path, tmp_path: Path) -> None:
    hardware, sheet = ("--hardware", sample_data / "microscope.json"), tmp_path / "gaps.csv"
    image = images / "a.czi"
    assert run("gaps", image, *hardware, "-o", sheet).code == 0
    fill_csv(sheet)
    idle = f"nbo-extract: {sheet}: none of its rows is about an image of this run, so that it states nothing; "
    for command in (("check",), ("methods",), ()):
        # Without the description the microscope is called otherwise.
        alone = run(*command, image, "--hardware", sheet, *([] if command else ["--dry-run"]))
        assert idle in alone.err, command
        both = run(*command, image, *hardware, "--hardware", sheet, *([] if command else ["--dry-run"]))
        assert idle not in both.err, command
    # One image that it is about is enough, and a folder of descriptions is for many microscopes.
    assert idle not in run("check", images, *hardware, "--hardware", sheet, "--workers", "2").err
    store = tmp_path / "store"
    store.mkdir()
    shutil.move(sheet, store)
    assert "none of its rows" not in run("check", image, "--hardware", store).err


def test_standard_output_is_a_csv(run: Run, images: Path) -> None:
    written = run("gaps", images / "a.czi", "-o", "-")
    assert written.out.startswith("\ufeffMicroscope,Images,Channel,Part,Field,Value,Unit,Allowed,Tier,Level,")
    assert "42 rows for 42 fields missing in 1 image" in written.err


def test_choices_and_what_cannot_be_asked_are_told(run: Run, sample_data: Path, tmp_path: Path) -> None:
    told = run("gaps", sample_data / "cells_v04.ome.zarr", "-o", tmp_path / "gaps.csv").out.splitlines()
    assert told[1:] == [
        "  microscope (not stated): rows 71 of parts in named files, 9 of images, 22 of channels",
        "  67 of the rows depend on 7 choices of a kind of part",
        f"Filled in, it goes back with: nbo-extract {sample_data / 'cells_v04.ome.zarr'} "
        f"--hardware {tmp_path / 'gaps.csv'}",
    ]
    profile = ("--tier", "3", "--extensions", "core,basic", "--level", "should")
    told = run("gaps", sample_data / "cells_v04.ome.zarr", "-o", tmp_path / "more.csv", *profile).out.splitlines()
    head = next(n for n, line in enumerate(told) if line.endswith("cannot be asked for in a sheet:"))
    assert len(told) == head + 7
    assert told[-1].endswith("more; -v shows all")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gaps.pdf", "{}: a gap sheet is a workbook or CSV; give a name that ends in .xlsx or .csv, or -"),
        ("no/gaps.csv", "{0.parent}: there is no such folder; make it, or give another name with -o"),
        ("folder.csv", "{}: this is a folder; give the name of a file"),
        ("there.csv", "{}: the file is there already, and may be filled in; give another name with -o"),
    ],
)
def test_where_no_sheet_is_written(run: Run, images: Path, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "there.csv").write_text("mine")
    target = tmp_path / name
    refused = run("gaps", images, "-o", target)
    assert refused.code == 2
    assert message.format(target) in refused.err
    assert (tmp_path / "there.csv").read_text() == "mine"


def test_a_wrong_sheet_stops_the_run(run: Run, images: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "gaps.xlsx"
    assert run("gaps", images, "-o", sheet).code == 0
    book = openpyxl.load_workbook(sheet)
    place = next(r[0].row for r in book["Gaps"].iter_rows() if r[4].value == "DimensionOrder")
    book["Gaps"][f"F{place}"].value = "sideways"
    book.save(sheet)
    refused = run(images, "--hardware", sheet)
    assert refused.code == 2
    assert (
        f"{sheet}: 1 entry cannot be used: F{place} (DimensionOrder of Pixels): DimensionOrder 'sideways'"
        in refused.err
    )
    assert not list(images.glob("*.nbo.xml"))


def test_an_image_that_cannot_be_read_costs_not_the_sheet(run: Run, images: Path, tmp_path: Path) -> None:
    (images / "d.czi").write_bytes((images / "a.czi").read_bytes()[:100])
    written = run("gaps", images, "-o", tmp_path / "gaps.csv")
    assert written.code == 3
    assert "d.czi" in written.err
    assert "42 rows for 126 fields missing in 3 images" in written.out


def test_a_sheet_is_no_description_of_a_microscope(run: Run, images: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "gaps.csv"
    run("gaps", images, "-o", sheet)
    fill_csv(sheet)
    refused = run("hardware", "check", sheet)
    assert refused.code == 2
    assert refused.err == (f"nbo-extract: {sheet}: no hardware description; give a Micro-Meta App file or NBO XML\n")
    shown = run("hardware", "show", sheet)
    assert (shown.code, shown.out.splitlines()[0]) == (0, f"{sheet}  (42 statements)")
