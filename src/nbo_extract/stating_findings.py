"""Findings about what people state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.findings import Finding

if TYPE_CHECKING:
    from nbo_extract.findings import Severity
    from nbo_extract.model import Document, Fact, Node
    from nbo_extract.statements import Statement


class Reporter:
    """Records findings about statements in a Document, each once.

    Parameters
    ----------
    document : Document
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def note(self, statement: Statement, code: str, severity: Severity, message: str) -> None:
        """Record a finding about a statement."""
        self.add(self.finding(code, severity, f"{place(statement)}: {message}", statement))

    def add(self, finding: Finding) -> None:
        """Record a finding."""
        if finding not in self.document.findings:
            self.document.findings.append(finding)

    def finding(
        self,
        code: str,
        severity: Severity,
        message: str,
        statement: Statement,
        node: Node | None = None,
        mine: Fact | None = None,
    ) -> Finding:
        """Make a finding about a statement, and the value that the document has where it disagrees."""
        return Finding(
            code,
            severity,
            message,
            file=self.document.origin.file,
            element=node.name if node is not None else statement.steps[-1].element,
            instance=node.id if node is not None else "",
            attribute=statement.attribute,
            value=mine.quantity if mine is not None else "",
            source=mine.source.path if mine is not None and mine.source is not None else "",
            other=statement.fact.value,
            other_source=place(statement),
        )


def place(statement: Statement) -> str:
    """Say where a statement stands: file and cell, or file and key."""
    source = statement.fact.source
    if source is None:
        return statement.path
    return f"{source.file} {source.path}".strip()
