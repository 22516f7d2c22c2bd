"""How arguments become commands, and errors become one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from nbo_extract.cli.examples import EXAMPLES
from nbo_extract.cli.option_groups import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

OK, NOT_MET, USAGE, FAILED, INTERRUPTED = 0, 1, 2, 3, 130
#: Command that is meant where no command is named.
DEFAULT = "extract"


class Refusal(click.ClickException):
    """One sentence for the user; nothing was done.

    Parameters
    ----------
    message : str
    """

    exit_code = USAGE


class Failure(Refusal):
    """One sentence for the user: what was named cannot be worked on."""

    exit_code = FAILED


class Command(click.Command):
    """A command whose help has options in groups, and ends with examples."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options, in groups where they are many."""
        show_options(ctx, formatter, [p for p in self.get_params(ctx) if isinstance(p, click.Option)])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the examples of the command."""
        show_examples(ctx, formatter)


class Group(click.Group):
    """A group of commands; without one, it shows its help."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help where no command is named, unless a shell asks what may follow."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(USAGE)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the examples of the group."""
        show_examples(ctx, formatter)


def show_options(ctx: click.Context, formatter: click.HelpFormatter, options: Sequence[click.Parameter]) -> None:
    """Add options to a help, in groups where they are many."""
    for heading, group in grouped(options):
        with formatter.section(heading):
            formatter.write_dl([r for p in group if (r := p.get_help_record(ctx)) is not None])


def show_examples(ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Add a command's examples to its help, as they are, so that they can be pasted."""
    path = tuple(ctx.command_path.split()[1:])
    lines = EXAMPLES.get(path, ())
    if lines:
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Program(Group):
    """A group that takes paths directly: what is no command is an image for the default command."""

    group_class = Group

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in front, unless a command or an option of the program itself comes first."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help", "--version"):
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer commands, images and the options of the default command."""
        from nbo_extract.cli.shells import first_words

        return [*super().shell_complete(ctx, incomplete), *first_words(self, ctx, incomplete, DEFAULT)]

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show the default command's arguments."""
        return ["PATH...", "[OPTIONS]"]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of the default command, then the commands."""
        default = self.commands[DEFAULT]
        inner = click.Context(default, info_name=DEFAULT, parent=ctx)
        options = [p for p in default.params if isinstance(p, click.Option)]
        show_options(inner, formatter, [*options, *self.get_params(ctx)])
        self.format_commands(ctx, formatter)


class Default(click.Command):
    """The default command; its help is the program's."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the help of the program."""
        if ctx.parent is not None:
            ctx.parent.command.format_help(ctx.parent, formatter)


def run(program: click.Command, args: list[str] | None) -> int:
    """Run a program; every error ends as one line on standard error.

    Returns
    -------
    int
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        # A console that cannot show µ shows another sign; it does not stop the work.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
    shell = os.environ.get("_NBO_EXTRACT_COMPLETE")
    if shell:
        from nbo_extract.cli.shells import answer

        return answer(program, shell)
    try:
        code = program.main(args=args, prog_name="nbo-extract", standalone_mode=False)
    except click.ClickException as error:
        complain(_sentence(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted; what is finished is complete, the rest is as it was")
        return INTERRUPTED
    return code if isinstance(code, int) else OK


def _sentence(error: click.ClickException) -> str:
    message = error.format_message()
    if not isinstance(error, click.UsageError):
        return message
    from nbo_extract.cli.slips import sentence

    return sentence(error, DEFAULT)


def complain(message: str) -> None:
    """Write one line on standard error; what would break it, or is no text, such as a name may hold, is escaped."""
    from nbo_extract.stores import one_line

    click.echo(one_line(f"nbo-extract: {message}"), err=True)
