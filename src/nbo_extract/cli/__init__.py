"""The command line. Nothing but click is imported until a command needs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code.

    Parameters
    ----------
    args : sequence of str, optional
        Arguments; by default those of the process.
    """
    from nbo_extract.cli.app import program
    from nbo_extract.cli.group import run

    sys.exit(run(program, None if args is None else list(args)))
