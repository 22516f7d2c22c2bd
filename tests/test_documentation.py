"""Each command block of README and docs is run, as a newcomer would run it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
#: Pages that a reader follows from top to bottom: their blocks run one after the other in one folder.
STORIES = [DOCS / "quickstart.md", *sorted((DOCS / "howto").glob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOLD = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INSTALL = re.compile(r"^python3 -m venv \.venv && \.venv/bin/pip install --quiet (\.|-e '\.\[test\]') && \.venv/bin/")

BLOCKS = [
    pytest.param(kind, text, id=f"{page.name}-{number}")
    for page in PAGES
    if page not in STORIES
    for number, (kind, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
]


def run(program: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # What a page puts into the user's own folder stays out of that of whoever runs the tests.
    (home := folder / "home").mkdir(exist_ok=True)
    environment = {**os.environ, "PATH": path, "HOME": str(home)}
    return subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kind", "text"), BLOCKS)
def test_block_runs(kind: str, text: str, tmp_path: Path, sample_data: Path) -> None:
    shutil.copytree(sample_data, tmp_path / "sample_data")
    # The installation in front of a command is what made the environment that runs this test.
    command = INSTALL.sub("", text)
    if command.strip() == "pytest":
        return
    done = run(
        ["bash", "-euo", "pipefail", "-c", command] if kind == "sh" else [sys.executable, "-c", command], tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("page", STORIES, ids=lambda page: page.stem)
def test_page_runs_from_top_to_bottom_and_shows_what_is_seen(page: Path, tmp_path: Path, sample_data: Path) -> None:
    shutil.copytree(sample_data, tmp_path / "sample_data")
    seen = ""
    for kind, text in TOLD.findall(page.read_text(encoding="utf-8")):
        if kind == "sh":
            done = run(["bash", "-euo", "pipefail", "-c", INSTALL.sub("", text)], tmp_path)
            assert done.returncode == 0, done.stderr
            assert "Traceback" not in done.stderr
            seen = done.stdout + done.stderr
            continue
        # Lines between those that are shown may be left out, and what stands behind a dot-dot-dot.
        lines = iter(seen.splitlines())
        for shown in (line for line in text.splitlines() if line != "…"):
            begin, cut, _ = shown.partition("…")
            found = any(line.startswith(begin) if cut else line.rstrip() == begin for line in lines)
            assert found, f"{shown!r} is not in what was printed:\n{seen}"


def test_readme_has_one_command_to_run_and_one_to_test() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker, rest in (("run", "nbo-extract sample_data/"), ("tests", "pytest\n")):
        block = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)```", readme, re.DOTALL)
        assert block is not None
        assert len(block[1].splitlines()) == 1
        assert INSTALL.sub("", block[1]).startswith(rest)


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
