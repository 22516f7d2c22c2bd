"""Completing the Document of one image from the command line's descriptions and the image's configuration."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.cli.configured import is_microscope, without_repetition
from nbo_extract.completing import complete
from nbo_extract.config_choice import choose_by_rules, settled_by_config, statements_for
from nbo_extract.hardware import Hardware
from nbo_extract.settling import called, described_parts, document_parts, find_pair, settle

if TYPE_CHECKING:
    from nbo_extract.cli.configured import Loaded
    from nbo_extract.cli.work import Job
    from nbo_extract.model import Document
    from nbo_extract.stored import Stored


@dataclass(frozen=True, slots=True)
class Remembered:
    """A pair of ``--match`` as a configuration states it.

    Attributes
    ----------
    given : str
        The first half as it was given.
    embedded, described : str
        What the parts are called in other images, too; empty for a part of the image that has no name of its own.
    hardware : str
        Path of the description, where there are several.
    """

    given: str
    embedded: str
    described: str
    hardware: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """A completed Document and what was used for it.

    Attributes
    ----------
    document : Document
    config : str
        Path of the configuration that was used; empty for none.
    settled : tuple of str
        Pairs of ``--match`` that settled something, by their first halves.
    remembered : tuple of Remembered
        The same, for the configuration.
    """

    document: Document
    config: str = ""
    settled: tuple[str, ...] = ()
    remembered: tuple[Remembered, ...] = ()


def completed(document: Document, path: str, job: Job, loaded: Loaded | None) -> Completed:
    """Complete a Document.

    Parameters
    ----------
    document : Document
        Gets findings about the configuration.
    path : str
    job : Job
    loaded : Loaded or None
        The configuration of the image.

    Raises
    ------
    HardwareError
        If ``--match`` settles nothing and this is the only image, or if it contradicts itself.
    """
    stored, pinned = list(job.hardware), ""
    if loaded is not None:
        if any(map(is_microscope, stored)):
            stored += [s for s in loaded.stored if not is_microscope(s)]
        else:
            more, pinned = _from_config(document, path, loaded)
            stored += more
        stored = list(without_repetition(stored))
        statements, findings = statements_for(loaded.config, document, path)
        document.findings += findings
        if statements.statements:
            stored.append(statements)
    hardware = [s for s in stored if isinstance(s, Hardware)]
    matches = settled_by_config(loaded.config, document, hardware) if loaded is not None else {}
    own: dict[str, str] = {}
    used: list[str] = []
    for embedded, described in job.matches.items():
        found = settle(document, hardware, {embedded: described}, strict=job.strict)
        own.update(found)
        used += [embedded] if found else []
    matches = {**matches, **own}
    remembered: tuple[Remembered, ...] = ()
    if job.remember:
        known = _descriptions(hardware, loaded)
        remembered = tuple(_as_called(document, hardware, e, job.matches[e], known) for e in used)
    config = loaded.config.path if loaded is not None else ""
    if stored:
        prefer = job.prefer or (loaded.config.prefer if loaded is not None else frozenset())
        document = complete(document, stored, matches=matches, prefer=prefer, pinned=pinned, skip_rules=job.skip_rules)
    return Completed(document, config, tuple(used), remembered)


def _from_config(document: Document, path: str, loaded: Loaded) -> tuple[list[Stored], str]:
    """Return what a configuration offers: all descriptions, the one that its rules name, or none; and all else."""
    others = [s for s in loaded.stored if not is_microscope(s)]
    choice = choose_by_rules(loaded.config, document, path)
    if choice.finding is not None:
        document.findings.append(choice.finding)
        return others, ""
    if choice.pinned:
        return [*loaded.pinned[choice.pinned], *others], choice.pinned
    return list(loaded.stored), ""


def _descriptions(hardware: list[Hardware], loaded: Loaded | None) -> set[str]:
    """Paths of all descriptions that the images of a configuration may get."""
    stored: list[Stored] = list(hardware)
    if loaded is not None:
        stored += [*loaded.stored, *(s for several in loaded.pinned.values() for s in several)]
    return {os.path.abspath(s.path) for s in stored if is_microscope(s)}


def _as_called(
    document: Document, hardware: list[Hardware], embedded: str, described: str, known: set[str]
) -> Remembered:
    pair = find_pair(document, hardware, embedded, described)
    mine = called(pair.embedded, document_parts(document))
    theirs = called(pair.described, described_parts(pair.hardware)) or pair.described.id
    return Remembered(embedded, mine or "", theirs, pair.hardware.path if len(known) > 1 else "")
