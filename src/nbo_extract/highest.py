"""The highest tier of NBO that a document meets, and what separates it from the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.checking import check
from nbo_extract.requirements import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.applicability import Kinds
    from nbo_extract.checking import CheckReport
    from nbo_extract.model import Document
    from nbo_extract.requirements import Level


@dataclass(frozen=True, slots=True)
class Highest:
    """How far a document gets.

    Attributes
    ----------
    tier : int
        The highest tier of which, and of those below it, nothing is missing; 0 where something of tier 1 is.
    report : CheckReport
        Of the next tier; of tier 3 where that is met. A value that is not allowed keeps a document from every tier.
    """

    tier: int
    report: CheckReport


def highest(
    document: Document,
    *,
    extensions: Iterable[str] = ("core",),
    level: Level = "must",
    literal: bool = False,
    kinds: Kinds = (),
) -> Highest:
    """Find the highest tier that a document meets, in these extensions and at this level.

    Parameters
    ----------
    document : Document
    extensions, level, literal, kinds
        As for `nbo_extract.checking.check`.

    Returns
    -------
    Highest
    """
    names = tuple(extensions)

    def at(tier: int) -> CheckReport:
        return check(document, tier=tier, extensions=names, level=level, literal=literal, kinds=kinds)

    first = at(min(TIERS))
    invalid = any(f.severity == "error" for f in first.findings)
    # Each tier asks for what those below it do.
    met = 0 if invalid else max((t for t in TIERS if not first.tiers[t].missing), default=0)
    wanted = min(met + 1, max(TIERS))
    return Highest(met, first if wanted == first.tier else at(wanted))
