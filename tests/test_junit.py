"""Results of checks for continuous integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from nbo_extract.findings import Finding
from nbo_extract.junit import Checked, to_junit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

MISSING = Finding("NBO201", "warning", "Objective 'a': Model is missing", element="Objective", where="usually from it")
INVALID = Finding("NBO212", "error", "Objective 'a': LensNA '-1' is below 0", element="Objective")
# The form that the common consumers accept (Jenkins xUnit, GitLab, GitHub actions), as they document it.
FORM = etree.RelaxNG(
    etree.fromstring(
        """<grammar xmlns="http://relaxng.org/ns/structure/1.0"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
         <start><element name="testsuites"><ref name="sums"/><zeroOrMore><ref name="suite"/></zeroOrMore>
         </element></start>
         <define name="sums"><attribute name="name"/>
          <attribute name="tests"><data type="nonNegativeInteger"/></attribute>
          <attribute name="failures"><data type="nonNegativeInteger"/></attribute>
          <attribute name="errors"><data type="nonNegativeInteger"/></attribute>
          <attribute name="skipped"><data type="nonNegativeInteger"/></attribute>
          <attribute name="time"><data type="decimal"/></attribute></define>
         <define name="suite"><element name="testsuite"><ref name="sums"/><zeroOrMore><ref name="case"/></zeroOrMore>
         </element></define>
         <define name="case"><element name="testcase"><attribute name="classname"/><attribute name="name"/>
          <attribute name="time"><data type="decimal"/></attribute>
          <optional><choice>
           <element name="skipped"><attribute name="message"/></element>
           <element name="failure"><ref name="why"/></element><element name="error"><ref name="why"/></element>
          </choice></optional></element></define>
         <define name="why"><attribute name="type"/><attribute name="message"/><text/></define></grammar>"""
    )
)


def parsed(text: str) -> etree._Element:
    root = etree.fromstring(text.encode("utf-8"))
    FORM.assertValid(root)
    for holder in (root, *root.iter("testsuite")):
        cases = list(holder.iter("testcase"))
        assert holder.get("tests") == str(len(cases))
        for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert holder.get(name) == str(sum(c.find(kind) is not None for c in cases))
    return root


def test_a_suite_per_image_and_a_case_per_element() -> None:
    elements = {"Objective": (10, 1, 0), "Instrument": (8, 0, 1), "Channel": (0, 0, 2)}
    text = to_junit(
        [
            Checked("a.czi", "tier 1", elements, (MISSING, INVALID)),
            Checked("b.czi", "tier 1", {}, failed="b.czi: it is cut off"),
        ]
    )
    root = parsed(text)
    assert {k: root.get(k) for k in ("tests", "failures", "errors", "skipped")} == {
        "tests": "5", "failures": "2", "errors": "1", "skipped": "1",
    }  # fmt: skip
    first, second = root
    cases = {c.get("name"): c for c in first}
    lens = cases["Objective (tier 1)"][0]
    assert (lens.tag, lens.get("type"), lens.get("message")) == ("failure", "missing", "1 of 10 fields missing")
    assert lens.text == "NBO201 Objective 'a': Model is missing; usually from it"
    assert len(cases["Instrument (tier 1)"]) == 0
    assert cases["Channel (tier 1)"][0].get("message") == "2 fields missing, and not counted for this image"
    values = cases["values, units and references (tier 1)"][0]
    assert (values.get("type"), values.get("message")) == ("invalid", "1 value is not allowed")
    assert values.text == "NBO212 Objective 'a': LensNA '-1' is below 0"
    assert second[0][0].get("message") == "b.czi: it is cut off"


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.text(max_size=30))
def test_whatever_names_hold_the_text_is_xml(path: str, message: str) -> None:
    finding = Finding("NBO201", "warning", message.encode("utf-8", "replace").decode(), element="Objective")
    root = parsed(to_junit([Checked(path, "tier 1", {"Objective": (1, 1, 0)}, (finding,))]))
    assert len(root) == 1


def test_from_the_command_line(run: Run, tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "widefield.czi").write_bytes((sample_data / "widefield.czi").read_bytes())
    (tmp_path / "broken.czi").write_bytes((sample_data / "widefield.czi").read_bytes()[:100])
    result = run("check", "widefield.czi", "broken.czi", "--junit", "r.xml", "--profile", "rembi")
    assert result.code == 3
    assert "Missing for profile rembi" in result.out
    first = (tmp_path / "r.xml").read_bytes()
    root = parsed(first.decode("utf-8"))
    assert [s.get("name") for s in root] == ["widefield.czi", "broken.czi"]
    assert [c.get("name") for c in root[0] if len(c)] == [
        "InvertedMicroscopeStand (profile rembi)", "Objective (profile rembi)", "CCD (profile rembi)",
    ]  # fmt: skip
    assert root[1][0][0].tag == "error"
    # The same results are the same bytes, and take the place of earlier ones.
    run("check", "widefield.czi", "broken.czi", "--junit", "r.xml", "--profile", "rembi", "--workers", "2")
    assert (tmp_path / "r.xml").read_bytes() == first
    alone = run("check", "widefield.czi", "--junit", "-", "--profile", "rembi")
    assert parsed(alone.out)[0].get("name") == "widefield.czi"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (
            "widefield.czi",
            "widefield.czi: this file holds no results of tests and is not overwritten; give another name",
        ),
        ("no/r.xml", "no: there is no such folder; make it, or give another name for the results"),
        (".", ".: this is a folder; give the name of a file for the results"),
    ],
)
def test_where_no_results_are_written(
    place: str, message: str, run: Run, tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = (sample_data / "widefield.czi").read_bytes()
    (tmp_path / "widefield.czi").write_bytes(content)
    result = run("check", "widefield.czi", "--junit", place)
    assert (result.code, result.out, result.err) == (2, "", f"nbo-extract: {message}\n")
    assert (tmp_path / "widefield.czi").read_bytes() == content


def test_two_reports_do_not_share_standard_output(run: Run, sample_data: Path) -> None:
    result = run("check", sample_data / "widefield.czi", "--junit", "-", "--json")
    assert result.err == "nbo-extract: --junit - and --json both write to standard output; give --junit a file\n"
    assert result.code == 2
