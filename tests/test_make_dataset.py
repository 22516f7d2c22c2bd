"""The folders that scripts/make_dataset.py makes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from make_dataset import LOCKED, main
from nbo_extract.api import extract
from nbo_extract.errors import NboExtractError
from nbo_extract.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture
def out(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "out"
    if (tmp_path / "out" / LOCKED).exists():
        os.chmod(tmp_path / "out" / LOCKED, 0o755)  # noqa: S103 - to be removed


def test_each_copy_is_an_image_of_its_own(out: Path) -> None:
    assert main([str(out), "--count", "40", "--per-folder", "15"]) == 0
    units = walk([str(out)]).units
    assert len(units) == 40
    assert {u.relative.partition("/")[0] for u in units} == {"00000", "00001", "00002"}
    assert {Path(u.path).suffix for u in units} == {".czi", ".tiff", ".zarr"}
    images = {p: d for p, d in digests(out).items() if ".zarr/" not in p or p.endswith((".zattrs", "/zarr.json"))}
    heads = [d for p, d in images.items() if "/0/" not in p]
    assert len(set(heads)) == len(heads)
    for unit in [u for u in units if u.relative.startswith("00000")]:
        names = [n.get("Name") for n in extract(unit.path).root.walk() if n.name == "Image"]
        assert names
        assert all(names)


def test_the_same_options_give_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        main([str(tmp_path / name), "--count", "12", "--damaged", "25%", "--seed", seed])
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")


def test_damaged_ones_and_odd_names(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(out), "--count", "60", "--mix", "czi=1,ome-tiff=1", "--damaged", "0.1", "--odd-names"])
    assert "6 damaged" in capsys.readouterr().out
    (out / LOCKED).chmod(0o755)
    found = walk([str(out)], exclude=[LOCKED])
    assert len(found.units) == 60
    names = "".join(u.relative for u in found.units)
    assert "\n" in names
    assert any(0xDC80 <= ord(c) <= 0xDCFF for c in names)
    assert max(len(u.relative) for u in found.units) > 300
    failed = 0
    for unit in found.units:
        try:
            extract(unit.path)
        except NboExtractError:
            failed += 1
    assert failed == 6


def test_stand_ins_are_small_and_can_be_read(out: Path) -> None:
    main([str(out), "--count", "3", "--dry"])
    units = walk([str(out)]).units
    assert [Path(u.path).stat().st_size < 1024 for u in units] == [True] * 3
    assert len({extract(u.path).root.children[0].get("Name") or u.path for u in units}) == 3


def test_images_of_another_folder_and_of_a_size(out: Path, sample_data: Path, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "x.czi").write_bytes((sample_data / "widefield.czi").read_bytes())
    main([str(out), "--count", "2", "--from", str(tmp_path / "from"), "--size", "1.5MB"])
    files = [Path(u.path) for u in walk([str(out)]).units]
    assert [(f.suffix, f.stat().st_size) for f in files] == [(".czi", 1_500_000)] * 2
    assert all(extract(f).root.children for f in files)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--count", "1", "--mix", "nd2=1"], "make_dataset: --mix 'nd2=1' is not understood; write KIND=PARTS, kinds "
         "are czi, ome-tiff, ome-zarr"),
        (["--count", "0"], 2),
        (["--count", "1", "--damaged", "2"], 2),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(out: Path, args: list[str], message: str | int) -> None:
    with pytest.raises(SystemExit) as end:
        main([str(out), *args])
    assert end.value.code == message


def test_a_folder_that_is_there_is_kept(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(SystemExit):
        main([str(out), "--count", "1"])
    assert f"{out}: is there already; give a new folder" in capsys.readouterr().err
