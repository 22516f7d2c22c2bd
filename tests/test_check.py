"""What documents made by hand miss, field by field."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from nbo_extract.applicability import check_table, kinds_of, rules
from nbo_extract.checking import CheckReport, check
from nbo_extract.findings import Finding
from nbo_extract.model import Document, Node, PlaneTable
from nbo_extract.requirements import EXTENSIONS
from nbo_extract.tally import TierSummary
from nbo_extract.xmlio import from_xml, to_xml
from random_documents import Maker

if TYPE_CHECKING:
    from pathlib import Path

OBJECTIVE = {
    "ID": "Objective:0",
    "Manufacturer": "Zeiss",
    "Model": "Plan-Apochromat 63x/1.4",
    "CatalogNumber": "420782-9900-000",
    "Magnification": "63",
    "LensNA": "1.4",
    "Correction": "PlanApochromat",
    "ImmersionType": "Mineral Oil",
    "InfinityCorrected": "true",
    "ContrastModulation": "None",
    "DIC": "true",
}
MADE = {"Manufacturer": "Zeiss", "Model": "X", "CatalogNumber": "1"}
OPTIC = {**MADE, "Type": "BandPass", "CoatingMethod": "HardCoated", "LightPathLocation": "Infinity space"}
BAND = {"Wavelength": "525", "FWHMBandwidth": "50"}


def scope() -> Document:
    """Describe an instrument that has all that the core of tier 1 requires."""
    document = Document()
    instrument = document.root.add("Instrument", ID="Instrument:0", Name="Observer")
    instrument.add("UprightMicroscopeStand", **MADE, ID="MicroscopeStand:0", Type="Compound")
    instrument.add("Filament", **MADE, ID="LightSource:0")
    instrument.add("Objective", **OBJECTIVE)
    instrument.add("EmissionFilter", **OPTIC, ID="Filter:0").add("TransmittanceRange", **BAND)
    instrument.add("StandardDichroic", **OPTIC, ID="Dichroic:0").add("TransmittanceRange", **BAND)
    instrument.add("GenericDetector", **MADE, ID="Detector:0").add("Map")
    return document.arrange()


def with_image(illumination: str = "Wide-field_Fluorescence", contrast: str = "Fluorescence") -> Document:
    """Describe the instrument and an image made with it, complete for the core of tier 1."""
    document = scope()
    document.root.add("Experimenter", ID="Experimenter:0")
    experiment = document.root.add("Experiment", ID="Experiment:0", Purpose="TimeLapse", LabellingMethod="GFP")
    experiment.add("ExperimenterRef", ID="Experimenter:0")
    experiment.add("Sample", ID="Sample:0")
    document.instruments[0].add("AcquisitionSoftware", ID="Software:0")
    image = document.root.add("Image", ID="Image:0", Name="cells")
    for name, target in (
        ("InstrumentRef", "Instrument:0"),
        ("ExperimentRef", "Experiment:0"),
        ("SampleRef", "Sample:0"),
        ("AcquisitionSoftwareRef", "Software:0"),
        ("ObjectiveSettings", "Objective:0"),
    ):
        image.add(name, ID=target)
    sizes = {f"Size{axis}": "1" for axis in "ZCT"} | {"SizeX": "8", "SizeY": "8"}
    scale = {"PhysicalSizeX": "0.1", "PhysicalSizeY": "0.1"}
    pixels = image.add("Pixels", ID="Pixels:0", DimensionOrder="XYZCT", **sizes, **scale)
    columns: dict[str, list[str | None]] = {"ID": ["Plane:0"], "TheC": ["0"], "TheT": ["0"], "TheZ": ["0"]}
    pixels.planes = PlaneTable({**columns, "Timestamp": ["0"]}, {"Timestamp": "s"})
    channel = pixels.add("Channel", ID="Channel:0", Name="GFP", IlluminationType=illumination, ContrastMethod=contrast)
    path = channel.add("LightPath", ID="LightPath:0")
    path.add("LightSourceSettings", ID="LightSource:0", IlluminationPowerSettings="5")
    settings = {"EffectiveBitDepth": "16bit", "AnalogGain": "1", "AmplificationGain": "1"}
    path.add("GenericDetectorSettings", ID="Detector:0", **settings)
    pixels.add("MetadataOnly")
    return document.arrange()


def messages(report: CheckReport) -> list[str]:
    return [f.message for f in report.findings]


def part(document: Document, *names: str) -> Node:
    node = document.root
    for name in names:
        found = node.first(name)
        assert found is not None, name
        node = found
    return node


def without(document: Document, *path: str) -> Document:
    """Remove a child, or an attribute of an element."""
    holder = part(document, *path[:-1])
    holder.facts.pop(path[-1], None)
    holder.children = [c for c in holder.children if c.name != path[-1]]
    return document


def test_a_complete_instrument_counted_by_hand() -> None:
    report = check(scope())
    # Instrument: ID, Name, stand, light source, objective, filter, mirror, detector (8). Stand: maker's three, ID, Type
    # (5). Lamp: maker's three, ID (4). Objective: 11. Filter: maker's three, ID, Type, CoatingMethod,
    # LightPathLocation, range (8), and dichroic the same (8), each with a range of two values (2 x 2). Detector:
    # maker's three, ID (4); its Map is of tier 3.
    assert messages(report) == []
    assert report.tiers[1] == TierSummary(1, 52, 52, 0, 0)
    assert report.passed


def test_what_is_missing_is_named_as_a_microscopist_would() -> None:
    document = without(scope(), "Instrument", "Objective", "CatalogNumber")
    without(document, "Instrument", "GenericDetector")
    report = check(document)
    assert not report.passed
    assert report.findings == [
        Finding(
            "NBO202",
            "warning",
            "Instrument 'Observer': Detector is missing (GenericDetector, CCD, AnalogVideo, …) (tier 1, MUST)",
            element="Instrument",
            instance="Instrument:0",
            attribute="DetectorGroup",
            source="NBO core, tier 1, MUST",
            where="usually from a hardware description",
            tier=1,
            level="must",
        ),
        Finding(
            "NBO201",
            "warning",
            "Objective 'Plan-Apochromat 63x/1.4': CatalogNumber is missing (tier 1, MUST)",
            element="Objective",
            instance="Objective:0",
            attribute="CatalogNumber",
            source="NBO core, tier 1, MUST",
            where="usually from a hardware description",
            tier=1,
            level="must",
        ),
    ]
    assert report.tiers[1].missing == 2
    gap = report.gaps[1]
    assert (gap.requirement.name, gap.requirement.tier, gap.requirement.level) == ("CatalogNumber", 1, "must")


def test_the_same_gap_of_several_elements_is_one_finding() -> None:
    document = scope()
    for number in range(1, 5):
        facts = {**OBJECTIVE, "ID": f"Objective:{number}", "Model": f"Lens {number}"}
        del facts["LensNA"]
        document.instruments[0].add("Objective", **facts)
    report = check(document)
    assert messages(report) == [
        "Objective (4 of 5: 'Lens 1', 'Lens 2', 'Lens 3' and 1 more): LensNA is missing (tier 1, MUST)"
    ]
    assert report.findings[0].instance == "Objective:1, Objective:2, Objective:3, Objective:4"
    assert report.tiers[1].missing == 4


def test_tiers_and_levels_add_up() -> None:
    document = scope()
    two, wished = check(document, tier=2), check(document, tier=1, level="should")
    assert all("tier 2, MUST" in m for m in messages(two))
    assert "Objective 'Plan-Apochromat 63x/1.4': WorkingDistance is missing (tier 2, MUST)" in messages(two)
    assert "Objective 'Plan-Apochromat 63x/1.4': Name is missing (tier 1, SHOULD)" in messages(wished)
    assert {f.code for f in wished.findings} == {"NBO203", "NBO204"}
    assert not two.passed
    assert not wished.passed
    # The summary of all tiers does not depend on the tier asked for.
    assert two.tiers == check(document, tier=3).tiers
    assert two.tiers[1].demanded < two.tiers[2].demanded < two.tiers[3].demanded
    assert two.tiers[1] == check(document).tiers[1]


def test_other_extensions_are_asked_for_only_where_wanted() -> None:
    document = scope()
    document.instruments[0].add("PhaseRing", ID="Aperture:0")
    assert check(document).passed
    report = check(document, extensions=("core", "basic"))
    assert "PhaseRing 'Aperture:0': PhaseNumber is missing (tier 1, MUST)" in messages(report)
    software = "Instrument 'Observer': Software is missing (AcquisitionSoftware, SoftwareModule) (tier 1, MUST)"
    assert any(m.startswith(software[:40]) for m in messages(report))
    assert report.extensions == ("basic", "core")


def test_blank_values_and_placeholders_are_missing() -> None:
    document = scope()
    objective = part(document, "Instrument", "Objective")
    objective.put("CatalogNumber", "99999")
    objective.put("Manufacturer", " ")
    part(document, "Instrument", "Filament").put("Model", "Not assigned")
    part(document, "Instrument", "UprightMicroscopeStand").put("Model", "N/A")
    report = check(document)
    missing = "which counts as missing (tier 1, MUST)"
    assert messages(report) == [
        f"UprightMicroscopeStand 'N/A': Model states only the placeholder 'N/A', {missing}",
        f"Filament 'Not assigned': Model states only the placeholder 'Not assigned', {missing}",
        "Objective 'Plan-Apochromat 63x/1.4': Manufacturer is missing (tier 1, MUST)",
        f"Objective 'Plan-Apochromat 63x/1.4': CatalogNumber states only the placeholder '99999', {missing}",
    ]
    assert [f.value for f in report.findings] == ["N/A", "Not assigned", "", "99999"]


def test_nines_that_are_measurements_are_values() -> None:
    document = with_image()
    pixels = part(document, "Image", "Pixels")
    pixels.put("SizeX", "999")
    assert pixels.planes is not None
    pixels.planes.columns["Timestamp"] = ["999"]
    assert check(document).passed


def test_a_unit_with_a_default_is_never_missing_and_one_without_only_beside_a_value() -> None:
    document = scope()
    module = document.instruments[0].add("AcoustoOpticalModulator", **MADE, ID="AOM:0")
    names = {f.attribute for f in check(document, tier=3, extensions=("core", "advanced")).findings}
    assert "TuningAccuracy" in names
    assert "TuningAccuracyUnit" not in names
    module.put("TuningAccuracy", "1")
    names = {f.attribute for f in check(document, tier=3, extensions=("core", "advanced")).findings}
    assert "TuningAccuracyUnit" in names
    module.put("TuningAccuracy", "1", "nm")
    names = {f.attribute for f in check(document, tier=3, extensions=("core", "advanced")).findings}
    assert "TuningAccuracyUnit" not in names


def test_a_complete_image() -> None:
    document = with_image()
    report = check(document)
    assert messages(report) == []
    assert report.passed
    assert check(from_xml(to_xml(document))).passed


def test_planes_of_one_image_are_one_finding() -> None:
    document = with_image()
    pixels = part(document, "Image", "Pixels")
    rows = [str(n) for n in range(20)]
    columns: dict[str, list[str | None]] = {"ID": [f"Plane:{r}" for r in rows], "TheC": ["0"] * 20}
    columns |= {"TheT": list(rows), "TheZ": ["0"] * 20, "Timestamp": [*rows[:15], *[None] * 5]}
    pixels.planes = PlaneTable(columns)
    report = check(document)
    assert messages(report) == ["Plane of Image 'cells', 5 of 20 planes: Timestamp is missing (tier 1, MUST)"]
    assert report.tiers[1].missing == 1
    wished = messages(check(document, level="should"))
    assert "Plane of Image 'cells', 20 of 20 planes: ExposureTime is missing (tier 1, SHOULD)" in wished


def test_planes_as_elements_count_like_planes_in_columns() -> None:
    document = with_image()
    pixels = part(document, "Image", "Pixels")
    pixels.planes = None
    assert messages(check(document)) == ["Pixels 'Pixels:0': Plane is missing (tier 1, MUST)"]
    for number in range(3):
        pixels.add("Plane", ID=f"Plane:{number}", TheZ=str(number), TheT="0", TheC="0")
    expected = ["Plane of Image 'cells', 3 of 3 planes: Timestamp is missing (tier 1, MUST)"]
    assert messages(check(document)) == expected


def test_planes_that_were_left_out_are_not_missing() -> None:
    document = with_image()
    part(document, "Image", "Pixels").planes = None
    document.findings.append(Finding("NBO156", "info", "the facts of 100000 planes are left out"))
    assert check(document).passed


def test_transmitted_light_needs_no_fluorophore_filter_or_dichroic() -> None:
    document = with_image("Transmitted_Bright-field", "Brightfield")
    without(document, "Instrument", "EmissionFilter")
    without(document, "Instrument", "StandardDichroic")
    report = check(document)
    assert report.passed
    assert [(f.code, f.severity, f.message) for f in report.findings] == [
        (
            "NBO202",
            "info",
            f"Instrument 'Observer': {name} is missing ({examples}, …) (tier 1, MUST); "
            "not counted: transmitted light needs no fluorescence filter or dichroic",
        )
        for name, examples in (
            ("Filter", "ExcitationFilter, EmissionFilter, NeutralDensityFilter"),
            ("MirroringDevice", "StandardDichroic, GenericDichroic, BeamSplitter"),
        )
    ]
    assert report.tiers[1].excused == 2
    assert report.tiers[1].missing == 0
    literal = check(document, literal=True)
    assert not literal.passed
    assert literal.tiers[1].missing == 2
    fluorophore = "Channel 'GFP': Fluorophore is missing (tier 1, MUST)"
    excused = f"{fluorophore}; not counted: a transmitted light channel has no fluorophore"
    assert excused in messages(check(document, extensions=("core", "basic")))
    assert fluorophore in messages(check(with_image(), extensions=("core", "basic")))


def test_nothing_is_excused_for_a_channel_that_does_not_say_what_it_is() -> None:
    document = with_image("Transmitted_Bright-field", "Brightfield")
    without(document, "Instrument", "EmissionFilter")
    part(document, "Image", "Pixels").add("Channel", ID="Channel:1", Name="?")
    filters = [m for m in messages(check(document)) if m.startswith("Instrument 'Observer': Filter is missing")]
    assert len(filters) == 1
    assert "not counted" not in filters[0]


def test_confocal_settings_are_wished_for_confocal_images_only() -> None:
    everything = ("core", "basic", "advanced", "calibration")
    wide = with_image()
    confocal = with_image("Confocal_Fluorescence_single-spot-raster-scan")
    names = {f.attribute for f in check(wide, extensions=everything, level="should").findings}
    assert not names & {"ConfocalScannerSettings", "ConfocalScannerGroup", "TIRFSettings", "PixelDwellTime"}
    names = {f.attribute for f in check(confocal, extensions=everything, level="should").findings}
    assert {"ConfocalScannerSettings", "ConfocalScannerGroup", "PixelDwellTime"} <= names
    assert "TIRFSettings" not in names


def test_what_no_document_can_state_is_not_demanded() -> None:
    document = with_image("Confocal_Fluorescence_single-spot-raster-scan")
    path = part(document, "Image", "Pixels", "Channel", "LightPath")
    path.add("ConfocalScannerSettings")
    for literal in (False, True):
        report = check(document, tier=3, extensions=("core", "advanced"), level="should", literal=literal)
        names = {f.attribute for f in report.findings if f.element == "ConfocalScannerSettings"}
        assert "PresetPinholeSize" in names
        assert not names & {"ID ", " ConfocalFieldNumber"}


def test_a_long_pass_filter_has_no_bandwidth() -> None:
    document = scope()
    without(document, "Instrument", "EmissionFilter", "TransmittanceRange", "FWHMBandwidth")
    label = "TransmittanceRange of EmissionFilter 'X'"
    text = "FWHMBandwidth is missing (tier 1, MUST)"
    assert messages(check(document)) == [f"TransmittanceRange (1 of 2: of EmissionFilter 'X'): {text}"]
    part(document, "Instrument", "EmissionFilter").put("Type", "LongPass")
    report = check(document)
    assert report.passed
    assert messages(report) == [
        f"{label}: {text}; not counted: a long-pass or short-pass optic has no bandwidth, though NBO demands one of "
        "every optic: it can never be complete"
    ]


def test_annotations_demanded_by_accident_do_not_count() -> None:
    document = scope()
    document.instruments[0].add("RasterScanner", ID="ConfocalScanner:0", Type="Resonant")
    report = check(document, extensions=("core", "advanced"))
    assert report.passed
    assert messages(report) == [
        "RasterScanner 'ConfocalScanner:0': AnnotationRef is missing (tier 1, MUST); not counted: NBO's schema demands "
        "an annotation here by an accident of notation; its spreadsheet does not"
    ]
    wished = check(document, level="should")
    assert not any(f.attribute == "AnnotationRef" for f in wished.findings)


def test_what_points_out_of_the_extensions_is_explained() -> None:
    document = without(with_image(), "Image", "SampleRef")
    explained = "; it points to a description that belongs to the extension Basic"
    text = "Image 'cells': SampleRef is missing (tier 1, MUST)"
    assert messages(check(document)) == [text + explained]
    assert text in messages(check(document, extensions=("core", "basic")))


def test_mechanical_calibration_is_above_all_tiers_and_said_so() -> None:
    report = check(with_image(), tier=3, extensions=("core", "calibration"), level="should")
    found = [f for f in report.findings if f.attribute == "MechanicalCalibration"]
    assert [f.severity for f in found] == ["info"]
    assert "NBO's schema puts it at tier 4" in found[0].message


def test_shutter_mode_is_asked_of_cmos_cameras_only() -> None:
    document = with_image()
    instrument = document.instruments[0]
    instrument.add("CCD", ID="Detector:1")
    path = part(document, "Image", "Pixels", "Channel", "LightPath")
    path.add("CameraSettings", ID="Detector:1")
    report = check(document, extensions=("core", "basic"))
    remark = "not counted: global or rolling shutter is a matter of CMOS cameras"
    assert any("SensorExposureMode" in m and remark in m for m in messages(report))


def test_a_document_of_nothing_does_not_pass() -> None:
    report = check(Document())
    assert not report.passed
    assert [f.code for f in report.findings] == ["NBO200"]
    assert messages(report) == ["The document: Image is missing (tier 1, MUST)"]
    assert report.tiers[1] == TierSummary(1, 1, 0, 1, 0)


def test_invalid_values_fail_the_check() -> None:
    document = scope()
    part(document, "Instrument", "Objective").put("ImmersionType", "Oil")
    report = check(document)
    assert not report.passed
    assert [f.code for f in report.findings] == ["NBO210"]


def test_sums_and_gaps_agree_for_documents_of_the_whole_model() -> None:
    everything = ("core", "basic", "advanced", "calibration")
    for seed in range(60):
        document = Maker(seed).document()
        report = check(document, tier=3, extensions=everything, level="should")
        for summary in report.tiers.values():
            assert summary.demanded == summary.present + summary.missing
        assert sum(len(g.labels) for g in report.gaps if g.counted) == report.tiers[3].missing
        assert len({f.message for f in report.findings}) == len(report.findings)


def test_the_report_is_deterministic_and_pickles() -> None:
    reports = [check(with_image(), tier=3, extensions=("core", "basic"), level="should") for _ in range(2)]
    assert reports[0] == reports[1]
    assert pickle.loads(pickle.dumps(reports[0])) == reports[0]  # noqa: S301


def test_wrong_questions() -> None:
    with pytest.raises(ValueError, match="the tier is 1, 2 or 3 and the level is must or should"):
        check(scope(), tier=4)
    with pytest.raises(ValueError, match="expert is no extension of NBO"):
        check(scope(), extensions=("expert",))


def test_table_of_rules_fits_the_model() -> None:
    assert check_table() == []
    for found in rules().values():
        for rule in found:
            assert rule.effect in ("excuse", "quiet", "explain", "never")
            assert rule.reason


def test_kinds_of_channels() -> None:
    def kinds(**facts: str) -> frozenset[str]:
        return kinds_of(Document().root.add("Channel", **facts))

    assert kinds() == frozenset()
    assert kinds(ContrastMethod="VarelConrast") == {"transmitted"}
    assert kinds(IlluminationType="Confocal_Fluorescence_spinning disk") == {"fluorescence", "confocal", "disk"}
    assert kinds(IlluminationType="Confocal_Fluorescence_slit-raster-scan") == {"fluorescence", "confocal", "scanning"}
    assert kinds(IlluminationType="Widefield_Fluorescence_TIRF (Total Internal Reflection Fluorescence)") == {
        "fluorescence",
        "tirf",
    }


def test_every_kind_begins_a_published_word() -> None:
    from nbo_extract.applicability import table
    from nbo_extract.schema import load

    attributes = load().element("Channel").attributes
    for kind in table()["kinds"].values():
        assert set(kind["contrast"]) <= set(attributes["ContrastMethod"].type.enum)
        for beginning in kind["illumination"]:
            assert any(v.startswith(beginning) for v in attributes["IlluminationType"].type.enum), beginning


def test_real_file_reports_tiers(shared: Path) -> None:
    from nbo_extract.api import extract

    report = check(extract(shared / "samples" / "czi" / "CellDivision_T3_Z5_CH2_X240_Y170.czi"))
    assert not report.passed
    assert any(f.message.startswith("Objective '") and f.attribute == "ContrastModulation" for f in report.findings)


def device(name: str, **facts: str) -> Document:
    document = scope()
    document.instruments[0].add(name, ID=f"{name}:0", **facts)
    return document


def named_fields(document: Document, element: str, **asked: Any) -> dict[str, bool]:
    """Fields that an element misses, and whether they count."""
    gaps = check(document, **{"tier": 3, "extensions": list(EXTENSIONS), "level": "should", **asked}).gaps
    return {g.requirement.name: g.counted for g in gaps if g.requirement.element == element}


@pytest.mark.parametrize(
    ("name", "axes", "must", "should"),
    [
        ("MechanicalStage", "XY", "ZRepeatability", "ZResolution"),
        ("PiezoElectricStage", "Z", "XTravelRange", "XYResolution"),
    ],
)
def test_no_travel_is_asked_along_an_axis_that_a_stage_does_not_move(
    name: str, axes: str, must: str, should: str
) -> None:
    still = named_fields(device(name, MovementAxes=axes), name)
    assert still[must] is False
    assert should not in still
    moving = named_fields(device(name, MovementAxes="XYZ"), name)
    assert moving[must] is moving[should] is True
    unknown = check(device(name), tier=2, extensions=["basic"])
    hint = "state its MovementAxes instead"
    assert any(f.attribute == must and f.message.endswith(hint) for f in unknown.findings)


@pytest.mark.parametrize(
    ("lens", "quiet"),
    [
        ({"ImmersionType": "Air"}, {"ImmersionLiquid", "MeasuredRefractiveIndex"}),
        ({"CorrectionCollar": "false"}, {"CorrectionCollarPosition"}),
        ({"Iris": "false"}, {"IrisAperture"}),
    ],
)
def test_settings_ask_for_what_the_objective_has(lens: dict[str, str], quiet: set[str]) -> None:
    document = with_image()
    before = set(named_fields(document, "ObjectiveSettings"))
    objective = part(document, "Instrument", "Objective")
    for name, value in lens.items():
        objective.put(name, value)
    assert before - set(named_fields(document, "ObjectiveSettings")) == quiet


def test_a_scanned_plane_is_not_exposed() -> None:
    scanned = with_image("Confocal_Fluorescence_single-spot-raster-scan")
    assert "ExposureTime" not in named_fields(scanned, "Plane")
    assert "ExposureTime" in named_fields(with_image(), "Plane")
    assert "PixelDwellTime" in named_fields(scanned, "Plane")
    # One channel that is not scanned, and it is asked for.
    part(scanned, "Image", "Pixels").add("Channel", ID="Channel:1", IlluminationType="Wide-field_Fluorescence")
    assert "ExposureTime" in named_fields(scanned, "Plane")


def scan(dwells: list[str | None], **second: str) -> Document:
    """Describe a scanned image with a second channel of stated or unstated kind; dwell times by channel."""
    document = with_image("Confocal_Fluorescence_single-spot-raster-scan")
    pixels = part(document, "Image", "Pixels")
    pixels.add("Channel", ID="Channel:1", **second)
    assert pixels.planes is not None
    columns: dict[str, list[str | None]] = {"ID": ["a", "b"], "TheC": ["0", "1"], "TheT": ["0"] * 2, "TheZ": ["0"] * 2}
    pixels.planes = PlaneTable({**columns, "PixelDwellTime": dwells}, {"PixelDwellTime": "µs"})
    return document


@pytest.mark.parametrize("dwells", [["8", "8"], ["8", None]])
def test_a_channel_of_unknown_kind_was_scanned_where_dwell_times_are_stated(dwells: list[str | None]) -> None:
    assert "ExposureTime" not in named_fields(scan(dwells), "Plane")


def test_the_detector_of_transmitted_light_of_a_scanner_exposes_nothing() -> None:
    assert "ExposureTime" not in named_fields(scan(["8", "8"], ContrastMethod="Brightfield"), "Plane")


@pytest.mark.parametrize("settings", ["CameraSettings", "GenericDetectorSettings"])
@pytest.mark.parametrize("dwells", [["8", "8"], ["8", None]])
def test_a_camera_is_asked_for_its_exposure_beside_a_scanner(settings: str, dwells: list[str | None]) -> None:
    document = scan(dwells)
    channel = part(document, "Image", "Pixels").all("Channel")[1]
    channel.add("LightPath").add(settings, ID="Detector:9")
    assert "ExposureTime" in named_fields(document, "Plane")


def test_a_wide_field_channel_and_one_without_any_dwell_time_are_asked_for_the_exposure() -> None:
    assert "ExposureTime" in named_fields(scan(["8", "8"], IlluminationType="Wide-field_Fluorescence"), "Plane")
    assert "ExposureTime" in named_fields(scan([None, None]), "Plane")


def test_polarisers_microlenses_and_excitation_belong_to_their_kind_of_image() -> None:
    wide = named_fields(with_image(), "Instrument")
    assert not {"PolarizationOptics", "MicrolensArray"} & set(wide)
    assert "MicrolensArray" in named_fields(with_image("Confocal_Fluorescence_spinning disk"), "Instrument")
    crossed = with_image("Transmitted_Polarization", "PolarizedLight")
    assert "PolarizationOptics" in named_fields(crossed, "Instrument")
    assert "ExcitationCalibration" not in named_fields(crossed, "Channel")
    assert "ExcitationCalibration" in named_fields(with_image(), "Channel")


def test_parts_that_a_device_does_not_have_are_not_asked_for() -> None:
    tube = "PhotoMultiplierTube"
    assert "MultianodeChannelNr" not in named_fields(device(tube, Multianode="false"), tube)
    assert "MultianodeChannelNr" in named_fields(device(tube, Multianode="true"), tube)
    assert "AcoustoOpticalDeviceRef" not in named_fields(device("Laser", UsedAcoustoOpticalDevice="false"), "Laser")
    assert "AcoustoOpticalDeviceRef" in named_fields(device("Laser"), "Laser")


def test_wishes_for_what_nbo_has_no_place_for_do_not_drown_the_rest() -> None:
    quiet = {"AnnotationRef", "MapAnnotation", "AdditionalVendorInformation"}
    assert not quiet & set(named_fields(scope(), "Objective"))
    assert quiet <= set(named_fields(scope(), "Objective", literal=True))


def test_a_multi_pass_optic_with_one_edge_is_told_why_it_can_never_be_complete() -> None:
    document = scope()
    optic = part(document, "Instrument", "EmissionFilter")
    optic.put("Type", "MultiPass")
    optic.add("TransmittanceRange", Wavelength="645")
    told = [m for m in messages(check(document)) if "FWHMBandwidth" in m]
    assert len(told) == 1
    assert told[0].endswith("though NBO demands one: such an optic can never be complete")


def test_the_unit_of_a_dimension_map_is_asked_though_no_step_is_stated() -> None:
    document = Document()
    pixels = document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0")
    pixels.add("AdditionalDimensionMap", ID="X:1")
    report = check(document, tier=2, extensions=("core", "basic"))
    asked = [g for g in report.gaps if g.requirement.element == "AdditionalDimensionMap"]
    assert "Unit" in [g.requirement.name for g in asked]


def test_a_word_in_a_column_of_numbers_is_missing() -> None:
    document = Document()
    pixels = document.root.add("Image", ID="Image:0").add("Pixels", ID="Pixels:0")
    keys: dict[str, list[str | None]] = {n: ["0", "1", "2"] for n in ("ID", "TheC", "TheT", "TheZ")}
    pixels.planes = PlaneTable({**keys, "Timestamp": ["999", "NaN", "-1"]}, {"Timestamp": "s"})
    report = check(document, literal=True)
    (gap,) = [g for g in report.gaps if g.requirement.name == "Timestamp"]
    assert (gap.missing, gap.total) == (1, 3)
