"""What was embedded is read back as it was stated, with its provenance."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import embed, extract, restore
from nbo_extract.calibration import CalibrationSet, Record
from nbo_extract.completing import complete
from nbo_extract.jsonio import to_json
from nbo_extract.model import Fact, Node, Source

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 1, 12)
IMAGES = ["confocal.ome.tiff", "cells_v04.ome.zarr", "cells_v05.ome.zarr"]


@pytest.fixture(params=IMAGES)
def image(request: pytest.FixtureRequest, sample_data: Path, tmp_path: Path) -> Path:
    name: str = request.param
    source, target = sample_data / name, tmp_path / name
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)
    return target


def content(path: Path) -> dict[str, bytes]:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return {str(p.relative_to(path.parent)): p.read_bytes() for p in files}


def test_block_reads_back_with_provenance(image: Path) -> None:
    before = content(image)
    document = extract(image)
    node = document.images[0]
    node.put("Name", "given by hand", None, Source("user", "sheet.csv", "B7"))
    assert embed(image, document).state == "embedded"

    again = extract(image)
    assert to_json(again) == to_json(document)
    assert again.images[0].facts["Name"].source == Source("user", "sheet.csv", "B7")
    # Without the block the image says what it said.
    assert extract(image, embedded=False).images[0].get("Name") != "given by hand"

    assert restore(image).state == "restored"
    assert content(image) == before


def test_embedding_twice_changes_nothing(image: Path) -> None:
    document = extract(image)
    embed(image, document)
    once = content(image)
    assert embed(image, extract(image, embedded=False)).state == "unchanged"
    assert content(image) == once


def test_unreadable_block_is_a_finding(image: Path) -> None:
    document = extract(image)
    embed(image, document)
    for file in [p for p in image.rglob("*") if p.is_file()] if image.is_dir() else [image]:
        data = file.read_bytes()
        # The same length, so that offsets in a TIFF stay what they are.
        for tag in (b"nbo:Pixels", b"nbo:Image "):
            data = data.replace(tag, tag.replace(b"nbo:P", b"nbo:Q").replace(b"nbo:I", b"nbo:J"))
        file.write_bytes(data)
    again = extract(image)
    assert [f.code for f in again.findings if f.code == "NBO157"] == ["NBO157"]
    assert again == extract(image, embedded=False)


def test_filled_attributes_are_no_statements_of_the_image(sample_data: Path, tmp_path: Path) -> None:
    image = tmp_path / "confocal.ome.tiff"
    # The image without a word on the iris, in as many bytes, so that offsets in the TIFF stay what they are.
    data = (sample_data / image.name).read_bytes()
    assert data.count(b' Iris="false"') == 1
    image.write_bytes(data.replace(b' Iris="false"', b" " * 13))
    before = image.read_bytes()
    document = extract(image)
    objective = document.instruments[0].all("Objective")[0]
    assert objective.get("Iris") is None
    objective.put("Iris", "true", None, Source("hardware", "scope.json", "components[1]"))
    embed(image, document)
    once = image.read_bytes()
    assert b'Iris="true"' in once[len(before) :].partition(b"nbo:OME")[0]

    again = extract(image, embedded=False)
    assert again.instruments[0].all("Objective")[0].get("Iris") is None
    # The same statements embedded again give the same file.
    assert embed(image, extract(image)).state == "unchanged"
    assert image.read_bytes() == once
    restore(image)
    assert image.read_bytes() == before


def test_a_plane_of_which_more_is_known_stands_once(image: Path) -> None:
    document = extract(image)
    stage = document.instruments[0].all("MechanicalStage") if document.instruments else []
    if not stage:
        if not document.instruments:
            document.root.add("Instrument", ID="Instrument:0")
        document.instruments[0].add("MechanicalStage", ID="MechanicalStage:9", Name="stage")
    for number, one in enumerate(document.instruments):
        one.put("Name", f"Scope {number}")
    name = stage[0].id if stage else "MechanicalStage:9"
    for one in document.images:
        one.put("AcquisitionDate", "2026-02-01")
    record = Node("MechanicalCalibration", {"Date": Fact("2026-01-12")})
    records = CalibrationSet("stage.toml", "", "0" * 64, "Scope 0", (Record(record, DAY, (("stage", name),), ""),))
    completed = complete(document, records)
    assert any(n.name == "MechanicalCalibration" for n in completed.root.walk())
    embed(image, completed)
    again = extract(image)
    assert again == completed
