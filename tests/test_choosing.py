"""Choosing a description: the stand decides, numbers, cameras, objectives and software tell, ties stop."""

from __future__ import annotations

import itertools
import shutil
from typing import TYPE_CHECKING

import pytest

from matching_pairs import part
from nbo_extract.api import extract
from nbo_extract.choosing import choose
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.merging import choose as choose_of_merging
from nbo_extract.merging import merge
from nbo_extract.model import Document, Fact, Node
from nbo_extract.parts import rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result
    from nbo_extract.findings import Finding

STAND = "InvertedMicroscopeStand"
LENS_63 = "Plan-Apochromat 63x/1.4 Oil DIC M27; Magnification=63; LensNA=1.4; ImmersionType=Mineral Oil"
LENS_20 = "Plan-Apochromat 20x/0.8 M27; Magnification=20; LensNA=0.8; ImmersionType=Air"
LENS_40 = "EC Plan-Neofluar 40x/1.3 Oil DIC M27; Magnification=40; LensNA=1.3; ImmersionType=Mineral Oil"
ZEN = "Name=ZEN; Version=2.6"


def instrument(*parts: tuple[str, str]) -> Node:
    """Make an Instrument of parts, each an element and the short text of the table of pairs."""
    node = Node("Instrument", {"ID": Fact("Instrument:0")})
    for number, (element, text) in enumerate(parts):
        node.children.append(part(element, text, f"{element}:{number}"))
    return node


def hardware(name: str, *parts: tuple[str, str]) -> Hardware:
    """Make a description."""
    document = Document(Node("OME", children=[instrument(*parts)]))
    return Hardware(f"/h/{name}", f"{sum(map(ord, name)):064x}", name, document)


def chosen(mine: Node, *given: Hardware, matches: dict[str, str] | None = None) -> tuple[str | None, Finding]:
    """Choose in every order of the descriptions; all come to one result."""
    results = [choose(mine, order, matches or {}, "a.czi") for order in itertools.permutations(given)]
    assert all(result == results[0] for result in results)
    found, finding = results[0]
    return None if found is None else found.name, finding


OBSERVER = (STAND, "Axio Observer 7")


@pytest.mark.parametrize(
    ("mine", "one", "other", "reason"),
    [
        (
            [("CMOS", "Axiocam506m")], [("CMOS", "Axiocam 506 mono")], [("CMOS", "Axiocam 503 mono")],
            "detector 'Axiocam506m'",
        ),
        (
            [("Objective", LENS_63), ("Objective", LENS_20)],
            [("Objective", LENS_63), ("Objective", LENS_20)], [("Objective", LENS_63), ("Objective", LENS_40)],
            "2 of 2 objectives",
        ),
        (
            [("CMOS", "C11440-22CU SN:301583")],
            [("CMOS", "C11440-22CU; LotNumber=S/N 301583")], [("CMOS", "C11440-22CU; LotNumber=S/N 100233")],
            "detector 'C11440-22CU SN:301583' (serial or lot number 301583)",
        ),
        (
            [("Objective", f"{LENS_63}; CatalogNumber=420782-9900-000")],
            [("Objective", f"{LENS_63}; CatalogNumber=420782-9900-000")], [("Objective", LENS_63)],
            "1 of 1 objective",
        ),
        (
            [("AcquisitionSoftware", "Name=ZEN; Version=2.6.76")],
            [("AcquisitionSoftware", ZEN)], [("AcquisitionSoftware", "Name=ZEN; Version=3.1")],
            "software 'ZEN'",
        ),
        ([("RasterScanner", "Name=FV1000")], [("RasterScanner", "Name=FV1000")], [], "scanner 'FV1000'"),
        ([("Laser", "@561")], [("Laser", "OBIS 561 @561")], [("Laser", "OBIS 640 @640")], "light source"),
    ],
)  # fmt: skip
def test_parts_tell_descriptions_of_one_stand_apart(
    mine: list[tuple[str, str]], one: list[tuple[str, str]], other: list[tuple[str, str]], reason: str
) -> None:
    name, finding = chosen(instrument(OBSERVER, *mine), hardware("a", OBSERVER, *other), hardware("b", OBSERVER, *one))
    assert (name, finding.code, finding.severity) == ("b", "NBO312", "info")
    assert finding.message == f"of 2 descriptions b is merged: stand 'Axio Observer 7' as the file's, {reason}"


def test_all_evidence_is_named() -> None:
    parts = [OBSERVER, ("Objective", LENS_63), ("CMOS", "Prime 95B"), ("AcquisitionSoftware", ZEN)]
    given = [hardware("a", *parts[:2]), hardware("b", *parts), hardware("c", (STAND, "Ti2-E"), *parts[1:])]
    name, finding = chosen(instrument(*parts), *given)
    assert name == "b"
    assert finding.message == (
        "of 3 descriptions b is merged: stand 'Axio Observer 7' as the file's, detector 'Prime 95B', 1 of 1 objective, "
        "software 'ZEN'"
    )


def test_what_fits_equally_well_stops() -> None:
    parts = [OBSERVER, ("Objective", LENS_63)]
    given = [hardware("a", *parts), hardware("b", *parts), hardware("c", OBSERVER)]
    name, finding = chosen(instrument(*parts), *given)
    assert (name, finding.code, finding.severity, finding.other) == (None, "NBO307", "warning", "a, b")
    assert finding.message == (
        "2 of 3 descriptions fit the file equally well (a: stand 'Axio Observer 7' as the file's, 1 of 1 objective; "
        "b: stand 'Axio Observer 7' as the file's, 1 of 1 objective); nothing is merged, give one"
    )


def test_copies_of_one_description_are_one() -> None:
    one = hardware("a", OBSERVER)
    copy = Hardware("/h/copy", one.sha256, "copy", one.document)
    name, finding = chosen(instrument(OBSERVER), one, copy)
    assert (name, finding.code) == ("a", "NBO312")


def test_a_stand_that_contradicts_is_never_chosen() -> None:
    parts = [("CMOS", "Prime 95B; LotNumber=S/N A21H723001"), ("Objective", LENS_63), ("Objective", LENS_20)]
    given = [hardware("a", OBSERVER), hardware("b", (STAND, "Ti2-E"), *parts)]
    assert chosen(instrument(OBSERVER, *parts), *given)[0] == "a"
    name, finding = chosen(instrument((STAND, "DMi8"), *parts), *given)
    assert (name, finding.code) == (None, "NBO303")
    assert finding.message == "none of 2 descriptions is of the file's stand 'DMi8'; nothing is merged"
    assert finding.other == "a: Axio Observer 7, b: Ti2-E"


def test_without_a_stand_specific_parts_prove_a_description() -> None:
    given = [
        hardware("a", OBSERVER, ("CMOS", "Axiocam 503 mono"), ("Objective", LENS_63)),
        hardware("b", (STAND, "Ti2-E"), ("CMOS", "Prime 95B"), ("Objective", LENS_63)),
    ]
    name, finding = chosen(instrument(("CMOS", "Prime 95B"), ("Objective", LENS_63)), *given)
    assert name == "b"
    assert finding.message == "of 2 descriptions b is merged: detector 'Prime 95B', 1 of 1 objective"
    numbered = hardware("c", OBSERVER, ("Objective", f"{LENS_20}; CatalogNumber=420650-9901-000"))
    lens = instrument(("Objective", f"{LENS_20}; CatalogNumber=420650-9901-000"))
    assert chosen(lens, *given, numbered)[0] == "c"


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        (
            [("Objective", LENS_20)],
            "the file does not prove which of 2 descriptions is meant (b fits best: 1 of 1 objective); nothing is "
            "merged, give one",
        ),
        (
            [("AcquisitionSoftware", ZEN)],
            "the file does not prove which of 2 descriptions is meant (a fits best: software 'ZEN'); nothing is "
            "merged, give one",
        ),
        (
            [("CMOS", "TestCam")],
            "the file does not prove which of 2 descriptions is meant; nothing is merged, give one",
        ),
        ([], "the file does not prove which of 2 descriptions is meant; nothing is merged, give one"),
    ],
)
def test_without_a_stand_little_proves_nothing(mine: list[tuple[str, str]], message: str) -> None:
    given = [
        hardware("a", OBSERVER, ("AcquisitionSoftware", ZEN), ("CMOS", "TestCam")),
        hardware("b", (STAND, "Ti2-E"), ("Objective", LENS_20)),
    ]
    name, finding = chosen(instrument(*mine), *given)
    assert (name, finding.code, finding.other) == (None, "NBO307", "a, b")
    assert finding.message == message


def test_one_description_without_a_stand_in_the_file() -> None:
    only = hardware("a", OBSERVER, ("CMOS", "Axiocam 506 mono"), ("Objective", LENS_63))
    lacking = "the file names no model of the stand"
    merged = "a is merged as the description given"
    refused = f"this description seems to be of another microscope: {lacking}, and none of its parts is the file's "
    for parts, message in (
        ([("CMOS", "Axiocam506m")], f"{merged}: detector 'Axiocam506m'; {lacking}"),
        ([], f"{merged}, without proof: {lacking}"),
        # Little is stated, which may be anything.
        ([("CMOS", "TestCam"), ("Objective", "Magnification=20")], f"{merged}, without proof: {lacking}"),
        # The version is not known: it may be this one.
        ([("CMOS", "Axiocam506")], f"{merged}, without proof: {lacking}"),
        # One camera is another, but the objective is there.
        ([("CMOS", "Prime 95B"), ("Objective", LENS_63)], f"{merged}: 1 of 1 objective; {lacking}"),
        ([("CMOS", "Prime 95B")], f"{refused}CMOS 'Prime 95B'; nothing is merged"),
        ([("Objective", LENS_20)], f"{refused}Objective 'Plan-Apochromat 20x/0.8 M27'; nothing is merged"),
        ([("CMOS", "TestCam"), ("CMOS", "Prime 95B")], f"{refused}CMOS 'Prime 95B'; nothing is merged"),
    ):
        name, finding = chosen(instrument(*parts), only)
        assert finding.message == message
        assert (name, finding.code) == ((None, "NBO303") if message.startswith(refused) else ("a", "NBO312"))


def test_a_description_that_lists_no_such_parts_is_not_contradicted() -> None:
    name, finding = chosen(instrument(("CMOS", "Prime 95B")), hardware("a", OBSERVER))
    assert (name, finding.code) == ("a", "NBO312")


def test_the_hint_names_stands_that_can_be_settled() -> None:
    only = hardware("a", OBSERVER, ("Objective", LENS_63))
    mine = instrument((STAND, "Model=Unknown"), ("Objective", LENS_20))
    name, finding = chosen(mine, only)
    assert name is None
    pair = f"{STAND}:0={STAND}:0"
    assert finding.message.endswith(f"nothing is merged (if it is the same: --match {pair})")
    assert chosen(mine, only, matches=dict([pair.split("=")]))[0] == "a"


def test_another_microscope_on_the_same_stand() -> None:
    only = hardware("a", OBSERVER, ("CMOS", "Axiocam 506 mono"), ("Objective", LENS_63))
    for parts, merged in (
        ([("CMOS", "Prime 95B")], True),
        ([("Objective", LENS_20)], True),
        ([("CMOS", "Prime 95B"), ("Objective", LENS_63)], True),
        ([("CMOS", "Prime 95B"), ("Objective", LENS_20)], False),
    ):
        mine = instrument(OBSERVER, *parts)
        name, finding = chosen(mine, only)
        assert (name, finding.code) == (("a", "NBO312") if merged else (None, "NBO303"))
        if not merged:
            pair = f"{STAND}:0={STAND}:0"
            assert finding.message == (
                "this description seems to be of another microscope on a stand 'Axio Observer 7': none of its parts is "
                f"the file's Objective 'Plan-Apochromat 20x/0.8 M27'; nothing is merged "
                f"(if it is the same: --match {pair})"
            )
            assert chosen(mine, only, matches=dict([pair.split("=")]))[0] == "a"
            fits = hardware("b", OBSERVER, *parts)
            assert chosen(mine, only, fits)[0] == "b"
            again = chosen(mine, only, hardware("c", OBSERVER, ("CMOS", "Zyla"), ("Objective", LENS_63)))
            assert (again[0], again[1].code) == (None, "NBO303")


def test_what_the_user_settles_tells() -> None:
    given = [hardware("a", OBSERVER, ("CMOS", "Prime 95B")), hardware("b", OBSERVER, ("PhotoDiode", "SPCM-AQRH-14"))]
    mine = instrument(OBSERVER, ("GenericDetector", "TestCam"))
    assert chosen(mine, *given)[0] is None
    name, finding = chosen(mine, *given, matches={"GenericDetector:1": "PhotoDiode:1"})
    assert name == "b"
    assert finding.message.endswith("detector 'TestCam' (settled by the user)")


def test_a_pinned_description_is_taken_unless_its_stand_contradicts() -> None:
    parts = [OBSERVER, ("CMOS", "Prime 95B")]
    mine, best = instrument(*parts), hardware("best", *parts)
    pinned = hardware("pinned", OBSERVER, ("CMOS", "Axiocam 506 mono"))
    found, finding = choose(mine, [best, pinned], {}, "a.czi", pinned=pinned)
    assert (found, finding.code) == (pinned, "NBO312")
    assert finding.message == "pinned is merged as the description set for this file"
    other = hardware("other", (STAND, "Ti2-E"))
    found, finding = choose(mine, [best], {}, "a.czi", pinned=other)
    assert (found, finding.code) == (None, "NBO303")
    assert finding.message == (
        "other is set for this file, but seems to be of another microscope: its stand is 'Ti2-E', the file's is "
        f"'Axio Observer 7'; nothing is merged (if it is the same: --match {STAND}:0={STAND}:0)"
    )


def test_the_name_stays_importable_from_merging() -> None:
    assert choose_of_merging is choose


def test_kinds_and_weights_of_the_table_are_known() -> None:
    table = rules().raw["choice"]
    names = {kind.name for kind in rules().kinds}
    assert set(table["kinds"]) < names
    assert set(table["against"]) <= set(table["kinds"])
    assert all(entry["weight"] > 0 and entry["called"] for entry in table["kinds"].values())


# -------------------------------------------------------------------------------------------- parts not described

STAGE = ("MechanicalStage", "SCAN IM 130x85")
KNOWN_PARTS = [OBSERVER, STAGE, ("Objective", LENS_20)]
OTHERS = [("CMOS", "Prime 95B"), ("AcquisitionSoftware", "Name=MetaMorph"), ("Laser", "OBIS 561 @561")]
MORE = [("CCD", "Axiocam 506 mono"), ("AcquisitionSoftware", ZEN), ("Laser", "Cobolt 640 @640")]


def doubts(mine: list[tuple[str, str]], described: list[tuple[str, str]], **settled: str) -> list[Finding]:
    """Merge, and return what is said of parts that are not described."""
    document = Document(Node("OME", children=[instrument(*mine)]))
    merged = merge(document, hardware("a", *described), matches=settled)
    assert merged.origin.hardware
    return [f for f in merged.findings if f.code == "NBO326"]


def test_a_description_whose_stand_alone_fits_is_doubted() -> None:
    [finding] = doubts([*KNOWN_PARTS, *OTHERS], [*KNOWN_PARTS, *MORE])
    assert finding.severity == "warning"
    assert finding.message == (
        "3 parts of the file are not in a: CMOS 'Prime 95B', AcquisitionSoftware 'MetaMorph', Laser 'OBIS 561'; "
        "is it the description of the file's microscope?"
    )


def test_a_description_that_leaves_kinds_out_is_not_doubted() -> None:
    [finding] = doubts([*KNOWN_PARTS, *OTHERS, ("TubeLens", "1.6x Tubelens")], KNOWN_PARTS)
    assert finding.severity == "info"
    assert "4 parts of the file are not in a: CMOS 'Prime 95B', " in finding.message
    assert "and 1 more (-v lists all)" in finding.message


def test_a_stand_that_the_user_settled_is_not_doubted() -> None:
    described = [(STAND, "Axio Observer 7"), *KNOWN_PARTS[1:], *MORE]
    [finding] = doubts([*KNOWN_PARTS, *OTHERS], described, **{f"{STAND}:0": f"{STAND}:0"})
    assert finding.severity == "info"


def test_a_few_newer_parts_are_usual() -> None:
    assert doubts([*KNOWN_PARTS, *OTHERS[:2]], [*KNOWN_PARTS, *MORE[:2]]) == []


# --------------------------------------------------------------------------------------------------------- real files


def test_a_real_image_of_another_microscope_on_such_a_stand_is_told(shared: Path) -> None:
    document = extract(shared / "samples" / "czi" / "s_1_t_1_c_1_z_1.czi")
    merged = merge(document, load_hardware(shared / "hardware" / "micro_meta_app_abif_axiovert1.json"))
    [finding] = [f for f in merged.findings if f.code == "NBO326"]
    assert finding.severity == "warning"
    assert finding.message.startswith("7 parts of the file are not in micro_meta_app_abif_axiovert1.json: CMOS ")


@pytest.fixture
def facility(shared: Path, tmp_path: Path) -> Path:
    """Folder with the real description, one of the same stand with another camera, and one of another stand."""
    text = (shared / "hardware" / "micro_meta_app_abif_axiovert1.json").read_text(encoding="utf-8")
    folder = tmp_path / "facility"
    folder.mkdir()
    (folder / "scope1.json").write_text(text, encoding="utf-8")
    variant = text.replace("20X PLAN APOCHROMAT, NA=0.80", "25X PLAN APOCHROMAT, NA=0.80")
    assert variant != text
    (folder / "scope2.json").write_text(variant.replace("Definite Focus 2", "Definite Focus"), encoding="utf-8")
    (folder / "scope3.json").write_text(text.replace('"Axio Observer Z1"', '"Axio Imager Z2"'), encoding="utf-8")
    return folder


def test_a_real_image_finds_its_microscope_in_a_folder(shared: Path, facility: Path) -> None:
    document = extract(shared / "samples" / "czi" / "s_1_t_1_c_1_z_1.czi")
    given = [load_hardware(p) for p in sorted(facility.iterdir())]
    for order in (given, given[::-1]):
        merged = merge(document, order)
        assert list(merged.origin.hardware) == ["scope1.json"]
        [finding] = [f for f in merged.findings if f.code == "NBO312"]
        assert finding.message == (
            "of 3 descriptions scope1.json is merged: stand 'Axio Observer Z1' as the file's, 1 of 1 objective, "
            "stage 'Motorized Stage (SMC2009)', focus stabilizer 'Definite Focus 2'"
        )
        said = [f.message for f in merged.findings if f.code == "NBO311" and f.element == "Objective"]
        assert said == [
            "Objective:0 is Objective '20X PLAN APOCHROMAT, NA=0.80' of scope1.json: magnification 20, NA 0.8, "
            "immersion Air, class (score 0.9)"
        ]
    assert merge(document, given[2]).origin.hardware == {}


def test_a_real_image_that_does_not_tell_is_written_without_hardware(
    shared: Path, facility: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    shutil.copy(facility / "scope1.json", facility / "scope4.json")
    text = (facility / "scope4.json").read_text(encoding="utf-8")
    (facility / "scope4.json").write_text(text + " ", encoding="utf-8")
    image = shared / "samples" / "czi" / "s_1_t_1_c_1_z_1.czi"
    out = tmp_path / "out.xml"
    result = run(image, "--hardware", facility, "-o", out)
    assert result.code == 0, result.err
    assert "2 of 4 descriptions fit the file equally well" in result.err + result.out
    assert "Definite Focus 2" in out.read_text(encoding="utf-8")
    assert "CU-501" not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["nd2/cluster.nd2", "lif/testdata_2channel_xz.lif", "czi/nuc_small.czi"])
def test_real_images_of_other_microscopes_find_none(shared: Path, facility: Path, name: str) -> None:
    merged = merge(extract(shared / "samples" / name), [load_hardware(p) for p in sorted(facility.iterdir())])
    assert merged.origin.hardware == {}
    assert [f.code for f in merged.findings if f.code in ("NBO303", "NBO307", "NBO312")] == ["NBO303"]


@pytest.mark.parametrize("name", ["oib/test.oib", "dv/toxo.dv"])
def test_a_real_image_without_a_stand_is_refused_by_its_objective(shared: Path, facility: Path, name: str) -> None:
    document = extract(shared / "samples" / name)
    merged = merge(document, load_hardware(facility / "scope1.json"))
    assert merged.origin.hardware == {}
    [finding] = [f for f in merged.findings if f.code == "NBO303"]
    assert "the file names no model of the stand, and none of its parts is the file's Objective" in finding.message
