"""Effective tier, level and extension of every field of the NBO model."""

from __future__ import annotations

from collections import Counter

import pytest

from nbo_extract.requirements import (
    EXTENSIONS,
    Place,
    Requirement,
    all_requirements,
    judged,
    known_extensions,
    place_of,
    requirements,
)
from nbo_extract.schema import load

SCHEMA = load()
CORE = frozenset(["core"])


def of(element: str, name: str, extensions: frozenset[str] = frozenset(EXTENSIONS)) -> Requirement:
    return next(r for r in requirements(SCHEMA.element(element), None, extensions) if r.name == name)


def test_sums_over_the_whole_model() -> None:
    table = all_requirements()
    counts = Counter((r.level, r.tier) for fields in table.values() for r in fields)
    assert len(table) == 165
    assert sum(len(fields) for fields in table.values()) == 2734
    assert (counts["must", 1], counts["must", 2], counts["must", 3]) == (446, 326, 103)
    # Mechanical calibration is above every tier that can be asked for.
    assert (counts["must", 4], counts["should", 4]) == (8, 16)


def test_sums_of_the_core() -> None:
    fields = [r for rs in all_requirements(extensions=CORE).values() for r in rs if r.extension == "core"]
    assert Counter((r.level, r.tier) for r in fields)["must", 1] == 133


def test_plain_ome_is_not_judged() -> None:
    for name in ("Project", "Dataset", "Plate", "Screen", "Folder", "ROI", "StructuredAnnotations"):
        assert not judged(SCHEMA.element(name))
        assert name not in all_requirements()
    for name in ("Instrument", "Image", "Experiment", "Experimenter", "ExperimenterGroup"):
        assert judged(SCHEMA.element(name))


@pytest.mark.parametrize(
    ("element", "name", "level", "tier", "extension"),
    [
        ("Objective", "Magnification", "must", 1, "core"),
        ("Objective", "WorkingDistance", "must", 2, "core"),
        ("Objective", "ImageDistance", "must", 3, "core"),
        ("Objective", "Name", "should", 1, "core"),
        # The maker is tier 1 everywhere, a table is tier 2.
        ("MicroscopeTable", "Manufacturer", "must", 2, "basic"),
        # No tier of its own: that of the class.
        ("ColoredBeads", "Diameter", "must", 2, "calibration"),
        # A child with the extension of its own declaration.
        ("Objective", "SpecsFile", "should", 3, "basic"),
        ("Channel", "Fluorophore", "must", 1, "basic"),
        # A reference has none: that of the class.
        ("Image", "SampleRef", "must", 1, "core"),
        ("Instrument", "DetectorGroup", "must", 1, "core"),
        ("Pixels", "BinData|MetadataOnly|NGFFData|TiffData", "must", 1, "core"),
        ("Plane", "HashSHA1", "should", 3, "core"),
        ("Plane", "MechanicalCalibration", "should", 4, "calibration"),
        ("MultiLaserEngine", "LaserRef", "must", 2, "advanced"),
    ],
)
def test_fields(element: str, name: str, level: str, tier: int, extension: str) -> None:
    found = of(element, name)
    assert (found.level, found.tier, found.extension) == (level, tier, extension)


def test_units_with_a_default_are_no_fields() -> None:
    names = [r.name for r in requirements(SCHEMA.element("Objective"))]
    assert "WorkingDistanceUnit" not in names
    assert "ScanTimeUnit" in [r.name for r in requirements(SCHEMA.element("ConfocalScannerSettings"))]


def test_a_substitution_group_is_one_field_with_the_lowest_tier_of_its_members() -> None:
    holder = SCHEMA.element("Instrument")
    names = [r.name for r in requirements(holder)]
    assert names.count("OpticalApertureGroup") == 1
    assert "PhaseRing" not in names
    assert of("Instrument", "ConfocalScannerGroup").tier == 1
    assert "PhaseRing" in of("Instrument", "OpticalApertureGroup").satisfied_by


def test_a_group_without_members_in_the_extensions_is_no_field() -> None:
    names = [r.name for r in requirements(SCHEMA.element("Instrument"), None, CORE)]
    assert "MicroscopeStandGroup" in names
    assert "SoftwareGroup" not in names
    assert "ConfocalScannerGroup" not in names


def test_a_local_class_has_tier_and_extension_of_the_class_around_it() -> None:
    detector = SCHEMA.element("CCD")
    wavelengths = detector.child("WavelengthRange")
    assert wavelengths is not None
    place = place_of(wavelengths, detector.use("WavelengthRange"), place_of(detector))
    assert place.extension == "basic"
    fields = {r.name: r for r in requirements(wavelengths, place)}
    assert (fields["CutOn"].level, fields["CutOn"].tier, fields["CutOn"].extension) == ("must", 3, "basic")
    assert place_of(SCHEMA.element("MultiLaserEngine")) == Place(2, "advanced")


def test_unknown_extension() -> None:
    message = "expert is no extension of NBO; there are core, basic, advanced, calibration"
    with pytest.raises(ValueError, match=message):
        known_extensions(["core", "expert"])
