"""Submissions made by hand, for tests of what is deposited."""

from __future__ import annotations

from nbo_extract.deposit.model import (
    Acquisition,
    Analysis,
    Association,
    Biosample,
    Component,
    Contact,
    Correlation,
    File,
    Funding,
    Link,
    Method,
    Publication,
    Signal,
    Specimen,
    Study,
    Submission,
)


def full() -> Submission:
    """Return a submission in which every field is stated."""
    return Submission(
        study=Study(
            title='Mitotic spindles of HeLa cells at 37 °C, with <awkward> "words" & µm',
            description='First line.\nSecond\tline, 5" dish [Corning] | "quoted"',
            keywords=("mitosis", "spindle"),
            license="CC BY 4.0",
            release_date="2027-03-14",
            acknowledgements="Müller lab",
            funding_statement="Paid by the ERC.",
            contacts=(
                Contact(
                    "Zoë Müller", "zoe@example.org", ("Umeå University", "EMBL"), "data curator", "0000-0002-1825-0097"
                ),
                Contact("Bo Li", "", ("EMBL",)),
            ),
            publications=(Publication("On spindles", "Müller Z, Li B", "10.1000/x,y", "2026", "123"),),
            links=(Link("https://example.org/a?b=1", "Code"), Link("https://example.org/c")),
            funding=(Funding("ERC", "101, b"), Funding("VR")),
        ),
        biosamples=(
            Biosample(
                "HeLa",
                "Homo sapiens",
                "human",
                "9606",
                "HeLa Kyoto cells",
                "From cervix",
                ("dose",),
                ("siRNA, 24 h", "heat"),
                ("GFP",),
            ),
            Biosample("Fly", "Drosophila melanogaster", biological_entity="embryo"),
        ),
        specimens=(Specimen("Fixed, stained", "4% PFA", "DMEM"), Specimen("Live", "Glass bottom dish")),
        acquisitions=(
            Acquisition(
                "Confocal, 63x",
                "Zeiss LSM 880 with Plan-Apochromat 63x/1.4 Oil",
                "Pixel size 0.1 µm.",
                (
                    Method("Confocal_Fluorescence_point scanning", "FBbi_00000251", "confocal microscopy"),
                    Method("my method"),
                ),
                (Signal("DAPI", "Fluorescence", "DNA"), Signal("GFP", "Fluorescence", "tubulin")),
            ),
            Acquisition("Wide-field", "Nikon Ti2", "Exposure time 20 ms", (Method("Brightfield"),)),
        ),
        analyses=(Analysis("Counting", "Counted by hand"),),
        correlations=(Correlation("CLEM", "by beads", "beads", "1 0 0"),),
        components=(
            Component(
                "Spindles",
                "All spindles",
                "file_list_1.tsv",
                (
                    Association("HeLa", "Fixed, stained", "Confocal, 63x", "CLEM", "Counting"),
                    Association("Fly", "Fixed, stained", "Confocal, 63x"),
                ),
            ),
            Component("Embryos", "Live ones", "file_list_2.tsv", (Association("Fly", "Live", "Wide-field"),)),
        ),
        files=(
            File("data/a 1.czi", 100, "a" * 64, "image", "Spindles", 'a, "1"', {"Objective": "63x/1.4", "Note": "NA"}),
            File("data/b.nd2", 20, "b" * 64, "image", "Embryos", "b", {"Objective": "20x", "Plate": "P1\tx"}),
            File("metadata/a 1.nbo.xml", 7, "c" * 64, "metadata", "Spindles", "a 1"),
            File("report.html", 9, "d" * 64, "other"),
        ),
        columns=("Objective", "Plate", "Note"),
    )


def minimal() -> Submission:
    """Return the smallest submission that the form takes."""
    return Submission(
        study=Study(
            "A title that is long enough",
            "Text",
            ("word",),
            "CC0",
            "2027-01-01",
            contacts=(Contact("A", "a@example.org", ("B",)),),
        ),
        biosamples=(Biosample("S", "Mus musculus", biological_entity="liver"),),
        specimens=(Specimen("P", "fixed"),),
        acquisitions=(Acquisition("I", "Microscope", "Parameters", (Method("bright-field", "FBbi_00000243"),)),),
        components=(Component("C", "All", "file_list.tsv", (Association("S", "P", "I"),)),),
        files=(File("a.tif", 3, component="C"),),
    )
