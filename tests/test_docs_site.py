"""The documentation site: generated pages leave nothing out, links lead somewhere, and a browser needs no network."""

from __future__ import annotations

import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import docs_links
import docs_model
import docs_reference
from browser import Browser, program
from nbo_extract.cli.app import program as command_line
from nbo_extract.coverage import row_ids
from nbo_extract.explanations import explanations
from nbo_extract.origins import reaches
from nbo_extract.requirements import all_requirements
from nbo_extract.schema import load
from nbo_extract.tables import load_rules, load_table, table_names
from nbo_extract.words import load_words

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    return docs_model.model()


@pytest.fixture(scope="module")
def reference() -> dict[str, str]:
    return docs_reference.pages()


# -- what is generated ------------------------------------------------------------------------------------------------


def leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield " ".join(path), command


def test_every_command_is_there_with_every_option(reference: dict[str, str]) -> None:
    page = reference["reference/commands.md"]
    sections = dict(re.findall(r"^## `(.+?)` \{ #[\w-]+ \}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    known = dict(leaves(command_line, ("nbo-extract",)))
    known["nbo-extract"] = known.pop("nbo-extract extract")
    assert sections.keys() == known.keys()
    for path, command in known.items():
        for option in (p for p in command.params if isinstance(p, click.Option) and not p.hidden):
            assert f"{option.opts[-1]}</code>" in sections[path] or f"{option.opts[-1]} " in sections[path], path
            assert f'id="{path.replace(" ", "-")}{option.opts[-1]}"' in sections[path]


def test_every_finding_has_an_anchor() -> None:
    page = docs_reference.findings_page((DOCS / "findings.md").read_text(encoding="utf-8"))
    assert re.findall(r'<span id="(NBO[0-9]{3})">', page) == sorted(explanations())
    why = next(e.why for e in explanations().values() if e.why)
    assert html.escape(why, quote=False) in page


def test_every_row_of_every_table_is_there(reference: dict[str, str]) -> None:
    pages = {name for name in reference if name.startswith("reference/mappings/") and not name.endswith("index.md")}
    assert pages == {f"reference/mappings/{name}.md" for name in table_names()}
    for name in table_names():
        table, page = load_table(name), reference[f"reference/mappings/{name}.md"]
        anchors = re.findall(r'<tr id="([^"]+)">', page)
        wanted = {docs_reference.anchor(row) for row in row_ids(table)}
        assert len(wanted) == len(row_ids(table)) == docs_reference.row_count(table)
        assert wanted <= set(anchors), name
        assert len(anchors) == len(set(anchors)), name
        assert all(f"<code>${variable}</code>" in page for variable in table.variables)
    assert all(f'id="rule-{rule}"' in reference["reference/mappings/index.md"] for rule in load_rules())


def test_every_word_is_there(reference: dict[str, str]) -> None:
    page = reference["reference/words.md"]
    tables = [load_words(name) for name in docs_reference.word_tables()]
    assert page.count("<tr><td>") == sum(len(t.exact) + len(t.patterns) for t in tables)
    assert all(f"{{ #{table.name} }}" in page for table in tables)


def test_every_element_and_field_is_there(model: dict[str, Any]) -> None:
    schema = load()
    declared = list(schema.walk())
    assert len(model["elements"]) == len(declared)
    assert len({e["key"] for e in model["elements"]}) == len(declared)
    told = sum(len(e.get("fields", ())) for e in model["elements"])
    assert told == sum(len(d.attributes) + len(d.uses) + (d.text is not None) for d in declared)


def test_tier_level_and_extension_are_those_of_a_check(model: dict[str, Any]) -> None:
    shown = {e["key"]: {f["name"]: f for f in e.get("fields", ())} for e in model["elements"]}
    compared = 0
    for element, fields in all_requirements().items():
        for wanted in fields:
            for name in wanted.name.split("|"):
                field = shown[element][name]
                assert (field["tier"], field["level"], field["extension"]) == (
                    wanted.tier,
                    wanted.level,
                    wanted.extension,
                ), f"{element}.{name}"
                compared += 1
    assert compared > 2700


def test_every_row_reaches_a_field_that_its_table_reaches(model: dict[str, Any]) -> None:
    names = [t["name"] for t in model["tables"]]
    assert names == list(table_names())
    for number, name in enumerate(names):
        assert row_ids(load_table(name)) <= {row[1] for row in model["rows"] if row[0] == number}
    reached = [row for e in model["elements"] for f in e.get("fields", ()) for row in f.get("rows", ())]
    assert set(reached) == set(range(len(model["rows"])))
    # Two ways to find out must not differ: that of the summary, by names, and this one, by declarations.
    shown = {e["key"]: {f["name"]: f for f in e.get("fields", ())} for e in model["elements"]}
    for element, fields in all_requirements().items():
        for wanted in fields:
            found = shown[element].get(wanted.name, {})
            for number in {model["rows"][row][0] for row in found.get("rows", ())}:
                assert reaches(names[number], wanted), f"{element}.{wanted.name} in {names[number]}"


def test_an_element_is_shown_with_what_it_is(model: dict[str, Any]) -> None:
    objective = next(e for e in model["elements"] if e["key"] == "Objective")
    assert (objective["extension"], objective["tier"], objective["inside"]) == ("core", 1, ["Instrument"])
    assert objective["usual"] == "hardware description"
    distance = next(f for f in objective["fields"] if f["name"] == "WorkingDistance")
    assert (distance["type"], distance["level"], distance["tier"], distance["usual"]) == ("number", "must", 2, "mm")
    assert "µm" in distance["unit"]
    rows = [model["rows"][row] for row in distance["rows"]]
    assert ["@WorkingDistance or WorkingDistance"] == [r[3] for r in rows if model["tables"][r[0]]["name"] == "ome"]


def test_what_is_generated_is_always_the_same() -> None:
    code = "import docs_model, docs_reference, hashlib; pages = {**docs_model.pages(), **docs_reference.pages()};"
    code += "print(hashlib.sha256(repr(sorted(pages.items())).encode()).hexdigest())"
    path = os.pathsep.join([str(ROOT / "scripts"), *filter(None, [os.environ.get("PYTHONPATH")])])
    told = set()
    for seed in ("7", "8"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        told.add(done.stdout)
    assert len(told) == 1


def test_the_data_of_the_model_are_a_script_that_json_reads(model: dict[str, Any]) -> None:
    text = docs_model.script(model)
    assert "</" not in text
    head, _, rest = text.partition(" = ")
    assert head == "window.nboModel"
    assert json.loads(rest.rstrip(";\n")) == json.loads(json.dumps(model))


# -- the navigation ---------------------------------------------------------------------------------------------------


def test_every_page_is_in_the_navigation_once() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"^ +- (?:.+: )?([\w/-]+\.md)$", text.partition("\nnav:\n")[2], re.MULTILINE)
    assert len(named) == len(set(named))
    pages = {p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md")}
    assert sorted(pages - set(named)) == []
    optional = re.search(r"optional: \[(.*)\]", text)
    assert optional is not None
    made = {"index.md", "changelog.md", "reference/model.md", *docs_reference.pages()}
    assert sorted(set(named) - pages - made - set(optional[1].split(", "))) == []


# -- links ------------------------------------------------------------------------------------------------------------


def test_what_is_wrong_with_links_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.html").write_text('<h2 id="there">There</h2><a href="a.html">a</a>', encoding="utf-8")
    (tmp_path / "own.css").write_text("@font-face { src: url('https://fonts.example.org/a.woff2') }", encoding="utf-8")
    (tmp_path / "a.html").write_text(
        '<script src="https://cdn.example.org/x.js"></script><img src="//pictures.example.org/y.png">'
        '<link rel="stylesheet" href="own.css"><link rel="canonical" href="https://example.org/">'
        '<a href="b.html#there">good</a><a href="b.html#gone">bad</a><a href="c.html">bad</a><a href="#top">bad</a>'
        '<a href="https://example.org/">elsewhere</a>',
        encoding="utf-8",
    )
    assert docs_links.problems(tmp_path) == [
        "a.html: fetches https://cdn.example.org/x.js",
        "a.html: fetches //pictures.example.org/y.png",
        "a.html: #top leads nowhere",
        "a.html: b.html#gone leads nowhere",
        "a.html: c.html leads nowhere",
        "own.css: fetches https://fonts.example.org/a.woff2",
    ]


# -- the built site ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs is not installed (pip install -e '.[docs]'); the site was not built")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(ROOT / "scripts" / "build_docs.py"), "--site", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    found = program()
    if found is None:
        pytest.skip("no chromium is installed; the pages of the site were not opened")
    with Browser(found, tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def until(page: Browser, expression: str) -> None:
    end = time.monotonic() + 20
    while not page.value(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.05)


def test_the_site_has_every_page_and_fetches_nothing(site: Path) -> None:
    assert docs_links.problems(site) == []
    pages = {p.relative_to(site).as_posix() for p in site.rglob("*.html")}
    kept = {p.relative_to(DOCS).with_suffix(".html").as_posix() for p in DOCS.rglob("*.md")}
    made = {Path(name).with_suffix(".html").as_posix() for name in docs_reference.pages()}
    assert pages == kept | made | {"404.html", "index.html", "changelog.html", "reference/model.html"}
    assert (site / "files" / "CITATION.cff").read_bytes() == (ROOT / "CITATION.cff").read_bytes()


def test_a_link_that_leads_nowhere_fails_the_build(site: Path, tmp_path: Path) -> None:
    for name in ("docs", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "README.md", "CHANGELOG.md", "CITATION.cff"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "docs" / "three-axes.md").write_text("# Axes\n\n[this](gone.md)\n", encoding="utf-8")
    command = [sys.executable, str(tmp_path / "scripts" / "build_docs.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "'three-axes.md' contains a link 'gone.md'" in done.stderr


ELEMENTS = "[...document.querySelectorAll('.model-element')].map(e => e.dataset.key)"
TYPE = (
    "const {0} = document.querySelector('{1}'); {0}.value = '{2}';"
    " {0}.dispatchEvent(new Event('{3}', {{bubbles: true}})); 1"
)


def test_the_model_is_searched_without_the_network(site: Path, browser: Browser) -> None:
    browser.open(site / "reference" / "model.html")
    assert browser.value("document.querySelector('.model-count').textContent") == "624 elements; click one, or type."
    browser.value(TYPE.format("a", ".model input", "lensna", "input"))
    until(browser, f"{ELEMENTS}[0] === 'Objective'")
    cells = "[...document.querySelector('.model-fields tbody tr').children].slice(0, 6).map(c => c.textContent)"
    assert browser.value(cells) == ["LensNA", "number (belongs in a methods section)", "", "1", "MUST", "Core"]
    browser.value("document.querySelector('.model-fields td details').open = true")
    until(browser, "document.querySelectorAll('.model-fields td details li').length > 5")
    links = browser.value("[...document.querySelectorAll('.model-fields td details li a')].map(a => a.href)")
    for link in links:
        page, _, fragment = link.partition("#")
        text = Path(page.removeprefix("file://")).read_text(encoding="utf-8")
        assert f'id="{fragment}"' in text
    browser.value("location.hash = '#Plane'; 1")
    until(browser, f"{ELEMENTS}.join() === 'Plane'")
    browser.value("location.hash = '#'; 1")
    until(browser, "document.querySelectorAll('.model-index').length === 1")
    browser.value(TYPE.format("b", ".model label:nth-of-type(5) select", "none", "change"))
    browser.value(TYPE.format("c", ".model label:nth-of-type(4) select", "must", "change"))
    until(browser, "document.querySelectorAll('.model-element').length === 60")
    assert browser.complaints() == []
    assert all(url.startswith(("file:", "data:")) for url in browser.fetched())


def test_the_site_is_searched_without_a_server(site: Path, browser: Browser) -> None:
    browser.open(site / "quickstart.html")
    browser.value("document.querySelector('label[for=__search]').click()")
    browser.value(TYPE.format("q", "[name=query]", "cover glass", "keyup"))
    until(browser, "document.querySelectorAll('.md-search-result__link').length > 0")
    found = browser.value("[...document.querySelectorAll('.md-search-result__link')].map(a => a.href)")
    assert any("zeiss-czi.html" in url for url in found)
    assert browser.complaints() == []
    assert all(url.startswith(("file:", "data:")) for url in browser.fetched())


@pytest.mark.parametrize("width", [1440, 500])
@pytest.mark.parametrize("page", ["index", "reference/model", "reference/commands", "reference/mappings/zeiss-czi"])
def test_no_page_is_wider_than_the_window(site: Path, browser: Browser, page: str, width: int) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    browser.open(site / f"{page}.html")
    assert browser.value("document.documentElement.scrollWidth") <= width
    browser.call("Emulation.clearDeviceMetricsOverride")
