"""A submission to the BioImage Archive as plain data: what all its forms (PageTab, RO-Crate, file lists) state.

The sections and their fields are those of the archive's form ``BioImages.v5``, which follows REMBI. Sections refer to
each other by their titles, which are therefore unique among sections of a kind. A text is empty, and a tuple has no
items, where nothing is stated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

#: What a file of a submission is.
FileKind = Literal["image", "metadata", "other"]
#: Licences that the archive's form offers, with the pages that define them.
LICENSES: Final = {
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC BY 4.0": "https://creativecommons.org/licenses/by/4.0/",
}
#: Collection of BioStudies that a submission is attached to.
COLLECTION: Final = "BioImages"
#: Fewest characters of the title of a study.
SHORTEST_TITLE: Final = 25


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who is responsible for the data.

    Attributes
    ----------
    name, email, role : str
    organisations : tuple of str
    orcid : str
        As ``0000-0002-1825-0097``, without the address.
    """

    name: str
    email: str = ""
    organisations: tuple[str, ...] = ()
    role: str = ""
    orcid: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication on the data; `year` is a text."""

    title: str = ""
    authors: str = ""
    doi: str = ""
    year: str = ""
    pubmed_id: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A page about the data."""

    url: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Funding:
    """Who paid, and the number of the grant."""

    agency: str
    grant_id: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """What is stated once for all data.

    Attributes
    ----------
    title, description, acknowledgements, funding_statement : str
    keywords : tuple of str
    license : str
        A key of `LICENSES`.
    release_date : str
        As ``2027-03-14``.
    contacts, publications, links, funding : tuple
    """

    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    license: str = "CC0"
    release_date: str = ""
    acknowledgements: str = ""
    funding_statement: str = ""
    contacts: tuple[Contact, ...] = ()
    publications: tuple[Publication, ...] = ()
    links: tuple[Link, ...] = ()
    funding: tuple[Funding, ...] = ()


@dataclass(frozen=True, slots=True)
class Biosample:
    """What was imaged.

    Attributes
    ----------
    title : str
    organism, common_name : str
        Scientific name, such as ``Homo sapiens``, and the common one.
    taxon : str
        Number in the NCBI taxonomy, such as ``9606``.
    biological_entity, description : str
    experimental_variables, extrinsic_variables, intrinsic_variables : tuple of str
    """

    title: str
    organism: str = ""
    common_name: str = ""
    taxon: str = ""
    biological_entity: str = ""
    description: str = ""
    experimental_variables: tuple[str, ...] = ()
    extrinsic_variables: tuple[str, ...] = ()
    intrinsic_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """How what was imaged had been prepared."""

    title: str
    preparation: str = ""
    growth: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of imaging.

    Attributes
    ----------
    name : str
        Word of NBO's list, or of the user.
    term : str
        Accession in the ontology FBbi, such as ``FBbi_00000251``; empty where there is none.
    label : str
        Its label there, such as ``confocal microscopy``.
    """

    name: str
    term: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A channel, as the archive describes it.

    Attributes
    ----------
    label : str
        Name of the channel.
    contrast : str
        What gives the contrast, such as ``Fluorescence``.
    content : str
        What is shown: dye and target.
    """

    label: str
    contrast: str = ""
    content: str = ""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How images that were taken alike were taken.

    Attributes
    ----------
    title : str
    instrument : str
        The microscope and its parts, sentences.
    parameters : str
        What is the same in all images of this acquisition, sentences.
    methods : tuple of Method
    signals : tuple of Signal
    """

    title: str
    instrument: str
    parameters: str = ""
    methods: tuple[Method, ...] = ()
    signals: tuple[Signal, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """How images were analysed."""

    title: str
    overview: str = ""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How images of different kinds were brought together."""

    title: str
    alignment: str = ""
    fiducials: str = ""
    transformation: str = ""


@dataclass(frozen=True, slots=True)
class Association:
    """Which biosample, in which preparation, was taken how: titles of sections; the last two may be empty."""

    biosample: str
    specimen: str
    acquisition: str
    correlation: str = ""
    analysis: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a study that has a file list of its own.

    Attributes
    ----------
    name, description : str
    file_list : str
        Path of its file list within the submission.
    associations : tuple of Association
    """

    name: str
    description: str
    file_list: str
    associations: tuple[Association, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file of a submission.

    Attributes
    ----------
    path : str
        Within the submission, with ``/``, as it stands in file lists.
    size : int
        In bytes.
    sha256 : str
        In hexadecimal digits.
    kind : {'image', 'metadata', 'other'}
    component : str
        Name of the study component that it belongs to.
    label : str
        Name for people, such as that of the image.
    facts : dict of str to str
        Title of a column to the text there; of all columns, those that are the same everywhere, too.
    """

    path: str
    size: int
    sha256: str = ""
    kind: FileKind = "image"
    component: str = ""
    label: str = ""
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """All that is submitted.

    Attributes
    ----------
    study : Study
    biosamples, specimens, acquisitions, analyses, correlations : tuple
    components : tuple of Component
    files : tuple of File
        In the order of their paths.
    columns : tuple of str
        Titles of the columns of facts, in their order.
    """

    study: Study
    biosamples: tuple[Biosample, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    acquisitions: tuple[Acquisition, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    components: tuple[Component, ...] = ()
    files: tuple[File, ...] = ()
    columns: tuple[str, ...] = ()

    def files_of(self, component: str) -> tuple[File, ...]:
        """Return the files of a study component."""
        return tuple(f for f in self.files if f.component == component)
