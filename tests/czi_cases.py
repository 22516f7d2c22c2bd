"""Fragments of CZI metadata, one or more a row of the table, and the values that the row gives for them.

All names and numbers are made up; element names and their places are those of ZEN.
"""
# ruff: noqa: E501 - a fragment stands on one line with what it gives

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from nbo_extract.lift import lift
from nbo_extract.record import PlaneColumns, RawRecord

if TYPE_CHECKING:
    from nbo_extract.model import Document, Node

TABLE = "zeiss-czi"


def lifted(tree: str, planes: dict[str, PlaneColumns] | None = None) -> Document:
    return lift(RawRecord("a.czi", "Zeiss CZI", "czi", TABLE, etree.fromstring(tree), planes or {}))


def facts(document: Document, row: str) -> list[str]:
    """Return value and unit of each fact that a row gave."""
    found = []
    for node in document.root.walk():
        for fact in [*node.facts.values(), *([node.text] if node.text else [])]:
            if fact.source is not None and fact.source.rule == f"{TABLE}:{row}":
                found.append(f"{fact.value} {fact.unit}" if fact.unit else fact.value)
    return found


def of(document: Document, element: str, attribute: str) -> list[str | None]:
    return [n.get(attribute) for n in document.root.walk() if n.name == element]


def one(document: Document, element: str) -> Node:
    found = [n for n in document.root.walk() if n.name == element]
    assert len(found) == 1, [n.name for n in document.root.walk()]
    return found[0]


def has(document: Document, element: str) -> bool:
    return any(n.name == element for n in document.root.walk())


def wrap(name: str, content: str) -> str:
    """Return one element, or nothing where there is nothing to put into it."""
    return f"<{name}>{content}</{name}>" if content else ""


def czi(
    *,
    document: str = "",
    information: str = "",
    image: str = "",
    dimensions: str = "",
    channels: str = "",
    instrument: str = "",
    experiment: str = "",
    block: str = "",
    blocks: str = "",
    pool: str = "",
    hardware: str = "",
    devices: str = "",
    attributes: str = "",
    auto: str = "",
    items: str = "",
    display: str = "",
    structure: str = "<Scene Key='0'/>",
) -> str:
    """Return the tree of a CZI file with these fragments in their places; parts without any are left out."""
    blocks = blocks or wrap("AcquisitionBlock", block)
    dimensions += wrap("Channels", channels)
    metadata = (
        wrap("Experiment", experiment + wrap("ExperimentBlocks", blocks) + wrap("HardwareSettingsPool", pool))
        + wrap("HardwareSetting", hardware + wrap("Configuration", devices))
        + wrap("CustomAttributes", attributes)
        + wrap(
            "Information",
            information
            + wrap("Document", document)
            + wrap("Image", image + wrap("Dimensions", dimensions))
            + wrap("Instrument", instrument),
        )
        + wrap("Scaling", wrap("AutoScaling", auto) + wrap("Items", items))
        + wrap("DisplaySetting", wrap("Channels", display))
    )
    return (
        f"<CZI><ImageDocument><Metadata>{metadata}</Metadata></ImageDocument><Structure>{structure}</Structure></CZI>"
    )


class Case(NamedTuple):
    """A row, the facts that it gives (value and unit), and the tree."""

    row: str
    values: list[str]
    tree: str


# --------------------------------------------------------------------------------------------------- parts of the trees


def user(facts: str) -> str:
    return czi(information=f"<User Id='U'><DisplayName>jd</DisplayName>{facts}</User>")


def objective(facts: str, image: str = "", auto: str = "", devices: str = "") -> str:
    return czi(
        image=image,
        instrument=f"<Objectives><Objective Id='Objective:1'>{facts}</Objective></Objectives>",
        auto=auto,
        devices=devices,
    )


def named(model: str, facts: str = "") -> str:
    return objective(f"<Manufacturer><Model>{model}</Model></Manufacturer>{facts}")


def device(attributes: str, content: str = "") -> str:
    return f"<Device {attributes}>{content}</Device>"


def changer(name: str, elements: str) -> str:
    return device(f"Id='{name}' Name='changer'", f"<ChangerElements>{elements}</ChangerElements>")


def incubation(components: str) -> str:
    return czi(
        information="<TimelineTracks><TimelineTrack><TimelineElements><TimelineElement><EventInformation>"
        f"<IncubationRecording><Components>{components}</Components></IncubationRecording></EventInformation>"
        "</TimelineElement></TimelineElements></TimelineTrack></TimelineTracks>"
    )


def surroundings(facts: str) -> str:
    return czi(information=f"<Environment>{facts}</Environment>")


def incubator(*tags: tuple[str, str]) -> str:
    prefix = "CarlZeissAim.IncubatorState."
    return czi(attributes="".join(f"<LsmTag Name='{prefix}{name}'>{text}</LsmTag>" for name, text in tags))


def stamps(times: str) -> str:
    """Return the embedded times of a file's time indices."""
    return f"<Attachment Name='TimeStamps' ContentFileType='CZTIMS'>{times}</Attachment>"


def scene(content: str, attributes: str = "Index='0'", **more: str) -> str:
    return czi(
        dimensions=f"<S><Scenes><Scene {attributes}>{content}</Scene></Scenes></S>",
        structure="<Scene Key='0' Index='0'/>",
        **more,
    )


def channel(content: str, instrument: str = "", **more: str) -> str:
    return czi(channels=f"<Channel Id='Channel:0' Name='c'>{content}</Channel>", instrument=instrument, **more)


LASER_MODE = "<AcquisitionMode>LaserScanningConfocalMicroscopy</AcquisitionMode>"


def lit(lamp: str, settings: str = "", content: str = "", **more: str) -> str:
    """Return a channel lit by one lamp."""
    return channel(
        f"{content}<LightSourcesSettings><LightSourceSettings>{settings}<LightSource Id='L:1'/></LightSourceSettings>"
        "</LightSourcesSettings>",
        f"<LightSources><LightSource Id='L:1' {lamp}</LightSource><LightSource Id='L:2' Name='not lit'/></LightSources>",
        **more,
    )


LASER_LAMP = "><Power>12.5</Power><LightSourceType><Laser><Tuneable>false</Tuneable></Laser></LightSourceType>"


def beam(facts: str, name: str = "Beam") -> str:
    """Return a channel lit by a laser."""
    return lit(f"Name='{name}'><LightSourceType><Laser>{facts}</Laser></LightSourceType>")


LED_LAMP = "Name='LED 470'><LightSourceType><LightEmittingDiode/></LightSourceType>"


def scanned(track: str, content: str = "", block: str = "", identity: str = "Channel:0") -> str:
    """Return a channel of ZEN black: what scanned it is in the track setup that has its id."""
    setup = f"<TrackSetup><Detectors><Detector Id='{identity}' Name='Ch1'/></Detectors>{track}</TrackSetup>"
    return channel(f"{LASER_MODE}{content}", block=f"{block}<MultiTrackSetup>{setup}</MultiTrackSetup>")


def attenuated(attenuator: str, block: str = "", settings: str = "") -> str:
    lights = f"<LightSourcesSettings><LightSourceSettings>{settings}</LightSourceSettings></LightSourcesSettings>"
    return scanned(
        f"<Attenuators><Attenuator>{attenuator}</Attenuator></Attenuators>", lights if settings else "", block
    )


def split(name: str) -> str:
    return scanned(f"<BeamSplitters><BeamSplitter><Filter>{name}</Filter></BeamSplitter></BeamSplitters>")


def positioned(changer_id: str, elements: str, place: str = "Part.1", content: str = "", **more: str) -> str:
    """Return a channel whose track went to a position of a changer before it was taken."""
    return channel(
        content,
        block="<SubDimensionSetups><MultiTrackSetup><Track IsActivated='true'>"
        "<BeforeHardwareSetting>Before [c]</BeforeHardwareSetting>"
        "<Channels><Channel Name='c' IsActivated='true'/></Channels></Track></MultiTrackSetup></SubDimensionSetups>",
        pool=f"<HardwareSetting Name='Before [c]'><ParameterCollection Id='{changer_id}'>"
        f"<PositionName>{place}</PositionName></ParameterCollection></HardwareSetting>",
        devices=changer(changer_id, elements),
        **more,
    )


def areas(*bands: tuple[int, int, str], kind: str = "Transmission") -> str:
    content = "".join(
        f"<WavelengthArea><Low>{low}</Low><High>{high}</High><Efficiency>{part}</Efficiency></WavelengthArea>"
        for low, high, part in bands
    )
    return f"<{kind}WavelengthAreas>{content}</{kind}WavelengthAreas>"


def wheel(part: str) -> str:
    return positioned("MTBEmissionFilterChanger2", f"<SpectralInfluencer {part}</SpectralInfluencer>")


def splitter(part: str) -> str:
    return positioned("MTBBeamsplitterChanger", f"<SpectralInfluencer {part}</SpectralInfluencer>")


def listed(filters: str, role: str = "Emission", more: str = "") -> str:
    """Return a channel with a filter set of the Information section."""
    refs = "".join(f"<{role}FilterRef Id='F:{n}'/>" for n in range(1, filters.count("<Filter ") + 1))
    return channel(
        "<FilterSetRef Id='FilterSet:1'/>",
        f"<FilterSets><FilterSet Id='FilterSet:1'><{role}Filters>{refs}</{role}Filters>{more}</FilterSet></FilterSets>"
        f"<Filters>{filters}</Filters>",
    )


def cut(number: int, low: str, high: str, name: str = "") -> str:
    title = f" Name='{name}'" if name else ""
    band = f"<TransmittanceRange><CutIn>{low}</CutIn><CutOut>{high}</CutOut></TransmittanceRange>"
    return f"<Filter Id='F:{number}'{title}>{band}</Filter>"


def detected(detector: str, settings: str = "", content: str = "", **more: str) -> str:
    """Return a channel and its detector; another of the stand is not used."""
    return channel(
        f"{content}<DetectorSettings>{settings}<Detector Id='D:1'/></DetectorSettings>",
        f"<Detectors><Detector Id='D:1' {detector}</Detector><Detector Id='D:2' Name='not used'/></Detectors>",
        **more,
    )


CAMERA = "Name='Cam'><Manufacturer><Model>AxioCam9x</Model></Manufacturer>"


def camera(settings: str, content: str = "<ExposureTime>5</ExposureTime>") -> str:
    return detected(CAMERA, settings, content)


def pmt(settings: str, mode: str = LASER_MODE) -> str:
    return detected("Name='Ch2'><Type>PMT</Type>", settings, mode)


def amplified(facts: str) -> str:
    """Return a point detector of ZEN black, set in its track."""
    setup = f"<TrackSetup><Detectors><Detector Id='Channel:0'>{facts}</Detector></Detectors></TrackSetup>"
    return detected(
        "Name='Ch2'><Type>PMT</Type>",
        "<Voltage>1</Voltage><DigitalGain>9</DigitalGain><Offset>9</Offset><DetectorMode>Integration</DetectorMode>",
        LASER_MODE,
        block=f"<MultiTrackSetup>{setup}</MultiTrackSetup>",
    )


def scan(facts: str = "", block: str = "", tracks: str = "", mode: str = LASER_MODE) -> str:
    return channel(
        f"{mode}<LaserScanInfo><PixelTime>2E-06</PixelTime>{facts}</LaserScanInfo>",
        block=block,
        dimensions=wrap("Tracks", tracks),
    )


def track(*channels: str) -> str:
    return f"<Track><ChannelRefs>{''.join(f'<ChannelRef Id={c!r}/>' for c in channels)}</ChannelRefs></Track>"


def wells(shape: str = "<RowIndex>2</RowIndex><ColumnIndex>5</ColumnIndex>", template: str = "") -> str:
    regions = f"<RegionsSetup IsActivated='true'><SampleHolder>{template}</SampleHolder></RegionsSetup>"
    return scene(
        f"<Shape Name='B5'>{shape}</Shape>",
        block=f"<SubDimensionSetups>{regions}</SubDimensionSetups>" if template else "",
    )


TEMPLATE = "<Template Name='Multiwell  24'><ShapeRows>4</ShapeRows><ShapeColumns>6</ShapeColumns></Template>"

# -------------------------------------------------------------------------------------------------------------- the rows

CASES = [
    # People and software
    Case("experimenter.UserName", ["mroe"], czi(document="<UserName>mroe</UserName>")),
    Case("experimenter.UserName", ["jd"], user("")),
    Case("experimenter.FirstName", ["Jo"], user("<FirstName>Jo</FirstName>")),
    Case("experimenter.MiddleName", ["X"], user("<MiddleName>X</MiddleName>")),
    Case("experimenter.LastName", ["Doe"], user("<LastName>Doe</LastName>")),
    Case("experimenter.Email", ["jo@lab"], user("<Email>jo@lab</Email>")),
    Case("experimenter.Institution", ["Lab"], user("<Institution>Lab</Institution>")),
    Case(
        "cover_glass.Thickness",
        ["0.165"],
        czi(image="<Specimen><CoverglassThickness>165</CoverglassThickness></Specimen>"),
    ),
    Case("software.Name", ["ZEN 3.9 (blue edition)"], czi(information="<Application><Name>ZEN 3.9  (blue edition)</Name></Application>")),
    Case("software.Name", ["AIMApplication"], czi(information="<Application><Name>AIMApplication</Name></Application>")),
    Case("software.Developer", ["Carl Zeiss Microscopy"], czi(information="<Application><Name>ZEN 3.9 (blue edition)</Name></Application>")),
    Case("software.Version", ["3.9.1"], czi(information="<Application><Name>ZEN</Name><Version>3.9.1</Version></Application>")),
    Case("software.Build", ["77"], czi(information="<Application><Name>ZEN</Name><BuildId>77</BuildId></Application>")),
    # Stand and optics
    Case("stand.Model", ["Axio Imager.M8"], czi(instrument="<Microscopes><Microscope Name='x'><Manufacturer><Model>Axio Imager.M8</Model></Manufacturer></Microscope></Microscopes>")),
    Case("stand.Manufacturer", ["Stands Ltd"], czi(instrument="<Microscopes><Microscope Name='Axiovert'><Manufacturer><Manufacturer>Stands Ltd</Manufacturer></Manufacturer></Microscope></Microscopes>")),
    Case("stand.Type", ["Dissection"], czi(instrument="<Microscopes><Microscope Name='SteREO Discovery.V9'><Type>Dissection</Type></Microscope></Microscopes>")),
    Case("stand.Model", ["Axio Imager.M9"], czi(instrument="<Microscopes><Microscope Id='M:1' Name='Axio Imager.M9'/></Microscopes>")),
    Case("stand.Model", ["LSM 999, AxioObserver"], czi(instrument="<Microscopes><Microscope><System>LSM 999, AxioObserver</System></Microscope></Microscopes>")),
    Case(
        "stand.Name",
        ["corner room"],
        czi(instrument="<Microscopes><Microscope Name='Axiovert'><UserDefinedName>corner room</UserDefinedName></Microscope></Microscopes>"),
    ),
    Case("objective.Manufacturer", ["Lenses Ltd"], objective("<Manufacturer><Manufacturer>Lenses Ltd</Manufacturer></Manufacturer>")),
    Case("objective.LotNumber", ["L8"], objective("<Manufacturer><LotNumber>L8</LotNumber></Manufacturer>")),
    Case("objective.CalibratedMagnification", ["39.987"], objective("<CalibratedMagnification>39.987</CalibratedMagnification>")),
    Case("objective.Iris", ["true"], objective("<Iris>true</Iris>")),
    Case("objective.Correction#2", ["PlanFluor"], objective("<Correction>PlanFluor</Correction>")),
    Case(
        "objective.CatalogNumber#2",
        ["420862-9970-000"],
        objective(
            "<Manufacturer><Model>LCI 25x/0.8</Model></Manufacturer>",
            devices=changer(
                "MTBObjectiveChanger",
                "<Objective UniqueName='Objective.420862-9970-000' Name='LCI 25x/0.8'/><Objective UniqueName='Objective.420999-9970-000' Name='other'/>",
            ),
        ),
    ),
    Case("objective.Model", ["LD LCI 25x/0.8"], named("LD  LCI 25x/0.8")),
    Case("objective.Model", ["LCI 25x"], czi(instrument="<Objectives><Objective Id='O' Name='LCI 25x'/></Objectives>")),
    Case("objective.Model", ["Fluar 5x/0.25"], czi(auto="<ObjectiveName>Fluar 5x/0.25</ObjectiveName>")),
    Case("objective.Magnification", ["25"], objective("<NominalMagnification>25</NominalMagnification>")),
    Case("objective.Magnification#2", ["2.5"], named("Fluar 2,5x/0.12")),
    Case("objective.LensNA", ["0.8"], objective("<LensNA>0.80</LensNA>")),
    Case("objective.LensNA#2", ["0.12"], named("Fluar 2.5x/0,12")),
    Case("objective.ImmersionType", ["Glycerol"], objective("<Immersion>Glycerin</Immersion>")),
    Case("objective.ImmersionType", ["Water"], objective("<Immersions>Water</Immersions>")),
    *(
        Case("objective.ImmersionType#2", [liquid], named(model))
        for model, liquid in (
            ("alpha Plan-Apochromat 100x/1.46 Oil DIC", "Mineral Oil"),
            ("C-Apochromat 40x/1.2 W Korr FCS M27", "Water"),
            ("W Plan-Apochromat 20x/1.0 DIC M27", "Dipping"),
            ("LCI Plan-Neofluar 25x/0.8 Imm Korr DIC M27", "Multi"),
            ("LD LCI Plan-Apochromat 40x/1.2 Glyc", "Glycerol"),
        )
    ),
    Case("objective.Correction", ["PlanNeofluar"], named("EC Plan-Neofluar 40x/0.75")),
    Case("objective.WorkingDistance", ["570 µm"], objective("<WorkingDistance>570</WorkingDistance>")),
    Case("objective.DIC", ["true"], named("Plan-Apochromat 63x/1.4 Oil DIC M27")),
    Case("objective.PhaseContrastDesignation", ["Ph2"], objective("<PupilGeometry>PhaseRing2</PupilGeometry>")),
    Case("objective.PhaseContrastDesignation#2", ["Ph2"], named("LD Plan-Neofluar 40x/0.6 Korr Ph 2")),
    Case("objective.ContrastModulation", ["Ph1"], objective("<PupilGeometry>PhaseRing1</PupilGeometry>")),
    Case("objective.ContrastModulation#2", ["Ph1"], named("A-Plan 10x/0.25 Ph1")),
    Case(
        "objective.CorrectionCollar",
        ["true"],
        objective(
            "<Manufacturer><Model>LCI 25x/0.8</Model></Manufacturer>",
            auto="<Objective>Objective.1</Objective>",
            devices=changer(
                "MTBObjectiveChanger",
                "<Objective UniqueName='Objective.1' Name='LCI 25x/0.8'><Features>Korr</Features></Objective>"
                "<Objective UniqueName='Objective.2' Name='other'><Features>Nothing</Features></Objective>",
            ),
        ),
    ),
    Case("objective.CorrectionCollar#2", ["true"], named("LD Plan-Neofluar 40x/0.6 Korr")),
    Case(
        "objective.CatalogNumber",
        ["420852-9871-000"],
        objective("<LensNA>0.8</LensNA>", auto="<Objective>Objective.420852-9871-000</Objective>"),
    ),
    Case("tube_lens.Name", ["1.6x Optovar"], czi(instrument="<TubeLenses><TubeLens Id='T' Name='1.6x  Optovar'/></TubeLenses>")),
    Case(
        "tube_lens.Magnification",
        ["1.6"],
        czi(
            image="<TubeLenses><TubeLensRef Id='T:2'/></TubeLenses>",
            instrument="<TubeLenses><TubeLens Id='T:1'><Magnification>1</Magnification></TubeLens>"
            "<TubeLens Id='T:2'><Magnification>1.6</Magnification></TubeLens></TubeLenses>",
        ),
    ),
    Case("tube_lens.Magnification", ["2"], czi(auto="<OptovarMagnification>2</OptovarMagnification>")),
    Case("tube_lens.Name", ["Rear"], scanned("<TubeLensPosition>Rear</TubeLensPosition>")),
    Case("tube_lens.Model", ["Optovar 9"], czi(instrument="<TubeLenses><TubeLens Id='T'><Manufacturer><Model>Optovar  9</Model></Manufacturer></TubeLens></TubeLenses>")),
    Case("zoom.Magnification", ["11.2"], czi(instrument="<X/>", image="<MicroscopeSettings><ZoomSettings><Magnification>11.2</Magnification></ZoomSettings></MicroscopeSettings>")),
    Case("camera_adapter.Name", ["CameraAdapter.0.63x"], czi(auto="<CameraAdapter>CameraAdapter.0.63x</CameraAdapter><CameraAdapterMagnification>0.63</CameraAdapterMagnification>")),
    Case(
        "camera_adapter.Name",
        ["0.63x Adapter"],
        czi(
            auto="<CameraName>Cam</CameraName><CameraAdapter>CameraAdapter.0.63x</CameraAdapter>"
            "<CameraAdapterMagnification>0.63</CameraAdapterMagnification>",
            instrument="<Detectors><Detector Name='Cam'><Adapter><Manufacturer><Model>0.63x Adapter</Model></Manufacturer>"
            "</Adapter></Detector></Detectors>",
        ),
    ),
    Case("camera_adapter.Magnification", ["0.63"], czi(auto="<CameraAdapterMagnification>0.63</CameraAdapterMagnification>")),
    Case("stage.Name", ["WSB PiezoDrive"], czi(instrument="<X/>", devices=device("Id='MTBStage' Name='WSB  PiezoDrive'"))),
    Case("stage.Motorized", ["true"], czi(instrument="<X/>", devices=device("Id='MTBStage' Motorization='Motorized'"))),
    Case("stage.CatalogNumber", ["432031-9902-000"], czi(instrument="<X/>", devices=device("Id='MTBStage' UniqueName='Stage.432031-9902-000'"))),
    Case("focus.Name", ["Z drive"], czi(instrument="<X/>", devices=device("Id='MTBFocus' Name='Z drive'"))),
    Case("focus.Motorized", ["false"], czi(instrument="<X/>", devices=device("Id='MTBFocus' Motorization='Manual'"))),
    Case("focus_stabilizer.Name", ["Definite Focus.9"], czi(instrument="<X/>", devices=device("Id='MTBFocusStabilizer2' Name='Definite Focus.9'"))),
    Case("focus_stabilizer.Mechanism", ["Hardware based"], czi(instrument="<X/>", devices=wrap("Devices", device("Id='MTBFocusStabilizer' Name='Definite Focus'")))),
    # Image
    Case("image.Name", ["plate 7"], czi(document="<Name>plate 7</Name><Title>other</Title>")),
    Case("image.Name", ["a title P4"], scene("", "Index='0' Name='P4'", document="<Title>a title</Title>")),
    Case("image.AcquisitionDate", ["2022-02-03"], czi(image="<AcquisitionDateAndTime>2022-02-03T23:30:00.5Z</AcquisitionDateAndTime>")),
    Case(
        "image.AcquisitionDate#2",
        ["2015-08-09"],
        czi(document="<CreationDate>2015-08-09T10:11:12</CreationDate>", block="<MultiTrackSetup><TrackSetup/></MultiTrackSetup>"),
    ),
    Case("image.AcquisitionDate#3", ["2014-05-06"], czi(dimensions="<T><StartTime>2014-05-06T07:08:09.1234567Z</StartTime></T>", document="<CreationDate>2020-01-01T00:00:00</CreationDate>")),
    Case("instrument_ref.ID", ["Instrument:0"], named("Fluar 5x/0.25")),
    Case(
        "experiment_ref.ID",
        ["Experiment:0"],
        czi(image="<Specimen><CoverglassThickness>165</CoverglassThickness></Specimen>"),
    ),
    Case("experimenter_ref.ID", ["Experimenter:0"], czi(document="<UserName>mroe</UserName>")),
    Case("sample_ref.ID", ["Sample:0"], czi(image="<Specimen><CoverglassThickness>165</CoverglassThickness></Specimen>")),
    Case(
        "focus_stabilizer_ref.ID",
        ["FocusStabilizationDevice:0"],
        czi(
            instrument="<X/>",
            devices=device("Id='MTBFocusStabilizer2' Name='Definite Focus.9'"),
            block="<HelperSetups><FocusSetup IsActivated='true'><DefiniteFocus IsActivated='true'/></FocusSetup></HelperSetups>",
        ),
    ),
    Case("software_ref.ID", ["AcquisitionSoftware:0"], czi(information="<Application><Name>ZEN</Name></Application>")),
    Case("description.text", ["two\nlines"], czi(document="<Description>two\nlines</Description>")),
    Case(
        "environment.Temperature",
        ["36.8 °C"],
        incubation("<MTBIncubationTemperatureChannel2><Value>36.8</Value><IsEnabled>true</IsEnabled></MTBIncubationTemperatureChannel2>"),
    ),
    Case("environment.Temperature", ["31 °C"], incubation("<MTBOverallTemperature><Value>31</Value><IsEnabled>true</IsEnabled></MTBOverallTemperature>")),
    Case("environment.Temperature#2", ["37.5 °C"], incubator(("Actual_TempChannel4", "37.5"), ("Switch_TempChannel4", "true"))),
    Case("environment.Temperature#3", ["23.5 °C"], surroundings("<Temperature>23.5</Temperature>")),
    Case("environment.CO2Percent#3", ["5"], surroundings("<CO2Percent>0.05</CO2Percent>")),
    Case("environment.Humidity", ["60"], surroundings("<Humidity>0.6</Humidity>")),
    Case("environment.AirPressure", ["1013 mbar"], surroundings("<AirPressure>1013</AirPressure>")),
    Case("environment.CO2Percent", ["4.9"], incubation("<MTBIncubationCO2Channel><Value>4.9</Value><IsEnabled>true</IsEnabled></MTBIncubationCO2Channel>")),
    Case("environment.CO2Percent#2", ["5.1"], incubator(("Actual_CO2_Module", "5.1"), ("Switch_CO2_Module", "true"))),
    Case("stand_settings.ID", ["InvertedMicroscopeStand:0"], channel("<CustomAttributes><MM.TotalMagnification>1</MM.TotalMagnification></CustomAttributes>", "<Microscopes><Microscope Name='Axiovert'/></Microscopes>")),
    Case("stand_settings.TotalEffectiveMagnification", ["504"], channel("<CustomAttributes><MM.TotalMagnification>504</MM.TotalMagnification></CustomAttributes>")),
    Case("objective_settings.ID", ["Objective:0"], objective("<LensNA>0.8</LensNA>", "<ObjectiveSettings><ObjectiveRef Id='Objective:1'/></ObjectiveSettings>")),
    Case("objective_settings.ID", ["Objective:0"], czi(auto="<ObjectiveName>Fluar 5x/0.25</ObjectiveName>")),
    Case(
        "objective_settings.CorrectionCollarPosition",
        ["BottomThickness 175"],
        czi(
            image="<ObjectiveSettings><CorrectionControllerMode>BottomThickness</CorrectionControllerMode>"
            "<CorrectionControllerBottomThickness>175</CorrectionControllerBottomThickness></ObjectiveSettings>"
        ),
    ),
    Case("objective_settings.CorrectionCollarPosition#2", ["0.14"], czi(image="<ObjectiveSettings><CorrectionCollar>0.14</CorrectionCollar></ObjectiveSettings>")),
    Case(
        "objective_settings.MeasuredRefractiveIndex",
        ["1.0003"],
        czi(image="<ObjectiveSettings><Medium>Air</Medium><RefractiveIndex>1.0003</RefractiveIndex></ObjectiveSettings>"),
    ),
    Case("immersion_liquid.Type", ["Silicone Oil"], czi(image="<ObjectiveSettings><Medium>Silicone</Medium></ObjectiveSettings>")),
    Case("immersion_liquid.RefractiveIndex", ["1.406"], czi(image="<ObjectiveSettings><RefractiveIndex>1.406</RefractiveIndex></ObjectiveSettings>")),
    Case("stage_label.Name", ["P4"], scene("", "Index='0' Name='P4'")),
    Case("stage_label.X", ["-8000.5 µm"], scene("<Positions><Position X='-8000.5' Y='6500' Z='1600'/></Positions><CenterPosition>1,2</CenterPosition>")),
    Case("stage_label.X#2", ["-41.5 µm"], scene("<CenterPosition>-41.5,37.25</CenterPosition>")),
    Case("stage_label.Y", ["6500 µm"], scene("<Positions><Position X='-8000.5' Y='6500' Z='1600'/></Positions>")),
    Case("stage_label.Y#2", ["37.25 µm"], scene("<CenterPosition>-41.5,37.25</CenterPosition>")),
    Case("stage_label.Z", ["1600 µm"], scene("<Positions><Position X='-8000.5' Y='6500' Z='1600'/></Positions>")),
    # Pixels
    Case("pixels.SizeX", ["300"], czi(image="<SizeX>9000</SizeX>", structure="<Scene Key='0' SizeX='300'/>")),
    Case("pixels.SizeX#2", ["9000"], czi(image="<SizeX>9000</SizeX>")),
    # It spans all scenes, of which each has a size of its own.
    Case("pixels.SizeX#2", [], czi(image="<SizeX>9000</SizeX><Dimensions><S><Scenes><Scene Index='0'/><Scene Index='1'/></Scenes></S></Dimensions>")),
    Case("pixels.SizeY", ["200"], czi(structure="<Scene Key='0' SizeY='200'/>")),
    Case("pixels.SizeY#2", ["80"], czi(image="<SizeY>80</SizeY>")),
    Case("pixels.SizeZ", ["7"], czi(structure="<Scene Key='0' SizeZ='7'/>")),
    Case("pixels.SizeZ#2", ["1"], czi()),
    Case("pixels.SizeC", ["3"], czi(image="<SizeC>3</SizeC>")),
    Case("pixels.SizeC#2", ["1"], czi()),
    Case("pixels.SizeT", ["12"], czi(structure="<Scene Key='0' SizeT='12'/>")),
    Case("pixels.SizeT#2", ["1"], czi()),
    Case("pixels.PhysicalSizeX", ["0.065 µm"], czi(items="<Distance Id='X'><Value>6.5E-08</Value></Distance>")),
    Case("pixels.PhysicalSizeY", ["0.065 µm"], czi(items="<Distance Id='Y'><Value>6.5E-08</Value></Distance>")),
    Case("pixels.PhysicalSizeZ", ["0.3 µm"], czi(items="<Distance Id='Z'><Value>2.9999999999999999E-07</Value></Distance>")),
    Case("pixels.TimeIncrement", ["60.075 s"], czi(dimensions="<T><Positions><List><Offsets>0 60.075 120.15</Offsets></List></Positions></T>")),
    Case("pixels.TimeIncrement#2", ["12.5 s"], czi(image="<SizeT>4</SizeT>", dimensions="<T><Positions><Interval><Increment>12.5</Increment></Interval></Positions></T>")),
    Case("pixels.TimeIncrement#3", ["60.5 s"], czi(structure=f"<Scene Key='0' SizeT='3'/>{stamps('12.25 72.75 133.25')}")),
    Case("pixels.PhysicalSizeZ#2", ["0.32 µm"], czi(image="<SizeZ>5</SizeZ>", dimensions="<Z><Positions><Interval><Start>-1</Start><Increment>0.32</Increment></Interval></Positions></Z>")),
    Case("pixels.PhysicalSizeZ#3", ["0.25 µm"], czi(dimensions="<Z><Positions><List><Offsets>0 0.25 0.5</Offsets></List></Positions></Z>")),
    Case("pixels.SignificantBits#2", ["12"], czi(channels="<Channel><ComponentBitCount>12</ComponentBitCount></Channel><Channel><ComponentBitCount>12</ComponentBitCount></Channel>")),
    Case("pixels.PixelType", ["float"], czi(image="<PixelType>Gray32Float</PixelType>")),
    Case("pixels.PixelType", ["uint16"], czi(structure="<Scene Key='0'><Channel Index='0' PixelType='Gray16'/></Scene>")),
    Case("pixels.SignificantBits", ["14"], czi(image="<ComponentBitCount>14</ComponentBitCount>")),
    Case("phase_dimension.Name", ["H"], czi(structure="<Scene Key='0' SizeH='32'/>")),
    Case("phase_dimension.Size", ["32"], czi(structure="<Scene Key='0' SizeH='32'/>")),
    *(
        Case("phase_dimension.Type", ["Phase"], channel(f"<AcquisitionMode>{mode}</AcquisitionMode>{more}", structure="<Scene Key='0' SizeH='15'/>"))
        for mode, more in (("StructuredIllumination", ""), ("StructuredIlluminationSr", ""), ("ApertureCorrelation", ""), ("WideField", "<SIMSettings><GratingRotation>0</GratingRotation></SIMSettings>"))
    ),
    Case("phase_dimension.Type#2", ["Other"], channel(f"{LASER_MODE}<ChannelType>AiryScanRaw</ChannelType>", structure="<Scene Key='0' SizeH='32'/>")),
    *(
        Case(f"{block}_dimension.{row}", [value], czi(structure=f"<Scene Key='0' Size{axis}='3'/>"))
        for block, axis, kind in (("view", "V", "MultiView"), ("rotation", "R", "Angle"), ("illumination", "I", "Other"), ("block", "B", "Other"))
        for row, value in (("Name", axis), ("Size", "3"), ("Type", kind))
    ),
    Case("tile_dimension.Name", ["M"], czi(structure="<Scene Key='0' SizeM='9'/>")),
    Case("tile_dimension.Size", ["9"], czi(structure="<Scene Key='0' SizeM='9'/>")),
    Case("tile_dimension.Type", ["Tile"], czi(structure="<Scene Key='0' SizeM='9'/>")),
    # Channel
    Case("channel.Name", ["c"], channel("")),
    Case("channel.Name", ["shown"], czi(display="<Channel Id='Channel:0' Name='shown'/>")),
    Case("channel.Color", ["16711935"], channel("<Color>#FF000001</Color>", display="<Channel Id='Channel:0'><Color>#FF00FF00</Color></Channel>")),
    Case("channel.Color", ["-16776961"], channel("<Color>#FFFF0000</Color>")),
    Case("channel.ContrastMethod", ["PhaseContrast"], channel("<ContrastMethod>Phase</ContrastMethod>")),
    Case("channel.ContrastMethod", ["Fluorescence"], channel("<ContrastMethod>MultiPhotonFluorescence</ContrastMethod>")),
    Case("channel.IlluminationType", ["Super-Resolution_PALM (Photoactivation Localization Microscopy)"], channel("<ChannelType>PalHR</ChannelType><AcquisitionMode>PALM</AcquisitionMode>")),
    Case("channel.IlluminationType#2", ["Wide-field_Fluorescence"], channel("<AcquisitionMode>StructuredIllumination</AcquisitionMode><LatticeSIMSettings><TrackType>Laser Widefield</TrackType></LatticeSIMSettings>")),
    Case(
        "channel.IlluminationType#3",
        ["Super-Resolution_SIM (Structured Illumination Microscopy)"],
        channel(
            "<AcquisitionMode>StructuredIllumination</AcquisitionMode><SIMSettings><SIMDeviceRef Id='S:1'/></SIMSettings>",
            "<SIMDevices><SIMDevice Id='S:1'><HardwareVersion>Elyra1</HardwareVersion></SIMDevice></SIMDevices>",
        ),
    ),
    *(
        Case("channel.IlluminationType#4", [method], channel(f"<AcquisitionMode>{mode}</AcquisitionMode><IlluminationType>{light}</IlluminationType><ContrastMethod>{contrast}</ContrastMethod>"))
        for mode, light, contrast, method in (
            ("StructuredIlluminationSr", "Epifluorescence", "Fluorescence", "Super-Resolution_SIM (Structured Illumination Microscopy)"),
            ("LaserScanningConfocalMicroscopy", "Epifluorescence", "MultiPhotonFluorescence", "Confocal_Fluorescence_Multi-photon laser scanning microscopy"),
            ("WideField", "Oblique", "ObliqueIllumination", "Transmitted_Oblique illumination"),
            ("SPIM", "Other", "Fluorescence", "SPIM (Selective or Single Plane Illumination Microscopy) "),
            ("LatticeLightsheet", "Epifluorescence", "Fluorescence", "Light Sheet Fluorescence Microscopy (LSFM)"),
            ("SpinningDiskConfocal", "Epifluorescence", "Fluorescence", "Confocal_Fluorescence_spinning disk"),
        )
    ),
    Case("channel.IlluminationType", ["Super-Resolution_SIM (Structured Illumination Microscopy)"], channel("<ChannelType>SimHR</ChannelType><AcquisitionMode>StructuredIllumination</AcquisitionMode>")),
    Case(
        "channel.IlluminationType#4",
        ["Wide-field_Fluorescence"],
        channel(
            "<AcquisitionMode>WideField</AcquisitionMode><IlluminationType>Epifluorescence</IlluminationType>"
            "<ContrastMethod>Fluorescence</ContrastMethod>"
        ),
    ),
    Case("channel.SamplesPerPixel", ["3"], channel("<PixelType>Bgr24</PixelType>")),
    Case("fluorophore.Name", ["mNeon"], channel("<Fluor>mNeon</Fluor>")),
    Case("fluorophore.Name", ["Atto 999"], channel("<EmissionWavelength>520</EmissionWavelength>", display="<Channel Id='Channel:0'><DyeName>Atto 999</DyeName></Channel>")),
    Case("fluorophore.ExcitationWavelength", ["488.00000000000006 nm"], channel("<ExcitationWavelength>488.00000000000006</ExcitationWavelength>")),
    Case("fluorophore.EmissionWavelength", ["509 nm"], channel("<EmissionWavelength>509</EmissionWavelength>")),
    # Light sources
    Case("light_source.Name", ["LED 470"], lit("Name='LED  470 '><LightSourceType><LightEmittingDiode/></LightSourceType>")),
    Case("light_source.Model", ["Lumi 9"], lit("Name='x'><Manufacturer><Model>Lumi 9</Model></Manufacturer>")),
    Case("light_source.Manufacturer", ["Lumi Ltd"], lit("Name='x'><Manufacturer><Manufacturer>Lumi Ltd</Manufacturer></Manufacturer>")),
    Case(
        "light_source.CatalogNumber",
        ["423052-9701-000"],
        lit(LED_LAMP, devices=device("Id='MTBLED4' Name='LED 470' UniqueName='FancyLED.423052-9701-000'")),
    ),
    Case("light_source.LotNumber", ["L9"], lit("Name='x'><Manufacturer><LotNumber>L9</LotNumber></Manufacturer>")),
    Case("light_source.Type", ["SolidState"], beam("<Type>SolidState</Type>")),
    Case("light_source.Type#2", ["HgXe"], lit("Name='HXP'><LightSourceType><Arc><Type>HgXe</Type></Arc></LightSourceType>")),
    Case("light_source.Type#3", ["Halogen"], lit("Name='TL Halogen Lamp'><LightSourceType><Filament><Type>Halogen</Type></Filament></LightSourceType>")),
    Case("light_source.Type#4", ["SemiconductorLaserDiode"], beam("", "Diode 405-30")),
    Case("light_source.LaserMedium", ["TiSapphire"], beam("<LaserMedium>TiSapphire</LaserMedium>")),
    Case("light_source.LaserMedium#2", ["Ar"], beam("", "ArgonRemote")),
    Case("light_source.LaserMedium#2", ["TiSapphire"], beam("", "Chameleon Vision II")),
    Case("light_source.Type#4", ["SolidState"], beam("", "MaiTai")),
    Case("light_source.Pulse", ["true"], beam("<Pulse>ModeLocked</Pulse>")),
    Case("light_source.RepetitionRate", ["80000000 Hz"], beam("<RepetitionRate>80000000</RepetitionRate>")),
    Case("light_source.FrequencyMultiplication", ["2"], beam("<FrequencyMultiplication>2</FrequencyMultiplication>")),
    Case("light_line.PeakWavelength", ["640 nm"], beam("<Wavelength>640</Wavelength>")),
    Case("light_source.Tuneable", ["false"], lit(LASER_LAMP)),
    Case("light_line.PeakWavelength", ["561 nm"], lit(LASER_LAMP, "<Wavelength>561</Wavelength>")),
    Case("light_line.PeakWavelength", ["488 nm"], lit(LASER_LAMP, content="<IlluminationWavelength><SinglePeak>488</SinglePeak></IlluminationWavelength>")),
    Case("light_line.IlluminationPower", ["12.5 mW"], lit(LASER_LAMP, "<Wavelength>561</Wavelength>")),
    Case("led_module.PeakWavelength", ["470 nm"], lit(LED_LAMP, content="<IlluminationWavelength><SinglePeak>470</SinglePeak></IlluminationWavelength>")),
    Case("led_module.CutOn", ["450 nm"], lit(LED_LAMP, content="<IlluminationWavelength><Ranges>450-488</Ranges></IlluminationWavelength>")),
    Case("led_module.CutOff", ["488 nm"], lit(LED_LAMP, content="<IlluminationWavelength><Ranges>450-488</Ranges></IlluminationWavelength>")),
    Case("laser.Model", ["HeNe594"], attenuated("<Laser>HeNe594</Laser>")),
    Case("laser.Type", ["Gas"], attenuated("<Laser>HeNe594</Laser>")),
    Case("laser.LaserMedium", ["HeNe"], attenuated("<Laser>HeNe594</Laser>")),
    Case("laser_line.PeakWavelength", ["594 nm"], attenuated("<Laser>HeNe594</Laser><Wavelength>5.94E-07</Wavelength>")),
    Case(
        "laser_line.IlluminationPower",
        ["2 mW"],
        attenuated(
            "<Laser>HeNe594</Laser><Wavelength>5.94E-07</Wavelength>",
            "<Lasers><Laser><LaserName>Other</LaserName><LaserPower>0.5</LaserPower></Laser>"
            "<Laser><LaserName>HeNe594</LaserName><LaserPower>0.002</LaserPower></Laser></Lasers>",
        ),
    ),
    Case("light_source_settings.ID", ["LightSource:0"], lit(LED_LAMP)),
    Case("light_source_settings.ID#2", ["LightSource:0"], attenuated("<Laser>HeNe594</Laser><Wavelength>5.94E-07</Wavelength>", "", "<Wavelength>594.00000000000011</Wavelength>")),
    Case("light_source_settings.IlluminationPowerSettings", ["3.5 %"], lit(LED_LAMP, "<Intensity>3.50 %</Intensity>")),
    Case("light_source_settings.IlluminationPowerSettings#2", ["0.2 %"], lit(LASER_LAMP, "<Attenuation>0.998</Attenuation>", LASER_MODE)),
    Case("light_source_settings.IlluminationPowerSettings#3", ["12.5 %"], lit(LED_LAMP, "<Transmission>0.125</Transmission>")),
    Case("light_source_settings.Attenuation", ["0.94"], lit(LASER_LAMP, "<Attenuation>0.94</Attenuation>")),
    # Filters
    Case("filter_set_named.Name", ["43 HE Red"], positioned("MTBReflectorChanger", "<Reflector Name='43 HE Red' UniqueName='Part.1'><WavelengthAreas><WavelengthArea/></WavelengthAreas></Reflector><Reflector Name='other' UniqueName='Part.2'/>")),
    Case("filter_set_named.Name", ["90 HE"], channel("<Reflector>90 HE</Reflector><FilterSetRef Id='S'/>")),
    Case("filter_set_named.Name", ["Set 38 HE"], listed(cut(1, "450", "490"), "Excitation").replace("<FilterSet Id='FilterSet:1'>", "<FilterSet Id='FilterSet:1' Name='Set 38 HE'>")),
    Case("excitation_filter.Manufacturer", ["Glass Ltd"], listed("<Filter Id='F:1'><Manufacturer><Manufacturer>Glass Ltd</Manufacturer></Manufacturer></Filter>", "Excitation")),
    Case("excitation_filter.Type#3", ["ShortPass"], listed("<Filter Id='F:1'><Type>ShortPass</Type></Filter>", "Excitation")),
    Case("excitation_filter.Name", ["BP 470"], listed(cut(1, "450", "490", "BP 470"), "Excitation")),
    Case("excitation_filter.Type", ["MultiPass"], listed(cut(1, "450", "490") + cut(2, "550", "580"), "Excitation")),
    Case("excitation_filter.Type#2", ["BandPass"], listed(cut(1, "450", "490"), "Excitation")),
    Case("excitation_band.Wavelength", ["470 nm", "565 nm"], listed(cut(1, "450", "490") + cut(2, "550", "580"), "Excitation")),
    Case("excitation_band.FWHMBandwidth", ["40 nm"], listed(cut(1, "450", "490"), "Excitation")),
    Case("excitation_filter_ref.ID", ["Filter:0"], listed(cut(1, "450", "490"), "Excitation")),
    Case("emission_filter.Name", ["BP 525/50"], wheel(f"UniqueName='Part.1' Name='BP  525/50'>{areas((500, 550, '0.9'))}")),
    Case("emission_filter.Name#2", ["BP 525"], listed(cut(1, "500", "550", "BP 525"))),
    Case("emission_filter.CatalogNumber", ["2099-123"], wheel(f"UniqueName='Part.1'><OrderNumber>2099-123</OrderNumber>{areas((500, 550, '0.9'))}")),
    Case(
        "emission_filter.CatalogNumber#2",
        ["489090-0111-000"],
        positioned(
            "MTBEmissionFilterChanger",
            f"<SpectralInfluencer UniqueName='EmissionFilter.489090-0111-000'>{areas((500, 550, '0.9'))}</SpectralInfluencer>",
            "EmissionFilter.489090-0111-000",
        ),
    ),
    Case("emission_filter.Type", ["MultiPass"], wheel(f"UniqueName='Part.1'>{areas((500, 550, '0.9'), (600, 650, '0.9'))}")),
    Case("emission_filter.Type#2", ["BandPass"], wheel(f"UniqueName='Part.1'>{areas((500, 550, '0.9'))}")),
    Case("emission_filter.Type#3", ["LongPass"], wheel(f"UniqueName='Part.1'>{areas((515, 4095, '0.9'))}")),
    Case("emission_filter.Type#3", ["LongPass"], listed(cut(1, "515", "4095"))),
    Case("emission_filter.Type#4", ["ShortPass"], wheel(f"UniqueName='Part.1'>{areas((0, 690, '0.9'))}")),
    Case("emission_filter.Type#5", ["ShortPass"], listed("<Filter Id='F:1'><Type>ShortPass</Type></Filter>")),
    Case("emission_filter.Type#6", ["LongPass"], listed("<Filter Id='F:1' Name='LP 650'/>")),
    Case("emission_filter.Manufacturer", ["Glass Ltd"], listed("<Filter Id='F:1'><Manufacturer><Manufacturer>Glass Ltd</Manufacturer></Manufacturer></Filter>")),
    Case("emission_filter.Name#2", ["BP 525/50"], listed("<Filter Id='F:1'><Manufacturer><Model>BP 525/50</Model></Manufacturer></Filter>")),
    Case("emission_edge.Wavelength", ["515 nm"], wheel(f"UniqueName='Part.1'>{areas((515, 4095, '0.9'))}")),
    Case("emission_edge.Wavelength", ["515 nm"], listed("<Filter Id='F:1'><TransmittanceRange><CutIn>515</CutIn></TransmittanceRange></Filter>")),
    Case("emission_edge.Wavelength#2", ["690 nm"], wheel(f"UniqueName='Part.1'>{areas((0, 690, '0.9'))}")),
    Case("emission_edge.Transmittance", ["0.9"], wheel(f"UniqueName='Part.1'>{areas((515, 4095, '0.90'))}")),
    Case("emission_filter.Type#7", ["Notch"], wheel(f"UniqueName='Part.1' Name='LBF 405/488'>{areas((404, 406, '0.9'), (487, 489, '0.9'))}")),
    Case("emission_filter.Type#7", ["Notch"], listed(cut(1, "487", "489"))),
    Case("emission_band.Wavelength", ["525 nm", "640 nm"], wheel(f"UniqueName='Part.1'>{areas((500, 550, '0.9'), (630, 650, '0.9'))}")),
    Case("emission_band.FWHMBandwidth", ["75 nm"], listed(cut(1, "592.5", "667.5"))),
    Case("emission_band.Transmittance", ["0.93"], wheel(f"UniqueName='Part.1'>{areas((500, 550, '0.93'))}")),
    Case("emission_band_named.Wavelength", ["595 nm", "645 nm"], listed("<Filter Id='F:1' Name='BP 570-620 + LP 645'/>")),
    Case("emission_band_named.FWHMBandwidth", ["50 nm"], listed("<Filter Id='F:1' Name='BP 570-620 + LP 645'/>")),
    Case("emission_filter_ref.ID", ["Filter:0"], wheel(f"UniqueName='Part.1'>{areas((500, 550, '0.9'))}")),
    Case("dichroic.Name", ["RTBS 405+493"], splitter(f"UniqueName='Part.1' Name='RTBS 405+493'>{areas((420, 480, '0.9'))}")),
    Case("dichroic.CatalogNumber", ["2099-124"], splitter(f"UniqueName='Part.1'><OrderNumber>2099-124</OrderNumber>{areas((420, 480, '0.9'))}")),
    Case(
        "dichroic.CatalogNumber#2",
        ["489090-0130-000"],
        positioned(
            "MTBDichroicChanger",
            f"<SpectralInfluencer UniqueName='D.489090-0130-000'>{areas((420, 480, '0.9'))}</SpectralInfluencer>",
            "D.489090-0130-000",
        ),
    ),
    *(
        Case(f"dichroic.{row}", [value], listed(cut(1, "500", "550"), "Emission", "<DichroicRef Id='D:1'/>").replace("</FilterSets>", f"</FilterSets><Dichroics><Dichroic Id='D:1'><Manufacturer><{row}>{value}</{row}></Manufacturer></Dichroic></Dichroics>"))
        for row, value in (("Manufacturer", "Glass Ltd"), ("Model", "FT 495"))
    ),
    Case("dichroic.Type", ["MultiPass"], splitter(f"UniqueName='Part.1'>{areas((420, 480, '0.9'), (510, 550, '0.9'))}")),
    Case("dichroic.Type#2", ["LongPass"], splitter(f"UniqueName='Part.1'>{areas((495, 2000, '0.9'))}")),
    Case("dichroic.Type#3", ["ShortPass"], splitter(f"UniqueName='Part.1'>{areas((200, 750, '0.9'))}")),
    *(
        Case(row, [value], listed(cut(1, "500", "550"), "Emission", "<DichroicRef Id='D:1'/>").replace("</FilterSets>", f"</FilterSets><Dichroics><Dichroic Id='D:1'><Wavelengths>{waves}</Wavelengths></Dichroic></Dichroics>"))
        for row, value, waves in (
            ("dichroic.Type#2", "LongPass", "<Wavelength>495</Wavelength>"),
            ("dichroic.Type#4", "MultiPass", "<Wavelength>405</Wavelength><Wavelength>493</Wavelength>"),
            ("dichroic_edge.Wavelength", "495 nm", "<Wavelength>495</Wavelength>"),
        )
    ),
    Case("dichroic_edge.Wavelength", ["495 nm"], splitter(f"UniqueName='Part.1'>{areas((495, 2000, '0.9'))}")),
    Case("dichroic_edge.Wavelength#2", ["750 nm"], splitter(f"UniqueName='Part.1'>{areas((200, 750, '0.9'))}")),
    Case("dichroic_edge.Transmittance", ["0.95"], splitter(f"UniqueName='Part.1'>{areas((495, 2000, '0.95'))}")),
    Case(
        "dichroic.Type#5",
        ["LongPass"],
        channel(
            f"{LASER_MODE}<LaserScanInfo><PixelTime>2E-06</PixelTime><SecondaryBeamSplitter>S.7</SecondaryBeamSplitter></LaserScanInfo>",
            "<Dichroics><Dichroic Id='S.7' Name='SBS LP 599'/><Dichroic Id='S.8' Name='SBS SP 444'/></Dichroics>",
        ),
    ),
    Case("dichroic_transmission.Wavelength", ["450 nm"], splitter(f"UniqueName='Part.1'>{areas((420, 480, '0.9'))}")),
    Case("dichroic_transmission.FWHMBandwidth", ["60 nm"], splitter(f"UniqueName='Part.1'>{areas((420, 480, '0.9'))}")),
    Case("dichroic_transmission.Transmittance", ["0.9"], splitter(f"UniqueName='Part.1'>{areas((420, 480, '0.90'))}")),
    Case("dichroic_reflection.Wavelength", ["400 nm"], splitter(f"UniqueName='Part.1'>{areas((390, 410, '0.98'), kind='Reflection')}")),
    Case("dichroic_reflection.FWHMBandwidth", ["20 nm"], splitter(f"UniqueName='Part.1'>{areas((390, 410, '0.98'), kind='Reflection')}")),
    Case("dichroic_reflection.Reflectance", ["0.98"], splitter(f"UniqueName='Part.1'>{areas((390, 410, '0.98'), kind='Reflection')}")),
    Case("scan_dichroic.Name", ["MBS 458/594"], split("MBS 458/594")),
    Case("scan_dichroic.Type", ["ShortPass"], split("SBS SP 555")),
    Case("scan_dichroic_edge.Wavelength", ["555 nm"], split("SBS SP 555")),
    Case("dichroic_ref.ID", ["StandardDichroic:0"], splitter(f"UniqueName='Part.1'>{areas((420, 480, '0.9'))}")),
    Case("scan_dichroic_ref.ID", ["StandardDichroic:0"], split("MBS 458/594")),
    # Detectors
    Case("detector.Name", ["Cam 2"], detected("Name='Cam  2'>")),
    Case("detector.Name", ["Eye"], czi(auto="<CameraName>Eye</CameraName>", instrument="<X/>", channels="<Channel Id='Channel:0'/>")),
    Case("detector.Name", ["Spectral7"], detected(">", "", LASER_MODE, block="<MultiTrackSetup><TrackSetup><Detectors><Detector Id='Channel:0' Name=''><DetectorIdentifier>Spectral7</DetectorIdentifier></Detector></Detectors></TrackSetup></MultiTrackSetup>")),
    Case("detector.Model", ["AxioCam9x"], detected(CAMERA)),
    Case("detector.Manufacturer", ["Eyes Inc"], detected("><Manufacturer><Manufacturer>Eyes Inc</Manufacturer></Manufacturer>")),
    Case("detector.Type", ["EMCCD"], detected("><Type>EMCCD</Type>")),
    Case("detector.LotNumber", ["L7"], detected("><Manufacturer><LotNumber>L7</LotNumber></Manufacturer>")),
    Case("detector.Type#2", ["Conventional"], detected("><Manufacturer><Model>Axiocam506m</Model></Manufacturer>")),
    Case("detector.Coating", ["Gallium arsenide phosphide"], detected("><Type>GaAsP-PMT</Type>")),
    *(
        Case(
            f"detector.{row}",
            [value],
            detected(
                "><Manufacturer><Model>ORCA-Flash4</Model></Manufacturer>",
                hardware="<ParameterCollection Id='MTBCamera_Left.ORCA-Flash4'><CameraPixelDistances>5.5,4.5</CameraPixelDistances>"
                "<Frame.Max>0,0,2752,2208</Frame.Max></ParameterCollection>"
                "<ParameterCollection Id='MTBCamera_Right.Other'><CameraPixelDistances>1,1</CameraPixelDistances></ParameterCollection>",
            ),
        )
        for row, value in (
            ("PixelWidth", "5.5 µm"),
            ("PixelHeight", "4.5 µm"),
            ("ArrayWidth", "2752"),
            ("ArrayHeight", "2208"),
        )
    ),
    Case("detector_settings.ID", ["Detector:0"], camera("")),
    Case("detector_settings.Binning", ["4x4"], camera("<Binning>4,4</Binning>")),
    Case("detector_settings.SensorExposureMode", ["Rolling shutter"], camera("<Shutter>Rolling</Shutter>")),
    Case("detector_settings.EffectiveBitDepth", ["14bit"], camera("", "<ExposureTime>5</ExposureTime><ComponentBitCount>14</ComponentBitCount>")),
    Case("detector_settings.Voltage", ["880.5 V"], amplified("<Voltage>880.5</Voltage>")),
    Case("detector_settings.Voltage", ["650 V"], pmt("<Voltage>650</Voltage><Gain>1</Gain>")),
    Case("detector_settings.Voltage#2", ["701 V"], pmt("<Gain>701</Gain>")),
    Case("detector_settings.AmplificationGain", ["1.5"], amplified("<AmplifierGain>1.5</AmplifierGain>")),
    Case("detector_settings.AmplificationGain#2", ["300"], camera("<EMGain>300</EMGain>")),
    Case("detector_settings.AmplificationGain#3", ["2"], pmt("<DigitalGain>2</DigitalGain>")),
    Case("detector_settings.Offset", ["-3"], amplified("<AmplifierOffset>-3</AmplifierOffset>")),
    Case("detector_settings.Offset#2", ["0"], pmt("<Offset>0</Offset>")),
    Case("detector_settings.PhotonCounting", ["true"], amplified("<DetectorMode>PhotonCount</DetectorMode>")),
    Case("detector_settings.PhotonCounting", ["false"], pmt("<DetectorMode>Integration</DetectorMode>")),
    Case("pinhole_settings.Aperture", ["1.2"], channel(f"{LASER_MODE}<PinholeSizeAiry>1.2</PinholeSizeAiry>")),
    Case("detection_window.CutOn", ["463.5 nm", "600 nm"], channel(f"{LASER_MODE}<PinholeSizeAiry>1</PinholeSizeAiry><DetectionWavelength><Ranges>463.5-580,600-650.25</Ranges></DetectionWavelength>")),
    Case("detection_window.CutOff", ["580 nm", "650.25 nm"], channel(f"{LASER_MODE}<PinholeSizeAiry>1</PinholeSizeAiry><DetectionWavelength><Ranges>463.5-580,600-650.25</Ranges></DetectionWavelength>")),
    # Scan
    Case("scanner_settings.PresetPinholeSize", ["41.25 µm"], scanned("<Detectors><Detector Id='Channel:0'><PinholeDiameter>4.125E-05</PinholeDiameter></Detector></Detectors>", "<LaserScanInfo><PixelTime>2E-06</PixelTime></LaserScanInfo>", identity="other")),
    Case("scanner_settings.PresetPinholeSize#2", ["52 µm"], channel(f"{LASER_MODE}<PinholeSize>52</PinholeSize><LaserScanInfo><PixelTime>2E-06</PixelTime></LaserScanInfo>")),
    Case("scanner_settings.ScanDirectionality", ["Bidirectional"], scan(block="<AcquisitionModeSetup><BiDirectional>true</BiDirectional></AcquisitionModeSetup>")),
    Case("scanner_settings.ScanDirectionality", ["Unidirectional"], scan("<ScanDirection>Unidirectional</ScanDirection>")),
    Case("scanner_settings.IntegrationNumber", ["16"], scan("<Averaging>16</Averaging>")),
    Case("scanner_settings.IntegrationNumber", ["8"], scan(block="<AcquisitionModeSetup><FilterSamplingNumber>8</FilterSamplingNumber></AcquisitionModeSetup>")),
    Case("scanner_settings.IntegrationUnit", ["Line"], scan(block="<AcquisitionModeSetup><FilterMode>Line</FilterMode></AcquisitionModeSetup>")),
    Case("scanner_settings.IntegrationUnit", ["Frame"], scan("<AveragingMode>Frame</AveragingMode>")),
    Case("scanner_settings.IntegrationMethod", ["Sum"], scan(block="<AcquisitionModeSetup><FilterMethod>Sum</FilterMethod></AcquisitionModeSetup>")),
    Case("scanner_settings.IntegrationMethod", ["Average"], scan("<AveragingMethod>Mean</AveragingMethod>")),
    Case("scanner_settings.EffectiveZoom", ["2.5"], scan("<ZoomX>2.5</ZoomX>")),
    Case("scanner_settings.ZoomAreaWidth", ["844"], scan(block="<AcquisitionModeSetup><DimensionX>844</DimensionX></AcquisitionModeSetup>")),
    Case("scanner_settings.ZoomAreaHeight", ["512"], scan(block="<AcquisitionModeSetup><DimensionY>512</DimensionY></AcquisitionModeSetup>")),
    Case("scanner_settings.ScanFormat", ["Line"], scan("<ScanningMode>LineSequential</ScanningMode>")),
    Case("scanner_settings.MultiChannelMode", ["Sequential"], scan(tracks=track("Channel:0") + track("Channel:1"))),
    Case("scanner_settings.MultiChannelMode", ["Sequential"], scan(block="<MultiTrackSetup><TrackSetup/><TrackSetup/></MultiTrackSetup>")),
    Case("scanner_settings.MultiChannelMode#2", ["Parallel"], scan(tracks=track("Channel:0", "Channel:1"))),
    Case("scanner_settings.ScanTime", ["13.75 s"], scan("<FrameTime>13.75</FrameTime>")),
    Case("scanner_settings.Rotation", ["90 deg"], scan("<SampleRotation>90</SampleRotation>", mode="")),
    # Plate
    Case("plate.Name", ["Multiwell 24"], wells(template=TEMPLATE)),
    Case("plate.Rows", ["4"], wells(template=TEMPLATE)),
    Case("plate.Columns", ["6"], wells(template=TEMPLATE)),
    Case("well.Row", ["1"], wells()),
    Case("well.Column", ["4"], wells()),
    Case("well.ExternalIdentifier", ["B5"], wells()),
    Case("well_sample.Index", ["0"], wells()),
    Case("well_image.ID", ["Image:0"], wells()),
]  # fmt: skip

# The element that a row of `kind` chooses.
KINDS = [
    Case("stand.kind", ["UprightMicroscopeStand"], czi(instrument="<Microscopes><Microscope Name='x'><Type>Upright</Type></Microscope></Microscopes>")),
    Case("stand.kind#2", ["InvertedMicroscopeStand"], czi(instrument="<Microscopes><Microscope><System>LSM 999, AxioObserver</System></Microscope></Microscopes>")),
    Case("stand.kind#2", ["InvertedMicroscopeStand"], czi(instrument="<Microscopes><Microscope Name='Lattice Lightsheet 9'/></Microscopes>")),
    Case("stand.kind#2", ["UprightMicroscopeStand"], czi(instrument="<Microscopes><Microscope Name='Axioscan.Z9'/></Microscopes>")),
    Case("light_source.kind#2", ["LightEmittingDiode"], lit(LED_LAMP)),
    Case("light_source.kind#2", ["Laser"], lit(LASER_LAMP)),
    Case("light_source.kind#2", ["Filament"], lit("Name='TL'><LightSourceType><Filament/></LightSourceType>")),
    Case("light_source.kind", ["LightEmittingDiode"], lit("Name='TL LED Lamp'><LightSourceType><Filament><Type>Halogen</Type></Filament></LightSourceType>")),
    Case("light_source.kind#2", ["GenericExcitationSource"], lit("Name='TIRF III'><LightSourceType><TIRF/></LightSourceType>")),
    Case("light_source.kind#2", ["GenericExcitationSource"], lit("Name='Other Lamp'>")),
    Case("detector.kind", ["PhotoMultiplierTube"], detected("Name='d'><Type>Multialkali-PMT</Type>")),
    Case("detector.kind#2", ["CMOS"], detected("Name='d'><Manufacturer><Model>HDCamC11440-22C</Model></Manufacturer>")),
    Case("detector.kind#2", ["CMOS"], detected("Name='d'><Manufacturer><Model>Axiocam705m</Model></Manufacturer>")),
    Case("detector.kind#2", ["CCD"], detected("Name='d'><Manufacturer><Model>Axiocam503m</Model></Manufacturer>")),
    Case("detector.kind#2", ["GenericDetector"], detected(CAMERA)),
    Case("detector.kind#2", ["CMOS"], detected("Name='Axiocam 712'><Type>Camera</Type>")),
    Case("detector.kind", ["IntensifiedCamera"], detected("Name='d'><Type>EBCCD</Type>")),
    Case("detector.kind#3", ["PhotoMultiplierTube"], scanned("", "<DetectorSettings><Detector Id='D:1'/></DetectorSettings>").replace("<Detector Id='Channel:0' Name='Ch1'/>", "<Detector Id='Channel:0'><DetectorIdentifier>Transmission1</DetectorIdentifier><ImageChannelName>T PMT</ImageChannelName></Detector>").replace("<Information>", "<Information><Instrument><Detectors><Detector Id='D:1'/></Detectors></Instrument>")),
    Case("detector.kind#3", ["PhotoMultiplierTube"], detected("><Manufacturer><Model/></Manufacturer>", "", LASER_MODE, block="<MultiTrackSetup><TrackSetup><Detectors><Detector Id='Channel:0' Name=''><DetectorIdentifier>SpectralImager1</DetectorIdentifier></Detector></Detectors></TrackSetup></MultiTrackSetup>")),
    Case("detector_settings.kind", ["PointDetectorSettings"], pmt("<Voltage>650</Voltage>")),
    Case("detector_settings.kind", ["PointDetectorSettings"], pmt("<Voltage>650</Voltage>", "<LaserScanInfo><PixelTime>1E-06</PixelTime></LaserScanInfo>")),
    Case("detector_settings.kind#2", ["CameraSettings"], camera("")),
    Case("detector_settings.kind#2", ["GenericDetectorSettings"], detected(CAMERA)),
]  # fmt: skip
