"""The command `restore`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from nbo_extract.api import embeddable, restore
from nbo_extract.cli.group import FAILED, OK, complain
from nbo_extract.cli.inputs import find_images
from nbo_extract.errors import NboExtractError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(paths: Sequence[str], *, follow_links: bool = False) -> int:
    """Restore images, those of folders included, and return the exit code."""
    found = find_images(paths, None)
    named = {os.path.abspath(p) for p in paths}
    failed = bool(found.problems)
    for problem in found.problems:
        complain(problem)
    for unit in found.units:
        # In a folder, nothing is expected of files into which nothing is ever embedded.
        if os.path.abspath(unit.path) not in named and not embeddable(unit.path):
            continue
        try:
            result = restore(unit.path, follow_links=follow_links)
        except NboExtractError as error:
            complain(error.message)
            failed = True
            continue
        said = f"restored ({result.bytes_added:+,} bytes)" if result.state == "restored" else "nothing was embedded"
        click.echo(f"{unit.path}: {said}")
    return FAILED if failed else OK
