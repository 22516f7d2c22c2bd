"""Fragments of OME-XML, of the OME-NGFF structure and of TIFF tags, with what each row of their tables gives."""

from __future__ import annotations

from original_cases import CASES as ORIGINAL


def instrument(inner: str) -> str:
    return f'<Instrument ID="Instrument:0">{inner}</Instrument>'


def image(inner: str) -> str:
    return f'<Image ID="Image:0">{inner}</Image>'


def pixels(attributes: str = "", inner: str = "") -> str:
    return image(f'<Pixels ID="Pixels:0" {attributes}>{inner}</Pixels>')


def channel(attributes: str = "", inner: str = "") -> str:
    return pixels(inner=f'<Channel ID="Channel:0" {attributes}>{inner}</Channel>')


def lens(attributes: str, settings: str = "") -> str:
    return instrument(f'<Objective ID="Objective:0" {attributes}/>') + image(settings)


def settings(attributes: str, objective: str = "") -> str:
    return lens(f'Iris="true" {objective}', f'<ObjectiveSettings ID="Objective:0" {attributes}/>')


def detecting(detector: str, attributes: str = "") -> str:
    return instrument(f'<Detector ID="Detector:0" {detector}/>') + channel(
        inner=f'<DetectorSettings ID="Detector:0" {attributes}/>'
    )


def lit(source: str, attributes: str = "") -> str:
    return instrument(source) + channel(inner=f'<LightSourceSettings ID="LightSource:0" {attributes}/>')


def zarr(attributes: str = "", inner: str = "") -> str:
    return f'<Image Key="0" Path="" SizeX="4" SizeY="5" {attributes}>{inner}</Image>'


def axis(name: str, scale: str, unit: str) -> str:
    return f'<Axis Name="{name}" Scale="{scale}" Unit="{unit}"/>'


def tag(name: str, text: str, more: str = "false") -> str:
    return f'<File MorePages="{more}"/><Tag Name="{name}">{text}</Tag>'


PERSON = '<Experimenter ID="Experimenter:7" {}/>'
EXPERIMENT = '<Experiment ID="Experiment:3" {}>{}</Experiment>'
OBJECTIVE = "Objective:0"
FILTER = '<Filter ID="Filter:0" {}>{}</Filter>'
BAND = FILTER.format("", "<TransmittanceRange {}/>")
PLATE = '<Plate ID="Plate:0" {}>{}</Plate>'
FILTERS = (
    "".join(f'<Filter ID="Filter:{i}" Model="f{i}"/>' for i in range(6))
    + "".join(f'<Dichroic ID="Dichroic:{i}" Model="d{i}"/>' for i in range(2))
    + '<FilterSet ID="FilterSet:0" Manufacturer="Chroma" Model="49002"><ExcitationFilterRef ID="Filter:0"/>'
    '<ExcitationFilterRef ID="Filter:1"/><DichroicRef ID="Dichroic:0"/><EmissionFilterRef ID="Filter:2"/>'
    '<EmissionFilterRef ID="Filter:3"/></FilterSet>'
)
PATHS = instrument(FILTERS) + channel(
    inner='<FilterSetRef ID="FilterSet:0"/><LightPath><ExcitationFilterRef ID="Filter:0"/>'
    '<ExcitationFilterRef ID="Filter:4"/><DichroicRef ID="Dichroic:1"/><EmissionFilterRef ID="Filter:2"/>'
    '<EmissionFilterRef ID="Filter:5"/></LightPath>'
)
LASER = '<Laser ID="LightSource:0" {}/>'
LED = '<LightEmittingDiode ID="LightSource:0" {}/>'
IMAGEJ = "ImageJ=1.54f\nimages=12\nchannels=2\nslices=3\nframes=2\n"

# Row, value with its unit, fragment of the vendor tree.
CASES: dict[str, list[tuple[str, str, str]]] = {
    "ome": [
        ("experimenter.FirstName", "Ada", PERSON.format('FirstName="Ada"')),
        ("experimenter.FirstName", "Ada", "<Experimenter><FirstName>Ada</FirstName></Experimenter>"),
        ("experimenter.MiddleName", "B", PERSON.format('MiddleName="B"')),
        ("experimenter.LastName", "C", PERSON.format('LastName="C"')),
        ("experimenter.Email", "a@b.org", PERSON.format('Email="a@b.org"')),
        ("experimenter.Institution", "I", PERSON.format('Institution="I"')),
        ("experimenter.UserName", "ada", PERSON.format('UserName="ada"')),
        ("experiment.Purpose", "Co-localization", EXPERIMENT.format('Type="Colocalization"', "")),
        (
            "experiment_experimenter.ID",
            "Experimenter:0",
            PERSON.format('LastName="C"')
            + EXPERIMENT.format('Type="TimeLapse"', '<ExperimenterRef ID="Experimenter:7"/>'),
        ),
        (
            "experiment_description.text",
            "long",
            EXPERIMENT.format('Type="TimeLapse"', "<Description>long</Description>"),
        ),
        ("stand.Manufacturer", "Nikon", instrument('<Microscope Type="Upright" Manufacturer=" Nikon "/>')),
        ("stand.Model", "Ni-E", instrument('<Microscope Type="Upright" Model="Ni-E"/>')),
        ("stand.LotNumber", "7", instrument('<Microscope Type="Upright" LotNumber="7"/>')),
        ("objective.Manufacturer", "Leica", lens('Manufacturer="Leica"')),
        ("objective.Model", "HC PL APO CS2 63x", lens('Model="HC PL APO CS2    63x "')),
        ("objective.LotNumber", "7", lens('LotNumber="7"')),
        ("objective.Magnification", "63", lens('NominalMagnification="63.0" Model="40x/1.3"')),
        ("objective.Magnification#2", "40", lens('NominalMagnification="-1.0" Model="Plan 40x/1.3"')),
        ("objective.CalibratedMagnification", "60.2", lens('CalibratedMagnification="60.2"')),
        ("objective.LensNA", "1.4", lens('LensNA="1.40" Model="40x/1.3"')),
        (
            "objective.LensNA",
            "0.5",
            instrument('<Objective ID="O"><LensNA>0.5</LensNA></Objective>'),
        ),
        ("objective.LensNA#2", "1.3", lens('LensNA="0.0" Model="Plan 40x/1.3"')),
        ("objective.ImmersionType", "Mineral Oil", lens('Immersion="Oil" Model="Plan Apo 60x"')),
        ("objective.ImmersionType", "Silicone Oil", lens('Immersion="Oil" Model="UPLSAPO60XS2"')),
        ("objective.ImmersionType", "Silicone Oil", lens('Immersion="Other" Model="Plan Apo λS 40XC Sil"')),
        ("objective.ImmersionType", "Dipping", lens('Immersion="WaterDipping"')),
        ("objective.Correction", "PlanFluor", lens('Correction="PlanFluor" Model="Plan Apo"')),
        ("objective.Correction#2", "PlanApo", lens('Correction="Other" Model="HC PL APO CS2"')),
        ("objective.Correction#2", "UPlanFl", lens('Model="UPLFLN 40X NA:0.75"')),
        ("objective.WorkingDistance", "130 µm", lens('WorkingDistance="130"')),
        ("objective.WorkingDistance", "0.13 mm", lens('WorkingDistance="0.13" WorkingDistanceUnit="mm"')),
        ("objective.Iris", "true", lens('Iris="true"')),
        ("objective.DIC", "true", lens('Model="Plan-Apochromat 63x/1.4 Oil DIC M27"')),
        ("objective.PhaseContrastDesignation", "Ph2", lens('Model="20x/0.5 Ph 2"')),
        ("objective.ContrastModulation", "Ph2", lens('Model="20x/0.5 Ph2"')),
        ("objective.CorrectionCollar", "true", lens('Model="C-Apochromat 40x/1.2 W Korr"')),
        ("light_source.Manufacturer", "Coherent", instrument(LASER.format('Manufacturer="Coherent"'))),
        ("light_source.Model", "OBIS 488", instrument(LASER.format('Model="OBIS  488"'))),
        ("light_source.LotNumber", "7", instrument(LASER.format('LotNumber="7"'))),
        ("light_source.Type", "SemiconductorLaserDiode", instrument(LASER.format('Type="Semiconductor"'))),
        ("light_source.Type#2", "HgXe", instrument('<Arc ID="L" Type="HgXe"/>')),
        ("light_source.Type#3", "Halogen", instrument('<Filament ID="L" Type="Halogen"/>')),
        ("light_source.LaserMedium", "HeNe", instrument(LASER.format('LaserMedium="HeNe"'))),
        ("light_source.Tuneable", "true", instrument(LASER.format('Tuneable="true"'))),
        ("light_source.Pulse", "true", instrument(LASER.format('Pulse="ModeLocked"'))),
        ("light_source.Pulse", "false", instrument(LASER.format('Pulse="CW"'))),
        (
            "light_source.RepetitionRate",
            "80 MHz",
            instrument(LASER.format('RepetitionRate="80" RepetitionRateUnit="MHz"')),
        ),
        ("light_source.FrequencyMultiplication", "2", instrument(LASER.format('FrequencyMultiplication="2"'))),
        ("light_source_line.PeakWavelength", "488 nm", instrument(LASER.format('Wavelength="488"'))),
        ("light_source_line.PeakWavelength", "561 nm", lit(LASER.format(""), 'Wavelength="561"')),
        ("light_source_line.IlluminationPower", "150 mW", instrument(LASER.format('Power="150"'))),
        ("light_source_line.IlluminationPower", "2 W", instrument(LED.format('Power="2" PowerUnit="W"'))),
        (
            "pump.ID",
            "LightSource:1",
            instrument('<Laser ID="A" Model="m"><Pump ID="B"/></Laser><Laser ID="B" Model="n"/>'),
        ),
        ("filter.Manufacturer", "Chroma", instrument(FILTER.format('Manufacturer="Chroma"', ""))),
        ("filter.Model", "ET525/50m", instrument(FILTER.format('Model="ET525/50m"', ""))),
        ("filter.LotNumber", "7", instrument(FILTER.format('LotNumber="7"', ""))),
        ("filter.Type", "MultiPass", instrument(FILTER.format('Type="MultiPass"', ""))),
        ("filter.Type#2", "LongPass", instrument(BAND.format('CutIn="500"'))),
        ("filter.Type#3", "ShortPass", instrument(BAND.format('CutOut="500"'))),
        ("filter_band.Wavelength", "525 nm", instrument(BAND.format('CutIn="500" CutOut="550"'))),
        (
            "filter_band.Wavelength",
            "0.525 µm",
            instrument(BAND.format('CutIn="0.5" CutOut="0.55" CutInUnit="µm" CutOutUnit="µm"')),
        ),
        ("filter_band.Wavelength#2", "500 nm", instrument(BAND.format('CutIn="500"'))),
        ("filter_band.Wavelength#3", "650 nm", instrument(BAND.format('CutOut="650"'))),
        ("filter_band.FWHMBandwidth", "50 nm", instrument(BAND.format('CutIn="500" CutOut="550"'))),
        ("filter_band.Transmittance", "0.95", instrument(BAND.format('Transmittance="0.95"'))),
        ("dichroic.Manufacturer", "Chroma", instrument('<Dichroic ID="D" Manufacturer="Chroma"/>')),
        ("dichroic.Model", "T495lpxr", instrument('<Dichroic ID="D" Model="T495lpxr"/>')),
        ("dichroic.LotNumber", "7", instrument('<Dichroic ID="D" LotNumber="7"/>')),
        ("detector.Manufacturer", "Andor", detecting('Manufacturer="Andor"')),
        ("detector.Model", "Zyla", detecting('Model="Zyla"')),
        ("detector.LotNumber", "7", detecting('LotNumber="7"')),
        ("detector.Type", "Conventional", detecting('Type="CCD" Model="CoolSNAP"')),
        ("detector.Type", "EMCCD", detecting('Type="EMCCD"')),
        ("detector.Type#2", "Scientific", detecting('Type="CMOS" Model="ORCA-Flash4.0"')),
        ("detector.SensorType", "CCD", detecting('Type="IntensifiedCCD"')),
        ("detector.IntensifierType", "EBCCD", detecting('Type="EBCCD"')),
        ("detector.Avalanche", "true", detecting('Type="APD"')),
        ("image.Name", "cells", '<Image ID="Image:0" Name="cells"/>'),
        ("image.AcquisitionDate", "2024-03-15", image("<AcquisitionDate>2024-03-15T09:30:00</AcquisitionDate>")),
        ("image.AcquisitionDate", "2009-03-15", image("<AcquiredDate>2009-03-15T09:30:00</AcquiredDate>")),
        (
            "instrument_ref.ID",
            "Instrument:1",
            '<Instrument ID="A"><Dichroic ID="D" Model="d"/></Instrument>'
            '<Instrument ID="B"><Dichroic ID="E" Model="e"/></Instrument>' + image('<InstrumentRef ID="B"/>'),
        ),
        ("instrument_ref.ID#2", "Instrument:0", lens('Model="m"')),
        (
            "experiment_ref.ID",
            "Experiment:0",
            EXPERIMENT.format('Type="TimeLapse"', "") + image('<ExperimentRef ID="Experiment:3"/>'),
        ),
        (
            "experimenter_ref.ID",
            "Experimenter:0",
            PERSON.format('LastName="C"') + image('<ExperimenterRef ID="Experimenter:7"/>'),
        ),
        ("description.text", "two channels", image("<Description> two channels </Description>")),
        ("environment.Temperature", "37 °C", image('<ImagingEnvironment Temperature="37"/>')),
        (
            "environment.Temperature",
            "310.15 K",
            image('<ImagingEnvironment Temperature="310.15" TemperatureUnit="K"/>'),
        ),
        ("environment.AirPressure", "1013 mbar", image('<ImagingEnvironment AirPressure="1013"/>')),
        ("environment.CO2Percent", "5", image('<ImagingEnvironment CO2Percent="0.05"/>')),
        ("environment.Humidity", "60", image('<ImagingEnvironment Humidity="0.6"/>')),
        ("objective_settings.ID", OBJECTIVE, settings("")),
        ("objective_settings.CorrectionCollarPosition", "0.17", settings('CorrectionCollar="0.17"')),
        ("objective_settings.MeasuredRefractiveIndex", "1.0003", settings('Medium="Air" RefractiveIndex="1.0003"')),
        ("immersion_liquid.Type", "Mineral Oil", settings('Medium="Oil"')),
        ("immersion_liquid.Type", "Glycerol", settings('Medium="Glycerol"')),
        ("immersion_liquid.RefractiveIndex", "1.518", settings('Medium="Oil" RefractiveIndex="1.518"')),
        ("stage_label.Name", "P1", image('<StageLabel Name="P1"/>')),
        ("stage_label.X", "3 reference frame", image('<StageLabel Name="P1" X="3"/>')),
        ("stage_label.Y", "3 µm", image('<StageLabel Name="P1" Y="3" YUnit="µm"/>')),
        ("stage_label.Z", "3 mm", image('<StageLabel Name="P1" Z="3" ZUnit="mm"/>')),
        ("pixels.DimensionOrder", "XYCZT", pixels('DimensionOrder="XYCZT"')),
        ("pixels.SizeX", "5", pixels('SizeX="5"')),
        ("pixels.SizeY", "5", pixels('SizeY="5"')),
        ("pixels.SizeZ", "5", pixels('SizeZ="5"')),
        ("pixels.SizeC", "5", pixels('SizeC="5"')),
        ("pixels.SizeT", "5", pixels('SizeT="5"')),
        ("pixels.PhysicalSizeX", "0.1 µm", pixels('PhysicalSizeX="0.1"')),
        ("pixels.PhysicalSizeX", "100 nm", pixels('PhysicalSizeX="100" PhysicalSizeXUnit="nm"')),
        ("pixels.PhysicalSizeY", "0.1 µm", pixels('PhysicalSizeY="0.1"')),
        ("pixels.PhysicalSizeZ", "0.3 µm", pixels('PhysicalSizeZ="0.3"')),
        ("pixels.TimeIncrement", "2.5 s", pixels('TimeIncrement="2.5"')),
        ("pixels.PixelType", "uint16", pixels('Type="uint16"')),
        ("pixels.PixelType", "uint8", pixels('PixelType="Uint8"')),
        ("pixels.SignificantBits", "12", pixels('SignificantBits="12"')),
        ("pixels.BigEndian", "false", pixels('BigEndian="false"')),
        ("pixels.Interleaved", "true", pixels('Interleaved="true"')),
        ("channel.Name", "GFP", channel('Name="GFP"')),
        ("channel.Name", "GFP", image('<LogicalChannel Name="GFP"/><Pixels/>')),
        ("channel.Color", "-16776961", channel('Color="-16776961"')),
        ("channel.SamplesPerPixel", "3", channel('SamplesPerPixel="3"')),
        ("channel.ContrastMethod", "Differential Intensity Contrast (DIC)", channel('ContrastMethod="DIC"')),
        (
            "channel.IlluminationType",
            "Confocal_Fluorescence_spinning disk",
            channel('AcquisitionMode="SpinningDiskConfocal"'),
        ),
        (
            "channel.IlluminationType",
            "Transmitted_Bright-field",
            channel('AcquisitionMode="Other" IlluminationType="Transmitted" ContrastMethod="Brightfield"'),
        ),
        ("fluorophore.Name", "EGFP", channel('Fluor="EGFP"')),
        ("fluorophore.ExcitationWavelength", "488 nm", channel('ExcitationWavelength="488"')),
        ("fluorophore.ExcitationWavelength", "488 nm", image('<LogicalChannel ExWave="488"/><Pixels/>')),
        (
            "fluorophore.EmissionWavelength",
            "0.507 µm",
            channel('EmissionWavelength="0.507" EmissionWavelengthUnit="µm"'),
        ),
        ("light_source_settings.ID", "LightSource:0", lit(LASER.format('Model="m"'))),
        ("light_source_settings.Attenuation", "0.8", lit(LASER.format(""), 'Attenuation="0.8"')),
        ("filter_set.Name", "Chroma 49002", PATHS),
        ("detector_settings.ID", "Detector:0", detecting('Type="CCD"', 'Gain="2"')),
        ("detector_settings.AnalogGain", "2", detecting('Type="CCD"', 'Gain="2"')),
        ("detector_settings.AnalogGain", "3", detecting('Type="CCD" Gain="3"')),
        ("detector_settings.AmplificationGain", "4", detecting('Type="EMCCD" AmplificationGain="4"', 'Gain="2"')),
        ("detector_settings.Offset", "100", detecting('Type="CCD"', 'Offset="100"')),
        ("detector_settings.Binning", "2x2", detecting('Type="CCD"', 'Binning="2x2"')),
        ("detector_settings.PixelReadOutRate", "560 MHz", detecting('Type="CCD"', 'ReadOutRate="560"')),
        ("detector_settings.Integration", "4", detecting('Type="CCD"', 'Integration="4"')),
        ("detector_settings.Voltage", "600 V", detecting('Type="PMT" Voltage="500"', 'Voltage="600"')),
        ("detector_settings.Voltage#2", "500 mV", detecting('Type="PMT" Voltage="500" VoltageUnit="mV"')),
        ("scanner_settings.PresetPinholeSize", "82.8 µm", channel('PinholeSize="82.8"')),
        ("scanner_settings.EffectiveZoom", "1.5", detecting('Type="PMT"', 'Zoom="1.5"')),
        ("plate.Name", "screen", PLATE.format('Name="screen"', "")),
        ("plate.Status", "done", PLATE.format('Status="done"', "")),
        ("plate.ExternalIdentifier", "b7", PLATE.format('ExternalIdentifier="b7"', "")),
        ("plate.ColumnNamingConvention", "number", PLATE.format('ColumnNamingConvention="number"', "")),
        ("plate.RowNamingConvention", "letter", PLATE.format('RowNamingConvention="letter"', "")),
        ("plate.WellOriginX", "3 µm", PLATE.format('WellOriginX="3" WellOriginXUnit="µm"', "")),
        ("plate.WellOriginY", "3 reference frame", PLATE.format('WellOriginY="3"', "")),
        ("plate.Rows", "8", PLATE.format('Rows="8"', "")),
        ("plate.Columns", "12", PLATE.format('Columns="12"', "")),
        ("plate.FieldIndex", "0", PLATE.format('FieldIndex="0"', "")),
        ("plate_description.text", "d", PLATE.format("", "<Description>d</Description>")),
        ("well.Row", "1", PLATE.format("", '<Well ID="W" Row="1" Column="2"/>')),
        ("well.Column", "2", PLATE.format("", '<Well ID="W" Row="1" Column="2"/>')),
        ("well.ExternalDescription", "d", PLATE.format("", '<Well ID="W" ExternalDescription="d"/>')),
        ("well.ExternalIdentifier", "i", PLATE.format("", '<Well ID="W" ExternalIdentifier="i"/>')),
        ("well.Type", "t", PLATE.format("", '<Well ID="W" Type="t"/>')),
        ("well.Color", "255", PLATE.format("", '<Well ID="W" Color="255"/>')),
        ("well_sample.Index", "3", PLATE.format("", '<Well ID="W"><WellSample ID="S" Index="3"/></Well>')),
        (
            "well_sample.PositionX",
            "3 reference frame",
            PLATE.format("", '<Well ID="W"><WellSample ID="S" PositionX="3"/></Well>'),
        ),
        (
            "well_sample.PositionY",
            "3 µm",
            PLATE.format("", '<Well ID="W"><WellSample ID="S" PositionY="3" PositionYUnit="µm"/></Well>'),
        ),
        (
            "well_sample.Timepoint",
            "2024-03-15T09:30:00",
            PLATE.format("", '<Well ID="W"><WellSample ID="S" Timepoint="2024-03-15T09:30:00"/></Well>'),
        ),
        (
            "well_image.ID",
            "Image:0",
            '<Image ID="Image:9"/>'
            + PLATE.format("", '<Well ID="W"><WellSample ID="S"><ImageRef ID="Image:9"/></WellSample></Well>'),
        ),
        ("plate_acquisition.Name", "day 1", PLATE.format("", '<PlateAcquisition ID="P" Name="day 1"/>')),
        (
            "plate_acquisition.StartTime",
            "2024-03-15T09:30:00",
            PLATE.format("", '<PlateAcquisition ID="P" StartTime="2024-03-15T09:30:00"/>'),
        ),
        (
            "plate_acquisition.EndTime",
            "2024-03-15T09:30:00",
            PLATE.format("", '<PlateAcquisition ID="P" EndTime="2024-03-15T09:30:00"/>'),
        ),
        (
            "plate_acquisition.MaximumFieldCount",
            "4",
            PLATE.format("", '<PlateAcquisition ID="P" MaximumFieldCount="4"/>'),
        ),
        (
            "acquired_sample.ID",
            "WellSample:0",
            PLATE.format(
                "",
                '<Well ID="W"><WellSample ID="S" Index="0"/></Well><PlateAcquisition ID="P" Name="n">'
                '<WellSampleRef ID="S"/></PlateAcquisition>',
            ),
        ),
    ],
    "ngff": [
        ("image.Name", "cells", zarr('Name="cells"')),
        ("pixels.SizeX", "4", zarr()),
        ("pixels.SizeY", "5", zarr()),
        ("pixels.SizeZ", "6", zarr('SizeZ="6"')),
        ("pixels.SizeZ#2", "1", zarr()),
        ("pixels.SizeC", "6", zarr('SizeC="6"')),
        ("pixels.SizeC#2", "1", zarr()),
        ("pixels.SizeT", "6", zarr('SizeT="6"')),
        ("pixels.SizeT#2", "1", zarr()),
        ("pixels.PixelType", "uint16", zarr('DataType="&lt;u2"')),
        ("pixels.PixelType", "float", zarr('DataType="float32"')),
        ("pixels.DimensionOrder", "XYZCT", zarr(inner="".join(f'<Axis Name="{n}"/>' for n in "tczyx"))),
        *(
            (f"pixels.PhysicalSize{a.upper()}{'' if i == 0 else f'#{i + 1}'}", value, zarr(inner=axis(a, "2", unit)))
            for a in "xyz"
            for i, (unit, value) in enumerate(
                (
                    ("micrometer", "2 µm"),
                    ("nanometer", "0.002 µm"),
                    ("millimeter", "2000 µm"),
                    ("centimeter", "20000 µm"),
                    ("meter", "2000000 µm"),
                    ("angstrom", "0.0002 µm"),
                    ("picometer", "0.000002 µm"),
                )
            )
        ),
        ("pixels.TimeIncrement", "2 s", zarr('SizeT="3"', axis("t", "2", "second"))),
        ("pixels.TimeIncrement#2", "0.002 s", zarr('SizeT="3"', axis("t", "2", "millisecond"))),
        ("pixels.TimeIncrement#3", "120 s", zarr('SizeT="3"', axis("t", "2", "minute"))),
        ("pixels.TimeIncrement#4", "7200 s", zarr('SizeT="3"', axis("t", "2", "hour"))),
        ("other_dimension.Name", "angle", zarr(inner='<Axis Name="angle" Size="9"/>')),
        ("other_dimension.Size", "9", zarr(inner='<Axis Name="angle" Size="9"/>')),
        ("other_dimension.Unit", "degree", zarr(inner='<Axis Name="a" Size="9" Unit="degree"/>')),
        ("channel.Name", "GFP", zarr(inner='<Channel Index="0" Label="GFP"/>')),
        ("channel.Color", "16711935", zarr(inner='<Channel Index="0" Color="00FF00"/>')),
        ("plate.Name", "screen", '<Plate Name="screen"/>'),
        ("plate.Rows", "2", '<Plate Rows="2"/>'),
        ("plate.Columns", "3", '<Plate Columns="3"/>'),
        ("well.Row", "1", '<Plate><Well RowIndex="1" ColumnIndex="2"/></Plate>'),
        ("well.Column", "2", '<Plate><Well RowIndex="1" ColumnIndex="2"/></Plate>'),
        ("well_sample.Index", "0", '<Plate><Well RowIndex="1" ColumnIndex="2"><Field ImageKey="k"/></Well></Plate>'),
        (
            "well_image.ID",
            "Image:0",
            '<Image Key="A/1/0"/><Plate><Well RowIndex="0" ColumnIndex="0"><Field ImageKey="A/1/0"/></Well></Plate>',
        ),
        ("plate_acquisition.Name", "day 1", '<Plate><Acquisition ID="4" Name="day 1"/></Plate>'),
        ("plate_acquisition.MaximumFieldCount", "9", '<Plate><Acquisition Maximumfieldcount="9"/></Plate>'),
        (
            "acquired_sample.ID",
            "WellSample:0",
            '<Plate><Well RowIndex="0" ColumnIndex="0"><Field ImageKey="k" Acquisition="4"/></Well>'
            '<Acquisition ID="4" Name="day 1"/></Plate>',
        ),
    ],
    "tiff": [
        ("pixels.SizeX", "640", tag("ImageWidth", "640")),
        ("pixels.SizeY", "480", tag("ImageLength", "480")),
        ("pixels.SizeZ", "3", tag("ImageDescription", IMAGEJ, "true")),
        ("pixels.SizeZ#2", "1", tag("ImageWidth", "640")),
        ("pixels.SizeZ#3", "1", tag("ImageDescription", "ImageJ=1.5\nimages=4\nframes=4\n", "true")),
        ("pixels.SizeC", "2", tag("ImageDescription", IMAGEJ, "true")),
        ("pixels.SizeC#2", "3", tag("SamplesPerPixel", "3")),
        ("pixels.SizeC#3", "1", tag("ImageWidth", "640")),
        ("pixels.SizeT", "2", tag("ImageDescription", IMAGEJ, "true")),
        ("pixels.SizeT#2", "1", tag("ImageWidth", "640")),
        ("pixels.SizeT#3", "1", tag("ImageDescription", "ImageJ=1.5\nimages=4\nslices=4", "true")),
        ("pixels.PixelType", "uint8", tag("BitsPerSample", "8 8 8")),
        ("pixels.PixelType", "float", tag("BitsPerSample", "32") + '<Tag Name="SampleFormat">3</Tag>'),
        ("pixels.SignificantBits", "8", tag("BitsPerSample", "8")),
    ],
}


# Their fragment has a filter set, so they are told together in `test_light_path`.
PATH_ROWS = {
    f"{block}.ID"
    for block in ("excitation_filter_ref", "dichroic_ref", "emission_filter_ref", "set_excitation", "set_dichroic")
} | {"set_emission.ID"}

CASES["ome"] += ORIGINAL
