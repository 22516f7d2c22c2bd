"""What is said of the sample images as a study, for the BioImage Archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# What is to be said of the sample images when they go to the BioImage Archive; all of it is made up.

[study]
title = "Nuclei and a green protein in cells of the sample data"
description = "Two-channel images that show how a microscope describes itself. There is no biology in them."
keywords = ["sample data", "fluorescence microscopy"]
license = "CC0"
release_date = "2099-12-31"
acknowledgements = "We thank the Sample Imaging Facility."

[[contact]]
name = "Ada Example"
email = "ada@example.org"
organisation = ["Sample Institute"]
role = "experimenter"
orcid = "0000-0002-1825-0097"

[[biosample]]
title = "HeLa cells"
organism = "Homo sapiens"
common_name = "human"
ncbi_taxon = "9606"
biological_entity = "HeLa cells"
intrinsic_variable = ["EGFP and mCherry, stable"]

[[specimen]]
title = "Fixed cells"
preparation_protocol = "Fixed in 4 % formaldehyde for 10 minutes, stained with DAPI, mounted in glycerol."
growth_protocol = "DMEM with 10 % serum, 37 °C, 5 % CO2."

# The OME-Zarr images do not say how they were taken.
[[image_acquisition]]
files = ["*.ome.zarr"]
title = "Converted images of the sample microscope"
imaging_method = "fluorescence microscopy"
imaging_instrument = "Wide-field microscope; the images were converted and have lost the rest."
"""


def make_study(path: Path) -> None:
    """Write what is said of the sample images."""
    path.write_bytes(TEXT.encode("utf-8"))
