"""What aicsimageio reads, for parity with older pipelines: out of process, in a Python environment of its own.

aicsimageio 4.14.0 needs versions of tifffile, lxml, zarr and fsspec that exclude ours, and is no longer developed. It
is asked last, and only where its environment is there: ``nbo-extract doctor --install aicsimageio`` makes one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError, UnsupportedFormatError
from nbo_extract_readers.formats_adapters import AICSIMAGEIO, AICSIMAGEIO_PYTHON, aicsimageio_python

if TYPE_CHECKING:
    from nbo_extract.record import RawRecord

INFO = AICSIMAGEIO
TITLE = "aicsimageio"
WAY = "nbo-extract doctor --install aicsimageio"


def read(path: str) -> RawRecord:
    """Read what aicsimageio knows of a file; never its pixels.

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
        If its environment is missing or does not work.
    CorruptFileError
        If it cannot read the file, or needs too long or too much memory.
    """
    from nbo_extract_readers._library_host import WorkerError, seconds, worker
    from nbo_extract_readers._library_record import VOCABULARIES, make_record

    lack = missing()
    if lack:
        raise UnsupportedFormatError(f"{path}: aicsimageio cannot be used: {lack}")
    try:
        question = {
            "path": os.path.abspath(path),
            "seconds": seconds(INFO.name),
            "known": [*VOCABULARIES],
        }
        answer = worker(INFO.name, aicsimageio_python()).ask(question)
    except WorkerError as error:
        raise UnsupportedFormatError(f"{path}: {error.message}; {WAY} makes an environment that works") from error
    if "error" in answer:
        raise CorruptFileError(
            f"{path}: aicsimageio cannot read it ({answer['error']}); copy it again, or try another reader with "
            "--reader"
        )
    return make_record(path, INFO.name, TITLE, answer)


def missing() -> str:
    """Return what is not there, and how to get it; empty where the interpreter is there."""
    if aicsimageio_python():
        return ""
    named = os.environ.get(AICSIMAGEIO_PYTHON)
    if named:
        return f"{AICSIMAGEIO_PYTHON} names {named}, which is no file; name the Python of an environment that has it"
    return f"it has no environment yet; {WAY} makes one, or name a Python that has it in {AICSIMAGEIO_PYTHON}"


def status() -> list[str]:
    """Return what is there and what is missing, a line each."""
    from nbo_extract_readers._library_host import Worker, WorkerError

    lack = missing()
    if lack:
        return [f"not usable: {lack}"]
    python = aicsimageio_python()
    worker = Worker(INFO.name, (python, "-I"))
    try:
        versions = worker.start()
    except WorkerError as error:
        return [f"not usable: {error.message}"]
    finally:
        worker.close()
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if name != TITLE)
    return [f"ready: {TITLE} {versions.get(TITLE, '?')}", f"in {python}, with {told}"]
