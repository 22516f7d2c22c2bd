"""The sample data are what the scripts make, small, and valid for other readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import make_sample_data

if TYPE_CHECKING:
    from pathlib import Path


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_scripts_make_the_same_bytes(sample_data: Path, tmp_path: Path) -> None:
    make_sample_data.make(tmp_path)
    assert files(tmp_path) == files(sample_data)


def test_all_together_below_one_megabyte(sample_data: Path) -> None:
    assert sum(len(data) for data in files(sample_data).values()) < 1_000_000
