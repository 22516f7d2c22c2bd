"""What Bio-Formats is known to state wrongly, taken out of what it gave or of a file that it converted.

Source: OME-XML of version 7.3.1 beside the vendors' files themselves. A converted file does not say what it was
converted from; the vendor's keys that were kept do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from nbo_extract.findings import Finding

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract.record import PlaneColumns


class _Wrong(NamedTuple):
    """Nodes, the attribute of theirs that is wrong (none: the nodes themselves), and why."""

    nodes: str
    attribute: str
    why: str


_CZI, _LIF, _TIFF, _OIB, _ND2 = (
    "Zeiss CZI", "Leica Image File Format", "Tagged Image File Format", "Olympus FV1000", "Nikon ND2",
)  # fmt: skip
_PRINTING = "the resolution for printing is given as the size of a pixel"
_WRONG = {
    _CZI: (_Wrong(".//StageLabel[starts-with(@Name, 'Scene position #')]", "Name", "a number is given for a name"),),
    _TIFF: (
        _Wrong(".//Pixels", "PhysicalSizeX", _PRINTING),
        _Wrong(".//Pixels", "PhysicalSizeY", _PRINTING),
        _Wrong(".//AcquisitionDate", "", "the date of the last program that saved the file is given"),
    ),
    _OIB: (
        _Wrong(".//Objective[@WorkingDistance = 9999]", "WorkingDistance", "a placeholder is given as a distance"),
        _Wrong(".//Dichroic[@Model = 'Mirror' or @Model = 'Glass']", "Model", "what stands in its place is given"),
        _Wrong(".//Detector", "Gain", "thousandths are given as whole numbers"),
        _Wrong(".//Pixels[@SizeZ = 1]", "PhysicalSizeZ", "a step is given where there is none"),
        _Wrong(".//Pixels[@SizeT = 1]", "TimeIncrement", "a step is given where there is none"),
    ),
    _ND2: (
        # An A1 or C2 is what scans; its detectors have no model.
        _Wrong(".//Detector[starts-with(translate(@Model, '_', ' '), 'Nikon A1')]", "Model", "the scan head is given"),
        _Wrong(".//Detector[starts-with(translate(@Model, '_', ' '), 'Nikon C2')]", "Model", "the scan head is given"),
    ),
}
_COLUMNS = {
    _CZI: (("ExposureTime", "milliseconds of the experiment are given as seconds"),),
    _LIF: tuple((name, "axes of the stage are swapped and reversed") for name in ("PositionX", "PositionY")),
    _OIB: (("PositionZ", "nanometres are given without a unit"),),
    _ND2: (("DeltaT", "the times of planes of one channel are given to those of several"),),
}
#: Beginnings of keys that one format alone has.
_KEYS = (
    ("Information|Image|", _CZI),
    ("[Acquisition Parameters Common] ", _OIB),
    ("m_SWNameString", _ND2),
)
_LEICA_KEY = re.compile(r"(?:^| )Image #\d+\|(?:ATL(?:Confocal|Camera)SettingDefinition|ChannelDescription) #\d+\|")
#: Programs that edit pictures: date and resolution of a TIFF are theirs.
_EDITORS = ("Adobe Photoshop", "GIMP", "ImageMagick", "Adobe Lightroom", "IrfanView", "paint.net")
#: Where ZEN writes the exposure of each channel, in nanoseconds.
_ZEN_EXPOSURE = "Information|Image|Channel|ExposureTime"


def drop_wrong(
    ome: etree._Element,
    original: etree._Element | None,
    planes: dict[str, PlaneColumns],
    file: str,
    form: str = "",
    levels: bool = True,
) -> list[Finding]:
    """Take out what is known to be wrong, in place.

    Parameters
    ----------
    ome : lxml element
        Root of the OME-XML, without namespace.
    original : lxml element or None
        Original metadata, see `nbo_extract_readers._original.add_original`.
    planes : dict of str to PlaneColumns
    file : str
        Name of the file for the findings.
    form : str
        Format as Bio-Formats calls it, where it was asked; else what the keys tell.
    levels : bool
        Whether images may be levels of a pyramid.

    Returns
    -------
    list of Finding
        One for each kind of fact that was left out.
    """
    keys = {str(e.get("Key")): e for e in original.iter("Entry")} if original is not None else {}
    asked = form in _WRONG or form in _COLUMNS
    form = form if asked else _format(keys)
    lost: dict[tuple[str, str, str], None] = {}
    if form == _CZI:
        if levels:
            _drop_levels(ome, planes, lost)
        _drop_zen(ome, keys, planes, lost)
    for wrong in _WRONG.get(form, ()):
        for node in _find(ome, wrong.nodes):
            _drop(node, wrong.attribute, wrong.why, lost)
    for name, why in _COLUMNS.get(form, ()):
        if form == _CZI and not asked:  # other versions state it rightly: the keys decide
            continue
        for columns in planes.values():
            if columns.columns.pop(name, None) is not None:
                lost["Plane", name, why] = None
    _drop_impossible(planes, lost)
    return [_finding(*what, file) for what in lost]


def _finding(element: str, attribute: str, why: str, file: str) -> Finding:
    what = f"{element} {attribute}".strip()
    message = f"{what} is left out: Bio-Formats states it wrongly ({why})"
    return Finding("NBO159", "info", message, file=file, element=element, attribute=attribute)


def _find(ome: etree._Element, path: str) -> list[etree._Element]:
    from lxml import etree

    found = etree.XPath(path)(ome)
    return [n for n in found if isinstance(n, etree._Element)] if isinstance(found, list) else []


def _drop(node: etree._Element, attribute: str, why: str, lost: dict[tuple[str, str, str], None]) -> None:
    parent = node.getparent()
    if not attribute and parent is not None:
        parent.remove(node)
    elif attribute in node.attrib:
        del node.attrib[attribute]
    else:
        return
    lost[str(node.tag), attribute, why] = None


def _format(keys: dict[str, etree._Element]) -> str:
    """Return the format that a file was converted from; empty where its keys do not tell."""
    for key, entry in keys.items():
        for start, form in _KEYS:
            if key.startswith(start):
                return form
        if _LEICA_KEY.search(key):
            return _LIF
        if key == "Software" and entry.get("Whole", "").startswith(_EDITORS) and "MetaMorph" in keys:
            return _TIFF
    return ""


def _values(keys: dict[str, etree._Element], key: str) -> list[float]:
    """Return the numbers of a key; none where one is no number."""
    entry = keys.get(key)
    texts = [] if entry is None else [i.text for i in entry]
    numbers = [v for t in texts if (v := _number(t)) is not None]
    return numbers if len(numbers) == len(texts) else []


def _drop_zen(
    ome: etree._Element,
    keys: dict[str, etree._Element],
    planes: dict[str, PlaneColumns],
    lost: dict[tuple[str, str, str], None],
) -> None:
    """Drop what the keys of ZEN contradict."""
    if not any(f"Information|Image|S|Scene|{k}" in keys for k in ("Shape|RowIndex", "Shape|Name", "ArrayName")):
        for plate in _find(ome, "./Plate"):
            _drop(plate, "", "no scene of the image lies in a well", lost)
    times = _values(keys, "Information|Image|SizeT")
    bits = _values(keys, "Information|Image|ComponentBitCount")
    for number, pixels in enumerate(_find(ome, "./Image/Pixels")):
        if len(times) == 1 and times[0] >= 1 and _number(pixels.get("SizeT")) != times[0]:
            _drop(pixels, "SizeT", "other dimensions are counted as times", lost)
            if planes.pop(str(number), None) is not None:
                lost["Plane", "", "other dimensions are counted as times"] = None
        given = _number(pixels.get("SignificantBits"))
        if given is not None and given > 8 and (len(bits) != 1 or bits[0] != given):
            _drop(pixels, "SignificantBits", "the bits of the storage are given", lost)
    _drop_exposures(keys, planes, lost)


def _drop_levels(ome: etree._Element, planes: dict[str, PlaneColumns], lost: dict[tuple[str, str, str], None]) -> None:
    """Drop images that are the smaller levels of the pyramid of the image before them.

    Such a level has a whole fraction of the size, the same size of a pixel, which cannot be, and the same place.
    """
    whole: etree._Element | None = None
    kept: list[PlaneColumns | None] = []
    count = 0
    for number, image in enumerate(_find(ome, "./Image")):
        count += 1
        if whole is not None and _is_level(whole, image):
            _drop(image, "", "a smaller level of a pyramid is given as an image", lost)
            for reference in _find(ome, "./Plate//ImageRef"):
                if reference.get("ID") == image.get("ID"):
                    _drop(reference, "", "", {})
            continue
        whole = image
        kept.append(planes.get(str(number)))
    if len(kept) < count:
        planes.clear()
        planes.update({str(number): columns for number, columns in enumerate(kept) if columns is not None})


def _is_level(whole: etree._Element, image: etree._Element) -> bool:
    first, second = whole.find("Pixels"), image.find("Pixels")
    places = [i.find("StageLabel") for i in (whole, image)]
    if first is None or second is None or places[0] is None or places[1] is None:
        return False
    same = all(first.get(n) == second.get(n) for n in ("SizeZ", "SizeC", "SizeT", "PhysicalSizeX", "PhysicalSizeY"))
    same = same and all(places[0].get(n) == places[1].get(n) is not None for n in ("X", "Y"))
    sizes = [[_number(p.get(n)) or 0 for p in (first, second)] for n in ("SizeX", "SizeY")]
    if not same or first.get("PhysicalSizeX") is None or any(s[1] < 1 for s in sizes):
        return False
    factor = round(sizes[0][0] / sizes[0][1])
    return factor > 1 and all(abs(s[0] / factor - s[1]) <= 1 for s in sizes)


def _drop_exposures(
    keys: dict[str, etree._Element], planes: dict[str, PlaneColumns], lost: dict[tuple[str, str, str], None]
) -> None:
    """Drop exposures that are milliseconds called seconds.

    Conversions of ZEN's files took the exposure from the experiment, in ms, and called it s. The exposures of ZEN's
    channels, in ns, stand in the original metadata.
    """
    true = {v / 1e9 for v in _values(keys, _ZEN_EXPOSURE) if v}
    for columns in planes.values() if true else ():
        given = {v for t in columns.columns.get("ExposureTime", ()) if (v := _number(t))}
        if given and not given <= true:
            del columns.columns["ExposureTime"]
            lost["Plane", "ExposureTime", "it contradicts the exposures that the original metadata state"] = None


def _drop_impossible(planes: dict[str, PlaneColumns], lost: dict[tuple[str, str, str], None]) -> None:
    """Drop columns with numbers so small that they are no measurements: pixels that were read as a header."""
    for columns in planes.values():
        for name in ("ExposureTime", "DeltaT", "PositionX", "PositionY", "PositionZ"):
            texts = list(filter(None, columns.columns.get(name, ())))
            joined = "".join(texts)
            # Only such a number has an exponent, or thirty noughts.
            if "e" not in joined and "E" not in joined and max(map(len, texts), default=0) <= 30:
                continue
            numbers = (_number(t) for t in texts)
            if any(v is not None and 0 < abs(v) < 1e-30 for v in numbers):
                del columns.columns[name]
                lost["Plane", name, "its numbers are below 1e-30 and no measurements"] = None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
