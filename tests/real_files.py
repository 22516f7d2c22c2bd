"""Names of the real CZI files that tests read where the reference folder is at hand."""

from __future__ import annotations

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
