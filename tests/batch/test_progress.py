"""How far a run is: lines, events, a bar."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.cli.progress import Bar, Events, Lines, Silent, duration, progress_for
from nbo_extract.cli.work import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (45.4, "45 s"), (89.6, "2 min"), (600, "10 min"), (7800, "2 h 10 min"), (200_000, "2 days")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("nbo_extract.cli.progress.time.monotonic", lambda: clock[0])
    stream = io.StringIO()
    lines = Lines(stream, 30.0)
    assert list(lines.found(range(3))) == [0, 1, 2]
    lines.start(4000)
    for number in range(100):
        clock[0] += 0.5
        # Every second image had been done before: it costs no time, and says nothing of the rate.
        lines.add(Outcome("a.czi", "failed" if number == 3 else "written"), 0.4 if number % 2 else 0.0)
    assert stream.getvalue() == "nbo-extract: 60 of 4,000 images, 1.0/s, 66 min left, 1 failed\n"


def test_events(run: Callable[..., Result], sample_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(sample_data, "-o", out, "--json")
    assert (result.code, result.err) == (0, "")
    events: list[dict[str, Any]] = [json.loads(line) for line in result.out.splitlines()]
    assert [e["event"] for e in events] == ["start", "image", "image", "image", "image", "end"]
    assert events[0] == {"event": "start", "images": 4}
    czi = next(e for e in events if e.get("file", "").endswith("widefield.czi"))
    assert re.fullmatch(r"0\.\d+", str(czi.pop("seconds")))
    assert czi == {
        "event": "image", "file": str(sample_data / "widefield.czi"), "state": "written", "done": 2, "images": 4,
        "target": str(out / "widefield.czi.nbo.xml"), "missing": 42, "passed": False, "disagreements": 0,
        "warnings": 0,
    }  # fmt: skip
    assert events[-1] == {"event": "end", "images": 4, "left": 0, "states": {"written": 4}}
    again = [json.loads(line) for line in run(sample_data, "-o", out, "--json").out.splitlines()]
    assert again[-1]["states"] == {"done before": 4}


def test_events_of_names_that_no_encoding_has() -> None:
    stream = io.StringIO()
    Events(stream).add(Outcome("a\udcff\n.czi", "failed", "a\udcff\n.czi: no"), 0.0)
    assert stream.getvalue().isascii()
    told = json.loads(stream.getvalue())
    assert (told["file"], told["message"]) == ("a\udcff\n.czi", r"a\xff\n.czi: no")


def test_a_bar_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    bar = progress_for(as_json=False, quiet=False, verbose=False)
    assert isinstance(bar, Bar)
    assert list(bar.found(range(250))) == list(range(250))
    bar.start(2)
    bar.add(Outcome("a.czi", "failed"), 0.1)
    bar.end(left=1)
    assert isinstance(progress_for(as_json=False, quiet=False, verbose=True), Lines)
    assert isinstance(progress_for(as_json=True, quiet=False, verbose=False), Events)
    assert type(progress_for(as_json=False, quiet=True, verbose=False)) is Silent
    monkeypatch.setattr("sys.stderr.isatty", lambda: False)
    assert type(progress_for(as_json=False, quiet=False, verbose=False)) is Lines
