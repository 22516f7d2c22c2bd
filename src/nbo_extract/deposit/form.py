"""What the archive's form would refuse in a PageTab; the rules are a table, ``deposit/form.toml``."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.deposit.model import COLLECTION, LICENSES, SHORTEST_TITLE
from nbo_extract.deposit.pagetab_tree import Problem, Section
from nbo_extract.deposit.study_rules import is_day, orcid_is_right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_ORCID_ADDRESS: Final = re.compile(r"\Ahttps?://orcid\.org/")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class _Rules:
    """The table; see there."""

    table: dict[str, Any]
    sections: tuple[dict[str, Any], ...]

    def kinds(self, rule: dict[str, Any]) -> tuple[str, ...]:
        return (rule["type"], *rule.get("kinds", ()))

    def rule(self, kind: str) -> dict[str, Any]:
        wanted = kind.casefold()
        return next(r for r in self.sections if wanted in {k.casefold() for k in self.kinds(r)})


@functools.cache
def _rules() -> _Rules:
    file = resources.files("nbo_extract_mappings") / "deposit" / "form.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return _Rules(table, tuple(table["section"]))


def check(
    tree: Section,
    today: str,
    exists: Callable[[str], bool],
    header: Callable[[str], Sequence[str]] | None = None,
) -> list[Problem]:
    """Return what the archive's form would refuse in a submission.

    Parameters
    ----------
    tree : Section
        As `read_tsv` and `read_json` give it.
    today : str
        The day before which no release date may lie, such as ``2026-11-27``.
    exists : callable
        Takes the path of a file list and says whether it is there.
    header : callable, optional
        Takes the path of a file list of annotations and returns its column titles; without it those are not checked.

    Returns
    -------
    list of Problem
        In the order of the table; empty where the form would take the submission.
    """
    rules = _rules()
    problems = list(_submission(tree, today))
    for rule in rules.sections:
        problems += _sections(tree, rule, rules)
    problems += _contacts(tree)
    problems += _associations(tree, rules)
    problems += _file_lists(tree, exists)
    problems += _annotations(tree, exists, header, rules)
    # A value of a JSON may hold anything.
    return [replace(p, message=" ".join(p.message.split())) for p in problems]


def _submission(tree: Section, today: str) -> Iterator[Problem]:
    if tree.value("AttachTo") != COLLECTION:
        yield Problem("collection", f"The submission has no attribute AttachTo with the value {COLLECTION}.")
    released = tree.value("ReleaseDate")
    if not released:
        yield Problem("no-date", "The submission has no release date.")
    elif not is_day(released[:10]):
        yield Problem("date", f"The release date {released} is no date such as 2027-03-14.")
    elif released[:10] < today:
        yield Problem("past-date", f"The release date {released[:10]} lies in the past (today is {today}).")
    study = _study(tree)
    title = (study.value("Title") if study else "") or tree.value("Title")
    if title and len(title) < SHORTEST_TITLE:
        message = f"The title of the study has {len(title)} characters; the archive asks for at least {SHORTEST_TITLE}."
        yield Problem("short-title", message)
    license_ = study.value("License") if study else ""
    if license_ and license_ not in LICENSES:
        offered = " or ".join(LICENSES)
        yield Problem("license", f"The licence {license_} is not one that the archive offers: {offered}.")


def _study(tree: Section) -> Section | None:
    return next(iter(tree.sections), None)


def _label(section: Section, rule: dict[str, Any], number: int) -> str:
    """Return a section in words: its type and its title, or its number."""
    title = section.value(rule.get("title", "")) if rule.get("title") else ""
    return f"{section.type} {title}" if title else f"{section.type} {number}" if rule["type"] != "Study" else "Study"


def _sections(tree: Section, rule: dict[str, Any], rules: _Rules) -> Iterator[Problem]:
    found = _of(tree, rule, rules)
    if not found and rule.get("required"):
        yield Problem("no-section", f"The submission has no section {rule['type']}.")
    titles: dict[str, int] = {}
    for number, section in enumerate(found, 1):
        for name in rule["fields"]:
            if not _has(section, name, rule, tree):
                message = f"{_label(section, rule, number)} has no {name}, which the archive demands."
                yield Problem("no-field", message)
        title = section.value(rule.get("title", ""))
        if title and not rule.get("repeats"):
            titles[title] = titles.get(title, 0) + 1
    for title, count in titles.items():
        if count > 1:
            message = f"{count} sections {rule['type']} have the title {title}; associations could not tell them apart."
            yield Problem("title-twice", message)


def _of(tree: Section, rule: dict[str, Any], rules: _Rules) -> list[Section]:
    return tree.within(*rules.kinds(rule))


def _has(section: Section, name: str, rule: dict[str, Any], tree: Section) -> bool:
    """Return whether a section has a field: as attribute, under its other name, or in a section within."""
    if any(v.strip() for v in section.values(name)):
        return True
    other = rule.get("also", {}).get(name)
    if other == "submission":
        return bool(tree.value(name))
    if other:
        return bool(section.value(other))
    kind, inner = rule.get("within", {}).get(name, ("", ""))
    return bool(kind) and any(s.value(inner) for s in section.within(kind))


def _contacts(tree: Section) -> Iterator[Problem]:
    accessions = {s.accno for s in tree.within("organization", "organisation") if s.accno}
    authors = tree.within("author")
    complete = False
    for number, author in enumerate(authors, 1):
        name = author.value("Name") or f"author {number}"
        mail, affiliations = author.value("E-mail"), author.values("affiliation")
        complete = complete or bool(mail and affiliations)
        if mail and not _MAIL.fullmatch(mail):
            yield Problem("mail", f"The e-mail address {mail} of {name} is not an address.")
        orcid = author.value("ORCID")
        if orcid and not _is_orcid(orcid):
            yield Problem("orcid", f"The ORCID {orcid} of {name} is wrong: its characters do not fit together.")
        for attribute in author.attributes:
            if attribute.reference and attribute.value not in accessions:
                message = f"{name} names the organisation {attribute.value}, which no section has as accession."
                yield Problem("no-organisation", message)
    if authors and not complete:
        yield Problem("no-contact", "No contact has both an e-mail address and an organisation.")


def _is_orcid(text: str) -> bool:
    """Return whether a text is an ORCID, with or without its address."""
    return orcid_is_right(_ORCID_ADDRESS.sub("", text))


def _associations(tree: Section, rules: _Rules) -> Iterator[Problem]:
    table = rules.table["associations"]
    known = {
        name.casefold(): {s.value(rules.rule(name)["title"]) for s in _of(tree, rules.rule(name), rules)}
        for name in (*table["required"], *table["optional"])
    }
    component_rule = rules.rule("Study Component")
    for number, component in enumerate(_of(tree, component_rule, rules), 1):
        label = _label(component, component_rule, number)
        rows = component.within(table["type"])
        if not rows:
            yield Problem("no-association", f"{label} has no associations with biosample, specimen and acquisition.")
        for row in rows:
            for name in (*table["required"], *table["optional"]):
                titles = row.values(name)
                if name in table["required"] and not any(titles):
                    yield Problem("no-association", f"{label} has an association that names no {name}.")
                for title in titles:
                    if title and title not in known[name.casefold()]:
                        message = f"{label} is associated with the {name} {title}, which no section has as title."
                        yield Problem("association", message)


def _file_lists(tree: Section, exists: Callable[[str], bool]) -> Iterator[Problem]:
    holders: dict[str, str] = {}
    for section in tree.walk():
        for path in section.values("File List"):
            label = f"{section.type} {section.value('Name') or section.value('Title') or section.accno}".strip()
            if path and not exists(path):
                yield Problem("no-file-list", f"The file list {path} of {label} is not there.")
            if path in holders:
                yield Problem("file-list-twice", f"{holders[path]} and {label} share the file list {path}.")
            elif path:
                holders[path] = label


def _annotations(
    tree: Section,
    exists: Callable[[str], bool],
    header: Callable[[str], Sequence[str]] | None,
    rules: _Rules,
) -> Iterator[Problem]:
    table, rule = rules.table["annotations"], rules.rule("Annotations")
    for number, section in enumerate(_of(tree, rule, rules), 1):
        label = _label(section, rule, number)
        for kind in section.values("Annotation Type"):
            if kind and kind not in table["types"]:
                message = f"{label} has the type {kind}, which is none of the archive's: {', '.join(table['types'])}."
                yield Problem("annotation-type", message)
        path = section.value("File List")
        if header and path and exists(path):
            if not {t.strip().casefold() for t in header(path)} & set(table["source_image"]):
                message = f"The file list {path} of {label} has no column source_image, which names the images."
                yield Problem("no-source-image", message)
