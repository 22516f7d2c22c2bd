"""Check a built site: internal links and anchors lead somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import functools
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path

#: What a browser fetches by itself: of other elements an address is only followed by a click.
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "use": "href"}
#: Kinds of <link> that say something and fetch nothing.
SAYS = frozenset({"canonical", "prev", "next", "alternate"})
ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """Collects the anchors of a page, the links on it, and what it fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one element."""
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHED and given.get(FETCHED[tag]) and not SAYS & set(given.get("rel", "").split()):
            self.fetched.append(given[FETCHED[tag]])


@functools.cache
def _read(page: Path) -> _Page:
    parsed = _Page()
    parsed.feed(page.read_text(encoding="utf-8"))
    return parsed


def problems(site: Path) -> list[str]:
    """Return one line for each link that leads nowhere and each thing that would be fetched from elsewhere."""
    _read.cache_clear()
    found: list[str] = []
    for page in sorted(site.rglob("*.html")):
        name = page.relative_to(site).as_posix()
        parsed = _read(page)
        found += [f"{name}: fetches {url}" for url in parsed.fetched if ELSEWHERE.match(url)]
        # The page for addresses that are not there is shown at any of them, so its links begin at the root.
        if name != "404.html":
            addresses = sorted({*parsed.links, *(u for u in parsed.fetched)})
            found += [f"{name}: {url} leads nowhere" for url in addresses if not leads(page, url)]
    for sheet in sorted(site.rglob("*.css")):
        text = sheet.read_text(encoding="utf-8")
        found += [f"{sheet.relative_to(site).as_posix()}: fetches {url}" for url in IN_STYLE.findall(text)]
    return found


def leads(page: Path, url: str) -> bool:
    """Whether a link of a page leads somewhere; links to elsewhere are taken as given."""
    if ELSEWHERE.match(url) or url.startswith(("mailto:", "data:", "javascript:")):
        return True
    path, _, fragment = url.partition("#")
    target = (page.parent / unquote(path.partition("?")[0])).resolve() if path else page
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return False
    if not fragment or target.suffix != ".html":
        return True
    # The browser of the model makes its anchors when it is opened.
    return unquote(fragment) in _read(target).ids or target.name == "model.html"
