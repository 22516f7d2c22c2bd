"""What a user says of a study: read, refused in sentences, and asked for in a new file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract.deposit.assemble import Grouping, grouped_by_user
from nbo_extract.deposit.model import Contact
from nbo_extract.deposit.part import Known, Part
from nbo_extract.deposit.study import Portion, StudyError, load_study, sections
from nbo_extract.deposit.study_init import new_study, patterns, quote
from nbo_extract.deposit.study_rules import orcid_is_right

if TYPE_CHECKING:
    from pathlib import Path

TODAY = "2026-11-27"
GOOD = """
[study]
title = "Nuclei and microtubules of HeLa cells"
description = "Two-channel images."
keywords = ["HeLa", "nucleus"]
release_date = 2027-03-14

[[contact]]
name = "Ada Example"
email = "ada@example.org"
organisation = "Example Institute"
orcid = "0000-0002-1825-0097"

[[biosample]]
title = "HeLa"
organism = "Homo sapiens"
ncbi_taxon = 9606
biological_entity = "HeLa cells"

[[specimen]]
title = "fixed"
preparation_protocol = "4 % PFA, DAPI"
"""


def told(text: str, folder: Path):  # type: ignore[no-untyped-def]
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(str(path), TODAY)


def problems(text: str, folder: Path) -> list[str]:
    with pytest.raises(StudyError) as caught:
        told(text, folder)
    return list(caught.value.problems)


def test_a_study_is_read(tmp_path: Path) -> None:
    found = told(GOOD, tmp_path)
    assert found.missing == ()
    assert found.study.title == "Nuclei and microtubules of HeLa cells"
    assert found.study.release_date == "2027-03-14"
    assert found.study.license == "CC0"
    assert found.study.keywords == ("HeLa", "nucleus")
    assert found.study.contacts == (
        Contact("Ada Example", "ada@example.org", ("Example Institute",), "", "0000-0002-1825-0097"),
    )
    assert found.biosamples[0].taxon == "9606"
    assert found.specimens[0].preparation == "4 % PFA, DAPI"


def test_what_is_empty_is_told_with_its_question(tmp_path: Path) -> None:
    text = GOOD.replace('"Homo sapiens"', '" "').replace(
        "[[specimen]]", "[[link]]\nurl = 'https://x.org'\n[[specimen]]"
    )
    text = text.replace('description = "Two-channel images."\n', "")
    assert told(text, tmp_path).missing == (
        "study.toml: study.description is empty, and the archive asks for it. What was done, and what is to be seen? A "
        "few sentences, like an abstract.",
        "study.toml: biosample.organism is empty, and the archive asks for it. Scientific name, such as "
        '"Homo sapiens".',
    )


def test_one_who_can_be_asked_is_asked_for(tmp_path: Path) -> None:
    assert told(GOOD.replace('organisation = "Example Institute"', ""), tmp_path).missing == (
        "study.toml: contact: nobody has both an email and an organisation, and the archive asks for one who has",
    )


def test_a_section_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("[[specimen]]")]
    assert told(text, tmp_path).missing == ("study.toml: [[specimen]] is not there, and the archive asks for it",)


WRONG = {
    "short title": (
        ('"Nuclei and microtubules of HeLa cells"', '"Nuclei"'),
        "study.toml: study.title: 'Nuclei' has 6 characters, and the archive asks for 25; say more",
    ),
    "past": (
        ("2027-03-14", "2020-03-14"),
        "study.toml: study.release_date: 2020-03-14 is past; give a day from 2026-11-27 on",
    ),
    "no day": (
        ("2027-03-14", '"14 March"'),
        "study.toml: study.release_date: '14 March' is no day; write it as 2027-03-14",
    ),
    "no licence": (
        ("release_date", 'license = "GPL"\nrelease_date'),
        "study.toml: study.license: the archive does not offer 'GPL'; choose CC0 or CC BY 4.0",
    ),
    "close licence": (
        ("release_date", 'license = "CC-BY 4.0"\nrelease_date'),
        "study.toml: study.license: the archive does not offer 'CC-BY 4.0'; is CC BY 4.0 meant?",
    ),
    "no address": (
        ("ada@example.org", "ada"),
        "study.toml: contact.email: 'ada' is no e-mail address; write one@institute.org",
    ),
    "wrong digit": (
        ("0000-0002-1825-0097", "0000-0002-1825-0098"),
        "study.toml: contact.orcid: 0000-0002-1825-0098 is no ORCID, because its last digit does not fit the others; "
        "check it at orcid.org",
    ),
    "no ORCID": (
        ("0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097"),
        "study.toml: contact.orcid: 'https://orcid.org/0000-0002-1825-0097' is no ORCID; write it as "
        "0000-0002-1825-0097, without the address",
    ),
    "no taxon": (
        ("9606", '"human"'),
        "study.toml: biosample.ncbi_taxon: 'human' is no number in the NCBI taxonomy; human is 9606",
    ),
    "unknown key": (
        ("preparation_protocol", "preparation_protocoll"),
        "study.toml: specimen.preparation_protocoll: there is no such key; is preparation_protocol meant?",
    ),
    "unknown section": (
        ("[[specimen]]", "[[specimens]]"),
        "study.toml: there is no section specimens; is specimen meant?",
    ),
    "twice": (
        ("[study]", "[[study]]\ntitle = 'x'\n[[study]]"),
        "study.toml: study is no section; write one [study]",
    ),
    "no table": (("[[specimen]]", "link = 3\n[[specimen]]"), "study.toml: biosample.link: there is no such key;"),
    "list": (
        ('"Two-channel images."', '["a", "b"]'),
        "study.toml: study.description: this takes one text, in quotation marks",
    ),
    "numbers": (
        ('["HeLa", "nucleus"]', "[1, 2]"),
        'study.toml: study.keywords: this takes texts; write ["one", "another"]',
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_a_sentence(case: str, tmp_path: Path) -> None:
    (old, new), message = WRONG[case]
    found = problems(GOOD.replace(old, new, 1), tmp_path)
    assert any(p.startswith(message) for p in found), found


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("2027", "2020").replace("ada@", "ada").replace("9606", "'x'")
    assert len(problems(text, tmp_path)) == 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[study", "is no TOML: "),
        (b"\xff\xfe", "is not UTF-8 text; save it as UTF-8"),
        (b"title = Nuclei of cells", "texts stand in quotation marks, lists in brackets"),
    ],
)
def test_what_is_no_toml_is_a_sentence(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_bytes(data)
    with pytest.raises(StudyError) as caught:
        load_study(str(tmp_path / "study.toml"), TODAY)
    assert message in caught.value.message and "\n" not in caught.value.message


COMPONENT = """
[[study_component]]
name = "control"
description = "Untreated."
files = "control/**"
"""


def test_a_component_names_what_is_there(tmp_path: Path) -> None:
    assert told(GOOD + COMPONENT, tmp_path).portions == (Portion("control", "Untreated.", ("control/**",)),)
    found = problems(GOOD + COMPONENT + 'biosample = "HeLla"\nimage_analysis = "none"\n', tmp_path)
    assert found == [
        "study.toml: study_component 'control': no biosample is called 'HeLla'; is HeLa meant?",
        "study.toml: study_component 'control': no image_analysis is called 'none'; there is none",
    ]


def test_of_several_biosamples_one_is_named(tmp_path: Path) -> None:
    second = '\n[[biosample]]\ntitle = "HeLa treated"\norganism = "Homo sapiens"\nbiological_entity = "cells"\n'
    assert problems(GOOD + second + COMPONENT, tmp_path) == [
        "study.toml: study_component 'control': there are 2 sections biosample; say which is meant: biosample = 'HeLa'"
    ]
    third = '\n[[specimen]]\ntitle = "live"\npreparation_protocol = "none"\n[[specimen]]\ntitle = "cleared"\n'
    uneven = COMPONENT + 'biosample = ["HeLa", "HeLa treated"]\nspecimen = ["fixed", "live", "cleared"]\n'
    assert problems(GOOD + second + third + uneven, tmp_path) == [
        "study.toml: study_component 'control': 2 biosamples and 3 specimens make no pairs; name one, "
        "or as many of both"
    ]


def test_titles_differ(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[specimen]]") :]
    assert "study.toml: two sections specimen are called 'fixed'; give each its own title" in problems(
        GOOD + again, tmp_path
    )


@pytest.mark.parametrize(
    ("orcid", "right"),
    [
        ("0000-0002-1825-0097", True),
        ("0000-0001-5109-3700", True),
        ("0000-0002-1694-233X", True),
        ("0000-0002-1694-2331", False),
    ],
)
def test_the_check_digit_of_an_orcid(orcid: str, right: bool) -> None:
    assert orcid_is_right(orcid) is right


# -- a new one --------------------------------------------------------------------------------------------------------


def made() -> str:
    known = Known(
        (Contact("Ada Example", "ada@example.org", ("Example Institute",)),),
        (("Homo sapiens", "9606"),),
        ("HeLa cells",),
        ("fixed",),
    )
    parts = {"a/1.czi": Part(known=known), "b/2.czi": Part(known=known)}
    portions = [Portion("one way", "One image file: x."), Portion("another", "One image file: y.")]
    return new_study(parts, Grouping(portions, {"a/1.czi": 0, "b/2.czi": 1}))


def test_a_new_study_holds_what_is_known_and_asks_for_the_rest(tmp_path: Path) -> None:
    text = made()
    given = tomllib.loads(text)
    assert given["contact"] == [
        {
            "name": "Ada Example",
            "email": "ada@example.org",
            "organisation": ["Example Institute"],
            "role": "",
            "orcid": "",
        }
    ]
    assert given["biosample"][0]["organism"] == "Homo sapiens" and given["biosample"][0]["ncbi_taxon"] == "9606"
    assert [c["files"] for c in given["study_component"]] == [["a/**"], ["b/**"]]
    missing = told(text, tmp_path).missing
    assert {m.split(" is empty")[0] for m in missing} == {
        "study.toml: study.title",
        "study.toml: study.description",
        "study.toml: study.keywords",
        "study.toml: study.release_date",
        "study.toml: biosample.title",
        "study.toml: specimen.title",
    }
    for section in ("study", "contact", "biosample", "specimen"):
        for key in sections()[section].keys:
            assert key.ask.split()[0] in text
    assert max(map(len, text.splitlines())) <= 120


def test_a_new_study_of_nothing_known_can_be_filled_in(tmp_path: Path) -> None:
    text = new_study({"x.czi": Part()}, Grouping([Portion("Images", "One image file: Images.")], {"x.czi": 0}))
    assert tomllib.loads(text)["study_component"][0]["files"] == ["**"]
    assert told(text, tmp_path).study.license == "CC0"


NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1, max_size=8
).filter(lambda t: t.strip(" .") == t)
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=8, unique=True)


@given(PATHS, st.data())
def test_patterns_are_those_of_the_files_and_of_no_other(paths: list[str], data: st.DataObject) -> None:
    files = [p for p in paths if not any(q.startswith(f"{p}/") for q in paths)]
    mine = set(data.draw(st.lists(st.sampled_from(files), min_size=1, unique=True)))
    rest = [p for p in files if p not in mine]
    portions = [Portion("mine", files=tuple(patterns(mine, files)))]
    if rest:
        portions.append(Portion("rest", files=tuple(patterns(set(rest), files))))
    found = grouped_by_user(portions, files, "study.toml")
    assert found.problems == []
    assert {p for p, n in found.of.items() if n == 0} == mine


@given(st.text(st.characters(codec="utf-8")))
def test_a_quoted_text_is_itself_in_toml(text: str) -> None:
    assert tomllib.loads(f"x = {quote(text)}")["x"] == text


def test_images_of_no_component_and_of_two_are_told() -> None:
    portions = [Portion("one", files=("*.czi",)), Portion("two", files=("a*", "none.tif"))]
    assert grouped_by_user(portions, ["a.czi", "b.lif"], "study.toml").problems == [
        "a.czi: it is in the study components 'one' and 'two'; change their files in study.toml",
        "b.lif: it is in no study_component; add it to the files of one in study.toml, or leave it out with --exclude",
        "study.toml: study_component 'two': no image is called 'none.tif'; check its files",
    ]
