"""Real CZI files against facts that experts read in them: all that is certain is found, nothing wrong is stated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from nbo_extract.lift import lift
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.czi import read
from real_files import REAL_CZI, tool

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

# Of the facts that are certain; the table reaches more, but a fact that a change loses for a good reason is no error.
RECALL = 0.95


@pytest.fixture(scope="module")
def scoring(shared: Path) -> ModuleType:
    return tool(shared, "score_fidelity")


@pytest.fixture(scope="module")
def relaxed(shared: Path) -> Any:
    """Return the published schema with nothing compulsory: what is stated has to be valid."""
    return tool(shared, "validate_nbo").relaxed_schema()


def test_all_files_of_the_folder_are_here(shared: Path) -> None:
    assert sorted(p.name for p in (shared / "samples" / "czi").glob("*.czi")) == sorted(REAL_CZI)


@pytest.mark.parametrize("name", REAL_CZI)
def test_facts(shared: Path, scoring: ModuleType, name: str) -> None:
    truth = json.loads((shared / "truth" / f"{name}.json").read_text(encoding="utf-8"))
    document = lift(read(str(shared / "samples" / "czi" / name)))
    found, missed, wrong, _ = scoring.score(truth, scoring.collect(to_xml(document)))
    assert wrong == []
    total = len(found) + len(missed)
    assert total > 0
    assert len(found) / total >= RECALL, [(f["element"], f["attribute"], f["value"]) for f in missed]


@pytest.mark.parametrize("name", REAL_CZI)
def test_output_is_valid_and_reads_back(shared: Path, relaxed: Any, name: str) -> None:
    document = lift(read(str(shared / "samples" / "czi" / name)))
    xml = to_xml(document)
    relaxed.validate(etree.fromstring(xml.encode()))
    assert [str(e) for e in relaxed.error_log] == []
    assert from_xml(xml) == document
    assert [f.message for f in document.findings if f.severity != "info"] == []
