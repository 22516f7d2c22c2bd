"""A run that looks at images and writes something about all of them: found, read one by one, what failed counted."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbo_extract.cli.group import FAILED, OK, USAGE, complain
from nbo_extract.cli.inputs import find_images
from nbo_extract.cli.jobs import job_for
from nbo_extract.cli.work import Task, process_all, processes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Goal, Job, Outcome
    from nbo_extract.walk import Walk


class IdleSheets:
    """Gap sheets of which no row is about any image of a run: most likely a part of the call was left out."""

    def __init__(self) -> None:
        self._idle: set[str] | None = None

    def add(self, outcome: Outcome) -> None:
        """Note which sheets were of no use for an image; nothing is known of one that an earlier run has done."""
        if outcome.state != "failed":
            idle = set(outcome.idle)
            self._idle = idle if self._idle is None else self._idle & idle

    def tell(self) -> None:
        """Name those that were of no use for all."""
        for path in sorted(self._idle or ()):
            complain(
                f"{path}: none of its rows is about an image of this run, so that it states nothing; give it together "
                "with the --hardware that nbo-extract gaps was given, or check its column Images"
            )


@dataclass(slots=True)
class Looking:
    """Images that are looked at.

    Attributes
    ----------
    found : Walk
    tasks : list of Task
    job : Job
    workers : int
        Processes, as asked for.
    failures, unusable : int
        Images that could not be read, and those of them that are no document of NBO; as they are met.
    settled : set of str
        First halves of the pairs of ``--match`` that settled something.
    idle : IdleSheets
    """

    found: Walk
    tasks: list[Task]
    job: Job
    workers: int
    failures: int = 0
    unusable: int = 0
    settled: set[str] = field(default_factory=set)
    idle: IdleSheets = field(default_factory=IdleSheets)

    @classmethod
    def at(
        cls,
        goal: Goal,
        paths: Sequence[str],
        chosen: Chosen,
        *,
        reader: str | None,
        workers: int,
        no_sidecar: bool,
        **options: Any,
    ) -> Looking:
        """Find the images that paths stand for, and load what is done with each.

        Raises
        ------
        Refusal
            If a path, a description or the configuration cannot be used.
        """
        found = find_images(paths, reader, chosen, sidecars="named" if no_sidecar else "found")
        tasks = [Task(u.path) for u in found.units]
        job = job_for(
            goal, [t.path for t in tasks], alone=len(tasks) == 1, reader=reader, no_sidecar=no_sidecar, **options
        )
        return cls(found, tasks, job, workers)

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what became of each image, in their order; what is wrong is told at once, and at the end."""
        with closing(process_all(self.tasks, self.job, processes(self.workers, len(self.tasks)))) as outcomes:
            for outcome in outcomes:
                self.settled.update(outcome.settled)
                self.idle.add(outcome)
                for sentence in outcome.warned:
                    complain(sentence)
                if outcome.state == "failed":
                    self.failures += 1
                    self.unusable += outcome.unusable
                    complain(outcome.message)
                yield outcome
        for problem in self.found.problems:
            complain(problem)
        self.idle.tell()
        if len(self.tasks) > 1:
            tell_unsettled(self.job.matches, self.settled)

    @property
    def code(self) -> int:
        """The exit code, as far as reading goes."""
        if self.tasks and self.failures == self.unusable == len(self.tasks) and not self.found.problems:
            # What was named can be looked at in no way.
            return USAGE
        return FAILED if self.failures or self.found.problems else OK


def tell_unsettled(matches: Mapping[str, str], settled: Collection[str]) -> None:
    """Name the pairs of ``--match`` that were of no use for any image."""
    for embedded, described in matches.items():
        if embedded not in settled:
            complain(
                f"--match {embedded}={described} settled nothing: no image of this run has this part, "
                "or no description that was used for one has the other"
            )
