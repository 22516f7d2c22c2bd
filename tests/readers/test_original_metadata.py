"""What Bio-Formats kept of the vendor's metadata in a converted file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from nbo_extract.api import extract
from nbo_extract.lift import lift
from nbo_extract.record import PlaneColumns, RawRecord
from nbo_extract.registry import read
from nbo_extract_readers import _jvm
from nbo_extract_readers._original import add_original, annotated
from nbo_extract_readers._wrong import drop_wrong
from original_cases import body, zen
from sample_ome import make_ome_tiff
from table_cases import nodes

if TYPE_CHECKING:
    from pathlib import Path

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def annotation(key: str, value: str, namespace: str = "openmicroscopy.org/OriginalMetadata") -> str:
    return (
        f'<XMLAnnotation ID="Annotation:{key}" Namespace="{namespace}"><Value><OriginalMetadata><Key>{key}</Key>'
        f"<Value>{value}</Value></OriginalMetadata></Value></XMLAnnotation>"
    )


def ome(annotations: str, exposure: str) -> bytes:
    planes = "".join(f'<Plane TheZ="0" TheC="{c}" TheT="0" ExposureTime="{exposure}" PositionX="1"/>' for c in (0, 1))
    return (
        f'<OME xmlns="{OME}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="4" '
        'SizeY="4" SizeZ="1" SizeC="2" SizeT="1"><Channel ID="Channel:0"/><Channel ID="Channel:1"/><TiffData/>'
        f"{planes}</Pixels></Image><StructuredAnnotations>{annotations}</StructuredAnnotations></OME>"
    ).encode()


def exposures(path: Path) -> tuple[list[str | None], list[str]]:
    document = extract(path)
    table = nodes(document, "Pixels")[0].planes
    assert table is not None
    return table.columns.get("ExposureTime", []), [f.code for f in document.findings]


KEY = "Information|Image|Channel|ExposureTime"


def test_lists_and_single_values(tmp_path: Path) -> None:
    xml = ome(annotation("A|B", "[1, 2]") + annotation("C", "x") + annotation("D", "y", "other"), "0.1")
    record = read(make_ome_tiff(tmp_path / "a.ome.tiff", description=xml))
    entries = record.tree.findall("OriginalMetadata/Entry")
    assert [(e.get("Key"), e.get("Whole"), [i.text for i in e]) for e in entries] == [
        ("A|B", "1, 2", ["1", "2"]),
        ("C", "x", ["x"]),
    ]


def test_wrong_exposures_are_replaced_by_those_of_the_channels(tmp_path: Path) -> None:
    xml = ome(annotation(KEY, "[100000000, 200000000]"), "100")
    path = make_ome_tiff(tmp_path / "a.ome.tiff", description=xml)
    assert exposures(path) == (["0.1", "0.2"], ["NBO159"])


def test_right_exposures_stay(tmp_path: Path) -> None:
    xml = ome(annotation(KEY, "[100000000, 200000000]"), "0.1")
    path = make_ome_tiff(tmp_path / "a.ome.tiff", description=xml)
    assert exposures(path) == (["0.1", "0.1"], [])


def test_list_of_another_length_tells_of_no_channel(tmp_path: Path) -> None:
    """One of three channels of the vendor lacks its exposure: which, the list does not say."""
    xml = ome(annotation(KEY, "[100000000]"), "100")
    path = make_ome_tiff(tmp_path / "a.ome.tiff", description=xml)
    assert exposures(path) == ([], ["NBO159"])


def test_each_channel_has_its_own() -> None:
    tree = zen(
        body(channels="<Channel/><Channel/>"),
        ("Image|Channel|PinholeSizeAiry", "[1.5, 2.5]"),
        ("Image|Channel|ContrastMethod", "[Fluorescence]"),
    )
    document = lift(RawRecord("a.tif", "", "", "ome", etree.fromstring(f"<Record><OME>{tree}</OME></Record>")))
    assert [n.get("Aperture") for n in nodes(document, "PinholeSettings")] == ["1.5", "2.5"]
    assert [n.get("ContrastMethod") for n in nodes(document, "Channel")] == [None, None]


def test_numbers_that_are_no_measurements() -> None:
    planes = {"0": PlaneColumns({"PositionX": ["1.4E-38", "0"], "PositionY": ["0", "2"], "DeltaT": ["x", None]}, {})}
    findings = drop_wrong(etree.Element("OME"), None, planes, "a.tif")
    assert list(planes["0"].columns) == ["PositionY", "DeltaT"]
    assert [f.message for f in findings] == [
        "Plane PositionX is left out: Bio-Formats states it wrongly (its numbers are below 1e-30 and no measurements)"
    ]


def test_nothing_is_added_where_there_is_nothing() -> None:
    root = etree.fromstring("<OME><StructuredAnnotations/></OME>")
    assert add_original(root, annotated(root)) is None


@pytest.mark.skipif(bool(_jvm.missing()), reason=f"Bio-Formats is not at hand: {_jvm.missing()}")
def test_conversion_by_the_real_library(sample_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "converted.ome.tiff"
    command = ["java", "-cp", _jvm.find_jar(), "loci.formats.tools.ImageConverter"]
    try:
        subprocess.run([*command, str(sample_data / "widefield.czi"), str(path)], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no command java")
    own, converted = extract(sample_data / "widefield.czi"), extract(path)
    for attribute in ("ContrastMethod",):
        assert [n.get(attribute) for n in nodes(converted, "Channel")] == [
            n.get(attribute) for n in nodes(own, "Channel")
        ]
    tables = [nodes(d, "Pixels")[0].planes for d in (own, converted)]
    assert all(t is not None for t in tables)
    stated = [
        {float(v or 0) * (1e-3 if t.units["ExposureTime"] == "ms" else 1) for v in t.columns["ExposureTime"]}
        for t in tables
        if t
    ]
    assert stated[0] == stated[1]
