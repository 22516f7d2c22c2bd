"""Where the files of an OME-Zarr lie: in a folder, in a ZIP archive, or at a place that a URL names."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

from nbo_extract.errors import CorruptFileError, NboExtractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
_FILE: Final = "file://"
#: Files of which one is in every group of a Zarr.
GROUP_FILES: Final = ("zarr.json", ".zgroup", ".zattrs")
ZIP_SUFFIXES: Final = (".ozx", ".zip")
#: No metadata file of a plate comes near; a larger one is something else.
MAX_FILE: Final = 1 << 28
#: The same in an archive, where a small file may stand for an endless one, and for all that is read of one archive.
MAX_UNPACKED: Final = 1 << 26
MAX_UNPACKED_ALL: Final = 1 << 29
_PIECE: Final = 1 << 20
_UNPRINTABLE: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")


def is_url(path: str) -> bool:
    """Whether a path is a URL, such as ``s3://bucket/cells.ome.zarr``; not so for a drive of Windows."""
    return _URL.match(path) is not None


def plain(path: str) -> str:
    """Return the path that a ``file://`` URL names; any other path as it is."""
    if not path.lower().startswith(_FILE):
        return path
    from urllib.parse import unquote

    rest = unquote(path[len(_FILE) :]).removeprefix("localhost")
    return rest[1:] if re.match(r"/[A-Za-z]:", rest) else rest


def shown(path: str) -> str:
    """Return how a path is told to people: a URL without user, password and query, which may be secret."""
    if not is_url(path):
        return path
    scheme, _, rest = path.partition("://")
    rest = re.split(r"[?#]", rest, maxsplit=1)[0].rstrip("/")
    host, slash, inner = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{inner}"


def last_part(path: str) -> str:
    """Return the name of the image that a path or URL leads to."""
    if is_url(path):
        return shown(path).rpartition("/")[2]
    return os.path.basename(os.path.abspath(path))


class Store(ABC):
    """The files of a store; names are relative to its root, with ``/``.

    Attributes
    ----------
    label : str
        The store, for people.
    denied : bool
        Whether a file was taken for absent because access to it was denied: some servers answer so for files that are
        not there.
    """

    label: str
    denied: bool = False

    @abstractmethod
    def load(self, name: str, *, strict: bool = False) -> bytes | None:
        """Return the content of a file, None where there is none.

        Parameters
        ----------
        name : str
        strict : bool
            Whether a file to which access is denied is an error.

        Raises
        ------
        NboExtractError
            If it is there and cannot be read.
        """

    @abstractmethod
    def children(self) -> list[str]:
        """Return the names of the folders at the root, in order; empty where they cannot be listed."""

    def name(self, name: str) -> str:
        """Return where a file or group lies, for people."""
        return "/".join([self.label, *(p for p in name.split("/") if p)])

    def above(self) -> Store | None:
        """Return the store of the folder above, None where there is none."""
        return None


class LocalStore(Store):
    """A folder."""

    def __init__(self, path: str) -> None:
        self.label = self.path = path

    def name(self, name: str) -> str:
        """Return the path of a file or group."""
        return os.path.join(self.path, *(p for p in name.split("/") if p))

    def load(self, name: str, *, strict: bool = False) -> bytes | None:
        """Return the content of a file; see `Store`."""
        try:
            with open(self.name(name), "rb") as handle:
                return handle.read(MAX_FILE)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
            # ValueError: a path of a damaged JSON file may hold what no file name can.
            return None
        except OSError as error:
            raise NboExtractError(
                f"{self.name(name)} cannot be read ({error.strerror or error}); check that you may open it."
            ) from error

    def children(self) -> list[str]:
        """Return the names of the folders; see `Store`."""
        try:
            with os.scandir(self.path) as entries:
                return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))
        except OSError:
            return []

    def fingerprints(self, skip: Callable[[str], bool]) -> dict[str, str]:
        """Return a hash of each file that is not to be skipped; what is behind symbolic links belongs to it."""
        return {n: _digest(open(self.name(n), "rb")) for n in self._files() if not skip(n)}

    def _files(self) -> Iterator[str]:
        seen = set()
        for folder, inner, names in os.walk(self.path, onerror=_raise, followlinks=True):
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in seen:  # a link to a folder on the way here
                inner.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            inner.sort()
            place = os.path.relpath(folder, self.path).replace(os.sep, "/")
            for name in sorted(names):
                yield name if place == "." else f"{place}/{name}"

    def above(self) -> Store | None:
        """Return the folder above."""
        here = os.path.abspath(self.path)
        there = os.path.dirname(here)
        return LocalStore(there) if there != here else None


class ZipStore(Store):
    """An archive whose root is that of a Zarr, or holds one folder that is.

    Parameters
    ----------
    label : str
    file : str or binary file

    Raises
    ------
    CorruptFileError
        If it is no sound archive, or holds no Zarr or several.
    """

    def __init__(self, label: str, file: str | BinaryIO) -> None:
        import zipfile

        self.label = label
        self._read = 0
        self._file = file
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
            raise CorruptFileError(f"{label} is no sound ZIP archive ({error}); copy it again.") from error
        except OSError as error:
            raise NboExtractError(f"{label} cannot be read ({error.strerror or error}); check it.") from error
        self._names = set(self._archive.namelist())
        self._inside = self._find_root()

    def _find_root(self) -> str:
        if any(name in self._names for name in GROUP_FILES):
            return ""
        found = sorted({n.split("/")[0] for n in self._names if n.count("/") == 1 and n.split("/")[1] in GROUP_FILES})
        if len(found) == 1:
            return f"{found[0]}/"
        what = f"{len(found)} Zarr folders ({', '.join(found[:3])})" if found else "no Zarr at its root or in a folder"
        self.close()
        raise CorruptFileError(f"{self.label} is a ZIP archive that holds {what}; unzip it and give one Zarr folder.")

    def load(self, name: str, *, strict: bool = False) -> bytes | None:
        """Return the content of a file, of bounded size; see `Store`."""
        import zipfile
        import zlib

        full = self._inside + "/".join(p for p in name.split("/") if p)
        if full not in self._names:
            return None
        most = min(MAX_UNPACKED, MAX_UNPACKED_ALL - self._read)
        try:
            # What an archive says of sizes is not trusted.
            with self._archive.open(full) as stream:
                content = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise CorruptFileError(
                f"{self.name(name)} cannot be unpacked ({error}); copy the archive again."
            ) from error
        if len(content) > most:
            raise CorruptFileError(f"{self.name(name)} unpacks to more than metadata ever are; unzip and check it.")
        self._read += len(content)
        return content

    def children(self) -> list[str]:
        """Return the names of the folders; see `Store`."""
        below = (n[len(self._inside) :] for n in self._names if n.startswith(self._inside))
        return sorted({n.split("/")[0] for n in below if "/" in n and not n.startswith(".")})

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()
        if not isinstance(self._file, str):
            self._file.close()


def open_store(path: str) -> Store:
    """Return the store at a path or URL.

    Raises
    ------
    NboExtractError
        If it is a file that is no archive, or the library for its URL is missing.
    """
    path = plain(path)
    if is_url(path):
        from nbo_extract.stores_remote import open_remote

        return open_remote(path)
    if os.path.isdir(path):
        return LocalStore(path)
    return ZipStore(path, path)


def _raise(error: OSError) -> None:
    raise error


def _digest(stream: BinaryIO) -> str:
    """Return the hash of a stream, and close it."""
    import hashlib

    found = hashlib.sha256()
    with stream:
        while piece := stream.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def one_line(text: str) -> str:
    r"""Return a text without line breaks, other control characters and what is no text; names of files have such.

    Each is shown by its escape, as ``\n``; a byte that is no text of this system as ``\xff``.
    """
    return _UNPRINTABLE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else ascii(match.group())[1:-1]
