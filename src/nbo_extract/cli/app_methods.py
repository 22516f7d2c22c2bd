"""The command `methods` and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.app_walk import with_paths
from nbo_extract.cli.group import Command

if TYPE_CHECKING:
    from collections.abc import Callable

_TEMPLATES = ["methods.txt", "methods.md", "legend.txt", "legend.md"]


def _show(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        from nbo_extract.cli.methods import show_template

        context.exit(show_template(value))


def methods_command(shared: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Command:
    """Return the command, with the options that all commands on images share."""

    @click.command("methods", cls=Command)
    @with_paths
    @click.option("-o", "--output", default="-", metavar="FILE", help="File to write. [- for standard output]")
    @click.option("--format", "format_", type=click.Choice(["text", "markdown"]), help="Form of the text. [text]")
    @click.option("--short", "--legend", "short", is_flag=True, help="Write the short form, for a figure legend.")
    @click.option(
        "--gaps",
        type=click.Choice(["mark", "list", "none"]),
        default="mark",
        help="Mark in the text what is not known, list it after the text, or leave it out. [mark]",
    )
    @click.option(
        "--digits",
        type=click.IntRange(1, 15),
        metavar="N",
        help="Round measured numbers in the text to so many significant digits, and say so. [as stated]",
    )
    @click.option(
        "--template", metavar="FILE|FOLDER", help="Use this template, or those of a folder. [of the configuration]"
    )
    @click.option(
        "--show-template",
        type=click.Choice(_TEMPLATES),
        is_eager=True,
        expose_value=False,
        callback=_show,
        help="Print a built-in template, to change it.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Give the facts as JSON instead of a text.")
    @click.option("--redact", is_flag=True, help="Leave out people, and the folders of files.")
    @shared
    def methods(**options: Any) -> int:
        """Write the Materials and Methods paragraph of images.

        Microscope, objective, pixels, and the light path of each channel, as the images and the hardware description
        state them; images that were taken alike are told once. What is not known is marked, never made up.
        """
        from nbo_extract.cli.methods import run

        return run(**options)

    return methods
