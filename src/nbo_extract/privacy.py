"""Who and what an image names: people, accounts and computers in the words of vendors; and how they leave a text."""

from __future__ import annotations

import functools
import os
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from nbo_extract.stores import last_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml import etree

    from nbo_extract.record import RawRecord

MARK: Final = "redacted"
# Shorter names (initials) are parts of too many words to be looked for.
_SHORTEST = 3
_EMAIL = re.compile(r"[\w.+%-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# What may stand in the name of a folder on Windows, blanks included.
_PART = r"[^\\/:*?\"<>|\r\n]"
_WINDOWS = re.compile(
    # A drive, or a server; folders; then a name up to its ending, or all of the line where it has none.
    rf"(?:(?<![A-Za-z0-9])[A-Za-z]:[\\/]+|\\\\+(?=[\w?.]))(?:{_PART}+[\\/]+)*"
    rf"(?P<name>{_PART}*?\.[A-Za-z][A-Za-z0-9]{{0,7}}(?![\w])|[^\\/:*?\"<>|\r\n;']*)",
)
# A server alone, whose name may have what looks like an ending.
_SERVER = re.compile(r"\\\\+[\w.$-]*[\w$](?![\\/\w$-])(?!\.\w)")
_URL = re.compile(
    r"\b(?:file|smb|cifs|nfs|afp|sftp|ftp|ssh|scp)://[^\s'\"<>]*?(?P<name>[^\s/'\"<>]*)(?=[\s'\"<>]|$)", re.IGNORECASE
)
_SHARE = re.compile(r"(?<![:\w/])//[\w.-]+/(?:[^\s/'\"<>]+/)*(?P<name>[^\s/'\"<>,;)]*)")
_POSIX = r"(?<![\w/.<:~\])@'\"-])(?P<q>['\"]?)(?:~?/(?:{roots})/|~/)(?:{part}/)*(?P<name>[^\s/'\"<>,;)]*)"
_FILE = re.compile(r".*[^\s./\\]\.[A-Za-z][A-Za-z0-9]{0,9}(?:\.[A-Za-z][A-Za-z0-9]{0,4})?")
# The folder of a user on Linux, macOS and Windows, wherever it stands.
_HOME = re.compile(
    r"(?P<lead>(?:^|[/\\])(?:home|users|Documents and Settings)[/\\]+)(?P<user>[^/\\\s]+)", re.IGNORECASE
)


@functools.cache
def table() -> dict[str, dict[str, frozenset[str]]]:
    """Return the table of fields, general accounts and roots."""
    path = resources.files("nbo_extract_mappings") / "privacy.toml"
    given: dict[str, dict[str, list[str]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return {section: {key: frozenset(words) for key, words in rows.items()} for section, rows in given.items()}


@functools.cache
def _kinds() -> dict[str, str]:
    return {name: kind for kind, names in table()["fields"].items() for name in names}


@functools.cache
def _stated() -> re.Pattern[str]:
    """Return what finds fields in running text: ``UserName = jane``, ``"ComputerName": "LAB-7"``."""
    names = sorted((n for k in ("account", "computer", "email") for n in table()["fields"][k]), key=len, reverse=True)
    spaced = "|".join("[ _-]?".join(filter(None, re.split("(name|id|address)$", n))) for n in names)
    key = rf"(?<![A-Za-z])(?P<key>{spaced})[\"']?"
    return re.compile(rf"{key}\s*[:=]\s*[\"']?(?P<value>[^\r\n\"',;|<>]+)", re.IGNORECASE)


@functools.cache
def _posix(any_root: bool) -> re.Pattern[str]:
    roots = r"[^\s/'\"<>]+" if any_root else "|".join(sorted(table()["paths"]["roots"]))
    # A folder may have a blank or two in its name.
    part = r"[^\s/'\"<>]+(?: [^\s/'\"<>,;:()]+){0,2}"
    return re.compile(_POSIX.replace("{roots}", roots).replace("{part}", part), re.IGNORECASE)


@functools.lru_cache(maxsize=1 << 14)
def kind_of(field: str) -> str:
    """Return what a field of a vendor names, by its name; empty for all others."""
    last = re.split(r"[^A-Za-z0-9_ ]+", field.rstrip("]) "))[-1]
    return _kinds().get(re.sub(r"[^a-z0-9]", "", last.lower()), "")


@dataclass(frozen=True, slots=True)
class Private:
    """What must not be told.

    Attributes
    ----------
    certain : frozenset of str
        Full names, accounts, e-mail addresses, computers: each wherever it stands as a word.
    unsure : frozenset of str
        Single words of names, which may be other words as well.
    fields : tuple of str
        The fields that named somebody or a computer.
    """

    certain: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()

    def __or__(self, other: Private) -> Private:
        """Return what either holds."""
        certain = self.certain | other.certain
        fields = tuple(dict.fromkeys((*self.fields, *other.fields)))
        return Private(certain, (self.unsure | other.unsure) - certain, fields)


class Noting:
    """Gathers what is private."""

    def __init__(self) -> None:
        self.certain: set[str] = set()
        self.unsure: set[str] = set()
        self.fields: dict[str, None] = {}

    def done(self) -> Private:
        """Return what was gathered."""
        return Private(frozenset(self.certain), frozenset(self.unsure - self.certain), tuple(self.fields))

    def note(self, kind: str, value: str, field: str = "") -> None:
        """Note what a field of a kind says."""
        value = " ".join(value.split())
        if not kind or not _telling(value):
            return
        found = Noting()
        found._note(kind, value)
        self.certain |= found.certain
        self.unsure |= found.unsure
        if field and (found.certain or found.unsure):
            self.fields[field] = None

    def _note(self, kind: str, value: str) -> None:
        bare = " ".join(_EMAIL.sub(" ", value).strip(" <>()[]").split())
        for address in _EMAIL.findall(value):
            self._certainly(address)
            self._certainly(address.partition("@")[0])
        if kind == "email":
            self._certainly(value)
        elif kind == "computer":
            self._certainly(value.strip("\\/"))
            if "." in value:
                self._certainly(value.strip("\\/").partition(".")[0])
        elif kind in ("account", "person"):
            self._called(kind, bare)
        else:
            self._unsurely(value)

    def _called(self, kind: str, value: str) -> None:
        r"""Note what somebody is called: ``jane``, ``Jane Doe``, ``Doe, Jane``, ``DOMAIN\jane``."""
        domain, slash, name = value.rpartition("\\")
        if slash:
            self._certainly(domain)
            if _telling(name):
                self._certainly(value)
            value = name
        words = [w for w in re.split(r"[\s,;/]+", value) if w]
        if all(w.casefold() in table()["nobody"]["accounts"] for w in words):
            return
        if len(words) > 1:
            self.person(words)
            self._certainly(value)
        elif kind == "account":
            self._certainly(value)
        else:
            self._unsurely(value)

    def person(self, words: list[str]) -> None:
        """Note a full name in its usual orders; each of its words may be another word as well."""
        words = [w.strip(",;") for w in words if w.strip(",;")]
        if len(words) > 1:
            first, last = words[0], words[-1]
            for form in (
                " ".join(words), f"{first} {last}", f"{last} {first}", f"{last}, {first}", f"{first}.{last}",
                f"{first}_{last}", f"{first[0]}. {last}", f"{last}, {' '.join(words[:-1])}", f"{last} {first[0]}.",
                f"{last}_{first}", f"{last}{first}", f"{first}{last}", f"{first}-{last}",
            ):  # fmt: skip
                self._certainly(form)
        for word in words:
            self._unsurely(word)

    def text(self, text: str) -> None:
        """Note what a running text states as fields of its own, line by line."""
        if "=" not in text and ":" not in text:
            return
        for found in _stated().finditer(text):
            self.note(kind_of(found["key"]), found["value"].strip(), found["key"])

    def _certainly(self, name: str) -> None:
        if _telling(name):
            self.certain.add(name)

    def _unsurely(self, name: str) -> None:
        if _telling(name):
            self.unsure.add(name)


def _telling(name: str) -> bool:
    """Whether a text can name somebody: it is long enough, has letters, and is not as general as a role."""
    name = name.strip()
    return (len(name) >= _SHORTEST and re.search(r"[^\W\d_]{2}", name) is not None) and name.casefold() not in table()[
        "nobody"
    ]["accounts"]


def private_of(record: RawRecord) -> Private:
    """Return who and what a record names, its supplement included."""
    noting = Noting()
    note_tree(record.tree, noting)
    found = noting.done()
    return found if record.supplement is None else found | private_of(record.supplement)


def note_tree(tree: etree._Element, noting: Noting) -> None:
    """Note all that a tree names: elements, attributes, and pairs of a key and a value."""
    for element in tree.iter("*"):
        own = {_local(str(k)): str(v) for k, v in element.attrib.items()}
        text = (element.text or "").strip()
        name = _local(str(element.tag))
        for field, value in own.items():
            noting.note(kind_of(field), value, field)
            noting.text(value)
        if text:
            noting.note(kind_of(name), text, name)
            noting.text(text)
        for key in ("Key", "Name", "name", "key", "K"):
            kind = kind_of(own[key]) if key in own else ""
            for value in (text, *(v for k, v in own.items() if k != key)) if kind else ():
                noting.note(kind, value, own[key].split()[-1])
        words = _name_words({**own, **{_local(str(c.tag)): (c.text or "") for c in element.iterchildren("*")}})
        if len(words) > 1:
            noting.person(words)


def mark_fields(tree: etree._Element) -> None:
    """Replace what the fields of a tree say that name people and computers, in place."""
    for element in tree.iter("*"):
        keys = [str(element.get(k)) for k in ("Key", "Name", "name", "key", "K") if element.get(k)]
        if any(map(kind_of, (_local(str(element.tag)), *keys))):
            element.text = MARK if (element.text or "").strip() else element.text
            for name in ("Value", "value", "Whole", "V"):
                if name in element.attrib:
                    element.set(name, MARK)
        for name in map(str, element.attrib):
            if kind_of(_local(name)):
                element.set(name, MARK)


def _name_words(fields: Mapping[str, str]) -> list[str]:
    found: dict[str, str] = {}
    for field, value in fields.items():
        kind = kind_of(field)
        if kind in ("first", "middle", "last") and value.strip():
            found.setdefault(kind, value.strip())
    return [found[k] for k in ("first", "middle", "last") if k in found]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


# -- texts ------------------------------------------------------------------------------------------------------------


class Redactor:
    """Takes people, computers and folders out of texts.

    Parameters
    ----------
    private : Private
    """

    def __init__(self, private: Private) -> None:
        self.certain = _pattern(private.certain)
        self.unsure = _pattern(private.unsure)
        self.names = {n.casefold() for n in private.certain | private.unsure}

    def named(self, text: str) -> bool:
        """Whether a text holds a name, be it an ambiguous one, as a word."""
        return self.surely(text) or self.perhaps(text)

    def surely(self, text: str) -> bool:
        """Whether a text certainly names somebody or a computer."""
        return _EMAIL.search(text) is not None or (self.certain is not None and self.certain.search(text) is not None)

    def perhaps(self, text: str) -> bool:
        """Whether a text holds a word that is a part of a name, too."""
        return self.unsure is not None and self.unsure.search(text) is not None

    def text(self, text: str) -> str:
        """Return a text of the image: what is certain is replaced, paths keep the name of the file alone."""
        return self.people(self._paths(text, own=False))

    def sentence(self, text: str) -> str:
        """Return a text of ours, in which a path may be a place within a vendor's data, without any name."""
        text = self.people(self._paths(text, own=True))
        return text if self.unsure is None else self.unsure.sub(MARK, text)

    def people(self, text: str) -> str:
        """Replace e-mail addresses and certain names."""
        if "@" in text:
            text = _EMAIL.sub(MARK, text)
        return text if self.certain is None else self.certain.sub(MARK, text)

    def file(self, path: str) -> str:
        """Return the name of a file without its folders."""
        last = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
        return MARK if last.casefold() in self.names else last

    def _paths(self, text: str, *, own: bool) -> str:
        if "/" not in text and "\\" not in text:
            return text
        if not own and re.match(r"~?/[^/\s]+/", text) and "\n" not in text:
            # The whole is a path, whose folders may have blanks.
            return self._named(text.rpartition("/")[2])
        text = _SERVER.sub(MARK, _URL.sub(self._last, text))
        text = _WINDOWS.sub(self._last, text)
        text = _SHARE.sub(self._last, text)
        text = _posix(any_root=not own).sub(self._last, text)
        return _HOME.sub(lambda m: f"{m['lead']}{MARK}", text)

    def _last(self, found: re.Match[str]) -> str:
        name = found["name"].rstrip(" .:!?")
        rest = found["name"][len(name) :]
        return f"{found.groupdict().get('q') or ''}{self._named(name)}{rest}"

    def _named(self, name: str) -> str:
        """Return the last part of a path where it is the name of a file, which has an ending."""
        if not _FILE.fullmatch(name):
            return MARK
        stem = name.partition(".")[0]
        return f"{MARK}{name[len(stem) :]}" if stem.casefold() in self.names else name


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    longest_first = sorted(set(names), key=lambda n: (-len(n), n))
    if not longest_first:
        return None
    # An underscore parts words here: file names and labels are written so.
    forms = "|".join(r"[\s_]+".join(map(re.escape, n.split())) for n in longest_first)
    return re.compile(rf"(?<![^\W_])(?:{forms})(?![^\W_])", re.IGNORECASE)


def bare_text(text: str, *paths: str) -> str:
    """Return a sentence that calls files by their names, and does not tell this computer.

    Parameters
    ----------
    text : str
    *paths : str
        As the sentence may name them.
    """
    for path in sorted({p for given in paths if given for p in (given, os.path.abspath(given))}, key=len, reverse=True):
        text = text.replace(path, last_part(path))
    import socket

    return Redactor(Private(frozenset({socket.gethostname()}))).sentence(text) if text else ""
