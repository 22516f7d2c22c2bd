"""JSON Schemas for a tier: they accept the JSON of what misses nothing, and refuse the rest."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from complete_documents import PROFILES, Axes, complete, missing, random_document, what_of, without_one
from nbo_extract.jsonio import to_json
from nbo_extract.schema_json import json_schema_of, to_json_schema
from random_documents import Maker

if TYPE_CHECKING:
    from nbo_extract.model import Document


@functools.cache
def validator(axes: Axes) -> Draft202012Validator:
    return Draft202012Validator(json.loads(json_schema_of(what_of(axes))))


def refused(document: Document, axes: Axes) -> str:
    error = next(validator(axes).iter_errors(json.loads(to_json(document))), None)
    return "" if error is None else f"{error.json_path}: {error.message[-300:]}"


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(to_json_schema(1, ("core",))))


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.sampled_from(PROFILES), st.sampled_from([4, 12, 40]))
def test_any_document_is_accepted_exactly_if_nothing_is_missing(seed: int, axes: Axes, size: int) -> None:
    document = random_document(seed, size)
    gaps = missing(document, axes)
    assert (not refused(document, axes)) == (not gaps), refused(document, axes) or gaps


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.sampled_from(PROFILES), st.sampled_from([4, 12, 40]))
def test_a_complete_document_is_accepted_and_without_one_thing_judged_alike(seed: int, axes: Axes, size: int) -> None:
    document = complete(random_document(seed, size), axes, seed)
    assert refused(document, axes) == ""
    taken = without_one(document, Maker(seed))
    gaps = missing(document, axes)
    assert (not refused(document, axes)) == (not gaps), (taken, refused(document, axes), gaps)
