"""What holds for the text on any Document: nothing is made up, and it is clean English."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complete_documents import random_document
from nbo_extract.api import extract
from nbo_extract.methods.collect import collect
from nbo_extract.methods.render import assemble, render
from nbo_extract.methods.wording import paragraph
from nbo_extract.summary_images import readable
from real_files import REAL_CZI

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.methods.wording import Paragraph
    from nbo_extract.model import Document

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def numbers_of(document: Document) -> set[str]:
    """Return all numbers that a Document states, as they are told; channels without a name are counted."""
    values = {f.value for n in document.root.walk() for f in n.facts.values()}
    values |= {n.text.value for n in document.root.walk() if n.text is not None}
    for node in document.root.walk():
        if node.planes is not None:
            values |= {v for column in node.planes.columns.values() for v in column if v is not None}
    texts = values | {readable(v) for v in values}
    unnamed = {str(n + 1) for i in document.images for p in i.all("Pixels") for n in range(len(p.all("Channel")))}
    return {n for t in texts for n in _NUMBER.findall(t)} | unnamed


def check(document: Document, mode: str) -> None:
    known = numbers_of(document)
    facts = collect(document)
    for image in facts.images:
        said: Paragraph = paragraph(image.setting, [image.size], mode)  # type: ignore[arg-type]
        for text in (said.text, said.legend):
            words = re.sub(r"% (?:CO2|O2)\b", "", text)
            assert set(_NUMBER.findall(words)) <= known, text
            # Names of parts are as they are stated; all that is ours is clean.
            assert not re.search(r"  |None|\(\)|\[\]|\bnot known\] not", text), text
            assert text == "" or text.endswith((".", "]."))
            if mode != "mark":
                assert "not known]" not in text


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_nothing_is_made_up_of_random_documents(seed: int) -> None:
    document = random_document(seed)
    for mode in ("mark", "list", "none"):
        check(document, mode)
    assert render(assemble([collect(document)]), "methods.txt.j2")


@pytest.mark.parametrize("name", ["widefield.czi", "confocal.ome.tiff", "cells_v05.ome.zarr"])
def test_nothing_is_made_up_of_the_sample_files(name: str, sample_data: Path) -> None:
    for mode in ("mark", "list", "none"):
        check(extract(sample_data / name), mode)


def test_nothing_is_made_up_of_real_files(shared: Path) -> None:
    others = ("lif/testdata_2channel_xz.lif", "nd2/cluster.nd2", "oib/test.oib", "dv/toxo.dv")
    for path in (shared / "samples" / name for name in (*(f"czi/{n}" for n in REAL_CZI), *others)):
        for mode in ("mark", "none"):
            check(extract(path), mode)
