"""The command `watch` and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.app_walk import with_paths
from nbo_extract.cli.group import Command

if TYPE_CHECKING:
    from collections.abc import Callable


def watch_command(shared: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Command:
    """Return the command, with the options that all commands on images share."""

    @click.command("watch", cls=Command)
    @with_paths
    @click.option("-o", "--output", metavar="FOLDER", help="Folder for what is written. [beside the image]")
    @click.option("--format", "format_", type=click.Choice(["xml", "json", "jsonld"]), help="What to write. [xml]")
    @click.option("--embed", is_flag=True, help="Write into the OME-TIFF or OME-Zarr itself; undo with restore.")
    @click.option(
        "--every", type=click.FloatRange(min=0.1), default=30.0, metavar="SECONDS", help="How often to look. [30]"
    )
    @click.option(
        "--settle",
        type=click.FloatRange(min=0.0),
        default=60.0,
        metavar="SECONDS",
        help="How long an image must stay as it is to be complete. [60]",
    )
    @click.option("--once", is_flag=True, help="End when all that is there is complete and done; for cron.")
    @click.option("--backup", is_flag=True, help="With --embed, keep a copy of what is changed.")
    @click.option("--journal", metavar="FILE", help="What is done. [.nbo-extract.journal in the folder written to]")
    @click.option("--no-summary", is_flag=True, help="Write no summary.csv.")
    @shared
    @click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
    def watch(**options: Any) -> int:
        """Work on images as a microscope writes them.

        Looks at folders again and again, and does with each new image what nbo-extract FOLDER does, as soon as it has
        stayed as it is for a while and no program says that it is still writing it. Ctrl-C ends; what is done is kept
        in the journal.
        """
        from nbo_extract.cli.watch import run

        return run(verify_pixels=False, follow_links=False, **options)

    return watch
