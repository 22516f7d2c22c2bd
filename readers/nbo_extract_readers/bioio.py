"""Any format for which a reader plug-in of bioio is installed: its raw metadata, or its translation to OME.

Source: the interface of bioio-base 3 (``Reader.metadata``, ``ome_metadata``, ``scenes``, ``dims``). The plug-ins run in
a process of their own, with a limit of time and memory: they import hundreds of modules, and what they do with damaged
files is not in our hand. Pixels are never asked for.
"""

from __future__ import annotations

import os
from importlib import metadata
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError, UnsupportedFormatError
from nbo_extract_readers.bioio_plugins import KNOWN, NO_OME, fitting, plugins
from nbo_extract_readers.formats_adapters import BIOIO

if TYPE_CHECKING:
    from nbo_extract.record import RawRecord

INFO = BIOIO
TITLE = "bioio"
_OLDEST = (3, 6)


def read(path: str) -> RawRecord:
    """Read what the plug-ins of bioio know of a file.

    Parameters
    ----------
    path : str

    Returns
    -------
    RawRecord
        See `nbo_extract_readers._library_record.make_record`.

    Raises
    ------
    UnsupportedFormatError
        If there is no plug-in for it, or bioio cannot be used.
    CorruptFileError
        If no plug-in can read it, or needs too long or too much memory.
    """
    from nbo_extract_readers._library_host import WorkerError, seconds, worker
    from nbo_extract_readers._library_record import VOCABULARIES, make_record

    name = path.replace("\\", "/").rstrip("/").lower()
    lack = way(name)
    # Where the plug-in for an ending is known, the others would only say that they are not for it.
    asked = [] if lack else fitting(name, any_ending=True)
    if not asked:
        raise UnsupportedFormatError(f"{path}: no reader plug-in of bioio for it is installed; {lack or _SOME}")
    try:
        question = {
            "path": os.path.abspath(path),
            "seconds": seconds(INFO.name),
            "known": [*VOCABULARIES],
            "plugins": [(p.name, p.module, p.name not in NO_OME) for p in asked],
        }
        answer = worker(INFO.name).ask(question)
    except WorkerError as error:
        raise UnsupportedFormatError(f"{path}: {error.message}; see nbo-extract doctor") from error
    if "error" in answer:
        raise CorruptFileError(
            f"{path}: bioio cannot read it ({answer['error']}); copy it again, or try another reader with --reader"
        )
    return make_record(path, INFO.name, TITLE, answer)


_SOME = "pip install 'nbo-extract[bioio]' and the plug-in of the format, such as bioio-lif"


def way(name: str) -> str:
    """Return how to get a plug-in for a file of a lower-case name; empty where none is known or one is there."""
    if fitting(name):
        return ""
    for plugin, (suffixes, licence) in KNOWN.items():
        if name.endswith(suffixes):
            note = f" (licence: {licence})" if licence else ""
            return f"pip install 'bioio>=3.6,<4' {plugin}{note}"
    return ""


def status() -> list[str]:
    """Return what is there and what is missing, a line each; the first word of the first says which."""
    try:
        version = metadata.version("bioio")
    except metadata.PackageNotFoundError:
        version = ""
    number = tuple(int(n) for n in version.split(".")[:2] if n.isdecimal())
    if not version:
        return [f"not installed: {_SOME}"]
    if number < _OLDEST:
        # PyPI holds an empty bioio 0.0.1, which pip takes where nothing else fits the other packages.
        return [f"unusable: bioio {version} is too old or an empty placeholder; pip install 'bioio>=3.6,<4'"]
    if not plugins():
        return [f"no plug-in: bioio {version} is here, but no reader; pip install one, such as bioio-lif"]
    lines = [f"ready: bioio {version}"]
    for plugin in plugins():
        few = ", ".join(plugin.suffixes[:6]) + (", …" if len(plugin.suffixes) > 6 else "")
        lines.append(f"{plugin.name} {plugin.version} ({few or 'by --reader bioio only'})")
    missing = [p for p in KNOWN if p not in {q.name for q in plugins()}]
    lines.append(f"not installed: {', '.join(missing)}")
    return lines
