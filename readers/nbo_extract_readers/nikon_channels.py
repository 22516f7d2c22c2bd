"""The channels of an ND2 file: picture planes, their modality, and the text and sample setting that speak of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbo_extract_readers._tree import add, element_name
from nbo_extract_readers.nikon_text import add_camera, add_planes

if TYPE_CHECKING:
    from lxml import etree


def dicts(found: Any) -> dict[str, dict[str, Any]]:
    """Return the dictionaries among the values of what should be one."""
    return {str(k): v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


class Pictures:
    """The picture planes of the first frame and their sample settings, by the names that the file gives them."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        found = metadata.get("sPicturePlanes", metadata.get("PicturePlanes"))
        found = found if isinstance(found, dict) else {}
        named = (found[name] for name in ("sPlaneNew", "sPlane", "Plane") if found.get(name))
        self.planes = dicts(next(named, {}))
        self.samples = dicts(found.get("sSampleSetting"))


def add_channels(structure: etree._Element, pictures: Pictures, description: Any) -> int:
    """Add a ``Plane`` for each channel: where it stands in the metadata, its modality, the text about it.

    Returns
    -------
    int
        Number of channels.
    """
    from lxml import etree

    described = add_planes(etree.Element("holder"), description) if isinstance(description, str) else []
    for index, (key, plane) in enumerate(pictures.planes.items()):
        element = etree.SubElement(structure, "Plane", Index=str(index), Key=element_name(key))
        flags = modality_flags(plane)
        if flags:
            element.set("Flags", flags)
        sample = f"a{plane.get('uiSampleIndex', index)}"
        if sample not in pictures.samples and len(pictures.samples) == 1:
            sample = next(iter(pictures.samples))
        if sample in pictures.samples:
            element.set("Sample", sample)
        name = str(plane.get("sDescription") or plane.get("Description") or "")
        text = _described(described, index, name, len(pictures.planes))
        if text is not None:
            element.append(text)
        _camera(element, pictures.samples.get(sample, {}))
    return len(pictures.planes)


def modality_flags(plane: dict[str, Any]) -> str:
    """Return the names of a plane's modality flags, as the maker's library calls them, joined by blanks."""
    from nd2._sdk_types import ELxModalityMask

    mask = plane.get("uiModalityMask")
    if not isinstance(mask, int):
        modality = plane.get("eModality", plane.get("Modality"))
        mask = ELxModalityMask.get(modality, 0) if isinstance(modality, int) else 0
    return " ".join(flag.name for flag in ELxModalityMask if flag & mask)


def _described(texts: list[etree._Element], index: int, name: str, planes: int) -> etree._Element | None:
    """Return the text about a plane: that at its place if names agree, else the only one of its name."""
    named = [t for t in texts if any(line.get("Key") == "Name" and line.text == name for line in t.findall("Line"))]
    if index < len(texts) and texts[index] in named:
        return texts[index]
    if len(named) == 1:
        return named[0]
    return texts[index] if len(texts) == planes and not named and not name else None


def _camera(element: etree._Element, sample: dict[str, Any]) -> None:
    """Add what the sample setting says of the camera: its text, and properties of each channel of a scan head."""
    from lxml import etree

    camera = element.find("Text/Camera")
    spec = sample.get("sSpecSettings")
    if camera is None and isinstance(spec, str) and spec.strip():
        text = element.find("Text")
        camera = etree.SubElement(etree.SubElement(element, "Text") if text is None else text, "Camera")
        add_camera(camera, spec.replace("\r\n", "\n").split("\n"))
    setting = sample.get("pCameraSetting")
    quality = setting.get("PropertiesQuality") if isinstance(setting, dict) else None
    if camera is None or not isinstance(quality, dict):
        return
    for group in camera.findall("Group"):
        name = group.get("Name", "")
        for key, value in quality.items():
            rest = key.removeprefix(name)
            if rest != key and rest[:1].isupper() and not isinstance(value, dict):
                add(group, rest, value)
