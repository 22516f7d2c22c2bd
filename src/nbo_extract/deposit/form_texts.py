"""The texts of a submission as the archive's web form asks for them, to be pasted there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract.deposit.pagetab import ONTOLOGY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbo_extract.deposit.model import Acquisition, Biosample, Component, Study, Submission

_EMPTY = "(to be filled in)"


def form_texts(submission: Submission) -> str:
    """Return all sections with their fields in Markdown, in the order of the archive's form.

    Parameters
    ----------
    submission : Submission
        What the form demands and it does not state is marked.

    Returns
    -------
    str
    """
    lines = [
        "# Texts for the form of the BioImage Archive",
        "",
        "Each heading is a section of the form, each line a field. `submission.pagetab.tsv` says the same for a "
        "submission without the form.",
        "",
        "## Study",
        "",
        *_fields(_study(submission.study)),
    ]
    for contact in submission.study.contacts:
        pairs = [
            ("Name", contact.name),
            ("E-mail", contact.email),
            ("Organisation", "; ".join(contact.organisations)),
            ("Role", contact.role),
            ("ORCID", contact.orcid),
        ]
        lines += ["## Contact", "", *_fields(pairs, ("Name", "E-mail", "Organisation"))]
    for biosample in submission.biosamples:
        lines += ["## Biosample", "", *_fields(_biosample(biosample), ("Title", "Organism", "Biological entity"))]
    for specimen in submission.specimens:
        pairs = [
            ("Title", specimen.title),
            ("Sample preparation protocol", specimen.preparation),
            ("Growth protocol", specimen.growth),
        ]
        lines += ["## Specimen", "", *_fields(pairs, ("Title", "Sample preparation protocol"))]
    for acquisition in submission.acquisitions:
        needed = ("Title", "Imaging instrument", "Image acquisition parameters", "Imaging method")
        lines += ["## Image acquisition", "", *_fields(_acquisition(acquisition), needed)]
    for correlation in submission.correlations:
        pairs = [
            ("Title", correlation.title),
            ("Spatial and temporal alignment", correlation.alignment),
            ("Fiducials used", correlation.fiducials),
            ("Transformation matrix", correlation.transformation),
        ]
        lines += ["## Image correlation", "", *_fields(pairs)]
    for analysis in submission.analyses:
        pairs = [("Title", analysis.title), ("Image analysis overview", analysis.overview)]
        lines += ["## Image analysis", "", *_fields(pairs)]
    for component in submission.components:
        lines += ["## Study component", "", *_component(component)]
    return "\n".join(lines).rstrip() + "\n"


def _fields(pairs: list[tuple[str, str]], needed: tuple[str, ...] = ()) -> Iterator[str]:
    for name, text in pairs:
        if text or name in needed:
            yield f"- **{name}**: {' '.join(text.split()) or _EMPTY}"
    yield ""


def _study(study: Study) -> list[tuple[str, str]]:
    return [
        ("Title", study.title or _EMPTY),
        ("Release date", study.release_date or _EMPTY),
        ("Description", study.description or _EMPTY),
        ("Keywords", "; ".join(study.keywords) or _EMPTY),
        ("License", study.license),
        ("Acknowledgements", study.acknowledgements),
        ("Funding statement", study.funding_statement),
        *(("Funding", " ".join(filter(None, (f.agency, f.grant_id)))) for f in study.funding),
        *(
            ("Publication", ", ".join(filter(None, (p.authors, p.title, p.year, p.doi, p.pubmed_id))))
            for p in study.publications
        ),
        *(("Link", " ".join(filter(None, (link.url, link.description)))) for link in study.links),
    ]


def _biosample(sample: Biosample) -> list[tuple[str, str]]:
    taxon = f" (NCBI taxonomy {sample.taxon})" if sample.taxon else ""
    common = f", {sample.common_name}" if sample.common_name else ""
    return [
        ("Title", sample.title),
        ("Organism", f"{sample.organism}{common}{taxon}" if sample.organism else ""),
        ("Biological entity", sample.biological_entity),
        ("Description", sample.description),
        ("Experimental variable", "; ".join(sample.experimental_variables)),
        ("Extrinsic variable", "; ".join(sample.extrinsic_variables)),
        ("Intrinsic variable", "; ".join(sample.intrinsic_variables)),
    ]


def _acquisition(acquisition: Acquisition) -> list[tuple[str, str]]:
    methods = [f"{m.label} ({m.term}, {ONTOLOGY})" if m.term else m.name.replace("_", " ") for m in acquisition.methods]
    return [
        ("Title", acquisition.title),
        ("Imaging instrument", acquisition.instrument),
        ("Image acquisition parameters", acquisition.parameters),
        ("Imaging method", "; ".join(methods)),
    ]


def _component(component: Component) -> Iterator[str]:
    pairs = [
        ("Name", component.name),
        ("Description", component.description),
        ("File list", component.file_list),
    ]
    yield from list(_fields(pairs, ("Name", "Description")))[:-1]
    for a in component.associations:
        titles = (a.biosample, a.specimen, a.acquisition, a.correlation, a.analysis)
        kinds = ("Biosample", "Specimen", "Image acquisition", "Image correlation", "Image analysis")
        told = "; ".join(f"{kind}: {title}" for kind, title in zip(kinds, titles, strict=True) if title)
        yield f"- **Association**: {told}"
    yield ""
