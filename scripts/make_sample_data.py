"""Make the sample data: small valid files of each format and a hardware description that matches them.

    python scripts/make_sample_data.py [FOLDER]

All content is made up for this project; the same bytes come out on every run. The hardware description disagrees with
the CZI in one place and has one gap, on purpose, so that a first run shows what such a report looks like.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import sample_calibration
import sample_czi
import sample_hardware
import sample_ome
import sample_study

FOLDER = Path(__file__).resolve().parent.parent / "sample_data"


def make(folder: Path) -> None:
    """Write all sample files into a folder, replacing older ones.

    Parameters
    ----------
    folder : Path
        Made if absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sample_czi.make_sample(folder / "widefield.czi")
    sample_ome.make_ome_tiff(folder / "confocal.ome.tiff")
    for version, name in (("0.4", "cells_v04.ome.zarr"), ("0.5", "cells_v05.ome.zarr")):
        shutil.rmtree(folder / name, ignore_errors=True)
        sample_ome.make_ome_zarr(folder / name, version)
    sample_hardware.make_hardware(folder / "microscope.json")
    sample_calibration.make_calibration(folder / "calibration.toml")
    sample_study.make_study(folder / "study.toml")


def main() -> None:
    """Command line."""
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)


if __name__ == "__main__":
    main()
