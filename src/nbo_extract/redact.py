"""Leave people out of a Document: names, user names and e-mail addresses."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.model import Fact
from nbo_extract.schema import load

if TYPE_CHECKING:
    from nbo_extract.model import Document, Node, Source

PERSONAL = ("FirstName", "MiddleName", "LastName", "Email", "UserName")
MARK = "redacted"
# The folder of a user on Linux, macOS and Windows: what follows is a user name, whether an Experimenter has it or not.
_HOME = re.compile(r"(?P<lead>(?:^|[/\\])(?:home|users|Documents and Settings)[/\\])(?P<user>[^/\\]+)", re.IGNORECASE)
# Shorter names (initials) are parts of too many words to be looked for.
_SHORTEST = 3


def redact(document: Document) -> Document:
    """Return a copy without names, user names and e-mail addresses of people.

    The attributes of Experimenter that hold them are left out, the Experimenter stays with what else it states. Raw
    texts of provenance that hold one of them are dropped; in paths, a folder that is called like a user is replaced by
    ``redacted``. Free text (a description, the name of an image) stays as it is, because a name is not told from a word
    there; a finding says where one may be left.

    Parameters
    ----------
    document : Document

    Returns
    -------
    Document
    """
    result = deepcopy(document)
    names = _take_names(result)
    job = _Redaction(names)
    job.node(result.root)
    origin = result.origin
    origin.file = job.path(origin.file)
    origin.files = tuple(job.path(f) for f in origin.files)
    origin.hardware = {job.path(k): v for k, v in origin.hardware.items()}
    result.findings = [job.finding(f) for f in result.findings] + [
        replace(f, file=origin.file) for f in job.left(result, load(result.version).references)
    ]
    return result


def _take_names(document: Document) -> list[str]:
    """Remove the personal attributes and return what they said."""
    names: dict[str, None] = {}
    for node in document.root.walk():
        if node.name != "Experimenter":
            continue
        person = [node.facts.pop(a).value.strip() for a in PERSONAL if a in node.facts]
        for name in person:
            names[name] = None
            names.update(dict.fromkeys(_parts(name)))
    for finding in document.findings:
        # What a configuration states of a person beside what the image states is in the finding alone.
        if finding.element == "Experimenter" and finding.attribute in PERSONAL:
            for name in filter(None, (finding.value.strip(), finding.other.strip())):
                names.update(dict.fromkeys([name, *_parts(name)]))
    return [n for n in names if len(n) >= _SHORTEST]


def _parts(name: str) -> list[str]:
    r"""Split "Jane Doe <jane@x.org>" and "DOMAIN\jane": each part that is long enough is a name of its own."""
    return re.split(r"[\s\\/<>,;@]+", name)


class _Redaction:
    """Removes names from what surrounds the facts."""

    def __init__(self, names: list[str]) -> None:
        longest_first = sorted(names, key=lambda n: (-len(n), n))
        self.people = {n.casefold() for n in names}
        self.pattern = (
            re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE) if names else None
        )

    def named(self, text: str) -> bool:
        """Whether a text holds a name as a word."""
        return self.pattern is not None and self.pattern.search(text) is not None

    def path(self, text: str) -> str:
        """Replace folders called like a user; the last part, the file itself, stays unless it is just a name."""
        if "/" not in text and "\\" not in text:
            return text
        text = _HOME.sub(lambda m: f"{m['lead']}{MARK}", text)
        return "".join(MARK if part.casefold() in self.people else part for part in re.split(r"([/\\])", text))

    def words(self, text: str) -> str:
        """Replace names in a sentence."""
        text = self.path(text)
        return text if self.pattern is None else self.pattern.sub(MARK, text)

    def source(self, source: Source) -> Source:
        """Drop a raw text that holds a name."""
        raw = "" if self.named(source.raw) else self.path(source.raw)
        return replace(source, file=self.path(source.file), path=self._place(source.path), raw=raw)

    def _place(self, text: str) -> str:
        # A vendor path is no file path; names occur only in conditions such as [@Name='...'].
        return text if self.pattern is None or "[" not in text else self.pattern.sub(MARK, text)

    def fact(self, fact: Fact) -> Fact:
        """Redact paths in a value, and its source."""
        source = None if fact.source is None else self.source(fact.source)
        return Fact(self.path(fact.value), fact.unit, source)

    def node(self, node: Node) -> None:
        """Redact a node and all below it, in place."""
        for each in node.walk():
            each.facts = {name: self.fact(fact) for name, fact in each.facts.items()}
            if each.text is not None:
                each.text = self.fact(each.text)
            if each.foreign and self.named(each.foreign):
                each.foreign = ""
            if each.planes is not None:
                each.planes.sources = {k: self.source(v) for k, v in each.planes.sources.items()}

    def finding(self, finding: Finding) -> Finding:
        """Redact the texts of a finding."""
        return replace(
            finding,
            message=self.words(finding.message),
            file=self.path(finding.file),
            value=self.words(finding.value),
            source=self.words(finding.source),
            other=self.words(finding.other),
            other_source=self.words(finding.other_source),
        )

    def left(self, document: Document, references: dict[str, tuple[str, frozenset[str]]]) -> list[Finding]:
        """Return a finding for each free text that still holds a name."""
        found = []
        for node in document.root.walk():
            stated = [*node.facts.items(), *([("text", node.text)] if node.text is not None else [])]
            for attribute, fact in stated:
                if node.name not in references and self.named(fact.value):
                    message = f"{attribute} of {node.name} may hold the name of a person; --redact leaves free text"
                    found.append(Finding("NBO158", "warning", message, "", node.name, node.id, attribute))
        return found
