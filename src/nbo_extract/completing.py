"""Completing a Document from everything that is stored about a microscope, its samples and its calibration.

In this order: the hardware description, the settings recorded for the image, what people state in sheets and
configurations, the records of calibration that were valid on the day, the light paths. What the file states stays.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from nbo_extract.calibrating import calibrate
from nbo_extract.calibration import CalibrationSet
from nbo_extract.hardware import Hardware
from nbo_extract.light_paths import ORDER_RULE, complete_paths, state_order
from nbo_extract.merge_settings import merge_settings
from nbo_extract.merging import aliases, copied, merge
from nbo_extract.statements import StatementSet
from nbo_extract.stating import state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from nbo_extract.model import Document
    from nbo_extract.stored import Stored

_NONE: Mapping[str, str] = MappingProxyType({})


def complete(
    document: Document,
    stored: Stored | str | os.PathLike[str] | Sequence[Stored | str | os.PathLike[str]],
    *,
    matches: Mapping[str, str] = _NONE,
    prefer: Collection[str] = (),
    pinned: str = "",
    skip_rules: Collection[str] = (),
) -> Document:
    """Fill a Document from stored descriptions and statements.

    Parameters
    ----------
    document : Document
        Left as it is.
    stored : path-like, Hardware, StatementSet, CalibrationSet, or a sequence of them
        Files, or what `nbo_extract.stored.load_stored` made of them; their order does not matter.
    matches : mapping of str to str, optional
        Parts of the document to described parts, each by ID, name, model or catalogue number: what the user settles.
    prefer : collection of str, optional
        Elements (``Objective``) whose described values take the place of those that the file states; ``all`` is
        every element.
    pinned : str, optional
        Path of the description that a configuration names for this file.
    skip_rules : collection of str, optional
        Named rules by which nothing is derived; ``all`` is every rule.

    Returns
    -------
    Document
        A new one, in the schema's order, with findings added.

    Raises
    ------
    HardwareError
        If a file cannot be used, or `matches` names a part that is not there, or parts of different kinds.
    """
    given = _loaded(stored)
    hardware = [s for s in given if isinstance(s, Hardware) and s.kind == "microscope"]
    settings = [s for s in given if isinstance(s, Hardware) and s.kind == "settings"]
    images = {i.id for i in document.images}
    parts = {mine: theirs for mine, theirs in matches.items() if mine not in images}
    if hardware:
        set_ = next((h for h in hardware if pinned and os.path.abspath(h.path) == os.path.abspath(pinned)), None)
        result = merge(document, hardware, matches=parts, prefer=prefer, pinned=set_)
    else:
        result = copied(document)
    statements = [s for s in given if isinstance(s, StatementSet)]
    records = [s for s in given if isinstance(s, CalibrationSet)]
    called = aliases(result, hardware, parts) if settings or statements or records else {}
    merge_settings(result, settings, hardware, aliases=called, matches=matches)
    state(result, statements, prefer=prefer, aliases=called)
    calibrate(result, records, called)
    if hardware:
        complete_paths(result)
    if not {"all", ORDER_RULE} & set(skip_rules):
        state_order(result)
    return result.arrange()


def _loaded(stored: Stored | str | os.PathLike[str] | Sequence[Stored | str | os.PathLike[str]]) -> list[Stored]:
    """Read what is given as files."""
    if isinstance(stored, (str, os.PathLike, Hardware, StatementSet, CalibrationSet)):
        stored = (stored,)
    found: list[Stored] = []
    for item in stored:
        if isinstance(item, (str, os.PathLike)):
            from nbo_extract.stored import load_stored

            found.extend(load_stored(Path(item)))
        else:
            found.append(item)
    return found
