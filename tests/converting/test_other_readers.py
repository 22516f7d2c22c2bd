"""What other programs see in a converted image: the same pixels, sizes, names and the annotation."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import ome_types
import pytest

from made_images import made, whole, write
from nbo_extract.writers.block import NBO_NAMESPACE
from nbo_extract_readers._jvm import find_java

if TYPE_CHECKING:
    from nbo_extract.converting.conversion import Kind

IMAGES = (made(2, 2, 3, y=50), made(c=2, z=2, seed=9))


def test_tifffile_and_ome_types_see_the_images_and_the_annotation(tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "a.ome.tiff"
    write(path, "ome-tiff", *IMAGES)
    with tifffile.TiffFile(path) as tiff:
        assert [(s.name, s.axes, s.shape) for s in tiff.series] == [
            ("cells 0", "TCZYX", (2, 2, 3, 50, 30)),
            ("cells 1", "CZYX", (2, 2, 40, 30)),
        ]
        xml = tiff.ome_metadata
    ome = ome_types.from_xml(str(xml))
    assert [c.name for c in ome.images[0].pixels.channels] == ["dye 0", "dye 1"]
    assert ome.images[1].pixels.planes[3].delta_t == 3.25
    assert ome.instruments[0].objectives[0].nominal_magnification == 63
    assert NBO_NAMESPACE in [a.namespace for a in ome.structured_annotations or ()]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_models_takes_images_and_sets(tmp_path: Path, version: str) -> None:
    import zarr
    from ome_zarr_models import open_ome_zarr

    write(tmp_path / "a.ome.zarr", "ome-zarr", made(c=2, y=2100, x=1500), ngff=version)
    image: Any = open_ome_zarr(zarr.open_group(tmp_path / "a.ome.zarr", mode="r"))
    assert type(image).__name__ == "Image"
    scales = image.attributes if version == "0.4" else image.ome_attributes
    (multiscale,) = scales.multiscales
    assert [(a.name, a.type, a.unit) for a in multiscale.axes] == [
        ("t", "time", None),
        ("c", "channel", None),
        ("z", "space", "nanometer"),
        ("y", "space", "micrometer"),
        ("x", "space", "micrometer"),
    ]
    found = [list(d.coordinateTransformations[0].scale) for d in multiscale.datasets]
    assert found == [[1, 1, 500, 0.1 * f, 0.1 * f] for f in (1, 2, 4)]
    assert multiscale.type == "local mean"
    attributes: Any = zarr.open_group(tmp_path / "a.ome.zarr", mode="r").attrs
    omero: Any = (attributes["ome"] if version == "0.5" else attributes)["omero"]
    window = {"min": 0, "max": 65535, "start": 0, "end": 65535}
    assert omero["channels"] == [
        {"label": f"dye {n}", "color": "00FF00", "window": window, "active": True} for n in range(2)
    ]
    write(tmp_path / "b.ome.zarr", "ome-zarr", *IMAGES, ngff=version)
    models = import_module(f"ome_zarr_models.v0{version[-1]}.bioformats2raw")
    assert models.BioFormats2Raw.from_zarr(zarr.open_group(tmp_path / "b.ome.zarr", mode="r"))
    series: Any = zarr.open_group(tmp_path / "b.ome.zarr" / "OME", mode="r").attrs
    assert (series["ome"] if version == "0.5" else series)["series"] == ["0", "1"]


def test_levels_are_means_of_the_level_above(tmp_path: Path) -> None:
    import zarr

    image = made(y=2101, x=1500, tile=(256, 256))
    write(tmp_path / "a.ome.zarr", "ome-zarr", image, workers=2)
    upper = whole(image)[0, 0, 0].astype(float)
    for level in (1, 2):
        rows, columns = upper.shape[0] // 2, upper.shape[1] // 2
        wanted = np.rint(upper[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean(axis=(1, 3)))
        found = np.asarray(zarr.open_array(tmp_path / "a.ome.zarr" / str(level), mode="r")[0, 0, 0])
        assert np.array_equal(found, wanted)
        upper = found.astype(float)
    assert not (tmp_path / "a.ome.zarr" / "3").exists()


# bioio-ome-tiff calls ome-types with an argument of earlier versions, and takes the warning for a refusal.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("kind", "name"), [("ome-tiff", "a.ome.tiff"), ("ome-zarr", "a.ome.zarr")])
def test_bioio_reads_pixels_and_scale(tmp_path: Path, kind: Kind, name: str) -> None:
    reader_of = import_module("bioio_ome_tiff" if kind == "ome-tiff" else "bioio_ome_zarr").Reader
    image = IMAGES[0]
    write(tmp_path / name, kind, image)
    reader = reader_of(str(tmp_path / name))
    assert np.array_equal(reader.get_image_data("TCZYX"), whole(image))
    assert list(reader.channel_names) == ["dye 0", "dye 1"]
    assert reader.physical_pixel_sizes.X == 0.1


BIO_FORMATS = """
import hashlib, json, sys
import jpype
jpype.startJVM(sys.argv[3], classpath=[sys.argv[1]], convertStrings=True)
loci = jpype.JPackage("loci")
loci.common.DebugTools.setRootLevel("OFF")
reader = loci.formats.ImageReader()
meta = loci.formats.MetadataTools.createOMEXMLMetadata()
reader.setMetadataStore(meta)
reader.setId(sys.argv[2])
found = []
for series in range(reader.getSeriesCount()):
    reader.setSeries(series)
    sizes = [reader.getSizeT(), reader.getSizeC(), reader.getSizeZ(), reader.getSizeY(), reader.getSizeX()]
    planes = [bytes(reader.openBytes(n)) for n in range(reader.getImageCount())]
    found.append({"sizes": [int(s) for s in sizes], "hash": hashlib.sha256(b"".join(planes)).hexdigest(),
                  "order": str(reader.getDimensionOrder()), "little": bool(reader.isLittleEndian()),
                  "interleaved": bool(reader.isInterleaved()),
                  "name": str(meta.getImageName(series)), "channel": str(meta.getChannelName(series, 0))})
print(json.dumps(found))
print(json.dumps([str(meta.getXMLAnnotationNamespace(n)) for n in range(meta.getXMLAnnotationCount())]))
"""


@pytest.mark.parametrize("images", [IMAGES, (made(samples=3, dtype="uint8"),), (made(y=2200, x=2060),)])
def test_bio_formats_reads_the_same(tmp_path: Path, images: Any) -> None:
    jar = os.environ.get("NBO_BIOFORMATS_JAR", "")
    if not Path(jar).is_file():
        pytest.skip("NBO_BIOFORMATS_JAR does not name a bioformats_package.jar")
    path = tmp_path / "a.ome.tiff"
    write(path, "ome-tiff", *images)
    command = [sys.executable, "-c", BIO_FORMATS, jar, str(path), find_java()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, namespaces = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    for number, image in enumerate(images):
        pixels = whole(image)
        if image.samples > 1 and not found[number]["interleaved"]:
            pixels = np.moveaxis(pixels, -1, -3)
        assert found[number]["sizes"] == [image.t, image.c * image.samples, image.z, image.y, image.x]
        assert found[number]["little"]
        assert found[number]["hash"] == hashlib.sha256(pixels.tobytes()).hexdigest()
        assert (found[number]["name"], found[number]["channel"]) == (f"cells {number}", "dye 0")
    assert NBO_NAMESPACE in namespaces
