"""The other files of a CZI that was saved as several: ``image.czi``, ``image(1).czi``, ``image(2).czi``."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nbo_extract.errors import NboExtractError

if TYPE_CHECKING:
    from collections.abc import Collection

    from nbo_extract_readers.zisraw import ZisrawFile

# All of them are open at the same time; what else lies in the folder costs a look at its name.
MAX_PARTS = 200
_PART = re.compile(r" ?\((\d{1,4})\)\.czi", re.IGNORECASE)


def open_parts(file: ZisrawFile, wanted: Collection[int], stack: ExitStack) -> dict[int, ZisrawFile]:
    """Open the files of a set that lie beside its first file.

    A file belongs to the set where its header says so; its name only says which to ask.

    Parameters
    ----------
    file : ZisrawFile
        The first file of the set.
    wanted : collection of int
        Numbers of the parts that hold sub-blocks.
    stack : ExitStack
        Closes them.

    Returns
    -------
    dict of int to ZisrawFile
        Those that are there and can be read.
    """
    from nbo_extract_readers.zisraw import ZisrawFile

    folder, name = os.path.split(os.path.abspath(file.path))
    stem = os.path.splitext(name)[0]
    found: dict[int, ZisrawFile] = {}
    for other in _beside(folder, stem):
        with ExitStack() as own:
            try:
                part = ZisrawFile(own.enter_context(open(other, "rb", buffering=0)), other)
            except (OSError, NboExtractError):
                continue  # no part of a set that can be read: its planes are counted as missing
            header = part.header
            of_set = header.primary_guid in (file.header.primary_guid, file.header.file_guid)
            if of_set and header.part in wanted and header.part not in found:
                found[header.part] = part
                stack.push(own.pop_all())
    return found


def _beside(folder: str, stem: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [e.name for e in entries if e.name.startswith(stem) and _PART.fullmatch(e.name[len(stem) :])]
    except OSError:
        return []
    return [os.path.join(folder, n) for n in sorted(names)[:MAX_PARTS]]
