"""The option `--convert`: where converted images are written, and what contradicts it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.cli.group import Refusal
from nbo_extract.cli.inputs import is_folder, refuse_collisions
from nbo_extract.cli.work import Task
from nbo_extract.stores import is_url, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.work import Job
    from nbo_extract.converting.conversion import Kind
    from nbo_extract.model import Document
    from nbo_extract.walk import Unit
    from nbo_extract.writers.block import WriteResult

#: Endings by which readers know what they are given.
ENDINGS: Final = {
    "ome-tiff": (".ome.tiff", ".ome.tif", ".ome.btf", ".ome.tf2", ".ome.tf8"),
    "ome-zarr": (".ome.zarr", ".zarr"),
}
#: An ending in two parts is one ending.
_DOUBLE: Final = (".ome.tiff", ".ome.tif", ".ome.btf", ".ome.tf2", ".ome.tf8", ".ome.zarr")


def refuse_contradictions(
    convert: str | None, output: str | None, format_: str | None, embed: bool, options: dict[str, Any]
) -> None:
    """Refuse options that do not go with `--convert`, or that are nothing without it.

    Raises
    ------
    Refusal
    """
    for name, kind in (("compression", "ome-tiff"), ("ngff", "ome-zarr")):
        if options.get(name) is not None and convert != kind:
            raise Refusal(f"--{name} is for --convert {kind}; leave it out")
    if convert is None:
        return
    if embed:
        raise Refusal("--embed writes into the image, --convert a new one; leave one of them out")
    if format_ is not None:
        raise Refusal("--convert writes an image that holds the metadata; leave --format out")
    if output is None:
        raise Refusal("--convert writes a new image: say where with -o, a file or a folder")
    if output == "-":
        raise Refusal("--convert writes no image to standard output; give a file or a folder with -o")


def plan_converting(units: Sequence[Unit], paths: Sequence[str], output: str, kind: Kind) -> list[Task]:
    """Give each image that is named the image that is written for it; what is in the folder already is not converted.

    Raises
    ------
    Refusal
        If two images would get one name, or the name is not one of the kind.
    """
    for place in (output, *(u.path for u in units)):
        if is_url(place):
            raise Refusal(f"{shown(place)}: --convert works on disks alone; copy the image to one")
    endings = ENDINGS[kind]
    single = len(units) == 1 and len(paths) == 1
    named = is_named_as(output, kind)
    if single and (named or not is_folder(output)):
        if not named:
            raise Refusal(f"{output}: by this name nobody knows what it is; end it with {endings[0]}")
        return [Task(units[0].path, output.rstrip("/" + os.sep))]
    if named or (os.path.exists(output) and not os.path.isdir(output)) or not is_folder(output):
        many = "one image of a folder" if len(units) == 1 else f"{len(units)} images"
        raise Refusal(f"{output}: {many} would be written to it; give a folder with -o")
    folder = os.path.abspath(output)
    tasks = [
        Task(u.path, os.path.join(output, *converted_name(u.relative, kind).split("/")))
        for u in units
        if not _within(os.path.abspath(u.path), folder) or len(units) == 1
    ]
    refuse_collisions(tasks)
    return tasks


def _within(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder


def is_named_as(output: str, kind: Kind) -> bool:
    """Whether a path is named like an image of a kind."""
    return output.lower().rstrip("/" + os.sep).endswith(ENDINGS[kind])


def converted_name(name: str, kind: Kind) -> str:
    """Return what the image that is made of one is called."""
    return f"{_stem(name)}{ENDINGS[kind][0]}"


def _stem(name: str) -> str:
    for ending in _DOUBLE:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return os.path.splitext(name)[0]


def convert(task: Task, job: Job, document: Document) -> WriteResult:
    """Convert one image."""
    from nbo_extract import api
    from nbo_extract.cli.work import make_folder
    from nbo_extract.converting.conversion import Options

    target = Path(task.target)
    options = Options(
        compression=job.compression or "zlib",
        ngff=job.ngff or "0.5",
        workers=job.threads,
        verify_pixels=job.verify_pixels,
        dry_run=job.dry_run,
    )
    if not job.dry_run and not target.parent.is_dir():
        make_folder(target.parent)
    assert job.convert is not None  # noqa: S101 - the goal says so
    result = api.convert(task.path, target, job.convert, document, reader=job.reader, options=options)
    return replace(result, path=target)
