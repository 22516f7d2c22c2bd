"""The command `export omero`: images in, key-value pairs out."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.group import FAILED, OK, Refusal, complain
from nbo_extract.cli.inputs import refuse_no_file
from nbo_extract.cli.looking import Looking
from nbo_extract.counting import counted
from nbo_extract.errors import UsageError
from nbo_extract.stores import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.export_omero import ImagePairs, Keys

_LOOKED_AT = 200


def run_omero(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str,
    format_: str | None,
    dataset: str | None,
    keys: str | None,
    **options: Any,
) -> int:
    """Write key-value pairs and return the exit code."""
    form = _form(output, format_)
    if dataset is not None and (form == "json" or not dataset.strip()):
        raise Refusal("--dataset is the name of a dataset, for a table; leave it out, or give a name and --format csv")
    beside = "" if output == "-" or form == "json" else f"{os.path.splitext(output)[0]}-bulkmap.yml"
    _refuse_output(output, "json" if form == "json" else "csv")
    if beside:
        _refuse_output(beside, "yml")
    looking = Looking.at("omero", paths, chosen, tier=None, keys=_keys(keys), **options)
    images = [pairs for outcome in looking.outcomes() for pairs in outcome.pairs]
    if images:
        _write(images, output, form, beside, dataset or "", looking.job.keys)
    return FAILED if looking.code else OK


def _keys(path: str | None) -> Keys | None:
    from nbo_extract.export_omero import load_keys

    try:
        return None if path is None else load_keys(path)
    except UsageError as error:
        raise Refusal(error.message) from error


def _form(output: str, given: str | None) -> str:
    ending = os.path.splitext(output)[1].lower()
    if given is None and ending not in (".csv", ".json") and output != "-":
        raise Refusal(f"{output}: the ending does not tell what to write; end it with .csv or .json, or give --format")
    return given or ("json" if ending == ".json" else "csv")


def _refuse_output(output: str, kind: str) -> None:
    """Refuse to write over what is not of ours."""
    from nbo_extract.export_omero import IMAGE, MARK_JSON, MARK_YAML

    if output == "-":
        return
    refuse_no_file(output)
    if not os.path.exists(output):
        return
    with open(output, "rb") as stream:
        start = stream.read(1 << 16).decode("utf-8", errors="replace")
    second = start.partition("\n")[2]
    ours = {
        "csv": start.startswith("# header s") and second.startswith(IMAGE),
        "yml": start.startswith(MARK_YAML),
        "json": MARK_JSON in start[:_LOOKED_AT],
    }
    if start and not ours[kind]:
        raise Refusal(f"{output}: nbo-extract has not written this file and does not overwrite it; give another -o")


def _write(images: Sequence[ImagePairs], output: str, form: str, beside: str, dataset: str, table: Keys | None) -> None:
    from nbo_extract.export_omero import DATASET, IMAGE, MOST_COLUMNS, columns_of, own_keys, to_csv, to_json, to_yaml
    from nbo_extract.writers.sidecar import write_bytes

    _tell_same_names(images)
    table = table or own_keys()
    keys = columns_of(images, table)
    if form == "json":
        text = to_json(images, table.namespace)
    else:
        # The plug-in adds a column of its own with the numbers of the images.
        room = MOST_COLUMNS - len([IMAGE, "Image", *([DATASET] if dataset else [])])
        if len(keys) > room:
            complain(
                f"a table of OMERO has {MOST_COLUMNS} columns, and there are {len(keys)} keys: "
                f"from {keys[room]!r} on they are left out; --format json has all of them"
            )
            keys = keys[:room]
        text = to_csv(images, keys, dataset)
    line = f"{counted(len(keys), 'key')} of {counted(len(images), 'image')}"
    if output == "-":
        sys.stdout.buffer.write(text.encode("utf-8", errors="backslashreplace"))
        sys.stdout.buffer.flush()
        complain(line)
        return
    write_bytes(Path(output), text.encode("utf-8", errors="backslashreplace"))
    told = [f"wrote {output}"]
    if beside:
        write_bytes(Path(beside), to_yaml(keys, os.path.basename(output), table.namespace).encode("utf-8"))
        told.append(f"wrote {beside}")
    sys.stdout.write("\n".join([line, *told, ""]))


def _tell_same_names(images: Sequence[ImagePairs]) -> None:
    """Name images that OMERO cannot tell apart by their names."""
    count: dict[str, int] = {}
    for image in images:
        count[image.name] = count.get(image.name, 0) + 1
    for name, number in count.items():
        if number > 1:
            complain(
                f"{shown(name)}: {number} images have this name, and by it OMERO takes only one of them; "
                "export the images of each dataset on their own"
            )
