"""What a library answered becomes a record: the vocabulary of the raw metadata, a translation, or extents alone."""

from __future__ import annotations

import pytest

from nbo_extract.errors import CorruptFileError
from nbo_extract.lift import lift
from nbo_extract.xmlio import from_xml, to_xml
from nbo_extract_readers._library_record import make_record
from nbo_extract_readers._library_worker import Plain, one_line
from table_cases import Case, TableCases, nodes

OME = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0" '
    'SizeX="8" SizeY="6" SizeZ="1" SizeC="1" SizeT="1" Type="uint16" DimensionOrder="XYZCT">'
    '<Channel ID="Channel:0:0" Name="DAPI"/></Pixels></Image></OME>'
)
LEICA = (
    '<LMSDataContainerHeader Version="2"><Element Name="project"><Children><Element Name="one"><Data><Image>'
    '<ImageDescription><Channels><ChannelDescription Resolution="8" LUTName="Green"/></Channels><Dimensions>'
    '<DimensionDescription DimID="1" NumberOfElements="12" Length="1" Unit="m" BytesInc="1"/>'
    '<DimensionDescription DimID="2" NumberOfElements="9" Length="1" Unit="m" BytesInc="12"/>'
    "</Dimensions></ImageDescription></Image></Data></Element></Children></Element></LMSDataContainerHeader>"
)
SCENES = "<Dimensions><S><Scenes><Scene Index='0' Name='A'/><Scene Index='1' Name='B'/></Scenes></S></Dimensions>"
CZI = (
    "<ImageDocument><Metadata><Information><Image><SizeX>90</SizeX>{}</Image></Information></Metadata></ImageDocument>"
)


def xml(text: str, *, own: bool = True) -> dict[str, object]:
    return {"raw": {"kind": "xml", "text": text, "own": own}, "by": "plug", "versions": {"plug": "2"}}


def image(**sizes: int) -> dict[str, object]:
    return {"name": "", "sizes": sizes, "type": "uint8"}


# ------------------------------------------------------------------------------------------------ known vocabularies


def test_xml_of_leica() -> None:
    record = make_record("a.lif", "bioio", "bioio", xml(LEICA))
    assert (record.vocabulary, record.format, record.findings) == ("leica", "bioio, plug", [])
    pixels = nodes(lift(record), "Pixels")
    assert [(p.get("SizeX"), p.get("SizeY"), p.get("SizeC")) for p in pixels] == [("12", "9", "1")]
    assert record.versions == {"reader": "bioio", "plug": "2"}


def test_xml_of_zeiss_without_scenes() -> None:
    record = make_record("a.czi", "bioio", "bioio", xml(CZI.format("")))
    assert record.vocabulary == "zeiss-czi"
    assert [p.get("SizeX") for p in nodes(lift(record), "Pixels")] == ["90"]


def test_scenes_of_zeiss_have_their_own_size() -> None:
    structure = [image(T=2, M=3, Y=5, X=6, S=3), image(T=2, M=1, Y=7, X=8)]
    record = make_record("a.czi", "bioio", "bioio", xml(CZI.format(SCENES)) | {"structure": structure})
    pixels = nodes(lift(record), "Pixels")
    # Of a mosaic only the size of a tile is known, and SizeX of the file spans all scenes.
    assert [(p.get("SizeX"), p.get("SizeY"), p.get("SizeT")) for p in pixels] == [(None, None, "2"), ("8", "7", "2")]
    assert [i.get("Name") for i in nodes(lift(record), "Image")] == ["A", "B"]


def test_scenes_that_the_library_counts_otherwise_are_left_alone() -> None:
    record = make_record("a.czi", "bioio", "bioio", xml(CZI.format(SCENES)) | {"structure": [image(X=6, Y=5)]})
    assert record.tree.find("Structure") is None
    assert [p.get("SizeX") for p in nodes(lift(record), "Pixels")] == [None]


def test_ome_of_the_file_itself() -> None:
    record = make_record("a.ome.tif", "bioio", "bioio", xml(OME))
    assert (record.vocabulary, record.versions["OME"], record.findings) == ("ome", "2016-06", [])
    assert nodes(lift(record), "Channel")[0].get("Name") == "DAPI"


@pytest.mark.parametrize(
    "answer",
    [
        xml(OME, own=False),
        {"ome": OME, "by": "plug"},
        {"ome": OME, "by": "plug", "raw": {"kind": "tree", "value": {"Lens No": 3}}},
    ],
)
def test_translation_is_told(answer: dict[str, object]) -> None:
    record = make_record("a.nd2", "bioio", "bioio", answer)
    assert [(f.code, f.severity, f.message) for f in record.findings] == [
        ("NBO160", "info", "what is stated is a translation to OME by bioio (plug), not what the vendor wrote")
    ]
    document = lift(record)
    assert nodes(document, "Channel")[0].get("Name") == "DAPI"
    assert from_xml(to_xml(document)) == document


def test_damaged_xml_is_recovered_and_told() -> None:
    record = make_record("a.lif", "bioio", "bioio", xml(LEICA.replace("LUTName", "LUTName=\x02 ")[:-40]))
    assert record.vocabulary == "leica"
    assert {f.code for f in record.findings} == {"NBO103", "NBO104"}


# ------------------------------------------------------------------------------------------------ extents alone


def test_unknown_tree_gives_extents() -> None:
    structure = [{**image(T=1, C=2, Z=3, Y=4, X=5), "channels": ["DAPI", ""], "scales": {"X": [0.5, "micrometer"]}}]
    answer = {
        "raw": {"kind": "tree", "value": {"a b": [1, 2]}},
        "structure": structure,
        "lost": ["scale: E"],
        "by": "p",
    }
    record = make_record("a.x", "bioio", "bioio", answer)
    assert record.vocabulary == "library"
    assert [(f.code, f.severity) for f in record.findings] == [("NBO102", "info"), ("NBO161", "warning")]
    assert record.tree.findtext("Raw/a_b") == "1 2"
    document = lift(record)
    assert [c.get("Name") for c in nodes(document, "Channel")] == ["DAPI", None]
    assert from_xml(to_xml(document)) == document


def test_unknown_xml_is_kept() -> None:
    record = make_record("a.x", "bioio", "bioio", xml("<Vendor><Lens>6\x013</Lens></Vendor>") | {"structure": []})
    assert record.tree.findtext("Raw/Vendor/Lens") == "6�3"


@pytest.mark.parametrize(
    "answer", [{}, {"raw": {"kind": "xml", "text": "no xml"}}, {"ome": "<Other/>", "structure": []}]
)
def test_nothing_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(CorruptFileError) as error:
        make_record("a.x", "bioio", "bioio", answer)
    assert error.value.message == "a.x: bioio gives no metadata of it; try another reader with --reader"


def tree(content: str = "", attributes: str = "") -> str:
    return f"<Record><Structure><Image Key='0' {attributes}>{content}</Image></Structure></Record>"


def axis(name: str, unit: str, scale: str = "2.5") -> str:
    return tree(f"<Axis Name='{name}' Size='4' Scale='{scale}' Unit='{unit}'/>")


CASES = TableCases(
    "library",
    [
        Case("image.Name", ["one"], tree(attributes="Name='one'")),
        Case("pixels.SizeX", ["5"], tree(attributes="SizeX='5'")),
        Case("pixels.SizeY", ["4"], tree(attributes="SizeY='4'")),
        Case("pixels.SizeZ", ["3"], tree(attributes="SizeZ='3'")),
        Case("pixels.SizeZ#2", ["1"], tree(attributes="SizeX='5'")),
        Case("pixels.SizeC", ["3"], tree(attributes="SizeX='5' SizeS='3' SizeC='1'")),
        Case("pixels.SizeC", [], tree(attributes="SizeX='5' SizeS='3' SizeC='2'")),
        Case("pixels.SizeC#2", ["2"], tree(attributes="SizeC='2'")),
        Case("pixels.SizeC#3", ["1"], tree(attributes="SizeX='5'")),
        Case("pixels.SizeT", ["7"], tree(attributes="SizeT='7'")),
        Case("pixels.SizeT#2", ["1"], tree(attributes="SizeX='5'")),
        Case("pixels.PixelType", ["float"], tree(attributes="DataType='float32'")),
        *(
            Case(f"pixels.PhysicalSize{name}{number}", [f"{value} µm"], axis(name, unit))
            for name in "XYZ"
            for number, unit, value in (
                ("", "micrometer", "2.5"),
                ("#2", "nanometer", "0.0025"),
                ("#3", "millimeter", "2500"),
            )
        ),
        Case("other_dimension.Name", ["M"], tree("<Axis Name='M' Size='4'/><Axis Name='H' Size='1'/>")),
        Case("other_dimension.Size", ["4"], tree("<Axis Name='M' Size='4'/><Axis Name='S' Size='3'/>")),
        Case("channel.Name", ["GFP"], tree("<Channel Name='GFP'/><Channel/>")),
    ],
)


@pytest.mark.parametrize("case", CASES.cases, ids=lambda c: c.row)
def test_row_of_the_table(case: Case) -> None:
    CASES.prove(case)


def test_each_row_is_proven() -> None:
    CASES.check_all_rows()


def test_scale_without_unit_is_no_length() -> None:
    document = CASES.lifted(Case("", [], tree("<Axis Name='X' Size='4' Scale='1.0'/>")))
    assert nodes(document, "Pixels")[0].get("PhysicalSizeX") is None


# ------------------------------------------------------------------------------------------------ plain values


def test_plain_values() -> None:
    import datetime
    import enum
    from collections import namedtuple
    from dataclasses import dataclass

    import numpy

    @dataclass
    class Data:
        x: int

    class Kind(enum.Enum):
        ONE = 1

    loop: list[object] = []
    loop.append(loop)
    pair = namedtuple("pair", "a b")
    value = {
        1: numpy.float32(0.5), "n": None, "e": Kind.ONE, "d": Data(3), "p": pair(1, b"x\0y"), "s": {2, 1},
        "t": datetime.date(2020, 1, 2), "a": numpy.arange(3), "big": numpy.zeros(5000), "o": object, "nan": numpy.nan,
    }  # fmt: skip
    plain = Plain().of(value)
    assert plain.pop("nan") != plain.get("nan")
    assert plain.pop("o").startswith("<class")
    assert plain == {
        "1": 0.5, "n": None, "e": "ONE", "d": {"x": 3}, "p": {"a": 1, "b": "x"}, "s": [1, 2], "t": "2020-01-02",
        "a": [0, 1, 2], "big": [],
    }  # fmt: skip
    assert str(Plain().of(loop)).count("[") < 100


def test_one_line() -> None:
    assert one_line(ValueError("a\n  b")) == "ValueError: a b"
    assert one_line(KeyError()) == "KeyError"
    assert len(one_line(ValueError("x" * 999))) == 200
