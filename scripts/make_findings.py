"""Write the codes of docs/findings.md as data, for `nbo-extract check --explain`; what says why is kept.

Run after a row of the page has changed: python scripts/make_findings.py
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "findings.md"
TABLE = ROOT / "mappings" / "nbo_extract_mappings" / "findings.toml"
ROW = re.compile(r"^\| (NBO[0-9]{3}) \| (.+) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
HEAD = """\
# What each code of a finding means: cause and way out are those of docs/findings.md, from which
# scripts/make_findings.py writes them; why is written here.
"""


def plain(text: str) -> str:
    """Return a cell of the page without its marks."""
    return LINK.sub(r"\1", text).replace("`", "").strip()


def table(page: str, known: dict[str, dict[str, str]]) -> str:
    """Return the text of the data table for a text of the page."""
    parts = [HEAD]
    for code, cause, way in ROW.findall(page):
        rows = {"cause": plain(cause), "way": plain(way)}
        if why := known.get(code, {}).get("why"):
            rows["why"] = why
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rows.items()]
        parts.append("\n".join(["", f"[{code}]", *lines, ""]))
    return "".join(parts)


def main() -> None:
    """Write the table."""
    known = tomllib.loads(TABLE.read_text(encoding="utf-8")) if TABLE.is_file() else {}
    TABLE.write_text(table(PAGE.read_text(encoding="utf-8"), known), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
