"""Every code of a finding is explained, and every explained code is in use."""

from __future__ import annotations

import re
from pathlib import Path

from nbo_extract.findings import Finding

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
CODE = re.compile(r"\bNBO[0-9]{3}\b")


def used() -> set[str]:
    folders = [ROOT / name for name in ("src", "readers", "mappings", "scripts")]
    files = [p for f in folders for kind in ("*.py", "*.toml", "*.j2", "*.html") for p in sorted(f.rglob(kind))]
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
