"""The sample's records of calibration: a slide of beads in two colours, power of each LED, the stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
# Calibration of the sample microscope, as a facility would keep it: records are added, never replaced.
microscope = "Sample microscope"

# Beads of 0.1 µm in two colours, measured with the 63x objective after the service of winter and of autumn.
[[OpticalCalibration]]
Date = 2024-02-27
objective = "63x oil"
valid_days = 180
SampleSize = 42
TheoreticalXYSpotSize_FWHM = "185 nm"
MedianXYSpotSize_FWHM = "214 nm"
MinXYSpotSize_FWHM = "198 nm"
TheoreticaZSpotSize_FWHM = "520 nm"
CheckedNA = true
NyquistRate = 1.2
LateralAsymmetry = 0.97

  [OpticalCalibration.ColoredBeadsSlide]
  Name = "Two-colour beads"
  Manufacturer = "Sample Maker"
  Model = "SX-BEADS-2"
  CatalogNumber = "SX-7279"

    [OpticalCalibration.ColoredBeadsSlide.ColoredBeads]
    Manufacturer = "Sample Maker"
    Model = "0.1 µm"
    CatalogNumber = "SX-7279"
    Diameter = "0.1 µm"
    Concentration = "1 Other"
    Type = "Multi-color"

      [OpticalCalibration.ColoredBeadsSlide.ColoredBeads.WavelengthRange]
      CutOn = "415 nm"
      CutOff = "530 nm"

    [[OpticalCalibration.ColoredBeadsSlide.WavelengthRange]]
    CutOn = "415 nm"
    CutOff = "445 nm"

    [[OpticalCalibration.ColoredBeadsSlide.WavelengthRange]]
    CutOn = "500 nm"
    CutOff = "530 nm"

  [[OpticalCalibration.ChromaticRegistrationEvaluation]]
  ReferenceWavelength = "515 nm"
  TestWavelength = "430 nm"
  XChromaticShift_RT = "35 nm"
  YChromaticShift_RT = "-20 nm"
  AxialChromaticShift_RT = "110 nm"

[[OpticalCalibration]]
Date = 2023-09-12
objective = "63x oil"
valid_days = 180
MedianXYSpotSize_FWHM = "243 nm"

# A power meter at the sample, one record for each light source and setting.
[[IntensityCalibrationTool]]
Name = "Power meter"
Manufacturer = "Sample Maker"
Model = "SX-PM-100"
CatalogNumber = "SX-PM-100"
Type = "Thermal power sensor"
CalibrationType = "Excitation"
LastCalibrationDate = 2023-11-02

[[ExcitationCalibration]]
Date = 2024-03-01
light_source = "Colibri 7 385"
objective = "63x oil"
tool = "Power meter"
Method = "Power meter in the plane of the sample, mean of five readings"
SampleSize = 5
NominalEx-Wavelength = "385 nm"
ObservedEx-Wavelength = "386.2 nm"
PercentageNominalPowerSettings = 20
ObseredIlluminationPowerAtSample = "1.9 mW"

[[ExcitationCalibration]]
Date = 2024-03-01
light_source = "Colibri 7 475"
objective = "63x oil"
tool = "Power meter"
Method = "Power meter in the plane of the sample, mean of five readings"
SampleSize = 5
NominalEx-Wavelength = "475 nm"
ObservedEx-Wavelength = "474.1 nm"
PercentageNominalPowerSettings = 35
ObseredIlluminationPowerAtSample = "3.4 mW"

# Ten returns to one position.
[[MechanicalCalibration]]
Date = 2023-12-05
stage = "Scanning stage"
MeasuredXReproducibility = "0.6 µm"
MeasuredYReproducibility = "0.7 µm"
MeasuredFocalReproducibility = "0.05 µm"
MeasuredXRepeatability = "0.3 µm"
MeasuredYRepeatability = "0.4 µm"
MeasuredFocalRepeatability = "0.03 µm"
"""


def make_calibration(path: Path) -> None:
    """Write the records.

    Parameters
    ----------
    path : Path
    """
    path.write_text(TEXT, encoding="utf-8")
