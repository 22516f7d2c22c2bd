"""The files of a set told cheaply are those that the readers list."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import make_ome_sets
from make_mm import make_singles
from make_oif import make_oif
from nbo_extract.errors import NboExtractError
from nbo_extract.registry import find_reader, function, read
from nbo_extract.walk import walk
from nbo_extract_readers import members
from sample_ome import planes, tiff_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def same(files: Iterable[Path]) -> int:
    """Compare both ways for each file that a reader of one format takes; return how many."""
    count = 0
    for path in files:
        info = find_reader(str(path))
        if info is not None and info.members:
            try:
                expected = read(str(path)).files
            except NboExtractError:
                continue
            assert sorted(function(info.members)(str(path))) == sorted(expected)
            count += 1
    return count


def test_sample_data(sample_data: Path) -> None:
    assert same(p for p in sample_data.iterdir() if p.is_file()) == 2


def test_real_files(shared: Path) -> None:
    assert same(p for p in (shared / "samples").rglob("*") if p.is_file()) >= 15


@pytest.mark.parametrize("make", [make_ome_sets.full, make_ome_sets.with_companion, make_ome_sets.with_master])
@pytest.mark.parametrize("number", [2, 40])
def test_sets(tmp_path: Path, make: object, number: int) -> None:
    assert callable(make)
    files = make(tmp_path, number)
    assert same(files) == len(files)
    units = walk([str(tmp_path)]).units
    assert len(units) == 1
    assert units[0].files == tuple(sorted(str(f) for f in files if str(f) != units[0].path))


def test_a_set_of_which_a_file_is_missing_or_renamed(tmp_path: Path) -> None:
    files = make_ome_sets.full(tmp_path, 4)
    files[3].unlink()
    files[1].rename(tmp_path / "renamed.ome.tif")
    assert same(tmp_path.iterdir()) == 3


def test_single_images_with_a_text_beside_them(tmp_path: Path) -> None:
    make_singles(tmp_path)
    assert same(tmp_path.iterdir()) >= 2


def test_an_oif_and_its_folder_are_one_unit(tmp_path: Path) -> None:
    path = make_oif(tmp_path / "scan.oif")
    inside = [p for p in tmp_path.rglob("*") if p.is_file() and p != path]
    (inside[0].parent / "s_C001Z001.tif").write_bytes(tiff_bytes(planes()[:1], b""))
    (inside[0].parent / "Thumb.bmp").write_bytes(b"BM")
    assert same([path]) == 1
    result = walk([str(tmp_path)])
    [unit] = result.units
    assert (unit.relative, result.members) == ("scan.oif", len(inside) + 2)
    assert unit.files == tuple(sorted(str(p) for p in inside[0].parent.iterdir()))
    # Without the settings the images are found: nothing vanishes.
    path.unlink()
    assert [u.relative for u in walk([str(tmp_path)]).units] == [f"{inside[0].parent.name}/s_C001Z001.tif"]


def test_a_project_is_one_unit_with_the_images_that_it_refers_to(tmp_path: Path) -> None:
    (tmp_path / "Metadata").mkdir()
    for name in ("a", "b"):
        (tmp_path / "Metadata" / f"{name}.xlif").write_text(
            f'<LMSDataContainerHeader Version="2"><Element Name="{name}"><Data/></Element></LMSDataContainerHeader>'
        )
    references = "".join(f'<Reference File="Metadata/{n}.xlif"/>' for n in ("a", "b"))
    project = tmp_path / "night.xlef"
    project.write_text(
        f'<LMSDataContainerHeader Version="2"><Element Name="p"><Data/><Children>{references}</Children></Element>'
        "</LMSDataContainerHeader>"
    )
    assert same([project]) == 1
    result = walk([str(tmp_path)])
    assert [u.relative for u in result.units] == ["night.xlef"]
    assert result.members == 2


def test_the_log_beside_an_image_is_of_its_set(tmp_path: Path) -> None:
    path = tmp_path / "cells.dv"
    path.write_bytes(bytes(96) + b"\xa0\xc0" + bytes(30))
    (tmp_path / "cells.dv.log").write_text("x")
    assert members.of_deltavision(str(path)) == (str(path), f"{path}.log")
    assert walk([str(tmp_path)]).units[0].files == (f"{path}.log",)


def test_a_usual_file_is_not_read(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        shutil.copy(sample_data / "confocal.ome.tiff", tmp_path / f"{number}.ome.tiff")
    monkeypatch.setattr(members, "read", lambda path: pytest.fail(f"{path} was read"))
    assert len(walk([str(tmp_path)]).units) == 3


NAMES = st.sampled_from(["a.ome.tif", "b.ome.tif", "c.ome.tif", "gone.ome.tif", "", "x/../a.ome.tif", "&#98;.ome.tif"])
BLOCKS = st.lists(st.tuples(NAMES, st.integers(0, 3)), max_size=4)
AROUND = st.sampled_from(
    ["%s", "<!-- <UUID FileName='b.ome.tif'>u</UUID> -->%s", "%s<Plane TheZ='0' TheT='0' TheC='0'/>", "%s<Broken"]
)
NOTES = st.sampled_from(
    ["", '<StructuredAnnotations><XMLAnnotation ID="A:0"><Value><UUID FileName="b.ome.tif">u</UUID></Value>'
     "</XMLAnnotation></StructuredAnnotations>"]
)  # fmt: skip


@given(blocks=BLOCKS, own=st.sampled_from(["", 'UUID="urn:0"', "UUID='urn:1'"]), around=AROUND, notes=NOTES)
def test_any_ome_xml(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[tuple[str, int]], own: str, around: str, notes: str
) -> None:
    folder = tmp_path_factory.mktemp("set")
    data = "".join(
        f'<TiffData IFD="{i}"><UUID FileName="{name}">urn:{uuid}</UUID></TiffData>'
        for i, (name, uuid) in enumerate(blocks)
    )
    inner = f'<Image ID="Image:0"><Pixels ID="Pixels:0">{around % data}</Pixels></Image>{notes}'
    for name in ("a.ome.tif", "b.ome.tif", "c.ome.tif"):
        xml = f'<OME xmlns="{OME}" {own}>{inner}</OME>'
        (folder / name).write_bytes(tiff_bytes(planes()[:1], xml.encode()))
    assert same(folder.iterdir()) == 3
