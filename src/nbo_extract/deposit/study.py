"""What a user says of a study in ``study.toml``, by the table ``deposit/study.toml``."""

from __future__ import annotations

import datetime
import functools
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.deposit.facts import table
from nbo_extract.deposit.model import (
    LICENSES,
    Analysis,
    Biosample,
    Contact,
    Correlation,
    Funding,
    Link,
    Publication,
    Specimen,
    Study,
)
from nbo_extract.deposit.study_rules import field_problems, has_contact, study_problems
from nbo_extract.errors import ConfigError
from nbo_extract.suggesting import meant

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a section, as the table says; `kind` is ``text`` or ``list``."""

    name: str
    kind: str = "text"
    must: bool = False
    default: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of ``study.toml``, as the table says."""

    name: str
    keys: tuple[Key, ...]
    many: bool = False
    must: bool = False
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """A study component as the user gives it.

    Attributes
    ----------
    name, description : str
    files : tuple of str
        Patterns of paths from the folder of the images.
    biosamples, specimens : tuple of str
        Titles; empty for the only one.
    analysis, correlation : str
    """

    name: str
    description: str = ""
    files: tuple[str, ...] = ()
    biosamples: tuple[str, ...] = ()
    specimens: tuple[str, ...] = ()
    analysis: str = ""
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """What the user says of how images were taken: of those that have one of the patterns `files`."""

    files: tuple[str, ...]
    title: str = ""
    methods: tuple[str, ...] = ()
    instrument: str = ""
    parameters: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What ``study.toml`` says.

    Attributes
    ----------
    study : Study
    biosamples, specimens, analyses, correlations, portions, ways : tuple
    missing : tuple of str
        A sentence for each field that the archive asks for and that is empty.
    """

    study: Study
    biosamples: tuple[Biosample, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    portions: tuple[Portion, ...] = ()
    ways: tuple[Way, ...] = ()
    missing: tuple[str, ...] = ()


class StudyError(ConfigError):
    """What is wrong in ``study.toml``.

    Parameters
    ----------
    problems : tuple of str
        One sentence each.
    told : Told or None
        What it says nevertheless, so that all else can be looked at in the same run; None where it cannot be read.
    """

    def __init__(self, problems: tuple[str, ...], told: Told | None = None) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.told = told

    def __reduce__(self) -> tuple[type[StudyError], tuple[tuple[str, ...], Told | None]]:
        return type(self), (self.problems, self.told)


@functools.cache
def sections() -> dict[str, Section]:
    """Return the sections that there are, by name, in their order."""
    found = {}
    for row in table("study")["section"]:
        keys = tuple(Key(**key) for key in row.pop("key"))
        found[row["name"]] = Section(keys=keys, **row)
    return found


def load_study(path: str, today: str) -> Told:
    """Read ``study.toml``.

    Parameters
    ----------
    path : str
    today : str
        Day before which nothing can be released, as ``2026-11-27``; empty for no such day.

    Raises
    ------
    StudyError
        If it cannot be read, or anything in it is wrong: all that is.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise StudyError((f"{path}: {_MAX_BYTES >> 20} MB is more than a study says; check the path",))
        given = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise StudyError((f"{path} cannot be read ({error.strerror or error}); check the path",)) from error
    except UnicodeDecodeError as error:
        raise StudyError((f"{path} is not UTF-8 text; save it as UTF-8",)) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        cause = f"{str(error)[:1].lower()}{str(error)[1:]}"
        raise StudyError((f"{path} is no TOML: {cause}; texts stand in quotation marks, lists in brackets",)) from error
    reader = _Reader(os.path.basename(path))
    told = reader.told(given, today)
    if reader.problems:
        raise StudyError(tuple(reader.problems), told)
    return told


Values = dict[str, tuple[str, ...]]


class _Reader:
    """Reads one file; collects what is wrong and what is missing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.missing: list[str] = []

    def told(self, given: dict[str, Any], today: str) -> Told:
        for key in given:
            if key not in sections():
                self.problems.append(f"{self.name}: there is no section {key}; {meant(key, sections())}")
        read = {name: list(self.section(section, given.get(name))) for name, section in sections().items()}
        made = {name: [_MAKERS[name](v) for v in values] for name, values in read.items()}
        study = made["study"][0] if made["study"] else Study("")
        for name, field in _OF_STUDY.items():
            study = replace(study, **{field: tuple(made[name])})
        self.problems += [f"{self.name}: {p}" for p in study_problems(study, today)]
        if study.contacts and not has_contact(study):
            self.missing.append(
                f"{self.name}: contact: nobody has both an email and an organisation, and the archive asks for one who "
                "has"
            )
        told = Told(
            study,
            tuple(made["biosample"]),
            tuple(made["specimen"]),
            tuple(made["image_analysis"]),
            tuple(made["image_correlation"]),
            tuple(made["study_component"]),
            tuple(made["image_acquisition"]),
        )
        self.references(told)
        return replace(told, missing=tuple(self.missing))

    def section(self, section: Section, given: Any) -> list[Values]:
        """Return the values of each table of a section."""
        if given is None:
            if section.must:
                brackets = f"[[{section.name}]]" if section.many else f"[{section.name}]"
                self.missing.append(f"{self.name}: {brackets} is not there, and the archive asks for it")
            return []
        tables = given if isinstance(given, list) else [given]
        if not tables or not all(isinstance(t, Mapping) for t in tables) or (not section.many and len(tables) > 1):
            wanted = f"[[{section.name}]]" if section.many else f"one [{section.name}]"
            self.problems.append(f"{self.name}: {section.name} is no section; write {wanted}")
            return []
        numbered = len(tables) > 1
        return [
            self.values(section, table, f"{section.name}[{n}]" if numbered else section.name)
            for n, table in enumerate(tables, 1)
        ]

    def values(self, section: Section, given: Mapping[str, Any], place: str) -> Values:
        """Return the values of one table: texts without blanks around them, in lists."""
        known = {key.name: key for key in section.keys}
        for name in given:
            if name not in known:
                self.problems.append(f"{self.name}: {place}.{name}: there is no such key; {meant(name, known)}")
        found: Values = {}
        for name, key in known.items():
            texts = self.texts(given.get(name, key.default), key, f"{place}.{name}")
            if key.must and not texts:
                self.missing.append(f"{self.name}: {place}.{name} is empty, and the archive asks for it. {key.ask}")
            self.problems += [f"{self.name}: {place}.{name}: {p}" for t in texts for p in field_problems(name, t)]
            found[name] = texts
        return found

    def texts(self, value: Any, key: Key, place: str) -> tuple[str, ...]:
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = value.isoformat()
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str):
            value = [value]
        elif key.kind != "list":
            self.problems.append(f"{self.name}: {place}: this takes one text, in quotation marks")
            return ()
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            self.problems.append(f'{self.name}: {place}: this takes texts; write ["one", "another"]')
            return ()
        return tuple(text for v in value if (text := v.strip()))

    def references(self, told: Told) -> None:
        """Check that titles are different, and that components name titles that are there."""
        kinds = {
            "biosample": [b.title for b in told.biosamples],
            "specimen": [s.title for s in told.specimens],
            "image_analysis": [a.title for a in told.analyses],
            "image_correlation": [c.title for c in told.correlations],
            "study_component": [p.name for p in told.portions],
        }
        for kind, titles in kinds.items():
            for title in dict.fromkeys(t for t in titles if t and titles.count(t) > 1):
                self.problems.append(f"{self.name}: two sections {kind} are called {title!r}; give each its own title")
        for portion in told.portions:
            named: dict[str, tuple[str, ...]] = {
                "biosample": portion.biosamples,
                "specimen": portion.specimens,
                "image_analysis": (portion.analysis,) if portion.analysis else (),
                "image_correlation": (portion.correlation,) if portion.correlation else (),
            }
            for kind, given in named.items():
                for title in given:
                    if title not in kinds[kind]:
                        known = meant(title, filter(None, kinds[kind])) if any(kinds[kind]) else "there is none"
                        self.problems.append(
                            f"{self.name}: study_component {portion.name!r}: no {kind} is called {title!r}; {known}"
                        )
                if not given and kind in ("biosample", "specimen") and len(kinds[kind]) > 1:
                    self.problems.append(
                        f"{self.name}: study_component {portion.name!r}: there are {len(kinds[kind])} sections {kind}; "
                        f"say which is meant: {kind} = {kinds[kind][0]!r}"
                    )
            if min(len(portion.biosamples), len(portion.specimens)) > 1 and len(portion.biosamples) != len(
                portion.specimens
            ):
                self.problems.append(
                    f"{self.name}: study_component {portion.name!r}: {len(portion.biosamples)} biosamples and "
                    f"{len(portion.specimens)} specimens make no pairs; name one, or as many of both"
                )


def _text(values: Values, name: str) -> str:
    return next(iter(values[name]), "")


def _study(v: Values) -> Study:
    return Study(
        _text(v, "title"),
        _text(v, "description"),
        v["keywords"],
        _text(v, "license") or next(iter(LICENSES)),
        _text(v, "release_date"),
        _text(v, "acknowledgements"),
        _text(v, "funding_statement"),
    )


def _texts_of(kind: Callable[..., Any], *names: str) -> Callable[[Values], Any]:
    """Return what makes a section of texts alone."""
    return lambda v: kind(*(_text(v, name) for name in names))


_OF_STUDY: Final = {"contact": "contacts", "publication": "publications", "link": "links", "funding": "funding"}
_MAKERS: Final[dict[str, Callable[[Values], Any]]] = {
    "study": _study,
    "contact": lambda v: Contact(
        _text(v, "name"), _text(v, "email"), v["organisation"], _text(v, "role"), _text(v, "orcid")
    ),
    "biosample": lambda v: Biosample(
        _text(v, "title"),
        _text(v, "organism"),
        _text(v, "common_name"),
        _text(v, "ncbi_taxon"),
        _text(v, "biological_entity"),
        _text(v, "description"),
        v["experimental_variable"],
        v["extrinsic_variable"],
        v["intrinsic_variable"],
    ),
    "specimen": _texts_of(Specimen, "title", "preparation_protocol", "growth_protocol"),
    "image_acquisition": lambda v: Way(
        v["files"],
        _text(v, "title"),
        v["imaging_method"],
        _text(v, "imaging_instrument"),
        _text(v, "image_acquisition_parameters"),
    ),
    "image_analysis": _texts_of(Analysis, "title", "overview"),
    "image_correlation": _texts_of(Correlation, "title", "alignment", "fiducials", "transformation"),
    "study_component": lambda v: Portion(
        _text(v, "name"),
        _text(v, "description"),
        v["files"],
        v["biosample"],
        v["specimen"],
        _text(v, "image_analysis"),
        _text(v, "image_correlation"),
    ),
    "funding": _texts_of(Funding, "agency", "grant_id"),
    "publication": _texts_of(Publication, "title", "authors", "doi", "year", "pubmed_id"),
    "link": _texts_of(Link, "url", "description"),
}
