"""What the tests of OME-Zarr share: stores of each layout, and what is in them."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any

from sample_ome import multiscale, ome_xml, omero, write_group, write_image

if TYPE_CHECKING:
    from pathlib import Path


def contents(path: Path) -> dict[str, str]:
    """Return the hash of each file of a folder."""
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


def consolidate(path: Path) -> None:
    """Write consolidated metadata, as zarr-python does."""
    import zarr

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path, zarr_format=3 if (path / "zarr.json").exists() else 2)


def make_series(path: Path, version: str, names: tuple[str, ...] = ("0", "1", "2")) -> Path:
    """Write a bioformats2raw set with its OME-XML."""
    layout = {"bioformats2raw.layout": 3}
    if version == "0.4":
        write_group(path, version, {}, **layout)
    else:
        write_group(path, version, layout)
    for name in names:
        write_image(path / name, f"image {name}", version)
    write_group(path / "OME", version, {"series": list(names)})
    first = ome_xml(name="image", tiff_data="<MetadataOnly/>", planes=False)
    start, end = first.index("  <Image "), first.index("</OME>")
    images = []
    for number in range(len(names)):
        text = first[start:end]
        for kind in ("Image", "Pixels", "Channel"):
            text = text.replace(f'ID="{kind}:0', f'ID="{kind}:{number}')
        images.append(text)
    (path / "OME" / "METADATA.ome.xml").write_text(first[:start] + "".join(images) + "</OME>\n", encoding="utf-8")
    return path


def make_plate(path: Path, version: str) -> Path:
    """Write a plate of two wells with two fields each."""
    wells = [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}, {"path": "B/2", "rowIndex": 1, "columnIndex": 1}]
    stated: dict[str, Any] = {"name": "screen", "field_count": 2, "wells": wells}
    stated |= {"rows": [{"name": "A"}, {"name": "B"}], "columns": [{"name": "1"}, {"name": "2"}]}
    key = {"version": version} if version == "0.4" else {}
    write_group(path, version, {"plate": {**key, **stated}})
    for well in wells:
        place = path / str(well["path"])
        write_group(place, version, {"well": {**key, "images": [{"path": "0"}, {"path": "1"}]}})
        for name in "01":
            write_image(place / name, f"{well['path']} {name}", version)
    for row in "AB":
        write_group(path / row, version, {})
    return path


def make_labelled(path: Path, version: str) -> Path:
    """Write an image with a label image."""
    write_image(path, "cells", version)
    write_group(path / "labels", version, {"labels": ["nuclei"]})
    write_image(path / "labels" / "nuclei", "nuclei", version)
    return path


def make_next(path: Path, **more: Any) -> Path:
    """Write an image of OME-NGFF 0.6 as it is developed: two coordinate systems, the last that of the pixels."""
    made = multiscale("cells")
    axes = made.pop("axes")
    steps = [
        {"type": "scale", "scale": [1.0, 0.3, 0.108, 0.108]},
        {"type": "translation", "translation": [0, 0, 5, 6.5]},
    ]
    names = {"input": {"path": "0"}, "output": {"name": "intrinsic"}}
    made["coordinateSystems"] = [{"name": "stage", "axes": axes}, {"name": "intrinsic", "axes": axes}]
    made["datasets"][0]["coordinateTransformations"] = [{"type": "sequence", "transformations": steps, **names}]
    away = {"type": "scale", "scale": [1, 10, 10, 10], "input": {"name": "intrinsic"}, "output": {"name": "stage"}}
    made["coordinateTransformations"] = [away]
    write_image(path, "cells", "0.5")
    write_group(path, "0.6.dev4", {"multiscales": [{**made, **more}], "omero": omero()})
    return path


def make_scene(path: Path) -> Path:
    """Write a scene of OME-NGFF 0.6 that places two images."""
    steps = [
        {
            "type": "translation",
            "translation": [0, 0, 0, n],
            "output": "world",
            "input": {"path": p, "name": "intrinsic"},
        }
        for n, p in enumerate(("tile_1", "./tile_0"))
    ]
    write_group(path, "0.6.dev4", {"scene": {"coordinateTransformations": steps, "coordinateSystems": []}})
    for name in ("tile_0", "tile_1"):
        make_next(path / name)
    return path


def attributes_of(path: Path) -> dict[str, Any]:
    """Return the root attributes of a store."""
    if (path / "zarr.json").exists():
        found: dict[str, Any] = json.loads((path / "zarr.json").read_text(encoding="utf-8"))["attributes"]
    else:
        found = json.loads((path / ".zattrs").read_text(encoding="utf-8"))
    return found
