"""The command `watch`: what a microscope writes into a folder is worked on as soon as it is complete."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.cli.batch import Given, Run, opened
from nbo_extract.cli.extract import words_of
from nbo_extract.cli.group import FAILED, OK, Refusal, complain
from nbo_extract.cli.inputs import wanted_paths
from nbo_extract.stores import one_line, shown
from nbo_extract.walk import is_folder_of_images

if TYPE_CHECKING:
    from nbo_extract.batch.journal import Entry, Journal
    from nbo_extract.cli.batch_places import Places
    from nbo_extract.cli.listed import Chosen
    from nbo_extract.cli.work import Outcome

#: A look takes at most this part of the time, however many files there are.
_LOAD: Final = 0.1
#: What programs put beside a file as long as they write it: acquisition software, copying programs, browsers, offices.
LOCKS: Final = ("{name}.lock", "{stem}.lock", "{name}.lck", "~${name}", ".~lock.{name}#", "{name}.tmp", "{name}.part",
                "{name}.filepart", "{name}.crdownload", ".{name}.part", "{stem}.tmp")  # fmt: skip


def run(
    *,
    paths: tuple[str, ...],
    output: str | None,
    format_: Any,
    embed: bool,
    chosen: Chosen,
    every: float,
    settle: float,
    once: bool,
    workers: int,
    quiet: bool,
    journal: str | None,
    no_summary: bool,
    **options: Any,
) -> int:
    """Watch folders until Ctrl-C, and return the exit code."""
    from nbo_extract.cli.batch_places import Places

    if embed and (output is not None or format_ is not None):
        option = "-o" if output is not None else "--format"
        raise Refusal(f"--embed writes into the images; leave {option} out")
    wanted = wanted_paths(paths, options["reader"], sidecars="")
    for path in wanted:
        if not is_folder_of_images(path):
            raise Refusal(f"{shown(path)}: this is no folder that images come into; name the folder")
    options |= {"remember": False, "dry_run": False, "convert": None}
    given = Given(tuple(wanted), chosen, workers=workers or 1, quiet=quiet, no_summary=no_summary, journal=journal)
    places = Places("embed" if embed else "write", output or "", format_ or "xml", None, options["reader"])
    with opened(given, places, options) as kept:
        return Watch(given, places, kept, options, settle).run(every, once=once)


class Watch:
    """Looks at folders again and again.

    Parameters
    ----------
    given : Given
    places : Places
    journal : Journal
    options : dict
        Of the job.
    settle : float
        Seconds that an image must stay as it is before it is taken for complete.
    """

    def __init__(self, given: Given, places: Places, journal: Journal, options: dict[str, Any], settle: float) -> None:
        self._run = Run(given, places, journal, options, self._complete)
        self._given = given
        self._settle = settle
        #: Mark of each image that is waited for, and since when it has it.
        self._since: dict[int, tuple[str, float]] = {}
        self._waiting: set[int] = set()
        self._told: set[str] = set()
        self._failed = 0
        self._new = False

    def run(self, every: float, *, once: bool) -> int:
        """Look every so many seconds, until Ctrl-C, or until nothing is waited for."""
        if not self._given.quiet:
            ends = "ends when what is there is done" if once else "Ctrl-C ends"
            sys.stdout.write(f"watching {', '.join(map(shown, self._given.paths))}; {ends}\n")
            sys.stdout.flush()
        with self._run.stoppable():
            while not self._run.stopping:
                begun = time.monotonic()
                self._look()
                took = time.monotonic() - begun
                if once and not self._waiting:
                    break
                self._rest(max(every if not once else min(every, self._settle), took / _LOAD - took))
        return FAILED if once and self._failed else OK

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._run.stopping and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))

    def _look(self) -> None:
        gone = next((p for p in self._given.paths if not os.path.isdir(p)), None)
        if gone is not None:
            self._complain_once(f"{gone}: this folder is not there; it is waited for")
            return
        self._waiting, self._new = set(), False
        try:
            walked, total = self._run.look()
            for problem in walked.problems:
                self._complain_once(problem)
            if total:
                self._run.work(self, total)
            if self._new:
                for problem in self._run.write_results(report=False):
                    self._complain_once(problem)
        except Refusal as error:
            # Of the configuration, or two images with one name: a person has to see to it, and may do so meanwhile.
            self._complain_once(error.message)
        self._since = {number: since for number, since in self._since.items() if number in self._waiting}

    def add(self, outcome: Outcome) -> None:
        """Tell what became of one image."""
        self._new = True
        self._failed += outcome.state == "failed"
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        if outcome.state == "failed":
            complain(outcome.message)
        elif not self._given.quiet:
            sys.stdout.write(one_line(f"{now} {outcome.path}: {', '.join(words_of(outcome))}") + "\n")
            sys.stdout.flush()

    def earlier(self, outcome: Outcome) -> None:
        """Leave out what was told when it was done."""

    def _complete(self, entry: Entry, mark: str) -> bool:
        """Whether an image is complete: it has stayed as it is for a while, and no program says that it writes it."""
        now = time.monotonic()
        known, since = self._since.get(entry.number, ("", now))
        if known != mark:
            since = now
        self._since[entry.number] = (mark, since)
        if (now - since >= self._settle or self._long_ago(entry)) and not locked(entry.path):
            return True
        self._waiting.add(entry.number)
        return False

    def _long_ago(self, entry: Entry) -> bool:
        """Whether all files of an image were last changed so long ago that nobody is writing them."""
        if os.path.isdir(entry.path):
            return False
        try:
            latest = max(os.stat(p).st_mtime for p in (entry.path, *entry.files))
        except OSError:
            return False
        # The clock of a file server may differ from ours by some minutes.
        return time.time() - latest > self._settle + 600

    def _complain_once(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            complain(sentence)


def locked(path: str) -> bool:
    """Whether a program says that it is writing a file: by a file beside it, or by letting nobody else open it."""
    folder, name = os.path.split(path.rstrip("/" + os.sep))
    stem = os.path.splitext(name)[0]
    if any(os.path.lexists(os.path.join(folder, form.format(name=name, stem=stem))) for form in LOCKS):
        return True
    if os.path.isdir(path):
        return False
    try:
        with open(path, "rb"):
            return False
    except OSError:
        return True
