"""How much work is sent at once: enough that sending costs nothing, little enough that slow images hold no others."""

from __future__ import annotations

#: Seconds of work in a batch.
AIM = 0.2
_MOST = 64
#: Weight of the last task in the running mean.
_WEIGHT = 0.1


class Sizes:
    """Sizes of batches, by how long the tasks so far took.

    The size of a file says little of it: a CZI of 2 GB costs what one of 2 MB does, a text of 100,000 planes a hundred
    times what one of ten does.

    Parameters
    ----------
    aim : float
        Seconds of work in a batch.
    most : int
        Tasks in a batch.
    """

    def __init__(self, aim: float = AIM, most: int = _MOST) -> None:
        self._aim = aim
        self._most = most
        self._mean = 0.0

    def took(self, seconds: float) -> None:
        """Learn from a task."""
        # What took long counts at once, what was quick slowly: a batch that is too long holds others up.
        heavier = seconds > self._mean
        self._mean += (seconds - self._mean) * (0.5 if heavier and self._mean else _WEIGHT if self._mean else 1)

    def tasks(self) -> int:
        """Return how many tasks are sent at once; one until something is known."""
        return max(1, min(self._most, int(self._aim / self._mean))) if self._mean else 1
