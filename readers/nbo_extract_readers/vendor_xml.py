"""Read XML that instruments wrote: illegal characters, broken tags and hostile constructs included.

Nothing outside the given bytes is ever looked up, no entity is expanded, no document type is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from nbo_extract.counting import counted
from nbo_extract.findings import Finding

if TYPE_CHECKING:
    from lxml import etree

# What a parsed tree may cost in memory, estimated before it is parsed.
MAX_TREE_BYTES = 800 << 20
MAX_LEAVES = 500

_ILLEGAL = re.compile(
    rb"(?:[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|\xef\xbf[\xbe\xbf]"
    rb"|&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]);"
    rb"|&#x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]|[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF]);"
    rb"|&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z_][\w.-]*;)+"
)
_BARE_AMPERSAND = re.compile(rb"&(?!#[0-9]+;|#x[0-9a-fA-F]+;|[A-Za-z_][\w.-]*;)")
_UNKNOWN = "�".encode()


class Parsed(NamedTuple):
    """A parsed element, None where there is none.

    `repaired` counts places with illegal characters; `problem` says what was wrong with the tags or why there is no
    element, empty where nothing was.
    """

    root: etree._Element | None
    repaired: int = 0
    problem: str = ""

    def findings(self, file: str, source: str) -> list[Finding]:
        """Say what was repaired and what is lost."""
        found = []
        if self.repaired and self.root is not None:
            message = f"illegal characters in {counted(self.repaired, 'place')} of the XML were replaced"
            found.append(Finding("NBO103", "warning", message, file=file, source=source))
        if self.problem:
            message = f"the XML is not well-formed ({self.problem}): what could be read of it is used"
            found.append(Finding("NBO104", "warning", message, file=file, source=source))
        return found


def parse(data: bytes, tag: str, parser: etree.XMLParser | None = None) -> Parsed:
    """Parse the element `tag` out of UTF-8 text.

    Parameters
    ----------
    data : bytes
        The element, with whatever stands before and behind it.
    tag : str
        Name of the element.
    parser : XMLParser, optional
        What `make_parser` made, for those who parse often.

    Returns
    -------
    Parsed
        Of a text that is not well-formed, what can be read of it. The value in which a text was cut off is left out:
        half a number is a wrong number.
    """
    from lxml import etree

    start, end = _bounds(data, tag)
    if start < 0:
        return Parsed(None, problem=f"there is no element {tag} in it")
    # Few documents are so long that what they cost has to be counted.
    if len(data) * (3 + 190 + 220) > MAX_TREE_BYTES and _tree_bytes(data) > MAX_TREE_BYTES:
        return Parsed(None, problem=f"its {len(data)} bytes need more memory than this reader may use")
    cut_off = end < 0
    if cut_off:
        end = data.rfind(b">") + 1
    if start > 0 or end < len(data):
        data = data[start:end]
    parser = parser or make_parser()
    try:
        return Parsed(etree.fromstring(data, parser))
    except etree.XMLSyntaxError as error:
        problem = str(error.msg)
    data, repaired = clean(data)
    if repaired:
        try:
            return Parsed(etree.fromstring(data, parser), repaired)
        except etree.XMLSyntaxError as error:
            problem = str(error.msg)
    root = _recover(data, tag)
    return Parsed(root, repaired if root is not None else 0, "it is cut off" if cut_off else problem)


def _tree_bytes(data: bytes) -> int:
    return 3 * len(data) + 190 * data.count(b"<") + 220 * data.count(b"=")


def make_parser(*, recover: bool = False) -> etree.XMLParser:
    """Return a parser that resolves nothing."""
    from lxml import etree

    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
        encoding="utf-8",
    )


def _recover(data: bytes, tag: str) -> etree._Element | None:
    from lxml import etree

    try:
        root = etree.fromstring(data, make_parser(recover=True))
    except etree.XMLSyntaxError:
        return None
    # lxml returns None where nothing could be recovered, though its types say otherwise.
    found: etree._Element | None = root
    return found if found is not None and found.tag == tag else None


def _bounds(data: bytes, tag: str) -> tuple[int, int]:
    """Return where the element begins (-1: nowhere) and ends (-1: not in the data).

    What stands before the element is left out, a document type with its entities first of all.
    """
    name = b"<" + tag.encode()
    start = data.find(name)
    while start >= 0 and data[start + len(name) : start + len(name) + 1] not in (b">", b"/", b" ", b"\t", b"\r", b"\n"):
        start = data.find(name, start + 1)
    if start < 0:
        return -1, -1
    closing = b"</" + tag.encode() + b">"
    end = data.rfind(closing)
    if end >= start:
        return start, end + len(closing)
    first = data.find(b">", start)
    return start, first + 1 if first > 0 and data[first - 1 : first] == b"/" else -1


def clean(data: bytes) -> tuple[bytes, int]:
    """Take out what no XML may hold, and count the places.

    At the edge of a text it is left out, where instruments write padding; within a text it becomes U+FFFD, so that a
    number with a hole is no longer a number.
    """
    count = 0

    def replace(match: re.Match[bytes]) -> bytes:
        nonlocal count
        count += 1
        before = match.string[match.start() - 1 : match.start()]
        after = match.string[match.end() : match.end() + 1]
        return b"" if before in (b">", b'"') or after in (b"<", b'"') else _UNKNOWN

    data = _ILLEGAL.sub(replace, data)
    data, bare = _BARE_AMPERSAND.subn(b"&amp;", data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data, wrong = _replace_undecodable(data)
        count += wrong
    return data, count + bare


def _replace_undecodable(data: bytes) -> tuple[bytes, int]:
    text = data.decode("utf-8", "replace").encode()
    return text, text.count(_UNKNOWN) - data.count(_UNKNOWN)


class LeafReader:
    """Flattens many small XML elements that resemble each other; remembers the last ones within one file."""

    _REMEMBERED = 32

    def __init__(self) -> None:
        self._parser = make_parser()
        self._elements: dict[bytes, tuple[dict[str, str], Parsed]] = {}
        self._nested: dict[str, etree._Element | None] = {}

    def leaves(self, data: bytes, tag: str) -> tuple[dict[str, str], Parsed]:
        """Return the stated texts of an element by path, and how parsing went.

        Paths are relative to the element, with ``/``; attributes are ``path/@name``; of siblings with one name the
        second is ``name[2]``. Texts that are XML themselves (escaped) are read as if they were not. At most
        `MAX_LEAVES` are given. XML that is not well-formed gives none: it cannot be known whose value is whose.
        """
        known = self._elements.get(data)
        if known is not None:
            return known
        parsed = parse(data, tag, self._parser)
        found = self._flatten(parsed.root) if parsed.root is not None and not parsed.problem else {}
        if len(self._elements) >= self._REMEMBERED:
            self._elements.clear()
        self._elements[data] = (found, parsed)
        return found, parsed

    def _flatten(self, root: etree._Element) -> dict[str, str]:
        found: dict[str, str] = {}
        stack: list[tuple[etree._Element, str]] = [(root, "")]
        while stack and len(found) < MAX_LEAVES:
            element, path = stack.pop()
            if element.attrib:
                for name, value in element.items():
                    _add(found, f"{path}@{_local(name)}", str(value))
            text = (element.text or "").strip()
            nested = self._parse_nested(text) if text.startswith("<") else None
            if text and nested is None:
                _add(found, path[:-1], text)
            below: list[tuple[etree._Element, str]] = []
            seen: dict[str, int] = {}
            for child in element if nested is None else (nested,):
                name = _local(child.tag)
                seen[name] = number = seen.get(name, 0) + 1
                below.append((child, f"{path}{name}/" if number == 1 else f"{path}{name}[{number}]/"))
                if len(below) >= MAX_LEAVES:
                    break
            stack.extend(reversed(below))
        return found

    def _parse_nested(self, text: str) -> etree._Element | None:
        from lxml import etree

        if text in self._nested:
            return self._nested[text]
        root: etree._Element | None = None
        if "<!" not in text and "<?" not in text:
            try:
                root = etree.fromstring(text.encode(), self._parser)
            except etree.XMLSyntaxError:
                root = None
        if len(self._nested) >= self._REMEMBERED:
            self._nested.clear()
        self._nested[text] = root
        return root


def _add(found: dict[str, str], path: str, text: str) -> None:
    text = text.strip()
    if text and path:
        found.setdefault(path, text)


def _local(name: str | bytes | bytearray) -> str:
    text = name if isinstance(name, str) else bytes(name).decode()
    return text.rpartition("}")[2]
