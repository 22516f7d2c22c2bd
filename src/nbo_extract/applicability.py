"""Which of NBO's demands make sense for an image: rules of a table, by modality and by what an instance states."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

from nbo_extract.model import Node
from nbo_extract.schema import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.model import Document
    from nbo_extract.requirements import Level, Requirement
    from nbo_extract.schema import Attribute

Effect = Literal["excuse", "quiet", "explain", "never"]
Kinds = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table; see ``schema/modality.toml``.

    Attributes
    ----------
    element : str
    fields : tuple of str
    effect : {'excuse', 'quiet', 'explain', 'never'}
    reason : str
    level, only, every, without : str
    own, parent, aimed : dict of str to list of str
    target, asked : tuple of str
    """

    element: str
    fields: tuple[str, ...]
    effect: Effect
    reason: str
    level: Level | Literal[""] = ""
    only: str = ""
    every: str = ""
    without: str = ""
    own: dict[str, list[str]] = field(default_factory=dict)
    parent: dict[str, list[str]] = field(default_factory=dict)
    aimed: dict[str, list[str]] = field(default_factory=dict)
    target: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """Where an instance stands.

    Attributes
    ----------
    node : Node
    parent : Node or None
    kinds : tuple of frozenset of str
        Kinds of each channel concerned; an empty set for a channel that states none.
    target : str
        Name of the element that the instance refers to, empty where there is none.
    target_node : Node or None
        That element.
    """

    node: Node
    parent: Node | None
    kinds: Kinds
    target: str
    target_node: Node | None = None


@functools.cache
def table() -> dict[str, Any]:
    """Return the table of kinds, placeholders and rules."""
    path = resources.files("nbo_extract_mappings") / "schema" / "modality.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@functools.cache
def rules() -> dict[tuple[str, str], tuple[Rule, ...]]:
    """Return (element, field) to the rules for it, in the table's order; the element may be ``*``."""
    found: dict[tuple[str, str], tuple[Rule, ...]] = {}
    for row in table()["rule"]:
        lists = {key: tuple(row.get(key, ())) for key in ("fields", "target", "asked")}
        rule = Rule(**{**row, **lists})
        for name in rule.fields:
            found[rule.element, name] = (*found.get((rule.element, name), ()), rule)
    return found


def rule_for(requirement: Requirement, situation: Situation, extensions: frozenset[str]) -> Rule | None:
    """Return the first rule that holds for a field of an instance, or None."""
    table_rules = rules()
    found = (r for element in (requirement.element, "*") for r in table_rules.get((element, requirement.name), ()))
    return first_that_holds(found, requirement, situation, extensions)


def first_that_holds(
    rules_for: Iterable[Rule], requirement: Requirement, situation: Situation, extensions: frozenset[str]
) -> Rule | None:
    """Return the first of some rules that holds for a field of an instance, or None."""
    for rule in rules_for:
        if _holds(rule, requirement, situation, extensions):
            return rule
    return None


def _holds(rule: Rule, requirement: Requirement, situation: Situation, extensions: frozenset[str]) -> bool:
    kinds = situation.kinds
    known = bool(kinds) and all(kinds)
    return (
        rule.level in ("", requirement.level)
        and (not rule.only or (known and all(rule.only in k and "fluorescence" not in k for k in kinds)))
        and (not rule.every or (known and all(rule.every in k for k in kinds)))
        and (not rule.without or (known and not any(rule.without in k for k in kinds)))
        and _states(situation.node, rule.own)
        and (not rule.parent or (situation.parent is not None and _states(situation.parent, rule.parent)))
        and (not rule.aimed or (situation.target_node is not None and _states(situation.target_node, rule.aimed)))
        and (not rule.target or situation.target in rule.target)
        and (not rule.asked or not extensions.intersection(rule.asked))
    )


def _states(node: Node, wanted: dict[str, list[str]]) -> bool:
    return all(node.get(name) in values if values else not node.get(name) for name, values in wanted.items())


def kinds_of(channel: Node) -> frozenset[str]:
    """Return the kinds of a channel; empty where it states neither contrast nor illumination that the table knows."""
    contrast, illumination = channel.get("ContrastMethod"), channel.get("IlluminationType") or ""
    return frozenset(
        name
        for name, kind in table()["kinds"].items()
        if contrast in kind["contrast"] or illumination.startswith(tuple(kind["illumination"]))
    )


def plane_kinds(pixels: Node, kinds: Kinds) -> Kinds:
    """Return the kinds of the channels of an image, as its planes are judged by them.

    Parameters
    ----------
    pixels : Node
    kinds : tuple of frozenset of str
        Of its channels, by their own words.

    Returns
    -------
    tuple of frozenset of str
        With `scanning` for a channel that says nothing else and was recorded by a scanning beam as well: a dwell time
        is stated of its planes, or of those of another channel that was scanned, and no camera recorded it.
    """
    rules_of = table()["dwelling"]
    dwelt = _stated_of(pixels, rules_of["stated"])
    if not dwelt:
        return kinds
    paths = [channel.first("LightPath") for channel in pixels.all("Channel")]
    cameras = [path is not None and path.first(*rules_of["not_with"]) is not None for path in paths]
    others = any(camera for camera, own in zip(cameras, kinds, strict=True) if "scanning" not in own)
    told = not others and (None in dwelt or any("scanning" in k for n, k in enumerate(kinds) if str(n) in dwelt))
    return tuple(
        own | {"scanning"}
        if own <= frozenset(rules_of["silent"]) and not camera and (told or str(number) in dwelt)
        else own
        for number, (own, camera) in enumerate(zip(kinds, cameras, strict=True))
    )


def _stated_of(pixels: Node, attribute: str) -> set[str | None]:
    """Return the numbers of the channels of which planes state an attribute; None for planes of no stated channel."""
    found: set[str | None] = set()
    if pixels.planes is not None and (values := pixels.planes.columns.get(attribute)):
        numbers = pixels.planes.columns.get("TheC") or [None] * len(values)
        found |= {n for n, value in zip(numbers, values, strict=True) if value}
    return found | {plane.get("TheC") for plane in pixels.all("Plane") if plane.get(attribute)}


class Modality:
    """The kinds of the channels of a Document, by image and by instrument.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.images: dict[int, Kinds] = {}
        self._instruments: dict[str, Kinds] = {}
        sole = document.instruments[0].id if len(document.instruments) == 1 else ""
        for image in document.images:
            pixels = image.first("Pixels")
            kinds = tuple(kinds_of(c) for c in pixels.all("Channel")) if pixels is not None else ()
            self.images[id(image)] = kinds
            reference = image.first("InstrumentRef")
            used = reference.id if reference is not None and reference.id else sole
            self._instruments[used] = (*self._instruments.get(used, ()), *(kinds or (frozenset(),)))

    def instrument(self, node: Node) -> Kinds:
        """Return the kinds of all channels that were recorded with an instrument."""
        return self._instruments.get(node.id, ())


def placeholder(node: Node, name: str, attribute: Attribute | None) -> bool:
    """Whether an attribute states only what a form was filled with because it asked for something."""
    value = node.get(name)
    if value is None or attribute is None or (form := placeholder_kind(node.name, attribute)) == "any":
        return False
    rules_of = table()["placeholders"]
    text = " ".join(value.split()).casefold()
    if text in rules_of["words"]:
        return True
    nines = re.compile(rf"9{{{rules_of['nines']},}}(\.[09]*)?")
    return form == "text" and nines.fullmatch(text) is not None


def not_stated(column: list[str | None], attribute: Attribute | None) -> set[str | None]:
    """Return the values of a column of planes that state nothing: blanks and placeholders."""
    # Nines are measured here, so that what begins as a number is one.
    odd = {v for v in set(column) if v is None or not v[:1].isdigit()}
    plane = Node("Plane")
    found: set[str | None] = set()
    for value in odd:
        if value is None or not value.strip():
            found.add(value)
        elif attribute is not None:
            plane.put(attribute.name, value)
            if placeholder(plane, attribute.name, attribute):
                found.add(value)
    return found


def placeholder_kind(element: str, attribute: Attribute) -> Literal["any", "text", "measured"]:
    """Return what counts as a placeholder of an attribute: nothing, words and nines, or words alone."""
    if attribute.type.enum or attribute.name == "ID":
        return "any"
    return "measured" if element in table()["placeholders"]["measured"] else "text"


def check_table(version: str = "02-01") -> list[str]:
    """Return what is wrong with the table: elements and fields that the NBO model does not have."""
    schema = load(version)
    problems = []
    declared = {d.name: d for d in schema.walk() if not d.abstract}
    for (element, name), found in rules().items():
        holders = declared.values() if element == "*" else [declared[element]] if element in declared else []
        if not any(name in d.attributes or any(u.name == name for u in d.uses) for d in holders):
            problems.append(f"the NBO model has no {element}.{name}")
        for rule in found:
            problems += [
                f"there is no kind {k}"
                for k in (rule.only, rule.every, rule.without)
                if k and k not in table()["kinds"]
            ]
    return problems
