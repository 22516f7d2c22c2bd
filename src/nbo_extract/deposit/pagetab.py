"""A submission as PageTab, the form in which BioStudies takes submissions by programs: TSV and JSON of the same facts.

A cell of a PageTab TSV holds one line. Line breaks, tabs and other control characters of a text therefore become one
space, in both forms, so that they state the same. Quotation marks stand as they are, save where the archive's reader
would lose them: it takes a mark that opens a cell as the begin of a quotation, and escapes pairs of marks by replacing
them in the whole file. Such a text gets typographic marks.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from nbo_extract.deposit.form import check
from nbo_extract.deposit.model import COLLECTION, LICENSES
from nbo_extract.deposit.pagetab_read import read_cells, read_json, read_tsv
from nbo_extract.deposit.pagetab_tree import Attribute, Item, Problem, Section, facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbo_extract.deposit.model import Acquisition, Biosample, Component, Contact, Link, Study, Submission

__all__ = [
    "Attribute",
    "Item",
    "Problem",
    "Section",
    "check",
    "facts",
    "read_json",
    "read_tsv",
    "to_json",
    "to_tsv",
    "tree",
]

#: Name of the ontology of imaging methods, as the archive's records write it, and what its accessions follow.
ONTOLOGY: Final = "Biological Imaging Methods Ontology (FBbi)"
TERMS: Final = "http://purl.obolibrary.org/obo/"
_BREAKS: Final = re.compile(r" *[\x00-\x1f\x7f-\x9f\u2028\u2029]+ *")
_OPEN, _CLOSE = "“", "”"


def to_tsv(submission: Submission) -> str:
    """Return the PageTab TSV of a submission.

    Parameters
    ----------
    submission : Submission

    Returns
    -------
    str
        Blocks of lines, separated by blank lines; ends in a line break.
    """
    root = tree(submission)
    blocks = [_block(["Submission", root.accno], root.attributes)]
    for section in root.sections:
        blocks += _blocks(section, "")
    return "\n\n".join(blocks) + "\n"


def to_json(submission: Submission) -> str:
    """Return the PageTab JSON of a submission; it states what the TSV states."""
    return json.dumps(_json(tree(submission)), ensure_ascii=False, indent=2) + "\n"


def tree(submission: Submission) -> Section:
    """Return what both forms of a submission state.

    Parameters
    ----------
    submission : Submission

    Returns
    -------
    Section
        Of type ``submission``. Only what is stated is there: no empty attribute.
    """
    study = submission.study
    attributes = _attributes(("Title", study.title), ("ReleaseDate", study.release_date), ("AttachTo", COLLECTION))
    root = Section("submission", attributes=attributes, sections=[_study(submission)])
    _hold_quotes(root)
    return root


def _study(submission: Submission) -> Section:
    study = submission.study
    section = Section("Study", attributes=_study_attributes(study))
    section.links = [_link(k) for k in study.links if k.url]
    organisations: dict[str, str] = {}
    for contact in study.contacts:
        for name in contact.organisations:
            if _clean(name):
                organisations.setdefault(_clean(name), f"o{len(organisations) + 1}")
    section.sections = [
        *(_author(c, organisations) for c in study.contacts),
        *(Section("organization", accno, _attributes(("Name", n))) for n, accno in organisations.items()),
        *(Section("Funding", "", _attributes(("Agency", f.agency), ("grant_id", f.grant_id))) for f in study.funding),
        *_publications(study),
        *(_biosample(b, n) for n, b in enumerate(submission.biosamples, 1)),
        *_plain(submission),
        *(_component(c, n) for n, c in enumerate(submission.components, 1)),
    ]
    return section


def _study_attributes(study: Study) -> list[Attribute]:
    attributes = _attributes(
        ("Title", study.title),
        ("Description", study.description),
        *(("Keywords", k) for k in study.keywords),
        ("License", study.license),
        ("Acknowledgements", study.acknowledgements),
        ("Funding statement", study.funding_statement),
    )
    url = LICENSES.get(study.license, "")
    return [replace(a, value_qualifiers=(("URL", url),)) if a.name == "License" and url else a for a in attributes]


def _link(link: Link) -> Item:
    return Item(_clean(link.url).replace('"', "%22"), _attributes(("Description", link.description)))


def _author(contact: Contact, organisations: dict[str, str]) -> Section:
    attributes = _attributes(
        ("Name", contact.name), ("E-mail", contact.email), ("Role", contact.role), ("ORCID", contact.orcid)
    )
    names = [n for n in map(_clean, contact.organisations) if n]
    attributes += [Attribute("affiliation", organisations[n], reference=True) for n in dict.fromkeys(names)]
    return Section("author", "", attributes)


def _publications(study: Study) -> Iterator[Section]:
    for paper in study.publications:
        attributes = _attributes(
            ("Pubmed ID", paper.pubmed_id),
            ("Title", paper.title),
            ("Authors", paper.authors),
            ("DOI", paper.doi),
            ("Year", paper.year),
        )
        yield Section("Publication", "", attributes)


def _biosample(sample: Biosample, number: int) -> Section:
    """Return a biosample; its organism is a section of its own where more than its name is known."""
    rich = bool(sample.organism and (sample.common_name or sample.taxon))
    section = Section("Biosample", f"Biosample-{number}")
    section.attributes = _attributes(
        ("Title", sample.title),
        ("Organism", "" if rich else sample.organism),
        ("Biological entity", sample.biological_entity),
        ("Description", sample.description),
        *(("Experimental variable", v) for v in sample.experimental_variables),
        *(("Extrinsic variable", v) for v in sample.extrinsic_variables),
        *(("Intrinsic variable", v) for v in sample.intrinsic_variables),
    )
    if rich:
        attributes = _attributes(
            ("Scientific name", sample.organism),
            ("Common name", sample.common_name),
            ("NCBI taxon ID", f"NCBI:txid{sample.taxon}" if sample.taxon else ""),
        )
        section.sections = [Section("Organism", f"Organism-{number}", attributes)]
    return section


def _plain(submission: Submission) -> Iterator[Section]:
    """Yield the sections whose fields are texts, in the order of the archive's form."""
    for number, specimen in enumerate(submission.specimens, 1):
        pairs = (("Sample preparation protocol", specimen.preparation), ("Growth protocol", specimen.growth))
        yield Section("Specimen", f"Specimen-{number}", _attributes(("Title", specimen.title), *pairs))
    methods = 0
    for number, acquisition in enumerate(submission.acquisitions, 1):
        yield _acquisition(acquisition, number, methods)
        methods += len(acquisition.methods)
    for number, correlation in enumerate(submission.correlations, 1):
        attributes = _attributes(
            ("Title", correlation.title),
            ("Spatial and temporal alignment", correlation.alignment),
            ("Fiducials used", correlation.fiducials),
            ("Transformation matrix", correlation.transformation),
        )
        yield Section("Image correlation", f"Image correlation-{number}", attributes)
    for number, analysis in enumerate(submission.analyses, 1):
        attributes = _attributes(("Title", analysis.title), ("Image analysis overview", analysis.overview))
        yield Section("Image analysis", f"Image analysis-{number}", attributes)


def _acquisition(acquisition: Acquisition, number: int, methods: int) -> Section:
    section = Section("Image acquisition", f"Image acquisition-{number}")
    section.attributes = _attributes(
        ("Title", acquisition.title),
        ("Imaging instrument", acquisition.instrument),
        ("Image acquisition parameters", acquisition.parameters),
    )
    for place, method in enumerate(acquisition.methods, methods + 1):
        attributes = _attributes(
            ("Ontology Value", (method.label if method.term else "") or method.name),
            ("Ontology Name", ONTOLOGY if method.term else ""),
            ("Ontology Term ID", TERMS + method.term if method.term else ""),
        )
        section.sections.append(Section("Imaging method", f"Imaging method-{place}", attributes))
    return section


def _component(component: Component, number: int) -> Section:
    section = Section("Study Component", f"Study Component-{number}")
    section.attributes = _attributes(
        ("Name", component.name), ("Description", component.description), ("File List", component.file_list)
    )
    for link in component.associations:
        attributes = _attributes(
            ("Biosample", link.biosample),
            ("Specimen", link.specimen),
            ("Image acquisition", link.acquisition),
            ("Image correlation", link.correlation),
            ("Image analysis", link.analysis),
        )
        section.sections.append(Section("Associations", "", attributes))
    return section


def _clean(text: str) -> str:
    """Return a text as one line."""
    return _BREAKS.sub(" ", text).strip()


def _attributes(*pairs: tuple[str, str]) -> list[Attribute]:
    cleaned = ((name, _clean(value)) for name, value in pairs)
    return [Attribute(name, value) for name, value in cleaned if value]


def _hold_quotes(root: Section) -> None:
    """Give typographic marks to the texts whose quotation marks the archive's reader would lose."""
    places: list[tuple[list[Attribute], int]] = []
    for section in root.walk():
        for attributes in (section.attributes, *(link.attributes for link in section.links)):
            places += [(attributes, n) for n, attribute in enumerate(attributes) if '"' in attribute.value]
    while True:
        cells = [_cell(attributes[n].value) for attributes, n in places]
        read = read_cells(cells)
        lost = [p for p, cell in zip(places, read, strict=True) if cell != p[0][p[1]].value]
        if not lost:
            return
        for attributes, n in lost:
            attributes[n] = replace(attributes[n], value=_typographic(attributes[n].value))
        places = [p for p in places if p not in lost]


def _typographic(text: str) -> str:
    """Return a text with curved quotation marks: opening ones at begins of words, closing ones elsewhere."""
    return re.sub(r'(^|[\s(\[])"', rf"\1{_OPEN}", text).replace('"', _CLOSE)


def _cell(text: str) -> str:
    """Return a text as a cell: a mark that opens it, and has no partner there, would open a quotation."""
    return "\\" + text if re.match(r'"(?![^|"]*")', text) else text


def _block(head: Iterable[str], attributes: list[Attribute]) -> str:
    lines = ["\t".join(head).rstrip("\t")]
    for attribute in attributes:
        name = f"<{attribute.name}>" if attribute.reference else attribute.name
        lines.append(f"{name}\t{_cell(attribute.value)}")
        lines += [f"({n})\t{_cell(v)}" for n, v in attribute.name_qualifiers]
        lines += [f"[{n}]\t{_cell(v)}" for n, v in attribute.value_qualifiers]
    return "\n".join(lines)


def _blocks(section: Section, parent: str) -> list[str]:
    """Return a section and what it holds; what hangs on it without a name of its own comes before its sections."""
    blocks = [_block((section.type, section.accno, parent), section.attributes)]
    blocks += [_block(("Link", _cell(i.place)), i.attributes) for i in section.links]
    blocks += [_block(("File", _cell(i.place)), i.attributes) for i in section.files]
    for below in section.sections:
        blocks += _blocks(below, section.accno)
    return blocks


def _json(section: Section) -> dict[str, Any]:
    """Return a section as PageTab JSON."""
    found: dict[str, Any] = {"accno": section.accno} if section.accno else {}
    if section.type == "submission":
        found["attributes"] = _json_attributes(section.attributes)
        found["section"] = _json(section.sections[0])
        return found | {"type": "submission"}
    found |= {"type": section.type, "attributes": _json_attributes(section.attributes)}
    if section.links:
        found["links"] = [{"url": i.place, "attributes": _json_attributes(i.attributes)} for i in section.links]
    if section.files:
        found["files"] = [{"path": i.place, "attributes": _json_attributes(i.attributes)} for i in section.files]
    if section.sections:
        found["subsections"] = [_json(s) for s in section.sections]
    return found


def _json_attributes(attributes: list[Attribute]) -> list[dict[str, Any]]:
    found = []
    for attribute in attributes:
        entry: dict[str, Any] = {"name": attribute.name, "value": attribute.value}
        if attribute.reference:
            entry["reference"] = True
        for key, qualifiers in (("nmqual", attribute.name_qualifiers), ("valqual", attribute.value_qualifiers)):
            if qualifiers:
                entry[key] = [{"name": n, "value": v} for n, v in qualifiers]
        found.append(entry)
    return found
