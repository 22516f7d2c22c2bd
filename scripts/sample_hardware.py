"""Make the hardware description of the sample image's microscope, in the form of Micro-Meta App.

The microscope is an invention of this project. It agrees with ``sample_czi.py``, with one deliberate disagreement (the
63x objective's correction) and gaps (no catalogue number for one dichroic, placeholders where the form wants a value).

    python scripts/sample_hardware.py [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MODEL = "2.01.0"
ROLES = {
    "LightEmittingDiode": "Fluorescence_LightSource_LightEmittingDiode",
    "Filament": "Transmitted_LightSource_Filament",
}


def _id(number: int) -> str:
    return f"00000000-5a4d-4000-8000-{number:012d}"


def _range(centre: float, width: float) -> list[dict[str, Any]]:
    return [{"WavelengthUnit": "nm", "Wavelength": centre, "FWHMBandwidth": width, "Transmittance": 0.95}]


def _component(number: int, element: str, name: str, model: str, **facts: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "ID": _id(number),
        "Tier": 1,
        "Schema_ID": f"{ROLES.get(element, element)}.json",
        "ModelVersion": MODEL,
        "Domain": "MicroscopeHardwareSpecifications",
        "PositionX": 100.5 + number,
        "PositionY": 200,
        "PositionZ": 0,
        "Width": 40,
        "Height": 40,
        "OccupiedSpot": f"{element}_{number}",
        "Manufacturer": "Zeiss",
        "Model": model,
    } | facts


def _objectives() -> list[dict[str, Any]]:
    common = {
        "LightType": "Visible",
        "InfinityCorrected": True,
        "ContrastModulation": "None",
        "CorrectionCollar": False,
        "Iris": False,
        "ObjectiveViewField": 25,
        "WorkingDistanceUnit": "mm",
        "ImageDistanceUnit": "mm",
        "FrontFocalLengthUnit": "mm",
    }
    oil = {
        "Correction": "Apochromat",
        "Magnification": 63,
        "LensNA": 1.4,
        "ImmersionType": "Mineral Oil",
        "DIC": True,
        "WorkingDistance": 0.19,
    }
    dry = {
        "Correction": "PlanApochromat",
        "Magnification": 20,
        "LensNA": 0.8,
        "ImmersionType": "Air",
        "DIC": True,
        "WorkingDistance": 0.55,
    }
    return [
        _component(
            10, "Objective", "63x oil", "Plan-Apochromat 63x/1.40 Oil DIC M27", CatalogNumber="420782-9900-799",
            **common, **oil,
        ),
        _component(
            11, "Objective", "20x dry", "Plan-Apochromat 20x/0.8 M27", CatalogNumber="999999", ImageDistance=999,
            **common, **dry,
        ),
    ]  # fmt: skip


def _lights() -> list[dict[str, Any]]:
    def diode(number: int, peak: int, low: int, high: int, power: int) -> dict[str, Any]:
        module = {
            "IlluminationPower": power, "IlluminationPowerUnit": "mW", "PeakWavelength": peak,
            "PeakWavelengthUnit": "nm", "CutOn": low, "CutOnUnit": "nm", "CutOff": high, "CutOffUnit": "nm",
        }  # fmt: skip
        facts = {"CatalogNumber": f"423052-977{number - 19}-000", "Type": "Mounted", "LEDModule": [module]}
        return _component(number, "LightEmittingDiode", f"Colibri 7 {peak}", f"LED-Module {peak}nm", **facts)

    lamp = {"IlluminationPower": 100, "IlluminationPowerUnit": "W", "PeakWavelength": 0, "PeakWavelengthUnit": "nm"}
    return [
        diode(20, 385, 370, 400, 400),
        diode(22, 475, 450, 488, 480),
        _component(
            24, "Filament", "Transmitted light", "HAL 100", CatalogNumber="999", Type="Halogen",
            IlluminationWavelengthRange=[lamp],
        ),
    ]  # fmt: skip


def _filters() -> list[dict[str, Any]]:
    optics = {
        "CoatingMethod": "HardCoated",
        "LightPathLocation": "Infinity space",
        "Technology": "Thin-film interference-coating",
    }
    bands = {"Type": "BandPass", "AttenuationMethod": "Reflection", **optics}
    edges = {"Type": "LongPass", "AttenuationMethod": "Reflection", "MirrorType": "Planar", **optics}
    return [
        _component(
            30, "ExcitationFilter", "DAPI excitation", "BP 390/40", TransmittanceRange=_range(390, 40),
            CatalogNumber="SX-390-40", **bands,
        ),
        _component(
            31, "StandardDichroic", "DAPI beam splitter", "FT 420", TransmittanceRange=_range(420, 0),
            CatalogNumber="SX-420", AngleOfIncidence=45, AngleOfIncidenceUnit="deg", **edges,
        ),
        _component(
            32, "EmissionFilter", "DAPI emission", "BP 450/40", TransmittanceRange=_range(450, 40),
            CatalogNumber="SX-450-40", **bands,
        ),
        _component(
            33, "ExcitationFilter", "GFP excitation", "BP 470/40", TransmittanceRange=_range(470, 40),
            CatalogNumber="SX-470-40", **bands,
        ),
        # The gap: nobody noted the number of this beam splitter.
        _component(
            34, "StandardDichroic", "GFP beam splitter", "FT 495", TransmittanceRange=_range(495, 0), **edges
        ),
        _component(
            35, "EmissionFilter", "GFP emission", "BP 525/50", TransmittanceRange=_range(525, 50),
            CatalogNumber="SX-525-50", **bands,
        ),
    ]  # fmt: skip


def _holders() -> list[dict[str, Any]]:
    def cube(number: int, name: str, model: str, first: int) -> dict[str, Any]:
        return _component(
            number, "FilterCube", name, model, CatalogNumber="na",
            ExcitationFilter=f"ExcitationFilter/{_id(first)}", StandardDichroic=f"StandardDichroic/{_id(first + 1)}",
            EmissionFilter=f"EmissionFilter/{_id(first + 2)}",
        )  # fmt: skip

    cubes = [f"FilterCube/{_id(40)}", f"FilterCube/{_id(41)}"]
    return [
        cube(40, "DAPI cube", "FS 96 HE", 30),
        cube(41, "GFP cube", "FS 38 HE", 33),
        _component(
            42, "FilterCubeTurret", "Reflector turret", "6x Reflector Changer", Motorized=True, NrOfSlots=6,
            FilterCube=cubes,
        ),
    ]  # fmt: skip


def _others() -> list[dict[str, Any]]:
    camera = {
        "CatalogNumber": "SX-506-M", "Mount": "C-mount", "MaxBitDepth": "14bit", "QuantumEfficiency": 0.75,
        "ElectronicConversionFactor": 0.25, "ReadOutNoise": 6.5, "ReadNoiseUnit": "e- rms",
        "DetectorNoiseModel": "Gaussian", "DarkCurrentRate": 0.06, "DarkCurrentRateUnit": "e-/Pixel/sec",
        "ArrayWidth": 2752, "ArrayHeight": 2208, "PixelWidth": 4.54, "PixelWidthUnit": "µm", "PixelHeight": 4.54,
        "PixelHeightUnit": "µm", "Illumination": "Front", "Color": "no-color", "PixelWellCapacity": 15000,
        "PixelWellCapacityUnit": "e-", "MaximumFrameRate": 20, "MaximumFrameRateUnit": "fps",
        "MaximumReadoutRate": 39, "MaximumReadoutRateUnit": "MHz", "Type": "Conventional",
        "RelayLens": f"RelayLens/{_id(53)}",
    }  # fmt: skip
    stage = {
        "CatalogNumber": "SX-130-85", "Encoded": "Linear", "Motorized": True, "MovementAxes": "XY", "BuiltIn": False,
        "XYRepeatability": 1, "XYRepeatabilityUnit": "µm", "XTravelRange": 130, "XTravelRangeUnit": "mm",
        "YTravelRange": 85, "YTravelRangeUnit": "mm", "ZRepeatability": 0, "ZRepeatabilityUnit": "nm",
    }  # fmt: skip
    lens = {"CatalogNumber": "9999", "Magnification": 1, "Composite": True, "Shape": "Biconvex"}
    software = _component(55, "AcquisitionSoftware", "ZEN (blue edition)", "")
    for key in ("Manufacturer", "Model"):
        del software[key]
    software |= {"Version": "3.2", "Developer": "Carl Zeiss Microscopy GmbH", "WebsiteURL": "https://www.zeiss.com/"}
    return [
        _component(50, "CCD", "Side port camera", "Axiocam 506 mono", **camera),
        _component(51, "MechanicalStage", "Scanning stage", "Scanning Stage 130x85", **stage),
        _component(52, "TubeLens", "Tube lens 1x", "Tubelens 1x", Description="In the optovar changer.", **lens),
        _component(53, "RelayLens", "Camera adapter", "Camera Adapter 1x", **lens),
        _component(54, "Condenser", "Condenser", "LD 0.55", CatalogNumber="999", Type="Universal"),
        software,
    ]


def microscope() -> dict[str, Any]:
    """Return the description as Micro-Meta App would write it."""
    stand = _component(1, "InvertedMicroscopeStand", "Sample stand", "Axio Observer 7")
    stand |= {"CatalogNumber": "SX-431007", "Type": "Compound", "Origin": "Commercial-as is", "Extension": "Basic"}
    return {
        "Name": "Sample microscope",
        "Schema_ID": "Instrument.json",
        "ID": _id(0),
        "Tier": 1,
        "ValidationTier": 1,
        "ModelVersion": MODEL,
        "AppVersion": "1.2.2-b1",
        "MicroscopeStand": stand,
        "components": [*_objectives(), *_lights(), *_filters(), *_holders(), *_others()],
        "linkedFields": {
            f"Condenser_{_id(54)}": {"Lens": {"schemaType": "Condenser", "value": "Not assigned"}},
            f"FilterCube_{_id(40)}": {"ExcitationFilter": {"schemaType": "FilterCube", "value": _id(30)}},
        },
    }


def make_hardware(path: Path) -> None:
    """Write the description; the same bytes each time."""
    path.write_text(json.dumps(microscope(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    make_hardware(Path(sys.argv[1] if len(sys.argv) > 1 else "sample_microscope.json"))
