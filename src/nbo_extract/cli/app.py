"""Commands and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from nbo_extract import __version__
from nbo_extract.cli.app_check import check_options, tier, with_profile
from nbo_extract.cli.app_completion import completion
from nbo_extract.cli.app_deposit import deposit_command
from nbo_extract.cli.app_export import export_group
from nbo_extract.cli.app_methods import methods_command
from nbo_extract.cli.app_report import report_command
from nbo_extract.cli.app_schemas import XSD, schema
from nbo_extract.cli.app_walk import with_paths
from nbo_extract.cli.app_watch import watch_command
from nbo_extract.cli.batch_options import batch_options
from nbo_extract.cli.converting_options import CONVERTING
from nbo_extract.cli.group import Default, Program

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

_PATHS = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
_VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Show everything, not the first few.")


def _number(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    return None if value is None else int(value)


def _workers(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int:
    if value is None:
        return 0
    if not value.isdecimal() or int(value) < 1:
        raise click.BadParameter(f"{value!r} is no number of processes; give 1 or more")
    return int(value)


def _extensions(ctx: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from nbo_extract.requirements import EXTENSIONS

    names = tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
    unknown = [name for name in names if name not in EXTENSIONS]
    if unknown or not names:
        from nbo_extract.suggesting import meant

        first = unknown[0] if unknown else "nothing"
        raise click.BadParameter(f"{first!r} is no extension of NBO; {meant(first, EXTENSIONS)}")
    return names


def _matches(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in value]
    for embedded, _, described in pairs:
        if not embedded or not described:
            raise click.BadParameter("write the part in the image, =, the part in the description: Objective:0=63x oil")
    return {embedded.strip(): described.strip() for embedded, _, described in pairs}


def _prefer(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> frozenset[str]:
    if not value:
        return frozenset()
    from nbo_extract.config import ALL, elements_to_prefer

    names: list[str] = []
    for text in value:
        side, colon, elements = text.partition(":")
        given = [e.strip() for e in elements.split(",") if e.strip()]
        if side.strip().lower() != "hardware" or (colon and not given):
            raise click.BadParameter(f"{text!r} is not understood; write hardware, or hardware:Objective,Laser")
        names += given or [ALL]
    try:
        return elements_to_prefer(names)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _rules(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if not value:
        return value
    from nbo_extract.api import rules_to_skip
    from nbo_extract.errors import UsageError

    try:
        rules_to_skip(value)
    except UsageError as error:
        raise click.BadParameter(error.message) from error
    return value


def _all(*options: Decorator) -> Decorator:
    """Make one decorator of several, shown in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_HARDWARE = _all(
    click.option(
        "--hardware",
        multiple=True,
        metavar="PATH",
        help="Microscope description (Micro-Meta App JSON, NBO XML or JSON), recorded settings, calibration records, "
        "filled gap sheet, or a folder of them; repeatable.",
    ),
    click.option(
        "--match",
        "matches",
        multiple=True,
        callback=_matches,
        metavar="EMBEDDED=HARDWARE",
        help="Settle which described part a part of the image is, by IDs, names or models; repeatable.",
    ),
    click.option(
        "--prefer",
        multiple=True,
        callback=_prefer,
        metavar="hardware[:LIST]",
        help="Take the described value where both state one, of all elements or of these; repeatable.",
    ),
    click.option("--config", metavar="PATH", help="Configuration for all images. [the nearest nbo-extract.toml above]"),
    click.option("--no-config", is_flag=True, help="Use no configuration."),
)
_NO_SIDECAR = click.option(
    "--no-sidecar", is_flag=True, help="Read the image itself, whatever an earlier sidecar of it states."
)
_KEEPING = _all(
    click.option(
        "--planes",
        type=click.Choice(["auto", "all", "none"]),
        default="auto",
        help="Keep the facts of each plane; auto: of up to 20,000. [auto]",
    ),
    click.option(
        "--redact", is_flag=True, help="Leave out people, names of computers, and the folders of files, everywhere."
    ),
)
_BARE = click.option("--redact", is_flag=True, help="Leave out people, names of computers, and the folders of files.")


def _profile(tier: str) -> Decorator:
    """Make the options that say what is asked for; what a tier is good for is not the same in all commands."""
    return _all(
        click.option("--tier", type=click.Choice(["1", "2", "3"]), callback=_number, help=f"{tier} [1]"),
        click.option(
            "--extensions",
            default="core",
            callback=_extensions,
            metavar="LIST",
            help="Of core, basic, advanced, calibration; with commas. [core]",
        ),
        click.option(
            "--level",
            type=click.Choice(["must", "should"]),
            default="must",
            help="Check what NBO requires, or what it recommends as well. [must]",
        ),
        click.option(
            "--literal", is_flag=True, help="Count requirements, too, that the kind of image makes senseless."
        ),
    )


_LINKS = click.option(
    "--follow-links", is_flag=True, help="Change what symbolic links point to, and files with hard links."
)
_SAFETY = _all(
    click.option("--backup", is_flag=True, help="With --embed, keep a copy of what is changed: <name>.nbo-backup."),
    click.option(
        "--verify-pixels",
        is_flag=True,
        help="With --embed, hash all image data before and after; with --convert, read all pixels again and compare.",
    ),
    _LINKS,
)
_READING = _all(
    click.option("--reader", metavar="NAME", help="Reader to use; see nbo-extract doctor. [chosen by content]"),
    click.option(
        "--partial", is_flag=True, help="Read a file that is cut off as far as it goes, instead of refusing it."
    ),
    click.option(
        "--no-derive", is_flag=True, help="State only what the file states; derive nothing from names or positions."
    ),
    click.option(
        "--skip-rule",
        "skip_rules",
        multiple=True,
        callback=_rules,
        metavar="NAME",
        help="Derive nothing by this rule; see nbo-extract mappings rules; repeatable.",
    ),
    click.option(
        "--workers", callback=_workers, metavar="N", help="Processes to use. [one a core, where there are many images]"
    ),
)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="nbo-extract", message="%(prog)s %(version)s")
def program() -> None:
    """State the metadata of microscopy images in the 4DN-BINA-OME (NBO) model.

    Each PATH is an image, a folder of images, or an earlier sidecar. What the microscope wrote into the image is
    extracted, completed from a hardware description, checked against a tier, and written to a sidecar <name>.nbo.xml,
    or into the image itself.
    """


@program.command("extract", cls=Default, hidden=True)
@with_paths
@_HARDWARE
@click.option("--remember", is_flag=True, help="Keep what --match settles in the configuration.")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="File, folder, or - for standard output. [beside the image]",
)
@click.option("--format", "format_", type=click.Choice(["xml", "json", "jsonld"]), help="What to write. [xml]")
@click.option("--embed", is_flag=True, help="Write into the OME-TIFF or OME-Zarr itself; undo with restore.")
@_all(*CONVERTING)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would change.")
@_SAFETY
@_profile("Tier to check against; where given, exit 1 if it is not met.")
@with_profile
@_KEEPING
@_READING
@_NO_SIDECAR
@batch_options
@_VERBOSE
@click.option("-q", "--quiet", is_flag=True, help="Show errors only.")
def extract(**options: Any) -> int:
    """Extract, complete, check and write the metadata of images."""
    from nbo_extract.cli.extract import run

    return run(**options)


@program.command()
@with_paths
@_HARDWARE
@_profile("Tier to check against.")
@with_profile
@_READING
@_NO_SIDECAR
@XSD
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on standard output.")
@check_options
@_BARE
@_VERBOSE
def check(xsd: str | None, **options: Any) -> int:
    """Say what images miss for a tier.

    Each PATH is an image, a folder of images, or an NBO document that was written for one. A sidecar beside an image
    that has not changed since is read instead of it. Writes nothing; exit 1 if anything is missing.
    """
    if xsd is not None:
        from nbo_extract.cli.check_xsd import run_xsd

        return run_xsd(xsd, **options)
    from nbo_extract.cli.extract import run_check

    return run_check(**options)


program.add_command(tier)
program.add_command(report_command(_all(_HARDWARE, _profile("Tier to report on."), _READING, _NO_SIDECAR)))
program.add_command(export_group(_all(_HARDWARE, _READING, _NO_SIDECAR)))
program.add_command(deposit_command(_all(_HARDWARE, _READING, _NO_SIDECAR)))
program.add_command(methods_command(_all(_HARDWARE, _READING, _NO_SIDECAR)))
program.add_command(
    watch_command(_all(_KEEPING, _HARDWARE, _profile("Tier to check against."), with_profile, _READING, _NO_SIDECAR))
)


@program.command()
@with_paths
@click.option("-o", "--output", required=True, metavar="FILE", help="Sheet to write: .xlsx, .csv, or - for CSV.")
@_HARDWARE
@_profile("Tier whose missing fields are asked for.")
@with_profile
@_READING
@_NO_SIDECAR
@_BARE
@_VERBOSE
def gaps(**options: Any) -> int:
    """Write a sheet of what images miss, to fill in.

    One row for each missing field, grouped by microscope, image and channel, so that a fact is asked once. Filled in,
    the sheet goes back as one more --hardware FILE, together with the --hardware that gaps was given.
    """
    from nbo_extract.cli.gaps import run

    return run(**options)


@program.command()
@_PATHS
@_LINKS
def restore(paths: tuple[str, ...], follow_links: bool) -> int:
    """Take embedded metadata out again.

    An OME-TIFF gets its original bytes back, an OME-Zarr its original attributes. What another program has changed
    since is refused.
    """
    from nbo_extract.cli.restore import run

    return run(paths, follow_links=follow_links)


@program.group()
def config() -> None:
    """Look at a facility's configuration.

    A file nbo-extract.toml says which description is for which image, what is settled, and what no image states.
    """


@config.command("show")
@click.argument("path", default=".", metavar="[PATH]")
@click.option("--config", "given", metavar="PATH", help="Configuration to use. [the nearest nbo-extract.toml above]")
def config_show(path: str, given: str | None) -> int:
    """Show which configuration applies to a path.

    What it says and, for an image, which description is used and why.
    """
    from nbo_extract.cli.config import show

    return show(path, given)


@config.command("check")
@click.argument("file", metavar="FILE")
def config_check(file: str) -> int:
    """Check a configuration and the descriptions that it names."""
    from nbo_extract.cli.config import check_file

    return check_file(file)


@config.command("init")
@click.argument("folder", default=".", metavar="[FOLDER]")
def config_init(folder: str) -> int:
    """Write a configuration with comments, to be filled in."""
    from nbo_extract.cli.config import init

    return init(folder)


@program.group()
def hardware() -> None:
    """Look at microscope descriptions."""


@hardware.command("show")
@_PATHS
@click.option("--json", "as_json", is_flag=True, help="List as JSON on standard output.")
@_VERBOSE
def hardware_show(paths: tuple[str, ...], as_json: bool, verbose: bool) -> int:
    """List the parts of a microscope.

    With their IDs, which --match takes. Settings of an image and records of calibration are listed, too.
    """
    from nbo_extract.cli.hardware_show import show

    return show(paths, verbose=verbose, as_json=as_json)


@hardware.command("check")
@_PATHS
@_profile("Tier to check against.")
@with_profile
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on standard output.")
@_VERBOSE
def hardware_check(**options: Any) -> int:
    """Say what descriptions miss for a tier, and what is wrong in them.

    Records of calibration are checked against the descriptions given with them. Exit 1 if anything is missing or
    wrong.
    """
    from nbo_extract.cli.hardware import check_files

    return check_files(**options)


@hardware.command("convert")
@click.argument("path", metavar="FILE")
@click.option("-o", "--output", required=True, metavar="PATH", help="File, or - for standard output.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["xml", "json", "jsonld", "micro-meta"]),
    help="What to write; micro-meta is a Micro-Meta App microscope file. [by the ending of the file]",
)
@_VERBOSE
def hardware_convert(**options: Any) -> int:
    """Write a description in another form.

    FILE is a Micro-Meta App microscope file, NBO XML or NBO JSON. What the form has no place for is told.
    """
    from nbo_extract.cli.convert import convert

    return convert(**options)


program.add_command(schema)
program.add_command(completion)


@program.group()
def mappings() -> None:
    """Look at the tables from vendor to NBO."""


@mappings.command("list")
def mappings_list() -> int:
    """List the mapping tables."""
    from nbo_extract.cli.model import list_mappings

    return list_mappings()


@mappings.command("show")
@click.argument("name")
def mappings_show(name: str) -> int:
    """Show which vendor paths give which NBO attributes."""
    from nbo_extract.cli.model import show_mapping

    return show_mapping(name)


@mappings.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def mappings_check(names: tuple[str, ...]) -> int:
    """Check tables against the NBO model.

    Exit 1 if anything is wrong.
    """
    from nbo_extract.cli.model import check_mappings

    return check_mappings(names)


@mappings.command("rules")
def mappings_rules() -> int:
    """List the named rules by which facts are derived.

    --skip-rule turns one off, --no-derive all of them.
    """
    from nbo_extract.cli.model import list_rules

    return list_rules()


@mappings.command("coverage")
@_PATHS
@click.option("--reader", metavar="NAME", help="Reader to use; see nbo-extract doctor. [chosen by content]")
@click.option("--most", type=click.IntRange(1), default=20, metavar="N", help="Unread vendor paths to show. [20]")
@click.option("--rows", is_flag=True, help="Name the rows that gave nothing, too.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON on standard output, in full.")
def mappings_coverage(paths: tuple[str, ...], reader: str | None, most: int, rows: bool, as_json: bool) -> int:
    """Say how much of what images state is read.

    Per file and over all: the rows that gave a value, and the vendor paths that no row reads, so that the next row to
    write is obvious.
    """
    from nbo_extract.cli.coverage import run

    return run(paths, reader, most, rows=rows, as_json=as_json)


@program.command()
@click.option("--install", metavar="NAME", help="Install what an adapter needs beside this Python: aicsimageio.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on standard output.")
def doctor(install: str | None, as_json: bool) -> int:
    """Show what is installed and what works.

    For a report of a fault: versions, readers, adapters, extras, Java and Bio-Formats, what is missing and how to get
    it. What is shown names no folder, user or host, so that it can be pasted as it is. Exit 3 if something that every
    installation has is missing, not for what is optional.
    """
    from nbo_extract.cli.doctor import run, run_install

    return run(as_json=as_json) if install is None else run_install(install)
