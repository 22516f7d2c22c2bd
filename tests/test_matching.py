"""Same and different parts, as makers and their software write them: no wrong match, few missed ones."""

from __future__ import annotations

import pickle
import random
import tomllib
from importlib import resources

import pytest

import matching_table
from matching_pairs import ALL, part
from nbo_extract.matching import Candidate, Match, compare, match_parts
from nbo_extract.parts import catalogue, fold, owner, rules, same_owner, says_something
from nbo_extract.schema import load

MISSED = {
    # A trade name before a code without a number.
    ("Intensilight C-HGFIE", "C-HGFIE; Manufacturer=Nikon"),
    # Names without a number, of makers that neither side names.
    ("AxioCam MRm Rev.3", "AxioCam MRm"),
    ("Spectra X", "SpectraX"),
    ("Prime BSI Express", "PrimeBSIExpress"),
    ("X-Cite XYLIS", "X-Cite Xylis"),
    ("InTune; Tuneable=true @550", "In Tune; Tuneable=true @500"),
    ("Name=Ti Zoom; Magnification=1.5", "Name=Ti Zoom; Magnification=1.50"),
    ("Name=Ti XYDrive", "Name=Ti XY Drive"),
    # The second edition of a lens, which may stand beside the first.
    ("UPLSAPO60XS2; LensNA=1.3; ImmersionType=Other", "UPlanSApo 60x/1.30 Sil; ImmersionType=Silicone Oil"),
    ("UPLSAPO 10X2; LensNA=0.4", "UPlanSApo 10x/0.40"),
    # A collar that one side states, where the other one states neither NA nor immersion.
    ("Plan Apo λ 40x", "CFI Plan Apo Lambda 40XC; LensNA=0.95"),
    # The size of the pinholes, which one side alone states.
    ("Name=CSU-W1", "Name=Yokogawa CSU-W1 (50 µm)"),
    # A maker's short name that is part of the code.
    ("OKO-H201", "Okolab H201"),
}


@pytest.mark.parametrize(("element", "first", "second", "same"), ALL)
def test_pairs(element: str, first: str, second: str, same: bool) -> None:
    verdict = compare(part(element, first), part(element, second))
    assert (verdict.state == "same") is (same and (first, second) not in MISSED), verdict


def test_comparing_is_symmetric_in_its_outcome() -> None:
    for element, first, second, same in ALL:
        # The described lines, or the range, are asked for the embedded line, not the reverse.
        if element not in ("Laser", "LightEmittingDiode") or "@" not in first + second:
            verdict = compare(part(element, second), part(element, first))
            assert (verdict.state == "same") is (same and (first, second) not in MISSED), (first, second, verdict)


def test_the_table_is_large_enough_and_balanced() -> None:
    assert len(ALL) >= 150
    assert min(sum(p[3] for p in ALL), sum(not p[3] for p in ALL)) >= 150
    assert len({rules().kind(p[0]).name for p in ALL}) >= 20
    assert len({p[:3] for p in ALL}) == len(ALL)


def test_the_script_prints_precision_and_recall_of_each_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert matching_table.main([]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == list(matching_table.HEAD)
    assert [line.split()[0] for line in lines] == [*sorted({rules().kind(p[0]).name for p in ALL}), "all"]
    same = sum(p[3] for p in ALL)
    assert lines[-1].split()[1:7] == [
        str(n) for n in (len(ALL), same, len(ALL) - same, same - len(MISSED), 0, len(MISSED))
    ]


def test_the_script_fails_where_a_pair_is_matched_wrongly(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching_table, "ALL", [*ALL, ("CMOS", "Prime 95B", "Prime 95B", False)])
    assert matching_table.main(["--wrong"]) == 1
    assert "false: CMOS: Prime 95B | Prime 95B (same: model Prime 95B)" in capsys.readouterr().out


def test_every_kind_of_part_that_a_reference_may_lead_to_has_rules() -> None:
    file = resources.files("nbo_extract_mappings") / "schema" / "references.toml"
    schema, inside = load(), load().element("Instrument")
    targets = {
        element
        for found in tomllib.loads(file.read_text(encoding="utf-8"))["references"].values()
        for head in found
        for element in (*schema.members(head), head)
    }
    heads = {h for h in targets if len(schema.members(h)) > 1}
    parts = {name for name in targets - heads if inside.child(name) is not None}
    assert len(parts) > 60
    assert {name for name in parts if rules().kind(name).name == "other"} == set()


def test_a_near_miss_does_not_win_where_the_true_part_is_not_described() -> None:
    for element, first, second, same in ALL:
        if not same:
            [match] = match_parts([part(element, first, "E:0")], [part(element, second, "H:0")])
            assert match.hardware is None, (element, first, second)


def test_a_set_without_the_true_part_is_refused() -> None:
    described = [
        part("Objective", "Plan-Apochromat 63x/1.4 Oil Ph3 M27", "Objective:ph3"),
        part("Objective", "Plan-Apochromat 63x/1.4 Oil M27", "Objective:plain"),
        part("Objective", "Plan-Apochromat 63x/1.4 Oil DIC M27 Elyra", "Objective:elyra"),
        part("Objective", "EC Plan-Neofluar 63x/1.25 Oil DIC M27", "Objective:ec"),
        part("CMOS", "Axiocam 503 mono", "Detector:503"),
    ]
    [lens] = match_parts([part("Objective", "Plan-Apochromat 63x/1.40 Oil DIC M27", "Objective:0")], described)
    assert (lens.hardware, lens.candidates) == (None, ("Objective:plain",))
    [camera] = match_parts([part("CMOS", "Axiocam 506 mono", "Detector:0")], described)
    assert (camera.hardware, camera.candidates) == (None, ())


def test_no_wrong_match_among_sets_of_parts_at_random() -> None:
    """Sets from which the true part was taken: what is matched is never known as different."""
    different = {(e, a, b) for e, a, b, same in ALL if not same}
    chance = random.Random(7)
    for n, (element, text, other, _) in enumerate(ALL):
        rest = [(e, b) for e, _, b, _ in chance.sample(ALL, 60) if e == element] + [(element, other)]
        described = {f"H:{m}": t for m, (_, t) in enumerate(rest)}
        [match] = match_parts([part(element, text, f"E:{n}")], [part(element, t, i) for i, t in described.items()])
        if match.hardware is not None:
            assert (element, text, described[match.hardware]) not in different


def test_serial_numbers_tell_two_equal_cameras_apart() -> None:
    described = [
        part("CMOS", "C11440-22CU; CatalogNumber=C11440-22CU; LotNumber=S/N 100233", "Detector:a"),
        part("CMOS", "C11440-22CU; CatalogNumber=C11440-22CU; LotNumber=S/N 301583", "Detector:b"),
    ]
    [match] = match_parts([part("CMOS", "HDCamC11440-22CU SN:301583", "Detector:0")], described)
    assert (match.hardware, match.score) == ("Detector:b", 1.0)
    assert match.evidence[0] == "serial or lot number 301583"
    [open_] = match_parts([part("CMOS", "HDCamC11440-22CU", "Detector:0")], described)
    assert (open_.hardware, open_.candidates) == (None, ("Detector:a", "Detector:b"))


@pytest.mark.parametrize(
    ("element", "first", "second", "state"),
    [
        ("CMOS", "Kinetix; LotNumber=A22H1", "Prime 95B; LotNumber=A22H1", "weak"),
        ("CMOS", "Manufacturer=Photometrics; LotNumber=A22H1", "Manufacturer=PCO; LotNumber=A22H1", "different"),
        ("CMOS", "Kinetix; LotNumber=99999", "Model=none; LotNumber=99999", "different"),
        ("CMOS", "Kinetix; LotNumber=A221", "Model=none; LotNumber=A221", "different"),
        ("CMOS", "Prime 95B; LotNumber=A22H1", "Prime 95B; LotNumber=A22H2", "weak"),
        ("CMOS", "Kinetix; LotNumber=S/N A22H1", "Kinetix; LotNumber=serial no. A22H2", "different"),
        ("Objective", "LotNumber=SN 123456", "CatalogNumber=1; LotNumber=123456", "same"),
        ("Objective", "Fluar 5x/0.25; LotNumber=SN 123456", "Fluar 5x/0.25; LotNumber=SN 123457", "same"),
        ("AcquisitionSoftware", "Name=ZEN; Version=1", "Name=LAS X; Version=1", "different"),
    ],
)  # fmt: skip
def test_what_serial_numbers_prove(element: str, first: str, second: str, state: str) -> None:
    assert compare(part(element, first), part(element, second)).state == state


def test_a_tie_is_refused_with_its_candidates() -> None:
    described = [part("Laser", "@561", "LightSource:a"), part("Laser", "@561", "LightSource:b")]
    assert match_parts([part("Laser", "@561", "LightSource:0")], described) == [
        Match(
            "LightSource:0",
            None,
            0.8,
            ("2 described parts fit it equally well",),
            tuple(Candidate(f"LightSource:{i}", 0.8, ("Laser 561 nm",)) for i in "ab"),
        )
    ]


def test_stronger_evidence_breaks_a_tie() -> None:
    described = [
        part("EmissionFilter", "BP 525/50", "Filter:a"),
        part("EmissionFilter", "BP 525/50; Manufacturer=Zeiss", "Filter:b"),
    ]
    [match] = match_parts([part("EmissionFilter", "525/50m; Manufacturer=Carl Zeiss", "Filter:0")], described)
    assert match.hardware == "Filter:b"
    assert match.evidence == ("bands 525/50", "maker")


def test_weak_evidence_is_refused_with_its_candidates() -> None:
    [match] = match_parts([part("CCD", "Axiocam506m", "Detector:0")], [part("CCD", "Axiocam 506", "Detector:a")])
    assert match == Match("Detector:0", None, options=(Candidate("Detector:a", 0.3, ("the models differ by mono",)),))


def test_the_exact_version_wins_over_the_weak_one() -> None:
    described = [
        part("Objective", "Plan-Apochromat 63x/1.4 Oil DIC M27", "Objective:dic"),
        part("Objective", "Plan-Apochromat 63x/1.4 Oil M27", "Objective:plain"),
        part("Objective", "Plan-Apochromat 63x/1.4 Oil Ph3 M27", "Objective:ph3"),
    ]
    for text, identifier in (("DIC ", "dic"), ("", "plain"), ("Ph3 ", "ph3")):
        mine = part("Objective", f"Plan-Apochromat 63x/1.40 Oil {text}M27", "Objective:0")
        assert match_parts([mine], described)[0].hardware == f"Objective:{identifier}"


def test_two_embedded_cameras_are_not_one_described_camera() -> None:
    mine = [part("CCD", "Axiocam506m", "Detector:0"), part("CCD", "Axiocam506m", "Detector:1")]
    found = match_parts(mine, [part("CCD", "Axiocam 506 mono", "Detector:a")])
    assert [(m.hardware, m.candidates) for m in found] == [(None, ("Detector:a",))] * 2


def test_a_filter_listed_once_a_channel_is_one_described_filter() -> None:
    mine = [part("EmissionFilter", "BP 525/50", f"Filter:{n}") for n in range(2)]
    assert [m.hardware for m in match_parts(mine, [part("EmissionFilter", "BP 500-550", "Filter:a")])] == [
        "Filter:a"
    ] * 2


def test_what_is_settled_needs_no_evidence_and_is_no_candidate() -> None:
    mine = [part("CCD", "TestCam", "Detector:0"), part("CCD", "Axiocam506m", "Detector:1")]
    found = match_parts(mine, [part("CCD", "Axiocam 506 mono", "Detector:a")], {"Detector:0": "Detector:a"})
    assert [(m.hardware, m.evidence) for m in found] == [("Detector:a", ("settled by the user",)), (None, ())]


def test_equal_catalogue_numbers_on_different_lenses_prove_nothing() -> None:
    first = part("Objective", "Plan-Apochromat 63x/1.4 Oil; CatalogNumber=420782-9900-000")
    second = part("Objective", "Plan-Apochromat 20x/0.8; CatalogNumber=420782-9900-000")
    assert compare(first, second).state == "weak"


def test_a_part_number_that_arrives_as_model() -> None:
    first = part("EmissionFilter", "Model=FF01-525/45-25")
    assert compare(first, part("EmissionFilter", "CatalogNumber=FF01-525/45-25")).state == "same"


def test_a_filter_of_several_bands_of_which_one_is_stated_may_be_the_one_that_is_described() -> None:
    several = part("EmissionFilter", "Type=MultiPass #525/50 #605/70")
    assert compare(part("EmissionFilter", "Type=MultiPass #525/50"), several).evidence == (
        "one of several bands agrees",
    )
    assert compare(part("EmissionFilter", "Type=MultiPass #450/50"), several).state == "different"


def test_a_name_without_a_number_proves_where_the_maker_is_known() -> None:
    assert compare(part("CMOS", "Kinetix"), part("CMOS", "Kinetix")).state == "weak"
    assert compare(part("CMOS", "Kinetix"), part("CMOS", "Kinetix; Manufacturer=Photometrics")).state == "same"
    assert compare(part("CMOS", "Photometrics Kinetix"), part("CMOS", "Kinetix")).state == "same"
    chamber = part("EnvironmentalControlDevice", "Name=Heating chamber; Manufacturer=Zeiss")
    assert compare(chamber, chamber).state == "weak"


def test_a_generic_element_may_be_any_of_its_kind() -> None:
    assert compare(part("GenericDetector", "Axiocam506m"), part("CCD", "Axiocam 506 mono")).state == "same"
    assert compare(part("GenericExcitationSource", "@488"), part("Laser", "@488")).state == "same"
    assert compare(part("LightEmittingDiode", "@488"), part("Laser", "@488")).state == "different"


def test_the_order_of_described_parts_does_not_matter() -> None:
    some = ALL[::4]
    described = [part(e, t, f"H:{n}") for n, (e, _, t, _) in enumerate(some)]
    mine = [part(e, t, f"E:{n}") for n, (e, t, _, _) in enumerate(some)]
    expected = match_parts(mine, described)
    random.Random(1).shuffle(described)
    assert match_parts(mine, described) == expected
    assert pickle.loads(pickle.dumps(expected)) == expected  # noqa: S301


@pytest.mark.slow
def test_no_wrong_match_among_all_parts_of_a_kind() -> None:
    """Embedded texts against all described ones of their kind: what is taken is never a pair known as different."""
    different = {(e, a, b) for e, a, b, same in ALL if not same}
    for kind in rules().kinds:
        # Each text once: many pairs have one in common.
        texts = {text: element for element, _, text, _ in ALL if element in kind.elements}
        called = {f"H:{n}": text for n, text in enumerate(texts)}
        described = [part(texts[text], text, i) for i, text in called.items()]
        for element, text in dict.fromkeys((e, t) for e, t, _, _ in ALL if e in kind.elements):
            [match] = match_parts([part(element, text, "E:0")], described)
            if match.hardware is not None:
                assert (element, text, called[match.hardware]) not in different


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Carl Zeiss Microscopy GmbH", "zeiss"),
        ("Leica Microsystems CMS GmbH", "leica"),
        ("Olympus", "evident"),
        ("Teledyne Photometrics", "photometrics"),
        ("Cobolt AB", "huebner"),
        ("Nobody Inc.", "nobody"),
        ("Märzhäuser Wetzlar GmbH & Co. KG", "maerzhaeuser"),
    ],
)
def test_makers_have_owners(text: str, result: str) -> None:
    assert owner(text) == result


def test_owners_of_which_one_name_is_the_beginning_of_the_other() -> None:
    assert same_owner("nobody", "nobody instruments")
    assert not same_owner("nobody", "nobody's")
    assert not same_owner("", "nobody")


@pytest.mark.parametrize(
    "text", ["", "999", "0", "n/a", "Unknown", "Not assigned", "TestCam", "Camera-1", "Position 3"]
)
def test_texts_that_name_nothing(text: str) -> None:
    assert not says_something(text)


def test_folding() -> None:
    assert fold("  Plan  Apo_Λ 60×/1,42 ™") == "plan apo lambda 60x/1.42"
    assert catalogue(part("Objective", "CatalogNumber=420782-9900-000")) == "4207829900000"
    assert catalogue(part("Objective", "CatalogNumber=000-000")) is None
