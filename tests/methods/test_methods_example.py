"""The published example of MethodsJ2: what it states of the microscope, our text states; and what is cited."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbo_extract import __version__
from nbo_extract.methods.facts import FileFacts
from nbo_extract.methods.references import FORMS, NBO, OWN, references

if TYPE_CHECKING:
    from collections.abc import Callable

    from commands import Result

    Run = Callable[..., Result]

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
# Per fact of the example: what our text has of it. The software is the image's own.
MICROSCOPE = (
    "Zeiss Axio Observer Z1", "inverted compound microscope", "commercial, custom modified", "wide-field fluorescence",
    "ZEN 2.3 (blue edition)", "2.3.69.1000", "Zeiss 63X PLAN APOCHROMAT, NA=1.40, OIL, DIC objective",
    "63×, NA 1.4, mineral oil immersion", "640 × 640 pixels", "single plane, single time point", "2 channels",
    "pixel size of 0.14 µm",
)  # fmt: skip
CHANNELS = {
    "DAPI": ("Zeiss G 365 excitation filter", "Zeiss FT 395 dichroic", "Zeiss BP 445/50 emission filter", "100 ms"),
    "Phalloidin-Alexa488": (
        "Zeiss BP 450-490 excitation filter", "Zeiss FT 510 dichroic", "Zeiss BP 515-565 emission filter", "150 ms",
    ),
}  # fmt: skip
SHARED = ("Excelitas X-Cite 120 LED", "set to 30 %", "Zeiss Axiocam506 CCD camera", "2x2 binning", "[gain not known]")


@pytest.fixture
def example(shared: Path, tmp_path: Path) -> Path:
    """Return a two-channel image under the configuration of the page."""
    [text] = [b for b in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "scopes/axiovert1.json" in b]
    (tmp_path / "scopes").mkdir()
    shutil.copy(shared / "hardware" / "micro_meta_app_abif_axiovert1.json", tmp_path / "scopes" / "axiovert1.json")
    shutil.copy(shared / "samples" / "czi" / "DAPI_GFP.czi", tmp_path / "image.czi")
    (tmp_path / "nbo-extract.toml").write_text(text, encoding="utf-8")
    return tmp_path / "image.czi"


def test_every_fact_of_the_example_is_stated(run: Run, example: Path) -> None:
    result = run("methods", example)
    assert result.code == 0
    text = result.out.partition("\n")[0]
    assert [fact for fact in MICROSCOPE if fact not in text] == []
    parts = re.split(r"(?=DAPI was excited)|(?=Phalloidin-Alexa488 \(channel GFP\) was excited)", text)[1:]
    for part, (dye, facts) in zip(parts, CHANNELS.items(), strict=True):
        assert part.startswith(dye)
        assert [fact for fact in (*facts, *SHARED) if fact not in part] == []
    assert text.count("not known") == 2
    thanks = "Images were acquired at the Advanced BioImaging Facility (ABIF) at McGill (RRID:SCR_017697).\n"
    assert f"\nAcknowledgements\n\n{thanks}" in result.out


def test_the_page_shows_this_text(run: Run, example: Path) -> None:
    assert f"\n> {run('methods', example).out.partition(chr(10))[0]}\n" in PAGE


def test_without_the_configuration_nothing_of_it_is_made_up(run: Run, example: Path) -> None:
    out = run("methods", example, "--no-config", "--hardware", example.parent / "scopes").out.partition("\n")[0]
    assert "Zeiss Axio Observer Z1 inverted compound microscope (commercial, custom modified)" in out
    for fact in (*SHARED[:4], *(f for facts in CHANNELS.values() for f in facts), "63X", "0.14"):
        assert fact not in out
    assert "[objective not known]" in out


def test_what_is_cited() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title = re.search(r'^title: "(.*)"$', citation, re.MULTILINE)
    assert title is not None
    assert f"version: {__version__}\n" in citation
    assert OWN == f"The nbo-extract developers. {title[1]}. Version {__version__}."
    assert "The nbo-extract developers" in citation
    for fact in ("10.1038/s41592-021-01327-9", "1427", "1440"):
        assert fact in citation
        assert fact in NBO
    assert references([FileFacts("a", ())]) == (OWN, NBO)
    cited = references([FileFacts("a", (), forms=("micro-meta",)), FileFacts("b", (), forms=("ome",))])
    assert cited == (OWN, NBO, FORMS["ome"], FORMS["micro-meta"])
