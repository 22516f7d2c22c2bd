"""What mkdocs does besides: generated pages, README as the first page, links that leave the documentation.

mkdocs.yml names this module. Nothing that is generated is kept: it is made anew by every build.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import docs_model  # noqa: E402
import docs_reference  # noqa: E402

LINK = re.compile(r"(\]\()((?!https?:|#)[^)#]+)(#[^)]*)?(\))")
#: The page of the navigation behind which the mapping tables come.
TABLES = "reference/mappings/index.md"
#: Files of the repository that pages link to stand on the site below this.
FILES = "files/"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the mapping tables into the navigation, and leave out pages of `extra.optional` that are not there yet."""
    optional = [name for name in config.extra.pop("optional") if not (ROOT / "docs" / name).is_file()]
    config.nav = _with_tables(_without(config.nav, optional))
    return config


def _with_tables(nav: Any) -> Any:
    if isinstance(nav, list):
        tables = docs_reference.table_titles() if TABLES in nav else {}
        return [*map(_with_tables, nav), *({title: page} for page, title in tables.items())]
    return {title: _with_tables(entry) for title, entry in nav.items()} if isinstance(nav, dict) else nav


def _without(nav: Any, names: list[str]) -> Any:
    if isinstance(nav, list):
        return [kept for entry in nav if (kept := _without(entry, names)) is not None]
    if isinstance(nav, dict):
        inside = {title: kept for title, entry in nav.items() if (kept := _without(entry, names)) is not None}
        return inside or None
    return None if nav in names else nav


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is generated, and files of the repository that pages link to."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = {
        "index.md": LINK.sub(_as_seen_from_docs, readme),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        **docs_reference.pages(),
        **docs_model.pages(),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    texts = [readme] + [p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs").rglob("*.md"))]
    linked = {target.removeprefix("../") for text in texts for _, target, _, _ in LINK.findall(text)}
    for name in sorted(linked):
        if (ROOT / name).is_file() and not name.startswith("docs/"):
            files.append(File.generated(config, FILES + name, abs_src_path=str(ROOT / name)))
    return files


def _as_seen_from_docs(found: re.Match[str]) -> str:
    """Return a link of README as one of a page in docs/."""
    before, target, fragment, after = found.groups()
    inside = target.removeprefix("docs/")
    return f"{before}{inside if inside != target else FILES + target}{fragment or ''}{after}"


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Give findings their anchors, and lead links that leave the documentation to the copies on the site."""
    if page.file.src_uri == "findings.md":
        markdown = docs_reference.findings_page(markdown)
    depth = page.file.src_uri.count("/")
    outside = "../" * (depth + 1)

    def lead(found: re.Match[str]) -> str:
        before, target, fragment, after = found.groups()
        name = target.removeprefix(outside)
        if name == target or name.startswith("../"):
            return found[0]
        return f"{before}{'../' * depth}{FILES}{name}{fragment or ''}{after}"

    return LINK.sub(lead, markdown)
