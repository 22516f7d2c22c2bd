"""Fields of twelve classes, counted by hand from the text of the XSD, with the lines where they stand.

Each field: line of the XSD, M for MUST (``use="required"``, or ``minOccurs`` of at least 1, which is also what is meant
where it is not written) or S for SHOULD, tier, and row of the spreadsheet where it has one. Units with a default, and
units of values that are not stated, are no fields. Where the spreadsheet says otherwise, the XSD decides:
ImmersionType is not required in row 232 of the sheet "Specs", Iris is in row 234; name, type and wavelengths of a
fluorophore are in rows 249 to 252 of the sheet "Settings", which calls FBBaseID FPBaseID.
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """One field of a class."""

    line: int
    level: str
    tier: int
    row: int = 0


class Class(NamedTuple):
    """A class: the sheet of the spreadsheet with its rows, its place in a document, and its fields by extension."""

    sheet: int
    chain: tuple[str, ...]
    fields: dict[str, Field]
    basic: dict[str, Field]


SPECS, SETTINGS, CALIBRATION = 2, 3, 5


def made(first: int = 0) -> dict[str, Field]:
    """Fields of ManufacturerSpec, from line 4899 and row 4 of the sheet "Specs"; rows where the class repeats them."""
    rows = range(first, first + 4) if first else (0, 0, 0, 0)
    return {
        "Manufacturer": Field(4921, "M", 1, rows[0]),
        "Model": Field(4927, "M", 1, rows[1]),
        "CatalogNumber": Field(4933, "M", 1, rows[2]),
        "LotNumber": Field(4939, "S", 3, rows[3]),
    }


# Children of ManufacturerSpec; the extension of each is Basic, at 4912, 3945 and 10599.
MADE_BASIC = {
    "MapAnnotation": Field(4909, "S", 3),
    "SpecsFile": Field(4910, "S", 3),
    "AdditionalVendorInformation": Field(4919, "S", 3),
}

OBJECTIVE = Class(
    SPECS,
    ("Instrument", "Objective"),
    {
        **made(223),
        "ID": Field(2173, "M", 1, 228),
        "Name": Field(2179, "S", 1, 237),
        "Magnification": Field(2185, "M", 1, 229),
        "LensNA": Field(2191, "M", 1, 230),
        "Correction": Field(2197, "M", 1, 231),
        "ImmersionType": Field(2203, "M", 1, 232),
        "InfinityCorrected": Field(2209, "M", 1, 238),
        "ContrastModulation": Field(2215, "M", 1, 239),
        "DIC": Field(2221, "M", 1, 240),
        "LightType": Field(2227, "S", 1, 241),
        "DippingMedium": Field(2233, "S", 2, 244),
        "WorkingDistance": Field(2239, "M", 2, 233),
        "CorrectionCollar": Field(2250, "M", 2, 242),
        "CorrectionCollarType": Field(2256, "S", 2, 243),
        "PhaseContrastDesignation": Field(2262, "S", 2, 245),
        "CalibratedMagnification": Field(2268, "S", 2, 235),
        "Iris": Field(2274, "S", 2, 234),
        "ObjectiveViewField": Field(2280, "M", 3, 246),
        "ImageDistance": Field(2286, "M", 3, 247),
        "FrontFocalLength": Field(2298, "S", 3, 248),
        "BackFocalLength": Field(2310, "S", 3, 249),
        "ParfocalizingDistance": Field(2321, "S", 3, 250),
        "AnnotationRef": Field(2166, "S", 1, 236),
    },
    MADE_BASIC,
)

# The class, at 15279, is of tier 2 and of the extension Calibration and Performance: so are the fields that it takes
# over from ManufacturerSpec at tier 1.
COLORED_BEADS = Class(
    CALIBRATION,
    ("Image", "OpticalCalibration", "ColoredBeadsSlide", "ColoredBeads"),
    {
        "Manufacturer": Field(4921, "M", 2),
        "Model": Field(4927, "M", 2),
        "CatalogNumber": Field(4933, "M", 2),
        "LotNumber": Field(4939, "S", 3),
        "ID": Field(15293, "M", 2, 95),
        "Diameter": Field(15299, "M", 2, 96),
        "Concentration": Field(15306, "M", 2, 97),
        "Type": Field(15313, "S", 2, 98),
        "Material": Field(15319, "S", 2, 99),
    },
    # Its tier, 2, stands at the declaration of WavelengthRange, line 10497.
    {"WavelengthRange": Field(15291, "M", 2), **MADE_BASIC},
)

FLUOROPHORE = Class(
    SETTINGS,
    ("Image", "Pixels", "Channel", "Fluorophore"),
    {},
    {
        **made(),
        "ID": Field(7441, "M", 1, 248),
        "Name": Field(7447, "S", 1, 249),
        "Type": Field(7453, "S", 1, 250),
        "ExcitationWavelength": Field(7459, "S", 1, 251),
        "EmissionWavelength": Field(7470, "S", 1, 252),
        "Concentration": Field(7481, "S", 1, 253),
        "FBBaseID": Field(7492, "S", 1),
        "PrimaryPublicationID": Field(7498, "S", 2, 255),
        **MADE_BASIC,
    },
)

FILTER = Class(
    SPECS,
    ("Instrument", "ExcitationFilter"),
    {
        **made(302),
        "TransmittanceRange": Field(2360, "M", 1, 322),
        "AnnotationRef": Field(2362, "S", 1, 320),
        "ID": Field(2374, "M", 1),
        "Name": Field(2380, "S", 1, 310),
        "Type": Field(2386, "M", 1, 308),
        "CoatingMethod": Field(2392, "M", 1, 311),
        "LightPathLocation": Field(2398, "M", 1, 312),
        "FilterHolderPosition": Field(2404, "S", 2, 309),
        "Technology": Field(2410, "S", 2, 313),
        "AttenuationMethod": Field(2416, "M", 2, 314),
        "AttenuationCoefficient": Field(2422, "S", 3, 315),
        "Diameter": Field(2428, "S", 3, 316),
        "Thickness": Field(2439, "S", 3, 317),
        "AngleOfIncidence": Field(2450, "S", 3, 318),
        "Polarization": Field(2461, "S", 3, 319),
    },
    {"TransmittanceProfileFile": Field(2361, "S", 3, 330), **MADE_BASIC},
)

# The use of AnnotationRef at 1747 has a tier of its own, 2.
_STAND = {
    "AnnotationRef": Field(1747, "S", 2, 56),
    "ID": Field(1759, "M", 1, 51),
    "Name": Field(1765, "S", 1, 52),
    "Type": Field(1771, "M", 1, 53),
    "Origin": Field(1777, "S", 1, 54),
    "EyePieceFieldNumber": Field(1783, "S", 3),
}
UPRIGHT = Class(SPECS, ("Instrument", "UprightMicroscopeStand"), {**made(46), **_STAND}, MADE_BASIC)
INVERTED = Class(SPECS, ("Instrument", "InvertedMicroscopeStand"), {}, {**made(46), **_STAND, **MADE_BASIC})

# The ID, at 3341, is not required.
ENVIRONMENT = Class(
    SETTINGS,
    ("Image", "ImagingEnvironment"),
    {
        "ID": Field(3341, "S", 1),
        "Temperature": Field(3347, "M", 1, 109),
        "CO2Percent": Field(3358, "M", 1, 110),
        "Humidity": Field(3364, "M", 1, 111),
        "AirPressure": Field(3370, "S", 2, 112),
        "O2Percent": Field(3381, "S", 2, 113),
        "Description": Field(3333, "S", 1, 114),
        "Map": Field(3334, "S", 3),
    },
    {},
)

EXPERIMENTER = Class(
    SPECS,
    ("Experimenter",),
    {
        "AnnotationRef": Field(411, "S", 1),
        "ID": Field(421, "M", 1),
        "FirstName": Field(422, "S", 1),
        "MiddleName": Field(427, "S", 1),
        "LastName": Field(432, "S", 1),
        "Email": Field(437, "S", 1),
        "Institution": Field(442, "S", 1),
        "UserName": Field(447, "S", 1),
    },
    {},
)

_BASELINE = "baseline"
_SCREEN = "wide-field-screen"
_CHROMATIN = "high-resolution-chromatin"
_MAKER = "manufacturer"
#: Class, profile, and the number of fields that an instance misses of which nothing is stated.
CASES = [
    (OBJECTIVE, _BASELINE, 11),
    (OBJECTIVE, _CHROMATIN, 13),
    (OBJECTIVE, _MAKER, 30),
    (COLORED_BEADS, _SCREEN, 0),
    (COLORED_BEADS, _CHROMATIN, 7),
    (COLORED_BEADS, _MAKER, 13),
    (FLUOROPHORE, _BASELINE, 0),
    (FLUOROPHORE, _SCREEN, 4),
    (FILTER, _BASELINE, 8),
    (FILTER, _CHROMATIN, 9),
    (UPRIGHT, _BASELINE, 5),
    (INVERTED, _BASELINE, 0),
    (INVERTED, _SCREEN, 5),
    (ENVIRONMENT, _BASELINE, 3),
    (EXPERIMENTER, _MAKER, 8),
]
