"""The command `restore`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from nbo_extract.api import embeddable, restore
from nbo_extract.cli.group import FAILED, OK, complain
from nbo_extract.cli.inputs import INTERRUPTED, and_more, find_images
from nbo_extract.errors import NboExtractError
from nbo_extract.stores import plain, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.writers.block import WriteResult


def run(paths: Sequence[str], *, follow_links: bool = False) -> int:
    """Restore images, those of folders included, and return the exit code."""
    found = find_images(paths, None, joined=True)
    named = {os.path.abspath(plain(p)) for p in paths}
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
        click.echo(f"{shown(unit.path)}: {_said(unit.path, result)}")
    return FAILED if failed else OK


def _said(path: str, result: WriteResult) -> str:
    if result.state != "restored":
        return "nothing was embedded"
    # The metadata of a file that holds pixels alone are in another one.
    name = os.path.basename(os.path.normpath(shown(path)))
    where = "" if os.path.basename(os.path.normpath(result.path)) == name else f" {result.path}"
    said = f"restored{where}{and_more(result.more)} ({result.bytes_added:+,} bytes)"
    return f"{said}; {INTERRUPTED}" if result.interrupted else said
