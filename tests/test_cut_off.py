"""A file that is cut off has lost pixels: it is refused in one sentence, wherever the cut is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from nbo_extract import extract
from nbo_extract.cli import main
from nbo_extract.errors import CorruptFileError, NboExtractError

if TYPE_CHECKING:
    from pathlib import Path

CUTS = 200


def test_czi_cut_anywhere_is_refused(sample_data: Path, tmp_path: Path) -> None:
    data = (sample_data / "widefield.czi").read_bytes()
    path = tmp_path / "cut.czi"
    numbers = random.Random(2024)
    for length in sorted(numbers.sample(range(1, len(data)), CUTS)):
        path.write_bytes(data[:length])
        with pytest.raises(NboExtractError) as caught:
            extract(path)
        assert str(path) in caught.value.message
        assert "copy it again" in caught.value.message
        assert "\n" not in caught.value.message


def test_message_says_how_much_is_missing(sample_data: Path, tmp_path: Path) -> None:
    data = (sample_data / "widefield.czi").read_bytes()
    path = tmp_path / "cut.czi"
    left = len(data) - 100
    path.write_bytes(data[:left])
    with pytest.raises(CorruptFileError) as caught:
        extract(path)
    assert caught.value.message == (
        f"{path}: the file is cut off or damaged: it has {left} bytes and names data up to byte {len(data)}; "
        "copy it again from where it was written"
    )


def test_partial_result_on_demand(sample_data: Path, tmp_path: Path) -> None:
    data = (sample_data / "widefield.czi").read_bytes()
    path = tmp_path / "cut.czi"
    path.write_bytes(data[:-100])
    document = extract(path, partial=True)
    assert "NBO108" in [f.code for f in document.findings]
    assert document.instruments[0].all("Objective")[0].get("LensNA") == "1.4"


def test_option_of_the_command_line(sample_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (sample_data / "widefield.czi").read_bytes()
    path = tmp_path / "cut.czi"
    path.write_bytes(data[:-100])
    with pytest.raises(SystemExit) as refused:
        main([str(path), "-q"])
    assert refused.value.code == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["cut.czi"]
    with pytest.raises(SystemExit) as taken:
        main([str(path), "-q", "--partial"])
    assert taken.value.code == 0
    assert (tmp_path / "cut.czi.nbo.xml").exists()
