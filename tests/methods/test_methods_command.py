"""The command `methods`: texts of the sample files, options, what is refused, exit codes."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from nbo_extract import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]
    Golden = Callable[[str, str], None]

IMAGES = ("widefield.czi", "confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr")
HARDWARE = ("--hardware", "microscope.json")


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    shutil.copytree(sample_data, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("image", IMAGES)
def test_texts_of_the_sample_files(image: str, run: Run, data: Path, golden: Golden) -> None:
    result = run("methods", image, *HARDWARE)
    assert (result.code, result.err) == (0, "")
    golden(f"methods-{image.partition('.')[0]}.txt", result.out)


def test_short_forms(run: Run, data: Path, golden: Golden) -> None:
    result = run("methods", *IMAGES, *HARDWARE, "--short")
    assert result.code == 0
    golden("methods-short.txt", result.out)
    assert run("methods", *IMAGES, *HARDWARE, "--legend").out == result.out


def test_markdown_with_a_list_of_gaps(run: Run, data: Path, golden: Golden) -> None:
    result = run("methods", ".", *HARDWARE, "--format", "markdown", "--gaps", "list")
    assert result.code == 0
    golden("methods-all.md", result.out)


def test_gaps_are_marked_listed_or_left_out(run: Run, data: Path) -> None:
    marked, listed, none = (run("methods", "widefield.czi", "--gaps", g).out for g in ("mark", "list", "none"))
    assert "1x1 binning [gain not known]." in marked
    assert "Not known" not in marked
    for text in (listed, none):
        assert "[" not in text
        assert "1x1 binning." in text
    assert "- gain of channel DAPI\n- gain of channel EGFP\n" in listed
    assert listed.replace(listed[listed.index("Not known") :], "").strip() == none.strip()


def test_gaps_of_the_short_form(run: Run, data: Path) -> None:
    image = "cells_v05.ome.zarr"
    assert run("methods", image, "--short", "--gaps", "list").out == (
        "Images were acquired with a microscope. Pixel size 0.108 µm; z-step 0.3 µm.\n\nNot known\n\n"
        "- dyes of channels GFP and mCherry\n- stand\n- objective\n"
    )
    assert run("methods", image, "--short", "--gaps", "none").out == (
        "Images were acquired with a microscope. Pixel size 0.108 µm; z-step 0.3 µm.\n"
    )


def test_images_that_share_a_setting_are_told_once(run: Run, data: Path) -> None:
    shutil.copy("widefield.czi", "again.czi")
    alone = run("methods", "widefield.czi", *HARDWARE)
    both = run("methods", "widefield.czi", "again.czi", *HARDWARE)
    assert both.out.partition("\n")[0] == alone.out.partition("\n")[0]
    assert both.out.count("Images were acquired") == 1
    assert both.out == alone.out
    three = run("methods", "widefield.czi", "again.czi", "confocal.ome.tiff", *HARDWARE)
    assert "\n- again.czi and widefield.czi: Objective Correction of Objective:0 is" in three.out


def test_the_order_of_files_does_not_matter(run: Run, data: Path) -> None:
    texts = {run("methods", *images, *HARDWARE).out for images in (IMAGES, IMAGES[::-1])}
    assert len(texts) == 1
    assert run("methods", *IMAGES, *HARDWARE, "--workers", "2").out in texts


def test_files_of_one_name_are_called_by_their_paths(run: Run, data: Path) -> None:
    (data / "a").mkdir()
    shutil.copy("confocal.ome.tiff", "a/widefield.ome.tiff")
    (data / "b").mkdir()
    shutil.copy("widefield.czi", "b/one.czi")
    shutil.copy("confocal.ome.tiff", "b/widefield.ome.tiff")
    out = run("methods", "a", "b").out
    assert "\n\na/widefield.ome.tiff and b/widefield.ome.tiff\n\n" in f"\n\n{out}"


def test_a_sidecar_says_the_same_as_what_it_was_made_of(run: Run, data: Path) -> None:
    for image in ("widefield.czi", "confocal.ome.tiff"):
        before = run("methods", image, *HARDWARE).out
        assert run(image, *HARDWARE, "-q").code == 0
        assert run("methods", image).out == before
        assert run("methods", f"{image}.nbo.xml").out == before.replace(image, f"{image}.nbo.xml")


def test_json_gives_the_facts(run: Run, data: Path) -> None:
    told = json.loads(run("methods", "widefield.czi", *HARDWARE, "--json").out)
    assert told["generator"] == f"nbo-extract {__version__} methods"
    [setting] = told["settings"]
    assert setting["images"] == ["widefield.czi"]
    assert setting["sizes"] == [{"x": "64", "y": "48", "z": "2", "c": "2", "t": "1"}]
    channel = setting["facts"]["channels"][0]
    assert channel["exposure"] == "80 ms"
    assert channel["emission"][0]["maker"] == "Zeiss"
    assert setting["text"] == run("methods", "widefield.czi", *HARDWARE).out.partition("\n")[0]
    assert setting["gaps"] == ["gain of channel DAPI", "gain of channel EGFP"]


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_file_of_ours_is_replaced_and_a_changed_one_kept(run: Run, data: Path) -> None:
    for name in ("m.txt", "m.md", "m.json"):
        more = ("--json",) if name.endswith("json") else ()
        first = run("methods", "widefield.czi", "-o", name, *more)
        size = (data / name).stat().st_size
        assert (first.code, first.out) == (0, f"1 file, 1 setting\nwrote {name} ({size:,} bytes)\n")
        before = (data / name).read_bytes()
        assert run("methods", "confocal.ome.tiff", "-o", name, *more).code == 0
        assert run("methods", "widefield.czi", "-o", name, *more).code == 0
        assert (data / name).read_bytes() == before
    for name in ("m.txt", "m.md"):
        mine = (data / name).read_text().replace("Images were", "We acquired images; they were", 1)
        (data / name).write_text(mine)
        again = run("methods", "widefield.czi", "-o", name)
        assert (again.code, again.err) == (
            2,
            f"nbo-extract: {name}: this text has been changed since nbo-extract wrote it; keep it, and give another "
            "-o\n",
        )
        assert (data / name).read_text() == mine


def test_the_ending_says_the_form(run: Run, data: Path) -> None:
    assert run("methods", "widefield.czi", "-o", "m.md").code == 0
    assert (data / "m.md").read_text().startswith("## Materials and Methods\n")
    assert re.search(r"<!-- Written by nbo-extract \S+ \([0-9a-f]{12}\); check the text", (data / "m.md").read_text())


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["-o", "mine.txt"], "mine.txt: nbo-extract has not written this file and does not overwrite it; give another"),
        (["-o", "folder"], "folder: this is a folder; give the name of a file"),
        (["-o", "no/m.txt"], "no: there is no such folder; make it, or give another name with -o"),
        (["--json", "--short"], "--json gives facts and no text, and --short is about the text; leave one of them out"),
        (["--json", "--format", "text"], "--json gives facts and no text, and --format is about the text"),
        (["--template", "no.j2"], "no.j2: there is no such template; check the path"),
    ],
)
def test_refusals(args: list[str], message: str, run: Run, data: Path) -> None:
    (data / "folder").mkdir()
    (data / "mine.txt").write_text("My own words.\n")
    result = run("methods", "widefield.czi", *args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"nbo-extract: {message}")
    assert (data / "mine.txt").read_text() == "My own words.\n"


def test_a_bad_file_costs_no_other(run: Run, data: Path) -> None:
    (data / "bad.czi").write_bytes((data / "widefield.czi").read_bytes()[:3000])
    alone = run("methods", "widefield.czi")
    some = run("methods", "bad.czi", "widefield.czi")
    assert (some.code, some.out) == (3, alone.out)
    assert some.err.startswith("nbo-extract: bad.czi: ")
    none = run("methods", "bad.czi", "-o", "m.txt")
    assert (none.code, none.out) == (3, "")
    assert not (data / "m.txt").exists()


def test_redacted_texts_name_no_people_and_no_folders(run: Run, data: Path) -> None:
    folder = data / "jane.doe" / "secret-project"
    folder.mkdir(parents=True)
    for place in ("a", "b"):
        (folder / place).mkdir()
        shutil.copy("widefield.czi", folder / place / "image.czi")
    shutil.copy("confocal.ome.tiff", folder / "b" / "other.ome.tiff")
    (folder / "nbo-extract.toml").write_text(
        '[facility]\nname = "Core"\nacknowledgement = "We thank Alex Sample."\n[experimenter]\nLastName = "Hooke"\n'
    )
    plain = run("methods", "jane.doe", *HARDWARE, "--json").out
    assert "jane.doe" in plain
    assert "Alex Sample" in plain
    for more in ((), ("--json",), ("--format", "markdown")):
        result = run("methods", "jane.doe", *HARDWARE, "--redact", *more)
        assert result.code == 0
        assert "image.czi" in result.out
        for word in ("jane", "secret", str(data), "Alex", "Sample,", "asample", "Hooke"):
            assert word not in result.out
        assert "Images were acquired at the Core." in result.out


def test_a_microscope_without_proof_is_to_be_checked(run: Run, data: Path) -> None:
    out = run("methods", "cells_v04.ome.zarr", *HARDWARE).out
    note = "the file names no instrument; microscope.json is merged as the description given, without proof"
    assert f"To check\n\n- {note}\n" in out


# -- templates --------------------------------------------------------------------------------------------------------


def test_templates_can_be_replaced(run: Run, data: Path) -> None:
    (data / "own.j2").write_text("{% for p in paragraphs %}{{ p.objective }}|{{ p.facts.objective.na }}{% endfor %}")
    assert run("methods", "widefield.czi", *HARDWARE, "--template", "own.j2").out == (
        "A Zeiss Plan-Apochromat 63x/1.4 Oil DIC M27 objective (63×, NA 1.4, mineral oil immersion, refractive index "
        "1.518) was used.|1.4\n"
    )
    (data / "own").mkdir()
    (data / "own" / "legend.txt.j2").write_text('Figure. {% include "part.j2" %}')
    (data / "own" / "part.j2").write_text("{{ paragraphs[0].legend }}")
    legend = run("methods", "widefield.czi", "--short").out
    assert run("methods", "widefield.czi", "--short", "--template", "own").out == f"Figure. {legend}"
    assert run("methods", "widefield.czi", "--template", "own").out == run("methods", "widefield.czi").out


@pytest.mark.parametrize("name", ["methods.txt", "methods.md", "legend.txt", "legend.md"])
def test_a_shown_template_gives_the_same_text(name: str, run: Run, data: Path) -> None:
    shown = run("methods", "--show-template", name)
    assert shown.code == 0
    (data / "own.j2").write_text(shown.out)
    options = ("--format", "markdown" if name.endswith("md") else "text", *(["--short"] if "legend" in name else []))
    own = run("methods", *IMAGES, *HARDWARE, *options, "--template", "own.j2")
    assert (own.code, own.out) == (0, run("methods", *IMAGES, *HARDWARE, *options).out)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n{% for p in %}", "own.j2, line 2: the template does not work: Expected an expression"),
        (
            "a\n{% for p in paragraphs %}\n{{ p.lens }}\n{% endfor %}",
            "own.j2, line 3: the template does not work: 'dict object' has no attribute 'lens'",
        ),
        ("a\n\n{{ nothing }}", "own.j2, line 3: the template does not work: 'nothing' is undefined"),
        ("{{ 1 / 0 }}", "own.j2, line 1: the template does not work: division by zero"),
        ("{{ ''.__class__ }}", "own.j2, line 1: the template does not work: access to attribute '__class__' of 'str'"),
        ("{% for i in range(999999999) %}x{% endfor %}", "own.j2, line 1: the template does not work: Range too big"),
        ('\n{% include "no.j2" %}', "own.j2, line 2: the template does not work: there is no template 'no.j2' to"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "own.j2, line 1: the template does not work: maximum rec"),
    ],
)
def test_broken_templates(text: str, message: str, run: Run, data: Path) -> None:
    (data / "own.j2").write_text(text)
    result = run("methods", "widefield.czi", "--template", "own.j2", "-o", "m.txt")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"nbo-extract: {message}")
    assert result.err.endswith("; nbo-extract methods --show-template shows one that does\n")
    assert result.err.count("\n") == 1
    assert not (data / "m.txt").exists()


def test_templates_that_cannot_be_read(run: Run, data: Path) -> None:
    (data / "own.j2").write_bytes(b"\xff\xfe\xfd")
    assert run("methods", "widefield.czi", "--template", "own.j2").err == (
        "nbo-extract: own.j2: the template is not UTF-8 text; save it as UTF-8\n"
    )


# -- the facility -----------------------------------------------------------------------------------------------------


def test_the_facility_is_acknowledged(run: Run, data: Path) -> None:
    (data / "tpl").mkdir()
    (data / "tpl" / "legend.txt.j2").write_text("{{ facility.rrid }} {{ facility.website or 'no page' }}")
    (data / "nbo-extract.toml").write_text(
        '[facility]\nname = "Imaging Core"\nrrid = "SCR_017697"\naddress = "Montreal"\nmethods_template = "tpl"\n'
    )
    out = run("methods", "widefield.czi").out
    assert "\nAcknowledgements\n\nImages were acquired at the Imaging Core, Montreal (RRID:SCR_017697).\n" in out
    assert run("methods", "widefield.czi", "--short").out == "RRID:SCR_017697 no page\n"
    assert "Acknowledgements" not in run("methods", "widefield.czi", "--no-config").out


def test_two_facilities_and_two_templates(run: Run, data: Path) -> None:
    for name in ("one", "two"):
        (data / name).mkdir()
        shutil.copy("widefield.czi", f"{name}/image.czi")
        (data / name / "t.j2").write_text(name)
        (data / name / "nbo-extract.toml").write_text(f'[facility]\nname = "{name}"\n')
    out = run("methods", "one", "two").out
    assert "Images were acquired at the one. Images were acquired at the two.\n" in out
    for name in ("one", "two"):
        (data / name / "nbo-extract.toml").write_text(f'[facility]\nname = "{name}"\nmethods_template = "t.j2"\n')
    both = run("methods", "one", "two")
    assert both.code == 2
    assert re.fullmatch(
        r"nbo-extract: the configurations name several templates, \S+/one/t\.j2 and \S+/two/t\.j2; choose one with "
        r"--template\n",
        both.err,
    )
    assert run("methods", "one", "two", "--template", "one/t.j2").out == "one\n"
