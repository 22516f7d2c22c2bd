"""What a gap is called in a finding: the element, what it misses, and why that may not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nbo_extract.findings import Finding
from nbo_extract.labels import joined
from nbo_extract.origins import where

if TYPE_CHECKING:
    from nbo_extract.checking import Gap
    from nbo_extract.model import Document

_CODES = {
    ("attribute", "must"): "NBO201",
    ("child", "must"): "NBO202",
    ("attribute", "should"): "NBO203",
    ("child", "should"): "NBO204",
}
_NOTHING = "NBO200"
_BEYOND = "NBO205"
_EXAMPLES = 3


def finding(gap: Gap, document: Document, tables: tuple[str, ...]) -> Finding:
    """Return the finding of a gap; the mapping tables of the document say where the fact may have been."""
    requirement = gap.requirement
    level = requirement.level
    demanded = level == "must" or gap.demanded is not None
    severity: Literal["warning", "info"] = "warning" if demanded and gap.counted else "info"
    return Finding(
        _code(gap),
        severity,
        f"{_subject(gap)}: {_missing(gap)} ({_grade(gap)}){_remark(gap)}",
        file=document.origin.file,
        element=requirement.element,
        instance=", ".join(dict.fromkeys(gap.instances)),
        attribute=requirement.name,
        value=", ".join(gap.placeholders),
        source=f"NBO {requirement.extension}, tier {requirement.tier}, {level.upper()}",
        where=where(requirement, document.origin.format, tables),
        tier=requirement.tier,
        level=level,
        within=_within(gap),
    )


def _code(gap: Gap) -> str:
    if gap.demanded is not None:
        return _BEYOND
    return _NOTHING if gap.requirement.element == "OME" else _CODES[gap.requirement.kind, gap.requirement.level]


def _within(gap: Gap) -> str:
    """Name the images, or where there are any the channels, in which a field is missing."""
    if not gap.spots or gap.spots[0].chain[0].name != "Image":
        return ""
    kind = "Channel" if any(n.name == "Channel" for spot in gap.spots for n in spot.chain) else "Image"
    nodes = {id(n): n for spot in gap.spots for n in spot.chain if n.name == kind}.values()
    names = list(dict.fromkeys((n.get("Name") or "").strip() or n.id for n in nodes))
    if not names:
        return ""
    more = f" and {len(names) - _EXAMPLES} more" if len(names) > _EXAMPLES else ""
    return f"{kind.lower()}{'s' if len(names) > 1 else ''} {', '.join(names[:_EXAMPLES])}{more}"


def _grade(gap: Gap) -> str:
    """Say who asks for it: NBO at a tier and level, or the profile, with its reason."""
    if gap.demanded is None:
        return f"tier {gap.requirement.tier}, {gap.requirement.level.upper()}"
    return f"required by the profile: {gap.demanded}" if gap.demanded else "required by the profile"


def _subject(gap: Gap) -> str:
    if gap.requirement.element == "Plane":
        images = joined("Plane", gap.labels, len(gap.labels)) if len(gap.labels) > 1 else gap.labels[0]
        return f"{images}, {gap.missing} of {gap.total} planes"
    return joined(gap.requirement.element, gap.labels, gap.total)


def _missing(gap: Gap) -> str:
    requirement = gap.requirement
    if gap.placeholders:
        shown = ", ".join(f"'{p}'" for p in gap.placeholders[:_EXAMPLES])
        return f"{requirement.name} states only the placeholder {shown}, which counts as missing"
    names = requirement.satisfied_by
    if requirement.kind == "attribute" or len(names) == 1:
        return f"{requirement.name} is missing"
    if "|" in requirement.name:
        return f"one of {', '.join(names)} is missing"
    examples = ", ".join(names[:_EXAMPLES]) + (", …" if len(names) > _EXAMPLES else "")
    return f"{requirement.name.removesuffix('Group')} is missing ({examples})"


def _remark(gap: Gap) -> str:
    if not gap.reason:
        return ""
    return f"; {gap.reason}" if gap.counted else f"; not counted: {gap.reason}"
