"""The results of checks as JUnit XML, which continuous integration shows: a suite per image, a case per element.

The form is that which CI systems agree on: sums on the suites, ``name`` and ``classname`` on the cases, and one
``failure``, ``error`` or ``skipped`` with a message in a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from nbo_extract.counting import counted
from nbo_extract.values import ILLEGAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.findings import Finding

_VALUES = "values, units and references"


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one image.

    Attributes
    ----------
    path : str
    asked : str
        What was asked for, in words.
    elements : dict of str to (int, int, int)
        As in a `CheckReport`.
    findings : tuple of Finding
    failed : str
        Why the image could not be checked; empty where it was.
    """

    path: str
    asked: str
    elements: dict[str, tuple[int, int, int]]
    findings: tuple[Finding, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class _Case:
    name: str
    kind: str = ""
    message: str = ""
    text: str = ""


def to_junit(images: Iterable[Checked]) -> str:
    """Return the results of checks as JUnit XML; the same results give the same text.

    Parameters
    ----------
    images : iterable of Checked

    Returns
    -------
    str
    """
    suites = [(image, _cases(image)) for image in images]
    cases = [case for _, found in suites for case in found]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="nbo-extract check"{_sums(cases)}>']
    for image, found in suites:
        lines.append(f"  <testsuite name={_quoted(image.path)}{_sums(found)}>")
        for case in found:
            head = f"    <testcase classname={_quoted(image.path)} name={_quoted(f'{case.name} ({image.asked})')}"
            if not case.kind:
                lines.append(f'{head} time="0"/>')
                continue
            lines.append(f'{head} time="0">')
            if case.kind == "skipped":
                lines.append(f"      <skipped message={_quoted(case.message)}/>")
            else:
                kind = "missing" if case.kind == "failure" else "unreadable"
                if case.name == _VALUES:
                    kind = "invalid"
                text = escape(_clean(case.text))
                lines.append(f'      <{case.kind} type="{kind}" message={_quoted(case.message)}>{text}</{case.kind}>')
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _cases(image: Checked) -> list[_Case]:
    if image.failed:
        return [_Case("reading", "error", image.failed, image.failed)]
    by_element: dict[str, list[Finding]] = {}
    invalid = [f for f in image.findings if f.severity == "error"]
    for finding in image.findings:
        if finding.severity != "error":
            by_element.setdefault(finding.element, []).append(finding)
    cases = []
    for element, (demanded, missing, excused) in image.elements.items():
        text = "\n".join(_sentence(f) for f in by_element.get(element, ()))
        name = "document" if element == "OME" else element
        if missing:
            cases.append(_Case(name, "failure", f"{missing} of {counted(demanded, 'field')} missing", text))
        elif not demanded and excused:
            cases.append(_Case(name, "skipped", f"{counted(excused, 'field')} missing, and not counted for this image"))
        else:
            cases.append(_Case(name))
    text = "\n".join(f"{f.code} {f.message}" for f in invalid)
    told = counted(len(invalid), "value is not allowed", "values are not allowed")
    cases.append(_Case(_VALUES, "failure", told, text) if invalid else _Case(_VALUES))
    return cases


def _sentence(finding: Finding) -> str:
    told = f"{finding.code} {finding.message}"
    return f"{told}; {finding.where}" if finding.where else told


def _sums(cases: list[_Case]) -> str:
    numbers = {"tests": len(cases)}
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        numbers[name] = sum(case.kind == kind for case in cases)
    return "".join(f' {name}="{number}"' for name, number in numbers.items()) + ' time="0"'


def _clean(text: str) -> str:
    return ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
