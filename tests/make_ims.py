"""Make small Imaris files: attributes as arrays of single characters, and pixels that nobody should open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

Groups = dict[str, dict[str, str]]

GROUPS: Groups = {
    "Image": {
        "Name": "cells", "Description": "first try", "X": "4", "Y": "8", "Z": "3", "Noc": "2", "Unit": "um",
        "ExtMin0": "10.0", "ExtMax0": "12.0", "ExtMin1": "0", "ExtMax1": "2", "ExtMin2": "-1", "ExtMax2": "0.5",
        "RecordingDate": "2018-05-22 21:10:15.050", "LensPower": "63.0", "NumericalAperture": "1.40",
    },
    "Channel 0": {"Name": "GFP", "LSMExcitationWavelength": "488", "LSMEmissionWavelength": "525"},
    "Channel 1": {"Name": "(name not specified)", "LSMEmissionWavelength": "0"},
    "TimeInfo": {"FileTimePoints": "2", "DatasetTimePoints": "2", "TimePoint1": "2018-05-22 21:10:15.050"},
}  # fmt: skip


def make_ims(path: Path, groups: Groups | None = None) -> Path:
    with h5py.File(path, "w") as file:
        for name, attributes in (GROUPS if groups is None else groups).items():
            group = file.create_group(f"DataSetInfo/{name}")
            for key, value in attributes.items():
                group.attrs[key] = np.frombuffer(value.encode(), dtype="S1")
        file.create_dataset("DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data", data=np.zeros((3, 8, 4), "u1"))
    return path
