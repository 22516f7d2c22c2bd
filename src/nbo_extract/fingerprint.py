"""For which state of an image something was written: sizes and digests that cost the same for any size of image.

The scheme ``nbo-sample-1``: the SHA-256 of a file is over its size as decimal digits, a line feed, and a sample: all
of it up to 1.5 MiB; else the first 256 KiB, 16 blocks of 64 KiB that are spread evenly over what lies between, and the
last 256 KiB. Time of modification and place do not count. An NBO block that was embedded does not count either: a TIFF
is taken as it is without it, so are the attributes of an OME-Zarr and companion files.

Of a set, the size of each file counts, and the digests of a few: of the image itself, and first of those files that
are named otherwise, which hold metadata. Of an OME-Zarr, the metadata files count, no chunks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.errors import DocumentError, WriteError
from nbo_extract.registry import TIFF_MAGIC, head
from nbo_extract.writers.block import OWN_NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SCHEME: Final = "nbo-sample-1"
#: Name of the image itself among the files: it may be renamed with its sidecar.
SELF: Final = "."
_END: Final = 256 << 10
_BLOCK: Final = 64 << 10
_BLOCKS: Final = 16
#: Files of a set, or metadata files of an OME-Zarr, of which a digest is taken.
_MOST: Final = {"set": 16, "store": 256}
#: Metadata files that are read whole, because a block may stand anywhere in them.
_TEXTS: Final = (".ome", ".ome.xml", ".companion")
_MOST_TEXT: Final = 256 << 20
_ZARR: Final = ("zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata")
_OME_XML: Final = "OME/METADATA.ome.xml"


@dataclass(frozen=True, slots=True)
class FileState:
    """One file of an image.

    Attributes
    ----------
    name : str
        Path below the folder of the image, or within an OME-Zarr, with ``/``; ``.`` for the image itself.
    size : int
        Bytes, without an embedded block.
    sha256 : str
        By the scheme; empty where the size alone counts.
    """

    name: str
    size: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The state of an image.

    Attributes
    ----------
    image : str
        Path of the image from the folder of the sidecar, with ``/``: its name alone where it stands beside it.
    files : tuple of FileState
        The image itself first, then by name.
    scheme : str
        How the digests were made.
    """

    image: str
    files: tuple[FileState, ...]
    scheme: str = SCHEME

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        files = [{"name": f.name, "size": f.size, **({"sha256": f.sha256} if f.sha256 else {})} for f in self.files]
        return {"path": self.image, "scheme": self.scheme, "files": files}


def fingerprint(image: str | os.PathLike[str], files: Iterable[str] = ()) -> Fingerprint | None:
    """Take the fingerprint of an image.

    Parameters
    ----------
    image : path-like
    files : iterable of str
        All files of its set, in any order; the image may be among them.

    Returns
    -------
    Fingerprint or None
        None where the image is no local file or folder.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    place = os.path.abspath(os.fspath(image))
    name = os.path.basename(place)
    if os.path.isdir(place):
        return Fingerprint(name, tuple(_of_store(place)))
    if not os.path.isfile(place):
        return None
    others = {n: p for p in files if (n := _relative(p, place)) is not None and os.path.isfile(p)}
    digested = set(_chosen(others, place))
    found = [_state(SELF, place, digest=True)]
    found += [_state(n, others[n], digest=n in digested) for n in sorted(others)]
    return Fingerprint(name, tuple(found))


def difference(then: Fingerprint, image: str) -> str:
    """Say how an image differs from the state of a fingerprint.

    Parameters
    ----------
    then : Fingerprint
        Of the scheme that this version knows.
    image : str
        Path of the image now.

    Returns
    -------
    str
        What has changed first, as a part of a sentence; empty where nothing has.

    Raises
    ------
    OSError
        If the image cannot be read.
    """
    store = os.path.isdir(image)
    places = [(f, _place(f.name, image, store)) for f in then.files]
    for file, path in places:
        if not os.path.isfile(path):
            return f"{_called(file, store)} is not there" if file.name != SELF else "it is a folder now"
    if store:
        changed = (f.name for f, path in places if _of_metadata(f.name, path).sha256 != f.sha256)
        return next((f"the content of {name} has changed" for name in changed), "")
    # All sizes come before the first digest: they cost next to nothing.
    for file, path in places:
        size = _state(file.name, path, digest=False).size
        if size != file.size:
            what = "its size" if file.name == SELF else f"the size of {file.name}"
            return f"{what} was {file.size:,} bytes, is {size:,}"
    for file, path in places:
        if file.sha256 and _state(file.name, path, digest=True).sha256 != file.sha256:
            return "its content has changed" if file.name == SELF else f"the content of {file.name} has changed"
    return ""


def from_dict(given: object, label: str) -> Fingerprint:
    """Read what `Fingerprint.to_dict` made.

    Raises
    ------
    DocumentError
        If it is something else.
    """
    wrong = DocumentError(f"{label}: what it says of its image is damaged")
    if not isinstance(given, dict) or not isinstance(given.get("files"), list):
        raise wrong
    path, scheme = given.get("path"), given.get("scheme")
    files = []
    for entry in given["files"]:
        if not isinstance(entry, dict):
            raise wrong
        name, size, digest = entry.get("name"), entry.get("size"), entry.get("sha256", "")
        if not isinstance(name, str) or not isinstance(digest, str) or isinstance(size, bool):
            raise wrong
        if not isinstance(size, int) or not name:
            raise wrong
        files.append(FileState(name, size, digest))
    if not isinstance(path, str) or not path or not isinstance(scheme, str) or not files:
        raise wrong
    return Fingerprint(path, tuple(files), scheme)


def _relative(path: str, image: str) -> str | None:
    """Return the name of a member from the folder of the image; None for the image itself and for other drives."""
    place = os.path.abspath(path)
    if place == image:
        return None
    try:
        return os.path.relpath(place, os.path.dirname(image)).replace(os.sep, "/")
    except ValueError:
        return None


def _place(name: str, image: str, store: bool) -> str:
    if name == SELF:
        return image
    return os.path.join(image if store else os.path.dirname(os.path.abspath(image)), *name.split("/"))


def _called(file: FileState, store: bool) -> str:
    return f"its metadata file {file.name}" if store else f"its file {file.name}"


def _chosen(names: Iterable[str], image: str) -> list[str]:
    """Choose the members of which digests are taken: those that are named otherwise than the image come first."""
    ending = os.path.splitext(image)[1].lower()
    return sorted(names, key=lambda n: (n.lower().endswith(ending), n))[: _MOST["set"]]


# -- one file ---------------------------------------------------------------------------------------------------------


def _state(name: str, path: str, *, digest: bool) -> FileState:
    if path.lower().endswith(_TEXTS) and os.path.getsize(path) <= _MOST_TEXT:
        with open(path, "rb") as file:
            data = _without_block(file.read(), path)
        return FileState(name, len(data), _digest(len(data), lambda at, n: data[at : at + n]) if digest else "")
    size, start = os.path.getsize(path), b""
    if head(path).startswith(TIFF_MAGIC):
        from nbo_extract.writers.tiff import original_header

        # No sound TIFF holds no block.
        with contextlib.suppress(WriteError):
            size, start = original_header(path)
    if not digest:
        return FileState(name, size)
    with open(path, "rb") as stream:

        def read(at: int, length: int) -> bytes:
            stream.seek(at)
            return start[at : at + length] + stream.read(length)[len(start[at : at + length]) :]

        return FileState(name, size, _digest(size, read))


def _digest(size: int, read: Callable[[int, int], bytes]) -> str:
    """Return the digest of a sample of a file."""
    total = hashlib.sha256(f"{size}\n".encode())
    for at, length in sample(size):
        total.update(read(at, length))
    return total.hexdigest()


def sample(size: int) -> Sequence[tuple[int, int]]:
    """Return offset and length of each piece of a file that counts."""
    if size <= 2 * _END + _BLOCKS * _BLOCK:
        return [(0, size)]
    room = size - 2 * _END - _BLOCK
    blocks = [(_END + room * n // (_BLOCKS - 1), _BLOCK) for n in range(_BLOCKS)]
    return [(0, _END), *blocks, (size - _END, _END)]


def _without_block(data: bytes, label: str) -> bytes:
    """Return OME-XML as it is without a block."""
    if OWN_NAMESPACES.encode() not in data:
        return data
    from nbo_extract.writers.omexml import remove

    try:
        return remove(data, label=label)[0]
    except WriteError:
        return data


# -- OME-Zarr ---------------------------------------------------------------------------------------------------------


def _of_store(path: str) -> Iterator[FileState]:
    for name in counted_files(path):
        yield _of_metadata(name, os.path.join(path, *name.split("/")))


def counted_files(path: str) -> Iterator[str]:
    """Yield the names of the metadata files of an OME-Zarr that count for its state."""
    return islice(_metadata_files(path), _MOST["store"])


def _metadata_files(path: str) -> Iterator[str]:
    """Yield the names of metadata files, groups before what is in them; what is below arrays is never listed."""
    waiting = deque([""])
    while waiting:
        group = waiting.popleft()
        with os.scandir(os.path.join(path, group)) as listing:
            entries = sorted(listing, key=lambda e: e.name)
        names = {e.name for e in entries}
        found = [f"{group}{n}" for n in _ZARR if n in names]
        yield from found
        if not group and "OME" in names and os.path.isfile(os.path.join(path, _OME_XML)):
            yield _OME_XML
        if (found or not group) and not _is_array(path, group, names):
            waiting.extend(f"{group}{e.name}/" for e in entries if e.is_dir())


def _is_array(path: str, group: str, names: set[str]) -> bool:
    if ".zarray" in names:
        return True
    if "zarr.json" not in names:
        return False
    with open(os.path.join(path, group, "zarr.json"), "rb") as file:
        content = _parsed(file.read())
    return isinstance(content, dict) and content.get("node_type") == "array"


def _of_metadata(name: str, path: str) -> FileState:
    with open(path, "rb") as file:
        data = file.read()
    if name == _OME_XML:
        data = _without_block(data, path)
    elif isinstance(content := _parsed(data), dict):
        for holder in (content, content.get("attributes"), _member(content, "metadata", ".zattrs")):
            if str(_member(holder, "nbo", "namespace")).startswith(OWN_NAMESPACES) and isinstance(holder, dict):
                del holder["nbo"]
        # The text of other members may have been laid out anew, when the block was taken out.
        data = _canonical(content)
    return FileState(name, len(data), hashlib.sha256(data).hexdigest())


def _member(value: object, *way: str) -> object:
    for key in way:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _parsed(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("utf-8")
