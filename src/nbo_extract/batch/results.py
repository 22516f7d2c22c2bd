"""What a run leaves besides its outputs: a table with one row an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.batch.rows import COLUMNS, as_csv
from nbo_extract.errors import WriteError
from nbo_extract.stores import last_part, shown
from nbo_extract.writers._system import SYSTEM, cause, prepared, write_exactly

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.batch.journal import Entry

TABLE: Final = "summary.csv"
REPORT: Final = "report.html"
#: What they are called where a file of somebody else has the name.
_OTHERS: Final = {TABLE: "nbo-summary.csv", REPORT: "nbo-report.html"}
_STARTS: Final = {TABLE: "\ufeff" + ",".join(list(COLUMNS.values())[:3]), REPORT: "<!DOCTYPE html>"}
_MARKS: Final = {TABLE: "", REPORT: '<meta name="generator" content="nbo-extract'}
#: Bytes by which they are told from others.
LOOKED_AT: Final = 400
#: Bytes that are gathered before they are written.
_BUFFER: Final = 1 << 20


def place_of(folder: str, name: str) -> Path:
    """Return where a result is written: under its name, or another one where somebody else's file has it."""
    path = Path(folder) / name
    return path if _ours(path, name) else path.with_name(_OTHERS[name])


def _ours(path: Path, name: str) -> bool:
    """Whether there is no such file, or one that an earlier run wrote."""
    try:
        with open(path, "rb") as stream:
            return is_own(name, stream.read(LOOKED_AT))
    except FileNotFoundError:
        return True
    except OSError:
        return False


def is_result(path: str) -> bool:
    """Whether a file is a table, or a report, that an earlier run left."""
    called = Path(path).name
    names = [name for name in _STARTS if called in (name, _OTHERS[name])]
    return bool(names) and _ours(Path(path), names[0])


def is_own(name: str, start: bytes) -> bool:
    """Whether a file that starts so is a table, or a report, of ours."""
    text = start.decode("utf-8", errors="replace")
    return text.startswith(_STARTS[name]) and _MARKS[name] in text


def write_table(path: Path, entries: Iterable[Entry], *, bare: bool = False) -> None:
    """Write the table of all images: the old or the new one at every instant; it is never held as a whole.

    Parameters
    ----------
    path : Path
    entries : iterable of Entry
    bare : bool
        Whether files are called by their names alone.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    try:
        with prepared(path, SYSTEM) as fd:
            at, parts, size = 0, [], 0
            for line in as_csv(map(_bare if bare else _row, entries)):
                data = line.encode("utf-8", errors="backslashreplace")
                parts.append(data)
                size += len(data)
                if size > _BUFFER:
                    at, parts, size = at + _write(fd, at, parts), [], 0
            _write(fd, at, parts)
            SYSTEM.fsync(fd)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {cause(error)}; choose another folder with -o") from error


def _write(fd: int, at: int, parts: list[bytes]) -> int:
    data = b"".join(parts)
    write_exactly(SYSTEM, fd, at, data)
    return len(data)


def _bare(entry: Entry) -> dict[str, Any]:
    from nbo_extract.privacy import bare_text

    row = _row(entry)
    names = {key: last_part(str(row[key])) for key in ("file", "target") if row.get(key)}
    return row | names | {"message": bare_text(entry.message, entry.path, entry.target)}


def _row(entry: Entry) -> dict[str, Any]:
    state = entry.row.get("state") or "not done"
    if state == "unchanged":
        # Whether it was written now or had been written already changes nothing in what it is.
        state = "written" if entry.target else "embedded"
    return entry.row | {"file": shown(entry.path), "state": state, "message": entry.message}
