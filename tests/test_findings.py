"""Every code of a finding is explained, and every explained code is in use."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import make_findings
from nbo_extract.errors import UsageError
from nbo_extract.explanations import explain, explanations
from nbo_extract.findings import Finding

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
TABLE = ROOT / "mappings" / "nbo_extract_mappings" / "findings.toml"
CODE = re.compile(r"\bNBO[0-9]{3}\b")


def used() -> set[str]:
    folders = [ROOT / name for name in ("src", "readers", "mappings", "scripts")]
    files = [p for f in folders for kind in ("*.py", "*.toml", "*.j2", "*.html") for p in sorted(f.rglob(kind))]
    # The page as data names all codes, in use or not.
    files = [p for p in files if p != TABLE]
    return {code for p in files for code in CODE.findall(p.read_text(encoding="utf-8"))}


def test_every_code_in_use_is_on_the_page_once() -> None:
    rows = re.findall(r"^\| (NBO[0-9]{3}) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
    codes = [code for code, _, _ in rows]
    assert sorted(used() - set(codes)) == []
    assert sorted(set(codes) - used()) == []
    assert codes == sorted(set(codes))
    assert all(cause.endswith(".") and way.endswith(".") for _, cause, way in rows)


def test_findings_sort_by_severity_then_code() -> None:
    findings = [
        Finding("NBO203", "info", "c"),
        Finding("NBO201", "warning", "b"),
        Finding("NBO214", "error", "a"),
        Finding("NBO103", "warning", "d"),
    ]
    assert [f.message for f in sorted(findings, key=lambda f: f.rank)] == ["a", "d", "b", "c"]


def test_only_what_is_stated_is_in_the_dictionary() -> None:
    finding = Finding("NBO103", "warning", "a character was removed", file="a.czi")
    assert finding.to_dict() == {
        "code": "NBO103",
        "severity": "warning",
        "message": "a character was removed",
        "file": "a.czi",
    }


def test_the_table_of_explanations_is_that_of_the_page() -> None:
    known = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    message = "after a change of docs/findings.md: python scripts/make_findings.py"
    assert TABLE.read_text(encoding="utf-8") == make_findings.table(PAGE, known), message


def test_checks_are_explained_with_their_reason() -> None:
    for code, found in explanations().items():
        assert bool(found.why) == code.startswith("NBO2")


@pytest.mark.parametrize("written", ["NBO201", "nbo201", "201", " NBO 201 "])
def test_a_code_is_found_as_people_write_it(written: str) -> None:
    assert explain(written).cause == "A required attribute is missing."


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("NBO209", "is NBO200 or NBO201 or NBO202 meant?"),
        ("hello", "codes are NBO101 to"),
    ],
)
def test_an_unknown_code(code: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        explain(code)
    assert caught.value.message.startswith(f"there is no finding {code}; ")
    assert hint.split()[0] in caught.value.message
