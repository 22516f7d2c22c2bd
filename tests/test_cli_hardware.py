"""The commands `hardware show`, `check` and `convert`: exact output for the sample, and what is refused."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from commands import Result
from nbo_extract.cli.hardware_show import as_dict, show_one
from nbo_extract.cli.render import Printer
from nbo_extract.hardware import Hardware, load_hardware
from nbo_extract.model import Document, Fact, Node, Source
from nbo_extract.statements import Statement, StatementSet, parse_path
from nbo_extract.xmlio import from_xml, to_xml
from sample_hardware import microscope
from sample_settings import make_settings, settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOST = (
    "    NBO317  the places of parts on the application's canvas, its version and its tiers are not kept\n"
    "    NBO317  the role of 3 light sources (fluorescence or transmitted light) has no place in NBO; it is left out\n"
)
ASSUMED = (
    "    NBO318  Filament 'Transmitted light' is written as Transmitted_LightSource_Filament, because of the word "
    "'transmitted'; NBO does not tell the role\n"
    "    NBO318  LightEmittingDiode 'Colibri 7 385' is written as Fluorescence_LightSource_LightEmittingDiode, which "
    "is assumed; NBO does not tell the role\n"
    "    NBO318  LightEmittingDiode 'Colibri 7 475' is written as Fluorescence_LightSource_LightEmittingDiode, which "
    "is assumed; NBO does not tell the role\n"
)
COUNTS = "21 parts, 197 values, 9 references"
APP = "Micro-Meta App microscope file"


@pytest.fixture
def here(sample_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with the sample's description and records."""
    for name in ("microscope.json", "calibration.toml", "widefield.czi"):
        shutil.copy(sample_data / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def only(*elements: str) -> dict[str, Any]:
    """Return the sample with components of these kinds alone."""
    content = microscope()
    names = [(c, c["Schema_ID"].removesuffix(".json")) for c in content["components"]]
    content["components"] = [c for c, n in names if n.rpartition("_")[2] in elements]
    return content


# -- convert ----------------------------------------------------------------------------------------------------------


def test_convert_to_xml_says_what_it_wrote(run: Callable[..., Result], here: Path) -> None:
    result = run("hardware", "convert", "microscope.json", "-o", "scope.xml")
    assert result == Result(
        0,
        f"microscope.json  ({APP})\n  wrote scope.xml  (NBO XML: {COUNTS})\n\n  Left out or assumed\n{LOST}\n"
        "  12 values state nothing or are not read; -v lists them\n",
        "",
    )
    assert load_hardware(here / "scope.xml").document == load_hardware(here / "microscope.json").document


def test_convert_there_and_back(run: Callable[..., Result], here: Path) -> None:
    assert run("hardware", "convert", "microscope.json", "-o", "scope.xml").code == 0
    back = run("hardware", "convert", "scope.xml", "--format", "micro-meta", "-o", "back.json")
    assert back == Result(
        0,
        f"scope.xml  (NBO XML)\n  wrote back.json  ({APP}: {COUNTS})\n\n  Left out or assumed\n{ASSUMED}",
        "",
    )
    again = run("hardware", "convert", "back.json", "-o", "again.xml")
    assert again.out == (f"back.json  ({APP})\n  wrote again.xml  (NBO XML: {COUNTS})\n\n  Left out or assumed\n{LOST}")
    assert (here / "again.xml").read_bytes() == (here / "scope.xml").read_bytes()


def test_convert_within_the_application_keeps_roles(run: Callable[..., Result], here: Path) -> None:
    content = microscope()
    diode = next(c for c in content["components"] if c["Name"] == "Colibri 7 385")
    diode["Schema_ID"] = "Transmitted_LightSource_LightEmittingDiode.json"
    write(here / "other.json", content)
    result = run("hardware", "convert", "other.json", "--format", "micro-meta", "-o", "new.json")
    assert "assumed" not in result.out
    made = {c["ID"]: c["Schema_ID"] for c in json.loads((here / "new.json").read_text("utf-8"))["components"]}
    assert made == {c["ID"]: c["Schema_ID"] for c in content["components"]}


@pytest.mark.parametrize(
    ("name", "form", "start"),
    [("a.xml", "NBO XML", "<?xml"), ("a.json", "NBO JSON", '{\n "format": "nbo'), ("a.jsonld", "JSON-LD", '{\n "@con')],
)
def test_the_ending_tells_the_form(name: str, form: str, start: str, run: Callable[..., Result], here: Path) -> None:
    first = run("hardware", "convert", "microscope.json", "-o", name)
    assert f"\n  wrote {name}  ({form}: {COUNTS})\n" in first.out
    assert (here / name).read_text("utf-8").startswith(start)
    again = run("hardware", "convert", "microscope.json", "-o", name)
    assert f"\n  unchanged: {name}  ({form}: {COUNTS})\n" in again.out


def test_convert_to_standard_output(run: Callable[..., Result], here: Path) -> None:
    result = run("hardware", "convert", "microscope.json", "-o", "-", "--format", "xml")
    assert from_xml(result.out) == load_hardware(here / "microscope.json").document
    assert result.err.startswith(f"microscope.json  ({APP})\n  wrote standard output  (NBO XML: {COUNTS})\n")


def test_verbose_lists_what_states_nothing(run: Callable[..., Result], here: Path) -> None:
    out = run("hardware", "convert", "microscope.json", "-o", "a.xml", "-v").out
    assert (
        "\n    NBO304  FilterCube 'DAPI cube': CatalogNumber 'na' is a placeholder, not a value; it is left out\n"
        in out
    )
    assert "-v lists" not in out


def test_what_the_reader_leaves_out_is_told_where_it_is_no_blank(run: Callable[..., Result], here: Path) -> None:
    content = microscope()
    content["components"].append({"Name": "extra", "ID": "e-1", "Schema_ID": "CoffeeMachine.json"})
    write(here / "scope.json", content)
    result = run("hardware", "convert", "scope.json", "-o", "scope.xml")
    assert result.out == (
        f"scope.json  ({APP})\n  wrote scope.xml  (NBO XML: {COUNTS})\n\n  Left out or assumed\n"
        "    NBO309  components[20] CoffeeMachine 'extra' has no place in NBO's Instrument; it is left out\n"
        f"{LOST}\n  12 values state nothing or are not read; -v lists them\n"
    )


REFUSED: list[tuple[tuple[str, ...], int, str]] = [
    (("microscope.json", "-o", "microscope.json"), 2,
     "microscope.json: this is the file that is converted; give another with -o"),
    (("microscope.json", "-o", "link.json"), 2, "link.json: this is the file that is converted; give another with -o"),
    (("microscope.json", "-o", "notes.json"), 2,
     "notes.json: this is no hardware description and is not overwritten; give another with -o"),
    (("microscope.json", "-o", "image.xml"), 2,
     "image.xml: this is no hardware description and is not overwritten; give another with -o"),
    (("microscope.json", "-o", "widefield.czi", "--format", "xml"), 2,
     "widefield.czi: this is no hardware description and is not overwritten; give another with -o"),
    (("microscope.json", "-o", "folder", "--format", "xml"), 2, "folder: this is a folder; give a file in it"),
    (("folder", "-o", "a.xml"), 2, "folder: this is a folder; give one file of it"),
    (("microscope.json", "-o", "-"), 2,
     "standard output: the ending does not tell what to write; give --format xml, json, jsonld or micro-meta"),
    (("microscope.json", "-o", "a.txt"), 2,
     "a.txt: the ending does not tell what to write; give --format xml, json, jsonld or micro-meta"),
    (("calibration.toml", "-o", "a.xml"), 2,
     "calibration.toml holds records of calibration; give the description of a microscope"),
    (("none.json", "-o", "a.xml"), 2,
     "none.json: the hardware description cannot be read (No such file or directory); check the path"),
    (("microscope.json", "-o", "nowhere/a.xml"), 3,
     "nowhere/a.xml cannot be written, because there is no folder nowhere: make it, or choose -o"),
    (("stand.xml", "-o", "a.json", "--format", "micro-meta"), 3,
     "stand.xml: a Micro-Meta App file holds at least one part besides the stand, and there is none that it has a "
     "place for; describe more of the microscope"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "code", "message"), REFUSED)
def test_convert_refuses(
    args: tuple[str, ...], code: int, message: str, run: Callable[..., Result], here: Path
) -> None:
    (here / "folder").mkdir()
    (here / "link.json").hardlink_to(here / "microscope.json")
    write(here / "notes.json", {"mine": 1})
    stand = Node("InvertedMicroscopeStand", {"ID": Fact("InvertedMicroscopeStand:1")})
    instrument = Node("Instrument", {"ID": Fact("Instrument:1")}, [stand])
    write(here / "stand.xml", to_xml(Document(Node("OME", children=[instrument]))))
    image = Node("Image", {"ID": Fact("Image:1")})
    write(here / "image.xml", to_xml(Document(Node("OME", children=[image, instrument]))))
    before = {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()}
    assert run("hardware", "convert", *args) == Result(code, "", f"nbo-extract: {message}\n")
    assert {p.name: p.read_bytes() for p in here.iterdir() if p.is_file()} == before


def test_what_is_beside_the_microscope_is_told(run: Callable[..., Result], here: Path) -> None:
    lens = Node("Objective", {"ID": Fact("Objective:1")})
    images = [Node("Image", {"ID": Fact(f"Image:{n}")}) for n in (1, 2)]
    instrument = Node("Instrument", {"ID": Fact("Instrument:1")}, [lens])
    write(here / "image.xml", to_xml(Document(Node("OME", children=[*images, instrument]))))
    result = run("hardware", "convert", "image.xml", "-o", "scope.xml")
    assert result.out == (
        "image.xml  (NBO XML)\n  wrote scope.xml  (NBO XML: 1 part, 0 values, 0 references)\n\n  Left out or assumed\n"
        "    NBO317  2 Images of the document are no part of a hardware description; left out\n"
    )
    assert from_xml((here / "scope.xml").read_text("utf-8")).images == []


# -- show -------------------------------------------------------------------------------------------------------------


def test_show_names_what_parts_hold(run: Callable[..., Result], here: Path) -> None:
    result = run("hardware", "show", "microscope.json")
    assert (result.code, result.err) == (0, "")
    assert (
        "\n  FilterCube  Zeiss FS 96 HE\n"
        "    ID                FilterCube:00000000-5a4d-4000-8000-000000000040\n"
        "    Name              DAPI cube\n"
        "    Manufacturer      Zeiss\n"
        "    Model             FS 96 HE\n"
        "    ExcitationFilter  DAPI excitation (Zeiss BP 390/40)\n"
        "    StandardDichroic  DAPI beam splitter (Zeiss FT 420)\n"
        "    EmissionFilter    DAPI emission (Zeiss BP 450/40)\n"
    ) in result.out
    assert "\n    FilterCube    DAPI cube (Zeiss FS 96 HE), GFP cube (Zeiss FS 38 HE)\n" in result.out
    assert "\n    RelayLens      Camera adapter (Zeiss Camera Adapter 1x)\n" in result.out
    assert "LEDModule" not in result.out
    assert result.out.endswith("\n  12 values state nothing (placeholders, blanks); -v lists them\n")


def test_show_verbose_lists_children_and_descriptions(run: Callable[..., Result], here: Path) -> None:
    out = run("hardware", "show", "microscope.json", "-v").out
    assert "\n    LEDModule      IlluminationPower 400 mW, PeakWavelength 385 nm, CutOn 370 nm, CutOff 400 nm\n" in out
    assert "\n    Description    In the optovar changer.\n" in out


def test_show_as_json(run: Callable[..., Result], here: Path) -> None:
    [found] = json.loads(run("hardware", "show", "microscope.json", "--json").out)
    assert (found["kind"], found["microscope"], len(found["parts"])) == ("microscope", "Sample microscope", 21)
    [tube] = [p for p in found["parts"] if p["element"] == "TubeLens"]
    assert (tube["description"], tube["values"]["Magnification"]) == ("In the optovar changer.", {"value": "1"})
    [diode, _] = [p for p in found["parts"] if p["element"] == "LightEmittingDiode"]
    assert diode["children"][0]["values"]["PeakWavelength"] == {"value": "385", "unit": "nm"}
    assert len(found["findings"]) == 12


def test_show_records_of_calibration(run: Callable[..., Result], here: Path) -> None:
    assert run("hardware", "show", "calibration.toml") == Result(
        0,
        "calibration.toml  (5 records of calibration)\n"
        "  Microscope  Sample microscope\n"
        "\n"
        "  2023-09-12  OpticalCalibration     valid until 2024-03-10  objective '63x oil'\n"
        "  2023-12-05  MechanicalCalibration  valid until the next    stage 'Scanning stage'\n"
        "  2024-02-27  OpticalCalibration     valid until 2024-08-25  objective '63x oil'\n"
        "  2024-03-01  ExcitationCalibration  valid until the next    light source 'Colibri 7 385', "
        "objective '63x oil'\n"
        "  2024-03-01  ExcitationCalibration  valid until the next    light source 'Colibri 7 475', "
        "objective '63x oil'\n"
        "\n"
        "  IntensityCalibrationTool  Sample Maker SX-PM-100\n"
        "    Name           Power meter\n"
        "    Manufacturer   Sample Maker\n"
        "    Model          SX-PM-100\n"
        "    CatalogNumber  SX-PM-100\n",
        "",
    )
    verbose = run("hardware", "show", "calibration.toml", "-v").out
    assert "\n  OpticalCalibration[2]  2023-09-12\n    Date                   2023-09-12\n" in verbose
    [data] = json.loads(run("hardware", "show", "calibration.toml", "--json").out)
    assert (data["kind"], data["microscope"], len(data["records"])) == ("calibration", "Sample microscope", 5)
    assert data["records"][0]["about"] == {"objective": "63x oil"}
    assert data["records"][0]["valid_until"] == "2024-08-25"


def settings_file() -> Hardware:
    """Make settings as they are read from a file."""
    channel = Node("Channel", {"ID": Fact("Channel:1"), "Name": Fact("DAPI"), "EmissionWavelength": Fact("461", "nm")})
    settings = Node("ObjectiveSettings", {"ID": Fact("Objective:1"), "RefractiveIndex": Fact("1.518")})
    pixels = Node("Pixels", {"ID": Fact("Pixels:1"), "SizeX": Fact("512")}, [channel])
    told = Node("Description", text=Fact("After\nbleaching."))
    instrument = Node("InstrumentRef", {"ID": Fact("Instrument:1")})
    image = Node("Image", {"ID": Fact("Image:1"), "Name": Fact("cells")}, [told, instrument, settings, pixels])
    document = Document(Node("OME", children=[image]))
    return Hardware("cells.json", "0" * 64, "cells.json", document, (), "settings", "Instrument:1")


def test_show_settings_of_an_image() -> None:
    stored = settings_file()
    stream = io.StringIO()
    show_one(Printer(stream), stored)
    assert stream.getvalue() == (
        "cells.json  (settings of 1 image)\n"
        "  Microscope  Instrument:1\n"
        "\n"
        "  Image  cells\n"
        "    Name  cells\n"
        "    Description  After bleaching.\n"
        "    Instrument  Instrument:1\n"
        "    ObjectiveSettings  Objective:1\n"
        "    Pixels  Pixels:1\n"
        "      SizeX  512\n"
        "      Channel  DAPI\n"
        "        Name  DAPI\n"
    )
    stream = io.StringIO()
    show_one(Printer(stream, verbose=True), stored)
    assert "        EmissionWavelength  461 nm\n" in stream.getvalue()
    assert "\n    Instrument  Instrument:1\n    ObjectiveSettings  Objective:1\n" in stream.getvalue()
    data = as_dict(stored)
    assert (data["kind"], data["instrument_id"], data["images"][0]["element"]) == ("settings", "Instrument:1", "Image")


def test_show_settings_by_names_where_their_microscope_is_given(run: Callable[..., Result], here: Path) -> None:
    make_settings(here / "settings.json")
    alone = run("hardware", "show", "settings.json").out
    assert "          ExcitationFilter  Filter:00000000-5a4d-4000-8000-000000000030\n" in alone
    both = run("hardware", "show", "settings.json", "microscope.json").out
    assert both.startswith("settings.json  (settings of 1 image)\n  Microscope  Sample microscope\n")
    assert (
        "          LightSourceSettings  Colibri 7 385 (Zeiss LED-Module 385nm)\n"
        "          ExcitationFilter  DAPI excitation (Zeiss BP 390/40)\n"
        "          EmissionFilter  DAPI emission (Zeiss BP 450/40)\n"
        "          LensSettings  Tube lens 1x (Zeiss Tubelens 1x)\n"
        "          MirroringDeviceSettings  DAPI beam splitter (Zeiss FT 420)\n"
        "          CameraSettings  Side port camera (Zeiss Axiocam 506 mono)\n"
    ) in both
    assert "\n  Experiment  Cytoskeleton\n    Name  Cytoskeleton\n    Experimenter  Sam Sample\n" in both
    assert "      Plane  2 planes with ExposureTime, TheC, TheT, TheZ\n" in both


def test_check_settings_alone_and_with_their_microscope(run: Callable[..., Result], here: Path) -> None:
    make_settings(here / "settings.json")
    alone = run("hardware", "check", "settings.json")
    assert alone.code == 1
    assert (
        "    Version                 Micro-Meta App Settings file, model 2.01.0, application 1.2.2-b1\n"
        "    Microscope              Instrument:00000000-5a4d-4000-8000-000000000000 is not described here; "
        "13 references to it are not checked\n"
        "    Values and references   all allowed\n"
    ) in alone.out
    [data, _] = json.loads(run("hardware", "check", "settings.json", "microscope.json", "--json").out)
    assert {line["subject"]: line["state"] for line in data["description"]} == {
        "Version": "fine", "Microscope": "fine", "Values and references": "fine", "Placeholders": "remark",
        "Dangling references": "fine", "Unreadable values": "fine", "Without a place in NBO": "fine",
    }  # fmt: skip
    assert {f["code"] for f in data["findings"]} == {"NBO201", "NBO202", "NBO304"}
    content = settings()
    content["ObjectiveSettings"]["Component_ID"] = "gone"
    write(here / "settings.json", content)
    wrong = run("hardware", "check", "settings.json", "microscope.json").out
    assert "    Values and references   wrong: 1 not allowed\n" in wrong
    assert "      ObjectiveSettings of Image 'widefield': ID 'Objective:gone' is the ID of nothing" in wrong
    del content["InstrumentID"]
    write(here / "settings.json", content)
    assert (
        "    Microscope              wrong: the settings do not say of which microscope they are\n"
        in run("hardware", "check", "settings.json").out
    )


def test_show_statements() -> None:
    steps, attribute = parse_path("Image/@Name")
    statement = Statement(steps, attribute, Fact("cells", source=Source("user", "gaps.csv", "B2")))
    stored = StatementSet("gaps.csv", "gaps.csv", "0" * 64, (statement,))
    stream = io.StringIO()
    show_one(Printer(stream), stored)
    assert stream.getvalue() == f"gaps.csv  (1 statement)\n  {statement.path}  cells\n"
    assert as_dict(stored)["statements"] == [{"path": statement.path, "value": "cells", "unit": None}]


# -- check ------------------------------------------------------------------------------------------------------------

SAMPLE = (
    "microscope.json  (21 parts)\n"
    "  Microscope  Sample microscope\n"
    "  Stand       Zeiss Axio Observer 7\n"
    "\n"
    "  Description\n"
    "    Version                 Micro-Meta App microscope file, model 2.01.0, application 1.2.2-b1\n"
    "    Stand                   InvertedMicroscopeStand 'Sample stand'\n"
    "    Minimum parts           1 Software, 3 LightSource, 2 Objective, 4 Filter, 2 MirroringDevice, 1 Detector\n"
    "    Placeholders            12 in the place of values; -v lists them\n"
    "    Dangling references     none\n"
    "    Circular references     none\n"
    "    Unreadable values       none\n"
    "    Without a place in NBO  none\n"
    "\n"
    "  Missing for tier 1 (core): 5 of 108 fields\n"
)


def test_check_of_the_sample(run: Callable[..., Result], here: Path) -> None:
    result = run("hardware", "check", "microscope.json")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith(SAMPLE)
    assert result.out.endswith("    Tier 3: 7 of 131 fields missing\n")


def test_check_verbose_lists_placeholders(run: Callable[..., Result], here: Path) -> None:
    out = run("hardware", "check", "microscope.json", "-v").out
    assert "    Placeholders            12 in the place of values\n" in out
    listed = out.partition("\n    Placeholders\n")[2].partition("\n\n")[0].splitlines()
    assert len(listed) == 12
    assert "      FilterCube 'DAPI cube': CatalogNumber 'na' is a placeholder, not a value; it is left out" in listed


def complete() -> dict[str, Any]:
    """Return the sample with its gaps closed."""
    content = microscope()
    for number, component in enumerate([content["MicroscopeStand"], *content["components"]]):
        component["CatalogNumber"] = f"SX-{number}"
    return content


def test_a_complete_description_passes(run: Callable[..., Result], here: Path) -> None:
    write(here / "whole.json", complete())
    result = run("hardware", "check", "whole.json", "calibration.toml")
    assert (result.code, result.err) == (0, "")
    assert "  Nothing is missing for tier 1 (core)\n" in result.out
    assert result.out.endswith(
        "\ncalibration.toml\n\n  Description\n    Records     5 of Sample microscope\n    Microscope  whole.json\n"
        "    Parts       7 named, all described\n"
    )


def test_a_stand_alone_does_not_pass(run: Callable[..., Result], here: Path) -> None:
    stand = Node("InvertedMicroscopeStand", {"ID": Fact("InvertedMicroscopeStand:1"), "Name": Fact("Stand")})
    instrument = Node("Instrument", {"ID": Fact("Instrument:1"), "Name": Fact("Scope")}, [stand])
    write(here / "stand.xml", to_xml(Document(Node("OME", children=[instrument]))))
    result = run("hardware", "check", "stand.xml", "--extensions", "calibration")
    assert result.code == 1
    assert (
        "    Version                 NBO XML, model 02-01\n"
        "    Stand                   InvertedMicroscopeStand 'Stand'\n"
        "    Minimum parts           wrong: missing: Software, LightSource, Objective, Filter, MirroringDevice, "
        "Detector\n"
    ) in result.out


def test_stands(run: Callable[..., Result], here: Path) -> None:
    content = complete()
    del content["MicroscopeStand"]
    write(here / "none.json", content)
    none = run("hardware", "check", "none.json")
    assert (none.code, "    Stand                   wrong: none is described\n" in none.out) == (1, True)
    extra = complete()
    extra["components"].append(extra["MicroscopeStand"] | {"ID": "second", "Name": "Second"})
    write(here / "two.json", extra)
    assert run("hardware", "check", "two.json").err == (
        "nbo-extract: two.json has 2 stands, InvertedMicroscopeStand 'Sample stand' and InvertedMicroscopeStand "
        "'Second'; a hardware description is of one microscope, so keep the stand that it has\n"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"LensNA": "1,4"}, "    Unreadable values\n      Objective '63x oil': LensNA '1,4' has a comma"),
        ({"WorkingDistanceUnit": "mW"}, "    Unreadable values\n      Objective '63x oil': WorkingDistance is given"),
        (
            {"ModelVersion": "2.00.0"},
            "    Version\n      Objective '63x oil' is of model version 2.00.0, not of 2.01 as",
        ),
    ],
)
def test_what_is_wrong_fails(change: dict[str, Any], told: str, run: Callable[..., Result], here: Path) -> None:
    content = complete()
    next(c for c in content["components"] if c["Name"] == "63x oil").update(change)
    write(here / "wrong.json", content)
    result = run("hardware", "check", "wrong.json")
    assert result.code == 1
    assert told in result.out


def test_a_circle_of_references_fails(run: Callable[..., Result], here: Path) -> None:
    content = complete()
    laser = {"Name": "L", "ID": "l", "Schema_ID": "Fluorescence_LightSource_Laser.json", "ModelVersion": "2.01.0"}
    content["components"].append(laser | {"Pump": "Fluorescence_LightSource_Laser/l"})
    write(here / "circle.json", content)
    assert (
        "    Circular references     wrong: 1 leads back to its part\n" in run("hardware", "check", "circle.json").out
    )


def test_transmitted_light_needs_no_fluorescence_filter(run: Callable[..., Result], here: Path) -> None:
    content = only("Filament", "Objective", "CCD", "AcquisitionSoftware", "Condenser", "RelayLens")
    content["linkedFields"] = {}
    for number, component in enumerate(content["components"]):
        component["CatalogNumber"] = f"SX-{number}"
    write(here / "light.json", content)
    result = run("hardware", "check", "light.json")
    assert result.code == 0, result.out
    assert "    Minimum parts           1 Software, 1 LightSource, 2 Objective, 1 Detector\n" in result.out
    reason = "transmitted light needs no fluorescence filter or dichroic"
    assert (
        f"\n    Minimum parts\n      Filter is not needed: {reason}\n      MirroringDevice is not needed: {reason}\n"
    ) in result.out
    content["components"][2]["Schema_ID"] = "Fluorescence_LightSource_Filament.json"
    write(here / "light.json", content)
    other = run("hardware", "check", "light.json")
    assert other.code == 1
    assert "wrong: missing: Filter, MirroringDevice\n" in other.out


def test_dangling_references_and_unreadable_values_do_not_pass(run: Callable[..., Result], here: Path) -> None:
    content = complete()
    cube = next(c for c in content["components"] if c["Name"] == "DAPI cube")
    cube["ExcitationFilter"] = "ExcitationFilter/nobody"
    objective = content["components"][0]
    objective["ImmersionType"] = "Soup"
    write(here / "wrong.json", content)
    result = run("hardware", "check", "wrong.json")
    assert result.code == 1
    assert "    Dangling references     wrong: 1 leads to no part\n" in result.out
    assert "    Unreadable values       wrong: 1 is not read\n" in result.out
    assert (
        "\n    Dangling references\n      FilterCube 'DAPI cube' refers to ExcitationFilter/nobody as "
        "ExcitationFilter, which the file does not hold; it is left out\n"
    ) in result.out


def test_placeholders_of_our_own_forms_are_counted(run: Callable[..., Result], here: Path) -> None:
    text = to_xml(load_hardware(here / "microscope.json").document).replace("SX-390-40", "999")
    write(here / "scope.xml", text)
    out = run("hardware", "check", "scope.xml", "-v").out
    assert "    Placeholders            1 in the place of values\n" in out
    assert "      ExcitationFilter 'DAPI excitation': CatalogNumber '999' is a placeholder, not a value; " in out


def test_records_are_checked_against_the_descriptions(run: Callable[..., Result], here: Path) -> None:
    alone = run("hardware", "check", "calibration.toml")
    assert alone == Result(
        1,
        "calibration.toml\n\n  Description\n    Records     5 of Sample microscope\n"
        "    Microscope  wrong: no description given with it is of 'Sample microscope'; give the one that is meant\n",
        "",
    )
    text = (here / "calibration.toml").read_text("utf-8").replace('"Colibri 7 475"', '"Colibri 9"')
    write(here / "other.toml", text)
    result = run("hardware", "check", "other.toml", "microscope.json")
    assert result.out.partition("microscope.json  (")[0].startswith(
        "other.toml\n\n  Description\n    Records     5 of Sample microscope\n    Microscope  microscope.json\n"
        "    Parts       wrong: 1 not found\n\n    Parts\n"
        "      ExcitationCalibration[2]: light_source 'Colibri 9' is no part of the microscope\n"
    )


def test_check_as_json(run: Callable[..., Result], here: Path) -> None:
    result = run("hardware", "check", "microscope.json", "calibration.toml", "--json")
    scope, records = json.loads(result.out)
    assert (result.code, scope["passed"], records["passed"]) == (1, False, True)
    assert (scope["tier"], scope["extensions"], scope["level"]) == (1, ["core"], "must")
    assert [line["subject"] for line in scope["description"]] == [
        "Version", "Stand", "Minimum parts", "Placeholders", "Dangling references", "Circular references",
        "Unreadable values", "Without a place in NBO",
    ]  # fmt: skip
    assert {f["code"] for f in scope["findings"]} == {"NBO201", "NBO304", "NBO308"}


def test_settings_are_checked_as_images_and_not_converted(
    run: Callable[..., Result], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbo_extract.cli.hardware.load_all", lambda paths: (settings_file(),))
    monkeypatch.setattr("nbo_extract.cli.convert.load_all", lambda paths: (settings_file(),))
    checked = run("hardware", "check", "cells.json")
    assert checked.code == 1
    assert checked.out.startswith("cells.json\n\n  Description\n    Version                 Micro-Meta App Settings")
    assert "\n\n  Missing for tier 1 (core): " in checked.out
    assert "    NBO201  Pixels 'Pixels:1': SizeY is missing (tier 1, MUST)\n" in checked.out
    assert run("hardware", "convert", "cells.json", "-o", "a.xml") == Result(
        2, "", "nbo-extract: cells.json holds the settings of an image; give the description of a microscope\n"
    )


def test_the_real_file(shared: Path, run: Callable[..., Result], tmp_path: Path) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    out = run("hardware", "check", path).out
    assert (
        "    Minimum parts           1 Software, 2 LightSource, 5 Objective, 8 Filter, 4 MirroringDevice, 1 Detector\n"
        in out
    )
    written = run("hardware", "convert", path, "-o", tmp_path / "scope.xml")
    assert f"  wrote {tmp_path / 'scope.xml'}  (NBO XML: 33 parts, 279 values, 14 references)\n" in written.out


def test_the_page_shows_what_the_commands_print(run: Callable[..., Result], here: Path, sample_data: Path) -> None:
    page = (sample_data.parent / "docs" / "hardware.md").read_text("utf-8")
    shown = run("hardware", "show", "microscope.json").out
    checked = run("hardware", "check", "microscope.json").out
    merged = run("widefield.czi", "--hardware", "microscope.json").out
    blocks = [b.partition("```")[0] for b in page.split("```text\n")[1:]]
    assert len(blocks) == 3
    for block, out in zip(blocks, (shown, checked, merged), strict=True):
        assert block in out
