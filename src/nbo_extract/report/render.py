"""The report as one HTML file: nothing in it is fetched from anywhere, and all texts are escaped."""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract import __version__
from nbo_extract.counting import counted
from nbo_extract.profiles import Profile
from nbo_extract.report.archive import archive
from nbo_extract.report.collect import add_counts
from nbo_extract.report.columns import columns
from nbo_extract.report.picture import LONGEST, SHORTEST, picture, place, rainbow, spectrum
from nbo_extract.report.pool import Pool

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from nbo_extract.deposit.part import Part
    from nbo_extract.report.collect import Count, FileReport
    from nbo_extract.report.pool import Entry

#: Up to so many facts stand in the page in full; where there are more, a script makes the facts and findings of a file
#: from tables when it is opened.
INLINE = 12_000
#: Fields that are named as missing most often.
_OFTEN = 12
_NOTHING_ASKED = "n"
_LEVELS = {"must": "required fields", "should": "required and recommended fields"}
_EXTENSIONS = {"core": "Core", "basic": "Basic", "advanced": "Advanced + Confocal", "calibration": "Calibration"}
KINDS = {
    "embedded": ("file", "read from the image"),
    "hardware": ("hardware", "from a hardware description"),
    "derived": ("derived", "follows from another fact by a rule"),
    "user": ("person", "stated by a person"),
    "number": ("plane number", "says which plane the facts beside it are of"),
    "": ("no source", "nothing is known of where it came from"),
}
_SEPARATED = re.compile(r"[^_\-./ ]*[_\-./ ]|[^_\-./ ]+")
# A browser that lays out a long table while it reads it does so again and again; shown when all is read, it opens in
# half the time.
_EARLY = (
    'document.documentElement.className="parsing";'
    'addEventListener("DOMContentLoaded",()=>{document.documentElement.className=""})'
)
# What a script element must not hold as it is, and what ends a line in old engines.
_IN_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a report says of itself.

    Attributes
    ----------
    title : str
    profile : Profile
    date : str
        As given; a report has no clock.
    hardware : tuple of str
        Names of the descriptions that were given.
    inline : int
        Number of facts up to which the page holds everything in full.
    """

    title: str
    profile: Profile = field(default_factory=Profile)
    date: str = ""
    hardware: tuple[str, ...] = ()
    inline: int = INLINE

    @property
    def asked(self) -> str:
        """What is asked for, in words."""
        profile = self.profile
        if profile.title or profile.name:
            return f"the profile “{profile.title or profile.name}”"
        extensions = " + ".join(_EXTENSIONS[e] for e in _EXTENSIONS if e in profile.extensions)
        return f"tier {profile.tier}, {extensions}, {_LEVELS[profile.level]}"


@dataclass(slots=True)
class Report:
    """A report that files are added to, one after the other; what they have in common is kept once.

    Attributes
    ----------
    settings : Settings
    entries : list of Entry
    pool : Pool
    problems : list of str
        Sentences about what could not be looked at, such as a folder.
    parts : list of (str, Part)
        What a submission says of files, by their paths, where that is to be shown.
    """

    settings: Settings
    entries: list[Entry] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    problems: list[str] = field(default_factory=list)
    parts: list[tuple[str, Part]] = field(default_factory=list)

    def add(self, file: FileReport, part: Part | None = None) -> None:
        """Add a file; files are shown in the order in which they are added."""
        self.entries.append(self.pool.add(file))
        if part is not None:
            self.parts.append((file.path, part))

    def html(self) -> str:
        """Return the page.

        Returns
        -------
        str
            The same for the same files, bytes and all.
        """
        files = [e.report for e in self.entries]
        read = [f for f in files if not f.failed]
        style, script = _text("report.css"), _text("report.js")
        in_full = sum(number for _, number in self._sources(read)) <= self.settings.inline
        shown = [c for c in columns() if any(f.counts.get(c.key, _NONE).required for f in read)]
        sums = {c.key: add_counts(f.counts[c.key] for f in read if c.key in f.counts) for c in shown}
        folder = common_folder([f.path for f in files])
        drawn = [(p, picture(p) if p.known else None, spectrum(p)) for p in self.pool.paths]
        return (
            _environment()
            .get_template("report.html.j2")
            .render(
                settings=self.settings,
                version=__version__,
                entries=self.entries,
                folder=folder,
                archive=archive(self.parts, folder),
                pool=self.pool,
                failed=[f for f in files if f.failed],
                problems=self.problems,
                read=read,
                passed=sum(f.passed for f in read),
                images=sum(f.images for f in read),
                disagreeing=sum(bool(f.disagreements) for f in read),
                columns=shown,
                sums=sums,
                total=add_counts(f.total for f in read),
                often=self._often(read),
                sources=self._sources(read),
                kinds=KINDS,
                in_full=in_full,
                drawn=drawn,
                rainbow=rainbow(),
                axis=(place(SHORTEST), place(LONGEST)),
                data="" if in_full else embedded_json(self.pool.tables(self.entries)),
                style=style,
                script=script,
                early=_EARLY,
            )
        )

    @staticmethod
    def _often(read: list[FileReport]) -> list[tuple[str, str, int]]:
        """Return the fields that most files miss: element, field, number of files."""
        found = Counter(f for file in read for f in file.fields)
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [(element, name, number) for (element, name), number in ranked[:_OFTEN]]

    @staticmethod
    def _sources(read: list[FileReport]) -> list[tuple[str, int]]:
        found: Counter[str] = Counter()
        for file in read:
            found.update(file.sources)
        return [(kind, found[kind]) for kind in KINDS if found[kind]]


_NONE = add_counts(())


def embedded_json(data: Any) -> str:
    """Return JSON that may stand in a script element: nothing in it ends the element."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def level(count: Count | None) -> str:
    """Return how complete something is as a letter for its colour: 0 nothing to 4 all; ``n`` where nothing is asked."""
    if count is None or not count.required:
        return _NOTHING_ASKED
    if count.found == count.required:
        return "4"
    if not count.found:
        return "0"
    share = count.found * 100 // count.required
    return "1" if share < 50 else "2" if share < 80 else "3"


def percent(count: Count) -> int:
    """Return how complete something is in whole per cent; never 100 where something is missing."""
    return count.found * 100 // count.required if count.required else 100


def split_path(path: str) -> tuple[str, str]:
    """Return the folder and the name of a path."""
    name = os.path.basename(path.rstrip("/"))
    return path[: len(path.rstrip("/")) - len(name)], path[len(path.rstrip("/")) - len(name) :]


def breakable(text: str) -> Markup:
    """Return a name that may be broken behind its separators, escaped."""
    from markupsafe import Markup, escape

    return Markup("<wbr>").join(map(escape, _SEPARATED.findall(text)))


def common_folder(paths: list[str]) -> str:
    """Return the folder, with a slash behind it, that all paths are in; empty where they have none in common."""
    folders = [path.rstrip("/").rpartition("/")[0].split("/") for path in paths]
    parts = folders[0] if folders else []
    for folder in folders[1:]:
        parts = [a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(parts, folder, strict=False))]
    return "/".join(parts) + "/" if parts and parts != [""] else ""


def _digest(script: str) -> str:
    """Return the digest by which the page's policy lets a script run, and no other."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _text(name: str) -> str:
    return (resources.files("nbo_extract.report") / "templates" / name).read_text(encoding="utf-8").strip()


@functools.cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        autoescape=True,
        loader=PackageLoader("nbo_extract.report", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters.update(digest=_digest, level=level, percent=percent, split_path=split_path, breakable=breakable)
    made.globals.update(plural=counted)
    return made
