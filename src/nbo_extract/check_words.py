"""What a gap is called in a finding: the element, what it misses, and why that may not count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nbo_extract.findings import Finding
from nbo_extract.labels import joined

if TYPE_CHECKING:
    from nbo_extract.checking import Gap

_CODES = {
    ("attribute", "must"): "NBO201",
    ("child", "must"): "NBO202",
    ("attribute", "should"): "NBO203",
    ("child", "should"): "NBO204",
}
_NOTHING = "NBO200"
_EXAMPLES = 3


def finding(gap: Gap, file: str) -> Finding:
    """Return the finding of a gap."""
    requirement = gap.requirement
    level = requirement.level
    severity: Literal["warning", "info"] = "warning" if level == "must" and gap.counted else "info"
    return Finding(
        _NOTHING if requirement.element == "OME" else _CODES[requirement.kind, level],
        severity,
        f"{_subject(gap)}: {_missing(gap)} (tier {requirement.tier}, {level.upper()}){_remark(gap)}",
        file=file,
        element=requirement.element,
        instance=", ".join(dict.fromkeys(gap.instances)),
        attribute=requirement.name,
        value=", ".join(gap.placeholders),
        source=f"NBO {requirement.extension}, tier {requirement.tier}, {level.upper()}",
    )


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
