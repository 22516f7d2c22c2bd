"""Word tables: what ships holds together, and how words are found."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from nbo_extract.errors import MappingTableError
from nbo_extract.words import fold, load_words

NAMES = sorted(
    f.name.removesuffix(".toml")
    for f in (resources.files("nbo_extract_mappings") / "words").iterdir()
    if f.name.endswith(".toml")
)


def test_there_are_word_tables() -> None:
    assert len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_table_holds_together(name: str) -> None:
    table = load_words(name)
    text = (resources.files("nbo_extract_mappings") / "words" / f"{name}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    assert data["title"].strip()
    assert table.exact or table.patterns
    # Two spellings of one folded word would hide one another.
    folded: dict[str, str] = {}
    for word, value in data.get("words", {}).items():
        assert fold(word) not in folded, f"{word} stands twice"
        folded[fold(word)] = value
        assert table.find(word) == value
    patterns = [row["re"] for row in data.get("pattern", [])]
    assert len(patterns) == len(set(patterns)), "a pattern stands twice"
    for row in data.get("pattern", []):
        assert set(row) == {"re", "value"}
    if "." in patterns:
        assert patterns[-1] == ".", "nothing behind a pattern that takes everything is ever reached"


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_loaded_once(name: str) -> None:
    assert load_words(name) is load_words(name)


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("immersion", "Oil", "Mineral Oil"),
        ("immersion", "  oIL ", "Mineral Oil"),
        ("immersion", "silicone   OIL", "Silicone Oil"),
        ("immersion", "Unknown", ""),
        ("immersion", "Honey", None),
        ("fluorophore_placeholder", "Dye7", ""),
        ("fluorophore_placeholder", "TL Brightfield", ""),
        ("fluorophore_placeholder", "DyLight 488", None),
        ("contrast", "DIC", "Differential Intensity Contrast (DIC)"),
        ("stand_model", "LSM 880, AxioObserver", "InvertedMicroscopeStand"),
        ("stand_model", "Axio Imager.Z2", "UprightMicroscopeStand"),
        ("stand_model", "Lattice Lightsheet", "InvertedMicroscopeStand"),
        ("objective_correction", "EC Plan-Neofluar 40x/0.75 M27", "PlanNeofluar"),
        ("objective_correction", "Plan-Apochromat 63x/1.4", "PlanApochromat"),
        ("objective_correction", "Fluar 5x/0.25", "Fluar"),
        ("objective_correction", "my lens", ""),
        ("objective_dic", "Plan-Apochromat 63x/1.4 Oil DIC M27", "true"),
        ("objective_dic", "Plan-Apochromat 63x/1.4 Oil", ""),
        ("objective_phase", "LD A-Plan 20x/0.35 Ph1", "Ph1"),
        ("objective_phase", "Alpha1 20x/0.35", ""),
        ("laser_type", "DPSS 561-10", "DiodePumpedSolidState (DPSS)"),
        ("laser_medium", "ArKr 568", ""),
        ("filter_type", "BP 420-480 + LP 605", "MultiPass"),
        ("filter_type", "LP 650", "LongPass"),
        ("filter_type", "BP 500-550", "BandPass"),
        ("filter_type", "Mirror", ""),
        ("samples_zeiss", "Gray16", ""),
        ("samples_zeiss", "Bgr48", "3"),
    ],
)
def test_find(name: str, word: str, value: str | None) -> None:
    assert load_words(name).find(word) == value


def test_fold() -> None:
    assert fold("  Mineral \t OIL\n") == "mineral oil"
    assert fold("STRASSE") == fold("Straße")


def test_unknown_table() -> None:
    with pytest.raises(MappingTableError) as caught:
        load_words("no_such")
    assert caught.value.message == "there is no word table no_such"
