"""A submission as RO-Crate 1.1 with the classes of the BioImage Archive's profile.

A crate is a text of metadata and one file list, whose columns are described there: those of the profile are bound to
its properties, those of the NBO values are not, which the profile allows. In the profile every entity is of one of its
classes, so that files are rows of the list and no entities. Rows of images have a type; the NBO XML and JSON of images
are rows of the same study component without a type, which the archive takes for plain files. Files of no component,
such as a report, are not in the list, since each of its rows belongs to a component.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from nbo_extract.deposit.crate_list import CHECKSUM, heads, one_line, table
from nbo_extract.deposit.crate_profile import context, profile
from nbo_extract.deposit.model import LICENSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.deposit.crate_list import Head
    from nbo_extract.deposit.model import Biosample, Component, Contact, Publication, Specimen, Study, Submission

#: Names of the files of a crate.
METADATA: Final = "ro-crate-metadata.json"
FILE_LIST: Final = "ro-crate-file-list.tsv"
#: Type of the rows of images.
IMAGE: Final = "http://bia/Image"
TERMS: Final = "http://purl.obolibrary.org/obo/"

Entity = dict[str, Any]


def to_crate(submission: Submission, list_name: str = FILE_LIST, *, accession: str = "") -> tuple[str, str]:
    """Return the texts of the metadata and of the file list of a submission as a crate.

    Parameters
    ----------
    submission : Submission
    list_name : str
        Path of the file list within the crate.
    accession : str
        That the archive gave the study; a new study has none, and states an empty one.

    Returns
    -------
    tuple of str
        ``ro-crate-metadata.json``, and the file list as TSV.
    """
    crate = _Crate(submission)
    crate.build(list_name, accession)
    columns = heads(submission)
    crate.describe_list(list_name, columns)
    content = {"@context": context(), "@graph": crate.graph}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n", table(
        [h.title for h in columns], crate.rows(columns)
    )


@dataclass(slots=True)
class _Crate:
    """A crate in the making.

    Attributes
    ----------
    submission : Submission
    graph : list of dict
        The entities.
    ids : set of str
        Those that are taken.
    samples, preparations, growths, acquisitions, analyses, correlations, datasets, specimens : dict of str to str
        Titles of sections (of datasets, names; of specimens, names of datasets) to IDs.
    """

    submission: Submission
    graph: list[Entity] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    samples: dict[str, str] = field(default_factory=dict)
    preparations: dict[str, str] = field(default_factory=dict)
    growths: dict[str, str] = field(default_factory=dict)
    acquisitions: dict[str, str] = field(default_factory=dict)
    analyses: dict[str, str] = field(default_factory=dict)
    correlations: dict[str, str] = field(default_factory=dict)
    datasets: dict[str, str] = field(default_factory=dict)
    specimens: dict[str, str] = field(default_factory=dict)

    def build(self, list_name: str, accession: str) -> None:
        """Add all entities but those of the file list."""
        whole = self.submission
        about = {"conformsTo": {"@id": profile().conforms_to}, "about": {"@id": "./"}}
        self.graph.append({"@id": METADATA, "@type": "CreativeWork", **about})
        study: Entity = {"@id": "./", "@type": ["Dataset", "bia:Study"]}
        self.graph.append(study)
        self.ids |= {METADATA, "./", _quoted(list_name)}
        self._methods()
        for specimen in whole.specimens:
            self._specimen(specimen)
        for sample in whole.biosamples:
            self._sample(sample)
        for component in whole.components:
            self._dataset(component)
        parts = [_quoted(list_name), *self.datasets.values()]
        study |= _stated(
            name=whole.study.title,
            contributor=_refs(self._people(whole.study)),
            description=whole.study.description,
            license=LICENSES.get(whole.study.license, ""),
            datePublished=whole.study.release_date,
            keyword=list(whole.study.keywords),
            acknowledgement=_thanks(whole.study),
            hasPart=_refs(parts),
            accessionId=accession,
            seeAlso=_refs(
                self._add(_url(k.url), "bia:ExternalReference", description=k.description) for k in _links(whole.study)
            ),
            relatedPublication=_refs(self._publication(p) for p in whole.study.publications),
            demanded=("name", "description", "license", "datePublished", "accessionId"),
        )

    def _add(self, wanted: str, *types: str, demanded: tuple[str, ...] = (), **values: Any) -> str:
        """Add an entity, and return its ID: the one that is wanted, or that with a number where it is taken."""
        name, number = wanted, 1
        while name in self.ids:
            number += 1
            name = f"{wanted}-{number}" if wanted.startswith("#") else f"#{quote(wanted, safe='')}-{number}"
        self.ids.add(name)
        self.graph.append({"@id": name, "@type": list(types), **_stated(demanded=demanded, **values)})
        return name

    def _methods(self) -> None:
        both = ("title", "protocolDescription")
        for a in self.submission.acquisitions:
            self.acquisitions[a.title] = self._add(
                _id("ImageAcquisitionProtocol", a.title),
                "bia:ImageAcquisitionProtocol",
                title=a.title,
                protocolDescription=a.parameters,
                imagingInstrumentDescription=a.instrument,
                imagingMethodName=[(m.label if m.term else "") or m.name for m in a.methods],
                fbbiId=[TERMS + m.term for m in a.methods if m.term],
                demanded=(*both, "imagingInstrumentDescription"),
            )
        for n in self.submission.analyses:
            self.analyses[n.title] = self._add(
                _id("ImageAnalysisMethod", n.title),
                "bia:ImageAnalysisMethod",
                title=n.title,
                protocolDescription=n.overview,
                demanded=both,
            )
        for c in self.submission.correlations:
            self.correlations[c.title] = self._add(
                _id("ImageCorrelationMethod", c.title),
                "bia:ImageCorrelationMethod",
                title=c.title,
                protocolDescription=c.alignment,
                fiducialsUsed=c.fiducials,
                transformationMatrix=c.transformation,
                demanded=both,
            )

    def _specimen(self, specimen: Specimen) -> None:
        both = ("title", "protocolDescription")
        self.preparations[specimen.title] = self._add(
            _id("SpecimenImagingPreparationProtocol", specimen.title),
            "bia:SpecimenImagingPreparationProtocol",
            title=specimen.title,
            protocolDescription=specimen.preparation,
            signalChannelInformation=_refs(self._signals(specimen.title)),
            demanded=both,
        )
        if specimen.growth:
            self.growths[specimen.title] = self._add(
                _id("Protocol", f"Growth of {specimen.title}"),
                "bia:Protocol",
                title=f"Growth of {specimen.title}",
                protocolDescription=specimen.growth,
                demanded=both,
            )

    def _links_of(self, kind: str, title: str, other: str) -> list[str]:
        """Return the titles that all associations with a section name beside it."""
        rows = [a for c in self.submission.components for a in c.associations if getattr(a, kind) == title]
        return list(dict.fromkeys(getattr(a, other) for a in rows))

    def _signals(self, title: str) -> list[str]:
        """Add the channels of a preparation that was imaged in one way only: else it is open which it shows."""
        used = self._links_of("specimen", title, "acquisition")
        found = [a for a in self.submission.acquisitions if a.title in used]
        if len(used) != 1 or len(found) != 1:
            return []
        return [
            self._add(
                _id("SignalChannel", f"{title} {s.label}"),
                "bia:SignalChannel",
                signalContrastMechanismDescription=s.contrast,
                channelContentDescription=s.content,
                channelLabel=s.label,
            )
            for s in found[0].signals
        ]

    def _sample(self, sample: Biosample) -> None:
        used = self._links_of("biosample", sample.title, "specimen")
        growths = {self.growths.get(u, "") for u in used}
        growth = growths.pop() if len(growths) == 1 else ""
        self.samples[sample.title] = self._add(
            _id("BioSample", sample.title),
            "bia:BioSample",
            title=sample.title,
            biologicalEntityDescription=sample.biological_entity,
            description=sample.description,
            experimentalVariableDescription=list(sample.experimental_variables),
            extrinsicVariableDescription=list(sample.extrinsic_variables),
            intrinsicVariableDescription=list(sample.intrinsic_variables),
            organismClassification=_refs(self._taxon(sample)),
            growthProtocol={"@id": growth} if growth else None,
            demanded=("biologicalEntityDescription",),
        )

    def _taxon(self, sample: Biosample) -> list[str]:
        if not (sample.organism or sample.common_name or sample.taxon):
            return []
        stated = _stated(commonName=sample.common_name, scientificName=sample.organism)
        wanted = f"{TERMS}NCBITaxon_{_quoted(sample.taxon)}" if sample.taxon else _id("Taxon", sample.organism)
        for entity in self.graph:
            if entity["@type"] == ["bia:Taxon"] and entity == {"@id": wanted, "@type": ["bia:Taxon"], **stated}:
                return [wanted]
        return [self._add(wanted, "bia:Taxon", **stated)]

    def _dataset(self, component: Component) -> None:
        links = component.associations
        pairs = list(dict.fromkeys((a.biosample, a.specimen) for a in links))
        if len(pairs) == 1 and pairs[0][0] in self.samples and pairs[0][1] in self.preparations:
            self.specimens[component.name] = self._pair(*pairs[0])
        specimen = self.specimens.get(component.name)

        def named(known: dict[str, str], key: str) -> list[Entity]:
            return _refs(dict.fromkeys(known[getattr(a, key)] for a in links if getattr(a, key) in known))

        self.datasets[component.name] = self._add(
            _id("Dataset", component.name),
            "Dataset",
            "bia:Dataset",
            name=component.name,
            description=component.description,
            associatedBiologicalEntity=named(self.samples, "biosample"),
            associatedSpecimenImagingPreparationProtocol=named(self.preparations, "specimen"),
            associatedSpecimen={"@id": specimen} if specimen else None,
            associatedImageAcquisitionProtocol=named(self.acquisitions, "acquisition"),
            associatedImageAnalysisMethod=named(self.analyses, "analysis"),
            associatedImageCorrelationMethod=named(self.correlations, "correlation"),
            associatedProtocol=named(self.growths, "specimen"),
            demanded=("name",),
        )

    def _pair(self, sample: str, specimen: str) -> str:
        """Return the specimen that a biosample in a preparation is; it is added when it is first asked for."""
        links: Entity = {
            "biologicalEntity": _refs([self.samples[sample]]),
            "imagingPreparationProtocol": _refs([self.preparations[specimen]]),
        }
        for entity in self.graph:
            if entity["@type"] == ["bia:Specimen"] and all(entity[k] == v for k, v in links.items()):
                return str(entity["@id"])
        return self._add(_id("Specimen", f"{sample} {specimen}"), "bia:Specimen", **links)

    def _people(self, study: Study) -> list[str]:
        places: dict[str, str] = {}
        for name in dict.fromkeys(n for c in study.contacts for n in c.organisations if n):
            wanted = _id("Affiliation", name)
            places[name] = self._add(wanted, "Organization", "bia:Affiliation", displayName=name)
        return [self._person(contact, places) for contact in study.contacts]

    def _person(self, contact: Contact, places: dict[str, str]) -> str:
        wanted = f"https://orcid.org/{_quoted(contact.orcid)}" if contact.orcid else _id("Contributor", contact.name)
        return self._add(
            wanted,
            "Person",
            "bia:Contributor",
            displayName=contact.name,
            affiliation=_refs(places[n] for n in dict.fromkeys(contact.organisations) if n),
            role=[contact.role] if contact.role else [],
            contactEmail=contact.email,
            demanded=("displayName",),
        )

    def _publication(self, paper: Publication) -> str:
        wanted = f"https://doi.org/{_quoted(paper.doi)}" if paper.doi else _id("Publication", paper.title)
        year = int(paper.year) if re.fullmatch(r"[0-9]{1,4}", paper.year) else None
        return self._add(
            wanted,
            "bia:Publication",
            title=paper.title,
            authorNames=paper.authors,
            publicationYear=year,
            pubmedId=paper.pubmed_id,
            doi=paper.doi,
        )

    def describe_list(self, list_name: str, columns: list[Head]) -> None:
        """Add the entities of the file list and of its columns."""
        types = ["File", "bia:FileList", "csvw:Table"]
        table_of = {"tableSchema": {"@id": "_:ts0"}, "encodingFormat": "text/tab-separated-values"}
        self.graph.append({"@id": _quoted(list_name), "@type": types, **table_of})
        ids = [f"_:col{number}" for number in range(len(columns))]
        self.graph.append({"@id": "_:ts0", "@type": ["csvw:Schema"], "column": _refs(ids)})
        for name, head in zip(ids, columns, strict=True):
            values = _stated(columnName=head.title, propertyUrl=head.property)
            self.graph.append({"@id": name, "@type": ["csvw:Column"], **values})

    def rows(self, columns: list[Head]) -> list[list[str]]:
        """Return the rows of the file list; a reference is left out where a component has several."""
        taken = {
            c.name: {a.acquisition for a in c.associations} & set(self.acquisitions) for c in self.submission.components
        }
        rows = []
        for file in self.submission.files:
            if not file.component or file.component not in self.datasets:
                continue
            cells = {
                "file_path": file.path,
                "dataset": self.datasets[file.component],
                "size_in_bytes": str(file.size),
                "label": file.label,
                CHECKSUM: file.sha256,
            }
            if file.kind == "image":
                cells["type"] = IMAGE
                cells["associated_specimen"] = self.specimens.get(file.component, "")
                if len(taken[file.component]) == 1:
                    acquisition = next(iter(taken[file.component]))
                    cells["associated_image_acquisition_protocol"] = self.acquisitions[acquisition]
            rows.append([cells.get(h.title, "") if h.fact is None else file.facts.get(h.fact, "") for h in columns])
        return rows


def _links(study: Study) -> list[Any]:
    return [k for k in study.links if k.url]


def _thanks(study: Study) -> str:
    """Return acknowledgements and funding: the profile has one text for both."""
    grants = [f"{f.agency} {f.grant_id}".strip() for f in study.funding]
    return "\n".join(t for t in (study.acknowledgements, study.funding_statement, "; ".join(grants)) if t)


def _stated(*, demanded: tuple[str, ...] = (), **values: Any) -> Entity:
    """Return what is stated, and what the profile demands although it is empty."""
    return {k: v for k, v in values.items() if v or k in demanded}


def _refs(ids: Iterable[str]) -> list[Entity]:
    return [{"@id": i} for i in ids]


def _id(kind: str, text: str) -> str:
    """Return an ID within the crate; a comma would end it in cells that hold several."""
    return f"#{kind}-{quote(one_line(text), safe='')}"


def _quoted(path: str) -> str:
    return quote(path, safe="/")


def _url(address: str) -> str:
    return quote(one_line(address), safe=":/?#@!$&'()*+;=%~")
