"""What a report counts is what a check counts; what it holds travels and comes back as it was."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complete_documents import PROFILES, complete, random_document
from nbo_extract import extract
from nbo_extract.checking import check
from nbo_extract.hardware import load_hardware
from nbo_extract.merging import merge
from nbo_extract.model import Document, Node
from nbo_extract.report.bare import Bare
from nbo_extract.report.collect import Count, Element, FileReport, Message, Value, add_counts, collect, failed
from nbo_extract.report.columns import columns
from nbo_extract.report.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from complete_documents import Axes
    from nbo_extract.checking import CheckReport


def checked(document: Document, axes: Axes, *, literal: bool = True) -> CheckReport:
    if isinstance(axes, str):
        return check(document, profile=axes, literal=literal)
    tier, extensions, level = axes
    return check(document, tier=tier, extensions=extensions, level=level, literal=literal)


@given(st.integers(0, 2**32), st.sampled_from(PROFILES), st.booleans())
def test_columns_add_up_to_what_a_check_counts(seed: int, axes: Axes, literal: bool) -> None:
    document = random_document(seed)
    report = checked(document, axes, literal=literal)
    found = collect(document, report)
    asked = report.asked
    assert found.total == Count(asked.present, asked.demanded, asked.excused)
    assert set(found.counts) <= {c.key for c in columns()}
    assert found.passed is report.passed


@pytest.mark.parametrize("axes", PROFILES, ids=str)
def test_a_complete_document_misses_nothing(axes: Axes) -> None:
    document = complete(random_document(3), axes)
    found = collect(document, checked(document, axes))
    assert found.total.found == found.total.required > 0
    assert (found.missing, found.groups, found.fields) == ((), (), ())


def test_described_parts_that_no_image_refers_to_are_told_apart_and_lead_no_list(sample_data: Path) -> None:
    document = merge(extract(sample_data / "widefield.czi"), load_hardware(sample_data / "microscope.json"))
    report = check(document)
    found = collect(document, report)
    assert ("Objective", "CatalogNumber") not in found.fields
    assert ("Objective '20x dry'", ("CatalogNumber",)) in [(g.element, g.fields) for g in found.unused]
    assert found.total.required - found.total.found == report.asked.missing == 9


def test_an_empty_document_misses_its_image_in_the_column_of_images() -> None:
    document = Document(Node("OME"))
    found = collect(document, check(document), path="x.tif")
    assert found.counts == {"image": Count(0, 1, 0)}
    assert (found.path, found.images, found.setups, found.elements, found.passed) == ("x.tif", 0, (), (), False)


def test_numbers_of_planes_are_called_what_they_are(sample_data: Path) -> None:
    document = extract(sample_data / "widefield.czi")
    found = collect(document, check(document))
    planes = next(e for e in found.elements if e.label.startswith("Planes of "))
    kinds = {v.attribute: v.kind for v in planes.values}
    assert {kinds[name] for name in ("TheZ", "TheC", "TheT")} == {"number"}
    assert kinds["ExposureTime"] == "embedded"
    assert "" not in found.sources


@given(st.integers(0, 2**32))
def test_it_travels_between_processes(seed: int) -> None:
    document = random_document(seed)
    found = collect(document, check(document))
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - made here
    assert sum(found.sources.values()) == sum(len(e.values) for e in found.elements)


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=4))
def test_a_pool_gives_back_what_came_in(seeds: list[int]) -> None:
    pool = Pool()
    reports = [collect(d, check(d)) for d in map(random_document, seeds)]
    entries = [pool.add(r) for r in reports]
    for report, entry in zip(reports, entries, strict=True):
        assert tuple(pool.elements(entry)) == report.elements
        assert entry.report.setups == report.setups
        assert set(pool.paths) >= {c for t in report.setups for c in t.channels}


def test_tables_of_a_pool_lead_to_the_same(sample_data: Path) -> None:
    document = extract(sample_data / "widefield.czi")
    report = collect(document, check(document))
    pool = Pool()
    entry = pool.add(report)
    tables = pool.tables([entry, pool.add(report)])
    strings = tables["s"]

    def value(numbers: list[int]) -> Value:
        return Value(*(strings[n] for n in [*numbers, *[0] * (7 - len(numbers))]))

    def message(numbers: list[int]) -> Message:
        return Message(*(strings[n] for n in numbers))

    for elements, missing, uncounted, findings, notes, differing in tables["f"]:
        told = [tables["e"][n] for n in elements]
        assert tuple(Element(strings[s], tuple(value(tables["v"][v]) for v in vs)) for s, vs in told) == report.elements
        for numbers, expected in zip(
            (missing, uncounted, findings, notes),
            (report.missing, report.uncounted, report.findings, report.notes),
            strict=True,
        ):
            assert tuple(message(tables["m"][n]) for n in numbers) == expected
        assert differing == []
    assert len(strings) == len(set(strings))


def test_counts_add_up() -> None:
    assert add_counts([Count(1, 2, 3), Count(4, 5, 6)]) == Count(5, 7, 9)
    assert add_counts([]) == Count(0, 0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data/jane/a b/x.czi: cut off", "x.czi: cut off"),
        ("it lies at (/data/jane/a b/x.czi)", "it lies at (x.czi)"),
        ("/data/jane/a b/other.czi and /data/jane/a b/sub/deep.czi", "other.czi and deep.czi"),
        ("rel/ative/y.czi is empty", "y.czi is empty"),
        ("s3://bucket/k/z.zarr/c/0 and z.zarr", "z.zarr/c/0 and z.zarr"),
        ("Metadata/Information/Image", "Metadata/Information/Image"),
        ("https://example.org/data/jane/a b/x.czi", "https://example.org/data/jane/a b/x.czi"),
        ("", ""),
    ],
)
def test_folders_are_left_out_of_sentences(text: str, expected: str) -> None:
    bare = Bare(["/data/jane/a b/x.czi", "rel/ative/y.czi", "s3://bucket/k/z.zarr", "here.tif", ""])
    assert bare.text(text) == expected


def test_folders_are_left_out_of_a_whole_report() -> None:
    values = (Value("Model", "x", "hardware", "/scopes/jane/s.json", "components[1] /Model", "/data/jane/d/x.czi"),)
    message = Message("NBO312", "warning", "/data/jane/d/x.czi: look into /data/jane/d/y/")
    given_ = FileReport(
        "/data/jane/d/x.czi", elements=(Element("A", values),), findings=(message,), stated_in="/q/x.xml"
    )
    found = Bare(["/data/jane/d/x.czi"]).report(given_)
    assert "jane" not in repr(found)
    assert (found.path, found.stated_in) == ("x.czi", "x.xml")
    assert found.findings[0].text == "x.czi: look into "
    assert found.elements[0].values[0] == Value("Model", "x", "hardware", "s.json", "components[1] /Model", "x.czi")
    assert Bare(["/data/jane/d/x.czi"]).report(failed("/data/jane/d/x.czi", "/data/jane/d/x.czi: no")) == failed(
        "x.czi", "x.czi: no"
    )
