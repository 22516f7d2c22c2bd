"""The picture of the README is what the product shows."""

from __future__ import annotations

import re
import tempfile
import xml.etree.ElementTree as ET
from html import unescape
from typing import TYPE_CHECKING

import pytest

from browser import Browser, program

pytest.importorskip("pty")
from capture_terminal import COLUMNS, JOB, PICTURE, ROOT, capture, draw

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = f"nbo-extract {' '.join(JOB)}"


def test_the_picture_is_what_the_command_shows() -> None:
    shown = capture()
    again = draw(shown, COMMAND)
    assert again == PICTURE.read_text(encoding="utf-8"), "scripts/capture_terminal.py draws it anew; look at it"
    # Another run is another process, with other places for its files.
    assert capture() == shown


def test_the_picture_holds_all_words_and_fetches_nothing() -> None:
    text = PICTURE.read_text(encoding="utf-8")
    assert re.findall(r"url\(|@import|@font-face|href|<script|<image", text) == []
    assert text.count("http") == text.count('xmlns="http') == 1
    assert [word for word in (tempfile.gettempdir(), "/home", "/Users", "/root", str(ROOT)) if word in text] == []
    drawn = " ".join("".join(e.itertext()) for e in ET.fromstring(text) if e.tag.endswith("text"))
    words = re.sub(r"\x1b\[[0-9;]*m", "", capture()).split()
    assert set(words) <= set(drawn.split())
    assert COMMAND in unescape(text)


def test_runs_stand_in_their_columns() -> None:
    svg = draw("  \x1b[1mStand\x1b[0m    a <b> & c\n\x1b[1;36mend\x1b[0m\n", "x", 40)
    runs = [(float(e.get("x", 0)), e.get("class"), e.text) for e in ET.fromstring(svg) if e.tag.endswith("text")]
    column = [(round((x - 20) / 8.4, 6), kind, text) for x, kind, text in runs]
    assert column == [
        (0, "c2", "$"), (2, "b", "x"), (2, "b", "Stand"), (11, None, "a <b> & c"), (0, "b c6", "end")
    ]  # fmt: skip
    assert draw("a", "x") != draw("a", "y")


def test_the_readme_shows_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"!\[([^\]]+)\]\((docs/pictures/main-job\.svg)\)", readme)
    assert match is not None
    assert (ROOT / match[2]) == PICTURE
    assert readme.index(match[0]) < readme.index("\n## ")


def test_it_can_be_read_in_a_browser(tmp_path: Path) -> None:
    path = program()
    if path is None:
        pytest.skip("there is no Chromium")
    with Browser(path, tmp_path) as page:
        page.open(PICTURE)
        width = page.value("document.documentElement.viewBox.baseVal.width")
        boxes = "[...document.querySelectorAll('text')].map(t => t.getBBox())"
        ends = page.value(f"{boxes}.map(b => b.x + b.width)")
        # Where nothing is drawn over anything, each run ends before the next one of its line begins.
        overlaps = page.value(
            f"{boxes}.map((b, n, all) => n && all[n - 1].y === b.y && all[n - 1].x + all[n - 1].width > b.x + 1)"
            ".filter(Boolean).length"
        )
        assert page.fetched() == [PICTURE.as_uri()]
        assert page.complaints() == []
    assert width == round(COLUMNS * 8.4) + 40
    assert len(ends) > 50
    assert max(ends) <= width - 19
    assert overlaps == 0
