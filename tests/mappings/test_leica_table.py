"""The table for Leica files: each row has a fragment and the value it gives."""
# ruff: noqa: E501 - a fragment stands on one line with what it gives

from __future__ import annotations

import pytest

from table_cases import Case, TableCases


def lif(
    setting: str = "",
    *,
    channels: str = "<ChannelDescription/>",
    dimensions: str = "",
    structure: str = "SizeC='1'",
    attachment: str = "DataSourceTypeName='Confocal'",
    steps: str = "",
    camera: str = "",
) -> str:
    """Return one image: the attributes of its confocal setting, or what stands in the attachment instead."""
    inner = f"<ATLConfocalSettingDefinition {setting}</ATLConfocalSettingDefinition>" if setting else ""
    if steps:
        inner += f"<LDM_Block_Sequential><LDM_Block_Sequential_List>{steps}</LDM_Block_Sequential_List></LDM_Block_Sequential>"
    return (
        f"<Leica><LMSDataContainerHeader><Element><Data><Image><ImageDescription><Channels>{channels}</Channels>"
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription><Attachment Name='HardwareSetting' {attachment}>{inner}"
        f"{camera}</Attachment></Image></Data><Structure Key='0' {structure}/></Element></LMSDataContainerHeader></Leica>"
    )


def attributes(text: str) -> str:
    return lif(f"{text}>")


def lens(text: str) -> str:
    return lif(f"ObjectiveName='{text}'>")


def scan(text: str, dims: str = "", channels: str = "<ChannelDescription/>", structure: str = "SizeC='1'") -> str:
    """Return one confocal channel on an active detector, with what the setting states besides."""
    detector = "<DetectorList><Detector Name='HyD 1' Type='HyD' Channel='1' IsActive='1'/></DetectorList>"
    return lif(f"{text}>{detector}", dimensions=dims, channels=channels, structure=structure)


def detector(text: str, more: str = "") -> str:
    return lif(f"><DetectorList><Detector Channel='1' IsActive='1' {text}/></DetectorList>{more}")


def line(text: str, source: str = "", aotf: str = "LightSourceName='Argon'") -> str:
    lines = f"<AotfList><Aotf {aotf}><LaserLineSetting LaserLine='488' {text}/></Aotf></AotfList>"
    return detector("Name='PMT 1'", f"{lines}<LaserArray>{source}</LaserArray>")


def dimension(number: int, size: int, length: str = "1e-05", unit: str = "m") -> str:
    return f"<DimensionDescription DimID='{number}' NumberOfElements='{size}' Length='{length}' Unit='{unit}'/>"


def lit(text: str = "", line: str = "LaserLine='488'", mode: str = "") -> str:
    """Return a channel of a detector with a band and a laser line."""
    return lif(
        f"{text}><Spectro><MultiBand Channel='1' LeftWorld='500' RightWorld='550'/></Spectro><AotfList><Aotf LightSourceName='L'>"
        f"<LaserLineSetting IntensityDev='5' {line}/></Aotf></AotfList><DetectorList>"
        f"<Detector Name='HyD 1' Type='HyD' Channel='1' IsActive='1' {mode}/></DetectorList>"
    )


def turret(attribute: str = "", value: str = "") -> str:
    """Return an image whose settings are records, as LAS AF wrote them, of the objective and one thing more."""
    record = "<FilterSettingRecord ObjectName='Turret' ClassName='CTurret' Attribute='{}' Variant='{}'/>"
    records = record.format("Objective", "HCX PL APO   63.0x1.40 OIL") + record.format(attribute, value)
    tree = lif(camera=f"<HardwareSetting><FilterSetting>{records}</FilterSetting></HardwareSetting>")
    return tree.replace("Name='HardwareSetting'", "Name='HardwareSettingList'")


def channel(text: str, inner: str = "") -> str:
    return lif(channels=f"<ChannelDescription {text}>{inner}</ChannelDescription>")


def wide(info: str, settings: str = "", configurator: str = "", resolution: str = "") -> str:
    camera = (
        f"<ATLCameraSettingDefinition {settings}><WideFieldChannelConfigurator {configurator}>"
        f"<WideFieldChannelInfo {info}/></WideFieldChannelConfigurator></ATLCameraSettingDefinition>"
    )
    return lif(
        camera=camera,
        attachment="DataSourceTypeName='Camera'",
        channels=f"<ChannelDescription {resolution}/>",
    )


def prop(key: str, value: str) -> str:
    return f"<ChannelProperty><Key>{key}</Key><Value>{value}</Value></ChannelProperty>"


SHARED = (
    "<Laser LaserName='Argon' LightSourceName='Argon' Wavelength='0'/>"
    "<Laser LaserName='HeNe 488' LightSourceName='Argon' Wavelength='488'/>"
)
BAND = "<Spectro><MultiBand Channel='1' {}/></Spectro>"
DIC = "HC PL APO 63x/1.40 OIL CORR Ph2 DIC"
STEPS = "<ATLConfocalSettingDefinition><DetectorList><Detector Name='P{0}' Type='PMT' Channel='1' IsActive='1'/></DetectorList></ATLConfocalSettingDefinition>"
PLANE: dict[str, dict[str, list[str | None]]] = {"0": {"Z": ["0"], "C": ["0"], "T": ["0"]}}
TIMES: dict[str, dict[str, list[str | None]]] = {
    "0": {"Z": ["0", "0"], "C": ["0", "0"], "T": ["0", "1"], "TimeStamp": ["1d71114eb8b44f0", "1d71114ebdc2410"]}
}

CASES = TableCases(
    "leica",
    [
        Case("software.Name", ["LAS X"], lif(attachment="Software='LAS X 3.5.7.23225'")),
        Case("software.Version", ["3.5.7.23225"], lif(attachment="Software='LAS X 3.5.7.23225'")),
        Case("software.Developer", ["Leica Microsystems"], lif(attachment="Software='LAS AF 2.6.0.7266'")),
        Case("software.Developer", [], lif(attachment="Software='Converter 1.2'")),
        Case("software_ref.ID", ["AcquisitionSoftware:0"], lif(attachment="Software='LAS X 3.5.7.23225'")),
        Case("image.Name", ["Folder/Series001"], lif(structure="Path='Folder/Series001'")),
        Case("image.AcquisitionDate", ["2021-03-04"], lif(structure="FirstTimeStamp='1d71114eb8b44f0'")),
        Case("image.AcquisitionDate", [], lif(structure="FirstTimeStamp='0'")),
        Case(
            "stand.kind", ["InvertedMicroscopeStand"], attributes("MicroscopeModel='DMI8' IsInverseMicroscopeModel='1'")
        ),
        Case("stand.kind", ["InvertedMicroscopeStand"], attributes("MicroscopeModel='a' IsInverseMicroscopeModel='1'")),
        Case(
            "stand.kind#2", ["UprightMicroscopeStand"], attributes("MicroscopeModel='DM6' IsInverseMicroscopeModel='0'")
        ),
        Case("stand.Model", ["DMI8 CS"], attributes("MicroscopeModel='DMI8  CS' IsInverseMicroscopeModel='1'")),
        Case(
            "stand.Name",
            ["TCS SP8"],
            lif("IsInverseMicroscopeModel='1'>", attachment="SystemTypeName='TCS SP8'"),
        ),
        Case("stand.CatalogNumber", ["8100"], attributes("IsInverseMicroscopeModel='1' SystemSerialNumber='8100'")),
        Case("objective.Model", ["HC PL APO CS2 63x/1.30 GLYC"], lens("HC PL APO CS2    63x/1.30 GLYC ")),
        Case("objective.Magnification", ["63"], attributes("ObjectiveName='a' Magnification='63'")),
        Case("objective.Magnification#2", ["63"], lens("HC PL APO 63x/1.40 OIL")),
        Case("objective.LensNA", ["1.3"], attributes("ObjectiveName='a' NumericalAperture='1.3'")),
        Case("objective.LensNA#2", ["1.4"], lens("HC PL APO 63x/1.4 OIL")),
        Case("objective.ImmersionType", ["Glycerol"], attributes("ObjectiveName='a' Immersion='GLYC'")),
        Case("objective.Correction", ["PlanApo"], lens(DIC)),
        Case("objective.CatalogNumber", ["11506353"], attributes("ObjectiveName='a' ObjectiveNumber='11506353'")),
        Case("objective.CorrectionCollar", ["true"], lens(DIC)),
        Case("objective.PhaseContrastDesignation", ["Ph2"], lens(DIC)),
        Case("objective.ContrastModulation", ["Ph2"], lens(DIC)),
        Case("objective.DIC", ["true"], lens(DIC)),
        Case("recorded_objective.Model", ["HCX PL APO 63.0x1.40 OIL"], turret()),
        Case("recorded_objective.Magnification", ["63"], turret()),
        Case("recorded_objective.LensNA", ["1.4"], turret("NumericalAperture", "1.4")),
        Case("recorded_objective.LensNA#2", ["1.4"], turret()),
        Case("recorded_objective.Correction", ["PlanApo"], turret()),
        Case("recorded_objective.CatalogNumber", ["506192"], turret("OrderNumber", "506192")),
        Case("recorded_objective_settings.ID", ["Objective:0"], turret()),
        Case("stand.Model", [], attributes("MicroscopeModel='0' IsInverseMicroscopeModel='1'")),
        Case("scanner.Type", ["Resonant"], attributes("XGalvoMovementModeName='sinus' IsResonantScanner='1'")),
        Case("scanner.Type#2", ["Galvanometer-mirror"], attributes("XGalvoMovementModeName='sinus'")),
        Case("instrument_ref.ID", ["Instrument:0"], lens("a")),
        Case(
            "stand_settings.ID",
            ["InvertedMicroscopeStand:0"],
            attributes("MicroscopeModel='a' IsInverseMicroscopeModel='1' TotalVideoMag='25.2'"),
        ),
        Case("stand_settings.TotalEffectiveMagnification", ["25.2"], attributes("TotalVideoMag='25.2'")),
        Case("objective_settings.ID", ["Objective:0"], lens("a")),
        Case(
            "objective_settings.MeasuredRefractiveIndex",
            ["1"],
            attributes("ObjectiveName='a' Immersion='DRY' RefractionIndex='1'"),
        ),
        Case("immersion_liquid.Type", ["Mineral Oil"], attributes("ObjectiveName='a' Immersion='OIL'")),
        Case(
            "immersion_liquid.RefractiveIndex",
            ["1.518"],
            attributes("ObjectiveName='a' Immersion='OIL' RefractionIndex='1.518'"),
        ),
        Case(
            "immersion_liquid.RefractiveIndex", [], attributes("ObjectiveName='a' Immersion='DRY' RefractionIndex='1'")
        ),
        *(Case(f"pixels.Size{axis}", ["7"], lif(structure=f"Size{axis}='7' SizeC='1'")) for axis in "XYZT"),
        *(Case(f"pixels.Size{axis}#2", ["1"], lif()) for axis in "XYZT"),
        Case("pixels.SizeC", ["1"], lif()),
        Case("pixels.PhysicalSizeX", ["2.5 µm"], lif(dimensions=dimension(1, 5))),
        Case("pixels.PhysicalSizeX", [], lif(dimensions=dimension(1, 5, unit="s"))),
        Case("pixels.PhysicalSizeY", ["2.5 µm"], lif(dimensions=dimension(2, 5))),
        Case("pixels.PhysicalSizeZ", ["2.5 µm"], lif(dimensions=dimension(3, 5, "-1e-05"))),
        Case("pixels.PhysicalSizeZ", [], lif(dimensions=dimension(3, 1, "0"))),
        Case("pixels.TimeIncrement", ["0.53 s"], lif(dimensions=dimension(4, 20, "1.007000e+001", "s"))),
        Case("pixels.PixelType", ["uint16"], channel("DataType='0' Resolution='12'")),
        Case("pixels.PixelType", ["float"], channel("DataType='1' Resolution='32'")),
        Case("pixels.SignificantBits", ["12"], channel("DataType='0' Resolution='12'")),
        Case("more_dimensions.Name", ["M"], lif(dimensions=dimension(10, 4))),
        Case("more_dimensions.Size", ["4"], lif(dimensions=dimension(10, 4))),
        Case("more_dimensions.Type", ["Lambda"], lif(dimensions=dimension(5, 4))),
        Case("more_dimensions.PresetStepIncrement", ["5 nm"], lif(dimensions=dimension(5, 3, "1e-08"))),
        Case("channel.Name", ["GFP"], wide("UserDefName='GFP'")),
        Case("channel.Name#2", ["Actin"], detector("Name='a' ChannelName='Actin'")),
        Case("channel.Name#2", [], detector("Name='a' ChannelName='Channel 1'")),
        Case("channel.Color", ["16711935"], channel("LUTName='Green'")),
        Case("channel.Color", [], channel("LUTName='Glow'")),
        Case(
            "channel.ContrastMethod",
            ["Fluorescence"],
            detector(
                "Name='a'", BAND.format("") + "<AotfList><Aotf><LaserLineSetting IsLineChecked='1'/></Aotf></AotfList>"
            ),
        ),
        Case("channel.ContrastMethod", [], detector("Name='PMT Trans'")),
        Case("channel.ContrastMethod#2", ["PhaseContrast"], wide("ContrastingMethodName='TL-PH'")),
        Case(
            "channel.IlluminationType#3",
            ["Confocal_Fluorescence_single-spot-raster-scan"],
            detector(
                "Name='a'", BAND.format("") + "<AotfList><Aotf><LaserLineSetting IsLineChecked='1'/></Aotf></AotfList>"
            ),
        ),
        Case("channel.IlluminationType#4", ["Wide-field_Fluorescence"], wide("ContrastingMethodName='FLUO'")),
        Case(
            "channel.SamplesPerPixel",
            ["3"],
            lif(channels="".join(f"<ChannelDescription ChannelTag='{n}'/>" for n in (1, 2, 3))),
        ),
        Case("fluorophore.Name", ["ALEXA 488"], channel("", prop("DyeName", "Leica/ALEXA 488"))),
        Case("fluorophore.Name#2", ["FITC"], detector("Name='a'", BAND.format("DyeName='Leica/FITC'"))),
        Case("fluorophore.EmissionWavelength", ["525 nm"], wide("EmissionWavelength='525'")),
        Case(
            "channel.IlluminationType",
            ["Super-Resolution_STED (Stimulated Emission Depletion)"],
            lit("IsSTEDActive='1'"),
        ),
        Case(
            "channel.IlluminationType#2",
            ["Confocal_Fluorescence_Multi-photon laser scanning microscopy"],
            lit(line="LaserLine='910'"),
        ),
        Case("channel.IlluminationType#3", [], lit(line="LaserLine='910'")),
        Case("channel.IlluminationType#3", [], lit(mode="IsReflectionModeActive='1'")),
        Case("channel.ContrastMethod", [], lit(mode="IsReflectionModeActive='1'")),
        Case("fluorophore.Name#3", ["ALEXA 594"], lit(mode="DyeName='Leica/ALEXA 594'")),
        Case("fluorophore.Name#3", [], lit(mode="DyeName=''")),
        Case("laser.Name", ["HeNe 488"], line("IsLineChecked='1'", SHARED)),
        Case("laser.Name", ["Argon"], line("IsLineChecked='1'", SHARED.replace("'488'", "'633'"))),
        Case(
            "laser.Name",
            [],
            line("IsLineChecked='1'", SHARED.replace("'488'", "'633'").replace("LaserName='Argon'", "LaserName='X'")),
        ),
        Case(
            "laser.Name",
            ["Diode"],
            line(
                "IsLineChecked='1'",
                "<Laser LaserName='Diode' LightSourceQualifier='1'/><Laser LaserName='X' LightSourceQualifier='2'/>",
                "LightSourceQualifier='1'",
            ),
        ),
        Case("laser.Name", ["WLL"], line("IsLineChecked='1'", "<Laser LaserName='WLL' LightSourceName='Argon'/>")),
        Case("laser.Name", ["Argon"], line("IsLineChecked='1'")),
        Case("laser.Name", [], line("IsLineChecked='0' IntensityDev='5'")),
        Case("laser.Name", ["Argon"], line("IntensityDev='5'")),
        Case(
            "laser.Name",
            ["WLL"],
            line("IsLineChecked='1'", "<Laser LaserName='WLL' LightSourceType='4'/>", "LightSourceType='4'"),
        ),
        Case("laser.Type", ["Gas"], line("IsLineChecked='1'")),
        Case("laser.LaserMedium", ["Ar"], line("IsLineChecked='1'")),
        Case("laser.Tuneable", ["true"], line("IsLineChecked='1'", "<Laser LaserName='WLL' LightSourceName='Argon'/>")),
        Case("laser.ModulationMechanism", ["AcoustoOptical Tunable Filter"], line("IsLineChecked='1'")),
        Case("laser_line.PeakWavelength", ["488 nm"], line("IsLineChecked='1'")),
        Case("light_source_settings.ID", ["LightSource:0"], line("IsLineChecked='1'")),
        Case(
            "light_source_settings.IlluminationPowerSettings", ["0.5 %"], line("IsLineChecked='1' IntensityDev='0.5'")
        ),
        Case("light_source_settings.UsedAcoustoOpticalDevice", ["true"], line("IsLineChecked='1'")),
        Case("cube.Name", ["GFP ET"], wide("FluoCubeName='GFP  ET'")),
        Case("excitation_filter.Name", ["470/40"], wide("FFW_Excitation1FilterName='470/40'")),
        Case("excitation_filter_ref.ID", ["Filter:0"], wide("FFW_Excitation1FilterName='470/40'")),
        Case("emission_filter.Name", ["525/50"], wide("FFW_Emission1FilterName='525/50'")),
        Case("emission_filter_ref.ID", ["Filter:0"], wide("FFW_Emission1FilterName='525/50'")),
        Case("spectral_range.CutOn", ["493.25 nm"], detector("Name='a'", BAND.format("LeftWorld='493.25'"))),
        Case("spectral_range.CutOff", ["541 nm"], detector("Name='a'", BAND.format("RightWorld='541'"))),
        Case("detector.kind", ["PhotoMultiplierTube"], detector("Type='PMT 2'")),
        Case("detector.kind", ["GenericDetector"], detector("Name='HyD S 1' Type='SiPM'")),
        Case("detector.Name", ["PMT 2"], detector("Type='PMT 2'")),
        Case("detector.kind", ["HybridPhotoDetector"], detector("Name='HyD 1' Type='HyD'")),
        Case("detector.Name", ["HyD 1"], detector("Name='HyD 1' Type='HyD'")),
        Case(
            "detector.Name",
            ["P1"],
            lif(
                steps=STEPS.format(1) + STEPS.format(2),
                channels=f"<ChannelDescription>{prop('DetectorName', 'P1')}{prop('SequentialSettingIndex', '0')}</ChannelDescription>",
            ),
        ),
        Case("camera_detector.kind", ["CMOS"], wide("", configurator="CameraName='ORCA-Flash4.0'")),
        Case("camera_detector.Model", ["ORCA-Flash4.0"], wide("", configurator="CameraName='ORCA-Flash4.0'")),
        Case("camera_detector.Type", ["Scientific"], wide("", configurator="CameraName='ORCA-Flash4.0'")),
        Case("detector_settings.ID", ["Detector:0"], detector("Name='HyD 1'")),
        Case("detector_settings.EffectiveBitDepth", ["12bit"], scan("BitSize='12'")),
        Case("detector_settings.AmplificationGain", ["41.5"], detector("Name='HyD 1' Gain='41.5'")),
        Case("detector_settings.Offset", ["-0.5"], detector("Name='HyD 1' Offset='-0.5'")),
        Case("detector_settings.PhotonCounting", ["true"], detector("Name='H' AcquisitionModeName='PhotonCounting'")),
        Case("camera_settings.ID", ["Detector:0"], wide("", configurator="CameraName='DFC9000'")),
        Case("camera_settings.EffectiveBitDepth", ["12bit"], wide("", resolution="Resolution='12'")),
        Case("camera_settings.Binning", ["2x2"], wide("", settings="BinningText='2x2'")),
        Case("camera_settings.AmplificationGain", ["2"], wide("GainValue='2'")),
        Case("pinhole_settings.Aperture", ["1.5"], scan("PinholeAiry='1.5'")),
        Case("scanner_settings.PresetPinholeSize", ["95 µm"], scan("Pinhole='9.5E-05'")),
        Case("scanner_settings.ScanDirectionality", ["Bidirectional"], scan("ScanDirectionXName='Bidirectional'")),
        Case("scanner_settings.EffectiveZoom", ["10.5"], scan("Zoom='10.5'")),
        Case("scanner_settings.IntegrationNumber", ["4"], scan("LineAverage='4' FrameAverage='1'")),
        Case("scanner_settings.IntegrationNumber", [], scan("LineAverage='4' FrameAverage='2'")),
        Case("scanner_settings.IntegrationNumber#2", ["1"], scan("LineAverage='1' FrameAverage='1'")),
        Case("scanner_settings.IntegrationUnit", ["Line"], scan("Line_Accumulation='4'")),
        Case("scanner_settings.IntegrationUnit#2", ["Frame"], scan("FrameAverage='4'")),
        Case("scanner_settings.IntegrationMethod", ["Average"], scan("FrameAverage='4'")),
        Case("scanner_settings.IntegrationMethod#2", ["Sum"], scan("FrameAccumulation='4'")),
        Case("scanner_settings.ZoomAreaWidth", ["512"], scan("InDimension='512'")),
        Case("scanner_settings.ZoomAreaHeight", ["256"], scan("OutDimension='256'")),
        Case(
            "scanner_settings.MultiChannelMode",
            ["Sequential", "Sequential"],
            lif(steps=STEPS.format(1) + STEPS.format(2), channels="<ChannelDescription/><ChannelDescription/>"),
        ),
        Case(
            "scanner_settings.MultiChannelMode#2",
            ["Parallel", "Parallel"],
            lif(
                "><DetectorList><Detector Name='a' IsActive='1'/><Detector Name='b' IsActive='1'/></DetectorList>",
                channels="<ChannelDescription/><ChannelDescription/>",
            ),
        ),
        Case("scanner_settings.ScanTime", ["0.53 s"], scan("FrameTime='0.53'")),
        Case("scanner_settings.Rotation", ["90 deg"], scan("RotatorAngle='90'")),
        Case(
            "planes.Timestamp",
            ["0 s", "0.53 s"],
            lif(structure="FirstTimeStamp='1d71114eb8b44f0'"),
            TIMES,
        ),
        Case("planes.ExposureTime", ["0.25 s"], wide("ExposureTime='250 ms'"), PLANE),
        Case("planes.PixelDwellTime", ["4.875 µs"], scan("PixelDwellTime='0.000004875'"), PLANE),
        Case("planes.PositionX", ["34620.93930532 µm"], scan("StagePosX='0.03462093930532'"), PLANE),
        Case("planes.PositionY", ["-2000 µm"], scan("StagePosY='-0.002'"), PLANE),
        Case("planes.PositionX", [], scan("StagePosX='0.001' InDimension='64'", dims=dimension(1, 65)), PLANE),
        Case("planes.PositionX", ["1000 µm"], scan("StagePosX='0.001' InDimension='64'", dims=dimension(1, 64)), PLANE),
        Case("planes.PositionX", [], scan("StagePosX='0.001'", dims=dimension(10, 4)), PLANE),
    ],
)


@pytest.mark.parametrize("case", CASES.cases, ids=lambda c: c.row)
def test_row(case: Case) -> None:
    CASES.prove(case)


def test_every_row_is_proven() -> None:
    CASES.check_all_rows()
