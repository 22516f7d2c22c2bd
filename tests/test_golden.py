"""The lifted document of the project's own CZI sample, with all provenance, as a golden file.

A change of reader, table, words or engine shows here as a difference in tests/golden. Where the change is meant, write
the file anew with ``pytest tests/test_golden.py --update-golden`` and review the difference with ``git diff``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.coverage import unmapped
from nbo_extract.jsonio import from_json, to_json
from nbo_extract.lift import lift
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers.czi import read
from sample_czi import make_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from nbo_extract.model import Document


def sample(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Document:
    monkeypatch.chdir(folder)
    make_sample("sample.czi")
    record = read("sample.czi")
    document = lift(record)
    document.unmapped = unmapped(record)
    # Where the file lies is another on each machine.
    document.origin.files = ("sample.czi",)
    return document


def test_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]) -> None:
    golden("sample_czi.json", to_json(sample(tmp_path, monkeypatch)))


def test_xml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, golden: Callable[[str, str], None]) -> None:
    golden("sample_czi.nbo.xml", to_xml(sample(tmp_path, monkeypatch)))


def test_the_forms_state_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = sample(tmp_path, monkeypatch)
    assert from_json(to_json(document)) == document
    assert from_xml(to_xml(document)) == document


def test_every_fact_says_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = sample(tmp_path, monkeypatch)
    for node in document.root.walk():
        for name, fact in node.facts.items():
            assert fact.source is not None, f"{node.name} {name}"
            assert fact.source.file == "sample.czi"
            assert fact.source.path, f"{node.name} {name}"
            assert fact.source.rule.startswith("zeiss-czi:") or name == "ID"
