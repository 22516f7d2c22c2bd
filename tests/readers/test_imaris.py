"""Imaris IMS: the reader, each row of the table, damage."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import h5py
import pytest

from families import check_rows, facts_of
from fuzz import campaign
from make_ims import GROUPS, make_ims
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import find_reader, read
from nbo_extract.xmlio import from_xml, to_xml
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

FACTS = {
    "channel.Name": ["GFP"],
    "description.text": ["first try"],
    "fluorophore.EmissionWavelength": ["525 nm"],
    "fluorophore.ExcitationWavelength": ["488 nm"],
    "image.AcquisitionDate": ["2018-05-22"],
    "image.Name": ["cells"],
    "instrument_ref.ID": ["Instrument:0"],
    "objective.LensNA": ["1.4"],
    "objective.Magnification": ["63"],
    "objective_settings.ID": ["Objective:0"],
    "pixels.PhysicalSizeX": ["0.5 µm"],
    "pixels.PhysicalSizeY": ["0.25 µm"],
    "pixels.PhysicalSizeZ": ["0.5 µm"],
    "pixels.SizeC": ["2"],
    "pixels.SizeT": ["2"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["8"],
    "pixels.SizeZ": ["3"],
}
OTHER = {"objective.Magnification#2": ["20"], "pixels.SizeC#2": ["2"]}


def test_every_row_is_proven(tmp_path: Path) -> None:
    path = make_ims(tmp_path / "a.ims")
    assert read(path).reader == "imaris"
    document = extract(path)
    assert facts_of("imaris", document) == FACTS
    assert [f.message for f in document.findings] == ["'(name not specified)' is a placeholder, not a value; left out"]
    assert from_xml(to_xml(document)) == document
    groups = deepcopy(GROUPS)
    groups["Image"]["LensPower"] = "20x"
    del groups["Image"]["Noc"]
    other = facts_of("imaris", extract(make_ims(tmp_path / "b.ims", groups)))
    assert {row: other[row] for row in OTHER} == OTHER
    check_rows("imaris", [FACTS, OTHER])


def test_pixels_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_ims(tmp_path / "a.ims")

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a data set was opened")

    monkeypatch.setattr(h5py.Dataset, "__init__", refuse)
    assert nodes(extract(path), "Objective")[0].get("LensNA") == "1.4"


def test_unit_that_is_none(tmp_path: Path) -> None:
    groups = deepcopy(GROUPS)
    groups["Image"]["Unit"] = "pixel"
    assert nodes(extract(make_ims(tmp_path / "a.ims", groups)), "Pixels")[0].get("PhysicalSizeX") is None


def test_other_files_of_hdf5(tmp_path: Path) -> None:
    path = tmp_path / "a.ims"
    with h5py.File(path, "w") as file:
        file.create_group("Else")
    with pytest.raises(CorruptFileError, match="it has no DataSetInfo, which makes an HDF5 file one of Imaris"):
        extract(path)
    path.rename(tmp_path / "a.h5")
    assert find_reader(str(tmp_path / "a.h5")) is None


def test_cut_off(tmp_path: Path) -> None:
    path = make_ims(tmp_path / "a.ims")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CorruptFileError, match=r"a\.ims is cut off or damaged: HDF5 cannot open it .* copy it again"):
        extract(path)


def test_damaged_copies(tmp_path: Path) -> None:
    assert campaign(str(make_ims(tmp_path / "a.ims")), cuts=20, flips=40, seed=2, reader="imaris")["bad"] == []
