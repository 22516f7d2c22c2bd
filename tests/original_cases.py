"""Cases of the table ome for what Bio-Formats kept of vendors' metadata: keys as version 7.3.1 writes them."""

from __future__ import annotations

from lxml import etree

from nbo_extract_readers._original import add_original

LENS = '<Objective ID="Objective:0" {}/>'
DETECTOR = '<Detector ID="Detector:0" Type="PMT"/>'


def body(instrument: str = "", channels: str = "<Channel/>", image: str = "", size: str = "") -> str:
    """Return an instrument and an image."""
    return (
        f'<Instrument ID="Instrument:0">{instrument}</Instrument><Image ID="Image:0" Name="a">'
        f'<InstrumentRef ID="Instrument:0"/>{image}<Pixels {size}>{channels}</Pixels></Image>'
    )


def kept(fragment: str, *entries: tuple[str, str]) -> str:
    """Return a fragment of OME-XML, and beside it the original metadata of keys and values."""
    tree = etree.Element("Record")
    home = add_original(tree, [("", key, value) for key, value in entries], ["a"])
    original = "" if home is None else etree.tostring(home, encoding="unicode")
    return f"{fragment}</OME>{original}<OME>"


def zen(fragment: str, *entries: tuple[str, str]) -> str:
    return kept(fragment, *((f"Information|{key}", value) for key, value in entries))


def scan(key: str, value: str) -> str:
    return zen(body(), (f"Image|Channel|LaserScanInfo|{key}", f"[{value}]"))


def leica(fragment: str, key: str, value: str) -> str:
    return kept(fragment, (f"a Image #0|ATLConfocalSettingDefinition #0|{key}", value))


def olympus(fragment: str, *entries: tuple[str, str]) -> str:
    return kept(fragment, ("[Acquisition Parameters Common] Acquisition Device", "FV1000"), *entries)


def tube(key: str, value: str, mode: str) -> str:
    plane = {"PMTVoltage": "600", "PMTDetectingMode": mode, key: value}
    return olympus(
        body(DETECTOR, '<Channel><DetectorSettings ID="Detector:0"/></Channel>'),
        *((f"Image 0 : {k}", v) for k, v in plane.items()),
    )


LIT = '<Channel><LightSourceSettings ID="LightSource:0" Wavelength="488.0"/></Channel>'
SENSED = '<Channel><DetectorSettings ID="Detector:0"/></Channel>'
COMMON = "[Acquisition Parameters Common] "
NIKON = ("m_SWNameString", "NIS-Elements AR")
LENS_USED = body(LENS.format('Model="EC 10x"'), image='<ObjectiveSettings ID="Objective:0"/>')

CASES: list[tuple[str, str, str]] = [
    ("objective.ImmersionType#2", "Glycerol", leica(LENS_USED, "Immersion", "GLYC")),
    ("objective.CatalogNumber", "11506353", leica(LENS_USED, "ObjectiveNumber", "11506353")),
    (
        "stand.Model#2",
        "DMI6000B-CS",
        kept(
            body('<Microscope Type="Other"/>'),
            ("a Image #0|ATLConfocalSettingDefinition #0|IsInverseMicroscopeModel", "1"),
            ("a Image #0|ATLConfocalSettingDefinition #0|MicroscopeModel", "DMI6000B-CS"),
        ),
    ),
    ("scanner_settings.EffectiveZoom#2", "3.5", leica(body(), "Zoom", "3.5")),
    ("scanner_settings.ScanDirectionality", "Bidirectional", leica(body(), "ScanDirectionXName", "Bidirectional")),
    ("scanner_settings.ScanTime", "0.53 s", leica(body(), "FrameTime", "0.53")),
    ("leica_pinhole.Aperture", "0.8", leica(body(), "PinholeAiry", "0.8")),
    ("nikon_software.Name", "NIS-Elements AR", kept(body(), NIKON)),
    ("nikon_software.Version", "4.20.01 (Build 982)", kept(body(), NIKON, ("m_VersionString", "4.20.01 (Build 982)"))),
    ("nikon_software.Developer", "NIKON Corporation", kept(body(), NIKON, ("m_CompanyString", "NIKON Corporation"))),
    ("nikon_software_ref.ID", "AcquisitionSoftware:0", kept(body(), NIKON)),
    ("scanner_settings.EffectiveZoom#3", "2.469", kept(body(), NIKON, ("dPinholeDiameter", "38"), ("dZoom", "2.469"))),
    ("olympus_user.UserName", "Guest", olympus(body(), ("[File Info] UserName", "Guest"))),
    ("olympus_user_ref.ID", "Experimenter:0", olympus(body(), ("[File Info] UserName", "Guest"))),
    ("olympus_software.Name", "FLUOVIEW", olympus(body(), ("[Version Info] SystemName", "FLUOVIEW"))),
    (
        "olympus_software.Version",
        "2.1",
        olympus(body(), ("[Version Info] SystemName", "FLUOVIEW"), ("[Version Info] SystemVersion", "2.1")),
    ),
    ("olympus_software_ref.ID", "AcquisitionSoftware:0", olympus(body(), ("[Version Info] SystemName", "FLUOVIEW"))),
    ("olympus_scanner.Name", "FV1000", olympus(body())),
    ("image.AcquisitionDate#2", "2012-07-26", olympus(body(), (COMMON + "ImageCaputreDate", "'2012-07-26 15:13:35'"))),
    ("channel.ContrastMethod#2", "Fluorescence", olympus(body(), ("[Channel 1 Parameters] LightType", "Fluorescence"))),
    (
        "channel.IlluminationType#2",
        "Confocal_Fluorescence_single-spot-raster-scan",
        olympus(
            body(), ("[Channel 1 Parameters] LightType", "Fluorescence"), ("[Channel 1 Parameters] Confocal", "ON")
        ),
    ),
    (
        "fluorophore.Name#2",
        "Alexa Fluor 546",
        olympus(
            body(),
            ("[Channel 1 Parameters] LightType", "Fluorescence"),
            ("[Channel 1 Parameters] DyeName", "Alexa Fluor 546"),
        ),
    ),
    (
        "light_source_settings.IlluminationPowerSettings",
        "0.3 %",
        olympus(
            body('<Laser ID="LightSource:0" Wavelength="488.0"/>', LIT),
            (COMMON + "LaserWavelength01", "488"),
            (COMMON + "LaserTransmissivity01", "0.3"),
        ),
    ),
    (
        "detector_settings.EffectiveBitDepth",
        "12bit",
        olympus(body(DETECTOR, SENSED), ("[Reference Image Parameter] ValidBitCounts", "12")),
    ),
    ("detector_settings.AmplificationGain#2", "1", tube("CountingPMTGain", "1.0", "PhotonCount")),
    ("detector_settings.AmplificationGain#3", "1", tube("AnalogPMTGain", "1.0", "Analog")),
    ("detector_settings.Offset#2", "0", tube("CountingPMTOffset", "0.000000", "PhotonCount")),
    ("detector_settings.Offset#3", "4", tube("AnalogPMTOffset", "4", "Analog")),
    ("detector_settings.PhotonCounting", "true", tube("PMTVoltage", "600", "PhotonCount")),
    ("scanner_settings.EffectiveZoom#4", "7", olympus(body(), (COMMON + "ZoomValue", "7.0"))),
    ("scanner_settings.ScanDirectionality#2", "Unidirectional", olympus(body(), (COMMON + "ScanDirection", "Oneway"))),
    ("scanner_settings.MultiChannelMode", "Parallel", olympus(body(), (COMMON + "SequentialMode", "None"))),
    ("zen_cover_glass.Thickness", "0.175", zen(body(), ("Image|Specimen|CoverglassThickness", "[175]"))),
    (
        "stand.Model#3",
        "LSM 880, AxioObserver",
        zen(
            body("<Microscope/>"),
            ("Instrument|Microscope|Id", "[Microscope:0]"),
            ("Instrument|Microscope|System", "[LSM 880, AxioObserver]"),
        ),
    ),
    ("zen_software.Name", "ZEN 3.2 (blue edition)", zen(body(), ("Application|Name", "[ZEN 3.2 (blue edition)]"))),
    (
        "zen_software.Version",
        "3.2.0.00001",
        zen(body(), ("Application|Name", "ZEN"), ("Application|Version", "3.2.0.00001")),
    ),
    (
        "zen_software.Developer",
        "Carl Zeiss Microscopy",
        zen(body(), ("Application|Name", "[ZEN 3.2 (blue edition)]")),
    ),
    ("zen_software_ref.ID", "AcquisitionSoftware:0", zen(body(), ("Application|Name", "[ZEN]"))),
    (
        "objective.CatalogNumber#2",
        "420340-9901-000",
        kept(
            LENS_USED,
            ("Scaling|AutoScaling|ObjectiveName", "EC 10x"),
            ("Scaling|AutoScaling|Objective", "Objective.420340-9901-000"),
        ),
    ),
    (
        "stage_label.Name#2",
        "P1",
        zen(body(image='<StageLabel X="1" Y="2"/>'), ("Image|S|Scene|Name", "[P1]")),
    ),
    (
        "zen_tube_lens.Name",
        "Tubelens 1.0x",
        zen(body(), ("Instrument|TubeLens|Id", "[TubeLens:1]"), ("Instrument|TubeLens|Name", "[Tubelens 1.0x]")),
    ),
    (
        "zen_tube_lens.Magnification",
        "2",
        zen(body(), ("Instrument|TubeLens|Id", "[TubeLens:1]"), ("Instrument|TubeLens|Magnification", "[2]")),
    ),
    (
        "filter.Name",
        "LP 605",
        zen(
            body('<Filter ID="Filter:2"><TransmittanceRange CutIn="605"/></Filter>'),
            ("Instrument|Filter|Id", "[Filter:1, Filter:2]"),
            ("Instrument|Filter|Name", "[BP 500-550, LP 605]"),
        ),
    ),
    (
        "detector.Name",
        "Axiocam 506",
        zen(
            body('<Detector ID="Detector:0" Model="Axiocam506m"/>'),
            ("Instrument|Detector|Id", "[Detector:Axiocam 506]"),
            ("Instrument|Detector|Name", "[Axiocam 506]"),
        ),
    ),
    ("pixels.SizeT#2", "1", zen(body(), ("Image|SizeT", "[1]"))),
    ("pixels.SignificantBits#2", "14", zen(body(), ("Image|ComponentBitCount", "[14]"))),
    ("pixels.TimeIncrement#2", "60.075 s", zen(body(), ("Image|T|List|Offsets", "[0 60.075 120.15]"))),
    ("pixels.TimeIncrement#3", "33.412 s", zen(body(size='SizeT="2"'), ("Image|T|Interval|Increment", "[33.412]"))),
    (
        "zen_dimension.Size",
        "32",
        zen(body(), ("Image|SizeH", "[32]"), ("Image|Channel|ChannelType", "[AiryScanRawSr]")),
    ),
    (
        "zen_dimension.Name",
        "H",
        zen(body(), ("Image|SizeH", "[32]"), ("Image|Channel|ChannelType", "[AiryScanRawSr]")),
    ),
    (
        "zen_dimension.Type",
        "Other",
        zen(body(), ("Image|SizeH", "[32]"), ("Image|Channel|ChannelType", "[AiryScanRawSr]")),
    ),
    ("channel.ContrastMethod#3", "Fluorescence", zen(body(), ("Image|Channel|ContrastMethod", "[Fluorescence]"))),
    (
        "detector_settings.EffectiveBitDepth#2",
        "14bit",
        zen(body(DETECTOR, SENSED), ("Image|Channel|ComponentBitCount", "[14]")),
    ),
    (
        "detector_settings.Voltage#3",
        "684 V",
        zen(
            body(DETECTOR, SENSED),
            ("Image|Channel|LaserScanInfo|ZoomX", "[1]"),
            ("Image|Channel|Gain", "[684]"),
        ),
    ),
    ("scanner_settings.EffectiveZoom#5", "1.8", scan("ZoomX", "1.8")),
    ("scanner_settings.IntegrationNumber", "4", scan("Averaging", "4")),
    ("scanner_settings.ScanFormat", "Frame", scan("ScanningMode", "Frame")),
    ("scanner_settings.ScanTime#2", "43.5 s", scan("FrameTime", "43.5")),
    ("scanner_settings.Rotation", "90 deg", scan("SampleRotation", "90")),
    ("pinhole_settings.Aperture", "4.5", zen(body(), ("Image|Channel|PinholeSizeAiry", "[4.5]"))),
]
