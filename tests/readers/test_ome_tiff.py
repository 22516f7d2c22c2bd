"""The OME-TIFF reader: trees, columns, sets of files, and what it says about damaged ones."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import ome_types
import pytest
import tifffile
from lxml import etree

from nbo_extract.errors import CorruptFileError, NboExtractError
from nbo_extract_readers import ome_tiff
from nbo_extract_readers.ome_tiff import INFO, read
from sample_ome import Order, make_ome_tiff, ome_xml, planes, tiff_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from nbo_extract.record import RawRecord

NS = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def text(element: etree._Element | None) -> str:
    assert element is not None
    return etree.tostring(element, encoding="unicode")


def tags(record: RawRecord) -> dict[str, str]:
    return {t.get("Name", ""): t.text or "" for t in record.tree.findall("Structure/Tag")}


def messages(record: RawRecord) -> list[tuple[str, str, str]]:
    return [(f.code, f.severity, f.message) for f in record.findings]


def tiff(path: Path, description: str | bytes) -> Path:
    data = description.encode() if isinstance(description, str) else description
    path.write_bytes(tiff_bytes(planes()[:1], data))
    return path


def ome(inner: str, attributes: str = "", namespace: str = NS) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{namespace}"{attributes}>{inner}</OME>'


def test_sample_is_valid_and_always_the_same(tmp_path: Path) -> None:
    first = make_ome_tiff(tmp_path / "cells.ome.tiff").read_bytes()
    (tmp_path / "again").mkdir()
    assert make_ome_tiff(tmp_path / "again" / "cells.ome.tiff").read_bytes() == first
    assert len(first) < 60_000
    with tifffile.TiffFile(tmp_path / "cells.ome.tiff") as file:
        assert file.is_ome
        assert file.series[0].axes == "CZYX"
        assert file.series[0].asarray()[1, 1, 3, 3] == 3 * 3 + 97 + 1009
        xml = file.ome_metadata
    assert xml is not None
    ome_types.validate_xml(xml)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["little", "big"])
def test_structure_of_each_kind_of_tiff(tmp_path: Path, order: Order, big: bool) -> None:
    path = make_ome_tiff(tmp_path / "cells.ome.tiff", order=order, big=big)
    record = read(str(path))
    assert record.tree.tag == "Record"
    assert [c.tag for c in record.tree] == ["OME", "Structure"]
    assert text(record.tree.find("Structure/File")) == (
        f'<File Name="cells.ome.tiff" BigTIFF="{str(big).lower()}" ByteOrder="{order}" MorePages="true" '
        f'OMENamespace="{NS}"/>'
    )
    assert tags(record) == {
        "ImageWidth": "32", "ImageLength": "32", "BitsPerSample": "16", "Compression": "1",
        "PhotometricInterpretation": "1", "SamplesPerPixel": "1", "RowsPerStrip": "32", "SampleFormat": "1",
    }  # fmt: skip
    assert (record.path, record.format, record.reader, record.vocabulary) == (str(path), "OME-TIFF", "ome-tiff", "ome")
    assert record.versions == {"OME": "2016-06"}
    assert record.files == (str(path),)
    assert record.findings == []


def test_tree_has_names_without_namespace_and_texts_as_written(tmp_path: Path) -> None:
    record = read(str(make_ome_tiff(tmp_path / "cells.ome.tiff")))
    assert text(record.tree.find("OME/Instrument/Objective")) == (
        '<Objective ID="Objective:0" Manufacturer="Nikon" Model="Plan Apo &#955; 60x/1.40 Oil" '
        'NominalMagnification="60" CalibratedMagnification="60.2" LensNA="1.4" Immersion="Oil" Correction="PlanApo" '
        'WorkingDistance="130" WorkingDistanceUnit="&#181;m" Iris="false"/>'
    ).replace("&#955;", "λ").replace("&#181;", "µ")
    assert text(record.tree.find("OME/Image/Pixels/Channel[2]/LightPath")) == (
        '<LightPath><EmissionFilterRef ID="Filter:2"/></LightPath>'
    )
    root = record.tree.find("OME")
    assert root is not None
    assert sorted(root.attrib) == ["Creator", "UUID"]
    assert root.nsmap == {}


def test_planes_are_columns_and_leave_the_tree(tmp_path: Path) -> None:
    record = read(str(make_ome_tiff(tmp_path / "cells.ome.tiff")))
    assert [c.tag for c in record.tree.iterfind("OME/Image/Pixels/*")] == ["Channel", "Channel"]
    assert list(record.planes) == ["0"]
    table = record.planes["0"]
    assert len(table) == 4
    assert table.columns["TheC"] == ["0", "0", "1", "1"]
    assert table.columns["DeltaT"] == ["0", "0.125", "0.25", "0.425"]
    assert table.columns["ExposureTime"] == ["50", "50", "100", "100"]
    assert table.columns["PositionZ"] == ["12.0", "12.3", "12.0", "12.3"]
    assert table.columns["PositionZUnit"] == ["µm"] * 4
    assert table.paths["DeltaT"] == "OME/Image/Pixels/Plane/@DeltaT"


def test_planes_of_several_images_and_of_old_schemas(tmp_path: Path) -> None:
    xml = ome(
        '<Image ID="Image:0"><Pixels ID="Pixels:0"/></Image>'
        '<Image ID="Image:1"><Pixels ID="Pixels:1">'
        '<Plane TheZ="0" TheC="0" TheT="0"><PlaneTiming DeltaT="1.5" ExposureTime="0.2"/>'
        '<StagePosition PositionX="3"/><HashSHA1>ab</HashSHA1></Plane>'
        '<Plane TheZ="0" TheC="0" TheT="1"/></Pixels></Image>',
        namespace="http://www.openmicroscopy.org/Schemas/OME/2008-02",
    )
    record = read(str(tiff(tmp_path / "old.ome.tif", xml)))
    assert record.versions == {"OME": "2008-02"}
    assert record.planes == {"1": record.planes["1"]}
    assert record.planes["1"].columns == {
        "TheZ": ["0", "0"], "TheC": ["0", "0"], "TheT": ["0", "1"],
        "PlaneTiming/DeltaT": ["1.5", None], "PlaneTiming/ExposureTime": ["0.2", None],
        "StagePosition/PositionX": ["3", None], "HashSHA1/text()": ["ab", None],
    }  # fmt: skip
    assert record.planes["1"].paths["StagePosition/PositionX"] == "OME/Image/Pixels/Plane/StagePosition/@PositionX"
    assert record.planes["1"].paths["HashSHA1/text()"] == "OME/Image/Pixels/Plane/HashSHA1/text()"


def test_oldest_schema_with_its_many_namespaces(tmp_path: Path) -> None:
    xml = (
        '<OME xmlns="http://www.openmicroscopy.org/XMLschemas/OME/FC/ome.xsd" '
        'xmlns:Bin="http://www.openmicroscopy.org/XMLschemas/BinaryFile/RC1/BinaryFile.xsd">'
        '<Image ID="Image:0"><Pixels><Bin:TiffData/></Pixels></Image></OME>'
    )
    record = read(str(tiff(tmp_path / "old.ome.tif", xml)))
    assert text(record.tree.find("OME")) == '<OME><Image ID="Image:0"><Pixels/></Image></OME>'
    assert record.versions == {"OME": "FC"}


def test_foreign_annotations_keep_their_namespaces(tmp_path: Path) -> None:
    value = '<Value><a:Setup xmlns:a="urn:lab"><a:Lamp on="1"> </a:Lamp></a:Setup></Value>'
    note = f'<XMLAnnotation ID="Annotation:0" Namespace="urn:lab">\n{value}\n</XMLAnnotation>'
    xml = ome(f"<!-- c --><StructuredAnnotations>\n  {note}</StructuredAnnotations>")
    record = read(str(tiff(tmp_path / "a.ome.tif", xml)))
    assert text(record.tree.find("OME/StructuredAnnotations")) == (
        f'<StructuredAnnotations><XMLAnnotation ID="Annotation:0" Namespace="urn:lab">{value}</XMLAnnotation>'
        "</StructuredAnnotations>"
    )


def test_own_annotations_stand_apart(tmp_path: Path) -> None:
    block = '<nbo:OME xmlns:nbo="urn:nbo"><nbo:Image ID="I" Name="a &amp; b"/></nbo:OME>'
    own = f'<XMLAnnotation ID="Annotation:NBO:0" Namespace="https://nbo-extract.org/ns/document"><Value>{block}</Value>'
    other = '<XMLAnnotation ID="Annotation:1" Namespace="urn:lab"><Value><x xmlns=""/></Value></XMLAnnotation>'
    image = (
        '<Image ID="Image:0"><Pixels ID="Pixels:0"/><AnnotationRef ID="Annotation:1"/>'
        '<AnnotationRef ID="Annotation:NBO:0"/></Image>'
    )
    xml = ome(f"{image}<StructuredAnnotations>{own}</XMLAnnotation>{other}</StructuredAnnotations>")
    record = read(str(tiff(tmp_path / "a.ome.tif", xml)))
    assert text(record.tree.find("OME/Image")) == (
        '<Image ID="Image:0"><Pixels ID="Pixels:0"/><AnnotationRef ID="Annotation:1"/></Image>'
    )
    assert [a.get("ID") for a in record.tree.iterfind("OME/StructuredAnnotations/*")] == ["Annotation:1"]
    nbo = record.tree.findall("Structure/NBO")
    assert [(n.get("Namespace"), n.text) for n in nbo] == [("https://nbo-extract.org/ns/document", block)]
    only = ome(f'<Image ID="Image:0"/><StructuredAnnotations>{own}</XMLAnnotation></StructuredAnnotations>')
    again = read(str(tiff(tmp_path / "b.ome.tif", only)))
    assert text(again.tree.find("OME")) == '<OME><Image ID="Image:0"/></OME>'


def companion(names: list[str], uuid: str = "urn:uuid:00000000-0000-0000-0000-00000000000c") -> str:
    data = "".join(
        f'<TiffData FirstZ="{i}" IFD="0"><UUID FileName="{n}">urn:uuid:00000000-0000-0000-0000-00000000000{i}</UUID>'
        "</TiffData>"
        for i, n in enumerate(names)
    )
    return ome(f'<Image ID="Image:0"><Pixels ID="Pixels:0" SizeZ="2">{data}</Pixels></Image>', f' UUID="{uuid}"')


def member(metadata_file: str, uuid: str = "urn:uuid:00000000-0000-0000-0000-00000000000c") -> str:
    return ome(f'<BinaryOnly MetadataFile="{metadata_file}" UUID="{uuid}"/>')


def test_member_of_a_set_follows_to_its_companion(tmp_path: Path) -> None:
    (tmp_path / "set.companion.ome").write_text(companion(["z0.ome.tif", "z1.ome.tif"]))
    for name in ("z0.ome.tif", "z1.ome.tif"):
        tiff(tmp_path / name, member("set.companion.ome"))
    record = read(str(tmp_path / "z1.ome.tif"))
    assert text(record.tree.find("OME/Image")) == '<Image ID="Image:0"><Pixels ID="Pixels:0" SizeZ="2"/></Image>'
    assert record.files == tuple(str(tmp_path / n) for n in ("z1.ome.tif", "set.companion.ome", "z0.ome.tif"))
    assert record.findings == []
    file = record.tree.find("Structure/File")
    assert file is not None
    assert (file.get("Name"), file.get("MetadataFile")) == ("z1.ome.tif", "set.companion.ome")
    opened = read(str(tmp_path / "set.companion.ome"))
    assert opened.files == tuple(str(tmp_path / n) for n in ("set.companion.ome", "z0.ome.tif", "z1.ome.tif"))
    assert text(opened.tree.find("Structure")) == (
        f'<Structure><File Name="set.companion.ome" OMENamespace="{NS}"/></Structure>'
    )


def test_member_follows_to_a_master_tiff(tmp_path: Path) -> None:
    tiff(tmp_path / "master.ome.tif", companion(["master.ome.tif", "z1.ome.tif"]))
    tiff(tmp_path / "z1.ome.tif", member("master.ome.tif"))
    record = read(str(tmp_path / "z1.ome.tif"))
    assert record.vocabulary == "ome"
    assert record.files == (str(tmp_path / "z1.ome.tif"), str(tmp_path / "master.ome.tif"))


def test_missing_and_wrong_metadata_files(tmp_path: Path) -> None:
    path = tiff(tmp_path / "z0.ome.tif", member("set.companion.ome"))
    with pytest.raises(CorruptFileError) as caught:
        read(str(path))
    assert caught.value.message == (
        f"{path} holds pixels only; its metadata are in set.companion.ome, which is not beside it: put that file into "
        "the same folder."
    )
    (tmp_path / "set.companion.ome").write_text(member("z0.ome.tif"))
    with pytest.raises(CorruptFileError) as caught:
        read(str(path))
    assert caught.value.message == (
        f"{path} holds pixels only and names set.companion.ome for its metadata, but that file holds no usable OME-XML."
    )
    (tmp_path / "set.companion.ome").write_text(companion(["z0.ome.tif"], uuid="urn:uuid:other"))
    assert messages(read(str(path))) == [
        (
            "NBO112",
            "warning",
            "The metadata file set.companion.ome has another UUID than this file asks for; it may belong to other "
            "images.",
        )
    ]


def test_missing_members_are_one_finding(tmp_path: Path) -> None:
    names = [f"z{i}.ome.tif" for i in range(8)]
    path = tiff(tmp_path / "z0.ome.tif", companion(names))
    record = read(str(path))
    assert record.files == (str(path),)
    assert messages(record) == [
        (
            "NBO111",
            "warning",
            "7 files of this set are not in the folder: z1.ome.tif, z2.ome.tif, z3.ome.tif, z4.ome.tif, z5.ome.tif "
            "and 2 more; the metadata are complete without.",
        )
    ]


def test_renamed_file_is_no_set(tmp_path: Path) -> None:
    path = make_ome_tiff(tmp_path / "cells.ome.tiff").rename(tmp_path / "renamed.ome.tiff")
    record = read(str(path))
    assert record.files == (str(path),)
    assert record.findings == []


def test_set_never_leaves_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.ome").write_text(ome("<Image/>"))
    (tmp_path / "set").mkdir()
    path = tiff(tmp_path / "set" / "z0.ome.tif", member("../secret.ome"))
    with pytest.raises(CorruptFileError, match=r"which is not beside it"):
        read(str(path))


def test_plain_tiff(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    tifffile.imwrite(
        path,
        [[1, 2], [3, 4]],
        dtype="uint8",
        description="ImageJ=1.53t\nimages=1",
        software="Scanner 1.2",
        resolution=(300, 150.5),
        resolutionunit="INCH",
        metadata=None,
        extratags=[
            (271, 2, 0, "Acme", True),
            (65000, 2, 0, "private µ".encode(), True),
            (65001, 4, 2, (7, 8), True),
        ],
    )
    record = read(str(path))
    assert (record.format, record.vocabulary, record.versions) == ("TIFF", "tiff", {})
    assert [c.tag for c in record.tree] == ["Structure"]
    found = tags(record)
    assert next(iter(found)) == "ImageDescription"
    assert found["ImageDescription"] == "ImageJ=1.53t\nimages=1"
    assert (found["ImageWidth"], found["ImageLength"], found["BitsPerSample"]) == ("2", "2", "8")
    assert (found["Software"], found["Make"]) == ("Scanner 1.2", "Acme")
    assert (found["65000"], found["65001"]) == ("private µ", "7 8")
    assert (found["XResolution"], found["YResolution"], found["ResolutionUnit"]) == ("300/1", "301/2", "2")
    assert not {"StripOffsets", "StripByteCounts"} & set(found)


def test_illegal_characters_in_a_tag(tmp_path: Path) -> None:
    record = read(str(tiff(tmp_path / "a.tif", b"gain\x01 5")))
    assert tags(record)["ImageDescription"] == "gain 5"
    assert messages(record) == [
        ("NBO103", "info", "Characters that XML does not allow were left out of the TIFF tag ImageDescription.")
    ]


def test_real_files(shared: Path) -> None:
    record = read(str(shared / "samples" / "tiff" / "FOV7_HV110_P0500510000.ome.tiff"))
    pixels = record.tree.find("OME/Image/Pixels")
    assert pixels is not None
    assert (pixels.get("SizeX"), pixels.get("Type"), pixels.get("DimensionOrder")) == ("512", "uint8", "XYCTZ")
    plain = read(str(shared / "samples" / "tiff" / "Channel1-01-A-01.tif"))
    assert plain.vocabulary == "tiff"
    assert tags(plain)["DateTime"] == "2008:02:05 17:24:46"
    assert "ImageWidth" in tags(plain)


@pytest.mark.parametrize(
    ("broken", "message", "expected"),
    [
        (
            '<Objective Model="\x01Plan\x00 Apo" N="6\x030"/>',
            "Characters that XML does not allow were taken out of the OME-XML at 3 places.",
            '<Objective Model="Plan\ufffd Apo" N="6\ufffd0"/>',
        ),
        (
            '<Objective Model="a&#0;" N="&#x1F;&#181;m"/>',
            "Characters that XML does not allow were taken out of the OME-XML at 2 places.",
            '<Objective Model="a" N="µm"/>',
        ),
        (
            '<Objective Model="Mark & Spencer &amp; &foo;"/>',
            "2 unescaped & in the OME-XML were read as text.",
            '<Objective Model="Mark &amp; Spencer &amp; &amp;foo;"/>',
        ),
        (
            b'<Objective Unit="\xb5m"/>',
            "The OME-XML is not UTF-8; it was read as Windows-1252 (Latin-1).",
            '<Objective Unit="µm"/>',
        ),
    ],
)
def test_repairs_keep_values(tmp_path: Path, broken: str | bytes, message: str, expected: str) -> None:
    inner = broken if isinstance(broken, bytes) else broken.encode()
    record = read(str(tiff(tmp_path / "a.ome.tif", ome("@").encode().replace(b"@", inner))))
    assert messages(record) == [("NBO103", "warning", message)]
    assert text(record.tree.find("OME/Objective")) == expected


def test_entities_are_never_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    doctype = (
        f'<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY file SYSTEM "{secret.as_uri()}">]>'
    )
    xml = f'<?xml version="1.0"?>{doctype}<OME xmlns="{NS}"><Image Name="&b;">&file;</Image></OME>'
    record = read(str(tiff(tmp_path / "a.ome.tif", xml)))
    assert text(record.tree.find("OME")) == '<OME><Image Name="&amp;b;">&amp;file;</Image></OME>'
    assert messages(record) == [
        (
            "NBO103",
            "warning",
            "The OME-XML declares a document type, which OME-XML never needs; it was left out unread.",
        ),
        ("NBO103", "warning", "2 unescaped & in the OME-XML were read as text."),
    ]


def test_truncated_xml_gives_no_half_value(tmp_path: Path) -> None:
    whole = ome('<Image Name="a"><AcquisitionDate>2024-03-15T09:30:00</AcquisitionDate></Image>')
    record = read(str(tiff(tmp_path / "a.ome.tif", whole[: whole.index("T09:30")])))
    assert text(record.tree.find("OME")) == '<OME><Image Name="a"><AcquisitionDate/></Image></OME>'
    assert messages(record) == [
        (
            "NBO104",
            "warning",
            "The OME-XML is damaged (Premature end of data in tag AcquisitionDate line 1, line 1, column 107); what "
            "could be recovered is used, the rest is lost.",
        )
    ]
    cut = read(str(tiff(tmp_path / "b.ome.tif", ome('<Objective LensNA="1.4"/>').partition('4"')[0])))
    assert text(cut.tree.find("OME")) == "<OME><Objective/></OME>"
    doubled = read(str(tiff(tmp_path / "c.ome.tif", ome('<Objective LensNA="1.4" Iris="true" LensNA="1.2"/>'))))
    assert text(doubled.tree.find("OME")) == '<OME><Objective Iris="true"/></OME>'


def test_unusable_xml_is_a_plain_image(tmp_path: Path) -> None:
    record = read(str(tiff(tmp_path / "a.ome.tif", "<OME")))
    assert record.vocabulary == "tiff"
    assert tags(record)["ImageDescription"] == "<OME"
    other = read(str(tiff(tmp_path / "b.ome.tif", '<OME xmlns="urn:somebody"><Image/></OME>')))
    assert other.vocabulary == "tiff"
    none = read(str(make_ome_tiff(tmp_path / "c.ome.tif", description=b"")))
    assert none.vocabulary == "tiff"
    assert "ImageDescription" not in tags(none)
    assert none.findings == []


def test_utf16_companion(tmp_path: Path) -> None:
    path = tmp_path / "a.companion.ome"
    path.write_bytes(ome('<Image Name="µ"/>').replace("UTF-8", "UTF-16").encode("utf-8"))
    assert text(read(str(path)).tree.find("OME")) == '<OME><Image Name="µ"/></OME>'


@pytest.mark.parametrize(
    ("length", "message"),
    [
        (6, "it ends within its header"),
        (100, "its first directory lies at byte 8 of a file of 100 bytes"),
        (3000, "its ImageDescription of {} bytes lies at byte 146 of a file of 3000 bytes"),
    ],
)
def test_truncated_tiff(tmp_path: Path, length: int, message: str) -> None:
    path = make_ome_tiff(tmp_path / "cells.ome.tiff")
    with tifffile.TiffFile(path) as file:
        described = file.pages.first.tags[270].count
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorruptFileError) as caught:
        read(str(path))
    assert caught.value.message == (
        f"{path} is a truncated TIFF: {message.format(described)}; copy the file again from its source."
    )


def test_damaged_directories(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, 0) + bytes(8))
    with pytest.raises(CorruptFileError) as caught:
        read(str(path))
    assert caught.value.message == (
        f"{path} is a damaged TIFF: its first directory claims 0 entries; copy the file again from its source."
    )
    entry = struct.pack("<HHII", 305, 2, 1000, 100000) + struct.pack("<HHII", 256, 4, 1, 7)
    path.write_bytes(b"II*\0" + struct.pack("<IH", 8, 2) + entry + bytes(4))
    record = read(str(path))
    assert tags(record) == {"ImageWidth": "7"}
    assert messages(record) == [
        ("NBO102", "warning", "The TIFF is damaged: Software lie outside of the file and were left out.")
    ]


def test_foreign_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with pytest.raises(NboExtractError) as missing:
        read(str(path))
    assert missing.value.message == (
        f"{path} cannot be read (No such file or directory); check that it exists and that you may open it."
    )
    path.write_bytes(b"hello")
    with pytest.raises(CorruptFileError) as foreign:
        read(str(path))
    assert foreign.value.message == f"{path} is neither a TIFF nor OME-XML."


def test_sniff() -> None:
    assert INFO.open == f"{ome_tiff.__name__}:read"
    for magic in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        assert INFO.sniff(magic + b"rest", "a.bin")
    assert INFO.sniff(ome_xml(name="a", tiff_data="").encode()[:4096], "a.companion.ome")
    assert not INFO.sniff(b"ZISRAWFILE", "a.czi")
    assert not INFO.sniff(b'<OME xmlns="http://www.NamespaceTest.org/Schemas/NBO/2020-11">', "a.nbo.xml")


def test_cost_does_not_grow_with_directories(tmp_path: Path) -> None:
    path = make_ome_tiff(tmp_path / "cells.ome.tiff")
    data = bytearray(path.read_bytes())
    count = struct.unpack_from("<H", data, 8)[0]
    # A chain of directories that leads back to the first is never walked.
    struct.pack_into("<I", data, 10 + 12 * count, 8)
    path.write_bytes(bytes(data))
    assert len(read(str(path)).planes["0"]) == 4


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_told_in_one_sentence(tmp_path: Path, seed: int) -> None:
    data = bytearray(make_ome_tiff(tmp_path / "cells.ome.tiff").read_bytes())
    for step in range(6):
        data[(seed * 7919 + step * step * 104729) % 1500] ^= (seed * 31 + step * 17) % 255 + 1
    path = tmp_path / "damaged.ome.tiff"
    path.write_bytes(bytes(data))
    try:
        record = read(str(path))
    except NboExtractError as error:
        assert str(path) in error.message
    else:
        assert record.tree.find("Structure/File") is not None


def test_undeclared_prefixes_of_damaged_xml(tmp_path: Path) -> None:
    record = read(str(tiff(tmp_path / "a.ome.tif", ome("<sa:Image/><x:00/>"))))
    assert [c.tag for c in record.tree[0]] == ["Image", f"{{{NS}}}x:00"]
