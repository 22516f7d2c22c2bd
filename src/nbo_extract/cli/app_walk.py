"""Options that say which images are meant: a list of paths, and globs that take and leave."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def with_paths(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the arguments ``PATH...`` and the options that say which images of them are meant.

    The command gets ``paths``, and ``chosen``, which `find_images` takes.
    """

    @click.argument("paths", nargs=-1, metavar="PATH...")
    @click.option(
        "--include",
        multiple=True,
        metavar="GLOB",
        help="Of a folder, take images whose path or name is like this; ** stands for folders; repeatable.",
    )
    @click.option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        help="Of a folder, leave out files and folders whose path or name is like this; repeatable.",
    )
    @click.option(
        "--from-file",
        metavar="LIST",
        help="Take paths from a text file, one a line, or with NUL between them; - for standard input.",
    )
    @functools.wraps(command)
    def with_them(
        paths: tuple[str, ...],
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        from_file: str | None,
        **options: Any,
    ) -> int:
        if not paths and from_file is None:
            raise click.UsageError("Missing argument 'PATH...'.", click.get_current_context())
        from nbo_extract.cli.listed import Chosen, paths_in

        missing: tuple[str, ...] = ()
        if from_file is not None:
            listed, missing = paths_in(from_file)
            paths = (*paths, *listed)
        return command(paths=paths, chosen=Chosen(include, exclude, missing, from_file is not None), **options)

    return with_them
