#!/usr/bin/env python3
"""Run the main job in a terminal, and draw what the terminal shows as docs/pictures/main-job.svg.

    python scripts/capture_terminal.py [FILE]

The command is really run, on a copy of sample_data, in a pseudo-terminal of a fixed width. The picture holds its text
as text and fetches nothing: no font, no style. The same output gives the same bytes.
"""

from __future__ import annotations

import io
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.style import Style

ROOT: Final = Path(__file__).resolve().parent.parent
PICTURE: Final = ROOT / "docs" / "pictures" / "main-job.svg"
JOB: Final = ("sample_data/widefield.czi", "--hardware", "sample_data/microscope.json", "-o", "results")
COLUMNS: Final = 100

_CHARACTER, _LINE, _SIZE, _EDGE, _BAR = 8.4, 19, 14, 20, 36
_PAPER, _INK, _STRONG = "#1c2128", "#ced5dd", "#f5f7f9"
#: Colours of a terminal by their numbers: green, yellow, cyan.
_COLOURS: Final = {2: "#7fd18b", 3: "#e8c468", 6: "#6cc7e0"}
_FONTS: Final = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


def capture(arguments: tuple[str, ...] = JOB, columns: int = COLUMNS) -> str:
    """Run nbo-extract in a pseudo-terminal and return what it writes there, with its escape sequences."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "PYTHONWARNINGS")
    environment = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("NBO_")}
    environment |= {
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sample_data", Path(folder) / "sample_data")
        command = [sys.executable, "-m", "nbo_extract", *arguments]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 120)[0]:
            try:
                block = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not block:
                break
            seen += block
        code = process.wait()
        os.close(ours)
    if code != 0:
        raise RuntimeError(f"nbo-extract ends with {code}: {seen.decode(errors='replace')}")
    return seen.decode().replace("\r\n", "\n")


def draw(shown: str, command: str, columns: int = COLUMNS) -> str:
    """Return an SVG of what a terminal shows."""
    prompt = Text.assemble(("$ ", "green"), (command, "bold"))
    lines = [prompt, *(Text.from_ansi(line.rstrip()) for line in shown.rstrip("\n").split("\n"))]
    width = round(columns * _CHARACTER) + 2 * _EDGE
    height = _BAR + len(lines) * _LINE + _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(command)}">',
        f"<title>{escape(command)}</title>",
        f"<style>text {{ font: {_SIZE}px {_FONTS}; fill: {_INK}; white-space: pre; }} .b {{ font-weight: 700; "
        f"fill: {_STRONG}; }} {' '.join(f'.c{n} {{ fill: {c}; }}' for n, c in _COLOURS.items())}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{_PAPER}"/>',
        *(f'<circle cx="{_EDGE + 6 + 20 * n}" cy="20" r="5" fill="#4b535d"/>' for n in range(3)),
    ]
    console = Console(file=io.StringIO(), width=columns + 10)
    for number, line in enumerate(lines):
        parts += _line(line, console, _BAR + (number + 1) * _LINE - 4)
    return "\n".join([*parts, "</svg>", ""])


def _line(line: Text, console: Console, y: int) -> list[str]:
    """Draw the runs of one line; each is as wide as it is in a terminal, whatever font there is."""
    found, column = [], 0
    for segment in line.render(console):
        text = segment.text.strip("\n")
        # Columns stay columns where a run is drawn in another font: what two blanks part stands on its own.
        start = 0
        while start < len(text):
            end = text.find("  ", start)
            end = len(text) if end < 0 else end
            run = text[start:end]
            words = run.strip()
            if words:
                x = _EDGE + (column + start + len(run) - len(run.lstrip())) * _CHARACTER
                long = len(words) * _CHARACTER
                found.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs"'
                    f"{_classes(segment.style)}>{escape(words, quote=False)}</text>"
                )
            start = end + 2
        column += len(text)
    return found


def _classes(style: Style | None) -> str:
    names = ["b"] if style is not None and style.bold else []
    if style is not None and style.color is not None and style.color.number in _COLOURS:
        names.append(f"c{style.color.number}")
    return f' class="{" ".join(names)}"' if names else ""


def main() -> None:
    """Write the picture."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(capture(), f"nbo-extract {' '.join(JOB)}"), encoding="utf-8", newline="\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
