"""The summary: what is shown of a Document, and how."""

from __future__ import annotations

import io
import json
import pickle
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nbo_extract.api import extract
from nbo_extract.checking import check
from nbo_extract.cli.render import Printer
from nbo_extract.findings import Finding
from nbo_extract.hardware import load_hardware
from nbo_extract.merging import merge
from nbo_extract.model import Document, Fact, Node, PlaneTable, Source
from nbo_extract.redact import redact
from nbo_extract.summary import Summary, summarise
from nbo_extract.summary_images import ChannelSummary, Scene, Setup, light_settings_text, readable, short

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def image(document: Document, number: int = 0, **facts: str) -> Node:
    """Add an image with one channel."""
    node = document.root.add("Image", ID=f"Image:{number}", **facts)
    node.add("ObjectiveSettings", ID="Objective:0")
    pixels = node.add("Pixels", ID=f"Pixels:{number}", SizeX="512", SizeY="256", SizeZ="3", SizeC="1", SizeT="1")
    pixels.put("PhysicalSizeX", "0.09057667415221031", "µm")
    pixels.put("PhysicalSizeY", "0.09057667415221031", "µm")
    pixels.put("PhysicalSizeZ", "320", "nm")
    channel = pixels.add(
        "Channel", Name="GFP", IlluminationType="Wide-field_Fluorescence", ContrastMethod="Fluorescence"
    )
    dye = channel.add("Fluorophore", Name="EGFP")
    dye.put("ExcitationWavelength", "488", "nm")
    dye.put("EmissionWavelength", "509", "nm")
    path = channel.add("LightPath", ID="LightPath:0")
    light = path.add("LightSourceSettings", ID="LightSource:0", Attenuation="0.1")
    light.put("IlluminationPowerSettings", "12.5", "%")
    path.add("StandardDichroicRef", ID="StandardDichroic:0")
    path.add("FilterSet", ID="FilterSet:0").add("EmissionFilterRef", ID="Filter:0")
    detector = path.add("PointDetectorSettings", ID="Detector:0", AmplificationGain="1.25")
    detector.put("Voltage", "650.5", "V")
    return node


def small() -> Document:
    """Make a document with one of each."""
    document = Document()
    document.origin.file, document.origin.format = "cells.czi", "Zeiss CZI"
    instrument = document.root.add("Instrument", ID="Instrument:0")
    instrument.add("InvertedMicroscopeStand", ID="S:0", Manufacturer="Zeiss", Model="Axio Observer")
    laser = instrument.add("Laser", ID="LightSource:0", Manufacturer="Coherent", Model="OBIS")
    laser.add("IlluminationWavelengthRange").put("PeakWavelength", "488", "nm")
    instrument.add(
        "Objective", ID="Objective:0", Model="Plan-Apo", Magnification="63", LensNA="1.4", ImmersionType="Mineral Oil"
    )
    band = instrument.add("EmissionFilter", ID="Filter:0").add("TransmittanceRange", FWHMBandwidth="50")
    band.put("Wavelength", "525", "nm")
    instrument.add("StandardDichroic", ID="StandardDichroic:0", Name="FT 495")
    instrument.add("PhotoMultiplierTube", ID="Detector:0")
    image(document, Name="cells", AcquisitionDate="2024-03-14")
    return document


def printed(summary: Summary, *, verbose: bool = False) -> str:
    stream = io.StringIO()
    Printer(stream, verbose=verbose).summary(summary)
    return stream.getvalue()


def test_what_a_microscopist_asks_first() -> None:
    summary = summarise(small())
    assert (summary.path, summary.format, summary.stand) == ("cells.czi", "Zeiss CZI", "Zeiss Axio Observer")
    assert summary.setups == (
        Setup(
            "Plan-Apo, 63×, NA 1.4, Mineral Oil immersion",
            "X 0.090577 µm, Y 0.090577 µm, Z 320 nm",
            (
                ChannelSummary(
                    "GFP",
                    "EGFP ex 488, em 509 nm",
                    "Coherent OBIS (488 nm), 12.5 %, attenuation 0.1",
                    "",
                    "FT 495",
                    "525/50 nm",
                    "PMT, gain 1.25, 650.5 V",
                    "",
                    "Wide-field Fluorescence",
                ),
            ),
            (Scene("cells", "512 × 256 px, 3 Z", "2024-03-14"),),
        ),
    )


def test_printed_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = printed(summarise(small())).splitlines()
    assert lines[:-2] == [
        "cells.czi  (Zeiss CZI)",
        "  Stand       Zeiss Axio Observer",
        "  Objective   Plan-Apo, 63×, NA 1.4, Mineral Oil immersion",
        "  Pixel size  X 0.090577 µm, Y 0.090577 µm, Z 320 nm",
        "  Size        512 × 256 px, 3 Z",
        "  Date        2024-03-14",
        "",
    ]
    assert [re.split("  +", line.strip()) for line in lines[-2:]] == [
        ["Channel", "Fluorophore", "Light source", "Dichroic", "Emission", "Detector", "Method"],
        [
            "GFP", "EGFP ex 488, em 509 nm", "Coherent OBIS (488 nm), 12.5 %, attenuation 0.1", "FT 495", "525/50 nm",
            "PMT, gain 1.25, 650.5 V", "Wide-field Fluorescence",
        ],
    ]  # fmt: skip


def test_what_is_absent_is_said_to_be() -> None:
    document = Document()
    document.origin.file = "x.tif"
    document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0")
    text = printed(summarise(document))
    assert text == "x.tif  ()\n  Stand       not stated\n  Objective   not stated\n  Pixel size  not stated\n"


def test_the_only_objective_is_not_taken_for_the_one_that_was_used() -> None:
    document = small()
    image_ = document.images[0]
    image_.children = [n for n in image_.children if n.name != "ObjectiveSettings"]
    summary = summarise(document)
    assert summary.setups[0].objective == ""
    assert "  Objective   1 described, not said whether it was used: Plan-Apo\n" in printed(summary)
    document.instruments[0].add("Objective", ID="Objective:1")
    assert "  Objective   not stated\n" in printed(summarise(document))


def test_channels_that_state_nothing_but_names_take_one_line() -> None:
    document = Document()
    pixels = document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0")
    pixels.add("Channel", Name="DAPI")
    pixels.add("Channel", Name="GFP")
    assert "\n  Channels  DAPI, GFP\n" in printed(summarise(document))


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        ("0.09057667415221031", "0.090577"), ("0.1", "0.1"), ("1.0833333333333333", "1.0833"), ("320", "320"),
        ("0.10", "0.10"), ("123456.7", "123460"), ("1.6", "1.6"), ("?", "?"),
    ],
)  # fmt: skip
def test_pixel_sizes_are_shortened_to_five_digits(stated: str, shown: str) -> None:
    assert short(stated) == shown


def test_exposure_and_aperture_are_never_shortened() -> None:
    document = small()
    document.instruments[0].all("Objective")[0].put("LensNA", "1.4512345678")
    pixels = document.images[0].all("Pixels")[0]
    pixels.planes = PlaneTable(
        {"ExposureTime": ["100.12345678"], "ID": ["Plane:0"], "TheC": ["0"], "TheT": ["0"], "TheZ": ["0"]},
        {"ExposureTime": "ms"},
    )
    setup = summarise(document).setups[0]
    assert "NA 1.4512345678" in setup.objective
    assert setup.channels[0].exposure == "100.12345678 ms"


def test_exposures_that_vary_are_a_range() -> None:
    document = small()
    pixels = document.images[0].all("Pixels")[0]
    columns: dict[str, list[str | None]] = {
        "ExposureTime": ["20", "5.0", None, "5", "99"], "ID": ["a", "b", "c", "d", "e"],
        "TheC": ["0", "0", "0", "0", "1"], "TheT": ["0"] * 5, "TheZ": ["0"] * 5,
    }  # fmt: skip
    pixels.planes = PlaneTable(columns, {"ExposureTime": "ms"})
    assert summarise(document).setups[0].channels[0].exposure == "5.0 to 20 ms"
    plane = Node("Plane", {"TheC": Fact("0"), "ExposureTime": Fact("0.3", "ms")})
    pixels.children.append(plane)
    assert summarise(document).setups[0].channels[0].exposure == "0.3 to 20 ms"
    plane.put("ExposureTime", "0.3", "s")
    assert summarise(document).setups[0].channels[0].exposure == "varies"


def test_the_scan_of_a_plane_is_called_no_exposure() -> None:
    document = small()
    pixels = document.images[0].first("Pixels")
    assert pixels is not None
    pixels.planes = PlaneTable(
        {"ExposureTime": ["997"], "ID": ["a"], "TheC": ["0"], "TheT": ["0"], "TheZ": ["0"]}, {"ExposureTime": "ms"}
    )
    assert summarise(document).setups[0].channels[0].exposure == "997 ms"
    pixels.all("Channel")[0].put("IlluminationType", "Confocal_Fluorescence_single-spot-raster-scan")
    assert summarise(document).setups[0].channels[0].exposure == "997 ms to scan a plane"


def test_lines_of_a_laser_are_told_where_each_was_set() -> None:
    document = small()
    path = next(n for n in document.root.walk() if n.name == "LightPath")
    laser = next(n for n in document.root.walk() if n.name == "Laser")
    laser.add("IlluminationWavelengthRange").put("PeakWavelength", "552", "nm")
    assert summarise(document).setups[0].channels[0].light == "Coherent OBIS, 12.5 %, attenuation 0.1"
    path.add("LightSourceSettings", ID="LightSource:0").put("IlluminationPowerSettings", "50", "%")
    assert summarise(document).setups[0].channels[0].light == (
        "Coherent OBIS (488 nm), 12.5 %, attenuation 0.1 + Coherent OBIS (552 nm), 50 %"
    )


@pytest.mark.parametrize(
    ("power", "unit", "attenuation", "shown"),
    [
        ("6", "%", "0.94", "6 %"),
        ("0.2", "%", "0.99800000000000004", "0.2 %"),
        ("6", "%", "0.5", "6 %, attenuation 0.5"),
        ("6", "mW", "0.94", "6 mW, attenuation 0.94"),
    ],
)
def test_a_transmission_and_its_attenuation_are_one_fact(power: str, unit: str, attenuation: str, shown: str) -> None:
    settings = Node("LightSourceSettings")
    settings.put("IlluminationPowerSettings", power, unit)
    settings.put("Attenuation", attenuation)
    assert light_settings_text(settings) == shown


def test_images_recorded_alike_share_one_block() -> None:
    document = small()
    for number in range(1, 12):
        image(document, number, Name=f"scene {number}")
    summary = summarise(document)
    assert len(summary.setups) == 1
    assert [s.name for s in summary.setups[0].scenes] == ["cells", *(f"scene {n}" for n in range(1, 12))]
    text = printed(summary)
    assert text.startswith("cells.czi  (Zeiss CZI, 12 images)\n")
    assert "  Image 8  scene 7              512 × 256 px, 3 Z\nand".replace("\nand", "\n  and 4 more images\n") in text
    assert "Image 9" not in text
    assert "  Image 12  scene 11              512 × 256 px, 3 Z\n" in printed(summary, verbose=True)
    image(document, 12).all("Pixels")[0].put("PhysicalSizeX", "0.5", "µm")
    assert [len(s.scenes) for s in summarise(document).setups] == [12, 1]


def test_columns_that_all_channels_share_stand_below_where_rows_get_too_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    document = small()
    pixels = document.images[0].all("Pixels")[0]
    second = image(document, 1).all("Pixels")[0].all("Channel")[0]
    document.root.children.pop()
    second.put("Name", "RFP")
    pixels.children.append(second)
    text = printed(summarise(document))
    assert "  Channel\n  GFP\n  RFP\n  All channels:\n    Fluorophore   EGFP ex 488, em 509 nm\n" in text
    monkeypatch.setenv("COLUMNS", "300")
    assert "All channels" not in printed(summarise(document))


def test_what_the_hardware_file_filled(sample_data: Path) -> None:
    document = merge(extract(sample_data / "widefield.czi"), load_hardware(sample_data / "microscope.json"))
    summary = summarise(document, check(document))
    filled = {f.part: f for f in summary.filled}
    assert filled["Objective '63x oil'"].file == "microscope.json"
    assert not filled["Objective '63x oil'"].added
    assert filled["Objective '20x dry'"].added
    assert [f.added for f in summary.filled] == sorted(f.added for f in summary.filled)
    hardware = sum(
        f.source is not None and f.source.kind == "hardware"
        for i in document.instruments
        for n in i.walk()
        for name, f in n.facts.items()
        if name != "ID"
    )
    assert sum(f.facts for f in summary.filled) == hardware
    text = printed(summary)
    assert f"  Filled from microscope.json: {hardware} facts\n" in text
    assert "parts that the image does not name (" in text
    assert "Objective '20x dry'" not in text.partition("Missing for")[0]
    assert "Objective '20x dry'" in printed(summary, verbose=True)
    assert pickle.loads(pickle.dumps(summary)) == summary  # noqa: S301


def test_what_is_missing_of_described_parts_that_no_image_refers_to_is_told_apart(sample_data: Path) -> None:
    document = merge(extract(sample_data / "widefield.czi"), load_hardware(sample_data / "microscope.json"))
    report = check(document)
    verdict = summarise(document, report).verdict
    assert verdict is not None
    assert "Objective" not in [g.element for g in verdict.groups]
    told = {g.element: g.names for g in verdict.unused}
    assert told["Objective '20x dry'"] == ("CatalogNumber",)
    assert sum(map(len, told.values())) == 4
    text = printed(summarise(document, report))
    assert "    4 of them are of described parts that no image refers to: Filament 'Transmitted light' " in text
    # The counts are those of NBO.
    assert f"Missing for tier 1 (core): {report.asked.missing} of {report.asked.demanded} fields" in text
    apart = [m for m, aside in zip(verdict.messages, verdict.apart, strict=True) if aside]
    assert len(apart) == 3
    assert "NBO201  Objective (1 of 2: '20x dry'): CatalogNumber is missing (tier 1, MUST)" in apart
    # Where the image refers to the part, or to a part that it is in, it is the image's matter.
    settings = document.images[0].first("ObjectiveSettings")
    dry = next(n for n in document.instruments[0].all("Objective") if n.get("Name") == "20x dry")
    assert settings is not None
    settings.put("ID", dry.id)
    again = summarise(document, check(document)).verdict
    assert again is not None
    assert "Objective" in [g.element for g in again.groups]
    assert "Objective '20x dry'" not in [g.element for g in again.unused]


def test_a_description_alone_has_no_unused_parts(sample_data: Path) -> None:
    document = load_hardware(sample_data / "microscope.json").document
    verdict = summarise(document, check(document)).verdict
    assert verdict is not None
    assert verdict.missing
    assert not verdict.unused


def test_disagreements_show_both_values_and_where_they_stand() -> None:
    finding = Finding(
        "NBO301", "warning", "…", "cells.czi", "Objective", "Objective:0", "LensNA", "1.4", "/Lens/NA", "1.3",
        "scope.json: components[3] Objective 'x' /LensNA",
    )  # fmt: skip
    wording = replace(finding, severity="info", attribute="Model")
    document = small()
    document.findings = [finding, wording, Finding("NBO152", "warning", "Objective LensNA: '?' is no number; left out")]
    summary = summarise(document)
    assert summary.disagreements == (finding,)
    assert [f.code for f in summary.findings] == ["NBO152"]
    assert printed(summary).endswith("""
  Image and hardware file disagree (the image's value is kept)
    Objective LensNA (Objective:0)
      1.4  image       /Lens/NA
      1.3  scope.json  components[3] Objective 'x' /LensNA

  Warnings
    NBO152  Objective LensNA: '?' is no number; left out
""")


def test_what_is_missing_is_grouped_by_element() -> None:
    document = small()
    report = check(document)
    verdict = summarise(document, report).verdict
    assert verdict is not None
    assert (verdict.tier, verdict.extensions, verdict.level, verdict.passed) == (1, ("core",), "must", False)
    assert verdict.missing == report.tiers[1].missing
    named = {(g.requirement.element, g.requirement.name.removesuffix("Group")) for g in report.gaps if g.counted}
    assert {(group.element, name) for group in verdict.groups for name in group.names} == named
    text = printed(summarise(document, report))
    assert f"  Missing for tier 1 (core): {verdict.missing} of {verdict.demanded} fields\n" in text
    assert "(-v lists all)" in text
    full = printed(summarise(document, report), verbose=True)
    assert all(f"    {message}\n" in full for message in verdict.messages)


def test_quiet_where_all_is_well() -> None:
    document = small()
    summary = summarise(document, check(document))
    assert summary.verdict is not None
    fine = replace(summary, verdict=replace(summary.verdict, missing=0, passed=True, groups=(), messages=()))
    assert printed(fine).endswith("\n\n  Nothing is missing for tier 1 (core)\n")
    assert "Warnings" not in printed(fine)


def test_many_warnings_are_cut_and_counted() -> None:
    document = small()
    document.findings = [Finding("NBO152", "warning", f"problem {n:02}") for n in range(12)]
    assert printed(summarise(document)).endswith("    NBO152  problem 07\n    and 4 more (-v lists all)\n")
    assert "problem 11" in printed(summarise(document), verbose=True)


def test_lines_of_a_pipe_are_not_broken_and_not_coloured() -> None:
    document = small()
    long = "a sentence that goes on " * 20
    document.findings = [Finding("NBO152", "warning", long)]
    text = printed(summarise(document))
    assert f"    NBO152  {long}\n" in text
    assert "\x1b" not in text


def test_on_a_terminal_it_keeps_to_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("NO_COLOR", raising=False)
    document = small()
    document.findings = [Finding("NBO152", "warning", "a sentence that goes on " * 20)]
    stream = Terminal()
    Printer(stream).summary(summarise(document, check(document)))
    assert "\x1b[" in stream.getvalue()
    lines = re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= 60


# -- redaction --------------------------------------------------------------------------------------------------------


def personal() -> Document:
    document = small()
    document.origin.file = "/home/jdoe/data/cells.czi"
    document.origin.files = ("/home/jdoe/data/cells.czi",)
    document.origin.hardware = {r"C:\Users\other\scope.json": "0" * 64}
    person = document.root.add("Experimenter", ID="Experimenter:0", Institution="MIT")
    for attribute, value in (
        ("FirstName", "Jane"), ("MiddleName", "Q"), ("LastName", "Doe"), ("Email", "jdoe@x.org"), ("UserName", "jdoe"),
    ):  # fmt: skip
        person.put(attribute, value, source=Source("embedded", "cells.czi", "/User", raw="Doe, Jane"))
    first = document.images[0]
    first.add("ExperimenterRef", ID="Experimenter:0")
    source = Source("embedded", "cells.czi", "/Image[@Owner='jdoe']/Name", raw="cells by Jane Doe")
    first.put("Name", "cells", source=source)
    first.add("Description").text = Fact("made by jdoe on Monday")
    return document


def test_people_are_left_out() -> None:
    document = personal()
    before = json.dumps(repr(document))
    result = redact(document)
    assert json.dumps(repr(document)) == before
    person = result.root.first("Experimenter")
    assert person is not None
    assert {name: fact.value for name, fact in person.facts.items()} == {"ID": "Experimenter:0", "Institution": "MIT"}
    assert result.images[0].all("ExperimenterRef")[0].id == "Experimenter:0"
    assert result.origin.file == "cells.czi"
    assert result.origin.files == ("cells.czi",)
    assert result.origin.hardware == {"scope.json": "0" * 64}
    source = result.images[0].facts["Name"].source
    assert source is not None
    assert (source.raw, source.path) == ("", "/Image[@Owner='redacted']/Name")


def test_certain_names_leave_free_text_and_single_words_are_pointed_out() -> None:
    document = personal()
    document.images[0].all("Description")[0].text = Fact("by jdoe, Jane Doe and Doe, see jdoe@x.org, Jane; jdoes not")
    result = redact(document)
    text = result.images[0].all("Description")[0].text
    assert text is not None
    assert text.value == "by redacted, redacted and Doe, see redacted, Jane; jdoes not"
    assert [(f.code, f.severity, f.message) for f in result.findings] == [
        ("NBO158", "warning", "text of Description may hold the name of a person; --redact leaves single words")
    ]


def test_vendor_names_that_are_user_names_too_stay() -> None:
    document = small()
    document.root.add("Experimenter", ID="Experimenter:0", UserName="zeiss")
    result = redact(document)
    assert result.instruments[0].children[0].get("Manufacturer") == "Zeiss"


def test_findings_and_foreign_content_are_redacted() -> None:
    document = personal()
    document.findings = [Finding("NBO152", "warning", "UserName 'jdoe' is odd", "/home/jdoe/x.czi", value="jdoe")]
    notes = document.root.add("StructuredAnnotations").add("XMLAnnotation", ID="Annotation:0")
    notes.children.append(Node("Value", foreign="<a>jdoe</a>"))
    result = redact(document)
    first = result.findings[0]
    assert (first.message, first.file, first.value) == (
        "UserName 'redacted' is odd", "x.czi", "redacted",
    )  # fmt: skip
    assert "jdoe" not in repr(result.root.first("StructuredAnnotations"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.4000000000000001", "1.4"),
        ("488.00000000000006", "488"),
        ("881.0760209591945", "881.07602"),
        ("0.0000014000000000000001", "0.0000014"),
        ("610", "610"),
        ("1.4", "1.4"),
        ("653.596769", "653.596769"),
        ("420782-9900-000-1234567", "420782-9900-000-1234567"),
    ],
)
def test_numbers_are_readable(value: str, shown: str) -> None:
    assert readable(value) == shown
