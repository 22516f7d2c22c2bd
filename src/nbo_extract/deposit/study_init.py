"""A new ``study.toml``: what is known already, and a question for each other field."""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import TYPE_CHECKING, Final

from nbo_extract.config_keys import STUDY
from nbo_extract.deposit.study import sections
from nbo_extract.deposit.ways import acquisitions_of, missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nbo_extract.deposit.assemble import Grouping
    from nbo_extract.deposit.part import Known, Part
    from nbo_extract.deposit.study import Key, Section

_WRITTEN: Final = ("study", "contact", "biosample", "specimen", "image_acquisition", "study_component")
#: Sections of which only the keys that matter are written.
_SHORT: Final = ("image_acquisition",)
_WIDTH: Final = 118
_HEAD: Final = """\
# {name}: what is to be said of these images when they go to the BioImage Archive.
#
# Fill in the texts between the quotation marks. Then:
#
#     {command}
#
# How the images were taken need not be said: it is read from them.
"""
_TAIL: Final = """\
# More that can be said, each as often as it is needed:
# {others}.
"""

Values = dict[str, str | list[str]]


def new_study(
    parts: Mapping[str, Part], grouping: Grouping, command: str = "nbo-extract deposit FOLDER -o submission"
) -> str:
    """Return the text of a new ``study.toml``.

    Parameters
    ----------
    parts : mapping of str to Part
        Path of an image, from the folder of the images, to what is said of it.
    grouping : Grouping
        Proposed components.
    command : str
        What makes the submission when the texts are filled in; one line.

    Returns
    -------
    str
        TOML with comments; valid, though the archive asks for more than it says.
    """
    known = [p.known for p in parts.values()]
    filled: dict[str, list[Values]] = {
        "study": [{}],
        "contact": list(_contacts(known)) or [{}],
        "biosample": list(_biosamples(known)) or [{}],
        "specimen": list(_specimens(known)) or [{}],
        "image_acquisition": list(_ways(parts)),
        "study_component": list(_components(list(parts), grouping)),
    }
    found = sections()
    blocks = [_HEAD.format(name=STUDY, command=command)]
    for name in _WRITTEN:
        blocks += list(_section(found[name], filled[name]))
    others = ", ".join(f"[[{n}]]" for n in found if not filled.get(n))
    return "\n".join([*blocks, _TAIL.format(others=others)])


def quote(text: str) -> str:
    """Write a text as TOML does."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _section(section: Section, tables: Sequence[Values]) -> Iterator[str]:
    head = f"[[{section.name}]]" if section.many else f"[{section.name}]"
    for number, values in enumerate(tables):
        lines = [*(_comment(section.ask) if not number else ()), head]
        for key in section.keys:
            if (not number and section.name not in _SHORT) or key.name in values or key.must:
                lines += _comment(key.ask) if not number else ()
                lines.append(f"{key.name} = {_value(key, values)}")
        yield "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    import textwrap

    return [f"# {line}" for line in textwrap.wrap(text, _WIDTH - 2)]


def _value(key: Key, values: Values) -> str:
    value = values.get(key.name, [] if key.kind == "list" else key.default)
    if isinstance(value, str):
        return quote(value)
    texts = [quote(t) for t in value]
    line = f"[{', '.join(texts)}]"
    return line if len(line) <= _WIDTH else "[\n" + "".join(f"  {t},\n" for t in texts) + "]"


def _contacts(known: Iterable[Known]) -> Iterator[Values]:
    for contact in dict.fromkeys(c for k in known for c in k.contacts):
        yield {"name": contact.name, "email": contact.email, "organisation": list(contact.organisations)}


def _biosamples(known: Sequence[Known]) -> Iterator[Values]:
    entities = list(dict.fromkeys(e for k in known for e in k.entities))
    for organism, taxon in dict.fromkeys(o for k in known for o in k.organisms):
        values: Values = {"organism": organism, "ncbi_taxon": taxon}
        if len(entities) == 1:
            values["biological_entity"] = entities[0]
        yield values


def _specimens(known: Sequence[Known]) -> Iterator[Values]:
    for preparation in dict.fromkeys(p for k in known for p in k.preparations):
        yield {"preparation_protocol": preparation}


def _ways(parts: Mapping[str, Part]) -> Iterator[Values]:
    """Yield the ways of taking images of which the archive asks for more than is known."""
    for setting, acquisition in acquisitions_of(parts).items():
        keys = missing(acquisition)
        if keys:
            mine = {path for path, part in parts.items() if setting in part.settings}
            yield {"files": patterns(mine, list(parts)), **dict.fromkeys(keys, "")}


def _components(images: Sequence[str], grouping: Grouping) -> Iterator[Values]:
    for number, portion in enumerate(grouping.portions):
        mine = {path for path in images if grouping.of[path] == number}
        yield {"name": portion.name, "description": portion.description, "files": patterns(mine, images)}


def patterns(mine: set[str], images: Sequence[str]) -> list[str]:
    """Return patterns that these paths have and no other: of whole folders where that can be, else the paths.

    Parameters
    ----------
    mine : set of str
        Paths with ``/``.
    images : sequence of str
        All paths.
    """
    if len(mine) == len(images):
        return ["**"]
    others = [p for p in images if p not in mine]
    names = Counter(os.path.basename(p) for p in images)
    taken_by_others = {f for p in others for f in _folders(p)}
    found: dict[str, None] = {}
    for path in sorted(mine):
        whole = next((f for f in _folders(path) if f not in taken_by_others), None)
        alone = names[os.path.basename(path)] == 1
        found[f"{_literal(whole)}/**" if whole else _literal(path, alone=alone)] = None
    return list(found)


def _folders(path: str) -> list[str]:
    """Return the folders that a path is in, the outermost first."""
    parts = os.path.dirname(path).split("/")
    return ["/".join(parts[: n + 1]) for n in range(len(parts))] if parts != [""] else []


def _literal(path: str, *, alone: bool = True) -> str:
    """Return a pattern that this path alone has; a name without a folder is one at any depth."""
    text = "".join(f"[{c}]" if c in "*?[" else c for c in path)
    return text if alone or "/" in text else f"./{text}"
