"""Lists of paths in a file, and what else says which images are meant."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from nbo_extract.cli.group import Refusal
from nbo_extract.stores import is_url, plain


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a user says of the images of folders.

    Attributes
    ----------
    include, exclude : tuple of str
        Globs; see `nbo_extract.walk_names.Globs`.
    missing : tuple of str
        A sentence for each path of a list that is not there: the others are worked on.
    listed : bool
        Whether there is a list.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    listed: bool = False


def paths_in(list_file: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths that a list names and that are there, and a sentence for each of the others.

    Parameters
    ----------
    list_file : str
        Text of a path a line, where empty lines and lines with ``#`` in front are none; or paths with NUL between
        them, which may hold anything else; ``-`` for standard input. Paths are relative to the current folder.

    Raises
    ------
    Refusal
        If the list cannot be read, or names nothing.
    """
    try:
        if list_file == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(list_file, "rb") as stream:
                content = stream.read()
    except OSError as error:
        raise Refusal(
            f"{list_file}: this list of paths cannot be read ({error.strerror or error}); give a text file with a path "
            "a line"
        ) from error
    name = "the list on standard input" if list_file == "-" else list_file
    named = paths_of(content)
    if not named:
        raise Refusal(f"{name}: names no path; write one a line")
    there: list[str] = []
    missing: list[str] = []
    for path in named:
        if is_url(path) or os.path.exists(plain(path)):
            there.append(path)
        elif os.path.lexists(plain(path)):
            missing.append(f"{path}: this link, named in {name}, leads nowhere; check where it points to")
        else:
            missing.append(f"{path}: there is no such file, and {name} names it; check the path")
    return tuple(there), tuple(missing)


def paths_of(content: bytes) -> list[str]:
    """Return the paths of a list; bytes that are no text of this system survive."""
    if b"\0" in content:
        return [os.fsdecode(part) for part in content.split(b"\0") if part]
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    kept = [line.removesuffix(b"\r") for line in lines]
    return [os.fsdecode(line) for line in kept if line.strip() and not line.lstrip().startswith(b"#")]
