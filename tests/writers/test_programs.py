"""Programs that people use open what was embedded, see it, and carry it on."""

from __future__ import annotations

import os
import shutil
import subprocess
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbo_extract import embed, extract, merge
from nbo_extract.xmlio import from_xml

if TYPE_CHECKING:
    from nbo_extract.model import Document

NBO = "https://nbo-extract.org/ns/nbo/02-01"


@pytest.fixture
def enriched(sample_data: Path, tmp_path: Path) -> tuple[Path, Document]:
    """Return an OME-TIFF with a block that was completed from a hardware description."""
    path = Path(shutil.copy(sample_data / "confocal.ome.tiff", tmp_path / "cells.ome.tiff"))
    same_stand = {"InvertedMicroscopeStand:0": "InvertedMicroscopeStand:00000000-5a4d-4000-8000-000000000001"}
    document = merge(extract(path), sample_data / "microscope.json", matches=same_stand)
    embed(path, document, verify_pixels=True)
    return path, document


def same(document: Document, other: Document) -> bool:
    """Whether two Documents state the same, planes apart, which a block leaves to the image."""
    for one in (document, other):
        for node in one.root.walk():
            node.planes = None
    document.arrange()
    other.arrange()
    return document.root == other.root


def test_tifffile_opens_it_and_has_the_annotation(enriched: tuple[Path, Document], sample_data: Path) -> None:
    import numpy as np
    import tifffile

    path, _ = enriched
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_ome
        assert NBO in (tiff.ome_metadata or "")
    assert np.array_equal(tifffile.imread(path), tifffile.imread(sample_data / "confocal.ome.tiff"))


def test_ome_types_opens_it_and_the_annotation_is_the_document(enriched: tuple[Path, Document]) -> None:
    import ome_types
    from lxml import etree

    path, document = enriched
    ome_types.validate_xml(path_xml(path))
    ome = ome_types.from_tiff(path)

    own = [a for a in ome.structured_annotations or () if a.namespace == NBO]
    assert [ref.id for ref in ome.images[0].annotation_refs][-1] == own[0].id
    # ome-types gives any element under its full name; the text of it is that of a document again.
    tree = etree.fromstring(path_xml(path))
    value = tree.find(f".//{{*}}XMLAnnotation[@Namespace='{NBO}']/{{*}}Value/*")
    assert value is not None
    assert same(from_xml(etree.tostring(value, encoding="unicode")), document)


def path_xml(path: Path) -> bytes:
    import tifffile

    with tifffile.TiffFile(path) as tiff:
        return str(tiff.ome_metadata).encode()


def test_bioio_opens_it_and_sees_the_annotation(enriched: tuple[Path, Document], sample_data: Path) -> None:
    if find_spec("bioio_ome_tiff") is None:
        pytest.skip("bioio-ome-tiff is not installed")
    import bioio_ome_tiff
    import numpy as np
    from bioio import BioImage

    path, _ = enriched
    with warnings.catch_warnings():
        # It calls ome-types in a way that this calls old.
        warnings.simplefilter("ignore")
        image = BioImage(path, reader=bioio_ome_tiff.Reader)
        before = BioImage(sample_data / "confocal.ome.tiff", reader=bioio_ome_tiff.Reader)
        metadata = image.ome_metadata
    assert NBO in {a.namespace for a in metadata.structured_annotations or ()}
    assert image.dims.shape == before.dims.shape
    assert np.array_equal(image.data, before.data)


@pytest.fixture(scope="module")
def jar() -> str:
    """Jar of Bio-Formats."""
    named = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if not Path(named).is_file():
        pytest.skip("NBO_BIOFORMATS_JAR does not name a bioformats_package.jar")
    return named


@pytest.mark.parametrize("target", ["out.ome.tiff", "out.companion.ome"])
def test_bfconvert_carries_the_block_over_intact(
    enriched: tuple[Path, Document], jar: str, target: str, tmp_path: Path
) -> None:
    path, document = enriched
    folder = tmp_path / "converted"
    folder.mkdir()
    name = "out.ome.tiff"
    options = ["-option", "ometiff.companion", target] if target.endswith(".companion.ome") else []
    call = ["java", "-cp", jar, "loci.formats.tools.ImageConverter", "-no-upgrade", *options, str(path), name]
    subprocess.run(call, check=True, capture_output=True, cwd=folder)

    again = extract(folder / target)

    assert same(again, document)
    assert [f.to_dict() for f in again.findings if f.code == "NBO157"] == []
    # The sources of facts are carried over, too.
    kinds = {f.source.kind for n in again.root.walk() for f in n.facts.values() if f.source is not None}
    assert kinds >= {"embedded", "hardware"}
