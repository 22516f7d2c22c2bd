"""`schema -o`: a schema for a tier, written to a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from nbo_extract.cli.group import OK, Failure, Refusal
from nbo_extract.profiles import Profile
from nbo_extract.requirements import EXTENSIONS
from nbo_extract.shapes import wanted_by

if TYPE_CHECKING:
    from nbo_extract.requirements import Level
    from nbo_extract.shapes import Wanted


def write_schema(
    element: str | None,
    output: str,
    *,
    profile: Profile | None,
    tier: str | None,
    extensions: str | None,
    level: str | None,
) -> int:
    """Write a schema and return the exit code."""
    if element is not None:
        raise Refusal(f"-o writes the schema of whole documents, not of {element}; leave one of them out")
    if profile is None:
        profile = Profile(int(tier or 1), _named(extensions or "core"), cast("Level", level or "must"))
    text = _text(output, wanted_by(profile))
    if output == "-":
        sys.stdout.buffer.write(text.encode("utf-8"))
        sys.stdout.buffer.flush()
        return OK
    _write(output, text)
    click.echo(f"wrote {output}")
    return OK


def _named(extensions: str) -> frozenset[str]:
    names = [name.strip().lower() for name in extensions.split(",") if name.strip()]
    unknown = next((name for name in names if name not in EXTENSIONS), None)
    if unknown is not None or not names:
        told = f"{unknown!r} is" if unknown is not None else "nothing is"
        raise Refusal(f"{told} no extension of NBO; there are {', '.join(EXTENSIONS)}")
    return frozenset(names)


def _text(output: str, what: Wanted) -> str:
    ending = output.lower()
    if output == "-" or ending.endswith(".xsd"):
        from nbo_extract.schema_xsd import xsd_of

        return xsd_of(what)
    if ending.endswith(".json"):
        from nbo_extract.schema_json import json_schema_of

        return json_schema_of(what)
    raise Refusal(
        f"{output}: the ending says what is written; give .xsd for XML Schema or .schema.json for JSON Schema"
    )


def _write(output: str, text: str) -> None:
    from nbo_extract.errors import WriteError
    from nbo_extract.writers.sidecar import write_sidecar

    try:
        write_sidecar(Path(output), text)
    except WriteError as error:
        raise Failure(error.message) from error
