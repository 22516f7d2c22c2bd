"""The command `report` and its options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.app_check import with_profile
from nbo_extract.cli.app_walk import with_paths
from nbo_extract.cli.group import Command

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


def _date(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if value is not None and not _DATE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is no date; write it as 2024-03-14")
    return value or ""


def report_command(shared: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Command:
    """Return the command, with the options that all commands on images share."""

    @click.command("report", cls=Command)
    @with_paths
    @click.option("-o", "--output", required=True, metavar="FILE", help="HTML file to write, or - for standard output.")
    @click.option("--title", metavar="TEXT", help="Title of the report. [the name of what was given]")
    @click.option("--date", metavar="DATE", callback=_date, help="Date to print in it, as 2024-03-14. [none]")
    @click.option("--redact", is_flag=True, help="Leave out people, and the folders of files.")
    @click.option("--deposition", is_flag=True, help="Show how the images would stand in the BioImage Archive.")
    @with_profile
    @shared
    def report(**options: Any) -> int:
        """Write a report on images as one HTML page.

        How complete each file is, the light path of each channel as a drawing, all facts with their sources, what is
        missing and what disagrees. The page needs no network. Exit 1 if anything is missing.
        """
        from nbo_extract.cli.report import run

        return run(**options)

    return report
