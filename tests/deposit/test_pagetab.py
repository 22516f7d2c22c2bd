"""PageTab: both forms state the same, follow the published grammar, and the form's rules find what it would refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deposit_cases import full, minimal
from nbo_extract.deposit.model import (
    LICENSES,
    SHORTEST_TITLE,
    Association,
    Biosample,
    Component,
    Contact,
    Study,
    Submission,
)
from nbo_extract.deposit.pagetab import (
    Attribute,
    Problem,
    Section,
    check,
    facts,
    read_json,
    read_tsv,
    to_json,
    to_tsv,
    tree,
)

TODAY = "2026-11-27"


def there(_: str) -> bool:
    return True


def messages(problems: list[Problem]) -> list[str]:
    return [p.message for p in problems]


@pytest.mark.parametrize("submission", [full(), minimal()], ids=["full", "minimal"])
def test_both_forms_state_the_same_and_pass(submission: Submission) -> None:
    from_tsv, tsv_problems = read_tsv(to_tsv(submission))
    from_json, json_problems = read_json(to_json(submission))
    assert (tsv_problems, json_problems) == ([], [])
    assert facts(from_tsv) == facts(from_json) == facts(tree(submission))
    assert check(from_tsv, TODAY, there) == check(from_json, TODAY, there) == []


def test_a_submission_as_tsv() -> None:
    assert to_tsv(minimal()) == (
        "Submission\nTitle\tA title that is long enough\nReleaseDate\t2027-01-01\nAttachTo\tBioImages\n\n"
        "Study\nTitle\tA title that is long enough\nDescription\tText\nKeywords\tword\nLicense\tCC0\n"
        "[URL]\thttps://creativecommons.org/publicdomain/zero/1.0/\n\n"
        "author\nName\tA\nE-mail\ta@example.org\n<affiliation>\to1\n\n"
        "organization\to1\nName\tB\n\n"
        "Biosample\tBiosample-1\nTitle\tS\nOrganism\tMus musculus\nBiological entity\tliver\n\n"
        "Specimen\tSpecimen-1\nTitle\tP\nSample preparation protocol\tfixed\n\n"
        "Image acquisition\tImage acquisition-1\nTitle\tI\nImaging instrument\tMicroscope\n"
        "Image acquisition parameters\tParameters\n\n"
        "Imaging method\tImaging method-1\tImage acquisition-1\nOntology Value\tbright-field\n"
        "Ontology Name\tBiological Imaging Methods Ontology (FBbi)\n"
        "Ontology Term ID\thttp://purl.obolibrary.org/obo/FBbi_00000243\n\n"
        "Study Component\tStudy Component-1\nName\tC\nDescription\tAll\nFile List\tfile_list.tsv\n\n"
        "Associations\t\tStudy Component-1\nBiosample\tS\nSpecimen\tP\nImage acquisition\tI\n"
    )


def test_json_marks_references_as_the_archive_does() -> None:
    content = json.loads(to_json(minimal()))
    assert content["type"] == "submission"
    author = content["section"]["subsections"][0]
    assert author["attributes"][-1] == {"name": "affiliation", "value": "o1", "reference": True}


def test_every_stated_text_is_in_the_tree() -> None:
    values = {value for _, _, value in facts(tree(full()))}
    assert {
        "Zoë Müller", "0000-0002-1825-0097", "data curator", "101, b", "VR", "10.1000/x,y", "123", "2026", "dose",
        "siRNA, 24 h", "heat", "GFP", "Homo sapiens", "human", "NCBI:txid9606", "Drosophila melanogaster", "DMEM",
        "confocal microscopy", "http://purl.obolibrary.org/obo/FBbi_00000251", "my method", "1 0 0", "Counted by hand",
        "First line. Second line, 5\" dish [Corning] | \"quoted\"", "https://example.org/a?b=1", "Paid by the ERC.",
    } <= values  # fmt: skip


@pytest.mark.parametrize(
    ("stated", "held"),
    [
        ("a\nb", "a b"),
        ("a \r\n\t b", "a b"),
        ("  a\u2028", "a"),
        ('"a" b', '"a" b'),
        ('"open', '"open'),
        ('5" dish', '5" dish'),
        ('"a|b" c', '"a|b" c'),
        ("# no comment", "# no comment"),
        ('back\\"slash', "back\\”slash"),
        ('\\"all" of it', '\\"all" of it'),
        ("<b>[c](d)", "<b>[c](d)"),
    ],
)
def test_awkward_texts(stated: str, held: str) -> None:
    case = minimal()
    case = replace(case, study=replace(case.study, description=stated))
    for read in (read_tsv(to_tsv(case)), read_json(to_json(case))):
        assert read[1] == []
        assert read[0].sections[0].value("Description") == held


# Words of which the awkward ones are likely.
WORDS = st.lists(st.sampled_from(['"', "\\", "|", "#", "a", "b", " ", "\n", "\t", "<x>", "[y]", "(z)", "µ", "\xa0"]))
TEXTS = WORDS.map("".join) | st.text(max_size=20)


@given(st.lists(TEXTS, min_size=6, max_size=6))
def test_any_texts_come_back_from_both_forms(texts: list[str]) -> None:
    title, description, word, name, sample, path = texts
    study = Study(title, description, (word, title), contacts=(Contact(name, sample, (path, word)),))
    association = Association(sample, title, word)
    submission = Submission(
        study,
        biosamples=(Biosample(sample, title, name, word),),
        components=(Component(name, description, path, (association,)),),
    )
    from_tsv, problems = read_tsv(to_tsv(submission))
    assert problems == []
    assert facts(from_tsv) == facts(read_json(to_json(submission))[0]) == facts(tree(submission))


def test_same_input_same_bytes() -> None:
    assert (to_tsv(full()), to_json(full())) == (to_tsv(full()), to_json(full()))


# The example of the specification, shortened: qualifiers, a table, an inner section, links and files in tables.
EXAMPLE = """Submission\tS-1
Title\tBlood

# a comment
Study\tSECT-001
Tissue type\tvenous blood
[Ontology]\tUBERON
(Tissue)\tBlood

File\tplates/keys.xlsx
Type\tXLSX File

Files\tDescription\tType
plates/a.csv\tData\tCSV

Link\tIHECRE00000919.1
Type\tEpiRR

Data[SECT-001]\tTitle\tDescription
DT-1\tGroup 1\tThe data of "group" 1
DT-2\tGroup 2\t


RNA-Seq\tSUB-1\tSECT-001
Title\t"two
lines"

Links\tType
EGAD1\tEGA
"""


def test_the_published_grammar() -> None:
    root, problems = read_tsv(EXAMPLE)
    assert problems == []
    study = root.sections[0]
    assert study.attributes == [
        Attribute("Tissue type", "venous blood", False, (("Tissue", "Blood"),), (("Ontology", "UBERON"),))
    ]
    assert [f.place for f in study.files] == ["plates/keys.xlsx", "plates/a.csv"]
    assert [k.place for k in study.links] == ["IHECRE00000919.1"]
    assert [(s.type, s.accno, s.value("title")) for s in study.sections] == [
        ("Data", "DT-1", "Group 1"),
        ("Data", "DT-2", "Group 2"),
        ("RNA-Seq", "SUB-1", "two\nlines"),
    ]
    assert study.sections[0].value("Description") == 'The data of "group" 1'
    assert [k.place for k in study.sections[2].links] == ["EGAD1"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["Line 1 should begin with the word Submission."]),
        ("Title\tx\n", ["Line 1 should begin with the word Submission."]),
        ("Submission\nTitle\tx\n", ["The submission has no root section, such as Study."]),
        ("Submission\n\nLink\tx\n", [
            "Line 3 should begin the root section, but begins with Link.",
            "The submission has no root section, such as Study.",
        ]),
        ("Submission\n\nStudy\n[x]\ty\n", ["Line 4 has the qualifier [x] before any attribute."]),
        ("Submission\n\nStudy\nTitle\tx\ty\n", ["Line 4 has more cells than two; the archive ignores the others."]),
        ("Submission\n\nStudy\n\tx\n", ["Line 4 has a value and no name of an attribute."]),
        ("Submission\n\nStudy\n\n\tx\n", ["Line 5 should begin with the type of a section."]),
        ("Submission\n\nStudy\n\nA\tb\tc\n",
         ["Line 5 names the parent c, which is no accession of a section before it."]),
        ("Submission\n\nStudy\n\nA\tb\n\nB\tb\n", ["Line 7 gives a section the accession b, which another one has."]),
        ("Submission\n\nStudy\n\nLink\n", ["Line 5 names no link."]),
        ("Submission\n\nStudy\n\nFiles\tA\nx\ty\tz\n", ["Line 6 has more cells than the head of its table."]),
        ('Submission\nTitle\t"a\n\nStudy\n', ["The quotation that begins in line 2 has no end."]),
        ('Submission\nTitle\t"a\nb" c\n', ["The quotation that begins in line 2 is followed by more text."]),
    ],
)  # fmt: skip
def test_what_does_not_follow_the_grammar_is_told(text: str, told: list[str]) -> None:
    assert messages(read_tsv(text)[1]) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{\n", ["Line 2 is not JSON: Expecting property name enclosed in double quotes: line 2 column 1 (char 2)."]),
        ("[]", ["The JSON holds no submission with a section."]),
        ('{"section": {}}', ["The section without accession has no type."]),
        ('{"section": {"type": "S", "attributes": [{"value": "x"}, 3]}}', [
            "An attribute of S has no name.", "The entry 3 in attributes of S is no object.",
        ]),
        ('{"section": {"type": "S", "accno": "a", "subsections": [[{"type": "T", "accno": "a"}]]}}',
         ["Two sections have the accession a."]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_json_is_told(text: str, told: list[str]) -> None:
    assert messages(read_json(text)[1]) == told


@given(st.text(alphabet='Submision\n\t"[]()<>#| x', max_size=60) | st.text())
def test_no_text_stops_the_readers(text: str) -> None:
    assert all(p.message.endswith(".") for p in read_tsv(text)[1] + read_json(text)[1])


def test_the_spec_and_the_records_write_references_in_two_ways() -> None:
    raw = '{"section": {"type": "S", "attributes": [{"name": "a", "value": "o", "isReference": "true"}]}}'
    assert read_json(raw)[0].sections[0].attributes == [Attribute("a", "o", reference=True)]


def changed(**parts: Any) -> Section:
    return tree(replace(minimal(), **parts))


def study(**parts: Any) -> Section:
    return changed(study=replace(minimal().study, **parts))


def component(**parts: Any) -> Section:
    return changed(components=(replace(minimal().components[0], **parts),))


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (study(title="24 characters are too few"[:24]),
         "The title of the study has 24 characters; the archive asks for at least 25."),
        (study(release_date=""), "The submission has no release date."),
        (study(release_date="2026-11-26"),
         "The release date 2026-11-26 lies in the past (today is 2026-11-27)."),
        (study(release_date="2027-02-30"), "The release date 2027-02-30 is no date such as 2027-03-14."),
        (study(license="MIT"), "The licence MIT is not one that the archive offers: CC0 or CC BY 4.0."),
        (study(license=""), "Study has no License, which the archive demands."),
        (study(description=" \n"), "Study has no Description, which the archive demands."),
        (study(keywords=()), "Study has no Keywords, which the archive demands."),
        (study(contacts=(Contact("A", "a@example.org"), Contact("B", "", ("C",)))),
         "No contact has both an e-mail address and an organisation."),
        (study(contacts=(Contact("A", "a at b", ("C",)),)), "The e-mail address a at b of A is not an address."),
        (study(contacts=(Contact("A", "a@b.c", ("C",), orcid="0000-0002-1825-0098"),)),
         "The ORCID 0000-0002-1825-0098 of A is wrong: its characters do not fit together."),
        (study(contacts=(Contact("A", "a@b.c", ("C",), orcid="0000"),)),
         "The ORCID 0000 of A is wrong: its characters do not fit together."),
        (changed(study=replace(minimal().study, contacts=())), "The submission has no section author."),
        (changed(biosamples=(replace(minimal().biosamples[0], organism=""),)),
         "Biosample S has no Organism, which the archive demands."),
        (changed(acquisitions=(replace(minimal().acquisitions[0], methods=()),)),
         "Image acquisition I has no Imaging method, which the archive demands."),
        (changed(biosamples=minimal().biosamples * 2),
         "2 sections Biosample have the title S; associations could not tell them apart."),
        (component(associations=()), "Study Component C has no associations with biosample, specimen and acquisition."),
        (component(associations=(Association("S", "", "I"),)),
         "Study Component C has an association that names no Specimen."),
        (component(associations=(Association("s", "P", "I"),)),
         "Study Component C is associated with the Biosample s, which no section has as title."),
        (component(associations=(Association("S", "P", "I", "X"),)),
         "Study Component C is associated with the Image correlation X, which no section has as title."),
        (component(file_list=""), "Study Component C has no File List, which the archive demands."),
        (component(name=""), "Study Component 1 has no Name, which the archive demands."),
        (changed(components=(*minimal().components, replace(minimal().components[0], name="D"))),
         "Study Component C and Study Component D share the file list file_list.tsv."),
    ],
)  # fmt: skip
def test_what_the_form_refuses(case: Section, told: str) -> None:
    assert messages(check(case, TODAY, there)) == [told]


def test_the_table_and_the_model_agree() -> None:
    title = "x" * SHORTEST_TITLE
    for license_ in LICENSES:
        assert check(study(title=title, license=license_), TODAY, there) == []
    assert [p.rule for p in check(study(title=title[1:]), TODAY, there)] == ["short-title"]


def test_a_message_is_one_line() -> None:
    text = to_json(minimal()).replace('"CC0"', '"CC\\n0"')
    assert messages(check(read_json(text)[0], TODAY, there)) == [
        "The licence CC 0 is not one that the archive offers: CC0 or CC BY 4.0."
    ]


def test_sections_that_are_missing() -> None:
    for kind in ("biosamples", "specimens", "acquisitions"):
        told = messages(check(changed(**{kind: ()}), TODAY, there))
        name = {"biosamples": "Biosample", "specimens": "Specimen", "acquisitions": "Image acquisition"}[kind]
        title = {"biosamples": "S", "specimens": "P", "acquisitions": "I"}[kind]
        assert told == [
            f"The submission has no section {name}.",
            f"Study Component C is associated with the {name} {title}, which no section has as title.",
        ]
    assert messages(check(changed(components=()), TODAY, there)) == ["The submission has no section Study Component."]


def test_a_file_list_that_is_not_there() -> None:
    asked: list[str] = []

    def absent(path: str) -> bool:
        asked.append(path)
        return False

    told = check(tree(minimal()), TODAY, absent)
    assert messages(told) == ["The file list file_list.tsv of Study Component C is not there."]
    assert asked == ["file_list.tsv"]


def test_an_organisation_that_is_not_there() -> None:
    text = to_tsv(minimal()).replace("organization\to1", "organization\to2")
    assert messages(check(read_tsv(text)[0], TODAY, there)) == [
        "A names the organisation o1, which no section has as accession."
    ]


def test_a_collection_that_is_not_the_archive() -> None:
    text = to_tsv(minimal()).replace("AttachTo\tBioImages", "AttachTo\tArrayExpress")
    assert messages(check(read_tsv(text)[0], TODAY, there)) == [
        "The submission has no attribute AttachTo with the value BioImages."
    ]


def annotated(kind: str, titles: list[str]) -> list[str]:
    root = tree(minimal())
    attributes = [
        Attribute(n, v)
        for n, v in (
            ("title", "Masks"), ("annotation overview", "x"), ("annotation type", kind),
            ("annotation method", "by hand"), ("file list", "masks.tsv"),
        )
    ]  # fmt: skip
    root.sections[0].sections.append(Section("annotations", "", attributes))
    return messages(check(root, TODAY, there, lambda _: titles))


def test_annotations() -> None:
    assert annotated("segmentation_mask", ["Files", "Source Image"]) == []
    assert annotated("tracks", ["Files", "SOURCE_IMAGE"]) == []
    assert annotated("tracks", ["Files", "image"]) == [
        "The file list masks.tsv of annotations Masks has no column source_image, which names the images."
    ]
    assert annotated("masks", ["Files", "source_image"])[0].startswith(
        "annotations Masks has the type masks, which is none of the archive's: class_labels, bounding_boxes,"
    )


def test_names_are_compared_whatever_their_letter_case() -> None:
    text = to_tsv(minimal())
    for name in (
        "Image acquisition",
        "Imaging instrument",
        "Sample preparation protocol",
        "Study Component",
        "License",
    ):
        text = text.replace(name, name.upper())
    assert check(read_tsv(text)[0], TODAY, there) == []


def test_an_archive_record_in_its_own_words_passes() -> None:
    text = to_tsv(minimal())
    text = text.replace("Image acquisition-1\nOntology Value", "Image acquisition-1\nOntology value")
    text = text.replace("Keywords\t", "Keyword\t").replace("organization\t", "organisation\t")
    text = text.replace("Study\nTitle\tA title that is long enough\n", "Study\n")
    assert check(read_tsv(text)[0], TODAY, there) == []
