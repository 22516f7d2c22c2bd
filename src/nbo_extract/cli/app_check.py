"""Options of `check` and of profiles, and the command `tier`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import click

from nbo_extract.cli.group import Command, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

_AXES = ("tier", "extensions", "level")


def with_profile(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the option ``--profile``, which takes the place of the three axes."""

    @click.option(
        "--profile",
        metavar="NAME|FILE",
        help="Check against a profile, of NBO's or in a TOML file of your own; see nbo-extract check --profiles.",
    )
    @functools.wraps(command)
    def with_it(profile: str | None, **options: Any) -> int:
        options["profile"] = None
        if profile is not None:
            options |= _of_profile(profile)
        return command(**options)

    return with_it


def _of_profile(given: str) -> dict[str, Any]:
    """Load a profile and refuse axes beside it."""
    from nbo_extract.errors import UsageError
    from nbo_extract.profiles import load_profile

    context = click.get_current_context()
    source = click.core.ParameterSource.COMMANDLINE
    axis = next((a for a in _AXES if context.get_parameter_source(a) is source), None)
    if axis is not None:
        raise Refusal(f"--profile says what is asked for, and --{axis} says it, too; leave one of them out")
    try:
        profile = load_profile(given)
    except UsageError as error:
        raise Refusal(error.message) from error
    axes = {"tier": profile.tier, "extensions": tuple(sorted(profile.extensions)), "level": profile.level}
    return {"profile": profile, **axes}


def _list_profiles(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from nbo_extract.cli.check import list_profiles

        context.exit(list_profiles())


def _explain(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and not context.resilient_parsing:
        from nbo_extract.cli.check import explain

        context.exit(explain(value))


def check_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give `check` the options that it alone has."""
    options = (
        click.option("--highest", is_flag=True, help="Say the highest tier that is met, and what the next one takes."),
        click.option("--junit", metavar="FILE", help="Report as JUnit XML, for continuous integration."),
        click.option(
            "--explain",
            metavar="CODE",
            is_eager=True,
            expose_value=False,
            callback=_explain,
            help="Explain a finding, such as NBO201, and leave.",
        ),
        click.option(
            "--profiles",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_list_profiles,
            help="List the profiles and leave.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("tier", cls=Command)
@click.argument("file", required=False, metavar="[FILE]")
@click.option(
    "--analysis", metavar="KIND", help="What the images are for: qualitative, quantitative, advanced or reproduction."
)
@click.option("--sample", metavar="KIND", help="fixed or live.")
@click.option("--technology", metavar="KIND", help="established or novel.")
@click.option(
    "--documentation", metavar="KIND", help="How the maker documents the microscope: complete, partial or none."
)
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON on standard output.")
def tier(file: str | None, as_json: bool, **answers: str | None) -> int:
    """Say which tier an experiment calls for.

    By the four criteria of the tier system, answered by options or in a TOML FILE with the same names.
    """
    from nbo_extract.cli.check import suggest

    return suggest(file, answers, as_json=as_json)
