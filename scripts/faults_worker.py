"""Makes and opens datasets for `inject_faults`, in a process of its own: Java and threads do not go with forks.

Asked in lines of JSON on standard input, answers a line each.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

OME_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" '
    'SizeC="1" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/><MetadataOnly/></Pixels></Image></OME>'
)
PLANES = 1000
#: Datasets of several files, and what makes them.
SETS = {"set": "full", "set-master": "with_master", "set-companion": "with_companion"}


def make(name: str, folder: str) -> str:
    """Make a dataset in a folder and return the path that is embedded into."""
    place = Path(folder)
    place.mkdir(exist_ok=True)
    if name.startswith("zarr"):
        return str(_make_zarr(place / "cells.zarr", name.removeprefix("zarr-")))
    if name in SETS:
        sys.path.append(str(Path(__file__).parent.parent / "tests"))
        import make_ome_sets

        made: list[Path] = getattr(make_ome_sets, SETS[name])(place, 3)
        return str(made[0])
    path = place / "cells.ome.tif"
    if name == "planes":
        _make_planes(path)
    elif name == "pyramid":
        _make_image(path, 2, "<", False, tile=(32, 32), compression="zlib")
    else:
        big = name == "big"
        _make_image(path, 0, ">" if big else "<", big, rowsperstrip=16)
    return str(path)


def _make_image(path: Path, below: int, order: Literal["<", ">"], big: bool, **how: Any) -> None:
    import numpy as np
    import tifffile

    pixels = np.random.default_rng(1).integers(0, 900, (2, 3, 64, 96), np.uint16)
    how["photometric"] = "minisblack"
    with tifffile.TiffWriter(path, bigtiff=big, byteorder=order, ome=True) as writer:
        writer.write(pixels, subifds=below, metadata={"axes": "CZYX", "Channel": {"Name": ["µ", "GFP"]}}, **how)
        for level in range(1, below + 1):
            writer.write(pixels[:, :, :: 2**level, :: 2**level], subfiletype=1, **how)


def _make_planes(path: Path) -> None:
    import numpy as np
    import tifffile

    pixels = np.arange(PLANES * 64, dtype=np.uint16).reshape(PLANES, 8, 8)
    planes = "".join(
        f'<TiffData IFD="{n}" FirstT="{n}" PlaneCount="1"><UUID FileName="cells.ome.tif">'
        f"urn:uuid:00000000-0000-4000-8000-000000000001</UUID></TiffData>"
        for n in range(PLANES)
    ) + "".join(
        f'<Plane TheZ="0" TheC="0" TheT="{n}" DeltaT="{n * 0.125:.12f}" ExposureTime="0.020000000000" '
        f'PositionX="{1000 + n * 0.01:.40f}" PositionY="{2000 - n * 0.01:.40f}" PositionZ="{n * 0.3:.40f}">'
        f'<AnnotationRef ID="Annotation:{n}"/></Plane>'
        for n in range(PLANES)
    )
    notes = "".join(
        f'<LongAnnotation ID="Annotation:{n}" Namespace="example.org/frame"><Description>{"frame of the camera, " * 25}'
        f"</Description><Value>{n}</Value></LongAnnotation>"
        for n in range(PLANES)
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        'UUID="urn:uuid:00000000-0000-4000-8000-000000000001"><Image ID="Image:0"><Pixels ID="Pixels:0" '
        f'DimensionOrder="XYCZT" Type="uint16" SizeX="8" SizeY="8" SizeZ="1" SizeC="1" SizeT="{PLANES}">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image>'
        f"<StructuredAnnotations>{notes}</StructuredAnnotations></OME>"
    )
    with tifffile.TiffWriter(path) as writer:
        for number, plane in enumerate(pixels):
            writer.write(plane, description=None if number else xml, metadata=None, photometric="minisblack")


def _make_zarr(path: Path, version: str) -> Path:
    import numpy as np
    import zarr

    scale = [{"type": "scale", "scale": [0.5, 1e-1]}]
    image: dict[str, Any] = {
        "axes": [{"name": "y", "type": "space", "unit": "micrometer"}, {"name": "x", "type": "space"}],
        "datasets": [{"path": "0", "coordinateTransformations": scale}],
        "name": "µ",
    }
    attributes: dict[str, Any] = {"ome": {"version": "0.5", "multiscales": [image]}}
    if version == "0.4":
        attributes = {"multiscales": [{"version": "0.4", **image}], "omero": {"channels": []}}
    number: Literal[2, 3] = 2 if version == "0.4" else 3
    group = zarr.open_group(path, mode="w", zarr_format=number, attributes=attributes)
    names = None if number == 2 else ("y", "x")
    array = group.create_array("0", shape=(8, 8), chunks=(4, 4), dtype="uint8", dimension_names=names)
    array[:] = np.arange(64, dtype="uint8").reshape(8, 8)
    if version == "0.4":
        zarr.consolidate_metadata(path, zarr_format=number)
        (path / "OME").mkdir()
        (path / "OME" / "METADATA.ome.xml").write_text(OME_XML, encoding="utf-8")
    return path


def look(path: str) -> dict[str, Any]:
    """Open a dataset as other programs do; return a hash of all pixels, and one of the metadata of each file."""
    place = Path(path)
    return _look_zarr(place) if place.is_dir() else _look_tiff(place)


def _look_tiff(place: Path) -> dict[str, Any]:
    import tifffile
    from lxml import etree

    metadata, pixels = {}, hashlib.sha256()
    for file in sorted(f for f in place.parent.iterdir() if not f.name.endswith(".nbo-tmp")):
        if file.name.endswith((".ome", ".xml")):
            text = file.read_bytes()
        else:
            with tifffile.TiffFile(file) as tiff:
                text = str(tiff.pages.first.description).encode()
                for series in tiff.series:
                    for level in series.levels:
                        pixels.update(repr((level.axes, level.shape, level.dtype.str)).encode())
                        pixels.update(level.asarray().tobytes())
        etree.fromstring(text, etree.XMLParser(huge_tree=True))
        metadata[file.name] = hashlib.sha256(text).hexdigest()
    return {"pixels": pixels.hexdigest(), "metadata": metadata}


def _look_zarr(place: Path) -> dict[str, Any]:
    import zarr
    from lxml import etree

    metadata, pixels = {}, hashlib.sha256()
    for consolidated in (False, True):
        if consolidated and not (place / ".zmetadata").exists():
            continue
        group = zarr.open_group(place, mode="r", use_consolidated=consolidated)
        attributes = dict(group.attrs)
        nbo = attributes.pop("nbo", None)
        for name, array in sorted(group.arrays()):
            pixels.update(repr((name, array.shape, str(array.dtype), sorted(attributes.items()))).encode())
            pixels.update(array[:].tobytes())  # type: ignore[union-attr]
        metadata[".zmetadata" if consolidated else "root"] = json.dumps(nbo, sort_keys=True)
    xml = place / "OME" / "METADATA.ome.xml"
    if xml.exists():
        etree.fromstring(xml.read_bytes())
        metadata["OME"] = xml.read_text(encoding="utf-8")
    return {
        "pixels": pixels.hexdigest(),
        "metadata": {k: hashlib.sha256(v.encode()).hexdigest() for k, v in metadata.items()},
    }


def bioformats(path: str) -> dict[str, Any]:
    """Open a file in Bio-Formats; return a hash of all planes of all series and resolutions, and the OME-XML's size."""
    from nbo_extract_readers._jvm import start

    loci = start()
    reader = loci.formats.ImageReader()
    service = loci.common.services.ServiceFactory().getInstance(loci.formats.services.OMEXMLService.class_)
    store = service.createOMEXMLMetadata()
    reader.setMetadataStore(store)
    reader.setFlattenedResolutions(False)
    pixels = hashlib.sha256()
    planes = 0
    try:
        reader.setId(path)
        for series in range(reader.getSeriesCount()):
            reader.setSeries(series)
            for resolution in range(reader.getResolutionCount()):
                reader.setResolution(resolution)
                shape = (reader.getSizeX(), reader.getSizeY(), reader.getImageCount(), reader.getPixelType())
                pixels.update(repr((series, resolution, *map(int, shape))).encode())
                for plane in range(reader.getImageCount()):
                    pixels.update(bytes(reader.openBytes(plane)))
                    planes += 1
        xml = str(service.getOMEXML(store))
        return {
            "pixels": pixels.hexdigest(),
            "planes": planes,
            "format": str(reader.getFormat()),
            "xml": "<OME " in xml,
        }
    finally:
        reader.close()


def main() -> None:
    """Answer until the input ends."""
    warnings.simplefilter("ignore")
    out = sys.stdout
    sys.stdout = sys.stderr
    jobs: dict[str, Callable[..., Any]] = {"make": make, "look": look, "bioformats": bioformats}
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = jobs[name](*arguments)
        except Exception as error:  # of whatever kind a library raises: that it does is the answer
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
