"""Settling by the user's word which described part a part of an image is: IDs, names, models, catalogue numbers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.parts import fold, rules, says_something
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Document, Node

# What a part is called by, the most telling first.
_CALLED = ("Model", "Name", "CatalogNumber")


class NotSettledError(HardwareError):
    """A pair does not tell two parts.

    Parameters
    ----------
    message : str
    absent : bool
        Whether one of the parts is not there, so that the pair may be meant for another image or description.
    """

    def __init__(self, message: str, *, absent: bool) -> None:
        super().__init__(message)
        self.absent = absent


@dataclass(frozen=True, slots=True)
class Pair:
    """Two parts that are one by the user's word."""

    embedded: Node
    described: Node
    hardware: Hardware


def settle(document: Document, hardware: Sequence[Hardware], wanted: Mapping[str, str], strict: bool) -> dict[str, str]:
    """Turn what the user calls parts into their IDs.

    Parameters
    ----------
    document : Document
        Gets a finding for what is not clear, where `strict` does not hold.
    hardware : sequence of Hardware
        Descriptions that may be merged.
    wanted : mapping of str to str
        Parts of the document to described parts, each by ID, name, model or catalogue number.
    strict : bool
        Whether a pair that settles nothing is an error. Otherwise a pair of which a part is not there is passed over.

    Returns
    -------
    dict of str to str
        IDs of parts of the document to IDs of described parts.

    Raises
    ------
    HardwareError
        If `strict` holds and a part is not there, several parts are called so, or both are of different kinds.
    """
    found: dict[str, str] = {}
    for embedded, described in wanted.items():
        try:
            pair = find_pair(document, hardware, embedded, described)
        except NotSettledError as error:
            if strict:
                raise
            if not error.absent:
                document.findings.append(
                    Finding("NBO325", "warning", f"{error.message}; nothing is settled", file=document.origin.file)
                )
            continue
        found[pair.embedded.id] = pair.described.id
    return found


def find_pair(document: Document, hardware: Sequence[Hardware], embedded: str, described: str) -> Pair:
    """Find the two parts that a pair names.

    Names may hold ``=`` (``63X APOCHROMAT, NA=1.40``), at the first of which the command line takes a pair apart: where
    this does not tell two parts, the other ones are tried.

    Raises
    ------
    NotSettledError
        If a part is not there, several parts are called so, or both are of different kinds.
    """
    try:
        return _find_pair(document, hardware, embedded, described)
    except NotSettledError:
        pieces = f"{embedded}={described}".split("=")
        for place in range(1, len(pieces)):
            first, second = "=".join(pieces[:place]).strip(), "=".join(pieces[place:]).strip()
            with contextlib.suppress(NotSettledError):
                return _find_pair(document, hardware, first, second)
        raise


def _find_pair(document: Document, hardware: Sequence[Hardware], embedded: str, described: str) -> Pair:
    file = document.origin.file or "the document"
    parts = document_parts(document)
    mine = named([*parts, *document.images], embedded)
    if not mine:
        some = ", ".join([p.id for p in parts][:20]) or "none"
        raise NotSettledError(f"{file} has no part {embedded}; it has {some}", absent=True)
    owners = {id(p): h for h in hardware for p in described_parts(h)}
    theirs = named([p for h in hardware for p in described_parts(h)], described)
    if not theirs:
        names = ", ".join(h.name for h in hardware) or "no description"
        raise NotSettledError(
            f"{names} has no part {described}; see its parts with nbo-extract hardware show", absent=True
        )
    pairs = [(m, t) for m in mine for t in theirs if of_one_kind(m, t)]
    if not pairs:
        raise NotSettledError(
            f"{embedded} is a {mine[0].name} and {described} a {theirs[0].name}; match parts of one kind", absent=False
        )
    where = ", ".join(h.name for h in hardware)
    for text, place, fitting in ((embedded, file, [m for m, _ in pairs]), (described, where, [t for _, t in pairs])):
        ids = list(dict.fromkeys(p.id for p in fitting))
        if len(ids) > 1:
            raise NotSettledError(
                f"{len(ids)} parts of {place} are called {text}: {', '.join(ids)}; give the ID of one", absent=False
            )
    first, second = pairs[0]
    return Pair(first, second, owners[id(second)])


def document_parts(document: Document) -> list[Node]:
    """Parts of the instruments of a document, those with an ID."""
    return [p for i in document.instruments for p in _parts(i)]


def described_parts(hardware: Hardware) -> list[Node]:
    """Parts of a described microscope, those with an ID; of settings, the images that they are of."""
    if hardware.kind == "settings":
        return [image for image in hardware.document.images if image.id]
    return _parts(hardware.instrument)


def _parts(instrument: Node) -> list[Node]:
    references = load().references
    return [c for c in instrument.children if c.id and c.name not in references]


def named(parts: Iterable[Node], text: str) -> list[Node]:
    """Parts with this ID; where there is none, those of this model, name or catalogue number."""
    parts = list(parts)
    exact = [p for p in parts if p.id == text]
    if exact or not says_something(text):
        return exact
    return [p for p in parts if any(fold(p.get(a) or "") == fold(text) for a in _CALLED)]


def of_one_kind(embedded: Node, described: Node) -> bool:
    """Whether two parts can be one."""
    return described.name == embedded.name or described.name in rules().kind(embedded.name).elements


def called(part: Node, others: Iterable[Node]) -> str | None:
    """Model, name or catalogue number that no other part has; None where there is none."""
    others = list(others)
    for attribute in _CALLED:
        text = part.get(attribute)
        if text is not None and says_something(text) and {p.id for p in named(others, text)} == {part.id}:
            return text
    return None
