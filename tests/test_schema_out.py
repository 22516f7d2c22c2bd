"""XML Schemas for a tier: they accept what misses nothing, and refuse the rest."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from complete_documents import ALL, PROFILES, Axes, complete, missing, random_document, without_one
from nbo_extract.applicability import placeholder
from nbo_extract.model import Document, Node
from nbo_extract.schema import load
from nbo_extract.schema_xsd import to_xsd
from nbo_extract.stated_words import no_placeholder, not_blank
from nbo_extract.xmlio import to_xml
from random_documents import Maker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

WORDS = ("na", "n/a", "not assigned", "999", "9999.0", "unknown", "-", "--", "tbd", "99", "n", "aßigned", "K")


@functools.cache
def compiled(axes: Axes) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(to_xsd(*axes).encode("utf-8")))


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
