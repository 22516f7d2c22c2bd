"""From the facts of files to a text: images that share a setting are told once, and a template lays it out."""

from __future__ import annotations

import functools
import os
import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from nbo_extract import __version__
from nbo_extract.errors import UsageError
from nbo_extract.methods.digits import rounded, told
from nbo_extract.methods.references import references
from nbo_extract.methods.wording import Mode, Paragraph, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

    from nbo_extract.methods.facts import FileFacts, Setting, Size

#: Names of the templates: of the whole text and of the short form, as plain text and as Markdown.
TEMPLATES = ("methods.txt.j2", "methods.md.j2", "legend.txt.j2", "legend.md.j2")
#: A heading names so many files; of more it says how many.
_NAMED = 6
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~])")


@dataclass(frozen=True, slots=True)
class Group:
    """Images that share a setting.

    Attributes
    ----------
    images : tuple of str
        What they are called.
    heading : str
        Empty where all images share the setting.
    setting : Setting
    sizes : tuple of Size
    words : Paragraph
    """

    images: tuple[str, ...]
    heading: str
    setting: Setting
    sizes: tuple[Size, ...]
    words: Paragraph


@dataclass(frozen=True, slots=True)
class Methods:
    """All that a Methods section says of some files.

    Attributes
    ----------
    groups : tuple of Group
    notes : tuple of str
    references : tuple of str
    acknowledgement : str
    facility : dict of str to str
    mode : {'mark', 'list', 'none'}
    rounding : str
        A sentence that numbers are rounded, where they are; it is the last of the notes as well.
    """

    groups: tuple[Group, ...]
    notes: tuple[str, ...]
    references: tuple[str, ...]
    acknowledgement: str = ""
    facility: dict[str, str] = field(default_factory=dict)
    mode: Mode = "mark"
    rounding: str = ""

    def context(self, *, short: bool = False) -> dict[str, Any]:
        """Return what a template gets, of the whole or of the short form; see docs/methods.md."""
        gaps = [g for group in self.groups for g in _gaps(group, short=short)] if self.mode == "list" else []
        return {
            "paragraphs": [_for_template(g) for g in self.groups],
            "gaps": list(dict.fromkeys(gaps)),
            "notes": list(self.notes),
            "rounding": self.rounding,
            "references": list(self.references),
            "acknowledgement": self.acknowledgement,
            "facility": {key: self.facility.get(key, "") for key in ("name", "rrid", "address", "website")},
            "version": __version__,
        }

    def data(self) -> dict[str, Any]:
        """Return the facts as plain data."""
        return {
            "generator": f"nbo-extract {__version__} methods",
            "settings": [
                {
                    "images": list(g.images),
                    "facts": _plain(asdict(g.setting)),
                    "sizes": [_plain(asdict(s)) for s in dict.fromkeys(g.sizes)],
                    "gaps": [gap.text for gap in g.words.gaps],
                    "text": g.words.text,
                    "legend": g.words.legend,
                }
                for g in self.groups
            ],
            "notes": list(self.notes),
            "references": list(self.references),
            "acknowledgement": self.acknowledgement,
            "facility": dict(self.facility),
        }


def assemble(files: Iterable[FileFacts], mode: Mode = "mark", *, digits: int | None = None, **more: Any) -> Methods:
    """Put together what is said of files, whatever their order.

    Parameters
    ----------
    files : iterable of FileFacts
    mode : {'mark', 'list', 'none'}
    digits : int, optional
        Significant digits of measured numbers; by default all that are stated.
    **more : object
        `acknowledgement` and `facility` of `Methods`.
    """
    listed = sorted(files, key=lambda f: f.path)
    rounding = ""
    if digits is not None:
        short = [rounded(f, digits) for f in listed]
        rounding = told(digits) if short != listed else ""
        listed = short
    names = _names(listed)
    taken: dict[Setting, list[tuple[str, str, Size]]] = {}
    for file, name in zip(listed, names, strict=True):
        for image in file.images:
            taken.setdefault(image.setting, []).append((name, image.name, image.size))
    whole = {name for name, f in zip(names, listed, strict=True) if len({i.setting for i in f.images}) == 1}
    groups = []
    for setting, images in taken.items():
        called = tuple(dict.fromkeys(n if n in whole or not i else f"{n} ({i})" for n, i, _ in images))
        heading = _heading(called) if len(taken) > 1 else ""
        sizes = tuple(s for _, _, s in images)
        groups.append(Group(called, heading, setting, sizes, paragraph(setting, sizes, mode)))
    notes = (*_notes(listed, names), *([rounding] if rounding else []))
    return Methods(tuple(groups), notes, references(listed), mode=mode, rounding=rounding, **more)


def _notes(files: list[FileFacts], names: list[str]) -> tuple[str, ...]:
    """Return what is to be checked, each once, with the files that it is about where these are not all."""
    found: dict[str, list[str]] = {}
    for file, name in zip(files, names, strict=True):
        for note in file.notes:
            found.setdefault(note, []).append(name)
    return tuple(f"{_heading(tuple(of))}: {note}" if len(of) < len(files) else note for note, of in found.items())


def _names(files: list[FileFacts]) -> list[str]:
    """Call files by their names, or by their paths where two share a name."""
    short = [os.path.basename(f.path.rstrip("/")) or f.path for f in files]
    times = Counter(short)
    return [s if times[s] == 1 else f.path for s, f in zip(short, files, strict=True)]


def _heading(names: tuple[str, ...]) -> str:
    from nbo_extract.methods.english import listing

    if len(names) <= _NAMED:
        return listing(names)
    return f"{', '.join(names[: _NAMED - 1])} and {len(names) - _NAMED + 1} more"


def _gaps(group: Group, *, short: bool) -> list[str]:
    where = f" ({group.heading})" if group.heading else ""
    return [f"{gap.text}{where}" for gap in (group.words.legend_gaps if short else group.words.gaps)]


def _for_template(group: Group) -> dict[str, Any]:
    words = asdict(group.words)
    words["gaps"] = [gap.text for gap in group.words.gaps]
    words["legend_gaps"] = [gap.text for gap in group.words.legend_gaps]
    facts = asdict(group.setting)
    return {
        **words,
        "text": group.words.text,
        "heading": group.heading,
        "images": list(group.images),
        "facts": facts,
        "sizes": [asdict(s) for s in dict.fromkeys(group.sizes)],
    }


def _plain(thing: Any) -> Any:
    """Leave out of plain data what is empty."""
    if isinstance(thing, dict):
        return {k: _plain(v) for k, v in thing.items() if v not in ("", None, (), False)}
    return [_plain(v) for v in thing] if isinstance(thing, (tuple, list)) else thing


# -- templates --------------------------------------------------------------------------------------------------------


@functools.cache
def built_in(name: str) -> str:
    """Return the text of a template of ours."""
    file = resources.files("nbo_extract.methods") / "templates" / name
    return file.read_text(encoding="utf-8")


def render(methods: Methods, name: str, place: str = "") -> str:
    """Lay a text out.

    Parameters
    ----------
    methods : Methods
    name : str
        One of `TEMPLATES`.
    place : str
        A template, or a folder with one of this name, that is used instead.

    Raises
    ------
    UsageError
        If a template is broken; one sentence with file, line and cause.
    """
    from jinja2 import TemplateNotFound, TemplateSyntaxError

    file = os.path.join(place, name) if place and os.path.isdir(place) else place
    if file and not os.path.exists(file) and os.path.isdir(place):
        file = ""
    source = _read(file) if file else built_in(name)
    called = file or name
    environment = _environment(os.path.dirname(file) or "." if file else "")
    try:
        template = environment.from_string(source)
        template.filename = called
        text = template.render(methods.context(short=name.startswith("legend")))
    except TemplateSyntaxError as error:
        raise _broken(error.filename or called, error.lineno, error.message or "it is no template") from error
    except TemplateNotFound as error:
        raise _broken(*_place(error, called), f"there is no template {error.name!r} to include") from error
    except Exception as error:
        # What a template may do wrong is without end: it asks for the sum of texts, divides by nothing.
        raise _broken(*_place(error, called), str(error) or type(error).__name__) from error
    return f"{text.strip()}\n" if text.strip() else ""


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig") as stream:
            return stream.read()
    except OSError as error:
        raise UsageError(f"{file}: the template cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: the template is not UTF-8 text; save it as UTF-8") from error


def _environment(folder: str) -> Environment:
    from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    ours = DictLoader({name: built_in(name) for name in TEMPLATES})
    loader = ChoiceLoader([FileSystemLoader(folder), ours]) if folder else ours
    # What comes out is text, or Markdown by the filter `md`: there is no HTML to protect.
    environment = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = markdown
    return environment


def markdown(text: str) -> str:
    """Protect the signs in a text that Markdown would take for its own."""
    return _MARKDOWN.sub(r"\\\1", str(text))


def _place(error: BaseException, called: str) -> tuple[str, int | None]:
    """Return the template and the line at which an error came up: jinja2 puts frames of its own in their place."""
    found: tuple[str, int | None] = (called, None)
    step = error.__traceback__
    while step is not None:
        if "__jinja_exception__" in step.tb_frame.f_globals:
            name = step.tb_frame.f_code.co_filename
            found = (called if name.startswith("<") else name, step.tb_lineno)
        step = step.tb_next
    return found


def _broken(file: str, line: int | None, cause: str) -> UsageError:
    where = f", line {line}" if line else ""
    told = " ".join(cause.split()).rstrip(".")
    return UsageError(
        f"{file}{where}: the template does not work: {told}; nbo-extract methods --show-template shows one that does"
    )
