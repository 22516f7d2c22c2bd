"""Slide scanners, ScanImage, ImageJ, FluoView: the readers, each row of their tables, damage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tifffile

from families import check_rows, facts_of
from fuzz import campaign
from make_notes import APERIO, DIMENSIONS, SCANIMAGE, make_fluoview, make_imagej, make_ndpi, make_scanimage, make_svs
from make_tiff import Tiff, usual
from nbo_extract.api import extract
from nbo_extract.errors import CorruptFileError
from nbo_extract.registry import read
from nbo_extract.xmlio import from_xml, to_xml
from table_cases import nodes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from families import Facts

APERIO_FACTS = {
    "fluorophore.Name": ["Alexa Fluor 488"],
    "image.AcquisitionDate": ["2009-12-29"],
    "image.Name": ["11952"],
    "instrument_ref.ID": ["Instrument:0"],
    "objective.Magnification": ["20"],
    "objective_settings.ID": ["Objective:0"],
    "pixels.PhysicalSizeX": ["0.499 µm"],
    "pixels.PhysicalSizeY": ["0.499 µm"],
    "pixels.PixelType": ["uint16"],
    "pixels.SignificantBits": ["10"],
    "pixels.SizeC": ["1"],
    "pixels.SizeT": ["1"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ": ["1"],
}
NDPI_FACTS = {
    "channel.Name": ["FITC"],
    "image.AcquisitionDate": ["2020-01-02"],
    "instrument_ref.ID": ["Instrument:0"],
    "objective.Magnification": ["40"],
    "objective_settings.ID": ["Objective:0"],
    "pixels.PhysicalSizeX": ["0.25 µm"],
    "pixels.PhysicalSizeY": ["0.5 µm"],
    "pixels.PixelType": ["uint8"],
    "pixels.SizeC": ["3"],
    "pixels.SizeT": ["1"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "software.Name": ["NDP.scan"],
    "software.Version": ["2.5.86"],
    "software_ref.ID": ["AcquisitionSoftware:0"],
    "stage_label.X": ["1500 µm"],
    "stage_label.Y": ["250 µm"],
}
SCANIMAGE_FACTS = {
    "channel.Name": ["GFP", "Ch 3"],
    "image.AcquisitionDate": ["2016-05-31"],
    "instrument_ref.ID": ["Instrument:0"],
    "pixels.PixelType": ["uint16"],
    "pixels.SizeC": ["2"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "scanner.Type": ["Resonant"],
    "scanner_settings.EffectiveZoom": ["1.7", "1.7"],
    "scanner_settings.Rotation": ["0 deg", "0 deg"],
    "scanner_settings.ScanDirectionality": ["Bidirectional", "Bidirectional"],
    "scanner_settings.ScanTime": ["0.0334 s", "0.0334 s"],
    "scanner_settings.ZoomAreaHeight": ["256", "256"],
    "scanner_settings.ZoomAreaWidth": ["512", "512"],
    "software.Name": ["ScanImage"],
    "software.Version": ["2016.1"],
    "software_ref.ID": ["AcquisitionSoftware:0"],
}
IMAGEJ_FACTS = {
    "pixels.PhysicalSizeX": ["0.25 µm"],
    "pixels.PhysicalSizeY": ["0.2 µm"],
    "pixels.PhysicalSizeZ": ["0.75 µm"],
    "pixels.PixelType": ["uint8"],
    "pixels.SignificantBits": ["8"],
    "pixels.SizeC": ["2"],
    "pixels.SizeT": ["2"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ": ["3"],
    "pixels.TimeIncrement": ["2.5 s"],
}
FLUOVIEW_FACTS = {
    "image.Name": ["cells"],
    "pixels.PhysicalSizeX": ["0.25 µm"],
    "pixels.PhysicalSizeY": ["0.5 µm"],
    "pixels.PhysicalSizeZ": ["0.75 µm"],
    "pixels.PixelType": ["uint16"],
    "pixels.SizeC": ["2"],
    "pixels.SizeT": ["5"],
    "pixels.SizeX": ["4"],
    "pixels.SizeY": ["4"],
    "pixels.SizeZ": ["3"],
    "pixels.TimeIncrement": ["0.5 s"],
}
FAMILIES: list[tuple[str, str, Callable[[Path], Path], Facts]] = [
    ("aperio-svs", "a.svs", make_svs, APERIO_FACTS),
    ("hamamatsu-ndpi", "a.ndpi", make_ndpi, NDPI_FACTS),
    ("scanimage", "s.tif", make_scanimage, SCANIMAGE_FACTS),
    ("imagej", "i.tif", make_imagej, IMAGEJ_FACTS),
    ("fluoview", "f.tif", make_fluoview, FLUOVIEW_FACTS),
]
#: Rows that other files prove, in the tests below.
OTHER: dict[str, Facts] = {
    "imagej": {"pixels.SizeC#2": ["1"], "pixels.SizeZ#2": ["1"], "pixels.SizeT#2": ["1"]},
    "fluoview": {"pixels.SizeZ#2": ["1"], "pixels.SizeC#2": ["1"], "pixels.SizeT#2": ["1"]},
}


@pytest.mark.parametrize(("table", "name", "make", "expected"), FAMILIES, ids=[f[0] for f in FAMILIES])
def test_family(tmp_path: Path, table: str, name: str, make: Callable[[Path], Path], expected: Facts) -> None:
    path = make(tmp_path / name)
    assert read(path).reader == table
    document = extract(path)
    assert facts_of(table, document) == expected
    assert document.findings == []
    assert from_xml(to_xml(document)) == document
    check_rows(table, [expected, OTHER.get(table, {})])


@pytest.mark.parametrize(("table", "name", "make", "expected"), FAMILIES, ids=[f[0] for f in FAMILIES])
def test_damaged_copies(tmp_path: Path, table: str, name: str, make: Callable[[Path], Path], expected: Facts) -> None:
    assert campaign(str(make(tmp_path / name)), cuts=15, flips=30, seed=2, reader=table)["bad"] == []


@pytest.mark.parametrize("table", [f[0] for f in FAMILIES])
def test_a_file_of_another_family_is_refused(tmp_path: Path, table: str) -> None:
    tiff = Tiff()
    tiff.page(usual())
    path = tiff.save(tmp_path / "a.tif")
    with pytest.raises(CorruptFileError, match=r"a\.tif is cut off or damaged: (its description is none of|it has no)"):
        read(path, table)


def test_an_independent_reader_reads_the_same(tmp_path: Path) -> None:
    with tifffile.TiffFile(make_fluoview(tmp_path / "f.tif")) as file:
        notes = file.fluoview_metadata
    assert notes is not None
    assert notes["Dimensions"][2][:2] == ("z", 3)
    with tifffile.TiffFile(make_ndpi(tmp_path / "a.ndpi")) as file:
        tags = file.pages.first.ndpi_tags
    assert tags is not None
    assert tags["Magnification"] == 40.0
    with tifffile.TiffFile(make_svs(tmp_path / "a.svs")) as file:
        assert file.pages.first.is_svs
    with tifffile.TiffFile(make_scanimage(tmp_path / "s.tif")) as file:
        assert file.pages.first.is_scanimage
    with tifffile.TiffFile(make_imagej(tmp_path / "i.tif")) as file:
        assert file.imagej_metadata is not None
        assert file.imagej_metadata["slices"] == 3


# -------------------------------------------------------------------------------------------------------------- traps


def test_scale_of_a_larger_image_is_not_that_of_a_smaller(tmp_path: Path) -> None:
    small = APERIO.replace("(256x256)", "-> 1024x732")
    assert nodes(extract(make_svs(tmp_path / "a.svs", small)), "Pixels")[0].get("PhysicalSizeX") is None


def test_overview_of_a_slide_has_no_magnification(tmp_path: Path) -> None:
    assert nodes(extract(make_ndpi(tmp_path / "a.ndpi", lens=-1.0)), "Objective") == []
    stated = extract(make_ndpi(tmp_path / "b.ndpi", lens=-1.0, comments="Objective.Lens.Magnificant=20\r\n;a=b\r\n"))
    assert nodes(stated, "Objective")[0].get("Magnification") == "20"


def test_fluorescence_slide_is_not_of_three_channels(tmp_path: Path) -> None:
    pixels = nodes(extract(make_ndpi(tmp_path / "a.ndpi", mode=7)), "Pixels")[0]
    assert (pixels.get("SizeC"), pixels.get("PixelType")) == (None, None)


def test_regions_have_a_zoom_of_their_own(tmp_path: Path) -> None:
    several = SCANIMAGE.replace("mroiEnable = false", "mroiEnable = true")
    settings = nodes(extract(make_scanimage(tmp_path / "a.tif", several)), "ConfocalScannerSettings")[0]
    assert (settings.get("EffectiveZoom"), settings.get("ScanDirectionality")) == (None, "Bidirectional")


def test_single_image_of_imagej(tmp_path: Path) -> None:
    facts = facts_of("imagej", extract(make_imagej(tmp_path / "a.tif", "ImageJ=1.53t\nunit=inch\n")))
    assert {row: facts[row] for row in OTHER["imagej"]} == OTHER["imagej"]
    assert "pixels.PhysicalSizeX" not in facts
    stack = facts_of("imagej", extract(make_imagej(tmp_path / "b.tif", "ImageJ=1.34\nimages=7\n")))
    assert "pixels.SizeZ#2" not in stack


def test_fluoview_of_one_plane(tmp_path: Path) -> None:
    facts = facts_of("fluoview", extract(make_fluoview(tmp_path / "a.tif", DIMENSIONS[:2])))
    assert {row: facts[row] for row in OTHER["fluoview"]} == OTHER["fluoview"]
