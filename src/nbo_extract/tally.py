"""Sums of a check: how much is asked for, is there, is missing, or is excused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nbo_extract.demands import Demand
    from nbo_extract.profiles import Profile

Status = Literal["present", "missing", "excused"]
_PLACES: dict[Status, int] = {"present": 0, "missing": 1, "excused": 2}


@dataclass(frozen=True, slots=True)
class TierSummary:
    """How much of what a tier and those below it ask for is there.

    Attributes
    ----------
    tier : int
    demanded, present, missing : int
        Fields of the elements of the document; the planes of an image count as one element.
    excused : int
        Fields that are missing and not counted, since they make no sense for the image.
    """

    tier: int
    demanded: int
    present: int
    missing: int
    excused: int


class Tally:
    """Counts fields, one by one, and gives their sums.

    Parameters
    ----------
    profile : Profile
    """

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        # A demand is one object a class and place: some hundred of them, each met many times.
        self._counts: dict[int, tuple[Demand, list[int]]] = {}
        self._of_document = [0, 0, 0]

    def add(self, demand: Demand, status: Status) -> None:
        """Count a field of one element."""
        found = self._counts.get(id(demand))
        if found is None:
            found = self._counts[id(demand)] = (demand, [0, 0, 0])
        found[1][_PLACES[status]] += 1

    def add_of_document(self, *, present: int, missing: int) -> None:
        """Count what the document itself states and misses."""
        self._of_document = [present, missing, 0]

    def tier(self, tier: int) -> TierSummary:
        """Return the sums of a tier of NBO and of those below it."""
        levels = (self._profile.level, "must")
        present, missing, excused = 0, self._of_document[1], 0
        for demand, counts in self._counts.values():
            requirement = demand.requirement
            if demand.graded and requirement.tier <= tier and requirement.level in levels:
                present += counts[0]
                missing += counts[1]
                excused += counts[2]
        return TierSummary(tier, present + missing, present, missing, excused)

    def asked(self) -> TierSummary:
        """Return the sums of what is asked for."""
        elements = self.elements().values()
        demanded, missing, excused = (sum(e[n] for e in elements) for n in range(3))
        return TierSummary(self._profile.tier, demanded, demanded - missing, missing, excused)

    def elements(self) -> dict[str, tuple[int, int, int]]:
        """Return how much of each element is asked for, missing and excused; in the order of the document."""
        found: dict[str, list[int]] = {}
        for demand, (present, missing, excused) in self._counts.values():
            if demand.asked or demand.waived is not None:
                sums = found.setdefault(demand.requirement.element, [0, 0, 0])
                sums[0] += present + missing
                sums[1] += missing
                sums[2] += excused
        present, missing, _ = self._of_document
        if present or missing:
            found["OME"] = [present + missing, missing, 0]
        return {element: (demanded, missing, excused) for element, (demanded, missing, excused) in found.items()}

    def totals(self) -> dict[tuple[str, str], int]:
        """Return of how many elements each field is asked, by element and field."""
        found: dict[tuple[str, str], int] = {}
        for demand, (present, missing, _) in self._counts.values():
            if demand.asked or demand.waived is not None:
                place = (demand.requirement.element, demand.requirement.name)
                found[place] = found.get(place, 0) + present + missing
        return found
