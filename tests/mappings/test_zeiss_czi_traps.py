"""What looks like a fact in CZI files and is none, and which of several is the image's."""
# ruff: noqa: E501 - a fragment stands on one line with what it gives

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from czi_cases import (
    CAMERA,
    LASER_LAMP,
    LASER_MODE,
    LED_LAMP,
    areas,
    attenuated,
    camera,
    changer,
    channel,
    cut,
    czi,
    detected,
    device,
    has,
    incubation,
    incubator,
    lifted,
    listed,
    lit,
    named,
    objective,
    of,
    one,
    positioned,
    scan,
    scanned,
    scene,
    splitter,
    stamps,
    wells,
    wheel,
)
from nbo_extract.record import PlaneColumns
from nbo_extract.xmlio import from_xml, to_xml

if TYPE_CHECKING:
    from nbo_extract.model import Document


@pytest.mark.parametrize(
    ("element", "attribute", "tree"),
    [
        # Placeholders
        ("Pixels", "PhysicalSizeX", czi(items="<Distance Id='X'><Value>0</Value></Distance>")),
        ("Pixels", "PhysicalSizeX", czi(items="<Distance Id='X'><Value>1e-07</Value></Distance>")),
        ("Pixels", "PhysicalSizeX", czi(items="<Pixel Id='X'><Value>1</Value></Pixel>")),
        ("Pixels", "PhysicalSizeZ", czi(items="<Distance Id='Z'><Value>NaN</Value></Distance>")),
        ("Pixels", "TimeIncrement", czi(dimensions="<T><Positions><Interval><Increment>1</Increment></Interval></Positions></T>")),
        ("Pixels", "TimeIncrement", czi(dimensions="<T><Positions><List><Offsets>0 1 5</Offsets></List></Positions></T>")),
        ("Image", "AcquisitionDate", czi(image="<AcquisitionDateAndTime>0001-01-01T00:00:00</AcquisitionDateAndTime>")),
        # The date of a document is that of its writing, but for the files of the LSM's own program.
        ("Image", "AcquisitionDate", czi(document="<CreationDate>2023-01-01T00:00:00</CreationDate>")),
        (
            "Image",
            "AcquisitionDate",
            czi(
                document="<CreationDate>2023-01-01T00:00:00</CreationDate>",
                block="<MultiTrackSetup><TrackSetup/></MultiTrackSetup>",
                devices=device("Id='x'"),
            ),
        ),
        ("AcquisitionSoftware", "Name", czi(information="<Application><Name>pylibCZIrw</Name></Application>")),
        ("Objective", "LensNA", objective("<LensNA>0</LensNA><Manufacturer><Model>x</Model></Manufacturer>")),
        ("Objective", "LensNA", objective("<LensNA>17</LensNA><Manufacturer><Model>x</Model></Manufacturer>")),
        ("Objective", "Magnification", objective("<NominalMagnification>0</NominalMagnification>")),
        ("Objective", "WorkingDistance", objective("<WorkingDistance>0</WorkingDistance><LensNA>1</LensNA>")),
        ("Objective", "CatalogNumber", objective("<LensNA>1</LensNA>", auto="<Objective>User.Objective.420852-9871-000</Objective>")),
        ("Objective", "CatalogNumber", objective("<LensNA>1</LensNA>", auto="<Objective>Objective.none</Objective>")),
        # The part number of the calibration is of the calibration's lens.
        (
            "Objective",
            "CatalogNumber",
            objective(
                "<Manufacturer><Model>Fluar 5x/0.25</Model></Manufacturer>",
                auto="<ObjectiveName>Fluar 40x/1.3</ObjectiveName><Objective>Objective.420852-9871-000</Objective>",
            ),
        ),
        ("Objective", "DIC", named("Plan-Apochromat 63x/1.4 Oil")),
        ("CoverGlass", "Thickness", czi(image="<Specimen><CoverglassThickness>0</CoverglassThickness></Specimen>")),
        ("Fluorophore", "Name", channel("<Fluor>Dye1</Fluor>")),
        ("Fluorophore", "Name", channel("<Fluor>TL Brightfield</Fluor>")),
        ("Fluorophore", "Name", channel("<EmissionWavelength>9</EmissionWavelength>", display="<Channel Id='Channel:0'><DyeName>Dye8</DyeName></Channel>")),
        ("LightSourceSettings", "IlluminationPowerSettings", lit(LED_LAMP, "<Intensity>n/a</Intensity>")),
        ("FilterSet", "Name", channel("<Reflector>none</Reflector><FilterSetRef Id='S'/>")),
        ("FilterSet", "Name", channel("<Reflector>DIC prism</Reflector>")),
        ("FilterSet", "Name", positioned("MTBReflectorChanger", "<Reflector Name='Analyser' UniqueName='Part.1'/>")),
        # Incubation: switched off, not connected, never read.
        ("ImagingEnvironment", "Temperature", incubation("<MTBIncubationTemperatureChannel1><Value>37</Value><IsEnabled>false</IsEnabled></MTBIncubationTemperatureChannel1>")),
        ("ImagingEnvironment", "Temperature", incubation("<MTBIncubationTemperatureChannel1><Value>-0.1</Value><IsEnabled>true</IsEnabled></MTBIncubationTemperatureChannel1>")),
        ("ImagingEnvironment", "CO2Percent", incubation("<MTBIncubationCO2Channel><Value>5</Value><IsEnabled>false</IsEnabled></MTBIncubationCO2Channel>")),
        ("ImagingEnvironment", "CO2Percent", incubation("<MTBIncubationCO2Channel><Value>-50</Value><IsEnabled>true</IsEnabled></MTBIncubationCO2Channel>")),
        ("ImagingEnvironment", "Temperature", incubator(("Actual_TempChannel1", "37"), ("Switch_TempChannel1", "false"), ("Switch_TempChannel2", "true"))),
        ("ImagingEnvironment", "CO2Percent", incubator(("Actual_CO2_Module", "5"), ("Switch_CO2_Module", "false"))),
        # Placeholders of scans
        ("ConfocalScannerSettings", "ScanTime", scan("<FrameTime>1</FrameTime><ZoomX>2</ZoomX>")),
        ("PointDetectorSettings", "Voltage", detected("Name='d'>", "<Gain>0</Gain><Offset>1</Offset>", LASER_MODE)),
        ("CameraSettings", "Voltage", camera("<Gain>300</Gain>")),
        ("CameraSettings", "Binning", camera("<Binning>3,3</Binning>")),
        ("PinholeSettings", "Aperture", channel("<PinholeSizeAiry>0</PinholeSizeAiry>")),
        # An ApoTome says StructuredIllumination as well; reflected bright-field is no fluorescence.
        ("Channel", "IlluminationType", channel("<AcquisitionMode>StructuredIllumination</AcquisitionMode><IlluminationType>Epifluorescence</IlluminationType>")),
        ("Channel", "IlluminationType", channel("<AcquisitionMode>WideField</AcquisitionMode><IlluminationType>Epifluorescence</IlluminationType><ContrastMethod>Brightfield</ContrastMethod>")),
        ("Channel", "IlluminationType", channel("<AcquisitionMode>SEM</AcquisitionMode>")),
        ("Channel", "SamplesPerPixel", channel("<PixelType>Gray16</PixelType>")),
        # A band of efficiency 0 is none.
        ("TransmittanceRange", "Wavelength", wheel(f"UniqueName='Part.1' Name='closed'>{areas((200, 2000, '0'))}")),
        ("ReflectanceRange", "Wavelength", splitter(f"UniqueName='Part.1'>{areas((200, 2000, '0'), kind='Reflection')}")),
        ("EmissionFilter", "CatalogNumber", positioned("MTBEmissionFilterChanger", f"<SpectralInfluencer Name='mine' UniqueName='User.489090-0111-000'>{areas((500, 550, '1'))}</SpectralInfluencer>", "User.489090-0111-000")),
        # Parts that no band is known of; the lines of a beam splitter are no bands.
        ("StandardDichroic", "Name", scanned("<BeamSplitters><BeamSplitter><Filter>Mirror</Filter></BeamSplitter><BeamSplitter><Filter>Plate</Filter></BeamSplitter></BeamSplitters>")),
        ("TransmittanceRange", "Wavelength", scanned("<BeamSplitters><BeamSplitter><Filter>MBS 488/561/633</Filter></BeamSplitter></BeamSplitters>")),
        # A camera's channel beside a scanner names the splitters of the scanner, too.
        ("StandardDichroic", "Name", channel("<AcquisitionMode>WideField</AcquisitionMode><LaserScanInfo><MainBeamSplitterVis>S.7</MainBeamSplitterVis></LaserScanInfo>", "<Dichroics><Dichroic Id='S.7' Name='MBS 488'/></Dichroics>")),
        # Where a tile stood is not where the scene stood.
        ("StageLabel", "X", scene("<Positions><Position X='1' Y='2' TheM='0'/><Position X='3' Y='4' TheM='1'/></Positions>")),
        # What stands in a dye's place where light goes through has a wavelength and is no dye.
        ("Fluorophore", "EmissionWavelength", channel("<IlluminationType>Transmitted</IlluminationType><ContrastMethod>Brightfield</ContrastMethod><Fluor>TL Brightfield</Fluor><EmissionWavelength>592</EmissionWavelength>")),
        # The gain of a photodiode is no voltage.
        ("PointDetectorSettings", "Voltage", detected("Name='ESID'>", "<Gain>3</Gain><Offset>1</Offset>", LASER_MODE)),
        # The light of a lamp for transmitted light, of a white lamp behind a filter, of two LEDs at once.
        ("LEDModule", "PeakWavelength", lit(LED_LAMP, content="<IlluminationType>Transmitted</IlluminationType><IlluminationWavelength><SinglePeak>592</SinglePeak></IlluminationWavelength>")),
        ("LEDModule", "PeakWavelength", lit("Name='X-Cite XYLIS'><LightSourceType><LightEmittingDiode/></LightSourceType>", content="<IlluminationWavelength><SinglePeak>470</SinglePeak></IlluminationWavelength>")),
        ("LEDModule", "PeakWavelength", lit(LED_LAMP, content="<IlluminationWavelength><SinglePeak>470</SinglePeak></IlluminationWavelength>").replace("</LightSourcesSettings>", "<LightSourceSettings><LightSource Id='L:2'/></LightSourceSettings></LightSourcesSettings>")),
        # A camera beside a scanner: no pixel has a time.
        ("ConfocalScannerSettings", "EffectiveZoom", channel("<AcquisitionMode>WideField</AcquisitionMode><LaserScanInfo><PixelTime>0</PixelTime><ZoomX>1</ZoomX></LaserScanInfo>")),
        # Of a camera's channel, what it detects is said by its filters.
        ("TransmissionWavelengthRangeSettings", "CutOn", channel("<PinholeSizeAiry>1</PinholeSizeAiry><DetectionWavelength><Ranges>500-550</Ranges></DetectionWavelength>")),
        ("Pixels", "SignificantBits", czi(channels="<Channel><ComponentBitCount>12</ComponentBitCount></Channel><Channel><ComponentBitCount>8</ComponentBitCount></Channel>")),
        ("Pixels", "TimeIncrement", czi(structure=f"<Scene Key='0' SizeT='3'/>{stamps('1 2 5')}")),
        # An area from one end of the scale to the other is no band.
        ("TransmittanceRange", "Wavelength", wheel(f"UniqueName='Part.1' Name='clear'>{areas((200, 2000, '0.9'))}")),
        ("CameraSettings", "EffectiveBitDepth", camera("", "<ExposureTime>5</ExposureTime><ComponentBitCount>10</ComponentBitCount>")),
        # An Elyra 7 that worked as an ApoTome took no super-resolution.
        ("Channel", "IlluminationType", channel("<AcquisitionMode>StructuredIllumination</AcquisitionMode><LatticeSIMSettings><TrackType>SIM Apotome</TrackType></LatticeSIMSettings>")),
        ("Plate", "Name", scene("", block="<SubDimensionSetups><RegionsSetup IsActivated='true'><SampleHolder><Template Name='p'><ShapeRows>4</ShapeRows></Template></SampleHolder></RegionsSetup></SubDimensionSetups>")),
    ],
)  # fmt: skip
def test_no_fact(element: str, attribute: str, tree: str) -> None:
    document = lifted(tree)
    assert [v for v in of(document, element, attribute) if v is not None] == []
    assert from_xml(to_xml(document)) == document


def test_exposure_is_in_nanoseconds_and_zero_is_none() -> None:
    columns = {"0": PlaneColumns({"C": ["0", "1"], "Tags/StageXPosition": ["1", "2"]}, {})}
    tree = czi(
        channels="<Channel Id='Channel:0'><ExposureTime>200000000</ExposureTime></Channel>"
        "<Channel Id='Channel:1'><ExposureTime>0</ExposureTime></Channel>"
    )
    table = one(lifted(tree, columns), "Pixels").planes
    assert table is not None
    assert (table.columns["ExposureTime"], table.units["ExposureTime"]) == (["200", None], "ms")


def test_a_range_of_exposures_is_no_exposure_and_the_planes_tell() -> None:
    path = "Tags/DetectorState/CameraState/ExposureTime"
    columns = {"0": PlaneColumns({"T": ["0", "1"], "C": ["0", "0"], path: ["100000000", "150000000"]}, {})}
    document = lifted(channel("<ExposureTime>100000000-150000000</ExposureTime>"), columns)
    table = one(document, "Pixels").planes
    assert table is not None
    assert (table.columns["ExposureTime"], table.units["ExposureTime"]) == (["100", "150"], "ms")
    assert [f.message for f in document.findings if f.severity != "info"] == []
    # What the channel states once goes before what the camera made of it.
    columns = {"0": PlaneColumns({"T": ["0", "1"], "C": ["0", "0"], path: ["10004210.526316"] * 2}, {})}
    table = one(lifted(channel("<ExposureTime>10000000</ExposureTime>"), columns), "Pixels").planes
    assert table is not None
    assert table.columns["ExposureTime"] == ["10", "10"]


def test_embedded_times_count_from_the_first() -> None:
    columns = {"0": PlaneColumns({"T": ["0", "1"], "TimeStamps": ["7947.5", "7950.75"]}, {})}
    tree = czi(structure=f"<Scene Key='0' SizeT='2'/>{stamps('7947.5 7950.75')}")
    table = one(lifted(tree, columns), "Pixels").planes
    assert table is not None
    assert (table.columns["Timestamp"], table.units["Timestamp"]) == (["0", "3.25"], "s")


def test_channels_of_one_name_in_two_tracks_have_no_parts_of_either() -> None:
    assert tracked(acquisition(track("c", "A"), track("d", "B"))) == ["filter A"]
    assert tracked(acquisition(track("c", "A"), track("c", "B"))) == []


def test_the_reference_to_a_filter_set_goes_before_its_older_form() -> None:
    sets = "".join(
        f"<FilterSet Id='S:{n}'><EmissionFilters><EmissionFilterRef Id='F:{n}'/></EmissionFilters></FilterSet>"
        for n in (1, 2)
    )
    filters = cut(1, "500", "550", "one") + cut(2, "600", "650", "two")
    document = lifted(
        channel(
            "<FilterSet Id='S:1'/><FilterSetRef Id='S:2'/>",
            f"<FilterSets>{sets}</FilterSets><Filters>{filters}</Filters>",
        )
    )
    assert of(document, "EmissionFilter", "Name") == ["two"]


def track(name: str, before: str, activated: str = "true") -> str:
    return (
        f"<Track IsActivated='true'><BeforeHardwareSetting>{before}</BeforeHardwareSetting>"
        f"<Channels><Channel Name='{name}' IsActivated='{activated}'/></Channels></Track>"
    )


def tracked(blocks: str, index: str = "0", pools: tuple[str, ...] = ("A", "B")) -> list[str | None]:
    """Emission filter of channel c: each hardware setting turns the wheel to the filter of its own name."""
    pool = "".join(
        f"<HardwareSetting Name='{p}'><ParameterCollection Id='MTBEmissionFilterChanger'><PositionName>{p}</PositionName>"
        "</ParameterCollection></HardwareSetting>"
        for p in pools
    )
    parts = "".join(
        f"<SpectralInfluencer UniqueName='{p}' Name='filter {p}'>{areas((500, 550, '1'))}</SpectralInfluencer>"
        for p in pools
    )
    tree = channel(
        "",
        experiment=f"<ExperimentBlockIndex>{index}</ExperimentBlockIndex>",
        blocks=blocks,
        pool=pool,
        devices=changer("MTBEmissionFilterChanger", parts),
    )
    return of(lifted(tree), "EmissionFilter", "Name")


def acquisition(*tracks: str) -> str:
    return (
        "<AcquisitionBlock><SubDimensionSetups><TimeSeriesSetup><SubDimensionSetups><MultiTrackSetup>"
        f"{''.join(tracks)}</MultiTrackSetup></SubDimensionSetups></TimeSeriesSetup></SubDimensionSetups></AcquisitionBlock>"
    )


def test_experiment_block_index_names_the_block_that_made_the_image() -> None:
    blocks = acquisition(track("c", "A")) + acquisition(track("c", "B"))
    assert tracked(blocks) == ["filter A"]
    assert tracked(blocks, "1") == ["filter B"]
    assert tracked(blocks, "7") == []


def test_inactive_channels_and_tracks_do_not_count() -> None:
    assert tracked(acquisition(track("c", "A", "false"), track("c", "B"))) == ["filter B"]
    asleep = track("c", "A").replace("<Track IsActivated='true'>", "<Track IsActivated='false'>")
    assert tracked(acquisition(asleep, track("c", "B"))) == ["filter B"]
    assert tracked(acquisition(track("other", "A"))) == []


def test_tracks_beside_the_sub_dimensions() -> None:
    plain = f"<AcquisitionBlock><MultiTrackSetup>{track('c', 'B')}</MultiTrackSetup></AcquisitionBlock>"
    assert tracked(plain) == ["filter B"]


def test_the_experiment_of_the_autofocus_does_not_count() -> None:
    nested = (
        "<AcquisitionBlock><HelperSetups><FocusSetup><SoftwareAutofocus><Experiment><ExperimentBlocks>"
        f"{acquisition(track('c', 'A'))}</ExperimentBlocks></Experiment></SoftwareAutofocus></FocusSetup></HelperSetups>"
    )
    block = acquisition(track("c", "B")).removeprefix("<AcquisitionBlock>")
    assert tracked(nested + block) == ["filter B"]
    assert tracked(nested + "</AcquisitionBlock>") == []


def test_a_part_of_the_wheel_goes_before_the_filter_set() -> None:
    """Information lists one filter a band; the part in the wheel has them all, a name and a number."""
    both = positioned(
        "MTBEmissionFilterChanger",
        f"<SpectralInfluencer UniqueName='Part.1' Name='DBP'>{areas((500, 550, '1'), (600, 650, '1'))}</SpectralInfluencer>",
        content="<FilterSetRef Id='S'/>",
        instrument="<FilterSets><FilterSet Id='S'><EmissionFilters><EmissionFilterRef Id='F:1'/></EmissionFilters>"
        f"</FilterSet></FilterSets><Filters>{cut(1, '510', '540')}</Filters>",
    )
    document = lifted(both)
    assert of(document, "EmissionFilter", "Name") == ["DBP"]
    assert of(document, "TransmittanceRange", "Wavelength") == ["525", "625"]


def test_a_filter_set_that_is_not_referred_to_does_not_count() -> None:
    tree = listed(cut(1, "500", "550")).replace("<FilterSetRef Id='FilterSet:1'/>", "<FilterSetRef Id='FilterSet:9'/>")
    assert not has(lifted(tree), "EmissionFilter")


def test_a_dichroic_of_a_filter_set_stands_without_facts() -> None:
    tree = listed(cut(1, "500", "550"), more="<DichroicRef Id='D:1'/>").replace(
        "<Filters>", "<Dichroics><Dichroic Id='D:1'/><Dichroic Id='D:2'/></Dichroics><Filters>"
    )
    document = lifted(tree)
    assert of(document, "StandardDichroic", "ID") == ["StandardDichroic:0"]
    assert of(document, "StandardDichroicRef", "ID") == ["StandardDichroic:0"]


def test_channels_that_share_a_filter_have_one() -> None:
    tree = listed(cut(1, "500", "550")).replace(
        "</Channels>", "<Channel Id='Channel:1' Name='d'><FilterSetRef Id='FilterSet:1'/></Channel></Channels>"
    )
    document = lifted(tree)
    assert of(document, "EmissionFilter", "ID") == ["Filter:0"]
    assert of(document, "EmissionFilterRef", "ID") == ["Filter:0", "Filter:0"]


def test_splitters_of_a_scan_by_number() -> None:
    """ZEN (blue edition) names them by the numbers that parts, or else the list of dichroics, have."""
    content = (
        f"{LASER_MODE}<LaserScanInfo><PixelTime>1E-06</PixelTime><MainBeamSplitterVis>B.1</MainBeamSplitterVis>"
        "<MainBeamSplitterInVis>B.2</MainBeamSplitterInVis><SecondaryBeamSplitter>B.3</SecondaryBeamSplitter></LaserScanInfo>"
    )
    listing = "<Dichroics><Dichroic Id='B.1' Name='MBS 488/594'/><Dichroic Id='B.2' Name='MBS -405'/><Dichroic Id='B.3' Name='Mirror'/></Dichroics>"
    assert of(lifted(channel(content, listing)), "StandardDichroic", "Name") == ["MBS 488/594", "MBS -405"]
    part = (
        "<SpectralInfluencer UniqueName='B.1' Name='MBS 488/594'><OrderNumber>2412-777</OrderNumber>"
        f"{areas((487, 489, '0.93'), (593, 595, '0.93'), kind='Reflection')}{areas((499, 580, '0.9'))}</SpectralInfluencer>"
        f"<SpectralInfluencer UniqueName='B.3' Name='Mirror'>{areas((200, 2000, '1'), kind='Reflection')}</SpectralInfluencer>"
    )
    document = lifted(channel(content, listing, devices=changer("MTBLSM980MbsVis", part)))
    assert [(n.get("Name"), n.get("CatalogNumber")) for n in document.root.walk() if n.name == "StandardDichroic"] == [
        ("MBS 488/594", "2412-777"),
        ("MBS -405", None),
    ]
    assert of(document, "ReflectanceRange", "Wavelength") == ["488", "594"]


def test_the_objective_that_the_image_refers_to() -> None:
    lenses = "".join(
        f"<Objective Id='O:{n}'><Manufacturer><Model>{name}</Model></Manufacturer></Objective>"
        for n, name in enumerate(("LS 10x/0.2", "W 40x/1.0", ""))
    )
    tree = czi(
        image="<ObjectiveSettings><ObjectiveRef Id='O:1'/></ObjectiveSettings>",
        instrument=f"<Objectives>{lenses}</Objectives>",
    )
    document = lifted(tree)
    assert of(document, "Objective", "Model") == ["W 40x/1.0"]
    assert of(document, "ObjectiveSettings", "ID") == ["Objective:0"]
    # Which of several is not said: none.
    assert not has(lifted(czi(instrument=f"<Objectives>{lenses}</Objectives>")), "Objective")


def test_the_stand_that_the_image_refers_to() -> None:
    stands = (
        "<Microscopes><Microscope Id='M:1' Name='Axiovert'/><Microscope Id='M:2' Name='Axio Imager.M9'/></Microscopes>"
    )
    document = lifted(czi(image="<MicroscopeRef Id='M:2'/>", instrument=stands))
    assert of(document, "UprightMicroscopeStand", "Model") == ["Axio Imager.M9"]
    assert not has(document, "InvertedMicroscopeStand")


def test_a_file_that_knows_its_calibration_only() -> None:
    auto = (
        "<ObjectiveName>EC Plan-Neofluar 20x/0.50 M27</ObjectiveName><Objective>Objective.420350-9900-000</Objective>"
        "<OptovarMagnification>1.25</OptovarMagnification><Optovar>Opto 1.25x</Optovar>"
        "<CameraAdapter>0.5x</CameraAdapter><CameraAdapterMagnification>0.5</CameraAdapterMagnification>"
        "<CameraName>Axiocam506c</CameraName><CameraPixelDistance>9.08,9.08</CameraPixelDistance>"
    )
    document = lifted(czi(auto=auto, image="<PixelType>Bgr24</PixelType>", channels="<Channel Id='Channel:0'/>"))
    lens = one(document, "Objective")
    assert {n: lens.get(n) for n in ("Model", "Magnification", "LensNA", "Correction", "CatalogNumber")} == {
        "Model": "EC Plan-Neofluar 20x/0.50 M27",
        "Magnification": "20",
        "LensNA": "0.5",
        "Correction": "PlanNeofluar",
        "CatalogNumber": "420350-9900-000",
    }
    assert [f.source.kind for n in ("Model", "Magnification") if (f := lens.facts[n]).source] == ["embedded", "derived"]
    assert of(document, "TubeLens", "Magnification") == ["1.25"]
    assert of(document, "RelayLens", "Magnification") == ["0.5"]
    # The calibration's pixel distance is that of binned pixels: no size of the sensor's.
    assert of(document, "CCD", "Name") == ["Axiocam506c"]
    assert of(document, "Pixels", "PixelType") == ["uint8"]
    assert of(document, "Channel", "SamplesPerPixel") == ["3"]


def test_channels_of_an_lsm_whose_ids_do_not_match_are_found_by_their_line() -> None:
    def setup(line: str, splitter_name: str) -> str:
        return (
            f"<TrackSetup><Attenuators><Attenuator><Wavelength>{line}</Wavelength><Laser>L {line}</Laser></Attenuator>"
            "</Attenuators><Detectors><Detector Id='123456' Name='Ch9'><Voltage>700</Voltage></Detector></Detectors>"
            f"<BeamSplitters><BeamSplitter><Filter>{splitter_name}</Filter></BeamSplitter></BeamSplitters></TrackSetup>"
        )

    content = (
        f"{LASER_MODE}<LightSourcesSettings><LightSourceSettings><Wavelength>594.00000000000011</Wavelength>"
        "</LightSourceSettings></LightSourcesSettings>"
    )
    both = setup("4.8800000000000003e-007", "MBS 488") + setup("5.9399999999999997e-007", "MBS 594")
    tree = channel(content, block=f"<MultiTrackSetup>{both}</MultiTrackSetup>").replace("'Channel:0'", "'ab12cd'")
    document = lifted(tree)
    assert of(document, "StandardDichroic", "Name") == ["MBS 594"]
    assert of(document, "LightSourceSettings", "ID") == ["LightSource:0"]
    # Two tracks of one line: which it was is not said.
    twice = setup("5.94e-007", "MBS 594") + setup("5.94e-007", "MBS 594/633")
    tree = channel(content, block=f"<MultiTrackSetup>{twice}</MultiTrackSetup>").replace("'Channel:0'", "'ab12cd'")
    assert not has(lifted(tree), "StandardDichroic")


def test_an_airyscan_listed_once_a_track_is_one_detector() -> None:
    detectors = "".join(f"<Detector Id='D:{n}'><Type>Airyscan</Type></Detector>" for n in range(2))
    channels = "".join(
        f"<Channel Id='{n}'>{LASER_MODE}<DetectorSettings><Detector Id='D:{n}'/></DetectorSettings></Channel>"
        for n in range(2)
    )
    tracks = "".join(
        f"<TrackSetup><Detectors><Detector Id='{n}' Name='Airyscan'><DetectorIdentifier>A1</DetectorIdentifier>"
        f"<Voltage>{700 + n}</Voltage></Detector></Detectors></TrackSetup>"
        for n in range(2)
    )
    document = lifted(
        czi(
            channels=channels,
            instrument=f"<Detectors>{detectors}</Detectors>",
            block=f"<MultiTrackSetup>{tracks}</MultiTrackSetup>",
        )
    )
    assert of(document, "PhotoMultiplierTube", "Name") == ["Airyscan"]
    assert of(document, "PointDetectorSettings", "ID") == ["Detector:0", "Detector:0"]
    assert of(document, "PointDetectorSettings", "Voltage") == ["700", "701"]


def test_lasers_of_zen_blue_have_power_line_and_settings() -> None:
    document = lifted(lit(LASER_LAMP, "<Wavelength>561</Wavelength><Attenuation>0.998</Attenuation>", LASER_MODE))
    assert of(document, "Laser", "ID") == ["LightSource:0"]
    assert one(document, "LightSourceSettings").get("ID") == "LightSource:0"
    # No track setup stands beside them: nothing makes a second laser.
    assert not has(lifted(attenuated("")), "Laser")


def test_devices_that_no_channel_uses_are_left_out() -> None:
    document = lifted(lit(LED_LAMP))
    assert of(document, "LightEmittingDiode", "Name") == ["LED 470"]
    document = lifted(detected(CAMERA))
    assert of(document, "GenericDetector", "Name") == ["Cam"]


def test_the_snapshot_of_the_stand_says_nothing_of_a_channel() -> None:
    tree = lit(
        LED_LAMP,
        "<Intensity>20 %</Intensity>",
        hardware="<ParameterCollection Id='MTBLED4'><Intensity Unit='%'>0</Intensity></ParameterCollection>"
        "<ParameterCollection Id='MTBCamera_Left.Cam'><ExposureTime>999</ExposureTime></ParameterCollection>",
    )
    document = lifted(tree)
    assert of(document, "LightSourceSettings", "IlluminationPowerSettings") == ["20"]
    assert "999" not in to_xml(document)


def test_a_device_of_an_ambiguous_name_lends_no_number() -> None:
    twins = device("Name='LED 470' UniqueName='A.423052-9701-000'") + device(
        "Name='LED 470' UniqueName='A.423052-9702-000'"
    )
    assert of(lifted(lit(LED_LAMP, devices=twins)), "LightEmittingDiode", "CatalogNumber") == [None]


def test_an_installed_stabilizer_that_held_nothing_is_not_referred_to() -> None:
    parts = device("Id='MTBFocusStabilizer2' Name='Definite Focus.9'")
    off = (
        "<HelperSetups><FocusSetup IsActivated='true'><DefiniteFocus IsActivated='false'/></FocusSetup></HelperSetups>"
    )
    document = lifted(czi(instrument="<X/>", devices=parts, block=off))
    assert has(document, "FocusStabilizationDevice")
    assert not has(document, "FocusStabilizationDeviceRef")


def test_one_image_a_scene_with_its_own_size_name_and_place() -> None:
    scenes = "".join(
        f"<Scene Index='{n}' Name='P{n}'><CenterPosition>{n}00,{n}50</CenterPosition></Scene>" for n in (3, 4)
    )
    tree = czi(
        image="<SizeX>99999</SizeX><SizeY>99999</SizeY><SizeS>2</SizeS>",
        dimensions=f"<S><Scenes>{scenes}</Scenes></S>",
        document="<Name>slide</Name>",
        structure="<Scene Key='0' Index='3' SizeX='640' SizeY='480'/><Scene Key='1' Index='4' SizeX='320' SizeY='240'/>",
    )
    document = lifted(tree)
    assert [i.get("Name") for i in document.images] == ["slide P3", "slide P4"]
    assert of(document, "Pixels", "SizeX") == ["640", "320"]
    assert of(document, "StageLabel", "X") == ["300", "400"]


def test_the_only_scene_of_a_file_without_scenes() -> None:
    tree = scene("<Positions><Position X='1' Y='2' Z='3'/></Positions>", "Index='0'").replace(
        "Key='0' Index='0'", "Key='0'"
    )
    assert of(lifted(tree), "StageLabel", "X") == ["1"]


def test_wells_count_from_zero_and_lead_to_their_images() -> None:
    shape = "<Shape Name='{}'><RowIndex>{}</RowIndex><ColumnIndex>{}</ColumnIndex></Shape>"
    scenes = "".join(
        f"<Scene Index='{n}' Name='P{n}'>{shape.format(*well)}</Scene>"
        for n, well in enumerate((("B4", 2, 4), ("B4", 2, 4), ("A1", 1, 1)))
    )
    tree = czi(
        dimensions=f"<S><Scenes>{scenes}</Scenes></S>",
        structure="".join(f"<Scene Key='{n}' Index='{n}'/>" for n in range(3)),
    )
    document = lifted(tree)
    assert [
        (w.get("Row"), w.get("Column"), w.get("ExternalIdentifier")) for w in document.root.walk() if w.name == "Well"
    ] == [
        ("1", "3", "B4"),
        ("0", "0", "A1"),
    ]
    assert of(document, "ImageRef", "ID") == ["Image:0", "Image:1", "Image:2"]


def test_a_plate_that_the_scenes_are_not_in_is_no_plate() -> None:
    assert not has(
        lifted(wells(shape="<Other/>", template="<Template Name='p'><ShapeRows>4</ShapeRows></Template>")), "Plate"
    )
    asleep = wells(template="<Template Name='p'><ShapeRows>4</ShapeRows></Template>").replace(
        "IsActivated='true'", "IsActivated='false'"
    )
    plate = one(lifted(asleep), "Plate")
    assert (plate.get("Name"), plate.get("Rows")) == (None, None)


def test_the_elements_of_an_airyscan_and_the_tiles_are_no_time() -> None:
    document = lifted(czi(structure="<Scene Key='0' SizeH='32' SizeM='4'/>"))
    assert of(document, "Pixels", "SizeT") == ["1"]
    assert [
        (n.get("Name"), n.get("Size"), n.get("Type"))
        for n in document.root.walk()
        if n.name == "AdditionalDimensionMap"
    ] == [
        ("H", "32", "Other"),
        ("M", "4", "Tile"),
    ]
    assert not has(lifted(czi(structure="<Scene Key='0' SizeH='1' SizeM='1'/>")), "AdditionalDimensionMap")


def test_channels_of_the_display_are_told_by_place_where_ids_differ() -> None:
    channels = "<Channel Id='a1' Name='1'/><Channel Id='a2' Name='2'/>"
    shown = "<Channel Id='{}'><Color>#FFFF0000</Color></Channel><Channel Id='{}'><Color>#FF00FF00</Color></Channel>"
    red, green = "-16776961", "16711935"
    assert of(lifted(czi(channels=channels, display=shown.format("b1", "b2"))), "Channel", "Color") == [red, green]
    assert of(lifted(czi(channels=channels, display=shown.format("a2", "a1"))), "Channel", "Color") == [green, red]
    longer = shown.format("b1", "b2") + "<Channel Id='b3'/>"
    assert of(lifted(czi(channels=channels, display=longer)), "Channel", "Color") == [None, None]


def test_elements_are_read_by_name_not_by_order() -> None:
    """Newer programs write children in alphabetical order."""
    detector = (
        "Name='Cam'><Adapter><Manufacturer><Model>1x Adapter</Model></Manufacturer></Adapter>"
        "<Manufacturer><Model>Axiocam506m</Model></Manufacturer>"
    )
    assert of(lifted(detected(detector)), "CCD", "Model") == ["Axiocam506m"]


def test_an_upright_reflector_turret() -> None:
    """The reflector's name, and the set's excitation filter, dichroic and emission filter, one band each."""
    tree = positioned(
        "MTBReflectorChanger",
        "<Reflector Name='43 HE Red' UniqueName='Part.1'><WavelengthAreas><WavelengthArea BeamSplitter='565'/>"
        "</WavelengthAreas></Reflector>",
        content="<FilterSetRef Id='S'/>",
        instrument="<FilterSets><FilterSet Id='S'><ExcitationFilters><ExcitationFilterRef Id='F:1'/></ExcitationFilters>"
        "<DichroicRef Id='D'/><EmissionFilters><EmissionFilterRef Id='F:2'/></EmissionFilters></FilterSet></FilterSets>"
        f"<Filters>{cut(1, '538', '562')}{cut(2, '570', '640')}</Filters><Dichroics><Dichroic Id='D'/></Dichroics>",
    )
    path = one(lifted(tree), "LightPath")
    assert [c.name for c in path.children] == [
        "ExcitationFilterRef",
        "StandardDichroicRef",
        "EmissionFilterRef",
        "FilterSet",
    ]
    assert path.children[3].get("Name") == "43 HE Red"


def test_sensor_of_the_camera_by_name_or_by_model() -> None:
    def width(identity: str, name: str) -> list[str | None]:
        parameters = (
            f"<ParameterCollection Id='MTBCamera_Left.{identity}'><CameraDisplayName>{name}</CameraDisplayName>"
            "<CameraPixelDistances>5.5,5.5</CameraPixelDistances></ParameterCollection>"
        )
        camera = "Name='Left eye'><Manufacturer><Model>ORCA-Flash4</Model></Manufacturer>"
        return of(lifted(detected(camera, hardware=parameters)), "CMOS", "PixelWidth")

    assert width("ORCA-Flash4", "x") == ["5.5"]
    assert width("x", "Left eye") == ["5.5"]
    assert width("ORCA-Flash2", "Right eye") == [None]


def test_no_reflector_is_no_finding() -> None:
    assert lifted(channel("<Reflector>none</Reflector><FilterSetRef Id='S'/>")).findings == []


@pytest.mark.parametrize(
    "tree",
    [
        wheel(f"UniqueName='Part.1' Name='LBF 405/488'>{areas((404, 406, '0.9'), (487, 489, '0.9'))}"),
        listed(cut(1, "404", "406") + cut(2, "487", "489")),
    ],
)
def test_lines_that_a_filter_blocks_are_no_bands(tree: str) -> None:
    document = lifted(tree)
    assert of(document, "EmissionFilter", "Type") == ["Notch"]
    assert not has(document, "TransmittanceRange")


def disk_unit(changer_id: str, camera: str) -> Document:
    """Return a channel of a disk unit whose track went to a position of a changer."""
    part = (
        "<EmissionFilter Name='BP 525/50' UniqueName='YokogawaEmissionFilter.489038-8002-000'><WavelengthAreas>"
        "<WavelengthArea EmissionLow='500' EmissionHigh='550'/></WavelengthAreas></EmissionFilter>"
    )
    tree = positioned(changer_id, part, "YokogawaEmissionFilter.489038-8002-000")
    grabber = f"<DataGrabberSetup><CameraFrameSetup Id='MTBCamera_{camera}'/></DataGrabberSetup>"
    return lifted(
        tree.replace(
            "<Channel Name='c' IsActivated='true'/>", f"<Channel Name='c' IsActivated='true'>{grabber}</Channel>"
        )
    )


def test_parts_that_older_versions_describe_by_attributes() -> None:
    document = disk_unit("MTBCSULeftEmissionFilterChanger", "MTBCSU_Left.Camera")
    assert of(document, "EmissionFilter", "Name") == ["BP 525/50"]
    assert of(document, "EmissionFilter", "CatalogNumber") == ["489038-8002-000"]
    assert of(document, "EmissionFilter", "Type") == ["BandPass"]
    assert of(document, "TransmittanceRange", "Wavelength") == ["525"]
    assert of(document, "TransmittanceRange", "FWHMBandwidth") == ["50"]


def test_wheel_before_the_other_camera_is_not_the_channels() -> None:
    document = disk_unit("MTBCSUTopEmissionFilterChanger", "MTBCSU_Left.Camera")
    assert not has(document, "EmissionFilter")


def test_a_filter_that_is_in_both_wheels_of_a_disk_unit_is_one() -> None:
    part = f"<EmissionFilter UniqueName='Part.1' Name='BP 600/50'>{areas((575, 625, '0.9'))}</EmissionFilter>"
    tree = positioned("MTBCSULeftEmissionFilterChanger", part)
    top = changer("MTBCSUTopEmissionFilterChanger", part)
    document = lifted(tree.replace("</Configuration>", f"{top}</Configuration>"))
    assert of(document, "EmissionFilter", "Name") == ["BP 600/50"]
    assert of(document, "EmissionFilterRef", "ID") == ["Filter:0"]


def test_lines_of_a_disk_unit_have_their_wavelength_and_power() -> None:
    """The lamp beside them is off, and of which of both the channel's wavelength is, the channel does not say."""
    lamps = (
        "<LightSources><LightSource Id='L:1' Name='CSU Laserline 3'><LightSourceType><Laser><Wavelength>561</Wavelength>"
        "</Laser></LightSourceType></LightSource><LightSource Id='L:2' Name='Other Lamp'/></LightSources>"
    )
    settings = (
        "<LightSourcesSettings><LightSourceSettings><Intensity>50.00 %</Intensity><LightSource Id='L:1'/>"
        "</LightSourceSettings><LightSourceSettings><Intensity>n/a</Intensity><LightSource Id='L:2'/>"
        "</LightSourceSettings></LightSourcesSettings><IlluminationWavelength><SinglePeak>561</SinglePeak>"
        "</IlluminationWavelength>"
    )
    document = lifted(channel(settings, lamps))
    assert of(document, "Laser", "Name") == ["CSU Laserline 3"]
    assert of(document, "IlluminationWavelengthRange", "PeakWavelength") == ["561"]
    assert of(document, "LightSourceSettings", "IlluminationPowerSettings") == ["50", None]


def test_dichroic_of_a_disk_unit() -> None:
    part = (
        "<Reflector Name='RQFT 405/488' UniqueName='YokogawaDichroic.447963-9000-000'><WavelengthAreas>"
        "<WavelengthArea BeamSplitter='417' EmissionLow='420' EmissionHigh='479'/>"
        "<WavelengthArea BeamSplitter='500' EmissionLow='505' EmissionHigh='549'/></WavelengthAreas></Reflector>"
    )
    document = lifted(positioned("MTBCSUDichroicChanger", part, "YokogawaDichroic.447963-9000-000"))
    assert of(document, "StandardDichroic", "Name") == ["RQFT 405/488"]
    assert of(document, "StandardDichroic", "CatalogNumber") == ["447963-9000-000"]
    assert of(document, "StandardDichroic", "Type") == ["MultiPass"]
    # Which way the bands go is not stated: disk units reflect what other stands transmit.
    assert not has(document, "TransmittanceRange")
    assert not has(document, "ReflectanceRange")
