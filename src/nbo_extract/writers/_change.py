"""The change of one TIFF in phases, so that several files can change as one.

A file is its original, of which nothing but the offset of the first directory in the header ever changes, and what
follows: the tail of a block, or what an interrupted run left of one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
from typing import TYPE_CHECKING

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._chain import check_chain
from nbo_extract.writers._ifd import TiffFile
from nbo_extract.writers._meanwhile import check_untouched, expect, is_theirs, read_first
from nbo_extract.writers._system import SIDECAR_HINT, System
from nbo_extract.writers._tail import SECTOR, Mark, Tail, is_whole, make_tail, read_mark
from nbo_extract.writers.omexml import is_markup, plan_splice

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.writers._ifd import Directory
    from nbo_extract.writers.block import Block
    from nbo_extract.writers.omexml import Splice


class Change:
    """A TIFF that is open and locked, whatever happened to it before.

    Parameters
    ----------
    system : System
        The system calls.
    fd : int
        Open descriptor; stays the caller's.
    path : Path
    keep : bool
        Whether what will be appended is kept in memory from `plan` on. A set of files may have more of it than there
        is memory: then it is made anew where it is needed.

    Attributes
    ----------
    tiff : TiffFile
        The original, as if nothing followed.
    size : int
        Length of the file.
    first : int
        First directory of the original.
    embedded : bool
        Whether a whole block follows that the header points to.
    appended : int
        Bytes that are planned behind the original.
    done : bool
        Whether the file holds just what is planned.

    Raises
    ------
    WriteError
        If it is no TIFF.
    """

    def __init__(self, system: System, fd: int, path: Path, *, keep: bool = True) -> None:
        self.system, self.fd, self.path, self.keep = system, fd, path, keep
        status = os.fstat(fd)
        self.size, self._modified = status.st_size, status.st_mtime_ns
        tiff = TiffFile(system, fd, path, self.size)
        self._pointed = tiff.first
        mark = read_mark(system, fd, self.size)
        self.embedded = mark is not None and tiff.first == mark.first and is_whole(system, fd, self.size, mark)
        # Else it may have been cut off before the header was changed, or after it was changed back.
        if mark is not None and (self.embedded or tiff.first == mark.old_first):
            tiff = TiffFile(system, fd, path, mark.old_length)
            self.first = mark.old_first
        else:
            self.first = tiff.first
        self.tiff = tiff
        self._mark: Mark | None = None
        self._tail: Tail | None = None
        self.appended = 0
        self.done = self._begun = False

    @property
    def length(self) -> int:
        """Length of the original."""
        return self.tiff.length

    @property
    def growth(self) -> int:
        """By how much the file would grow."""
        return self.length + self.appended - self.size

    @property
    def changed(self) -> bool:
        """Whether the file is anything else than its original."""
        return self.size > self.length

    @property
    def xml(self) -> bytes | None:
        """ImageDescription of the original."""
        return self.tiff.text(self.tiff.directory(self.first))

    def check_untouched(self) -> None:
        """Check that no other program has written the file since it was opened."""
        check_untouched(self.fd, self.path, self.size, self._modified)

    def plan(self, block: Block, base_xml: bytes | None = None, *, label: str = "") -> Splice:
        """Find out what would be appended; refuses what cannot be changed safely.

        Parameters
        ----------
        block : Block
        base_xml : bytes, optional
            OME-XML for a file without ImageDescription.
        label : str
            What the file is called in messages.
        """
        splice, tail = self._plan(block, base_xml, label or str(self.path))
        self._mark, self.appended = tail.mark, tail.size
        same = self.embedded and not self.growth
        self.done = same and read_mark(self.system, self.fd, self.size) == tail.mark
        if self.keep:
            self._tail = tail
        else:
            self.tiff.window = b""
        return splice

    def _plan(self, block: Block, base_xml: bytes | None, label: str) -> tuple[Splice, Tail]:
        check_chain(self.tiff, self.first)
        directory = self.tiff.directory(self.first)
        xml = _base(self.tiff, directory, base_xml)
        made = base_xml is not None
        splice = plan_splice(xml, block, old_offset=self.first, old_length=self.length, made=made, label=label)
        tail = make_tail(self.first, self.length, directory, splice.pieces())
        end = self.length + tail.size + SECTOR
        if end > self.tiff.kind.limit:
            raise WriteError(
                f"{label} is a classic TIFF of {self.length} bytes, and with {tail.size} more it would pass the 4 GiB "
                f"that this format can address: {SIDECAR_HINT}, or convert it to BigTIFF"
            )
        return splice, tail

    def go_back(self) -> None:
        """Make the file its original again; where that fails, leave it the block that it has."""
        kind = self.tiff.kind
        try:
            if self.embedded:
                self._flip(self.first)
            if self.changed:
                expect(self.system, self.fd, kind, self.size, self.first)
                self.system.truncate(self.fd, self.length)
        except (OSError, KeyboardInterrupt):
            with contextlib.suppress(OSError):
                # Not where the truncation was done all the same, nor where the header is that of another program.
                size, ours = os.fstat(self.fd).st_size, (self.first, self._pointed)
                if self.embedded and size >= self.size and not is_theirs(self.system, self.fd, kind, size, ours):
                    self._point(self._pointed)
            raise
        if self.changed:
            self.system.fsync(self.fd)

    def append(self, block: Block | None = None) -> None:
        """Write what was planned behind the original; the file stays what it is until `flip`.

        Parameters
        ----------
        block : Block, optional
            What was planned, where it was not kept.
        """
        tail = self._tail
        if tail is None:
            assert block is not None  # noqa: S101 - given where it was not kept
            tail = self._plan(block, None, str(self.path))[1]
            self.tiff.window = b""
        if tail.mark != self._mark:
            raise OSError(errno.EBUSY, "another program is writing it")
        system, fd, kind, end = self.system, self.fd, self.tiff.kind, self.length + tail.size
        expect(system, fd, kind, self.length, self.first)
        mark = tail.mark.pack()
        self._begun = True
        # First the mark, at what will be the end: after a cut the next run knows what the original was.
        if system.write(fd, end - len(mark), mark) != len(mark):
            raise OSError(errno.ENOSPC, "the disk is full")
        system.fsync(fd)
        expect(system, fd, kind, end, self.first)
        at = self.length
        for chunk in tail.chunks():
            _system.write_exactly(system, fd, at, chunk)
            at += len(chunk)
        expect(system, fd, kind, end, self.first)

    def flip(self) -> None:
        """Make the file the one with the block."""
        self._flip(self._planned().first)

    def check(self) -> None:
        """Read back what was written.

        Raises
        ------
        OSError
            If it is not what was planned.
        """
        mark, end = self._planned(), self.length + self.appended
        expect(self.system, self.fd, self.tiff.kind, end, mark.first)
        if read_mark(self.system, self.fd, end) != mark or not is_whole(self.system, self.fd, end, mark):
            raise OSError(errno.EIO, "what was written reads back differently")

    def undo(self) -> None:
        """Make the file its original again after a phase failed, unless another program has written to it."""
        mark = self._planned()
        ours = (self.first, mark.first)
        if not self._begun:
            return  # what stands behind the original, if anything does, was not written here
        with contextlib.suppress(OSError):
            if is_theirs(self.system, self.fd, self.tiff.kind, self.length + self.appended, ours):
                return
            if read_first(self.system, self.fd, self.tiff.kind) != self.first:
                self._point(self.first)
            self.system.truncate(self.fd, self.length)
            self.system.fsync(self.fd)

    def _planned(self) -> Mark:
        assert self._mark is not None  # noqa: S101 - planned before
        return self._mark

    def _flip(self, first: int) -> None:
        """Point the header to a directory whose data may not be on the disk yet."""
        self.system.fsync(self.fd)
        self._point(first)

    def _point(self, first: int) -> None:
        """Point the header to a directory, in one aligned write that no cut can halve."""
        kind = self.tiff.kind
        _system.write_exactly(self.system, self.fd, kind.first_at, struct.pack(kind.offset, first))
        self.system.fsync(self.fd)


def _base(tiff: TiffFile, directory: Directory, base_xml: bytes | None) -> bytes:
    xml = tiff.text(directory)
    if xml is None and base_xml is not None:
        return base_xml
    if base_xml is not None:
        raise WriteError(f"{tiff.path} has an ImageDescription already, which is not written over; {SIDECAR_HINT}")
    if xml is None or not is_markup(xml):
        raise WriteError(f"{tiff.path} is a TIFF without OME-XML, so that nothing can be embedded; {SIDECAR_HINT}")
    return xml
