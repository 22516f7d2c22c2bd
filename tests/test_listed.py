"""Lists of paths, and the options that take and leave images."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from nbo_extract.cli.listed import paths_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.czi", "a/2.czi", "b/3.czi"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(sample_data / "widefield.czi", tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"a.czi\nb c.czi\n", ["a.czi", "b c.czi"]),
        (b"\xef\xbb\xbf# all\r\n\r\na.czi\r\n  \n  # none\n", ["a.czi"]),
        (b"#a\0b\nc\0\0", ["#a", "b\nc"]),
        (b"\xff.czi\n", [os.fsdecode(b"\xff.czi")]),
        (b"", []),
    ],
)
def test_forms_of_a_list(content: bytes, paths: list[str]) -> None:
    assert paths_of(content) == paths


def test_a_list_is_worked_on_and_what_is_missing_is_told(data: Path, run: Callable[..., Result]) -> None:
    (data / "list.txt").write_bytes(b"a/1.czi\nno\xfe.czi\nb\n")
    result = run("--from-file", "list.txt", "-o", "out", "-q")
    assert result.code == 3
    assert result.err == "nbo-extract: no\\xfe.czi: there is no such file, and list.txt names it; check the path\n"
    assert len(list((data / "out").rglob("*.nbo.xml"))) == 2


def test_a_list_comes_on_standard_input(
    data: Path, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a/1.czi\0new\nline.czi\0")))
    result = run("check", "--from-file", "-", "--json")
    assert result.code == 3
    assert result.err == (
        "nbo-extract: new\\nline.czi: there is no such file, and the list on standard input names it; check the path\n"
    )
    assert '"file": "a/1.czi"' in result.out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--from-file", "gone"], 2, "gone: this list of paths cannot be read (No such file or directory); give a text "
         "file with a path a line"),
        (["--from-file", "empty"], 2, "empty: names no path; write one a line"),
        (["check"], 2, "missing argument 'PATH...'; see nbo-extract check --help"),
        (["a", "--include", "*.nd2"], 3, "a: --include and --exclude leave no image of it; change the patterns"),
        (["a", "--exclude", "*"], 3, "a: --include and --exclude leave no image of it; change the patterns"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(
    data: Path, run: Callable[..., Result], args: list[str], code: int, message: str
) -> None:
    (data / "empty").write_text("# nothing\n")
    result = run(*args)
    assert result.code == code
    assert result.err.splitlines()[-1] == f"nbo-extract: {message}"


def test_globs_of_the_commands(data: Path, run: Callable[..., Result]) -> None:
    assert run(".", "--include", "a/*", "--exclude", "2.*", "-o", "out").code == 0
    assert [p.name for p in (data / "out").rglob("*.nbo.xml")] == ["1.czi.nbo.xml"]
    told = run("check", ".", "--include", "3.CZI", "--json").out
    assert '"file": "b/3.czi"' in told
    assert "1.czi" not in told
    assert run("gaps", ".", "--include", "1.*", "-o", "-").out != run("gaps", ".", "-o", "-").out


def test_a_list_that_names_nothing_that_is_there(data: Path, run: Callable[..., Result]) -> None:
    (data / "list.txt").write_text("gone.czi\n")
    for args in ((), ("check",), ("gaps", "-o", "x.csv")):
        result = run(*args, "--from-file", "list.txt")
        assert result.code == 3
        assert "nbo-extract: gone.czi: there is no such file, and list.txt names it; check the path\n" in result.err


def test_names_that_are_no_text_are_worked_on(data: Path, run: Callable[..., Result], sample_data: Path) -> None:
    odd = os.fsdecode(b"\xff\n")
    for name in ("widefield.czi", "confocal.ome.tiff"):
        shutil.copy(sample_data / name, data / "a" / (odd + name))
    shutil.copytree(sample_data / "cells_v05.ome.zarr", data / "a" / f"{odd}cells.ome.zarr")
    for form in ("xml", "json", "jsonld"):
        result = run("a", "--format", form, "-o", "out", "-q")
        assert (result.code, result.err) == (0, "")
        assert len(list((data / "out").rglob(f"*.nbo.{form}"))) == 5
    result = run("gaps", "a", "-o", "-")
    assert result.code == 3
    told = "a sheet cannot name it, for its path is no text of this system; rename it"
    assert f"nbo-extract: a/\\xff\\nwidefield.czi: {told}\n" in result.err
