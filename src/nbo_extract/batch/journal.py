"""The journal of a folder: what became of each image, so that a run that was stopped goes on where it was.

A SQLite file with one row an image. It is locked as long as a run has it open: a second run refuses. What is noted
outlives the process at once, and is on the disk within a second; what was not there yet when the machine failed is done
again, with the same result.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import UsageError
from nbo_extract.stores import is_url, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.walk import Unit

#: Name of the journal in the folder that a run writes to.
NAME: Final = ".nbo-extract.journal"
LAYOUT: Final = "1"
#: Seconds between two writes to the disk.
_EVERY = 0.5
_PAGE = 500
#: States of images: what is to be done, what is done, what failed, and what failed for a reason that may have passed.
WAITING, DONE, FAILED, LOST = "", "done", "failed", "lost"
#: State of what is no image: a folder that cannot be listed.
UNLISTED: Final = "unlisted"
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS image (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    run INTEGER NOT NULL,
    place INTEGER NOT NULL,
    named BLOB NOT NULL,
    files TEXT NOT NULL,
    target BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT '',
    stamp TEXT NOT NULL DEFAULT '',
    work TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    row TEXT NOT NULL DEFAULT '',
    seconds REAL NOT NULL DEFAULT 0,
    ended INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS image_place ON image (run, place);
"""


@dataclass(slots=True)
class Entry:
    """One image of a journal.

    Attributes
    ----------
    number : int
        In the journal.
    path : str
        As the user named it in this run.
    files : tuple of str
        The other files of its set.
    target : str
        What is written for it; empty for the image itself.
    state : {'', 'done', 'failed', 'lost', 'unlisted'}
    stamp : str
        Of the image when it was done.
    work : dict of str to str
        Digests of what was done.
    message : str
        Why it failed.
    row : dict
        What the summary says of it.
    """

    number: int
    path: str
    files: tuple[str, ...] = ()
    target: str = ""
    state: str = WAITING
    stamp: str = ""
    work: dict[str, str] = field(default_factory=dict)
    message: str = ""
    row: dict[str, Any] = field(default_factory=dict)


class Journal:
    """A journal that is open, and locked for others.

    Parameters
    ----------
    path : str
        Of its file; empty for one that is not kept.

    Raises
    ------
    UsageError
        If another run has it, it cannot be written, or it is no journal of this version.
    """

    def __init__(self, path: str = "") -> None:
        self.path = path
        # Paths stand as seen from the folder of the journal: the disk may be mounted elsewhere tomorrow.
        self._folder = os.path.dirname(os.path.abspath(path)) if path else ""
        self._written = time.monotonic()
        with self._told():
            self._base = sqlite3.connect(path, timeout=0, isolation_level=None, cached_statements=32)
        try:
            with self._told():
                self._open()
        except BaseException:
            self._base.close()
            raise

    def _open(self) -> None:
        run = self._base.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA cache_size = -8000")
        run("BEGIN EXCLUSIVE")
        names = {name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if names and not {"about", "image"} <= names:
            raise UsageError(f"{self.path}: this file is no journal of nbo-extract; give another with --journal")
        # Only now: a file of somebody else is not changed. Each note is a transaction that waits for no disk.
        run("COMMIT")
        run("PRAGMA journal_mode = WAL")
        run("BEGIN")
        for statement in filter(str.strip, _TABLES.split(";")):
            run(statement)
        run("INSERT OR IGNORE INTO about VALUES ('layout', ?), ('run', '0')", (LAYOUT,))
        layout = self._about("layout")
        if layout != LAYOUT:
            raise UsageError(
                f"{self.path}: a journal of layout {layout}, this version reads layout {LAYOUT}; "
                "remove it, and all images are done again"
            )
        self.run = int(self._about("run"))
        run("COMMIT")

    def _about(self, name: str) -> str:
        found = self._base.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else ""

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Make one sentence of what goes wrong with the file."""
        try:
            yield
        except sqlite3.Error as error:
            raise UsageError(self._why(error)) from error

    def _why(self, error: Exception) -> str:
        text = str(error)
        if "locked" in text or "busy" in text:
            return f"{self.path}: another run of nbo-extract is at work here; wait until it has ended, or stop it"
        if "not a database" in text or "malformed" in text:
            return f"{self.path}: the journal is damaged ({text}); remove it, and all images are done again"
        return f"{self.path}: the journal cannot be written ({text}); give a place for it with --journal"

    # -- what there is to do ------------------------------------------------------------------------------------------

    def see(self, units: Iterable[tuple[Unit, str]]) -> int:
        """Begin a run: take in what a walk found, with what is written for each; return how many images there are.

        Images that are not there any more stay in the journal, but not in this run.
        """
        before = self.run
        try:
            with self._told():
                return self._see(units)
        except BaseException:
            # A walk that was broken off is no run.
            self.run = before
            with contextlib.suppress(sqlite3.Error):
                self._base.execute("ROLLBACK")
            raise

    def _see(self, units: Iterable[tuple[Unit, str]]) -> int:
        self.run += 1
        self._base.execute("BEGIN")
        self._base.execute("UPDATE about SET value = ? WHERE name = 'run'", (str(self.run),))
        place = 0
        for unit, target in units:
            place += 1
            self._base.execute(
                "INSERT INTO image (path, run, place, named, files, target) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (path) DO UPDATE SET run = excluded.run, place = excluded.place, "
                "named = excluded.named, files = excluded.files, target = excluded.target, "
                "state = CASE state WHEN 'unlisted' THEN '' ELSE state END",
                (
                    self.key(unit.path),
                    self.run,
                    place,
                    os.fsencode(unit.path),
                    json.dumps([os.fsdecode(self.key(f)) for f in unit.files]) if unit.files else "",
                    os.fsencode(target),
                ),
            )
        self.write()
        return place

    def unlisted(self, problems: Iterable[tuple[str, str]]) -> None:
        """Take in the folders of this run that cannot be listed, each with the sentence that says why."""
        with self._told():
            (place,) = self._base.execute(
                "SELECT ifnull(max(place), 0) FROM image WHERE run = ?", (self.run,)
            ).fetchone()
            for folder, sentence in problems:
                place += 1
                row = json.dumps({"state": "failed"}, separators=(",", ":"))
                self._base.execute(
                    "INSERT INTO image (path, run, place, named, files, target, state, message, row) "
                    "VALUES (?, ?, ?, ?, '', x'', ?, ?, ?) ON CONFLICT (path) DO UPDATE SET run = excluded.run, "
                    "place = excluded.place, named = excluded.named, files = '', target = x'', state = excluded.state, "
                    "message = excluded.message, row = excluded.row",
                    (self.key(folder), self.run, place, os.fsencode(folder), UNLISTED, one_line(sentence), row),
                )

    def collision(self) -> tuple[str, str, str] | None:
        """Return two images for which one file would be written, and that file."""
        self._base.create_function("folded", 1, _folded, deterministic=True)
        found = self._base.execute(
            "SELECT min(place), max(place) FROM image WHERE run = ? AND target != x'' "
            "GROUP BY folded(target) HAVING count(*) > 1 ORDER BY 2 LIMIT 1",
            (self.run,),
        ).fetchone()
        if found is None:
            return None
        first, second = (next(self.entries(place)) for place in found)
        return first.path, second.path, first.target

    def entries(self, place: int | None = None) -> Iterator[Entry]:
        """Yield the images of this run in the order of the walk, or the one at a place; the journal may be written."""
        at = 0 if place is None else place - 1
        while True:
            with self._told():
                page = self._base.execute(
                    "SELECT place, id, named, files, target, state, stamp, work, message, row FROM image "
                    "WHERE run = ? AND place > ? ORDER BY place LIMIT ?",
                    (self.run, at, _PAGE if place is None else 1),
                ).fetchall()
            for record in page:
                yield self._entry(record[1:])
            if len(page) < _PAGE:
                return
            at = page[-1][0]

    def _entry(self, record: tuple[Any, ...]) -> Entry:
        number, named, files, target, state, stamp, work, message, row = record
        return Entry(
            number,
            os.fsdecode(named),
            tuple(self._place(os.fsencode(f)) for f in json.loads(files)) if files else (),
            os.fsdecode(target),
            state,
            stamp,
            json.loads(work) if work else {},
            message,
            json.loads(row) if row else {},
        )

    def key(self, path: str) -> bytes:
        """Return how a path is kept: as seen from the folder of the journal where it is in it."""
        if is_url(path) or not self._folder:
            return os.fsencode(path)
        place = os.path.abspath(path)
        inside = place.startswith(self._folder.rstrip(os.sep) + os.sep)
        return os.fsencode(os.path.relpath(place, self._folder).replace(os.sep, "/") if inside else place)

    def _place(self, key: bytes) -> str:
        path = os.fsdecode(key)
        if is_url(path) or not self._folder or os.path.isabs(path):
            return path
        return os.path.join(self._folder, *path.split("/"))

    # -- what was done ------------------------------------------------------------------------------------------------

    def note(
        self,
        number: int,
        state: str,
        *,
        stamp: str = "",
        work: dict[str, str] | None = None,
        message: str = "",
        row: dict[str, Any] | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Note what became of an image."""
        with self._told():
            self._base.execute(
                "UPDATE image SET state = ?, stamp = ?, work = ?, message = ?, row = ?, seconds = ?, ended = ? "
                "WHERE id = ?",
                (
                    state,
                    stamp,
                    json.dumps(work or {}, separators=(",", ":")),
                    one_line(message),
                    json.dumps(row or {}, separators=(",", ":")),
                    round(seconds, 4),
                    int(time.time()),
                    number,
                ),
            )
        if time.monotonic() - self._written > _EVERY:
            self.write()

    def write(self) -> None:
        """Put what was noted on the disk."""
        with self._told():
            if self._base.in_transaction:
                self._base.execute("COMMIT")
            self._base.execute("PRAGMA wal_checkpoint")
        self._written = time.monotonic()

    def counts(self) -> dict[str, int]:
        """Return how many images of this run are in each state."""
        found = self._base.execute("SELECT state, count(*) FROM image WHERE run = ? GROUP BY state", (self.run,))
        return dict(found.fetchall())

    def close(self) -> None:
        """Write and unlock."""
        with contextlib.suppress(sqlite3.Error):
            if self._base.in_transaction:
                self._base.execute("COMMIT")
        self._base.close()

    def __enter__(self) -> Journal:
        """Return the journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _folded(target: bytes) -> bytes:
    """Path by which file systems that do not tell upper from lower case know a file."""
    return os.fsencode(os.path.normpath(os.fsdecode(target)).casefold())
