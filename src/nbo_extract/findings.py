"""Problems about data: records that are collected and shown, never raised."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
_RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a user should know about a file.

    Attributes
    ----------
    code : str
        Stable code of the kind of finding, such as ``NBO201``; see ``docs/findings.md``.
    severity : {'error', 'warning', 'info'}
    message : str
        One sentence for a microscopist.
    file : str
        File that the finding is about.
    element : str
        NBO element, empty where none is concerned.
    instance : str
        ID of the instance of the element.
    attribute : str
        NBO attribute or child.
    value : str
        The value that the finding is about, as stated in the source.
    source : str
        Where it stands: vendor path, table row or hardware component.
    other : str
        The value that disagrees, or the candidates.
    other_source : str
        Where that stands.
    explanation : str
        What explains that two values differ: units, rounding, wording; and which one was taken where it is not the
        file's.
    where : str
        Where a missing fact usually comes from.
    tier : int
        Of NBO, for a missing field; 0 for other findings.
    level : {'', 'must', 'should'}
    within : str
        Images and channels in which something is missing, for what stands in an image.
    """

    code: str
    severity: Severity
    message: str
    file: str = ""
    element: str = ""
    instance: str = ""
    attribute: str = ""
    value: str = ""
    source: str = ""
    other: str = ""
    other_source: str = ""
    explanation: str = ""
    where: str = ""
    tier: int = 0
    level: str = ""
    within: str = ""

    @property
    def rank(self) -> tuple[int, str, str, str, str, str]:
        """Sort key: severity, then code, then place."""
        return (_RANK[self.severity], self.code, self.element, self.instance, self.attribute, self.message)

    def to_dict(self) -> dict[str, Any]:
        """Return the stated fields as a dictionary."""
        return {name: value for name in _FIELDS if (value := getattr(self, name)) not in ("", 0)}


_FIELDS = tuple(f.name for f in fields(Finding))
