"""What a Methods section cites: the software that was used, and the standards that the facts follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbo_extract import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbo_extract.methods.facts import FileFacts, Software

#: As in CITATION.cff.
OWN = (
    "The nbo-extract developers. nbo-extract: extract, complete, check and embed 4DN-BINA-OME microscopy metadata. "
    f"Version {__version__}."
)
NBO = (
    "Hammer M, Huisman M, Rigano A, et al. Towards community-driven metadata standards for light microscopy: tiered "
    "specifications extending the OME model. Nature Methods 18, 1427–1440 (2021). "
    "https://doi.org/10.1038/s41592-021-01327-9"
)
#: Form of a file, or of a description, to what is cited for it.
FORMS = {
    "ome": (
        "Goldberg IG, Allan C, Burel JM, et al. The Open Microscopy Environment (OME) Data Model and XML file: open "
        "tools for informatics and quantitative analysis in biological imaging. Genome Biology 6, R47 (2005). "
        "https://doi.org/10.1186/gb-2005-6-5-r47"
    ),
    "ome-zarr": (
        "Moore J, Allan C, Besson S, et al. OME-NGFF: a next-generation file format for expanding bioimaging "
        "data-access strategies. Nature Methods 18, 1496–1498 (2021). https://doi.org/10.1038/s41592-021-01326-w"
    ),
    "micro-meta": (
        "Rigano A, Ehmsen S, Öztürk SU, et al. Micro-Meta App: an interactive tool for collecting microscopy metadata "
        "based on community specifications. Nature Methods 18, 1489–1495 (2021). "
        "https://doi.org/10.1038/s41592-021-01315-z"
    ),
}


def references(files: Iterable[FileFacts]) -> tuple[str, ...]:
    """Return what is cited for the facts of files: acquisition software, this one, NBO, and the forms of the files."""
    listed = list(files)
    software = dict.fromkeys(s for f in listed for i in f.images for s in i.setting.microscope.software)
    forms = {form for f in listed for form in f.forms}
    return (*map(_software, software), OWN, NBO, *(text for form, text in FORMS.items() if form in forms))


def _software(software: Software) -> str:
    version = f"Version {software.version}." if software.version and software.version not in software.name else ""
    maker = f"{software.maker}." if software.maker and software.maker not in software.name else ""
    return " ".join(filter(None, (maker, f"{software.name}.", version)))
