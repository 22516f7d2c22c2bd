"""The page in a browser: it opens without complaint, sorts, filters, shows what is asked for, and prints."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from browser import Browser, program
from nbo_extract import extract
from nbo_extract.checking import check
from nbo_extract.report.collect import Disagreement, collect, failed
from nbo_extract.report.render import Report, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMS = {"in full": 12_000, "tables": 0}
NAMES = "[...document.querySelectorAll('#matrix tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].textContent)"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = program()
    if found is None:
        pytest.skip("no chromium is installed; the pages of a report were not opened")
    with Browser(found, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> dict[str, Path]:
    document = extract(sample_data / "confocal.ome.tiff")
    first = collect(document, check(document), path="d/confocal.ome.tiff")
    document = extract(sample_data / "widefield.czi")
    second = collect(document, check(document), path="d/widefield.czi")
    second = replace(second, disagreements=(Disagreement("Objective o", "LensNA", "1.2", "1.4", "s.json", "look"),))
    found = {}
    for form, inline in FORMS.items():
        report = Report(Settings("A title", inline=inline))
        for part in (first, second, replace(first, path="d/a.tif", passed=True), failed("d/bad.czi", "d/bad.czi: no")):
            report.add(part)
        found[form] = tmp_path_factory.mktemp("pages") / "report.html"
        found[form].write_text(report.html(), encoding="utf-8")
    return found


@pytest.fixture(params=FORMS)
def page(request: pytest.FixtureRequest, pages: dict[str, Path], browser: Browser) -> Iterator[Browser]:
    path = pages[request.param]
    browser.open(path)
    yield browser
    assert browser.complaints() == []
    assert browser.fetched() == [path.as_uri()]


def click(page: Browser, selector: str) -> None:
    page.value(f"document.querySelector({selector!r}).click()")


def test_it_sorts_by_a_column_and_back(page: Browser) -> None:
    given = ["confocal.ome.tiff", "widefield.czi", "a.tif", "bad.czi"]
    assert page.value(NAMES) == given
    click(page, "#matrix thead th button")
    assert page.value(NAMES) == sorted(given)
    assert page.value("document.querySelector('#matrix thead th').getAttribute('aria-sort')") == "ascending"
    click(page, "#matrix thead th button")
    assert page.value(NAMES) == sorted(given, reverse=True)


def test_a_share_sorts_by_number_and_what_has_none_comes_last(page: Browser) -> None:
    for order in (1, -1):
        click(page, "#matrix thead th:nth-child(4) button")
        shares = page.value("[...document.querySelectorAll('#matrix tbody .sum')].map(c => c.textContent)")
        numbers = [int(a) / int(b) for a, b in (s.split("/") for s in shares)]
        assert numbers == sorted(numbers, reverse=order < 0)
        assert page.value(NAMES)[-1] == "bad.czi"


def test_it_finds_files_by_words(page: Browser) -> None:
    for words, names in {
        "wide": ["widefield.czi"],
        "Ti2-E OBIS": [],
        "": ["confocal.ome.tiff", "widefield.czi"],
    }.items():
        page.value(
            f"(() => {{ const f = document.getElementById('find'); f.value = {words!r};"
            "f.dispatchEvent(new Event('input', {bubbles: true})) })()"
        )
        assert [n for n in page.value(NAMES) if n not in ("a.tif", "bad.czi")] == names
        told = page.value("document.getElementById('shown').textContent")
        assert told == {"wide": "1 of 4 files", "": ""}.get(words, "0 of 4 files")


@pytest.mark.parametrize(
    ("box", "names"),
    [
        ("only-failing", ["confocal.ome.tiff", "widefield.czi", "bad.czi"]),
        ("only-disagreeing", ["widefield.czi"]),
    ],
)
def test_it_shows_only_some(page: Browser, box: str, names: list[str]) -> None:
    click(page, f"#{box}")
    assert page.value(NAMES) == names
    click(page, f"#{box}")
    assert len(page.value(NAMES)) == 4


def test_a_file_opens_from_the_matrix_with_all_of_it(page: Browser) -> None:
    click(page, "#matrix tbody tr:nth-child(2) a")
    page.value("new Promise(r => setTimeout(r, 100))")
    assert page.value("document.getElementById('f1').open") is True
    text = page.value("document.getElementById('f1').textContent")
    for told in ("All facts (", "Each missing field in a sentence", "Image and description disagree", "LensNA"):
        assert told in text
    assert page.value("document.querySelectorAll('#f1 svg.path').length") == 2


def test_the_origin_of_a_fact_is_told_when_it_has_the_focus(page: Browser) -> None:
    page.value("document.getElementById('f0').open = true")
    page.value("new Promise(r => setTimeout(r, 100))")
    page.value("document.querySelectorAll('#f0 .all').forEach(d => { d.open = true })")
    shown = "getComputedStyle(document.querySelector('#f0 .tip')).display"
    assert page.value(shown) == "none"
    page.value("document.querySelector('#f0 .src').focus()")
    assert page.value(shown) == "block"


def test_both_forms_show_the_same(pages: dict[str, Path], browser: Browser) -> None:
    shown = []
    for path in pages.values():
        browser.open(path)
        browser.value("document.querySelectorAll('.file').forEach(f => { f.open = true })")
        browser.value("new Promise(r => setTimeout(r, 200))")
        shown.append(
            browser.value("[...document.querySelectorAll('.file')].map(f => f.textContent.replace(/\\s+/g, ''))")
        )
    assert shown[0] == shown[1]


def test_it_prints(page: Browser) -> None:
    data = base64.b64decode(page.call("Page.printToPDF", printBackground=True)["data"])
    assert data.startswith(b"%PDF-")
    assert len(data) > 10_000
