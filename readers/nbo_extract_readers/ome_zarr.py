"""OME-Zarr (OME-NGFF 0.1 to 0.6): images, series, scenes and plates, from the JSON files alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbo_extract.errors import CorruptFileError
from nbo_extract.findings import Finding
from nbo_extract.record import RawRecord
from nbo_extract.registry import head
from nbo_extract.stores import ZipStore, is_url, last_part, open_store, shown
from nbo_extract_readers._ngff import (
    COPY_AGAIN,
    IDENTIFIER,
    Store,
    combine,
    in_sequence,
    intrinsic,
    scalar,
    titled,
    to_json,
)
from nbo_extract_readers._ome_xml import parse
from nbo_extract_readers._original import add_original, annotated, image_names
from nbo_extract_readers._text import clean
from nbo_extract_readers._wrong import drop_wrong
from nbo_extract_readers.formats import OME_ZARR, ZIP_MAGIC

if TYPE_CHECKING:
    from lxml import etree

    from nbo_extract_readers._ngff import Array, Group
    from nbo_extract_readers._ome_xml import OmeXml

# OME-NGFF before 0.3 had no axes: all images were five-dimensional in this order.
_FIXED_AXES = ("t", "c", "z", "y", "x")
_ENDS = ("input", "output")
_NAMED = 8
INFO = OME_ZARR
_METADATA = "OME/METADATA.ome.xml"
_NGFF_KEYS = frozenset(
    {"multiscales", "omero", "plate", "well", "ome", "nbo", "bioformats2raw.layout", "series", "version", "labels"}
)


def read(path: str) -> RawRecord:
    """Read the metadata of an OME-Zarr: an image, a collection of series, a scene, a plate, or one well of a plate.

    Parameters
    ----------
    path : str
        Root directory, ZIP archive of one, or URL.

    Returns
    -------
    RawRecord
        Vocabulary ``ome`` where the file OME/METADATA.ome.xml is there, else ``ngff``. The tree has the element
        ``OME`` without namespace (where there is OME-XML) and ``Structure`` with ``File``, an ``Image`` for each
        image and ``Plate``. The Key of an image is its position, in a plate its path.

    Raises
    ------
    CorruptFileError
        If there is no Zarr, one of its JSON files is damaged, or it holds no image.
    NboExtractError
        If a file cannot be opened.

    Notes
    -----
    Source: OME-NGFF specifications 0.1 to 0.5, and 0.6 as it is developed; Zarr specifications 2 and 3.
    """
    archive = os.path.isfile(path) and head(path).startswith(ZIP_MAGIC)
    if not archive and not is_url(path) and not os.path.isdir(path):
        raise CorruptFileError(
            f"{path} is not a directory, so it is no OME-Zarr; give the folder whose name ends in .zarr."
        )
    files = open_store(path)
    try:
        return _read(shown(path), Store(files))
    finally:
        if isinstance(files, ZipStore):
            files.close()


def _read(path: str, store: Store) -> RawRecord:
    from lxml import etree

    root = store.group("")
    tree = etree.Element("Record")
    place = path if is_url(path) else os.path.abspath(path)
    record = RawRecord(path, "OME-Zarr", INFO.name, "ngff", tree, files=(place,))
    xml = _add_ome_xml(store, record)
    _note_version(record, root)
    structure = etree.SubElement(tree, "Structure")
    file = etree.SubElement(structure, "File", {"Name": clean(last_part(path))})
    _add_images(store, root, structure, record)
    if "NGFF" in record.versions:
        file.set("NGFFVersion", record.versions["NGFF"])
    file.set("ZarrFormat", root.zarr_format)
    record.versions["Zarr"] = root.zarr_format
    _add_attributes(root, structure)
    if xml is not None:
        file.set("OMENamespace", xml.namespace)
    for namespace, content in xml.own if xml is not None else ():
        etree.SubElement(structure, "NBO", {"Namespace": namespace}).text = content
    if "nbo" in root.attributes:
        etree.SubElement(structure, "NBO", {"Key": "nbo"}).text = clean(to_json(root.attributes["nbo"]))
    return record


def _add_ome_xml(store: Store, record: RawRecord) -> OmeXml | None:
    content = store.bytes(_METADATA)
    if content is None:
        return None
    file = os.path.basename(record.path)
    xml, findings = parse(content, file)
    if xml is None:
        message = f"The file {_METADATA} is no OME-XML; the metadata of the images themselves are used."
        record.findings.append(Finding("NBO104", "error", message, file=file, source=_METADATA))
        return None
    record.findings.extend(findings)
    record.vocabulary = "ome"
    record.tree.append(xml.root)
    record.planes = xml.planes
    record.versions["OME"] = xml.version
    original = add_original(record.tree, annotated(xml.root), image_names(xml.root))
    record.findings += drop_wrong(xml.root, original, xml.planes, file, levels=False)
    return xml


def _add_images(store: Store, root: Group, structure: etree._Element, record: RawRecord) -> None:
    if root.get_dict("plate"):
        _add_plate(store, root, structure, record)
        return
    if root.get_list("multiscales"):
        _add_image(store, root, "0", structure, record)
        return
    images = root.get_dict("well").get("images")
    if isinstance(images, list):
        paths = [p for i in images if isinstance(i, dict) and (p := scalar(i.get("path"))) is not None]
    else:
        paths = _of_scene(root) or _series(store, root)
    if not paths:
        raise CorruptFileError(
            f"{record.path} is a Zarr, but no OME-Zarr image: {_seen(root)}; give the folder of an image."
        )
    for key, path in enumerate(paths):
        try:
            _add_image(store, store.group(path), str(key), structure, record)
        except CorruptFileError as error:
            record.findings.append(_lost(record, f"image {path}", error))
    if structure.find("Image") is None:
        raise CorruptFileError(f"{record.path} names {len(paths)} images, but none of them can be read; {COPY_AGAIN}")


def _series(store: Store, root: Group) -> list[str]:
    """Paths of the images of a collection, in its order; of a plain folder of images, by name."""
    try:
        listed = store.group("OME").get_list("series")
    except CorruptFileError:
        listed = []
    paths = [text for p in listed if (text := scalar(p)) is not None]
    if paths:
        return paths
    names = [n for n in store.children() if n != "OME"]
    if root.attributes.get("bioformats2raw.layout", root.meta.get("bioformats2raw.layout")) is not None:
        return sorted((n for n in names if n.isdecimal()), key=int)
    return [n for n in names if _is_image(store, n)]


def _of_scene(root: Group) -> list[str]:
    """Paths of the images that a scene places (0.6), in the order in which they are named."""
    steps = root.get_dict("scene").get("coordinateTransformations")
    ends = [s.get(end) for s in (steps if isinstance(steps, list) else []) if isinstance(s, dict) for end in _ENDS]
    named = [scalar(e.get("path")) for e in ends if isinstance(e, dict)]
    return list(dict.fromkeys(p.removeprefix("./").strip("/") for p in named if p))


def _is_image(store: Store, path: str) -> bool:
    try:
        return bool(store.group(path).get_list("multiscales"))
    except CorruptFileError:
        return False


def _seen(root: Group) -> str:
    keys = sorted(root.attributes)
    if not keys:
        return f"its {root.source} states no attributes"
    listed = ", ".join(keys[:_NAMED]) + (" ..." if len(keys) > _NAMED else "")
    return f"its {root.source} has {listed}, but neither multiscales nor plate"


def _lost(record: RawRecord, what: str, error: CorruptFileError) -> Finding:
    message = f"The {what} was left out: {error.message}"
    return Finding("NBO102", "warning", message, file=os.path.basename(record.path), source=what)


def _add_image(store: Store, group: Group, key: str, structure: etree._Element, record: RawRecord) -> None:
    """Append the Image of a group; raises before anything is appended."""
    from lxml import etree

    multiscale = next((m for m in group.get_list("multiscales") if isinstance(m, dict)), None)
    if multiscale is None:
        raise CorruptFileError(f"{store.name(group.path)} is a Zarr group without multiscales; {COPY_AGAIN}")
    datasets = multiscale.get("datasets")
    dataset = datasets[0] if isinstance(datasets, list) and datasets and isinstance(datasets[0], dict) else {}
    path = scalar(dataset.get("path"))
    if path is None:
        raise CorruptFileError(f"{store.name(group.path)} lists no dataset in its multiscales; {COPY_AGAIN}")
    array = store.array(f"{group.path}/{path}" if group.path else path)
    image = etree.Element("Image", {"Key": key, "Path": group.path})
    name = scalar(multiscale.get("name"))
    if name is not None:
        image.set("Name", name)
    try:
        problems = _add_axes(image, multiscale, dataset, array)
    except ValueError as error:
        raise CorruptFileError(f"{store.name(group.path)} {error}; {COPY_AGAIN}") from error
    if problems:
        message = f"The pixel sizes of the image {group.path or name or key} were left out: {'; '.join(problems)}."
        file = os.path.basename(record.path)
        record.findings.append(Finding("NBO102", "warning", message, file=file, source=group.source))
    downscaling = scalar(multiscale.get("type"))
    if downscaling is not None:
        image.set("Downscaling", downscaling)
    _note_version(record, group)
    _add_omero(image, group.get_dict("omero"))
    if group.path:
        _add_attributes(group, image)
    structure.append(image)


def _add_axes(
    image: etree._Element, multiscale: dict[str, object], dataset: dict[str, object], array: Array
) -> list[str]:
    """Add sizes and axes; return what could not be understood of the coordinate transformations."""
    from lxml import etree

    inner, outer = (d.get("coordinateTransformations") for d in (dataset, multiscale))
    stated = multiscale.get("axes")
    if "coordinateSystems" in multiscale:
        stated, inner, outer = intrinsic(multiscale, inner), in_sequence(inner), []
    axes = [a if isinstance(a, dict) else {"name": a} for a in (stated if isinstance(stated, list) else _FIXED_AXES)]
    names = [scalar(a.get("name")) or "" for a in axes]
    if len(names) != len(array.shape) or not all(names) or len(set(names)) < len(names):
        raise ValueError(f"states the axes {', '.join(names) or 'none'} for an array of {len(array.shape)} dimensions")
    for name, size in zip(names, array.shape, strict=True):
        if IDENTIFIER.fullmatch(name):
            image.set(f"Size{name.upper() if len(name) == 1 else name[0].upper() + name[1:]}", size)
    image.set("DataType", array.data_type)
    scales, shifts, problems = combine(
        inner if isinstance(inner, list) else [], outer if isinstance(outer, list) else [], len(names)
    )
    for axis, size, scale, shift in zip(axes, array.shape, scales, shifts, strict=True):
        facts = {"Name": axis.get("name"), "Type": axis.get("type"), "Unit": axis.get("unit")}
        facts |= {"Size": size, "Scale": scale, "Translation": shift}
        etree.SubElement(image, "Axis", {k: text for k, v in facts.items() if (text := scalar(v)) is not None})
    return problems


def _add_omero(image: etree._Element, omero: dict[str, object]) -> None:
    from lxml import etree

    channels = omero.get("channels")
    for index, channel in enumerate(channels if isinstance(channels, list) else []):
        facts = {"Index": str(index)}
        if isinstance(channel, dict):
            facts |= titled(channel)
            window = channel.get("window")
            facts |= titled(window, "Window") if isinstance(window, dict) else {}
        etree.SubElement(image, "Channel", facts)
    rendering = omero.get("rdefs")
    if isinstance(rendering, dict):
        etree.SubElement(image, "Rendering", titled(rendering))


def _add_plate(store: Store, root: Group, structure: etree._Element, record: RawRecord) -> None:
    from lxml import etree

    stated = root.get_dict("plate")
    rows, columns = (_names(stated.get(k)) for k in ("rows", "columns"))
    facts = titled({k: v for k, v in stated.items() if k not in ("rows", "columns")})
    plate = etree.Element("Plate", {k: v for k, v in facts.items() if k != "Version"})
    plate.set("Rows", str(len(rows)))
    plate.set("Columns", str(len(columns)))
    for tag, names in (("Row", rows), ("Column", columns)):
        for name in names:
            etree.SubElement(plate, tag, {"Name": name})
    acquisitions = stated.get("acquisitions")
    for acquisition in acquisitions if isinstance(acquisitions, list) else []:
        if isinstance(acquisition, dict):
            etree.SubElement(plate, "Acquisition", titled(acquisition))
    wells = stated.get("wells")
    for well in wells if isinstance(wells, list) else []:
        if isinstance(well, dict) and scalar(well.get("path")) is not None:
            _add_well(store, well, plate, structure, record)
    if structure.find("Image") is None:
        raise CorruptFileError(
            f"{record.path} is a plate, but none of its {len(plate.findall('Well'))} wells has an image; " + COPY_AGAIN
        )
    structure.append(plate)


def _add_well(
    store: Store, stated: dict[str, object], plate: etree._Element, structure: etree._Element, record: RawRecord
) -> None:
    from lxml import etree

    facts = titled({k: v for k, v in stated.items() if k in ("path", "rowIndex", "columnIndex")})
    well = etree.SubElement(plate, "Well", facts)
    path = str(scalar(stated.get("path"))).strip("/")
    try:
        images = store.group(path).get_dict("well").get("images")
    except CorruptFileError as error:
        record.findings.append(_lost(record, f"well {path}", error))
        return
    for image in images if isinstance(images, list) else []:
        name = scalar(image.get("path")) if isinstance(image, dict) else None
        if name is None or not isinstance(image, dict):
            continue
        key = f"{path}/{name}"
        acquisition = scalar(image.get("acquisition"))
        try:
            _add_image(store, store.group(key), key, structure, record)
        except CorruptFileError as error:
            record.findings.append(_lost(record, f"image {key}", error))
            continue
        field = etree.SubElement(well, "Field", {"Path": name, "ImageKey": key})
        if acquisition is not None:
            field.set("Acquisition", acquisition)


def _names(stated: object) -> list[str]:
    items = stated if isinstance(stated, list) else []
    return [scalar(i.get("name")) or "" for i in items if isinstance(i, dict)]


def _note_version(record: RawRecord, group: Group) -> None:
    """Note the version of OME-NGFF, which the first group that states one decides."""
    places = [group.meta] if group.meta is not group.attributes else []
    places += [p for k in ("plate", "well", "multiscales") for p in [group.meta.get(k)] if isinstance(p, dict)]
    places += [m for m in group.get_list("multiscales") if isinstance(m, dict)]
    for place in places:
        version = scalar(place.get("version"))
        if version:
            record.versions.setdefault("NGFF", version)


def _add_attributes(group: Group, parent: etree._Element) -> None:
    """Append attributes that OME-NGFF does not define, as JSON text."""
    from lxml import etree

    extra = {k: v for k, v in group.attributes.items() if k not in _NGFF_KEYS}
    if group.meta is not group.attributes:
        extra |= {f"ome/{k}": v for k, v in group.meta.items() if k not in _NGFF_KEYS}
    for key, value in extra.items():
        etree.SubElement(parent, "Attribute", {"Name": clean(key)}).text = clean(to_json(value))
