"""What an image names and a description merged with it does not have: a note, or a doubt that it is the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.parts import rules, says_something

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbo_extract.hardware import Hardware
    from nbo_extract.matching import Match
    from nbo_extract.model import Node

_SHOWN = 3


def unmatched(
    instrument: Node, parts: Sequence[Node], found: Sequence[Match], hardware: Hardware, file: str, *, sure: bool
) -> Finding | None:
    """Say which parts of an image are not described, by the table's section ``unmatched``.

    Parameters
    ----------
    instrument : Node
        Of the image.
    parts : sequence of Node
        Those that the image states.
    found : sequence of Match
        What they were found to be.
    hardware : Hardware
        The description that was merged.
    file : str
        Name of the image.
    sure : bool
        Whether the user settled that the description is of this microscope.

    Returns
    -------
    Finding or None
        A warning where it may be the description of another microscope; None where there is little to say.
    """
    table = rules().raw["unmatched"]
    by_id = {m.embedded: m for m in found}
    named = [p for p in parts if p.id in by_id and rules().kind(p.name).name != "stand" and _named(p)]
    alone = [p for p in named if by_id[p.id].hardware is None and not by_id[p.id].options]
    if len(alone) < table["note"]:
        return None
    alone.sort(key=_telling)
    shown = [f"{p.name} {p.get('Model') or p.get('Name')!r}" for p in alone[:_SHOWN]]
    rest = f" and {len(alone) - _SHOWN} more (-v lists all)" if len(alone) > _SHOWN else ""
    said = f"{len(alone)} parts of the file are not in {hardware.name}: {', '.join(shown)}{rest}"
    doubt = not sure and _doubted(named, alone, hardware.instrument)
    return Finding(
        "NBO326",
        "warning" if doubt else "info",
        f"{said}; is it the description of the file's microscope?",
        file=file,
        element="Instrument",
        instance=instrument.id,
        other_source=hardware.name,
    )


def _named(part: Node) -> bool:
    return any(says_something(part.get(name)) for name in ("Model", "Name") if part.get(name))


def _telling(part: Node) -> tuple[int, str]:
    """Sort what tells most of a microscope to the front."""
    weights = rules().raw["choice"]["kinds"]
    return -weights.get(rules().kind(part.name).name, {"weight": 0})["weight"], part.name


def _doubted(named: Sequence[Node], alone: Sequence[Node], described: Node) -> bool:
    """Whether most kinds of parts, of those that the description has, fit nothing in it."""
    table = rules().raw["unmatched"]
    there = {rules().kind(c.name).name for c in described.children}
    kinds = {k for p in named if (k := rules().kind(p.name).name) in there}
    fitting = {rules().kind(p.name).name for p in named if p not in alone}
    lacking = kinds - fitting
    return bool(len(lacking) >= table["kinds"] and len(lacking) > table["share"] * len(kinds))
