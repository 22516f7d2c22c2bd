"""The parts that every microscope has: what NBO demands of an Instrument, whatever tier and extension is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.applicability import rules
from nbo_extract.schema import load

if TYPE_CHECKING:
    from nbo_extract.model import Document


@dataclass(frozen=True, slots=True)
class MinimumPart:
    """One kind of part that an Instrument has to hold.

    Attributes
    ----------
    field : str
        Child of Instrument, or head of a substitution group.
    name : str
        The same for people, such as ``light source``.
    members : tuple of str
        Elements of which one has to be present.
    count : int
        How many there are.
    remark : str
        Why it may be absent, where that depends on what the microscope is used for; empty where every one has it.
    """

    field: str
    name: str
    members: tuple[str, ...]
    count: int
    remark: str

    @property
    def missing(self) -> bool:
        """Whether it is absent, and nothing excuses that."""
        return not self.count and not self.remark


def minimum_parts(document: Document) -> tuple[MinimumPart, ...]:
    """Count the parts that NBO demands of every Instrument.

    Parameters
    ----------
    document : Document
        With one Instrument.

    Returns
    -------
    tuple of MinimumPart
        In the schema's order.
    """
    schema = load(document.version)
    kind = schema.element("Instrument")
    found = []
    for use in kind.uses:
        if not (use.minimum or use.choice_minimum):
            continue
        members = tuple(n for n in kind.children if kind.use(n) is use)
        excuse = next((r.reason for r in rules().get(("Instrument", use.name), ()) if r.unused), "")
        count = sum(len(i.all(*members)) for i in document.instruments)
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", use.name.removesuffix("Group")).lower()
        found.append(MinimumPart(use.name, words, members, count, excuse))
    return tuple(found)
