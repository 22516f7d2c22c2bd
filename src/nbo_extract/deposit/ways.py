"""Ways of taking images: what the images state of them, and what a user adds where they state nothing."""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nbo_extract.config_keys import meant
from nbo_extract.deposit.facts import table
from nbo_extract.deposit.model import Method
from nbo_extract.deposit.part import parameters, titled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    return {s: replace(called[s], parameters=parameters(found)) for s, found in facts_of.items()}


def completed(
    found: dict[Acquisition, Acquisition], ways: Sequence[Way], name: str
) -> tuple[dict[Acquisition, Acquisition], list[str]]:
    """Add what the user says of ways of taking images.

    Parameters
    ----------
    found : dict of Acquisition to Acquisition
        From `acquisitions_of`.
    ways : sequence of Way
    name : str
        Of the file that states them.

    Returns
    -------
    acquisitions : dict of Acquisition to Acquisition
    problems : list of str
        Sentences on what is said of no images, and on what contradicts them.
    """
    titles = [a.title for a in found.values()]
    stated = {way.title: way for way in ways}
    problems = [
        f"{name}: image_acquisition {title!r}: no images were taken so; {meant(title, titles)}"
        for title in stated
        if title not in titles
    ]
    made = {}
    for setting, acquisition in found.items():
        way = stated.get(acquisition.title)
        if way is not None:
            problems += _wrong(acquisition, way, name)
            acquisition = replace(
                acquisition,
                instrument=" ".join(filter(None, (acquisition.instrument, way.instrument))),
                parameters=" ".join(filter(None, (acquisition.parameters, way.parameters))),
                methods=acquisition.methods or tuple(map(method_named, way.methods)),
            )
        made[setting] = acquisition
    return made, problems


def missing(acquisition: Acquisition) -> list[str]:
    """Return the keys of what the archive asks for and images do not state."""
    stated = {
        "imaging_method": bool(acquisition.methods),
        "imaging_instrument": bool(acquisition.instrument),
        "image_acquisition_parameters": bool(acquisition.parameters),
    }
    return [key for key, there in stated.items() if not there]


def unstated(found: Iterable[Acquisition], name: str) -> list[str]:
    """Return a sentence for each acquisition of which the archive asks for more than is known."""
    return [
        f"image acquisition {a.title!r}: the images do not state {' and '.join(keys)}, and the archive asks for it; "
        f"say it in an [[image_acquisition]] of {name} with this title, or fill the gaps of the images"
        for a in found
        if (keys := missing(a))
    ]


def _wrong(acquisition: Acquisition, way: Way, name: str) -> list[str]:
    where = f"{name}: image_acquisition {way.title!r}: imaging_method"
    given = [method_named(m) for m in way.methods]
    problems = []
    if given and acquisition.methods and {_key(m) for m in given} != {_key(m) for m in acquisition.methods}:
        told = " and ".join(m.label or m.name for m in acquisition.methods)
        problems.append(f"{where}: the images state {told}; take the key out")
    for text, method in zip(way.methods, given, strict=True):
        close = difflib.get_close_matches(text.casefold(), _known(), 1, _LIKE) if not method.term else []
        if close and text.casefold() not in _known():
            problems.append(
                f"{where}: {text!r} is no word of the ontology FBbi; is {_known()[close[0]].label!r} meant?"
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
