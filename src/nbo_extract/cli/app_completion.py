"""The command `completion`."""

from __future__ import annotations

import click

from nbo_extract.cli.group import Command


@click.command("completion", cls=Command)
@click.argument("shell", metavar="SHELL")
def completion(shell: str) -> int:
    """Print what lets a shell complete commands, options and names.

    SHELL is bash, zsh or fish. The script goes where the shell looks for such scripts; docs/shell-completion.md names
    the places.
    """
    from nbo_extract.cli.shells import show

    return show(shell)
