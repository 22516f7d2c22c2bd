"""The command line as users and scripts see it: what is written, what is printed where, exit codes, messages."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from commands import Result
from nbo_extract import __version__
from nbo_extract.cli.work import Job, Outcome, Task, process, process_all
from nbo_extract.hardware import GIVE
from nbo_extract.jsonio import from_json, from_jsonld
from nbo_extract.registry import ADAPTERS, readers
from nbo_extract.tables import table_names
from nbo_extract.xmlio import from_xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


FORMATS = "; ".join(f for r in sorted(readers(), key=lambda r: r.name) if r.rank < ADAPTERS for f in r.formats)


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the sample data and go there."""
    folder = tmp_path / "data"
    shutil.copytree(sample_data, folder)
    monkeypatch.chdir(folder)
    return folder


#: What a run on a folder writes besides; tests/batch is about it.
OF_RUNS = (".nbo-extract.journal", "summary.csv", "report.html")


def names(folder: Path) -> list[str]:
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in found if name.rpartition("/")[2] not in OF_RUNS)


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(n.encode() + (folder / n).read_bytes() for n in names(folder))).hexdigest()


# -- start-up ---------------------------------------------------------------------------------------------------------

HEAVY = (
    "lxml",
    "tifffile",
    "zarr",
    "numpy",
    "rich",
    "ome_types",
    "nbo_extract.schema",
    "nbo_extract_readers",
    "tomllib",
)


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["check", "--help"], ["image.czi", "--help"], ["doctor", "--help"]]
)
def test_help_imports_nothing_but_click(args: list[str]) -> None:
    code = (
        "import sys\nfrom nbo_extract.cli import main\n"
        "try:\n    main(sys.argv[1:])\nfinally:\n    print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    loaded = done.stderr
    assert "'click'" in loaded
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []


def test_import_is_light() -> None:
    code = "import nbo_extract, sys; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "'nbo_extract'" in loaded
    assert [name for name in (*HEAVY, "click", "importlib.metadata", "nbo_extract.api") if f"'{name}'" in loaded] == []


def test_help_names_options_and_commands(run: Callable[..., Result]) -> None:
    result = run("--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Usage: nbo-extract PATH... [OPTIONS]\n")
    for option in (
        "--hardware", "--match", "--output", "--format", "--embed", "--dry-run", "--tier", "--extensions", "--level",
        "--planes", "--redact", "--workers", "--reader", "--quiet", "--verbose", "--version", "--prefer", "--remember",
        "--config", "--no-config",
    ):  # fmt: skip
        assert option in result.out
    commands = result.out.split("Commands:\n")[1].split("\n\n")[0]
    listed = [line.split()[0] for line in commands.splitlines() if line.startswith("  ")]
    assert listed == [
        "check", "completion", "config", "deposit", "doctor", "export", "gaps", "hardware", "mappings", "methods",
        "report", "restore", "schema", "tier", "watch",
    ]  # fmt: skip
    assert run("x.czi", "--help").out == result.out


def test_every_command_has_help(run: Callable[..., Result]) -> None:
    for command in (
        ("check",), ("restore",), ("schema",), ("doctor",), ("hardware",), ("hardware", "show"), ("hardware", "check"),
        ("hardware", "convert"), ("methods",),
        ("mappings",), ("mappings", "list"), ("mappings", "show"), ("mappings", "check"),
        ("config",), ("config", "show"), ("config", "check"), ("config", "init"),
        ("export",), ("export", "omero"),
    ):  # fmt: skip
        result = run(*command, "--help")
        assert result.code == 0
        assert result.out.startswith(f"Usage: nbo-extract {' '.join(command)}")


def test_version(run: Callable[..., Result]) -> None:
    assert run("--version") == Result(0, f"nbo-extract {__version__}\n", "")


def test_without_arguments_help_is_shown(run: Callable[..., Result]) -> None:
    result = run()
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: nbo-extract PATH...")


# -- sidecars ---------------------------------------------------------------------------------------------------------


def test_a_sidecar_stands_beside_the_image(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    result = run("widefield.czi", "--hardware", "microscope.json")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("widefield.czi  (Zeiss CZI)\n  Stand       Zeiss Axio Observer.Z1 / 7\n")
    assert result.out.endswith("\n  wrote widefield.czi.nbo.xml\n")
    sidecar = data / "widefield.czi.nbo.xml"
    assert from_xml(sidecar).images[0].get("Name") == "widefield two-channel"
    again = run("widefield.czi", "--hardware", "microscope.json")
    assert again.code == 0
    assert again.out.endswith("\n  unchanged: widefield.czi.nbo.xml\n")
    sidecar.unlink()
    assert digest(data) == before


def test_the_sidecar_of_a_zarr_stands_beside_its_folder(run: Callable[..., Result], data: Path) -> None:
    assert run("cells_v05.ome.zarr/").code == 0
    assert (data / "cells_v05.ome.zarr.nbo.xml").is_file()


@pytest.mark.parametrize(("form", "read"), [("xml", from_xml), ("json", from_json), ("jsonld", from_jsonld)])
def test_all_forms_state_the_same(
    form: str, read: Callable[[Path], object], run: Callable[..., Result], data: Path
) -> None:
    assert run("confocal.ome.tiff", "--format", form).code == 0
    assert run("confocal.ome.tiff", "-o", f"x.{form}").code == 0
    sidecar = data / f"confocal.ome.tiff.nbo.{form}"
    assert run("confocal.ome.tiff").code == 0
    assert read(sidecar) == from_xml(data / "confocal.ome.tiff.nbo.xml")
    assert (data / f"x.{form}").read_bytes() == sidecar.read_bytes()


def test_standard_output_carries_the_document_alone(run: Callable[..., Result], data: Path) -> None:
    result = run("widefield.czi", "--format", "xml", "-o", "-")
    assert result.code == 0
    assert run("widefield.czi", "-q").out == ""
    assert "XMLAnnotation" not in result.out
    assert from_xml(result.out) == from_xml(data / "widefield.czi.nbo.xml")
    assert result.err.startswith("widefield.czi  (Zeiss CZI)\n")
    assert run("widefield.czi", "-o", "-", "-q").err == ""


def test_a_folder_is_walked_and_mirrored(run: Callable[..., Result], data: Path) -> None:
    (data / "day 1").mkdir()
    shutil.copy(data / "widefield.czi", data / "day 1" / "widefield.czi")
    result = run(".", "-o", "../out")
    assert result.code == 0
    assert names(data.parent / "out") == [
        "cells_v04.ome.zarr.nbo.xml", "cells_v05.ome.zarr.nbo.xml", "confocal.ome.tiff.nbo.xml",
        "day 1/widefield.czi.nbo.xml", "widefield.czi.nbo.xml",
    ]  # fmt: skip
    assert result.out.endswith("\n5 images: 5 written; 2 other files left out\n")
    assert run(".", "-o", "../out").out.endswith("\n5 images: 5 done before; 2 other files left out\n")
    assert run(".", "-o", "../out", "--force").out.endswith("\n5 images: 5 unchanged; 2 other files left out\n")


def test_a_single_image_into_a_folder_that_is_made(run: Callable[..., Result], data: Path) -> None:
    assert run("widefield.czi", "-o", "results").code == 0
    assert run("widefield.czi", "-o", "new.dir/").code == 0
    assert (data / "results" / "widefield.czi.nbo.xml").is_file()
    assert (data / "new.dir" / "widefield.czi.nbo.xml").is_file()


def test_nothing_is_written_in_a_dry_run(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    result = run("widefield.czi", "--dry-run", "-o", "results")
    assert run("widefield.czi", "--dry-run").code == 0
    assert run("confocal.ome.tiff", "--embed", "--dry-run").code == 0
    assert digest(data) == before
    assert not (data / "results").exists()
    target = data / "results" / "widefield.czi.nbo.xml"
    assert run("widefield.czi", "-o", "results").code == 0
    assert result.out.endswith(
        f"\n  would write {os.path.join('results', 'widefield.czi.nbo.xml')} ({target.stat().st_size:,} bytes)\n"
    )


def test_more_than_eight_images_take_a_line_each(run: Callable[..., Result], data: Path) -> None:
    for number in range(9):
        shutil.copy(data / "widefield.czi", data / f"copy{number}.czi")
    result = run(*sorted(data.glob("copy*.czi")), "--hardware", "microscope.json")
    lines = result.out.splitlines()
    assert lines[0].startswith(f"[1/9] {data / 'copy0.czi'}: written, ")
    assert "1 value disagrees with the hardware file" in lines[0]
    assert lines[9:] == ["", "9 images: 9 written"]
    assert "  wrote " in run(*sorted(data.glob("copy*.czi")), "-v", "-o", data / "out").out


def test_own_sidecars_are_no_images(run: Callable[..., Result], data: Path) -> None:
    assert run("widefield.czi").code == 0
    result = run("widefield.czi", "widefield.czi.nbo.xml")
    assert (result.code, result.err) == (
        0, "nbo-extract: widefield.czi.nbo.xml: a document that nbo-extract wrote, no image; left out\n",
    )  # fmt: skip


def test_a_file_called_like_a_command(run: Callable[..., Result], data: Path) -> None:
    shutil.copy(data / "widefield.czi", data / "check")
    assert run("./check", "-q").code == 0
    assert (data / "check.nbo.xml").is_file()
    assert run("-q", "doctor") == Result(
        2, "", "nbo-extract: doctor: there is no such file or folder; to run the command doctor, put it first\n"
    )


# -- planes, people, readers, matches ---------------------------------------------------------------------------------


def test_planes(run: Callable[..., Result], data: Path) -> None:
    kept = run("widefield.czi", "-o", "-").out
    assert "<Plane " in kept
    assert run("widefield.czi", "-o", "-", "--planes", "all").out == kept
    none = run("widefield.czi", "-o", "-", "--planes", "none")
    assert "<Plane " not in none.out
    # The summary still knows the exposure times.
    assert "Exposure" in none.err
    assert "80 ms" in none.err


def test_people_are_left_out(run: Callable[..., Result], data: Path) -> None:
    assert "UserName=" in run("widefield.czi", "-o", "-").out
    result = run("widefield.czi", "-o", "-", "--redact")
    assert "UserName=" not in result.out
    assert "<Experimenter ID=" in result.out
    told = run("confocal.ome.tiff", "--embed", "--redact", "--dry-run")
    assert told.err == ""
    assert "NBO155  the image itself names people or computers (" in told.out


def test_a_match_is_settled_or_refused(run: Callable[..., Result], data: Path) -> None:
    lens = "Objective:00000000-5a4d-4000-8000-000000000011"
    result = run("widefield.czi", "--hardware", "microscope.json", "--match", f"Objective:0={lens}", "-o", "-")
    assert result.code == 0
    assert "Objective '20x dry'" in result.err
    wrong = run("widefield.czi", "--hardware", "microscope.json", "--match", "Objective:9=Objective:1")
    assert wrong.code == 3
    assert wrong.err.startswith("nbo-extract: widefield.czi has no part Objective:9; it has ")
    assert len(wrong.err.splitlines()) == 1


# -- embedding --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr"])
def test_embed_again_and_restore(name: str, run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    result = run(name, "--hardware", "microscope.json", "--embed")
    assert (result.code, result.err) == (0, "")
    assert f"\n  embedded into {name} (+" in result.out
    embedded = digest(data)
    assert embedded != before
    assert run(name, "--hardware", "microscope.json", "--embed").out.endswith(f"\n  unchanged: {name}\n")
    assert digest(data) == embedded
    restored = run("restore", name)
    assert restored.code == 0
    assert restored.out.startswith(f"{name}: restored (-")
    assert digest(data) == before
    assert run("restore", name) == Result(0, f"{name}: nothing was embedded\n", "")


def test_a_dry_run_shows_the_difference(run: Callable[..., Result], data: Path) -> None:
    result = run("confocal.ome.tiff", "--embed", "--dry-run")
    assert "\n  would embed into confocal.ome.tiff (+" in result.out
    assert "\n+++ " in result.out


def test_restore_of_a_folder_passes_vendor_files_over(run: Callable[..., Result], data: Path) -> None:
    assert run("confocal.ome.tiff", "--embed").code == 0
    result = run("restore", ".")
    assert (result.code, result.err) == (0, "")
    assert [line.split(":")[0] for line in result.out.splitlines()] == [
        "confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr",
    ]  # fmt: skip


def test_vendor_files_are_never_modified(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    result = run("widefield.czi", "--embed")
    assert result == Result(
        3,
        "",
        "nbo-extract: widefield.czi: metadata are embedded into OME-TIFF and OME-Zarr alone, vendor files are never "
        "modified; leave --embed out to write a sidecar file beside it\n",
    )
    restored = run("restore", "widefield.czi")
    assert (restored.code, restored.err) == (
        3, "nbo-extract: widefield.czi: nothing can be embedded in such a file, so there is nothing to restore\n",
    )  # fmt: skip
    assert digest(data) == before


# -- exit codes and check ---------------------------------------------------------------------------------------------


def test_a_tier_counts_only_where_it_is_asked_for(run: Callable[..., Result], data: Path) -> None:
    assert run("widefield.czi", "-q").code == 0
    assert run("widefield.czi", "-q", "--tier", "1").code == 1
    assert (data / "widefield.czi.nbo.xml").is_file()


def test_check_writes_nothing_and_says_what_is_missing(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    result = run("check", "widefield.czi")
    assert (result.code, result.err) == (1, "")
    assert "\n    NBO201  Instrument 'Instrument:0': Name is missing (tier 1, MUST)\n" in result.out
    assert digest(data) == before
    more = run("check", "widefield.czi", "--tier", "3", "--extensions", "core,basic", "--level", "should")
    assert more.code == 1
    assert "\n  Missing for tier 3 (basic, core, must and should): " in more.out
    filled = run("check", "widefield.czi", "--hardware", "microscope.json")
    assert "Instrument 'Instrument:0': Name" not in filled.out


def test_check_reads_the_documents_that_were_written(run: Callable[..., Result], data: Path) -> None:
    for form in ("xml", "json", "jsonld"):
        assert run("widefield.czi", "-q", "--format", form).code == 0
        result = run("check", f"widefield.czi.nbo.{form}")
        assert (result.code, result.err) == (1, "")
        assert result.out.startswith(f"widefield.czi.nbo.{form}  (Zeiss CZI)\n")
    document = run("widefield.czi", "-o", "-").out
    (data / "plain.xml").write_text(document, encoding="utf-8")
    assert run("check", "plain.xml").out.startswith("plain.xml  (NBO 02-01 document)\n")


def test_check_as_json(run: Callable[..., Result], data: Path) -> None:
    result = run("check", "widefield.czi", "confocal.ome.tiff", "--json")
    assert (result.code, result.err) == (1, "")
    told = json.loads(result.out)
    assert [(t["file"], t["passed"], t["tier"]) for t in told] == [
        ("widefield.czi", False, 1), ("confocal.ome.tiff", False, 1),
    ]  # fmt: skip
    assert {"NBO201"} <= {f["code"] for f in told[0]["findings"]}


def test_one_failure_leaves_the_others_done(run: Callable[..., Result], data: Path) -> None:
    (data / "broken.czi").write_bytes(b"")
    result = run(".", "--tier", "1")
    assert result.code == 3
    assert result.err == "nbo-extract: broken.czi: the file is empty; copy it again from the microscope\n"
    assert result.out.endswith("\n5 images: 4 written, 1 failed; 2 other files left out\n")
    assert (data / "widefield.czi.nbo.xml").is_file()
    assert not (data / "broken.czi.nbo.xml").exists()


# -- bad input --------------------------------------------------------------------------------------------------------


def test_missing_file(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    assert run("nowhere.lif") == Result(2, "", "nbo-extract: nowhere.lif: there is no such file; check the path\n")
    assert run("widefeld.czi").err == ("nbo-extract: widefeld.czi: there is no such file; is widefield.czi meant?\n")
    assert run("nofolder").err == "nbo-extract: nofolder: there is no such file or folder; check the path\n"
    # Nothing is done where one of several is missing.
    assert run("widefield.czi", "nowhere.lif").code == 2
    (data / "link.czi").symlink_to("gone.czi")
    assert run("link.czi").err == "nbo-extract: link.czi: this link leads nowhere; check where it points to\n"
    (data / "link.czi").unlink()
    assert digest(data) == before


def test_folder_without_images(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for command in ((), ("check",), ("restore",)):
        assert run(*command, tmp_path) == Result(
            3,
            "",
            f"nbo-extract: {tmp_path}: this folder holds no image that can be read; readable formats: {FORMATS}\n",
        )
    assert names(tmp_path) == ["notes.txt"]
    # Nothing is left there, and no folder is made, where there is nothing to do.
    assert run(tmp_path, "-o", tmp_path / "results").code == 3
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "photo.png", b"\x89PNG\r\n",
            "a PNG picture, not a microscope format; give the file that the microscope wrote; "
            f"readable formats: {FORMATS}",
        ),
        (
            "notes.text", b"hello",
            f"not an image that can be read, it looks like plain text; readable formats: {FORMATS}",
        ),
        (
            "x.bin", b"\x00\x01\x02",
            f"not an image that can be read, it looks like unknown content (00 01 02 …); readable formats: {FORMATS}",
        ),
        (
            "fake.czi", "grüße\n".encode() + 4088 * b"x" + "ü".encode(),
            "its name ends in .czi, but its content is plain text; copy it again from the microscope, or give the "
            "image that is meant",
        ),
        (
            "fake.lif", b"\x00\x01\x02\x03zzzzz",
            "its name ends in .lif, but its content is not that of such a file (it begins with 00 01 02 03 7a 7a 7a "
            "7a); copy it again from the microscope, or give the image that is meant",
        ),
        (
            "Fake.ND2", b"%PDF-1.4",
            "its name ends in .nd2, but its content is a PDF document; copy it again from the microscope, or give the "
            "image that is meant",
        ),
    ],
)  # fmt: skip
def test_no_image(name: str, content: bytes, message: str, run: Callable[..., Result], data: Path) -> None:
    (data / name).write_bytes(content)
    assert run(name) == Result(3, "", f"nbo-extract: {name}: {message}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "not json",
            f"scope.json is neither JSON nor XML (line 1: Expecting value); {GIVE}",
        ),
        (
            '{"a": 1}',
            f"scope.json is JSON of another program, no description of a microscope; {GIVE}",
        ),
        (
            '{"Schema_ID": "Instrument.json", "ModelVersion": "1.00.0", "components": []}',
            "scope.json has model version 1.00.0, which is not read; re-save it in Micro-Meta App with model 2.01",
        ),
    ],
)
def test_hardware_files_that_cannot_be_used(content: str, message: str, run: Callable[..., Result], data: Path) -> None:
    (data / "scope.json").write_text(content)
    before = digest(data)
    assert run("widefield.czi", "--hardware", "scope.json") == Result(2, "", f"nbo-extract: {message}\n")
    assert run("hardware", "show", "scope.json") == Result(2, "", f"nbo-extract: {message}\n")
    assert digest(data) == before


def test_missing_hardware_file(run: Callable[..., Result], data: Path) -> None:
    assert run("widefield.czi", "--hardware", "no.json") == Result(
        2,
        "",
        "nbo-extract: no.json: the hardware description cannot be read (No such file or directory); check the path\n",
    )


def test_a_folder_of_hardware_files(run: Callable[..., Result], data: Path) -> None:
    (data / "scopes").mkdir()
    refused = run("widefield.czi", "--hardware", "scopes")
    assert refused == Result(2, "", f"nbo-extract: scopes: this folder holds no hardware description; {GIVE}\n")
    (data / "scopes" / "a.json").write_text("{}")
    other = f"{os.path.join('scopes', 'a.json')} is JSON of another program, no description of a microscope"
    assert run("widefield.czi", "--hardware", "scopes") == Result(
        2, "", f"nbo-extract: scopes: this folder holds no hardware description ({other}); {GIVE}\n"
    )
    shutil.copy(data / "microscope.json", data / "scopes" / "b.json")
    result = run("widefield.czi", "--hardware", "scopes")
    assert result.code == 0
    assert result.err == f"nbo-extract: {other}; {GIVE}; left out\n"
    assert "Filled from b.json: " in result.out


def test_read_only_folder(run: Callable[..., Result], data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("nbo_extract.writers._system.replace_file", refuse)
    before = digest(data)
    result = run(data / "widefield.czi")
    assert result == Result(
        3,
        "",
        f"nbo-extract: {data / 'widefield.czi.nbo.xml'} cannot be written, because its folder {data} is read-only: "
        "choose another with -o\n",
    )
    assert digest(data) == before


def test_output_folder_that_cannot_be_made(run: Callable[..., Result], data: Path) -> None:
    (data / "file").write_text("x")
    result = run("widefield.czi", "-o", os.path.join("file", "results") + "/")
    assert (result.code, result.out) == (3, "")
    assert result.err == (
        f"nbo-extract: {os.path.join('file', 'results')}: this folder cannot be made (Not a directory); "
        "choose another with -o\n"
    )


def test_outputs_that_would_harm(run: Callable[..., Result], data: Path) -> None:
    before = digest(data)
    (data / "notes.txt").write_text("my notes")
    assert run("widefield.czi", "-o", "confocal.ome.tiff") == Result(
        2, "", "nbo-extract: confocal.ome.tiff: this is an image and is not overwritten; give another file with -o\n"
    )
    assert run("widefield.czi", "-o", "notes.txt") == Result(
        2,
        "",
        "nbo-extract: notes.txt: nbo-extract has not written this file and does not overwrite it; "
        "give another with -o\n",
    )
    assert (data / "notes.txt").read_text() == "my notes"
    (data / "notes.txt").unlink()
    assert digest(data) == before


def test_one_place_for_several_images(run: Callable[..., Result], data: Path) -> None:
    for folder in ("a", "b"):
        (data / folder).mkdir()
        shutil.copy(data / "widefield.czi", data / folder / "x.czi")
    paths = [os.path.join(folder, "x.czi") for folder in ("a", "b")]
    target = os.path.join("out", "x.czi.nbo.xml")
    assert run(*paths, "-o", "out").err == (
        f"nbo-extract: {paths[0]} and {paths[1]} would both be written to {target}; "
        "run them one after the other, with a folder each\n"
    )
    assert run(*paths, "-o", "-").err == (
        "nbo-extract: -o - writes one document, and there are 2 images; give a folder with -o\n"
    )
    assert run(*paths, "-o", "all.xml").err == (
        "nbo-extract: all.xml: one file cannot hold 2 images; give a folder with -o\n"
    )
    assert run(*paths, "-o", "microscope.json").err == (
        "nbo-extract: microscope.json: this is a file, and 2 images would be written to it; give a folder with -o\n"
    )
    assert not (data / "out").exists()


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--embed", "-o", "x"], "--embed writes into the image, -o beside it; leave one of them out"),
        (["--embed", "--format", "json"], "--embed writes the form that the image file takes; leave --format out"),
        (["--reader", "quux"], "there is no reader quux; installed readers: "),
        (["--extensions", "quux"], "'quux' is no extension of NBO; there are core, basic, advanced, calibration"),
        (["--tier", "4"], "'4' is not one of '1', '2', '3'"),
        (["--workers", "0"], "'0' is no number of processes; give 1 or more"),
        (["--match", "Objective:0"], "write the part in the image, =, the part in the description"),
        (["--colour"], "there is no option --colour; see nbo-extract --help"),
    ],
)
def test_usage(args: list[str], message: str, run: Callable[..., Result], data: Path) -> None:
    result = run("widefield.czi", *args)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.startswith("nbo-extract: ")
    assert len(result.err.splitlines()) == 1
    assert not (data / "widefield.czi.nbo.xml").exists()


def test_faults_of_ours_cost_one_file(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("nbo_extract.api.extract", fail)
    monkeypatch.delenv("NBO_EXTRACT_DEBUG", raising=False)
    assert process(Task("widefield.czi"), Job("check")) == Outcome(
        "widefield.czi",
        "failed",
        "widefield.czi: unexpected problem (ZeroDivisionError: division by zero); please report it",
    )
    monkeypatch.setenv("NBO_EXTRACT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        process(Task("widefield.czi"), Job("check"))


# -- processes --------------------------------------------------------------------------------------------------------


def test_workers_give_the_same_in_the_same_order(data: Path) -> None:
    (data / "broken.czi").write_bytes(b"")
    tasks = [
        Task(name, str(data / f"{name}.nbo.xml"))
        for name in ("widefield.czi", "broken.czi", "confocal.ome.tiff", "cells_v04.ome.zarr")
    ]
    alone = list(process_all(tasks, Job("check"), 1))
    assert [o.state for o in alone] == ["read", "failed", "read", "read"]
    assert pickle.loads(pickle.dumps(alone)) == alone  # noqa: S301
    assert list(process_all(tasks, Job("check"), 2)) == alone


def program(*args: str | Path, cwd: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nbo_extract", *map(str, args)]
    return subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_as_a_program(data: Path) -> None:
    before = program("widefield.czi", "--hardware", "microscope.json", "-o", "-", "-q", cwd=data)
    out, err = before.communicate(timeout=60)
    assert (before.returncode, err) == (0, "")
    assert out.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<OME ')
    missing = program("nowhere.czi", cwd=data)
    assert missing.communicate(timeout=60) == ("", "nbo-extract: nowhere.czi: there is no such file; check the path\n")
    assert missing.returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupted(workers: str, data: Path) -> None:
    for number in range(200):
        os.link(data / "widefield.czi", data / f"copy{number}.czi")
    run = program(".", "-o", "out", "--workers", workers, cwd=data)
    # As soon as one is done, and many are not.
    deadline = time.monotonic() + 60
    while not any((data / "out").glob("*.xml")) and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    done = names(data / "out")
    assert 0 < len(done) < 204
    assert err.splitlines() == [
        "nbo-extract: finishing what is being written; Ctrl-C again ends at once",
        f"nbo-extract: stopped; {204 - len(done)} images are left, and the same command goes on there",
    ]
    for name in done:
        from_xml(data / "out" / name)


# -- what the product knows -------------------------------------------------------------------------------------------


def test_schema(run: Callable[..., Result]) -> None:
    result = run("schema", "objective")
    assert result.code == 0
    assert result.out.startswith("Objective  (NBO 02-01)\n  Extension  Core\n  Tier       1\n")
    assert "    LensNA                    MUST tier 1    float\n" in result.out
    assert run("schema", "Objektive") == Result(
        2,
        "",
        "nbo-extract: the NBO model has no element Objektive; is Objective or ObjectiveSettings meant?\n",
    )
    every = run("schema")
    assert every.out.startswith("core (")
    assert "LightEmittingDiode" in every.out
    assert "    Detector" in run("schema", "LightPath").out
    assert "One of" in run("schema", "LightSourceGroup").out


def test_what_does_not_count_stands_below_what_does(run: Callable[..., Result], data: Path) -> None:
    text = run("check", "widefield.czi").out
    counted, _, uncounted = text.partition("\n  Missing, and not counted\n")
    assert "not counted:" not in counted
    lines = uncounted.partition("\n\n")[0].splitlines()
    assert lines and all("; not counted: " in line for line in lines)
    assert "Missing, and not counted" not in run("check", "widefield.czi", "--literal").out


def test_mappings(run: Callable[..., Result], sample_data: Path) -> None:
    listed = run("mappings", "list")
    assert {"ngff", "ome", "tiff", "zeiss-czi"} <= set(table_names())
    assert [line.split()[0] for line in listed.out.splitlines()] == list(table_names())
    rows = {line.split()[0]: line.split()[1] for line in listed.out.splitlines()}
    for name, image in (("zeiss-czi", "widefield.czi"), ("ome", "confocal.ome.tiff")):
        assert f" of {rows[name]} rows used" in run("mappings", "coverage", sample_data / image).out
    checked = run("mappings", "check")
    assert checked == Result(0, "".join(f"{n}: nothing wrong\n" for n in table_names()), "")
    shown = run("mappings", "show", "zeiss-czi")
    assert shown.code == 0
    assert "LensNA" in shown.out
    assert run("mappings", "show", "no-such") == Result(
        2, "", f"nbo-extract: there is no mapping table no-such; known: {', '.join(table_names())}\n"
    )


def test_hardware(run: Callable[..., Result], data: Path) -> None:
    shown = run("hardware", "show", "microscope.json")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("microscope.json  (21 parts)\n  Microscope  Sample microscope\n")
    assert "\n    ID             Objective:00000000-5a4d-4000-8000-000000000010\n" in shown.out
    checked = run("hardware", "check", "microscope.json")
    assert checked.code == 1
    assert "\n    NBO201  Objective (1 of 2: '20x dry'): CatalogNumber is missing (tier 1, MUST)\n" in checked.out


def test_doctor(run: Callable[..., Result]) -> None:
    result = run("doctor")
    assert result.code == 0
    assert result.out.startswith(f"nbo-extract     {__version__}\n")
    assert re.search(r"^  czi +Zeiss CZI \(\.czi\): ready$", result.out, re.M)


# -- real vendor files ------------------------------------------------------------------------------------------------


def test_real_files(shared: Path, run: Callable[..., Result], tmp_path: Path) -> None:
    before = digest(shared / "samples" / "czi")
    result = run(shared / "samples" / "czi", "--hardware", shared / "hardware", "-o", tmp_path / "out", "-v")
    assert (result.code, result.err) == (0, "")
    assert len(names(tmp_path / "out")) == len(list((shared / "samples" / "czi").glob("*.czi")))
    assert "  Objective   Plan-Apochromat 50x/1.2, 50×, NA 1.2, Water immersion\n" in result.out
    assert digest(shared / "samples" / "czi") == before


def test_literal_counts_what_the_kind_of_image_excuses(run: Callable[..., Result], data: Path) -> None:
    counted = run("check", data / "confocal.ome.tiff", "--json")
    literal = run("check", data / "confocal.ome.tiff", "--json", "--literal")
    excused = [f for f in json.loads(counted.out)[0]["findings"] if "not counted" in f["message"]]
    assert excused
    assert not [f for f in json.loads(literal.out)[0]["findings"] if "not counted" in f["message"]]
    assert run("hardware", "check", data / "microscope.json", "--literal").code == 1


def test_check_says_how_far_each_tier_is(run: Callable[..., Result], data: Path) -> None:
    result = run("check", data / "widefield.czi")
    found = [tuple(map(int, m)) for m in re.findall(r"Tier (\d): (\d+) of (\d+) fields missing", result.out)]
    assert [tier for tier, _, _ in found] == [1, 2, 3]
    # A higher tier demands all that a lower one does.
    assert sorted(found) == sorted(found, key=lambda row: row[1:])
    missing = found[0][1]
    assert f"Missing for tier 1 (core): {missing} of {found[0][2]} fields" in result.out


def test_folder_is_embedded_as_far_as_its_formats_allow(run: Callable[..., Result], data: Path) -> None:
    before = (data / "widefield.czi").read_bytes()
    result = run(".", "--embed")
    assert result.code == 0
    assert (data / "widefield.czi").read_bytes() == before
    assert [n for n in names(data) if n.endswith(".nbo.xml")] == ["widefield.czi.nbo.xml"]
    for name in ("confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr"):
        assert f"embedded into {name} (+" in result.out.replace("./", "")


def test_what_is_wrong_in_a_description_is_told(run: Callable[..., Result], data: Path) -> None:
    text = (data / "microscope.json").read_text(encoding="utf-8")
    (data / "wrong.json").write_text(text.replace('"LensNA": 1.4,', '"LensNA": "1,4",', 1), encoding="utf-8")
    result = run("widefield.czi", "--hardware", "wrong.json", "-o", "x.xml")
    assert result.code == 0
    assert result.err == (
        "nbo-extract: wrong.json: Objective '63x oil': LensNA '1,4' has a comma, which may mark decimals or thousands; "
        "write it with a point; it is left out\n"
    )
    assert run("widefield.czi", "--hardware", "microscope.json", "-o", "y.xml").err == ""
