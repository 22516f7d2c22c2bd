"""Members of JSON objects as places in their text, so that the rest of the text stays as it is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_SPACE: Final = re.compile(r"[ \t\r\n]*")


class JsonError(ValueError):
    """The text is no JSON object, or the object asked for is not in it."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object.

    Attributes
    ----------
    start : int
        Offset of its name.
    value_at, end : int
        Span of its value.
    value : object
    """

    start: int
    value_at: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class Object:
    """An object in a text.

    Attributes
    ----------
    inside : int
        Offset behind its opening brace.
    members : dict
        In the order of the text.
    """

    inside: int
    members: dict[str, Member]


def find_object(text: str, *path: str) -> Object:
    """Find an object by the names that lead to it from the outermost one.

    Raises
    ------
    JsonError
        If the text is not JSON, a name comes twice on the way, or there is no object at that place.
    """
    try:
        json.loads(text)
        found = _members(text, _SPACE.match(text, 0).end())  # type: ignore[union-attr]
        for name in path:
            member = found.members.get(name)
            if member is None:
                raise JsonError(f"it has no {name}")
            found = _members(text, member.value_at)
    except RecursionError as error:
        raise JsonError("it is nested too deeply") from error
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(str(error)) from error
    return found


def _members(text: str, at: int) -> Object:
    if text[at : at + 1] != "{":
        raise JsonError("there is no object where one should be")
    decoder = json.JSONDecoder()
    members: dict[str, Member] = {}
    inside = at + 1
    at = _skip(text, inside)
    while text[at] != "}":
        if text[at] == ",":
            at = _skip(text, at + 1)
        name, end = decoder.raw_decode(text, at)
        value_at = _skip(text, _skip(text, end) + 1)
        value, value_end = decoder.raw_decode(text, value_at)
        if name in members:
            raise JsonError(f"it states {name} twice")
        members[name] = Member(at, value_at, value_end, value)
        at = _skip(text, value_end)
    return Object(inside, members)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def append_member(text: str, home: Object, name: str, value: str) -> tuple[int, str]:
    """Return where and what to insert to give an object one more member, laid out as the others are."""
    stated = f"{json.dumps(name)}: {value}"
    if not home.members:
        return home.inside, stated
    members = list(home.members.values())
    return members[-1].end, f",{text[home.inside : members[0].start]}{stated}"


def without_member(text: str, home: Object, name: str) -> str:
    """Return the text without a member, the inverse of `append_member`."""
    gone = home.members[name]
    members = list(home.members.values())
    at = members.index(gone)
    if at > 0:
        return text[: members[at - 1].end] + text[gone.end :]
    after = members[1].start if len(members) > 1 else gone.end
    return text[: gone.start] + text[after:]
