"""The command `methods`: images in, the paragraph for Materials and Methods out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbo_extract import __version__
from nbo_extract.cli.group import FAILED, OK, Refusal
from nbo_extract.cli.inputs import refuse_no_file
from nbo_extract.cli.looking import Looking
from nbo_extract.cli.report import bare_for
from nbo_extract.counting import counted
from nbo_extract.errors import NboExtractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Job, Task
    from nbo_extract.config_facility import Facility
    from nbo_extract.methods.render import Methods
    from nbo_extract.methods.wording import Mode

# The last line of a file of ours. Its mark is made of the text before it, so that what a person changed is not lost.
_MARK = re.compile(rb"(?P<text>.*)\n(?:<!-- )?Written by nbo-extract \S+ \((?P<mark>[0-9a-f]{12})\)[^\n]*\n", re.DOTALL)
_JSON = b'{\n  "generator": "nbo-extract '
_ENDINGS = {".md": "markdown", ".markdown": "markdown"}


def run(
    *,
    paths: Sequence[str],
    chosen: Chosen,
    output: str,
    format_: str | None,
    short: bool,
    gaps: Mode,
    template: str | None,
    as_json: bool,
    digits: int | None,
    **options: Any,
) -> int:
    """Write the text and return the exit code."""
    from nbo_extract.methods.render import assemble, render

    _refuse_options(format_, template, short=short, as_json=as_json, digits=digits)
    _refuse_output(output)
    looking = Looking.at("methods", paths, chosen, tier=None, **options)
    job, tasks = looking.job, looking.tasks
    facilities = facilities_of(job, tasks)
    place = template if template is not None else template_of(facilities)
    bare = bare_for(paths, tasks, job) if job.redact else None
    files = [outcome.methods for outcome in looking.outcomes() if outcome.methods is not None]
    if not files:
        return looking.code
    if bare is not None:
        files = [replace(f, path=os.path.basename(f.path), notes=tuple(map(bare.text, f.notes))) for f in files]
    methods = assemble(files, gaps, digits=digits, **_thanks(facilities, redact=job.redact))
    form = format_ or _ENDINGS.get(os.path.splitext(output)[1].lower(), "text")
    try:
        text = _as_json(methods) if as_json else render(methods, template_name(form, short=short), place)
    except NboExtractError as error:
        raise Refusal(error.message) from error
    _write(text if as_json else _signed(text, form, output), output, len(files), len(methods.groups))
    return FAILED if looking.code else OK


def template_name(form: str, *, short: bool) -> str:
    """Return the name of the template of a form."""
    return f"{'legend' if short else 'methods'}.{'md' if form == 'markdown' else 'txt'}.j2"


def show_template(name: str) -> int:
    """Print a built-in template and return the exit code."""
    from nbo_extract.methods.render import built_in

    sys.stdout.write(built_in(f"{name}.j2"))
    return OK


def facilities_of(job: Job, tasks: Sequence[Task]) -> list[Facility]:
    """Return the facilities that the configurations of images name, each once."""
    found: dict[Facility, None] = {}
    for path in sorted(t.path for t in tasks):
        try:
            loaded = job.configured.of(path)
        except NboExtractError:
            continue  # It is told of the image, which is not read then.
        if loaded is not None and loaded.config.facility is not None:
            found[loaded.config.facility] = None
    return list(found)


def template_of(facilities: Sequence[Facility]) -> str:
    """Return the template that the configurations name; empty where there is none.

    Raises
    ------
    Refusal
        If they name several.
    """
    places = list(dict.fromkeys(f.methods_template for f in facilities if f.methods_template))
    if len(places) > 1:
        raise Refusal(f"the configurations name several templates, {' and '.join(places)}; choose one with --template")
    return places[0] if places else ""


def _thanks(facilities: Sequence[Facility], *, redact: bool) -> dict[str, Any]:
    texts = dict.fromkeys(t for f in facilities if (t := f.thanks(redact=redact)))
    known = asdict(facilities[0]) if len(facilities) == 1 else {}
    known.pop("methods_template", None)
    if redact and known:
        known["acknowledgement"] = ""
    return {"acknowledgement": " ".join(texts), "facility": known}


def _refuse_options(
    format_: str | None, template: str | None, *, short: bool, as_json: bool, digits: int | None
) -> None:
    if as_json and (format_ or template or short or digits):
        other = "--format" if format_ else "--template" if template else "--short" if short else "--digits"
        raise Refusal(f"--json gives facts and no text, and {other} is about the text; leave one of them out")
    if template is not None and not os.path.exists(template):
        raise Refusal(f"{template}: there is no such template; check the path")


def _refuse_output(output: str) -> None:
    """Refuse to write over what is no text of ours, or one that was changed since."""
    if output == "-":
        return
    refuse_no_file(output)
    if not os.path.exists(output):
        return
    try:
        data = Path(output).read_bytes()
    except OSError as error:
        raise Refusal(f"{output}: it cannot be read ({error.strerror}); give another -o") from error
    found = _MARK.fullmatch(data)
    ours = found is not None or (b"Written by nbo-extract " in data and not data.startswith(_JSON))
    if ours and (found is None or found["mark"].decode() != _mark(found["text"])):
        raise Refusal(f"{output}: this text has been changed since nbo-extract wrote it; keep it, and give another -o")
    if data and not ours and not data.startswith(_JSON):
        raise Refusal(f"{output}: nbo-extract has not written this file and does not overwrite it; give another -o")


def _mark(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:12]


def _signed(text: str, form: str, output: str) -> str:
    """Put a last line under the text of a file, by which it is known again."""
    if output == "-":
        return text
    line = f"Written by nbo-extract {__version__} ({_mark(text.encode())}); check the text before you publish it."
    return f"{text}\n{f'<!-- {line} -->' if form == 'markdown' else line}\n"


def _as_json(methods: Methods) -> str:
    return json.dumps(methods.data(), indent=2, ensure_ascii=False) + "\n"


def _write(text: str, output: str, images: int, settings: int) -> None:
    from nbo_extract.writers.sidecar import write_bytes

    data = text.encode("utf-8", errors="backslashreplace")
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        write_bytes(Path(output), data)
    except NboExtractError as error:
        raise Refusal(error.message) from error
    files = counted(images, "file")
    alike = counted(settings, "setting")
    sys.stdout.write(f"{files}, {alike}\nwrote {output} ({len(data):,} bytes)\n")
