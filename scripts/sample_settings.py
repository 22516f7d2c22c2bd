"""Make the acquisition settings of the sample image, in the form of Micro-Meta App.

They belong to the microscope of ``sample_hardware.py`` and to the image of ``sample_czi.py``.

    python scripts/sample_settings.py [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sample_hardware import MODEL, microscope


def _id(number: int) -> str:
    return f"00000000-5a4d-4000-9000-{number:012d}"


def _part(name: str) -> str:
    """ID of a part of the microscope, by its name."""
    return next(str(c["ID"]) for c in microscope()["components"] if c["Name"] == name)


def _settings(number: int, element: str, part: str | None, **facts: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Name": element, "ID": _id(number), "Tier": 1, "Schema_ID": f"{element}.json"}
    found |= {"ModelVersion": MODEL} | facts
    return found if part is None else found | {"Component_ID": part}


def _channel(number: int, name: str, dye: str, light: str, cube: str) -> dict[str, Any]:
    def only(place: int, kind: str, part: str) -> dict[str, Any]:
        return {"Name": kind, "ID": _id(100 * number + place), "Component_ID": part}

    slots = {
        "LightSource": _settings(
            100 * number + 1, "LightSourceSettings", _part(light), IlluminationPowerSettings=25,
            lluminationPowerSettingsUnit="%",
        ),
        "ExcitationFilter": only(2, "ExcitationFilter", _part(f"{cube} excitation")),
        "Dichroic": _settings(100 * number + 3, "MirroringDeviceSettings", _part(f"{cube} beam splitter")),
        "EmissionFilter": only(4, "EmissionFilter", _part(f"{cube} emission")),
        "AdditionalSlot_1": [only(5, "TubeLens", _part("Tube lens 1x"))],
        "Detector": _settings(
            100 * number + 6, "CameraSettings", _part("Side port camera"), Binning="2x2", EffectiveBitDepth="14bit",
        ),
    }  # fmt: skip
    path = {"Name": f"{name} path", "ID": _id(100 * number + 7), "Schema_ID": "LightPath.json"}
    fluorophore = {"Name": dye, "ID": _id(100 * number + 8), "Schema_ID": "Fluorophore.json", "Manufacturer": "na"}
    return {
        "Name": name,
        "ID": _id(100 * number),
        "Tier": 1,
        "Schema_ID": "Channel.json",
        "IlluminationType": "Wide-field_Fluorescence",
        "ContrastMethod": "Fluorescence",
        "Color": -1,
        "LightPath": path | {"ComponentSettings": slots},
        "Fluorophore": fluorophore,
    }


def settings() -> dict[str, Any]:
    """Return the content of the file."""
    scope = microscope()
    plane = {"Schema_ID": "Plane.json", "TheZ": 0, "TheT": 0, "ExposureTimeUnit": "ms", "Name": "Plane"}
    return {
        "Name": "widefield",
        "ID": _id(1),
        "Tier": 1,
        "ValidationTier": 1,
        "Schema_ID": "Image.json",
        "ModelVersion": MODEL,
        "AppVersion": "1.2.2-b1",
        "InstrumentName": scope["Name"],
        "InstrumentID": scope["ID"],
        "AcquisitionSoftware": [f"AcquisitionSoftware/{_part('ZEN (blue edition)')}"],
        "Description": "Nuclei and tubulin.",
        "Experiment": {
            "Name": "Cytoskeleton",
            "ID": _id(2),
            "Schema_ID": "Experiment.json",
            "Purpose": "Localization",
            "LabellingMethod": "Immunofluorescence",
            "Experimenter": [{"ID": _id(3), "FirstName": "Sam", "LastName": "Sample"}],
        },
        "Sample": {
            "Name": "Slide 1",
            "ID": _id(4),
            "Schema_ID": "Sample.json",
            "SampleType": "Cell",
            "Organism": "Homo sapiens",
            "LiveSample": False,
        },
        "MicroscopeStandSettings": _settings(5, "MicroscopeStandSettings", None, TotalEffectiveMagnification=63),
        "ObjectiveSettings": _settings(
            6, "ObjectiveSettings", _part("63x oil"), CorrectionCollarPosition=0.17,
            ImmersionLiquid={
                "Name": "Oil", "ID": _id(7), "Schema_ID": "ImmersionLiquid.json", "Manufacturer": "Zeiss",
                "Model": "Immersol 518 F", "RefractiveIndex": 1.518,
            },
        ),
        "ImagingEnvironment": [],
        "Pixels": {"ID": _id(8), "Schema_ID": "Pixels.json", "SizeX": 4, "SizeY": 4, "SizeZ": 1, "SizeC": 2,
            "SizeT": 1},
        "Channels": [
            _channel(1, "DAPI", "DAPI", "Colibri 7 385", "DAPI"),
            _channel(2, "EGFP", "EGFP", "Colibri 7 475", "GFP"),
        ],
        "Planes": [plane | {"ID": _id(10 + c), "TheC": c, "ExposureTime": t} for c, t in enumerate((50, 100))],
    }  # fmt: skip


def make_settings(path: Path) -> None:
    """Write the settings; the same bytes each time."""
    path.write_text(json.dumps(settings(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    make_settings(Path(sys.argv[1] if len(sys.argv) > 1 else "settings.json"))
