"""A Document as OME-XML: valid whatever it states, and read back to the same facts where OME has a place for them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import ome_types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from nbo_extract.api import extract
from nbo_extract.lift import lift
from nbo_extract.model import Document, Fact, Node, PlaneTable, Source
from nbo_extract.ome_document import NAMESPACE, to_ome_xml
from nbo_extract.ome_rules import ome_rules, ome_schema
from nbo_extract.pixels import PixelImage
from nbo_extract.record import RawRecord
from nbo_extract.schema import load
from random_documents import Maker

if TYPE_CHECKING:
    from pathlib import Path


def tree(document: Document, **options: object) -> etree._Element:
    """Return the valid OME-XML of a Document, without its namespace."""
    xml = to_ome_xml(document, **options)  # type: ignore[arg-type]
    ome_types.validate_xml(xml)
    return etree.fromstring(xml.replace(f' xmlns="{NAMESPACE}"'.encode(), b""))


def reread(document: Document) -> Document:
    """Read the OME-XML of a Document through the table of OME."""
    holder = etree.Element("Record")
    holder.append(tree(document))
    return lift(RawRecord("a.tif", "", "", "ome", holder))


def pixels(**sizes: int | str) -> PixelImage:
    given = {"t": 1, "c": 1, "z": 1, "y": 8, "x": 8, "samples": 1, "dtype": "uint16", **sizes}
    return PixelImage(**given, tile=(8, 8), read=lambda *_: np.zeros(0))  # type: ignore[arg-type]


def image(*children: Node, **facts: str) -> Document:
    """Return a Document of one image that OME takes."""
    found = Node("Pixels", {"ID": Fact("Pixels:0")}, list(children))
    stated = {"DimensionOrder": "XYZCT", "PixelType": "uint8", **{f"Size{axis}": "2" for axis in "XYZCT"}, **facts}
    for name, value in stated.items():
        found.put(name, value)
    return Document(Node("OME", {}, [Node("Image", {"ID": Fact("Image:0")}, [found])]))


def test_an_ome_tiff_reads_back_to_the_same_facts(sample_data: Path) -> None:
    document = extract(sample_data / "confocal.ome.tiff", planes="none").arrange()
    assert reread(document).arrange() == document
    first = to_ome_xml(document)
    assert to_ome_xml(reread(document)) == first


@pytest.mark.parametrize("name", ["widefield.czi", "cells_v05.ome.zarr"])
def test_samples_are_valid_with_their_pixels(sample_data: Path, name: str) -> None:
    document = extract(sample_data / name, planes="all")
    given = [pixels() for _ in document.images]
    found = tree(document, images=given, tiff_data=[7])
    assert [dict(e.attrib) for e in found.iter("TiffData")] == [{"IFD": "7", "PlaneCount": "1"}]
    stated = found.find("Image/Pixels")
    assert stated is not None
    wanted = {"DimensionOrder": "XYZCT", "Type": "uint16", "SizeX": "8", "SizeC": "1"}
    assert {k: stated.get(k) for k in wanted} == wanted


def test_real_files_are_valid(shared: Path) -> None:
    files = sorted(p for p in (shared / "samples").rglob("*.*") if p.is_file())
    seen = 0
    for file in files:
        document = extract(file, planes="all")
        given = [pixels(t=2, c=len(i.first("Pixels").all("Channel")) or 1) for i in document.images]  # type: ignore[union-attr]
        found = tree(document, images=given, tiff_data=[0] * len(given))
        assert [e.get("ID") for e in found.iter("Image")] == [i.id for i in document.images]
        seen += len(given)
    assert seen >= len(files)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.integers(10, 400))
def test_any_document_is_valid_and_deterministic(seed: int, size: int) -> None:
    document = Maker(seed, size=size).document()
    xml = to_ome_xml(document)
    ome_types.validate_xml(xml)
    assert to_ome_xml(document) == xml
    given = [pixels(c=2, t=3) for _ in document.images]
    ome_types.validate_xml(to_ome_xml(document, images=given, tiff_data=range(len(given))))


def test_100_000_planes_are_written_quickly_and_each_once() -> None:
    numbers = range(100_000)
    columns: dict[str, list[str | None]] = {
        "ID": [f"Plane:{n}" for n in numbers],
        "TheZ": ["0" for _ in numbers],
        "TheC": ["0" for _ in numbers],
        "TheT": [str(n) for n in numbers],
        "Timestamp": [str(n / 8) for n in numbers],
        "ExposureTime": [None if n % 2 else "20" for n in numbers],
        "PositionX": ["1.5" for _ in numbers],
        "PositionY": ["1.5" for _ in numbers],
    }
    units = {"Timestamp": "s", "ExposureTime": "ms", "PositionX": "Pixel"}
    document = image(SizeT="100000", SizeC="1", SizeZ="1")
    document.images[0].children[0].planes = PlaneTable(columns, units)
    start = time.process_time()
    xml = to_ome_xml(document)
    assert time.process_time() - start < 5
    found = [dict(e.attrib) for e in etree.fromstring(xml).iter(f"{{{NAMESPACE}}}Plane")]
    assert len(found) == 100_000
    first = {"TheZ": "0", "TheT": "1", "TheC": "0", "DeltaT": "0.125", "DeltaTUnit": "s"}
    # A position without a unit would get OME's.
    assert found[1] == {**first, "PositionX": "1.5", "PositionXUnit": "pixel"}
    assert found[2]["ExposureTime"] == "20"


def test_planes_that_nothing_tells_apart_or_beyond_the_image_are_left_out() -> None:
    document = image()
    columns: dict[str, list[str | None]] = {
        "ID": ["Plane:0", "Plane:1", "Plane:2", "Plane:3"],
        "TheC": ["0", "0", "1", "2"],
        "TheT": ["0"] * 4,
        "TheZ": ["0"] * 4,
    }
    document.images[0].children[0].planes = PlaneTable(columns)
    assert [dict(e.attrib) for e in tree(document).iter("Plane")] == [{"TheZ": "0", "TheT": "0", "TheC": "1"}]


def test_what_ome_has_no_type_unit_or_word_for_is_left_out() -> None:
    document = image(PhysicalSizeX="0.1")
    pixels_ = document.images[0].children[0]
    pixels_.put("PhysicalSizeY", "-1", "µm")
    pixels_.put("PhysicalSizeZ", "0.5", "µm")
    pixels_.put("SignificantBits", "9")
    instrument = Node("Instrument", {"ID": Fact("Instrument:0")})
    lens = instrument.add("Objective", ID="Objective:0", ImmersionType="Silicone Oil", LensNA="INF", Model="60x")
    lens.put("WorkingDistance", "1", "reference frame")
    instrument.add("MultiLaserEngine", ID="LightSource:0", Model="NBO alone")
    instrument.add("Laser", ID="LightSource:1", Pulse="true", FrequencyMultiplication="1.5", Name="no name in OME")
    document.root.children.insert(0, instrument)
    found = tree(document)
    assert {k: v for k, v in found.find("Image/Pixels").attrib.items() if "Physical" in k} == {  # type: ignore[union-attr]
        "PhysicalSizeZ": "0.5",
        "PhysicalSizeZUnit": "µm",
    }
    parts = [(e.tag, dict(e.attrib)) for e in found.find("Instrument")]  # type: ignore[union-attr]
    lens_ = {"ID": "Objective:0", "Model": "60x", "Immersion": "Oil"}
    lens_ |= {"WorkingDistance": "1", "WorkingDistanceUnit": "reference frame"}
    assert parts == [("Laser", {"ID": "LightSource:1"}), ("Objective", lens_)]


def test_of_several_where_ome_has_room_for_one_none_is_chosen() -> None:
    path = Node("LightPath", {"ID": Fact("LightPath:0")})
    path.add("LightSourceSettings", ID="LightSource:0", Attenuation="0.5")
    path.add("LightSourceSettings", ID="LightSource:1", Attenuation="0.7")
    path.add("CameraSettings", ID="Detector:0", AnalogGain="2", Binning="2x2")
    channel = Node("Channel", {"ID": Fact("Channel:0")}, [path, Node("Fluorophore", {"Name": Fact("DAPI")})])
    document = image(channel)
    instrument = Node("Instrument", {"ID": Fact("Instrument:0")})
    for number in range(2):
        instrument.add("Laser", ID=f"LightSource:{number}")
    instrument.add("CCD", ID="Detector:0", Type="EMCCD")
    document.root.children.insert(0, instrument)
    found = tree(document).find("Image/Pixels/Channel")
    assert found is not None
    assert found.get("Fluor") == "DAPI"
    assert [(e.tag, dict(e.attrib)) for e in found] == [
        ("DetectorSettings", {"ID": "Detector:0", "Gain": "2", "Binning": "2x2"})
    ]
    channel.children.append(Node("Fluorophore", {"Name": Fact("GFP")}))
    assert tree(document).find("Image/Pixels/Channel").get("Fluor") is None  # type: ignore[union-attr]


def test_references_that_lead_nowhere_and_what_hangs_on_them_are_left_out() -> None:
    document = image()
    found = document.images[0]
    found.add("InstrumentRef", ID="Instrument:9")
    found.add("ObjectiveSettings", ID="Objective:9", CorrectionCollarPosition="1")
    found.add("ExperimenterRef", ID="Experimenter:0")
    found.add("AnnotationRef", ID="Annotation:0")
    assert [e.tag for e in tree(document).find("Image")] == ["Pixels"]  # type: ignore[union-attr]
    document.root.add("Experimenter", ID="Experimenter:0", LastName="Example")
    assert [e.tag for e in tree(document).find("Image")] == ["ExperimenterRef", "Pixels"]  # type: ignore[union-attr]


def test_ids_stay_where_ome_takes_them_and_references_follow_the_others() -> None:
    document = image()
    document.images[0].add("ObjectiveSettings", ID="L 1")
    document.images[0].add("InstrumentRef", ID="Instrument:7")
    instrument = Node("Instrument", {"ID": Fact("Instrument:7")})
    instrument.add("Objective", ID="L 1", Model="a")
    instrument.add("Objective", ID="Objective:0", Model="b")
    instrument.add("StandardDichroic", ID="Mirror:3", Model="c")
    document.root.children.append(instrument)
    found = tree(document)
    assert [e.get("ID") for e in found.find("Instrument")] == ["Objective:1", "Objective:0", "Dichroic:3"]  # type: ignore[union-attr]
    assert found.find("Image/ObjectiveSettings").get("ID") == "Objective:1"  # type: ignore[union-attr]
    assert found.find("Image/InstrumentRef").get("ID") == "Instrument:7"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("raw", "stated"),
    [
        ("2024-03-15T09:30:00.25Z", "2024-03-15T09:30:00.25Z"),
        ("2024-03-15", None),
        ("2024-03-16T09:30:00", None),
        ("2024-03-15T25:30:00", None),
    ],
)
def test_the_time_of_an_image_is_stated_where_its_source_has_one(raw: str, stated: str | None) -> None:
    document = image()
    document.images[0].put("AcquisitionDate", "2024-03-15", source=Source("embedded", raw=raw))
    assert tree(document).findtext("Image/AcquisitionDate") == stated


def test_colours_of_a_pixel_are_samples_of_one_channel() -> None:
    document = image(Node("Channel", {"ID": Fact("Channel:5"), "Name": Fact("RGB")}))
    found = tree(document, images=[pixels(samples=3, dtype="uint8")], tiff_data=[0]).find("Image/Pixels")
    assert found is not None
    assert found.get("SizeC") == "3"
    assert found.get("Interleaved") == "true"
    assert [dict(e.attrib) for e in found if e.tag == "Channel"] == [
        {"ID": "Channel:5", "Name": "RGB", "SamplesPerPixel": "3"}
    ]


def test_pixels_without_metadata_get_them_and_others_are_refused() -> None:
    document = Document(Node("OME", {}, [Node("Image", {"ID": Fact("Image:0")})]))
    found = tree(document, images=[pixels(c=2, dtype="float32")], tiff_data=[3])
    assert [e.get("ID") for e in found.iter("Channel")] == ["Channel:0", "Channel:1"]
    assert found.find("Image/Pixels/TiffData").attrib == {"IFD": "3", "PlaneCount": "2"}  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="0 pixels for 1 images"):
        to_ome_xml(document, images=[])


def test_the_uuid_is_that_of_the_file_that_is_written() -> None:
    document = image()
    document.root.put("UUID", "urn:uuid:00000000-0000-0000-0000-000000000001")
    assert tree(document).get("UUID") is None
    own = "urn:uuid:00000000-0000-0000-0000-000000000002"
    assert tree(document, uuid=own).get("UUID") == own


def test_the_table_names_what_both_models_have() -> None:
    rules, nbo, ome = ome_rules(), load(), ome_schema()
    known = {d.name for d in ome.walk()}
    own = {d.name for d in nbo.walk()} | {"..", *nbo.names}
    attributes = {n for d in nbo.walk() for n in d.attributes} | {"name()", "#text"}
    words = {a for d in nbo.walk() for t in d.attributes.values() for a in t.type.enum}
    assert set(rules.elements) <= known
    for name, rule in rules.elements.items():
        kinds = [d for d in ome.walk() if d.name == name]
        for attribute, specs in (*rule.attributes.items(), *rule.texts.items()):
            declared = [t for d in kinds for t in (d.attributes.get(attribute), d.child(attribute)) if t is not None]
            assert declared, (name, attribute)
            for spec in specs:
                for path in spec.paths:
                    *steps, last = path.split("/")
                    assert set(steps) <= own, (name, path)
                    assert last in attributes, (name, path)
                if len(spec.paths) == 1 and spec.words and spec.paths != ("name()",):
                    assert set(spec.words) <= words | {"true", "false"}, (name, attribute)
                allowed = kinds[0].attributes[attribute].type.enum if attribute in kinds[0].attributes else ()
                if allowed and spec.words and not spec.function:
                    assert set(spec.words.values()) <= set(allowed), (name, attribute)
        for child, paths in rule.children.items():
            assert any(d.child(child) for d in kinds), (name, child)
            assert {s for path in paths for s in path.split("/")} <= own, (name, paths)


def test_a_redacted_document_names_nobody(sample_data: Path) -> None:
    from nbo_extract.redact import redact

    document = redact(extract(sample_data / "confocal.ome.tiff"))
    assert b"Ada" not in to_ome_xml(document)
    assert b"Ada" in to_ome_xml(replace(extract(sample_data / "confocal.ome.tiff")))
