"""The command `report`: what is written, what is refused, exit codes, and what a redacted page does not tell."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from lxml import html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(sample_data, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return folder


def test_a_page_of_a_folder(run: Run, data: Path) -> None:
    options = ("--hardware", "microscope.json", "--title", "Night", "--date", "2024-03-14")
    result = run("report", ".", "-o", "r.html", *options)
    size = (data / "r.html").stat().st_size
    assert result.code == 1
    assert result.out == f"4 images: 0 passed, 4 not (tier 1, core)\nwrote r.html ({size:,} bytes)\n"
    tree = html.parse(str(data / "r.html"))
    assert tree.findtext(".//h1") == "Night"
    assert tree.findtext(".//time") == "2024-03-14"
    rows = tree.xpath("//table[@id='matrix']/tbody/tr/th//text()")
    assert [n for n in map(str.strip, rows) if n.endswith("czi")] == ["widefield.czi"] or "widefield." in rows


def test_the_same_bytes_with_two_processes(run: Run, data: Path) -> None:
    for number in (1, 2):
        assert run("report", ".", "-o", f"../{number}.html", "--title", "x", "--workers", str(number)).code == 1
    assert (data.parent / "1.html").read_bytes() == (data.parent / "2.html").read_bytes()


def test_the_counts_are_those_of_check(run: Run, data: Path) -> None:
    run("report", "widefield.czi", "-o", "r.html")
    sums = html.parse(str(data / "r.html")).xpath("//table[@id='matrix']/tbody/tr/td[contains(@class,'sum')]/text()")
    assert "Tier 1: 42 of 143 fields missing" in run("check", "widefield.czi").out
    assert sums == ["101/143"]


def test_exit_codes(run: Run, data: Path) -> None:
    (data / "bad.czi").write_bytes(b"nothing of a CZI")
    some = run("report", "widefield.czi", "bad.czi", "-o", "r.html")
    assert (some.code, some.err.startswith("nbo-extract: bad.czi: ")) == (3, True)
    assert "bad.czi" in (data / "r.html").read_text()
    assert "Files that could not be read" in (data / "r.html").read_text()
    (data / "own.toml").write_text('title = "Names"\nonly = true\nrequire = ["Objective/Magnification"]\n')
    assert run("report", "widefield.czi", "-o", "r.html", "--profile", "own.toml").code == 0
    (data / "other.xml").write_text("<a/>")
    assert run("report", "other.xml", "-o", "r.html").code in (2, 3)


def test_standard_output_carries_the_page_alone(run: Run, data: Path) -> None:
    result = run("report", "widefield.czi", "-o", "-")
    assert result.out.startswith("<!DOCTYPE html>")
    assert result.err == "nbo-extract: 1 image: 0 passed, 1 not (tier 1, core)\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-o", "r.txt"], "r.txt: a report is an HTML page; give a name that ends in .html, or -"),
        (["-o", "folder.html"], "folder.html: this is a folder; give the name of a file"),
        (["-o", "no/r.html"], "no: there is no such folder; make it, or give another name with -o"),
        (
            ["-o", "mine.html"],
            "mine.html: nbo-extract has not written this file and does not overwrite it; give another",
        ),
        (["-o", "r.html", "--date", "14.3."], "'14.3.' is no date; write it as 2024-03-14"),
    ],
)
def test_refusals(args: list[str], message: str, run: Run, data: Path) -> None:
    (data / "folder.html").mkdir()
    (data / "mine.html").write_text("<!DOCTYPE html><title>mine</title>")
    result = run("report", "widefield.czi", *args)
    assert result.code == 2
    assert message in result.err
    assert not (data / "r.html").exists()
    assert (data / "mine.html").read_text() == "<!DOCTYPE html><title>mine</title>"


def test_a_page_of_an_earlier_run_is_replaced(run: Run, data: Path) -> None:
    assert run("report", "widefield.czi", "-o", "r.html").code == 1
    before = (data / "r.html").read_bytes()
    assert run("report", "confocal.ome.tiff", "-o", "r.html").code == 1
    assert (data / "r.html").read_bytes() != before


def test_the_date_of_the_environment(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1710374400")
    run("report", "widefield.czi", "-o", "r.html")
    assert html.parse(str(data / "r.html")).findtext(".//time") == "2024-03-14"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    wrong = run("report", "widefield.czi", "-o", "r.html")
    assert (wrong.code, wrong.err) == (
        2, "nbo-extract: SOURCE_DATE_EPOCH is 'soon', no number of seconds; unset it, or give --date\n",
    )  # fmt: skip


def test_a_redacted_page_tells_no_people_and_no_folders(run: Run, data: Path) -> None:
    folder = data / "jane.doe" / "secret-project"
    folder.mkdir(parents=True)
    for name in ("widefield.czi", "confocal.ome.tiff"):
        shutil.copy(data / name, folder / name)
    (folder / "cut.czi").write_bytes((data / "widefield.czi").read_bytes()[:3000])
    whole = run("report", "jane.doe", "-o", "whole.html")
    assert "secret-project" in (data / "whole.html").read_text()
    assert "asample" in (data / "whole.html").read_text()
    bare = run("report", "jane.doe", "-o", "bare.html", "--redact")
    assert (whole.code, bare.code) == (3, 3)
    text = (data / "bare.html").read_text()
    for word in ("jane", "secret-project", str(data), "asample", os.sep + "tmp" + os.sep):
        assert word not in text
    assert "cut.czi" in text


def test_what_the_archive_will_show(run: Run, data: Path) -> None:
    shutil.copy("widefield.czi", "Würfel.czi")
    options = ("--hardware", "microscope.json", "--deposition")
    assert run("report", ".", "-o", "r.html", *options).code == 1
    tree = html.parse(str(data / "r.html"))
    [view] = tree.xpath("//section[@id='archive']")
    titles = [" ".join(t.text_content().split()) for t in view.xpath(".//h3")]
    assert titles == [
        "1 Sample microscope, 63×/1.4, fluorescence microscopy 2 files",
        "2 Nikon Eclipse Ti2-E, 60×/1.4, fluorescence microscopy 1 file",
        "3 Sample microscope 2 files",
    ]
    told = [" ".join(t.text_content().split()) for t in view.xpath(".//dd")]
    assert "fluorescence microscopy FBbi_00000246" in told
    assert "not known; the archive asks for it" in told
    assert any("Exposure time: DAPI: 80 ms; EGFP: 150 ms." in t for t in told)
    heads = view.xpath(".//thead//th/text()")
    assert heads[:3] == ["Files", "Acquisition", "Image name"] and "Pixel type" not in heads
    cells = [[c.text_content() for c in row.xpath("*")] for row in view.xpath(".//tbody/tr")]
    assert [c[:2] for c in cells][:2] == [["Würfel.czi", "1"], ["confocal.ome.tiff", "2"]]
    assert cells[0][heads.index("Exposure time")] == "DAPI: 80 ms; EGFP: 150 ms"
    refused = [t.text_content() for t in view.xpath(".//li")]
    assert refused == ["Würfel.czi holds 'ü': allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"]


def test_the_archive_is_shown_on_demand_alone(run: Run, data: Path) -> None:
    run("report", ".", "-o", "r.html")
    assert not html.parse(str(data / "r.html")).xpath("//section[@id='archive']")
