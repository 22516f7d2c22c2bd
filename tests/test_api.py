"""The names that `nbo_extract` offers are functions, whatever was imported before."""

from __future__ import annotations

import importlib
import inspect
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import nbo_extract
from nbo_extract.errors import UnsupportedFormatError, WriteError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", nbo_extract.__all__)
def test_names_are_functions_after_everything_was_imported(name: str) -> None:
    for module in ("merging", "checking", "api"):
        importlib.import_module(f"nbo_extract.{module}")
    assert inspect.isfunction(getattr(nbo_extract, name))


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'extrakt'"):
        _ = nbo_extract.extrakt


def test_import_is_light() -> None:
    heavy = {"click", "lxml", "numpy", "rich", "tifffile", "zarr"}
    code = f"import sys, nbo_extract; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_documents_and_findings_pickle(sample_data: Path) -> None:
    document = nbo_extract.extract(sample_data / "widefield.czi")
    again = pickle.loads(pickle.dumps(document))  # noqa: S301 - our own bytes
    assert again == document
    assert again.findings == document.findings
    assert again.origin == document.origin


def test_same_file_same_document(sample_data: Path) -> None:
    from nbo_extract.jsonio import to_json

    texts = {to_json(nbo_extract.extract(sample_data / "widefield.czi")) for _ in range(2)}
    assert len(texts) == 1


def test_missing_file() -> None:
    with pytest.raises(UnsupportedFormatError) as caught:
        nbo_extract.extract("nowhere/image.czi")
    assert caught.value.message == "nowhere/image.czi: there is no such file; check the path"


def test_vendor_file_is_never_modified(sample_data: Path) -> None:
    path = sample_data / "widefield.czi"
    before = path.read_bytes()
    with pytest.raises(WriteError) as caught:
        nbo_extract.embed(path, nbo_extract.extract(path))
    assert caught.value.message == (
        f"{path}: metadata are embedded into OME-TIFF and OME-Zarr alone, vendor files are never modified; "
        "leave --embed out to write a sidecar file beside it"
    )
    assert path.read_bytes() == before


def test_planes_policy(sample_data: Path) -> None:
    document = nbo_extract.extract(sample_data / "widefield.czi", planes="none")
    assert all(node.planes is None for node in document.root.walk())
    assert [f.message for f in document.findings if f.code == "NBO156"] == [
        "the facts of 4 planes are left out; --planes all keeps them"
    ]
