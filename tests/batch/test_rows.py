"""What a row says of an image, and that a spreadsheet opens the table."""

from __future__ import annotations

import csv
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_runs import table
from nbo_extract.api import extract
from nbo_extract.batch.journal import Entry
from nbo_extract.batch.results import place_of, write_table
from nbo_extract.batch.rows import COLUMNS, as_csv, row_of
from nbo_extract.checking import check
from nbo_extract.errors import WriteError
from nbo_extract.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path


def row(path: Path) -> dict[str, Any]:
    document = extract(path)
    return row_of(summarise(document, check(document, tier=1)))


def read(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def test_an_image_with_all_facts(sample_data: Path) -> None:
    found = row(sample_data / "confocal.ome.tiff")
    assert found.pop("share1") == 76
    assert found.pop("missing1") == found["missing"] == 28
    assert {key: found[key] for key in ("format", "images", "size", "date", "stand", "pixel", "channels")} == {
        "format": "OME-TIFF",
        "images": 1,
        "size": "32 × 32 px, 2 Z, 2 C",
        "date": "2024-03-15",
        "stand": "Nikon Eclipse Ti2-E",
        "pixel": "0.108 × 0.108 × 0.3 µm",
        "channels": "GFP; mCherry",
    }
    assert found["objective"].startswith("Nikon Plan Apo λ 60x/1.40 Oil")
    assert found["fluorophores"].startswith("EGFP ex 488, em 507 nm; mCherry")
    assert (found["asked"], found["passed"], found["disagreements"], found["warnings"]) == ("tier 1", False, 0, 0)
    assert "stated_in" not in found
    assert not found.keys() - COLUMNS.keys() - {"stated_in"}


def test_what_is_not_known_is_absent(sample_data: Path) -> None:
    found = row(sample_data / "cells_v05.ome.zarr")
    assert found["format"].startswith("OME-Zarr")
    assert "stand" not in found
    assert "objective" not in found
    assert "" not in found.values()
    assert None not in found.values()


@pytest.mark.parametrize(
    ("demanded", "missing", "share"), [(120, 28, 76), (1000, 1, 99), (10, 0, 100), (3, 3, 0), (0, 0, 100)]
)
def test_nothing_is_complete_that_is_not(sample_data: Path, demanded: int, missing: int, share: int) -> None:
    from dataclasses import replace

    document = extract(sample_data / "confocal.ome.tiff")
    summary = summarise(document, check(document, tier=1))
    assert summary.verdict is not None
    verdict = replace(summary.verdict, tiers=((1, demanded, missing),))
    assert row_of(replace(summary, verdict=verdict))["share1"] == share


def test_very_many_names_are_cut(sample_data: Path) -> None:
    from dataclasses import replace

    document = extract(sample_data / "confocal.ome.tiff")
    summary = summarise(document, check(document, tier=1))
    (setup,) = summary.setups
    channels = tuple(replace(setup.channels[0], name=f"C{n}") for n in range(100))
    found = row_of(replace(summary, setups=(replace(setup, channels=channels),)))
    assert found["channels"] == "; ".join(f"C{n}" for n in range(12)) + "; and 88 more"


# -- the table --------------------------------------------------------------------------------------------------------


def test_titles_and_line_ends() -> None:
    text = "".join(as_csv([{"file": "a.tif", "passed": True, "missing": 0, "size": "1, 2"}]))
    assert text.startswith("\ufeffFile,State,Format,")
    assert text.count("\r\n") == 2
    titles, cells = read(text)
    assert titles == list(COLUMNS.values())
    assert dict(zip(titles, cells, strict=True))["Passed"] == "yes"
    assert dict(zip(titles, cells, strict=True))["Missing"] == "0"
    assert dict(zip(titles, cells, strict=True))["Size"] == "1, 2"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("a\nb", "a\\nb"),
        ('say "x", y', 'say "x", y'),
        ("a=1", "a=1"),
        (False, "no"),
        (-5, "'-5"),
        (28, "28"),
        ("\udce9", "\\xe9"),
    ],
)
def test_cells(value: object, cell: str) -> None:
    _, cells = read("".join(as_csv([{"file": value}])))
    assert cells[0] == cell


@given(st.lists(st.dictionaries(st.sampled_from(list(COLUMNS)), st.text(), max_size=5), max_size=5))
def test_any_text_is_one_row_of_as_many_cells(rows: list[dict[str, Any]]) -> None:
    found = read("".join(as_csv(rows)))
    assert len(found) == len(rows) + 1
    assert {len(cells) for cells in found} == {len(COLUMNS)}
    for cells in found[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_table_on_the_disk(tmp_path: Path) -> None:
    names = ["a.tif", "two\nlines.tif", "=x.tif", os.fsdecode(b"latin_\xe9.tif") if sys.platform != "win32" else "b"]
    entries = [
        Entry(n, name, target=f"{name}.nbo.xml" if n % 2 else "", row={"state": "unchanged", "images": n})
        for n, name in enumerate(names)
    ]
    entries.append(Entry(9, "c.tif", message="c.tif: no", row={"state": "failed"}))
    entries.append(Entry(10, "d.tif"))
    path = tmp_path / "summary.csv"
    write_table(path, entries)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfFile,")
    listed = list(table(path).values())
    assert [r["File"] for r in listed[:3]] == ["a.tif", "two\\nlines.tif", "'=x.tif"]
    # That nothing had to be written is nothing that the table is for.
    assert [r["State"] for r in listed] == ["embedded", "written", "embedded", "written", "failed", "not done"]
    assert listed[4]["Message"] == "c.tif: no"
    assert os.listdir(tmp_path) == ["summary.csv"]


def test_a_table_that_is_longer_than_what_is_held(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    write_table(path, (Entry(n, f"{n:06}.tif", row={"stand": "x" * 200}) for n in range(12_000)))
    assert path.stat().st_size > 2 << 20
    assert list(table(path)) == [f"{n:06}.tif" for n in range(12_000)]
    # A shorter one leaves nothing of it.
    write_table(path, [Entry(1, "a.tif")])
    assert list(table(path)) == ["a.tif"]


def test_a_table_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(WriteError) as error:
        write_table(tmp_path / "no" / "summary.csv", [])
    assert error.value.message == (
        f"{tmp_path / 'no' / 'summary.csv'} cannot be written: no such file or directory; choose another folder with -o"
    )


def test_what_somebody_else_has_written_is_known(tmp_path: Path) -> None:
    assert place_of(str(tmp_path), "summary.csv").name == "summary.csv"
    write_table(tmp_path / "summary.csv", [])
    assert place_of(str(tmp_path), "summary.csv").name == "summary.csv"
    for data in (b"", b"File,State\n", b"\xef\xbb\xbfFile,State,Other\n", b"\xff\xfe\x00"):
        (tmp_path / "summary.csv").write_bytes(data)
        assert place_of(str(tmp_path), "summary.csv").name == "nbo-summary.csv"
