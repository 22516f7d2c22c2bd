"""Leave people, computers and folders out of a Document."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from nbo_extract.findings import Finding
from nbo_extract.model import Fact
from nbo_extract.privacy import MARK, Noting, Private, Redactor, kind_of, mark_fields, note_tree
from nbo_extract.schema import load

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract.checking import CheckReport
    from nbo_extract.model import Document, Node, Origin, PlaneTable, Source
    from nbo_extract.schema import Declaration, SimpleType

PERSONAL = ("FirstName", "MiddleName", "LastName", "Email", "UserName")
#: What says that a text may still name somebody, and that the image does whatever is embedded.
MAYBE, ITSELF = "NBO158", "NBO155"


def redact(document: Document, private: Private | None = None) -> Document:
    """Return a copy without names, user names and e-mail addresses of people, names of computers, and folders.

    The attributes of Experimenter that hold them are left out, the Experimenter stays with what else it states. In free
    text (a description, the name of an image), full names, user names, e-mail addresses and computers are replaced by
    ``redacted``, and of a path the name of the file is kept; a single word of a name is not told from another word
    there, and a finding says where one may be left. Raw texts of provenance that hold a name are dropped. Numbers and
    values of NBO's lists are never touched.

    Parameters
    ----------
    document : Document
    private : Private, optional
        Who and what the image names beside what the Document states: `nbo_extract.privacy.private_of`.

    Returns
    -------
    Document
    """
    return redactor_for(document, private).document(document)


def redactor_for(document: Document, private: Private | None = None) -> Redaction:
    """Return what redacts a Document, and whatever else is told of it."""
    return Redaction(_private(document) | (private or Private()))


def itself_names(private: Private, file: str) -> Finding:
    """Return the finding that an image names people whatever is embedded in it or written beside it."""
    told = ", ".join(private.fields)
    message = f"the image itself names people or computers ({told}); --redact changes nothing of that"
    return Finding(ITSELF, "warning", message, file)


def _private(document: Document) -> Private:
    """Return whom a Document names."""
    noting = Noting()
    for node in document.root.walk():
        if node.name == "Experimenter":
            _note_person(node, noting)
        for fact in [*node.facts.values(), *([node.text] if node.text is not None else [])]:
            noting.text(fact.value)
            if fact is node.text:
                noting.note(kind_of(node.get("K") or ""), fact.value)
            if fact.source is not None:
                noting.text(fact.source.raw)
        if node.foreign and (tree := _parsed(node.foreign)) is not None:
            note_tree(tree, noting)
    for finding in document.findings:
        # What a configuration states of a person beside what the image states is in the finding alone.
        if finding.element == "Experimenter" and finding.attribute in PERSONAL:
            for name in filter(None, (finding.value.strip(), finding.other.strip())):
                _note(finding.attribute, name, noting)
    return noting.done()


def _note_person(node: Node, noting: Noting) -> None:
    for attribute in PERSONAL:
        if attribute in node.facts:
            _note(attribute, node.facts[attribute].value, noting)
    noting.person([node.facts[a].value for a in PERSONAL[:3] if a in node.facts])


def _note(attribute: str, value: str, noting: Noting) -> None:
    kinds = {"FirstName": "first", "MiddleName": "middle", "LastName": "last", "Email": "email", "UserName": "account"}
    noting.note(kinds[attribute], value)


class Redaction(Redactor):
    """Removes people, computers and folders from a Document and what is told of it."""

    def document(self, document: Document) -> Document:
        """Return a redacted copy."""
        result = deepcopy(document)
        for node in result.root.walk():
            if node.name == "Experimenter":
                for attribute in PERSONAL:
                    node.facts.pop(attribute, None)
        schema = load(result.version)
        self._identifiers(result)
        self._node(result.root, schema.element(result.root.name) if result.root.name == "OME" else None)
        self._origin(result.origin)
        result.unmapped = [self._place(place) for place in result.unmapped]
        left = [replace(f, file=result.origin.file) for f in self._left(result, frozenset(schema.references))]
        result.findings = [self.finding(f) for f in result.findings] + left
        return result

    def report(self, report: CheckReport, whole: CheckReport | None = None) -> CheckReport:
        """Return the result of a check without names in what it says.

        Parameters
        ----------
        report : CheckReport
        whole : CheckReport, optional
            Of the Document as it was: of people, nothing is missing that this does not miss.
        """
        gaps = report.gaps
        if whole is not None:
            missing = {(g.requirement.element, g.requirement.name) for g in whole.gaps}
            gaps = [
                g
                for g in gaps
                if g.requirement.element != "Experimenter"
                or g.requirement.name not in PERSONAL
                or (g.requirement.element, g.requirement.name) in missing
            ]
        return replace(report, findings=[self.finding(f) for f in report.findings], gaps=gaps)

    def finding(self, finding: Finding) -> Finding:
        """Redact the texts of a finding."""
        return replace(
            finding,
            message=self.sentence(finding.message),
            file=self.file(finding.file),
            instance=self.people(finding.instance),
            value=self.sentence(self.text(finding.value)),
            source=self.sentence(finding.source),
            other=self.sentence(finding.other),
            other_source=self.sentence(finding.other_source),
            explanation=self.sentence(finding.explanation),
            within=self.sentence(finding.within),
        )

    def _identifiers(self, document: Document) -> None:
        """Give what is identified by a name another ID, and what refers to it as well."""
        given: dict[str, str] = {}
        for node in document.root.walk():
            if node.id and node.id not in given and self.surely(node.id):
                kind = node.id.partition(":")[0]
                given[node.id] = f"{node.name if self.surely(kind) else kind}:{MARK}-{len(given)}"
        if not given:
            return
        for node in document.root.walk():
            node.facts = {
                n: replace(f, value=given.get(f.value, f.value)) if n == "ID" or n.endswith("ID") else f
                for n, f in node.facts.items()
            }
            if node.planes is not None and "ID" in node.planes.columns:
                ids = node.planes.columns["ID"]
                node.planes.columns["ID"] = [None if i is None else given.get(i, i) for i in ids]

    def _origin(self, origin: Origin) -> None:
        origin.file = self.file(origin.file)
        origin.files = tuple(self.file(f) for f in origin.files)
        named: dict[str, str] = {}
        for path, digest in origin.hardware.items():
            name = self.file(path)
            # Two files of one name are told apart by a number, where folders did before.
            number = 2
            while named.get(name, digest) != digest:
                name, number = f"{self.file(path)} ({number})", number + 1
            named[name] = digest
        origin.hardware = named

    def _node(self, node: Node, kind: Declaration | None) -> None:
        """Redact a node and all below it, in place."""
        for name, fact in node.facts.items():
            attribute = kind.attributes.get(name) if kind is not None else None
            free = name != "ID" and (attribute is None or _free(attribute.type))
            node.facts[name] = self._fact(fact, free=free)
        if node.text is not None:
            node.text = self._fact(node.text, free=kind is None or kind.text is None or _free(kind.text))
            if kind_of(node.get("K") or ""):
                # A pair of a map says by its key that it is a person or a computer.
                node.text = self._marked(node.text)
        if node.foreign:
            node.foreign = self._foreign(node.foreign)
        if node.planes is not None:
            self._planes(node.planes, kind.child("Plane") if kind is not None else None)
        for child in node.children:
            self._node(child, kind.child(child.name) if kind is not None else None)

    def _fact(self, fact: Fact, *, free: bool) -> Fact:
        source = None if fact.source is None else self._source(fact.source)
        return Fact(self.text(fact.value) if free else fact.value, fact.unit, source)

    def _marked(self, fact: Fact) -> Fact:
        source = None if fact.source is None else replace(fact.source, raw="")
        return Fact(MARK, None, source)

    def _source(self, source: Source) -> Source:
        """Drop a raw text that holds a name."""
        raw = "" if source.raw and self.named(source.raw) else self.text(source.raw)
        return replace(source, file=self.file(source.file), path=self._place(source.path), raw=raw)

    def _place(self, text: str) -> str:
        # A vendor path is no file path; names occur only in conditions such as [@Name='...'].
        return self.sentence(text) if "[" in text else text

    def _planes(self, planes: PlaneTable, kind: Declaration | None) -> None:
        planes.sources = {k: self._source(v) for k, v in planes.sources.items()}
        for name, column in planes.columns.items():
            attribute = kind.attributes.get(name) if kind is not None else None
            if name != "ID" and (attribute is None or _free(attribute.type)):
                planes.columns[name] = [None if text is None else self.text(text) for text in column]

    def _foreign(self, content: str) -> str:
        """Redact the texts of XML of others; what is not certain costs the whole, for nobody can look it through."""
        tree = _parsed(content)
        if tree is None:
            return "" if self.named(content) else content
        mark_fields(tree)
        for element in tree.iter("*"):
            for key, value in element.attrib.items():
                element.set(key, self.text(str(value)))
            element.text = self.text(element.text) if element.text else element.text
            element.tail = self.text(element.tail) if element.tail else element.tail
        from nbo_extract.xmlio import foreign_text

        text = foreign_text(tree)
        return "" if self.named(text) else text

    def _left(self, document: Document, references: frozenset[str]) -> list[Finding]:
        """Return a finding for each free text that may still hold a name."""
        found = []
        for node in document.root.walk():
            stated = [*node.facts.items(), *([("text", node.text)] if node.text is not None else [])]
            for attribute, fact in stated:
                if node.name not in references and attribute != "ID" and self.perhaps(fact.value):
                    message = f"{attribute} of {node.name} may hold the name of a person; --redact leaves single words"
                    found.append(Finding(MAYBE, "warning", message, "", node.name, node.id, attribute))
        return found


def _free(kind: SimpleType) -> bool:
    """Whether any text is a value."""
    return not (kind.numeric or kind.enum or kind.patterns) and kind.primitive in (
        "xsd:string", "xsd:normalizedString", "xsd:token", "xsd:anyURI", "xsd:anySimpleType",
    )  # fmt: skip


def _parsed(content: str) -> etree._Element | None:
    """Return foreign XML, which may have several elements, below a root of ours."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        return etree.fromstring(f"<content>{content}</content>".encode(), parser)
    except etree.XMLSyntaxError:
        return None
