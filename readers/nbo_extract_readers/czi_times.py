"""The times that a CZI embeds beside its sub-blocks: one for each time index."""

from __future__ import annotations

import math
import struct
import sys
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.record import PlaneColumns
    from nbo_extract_readers.zisraw import Attachment, ZisrawFile

# A time series of a day at ten frames a second has 864 000 times.
MAX_TIMES = 1_000_000
_HEAD = struct.Struct("<16sqqi")
_LIST = struct.Struct("<ii")
# The content stands behind the segment's head and the 256 bytes that describe the embedded file.
_CONTENT = 32 + 256


def embedded_times(file: ZisrawFile, attachment: Attachment) -> tuple[array[float], str]:
    """Read an embedded file of type ``CZTIMS``.

    Source: ZISRAW documentation of the embedded TimeStamps: int32 size, int32 count, then one double a time index, in
    seconds. What the size counts differs between versions of ZEN (2.3 to 3.7); the count is right in all.

    Parameters
    ----------
    file : ZisrawFile
    attachment : Attachment

    Returns
    -------
    times : array of float
        In seconds.
    problem : str
        Why there are none, empty where they could be read.
    """
    times = array("d")
    head = file.read_at(attachment.position, _HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(b"ZISRAWATTACH"):
        return times, f"there is none at byte {attachment.position}, where the attachment directory says it is"
    size = _HEAD.unpack(head)[3]
    start = file.read_at(attachment.position + _CONTENT, _LIST.size)
    if len(start) < _LIST.size:
        return times, "the file ends before them"
    count = _LIST.unpack(start)[1]
    if not 0 <= count <= min(MAX_TIMES, max(0, size - _LIST.size) // times.itemsize):
        return times, f"there should be {count} of them in {size} bytes"
    data = file.read_at(attachment.position + _CONTENT + _LIST.size, count * times.itemsize)
    if len(data) < count * times.itemsize:
        return times, "the file ends within them"
    times.frombytes(data)
    if sys.byteorder == "big":
        times.byteswap()
    if not all(map(math.isfinite, times)):
        return array("d"), "some of them are no numbers"
    return times, ""


def add_times(columns: PlaneColumns, times: Sequence[float]) -> None:
    """Add the embedded times of the time indices, where no sub-block says when it was taken.

    A time is that of the first plane of its index: only this plane gets it (the later ones of a stack or of another
    track were taken later, and nothing says when). Seen in files of ZEN black, whose sub-blocks state nothing.

    Parameters
    ----------
    columns : PlaneColumns
        Of one scene, planes in the order of T, C, Z, other dimensions, M.
    times : sequence of float
        In seconds, from an origin that the file does not state: a single one says nothing.
    """
    given = columns.columns
    if len(times) < 2 or not len(columns) or any(given.get("Tags/AcquisitionTime", [])):
        return
    column: list[str | None] = [None] * len(columns)
    seen: set[str | None] = set()
    for plane, index in enumerate(given.get("T") or ["0"] * len(columns)):
        if index in seen or index is None:
            continue
        seen.add(index)
        number = int(index)
        if 0 <= number < len(times):
            column[plane] = repr(times[number])
    given["TimeStamps"] = column
    columns.paths["TimeStamps"] = "Attachment/TimeStamps"
