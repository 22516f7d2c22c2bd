"""Configurations on the command line: found, chosen from, stated, remembered, shown, and refused."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from commands import Result
from conftest import ROOT
from nbo_extract.config import load_config
from nbo_extract.config_keys import NAME
from nbo_extract.hardware import GIVE
from nbo_extract.xmlio import from_xml

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nbo_extract.model import Document

    Run = Callable[..., Result]

RULE = '[[microscope]]\nfiles = ["*.czi"]\nhardware = "scopes/one.json"\n'
SAMPLE = '[sample]\nName = "cork"\nOrganism = "Quercus suber"\n'
LENS = "Plan-Apochromat 63x/1.4 Oil DIC M27"


@pytest.fixture
def data(tmp_path: Path, sample_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a facility: two images, two descriptions that differ in the name of the microscope; go there."""
    folder = tmp_path / "facility"
    (folder / "images").mkdir(parents=True)
    (folder / "scopes").mkdir()
    for name in ("widefield.czi", "confocal.ome.tiff"):
        shutil.copy(sample_data / name, folder / "images" / name)
    for name in ("one", "two"):
        text = (sample_data / "microscope.json").read_text(encoding="utf-8")
        (folder / "scopes" / f"{name}.json").write_text(text.replace("Sample microscope", name), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def configure(data: Path, text: str) -> Path:
    path = data / NAME
    path.write_text(text, encoding="utf-8")
    return path


def written(data: Path, name: str = "widefield.czi") -> Document:
    return from_xml(data / "images" / f"{name}.nbo.xml")


def microscope(document: Document) -> str | None:
    return document.instruments[0].get("Name")


def organisms(document: Document) -> list[str | None]:
    return [n.get("Organism") for n in document.root.walk() if n.name == "Sample"]


# -- what it does -----------------------------------------------------------------------------------------------------


def test_a_rule_names_the_description_and_the_sample_is_stated(run: Run, data: Path) -> None:
    path = configure(data, RULE + SAMPLE)
    result = run("images/widefield.czi")
    assert (result.code, result.err) == (0, "")
    assert f"  Configuration  {path}\n" in result.out
    assert microscope(written(data)) == "one"
    assert organisms(written(data)) == ["Quercus suber"]


def test_descriptions_without_a_rule_are_chosen_from(run: Run, data: Path) -> None:
    configure(data, 'hardware = ["scopes/two.json"]')
    assert run("images/widefield.czi").code == 0
    assert microscope(written(data)) == "two"


def test_the_command_line_wins(run: Run, data: Path) -> None:
    configure(data, RULE + SAMPLE)
    assert run("images/widefield.czi", "--hardware", "scopes/two.json").code == 0
    assert microscope(written(data)) == "two"
    assert organisms(written(data)) == ["Quercus suber"]


def test_another_configuration_or_none(run: Run, data: Path) -> None:
    configure(data, RULE)
    (data / "other.toml").write_text('hardware = ["scopes/two.json"]', encoding="utf-8")
    assert run("images/widefield.czi", "--config", "other.toml").code == 0
    assert microscope(written(data)) == "two"
    assert "Configuration" not in run("images/widefield.czi", "--no-config").out
    assert microscope(written(data)) is None
    both = run("images/widefield.czi", "--config", "other.toml", "--no-config")
    assert both == Result(
        2, "", "nbo-extract: --config names a configuration, and --no-config wants none; leave one of them out\n"
    )


def test_the_nearest_configuration_is_used_alone(run: Run, data: Path) -> None:
    configure(data, RULE + SAMPLE)
    (data / "images" / NAME).write_text('[sample]\nOrganism = "Zea mays"', encoding="utf-8")
    assert run("images/widefield.czi").code == 0
    assert (microscope(written(data)), organisms(written(data))) == (None, ["Zea mays"])


def test_records_of_calibration_are_used_with_any_description(run: Run, data: Path, sample_data: Path) -> None:
    records = (sample_data / "calibration.toml").read_text(encoding="utf-8")
    configure(data, 'hardware = ["calibration.toml"]\n' + RULE)
    for name, args in (("one", ()), ("two", ("--hardware", "scopes/two.json"))):
        (data / "calibration.toml").write_text(records.replace("Sample microscope", name), encoding="utf-8")
        assert run("images/widefield.czi", *args).code == 0
        assert microscope(written(data)) == name
        assert b"<OpticalCalibration " in (data / "images" / "widefield.czi.nbo.xml").read_bytes()


def test_rules_that_contradict_each_other_merge_nothing(run: Run, data: Path) -> None:
    configure(data, RULE + RULE.replace("one.json", "two.json") + SAMPLE)
    result = run("images/widefield.czi")
    assert result.code == 0
    assert "NBO323  rules of nbo-extract.toml contradict each other" in result.out
    assert (microscope(written(data)), organisms(written(data))) == (None, ["Quercus suber"])


def test_workers_and_a_batch_with_two_configurations(run: Run, data: Path) -> None:
    configure(data, RULE + SAMPLE)
    (data / "more").mkdir()
    shutil.copy(data / "images" / "widefield.czi", data / "more" / "other.czi")
    (data / "more" / NAME).write_text('hardware = "../scopes/two.json"', encoding="utf-8")
    texts = []
    for workers in ("1", "2"):
        result = run("images", "more", "-o", f"out{workers}", "--workers", workers)
        assert (result.code, result.err) == (0, "")
        # The configuration itself is no other file that was left out.
        assert result.out.endswith("3 images: 3 written\n")
        texts.append([p.read_bytes() for p in sorted((data / f"out{workers}").rglob("*.xml"))])
    assert texts[0] == texts[1]
    names = ("widefield.czi", "other.czi")
    assert [microscope(from_xml(data / "out1" / f"{n}.nbo.xml")) for n in names] == ["one", "two"]


def test_what_an_earlier_run_embedded_is_filled_anew(run: Run, data: Path) -> None:
    configure(data, SAMPLE)
    assert run("images/confocal.ome.tiff", "--embed").code == 0
    configure(data, SAMPLE.replace("Quercus suber", "Zea mays"))
    assert run("images/confocal.ome.tiff").code == 0
    assert organisms(written(data, "confocal.ome.tiff")) == ["Zea mays"]


def test_check_uses_it_and_so_for_what_was_written(run: Run, data: Path) -> None:
    def missing(*args: str) -> set[str]:
        found = json.loads(run("check", "--json", "--tier", "1", "--extensions", "basic", *args).out)
        return {f["attribute"] for f in found[0]["findings"] if f.get("element") == "Sample"}

    assert "Organism" in missing("images/widefield.czi")
    run("images/widefield.czi")
    configure(data, '[[sample]]\nfiles = ["images/*.czi"]\nOrganism = "Zea mays"')
    assert "Organism" not in missing("images/widefield.czi")
    assert "Organism" not in missing("images/widefield.czi.nbo.xml")
    assert "Organism" in missing("images/widefield.czi", "--no-config")


def test_each_value_names_its_key(run: Run, data: Path) -> None:
    configure(data, SAMPLE)
    content: Any = json.loads(run("images/widefield.czi", "--format", "json", "-o", "-").out)
    assert {"kind": "user", "file": NAME, "path": "sample.Organism"} in content["sources"]
    assert NAME in content["origin"]["hardware"]


def test_people_of_the_configuration_are_left_out(run: Run, data: Path) -> None:
    configure(data, '[experimenter]\nMiddleName = "Xaver"\nLastName = "Leeuwenhoek"\nInstitution = "Delft"')
    kept = run("images/widefield.czi", "--format", "json", "-o", "-").out
    assert "Xaver" in kept
    assert "Leeuwenhoek" in kept
    out = run("images/widefield.czi", "--format", "json", "-o", "-", "--redact").out
    assert "Xaver" not in out
    assert "Leeuwenhoek" not in out
    assert "Delft" in out


# -- preferring -------------------------------------------------------------------------------------------------------


def number(data: Path) -> str | None:
    return written(data).instruments[0].all("Objective")[0].get("CatalogNumber")


def test_described_values_are_preferred_where_asked(run: Run, data: Path) -> None:
    configure(data, RULE)
    run("images/widefield.czi")
    assert number(data) == "420782-9900-000"
    for args in (["hardware"], ["hardware:objective,Laser"], ["hardware:Laser", "hardware:Objective"]):
        run("images/widefield.czi", *(a for text in args for a in ("--prefer", text)))
        assert number(data) == "420782-9900-799"
    configure(data, RULE + '[prefer]\nhardware = "all"')
    run("images/widefield.czi")
    assert number(data) == "420782-9900-799"
    # The command line takes the place of what the configuration prefers.
    run("images/widefield.czi", "--prefer", "hardware:Laser")
    assert number(data) == "420782-9900-000"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hardware:Objektive", "the NBO model has no element Objektive; is Objective meant?"),
        (
            "image",
            "'image' is not understood; write hardware, or hardware:Objective,Laser; see nbo-extract --help",
        ),
        (
            "hardware:",
            "'hardware:' is not understood; write hardware, or hardware:Objective,Laser; see nbo-extract --help",
        ),
    ],
)
def test_what_cannot_be_preferred(given: str, message: str, run: Run, data: Path) -> None:
    result = run("images/widefield.czi", "--prefer", given)
    assert result == Result(2, "", f"nbo-extract: invalid value for '--prefer': {message}\n")


# -- settling and remembering -----------------------------------------------------------------------------------------


def lens_name(data: Path) -> str | None:
    return written(data).instruments[0].all("Objective")[0].get("Name")


def test_parts_are_settled_by_name(run: Run, data: Path) -> None:
    configure(data, RULE + f'[match]\n"{LENS}" = "20x dry"\n"no such part" = "20x dry"')
    result = run("images/widefield.czi")
    assert (result.code, result.err, lens_name(data)) == (0, "", "20x dry")
    # The command line wins over the configuration.
    run("images/widefield.czi", "--match", f"{LENS}=63x oil")
    assert lens_name(data) == "63x oil"


def test_a_pair_that_settles_nothing(run: Run, data: Path) -> None:
    configure(data, RULE)
    one = run("images/widefield.czi", "--match", f"{LENS}=40x")
    assert one == Result(
        3, "", "nbo-extract: one.json has no part 40x; see its parts with nbo-extract hardware show\n"
    )  # fmt: skip
    many = run("images", "--match", f"{LENS}=63x oil", "--match", "Zyla=Side port camera")
    assert (many.code, many.err) == (
        0,
        "nbo-extract: --match Zyla=Side port camera settled nothing: no image of this run has this part, or no "
        "description that was used for one has the other\n",
    )


def test_pairs_are_remembered_beside_what_is_there(run: Run, data: Path) -> None:
    text = "# our scopes\n" + RULE + '\n[match]   # by Ada\n"Axiocam506m"  =  "Side port camera"\n\n' + SAMPLE
    path = configure(data, text)
    lens = "Objective:00000000-5a4d-4000-8000-000000000010"
    args = ("images/widefield.czi", "--match", f"Objective:0={lens}", "--remember")
    assert run(*args, "--dry-run").code == 0
    assert path.read_text(encoding="utf-8") == text
    result = run(*args)
    pair = f'"{LENS}" = "Plan-Apochromat 63x/1.40 Oil DIC M27"'
    assert f"  remembered in {path}: match.{pair}\n" in result.out
    assert path.read_text(encoding="utf-8") == text.replace('camera"\n', f'camera"\n{pair}\n')
    again = run(*args)
    assert (again.code, again.err) == (0, "")
    assert "  remembered in" not in again.out
    other = run("images/widefield.czi", "--match", f"{LENS}=20x dry", "--remember")
    assert (other.code, other.err) == (
        3,
        f"nbo-extract: {path}: match.\"{LENS}\" is 'Plan-Apochromat 63x/1.40 Oil DIC M27' already and not overwritten "
        "with 'Plan-Apochromat 20x/0.8 M27'; correct it there\n",
    )


def test_pairs_are_remembered_in_a_new_configuration(run: Run, data: Path) -> None:
    args = ("images/widefield.czi", "--hardware", "scopes/one.json", "--match", f"{LENS}=20x dry", "--remember")
    result = run(*args)
    assert "remembered in images/nbo-extract.toml (new): " in result.out
    assert run("images/widefield.czi", "--hardware", "scopes/one.json").code == 0
    assert lens_name(data) == "20x dry"


@pytest.mark.parametrize(
    "match",
    [
        '[match."scopes/one.json"]\nZyla = "a"\n',
        'match."scopes/one.json".Zyla = "a"\n',
        'match = { "scopes/one.json" = { Zyla = "a" } }\n',
        '[match]\n"scopes/one.json" = { Zyla = "a" }\n# end\n',
        "",
    ],
)
def test_pairs_are_added_to_any_form_of_the_section(match: str, run: Run, data: Path) -> None:
    rule = '[[microscope]]\nfiles = "*.czi"\nhardware = "scopes/one.json"\n'
    path = configure(data, match + rule + SAMPLE if match.startswith("match") else rule + match + SAMPLE)
    before = load_config(str(path))
    result = run("images/widefield.czi", "--match", "Detector:0=Side port camera", "--remember")
    after = load_config(str(path))
    assert (result.code, result.err) == (0, "")
    new = set(after.matches) - set(before.matches)
    assert [(p.embedded, p.described, p.hardware) for p in new] == [("Axiocam506m", "Axiocam 506 mono", "")]
    assert set(before.matches) <= set(after.matches)
    assert (after.rules, after.hardware) == (before.rules, before.hardware)
    assert [e.key for e in after.entries] == ["sample"]


def test_of_several_descriptions_the_one_is_named(run: Run, data: Path) -> None:
    path = configure(data, RULE + RULE.replace("*.czi", "*.lif").replace("one", "two") + '[match]\nZyla = "a"\n')
    for lens in ("Objective:0=63x oil", "Detector:0=Side port camera"):
        assert run("images/widefield.czi", "--match", lens, "--remember").code == 0
    [zyla, *scoped] = load_config(str(path)).matches
    assert (zyla.embedded, zyla.hardware) == ("Zyla", "")
    assert [(p.embedded, p.hardware) for p in scoped] == [
        (LENS, str(data / "scopes" / "one.json")),
        ("Axiocam506m", str(data / "scopes" / "one.json")),
    ]


def test_a_part_without_a_name_is_not_remembered(run: Run, data: Path) -> None:
    configure(data, RULE)
    lens = "Filter:00000000-5a4d-4000-8000-000000000030"
    before = (data / NAME).read_bytes()
    result = run("images/widefield.czi", "--match", f"Filter:0={lens}", "--remember")
    assert (result.code, result.err) == (
        3,
        "nbo-extract: images/widefield.czi: Filter:0 is not remembered: the part has no model, name or "
        "catalogue number "
        "of its own, and its ID may mean another part in another image\n",
    )
    assert (data / NAME).read_bytes() == before


def test_nothing_to_remember(run: Run, data: Path) -> None:
    assert run("images/widefield.czi", "--remember") == Result(
        2, "", "nbo-extract: --remember keeps what --match settles, and there is no --match; give one or leave it out\n"
    )


# -- what is wrong ----------------------------------------------------------------------------------------------------

WRONG = [
    ('[sample]\nOrganizm = "x"', "sample.Organizm: NBO's Sample has no Organizm; is Organism meant?"),
    ('hardware = "none.json"', "hardware: there is no {folder}none.json; paths are relative to the configuration"),
    ('hardware = "text.json"', "hardware: {folder}text.json is neither JSON nor XML (line 1: Expecting "
     f"value); {GIVE}"),
    ('[[microscope]]\nfiles = "*"\nhardware = "bad.json"', "microscope[1].hardware: {folder}bad.json is JSON of "
     f"another program, no description of a microscope; {GIVE}"),
    ('[[microscope]]\nfiles = "*"\nhardware = "calibration.toml"', "microscope[1].hardware: {folder}calibration.toml "
     "describes no microscope; name a hardware description"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_configuration_that_cannot_be_used(text: str, message: str, run: Run, data: Path, sample_data: Path) -> None:
    path = configure(data, text)
    shutil.copy(sample_data / "calibration.toml", data)
    (data / "bad.json").write_text("{}", encoding="utf-8")
    (data / "text.json").write_text("some text", encoding="utf-8")
    found = f"{path}: {message.format(folder=f'{data}/')}"
    given = f"{NAME}: {message.format(folder='')}"
    result = run("images")
    assert result.code == 3
    assert result.err == "".join(
        f"nbo-extract: images/{name}: its configuration cannot be used: {found}\n"
        for name in ("confocal.ome.tiff", "widefield.czi")
    )
    assert not list((data / "images").glob("*.nbo.xml"))
    for args in (("images", "--config", NAME), ("config", "check", NAME)):
        assert run(*args) == Result(2, "", f"nbo-extract: {given}\n")
    assert run("config", "show", "images/widefield.czi").code == 3
    assert run("images/widefield.czi", "--no-config").code == 0


# -- the commands -----------------------------------------------------------------------------------------------------


def test_show(run: Run, data: Path) -> None:
    none = run("config", "show", "images/widefield.czi")
    assert none.out == (
        "no nbo-extract.toml applies to images/widefield.czi: there is none in its folder or above; config init writes "
        "one\n"
    )
    path = configure(data, RULE + SAMPLE + f'[match]\n"{LENS}" = "20x dry"\n[prefer]\nhardware = "Laser"\n')
    scope = f"{data}/scopes/one.json (one)"
    result = run("config", "show", "images/widefield.czi")
    assert result == Result(
        0,
        f"{path}\n"
        f"  microscope[1]  files *.czi: {scope}\n"
        f'  match          "{LENS}" = "20x dry"\n'
        "  prefer         hardware: Laser\n"
        "  sample         2 values\n"
        "\n"
        "images/widefield.czi\n"
        f"  Description  {scope}: microscope[1] fits: the path fits '*.czi'\n"
        "  States       Image/Sample/@Name = cork  (sample.Name)\n"
        "  States       Image/Sample/@Organism = Quercus suber  (sample.Organism)\n",
        "",
    )
    assert run("config", "show", "images").out == result.out.partition("\nimages/")[0]
    path.write_text('hardware = "scopes/one.json"', encoding="utf-8")
    alone = run("config", "show", "images/widefield.czi").out
    assert f"  Description  {scope}, if it fits the image: there are no rules\n" in alone
    path.write_text('hardware = "scopes"\n' + RULE, encoding="utf-8")
    several = run("config", "show", "images/confocal.ome.tiff").out
    assert "  Description  the one of 2, if it fits the image: no rule fits\n" in several
    path.write_text(RULE, encoding="utf-8")
    assert "no rule fits, and hardware names none" in run("config", "show", "images/confocal.ome.tiff").out
    assert (
        run("config", "show", "nothing").err
        == "nbo-extract: nothing: there is no such file or folder; check the path\n"
    )


def test_init_writes_a_template_that_can_be_used(run: Run, data: Path) -> None:
    result = run("config", "init", "images")
    path = "images/nbo-extract.toml"
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        f"wrote {path}; take the # from the lines that you want, and try nbo-extract config check {path}\n"
    )
    assert run("config", "check", path).out == f"{path}\n    it says nothing\n\n  nothing is wrong\n"
    again = run("config", "init", "images")
    assert (again.code, again.err) == (
        2,
        f"nbo-extract: {path}: this file is there already and is not overwritten; edit it, or remove it first\n",
    )
    # Each line of it is right once its # is gone, the explanations aside.
    text = (data / path).read_text(encoding="utf-8")
    shutil.copy(data / "scopes" / "one.json", data / "scopes" / "axiovert1.json")
    shutil.move(data / "scopes", data / "images" / "scopes")
    taken = re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE)
    (data / path).write_text(taken, encoding="utf-8")
    done = run("config", "check", "images")
    assert (done.code, done.err) == (0, "")
    assert all(word in taken for word in ("\nhardware =", "\n[match]", "\n[sample.CoverGlass]", "\n[channel.DAPI]"))
    assert "state[1]" in done.out


def test_a_configuration_above_is_told(run: Run, data: Path) -> None:
    path = configure(data, SAMPLE)
    told = run("config", "init", "images").out.splitlines()
    assert told[1] == f"it is used instead of {path} for the images below images"


def test_the_examples_of_the_page_are_right(run: Run, data: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 6
    for name in ("axiovert1", "observer"):
        shutil.copy(data / "scopes" / "one.json", data / "scopes" / f"{name}.json")
    for block in blocks:
        configure(data, block)
        result = run("config", "check", NAME)
        assert (result.code, result.err) == (0, "")
