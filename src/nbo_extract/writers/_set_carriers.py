"""Files of a set that carry the block: what each phase of a change does to one of them."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError
from nbo_extract.writers import _system
from nbo_extract.writers._change import Change
from nbo_extract.writers._ifd import TiffFile
from nbo_extract.writers._keep import backup_of, hash_data, keep_backup
from nbo_extract.writers._meanwhile import check_named, read_first
from nbo_extract.writers.omexml import plan_splice, remove, strip
from nbo_extract.writers.tiff import check_gone

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.writers._system import System
    from nbo_extract.writers.block import Block, Safety
    from nbo_extract.writers.omexml import Splice

#: What is done to all files before the next is done to any.
PHASES: Final = ("clear", "append", "flip", "check")


class Member(Change):
    """An OME-TIFF of a set.

    Parameters
    ----------
    system : System
        The system calls.
    fd : int
        Open descriptor; stays the caller's.
    path : Path

    Attributes
    ----------
    phase : str
        What is or was done last; empty before.
    backup : str
        Path of the copy that was kept.
    verified : int
        Pieces of image data that are compared before and after.
    """

    def __init__(self, system: System, fd: int, path: Path) -> None:
        super().__init__(system, fd, path, keep=False)
        self.phase = self.backup = self._digest = ""
        self.verified = 0

    def prepare(self, safety: Safety) -> None:
        """Keep what was asked for before anything is changed."""
        if safety.verify_pixels:
            self.verified, self._digest = hash_data(self.tiff, self.first)
        if safety.backup:
            self.backup = str(keep_backup(self.system, self.path, self.tiff, self.first))
        self.tiff.window = b""

    def check_gone(self) -> None:
        """Check that it holds no block without a way back."""
        if not self.changed:
            check_gone(self)
        self.tiff.directory(self.first)
        self.tiff.window = b""

    def clear(self) -> None:
        """Make room: what an earlier run appended goes."""
        self.go_back()

    def append(self, block: Block | None = None) -> None:
        """Write what was planned, and wait until it is on the disk."""
        super().append(block)
        self.system.fsync(self.fd)

    def check(self) -> None:
        """Read back what was written, and the image data where that was asked for."""
        super().check()
        check_named(self.fd, self.path)
        if self._digest:
            now = TiffFile(self.system, self.fd, self.path, self.length + self.appended)
            if hash_data(now, now.first)[1] != self._digest:
                raise OSError(errno.EIO, "its image data are not what they were before")

    def revert(self, *, alone: bool = False) -> bool:
        """Make the file its original again, whatever was done; return whether it is."""
        if self.phase in ("", "clear"):
            with contextlib.suppress(OSError):
                self.go_back()
        else:
            super().undo()
        try:
            size = os.fstat(self.fd).st_size
            return size == self.length and read_first(self.system, self.fd, self.tiff.kind) == self.first
        except OSError:
            return False


class Companion:
    """A companion file, whose change is one atomic replacement.

    Parameters
    ----------
    system : System
        The system calls.
    fd : int
        Open descriptor, which holds the lock.
    path : Path

    Attributes
    ----------
    present : bytes
        What it holds.
    xml : bytes
        The same without a block.
    original : bytes
        Where a failed run goes back to: what another program has changed since stays as it is.
    """

    def __init__(self, system: System, fd: int, path: Path) -> None:
        self.system, self.path = system, path
        self.present = _system.read_exactly(system, fd, 0, os.fstat(fd).st_size)
        self.xml, exact = remove(self.present, label=str(path))
        self.changed = self.embedded = self.xml is not self.present
        self.original = self.xml if exact else self.present
        self.size, self.length = len(self.present), len(self.original)
        self.growth = self.appended = self.verified = 0
        self.done = False
        self.phase = self.backup = ""
        self._fresh = b""

    def tidy(self) -> None:
        """Remove what an interrupted run left beside it."""
        spare = _system.spare_of(self.path)
        if os.path.lexists(spare):
            with contextlib.suppress(OSError):
                self.system.unlink(spare)

    def plan(self, block: Block) -> Splice:
        """Find out what would be written."""
        splice = plan_splice(self.xml, block, label=str(self.path))
        self._fresh = splice.apply()
        self.growth, self.appended = len(self._fresh) - self.size, len(self._fresh)
        self.done = self._fresh == self.present
        return splice

    def prepare(self, safety: Safety) -> None:
        """Keep a copy of the original where that was asked for."""
        if not safety.backup:
            return
        target = backup_of(self.path)
        if not os.path.lexists(target):
            try:
                _system.replace_file(target, self.original, self.system)
            except OSError as error:
                raise WriteError(
                    f"{self.path} is left as it is, because its copy {target} could not be written: "
                    f"{_system.cause(error)}"
                ) from error
        elif target.is_symlink() or not target.is_file() or target.read_bytes() != self.original:
            raise WriteError(
                f"{self.path} is left as it is, because {target} is there already and is no copy of it: move that away"
            )
        self.backup = str(target)

    def check_gone(self) -> None:
        """Check that it holds no block without a way back."""
        strip(self.present, label=str(self.path))

    def check_untouched(self) -> None:
        """Check that no other program has written it since it was read."""
        if self._read() != self.present:
            raise WriteError(f"{self.path} was changed by another program just now: try again when that is done")

    def clear(self) -> None:
        """Do nothing: what is there is replaced at once."""

    def append(self, block: Block | None = None) -> None:
        """Do nothing: the new content is written, synced and read back before it takes the place of the old."""

    def flip(self) -> None:
        """Replace the content."""
        _system.replace_file(self.path, self._fresh, self.system, before=self.present)

    def check(self) -> None:
        """Read back what was written."""
        if self._read() != self._fresh:
            raise OSError(errno.EIO, "what was written reads back differently")

    def go_back(self) -> None:
        """Give it its original content again."""
        _system.replace_file(self.path, self.original, self.system, before=self.present)

    def revert(self, *, alone: bool = False) -> bool:
        """Give it its original content again, whatever was done; return whether it has it.

        One that is `alone` may keep what it held: nothing else has to go with it.
        """
        try:
            now = self._read()
            if now == self.original or (alone and now == self.present):
                return True
            if now in (self.present, self._fresh):  # else it is what another program wrote
                _system.replace_file(self.path, self.original, self.system, before=now)
            return self._read() == self.original
        except OSError:
            return False

    def _read(self) -> bytes:
        fd = self.system.open(self.path, os.O_RDONLY)
        with _system.closing(self.system, fd):
            return _system.read_exactly(self.system, fd, 0, os.fstat(fd).st_size)
