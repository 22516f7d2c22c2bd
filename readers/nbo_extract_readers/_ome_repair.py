"""OME-XML that is no XML, repaired without changing a value."""

from __future__ import annotations

import re

from nbo_extract_readers._text import ILLEGAL

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_PROLOG = re.compile(r"(?:\s+|<\?.*?\?>|<!--.*?-->)*", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL)
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
# An ampersand that starts no predefined entity and no character reference is text that was not escaped.
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);|#x[0-9A-Fa-f]+;|#[0-9]+;)")


def repaired(data: bytes) -> tuple[str, list[str]]:
    """Return the text without XML declaration and illegal parts, and one sentence per repair."""
    repairs: list[str] = []
    text, how = _decoded(data)
    if how:
        repairs.append(how)
    declaration = _DECLARATION.match(text)
    if declaration is not None:
        text = text[declaration.end() :]
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog is not None else 0
    doctype = _DOCTYPE.match(text, start)
    if doctype is not None:
        text = text[:start] + text[doctype.end() :]
        repairs.append("The OME-XML declares a document type, which OME-XML never needs; it was left out unread.")
    text, references = _without_illegal_references(text)
    text, characters = ILLEGAL.subn(_hole, text)
    count = characters + references
    if count:
        places = "place" if count == 1 else "places"
        repairs.append(f"Characters that XML does not allow were taken out of the OME-XML at {count} {places}.")
    text, ampersands = _AMPERSAND.subn("&amp;", text)
    if ampersands:
        repairs.append(f"{ampersands} unescaped & in the OME-XML {'was' if ampersands == 1 else 'were'} read as text.")
    return text.strip(), repairs


def _decoded(data: bytes) -> tuple[str, str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), ""
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "The OME-XML is not UTF-8; it was read as Windows-1252 (Latin-1)."


def _hole(match: re.Match[str]) -> str:
    """Nothing at the edge of a text; within one U+FFFD, so that a number with a hole is no longer a number."""
    text = match.string
    at_edge = (
        text[match.start() - 1 : match.start()] in ("", ">", '"', "'") or text[match.end() : match.end() + 1] in "<\"'"
    )
    return "" if at_edge else "\ufffd"


def _without_illegal_references(text: str) -> tuple[str, int]:
    count = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal count
        digits = match.group(1) or match.group(2)
        number = int(digits, 16 if match.group(1) else 10) if len(digits) < 9 else -1
        if 0 <= number <= 0x10FFFF and not ILLEGAL.match(chr(number)):
            return match.group()
        count += 1
        return _hole(match)

    return _REFERENCE.sub(keep, text), count
