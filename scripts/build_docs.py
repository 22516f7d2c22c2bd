"""Build the documentation site into site/, without the network.

    pip install -e '.[docs]' && python scripts/build_docs.py

A warning of mkdocs fails the build, and so does a link that leads nowhere or that would fetch something.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import docs_links

ROOT = Path(__file__).resolve().parent.parent


def build(site: Path) -> list[str]:
    """Build the site and return what is wrong with its links.

    Raises
    ------
    subprocess.CalledProcessError
        If mkdocs does not build it.
    """
    # Without this the theme prints a notice about other programs.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(ROOT / "mkdocs.yml"),
    ]
    subprocess.run([*command, "--site-dir", str(site)], check=True, cwd=ROOT, env=environment)
    return docs_links.problems(site)


def main() -> int:
    """Build the site and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="folder to build into; default: site/")
    site = parser.parse_args().site
    try:
        wrong = build(site.resolve())
    except subprocess.CalledProcessError as error:
        return error.returncode
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{site}: {sum(1 for _ in site.rglob('*.html'))} pages, {len(wrong)} links that lead nowhere")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
