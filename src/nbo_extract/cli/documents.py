"""Which Document a job starts from: what the image states, what is embedded in it, or a sidecar."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbo_extract import sidecars
from nbo_extract.counting import counted
from nbo_extract.errors import DocumentError, NboExtractError
from nbo_extract.stores import is_url, last_part

if TYPE_CHECKING:
    from nbo_extract.cli.configured import Loaded
    from nbo_extract.cli.work import Format, Job, Task
    from nbo_extract.fingerprint import Fingerprint
    from nbo_extract.model import Document
    from nbo_extract.privacy import Private
    from nbo_extract.record import RawRecord
    from nbo_extract.sidecars import Sidecar

_DOCUMENTS = (".xml", ".json", ".jsonld")
_PLANES_LEFT_OUT = "NBO156"


@dataclass(slots=True)
class Start:
    """What a job starts from.

    Attributes
    ----------
    document : Document
    sidecar : Sidecar or None
        The one that was read instead of the image.
    earlier : Sidecar or None
        The one that will be replaced.
    kept : str
        Sentence on the facts that are kept from it; empty for none.
    why : str
        Why it is of no use, as a part of a sentence; empty where it is.
    warning : str
        What is wrong with it, one sentence.
    private : Private or None
        Whom and what the image names, where that has to be left out.
    """

    document: Document
    sidecar: Sidecar | None = None
    earlier: Sidecar | None = None
    kept: str = ""
    why: str = ""
    warning: str = ""
    private: Private | None = None


def start(task: Task, job: Job, loaded: Loaded | None) -> Start:
    """Read what a job starts from.

    Parameters
    ----------
    task : Task
    job : Job
    loaded : Loaded or None
        The configuration of the image.

    Raises
    ------
    NboExtractError
        If nothing can be read.
    """
    noting = _Noting()
    begun = _start(task, job, loaded, noting if job.redact else None)
    if job.redact:
        if begun.sidecar is not None and noting.private is None:
            noting.look(sidecars.image_of(begun.sidecar))
        begun.private = noting.private
    return begun


class _Noting:
    """Notes whom a record names."""

    def __init__(self) -> None:
        self.private: Private | None = None

    def __call__(self, record: RawRecord) -> None:
        """Note whom one names."""
        from nbo_extract.privacy import private_of

        found = private_of(record)
        self.private = found if self.private is None else self.private | found

    def look(self, image: str) -> None:
        """Read the image that a sidecar is for, where it is there: it names computers, which the sidecar does not."""
        from nbo_extract.registry import read

        with suppress(NboExtractError, OSError):
            self(read(image))


def _start(task: Task, job: Job, loaded: Loaded | None, noting: _Noting | None) -> Start:
    path = task.path
    looking = job.goal in ("check", "gaps", "report", "deposit", "omero", "methods")
    document = path.lower().endswith(_DOCUMENTS) and not os.path.isdir(path) and not is_url(path)
    if sidecars.is_sidecar(path) or (looking and document):
        begun = _named(path)
        if task.target and os.path.abspath(task.target) != os.path.abspath(path):
            _read_earlier(begun, task.target)
        return begun
    # What an earlier run filled in is no statement of the image: it is filled anew where a description is given.
    anew = bool(job.hardware or (loaded is not None and loaded.fills))
    if looking and job.sidecars and job.reader is None and not job.skip_rules:
        return _looked_at(path, job, anew=anew, noting=noting)
    begun = Start(_extracted(path, job, anew=anew, noting=noting))
    if task.target and job.sidecars and job.goal != "convert":
        _look_back(begun, task, job, anew=anew)
    return begun


def _named(path: str) -> Start:
    sidecar = sidecars.named_sidecar(path) if sidecars.is_sidecar(path) else sidecars.read_sidecar(path)
    document = sidecar.document
    if sidecar.fingerprint is None:
        document.origin.file = path
        document.origin.format = document.origin.format or f"NBO {document.version} document"
    return Start(document, sidecar)


def _looked_at(path: str, job: Job, *, anew: bool, noting: _Noting | None) -> Start:
    """Start from the fresh sidecar beside an image; what is embedded in the image comes before it."""
    sidecar, findings = sidecars.fresh_sidecar(path)
    if sidecar is not None and not anew and not _carries_block(path):
        sidecar.document.findings += findings
        return Start(sidecar.document, sidecar)
    try:
        document = _extracted(path, job, anew=anew, noting=noting)
    except NboExtractError:
        # What no reader here can read was read once, and has not changed since.
        if sidecar is None:
            raise
        return Start(sidecar.document, sidecar)
    document.findings += findings
    return Start(document)


def _extracted(path: str, job: Job, *, anew: bool, noting: _Noting | None) -> Document:
    from nbo_extract import api

    # Embedding starts from what the image itself states, not from what an earlier run embedded.
    embedded = job.goal != "embed" and not anew and not job.skip_rules
    return api.extract(
        path,
        reader=job.reader,
        planes="all",
        embedded=embedded,
        partial=job.partial,
        skip_rules=job.skip_rules,
        noting=noting,
    )


def _carries_block(path: str) -> bool:
    from nbo_extract.api import embeddable
    from nbo_extract.registry import read

    try:
        return embeddable(path) and read(path).tree.find("Structure/NBO") is not None
    except NboExtractError:
        return False


# -- the sidecar that is replaced -------------------------------------------------------------------------------------


def _look_back(begun: Start, task: Task, job: Job, *, anew: bool) -> None:
    """Keep the facts that were filled into an earlier sidecar, where nothing is given that fills."""
    _read_earlier(begun, task.target)
    earlier = begun.earlier
    if earlier is None:
        return
    if is_url(task.path):
        begun.why = f"nothing tells whether it is for {last_part(task.path)} as it is now"
        return
    state = sidecars.state_of(earlier, task.path)
    if state.kind != "fresh":
        image = os.path.basename(task.path.rstrip("/" + os.sep))
        told = "was written for another state of" if state.kind == "stale" else "may be for another state of"
        begun.why = f"it {told} {image} ({state.why})"
        return
    if anew or not job.keep or job.skip_rules or job.reader is not None or _carries_block(task.path):
        return
    from nbo_extract.embedded import take_planes
    from nbo_extract.portable import locate

    document, counts = earlier.document, filled(earlier.document)
    locate(document, task.path)
    document.findings = [f for f in document.findings if f.code != _PLANES_LEFT_OUT]
    take_planes(document, begun.document)
    begun.document = document
    begun.kept = f"{_facts(counts)} kept from the earlier sidecar; --no-sidecar starts anew"


def _read_earlier(begun: Start, target: str) -> None:
    """Read the sidecar that will be replaced, where it holds what descriptions or people stated."""
    if not os.path.isfile(target):
        return
    try:
        earlier = sidecars.read_sidecar(target)
    except DocumentError as error:
        begun.warning = f"{error.message}; it is written anew, without what it may have held"
    else:
        begun.earlier = earlier if filled(earlier.document) else None


def lost(begun: Start, document: Document) -> str:
    """Say which facts of the earlier sidecar its successor does not have, by the files they came from."""
    if begun.earlier is None or begun.kept:
        return ""
    now = filled(document)
    gone = {name: count for name, count in filled(begun.earlier.document).items() if name not in now}
    if not gone:
        return ""
    why = f", because {begun.why}" if begun.why else ""
    names = ", ".join(gone)
    return f"{begun.earlier.path}: {_facts(gone)} not kept{why}; give {names} with --hardware to have them again"


def filled(document: Document) -> dict[str, int]:
    """Count the facts that came from descriptions and people, by the names of the files."""
    found: dict[str, int] = {}
    for node in document.root.walk():
        text = [node.text] if node.text is not None else []
        for fact in [*(f for n, f in node.facts.items() if n != "ID"), *text]:
            if fact.source is not None and fact.source.kind in ("hardware", "user"):
                name = os.path.basename(fact.source.file.replace("\\", "/")) or "a person"
                found[name] = found.get(name, 0) + 1
    return dict(sorted(found.items()))


def _facts(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    return f"{counted(total, 'fact')} from {', '.join(counts)} {'is' if total == 1 else 'are'}"


# -- what is written --------------------------------------------------------------------------------------------------


def text_for(document: Document, task: Task, job: Job, read: Sidecar | None, files: tuple[str, ...]) -> str:
    """Return the text of the sidecar of a task; where a sidecar was read, for the state of the image that it is for.

    The files are those of the image, which a redacted document does not find.
    """
    from nbo_extract.errors import WriteError
    from nbo_extract.fingerprint import fingerprint

    state: Fingerprint | None = None
    image = task.path if read is None else sidecars.image_of(read)
    try:
        # What is behind a URL may change at any time, and telling it would mean to read all of it.
        if not is_url(task.path):
            state = fingerprint(task.path, files) if read is None else read.fingerprint
    except OSError as error:
        raise WriteError(f"{image} cannot be read for its fingerprint: {error.strerror}; try again") from error
    if state is not None:
        state = sidecars.rebased(state, image, task.target, bare=job.redact)
    return sidecars.sidecar_text(document, job.format, state)


def plain_text(document: Document, form: Format) -> str:
    """Return the text of a Document alone, for standard output."""
    from nbo_extract import jsonio, xmlio
    from nbo_extract.portable import portable

    document = portable(replace(document, findings=[f for f in document.findings if f.code not in sidecars.OF_READING]))
    if form == "json":
        return jsonio.to_json(document)
    return jsonio.to_jsonld(document) if form == "jsonld" else xmlio.to_xml(document)
