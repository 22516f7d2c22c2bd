"""The commands `export` and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.app_walk import with_paths
from nbo_extract.cli.group import Group

if TYPE_CHECKING:
    from collections.abc import Callable


def export_group(shared: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Group:
    """Return the group, with the options that all commands on images share."""

    @click.group("export", cls=Group)
    def export() -> None:
        """Write what other systems take."""

    @export.command("omero")
    @with_paths
    @click.option("-o", "--output", required=True, metavar="FILE", help="File to write, or - for standard output.")
    @click.option(
        "--format",
        "format_",
        type=click.Choice(["csv", "json"]),
        help="A table with its configuration for omero-metadata, or plain pairs. [by the ending of the file]",
    )
    @click.option("--dataset", metavar="NAME", help="Dataset of the images; needed where the target is a project.")
    @click.option("--keys", metavar="FILE", help="Table of keys of your own, a TOML file. [that of nbo-extract]")
    @click.option("--redact", is_flag=True, help="Leave out people, names of computers, and the folders of files.")
    @shared
    def omero(**options: Any) -> int:
        """Write key-value pairs for OMERO.

        A table FILE.csv with one row an image, and FILE-bulkmap.yml, from which the plug-in omero-metadata makes map
        annotations. No server is needed to write them.
        """
        from nbo_extract.cli.export import run_omero

        return run_omero(**options)

    return export
