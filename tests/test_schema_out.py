"""XML Schemas for a tier: they accept what misses nothing, and refuse the rest."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from commands import Result
from complete_documents import ALL, PROFILES, Axes, complete, missing, random_document, what_of, without_one
from nbo_extract.applicability import placeholder
from nbo_extract.model import Document, Node
from nbo_extract.profiles import named
from nbo_extract.requirements import requirements
from nbo_extract.schema import load
from nbo_extract.schema_json import to_json_schema
from nbo_extract.schema_xsd import to_xsd, xsd_of
from nbo_extract.shapes import Wanted, wanted_by
from nbo_extract.stated_words import no_placeholder, not_blank
from nbo_extract.xmlio import to_xml
from random_documents import Maker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WORDS = ("na", "n/a", "not assigned", "999", "9999.0", "unknown", "-", "--", "tbd", "99", "n", "aßigned", "K")


@functools.cache
def compiled(axes: Axes) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(xsd_of(what_of(axes)).encode("utf-8")))


def refused(document: Document, axes: Axes) -> str:
    schema = compiled(axes)
    return "" if schema.validate(etree.fromstring(to_xml(document).encode("utf-8"))) else str(schema.error_log)


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.sampled_from(PROFILES), st.sampled_from([4, 12, 40]))
def test_any_document_is_accepted_exactly_if_nothing_is_missing(seed: int, axes: Axes, size: int) -> None:
    document = random_document(seed, size)
    gaps = missing(document, axes)
    assert (not refused(document, axes)) == (not gaps), refused(document, axes) or gaps


@settings(max_examples=120)
@given(st.integers(0, 2**32), st.sampled_from(PROFILES), st.sampled_from([4, 12, 40]))
def test_a_complete_document_is_accepted_and_without_one_thing_judged_alike(seed: int, axes: Axes, size: int) -> None:
    document = complete(random_document(seed, size), axes, seed)
    assert refused(document, axes) == ""
    maker = Maker(seed)
    taken = [without_one(document, maker)]
    gaps = missing(document, axes)
    assert (not refused(document, axes)) == (not gaps), (taken, refused(document, axes), gaps)


@settings(max_examples=300)
@given(st.one_of(st.sampled_from(WORDS), st.text(max_size=8), st.text("nNaA/.9 0ſsK-\t", max_size=12)), st.booleans())
def test_expressions_mean_what_placeholders_mean(text: str, measured: bool) -> None:
    node = Node("Pixels" if measured else "Objective")
    node.put("Name", text)
    attribute = load().element("Objective").attributes["Model"]
    stated = bool(text.strip()) and not placeholder(node, "Name", attribute)
    if not any(ord(c) < 0x20 and c not in "\t\n\r" for c in text):
        assert (re.fullmatch(no_placeholder(measured=measured), text) is not None) == stated
        assert (re.fullmatch(not_blank(), text) is not None) == bool(text.strip())


def objective(**facts: str) -> Document:
    document = Document()
    instrument = document.root.add("Instrument", ID="Instrument:0", Name="Scope")
    instrument.add("Objective", **facts)
    return complete(document, (1, ("core",), "must"))


@pytest.mark.parametrize("name", ["Manufacturer", "Model", "Magnification", "LensNA"])
def test_what_is_a_must_of_an_objective_is_required(name: str) -> None:
    document = objective()
    (node,) = document.instruments[0].all("Objective")
    assert refused(document, (1, ("core",), "must")) == ""
    del node.facts[name]
    assert f"The attribute '{name}' is required but missing" in refused(document, (1, ("core",), "must"))


def test_what_is_a_should_is_required_where_it_is_asked() -> None:
    document = objective()
    assert refused(document, (1, ("core",), "should"))
    asked: Axes = (3, ("core",), "should")
    complete(document, asked)
    assert refused(document, asked) == ""
    del document.instruments[0].all("Objective")[0].facts["LotNumber"]
    assert "The attribute 'LotNumber' is required but missing" in refused(document, asked)
    assert refused(document, (1, ("core",), "must")) == ""


def test_values_are_of_the_types_of_nbo() -> None:
    document = objective()
    (node,) = document.instruments[0].all("Objective")
    for name, value in (("LensNA", "wide"), ("ImmersionType", "Beer"), ("ID", "no id")):
        good = node.facts[name]
        node.put(name, value)
        assert f"attribute '{name}'" in refused(document, (1, ("core",), "must"))
        node.facts[name] = good


def test_a_document_that_describes_nothing_is_refused() -> None:
    assert "Missing child element(s)" in refused(Document(), (1, ("core",), "must"))


def test_flaws_are_told_where_they_stand() -> None:
    text = to_xsd(2, ALL)
    assert 'name="FWHMBandwidth" type="value.PositiveFloat.text" use="required"' in text
    assert "a long-pass or short-pass optic has no bandwidth" in text
    assert "ID: its published name holds a blank, so that no XML can carry it" in text
    assert "Geometry: NBO's schema allows no value at all here" in text
    assert "nbo-extract check --tier 2 --extensions core,basic,advanced,calibration --level must --literal" in text
    assert to_xsd(2, reversed(ALL)) == text


def test_a_profile_of_ones_own_goes_in() -> None:
    what = Wanted("the numerical aperture", "--profile mine", lambda d, p: [
        r for r in requirements(d, p) if (r.element, r.name) == ("Objective", "LensNA")
    ], "02-01")  # fmt: skip
    schema = etree.XMLSchema(etree.fromstring(xsd_of(what).encode("utf-8")))
    document = Document()
    lens = document.root.add("Instrument").add("Objective")
    assert not schema.validate(etree.fromstring(to_xml(document).encode("utf-8")))
    lens.put("LensNA", "1.4")
    assert schema.validate(etree.fromstring(to_xml(document).encode("utf-8"))), str(schema.error_log)


def test_axes_that_nbo_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="the tier is 1, 2 or 3 and the level is must or should"):
        to_xsd(4, ["core"])
    with pytest.raises(ValueError, match="fancy is no extension of NBO"):
        to_xsd(1, ["fancy"])


def test_the_command_writes_what_its_ending_says(run: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "nbo-tier1.xsd"
    assert run("schema", "--tier", "1", "-o", target) == Result(0, f"wrote {target}\n", "")
    assert target.read_text(encoding="utf-8") == to_xsd(1, ["core"]) == run("schema", "-o", "-").out
    target = tmp_path / "rembi.xsd"
    assert run("schema", "--profile", "rembi", "-o", target).code == 0
    assert target.read_text(encoding="utf-8") == xsd_of(wanted_by(named("rembi")))
    assert "misses nothing for nbo-extract check --profile rembi --literal" in target.read_text(encoding="utf-8")
    target = tmp_path / "nbo.schema.json"
    assert run("schema", "--extensions", "core,basic", "--level", "should", "-o", target).code == 0
    assert target.read_text(encoding="utf-8") == to_json_schema(1, ["core", "basic"], "should")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--profile", "rembi"), "--profile is for the schema that -o writes; give -o FILE with it, or leave it out"),
        (
            ("--profile", "rembi", "--tier", "1", "-o", "x.xsd"),
            "--profile says what is asked for, and --tier says it, too; leave one of them out",
        ),
        (("--tier", "2"), "--tier is for the schema that -o writes; give -o FILE with it, or leave it out"),
        (
            ("Objective", "-o", "x.xsd"),
            "-o writes the schema of whole documents, not of Objective; leave one of them out",
        ),
        (
            ("-o", "x.txt"),
            "x.txt: the ending says what is written; give .xsd for XML Schema or .schema.json for JSON Schema",
        ),
        (
            ("-o", "x.xsd", "--extensions", "fancy"),
            "'fancy' is no extension of NBO; there are core, basic, advanced, calibration",
        ),
        (
            ("-o", "x.xsd", "--extensions", ","),
            "nothing is no extension of NBO; there are core, basic, advanced, calibration",
        ),
    ],
)
def test_bad_input_is_one_sentence(run: Callable[..., Result], args: tuple[str, ...], sentence: str) -> None:
    assert run("schema", *args) == Result(2, "", f"nbo-extract: {sentence}\n")


def test_a_folder_that_is_not_there(run: Callable[..., Result], tmp_path: Path) -> None:
    target = tmp_path / "none" / "x.xsd"
    sentence = f"{target} cannot be written, because there is no folder {target.parent}: make it, or choose -o"
    assert run("schema", "-o", target) == Result(3, "", f"nbo-extract: {sentence}\n")
