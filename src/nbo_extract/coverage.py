"""How much of what files state a mapping table reads, so that the next row to write is obvious."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbo_extract.lift import Lift
from nbo_extract.lift_rows import Trace, short
from nbo_extract.tables import load_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.record import RawRecord
    from nbo_extract.tables import Table

_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Unread:
    """A vendor path that no row reads, over all places and files where it occurs.

    Attributes
    ----------
    path : str
        Without the numbers of its elements.
    count : int
        Places that state something.
    files : int
    example : str
        What the first of them states.
    """

    path: str
    count: int = 0
    files: int = 0
    example: str = ""


@dataclass(slots=True)
class Coverage:
    """What a table reads of one file, or of several of the same vocabulary.

    Attributes
    ----------
    table : str
    files : tuple of str
    stated : int
        Places in the vendor's metadata that state something: texts, attributes, columns of planes.
    read : int
        Of these, how many a row read.
    rows : frozenset of str
        Rows that gave a value.
    all_rows : frozenset of str
    unread : dict of str to Unread
        By path without numbers.
    """

    table: str
    files: tuple[str, ...] = ()
    stated: int = 0
    read: int = 0
    rows: frozenset[str] = frozenset()
    all_rows: frozenset[str] = frozenset()
    unread: dict[str, Unread] = field(default_factory=dict)

    @property
    def ranking(self) -> list[Unread]:
        """What no row reads, the paths of most files first, then those of most places."""
        return sorted(self.unread.values(), key=lambda u: (-u.files, -u.count, u.path))


def row_ids(table: Table) -> frozenset[str]:
    """Return the ids of all rows of a table."""
    rows = {r.id for b in table.blocks for r in (*b.kinds, *b.rows)} | {b.text.id for b in table.blocks if b.text}
    if table.planes is not None:
        rows |= {r.id for r in table.planes.rows}
    return frozenset(rows)


def _run(record: RawRecord) -> Lift:
    job = Lift(record, load_table(record.vocabulary), trace=Trace())
    job.run()
    return job


def _places(record: RawRecord, job: Lift) -> Iterator[tuple[str, str, bool]]:
    """Yield each place that states something: its path, its text, whether a row read it."""
    read: set[str] = job.trace.paths if job.trace is not None else set()
    for element in record.tree.iter("*"):
        path = job.rows.place(element)
        for name in map(str, element.attrib):
            place = f"{path}/@{name}"
            yield place, str(element.get(name)), place in read
        if len(element) == 0 and (element.text or "").strip():
            yield path, (element.text or "").strip(), path in read


def unmapped(record: RawRecord) -> list[str]:
    """Return the vendor paths that state something and that no row of the record's table read."""
    return [place for place, _, read in _places(record, _run(record)) if not read]


def coverage(record: RawRecord) -> Coverage:
    """Return how much of one record its table reads.

    Raises
    ------
    MappingTableError
        If the record's mapping table does not hold together.
    """
    job = _run(record)
    found = Coverage(record.vocabulary, (record.path,), all_rows=row_ids(job.table))
    trace = job.trace or Trace()
    used = set(trace.rows)
    columns_read: set[str] = set()
    for node in job.document.root.walk():
        if node.planes is not None:
            used |= {s.rule.partition(":")[2] for s in node.planes.sources.values()}
            columns_read |= {s.path for s in node.planes.sources.values()}
    found.rows = frozenset(used) & found.all_rows
    for place, text, read in _places(record, job):
        _count(found, place, text, read=read)
    index = set(job.table.planes.index.values()) if job.table.planes is not None else set()
    for columns in record.planes.values():
        for name, texts in columns.columns.items():
            path = columns.paths.get(name, name)
            text = next((t for t in texts if t), "")
            if text:
                _count(found, f"planes of {path}", text, read=path in columns_read or name in index)
    for unread in found.unread.values():
        unread.files = 1
    return found


def _count(found: Coverage, place: str, text: str, *, read: bool) -> None:
    found.stated += 1
    if read:
        found.read += 1
        return
    path = _INDEX.sub("", place)
    entry = found.unread.setdefault(path, Unread(path, example=short(" ".join(text.split()))))
    entry.count += 1


def together(parts: Iterable[Coverage]) -> list[Coverage]:
    """Add up the coverage of several files, one sum a table, in the order of their names."""
    sums: dict[str, Coverage] = {}
    for part in parts:
        total = sums.setdefault(part.table, Coverage(part.table))
        total.files += part.files
        total.stated += part.stated
        total.read += part.read
        total.rows |= part.rows
        total.all_rows |= part.all_rows
        for path, unread in part.unread.items():
            entry = total.unread.setdefault(path, Unread(path, example=unread.example))
            entry.count += unread.count
            entry.files += unread.files
    return [sums[name] for name in sorted(sums)]
