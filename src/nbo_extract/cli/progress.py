"""How far a run on folders is: a bar on a terminal, a line now and then elsewhere, events for other programs."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from nbo_extract.stores import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from nbo_extract.cli.work import Outcome

#: Seconds between two lines where there is no terminal.
EVERY: Final = 30.0
#: So many images are found between two looks at the terminal.
_STEP: Final = 100


class Progress(Protocol):
    """What is told while images are looked for and worked on."""

    def found(self, items: Iterable[Any]) -> Iterator[Any]:
        """Pass on what a walk finds, and count it."""

    def start(self, total: int) -> None:
        """Tell how many images there are."""

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Tell that one is done; 0 seconds where an earlier run did it."""

    def end(self, *, left: int) -> None:
        """Tell no more; `left` were not worked on."""


def progress_for(*, as_json: bool, quiet: bool, verbose: bool) -> Progress:
    """Return how far a run is told, by what is wanted and where it goes."""
    if as_json:
        return Events(sys.stdout)
    if quiet:
        return Silent()
    # A bar and lines of text on one terminal are in each other's way.
    return Bar() if sys.stderr.isatty() and not verbose else Lines(sys.stderr)


class Silent:
    """Nothing is told."""

    def found(self, items: Iterable[Any]) -> Iterator[Any]:
        """Pass on what a walk finds."""
        yield from items

    def start(self, total: int) -> None:
        """Tell nothing."""

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Tell nothing."""

    def end(self, *, left: int) -> None:
        """Tell nothing."""


class Lines(Silent):
    """A line now and then.

    Parameters
    ----------
    stream : text stream
    every : float
        Seconds between two lines.
    """

    def __init__(self, stream: TextIO, every: float = EVERY) -> None:
        self._stream = stream
        self._every = every
        self._total = self._done = self._worked = self._failed = 0
        self._begun = self._told = time.monotonic()

    def start(self, total: int) -> None:
        """Note how many images there are."""
        self._total = total
        self._begun = self._told = time.monotonic()

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Count one, and tell all if the time has come."""
        self._done += 1
        self._worked += seconds > 0
        self._failed += outcome.state == "failed"
        now = time.monotonic()
        if now - self._told >= self._every:
            self._told = now
            self._stream.write(f"nbo-extract: {self._text(now - self._begun)}\n")
            self._stream.flush()

    def _text(self, seconds: float) -> str:
        told = [f"{self._done:,} of {self._total:,} images"]
        if self._worked and seconds > 0:
            rate = self._worked / seconds
            told += [f"{rate:,.1f}/s", f"{duration((self._total - self._done) / rate)} left"]
        told += [f"{self._failed:,} failed"] if self._failed else []
        return ", ".join(told)


class Events(Silent):
    """One JSON object a line.

    Parameters
    ----------
    stream : text stream
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = 0
        self._states: dict[str, int] = {}

    def _tell(self, event: str, **told: Any) -> None:
        self._stream.write(json.dumps({"event": event, **told}, ensure_ascii=True) + "\n")
        self._stream.flush()

    def start(self, total: int) -> None:
        """Tell how many images there are."""
        self._total = total
        self._tell("start", images=total)

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Tell what became of one."""
        self._done += 1
        self._states[outcome.state] = self._states.get(outcome.state, 0) + 1
        told = {
            "file": outcome.path,
            "state": outcome.state,
            "done": self._done,
            "images": self._total,
            "target": outcome.target,
            "again": outcome.again,
            "message": one_line(outcome.message),
            "missing": outcome.row.get("missing"),
            "passed": outcome.row.get("passed"),
            "disagreements": outcome.row.get("disagreements"),
            "warnings": outcome.row.get("warnings"),
            "seconds": round(seconds, 4),
        }
        self._tell("image", **{key: value for key, value in told.items() if value not in ("", None)})

    def end(self, *, left: int) -> None:
        """Tell how it ended."""
        self._tell("end", images=self._total, left=left, states=dict(sorted(self._states.items())))


class Bar(Silent):
    """A bar with rate, time left and failures, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Display

        self._display = Display(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[failed]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._display.start()
        self._task = self._display.add_task("Looking for images", total=None, rate="", failed="")
        self._failed = self._worked = 0
        self._begun = time.monotonic()

    def found(self, items: Iterable[Any]) -> Iterator[Any]:
        """Pass on what a walk finds, and show how many."""
        for number, item in enumerate(items, 1):
            if not number % _STEP:
                self._display.update(self._task, completed=number)
            yield item

    def start(self, total: int) -> None:
        """Show how many images there are."""
        self._display.reset(self._task, description="Images", total=total, rate="", failed="")
        self._begun = time.monotonic()

    def add(self, outcome: Outcome, seconds: float) -> None:
        """Show that one is done."""
        self._failed += outcome.state == "failed"
        self._worked += seconds > 0
        rate = f"{self._worked / max(time.monotonic() - self._begun, 1e-3):,.1f}/s" if self._worked else ""
        failed = f"{self._failed:,} failed" if self._failed else ""
        self._display.update(self._task, advance=1, rate=rate, failed=failed)

    def end(self, *, left: int) -> None:
        """Take the bar away."""
        self._display.stop()


def duration(seconds: float) -> str:
    """Return a time in words, as coarse as it is of use: ``45 s``, ``3 min``, ``2 h 10 min``, ``3 days``."""
    whole = int(seconds + 0.5)
    if whole < 90:
        return f"{whole} s"
    minutes = (whole + 30) // 60
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 48 else f"{(hours + 12) // 24} days"
