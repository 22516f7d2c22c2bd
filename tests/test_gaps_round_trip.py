"""What a gap sheet asks for, filled in, leaves nothing missing; what the file states stays."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gap_filling import fill_csv, fill_xlsx
from nbo_extract import api
from nbo_extract.applicability import placeholder
from nbo_extract.checking import check
from nbo_extract.completing import complete
from nbo_extract.gap_questions import ask
from nbo_extract.gap_rows import gather
from nbo_extract.gap_sheet import to_csv, to_xlsx
from nbo_extract.gap_sheet_read import read_sheet
from nbo_extract.hardware import load_hardware
from nbo_extract.labels import walk
from nbo_extract.validity import validity
from nbo_extract.xmlio import from_xml, to_xml
from random_documents import Maker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.checking import CheckReport
    from nbo_extract.model import Document
    from nbo_extract.requirements import Level
    from nbo_extract.stored import Stored

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ("widefield.czi", "confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr")
ALL = ("core", "basic", "advanced", "calibration")
PROFILES: dict[str, tuple[int, tuple[str, ...], Level]] = {
    "1 core must": (1, ("core",), "must"),
    "2 core basic must": (2, ("core", "basic"), "must"),
    "3 core basic must": (3, ("core", "basic"), "must"),
    "3 all must": (3, ALL, "must"),
}
#: What no sheet can ask for where NBO recommends it: see docs/gap-sheet.md.
OUT_OF_REACH = {
    "Annotator",
    "OpticalComponentPosition",
    "ROIRef",
    "External|BinData",
    "M",
    "HashSHA1",
    "PlaneTransformationMatrix",
    "TheAdditionalDimensionRef",
}
USELESS = {"NBO301", "NBO309", "NBO321", "NBO322"}


def around(
    document: Document,
    stored: Sequence[Stored],
    profile: tuple[int, tuple[str, ...], Level],
    path: Path,
    *,
    blind: bool = False,
) -> tuple[Document, Document, CheckReport]:
    """Write the sheet, fill it in, read it: return the Document before and after, and the second check."""
    tier, extensions, level = profile
    checked = partial(check, tier=tier, extensions=extensions, level=level)
    before = complete(document, stored)
    sheet = gather([ask(before, checked(before))])
    assert sheet.rows
    form, fill = (to_xlsx, fill_xlsx) if path.suffix == ".xlsx" else (to_csv, fill_csv)
    path.write_bytes(form(sheet))
    fill(path, blind=blind)
    after = complete(document, [*stored, read_sheet(path)])
    return before, after, checked(after)


def missing(report: CheckReport) -> list[tuple[str, str]]:
    return [(g.requirement.element, g.requirement.name) for g in report.gaps if g.counted]


def stated(document: Document) -> list[tuple[str, str, str, str | None]]:
    return [(n.name, a, f.value, f.unit) for n in document.root.walk() for a, f in n.facts.items()]


def assert_sound(before: Document, after: Document) -> None:
    """Assert that nothing that was stated is gone, that all is valid, and that it is written and read."""
    rest = stated(after)
    for fact in stated(before):
        rest.remove(fact)
    assert {f.message for f in validity(after)} <= {f.message for f in validity(before)}
    assert from_xml(to_xml(after).encode()) == after
    new = [f for f in after.findings if f not in before.findings and f.code in USELESS]
    assert not new, new


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("described", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_missing_afterwards(
    name: str, described: bool, profile: str, sample_data: Path, tmp_path: Path
) -> None:
    document = api.extract(sample_data / name, planes="all")
    stored = [load_hardware(sample_data / "microscope.json")] if described else []
    before, after, report = around(document, stored, PROFILES[profile], tmp_path / "gaps.csv")
    assert missing(report) == []
    assert_sound(before, after)


@pytest.mark.parametrize("described", [False, True])
@pytest.mark.parametrize("name", SAMPLES[:3])
def test_a_workbook_says_the_same_as_a_csv(name: str, described: bool, sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / name, planes="all")
    stored = [load_hardware(sample_data / "microscope.json")] if described else []
    before, after, report = around(document, stored, PROFILES["3 all must"], tmp_path / "gaps.xlsx")
    assert missing(report) == []
    assert_sound(before, after)


@pytest.mark.parametrize("name", SAMPLES[:3])
def test_who_fills_in_every_row_is_told_what_was_left_out(name: str, sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / name, planes="all")
    before, after, report = around(document, [], PROFILES["3 all must"], tmp_path / "gaps.csv", blind=True)
    assert missing(report) == []
    assert_sound(before, after)
    left = [f.message for f in after.findings if f.code == "NBO331"]
    assert bool(left) == (name != "widefield.czi" and "only if" in (tmp_path / "gaps.csv").read_text("utf-8-sig"))


def test_a_row_of_another_kind_is_left_out_with_both_cells(sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / "cells_v04.ome.zarr", planes="all")
    _, after, _ = around(document, [], PROFILES["1 core must"], tmp_path / "gaps.csv", blind=True)
    assert next(f.message for f in after.findings if f.code == "NBO331") == (
        "gaps.csv F4: Manufacturer of new UprightMicroscopeStand is for MicroscopeStand UprightMicroscopeStand alone, "
        "and F3 says InvertedMicroscopeStand; it is left out"
    )


@pytest.mark.parametrize("described", [False, True])
@pytest.mark.parametrize("name", SAMPLES[:2])
def test_what_nbo_recommends_of_tier_one(name: str, described: bool, sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / name, planes="all")
    stored = [load_hardware(sample_data / "microscope.json")] if described else []
    before, after, report = around(document, stored, (1, ("core",), "should"), tmp_path / "gaps.csv")
    assert missing(report) == []
    assert_sound(before, after)


def test_what_nbo_recommends_in_all_tiers_but_what_no_sheet_asks_for(sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / "widefield.czi", planes="all")
    before, after, report = around(document, [], (3, ALL, "should"), tmp_path / "gaps.csv")
    assert {name for _, name in missing(report) if not name.endswith("Unit")} <= OUT_OF_REACH
    assert {f.message for f in validity(after)} <= {f.message for f in validity(before)}
    assert from_xml(to_xml(after).encode()) == after


def test_what_is_filled_in_names_sheet_and_cell(sample_data: Path, tmp_path: Path) -> None:
    document = api.extract(sample_data / "widefield.czi", planes="all")
    _, after, _ = around(document, [], PROFILES["1 core must"], tmp_path / "gaps.csv")
    source = after.instruments[0].facts["Name"].source
    assert source is not None
    assert (source.kind, source.file, source.path) == ("user", "gaps.csv", "F2")
    assert "gaps.csv" in after.origin.hardware


@pytest.mark.parametrize("folder", ["lif", "nd2", "oib", "dv", "czi", "tiff"])
def test_real_files(folder: str, shared: Path, tmp_path: Path) -> None:
    hardware = load_hardware(shared / "hardware" / "micro_meta_app_abif_axiovert1.json")
    files = sorted((shared / "samples" / folder).iterdir())
    assert files
    for file in files:
        document = api.extract(file, planes="all")
        for stored in ([], [hardware]):
            before, after, report = around(document, stored, PROFILES["1 core must"], tmp_path / "gaps.csv")
            assert missing(report) == [], file
            assert_sound(before, after)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    tier=st.sampled_from((1, 2, 3)),
    extensions=st.sampled_from((("core",), ("core", "basic"), ALL)),
    blind=st.booleans(),
)
def test_random_documents(seed: int, tier: int, extensions: tuple[str, ...], blind: bool, tmp_path: Path) -> None:
    document = Maker(seed, size=60).document()
    before = complete(document, [])
    report = check(before, tier=tier, extensions=extensions)
    sheet = gather([ask(before, report)])
    if not sheet.rows:
        assert all(g.requirement.element == "OME" or not g.counted for g in report.gaps) or sheet.unasked
        return
    path = tmp_path / "gaps.csv"
    path.write_bytes(to_csv(sheet))
    fill_csv(path, blind=blind)
    after = complete(document, read_sheet(path))
    assert from_xml(to_xml(after).encode()) == after or from_xml(to_xml(before).encode()) != before
    rest = stated(after)
    for node, kind, _ in walk(before):
        for attribute, fact in node.facts.items():
            # A unit may be stated for a value without one, and a placeholder or a blank replaced.
            same = [f for f in rest if f[:2] == (node.name, attribute)]
            kept = any(f[2] == fact.value and fact.unit in (None, f[3]) for f in same)
            assert (
                kept
                or attribute in kind.unit_names
                or not fact.value.strip()
                or placeholder(node, attribute, kind.attributes.get(attribute))
            )
    again = complete(after, read_sheet(path))
    assert again == after
