"""Profiles by name, from files of one's own, and on the command line."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbo_extract.checking import check
from nbo_extract.errors import UsageError
from nbo_extract.model import Document
from nbo_extract.origins import reaches, where
from nbo_extract.profiles import Named, Profile, load_profile, named, profile_names
from nbo_extract.requirements import EXTENSIONS, Requirement
from random_documents import Maker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result

    Run = Callable[..., Result]

ALL = frozenset(EXTENSIONS)


@pytest.fixture
def image(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Copy of an image in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "widefield.czi").write_bytes((sample_data / "widefield.czi").read_bytes())
    return "widefield.czi"


def own(folder: Path, text: str) -> str:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "tier", "extensions", "level"),
    [
        # Table 3 of the specification, and data from before any guideline.
        ("wide-field-screen", 1, {"core", "basic"}, "must"),
        ("high-resolution-chromatin", 2, {"core", "basic", "calibration"}, "must"),
        ("single-particle-tracking", 3, ALL, "should"),
        ("manufacturer", 3, {"core", "basic", "calibration"}, "should"),
        ("baseline", 1, {"core"}, "must"),
    ],
)
def test_profiles_of_the_specification(name: str, tier: int, extensions: set[str], level: str) -> None:
    profile = named(name)
    assert (profile.tier, set(profile.extensions), str(profile.level)) == (tier, extensions, level)
    assert not profile.only
    assert profile.title
    assert profile.reason


def test_every_profile_has_a_title_and_reasons() -> None:
    assert len(profile_names()) == 7
    for name in profile_names():
        profile = named(name)
        assert profile.title != name
        assert profile.reason
        assert all(n.reason for n in (*profile.require, *profile.waive))
        assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301


def test_a_profile_of_single_fields_asks_for_them_alone() -> None:
    document = Document()
    document.root.add("Instrument", ID="Instrument:0").add("Objective", ID="Objective:0", LensNA="1.4")
    report = check(document, profile="rembi")
    missing = [f.attribute for f in report.findings if f.element == "Objective"]
    assert missing == ["Manufacturer", "Model", "Magnification", "ImmersionType"]
    assert {f.code for f in report.findings} == {"NBO205"}
    assert report.findings[0].severity == "warning"
    assert report.tiers == {}
    objective = "Objective 'Objective:0': Model is missing (required by the profile: imaging instrument: the objective)"
    assert objective in [f.message for f in report.findings]


def test_what_the_document_itself_must_hold() -> None:
    document = Document()
    document.root.add("Instrument", ID="Instrument:0")
    report = check(document, profile="bioimage-archive")
    assert [f.message for f in report.findings if f.element == "OME"] == [
        "The document: Experimenter is missing (required by the profile: contact)",
        "The document: Experiment is missing (required by the profile: biosample and specimen)",
    ]
    assert report.elements["OME"] == (3, 2, 0)


def test_fields_more_and_less(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        'from = "baseline"\nrequire = ["Objective/LotNumber"]\n[waive]\n"Objective/Correction" = "it is in the name"\n',
    )
    document = Document()
    document.root.add("Instrument", ID="Instrument:0", Name="A").add("Objective", ID="Objective:0")
    plain, report = check(document), check(document, profile=path)
    assert report.asked.demanded == plain.asked.demanded + 1 - 1
    found = {f.attribute: f for f in report.findings if f.element == "Objective"}
    assert found["LotNumber"].message == "Objective 'Objective:0': LotNumber is missing (required by the profile)"
    assert found["Correction"].message == (
        "Objective 'Objective:0': Correction is missing (tier 1, MUST); "
        "not counted: the profile waives it: it is in the name"
    )
    assert (found["Correction"].severity, found["LotNumber"].severity) == ("info", "warning")
    # The tiers are NBO's: the lot number belongs to tier 3, whoever asks for it.
    assert report.tiers[1].missing == plain.tiers[1].missing - 1
    assert report.asked.excused == plain.asked.excused + 1


def test_a_field_of_a_group_is_that_of_each_member(tmp_path: Path) -> None:
    profile = load_profile(own(tmp_path, 'require = ["LightSourceGroup/PurchaseDate"]'))
    assert {"Laser", "Arc", "LightEmittingDiode"} <= {n.element for n in profile.require}
    assert {n.name for n in profile.require} == {"PurchaseDate"}


def test_what_a_file_says_takes_the_place_of_where_it_starts_from(tmp_path: Path) -> None:
    profile = load_profile(own(tmp_path, 'from = "manufacturer"\ntier = 2\ntitle = "Ours"\n'))
    assert (profile.tier, profile.level, profile.title, profile.name) == (2, "should", "Ours", "own")
    assert profile.extensions == named("manufacturer").extensions
    more = load_profile(own(tmp_path, 'from = "rembi"\nwaive = ["Plane/ExposureTime"]\n'))
    assert len(more.require) == len(named("rembi").require) - 1
    assert Named("Plane", "ExposureTime") in more.waive


BAD = [
    ('from = "manufacturr"', "{0}: from: there is no profile manufacturr; is manufacturer meant?"),
    ("tier = 4", "{0}: tier is one of 1, 2, 3, not 4"),
    ("tier = true", "{0}: tier is one of 1, 2, 3, not True"),
    ('level = "may"', "{0}: level is one of must, should, not 'may'"),
    ("tier =", "{0}: this is no valid TOML: Invalid value (at end of document)"),
    ("teir = 1", "{0}: there is no key teir of a profile; is tier meant?"),
    ("title = 1", "{0}: title is a text, not 1"),
    ("only = 1", "{0}: only is true or false, not 1"),
    ("only = true", "{0}: only = true asks for the fields of require alone, and it names none"),
    (
        'only = true\ntier = 1\nrequire = ["Objective/Model"]',
        "{0}: only = true asks for the fields of require alone; leave tier out",
    ),
    ('extensions = "core"', "{0}: extensions is a list of some of core, basic, advanced, calibration, not 'core'"),
    ('extensions = ["bsic"]', "{0}: extensions: 'bsic' is no extension of NBO; is basic meant?"),
    (
        'require = ["Objective"]',
        "{0}: require: 'Objective' is no field; write the element, /, and the attribute or child",
    ),
    ('require = ["Objectiv/Model"]', "{0}: require: the NBO model has no element Objectiv; is Objective meant?"),
    ('waive = ["Objective/LensNa2"]', "{0}: waive: Objective has no field LensNa2; is LensNA meant?"),
    (
        "require = 3",
        "{0}: require is a list of fields such as 'Objective/LotNumber', or a table of fields and reasons",
    ),
    (
        'require = ["Objective/Model"]\nwaive = ["Objective/Model"]',
        "{0}: Objective/Model is both required and waived; leave one of them out",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_file_that_cannot_be_used(text: str, message: str, tmp_path: Path, run: Run, image: str) -> None:
    path = own(tmp_path, text)
    result = run("check", image, "--profile", path)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"nbo-extract: {message.format(path)}\n"


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.toml: this profile cannot be read \(No such file or directory\)"):
        load_profile(str(tmp_path / "x.toml"))
    (tmp_path / "x.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(UsageError, match=r"x\.toml: this profile is no text in UTF-8; save it as such"):
        load_profile(str(tmp_path / "x.toml"))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["check", "--profile", "rembbi"], "there is no profile rembbi; is rembi meant?"),
        (
            ["check", "--profile", "rembi", "--tier", "1"],
            "--profile says what is asked for, and --tier says it, too; leave one of them out",
        ),
        (
            ["check", "--profile", "rembi", "--extensions", "core"],
            "--profile says what is asked for, and --extensions says it, too; leave one of them out",
        ),
        (
            ["gaps", "-o", "x.csv", "--profile", "rembi", "--level", "must"],
            "--profile says what is asked for, and --level says it, too; leave one of them out",
        ),
    ],
)
def test_contradictions(args: list[str], message: str, run: Run, image: str) -> None:
    result = run(*args, image)
    assert (result.code, result.out, result.err) == (2, "", f"nbo-extract: {message}\n")


def test_a_check_against_a_profile_as_people_read_it(run: Run, image: str) -> None:
    result = run("check", image, "--profile", "rembi")
    assert result.code == 1
    assert result.out.splitlines() == [
        "widefield.czi  (Zeiss CZI)",
        "",
        "  Missing for profile rembi (REMBI: image acquisition): 3 of 30 fields",
        "    NBO205  InvertedMicroscopeStand 'Axio Observer.Z1 / 7': Manufacturer is missing "
        "(required by the profile: imaging instrument: the stand)",
        "    NBO205  Objective 'Plan-Apochromat 63x/1.4 Oil DIC M27': Manufacturer is missing "
        "(required by the profile: imaging instrument: the objective)",
        "    NBO205  CCD 'Axiocam 506': Manufacturer is missing "
        "(required by the profile: imaging instrument: the detector)",
    ]


def test_json_says_what_was_asked_for(run: Run, image: str) -> None:
    [found] = json.loads(run("check", image, "--profile", "wide-field-screen", "--json").out)
    assert (found["profile"], found["tier"], found["extensions"]) == ("wide-field-screen", 1, ["basic", "core"])
    [single] = json.loads(run("check", image, "--profile", "rembi", "--json").out)
    assert "tier" not in single
    finding = next(f for f in single["findings"] if f["element"] == "CCD")
    assert finding["where"] == ("usually from a hardware description; Zeiss CZI files may state it, this one does not")
    assert (finding["tier"], finding["level"]) == (1, "must")


def test_findings_name_channels_and_images(run: Run, image: str) -> None:
    [found] = json.loads(run("check", image, "--extensions", "core,basic", "--json").out)
    within = {(f["element"], f["attribute"]): f.get("within") for f in found["findings"]}
    assert within["CameraSettings", "AnalogGain"] == "channels DAPI, EGFP"
    assert within["Pixels", "DimensionOrder"] == "image widefield two-channel"
    assert within["Objective", "Manufacturer"] is None


def test_the_default_command_and_gaps_take_a_profile(run: Run, image: str) -> None:
    written = run(image, "--profile", "rembi", "--dry-run")
    assert written.code == 1
    assert "  Missing for profile rembi (REMBI: image acquisition): 3 of 30 fields\n" in written.out
    sheet = run("gaps", image, "--profile", "bioimage-archive", "-o", "-")
    assert [row.split(",")[4] for row in sheet.out.splitlines()[1:]] == [
        "Name", "Manufacturer", "Organism", "OrganismPart", "SamplePreparationMethod", "Email", "Institution",
    ]  # fmt: skip


def test_the_list_of_profiles(run: Run) -> None:
    result = run("check", "--profiles")
    assert (result.code, result.err) == (0, "")
    titles = [line.split("  ")[0] for line in result.out.splitlines() if line and not line.startswith(" ")]
    assert titles[:-1] == list(profile_names())
    assert "  tier 2; core, basic, calibration; must\n" in result.out


def test_explain(run: Run) -> None:
    result = run("check", "--explain", "NBO213")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "NBO213\n  What        A reference points to nothing, or to an element of another kind.\n"
    )
    assert "\n  What to do  Describe the part that is meant, or correct the ID.\n" in result.out
    wrong = run("check", "--explain", "NBO2134")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err.startswith("nbo-extract: there is no finding NBO2134; is NBO214 or NBO213 meant?")


NOT_NBO = {
    "ome.xml": '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"/>',
    "later.xml": '<OME xmlns="http://www.NamespaceTest.org/Schemas/NBO/2030-01"/>',
    "later.json": '{"format": "nbo-extract document", "layout": 1, "version": "03-00", "root": {"name": "OME"}}',
    "text.xml": "no XML",
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "ome.xml",
            "ome.xml is OME-XML (http://www.openmicroscopy.org/Schemas/OME/2016-06), which is not NBO; "
            "give the image itself, and its metadata are read from it",
        ),
        (
            "later.xml",
            "later.xml is a document of another version of NBO (http://www.NamespaceTest.org/Schemas/NBO/2030-01); "
            "this version of nbo-extract reads 02-01 (http://www.NamespaceTest.org/Schemas/NBO/2020-11)",
        ),
        ("later.json", "later.json cannot be read: NBO version 03-00 is not known; known: 02-01"),
        ("text.xml", "text.xml is not well-formed XML: Start tag expected, '<' not found, line 1, column 1"),
    ],
)
def test_what_is_no_document_of_nbo(name: str, message: str, run: Run, image: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(NOT_NBO[name], encoding="utf-8")
    result = run("check", name)
    assert (result.code, result.out, result.err) == (2, "", f"nbo-extract: {message}\n")
    # Among others it is one that failed.
    assert run("check", name, image).code == 3


@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3]), st.sets(st.sampled_from(list(EXTENSIONS)), min_size=1))
def test_axes_and_a_profile_of_them_ask_for_the_same(seed: int, tier: int, extensions: set[str]) -> None:
    document = Maker(seed).document()
    for level in ("must", "should"):
        profile = Profile(tier, frozenset(extensions), level, "own", "Own")
        by_profile = check(document, profile=profile)
        by_axes = check(document, tier=tier, extensions=extensions, level=level)
        assert by_profile.findings == by_axes.findings
        assert by_profile.asked == by_axes.asked == by_axes.tiers[tier]
        assert sum(missing for _, missing, _ in by_axes.elements.values()) == by_axes.asked.missing


def test_where_facts_come_from() -> None:
    def phrase(element: str, name: str, extension: str = "core", tables: tuple[str, ...] = ("zeiss-czi",)) -> str:
        requirement = Requirement(element, name, "attribute", "must", 1, extension, (name,))
        return where(requirement, "Zeiss CZI" if tables else "", tables)

    assert phrase("Objective", "Manufacturer", tables=()) == "usually from a hardware description"
    assert phrase("Objective", "InfinityCorrected") == (
        "usually from a hardware description; no Zeiss CZI file is known to state it"
    )
    assert phrase("Pixels", "PhysicalSizeX") == (
        "usually from the image file; Zeiss CZI files may state it, this one does not"
    )
    assert phrase("Sample", "Organism").startswith("usually from the record of the sample; ")
    assert phrase("Experimenter", "Email").startswith("usually from the person who made the experiment; ")
    assert phrase("ColoredBeads", "Diameter", "calibration").startswith("usually from a record of calibration; ")


def test_planes_and_children_that_a_table_reaches() -> None:
    exposure = Requirement("Plane", "ExposureTime", "attribute", "should", 1, "core", ("ExposureTime",))
    lens = Requirement("Instrument", "Objective", "child", "must", 1, "core", ("Objective",))
    table_of_microscope = Requirement(
        "Instrument", "MicroscopeTable", "child", "should", 2, "basic", ("MicroscopeTable",)
    )
    assert reaches("zeiss-czi", exposure)
    assert reaches("zeiss-czi", lens)
    assert not reaches("zeiss-czi", table_of_microscope)


def test_what_no_sheet_can_ask_for_is_said(run: Run, image: str, sample_data: Path) -> None:
    assert run("gaps", sample_data / "cells_v05.ome.zarr", "--profile", "bioimage-archive", "-o", "x.csv").code == 0
    told = run("gaps", sample_data / "cells_v05.ome.zarr", "--profile", "bioimage-archive", "-o", "-", "-v").err
    hint = "a sheet asks about what is there; state it in a configuration or description"
    for name in ("Experimenter", "Experiment", "Instrument"):
        assert f": the document has no {name}: {hint}\n" in told
