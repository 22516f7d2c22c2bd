"""What a mistake on the command line says: one sentence, with what may be meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHOICE = re.compile(r"^'(?P<value>.*)' is not one of ", re.DOTALL)


def sentence(error: click.UsageError, default: str) -> str:
    """Word an error of use.

    Parameters
    ----------
    error : click.UsageError
    default : str
        Name of the command that is meant where none is named; users do not see it.
    """
    command = error.ctx.command_path.removesuffix(f" {default}") if error.ctx is not None else "nbo-extract"
    see = f"see {command} --help"
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        return _option(error.option_name, error.ctx, command, see, default)
    match = re.match(r"No such command '(.*)'", error.message, re.DOTALL)
    if match is not None and isinstance(error.ctx, click.Context) and isinstance(error.ctx.command, click.Group):
        hint = meant(match[1], error.ctx.command.commands, see)
        return f"there is no command {match[1]}{_of(command)}; {hint}"
    message = error.format_message()
    text = message[:1].lower() + message[1:].rstrip(".")
    if isinstance(error, click.BadParameter) and error.param is not None and isinstance(error.param.type, click.Choice):
        chosen = _CHOICE.match(error.message)
        hint = meant(chosen["value"], [str(c) for c in error.param.type.choices], "") if chosen is not None else ""
        # click ends a sentence where no other follows.
        text = f"{text}; {hint}" if hint else text
    return text if text.endswith("meant?") else f"{text}; {see}"


def _option(name: str, context: click.Context, command: str, see: str, default: str) -> str:
    known = [o for p in context.command.get_params(context) if isinstance(p, click.Option) for o in p.opts]
    others = [path for path, opts in _options(context.find_root().command, "", default) if name in opts]
    if others:
        return f"there is no option {name}{_of(command)}, it is one of {others[0]}; {see}"
    hint = meant(name, [o for o in known if o.startswith("--")], see)
    return f"there is no option {name}{_of(command)}; {hint}"


def _of(command: str) -> str:
    words = command.partition(" ")[2]
    return f" of {words}" if words else ""


def _options(command: click.Command, path: str, default: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each command as users call it, and its options; the default one first."""
    if not isinstance(command, click.Group):
        yield path, {o for p in command.params for o in p.opts}
        return
    names = sorted(command.commands, key=lambda n: (n != default, n))
    for name in names:
        inner = f"{path} {name}".strip() if name != default else "nbo-extract PATH"
        yield from _options(command.commands[name], inner, default)
