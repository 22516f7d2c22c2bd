"""Bringing the files of a submission to their places: linked or copied, an OME-Zarr as one ZIP, with their digests."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import zipfile
from typing import TYPE_CHECKING, Final, Literal

from nbo_extract.errors import WriteError
from nbo_extract.writers._system import cause

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: How a file comes to its place.
How = Literal["link", "copy", "symlink"]
_BLOCK: Final = 1 << 20
#: Time of all members of a ZIP: the earliest that the format has, so that the same store gives the same bytes.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
#: Metadata files of Zarr, which stand first in a ZIP (NGFF, RFC 9).
_METADATA: Final = ("zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata")
_MODE: Final = 0o644


def put(source: str, target: Path, how: How) -> None:
    """Bring a file to its place.

    Parameters
    ----------
    source : str
        A file; what a symbolic link points to is meant.
    target : Path
        Its folder is made where it is not there.
    how : {'link', 'copy', 'symlink'}

    Raises
    ------
    WriteError
        If that cannot be.
    """
    place = os.path.realpath(source)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if how == "link":
            os.link(place, target)
        elif how == "symlink":
            os.symlink(place, target)
        else:
            shutil.copyfile(place, target)
    except OSError as error:
        raise WriteError(_refusal(source, target, how, error)) from error


def _refusal(source: str, target: Path, how: How, error: OSError) -> str:
    if how == "link" and error.errno in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES):
        return (
            f"{source}: the folder of the submission can hold no link to it ({cause(error)}); choose an -o on the same "
            "disk, or give --files copy"
        )
    return f"{target} cannot be written: {cause(error)}; choose another place with -o"


def zip_store(source: str, target: Path) -> None:
    """Write the directory of an OME-Zarr as one ZIP: not compressed, metadata first, the same bytes for the same store.

    Raises
    ------
    WriteError
        If it cannot be read or written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True, strict_timestamps=False) as archive:
            for name in _members(source):
                member = zipfile.ZipInfo(name, _TIME)
                member.external_attr = (stat.S_IFREG | _MODE) << 16
                path = os.path.join(source, *name.split("/"))
                member.file_size = os.stat(path).st_size
                with open(path, "rb") as reading, archive.open(member, "w") as writing:
                    shutil.copyfileobj(reading, writing, _BLOCK)
    except OSError as error:
        raise WriteError(f"{source} cannot be written as {target}: {cause(error)}; choose another -o") from error


def _members(source: str) -> Sequence[str]:
    """Return the files of a store as paths in it: its metadata first, those of the root before all."""
    found = [
        os.path.relpath(os.path.join(root, name), source).replace(os.sep, "/")
        for root, _, names in os.walk(source)
        for name in names
    ]
    return sorted(found, key=lambda p: (os.path.basename(p) not in _METADATA, p.count("/"), p))


def digests(path: str, kinds: Sequence[str]) -> dict[str, str]:
    """Return digests of a file, by the names of their kinds.

    Raises
    ------
    WriteError
        If it cannot be read.
    """
    made = {kind: hashlib.new(kind, usedforsecurity=False) for kind in kinds}
    try:
        for block in _blocks(path):
            for digest in made.values():
                digest.update(block)
    except OSError as error:
        raise WriteError(f"{path} cannot be read: {cause(error)}; check the file") from error
    return {kind: digest.hexdigest() for kind, digest in made.items()}


def _blocks(path: str) -> Iterator[bytes]:
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            yield block


def checksums(found: dict[str, str]) -> str:
    """Return a list of digests as ``sha256sum`` and ``md5sum`` write and check it.

    Parameters
    ----------
    found : dict of str to str
        Path to digest.
    """
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(found.items()))


def read_checksums(text: str, name: str) -> tuple[dict[str, str], list[str]]:
    """Read a list of digests.

    Returns
    -------
    found : dict of str to str
        Path to digest.
    problems : list of str
        Sentences on lines that are none.
    """
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        digest, _, path = line.partition("  ")
        if not path or len(digest) not in (32, 64) or not all(c in "0123456789abcdef" for c in digest):
            problems.append(f"{name}, line {number}: no checksum and path; make the submission again")
        else:
            found[path] = digest
    return found, problems
