"""Options of the default command that say how an image is converted."""

from __future__ import annotations

from typing import Final

import click

CONVERTING: Final = (
    click.option(
        "--convert",
        type=click.Choice(["ome-tiff", "ome-zarr"]),
        help="Write the image itself anew, with all that is known of it, to the file or folder of -o.",
    ),
    click.option(
        "--compression",
        type=click.Choice(["zlib", "none"]),
        help="Of the OME-TIFF that --convert writes; no pixel changes. [zlib]",
    ),
    click.option("--ngff", type=click.Choice(["0.5", "0.4"]), help="Version of the OME-Zarr of --convert. [0.5]"),
)
