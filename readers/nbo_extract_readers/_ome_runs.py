"""Runs of planes and of TiffData blocks, taken out of OME-XML as text before a tree is made of the rest.

A tree needs a kilobyte a plane, columns need a few bytes. Only what reads the same for every XML parser is taken: empty
elements with plain ASCII attributes in double quotes, and TiffData blocks with nothing but a UUID. All else stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

#: Attribute of the elements that stand for what was taken out.
MARK: Final = "nbo-run"
#: Shorter runs are left to the parser.
_FEW: Final = 32
_CHUNK: Final = 1 << 20
#: So many different values of a column are remembered beyond a stretch of text.
_FEW_VALUES: Final = 1000
# Printable ASCII but the quote, the ampersand and the opening bracket, which is all that means something in a value.
_VALUE: Final = rb"[ !#-%'-;=-~]*+"
_NAME: Final = rb"[A-Za-z_][A-Za-z0-9_.\-]*+"
_START: Final = re.compile(rb"<((?:%s:)?)(Plane|TiffData)(?=[\s/>])" % _NAME)
_ATTRIBUTE: Final = re.compile(rb'\s++(%s)="%s"' % (_NAME, _VALUE))
# Of the text of an element the quote means nothing, and the closing bracket only as the end of a section.
_TEXT: Final = rb"[ -%'-;=?-~]*+"


@dataclass(slots=True)
class Runs:
    """What was taken out of a text.

    Attributes
    ----------
    planes : list of dict of str to list of str
        Attribute to one value a plane, for each run.
    blocks : list of dict of str to str
        File name to UUID of the TiffData blocks, for each run.
    """

    planes: list[dict[str, list[str]]] = field(default_factory=list)
    blocks: list[dict[str, str]] = field(default_factory=list)


def take_runs(data: bytes) -> tuple[bytes, Runs]:
    """Take runs of planes and TiffData blocks out of OME-XML.

    Parameters
    ----------
    data : bytes
        In UTF-8.

    Returns
    -------
    bytes
        The rest, with an empty element in the place of each run whose attribute `MARK` is its position in `Runs`.
    Runs
    """
    runs = Runs()
    parts: list[bytes] = []
    kept = at = 0
    first = _START.search(data)
    # A comment or CDATA may hold what looks like planes: such a text is left to the parser.
    if first is None or b"<!--" in data[first.start() :] or b"<![CDATA[" in data or _open_comment(data, first.start()):
        return data, runs
    while (start := _START.search(data, at)) is not None:
        take = _planes if start[2] == b"Plane" else _blocks
        end = take(data, start.start(), start[1], runs)
        if end > start.start():
            number = len(runs.planes if start[2] == b"Plane" else runs.blocks) - 1
            mark = f'{start[2].decode()} {MARK}="{number}"/>'.encode()
            parts += [data[kept : start.start()], b"<", start[1], mark]
            kept = end
        at = max(end, start.end())
    return (b"".join([*parts, data[kept:]]) if parts else data), runs


def _open_comment(data: bytes, before: int) -> bool:
    return data.rfind(b"<!--", 0, before) > data.rfind(b"-->", 0, before)


def _planes(data: bytes, start: int, prefix: bytes, runs: Runs) -> int:
    """Take planes that are all like the first; return where they end, or where they start if they are few."""
    at = start + len(prefix) + len("<Plane")
    names: list[bytes] = []
    while (attribute := _ATTRIBUTE.match(data, at)) is not None:
        names.append(attribute[1])
        at = attribute.end()
    if not names or len(set(names)) < len(names) or b"xmlns" in names or MARK.encode() in names:
        return start
    stated = b"".join(rb'\s++%s="(%s)"' % (re.escape(name), _VALUE) for name in names)
    one = rb"<%sPlane%s\s*+/>\s*+" % (re.escape(prefix), stated)
    many, single = _patterns(one)
    if re.compile(rb"(?:%s){%d}" % (one, _FEW)).match(data, start) is None:
        return start
    columns: list[list[str]] = [[] for _ in names]
    known: list[dict[str, str]] = [{} for _ in names]
    end = start
    while (chunk := many.match(data, end, min(len(data), end + _CHUNK))) is not None:
        # Texts that many planes share are kept once.
        rows = _rows(single, chunk[0].decode(), len(names))
        for column, before, values in zip(columns, known, zip(*rows, strict=True), strict=True):
            alike = dict(zip(values, values, strict=True))
            alike.update((value, before[value]) for value in alike.keys() & before.keys())
            column += map(alike.__getitem__, values)
            if len(alike) < _FEW_VALUES and len(before) < _FEW_VALUES:
                before.update(alike)
        end = chunk.end()
    runs.planes.append({name.decode(): column for name, column in zip(names, columns, strict=True)})
    return end


def _patterns(one: bytes) -> tuple[re.Pattern[bytes], re.Pattern[str]]:
    return re.compile(rb"(?:%s)++" % one), re.compile(one.decode())


def _rows(single: re.Pattern[str], text: str, width: int) -> list[tuple[str, ...]]:
    found = single.findall(text)
    return found if width > 1 else [(value,) for value in found]


def _blocks(data: bytes, start: int, prefix: bytes, runs: Runs) -> int:
    """Take TiffData blocks; return where they end, or where they start if they are few."""
    name = re.escape(prefix)
    head = rb'<%sTiffData(?:\s++%s="%s")*+\s*+' % (name, _NAME, _VALUE)
    inner = rb'\s*+<%sUUID\s++FileName="(%s)"\s*+>(%s)</%sUUID>\s*+' % (name, _VALUE, _TEXT, name)
    for one in (rb"%s/>\s*+" % head, rb"%s>%s</%sTiffData>\s*+" % (head, inner, name)):
        if re.compile(rb"(?:%s){%d}" % (one, _FEW)).match(data, start) is None:
            continue
        many, single = _patterns(one)
        found: dict[str, str] = {}
        end = start
        while (chunk := many.match(data, end, min(len(data), end + _CHUNK))) is not None:
            for row in single.findall(chunk[0].decode()) if single.groups else ():
                found.setdefault(row[0], row[1].strip())
            end = chunk.end()
        runs.blocks.append(found)
        return end
    return start
