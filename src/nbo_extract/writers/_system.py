"""The system calls of the writers, in one object that a test can replace, and what is built of them."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIDECAR_HINT: Final = "write a sidecar instead (leave out --embed)"
_BINARY: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
#: A file system without locks, or, on NFS, without locks of folders: going on is what every other program does there.
_NO_LOCKS: Final = {errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL, errno.EBADF}


class System:
    """Thin, stateless passage to the operating system; offsets are explicit, no call moves a shared position."""

    def open(self, path: Path, flags: int, mode: int = 0o666) -> int:
        """Open a file, never through a symbolic link."""
        return os.open(path, flags | _BINARY | _NO_FOLLOW, mode)

    def close(self, fd: int) -> None:
        """Close a descriptor."""
        os.close(fd)

    def read(self, fd: int, offset: int, size: int) -> bytes:
        """Read up to `size` bytes at `offset`."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)

    def write(self, fd: int, offset: int, data: bytes | memoryview) -> int:
        """Write at `offset` and return how many bytes were taken."""
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        """Wait until the data of a file is on the disk."""
        os.fsync(fd)

    def truncate(self, fd: int, length: int) -> None:
        """Set the length of a file."""
        os.ftruncate(fd, length)

    def chmod(self, fd: int, mode: int) -> None:
        """Set the permissions of an open file, where the system has such."""
        if hasattr(os, "fchmod"):
            os.fchmod(fd, mode)

    def chown(self, fd: int, user: int, group: int) -> None:
        """Set owner and group of an open file, where the system has such; -1 leaves one as it is."""
        if hasattr(os, "fchown"):
            os.fchown(fd, user, group)

    def setxattr(self, fd: int, name: str, value: bytes) -> None:
        """Set an extended attribute of an open file; access control lists are such, too."""
        if sys.platform == "linux":
            os.setxattr(fd, name, value)

    def replace(self, source: Path, target: Path) -> None:
        """Put one file in the place of another, atomically."""
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a file."""
        os.unlink(path)

    def writable(self, folder: Path) -> bool:
        """Whether files may be made in a folder."""
        return os.access(folder, os.W_OK)

    def free(self, folder: Path) -> int:
        """Bytes that are free for this user on the disk of a folder."""
        return shutil.disk_usage(folder).free

    def lock(self, fd: int) -> bool:
        """Lock for writing against other runs; false where somebody else holds the lock."""
        if sys.platform == "win32":
            import msvcrt

            os.lseek(fd, 1 << 62, os.SEEK_SET)
            try:
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
            except OSError:
                return False
            return True
        import fcntl

        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        return True


SYSTEM: Final = System()


def read_exactly(system: System, fd: int, offset: int, size: int) -> bytes:
    """Read `size` bytes at `offset`, or fewer where the file ends."""
    parts = []
    while size > 0:
        part = system.read(fd, offset, size)
        if not part:
            break
        parts.append(part)
        offset += len(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write_exactly(system: System, fd: int, offset: int, data: bytes | memoryview) -> None:
    """Write all of `data` at `offset`."""
    view = memoryview(data)
    while view:
        done = system.write(fd, offset, view)
        if done <= 0:
            raise OSError(errno.EIO, "the system took none of the data")
        offset += done
        view = view[done:]


def cause(error: OSError) -> str:
    """Return why the system refused, in words."""
    return (error.strerror or str(error) or type(error).__name__).lower()


def refuse_links(path: Path, *, follow: bool = False) -> Path:
    """Check that a path is a plain file with one name, or follow it to the file.

    Parameters
    ----------
    path : Path
    follow : bool
        Whether links are followed: a symbolic one to its file, a hard one by changing all its names at once.

    Returns
    -------
    Path
        The file itself.

    Raises
    ------
    WriteError
        If it is missing, no plain file, or, unless `follow`, a symbolic link or one of several hard links.
    """
    try:
        status = path.lstat()
        target = path.resolve(strict=True) if follow and stat.S_ISLNK(status.st_mode) else path
        status = target.lstat()
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError before Python 3.13
        why = cause(error) if isinstance(error, OSError) else "its symbolic links run in a circle"
        raise WriteError(f"{path} cannot be opened: {why}") from error
    what = ""
    if stat.S_ISLNK(status.st_mode):
        what = "is a symbolic link"
    elif not stat.S_ISREG(status.st_mode):
        raise WriteError(f"{path} is no file: give the path of an image file")
    elif status.st_nlink > 1 and not follow:
        what = f"is one of {status.st_nlink} hard links to the same data"
    if what:
        raise WriteError(
            f"{path} {what}, and what links point to is not changed: give --follow-links to change it all the same, "
            f"{SIDECAR_HINT}, or write a copy with -o"
        )
    return target


@contextlib.contextmanager
def closing(system: System, fd: int) -> Iterator[int]:
    """Close a descriptor at the end, whatever happens."""
    try:
        yield fd
    finally:
        # What was written was made safe before, and the descriptor is gone even where closing fails.
        with contextlib.suppress(OSError):
            system.close(fd)


def check_free(system: System, folder: Path, label: Path, needed: int) -> None:
    """Check that a disk has room.

    Raises
    ------
    WriteError
        If fewer than `needed` bytes are free.
    """
    try:
        free = system.free(folder)
    except OSError:
        return  # a file system that does not say: the write itself will
    if free < needed:
        raise WriteError(
            f"{label} is left as it is: {needed} bytes are needed and {free} are free on its disk; make room, "
            "or write a sidecar elsewhere with -o"
        )


def sync_folder(system: System, folder: Path) -> None:
    """Make a rename in a folder survive a power cut, where the system can."""
    if sys.platform == "win32":
        return
    fd = system.open(folder, os.O_RDONLY)
    with closing(system, fd):
        system.fsync(fd)


def _keep(system: System, fd: int, status: os.stat_result, model: Path) -> None:
    """Give an open file owner, permissions and extended attributes of another, as far as the user may."""
    made = os.fstat(fd)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        for user, group in ((status.st_uid, status.st_gid), (-1, status.st_gid)):
            with contextlib.suppress(OSError):
                system.chown(fd, user, group)
                break
    system.chmod(fd, stat.S_IMODE(status.st_mode))
    if sys.platform != "linux":
        return
    try:
        names = os.listxattr(model)
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            system.setxattr(fd, name, os.getxattr(model, name))


def spare_of(path: Path) -> Path:
    """Return where new content of a file is prepared.

    A fixed name: what an interrupted run left is written over by the next, and never piles up.
    """
    return path.with_name(f".{path.name}.nbo-tmp")


def replace_file(
    path: Path, data: bytes, system: System = SYSTEM, *, before: bytes | None = None, like: Path | None = None
) -> None:
    """Give a file new content: old or new at every instant; permissions and extended attributes are kept.

    Owner and group are kept where the user may give files away; else the new file is the user's. Its modification
    time is new.

    Parameters
    ----------
    path : Path
        Need not exist yet; must be no link.
    data : bytes
        The whole new content.
    system : System
        The system calls.
    before : bytes, optional
        What the file must hold up to the last moment.
    like : Path, optional
        File whose permissions it gets instead of those that it had.

    Raises
    ------
    OSError
        If the system refuses, or another program has changed the file; it is as it was.
    """
    model = like or path
    try:
        status: os.stat_result | None = model.lstat()
    except FileNotFoundError:
        status = None
    with prepared(path, system) as fd:
        write_exactly(system, fd, 0, data)
        if status is not None:
            _keep(system, fd, status, model)
        system.fsync(fd)
        if read_exactly(system, fd, 0, len(data) + 1) != data:
            raise OSError(errno.EIO, "what was written reads back differently")
        if before is not None and path.read_bytes() != before:
            raise OSError(errno.EBUSY, "another program has just changed it")


@contextlib.contextmanager
def prepared(path: Path, system: System) -> Iterator[int]:
    """Open an empty spare file that takes the place of a file at the end; where something fails, the spare goes.

    What is written to the descriptor has to be safe on the disk before the end.

    Raises
    ------
    OSError
        If the system refuses, or another run is writing the same file.
    """
    spare = spare_of(path)
    fd = system.open(spare, os.O_RDWR | os.O_CREAT)
    with closing(system, fd):
        with _unlinked(system, spare):
            locked = system.lock(fd)
        if not locked or not is_named(fd, spare):
            raise OSError(errno.EBUSY, "another run of nbo-extract is writing it")
        with _unlinked(system, spare):
            system.truncate(fd, 0)
            yield fd
            # Under the lock: another run must not empty the spare before it is in its place.
            if sys.platform != "win32":
                system.replace(spare, path)
    if sys.platform == "win32":  # where an open file cannot be moved
        with _unlinked(system, spare):
            system.replace(spare, path)
    sync_folder(system, path.parent)


def is_named(fd: int, path: Path) -> bool:
    """Whether an open file still has its name: another run may have moved it since it was opened."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _unlinked(system: System, spare: Path) -> Iterator[None]:
    """Remove a spare where something fails."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            system.unlink(spare)
        raise
