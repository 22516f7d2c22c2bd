"""The command `schema`, and the option of `check` that takes a published schema."""

from __future__ import annotations

from typing import Any, Final

import click

from nbo_extract.cli.app_check import with_profile
from nbo_extract.cli.group import Command

XSD: Final = click.option(
    "--xsd",
    metavar="FILE",
    help="Validate against the published XML Schema of NBO, which you have in FILE, and explain what it says.",
)


@click.command(cls=Command)
@click.argument("element", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write a schema that a tier is checked with: .xsd, .schema.json, or - for XML Schema on standard output.",
)
@click.option("--tier", type=click.Choice(["1", "2", "3"]), help="With -o: the tier. [1]")
@click.option(
    "--extensions", metavar="LIST", help="With -o: of core, basic, advanced, calibration; with commas. [core]"
)
@click.option(
    "--level", type=click.Choice(["must", "should"]), help="With -o: what NBO requires, or recommends as well. [must]"
)
@with_profile
def schema(element: str | None, output: str | None, **axes: Any) -> int:
    """Show what NBO says of an element, or write a schema.

    Such as Objective. Without an element, all are listed. With -o, an XML Schema or JSON Schema is written in which
    exactly what a tier asks for is required, so that any XML or JSON tool can check it.
    """
    if output is None:
        from nbo_extract.cli.group import Refusal

        for name in ("profile", "tier", "extensions", "level"):
            if axes[name] is not None:
                raise Refusal(f"--{name} is for the schema that -o writes; give -o FILE with it, or leave it out")
        from nbo_extract.cli.model import show_schema

        return show_schema(element)
    from nbo_extract.cli.schemas import write_schema

    return write_schema(element, output, **axes)
