"""Options of the default command that are for many images: the journal, and what is done again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.group import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OPTIONS = (
    click.option(
        "--journal",
        metavar="FILE",
        help="What is done, so that a run that was stopped goes on. [.nbo-extract.journal in the folder written to]",
    ),
    click.option("--no-journal", is_flag=True, help="Keep no journal: do everything, and begin anew each time."),
    click.option("--force", is_flag=True, help="Do again what the journal says is done."),
    click.option("--json", "as_json", is_flag=True, help="For a folder, tell events on standard output, one a line."),
    click.option("--no-summary", is_flag=True, help="For a folder, write no summary.csv and no report.html."),
    click.option("--retry-failed", is_flag=True, help="Do again what the journal says has failed."),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="For a folder, work on a dask.distributed cluster: tcp://HOST:PORT, or the file of its scheduler.",
    ),
)
_NAMES = ("journal", "no_journal", "force", "retry_failed", "no_summary", "as_json", "scheduler")


def batch_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as one dict, `batch`."""

    def command(**options: Any) -> Any:
        return function(batch={name: options.pop(name) for name in _NAMES}, **options)

    command.__doc__ = function.__doc__
    decorated: Callable[..., Any] = command
    # Options of the decorators further down were noted at the function.
    decorated.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def taken(batch: dict[str, Any], paths: Sequence[str], output: str | None, *, listed: bool) -> bool:
    """Whether a run works on a folder, or on a list of images, with all that belongs to it.

    Raises
    ------
    Refusal
        If the options contradict each other, or are for folders and none is given.
    """
    from nbo_extract.walk import is_folder_of_images

    if batch["no_journal"]:
        for name in ("journal", "force", "retry_failed"):
            if batch[name]:
                option = f"--{name.replace('_', '-')}"
                raise Refusal(f"{option} is for a journal, and --no-journal wants none; leave one of them out")
    folder = output != "-" and (listed or any(map(is_folder_of_images, paths)))
    for name in _NAMES:
        if batch[name] and not folder and name != "journal":
            option = "--json" if name == "as_json" else f"--{name.replace('_', '-')}"
            raise Refusal(f"{option} is for folders, and there is none; leave it out")
    if batch["journal"] is not None and output == "-":
        raise Refusal("--journal is for files that are written, and -o - writes none; leave one of them out")
    return folder or batch["journal"] is not None
