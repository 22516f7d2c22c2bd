"""The commands `hardware show` and `hardware check`: what they print, their exit codes, their JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.hardware import load_hardware
from nbo_extract.hardware_minimum import minimum_parts
from sample_hardware import microscope
from sample_settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands import Result


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def complete() -> dict[str, Any]:
    """Return the sample's description with all that tier 1 asks for."""
    content = microscope()
    for number, component in enumerate(content["components"]):
        if "Software" not in component["Schema_ID"]:
            component["CatalogNumber"] = f"SX-{number}-A"
        for band in component.get("TransmittanceRange", ()):
            band["FWHMBandwidth"] = band["FWHMBandwidth"] or 5
    return content


def without(content: dict[str, Any], *kinds: str) -> dict[str, Any]:
    content["components"] = [c for c in content["components"] if c["Schema_ID"].removesuffix(".json") not in kinds]
    return content


def write(content: dict[str, Any], name: str = "scope.json") -> str:
    with open(name, "w", encoding="utf-8") as stream:
        json.dump(content, stream)
    return name


# -- show -------------------------------------------------------------------------------------------------------------


def test_show_lists_children_and_references(run: Callable[..., Result]) -> None:
    result = run("hardware", "show", write(microscope()))
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(
        "scope.json  (21 parts)\n"
        "  Microscope  Sample microscope\n"
        "  Stand       Zeiss Axio Observer 7\n"
        "  Model       2.01.0, Micro-Meta App 1.2.2-b1\n"
    )
    assert (
        "    ExcitationFilter  DAPI excitation (Zeiss BP 390/40)\n"
        "    StandardDichroic  DAPI beam splitter (Zeiss FT 420)\n"
        "    EmissionFilter    DAPI emission (Zeiss BP 450/40)\n"
    ) in result.out
    assert "    FilterCube    DAPI cube (Zeiss FS 96 HE)\n    FilterCube    GFP cube (Zeiss FS 38 HE)\n" in result.out
    assert "LEDModule      IlluminationPower 400 mW, PeakWavelength 385 nm, CutOn 370 nm, CutOff 400 nm\n" in result.out
    assert "  In the optovar changer.\n" in result.out
    assert result.out.endswith("\n  12 values state nothing (placeholders, blanks); -v lists them\n")


def test_show_lists_calibration_tools_and_files(run: Callable[..., Result]) -> None:
    content = microscope()
    tool = {"Name": "Meter", "ID": "meter", "Schema_ID": "IntensityCalibrationTool.json", "Manufacturer": "Maker"}
    content["components"].append(tool | {"Model": "PM1", "SpecsFile": "pm1.pdf"})
    out = run("hardware", "show", write(content), "-v").out
    assert "\n  IntensityCalibrationTool  Maker PM1\n    ID            IntensityCalibrationTool:meter\n" in out
    assert "    SpecsFile     pm1.pdf\n" in out


def test_show_settings_with_their_microscope(run: Callable[..., Result]) -> None:
    alone = run("hardware", "show", write(settings(), "settings.json"))
    assert (alone.code, alone.err) == (0, "")
    assert alone.out.startswith(
        "settings.json  (settings of an image)\n"
        "  Image       widefield\n"
        "  ID          Image:00000000-5a4d-4000-9000-000000000001\n"
        "  Microscope  Instrument:00000000-5a4d-4000-8000-000000000000\n"
        "  Model       2.01.0, Micro-Meta App 1.2.2-b1\n"
    )
    assert "    ObjectiveSettings  Objective:00000000-5a4d-4000-8000-000000000010, " in alone.out
    both = run("hardware", "show", "settings.json", write(microscope())).out
    assert (
        "          LightSourceSettings  Colibri 7 385 (Zeiss LED-Module 385nm), IlluminationPowerSettings 25 %\n"
        "          ExcitationFilter  DAPI excitation (Zeiss BP 390/40)\n"
        "          EmissionFilter  DAPI emission (Zeiss BP 450/40)\n"
        "          LensSettings  Tube lens 1x (Zeiss Tubelens 1x)\n"
        "          MirroringDeviceSettings  DAPI beam splitter (Zeiss FT 420)\n"
        "          CameraSettings  Side port camera (Zeiss Axiocam 506 mono), Binning 2x2, EffectiveBitDepth 14bit\n"
    ) in both
    assert "      Plane  2 of them, with ExposureTime, ID, TheC, TheT, TheZ\n" in both
    assert "    Experimenter  Sam Sample\n" in both


def test_show_as_json(run: Callable[..., Result]) -> None:
    result = run("hardware", "show", write(microscope()), write(settings(), "settings.json"), "--json")
    assert (result.code, result.err) == (0, "")
    scope, recorded = json.loads(result.out)
    assert (scope["kind"], recorded["kind"]) == ("microscope", "settings")
    assert scope["instrument"] == recorded["instrument"] == "Instrument:00000000-5a4d-4000-8000-000000000000"
    assert scope["versions"] == {"application": "1.2.2-b1", "model": "2.01.0"}
    assert len(scope["parts"]) == 21
    [cube] = [p for p in scope["parts"] if p.get("facts", {}).get("Name") == {"value": "DAPI cube"}]
    assert cube["children"][0] == {
        "element": "ExcitationFilterRef",
        "facts": {"ID": {"value": "Filter:00000000-5a4d-4000-8000-000000000030"}},
        "refers": {"element": "ExcitationFilter", "called": "DAPI excitation (Zeiss BP 390/40)"},
    }
    [image] = [p for p in recorded["parts"] if p["element"] == "Image"]
    [pixels] = [c for c in image["children"] if c["element"] == "Pixels"]
    assert pixels["planes"] == 2
    assert {f["code"] for f in scope["findings"]} == {"NBO304", "NBO308"}


# -- check ------------------------------------------------------------------------------------------------------------


def test_a_complete_description_passes(run: Callable[..., Result]) -> None:
    result = run("hardware", "check", write(complete()))
    assert (result.code, result.err) == (0, "")
    assert (
        "  Parts that every microscope has\n"
        "    microscope stand  1\n"
        "    software          1\n"
        "    light source      3\n"
        "    objective         2\n"
        "    filter            4\n"
        "    mirroring device  2\n"
        "    detector          1\n"
        "\n"
        "  Nothing is missing for tier 1 (core)\n"
    ) in result.out


def test_a_part_that_every_microscope_has(run: Callable[..., Result]) -> None:
    """Software is of another extension than the one that is asked for; a microscope has it nevertheless."""
    result = run("hardware", "check", write(without(complete(), "AcquisitionSoftware")))
    assert result.code == 1
    assert "    software          missing (AcquisitionSoftware, SoftwareModule, CalibrationSoftware)\n" in result.out
    assert "Nothing is missing for tier 1 (core)" in result.out


def test_what_a_microscope_for_transmitted_light_does_not_have(run: Callable[..., Result]) -> None:
    optics = ("ExcitationFilter", "EmissionFilter", "StandardDichroic", "FilterCube", "FilterCubeTurret")
    result = run("hardware", "check", write(without(complete(), *optics) | {"linkedFields": {}}))
    assert result.code == 0
    assert "    filter            none; a microscope for transmitted light alone needs none\n" in result.out
    assert run("hardware", "check", "scope.json", "--literal").code == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"LensNA": "1,4"}, "NBO315  Objective '63x oil': LensNA '1,4' has a comma, which may mark decimals or "
         "thousands; write it with a point; it is left out"),
        ({"LensNA": "high"}, "NBO308  Objective '63x oil': LensNA 'high' is not a number; it is left out"),
        ({"WorkingDistanceUnit": "mW"}, "NBO316  Objective '63x oil': WorkingDistance is given in 'mW', a unit of "
         "power, where NBO wants a unit of length; it is left out"),
        ({"ImmersionType": "Soup"}, "NBO305  Objective '63x oil': ImmersionType 'Soup' is not among NBO's values for "
         "ImmersionTypeList; it is left out"),
        ({"ModelVersion": "2.00.0"}, "NBO319  Objective '63x oil' is of model version 2.00.0, not of 2.01 as the file "
         "is; open and save it in Micro-Meta App"),
    ],
)  # fmt: skip
def test_what_is_wrong_fails(change: dict[str, Any], told: str, run: Callable[..., Result]) -> None:
    content = complete()
    content["components"][0] |= change
    result = run("hardware", "check", write(content))
    assert result.code == 1
    assert f"\n  Warnings\n    {told}" in result.out


def test_a_reference_to_nothing_fails(run: Callable[..., Result]) -> None:
    content = complete()
    cube = next(c for c in content["components"] if c["Schema_ID"] == "FilterCube.json")
    cube["EmissionFilter"] = "EmissionFilter/gone"
    result = run("hardware", "check", write(content))
    assert result.code == 1
    assert "NBO306  FilterCube 'DAPI cube' refers to EmissionFilter/gone as EmissionFilter" in result.out


def test_placeholders_are_counted_and_listed_with_v(run: Callable[..., Result]) -> None:
    content = complete()
    content["components"][0]["LotNumber"] = "Not assigned"
    content["components"][1]["Polish"] = "fine"
    quiet = run("hardware", "check", write(content)).out
    assert "values state nothing (placeholders, blanks), 1 other note; -v lists them\n" in quiet
    told = run("hardware", "check", "scope.json", "-v").out
    assert (
        "    NBO304  Objective '63x oil': LotNumber 'Not assigned' is a placeholder, not a value; it is left out\n"
        in told
    )
    assert "    NBO309  NBO's Objective has no Polish; it is left out\n" in told


def test_check_settings_alone_and_with_their_microscope(run: Callable[..., Result]) -> None:
    alone = run("hardware", "check", write(settings(), "settings.json"))
    assert alone.code == 1
    assert "\n  13 references to the microscope are not checked; give its description, too\n" in alone.out
    assert "Warnings" not in alone.out
    both = run("hardware", "check", "settings.json", write(complete())).out
    assert "not checked" not in both
    assert "Warnings" not in both
    content = settings()
    content["ObjectiveSettings"]["Component_ID"] = "gone"
    wrong = run("hardware", "check", write(content, "settings.json"), "scope.json").out
    assert "    NBO213  ObjectiveSettings of Image 'widefield': ID 'Objective:gone' is the ID of nothing" in wrong


def test_check_as_json(run: Callable[..., Result]) -> None:
    result = run("hardware", "check", write(without(complete(), "AcquisitionSoftware", "CCD")), "--json")
    assert (result.code, result.err) == (1, "")
    [content] = json.loads(result.out)
    assert (content["path"], content["kind"], content["passed"], content["tier"]) == (
        "scope.json", "microscope", False, 1,
    )  # fmt: skip
    assert [(p["part"], p["count"]) for p in content["minimum"] if p["missing"]] == [
        ("SoftwareGroup", 0),
        ("DetectorGroup", 0),
    ]
    assert content["tiers"]["1"]["missing"] == 1
    assert content["findings"][0]["code"] == "NBO202"
    [passed] = json.loads(run("hardware", "check", write(complete()), "--json").out)
    assert passed["passed"] is True


def test_minimum_parts_follow_the_model(tmp_path: Path) -> None:
    loaded = load_hardware(tmp_path / write(microscope()))
    assert [(p.field, p.count, bool(p.remark)) for p in minimum_parts(loaded.document)] == [
        ("MicroscopeStandGroup", 1, False),
        ("SoftwareGroup", 1, False),
        ("LightSourceGroup", 3, False),
        ("Objective", 2, False),
        ("FilterGroup", 4, True),
        ("MirroringDeviceGroup", 2, True),
        ("DetectorGroup", 1, False),
    ]


def test_the_real_description(shared: Path, run: Callable[..., Result]) -> None:
    path = shared / "hardware" / "micro_meta_app_abif_axiovert1.json"
    result = run("hardware", "check", path, "--json")
    assert result.code == 1
    [content] = json.loads(result.out)
    assert [(p["part"], p["count"]) for p in content["minimum"]] == [
        ("MicroscopeStandGroup", 1), ("SoftwareGroup", 1), ("LightSourceGroup", 2), ("Objective", 5),
        ("FilterGroup", 8), ("MirroringDeviceGroup", 4), ("DetectorGroup", 1),
    ]  # fmt: skip
    assert content["versions"] == {"application": "1.2.2-b1", "model": "2.01.0"}
    assert content["tiers"]["1"] == {"demanded": 207, "missing": 26, "excused": 5}
    assert {f["severity"] for f in content["findings"] if f["code"].startswith("NBO3")} == {"info"}
