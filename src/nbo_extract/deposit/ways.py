"""Ways of taking images: what the images state of them, and what a user adds where they state nothing."""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nbo_extract.counting import counted
from nbo_extract.deposit.facts import table
from nbo_extract.deposit.model import Method
from nbo_extract.deposit.part import parameters, titled
from nbo_extract.walk_names import Globs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbo_extract.deposit.model import Acquisition
    from nbo_extract.deposit.part import Part
    from nbo_extract.deposit.study import Way

_TERM: Final = re.compile(r"FBbi[_:](\d{8})")
#: How like a known word another one is that is taken for a slip of the pen.
_LIKE: Final = 0.85


def acquisitions_of(parts: Mapping[str, Part]) -> dict[Acquisition, Acquisition]:
    """Return the different ways in which images were taken.

    Returns
    -------
    dict of Acquisition to Acquisition
        As a part states it, to what it is called, with the parameters that are the same in all its images.
    """
    called = titled(s for part in parts.values() for s in part.settings)
    facts_of: dict[Acquisition, list[dict[str, str]]] = {s: [] for s in called}
    for part in parts.values():
        for setting in part.settings:
            facts_of[setting].append(part.facts)
    return {
        s: replace(called[s], parameters=" ".join(filter(None, (parameters(found), s.parameters))))
        for s, found in facts_of.items()
    }


def completed(parts: Mapping[str, Part], ways: Sequence[Way], name: str) -> tuple[dict[str, Part], list[str]]:
    """Add what the user says of how images were taken.

    Parameters
    ----------
    parts : mapping of str to Part
        Path of an image to what is said of it.
    ways : sequence of Way
    name : str
        Of the file that states them.

    Returns
    -------
    parts : dict of str to Part
    problems : list of str
        Sentences on what is said of no images, of some twice, or against what they state.
    """
    globs = [Globs(way.files) for way in ways]
    problems = [f"{name}: image_acquisition: {p}" for way in ways for p in _misspelt(way)]
    made = {}
    for path, part in parts.items():
        meant = [way for way, glob in zip(ways, globs, strict=True) if glob.match(path)]
        if len(meant) > 1:
            problems.append(f"{name}: {len(meant)} sections image_acquisition are for {path}; change their files")
        elif meant:
            problems += [f"{name}: image_acquisition: {path}: {p}" for p in _against(part, meant[0])]
            part = replace(part, settings=tuple(_with(s, meant[0]) for s in part.settings))
        made[path] = part
    problems += [
        f"{name}: image_acquisition: no image is called {pattern!r}; check its files"
        for glob in globs
        for pattern in glob.unmatched
    ]
    return made, problems


def _with(setting: Acquisition, way: Way) -> Acquisition:
    return replace(
        setting,
        title=way.title or setting.title,
        instrument=" ".join(filter(None, (setting.instrument, way.instrument))),
        parameters=way.parameters,
        methods=setting.methods or tuple(map(method_named, way.methods)),
    )


def _against(part: Part, way: Way) -> list[str]:
    """Return what a user says against the image itself."""
    given = {_key(method_named(m)) for m in way.methods}
    stated = {_key(m): m for s in part.settings for m in s.methods}
    if not given or not stated or given == set(stated):
        return []
    return [f"it states {' and '.join(m.label or m.name for m in stated.values())}; take imaging_method out"]


def _misspelt(way: Way) -> list[str]:
    problems = []
    for text in way.methods:
        if method_named(text).term or text.casefold() in _known():
            continue
        close = difflib.get_close_matches(text.casefold(), _known(), 1, _LIKE)
        if close:
            likely = _known()[close[0]]
            problems.append(f"{text!r} is no word of the ontology FBbi; is {likely.label or likely.name!r} meant?")
    return problems


def missing(acquisition: Acquisition) -> list[str]:
    """Return the keys of what the archive asks for and is not stated."""
    stated = {
        "imaging_method": bool(acquisition.methods),
        "imaging_instrument": bool(acquisition.instrument),
        "image_acquisition_parameters": bool(acquisition.parameters),
    }
    return [key for key, there in stated.items() if not there]


def unstated(parts: Mapping[str, Part], name: str) -> list[str]:
    """Return a sentence for each way of taking images of which the archive asks for more than is known."""
    problems = []
    for setting, acquisition in acquisitions_of(parts).items():
        keys = missing(acquisition)
        if keys:
            paths = [p for p, part in parts.items() if setting in part.settings]
            more = f" and {counted(len(paths) - 1, 'more image')} do" if len(paths) > 1 else " does"
            problems.append(
                f"{paths[0]}{more} not state {' and '.join(keys)}, and the archive asks for it; say it in an "
                f"[[image_acquisition]] of {name}, or fill the gaps of the images"
            )
    return problems


def _key(method: Method) -> str:
    return method.term or method.name.casefold()


def method_named(text: str) -> Method:
    """Return the method that a word of NBO, a label or an accession of FBbi means; else the text as it is."""
    term = _TERM.search(text)
    known = _known().get(f"fbbi_{term[1]}" if term else text.casefold())
    return known or Method(text, f"FBbi_{term[1]}" if term else "")


@functools.cache
def _known() -> dict[str, Method]:
    found: dict[str, Method] = {}
    for row in table("methods")["method"]:
        method = Method(row["word"], row.get("term", ""), row.get("label", ""))
        found[row["word"].casefold()] = method
        if method.term:
            # What a label or an accession means is its term, not one of the words of NBO that are narrower.
            plain = Method(method.label, method.term, method.label)
            found.setdefault(method.label.casefold(), plain)
            found.setdefault(method.term.casefold(), plain)
    return found
