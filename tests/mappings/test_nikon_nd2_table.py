"""The mapping table of Nikon ND2: each row has a fragment and the value that it gives; names and numbers are made up."""
# ruff: noqa: E501 - a fragment stands on one line with what it gives

from __future__ import annotations

import pytest

from nbo_extract.functions import FUNCTIONS
from nbo_extract.words import load_words
from table_cases import Case, TableCases, nodes


def nd2(
    plane: str = "",
    *,
    flags: str = "fluorescence",
    raw: str = "",
    sample: str = "",
    md: str = "",
    info: str = "",
    app: str = "",
    attributes: str = "",
    image: str = "",
    inside: str = "",
    loops: str = "",
    more: str = "",
) -> str:
    """Return a file of one channel; ``more`` are further planes."""
    return (
        f"<ND2><Attributes>{attributes}</Attributes><Metadata>{md}<sPicturePlanes><sPlaneNew><a0>{raw}</a0></sPlaneNew>"
        f"<sSampleSetting><a0>{sample}</a0></sSampleSetting></sPicturePlanes></Metadata><TextInfo>{info}</TextInfo>"
        f"<AppInfo>{app}</AppInfo><Structure>{loops}<Plane Index='0' Key='a0' Sample='a0' Flags='{flags}'>{plane}</Plane>"
        f"{more}<Image Key='0' {image}>{inside}</Image></Structure></ND2>"
    )


def camera(lines: str, name: str = "Flash4.0, SN:1", **others: str) -> str:
    """Return a channel of a camera: its text as Key=Value pairs."""
    said = "".join(f"<Line Key='{k}'>{v}</Line>" for k, v in (pair.split("=") for pair in lines.split(";") if pair))
    inside = f"<CameraUserName>{name}</CameraUserName>" if name else ""
    return nd2(f"<Text><Camera>{said}</Camera></Text>", sample=f"<pCameraSetting>{inside}</pCameraSetting>", **others)


GROUP = "<Group Name='CH2'><Line Key='Laser Wavelength'>488.0</Line><Line Key='Laser Power'>0.6</Line><Line Key='PMT HV'>37</Line><Line Key='PMT Offset'>-9</Line>{}</Group>"


def scan(lines: str = "", group: str = "", flags: str = "fluorescence laserScanConfocal gaasp", **others: str) -> str:
    """Return a channel of a scan head."""
    others.setdefault("raw", "<sDescription>GFP</sDescription>")
    return nd2(f"<Text><Camera>{lines}{GROUP.format(group)}</Camera></Text>", flags=flags, **others)


def stand(devices: str, flags: str = "fluorescence", **others: str) -> str:
    """Return a channel with devices of the stand."""
    return nd2(f"<Text><Microscope>{devices}</Microscope></Text>", flags=flags, **others)


def points(kind: str, *values: tuple[int, int]) -> str:
    return (
        f"<{kind}><pPoint>"
        + "".join(
            f"<Point{i}><eType>4</eType><dWavelength>{w}</dWavelength><dTValue>{t}</dTValue></Point{i}>"
            for i, (w, t) in enumerate(values)
        )
        + f"</pPoint></{kind}>"
    )


def path(*spectra: str) -> str:
    return f"<pFilterPath><m_pFilter><i0>{''.join(spectra)}</i0></m_pFilter></pFilterPath>"


def device(part: str, name: str, owner: str = "Nikon Ti2", kind: str = "FilterChanger") -> str:
    return f"<Device Owner='{owner}' Kind='{kind}' Part='{part}' Name='{name}'>3 ({name})</Device>"


LASER = "<Device Owner='NIDAQ' Kind='MultiLaser' Part='LUN4' Shutter='{}'><Source Line='3' ExW='561' Power='30.5' State='On'/><Source Line='4' ExW='640' Power='9.0' State='Off'/></Device>"
LEDS = "<Device Owner='Spectra/Aura' Kind='MultiLaser' Part='Spectra'><Source Line='6' ExW='640' Power='78.0' State='On'/></Device>"
LAMP = "<Device Owner='Sola' Kind='Illuminator' Part='Sola' Shutter='{}'/>"
LENS = "<wsObjectiveName>{}</wsObjectiveName>"
STAND = "<pDeviceSetting>{}</pDeviceSetting>"
SECOND = "<Plane Index='1' Key='a1' Flags='fluorescence'/>"
PLANES: dict[str, list[str | None]] = {"Z": ["0", "1"], "C": ["0", "0"], "T": ["0", "0"]}

CASES = TableCases(
    "nikon-nd2",
    [
        Case("experimenter.UserName", ["Ann"], nd2(info="<TextInfoItem_4>Ann</TextInfoItem_4>")),
        Case("software.Name", ["NIS-Elements AR"], nd2(app="<m_SWNameString>NIS-Elements AR</m_SWNameString>")),
        Case("software.Version", ["5.21"], nd2(app="<m_VersionString>5.21</m_VersionString>")),
        Case("software.Developer", ["Nikon"], nd2(app="<m_CompanyString>Nikon</m_CompanyString>")),
        Case("stand.kind", ["InvertedMicroscopeStand"], nd2(sample=STAND.format("<m_sMicroscopePhysFullName>Nikon Ti2</m_sMicroscopePhysFullName>"))),
        Case("stand.kind", ["InvertedMicroscopeStand"], stand("<Line Key='Microscope'>TE2000 Microscope</Line>")),
        Case("stand.Model", ["Ti Microscope"], stand("<Line Key='Microscope'>Ti Microscope</Line>")),
        Case("stand.Manufacturer", ["Nikon"], nd2(sample=STAND.format("<m_sMicroscopePhysFullName>Nikon Ti</m_sMicroscopePhysFullName>"))),
        Case("objective.Model", ["Plan Apo λ 60x"], nd2(md=LENS.format("Plan Apo  λ 60x"))),
        Case("objective.Model", ["Plan Apo VC 60x Oil"], nd2(info="<TextInfoItem_13>Plan Apo VC 60x Oil</TextInfoItem_13>")),
        Case("objective.Manufacturer", ["Nikon"], nd2(md=LENS.format("Plan Fluor 40x Oil DIC H N2"))),
        Case("objective.Manufacturer", [], nd2(md=LENS.format("60x"))),
        Case("objective.Magnification", ["60"], nd2(md="<dObjectiveMag>60</dObjectiveMag>")),
        Case("objective.Magnification#2", ["100"], nd2(md="<dObjectiveMag>-1</dObjectiveMag>" + LENS.format("SR Apo TIRF AC 100xH"))),
        Case("objective.LensNA", ["1.2"], nd2(md="<dObjectiveNA>1.2</dObjectiveNA>")),
        Case("objective.LensNA#2", ["1.4"], nd2(md="<dObjectiveNA>-1</dObjectiveNA>" + LENS.format("Plan Apo 60x/1.40 Oil"))),
        Case("objective.Correction", ["PlanFluor"], nd2(md=LENS.format("Plan Fluor 10x Ph1 DLL"))),
        Case("objective.Correction", ["Apo"], nd2(md=LENS.format("Apo TIRF 100x Oil DIC N2"))),
        Case("objective.Correction", ["SuperFluor"], nd2(md=LENS.format("S Fluor 40x"))),
        Case("objective.Correction", ["Plan"], nd2(md=LENS.format("Plan 4x"))),
        Case("objective.ImmersionType", ["Mineral Oil"], nd2(md=LENS.format("Plan Apo 60x Oil"))),
        Case("objective.ImmersionType", ["Water"], nd2(md=LENS.format("Apo LWD 40x WI λS DIC N2"))),
        Case("objective.ImmersionType", ["Water"], nd2(md=LENS.format("Apo LWD 25x 1.10W DIC N2"))),
        Case("objective.ImmersionType", ["Air"], nd2(md=LENS.format("Plan Apo 20x") + "<dObjectiveNA>0.75</dObjectiveNA><dRefractIndex1>1</dRefractIndex1>")),
        Case("objective.ImmersionType", [], nd2(md=LENS.format("60x") + "<dObjectiveNA>1.2</dObjectiveNA><dRefractIndex1>1</dRefractIndex1>")),
        Case("objective.PhaseContrastDesignation", ["Ph1"], nd2(md=LENS.format("Plan Fluor 10x Ph1 DLL"))),
        Case("objective.ContrastModulation", ["Ph2"], nd2(md=LENS.format("Plan Apo λ 40x Ph2 DM"))),
        Case("objective.DIC", ["true"], nd2(md=LENS.format("Plan Apo 60x Oil DIC H"))),
        Case("objective.CorrectionCollar", ["true"], nd2(md=LENS.format("Plan Apo 40x Corr"))),
        Case("magnification_changer.Name", ["Ti Zoom"], nd2(sample=STAND.format("<m_sZoomFullName>Ti Zoom</m_sZoomFullName><m_ibZoomPositionValid>1</m_ibZoomPositionValid><m_dZoomPosition>1.5</m_dZoomPosition>"))),
        Case("magnification_changer.Magnification", ["1.5"], nd2(sample=STAND.format("<m_ibZoomPositionValid>1</m_ibZoomPositionValid><m_dZoomPosition>1.5</m_dZoomPosition>"))),
        Case("magnification_changer.Magnification#2", ["1.5"], stand("<Line Key='Zoom'>1.50x</Line>")),
        Case("stage.Name", ["Ti XYDrive"], nd2(sample=STAND.format("<m_iXYUse0>1</m_iXYUse0><m_sXYFullName0>Ti XYDrive</m_sXYFullName0>"))),
        Case("focus.Name", ["Ti ZDrive"], nd2(sample=STAND.format("<m_sZFullName0>Ti ZDrive</m_sZFullName0><m_sZFullName1>Nikon A1 Piezo Z Drive</m_sZFullName1>"))),
        Case("focus.Name", ["TE2000 Z Drive"], nd2(loops="<Loop Type='ZStackLoop' Count='3' deviceName='TE2000 Z Drive'/>")),
        Case("piezo.Name", ["ASI PiezoZ"], nd2(loops="<Loop Type='ZStackLoop' Count='3' deviceName='ASI PiezoZ'/>")),
        Case("focus_stabilizer.Name", ["Ti PFS-S"], nd2(sample=STAND.format("<m_ibPFSExist>1</m_ibPFSExist><m_sPFSFullName>Ti PFS-S</m_sPFSFullName>"))),
        Case("focus_stabilizer.Mechanism", ["Hardware based"], nd2(sample=STAND.format("<m_ibPFSExist>1</m_ibPFSExist><m_sPFSFullName>Ti PFS-S</m_sPFSFullName>"))),
        Case("raster_scanner.Name", ["Nikon A1plus"], scan(sample="<pCameraSetting><CameraUserName>Nikon A1plus</CameraUserName></pCameraSetting>")),
        Case("raster_scanner.Type", ["Resonant"], scan("<Line Key='Scanner Selection'>Resonant</Line>")),
        Case("spinning_disk.Name", ["CSU-W1"], stand(device("EM Wheel", "525/50", "CSU-W1"), "fluorescence spinningDiskConfocal")),
        Case("image.AcquisitionDate", ["2014-06-08"], nd2(info="<TextInfoItem_9>08/06/2014  15:55:27</TextInfoItem_9>", md="<dTimeAbsolute>2456817.08</dTimeAbsolute>")),
        Case("image.AcquisitionDate", ["2014-08-06"], nd2(info="<TextInfoItem_9>8/6/2014  3:55:27 PM</TextInfoItem_9>", md="<dTimeAbsolute>2456876.08</dTimeAbsolute>")),
        Case("image.AcquisitionDate#2", ["2014-06-18"], nd2(md="<dTimeAbsolute>2456827.080131852</dTimeAbsolute>")),
        Case("image.AcquisitionDate#3", ["2021-09-28"], nd2(info="<TextInfoItem_9>9/28/2021  10:26:09 AM</TextInfoItem_9>", md="<dTimeAbsolute>-1</dTimeAbsolute>")),
        Case("image.AcquisitionDate#3", [], nd2(info="<TextInfoItem_9>06/03/2009  10:58:30 AM</TextInfoItem_9>")),
        Case("instrument_ref.ID", ["Instrument:0"], nd2(md="<dObjectiveNA>1.2</dObjectiveNA>")),
        Case("experimenter_ref.ID", ["Experimenter:0"], nd2(info="<TextInfoItem_4>Ann</TextInfoItem_4>")),
        Case("software_ref.ID", ["AcquisitionSoftware:0"], nd2(app="<m_VersionString>5.21</m_VersionString>")),
        Case("focus_stabilizer_ref.ID", ["FocusStabilizationDevice:0"], stand("<Line Key='PFS, state'>On</Line>", sample=STAND.format("<m_ibPFSExist>1</m_ibPFSExist><m_sPFSFullName>Ti PFS</m_sPFSFullName>"))),
        Case("focus_stabilizer_ref.ID", [], stand("<Line Key='PFS, state'>Off</Line>", sample=STAND.format("<m_ibPFSExist>1</m_ibPFSExist><m_sPFSFullName>Ti PFS</m_sPFSFullName>"))),
        Case("objective_settings.ID", ["Objective:0"], nd2(md=LENS.format("60x"))),
        Case("objective_settings.MeasuredRefractiveIndex", ["1.515"], nd2(md="<dObjectiveNA>1.4</dObjectiveNA><dRefractIndex1>1.515</dRefractIndex1>")),
        Case("objective_settings.MeasuredRefractiveIndex", [], nd2(md="<dObjectiveNA>1.2</dObjectiveNA><dRefractIndex1>1</dRefractIndex1>")),
        Case("stage_label.Name", ["B02"], nd2(inside="<Point><Name>B02</Name></Point>")),
        Case("stage_label.X", ["-1.5 µm"], nd2(inside="<Point><X>-1.5</X></Point>")),
        Case("stage_label.Y", ["2.5 µm"], nd2(inside="<Point><Y>2.5</Y></Point>")),
        Case("stage_label.Z", ["3.5 µm"], nd2(inside="<Point><Z>3.5</Z></Point>")),
        *(Case(f"pixels.Size{d}", ["7"], nd2(image=f"Size{d}='7'")) for d in "XYZCT"),
        Case("pixels.PhysicalSizeX", ["0.16780898323268245 µm"], nd2(md="<bCalibrated>true</bCalibrated><dCalibration>0.16780898323268245</dCalibration>")),
        Case("pixels.PhysicalSizeX", [], nd2(md="<bCalibrated>false</bCalibrated><dCalibration>1</dCalibration>")),
        Case("pixels.PhysicalSizeY", ["0.5 µm"], nd2(md="<bCalibrated>true</bCalibrated><dCalibration>0.5</dCalibration><dAspect>1</dAspect><ePictureYAxis>1</ePictureYAxis>")),
        Case("pixels.PhysicalSizeY", [], nd2(md="<bCalibrated>true</bCalibrated><dCalibration>0.5</dCalibration><ePictureYAxis>2</ePictureYAxis>")),
        Case("pixels.PhysicalSizeZ", ["0.3 µm"], nd2(loops="<Loop Type='ZStackLoop' Count='3' stepUm='-0.3'/>")),
        Case("pixels.PhysicalSizeZ", [], nd2(loops="<Loop Type='ZStackLoop' Count='1' stepUm='1'/>")),
        Case("pixels.TimeIncrement", ["60 s"], nd2(loops="<Loop Type='TimeLoop' Count='3' periodMs='60000'/>", inside="<Times>5 60010 120020</Times>")),
        Case("pixels.TimeIncrement#2", ["5.075 s"], nd2(loops="<Loop Type='TimeLoop' Count='3' periodMs='1'/>", inside="<Times>5 5080 10160</Times>")),
        Case("pixels.TimeIncrement#2", [], nd2(loops="<Loop Type='NETimeLoop' Count='3'/>", inside="<Times>0 5000 65000</Times>")),
        Case("pixels.TimeIncrement#3", ["10 s"], nd2(loops="<Loop Type='TimeLoop' Count='3' periodMs='10000'/>")),
        Case("pixels.PixelType", ["uint16"], nd2(attributes="<uiBpcInMemory>16</uiBpcInMemory><ePixelType>1</ePixelType>")),
        Case("pixels.PixelType", ["float"], nd2(attributes="<uiBpcInMemory>32</uiBpcInMemory>")),
        Case("pixels.SignificantBits", ["12"], nd2(attributes="<uiBpcSignificant>12</uiBpcSignificant>")),
        Case("channel.Name", ["FM 4-64/2% CHAPS"], nd2(raw="<sDescription>FM 4-64/2% CHAPS</sDescription>")),
        Case("channel.Color", ["2028539903"], nd2(raw="<uiColor>1042808</uiColor>")),
        Case("channel.ContrastMethod", ["Fluorescence"], nd2(flags="fluorescence laserScanConfocal")),
        Case("channel.ContrastMethod", ["Brightfield"], nd2(flags="brightfield", raw="<sDescription>dic1-Brightfield-noEM</sDescription>")),
        Case("channel.ContrastMethod", ["Differential Intensity Contrast (DIC)"], nd2(flags="brightfield diContrast")),
        Case("channel.ContrastMethod", [], nd2(flags="fluorescence camera", raw="<sDescription>Ann_DIC</sDescription>")),
        Case("channel.ContrastMethod", [], nd2(flags="fluorescence", raw="<sDescription>20xphase</sDescription>")),
        Case("channel.IlluminationType", ["Wide-field_Fluorescence"], nd2(raw="<sDescription>DAPI</sDescription>")),
        Case("channel.IlluminationType", ["Confocal_Fluorescence_single-spot-raster-scan"], nd2(flags="fluorescence laserScanConfocal gaasp")),
        Case("channel.IlluminationType", ["Confocal_Fluorescence_spinning disk"], nd2(flags="fluorescence spinningDiskConfocal")),
        Case("channel.IlluminationType", [], stand("<Line Key='CSU-W1, Observation Mode'>Widefield</Line>", "fluorescence spinningDiskConfocal")),
        Case("channel.IlluminationType", ["Confocal_Fluorescence_swept-field"], nd2(flags="fluorescence sweptFieldConfocalSlit")),
        Case("channel.IlluminationType", ["TIRF (Total Total Internal Reflection Fluorescence)"], nd2(flags="fluorescence camera TIRF")),
        Case("channel.IlluminationType", [], stand(device("Turret1", "TIRF"))),
        Case("channel.IlluminationType", [], nd2(raw="<sDescription>488 SIM</sDescription>")),
        Case("channel.IlluminationType", ["Transmitted_Bright-field"], nd2(flags="brightfield laserScanConfocal transmitDetector", raw="<sDescription>TD</sDescription>")),
        Case("channel.IlluminationType", [], nd2(info="<TextInfoItem_7>Unmixing</TextInfoItem_7>")),
        Case("channel.IlluminationType", [], nd2(sample="<pCameraSetting><CameraUserName>Nikon A1 LFOV</CameraUserName></pCameraSetting>")),
        Case("channel.SamplesPerPixel", ["3"], nd2(raw="<uiCompCount>3</uiCompCount>")),
        Case("fluorophore.Name", ["GFP"], scan(group="<ChannelDyeName>GFP</ChannelDyeName>")),
        Case("fluorophore.Name#2", ["DAPI"], nd2(raw="<pFluorescentProbe><m_sName>DAPI</m_sName></pFluorescentProbe>")),
        Case("fluorophore.ExcitationWavelength", ["488 nm"], scan()),
        Case("fluorophore.ExcitationWavelength#2", ["480 nm"], nd2(raw=path(points("m_ExcitationSpectrum", (480, 20))))),
        Case("fluorophore.ExcitationWavelength#2", [], nd2(raw=path(points("m_ExcitationSpectrum", (488, 0), (561, 0))))),
        Case("fluorophore.ExcitationWavelength#3", ["488 nm"], stand("<Line Key='Excitation Wavelength'>488 nm</Line>")),
        Case("fluorophore.EmissionWavelength", ["535 nm"], nd2(raw=path(points("m_EmissionSpectrum", (500, 3), (535, 25), (550, 4))))),
        Case("fluorophore.EmissionWavelength#2", ["585 nm"], nd2("<Text><Line Key='Emission Wavelength'>585 nm</Line></Text>")),
        Case("fluorophore.EmissionWavelength", [], nd2(flags="brightfield", raw=path(points("m_EmissionSpectrum", (535, 25))))),
        Case("scan_laser_line.PeakWavelength", ["488 nm"], scan()),
        Case("scan_laser_settings.ID", ["LightSource:0"], scan()),
        Case("scan_laser_settings.IlluminationPowerSettings", ["0.5584 %"], scan(group="<LaserPower>0.5584</LaserPower>")),
        Case("scan_laser_settings.IlluminationPowerSettings", ["0.6 %"], scan()),
        Case("line_source.kind", ["Laser"], stand(LASER.format("Active"))),
        Case("line_source.kind", ["LightEmittingDiode"], stand(LEDS)),
        Case("line_source.Name", ["LUN4"], stand(LASER.format("Opened"))),
        Case("line_source.Name", [], stand(LASER.format("Closed"))),
        Case("line_source.Name", [], stand(LASER.format("Active"), "brightfield")),
        Case("line_source_line.kind", ["IlluminationWavelengthRange"], stand(LASER.format("Active"))),
        Case("line_source_line.kind", ["LEDModule"], stand(LEDS)),
        Case("line_source_line.PeakWavelength", ["561 nm"], stand(LASER.format("Active"))),
        Case("line_source_settings.ID", ["LightSource:0"], stand(LASER.format("Active"))),
        Case("line_source_settings.IlluminationPowerSettings", ["30.5 %"], stand(LASER.format("Active"))),
        Case("lamp.kind", ["LightEmittingDiode"], stand(LAMP.format("Active"))),
        Case("lamp.Name", ["Sola"], stand(LAMP.format("Open"))),
        Case("lamp.Name", [], stand(LAMP.format("Closed"))),
        Case("lamp_settings.ID", ["LightSource:0"], stand(LAMP.format("Active") * 2)),
        Case("filter_set.Name", ["96372 - GFP-4050B (GFP)"], stand(device("Turret-Lo", "96372 - GFP-4050B (GFP)"))),
        Case("filter_set.Name", ["CFP/dapi"], stand("<Line Key='Filter Blocks' Name='CFP/dapi'>2 (CFP/dapi)</Line>")),
        Case("filter_set.Name", [], stand(device("Turret-Lo", "Empty"))),
        Case("emission_filter.Name", ["525/50"], scan("<Line Key='Second Filter Cube'>525/50</Line><Line Key='Third Filter Cube'>595/50</Line>")),
        Case("emission_filter.Name", ["FITC (Em)"], stand(device("Filter", "FITC (Em)", "Sutter Lambda 10-B"))),
        Case("emission_filter.Name", ["525/50"], stand(device("EM Wheel", "525/50", "CSU-W1"))),
        Case("emission_filter.Name", [], stand(device("Filter2", "ET600/50", "Prior ProScan II"))),
        Case("emission_band.Wavelength", ["731 nm"], stand(device("EM Wheel", "731/137", "CSU-W1"))),
        Case("emission_band.FWHMBandwidth", ["137 nm"], stand(device("EM Wheel", "731/137", "CSU-W1"))),
        Case("emission_filter_ref.ID", ["Filter:0"], stand(device("EM Wheel", "731/137", "CSU-W1"))),
        Case("dichroic.Name", ["405/488/561"], scan("<Line Key='First Dichroic Mirror'>405/488/561</Line>")),
        Case("dichroic.Name", ["dic1-405/488"], stand(device("DM Wheel", "dic1-405/488", "CSU-W1"))),
        Case("dichroic.Name", [], scan("<Line Key='First Dichroic Mirror'>BS20/80</Line>")),
        Case("dichroic_ref.ID", ["StandardDichroic:0"], scan("<Line Key='First Dichroic Mirror'>405/488/561</Line>")),
        Case("point_detector.Name", ["CH2"], scan()),
        Case("point_detector.Coating", ["Gallium arsenide phosphide"], scan()),
        Case("point_detector.Coating", [], scan(flags="fluorescence laserScanConfocal pmt")),
        Case("point_settings.ID", ["Detector:0"], scan()),
        Case("point_settings.EffectiveBitDepth", ["12bit"], scan(attributes="<uiBpcInMemory>16</uiBpcInMemory><uiBpcSignificant>12</uiBpcSignificant>")),
        Case("point_settings.Offset", ["-9"], scan()),
        Case("camera_detector.kind", ["CMOS"], camera("")),
        Case("camera_detector.kind", ["GenericDetector"], camera("", "New camera")),
        Case("camera_detector.Name", ["Flash4.0, SN:1"], camera("")),
        Case("camera_detector.Name", [], scan(sample="<pCameraSetting><CameraUserName>Nikon A1plus</CameraUserName></pCameraSetting>")),
        Case("camera_detector.Model", ["Andor DU-897"], camera("Camera Type=Andor DU-897", "Andor DU-897 X-8870")),
        Case("camera_detector.Manufacturer", ["Andor"], camera("", "Andor DU-897 X-8870")),
        Case("camera_detector.Type", ["EMCCD"], camera("", "Andor DU-897 X-8870")),
        Case("camera_detector.ArrayWidth", ["2048"], nd2(sample="<pCameraSetting><CameraUserName>Andor Zyla</CameraUserName><FormatQuality><fmtDesc><sizeSensorPixels><cx>2048</cx><cy>-1</cy></sizeSensorPixels></fmtDesc></FormatQuality></pCameraSetting>")),
        Case("camera_detector.ArrayHeight", ["2044"], nd2(sample="<pCameraSetting><CameraUserName>Andor Zyla</CameraUserName><FormatQuality><fmtDesc><sizeSensorPixels><cx>-1</cx><cy>2044</cy></sizeSensorPixels></fmtDesc></FormatQuality></pCameraSetting>")),
        Case("camera_settings.ID", ["Detector:0"], camera("Binning=1x1")),
        Case("camera_settings.Binning", ["2x2"], camera("Binning=2.0x2.0")),
        Case("camera_settings.EffectiveBitDepth", ["14bit"], camera("", attributes="<uiBpcInMemory>16</uiBpcInMemory><uiBpcSignificant>14</uiBpcSignificant>")),
        Case("camera_settings.AnalogGain", ["6.2"], camera("Gain=6.2x")),
        Case("camera_settings.AmplificationGain", ["300"], camera("Multiplier=300")),
        Case("camera_settings.AmplificationGain", [], camera("Multiplier=Off")),
        Case("camera_settings.Offset", ["5"], camera("Hardware Offset=5")),
        Case("camera_settings.PixelReadOutRate", ["200 MHz"], camera("Readout Rate=200 MHz")),
        Case("camera_settings.SensorExposureMode", ["Rolling shutter"], camera("Readout Mode=Rolling shutter at 12-bit")),
        Case("camera_settings.OperatingTemperature", ["-70.1 °C"], camera("Temperature=-70.1°C")),
        Case("scanner_settings.PresetPinholeSize", ["38.314176245210724 µm"], scan(raw="<dPinholeDiameter>38.314176245210724</dPinholeDiameter>", flags="fluorescence laserScanConfocal")),
        Case("scanner_settings.PresetPinholeSize#2", ["38.3 µm"], scan("<Line Key='Pinhole Size(um)'>38.3</Line>")),
        Case("scanner_settings.ScanDirectionality", ["Bidirectional"], scan("<Line Key='Scan Direction'>Bi-Direction</Line>")),
        Case("scanner_settings.IntegrationNumber", ["8"], scan("<Line Key='Line Average Mode'>Average</Line><Line Key='Line Average/Integrate Count'>8</Line>")),
        Case("scanner_settings.IntegrationNumber#2", ["1"], scan(sample="<pCameraSetting><PropertiesQuality><Average>1</Average><Integrate>1</Integrate></PropertiesQuality></pCameraSetting>")),
        Case("scanner_settings.IntegrationUnit", ["Line"], scan("<Line Key='Line Average Mode'>Average</Line>")),
        Case("scanner_settings.IntegrationMethod", ["Sum"], scan("<Line Key='Line Average Mode'>Integrate</Line>")),
        Case("scanner_settings.EffectiveZoom", ["2.469"], scan(md="<dZoom>2.469</dZoom>")),
        Case("scanner_settings.MultiChannelMode", ["Parallel"], scan("<Line Key='Channel Series Mode'>None</Line>", more=SECOND, raw="<sDescription>CH2</sDescription>")),
        Case("scanner_settings.MultiChannelMode#2", ["Sequential"], scan("<Line Key='Channel Series Mode'>Line 1->4</Line>".replace(">4", "&gt;4"), more=SECOND, raw="<sDescription>CH2</sDescription>")),
        *(
            Case(f"planes.{name}", [value, "-"], nd2(), {"0": {**PLANES, column: [text, None]}})
            for name, column, text, value in (
                ("Timestamp", "CustomData|AcqTimesCache", "445.0834982842207", "0.4450834982842207 s"),
                ("Timestamp", "TimeMSec", "2500", "2.5 s"),
                ("ExposureTime", "CustomData|Camera_ExposureTime1", "150", "150 ms"),
                ("PositionX", "CustomData|X", "-1.5", "-1.5 µm"),
                ("PositionY", "XYPosLoop/Y", "2.5", "2.5 µm"),
                ("PositionZ", "CustomData|Z2", "3.5", "3.5 µm"),
            )
        ),
        Case("planes.ExposureTime", ["996.99755 ms", "996.99755 ms"], nd2(sample="<dExposureTime>996.99755</dExposureTime>"), {"0": PLANES}),
        Case("planes.ExposureTime", ["1000 ms", "1000 ms"], camera("Exposure=1 s"), {"0": PLANES}),
    ],
)  # fmt: skip


@pytest.mark.parametrize("case", CASES.cases, ids=lambda c: c.row)
def test_row(case: Case) -> None:
    CASES.prove(case)


def test_every_row_is_proven() -> None:
    CASES.check_all_rows()


def test_channels_of_a_scan_head_that_no_dye_tells_are_told_by_their_order() -> None:
    groups = (
        "<Group Name='CH1'><Line Key='PMT HV'>1</Line><Line Key='PMT Offset'>11</Line></Group>"
        "<Group Name='TD'><Line Key='PMT HV'>2</Line><Line Key='PMT Offset'>22</Line></Group>"
    )
    second = (
        f"<Plane Index='1' Key='a1' Flags='brightfield transmitDetector'><Text><Camera>{groups}</Camera></Text></Plane>"
    )
    tree = nd2(f"<Text><Camera>{groups}</Camera></Text>", flags="fluorescence laserScanConfocal", more=second)
    document = CASES.lifted(Case("", [], tree))
    assert [n.get("Offset") for n in nodes(document, "PointDetectorSettings")] == ["11", "22"]


def test_a_channel_without_a_text_of_its_own_has_no_detector_of_another() -> None:
    groups = (
        "<Group Name='CH1'><Line Key='PMT HV'>1</Line></Group><Group Name='CH2'><Line Key='PMT HV'>1</Line></Group>"
    )
    tree = nd2(f"<Text><Camera>{groups}</Camera></Text>", flags="fluorescence laserScanConfocal")
    assert nodes(CASES.lifted(Case("", [], tree)), "PhotoMultiplierTube") == []


@pytest.mark.parametrize(
    ("words", "text", "value"),
    [
        ("stand_model", "Nikon Ti2", "InvertedMicroscopeStand"),
        ("stand_model", "Ti-E Microscope", "InvertedMicroscopeStand"),
        ("stand_model", "Nikon Ni", "UprightMicroscopeStand"),
        ("maker_nikon", "Ti2 Microscope", "Nikon"),
        ("maker_nikon", "Flash4.0, SN:101412", "Hamamatsu"),
        ("camera_model", "Camera Nikon DS-Qi2", "CMOS"),
        ("camera_model", "Fusion, SN:500651", "CMOS"),
        ("camera_model", "Andor Zyla", "CMOS"),
        ("light_source_nikon", "NIDAQ|Agilent", "Laser"),
        ("light_source_nikon", "Lida|Lida", "LightEmittingDiode"),
        ("light_source_nikon", "Lumencor|Celesta", "Laser"),
        ("light_source_nikon", "SpectraIII/Celesta/Ziva|SpectraIII", "LightEmittingDiode"),
        ("light_source_nikon", "SpectraIII/Celesta/Ziva|Celesta", "Laser"),
        ("light_source_nikon", "ALC|ALC", "Laser"),
        ("light_source_nikon", "NIDAQ|X", "GenericExcitationSource"),
        ("immersion_nikon", "Plan Apochromat 60x WI/C|1|1.2", "Water"),
        ("immersion_nikon", "Plan Apo VC 60xWI|1.333|1.2", "Water"),
        ("immersion_nikon", "Plan Fluor 20x MImm|1.515|0.75", "Multi"),
        ("immersion_nikon", "S Plan Fluor 20x|1.515|0.75", ""),
        ("immersion_nikon", "Plan Apo 100x|1.515|1.45", "Mineral Oil"),
        ("immersion_nikon", "Plan Apo λS 25xC Sil|1.406|1.05", "Silicone Oil"),
    ],
)
def test_words(words: str, text: str, value: str) -> None:
    assert load_words(words).find(text) == value


def test_functions_are_there() -> None:
    assert {"bgr_to_rgba", "date_at_julian_day", "confirmed_step", "leading_number", "duration_in_ms"} <= set(FUNCTIONS)
