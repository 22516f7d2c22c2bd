"""Sidecars: an NBO document beside an image that is read back as if it were embedded in it.

A sidecar is the document and what is known beside it: where each fact came from, findings, the state of the image for
which it was written, and digests that tell what a person has changed in it since. In NBO XML all this is one
XMLAnnotation of a namespace of our own, which the NBO schema allows; in JSON and JSON-LD, the member ``sidecar`` holds
what these forms do not have anyway.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from nbo_extract import __version__
from nbo_extract.counting import counted
from nbo_extract.edits import digests, mark_edited
from nbo_extract.errors import DocumentError
from nbo_extract.findings import Finding
from nbo_extract.fingerprint import SCHEME, difference, from_dict
from nbo_extract.model import Node
from nbo_extract.portable import locate, portable
from nbo_extract.stores import is_url
from nbo_extract.values import ILLEGAL
from nbo_extract.walk import SIDECARS
from nbo_extract.writers.block import SIDECAR_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.fingerprint import Fingerprint
    from nbo_extract.model import Document

Format = Literal["xml", "json", "jsonld"]
LAYOUT: Final = 1
STALE, UNCERTAIN, DAMAGED, EDITED = "NBO170", "NBO171", "NBO172", "NBO173"
#: What is found about a sidecar when it is read is not written into the next one.
OF_READING: Final = (STALE, UNCERTAIN, DAMAGED, EDITED)


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A sidecar that was read.

    Attributes
    ----------
    path : str
    document : Document
        With its provenance, findings and origin, as far as the sidecar states them.
    fingerprint : Fingerprint or None
        For which state of the image it was written; None where it does not say so.
    product : str
        What wrote it, such as ``nbo-extract 0.1.0``.
    """

    path: str
    document: Document
    fingerprint: Fingerprint | None = None
    product: str = ""

    @property
    def name(self) -> str:
        """Name of the file."""
        return os.path.basename(self.path)


@dataclass(frozen=True, slots=True)
class State:
    """Whether a sidecar is for its image as it is now.

    Attributes
    ----------
    kind : {'fresh', 'stale', 'unknown'}
    why : str
        What has changed, or why it cannot be told; a part of a sentence.
    """

    kind: Literal["fresh", "stale", "unknown"]
    why: str = ""


def is_sidecar(path: str | os.PathLike[str]) -> bool:
    """Whether a file is named like a sidecar."""
    name = os.fspath(path)
    return name.lower().endswith(SIDECARS) and not os.path.isdir(name) and not is_url(name)


def stem(path: str) -> str:
    """Path of the image beside which a sidecar of this name stands."""
    ending = next((e for e in SIDECARS if path.lower().endswith(e)), "")
    return path[: len(path) - len(ending)]


def form_of(path: str) -> Format:
    """Form of a sidecar, by its name."""
    lower = path.lower()
    return "jsonld" if lower.endswith(".jsonld") else "json" if lower.endswith(".json") else "xml"


# -- writing ----------------------------------------------------------------------------------------------------------


def sidecar_text(document: Document, form: Format, fingerprint: Fingerprint | None = None) -> str:
    """Return the text of a sidecar.

    Parameters
    ----------
    document : Document
    form : {'xml', 'json', 'jsonld'}
    fingerprint : Fingerprint, optional
        State of the image that the document is about: `nbo_extract.fingerprint.fingerprint`.

    Returns
    -------
    str
        The same for an equal Document with equal provenance and fingerprint, always.
    """
    from nbo_extract import jsonio, xmlio

    document = portable(replace(document, findings=[f for f in document.findings if f.code not in OF_READING]))
    digest, facts = digests(document)
    stated: dict[str, Any] = {"layout": LAYOUT, "product": f"nbo-extract {__version__}"}
    if fingerprint is not None:
        stated["image"] = fingerprint.to_dict()
    stated |= {"document": digest, "facts": facts}
    if form == "json":
        return jsonio.to_json(document, sidecar=stated)
    if form == "jsonld":
        return jsonio.to_jsonld(document, sidecar=stated)
    return xmlio.to_xml(_annotated(document, stated | {"rows": dict(_rows(document.root, document.root.name))}))


def _annotated(document: Document, stated: dict[str, Any]) -> Document:
    """Return a Document with the annotation that says all that NBO XML has no place for."""
    from nbo_extract.jsonio import provenance
    from nbo_extract.xmlio import escaped_text

    content: dict[str, Any] = {
        "sidecar": stated,
        "provenance": provenance(document),
        "findings": [f.to_dict() for f in document.findings],
        "unmapped": list(document.unmapped),
    }
    text = json.dumps({k: v for k, v in content.items() if v}, ensure_ascii=False, separators=(",", ":"))
    text = escaped_text(ILLEGAL.sub(lambda m: f"\\u{ord(m[0]):04x}", text))
    root = replace(document.root, children=list(document.root.children))
    holder = root.first("StructuredAnnotations")
    taken = {n.id for n in holder.children} if holder is not None else set()
    number = next(n for n in range(len(taken) + 1) if f"Annotation:NBO:{n}" not in taken)
    created = ' annotations="created"' if holder is None else ""
    note = Node("XMLAnnotation")
    note.put("ID", f"Annotation:NBO:{number}")
    note.put("Namespace", SIDECAR_NAMESPACE)
    note.add("Value").foreign = f'<sidecar xmlns="{SIDECAR_NAMESPACE}"{created}>{text}</sidecar>'
    if holder is None:
        root.children.append(Node("StructuredAnnotations", children=[note]))
    else:
        place = next(n for n, c in enumerate(root.children) if c is holder)
        root.children[place] = replace(holder, children=[*holder.children, note])
    return replace(document, root=root)


def _rows(node: Node, path: str) -> Iterator[tuple[str, int]]:
    """Yield how many planes of each Pixels are columns: XML writes all planes alike."""
    if node.planes is not None and len(node.planes):
        yield path, len(node.planes)
    counts: dict[str, int] = {}
    for child in node.children:
        place = counts.setdefault(child.name, 0)
        counts[child.name] += 1
        yield from _rows(child, f"{path}/{child.name}[{place}]")


# -- reading ----------------------------------------------------------------------------------------------------------


def read_sidecar(path: str | os.PathLike[str]) -> Sidecar:
    """Read a sidecar as if it were embedded in its image.

    Parameters
    ----------
    path : path-like
        Of any NBO document; one that was not written as a sidecar states no fingerprint, and NBO XML no provenance.

    Returns
    -------
    Sidecar
        What a person has edited in it since has the person as its source, with the finding NBO173.

    Raises
    ------
    DocumentError
        If it is damaged; one sentence.
    """
    place = os.fspath(path)
    document, stated = _read_xml(place) if form_of(place) == "xml" else _read_json(place)
    wrong = DocumentError(f"{place}: what it says of itself as a sidecar is damaged")
    if not isinstance(stated, dict):
        raise wrong
    if stated and stated.get("layout") != LAYOUT:
        raise DocumentError(f"{place}: a sidecar of layout {stated.get('layout')}; this version reads layout {LAYOUT}")
    image = from_dict(stated["image"], place) if "image" in stated else None
    digest, facts = stated.get("document", ""), stated.get("facts", {})
    if not isinstance(digest, str) or not isinstance(facts, dict):
        raise wrong
    name = os.path.basename(place)
    edited = mark_edited(document, digest, facts, name) if digest else None
    if edited is not None:
        facts_are = counted(edited, "fact is", "facts are")
        message = f"{name} was edited by hand since it was written: {facts_are} taken as what a person states"
        document.findings.append(Finding(EDITED, "info", message, place))
    if image is not None:
        locate(document, _image_of(place, image))
    return Sidecar(place, document, image, str(stated.get("product", "")))


def _read_json(path: str) -> tuple[Document, object]:
    from nbo_extract._jsonread import read_with_sidecar

    return read_with_sidecar(Path(path), linked=form_of(path) == "jsonld")


def _read_xml(path: str) -> tuple[Document, object]:
    from nbo_extract._jsonread import complete_from, read_annotation
    from nbo_extract.embedded import apply_provenance
    from nbo_extract.xmlio import from_element, parse, take_sidecar

    root, label = parse(Path(path))
    text = take_sidecar(root)
    if not text:
        return from_element(root, label), {}
    content = read_annotation(text, label)
    stated, provenance = content.get("sidecar"), content.get("provenance", {})
    rows = stated.get("rows") if isinstance(stated, dict) else None
    whole = isinstance(rows, dict) and all(isinstance(n, int) and n >= 0 for n in rows.values())
    if not whole or not isinstance(provenance, dict):
        return from_element(root, label), None
    document = from_element(root, label, rows=rows)
    apply_provenance(document.root, provenance)
    complete_from(content, document, label)
    return document, stated


# -- beside an image --------------------------------------------------------------------------------------------------


def image_of(sidecar: Sidecar) -> str:
    """Path of the image of a sidecar, whether it is there or not."""
    return stem(sidecar.path) if sidecar.fingerprint is None else _image_of(sidecar.path, sidecar.fingerprint)


def _image_of(path: str, fingerprint: Fingerprint) -> str:
    beside = stem(path)
    if beside != path and os.path.exists(beside):
        return beside
    return os.path.normpath(os.path.join(os.path.dirname(path), *fingerprint.image.split("/")))


def state_of(sidecar: Sidecar, image: str | os.PathLike[str] | None = None) -> State:
    """Say whether a sidecar is for its image as it is now.

    Parameters
    ----------
    sidecar : Sidecar
    image : path-like, optional
        By default the one beside it, or where the sidecar says that it is.
    """
    place = image_of(sidecar) if image is None else os.fspath(image)
    if not os.path.exists(place):
        return State("unknown", f"{os.path.basename(place)} is not there")
    then = sidecar.fingerprint
    if then is None:
        return State("unknown", "it does not say for which state")
    if then.scheme != SCHEME:
        return State("unknown", f"this version does not know how it says so ({then.scheme})")
    try:
        why = difference(then, place)
    except OSError as error:
        return State("unknown", f"{place} cannot be read ({error.strerror})")
    return State("stale", why) if why else State("fresh")


def find_sidecar(image: str | os.PathLike[str]) -> str | None:
    """Return the path of the sidecar beside an image, the first of XML, JSON and JSON-LD; None where there is none."""
    return next(_beside(os.fspath(image)), None)


def _beside(image: str) -> Iterator[str]:
    place = image.rstrip("/" + os.sep)
    return (place + ending for ending in SIDECARS if os.path.isfile(place + ending))


def fresh_sidecar(image: str | os.PathLike[str]) -> tuple[Sidecar | None, list[Finding]]:
    """Return the sidecar beside an image that is for its state now.

    Parameters
    ----------
    image : path-like

    Returns
    -------
    Sidecar or None
        The first of XML, JSON and JSON-LD.
    list of Finding
        Why others, that were looked at before, are not used.
    """
    place = os.fspath(image)
    name, findings = os.path.basename(place.rstrip("/" + os.sep)), []
    for path in _beside(place):
        try:
            sidecar = read_sidecar(path)
        except DocumentError as error:
            message = f"{error.message}; it is not used: run {_renewing(place)} again to write it anew"
            findings.append(Finding(DAMAGED, "warning", message, place))
            continue
        state = state_of(sidecar, place)
        if state.kind == "fresh":
            locate(sidecar.document, place)
            return sidecar, findings
        severity: Literal["warning", "info"] = "warning" if state.kind == "stale" else "info"
        code = STALE if state.kind == "stale" else UNCERTAIN
        way = f"it is not used; run {_renewing(place)} again to renew it"
        findings.append(Finding(code, severity, f"{_unlike(sidecar.name, name, state)}: {way}", place))
    return None, findings


def named_sidecar(path: str | os.PathLike[str]) -> Sidecar:
    """Read a sidecar that a user names, with a finding where it is not known to be for the image as it is now.

    Raises
    ------
    DocumentError
        If it is damaged; with the way out.
    """
    try:
        sidecar = read_sidecar(path)
    except DocumentError as error:
        way = _renewing(stem(os.fspath(path)))
        raise DocumentError(f"{error.message}; run {way} to write it anew") from error
    state = state_of(sidecar)
    place = image_of(sidecar)
    image = os.path.basename(place)
    if state.kind == "stale":
        message = f"{_unlike(sidecar.name, image, state)}; run {_renewing(place, sidecar.path)} again to renew it"
        sidecar.document.findings.append(Finding(STALE, "warning", message, sidecar.path))
    elif state.kind == "unknown":
        message = f"whether {sidecar.name} is for {image} as it is now cannot be told: {state.why}"
        sidecar.document.findings.append(Finding(UNCERTAIN, "info", message, sidecar.path))
    return sidecar


def _renewing(image: str, sidecar: str = "") -> str:
    """Return the command that writes the sidecar of an image anew, as it can be given where the user is."""
    words = ["nbo-extract", image.rstrip("/" + os.sep)]
    if sidecar and stem(sidecar) != words[1]:
        words += ["-o", sidecar]
    return shlex.join(words)


def _unlike(name: str, image: str, state: State) -> str:
    if state.kind == "stale":
        return f"{name} was written for another state of {image} ({state.why})"
    return f"whether {name} is for {image} as it is now cannot be told ({state.why})"


def rebased(fingerprint: Fingerprint, image: str, target: str, *, bare: bool = False) -> Fingerprint:
    """Return a fingerprint that says where the image is from the folder of another sidecar.

    Parameters
    ----------
    fingerprint : Fingerprint
    image, target : str
        Paths of the image and of the sidecar.
    bare : bool
        Whether the name alone is told, because folders may name people.
    """
    name = os.path.basename(os.path.abspath(image))
    try:
        way = os.path.relpath(os.path.abspath(image), os.path.dirname(os.path.abspath(target))).replace(os.sep, "/")
    except ValueError:
        way = name
    return replace(fingerprint, image=name if bare else way)
