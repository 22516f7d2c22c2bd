"""The terminal summary: rich on a terminal, plain text elsewhere."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

from nbo_extract.counting import counted
from nbo_extract.sidecars import OF_READING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console, RenderableType

    from nbo_extract.findings import Finding
    from nbo_extract.summary import Summary, Verdict
    from nbo_extract.summary_images import ChannelSummary, Setup

#: Width of plain output, which has no terminal to ask.
PLAIN_WIDTH = 120
_UNBOUNDED = 1 << 14
#: The least room for the last column of a terminal.
_NARROWEST = 16
_MOST_SCENES = 8
_MOST_GROUPS = 6
_MOST_NAMES = 6
_MOST_FINDINGS = 8
_MOST_UNUSED = 3
_ABSENT = "not stated"
_COLUMNS = {
    "name": "Channel",
    "fluorophore": "Fluorophore",
    "light": "Light source",
    "excitation": "Excitation",
    "dichroic": "Dichroic",
    "emission": "Emission",
    "detector": "Detector",
    "exposure": "Exposure",
    "method": "Method",
}


class Printer:
    """Prints summaries.

    Parameters
    ----------
    stream : text stream
    verbose : bool
        Whether all is shown, not the first few.
    """

    def __init__(self, stream: IO[str], *, verbose: bool = False) -> None:
        from rich.console import Console

        self.verbose = verbose
        self.plain = not stream.isatty()
        columns = os.environ.get("COLUMNS", "")
        width = (int(columns) if columns.isdecimal() and int(columns) else PLAIN_WIDTH) if self.plain else None
        self.console: Console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)

    def line(self, text: str = "", style: str = "", indent: int = 0) -> None:
        """Print one line; on a terminal, what is too long goes on below, indented."""
        from rich.padding import Padding
        from rich.text import Text

        from nbo_extract.cli.layout import wrapped

        if self.plain:
            # A line of a file or a pipe stays a line: people search in it.
            self.console.print(Text(" " * indent + text), soft_wrap=True)
        else:
            lines = wrapped(text, self.console.width - indent)
            self.console.print(Padding(Text("\n".join(lines), style=style), (0, 0, 0, indent)))

    def grid(self, rows: Iterable[Sequence[str]], indent: int = 2, style: str = "bold") -> None:
        """Print rows in columns; the last one takes the room that is left."""
        from rich.cells import cell_len
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        from nbo_extract.cli.layout import wrapped

        rows = [tuple(row) for row in rows]
        table = Table.grid(padding=(0, 2, 0, 0))
        first, *others = zip(*rows, strict=True) if rows else [()]
        for place in range(len(others) + 1):
            last = place == len(others)
            table.add_column(style=style if place == 0 else "", overflow="fold", no_wrap=not last)
        before = sum(max(map(cell_len, column)) + 2 for column in (first, *others)[:-1])
        room = max(self.console.width - indent - before, _NARROWEST)
        for *cells, cell in rows:
            told = cell if self.plain else "\n".join(wrapped(cell, room))
            table.add_row(*map(Text, cells), Text(told))
        # As with single lines, a row of a file or a pipe stays one line.
        self.print_table(Padding(table, (0, 0, 0, indent)), bounded=not self.plain)

    def print_table(self, table: RenderableType, *, bounded: bool = True) -> None:
        """Print a table; in plain text without the blanks that fill its last column."""
        if not self.plain:
            self.console.print(table)
            return
        width = self.console.width
        if not bounded:
            self.console.width = _UNBOUNDED
        with self.console.capture() as captured:
            self.console.print(table)
        self.console.width = width
        text = "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))
        self.console.file.write(f"{text}\n")

    # -- one file -----------------------------------------------------------------------------------------------------

    def summary(self, summary: Summary) -> None:
        """Print all that is known of one file."""
        files = f", set of {summary.files} files" if summary.files > 1 else ""
        count = f", {summary.images} images" if summary.images > 1 else ""
        self.line(f"{summary.path}  ({summary.format}{files}{count})", "bold cyan")
        self._stated_in(summary)
        self._of_reading(summary)
        if not summary.setups:
            self.line("no image is described", indent=2)
        for number, setup in enumerate(summary.setups):
            self._setup(summary, setup, number)
        self._filled(summary)
        self._stated(summary)
        self._disagreements(summary.disagreements)
        if summary.verdict is not None:
            self.verdict(summary.verdict)
        self._findings(summary)

    def _stated_in(self, summary: Summary) -> None:
        if summary.stated_in:
            self.line(f"as stated in {summary.stated_in}", indent=2)

    def _of_reading(self, summary: Summary) -> None:
        """Print what is wrong with a sidecar: all below depends on it."""
        for finding in summary.findings:
            if finding.code in OF_READING:
                self.line(f"{finding.code}  {finding.message}", "bold yellow", 2)

    def _setup(self, summary: Summary, setup: Setup, number: int) -> None:
        rows = [("Stand", summary.stand or _ABSENT)] if number == 0 else []
        described = f"1 described, not said whether it was used: {setup.described}" if setup.described else _ABSENT
        rows += [("Objective", setup.objective or described), ("Pixel size", setup.pixel_size or _ABSENT)]
        if len(setup.scenes) == 1:
            scene = setup.scenes[0]
            named = scene.name if summary.images > 1 or scene.name not in os.path.basename(summary.path) else ""
            rows += [(k, v) for k, v in (("Image", named), ("Size", scene.size), ("Date", scene.date)) if v]
        if number == 0 and summary.software:
            rows.append(("Software", summary.software))
        if number:
            self.line()
        self.grid(rows)
        if len(setup.scenes) > 1:
            self._scenes(setup)
        self._channels(setup.channels)

    def _scenes(self, setup: Setup) -> None:
        shown = setup.scenes if self.verbose else setup.scenes[:_MOST_SCENES]
        self.grid([(f"Image {number}", scene.name, scene.date, scene.size) for number, scene in enumerate(shown, 1)])
        if len(shown) < len(setup.scenes):
            self.line(f"and {counted(len(setup.scenes) - len(shown), 'more image')}", indent=2)

    def _channels(self, channels: Sequence[ChannelSummary]) -> None:
        """Print one row a channel; what all have in common stands below where the rows would be too wide.

        Where a terminal is too narrow for rows each channel is a block of lines.
        """
        stated = [key for key in _COLUMNS if any(getattr(c, key) for c in channels)]
        if set(stated) <= {"name"}:
            names = [c.name for c in channels if c.name]
            if names:
                self.grid([("Channels", ", ".join(names))])
            return
        cells = {key: _cells(channels, key) for key in stated}
        shared: list[str] = []
        if sum(max(map(len, column)) for column in cells.values()) > self._room(len(cells)) and len(channels) > 1:
            shared = [k for k in stated if k != "name" and len({getattr(c, k) for c in channels}) == 1]
            cells = {key: column for key, column in cells.items() if key not in shared}
        from nbo_extract.cli.layout import widths

        found = widths(list(cells.values()), self._room(len(cells)))
        self.line()
        if found is None:
            self._blocks(channels, [k for k in cells if k != "name"])
        else:
            self._channel_table(list(cells.values()), found)
        if shared:
            self.line("All channels:", indent=2)
            self.grid([(_COLUMNS[key], getattr(channels[0], key)) for key in shared], indent=4)

    def _room(self, columns: int) -> int:
        """Return the room that cells of so many columns have, without what stands between them."""
        return self.console.width - 2 - (2 * (columns - 1) if self.plain else 3 * columns - 1)

    def _channel_table(self, columns: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        from rich import box
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        from nbo_extract.cli.layout import wrapped

        style = None if self.plain else box.SIMPLE_HEAD
        table = Table(box=style, pad_edge=False, padding=(0, 2, 0, 0) if self.plain else (0, 1), header_style="bold")
        folded = [
            ["\n".join(wrapped(cell, width)) for cell in cells] for cells, width in zip(columns, widths, strict=True)
        ]
        for (heading, *_), width in zip(folded, widths, strict=True):
            table.add_column(Text(heading), width=width)
        for row in zip(*(cells for _, *cells in folded), strict=True):
            table.add_row(*map(Text, row))
        self.print_table(Padding(table, (0, 0, 0, 2)))

    def _blocks(self, channels: Sequence[ChannelSummary], keys: Sequence[str]) -> None:
        for number, channel in enumerate(channels, 1):
            self.line(f"Channel {channel.name or f'({number})'}", "bold", 2)
            rows = [(_COLUMNS[key], getattr(channel, key)) for key in keys if getattr(channel, key)]
            if rows:
                self.grid(rows, indent=4, style="")

    # -- what the hardware file did ------------------------------------------------------------------------------------

    def _filled(self, summary: Summary) -> None:
        if not summary.filled:
            return
        matched = [f for f in summary.filled if not f.added]
        added = [f for f in summary.filled if f.added]
        files = ", ".join(dict.fromkeys(f.file for f in summary.filled))
        self.line()
        self.line(f"Filled from {files}: {counted(sum(f.facts for f in summary.filled), 'fact')}", "bold green", 2)
        if matched:
            self.grid([(f.part, counted(f.facts, "fact")) for f in matched], indent=4, style="")
        if added and self.verbose:
            self.line("Parts of the microscope that the image does not name:", indent=4)
            self.grid([(f.part, counted(f.facts, "fact")) for f in added], indent=6, style="")
        elif added:
            facts = counted(sum(f.facts for f in added), "fact")
            self.line(
                f"and {counted(len(added), 'part')} that the image does not name ({facts}; -v lists them)", indent=4
            )
        for message in summary.unmatched:
            self.line(message, indent=4)

    def _stated(self, summary: Summary) -> None:
        """Print what came from sheets, configurations and calibration records."""
        if summary.stated:
            self.line()
            for file, count in summary.stated:
                self.line(f"Stated in {file}: {counted(count, 'fact')}", "bold green", 2)
            for message in summary.calibration:
                self.line(message, indent=4)

    def _disagreements(self, findings: Sequence[Finding]) -> None:
        if not findings:
            return
        self.line()
        taken = any("is taken" in finding.explanation for finding in findings)
        kept = "the image's value is kept, if not said otherwise" if taken else "the image's value is kept"
        self.line(f"Image and hardware file disagree ({kept})", "bold yellow", 2)
        for finding in findings:
            place = f" ({finding.instance})" if finding.instance else ""
            self.line(f"{finding.element} {finding.attribute}{place}", indent=4)
            told, _, where = finding.other_source.partition(": ")
            self.grid(
                [(finding.value, "image", finding.source), (finding.other, told, where)],
                indent=6,
                style="",
            )
            if finding.explanation:
                self.line(finding.explanation, indent=6)

    # -- what is missing -----------------------------------------------------------------------------------------------

    def checked(self, summary: Summary) -> None:
        """Print what one file misses, sentence by sentence, and what is wrong with it."""
        self.line(f"{summary.path}  ({summary.format})", "bold cyan")
        self._stated_in(summary)
        self._of_reading(summary)
        self._disagreements(summary.disagreements)
        if summary.verdict is not None:
            self.verdict(summary.verdict, sentences=True)
        self._findings(summary)

    def verdict(self, verdict: Verdict, *, sentences: bool = False) -> None:
        """Print what is missing for a tier, a line for each element or a sentence for each field."""
        asked = f"tier {verdict.tier} ({', '.join(verdict.extensions)}{_level(verdict)})"
        if verdict.profile:
            axes = f"tier {verdict.tier}, {', '.join(verdict.extensions)}{_level(verdict)}"
            asked = f"profile {verdict.profile} ({axes if verdict.tiers else verdict.title})"
        self.line()
        if not verdict.missing:
            self.line(f"Nothing is missing for {asked}", "bold green", 2)
        else:
            missing = f"{verdict.missing} of {counted(verdict.demanded, 'field')}"
            self.line(f"Missing for {asked}: {missing}", "bold yellow", 2)
        if self.verbose or sentences:
            told = list(zip(verdict.messages, verdict.where, verdict.apart, strict=True))
            self._messages(told[: verdict.counting], apart=False)
            self.unused(verdict)
            self._messages(told[: verdict.counting], apart=True)
            if told[verdict.counting :]:
                self.line()
                self.line("Missing, and not counted", "bold", 2)
                self._messages(((message, where, False) for message, where, _ in told[verdict.counting :]), apart=False)
            self._tiers(verdict)
            return
        shown = verdict.groups[:_MOST_GROUPS]
        if shown:
            self.grid([(group.element, _some(group.names)) for group in shown], indent=4, style="")
        rest = verdict.groups[_MOST_GROUPS:]
        if rest:
            self.line(f"and in {_some([g.element for g in rest])} (-v lists all)", indent=4)
        self.unused(verdict)

    def unused(self, verdict: Verdict) -> None:
        """Print how much of what is missing is of described parts that the image does not refer to."""
        if not verdict.unused:
            return
        told = [f"{part.element} {', '.join(part.names)}" for part in verdict.unused]
        shown = told if self.verbose else told[:_MOST_UNUSED]
        more = f" and {counted(len(told) - len(shown), 'more part')} (-v lists all)" if len(shown) < len(told) else ""
        count = sum(len(part.names) for part in verdict.unused)
        whole = "all" if count == verdict.missing else str(count)
        self.line(f"{whole} of them are of described parts that no image refers to: {'; '.join(shown)}{more}", indent=4)

    def _messages(self, told: Iterable[tuple[str, str, bool]], *, apart: bool) -> None:
        """Print sentences, of what stands apart or not; where everything is wanted, with where a fact may stand."""
        for message, where, aside in told:
            if aside == apart:
                self.line(message, indent=6 if apart else 4)
                if self.verbose and where:
                    self.line(where, indent=12)

    def _tiers(self, verdict: Verdict) -> None:
        """Print how far the image is from each tier."""
        if not verdict.tiers:
            return
        self.line()
        self.line("By tier, each with those below it", "bold", 2)
        for tier, demanded, missing in verdict.tiers:
            said = f"{missing} of {counted(demanded, 'field')} missing" if missing else "nothing missing"
            self.line(f"Tier {tier}: {said}", indent=4)

    def _findings(self, summary: Summary) -> None:
        findings = [f for f in summary.findings if f.code not in OF_READING]
        if findings:
            self.line()
            self.line("Warnings", "bold yellow", 2)
            shown = findings if self.verbose else findings[:_MOST_FINDINGS]
            for finding in shown:
                self.line(f"{finding.code}  {finding.message}", "red" if finding.severity == "error" else "", 4)
            if len(shown) < len(findings):
                self.line(f"and {len(findings) - len(shown)} more (-v lists all)", indent=4)
        if self.verbose and summary.notes:
            self.line()
            self.line("Notes", "bold", 2)
            for note in summary.notes:
                self.line(note, indent=4)


def _cells(channels: Sequence[ChannelSummary], key: str) -> list[str]:
    """Return a column of the table of channels, its heading first."""
    cells = [getattr(c, key) or ("-" if key != "name" else f"({number})") for number, c in enumerate(channels, 1)]
    return [_COLUMNS[key], *cells]


def _level(verdict: Verdict) -> str:
    return "" if verdict.level == "must" else ", must and should"


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} and {len(names) - _MOST_NAMES} more"
