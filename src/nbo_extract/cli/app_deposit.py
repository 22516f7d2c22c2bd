"""The command `deposit` and its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.group import Command

if TYPE_CHECKING:
    from collections.abc import Callable


def _columns(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(dict.fromkeys(t for part in value.split(",") if (t := part.strip())))


def deposit_command(shared: Callable[[Callable[..., Any]], Callable[..., Any]]) -> click.Command:
    """Return the command, with the options that all commands on images share."""

    @click.command("deposit", cls=Command)
    @click.argument("folder", metavar="FOLDER")
    @click.option("-o", "--output", metavar="FOLDER", help="Folder of the submission.")
    @click.option("--init", is_flag=True, help="Write a study.toml into FOLDER, to be filled in, with what is known.")
    @click.option("--check", is_flag=True, help="Verify FOLDER, a submission: exit 1 with what would be refused.")
    @click.option("--study", metavar="FILE", help="What is said of the study. [study.toml in FOLDER]")
    @click.option("--draft", is_flag=True, help="Write what is known, though the study is not fully described.")
    @click.option(
        "--fix-names",
        type=click.Choice(["propose", "apply"]),
        help="Show names that the archive takes instead of those it refuses, or use them in the submission.",
    )
    @click.option(
        "--files",
        "how",
        type=click.Choice(["link", "copy", "symlink"]),
        default="link",
        help="How images come into the submission: as hard links, which take no space, or copies. [link]",
    )
    @click.option("--columns", callback=_columns, metavar="LIST", help="Columns of file lists. [those that vary]")
    @click.option("--others", is_flag=True, help="Take along files that are no images.")
    @click.option("--md5", is_flag=True, help="Write MD5 checksums beside those of SHA-256.")
    @click.option(
        "--redact", is_flag=True, help="Leave people, user names, computers and folders out of what is written."
    )
    @click.option("--include", multiple=True, metavar="GLOB", help="Take images whose path or name is like this.")
    @click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders that are like this.")
    @shared
    def deposit(**options: Any) -> int:
        """Prepare a folder of images for the BioImage Archive.

        Checks all files by the archive's rules and makes a folder to upload: the images, file lists, what the archive's
        form asks for, PageTab, RO-Crate, NBO XML and JSON of each image, a report, checksums. The images themselves are
        never changed. Exit 1, with nothing written, if the archive would refuse anything.
        """
        from nbo_extract.cli.deposit import run

        return run(**options)

    return deposit
