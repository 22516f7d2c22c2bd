"""Names of the real CZI files that tests read where the reference folder is at hand, and the programs there."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

REAL_CZI = (
    "100x100.czi",
    "Al2O3_SE_020_sp.czi",
    "CellDivision_T3_Z5_CH2_X240_Y170.czi",
    "DAPI_GFP.czi",
    "FOV7_HV110_P0500510000.czi",
    "LSM880_AiryScan.czi",
    "RGB-8bit.czi",
    "S3_1Pos_2Mosaic_T2_Z3_CH2_sm.czi",
    "WellD6_S1.czi",
    "newCZI_compressed.czi",
    "nuc_small.czi",
    "s_1_t_1_c_1_z_1.czi",
)


def tool(shared: Path, name: str) -> ModuleType:
    """Import one of the reference programs of the folder by its path."""
    path = shared / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def score(shared: Path, truth: dict[str, Any], xml: str) -> tuple[list[Any], list[Any]]:
    """Return the certain facts of a truth table that an NBO document does not state, and what it states wrongly."""
    scoring = tool(shared, "score_fidelity")
    _, missed, wrong, _ = scoring.score(truth, scoring.collect(xml))
    return [(f["element"], f["attribute"], f["value"]) for f in missed], wrong
