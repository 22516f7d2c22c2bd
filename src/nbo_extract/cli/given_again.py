"""The command that goes on where another one ended, with the options that were given to that."""

from __future__ import annotations

import shlex
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from nbo_extract.config import ALL
from nbo_extract.stores import one_line

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

_NONE: Mapping[str, str] = MappingProxyType({})


def again(*words: str, leave: Container[str], more: Mapping[str, str] = _NONE) -> str:
    """Return a command with the options of the one that runs, as one line that a shell takes.

    Parameters
    ----------
    *words : str
        The command and what else stands in front.
    leave : container of str
        Names of parameters that the command does not need.
    more : mapping of str to str, optional
        Name of a parameter that takes several values to one that comes after those that were given.
    """
    context = click.get_current_context()
    told = list(words)
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
        if isinstance(option, click.Option) and given and name not in leave:
            told += _as_given(option, context.params[name])
        if isinstance(option, click.Option) and name in more:
            told += [option.opts[-1], more[name]]
    return one_line(shlex.join(told))


def _as_given(option: click.Option, value: Any) -> list[str]:
    """Write an option with its value, as the callbacks of options leave it, as it stands in a command."""
    flag = option.opts[-1]
    if option.is_flag:
        return [flag]
    if isinstance(value, dict):
        value = [f"{embedded}={described}" for embedded, described in value.items()]
    elif isinstance(value, frozenset):
        value = ["hardware" if ALL in value else f"hardware:{','.join(sorted(value))}"]
    elif not option.multiple:
        value = [",".join(value) if isinstance(value, tuple) else str(value)]
    return [word for each in value for word in (flag, each)]
