"""A configuration applied to one image: the description that is pinned, what is settled, what is stated."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nbo_extract.config_keys import quoted
from nbo_extract.config_statements import of_channel
from nbo_extract.findings import Finding
from nbo_extract.matching import compare
from nbo_extract.model import Fact, Node, Source
from nbo_extract.parts import fold, says_something
from nbo_extract.schema import load
from nbo_extract.settling import settle
from nbo_extract.statements import StatementSet, make_statement, path_fits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbo_extract.config import Config, Rule
    from nbo_extract.config_statements import Entry
    from nbo_extract.hardware import Hardware
    from nbo_extract.model import Document
    from nbo_extract.statements import Statement

_SIDECAR = re.compile(r"\.nbo\.(?:xml|json|jsonld)$", re.IGNORECASE)
_TOKEN = re.compile(r"[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which description the rules of a configuration name for an image.

    Attributes
    ----------
    pinned : str
        Path of the description; empty where no rule fits, or where rules contradict each other.
    why : str
        Why, as a clause.
    finding : Finding or None
        That rules contradict each other: then no description may be merged.
    """

    pinned: str = ""
    why: str = ""
    finding: Finding | None = None


def choose_by_rules(config: Config, document: Document, path: str) -> Choice:
    """Apply the rules of a configuration to an image.

    Parameters
    ----------
    config : Config
    document : Document
        What the image states; its Instruments are looked at.
    path : str
        The image, or a document that was written beside it.
    """
    place = image_path(config, path)
    fitting = [(rule, why) for rule in config.rules if (why := _fits(rule, document, place)) is not None]
    named = list(dict.fromkeys(rule.hardware for rule, _ in fitting))
    if not fitting:
        return Choice(why="no rule fits" if config.rules else "there are no rules")
    if len(named) == 1:
        rule, why = fitting[0]
        return Choice(rule.hardware, f"{rule.key} fits: {why}")
    said = " and ".join(f"{r.key} names {r.hardware} ({why})" for r, why in fitting)
    return Choice(
        why=said,
        finding=Finding(
            "NBO323",
            "warning",
            f"rules of {config.name} contradict each other: {said}; nothing is merged, correct one of them",
            file=document.origin.file,
            element="Instrument",
            other=", ".join(named),
            other_source=config.name,
        ),
    )


def image_path(config: Config, path: str) -> str:
    """Path of an image as patterns see it; a document that was written for it stands for it."""
    return _SIDECAR.sub("", config.relative(path))


def _fits(rule: Rule, document: Document, place: str) -> str | None:
    """Say why a rule fits, None where it does not."""
    told = []
    if rule.files:
        pattern = next((p for p in rule.files if path_fits(place, p)), None)
        if pattern is None:
            return None
        told.append(f"the path fits {pattern!r}")
    if rule.instrument:
        if not any(all(_states(i, *asked) for asked in rule.instrument) for i in document.instruments):
            return None
        told.append(f"the image states {', '.join(f'{kind} {wanted!r}' for kind, wanted in rule.instrument)}")
    return ", ".join(told)


def _states(instrument: Node, kind: str, wanted: str) -> bool:
    """Whether an Instrument states an identifier."""
    schema = load()
    if kind == "stand":
        return any(_is(part, wanted) for part in instrument.all(*schema.members("MicroscopeStandGroup")))
    if kind == "camera":
        return any(_is(part, wanted) for part in instrument.all(*schema.members("DetectorGroup")))
    if kind == "software":
        software = Node("AcquisitionSoftware", {"Name": Fact(wanted)})
        return any(
            fold(wanted) in (fold(f"{p.get('Name') or ''} {p.get('Version') or ''}".strip()), fold(p.get("Name") or ""))
            or compare(p, software).state == "same"
            for p in instrument.all("AcquisitionSoftware")
        )
    tokens = [t.casefold() for t in _TOKEN.findall(wanted)]
    return any(_holds(_tokens(fact.value), tokens) for node in instrument.walk() for fact in node.facts.values())


def _is(part: Node, wanted: str) -> bool:
    if any(fold(part.get(name) or "") == fold(wanted) for name in ("Model", "Name")):
        return True
    return says_something(wanted) and compare(part, Node(part.name, {"Model": Fact(wanted)})).state == "same"


def _tokens(text: str) -> list[str]:
    return [t.casefold() for t in _TOKEN.findall(text)]


def _holds(found: Sequence[str], wanted: Sequence[str]) -> bool:
    return bool(wanted) and any(
        list(found[i : i + len(wanted)]) == list(wanted) for i in range(len(found) - len(wanted) + 1)
    )


# ------------------------------------------------------------------------------------------------------------- settled


def settled_by_config(config: Config, document: Document, hardware: Sequence[Hardware]) -> dict[str, str]:
    """Turn the ``[match]`` of a configuration into IDs; what is about other images is passed over."""
    found: dict[str, str] = {}
    for pair in config.matches:
        given = [h for h in hardware if not pair.hardware or _same_path(h.path, pair.hardware)]
        found.update(settle(document, given, {pair.embedded: pair.described}, strict=False) if given else {})
    return found


def _same_path(first: str, second: str) -> bool:
    return os.path.abspath(first) == os.path.abspath(second)


# -------------------------------------------------------------------------------------------------------------- stated


def statements_for(config: Config, document: Document, path: str) -> tuple[StatementSet, list[Finding]]:
    """Return what a configuration states of an image, and what it states of channels that the image does not have.

    Of several entries of a section, the first that fits is used.
    """
    place = image_path(config, path)
    statements: list[Statement] = []
    findings: list[Finding] = []
    for entry, unless in _fitting(config.entries, place):
        own = [replace(s, scope=replace(s.scope, unless=unless)) for s in entry.statements]
        if entry.channel and own:
            found = [c for c in _channels(document) if entry.channel in _names(c, entry.channel)]
            if not found:
                findings.append(_no_channel(config, document, entry))
            statements += [of_channel(s, c.id) for c in found for s in own]
        else:
            statements += own
    statements += _experimenter_of_experiment(config, document, statements)
    return StatementSet(config.name, config.path, config.sha256, tuple(statements)), findings


def _fitting(entries: Iterable[Entry], place: str) -> Iterator[tuple[Entry, tuple[str, ...]]]:
    """Yield the entries that may be used, each with the microscopes for which an earlier one is used instead."""
    before: dict[str, list[str]] = {}
    for entry in entries:
        earlier = before.setdefault(entry.section, [])
        if "" in earlier or (entry.files and not any(path_fits(place, p) for p in entry.files)):
            continue
        yield entry, tuple(earlier)
        earlier.append(entry.microscope)


def _channels(document: Document) -> list[Node]:
    pixels = [p for image in document.images for p in image.all("Pixels")]
    return [c for p in pixels for c in p.all("Channel") if c.id]


def _names(channel: Node, wanted: str) -> list[str]:
    """Return the name under which a channel, or its fluorophore, is meant."""
    texts = [channel.get("Name"), *(f.get(a) for f in channel.all("Fluorophore") for a in ("Name", "Model"))]
    return [wanted for text in texts if text is not None and fold(text) == fold(wanted)]


def _no_channel(config: Config, document: Document, entry: Entry) -> Finding:
    names = ", ".join(dict.fromkeys(c.get("Name") or c.id for c in _channels(document))) or "none"
    message = f"{config.name} states channel.{quoted(entry.channel)}, and the image has no such channel or fluorophore"
    return Finding(
        "NBO324",
        "info",
        f"{message}; its channels are {names}",
        file=document.origin.file,
        element="Channel",
        attribute="Name",
        other=entry.channel,
        other_source=f"{config.name} {entry.key}",
    )


def _experimenter_of_experiment(config: Config, document: Document, stated: Sequence[Statement]) -> list[Statement]:
    """Let the experiment refer to the person that the image refers to, as NBO demands."""
    person = next((s for s in stated if [p.element for p in s.steps] == ["Image", "Experimenter"]), None)
    experiment = any(len(s.steps) > 1 and s.steps[1].element in ("Experiment", "Sample") for s in stated)
    if person is None or not (experiment or document.root.all("Experiment")):
        return []
    people = document.root.all("Experimenter")
    if len(people) > 1:
        return []
    source = Source("user", config.name, "experimenter")
    if people:
        return [make_statement("Image/Experiment/ExperimenterRef/@ID", people[0].id, source=source, scope=person.scope)]
    return [make_statement("Image/Experiment/Experimenter", "", source=source, scope=person.scope)]
