"""Columns and lines: no word is divided while there is another way, and no number stands apart from its unit."""

from __future__ import annotations

import io
import re
import tomllib
from importlib import resources

import pytest

from nbo_extract import short_words
from nbo_extract.cli.layout import chunks, widths, wrapped
from nbo_extract.cli.render import Printer
from nbo_extract.schema import load
from nbo_extract.summary import Summary
from nbo_extract.summary_images import ChannelSummary, Setup

CHANNELS = tuple(
    ChannelSummary(
        name,
        f"{name} ex {wave}, em {wave + 20} nm",
        f"Zeiss LED-Module {wave}nm, {power} %",
        f"Zeiss BP {wave}/40",
        f"Zeiss FT {wave}",
        f"Zeiss BP {wave + 30}/40",
        f"Zeiss Axiocam{wave}m, binning 1x1, gain 2.5",
        f"{wave} ms",
        "point-scanning confocal",
    )
    for name, wave, power in (("DAPI", 385, 20), ("EGFP", 475, 35))
)
SUMMARY = Summary("cells.czi", "Zeiss CZI", setups=(Setup("", "", CHANNELS, ()),))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, columns: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    Printer(stream).summary(SUMMARY)
    return [line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()).splitlines()]


def test_numbers_stay_with_their_units_and_symbols() -> None:
    assert chunks("LED 385nm, 20 %, gain 1.5") == ["LED", "385nm,", "20 %,", "gain", "1.5"]
    assert chunks("EGFP ex 488, em 509 nm") == ["EGFP", "ex 488,", "em 509 nm"]
    assert chunks("63×, NA 1.4") == ["63×,", "NA 1.4"]
    assert chunks("Axio Observer 7 and others") == ["Axio", "Observer", "7", "and", "others"]


def test_lines_break_between_words_and_in_paths_before_a_slash() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("/Metadata/Information/Instrument", 14) == ["/Metadata", "/Information", "/Instrument"]
    assert wrapped("at /Metadata/Information x", 12) == ["at", "/Metadata", "/Information", "x"]
    assert wrapped("  indented stays", 40) == ["  indented stays"]
    assert "".join(wrapped("x" * 25, 10)) == "x" * 25
    assert wrapped("", 10) == [""]


def test_columns_are_as_wide_as_their_widest_word_or_there_is_no_table() -> None:
    assert widths([["Channel", "a"], ["Light source", "LED-Module 385nm"]], 30) == [7, 16]
    assert widths([["Channel", "a"], ["Light source", "LED-Module 385nm"]], 17) == [7, 10]
    assert widths([["Channel", "a"], ["Light source", "LED-Module 385nm"]], 16) is None
    assert widths([["Name", "a b c d e f"]], 4) == [4]
    assert widths([["N", "a b c d e f"]], 1) is None


@pytest.mark.parametrize("columns", [200, 120, 100, 80, 72, 60, 40])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_word_is_divided_at_any_width(columns: int, terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(Terminal() if terminal else io.StringIO(), columns, monkeypatch)
    # A line of a pipe is not broken, but for the rows of the table.
    assert max(map(len, lines)) <= (columns if terminal else max(columns, 60))
    words = set(" ".join(lines).split())
    for channel in CHANNELS:
        stated = (getattr(channel, name) for name in ChannelSummary.__dataclass_fields__)
        assert {word for text in stated for word in text.split()} <= words
    text = "\n".join(lines)
    assert not re.search(r"^\s*(%|nm|ms)(?=\s|$)", text, re.MULTILINE)
    assert {"Fluorophore", "Excitation", "Dichroic", "Emission", "Detector", "Exposure"} <= words


def test_a_narrow_terminal_gets_a_block_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(Terminal(), 60, monkeypatch)
    at = lines.index("  Channel DAPI")
    assert lines[at + 1 : at + 4] == [
        "    Fluorophore   DAPI ex 385, em 405 nm",
        "    Light source  Zeiss LED-Module 385nm, 20 %",
        "    Excitation    Zeiss BP 385/40",
    ]
    assert lines[-2:] == ["  All channels:", "    Method  point-scanning confocal"]


def test_short_words_are_for_words_of_nbo() -> None:
    path = resources.files("nbo_extract_mappings") / "schema" / "short-words.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    schema = load()
    known = {" ".join(v.split()) for v in schema.element("Channel").attributes["IlluminationType"].type.enum}
    assert set(table["method"]) <= known
    kinds = set(schema.element("AdditionalDimensionMap").attributes["Type"].type.enum)
    assert {key.partition("|")[2] for key in table["dimension"]} <= kinds
    assert short_words.method("Confocal_Fluorescence_single-spot-raster-scan") == "point-scanning confocal"
    assert short_words.method("Wide-field_Fluorescence") == "Wide-field Fluorescence"


def test_each_letter_of_a_czi_has_words() -> None:
    assert short_words.dimension("10", "M", "Tile") == "10 mosaic tiles"
    assert short_words.dimension("1", "M", "Tile") == "1 mosaic tile"
    assert short_words.dimension("3", "H", "Phase") == "3 phases"
    assert short_words.dimension("32", "H", "Other") == "32 detector elements or phases (H)"
    assert short_words.dimension("4", "Loop", "Other") == "4 Loop"
    path = resources.files("nbo_extract_mappings") / "tables" / "zeiss-czi.toml"
    for element in tomllib.loads(path.read_text(encoding="utf-8"))["element"]:
        if element.get("name") == "AdditionalDimensionMap":
            letter, kinds = element["facts"]["Name"]["value"], element["facts"]["Type"]
            for kind in kinds if isinstance(kinds, list) else [kinds]:
                assert not short_words.dimension("2", letter, kind["value"]).endswith(f"2 {letter}")
