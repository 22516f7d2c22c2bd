"""The archive's rules on the paths of files: what is wrong with one, which two are too alike, and what to name them.

The archive keeps files under names that are safe everywhere: a few characters of ASCII, ``/`` between folders. What it
says nothing on but what gets lost on the way (hidden files, spaces at the ends, names that are too long) is told too.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What an extension looks like: the last ones of a name, such as ``.ome.tif`` or ``.dv.log``.
_EXTENSION: Final = re.compile(r"(.+?)((?:\.[A-Za-z][A-Za-z0-9]{0,9}){0,4})", re.DOTALL)
#: Characters without a name in Unicode.
_CONTROLS: Final = {"\0": "NULL", "\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x7f": "DELETE"}
_ALLOWED: Final = "allowed are A-Z, a-z, 0-9, space and ! - _ . * ' ( )"

Alike = Literal["equal", "case", "form"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What the archive would refuse.

    Attributes
    ----------
    code : str
        Kind of problem, such as ``character``.
    sentence : str
        For people; names the path.
    """

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Clash:
    """Paths that are the same file to one system or another.

    Attributes
    ----------
    kind : {'equal', 'case', 'form'}
        Whether they are equal, differ by case, or look the same and are other characters.
    paths : tuple of str
        Sorted; folders end with ``/``.
    sentence : str
    """

    kind: Alike
    paths: tuple[str, ...]
    sentence: str


@functools.cache
def _table() -> dict[str, Any]:
    file = resources.files("nbo_extract_mappings") / "deposit" / "names.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@functools.cache
def _allowed() -> frozenset[str]:
    return frozenset(_table()["allowed"])


# -- what is wrong ------------------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """Return a text in which what is not seen, or breaks a line, is written as an escape."""
    return "".join(c if _is_seen(c) or c == " " else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_seen(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZM"


def _named(character: str) -> str:
    if _is_seen(character):
        return f"'{character}'" if character != "'" else '"\'"'
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"the byte 0x{code - 0xDC00:02X} that is not UTF-8"
    name = _CONTROLS.get(character) or unicodedata.name(character, "")
    return f"U+{code:04X}" + (f" ({name})" if name else "")


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def problems(path: str) -> tuple[Problem, ...]:
    """Return what is wrong with the path of a file, relative to the folder of the submission.

    Parameters
    ----------
    path : str
        As it stands in a file list.

    Returns
    -------
    tuple of Problem
        Empty for a path that the archive takes.
    """
    if not path.strip():
        return (Problem("blank", "a path is blank: each file needs a name"),)
    return tuple(Problem(code, f"{shown(path)} {text}") for code, text in _wrong(path))


def is_accepted(path: str) -> bool:
    """Whether nothing is wrong with a path."""
    return bool(path.strip()) and next(_wrong(path), None) is None


def _wrong(path: str) -> Iterator[tuple[str, str]]:
    strange = [c for c in dict.fromkeys(path) if c not in _allowed() and c not in "/\\"]
    if strange:
        yield "character", f"holds {_listed([_named(c) for c in strange])}: {_ALLOWED}"
    if "\\" in path:
        yield "separator", "holds '\\': folders are separated by '/'"
    if path.startswith("./"):
        yield "relative", "starts with './': paths start with the name of a file or folder"
    if path.startswith("/"):
        yield "absolute", "starts with '/': paths are relative to the folder of the submission"
    if "../" in path or path == ".." or path.endswith("/.."):
        yield "upward", "holds '../': paths do not lead out of the folder of the submission"
    if "//" in path:
        yield "empty-part", "holds '//': a folder has no name"
    if path.endswith("/"):
        yield "folder", "ends with '/': files are listed, not folders"
    yield from _wrong_parts(path.split("/"))


def _wrong_parts(parts: list[str]) -> Iterator[tuple[str, str]]:
    hidden = [p for p in parts if p.startswith(".") and p not in {".", ".."}]
    if "." in parts[1:] or parts == ["."]:
        yield "relative", "holds the part '.': paths hold names of files and folders alone"
    if hidden:
        yield "hidden", f"is hidden, because {_quoted(hidden)} starts with '.'"
    edges = [p for p in parts if p and p != p.strip(" ")]
    if edges:
        yield "edge-space", f"has a space at an end of {_quoted(edges)}"
    longest = _table()["longest"]
    lengths = [n for p in parts if (n := len(p.encode("utf-8", "surrogatepass"))) > longest]
    if lengths:
        yield "long", f"has a name of {max(lengths)} bytes: {longest} is the most"


def _quoted(parts: list[str]) -> str:
    return f"'{shown(parts[0])}'"


# -- what is too alike --------------------------------------------------------------------------------------------


def _key(text: str) -> str:
    """Return what is equal for names that one system or another takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def clashes(paths: Iterable[str]) -> tuple[Clash, ...]:
    """Return the groups of paths that are equal, or differ by case alone or by how Unicode writes a character.

    Folders that differ so are told as well, by their own paths.
    """
    files: dict[str, list[str]] = {}
    folders: dict[str, set[str]] = {}
    for path in paths:
        files.setdefault(_key(path), []).append(path)
        at = path.find("/", 1)
        while at > 0:
            folder = path[: at + 1]
            folders.setdefault(_key(folder), set()).add(folder)
            at = path.find("/", at + 1)
    groups = [sorted(g) for g in [*files.values(), *folders.values()] if len(g) > 1]
    return tuple(_clash(g) for g in sorted(groups))


def _clash(paths: list[str]) -> Clash:
    distinct = sorted(set(paths))
    names = _listed([shown(p) for p in distinct])
    if len(distinct) == 1:
        return Clash("equal", tuple(paths), f"{names} stands {len(paths)} times: each file is listed once")
    if len({unicodedata.normalize("NFC", p) for p in distinct}) == 1:
        raw = _listed([ascii(p) for p in distinct])
        return Clash("form", tuple(paths), f"{raw} look the same: they are one file on some systems")
    return Clash("case", tuple(paths), f"{names} differ by case alone: they are one file on some systems")


# -- what to name them --------------------------------------------------------------------------------------------


def spelled(text: str) -> str:
    """Return a name in the characters that the archive allows; empty where nothing is left."""
    table = _table()["characters"]
    found = []
    for character in unicodedata.normalize("NFC", text):
        found.append(_spelled(character, table))
    plain = re.sub("\0+", _table()["other"].replace("\\", r"\\"), "".join(found))
    return plain.lstrip(" .").rstrip(" .")


def _spelled(character: str, table: dict[str, str]) -> str:
    if character in _allowed():
        return character
    if character in table:
        return table[character]
    category = unicodedata.category(character)
    if category == "Cf" or category[0] == "M":
        return ""
    apart = unicodedata.normalize("NFKD", character)
    letters = [table.get(c, c) for c in apart if not unicodedata.category(c).startswith("M")]
    text = "".join(letters)
    return text if text and set(text) <= _allowed() else "\0"


def propose(paths: Iterable[str]) -> dict[str, str]:
    r"""Return a new path for each one that the archive does not take, or that another one is too alike to.

    A folder gets one new name for all that it holds. Files of a folder whose names differ by their extensions alone
    are renamed together, because they often belong together. Extensions stay. New names are unique in their folder,
    whatever the case. ``\`` is taken for a character of a name, not for a folder.

    Parameters
    ----------
    paths : iterable of str
        All files, so that no new name is one that is taken; their order does not matter.

    Returns
    -------
    dict of str to str
        In the order of the old paths. What is not in it keeps its path; where all are renamed so, nothing is left to
        rename.
    """
    parts = {path: _parts(path) for path in sorted(set(paths))}
    renamed = _renamed(_Folder.of(parts.values()))
    found = {}
    for path, names in parts.items():
        new = "/".join(renamed[names[: n + 1]] for n in range(len(names)))
        if new != path:
            found[path] = new
    return found


def _parts(path: str) -> tuple[str, ...]:
    return tuple(p for p in path.split("/") if p not in {"", "."}) or ("",)


class _Folder:
    """Names in a folder, each with whether it is one of a folder."""

    def __init__(self) -> None:
        self.names: dict[str, bool] = {}

    @staticmethod
    def of(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], _Folder]:
        found: dict[tuple[str, ...], _Folder] = {}
        for parts in paths:
            for n, name in enumerate(parts):
                names = found.setdefault(parts[:n], _Folder()).names
                names[name] = names.get(name, False) or n + 1 < len(parts)
        return found


def _renamed(folders: dict[tuple[str, ...], _Folder]) -> dict[tuple[str, ...], str]:
    """Return the new last part of each path, also of those that keep it."""
    found = {}
    for folder, content in folders.items():
        taken: set[str] = set()
        kept: set[str] = set()
        todo = []
        for stem, endings in _groups(content.names):
            names = [stem + e for e in endings]
            keys = {_key(n) for n in names}
            fine = all(is_accepted(n + "/x" if content.names[n] else n) for n in names)
            if fine and taken.isdisjoint(keys):
                taken |= keys
                kept.add(_key(stem))
                found.update({(*folder, n): n for n in names})
            else:
                todo.append((stem, endings))
        taken |= kept
        numbers: dict[str, int] = {}
        for stem, endings in todo:
            new = _free(spelled(stem) or _table()["unnamed"], endings, taken, numbers)
            found.update({(*folder, stem + e): new + e for e in endings})
            taken |= {_key(new), *(_key(new + e) for e in endings)}
    return found


def _groups(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Return the names without their extensions, each with these; apart where they differ by case alone."""
    groups: dict[tuple[str, int], list[str]] = {}
    for name in sorted(names):
        stem, ending = _split(name)
        at = 0
        while ending.lower() in {e.lower() for e in groups.get((stem, at), ())}:
            at += 1
        groups.setdefault((stem, at), []).append(ending)
    return [(stem, endings) for (stem, _), endings in sorted(groups.items())]


def _free(plain: str, endings: list[str], taken: set[str], numbers: dict[str, int]) -> str:
    """Return a name, to be followed by any of some extensions, that is not taken: with a number where it must be."""
    room = _table()["longest"] - max(len(e) for e in endings)
    number = numbers.get(plain, 1)
    while True:
        suffix = f"_{number}" if number > 1 else ""
        new = plain[: room - len(suffix)].rstrip(" .") + suffix
        number += 1
        if _key(new) not in taken and taken.isdisjoint(_key(new + e) for e in endings):
            numbers[plain] = number
            return new


def _split(name: str) -> tuple[str, str]:
    match = _EXTENSION.fullmatch(name)
    return (match[1], match[2]) if match else (name, "")
