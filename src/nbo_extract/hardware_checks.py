"""What a hardware description may not hold, whatever its form: two stands, cycles, values and units that are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbo_extract.applicability import placeholder
from nbo_extract.errors import HardwareError
from nbo_extract.findings import Finding
from nbo_extract.hardware import label
from nbo_extract.schema import load
from nbo_extract.units import dimension, normalise
from nbo_extract.values import canonical

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.model import Document, Node
    from nbo_extract.schema import Attribute, Declaration

# Digits with a comma among them: decimals in one country, thousands in another.
_COMMA = re.compile(r"[+-]?(?=[^,]*,)[\d.,\s']*\d[\d.,\s']*([eE][+-]?\d+)?")


def value_problem(attribute: Attribute, raw: str) -> tuple[str, str]:
    """Say why a text is no value of an attribute.

    Returns
    -------
    tuple of (str, str)
        Code of the finding and the reason; both empty where the text is a value.
    """
    try:
        canonical(raw, attribute.type)
    except ValueError as error:
        if attribute.type.numeric and _COMMA.fullmatch(raw.strip()):
            return "NBO315", "has a comma, which may mark decimals or thousands; write it with a point"
        return "NBO305" if attribute.type.enum else "NBO308", str(error)
    return "", ""


def unit_problem(kind: Declaration, attribute: Attribute, raw: str) -> tuple[str, str]:
    """Say why a text is no unit of an attribute; code and reason as in `value_problem`."""
    declared = kind.attributes[attribute.unit] if attribute.unit is not None else None
    if declared is None or not declared.type.enum or normalise(raw) in declared.type.enum:
        return "", ""
    given = dimension(raw)
    # What an enumeration holds beside its dimension (Pixel among the lengths) is not what most people look for.
    usual = (declared.default, *declared.type.enum)
    wanted = [d for unit in usual if unit and (d := dimension(unit)) is not None]
    if given is not None and wanted and given not in wanted:
        said = f", a unit of {given}" if given != normalise(raw) else ""
        return "NBO316", f"is given in {raw!r}{said}, where NBO wants a unit of {wanted[0]}"
    return "NBO305", f"is given in {raw!r}, which NBO does not allow there"


def refuse_two_stands(document: Document, path: Path) -> None:
    """Refuse a description in which there are two microscopes.

    Raises
    ------
    HardwareError
        If there is more than one stand.
    """
    names = load(document.version).members("MicroscopeStandGroup")
    stands = [s for i in document.instruments for s in i.all(*names)]
    if len(stands) > 1:
        raise HardwareError(
            f"{path} has {len(stands)} stands, {' and '.join(label(s) for s in stands)}; a hardware description is of "
            "one microscope, so keep the stand that it has"
        )


def drop_cycles(document: Document, name: str) -> list[Finding]:
    """Remove references by which parts refer to themselves, directly or through others, and say so.

    All references of such a circle are removed: nothing tells which of them is the wrong one.
    """
    references = load(document.version).references
    index = document.index()
    edges: dict[str, set[str]] = {}
    held: list[tuple[Node, Node, Node, str]] = []

    def visit(node: Node, owner: Node) -> None:
        for child in node.children:
            attribute, _ = references.get(child.name, ("", frozenset()))
            target = child.get(attribute) if attribute else None
            if target is not None and owner.id and target in index:
                edges.setdefault(owner.id, set()).add(target)
                held.append((owner, node, child, target))
            visit(child, child if child.id and child.name not in references else owner)

    visit(document.root, document.root)
    findings = []
    for owner, holder, reference, target in held:
        if not _leads(edges, target, owner.id):
            continue
        holder.children = [c for c in holder.children if c is not reference]
        whom = "itself" if target == owner.id else f"{label(index[target])}, which leads back to it,"
        message = f"{label(owner)} refers to {whom} as {reference.name}; the reference is left out"
        findings.append(_finding("NBO314", message, name, owner, reference.name, target))
    return findings


def _leads(edges: dict[str, set[str]], start: str, wanted: str) -> bool:
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        if here == wanted:
            return True
        fresh = edges.get(here, set()) - seen
        seen |= fresh
        waiting.extend(fresh)
    return False


def drop_invalid(document: Document, name: str) -> list[Finding]:
    """Remove values of an NBO document that the model does not allow or that state nothing, and say so."""
    findings: list[Finding] = []

    def visit(node: Node, kind: Declaration) -> None:
        for attribute, fact in list(node.facts.items()):
            declared = kind.attributes.get(attribute)
            if declared is None or attribute == "ID":
                continue
            code, why = unit_problem(kind, declared, fact.unit) if fact.unit is not None else ("", "")
            if not code:
                code, why = value_problem(declared, fact.value)
            if not code and placeholder(node, attribute, declared):
                code, why = "NBO304", "is a placeholder, not a value"
            if code:
                del node.facts[attribute]
                said = attribute if why.startswith("is given") else f"{attribute} {fact.value!r}"
                message = f"{label(node)}: {said} {why}; it is left out"
                findings.append(_finding(code, message, name, node, attribute, fact.value))
        for child in node.children:
            inner = kind.child(child.name)
            if inner is not None:
                visit(child, inner)

    visit(document.root, load(document.version).element(document.root.name))
    return findings


def _finding(code: str, message: str, name: str, node: Node, attribute: str, value: str) -> Finding:
    return Finding(
        code,
        "info" if code in ("NBO304", "NBO308") else "warning",
        message,
        file=name,
        element=node.name,
        instance=node.id,
        attribute=attribute,
        value=value,
    )
