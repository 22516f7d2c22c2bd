"""What a microscopist wants to know of a file first, as plain texts and records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbo_extract.schema import load
from nbo_extract.summary_images import Setup, joined, setups, title
from nbo_extract.unused import Unused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.checking import CheckReport
    from nbo_extract.findings import Finding
    from nbo_extract.model import Document, Fact, Node

#: Codes of what is missing; the other codes of a check are about what is stated and not allowed.
MISSING = ("NBO200", "NBO201", "NBO202", "NBO203", "NBO204", "NBO205")
#: Code of the finding that says which hardware description was merged.
_CALIBRATED = "NBO342"
_CHOSEN = "NBO312"
_UNMATCHED = "NBO326"


@dataclass(frozen=True, slots=True)
class Filled:
    """What a hardware description added to one part.

    Attributes
    ----------
    part : str
        Element and name.
    facts : int
    file : str
    added : bool
        Whether the image does not name the part at all.
    """

    part: str
    facts: int
    file: str
    added: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """What elements of one kind miss.

    Attributes
    ----------
    element : str
    names : tuple of str
        Fields that count.
    """

    element: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of a check.

    Attributes
    ----------
    tier : int
    extensions : tuple of str
    level : str
    passed : bool
    demanded, missing, excused : int
        Fields of all elements of the document.
    groups : tuple of Missing
        Without what is missing of described parts that no image refers to.
    messages : tuple of str
        One sentence for each missing field; those that count first.
    counting : int
        How many of them count.
    tiers : tuple of (int, int, int)
        Tier, fields demanded and fields missing; a tier demands what those below it do.
    profile, title : str
        Name and title of the profile that was asked for.
    where : tuple of str
        Where the fact of each of the messages usually comes from.
    apart : tuple of bool
        Of each of the messages, whether it is of described parts alone that no image refers to.
    unused : tuple of Missing
        What is missing of such parts, by what they are called.
    """

    tier: int
    extensions: tuple[str, ...]
    level: str
    passed: bool
    demanded: int
    missing: int
    excused: int
    groups: tuple[Missing, ...]
    messages: tuple[str, ...]
    tiers: tuple[tuple[int, int, int], ...] = ()
    profile: str = ""
    title: str = ""
    where: tuple[str, ...] = ()
    apart: tuple[bool, ...] = ()
    unused: tuple[Missing, ...] = ()
    counting: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is shown of one file.

    Attributes
    ----------
    path, format : str
    files : int
        Number of files of the set.
    images : int
    stand : str
    software : str
    setups : tuple of Setup
    merged : tuple of str
        Which hardware description was chosen, and why.
    filled : tuple of Filled
    stated : tuple of (str, int)
        Sheets, configurations and calibration records, and how many facts came from each.
    calibration : tuple of str
        Which records of calibration were valid, and how old they were.
    disagreements : tuple of Finding
        Values of the image that a hardware description contradicts.
    findings : tuple of Finding
        Other warnings and errors.
    notes : tuple of str
        What is good to know: findings of severity info.
    verdict : Verdict or None
    stated_in : str
        Name of the sidecar that was read instead of the image.
    unmatched : tuple of str
        Which parts of the image are not described, where it is not a warning.
    """

    path: str
    format: str = ""
    files: int = 1
    images: int = 0
    stand: str = ""
    software: str = ""
    setups: tuple[Setup, ...] = ()
    merged: tuple[str, ...] = ()
    filled: tuple[Filled, ...] = ()
    stated: tuple[tuple[str, int], ...] = ()
    calibration: tuple[str, ...] = ()
    disagreements: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: Verdict | None = None
    stated_in: str = ""
    unmatched: tuple[str, ...] = ()


def summarise(document: Document, report: CheckReport | None = None) -> Summary:
    """Summarise a Document.

    Parameters
    ----------
    document : Document
        With its planes: they state the exposure times.
    report : CheckReport, optional
        What it misses.

    Returns
    -------
    Summary
    """
    index = document.index()
    schema = load(document.version)
    stands = [n for i in document.instruments for n in i.all(*schema.members("MicroscopeStandGroup"))]
    used = [r.id for image in document.images for r in image.all("AcquisitionSoftwareRef")]
    software = [index[i] for i in dict.fromkeys(used) if i in index]
    invalid = [f for f in report.findings if f.code not in MISSING] if report is not None else []
    findings = [*document.findings, *invalid]
    told = [f for f in findings if f.severity != "info"]
    notes = [f for f in findings if f.severity == "info"]
    return Summary(
        document.origin.file,
        document.origin.format,
        max(len(document.origin.files), 1),
        len(document.images),
        joined(title(n) for n in stands),
        joined(" ".join(filter(None, (title(n), n.get("Version")))) for n in software),
        setups(document, index),
        tuple(f.message for f in document.findings if f.code == _CHOSEN),
        tuple(_filled(document)),
        _stated(document),
        tuple(f.message for f in document.findings if f.code == _CALIBRATED),
        tuple(f for f in told if is_disagreement(f)),
        tuple(sorted((f for f in told if not is_disagreement(f)), key=lambda f: f.rank)),
        tuple(dict.fromkeys(f.message for f in notes if f.code != _UNMATCHED)),
        _verdict(report, document) if report is not None else None,
        unmatched=tuple(f.message for f in notes if f.code == _UNMATCHED),
    )


def _verdict(report: CheckReport, document: Document) -> Verdict:
    unused = Unused(document)
    groups: dict[str, dict[str, None]] = {}
    for gap in report.gaps:
        if gap.counted and not unused.wholly(gap):
            groups.setdefault(gap.requirement.element, {})[gap.requirement.name.removesuffix("Group")] = None
    asked = report.asked
    missing = [f for f in report.findings if f.code in MISSING]
    # What NBO puts above every tier has a finding and no gap.
    apart = [unused.wholly(g) for g in report.gaps] + [False] * (len(missing) - len(report.gaps))
    return Verdict(
        report.tier,
        report.extensions,
        report.level,
        report.passed,
        asked.demanded,
        asked.missing,
        asked.excused,
        tuple(Missing(element, tuple(names)) for element, names in groups.items()),
        tuple(f"{f.code}  {f.message}" for f in missing),
        tuple((t, s.demanded, s.missing) for t, s in report.tiers.items()),
        report.profile.name,
        report.profile.title,
        tuple(f.where for f in missing),
        tuple(apart),
        tuple(Missing(part, tuple(names)) for part, names in unused.missing(report.gaps).items()),
        sum(gap.counted for gap in report.gaps),
    )


def is_disagreement(finding: Finding) -> bool:
    """Whether a finding holds two values that contradict each other."""
    return finding.code == "NBO301"


# -- what hardware filled ---------------------------------------------------------------------------------------------


def _filled(document: Document) -> Iterator[Filled]:
    """Yield the parts that hardware descriptions filled, those that the image names first."""
    found: list[Filled] = []
    for instrument in document.instruments:
        own = sum(_from_hardware(f) for name, f in instrument.facts.items() if name != "ID")
        if own:
            found.append(Filled("Instrument", own, _file_of(instrument.facts.values()), added=False))
        found.extend(part for node in instrument.children if (part := _filled_part(node)) is not None)
    yield from (f for f in found if not f.added)
    yield from (f for f in found if f.added)


def _filled_part(node: Node) -> Filled | None:
    facts = [f for n in node.walk() for name, f in n.facts.items() if name != "ID"]
    count = sum(map(_from_hardware, facts))
    identifier = node.facts.get("ID")
    added = _from_hardware(identifier) if identifier is not None else count == len(facts)
    if not count:
        return None
    from nbo_extract.hardware import label

    return Filled(label(node), count, _file_of(facts), added)


def _from_hardware(fact: Fact) -> bool:
    return fact.source is not None and fact.source.kind == "hardware"


def _stated(document: Document) -> tuple[tuple[str, int], ...]:
    """Count the facts that people stated, by the file in which they did."""
    found: dict[str, int] = {}
    for node in document.root.walk():
        facts = [f for name, f in node.facts.items() if name != "ID"]
        for fact in [*facts, *([node.text] if node.text is not None else [])]:
            if fact.source is not None and fact.source.kind == "user" and fact.source.file:
                found[fact.source.file] = found.get(fact.source.file, 0) + 1
    return tuple(sorted(found.items()))


def _file_of(facts: Iterable[Fact]) -> str:
    files = [f.source.file for f in facts if f.source is not None and f.source.kind == "hardware"]
    return ", ".join(dict.fromkeys(f for f in files if f))
